//! An analyst's own word: a document of his, with one claim or two. It is a change like any
//! other, and one origin, of more weight than others (docs/confidence.md); `undo` takes it back.

use std::fmt::Write as _;

use jiff::Timestamp;
use lapwing_fuse::{Resolver, Trace};
use lapwing_model::{
    Basis, ChangeId, Claim, ClaimId, Confidence, Document, DocumentId, Entity, Format, Marking,
    Object, PartialDate, Polarity, Reading, Relation, Role, Span,
};
use lapwing_store::{Added, FactQuery};

use crate::{Engine, EngineError};

/// One statement of a judgement.
#[derive(Clone, Debug, PartialEq)]
pub struct Statement {
    /// Of what.
    pub subject: Entity,
    /// The verb.
    pub relation: Relation,
    /// What.
    pub object: Object,
    /// Whether the analyst says that it is not so.
    pub denied: bool,
}

/// What an analyst says.
#[derive(Clone, Debug)]
pub struct Judgement {
    /// Who says it.
    pub analyst: String,
    /// What he says, in order.
    pub statements: Vec<Statement>,
    /// Why.
    pub why: Option<String>,
    /// The document that it is about.
    pub document: Option<DocumentId>,
    /// The claim that it is about.
    pub claim: Option<ClaimId>,
    /// Who may see it.
    pub marking: Marking,
    /// `reject`, `confirm`, `add`, `correct`, `false-positive`: for the history.
    pub action: String,
}

/// What became of a judgement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Judged {
    /// The change: undo this one to take it back.
    pub change: ChangeId,
    /// The document that stands for it.
    pub document: DocumentId,
    /// Its last claim.
    pub claim: ClaimId,
}

/// What made the claims of a judgement.
pub const METHOD: &str = "analyst:judgement";
/// Properties of the document of a judgement: what was done, and what it is about.
pub const ACTION: &str = "judgement";
/// See [`ACTION`].
pub const OF_DOCUMENT: &str = "judgement-of-document";
/// See [`ACTION`].
pub const OF_CLAIM: &str = "judgement-of-claim";

/// What is read of it is what was said: what the word weighs is told by fuse.
const SURE: u8 = 100;

impl Engine {
    /// Keeps what an analyst says.
    ///
    /// # Errors
    /// When it says nothing, when a value is none of its kind, or when the store cannot be written.
    /// Nothing is changed then.
    pub fn judge(&mut self, judgement: &Judgement, now: Timestamp) -> Result<Judged, EngineError> {
        self.refuse_misfits(judgement)?;
        let reading = reading(judgement, now);
        let document = reading.document.id;
        let Some(claim) = reading.claims.last().map(|claim| claim.id(document)) else {
            return Err(EngineError::Corrupt("a judgement without a statement".to_owned()));
        };
        let knowledge = self.knowledge.clone();
        let resolver = Resolver::new(&knowledge);
        let command = format!("{} by {}", judgement.action, judgement.analyst);
        let mut change = self.store.begin(&command, now)?;
        let trace = Trace::of(&reading);
        let marks = crate::binding::marks_of(&reading, &knowledge);
        let added = change.add_marked((&reading, &trace.to_bytes(), Some(&marks)), &|entity| {
            resolver.canonical(entity)
        })?;
        if added == Added::Known {
            // The same word of the same moment, said twice: it stands since the first time.
            let known = change.store().document_record(document)?;
            let change = known.map_or_else(|| change.id(), |record| record.change);
            return Ok(Judged { change, document, claim });
        }
        crate::derive::derive(&mut change, &knowledge)?;
        let change = change.commit()?;
        Ok(Judged { change, document, claim })
    }
}

impl Engine {
    /// A value that nobody knows yet must be one of its kind: `CVE-2021-26855` is no address. What
    /// documents say may be judged whatever it is, and denied too.
    fn refuse_misfits(&self, judgement: &Judgement) -> Result<(), EngineError> {
        let said = judgement.statements.iter().filter(|statement| !statement.denied);
        for entity in said.flat_map(|of| std::iter::once(&of.subject).chain(of.object.entity())) {
            let Some(like) = entity.misfit() else { continue };
            let either = Some(entity.clone());
            let known = FactQuery { either, limit: Some(1), ..FactQuery::default() };
            if self.store.facts(&known)?.is_empty() {
                return Err(EngineError::Undecided(format!(
                    "`{}` is no {}: give {like}",
                    entity.value, entity.kind
                )));
            }
        }
        Ok(())
    }
}

/// The judgement as a document: sentences for people, and a span of them for each claim.
fn reading(judgement: &Judgement, now: Timestamp) -> Reading {
    let day = now.to_zoned(jiff::tz::TimeZone::UTC).date();
    let mut text = format!("{} of {}, {now}\n\n", judgement.action, judgement.analyst);
    let mut spans = Vec::new();
    for statement in &judgement.statements {
        let start = text.len();
        text.push_str(&sentence(statement));
        spans.push(Span::new(start, text.len()));
        text.push('\n');
    }
    if let Some(why) = &judgement.why {
        let _ = writeln!(text, "\nWhy: {why}");
    }
    let raw = text.clone().into_bytes();
    let name = format!("judgement of {} {now}", judgement.analyst);
    let mut document = Document::new(&raw, name, Format::Text, text);
    document.title = judgement
        .statements
        .last()
        .map(|statement| format!("{}: {}", judgement.analyst, sentence(statement)));
    document.source = Some(format!("analyst {}", judgement.analyst));
    document.published = Some(PartialDate::from(day));
    document.marking = Some(judgement.marking);
    document.properties.push((ACTION.to_owned(), judgement.action.clone()));
    if let Some(id) = judgement.document {
        document.properties.push((OF_DOCUMENT.to_owned(), id.to_string()));
    }
    if let Some(id) = judgement.claim {
        document.properties.push((OF_CLAIM.to_owned(), id.to_string()));
    }
    let mut reading = Reading::new(document, raw);
    for (statement, span) in judgement.statements.iter().zip(spans) {
        let Statement { subject, relation, object, denied } = statement.clone();
        let mut claim =
            Claim::new(subject, relation, object, span).by(METHOD, Confidence::percent(SURE));
        claim.basis = Basis::Assessed;
        claim.polarity = if denied { Polarity::Denied } else { Polarity::Asserted };
        claim.said_by = Some(judgement.analyst.clone());
        claim.why.clone_from(&judgement.why);
        reading.claims.push(claim);
    }
    reading
}

fn sentence(statement: &Statement) -> String {
    let Statement { subject, relation, object, denied } = statement;
    let not = if *denied { "not " } else { "" };
    match (relation, object) {
        (Relation::Role, Object::Text(role)) => format!("{} is {not}{role}", subject.value),
        (_, object) => {
            let object = match object {
                Object::Entity(entity) => &entity.value,
                Object::Text(text) => text,
            };
            format!("{} {not}{relation} {object}", subject.value)
        }
    }
}

impl Judgement {
    /// That a value is no indicator but something of one's own, or legitimate.
    #[must_use]
    pub fn false_positive(analyst: &str, value: &Entity, marking: Marking) -> Self {
        let role = |role: Role, denied| Statement {
            subject: value.clone(),
            relation: Relation::Role,
            object: Object::Text(role.as_str().to_owned()),
            denied,
        };
        Self {
            analyst: analyst.to_owned(),
            statements: vec![role(Role::Indicator, true), role(Role::Benign, false)],
            why: None,
            document: None,
            claim: None,
            marking,
            action: "false-positive".to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{AddOptions, Input, Silent};
    use lapwing_model::Kind;

    #[test]
    fn a_false_positive_lowers_the_probability_and_can_be_undone() {
        let mut engine = Engine::in_memory().unwrap();
        let report = "Indicators of compromise\n\nC2: 45.77.0[.]1\n";
        let input = Input::Bytes { name: "note.txt".into(), bytes: report.into() };
        let now = "2021-03-04T00:00:00Z".parse().unwrap();
        engine.add(&[input], &AddOptions::default(), now, &Silent).unwrap();
        let today = "2021-03-05".parse().unwrap();
        let before = engine.look_up("45.77.0.1", today).unwrap().probability.unwrap();
        let value = Entity::new(Kind::Ipv4Addr, "45.77.0.1");
        let mut judgement = Judgement::false_positive("anna", &value, Marking::Green);
        judgement.why = Some("our own scanner".into());
        let judged = engine.judge(&judgement, now).unwrap();
        let after = engine.look_up("45.77.0.1", today).unwrap();
        let now_at = after.probability.unwrap();
        assert!(before > 0.5 && now_at < 0.1, "{after:?} before {before}");
        let document = engine.store().document(judged.document).unwrap().unwrap();
        let claims = engine.store().claims_of(judged.document).unwrap();
        assert_eq!(claims.len(), 2);
        for stored in &claims {
            let said = stored.claim.span.slice(&document.text).unwrap();
            assert!(said.contains("45.77.0.1"), "{said}");
        }
        assert!(claims.iter().any(|stored| stored.id == judged.claim));
        // Said again in the same moment it is the same word, and one undo takes it back.
        assert_eq!(engine.judge(&judgement, now).unwrap(), judged);
        assert_eq!(engine.store().history().unwrap().len(), 2);
        engine.undo(judged.change, now).unwrap();
        assert_eq!(engine.look_up("45.77.0.1", today).unwrap().probability, Some(before));
    }

    #[test]
    fn a_value_that_is_none_of_its_kind_is_refused() {
        let mut engine = Engine::in_memory().unwrap();
        let now = "2021-03-04T00:00:00Z".parse().unwrap();
        let wrong = Entity::new(Kind::Ipv4Addr, "CVE-2021-26855");
        let judgement = Judgement::false_positive("anna", &wrong, Marking::Green);
        let refused = engine.judge(&judgement, now).unwrap_err().to_string();
        assert!(refused.contains("`CVE-2021-26855` is no ipv4-addr"), "{refused}");
        assert!(engine.store().history().unwrap().is_empty());
        let right = Entity::new(Kind::Ipv4Addr, "192.0.2.7");
        engine.judge(&Judgement::false_positive("anna", &right, Marking::Green), now).unwrap();
    }
}
