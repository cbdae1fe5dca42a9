//! Events that clients add: each becomes a document of the store.

use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use lapwing_engine::read::Options;
use lapwing_engine::{AddOptions, Input, Silent};
use lapwing_model::Format;
use serde_json::{Value, json};

use super::shelf::Shelf;
use crate::app::App;
use crate::asker::{Asker, Permission};
use crate::problem::Problem;

pub(super) async fn add(
    State(app): State<App>,
    asker: Asker,
    body: Bytes,
) -> Result<Response, Problem> {
    let sent: Value = serde_json::from_slice(&body)
        .map_err(|error| Problem::unreadable(format!("the body is no JSON: {error}")))?;
    let event = sent.get("Event").unwrap_or(&sent);
    let info = event.get("info").and_then(Value::as_str).unwrap_or_default().trim().to_owned();
    if info.is_empty() {
        return Err(Problem::unfit("an event must have `info`, which is its title"));
    }
    let uuid = event.get("uuid").and_then(Value::as_str).unwrap_or("event").to_owned();
    let bytes = json!({ "Event": event }).to_string().into_bytes();
    let who = asker.who.clone();
    let document = app
        .write(move |engine, now| {
            let input = Input::Bytes { name: format!("misp-{uuid}.json"), bytes };
            let read =
                Options { source: Some(who), format: Some(Format::MispJson), ..Options::default() };
            let command = format!("MISP events/add: {info}");
            let report = engine.add(&[input], &AddOptions { read, command }, now, &Silent)?;
            let first = report.documents.first().map(|added| added.document.id);
            first.ok_or_else(|| {
                let why = report.problems.first().map(ToString::to_string).unwrap_or_default();
                Problem::unfit(format!("the event could not be read: {why}"))
            })
        })
        .await?;
    let (ceiling, day) = (asker.ceiling.tlp, app.today());
    // Who only adds sees nothing of the store, not even how sure it is of what he sent.
    if !asker.may(Permission::Read) {
        return Ok(Json(json!({ "Event": event })).into_response());
    }
    let told = app
        .read(&asker, move |sight| Shelf::of(sight)?.event(sight, document, ceiling, day))
        .await?;
    // Who adds what is above his own marking gets back what he sent, no more.
    let answer = told.map_or(json!({ "Event": event }), |event| event.json);
    Ok(Json(answer).into_response())
}
