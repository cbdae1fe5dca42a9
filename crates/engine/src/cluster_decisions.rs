//! What people decide of clusters of activity: that several are one, or that origins are no part of
//! one. Every decision can be looked at before it is taken, and taken back after.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use lapwing_fuse::{Activity, ActivityCluster, ClusterDecisions};
use lapwing_model::{ChangeId, DocumentId, Marking, OriginId};
use lapwing_store::JudgementRecord;
use serde::{Deserialize, Serialize};

use crate::clusters::cluster_named;
use crate::{Engine, EngineError, Suspect};

/// Decisions on clusters are kept under this topic.
const TOPIC: &str = "cluster/";

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
    /// Its origins by name, the earliest first.
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
        let activities = self.activities()?;
        let mut decisions = self.cluster_decisions()?;
        let found = self.clusters_of(&activities, &decisions);
        let groups = groups(decision, &found)?;
        let mut marking = Marking::default();
        let mut first: BTreeMap<OriginId, DocumentId> = BTreeMap::new();
        for origin in self.store.origins()? {
            if !groups.iter().flatten().any(|id| *id == origin.id) {
                continue;
            }
            for member in &origin.members {
                first.entry(origin.id).or_insert(member.document);
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
        let then = self.clusters_of(&activities, &decisions);
        let touched: BTreeSet<OriginId> = groups.into_iter().flatten().collect();
        let preview = self.preview(&activities, (&found, &then), &touched)?;
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
        let mut places = BTreeMap::new();
        for origin in self.store.origins()? {
            places.extend(origin.members.iter().map(|member| (member.document, origin.id)));
        }
        Ok(places)
    }

    fn preview(
        &self,
        activities: &[Activity],
        (found, then): (&[ActivityCluster], &[ActivityCluster]),
        touched: &BTreeSet<OriginId>,
    ) -> Result<ClusterPreview, EngineError> {
        let of = |clusters: &[ActivityCluster]| -> Vec<ActivityCluster> {
            let holds = |c: &&ActivityCluster| c.members.iter().any(|id| touched.contains(id));
            clusters.iter().filter(holds).cloned().collect()
        };
        let (old, new) = (of(found), of(then));
        let labels: BTreeMap<OriginId, &str> =
            activities.iter().map(|activity| (activity.origin, activity.label.as_str())).collect();
        let label = |id: &OriginId| labels.get(id).copied().unwrap_or_default().to_owned();
        let kept: BTreeSet<OriginId> =
            new.iter().flat_map(|cluster| cluster.members.iter().copied()).collect();
        let alone = touched.iter().filter(|id| !kept.contains(*id)).map(label).collect();
        let still: BTreeSet<(OriginId, OriginId)> =
            new.iter().flat_map(|cluster| &cluster.bonds).map(|bond| (bond.a, bond.b)).collect();
        let overruled = old
            .iter()
            .flat_map(|cluster| &cluster.bonds)
            .filter(|bond| !still.contains(&(bond.a, bond.b)))
            .map(|bond| {
                let because = bond.because.first().map(String::as_str).unwrap_or_default();
                format!("{} and {} share {because}", label(&bond.a), label(&bond.b))
            })
            .collect();
        let names = |clusters: &[ActivityCluster]| -> String {
            let one = |c: &ActivityCluster| {
                let origins = c.members.len();
                format!("{} ({origins} origin{})", c.name, if origins == 1 { "" } else { "s" })
            };
            let all: Vec<String> = clusters.iter().map(one).collect();
            if all.is_empty() { "no cluster".to_owned() } else { all.join(" and ") }
        };
        let says = format!("{} would become {}", names(&old), names(&new));
        let outlines =
            |clusters: Vec<ActivityCluster>| -> Result<Vec<ClusterOutline>, EngineError> {
                clusters.into_iter().map(|cluster| self.outline(cluster, activities)).collect()
            };
        Ok(ClusterPreview { before: outlines(old)?, after: outlines(new)?, alone, overruled, says })
    }

    fn outline(
        &self,
        cluster: ActivityCluster,
        activities: &[Activity],
    ) -> Result<ClusterOutline, EngineError> {
        let page = self.cluster_page(cluster, activities)?;
        Ok(ClusterOutline {
            name: page.cluster.name,
            labels: page.labels,
            bonds: page.cluster.bonds.len(),
            likeliest: page.attribution.into_iter().next(),
            none_of_these: page.none_of_these,
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
fn groups(
    decision: &ClusterDecision,
    found: &[ActivityCluster],
) -> Result<Vec<Vec<OriginId>>, EngineError> {
    let unfit = |why: &str| Err(EngineError::Undecided(why.to_owned()));
    match decision {
        ClusterDecision::Merge { clusters } => {
            let mut groups: Vec<Vec<OriginId>> = Vec::new();
            for name in clusters {
                let members = &cluster_named(found, name)?.members;
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
            let members = &cluster_named(found, cluster)?.members;
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
