//! Clusters of activity, held together by shared evidence.
//!
//! What two observers saw is one activity when they share enough that is rare: values, and what is
//! alike in them (a network, a domain, the shape of a path). A value that stands everywhere weighs
//! next to nothing; there is no cut-off. Techniques alone hold nothing together.

use std::collections::{BTreeMap, BTreeSet};

use foldhash::{HashMap, HashSet};
use lapwing_model::{OriginId, PartialDate};
use serde::Serialize;

use crate::decided::{ClusterDecisions, Joining};
use crate::derivation::Sets;
use crate::shared::{Piece, Shared, Taking};

/// One who tells of an activity.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Activity {
    /// The origin: copies are one.
    pub origin: OriginId,
    /// When its first document was published.
    pub published: Option<PartialDate>,
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
    /// What holds them together, the strongest first: as many as were asked for.
    pub bonds: Vec<Bond>,
    /// How many bonds there are.
    pub bonds_in_all: usize,
    /// How it came about, in the order of publication.
    pub history: Vec<ClusterEvent>,
}

/// Weight of shared evidence from which two origins speak of one activity: two rare values, or one
/// with the malware it serves.
const BOUND: f64 = 6.0;
/// Shared pieces that are named of a bond.
const NAMED: usize = 8;
/// Of pieces of one weight so many are put in the order of their names.
const TIED: usize = 64;

/// Two activities that share enough.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Tie {
    a: u32,
    b: u32,
    weight: f64,
}

/// The activities of a store with what binds them, whatever people decide.
///
/// A function of the set of activities: order makes no difference.
#[derive(Clone, Debug, Default)]
pub struct Bonds {
    activities: Vec<Activity>,
    shared: Shared,
    /// In the order of the two.
    ties: Vec<Tie>,
}

/// A cluster in short: who is in it.
#[derive(Clone, Debug, PartialEq)]
pub struct Cluster {
    /// As in [`ActivityCluster`].
    pub name: String,
    /// Names of clusters that it has taken in.
    pub also: Vec<String>,
    /// Its origins, the earliest first.
    pub members: Vec<OriginId>,
    /// The day of the first step of its history that has one.
    pub first: Option<PartialDate>,
    /// The day of the last.
    pub last: Option<PartialDate>,
    places: Vec<u32>,
    /// The strongest first.
    ties: Vec<Tie>,
    decided: BTreeMap<(u32, u32), Vec<String>>,
}

impl Cluster {
    /// How many pairs of its origins share enough.
    #[must_use]
    pub fn bonds(&self) -> usize {
        self.ties.len()
    }

    /// The pairs of origins that are bound.
    pub fn pairs(&self) -> impl Iterator<Item = (OriginId, OriginId)> {
        let origin = |place: u32| {
            let at = self.places.partition_point(|own| *own < place);
            self.members.get(at).copied().unwrap_or_default()
        };
        self.ties.iter().map(move |tie| (origin(tie.a), origin(tie.b)))
    }
}

/// What tells the names of features and origins.
pub trait Naming {
    /// Why it cannot.
    type Error;

    /// The name of a feature, of which a piece of evidence is an example.
    ///
    /// # Errors
    /// When it cannot be found out.
    fn feature(&mut self, feature: u64, example: i64) -> Result<String, Self::Error>;

    /// The name of an origin.
    ///
    /// # Errors
    /// When it cannot be found out.
    fn label(&mut self, origin: OriginId) -> Result<String, Self::Error>;
}

/// The earliest first: dated before undated, then by identifier. Each origin once.
#[must_use]
pub fn activities_in_order(mut activities: Vec<Activity>) -> Vec<Activity> {
    activities.sort_by_key(|a| {
        let day = a.published.map(PartialDate::first_day);
        (day.is_none(), day, a.origin)
    });
    let mut seen = BTreeSet::new();
    activities.retain(|a| seen.insert(a.origin));
    activities
}

impl Bonds {
    /// Finds what binds activities, which are in order ([`activities_in_order`]). `each` hands over all of the
    /// evidence and is called several times; `about` is how many features that are.
    ///
    /// # Errors
    /// Those of `each`.
    pub fn find<E>(
        activities: Vec<Activity>,
        about: u64,
        each: &mut dyn FnMut(&mut Taking<'_>) -> Result<(), E>,
    ) -> Result<Self, E> {
        let shared = Shared::gather(activities.len(), about, each)?;
        let mut ties = Vec::new();
        for a in 0..activities.len() as u32 {
            shared.later(a, &mut |b, pieces| {
                ties.extend(weigh(pieces).map(|weight| Tie { a, b, weight }));
            });
        }
        Ok(Self { activities, shared, ties })
    }

    /// As [`Bonds::find`], made of what bound activities before, when the evidence of all is what it was but for some
    /// `features`: those of the activities that came, went, or have other evidence or another first day now, and
    /// those of evidence that counts now and did not, or the reverse. `each` is called once at most; `example` tells
    /// for the number of a piece of evidence of before which one it has now. The result is that of [`Bonds::find`].
    ///
    /// # Errors
    /// Those of `each`.
    pub fn after<E>(
        &self,
        activities: Vec<Activity>,
        features: &HashSet<u64>,
        example: &dyn Fn(i64) -> i64,
        each: &mut dyn FnMut(&mut Taking<'_>) -> Result<(), E>,
    ) -> Result<Self, E> {
        let now: HashMap<OriginId, u32> =
            activities.iter().zip(0..).map(|(activity, at)| (activity.origin, at)).collect();
        let places: Vec<Option<u32>> =
            self.activities.iter().map(|activity| now.get(&activity.origin).copied()).collect();
        let of = (places.as_slice(), activities.len());
        let (shared, stirred) = self.shared.after(of, features, example, each)?;
        let mut ties = Vec::new();
        for tie in &self.ties {
            let (Some(a), Some(b)) = (places[tie.a as usize], places[tie.b as usize]) else {
                continue;
            };
            // What two share that have none of these features is what it was.
            let (a, b) = (a.min(b), a.max(b));
            if !stirred.contains(&a) {
                ties.push(Tie { a, b, weight: tie.weight });
            }
        }
        for &a in &stirred {
            shared.later(a, &mut |b, pieces| {
                ties.extend(weigh(pieces).map(|weight| Tie { a, b, weight }));
            });
        }
        ties.sort_unstable_by_key(|tie| (tie.a, tie.b));
        Ok(Self { activities, shared, ties })
    }

    /// The clusters, of two origins or more, by name. What people decided binds, or keeps apart, whatever the
    /// evidence says.
    ///
    /// A later report joins, or joins clusters, and never renames what was there first; the history is told in the
    /// order of publication.
    #[must_use]
    pub fn clusters(&self, decisions: &ClusterDecisions) -> Vec<Cluster> {
        let origins: Vec<OriginId> = self.activities.iter().map(|a| a.origin).collect();
        let mut joining = Joining::new(&origins, decisions);
        let mut decided: BTreeMap<(u32, u32), Vec<String>> = BTreeMap::new();
        for ((a, b), because) in decisions.bonds(&origins) {
            let reasons = decided.entry((a as u32, b as u32)).or_default();
            reasons.insert(0, format!("decided by a person: {because}"));
            joining.join(a, b);
        }
        let mut ties = self.ties.clone();
        for &(a, b) in decided.keys() {
            match ties.binary_search_by_key(&(a, b), |tie| (tie.a, tie.b)) {
                Ok(at) => ties[at].weight = ties[at].weight.max(BOUND),
                Err(at) => ties.insert(at, Tie { a, b, weight: BOUND }),
            }
        }
        ties.sort_by(|x, y| y.weight.total_cmp(&x.weight).then((x.a, x.b).cmp(&(y.a, y.b))));
        ties.iter().for_each(|tie| joining.join(tie.a as usize, tie.b as usize));
        let mut groups: BTreeMap<usize, Vec<u32>> = BTreeMap::new();
        for at in 0..origins.len() {
            groups.entry(joining.find(at)).or_default().push(at as u32);
        }
        groups.retain(|_, members| members.len() > 1);
        let mut own: BTreeMap<usize, Vec<Tie>> = BTreeMap::new();
        for tie in ties {
            let group = joining.find(tie.a as usize);
            if group == joining.find(tie.b as usize) {
                own.entry(group).or_default().push(tie);
            }
        }
        let mut found: Vec<Cluster> = groups
            .into_iter()
            .map(|(group, places)| {
                let ties = own.remove(&group).unwrap_or_default();
                let inside = |(a, b): (u32, u32)| {
                    places.binary_search(&a).is_ok() && places.binary_search(&b).is_ok()
                };
                let decided = decided.iter().filter(|(pair, _)| inside(**pair));
                let decided = decided.map(|(pair, why)| (*pair, why.clone())).collect();
                self.cluster(places, ties, decided)
            })
            .collect();
        found.sort_by(|a, b| a.name.cmp(&b.name));
        found
    }

    fn cluster(
        &self,
        places: Vec<u32>,
        ties: Vec<Tie>,
        decided: BTreeMap<(u32, u32), Vec<String>>,
    ) -> Cluster {
        let steps = steps(&places, &ties);
        let also: BTreeSet<String> =
            steps.iter().flat_map(|step| &step.merged).map(|at| self.name_of(*at)).collect();
        let mut days = steps.iter().filter_map(|step| self.activities[step.at as usize].published);
        let first = days.next();
        Cluster {
            name: self.name_of(places[0]),
            also: also.into_iter().collect(),
            members: places.iter().map(|at| self.activities[*at as usize].origin).collect(),
            first,
            last: days.next_back().or(first),
            places,
            ties,
            decided,
        }
    }

    /// The name that a cluster has from its earliest origin.
    fn name_of(&self, at: u32) -> String {
        format!("LW-{}", self.activities[at as usize].origin.to_string()[..6].to_uppercase())
    }

    /// Tells a cluster, with so many of its bonds.
    ///
    /// # Errors
    /// Those of `naming`.
    pub fn tell<E>(
        &self,
        cluster: &Cluster,
        most: usize,
        naming: &mut dyn Naming<Error = E>,
    ) -> Result<ActivityCluster, E> {
        let origin = |at: u32| self.activities[at as usize].origin;
        let mut history = Vec::new();
        for step in steps(&cluster.places, &cluster.ties) {
            let because = self.because(cluster, &step.strongest, naming)?;
            let because = because.into_iter().next().unwrap_or_default();
            let label = naming.label(origin(step.at))?;
            let name = self.name_of(step.roots[0]);
            let what = if step.roots.len() > 1 {
                let others: Vec<String> =
                    step.roots.iter().skip(1).map(|at| self.name_of(*at)).collect();
                format!("{label} joins {name} and {}, by {because}", others.join(", "))
            } else if step.grows {
                format!("{name} grows by {label}, by {because}")
            } else {
                let first = naming.label(origin(step.roots[0]))?;
                format!("{name} is minted: {first} and {label} share {because}")
            };
            history.push(ClusterEvent { on: self.activities[step.at as usize].published, what });
        }
        let mut bonds = Vec::new();
        for tie in cluster.ties.iter().take(most) {
            bonds.push(Bond {
                a: origin(tie.a),
                b: origin(tie.b),
                weight: tie.weight,
                because: self.because(cluster, tie, naming)?,
            });
        }
        Ok(ActivityCluster {
            name: cluster.name.clone(),
            also: cluster.also.clone(),
            members: cluster.members.clone(),
            bonds,
            bonds_in_all: cluster.ties.len(),
            history,
        })
    }

    /// What is first named of the strongest bonds of a cluster, of those between two that are `wanted`.
    ///
    /// # Errors
    /// Those of `naming`.
    pub fn held_by<E>(
        &self,
        cluster: &Cluster,
        (most, wanted): (usize, &dyn Fn(OriginId, OriginId) -> bool),
        naming: &mut dyn Naming<Error = E>,
    ) -> Result<Vec<(OriginId, OriginId, String)>, E> {
        let origin = |at: u32| self.activities[at as usize].origin;
        let mut held = Vec::new();
        for tie in cluster.ties.iter().filter(|tie| wanted(origin(tie.a), origin(tie.b))).take(most)
        {
            let because = self.because(cluster, tie, naming)?.into_iter().next();
            held.extend(because.map(|because| (origin(tie.a), origin(tie.b), because)));
        }
        Ok(held)
    }

    /// Examples of what the origins of a cluster share with others, that was seen.
    pub fn shared_by(&self, cluster: &Cluster) -> BTreeSet<i64> {
        cluster.places.iter().flat_map(|at| self.shared.examples_of(*at)).collect()
    }

    /// What two activities share, the weightiest first.
    fn because<E>(
        &self,
        cluster: &Cluster,
        tie: &Tie,
        naming: &mut dyn Naming<Error = E>,
    ) -> Result<Vec<String>, E> {
        let mut pieces = self.shared.of_pair(tie.a, tie.b);
        pieces.retain(|piece| piece.weight > 0.05);
        pieces.sort_by(|x, y| y.weight.total_cmp(&x.weight).then(x.hash.cmp(&y.hash)));
        let least = pieces.get(NAMED - 1).map_or(0.0, |piece| piece.weight);
        let mut named = Vec::new();
        for piece in pieces.iter().take_while(|piece| piece.weight >= least).take(TIED) {
            named.push((piece.weight, naming.feature(piece.hash, piece.example)?));
        }
        named.sort_by(|x, y| y.0.total_cmp(&x.0).then(x.1.cmp(&y.1)));
        let named = named.iter().take(NAMED).map(|(w, feature)| format!("{feature} ({w:.1})"));
        let decided = cluster.decided.get(&(tie.a, tie.b)).into_iter().flatten().cloned();
        Ok(decided.chain(named).collect())
    }
}

/// How much two share, where it is enough.
fn weigh(pieces: &mut [Piece]) -> Option<f64> {
    if pieces.iter().map(|piece| piece.weight).sum::<f64>() < BOUND {
        return None;
    }
    // Something seen must be shared: names and techniques alone hold nothing together.
    if !pieces.iter().any(|piece| piece.seen && piece.weight > 0.5) {
        return None;
    }
    pieces.sort_by(|a, b| b.weight.total_cmp(&a.weight));
    // What is behind the first adds less and less: values of one list hang together.
    let each = pieces.iter().enumerate().map(|(n, piece)| piece.weight / (1.0 + n as f64).sqrt());
    let weight: f64 = each.sum();
    (weight >= BOUND).then(|| (weight * 1e3).round() / 1e3)
}

/// How an activity came to those before it.
struct Step {
    at: u32,
    /// The first of each group that it came to, in order; never empty.
    roots: Vec<u32>,
    /// Those of them, but the first, that were clusters before.
    merged: Vec<u32>,
    /// Whether the first was a cluster before.
    grows: bool,
    strongest: Tie,
}

/// As time went by: each activity of a cluster, with what bound it to those before.
fn steps(places: &[u32], ties: &[Tie]) -> Vec<Step> {
    let local = |place: u32| places.partition_point(|own| *own < place);
    let mut before: Vec<Vec<&Tie>> = vec![Vec::new(); places.len()];
    for tie in ties {
        before[local(tie.b)].push(tie);
    }
    let mut sets = Sets::new(places.len());
    let mut sizes: BTreeMap<usize, usize> = BTreeMap::new();
    let mut steps = Vec::new();
    for (here, &at) in places.iter().enumerate() {
        // The strongest comes first.
        let Some(strongest) = before[here].first().copied().copied() else { continue };
        let roots: BTreeSet<usize> =
            before[here].iter().map(|tie| sets.find(local(tie.a))).collect();
        let Some(&first) = roots.first() else { continue };
        let size = |root: &usize| sizes.get(root).copied().unwrap_or(1);
        let merged = roots.iter().skip(1).filter(|&root| size(root) > 1);
        steps.push(Step {
            at,
            roots: roots.iter().map(|root| places[*root]).collect(),
            merged: merged.map(|root| places[*root]).collect(),
            grows: size(&first) > 1,
            strongest,
        });
        let together = 1 + roots.iter().map(size).sum::<usize>();
        for root in &roots {
            sets.join(*root, here);
        }
        sizes.insert(first, together);
    }
    steps
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    use std::convert::Infallible;

    use lapwing_knowledge::Knowledge;
    use lapwing_model::{Entity, Kind};

    use crate::features::{feature_names, is_seen, marks};
    use crate::shared::Held;

    /// An activity with its name and all of its evidence.
    #[derive(Clone)]
    struct Told {
        origin: OriginId,
        label: String,
        published: Option<PartialDate>,
        evidence: BTreeSet<Entity>,
    }

    fn activity(name: &str, day: &str, values: &[(Kind, &str)]) -> Told {
        Told {
            origin: OriginId::of(name.as_bytes()),
            label: name.to_owned(),
            published: day.parse().ok(),
            evidence: values.iter().map(|(kind, value)| Entity::new(*kind, *value)).collect(),
        }
    }

    /// Any kind that stands for itself alone.
    const IP: Kind = Kind::Mutex;

    struct Names<'t> {
        told: &'t [Told],
        evidence: Vec<&'t Entity>,
    }

    impl Naming for Names<'_> {
        type Error = Infallible;

        fn feature(&mut self, feature: u64, example: i64) -> Result<String, Infallible> {
            let named = feature_names(self.evidence[example as usize], Knowledge::builtin());
            Ok(named.into_iter().find(|(mark, _)| mark.feature == feature).unwrap().1)
        }

        fn label(&mut self, origin: OriginId) -> Result<String, Infallible> {
            Ok(self.told.iter().find(|told| told.origin == origin).unwrap().label.clone())
        }
    }

    fn decided(told: &[Told], decisions: &ClusterDecisions) -> Vec<ActivityCluster> {
        let bare = |told: &Told| Activity { origin: told.origin, published: told.published };
        let activities = activities_in_order(told.iter().map(bare).collect());
        let places: BTreeMap<OriginId, u32> =
            activities.iter().zip(0..).map(|(activity, at)| (activity.origin, at)).collect();
        let evidence: Vec<&Entity> = told.iter().flat_map(|told| &told.evidence).collect();
        let mut each = |take: &mut Taking<'_>| -> Result<(), Infallible> {
            let mut example = 0;
            for told in told {
                for piece in &told.evidence {
                    for mark in marks(piece, Knowledge::builtin()) {
                        let at = places[&told.origin];
                        take(Held { at, mark, seen: is_seen(piece.kind), example });
                    }
                    example += 1;
                }
            }
            Ok(())
        };
        let Ok(bonds) = Bonds::find(activities, evidence.len() as u64, &mut each);
        let mut names = Names { told, evidence };
        let found = bonds.clusters(decisions);
        let told = found.iter().map(|cluster| {
            let Ok(told) = bonds.tell(cluster, 100, &mut names);
            assert_eq!((told.bonds.len(), &told.also), (cluster.bonds(), &cluster.also));
            told
        });
        told.collect()
    }

    fn of(told: &[Told]) -> Vec<ActivityCluster> {
        decided(told, &ClusterDecisions::default())
    }

    fn three() -> Vec<Told> {
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
        let decided = |decisions: &ClusterDecisions| decided(&activities, decisions);
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
        let everywhere: Vec<Told> = (0..150)
            .map(|n| activity(&format!("n{n}"), "2021", &[(IP, "45.1.1.1"), (IP, "45.1.1.2")]))
            .collect();
        assert!(of(&everywhere).is_empty());
    }

    #[test]
    fn reports_of_other_things_neither_bind_nor_part() {
        let mut activities = three();
        activities.push(activity("x", "2021-04-01", &[(IP, "62.1.1.1"), (Kind::Malware, "Sedge")]));
        activities.push(activity("y", "2021-04-02", &[(IP, "62.1.1.1")]));
        let bonds = |told: &[Told]| -> Vec<Bond> {
            of(told).into_iter().flat_map(|cluster| cluster.bonds).collect()
        };
        let few = bonds(&activities);
        assert_eq!(few.len(), 1, "one value alone binds nobody: {few:?}");
        let others = |n: u32| activity(&format!("n{n}"), "2021", &[(IP, &format!("own {n}"))]);
        activities.extend((0..400).map(others));
        assert_eq!(few, bonds(&activities));
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
            let mut activities: Vec<Told> = picks
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
