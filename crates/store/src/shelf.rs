//! What leads from one document to others: markers, links, copies. What they mean is fuse's; here they
//! are rows.

use crate::sql::{Connection, OptionalExtension};
use lapwing_model::DocumentId;

use crate::documents::Part;
use crate::error::{Fault, StoreError};
use crate::store::Store;

/// A document that shows itself to be a copy of another.
#[derive(Clone, Debug, PartialEq)]
pub struct CopyRecord {
    /// The copy.
    pub child: DocumentId,
    /// What it was made from.
    pub parent: DocumentId,
    /// How sure, 0 to 1.
    pub probability: f64,
    /// Why, in words.
    pub why: String,
}

/// A marker, and the place of a document that has it.
pub type MarkerRow = (i64, i64, i64);

/// What one asks of the shelf; a view of the store.
#[derive(Clone, Copy)]
pub struct Shelf<'s> {
    store: &'s Store,
}

impl<'s> Shelf<'s> {
    pub(crate) fn of(store: &'s Store) -> Self {
        Self { store }
    }

    /// The trace of a visible document.
    pub fn trace(&self, document: DocumentId) -> Result<Option<Vec<u8>>, StoreError> {
        self.store.with(|conn, _| trace(conn, document.0, document.0))
    }

    /// The trace of the visible document whose identifier begins so.
    pub fn trace_at(&self, tie: i64) -> Result<Option<Vec<u8>>, StoreError> {
        let (mut least, mut most) = ([0; 16], [0xff; 16]);
        least[..8].copy_from_slice(&tie.to_be_bytes());
        most[..8].copy_from_slice(&tie.to_be_bytes());
        self.store.with(|conn, _| trace(conn, least, most))
    }

    /// Place and tie of the first documents that have a marker, in their order.
    pub fn first(&self, marker: i64, most: usize) -> Result<Vec<(i64, i64)>, StoreError> {
        self.store.with(|conn, _| {
            let mut statement = conn.prepare_cached(
                "SELECT place, tie FROM marker WHERE marker = ?1 ORDER BY place, tie LIMIT ?2",
            )?;
            let rows = statement.query_map((marker, most as i64), |row| {
                Ok((row.get::<_, i64>(0)?, row.get::<_, i64>(1)?))
            })?;
            Ok(rows.collect::<Result<_, _>>()?)
        })
    }

    /// Place and tie of all documents that have a marker and stand behind a place, in their order.
    pub fn behind(
        &self,
        marker: i64,
        (place, tie): (i64, i64),
    ) -> Result<Vec<(i64, i64)>, StoreError> {
        self.store.with(|conn, _| {
            let mut statement = conn.prepare_cached(
                "SELECT place, tie FROM marker WHERE marker = ?1 AND (place, tie) > (?2, ?3) \
                 ORDER BY place, tie",
            )?;
            let rows = statement.query_map((marker, place, tie), |row| {
                Ok((row.get::<_, i64>(0)?, row.get::<_, i64>(1)?))
            })?;
            Ok(rows.collect::<Result<_, _>>()?)
        })
    }

    /// The documents that have a link, and whether they state it.
    pub fn linked(&self, key: i64) -> Result<Vec<(DocumentId, bool)>, StoreError> {
        self.store.with(|conn, _| {
            let mut statement = conn.prepare_cached(
                "SELECT document, states FROM link WHERE key = ?1 ORDER BY document, states",
            )?;
            let rows = statement.query_map([key], |row| {
                Ok((DocumentId(row.get(0)?), row.get::<_, i64>(1)? != 0))
            })?;
            Ok(rows.collect::<Result<_, _>>()?)
        })
    }

    /// All copies of which a document is the child or the parent.
    pub fn copies(&self, document: DocumentId) -> Result<Vec<CopyRecord>, StoreError> {
        self.store.with(|conn, _| {
            let mut found = Vec::new();
            for side in ["child", "parent"] {
                let mut statement = conn.prepare_cached(&format!(
                    "SELECT child, parent, probability, why FROM copied WHERE {side} = ?1 \
                     ORDER BY child, parent"
                ))?;
                let rows = statement.query_map([document.0], |row| {
                    Ok(CopyRecord {
                        child: DocumentId(row.get(0)?),
                        parent: DocumentId(row.get(1)?),
                        probability: row.get(2)?,
                        why: row.get(3)?,
                    })
                })?;
                for row in rows {
                    found.push(row?);
                }
            }
            Ok(found)
        })
    }
}

fn trace(conn: &Connection, least: [u8; 16], most: [u8; 16]) -> Result<Option<Vec<u8>>, Fault> {
    Ok(conn
        .prepare_cached(
            "SELECT p.bytes FROM document d JOIN part p ON p.document = d.n AND p.kind = ?3 \
             WHERE d.id >= ?1 AND d.id <= ?2 AND d.visible = 1",
        )?
        .query_row((least, most, Part::Trace as i64), |row| row.get(0))
        .optional()?)
}

/// The document and trace of a row, in sight or not.
pub(crate) fn trace_of_row(conn: &Connection, n: i64) -> Result<(DocumentId, Vec<u8>), Fault> {
    Ok(conn
        .prepare_cached(
            "SELECT d.id, p.bytes FROM document d JOIN part p ON p.document = d.n AND p.kind = ?2 \
             WHERE d.n = ?1",
        )?
        .query_row((n, Part::Trace as i64), |row| Ok((DocumentId(row.get(0)?), row.get(1)?)))?)
}

pub(crate) fn put_markers(conn: &Connection, rows: &[MarkerRow]) -> Result<(), Fault> {
    let mut insert = conn.bulk(
        "INSERT INTO marker (marker, place, tie) VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING",
    )?;
    for (marker, place, tie) in rows {
        insert.push(&[marker, place, tie])?;
    }
    insert.finish()?;
    Ok(())
}

pub(crate) fn take_markers(conn: &Connection, rows: &[MarkerRow]) -> Result<(), Fault> {
    let mut delete =
        conn.prepare_cached("DELETE FROM marker WHERE marker = ?1 AND place = ?2 AND tie = ?3")?;
    for row in rows {
        delete.execute(*row)?;
    }
    Ok(())
}

pub(crate) fn put_links(
    conn: &Connection,
    document: DocumentId,
    links: &[(i64, bool)],
) -> Result<(), Fault> {
    let mut insert = conn.bulk(
        "INSERT INTO link (key, document, states) VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING",
    )?;
    for (key, states) in links {
        insert.push(&[key, &document.0, &i64::from(*states)])?;
    }
    insert.finish()?;
    Ok(())
}

pub(crate) fn take_links(
    conn: &Connection,
    document: DocumentId,
    links: &[(i64, bool)],
) -> Result<(), Fault> {
    let mut delete =
        conn.prepare_cached("DELETE FROM link WHERE key = ?1 AND document = ?2 AND states = ?3")?;
    for (key, states) in links {
        delete.execute((key, document.0, i64::from(*states)))?;
    }
    Ok(())
}

pub(crate) fn put_copy(conn: &Connection, copy: &CopyRecord) -> Result<(), Fault> {
    conn.prepare_cached(
        "INSERT INTO copied (child, parent, probability, why) VALUES (?1, ?2, ?3, ?4) \
         ON CONFLICT (child, parent) DO UPDATE SET probability = excluded.probability, \
         why = excluded.why",
    )?
    .execute((copy.child.0, copy.parent.0, copy.probability, &copy.why))?;
    Ok(())
}

pub(crate) fn take_copy(
    conn: &Connection,
    child: DocumentId,
    parent: DocumentId,
) -> Result<(), Fault> {
    conn.prepare_cached("DELETE FROM copied WHERE child = ?1 AND parent = ?2")?
        .execute((child.0, parent.0))?;
    Ok(())
}

/// Clears markers and links; copies are always replaced as a whole when all is derived anew.
pub(crate) fn clear(conn: &Connection) -> Result<(), Fault> {
    Ok(conn.execute_batch("DELETE FROM marker; DELETE FROM link;")?)
}

pub(crate) fn clear_copies(conn: &Connection) -> Result<(), Fault> {
    Ok(conn.execute_batch("DELETE FROM copied;")?)
}
