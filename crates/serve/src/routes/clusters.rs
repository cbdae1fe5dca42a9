use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::IntoResponse;
use lapwing_engine::{
    ClusterChange, ClusterDecision, ClusterJudgement, ClusterOutline, ClusterPage, ClusterPreview,
    Clusters, Suspect,
};
use lapwing_model::{Marking, OriginId};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::app::App;
use crate::asker::Asker;
use crate::input::{Asked, Body, Named};
use crate::paging::{List, Paging};
use crate::problem::Problem;
use crate::readers::Sight;
use crate::routes::judge::why;
use crate::routes::names::Decided;
use crate::routes::search::EntityName;
use crate::routes::{Answer, word};

/// A cluster that the evidence holds together, in a list.
#[derive(Serialize, ToSchema)]
pub(crate) struct MintedRow {
    /// As `LW-3F2A91`.
    name: String,
    /// Names of clusters that it took in.
    also: Vec<String>,
    origins: usize,
    /// Pairs of origins that share enough.
    bonds: usize,
    /// What holds it together, the strongest first.
    held_by: Vec<String>,
    /// The days of its first and last step.
    first: Option<String>,
    last: Option<String>,
}

/// Reasons of a row.
const HELD_BY: usize = 3;

/// Clusters of activity that shared evidence holds together and that nobody named, those of most origins first.
#[utoipa::path(get, path = "/api/v1/minted-clusters", tag = "clusters", params(Paging),
    responses((status = 200, body = List<MintedRow>)))]
pub(crate) async fn minted_clusters(
    State(app): State<App>,
    asker: Asker,
    Asked(paging): Asked<Paging>,
) -> Answer<List<MintedRow>> {
    let shared = app.clone();
    let page = app
        .read(&asker, move |sight| {
            let found = clusters(&shared, sight)?;
            let page = List::slice(found.largest_first().into_iter(), &paging)?;
            let row = |cluster: &lapwing_engine::Cluster| -> Result<MintedRow, Problem> {
                Ok(MintedRow {
                    origins: cluster.members.len(),
                    bonds: cluster.bonds(),
                    held_by: sight.held_by(&found, cluster, HELD_BY)?,
                    first: cluster.first.map(|day| day.to_string()),
                    last: cluster.last.map(|day| day.to_string()),
                    name: cluster.name.clone(),
                    also: cluster.also.clone(),
                })
            };
            let items = page.items.into_iter().map(row).collect::<Result<_, _>>()?;
            Ok(List { items, next: page.next, total: page.total })
        })
        .await?;
    Ok(Json(page))
}

/// The clusters of a state of the store, found once for each.
fn clusters(app: &App, sight: &Sight<'_>) -> Result<Arc<Clusters>, Problem> {
    app.clusters.get(sight, |before| found(sight, before))
}

/// The clusters of a state, made of those of one before and of what changed.
fn found(sight: &Sight<'_>, before: Option<&Clusters>) -> Result<Clusters, Problem> {
    Ok(match before {
        Some(before) => sight.clusters_after(before)?,
        None => sight.clusters()?,
    })
}

/// Finds the clusters of a state of the store that is new, for those who asked for clusters lately: whoever
/// asks again does not wait for them, or not as long.
pub(crate) async fn find_anew(app: App) {
    for ceiling in app.clusters.asked() {
        let shared = app.clone();
        let found = app
            .readers
            .ask(ceiling, move |sight| shared.clusters.renew(sight, |before| found(sight, before)));
        if let Err(problem) = found.await {
            tracing::warn!("clusters could not be found anew: {}", problem.detail);
        }
    }
}

/// A cluster with what holds it together, and whose it may be.
#[derive(Serialize, ToSchema)]
pub(crate) struct MintedCluster {
    name: String,
    also: Vec<String>,
    /// The earliest first.
    origins: Vec<MintedOrigin>,
    /// The strongest first.
    bonds: Vec<BondRow>,
    history: Vec<ClusterStep>,
    first: Option<String>,
    last: Option<String>,
    /// What its origins name: indicators, malware, tools, techniques.
    evidence: Vec<EntityName>,
    /// How much evidence there is.
    evidence_in_all: usize,
    /// Whose it may be, the likeliest first.
    suspects: Vec<SuspectRow>,
    none_of_these: f64,
    /// What would change the answer.
    would_change: Vec<String>,
}

/// One of its origins.
#[derive(Serialize, ToSchema)]
pub(crate) struct MintedOrigin {
    id: String,
    label: String,
}

/// What holds two origins together.
#[derive(Serialize, ToSchema)]
pub(crate) struct BondRow {
    a: String,
    b: String,
    /// How much they share, weighted by rarity.
    weight: f64,
    because: Vec<String>,
}

/// What became of it on a day.
#[derive(Serialize, ToSchema)]
pub(crate) struct ClusterStep {
    on: Option<String>,
    what: String,
}

/// An actor whose activity it may be.
#[derive(Serialize, ToSchema)]
pub(crate) struct SuspectRow {
    actor: String,
    probability: f64,
    because: Vec<String>,
}

impl From<Suspect> for SuspectRow {
    fn from(of: Suspect) -> Self {
        Self { actor: of.actor, probability: of.probability, because: of.because }
    }
}

/// Pieces of evidence that are told.
const MOST_EVIDENCE: usize = 500;

fn shown(page: ClusterPage) -> MintedCluster {
    let cluster = page.cluster;
    let origins = cluster.members.iter().zip(page.labels);
    MintedCluster {
        name: cluster.name,
        also: cluster.also,
        origins: origins.map(|(id, label)| MintedOrigin { id: id.to_string(), label }).collect(),
        bonds: cluster
            .bonds
            .into_iter()
            .map(|bond| BondRow {
                a: bond.a.to_string(),
                b: bond.b.to_string(),
                weight: bond.weight,
                because: bond.because,
            })
            .collect(),
        history: cluster
            .history
            .into_iter()
            .map(|event| ClusterStep { on: event.on.map(|day| day.to_string()), what: event.what })
            .collect(),
        first: page.first.map(|day| day.to_string()),
        last: page.last.map(|day| day.to_string()),
        evidence_in_all: page.evidence_in_all,
        evidence: page.evidence.into_iter().take(MOST_EVIDENCE).map(EntityName::from).collect(),
        suspects: page.attribution.into_iter().map(SuspectRow::from).collect(),
        none_of_these: page.none_of_these,
        would_change: page.would_change,
    }
}

/// One cluster, by its name or that of one that it took in.
#[utoipa::path(get, path = "/api/v1/minted-clusters/{name}", tag = "clusters",
    params(("name" = String, Path, description = "As `LW-3F2A91`")),
    responses((status = 200, body = MintedCluster)))]
pub(crate) async fn minted_cluster(
    State(app): State<App>,
    asker: Asker,
    Named(name): Named<String>,
) -> Answer<MintedCluster> {
    let shared = app.clone();
    let page = app
        .read(&asker, move |sight| Ok(sight.cluster_of(&*clusters(&shared, sight)?, &name)?))
        .await?;
    Ok(Json(shown(page)))
}

/// What is to be decided of clusters.
#[derive(Deserialize, ToSchema)]
pub(crate) struct ClusterQuestion {
    /// `merge`: `clusters` are one activity; `split`: `origins` are no part of `cluster`.
    action: String,
    /// Two names or more, for `merge`.
    #[serde(default)]
    clusters: Vec<String>,
    /// For `split`.
    cluster: Option<String>,
    /// Origins that leave the cluster, for `split`.
    #[serde(default)]
    origins: Vec<String>,
    because: Option<String>,
    /// Its marking; that of the documents where not given.
    tlp: Option<String>,
}

/// What a decision would do.
#[derive(Serialize, ToSchema)]
pub(crate) struct ClusterPreviewed {
    /// In words.
    says: String,
    /// The clusters that it touches, as they are.
    before: Vec<OutlineRow>,
    /// As they would be.
    after: Vec<OutlineRow>,
    /// Origins that would be in no cluster any more.
    alone: Vec<String>,
    /// Bonds of the evidence that the decision would overrule.
    overruled: Vec<String>,
    /// The marking that the decision would have.
    marking: String,
}

/// A cluster in short.
#[derive(Serialize, ToSchema)]
pub(crate) struct OutlineRow {
    name: String,
    /// Its origins by name.
    origins: Vec<String>,
    bonds: usize,
    likeliest: Option<SuspectRow>,
    none_of_these: f64,
}

impl From<ClusterOutline> for OutlineRow {
    fn from(of: ClusterOutline) -> Self {
        Self {
            name: of.name,
            origins: of.labels,
            bonds: of.bonds,
            likeliest: of.likeliest.map(SuspectRow::from),
            none_of_these: of.none_of_these,
        }
    }
}

/// Clusters or origins that one decision names.
const MOST_NAMED: usize = 1000;

fn plan(
    app: &App,
    sight: &Sight<'_>,
    asked: ClusterQuestion,
) -> Result<(ClusterJudgement, ClusterPreview), Problem> {
    let because = why(asked.because)?.unwrap_or_default();
    let marked: Option<Marking> = word("tlp", asked.tlp.as_deref())?;
    if asked.clusters.len() > MOST_NAMED || asked.origins.len() > MOST_NAMED {
        return Err(Problem::unfit(format!("name {MOST_NAMED} at most")));
    }
    let decision = match (asked.action.as_str(), asked.cluster) {
        ("merge", _) => ClusterDecision::Merge { clusters: asked.clusters },
        ("split", Some(cluster)) => {
            let id = |text: &String| {
                text.parse::<OriginId>()
                    .map_err(|_| Problem::unfit(format!("origins: `{text}` is none")))
            };
            let origins = asked.origins.iter().map(id).collect::<Result<_, _>>()?;
            ClusterDecision::Split { cluster, origins }
        }
        ("split", None) => return Err(Problem::unfit("cluster: name the one to split")),
        (other, _) => {
            return Err(Problem::unfit(format!("action: `{other}`; use merge or split")));
        }
    };
    let (mut judgement, preview) =
        sight.plan_clusters_of(&*clusters(app, sight)?, &decision, &because)?;
    // What was said of something never is less marked than it.
    judgement.marking = judgement.marking.join(marked.unwrap_or_default());
    Ok((judgement, preview))
}

/// What a decision on clusters would do; nothing is changed.
#[utoipa::path(post, path = "/api/v1/minted-clusters/preview", tag = "clusters", request_body = ClusterQuestion,
    responses((status = 200, body = ClusterPreviewed)))]
pub(crate) async fn cluster_preview(
    State(app): State<App>,
    asker: Asker,
    Body(asked): Body<ClusterQuestion>,
) -> Answer<ClusterPreviewed> {
    let shared = app.clone();
    let (judgement, preview) = app.read(&asker, move |sight| plan(&shared, sight, asked)).await?;
    let outlines = |of: Vec<ClusterOutline>| of.into_iter().map(OutlineRow::from).collect();
    Ok(Json(ClusterPreviewed {
        says: preview.says,
        before: outlines(preview.before),
        after: outlines(preview.after),
        alone: preview.alone,
        overruled: preview.overruled,
        marking: judgement.marking.to_string(),
    }))
}

/// A decision on clusters.
#[derive(Serialize, ToSchema)]
pub(crate) struct ClusterDecisionRow {
    /// The change that keeps it: undo it to take it back.
    change: i64,
    #[schema(format = DateTime)]
    at: String,
    /// `merge` or `split`.
    action: String,
    /// The clusters that were merged, or the one that was split.
    clusters: Vec<String>,
    /// The documents of each group that was joined or kept apart, as far as they are in sight.
    groups: Vec<Vec<DocumentName>>,
    because: String,
    /// The undo that took it back.
    undone_by: Option<i64>,
}

/// A document by its name.
#[derive(Serialize, ToSchema)]
pub(crate) struct DocumentName {
    id: String,
    label: String,
}

fn decision_row(sight: &Sight<'_>, of: ClusterChange) -> Result<ClusterDecisionRow, Problem> {
    let mut labels: BTreeMap<String, String> = BTreeMap::new();
    for id in of.judgement.groups.iter().flatten() {
        if let Some(record) = sight.store().document_record(*id)? {
            labels.insert(id.to_string(), record.document.label().to_owned());
        }
    }
    let group = |group: &Vec<lapwing_model::DocumentId>| -> Vec<DocumentName> {
        let ids = group.iter().map(ToString::to_string);
        ids.filter_map(|id| labels.get(&id).cloned().map(|label| DocumentName { id, label }))
            .collect()
    };
    let groups = of.judgement.groups.iter().map(group).collect();
    let (action, clusters) = match of.judgement.decision {
        ClusterDecision::Merge { clusters } => ("merge", clusters),
        ClusterDecision::Split { cluster, .. } => ("split", vec![cluster]),
    };
    Ok(ClusterDecisionRow {
        change: of.change.0,
        at: of.at.to_string(),
        action: action.to_owned(),
        clusters,
        groups,
        because: of.judgement.because,
        undone_by: of.undone_by.map(|change| change.0),
    })
}

/// The decisions on clusters, those taken back too, the newest first.
#[utoipa::path(get, path = "/api/v1/minted-clusters/decisions", tag = "clusters", params(Paging),
    responses((status = 200, body = List<ClusterDecisionRow>)))]
pub(crate) async fn cluster_decisions(
    State(app): State<App>,
    asker: Asker,
    Asked(paging): Asked<Paging>,
) -> Answer<List<ClusterDecisionRow>> {
    let rows = app
        .read(&asker, |sight| {
            let all = sight.cluster_history()?.into_iter().rev();
            all.map(|entry| decision_row(sight, entry)).collect::<Result<Vec<_>, _>>()
        })
        .await?;
    Ok(Json(List::slice(rows.into_iter(), &paging)?))
}

/// Decides on clusters. Undo the change to take it back.
#[utoipa::path(post, path = "/api/v1/minted-clusters/decisions", tag = "clusters", request_body = ClusterQuestion,
    responses((status = 201, body = Decided)))]
pub(crate) async fn decide_clusters(
    State(app): State<App>,
    asker: Asker,
    Body(asked): Body<ClusterQuestion>,
) -> Result<impl IntoResponse, Problem> {
    let shared = app.clone();
    let (judgement, _) = app.read(&asker, move |sight| plan(&shared, sight, asked)).await?;
    let marking = judgement.marking.to_string();
    let what = match &judgement.decision {
        ClusterDecision::Merge { clusters } => format!("clusters merge {}", clusters.join(" ")),
        ClusterDecision::Split { cluster, .. } => format!("clusters split {cluster}"),
    };
    let command = format!("{what} (by {})", asker.who);
    let change = app
        .write(move |engine, now| Ok(engine.decide_clusters(&judgement, &command, now)?))
        .await?;
    Ok((StatusCode::CREATED, Json(Decided { change: change.0, marking })))
}
