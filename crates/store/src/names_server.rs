//! Names by the thousand: what is needed soon is asked of PostgreSQL in one question. Of SQLite
//! each is asked when it is needed, which costs it nothing.

use std::collections::BTreeSet;

use lapwing_model::{Claim, Entity, Object};

use crate::error::Fault;
use crate::names::{Names, Numbered, TEXT};
use crate::sql::types::Value;
use crate::sql::{Connection, ReceivedRow, params};

/// Numbers all names and words of some claims that have none, and remembers those that have.
pub(crate) fn load_for(
    conn: &Connection,
    names: &Names,
    claims: &[Claim],
    resolve: &dyn Fn(&Entity) -> Entity,
) -> Result<(), Fault> {
    if !conn.is_postgres() {
        return Ok(());
    }
    let mut words: Vec<&str> = Vec::new();
    for claim in claims {
        words.push(claim.relation.as_str());
        words.push(&claim.method);
        words.push(claim.subject.kind.as_str());
        words.extend(claim.object.entity().map(|entity| entity.kind.as_str()));
        let others = [&claim.stated_word, &claim.said_by, &claim.why, &claim.context];
        words.extend(others.into_iter().flatten().map(String::as_str));
    }
    load_words(conn, names, &words)?;
    load_entities(conn, names, claims, resolve)
}

/// In the order in which they come, each once.
fn unknown<T: Ord + Copy>(all: impl Iterator<Item = T>, known: impl Fn(T) -> bool) -> Vec<T> {
    let mut seen = BTreeSet::new();
    all.filter(|one| seen.insert(*one) && !known(*one)).collect()
}

fn load_words(conn: &Connection, names: &Names, words: &[&str]) -> Result<(), Fault> {
    let Some(session) = conn.postgres() else { return Ok(()) };
    let wanted = unknown(words.iter().copied(), |word| names.knows_word(word));
    if wanted.is_empty() {
        return Ok(());
    }
    let column = wanted.iter().map(|word| Value::Text((*word).to_owned())).collect();
    let sql = "SELECT w.n, w.text FROM unnest($1::text[]) u (text) JOIN word w ON w.text = u.text";
    let mut rows = session.query_columns(sql, vec![column])?;
    let mut there = BTreeSet::new();
    while let Some(row) = rows.next()? {
        let text: String = row.get(1)?;
        names.keep_word(row.get(0)?, &text);
        there.insert(text);
    }
    let first = next(conn, "word")?;
    let mut insert = conn.bulk("INSERT INTO word (n, text) VALUES (?1, ?2)")?;
    let missing = wanted.into_iter().filter(|word| !there.contains(*word));
    for (n, word) in (first..).zip(missing) {
        insert.push(params![n, word])?;
        names.keep_word(n, word);
    }
    insert.finish()?;
    Ok(())
}

/// The number after the highest: there is one writer at a time.
fn next(conn: &Connection, table: &str) -> Result<i64, Fault> {
    let sql = format!("SELECT coalesce(max(n), 0) + 1 FROM {table}");
    Ok(conn.prepare_cached(&sql)?.query_row([], |row| row.get(0))?)
}

fn load_entities(
    conn: &Connection,
    names: &Names,
    claims: &[Claim],
    resolve: &dyn Fn(&Entity) -> Entity,
) -> Result<(), Fault> {
    let Some(session) = conn.postgres() else { return Ok(()) };
    let mut all: Vec<(i64, &str, Option<&Entity>)> = Vec::new();
    for claim in claims {
        let kind = names.word(conn, claim.subject.kind.as_str())?;
        all.push((kind, &claim.subject.value, Some(&claim.subject)));
        all.push(match &claim.object {
            Object::Text(text) => (TEXT, text, None),
            Object::Entity(entity) => {
                (names.word(conn, entity.kind.as_str())?, &entity.value, Some(entity))
            }
        });
    }
    let wanted = unknown(all.into_iter(), |(kind, value, _)| names.knows(kind, value));
    if wanted.is_empty() {
        return Ok(());
    }
    let kinds = wanted.iter().map(|(kind, ..)| Value::Integer(*kind)).collect();
    let values = wanted.iter().map(|(_, value, _)| Value::Text((*value).to_owned())).collect();
    let sql = "SELECT e.kind, e.value, e.n, e.resolved
        FROM unnest($1::int8[], $2::text[]) u (kind, value)
        JOIN entity e ON e.kind = u.kind AND e.value = u.value";
    let mut rows = session.query_columns(sql, vec![kinds, values])?;
    let mut there: BTreeSet<(i64, String)> = BTreeSet::new();
    while let Some(row) = rows.next()? {
        let (kind, value): (i64, String) = (row.get(0)?, row.get(1)?);
        names.keep(kind, &value, Numbered { n: row.get(2)?, resolved: row.get(3)? });
        there.insert((kind, value));
    }
    let mut next = next(conn, "entity")?;
    let mut insert =
        conn.bulk("INSERT INTO entity (n, kind, value, resolved) VALUES (?1, ?2, ?3, ?4)")?;
    for (kind, value, entity) in wanted {
        // A name that stands for another gets its number when it is asked for by itself.
        let itself = entity.is_none_or(|entity| resolve(entity) == *entity);
        if itself && !there.contains(&(kind, value.to_owned())) {
            insert.push(params![next, kind, value, next])?;
            names.keep(kind, value, Numbered { n: next, resolved: next });
            next += 1;
        }
    }
    insert.finish()?;
    Ok(())
}

/// Remembers the names and words that rows of claims (see `claims::COLUMNS`) speak of.
pub(crate) fn load_of_claims(
    conn: &Connection,
    names: &Names,
    rows: &[ReceivedRow],
) -> Result<(), Fault> {
    let (mut entities, mut words) = (Vec::new(), Vec::new());
    for row in rows {
        for at in [2, 4, 5, 6] {
            entities.push(row.get::<i64>(at)?);
        }
        for at in [3, 13, 14, 17, 18, 19] {
            words.extend(row.get::<Option<i64>>(at)?);
        }
    }
    load(conn, names, &entities, &words)
}

/// Remembers the names that rows speak of, by number, in these columns.
pub(crate) fn load_of_rows(
    conn: &Connection,
    names: &Names,
    rows: &[ReceivedRow],
    columns: &[usize],
) -> Result<(), Fault> {
    let mut entities = Vec::new();
    for row in rows {
        for at in columns {
            entities.extend(row.get::<Option<i64>>(*at)?);
        }
    }
    load(conn, names, &entities, &[])
}

fn load(conn: &Connection, names: &Names, entities: &[i64], words: &[i64]) -> Result<(), Fault> {
    let Some(session) = conn.postgres() else { return Ok(()) };
    let numbers = |wanted: &[i64]| wanted.iter().map(|n| Value::Integer(*n)).collect::<Vec<_>>();
    let wanted = unknown(words.iter().copied(), |n| names.knows_text(n));
    if wanted.len() > 1 {
        let sql = "SELECT w.n, w.text FROM unnest($1::int8[]) u (n) JOIN word w ON w.n = u.n";
        let mut rows = session.query_columns(sql, vec![numbers(&wanted)])?;
        while let Some(row) = rows.next()? {
            names.keep_word(row.get(0)?, &row.get::<String>(1)?);
        }
    }
    let wanted = unknown(entities.iter().copied(), |n| names.knows_object(n));
    if wanted.len() > 1 {
        let sql =
            "SELECT e.n, e.kind, e.value FROM unnest($1::int8[]) u (n) JOIN entity e ON e.n = u.n";
        let rows = session.query_columns(sql, vec![numbers(&wanted)])?.all();
        for row in &rows {
            let object = names.object_from(conn, row.get(1)?, row.get(2)?)?;
            names.keep_object(row.get(0)?, object);
        }
    }
    Ok(())
}
