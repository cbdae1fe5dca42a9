//! What people decided, and by which rules facts were derived.

use crate::sql::{Connection, OptionalExtension};
use lapwing_model::ChangeId;

use crate::error::Fault;
use crate::records::JudgementRecord;

/// Whether the file has the tables: one of schema 1, opened for reading only, has not.
fn is_there(conn: &Connection) -> Result<bool, Fault> {
    Ok(conn.has_table("judgement")?)
}

/// Keeps a decision.
pub(crate) fn put(
    conn: &Connection,
    change: ChangeId,
    topic: &str,
    body: &str,
) -> Result<(), Fault> {
    conn.prepare_cached("INSERT INTO judgement (change, topic, body) VALUES (?1, ?2, ?3)")?
        .execute((change.0, topic, body))?;
    Ok(())
}

/// The decisions whose topic begins so, the oldest first; `in_force` leaves out those taken back
/// and those that a later one of the same topic replaced.
pub(crate) fn all(
    conn: &Connection,
    prefix: &str,
    in_force: bool,
) -> Result<Vec<JudgementRecord>, Fault> {
    if !is_there(conn)? {
        return Ok(Vec::new());
    }
    let mut statement = conn.prepare_cached(
        "SELECT j.change, j.topic, j.body, c.at, c.undone_by FROM judgement j
         JOIN change c ON c.id = j.change
         WHERE substr(j.topic, 1, length(?1)) = ?1
           AND (?2 = 0 OR (c.undone_by IS NULL AND NOT EXISTS (
             SELECT 1 FROM judgement l JOIN change d ON d.id = l.change
             WHERE l.topic = j.topic AND l.n > j.n AND d.undone_by IS NULL)))
         ORDER BY j.n",
    )?;
    let mut rows = statement.query((prefix, i64::from(in_force)))?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        let at: String = row.get(3)?;
        found.push(JudgementRecord {
            change: ChangeId(row.get(0)?),
            topic: row.get(1)?,
            body: row.get(2)?,
            at: at.parse().map_err(|_| Fault::damaged(format!("`{at}` is no time")))?,
            undone_by: row.get::<_, Option<i64>>(4)?.map(ChangeId),
        });
    }
    Ok(found)
}

/// Whether a change made decisions.
pub(crate) fn of_change(conn: &Connection, change: ChangeId) -> Result<bool, Fault> {
    Ok(conn.prepare_cached("SELECT 1 FROM judgement WHERE change = ?1")?.exists([change.0])?)
}

/// By which rules the facts were derived.
pub(crate) fn derived_by(conn: &Connection) -> Result<Option<String>, Fault> {
    if !is_there(conn)? {
        return Ok(None);
    }
    let mut statement = conn.prepare_cached("SELECT rules FROM derived_by")?;
    Ok(statement.query_row([], |row| row.get(0)).optional()?)
}

/// Notes by which rules they are derived now.
pub(crate) fn set_derived_by(conn: &Connection, rules: &str) -> Result<(), Fault> {
    conn.prepare_cached(
        "INSERT INTO derived_by (one, rules) VALUES (1, ?1)
         ON CONFLICT (one) DO UPDATE SET rules = excluded.rules",
    )?
    .execute([rules])?;
    Ok(())
}
