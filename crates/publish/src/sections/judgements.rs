use lapwing_model::{Entity, Fact, Kind, Object, Relation};
use serde::Serialize;

use crate::evidence::{Class, Evidence, Index};
use crate::layout::{Block, Cell, Quoted, Row, Section, Table, Tone};
use crate::safe::Safe;
use crate::{Page, words};

/// Most judgements on a page: what is more is told by the sections.
const MOST: usize = 16;
/// Most facts that are weighed for them.
const MOST_FACTS: usize = 200;

/// A statement that matters for decisions, with likelihood and confidence kept apart.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Judgement {
    /// The statement as a sentence.
    pub sentence: String,
    /// Of what: statements that weigh the same are told together.
    pub subjects: Vec<Entity>,
    /// The verb.
    pub relation: Relation,
    /// What.
    pub objects: Vec<Object>,
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
    facts.truncate(MOST_FACTS);
    let mut groups: Vec<Group<'_>> = Vec::new();
    for fact in facts {
        let evidence = index.evidence(&[fact]);
        match groups.iter_mut().find(|group| group.takes(fact, &evidence)) {
            Some(group) => group.facts.push(fact),
            None => groups.push(Group { facts: vec![fact], evidence }),
        }
    }
    groups.truncate(MOST);
    groups.iter().map(|group| group.judge(index)).collect()
}

/// Statements of one verb that weigh the same and differ in subject or in object only.
struct Group<'f> {
    facts: Vec<&'f Fact>,
    evidence: Evidence,
}

impl Group<'_> {
    fn takes(&self, fact: &Fact, evidence: &Evidence) -> bool {
        let [first, rest @ ..] = self.facts.as_slice() else { return true };
        let by_object = |f: &Fact| f.subject == first.subject && !is_date(f);
        let by_subject =
            |f: &Fact| f.object == first.object && f.subject.kind == first.subject.kind;
        let alike = (by_object(fact) && rest.iter().all(|f| by_object(f)))
            || (by_subject(fact) && rest.iter().all(|f| by_subject(f)));
        // Who did it is judged one by one.
        let alone = fact.relation == Relation::AttributedTo;
        let (a, b) = (&self.evidence, evidence);
        first.relation == fact.relation
            && alike
            && !alone
            && (a.likelihood, a.confidence, a.basis, a.hedged, a.origins, a.against)
                == (b.likelihood, b.confidence, b.basis, b.hedged, b.origins, b.against)
            && (&a.said_by, &a.stated) == (&b.said_by, &b.stated)
    }

    fn judge(&self, index: &Index<'_>) -> Judgement {
        // The weakest of them is what may be said of all.
        let mut evidence = index.evidence(&self.facts);
        let weakest = self.facts.iter().map(|f| f.probability).fold(1.0, f64::min);
        evidence.probability = (weakest * 1000.0).round() / 1000.0;
        let mut subjects: Vec<Entity> = self.facts.iter().map(|f| f.subject.clone()).collect();
        subjects.dedup();
        let mut objects: Vec<Object> = self.facts.iter().map(|f| f.object.clone()).collect();
        objects.dedup();
        let relation = self.facts.first().map_or(Relation::RelatedTo, |f| f.relation);
        let plain = words::statements(
            &subjects.iter().collect::<Vec<_>>(),
            relation,
            &objects.iter().collect::<Vec<_>>(),
            index.knowledge,
        );
        let sentence = if evidence.only_predicted() {
            format!("{} predicts: {plain}.", words::join(&evidence.said_by, 3))
        } else {
            format!("{plain}.")
        };
        Judgement { sentence, subjects, relation, objects, evidence }
    }
}

fn is_date(fact: &Fact) -> bool {
    fact.object.entity().is_none()
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

pub(crate) fn section(page: &Page, safe: &Safe) -> Option<Section> {
    if page.judgements.is_empty() {
        return None;
    }
    let rows = page
        .judgements
        .iter()
        .map(|j| Row {
            cells: vec![
                Cell::new(safe.prose(&j.sentence)).tone(Tone::Strong),
                Cell::likelihood(&j.evidence),
                Cell::new(j.evidence.confidence.to_string()),
                Cell::weight(&j.evidence),
            ],
            note: safe.prose(&said(&j.evidence)),
            quotes: Quoted::all(&j.evidence, safe),
        })
        .collect();
    let table = Table {
        columns: vec!["Judgement", "Likelihood", "Confidence", "Evidence"],
        rows,
        notes: "Said by",
        lead: "said by ",
        more: "lapwing explain",
        quote: true,
    };
    let rests = Block::Remark(safe.prose(&rests_on(page)));
    Some(Section::new("judgements", "Key judgements", vec![Block::Table(table), rests]))
}

/// How many origins it rests on, and whether the actors are kept apart.
fn rests_on(page: &Page) -> String {
    let c = &page.counts;
    let mut told = Vec::new();
    if c.actors > 0 {
        told.push(words::counted(c.actors, "actor"));
    }
    if c.clusters > 0 {
        told.push(words::counted(c.clusters, "cluster"));
    }
    let mut text = format!("This rests on {}", words::counted(c.origins, "origin"));
    if told.is_empty() {
        text.push('.');
    } else {
        text.push_str(&format!(" and tells of {}.", words::join(&told, 2)));
    }
    match page.distinct.as_slice() {
        [] => {}
        [one] => {
            let name = |e: &Entity| crate::safe::clean_name(&e.value);
            let (a, b) = (name(&one.a), name(&one.b));
            text.push_str(&format!(" {a} and {b} are not shown to be the same."));
        }
        _ => text
            .push_str(" Not all of them are shown to be the same: see under Actors and clusters."),
    }
    let thin = |e: &Evidence| e.against == 0 && e.probability < 0.45;
    if page.judgements.iter().any(|j| thin(&j.evidence)) {
        text.push_str(
            " Where nobody denies a statement, a low likelihood means thin evidence, not a \
             refutation.",
        );
    }
    text
}

fn said(evidence: &Evidence) -> String {
    let mut who = words::join(&evidence.said_by, 3);
    if evidence.hedged {
        who.push_str(", with reserve");
    }
    if evidence.stated.is_empty() {
        who
    } else {
        format!("{who} (“{}”)", words::join(&evidence.stated, 2))
    }
}
