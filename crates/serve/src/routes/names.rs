use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::IntoResponse;
use lapwing_engine::{NameChange, NameJudgement, NamePreview, Proposal};
use lapwing_model::{Marking, Object};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use crate::app::App;
use crate::asker::Asker;
use crate::input::{Asked, Body};
use crate::paging::{List, Paging};
use crate::problem::Problem;
use crate::readers::Sight;
use crate::routes::judge::why;
use crate::routes::search::EntityName;
use crate::routes::{Answer, word};

/// Two names that may mean the same.
#[derive(Serialize, ToSchema)]
pub(crate) struct NameProposal {
    name: EntityName,
    /// What it may mean.
    means: EntityName,
    probability: f64,
    /// The evidence, in words.
    because: Vec<String>,
    /// When it was first said.
    first: Option<String>,
    last: Option<String>,
    /// `open`, `merged` or `apart`.
    state: String,
}

impl From<Proposal> for NameProposal {
    fn from(of: Proposal) -> Self {
        let state = serde_json::to_value(of.state).ok();
        Self {
            name: of.name.into(),
            means: of.means.into(),
            probability: (of.probability * 1e4).round() / 1e4,
            because: of.because,
            first: of.first.map(|day| day.to_string()),
            last: of.last.map(|day| day.to_string()),
            state: state.as_ref().and_then(Value::as_str).unwrap_or_default().to_owned(),
        }
    }
}

/// Names that may mean the same: what is open first, then what was decided.
#[utoipa::path(get, path = "/api/v1/names", tag = "names", params(Paging),
    responses((status = 200, body = List<NameProposal>)))]
pub(crate) async fn name_proposals(
    State(app): State<App>,
    asker: Asker,
    Asked(paging): Asked<Paging>,
) -> Answer<List<NameProposal>> {
    let all = app.read(&asker, |sight| Ok(sight.name_proposals()?)).await?;
    Ok(Json(List::slice(all.into_iter().map(NameProposal::from), &paging)?))
}

/// A decision on a name.
#[derive(Serialize, ToSchema)]
pub(crate) struct NameDecision {
    /// The change that keeps it: undo it to take it back.
    change: i64,
    #[schema(format = DateTime)]
    at: String,
    name: EntityName,
    /// What it means; the name itself where it stands alone.
    means: EntityName,
    because: String,
    /// The undo that took it back.
    undone_by: Option<i64>,
}

impl From<NameChange> for NameDecision {
    fn from(of: NameChange) -> Self {
        Self {
            change: of.change.0,
            at: of.at.to_string(),
            name: of.judgement.name.into(),
            means: of.judgement.means.into(),
            because: of.judgement.because,
            undone_by: of.undone_by.map(|change| change.0),
        }
    }
}

/// The decisions on names, those taken back too, the newest first.
#[utoipa::path(get, path = "/api/v1/names/history", tag = "names", params(Paging),
    responses((status = 200, body = List<NameDecision>)))]
pub(crate) async fn name_history(
    State(app): State<App>,
    asker: Asker,
    Asked(paging): Asked<Paging>,
) -> Answer<List<NameDecision>> {
    let all = app.read(&asker, |sight| Ok(sight.name_history()?)).await?;
    Ok(Json(List::slice(all.into_iter().rev().map(NameDecision::from), &paging)?))
}

/// What is to be decided of a name.
#[derive(Deserialize, ToSchema)]
pub(crate) struct NameQuestion {
    /// `merge`: it is another name of `means`; `split`: it stands alone.
    action: String,
    /// The name as reports write it.
    name: String,
    /// What it means, for `merge`.
    means: Option<String>,
    because: Option<String>,
    /// Its marking; that of what is known of both where not given.
    tlp: Option<String>,
}

/// What a decision on a name would change.
#[derive(Serialize, ToSchema)]
pub(crate) struct NamePreviewed {
    /// What it means today.
    now: EntityName,
    /// What it would mean.
    then: EntityName,
    /// Claims that are written with the name.
    claims: usize,
    /// Documents that make them.
    documents: usize,
    /// Statements that would be of another entity.
    moved: usize,
    /// How many of them are made of the other entity too: there they would add up.
    meet: usize,
    /// The first of them.
    statements: Vec<MovedRow>,
    /// The marking that the decision would have.
    marking: String,
}

/// A statement that would be of another entity.
#[derive(Serialize, ToSchema)]
pub(crate) struct MovedRow {
    subject: EntityName,
    relation: String,
    /// Another thing, or plain text.
    #[schema(value_type = Object)]
    object: Value,
    probability: f64,
    /// Whether the same is said of the other entity.
    meets: bool,
}

fn shown(of: NamePreview, marking: Marking) -> NamePreviewed {
    let row = |statement: lapwing_engine::MovedStatement| MovedRow {
        subject: statement.subject.into(),
        relation: statement.relation.to_string(),
        object: match statement.object {
            Object::Entity(entity) => {
                serde_json::to_value(EntityName::from(entity)).unwrap_or_default()
            }
            Object::Text(text) => Value::String(text),
        },
        probability: (statement.probability * 1e4).round() / 1e4,
        meets: statement.meets,
    };
    NamePreviewed {
        now: of.now.into(),
        then: of.then.into(),
        claims: of.claims,
        documents: of.documents,
        moved: of.moved,
        meet: of.meet,
        statements: of.statements.into_iter().map(row).collect(),
        marking: marking.to_string(),
    }
}

fn judgement(sight: &Sight<'_>, asked: &NameQuestion) -> Result<NameJudgement, Problem> {
    let because = why(asked.because.clone())?.unwrap_or_default();
    let given = asked.means.as_deref().map(str::trim).filter(|means| !means.is_empty());
    let means = match (asked.action.as_str(), given) {
        ("merge", Some(means)) => Some(means),
        ("merge", None) => return Err(Problem::unfit("means: say what the name means")),
        ("split", _) => None,
        (other, _) => {
            return Err(Problem::unfit(format!("action: `{other}`; use merge or split")));
        }
    };
    let name = crate::routes::named(&asked.name)?;
    let marked: Option<Marking> = word("tlp", asked.tlp.as_deref())?;
    let mut judgement = sight.name_judgement(name, means, &because)?;
    // What was said of something never is less marked than it.
    judgement.marking =
        Some(judgement.marking.unwrap_or_default().join(marked.unwrap_or_default()));
    Ok(judgement)
}

/// What a decision would do; nothing is changed.
#[utoipa::path(post, path = "/api/v1/names/preview", tag = "names", request_body = NameQuestion,
    responses((status = 200, body = NamePreviewed)))]
pub(crate) async fn name_preview(
    State(app): State<App>,
    asker: Asker,
    Body(asked): Body<NameQuestion>,
) -> Answer<NamePreviewed> {
    let preview = app
        .read(&asker, move |sight| {
            let judgement = judgement(sight, &asked)?;
            let preview = sight.name_preview(&judgement)?;
            Ok(shown(preview, judgement.marking.unwrap_or_default()))
        })
        .await?;
    Ok(Json(preview))
}

/// A decision that was kept; undo the change to take it back.
#[derive(Serialize, ToSchema)]
pub(crate) struct Decided {
    pub(crate) change: i64,
    /// Its marking.
    pub(crate) marking: String,
}

/// Decides what a name means: all facts on it are derived anew. Undo the change to take it back.
#[utoipa::path(post, path = "/api/v1/names", tag = "names", request_body = NameQuestion,
    responses((status = 201, body = Decided)))]
pub(crate) async fn decide_name(
    State(app): State<App>,
    asker: Asker,
    Body(asked): Body<NameQuestion>,
) -> Result<impl IntoResponse, Problem> {
    let judgement = app.read(&asker, move |sight| judgement(sight, &asked)).await?;
    let marking = judgement.marking.unwrap_or_default().to_string();
    let by = asker.who;
    let change =
        app.write(move |engine, now| Ok(engine.decide_name(&judgement, Some(&by), now)?)).await?;
    Ok((StatusCode::CREATED, Json(Decided { change: change.0, marking })))
}
