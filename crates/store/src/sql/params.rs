//! Values of a statement, in the forms that `rusqlite` takes.

use rusqlite::ToSql;
use rusqlite::types::{ToSqlOutput, Value};

use super::error::{Error, PostgresError};

/// What may stand for the marks of a statement.
pub(crate) trait Params {
    /// The same for `rusqlite`.
    type Sqlite: rusqlite::Params;

    /// As they are bound in SQLite: nothing is copied.
    fn into_sqlite(self) -> Self::Sqlite;

    /// As they are sent to PostgreSQL.
    fn into_values(self) -> Result<Vec<Value>, Error>;
}

/// A value of its own.
pub(crate) fn owned(value: &dyn ToSql) -> Result<Value, Error> {
    match value.to_sql()? {
        ToSqlOutput::Borrowed(value) => Ok(Value::try_from(value).map_err(rusqlite::Error::from)?),
        ToSqlOutput::Owned(value) => Ok(value),
        _ => Err(PostgresError::misuse("a value that only SQLite knows").into()),
    }
}

/// Values one after the other, for the marks in their order.
pub(crate) fn params_from_iter<I: IntoIterator>(values: I) -> FromIter<I>
where
    I::Item: ToSql,
{
    FromIter(values)
}

/// See [`params_from_iter`].
pub(crate) struct FromIter<I>(I);

impl<I> Params for FromIter<I>
where
    I: IntoIterator,
    I::Item: ToSql,
{
    type Sqlite = rusqlite::ParamsFromIter<I>;

    fn into_sqlite(self) -> Self::Sqlite {
        rusqlite::params_from_iter(self.0)
    }

    fn into_values(self) -> Result<Vec<Value>, Error> {
        self.0.into_iter().map(|value| owned(&value)).collect()
    }
}

impl Params for [&(dyn ToSql + Send + Sync); 0] {
    type Sqlite = Self;

    fn into_sqlite(self) -> Self {
        self
    }

    fn into_values(self) -> Result<Vec<Value>, Error> {
        Ok(Vec::new())
    }
}

impl Params for &[&dyn ToSql] {
    type Sqlite = Self;

    fn into_sqlite(self) -> Self {
        self
    }

    fn into_values(self) -> Result<Vec<Value>, Error> {
        self.iter().map(|value| owned(*value)).collect()
    }
}

impl Params for () {
    type Sqlite = Self;

    fn into_sqlite(self) -> Self {}

    fn into_values(self) -> Result<Vec<Value>, Error> {
        Ok(Vec::new())
    }
}

macro_rules! arrays {
    ($($count:literal)+) => {$(
        impl<T: ToSql> Params for [T; $count] {
            type Sqlite = Self;

            fn into_sqlite(self) -> Self {
                self
            }

            fn into_values(self) -> Result<Vec<Value>, Error> {
                self.iter().map(|value| owned(value)).collect()
            }
        }
    )+};
}

arrays!(1 2 3 4 5 6 7 8);

macro_rules! tuples {
    ($(($($at:tt $of:ident),+))+) => {$(
        impl<$($of: ToSql),+> Params for ($($of,)+) {
            type Sqlite = Self;

            fn into_sqlite(self) -> Self {
                self
            }

            fn into_values(self) -> Result<Vec<Value>, Error> {
                Ok(vec![$(owned(&self.$at)?),+])
            }
        }
    )+};
}

tuples! {
    (0 A)
    (0 A, 1 B)
    (0 A, 1 B, 2 C)
    (0 A, 1 B, 2 C, 3 D)
    (0 A, 1 B, 2 C, 3 D, 4 E)
    (0 A, 1 B, 2 C, 3 D, 4 E, 5 F)
    (0 A, 1 B, 2 C, 3 D, 4 E, 5 F, 6 G)
    (0 A, 1 B, 2 C, 3 D, 4 E, 5 F, 6 G, 7 H)
}
