//! A store copied row by row, from one kind of database into the other: what a backup of a database
//! is, and the way from a file into a database and back.

use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::ToSql;

use crate::error::{Fault, StoreError};
use crate::schema::{self, STEPS, VERSION};
use crate::sql::postgres::{Address, Session, Table, tables};
use crate::sql::types::Value;
use crate::sql::{Connection, OptionalExtension};
use crate::{search, server};

/// Copies all that is in `from` into the empty store `to`, in the transaction that is open there.
pub(crate) fn copy(from: &Connection, to: &Connection) -> Result<(), Fault> {
    // Word by word, so that the numbers in all other rows stay as they are, and the next number with them.
    to.execute_batch("DELETE FROM word; DELETE FROM turn")?;
    let all: Vec<Table> = STEPS.iter().copied().flatten().flat_map(|ddl| tables(ddl)).collect();
    for table in &all {
        if from.has_table(&table.name)? {
            copy_table(from, to, &table.name)?;
        }
    }
    for table in all.iter().filter(|table| table.counts) {
        if from.has_table(&table.name)? {
            go_on(from, to, &table.name)?;
        }
    }
    copy_words(from, to)
}

fn copy_table(from: &Connection, to: &Connection, table: &str) -> Result<(), Fault> {
    let mut select = from.prepare(&format!("SELECT * FROM {table}"))?;
    let columns = select.columns();
    let marks: Vec<String> = (1..=columns.len()).map(|at| format!("?{at}")).collect();
    let mut insert = to.bulk(&format!(
        "INSERT INTO {table} ({}) VALUES ({})",
        columns.join(", "),
        marks.join(", ")
    ))?;
    let mut rows = select.stream([])?;
    while let Some(row) = rows.next()? {
        let values =
            (0..columns.len()).map(|at| row.get::<_, Value>(at)).collect::<Result<Vec<_>, _>>()?;
        let values: Vec<&dyn ToSql> = values.iter().map(|value| value as &dyn ToSql).collect();
        insert.push(&values)?;
    }
    insert.finish()?;
    Ok(())
}

/// A number that was given once is not given again, though its row may be gone.
fn go_on(from: &Connection, to: &Connection, table: &str) -> Result<(), Fault> {
    let last: Option<i64> = if from.is_postgres() {
        let sql = "SELECT pg_sequence_last_value(pg_get_serial_sequence(?1, 'n')::regclass)";
        from.prepare(sql)?.query_row([table], |row| row.get(0))?
    } else {
        from.prepare("SELECT seq FROM sqlite_sequence WHERE name = ?1")?
            .query_row([table], |row| row.get(0))
            .optional()?
    };
    let Some(last) = last.filter(|last| *last > 0) else { return Ok(()) };
    if to.is_postgres() {
        to.prepare("SELECT setval(pg_get_serial_sequence(?1, 'n'), ?2)")?
            .query_row((table, last), |_| Ok(()))?;
    } else {
        let known =
            to.execute("UPDATE sqlite_sequence SET seq = ?2 WHERE name = ?1", (table, last))?;
        if known == 0 {
            to.execute("INSERT INTO sqlite_sequence (name, seq) VALUES (?1, ?2)", (table, last))?;
        }
    }
    Ok(())
}

/// The index of words is made anew, for the same documents: its form is not the same in both.
fn copy_words(from: &Connection, to: &Connection) -> Result<(), Fault> {
    let sql = if from.is_postgres() {
        "SELECT rowid FROM document_search ORDER BY rowid"
    } else {
        "SELECT id FROM document_search_docsize ORDER BY id"
    };
    let mut select = from.prepare(sql)?;
    let indexed =
        select.query_map([], |row| row.get::<_, i64>(0))?.collect::<Result<Vec<_>, _>>()?;
    // The view that unpacks the texts is in the file, whichever of the two it is.
    let file = if from.is_postgres() { to } else { from };
    let mut words = file.prepare("SELECT title, text FROM document_words WHERE n = ?1")?;
    for n in indexed {
        let (title, text): (Option<String>, String) =
            words.query_row([n], |row| Ok((row.get(0)?, row.get(1)?)))?;
        search::index(to, n, title.as_deref(), &text)?;
    }
    Ok(())
}

/// Copies the store in a database to a new file.
pub(crate) fn to_file(from: &Connection, file: &Path) -> Result<(), StoreError> {
    let to = schema::open(file)?;
    let copied = || {
        to.execute_batch("BEGIN IMMEDIATE")?;
        schema::finish(&to, copy(from, &to))?;
        to.execute_batch("PRAGMA wal_checkpoint(TRUNCATE); PRAGMA journal_mode = DELETE")?;
        Ok(())
    };
    copied().map_err(|fault: Fault| fault.at(file))
}

/// Where the store lies now that was in a database before, and how large the new one is.
pub(crate) struct Placed {
    pub(crate) aside: Option<PathBuf>,
    pub(crate) bytes: u64,
}

/// Puts the store of a file, which is of the newest schema, into a database, in one transaction. A
/// store that is there goes into a schema of its own.
pub(crate) fn into_database(
    from: &Connection,
    address: &Address,
    patience: Duration,
) -> Result<Placed, StoreError> {
    let path = &address.shown;
    let placed = || {
        let session = Session::connect(address, false, patience)?;
        if let Some(schema) = &address.schema {
            session.run_own(&format!("CREATE SCHEMA IF NOT EXISTS {schema}"))?;
        }
        let to = Connection::Postgres(session);
        let known = server::identify(&to, path)?;
        to.execute_batch("BEGIN IMMEDIATE")?;
        let done = place(from, &to, known, address);
        let end = if done.is_ok() { "COMMIT" } else { "ROLLBACK" };
        let ended = to.execute_batch(end);
        let placed = done?;
        ended?;
        schema::learn_words(&to)?;
        Ok(placed)
    };
    placed().map_err(|fault: Fault| fault.at(path))
}

fn place(
    from: &Connection,
    to: &Connection,
    known: i64,
    address: &Address,
) -> Result<Placed, Fault> {
    let Some(session) = to.postgres() else { return Err(Fault::damaged("no database")) };
    session.hold_alone()?;
    let mut aside = None;
    let mut commits = 0_i64;
    if known > 0 {
        commits = to.query_row("SELECT commits FROM lapwing_store", [], |row| row.get(0))?;
        aside = Some(put_aside(to, session)?);
    }
    server::make(to, 0)?;
    copy(from, to)?;
    // Whoever looked before sees that all of it is new.
    to.execute("UPDATE lapwing_store SET commits = ?1", [commits + 1])?;
    let size = "SELECT coalesce(sum(pg_total_relation_size(c.oid)), 0) FROM pg_class c \
                JOIN pg_namespace s ON s.oid = c.relnamespace \
                WHERE s.nspname = current_schema() AND c.relkind = 'r'";
    let bytes: i64 = to.query_row(size, [], |row| row.get(0))?;
    let aside = aside.map(|schema| address.with_schema(&schema));
    Ok(Placed { aside, bytes: bytes.max(0) as u64 })
}

/// Moves the tables of the store into a new schema; gives its name.
fn put_aside(to: &Connection, session: &Session) -> Result<String, Fault> {
    let here: String = to.query_row("SELECT current_schema()::text", [], |row| row.get(0))?;
    let mut taken = to.prepare("SELECT 1 FROM pg_namespace WHERE nspname = ?1")?;
    let mut name = format!("{here}_before_restore");
    for number in 2..10_000 {
        if !taken.exists([&name])? {
            break;
        }
        name = format!("{here}_before_restore_{number}");
    }
    session.run_own(&format!("CREATE SCHEMA {name}"))?;
    let names: Vec<String> = STEPS
        .iter()
        .copied()
        .flatten()
        .flat_map(|ddl| tables(ddl))
        .map(|table| table.name)
        .chain(["lapwing_store".to_owned(), "document_search".to_owned()])
        .collect();
    for table in names {
        if to.has_table(&table)? {
            session.run_own(&format!("ALTER TABLE {table} SET SCHEMA {name}"))?;
        }
    }
    // It can be opened there, so it needs the functions there too.
    session.run_own(&format!("SET LOCAL search_path = {name}"))?;
    server::make_functions(to)?;
    session.run_own(&format!("SET LOCAL search_path = \"{here}\""))?;
    Ok(name)
}

/// Whether a store is of the newest schema.
pub(crate) fn is_newest(conn: &Connection) -> Result<bool, Fault> {
    let version: i64 = conn.query_row("PRAGMA user_version", [], |row| row.get(0))?;
    Ok(version == VERSION)
}
