use std::cell::Cell;
use std::path::{Path, PathBuf};
use std::time::Duration;

use jiff::Timestamp;
use jiff::civil::Date;
use lapwing_model::{
    ChangeId, ClaimId, Document, DocumentId, Entity, Fact, Gap, Kind, Marking, Object, Origin, Pap,
    Region, Relation, Span,
};

use crate::change::Change;
use crate::claims::{self, Which};
use crate::documents::{Part, Strictest};
use crate::error::{Fault, StoreError};
use crate::names::Names;
use crate::records::{
    ChangeRecord, DocumentRecord, EntityRecord, FactQuery, JudgementRecord, SearchHit, StoredClaim,
};
use crate::sql::Connection;
use crate::sql::postgres::{Address, shown};
use crate::{
    as_of, blobs, digest, documents, entities, facts, history, judgements, origins, schema, search,
    server, spelling, standing,
};

/// A store: one connection to one file, or to a database. Any number of processes may read it while
/// one writes.
///
/// All answers come in an order that does not depend on when things were added, and speak only
/// of what is visible: documents whose change is not undone, and what follows from them.
pub struct Store {
    pub(crate) conn: Connection,
    pub(crate) names: Names,
    pub(crate) path: PathBuf,
    strictest: Cell<Strictest>,
}

impl Store {
    /// Opens a store, makes it (and its folders) where it is not there, and brings its schema
    /// up to date. A path that begins with `postgres://` is the address of a database, which must
    /// be there; the tables of the store are made in it.
    ///
    /// # Errors
    /// A file or database that is no store, a newer schema, a place that cannot be written, a
    /// server that cannot be reached.
    pub fn open(path: &Path) -> Result<Self, StoreError> {
        let conn = match Address::of(path) {
            Some(address) => server::open(&address?)?,
            None => schema::open(path)?,
        };
        let store = Self::of(conn, path);
        store.with(spelling::complete)?;
        Ok(store)
    }

    /// Opens a store for reading only; it works on a read-only medium too.
    ///
    /// # Errors
    /// [`StoreError::Missing`] when it is not there; else as [`Store::open`].
    pub fn open_read_only(path: &Path) -> Result<Self, StoreError> {
        let conn = match Address::of(path) {
            Some(address) => server::open_read_only(&address?)?,
            None => schema::open_read_only(path)?,
        };
        Ok(Self::of(conn, path))
    }

    /// Whether a path is the address of a database.
    #[must_use]
    pub fn is_in_database(path: &Path) -> bool {
        Address::of(path).is_some()
    }

    /// How a store's path is told in messages: an address without its password.
    #[must_use]
    pub fn shown(path: &Path) -> PathBuf {
        shown(path)
    }

    /// Whether a store may be there: a file that is there, or any database. Only opening it tells.
    #[must_use]
    pub fn may_be_at(path: &Path) -> bool {
        Self::is_in_database(path) || path.exists()
    }

    /// Whether a store is there.
    ///
    /// # Errors
    /// As [`Store::open_read_only`], but for its not being there.
    pub fn is_at(path: &Path) -> Result<bool, StoreError> {
        match Self::open_read_only(path) {
            Ok(_) => Ok(true),
            Err(StoreError::Missing { .. }) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Makes a throw-away store. It stays in memory as long as it is small; what does not fit
    /// the cache (48 MB) goes to an unnamed temporary file.
    ///
    /// # Errors
    /// When there is no room for a temporary file.
    pub fn in_memory() -> Result<Self, StoreError> {
        let path = Path::new("(temporary store)");
        Ok(Self::of(schema::open_unnamed(path)?, path))
    }

    fn of(conn: Connection, path: &Path) -> Self {
        let strictest = Cell::default();
        Self { conn, names: Names::default(), path: shown(path), strictest }
    }

    /// The file of the store, or the address of its database without the password: for messages,
    /// not to open it again.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Sets how long to wait for another writer before [`StoreError::Locked`] (10 s at first).
    pub fn set_patience(&mut self, patience: Duration) -> Result<(), StoreError> {
        self.with(|conn, _| Ok(conn.busy_timeout(patience)?))
    }

    /// Sets how many pages of 4 KiB the file may have; for trying what a full disk does.
    #[doc(hidden)]
    pub fn set_most_pages(&mut self, pages: u32) -> Result<(), StoreError> {
        self.with(|conn, _| {
            Ok(conn.query_row(&format!("PRAGMA max_page_count = {pages}"), [], |_| Ok(()))?)
        })
    }

    /// Gives back the memory in which pages of a file are held for what is asked next.
    pub fn release(&self) -> Result<(), StoreError> {
        self.with(|conn, _| match conn.postgres() {
            None => Ok(conn.execute_batch("PRAGMA shrink_memory")?),
            Some(_) => Ok(()),
        })
    }

    /// Whether this is the one of all processes on the store that does what only one should (calls
    /// webhooks, pulls feeds that are due): the first that asks, for as long as it has the store
    /// open. Of a file each process says so: one server at a time works on it.
    pub fn leads(&self) -> Result<bool, StoreError> {
        self.with(|conn, _| match conn.postgres() {
            None => Ok(true),
            Some(session) => Ok(session.lead()?),
        })
    }

    /// Begins a change, the only way to write. `command` is what the history shows for it.
    ///
    /// # Errors
    /// [`StoreError::Locked`] when another process writes and does not finish in time.
    pub fn begin(&mut self, command: &str, at: Timestamp) -> Result<Change<'_>, StoreError> {
        Change::begin(self, command, at)
    }

    /// All changes, the oldest first.
    pub fn history(&self) -> Result<Vec<ChangeRecord>, StoreError> {
        self.with(|conn, _| history::all(conn))
    }

    /// All documents without their texts, by name and identifier.
    pub fn documents(&self) -> Result<Vec<DocumentRecord>, StoreError> {
        self.with(|conn, _| documents::records(conn))
    }

    /// A document with its text.
    pub fn document(&self, id: DocumentId) -> Result<Option<Document>, StoreError> {
        self.with(|conn, _| documents::document(conn, id))
    }

    /// A document without its text.
    pub fn document_record(&self, id: DocumentId) -> Result<Option<DocumentRecord>, StoreError> {
        self.with(|conn, _| documents::record(conn, id))
    }

    /// Documents whose identifier starts so (four digits at least), or whose name, title or
    /// address holds the text in any case; exact ones first.
    pub fn find_documents(
        &self,
        id_prefix_or_name: &str,
    ) -> Result<Vec<DocumentRecord>, StoreError> {
        self.with(|conn, _| documents::find(conn, id_prefix_or_name))
    }

    /// The bytes of a document as they were read.
    pub fn raw(&self, id: DocumentId) -> Result<Option<Vec<u8>>, StoreError> {
        self.with(|conn, _| documents::part(conn, id, Part::Raw))
    }

    /// The structure of a document's text; empty for an unknown document.
    pub fn regions(&self, id: DocumentId) -> Result<Vec<Region>, StoreError> {
        self.with(|conn, _| documents::regions(conn, id))
    }

    /// The claims of a document, in order of place and identifier.
    pub fn claims_of(&self, id: DocumentId) -> Result<Vec<StoredClaim>, StoreError> {
        self.with(|conn, names| claims::of_document(conn, names, id))
    }

    /// As [`Store::claims_of`], by pages: those after a place, at most so many.
    pub fn claims_page(
        &self,
        id: DocumentId,
        after: Option<(Span, ClaimId)>,
        limit: usize,
    ) -> Result<Vec<StoredClaim>, StoreError> {
        self.with(|conn, names| claims::page_of_document(conn, names, id, after, limit))
    }

    /// The identifiers of the claims of a document, in order.
    pub fn claim_ids(&self, id: DocumentId) -> Result<Vec<ClaimId>, StoreError> {
        self.with(|conn, _| claims::ids_of_document(conn, id))
    }

    /// The claim of an identifier. Takes time in the number of documents; for the claims under
    /// a fact use [`Store::claims_for`].
    pub fn claim(&self, id: ClaimId) -> Result<Option<StoredClaim>, StoreError> {
        self.with(|conn, names| claims::find(conn, names, id))
    }

    /// The visible claims of the statements of some facts, in the order of the facts; those of one in
    /// order of identifier.
    pub fn claims_of_facts(&self, facts: &[Fact]) -> Result<Vec<Vec<StoredClaim>>, StoreError> {
        self.with(|conn, names| {
            let number = |object: &Object| Ok::<_, Fault>(names.find(conn, object)?.map(|it| it.n));
            let mut statements = Vec::with_capacity(facts.len());
            for fact in facts {
                let subject = number(&Object::Entity(fact.subject.clone()))?;
                let relation = names.find_word(conn, fact.relation.as_str())?;
                let object = number(&fact.object)?;
                // No row has such a number: what is not known has no claim.
                statements.push((
                    subject.unwrap_or(-1),
                    relation.unwrap_or(-1),
                    object.unwrap_or(-1),
                ));
            }
            claims::of_statements(conn, names, &statements, Which::From(0))
        })
    }

    /// The claims that make a statement of resolved names, in order of identifier.
    pub fn claims_for(
        &self,
        subject: &Entity,
        relation: Relation,
        object: &Object,
    ) -> Result<Vec<StoredClaim>, StoreError> {
        self.with(|conn, names| {
            let subject = names.find(conn, &Object::Entity(subject.clone()))?;
            let relation = names.find_word(conn, relation.as_str())?;
            let object = names.find(conn, object)?;
            match (subject, relation, object) {
                (Some(subject), Some(relation), Some(object)) => {
                    let all = Which::From(0);
                    let mut prepared = claims::prepare(conn, all)?;
                    claims::of_statement(
                        conn,
                        names,
                        &mut prepared,
                        ((subject.n, relation, object.n), all),
                    )
                }
                _ => Ok(Vec::new()),
            }
        })
    }

    /// All gaps, in order of document and place.
    pub fn gaps(&self) -> Result<Vec<(DocumentId, Gap)>, StoreError> {
        self.with(|conn, _| documents::gaps(conn))
    }

    /// The facts that a query asks for, by kind and value of the subject, relation, kind and
    /// value of the object.
    pub fn facts(&self, query: &FactQuery) -> Result<Vec<Fact>, StoreError> {
        let mut facts = Vec::new();
        self.each_fact(query, &mut |fact| {
            facts.push(fact);
            Ok(())
        })?;
        Ok(facts)
    }

    /// As [`Store::facts`], one after the other: for more than memory should hold.
    pub fn each_fact(
        &self,
        query: &FactQuery,
        each: &mut dyn FnMut(Fact) -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        self.with(|conn, names| facts::each(conn, names, query, each))
    }

    /// The facts on the part that each of many values plays (indicator, victim …), in the order
    /// of asking. Observables resolve to themselves, so the facts bear the value as asked.
    pub fn roles(&self, values: &[Entity]) -> Result<Vec<Vec<Fact>>, StoreError> {
        self.with(|conn, names| facts::roles(conn, names, values))
    }

    /// The resolved entities that facts speak of, by kind and value.
    pub fn entities(&self, kind: Option<Kind>) -> Result<Vec<EntityRecord>, StoreError> {
        self.with(|conn, names| {
            standing::ready(conn, names)?;
            entities::all(conn, names, kind)
        })
    }

    /// The entities that a text means: those of that name or value ignoring case or, failing
    /// that, those that hold it, those that start with it first (200 at most). A name that
    /// resolves to another leads to that one.
    pub fn find_entities(&self, text: &str) -> Result<Vec<Entity>, StoreError> {
        self.with(|conn, names| {
            standing::ready(conn, names)?;
            entities::find(conn, names, text)
        })
    }

    /// All origins, in order of identifier.
    pub fn origins(&self) -> Result<Vec<Origin>, StoreError> {
        self.with(|conn, _| origins::all(conn))
    }

    /// The origin of a document.
    pub fn origin_of(&self, id: DocumentId) -> Result<Option<Origin>, StoreError> {
        self.with(|conn, _| origins::of(conn, id))
    }

    /// The origins of some documents, each once, in order of identifier.
    pub fn origins_of<'d>(
        &self,
        documents: impl IntoIterator<Item = &'d DocumentId>,
    ) -> Result<Vec<Origin>, StoreError> {
        self.with(|conn, _| origins::of_all(conn, documents))
    }

    /// Entities and documents that hold all words (or, failing that, any); text in double
    /// quotes is one phrase. Any characters may stand in the words.
    pub fn search(&self, words: &str, limit: usize) -> Result<Vec<SearchHit>, StoreError> {
        self.with(|conn, names| {
            standing::ready(conn, names)?;
            search::search(conn, names, words, limit)
        })
    }

    /// What fuse keeps of each document, in order of identifier.
    pub fn traces(&self) -> Result<Vec<(DocumentId, Vec<u8>)>, StoreError> {
        self.with(|conn, _| documents::traces(conn))
    }

    /// The decisions in force whose topic begins with `prefix`, the oldest first.
    pub fn judgements(&self, prefix: &str) -> Result<Vec<JudgementRecord>, StoreError> {
        self.with(|conn, _| judgements::all(conn, prefix, true))
    }

    /// All decisions whose topic begins with `prefix`, those taken back or replaced too.
    pub fn judgement_history(&self, prefix: &str) -> Result<Vec<JudgementRecord>, StoreError> {
        self.with(|conn, _| judgements::all(conn, prefix, false))
    }

    /// The bytes kept under a name.
    pub fn blob(&self, name: &str) -> Result<Option<Vec<u8>>, StoreError> {
        self.with(|conn, _| blobs::get(conn, name))
    }

    /// The names of blobs that start with a prefix, in order.
    pub fn blobs(&self, prefix: &str) -> Result<Vec<String>, StoreError> {
        self.with(|conn, _| blobs::names(conn, prefix))
    }

    /// A throw-away store with the documents known by the end of a day: published by then or,
    /// where they do not say, added by then (UTC). Facts and origins are empty: derive them
    /// with [`Change::put_origins`], [`Change::touch_all`] and [`Change::fuse_touched`].
    pub fn as_of(&self, date: Date) -> Result<Self, StoreError> {
        self.only(&|record| as_of::known_by(record, date))
    }

    /// A throw-away store with the documents that `keep` picks. Facts and origins are empty, as
    /// in [`Store::as_of`].
    pub fn only(&self, keep: &dyn Fn(&DocumentRecord) -> bool) -> Result<Self, StoreError> {
        let part = Self::in_memory()?;
        self.with(|from, names| {
            standing::ready(from, names)?;
            as_of::copy(from, &part.conn, &part.names, keep)
        })?;
        part.names.forget();
        Ok(part)
    }

    /// A throw-away store with the documents whose marking is not above `ceiling` (those that
    /// state none count as clear), and a history that tells nothing of the others. Facts and
    /// origins are empty, as in [`Store::as_of`]: derived from this store, they owe nothing to
    /// what is above. `None` when no document, in sight or undone, is above: this store itself
    /// holds what may be shown.
    pub fn at_most(&self, ceiling: Marking) -> Result<Option<Self>, StoreError> {
        self.visible_to(ceiling, Pap::Red)
    }

    /// As [`Store::at_most`], below a ceiling of the Permissible Actions Protocol too.
    pub fn visible_to(&self, ceiling: Marking, pap: Pap) -> Result<Option<Self>, StoreError> {
        let (marking, action) = self.strictest()?;
        if marking <= ceiling && action <= pap {
            return Ok(None);
        }
        let part = self.only(&|DocumentRecord { document, .. }| {
            document.marking.unwrap_or_default() <= ceiling && document.pap() <= pap
        })?;
        // Decisions state no permissible action: below that ceiling none is shown.
        let decisions = (pap == Pap::Red).then_some(ceiling);
        self.with(|from, _| as_of::hush(from, &part.conn, decisions))?;
        Ok(Some(part))
    }

    /// The strictest markings of all documents, those that were undone included; clear where
    /// there is none.
    pub fn strictest(&self) -> Result<(Marking, Pap), StoreError> {
        self.with(|conn, _| {
            let found = documents::strictest(conn, self.strictest.get())?;
            self.strictest.set(found);
            Ok((found.marking, found.pap))
        })
    }

    /// The number of the latest change: while it stays, every answer stays.
    pub fn latest_change(&self) -> Result<Option<ChangeId>, StoreError> {
        self.with(|conn, _| history::latest(conn))
    }

    /// Asks several questions of one state of the store, whatever is written meanwhile.
    pub fn still<T, E: From<StoreError>>(
        &self,
        ask: impl FnOnce() -> Result<T, E>,
    ) -> Result<T, E> {
        if !self.conn.is_autocommit() {
            return ask();
        }
        let run = |sql: &str| self.with(|conn, _| Ok(conn.execute_batch(sql)?)).map_err(E::from);
        run("BEGIN")?;
        let answer = ask();
        run("COMMIT")?;
        answer
    }

    /// A hash over all that is visible. It does not depend on the order in which things came,
    /// nor on what was done and undone.
    pub fn digest(&self) -> Result<String, StoreError> {
        self.with(digest::digest)
    }

    /// Looks for damage: an empty list is a sound store.
    pub fn check(&self) -> Result<Vec<String>, StoreError> {
        self.with(digest::check)
    }
}
