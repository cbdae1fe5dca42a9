//! What is learnt of sources (agreements, derived) and what people decided (judgements).

use crate::sql::{Connection, OptionalExtension};
use lapwing_model::{ChangeId, Marking};

use crate::error::Fault;
use crate::facts;
use crate::records::JudgementRecord;

/// Whether the file has the tables: one of schema 1, opened for reading only, has not.
fn is_there(conn: &Connection) -> Result<bool, Fault> {
    Ok(conn.has_table("judgement")?)
}

/// The agreement on a statement: its number and who agrees.
pub(crate) type Voiced = Option<(i64, String)>;

/// The agreement on each of some statements.
pub(crate) fn voiced(
    conn: &Connection,
    statements: &[(i64, i64, i64)],
) -> Result<Vec<Voiced>, Fault> {
    if statements.is_empty() {
        return Ok(Vec::new());
    }
    if let Some(session) = conn.postgres() {
        let mut found: Vec<Voiced> = vec![None; statements.len()];
        let sql = "SELECT t.at, a.n, a.body FROM unnest($1::int8[], $2::int8[], $3::int8[])
              WITH ORDINALITY AS t (s, r, o, at)
            JOIN voiced v ON v.subject = t.s AND v.relation = t.r AND v.object = t.o
            JOIN agreement a ON a.n = v.agreement";
        let mut rows = session.query_columns(sql, facts::columns(statements))?;
        while let Some(row) = rows.next()? {
            if let Some(at) = found.get_mut(row.get::<i64>(0)? as usize - 1) {
                *at = Some((row.get(1)?, row.get(2)?));
            }
        }
        return Ok(found);
    }
    let mut select = conn.prepare_cached(
        "SELECT a.n, a.body FROM voiced v JOIN agreement a ON a.n = v.agreement
         WHERE v.subject = ?1 AND v.relation = ?2 AND v.object = ?3",
    )?;
    let mut one = |statement: &(i64, i64, i64)| {
        select.query_row(*statement, |row| Ok((row.get(0)?, row.get(1)?))).optional()
    };
    Ok(statements.iter().map(|statement| one(statement)).collect::<Result<_, _>>()?)
}

/// Notes who agrees on a statement, in place of what was noted before.
pub(crate) fn put_agreement(
    conn: &Connection,
    statement: (i64, i64, i64),
    before: Voiced,
    body: Option<&str>,
) -> Result<(), Fault> {
    let (subject, relation, object) = statement;
    if before.as_ref().map(|(_, text)| text.as_str()) == body {
        return Ok(());
    }
    if let Some((n, _)) = before {
        conn.prepare_cached("UPDATE agreement SET count = count - 1 WHERE n = ?1")?.execute([n])?;
    }
    match body {
        Some(body) => {
            let known: Option<i64> = conn
                .prepare_cached("SELECT n FROM agreement WHERE body = ?1")?
                .query_row([body], |row| row.get(0))
                .optional()?;
            let n = match known {
                Some(n) => {
                    conn.prepare_cached("UPDATE agreement SET count = count + 1 WHERE n = ?1")?
                        .execute([n])?;
                    n
                }
                None => conn
                    .prepare_cached("INSERT INTO agreement (body, count) VALUES (?1, 1)")?
                    .insert([body])?,
            };
            conn.prepare_cached(
                "INSERT INTO voiced (subject, relation, object, agreement) VALUES (?1, ?2, ?3, ?4)
                 ON CONFLICT (subject, relation, object) DO UPDATE SET agreement = excluded.agreement",
            )?
                .execute((subject, relation, object, n))?;
        }
        None => {
            conn.prepare_cached(
                "DELETE FROM voiced WHERE subject = ?1 AND relation = ?2 AND object = ?3",
            )?
            .execute((subject, relation, object))?;
        }
    }
    Ok(())
}

/// All agreements with how often each occurs, in order.
pub(crate) fn agreements(conn: &Connection) -> Result<Vec<(String, u64)>, Fault> {
    if !is_there(conn)? {
        return Ok(Vec::new());
    }
    let mut statement =
        conn.prepare_cached("SELECT body, count FROM agreement WHERE count > 0 ORDER BY body")?;
    let rows =
        statement.query_map([], |row| Ok((row.get(0)?, row.get::<_, i64>(1)?.max(0) as u64)))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Keeps a decision.
pub(crate) fn put(
    conn: &Connection,
    change: ChangeId,
    topic: &str,
    body: &str,
) -> Result<(), Fault> {
    conn.prepare_cached("INSERT INTO judgement (change, topic, body) VALUES (?1, ?2, ?3)")?
        .execute((change.0, topic, body))?;
    Ok(())
}

/// The decisions whose topic begins so, the oldest first; `in_force` leaves out those taken back
/// and those that a later one of the same topic replaced.
pub(crate) fn all(
    conn: &Connection,
    prefix: &str,
    in_force: bool,
) -> Result<Vec<JudgementRecord>, Fault> {
    if !is_there(conn)? {
        return Ok(Vec::new());
    }
    let mut statement = conn.prepare_cached(
        "SELECT j.change, j.topic, j.body, c.at, c.undone_by FROM judgement j
         JOIN change c ON c.id = j.change
         WHERE substr(j.topic, 1, length(?1)) = ?1
           AND (?2 = 0 OR (c.undone_by IS NULL AND NOT EXISTS (
             SELECT 1 FROM judgement l JOIN change d ON d.id = l.change
             WHERE l.topic = j.topic AND l.n > j.n AND d.undone_by IS NULL)))
         ORDER BY j.n",
    )?;
    let mut rows = statement.query((prefix, i64::from(in_force)))?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        let at: String = row.get(3)?;
        found.push(JudgementRecord {
            change: ChangeId(row.get(0)?),
            topic: row.get(1)?,
            body: row.get(2)?,
            at: at.parse().map_err(|_| Fault::damaged(format!("`{at}` is no time")))?,
            undone_by: row.get::<_, Option<i64>>(4)?.map(ChangeId),
        });
    }
    Ok(found)
}

/// Whether a change made decisions.
pub(crate) fn of_change(conn: &Connection, change: ChangeId) -> Result<bool, Fault> {
    Ok(conn.prepare_cached("SELECT 1 FROM judgement WHERE change = ?1")?.exists([change.0])?)
}

/// Takes out of a copy the decisions that are marked above `most`, or not at all, and the changes
/// that made nothing else: a decision may speak of names that only documents left out know.
pub(crate) fn keep_at_most(
    from: &Connection,
    to: &Connection,
    most: Option<Marking>,
) -> Result<(), Fault> {
    if !is_there(from)? {
        return Ok(());
    }
    let all: Vec<(i64, String)> = to
        .prepare("SELECT n, body FROM judgement")?
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect::<Result<_, _>>()?;
    for (n, body) in all {
        let marked = serde_json::from_str::<serde_json::Value>(&body).ok();
        let marked = marked.as_ref().and_then(|body| body.get("marking")?.as_str());
        let marked = marked.and_then(|word| word.parse::<Marking>().ok());
        if !matches!((marked, most), (Some(marked), Some(most)) if marked <= most) {
            to.prepare_cached("DELETE FROM judgement WHERE n = ?1")?.execute([n])?;
        }
    }
    let changes: Vec<i64> = from
        .prepare("SELECT DISTINCT change FROM judgement")?
        .query_map([], |row| row.get(0))?
        .collect::<Result<_, _>>()?;
    for change in changes {
        if !of_change(to, ChangeId(change))? {
            to.prepare_cached(
                "DELETE FROM change WHERE undoes = ?1 OR (id = ?1 AND documents = 0)",
            )?
            .execute([change])?;
        }
    }
    Ok(())
}

/// By which rules the facts were derived.
pub(crate) fn derived_by(conn: &Connection) -> Result<Option<String>, Fault> {
    if !is_there(conn)? {
        return Ok(None);
    }
    let mut statement = conn.prepare_cached("SELECT rules FROM derived_by")?;
    Ok(statement.query_row([], |row| row.get(0)).optional()?)
}

/// Notes by which rules they are derived now.
pub(crate) fn set_derived_by(conn: &Connection, rules: &str) -> Result<(), Fault> {
    conn.prepare_cached(
        "INSERT INTO derived_by (one, rules) VALUES (1, ?1)
         ON CONFLICT (one) DO UPDATE SET rules = excluded.rules",
    )?
    .execute([rules])?;
    Ok(())
}
