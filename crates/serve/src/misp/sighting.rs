//! Sightings that clients tell: that a value was seen is a claim of theirs, that it is a false
//! positive a judgement.

use axum::Json;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use jiff::Timestamp;
use lapwing_engine::publish::misp;
use lapwing_engine::{Judgement, Statement};
use lapwing_model::{Entity, Marking, Object, PartialDate, Relation};
use serde_json::{Value, json};

use super::search::by_attribute;
use super::{number, sent, view};
use crate::app::App;
use crate::asker::Asker;
use crate::problem::Problem;
use crate::readers::Sight;
use crate::routes::judge::marking_of;

/// Values of one request at most.
const MOST: usize = 1000;

pub(super) async fn add(
    State(app): State<App>,
    asker: Asker,
    body: Bytes,
) -> Result<Response, Problem> {
    of(app, asker, None, &body).await
}

pub(super) async fn add_to(
    State(app): State<App>,
    asker: Asker,
    Path(id): Path<String>,
    body: Bytes,
) -> Result<Response, Problem> {
    of(app, asker, Some(id), &body).await
}

/// What another server knows of the values of an event: of each attribute by its identifier.
pub(super) async fn bulk(
    State(app): State<App>,
    asker: Asker,
    Path(_event): Path<String>,
    body: Bytes,
) -> Result<Response, Problem> {
    let Value::Array(sent) = sent::json_of(&body)? else {
        return Err(Problem::unfit("send a list of sightings"));
    };
    if sent.len() > MOST {
        return Err(Problem::unfit(format!("{MOST} sightings of one request at most")));
    }
    let (of, cached, now) = ((asker.ceiling.tlp, app.today()), app.clone(), app.now());
    let who = asker.who.clone();
    let judgements = app
        .read(&asker, move |sight| {
            let mut judgements = Vec::new();
            for one in &sent {
                let one = one.get("Sighting").unwrap_or(one);
                let word = |key: &str| sent::word(one, key);
                let (id, kind) = (word("attribute_uuid").to_lowercase(), word("type"));
                // When a value expires is told by decay.
                if !matches!(kind.as_str(), "0" | "1") {
                    continue;
                }
                let Some(attribute) = by_attribute(&cached, sight, &id, of)? else { continue };
                let value = attribute["value"].as_str().unwrap_or_default();
                if let Some(seen) = known(sight, value, of.1)? {
                    let at = time(&word("date_sighting"), now)?;
                    judgements.push(judgement(&who, &seen.value, seen.marking, &kind, at));
                }
            }
            Ok(judgements)
        })
        .await?;
    let count = judgements.len();
    app.write(move |engine, now| {
        for judgement in &judgements {
            engine.judge(judgement, now)?;
        }
        Ok(())
    })
    .await?;
    let told = format!("{count} sightings added.");
    Ok(Json(json!({ "saved": count > 0, "success": told, "message": told })).into_response())
}

/// What was seen, and what is to be told of it.
struct Seen {
    value: Entity,
    marking: Marking,
    /// The attribute, where one was named.
    attribute: Option<Value>,
}

async fn of(app: App, asker: Asker, id: Option<String>, body: &[u8]) -> Result<Response, Problem> {
    let sent = sent::json_of(body)?;
    let sent = sent.get("Sighting").or_else(|| sent.get("request")).cloned().unwrap_or(sent);
    let word = |key: &str| sent::word(&sent, key);
    let kind = Some(word("type")).filter(|kind| !kind.is_empty()).unwrap_or_else(|| "0".into());
    if !matches!(kind.as_str(), "0" | "1") {
        return Err(Problem::unfit(format!(
            "type={kind}: 0 (seen) and 1 (false positive) are kept"
        ))
        .hint("when a value expires is told by decay"));
    }
    let id = id
        .or_else(|| Some(word("uuid")).filter(|text| !text.is_empty()))
        .or_else(|| Some(word("id")).filter(|text| !text.is_empty()));
    let mut values: Vec<String> = match &sent["values"] {
        Value::Array(list) => list.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
        Value::String(text) => vec![text.clone()],
        _ => Vec::new(),
    };
    values.extend(Some(word("value")).filter(|text| !text.is_empty()));
    if values.len() > MOST {
        return Err(Problem::unfit(format!("{MOST} values of one request at most")));
    }
    let ((ceiling, day), cached) = ((asker.ceiling.tlp, app.today()), app.clone());
    let seen = app
        .read(&asker, move |sight| match id {
            Some(id) if values.is_empty() => {
                let found = by_attribute(&cached, sight, &id, (ceiling, day))?;
                let value = found.as_ref().and_then(|one| one["value"].as_str());
                let Some(value) = value.map(str::to_owned) else { return Ok(Vec::new()) };
                let seen = known(sight, &value, day)?;
                Ok(seen.into_iter().map(|seen| Seen { attribute: found.clone(), ..seen }).collect())
            }
            _ => {
                let mut all = Vec::new();
                for value in &values {
                    all.extend(known(sight, value, day)?);
                }
                Ok(all)
            }
        })
        .await?;
    if seen.is_empty() {
        return Ok(none());
    }
    let at = time(&word("timestamp"), app.now())?;
    let count = seen.len();
    let first = told(&seen[0], &kind, at, &word("source"));
    for Seen { value, marking, .. } in seen {
        let judgement = judgement(&asker.who, &value, marking, &kind, at);
        app.write(move |engine, now| Ok(engine.judge(&judgement, now)?)).await?;
    }
    if count == 1 {
        return Ok(Json(json!({ "Sighting": first })).into_response());
    }
    let message = format!("{count} sightings successfully added.");
    let body = json!({
        "saved": true, "success": true, "name": message, "message": message, "url": "/sightings/add",
    });
    Ok(Json(body).into_response())
}

/// What is known of a value here; a client cannot sight what nobody listed.
fn known(sight: &Sight<'_>, value: &str, day: jiff::civil::Date) -> Result<Option<Seen>, Problem> {
    // `name|hash` of MISP's is told by its last part.
    let plain = value.rsplit('|').next().unwrap_or(value);
    let found = sight.look_up(plain, day)?;
    let (true, Some(kind), Some(value)) = (found.known, found.kind, found.value) else {
        return Ok(None);
    };
    let value = Entity::new(kind, value);
    let marking = marking_of(sight, &value)?;
    Ok(Some(Seen { value, marking, attribute: None }))
}

fn judgement(who: &str, value: &Entity, marking: Marking, kind: &str, at: Timestamp) -> Judgement {
    if kind == "1" {
        return Judgement::false_positive(who, value, marking);
    }
    let day = PartialDate::from(at.to_zoned(jiff::tz::TimeZone::UTC).date());
    Judgement {
        statements: vec![Statement {
            subject: value.clone(),
            relation: Relation::LastSeen,
            object: Object::Text(day.to_string()),
            denied: false,
        }],
        action: "sighting".to_owned(),
        ..Judgement::false_positive(who, value, marking)
    }
}

/// A sighting in MISP's shape.
fn told(seen: &Seen, kind: &str, at: Timestamp, source: &str) -> Value {
    let attribute = seen.attribute.as_ref();
    let field = |key: &str| attribute.map_or(json!("0"), |one| one[key].clone());
    let name = format!("sighting|{}|{kind}|{}", seen.value.key(), at.as_second());
    let uuid = misp::uuid_of(&name);
    json!({
        "id": number(uuid),
        "uuid": uuid,
        "attribute_id": field("id"),
        "event_id": field("event_id"),
        "org_id": "1",
        "date_sighting": at.as_second().to_string(),
        "source": source,
        "type": kind,
        "Organisation": view::organisation(),
    })
}

fn time(text: &str, now: Timestamp) -> Result<Timestamp, Problem> {
    if text.is_empty() {
        return Ok(now);
    }
    let seconds = text.parse::<i64>().ok().and_then(|second| Timestamp::from_second(second).ok());
    let time = seconds.or_else(|| text.parse().ok());
    time.ok_or_else(|| Problem::unreadable(format!("timestamp={text}: seconds since 1970")))
}

fn none() -> Response {
    let body = json!({
        "saved": false,
        "name": "Could not add Sighting",
        "message": "Could not add Sighting",
        "errors": "No valid attributes found that match the criteria.",
    });
    (StatusCode::FORBIDDEN, Json(body)).into_response()
}
