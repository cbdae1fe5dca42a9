//! The store as it would have been on a past day, and as one sees it who may not see all.

use std::collections::BTreeSet;

use crate::sql::types::Value;
use crate::sql::{Connection, params_from_iter};
use jiff::civil::Date;
use jiff::tz::TimeZone;
use lapwing_model::Marking;

use crate::error::Fault;
use crate::names::Names;
use crate::records::DocumentRecord;
use crate::{decisions, documents, search, spelling};

/// Copies into the empty store `to` all documents that `wanted` takes, with their claims, gaps
/// and traces, and the blobs in force; facts and origins are left to be derived again.
pub(crate) fn copy(
    from: &Connection,
    to: &Connection,
    names: &Names,
    wanted: &dyn Fn(&DocumentRecord) -> bool,
) -> Result<(), Fault> {
    to.execute_batch("BEGIN IMMEDIATE")?;
    // Word by word, so that the numbers in all other rows stay as they are.
    to.execute_batch("DELETE FROM word")?;
    copy_rows(from, to, "word", "", [])?;
    copy_rows(from, to, "change", "", [])?;
    if from.has_table("replacing")? {
        copy_rows(from, to, "replacing", "", [])?;
    }
    copy_rows(from, to, "blob", "", [])?;
    copy_judgements(from, to)?;
    let mut entities = BTreeSet::new();
    let mut index = to.prepare(
        "INSERT INTO document_search (rowid, title, text)
         SELECT n, title, text FROM document_words WHERE n = ?1",
    )?;
    for n in chosen(from, wanted)? {
        for table in ["document", "part", "claim", "gap", "named_in"] {
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
        if search::is_indexed(from, n)? {
            index.execute([n])?;
        }
    }
    for n in entities {
        copy_rows(from, to, "entity", "WHERE n = ?1", [n])?;
    }
    spelling::extend(to, names)?;
    decisions::keep_evident(to, None)?;
    to.execute_batch("COMMIT")?;
    Ok(())
}

/// Decisions of people; a file of schema 1 has none.
fn copy_judgements(from: &Connection, to: &Connection) -> Result<(), Fault> {
    if from.has_table("judgement")? {
        copy_rows(from, to, "judgement", "", [])?;
    }
    Ok(())
}

/// Rows of the visible documents that are wanted.
fn chosen(from: &Connection, wanted: &dyn Fn(&DocumentRecord) -> bool) -> Result<Vec<i64>, Fault> {
    let mut chosen = Vec::new();
    for record in documents::records(from)?.iter().filter(|record| wanted(record)) {
        chosen.extend(documents::visible(from, record.document.id)?);
    }
    chosen.sort_unstable();
    Ok(chosen)
}

/// Whether a document was known by the end of a day: from the day it was published on (the last
/// day that its date may mean) or, where it has no date, from the day it was added on (UTC).
pub(crate) fn known_by(record: &DocumentRecord, date: Date) -> bool {
    let since = match record.document.published {
        Some(published) => published.last_day(),
        None => record.added.to_zoned(TimeZone::UTC).date(),
    };
    since <= date
}

/// Makes the history in `to` tell nothing of documents that were left out: a change all of whose
/// documents are (undone ones too: nobody can ask for them there) has no entry, and of one that
/// loses some the command is not told, for it may name them.
///
/// Of the decisions of people those stay that are marked at most so, or that documents here bear out.
pub(crate) fn hush(from: &Connection, to: &Connection, most: Option<Marking>) -> Result<(), Fault> {
    let mut changes = from.prepare("SELECT id, documents FROM change ORDER BY id")?;
    let mut rows = changes.query([])?;
    while let Some(row) = rows.next()? {
        let (id, documents): (i64, i64) = (row.get(0)?, row.get(1)?);
        let (left, claims, gaps): (i64, i64, i64) = to
            .prepare_cached(
                "SELECT count(*), coalesce(sum(claims), 0), coalesce(sum(gaps), 0) \
                 FROM document WHERE change = ?1",
            )?
            .query_row([id], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
        if documents == left {
            continue;
        }
        if left == 0 {
            // What replaces something has documents of its own.
            to.prepare_cached(
                "DELETE FROM change WHERE id = ?1 OR (undoes = ?1 AND NOT EXISTS \
                   (SELECT 1 FROM document d WHERE d.change = change.id))",
            )?
            .execute([id])?;
        } else {
            to.prepare_cached(
                "UPDATE change SET command = 'add (in part above your marking)', documents = ?2, \
                 claims = ?3, gaps = ?4 WHERE id = ?1",
            )?
            .execute((id, left, claims, gaps))?;
        }
    }
    decisions::keep_evident(to, Some(most))?;
    to.execute_batch(
        "UPDATE change SET undone_by = NULL WHERE undone_by NOT IN (SELECT id FROM change)",
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
    let columns = select.columns();
    let (names, count) = (columns.join(", "), columns.len());
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
