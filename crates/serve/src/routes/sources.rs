use std::collections::BTreeMap;

use axum::Json;
use axum::extract::State;
use lapwing_model::{DocumentId, Origin};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::app::App;
use crate::asker::Asker;
use crate::input::Asked;
use crate::paging::{List, Paging};
use crate::routes::Answer;
use crate::routes::documents::{document_id, rows};

/// Documents that go back to one observer.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct OriginRow {
    id: String,
    /// The observer, and the title or address of the root.
    label: String,
    /// Whether the root itself is in the store.
    root_seen: bool,
    /// Roots first.
    documents: Vec<OriginDocument>,
}

/// A document's place in its origin.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct OriginDocument {
    id: String,
    label: String,
    /// What it was made from; null for a root.
    derived_from: Option<String>,
    /// How sure that is.
    probability: f64,
    why: Option<String>,
    /// Admiralty grade, as `B2`.
    grade: String,
}

impl OriginRow {
    pub(crate) fn of(origin: Origin, labels: &BTreeMap<DocumentId, String>) -> Self {
        let documents = origin.members.into_iter().map(|member| OriginDocument {
            id: member.document.to_string(),
            label: labels.get(&member.document).cloned().unwrap_or_default(),
            derived_from: member.derived_from,
            probability: member.probability,
            why: member.why,
            grade: member.grade.to_string(),
        });
        Self {
            id: origin.id.to_string(),
            documents: documents.collect(),
            label: origin.label,
            root_seen: origin.root_seen,
        }
    }
}

/// The groups of documents that go back to one observer each.
#[utoipa::path(get, path = "/api/v1/origins", tag = "lists", params(Paging),
    responses((status = 200, body = List<OriginRow>)))]
pub(crate) async fn origins(
    State(app): State<App>,
    asker: Asker,
    Asked(paging): Asked<Paging>,
) -> Answer<List<OriginRow>> {
    let shared = app.clone();
    let list = app
        .read(&asker, move |sight| {
            let documents = shared.documents.get(sight, |_| rows(sight))?;
            let labels: BTreeMap<DocumentId, String> = documents
                .iter()
                .filter_map(|row| Some((row.id.parse().ok()?, row.label.clone())))
                .collect();
            let origins = sight.store().origins()?;
            List::slice(origins.into_iter().map(|origin| OriginRow::of(origin, &labels)), &paging)
        })
        .await?;
    Ok(Json(list))
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct OfDocument {
    /// Of this document.
    document: Option<String>,
}

/// Something that a document declares and does not show.
#[derive(Serialize, ToSchema)]
pub(crate) struct GapRow {
    /// The document.
    document: String,
    label: String,
    /// `hidden`, `redacted`, `truncated`, `unread`.
    kind: String,
    /// What is missing.
    what: String,
    /// How many; null when it is not said.
    count: Option<u64>,
    /// How many of the same are shown.
    shown: Option<u64>,
    /// Where the document says so.
    span: SpanRow,
}

/// A byte range of a document's text.
#[derive(Serialize, ToSchema)]
pub(crate) struct SpanRow {
    pub(crate) start: u32,
    pub(crate) end: u32,
}

/// What documents declare and do not show.
#[utoipa::path(get, path = "/api/v1/gaps", tag = "lists", params(OfDocument, Paging),
    responses((status = 200, body = List<GapRow>)))]
pub(crate) async fn gaps(
    State(app): State<App>,
    asker: Asker,
    Asked(of): Asked<OfDocument>,
    Asked(paging): Asked<Paging>,
) -> Answer<List<GapRow>> {
    let only = of.document.as_deref().map(document_id).transpose()?;
    let shared = app.clone();
    let list = app
        .read(&asker, move |sight| {
            let documents = shared.documents.get(sight, |_| rows(sight))?;
            let labels: BTreeMap<&str, &str> =
                documents.iter().map(|row| (row.id.as_str(), row.label.as_str())).collect();
            let gaps: Vec<_> = sight
                .store()
                .gaps()?
                .into_iter()
                .filter(|(id, _)| only.is_none_or(|only| only == *id))
                .collect();
            let row = |(id, gap): (DocumentId, lapwing_model::Gap)| {
                let document = id.to_string();
                GapRow {
                    label: labels.get(document.as_str()).copied().unwrap_or_default().to_owned(),
                    document,
                    kind: serde_json::to_value(gap.kind)
                        .ok()
                        .and_then(|kind| kind.as_str().map(str::to_owned))
                        .unwrap_or_default(),
                    what: gap.what,
                    count: gap.count,
                    shown: gap.shown,
                    span: SpanRow { start: gap.span.start, end: gap.span.end },
                }
            };
            List::slice(gaps.into_iter().map(row), &paging)
        })
        .await?;
    Ok(Json(list))
}
