//! Opening a file: is it a store, and of which schema?

use std::path::Path;
use std::time::Duration;

use lapwing_model::{Kind, Relation};
use rusqlite::OpenFlags;
use rusqlite::config::DbConfig;
use rusqlite::functions::{Context, FunctionFlags};

use crate::codec;
use crate::error::{Fault, StoreError};
use crate::sql::Connection;
use crate::{roomy, standing, turns};

/// The newest schema that this program writes and reads.
pub(crate) const VERSION: i64 = 11;

/// What each version added, the first being the file as it was made.
pub(crate) const STEPS: [&[&str]; VERSION as usize] = [
    &[include_str!("schema.sql")],
    &[
        include_str!("accounts.sql"),
        include_str!("feeds.sql"),
        include_str!("judgements.sql"),
        include_str!("exchange.sql"),
    ],
    &[standing::TABLES, standing::NAMED, standing::INDEXES],
    &[include_str!("fusing.sql")],
    &[include_str!("sessions.sql")],
    &[include_str!("marks.sql")],
    &[standing::BY_KIND],
    &[include_str!("weighed.sql"), include_str!("replacing.sql")],
    &[include_str!("weighed_anew.sql")],
    &[turns::TABLES],
    &[include_str!("by_object.sql")],
];

/// `LPWG`: tells a store from other SQLite files.
const APPLICATION: i64 = 0x4C50_5747;

/// How long a writer waits for another one, unless told otherwise.
pub(crate) const PATIENCE: Duration = Duration::from_secs(10);

/// Opens a file for writing, makes it where it is not there, and brings its schema up to date.
pub(crate) fn open(path: &Path) -> Result<Connection, StoreError> {
    if let Some(folder) = path.parent().filter(|f| !f.as_os_str().is_empty()) {
        std::fs::create_dir_all(folder)
            .map_err(|source| StoreError::Io { path: folder.to_owned(), source })?;
    }
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE
        | OpenFlags::SQLITE_OPEN_CREATE
        | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let opened = || {
        let conn = sqlite(rusqlite::Connection::open_with_flags(path, flags)?)?;
        // Told apart before anything is written: WAL mode would change a foreign file.
        let known = identify(&conn, path)?;
        conn.execute_batch(
            "PRAGMA journal_mode = WAL;
             PRAGMA synchronous = FULL;
             PRAGMA wal_autocheckpoint = 4000;
             PRAGMA journal_size_limit = 67108864;",
        )?;
        if known != VERSION {
            migrate(&conn, path)?;
        }
        learn_words(&conn)?;
        Ok(conn)
    };
    opened().map_err(|fault: Fault| fault.at(path))
}

/// Opens a store that is there for reading only, even in a folder that cannot be written.
pub(crate) fn open_read_only(path: &Path) -> Result<Connection, StoreError> {
    if !path.is_file() {
        return Err(StoreError::Missing { path: path.to_owned() });
    }
    let opened = |immutable: bool| {
        let mut flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let conn = if immutable {
            flags |= OpenFlags::SQLITE_OPEN_URI;
            rusqlite::Connection::open_with_flags(uri(path, "immutable=1"), flags)?
        } else {
            rusqlite::Connection::open_with_flags(path, flags)?
        };
        let conn = sqlite(conn)?;
        // A server has several readers, and the system holds what they share.
        conn.execute_batch(&format!("PRAGMA cache_size = -{}", roomy::OF_READERS))?;
        match identify(&conn, path)? {
            0 => Err(not_a_store(path, "the file is empty").into()),
            _ => Ok(conn),
        }
    };
    match opened(false).map_err(|fault: Fault| fault.at(path)) {
        // WAL needs a file beside the store. Without one to read from, the file alone is whole.
        Err(StoreError::ReadOnly { .. }) if !has_log(path) => {
            opened(true).map_err(|fault| fault.at(path))
        }
        other => other,
    }
}

/// Makes a store that no file names; what does not fit the cache goes to a temporary file.
pub(crate) fn open_unnamed(path: &Path) -> Result<Connection, StoreError> {
    let opened = || {
        let conn = sqlite(rusqlite::Connection::open("")?)?;
        conn.execute_batch("PRAGMA synchronous = OFF")?;
        migrate(&conn, path)?;
        learn_words(&conn)?;
        Ok(conn)
    };
    opened().map_err(|fault: Fault| fault.at(path))
}

fn has_log(path: &Path) -> bool {
    let mut log = path.as_os_str().to_owned();
    log.push("-wal");
    std::fs::metadata(log).is_ok_and(|log| log.len() > 0)
}

/// The address of a file for reading only, as `ATTACH` takes it.
pub(crate) fn read_only_uri(path: &Path) -> String {
    uri(path, "mode=ro")
}

fn uri(path: &Path, how: &str) -> String {
    let mut uri = String::from("file:");
    for byte in path.as_os_str().as_encoded_bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'/' | b'.' | b'-' | b'_' => {
                uri.push(char::from(*byte));
            }
            _ => {
                for half in [byte >> 4, byte & 15] {
                    uri.push(char::from(b"0123456789ABCDEF"[usize::from(half)]));
                }
            }
        }
    }
    uri + "?" + how
}

/// Sets what every connection to a file needs: memory limits, patience, our functions.
fn sqlite(conn: rusqlite::Connection) -> Result<Connection, Fault> {
    conn.busy_timeout(PATIENCE)?;
    conn.set_prepared_statement_cache_capacity(160);
    // A plan does not depend on the values that are bound: else statements are prepared again and
    // again for other values, which took a quarter of the time of adding.
    conn.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    // Sorting and temporary tables go to files once they outgrow the cache.
    // References are not looked up at each row of the hot path: rows are written only by this
    // crate, and `Store::check` follows every reference.
    conn.execute_batch("PRAGMA temp_store = FILE; PRAGMA foreign_keys = OFF;")?;
    conn.execute_batch(&format!("PRAGMA cache_size = -{};", roomy::USUAL))?;
    let flags = FunctionFlags::SQLITE_UTF8
        | FunctionFlags::SQLITE_DETERMINISTIC
        | FunctionFlags::SQLITE_INNOCUOUS;
    conn.create_scalar_function("lapwing_unpack", 2, flags, |context| {
        let packed = context.get_raw(0).as_blob_or_null().ok().flatten().unwrap_or_default();
        let bytes = codec::unpack(packed, context.get(1)?).unwrap_or_default();
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    })?;
    let texts = |context: &Context<'_>| {
        let text = |at| context.get_raw(at).as_str_or_null().ok().flatten().unwrap_or_default();
        (text(0).to_lowercase(), text(1).to_owned())
    };
    conn.create_scalar_function("lapwing_holds", 2, flags, move |context| {
        let (text, folded) = texts(context);
        Ok(text.contains(&folded))
    })?;
    conn.create_scalar_function("lapwing_starts", 2, flags, move |context| {
        let (text, folded) = texts(context);
        Ok(text.starts_with(&folded))
    })?;
    Ok(Connection::Sqlite(conn))
}

/// The schema version of a file; 0 for an empty one.
fn identify(conn: &Connection, path: &Path) -> Result<i64, Fault> {
    let number = |pragma: &str| conn.query_row(pragma, [], |row| row.get::<_, i64>(0));
    let version = number("PRAGMA user_version")?;
    let application = number("PRAGMA application_id")?;
    let tables = number("SELECT count(*) FROM sqlite_schema")?;
    if application != APPLICATION {
        if tables == 0 && version == 0 {
            return Ok(0);
        }
        return Err(not_a_store(path, "a database of another program").into());
    }
    if version > VERSION {
        let path = path.to_owned();
        return Err(StoreError::NewerSchema { path, found: version, known: VERSION }.into());
    }
    Ok(version)
}

pub(crate) fn not_a_store(path: &Path, why: &str) -> StoreError {
    StoreError::NotAStore { path: path.to_owned(), why: why.to_owned() }
}

/// Brings the schema up to date in one transaction.
fn migrate(conn: &Connection, path: &Path) -> Result<(), Fault> {
    conn.execute_batch("BEGIN IMMEDIATE")?;
    let migrated = || {
        // Another process may have done it while this one waited.
        let known = identify(conn, path)?;
        for step in STEPS.iter().skip(known as usize).copied().flatten() {
            conn.execute_batch(step)?;
        }
        if known < turns::VERSION {
            turns::complete(conn)?;
        }
        if known == 0 {
            conn.execute_batch(&format!(
                "PRAGMA application_id = {APPLICATION};
                 INSERT INTO word (n, text) VALUES (0, '');"
            ))?;
        }
        Ok(conn.execute_batch(&format!("PRAGMA user_version = {VERSION};"))?)
    };
    finish(conn, migrated())
}

/// Sees to it that all kinds and relations have numbers, in their order: facts sort by them.
pub(crate) fn learn_words(conn: &Connection) -> Result<(), Fault> {
    let words = || {
        let kinds = Kind::ALL.iter().map(|kind| kind.as_str());
        kinds.chain(Relation::ALL.iter().map(|relation| relation.as_str()))
    };
    let missing = {
        let mut known = conn.prepare("SELECT 1 FROM word WHERE text = ?1")?;
        let mut missing = Vec::new();
        for word in words() {
            if !known.exists([word])? {
                missing.push(word);
            }
        }
        missing
    };
    if missing.is_empty() {
        return Ok(());
    }
    conn.execute_batch("BEGIN IMMEDIATE")?;
    let learnt = || {
        let mut learn = conn.prepare("INSERT OR IGNORE INTO word (text) VALUES (?1)")?;
        for word in &missing {
            learn.execute([word])?;
        }
        Ok(())
    };
    finish(conn, learnt())
}

pub(crate) fn finish(conn: &Connection, result: Result<(), Fault>) -> Result<(), Fault> {
    let end = if result.is_ok() { "COMMIT" } else { "ROLLBACK" };
    let ended = conn.execute_batch(end);
    result?;
    Ok(ended?)
}
