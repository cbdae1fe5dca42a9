//! The numbers of what is derived again in a copy of a part of a store: those that it has in the store, so that who goes
//! through the copy page by page finds his place in the next one.

use jiff::Timestamp;

use crate::error::{Fault, StoreError};
use crate::facts;
use crate::sql::{Connection, OptionalExtension};
use crate::store::Store;
use crate::turns::Turns;

impl Store {
    /// Gives what was derived again in this copy of documents of a store the numbers that it has there.
    pub fn inherit_turns(&self, whole: &Self) -> Result<(), StoreError> {
        if !whole.with(|conn, _| Ok(conn.has_table("turn")?))? {
            return Ok(());
        }
        self.with(|conn, _| inherit(&whole.conn, conn))
    }
}

/// Rows that are looked up in one go: bounds what is in memory.
const BATCH: i64 = 4096;

/// Gives what was derived again in a copy the numbers that it has in the store of which the copy is.
fn inherit(from: &Connection, to: &Connection) -> Result<(), Fault> {
    let next: i64 =
        from.query_row("SELECT coalesce(max(next), 0) FROM turn", [], |row| row.get(0))?;
    to.execute_batch("BEGIN IMMEDIATE")?;
    let turns = Turns::begin(to, Timestamp::UNIX_EPOCH)?;
    turns.pass(next);
    let inherited = || {
        inherit_facts(from, to, &turns)?;
        inherit_standings(from, to, &turns)?;
        inherit_documents(from, to, &turns)?;
        turns.end(to)
    };
    crate::schema::finish(to, inherited())
}

fn inherit_facts(from: &Connection, to: &Connection, turns: &Turns) -> Result<(), Fault> {
    let mut last = (i64::MIN, i64::MIN, i64::MIN);
    loop {
        let batch: Vec<(i64, i64, i64)> = to
            .prepare_cached(
                "SELECT subject, relation, object FROM fact
                 WHERE (subject, relation, object) > (?1, ?2, ?3)
                 ORDER BY subject, relation, object LIMIT ?4",
            )?
            .query_map((last.0, last.1, last.2, BATCH), |row| {
                Ok((row.get(0)?, row.get(1)?, row.get(2)?))
            })?
            .collect::<Result<_, _>>()?;
        let Some(end) = batch.last() else { return Ok(()) };
        last = *end;
        let mut known: Vec<Option<i64>> = vec![None; batch.len()];
        if let Some(session) = from.postgres() {
            let sql = "SELECT t.at, f.added FROM unnest($1::int8[], $2::int8[], $3::int8[])
                  WITH ORDINALITY AS t (s, r, o, at)
                JOIN fact f ON f.subject = t.s AND f.relation = t.r AND f.object = t.o";
            for row in &session.query_columns(sql, facts::columns(&batch))?.all() {
                if let Some(place) = known.get_mut(row.get::<i64>(0)? as usize - 1) {
                    *place = Some(row.get(1)?);
                }
            }
        } else {
            let mut select = from.prepare_cached(
                "SELECT added FROM fact WHERE subject = ?1 AND relation = ?2 AND object = ?3",
            )?;
            for (statement, place) in batch.iter().zip(&mut known) {
                *place = select.query_row(*statement, |row| row.get(0)).optional()?;
            }
        }
        let mut update = to.prepare_cached(
            "UPDATE fact SET added = ?4 WHERE subject = ?1 AND relation = ?2 AND object = ?3",
        )?;
        for ((subject, relation, object), known) in batch.into_iter().zip(known) {
            let added = known.unwrap_or_else(|| turns.take());
            update.execute((subject, relation, object, added))?;
        }
    }
}

fn inherit_standings(from: &Connection, to: &Connection, turns: &Turns) -> Result<(), Fault> {
    let mut last = i64::MIN;
    loop {
        let batch: Vec<i64> = to
            .prepare_cached("SELECT n FROM standing WHERE n > ?1 ORDER BY n LIMIT ?2")?
            .query_map((last, BATCH), |row| row.get(0))?
            .collect::<Result<_, _>>()?;
        let (Some(first), Some(end)) = (batch.first(), batch.last()) else { return Ok(()) };
        last = *end;
        let known = from
            .prepare_cached("SELECT n, added FROM standing WHERE n >= ?1 AND n <= ?2")?
            .query_map((*first, *end), |row| Ok((row.get::<_, i64>(0)?, row.get::<_, i64>(1)?)))?
            .collect::<Result<std::collections::BTreeMap<i64, i64>, _>>()?;
        let mut update = to.prepare_cached("UPDATE standing SET added = ?2 WHERE n = ?1")?;
        for n in batch {
            let added = known.get(&n).copied().unwrap_or_else(|| turns.take());
            update.execute((n, added))?;
        }
    }
}

/// Origins were found anew in the copy, and each document of one came with it, in an order of the copy's own.
fn inherit_documents(from: &Connection, to: &Connection, turns: &Turns) -> Result<(), Fault> {
    let known = from
        .prepare_cached("SELECT id, added FROM document WHERE visible = 1")?
        .query_map([], |row| Ok((row.get::<_, [u8; 16]>(0)?, row.get::<_, i64>(1)?)))?
        .collect::<Result<std::collections::BTreeMap<_, _>, _>>()?;
    let here = to
        .prepare_cached("SELECT id FROM document WHERE visible = 1 ORDER BY n")?
        .query_map([], |row| row.get::<_, [u8; 16]>(0))?
        .collect::<Result<Vec<_>, _>>()?;
    let mut update = to.prepare_cached("UPDATE document SET added = ?2 WHERE id = ?1")?;
    for id in here {
        let added = known.get(&id).copied().unwrap_or_else(|| turns.take());
        update.execute((id, added))?;
    }
    Ok(())
}
