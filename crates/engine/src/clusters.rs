//! Clusters of activity that the store's evidence holds together, and whose they may be.

use std::collections::{BTreeMap, BTreeSet};

use lapwing_forecast::{Attribution, Shares, with_software};
use lapwing_fuse::{Activity, ActivityCluster, ClusterDecisions, clusters_decided};
use lapwing_model::{Basis, Entity, Fact, Kind, OriginId, PartialDate, Relation, Role};
use lapwing_store::FactQuery;
use serde::Serialize;

use crate::{Engine, EngineError};

/// Begins the name of a cluster that Lapwing minted.
pub const MINTED: &str = "LW-";
/// Actors that are ranked.
const RANKED: usize = 5;
/// What a report of the cluster that names an actor adds to his score, times its probability.
const NAMED: f64 = 6.1;

/// A cluster with what is known of whose activity it is.
#[derive(Clone, Debug, Serialize)]
pub struct ClusterPage {
    /// The cluster: members, bonds, history.
    #[serde(flatten)]
    pub cluster: ActivityCluster,
    /// Names of the members for people, in their order.
    pub labels: Vec<String>,
    /// First and last publication.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub first: Option<PartialDate>,
    /// The last.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last: Option<PartialDate>,
    /// What its members name: malware, tools, techniques, indicators.
    pub evidence: Vec<Entity>,
    /// Whose it may be, the likeliest first.
    pub attribution: Vec<Suspect>,
    /// How probable it is that it is none of these.
    pub none_of_these: f64,
    /// What would change the answer.
    pub would_change: Vec<String>,
}

/// An actor whose activity a cluster may be.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Suspect {
    /// The actor.
    pub actor: String,
    /// How probable, 0 to 1, as tested on reports held back (docs/scores.md).
    pub probability: f64,
    /// What speaks for it.
    pub because: Vec<String>,
}

impl Engine {
    /// The clusters of activity of the store, by name.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn activity_clusters(&self) -> Result<Vec<ActivityCluster>, EngineError> {
        Ok(self.clusters_of(&self.activities()?, &self.cluster_decisions()?))
    }

    /// The clusters of activities, under decisions of people.
    pub(crate) fn clusters_of(
        &self,
        activities: &[Activity],
        decisions: &ClusterDecisions,
    ) -> Vec<ActivityCluster> {
        clusters_decided(activities, &self.knowledge, decisions)
    }

    /// A minted cluster by its name, or by the name of one that it has taken in.
    ///
    /// # Errors
    /// [`EngineError::Unknown`] when there is none of that name; or the store cannot be read.
    pub fn cluster(&self, name: &str) -> Result<ClusterPage, EngineError> {
        let activities = self.activities()?;
        let found = self.clusters_of(&activities, &self.cluster_decisions()?);
        let cluster = cluster_named(&found, name)?.clone();
        self.cluster_page(cluster, &activities)
    }

    /// A cluster with its evidence, and whose it may be.
    pub(crate) fn cluster_page(
        &self,
        cluster: ActivityCluster,
        activities: &[Activity],
    ) -> Result<ClusterPage, EngineError> {
        let by_origin: BTreeMap<OriginId, &Activity> =
            activities.iter().map(|activity| (activity.origin, activity)).collect();
        let members: Vec<&Activity> =
            cluster.members.iter().filter_map(|id| by_origin.get(id).copied()).collect();
        let evidence: BTreeSet<Entity> =
            members.iter().flat_map(|activity| activity.evidence.iter().cloned()).collect();
        let named = self.named_by(&cluster.members)?;
        let (attribution, none_of_these) = self.suspects(&evidence, &named);
        let would_change = self.would_change(&evidence, &named, &attribution);
        let days: Vec<PartialDate> = members.iter().filter_map(|a| a.published).collect();
        Ok(ClusterPage {
            labels: members.iter().map(|activity| activity.label.clone()).collect(),
            first: days.iter().min_by_key(|day| day.first_day()).copied(),
            last: days.iter().max_by_key(|day| day.last_day()).copied(),
            evidence: evidence.into_iter().collect(),
            attribution,
            none_of_these,
            would_change,
            cluster,
        })
    }

    /// What each origin tells: its indicators, malware, tools and techniques.
    pub(crate) fn activities(&self) -> Result<Vec<Activity>, EngineError> {
        let published: BTreeMap<_, _> = self
            .store
            .documents()?
            .into_iter()
            .map(|record| (record.document.id, record.document.published))
            .collect();
        let mut activities: BTreeMap<OriginId, Activity> = BTreeMap::new();
        for origin in self.store.origins()? {
            let days = origin.members.iter().filter_map(|m| published.get(&m.document).copied()?);
            let first = days.min_by_key(|day| day.first_day());
            activities.insert(
                origin.id,
                Activity {
                    origin: origin.id,
                    label: origin.label,
                    published: first,
                    evidence: BTreeSet::new(),
                },
            );
        }
        let mut take = |fact: &Fact, entity: &Entity| {
            for contribution in fact.contributions.iter().filter(|c| c.supports) {
                if let Some(activity) = activities.get_mut(&contribution.origin) {
                    activity.evidence.insert(entity.clone());
                }
            }
        };
        for role in [Role::Indicator, Role::Subject, Role::Tool] {
            let query = FactQuery {
                relation: Some(Relation::Role),
                role: Some(role),
                ..FactQuery::default()
            };
            self.store.each_fact(&query, &mut |fact| {
                let kind = fact.subject.kind;
                let telling = if role == Role::Indicator {
                    kind.is_observable() && lapwing_fuse::set_aside(&fact).is_none()
                } else {
                    matches!(kind, Kind::Malware | Kind::Tool | Kind::AttackPattern)
                };
                // What is only predicted was not seen.
                if telling && fact.basis != Basis::Predicted {
                    take(&fact, &fact.subject);
                }
                Ok(())
            })?;
        }
        Ok(activities.into_values().collect())
    }

    /// Actors that the members themselves name as those behind it, with the probability.
    fn named_by(&self, members: &[OriginId]) -> Result<BTreeMap<String, f64>, EngineError> {
        let mut named: BTreeMap<String, f64> = BTreeMap::new();
        for relation in [Relation::AttributedTo, Relation::Indicates, Relation::Uses] {
            let query = FactQuery { relation: Some(relation), ..FactQuery::default() };
            self.store.each_fact(&query, &mut |fact| {
                let actor = match relation {
                    Relation::Uses => Some(&fact.subject),
                    _ => fact.object.entity(),
                };
                let ours =
                    fact.contributions.iter().any(|c| c.supports && members.contains(&c.origin));
                if let Some(actor) = actor.filter(|a| a.kind == Kind::ThreatActor && ours)
                    && fact.basis != Basis::Predicted
                {
                    let best = named.entry(actor.value.clone()).or_default();
                    *best = best.max(fact.probability);
                }
                Ok(())
            })?;
        }
        Ok(named)
    }

    /// Ranked actors with probabilities, and that of none of them.
    fn suspects(
        &self,
        evidence: &BTreeSet<Entity>,
        named: &BTreeMap<String, f64>,
    ) -> (Vec<Suspect>, f64) {
        let known = &self.knowledge;
        let ids = self.attack_evidence(evidence);
        let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
        let model = Attribution::fit(known.actors().iter().map(|actor| {
            (actor.id.as_str(), known.uses(&actor.id).iter().map(String::as_str).collect())
        }));
        let mut scores: BTreeMap<String, (f64, Vec<String>)> = BTreeMap::new();
        // Techniques alone name nobody.
        for candidate in with_software(model.rank(&ids)) {
            let Some(actor) = known.actor(&candidate.actor) else { continue };
            let because = candidate.because.iter().map(|id| self.piece(id)).collect();
            scores.insert(actor.name.clone(), (candidate.score, because));
        }
        for (actor, probability) in named {
            let entry = scores.entry(actor.clone()).or_default();
            entry.0 += NAMED * probability;
            entry.1.insert(0, format!("its own reports name it ({:.0} %)", probability * 100.0));
        }
        let all: Vec<f64> = scores.values().map(|(score, _)| *score).collect();
        let (shares, _) = Shares::builtin().of(&all);
        let rounded = |p: f64| (p * 1e4).round() / 1e4;
        let mut suspects: Vec<Suspect> = scores
            .into_iter()
            .zip(shares)
            .map(|((actor, (_, because)), share)| Suspect {
                actor,
                probability: rounded(share),
                because,
            })
            .collect();
        suspects.sort_by(|a, b| {
            b.probability.total_cmp(&a.probability).then_with(|| a.actor.cmp(&b.actor))
        });
        suspects.truncate(RANKED);
        let those: f64 = suspects.iter().map(|suspect| suspect.probability).sum();
        (suspects, rounded((1.0 - those).max(0.0)))
    }

    /// Pieces of evidence without which another actor, or nobody, would stand first.
    fn would_change(
        &self,
        evidence: &BTreeSet<Entity>,
        named: &BTreeMap<String, f64>,
        attribution: &[Suspect],
    ) -> Vec<String> {
        let Some(first) = attribution.first() else {
            return vec!["malware or tools that few actors use would name one".to_owned()];
        };
        let mut changes = Vec::new();
        let software = evidence.iter().filter(|e| matches!(e.kind, Kind::Malware | Kind::Tool));
        for piece in software {
            let mut without = evidence.clone();
            without.remove(piece);
            let (other, none) = self.suspects(&without, named);
            match other.first() {
                Some(other) if other.actor != first.actor => {
                    changes.push(format!(
                        "without {} it would rather be {}",
                        piece.value, other.actor
                    ));
                }
                Some(other) if none > 0.5 && other.probability < first.probability => changes
                    .push(format!("without {} it would be nobody known ({none:.2})", piece.value)),
                None => changes.push(format!("without {} nothing would name anybody", piece.value)),
                Some(_) => {}
            }
        }
        if named.contains_key(&first.actor) {
            let others: BTreeMap<String, f64> = named
                .iter()
                .filter(|(a, _)| **a != first.actor)
                .map(|(a, p)| (a.clone(), *p))
                .collect();
            let (other, none) = self.suspects(evidence, &others);
            let then = match other.first() {
                Some(other) if other.probability > none => other.actor.clone(),
                _ => "nobody known".to_owned(),
            };
            if then != first.actor {
                changes.push(format!("if no report named {}, it would be {then}", first.actor));
            }
        }
        changes
    }

    /// Techniques and software by their identifiers in ATT&CK.
    fn attack_evidence(&self, evidence: &BTreeSet<Entity>) -> BTreeSet<String> {
        let known = &self.knowledge;
        evidence
            .iter()
            .flat_map(|entity| match entity.kind {
                Kind::AttackPattern => known
                    .current_technique(&entity.value)
                    .map(|t| t.id.clone())
                    .into_iter()
                    .collect(),
                Kind::Malware | Kind::Tool => {
                    known.software_named(&entity.value).into_iter().map(|s| s.id.clone()).collect()
                }
                _ => Vec::new(),
            })
            .filter(|id| id.starts_with(['S', 'T']))
            .collect()
    }

    fn piece(&self, id: &str) -> String {
        let known = &self.knowledge;
        let technique = known.technique(id).map(|t| format!("{id} {}", t.name));
        let software = || known.software_by_id(id).map(|s| s.name.clone());
        technique.or_else(software).unwrap_or_else(|| id.to_owned())
    }
}

/// The cluster of a name, or of the name of one that it has taken in.
pub(crate) fn cluster_named<'c>(
    found: &'c [ActivityCluster],
    name: &str,
) -> Result<&'c ActivityCluster, EngineError> {
    let asked = name.trim();
    let is = |c: &&ActivityCluster| {
        c.name.eq_ignore_ascii_case(asked) || c.also.iter().any(|n| n.eq_ignore_ascii_case(asked))
    };
    found.iter().find(is).ok_or_else(|| {
        let near = found.iter().take(6).map(|cluster| cluster.name.clone()).collect();
        EngineError::Unknown { asked: asked.to_owned(), near }
    })
}
