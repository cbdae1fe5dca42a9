//! One connection, to a file of SQLite or to a database of PostgreSQL, that speaks as `rusqlite`
//! does: the rest of the store is written once.
//!
//! The SQL is SQLite's. For PostgreSQL [`postgres`] translates what differs; where a statement
//! cannot be the same, [`Connection::is_postgres`] tells the two apart.

mod bulk;
mod connection;
mod error;
mod params;
pub(crate) mod postgres;
mod statement;

pub(crate) use bulk::Bulk;
pub(crate) use connection::Connection;
pub(crate) use error::{Error, OptionalExtension, PostgresError};
pub(crate) use params::{Params, params_from_iter};
pub(crate) use postgres::ReceivedRow;
pub(crate) use rusqlite::{params, types};
pub(crate) use statement::{CachedStatement, Row};
