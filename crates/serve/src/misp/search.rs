//! Searches for attributes and events.

use std::collections::BTreeSet;

use axum::Json;
use axum::body::Bytes;
use axum::extract::{Query, State};
use axum::response::{IntoResponse, Response};
use jiff::civil::Date;
use lapwing_engine::publish::export::ExportFormat;
use lapwing_engine::publish::misp::Event;
use lapwing_engine::{Engine, ExportOptions};
use lapwing_model::{DocumentId, Marking, Status};
use serde_json::{Map, Value, json};

use super::filter::{Filter, Form, attributes_of, tags_of};
use super::sent::{self, json_of, list};
use super::shelf::Shelf;
use super::table::{self, Columns};
use super::words;
use crate::app::App;
use crate::asker::{Asker, Permission};
use crate::problem::Problem;
use crate::readers::Sight;

pub(super) type Parameters = Query<Vec<(String, String)>>;

pub(super) async fn attributes(
    State(app): State<App>,
    asker: Asker,
    Query(parameters): Parameters,
    body: Bytes,
) -> Result<Response, Problem> {
    let filter = Filter::read(&asked(parameters, &body)?, app.now(), true)?;
    tell_attributes(&app, &asker, filter).await
}

/// All attributes, as a list.
pub(super) async fn attribute_list(
    State(app): State<App>,
    asker: Asker,
    Query(parameters): Parameters,
    body: Bytes,
) -> Result<Response, Problem> {
    let filter = Filter::read(&asked(parameters, &body)?, app.now(), true)?;
    let hits = attribute_hits(&app, &asker, filter).await?;
    Ok(Json(hits.into_iter().map(|hit| hit.attribute).collect::<Value>()).into_response())
}

pub(super) async fn events(
    State(app): State<App>,
    asker: Asker,
    Query(parameters): Parameters,
    body: Bytes,
) -> Result<Response, Problem> {
    find_events(app, asker, asked(parameters, &body)?).await
}

/// What is asked for: by parameters of the path, and by what was sent, which goes before them.
/// Older clients wrap it in `request`.
pub(super) fn asked(
    parameters: Vec<(String, String)>,
    body: &[u8],
) -> Result<Map<String, Value>, Problem> {
    let mut asked: Map<String, Value> = Map::new();
    for (name, value) in parameters {
        let name = name.trim_end_matches("[]").to_owned();
        let value = Value::String(value);
        match asked.get_mut(&name) {
            Some(Value::Array(all)) => all.push(value),
            Some(one) => *one = json!([one.take(), value]),
            None => {
                asked.insert(name, value);
            }
        }
    }
    let sent = match json_of(body)? {
        Value::Object(mut fields) => match fields.remove("request") {
            Some(Value::Object(fields)) => fields,
            Some(other) => Map::from_iter([("request".to_owned(), other)]),
            None => fields,
        },
        Value::Array(items) if items.is_empty() => Map::new(),
        _ => return Err(Problem::unreadable("the body is no JSON object")),
    };
    asked.extend(sent);
    Ok(asked)
}

/// An attribute that is asked for, with the event that it is of.
pub(super) struct Hit {
    pub(super) attribute: Value,
    /// The object that it is of, without its attributes.
    pub(super) object: Option<Value>,
    pub(super) event: Value,
}

async fn tell_attributes(app: &App, asker: &Asker, filter: Filter) -> Result<Response, Problem> {
    if let Form::Export(format) = filter.format {
        return export(app, asker, filter, format, true).await;
    }
    let (format, columns) = (filter.format, Columns::of(&filter));
    let found = attribute_hits(app, asker, filter).await?;
    let count = found.len();
    let answer = match format {
        Form::Text => table::values(&found),
        Form::Csv => table::csv(&found, &columns),
        Form::Cache => table::cache(&found),
        Form::Hashes => table::hashes(&found),
        Form::Json | Form::Export(_) => {
            let list: Vec<Value> = found
                .into_iter()
                .map(|Hit { mut attribute, event, .. }| {
                    attribute["event_uuid"] = event["uuid"].clone();
                    attribute["Event"] = event;
                    attribute
                })
                .collect();
            Json(json!({ "response": { "Attribute": list } })).into_response()
        }
    };
    Ok(counted(answer, count))
}

/// Tells how many results an answer holds where MISP does.
fn counted(mut answer: Response, count: usize) -> Response {
    answer.headers_mut().insert("x-result-count", count.into());
    answer
}

async fn attribute_hits(app: &App, asker: &Asker, filter: Filter) -> Result<Vec<Hit>, Problem> {
    let (ceiling, day) = (asker.ceiling.tlp, app.today());
    app.read(asker, move |sight| {
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
            for (object, attribute) in taken(sight, &filter, json, day)? {
                if skip > 0 {
                    skip -= 1;
                    continue;
                }
                if hits.len() >= filter.limit {
                    break;
                }
                let mut attribute = attribute.clone();
                if filter.with_event_tags {
                    inherit(&mut attribute, json);
                }
                let object = object.map(|object| {
                    let mut object = object.clone();
                    object["Attribute"].take();
                    object
                });
                hits.push(Hit { attribute, object, event: head(json) });
            }
        }
        Ok(hits)
    })
    .await
}

/// The attributes of an event that are asked for, with their objects.
fn taken<'v>(
    sight: &Sight<'_>,
    filter: &Filter,
    event: &'v Value,
    day: Date,
) -> Result<Vec<(Option<&'v Value>, &'v Value)>, Problem> {
    let tags = tags_of(event);
    let (uuid, info) = (sent::text(event, "uuid"), sent::text(event, "info"));
    let mut taken = Vec::new();
    for (object, attribute) in attributes_of(event) {
        let of = object.map(|object| sent::text(object, "uuid")).unwrap_or_default();
        if filter.uuid.take(&[sent::text(attribute, "uuid"), of, uuid])
            && filter.takes(attribute, object, &tags, info)
            && !is_left_out(sight, filter, attribute, day)?
        {
            taken.push((object, attribute));
        }
    }
    Ok(taken)
}

/// Puts the tags of an event beside an attribute's own.
fn inherit(attribute: &mut Value, event: &Value) {
    let own: Vec<Value> = list(attribute, "Tag").cloned().collect();
    let name = |tag: &Value| sent::text(tag, "name").to_owned();
    let fresh = list(event, "Tag").filter(|tag| own.iter().all(|known| name(known) != name(tag)));
    let inherited = fresh.cloned().map(|mut tag| {
        tag["inherited"] = json!(1);
        tag
    });
    attribute["Tag"] = own.iter().cloned().chain(inherited).collect();
}

/// Whether an attribute is left out for what is known of its value: that it is harmless, or too old.
fn is_left_out(
    sight: &Sight<'_>,
    filter: &Filter,
    attribute: &Value,
    day: Date,
) -> Result<bool, Problem> {
    if filter.no_harmless && is_harmless(sight, attribute, day)? {
        return Ok(true);
    }
    if !filter.no_expired {
        return Ok(false);
    }
    // `name|hash` of MISP's is told by its last part.
    let value = sent::text(attribute, "value");
    let found = sight.look_up(value.rsplit('|').next().unwrap_or(value), day)?;
    Ok(matches!(found.status, Some(Status::Expired | Status::Revoked)))
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
        Form::Text | Form::Csv | Form::Cache | Form::Hashes => {
            return tell_attributes(&app, &asker, filter).await;
        }
        Form::Export(format) => return export(&app, &asker, filter, format, false).await,
        Form::Json => {}
    }
    let (metadata, day) = (filter.metadata, app.today());
    let (ceiling, cut) = (asker.ceiling.tlp, filter.clone());
    let mut found: Vec<Value> = app
        .read(&asker, move |sight| {
            let mut events = matching(sight, &cut, ceiling, day)?;
            if cut.no_harmless || cut.no_expired {
                for event in &mut events {
                    leave_out(sight, &cut, &mut event.json["Event"], day)?;
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
    let count = found.len();
    Ok(counted(Json(json!({ "response": found })).into_response(), count))
}

fn leave_out(
    sight: &Sight<'_>,
    filter: &Filter,
    event: &mut Value,
    day: Date,
) -> Result<(), Problem> {
    let cut = |list: &mut Value| -> Result<(), Problem> {
        let Some(all) = list.as_array_mut() else { return Ok(()) };
        let mut kept = Vec::with_capacity(all.len());
        for one in all.drain(..) {
            if !is_left_out(sight, filter, &one, day)? {
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

/// The documents of the events that are asked for, as `lapwing export` writes them; of a search for
/// attributes only these values.
async fn export(
    app: &App,
    asker: &Asker,
    filter: Filter,
    format: ExportFormat,
    by_attribute: bool,
) -> Result<Response, Problem> {
    if !asker.may(Permission::Publish) {
        return Err(Problem::forbidden("what is handed on is for publishers and admins"));
    }
    let (below, day) = (asker.ceiling, app.today());
    let exported = app
        .read(asker, move |sight| {
            let shelf = Shelf::of(sight)?;
            let mut names: Vec<String> = Vec::new();
            let mut only = BTreeSet::new();
            for event in matching(sight, &filter, below.tlp, day)? {
                let parts = shelf.parts_of(event.document).iter();
                names
                    .extend(std::iter::once(&event.document).chain(parts).map(ToString::to_string));
                if by_attribute {
                    for (_, attribute) in taken(sight, &filter, &event.json["Event"], day)? {
                        for value in sent::text(attribute, "value").split('|') {
                            only.extend(words::entity(&sight.look_up(value, day)?));
                        }
                    }
                }
            }
            // No name is all of the store.
            if names.is_empty() {
                return Ok(None);
            }
            let options = ExportOptions {
                names,
                ceiling: below.tlp,
                pap: below.pap,
                only: by_attribute.then_some(only),
                ..ExportOptions::new(format, day)
            };
            Ok(Some(sight.export(&options)?))
        })
        .await?;
    Ok(match exported {
        Some(mut exported) => {
            table::one_file(&mut exported, format);
            crate::routes::exports::answer(format, exported, app)
        }
        None => table::no_rows(format),
    })
}

pub(super) async fn objects(
    State(app): State<App>,
    asker: Asker,
    Query(parameters): Parameters,
    body: Bytes,
) -> Result<Response, Problem> {
    let filter = Filter::read(&asked(parameters, &body)?, app.now(), true)?;
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
                let (tags, info) = (tags_of(json), sent::text(json, "info"));
                for object in list(json, "Object") {
                    let own = [sent::text(object, "uuid"), sent::text(json, "uuid")];
                    let inner = list(object, "Attribute").map(|one| sent::text(one, "uuid"));
                    let ids: Vec<&str> = own.into_iter().chain(inner).collect();
                    let taken = filter.uuid.take(&ids)
                        && filter.object.take(&[sent::text(object, "name")])
                        && (!filter.is_of_attributes()
                            || list(object, "Attribute")
                                .any(|one| filter.takes(one, Some(object), &tags, info)));
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
    let count = found.len();
    Ok(counted(Json(json!({ "response": found })).into_response(), count))
}

/// The events that are asked for, whole.
pub(super) fn matching(
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
        if !filter.takes_event(json, own)
            || !filter.uuid.take(&identifiers(json))
            || !filter.takes_content(json)
        {
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

/// The identifiers of an event and of all that stands in it.
fn identifiers(event: &Value) -> Vec<&str> {
    let objects = list(event, "Object").map(|object| sent::text(object, "uuid"));
    let attributes = all_attributes(event).map(|one| sent::text(one, "uuid"));
    let own = ["uuid", "extends_uuid"].map(|key| sent::text(event, key));
    own.into_iter().chain(objects).chain(attributes).collect()
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
    // An analyst's word, a sighting too, states values and is no event.
    let events: BTreeSet<DocumentId> = stating.into_iter().map(|id| shelf.event_of(id)).collect();
    Ok(shelf.events.iter().copied().filter(|id| events.contains(id)).collect())
}

pub(super) fn all_attributes(event: &Value) -> impl Iterator<Item = &Value> {
    attributes_of(event).map(|(_, attribute)| attribute)
}

/// What an attribute tells of its event.
pub(super) fn head(event: &Value) -> Value {
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
