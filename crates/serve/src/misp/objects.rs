//! Objects of events, what they refer to, and tags.

use axum::Json;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use lapwing_engine::publish::misp;
use serde_json::{Value, json};

use super::change::{add_part, as_read, held, merge, put, unfit};
use super::heads;
use super::kept::{Kept, is};
use super::search::by_attribute;
use super::sent::{done, flag, id_of, json_of, list, refused, text, unknown, within, word};
use crate::app::App;
use crate::asker::Asker;
use crate::problem::Problem;

pub(super) async fn add(
    State(app): State<App>,
    asker: Asker,
    Path(event): Path<String>,
    body: Bytes,
) -> Result<Response, Problem> {
    let mut object = within(json_of(&body)?, "Object");
    if text(&object, "name").is_empty() || list(&object, "Attribute").len() == 0 {
        let why = "an object must have `name`, and at least one `Attribute`";
        return Ok(refused("add Object", why, "name"));
    }
    if let Some((why, field)) = list(&object, "Attribute").find_map(unfit) {
        return Ok(refused("add Object", &why, field));
    }
    let Some(before) = held(&app, &asker, &event).await? else { return Ok(unknown("event")) };
    if text(&object, "uuid").parse::<uuid::Uuid>().is_err() {
        let count = list(&before.json["Event"], "Object").len();
        let name = format!("object|{}|{count}|{object}", before.document.id);
        object["uuid"] = json!(misp::uuid_of(&name));
    }
    let id = text(&object, "uuid").to_owned();
    if list(&before.json["Event"], "Object").any(|known| is(known, &id)) {
        return Ok(refused("add Object", "An object of this uuid exists already.", "uuid"));
    }
    add_part(&app, &asker, &before, Vec::new(), vec![object.clone()]).await?;
    let told = found(&app, &asker, id).await?.unwrap_or(object);
    Ok(Json(json!({ "Object": told })).into_response())
}

pub(super) async fn add_with_template(
    state: State<App>,
    asker: Asker,
    Path((event, _)): Path<(String, String)>,
    body: Bytes,
) -> Result<Response, Problem> {
    add(state, asker, Path(event), body).await
}

pub(super) async fn view(
    State(app): State<App>,
    asker: Asker,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    Ok(match found(&app, &asker, id_of(&id)).await? {
        Some(object) => Json(json!({ "Object": object })).into_response(),
        None => unknown("object"),
    })
}

/// An object of any event.
async fn found(app: &App, asker: &Asker, id: String) -> Result<Option<Value>, Problem> {
    let ((ceiling, day), cached) = ((asker.ceiling.tlp, app.today()), app.clone());
    app.read(asker, move |sight| {
        let heads = heads::of(&cached, sight, (ceiling, day))?;
        for document in heads.holding(&id) {
            let Some(event) = heads.shelf.event(sight, document, ceiling, day)? else { continue };
            if let Some(object) = list(&event.json["Event"], "Object").find(|one| is(one, &id)) {
                return Ok(Some(object.clone()));
            }
        }
        Ok(None)
    })
    .await
}

/// What a client sent that holds an object.
async fn with_object(app: &App, asker: &Asker, id: &str) -> Result<Option<Kept>, Problem> {
    let (id, cached) = (id.to_owned(), app.clone());
    app.read(asker, move |sight| {
        heads::shelf(&cached, sight)?.find(sight, |kept| kept.object(&id).is_some())
    })
    .await
}

async fn cannot(app: &App, asker: &Asker, id: String, what: &str) -> Result<Response, Problem> {
    let known = found(app, asker, id).await?.is_some();
    Ok(if known { as_read(what) } else { unknown("object") })
}

pub(super) async fn edit(
    State(app): State<App>,
    asker: Asker,
    Path(id): Path<String>,
    body: Bytes,
) -> Result<Response, Problem> {
    let sent = within(json_of(&body)?, "Object");
    let id = id_of(&id);
    let Some(mut kept) = with_object(&app, &asker, &id).await? else {
        return cannot(&app, &asker, id, "edit Object").await;
    };
    let was = kept.event.clone();
    if let Some(object) = kept.object(&id) {
        for key in ["comment", "distribution", "first_seen", "last_seen"] {
            if let Some(value) = sent.get(key).filter(|value| !value.is_null()) {
                object[key] = value.clone();
            }
        }
        for one in list(&sent, "Attribute") {
            let own = text(one, "uuid");
            let Some(all) = object["Attribute"].as_array_mut() else { continue };
            match all.iter().position(|known| is(known, own)) {
                Some(at) if flag(one, "deleted") == Some(true) => drop(all.remove(at)),
                Some(at) => merge(&mut all[at], one),
                None => all.push(one.clone()),
            }
        }
        if let Some((why, field)) = list(object, "Attribute").find_map(unfit) {
            return Ok(refused("edit Object", &why, field));
        }
    }
    if kept.event != was {
        let of = super::kept::shown(&kept.document);
        super::kept::complete(&mut kept.event, of);
        put(&app, &asker, kept, "objects/edit").await?;
    }
    view(State(app), asker, Path(id)).await
}

pub(super) async fn remove(
    State(app): State<App>,
    asker: Asker,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    let id = id_of(&id);
    let Some(mut kept) = with_object(&app, &asker, &id).await? else {
        return cannot(&app, &asker, id, "delete Object").await;
    };
    if let Some(objects) = kept.event["Object"].as_array_mut() {
        objects.retain(|object| !is(object, &id));
    }
    put(&app, &asker, kept, "objects/delete").await?;
    Ok(done("Object deleted.", &id))
}

pub(super) async fn remove_how(
    state: State<App>,
    asker: Asker,
    Path((id, _)): Path<(String, String)>,
) -> Result<Response, Problem> {
    remove(state, asker, Path(id)).await
}

pub(super) async fn refer(
    State(app): State<App>,
    asker: Asker,
    body: Bytes,
) -> Result<Response, Problem> {
    let sent = within(json_of(&body)?, "ObjectReference");
    let given =
        |keys: [&str; 2]| keys.map(|key| word(&sent, key)).into_iter().find(|w| !w.is_empty());
    let (from, to) =
        (given(["object_uuid", "object_id"]), given(["referenced_uuid", "referenced_id"]));
    let (Some(from), Some(to)) = (from, to) else {
        let why = "name both ends: `object_uuid` and `referenced_uuid`";
        return Ok(refused("add ObjectReference", why, "referenced_uuid"));
    };
    let from = id_of(&from);
    let Some(mut kept) = with_object(&app, &asker, &from).await? else {
        return cannot(&app, &asker, from, "add ObjectReference").await;
    };
    let kind = Some(text(&sent, "relationship_type")).filter(|kind| !kind.is_empty());
    let uuid = misp::uuid_of(&format!("reference|{from}|{to}|{}", kind.unwrap_or_default()));
    let mut reference = Value::Null;
    if let Some(object) = kept.object(&from) {
        reference = json!({
            "uuid": uuid,
            "object_uuid": object["uuid"],
            "referenced_uuid": to,
            "relationship_type": kind.unwrap_or("related-to"),
            "comment": text(&sent, "comment"),
            "timestamp": app.now().as_second().to_string(),
        });
        if !object["ObjectReference"].is_array() {
            object["ObjectReference"] = json!([]);
        }
        let all = object["ObjectReference"].as_array_mut();
        if let Some(all) = all.filter(|all| all.iter().all(|one| one["uuid"] != reference["uuid"]))
        {
            all.push(reference.clone());
        }
    }
    put(&app, &asker, kept, "objectReferences/add").await?;
    Ok(Json(json!({ "ObjectReference": reference })).into_response())
}

pub(super) async fn part(
    State(app): State<App>,
    asker: Asker,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    let id = id_of(&id);
    let wanted = id.clone();
    let find = move |kept: &mut Kept| {
        list(&kept.event, "Object")
            .flat_map(|o| list(o, "ObjectReference"))
            .any(|one| is(one, &wanted))
    };
    let cached = app.clone();
    let kept =
        app.read(&asker, move |sight| heads::shelf(&cached, sight)?.find(sight, find)).await?;
    let Some(mut kept) = kept else { return Ok(unknown("object reference")) };
    for object in kept.event["Object"].as_array_mut().into_iter().flatten() {
        if let Some(all) = object["ObjectReference"].as_array_mut() {
            all.retain(|one| !is(one, &id));
        }
    }
    put(&app, &asker, kept, "objectReferences/delete").await?;
    Ok(done("ObjectReference deleted.", &id))
}

pub(super) async fn tag(
    State(app): State<App>,
    asker: Asker,
    body: Bytes,
) -> Result<Response, Problem> {
    retag(app, asker, &body, true).await
}

pub(super) async fn untag(
    State(app): State<App>,
    asker: Asker,
    body: Bytes,
) -> Result<Response, Problem> {
    retag(app, asker, &body, false).await
}

/// Puts a tag on an event or an attribute that a client sent, or takes it away.
async fn retag(app: App, asker: Asker, body: &[u8], on: bool) -> Result<Response, Problem> {
    let sent = json_of(body)?;
    let (id, name) = (id_of(&word(&sent, "uuid")), word(&sent, "tag"));
    if id.is_empty() || name.is_empty() {
        return Ok(refused("tag", "send `uuid` of an event or attribute, and `tag`", "tag"));
    }
    let (wanted, cached) = (id.clone(), app.clone());
    let kept = app
        .read(&asker, move |sight| {
            heads::shelf(&cached, sight)?.find(sight, |kept| {
                kept.attribute(&wanted).is_some()
                    || super::kept::shown(&kept.document).to_string() == wanted
            })
        })
        .await?;
    let Some(mut kept) = kept else {
        let (of, cached) = ((asker.ceiling.tlp, app.today()), app.clone());
        let known = app
            .read(&asker, move |sight| {
                let shelf = heads::shelf(&cached, sight)?;
                Ok(shelf.document(&id).is_some()
                    || by_attribute(&cached, sight, &id, of)?.is_some())
            })
            .await?;
        return Ok(if known { as_read("tag") } else { unknown("target") });
    };
    let was = kept.event.clone();
    let at =
        if kept.attribute(&id).is_some() { kept.attribute(&id) } else { Some(&mut kept.event) };
    if let Some(target) = at {
        let mut tags: Vec<Value> = list(target, "Tag").cloned().collect();
        tags.retain(|tag| text(tag, "name") != name);
        if on {
            tags.push(json!({ "name": name }));
        }
        target["Tag"] = json!(tags);
    }
    if kept.event != was {
        put(&app, &asker, kept, if on { "tags/attach" } else { "tags/remove" }).await?;
    }
    Ok(done(if on { "Tag attached." } else { "Tag removed." }, &name))
}
