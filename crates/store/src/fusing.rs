//! What was touched is fused again: statement by statement, in order, none kept in memory.

use std::collections::{BTreeMap, BTreeSet};

use crate::sql::{Connection, Row, params};
use lapwing_model::{DocumentId, Entity, Fact, Object};

use crate::agreements;
use crate::claims::{self, Which};
use crate::error::{Fault, StoreError};
use crate::facts;
use crate::held::{Held, Standings};
use crate::names::{Names, TEXT, set_resolved};
use crate::records::{Fused, Gathered, Kept, StoredClaim};
use crate::standing::Age;
use crate::turns::Turns;
use crate::weighed::Weighed;

/// Makes the table of touched statements; it lives and dies with the connection.
pub(crate) fn begin(conn: &Connection) -> Result<(), Fault> {
    conn.execute_batch(
        "CREATE TEMP TABLE IF NOT EXISTS touched (
           subject INTEGER, relation INTEGER, object INTEGER, anew INTEGER,
           PRIMARY KEY (subject, relation, object)
         ) WITHOUT ROWID;
         CREATE TEMP TABLE IF NOT EXISTS renamed (n INTEGER PRIMARY KEY);
         DELETE FROM temp.touched;
         DELETE FROM temp.renamed;",
    )?;
    Ok(())
}

/// Statements of claims; all of their claims are to be looked at.
const TOUCH: &str = "INSERT INTO temp.touched (subject, relation, object, anew) \
    SELECT DISTINCT resolved_subject, relation, resolved_object, 1 FROM claim";
const TOUCHED: &str = "ON CONFLICT (subject, relation, object) DO UPDATE SET anew = 1";

/// Touches all statements of a document's row.
pub(crate) fn touch(conn: &Connection, n: i64) -> Result<(), Fault> {
    conn.prepare_cached(&format!("{TOUCH} WHERE document = ?1 ORDER BY 1, 2, 3 {TOUCHED}"))?
        .execute([n])?;
    Ok(())
}

/// Touches the statements of a document's row that went out of sight or came back: what was made of the other
/// claims on them holds.
pub(crate) fn touch_moved(conn: &Connection, n: i64) -> Result<(), Fault> {
    conn.prepare_cached(
        "INSERT INTO temp.touched (subject, relation, object, anew)
         SELECT DISTINCT resolved_subject, relation, resolved_object, 0 FROM claim
         WHERE document = ?1 ORDER BY 1, 2, 3 ON CONFLICT DO NOTHING",
    )?
    .execute([n])?;
    Ok(())
}

/// Touches the statements of a document that came: what was made of the other claims on them holds.
pub(crate) fn touch_new(conn: &Connection, mut all: Vec<(i64, i64, i64)>) -> Result<(), Fault> {
    all.sort_unstable();
    all.dedup();
    let mut touched = conn.bulk(
        "INSERT INTO temp.touched (subject, relation, object, anew) VALUES (?1, ?2, ?3, ?4) \
         ON CONFLICT DO NOTHING",
    )?;
    for (subject, relation, object) in all {
        touched.push(params![subject, relation, object, 0_i64])?;
    }
    touched.finish()?;
    Ok(())
}

/// Touches all statements of a visible document.
pub(crate) fn touch_document(conn: &Connection, id: DocumentId) -> Result<(), Fault> {
    match crate::documents::visible(conn, id)? {
        Some(n) => touch(conn, n),
        None => Ok(()),
    }
}

/// Touches every statement that there is.
pub(crate) fn touch_all(conn: &Connection) -> Result<(), Fault> {
    conn.execute_batch(&format!(
        "DELETE FROM weighed;
         {TOUCH} WHERE true {TOUCHED};
         INSERT INTO temp.touched (subject, relation, object, anew)
           SELECT subject, relation, object, 1 FROM fact WHERE true {TOUCHED};"
    ))?;
    Ok(())
}

/// Claims that are handed over at once: bounds what is in memory.
const CLAIMS: usize = 4096;

/// So many statements whose fact is another now are named.
const NAMED: usize = 10;

/// What fusing the touched statements changed.
#[derive(Default)]
pub(crate) struct Refused {
    /// How many facts are others than before.
    pub(crate) changed: u64,
    /// The greatest depth of a statement on which others agree now.
    pub(crate) deepest: Option<u8>,
    /// The first statements whose fact is another now.
    pub(crate) named: BTreeSet<String>,
}

impl Refused {
    fn name(
        &mut self,
        conn: &Connection,
        names: &Names,
        statement: (i64, i64, i64),
    ) -> Result<(), Fault> {
        if self.named.len() < NAMED {
            self.named.insert(statement_name(conn, names, statement)?);
        }
        Ok(())
    }
}

fn statement_name(
    conn: &Connection,
    names: &Names,
    (subject, relation, object): (i64, i64, i64),
) -> Result<String, Fault> {
    let subject = names.entity_of(conn, subject)?;
    let relation = claims::relation(conn, names, relation)?;
    let object = match names.object_of(conn, object)? {
        Object::Entity(entity) => entity.key(),
        Object::Text(text) => format!("“{text}”"),
    };
    Ok(format!("{} {relation} {object}", subject.key()))
}

/// What makes the fact of each of several statements out of its claims.
pub(crate) type FuseMany<'f> = dyn FnMut(&[Gathered]) -> Result<Vec<Option<Fused>>, Fault> + 'f;

/// What was not there before a change, and what is no more.
pub(crate) struct Fresh {
    /// The last entity that was there.
    pub(crate) last_entity: i64,
    /// The row of the first document that came.
    pub(crate) first_row: i64,
    /// The rows of documents that went or came back.
    pub(crate) moved: MovedRows,
    /// Claims on statements that were not there.
    pub(crate) held: Held,
}

/// The rows of documents that went out of sight, and of those that came back, as far as they are few: their claims
/// are looked up row by row in the statements of which something is kept. Of more all claims are read.
#[derive(Default)]
pub(crate) struct MovedRows {
    gone: Vec<i64>,
    back: Vec<i64>,
}

impl MovedRows {
    /// So many are few.
    const FEW: usize = 16;

    pub(crate) fn is_empty(&self) -> bool {
        self.gone.is_empty() && self.back.is_empty()
    }

    /// Notes a row, unless there are too many.
    pub(crate) fn take(&mut self, row: i64, in_sight: bool) -> bool {
        let rows = if in_sight { &mut self.back } else { &mut self.gone };
        if rows.len() >= Self::FEW {
            return false;
        }
        rows.push(row);
        true
    }
}

/// A touched statement.
struct Touched {
    statement: (i64, i64, i64),
    /// Whether all of its claims are to be looked at, whatever is kept of it.
    anew: bool,
    /// Whether it was not there before.
    is_new: bool,
}

impl Touched {
    fn of(row: &Row<'_>, fresh: Option<&Fresh>) -> Result<Self, Fault> {
        let statement: (i64, i64, i64) = (row.get(0)?, row.get(1)?, row.get(2)?);
        let (subject, _, object) = statement;
        let is_new = fresh.is_some_and(|fresh| subject.max(object) > fresh.last_entity);
        Ok(Self { statement, anew: fresh.is_none() || row.get::<_, i64>(3)? != 0, is_new })
    }
}

/// What some touched statements are fused of.
fn gather(
    conn: &Connection,
    names: &Names,
    weighed: &Weighed<'_>,
    (touched, mut fresh): (&[Touched], Option<&mut Fresh>),
) -> Result<Vec<Gathered>, Fault> {
    let asked: Vec<usize> = (0..touched.len())
        .filter(|at| touched.get(*at).is_some_and(|one| !one.anew && !one.is_new))
        .collect();
    let statements = |at: &[usize]| -> Vec<(i64, i64, i64)> {
        at.iter().filter_map(|at| Some(touched.get(*at)?.statement)).collect()
    };
    let mut kept: BTreeMap<usize, Kept> = asked
        .iter()
        .zip(weighed.kept(names, &statements(&asked))?)
        .filter_map(|(at, kept)| Some((*at, kept?)))
        .collect();
    let mut claims: Vec<Vec<StoredClaim>> = vec![Vec::new(); touched.len()];
    let mut gone: Vec<Vec<StoredClaim>> = vec![Vec::new(); touched.len()];
    let mut read: Vec<usize> = (0..touched.len()).collect();
    if let Some(Fresh { first_row, moved, held, .. }) = &mut fresh {
        let at: Vec<usize> = kept.keys().copied().collect();
        let of = statements(&at);
        let look = |lists: &mut [Vec<StoredClaim>], which| {
            put_at(lists, &at, claims::of_statements(conn, names, &of, which)?);
            Ok::<_, Fault>(())
        };
        look(&mut claims, Which::From(*first_row))?;
        moved.back.iter().try_for_each(|row| look(&mut claims, Which::Of(*row)))?;
        moved.gone.iter().try_for_each(|row| look(&mut gone, Which::Of(*row)))?;
        let some = |lists: &[Vec<StoredClaim>], at: usize| {
            lists.get(at).is_some_and(|list| !list.is_empty())
        };
        kept.retain(|at, _| some(&claims, *at) || some(&gone, *at));
        read.retain(|at| match touched.get(*at).and_then(|one| held.take(one.statement)) {
            Some(all) => {
                put_at(&mut claims, &[*at], vec![all]);
                false
            }
            None => !kept.contains_key(at),
        });
    }
    let all = claims::of_statements(conn, names, &statements(&read), Which::From(0))?;
    put_at(&mut claims, &read, all);
    let gathered = claims.into_iter().zip(gone).enumerate();
    let gathered =
        gathered.map(|(at, (claims, gone))| Gathered { claims, gone, kept: kept.remove(&at) });
    Ok(gathered.collect())
}

/// Adds each of some lists to the one at its place.
fn put_at(lists: &mut [Vec<StoredClaim>], at: &[usize], more: Vec<Vec<StoredClaim>>) {
    for (at, more) in at.iter().zip(more) {
        if let Some(list) = lists.get_mut(*at) {
            list.extend(more);
        }
    }
}

/// Who agreed on touched statements before.
fn voiced(conn: &Connection, touched: &[Touched]) -> Result<Vec<agreements::Noted>, Fault> {
    let old: Vec<_> = touched.iter().filter(|one| !one.is_new).map(|one| one.statement).collect();
    let mut noted = agreements::voiced(conn, &old)?.into_iter();
    let of = |one: &Touched| if one.is_new { None } else { noted.next().flatten() };
    Ok(touched.iter().map(of).collect())
}

/// Gives the claims of the touched statements to `fuse`, many statements at once, and keeps the
/// facts that it makes of them.
pub(crate) fn fuse_touched(
    conn: &Connection,
    (names, turns): (&Names, &Turns),
    (mut fresh, fuse): (Option<Fresh>, &mut FuseMany<'_>),
    mut telling: Option<(&mut Standings, &mut Age<'_>)>,
) -> Result<Refused, Fault> {
    let mut done = Refused::default();
    let last_entity = fresh.as_ref().map_or(i64::MAX, |fresh| fresh.last_entity);
    let mut statement =
        conn.prepare("SELECT subject, relation, object, anew FROM temp.touched ORDER BY 1, 2, 3")?;
    let mut rows = statement.stream([])?;
    let mut written = facts::writer(conn, turns)?;
    let mut weighed = Weighed::of(conn)?;
    let mut removed = 0;
    // PostgreSQL answers many questions at once as fast as one; SQLite need not look for the statement
    // again at each.
    let (ahead, removed_at_once) = if conn.is_postgres() { (1000, 1000) } else { (64, 1) };
    let mut touched: Vec<Touched> = Vec::new();
    let mut waiting: Vec<Gathered> = Vec::new();
    let mut held = 0;
    loop {
        while touched.len() < waiting.len() + ahead
            && let Some(row) = rows.next()?
        {
            touched.push(Touched::of(&row, fresh.as_ref())?);
        }
        let next = touched.get(waiting.len()..).unwrap_or_default();
        let ended = next.is_empty();
        for gathered in gather(conn, names, &weighed, (next, fresh.as_mut()))? {
            let kept = gathered.kept.as_ref().map_or(0, |kept| kept.fact.contributions.len());
            held += gathered.claims.len() + kept + 1;
            waiting.push(gathered);
        }
        if held < CLAIMS && !ended {
            continue;
        }
        let facts = fuse(&waiting)?;
        let before = voiced(conn, &touched)?;
        // A statement for which nothing comes back has no fact.
        let facts = facts.into_iter().chain(std::iter::repeat_with(|| None));
        let mut gone = Vec::new();
        for (((touched, gathered), before), fused) in
            touched.drain(..).zip(waiting.drain(..)).zip(before).zip(facts)
        {
            let one = touched.statement;
            let fused = match gathered.claims.first().or(gathered.gone.first()) {
                Some(first) => fused.map(|fused| same_statement(first, fused)).transpose()?,
                None => None,
            };
            let agreement = fused.as_ref().and_then(|fused| fused.agreement.as_ref());
            done.deepest = done.deepest.max(agreements::put(conn, one, before, agreement)?);
            let kept = fused.as_ref().and_then(|fused| fused.kept.as_deref());
            weighed.put(one, kept, touched.is_new)?;
            match fused {
                Some(Fused { fact, .. }) => {
                    // All that is said of a subject that was not there comes now.
                    let told = telling.as_mut().filter(|_| one.0 > last_entity);
                    if written.put(one, &fact, told.is_some())? {
                        done.name(conn, names, one)?;
                    }
                    if let Some((standings, age)) = told {
                        standings.take((conn, names, *age), one.0, fact)?;
                    }
                }
                None => gone.push(one),
            }
        }
        // One by one where that costs nothing more, so that those which had a fact can be named.
        for gone in gone.chunks(removed_at_once) {
            let had = facts::remove(conn, gone)?;
            removed += had;
            if let (1.., [one]) = (had, gone) {
                done.name(conn, names, *one)?;
            }
        }
        held = 0;
        if ended {
            break;
        }
    }
    drop(rows);
    if let Some((standings, age)) = telling {
        standings.conclude(age);
        if last_entity < i64::MAX {
            standings.tell_since(last_entity);
        }
    }
    weighed.finish()?;
    conn.execute_batch("DELETE FROM temp.touched")?;
    done.changed = (written.finish()? + removed) as u64;
    Ok(done)
}

fn same_statement(claim: &StoredClaim, fused: Fused) -> Result<Fused, StoreError> {
    let fact: &Fact = &fused.fact;
    if fact.subject == claim.subject
        && fact.relation == claim.claim.relation
        && fact.object == claim.object
    {
        return Ok(fused);
    }
    Err(StoreError::ForeignFact {
        statement: format!("{} {} {}", claim.subject, claim.claim.relation, claim.object),
        given: format!("{} {} {}", fact.subject, fact.relation, fact.object),
    })
}

/// Entities that are resolved in one go: bounds what is in memory.
const BATCH: i64 = 4096;

/// Resolves all names anew; touches the old and the new statements of those that changed.
/// Returns how many names resolve to another now.
pub(crate) fn resolve_again(
    conn: &Connection,
    names: &Names,
    resolve: &dyn Fn(&Entity) -> Entity,
) -> Result<u64, Fault> {
    let mut renamed = 0_u64;
    let mut last = 0_i64;
    loop {
        let batch = entities_after(conn, last)?;
        let Some(&(end, ..)) = batch.last() else { break };
        last = end;
        for (n, kind, value, before) in batch {
            if kind == TEXT {
                continue;
            }
            let Object::Entity(entity) = names.object_from(conn, kind, value)? else {
                continue;
            };
            let resolved = resolve(&entity);
            let now = if resolved == entity { n } else { names.resolved(conn, &resolved)? };
            if now != before {
                set_resolved(conn, n, now)?;
                conn.prepare_cached("INSERT OR IGNORE INTO temp.renamed VALUES (?1)")?
                    .execute([n])?;
                renamed += 1;
            }
        }
    }
    names.forget();
    if renamed > 0 {
        let among = "WHERE subject IN (SELECT n FROM temp.renamed)
                        OR object IN (SELECT n FROM temp.renamed)";
        conn.execute_batch(&format!(
            "{TOUCH} {among} {TOUCHED};
             UPDATE claim SET
               resolved_subject = (SELECT resolved FROM entity WHERE n = claim.subject),
               resolved_object = (SELECT resolved FROM entity WHERE n = claim.object) {among};
             {TOUCH} {among} {TOUCHED};
             DELETE FROM temp.renamed;"
        ))?;
    }
    Ok(renamed)
}

type EntityRow = (i64, i64, String, i64);

fn entities_after(conn: &Connection, last: i64) -> Result<Vec<EntityRow>, Fault> {
    let mut statement = conn.prepare_cached(
        "SELECT n, kind, value, resolved FROM entity WHERE n > ?1 ORDER BY n LIMIT ?2",
    )?;
    let rows = statement
        .query_map((last, BATCH), |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?)))?;
    Ok(rows.collect::<Result<_, _>>()?)
}
