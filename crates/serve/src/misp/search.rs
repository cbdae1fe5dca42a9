//! Searches for attributes and events.

use axum::Json;
use axum::body::Bytes;
use axum::extract::{Query, State};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use jiff::civil::Date;
use lapwing_engine::publish::export::ExportFormat;
use lapwing_engine::publish::misp::Event;
use lapwing_engine::{Engine, ExportOptions};
use lapwing_model::{DocumentId, Marking};
use serde_json::{Map, Value, json};

use super::filter::{Filter, Form};
use super::sent::{self, json_of, list};
use super::shelf::Shelf;
use super::words;
use crate::app::App;
use crate::asker::{Asker, Permission};
use crate::problem::Problem;
use crate::readers::Sight;

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
    match json_of(body)? {
        Value::Object(fields) => Ok(fields),
        Value::Array(items) if items.is_empty() => Ok(Map::new()),
        _ => Err(Problem::unreadable("the body is no JSON object")),
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
    let filter = Filter::read(&body, app.now(), true)?;
    attributes_of(&app, &asker, filter).await
}

async fn attributes_of(app: &App, asker: &Asker, filter: Filter) -> Result<Response, Problem> {
    let format = filter.format;
    if let Form::Export(_) = format {
        return Err(Problem::unreadable("attributes come as json, csv and text")
            .hint("ask /events/restSearch"));
    }
    let (ceiling, day) = (asker.ceiling.tlp, app.today());
    let found = app
        .read(asker, move |sight| {
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
                    if !filter.uuid.take(&ids)
                        || !filter.takes(attribute, &tags)
                        || (filter.no_harmless && is_harmless(sight, attribute, day)?)
                    {
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
    Ok(match format {
        Form::Text => text(&found),
        Form::Csv => csv(&found),
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

/// Whether a value stands on a list of what is harmless.
fn is_harmless(sight: &Sight<'_>, attribute: &Value, day: Date) -> Result<bool, Problem> {
    for value in attribute["value"].as_str().unwrap_or_default().split('|') {
        let known = words::entity(&sight.look_up(value, day)?);
        let benign = known.and_then(|entity| sight.knowledge().benign(&entity));
        // An attacker rents a place at a host for many like anybody.
        if benign.is_some_and(|benign| !benign.shared) {
            return Ok(true);
        }
    }
    Ok(false)
}

async fn find_events(
    app: App,
    asker: Asker,
    body: Map<String, Value>,
) -> Result<Response, Problem> {
    let filter = Filter::read(&body, app.now(), false)?;
    match filter.format {
        Form::Text | Form::Csv => return attributes_of(&app, &asker, filter).await,
        Form::Export(format) => return export(&app, &asker, filter, format).await,
        Form::Json => {}
    }
    let (metadata, no_harmless, day) = (filter.metadata, filter.no_harmless, app.today());
    let (ceiling, cut) = (asker.ceiling.tlp, filter.clone());
    let mut found: Vec<Value> = app
        .read(&asker, move |sight| {
            let mut events = matching(sight, &cut, ceiling, day)?;
            if no_harmless {
                for event in &mut events {
                    leave_out_harmless(sight, &mut event.json["Event"], day)?;
                }
            }
            Ok(events.into_iter().map(|event| event.json).collect())
        })
        .await?;
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

fn leave_out_harmless(sight: &Sight<'_>, event: &mut Value, day: Date) -> Result<(), Problem> {
    let cut = |list: &mut Value| -> Result<(), Problem> {
        let Some(all) = list.as_array_mut() else { return Ok(()) };
        let mut kept = Vec::with_capacity(all.len());
        for one in all.drain(..) {
            if !is_harmless(sight, &one, day)? {
                kept.push(one);
            }
        }
        *all = kept;
        Ok(())
    };
    cut(&mut event["Attribute"])?;
    for object in event["Object"].as_array_mut().into_iter().flatten() {
        cut(&mut object["Attribute"])?;
    }
    Ok(())
}

/// The documents of the events that are asked for, as `lapwing export` writes them.
async fn export(
    app: &App,
    asker: &Asker,
    filter: Filter,
    format: ExportFormat,
) -> Result<Response, Problem> {
    if !asker.may(Permission::Publish) {
        return Err(Problem::forbidden("what is handed on is for publishers, analysts and admins"));
    }
    let (below, day) = (asker.ceiling, app.today());
    let exported = app
        .read(asker, move |sight| {
            let shelf = Shelf::of(sight)?;
            let mut names: Vec<String> = Vec::new();
            for event in matching(sight, &filter, below.tlp, day)? {
                let parts = shelf.parts_of(event.document).iter();
                names
                    .extend(std::iter::once(&event.document).chain(parts).map(ToString::to_string));
            }
            // No name is all of the store.
            if names.is_empty() {
                return Ok(None);
            }
            let options = ExportOptions {
                names,
                ceiling: below.tlp,
                pap: below.pap,
                ..ExportOptions::new(format, day)
            };
            Ok(Some(sight.export(&options)?))
        })
        .await?;
    Ok(match exported {
        Some(exported) => crate::routes::exports::answer(format, exported, app),
        None => Json(json!({ "response": [] })).into_response(),
    })
}

pub(super) async fn objects(
    State(app): State<App>,
    asker: Asker,
    body: Bytes,
) -> Result<Response, Problem> {
    let filter = Filter::read(&body_of(&body)?, app.now(), true)?;
    if filter.format != Form::Json {
        return Err(Problem::unreadable("objects come as json only"));
    }
    let (ceiling, day) = (asker.ceiling.tlp, app.today());
    let found = app
        .read(&asker, move |sight| {
            let (mut skip, mut found) = (filter.skipped(), Vec::new());
            let shelf = Shelf::of(sight)?;
            for id in candidates(sight, &shelf, &filter)? {
                let Some(event) = shelf.event(sight, id, ceiling, day)? else { continue };
                let json = &event.json["Event"];
                if !filter.takes_event(json, json["extends_uuid"].as_str()) {
                    continue;
                }
                let tags = tags(json);
                for object in list(json, "Object") {
                    let taken = filter.uuid.take(&[sent::text(object, "uuid")])
                        && filter.object.take(&[sent::text(object, "name")])
                        && (!filter.is_of_attributes() && filter.tags.is_empty()
                            || list(object, "Attribute").any(|one| filter.takes(one, &tags)));
                    if !taken {
                        continue;
                    }
                    if skip > 0 {
                        skip -= 1;
                        continue;
                    }
                    if found.len() >= filter.limit {
                        return Ok(found);
                    }
                    let mut object = object.clone();
                    object["Event"] = head(json);
                    found.push(json!({ "Object": object }));
                }
            }
            Ok(found)
        })
        .await?;
    Ok(Json(json!({ "response": found })).into_response())
}

async fn list_events(
    app: App,
    asker: Asker,
    body: Map<String, Value>,
) -> Result<Response, Problem> {
    let filter = Filter::read(&of_index(body), app.now(), false)?;
    let (ceiling, day) = (asker.ceiling.tlp, app.today());
    let found = app.read(&asker, move |sight| matching(sight, &filter, ceiling, day)).await?;
    let list: Vec<Value> = found
        .iter()
        .map(|event| {
            let mut head = head(&event.json["Event"]);
            head["EventTag"] = event.json["Event"]["Tag"]
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
fn matching(
    sight: &Sight<'_>,
    filter: &Filter,
    ceiling: Marking,
    day: Date,
) -> Result<Vec<Event>, Problem> {
    let mut skip = filter.skipped();
    let mut found = Vec::new();
    let shelf = Shelf::of(sight)?;
    for id in candidates(sight, &shelf, filter)? {
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
        found.push(event);
    }
    Ok(found)
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
    // What is said for people is kept with the word for what it is.
    let said = values.iter().flat_map(|v| ["text", "comment", "other"].map(|k| format!("{k}={v}")));
    let wanted: Vec<String> = values.iter().cloned().chain(said).collect();
    let stating = engine.documents_that_state(&wanted)?;
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
