use std::collections::BTreeMap;

use lapwing_model::{
    Admiralty, Basis, ClaimId, DocumentId, Entity, Fact, Format, Gap, Lineage, Marking, Origin,
    OriginId, PartialDate, Polarity, Span, Status,
};

/// Everything a page is made of, gathered by the engine. Pure data.
#[derive(Clone, Debug, PartialEq)]
pub struct Picture {
    /// What the page is about.
    pub subject: Entity,
    /// What the reader asked for, as typed.
    pub asked: String,
    /// The day on which the page is made.
    pub today: PartialDate,
    /// The past day whose picture this is; `None` for the present one.
    pub as_of: Option<PartialDate>,
    /// The facts about the subject and what hangs on it.
    pub facts: Vec<Fact>,
    /// The origins behind the facts, of further documents too.
    pub origins: Vec<Origin>,
    /// The documents behind the facts.
    pub documents: Vec<DocumentSummary>,
    /// Documents that are not about the subject, and state a fact of this page as well.
    pub further: Vec<DocumentSummary>,
    /// What these documents declare and do not show.
    pub gaps: Vec<(DocumentId, Gap)>,
    /// The evidence of the claims, as text.
    pub quotes: BTreeMap<ClaimId, Quote>,
    /// Entities that could be taken for one and are not shown to be.
    pub distinct: Vec<Distinct>,
    /// Ambiguous names with what each may mean.
    pub candidates: Vec<(Entity, Vec<String>)>,
    /// Status of each fact's subject, parallel to `facts`; means something for indicators only.
    pub statuses: Vec<Status>,
}

impl Picture {
    /// Makes a picture with nothing known of its subject.
    pub fn new(subject: Entity, asked: impl Into<String>, today: PartialDate) -> Self {
        Self {
            subject,
            asked: asked.into(),
            today,
            as_of: None,
            facts: Vec::new(),
            origins: Vec::new(),
            documents: Vec::new(),
            further: Vec::new(),
            gaps: Vec::new(),
            quotes: BTreeMap::new(),
            distinct: Vec::new(),
            candidates: Vec::new(),
            statuses: Vec::new(),
        }
    }
}

/// What a page tells of one document.
#[derive(Clone, Debug, PartialEq)]
pub struct DocumentSummary {
    /// Hash of its bytes.
    pub id: DocumentId,
    /// Title or file name.
    pub label: String,
    /// Who published it.
    pub source: Option<String>,
    /// What it was read as.
    pub format: Format,
    /// When it was published.
    pub published: Option<PartialDate>,
    /// Who may see it; `None` when it does not say.
    pub marking: Option<Marking>,
    /// Where it was published.
    pub url: Option<String>,
    /// Properties that it states of itself (`threat-level`, `tag` …).
    pub properties: Vec<(String, String)>,
    /// What it says it was made from.
    pub lineage: Vec<Lineage>,
    /// The origin that it goes back to.
    pub origin: OriginId,
    /// Grade of the document.
    pub grade: Admiralty,
    /// Why it is part of this page, in words; empty for further documents.
    pub why_included: String,
}

/// The evidence of one claim.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Quote {
    /// Where it stands.
    pub document: DocumentId,
    /// The evidence in the document's text, without the context.
    pub span: Span,
    /// The evidence with a little context, shortened.
    pub text: String,
    /// Whom the document quotes for it.
    pub said_by: Option<String>,
    /// The source's own word for how sure it is.
    pub stated_word: Option<String>,
    /// Asserted, hedged or denied.
    pub polarity: Polarity,
    /// Seen, judged or predicted.
    pub basis: Basis,
}

/// Two entities that could be taken for one and are not shown to be.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Distinct {
    /// One.
    pub a: Entity,
    /// The other.
    pub b: Entity,
    /// Why they are kept apart, in words.
    pub why: String,
}
