//! A bundle of a whole store, of which memory holds a portion of the facts at a time: the same bytes as of the whole
//! selection at once.
//!
//! A [`Survey`] goes through all facts first and keeps what several portions say of one object. Then a [`Bundle`]
//! writes portion after portion, and hands over ([`Rest`]) what can be told only when all facts are written: whoever
//! drives it keeps that outside of memory, and gives it back document by document.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Write};
use std::rc::Rc;

use lapwing_knowledge::Knowledge;
use lapwing_model::{ClaimId, DocumentId, Entity, Marking};
use serde_json::Value;

use super::observable::{self, Files};
use super::profile::{Profiles, Stamp};
use super::v20::Older;
use super::writer::{self, Writer, claim};
use super::{StixObject, StixOptions, StixVersion, creator, extension_definition, id};
use crate::export::{Loss, SelectedClaim, SelectedDocument, Selection};

/// What the facts of several portions say of one thing.
#[derive(Debug, Default)]
pub struct Survey {
    stamps: BTreeMap<DocumentId, Stamp>,
    /// Entities of which facts of several subjects may speak.
    objects: BTreeSet<Entity>,
    profiles: Profiles,
    same: Vec<(Entity, Entity)>,
    markings: BTreeSet<Marking>,
}

impl Survey {
    /// Makes one; `objects` holds every entity that is the object of a fact, and may hold more.
    #[must_use]
    pub fn new(objects: BTreeSet<Entity>, documents: &[SelectedDocument]) -> Self {
        let stamp = |chosen| (chosen, writer::stamp_of_document(chosen));
        let stamps = documents.iter().map(stamp).map(|(chosen, it)| (chosen.document.id, it));
        Self { stamps: stamps.collect(), objects, ..Self::default() }
    }

    /// Looks at the facts of a portion.
    pub fn add(&mut self, selection: &Selection) {
        let Self { stamps, objects, profiles, same, markings } = self;
        for selected in &selection.facts {
            markings.insert(selected.fact.marking);
            let mut stamp = Stamp { marking: selected.fact.marking, ..Stamp::default() };
            for document in selected.documents.iter().filter_map(|id| stamps.get(id)) {
                stamp.join(*document);
            }
            profiles.learn(selected, stamp, &|entity| objects.contains(entity));
            if let Some((one, other)) = observable::same_object(selected) {
                same.push((one.clone(), other.clone()));
            }
        }
    }
}

/// What is told of a portion only when all facts are written.
#[derive(Clone, Debug, Default)]
pub struct Rest {
    /// The objects that each document speaks of.
    pub refs: BTreeMap<DocumentId, BTreeSet<String>>,
    /// Claims that no object of their own carries, in order, by document.
    pub homeless: BTreeMap<DocumentId, Vec<ClaimId>>,
    /// Objects that a point of doubt is about, by its number.
    pub doubts: Vec<(u32, BTreeSet<String>)>,
    /// What is lost.
    pub losses: Vec<Loss>,
}

/// What a document comes to when all facts are written.
#[derive(Clone, Debug, Default)]
pub struct Told {
    /// Its claims that went out, in order of place.
    pub claims: Vec<SelectedClaim>,
    /// The objects that it speaks of.
    pub refs: BTreeSet<String>,
    /// Of its claims those that no object carries.
    pub homeless: Vec<ClaimId>,
}

/// A bundle that is written by portions. What is written are the objects; [`Bundle::finish`] tells what stands around.
pub struct Bundle<'k> {
    knowledge: &'k Knowledge,
    options: StixOptions,
    files: Rc<Files>,
    common: Rc<Profiles>,
    markings: BTreeSet<Marking>,
    seen: BTreeSet<String>,
    counts: BTreeMap<String, u64>,
    /// Points of doubt with their numbers.
    doubts: BTreeMap<String, (u32, Stamp)>,
    older: Option<Older>,
    digest: id::Digest,
    begun: bool,
}

/// A bundle without its objects.
#[derive(Clone, Debug, Default)]
pub struct Frame {
    /// What stands before them.
    pub head: String,
    /// What stands behind them.
    pub tail: &'static [u8],
    /// Number of objects by type, in order of the type.
    pub counts: Vec<(String, u64)>,
    /// What the version cannot carry.
    pub losses: Vec<Loss>,
}

impl<'k> Bundle<'k> {
    /// Begins one, after all facts were looked at.
    #[must_use]
    pub fn new(survey: Survey, knowledge: &'k Knowledge, options: StixOptions) -> Self {
        let pairs: Vec<(&Entity, &Entity)> = survey.same.iter().map(|(a, b)| (a, b)).collect();
        Self {
            knowledge,
            options,
            files: Rc::new(Files::of_pairs(&pairs)),
            common: Rc::new(survey.profiles),
            markings: survey.markings,
            seen: BTreeSet::new(),
            counts: BTreeMap::new(),
            doubts: BTreeMap::new(),
            older: (options.version == StixVersion::V20).then(Older::default),
            digest: id::Digest::default(),
            begun: false,
        }
    }

    /// Writes what all objects may refer to.
    ///
    /// # Errors
    /// When `out` cannot be written; so with all others here.
    pub fn frame(&mut self, selection: &Selection, out: &mut dyn Write) -> io::Result<()> {
        let markings = std::mem::take(&mut self.markings);
        self.write(selection, out, |writer| {
            writer.put(creator());
            writer.put(extension_definition());
            writer.markings_of(markings);
        })?;
        Ok(())
    }

    /// Writes the objects of a portion's facts. Its documents have the claims of these facts.
    ///
    /// # Errors
    /// As [`Self::frame`].
    pub fn facts(&mut self, selection: &Selection, out: &mut dyn Write) -> io::Result<Rest> {
        let mut doubts = BTreeMap::new();
        let mut rest = self.write(selection, out, |writer| {
            for fact in &selection.facts {
                writer.fact(fact);
            }
            doubts = std::mem::take(&mut writer.doubts);
        })?;
        for (note, (stamp, refs)) in doubts {
            let next = u32::try_from(self.doubts.len()).unwrap_or(u32::MAX);
            let (number, known) =
                self.doubts.entry(note.to_owned()).or_insert((next, Stamp::default()));
            known.join(stamp);
            rest.doubts.push((*number, refs));
        }
        Ok(rest)
    }

    /// Writes a note for each point of doubt; `refs` gives the objects that one is about, by its number.
    ///
    /// # Errors
    /// As [`Self::frame`], and what `refs` says.
    pub fn doubts(
        &mut self,
        selection: &Selection,
        out: &mut dyn Write,
        refs: &mut dyn FnMut(u32) -> io::Result<BTreeSet<String>>,
    ) -> io::Result<()> {
        for (note, (number, stamp)) in std::mem::take(&mut self.doubts) {
            let refs = refs(number)?;
            self.bare(selection, out, |writer| writer.one_doubt(&note, stamp, &refs))?;
        }
        Ok(())
    }

    /// Writes the report of each document and the notes on origins; `told` gives what a document comes to, by its
    /// place in the selection. Tells what is lost.
    ///
    /// # Errors
    /// As [`Self::frame`], and what `told` says.
    pub fn reports(
        &mut self,
        selection: &Selection,
        out: &mut dyn Write,
        told: &mut dyn FnMut(usize) -> io::Result<Told>,
    ) -> io::Result<Vec<Loss>> {
        let mut failed = Ok(());
        let rest = self.bare(selection, out, |writer| {
            for (at, chosen) in selection.documents.iter().enumerate() {
                let told = match told(at) {
                    Ok(told) => told,
                    Err(error) => {
                        failed = Err(error);
                        return;
                    }
                };
                let by_id: BTreeMap<ClaimId, &SelectedClaim> =
                    told.claims.iter().map(|claim| (claim.id, claim)).collect();
                let document = chosen.document.id;
                let homeless: Vec<Value> = told
                    .homeless
                    .iter()
                    .filter_map(|id| by_id.get(id))
                    .map(|chosen| claim(document, chosen))
                    .collect();
                let chosen = SelectedDocument { claims: told.claims, ..chosen.clone() };
                writer.report_with(&chosen, true, (told.refs, homeless));
            }
            writer.origins();
        })?;
        failed?;
        Ok(rest.losses)
    }

    /// What stands around the objects, which are all written.
    #[must_use]
    pub fn finish(self) -> Frame {
        let id = Value::String(format!("bundle--{}", self.digest.uuid()));
        let (counts, losses) = match &self.older {
            Some(older) => (older.counts(), older.losses()),
            None => (self.counts.into_iter().collect(), Vec::new()),
        };
        Frame { head: super::head(&id, self.options.version), tail: super::TAIL, counts, losses }
    }

    fn write<'s>(
        &mut self,
        selection: &'s Selection,
        out: &mut dyn Write,
        work: impl FnOnce(&mut Writer<'s, '_>),
    ) -> io::Result<Rest>
    where
        'k: 's,
    {
        let (files, common) = (Rc::clone(&self.files), Rc::clone(&self.common));
        let (knowledge, options) = (self.knowledge, self.options);
        self.by(out, move |out, seen, counts| {
            let given = (selection, knowledge);
            let mut writer = Writer::of_portion(given, options, (files, common), out);
            (writer.seen, writer.counts) = (seen, counts);
            work(&mut writer);
            rest_of(writer)
        })
    }

    /// As [`Self::write`], of what tells no facts.
    fn bare<'s>(
        &mut self,
        selection: &'s Selection,
        out: &mut dyn Write,
        work: impl FnOnce(&mut Writer<'s, '_>),
    ) -> io::Result<Rest>
    where
        'k: 's,
    {
        let (knowledge, options) = (self.knowledge, self.options);
        self.by(out, move |out, seen, counts| {
            let mut writer = Writer::bare(selection, knowledge, options, out);
            (writer.seen, writer.counts) = (seen, counts);
            work(&mut writer);
            rest_of(writer)
        })
    }

    fn by(
        &mut self,
        out: &mut dyn Write,
        work: impl FnOnce(
            &mut dyn FnMut(StixObject),
            BTreeSet<String>,
            BTreeMap<String, u64>,
        ) -> (Rest, BTreeSet<String>, BTreeMap<String, u64>),
    ) -> io::Result<Rest> {
        let (seen, counts) = (std::mem::take(&mut self.seen), std::mem::take(&mut self.counts));
        let Self { older, digest, begun, .. } = self;
        let mut failed = Ok(());
        let mut put = |object: StixObject| {
            let object = match older {
                Some(older) => older.convert(object),
                None => Some(object),
            };
            let Some(object) = object.filter(|_| failed.is_ok()) else { return };
            let text = object.json.to_string();
            digest.add(&text);
            let before: &[u8] = if std::mem::replace(begun, true) { b",\n" } else { b"\n" };
            failed = out.write_all(before).and_then(|()| out.write_all(text.as_bytes()));
        };
        let (rest, seen, counts) = work(&mut put, seen, counts);
        (self.seen, self.counts) = (seen, counts);
        failed?;
        Ok(rest)
    }
}

/// What of a writer outlasts its portion.
fn rest_of(writer: Writer<'_, '_>) -> (Rest, BTreeSet<String>, BTreeMap<String, u64>) {
    let Writer { mut seen, passing, counts, refs, homeless, losses, .. } = writer;
    for id in &passing {
        seen.remove(id);
    }
    let ids = |claims: Vec<&SelectedClaim>| claims.into_iter().map(|claim| claim.id).collect();
    let homeless = homeless.into_iter().map(|(id, claims)| (id, ids(claims))).collect();
    (Rest { refs, homeless, doubts: Vec::new(), losses }, seen, counts)
}
