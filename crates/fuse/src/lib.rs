//! Claims to facts: names, origins, confidence. Pure.
#![deny(missing_docs)]
#![expect(clippy::unused_self, clippy::needless_pass_by_value, reason = "skeleton")]

use lapwing_knowledge::Knowledge;
use lapwing_model::{
    Claim, ClaimId, DocumentId, Entity, Fact, Object, Origin, PartialDate, Reading, Status,
};
use serde::Serialize;

/// Bytes that are no trace.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FuseError {
    /// Written by another version of the format.
    #[error("the trace has version {0}")]
    Version(u8),
    /// Too short, too long, or not what the format says.
    #[error("the trace is damaged: {0}")]
    Damaged(&'static str),
}

/// Names to canonical entities, through aliases.
#[derive(Debug)]
pub struct Resolver<'k> {
    _knowledge: &'k Knowledge,
}

/// One of several things that a name may mean.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Candidate {
    /// What it may mean.
    pub entity: Entity,
    /// Identifier in the reference data (`G0125`).
    pub id: String,
    /// Why it is a candidate, in words.
    pub why: String,
}

impl<'k> Resolver<'k> {
    /// Makes a resolver over the reference data.
    pub fn new(knowledge: &'k Knowledge) -> Self {
        Self { _knowledge: knowledge }
    }
    /// The canonical entity.
    pub fn canonical(&self, entity: &Entity) -> Entity {
        entity.clone()
    }
    /// Every thing an ambiguous name may mean.
    pub fn candidates(&self, _entity: &Entity) -> Vec<Candidate> {
        Vec::new()
    }
}

/// What origins need to know of a document.
#[derive(Clone, Debug, PartialEq)]
pub struct Trace;

impl Trace {
    /// Takes the trace of a reading.
    pub fn of(_reading: &Reading) -> Trace {
        Trace
    }
    /// As compact bytes.
    pub fn to_bytes(&self) -> Vec<u8> {
        Vec::new()
    }
    /// From [`Self::to_bytes`].
    pub fn from_bytes(_bytes: &[u8]) -> Result<Trace, FuseError> {
        Ok(Trace)
    }
}

/// Groups documents by the observer they go back to.
pub fn origins(_traces: &[Trace]) -> Vec<Origin> {
    Vec::new()
}

/// One visible claim, with its names resolved.
#[derive(Clone, Copy, Debug)]
pub struct Evidence<'a> {
    /// The claim's identifier.
    pub id: ClaimId,
    /// The document that makes it.
    pub document: DocumentId,
    /// The claim as it was made.
    pub claim: &'a Claim,
    /// Its subject, resolved.
    pub subject: &'a Entity,
    /// Its object, resolved.
    pub object: &'a Object,
}

/// Context of a fusion.
#[derive(Debug)]
pub struct Fusion<'a> {
    _context: (&'a Knowledge, &'a [Trace], &'a [Origin]),
}

impl<'a> Fusion<'a> {
    /// Makes a context of all traces and their origins.
    pub fn new(knowledge: &'a Knowledge, traces: &'a [Trace], origins: &'a [Origin]) -> Self {
        Self { _context: (knowledge, traces, origins) }
    }
    /// Fuses all visible claims of one statement; `None` when there is none.
    pub fn fuse(&self, _claims: &[Evidence<'_>]) -> Option<Fact> {
        None
    }
}

/// The arithmetic of a fact as structured steps; `Display` gives the text.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Explanation {
    /// The statement in words.
    pub statement: String,
}

/// Explains a fact from the claims it was fused from.
pub fn explain(fact: &Fact, _fusion: &Fusion<'_>, _claims: &[Evidence<'_>]) -> Explanation {
    Explanation { statement: format!("{} {} {}", fact.subject, fact.relation, fact.object) }
}

/// Two names that nothing shows to be the same.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Distinct {
    /// The first by order.
    pub a: Entity,
    /// The second.
    pub b: Entity,
    /// Why, in words.
    pub reason: String,
}

/// Pairs of actors or clusters of one picture that nothing shows to be the same.
pub fn not_shown_same(_names: &[Entity], _facts: &[Fact], _k: &Knowledge) -> Vec<Distinct> {
    Vec::new()
}

/// Whether an indicator may still be used to detect, on the day `today`.
pub fn status(_fact: &Fact, _today: PartialDate) -> Status {
    Status::Undated
}
