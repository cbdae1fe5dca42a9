//! The whole store as a bundle of STIX, a portion of the facts at a time.

use std::collections::{BTreeMap, BTreeSet};
use std::io;

use lapwing_model::{ClaimId, DocumentId};
use lapwing_publish::export::{ExportFormat, Selection};
use lapwing_publish::stix::portions::{Bundle, Rest, Survey, Told};
use lapwing_publish::stix::{StixOptions, StixVersion, file_name};

use super::ExportOptions;
use super::aside::{Aside, Piles};
use super::quoted::Quoted;
use super::sink::{Made, Sink, aside};
use super::walk::Walk;
use crate::{Engine, EngineError};

/// How a bundle is written.
pub(super) fn stix_options(options: &ExportOptions) -> StixOptions {
    let version = match options.format {
        ExportFormat::Stix20 => StixVersion::V20,
        _ => StixVersion::V21,
    };
    // STIX 2.0 knows the markings of TLP 1.0 only.
    StixOptions { version, tlp1: options.tlp1 || version == StixVersion::V20 }
}

impl Engine {
    /// Everything as a bundle, into a sink.
    pub(super) fn bundle(
        &self,
        options: &ExportOptions,
        portion: usize,
        to: &mut dyn Sink,
    ) -> Result<Made, EngineError> {
        to.expect(1)?;
        let stix = stix_options(options);
        let mut made = Made::default();
        let mut walk = Walk::new(self, options)?;
        let ids = walk.selection.documents.iter().map(|chosen| chosen.document.id);
        let quoted = Quoted::of(self, ids)?;
        let objects = std::mem::take(&mut walk.others.objects);
        let mut survey = Survey::new(objects, &walk.selection.documents);
        walk.each(portion, &|claim| quoted.document(claim), &mut |selection| {
            survey.add(selection);
            made.lose(&mut selection.left_out)
        })?;

        let mut bundle = Bundle::new(survey, &self.knowledge, stix);
        // The identifier of a bundle, which stands before its objects, depends on all of them.
        let mut objects = Aside::new().map_err(aside)?;
        bundle.frame(&walk.selection, &mut objects).map_err(aside)?;
        let mut waiting = Waiting::of(&walk.selection);
        // Whoever asks which document makes a claim must not hold what gives claims.
        let quoted = std::cell::RefCell::new(quoted);
        walk.each(portion, &|claim| quoted.borrow().document(claim), &mut |selection| {
            let documents = quoted.borrow_mut().give(selection)?;
            let rest = bundle.facts(selection, &mut objects).map_err(aside)?;
            for at in documents {
                if let Some(chosen) = selection.documents.get_mut(at) {
                    chosen.claims = Vec::new();
                }
            }
            made.lose(&mut waiting.put(rest).map_err(aside)?)
        })?;
        let mut quoted = quoted.into_inner();
        let Waiting { mut refs, mut homeless, mut doubts, .. } = waiting;
        let selection = &walk.selection;
        bundle
            .doubts(selection, &mut objects, &mut |number| Ok(lines(&doubts.take(number)?)))
            .map_err(aside)?;
        let mut failed = None;
        let lost = bundle.reports(selection, &mut objects, &mut |at| {
            let owner = u32::try_from(at).unwrap_or(u32::MAX);
            let claims = quoted.told(at).map_err(|error| {
                failed = Some(error);
                io::Error::other("the claims of a document cannot be read")
            })?;
            let (refs, homeless) = (lines(&refs.take(owner)?), claim_ids(&homeless.take(owner)?));
            Ok(Told { claims, refs, homeless })
        });
        if let Some(error) = failed {
            return Err(error);
        }
        made.lose(&mut lost.map_err(aside)?)?;

        let mut frame = bundle.finish();
        made.lose(&mut frame.losses)?;
        made.counts = frame.counts;
        let size = objects.len() + (frame.head.len() + frame.tail.len()) as u64;
        let mut objects = objects.written().map_err(aside)?;
        let name = file_name(stix.version);
        to.file(name, Some(size), &mut |out| {
            out.write_all(frame.head.as_bytes())
                .and_then(|()| objects.copy(out))
                .and_then(|()| out.write_all(frame.tail))
                .map_err(|source| EngineError::File { path: name.to_owned(), source })
        })?;
        Ok(made)
    }
}

/// What is told when all facts are written, in piles by the place of a document or by the number of a doubt.
struct Waiting {
    places: BTreeMap<DocumentId, u32>,
    refs: Piles,
    homeless: Piles,
    doubts: Piles,
}

impl Waiting {
    fn of(selection: &Selection) -> Self {
        let ids = selection.documents.iter().map(|chosen| chosen.document.id);
        Self {
            places: ids.zip(0..).collect(),
            refs: Piles::default(),
            homeless: Piles::default(),
            doubts: Piles::default(),
        }
    }

    /// Puts down what is left of a portion; gives back what is lost.
    fn put(&mut self, rest: Rest) -> io::Result<Vec<lapwing_publish::export::Loss>> {
        let Rest { refs, homeless, doubts, losses } = rest;
        for (document, refs) in refs {
            let Some(owner) = self.places.get(&document) else { continue };
            for id in refs {
                self.refs.put(*owner, format!("{id}\n").as_bytes())?;
            }
        }
        for (document, claims) in homeless {
            let Some(owner) = self.places.get(&document) else { continue };
            for id in claims {
                self.homeless.put(*owner, &id.0)?;
            }
        }
        for (number, refs) in doubts {
            for id in refs {
                self.doubts.put(number, format!("{id}\n").as_bytes())?;
            }
        }
        Ok(losses)
    }
}

fn lines(pile: &[u8]) -> BTreeSet<String> {
    let lines = pile.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
    lines.map(|line| String::from_utf8_lossy(line).into_owned()).collect()
}

fn claim_ids(pile: &[u8]) -> Vec<ClaimId> {
    let ids = pile.chunks_exact(16).filter_map(|id| id.try_into().ok());
    ids.map(ClaimId).collect()
}
