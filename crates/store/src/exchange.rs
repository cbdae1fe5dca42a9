//! Objects that TAXII clients sent, in the order in which they came. Those made of facts are not kept: see `turns`.

use crate::sql::types::Value;
use crate::sql::{Connection, OptionalExtension, Row, params, params_from_iter};
use jiff::Timestamp;

use crate::error::{Fault, StoreError};
use crate::store::Store;

/// An object to be served.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SharedObject {
    /// `type--UUID`.
    pub id: String,
    /// `modified`, where it has one.
    pub modified: Option<Timestamp>,
    /// Version of STIX, as `2.1`.
    pub spec: String,
    /// Strictest TLP, 0 (clear) to 4 (red).
    pub marking: u8,
    /// The object as JSON.
    pub body: Vec<u8>,
}

/// An object as it is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SharedRecord {
    /// Its place in the order of coming: grows, and is never given twice.
    pub n: i64,
    /// `type--UUID`.
    pub id: String,
    /// When it was added.
    pub added: Timestamp,
    /// Its version.
    pub version: Timestamp,
    /// Version of STIX.
    pub spec: String,
    /// The object as JSON.
    pub body: Vec<u8>,
}

/// Which versions of an object are meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum VersionMatch {
    /// The latest.
    Last,
    /// The earliest that is here.
    First,
    /// All.
    All,
    /// This one.
    At(Timestamp),
}

/// Which versions of STIX are meant.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum SpecMatch {
    /// Of each object the latest in which it is here.
    #[default]
    Latest,
    /// All.
    All,
    /// Any of these.
    Of(Vec<String>),
}

/// Which objects are asked for: within a list any may hold, all that are given must.
///
/// The first and the last version of an object are those of what may be seen and is of the versions
/// of STIX that are asked for: what is above the ceiling hides nothing that is below it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SharedQuery {
    /// After this place.
    pub after: i64,
    /// Added after this time.
    pub added_after: Option<Timestamp>,
    /// Of these identifiers.
    pub ids: Vec<String>,
    /// Of these types.
    pub types: Vec<String>,
    /// Of these versions of STIX.
    pub specs: SpecMatch,
    /// Of these versions; none: the last.
    pub versions: Vec<VersionMatch>,
    /// Marked at most so, 0 to 4.
    pub ceiling: u8,
    /// At most so many.
    pub limit: usize,
}

const COLUMNS: &str = "o.n, o.id, o.added, o.version, o.spec, o.body";

impl Store {
    /// The objects that a query asks for, in order of coming.
    pub fn shared(
        &self,
        collection: &str,
        query: &SharedQuery,
    ) -> Result<Vec<SharedRecord>, StoreError> {
        self.with(|conn, _| select(conn, collection, query))
    }

    /// Adds objects that a client sent. Tells of each the version under which it is here; an
    /// object of the same identifier and version as one that is here adds nothing.
    pub fn add_shared(
        &mut self,
        collection: &str,
        objects: &[SharedObject],
        now: Timestamp,
    ) -> Result<Vec<Timestamp>, StoreError> {
        self.within(|conn| {
            let mut clock = Clock::new(conn, now)?;
            let mut versions = Vec::with_capacity(objects.len());
            for object in objects {
                let digest = digest(&object.body);
                let known: Option<String> = match object.modified {
                    Some(modified) => conn
                        .prepare_cached(
                            "SELECT version FROM taxii_object
                             WHERE collection = ?1 AND id = ?2 AND version = ?3",
                        )?
                        .query_row(params![collection, object.id, text(modified)], |row| row.get(0))
                        .optional()?,
                    // What has no version of its own is the same when its content is.
                    None => conn
                        .prepare_cached(
                            "SELECT version FROM taxii_object
                             WHERE collection = ?1 AND id = ?2 AND digest = ?3",
                        )?
                        .query_row(params![collection, object.id, digest], |row| row.get(0))
                        .optional()?,
                };
                versions.push(match known {
                    Some(version) => time(&version)?,
                    None => put_as_sent(conn, collection, object, &digest, &mut clock)?,
                });
            }
            Ok(versions)
        })
    }

    /// Takes away versions of an object that a client sent; tells how many there were.
    pub fn remove_shared(
        &mut self,
        collection: &str,
        query: &SharedQuery,
    ) -> Result<usize, StoreError> {
        self.within(|conn| {
            let found = select(conn, collection, query)?;
            for record in &found {
                conn.prepare_cached("DELETE FROM taxii_object WHERE n = ?1")?
                    .execute([record.n])?;
                mark_ends(conn, collection, &record.id)?;
            }
            Ok(found.len())
        })
    }

    /// Keeps what became of a request.
    pub fn put_shared_status(
        &mut self,
        id: &str,
        account: &str,
        body: &str,
    ) -> Result<(), StoreError> {
        self.within(|conn| {
            conn.prepare_cached(
                "INSERT INTO taxii_status (id, account, body) VALUES (?1, ?2, ?3)
                 ON CONFLICT (id) DO UPDATE SET account = excluded.account, body = excluded.body",
            )?
            .execute([id, account, body])?;
            Ok(())
        })
    }

    /// What became of a request, with the account that made it.
    pub fn shared_status(&self, id: &str) -> Result<Option<(String, String)>, StoreError> {
        self.with(|conn, _| {
            let found = conn
                .prepare_cached("SELECT account, body FROM taxii_status WHERE id = ?1")?
                .query_row([id], |row| Ok((row.get(0)?, row.get(1)?)))
                .optional()?;
            Ok(found)
        })
    }

    /// One transaction that is no change of the history.
    fn within<T>(
        &mut self,
        work: impl FnOnce(&Connection) -> Result<T, Fault>,
    ) -> Result<T, StoreError> {
        self.with(|conn, _| {
            conn.execute_batch("BEGIN IMMEDIATE")?;
            match work(conn) {
                Ok(done) => {
                    conn.execute_batch("COMMIT")?;
                    Ok(done)
                }
                Err(fault) => {
                    let _ = conn.execute_batch("ROLLBACK");
                    Err(fault)
                }
            }
        })
    }
}

/// Gives times that only grow, whatever the clock does.
struct Clock(i64);

impl Clock {
    fn new(conn: &Connection, now: Timestamp) -> Result<Self, Fault> {
        let latest: Option<i64> =
            conn.query_row("SELECT max(added) FROM taxii_object", [], |row| row.get(0))?;
        Ok(Self((now.as_microsecond() - 1).max(latest.unwrap_or(i64::MIN))))
    }

    fn tick(&mut self) -> i64 {
        self.0 += 1;
        self.0
    }
}

fn put_as_sent(
    conn: &Connection,
    collection: &str,
    object: &SharedObject,
    digest: &[u8],
    clock: &mut Clock,
) -> Result<Timestamp, Fault> {
    let added = clock.tick();
    let version = match object.modified {
        Some(modified) => modified,
        None => of_micros(added)?,
    };
    insert(conn, collection, object, digest, added, version)?;
    Ok(version)
}

fn insert(
    conn: &Connection,
    collection: &str,
    object: &SharedObject,
    digest: &[u8],
    added: i64,
    version: Timestamp,
) -> Result<(), Fault> {
    let kind = object.id.split("--").next().unwrap_or_default();
    conn.prepare_cached(
        "INSERT INTO taxii_object (collection, id, type, version, spec, added, first, last, digest, \
         marking, body) VALUES (?1, ?2, ?3, ?4, ?5, ?6, 1, 1, ?7, ?8, ?9)",
    )?
    .execute(params![
        collection,
        object.id,
        kind,
        text(version),
        object.spec,
        added,
        digest,
        object.marking,
        object.body,
    ])?;
    mark_ends(conn, collection, &object.id)
}

/// Says of each version of an object whether it is the first or the last.
fn mark_ends(conn: &Connection, collection: &str, id: &str) -> Result<(), Fault> {
    conn.prepare_cached(
        "UPDATE taxii_object SET
           first = CASE WHEN version = (SELECT min(version) FROM taxii_object
             WHERE collection = ?1 AND id = ?2) THEN 1 ELSE 0 END,
           last = CASE WHEN version = (SELECT max(version) FROM taxii_object
             WHERE collection = ?1 AND id = ?2) THEN 1 ELSE 0 END
         WHERE collection = ?1 AND id = ?2",
    )?
    .execute([collection, id])?;
    Ok(())
}

fn select(
    conn: &Connection,
    collection: &str,
    query: &SharedQuery,
) -> Result<Vec<SharedRecord>, Fault> {
    let mut values: Vec<Value> =
        vec![collection.to_owned().into(), query.after.into(), i64::from(query.ceiling).into()];
    let mut list = |wanted: &[String]| -> String {
        let marks: Vec<String> = wanted
            .iter()
            .map(|value| {
                values.push(value.clone().into());
                format!("?{}", values.len())
            })
            .collect();
        marks.join(", ")
    };
    // `added` grows with `n`, and has an index within the collection.
    let mut conditions = vec![
        "o.collection = ?1 AND o.n > ?2 AND o.marking <= ?3 AND o.added >= \
         coalesce((SELECT w.added FROM taxii_object w WHERE w.n <= ?2 ORDER BY w.n DESC LIMIT 1), 0)"
            .to_owned(),
    ];
    for (column, wanted) in [("id", &query.ids), ("type", &query.types)] {
        if !wanted.is_empty() {
            conditions.push(format!("o.{column} IN ({})", list(wanted)));
        }
    }
    // The other versions of the object, as far as they are seen by who asks.
    let seen = "FROM taxii_object v WHERE v.collection = ?1 AND v.id = o.id AND v.marking <= ?3";
    let beside = match &query.specs {
        SpecMatch::All => String::new(),
        SpecMatch::Latest => {
            conditions.push(format!("o.spec = (SELECT max(v.spec) {seen})"));
            " AND v.spec = o.spec".to_owned()
        }
        SpecMatch::Of(specs) => {
            let specs = list(specs);
            conditions.push(format!("o.spec IN ({specs})"));
            format!(" AND v.spec IN ({specs})")
        }
    };
    if let Some(after) = query.added_after {
        values.push(after.as_microsecond().into());
        conditions.push(format!("o.added > ?{}", values.len()));
    }
    let asked: &[VersionMatch] =
        if query.versions.is_empty() { &[VersionMatch::Last] } else { &query.versions };
    if !asked.contains(&VersionMatch::All) {
        let any: Vec<String> = asked
            .iter()
            .map(|version| match version {
                VersionMatch::Last => format!("o.version = (SELECT max(v.version) {seen}{beside})"),
                VersionMatch::First => {
                    format!("o.version = (SELECT min(v.version) {seen}{beside})")
                }
                VersionMatch::All => "1 = 1".to_owned(),
                VersionMatch::At(time) => {
                    values.push(text(*time).into());
                    format!("o.version = ?{}", values.len())
                }
            })
            .collect();
        conditions.push(format!("({})", any.join(" OR ")));
    }
    values.push(i64::try_from(query.limit).unwrap_or(i64::MAX).into());
    let sql = format!(
        "SELECT {COLUMNS} FROM taxii_object o WHERE {} ORDER BY o.added LIMIT ?{}",
        conditions.join(" AND "),
        values.len()
    );
    let mut statement = conn.prepare_cached(&sql)?;
    let mut rows = statement.query(params_from_iter(values))?;
    let mut records = Vec::new();
    while let Some(row) = rows.next()? {
        records.push(record(&row)?);
    }
    Ok(records)
}

fn record(row: &Row<'_>) -> Result<SharedRecord, Fault> {
    Ok(SharedRecord {
        n: row.get(0)?,
        id: row.get(1)?,
        added: of_micros(row.get(2)?)?,
        version: time(&row.get::<_, String>(3)?)?,
        spec: row.get(4)?,
        body: row.get(5)?,
    })
}

fn digest(body: &[u8]) -> Vec<u8> {
    blake3::hash(body).as_bytes()[..16].to_vec()
}

/// A time as text that sorts as the time does.
fn text(time: Timestamp) -> String {
    time.strftime("%Y-%m-%dT%H:%M:%S%.6fZ").to_string()
}

fn time(text: &str) -> Result<Timestamp, Fault> {
    text.parse().map_err(|error| Fault::damaged(format!("a time: {error}")))
}

fn of_micros(micros: i64) -> Result<Timestamp, Fault> {
    Timestamp::from_microsecond(micros).map_err(|error| Fault::damaged(format!("a time: {error}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn object(id: &str, modified: &str, body: &str) -> SharedObject {
        SharedObject {
            id: id.to_owned(),
            modified: modified.parse().ok(),
            spec: "2.1".into(),
            marking: 0,
            body: body.as_bytes().to_vec(),
        }
    }

    fn now(seconds: i64) -> Timestamp {
        Timestamp::from_second(1_614_643_200 + seconds).unwrap()
    }

    fn all() -> SharedQuery {
        SharedQuery { limit: 100, ceiling: 4, ..SharedQuery::default() }
    }

    #[test]
    fn what_clients_send_is_kept_in_versions() {
        let mut store = Store::in_memory().unwrap();
        let first = object("tool--1", "2021-03-02T00:00:00Z", "{}");
        let second = object("tool--1", "2021-03-03T00:00:00Z", "{ }");
        let observable = object("url--1", "", "{}");
        for _ in 0..2 {
            let sent = [second.clone(), first.clone(), observable.clone()];
            assert_eq!(store.add_shared("c", &sent, now(0)).unwrap().len(), 3);
        }
        let ask = |versions: &[VersionMatch]| {
            let query =
                SharedQuery { ids: vec!["tool--1".into()], versions: versions.to_vec(), ..all() };
            store
                .shared("c", &query)
                .unwrap()
                .iter()
                .map(|r| r.version.to_string())
                .collect::<Vec<_>>()
        };
        assert_eq!(ask(&[]), ["2021-03-03T00:00:00Z"]);
        assert_eq!(ask(&[VersionMatch::First]), ["2021-03-02T00:00:00Z"]);
        assert_eq!(ask(&[VersionMatch::All]).len(), 2);
        assert_eq!(ask(&[VersionMatch::At("2021-03-03T00:00:00Z".parse().unwrap())]).len(), 1);
        let last = SharedQuery { ids: vec!["tool--1".into()], ..all() };
        assert_eq!(store.remove_shared("c", &last).unwrap(), 1);
        let left = store.shared("c", &last).unwrap();
        assert_eq!(left[0].version.to_string(), "2021-03-02T00:00:00Z");
    }

    #[test]
    fn versions_of_stix_and_what_may_be_seen_decide_which_is_the_last() {
        let mut store = Store::in_memory().unwrap();
        let sent = |spec: &str, modified: &str, marking: u8| SharedObject {
            spec: spec.to_owned(),
            marking,
            ..object("tool--1", modified, &format!("{{\"of\":\"{modified}\"}}"))
        };
        let (one, two, three) =
            ("2021-01-01T00:00:00Z", "2021-01-02T00:00:00Z", "2021-01-03T00:00:00Z");
        let four = "2021-01-04T00:00:00Z";
        let all =
            [sent("2.1", one, 0), sent("2.1", two, 0), sent("2.0", three, 0), sent("2.1", four, 4)];
        store.add_shared("c", &all, now(0)).unwrap();
        store.add_shared("other", &[sent("2.1", three, 0)], now(1)).unwrap();
        let of = |list: &[&str]| SpecMatch::Of(list.iter().map(|s| (*s).to_owned()).collect());
        let ask = |specs: SpecMatch, versions: &[VersionMatch], ceiling: u8| -> Vec<String> {
            let query = SharedQuery {
                specs,
                versions: versions.to_vec(),
                ceiling,
                limit: 9,
                ..SharedQuery::default()
            };
            store.shared("c", &query).unwrap().iter().map(|r| r.version.to_string()).collect()
        };
        let (first, every) = ([VersionMatch::First], [VersionMatch::All]);
        // What is above the ceiling hides nothing that is below it.
        assert_eq!(ask(SpecMatch::Latest, &[], 0), [two]);
        assert_eq!(ask(SpecMatch::Latest, &[], 4), [four]);
        assert_eq!(ask(SpecMatch::Latest, &first, 0), [one]);
        assert_eq!(ask(SpecMatch::Latest, &every, 0), [one, two]);
        assert_eq!(ask(of(&["2.0"]), &[], 0), [three]);
        assert_eq!(ask(of(&["2.0", "2.1"]), &[], 0), [three]);
        assert_eq!(ask(of(&["2.0", "2.1"]), &first, 0), [one]);
        assert_eq!(ask(of(&["2.1"]), &[], 0), [two]);
        assert_eq!(ask(SpecMatch::All, &every, 4).len(), 4);
        let gone =
            SharedQuery { specs: of(&["2.0"]), ceiling: 4, limit: 9, ..SharedQuery::default() };
        assert_eq!(store.remove_shared("c", &gone).unwrap(), 1);
        let both = SharedQuery { specs: of(&["2.0", "2.1"]), ..gone };
        assert_eq!(store.shared("c", &both).unwrap()[0].version.to_string(), four);
    }

    #[test]
    fn paging_neither_loses_nor_repeats_while_objects_come() {
        let mut store = Store::in_memory().unwrap();
        let make = |from: usize, to: usize| -> Vec<SharedObject> {
            (from..to)
                .map(|at| {
                    object(
                        &format!("tool--{at}"),
                        "2021-03-02T00:00:00Z",
                        &format!("{{\"at\":{at}}}"),
                    )
                })
                .collect()
        };
        store.add_shared("c", &make(0, 300), now(0)).unwrap();
        let (mut after, mut seen, mut next) = (0, Vec::new(), 300);
        loop {
            let page = store.shared("c", &SharedQuery { after, limit: 17, ..all() }).unwrap();
            let Some(last) = page.last() else { break };
            after = last.n;
            seen.extend(page.into_iter().map(|record| record.id));
            if next < 500 {
                store.add_shared("c", &make(next, next + 20), now(next as i64)).unwrap();
                next += 20;
            }
        }
        let mut each = seen.clone();
        each.sort();
        each.dedup();
        assert_eq!((seen.len(), each.len()), (500, 500));
    }
}
