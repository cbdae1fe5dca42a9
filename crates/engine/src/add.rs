use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::mpsc::{Receiver, sync_channel};

use jiff::Timestamp;
use lapwing_extract::Extractor;
use lapwing_fuse::{Evidence, Resolver, Trace};
use lapwing_knowledge::Knowledge;
use lapwing_model::{
    ChangeId, Claim, Document, DocumentId, Entity, Problem, Reading, Relation, Span,
};
use lapwing_read::{Item, Options};
use lapwing_store::{Added, Change, MarkRecord, Packed, StoreError, StoredClaim};
use rayon::prelude::*;

use crate::derive::derive;
use crate::{Engine, EngineError, Progress};

/// Documents waiting for extraction hold at most about this many bytes of raw input.
const BATCH_BYTES: usize = 2 << 20;
/// … and at most this many documents.
const BATCH_DOCUMENTS: usize = 64;

/// Something to read.
#[derive(Clone, Debug)]
pub enum Input {
    /// A file, folder or archive.
    Path(PathBuf),
    /// Bytes already at hand (standard input, a fetched page).
    Bytes {
        /// Name to show and to keep.
        name: String,
        /// The bytes.
        bytes: Vec<u8>,
    },
    /// Bytes that were fetched, to be read with options of their own.
    Fetched {
        /// Name to show and to keep.
        name: String,
        /// The bytes.
        bytes: Vec<u8>,
        /// How to read them.
        options: Box<Options>,
    },
}

/// How to read, and what to record as the cause of the change.
#[derive(Clone, Debug, Default)]
pub struct AddOptions {
    /// Format, source, date, marking and limits for the readers.
    pub read: Options,
    /// The command as typed, for `history`.
    pub command: String,
}

/// What an ingest changed.
#[derive(Clone, Debug, Default)]
pub struct AddReport {
    /// The change that was recorded; `None` when nothing was new.
    pub change: Option<ChangeId>,
    /// Documents that were not in the store.
    pub new_documents: u64,
    /// Documents that were already there.
    pub known_documents: u64,
    /// Claims of the new documents.
    pub claims: u64,
    /// Gaps of the new documents.
    pub gaps: u64,
    /// Facts that were derived anew.
    pub facts: u64,
    /// What was added, without its text, in order of reading (the first thousand).
    pub documents: Vec<AddedDocument>,
    /// What could not be read.
    pub problems: Vec<Problem>,
}

/// One line of an [`AddReport`].
#[derive(Clone, Debug)]
pub struct AddedDocument {
    /// The document, its text left out.
    pub document: Document,
    /// Whether it was new.
    pub new: bool,
    /// Number of its claims.
    pub claims: usize,
    /// Number of its gaps.
    pub gaps: usize,
}

/// At most so many documents are listed in a report.
const LISTED_DOCUMENTS: usize = 1000;

impl Engine {
    /// Reads, extracts, stores and fuses everything in `inputs` as one change.
    ///
    /// What cannot be read is named in the report; the rest is added. `now` is the time of
    /// the change.
    ///
    /// # Errors
    /// When the store cannot be written. Nothing is changed then.
    pub fn add(
        &mut self,
        inputs: &[Input],
        options: &AddOptions,
        now: Timestamp,
        progress: &dyn Progress,
    ) -> Result<AddReport, EngineError> {
        self.add_and(inputs, options, now, progress, &mut |_| Ok(()))
    }

    /// As [`Self::add`], in the place of a change, which is taken back: one entry of the history, and
    /// its undo restores what was there. Where nothing of the inputs is new, nothing is changed.
    ///
    /// # Errors
    /// As [`Self::add`]; and when there is no such change, or it is undone already.
    pub fn replace(
        &mut self,
        replaced: ChangeId,
        inputs: &[Input],
        options: &AddOptions,
        now: Timestamp,
    ) -> Result<AddReport, EngineError> {
        let resolver = Resolver::new(&self.knowledge);
        let resolver = resolver.with_judged(crate::names::judged(&self.store)?);
        let mut readings = Vec::new();
        let mut report = AddReport::default();
        for input in inputs {
            read_input(input, &options.read, &mut |item| match item {
                Item::Reading(reading) => readings.push(*reading),
                Item::Problem(problem) => report.problems.push(problem),
            });
        }
        let extractor = Extractor::new(&self.knowledge);
        let mut change = self.store.begin(&options.command, now)?;
        for reading in readings {
            let Ready { reading, packed, trace, marks } =
                Ready::of(reading, &extractor, &self.knowledge);
            let resolve = |entity: &Entity| resolver.canonical(entity);
            let packed = packed?;
            let added = change.add_packed((&reading, &packed, &trace, Some(&marks)), &resolve)?;
            report.count(reading, packed.count_claims(), added == Added::New);
        }
        if report.new_documents == 0 {
            return Ok(report);
        }
        change.replace(replaced)?;
        report.facts = derive(&mut change, &self.knowledge)?;
        report.change = Some(change.id());
        change.commit()?;
        Ok(report)
    }

    /// As [`Self::add`]; `last` is done in the same change, before it is committed.
    pub(crate) fn add_and(
        &mut self,
        inputs: &[Input],
        options: &AddOptions,
        now: Timestamp,
        progress: &dyn Progress,
        last: &mut dyn FnMut(&mut Change<'_>) -> Result<(), EngineError>,
    ) -> Result<AddReport, EngineError> {
        let knowledge = self.knowledge.clone();
        let extractor = Extractor::new(&knowledge);
        let resolver = Resolver::new(&knowledge).with_judged(crate::names::judged(&self.store)?);
        let mut report = AddReport::default();
        let mut change = self.store.begin(&options.command, now)?;

        std::thread::scope(|scope| -> Result<(), EngineError> {
            let (send, items) = sync_channel::<Item>(1);
            scope.spawn(move || {
                for input in inputs {
                    // A closed channel means that the store failed: the rest is not wanted.
                    read_input(input, &options.read, &mut |item| drop(send.send(item)));
                }
            });
            // What comes next is extracted while what came before is written.
            let (hand, extracted) = sync_channel::<(Vec<Ready>, Vec<Problem>)>(1);
            let (extractor, knowledge) = (&extractor, &*knowledge);
            scope.spawn(move || {
                let mut problems = Vec::new();
                while let Some(batch) = next_batch(&items, &mut problems) {
                    let ready = batch.into_par_iter();
                    let ready = ready.map(|reading| Ready::of(reading, extractor, knowledge));
                    if hand.send((ready.collect(), std::mem::take(&mut problems))).is_err() {
                        return;
                    }
                }
                drop(hand.send((Vec::new(), problems)));
            });
            for (batch, problems) in extracted {
                report.problems.extend(problems);
                for Ready { reading, packed, trace, marks } in batch {
                    progress.document(&reading.document.name, reading.raw.len() as u64);
                    let packed = packed?;
                    let added = change
                        .add_packed((&reading, &packed, &trace, Some(&marks)), &|entity| {
                            resolver.canonical(entity)
                        })?;
                    report.count(reading, packed.count_claims(), added == Added::New);
                }
            }
            Ok(())
        })?;

        progress.stage("fusing");
        report.facts = derive(&mut change, &knowledge)?;
        report.change = (!change.is_empty()).then(|| change.id());
        last(&mut change)?;
        change.commit()?;
        Ok(report)
    }
}

/// A reading with all that is written of it. Its claims are those of `packed`.
struct Ready {
    reading: Reading,
    packed: Result<Packed, StoreError>,
    trace: Vec<u8>,
    marks: Vec<(usize, Vec<MarkRecord>)>,
}

impl Ready {
    fn of(mut reading: Reading, extractor: &Extractor<'_>, knowledge: &Knowledge) -> Self {
        extend_with_found(&mut reading, extractor);
        let trace = Trace::of(&reading).to_bytes();
        let marks = crate::binding::marks_of(&reading, knowledge);
        Self { packed: Packed::taking(&mut reading), reading, trace, marks }
    }
}

impl AddReport {
    pub(crate) fn count(&mut self, mut reading: Reading, claims: usize, new: bool) {
        let gaps = reading.gaps.len();
        if new {
            self.new_documents += 1;
            self.claims += claims as u64;
            self.gaps += gaps as u64;
        } else {
            self.known_documents += 1;
        }
        if self.documents.len() < LISTED_DOCUMENTS {
            reading.document.text = String::new();
            self.documents.push(AddedDocument { document: reading.document, new, claims, gaps });
        }
    }
}

/// Hands over what one input holds.
pub(crate) fn read_input(input: &Input, options: &Options, out: &mut dyn FnMut(Item)) {
    match input {
        Input::Path(path) => lapwing_read::read_path(path, options, out),
        Input::Bytes { name, bytes } => lapwing_read::read_bytes(name, bytes, options, out),
        Input::Fetched { name, bytes, options } => {
            lapwing_read::read_bytes(name, bytes, options, out);
        }
    }
}

/// The next readings, as many as may wait in memory at once; `None` at the end.
fn next_batch(items: &Receiver<Item>, problems: &mut Vec<Problem>) -> Option<Vec<Reading>> {
    let mut batch = Vec::new();
    let mut bytes = 0;
    let mut ended = true;
    while let Ok(item) = items.recv() {
        match item {
            Item::Reading(reading) => {
                bytes += reading.raw.len() + reading.document.text.len();
                batch.push(*reading);
            }
            Item::Problem(problem) => problems.push(problem),
        }
        if bytes >= BATCH_BYTES || batch.len() >= BATCH_DOCUMENTS {
            ended = false;
            break;
        }
    }
    (!(ended && batch.is_empty())).then_some(batch)
}

/// What `fuse` kept of each document, read back.
pub(crate) fn read_traces(stored: Vec<(DocumentId, Vec<u8>)>) -> Result<Vec<Trace>, EngineError> {
    stored.into_iter().map(|(id, bytes)| read_trace(id, &bytes)).collect()
}

/// What `fuse` kept of one document, read back.
pub(crate) fn read_trace(document: DocumentId, bytes: &[u8]) -> Result<Trace, EngineError> {
    Trace::from_bytes(bytes)
        .map_err(|error| EngineError::Corrupt(format!("trace of document {document}: {error}")))
}

/// Stored claims as `fuse` takes them.
pub(crate) fn evidence(claims: &[StoredClaim]) -> Vec<Evidence<'_>> {
    claims
        .iter()
        .map(|stored| Evidence {
            id: stored.id,
            document: stored.document,
            claim: &stored.claim,
            subject: &stored.subject,
            object: &stored.object,
        })
        .collect()
}

/// Adds what `extract` finds to what the format declares. A value that the format declares at
/// the same place is not told twice.
pub(crate) fn extend_with_found(reading: &mut Reading, extractor: &Extractor<'_>) {
    let found = extractor.extract(reading);
    let declared: BTreeSet<(Span, Entity)> = reading
        .claims
        .iter()
        .filter(|claim| claim.relation == Relation::Role)
        .map(|claim| (claim.span, claim.subject.clone()))
        .collect();
    reading.claims.extend(found.into_iter().filter(|claim| {
        claim.relation != Relation::Role || !declared.contains(&(claim.span, claim.subject.clone()))
    }));
}

/// Claims of a reading in the order of the text, declared before found at the same place.
pub(crate) fn in_order(mut claims: Vec<Claim>) -> Vec<Claim> {
    claims.sort_by_key(|claim| (claim.span.start, claim.span.end));
    claims
}
