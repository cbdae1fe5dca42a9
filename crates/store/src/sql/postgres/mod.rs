//! A store in a database of PostgreSQL: the way there, and SQLite's SQL in its words.

mod address;
mod dialect;
mod prepared;
mod session;
mod tls;
mod tokens;
mod value;
mod worker;

pub(crate) use address::{Address, shown};
pub(crate) use dialect::{Reference, Table, references, tables};
pub(crate) use prepared::{Prepared, Received, ReceivedRow};
pub(crate) use session::Session;
