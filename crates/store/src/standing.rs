//! How each known entity stands, kept beside the facts: written in the change that derives them,
//! for just the entities whose facts are others than before.

use std::collections::{BTreeMap, BTreeSet};

use crate::sql::types::Value;
use crate::sql::{Bulk, Connection, OptionalExtension, params};
use lapwing_model::{Fact, Kind, Object, Relation, Role};

use crate::aging::Aging;
use crate::error::Fault;
use crate::facts;
use crate::held::Standings;
use crate::names::Names;
use crate::turns::{self, Turns};
use crate::{names_server, spelling};

/// What makes the aging of an indicator out of the fact that it is one, and of what the store says
/// of the same value: what it indicates, when it was sighted.
pub(crate) type Age<'a> = dyn FnMut(&Fact, &[Fact]) -> Aging + 'a;

/// The tables, and what fills them in a store that was there before.
pub(crate) const TABLES: &str = include_str!("standing.sql");

/// The same for which documents name what.
pub(crate) const NAMED: &str = include_str!("naming.sql");

/// Indexes on tables that were there before: facts by their verb (until schema 11), names
/// that resolve to another, and judgements of analysts by the beginning of their name.
pub(crate) const INDEXES: &str = "CREATE INDEX fact_relation ON fact (relation, object);
    CREATE INDEX entity_other ON entity (resolved) WHERE resolved <> n;
    CREATE INDEX document_name ON document (name);";

/// The same by kind first: of one kind nothing else is gone through, and all are merged.
pub(crate) const BY_KIND: &str = "DROP INDEX standing_probability;
    DROP INDEX standing_last;
    CREATE INDEX standing_probability ON standing (kind, probability DESC, n)
      WHERE probability IS NOT NULL;
    CREATE INDEX standing_last ON standing (kind, last DESC, n) WHERE probability IS NOT NULL;";

/// Entities that are looked at in one go: bounds what is in memory.
const BATCH: i64 = 4096;

/// Makes the table of entities to look at; it lives and dies with the connection.
pub(crate) fn begin(conn: &Connection) -> Result<(), Fault> {
    conn.execute_batch(
        "CREATE TEMP TABLE IF NOT EXISTS restated (n INTEGER PRIMARY KEY);
         DELETE FROM temp.restated;",
    )?;
    Ok(())
}

/// What notes that a fact on an entity came, went or is another now.
pub(crate) fn toucher(conn: &Connection) -> Result<Bulk<'_>, Fault> {
    Ok(conn.bulk("INSERT INTO temp.restated (n) VALUES (?1) ON CONFLICT DO NOTHING")?)
}

/// Notes all entities up to one when their aging was made by other rules than these.
pub(crate) fn rule_by(conn: &Connection, rules: &str, last: i64) -> Result<(), Fault> {
    if ruled_by(conn)?.as_deref() == Some(rules) {
        return Ok(());
    }
    conn.execute_batch(&format!(
        "INSERT INTO temp.restated SELECT n FROM entity WHERE kind > 0 AND n <= {last}
         ON CONFLICT DO NOTHING"
    ))?;
    conn.prepare_cached(
        "INSERT INTO standing_by (one, rules) VALUES (1, ?1)
         ON CONFLICT (one) DO UPDATE SET rules = excluded.rules",
    )?
    .execute([rules])?;
    Ok(())
}

/// By which rules the aging of indicators was made; none in a file that has it not.
pub(crate) fn ruled_by(conn: &Connection) -> Result<Option<String>, Fault> {
    if !is_there(conn)? {
        return Ok(None);
    }
    let mut statement = conn.prepare_cached("SELECT rules FROM standing_by")?;
    Ok(statement.query_row([], |row| row.get(0)).optional()?)
}

/// Whether the file has the table: one of an older schema, opened for reading only, has not.
fn is_there(conn: &Connection) -> Result<bool, Fault> {
    Ok(conn.has_table("standing")?)
}

/// Sees to it that there is a table to ask: for a file of an older schema, that may not be written,
/// one that is as old as the connection.
pub(crate) fn ready(conn: &Connection, names: &Names) -> Result<(), Fault> {
    if is_there(conn)? {
        return Ok(());
    }
    let made = "SELECT 1 FROM temp.sqlite_schema WHERE name = 'standing'";
    if conn.prepare_cached(made)?.exists([])? {
        return Ok(());
    }
    for tables in [TABLES, NAMED] {
        let tables = tables.replace("CREATE TABLE ", "CREATE TEMP TABLE ");
        conn.execute_batch(&tables.replace("CREATE INDEX ", "CREATE INDEX temp."))?;
    }
    spelling::extend(conn, names)
}

/// An entity that is looked at, and its row as it was and as it is to be.
struct Restated {
    n: i64,
    kind: i64,
    value: String,
    body: Option<Vec<u8>>,
    /// Whether more is said of it than its roles.
    more: bool,
    before: Option<Row>,
    now: Option<Row>,
}

#[derive(Clone, Copy, PartialEq)]
pub(crate) struct Row {
    /// Of which it is the subject.
    pub(crate) facts: i64,
    /// To be an indicator; none for what is none.
    pub(crate) probability: Option<f64>,
    /// As in the fact that says so.
    pub(crate) last: i64,
    /// See [`Aging::columns`].
    pub(crate) days: Option<(i64, i64)>,
    /// Of a name: see [`turns::print`].
    pub(crate) print: Option<i64>,
}

impl Row {
    /// Of what no fact is on.
    pub(crate) const UNSEEN: Self =
        Self { facts: 0, probability: None, last: 0, days: None, print: None };
}

/// Which kinds, by number, are names and not values.
#[derive(Default)]
struct NameKinds(BTreeMap<i64, bool>);

impl NameKinds {
    fn of(&mut self, conn: &Connection, names: &Names, kind: i64) -> Result<bool, Fault> {
        if let Some(is) = self.0.get(&kind) {
            return Ok(*is);
        }
        let word: Kind =
            names.text(conn, kind)?.parse().map_err(|e| Fault::damaged(format!("{e}")))?;
        self.0.insert(kind, !word.is_observable());
        Ok(!word.is_observable())
    }
}

/// Brings the rows of all noted entities up to date, and writes those of `fresh` ones that are not noted. Where
/// `age` is not given, the aging of indicators whose fact is the same stays, and is not known of others.
pub(crate) fn settle(
    conn: &Connection,
    (names, turns): (&Names, &Turns),
    mut fresh: Standings,
    mut age: Option<&mut Age<'_>>,
) -> Result<(), Fault> {
    let mut tallies: BTreeMap<i64, [i64; 3]> = BTreeMap::new();
    let mut last = i64::MIN;
    let mut is_name = NameKinds::default();
    let mut written = writer(conn, turns)?;
    loop {
        let mut batch = restated(conn, names, last)?;
        let Some(end) = batch.last().map(|one| one.n) else { break };
        last = end;
        let mut others = match age {
            Some(_) => others_of(conn, names, &batch)?,
            None => BTreeMap::new(),
        };
        for one in &mut batch {
            fresh.leave(one.n);
            match (&mut age, &mut one.now, &one.body) {
                (Some(age), Some(now), Some(body)) => {
                    let object = names.object_from(conn, one.kind, one.value.clone())?;
                    let Object::Entity(subject) = object else { continue };
                    let role = Object::Text(Role::Indicator.as_str().to_owned());
                    let fact = facts::decode(body, subject, Relation::Role, role)?;
                    let others = others.remove(&one.n).unwrap_or_default();
                    now.days = Some(age(&fact, &others).columns());
                }
                (None, Some(now), Some(_)) => {
                    let same = one.before.filter(|before| {
                        before.probability == now.probability && before.last == now.last
                    });
                    now.days = same.and_then(|before| before.days);
                }
                _ => {}
            }
            if let Some(now) = &mut one.now
                && is_name.of(conn, names, one.kind)?
            {
                now.print = Some(turns::print(conn, names, one.n)?);
            }
            if one.before == one.now {
                continue;
            }
            match one.now {
                Some(row) => write((&mut written, turns), (one.n, one.kind), row)?,
                None => {
                    conn.prepare_cached("DELETE FROM standing WHERE n = ?1")?.execute([one.n])?;
                }
            }
            let tally = tallies.entry(one.kind).or_default();
            for (row, sign) in [(one.before, -1), (one.now, 1)] {
                let Some(row) = row else { continue };
                count(tally, row, sign);
            }
        }
    }
    for (n, kind, mut row) in fresh.rows() {
        if is_name.of(conn, names, kind)? {
            row.print = Some(turns::print(conn, names, n)?);
        }
        write((&mut written, turns), (n, kind), row)?;
        count(tallies.entry(kind).or_default(), row, 1);
    }
    written.finish()?;
    for (kind, [known, indicators, facts]) in tallies {
        conn.prepare_cached(
            "INSERT INTO tally (kind, known, indicators, facts) VALUES (?1, ?2, ?3, ?4)
             ON CONFLICT (kind) DO UPDATE SET known = tally.known + excluded.known,
               indicators = tally.indicators + excluded.indicators,
               facts = tally.facts + excluded.facts",
        )?
        .execute((kind, known, indicators, facts))?;
    }
    conn.execute_batch("DELETE FROM temp.restated")?;
    Ok(())
}

/// Counts an entity, or counts it no more.
fn count(tally: &mut [i64; 3], row: Row, sign: i64) {
    tally[0] += sign;
    tally[1] += sign * i64::from(row.probability.is_some());
    tally[2] += sign * row.facts;
}

/// Number of a word that may not be there: no row has it then.
fn number(conn: &Connection, names: &Names, relation: Relation) -> Result<i64, Fault> {
    Ok(names.find_word(conn, relation.as_str())?.unwrap_or(-1))
}

fn restated(conn: &Connection, names: &Names, last: i64) -> Result<Vec<Restated>, Fault> {
    let mut statement = conn.prepare_cached(
        "SELECT r.n, e.kind, e.value, s.facts, s.probability, s.last, s.ages, s.ends,
           s.print
         FROM temp.restated r
         CROSS JOIN entity e ON e.n = r.n
         LEFT JOIN standing s ON s.n = r.n
         WHERE r.n > ?1 AND e.kind > 0 ORDER BY r.n LIMIT ?2",
    )?;
    let mut rows = statement.query((last, BATCH))?;
    let mut batch = Vec::new();
    while let Some(row) = rows.next()? {
        let facts: Option<i64> = row.get(3)?;
        let days: (Option<i64>, Option<i64>) = (row.get(6)?, row.get(7)?);
        let before = match facts {
            None => None,
            Some(facts) => Some(Row {
                facts,
                probability: row.get(4)?,
                last: row.get(5)?,
                days: days.0.zip(days.1),
                print: row.get(8)?,
            }),
        };
        batch.push(Restated {
            n: row.get(0)?,
            kind: row.get(1)?,
            value: row.get(2)?,
            body: None,
            more: false,
            before,
            now: None,
        });
    }
    drop(rows);
    if let Some(end) = batch.last().map(|one| one.n) {
        see_facts(conn, names, (last, end), &mut batch)?;
        let mut silent = batch.iter_mut().filter(|one| one.now.is_none()).collect::<Vec<_>>();
        see_mentions(conn, (last, end), &mut silent)?;
    }
    Ok(batch)
}

/// What the facts on each of some entities say of it: those behind one number, up to another.
fn see_facts(
    conn: &Connection,
    names: &Names,
    (last, end): (i64, i64),
    batch: &mut [Restated],
) -> Result<(), Fault> {
    let role = number(conn, names, Relation::Role)?;
    let telling =
        [number(conn, names, Relation::Indicates)?, number(conn, names, Relation::LastSeen)?];
    let indicator = Object::Text(Role::Indicator.as_str().to_owned());
    let indicator = names.find(conn, &indicator)?.map_or(-1, |found| found.n);
    let mut statement = conn.prepare_cached(
        "SELECT f.subject, f.relation, f.probability, coalesce(f.last, 0),
           CASE WHEN f.relation = ?3 AND f.object = ?4 THEN f.body END
         FROM temp.restated r CROSS JOIN fact f ON f.subject = r.n
         WHERE r.n > ?1 AND r.n <= ?2 ORDER BY r.n",
    )?;
    let mut rows = statement.stream(params![last, end, role, indicator])?;
    let mut batch = batch.iter_mut().peekable();
    while let Some(row) = rows.next()? {
        let (n, relation): (i64, i64) = (row.get(0)?, row.get(1)?);
        while batch.next_if(|one| one.n < n).is_some() {}
        let Some(one) = batch.peek_mut().filter(|one| one.n == n) else { continue };
        let now = one.now.get_or_insert(Row::UNSEEN);
        now.facts += 1;
        one.more |= telling.contains(&relation);
        if let Some(body) = row.get::<_, Option<Vec<u8>>>(4)? {
            (now.probability, now.last) = (Some(row.get(2)?), row.get(3)?);
            one.body = Some(body);
        }
    }
    Ok(())
}

/// Which of some entities, that no fact is on, other facts speak of: their numbers lie behind one, up to another.
fn see_mentions(
    conn: &Connection,
    (last, end): (i64, i64),
    silent: &mut [&mut Restated],
) -> Result<(), Fault> {
    let known = Row::UNSEEN;
    if silent.len() > 1 && conn.is_postgres() {
        let mut statement = conn.prepare_cached(
            "SELECT r.n FROM temp.restated r WHERE r.n > ?1 AND r.n <= ?2
             AND EXISTS (SELECT 1 FROM fact o WHERE o.object = r.n)",
        )?;
        let rows = statement.query_map((last, end), |row| row.get::<_, i64>(0))?;
        let mentioned = rows.collect::<Result<BTreeSet<_>, _>>()?;
        for one in silent {
            one.now = mentioned.contains(&one.n).then_some(known);
        }
        return Ok(());
    }
    let mut mentioned = conn.prepare_cached("SELECT 1 FROM fact WHERE object = ?1 LIMIT 1")?;
    for one in silent {
        one.now = mentioned.exists([one.n])?.then_some(known);
    }
    Ok(())
}

/// What each of some entities indicates, and when it was sighted: with one question for all.
fn others_of(
    conn: &Connection,
    names: &Names,
    batch: &[Restated],
) -> Result<BTreeMap<i64, Vec<Fact>>, Fault> {
    let mut all: BTreeMap<i64, Vec<Fact>> = BTreeMap::new();
    let wanted: Vec<&Restated> =
        batch.iter().filter(|one| one.more && one.body.is_some()).collect();
    let mut take = |n: i64, relation, object: i64, body: &[u8]| -> Result<(), Fault> {
        let object = names.object_of(conn, object)?;
        let fact = facts::decode(body, names.entity_of(conn, n)?, relation, object)?;
        all.entry(n).or_default().push(fact);
        Ok(())
    };
    for relation in [Relation::Indicates, Relation::LastSeen] {
        let Some(number) = names.find_word(conn, relation.as_str())? else { continue };
        let damaged = |e: crate::sql::types::FromSqlError| Fault::damaged(e.to_string());
        if let Some(session) = conn.postgres() {
            let sql = format!(
                "SELECT f.subject, f.object, f.body FROM unnest($1::int8[]) t (n)
                 JOIN fact f ON f.subject = t.n AND f.relation = {number}
                 ORDER BY f.subject, f.object"
            );
            let numbers = wanted.iter().map(|one| Value::Integer(one.n)).collect();
            let rows = session.query_columns(&sql, vec![numbers])?.all();
            names_server::load_of_rows(conn, names, &rows, &[0, 1])?;
            for row in &rows {
                let body = row.get_ref(2)?.as_blob().map_err(damaged)?;
                take(row.get(0)?, relation, row.get(1)?, body)?;
            }
            continue;
        }
        let mut statement = conn.prepare_cached(
            "SELECT object, body FROM fact WHERE subject = ?1 AND relation = ?2 ORDER BY object",
        )?;
        for one in &wanted {
            let mut rows = statement.query((one.n, number))?;
            while let Some(row) = rows.next()? {
                let body = row.get_ref(1)?.as_blob().map_err(damaged)?;
                take(one.n, relation, row.get(0)?, body)?;
            }
        }
    }
    Ok(all)
}

fn writer<'c>(conn: &'c Connection, turns: &Turns) -> Result<Bulk<'c>, Fault> {
    // The own object of an entity is another when what it tells is.
    let added = if turns.keeps() {
        ""
    } else {
        ", added = CASE WHEN standing.print IS DISTINCT FROM excluded.print
             THEN excluded.added ELSE standing.added END"
    };
    Ok(conn.bulk(&format!(
        "INSERT INTO standing (n, kind, facts, probability, last, ages, ends, added, print)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)
         ON CONFLICT (n) DO UPDATE SET facts = excluded.facts,
           probability = excluded.probability, last = excluded.last, ages = excluded.ages,
           ends = excluded.ends, print = excluded.print{added}"
    ))?)
}

fn write(
    (written, turns): (&mut Bulk<'_>, &Turns),
    (n, kind): (i64, i64),
    row: Row,
) -> Result<(), Fault> {
    written.push(params![
        n,
        kind,
        row.facts,
        row.probability,
        row.last,
        row.days.map(|days| days.0),
        row.days.map(|days| days.1),
        turns.take(),
        row.print,
    ])?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_of_name_is_listed() {
        for kind in Kind::ALL {
            let listed = NAMED.contains(&format!("'{kind}'"));
            assert_eq!(listed, !kind.is_observable(), "{kind}");
        }
    }
}
