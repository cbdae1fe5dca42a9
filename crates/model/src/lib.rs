//! The words of Lapwing as types. No I/O, no clock, no environment.
//!
//! A [`Document`] is one fetched thing with its extracted text. What it states is kept as
//! [`Claim`]s, each tied to a [`Span`] of that text; what it declares and does not show is a
//! [`Gap`]. Claims of many documents are combined, by origin, into [`Fact`]s.
//!
//! ```
//! use lapwing_model::{Claim, Entity, Kind, Role, Span};
//!
//! let text = "C2: 192.0.2.7";
//! let claim = Claim::mention(Entity::new(Kind::Ipv4Addr, "192.0.2.7"), Role::Indicator, Span::new(4, 13));
//! assert_eq!(claim.span.slice(text), Some("192.0.2.7"));
//! assert_eq!(claim.subject.key(), "ipv4-addr:192.0.2.7");
//! ```
#![deny(missing_docs)]

mod claim;
mod confidence;
mod date;
mod document;
mod fact;
mod finding;
mod fit;
mod gap;
mod id;
mod kind;
mod marking;
mod problem;
pub mod registry;
mod scale;
mod span;
pub mod wallet;

pub use claim::{Basis, Claim, Object, Polarity, Relation, Role};
pub use confidence::{AnalyticConfidence, Confidence, Likelihood};
pub use date::{DateError, PartialDate, Period};
pub use document::{Document, Format, Lineage, LineageKind, Reading, Region, RegionKind};
pub use fact::{Admiralty, Contribution, Fact, Origin, OriginMember, Status};
pub use finding::{
    Coverage, Finding, FindingKind, LookedFor, NotLookedAt, Place, Proof, Severity, Verdict,
    VerdictKind,
};
pub use gap::{Gap, GapKind};
pub use id::{ChangeId, ClaimId, DocumentId, IdError, OriginId};
pub use kind::{Entity, Kind, KindError};
pub use marking::{Marking, MarkingError, Pap};
pub use problem::{Problem, ProblemKind};
pub use span::Span;
