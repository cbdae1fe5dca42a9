//! Who agrees on statements, and what was learnt from it. All of it is derived, as facts are.

use rusqlite::{Connection, OptionalExtension};

use crate::error::Fault;
use crate::standings;

/// Who agrees on a statement, in fuse's notation, and how deep the statement lies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Voiced {
    /// Who agrees.
    pub body: String,
    /// How deep, from the names of the statement: half of all lie at 0, a quarter at 1, and so on.
    pub depth: u8,
}

/// Notes who agrees on a statement, in place of what was noted before; gives the depth of the statement
/// when that is another now.
pub(crate) fn put(
    conn: &Connection,
    statement: (i64, i64, i64),
    voiced: Option<&Voiced>,
) -> Result<Option<u8>, Fault> {
    let (subject, relation, object) = statement;
    let before: Option<(i64, String, u8)> = conn
        .prepare_cached(
            "SELECT a.n, a.body, a.depth FROM voiced v JOIN agreement a ON a.n = v.agreement
             WHERE v.subject = ?1 AND v.relation = ?2 AND v.object = ?3",
        )?
        .query_row((subject, relation, object), |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
        .optional()?;
    let same = match (&before, voiced) {
        (Some((_, body, depth)), Some(now)) => *body == now.body && *depth == now.depth,
        (None, None) => true,
        _ => false,
    };
    if same {
        return Ok(None);
    }
    if let Some((n, _, depth)) = &before {
        conn.prepare_cached("UPDATE agreement SET count = count - 1 WHERE n = ?1")?.execute([n])?;
        conn.prepare_cached("DELETE FROM agreement WHERE n = ?1 AND count <= 0")?.execute([n])?;
        count(conn, *depth, -1)?;
    }
    match voiced {
        Some(Voiced { body, depth }) => {
            let n: i64 = conn
                .prepare_cached(
                    "INSERT INTO agreement (depth, body, count) VALUES (?1, ?2, 1)
                     ON CONFLICT (depth, body) DO UPDATE SET count = agreement.count + 1
                     RETURNING n",
                )?
                .query_row((depth, body), |row| row.get(0))?;
            conn.prepare_cached(
                "INSERT INTO voiced (subject, relation, object, agreement)
                 VALUES (?1, ?2, ?3, ?4)
                 ON CONFLICT (subject, relation, object) DO UPDATE SET agreement = excluded.agreement",
            )?
            .execute((subject, relation, object, n))?;
            count(conn, *depth, 1)?;
        }
        None => {
            conn.prepare_cached(
                "DELETE FROM voiced WHERE subject = ?1 AND relation = ?2 AND object = ?3",
            )?
            .execute((subject, relation, object))?;
        }
    }
    let depths = before.map(|(.., depth)| depth).into_iter().chain(voiced.map(|v| v.depth));
    Ok(depths.max())
}

fn count(conn: &Connection, depth: u8, by: i64) -> Result<(), Fault> {
    conn.prepare_cached(
        "INSERT INTO voiced_depth (depth, count) VALUES (?1, ?2)
         ON CONFLICT (depth) DO UPDATE SET count = voiced_depth.count + excluded.count",
    )?
    .execute((depth, by))?;
    Ok(())
}

/// The agreements on statements at a depth and below, with how often each occurs, in order.
pub(crate) fn from_depth(conn: &Connection, depth: u8) -> Result<Vec<(String, u64)>, Fault> {
    if !standings::is_there(conn)? {
        return Ok(Vec::new());
    }
    let mut statement = conn.prepare_cached(
        "SELECT body, sum(count) FROM agreement WHERE depth >= ?1 AND count > 0
         GROUP BY body ORDER BY body",
    )?;
    let rows = statement
        .query_map([depth], |row| Ok((row.get(0)?, row.get::<_, i64>(1)?.max(0) as u64)))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// How many statements lie at each depth on which several voices speak, in order of depth.
pub(crate) fn depths(conn: &Connection) -> Result<Vec<(u8, u64)>, Fault> {
    if !standings::is_there(conn)? {
        return Ok(Vec::new());
    }
    let mut statement = conn
        .prepare_cached("SELECT depth, count FROM voiced_depth WHERE count > 0 ORDER BY depth")?;
    let rows =
        statement.query_map([], |row| Ok((row.get(0)?, row.get::<_, i64>(1)?.max(0) as u64)))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// What was learnt, and from which depth on.
pub(crate) fn learnt(conn: &Connection) -> Result<Option<(u8, String)>, Fault> {
    if !standings::is_there(conn)? {
        return Ok(None);
    }
    let mut statement = conn.prepare_cached("SELECT depth, body FROM learnt")?;
    Ok(statement.query_row([], |row| Ok((row.get(0)?, row.get(1)?))).optional()?)
}

/// Keeps what was learnt.
pub(crate) fn put_learnt(conn: &Connection, depth: u8, body: &str) -> Result<(), Fault> {
    conn.prepare_cached(
        "INSERT INTO learnt (one, depth, body) VALUES (1, ?1, ?2)
         ON CONFLICT (one) DO UPDATE SET depth = excluded.depth, body = excluded.body",
    )?
    .execute((depth, body))?;
    Ok(())
}
