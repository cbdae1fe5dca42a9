//! Searches for attributes and events.

use axum::Json;
use axum::body::Bytes;
use axum::extract::{Query, State};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use jiff::civil::Date;
use lapwing_engine::Engine;
use lapwing_model::{DocumentId, Marking};
use serde_json::{Map, Value, json};

use super::filter::Filter;
use super::shelf::Shelf;
use crate::app::App;
use crate::asker::Asker;
use crate::problem::Problem;

type Parameters = Query<Vec<(String, String)>>;

pub(super) async fn attributes(
    State(app): State<App>,
    asker: Asker,
    body: Bytes,
) -> Result<Response, Problem> {
    find_attributes(app, asker, body_of(&body)?).await
}

pub(super) async fn attributes_by_query(
    State(app): State<App>,
    asker: Asker,
    Query(parameters): Parameters,
) -> Result<Response, Problem> {
    find_attributes(app, asker, of_parameters(parameters)).await
}

pub(super) async fn events(
    State(app): State<App>,
    asker: Asker,
    body: Bytes,
) -> Result<Response, Problem> {
    find_events(app, asker, body_of(&body)?).await
}

pub(super) async fn events_by_query(
    State(app): State<App>,
    asker: Asker,
    Query(parameters): Parameters,
) -> Result<Response, Problem> {
    find_events(app, asker, of_parameters(parameters)).await
}

pub(super) async fn index(
    State(app): State<App>,
    asker: Asker,
    body: Bytes,
) -> Result<Response, Problem> {
    list_events(app, asker, body_of(&body)?).await
}

pub(super) async fn index_by_query(
    State(app): State<App>,
    asker: Asker,
    Query(parameters): Parameters,
) -> Result<Response, Problem> {
    list_events(app, asker, of_parameters(parameters)).await
}

fn body_of(body: &[u8]) -> Result<Map<String, Value>, Problem> {
    if body.iter().all(u8::is_ascii_whitespace) {
        return Ok(Map::new());
    }
    match serde_json::from_slice(body) {
        Ok(Value::Object(fields)) => Ok(fields),
        Ok(Value::Array(items)) if items.is_empty() => Ok(Map::new()),
        Ok(_) => Err(Problem::unreadable("the body is no JSON object")),
        Err(error) => Err(Problem::unreadable(format!("the body is no JSON: {error}"))),
    }
}

fn of_parameters(parameters: Vec<(String, String)>) -> Map<String, Value> {
    parameters.into_iter().map(|(name, value)| (name, Value::String(value))).collect()
}

/// An attribute that is asked for, with the event that it is of.
struct Hit {
    attribute: Value,
    event: Value,
}

async fn find_attributes(
    app: App,
    asker: Asker,
    body: Map<String, Value>,
) -> Result<Response, Problem> {
    let filter = Filter::read(&body, app.now())?;
    let format = filter.format.clone();
    let (ceiling, day) = (asker.ceiling.tlp, app.today());
    let found = app
        .read(&asker, move |sight| {
            let mut skip = filter.skipped();
            let mut hits: Vec<Hit> = Vec::new();
            let shelf = Shelf::of(sight)?;
            for id in candidates(sight, &shelf, &filter)? {
                if hits.len() >= filter.limit {
                    break;
                }
                let Some(event) = shelf.event(sight, id, ceiling, day)? else { continue };
                let json = &event.json["Event"];
                if !filter.takes_event(json, json["extends_uuid"].as_str()) {
                    continue;
                }
                let tags = tags(json);
                for attribute in all_attributes(json) {
                    let ids =
                        [attribute["uuid"].as_str().unwrap_or_default(), &event.uuid.to_string()];
                    if !filter.uuid.take(&ids) || !filter.takes(attribute, &tags) {
                        continue;
                    }
                    if skip > 0 {
                        skip -= 1;
                        continue;
                    }
                    if hits.len() >= filter.limit {
                        break;
                    }
                    hits.push(Hit { attribute: attribute.clone(), event: head(json) });
                }
            }
            Ok(hits)
        })
        .await?;
    Ok(match format.as_str() {
        "text" | "cache" => text(&found),
        "csv" => csv(&found),
        _ => {
            let list: Vec<Value> = found
                .into_iter()
                .map(|Hit { mut attribute, event }| {
                    attribute["Event"] = event;
                    attribute
                })
                .collect();
            Json(json!({ "response": { "Attribute": list } })).into_response()
        }
    })
}

async fn find_events(
    app: App,
    asker: Asker,
    body: Map<String, Value>,
) -> Result<Response, Problem> {
    let filter = Filter::read(&body, app.now())?;
    if filter.format != "json" {
        return Err(Problem::unreadable("events come as json only")
            .hint("GET /api/v1/export has the other formats"));
    }
    let metadata = filter.metadata;
    let mut found = matching(&app, &asker, filter).await?;
    if metadata {
        for event in &mut found {
            if let Value::Object(fields) = &mut event["Event"] {
                fields.remove("Attribute");
                fields.remove("Object");
            }
        }
    }
    Ok(Json(json!({ "response": found })).into_response())
}

async fn list_events(
    app: App,
    asker: Asker,
    body: Map<String, Value>,
) -> Result<Response, Problem> {
    let filter = Filter::read(&of_index(body), app.now())?;
    let found = matching(&app, &asker, filter).await?;
    let list: Vec<Value> = found
        .iter()
        .map(|event| {
            let mut head = head(&event["Event"]);
            head["EventTag"] = event["Event"]["Tag"]
                .as_array()
                .into_iter()
                .flatten()
                .map(|tag| json!({ "Tag": tag }))
                .collect();
            head
        })
        .collect();
    Ok(Json(json!(list)).into_response())
}

/// The index has words of its own for what a search asks, and takes parts of texts.
fn of_index(mut body: Map<String, Value>) -> Map<String, Value> {
    for (theirs, ours) in
        [("tag", "tags"), ("datefrom", "from"), ("dateuntil", "to"), ("attribute", "value")]
    {
        if let Some(value) = body.remove(theirs) {
            body.insert(ours.to_owned(), value);
        }
    }
    for key in ["eventinfo", "value"] {
        if let Some(Value::String(text)) = body.get_mut(key)
            && !text.contains('%')
        {
            *text = format!("%{text}%");
        }
    }
    body
}

/// The events that are asked for, whole.
async fn matching(app: &App, asker: &Asker, filter: Filter) -> Result<Vec<Value>, Problem> {
    let (ceiling, day) = (asker.ceiling.tlp, app.today());
    app.read(asker, move |sight| {
        let mut skip = filter.skipped();
        let mut found = Vec::new();
        let shelf = Shelf::of(sight)?;
        for id in candidates(sight, &shelf, &filter)? {
            if found.len() >= filter.limit {
                break;
            }
            let Some(event) = shelf.event(sight, id, ceiling, day)? else { continue };
            let json = &event.json["Event"];
            let own = json["extends_uuid"].as_str();
            let tags = tags(json);
            let ids = [json["uuid"].as_str().unwrap_or_default(), own.unwrap_or_default()];
            let taken = filter.takes_event(json, own)
                && filter.uuid.take(&ids)
                && if filter.is_of_attributes() {
                    all_attributes(json).any(|attribute| filter.takes(attribute, &tags))
                } else {
                    filter.tags.take(&tags)
                };
            if !taken {
                continue;
            }
            if skip > 0 {
                skip -= 1;
                continue;
            }
            found.push(event.json);
        }
        Ok(found)
    })
    .await
}

/// An attribute of any event, by its identifier or number.
pub(super) fn by_attribute(
    engine: &Engine,
    id: &str,
    ceiling: Marking,
    day: Date,
) -> Result<Option<Value>, Problem> {
    let shelf = Shelf::of(engine)?;
    for document in &shelf.events {
        let Some(event) = shelf.event(engine, *document, ceiling, day)? else { continue };
        let is_it = |one: &&Value| one["uuid"] == id || one["id"] == id;
        if let Some(found) = all_attributes(&event.json["Event"]).find(is_it) {
            let mut found = found.clone();
            found["event_uuid"] = event.json["Event"]["uuid"].clone();
            return Ok(Some(found));
        }
    }
    Ok(None)
}

/// Events that may hold what is asked for: those that speak of a value, or all.
fn candidates(engine: &Engine, shelf: &Shelf, filter: &Filter) -> Result<Vec<DocumentId>, Problem> {
    let Some(values) = filter.value.plain() else { return Ok(shelf.events.clone()) };
    let stating = engine.documents_that_state(values)?;
    let mut events: Vec<DocumentId> = stating.into_iter().map(|id| shelf.event_of(id)).collect();
    events.sort_unstable();
    events.dedup();
    Ok(events)
}

pub(super) fn all_attributes(event: &Value) -> impl Iterator<Item = &Value> {
    let objects = event["Object"].as_array().map(Vec::as_slice).unwrap_or_default();
    let alone = event["Attribute"].as_array().map(Vec::as_slice).unwrap_or_default().iter();
    alone.chain(objects.iter().flat_map(|object| {
        object["Attribute"].as_array().map(Vec::as_slice).unwrap_or_default().iter()
    }))
}

fn tags(event: &Value) -> Vec<&str> {
    let tags = event["Tag"].as_array().into_iter().flatten();
    tags.filter_map(|tag| tag["name"].as_str()).collect()
}

/// What an attribute tells of its event.
fn head(event: &Value) -> Value {
    let keys = [
        "id",
        "uuid",
        "info",
        "date",
        "org_id",
        "orgc_id",
        "Org",
        "Orgc",
        "distribution",
        "threat_level_id",
        "analysis",
        "published",
        "timestamp",
        "publish_timestamp",
        "sharing_group_id",
        "attribute_count",
        "extends_uuid",
    ];
    let fields = keys.iter().map(|key| ((*key).to_owned(), event[*key].clone()));
    Value::Object(fields.collect())
}

/// One value a line.
fn text(hits: &[Hit]) -> Response {
    let mut values: Vec<&str> =
        hits.iter().filter_map(|hit| hit.attribute["value"].as_str()).collect();
    values.sort_unstable();
    values.dedup();
    let mut body = values.join("\n");
    if !body.is_empty() {
        body.push('\n');
    }
    ([(header::CONTENT_TYPE, "text/plain; charset=utf-8")], body).into_response()
}

/// The columns of MISP's own table.
fn csv(hits: &[Hit]) -> Response {
    let mut body =
        String::from("uuid,event_id,category,type,value,comment,to_ids,date,object_relation\n");
    for Hit { attribute, event } in hits {
        let cell = |value: &Value| {
            let text = value.as_str().unwrap_or_default();
            format!("\"{}\"", text.replace('"', "\"\""))
        };
        let cells = [
            cell(&attribute["uuid"]),
            cell(&event["id"]),
            cell(&attribute["category"]),
            cell(&attribute["type"]),
            cell(&attribute["value"]),
            cell(&attribute["comment"]),
            u8::from(attribute["to_ids"] == true).to_string(),
            cell(&event["date"]),
            cell(&attribute["object_relation"]),
        ];
        body.push_str(&cells.join(","));
        body.push('\n');
    }
    ([(header::CONTENT_TYPE, "text/csv; charset=utf-8")], body).into_response()
}
