//! Attributes that clients add to an event: each request becomes a document, a part of the event.

use axum::Json;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use lapwing_engine::publish::misp;
use lapwing_engine::read::Options;
use lapwing_engine::{AddOptions, Input, Silent, extract};
use lapwing_model::{Document, DocumentId, Format, Kind, Marking, Pap};
use serde_json::{Value, json};

use super::search::all_attributes;
use super::shelf::{Shelf, part_name};
use super::view::{self, unknown};
use crate::app::App;
use crate::asker::Asker;
use crate::problem::Problem;

/// Attributes of one request at most.
const MOST: usize = 10_000;

pub(super) async fn add(state: State<App>, asker: Asker, body: Bytes) -> Result<Response, Problem> {
    let sent = json_of(&body)?;
    let of = sent.get("Attribute").unwrap_or(&sent);
    let event = match &of["event_id"] {
        Value::String(text) => text.clone(),
        Value::Number(number) => number.to_string(),
        _ => return Err(Problem::unfit("name the event: `event_id`, or /attributes/add/EVENT")),
    };
    add_to(state, asker, Path(event), body).await
}

pub(super) async fn add_to(
    State(app): State<App>,
    asker: Asker,
    Path(event): Path<String>,
    body: Bytes,
) -> Result<Response, Problem> {
    let sent = json_of(&body)?;
    let sent = sent.get("Attribute").cloned().unwrap_or(sent);
    let (attributes, many) = match sent {
        Value::Array(list) => (list, true),
        one => (vec![one], false),
    };
    for attribute in &attributes {
        if let Some(missing) = ["type", "value"].iter().find(|key| text(attribute, key).is_empty())
        {
            return Ok(refused(&format!("an attribute must have `{missing}`"), missing));
        }
    }
    let Some(before) = held(&app, &asker, &event).await? else { return Ok(unknown(&event)) };
    let fresh: Vec<Value> = attributes.iter().filter(|one| !before.has(one)).cloned().collect();
    if fresh.is_empty() {
        return Ok(refused("A similar attribute already exists for this event.", "value"));
    }
    if let Err(kind) = add_part(&app, &asker, &before, fresh, Vec::new()).await? {
        let why = format!("`{kind}`: an attribute of this type states nothing that can be kept");
        return Ok(refused(&why, "type"));
    }
    let Some(after) = held(&app, &asker, &event).await? else { return Ok(unknown(&event)) };
    let told: Vec<Value> = attributes.iter().filter_map(|one| after.find(one).cloned()).collect();
    Ok(match (many, told) {
        (false, mut told) if !told.is_empty() => Json(json!({ "Attribute": told.remove(0) })),
        // Who may not see what he added gets back what he sent.
        (false, _) => Json(json!({ "Attribute": attributes[0] })),
        (true, told) => Json(json!({ "Attribute": told })),
    }
    .into_response())
}

/// What an event that is sent again holds more than before is added; nothing is taken away.
pub(super) async fn edit(
    State(app): State<App>,
    asker: Asker,
    Path(event): Path<String>,
    body: Bytes,
) -> Result<Response, Problem> {
    let sent = json_of(&body)?;
    let sent = sent.get("Event").cloned().unwrap_or(sent);
    let Some(before) = held(&app, &asker, &event).await? else { return Ok(unknown(&event)) };
    let list = |key: &str| sent[key].as_array().cloned().unwrap_or_default();
    let is_gone = |json: &Value| json["deleted"] == true || json["deleted"] == "1";
    let fresh: Vec<Value> =
        list("Attribute").into_iter().filter(|one| !is_gone(one) && !before.has(one)).collect();
    let objects: Vec<Value> = list("Object")
        .into_iter()
        .filter(|object| {
            let parts = object["Attribute"].as_array();
            !is_gone(object) && parts.into_iter().flatten().any(|one| !before.has(one))
        })
        .collect();
    if !(fresh.is_empty() && objects.is_empty())
        && let Err(kind) = add_part(&app, &asker, &before, fresh, objects).await?
    {
        let why = format!("`{kind}`: an attribute of this type states nothing that can be kept");
        return Ok(refused(&why, "type"));
    }
    let told = held(&app, &asker, &event).await?.unwrap_or(before);
    Ok(Json(told.json).into_response())
}

/// An event as it is now, with the document that it is of.
struct Held {
    document: Document,
    json: Value,
}

impl Held {
    fn find(&self, sent: &Value) -> Option<&Value> {
        let same = |one: &&Value| {
            text(one, "type").eq_ignore_ascii_case(text(sent, "type"))
                && text(one, "value").eq_ignore_ascii_case(text(sent, "value").trim())
        };
        let like =
            |one: &&Value| text(one, "value").eq_ignore_ascii_case(text(sent, "value").trim());
        let all = || all_attributes(&self.json["Event"]);
        // A type may be another here: `ip-src` of a list is an address like any other.
        all().find(same).or_else(|| all().find(like))
    }

    fn has(&self, sent: &Value) -> bool {
        self.find(sent).is_some()
    }
}

async fn held(app: &App, asker: &Asker, id: &str) -> Result<Option<Held>, Problem> {
    let (ceiling, day) = (asker.ceiling.tlp, app.today());
    let id = id.trim_end_matches(".json").to_ascii_lowercase();
    app.read(asker, move |sight| {
        let shelf = Shelf::of(sight)?;
        let Some(document) = view::document(sight, &shelf, &id)? else { return Ok(None) };
        let record = sight.store().document_record(document)?;
        let event = shelf.event(sight, document, ceiling, day)?;
        Ok(record
            .zip(event)
            .map(|(record, event)| Held { document: record.document, json: event.json }))
    })
    .await
}

/// Adds a part to an event; or tells the type of what states nothing.
async fn add_part(
    app: &App,
    asker: &Asker,
    to: &Held,
    attributes: Vec<Value>,
    objects: Vec<Value>,
) -> Result<Result<DocumentId, String>, Problem> {
    if attributes.len() + objects.len() > MOST {
        return Err(Problem::unfit(format!("{MOST} attributes of one request at most")));
    }
    let of = to.document.id;
    // No name of the event: what it says is said there, and not once more here.
    let info = format!("Added to event {}", text(&to.json["Event"], "id"));
    let command = format!("MISP attributes/add to {}", to.document.label());
    let kind = attributes.first().map(|one| text(one, "type")).unwrap_or_default().to_owned();
    let marking = marking(to.document.marking, &attributes, &objects);
    let pap = to.document.pap();
    let tags = if pap == Pap::Clear { json!([]) } else { json!([{ "name": pap.as_str() }]) };
    let event = json!({ "Event": {
        "info": info,
        "date": app.today().to_string(),
        "timestamp": app.now().as_second().to_string(),
        "extends_uuid": misp::event_uuid(of),
        "Tag": tags,
        "Attribute": attributes,
        "Object": objects,
    }});
    let mut bare = event.clone();
    for key in ["Attribute", "Object"] {
        bare["Event"][key] = json!([]);
    }
    let who = asker.who.clone();
    app.write(move |engine, now| {
        let input = |event: &Value| Input::Bytes {
            name: part_name(of),
            bytes: event.to_string().into_bytes(),
        };
        let read = Options {
            source: Some(who),
            format: Some(Format::MispJson),
            marking,
            ..Options::default()
        };
        let stated = |event: &Value| -> Result<usize, Problem> {
            let mut stated = 0;
            extract(&input(event), &read, engine.knowledge(), &mut |found| {
                // What has no kind of its own is kept as text, and shown in no event.
                stated += found.values.iter().filter(|value| value.kind != Kind::Other).count();
                Ok(())
            })?;
            Ok(stated)
        };
        if stated(&event)? <= stated(&bare)? {
            return Ok(Err(kind));
        }
        let report = engine.add(&[input(&event)], &AddOptions { read, command }, now, &Silent)?;
        let added = report.documents.first().map(|added| added.document.id);
        added.map(Ok).ok_or_else(|| {
            let why = report.problems.first().map(ToString::to_string).unwrap_or_default();
            Problem::unfit(format!("the attributes could not be read: {why}"))
        })
    })
    .await
}

/// A part is marked as its event at least, and as its own tags say.
fn marking(of: Option<Marking>, attributes: &[Value], objects: &[Value]) -> Option<Marking> {
    let inner = objects.iter().flat_map(|o| o["Attribute"].as_array().into_iter().flatten());
    let tags = attributes.iter().chain(inner).filter_map(|one| one["Tag"].as_array());
    let own = tags.flatten().filter_map(|tag| text(tag, "name").parse::<Marking>().ok());
    own.chain(of).max()
}

fn json_of(body: &[u8]) -> Result<Value, Problem> {
    serde_json::from_slice(body)
        .map_err(|error| Problem::unreadable(format!("the body is no JSON: {error}")))
}

fn text<'v>(json: &'v Value, key: &str) -> &'v str {
    json[key].as_str().unwrap_or_default()
}

/// A refusal in the shape of MISP's own.
fn refused(why: &str, field: &str) -> Response {
    let body = json!({
        "saved": false,
        "name": "Could not add Attribute",
        "message": "Could not add Attribute",
        "errors": { field: [why] },
    });
    (StatusCode::FORBIDDEN, Json(body)).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_is_never_less_marked_than_its_event() {
        let attributes = [json!({ "Tag": [{ "name": "tlp:amber" }, { "name": "x" }] })];
        assert_eq!(marking(None, &attributes, &[]), Some(Marking::Amber));
        assert_eq!(marking(Some(Marking::Red), &attributes, &[]), Some(Marking::Red));
        assert_eq!(marking(None, &[], &[]), None);
        let objects = [json!({ "Attribute": [{ "Tag": [{ "name": "tlp:green" }] }] })];
        assert_eq!(marking(Some(Marking::Clear), &[], &objects), Some(Marking::Green));
    }
}
