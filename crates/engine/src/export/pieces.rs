//! What single facts, entities and documents are told with, gathered from their own rows.

use std::cell::{Cell, RefCell};
use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use jiff::tz::TimeZone;
use lapwing_model::{
    Admiralty, DocumentId, Entity, Fact, Kind, Marking, Object, OriginId, Pap, PartialDate,
    Relation, Role, Status,
};
use lapwing_publish::export::{SelectedClaim, SelectedDocument, SelectedFact, Selection};
use lapwing_publish::stix::StixObject;
use lapwing_publish::stix::pieces::{self, Leaning};
use lapwing_store::{Came, StoredClaim, Turn};

use crate::{Engine, EngineError, Statuses};

/// Claims that are told of one fact, the first by document: what thousands say is counted by its origins.
const TOLD: usize = 16;
/// Statements that are looked at for the own object of an entity.
const NAMING: usize = 16;
/// What is looked at to find which hashes are of one file.
const JOINED: usize = 64;
/// Bytes of texts that are held for one page, and those of one more.
const TEXTS: usize = 8 << 20;
/// Claims of a document that its report tells of.
const OF_REPORT: usize = 10_000;

/// By number: subject, relation, object.
type Statement = (i64, i64, i64);

/// The facts of one subject.
type Own = Vec<(Statement, Fact)>;

/// Which objects of a document are asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct OfDocument {
    /// Its report.
    pub(super) report: bool,
    /// Who published it.
    pub(super) publisher: bool,
    /// The note on its origin.
    pub(super) origin: bool,
}

/// Makes the objects of a page.
pub(super) struct Page<'e> {
    engine: &'e Engine,
    ceiling: Marking,
    pap: Pap,
    /// The strictest permissible actions of all documents, once they were asked for.
    strictest: Cell<Option<Pap>>,
    /// Texts that were read: what came together is of few documents most of the time.
    texts: RefCell<BTreeMap<DocumentId, String>>,
}

impl<'e> Page<'e> {
    pub(super) fn new(engine: &'e Engine, ceiling: Marking, pap: Pap) -> Self {
        Self { engine, ceiling, pap, strictest: Cell::new(None), texts: RefCell::default() }
    }

    fn strictest(&self) -> Result<Pap, EngineError> {
        if let Some(known) = self.strictest.get() {
            return Ok(known);
        }
        let (_, pap) = self.engine.store.strictest()?;
        self.strictest.set(Some(pap));
        Ok(pap)
    }

    /// The objects of each of some facts.
    pub(super) fn of_facts(&self, turns: &[Turn]) -> Result<Vec<Vec<StixObject>>, EngineError> {
        let store = &self.engine.store;
        let statements: Vec<Statement> = turns.iter().filter_map(statement).collect();
        let found = store.facts_that_came(&statements, TOLD)?;
        let mut all: Vec<(usize, Fact, Vec<StoredClaim>)> = Vec::new();
        for (at, found) in found.into_iter().enumerate() {
            let Some((fact, claims)) = found else { continue };
            if fact.marking <= self.ceiling {
                all.push((at, fact, claims));
            }
        }
        let mut statuses = self.statuses(&statements, &all)?;
        let mut papers = Papers::default();
        let mut facts = Vec::with_capacity(all.len());
        let mut came = Vec::with_capacity(all.len());
        let mut places = Vec::with_capacity(all.len());
        for (at, fact, claims) in all {
            let time = turns.get(at).map_or(Timestamp::UNIX_EPOCH, time_of);
            let documents = papers.quote(self, claims)?;
            let day = time.to_zoned(TimeZone::UTC).date();
            let statuses = statuses.on(day);
            let (status, expires) = (statuses.of(&fact), statuses.expires_on(&fact));
            let mut selected = SelectedFact { fact, status, expires, documents };
            if status == Status::Undated && selected.is_indicator() {
                // What nobody dates expires by the day on which it became known here.
                selected.expires = statuses.expires_if_seen(&selected.fact, day);
            }
            facts.push(selected);
            came.push(time);
            places.push(at);
        }
        let numbers: Vec<Statement> =
            places.iter().filter_map(|at| statements.get(*at).copied()).collect();
        let leaning = self.leaning(&facts, &numbers)?;
        // What is known as benign may be told by two facts, as one object.
        let twice = self.told_twice(&facts)?;
        let selection = self.selection(facts, papers);
        let written = pieces::of_facts(&selection, &self.engine.knowledge, &leaning, &came);
        let mut objects = vec![Vec::new(); turns.len()];
        for (nth, (at, of_it)) in places.into_iter().zip(written).enumerate() {
            if !twice.contains(&nth)
                && let Some(place) = objects.get_mut(at)
            {
                *place = of_it;
            }
        }
        Ok(objects)
    }

    /// The own objects of each of some entities.
    pub(super) fn of_entities(&self, turns: &[Turn]) -> Result<Vec<Vec<StixObject>>, EngineError> {
        let number = |turn: &Turn| if let Came::Entity(n) = turn.what { Some(n) } else { None };
        let numbers: Vec<i64> = turns.iter().filter_map(number).collect();
        let mut near = self.engine.store.facts_of_near(&numbers)?;
        turns
            .iter()
            .map(|turn| {
                let own = number(turn).and_then(|n| near.remove(&n));
                self.of_entity(turn, own)
            })
            .collect()
    }

    /// The own objects of an entity; `own`: all facts of which it is the subject, where they are known.
    fn of_entity(&self, turn: &Turn, own: Option<Own>) -> Result<Vec<StixObject>, EngineError> {
        let store = &self.engine.store;
        let Came::Entity(n) = turn.what else { return Ok(Vec::new()) };
        let Some(entity) = store.entities_that_came(&[n])?.pop() else { return Ok(Vec::new()) };
        let is_domain = pieces::is_domain_object(entity.kind);
        let is_name = !entity.kind.is_observable();
        if is_domain && store.has_namesake_before(n, &entity)? {
            return Ok(Vec::new());
        }
        let same = self.same_of((n, &entity), own.as_deref())?;
        if self.is_told_by_another(n, &entity, &same)? {
            return Ok(Vec::new());
        }
        // Times and permitted actions are those of documents; a value has no time of its own.
        let dated = is_domain || self.strictest()? > Pap::Clear;
        let most = if dated { TOLD } else { 0 };
        let told = match own {
            Some(own) if !(is_name || dated || own.is_empty()) => {
                own.into_iter().take(NAMING).map(|(_, fact)| (fact, Vec::new())).collect()
            }
            _ => {
                let statements = store.statements_naming(n, is_name, NAMING)?;
                let found = store.facts_that_came(&statements, most)?;
                found.into_iter().flatten().collect::<Vec<_>>()
            }
        };
        let mut papers = Papers::default();
        let mut facts = Vec::new();
        for (fact, claims) in told {
            if fact.marking > self.ceiling {
                continue;
            }
            let documents = papers.take(self.engine, claims)?;
            facts.push(SelectedFact { fact, status: Status::Undated, expires: None, documents });
        }
        let above = match pieces::folder(&entity) {
            Some(folder) => !store.is_folder_before(n, &entity, folder)?,
            None => true,
        };
        let selection = self.selection(facts, papers);
        let leaning = Leaning { indicators: BTreeSet::new(), same };
        let told = (&entity, time_of(turn), above);
        Ok(pieces::of_entity(&selection, &self.engine.knowledge, &leaning, told))
    }

    /// As [`Self::same`], of one entity whose own facts may be known: most are said to be nothing else.
    fn same_of(
        &self,
        (n, entity): (i64, &Entity),
        own: Option<&[(Statement, Fact)]>,
    ) -> Result<Vec<SelectedFact>, EngineError> {
        let says = |fact: &Fact| fact.relation == Relation::SameObject;
        if let Some(own) = own
            && !own.iter().any(|(_, fact)| says(fact))
            && (!pieces::may_be_joined(entity)
                || !self.engine.store.is_object_of(n, Relation::SameObject)?)
        {
            return Ok(Vec::new());
        }
        self.same(&[(n, entity)])
    }

    /// The report of a document, with the object of its publisher and the note on its origin: what is asked for of these.
    pub(super) fn of_document(
        &self,
        turn: &Turn,
        asked: OfDocument,
    ) -> Result<Vec<StixObject>, EngineError> {
        let store = &self.engine.store;
        let Came::Document(row) = turn.what else { return Ok(Vec::new()) };
        let publisher = asked.publisher && store.is_first_of_its_publisher(row)?;
        if !(asked.report || asked.origin || publisher) {
            return Ok(Vec::new());
        }
        // What it says is a matter of its report alone, and most of the work.
        let most = if asked.report { OF_REPORT } else { 0 };
        let Some((record, statements)) = store.document_that_came(row, most)? else {
            return Ok(Vec::new());
        };
        let id = record.document.id;
        if record.document.marking.unwrap_or_default() > self.ceiling
            || record.document.pap() > self.pap
        {
            return Ok(Vec::new());
        }
        let mut facts = Vec::new();
        let mut numbers = Vec::new();
        let mut homeless = Vec::new();
        for (statement, found) in statements.iter().zip(store.facts_that_came(&statements, 0)?) {
            let Some((fact, _)) = found.filter(|(fact, _)| fact.marking <= self.ceiling) else {
                continue;
            };
            if is_told_by_report(&fact) {
                homeless.push(*statement);
            }
            let status = if is_benign(&fact) { Status::Benign } else { Status::Undated };
            facts.push(SelectedFact { fact, status, expires: None, documents: vec![id] });
            numbers.push(*statement);
        }
        let claims = store.claims_on(row, &homeless)?.into_iter().flatten().collect();
        let origin = store.origin_of(id)?;
        let alone = origin.as_ref().is_none_or(|origin| origin.members.len() < 2);
        if !asked.report && !publisher && alone {
            return Ok(Vec::new());
        }
        let mut papers = Papers::default();
        papers.quote(self, claims)?;
        papers.put(self.engine, id)?;
        let mut told = false;
        if let Some(origin) = &origin {
            papers.is_of(id, origin);
            told = origin.members.len() > 1;
            for member in &origin.members {
                // The one that came last tells of the origin.
                let turn_of = store.turn_of_document(member.document)?;
                told &= turn_of.is_none_or(|n| n <= turn.n);
            }
            for member in origin.members.iter().filter(|_| told) {
                papers.put(self.engine, member.document)?;
                papers.is_of(member.document, origin);
            }
        }
        papers.gaps(self.engine, id)?;
        let leaning = self.leaning(&facts, &numbers)?;
        let mut selection = self.selection(facts, papers);
        // The one that is told stands first.
        selection.documents.sort_by_key(|chosen| chosen.document.id != id);
        selection.origins.extend(origin.filter(|_| told));
        let whole = asked.report;
        let asked = (time_of(turn), publisher, told);
        let mut objects = pieces::of_document(&selection, &self.engine.knowledge, &leaning, asked);
        // Without what the document says its report would not be all of it.
        objects.retain(|object| whole || !object.id.starts_with("report--"));
        Ok(objects)
    }

    /// The objects of what came; of a document those that are asked for.
    pub(super) fn of_turn(
        &self,
        turn: &Turn,
        asked: OfDocument,
    ) -> Result<Vec<StixObject>, EngineError> {
        match turn.what {
            Came::Fact(..) => {
                Ok(self.of_facts(std::slice::from_ref(turn))?.into_iter().flatten().collect())
            }
            Came::Entity(_) => self.of_entity(turn, None),
            Came::Document(_) => self.of_document(turn, asked),
        }
    }

    /// Whether what came may give an object of these identifiers; the object itself is looked at later.
    pub(super) fn may_give(&self, turn: &Turn, ids: &BTreeSet<&str>) -> Result<bool, EngineError> {
        let store = &self.engine.store;
        match turn.what {
            Came::Entity(n) => {
                let Some(entity) = store.entities_that_came(&[n])?.pop() else { return Ok(false) };
                if pieces::folder(&entity).is_some() {
                    return Ok(true);
                }
                let same = self.same(&[(n, &entity)])?;
                Ok(pieces::entity_id(&entity, &same).is_some_and(|id| ids.contains(id.as_str())))
            }
            Came::Fact(n, relation, object) => {
                let Some(subject) = store.entities_that_came(&[n])?.pop() else {
                    return Ok(false);
                };
                let (relation, object) = store.statement_words(relation, object)?;
                let same = self.same(&[(n, &subject)])?;
                let may = pieces::ids_of_statement(&subject, relation, &object, &same);
                Ok(may.iter().any(|id| ids.contains(id.as_str())))
            }
            Came::Document(row) => {
                let Some((record, _)) = store.document_that_came(row, 0)? else { return Ok(false) };
                // Most are asked for by their reports: the origin is another question.
                let origin = if ids.iter().any(|id| id.starts_with("note--")) {
                    store.origin_of(record.document.id)?.map(|origin| origin.id)
                } else {
                    None
                };
                let may = pieces::ids_of_document(&record.document, origin);
                Ok(may.iter().any(|id| ids.contains(id.as_str())))
            }
        }
    }

    /// What a page leans on: which values have an indicator, and which hashes are of one file. The numbers are those of
    /// the facts.
    fn leaning(
        &self,
        facts: &[SelectedFact],
        numbers: &[Statement],
    ) -> Result<Leaning, EngineError> {
        let mut asked: BTreeSet<i64> = BTreeSet::new();
        let mut hashes: Vec<(i64, &Entity)> = Vec::new();
        for (SelectedFact { fact, .. }, (subject, _, object)) in facts.iter().zip(numbers) {
            let object = fact.object.entity().map(|entity| (*object, entity));
            for (n, end) in std::iter::once((*subject, &fact.subject)).chain(object) {
                let tells = matches!(fact.relation, Relation::Indicates | Relation::LastSeen);
                if tells || end.kind == Kind::Pattern {
                    asked.insert(n);
                }
                if pieces::may_be_joined(end) {
                    hashes.push((n, end));
                }
            }
        }
        let asked: Vec<i64> = asked.into_iter().collect();
        let mut indicators = BTreeSet::new();
        let roles = self.engine.store.facts_beside(&asked, &[Relation::Role])?;
        for fact in roles.into_iter().flatten() {
            let status = if is_benign(&fact) { Status::Benign } else { Status::Undated };
            let selected = SelectedFact { fact, status, expires: None, documents: Vec::new() };
            if pieces::has_indicator(&selected) {
                indicators.insert(selected.fact.subject);
            }
        }
        Ok(Leaning { indicators, same: self.same(&hashes)? })
    }

    /// What is said to be the same object as some entities, and as those, and so on; each with its number.
    fn same(&self, entities: &[(i64, &Entity)]) -> Result<Vec<SelectedFact>, EngineError> {
        let store = &self.engine.store;
        let mut statements: BTreeSet<Statement> = BTreeSet::new();
        let joined: BTreeSet<i64> = entities
            .iter()
            .filter(|(_, entity)| pieces::may_be_joined(entity))
            .map(|(n, _)| *n)
            .collect();
        for first in joined {
            let mut seen = BTreeSet::from([first]);
            let mut waiting = vec![first];
            while let Some(n) = waiting.pop() {
                for (one, same, other) in store.same_objects(n)? {
                    statements.insert((one, same, other));
                    for next in [one, other] {
                        if seen.len() < JOINED && seen.insert(next) {
                            waiting.push(next);
                        }
                    }
                }
            }
        }
        if statements.is_empty() {
            return Ok(Vec::new());
        }
        let statements: Vec<Statement> = statements.into_iter().collect();
        let found = store.facts_that_came(&statements, 0)?.into_iter().flatten();
        let plain = |fact: Fact| SelectedFact {
            fact,
            status: Status::Undated,
            expires: None,
            documents: Vec::new(),
        };
        let mut same: Vec<SelectedFact> = found.map(|(fact, _)| plain(fact)).collect();
        same.sort_by(|a, b| {
            (&a.fact.subject, &a.fact.object).cmp(&(&b.fact.subject, &b.fact.object))
        });
        Ok(same)
    }

    /// Whether a value with a smaller number is the same object: it is told once.
    fn is_told_by_another(
        &self,
        n: i64,
        entity: &Entity,
        same: &[SelectedFact],
    ) -> Result<bool, EngineError> {
        if same.is_empty() {
            return Ok(false);
        }
        let id = pieces::entity_id(entity, same);
        let ends = same
            .iter()
            .flat_map(|it| std::iter::once(&it.fact.subject).chain(it.fact.object.entity()));
        for other in ends.filter(|other| *other != entity && pieces::may_be_joined(other)) {
            if pieces::entity_id(other, same) == id
                && self.engine.store.entity_number(other)?.is_some_and(|other| other < n)
            {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// The places of facts whose object another fact tells: that a value known as benign is an indicator.
    fn told_twice(&self, facts: &[SelectedFact]) -> Result<BTreeSet<usize>, EngineError> {
        let doubtful: Vec<usize> = facts
            .iter()
            .enumerate()
            .filter(|(_, it)| it.is_indicator() && it.status == Status::Benign)
            .map(|(at, _)| at)
            .collect();
        let subjects: Vec<Entity> = doubtful
            .iter()
            .filter_map(|at| facts.get(*at).map(|it| it.fact.subject.clone()))
            .collect();
        let roles = self.engine.store.roles(&subjects)?;
        let is_named =
            |fact: &Fact| matches!(&fact.object, Object::Text(w) if w == Role::Benign.as_str());
        Ok(doubtful
            .into_iter()
            .zip(roles)
            .filter(|(_, roles)| roles.iter().any(is_named))
            .map(|(at, _)| at)
            .collect())
    }

    /// What reads the status of the values that facts say are indicators.
    fn statuses(
        &self,
        statements: &[Statement],
        facts: &[(usize, Fact, Vec<StoredClaim>)],
    ) -> Result<Statuses, EngineError> {
        let subjects: Vec<i64> = facts
            .iter()
            .filter(|(_, fact, _)| fact.relation == Relation::Role)
            .filter_map(|(at, ..)| statements.get(*at).map(|(subject, ..)| *subject))
            .collect();
        let telling = [Relation::Indicates, Relation::LastSeen];
        let beside = self.engine.store.facts_beside(&subjects, &telling)?;
        let today = jiff::civil::Date::ZERO;
        Ok(Statuses::of_facts(beside.iter().flatten(), today, self.engine.decay))
    }

    fn selection(&self, facts: Vec<SelectedFact>, papers: Papers) -> Selection {
        Selection {
            asked: Vec::new(),
            subjects: Vec::new(),
            ceiling: self.ceiling,
            today: PartialDate::from(jiff::civil::Date::ZERO),
            documents: papers.in_order(),
            facts,
            origins: Vec::new(),
            left_out: Vec::new(),
        }
    }
}

fn statement(turn: &Turn) -> Option<Statement> {
    match turn.what {
        Came::Fact(subject, relation, object) => Some((subject, relation, object)),
        _ => None,
    }
}

fn time_of(turn: &Turn) -> Timestamp {
    Timestamp::from_microsecond(turn.n).unwrap_or(Timestamp::UNIX_EPOCH)
}

fn is_benign(fact: &Fact) -> bool {
    lapwing_fuse::set_aside(fact) == Some(Status::Benign)
}

/// Whether no object of its own carries the claims of a fact: the reports do.
fn is_told_by_report(fact: &Fact) -> bool {
    match (&fact.object, fact.relation) {
        (Object::Text(role), Relation::Role) => {
            role != Role::Indicator.as_str() && role != Role::Benign.as_str()
        }
        (Object::Text(_), _) => true,
        (Object::Entity(_), relation) => matches!(
            relation,
            Relation::AliasOf
                | Relation::HasWeakness
                | Relation::About
                | Relation::References
                | Relation::DerivedFrom
                | Relation::SameObject
        ),
    }
}

/// The documents of a page with the claims that are told.
#[derive(Default)]
struct Papers(BTreeMap<DocumentId, Paper>);

struct Paper {
    chosen: SelectedDocument,
}

impl Papers {
    /// Tells of which documents claims are, and takes these in.
    fn take(
        &mut self,
        engine: &Engine,
        claims: Vec<StoredClaim>,
    ) -> Result<Vec<DocumentId>, EngineError> {
        let mut documents = Vec::new();
        for claim in claims {
            if !documents.contains(&claim.document) {
                self.put(engine, claim.document)?;
                documents.push(claim.document);
            }
        }
        Ok(documents)
    }

    /// Takes claims in with their words, each once; tells of which documents they are.
    fn quote(
        &mut self,
        page: &Page<'_>,
        claims: Vec<StoredClaim>,
    ) -> Result<Vec<DocumentId>, EngineError> {
        let mut documents = Vec::new();
        for StoredClaim { id, document, claim, subject, object } in claims {
            if !documents.contains(&document) {
                documents.push(document);
            }
            let Some(paper) = self.paper(page.engine, document)? else { continue };
            let mut texts = page.texts.borrow_mut();
            if !texts.contains_key(&document) {
                let read = page.engine.store.document(document)?;
                if texts.values().map(String::len).sum::<usize>() > TEXTS {
                    texts.clear();
                }
                texts.insert(document, read.map(|document| document.text).unwrap_or_default());
            }
            let text = texts.get(&document).map_or("", String::as_str);
            let quote = claim.span.slice(text).unwrap_or_default().to_owned();
            paper.chosen.claims.push(SelectedClaim { id, claim, subject, object, quote });
        }
        Ok(documents)
    }

    /// Sees to it that a document is among them.
    fn put(&mut self, engine: &Engine, id: DocumentId) -> Result<(), EngineError> {
        self.paper(engine, id).map(drop)
    }

    fn paper(
        &mut self,
        engine: &Engine,
        id: DocumentId,
    ) -> Result<Option<&mut Paper>, EngineError> {
        match self.0.entry(id) {
            Entry::Occupied(known) => Ok(Some(known.into_mut())),
            Entry::Vacant(place) => {
                let Some(record) = engine.store.document_record(id)? else { return Ok(None) };
                let chosen = SelectedDocument {
                    document: record.document,
                    added: record.added,
                    origin: OriginId::default(),
                    grade: Admiralty { reliability: 'F', credibility: 6 },
                    claims: Vec::new(),
                    gaps: Vec::new(),
                };
                Ok(Some(place.insert(Paper { chosen })))
            }
        }
    }

    fn is_of(&mut self, id: DocumentId, origin: &lapwing_model::Origin) {
        let member = origin.members.iter().find(|member| member.document == id);
        if let (Some(paper), Some(member)) = (self.0.get_mut(&id), member) {
            paper.chosen.origin = origin.id;
            paper.chosen.grade = member.grade;
        }
    }

    fn gaps(&mut self, engine: &Engine, id: DocumentId) -> Result<(), EngineError> {
        if let Some(paper) = self.0.get_mut(&id) {
            paper.chosen.gaps = engine.store.gaps_of(id)?;
        }
        Ok(())
    }

    fn in_order(self) -> Vec<SelectedDocument> {
        let mut documents: Vec<SelectedDocument> =
            self.0.into_values().map(|paper| paper.chosen).collect();
        for chosen in &mut documents {
            chosen.claims.sort_by_key(|claim| (claim.claim.span, claim.id));
        }
        documents.sort_by_key(|chosen| {
            let document = &chosen.document;
            (document.published.is_none(), document.published, document.id)
        });
        documents
    }
}
