//! By what the evidence of each document is found again in others: small rows that are read one after the
//! other, so that what holds documents together is found without going through their claims.

use std::collections::BTreeSet;

use foldhash::{HashSet, HashSetExt as _};
use lapwing_model::{DocumentId, Entity, Object, Origin, OriginId, PartialDate};

use crate::aging;
use crate::change::Change;
use crate::codec::{Reader, Writer, date_of};
use crate::documents::{self, Part};
use crate::error::{Fault, StoreError};
use crate::origins;
use crate::records::StoredClaim;
use crate::sql::{Connection, OptionalExtension, params};
use crate::standing;
use crate::store::Store;

/// What a feature of a piece of evidence is and how much it tells, in fuse's notation.
pub type MarkRecord = (u64, u16);

/// The marks of the claims of a reading: the place of each claim that is evidence, with the marks of what it is on.
pub type ClaimMarks = [(usize, Vec<MarkRecord>)];

/// A document in sight, as short as can be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PlacedDocument {
    /// Its row.
    pub row: i64,
    /// Its identifier.
    pub id: DocumentId,
    /// When it was published.
    pub published: Option<PartialDate>,
    /// The origin that it goes back to.
    pub origin: OriginId,
}

/// A mark of a document.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DocumentMark {
    /// The row of the document.
    pub document: i64,
    /// The number of the entity that it is of.
    pub entity: i64,
    /// The feature.
    pub feature: u64,
    /// How much it tells.
    pub tells: u16,
}

/// The number of the marks of a row of bytes is about so much less.
const BYTES: u64 = 12;

/// Writes the marks of a document: `entities` are the numbers of what its claims are on.
pub(crate) fn put(
    conn: &Connection,
    n: i64,
    marks: &mut dyn Iterator<Item = (i64, &[MarkRecord])>,
) -> Result<(), Fault> {
    let mut seen: HashSet<i64> = HashSet::new();
    let mut to = Writer::default();
    for (entity, marks) in marks {
        if marks.is_empty() || !seen.insert(entity) {
            continue;
        }
        to.number(entity as u64);
        to.number(marks.len() as u64);
        for (feature, tells) in marks {
            to.0.extend_from_slice(&feature.to_le_bytes());
            to.0.extend_from_slice(&tells.to_le_bytes());
        }
    }
    documents::keep_part(conn, n, Part::Marks, to.0.len(), &to.0)
}

fn read(
    document: i64,
    bytes: &[u8],
    aside: &HashSet<i64>,
    each: &mut dyn FnMut(DocumentMark),
) -> Result<(), Fault> {
    let mut from = Reader(bytes);
    while !from.is_empty() {
        let entity = from.number()? as i64;
        let marks = from.small::<usize>()?;
        let marks = from.take(marks.saturating_mul(10))?;
        if aside.contains(&entity) {
            continue;
        }
        for mark in marks.chunks_exact(10) {
            let (mut feature, mut tells) = ([0; 8], [0; 2]);
            feature.copy_from_slice(&mark[..8]);
            tells.copy_from_slice(&mark[8..]);
            let (feature, tells) = (u64::from_le_bytes(feature), u16::from_le_bytes(tells));
            each(DocumentMark { document, entity, feature, tells });
        }
    }
    Ok(())
}

fn marks_of_row(conn: &Connection, n: i64) -> Result<Option<Vec<u8>>, Fault> {
    let mut one =
        conn.prepare_cached("SELECT bytes FROM part WHERE document = ?1 AND kind = ?2")?;
    Ok(one.query_row((n, Part::Marks as i64), |row| row.get(0)).optional()?)
}

/// Entities that are no evidence, whatever documents say: on a list of what is legitimate, or taken back.
fn set_aside(conn: &Connection) -> Result<HashSet<i64>, Fault> {
    let (first, last) = aging::SET_ASIDE;
    let mut statement = conn.prepare_cached(
        "SELECT s.n FROM tally k CROSS JOIN standing s ON s.kind = k.kind
         WHERE s.probability IS NOT NULL AND s.ages BETWEEN ?1 AND ?2",
    )?;
    let rows = statement.query_map([first, last], |row| row.get(0))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

impl Store {
    /// All documents in sight with their origins, in the order of rows.
    pub fn placed_documents(&self) -> Result<Vec<PlacedDocument>, StoreError> {
        self.with(|conn, _| {
            let mut statement = conn.prepare_cached(
                "SELECT d.n, d.id, d.published, m.origin FROM document d
                 JOIN origin_member m ON m.document = d.id WHERE d.visible = 1 ORDER BY d.n",
            )?;
            let mut rows = statement.query([])?;
            let mut placed = Vec::new();
            while let Some(row) = rows.next()? {
                placed.push(PlacedDocument {
                    row: row.get(0)?,
                    id: DocumentId(row.get(1)?),
                    published: row.get::<_, Option<i64>>(2)?.map(date_of).transpose()?,
                    origin: OriginId(row.get(3)?),
                });
            }
            Ok(placed)
        })
    }

    /// About how many marks there are.
    pub fn about_marks(&self) -> Result<u64, StoreError> {
        self.with(|conn, _| {
            let bytes: i64 = conn
                .prepare_cached(
                    "SELECT coalesce(sum(p.size), 0) FROM document d
                     JOIN part p ON p.document = d.n AND p.kind = ?1 WHERE d.visible = 1",
                )?
                .query_row([Part::Marks as i64], |row| row.get(0))?;
            Ok(bytes.max(0) as u64 / BYTES)
        })
    }

    /// Gives the marks of all documents in sight, in the order of rows, but those of entities that are set
    /// `aside` ([`Store::entities_set_aside`]).
    /// Returns the rows of the documents that have none noted: their claims are to be looked at.
    pub fn each_mark(
        &self,
        aside: &HashSet<i64>,
        each: &mut dyn FnMut(DocumentMark),
    ) -> Result<Vec<i64>, StoreError> {
        self.with(|conn, _| {
            let mut statement = conn.prepare_cached(
                "SELECT d.n, p.bytes FROM document d
                 LEFT JOIN part p ON p.document = d.n AND p.kind = ?1
                 WHERE d.visible = 1 ORDER BY d.n",
            )?;
            let mut rows = statement.stream([Part::Marks as i64])?;
            let mut unmarked = Vec::new();
            while let Some(row) = rows.next()? {
                let n = row.get(0)?;
                let marks: Option<Vec<u8>> = row.get(1)?;
                match marks {
                    Some(marks) => read(n, &marks, aside, each)?,
                    None => unmarked.push(n),
                }
            }
            Ok(unmarked)
        })
    }

    /// Gives all marks of some documents, in sight or not, given by their rows. Returns the rows of those that
    /// have none noted.
    pub fn marks_of(
        &self,
        documents: &[i64],
        each: &mut dyn FnMut(DocumentMark),
    ) -> Result<Vec<i64>, StoreError> {
        self.with(|conn, _| {
            let (none, mut unmarked) = (HashSet::new(), Vec::new());
            for n in documents {
                match marks_of_row(conn, *n)? {
                    Some(bytes) => read(*n, &bytes, &none, each)?,
                    None => unmarked.push(*n),
                }
            }
            Ok(unmarked)
        })
    }

    /// The numbers of the entities that are evidence in some documents, given by their rows; and the rows of those
    /// that have no marks noted.
    pub fn marked_entities(
        &self,
        documents: &[i64],
    ) -> Result<(BTreeSet<i64>, BTreeSet<i64>), StoreError> {
        self.with(|conn, names| {
            standing::ready(conn, names)?;
            let aside = set_aside(conn)?;
            let (mut found, mut without) = (BTreeSet::new(), BTreeSet::new());
            for n in documents {
                match marks_of_row(conn, *n)? {
                    Some(bytes) => read(*n, &bytes, &aside, &mut |mark| {
                        found.insert(mark.entity);
                    })?,
                    None => drop(without.insert(*n)),
                }
            }
            Ok((found, without))
        })
    }

    /// Gives the claims of a document, each with the number of the entity that it is on.
    pub fn each_subject(
        &self,
        id: DocumentId,
        each: &mut dyn FnMut(i64, &StoredClaim),
    ) -> Result<(), StoreError> {
        let claims = self.claims_of(id)?;
        self.with(|conn, names| {
            for claim in &claims {
                let found = names.find(conn, &Object::Entity(claim.subject.clone()))?;
                if let Some(found) = found {
                    each(found.n, claim);
                }
            }
            Ok(())
        })
    }

    /// The rows of the documents, in sight or not, that state something of an entity, given by its number.
    pub fn documents_on(&self, entity: i64) -> Result<Vec<i64>, StoreError> {
        self.with(|conn, _| {
            let mut statement = conn.prepare_cached(
                "SELECT DISTINCT document FROM claim WHERE resolved_subject = ?1 ORDER BY 1",
            )?;
            let rows = statement.query_map([entity], |row| row.get(0))?;
            Ok(rows.collect::<Result<_, _>>()?)
        })
    }

    /// The numbers of the entities that are no evidence, whatever documents say of them.
    pub fn entities_set_aside(&self) -> Result<HashSet<i64>, StoreError> {
        self.with(|conn, names| {
            standing::ready(conn, names)?;
            set_aside(conn)
        })
    }

    /// The origin of an identifier.
    pub fn origin(&self, id: OriginId) -> Result<Option<Origin>, StoreError> {
        self.with(|conn, _| origins::one(conn, id))
    }

    /// The entity of a number.
    pub fn entity_numbered(&self, n: i64) -> Result<Entity, StoreError> {
        self.with(|conn, names| names.entity_of(conn, n))
    }

    /// By which rules the marks were made; none in a file that has it not.
    pub fn marked_by(&self) -> Result<Option<String>, StoreError> {
        self.with(|conn, _| {
            if !conn.has_table("marked_by")? {
                return Ok(None);
            }
            let mut statement = conn.prepare_cached("SELECT rules FROM marked_by")?;
            Ok(statement.query_row([], |row| row.get(0)).optional()?)
        })
    }
}

impl Change<'_> {
    /// Notes by which rules marks are made, and takes all away that were made by others; tells whether there were.
    pub fn mark_by(&mut self, rules: &str) -> Result<bool, StoreError> {
        if self.store.marked_by()?.as_deref() == Some(rules) {
            return Ok(false);
        }
        self.store.with(|conn, _| {
            conn.prepare_cached("DELETE FROM part WHERE kind = ?1")?
                .execute([Part::Marks as i64])?;
            conn.prepare_cached(
                "INSERT INTO marked_by (one, rules) VALUES (1, ?1)
                 ON CONFLICT (one) DO UPDATE SET rules = excluded.rules",
            )?
            .execute([rules])?;
            Ok(true)
        })
    }

    /// Keeps the marks of a document that has none: numbers of entities, each with its marks.
    pub fn put_marks(
        &mut self,
        row: i64,
        marks: &[(i64, Vec<MarkRecord>)],
    ) -> Result<(), StoreError> {
        self.store.with(|conn, _| {
            put(conn, row, &mut marks.iter().map(|(n, marks)| (*n, marks.as_slice())))
        })
    }

    /// Rows and identifiers of all documents, in sight or not, that have no marks.
    pub fn unmarked(&self) -> Result<Vec<(i64, DocumentId)>, StoreError> {
        self.store.with(|conn, _| {
            let mut statement = conn.prepare_cached(
                "SELECT d.n, d.id FROM document d WHERE d.visible = 1 AND NOT EXISTS
                   (SELECT 1 FROM part p WHERE p.document = d.n AND p.kind = ?1) ORDER BY d.n",
            )?;
            let rows = statement.query_map(params![Part::Marks as i64], |row| {
                Ok((row.get::<_, i64>(0)?, DocumentId(row.get(1)?)))
            })?;
            Ok(rows.collect::<Result<_, _>>()?)
        })
    }
}
