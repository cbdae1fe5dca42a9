use std::collections::BTreeSet;
use std::path::Path;

use crate::sql::{Connection, OptionalExtension};
use jiff::Timestamp;
use lapwing_model::{ChangeId, DocumentId, Entity, Fact, Origin, Reading};

use crate::aging::Aging;
use crate::claims::Came;
use crate::deriving::Moves;
use crate::documents;
use crate::error::{Fault, StoreError};
use crate::fusing::{Fresh, MovedRows};
use crate::held::{Held, Standings};
use crate::history;
use crate::marks::ClaimMarks;
use crate::names::Names;
use crate::packed::Packed;
use crate::records::{Added, Fused, Gathered, StoredClaim, Undone};
use crate::store::Store;
use crate::turns::Turns;
use crate::{blobs, claims, fusing, judgements, origins, roomy, shelf, spelling, standing, turns};

/// One transaction: all of it is kept by [`Change::commit`], or none.
///
/// The usual way is [`Change::add`] for each reading, [`Change::put_origins`] with the origins
/// of all documents, [`Change::fuse_touched`], and [`Change::commit`].
pub struct Change<'s> {
    pub(crate) store: &'s mut Store,
    id: ChangeId,
    counts: Counts,
    pub(crate) moves: Moves,
    /// The last entity that was there when the change began; nothing once facts were derived in it.
    last_entity: Option<i64>,
    /// The row of the first document that came since facts were derived last.
    first_row: Option<i64>,
    /// The rows of the documents that went since then, and of those that came back.
    moved: MovedRows,
    /// Claims on statements that are new, until facts are made of them.
    held: Held,
    /// How entities stand that are new, until it is written down.
    pub(crate) standings: Standings,
    /// See [`Change::deepest_agreement_changed`].
    pub(crate) deepest: Option<u8>,
    /// See [`Change::some_changed_facts`].
    pub(crate) renewed: BTreeSet<String>,
    pub(crate) changed: bool,
    /// Documents of origins that are other ones now: their reports tell of it, as new versions.
    pub(crate) retold: BTreeSet<DocumentId>,
    /// The order in which what is another now comes.
    pub(crate) turns: Turns,
    /// Whether more pages of the file may be held than at other times.
    roomy: bool,
    open: bool,
}

#[derive(Default)]
struct Counts {
    documents: u64,
    claims: u64,
    gaps: u64,
}

impl Counts {
    /// Counts the documents that an undo hid or brought back.
    fn of_undone(&mut self, conn: &Connection, undone: &Undone) -> Result<(), Fault> {
        for id in undone.hidden.iter().chain(&undone.shown) {
            let (claims, gaps): (i64, i64) = conn
                .prepare_cached(
                    "SELECT claims, gaps FROM document WHERE id = ?1 \
                     ORDER BY visible DESC, n DESC LIMIT 1",
                )?
                .query_row([id.0], |row| Ok((row.get(0)?, row.get(1)?)))
                .optional()?
                .unwrap_or_default();
            self.documents += 1;
            self.claims += claims as u64;
            self.gaps += gaps as u64;
        }
        Ok(())
    }
}

impl<'s> Change<'s> {
    pub(crate) fn begin(
        store: &'s mut Store,
        command: &str,
        at: Timestamp,
    ) -> Result<Self, StoreError> {
        let begun = || {
            store.conn.execute_batch("BEGIN IMMEDIATE")?;
            fusing::begin(&store.conn)?;
            standing::begin(&store.conn)?;
            let id = store
                .conn
                .prepare_cached("INSERT INTO change (at, command) VALUES (?1, ?2)")?
                .insert((at.to_string(), command))?;
            let last: i64 = store
                .conn
                .prepare_cached("SELECT coalesce(max(n), 0) FROM entity")?
                .query_row([], |row| row.get(0))?;
            Ok((ChangeId(id), last, Turns::begin(&store.conn, at)?))
        };
        let begun: Result<(ChangeId, i64, Turns), Fault> = begun();
        match begun {
            Ok((id, last_entity, turns)) => Ok(Self {
                store,
                id,
                last_entity: Some(last_entity),
                first_row: None,
                moved: MovedRows::default(),
                held: Held::since(last_entity),
                standings: Standings::default(),
                counts: Counts::default(),
                moves: Moves::default(),
                retold: BTreeSet::new(),
                deepest: None,
                renewed: BTreeSet::new(),
                changed: false,
                turns,
                roomy: false,
                open: true,
            }),
            Err(fault) => {
                if !store.conn.is_autocommit() {
                    let _ = store.conn.execute_batch("ROLLBACK");
                }
                Err(fault.at(&store.path))
            }
        }
    }

    /// The number that this change has in the history.
    #[must_use]
    pub fn id(&self) -> ChangeId {
        self.id
    }

    /// Whether nothing was changed so far: then a commit leaves no entry in the history.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        !self.changed
    }

    /// Adds a document with its claims and gaps, and touches its statements.
    ///
    /// `trace` is what fuse wants to keep of it; `resolve` gives the name under which an entity
    /// is known (it must leave such names as they are). Bytes that are visible already change
    /// nothing; bytes that were undone become visible again, as they are read now.
    pub fn add(
        &mut self,
        reading: &Reading,
        trace: &[u8],
        resolve: &dyn Fn(&Entity) -> Entity,
    ) -> Result<Added, StoreError> {
        self.add_marked((reading, trace, None), resolve)
    }

    /// As [`Change::add`], with the marks of the claims that are evidence, by which the document is found
    /// again in others ([`Store::each_mark`]).
    pub fn add_marked(
        &mut self,
        (reading, trace, marks): (&Reading, &[u8], Option<&ClaimMarks>),
        resolve: &dyn Fn(&Entity) -> Entity,
    ) -> Result<Added, StoreError> {
        if self.store.with(|conn, _| documents::visible(conn, reading.document.id))?.is_some() {
            return Ok(Added::Known);
        }
        self.add_packed((reading, &Packed::of(reading)?, trace, marks), resolve)
    }

    /// As [`Change::add_marked`], of a reading that was made ready before; its claims are those of `packed`.
    pub fn add_packed(
        &mut self,
        (reading, packed, trace, marks): (&Reading, &Packed, &[u8], Option<&ClaimMarks>),
        resolve: &dyn Fn(&Entity) -> Entity,
    ) -> Result<Added, StoreError> {
        let id = reading.document.id;
        let (change, counts, first_row) = (self.id, &mut self.counts, &mut self.first_row);
        let (held, roomy) = (&mut self.held, &mut self.roomy);
        let added = self.store.with(|conn, names| {
            if documents::visible(conn, id)?.is_some() {
                return Ok(Added::Known);
            }
            let coming = counts.claims + packed.count_claims() as u64;
            if counts.claims < roomy::A_LOT && coming >= roomy::A_LOT {
                let kib = roomy::kib();
                held.make_room(kib / 2);
                if !conn.is_postgres() {
                    *roomy = true;
                    conn.execute_batch(&format!("PRAGMA cache_size = -{kib}"))?;
                }
            }
            let n = documents::insert(conn, change, (reading, packed), trace)?;
            let ordered = (n, packed.claims.as_slice());
            let of = Came { document: id, claims: &packed.stated, marked: marks };
            let claims = claims::insert(conn, names, ordered, (of, held), resolve)?;
            let gaps = reading.gaps.len() as u64;
            conn.prepare_cached("UPDATE document SET claims = ?2, gaps = ?3 WHERE n = ?1")?
                .execute((n, claims as i64, gaps as i64))?;
            first_row.get_or_insert(n);
            counts.documents += 1;
            counts.claims += claims;
            counts.gaps += gaps;
            Ok(Added::New)
        })?;
        if added == Added::New {
            self.changed = true;
            self.moves.came.insert(id);
        }
        Ok(added)
    }

    /// Takes a change back: its documents go out of sight and its blobs give way to those
    /// before. Nothing is deleted; undoing an undo brings all of it back.
    ///
    /// # Errors
    /// [`StoreError::UnknownChange`], [`StoreError::AlreadyUndone`].
    pub fn undo(&mut self, change: ChangeId) -> Result<Undone, StoreError> {
        let by = self.id;
        let counts = &mut self.counts;
        let moved = (&mut self.moves, &mut self.moved);
        let undone = self.store.with(|conn, _| {
            let (undone, rows) = history::undo(conn, change, by)?;
            move_rows(conn, rows, moved)?;
            counts.of_undone(conn, &undone)?;
            Ok(undone)
        })?;
        self.changed = true;
        Ok(undone)
    }

    /// Takes a change back to put in its place what is added in this one: the two are one entry of the history,
    /// and its undo restores what was there before.
    ///
    /// # Errors
    /// As [`Change::undo`].
    pub fn replace(&mut self, change: ChangeId) -> Result<Undone, StoreError> {
        let by = self.id;
        let moved = (&mut self.moves, &mut self.moved);
        let undone = self.store.with(|conn, _| {
            let (undone, rows) = history::replace(conn, change, by)?;
            move_rows(conn, rows, moved)?;
            Ok(undone)
        })?;
        self.changed = true;
        Ok(undone)
    }

    /// As [`Change::undo`], for good: what the change had itself replaced does not come back.
    ///
    /// # Errors
    /// As [`Change::undo`].
    pub fn withdraw(&mut self, change: ChangeId) -> Result<Undone, StoreError> {
        let undone = self.replace(change)?;
        let counts = &mut self.counts;
        self.store.with(|conn, _| counts.of_undone(conn, &undone))?;
        Ok(undone)
    }

    /// What fuse keeps of each visible document, those of this change included, in order of
    /// identifier.
    pub fn traces(&self) -> Result<Vec<(DocumentId, Vec<u8>)>, StoreError> {
        self.store.traces()
    }

    /// The origins as they are now, in order of identifier.
    pub fn origins(&self) -> Result<Vec<Origin>, StoreError> {
        self.store.origins()
    }

    /// The store as this change sees it: all questions may be asked in its midst.
    #[must_use]
    pub fn store(&self) -> &Store {
        self.store
    }

    /// Replaces all origins, and touches the statements of documents whose origin, or place in
    /// it, is another now.
    pub fn put_origins(&mut self, origins: &[Origin]) -> Result<(), StoreError> {
        let replaced = self.store.with(|conn, _| {
            let replaced = origins::put(conn, origins)?;
            for document in &replaced.moved {
                fusing::touch_document(conn, *document)?;
            }
            Ok(replaced)
        })?;
        self.changed |= replaced.changed;
        self.retold.extend(replaced.members);
        Ok(())
    }

    /// Touches every statement, for when what fuse knows has changed.
    pub fn touch_all(&mut self) -> Result<(), StoreError> {
        self.store.with(|conn, _| fusing::touch_all(conn))
    }

    /// Resolves all names anew, and touches the statements of those that have another now.
    pub fn resolve_again(&mut self, resolve: &dyn Fn(&Entity) -> Entity) -> Result<(), StoreError> {
        self.held.forget();
        let renamed = self.store.with(|conn, names| fusing::resolve_again(conn, names, resolve))?;
        self.changed |= renamed > 0;
        Ok(())
    }

    /// Derives the facts of all touched statements: `fuse` gets all visible claims of one
    /// statement in order of identifier (denials too), and gives its fact. Statements without a
    /// visible claim lose theirs. Returns how many facts are others than before.
    ///
    /// # Errors
    /// [`StoreError::ForeignFact`] when the fact is of another statement than its claims.
    pub fn fuse_touched(
        &mut self,
        fuse: &mut dyn FnMut(&[StoredClaim]) -> Option<Fact>,
    ) -> Result<u64, StoreError> {
        let mut one = |gathered: &Gathered| {
            // Statements that lost their claims have nothing to fuse.
            let fact = if gathered.claims.is_empty() { None } else { fuse(&gathered.claims) };
            fact.map(|fact| Fused { fact, agreement: None, kept: None })
        };
        self.fresh();
        let turns = &self.turns;
        let done = self.store.with(|conn, names| {
            let mut many = |all: &[Gathered]| Ok(all.iter().map(&mut one).collect());
            fusing::fuse_touched(conn, (names, turns), (None, &mut many), None)
        })?;
        Ok(self.refused(done))
    }

    /// What is new since facts were derived last, from where on nothing is new.
    pub(crate) fn fresh(&mut self) -> Option<Fresh> {
        // Where facts were derived in this change already, a statement of a new entity may have one.
        let last_entity = self.last_entity.take().unwrap_or(i64::MAX);
        let (first_row, moved) = (self.first_row.take(), std::mem::take(&mut self.moved));
        let held = std::mem::take(&mut self.held);
        if first_row.is_none() && moved.is_empty() {
            return None;
        }
        // No document has such a row.
        let first_row = first_row.unwrap_or(i64::MAX);
        Some(Fresh { last_entity, first_row, moved, held })
    }

    /// Touches the statements of documents: what they weigh by is another now.
    pub fn touch_documents(&mut self, documents: &[DocumentId]) -> Result<(), StoreError> {
        self.store
            .with(|conn, _| documents.iter().try_for_each(|id| fusing::touch_document(conn, *id)))
    }

    /// Touches every statement when the facts were derived by other rules than these; tells whether they
    /// were: then nothing that was derived can be built upon.
    pub fn derive_by(&mut self, rules: &str) -> Result<bool, StoreError> {
        let was_empty = self.last_entity == Some(0);
        self.store.with(|conn, _| {
            let others = judgements::derived_by(conn)?.as_deref() != Some(rules);
            if others {
                // What comes into an empty store is touched as it comes.
                if !was_empty {
                    fusing::touch_all(conn)?;
                }
                judgements::set_derived_by(conn, rules)?;
            }
            Ok(others)
        })
    }

    /// Keeps when each indicator whose facts are others now loses its worth: `age` gets the fact
    /// that it is one, and the facts on what it indicates and when it was seen. Under other `rules`
    /// than those of before it is asked of all. Call it when all facts are derived.
    pub fn stand(
        &mut self,
        rules: &str,
        age: &mut dyn FnMut(&Fact, &[Fact]) -> Aging,
    ) -> Result<(), StoreError> {
        let fresh = std::mem::take(&mut self.standings);
        let turns = &self.turns;
        self.store.with(|conn, names| {
            standing::rule_by(conn, rules, fresh.last_untold())?;
            standing::settle(conn, (names, turns), fresh, Some(age))
        })
    }

    /// Keeps a decision of a person; of one topic the latest counts.
    pub fn put_judgement(&mut self, topic: &str, body: &str) -> Result<(), StoreError> {
        let id = self.id;
        self.store.with(|conn, _| judgements::put(conn, id, topic, body))?;
        self.changed = true;
        Ok(())
    }

    /// The bytes kept under a name.
    pub fn blob(&self, name: &str) -> Result<Option<Vec<u8>>, StoreError> {
        self.store.blob(name)
    }

    /// Keeps bytes under a name, in place of those before.
    pub fn put_blob(&mut self, name: &str, bytes: &[u8]) -> Result<(), StoreError> {
        let id = self.id;
        let changed = self.store.with(|conn, _| blobs::put(conn, id, name, bytes))?;
        self.changed |= changed;
        Ok(())
    }

    /// Keeps all of this change: when it returns, nothing of it can be lost. Where nothing was
    /// changed, the history gets no entry and the number is free for the next change.
    pub fn commit(mut self) -> Result<ChangeId, StoreError> {
        if !self.changed {
            return Ok(self.id); // rolled back on drop
        }
        let (id, counts) = (self.id, &self.counts);
        let numbers = [counts.documents, counts.claims, counts.gaps].map(|n| n as i64);
        let fresh = std::mem::take(&mut self.standings);
        let (turns, came) = (&self.turns, self.moves.came.union(&self.retold));
        self.store.with(|conn, names| {
            derived(conn, (names, turns), fresh)?;
            turns::place_documents(conn, turns, came)?;
            turns.end(conn)?;
            conn.prepare_cached(
                "UPDATE change SET documents = ?2, claims = ?3, gaps = ?4 WHERE id = ?1",
            )?
            .execute((id.0, numbers[0], numbers[1], numbers[2]))?;
            conn.execute_batch("COMMIT")?;
            Ok(())
        })?;
        self.open = false;
        Ok(id)
    }
}

impl Change<'_> {
    /// Keeps what was derived, and leaves no entry in the history: for a copy of a store, whose
    /// history is that of the original.
    pub fn commit_unrecorded(mut self) -> Result<(), StoreError> {
        let id = self.id;
        let fresh = std::mem::take(&mut self.standings);
        let (turns, came) = (&self.turns, self.moves.came.union(&self.retold));
        self.store.with(|conn, names| {
            derived(conn, (names, turns), fresh)?;
            if !turns.keeps() {
                turns::place_documents(conn, turns, came)?;
            }
            turns.end(conn)?;
            conn.prepare_cached("DELETE FROM change WHERE id = ?1")?.execute([id.0])?;
            Ok(conn.execute_batch("COMMIT")?)
        })?;
        self.open = false;
        Ok(())
    }
}

impl Change<'_> {
    /// Has no number from now on: the history is that of another store.
    pub(crate) fn unnumbered(&mut self) {
        self.id = ChangeId(-1);
    }
}

/// Notes that the documents of rows came into sight, or went out of it.
fn move_rows(
    conn: &Connection,
    rows: Vec<i64>,
    (moves, moved): (&mut Moves, &mut MovedRows),
) -> Result<(), Fault> {
    for n in rows {
        let in_sight = documents::in_sight(conn, n)?;
        if moved.take(n, in_sight.is_some()) {
            fusing::touch_moved(conn, n)?;
        } else {
            fusing::touch(conn, n)?;
        }
        match in_sight {
            Some(id) => drop(moves.came.insert(id)),
            None => drop(moves.went.insert(n, shelf::trace_of_row(conn, n)?)),
        }
    }
    Ok(())
}

/// Brings up to date what follows from names and facts.
fn derived(
    conn: &Connection,
    (names, turns): (&Names, &Turns),
    fresh: Standings,
) -> Result<(), Fault> {
    standing::settle(conn, (names, turns), fresh, None)?;
    spelling::extend(conn, names)
}

impl Drop for Change<'_> {
    fn drop(&mut self) {
        if self.roomy {
            let usual = format!("PRAGMA cache_size = -{}; PRAGMA shrink_memory", roomy::USUAL);
            let _ = self.store.conn.execute_batch(&usual);
        }
        if self.open {
            // SQLite rolls back by itself on some errors (a full disk); then there is none left.
            let _ = self.store.conn.execute_batch("ROLLBACK");
            self.store.names.forget();
        }
    }
}

impl Store {
    /// Runs a part of a change, and adds the file to its error.
    pub(crate) fn with<T>(
        &self,
        run: impl FnOnce(&Connection, &Names) -> Result<T, Fault>,
    ) -> Result<T, StoreError> {
        let path: &Path = &self.path;
        run(&self.conn, &self.names).map_err(|fault| fault.at(path))
    }
}
