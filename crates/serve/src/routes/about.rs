use axum::Json;
use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;

use crate::app::App;
use crate::asker::Asker;
use crate::routes::Answer;

/// What this server is and holds.
#[derive(Serialize, ToSchema)]
pub(crate) struct About {
    /// Version of the program.
    version: &'static str,
    /// Time of the server.
    #[schema(format = DateTime)]
    now: String,
    /// Documents that the asker may see, and what follows from them.
    documents: u64,
    origins: u64,
    facts: u64,
    indicators: u64,
    gaps: u64,
    changes: u64,
    /// Reference data.
    #[schema(value_type = Vec<Object>)]
    knowledge: serde_json::Value,
    /// Whether hunts may read files of the server.
    hunt_root: bool,
    /// Whether documents may be added by their address.
    url_adding: bool,
    /// The asker's ceiling (TLP).
    ceiling: String,
    /// The asker's ceiling (PAP).
    pap: String,
    limits: AboutLimits,
}

/// What one request may bring.
#[derive(Serialize, ToSchema)]
pub(crate) struct AboutLimits {
    /// Values of one look-up.
    lookup: usize,
    /// Bytes of an upload.
    body_bytes: usize,
    /// Bytes of a JSON body.
    json_bytes: usize,
    /// Requests a minute.
    per_minute: u32,
}

/// What this server is and holds, as the asker may see it.
#[utoipa::path(get, path = "/api/v1/about", tag = "about", responses((status = 200, body = About)))]
pub(crate) async fn about(State(app): State<App>, asker: Asker) -> Answer<About> {
    let cached = app.clone();
    let (totals, knowledge) = app
        .read(&asker, move |sight| {
            let totals = cached.totals.get(sight, |_| Ok(sight.store().totals()?))?;
            let knowledge = serde_json::to_value(sight.knowledge().sources()).unwrap_or_default();
            Ok((*totals, knowledge))
        })
        .await?;
    let limits = app.config.limits;
    Ok(Json(About {
        version: env!("CARGO_PKG_VERSION"),
        now: app.now().to_string(),
        documents: totals.documents,
        origins: totals.origins,
        facts: totals.facts,
        indicators: totals.indicators,
        gaps: totals.gaps,
        changes: totals.changes,
        knowledge,
        hunt_root: app.config.hunt_root.is_some(),
        url_adding: app.config.fetch.is_some(),
        ceiling: asker.ceiling.tlp.to_string(),
        pap: asker.ceiling.pap.to_string(),
        limits: AboutLimits {
            lookup: limits.lookup,
            body_bytes: limits.body,
            json_bytes: limits.json,
            per_minute: limits.per_minute,
        },
    }))
}

/// The reference data in use.
#[derive(Serialize, ToSchema)]
pub(crate) struct KnowledgeList {
    #[schema(value_type = Vec<Object>)]
    items: serde_json::Value,
}

/// What reference data is built in or loaded.
#[utoipa::path(get, path = "/api/v1/knowledge", tag = "about", responses((status = 200, body = KnowledgeList)))]
pub(crate) async fn knowledge(State(app): State<App>, asker: Asker) -> Answer<KnowledgeList> {
    let items = app
        .read(&asker, |sight| {
            Ok(serde_json::to_value(sight.knowledge().sources()).unwrap_or_default())
        })
        .await?;
    Ok(Json(KnowledgeList { items }))
}
