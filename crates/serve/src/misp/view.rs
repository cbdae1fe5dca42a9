//! One event, the server, and who asks.

use axum::Json;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use lapwing_engine::Engine;
use lapwing_engine::publish::misp;
use lapwing_model::DocumentId;
use serde_json::{Value, json};

use super::kept;
use super::search::by_attribute;
use super::sent::{id_of, text, unknown};
use super::shelf::Shelf;
use super::{VERSION, number, sighted};
use crate::app::App;
use crate::asker::{Asker, Permission};
use crate::problem::Problem;

pub(super) async fn version(asker: Asker) -> Json<Value> {
    Json(json!({
        "version": VERSION,
        "pymisp_recommended_version": VERSION,
        "perm_sync": false,
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
    let (ceiling, day) = (asker.ceiling.tlp, app.today());
    let found = app
        .read(&asker, move |sight| {
            let shelf = Shelf::of(sight)?;
            match document(sight, &shelf, &id)? {
                Some(document) => {
                    let mut event = shelf.event(sight, document, ceiling, day)?;
                    if let Some(event) = &mut event {
                        sighted::complete_event(&mut event.json["Event"], &sighted::added(sight)?);
                    }
                    Ok(event)
                }
                None => Ok(None),
            }
        })
        .await?;
    Ok(match found {
        Some(event) => Json(event.json).into_response(),
        None => unknown("event"),
    })
}

/// The document of an event: by our identifier or number of it, or by the one that the event had
/// which the document was read from.
pub(super) fn document(
    engine: &Engine,
    shelf: &Shelf,
    id: &str,
) -> Result<Option<DocumentId>, Problem> {
    for record in engine.store().documents()? {
        let document = &record.document;
        let was = document.properties.iter().any(|(name, value)| name == "uuid" && value == id);
        let ours = [kept::shown(document), misp::event_uuid(document.id)];
        if was || ours.iter().any(|uuid| uuid.to_string() == id || number(*uuid) == id) {
            return Ok(Some(shelf.event_of(document.id)));
        }
    }
    Ok(None)
}

/// One attribute, by its identifier or number.
pub(super) async fn attribute(
    State(app): State<App>,
    asker: Asker,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    let id = id_of(&id);
    let (ceiling, day) = (asker.ceiling.tlp, app.today());
    let found = app
        .read(&asker, move |sight| {
            let mut found = by_attribute(sight, &id, ceiling, day)?;
            if let Some(found) = &mut found {
                let event = text(found, "event_id").to_owned();
                sighted::complete(found, &event, &sighted::added(sight)?);
            }
            Ok(found)
        })
        .await?;
    let Some(attribute) = found else { return Ok(unknown("attribute")) };
    Ok(Json(json!({ "Attribute": attribute })).into_response())
}
