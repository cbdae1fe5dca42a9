//! From whom a document has what it says: the graph of derivations, with the passages that show it.

use std::collections::BTreeSet;

use lapwing_fuse::{Derivation, copies, derivations, shared_passages, together};
use lapwing_model::{DocumentId, Entity, Origin, PartialDate, Role, Span};
use serde::Serialize;

use crate::shelf::Read;
use crate::{Engine, EngineError};

/// Shared values that are named of a derivation; the rest is counted.
const VALUES: usize = 12;
/// Derivations that are shown with their passages at most.
const DERIVATIONS: usize = 200;
/// Characters of a passage that are shown.
const PASSAGE: usize = 400;

/// A document with all that it was made from and all that was made from it.
#[derive(Clone, Debug, Serialize)]
pub struct Lineages {
    /// The document asked of.
    pub document: DocumentId,
    /// Its name for people.
    pub label: String,
    /// Who published it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
    /// When it was published.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub published: Option<PartialDate>,
    /// The origin that it belongs to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub origin: Option<Origin>,
    /// The derivations that hang together with it: its own before all others, so many at most.
    pub derivations: Vec<ShownDerivation>,
    /// How many there are in all.
    pub derivations_in_all: usize,
}

/// A derivation with what shows it.
#[derive(Clone, Debug, Serialize)]
pub struct ShownDerivation {
    /// What was made from what, how sure, and why.
    #[serde(flatten)]
    pub derivation: Derivation,
    /// Passages that both texts share, in order of place; none where one of them is not in the store.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub passages: Vec<SidedPassage>,
    /// Share of the copy's text that these passages make up, 0 to 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub share_of_text: Option<f64>,
    /// Number of indicators that both name.
    pub shared_values: usize,
    /// Some of them, the first in the text of the copy.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub values: Vec<Entity>,
}

/// A passage of the copy beside that of its source.
#[derive(Clone, Debug, Serialize)]
pub struct SidedPassage {
    /// Where it stands in the copy.
    pub child: Span,
    /// What stands there.
    pub child_text: String,
    /// Where it stands in the source.
    pub parent: Span,
    /// What stands there.
    pub parent_text: String,
    /// Share of its words that are the same, weighted by rarity.
    pub share: f64,
}

impl Engine {
    /// The derivations of a document: by identifier (its first digits), name, title or address.
    ///
    /// # Errors
    /// When no document, or more than one, is meant; or the store cannot be read.
    pub fn lineages(&self, asked: &str) -> Result<Lineages, EngineError> {
        let document = self.one_document(asked)?;
        let (traces, copies) = if self.store.has_leads()? {
            together(&mut Read(&self.store), document)?
        } else {
            // A view, or a store of an older program: nothing leads from one document to others.
            let traces = crate::add::read_traces(self.store.traces()?)?;
            let copies = copies(&traces);
            (traces, copies)
        };
        let mut found = derivations(&traces, &copies, document);
        let derivations_in_all = found.len();
        if found.len() > DERIVATIONS {
            // In a channel of thousands of posts that repeat each other: each of them is two texts.
            let of_others = |d: &Derivation| ![d.child, d.parent].contains(&Some(document));
            found.sort_by_key(|derivation| (of_others(derivation), !derivation.counts));
            found.truncate(DERIVATIONS);
        }
        let mut shown = Vec::new();
        for derivation in found {
            shown.push(self.shown(derivation)?);
        }
        let record = self.store.document_record(document)?;
        let record = record.map(|record| record.document);
        Ok(Lineages {
            document,
            label: record.as_ref().map_or_else(String::new, |d| d.label().to_owned()),
            source: record.as_ref().and_then(|d| d.source.clone()),
            published: record.as_ref().and_then(|d| d.published),
            origin: self.store.origin_of(document)?,
            derivations: shown,
            derivations_in_all,
        })
    }

    /// The one document that is meant.
    ///
    /// # Errors
    /// [`EngineError::Unknown`] with those that come near, when it is none or several.
    pub fn one_document(&self, asked: &str) -> Result<DocumentId, EngineError> {
        let found = self.store.find_documents(asked.trim())?;
        let exact = |d: &&lapwing_store::DocumentRecord| {
            let named = [Some(d.document.name.as_str()), d.document.title.as_deref()];
            named.into_iter().flatten().any(|name| name.eq_ignore_ascii_case(asked.trim()))
        };
        let meant: Vec<_> = match found.iter().filter(exact).collect::<Vec<_>>() {
            exact if exact.is_empty() => found.iter().collect(),
            exact => exact,
        };
        match meant[..] {
            [one] => Ok(one.document.id),
            _ => Err(EngineError::UnknownDocument {
                asked: asked.to_owned(),
                near: meant
                    .iter()
                    .take(6)
                    .map(|d| format!("{} ({})", d.document.id.short(), d.document.label()))
                    .collect(),
            }),
        }
    }

    fn shown(&self, derivation: Derivation) -> Result<ShownDerivation, EngineError> {
        let mut shown = ShownDerivation {
            derivation,
            passages: Vec::new(),
            share_of_text: None,
            shared_values: 0,
            values: Vec::new(),
        };
        let (Some(child), Some(parent)) = (shown.derivation.child, shown.derivation.parent) else {
            return Ok(shown);
        };
        let texts = (self.store.document(child)?, self.store.document(parent)?);
        let (Some(ours), Some(theirs)) = texts else { return Ok(shown) };
        let passages = shared_passages(&ours.text, &theirs.text);
        let covered: u32 = passages.iter().map(|p| p.child.end - p.child.start).sum();
        shown.share_of_text =
            Some((1e4 * f64::from(covered) / ours.text.len().max(1) as f64).round() / 1e4);
        shown.passages = passages
            .into_iter()
            .map(|passage| SidedPassage {
                child: passage.child,
                child_text: cut(&ours.text, passage.child),
                parent: passage.parent,
                parent_text: cut(&theirs.text, passage.parent),
                share: (passage.share * 1e4).round() / 1e4,
            })
            .collect();
        let theirs: BTreeSet<Entity> = self.indicators_of(parent)?.into_iter().collect();
        let mut seen = BTreeSet::new();
        let both: Vec<Entity> = self
            .indicators_of(child)?
            .into_iter()
            .filter(|value| theirs.contains(value) && seen.insert(value.clone()))
            .collect();
        shown.shared_values = both.len();
        shown.values = both.into_iter().take(VALUES).collect();
        Ok(shown)
    }

    /// The indicators of a document in the order of its text, repeats among them.
    fn indicators_of(&self, document: DocumentId) -> Result<Vec<Entity>, EngineError> {
        let claims = self.store.claims_of(document)?;
        let named = claims.into_iter().filter(|claim| claim.claim.role() == Some(Role::Indicator));
        Ok(named.map(|claim| claim.subject).collect())
    }
}

fn cut(text: &str, span: Span) -> String {
    let whole = text.get(span.range()).unwrap_or("");
    let joined = whole.split_whitespace().collect::<Vec<_>>().join(" ");
    match joined.char_indices().nth(PASSAGE) {
        Some((at, _)) => format!("{}…", &joined[..at]),
        None => joined,
    }
}
