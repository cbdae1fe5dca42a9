//! Origins: replaced as a whole, written only where they changed.

use std::collections::{BTreeMap, BTreeSet};

use crate::sql::{Connection, OptionalExtension, params};
use lapwing_model::{DocumentId, Origin, OriginId};

use crate::error::Fault;

/// All origins, in order of identifier.
pub(crate) fn all(conn: &Connection) -> Result<Vec<Origin>, Fault> {
    let mut statement = conn.prepare_cached("SELECT body FROM origin ORDER BY id")?;
    let mut rows = statement.query([])?;
    let mut origins = Vec::new();
    while let Some(row) = rows.next()? {
        origins.push(parse(&row.get::<_, String>(0)?)?);
    }
    Ok(origins)
}

/// The origin of a document.
pub(crate) fn of(conn: &Connection, id: DocumentId) -> Result<Option<Origin>, Fault> {
    let body: Option<String> = conn
        .prepare_cached(
            "SELECT o.body FROM origin_member m JOIN origin o ON o.id = m.origin \
             WHERE m.document = ?1",
        )?
        .query_row([id.0], |row| row.get(0))
        .optional()?;
    body.map(|body| parse(&body)).transpose()
}

/// The origins of some documents, each read once: of documents of one channel it is one, which tells
/// all of them.
pub(crate) fn of_all<'d>(
    conn: &Connection,
    documents: impl IntoIterator<Item = &'d DocumentId>,
) -> Result<Vec<Origin>, Fault> {
    let mut ids: BTreeSet<[u8; 16]> = BTreeSet::new();
    let mut of = conn.prepare_cached("SELECT origin FROM origin_member WHERE document = ?1")?;
    for document in documents {
        ids.extend(of.query_row([document.0], |row| row.get::<_, [u8; 16]>(0)).optional()?);
    }
    let mut origins = Vec::with_capacity(ids.len());
    for id in ids {
        origins.extend(one(conn, OriginId(id))?);
    }
    Ok(origins)
}

/// The origin of an identifier.
pub(crate) fn one(conn: &Connection, id: OriginId) -> Result<Option<Origin>, Fault> {
    let body: Option<String> = conn
        .prepare_cached("SELECT body FROM origin WHERE id = ?1")?
        .query_row([id.0], |row| row.get(0))
        .optional()?;
    body.map(|body| parse(&body)).transpose()
}

fn parse(body: &str) -> Result<Origin, Fault> {
    serde_json::from_str(body).map_err(|e| Fault::damaged(format!("an origin: {e}")))
}

/// What came of origins that were replaced.
pub(crate) struct Replaced {
    /// Whether any is another now.
    pub(crate) changed: bool,
    /// The documents whose origin, or place in it, is another now.
    pub(crate) moved: BTreeSet<DocumentId>,
    /// All documents of the origins that are other ones now, also where their own place is the same: what is told of
    /// an origin names all.
    pub(crate) members: BTreeSet<DocumentId>,
}

/// Replaces all origins.
pub(crate) fn put(conn: &Connection, origins: &[Origin]) -> Result<Replaced, Fault> {
    let mut left = fingerprints(conn)?;
    let mut gone: Vec<Origin> = Vec::new();
    let mut come: Vec<(&Origin, String, [u8; 16])> = Vec::new();
    for origin in origins {
        let body = serde_json::to_string(origin).map_err(|e| Fault::damaged(e.to_string()))?;
        let fingerprint = OriginId::of(body.as_bytes()).0;
        if left.remove(&origin.id.0) != Some(fingerprint) {
            gone.extend(remove(conn, origin.id.0)?);
            come.push((origin, body, fingerprint));
        }
    }
    for id in left.into_keys() {
        gone.extend(remove(conn, id)?);
    }
    insert(conn, &come)?;
    let changed = !gone.is_empty() || !come.is_empty();
    let before = places(&gone);
    let after = places(come.iter().map(|(origin, ..)| *origin));
    let moved = |id: &&DocumentId| before.get(*id) != after.get(*id);
    let all = || before.keys().chain(after.keys());
    Ok(Replaced {
        changed,
        moved: all().filter(moved).copied().collect(),
        members: all().copied().collect(),
    })
}

/// Replaces the origins of some documents; tells the documents of all that are other ones now, `None` where none is.
pub(crate) fn put_of(
    conn: &Connection,
    documents: &[DocumentId],
    origins: &[Origin],
) -> Result<Option<BTreeSet<DocumentId>>, Fault> {
    let mut gone: Vec<Origin> = Vec::new();
    let mut left: BTreeMap<[u8; 16], [u8; 16]> = BTreeMap::new();
    {
        let mut ids: BTreeSet<[u8; 16]> = BTreeSet::new();
        let mut of = conn.prepare_cached("SELECT origin FROM origin_member WHERE document = ?1")?;
        for document in documents {
            ids.extend(of.query_row([document.0], |row| row.get::<_, [u8; 16]>(0)).optional()?);
        }
        // Each origin once: one row tells all its documents, and to find it is to read it. A channel
        // with thousands of posts is one origin.
        let mut print = conn.prepare_cached("SELECT fingerprint FROM origin WHERE id = ?1")?;
        for id in ids {
            let found = print.query_row([id], |row| row.get(0)).optional()?;
            left.extend(found.map(|fingerprint: [u8; 16]| (id, fingerprint)));
        }
    }
    let mut come: Vec<(&Origin, String, [u8; 16])> = Vec::new();
    for origin in origins {
        let body = serde_json::to_string(origin).map_err(|e| Fault::damaged(e.to_string()))?;
        let fingerprint = OriginId::of(body.as_bytes()).0;
        if left.remove(&origin.id.0) != Some(fingerprint) {
            gone.extend(remove(conn, origin.id.0)?);
            come.push((origin, body, fingerprint));
        }
    }
    let changed = !left.is_empty() || !come.is_empty();
    for id in left.into_keys() {
        gone.extend(remove(conn, id)?);
    }
    insert(conn, &come)?;
    let members = gone.iter().chain(come.iter().map(|(origin, ..)| *origin));
    let members = members.flat_map(|origin| &origin.members).map(|member| member.document);
    Ok(changed.then(|| members.collect()))
}

fn insert(conn: &Connection, come: &[(&Origin, String, [u8; 16])]) -> Result<(), Fault> {
    let mut insert = conn.bulk(
        "INSERT INTO origin (id, fingerprint, body) VALUES (?1, ?2, ?3) ON CONFLICT (id) \
         DO UPDATE SET fingerprint = excluded.fingerprint, body = excluded.body",
    )?;
    let mut join = conn.bulk(
        "INSERT INTO origin_member (document, origin) VALUES (?1, ?2) ON CONFLICT (document) \
         DO UPDATE SET origin = excluded.origin",
    )?;
    for (origin, body, fingerprint) in come {
        insert.push(params![origin.id.0, fingerprint, body])?;
        for member in &origin.members {
            join.push(params![member.document.0, origin.id.0])?;
        }
    }
    insert.finish()?;
    join.finish()?;
    Ok(())
}

fn fingerprints(conn: &Connection) -> Result<BTreeMap<[u8; 16], [u8; 16]>, Fault> {
    let mut statement = conn.prepare_cached("SELECT id, fingerprint FROM origin")?;
    let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

fn remove(conn: &Connection, id: [u8; 16]) -> Result<Option<Origin>, Fault> {
    let body: Option<String> = conn
        .prepare_cached("DELETE FROM origin WHERE id = ?1 RETURNING body")?
        .query_row([id], |row| row.get(0))
        .optional()?;
    let Some(origin) = body.map(|body| parse(&body)).transpose()? else { return Ok(None) };
    let mut leave =
        conn.prepare_cached("DELETE FROM origin_member WHERE document = ?1 AND origin = ?2")?;
    for member in &origin.members {
        leave.execute((member.document.0, id))?;
    }
    Ok(Some(origin))
}

/// What a document's claims weigh by: its origin, and all that is said of its place in it.
fn places<'o>(
    origins: impl IntoIterator<Item = &'o Origin>,
) -> BTreeMap<DocumentId, (OriginId, bool, String)> {
    let mut places = BTreeMap::new();
    for origin in origins {
        for member in &origin.members {
            let place = format!("{member:?}");
            places.insert(member.document, (origin.id, origin.root_seen, place));
        }
    }
    places
}
