use lapwing_extract::Extractor;
use lapwing_knowledge::Knowledge;
use lapwing_model::{Claim, Confidence, DocumentId, Gap, Kind, Problem, Relation, Role, Span};
use lapwing_read::{Item, Options};
use serde::Serialize;

use crate::add::{extend_with_found, in_order, read_input};
use crate::{EngineError, Input};

/// One value or name that stands in a document: a line of `lapwing extract --json`.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Extracted {
    /// The STIX object type.
    pub kind: Kind,
    /// Refanged and normalised.
    pub value: String,
    /// What the text says at `[start, end)`.
    pub raw: String,
    /// First byte in the extracted text.
    pub start: u32,
    /// One past the last byte.
    pub end: u32,
    /// The heading, column or category under which it stands.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub context: Option<String>,
    /// How sure that it is what `kind` and `role` say, 0 to 1.
    pub confidence: f64,
    /// Indicator, reference, victim, benign …
    pub role: Role,
    /// Why it is known to be legitimate, where it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub benign: Option<String>,
    /// Why it was judged so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
}

/// What one document says.
#[derive(Clone, Debug)]
pub struct Extraction {
    /// Name of the document as given.
    pub name: String,
    /// Its identifier.
    pub document: DocumentId,
    /// Its title.
    pub title: Option<String>,
    /// Values and names, in order of start.
    pub values: Vec<Extracted>,
    /// All other claims, in order of start.
    pub relations: Vec<Claim>,
    /// What it declares and does not show.
    pub gaps: Vec<Gap>,
    /// The text that spans point into.
    pub text: String,
}

/// Reads one input and says what it states, without a store.
///
/// Documents are handed to `out` one by one as they are read; returns what could not be read.
pub fn extract(
    input: &Input,
    options: &Options,
    knowledge: &Knowledge,
    out: &mut dyn FnMut(Extraction) -> Result<(), EngineError>,
) -> Result<Vec<Problem>, EngineError> {
    let extractor = Extractor::new(knowledge);
    let mut problems = Vec::new();
    let mut result = Ok(());
    read_input(input, options, &mut |item| match item {
        Item::Problem(problem) => problems.push(problem),
        Item::Reading(mut reading) => {
            if result.is_err() {
                return;
            }
            extend_with_found(&mut reading, &extractor);
            let text = std::mem::take(&mut reading.document.text);
            let (mentions, relations): (Vec<_>, Vec<_>) = in_order(reading.claims)
                .into_iter()
                .partition(|claim| claim.relation == Relation::Role);
            result = out(Extraction {
                name: reading.document.name,
                document: reading.document.id,
                title: reading.document.title,
                values: mentions
                    .into_iter()
                    .filter_map(|claim| extracted(claim, &text, knowledge))
                    .collect(),
                relations,
                gaps: reading.gaps,
                text,
            });
        }
    });
    result.map(|()| problems)
}

fn extracted(claim: Claim, text: &str, knowledge: &Knowledge) -> Option<Extracted> {
    let role = claim.role()?;
    let benign = claim
        .subject
        .kind
        .is_observable()
        .then(|| knowledge.benign(&claim.subject))
        .flatten()
        .map(|benign| benign.list);
    let stated = claim.stated.unwrap_or(Confidence::FULL).probability();
    Some(Extracted {
        raw: shown_at(claim.span, text).to_owned(),
        kind: claim.subject.kind,
        value: claim.subject.value,
        start: claim.span.start,
        end: claim.span.end,
        context: claim.context,
        confidence: (claim.precision.probability() * stated * 1e4).round() / 1e4,
        role,
        benign,
        why: claim.why,
    })
}

fn shown_at(span: Span, text: &str) -> &str {
    span.slice(text).unwrap_or("")
}
