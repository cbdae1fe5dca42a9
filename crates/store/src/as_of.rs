//! The store as it would have been on a past day, or as it is for those who may not see all of it.

use std::collections::BTreeSet;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use rusqlite::types::Value;
use rusqlite::{Connection, params_from_iter};

use crate::documents;
use crate::error::Fault;
use crate::records::DocumentRecord;

/// Copies into the empty store `to` the visible documents that `keep` picks, with their claims,
/// gaps and traces, and the blobs in force; facts and origins are left to be derived again.
pub(crate) fn copy(
    from: &Connection,
    to: &Connection,
    keep: &dyn Fn(&DocumentRecord) -> bool,
) -> Result<(), Fault> {
    to.execute_batch("BEGIN IMMEDIATE")?;
    // Word by word, so that the numbers in all other rows stay as they are.
    to.execute_batch("DELETE FROM word")?;
    copy_rows(from, to, "word", "", [])?;
    copy_rows(from, to, "change", "", [])?;
    copy_rows(from, to, "blob", "", [])?;
    let mut entities = BTreeSet::new();
    let mut index = to.prepare(
        "INSERT INTO document_search (rowid, title, text)
         SELECT n, title, text FROM document_words WHERE n = ?1",
    )?;
    for n in kept(from, keep)? {
        for table in ["document", "part", "claim", "gap"] {
            let key = if table == "document" { "n" } else { "document" };
            copy_rows(from, to, table, &format!("WHERE {key} = ?1"), [n])?;
        }
        let mut named = from.prepare_cached(
            "SELECT subject, object, resolved_subject, resolved_object FROM claim \
             WHERE document = ?1",
        )?;
        let mut rows = named.query([n])?;
        while let Some(row) = rows.next()? {
            for at in 0..4 {
                entities.insert(row.get::<_, i64>(at)?);
            }
        }
        if from
            .prepare_cached("SELECT 1 FROM document_search_docsize WHERE id = ?1")?
            .exists([n])?
        {
            index.execute([n])?;
        }
    }
    for n in entities {
        copy_rows(from, to, "entity", "WHERE n = ?1", [n])?;
    }
    to.execute_batch("COMMIT")?;
    Ok(())
}

/// Whether a document was known by the end of a day: published by then (the last day that its
/// date may mean) or, where it has no date, added by then (UTC).
pub(crate) fn known_by(record: &DocumentRecord, date: Date) -> bool {
    let since = match record.document.published {
        Some(published) => published.last_day(),
        None => record.added.to_zoned(TimeZone::UTC).date(),
    };
    since <= date
}

/// Rows of the visible documents that `keep` picks.
fn kept(from: &Connection, keep: &dyn Fn(&DocumentRecord) -> bool) -> Result<Vec<i64>, Fault> {
    let mut rows = Vec::new();
    for record in documents::records(from)?.iter().filter(|record| keep(record)) {
        rows.extend(documents::visible(from, record.document.id)?);
    }
    rows.sort_unstable();
    Ok(rows)
}

/// Lets the history of a copied store tell nothing of documents that it does not hold: their
/// number, and the commands, any of which may name them.
pub(crate) fn hush_history(copied: &Connection) -> Result<(), Fault> {
    copied.execute_batch(
        "CREATE TEMP TABLE held AS
           SELECT change, count(*) AS documents, sum(claims) AS claims, sum(gaps) AS gaps
           FROM document GROUP BY change;
         UPDATE change SET command = '(not shown)',
           documents = coalesce((SELECT h.documents FROM held h WHERE h.change = change.id), 0),
           claims = coalesce((SELECT h.claims FROM held h WHERE h.change = change.id), 0),
           gaps = coalesce((SELECT h.gaps FROM held h WHERE h.change = change.id), 0);
         DROP TABLE held;",
    )?;
    Ok(())
}

fn copy_rows<const N: usize>(
    from: &Connection,
    to: &Connection,
    table: &str,
    condition: &str,
    params: [i64; N],
) -> Result<(), Fault> {
    let mut select = from.prepare_cached(&format!("SELECT * FROM {table} {condition}"))?;
    let names = select.column_names().collect::<Vec<_>>().join(", ");
    let count = select.column_count();
    let marks = vec!["?"; count].join(", ");
    let mut insert =
        to.prepare_cached(&format!("INSERT INTO {table} ({names}) VALUES ({marks})"))?;
    let mut rows = select.query(params_from_iter(params))?;
    while let Some(row) = rows.next()? {
        let values = (0..count).map(|at| row.get::<_, Value>(at)).collect::<Result<Vec<_>, _>>()?;
        insert.execute(params_from_iter(values))?;
    }
    Ok(())
}
