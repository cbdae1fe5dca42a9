//! Resolved entities that facts speak of, and the way to them from what a user types.

use std::collections::BTreeSet;

use crate::sql::{Connection, OptionalExtension, params_from_iter};
use lapwing_model::{DocumentId, Entity, Kind};

use crate::error::Fault;
use crate::names::Names;
use crate::records::EntityRecord;
use crate::spelling;

/// Whether a fact speaks of entity `e`; texts, which are objects only, are none.
const KNOWN: &str = "(e.kind > 0 AND (EXISTS (SELECT 1 FROM fact WHERE subject = e.n) \
    OR EXISTS (SELECT 1 FROM fact WHERE object = e.n)))";

/// How many facts and documents speak of entity `e`, a value: few do.
const OF_VALUE: &str = "(SELECT count(*) FROM fact WHERE subject = e.n)
      + (SELECT count(*) FROM fact WHERE object = e.n AND subject <> e.n),
    (SELECT count(*) FROM (
       SELECT c.document FROM claim c JOIN document d ON d.n = c.document AND d.visible = 1
         WHERE c.resolved_subject = e.n
       UNION
       SELECT c.document FROM fact f
         JOIN claim c ON c.resolved_subject = f.subject AND c.relation = f.relation
           AND c.resolved_object = f.object
         JOIN document d ON d.n = c.document AND d.visible = 1
         WHERE f.object = e.n) x)";

/// The same of a name, of which facts by the ten thousand may speak.
const OF_NAME: &str = "(SELECT count(*) FROM fact WHERE subject = e.n)
      + (SELECT count(*) FROM fact WHERE object = e.n AND subject <> e.n),
    (SELECT count(*) FROM document d WHERE d.visible = 1 AND d.n IN (
       SELECT document FROM named_in WHERE n = e.n
       UNION
       SELECT i.document FROM entity w CROSS JOIN named_in i ON i.n = w.n
         WHERE w.resolved = e.n AND w.resolved <> w.n))";

/// Most that [`find`] gives.
const MOST: usize = 200;

/// So few entities are sorted; of more, the list is gone along.
const FEW: usize = 20_000;

/// All entities that facts speak of, of one kind or all, by kind and value.
pub(crate) fn all(
    conn: &Connection,
    names: &Names,
    kind: Option<Kind>,
) -> Result<Vec<EntityRecord>, Fault> {
    let counts = if kind.is_some_and(|kind| !kind.is_observable()) { OF_NAME } else { OF_VALUE };
    let kind = match kind {
        Some(kind) => match names.find_word(conn, kind.as_str())? {
            Some(n) => Some(n),
            None => return Ok(Vec::new()),
        },
        None => None,
    };
    let condition = if kind.is_some() { "e.kind = ?1" } else { "e.kind > 0" };
    let mut statement = conn.prepare_cached(&format!(
        "SELECT e.kind, e.value, {counts} FROM entity e WHERE {condition} AND {KNOWN} ORDER BY e.kind, e.value"
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

/// Resolved names that a visible document speaks of, in order.
pub(crate) fn named_in(
    conn: &Connection,
    names: &Names,
    document: DocumentId,
) -> Result<Vec<Entity>, Fault> {
    let mut statement = conn.prepare_cached(
        "SELECT DISTINCT w.resolved FROM document d
         JOIN named_in i ON i.document = d.n JOIN entity w ON w.n = i.n
         WHERE d.id = ?1 AND d.visible = 1",
    )?;
    let mut rows = statement.query([document.0])?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        found.push(names.entity_of(conn, row.get(0)?)?);
    }
    found.sort_unstable();
    Ok(found)
}

/// Exact spellings, and names in any mix of cases.
fn probe(conn: &Connection, names: &Names, text: &str) -> Result<Vec<Entity>, Fault> {
    let mut found: BTreeSet<Entity> = spelled(conn, names, text)?.into_iter().collect();
    let mut statement = conn.prepare_cached(&format!(
        "SELECT DISTINCT e.n FROM folded o JOIN entity w ON w.n = o.n
         JOIN entity e ON e.n = w.resolved WHERE o.name = ?1 AND {KNOWN}"
    ))?;
    let mut rows = statement.query([text.to_lowercase()])?;
    while let Some(row) = rows.next()? {
        found.insert(names.entity_of(conn, row.get(0)?)?);
    }
    Ok(found.into_iter().collect())
}

/// Looks through all values; linear in their number, at the speed of memory.
fn scan(conn: &Connection, names: &Names, text: &str) -> Result<Vec<Entity>, Fault> {
    let folded = text.to_lowercase();
    let mut statement = conn.prepare_cached(&format!(
        "SELECT e.n FROM entity w JOIN entity e ON e.n = w.resolved WHERE w.n = ?1 AND {KNOWN}"
    ))?;
    let mut most = 2 * MOST;
    loop {
        let (held, more) = spelling::first(conn, &folded, None, most)?;
        let mut found = Vec::new();
        for one in &held {
            let resolved = statement.query_row([one.n], |row| row.get::<_, i64>(0)).optional()?;
            if let Some(n) = resolved
                && !found.contains(&n)
            {
                found.push(n);
            }
            if found.len() == MOST {
                break;
            }
        }
        // Where most of what holds the text is out of sight, further ones are looked at.
        if found.len() == MOST || !more {
            return found.into_iter().map(|n| names.entity_of(conn, n)).collect();
        }
        most *= 8;
    }
}

/// A page of the entities of one kind, in order of value.
pub(crate) fn page(
    conn: &Connection,
    names: &Names,
    kind: Kind,
    holds: Option<&str>,
    after: Option<&str>,
    limit: usize,
) -> Result<Vec<EntityRecord>, Fault> {
    let Some(number) = names.find_word(conn, kind.as_str())? else { return Ok(Vec::new()) };
    let mut chosen: Vec<(String, i64)> = Vec::new();
    let few = match holds {
        Some(text) => spelling::numbers(conn, &text.to_lowercase(), Some(number), FEW)?,
        None => None,
    };
    if let Some(few) = few {
        let mut statement = conn.prepare_cached(&format!(
            "SELECT e.value FROM entity e WHERE e.n = ?1 AND e.value > ?2 AND {KNOWN}"
        ))?;
        for n in few {
            let value =
                statement.query_row((n, after.unwrap_or("")), |row| row.get(0)).optional()?;
            chosen.extend(value.map(|value| (value, n)));
        }
        chosen.sort_unstable();
        chosen.truncate(limit);
    } else {
        // As in the pages of indicators.
        let (along, order) = if conn.is_postgres() {
            ("AND left(e.value, 400) >= left(?2, 400)", "left(e.value, 400), e.value")
        } else {
            ("", "e.value")
        };
        let mut statement = conn.prepare_cached(&format!(
            "SELECT e.value, e.n FROM entity e WHERE e.kind = ?1 AND e.value > ?2 {along}
               AND (?3 = '' OR lapwing_holds(e.value, ?3)) AND {KNOWN}
             ORDER BY {order} LIMIT ?4"
        ))?;
        let text = holds.unwrap_or("").to_lowercase();
        let mut rows = statement.query((number, after.unwrap_or(""), text, limit as i64))?;
        while let Some(row) = rows.next()? {
            chosen.push((row.get(0)?, row.get(1)?));
        }
    }
    let counts = if kind.is_observable() { OF_VALUE } else { OF_NAME };
    let mut count =
        conn.prepare_cached(&format!("SELECT {counts} FROM entity e WHERE e.n = ?1"))?;
    let mut records = Vec::new();
    for (value, n) in chosen {
        let (facts, documents): (i64, i64) =
            count.query_row([n], |row| Ok((row.get(0)?, row.get(1)?)))?;
        records.push(EntityRecord {
            entity: Entity { kind, value },
            facts: facts.max(0) as u64,
            documents: documents.max(0) as u64,
        });
    }
    Ok(records)
}
