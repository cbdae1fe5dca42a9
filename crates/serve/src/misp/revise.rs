//! Events as a whole: sent again with changes, published, deleted.

use std::collections::BTreeSet;

use axum::Json;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use super::change::{Held, add_part, as_read, held, merge, put, unfit};
use super::heads;
use super::kept::{self, Kept, is};
use super::sent::{done, flag, json_of, list, refused, text, unknown, within, word};
use crate::app::App;
use crate::asker::Asker;
use crate::problem::Problem;

/// Fields of an event that a client may change.
const FIELDS: [&str; 6] =
    ["info", "date", "threat_level_id", "analysis", "distribution", "published"];

pub(super) async fn edit(
    State(app): State<App>,
    asker: Asker,
    Path(event): Path<String>,
    body: Bytes,
) -> Result<Response, Problem> {
    let sent = within(json_of(&body)?, "Event");
    let Some(mut before) = held(&app, &asker, &event).await? else { return Ok(unknown("event")) };
    if let Some(mut kept) = before.kept.take() {
        let was = kept.event.clone();
        if let Some((why, field)) = revise(&mut kept, &before, &sent) {
            return Ok(refused("edit Event", &why, field));
        }
        if kept.event != was {
            put(&app, &asker, kept, "events/edit").await?;
        }
    } else {
        // What was read from a document gains what is new; nothing of it is taken away.
        let is_new =
            |one: &&Value| flag(one, "deleted") != Some(true) && before.find(one).is_none();
        let fresh: Vec<Value> = list(&sent, "Attribute").filter(is_new).cloned().collect();
        let objects: Vec<Value> = list(&sent, "Object")
            .filter(|object| {
                flag(object, "deleted") != Some(true)
                    && list(object, "Attribute").any(|one| before.find(one).is_none())
            })
            .cloned()
            .collect();
        if let Some((why, field)) = fresh.iter().find_map(unfit) {
            return Ok(refused("edit Event", &why, field));
        }
        if !(fresh.is_empty() && objects.is_empty()) {
            add_part(&app, &asker, &before, fresh, objects).await?;
        }
    }
    let told = held(&app, &asker, &event).await?.unwrap_or(before);
    Ok(Json(told.json).into_response())
}

pub(super) async fn edit_how(
    state: State<App>,
    asker: Asker,
    Path((event, _)): Path<(String, String)>,
    body: Bytes,
) -> Result<Response, Problem> {
    edit(state, asker, Path(event), body).await
}

/// Puts what was sent into an event; or tells what cannot be taken.
fn revise(kept: &mut Kept, now: &Held, sent: &Value) -> Option<(String, &'static str)> {
    let told = &now.json["Event"];
    let event = &mut kept.event;
    for key in FIELDS {
        let given = word(sent, key);
        // A flag is told as one, and sent in other ways.
        let same = if key == "published" {
            flag(sent, key) == Some(flag(event, key).unwrap_or(false))
        } else {
            given == word(told, key)
        };
        if !given.is_empty() && !same {
            event[key] = sent[key].clone();
        }
    }
    retag(event, told, sent);
    for one in list(sent, "Attribute") {
        if let Some(refusal) = revise_in(event, "Attribute", one, told) {
            return Some(refusal);
        }
    }
    for object in list(sent, "Object") {
        let id = text(object, "uuid");
        let objects = event["Object"].as_array_mut()?;
        let at = objects.iter().position(|known| is(known, id));
        match at {
            Some(at) if flag(object, "deleted") == Some(true) => {
                objects.remove(at);
            }
            Some(at) => {
                for one in list(object, "Attribute") {
                    if let Some(refusal) = revise_in(&mut objects[at], "Attribute", one, told) {
                        return Some(refusal);
                    }
                }
            }
            None if flag(object, "deleted") == Some(true)
                || list(told, "Object").any(|known| is(known, id)) => {}
            None => objects.push(object.clone()),
        }
    }
    let of = kept::shown(&kept.document);
    kept::complete(&mut kept.event, of);
    None
}

/// Changes, deletes or adds one attribute of a list.
fn revise_in(
    of: &mut Value,
    key: &str,
    sent: &Value,
    told: &Value,
) -> Option<(String, &'static str)> {
    let id = text(sent, "uuid").to_owned();
    let all = of[key].as_array_mut()?;
    let deleted = flag(sent, "deleted") == Some(true);
    let Some(at) = all.iter().position(|one| is(one, &id)) else {
        // What stands in another part of the event is changed there (/attributes/edit).
        let elsewhere = super::search::all_attributes(told).any(|one| is(one, &id));
        if !deleted && !elsewhere {
            if let Some(refusal) = unfit(sent) {
                return Some(refusal);
            }
            all.push(sent.clone());
        }
        return None;
    };
    if deleted {
        all.remove(at);
        return None;
    }
    // What is told of it is no change, also where it was told otherwise than it was sent.
    let known = super::search::all_attributes(told).find(|one| is(one, &id));
    let mut fresh = sent.clone();
    if let (Some(fields), Some(known)) = (fresh.as_object_mut(), known) {
        fields.retain(|key, value| known.get(key) != Some(value));
    }
    merge(&mut all[at], &fresh);
    if let Some(known) = known {
        retag(&mut all[at], known, sent);
    }
    unfit(&all[at])
}

/// Takes the tags that were sent, without those that are only told beside.
fn retag(of: &mut Value, told: &Value, sent: &Value) {
    if !sent["Tag"].is_array() {
        return;
    }
    let own: BTreeSet<String> = list(of, "Tag").map(|tag| text(tag, "name").to_owned()).collect();
    let beside: BTreeSet<&str> = list(told, "Tag").map(|tag| text(tag, "name")).collect();
    let tags: Vec<Value> = list(sent, "Tag")
        .filter(|tag| {
            let name = text(tag, "name");
            !name.is_empty() && (own.contains(name) || !beside.contains(name))
        })
        .cloned()
        .collect();
    let names: BTreeSet<String> = tags.iter().map(|tag| text(tag, "name").to_owned()).collect();
    if names != own {
        of["Tag"] = json!(tags);
    }
}

pub(super) async fn remove(
    State(app): State<App>,
    asker: Asker,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    let Some(event) = held(&app, &asker, &id).await? else { return Ok(unknown("event")) };
    let (of, cached) = (event.document.id, app.clone());
    let changes = app
        .read(&asker, move |sight| {
            let shelf = heads::shelf(&cached, sight)?;
            let mut changes = Vec::new();
            for id in std::iter::once(&of).chain(shelf.parts_of(of)) {
                changes.extend(sight.store().document_record(*id)?.map(|record| record.change));
            }
            Ok(changes)
        })
        .await?;
    let command = format!("MISP events/delete: {} (by {})", event.document.label(), asker.who);
    let by = asker.clone();
    let alone = app
        .write(move |engine, now| {
            for change in &changes {
                kept::of_asker(engine, *change, &by)?;
                // With others it is taken back by who sees all of them.
                if engine.store().documents_of_change(*change)?.len() != 1 {
                    return Ok(false);
                }
            }
            for change in changes {
                engine.withdraw(change, &command, now)?;
            }
            Ok(true)
        })
        .await?;
    Ok(if alone { done("Event deleted.", &id) } else { as_read("delete Event") })
}

pub(super) async fn publish(
    State(app): State<App>,
    asker: Asker,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    set_published(&app, &asker, &id, true).await
}

pub(super) async fn unpublish(
    State(app): State<App>,
    asker: Asker,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    set_published(&app, &asker, &id, false).await
}

async fn set_published(
    app: &App,
    asker: &Asker,
    id: &str,
    published: bool,
) -> Result<Response, Problem> {
    let Some(event) = held(app, asker, id).await? else { return Ok(unknown("event")) };
    match event.kept {
        Some(mut kept) if flag(&kept.event, "published").unwrap_or(false) != published => {
            kept.event["published"] = json!(published);
            kept.event["publish_timestamp"] = json!(app.now().as_second().to_string());
            put(app, asker, kept, "events/publish").await?;
        }
        // What was read from a document is published by it.
        None if !published => return Ok(as_read("unpublish Event")),
        _ => {}
    }
    Ok(done(if published { "Job queued" } else { "Event unpublished." }, id))
}
