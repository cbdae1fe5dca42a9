use lapwing_model::{Entity, Fact, Kind, Object, Relation};
use serde::Serialize;

use crate::evidence::{Class, Evidence, Index};
use crate::layout::{Block, Cell, Quoted, Row, Section, Table, Tone};
use crate::safe::Safe;
use crate::words;

/// Most judgements on a page: what is more is told by the sections.
const MOST: usize = 16;

/// A statement that matters for decisions, with likelihood and confidence kept apart.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Judgement {
    /// The statement as a sentence.
    pub sentence: String,
    /// Of what.
    pub subject: Entity,
    /// The verb.
    pub relation: Relation,
    /// What.
    pub object: Object,
    /// What stands behind it.
    pub evidence: Evidence,
}

pub(crate) fn gather(index: &Index<'_>) -> Vec<Judgement> {
    let subject = &index.picture.subject;
    let classes = [
        Class::Actor,
        Class::Country,
        Class::Vulnerability,
        Class::Victim,
        Class::Software,
        Class::Indicator,
    ];
    let mut facts: Vec<&Fact> = classes
        .into_iter()
        .flat_map(|class| index.of(class).map(|(_, fact)| fact))
        .filter(|fact| rank(fact, subject).is_some())
        .collect();
    facts.sort_by(|a, b| {
        let key = |f: &Fact| (rank(f, subject), !touches(f, subject));
        key(a)
            .cmp(&key(b))
            .then(b.probability.total_cmp(&a.probability))
            .then_with(|| (&a.subject, &a.object).cmp(&(&b.subject, &b.object)))
    });
    facts.truncate(MOST);
    facts.into_iter().map(|fact| judge(index, fact)).collect()
}

fn judge(index: &Index<'_>, fact: &Fact) -> Judgement {
    let evidence = index.evidence(&[fact]);
    let plain = words::statement(&fact.subject, fact.relation, &fact.object, index.knowledge);
    let sentence = if evidence.only_predicted() {
        format!("{} predicts: {plain}.", words::join(&evidence.said_by, 3))
    } else {
        format!("{plain}.")
    };
    Judgement {
        sentence,
        subject: fact.subject.clone(),
        relation: fact.relation,
        object: fact.object.clone(),
        evidence,
    }
}

fn touches(fact: &Fact, subject: &Entity) -> bool {
    fact.subject == *subject || fact.object.entity() == Some(subject)
}

/// What comes first; `None` for what is no key judgement.
fn rank(fact: &Fact, subject: &Entity) -> Option<u8> {
    let place = fact.object.entity().is_some_and(|e| e.kind == Kind::Location);
    Some(match fact.relation {
        Relation::AttributedTo => 0,
        Relation::SponsoredBy => 1,
        Relation::OriginatesFrom => 2,
        Relation::LocatedAt if place && fact.subject.kind.is_actor_like() => 3,
        Relation::PartOf | Relation::RelatedTo if fact.subject.kind.is_actor_like() => 4,
        Relation::Exploits => 5,
        Relation::Compromises => 6,
        Relation::Targets => 7,
        Relation::Uses if touches(fact, subject) => 8,
        Relation::Indicates if fact.subject == *subject => 0,
        _ => return None,
    })
}

pub(crate) fn section(judgements: &[Judgement], safe: &Safe) -> Option<Section> {
    if judgements.is_empty() {
        return None;
    }
    let rows = judgements
        .iter()
        .map(|j| Row {
            cells: vec![
                Cell::new(safe.prose(&j.sentence)).tone(Tone::Strong),
                Cell::likelihood(&j.evidence),
                Cell::new(j.evidence.confidence.to_string()),
                Cell::new(safe.prose(&said(&j.evidence))),
                Cell::weight(&j.evidence),
            ],
            quotes: Quoted::all(&j.evidence, safe),
        })
        .collect();
    let table = Table {
        columns: vec!["Judgement", "Likelihood", "Confidence", "Said by", "Evidence"],
        rows,
        more: "lapwing explain",
        quote: true,
    };
    Some(Section::new("judgements", "Key judgements", vec![Block::Table(table)]))
}

fn said(evidence: &Evidence) -> String {
    let who = words::join(&evidence.said_by, 3);
    if evidence.stated.is_empty() {
        who
    } else {
        format!("{who} (“{}”)", words::join(&evidence.stated, 2))
    }
}
