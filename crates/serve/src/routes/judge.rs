use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::IntoResponse;
use lapwing_engine::store::FactQuery;
use lapwing_engine::{Judged, Judgement, Statement};
use lapwing_model::{ClaimId, DocumentId, Entity, Marking, Object, Relation};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::app::App;
use crate::asker::Asker;
use crate::input::Body;
use crate::problem::Problem;
use crate::readers::Sight;
use crate::routes::documents::document_id;
use crate::routes::search::EntityName;
use crate::routes::word;

/// What an analyst says of a statement.
#[derive(Deserialize, ToSchema)]
pub(crate) struct Said {
    /// `reject`, `confirm`, `add` or `correct`.
    action: String,
    /// The claim that it is about: then nothing else is needed to reject or confirm.
    claim: Option<String>,
    /// The document that it is about.
    document: Option<String>,
    subject: Option<EntityName>,
    /// The verb, as `role`, `uses`.
    relation: Option<String>,
    /// Another thing, or plain text (a role's word, a date).
    object: Option<SaidObject>,
    why: Option<String>,
    /// Its marking; that of what it is about where not given.
    tlp: Option<String>,
}

/// Another thing, or plain text.
#[derive(Deserialize, ToSchema)]
#[serde(untagged)]
pub(crate) enum SaidObject {
    Text(String),
    Entity(EntityName),
}

/// A value that is no indicator.
#[derive(Deserialize, ToSchema)]
pub(crate) struct FalsePositive {
    kind: String,
    value: String,
    why: Option<String>,
    /// Its marking; that of what is known of the value where not given.
    tlp: Option<String>,
}

/// What was kept; undo the change to take it back.
#[derive(Serialize, ToSchema)]
pub(crate) struct Kept {
    change: i64,
    /// The document that stands for it.
    document: String,
    claim: String,
}

impl From<Judged> for Kept {
    fn from(judged: Judged) -> Self {
        Self {
            change: judged.change.0,
            document: judged.document.to_string(),
            claim: judged.claim.to_string(),
        }
    }
}

/// The longest reason, in bytes.
const LONGEST_WHY: usize = 4000;

pub(crate) fn why(text: Option<String>) -> Result<Option<String>, Problem> {
    let text = text.map(|text| text.trim().to_owned()).filter(|text| !text.is_empty());
    if text.as_ref().is_some_and(|text| text.len() > LONGEST_WHY) {
        return Err(Problem::unfit(format!("why: {LONGEST_WHY} bytes at most")));
    }
    Ok(text)
}

/// What an analyst says against, for or beside the documents: kept as a claim of his own, which
/// `POST /api/v1/history/{change}/undo` takes back.
#[utoipa::path(post, path = "/api/v1/claims", tag = "judgement", request_body = Said,
    responses((status = 201, body = Kept)))]
pub(crate) async fn claim(
    State(app): State<App>,
    asker: Asker,
    Body(said): Body<Said>,
) -> Result<impl IntoResponse, Problem> {
    let given: Option<Marking> = word("tlp", said.tlp.as_deref())?;
    let analyst = asker.who.clone();
    let judgement = app.read(&asker, move |sight| judgement(sight, said, analyst)).await?;
    keep(&app, judgement, given).await
}

/// Marks a value as no indicator.
#[utoipa::path(post, path = "/api/v1/false-positives", tag = "judgement", request_body = FalsePositive,
    responses((status = 201, body = Kept)))]
pub(crate) async fn false_positive(
    State(app): State<App>,
    asker: Asker,
    Body(said): Body<FalsePositive>,
) -> Result<impl IntoResponse, Problem> {
    let given: Option<Marking> = word("tlp", said.tlp.as_deref())?;
    let name =
        EntityName { kind: said.kind, value: lapwing_engine::refang(&said.value).into_owned() };
    let value = Entity::try_from(name)?;
    let why = why(said.why)?;
    let of = value.clone();
    let marking = app.read(&asker, move |sight| marking_of(sight, &of)).await?;
    let judgement = Judgement { why, ..Judgement::false_positive(&asker.who, &value, marking) };
    keep(&app, judgement, given).await
}

async fn keep(
    app: &App,
    mut judgement: Judgement,
    given: Option<Marking>,
) -> Result<(StatusCode, Json<Kept>), Problem> {
    // What was said of something never is less marked than it.
    judgement.marking = judgement.marking.join(given.unwrap_or_default());
    let judged = app.write(move |engine, now| Ok(engine.judge(&judgement, now)?)).await?;
    Ok((StatusCode::CREATED, Json(judged.into())))
}

/// The strictest marking of what the asker sees of a thing.
pub(crate) fn marking_of(sight: &Sight<'_>, entity: &Entity) -> Result<Marking, Problem> {
    let query = FactQuery { subject: Some(entity.clone()), ..FactQuery::default() };
    let facts = sight.store().facts(&query)?;
    Ok(facts.iter().map(|fact| fact.marking).max().unwrap_or_default())
}

fn judgement(sight: &Sight<'_>, said: Said, analyst: String) -> Result<Judgement, Problem> {
    let document = said.document.as_deref().map(document_id).transpose()?;
    let of_claim = said.claim.as_deref().map(|text| claim_of(sight, text, document)).transpose()?;
    let stated = stated(said.subject, said.relation.as_deref(), said.object)?;
    let old = of_claim.as_ref().map(|(_, _, statement)| statement.clone());
    let denied = |statement: Statement| Statement { denied: true, ..statement };
    let missing = |what: &str| Problem::unfit(format!("{what}: {}", said.action));
    let statements = match said.action.as_str() {
        "reject" => vec![denied(
            old.or(stated).ok_or_else(|| missing("name the claim or the statement to"))?,
        )],
        "confirm" => {
            vec![old.or(stated).ok_or_else(|| missing("name the claim or the statement to"))?]
        }
        "add" => vec![stated.ok_or_else(|| missing("give subject, relation and object to"))?],
        "correct" => {
            let old = old.ok_or_else(|| missing("name the claim to"))?;
            let new = stated.ok_or_else(|| missing("give subject, relation and object to"))?;
            if old == new {
                return Err(Problem::unfit("that is what the claim says"));
            }
            vec![denied(old), new]
        }
        other => {
            return Err(Problem::unfit(format!(
                "action: `{other}`; use reject, confirm, add or correct"
            )));
        }
    };
    let about = document.or(of_claim.as_ref().map(|(document, ..)| *document));
    let mut marking = Marking::default();
    if let Some(id) = about {
        let unknown = || Problem::unknown(format!("there is no document `{id}`"));
        let record = sight.store().document_record(id)?.ok_or_else(unknown)?;
        marking = record.document.marking.unwrap_or_default();
    }
    for statement in &statements {
        marking = marking.join(marking_of(sight, &statement.subject)?);
    }
    Ok(Judgement {
        analyst,
        statements,
        why: why(said.why)?,
        document: about,
        claim: of_claim.map(|(_, claim, _)| claim),
        marking,
        action: said.action,
    })
}

/// The claim of an identifier, as a statement that is not denied.
fn claim_of(
    sight: &Sight<'_>,
    text: &str,
    document: Option<DocumentId>,
) -> Result<(DocumentId, ClaimId, Statement), Problem> {
    let unknown = || Problem::unknown(format!("there is no claim `{text}`"));
    let id: ClaimId = text.parse().map_err(|_| unknown())?;
    let found = match document {
        Some(document) => {
            sight.store().claims_of(document)?.into_iter().find(|stored| stored.id == id)
        }
        None => sight.store().claim(id)?,
    };
    let stored = found.ok_or_else(unknown)?;
    let statement = Statement {
        subject: stored.subject,
        relation: stored.claim.relation,
        object: stored.object,
        denied: false,
    };
    Ok((stored.document, stored.id, statement))
}

fn stated(
    subject: Option<EntityName>,
    relation: Option<&str>,
    object: Option<SaidObject>,
) -> Result<Option<Statement>, Problem> {
    let (Some(subject), Some(relation), Some(object)) = (subject, relation, object) else {
        return Ok(None);
    };
    let relation: Relation =
        relation.parse().map_err(|_| Problem::unfit(format!("relation: `{relation}` is none")))?;
    let object = match object {
        SaidObject::Text(text) if text.trim().is_empty() || text.len() > LONGEST_WHY => {
            return Err(Problem::unfit("object: empty or too long"));
        }
        SaidObject::Text(text) => Object::Text(text.trim().to_owned()),
        SaidObject::Entity(entity) => Object::Entity(entity.try_into()?),
    };
    if relation == Relation::Role {
        let is_role =
            matches!(&object, Object::Text(word) if word.parse::<lapwing_model::Role>().is_ok());
        if !is_role {
            return Err(Problem::unfit(
                "object: the word of a role, as indicator, reference, benign",
            ));
        }
    }
    Ok(Some(Statement { subject: subject.try_into()?, relation, object, denied: false }))
}
