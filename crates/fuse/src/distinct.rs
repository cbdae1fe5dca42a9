use std::collections::{BTreeMap, BTreeSet};

use lapwing_knowledge::Knowledge;
use lapwing_model::{Entity, Fact, Kind, Relation};
use serde::Serialize;

use crate::derivation::Sets;

/// Two names of one picture that nothing shows to be the same.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Distinct {
    /// The first, by kind and name.
    pub a: Entity,
    /// The second.
    pub b: Entity,
    /// Why, in words.
    pub reason: String,
}

/// From this probability on, a fact that two names are one counts as shown.
const SHOWN: f64 = 0.5;

/// Pairs of the actors and clusters among `names` that no fact (alias, attribution, part of)
/// and no alias of the reference data shows to be the same, in order of name.
#[must_use]
pub fn not_shown_same(names: &[Entity], facts: &[Fact], knowledge: &Knowledge) -> Vec<Distinct> {
    let named: BTreeSet<&Entity> = names.iter().filter(|n| n.kind.is_actor_like()).collect();
    let named: Vec<&Entity> = named.into_iter().collect();
    let place: BTreeMap<&Entity, usize> = named.iter().enumerate().map(|(n, e)| (*e, n)).collect();
    let mut same = Sets::new(named.len());
    let mut weak: BTreeMap<(usize, usize), String> = BTreeMap::new();
    for fact in facts.iter().filter(|f| says_same(f.relation)) {
        let Some(object) = fact.object.entity() else { continue };
        let (Some(&a), Some(&b)) = (place.get(&fact.subject), place.get(object)) else { continue };
        if a == b {
            continue;
        }
        if fact.probability >= SHOWN {
            same.join(a, b);
        } else {
            let said = if fact.origins_for() == 0 {
                format!(
                    "it is denied that {} {} {}",
                    fact.subject.value, fact.relation, object.value
                )
            } else {
                let percent = fact.probability * 100.0;
                format!(
                    "{} {} {} is {percent:.0} % probable only",
                    fact.subject.value, fact.relation, object.value
                )
            };
            let entry = weak.entry((a.min(b), a.max(b))).or_insert_with(|| said.clone());
            *entry = (*entry).clone().min(said);
        }
    }
    let ids: Vec<BTreeSet<&str>> = named
        .iter()
        .map(|e| knowledge.actors_named(&e.value).iter().map(|a| a.id.as_str()).collect())
        .collect();
    let mut pairs = Vec::new();
    for a in 0..named.len() {
        for b in a + 1..named.len() {
            let alias = ids[a].len() == 1 && ids[a] == ids[b];
            if same.find(a) == same.find(b) || alias {
                continue;
            }
            let reason = weak
                .get(&(a, b))
                .cloned()
                .unwrap_or_else(|| reason(named[a], named[b], &ids[a], &ids[b]));
            pairs.push(Distinct { a: named[a].clone(), b: named[b].clone(), reason });
        }
    }
    pairs
}

fn says_same(relation: Relation) -> bool {
    matches!(relation, Relation::AliasOf | Relation::AttributedTo | Relation::PartOf)
}

fn reason(a: &Entity, b: &Entity, of_a: &BTreeSet<&str>, of_b: &BTreeSet<&str>) -> String {
    if of_a.intersection(of_b).next().is_some() {
        return "the names share an ambiguous alias; no source says which is meant".to_owned();
    }
    if !of_a.is_empty() && !of_b.is_empty() {
        return "known as two different actors, and no source says otherwise".to_owned();
    }
    match (a.kind, b.kind) {
        (Kind::Cluster, Kind::Cluster) => {
            "two clusters that their tracker keeps apart; no source joins them".to_owned()
        }
        (Kind::Cluster, _) | (_, Kind::Cluster) => {
            "no source attributes the cluster to the actor".to_owned()
        }
        _ => "no source says that they are the same".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use lapwing_model::{AnalyticConfidence, Basis, Marking, Period};

    fn says(a: &Entity, relation: Relation, b: &Entity, probability: f64) -> Fact {
        Fact {
            subject: a.clone(),
            relation,
            object: b.clone().into(),
            probability,
            confidence: AnalyticConfidence::Moderate,
            basis: Basis::Assessed,
            period: Period::default(),
            reported: Period::default(),
            marking: Marking::Clear,
            contributions: Vec::new(),
            notes: Vec::new(),
        }
    }

    #[test]
    fn nothing_joins_tortilla_hafnium_and_the_cluster() {
        let tortilla = Entity::new(Kind::ThreatActor, "Tortilla");
        let hafnium = Entity::new(Kind::ThreatActor, "HAFNIUM");
        let cluster = Entity::new(Kind::Cluster, "UNC2639");
        let sector = Entity::new(Kind::Sector, "retail");
        let names = [tortilla.clone(), hafnium.clone(), cluster.clone(), sector, hafnium.clone()];
        let k = Knowledge::builtin();
        assert_eq!(not_shown_same(&names, &[], k).len(), 3);
        let joined = [says(&cluster, Relation::AttributedTo, &hafnium, 0.8)];
        let left = not_shown_same(&names, &joined, k);
        assert!(left.iter().all(|d| d.a == tortilla || d.b == tortilla), "{left:?}");
        assert_eq!(left.len(), 2);
        let weak = [says(&tortilla, Relation::AliasOf, &hafnium, 0.2)];
        let found = not_shown_same(&names, &weak, k);
        assert!(found.iter().any(|d| d.reason.contains("denied")));
    }
}
