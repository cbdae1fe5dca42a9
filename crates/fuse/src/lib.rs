//! Claims to facts: names, origins, confidence. Pure: no I/O, no clock, and the order in which
//! documents and claims arrive never matters.
//!
//! A [`Resolver`] maps names to canonical entities. A [`Trace`] is the little that [`origins`]
//! needs to know of a document to tell originals from copies; [`follow`] keeps them up to date as documents
//! come and go. A [`Fusion`] combines the claims
//! of one statement into its fact; [`explain`] shows the arithmetic.
//!
//! ```
//! use lapwing_fuse::{Evidence, Fusion, Trace, origins};
//! use lapwing_knowledge::Knowledge;
//! use lapwing_model::{Claim, Document, Entity, Format, Kind, Reading, Role, Span};
//!
//! let text = "C2: 192.0.2.7";
//! let mut document = Document::new(text.as_bytes(), "alert.txt", Format::Text, text.into());
//! document.source = Some("CISA".into());
//! let mut reading = Reading::new(document, text.into());
//! let address = Entity::new(Kind::Ipv4Addr, "192.0.2.7");
//! reading.claims.push(Claim::mention(address, Role::Indicator, Span::new(4, 13)));
//!
//! let traces = [Trace::of(&reading)];
//! let origins = origins(&traces);
//! let claim = &reading.claims[0];
//! let evidence = Evidence {
//!     id: claim.id(reading.document.id),
//!     document: reading.document.id,
//!     claim,
//!     subject: &claim.subject,
//!     object: &claim.object,
//! };
//! let fusion = Fusion::new(Knowledge::builtin(), &traces, &origins);
//! let fact = fusion.fuse(&[evidence]).unwrap();
//! assert_eq!(fact.origins_for(), 1);
//! assert!(fact.probability > 0.7 && fact.probability < 1.0);
//! ```
#![deny(missing_docs)]

mod address;
mod agreement;
mod anchors;
mod boilerplate;
mod by_origin;
mod calibration;
mod cluster;
mod context;
mod copied;
mod decided;
mod derivation;
mod distinct;
mod error;
mod explain;
mod features;
mod follow;
mod fusion;
mod kept;
mod language;
mod learnt;
mod likeness;
mod links;
mod malformed;
mod markers;
mod name;
mod origin;
mod passages;
mod precedence;
mod registrant;
mod related;
mod reliability;
mod salient;
mod shared;
mod sketch;
mod standing;
mod status;
mod trace;
mod witness;

#[cfg(test)]
mod testing;

pub use address::canonical_url;
pub use agreement::{Agreement, ClaimType, NoAgreement, Vote, depth_of};
pub use calibration::Calibration;
pub use cluster::{
    Activity, ActivityCluster, Bond, Bonds, Cluster, ClusterEvent, Naming, activities_in_order,
};
pub use context::{Context, Meant, decide, naming_vendor};
pub use copied::Copied;
pub use decided::ClusterDecisions;
pub use distinct::{Distinct, not_shown_same};
pub use error::FuseError;
pub use explain::{Explanation, OriginStep, explain};
pub use features::{Mark, feature_names, is_seen, marks};
pub use follow::{Filing, Followed, Shelf, follow, together};
pub use fusion::{Evidence, Fusing, Fusion};
pub use learnt::{Record, Reliabilities, believed, sampled_from};
pub use likeness::{COPIED, Likeness};
pub use links::Link;
pub use markers::HEADS;
pub use name::{Candidate, Resolver};
pub use origin::{Derivation, copies, derivations, origins, origins_with};
pub use passages::{Passage, shared_passages};
pub use precedence::Precedence;
pub use registrant::is_registrant;
pub use reliability::SourceClass;
pub use shared::{Held, Taking};
pub use standing::{Standing, source_key, standings};
pub use status::{is_shared, pace_of, set_aside};
pub use trace::Trace;
pub use witness::combine;
