//! The order in which facts, entities and documents came, for who takes all of them over page by page.
//!
//! Each has a number, which is also the time at which it came, in microseconds: it only grows, is never given
//! twice, and is given anew to what is another now. All numbers are given by the one writer, so that what is seen
//! later has the larger one: no cursor passes over anything.

use std::cell::Cell;

use jiff::Timestamp;
use lapwing_model::{Document, DocumentId, Relation};

use crate::documents;
use crate::error::Fault;
use crate::names::Names;
use crate::sql::{Connection, params};

/// The schema from which on there are numbers.
pub(crate) const VERSION: i64 = 10;

/// The tables and columns.
pub(crate) const TABLES: &str = include_str!("turns.sql");

/// Indexes, made once all rows have their numbers.
const INDEXES: &str = "CREATE INDEX fact_added ON fact (relation, added);
    CREATE INDEX standing_added ON standing (kind, added);
    CREATE INDEX document_added ON document (added);";

/// Numbers behind each that is given, for the objects that are made of one fact, entity or document.
pub const TURN: i64 = 4;

/// Gives numbers within one change.
pub(crate) struct Turns {
    next: Cell<i64>,
    /// What is another now keeps the number that it has: in a copy that is made of a store.
    keeps: Cell<bool>,
}

impl Turns {
    /// What goes on where the changes before ended, or with the time of this one.
    pub(crate) fn begin(conn: &Connection, now: Timestamp) -> Result<Self, Fault> {
        let next: Option<i64> =
            conn.prepare_cached("SELECT max(next) FROM turn")?.query_row([], |row| row.get(0))?;
        let now = now.as_microsecond().max(TURN);
        Ok(Self { next: Cell::new(next.unwrap_or(0).max(now)), keeps: Cell::new(false) })
    }

    pub(crate) fn take(&self) -> i64 {
        let turn = self.next.get();
        self.next.set(turn + TURN);
        turn
    }

    pub(crate) fn keeps(&self) -> bool {
        self.keeps.get()
    }

    /// Lets what is there keep its number from now on, or not.
    pub(crate) fn set_keeps(&self, keeps: bool) {
        self.keeps.set(keeps);
    }

    /// Goes on behind all numbers that another store gave.
    pub(crate) fn pass(&self, next: i64) {
        self.next.set(self.next.get().max(next));
    }

    /// Notes where the next change goes on.
    pub(crate) fn end(&self, conn: &Connection) -> Result<(), Fault> {
        conn.prepare_cached(
            "INSERT INTO turn (one, next) VALUES (1, ?1)
             ON CONFLICT (one) DO UPDATE SET next = excluded.next",
        )?
        .execute([self.next.get()])?;
        Ok(())
    }
}

/// Numbers all that an older store holds, by the time of its latest change, and notes the markings of its documents.
pub(crate) fn complete(conn: &Connection) -> Result<(), Fault> {
    let mut marked = Vec::new();
    {
        let mut all = conn.prepare("SELECT n, header FROM document")?;
        let mut rows = all.query([])?;
        while let Some(row) = rows.next()? {
            let header: String = row.get(1)?;
            let document: Document = serde_json::from_str(&header)
                .map_err(|e| Fault::damaged(format!("a document's header: {e}")))?;
            let noted = (documents::marks(&document), documents::publisher(&document));
            if noted != ((0, 0), None) {
                marked.push((row.get::<_, i64>(0)?, noted));
            }
        }
    }
    for (n, ((tlp, pap), publisher)) in marked {
        conn.prepare_cached("UPDATE document SET tlp = ?2, pap = ?3, publisher = ?4 WHERE n = ?1")?
            .execute((n, tlp, pap, publisher))?;
    }
    let latest: Option<String> =
        conn.query_row("SELECT max(at) FROM change", [], |row| row.get(0))?;
    let time = |text: String| text.parse::<Timestamp>().ok();
    let mut next = latest.and_then(time).map_or(TURN, |at| at.as_microsecond().max(TURN));
    for (table, key, on) in [
        (
            "fact",
            "subject, relation, object",
            "t.subject = fact.subject AND t.relation = fact.relation AND t.object = fact.object",
        ),
        ("standing", "n", "t.n = standing.n"),
        ("document", "n", "t.n = document.n"),
    ] {
        conn.execute_batch(&format!(
            "UPDATE {table} SET added = {next} + {TURN} * t.place FROM
               (SELECT {key}, row_number() OVER (ORDER BY {key}) AS place FROM {table}) t
             WHERE {on}"
        ))?;
        let last: Option<i64> =
            conn.query_row(&format!("SELECT max(added) FROM {table}"), [], |row| row.get(0))?;
        next = last.map_or(next, |last| last + TURN);
    }
    conn.execute_batch(&format!("INSERT INTO turn (one, next) VALUES (1, {next}); {INDEXES}"))?;
    Ok(())
}

/// Gives the documents that came into sight their numbers: behind what follows from them.
pub(crate) fn place_documents<'d>(
    conn: &Connection,
    turns: &Turns,
    came: impl Iterator<Item = &'d DocumentId>,
) -> Result<(), Fault> {
    for id in came {
        conn.prepare_cached("UPDATE document SET added = ?2 WHERE id = ?1 AND visible = 1")?
            .execute(params![id.0, turns.take()])?;
    }
    Ok(())
}

/// A hash of what the own object of a name tells beside it: of which others it is the name, what it is of, when.
pub(crate) fn print(conn: &Connection, names: &Names, n: i64) -> Result<i64, Fault> {
    let mut hasher = blake3::Hasher::new();
    let number = |relation: Relation| {
        Ok::<_, Fault>(names.find_word(conn, relation.as_str())?.unwrap_or(-1))
    };
    let mut feed = |sql: &str, relation: i64| -> Result<(), Fault> {
        let mut statement = conn.prepare_cached(sql)?;
        let mut rows = statement.query((n, relation))?;
        while let Some(row) = rows.next()? {
            hasher.update(&relation.to_le_bytes());
            hasher.update(&row.get::<_, i64>(0)?.to_le_bytes());
        }
        Ok(())
    };
    feed(ALIASES, number(Relation::AliasOf)?)?;
    for relation in [Relation::HasWeakness, Relation::FirstSeen, Relation::LastSeen] {
        feed(OF_SUBJECT, number(relation)?)?;
    }
    let mut half = [0; 8];
    half.copy_from_slice(&hasher.finalize().as_bytes()[..8]);
    Ok(i64::from_le_bytes(half))
}

const ALIASES: &str =
    "SELECT subject FROM fact WHERE object = ?1 AND relation = ?2 ORDER BY subject";
const OF_SUBJECT: &str =
    "SELECT object FROM fact WHERE subject = ?1 AND relation = ?2 ORDER BY object";
