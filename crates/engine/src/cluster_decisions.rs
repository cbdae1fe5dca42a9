//! What people decide of clusters of activity: that several are one, or that origins are no part of
//! one. Every decision can be looked at before it is taken, and taken back after.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use lapwing_fuse::{Cluster, ClusterDecisions};
use lapwing_model::{ChangeId, DocumentId, Marking, OriginId};
use lapwing_store::JudgementRecord;
use serde::{Deserialize, Serialize};

use crate::{Clusters, Engine, EngineError, Suspect};

/// Decisions on clusters are kept under this topic.
const TOPIC: &str = "cluster/";
/// Origins of a cluster that a preview names, and bonds that would be overruled.
const MOST_NAMED: usize = 200;

/// What is to be decided.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "action", rename_all = "kebab-case")]
pub enum ClusterDecision {
    /// These clusters are one activity.
    Merge {
        /// Their names, two or more.
        clusters: Vec<String>,
    },
    /// These origins are no part of the cluster.
    Split {
        /// The name of the cluster.
        cluster: String,
        /// The origins that leave it; together they may be a cluster of their own.
        origins: Vec<OriginId>,
    },
}

/// A decision in a form that stays right when origins and clusters get other names: each group by
/// the documents that it goes back to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClusterJudgement {
    /// As it was put.
    #[serde(flatten)]
    pub decision: ClusterDecision,
    /// The groups that are joined, or that are kept apart: the first document of each origin.
    pub groups: Vec<Vec<DocumentId>>,
    /// Why, in the words of who decided.
    #[serde(default)]
    pub because: String,
    /// The strictest marking of what it is about.
    pub marking: Marking,
}

/// One entry of the history of decisions on clusters.
#[derive(Clone, Debug, Serialize)]
pub struct ClusterChange {
    /// The change, which `undo` takes back.
    pub change: ChangeId,
    /// When.
    pub at: Timestamp,
    /// What was decided.
    #[serde(flatten)]
    pub judgement: ClusterJudgement,
    /// The undo that took it back.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub undone_by: Option<ChangeId>,
}

/// A cluster in short.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ClusterOutline {
    /// Its name.
    pub name: String,
    /// Its origins by name, the earliest first; of very many the first 200.
    pub labels: Vec<String>,
    /// Pairs of them that share enough.
    pub bonds: usize,
    /// Whose it most probably is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub likeliest: Option<Suspect>,
    /// How probable it is that it is nobody's who is known.
    pub none_of_these: f64,
}

/// What a decision would do.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ClusterPreview {
    /// The clusters that it touches, as they are.
    pub before: Vec<ClusterOutline>,
    /// As they would be.
    pub after: Vec<ClusterOutline>,
    /// Origins that would be in no cluster any more.
    pub alone: Vec<String>,
    /// Bonds of the evidence that the decision would overrule.
    pub overruled: Vec<String>,
    /// In words.
    pub says: String,
}

impl Engine {
    /// The decisions in force, for the making of clusters.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub(crate) fn cluster_decisions(&self) -> Result<ClusterDecisions, EngineError> {
        let mut decisions = ClusterDecisions::default();
        let records = self.store.judgements(TOPIC)?;
        if records.is_empty() {
            return Ok(decisions);
        }
        let places = self.origins_by_document()?;
        for record in records {
            take(&mut decisions, &read(&record)?, &places);
        }
        Ok(decisions)
    }

    /// The decisions on clusters, those taken back too, the oldest first.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn cluster_history(&self) -> Result<Vec<ClusterChange>, EngineError> {
        let entry = |record: JudgementRecord| {
            Ok(ClusterChange {
                judgement: read(&record)?,
                change: record.change,
                at: record.at,
                undone_by: record.undone_by,
            })
        };
        self.store.judgement_history(TOPIC)?.into_iter().map(entry).collect()
    }

    /// Works out what a decision means, and what it would do; nothing is changed.
    ///
    /// # Errors
    /// When a cluster is not known, the decision does not fit, or the store cannot be read.
    pub fn plan_clusters(
        &self,
        decision: &ClusterDecision,
        because: &str,
    ) -> Result<(ClusterJudgement, ClusterPreview), EngineError> {
        self.plan_clusters_of(&self.clusters()?, decision, because)
    }

    /// As [`Engine::plan_clusters`], of clusters that were found before.
    ///
    /// # Errors
    /// As [`Engine::plan_clusters`].
    pub fn plan_clusters_of(
        &self,
        found: &Clusters,
        decision: &ClusterDecision,
        because: &str,
    ) -> Result<(ClusterJudgement, ClusterPreview), EngineError> {
        let mut decisions = self.cluster_decisions()?;
        let groups = groups(decision, found)?;
        let mut marking = Marking::default();
        let mut first: BTreeMap<OriginId, DocumentId> = BTreeMap::new();
        for id in groups.iter().flatten() {
            let Some(origin) = self.store.origin(*id)? else { continue };
            for member in &origin.members {
                first.entry(*id).or_insert(member.document);
                let record = self.store.document_record(member.document)?;
                let stated = record.and_then(|record| record.document.marking);
                marking = marking.join(stated.unwrap_or_default());
            }
        }
        let documents = |group: &Vec<OriginId>| -> Vec<DocumentId> {
            group.iter().filter_map(|id| first.get(id).copied()).collect()
        };
        let judgement = ClusterJudgement {
            decision: decision.clone(),
            groups: groups.iter().map(documents).collect(),
            because: because.trim().to_owned(),
            marking,
        };
        take(&mut decisions, &judgement, &self.origins_by_document()?);
        let then = found.bonds.clusters(&decisions);
        let touched: BTreeSet<OriginId> = groups.into_iter().flatten().collect();
        let preview = self.preview(found, &then, &touched)?;
        Ok((judgement, preview))
    }

    /// Takes a decision that [`Engine::plan_clusters`] worked out.
    ///
    /// # Errors
    /// When the store cannot be written.
    pub fn decide_clusters(
        &mut self,
        judgement: &ClusterJudgement,
        command: &str,
        now: Timestamp,
    ) -> Result<ChangeId, EngineError> {
        let body = serde_json::to_string(judgement)
            .map_err(|error| EngineError::Corrupt(format!("a decision on clusters: {error}")))?;
        // None replaces another: each stands under a number of its own.
        let topic = format!("{TOPIC}{}", self.store.judgement_history(TOPIC)?.len());
        let mut change = self.store.begin(command, now)?;
        change.put_judgement(&topic, &body)?;
        Ok(change.commit()?)
    }

    fn origins_by_document(&self) -> Result<BTreeMap<DocumentId, OriginId>, EngineError> {
        let placed = self.store.placed_documents()?;
        Ok(placed.into_iter().map(|document| (document.id, document.origin)).collect())
    }

    fn preview(
        &self,
        found: &Clusters,
        then: &[Cluster],
        touched: &BTreeSet<OriginId>,
    ) -> Result<ClusterPreview, EngineError> {
        let of = |clusters: &[Cluster]| -> Vec<Cluster> {
            let holds = |c: &&Cluster| c.members.iter().any(|id| touched.contains(id));
            clusters.iter().filter(holds).cloned().collect()
        };
        let (old, new) = (of(found.all()), of(then));
        let mut naming = found.naming(self);
        let kept: BTreeSet<OriginId> =
            new.iter().flat_map(|cluster| cluster.members.iter().copied()).collect();
        let alone = touched.iter().filter(|id| !kept.contains(*id));
        let alone = alone.map(|id| naming.label_of(*id)).collect::<Result<_, _>>()?;
        let still: BTreeSet<(OriginId, OriginId)> = new.iter().flat_map(Cluster::pairs).collect();
        let mut overruled = Vec::new();
        for cluster in &old {
            let gone = |a, b| !still.contains(&(a, b));
            for (a, b, because) in found.bonds.held_by(cluster, (MOST_NAMED, &gone), &mut naming)? {
                let (a, b) = (naming.label_of(a)?, naming.label_of(b)?);
                overruled.push(format!("{a} and {b} share {because}"));
            }
        }
        let names = |clusters: &[Cluster]| -> String {
            let one = |c: &Cluster| {
                let origins = c.members.len();
                format!("{} ({origins} origin{})", c.name, if origins == 1 { "" } else { "s" })
            };
            let all: Vec<String> = clusters.iter().map(one).collect();
            if all.is_empty() { "no cluster".to_owned() } else { all.join(" and ") }
        };
        let says = format!("{} would become {}", names(&old), names(&new));
        let model = self.attribution_model();
        let mut outlines = |clusters: &[Cluster]| -> Result<Vec<ClusterOutline>, EngineError> {
            let mut outlines = Vec::new();
            for cluster in clusters {
                let named = cluster.members.iter().take(MOST_NAMED);
                let labels = named.map(|id| naming.label_of(*id)).collect::<Result<_, _>>()?;
                let (likeliest, none_of_these) = self.likeliest(found, cluster, &model)?;
                outlines.push(ClusterOutline {
                    name: cluster.name.clone(),
                    labels,
                    bonds: cluster.bonds(),
                    likeliest,
                    none_of_these,
                });
            }
            Ok(outlines)
        };
        Ok(ClusterPreview {
            before: outlines(&old)?,
            after: outlines(&new)?,
            alone,
            overruled,
            says,
        })
    }
}

fn read(record: &JudgementRecord) -> Result<ClusterJudgement, EngineError> {
    serde_json::from_str(&record.body).map_err(|error| {
        EngineError::Corrupt(format!(
            "the decision of change {} on clusters: {error}",
            record.change
        ))
    })
}

/// The groups of origins that a decision is about.
fn groups(decision: &ClusterDecision, found: &Clusters) -> Result<Vec<Vec<OriginId>>, EngineError> {
    let unfit = |why: &str| Err(EngineError::Undecided(why.to_owned()));
    match decision {
        ClusterDecision::Merge { clusters } => {
            let mut groups: Vec<Vec<OriginId>> = Vec::new();
            for name in clusters {
                let members = &found.named(name)?.members;
                if !groups.contains(members) {
                    groups.push(members.clone());
                }
            }
            if groups.len() < 2 {
                return unfit("name two clusters or more that are not one already");
            }
            Ok(groups)
        }
        ClusterDecision::Split { cluster, origins } => {
            let members = &found.named(cluster)?.members;
            if let Some(other) = origins.iter().find(|id| !members.contains(id)) {
                return unfit(&format!("{other} is no origin of {cluster}"));
            }
            let (leave, stay): (Vec<OriginId>, Vec<OriginId>) =
                members.iter().partition(|id| origins.contains(id));
            if leave.is_empty() || stay.is_empty() {
                return unfit("name some of its origins, and not all");
            }
            Ok(vec![leave, stay])
        }
    }
}

/// Adds a decision to those before it.
fn take(
    decisions: &mut ClusterDecisions,
    judgement: &ClusterJudgement,
    places: &BTreeMap<DocumentId, OriginId>,
) {
    let origins = |group: &Vec<DocumentId>| -> Vec<OriginId> {
        let mut seen = BTreeSet::new();
        let found = group.iter().filter_map(|id| places.get(id).copied());
        found.filter(|id| seen.insert(*id)).collect()
    };
    let groups: Vec<Vec<OriginId>> = judgement.groups.iter().map(origins).collect();
    match (&judgement.decision, groups.as_slice()) {
        (ClusterDecision::Merge { .. }, _) => {
            let because = judgement.because.as_str();
            decisions.join(groups, if because.is_empty() { "no reason given" } else { because });
        }
        (ClusterDecision::Split { .. }, [leave, stay]) => decisions.part(leave, stay),
        (ClusterDecision::Split { .. }, _) => {}
    }
}
