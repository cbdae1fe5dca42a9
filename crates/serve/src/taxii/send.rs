//! Objects that clients send, and what became of them.

use std::collections::BTreeMap;

use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use jiff::Timestamp;
use lapwing_engine::publish::stix;
use lapwing_engine::read::Options;
use lapwing_engine::store::{SharedObject, SpecMatch, VersionMatch};
use lapwing_engine::{AddOptions, Input, Silent};
use lapwing_model::Marking;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

use super::collection::Collection;
use super::query::{self, Filters};
use super::{is_root, media};
use crate::app::App;
use crate::asker::{Asker, Ceiling, Role};
use crate::problem::Problem;

/// Objects of one request at most.
const MOST: usize = 100_000;

pub(super) async fn add(
    State(app): State<App>,
    asker: Asker,
    Path((root, id)): Path<(String, String)>,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Result<Response, Problem> {
    media::accepts(&headers)?;
    let collection = Collection::find(&root, &id)?;
    if !collection.is_open_to(&asker) {
        return Err(Problem::forbidden("this collection is for reading only"));
    }
    media::brings(&headers)?;
    let body = body.map_err(|rejection| Problem::new(rejection.status(), rejection.body_text()))?;
    let objects = envelope(&body)?;
    let definitions = definitions(&objects);
    let (good, failures) = judge(&objects, &definitions);
    // All that was sent together is under the strictest marking of any of it.
    let strictest = objects.iter().map(|object| marking(object, &definitions)).max();
    let strictest = strictest.filter(|marking| *marking > Marking::Clear);
    let id = Uuid::new_v4().to_string();
    let (who, key) = (asker.who.clone(), collection.key(&asker));
    let status = app
        .write(move |engine, now| {
            let objects: Vec<SharedObject> =
                good.iter().map(|(object, _)| object.clone()).collect();
            let versions = engine.add_shared(&key, &objects, now)?;
            if !good.is_empty() {
                let sent: Vec<&Value> = good.iter().map(|(_, json)| json).collect();
                let name = named_by_content(&json!(sent));
                let bundle =
                    json!({ "type": "bundle", "id": format!("bundle--{name}"), "objects": sent });
                let input = Input::Bytes {
                    name: format!("taxii-inbox-{name}.json"),
                    bytes: bundle.to_string().into_bytes(),
                };
                let read =
                    Options { source: Some(who.clone()), marking: strictest, ..Options::default() };
                let command = format!("TAXII inbox: {} objects", good.len());
                engine.add(&[input], &AddOptions { read, command }, now, &Silent)?;
            }
            let successes: Vec<Value> = objects
                .iter()
                .zip(&versions)
                .map(|(object, at)| json!({ "id": object.id, "version": query::version(*at) }))
                .collect();
            let status = json!({
                "id": id,
                "status": "complete",
                "request_timestamp": query::added(now),
                "total_count": successes.len() + failures.len(),
                "success_count": successes.len(),
                "successes": successes,
                "failure_count": failures.len(),
                "failures": failures,
                "pending_count": 0,
            });
            engine.put_shared_status(&id, &who, &status.to_string())?;
            Ok(status)
        })
        .await?;
    Ok(media::answer(StatusCode::ACCEPTED, &status))
}

/// The same objects sent again are the same document.
fn named_by_content(objects: &Value) -> Uuid {
    let digest = Sha256::digest(objects.to_string());
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&digest[..16]);
    uuid::Builder::from_custom_bytes(bytes).into_uuid()
}

fn envelope(body: &[u8]) -> Result<Vec<Value>, Problem> {
    let value: Value = serde_json::from_slice(body)
        .map_err(|error| Problem::unreadable(format!("the body is no JSON: {error}")))?;
    let objects = value.get("objects").and_then(Value::as_array);
    let Some(objects) = objects.filter(|objects| !objects.is_empty()) else {
        return Err(Problem::unfit("an envelope holds `objects`, at least one")
            .hint("{\"objects\": [ … ]}"));
    };
    if objects.len() > MOST {
        return Err(Problem::too_large(format!("at most {MOST} objects in one request")));
    }
    Ok(objects.clone())
}

/// The markings that a request defines, by identifier.
type Definitions<'o> = BTreeMap<&'o str, &'o Value>;

fn definitions(objects: &[Value]) -> Definitions<'_> {
    objects
        .iter()
        .filter(|object| object["type"] == "marking-definition")
        .filter_map(|object| Some((object["id"].as_str()?, object)))
        .collect()
}

/// The objects that can be taken, each with its JSON, and the failures of the others.
fn judge(
    objects: &[Value],
    definitions: &Definitions<'_>,
) -> (Vec<(SharedObject, Value)>, Vec<Value>) {
    let (mut good, mut failures) = (Vec::new(), Vec::new());
    for object in objects {
        match shared(object, definitions) {
            Ok(shared) => good.push((shared, object.clone())),
            Err(why) => failures.push(json!({
                "id": object["id"].as_str().unwrap_or("unknown--"),
                "version": object["modified"].as_str().unwrap_or_default(),
                "message": why,
            })),
        }
    }
    (good, failures)
}

fn shared(object: &Value, definitions: &Definitions<'_>) -> Result<SharedObject, String> {
    let text = |key: &str| object[key].as_str().unwrap_or_default();
    let (kind, id) = (text("type"), text("id"));
    if kind.is_empty() || kind == "bundle" {
        return Err("it is no STIX object: `type` is missing".to_owned());
    }
    let fits = id
        .split_once("--")
        .is_some_and(|(of, uuid)| of == kind && uuid.len() == 36 && uuid.parse::<Uuid>().is_ok());
    if !fits {
        return Err(format!("`id` is not of the form {kind}--UUID"));
    }
    let time = |key: &str| -> Result<Option<Timestamp>, String> {
        match object.get(key) {
            None => Ok(None),
            Some(value) => {
                let parsed = value.as_str().and_then(|text| text.parse().ok());
                parsed.map(Some).ok_or_else(|| format!("`{key}` is no time"))
            }
        }
    };
    let modified = time("modified")?.or(time("created")?);
    // Before 2.1 objects did not tell their version; observables stand alone since then.
    let spec = match object.get("spec_version").and_then(Value::as_str) {
        Some(spec @ ("2.0" | "2.1")) => spec,
        Some(other) => return Err(format!("`spec_version` is `{other}`: 2.0 and 2.1 are known")),
        None if modified.is_some() => "2.0",
        None => "2.1",
    };
    Ok(SharedObject {
        id: id.to_owned(),
        modified,
        spec: spec.to_owned(),
        marking: marking(object, definitions) as u8,
        body: object.to_string().into_bytes(),
    })
}

/// The strictest TLP of an object. What refers to a definition that nobody knows is for those who
/// may see all.
fn marking(object: &Value, definitions: &Definitions<'_>) -> Marking {
    let refs = object["object_marking_refs"].as_array().into_iter().flatten();
    let granular = object["granular_markings"].as_array().into_iter().flatten();
    let granular = granular.map(|marking| &marking["marking_ref"]);
    refs.chain(granular)
        .filter_map(Value::as_str)
        .map(|id| {
            stix::marking(id).unwrap_or_else(|| {
                let definition = definitions.get(id);
                match definition.map(|d| d["definition"]["tlp"].as_str().map(str::parse)) {
                    Some(Some(Ok(marking))) => marking,
                    // A statement: it restricts nothing that we know of.
                    Some(None) => Marking::Clear,
                    _ => Marking::Red,
                }
            })
        })
        .max()
        .unwrap_or_default()
}

pub(super) async fn status(
    State(app): State<App>,
    asker: Asker,
    Path((root, id)): Path<(String, String)>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    media::accepts(&headers)?;
    is_root(&root)?;
    let found =
        app.readers.ask(Ceiling::NONE, move |sight| Ok(sight.store().shared_status(&id)?)).await?;
    // Another's request does not exist for who asks.
    let found = found.filter(|(who, _)| *who == asker.who || asker.role == Role::Admin);
    let (_, body) = found.ok_or_else(|| Problem::unknown("there is no such request"))?;
    Ok(media::bytes_of(StatusCode::OK, body.into_bytes()))
}

pub(super) async fn remove(
    State(app): State<App>,
    asker: Asker,
    Path((root, id, object)): Path<(String, String, String)>,
    Query(parameters): Query<Vec<(String, String)>>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    media::accepts(&headers)?;
    let collection = Collection::find(&root, &id)?;
    if !collection.is_open_to(&asker) {
        return Err(Problem::forbidden("this collection is for reading only"));
    }
    let key = collection.key(&asker);
    let mut query = query::read(&parameters, Filters::Object, &key)?.query;
    // TAXII 2.1, section 5.7: what no filter narrows goes whole.
    if query.versions.is_empty() {
        query.versions.push(VersionMatch::All);
    }
    if query.specs == SpecMatch::Latest {
        query.specs = SpecMatch::All;
    }
    query.ids.push(object);
    query.limit = usize::MAX;
    query.ceiling = asker.ceiling.tlp as u8;
    let removed = app.write(move |engine, _| Ok(engine.remove_shared(&key, &query)?)).await?;
    if removed == 0 {
        return Err(Problem::unknown("there is no such object in this collection"));
    }
    Ok(media::answer(StatusCode::OK, &json!({})))
}
