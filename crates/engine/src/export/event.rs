//! One document as an event of MISP's, for those who ask for one at a time.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use jiff::civil::Date;
use lapwing_fuse::set_aside;
use lapwing_model::{Admiralty, DocumentId, Entity, Fact, Marking, PartialDate, Status};
use lapwing_publish::export::{SelectedClaim, SelectedDocument, SelectedFact, Selection};
use lapwing_publish::misp::{self, Event};
use lapwing_store::{DocumentRecord, FactQuery, StoredClaim};

use super::selection::is_indicator;
use crate::{Engine, EngineError};

/// The event of a document, and what became another since the document came.
#[derive(Clone, Debug, PartialEq)]
pub struct EventNow {
    /// The event.
    pub event: Event,
    /// The document.
    pub record: DocumentRecord,
    /// When it changed last; `None` where it is as it was when the document came.
    pub changed: Option<Timestamp>,
    /// When what all documents together say of a value changed last, where it did: by value, as attributes have it,
    /// in lower case.
    pub values: BTreeMap<String, Timestamp>,
}

/// The statement of a fact, to look claims up by.
type Said<'f> = (&'f Entity, lapwing_model::Relation, &'f lapwing_model::Object);

impl Engine {
    /// The event that a document becomes; `None` where there is no such document, or nothing of it
    /// may be shown. Cut the engine to the ceiling before, with [`Engine::at_most`]: the ceiling
    /// here is the second lock.
    ///
    /// It is the one that [`Engine::export`] writes of that document, made of nothing but its own claims and the facts
    /// that these are on: it takes time in the size of the document, not of the store.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn misp_event(
        &self,
        document: DocumentId,
        ceiling: Marking,
        today: Date,
    ) -> Result<Option<EventNow>, EngineError> {
        let Some(record) = self.store.document_record(document)? else { return Ok(None) };
        if record.document.marking.unwrap_or_default() > ceiling {
            return Ok(None);
        }
        let Some(origin) = self.store.origin_of(document)? else {
            return Err(EngineError::Corrupt(format!("document {document} has no origin")));
        };
        let grade = origin
            .members
            .iter()
            .find(|member| member.document == document)
            .map_or(Admiralty { reliability: 'F', credibility: 6 }, |member| member.grade);
        let told = told(self.store.facts_told_by(document)?, ceiling);
        let claims = self.claims_told(document, &told)?;
        let (changed, values) = self.changes(&record, &told)?;
        let facts = told.into_iter().map(|(fact, _)| selected(fact)).collect();
        let chosen = SelectedDocument {
            document: record.document.clone(),
            added: record.added,
            origin: origin.id,
            grade,
            claims,
            gaps: Vec::new(),
        };
        let selection = Selection {
            asked: Vec::new(),
            subjects: Vec::new(),
            ceiling,
            today: PartialDate::from(today),
            documents: vec![chosen],
            facts,
            origins: Vec::new(),
            left_out: Vec::new(),
        };
        let event = misp::events(&selection, &self.knowledge).next();
        Ok(event.map(|event| EventNow { event, record, changed, values }))
    }

    /// The claims of a document on facts that are told. What is quoted of the text stands in no event.
    fn claims_told(
        &self,
        document: DocumentId,
        told: &[(Fact, i64)],
    ) -> Result<Vec<SelectedClaim>, EngineError> {
        let statements: BTreeSet<Said<'_>> =
            told.iter().map(|(fact, _)| (&fact.subject, fact.relation, &fact.object)).collect();
        let mut claims = self.store.claims_of(document)?;
        claims.retain(|stored| {
            statements.contains(&(&stored.subject, stored.claim.relation, &stored.object))
        });
        let selected = |stored: StoredClaim| SelectedClaim {
            id: stored.id,
            quote: String::new(),
            claim: stored.claim,
            subject: stored.subject,
            object: stored.object,
        };
        Ok(claims.into_iter().map(selected).collect())
    }

    /// What changed after a document came: of itself, and of its values.
    fn changes(
        &self,
        record: &DocumentRecord,
        told: &[(Fact, i64)],
    ) -> Result<(Option<Timestamp>, BTreeMap<String, Timestamp>), EngineError> {
        let next = self.store.change_after(record.change)?;
        let Some(next) = next.filter(|_| told.iter().any(|(_, turn)| *turn > 0)) else {
            return Ok((None, BTreeMap::new()));
        };
        let when = |turn: i64| -> Result<Option<Timestamp>, EngineError> {
            // Most of a document is as it was when it came.
            if turn < next.as_microsecond() {
                return Ok(None);
            }
            let at = self.store.later_than(record.change, turn)?;
            Ok(at.filter(|at| *at > record.added))
        };
        let mut changed = match self.store.turn_of_document(record.document.id)? {
            Some(turn) => when(turn)?,
            None => None,
        };
        let mut values = BTreeMap::new();
        for (fact, turn) in told {
            if !is_indicator(fact) {
                continue;
            }
            let Some(at) = when(*turn)? else { continue };
            if let Some((_, _, value)) = misp::typed(&fact.subject) {
                values.insert(value.to_lowercase(), at);
            }
            changed = changed.max(Some(at));
        }
        Ok((changed, values))
    }

    /// The documents that state something of one of these values, in order of identifier.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn documents_that_state(&self, values: &[String]) -> Result<Vec<DocumentId>, EngineError> {
        let mut entities: BTreeSet<Entity> = BTreeSet::new();
        for value in values {
            let plain = crate::refang(value.trim());
            // A path may be asked for by the value of MISP's: `name|hash`.
            for part in plain.split('|') {
                let found = self.store.find_entities(part)?;
                entities.extend(found.into_iter().filter(|e| e.value.eq_ignore_ascii_case(part)));
            }
        }
        let mut documents = BTreeSet::new();
        for entity in entities {
            let query = FactQuery { either: Some(entity), ..FactQuery::default() };
            for fact in self.store.facts(&query)? {
                let claims = self.store.claims_for(&fact.subject, fact.relation, &fact.object)?;
                documents.extend(claims.iter().map(|stored| stored.document));
            }
        }
        Ok(documents.into_iter().collect())
    }
}

/// The facts that may be told. What hangs on a value that stays at home stays with it.
fn told(facts: Vec<(Fact, i64)>, ceiling: Marking) -> Vec<(Fact, i64)> {
    let home: BTreeSet<Entity> = facts
        .iter()
        .filter(|(fact, _)| fact.marking > ceiling && is_indicator(fact))
        .map(|(fact, _)| fact.subject.clone())
        .collect();
    let stays = |fact: &Fact| {
        home.contains(&fact.subject) || fact.object.entity().is_some_and(|it| home.contains(it))
    };
    facts.into_iter().filter(|(fact, _)| fact.marking <= ceiling && !stays(fact)).collect()
}

/// A fact as an event is made with it: of how it stands only what does not depend on the day.
fn selected(fact: Fact) -> SelectedFact {
    let status = set_aside(&fact).unwrap_or(Status::Active);
    SelectedFact { fact, status, expires: None, documents: Vec::new() }
}
