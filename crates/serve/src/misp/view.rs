//! One event, the server, and who asks.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use lapwing_engine::Engine;
use lapwing_engine::publish::misp;
use lapwing_model::DocumentId;
use serde_json::{Value, json};

use super::{VERSION, event_of, number};
use crate::app::App;
use crate::asker::{Asker, Permission};
use crate::problem::Problem;

pub(super) async fn version(_: Asker) -> Json<Value> {
    Json(json!({
        "version": VERSION,
        "pymisp_recommended_version": VERSION,
        "perm_sync": false,
        "perm_sighting": false,
        "perm_galaxy_editor": false,
        "request_encoding": [],
        "filter_sightings": false,
    }))
}

pub(super) async fn client_version(_: Asker) -> Json<Value> {
    Json(json!({ "version": VERSION }))
}

pub(super) async fn user(asker: Asker) -> Json<Value> {
    let collects = asker.may(Permission::Collect);
    let organisation = misp::organisation_uuid();
    Json(json!({
        "User": {
            "id": "1",
            "org_id": "1",
            "email": asker.who,
            "role_id": "1",
            "autoalert": false,
            "disabled": false,
            "termsaccepted": true,
        },
        "Role": {
            "id": "1",
            "name": asker.role.as_str(),
            "permission": if collects { "1" } else { "0" },
            "perm_add": collects,
            "perm_modify": false,
            "perm_publish": false,
            "perm_admin": asker.may(Permission::Administer),
            "perm_auth": true,
            "perm_sync": false,
            "perm_sighting": false,
            "perm_tagger": false,
            "restricted_to_site_admin": false,
        },
        "Organisation": { "id": "1", "name": misp::ORGANISATION, "uuid": organisation, "local": true },
        "UserSetting": {},
    }))
}

pub(super) async fn event(
    State(app): State<App>,
    asker: Asker,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    let id = id.trim_end_matches(".json").to_ascii_lowercase();
    let (ceiling, day) = (asker.ceiling.tlp, app.today());
    let wanted = id.clone();
    let found = app
        .read(&asker, move |sight| match document(sight, &wanted)? {
            Some(document) => event_of(sight, document, ceiling, day),
            None => Ok(None),
        })
        .await?;
    Ok(match found {
        Some(event) => Json(event.json).into_response(),
        None => unknown(&id),
    })
}

/// The document of an event: by our identifier or number of it, or by the one that the event had
/// which the document was read from.
pub(super) fn document(engine: &Engine, id: &str) -> Result<Option<DocumentId>, Problem> {
    for record in engine.store().documents()? {
        let document = &record.document;
        let ours = misp::event_uuid(document.id);
        let was = document.properties.iter().any(|(name, value)| name == "uuid" && value == id);
        if was || ours.to_string() == id || number(ours) == id {
            return Ok(Some(document.id));
        }
    }
    Ok(None)
}

fn unknown(id: &str) -> Response {
    let body = json!({
        "name": "Invalid event",
        "message": "Invalid event",
        "url": format!("/events/view/{id}"),
    });
    (StatusCode::NOT_FOUND, Json(body)).into_response()
}
