//! Documents, claims and facts in one SQLite file, or in a database of PostgreSQL: transactions,
//! undo, as-of, search.
//!
//! A [`Store`] answers questions; a [`Change`] is one transaction that adds documents with
//! their claims, takes earlier changes back, and keeps the facts that the caller derives.
//! Claims are only ever added; facts and origins are derived and replaced.
//!
//! ```
//! use lapwing_model::{Claim, Document, Entity, Format, Kind, Reading, Role, Span};
//! use lapwing_store::{Added, Store};
//!
//! # fn main() -> Result<(), lapwing_store::StoreError> {
//! let mut store = Store::in_memory()?;
//! let raw = b"C2: 192.0.2.7".to_vec();
//! let text = String::from("C2: 192.0.2.7");
//! let mut reading = Reading::new(Document::new(&raw, "note.txt", Format::Text, text), raw);
//! let address = Entity::new(Kind::Ipv4Addr, "192.0.2.7");
//! reading.claims.push(Claim::mention(address, Role::Indicator, Span::new(4, 13)));
//!
//! let mut change = store.begin("add note.txt", "2021-03-02T10:00:00Z".parse().unwrap())?;
//! assert_eq!(change.add(&reading, b"", &Clone::clone)?, Added::New);
//! change.commit()?;
//! assert_eq!(store.claims_of(reading.document.id)?.len(), 1);
//! # Ok(())
//! # }
//! ```
#![deny(missing_docs)]

#[cfg(test)]
extern crate self as lapwing_store;
#[cfg(test)]
#[path = "../tests/common/mod.rs"]
mod common;

mod accounts;
mod aging;
mod agreements;
mod as_of;
mod backup;
mod below;
mod blobs;
mod by_status;
mod change;
mod claims;
mod codec;
mod coming;
mod decisions;
mod deriving;
mod digest;
mod document_standings;
mod documents;
mod entities;
mod error;
mod exchange;
mod facts;
mod feeds;
mod fusing;
mod held;
mod history;
mod inherit;
mod judgements;
mod listing;
mod marks;
mod mentions;
mod names;
mod names_server;
mod near;
mod origins;
mod packed;
mod pages;
mod records;
mod regions;
mod roomy;
mod schema;
mod search;
mod search_server;
mod server;
mod sessions;
mod shelf;
mod spelling;
mod sql;
mod standing;
mod store;
mod told;
mod transfer;
mod turns;
mod weighed;

pub use accounts::{Account, ApiKey, AuditEntry, AuditQuery, Webhook};
pub use aging::{Aging, day_number};
pub use agreements::Voiced;
pub use backup::Copied;
pub use below::Followed;
pub use change::Change;
pub use coming::{Came, Statement, ToldFact, Turn, TurnQuery};
pub use deriving::{AgeOf, FuseWith};
pub use document_standings::StandingRecord;
pub use error::StoreError;
pub use exchange::{SharedObject, SharedQuery, SharedRecord, SpecMatch, VersionMatch};
pub use feeds::{Feed, FeedSettings, FeedState};
pub use listing::{IndicatorOrder, IndicatorPlace, IndicatorQuery, ListedIndicator, Totals};
pub use marks::{ClaimMarks, DocumentMark, MarkRecord, PlacedDocument};
pub use mentions::{COUNTED, Post};
pub use packed::Packed;
pub use records::{
    Added, ChangeRecord, DocumentRecord, EntityRecord, FactQuery, Fused, Gathered, JudgementRecord,
    Kept, KnownValue, SearchHit, Snippet, StoredClaim, Undone,
};
pub use sessions::StoredSession;
pub use shelf::{CopyRecord, MarkerRow, Shelf};

pub use store::Store;
pub use turns::TURN;
