//! Opening a database of PostgreSQL: is it a store, and of which schema?

use std::path::Path;

use crate::error::{Fault, StoreError};
use crate::schema::{PATIENCE, STEPS, VERSION, finish, learn_words, not_a_store};
use crate::sql::postgres::{Address, Reference, Session, references as references_of};
use crate::sql::{Connection, OptionalExtension};
use crate::turns;

/// Functions that SQLite has and PostgreSQL has not, and the table that tells that it is a store.
const FUNCTIONS: &str = include_str!("sql/postgres/functions.sql");

/// What a step of the schema has in PostgreSQL beyond the step's own statements, by its version.
const BEYOND: &[(i64, &str)] = &[
    (1, include_str!("sql/postgres/beyond.sql")),
    (2, "CREATE INDEX agreement_body ON agreement USING hash (body)"),
    (3, "CREATE INDEX folded_name ON folded USING hash (name)"),
];

/// Opens a database for writing, makes the store in it where there is none, and brings its schema
/// up to date.
pub(crate) fn open(address: &Address) -> Result<Connection, StoreError> {
    let path = &address.shown;
    let opened = || {
        let session = Session::connect(address, false, PATIENCE)?;
        if let Some(schema) = &address.schema {
            session.run_own(&format!("CREATE SCHEMA IF NOT EXISTS {schema}"))?;
        }
        session.hold()?;
        let conn = Connection::Postgres(session);
        let known = identify(&conn, path)?;
        if known != VERSION {
            migrate(&conn, path)?;
        }
        learn_words(&conn)?;
        Ok(conn)
    };
    opened().map_err(|fault: Fault| fault.at(path))
}

/// Opens the store in a database for reading only.
pub(crate) fn open_read_only(address: &Address) -> Result<Connection, StoreError> {
    let path = &address.shown;
    let opened = || {
        let session = Session::connect(address, true, PATIENCE)?;
        session.hold()?;
        let conn = Connection::Postgres(session);
        match identify(&conn, path)? {
            0 => Err(StoreError::Missing { path: path.clone() }.into()),
            VERSION => Ok(conn),
            // There is nowhere to put what an older one lacks but in itself.
            _ => open(address).map(|_| conn).map_err(Fault::from),
        }
    };
    opened().map_err(|fault: Fault| fault.at(path))
}

/// The schema version of a database; 0 for an empty one.
pub(crate) fn identify(conn: &Connection, path: &Path) -> Result<i64, Fault> {
    let (nowhere, encoding): (bool, String) = conn.query_row(
        "SELECT current_schema() IS NULL, current_setting('server_encoding')",
        [],
        |row| Ok((row.get(0)?, row.get(1)?)),
    )?;
    if nowhere {
        return Err(StoreError::Missing { path: path.to_owned() }.into());
    }
    if encoding != "UTF8" {
        let why = format!("its texts are in {encoding}: make the database with ENCODING 'UTF8'");
        return Err(not_a_store(path, &why).into());
    }
    if !conn.has_table("lapwing_store")? {
        let tables: i64 = conn.query_row(TABLES, [], |row| row.get(0))?;
        return if tables == 0 {
            Ok(0)
        } else {
            Err(not_a_store(path, "a database of another program").into())
        };
    }
    let version: Option<i64> = conn
        .prepare("SELECT schema FROM lapwing_store")?
        .query_row([], |row| row.get(0))
        .optional()?;
    match version {
        None => Err(Fault::damaged("its table lapwing_store is empty")),
        Some(found) if found > VERSION => {
            let path = path.to_owned();
            Err(StoreError::NewerSchema { path, found, known: VERSION }.into())
        }
        Some(version) => Ok(version),
    }
}

/// Tables and views of others where the store is to be; those of extensions do not count.
const TABLES: &str = "SELECT count(*) FROM pg_class c \
    JOIN pg_namespace s ON s.oid = c.relnamespace \
    WHERE s.nspname = current_schema() AND c.relkind IN ('r', 'v', 'm', 'p', 'f') \
    AND NOT EXISTS (SELECT 1 FROM pg_depend d WHERE d.objid = c.oid AND d.deptype = 'e')";

/// Brings the schema up to date in one transaction.
fn migrate(conn: &Connection, path: &Path) -> Result<(), Fault> {
    conn.execute_batch("BEGIN IMMEDIATE")?;
    let migrated = || {
        // Another process may have done it while this one waited.
        let known = identify(conn, path)?;
        make(conn, known)
    };
    finish(conn, migrated())
}

/// Makes the tables that came after version `known`, within a transaction.
pub(crate) fn make(conn: &Connection, known: i64) -> Result<(), Fault> {
    let Some(session) = conn.postgres() else { return Ok(()) };
    make_functions(conn)?;
    for (version, step) in (1..).zip(STEPS).skip(known as usize) {
        step.iter().try_for_each(|sql| conn.execute_batch(sql))?;
        for (_, sql) in BEYOND.iter().filter(|(of, _)| *of == version) {
            session.run_own(sql)?;
        }
    }
    if known < turns::VERSION {
        turns::complete(conn)?;
    }
    if known == 0 {
        conn.execute("INSERT INTO word (n, text) VALUES (0, '')", [])?;
    }
    conn.execute("UPDATE lapwing_store SET schema = ?1", [VERSION])?;
    Ok(())
}

/// Makes the functions that the statements use, and the table that tells that this is a store.
pub(crate) fn make_functions(conn: &Connection) -> Result<(), Fault> {
    let Some(session) = conn.postgres() else { return Ok(()) };
    Ok(session.run_own(&FUNCTIONS.replace("{folding}", &folding(conn)?))?)
}

/// The collation whose rules make letters small: those of Unicode, where the server has them.
fn folding(conn: &Connection) -> Result<String, Fault> {
    let found: Option<String> = conn
        .prepare(
            "SELECT collname::text FROM pg_collation \
             WHERE collname IN ('und-x-icu', 'C.utf8', 'C.UTF-8') \
             ORDER BY CASE collname WHEN 'und-x-icu' THEN 0 ELSE 1 END, collname LIMIT 1",
        )?
        .query_row([], |row| row.get(0))
        .optional()?;
    Ok(found.unwrap_or_else(|| "default".to_owned()))
}

/// Every reference of the newest schema: a database is not told of them, for rows are written by
/// this crate alone and their look-up would cost every writer.
pub(crate) fn references() -> Vec<Reference> {
    STEPS.iter().copied().flatten().flat_map(|ddl| references_of(ddl)).collect()
}
