//! Events that clients add: each becomes a document of the store.

use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use lapwing_engine::Silent;
use lapwing_engine::publish::misp;
use serde_json::json;
use uuid::Uuid;

use super::heads;
use super::sent::{json_of, refused, text, within};
use super::{change, kept};
use crate::app::App;
use crate::asker::{Asker, Permission};
use crate::problem::Problem;

pub(super) async fn add(
    State(app): State<App>,
    asker: Asker,
    body: Bytes,
) -> Result<Response, Problem> {
    let mut event = within(json_of(&body)?, "Event");
    let info = text(&event, "info").trim().to_owned();
    if info.is_empty() {
        return Err(Problem::unfit("an event must have `info`, which is its title"));
    }
    let uuid = match text(&event, "uuid").parse::<Uuid>() {
        Ok(uuid) => uuid,
        // The same sent again is the same event.
        Err(_) => misp::uuid_of(&format!("sent|{event}")),
    };
    kept::complete(&mut event, uuid);
    event["uuid"] = json!(uuid);
    if asker.may(Permission::Read)
        && let Some(held) = change::held(&app, &asker, &uuid.to_string()).await?
    {
        let same = held.kept.is_some_and(|kept| kept.event == event);
        return Ok(if same {
            Json(held.json).into_response()
        } else {
            refused(
                "add Event",
                "Event already exists, if you would like to edit it, use /events/edit.",
                "uuid",
            )
        });
    }
    let command = format!("MISP events/add: {info} (by {})", asker.who);
    let marking = kept::marking(None, &event);
    let (input, options) =
        kept::input(&kept::name_of(&uuid.to_string()), &event, &asker.who, marking, &command);
    let document = app
        .write(move |engine, now| {
            let report = engine.add(&[input], &options, now, &Silent)?;
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
    let cached = app.clone();
    let told = app
        .read(&asker, move |sight| {
            heads::shelf(&cached, sight)?.event(sight, document, ceiling, day)
        })
        .await?;
    // Who adds what is above his own marking gets back what he sent, no more.
    let answer = told.map_or(json!({ "Event": event }), |event| event.json);
    Ok(Json(answer).into_response())
}
