//! The standings of documents: what the weight of their claims depends on, in fuse's notation.

use crate::sql::{Connection, OptionalExtension};
use lapwing_model::DocumentId;

use crate::error::Fault;

/// A standing as it is kept: whose, by whose word (empty for one without a name), and the standing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StandingRecord {
    /// Whose it is.
    pub document: DocumentId,
    /// The key of who speaks; empty for one without a name.
    pub source: String,
    /// The standing in fuse's notation.
    pub body: String,
}

/// Whether the file has the table: one of schema 2, opened for reading only, has not.
pub(crate) fn is_there(conn: &Connection) -> Result<bool, Fault> {
    Ok(conn.has_table("document_standing")?)
}

/// The standing of a document.
pub(crate) fn of(conn: &Connection, document: DocumentId) -> Result<Option<String>, Fault> {
    Ok(conn
        .prepare_cached("SELECT body FROM document_standing WHERE document = ?1")?
        .query_row([document.0], |row| row.get(0))
        .optional()?)
}

/// Keeps a standing; tells whether it is another than before.
pub(crate) fn put(conn: &Connection, standing: &StandingRecord) -> Result<bool, Fault> {
    let changed = conn
        .prepare_cached(
            "INSERT INTO document_standing (document, source, body) VALUES (?1, ?2, ?3) \
             ON CONFLICT (document) DO UPDATE SET source = excluded.source, body = excluded.body \
             WHERE document_standing.body <> excluded.body",
        )?
        .execute((standing.document.0, &standing.source, &standing.body))?;
    Ok(changed > 0)
}

/// Takes the standing of a document away.
pub(crate) fn remove(conn: &Connection, document: DocumentId) -> Result<(), Fault> {
    conn.prepare_cached("DELETE FROM document_standing WHERE document = ?1")?
        .execute([document.0])?;
    Ok(())
}

/// Takes away the standings of documents that are out of sight.
pub(crate) fn remove_hidden(conn: &Connection) -> Result<(), Fault> {
    Ok(conn.execute_batch(
        "DELETE FROM document_standing WHERE NOT EXISTS (
           SELECT 1 FROM document d WHERE d.id = document_standing.document AND d.visible = 1)",
    )?)
}

/// The documents that speak by the word of a source.
pub(crate) fn by_source(conn: &Connection, source: &str) -> Result<Vec<DocumentId>, Fault> {
    let mut statement = conn.prepare_cached(
        "SELECT document FROM document_standing WHERE source = ?1 ORDER BY document",
    )?;
    let rows = statement.query_map([source], |row| row.get(0).map(DocumentId))?;
    Ok(rows.collect::<Result<_, _>>()?)
}
