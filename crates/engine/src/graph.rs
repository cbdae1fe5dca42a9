//! The neighbourhood of a name or value: what is tied to it, the most telling first.

use std::collections::{BTreeMap, BTreeSet};

use lapwing_model::{Entity, Fact, Marking, Object, Relation};
use lapwing_store::FactQuery;
use serde::Serialize;

use crate::{Engine, EngineError};

/// One entity of a graph.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Node {
    /// `kind:value`.
    pub id: String,
    /// What it is.
    #[serde(flatten)]
    pub entity: Entity,
    /// How telling it is beside the others, 0 to 1.
    pub weight: f64,
}

/// A fact between two entities of a graph.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Edge {
    /// From this node.
    pub from: String,
    /// To this node.
    pub to: String,
    /// The verb.
    pub relation: Relation,
    /// How probable, 0 to 1.
    pub probability: f64,
    /// Number of origins that say so.
    pub origins: u64,
    /// The strictest marking under it.
    pub marking: Marking,
}

/// What stands around an entity.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Neighbourhood {
    /// The node in the middle.
    pub centre: String,
    /// The nodes, the centre first, then the most telling.
    pub nodes: Vec<Node>,
    /// All facts between them.
    pub edges: Vec<Edge>,
    /// Whether there is more than was asked for.
    pub cut: bool,
}

/// Facts of one node that are looked at; a node with more is a hub, which tells little.
const MOST_FACTS: usize = 5_000;
/// Nodes whose ties to each other are looked up.
const MOST_TIED: usize = 300;

impl Engine {
    /// The nodes next to a name or value, at most `limit`, with all facts between them.
    ///
    /// # Errors
    /// When nothing has that name, or the store cannot be read.
    pub fn neighbourhood(&self, asked: &str, limit: usize) -> Result<Neighbourhood, EngineError> {
        let topic = self.topic(asked)?;
        self.around(&topic.subject, &topic.also, limit)
    }

    fn around(
        &self,
        centre: &Entity,
        also: &[Entity],
        limit: usize,
    ) -> Result<Neighbourhood, EngineError> {
        let mut found: BTreeMap<Entity, f64> = BTreeMap::new();
        let mut edges: BTreeMap<(String, Relation, String), Edge> = BTreeMap::new();
        let mut cut = false;
        for entity in std::iter::once(centre).chain(also) {
            let facts = self.facts_of(entity)?;
            cut |= facts.len() >= MOST_FACTS;
            for fact in facts {
                let Some((edge, other)) = edge(&fact, entity) else { continue };
                let weight = found.entry(other).or_default();
                // As evidence adds up: each tie takes a part of what is left to doubt.
                *weight += (1.0 - *weight) * telling(&fact);
                edges.insert((edge.from.clone(), edge.relation, edge.to.clone()), edge);
            }
        }
        found.remove(centre);
        let mut ranked: Vec<(Entity, f64)> = found.into_iter().collect();
        ranked.sort_by(|a, b| b.1.total_cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
        cut |= ranked.len() > limit;
        ranked.truncate(limit);
        let shown: BTreeSet<String> = std::iter::once(centre.key())
            .chain(ranked.iter().map(|(entity, _)| entity.key()))
            .collect();
        // Each fact between two of them has one as its subject: what is said of a hub, by thousands
        // of others, need not be read for that.
        for (entity, _) in ranked.iter().take(MOST_TIED) {
            let query = FactQuery {
                subject: Some(entity.clone()),
                limit: Some(MOST_FACTS),
                ..FactQuery::default()
            };
            for fact in self.store.facts(&query)? {
                let Some((edge, other)) = edge(&fact, entity) else { continue };
                if shown.contains(&other.key()) {
                    edges.insert((edge.from.clone(), edge.relation, edge.to.clone()), edge);
                }
            }
        }
        let node = |(entity, weight): (Entity, f64)| Node { id: entity.key(), entity, weight };
        let nodes = std::iter::once((centre.clone(), 1.0)).chain(ranked).map(node).collect();
        let edges = edges
            .into_values()
            .filter(|edge| shown.contains(&edge.from) && shown.contains(&edge.to))
            .collect();
        Ok(Neighbourhood { centre: centre.key(), nodes, edges, cut })
    }

    fn facts_of(&self, entity: &Entity) -> Result<Vec<Fact>, EngineError> {
        let query = FactQuery {
            either: Some(entity.clone()),
            limit: Some(MOST_FACTS),
            ..FactQuery::default()
        };
        Ok(self.store.facts(&query)?)
    }
}

/// The edge that a fact is, with the end that is not `here`.
fn edge(fact: &Fact, here: &Entity) -> Option<(Edge, Entity)> {
    let Object::Entity(object) = &fact.object else { return None };
    let other = if fact.subject == *here { object.clone() } else { fact.subject.clone() };
    let edge = Edge {
        from: fact.subject.key(),
        to: object.key(),
        relation: fact.relation,
        probability: (fact.probability * 1e4).round() / 1e4,
        origins: fact.origins_for() as u64,
        marking: fact.marking,
    };
    (other != *here).then_some((edge, other))
}

/// How much a tie says: what an actor uses and exploits more than what a page links to.
fn telling(fact: &Fact) -> f64 {
    let by_relation = match fact.relation {
        Relation::References | Relation::DerivedFrom | Relation::RelatedTo => 0.2,
        Relation::About | Relation::LocatedAt | Relation::SameObject => 0.5,
        _ => 0.9,
    };
    fact.probability * by_relation
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{AddOptions, Input, Silent};

    #[test]
    fn a_neighbourhood_holds_its_centre_and_no_loose_edge() {
        let mut engine = Engine::in_memory().unwrap();
        let report = "HAFNIUM exploited CVE-2021-26855. HAFNIUM used China Chopper. \
                      HAFNIUM exploited CVE-2021-27065.";
        let input = Input::Bytes { name: "note.txt".into(), bytes: report.into() };
        let now = "2021-03-04T00:00:00Z".parse().unwrap();
        engine.add(&[input], &AddOptions::default(), now, &Silent).unwrap();
        let whole = engine.neighbourhood("hafnium", 200).unwrap();
        assert_eq!(whole.nodes[0].id, whole.centre);
        assert!(whole.nodes.len() >= 3 && !whole.cut, "{whole:?}");
        let small = engine.neighbourhood("hafnium", 1).unwrap();
        assert!(small.cut && small.nodes.len() == 2);
        for graph in [whole, small] {
            let ids: BTreeSet<_> = graph.nodes.iter().map(|node| node.id.as_str()).collect();
            assert!(!graph.edges.is_empty());
            for edge in &graph.edges {
                assert!(ids.contains(edge.from.as_str()) && ids.contains(edge.to.as_str()));
            }
        }
        assert!(engine.neighbourhood("nobody", 5).is_err());
    }
}
