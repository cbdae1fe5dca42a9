//! Who agrees on statements, and what was learnt from it. All of it is derived, as facts are.

use crate::sql::{Connection, OptionalExtension};

use crate::document_standings;
use crate::error::Fault;
use crate::facts;

/// Who agrees on a statement, in fuse's notation, and how deep the statement lies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Voiced {
    /// Who agrees.
    pub body: String,
    /// How deep, from the names of the statement: half of all lie at 0, a quarter at 1, and so on.
    pub depth: u8,
}

/// What was noted of a statement: its number, who agrees, how deep it lies.
pub(crate) type Noted = Option<(i64, String, u8)>;

/// What was noted of each of some statements.
pub(crate) fn voiced(
    conn: &Connection,
    statements: &[(i64, i64, i64)],
) -> Result<Vec<Noted>, Fault> {
    if statements.is_empty() {
        return Ok(Vec::new());
    }
    if let Some(session) = conn.postgres() {
        let mut found: Vec<Noted> = vec![None; statements.len()];
        let sql = "SELECT t.at, a.n, a.body, a.depth
             FROM unnest($1::int8[], $2::int8[], $3::int8[]) WITH ORDINALITY AS t (s, r, o, at)
             JOIN accord_of v ON v.subject = t.s AND v.relation = t.r AND v.object = t.o
             JOIN accord a ON a.n = v.accord";
        let mut rows = session.query_columns(sql, facts::columns(statements))?;
        while let Some(row) = rows.next()? {
            if let Some(at) = found.get_mut(row.get::<i64>(0)? as usize - 1) {
                *at = Some((row.get(1)?, row.get(2)?, row.get(3)?));
            }
        }
        return Ok(found);
    }
    let mut select = conn.prepare_cached(
        "SELECT a.n, a.body, a.depth FROM accord_of v JOIN accord a ON a.n = v.accord
         WHERE v.subject = ?1 AND v.relation = ?2 AND v.object = ?3",
    )?;
    let one = |statement: &(i64, i64, i64)| {
        select.query_row(*statement, |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?))).optional()
    };
    Ok(statements.iter().map(one).collect::<Result<_, _>>()?)
}

/// Notes who agrees on a statement, in place of what was noted before; gives the depth of the statement
/// when that is another now.
pub(crate) fn put(
    conn: &Connection,
    (subject, relation, object): (i64, i64, i64),
    before: Noted,
    voiced: Option<&Voiced>,
) -> Result<Option<u8>, Fault> {
    let same = match (&before, voiced) {
        (Some((_, body, depth)), Some(now)) => *body == now.body && *depth == now.depth,
        (None, None) => true,
        _ => false,
    };
    if same {
        return Ok(None);
    }
    if let Some((n, _, depth)) = &before {
        conn.prepare_cached("UPDATE accord SET count = count - 1 WHERE n = ?1")?.execute([n])?;
        conn.prepare_cached("DELETE FROM accord WHERE n = ?1 AND count <= 0")?.execute([n])?;
        count(conn, *depth, -1)?;
    }
    if let Some(Voiced { body, depth }) = voiced {
        let n = accord(conn, *depth, body)?;
        conn.prepare_cached(
            "INSERT INTO accord_of (subject, relation, object, accord) VALUES (?1, ?2, ?3, ?4)
             ON CONFLICT (subject, relation, object) DO UPDATE SET accord = excluded.accord",
        )?
        .execute((subject, relation, object, n))?;
        count(conn, *depth, 1)?;
    } else {
        conn.prepare_cached(
            "DELETE FROM accord_of WHERE subject = ?1 AND relation = ?2 AND object = ?3",
        )?
        .execute((subject, relation, object))?;
    }
    let depths = before.map(|(.., depth)| depth).into_iter().chain(voiced.map(|v| v.depth));
    Ok(depths.max())
}

/// The number of an accord, which occurs once more now.
fn accord(conn: &Connection, depth: u8, body: &str) -> Result<i64, Fault> {
    let mut print = [0; 8];
    print.copy_from_slice(&blake3::hash(body.as_bytes()).as_bytes()[..8]);
    let print = i64::from_le_bytes(print);
    let known: Option<i64> = conn
        .prepare_cached("SELECT n FROM accord WHERE depth = ?1 AND print = ?2")?
        .query_row((depth, print), |row| row.get(0))
        .optional()?;
    match known {
        Some(n) => {
            conn.prepare_cached("UPDATE accord SET count = count + 1 WHERE n = ?1")?
                .execute([n])?;
            Ok(n)
        }
        None => Ok(conn
            .prepare_cached(
                "INSERT INTO accord (depth, print, body, count) VALUES (?1, ?2, ?3, 1)",
            )?
            .insert((depth, print, body))?),
    }
}

fn count(conn: &Connection, depth: u8, by: i64) -> Result<(), Fault> {
    conn.prepare_cached(
        "INSERT INTO accord_depth (depth, count) VALUES (?1, ?2)
         ON CONFLICT (depth) DO UPDATE SET count = accord_depth.count + excluded.count",
    )?
    .execute((depth, by))?;
    Ok(())
}

/// The agreements on statements at a depth and below, with how often each occurs, in order.
pub(crate) fn from_depth(conn: &Connection, depth: u8) -> Result<Vec<(String, u64)>, Fault> {
    if !document_standings::is_there(conn)? {
        return Ok(Vec::new());
    }
    let mut statement = conn.prepare_cached(
        "SELECT body, sum(count) FROM accord WHERE depth >= ?1 AND count > 0
         GROUP BY body ORDER BY body",
    )?;
    let rows = statement
        .query_map([depth], |row| Ok((row.get(0)?, row.get::<_, i64>(1)?.max(0) as u64)))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// How many statements lie at each depth on which several voices speak, in order of depth.
pub(crate) fn depths(conn: &Connection) -> Result<Vec<(u8, u64)>, Fault> {
    if !document_standings::is_there(conn)? {
        return Ok(Vec::new());
    }
    let mut statement = conn
        .prepare_cached("SELECT depth, count FROM accord_depth WHERE count > 0 ORDER BY depth")?;
    let rows =
        statement.query_map([], |row| Ok((row.get(0)?, row.get::<_, i64>(1)?.max(0) as u64)))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// What was learnt, and from which depth on.
pub(crate) fn learnt(conn: &Connection) -> Result<Option<(u8, String)>, Fault> {
    if !document_standings::is_there(conn)? {
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
