//! The store below a ceiling: a copy of its pages, from which all that is above is taken away, as an
//! undo takes it away; and which follows the store from change to change.
//!
//! A copy of rows ([`Store::only`]) has to derive every fact anew; here only those that owe something
//! to what is above, or to what came since, are derived. What a row says of documents that are left
//! out is deleted and not merely out of sight: an answer owes nothing to it, not even an order.

use std::collections::{BTreeMap, BTreeSet};

use crate::sql::{Connection, OptionalExtension, params};
use lapwing_model::{ChangeId, Document, Marking, Pap};

use crate::change::Change;
use crate::deriving::Moves;
use crate::error::{Fault, StoreError};
use crate::names::Names;
use crate::store::Store;
use crate::{decisions, fusing, shelf, spelling};

/// What follows from documents, changes and facts, table by table. What is of the server (accounts,
/// audit, feeds, TAXII) is for nobody below a ceiling.
const TABLES: &[&str] = &[
    "word",
    "entity",
    "change",
    "replacing",
    "document",
    "part",
    "claim",
    "gap",
    "blob",
    "judgement",
    "fact",
    "weighed",
    "origin",
    "origin_member",
    "accord",
    "accord_of",
    "accord_depth",
    "learnt",
    "marker",
    "link",
    "copied",
    "document_standing",
    "derived_by",
    "standing",
    "tally",
    "standing_by",
    "spelling",
    "folded",
    "named_in",
    "document_search_data",
    "document_search_idx",
    "document_search_docsize",
    "document_search_config",
];

/// What following the store did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Followed {
    /// The store's latest change that is taken in, whoever may see it.
    pub at: Option<ChangeId>,
    /// Whether other decisions on names hold than before: names are to be resolved again.
    pub decisions: bool,
}

impl Store {
    /// A throw-away copy that [`Change::follow`] is to fill; `None` where this store is in no file
    /// that another connection could read.
    pub fn follower(&self) -> Result<Option<Self>, StoreError> {
        if !self.path.is_file() {
            return Ok(None);
        }
        let copy = Self::in_memory()?;
        let uri = crate::schema::read_only_uri(&self.path);
        let attached = copy.conn.execute("ATTACH ?1 AS whole", [&uri]);
        // A store in a folder that cannot be written may not be read by a second connection.
        let readable = attached
            .and_then(|_| copy.conn.query_row("SELECT count(*) FROM whole.change", [], |_| Ok(())));
        Ok(readable.is_ok().then_some(copy))
    }
}

impl Change<'_> {
    /// Makes a copy hold just what the store that it follows holds now below a ceiling, and touches
    /// the statements that this changes. Derive origins and facts after it, and keep them with
    /// [`Change::commit_unrecorded`]. `None`: a copy is to be made anew.
    pub fn follow(&mut self, ceiling: Marking, pap: Pap) -> Result<Option<Followed>, StoreError> {
        let mut moves = Moves::default();
        let turns = &self.turns;
        let followed = self.store.with(|conn, names| {
            names.forget();
            // Numbers of the copy go on behind those of the store; what is in both from the first has the store's.
            let next = "SELECT coalesce(max(next), 0) FROM whole.turn";
            turns.pass(number(conn, next)?);
            let followed = follow(conn, names, (ceiling, pap), &mut moves)?;
            turns.set_keeps(followed.as_ref().is_some_and(|(_, is_new)| *is_new));
            Ok(followed.map(|(followed, _)| followed))
        })?;
        self.moves = moves;
        self.unnumbered();
        Ok(followed)
    }
}

fn number(conn: &Connection, sql: &str) -> Result<i64, Fault> {
    Ok(conn.query_row(sql, [], |row| row.get(0))?)
}

fn follow(
    conn: &Connection,
    names: &Names,
    (ceiling, pap): (Marking, Pap),
    moves: &mut Moves,
) -> Result<Option<(Followed, bool)>, Fault> {
    conn.execute_batch(
        "CREATE TEMP TABLE IF NOT EXISTS followed (one INTEGER PRIMARY KEY, mark TEXT NOT NULL);
         CREATE TEMP TABLE IF NOT EXISTS allowed (n INTEGER PRIMARY KEY, allowed INTEGER NOT NULL);
         CREATE TEMP TABLE IF NOT EXISTS wanted (n INTEGER PRIMARY KEY);
         DELETE FROM temp.wanted;",
    )?;
    // Other reference data, or rules, give other facts everywhere.
    let mark: String = conn.query_row(
        "SELECT (SELECT count(*) || ' ' || coalesce(max(b.n), 0) || ' ' || coalesce(sum(b.n), 0)
                 FROM whole.blob b JOIN whole.change c ON c.id = b.change
                 WHERE c.undone_by IS NULL)
           || ' ' || coalesce((SELECT rules FROM whole.derived_by), '')
           || ' ' || coalesce((SELECT rules FROM whole.standing_by), '')",
        [],
        |row| row.get(0),
    )?;
    let before: Option<String> =
        conn.query_row("SELECT mark FROM temp.followed", [], |row| row.get(0)).optional()?;
    let is_new = before.is_none();
    let added = match before {
        None => copy(conn)?,
        Some(before) if before == mark && is_its_own(conn)? => add_names(conn)?,
        Some(_) => return Ok(None),
    };
    spelling::extend(conn, names)?;
    conn.execute("INSERT INTO temp.followed VALUES (1, ?1) ON CONFLICT (one) DO UPDATE SET mark = excluded.mark", [&mark])?;
    let decided = decisions::in_force(conn)?;
    conn.execute_batch(
        "DELETE FROM judgement; DELETE FROM change;
         INSERT INTO change SELECT * FROM whole.change;
         INSERT INTO judgement SELECT * FROM whole.judgement;",
    )?;
    want(conn, ceiling, pap)?;
    for n in rows(conn, "SELECT n FROM document WHERE n NOT IN (SELECT n FROM temp.wanted)")? {
        take_away(conn, n, moves)?;
    }
    for n in rows(conn, "SELECT n FROM temp.wanted WHERE n NOT IN (SELECT n FROM document)")? {
        bring(conn, n)?;
        moves.came.extend(crate::documents::in_sight(conn, n)?);
    }
    let all = decisions::in_force(conn)?;
    let most = (pap == Pap::Red).then_some(ceiling);
    decisions::keep_evident(conn, Some(most))?;
    let kept = decisions::in_force(conn)?;
    hush(conn)?;
    let at: Option<i64> =
        conn.query_row("SELECT max(id) FROM whole.change", [], |row| row.get(0))?;
    // What was copied is resolved by all decisions of the store.
    let decisions = if is_new || added { kept != all } else { false };
    let decisions = decisions || (!is_new && decided != kept);
    Ok(Some((Followed { at: at.map(ChangeId), decisions }, is_new)))
}

fn rows(conn: &Connection, sql: &str) -> Result<Vec<i64>, Fault> {
    let mut statement = conn.prepare(sql)?;
    let rows = statement.query_map([], |row| row.get(0))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Copies whole tables: where both are made alike, as pages and not row by row.
fn copy(conn: &Connection) -> Result<bool, Fault> {
    for table in TABLES {
        conn.execute_batch(&format!(
            "DELETE FROM main.{table}; INSERT INTO main.{table} SELECT * FROM whole.{table};"
        ))?;
    }
    Ok(true)
}

/// Whether the copy made no names of its own: their numbers would be taken.
fn is_its_own(conn: &Connection) -> Result<bool, Fault> {
    let own = "SELECT count(*) FROM main.entity e
        WHERE e.n > (SELECT coalesce(max(w.n), 0) FROM whole.entity w)
          OR (e.n = (SELECT max(n) FROM main.entity) AND NOT EXISTS (
            SELECT 1 FROM whole.entity w WHERE w.n = e.n AND w.value = e.value AND w.kind = e.kind))";
    Ok(number(conn, own)? == 0)
}

/// Words and entities that the store has got; tells whether there are some.
fn add_names(conn: &Connection) -> Result<bool, Fault> {
    let last = "SELECT coalesce(max(n), 0) FROM main.entity";
    let before = number(conn, last)?;
    for table in ["word", "entity"] {
        conn.execute_batch(&format!(
            "INSERT INTO main.{table} SELECT * FROM whole.{table}
             WHERE n > (SELECT coalesce(max(n), 0) FROM main.{table});"
        ))?;
    }
    Ok(number(conn, last)? > before)
}

/// Notes the documents that are in sight and not above the ceiling.
fn want(conn: &Connection, ceiling: Marking, pap: Pap) -> Result<(), Fault> {
    let mut unknown = conn.prepare(
        "SELECT d.n, d.header FROM whole.document d LEFT JOIN temp.allowed a ON a.n = d.n
         WHERE d.visible = 1 AND a.n IS NULL",
    )?;
    let mut note = conn.prepare("INSERT INTO temp.allowed VALUES (?1, ?2)")?;
    let mut judged = Vec::new();
    let mut found = unknown.query([])?;
    while let Some(row) = found.next()? {
        let header = row.get_ref(1)?.as_str().map_err(|e| Fault::damaged(e.to_string()))?;
        let document: Document = serde_json::from_str(header)
            .map_err(|e| Fault::damaged(format!("a document's header: {e}")))?;
        let allowed = document.marking.unwrap_or_default() <= ceiling && document.pap() <= pap;
        judged.push((row.get::<_, i64>(0)?, allowed));
    }
    drop(found);
    for one in judged {
        note.execute(one)?;
    }
    conn.execute_batch(
        "INSERT INTO temp.wanted SELECT d.n FROM whole.document d
         JOIN temp.allowed a ON a.n = d.n AND a.allowed = 1 WHERE d.visible = 1",
    )?;
    Ok(())
}

/// Deletes a document with all that is its own.
fn take_away(conn: &Connection, n: i64, moves: &mut Moves) -> Result<(), Fault> {
    let visible =
        conn.prepare_cached("SELECT 1 FROM document WHERE n = ?1 AND visible = 1")?.exists([n])?;
    if visible {
        fusing::touch(conn, n)?;
        moves.went.insert(n, shelf::trace_of_row(conn, n)?);
    }
    if indexed(conn, "main", n)? {
        conn.prepare_cached(
            "INSERT INTO document_search (document_search, rowid, title, text)
             SELECT 'delete', n, title, text FROM document_words WHERE n = ?1",
        )?
        .execute([n])?;
    }
    for (table, key) in [
        ("claim", "document"),
        ("named_in", "document"),
        ("part", "document"),
        ("gap", "document"),
        ("document", "n"),
    ] {
        conn.prepare_cached(&format!("DELETE FROM {table} WHERE {key} = ?1"))?.execute([n])?;
    }
    Ok(())
}

/// Copies a document with all that is its own.
fn bring(conn: &Connection, n: i64) -> Result<(), Fault> {
    for (table, key) in [
        ("document", "n"),
        ("part", "document"),
        ("gap", "document"),
        ("claim", "document"),
        ("named_in", "document"),
    ] {
        conn.prepare_cached(&format!(
            "INSERT INTO main.{table} SELECT * FROM whole.{table} WHERE {key} = ?1"
        ))?
        .execute([n])?;
    }
    // The names as they are resolved here.
    conn.prepare_cached(
        "UPDATE claim SET
           resolved_subject = (SELECT resolved FROM entity WHERE n = claim.subject),
           resolved_object = (SELECT resolved FROM entity WHERE n = claim.object)
         WHERE document = ?1",
    )?
    .execute([n])?;
    if indexed(conn, "whole", n)? {
        conn.prepare_cached(
            "INSERT INTO document_search (rowid, title, text)
             SELECT n, title, text FROM document_words WHERE n = ?1",
        )?
        .execute([n])?;
    }
    fusing::touch(conn, n)
}

/// Whether the words of a document are searched.
fn indexed(conn: &Connection, whose: &str, n: i64) -> Result<bool, Fault> {
    let sql = format!("SELECT 1 FROM {whose}.document_search_docsize WHERE id = ?1");
    Ok(conn.prepare_cached(&sql)?.exists([n])?)
}

/// Makes the history tell nothing of documents that are not here: a change all of whose documents
/// are left out (undone ones too) has no entry, and of one that loses some the command is not told,
/// for it may name them.
fn hush(conn: &Connection) -> Result<(), Fault> {
    let mut here: BTreeMap<i64, [i64; 3]> = BTreeMap::new();
    let mut counts = conn.prepare(
        "SELECT change, count(*), coalesce(sum(claims), 0), coalesce(sum(gaps), 0)
         FROM document GROUP BY change",
    )?;
    let mut found = counts.query([])?;
    while let Some(row) = found.next()? {
        here.insert(row.get(0)?, [row.get(1)?, row.get(2)?, row.get(3)?]);
    }
    drop(found);
    let mut gone: BTreeSet<i64> = BTreeSet::new();
    let mut changes = conn.prepare("SELECT id, documents, undoes FROM change ORDER BY id")?;
    let mut found = changes.query([])?;
    let mut cut = Vec::new();
    while let Some(row) = found.next()? {
        let (id, documents): (i64, i64) = (row.get(0)?, row.get(1)?);
        let undoes: Option<i64> = row.get(2)?;
        let counts = here.get(&id).copied();
        // What replaces something has documents of its own.
        if undoes.is_some_and(|undoes| gone.contains(&undoes) && counts.is_none())
            || (documents != 0 && counts.is_none())
        {
            gone.insert(id);
        } else if let Some(counts) = counts.filter(|counts| counts[0] != documents) {
            cut.push((id, counts));
        }
    }
    drop(found);
    for id in gone {
        conn.prepare_cached("DELETE FROM change WHERE id = ?1")?.execute([id])?;
    }
    for (id, [documents, claims, gaps]) in cut {
        conn.prepare_cached(
            "UPDATE change SET command = 'add (in part above your marking)', documents = ?2,
               claims = ?3, gaps = ?4 WHERE id = ?1",
        )?
        .execute(params![id, documents, claims, gaps])?;
    }
    conn.execute_batch(
        "UPDATE change SET undone_by = NULL WHERE undone_by NOT IN (SELECT id FROM change)",
    )?;
    Ok(())
}
