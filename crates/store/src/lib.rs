//! Documents, claims and facts in one SQLite file: transactions, undo, as-of, search.
#![deny(missing_docs)]

mod change;
mod error;
mod records;
mod store;

pub use change::Change;
pub use error::StoreError;
pub use records::{
    Added, ChangeRecord, DocumentRecord, EntityRecord, FactQuery, SearchHit, Snippet, StoredClaim,
    Undone,
};
pub use store::Store;
