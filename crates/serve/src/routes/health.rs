use axum::Json;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::IntoResponse;
use serde::Serialize;

use crate::app::App;
use crate::asker::{Asker, Ceiling};
use crate::problem::Problem;

pub(crate) async fn alive() -> &'static str {
    "ok\n"
}

#[derive(Serialize)]
pub(crate) struct Ready {
    ready: bool,
    store: String,
    waiting: usize,
}

pub(crate) async fn ready(State(app): State<App>) -> impl IntoResponse {
    let read = app.readers.ask(Ceiling::NONE, |sight| Ok(sight.at)).await;
    let waiting = app.writer.waiting();
    let full = waiting >= app.config.limits.queue;
    let store = match &read {
        Ok(_) => "ok".to_owned(),
        Err(problem) => problem.detail.clone(),
    };
    let ready = read.is_ok() && !full;
    let status = if ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    (status, Json(Ready { ready, store, waiting }))
}

pub(crate) async fn metrics(
    State(app): State<App>,
    asker: Asker,
) -> Result<impl IntoResponse, Problem> {
    let cached = app.clone();
    let (totals, at) = app
        .read(&asker, move |sight| {
            let totals = cached.totals.get(sight, |_| Ok(sight.store().totals()?))?;
            Ok((*totals, sight.at))
        })
        .await?;
    let text = app.metrics.text(app.writer.waiting(), totals.documents, at.map_or(0, |id| id.0));
    Ok((
        [(header::CONTENT_TYPE, "application/openmetrics-text; version=1.0.0; charset=utf-8")],
        text,
    ))
}
