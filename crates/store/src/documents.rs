//! Documents to rows and back.

use crate::sql::{Connection, OptionalExtension, Params, Row, params};
use lapwing_model::{ChangeId, Document, DocumentId, Format, Gap, Marking, Pap, Reading, Region};

use crate::codec::{date_number, unpack};
use crate::error::Fault;
use crate::packed::Packed;
use crate::records::DocumentRecord;
use crate::regions;
use crate::search;

/// The large parts of a document, by the number under which each is kept.
#[derive(Clone, Copy)]
pub(crate) enum Part {
    Raw = 0,
    Text = 1,
    Regions = 2,
    Trace = 3,
    Marks = 4,
}

const RECORD: &str = "SELECT d.header, d.claims, d.gaps, d.raw_bytes, d.text_bytes, d.change, \
    c.at FROM document d JOIN change c ON c.id = d.change WHERE d.visible = 1";

/// The row of the visible document with this identifier.
pub(crate) fn visible(conn: &Connection, id: DocumentId) -> Result<Option<i64>, Fault> {
    let n = conn
        .prepare_cached("SELECT n FROM document WHERE id = ?1 AND visible = 1")?
        .query_row([id.0], |row| row.get(0))
        .optional()?;
    Ok(n)
}

/// The document of a row, when it is in sight.
pub(crate) fn in_sight(conn: &Connection, n: i64) -> Result<Option<DocumentId>, Fault> {
    let id: Option<[u8; 16]> = conn
        .prepare_cached("SELECT id FROM document WHERE n = ?1 AND visible = 1")?
        .query_row([n], |row| row.get(0))
        .optional()?;
    Ok(id.map(DocumentId))
}

/// The strictest markings of the documents up to a row.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Strictest {
    upto: i64,
    pub(crate) marking: Marking,
    pub(crate) pap: Pap,
}

/// The strictest markings of all documents, in sight or not, where those of the first are known: rows only come, each
/// with a larger number, and their markings stay. To look through all took longer than a page of a server.
pub(crate) fn strictest(conn: &Connection, known: Strictest) -> Result<Strictest, Fault> {
    if !conn.has_table("turn")? {
        let (marking, pap) = strictest_of_headers(conn)?;
        return Ok(Strictest { upto: 0, marking, pap });
    }
    // In a database numbers are given before a change is there for others: all are asked.
    let known = if conn.is_postgres() { Strictest::default() } else { known };
    let (upto, tlp, pap): (Option<i64>, Option<i64>, Option<i64>) = conn
        .prepare_cached("SELECT max(n), max(tlp), max(pap) FROM document WHERE n > ?1")?
        .query_row([known.upto], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
    Ok(Strictest {
        upto: upto.unwrap_or(known.upto),
        marking: known.marking.join(marking_of(tlp.unwrap_or(0))),
        pap: known.pap.max(pap_of(pap.unwrap_or(0))),
    })
}

/// As [`strictest`], of a file of an older schema that is opened for reading only.
fn strictest_of_headers(conn: &Connection) -> Result<(Marking, Pap), Fault> {
    let mut statement = conn.prepare_cached(
        "SELECT header FROM document WHERE header LIKE '%\"marking\":%' OR header LIKE '%PAP:%'",
    )?;
    let mut rows = statement.query([])?;
    let mut strictest = (Marking::default(), Pap::default());
    while let Some(row) = rows.next()? {
        let header: String = row.get(0)?;
        let document: Document =
            serde_json::from_str(&header).map_err(|e| Fault::damaged(e.to_string()))?;
        strictest.0 = strictest.0.join(document.marking.unwrap_or_default());
        strictest.1 = strictest.1.max(document.pap());
    }
    Ok(strictest)
}

/// The markings of a document as numbers in order of strictness.
pub(crate) fn marks(document: &Document) -> (i64, i64) {
    let tlp = document.marking.unwrap_or_default();
    let place = |at: Option<usize>| at.map_or(0, |at| at as i64);
    (
        place(MARKINGS.iter().position(|level| *level == tlp)),
        place(PAPS.iter().position(|level| *level == document.pap())),
    )
}

/// A hash of the name of who published a document, in lower case.
pub(crate) fn publisher(document: &Document) -> Option<i64> {
    let name = document.source.as_deref()?.to_lowercase();
    let mut half = [0; 8];
    half.copy_from_slice(&blake3::hash(name.as_bytes()).as_bytes()[..8]);
    Some(i64::from_le_bytes(half))
}

const MARKINGS: [Marking; 5] =
    [Marking::Clear, Marking::Green, Marking::Amber, Marking::AmberStrict, Marking::Red];
const PAPS: [Pap; 4] = [Pap::Clear, Pap::Green, Pap::Amber, Pap::Red];

/// A number that is none of these is read as the strictest.
fn marking_of(number: i64) -> Marking {
    let at = usize::try_from(number).unwrap_or(usize::MAX);
    MARKINGS.get(at).copied().unwrap_or(Marking::Red)
}

fn pap_of(number: i64) -> Pap {
    let at = usize::try_from(number).unwrap_or(usize::MAX);
    PAPS.get(at).copied().unwrap_or(Pap::Red)
}

/// Writes a document and its parts, without claims and gaps; returns its row.
pub(crate) fn insert(
    conn: &Connection,
    change: ChangeId,
    (reading, packed): (&Reading, &Packed),
    trace: &[u8],
) -> Result<i64, Fault> {
    let document = &reading.document;
    let (tlp, pap) = marks(document);
    let n = conn
        .prepare_cached(
            "INSERT INTO document (id, change, visible, claims, gaps, raw_bytes, text_bytes, \
             published, name, title, header, tlp, pap, publisher) \
             VALUES (?1, ?2, 1, 0, 0, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)",
        )?
        .insert(params![
            document.id.0,
            change.0,
            reading.raw.len() as i64,
            document.text.len() as i64,
            document.published.map(date_number),
            document.name,
            document.title,
            packed.header,
            tlp,
            pap,
            publisher(document),
        ])?;
    keep_part(conn, n, Part::Raw, reading.raw.len(), &packed.raw)?;
    if let Some(text) = &packed.text {
        keep_part(conn, n, Part::Text, document.text.len(), text)?;
    }
    if let Some((size, regions)) = &packed.regions {
        keep_part(conn, n, Part::Regions, *size, regions)?;
    }
    // Not compressed: it is read whenever a document comes near.
    keep_part(conn, n, Part::Trace, trace.len(), trace)?;
    let mut insert =
        conn.prepare_cached("INSERT INTO gap (document, position, body) VALUES (?1, ?2, ?3)")?;
    for (position, gap) in reading.gaps.iter().enumerate() {
        let body = serde_json::to_string(gap).map_err(|e| Fault::damaged(e.to_string()))?;
        insert.execute((n, position as i64, body))?;
    }
    if is_prose(document.format) {
        search::index(conn, n, document.title.as_deref(), &document.text)?;
    }
    Ok(n)
}

/// Whether words of this format are worth searching: lists and tables hold values, which are
/// found as entities.
fn is_prose(format: Format) -> bool {
    !matches!(format, Format::List | Format::Table)
}

/// A copy of all but the text, which may be large.
pub(crate) fn without_text(document: &Document) -> Document {
    let Document {
        id,
        name,
        container,
        format,
        title,
        source,
        url,
        published,
        modified,
        marking,
        language,
        properties,
        lineage,
        text: _,
    } = document;
    Document {
        id: *id,
        name: name.clone(),
        container: container.clone(),
        format: *format,
        title: title.clone(),
        source: source.clone(),
        url: url.clone(),
        published: *published,
        modified: *modified,
        marking: *marking,
        language: language.clone(),
        properties: properties.clone(),
        lineage: lineage.clone(),
        text: String::new(),
    }
}

pub(crate) fn keep_part(
    conn: &Connection,
    n: i64,
    part: Part,
    size: usize,
    bytes: &[u8],
) -> Result<(), Fault> {
    conn.prepare_cached("INSERT INTO part (document, kind, size, bytes) VALUES (?1, ?2, ?3, ?4)")?
        .execute(params![n, part as i64, size as i64, bytes])?;
    Ok(())
}

/// A compressed part of a visible document; `None` when there is no such document or part.
pub(crate) fn part(
    conn: &Connection,
    id: DocumentId,
    part: Part,
) -> Result<Option<Vec<u8>>, Fault> {
    let found: Option<(Vec<u8>, i64)> = conn
        .prepare_cached(
            "SELECT p.bytes, p.size FROM document d JOIN part p ON p.document = d.n \
             AND p.kind = ?2 WHERE d.id = ?1 AND d.visible = 1",
        )?
        .query_row(params![id.0, part as i64], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    found.map(|(bytes, size)| unpack(&bytes, size)).transpose()
}

/// A visible document with its text.
pub(crate) fn document(conn: &Connection, id: DocumentId) -> Result<Option<Document>, Fault> {
    let Some(record) = record(conn, id)? else { return Ok(None) };
    let text = match part(conn, id, Part::Text)? {
        Some(text) => Some(text),
        None => part(conn, id, Part::Raw)?,
    };
    let text = String::from_utf8(text.unwrap_or_default())
        .map_err(|_| Fault::damaged(format!("the text of {id} is no UTF-8")))?;
    Ok(Some(Document { text, ..record.document }))
}

pub(crate) fn regions(conn: &Connection, id: DocumentId) -> Result<Vec<Region>, Fault> {
    part(conn, id, Part::Regions)?.map_or(Ok(Vec::new()), |bytes| regions::decode(&bytes))
}

pub(crate) fn record(conn: &Connection, id: DocumentId) -> Result<Option<DocumentRecord>, Fault> {
    let sql = format!("{RECORD} AND d.id = ?1");
    let mut statement = conn.prepare_cached(&sql)?;
    let mut rows = statement.query([id.0])?;
    rows.next()?.map(|row| read_record(&row)).transpose()
}

/// All visible documents, by name and identifier.
pub(crate) fn records(conn: &Connection) -> Result<Vec<DocumentRecord>, Fault> {
    select(conn, &format!("{RECORD} ORDER BY d.name, d.id"), [])
}

/// The visible documents that a change added, by name and identifier.
pub(crate) fn of_change(conn: &Connection, change: ChangeId) -> Result<Vec<DocumentRecord>, Fault> {
    select(conn, &format!("{RECORD} AND d.change = ?1 ORDER BY d.name, d.id"), [change.0])
}

/// Visible documents whose identifier starts with a text of four or more digits, or whose name,
/// title or address holds it in any case; those named exactly so first.
pub(crate) fn find(conn: &Connection, wanted: &str) -> Result<Vec<DocumentRecord>, Fault> {
    let wanted = wanted.trim();
    if wanted.is_empty() {
        return Ok(Vec::new());
    }
    let folded = wanted.to_lowercase();
    let is_prefix =
        (4..=32).contains(&folded.len()) && folded.bytes().all(|b| b.is_ascii_hexdigit());
    let prefix = if is_prefix { folded.to_uppercase() } else { "-".to_owned() };
    let sql = format!(
        "{RECORD} AND (substr(hex(d.id), 1, length(?1)) = ?1 OR lapwing_holds(d.name, ?2) \
         OR lapwing_holds(d.title, ?2) OR lapwing_holds(d.header ->> 'url', ?2)) \
         ORDER BY substr(hex(d.id), 1, length(?1)) <> ?1, \
         d.name <> ?3 AND coalesce(d.title, '') <> ?3, d.name, d.id"
    );
    select(conn, &sql, params![prefix, folded, wanted])
}

fn select(conn: &Connection, sql: &str, params: impl Params) -> Result<Vec<DocumentRecord>, Fault> {
    let mut statement = conn.prepare_cached(sql)?;
    let mut rows = statement.query(params)?;
    let mut records = Vec::new();
    while let Some(row) = rows.next()? {
        records.push(read_record(&row)?);
    }
    Ok(records)
}

fn read_record(row: &Row<'_>) -> Result<DocumentRecord, Fault> {
    let header: String = row.get(0)?;
    let number = |at: usize| Ok::<_, Fault>(row.get::<_, i64>(at)?.max(0) as u64);
    let at: String = row.get(6)?;
    Ok(DocumentRecord {
        document: serde_json::from_str(&header)
            .map_err(|e| Fault::damaged(format!("a document's header: {e}")))?,
        claims: number(1)?,
        gaps: number(2)?,
        raw_bytes: number(3)?,
        text_bytes: number(4)?,
        change: ChangeId(row.get(5)?),
        added: at.parse().map_err(|_| Fault::damaged(format!("`{at}` is no time")))?,
    })
}

/// All gaps of visible documents, in order of document and place.
pub(crate) fn gaps(conn: &Connection) -> Result<Vec<(DocumentId, Gap)>, Fault> {
    let mut statement = conn.prepare_cached(
        "SELECT d.id, g.body FROM gap g JOIN document d ON d.n = g.document AND d.visible = 1 \
         ORDER BY d.id, g.position",
    )?;
    let mut rows = statement.query([])?;
    let mut gaps = Vec::new();
    while let Some(row) = rows.next()? {
        let body: String = row.get(1)?;
        let gap = serde_json::from_str(&body).map_err(|e| Fault::damaged(format!("a gap: {e}")))?;
        gaps.push((DocumentId(row.get(0)?), gap));
    }
    Ok(gaps)
}

/// The gaps of a visible document, in order of place.
pub(crate) fn gaps_of(conn: &Connection, id: DocumentId) -> Result<Vec<Gap>, Fault> {
    let mut statement = conn.prepare_cached(
        "SELECT g.body FROM document d JOIN gap g ON g.document = d.n \
         WHERE d.id = ?1 AND d.visible = 1 ORDER BY g.position",
    )?;
    let mut rows = statement.query([id.0])?;
    let mut gaps = Vec::new();
    while let Some(row) = rows.next()? {
        let body: String = row.get(0)?;
        gaps.push(serde_json::from_str(&body).map_err(|e| Fault::damaged(format!("a gap: {e}")))?);
    }
    Ok(gaps)
}

/// The visible documents whose name begins so, by name and identifier.
pub(crate) fn named(conn: &Connection, beginning: &str) -> Result<Vec<DocumentRecord>, Fault> {
    // No character of a name comes after the last one that there is.
    let end = format!("{beginning}\u{10FFFF}");
    let sql = format!("{RECORD} AND d.name >= ?1 AND d.name < ?2 ORDER BY d.name, d.id");
    select(conn, &sql, (beginning, end))
}

/// What fuse keeps of each visible document, in order of identifier.
pub(crate) fn traces(conn: &Connection) -> Result<Vec<(DocumentId, Vec<u8>)>, Fault> {
    let mut statement = conn.prepare_cached(
        "SELECT d.id, p.bytes FROM document d JOIN part p ON p.document = d.n \
         AND p.kind = ?1 WHERE d.visible = 1 ORDER BY d.id",
    )?;
    let mut rows = statement.query([Part::Trace as i64])?;
    let mut traces = Vec::new();
    while let Some(row) = rows.next()? {
        traces.push((DocumentId(row.get(0)?), row.get(1)?));
    }
    Ok(traces)
}
