//! Attributes of events: clients add them, and change and delete those that they added.
//!
//! What was read from a document that no client sent stays as it was read: there an attribute is
//! added beside, and judged by a sighting.

use axum::Json;
use axum::body::Bytes;
use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse, Response};
use lapwing_engine::Silent;
use lapwing_model::{Document, Pap};
use serde_json::{Value, json};

use super::kept::{self, Kept, is};
use super::search::{Parameters, all_attributes, by_attribute};
use super::sent::{MOST, done, flag, id_of, json_of, list, refused, text, unknown, within, word};
use super::{heads, shelf, types, view};
use crate::app::App;
use crate::asker::Asker;
use crate::problem::Problem;

/// Fields of an attribute that a client may change.
const FIELDS: [&str; 11] = [
    "type",
    "value",
    "category",
    "comment",
    "to_ids",
    "first_seen",
    "last_seen",
    "distribution",
    "disable_correlation",
    "object_relation",
    "timestamp",
];

pub(super) async fn add(
    state: State<App>,
    asker: Asker,
    query: Parameters,
    body: Bytes,
) -> Result<Response, Problem> {
    let sent = json_of(&body)?;
    let event = word(sent.get("Attribute").unwrap_or(&sent), "event_id");
    if event.is_empty() {
        return Err(Problem::unfit("name the event: `event_id`, or /attributes/add/EVENT"));
    }
    add_to(state, asker, Path(event), query, body).await
}

pub(super) async fn add_to(
    State(app): State<App>,
    asker: Asker,
    Path(event): Path<String>,
    Query(parameters): Parameters,
    body: Bytes,
) -> Result<Response, Problem> {
    let (attributes, many) = match within(json_of(&body)?, "Attribute") {
        Value::Array(list) => (list, true),
        one => (vec![one], false),
    };
    if let Some((why, field)) = attributes.iter().find_map(unfit) {
        return Ok(refused("add Attribute", &why, field));
    }
    let Some(before) = held(&app, &asker, &event).await? else { return Ok(unknown("event")) };
    let fresh: Vec<Value> =
        attributes.iter().filter(|one| before.find(one).is_none()).cloned().collect();
    let takes_known = parameters
        .iter()
        .any(|(name, value)| name == "breakOnDuplicate" && !matches!(value.as_str(), "1" | "true"));
    if fresh.is_empty() && !takes_known {
        let why = "A similar attribute already exists for this event.";
        return Ok(refused("add Attribute", why, "value"));
    }
    if !fresh.is_empty() {
        add_part(&app, &asker, &before, fresh, Vec::new()).await?;
    }
    let Some(after) = held(&app, &asker, &event).await? else { return Ok(unknown("event")) };
    let told: Vec<Value> = attributes.iter().filter_map(|one| after.find(one).cloned()).collect();
    // MISP tells one of a list of one as if it were alone.
    Ok(match (many && attributes.len() > 1, told) {
        (false, mut told) if !told.is_empty() => Json(json!({ "Attribute": told.remove(0) })),
        // Who may not see what he added gets back what he sent.
        (false, _) => Json(json!({ "Attribute": attributes[0] })),
        (true, told) => Json(json!({ "Attribute": told })),
    }
    .into_response())
}

/// Why an attribute cannot be taken, and for which field.
pub(super) fn unfit(attribute: &Value) -> Option<(String, &'static str)> {
    for key in ["type", "value"] {
        if word(attribute, key).is_empty() {
            return Some((format!("an attribute must have `{key}`"), key));
        }
    }
    let kind = text(attribute, "type");
    if types::defaults(kind).is_none() {
        return Some((format!("`{kind}` is no type of attributes that is known here"), "type"));
    }
    types::flaw(kind, &word(attribute, "value")).map(|why| (why, "value"))
}

pub(super) async fn edit(
    State(app): State<App>,
    asker: Asker,
    Path(id): Path<String>,
    body: Bytes,
) -> Result<Response, Problem> {
    let sent = within(json_of(&body)?, "Attribute");
    let id = id_of(&id);
    if flag(&sent, "deleted") == Some(true) {
        return delete(&app, &asker, id).await;
    }
    let Some(mut kept) = with_attribute(&app, &asker, &id).await? else {
        return cannot(&app, &asker, id, "edit Attribute").await;
    };
    let before = kept.event.clone();
    if let Some(one) = kept.attribute(&id) {
        merge(one, &sent);
        if let Some((why, field)) = unfit(one) {
            return Ok(refused("edit Attribute", &why, field));
        }
    }
    if kept.event != before {
        if let Some(one) = kept.attribute(&id)
            && word(&sent, "timestamp").is_empty()
        {
            one["timestamp"] = json!(app.now().as_second().to_string());
        }
        put(&app, &asker, kept, "attributes/edit").await?;
    }
    view::attribute(State(app), asker, Path(id)).await
}

/// Puts the fields that were sent into an attribute.
pub(super) fn merge(one: &mut Value, sent: &Value) {
    for key in FIELDS {
        if let Some(value) = sent.get(key).filter(|value| !value.is_null()) {
            one[key] = value.clone();
        }
    }
}

pub(super) async fn remove(
    State(app): State<App>,
    asker: Asker,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    delete(&app, &asker, id_of(&id)).await
}

pub(super) async fn remove_how(
    State(app): State<App>,
    asker: Asker,
    Path((id, _)): Path<(String, String)>,
) -> Result<Response, Problem> {
    delete(&app, &asker, id_of(&id)).await
}

async fn delete(app: &App, asker: &Asker, id: String) -> Result<Response, Problem> {
    let Some(mut kept) = with_attribute(app, asker, &id).await? else {
        return cannot(app, asker, id, "delete Attribute").await;
    };
    kept.take_attribute(&id);
    put(app, asker, kept, "attributes/delete").await?;
    Ok(done("Attribute deleted.", &id))
}

async fn with_attribute(app: &App, asker: &Asker, id: &str) -> Result<Option<Kept>, Problem> {
    let (id, cached) = (id.to_owned(), app.clone());
    app.read(asker, move |sight| {
        heads::shelf(&cached, sight)?.find(sight, |kept| kept.attribute(&id).is_some())
    })
    .await
}

/// What is not there, or was read from what no client sent.
async fn cannot(app: &App, asker: &Asker, id: String, what: &str) -> Result<Response, Problem> {
    let (of, cached) = ((asker.ceiling.tlp, app.today()), app.clone());
    let known =
        app.read(asker, move |sight| Ok(by_attribute(&cached, sight, &id, of)?.is_some())).await?;
    Ok(if known { as_read(what) } else { unknown("attribute") })
}

/// The refusal to change what was read from a document.
pub(super) fn as_read(what: &str) -> Response {
    let why = "It was read from a document that no client sent, and stays as it was read: tell a \
               sighting of type 1 (false positive), or take the document back with `lapwing undo`.";
    refused(what, why, "id")
}

/// Keeps what a client changed in what was sent; a part of which nothing is left goes.
pub(super) async fn put(
    app: &App,
    asker: &Asker,
    mut kept: Kept,
    what: &str,
) -> Result<(), Problem> {
    let (asker, what) = (asker.clone(), what.to_owned());
    app.write(move |engine, now| {
        kept.grow_younger(engine, now)?;
        let gone = kept.is_empty() && shelf::is_part(&kept.document);
        kept.replace(engine, (!gone).then_some(&kept.event), &asker, &what, now)
    })
    .await
}

/// An event as it is now, with the document that it is of.
pub(super) struct Held {
    pub(super) document: Document,
    pub(super) json: Value,
    /// The event as it was sent, where a client did.
    pub(super) kept: Option<Kept>,
}

impl Held {
    /// The attribute that is sent, where the event has it.
    pub(super) fn find(&self, sent: &Value) -> Option<&Value> {
        let value = word(sent, "value");
        let like = |one: &&Value| text(one, "value").eq_ignore_ascii_case(&value);
        let same =
            |one: &&Value| text(one, "type").eq_ignore_ascii_case(text(sent, "type")) && like(one);
        let all = || all_attributes(&self.json["Event"]);
        let own = text(sent, "uuid");
        // A type may be another here: `ip-src` of a list is an address like any other.
        all()
            .find(|one| !own.is_empty() && is(one, own))
            .or_else(|| all().find(same))
            .or_else(|| all().find(like))
    }
}

pub(super) async fn held(app: &App, asker: &Asker, id: &str) -> Result<Option<Held>, Problem> {
    let ((ceiling, day), cached) = ((asker.ceiling.tlp, app.today()), app.clone());
    let id = id_of(id);
    app.read(asker, move |sight| {
        let shelf = heads::shelf(&cached, sight)?;
        let Some(document) = shelf.document(&id) else { return Ok(None) };
        let record = sight.store().document_record(document)?;
        let event = shelf.event(sight, document, ceiling, day)?;
        let kept = Kept::of(sight, document)?;
        Ok(record.zip(event).map(|(record, event)| Held {
            document: record.document,
            json: event.json,
            kept,
        }))
    })
    .await
}

/// Adds a part to an event.
pub(super) async fn add_part(
    app: &App,
    asker: &Asker,
    to: &Held,
    attributes: Vec<Value>,
    objects: Vec<Value>,
) -> Result<(), Problem> {
    let inner: usize = objects.iter().map(|object| list(object, "Attribute").len()).sum();
    if attributes.len() + objects.len() + inner > MOST {
        return Err(Problem::unfit(format!("{MOST} attributes of one request at most")));
    }
    let of = kept::shown(&to.document);
    let now = app.now().as_second().to_string();
    // No name of the event: what it says is said there, and not once more here.
    let info = format!("Added to event {}", text(&to.json["Event"], "id"));
    let command = format!("MISP attributes/add to {} (by {})", to.document.label(), asker.who);
    let pap = to.document.pap();
    let tags = if pap == Pap::Clear { json!([]) } else { json!([{ "name": pap.as_str() }]) };
    let mut event = json!({
        "info": info,
        "date": app.today().to_string(),
        "timestamp": now,
        "extends_uuid": of,
        "Tag": tags,
        "Attribute": attributes,
        "Object": objects,
    });
    kept::complete(&mut event, of);
    let marking = kept::marking(to.document.marking, &event);
    let (input, options) =
        kept::input(&shelf::part_name(of), &event, &asker.who, marking, &command);
    app.write(move |engine, now| {
        let report = engine.add(&[input], &options, now, &Silent)?;
        if report.documents.is_empty() {
            let why = report.problems.first().map(ToString::to_string).unwrap_or_default();
            return Err(Problem::unfit(format!("the attributes could not be read: {why}")));
        }
        Ok(())
    })
    .await
}
