//! A statement of PostgreSQL, and the rows that came.

use std::cell::OnceCell;
use std::collections::BTreeMap;
use std::sync::Arc;

use postgres::Row;
use rusqlite::types::{FromSql, Value, ValueRef};

use super::session::{Known, Session};
use super::value::Came;
use crate::sql::error::{Error, PostgresError};

/// Rows that a stream fetches at once.
const PORTION: usize = 2000;

/// A statement that the server knows.
pub(crate) struct Prepared<'c> {
    pub(super) session: &'c Session,
    pub(super) sql: String,
    pub(super) known: Arc<Known>,
}

impl<'c> Prepared<'c> {
    pub(crate) fn execute(&self, values: Vec<Value>) -> Result<usize, Error> {
        self.fits(&values)?;
        self.session.execute(&self.sql, values)
    }

    pub(crate) fn insert(&self, values: Vec<Value>) -> Result<i64, Error> {
        self.fits(&values)?;
        let key = self.session.key_of(&self.sql)?;
        let returning = self.session.prepare(&format!("{} RETURNING {key}", self.sql))?;
        let mut rows = returning.query(values)?;
        match rows.next()? {
            Some(row) => row.get(0),
            None => Err(rusqlite::Error::StatementChangedRows(0).into()),
        }
    }

    pub(crate) fn query(&self, values: Vec<Value>) -> Result<Received<'c>, Error> {
        self.fits(&values)?;
        Ok(Received::whole(self.session.query(&self.sql, values)?))
    }

    pub(crate) fn stream(&self, values: Vec<Value>) -> Result<Received<'c>, Error> {
        self.fits(&values)?;
        let name = self.session.declare(&self.sql, values)?;
        let cursor = Cursor { session: self.session, name, ended: false };
        Ok(Received { rows: Vec::new().into_iter(), now: None, fresh: true, cursor: Some(cursor) })
    }

    pub(crate) fn columns(&self) -> Vec<String> {
        self.known.statement.columns().iter().map(|column| column.name().to_owned()).collect()
    }

    fn fits(&self, values: &[Value]) -> Result<(), Error> {
        let wanted = self.known.statement.params().len();
        if values.len() == wanted {
            return Ok(());
        }
        Err(rusqlite::Error::InvalidParameterCount(values.len(), wanted).into())
    }
}

/// Rows that came, or come in portions.
pub(crate) struct Received<'c> {
    rows: std::vec::IntoIter<ReceivedRow>,
    now: Option<ReceivedRow>,
    fresh: bool,
    cursor: Option<Cursor<'c>>,
}

impl Received<'_> {
    pub(super) fn whole(rows: Vec<Row>) -> Self {
        Self { rows: received(rows), now: None, fresh: true, cursor: None }
    }

    /// The rows that came and are not read yet.
    pub(crate) fn waiting(&self) -> &[ReceivedRow] {
        self.rows.as_slice()
    }

    /// All rows that came.
    pub(crate) fn all(self) -> Vec<ReceivedRow> {
        self.rows.collect()
    }

    /// Whether rows came that none of is read yet.
    pub(crate) fn is_at_portion(&mut self) -> Result<bool, Error> {
        self.fill()?;
        Ok(std::mem::replace(&mut self.fresh, false))
    }

    fn fill(&mut self) -> Result<(), Error> {
        if self.rows.as_slice().is_empty()
            && let Some(cursor) = &mut self.cursor
        {
            self.rows = received(cursor.fetch()?);
            self.fresh = true;
        }
        Ok(())
    }

    pub(crate) fn next(&mut self) -> Result<Option<&ReceivedRow>, Error> {
        self.fill()?;
        self.now = self.rows.next();
        Ok(self.now.as_ref())
    }
}

fn received(rows: Vec<Row>) -> std::vec::IntoIter<ReceivedRow> {
    let row = |row| ReceivedRow { row, restored: OnceCell::new() };
    rows.into_iter().map(row).collect::<Vec<_>>().into_iter()
}

struct Cursor<'c> {
    session: &'c Session,
    name: String,
    ended: bool,
}

impl Cursor<'_> {
    fn fetch(&mut self) -> Result<Vec<Row>, Error> {
        if self.ended {
            return Ok(Vec::new());
        }
        let rows = self.session.fetch(&self.name, PORTION)?;
        self.ended = rows.len() < PORTION;
        Ok(rows)
    }
}

impl Drop for Cursor<'_> {
    fn drop(&mut self) {
        self.session.close(&self.name);
    }
}

/// A row that came.
pub(crate) struct ReceivedRow {
    row: Row,
    /// Texts with a NUL, which came as another character, by column.
    restored: OnceCell<BTreeMap<usize, String>>,
}

impl ReceivedRow {
    fn came(&self, at: usize) -> Result<Came<'_>, Error> {
        Ok(self.row.try_get(at).map_err(PostgresError::from)?)
    }

    fn restored(&self) -> &BTreeMap<usize, String> {
        self.restored.get_or_init(|| {
            let text = |at| match self.came(at) {
                Ok(Came::Owned(text)) => Some((at, text)),
                _ => None,
            };
            (0..self.row.len()).filter_map(text).collect()
        })
    }

    pub(crate) fn get<T: FromSql>(&self, at: usize) -> Result<T, Error> {
        let came = self.came(at)?;
        let value = match &came {
            Came::Null => ValueRef::Null,
            Came::Integer(n) => ValueRef::Integer(*n),
            Came::Real(x) => ValueRef::Real(*x),
            Came::Text(text) => ValueRef::Text(text.as_bytes()),
            Came::Owned(text) => ValueRef::Text(text.as_bytes()),
            Came::Blob(bytes) => ValueRef::Blob(bytes),
        };
        T::column_result(value).map_err(|error| {
            rusqlite::Error::FromSqlConversionFailure(at, value.data_type(), Box::new(error)).into()
        })
    }

    pub(crate) fn get_ref(&self, at: usize) -> Result<ValueRef<'_>, Error> {
        Ok(match self.came(at)? {
            Came::Null => ValueRef::Null,
            Came::Integer(n) => ValueRef::Integer(n),
            Came::Real(x) => ValueRef::Real(x),
            Came::Text(text) => ValueRef::Text(text.as_bytes()),
            Came::Owned(_) => {
                let text = self.restored().get(&at);
                text.map_or(ValueRef::Null, |text| ValueRef::Text(text.as_bytes()))
            }
            Came::Blob(bytes) => ValueRef::Blob(bytes),
        })
    }
}
