//! The part of a change that derives: which documents came and went in it, what leads to them, and what
//! their claims weigh by.

use std::collections::{BTreeMap, BTreeSet};

use lapwing_model::{DocumentId, Fact, Origin};

use crate::aging::Aging;
use crate::change::Change;
use crate::document_standings::StandingRecord;
use crate::error::StoreError;
use crate::fusing::Refused;
use crate::records::{Fused, Gathered};
use crate::shelf::{CopyRecord, MarkerRow, Shelf};
use crate::store::Store;
use crate::{agreements, document_standings, fusing, origins, shelf};

/// Documents that came into sight and that went out of it in one change, by row.
#[derive(Default)]
pub(crate) struct Moves {
    pub(crate) came: BTreeSet<DocumentId>,
    /// By row, with the traces that they had.
    pub(crate) went: BTreeMap<i64, (DocumentId, Vec<u8>)>,
}

/// What makes the facts of several statements out of their claims, with the store to look up in.
pub type FuseWith<'f> =
    dyn FnMut(&Store, &[Gathered]) -> Result<Vec<Option<Fused>>, StoreError> + 'f;

/// What tells when an indicator loses its worth, by the fact that it is one and by those on what it indicates and
/// when it was seen.
pub type AgeOf<'f> = dyn FnMut(&Fact, &[Fact]) -> Aging + 'f;

impl Change<'_> {
    /// The documents that came into sight in this change, in order of identifier.
    #[must_use]
    pub fn came(&self) -> Vec<DocumentId> {
        self.moves.came.iter().copied().collect()
    }

    /// The documents that went out of sight in this change, or came back with another trace, with the
    /// traces that they had.
    #[must_use]
    pub fn went(&self) -> Vec<(DocumentId, Vec<u8>)> {
        self.moves.went.values().cloned().collect()
    }

    /// What leads from one document to others.
    #[must_use]
    pub fn shelf(&self) -> Shelf<'_> {
        Shelf::of(self.store)
    }

    /// Keeps markers; quickest in their order.
    pub fn put_markers(&mut self, rows: &[MarkerRow]) -> Result<(), StoreError> {
        self.store.with(|conn, _| shelf::put_markers(conn, rows))
    }

    /// Takes markers away.
    pub fn take_markers(&mut self, rows: &[MarkerRow]) -> Result<(), StoreError> {
        self.store.with(|conn, _| shelf::take_markers(conn, rows))
    }

    /// Keeps the links of a document.
    pub fn put_links(
        &mut self,
        document: DocumentId,
        links: &[(i64, bool)],
    ) -> Result<(), StoreError> {
        self.store.with(|conn, _| shelf::put_links(conn, document, links))
    }

    /// Takes the links of a document away.
    pub fn take_links(
        &mut self,
        document: DocumentId,
        links: &[(i64, bool)],
    ) -> Result<(), StoreError> {
        self.store.with(|conn, _| shelf::take_links(conn, document, links))
    }

    /// Keeps a copy.
    pub fn put_copy(&mut self, copy: &CopyRecord) -> Result<(), StoreError> {
        self.store.with(|conn, _| shelf::put_copy(conn, copy))
    }

    /// Takes a copy away.
    pub fn take_copy(&mut self, child: DocumentId, parent: DocumentId) -> Result<(), StoreError> {
        self.store.with(|conn, _| shelf::take_copy(conn, child, parent))
    }

    /// Replaces all copies.
    pub fn put_copies(&mut self, copies: &[CopyRecord]) -> Result<(), StoreError> {
        self.store.with(|conn, _| {
            shelf::clear_copies(conn)?;
            copies.iter().try_for_each(|copy| shelf::put_copy(conn, copy))
        })
    }

    /// Takes all markers and links away.
    pub fn clear_shelf(&mut self) -> Result<(), StoreError> {
        self.store.with(|conn, _| shelf::clear(conn))
    }

    /// Replaces the origins of some documents by others of the same documents.
    pub fn put_origins_of(
        &mut self,
        documents: &[DocumentId],
        replaced: &[Origin],
    ) -> Result<(), StoreError> {
        let members = self.store.with(|conn, _| origins::put_of(conn, documents, replaced))?;
        self.changed |= members.is_some();
        self.retold.extend(members.into_iter().flatten());
        Ok(())
    }

    /// Replaces all origins, and leaves it to the standings what is touched.
    pub fn put_all_origins(&mut self, all: &[Origin]) -> Result<(), StoreError> {
        let replaced = self.store.with(|conn, _| origins::put(conn, all))?;
        self.changed |= replaced.changed;
        self.retold.extend(replaced.members);
        Ok(())
    }

    /// Keeps standings, and touches the statements of documents whose standing is another now; `touched`
    /// when all statements are touched already.
    pub fn put_standings(
        &mut self,
        kept: &[StandingRecord],
        touched: bool,
    ) -> Result<(), StoreError> {
        let came = &self.moves.came;
        self.store.with(|conn, _| {
            for standing in kept {
                // All statements of a document that came are touched already.
                let touched = touched || came.contains(&standing.document);
                if document_standings::put(conn, standing)? && !touched {
                    fusing::touch_document(conn, standing.document)?;
                }
            }
            Ok(())
        })
    }

    /// Takes away the standings of some documents.
    pub fn remove_standings(&mut self, documents: &[DocumentId]) -> Result<(), StoreError> {
        self.store.with(|conn, _| {
            documents.iter().try_for_each(|id| document_standings::remove(conn, *id))
        })
    }

    /// Takes away the standings of all documents that are out of sight.
    pub fn remove_hidden_standings(&mut self) -> Result<(), StoreError> {
        self.store.with(|conn, _| document_standings::remove_hidden(conn))
    }

    /// Touches the statements of all documents that speak by the word of a source.
    pub fn touch_source(&mut self, source: &str) -> Result<(), StoreError> {
        self.store.with(|conn, _| {
            for document in document_standings::by_source(conn, source)? {
                fusing::touch_document(conn, document)?;
            }
            Ok(())
        })
    }

    /// As [`Change::fuse_touched`], of many statements at once, so that they can be fused on all cores, and
    /// with the store at hand, to look up what the claims do not tell. Keeps who agrees on each, and what is
    /// to be kept: one fact, or none, for each statement in their order. A statement may have no claim; it
    /// has no fact then.
    ///
    /// `age` is that of [`Change::stand`], which must be called afterwards: so the facts of what is new need not
    /// be read once more for it.
    ///
    /// # Errors
    /// As [`Change::fuse_touched`], and those of `fuse`.
    pub fn fuse_touched_with(
        &mut self,
        fuse: &mut FuseWith<'_>,
        age: &mut AgeOf<'_>,
    ) -> Result<u64, StoreError> {
        let fresh = self.fresh();
        let store: &Store = self.store;
        let fresh_ones = &mut self.standings;
        let turns = &self.turns;
        let done = store.with(|conn, names| {
            let mut many = |all: &[Gathered]| Ok(fuse(store, all)?);
            fusing::fuse_touched(conn, (names, turns), (fresh, &mut many), Some((fresh_ones, age)))
        })?;
        Ok(self.refused(done))
    }

    pub(crate) fn refused(&mut self, done: Refused) -> u64 {
        self.changed |= done.changed > 0;
        self.deepest = self.deepest.max(done.deepest);
        self.renewed.extend(done.named);
        done.changed
    }

    /// Some of the statements whose fact is another now than before this change, in order of name.
    #[must_use]
    pub fn some_changed_facts(&self) -> Vec<String> {
        self.renewed.iter().cloned().collect()
    }

    /// The greatest depth of a statement on which others agree now than before this change.
    #[must_use]
    pub fn deepest_agreement_changed(&self) -> Option<u8> {
        self.deepest
    }

    /// Keeps what was learnt, and from which depth on.
    pub fn put_learnt(&mut self, depth: u8, body: &str) -> Result<(), StoreError> {
        self.store.with(|conn, _| agreements::put_learnt(conn, depth, body))
    }
}

impl Store {
    /// What leads from one document to others.
    #[must_use]
    pub fn shelf(&self) -> Shelf<'_> {
        Shelf::of(self)
    }

    /// Whether standings are kept: not in a file of an older schema that is opened for reading only.
    pub fn has_standings(&self) -> Result<bool, StoreError> {
        self.with(|conn, _| document_standings::is_there(conn))
    }

    /// Whether anything leads from one document to others: not in a view, nor in a file of an older
    /// schema that is opened for reading only.
    pub fn has_leads(&self) -> Result<bool, StoreError> {
        self.with(|conn, _| {
            Ok(document_standings::is_there(conn)?
                && conn.prepare_cached("SELECT 1 FROM marker LIMIT 1")?.exists([])?)
        })
    }

    /// How many facts there are.
    pub fn count_facts(&self) -> Result<u64, StoreError> {
        self.with(|conn, _| {
            let count: i64 = conn
                .prepare_cached("SELECT count(*) FROM fact")?
                .query_row([], |row| row.get(0))?;
            Ok(count.max(0) as u64)
        })
    }

    /// How many documents are in sight.
    pub fn count_documents(&self) -> Result<usize, StoreError> {
        self.with(|conn, _| {
            let count: i64 = conn
                .prepare_cached("SELECT count(*) FROM document WHERE visible = 1")?
                .query_row([], |row| row.get(0))?;
            Ok(count.max(0) as usize)
        })
    }

    /// The standing of a document, in fuse's notation.
    pub fn standing(&self, document: DocumentId) -> Result<Option<String>, StoreError> {
        self.with(|conn, _| document_standings::of(conn, document))
    }

    /// Who agrees on statements at a depth and below, in the notation of fuse, with how often each
    /// occurs, in order.
    pub fn agreements(&self, depth: u8) -> Result<Vec<(String, u64)>, StoreError> {
        self.with(|conn, _| agreements::from_depth(conn, depth))
    }

    /// How many statements lie at each depth on which several voices speak.
    pub fn agreement_depths(&self) -> Result<Vec<(u8, u64)>, StoreError> {
        self.with(|conn, _| agreements::depths(conn))
    }

    /// What was learnt of the sources, and from which depth on.
    pub fn learnt(&self) -> Result<Option<(u8, String)>, StoreError> {
        self.with(|conn, _| agreements::learnt(conn))
    }
}
