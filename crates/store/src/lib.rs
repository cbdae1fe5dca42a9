//! Documents, claims and facts in one SQLite file: transactions, undo, as-of, search.
#![deny(missing_docs)]
