//! The connection: to a file, or to a server.

use std::time::Duration;

use super::bulk::Bulk;
use super::error::Error;
use super::params::Params;
use super::postgres::Session;
use super::statement::{CachedStatement, Row, Statement};

/// A connection of either kind; its methods are those of `rusqlite`.
#[expect(clippy::large_enum_variant, reason = "there are few, and each is used for long")]
pub(crate) enum Connection {
    /// To a file, or to memory.
    Sqlite(rusqlite::Connection),
    /// To a server.
    Postgres(Session),
}

impl Connection {
    /// Whether a statement goes to PostgreSQL: for the few that cannot be the same.
    pub(crate) fn is_postgres(&self) -> bool {
        matches!(self, Self::Postgres(_))
    }

    /// The session with PostgreSQL, where it is one.
    pub(crate) fn postgres(&self) -> Option<&Session> {
        match self {
            Self::Sqlite(_) => None,
            Self::Postgres(session) => Some(session),
        }
    }

    /// A statement to be run once.
    pub(crate) fn prepare(&self, sql: &str) -> Result<Statement<'_>, Error> {
        match self {
            Self::Sqlite(conn) => Ok(Statement::Once(conn.prepare(sql)?)),
            Self::Postgres(session) => Ok(Statement::Postgres(session.prepare(sql)?)),
        }
    }

    /// A statement that is kept to be run again.
    pub(crate) fn prepare_cached(&self, sql: &str) -> Result<CachedStatement<'_>, Error> {
        match self {
            Self::Sqlite(conn) => Ok(Statement::Kept(conn.prepare_cached(sql)?)),
            Self::Postgres(session) => Ok(Statement::Postgres(session.prepare(sql)?)),
        }
    }

    /// Runs a statement; tells how many rows it changed.
    pub(crate) fn execute(&self, sql: &str, params: impl Params) -> Result<usize, Error> {
        self.prepare(sql)?.execute(params)
    }

    /// Runs statements one after the other.
    pub(crate) fn execute_batch(&self, sql: &str) -> Result<(), Error> {
        match self {
            Self::Sqlite(conn) => Ok(conn.execute_batch(sql)?),
            Self::Postgres(session) => session.execute_batch(sql),
        }
    }

    /// The one row of a query.
    pub(crate) fn query_row<T>(
        &self,
        sql: &str,
        params: impl Params,
        read: impl FnOnce(&Row<'_>) -> Result<T, Error>,
    ) -> Result<T, Error> {
        self.prepare(sql)?.query_row(params, read)
    }

    /// Runs one INSERT for many rows: each at once in SQLite, many in one go in PostgreSQL.
    pub(crate) fn bulk(&self, sql: &str) -> Result<Bulk<'_>, Error> {
        match self {
            Self::Sqlite(conn) => Ok(Bulk::sqlite(conn.prepare_cached(sql)?)),
            Self::Postgres(session) => Ok(Bulk::postgres(session, sql)),
        }
    }

    /// Whether no transaction is open.
    pub(crate) fn is_autocommit(&self) -> bool {
        match self {
            Self::Sqlite(conn) => conn.is_autocommit(),
            Self::Postgres(session) => !session.in_transaction(),
        }
    }

    /// How long to wait for another writer.
    pub(crate) fn busy_timeout(&self, patience: Duration) -> Result<(), Error> {
        match self {
            Self::Sqlite(conn) => Ok(conn.busy_timeout(patience)?),
            Self::Postgres(session) => {
                session.set_patience(patience);
                Ok(())
            }
        }
    }

    /// A number that is another after any commit of another connection.
    pub(crate) fn data_version(&self) -> Result<i64, Error> {
        let sql = match self {
            Self::Sqlite(_) => "PRAGMA data_version",
            Self::Postgres(_) => "SELECT commits FROM lapwing_store",
        };
        self.prepare_cached(sql)?.query_row([], |row| row.get(0))
    }

    /// Whether there is a table of this name: a store of an older schema that is only read has not
    /// all of them.
    pub(crate) fn has_table(&self, name: &str) -> Result<bool, Error> {
        match self {
            // Asked for every value that is looked up: a statement that is kept costs nothing, where
            // the schema would be gone through. No table is ever dropped.
            Self::Sqlite(conn) => {
                match conn.prepare_cached(&format!("SELECT 1 FROM main.{name} LIMIT 0")) {
                    Ok(_) => Ok(true),
                    Err(error) if error.to_string().contains("no such table") => Ok(false),
                    Err(error) => Err(error.into()),
                }
            }
            Self::Postgres(_) => {
                let sql = "SELECT 1 FROM pg_class c \
                     JOIN pg_namespace s ON s.oid = c.relnamespace \
                     WHERE s.nspname = current_schema() AND c.relkind = 'r' AND c.relname = ?1";
                self.prepare_cached(sql)?.exists([name])
            }
        }
    }
}
