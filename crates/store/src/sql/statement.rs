//! Statements and the rows that they give.

use rusqlite::types::{FromSql, ValueRef};

use super::error::Error;
use super::params::Params;
use super::postgres::{Prepared, Received, ReceivedRow};

/// A statement that was looked at by the database.
pub(crate) enum Statement<'c> {
    /// Of SQLite.
    Once(rusqlite::Statement<'c>),
    /// Of SQLite, and kept.
    Kept(rusqlite::CachedStatement<'c>),
    /// Of PostgreSQL, and kept.
    Postgres(Prepared<'c>),
}

/// As in `rusqlite`; there is no other type for it here.
pub(crate) type CachedStatement<'c> = Statement<'c>;

impl Statement<'_> {
    /// Runs it; tells how many rows it changed.
    pub(crate) fn execute(&mut self, params: impl Params) -> Result<usize, Error> {
        match self {
            Self::Once(statement) => Ok(statement.execute(params.into_sqlite())?),
            Self::Kept(statement) => Ok(statement.execute(params.into_sqlite())?),
            Self::Postgres(prepared) => prepared.execute(params.into_values()?),
        }
    }

    /// Inserts one row; gives its number.
    pub(crate) fn insert(&mut self, params: impl Params) -> Result<i64, Error> {
        match self {
            Self::Once(statement) => Ok(statement.insert(params.into_sqlite())?),
            Self::Kept(statement) => Ok(statement.insert(params.into_sqlite())?),
            Self::Postgres(prepared) => prepared.insert(params.into_values()?),
        }
    }

    /// Asks; from PostgreSQL all rows come at once.
    pub(crate) fn query(&mut self, params: impl Params) -> Result<Rows<'_>, Error> {
        match self {
            Self::Once(statement) => Ok(Rows::Sqlite(statement.query(params.into_sqlite())?)),
            Self::Kept(statement) => Ok(Rows::Sqlite(statement.query(params.into_sqlite())?)),
            Self::Postgres(prepared) => Ok(Rows::of(prepared.query(params.into_values()?)?)),
        }
    }

    /// As [`Statement::query`], for more rows than memory should hold.
    pub(crate) fn stream(&mut self, params: impl Params) -> Result<Rows<'_>, Error> {
        match self {
            Self::Once(statement) => Ok(Rows::Sqlite(statement.query(params.into_sqlite())?)),
            Self::Kept(statement) => Ok(Rows::Sqlite(statement.query(params.into_sqlite())?)),
            Self::Postgres(prepared) => Ok(Rows::of(prepared.stream(params.into_values()?)?)),
        }
    }

    /// Asks; each row as `read` reads it.
    pub(crate) fn query_map<T, F>(
        &mut self,
        params: impl Params,
        read: F,
    ) -> Result<MappedRows<'_, F>, Error>
    where
        F: FnMut(&Row<'_>) -> Result<T, Error>,
    {
        Ok(MappedRows { rows: self.query(params)?, read })
    }

    /// The first row.
    pub(crate) fn query_row<T>(
        &mut self,
        params: impl Params,
        read: impl FnOnce(&Row<'_>) -> Result<T, Error>,
    ) -> Result<T, Error> {
        let mut rows = self.query(params)?;
        match rows.next()? {
            Some(row) => read(&row),
            None => Err(rusqlite::Error::QueryReturnedNoRows.into()),
        }
    }

    /// Whether there is a row.
    pub(crate) fn exists(&mut self, params: impl Params) -> Result<bool, Error> {
        Ok(self.query(params)?.next()?.is_some())
    }

    /// The names of the columns of its rows.
    pub(crate) fn columns(&self) -> Vec<String> {
        match self {
            Self::Once(statement) => statement.column_names().map(str::to_owned).collect(),
            Self::Kept(statement) => statement.column_names().map(str::to_owned).collect(),
            Self::Postgres(prepared) => prepared.columns(),
        }
    }
}

/// Rows, one after the other.
pub(crate) enum Rows<'s> {
    /// Of SQLite.
    Sqlite(rusqlite::Rows<'s>),
    /// Of PostgreSQL.
    Postgres(Box<Received<'s>>),
}

impl<'s> Rows<'s> {
    fn of(received: Received<'s>) -> Self {
        Self::Postgres(Box::new(received))
    }

    /// The rows that came and are not read yet; none of SQLite, which gives one at a time.
    pub(crate) fn came(&self) -> &[ReceivedRow] {
        match self {
            Self::Sqlite(_) => &[],
            Self::Postgres(received) => received.waiting(),
        }
    }

    /// Whether rows came that none of is read yet: the first, or the next portion of a stream.
    pub(crate) fn is_at_portion(&mut self) -> Result<bool, Error> {
        match self {
            Self::Sqlite(_) => Ok(false),
            Self::Postgres(received) => received.is_at_portion(),
        }
    }

    /// The next row; none after the last.
    pub(crate) fn next(&mut self) -> Result<Option<Row<'_>>, Error> {
        match self {
            Self::Sqlite(rows) => Ok(rows.next()?.map(Row::Sqlite)),
            Self::Postgres(received) => Ok(received.next()?.map(Row::Postgres)),
        }
    }
}

/// A row.
#[derive(Clone, Copy)]
pub(crate) enum Row<'r> {
    /// Of SQLite.
    Sqlite(&'r rusqlite::Row<'r>),
    /// Of PostgreSQL.
    Postgres(&'r ReceivedRow),
}

impl Row<'_> {
    /// The value of a column.
    pub(crate) fn get<At: Place, T: FromSql>(&self, at: At) -> Result<T, Error> {
        let at = at.place();
        match self {
            Self::Sqlite(row) => Ok(row.get(at)?),
            Self::Postgres(row) => row.get(at),
        }
    }

    /// The value of a column where it lies.
    pub(crate) fn get_ref(&self, at: usize) -> Result<ValueRef<'_>, Error> {
        match self {
            Self::Sqlite(row) => Ok(row.get_ref(at)?),
            Self::Postgres(row) => row.get_ref(at),
        }
    }
}

/// The number of a column, from 0 on; a parameter of its own, so that a call may leave it open as
/// in `rusqlite` (`row.get::<_, i64>(0)`).
pub(crate) trait Place {
    /// The number.
    fn place(self) -> usize;
}

impl Place for usize {
    fn place(self) -> usize {
        self
    }
}

/// See [`Statement::query_map`].
pub(crate) struct MappedRows<'s, F> {
    rows: Rows<'s>,
    read: F,
}

impl<T, F> Iterator for MappedRows<'_, F>
where
    F: FnMut(&Row<'_>) -> Result<T, Error>,
{
    type Item = Result<T, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        let row = self.rows.next().transpose()?;
        Some(row.and_then(|row| (self.read)(&row)))
    }
}
