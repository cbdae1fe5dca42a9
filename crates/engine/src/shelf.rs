//! What the store keeps of documents, as `fuse` asks for it.

use lapwing_fuse::{Copied, Filing, Precedence, Trace};
use lapwing_model::DocumentId;
use lapwing_store::{Change, CopyRecord, MarkerRow, Shelf, Store};

use crate::EngineError;
use crate::add::read_trace;

/// The shelf of a store, to read from.
pub(crate) struct Read<'s>(pub &'s Store);

/// The shelf of a store in the midst of a change.
pub(crate) struct Kept<'c, 's>(&'c mut Change<'s>);

impl<'c, 's> Kept<'c, 's> {
    pub fn of_change(change: &'c mut Change<'s>) -> Self {
        Self(change)
    }
}

/// Rows of the markers of a document.
pub(crate) fn marker_rows(trace: &Trace) -> Vec<MarkerRow> {
    let Precedence { order, tie } = Precedence::of(trace);
    trace.markers().into_iter().map(|marker| (marker, order, tie)).collect()
}

/// Rows of the links of a document.
pub(crate) fn link_rows(trace: &Trace) -> Vec<(i64, bool)> {
    trace.links().into_iter().map(|link| (link.key, link.states)).collect()
}

/// A copy as it is kept.
pub(crate) fn record_of(copy: &Copied) -> CopyRecord {
    let Copied { child, parent, probability, why } = copy.clone();
    CopyRecord { child, parent, probability, why }
}

fn places(rows: Vec<(i64, i64)>) -> Vec<Precedence> {
    rows.into_iter().map(|(order, tie)| Precedence { order, tie }).collect()
}

fn trace_at(shelf: Shelf<'_>, place: Precedence) -> Result<Option<Trace>, EngineError> {
    let Some(bytes) = shelf.trace_at(place.tie)? else { return Ok(None) };
    let broken = |error| EngineError::Corrupt(format!("trace of a document at {place:?}: {error}"));
    Trace::from_bytes(&bytes).map(Some).map_err(broken)
}

fn trace(shelf: Shelf<'_>, document: DocumentId) -> Result<Option<Trace>, EngineError> {
    let bytes = shelf.trace(document)?;
    bytes.map(|bytes| read_trace(document, &bytes)).transpose()
}

fn copies(shelf: Shelf<'_>, document: DocumentId) -> Result<Vec<Copied>, EngineError> {
    let of =
        |CopyRecord { child, parent, probability, why }| Copied { child, parent, probability, why };
    Ok(shelf.copies(document)?.into_iter().map(of).collect())
}

/// Reads from the shelf of what stands within.
macro_rules! reads {
    ($type:ty) => {
        impl lapwing_fuse::Shelf for $type {
            type Error = EngineError;

            fn trace(&mut self, document: DocumentId) -> Result<Option<Trace>, EngineError> {
                trace(self.0.shelf(), document)
            }

            fn trace_at(&mut self, place: Precedence) -> Result<Option<Trace>, EngineError> {
                trace_at(self.0.shelf(), place)
            }

            fn first(&mut self, marker: i64, most: usize) -> Result<Vec<Precedence>, EngineError> {
                Ok(places(self.0.shelf().first(marker, most)?))
            }

            fn behind(
                &mut self,
                marker: i64,
                place: Precedence,
            ) -> Result<Vec<Precedence>, EngineError> {
                Ok(places(self.0.shelf().behind(marker, (place.order, place.tie))?))
            }

            fn linked(&mut self, key: i64) -> Result<Vec<(DocumentId, bool)>, EngineError> {
                Ok(self.0.shelf().linked(key)?)
            }

            fn copies(&mut self, document: DocumentId) -> Result<Vec<Copied>, EngineError> {
                copies(self.0.shelf(), document)
            }
        }
    };
}

reads!(Read<'_>);
reads!(Kept<'_, '_>);

impl Filing for Kept<'_, '_> {
    fn put(&mut self, trace: &Trace) -> Result<(), EngineError> {
        self.0.put_markers(&marker_rows(trace))?;
        Ok(self.0.put_links(trace.document(), &link_rows(trace))?)
    }

    fn take(&mut self, trace: &Trace) -> Result<(), EngineError> {
        self.0.take_markers(&marker_rows(trace))?;
        Ok(self.0.take_links(trace.document(), &link_rows(trace))?)
    }

    fn put_copy(&mut self, copy: &Copied) -> Result<(), EngineError> {
        Ok(self.0.put_copy(&record_of(copy))?)
    }

    fn take_copy(&mut self, child: DocumentId, parent: DocumentId) -> Result<(), EngineError> {
        Ok(self.0.take_copy(child, parent)?)
    }
}
