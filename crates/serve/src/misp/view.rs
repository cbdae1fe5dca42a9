//! One event, the server, and who asks.

use axum::Json;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use lapwing_engine::publish::misp;
use serde_json::{Value, json};

use super::search::by_attribute;
use super::sent::{id_of, text, unknown};
use super::{VERSION, heads, sighted};
use crate::app::App;
use crate::asker::{Asker, Permission};
use crate::problem::Problem;

pub(super) async fn version(asker: Asker) -> Json<Value> {
    Json(json!({
        "version": VERSION,
        "pymisp_recommended_version": VERSION,
        "perm_sync": asker.may(Permission::Analyse),
        "perm_sighting": asker.may(Permission::Analyse),
        "perm_galaxy_editor": false,
        "request_encoding": [],
        "filter_sightings": false,
    }))
}

pub(super) async fn client_version(_: Asker) -> Json<Value> {
    Json(json!({ "version": VERSION }))
}

pub(super) async fn user(asker: Asker) -> Json<Value> {
    let role = super::around::role_of(asker.role);
    Json(json!({
        "User": {
            "id": "1",
            "org_id": "1",
            "email": asker.who,
            "role_id": role["id"],
            "autoalert": false,
            "disabled": false,
            "termsaccepted": true,
        },
        "Role": role,
        "Organisation": organisation(),
        "UserSetting": {},
    }))
}

/// The organisation that all events are of.
pub(super) fn organisation() -> Value {
    json!({
        "id": "1",
        "name": misp::ORGANISATION,
        "uuid": misp::organisation_uuid(),
        "local": true,
    })
}

pub(super) async fn event(
    State(app): State<App>,
    asker: Asker,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    let id = id_of(&id);
    let ((ceiling, day), cached) = ((asker.ceiling.tlp, app.today()), app.clone());
    let found = app
        .read(&asker, move |sight| {
            let shelf = heads::shelf(&cached, sight)?;
            let Some(document) = shelf.document(&id) else { return Ok(None) };
            let mut event = shelf.event(sight, document, ceiling, day)?;
            if let Some(event) = &mut event {
                sighted::complete_event(&mut event.json["Event"], &shelf.told.added());
            }
            Ok(event)
        })
        .await?;
    Ok(match found {
        Some(event) => Json(event.json).into_response(),
        None => unknown("event"),
    })
}

/// One attribute, by its identifier or number.
pub(super) async fn attribute(
    State(app): State<App>,
    asker: Asker,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    let id = id_of(&id);
    let (of, cached) = ((asker.ceiling.tlp, app.today()), app.clone());
    let found = app
        .read(&asker, move |sight| {
            let mut found = by_attribute(&cached, sight, &id, of)?;
            if let Some(found) = &mut found {
                let event = text(found, "event_id").to_owned();
                let added = heads::shelf(&cached, sight)?.told.added();
                sighted::complete(found, &event, &added);
            }
            Ok(found)
        })
        .await?;
    let Some(attribute) = found else { return Ok(unknown("attribute")) };
    Ok(Json(json!({ "Attribute": attribute })).into_response())
}
