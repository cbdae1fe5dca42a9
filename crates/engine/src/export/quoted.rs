//! The claims of all documents with their words, outside of memory: which document makes a claim is known, and where
//! it waits.

use std::io::Write as _;

use lapwing_model::{ClaimId, DocumentId};
use lapwing_publish::export::{SelectedClaim, Selection};

use super::aside::{Aside, Written};
use super::sink::aside;
use crate::{Engine, EngineError};

/// A claim, the place of its document in the selection, and where it waits.
type Place = (ClaimId, u32, u64);

pub(super) struct Quoted {
    /// In order of identifier.
    places: Vec<Place>,
    /// Which of them go out, in the order of their places.
    told: Vec<bool>,
    /// Where those of each document begin, and where the last ends.
    begins: Vec<u64>,
    from: Written,
}

impl Quoted {
    /// The claims of documents, in their order.
    pub(super) fn of(
        engine: &Engine,
        documents: impl Iterator<Item = DocumentId>,
    ) -> Result<Self, EngineError> {
        let mut out = Aside::new().map_err(aside)?;
        let mut places = Vec::new();
        let mut begins = vec![0];
        for (id, at) in documents.zip(0_u32..) {
            for claim in engine.quoted_claims(id)? {
                places.push((claim.id, at, out.len()));
                serde_json::to_writer(&mut out, &claim).map_err(|error| aside(error.into()))?;
                out.write_all(b"\n").map_err(aside)?;
            }
            begins.push(out.len());
        }
        places.shrink_to_fit();
        places.sort_unstable();
        let told = vec![false; places.len()];
        let from = out.written().map_err(aside)?;
        Ok(Self { places, told, begins, from })
    }

    fn find(&self, claim: ClaimId) -> Option<usize> {
        let at = self.places.partition_point(|(id, ..)| *id < claim);
        self.places.get(at).is_some_and(|(id, ..)| *id == claim).then_some(at)
    }

    /// The place of the document that makes a claim.
    pub(super) fn document(&self, claim: ClaimId) -> Option<u32> {
        self.places.get(self.find(claim)?).map(|(_, at, _)| *at)
    }

    /// Gives the documents of a selection the claims under its facts; tells which have some.
    pub(super) fn give(&mut self, selection: &mut Selection) -> Result<Vec<usize>, EngineError> {
        let mut wanted: Vec<(u64, u32)> = Vec::new();
        let contributions = selection.facts.iter().flat_map(|it| &it.fact.contributions);
        for claim in contributions.flat_map(|part| &part.claims) {
            let Some(place) = self.find(*claim) else { continue };
            if let Some(told) = self.told.get_mut(place) {
                *told = true;
            }
            wanted.extend(self.places.get(place).map(|(_, at, from)| (*from, *at)));
        }
        wanted.sort_unstable();
        wanted.dedup();
        let mut documents = Vec::new();
        let mut line = Vec::new();
        for (from, at) in wanted {
            let at = at as usize;
            let Some(chosen) = selection.documents.get_mut(at) else { continue };
            if documents.last() != Some(&at) {
                documents.push(at);
            }
            chosen.claims.push(self.read(from, &mut line)?);
        }
        Ok(documents)
    }

    /// The claims of the document at a place that were given, in order of place.
    pub(super) fn told(&mut self, at: usize) -> Result<Vec<SelectedClaim>, EngineError> {
        let place = |at: usize| self.begins.get(at).copied().unwrap_or_default();
        let (mut from, end) = (place(at), place(at + 1));
        let mut claims = Vec::new();
        let mut line = Vec::new();
        while from < end {
            let claim = self.read(from, &mut line)?;
            from += line.len() as u64;
            if self.find(claim.id).is_some_and(|place| self.told.get(place) == Some(&true)) {
                claims.push(claim);
            }
        }
        Ok(claims)
    }

    fn read(&mut self, from: u64, line: &mut Vec<u8>) -> Result<SelectedClaim, EngineError> {
        self.from.line(from, line).map_err(aside)?;
        serde_json::from_slice(line).map_err(|error| aside(error.into()))
    }
}
