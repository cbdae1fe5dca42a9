//! One INSERT for many rows.

use rusqlite::ToSql;
use rusqlite::types::Value;

use super::error::Error;
use super::params::owned;
use super::postgres::Session;

/// Rows that go to the server in one go; so many fill a message, and more gain nothing.
const ROWS: usize = 4096;

/// Bytes after which they go even when they are fewer.
const BYTES: usize = 4 << 20;

/// Takes the rows of one INSERT. SQLite has each at once; PostgreSQL gets many in one message, and
/// the last of them with [`Bulk::finish`].
pub(crate) enum Bulk<'c> {
    /// To SQLite.
    Sqlite { statement: rusqlite::CachedStatement<'c>, changed: usize },
    /// To PostgreSQL: the values by column.
    Postgres {
        session: &'c Session,
        sql: String,
        columns: Vec<Vec<Value>>,
        bytes: usize,
        changed: usize,
    },
}

impl<'c> Bulk<'c> {
    pub(super) fn sqlite(statement: rusqlite::CachedStatement<'c>) -> Self {
        Self::Sqlite { statement, changed: 0 }
    }

    pub(super) fn postgres(session: &'c Session, sql: &str) -> Self {
        let sql = sql.to_owned();
        Self::Postgres { session, sql, columns: Vec::new(), bytes: 0, changed: 0 }
    }

    /// Adds a row; tells whether it changed something, where that is known at once.
    pub(crate) fn push(&mut self, row: &[&dyn ToSql]) -> Result<Option<usize>, Error> {
        match self {
            Self::Sqlite { statement, changed } => {
                let now = statement.execute(row)?;
                *changed += now;
                Ok(Some(now))
            }
            Self::Postgres { columns, bytes, .. } => {
                columns.resize_with(row.len(), Vec::new);
                for (column, value) in columns.iter_mut().zip(row) {
                    let value = owned(*value)?;
                    *bytes += match &value {
                        Value::Text(text) => text.len(),
                        Value::Blob(blob) => blob.len(),
                        _ => 8,
                    };
                    column.push(value);
                }
                let rows = columns.first().map_or(0, Vec::len);
                if rows >= ROWS || *bytes >= BYTES {
                    self.send()?;
                }
                Ok(None)
            }
        }
    }

    fn send(&mut self) -> Result<(), Error> {
        if let Self::Postgres { session, sql, columns, bytes, changed } = self
            && !columns.is_empty()
        {
            *bytes = 0;
            *changed += session.insert_columns(sql, std::mem::take(columns))?;
        }
        Ok(())
    }

    /// Sees to it that all rows are there; tells how many were changed.
    pub(crate) fn finish(mut self) -> Result<usize, Error> {
        self.send()?;
        match self {
            Self::Sqlite { changed, .. } | Self::Postgres { changed, .. } => Ok(changed),
        }
    }
}
