//! Named blobs: what a knowledge update brings. The latest of a change in force counts.

use crate::sql::{Connection, OptionalExtension, params};
use lapwing_model::ChangeId;

use crate::codec::{pack, unpack};
use crate::error::Fault;

pub(crate) fn get(conn: &Connection, name: &str) -> Result<Option<Vec<u8>>, Fault> {
    let found: Option<(Vec<u8>, i64)> = conn
        .prepare_cached(
            "SELECT b.bytes, b.size FROM blob b JOIN change c ON c.id = b.change \
             WHERE b.name = ?1 AND c.undone_by IS NULL ORDER BY b.n DESC LIMIT 1",
        )?
        .query_row([name], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    found.map(|(bytes, size)| unpack(&bytes, size)).transpose()
}

/// Names of the blobs that start with `prefix`, in order.
pub(crate) fn names(conn: &Connection, prefix: &str) -> Result<Vec<String>, Fault> {
    let mut statement = conn.prepare_cached(
        "SELECT DISTINCT b.name FROM blob b JOIN change c ON c.id = b.change \
         WHERE c.undone_by IS NULL AND substr(b.name, 1, length(?1)) = ?1 ORDER BY b.name",
    )?;
    let rows = statement.query_map([prefix], |row| row.get(0))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Names of the blobs that a change put.
pub(crate) fn of_change(conn: &Connection, change: ChangeId) -> Result<Vec<String>, Fault> {
    let mut statement =
        conn.prepare_cached("SELECT DISTINCT name FROM blob WHERE change = ?1 ORDER BY name")?;
    let rows = statement.query_map([change.0], |row| row.get(0))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Keeps a blob; tells whether it is another than before.
pub(crate) fn put(
    conn: &Connection,
    change: ChangeId,
    name: &str,
    bytes: &[u8],
) -> Result<bool, Fault> {
    if get(conn, name)?.as_deref() == Some(bytes) {
        return Ok(false);
    }
    conn.prepare_cached("INSERT INTO blob (name, change, size, bytes) VALUES (?1, ?2, ?3, ?4)")?
        .execute(params![name, change.0, bytes.len() as i64, pack(bytes)?])?;
    Ok(true)
}
