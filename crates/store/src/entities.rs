//! Resolved entities that facts speak of, and the way to them from what a user types.

use std::collections::BTreeSet;

use crate::sql::{Connection, params_from_iter};
use lapwing_model::{Entity, Kind};

use crate::error::Fault;
use crate::names::Names;
use crate::records::EntityRecord;

/// Whether a fact speaks of entity `e`.
const KNOWN: &str = "(EXISTS (SELECT 1 FROM fact WHERE subject = e.n) \
    OR EXISTS (SELECT 1 FROM fact WHERE object_entity = e.n))";

/// Most that [`find`] gives.
const MOST: usize = 200;

/// All entities that facts speak of, of one kind or all, by kind and value.
pub(crate) fn all(
    conn: &Connection,
    names: &Names,
    kind: Option<Kind>,
) -> Result<Vec<EntityRecord>, Fault> {
    let kind = match kind {
        Some(kind) => match names.find_word(conn, kind.as_str())? {
            Some(n) => Some(n),
            None => return Ok(Vec::new()),
        },
        None => None,
    };
    let condition = if kind.is_some() { "e.kind = ?1" } else { "e.kind > 0" };
    let mut statement = conn.prepare_cached(&format!(
        "SELECT e.kind, e.value,
           (SELECT count(*) FROM fact WHERE subject = e.n)
             + (SELECT count(*) FROM fact WHERE object_entity = e.n AND subject <> e.n),
           (SELECT count(*) FROM (
              SELECT c.document FROM claim c JOIN document d ON d.n = c.document AND d.visible = 1
                WHERE c.resolved_subject = e.n
              UNION
              SELECT c.document FROM fact f
                JOIN claim c ON c.resolved_subject = f.subject AND c.relation = f.relation
                  AND c.resolved_object = f.object
                JOIN document d ON d.n = c.document AND d.visible = 1
                WHERE f.object_entity = e.n) x)
         FROM entity e WHERE {condition} AND {KNOWN} ORDER BY e.kind, e.value"
    ))?;
    let mut rows = statement.stream(params_from_iter(kind))?;
    let mut records = Vec::new();
    while let Some(row) = rows.next()? {
        let object = names.object_from(conn, row.get(0)?, row.get(1)?)?;
        let Some(entity) = object.entity().cloned() else { continue };
        let number = |at: usize| Ok::<_, Fault>(row.get::<_, i64>(at)?.max(0) as u64);
        records.push(EntityRecord { entity, facts: number(2)?, documents: number(3)? });
    }
    Ok(records)
}

/// Entities that a text means: named exactly so, ignoring case; or, failing that, those whose
/// name or value holds it, those that start with it first. Other names lead to the resolved one.
pub(crate) fn find(conn: &Connection, names: &Names, text: &str) -> Result<Vec<Entity>, Fault> {
    let text = text.trim();
    if text.is_empty() {
        return Ok(Vec::new());
    }
    let exact = probe(conn, names, text)?;
    if !exact.is_empty() {
        return Ok(exact);
    }
    scan(conn, names, text)
}

/// Exact spellings, found by index, so that a value is found at once in a store of any size.
pub(crate) fn spelled(conn: &Connection, names: &Names, text: &str) -> Result<Vec<Entity>, Fault> {
    let mut statement = conn.prepare_cached(&format!(
        "SELECT e.n FROM entity w JOIN entity e ON e.n = w.resolved
         WHERE w.kind = ?1 AND w.value = ?2 AND {KNOWN}"
    ))?;
    let spellings = BTreeSet::from([text.to_owned(), text.to_lowercase(), text.to_uppercase()]);
    let mut found = BTreeSet::new();
    for kind in Kind::ALL {
        let Some(kind) = names.find_word(conn, kind.as_str())? else { continue };
        for spelling in &spellings {
            let mut rows = statement.query((kind, spelling))?;
            while let Some(row) = rows.next()? {
                found.insert(names.entity_of(conn, row.get(0)?)?);
            }
        }
    }
    Ok(found.into_iter().collect())
}

/// Exact spellings, and names in any mix of cases.
fn probe(conn: &Connection, names: &Names, text: &str) -> Result<Vec<Entity>, Fault> {
    let mut found: BTreeSet<Entity> = spelled(conn, names, text)?.into_iter().collect();
    let folded = text.to_lowercase();
    // Names in another mix of cases; there are few enough to look through.
    for kind in Kind::ALL.iter().filter(|kind| !kind.is_observable()) {
        let Some(kind) = names.find_word(conn, kind.as_str())? else { continue };
        let mut statement = conn.prepare_cached(&format!(
            "SELECT e.n, w.value FROM entity w JOIN entity e ON e.n = w.resolved
             WHERE w.kind = ?1 AND lapwing_holds(w.value, ?2) AND {KNOWN}"
        ))?;
        let mut rows = statement.query((kind, &folded))?;
        while let Some(row) = rows.next()? {
            if row.get::<_, String>(1)?.to_lowercase() == folded {
                found.insert(names.entity_of(conn, row.get(0)?)?);
            }
        }
    }
    Ok(found.into_iter().collect())
}

/// Looks through all values; linear in their number.
fn scan(conn: &Connection, names: &Names, text: &str) -> Result<Vec<Entity>, Fault> {
    let folded = text.to_lowercase();
    let mut statement = conn.prepare_cached(&format!(
        "SELECT e.n FROM entity w JOIN entity e ON e.n = w.resolved
         WHERE w.kind > 0 AND lapwing_holds(w.value, ?1) AND {KNOWN}
         ORDER BY NOT lapwing_starts(w.value, ?1), length(w.value), w.value, w.kind LIMIT ?2"
    ))?;
    // Several names may lead to one entity.
    let mut rows = statement.query((&folded, 4 * MOST as i64))?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        let entity = names.entity_of(conn, row.get(0)?)?;
        if found.len() < MOST && !found.contains(&entity) {
            found.push(entity);
        }
    }
    Ok(found)
}
