use std::collections::{BTreeMap, BTreeSet};

use lapwing_knowledge::Knowledge;
use lapwing_model::{
    AnalyticConfidence, Basis, ClaimId, DocumentId, Entity, Fact, Kind, Likelihood, Marking,
    Object, OriginId, Period, Polarity, Relation, Role, Span,
};
use serde::Serialize;

use crate::{DocumentSummary, Picture, words};

/// What stands behind a line of a page.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Evidence {
    /// How probable the statement is, 0 to 1.
    pub probability: f64,
    /// The ICD-203 word for that.
    pub likelihood: Likelihood,
    /// How good the evidence is, apart from the likelihood.
    pub confidence: AnalyticConfidence,
    /// Seen, judged or only predicted.
    pub basis: Basis,
    /// Origins that support it.
    pub origins: usize,
    /// Origins that deny it.
    pub against: usize,
    /// Documents that state it.
    pub documents: usize,
    /// Whether every quoted source states it with reserve.
    pub hedged: bool,
    /// When it was seen.
    #[serde(skip_serializing_if = "Period::is_open")]
    pub period: Period,
    /// When it was published.
    #[serde(skip_serializing_if = "Period::is_open")]
    pub reported: Period,
    /// Strictest marking of the documents behind it.
    pub marking: Marking,
    /// The sources' own words for how sure they are.
    pub stated: Vec<String>,
    /// Who says it: whom the documents quote, else who published them.
    pub said_by: Vec<String>,
    /// Points of doubt.
    pub notes: Vec<String>,
    /// The evidence as text.
    pub quotes: Vec<QuoteLine>,
}

/// A quote with the name of its document.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct QuoteLine {
    /// The document.
    pub document: DocumentId,
    /// Its name for people.
    pub label: String,
    /// Where the evidence stands in its text.
    pub span: Span,
    /// The evidence with a little context.
    pub text: String,
    /// Whom the document quotes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub said_by: Option<String>,
    /// The source's own word for how sure it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stated_word: Option<String>,
    /// Asserted, hedged or denied.
    pub polarity: Polarity,
    /// Seen, judged or predicted.
    pub basis: Basis,
}

/// An entity with the name a reader knows it by.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Named {
    /// What it is.
    pub kind: Kind,
    /// Its normalised value.
    pub value: String,
    /// The name to show.
    pub name: String,
}

impl Named {
    pub(crate) fn entity(&self) -> Entity {
        Entity::new(self.kind, self.value.clone())
    }
}

/// In which section a fact is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Class {
    Indicator,
    /// Ties an indicator to another value.
    Link,
    Actor,
    Country,
    Victim,
    Vulnerability,
    Software,
    Technique,
    Weakness,
    Reference,
    Date,
    /// Told by the sources section.
    Source,
    /// A mere mention that tells a reader nothing.
    Mention,
    Other,
}

/// Decides by relation and kinds in which section a fact is told.
fn class_of(fact: &Fact) -> Class {
    let subject = fact.subject.kind;
    let object = fact.object.entity().map(|e| e.kind);
    let value = |k: Kind| k.is_observable() || k == Kind::Pattern;
    match fact.relation {
        Relation::Role => match (&fact.object, subject) {
            (Object::Text(w), k) if w == Role::Indicator.as_str() && value(k) => Class::Indicator,
            // A value of no known kind cannot be looked for: it is told, and is no indicator.
            (Object::Text(w), Kind::Other) if w == Role::Indicator.as_str() => Class::Other,
            (Object::Text(w), _) if w == Role::Victim.as_str() => Class::Victim,
            (Object::Text(w), _) if w == Role::Reference.as_str() => Class::Reference,
            (Object::Text(w), _) if w == Role::Tool.as_str() => Class::Software,
            (Object::Text(w), k) if w == Role::Subject.as_str() => match k {
                Kind::ThreatActor | Kind::Cluster => Class::Actor,
                Kind::Vulnerability => Class::Vulnerability,
                Kind::AttackPattern => Class::Technique,
                Kind::Malware | Kind::Tool => Class::Software,
                Kind::Location => Class::Country,
                _ => Class::Mention,
            },
            _ => Class::Mention,
        },
        Relation::Indicates if value(subject) => Class::Indicator,
        Relation::Uses => match object {
            Some(Kind::AttackPattern) => Class::Technique,
            Some(Kind::Malware | Kind::Tool) => Class::Software,
            _ => Class::Other,
        },
        Relation::Targets | Relation::Compromises => match object {
            Some(Kind::Vulnerability) => Class::Vulnerability,
            _ => Class::Victim,
        },
        Relation::Exploits if object == Some(Kind::Vulnerability) => Class::Vulnerability,
        Relation::Affects if subject == Kind::Vulnerability => Class::Vulnerability,
        Relation::HasWeakness => Class::Weakness,
        Relation::AttributedTo | Relation::AliasOf | Relation::TrackedBy => Class::Actor,
        Relation::SponsoredBy | Relation::OriginatesFrom if object != Some(Kind::Location) => {
            Class::Actor
        }
        Relation::SponsoredBy | Relation::OriginatesFrom => Class::Country,
        Relation::LocatedAt | Relation::RelatedTo if object == Some(Kind::Location) => {
            Class::Country
        }
        Relation::RelatedTo | Relation::PartOf
            if subject.is_actor_like() || object.is_some_and(Kind::is_actor_like) =>
        {
            Class::Actor
        }
        Relation::CommunicatesWith
        | Relation::ResolvesTo
        | Relation::BelongsTo
        | Relation::SameObject
        | Relation::Drops
        | Relation::Downloads
        | Relation::RelatedTo
            if value(subject) =>
        {
            Class::Link
        }
        Relation::FirstSeen | Relation::LastSeen | Relation::FixedOn => Class::Date,
        Relation::References => Class::Reference,
        Relation::DerivedFrom | Relation::About => Class::Source,
        _ if subject == Kind::Report => Class::Source,
        _ => Class::Other,
    }
}

/// A picture made ready for look-ups.
pub(crate) struct Index<'p> {
    pub(crate) picture: &'p Picture,
    pub(crate) knowledge: &'p Knowledge,
    documents: BTreeMap<DocumentId, &'p DocumentSummary>,
    by_origin: BTreeMap<OriginId, Vec<DocumentId>>,
    classes: BTreeMap<Class, Vec<usize>>,
    denied: Vec<usize>,
}

impl<'p> Index<'p> {
    pub(crate) fn new(picture: &'p Picture, knowledge: &'p Knowledge) -> Self {
        let all = || picture.documents.iter().chain(&picture.further);
        let documents = all().map(|d| (d.id, d)).collect();
        let mut by_origin: BTreeMap<_, Vec<_>> = BTreeMap::new();
        for document in all() {
            by_origin.entry(document.origin).or_default().push(document.id);
        }
        let mut classes: BTreeMap<_, Vec<_>> = BTreeMap::new();
        let mut denied = Vec::new();
        for (at, fact) in picture.facts.iter().enumerate() {
            if fact.origins_for() == 0 && fact.origins_against() > 0 {
                denied.push(at);
            } else {
                classes.entry(class_of(fact)).or_default().push(at);
            }
        }
        Self { picture, knowledge, documents, by_origin, classes, denied }
    }

    /// The facts of a class with their places in the picture.
    pub(crate) fn of(&self, class: Class) -> impl Iterator<Item = (usize, &'p Fact)> {
        let at = self.classes.get(&class).map_or(&[][..], Vec::as_slice);
        at.iter().filter_map(|&at| Some((at, self.picture.facts.get(at)?)))
    }

    /// The facts that every source denies.
    pub(crate) fn denied(&self) -> impl Iterator<Item = &'p Fact> {
        self.denied.iter().filter_map(|&at| self.picture.facts.get(at))
    }

    pub(crate) fn document(&self, id: DocumentId) -> Option<&'p DocumentSummary> {
        self.documents.get(&id).copied()
    }

    pub(crate) fn named(&self, entity: &Entity) -> Named {
        Named {
            kind: entity.kind,
            value: entity.value.clone(),
            name: words::name(entity, self.knowledge),
        }
    }

    /// Who published a document; a title is nobody who could say anything.
    pub(crate) fn publisher(&self, id: DocumentId) -> String {
        match self.document(id) {
            Some(DocumentSummary { source: Some(source), .. }) => words_clean(source),
            Some(DocumentSummary { label, .. }) => {
                format!("an unnamed source (“{}”)", words::shorten(&words_clean(label), 44))
            }
            None => "an unnamed source".to_owned(),
        }
    }

    /// Joins what stands behind several facts of one line; the most probable one leads.
    pub(crate) fn evidence(&self, facts: &[&Fact]) -> Evidence {
        // A mere mention says nothing of whether the thing was seen or only predicted.
        let mention = |f: &&&Fact| f.relation == Relation::Role && class_of(f) != Class::Indicator;
        let told: Vec<&&Fact> = facts.iter().filter(|f| !mention(f)).collect();
        let told = if told.is_empty() { facts.iter().collect() } else { told };
        let lead = told.iter().max_by(|a, b| a.probability.total_cmp(&b.probability));
        let mut origins = BTreeMap::new();
        let mut claims: BTreeMap<ClaimId, OriginId> = BTreeMap::new();
        let mut notes = Vec::new();
        let mut period = Period::default();
        let mut reported = Period::default();
        for fact in facts {
            for c in &fact.contributions {
                let supports = origins.entry(c.origin).or_insert(c.supports);
                *supports |= c.supports;
                claims.extend(c.claims.iter().map(|id| (*id, c.origin)));
                claims.insert(c.strongest, c.origin);
            }
            for note in &fact.notes {
                if !notes.contains(note) {
                    notes.push(note.clone());
                }
            }
            period = period.hull(fact.period);
            reported = reported.hull(fact.reported);
        }
        let quotes = self.quotes(claims.keys());
        let mut documents: BTreeSet<DocumentId> = quotes.iter().map(|q| q.document).collect();
        let quoted: BTreeSet<OriginId> =
            documents.iter().filter_map(|id| Some(self.document(*id)?.origin)).collect();
        for origin in origins.keys().filter(|o| !quoted.contains(o)) {
            documents.extend(self.by_origin.get(origin).and_then(|d| d.first()));
        }
        let probability = lead.map_or(0.0, |f| f.probability);
        let basis = told.iter().map(|f| f.basis).min().unwrap_or(Basis::Assessed);
        Evidence {
            probability: (probability * 1000.0).round() / 1000.0,
            likelihood: Likelihood::of(probability),
            confidence: told.iter().map(|f| f.confidence).max().unwrap_or(AnalyticConfidence::Low),
            basis,
            origins: origins.values().filter(|s| **s).count(),
            against: origins.values().filter(|s| !**s).count(),
            documents: documents.len(),
            hedged: !quotes.is_empty() && quotes.iter().all(|q| q.polarity == Polarity::Hedged),
            period,
            reported,
            marking: facts.iter().map(|f| f.marking).max().unwrap_or_default(),
            stated: distinct(quotes.iter().filter_map(|q| q.stated_word.clone())),
            said_by: distinct(
                quotes
                    .iter()
                    .map(|q| q.said_by.clone().unwrap_or_else(|| self.publisher(q.document))),
            ),
            notes,
            quotes,
        }
    }

    fn quotes<'c>(&self, claims: impl Iterator<Item = &'c ClaimId>) -> Vec<QuoteLine> {
        let mut lines: Vec<QuoteLine> = claims
            .filter_map(|id| self.picture.quotes.get(id))
            .map(|q| QuoteLine {
                document: q.document,
                label: self.document(q.document).map_or_else(String::new, |d| d.label.clone()),
                span: q.span,
                text: q.text.clone(),
                said_by: q.said_by.clone(),
                stated_word: q.stated_word.clone(),
                polarity: q.polarity,
                basis: q.basis,
            })
            .collect();
        lines.sort_by(|a, b| (&a.label, a.document, a.span).cmp(&(&b.label, b.document, b.span)));
        lines.dedup();
        lines
    }
}

impl Evidence {
    /// Whether nobody has seen it: a source's model says so.
    pub(crate) fn only_predicted(&self) -> bool {
        self.basis == Basis::Predicted
    }

    /// The likelihood word in a column.
    pub(crate) fn likelihood_word(&self) -> &'static str {
        match self.likelihood {
            Likelihood::RoughlyEven => "roughly even",
            word => word.as_str(),
        }
    }

    /// The likelihood word as it stands in a sentence (`with a roughly even chance`).
    pub(crate) fn likelihood_phrase(&self) -> String {
        match self.likelihood {
            Likelihood::AlmostNoChance => "with almost no chance".to_owned(),
            Likelihood::RoughlyEven => "with a roughly even chance".to_owned(),
            Likelihood::AlmostCertain => "almost certainly".to_owned(),
            word => word.to_string(),
        }
    }

    /// `2 origins, 3 documents` (`2 origins` where each has one), and who is against.
    pub(crate) fn weight(&self) -> String {
        let mut text = words::counted(self.origins, "origin");
        if self.documents > self.origins {
            text.push_str(&format!(", {}", words::counted(self.documents, "document")));
        }
        if self.against > 0 {
            text.push_str(&format!("; {} against", self.against));
        }
        text
    }
}

fn words_clean(text: &str) -> String {
    crate::safe::clean_name(text)
}

fn distinct(words: impl Iterator<Item = String>) -> Vec<String> {
    words.filter(|w| !w.is_empty()).collect::<BTreeSet<_>>().into_iter().collect()
}
