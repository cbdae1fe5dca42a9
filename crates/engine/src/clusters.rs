//! Clusters of activity that the store's evidence holds together, and whose they may be.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use lapwing_forecast::{Attribution, Shares, with_software};
use lapwing_fuse::{ActivityCluster, Cluster};
use lapwing_model::{Basis, DocumentId, Entity, Kind, OriginId, PartialDate, Relation};
use lapwing_store::{FactQuery, PlacedDocument};
use serde::Serialize;

use crate::binding::Clusters;
use crate::{Engine, EngineError};

/// Begins the name of a cluster that Lapwing minted.
pub const MINTED: &str = "LW-";
/// Actors that are ranked.
const RANKED: usize = 5;
/// What a report of the cluster that names an actor adds to his score, times its probability.
const NAMED: f64 = 6.1;
/// Bonds of a cluster that are told.
const MOST_BONDS: usize = 500;
/// Pieces of evidence that are told: what is shared first.
const MOST_EVIDENCE: usize = 2000;

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
    /// What its members name: malware, tools, techniques, indicators; of very many indicators those that its
    /// members share with others.
    pub evidence: Vec<Entity>,
    /// How much evidence there is.
    pub evidence_in_all: usize,
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

impl Clusters {
    /// All of them in the order in which people look at them: those of most origins first, of as many the latest.
    #[must_use]
    pub fn largest_first(&self) -> Vec<&Cluster> {
        let mut all: Vec<&Cluster> = self.all().iter().collect();
        all.sort_by_key(|cluster| {
            let last = cluster.last.map(PartialDate::last_day);
            (Reverse(cluster.members.len()), Reverse(last), cluster.name.clone())
        });
        all
    }
}

impl Engine {
    /// A minted cluster by its name, or by the name of one that it has taken in.
    ///
    /// # Errors
    /// [`EngineError::Unknown`] when there is none of that name; or the store cannot be read.
    pub fn cluster(&self, name: &str) -> Result<ClusterPage, EngineError> {
        self.cluster_of(&self.clusters()?, name)
    }

    /// As [`Engine::cluster`], of clusters that were found before.
    ///
    /// # Errors
    /// As [`Engine::cluster`].
    pub fn cluster_of(&self, found: &Clusters, name: &str) -> Result<ClusterPage, EngineError> {
        let cluster = found.named(name)?;
        self.cluster_page(found, cluster, &self.attribution_model())
    }

    /// A cluster with its evidence, and whose it may be.
    fn cluster_page(
        &self,
        found: &Clusters,
        cluster: &Cluster,
        model: &Attribution,
    ) -> Result<ClusterPage, EngineError> {
        let documents = found.documents_of(&cluster.members);
        let names = found.names_of(&cluster.members);
        let numbers = self.evidence_numbers(&documents)?;
        let evidence_in_all = names.len() + numbers.len();
        let named = self.named_by(&cluster.members, &documents)?;
        let (attribution, none_of_these) = self.suspects(model, &names, &named);
        let would_change = self.would_change(model, &names, &named, &attribution);
        let mut days: BTreeMap<OriginId, PartialDate> = BTreeMap::new();
        for document in &documents {
            let Some(day) = document.published else { continue };
            let first = days.entry(document.origin).or_insert(day);
            if day.first_day() < first.first_day() {
                *first = day;
            }
        }
        let mut naming = found.naming(self);
        let told = found.bonds.tell(cluster, MOST_BONDS, &mut naming)?;
        let labels = cluster.members.iter().map(|id| naming.label_of(*id));
        Ok(ClusterPage {
            labels: labels.collect::<Result<_, _>>()?,
            first: days.values().min_by_key(|day| day.first_day()).copied(),
            last: days.values().max_by_key(|day| day.last_day()).copied(),
            evidence: self.some_evidence(found, cluster, names, &numbers)?,
            evidence_in_all,
            attribution,
            none_of_these,
            would_change,
            cluster: told,
        })
    }

    /// Whose a cluster most probably is, and how probable it is that it is nobody's who is known.
    pub(crate) fn likeliest(
        &self,
        found: &Clusters,
        cluster: &Cluster,
        model: &Attribution,
    ) -> Result<(Option<Suspect>, f64), EngineError> {
        let names = found.names_of(&cluster.members);
        let documents = found.documents_of(&cluster.members);
        let named = self.named_by(&cluster.members, &documents)?;
        let (attribution, none) = self.suspects(model, &names, &named);
        Ok((attribution.into_iter().next(), none))
    }

    /// Names and so many indicators as are told, in order.
    fn some_evidence(
        &self,
        found: &Clusters,
        cluster: &Cluster,
        mut told: BTreeSet<Entity>,
        numbers: &BTreeSet<i64>,
    ) -> Result<Vec<Entity>, EngineError> {
        let shared = if numbers.len() > MOST_EVIDENCE {
            found.bonds.shared_by(cluster)
        } else {
            BTreeSet::new()
        };
        let first = shared.iter().filter(|n| numbers.contains(n));
        let rest = numbers.iter().filter(|n| !shared.contains(n));
        for n in first.chain(rest).take(MOST_EVIDENCE) {
            told.insert(self.store.entity_numbered(*n)?);
        }
        Ok(told.into_iter().collect())
    }

    /// Who uses what, as the reference data say, as a model of whose activity something is.
    pub(crate) fn attribution_model(&self) -> Attribution {
        let known = &self.knowledge;
        Attribution::fit(known.actors().iter().map(|actor| {
            (actor.id.as_str(), known.uses(&actor.id).iter().map(String::as_str).collect())
        }))
    }

    /// Actors that the members themselves name as those behind it, with the probability.
    fn named_by(
        &self,
        members: &[OriginId],
        documents: &[PlacedDocument],
    ) -> Result<BTreeMap<String, f64>, EngineError> {
        let mut named: BTreeMap<String, f64> = BTreeMap::new();
        let members: BTreeSet<OriginId> = members.iter().copied().collect();
        // What their own documents state, not all that is stated of any actor.
        let documents: BTreeSet<DocumentId> = documents.iter().map(|d| d.id).collect();
        for relation in [Relation::AttributedTo, Relation::Indicates, Relation::Uses] {
            let actors = Some(Kind::ThreatActor);
            let uses = relation == Relation::Uses;
            let query = FactQuery {
                relation: Some(relation),
                subject_kind: actors.filter(|_| uses),
                object_kind: actors.filter(|_| !uses),
                documents: Some(documents.iter().copied().collect()),
                ..FactQuery::default()
            };
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
        model: &Attribution,
        evidence: &BTreeSet<Entity>,
        named: &BTreeMap<String, f64>,
    ) -> (Vec<Suspect>, f64) {
        let known = &self.knowledge;
        let ids = self.attack_evidence(evidence);
        let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
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
        model: &Attribution,
        evidence: &BTreeSet<Entity>,
        named: &BTreeMap<String, f64>,
        attribution: &[Suspect],
    ) -> Vec<String> {
        let Some(first) = attribution.first() else {
            return vec!["malware or tools that few actors use would name one".to_owned()];
        };
        let mut changes = Vec::new();
        // What the reference data do not know changes nothing.
        let software = evidence.iter().filter(|e| {
            matches!(e.kind, Kind::Malware | Kind::Tool)
                && !self.knowledge.software_named(&e.value).is_empty()
        });
        for piece in software {
            let mut without = evidence.clone();
            without.remove(piece);
            let (other, none) = self.suspects(model, &without, named);
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
            let (other, none) = self.suspects(model, evidence, &others);
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
