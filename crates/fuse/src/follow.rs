//! Origins of a store to which documents come and from which they go: only what hangs together with
//! those is looked at, and the result is that of [`origins`](crate::origins) over all that are there.

use std::collections::hash_map::Entry;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::rc::Rc;

use foldhash::HashMap;
use lapwing_model::{DocumentId, Origin};

use crate::copied::Copied;
use crate::links::Link;
use crate::markers::{HEADS, Shared, heads};
use crate::origin::{in_precedence, origins_of};
use crate::precedence::Precedence;
use crate::standing::{Standing, standings};
use crate::trace::Trace;

/// What is kept of the documents that are there: their traces, and what leads from one to others.
pub trait Shelf {
    /// What can go wrong with it.
    type Error;

    /// The trace of a document that is there.
    fn trace(&mut self, document: DocumentId) -> Result<Option<Trace>, Self::Error>;
    /// The trace of the document that stands at a place.
    fn trace_at(&mut self, place: Precedence) -> Result<Option<Trace>, Self::Error>;
    /// The first documents that have a marker, in order of precedence, at most so many.
    fn first(&mut self, marker: i64, most: usize) -> Result<Vec<Precedence>, Self::Error>;
    /// All documents that have a marker and stand behind a place.
    fn behind(&mut self, marker: i64, place: Precedence) -> Result<Vec<Precedence>, Self::Error>;
    /// The documents that have a link, and whether they state it.
    fn linked(&mut self, key: i64) -> Result<Vec<(DocumentId, bool)>, Self::Error>;
    /// All copies of which a document is the child or the parent.
    fn copies(&mut self, document: DocumentId) -> Result<Vec<Copied>, Self::Error>;
}

/// A shelf that can be changed.
pub trait Filing: Shelf {
    /// Keeps what leads to a document: its markers and links.
    fn put(&mut self, trace: &Trace) -> Result<(), Self::Error>;
    /// Takes away what leads to a document.
    fn take(&mut self, trace: &Trace) -> Result<(), Self::Error>;
    /// Keeps a copy.
    fn put_copy(&mut self, copy: &Copied) -> Result<(), Self::Error>;
    /// Takes a copy away.
    fn take_copy(&mut self, child: DocumentId, parent: DocumentId) -> Result<(), Self::Error>;
}

/// What is other, or may be, after documents came and went.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Followed {
    /// The documents that hang together with those which came or went, in order of identifier; those
    /// that went and are not back are not among them.
    pub documents: Vec<DocumentId>,
    /// All origins of these documents, in order of identifier.
    pub origins: Vec<Origin>,
    /// Their standings, in order of identifier.
    pub standings: Vec<Standing>,
}

/// Takes documents that went off the shelf, puts those that came on it, and tells the origins of all
/// that hang together with them.
///
/// # Errors
/// Those of the shelf.
pub fn follow<S: Filing>(
    shelf: &mut S,
    gone: &[Trace],
    come: &[Trace],
) -> Result<Followed, S::Error> {
    let mut following = Following::of(shelf);
    if !gone.is_empty() {
        following.leave(gone)?;
    }
    if !come.is_empty() {
        following.arrive(come)?;
    }
    let seeds = std::mem::take(&mut following.seeds);
    following.solve(seeds)
}

/// The documents that hang together with one, itself among them: their traces, and all copies among them.
///
/// # Errors
/// Those of the shelf.
pub fn together<S: Shelf>(
    shelf: &mut S,
    document: DocumentId,
) -> Result<(Vec<Trace>, Vec<Copied>), S::Error> {
    let mut following = Following::of(shelf);
    let (documents, copies) = following.closure(BTreeSet::from([document]))?;
    let mut traces = Vec::new();
    for document in documents {
        traces.extend(following.traces.remove(&document).flatten());
    }
    Ok((traces, copies))
}

struct Following<'s, S> {
    shelf: &'s mut S,
    /// Traces that were read; `None` for a document that is not there.
    traces: HashMap<DocumentId, Option<Trace>>,
    /// Traces that were read to be compared, the last of them: many documents are compared with the same few.
    compared: HashMap<Precedence, Option<Rc<Trace>>>,
    /// Documents whose relations are others now.
    seeds: BTreeSet<DocumentId>,
}

/// Traces to be compared that are kept: some megabytes.
const COMPARED: usize = 256;

/// A pair that may be a copy and its source, by place.
type Pair = (Precedence, Precedence);

impl<S: Filing> Following<'_, S> {
    fn leave(&mut self, gone: &[Trace]) -> Result<(), S::Error> {
        let places: BTreeSet<Precedence> = gone.iter().map(Precedence::of).collect();
        let documents: BTreeSet<DocumentId> = gone.iter().map(Trace::document).collect();
        for trace in gone {
            for copy in self.shelf.copies(trace.document())? {
                self.shelf.take_copy(copy.child, copy.parent)?;
                self.seeds.extend([copy.child, copy.parent]);
            }
            for link in trace.links() {
                let linked = self.linked(link)?;
                self.seeds.extend(linked);
            }
        }
        self.seeds.retain(|document| !documents.contains(document));
        // Whoever moves up among the first that have a marker is compared with those behind.
        let mut up: Vec<(i64, Precedence)> = Vec::new();
        for (marker, count) in counted(gone) {
            let before = self.shelf.first(marker, HEADS + count)?;
            let after: Vec<Precedence> =
                before.iter().copied().filter(|place| !places.contains(place)).collect();
            let were = heads(&before);
            up.extend(heads(&after).iter().filter(|p| !were.contains(p)).map(|p| (marker, *p)));
        }
        for trace in gone {
            self.shelf.take(trace)?;
        }
        let mut pairs: BTreeSet<Pair> = BTreeSet::new();
        for (marker, parent) in up {
            let behind = self.shelf.behind(marker, parent)?;
            pairs.extend(behind.into_iter().map(|child| (child, parent)));
        }
        let mut first = First::default();
        for (child, parent) in pairs {
            let (Some(child), Some(parent)) = (self.trace_at(child)?, self.trace_at(parent)?)
            else {
                continue;
            };
            let Some(copy) = Copied::shown(&child, &parent) else { continue };
            if first.compared(self.shelf, &child, &parent)? {
                self.join(&copy)?;
            }
        }
        Ok(())
    }

    fn arrive(&mut self, come: &[Trace]) -> Result<(), S::Error> {
        // A document may have gone and be back, with another trace.
        self.compared.clear();
        let places: BTreeSet<Precedence> = come.iter().map(Precedence::of).collect();
        for trace in come {
            self.shelf.put(trace)?;
            self.seeds.insert(trace.document());
            self.traces.insert(trace.document(), Some(trace.clone()));
        }
        let mut first = First::default();
        // Whoever falls behind the first that have a marker is compared by it no more.
        let mut down: BTreeSet<Precedence> = BTreeSet::new();
        for (marker, count) in counted(come) {
            let after = self.shelf.first(marker, HEADS + count)?;
            let before: Vec<Precedence> =
                after.iter().copied().filter(|place| !places.contains(place)).collect();
            let are = heads(&after);
            down.extend(heads(&before).iter().filter(|place| !are.contains(place)));
            first.0.insert(marker, are.to_vec());
        }
        for parent in down {
            let Some(parent) = self.trace_at(parent)? else { continue };
            for copy in self.shelf.copies(parent.document())? {
                if copy.parent != parent.document() {
                    continue;
                }
                let Some(child) = self.trace(copy.child)? else { continue };
                if !first.compared(self.shelf, &child, &parent)? {
                    self.shelf.take_copy(copy.child, copy.parent)?;
                    self.seeds.extend([copy.child, copy.parent]);
                }
            }
        }
        for trace in come {
            self.compare(trace, &mut first)?;
        }
        Ok(())
    }

    /// Compares a document that came with those before and behind it.
    fn compare(&mut self, trace: &Trace, first: &mut First) -> Result<(), S::Error> {
        let own = Precedence::of(trace);
        let mut before: BTreeMap<Precedence, Shared> = BTreeMap::new();
        let mut behind: HashMap<Precedence, Shared> = HashMap::default();
        for marker in trace.markers() {
            let heads = first.get(self.shelf, marker)?;
            for head in heads.iter().take_while(|head| **head < own) {
                before.entry(*head).or_default().count(marker);
            }
            if heads.contains(&own) {
                for place in self.shelf.behind(marker, own)? {
                    behind.entry(place).or_default().count(marker);
                }
            }
        }
        for (place, _) in before.into_iter().filter(|(_, shared)| shared.enough()) {
            if let Some(parent) = self.trace_at(place)?
                && let Some(copy) = Copied::shown(trace, &parent)
            {
                self.join(&copy)?;
            }
        }
        let children: BTreeSet<Precedence> =
            behind.into_iter().filter(|(_, s)| s.enough()).map(|(place, _)| place).collect();
        for place in children {
            if let Some(child) = self.trace_at(place)?
                && let Some(copy) = Copied::shown(&child, trace)
            {
                self.join(&copy)?;
            }
        }
        Ok(())
    }

    fn join(&mut self, copy: &Copied) -> Result<(), S::Error> {
        self.seeds.extend([copy.child, copy.parent]);
        self.shelf.put_copy(copy)
    }
}

impl<'s, S: Shelf> Following<'s, S> {
    fn of(shelf: &'s mut S) -> Self {
        let (traces, compared) = (HashMap::default(), HashMap::default());
        Self { shelf, traces, compared, seeds: BTreeSet::new() }
    }

    /// The trace of the document that stands at a place.
    fn trace_at(&mut self, place: Precedence) -> Result<Option<Rc<Trace>>, S::Error> {
        if let Some(known) = self.compared.get(&place) {
            return Ok(known.clone());
        }
        if self.compared.len() >= COMPARED {
            self.compared.clear();
        }
        let trace = self.shelf.trace_at(place)?.map(Rc::new);
        self.compared.insert(place, trace.clone());
        Ok(trace)
    }

    fn trace(&mut self, document: DocumentId) -> Result<Option<Trace>, S::Error> {
        if let Some(known) = self.traces.get(&document) {
            return Ok(known.clone());
        }
        let trace = self.shelf.trace(document)?;
        self.traces.insert(document, trace.clone());
        Ok(trace)
    }

    /// The documents that hang together by a link.
    fn linked(&mut self, link: Link) -> Result<Vec<DocumentId>, S::Error> {
        let linked = self.shelf.linked(link.key)?;
        if Link::needs_statement(link.key) && linked.iter().all(|(_, states)| !states) {
            return Ok(Vec::new());
        }
        Ok(linked.into_iter().map(|(document, _)| document).collect())
    }

    /// All documents that hang together with some, and the copies among them.
    fn closure(
        &mut self,
        seeds: BTreeSet<DocumentId>,
    ) -> Result<(BTreeSet<DocumentId>, Vec<Copied>), S::Error> {
        let mut waiting: VecDeque<DocumentId> = seeds.iter().copied().collect();
        let mut reached = seeds;
        let mut asked: BTreeSet<i64> = BTreeSet::new();
        let mut copies: BTreeMap<(DocumentId, DocumentId), Copied> = BTreeMap::new();
        while let Some(document) = waiting.pop_front() {
            let Some(trace) = self.trace(document)? else { continue };
            let mut others: Vec<DocumentId> = Vec::new();
            for copy in self.shelf.copies(document)? {
                others.extend([copy.child, copy.parent]);
                copies.insert((copy.child, copy.parent), copy);
            }
            for link in trace.links() {
                if asked.insert(link.key) {
                    others.extend(self.linked(link)?);
                }
            }
            waiting.extend(others.into_iter().filter(|other| reached.insert(*other)));
        }
        let traces = &self.traces;
        reached.retain(|document| matches!(traces.get(document), Some(Some(_))));
        Ok((reached, copies.into_values().collect()))
    }

    fn solve(&mut self, seeds: BTreeSet<DocumentId>) -> Result<Followed, S::Error> {
        let (documents, copies) = self.closure(seeds)?;
        let traces: Vec<&Trace> = documents
            .iter()
            .filter_map(|document| self.traces.get(document).and_then(Option::as_ref))
            .collect();
        let origins = origins_of(&in_precedence(traces.iter().copied()), &copies);
        let standings = standings(traces, &origins);
        Ok(Followed { documents: documents.into_iter().collect(), origins, standings })
    }
}

/// The first documents that have each marker, as far as they were asked for.
#[derive(Default)]
struct First(HashMap<i64, Vec<Precedence>>);

impl First {
    fn get<S: Shelf>(&mut self, shelf: &mut S, marker: i64) -> Result<&[Precedence], S::Error> {
        let first = match self.0.entry(marker) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(unknown) => unknown.insert(shelf.first(marker, HEADS)?),
        };
        Ok(first.as_slice())
    }

    /// Whether two documents share enough to be compared, the parent being among the first.
    fn compared<S: Shelf>(
        &mut self,
        shelf: &mut S,
        child: &Trace,
        parent: &Trace,
    ) -> Result<bool, S::Error> {
        let markers: BTreeSet<i64> = child.markers().into_iter().collect();
        let place = Precedence::of(parent);
        let mut shared = Shared::default();
        for marker in parent.markers().into_iter().filter(|marker| markers.contains(marker)) {
            if self.get(shelf, marker)?.contains(&place) {
                shared.count(marker);
                if shared.enough() {
                    return Ok(true);
                }
            }
        }
        Ok(false)
    }
}

/// How many of some documents have each of their markers.
fn counted(traces: &[Trace]) -> BTreeMap<i64, usize> {
    let mut counts = BTreeMap::new();
    for marker in traces.iter().flat_map(Trace::markers) {
        *counts.entry(marker).or_default() += 1;
    }
    counts
}

#[cfg(test)]
mod tests;
