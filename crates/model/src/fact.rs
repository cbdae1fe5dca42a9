use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{
    AnalyticConfidence, Basis, ClaimId, DocumentId, Entity, Likelihood, Marking, Object, OriginId,
    PartialDate, Period, Relation,
};

/// An Admiralty grade: reliability of the source (A–F) and credibility of what it says (1–6).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Admiralty {
    /// `A` (completely reliable) to `F` (cannot be judged).
    pub reliability: char,
    /// 1 (confirmed) to 6 (cannot be judged).
    pub credibility: u8,
}

impl fmt::Display for Admiralty {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.reliability, self.credibility)
    }
}

/// A document's place in an origin.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct OriginMember {
    /// The document.
    pub document: DocumentId,
    /// The member or outside source from which it derives; `None` for a root.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub derived_from: Option<String>,
    /// How sure the derivation is, 0 to 1; 1 for a root.
    pub probability: f64,
    /// Why, in words (`near-duplicate text, 0.93 of its passages`, `names it as its source`).
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub why: Option<String>,
    /// Grade of this member: a copy is graded below what it copies.
    pub grade: Admiralty,
}

/// The documents that go back to one observer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Origin {
    /// Its identifier, derived from its root.
    pub id: OriginId,
    /// Name for people: the observer and title or address of the root.
    pub label: String,
    /// Whether the root itself is in the store, or only documents that derive from it.
    pub root_seen: bool,
    /// Its members, roots first, then by date and identifier.
    pub members: Vec<OriginMember>,
}

/// What one origin adds to a fact.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Contribution {
    /// The origin.
    pub origin: OriginId,
    /// Whether it speaks for the statement; `false` when it denies it.
    pub supports: bool,
    /// The weight, 0 to 1: reliability × precision × stated confidence of its strongest claim.
    pub weight: f64,
    /// Reliability of the source, 0 to 1.
    pub reliability: f64,
    /// The extractor's precision, 0 to 1.
    pub precision: f64,
    /// Stated confidence, hedges counted in, 0 to 1.
    pub stated: f64,
    /// The strongest claim, which the weight is of.
    pub strongest: ClaimId,
    /// All claims of this origin on the statement, in order of identifier.
    pub claims: Vec<ClaimId>,
}

/// Whether an indicator may still be used to detect.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Status {
    /// Seen lately enough.
    Active,
    /// Losing its worth.
    Ageing,
    /// Too old to alert on alone.
    Expired,
    /// Taken back by its source.
    Revoked,
    /// On a list of what is legitimate.
    Benign,
    /// No date tells.
    Undated,
}

impl Status {
    /// The word for people and JSON.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Ageing => "ageing",
            Self::Expired => "expired",
            Self::Revoked => "revoked",
            Self::Benign => "benign",
            Self::Undated => "undated",
        }
    }
}

/// What the claims together say: a statement and how sure one may be of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Fact {
    /// Of what; names resolved.
    pub subject: Entity,
    /// The verb.
    pub relation: Relation,
    /// What; names resolved.
    pub object: Object,
    /// How probable, 0 to 1.
    pub probability: f64,
    /// How good the evidence is, apart from how probable the statement.
    pub confidence: AnalyticConfidence,
    /// The strongest basis: a prediction stays one until someone has seen it.
    pub basis: Basis,
    /// First and last seen, over all claims that date it.
    #[serde(skip_serializing_if = "Period::is_open", default)]
    pub period: Period,
    /// First and last publication that states it.
    #[serde(skip_serializing_if = "Period::is_open", default)]
    pub reported: Period,
    /// The strictest marking of the documents under it.
    pub marking: Marking,
    /// What each origin adds, supporters first, by falling weight.
    pub contributions: Vec<Contribution>,
    /// Points of doubt for the reader (`shared hosting`, `known-benign list …`, `only predicted`).
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub notes: Vec<String>,
}

impl Fact {
    /// The ICD-203 word for its probability.
    #[must_use]
    pub fn likelihood(&self) -> Likelihood {
        Likelihood::of(self.probability)
    }

    /// Number of origins that support it.
    #[must_use]
    pub fn origins_for(&self) -> usize {
        self.contributions.iter().filter(|c| c.supports).count()
    }

    /// Number of origins that deny it.
    #[must_use]
    pub fn origins_against(&self) -> usize {
        self.contributions.iter().filter(|c| !c.supports).count()
    }

    /// The last day on which it was seen or, failing that, reported.
    #[must_use]
    pub fn last_known(&self) -> Option<PartialDate> {
        self.period.last.or(self.period.first).or(self.reported.last).or(self.reported.first)
    }
}
