//! All documents as events of MISP, one at a time.

use std::cell::Cell;
use std::collections::BTreeSet;
use std::io::Write as _;

use lapwing_model::Entity;
use lapwing_publish::export::{
    ExportFormat, ExportedFile, SelectedDocument, SelectedFact, Selection,
};
use lapwing_publish::misp::{self, Counts, Event, Feed};
use lapwing_store::FactQuery;

use super::aside::{Aside, Written};
use super::selection::{Statement, chosen, is_indicator, refusal};
use super::sink::{Made, Sink, aside};
use super::walk::Walk;
use super::{ExportOptions, readback};
use crate::{Engine, EngineError};

impl Engine {
    /// Every document as an event, into a sink: in one file, or as a folder that MISP subscribes to.
    pub(super) fn events(
        &self,
        options: &ExportOptions,
        to: &mut dyn Sink,
    ) -> Result<Made, EngineError> {
        let mut walk = Walk::new(self, options)?;
        let documents = std::mem::take(&mut walk.selection.documents);
        let mut made = Made::default();
        let counts = match options.format {
            ExportFormat::MispFeed => self.feed(&mut walk, documents, &mut made, to)?,
            _ => self.one_file(&mut walk, documents, &mut made, to)?,
        };
        made.counts = counts.told();
        Ok(made)
    }

    fn one_file(
        &self,
        walk: &mut Walk<'_>,
        documents: Vec<SelectedDocument>,
        made: &mut Made,
        to: &mut dyn Sink,
    ) -> Result<Counts, EngineError> {
        let mut counts = Counts::default();
        let failed = |source| EngineError::File { path: misp::NAME.to_owned(), source };
        to.expect(1)?;
        let (head, tail) = misp::around(documents.len());
        let documents = Cell::new(documents);
        to.file(misp::NAME, None, &mut |out| {
            out.write_all(head).map_err(failed)?;
            for (at, chosen) in documents.take().into_iter().enumerate() {
                let event = self.event(walk, chosen, made)?;
                counts.add(&event.json);
                let before: &[u8] = if at > 0 { b",\n" } else { b"" };
                out.write_all(before).map_err(failed)?;
                out.write_all(event.json.to_string().as_bytes()).map_err(failed)?;
            }
            out.write_all(tail).map_err(failed)
        })?;
        Ok(counts)
    }

    fn feed(
        &self,
        walk: &mut Walk<'_>,
        documents: Vec<SelectedDocument>,
        made: &mut Made,
        to: &mut dyn Sink,
    ) -> Result<Counts, EngineError> {
        let mut counts = Counts::default();
        to.expect(documents.len() + 2)?;
        let mut index = Index::new()?;
        for chosen in documents {
            let event = self.event(walk, chosen, made)?;
            counts.add(&event.json);
            give(to, &Feed::file(&event))?;
            index.add(&event)?;
        }
        index.give(to)?;
        Ok(counts)
    }

    /// The event of a document; what it cannot carry is told.
    fn event(
        &self,
        walk: &mut Walk<'_>,
        chosen: SelectedDocument,
        made: &mut Made,
    ) -> Result<Event, EngineError> {
        let selection = self.selection_of(walk, chosen, made)?;
        let Some(event) = misp::events(&selection, &self.knowledge).next() else {
            return Err(EngineError::Corrupt("a document that becomes no event".to_owned()));
        };
        let file = Feed::file(&event);
        let mut losses = Vec::new();
        readback::misp_losses(&selection, &[file], &mut losses);
        made.lose(&mut losses)?;
        Ok(event)
    }

    /// A document with its claims, and what all documents together say of its values.
    fn selection_of(
        &self,
        walk: &mut Walk<'_>,
        mut document: SelectedDocument,
        made: &mut Made,
    ) -> Result<Selection, EngineError> {
        let options = walk.options;
        let id = document.document.id;
        let query = FactQuery { documents: Some(vec![id]), ..FactQuery::default() };
        let mut left_out = Vec::new();
        let facts = self.store.facts(&query)?;
        let facts = chosen(facts, options, (&walk.statuses, &walk.others.home), &mut left_out);
        made.lose(&mut left_out)?;
        let statement =
            |it: &SelectedFact| (it.fact.subject.clone(), it.fact.relation, it.fact.object.clone());
        let statements: BTreeSet<Statement> = facts.iter().map(statement).collect();
        document.claims = self.chosen_claims(id, &statements)?;
        let mut judged: Vec<SelectedFact> =
            facts.into_iter().filter(SelectedFact::is_indicator).collect();
        // What others say of values of which this document says something else.
        let mut values: BTreeSet<&Entity> = BTreeSet::new();
        for claim in &document.claims {
            values.extend([&claim.claim.subject, &claim.subject]);
            values.extend(claim.claim.object.entity().into_iter().chain(claim.object.entity()));
        }
        for known in &judged {
            values.remove(&known.fact.subject);
        }
        let values: Vec<Entity> = values.into_iter().cloned().collect();
        let (statuses, home) = (&walk.statuses, &walk.others.home);
        for fact in self.store.roles(&values)?.into_iter().flatten().filter(is_indicator) {
            let status = statuses.of(&fact);
            if refusal(&fact, status, options).is_none() && !home.contains(&fact.subject) {
                judged.push(SelectedFact { fact, status, expires: None, documents: Vec::new() });
            }
        }
        Ok(Selection {
            asked: Vec::new(),
            subjects: Vec::new(),
            ceiling: walk.selection.ceiling,
            today: walk.selection.today,
            documents: vec![document],
            facts: judged,
            origins: Vec::new(),
            left_out: Vec::new(),
        })
    }
}

fn give(to: &mut dyn Sink, file: &ExportedFile) -> Result<(), EngineError> {
    to.file(&file.name, Some(file.bytes.len() as u64), &mut |out| {
        let failed = |source| EngineError::File { path: file.name.clone(), source };
        out.write_all(&file.bytes).map_err(failed)
    })
}

/// What a feed tells of its events, in the order of their identifiers: it waits aside in the order of the documents.
struct Index {
    manifest: Aside,
    hashes: Aside,
    /// Identifier, and place and length in both.
    entries: Vec<(String, [(u64, u64); 2])>,
}

impl Index {
    fn new() -> Result<Self, EngineError> {
        let (manifest, hashes) = (Aside::new().map_err(aside)?, Aside::new().map_err(aside)?);
        Ok(Self { manifest, hashes, entries: Vec::new() })
    }

    fn add(&mut self, event: &Event) -> Result<(), EngineError> {
        let mut feed = Feed::default();
        feed.add(event);
        let (entry, hashes) = (feed.entry(event.uuid), feed.hashes().bytes);
        let put = |out: &mut Aside, bytes: &[u8]| {
            let from = out.len();
            out.write_all(bytes).map(|()| (from, bytes.len() as u64)).map_err(aside)
        };
        let parts = [put(&mut self.manifest, entry.as_bytes())?, put(&mut self.hashes, &hashes)?];
        self.entries.push((event.uuid.to_string(), parts));
        Ok(())
    }

    fn give(mut self, to: &mut dyn Sink) -> Result<(), EngineError> {
        self.entries.sort_unstable();
        self.entries.dedup_by(|a, b| a.0 == b.0);
        let mut manifest = self.manifest.written().map_err(aside)?;
        let mut hashes = self.hashes.written().map_err(aside)?;
        let size = |of: usize| -> u64 { self.entries.iter().map(|(_, parts)| parts[of].1).sum() };
        let parts = |of: usize, from: &mut Written, between: &str, out: &mut dyn std::io::Write| {
            for (at, (_, parts)) in self.entries.iter().enumerate() {
                if at > 0 {
                    out.write_all(between.as_bytes())?;
                }
                from.part(parts[of].0, parts[of].1, out)?;
            }
            Ok(())
        };
        // An object of JSON: braces, commas, the end of the line.
        let around = 3 + self.entries.len().saturating_sub(1) as u64;
        to.file(misp::MANIFEST, Some(size(0) + around), &mut |out| {
            let failed = |source| EngineError::File { path: misp::MANIFEST.to_owned(), source };
            out.write_all(b"{")
                .and_then(|()| parts(0, &mut manifest, ",", out))
                .and_then(|()| out.write_all(b"}\n"))
                .map_err(failed)
        })?;
        to.file(misp::HASHES, Some(size(1)), &mut |out| {
            let failed = |source| EngineError::File { path: misp::HASHES.to_owned(), source };
            parts(1, &mut hashes, "", out).map_err(failed)
        })
    }
}
