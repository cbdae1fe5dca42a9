use std::path::{Path, PathBuf};

use lapwing_model::ChangeId;

use crate::sql::{self, PostgresError};

/// Why a store could not do what was asked.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// The file is not there (and was not to be created).
    #[error("{path}: there is no store here", path = .path.display())]
    Missing {
        /// The file that was named.
        path: PathBuf,
    },
    /// The file is something else than a store, or is damaged beyond opening.
    #[error("{path}: this is no Lapwing store ({why}); name another file", path = .path.display())]
    NotAStore {
        /// The file that was named.
        path: PathBuf,
        /// What tells so.
        why: String,
    },
    /// The store was written by a newer version of the program.
    #[error(
        "{path}: the store has schema {found}, this program knows up to {known}; use the newer program",
        path = .path.display()
    )]
    NewerSchema {
        /// The file that was named.
        path: PathBuf,
        /// Schema version of the file.
        found: i64,
        /// Newest schema version that this program knows.
        known: i64,
    },
    /// Another process is writing, and did not finish in time.
    #[error("{path}: another process is writing to the store; try again when it is done", path = .path.display())]
    Locked {
        /// The store.
        path: PathBuf,
    },
    /// The file or its folder may not be written.
    #[error("{path}: the store cannot be written ({why}); check the rights of file and folder", path = .path.display())]
    ReadOnly {
        /// The store.
        path: PathBuf,
        /// What the system says.
        why: String,
    },
    /// No room is left for what is to be written; what was committed before is safe.
    #[error("{path}: no room is left on the disk; nothing of this change was kept", path = .path.display())]
    Full {
        /// The store.
        path: PathBuf,
    },
    /// The content of the store breaks its own rules.
    #[error("{path}: the store is damaged ({why}); restore it from a copy", path = .path.display())]
    Damaged {
        /// The store.
        path: PathBuf,
        /// What is wrong.
        why: String,
    },
    /// A folder or file could not be made or read.
    #[error("{path}: {source}", path = .path.display())]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// No change has this number.
    #[error("there is no change {0}; `history` lists them")]
    UnknownChange(ChangeId),
    /// The change was undone before.
    #[error("change {change} was already undone by change {by}; undo {by} to bring it back")]
    AlreadyUndone {
        /// The change that was to be undone.
        change: ChangeId,
        /// The change that undid it.
        by: ChangeId,
    },
    /// A fact was given for another statement than that of its claims.
    #[error("a fact on `{given}` was given for the statement `{statement}`")]
    ForeignFact {
        /// The statement of the claims.
        statement: String,
        /// The statement of the fact.
        given: String,
    },
    /// The address of a database cannot be read.
    #[error(
        "{path}: this is no address of a database ({why}); it is written \
         postgres://USER:PASSWORD@HOST:PORT/DATABASE?sslmode=require",
        path = .path.display()
    )]
    BadAddress {
        /// The address, without its password.
        path: PathBuf,
        /// What is wrong with it.
        why: String,
    },
    /// No connection to the database server could be made.
    #[error(
        "{path}: the database cannot be reached ({why}); check that the server runs, and the host, \
         port, sslmode and sslrootcert of the address",
        path = .path.display()
    )]
    Unreachable {
        /// The address, without its password.
        path: PathBuf,
        /// What the system or the server says.
        why: String,
    },
    /// The database server knows no such user, password or database.
    #[error(
        "{path}: the database server lets us not in ({why}); check user, password and name of the \
         database in the address",
        path = .path.display()
    )]
    Refused {
        /// The address, without its password.
        path: PathBuf,
        /// What the server says.
        why: String,
    },
    /// The connection to the database server was lost.
    #[error(
        "{path}: the connection to the database was lost ({why}); nothing of a change that was not \
         yet kept is there: see that the server runs, and try again",
        path = .path.display()
    )]
    Lost {
        /// The address, without its password.
        path: PathBuf,
        /// What the system or the server says.
        why: String,
    },
    /// Any other error of PostgreSQL.
    #[error("{path}: {why}", path = .path.display())]
    Postgres {
        /// The address, without its password.
        path: PathBuf,
        /// What the server says.
        why: String,
    },
    /// Any other error of SQLite.
    #[error("{path}: {source}", path = .path.display())]
    Sqlite {
        /// The store.
        path: PathBuf,
        /// What SQLite says.
        source: rusqlite::Error,
    },
}

/// An error before the file that it concerns is added to it.
#[derive(Debug)]
pub(crate) enum Fault {
    Sql(sql::Error),
    Damaged(String),
    Named(StoreError),
}

impl From<sql::Error> for Fault {
    fn from(error: sql::Error) -> Self {
        Self::Sql(error)
    }
}

impl From<rusqlite::Error> for Fault {
    fn from(error: rusqlite::Error) -> Self {
        Self::Sql(error.into())
    }
}

impl From<StoreError> for Fault {
    fn from(error: StoreError) -> Self {
        Self::Named(error)
    }
}

impl Fault {
    pub(crate) fn damaged(why: impl Into<String>) -> Self {
        Self::Damaged(why.into())
    }

    /// Names the file, and tells the cases that a user can do something about.
    pub(crate) fn at(self, path: &Path) -> StoreError {
        use rusqlite::ErrorCode as Code;
        let path = path.to_owned();
        let source = match self {
            Self::Named(error) => return error,
            Self::Damaged(why) => return StoreError::Damaged { path, why },
            Self::Sql(sql::Error::Postgres(error)) => return of_postgres(error, path),
            Self::Sql(sql::Error::Sqlite(source)) => source,
        };
        let why = source.to_string();
        match source.sqlite_error_code() {
            Some(Code::DatabaseBusy | Code::DatabaseLocked) => StoreError::Locked { path },
            Some(Code::ReadOnly | Code::PermissionDenied | Code::CannotOpen) => {
                StoreError::ReadOnly { path, why }
            }
            Some(Code::DiskFull) => StoreError::Full { path },
            Some(Code::NotADatabase) => StoreError::NotAStore { path, why },
            Some(Code::DatabaseCorrupt) => StoreError::Damaged { path, why },
            _ => StoreError::Sqlite { path, source },
        }
    }
}

/// The cases of PostgreSQL that a user can do something about, by the class of its SQLSTATE.
fn of_postgres(error: PostgresError, path: PathBuf) -> StoreError {
    let PostgresError { code, message: why, lost } = error;
    if lost {
        return StoreError::Lost { path, why };
    }
    let code = code.unwrap_or_default();
    match code.as_str() {
        // A lock that was not had in time; two transactions that waited for each other.
        "55P03" | "40P01" => StoreError::Locked { path },
        "25006" | "42501" => StoreError::ReadOnly { path, why },
        "53100" => StoreError::Full { path },
        "28000" | "28P01" | "3D000" => StoreError::Refused { path, why },
        "08001" | "53300" => StoreError::Unreachable { path, why },
        "XX001" | "XX002" => StoreError::Damaged { path, why },
        "" => StoreError::Postgres { path, why },
        _ => StoreError::Postgres { path, why: format!("PostgreSQL: {why} ({code})") },
    }
}
