//! One hash over all that is visible, and the checks of what must always hold.

use crate::error::{Fault, StoreError};
use crate::names::Names;
use crate::records::FactQuery;
use crate::sql::Connection;
use crate::sql::postgres::Reference;
use crate::{blobs, claims, documents, facts, origins, server, spelling, standing};
use lapwing_model::{DocumentId, Fact};

/// Hashes documents (by identifier), their claims and gaps, facts, origins and blobs.
///
/// What depends on when and in which order things came (numbers of changes, times of adding,
/// rows) is left out.
pub(crate) fn digest(conn: &Connection, names: &Names) -> Result<String, Fault> {
    let mut hasher = blake3::Hasher::new();
    let mut feed = |tag: &str, bytes: &[u8]| {
        hasher.update(tag.as_bytes());
        hasher.update(&(bytes.len() as u64).to_le_bytes());
        hasher.update(bytes);
    };
    let mut ids: Vec<DocumentId> =
        documents::records(conn)?.into_iter().map(|record| record.document.id).collect();
    ids.sort_unstable();
    for id in ids {
        if let Some(document) = documents::document(conn, id)? {
            feed("document", &json(&document)?);
        }
        feed("regions", &json(&documents::regions(conn, id)?)?);
        for claim in claims::of_document(conn, names, id)? {
            feed("claim", &claim.id.0);
            feed("as", &json(&claim.claim)?);
            feed("of", &json(&(&claim.subject, &claim.object))?);
        }
    }
    for gap in documents::gaps(conn)? {
        feed("gap", &json(&gap)?);
    }
    for origin in origins::all(conn)? {
        feed("origin", &json(&origin)?);
    }
    for name in blobs::names(conn, "")? {
        feed("blob", name.as_bytes());
        feed("bytes", &blobs::get(conn, &name)?.unwrap_or_default());
    }
    // Facts are summed: their order is that of the kinds' numbers, which an older store may
    // have given otherwise.
    let mut sum = [0_u8; 32];
    let mut each = |fact: Fact| {
        let bytes = json(&fact).map_err(|fault| fault.at(std::path::Path::new("")))?;
        add(&mut sum, blake3::hash(&bytes).as_bytes());
        Ok(())
    };
    facts::each(conn, names, &FactQuery::default(), &mut each)?;
    feed("facts", &sum);
    Ok(hasher.finalize().to_hex().to_string())
}

/// Adds two numbers of 256 bits, little end first.
fn add(sum: &mut [u8; 32], number: &[u8; 32]) {
    let mut carry = 0_u16;
    for (digit, other) in sum.iter_mut().zip(number) {
        carry += u16::from(*digit) + u16::from(*other);
        *digit = carry as u8;
        carry >>= 8;
    }
}

fn json(value: &impl serde::Serialize) -> Result<Vec<u8>, Fault> {
    serde_json::to_vec(value).map_err(|e| Fault::damaged(e.to_string()))
}

/// What each row that is found means; no row is well.
const RULES: &[(&str, &str)] = &[
    (
        "a document is visible twice",
        "SELECT lower(hex(id)) FROM document WHERE visible = 1 GROUP BY id HAVING count(*) > 1",
    ),
    (
        "a document is visible though its change is undone",
        "SELECT lower(hex(d.id)) FROM document d JOIN change c ON c.id = d.change \
         WHERE d.visible = 1 AND c.undone_by IS NOT NULL",
    ),
    (
        "a document has not the number of claims that is noted",
        "SELECT lower(hex(d.id)) FROM document d \
         WHERE d.claims <> (SELECT count(*) FROM claim c WHERE c.document = d.n)",
    ),
    (
        "a document has lost its bytes",
        "SELECT lower(hex(d.id)) FROM document d \
         WHERE NOT EXISTS (SELECT 1 FROM part p WHERE p.document = d.n AND p.kind = 0)",
    ),
    (
        "a fact has no visible claim",
        "SELECT f.subject || ' ' || f.relation || ' ' || f.object FROM fact f \
         WHERE NOT EXISTS (SELECT 1 FROM claim c \
           JOIN document d ON d.n = c.document AND d.visible = 1 \
           WHERE c.resolved_subject = f.subject AND c.relation = f.relation \
             AND c.resolved_object = f.object)",
    ),
    (
        "what is noted of an indicator is not what its fact says",
        "SELECT CAST(f.subject AS TEXT) FROM fact f JOIN word r ON r.n = f.relation AND r.text = 'role' \
         JOIN entity w ON w.n = f.object AND w.kind = 0 AND w.value = 'indicator' \
         LEFT JOIN standing s ON s.n = f.subject \
         WHERE s.probability IS DISTINCT FROM f.probability \
           OR s.last IS DISTINCT FROM coalesce(f.last, 0)",
    ),
    (
        "an entity is noted as known, or as an indicator, and no fact says so",
        "SELECT CAST(s.n AS TEXT) FROM standing s \
         WHERE (NOT EXISTS (SELECT 1 FROM fact WHERE subject = s.n) \
             AND NOT EXISTS (SELECT 1 FROM fact WHERE object = s.n)) \
           OR s.kind = 0 \
           OR (s.probability IS NOT NULL AND NOT EXISTS (SELECT 1 FROM fact f \
             JOIN word r ON r.n = f.relation AND r.text = 'role' \
             JOIN entity w ON w.n = f.object AND w.kind = 0 AND w.value = 'indicator' \
             WHERE f.subject = s.n))",
    ),
    (
        "an entity that facts speak of is not noted as known",
        "SELECT CAST(e.n AS TEXT) FROM entity e LEFT JOIN standing s ON s.n = e.n \
         WHERE e.kind > 0 AND s.n IS NULL AND (EXISTS (SELECT 1 FROM fact WHERE subject = e.n) \
           OR EXISTS (SELECT 1 FROM fact WHERE object = e.n))",
    ),
    (
        "a count by kind is not that of what is there",
        "SELECT CAST(t.kind AS TEXT) FROM tally t LEFT JOIN (SELECT kind, count(*) AS known, \
           count(probability) AS indicators, sum(facts) AS facts FROM standing GROUP BY kind) c \
           ON c.kind = t.kind WHERE t.known <> coalesce(c.known, 0) \
           OR t.indicators <> coalesce(c.indicators, 0) OR t.facts <> coalesce(c.facts, 0)",
    ),
    (
        "the facts of an entity are not as many as is noted",
        "SELECT CAST(s.n AS TEXT) FROM standing s \
         WHERE s.facts <> (SELECT count(*) FROM fact f WHERE f.subject = s.n)",
    ),
    (
        "an origin has a member that belongs to another",
        "SELECT lower(hex(m.document)) FROM origin_member m \
         WHERE NOT EXISTS (SELECT 1 FROM origin o WHERE o.id = m.origin)",
    ),
];

/// Findings of one rule that are told; more would drown the reader.
const MOST: usize = 10;

/// Looks for damage; an empty list is a sound store.
pub(crate) fn check(conn: &Connection, names: &Names) -> Result<Vec<String>, Fault> {
    let mut found = Vec::new();
    if conn.is_postgres() {
        // PostgreSQL looks after its own pages; the references are ours to follow.
        for reference in server::references() {
            let Reference { table, column: from, target, key } = &reference;
            let sql = format!(
                "SELECT '{table}' FROM {table} a WHERE a.{from} IS NOT NULL \
                 AND NOT EXISTS (SELECT 1 FROM {target} b WHERE b.{key} = a.{from}) LIMIT {MOST}"
            );
            for table in column(conn, &sql, 0)? {
                found.push(format!("a row of {table} refers to one that is not there"));
            }
        }
    } else {
        for line in column(conn, "PRAGMA integrity_check(20)", 0)? {
            if line != "ok" {
                found.push(format!("SQLite: {line}"));
            }
        }
        for table in column(conn, "PRAGMA foreign_key_check", 0)?.into_iter().take(MOST) {
            found.push(format!("a row of {table} refers to one that is not there"));
        }
    }
    standing::ready(conn, names)?;
    found.extend(spelling::check(conn)?);
    for (what, sql) in RULES {
        let rows = column(conn, sql, 0)?;
        found.extend(rows.iter().take(MOST).map(|row| format!("{what}: {row}")));
        if rows.len() > MOST {
            found.push(format!("{what}: {} more", rows.len() - MOST));
        }
    }
    // Everything is read once: whatever does not come back is damage, told as such.
    match digest(conn, names) {
        Ok(_) => {}
        Err(Fault::Damaged(why) | Fault::Named(StoreError::Damaged { why, .. })) => {
            found.push(why);
        }
        Err(other) => return Err(other),
    }
    for record in documents::records(conn)? {
        let id = record.document.id;
        let raw = documents::part(conn, id, documents::Part::Raw);
        if !matches!(raw, Ok(Some(raw)) if DocumentId::of(&raw) == id) {
            found.push(format!("the bytes of document {id} are not those that were added"));
        }
    }
    Ok(found)
}

fn column(conn: &Connection, sql: &str, at: usize) -> Result<Vec<String>, Fault> {
    let mut statement = conn.prepare(sql)?;
    let rows = statement.query_map([], |row| row.get(at))?;
    Ok(rows.collect::<Result<_, _>>()?)
}
