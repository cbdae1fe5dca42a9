//! Clusters of activity, held together by shared evidence.
//!
//! What two observers saw is one activity when they share enough that is rare: values, and what is
//! alike in them (a network, a domain, the shape of a path). A value that stands everywhere weighs
//! next to nothing; there is no cut-off. Techniques alone hold nothing together.

use std::collections::{BTreeMap, BTreeSet};

use lapwing_knowledge::Knowledge;
use lapwing_model::{Entity, Kind, OriginId, PartialDate};
use serde::Serialize;

use crate::decided::{ClusterDecisions, Joining};
use crate::derivation::Sets;
use crate::related::features;

/// What one origin tells of an activity.
#[derive(Clone, Debug, PartialEq)]
pub struct Activity {
    /// The origin: copies are one.
    pub origin: OriginId,
    /// Its name for people.
    pub label: String,
    /// When its first document was published.
    pub published: Option<PartialDate>,
    /// Indicators, malware, tools and techniques that it names.
    pub evidence: BTreeSet<Entity>,
}

/// A reason to hold two origins to speak of one activity.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Bond {
    /// One origin.
    pub a: OriginId,
    /// The other.
    pub b: OriginId,
    /// How much they share, weighted by rarity.
    pub weight: f64,
    /// What they share, the weightiest first.
    pub because: Vec<String>,
}

/// What became of a cluster on a day.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ClusterEvent {
    /// The day of the report that did it; none where it has no date.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub on: Option<PartialDate>,
    /// In words.
    pub what: String,
}

/// Activity of several origins, held together by evidence.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ActivityCluster {
    /// Its name: `LW-` and six digits, made of its earliest origin, so that it stays through growth.
    pub name: String,
    /// Names of clusters that it has taken in.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub also: Vec<String>,
    /// Its origins, the earliest first.
    pub members: Vec<OriginId>,
    /// What holds them together, the strongest first.
    pub bonds: Vec<Bond>,
    /// How it came about, in the order of publication.
    pub history: Vec<ClusterEvent>,
}

/// Weight of shared evidence from which two origins speak of one activity: two rare values, or one
/// with the malware it serves.
const BOUND: f64 = 6.0;
/// Rarity is counted as if so many further origins had none of it: in a small store nothing is common.
const BACKGROUND: f64 = 200.0;
/// Evidence of more origins than these brings no pair together; its weight is next to nothing.
const MOST: usize = 200;
/// Shared pieces that are named of a bond.
const NAMED: usize = 8;
/// Finds the clusters of activity: of two origins or more, by name.
///
/// A function of the set of activities: order makes no difference. A later report joins, or joins
/// clusters, and never renames what was there first; the history is told in the order of publication.
#[must_use]
pub fn clusters(activities: &[Activity], knowledge: &Knowledge) -> Vec<ActivityCluster> {
    clusters_decided(activities, knowledge, &ClusterDecisions::default())
}

/// As [`clusters`], with what people decided: it binds, or keeps apart, whatever the evidence says.
#[must_use]
pub fn clusters_decided(
    activities: &[Activity],
    knowledge: &Knowledge,
    decisions: &ClusterDecisions,
) -> Vec<ActivityCluster> {
    let activities = in_order(activities);
    let origins: Vec<OriginId> = activities.iter().map(|activity| activity.origin).collect();
    let mut bonds = bonds(&activities, knowledge);
    let mut joining = Joining::new(&origins, decisions);
    for ((a, b), because) in decisions.bonds(&origins) {
        let (weight, reasons) = bonds.entry((a, b)).or_default();
        *weight = weight.max(BOUND);
        reasons.insert(0, format!("decided by a person: {because}"));
        joining.join(a, b);
    }
    let mut strongest: Vec<(&(usize, usize), f64)> =
        bonds.iter().map(|(pair, (weight, _))| (pair, *weight)).collect();
    strongest.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(b.0)));
    strongest.iter().for_each(|((a, b), _)| joining.join(*a, *b));
    let mut groups: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    for at in 0..activities.len() {
        groups.entry(joining.find(at)).or_default().push(at);
    }
    let mut found: Vec<ActivityCluster> = groups
        .into_values()
        .filter(|members| members.len() > 1)
        .map(|members| cluster(&activities, &members, &bonds))
        .collect();
    found.sort_by(|a, b| a.name.cmp(&b.name));
    found
}

/// The earliest first: dated before undated, then by identifier. Each origin once.
fn in_order(activities: &[Activity]) -> Vec<&Activity> {
    let mut ordered: Vec<&Activity> = activities.iter().collect();
    ordered.sort_by_key(|a| {
        let day = a.published.map(PartialDate::first_day);
        (day.is_none(), day, a.origin)
    });
    let mut seen = BTreeSet::new();
    ordered.retain(|a| seen.insert(a.origin));
    ordered
}

type Bonds = BTreeMap<(usize, usize), (f64, Vec<String>)>;

fn bonds(activities: &[&Activity], knowledge: &Knowledge) -> Bonds {
    let mut holders: BTreeMap<String, BTreeMap<usize, f64>> = BTreeMap::new();
    for (at, activity) in activities.iter().enumerate() {
        for evidence in &activity.evidence {
            for (feature, tells) in features(evidence, knowledge) {
                let best = holders.entry(feature).or_default().entry(at).or_default();
                *best = best.max(tells);
            }
        }
    }
    let all = activities.len() as f64 + BACKGROUND;
    let mut shared: BTreeMap<(usize, usize), Vec<(f64, &str)>> = BTreeMap::new();
    for (feature, at) in holders.iter().filter(|(_, at)| (2..=MOST).contains(&at.len())) {
        let rarity = (all / at.len() as f64).ln();
        let at: Vec<(usize, f64)> = at.iter().map(|(at, tells)| (*at, *tells)).collect();
        for (place, (a, tells_a)) in at.iter().enumerate() {
            for (b, tells_b) in &at[place + 1..] {
                let weight = rarity * tells_a.min(*tells_b);
                shared.entry((*a, *b)).or_default().push((weight, feature));
            }
        }
    }
    shared
        .into_iter()
        .filter_map(|(pair, mut pieces)| {
            pieces.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(b.1)));
            // What is behind the first adds less and less: values of one list hang together.
            let weight: f64 = pieces
                .iter()
                .enumerate()
                .map(|(n, (weight, _))| weight / (1.0 + n as f64).sqrt())
                .sum();
            // Something seen must be shared: names and techniques alone hold nothing together.
            let seen = pieces.iter().any(|(weight, feature)| *weight > 0.5 && is_seen(feature));
            (seen && weight >= BOUND).then(|| {
                let named = pieces.iter().take(NAMED).filter(|(weight, _)| *weight > 0.05);
                let because = named.map(|(w, feature)| format!("{feature} ({w:.1})")).collect();
                (pair, ((weight * 1e3).round() / 1e3, because))
            })
        })
        .collect()
}

/// Whether a feature is of something that was seen, not of a name or technique.
fn is_seen(feature: &str) -> bool {
    ![Kind::Malware, Kind::Tool, Kind::AttackPattern, Kind::Vulnerability]
        .iter()
        .any(|kind| feature.strip_prefix(kind.as_str()).is_some_and(|rest| rest.starts_with(':')))
}

/// The name that a cluster has from its earliest origin.
fn name_of(activity: &Activity) -> String {
    format!("LW-{}", activity.origin.to_string()[..6].to_uppercase())
}

fn cluster(activities: &[&Activity], members: &[usize], bonds: &Bonds) -> ActivityCluster {
    let mut own: Vec<_> =
        bonds.iter().filter(|((a, b), _)| members.contains(a) && members.contains(b)).collect();
    // As time went by: each origin, with what bound it to those before.
    let mut sets = Sets::new(activities.len());
    let mut history = Vec::new();
    let mut also = BTreeSet::new();
    let mut sizes: BTreeMap<usize, usize> = BTreeMap::new();
    for &at in members {
        let before: Vec<&(usize, usize)> =
            own.iter().map(|(pair, _)| *pair).filter(|(_, b)| *b == at).collect();
        let roots: BTreeSet<usize> = before.iter().map(|(a, _)| sets.find(*a)).collect();
        let Some(&first) = roots.first() else { continue };
        let because = own
            .iter()
            .filter(|((_, b), _)| *b == at)
            .max_by(|x, y| x.1.0.total_cmp(&y.1.0).then(y.0.cmp(x.0)))
            .and_then(|(_, (_, because))| because.first().cloned())
            .unwrap_or_default();
        let label = &activities[at].label;
        let name = name_of(activities[first]);
        let what = if roots.len() > 1 {
            let others: Vec<String> =
                roots.iter().skip(1).map(|r| name_of(activities[*r])).collect();
            let merged: Vec<String> = roots
                .iter()
                .skip(1)
                .filter(|root| sizes.get(root).is_some_and(|size| *size > 1))
                .map(|root| name_of(activities[*root]))
                .collect();
            also.extend(merged);
            format!("{label} joins {name} and {}, by {because}", others.join(", "))
        } else if sizes.get(&first).copied().unwrap_or(1) < 2 {
            format!("{name} is minted: {} and {label} share {because}", activities[first].label)
        } else {
            format!("{name} grows by {label}, by {because}")
        };
        history.push(ClusterEvent { on: activities[at].published, what });
        let size = 1 + roots.iter().map(|r| sizes.get(r).copied().unwrap_or(1)).sum::<usize>();
        for root in &roots {
            sets.join(*root, at);
        }
        sizes.insert(first, size);
    }
    own.sort_by(|a, b| b.1.0.total_cmp(&a.1.0).then(a.0.cmp(b.0)));
    ActivityCluster {
        name: name_of(activities[members[0]]),
        also: also.into_iter().collect(),
        members: members.iter().map(|at| activities[*at].origin).collect(),
        bonds: own
            .into_iter()
            .map(|((a, b), (weight, because))| Bond {
                a: activities[*a].origin,
                b: activities[*b].origin,
                weight: *weight,
                because: because.clone(),
            })
            .collect(),
        history,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn activity(name: &str, day: &str, values: &[(Kind, &str)]) -> Activity {
        Activity {
            origin: OriginId::of(name.as_bytes()),
            label: name.to_owned(),
            published: day.parse().ok(),
            evidence: values.iter().map(|(kind, value)| Entity::new(*kind, *value)).collect(),
        }
    }

    /// Any kind that stands for itself alone.
    const IP: Kind = Kind::Mutex;

    fn of(activities: &[Activity]) -> Vec<ActivityCluster> {
        clusters(activities, Knowledge::builtin())
    }

    fn three() -> Vec<Activity> {
        vec![
            activity(
                "a",
                "2021-03-02",
                &[(IP, "45.77.1.2"), (IP, "91.10.3.4"), (Kind::Malware, "Reed")],
            ),
            activity("b", "2021-03-05", &[(IP, "45.77.1.2"), (IP, "91.10.3.4")]),
            activity("c", "2021-03-09", &[(IP, "45.99.9.9"), (Kind::AttackPattern, "T1505.003")]),
        ]
    }

    #[test]
    fn what_shares_rare_values_is_one_and_techniques_hold_nothing_together() {
        let mut activities = three();
        let found = of(&activities);
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].members, [activities[0].origin, activities[1].origin]);
        assert!(found[0].history[0].what.contains("is minted"), "{:?}", found[0].history);
        assert!(found[0].bonds[0].because[0].contains("45.77.1.2"));
        // Many techniques and names in common, and nothing seen.
        let same: Vec<(Kind, &str)> = ["T1505.003", "T1190", "T1003", "T1059", "T1071", "T1021"]
            .map(|id| (Kind::AttackPattern, id))
            .into_iter()
            .chain([(Kind::Malware, "Reed"), (Kind::Malware, "Rush"), (Kind::Malware, "Sedge")])
            .collect();
        activities = vec![activity("x", "2021", &same), activity("y", "2021", &same)];
        assert!(of(&activities).is_empty());
    }

    #[test]
    fn a_name_stays_through_growth_and_merging_is_told() {
        let mut activities = three();
        let name = of(&activities)[0].name.clone();
        activities.push(activity("d", "2021-03-10", &[(IP, "45.77.1.2"), (IP, "91.10.3.4")]));
        assert_eq!(of(&activities)[0].name, name);
        activities.push(activity("e", "2021-03-04", &[(IP, "62.1.1.1"), (IP, "62.8.2.2")]));
        activities.push(activity("f", "2021-03-06", &[(IP, "62.1.1.1"), (IP, "62.8.2.2")]));
        let two = of(&activities);
        assert_eq!(two.len(), 2);
        let bridge = [(IP, "45.77.1.2"), (IP, "91.10.3.4"), (IP, "62.1.1.1"), (IP, "62.8.2.2")];
        activities.push(activity("g", "2021-03-20", &bridge));
        let one = of(&activities);
        assert_eq!(one.len(), 1);
        assert_eq!(one[0].name, name);
        let other = two.iter().find(|c| c.name != name).unwrap();
        assert_eq!(one[0].also, std::slice::from_ref(&other.name));
        let last = one[0].history.last().unwrap();
        assert!(last.what.contains("joins") && last.what.contains(&other.name), "{last:?}");
    }

    #[test]
    fn people_join_and_part_whatever_the_evidence_says() {
        let activities = three();
        let id = |at: usize| activities[at].origin;
        let decided = |decisions: &ClusterDecisions| {
            clusters_decided(&activities, Knowledge::builtin(), decisions)
        };
        let mut decisions = ClusterDecisions::default();
        decisions.join(vec![vec![id(0), id(1)], vec![id(2)]], "one panel");
        let joined = decided(&decisions);
        assert_eq!(joined[0].members, [id(0), id(1), id(2)]);
        let bond = joined[0].bonds.iter().find(|bond| bond.b == id(2)).unwrap();
        assert_eq!(bond.because[0], "decided by a person: one panel");
        assert!(joined[0].history[1].what.contains("one panel"), "{:?}", joined[0].history);
        decisions.part(&[id(0)], &[id(1), id(2)]);
        let parted = decided(&decisions);
        assert_eq!(parted.len(), 1);
        assert_eq!(parted[0].members, [id(1), id(2)]);
        assert!(parted[0].bonds.iter().all(|bond| bond.a != id(0)));
    }

    #[test]
    fn what_everybody_has_weighs_nothing() {
        let everywhere: Vec<Activity> = (0..150)
            .map(|n| activity(&format!("n{n}"), "2021", &[(IP, "45.1.1.1"), (IP, "45.1.1.2")]))
            .collect();
        assert!(of(&everywhere).is_empty());
    }

    #[test]
    fn variants_of_one_file_signed_with_one_certificate_are_one_activity() {
        let tlsh = |end: &str| {
            format!("t1a1b2c3d4e5f60718293a4b5c6d7e8f90112233445566778899aabbccddeeff00aabb{end}")
        };
        let (first, second) = (tlsh("01"), tlsh("77"));
        let activities = [
            activity(
                "a",
                "2021-03-02",
                &[(Kind::Tlsh, &first), (Kind::Certificate, "0a1B2c3d4e5f6071")],
            ),
            activity(
                "b",
                "2021-03-05",
                &[(Kind::Tlsh, &second), (Kind::Certificate, "0A:1B:2C:3D:4E:5F:60:71")],
            ),
            activity("c", "2021-03-06", &[(Kind::Certificate, "77aa1B2c3d4e5f60")]),
        ];
        let found = of(&activities);
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].members, [activities[0].origin, activities[1].origin]);
        let because = found[0].bonds[0].because.join("; ");
        assert!(because.contains("certificate") && because.contains("TLSH"), "{because}");
    }

    proptest! {
        #[test]
        fn order_makes_no_difference(
            picks in prop::collection::vec((0u8..5, 0u8..5, 1u8..28), 1..10), turn in 0usize..10,
        ) {
            let mut activities: Vec<Activity> = picks
                .into_iter()
                .enumerate()
                .map(|(n, (x, y, day))| {
                    let (x, y) = (format!("45.7.{x}.9"), format!("62.3.{y}.8"));
                    let values = [(IP, x.as_str()), (IP, y.as_str())];
                    activity(&format!("n{n}"), &format!("2021-03-{day:02}"), &values)
                })
                .collect();
            let first = of(&activities);
            activities.reverse();
            let middle = turn % activities.len();
            activities.rotate_left(middle);
            prop_assert_eq!(first, of(&activities));
        }
    }
}
