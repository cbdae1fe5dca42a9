use axum::Json;
use axum::extract::State;
use lapwing_engine::{ShownDerivation, SidedPassage};
use lapwing_model::{DocumentId, Span};
use serde::Serialize;
use utoipa::ToSchema;

use crate::app::App;
use crate::asker::Asker;
use crate::input::Named;
use crate::problem::Problem;
use crate::routes::Answer;
use crate::routes::documents::{document_id, origin_row};
use crate::routes::search::EntityName;
use crate::routes::sources::{OriginRow, SpanRow};

/// The origin of a document, with what shows that one was made from another.
#[derive(Serialize, ToSchema)]
pub(crate) struct DocumentOrigin {
    #[serde(flatten)]
    row: OriginRow,
    /// The derivations that hang together with the document, those that count first; 200 at most, its
    /// own before all others.
    derivations: Vec<DerivationRow>,
    /// How many there are in all.
    derivations_total: usize,
}

/// A document that was made from another one, or from what is not in the store.
#[derive(Serialize, ToSchema)]
pub(crate) struct DerivationRow {
    /// What was made; null for an outside source that names its own.
    child: Option<String>,
    child_label: String,
    /// What it was made from; null for what is not in the store.
    parent: Option<String>,
    parent_label: String,
    /// How sure that is.
    probability: f64,
    why: String,
    /// Whether it is the derivation that the origin goes by.
    counts: bool,
    /// Share of the copy's text that the passages make up.
    share_of_text: Option<f64>,
    /// Passages that both texts share, in order of place.
    passages: Vec<PassageRow>,
    /// Indicators that both name.
    shared_values: usize,
    /// Some of them.
    values: Vec<EntityName>,
}

/// A passage of the copy beside that of its source.
#[derive(Serialize, ToSchema)]
pub(crate) struct PassageRow {
    child: SpanRow,
    child_text: String,
    parent: SpanRow,
    parent_text: String,
    /// Share of its words that are the same, weighted by rarity.
    share: f64,
}

/// Passages of one derivation at most.
const MOST_PASSAGES: usize = 100;

fn span(span: Span) -> SpanRow {
    SpanRow { start: span.start, end: span.end }
}

impl From<SidedPassage> for PassageRow {
    fn from(passage: SidedPassage) -> Self {
        Self {
            child: span(passage.child),
            child_text: passage.child_text,
            parent: span(passage.parent),
            parent_text: passage.parent_text,
            share: passage.share,
        }
    }
}

impl From<ShownDerivation> for DerivationRow {
    fn from(shown: ShownDerivation) -> Self {
        let of = shown.derivation;
        let id = |id: Option<DocumentId>| id.map(|id| id.to_string());
        Self {
            child: id(of.child),
            child_label: of.child_label,
            parent: id(of.parent),
            parent_label: of.parent_label,
            probability: of.probability,
            why: of.why,
            counts: of.counts,
            share_of_text: shown.share_of_text,
            passages: shown
                .passages
                .into_iter()
                .take(MOST_PASSAGES)
                .map(PassageRow::from)
                .collect(),
            shared_values: shown.shared_values,
            values: shown.values.into_iter().map(EntityName::from).collect(),
        }
    }
}

/// Which documents go back to the same observer as this one, and why that is thought: the shared
/// passages side by side.
#[utoipa::path(get, path = "/api/v1/documents/{id}/origin", tag = "documents",
    params(("id" = String, Path, description = "32 hexadecimal digits")),
    responses((status = 200, body = DocumentOrigin)))]
pub(crate) async fn document_origin(
    State(app): State<App>,
    asker: Asker,
    Named(id): Named<String>,
) -> Answer<DocumentOrigin> {
    let id = document_id(&id)?;
    let of = app
        .read(&asker, move |sight| {
            let unknown = || Problem::unknown(format!("there is no document `{id}`"));
            let origin = sight.store().origin_of(id)?.ok_or_else(unknown)?;
            let row = origin_row(sight, origin)?;
            let lineages = sight.lineages(&id.to_string())?;
            let derivations_total = lineages.derivations_in_all;
            let mut derivations = lineages.derivations;
            derivations.sort_by_key(|shown| !shown.derivation.counts);
            let derivations = derivations.into_iter().map(DerivationRow::from).collect();
            Ok(DocumentOrigin { row, derivations, derivations_total })
        })
        .await?;
    Ok(Json(of))
}
