//! What is gathered before the first object is written, and the writing itself.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use jiff::Timestamp;
use lapwing_knowledge::Knowledge;
use lapwing_model::{Document, DocumentId, Entity, Kind, Marking, Object, Period, Relation, Role};
use serde_json::{Map, Value, json};

use super::marking::{self, Pap};
use super::observable::{self, Files};
use super::pieces::Leaning;
use super::profile::{Profile, Profiles, Stamp};
use super::{StixObject, StixOptions, Written, creator, entity, extension_definition, id};
use crate::export::{Loss, SelectedClaim, SelectedDocument, SelectedFact, Selection};

/// Writes everything of a selection.
pub(super) fn write(
    selection: &Selection,
    knowledge: &Knowledge,
    options: StixOptions,
    out: &mut dyn FnMut(StixObject),
) -> Written {
    let mut writer = Writer::new(selection, knowledge, options, out);
    writer.put(creator());
    writer.put(extension_definition());
    writer.markings();
    for fact in &selection.facts {
        writer.fact(fact);
    }
    writer.doubts();
    writer.reports();
    writer.origins();
    writer.finish()
}

/// What is known of one document before writing.
struct Paper<'s> {
    chosen: &'s SelectedDocument,
    created: Timestamp,
    modified: Timestamp,
    pap: Option<Pap>,
    /// Its claims by the statement that they make.
    claims: BTreeMap<(&'s Entity, Relation, &'s Object), Vec<&'s SelectedClaim>>,
}

pub(super) struct Writer<'s, 'o> {
    pub(super) selection: &'s Selection,
    pub(super) knowledge: &'s Knowledge,
    options: StixOptions,
    out: &'o mut dyn FnMut(StixObject),
    papers: BTreeMap<DocumentId, Paper<'s>>,
    profiles: Profiles,
    files: Rc<Files>,
    /// What was written.
    pub(super) seen: BTreeSet<String>,
    /// Of this, what only the facts of one subject can give: nobody asks for it when these are over.
    pub(super) passing: BTreeSet<String>,
    pub(super) counts: BTreeMap<String, u64>,
    /// The objects that each document speaks of.
    pub(super) refs: BTreeMap<DocumentId, BTreeSet<String>>,
    /// Claims that no object of their own carries, by document.
    pub(super) homeless: BTreeMap<DocumentId, Vec<&'s SelectedClaim>>,
    /// Points of doubt, with the objects that they are about.
    pub(super) doubts: BTreeMap<&'s str, (Stamp, BTreeSet<String>)>,
    pub(super) losses: Vec<Loss>,
    /// When the object of an entity came that is written now.
    came: Option<Timestamp>,
    /// Where objects are made one by one: what they lean on, and when the one came that is written now.
    pieces: Option<Piece<'s>>,
    /// Where facts come by portions: what all portions say of those entities that several may speak of.
    common: Option<Rc<Profiles>>,
}

struct Piece<'s> {
    leaning: &'s Leaning,
    came: Timestamp,
    /// Whether only the objects that a document speaks of are gathered.
    refers: bool,
}

impl<'s, 'o> Writer<'s, 'o> {
    pub(super) fn new(
        selection: &'s Selection,
        knowledge: &'s Knowledge,
        options: StixOptions,
        out: &'o mut dyn FnMut(StixObject),
    ) -> Self {
        let mut writer = Self::bare(selection, knowledge, options, out);
        writer.files = Rc::new(Files::of(&selection.facts));
        writer.learn();
        writer
    }

    /// One that writes a portion of the facts; `files` and `common` are of all.
    pub(super) fn of_portion(
        (selection, knowledge): (&'s Selection, &'s Knowledge),
        options: StixOptions,
        (files, common): (Rc<Files>, Rc<Profiles>),
        out: &'o mut dyn FnMut(StixObject),
    ) -> Self {
        let mut writer = Self::bare(selection, knowledge, options, out);
        writer.files = files;
        writer.common = Some(common);
        writer.learn();
        writer
    }

    fn learn(&mut self) {
        for fact in &self.selection.facts {
            self.profiles.learn(fact, self.stamp(fact), &|_| true);
        }
    }

    /// One that writes no objects of entities: what facts say of these is not gathered.
    pub(super) fn bare(
        selection: &'s Selection,
        knowledge: &'s Knowledge,
        options: StixOptions,
        out: &'o mut dyn FnMut(StixObject),
    ) -> Self {
        Self {
            selection,
            knowledge,
            options,
            out,
            papers: selection.documents.iter().map(|d| (d.document.id, paper(d))).collect(),
            profiles: Profiles::default(),
            files: Rc::default(),
            seen: BTreeSet::new(),
            passing: BTreeSet::new(),
            counts: BTreeMap::new(),
            refs: BTreeMap::new(),
            homeless: BTreeMap::new(),
            doubts: BTreeMap::new(),
            losses: Vec::new(),
            came: None,
            pieces: None,
            common: None,
        }
    }

    /// Makes objects one by one from now on: those of entities are written on demand alone.
    pub(super) fn lean(&mut self, leaning: &'s Leaning) {
        self.files = Rc::new(Files::of(&leaning.same));
        self.pieces = Some(Piece { leaning, came: Timestamp::UNIX_EPOCH, refers: false });
    }

    /// When the piece came that is written next.
    pub(super) fn comes(&mut self, came: Timestamp) {
        if let Some(piece) = &mut self.pieces {
            piece.came = came;
        }
    }

    /// Whether facts only tell of what their documents speak, from now on.
    pub(super) fn only_refer(&mut self, refers: bool) {
        if let Some(piece) = &mut self.pieces {
            piece.refers = refers;
        }
    }

    pub(super) fn refers(&self) -> bool {
        self.pieces.as_ref().is_some_and(|piece| piece.refers)
    }

    pub(super) fn in_pieces(&self) -> bool {
        self.pieces.is_some()
    }

    /// How many objects were written.
    pub(super) fn written(&self) -> usize {
        self.seen.len()
    }

    /// Writes the own objects of an entity, if STIX has any.
    pub(super) fn own_object(&mut self, entity: &Entity) {
        let pieces = self.pieces.take();
        let came = pieces.as_ref().map(|piece| piece.came);
        self.came = came;
        self.entity(entity);
        self.came = None;
        self.pieces = pieces;
    }

    /// Whether an entity has an indicator, of this identifier.
    pub(super) fn has_indicator(&self, entity: &Entity, id: &str) -> bool {
        match &self.pieces {
            Some(piece) => piece.leaning.indicators.contains(entity),
            None => self.is_written(id),
        }
    }

    /// What is known of an entity's own properties.
    fn profile(&self, entity: &Entity) -> Option<&Profile> {
        let of_all = self.common.as_ref().and_then(|common| common.get(entity));
        of_all.or_else(|| self.profiles.get(entity))
    }

    /// Notes that an object of an observable can be asked for by the facts of no other subject.
    fn passes(&mut self, entity: &Entity, id: &str) {
        let Some(common) = &self.common else { return };
        // Other kinds have objects that several values share: a folder, the long form of a key.
        let alone = matches!(
            entity.kind,
            Kind::Ipv4Addr
                | Kind::Ipv6Addr
                | Kind::DomainName
                | Kind::EmailAddr
                | Kind::MacAddr
                | Kind::Url
                | Kind::FileName
                | Kind::Md5
                | Kind::Sha1
                | Kind::Sha256
                | Kind::Sha512
        );
        if alone && common.get(entity).is_none() && !self.files.holds(entity) {
            self.pass(id);
        }
    }

    /// Notes that the facts of another subject can neither give this object nor ask for it.
    pub(super) fn pass(&mut self, id: &str) {
        if self.common.is_some() {
            self.passing.insert(id.to_owned());
        }
    }

    /// When a fact was made and changed, and who may see it, by the documents that state it.
    pub(super) fn stamp(&self, selected: &SelectedFact) -> Stamp {
        let mut stamp = Stamp { marking: selected.fact.marking, ..Stamp::default() };
        for id in &selected.documents {
            if let Some(paper) = self.papers.get(id) {
                stamp.join(paper.stamp());
            }
        }
        stamp
    }

    /// A time for what no document dates.
    fn fallback(&self) -> Timestamp {
        id::start_of(self.selection.today)
    }

    /// Adds what all our objects have, and writes the object; returns its identifier.
    pub(super) fn own(&mut self, kind: &str, id: String, stamp: Stamp, fields: Value) -> String {
        let came = self.came.or(self.pieces.as_ref().map(|piece| piece.came));
        let (created, modified) = if let Some(came) = came {
            // Its version is when it came; nothing was made after that.
            (stamp.created.map_or(came, |created| created.min(came)), came)
        } else {
            let created = stamp.created.unwrap_or_else(|| self.fallback());
            (created, stamp.modified.unwrap_or(created).max(created))
        };
        let mut object = json!({
            "type": kind,
            "spec_version": "2.1",
            "id": id,
            "created_by_ref": id::CREATOR,
            "created": id::stamp(created),
            "modified": id::stamp(modified),
            "object_marking_refs": self.marks(stamp.marking, stamp.pap),
        });
        merge(&mut object, fields);
        self.put(object);
        id
    }

    pub(super) fn marks(&self, marking: Marking, pap: Option<Pap>) -> Vec<String> {
        let tlp = marking::reference(marking, self.options.tlp1);
        std::iter::once(tlp).chain(pap.map(Pap::reference)).collect()
    }

    /// Writes an object once.
    pub(super) fn put(&mut self, mut json: Value) {
        let id = json["id"].as_str().unwrap_or_default().to_owned();
        if !self.seen.insert(id.clone()) {
            return;
        }
        without_empty_lists(&mut json);
        let kind = json["type"].as_str().unwrap_or_default().to_owned();
        *self.counts.entry(kind).or_default() += 1;
        (self.out)(StixObject { id, json });
    }

    pub(super) fn is_written(&self, id: &str) -> bool {
        self.seen.contains(id)
    }

    /// The definitions of all markings that are used.
    fn markings(&mut self) {
        self.markings_of(self.selection.facts.iter().map(|fact| fact.fact.marking).collect());
    }

    /// As [`Self::markings`], with those of facts that are not here.
    pub(super) fn markings_of(&mut self, mut tlp: BTreeSet<Marking>) {
        let documents = || self.selection.documents.iter();
        tlp.extend(documents().filter_map(|chosen| chosen.document.marking));
        tlp.insert(Marking::Clear);
        let pap: BTreeSet<Pap> = self.papers.values().filter_map(|paper| paper.pap).collect();
        for marking in tlp {
            self.put(marking::definition(marking, self.options.tlp1));
        }
        for pap in pap {
            self.put(pap.definition());
        }
    }

    /// Writes the object of an entity; returns its identifier, `None` where STIX has none.
    pub(super) fn entity(&mut self, entity: &Entity) -> Option<String> {
        if let Some(kind) = entity::domain_type(entity.kind) {
            let id = entity::domain_id(entity)?;
            if !self.in_pieces() && !self.is_written(&id) {
                let (stamp, fields) = self.domain(entity, kind);
                self.own(kind, id.clone(), stamp, fields);
            }
            return Some(id);
        }
        if self.in_pieces() {
            return observable::id_of(entity, &self.files);
        }
        let observable = observable::of(entity, &self.files)?;
        if !self.is_written(&observable.id) {
            let stamp = self.profile(entity).map(|p| p.stamp).unwrap_or_default();
            let marks = self.marks(stamp.marking, stamp.pap);
            for mut object in observable.objects {
                object["object_marking_refs"] = json!(marks);
                self.put(object);
            }
            self.passes(entity, &observable.id);
        }
        Some(observable.id)
    }

    fn domain(&self, entity: &Entity, kind: &str) -> (Stamp, Value) {
        let mut fields = entity::properties(entity, self.knowledge);
        let Some(profile) = self.profile(entity) else { return (Stamp::default(), fields) };
        if matches!(kind, "threat-actor" | "intrusion-set" | "campaign" | "malware" | "tool")
            && !profile.aliases.is_empty()
        {
            fields["aliases"] = json!(profile.aliases);
        }
        if !profile.weaknesses.is_empty() {
            let mut references =
                fields["external_references"].as_array().cloned().unwrap_or_default();
            references.extend(profile.weaknesses.iter().map(|weakness| entity::weakness(weakness)));
            fields["external_references"] = Value::Array(references);
        }
        if matches!(kind, "threat-actor" | "intrusion-set" | "campaign" | "malware") {
            let Period { first, last } = profile.period;
            if let Some(first) = first {
                fields["first_seen"] = json!(id::stamp(id::start_of(first)));
            }
            if let Some(last) = last {
                let start = first.map_or(Timestamp::MIN, id::start_of);
                fields["last_seen"] = json!(id::stamp(id::end_of(last).max(start)));
            }
        }
        (profile.stamp, fields)
    }

    /// The claims under a fact, as the extension carries them; tells the documents of the objects.
    pub(super) fn claims(&mut self, selected: &'s SelectedFact, refs: &[&str]) -> Vec<Value> {
        let mut told = Vec::new();
        for document in &selected.documents {
            let known = self.refs.entry(*document).or_default();
            known.extend(refs.iter().map(|id| (*id).to_owned()));
            told.extend(self.claims_of(*document, selected).iter().map(|c| claim(*document, c)));
        }
        told
    }

    /// Tells the documents of a fact of the objects that it is told by.
    pub(super) fn refer(&mut self, selected: &SelectedFact, refs: &[&str]) {
        for document in &selected.documents {
            let known = self.refs.entry(*document).or_default();
            known.extend(refs.iter().map(|id| (*id).to_owned()));
        }
    }

    /// The claims of one document under a fact.
    pub(super) fn claims_of(
        &self,
        document: DocumentId,
        selected: &'s SelectedFact,
    ) -> Vec<&'s SelectedClaim> {
        let fact = &selected.fact;
        let key = (&fact.subject, fact.relation, &fact.object);
        let claims = self.papers.get(&document).and_then(|paper| paper.claims.get(&key));
        claims.cloned().unwrap_or_default()
    }

    /// Gives the claims of a fact that has no object of its own to the reports.
    pub(super) fn hand_to_reports(&mut self, selected: &'s SelectedFact, refs: &[&str]) {
        for document in &selected.documents {
            let claims = self.claims_of(*document, selected);
            self.homeless.entry(*document).or_default().extend(claims);
            let known = self.refs.entry(*document).or_default();
            known.extend(refs.iter().map(|id| (*id).to_owned()));
        }
    }

    /// The first documents that state a fact, in the order of the selection.
    pub(super) fn first_documents(
        &self,
        selected: &SelectedFact,
        most: usize,
    ) -> Vec<&'s Document> {
        let states = |chosen: &&SelectedDocument| selected.documents.contains(&chosen.document.id);
        if self.in_pieces() {
            // There they are few, and told by a fact in an order of its own.
            let all = self.selection.documents.iter().filter(states);
            return all.take(most).map(|chosen| &chosen.document).collect();
        }
        let papers = selected.documents.iter().filter_map(|id| self.papers.get(id));
        papers.take(most).map(|paper| &paper.chosen.document).collect()
    }

    pub(super) fn refs_of(&self, document: DocumentId) -> BTreeSet<String> {
        self.refs.get(&document).cloned().unwrap_or_default()
    }

    pub(super) fn stamp_of(&self, document: DocumentId) -> Stamp {
        self.papers.get(&document).map(Paper::stamp).unwrap_or_default()
    }

    fn finish(self) -> Written {
        Written { counts: self.counts.into_iter().collect(), losses: self.losses }
    }
}

impl Paper<'_> {
    fn stamp(&self) -> Stamp {
        Stamp {
            created: Some(self.created),
            modified: Some(self.modified),
            marking: self.chosen.document.marking.unwrap_or_default(),
            pap: self.pap,
        }
    }
}

/// When a document was made and changed, and who may see it.
pub(super) fn stamp_of_document(chosen: &SelectedDocument) -> Stamp {
    paper(chosen).stamp()
}

fn paper(chosen: &SelectedDocument) -> Paper<'_> {
    let document = &chosen.document;
    let created = document.published.map_or(chosen.added, id::start_of);
    let modified = document.modified.map_or(created, id::start_of).max(created);
    let mut claims: BTreeMap<_, Vec<&SelectedClaim>> = BTreeMap::new();
    for claim in &chosen.claims {
        claims
            .entry((&claim.subject, claim.claim.relation, &claim.object))
            .or_default()
            .push(claim);
    }
    let tags = document.properties.iter().filter(|(name, _)| name == "tag" || name == "label");
    let pap = tags.filter_map(|(_, tag)| Pap::of_tag(tag)).max();
    Paper { chosen, created, modified, pap, claims }
}

/// A claim as the extension carries it.
pub(super) fn claim(document: DocumentId, chosen: &SelectedClaim) -> Value {
    let mut json = serde_json::to_value(&chosen.claim).unwrap_or_default();
    json["document"] = json!(document);
    if !chosen.quote.is_empty() {
        json["quote"] = json!(chosen.quote);
    }
    json
}

/// The specification knows no empty lists, at whatever depth.
fn without_empty_lists(json: &mut Value) {
    if let Value::Object(fields) = json {
        fields.retain(|_, value| !value.as_array().is_some_and(Vec::is_empty));
        fields.values_mut().for_each(without_empty_lists);
    }
}

/// Puts the fields of `more` into an object.
pub(super) fn merge(object: &mut Value, more: Value) {
    if let (Value::Object(object), Value::Object(more)) = (object, more) {
        object.extend(more);
    }
}

/// Fields under the key of our extension.
pub(super) fn extension(mut fields: Map<String, Value>) -> Value {
    fields.insert("extension_type".into(), "property-extension".into());
    json!({ id::EXTENSION: fields })
}

/// Whether a fact says that its subject plays this role.
pub(super) fn is_role(selected: &SelectedFact, role: Role) -> bool {
    selected.fact.relation == Relation::Role
        && matches!(&selected.fact.object, Object::Text(word) if word == role.as_str())
}

#[cfg(test)]
pub(super) mod testing {
    use lapwing_model::{
        AnalyticConfidence, Basis, ClaimId, Contribution, Entity, Fact, Marking, Object, OriginId,
        Period, Relation, Status,
    };

    use crate::export::SelectedFact;

    /// A fact of one origin, stated by no document.
    pub(crate) fn fact(
        subject: &Entity,
        relation: Relation,
        object: impl Into<Object>,
    ) -> SelectedFact {
        let claim = ClaimId::default();
        let contribution = Contribution {
            origin: OriginId::default(),
            supports: true,
            weight: 0.8,
            reliability: 0.8,
            precision: 1.0,
            stated: 1.0,
            strongest: claim,
            claims: vec![claim],
        };
        SelectedFact {
            fact: Fact {
                subject: subject.clone(),
                relation,
                object: object.into(),
                probability: 0.8,
                confidence: AnalyticConfidence::Low,
                basis: Basis::Observed,
                period: Period::default(),
                reported: Period::default(),
                marking: Marking::Clear,
                contributions: vec![contribution],
                notes: Vec::new(),
            },
            status: Status::Undated,
            expires: None,
            documents: Vec::new(),
        }
    }
}
