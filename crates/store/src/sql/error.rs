//! What either database says when it cannot do what was asked.

use std::fmt;

/// An error of a statement.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    /// SQLite says so, or a value is not of the type that was asked for.
    #[error(transparent)]
    Sqlite(#[from] rusqlite::Error),
    /// PostgreSQL says so, or the way to it is cut.
    #[error(transparent)]
    Postgres(#[from] PostgresError),
}

/// What PostgreSQL, or the way to it, says; never with a password.
#[derive(Clone, Debug)]
pub(crate) struct PostgresError {
    /// The SQLSTATE; none where the server said nothing.
    pub(crate) code: Option<String>,
    /// In its own words.
    pub(crate) message: String,
    /// The connection is gone.
    pub(crate) lost: bool,
}

impl fmt::Display for PostgresError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.code {
            Some(code) => write!(f, "PostgreSQL: {} ({code})", self.message),
            None => write!(f, "PostgreSQL: {}", self.message),
        }
    }
}

impl std::error::Error for PostgresError {}

impl PostgresError {
    /// The way to the server is cut.
    pub(crate) fn lost(message: impl Into<String>) -> Self {
        Self { code: None, message: message.into(), lost: true }
    }

    /// There is no way to the server: the state that SQL has for it.
    pub(crate) fn unreachable(message: impl Into<String>) -> Self {
        Self { code: Some("08001".to_owned()), message: message.into(), lost: false }
    }

    /// The server was asked something that this program should not have asked.
    pub(crate) fn misuse(message: impl Into<String>) -> Self {
        Self { code: None, message: message.into(), lost: false }
    }
}

impl From<::postgres::Error> for PostgresError {
    fn from(error: ::postgres::Error) -> Self {
        if let Some(told) = error.as_db_error() {
            let code = told.code().code().to_owned();
            // The server ends the connection: shut down by its keeper, or after a crash.
            let lost = matches!(code.as_str(), "57P01" | "57P02" | "57P03" | "57P05");
            let mut message = told.message().to_owned();
            if let Some(detail) = told.detail() {
                message = format!("{message}: {detail}");
            }
            return Self { code: Some(code), message, lost };
        }
        let lost = error.is_closed()
            || std::error::Error::source(&error)
                .is_some_and(<dyn std::error::Error>::is::<std::io::Error>);
        let mut message = error.to_string();
        if let Some(source) = std::error::Error::source(&error) {
            let source = source.to_string();
            if !message.contains(&source) {
                message = format!("{message}: {source}");
            }
        }
        Self { code: None, message, lost }
    }
}

/// As the trait of `rusqlite`: no row is no error.
pub(crate) trait OptionalExtension<T> {
    /// `None` where the query gave no row.
    fn optional(self) -> Result<Option<T>, Error>;
}

impl<T> OptionalExtension<T> for Result<T, Error> {
    fn optional(self) -> Result<Option<T>, Error> {
        match self {
            Ok(value) => Ok(Some(value)),
            Err(Error::Sqlite(rusqlite::Error::QueryReturnedNoRows)) => Ok(None),
            Err(error) => Err(error),
        }
    }
}
