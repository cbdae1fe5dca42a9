//! The history of changes: which are in force, and which documents that makes visible.

use std::collections::BTreeSet;

use crate::sql::{Connection, OptionalExtension};
use lapwing_model::{ChangeId, DocumentId};

use crate::blobs;
use crate::error::{Fault, StoreError};
use crate::judgements;
use crate::records::{ChangeRecord, Undone};

const ALL: &str = "SELECT c.id, c.at, c.command, c.documents, c.claims, c.gaps, \
    c.undoes, c.undone_by, CASE WHEN r.change IS NOT NULL \
      AND EXISTS (SELECT 1 FROM document d WHERE d.change = c.id) THEN 1 ELSE 0 END \
    FROM change c LEFT JOIN replacing r ON r.change = c.id ORDER BY c.id";

/// Of a file of an older schema, opened for reading only.
const ALL_BEFORE: &str = "SELECT id, at, command, documents, claims, gaps, undoes, undone_by, 0 \
    FROM change ORDER BY id";

/// All changes, the oldest first.
pub(crate) fn all(conn: &Connection) -> Result<Vec<ChangeRecord>, Fault> {
    let mut statement =
        conn.prepare_cached(if conn.has_table("replacing")? { ALL } else { ALL_BEFORE })?;
    let mut rows = statement.query([])?;
    let mut changes = Vec::new();
    while let Some(row) = rows.next()? {
        let at: String = row.get(1)?;
        let directed = row.get::<_, Option<i64>>(6)?.map(ChangeId);
        let replaces = row.get::<_, i64>(8)? != 0;
        let number = |at: usize| Ok::<_, Fault>(row.get::<_, i64>(at)?.max(0) as u64);
        changes.push(ChangeRecord {
            id: ChangeId(row.get(0)?),
            at: at.parse().map_err(|_| Fault::damaged(format!("`{at}` is no time")))?,
            command: row.get(2)?,
            documents: number(3)?,
            claims: number(4)?,
            gaps: number(5)?,
            undoes: directed.filter(|_| !replaces),
            replaces: directed.filter(|_| replaces),
            undone_by: row.get::<_, Option<i64>>(7)?.map(ChangeId),
        });
    }
    Ok(changes)
}

/// The latest change.
pub(crate) fn latest(conn: &Connection) -> Result<Option<ChangeId>, Fault> {
    let id: Option<i64> =
        conn.prepare_cached("SELECT max(id) FROM change")?.query_row([], |row| row.get(0))?;
    Ok(id.map(ChangeId))
}

/// Takes `target` back by the change `by`. A change counts unless an undo that itself counts is
/// directed at it; so an undo of an undo brings back, at any depth. A change that was replaced, and not taken
/// back, still keeps out of sight what it replaced itself.
///
/// Returns also the rows of all documents whose sight changed.
pub(crate) fn undo(
    conn: &Connection,
    target: ChangeId,
    by: ChangeId,
) -> Result<(Undone, Vec<i64>), Fault> {
    direct(conn, target, by)?;
    take_back(conn, Some(target.0))
}

/// As [`undo`], to put something in its place: what `target` itself took back stays as it is.
pub(crate) fn replace(
    conn: &Connection,
    target: ChangeId,
    by: ChangeId,
) -> Result<(Undone, Vec<i64>), Fault> {
    direct(conn, target, by)?;
    conn.prepare_cached("INSERT INTO replacing (change) VALUES (?1)")?.execute([by.0])?;
    conn.prepare_cached("UPDATE change SET undone_by = ?2 WHERE id = ?1")?
        .execute((target.0, by.0))?;
    let mut undone = Undone::default();
    let rows = show_and_hide(conn, target.0, &mut undone)?;
    undone.blobs.extend(blobs::of_change(conn, target)?);
    undone.judgements |= judgements::of_change(conn, target)?;
    Ok((undone, rows))
}

/// Notes that a change is directed at another, which must be in force.
fn direct(conn: &Connection, target: ChangeId, by: ChangeId) -> Result<(), Fault> {
    let undone_by: Option<Option<i64>> = conn
        .prepare_cached("SELECT undone_by FROM change WHERE id = ?1")?
        .query_row([target.0], |row| row.get(0))
        .optional()?;
    match undone_by {
        _ if target == by => return Err(StoreError::UnknownChange(target).into()),
        None => return Err(StoreError::UnknownChange(target).into()),
        Some(Some(other)) => {
            let by = ChangeId(other);
            return Err(StoreError::AlreadyUndone { change: target, by }.into());
        }
        Some(None) => {}
    }
    conn.prepare_cached("UPDATE change SET undoes = ?2 WHERE id = ?1")?
        .execute((by.0, target.0))?;
    Ok(())
}

/// Sees who is in force of a change that is taken back or comes back, and of all that depend on it.
fn take_back(conn: &Connection, first: Option<i64>) -> Result<(Undone, Vec<i64>), Fault> {
    // Down the chain: the undo that was undone, what it had undone, and so on to an add.
    let mut undone = Undone::default();
    let mut rows = Vec::new();
    let mut at = first;
    while let Some(change) = at {
        conn.prepare_cached(
            "UPDATE change SET undone_by = (SELECT max(u.id) FROM change u \
             WHERE u.undoes = ?1 AND (u.undone_by IS NULL \
               OR u.undone_by IN (SELECT change FROM replacing))) WHERE id = ?1",
        )?
        .execute([change])?;
        rows.extend(show_and_hide(conn, change, &mut undone)?);
        undone.blobs.extend(blobs::of_change(conn, ChangeId(change))?);
        undone.judgements |= judgements::of_change(conn, ChangeId(change))?;
        at = conn
            .prepare_cached("SELECT undoes FROM change WHERE id = ?1")?
            .query_row([change], |row| row.get(0))?;
    }
    undone.hidden.sort_unstable();
    undone.shown.sort_unstable();
    undone.blobs.sort_unstable();
    undone.blobs.dedup();
    Ok((undone, rows))
}

/// Makes visible, for each document of a change, the latest row whose change is in force.
fn show_and_hide(conn: &Connection, change: i64, undone: &mut Undone) -> Result<Vec<i64>, Fault> {
    let ids = conn
        .prepare_cached("SELECT DISTINCT id FROM document WHERE change = ?1")?
        .query_map([change], |row| row.get::<_, [u8; 16]>(0))?
        .collect::<Result<BTreeSet<_>, _>>()?;
    let mut touched = Vec::new();
    for id in ids {
        let before = crate::documents::visible(conn, DocumentId(id))?;
        let after: Option<i64> = conn
            .prepare_cached(
                "SELECT max(d.n) FROM document d JOIN change c ON c.id = d.change \
                 WHERE d.id = ?1 AND c.undone_by IS NULL",
            )?
            .query_row([id], |row| row.get(0))?;
        if before == after {
            continue;
        }
        let mut set = conn.prepare_cached("UPDATE document SET visible = ?2 WHERE n = ?1")?;
        if let Some(n) = before {
            set.execute((n, 0))?;
        }
        if let Some(n) = after {
            set.execute((n, 1))?;
        }
        match (before, after) {
            (Some(_), None) => undone.hidden.push(DocumentId(id)),
            (None, Some(_)) => undone.shown.push(DocumentId(id)),
            _ => {}
        }
        touched.extend(before);
        touched.extend(after);
    }
    Ok(touched)
}
