//! What sentences say of the things they name: who did what to whom, who says so, how surely.
//!
//! Rules are simple and local: a cue word, the mentions around it, the clause's polarity. A
//! sentence that names no subject speaks of the document's topic.

mod act;
mod acts;
mod arsenal;
mod attribution;
mod clause;
mod disputed;
mod firmness;
mod object;
mod subject;
mod techniques;
#[cfg(test)]
mod tests;
mod token;
mod verbs;
mod victims;
mod words;

use std::collections::BTreeSet;

use lapwing_model::{
    Basis, Claim, Confidence, Entity, Kind, Object, PartialDate, Polarity, Relation, Span,
};

pub(crate) use techniques::listed;

use crate::date;
use crate::mention::Mention;
use crate::sentence::Words;
use crate::topic::YearHint;

/// What the reading says of itself, for all sentences.
pub(crate) struct Frame {
    /// What the document is about.
    pub(crate) topic: Option<Entity>,
    /// Its title or fields say so; else it is what the text names most.
    pub(crate) told: bool,
    pub(crate) published: Option<PartialDate>,
    /// A year that the text offers when nothing dates the document.
    pub(crate) year_hint: YearHint,
    /// Who publishes it: the "we" of its text.
    pub(crate) publisher: Option<String>,
    /// Where the values stand that are indicators.
    pub(crate) accused: BTreeSet<Span>,
}

/// What earlier sentences left for pronouns to point at.
#[derive(Default)]
struct Memory {
    /// The organisation that opened the last sentence about one: "it", "the company".
    company: Option<String>,
    /// The organisation whose researchers spoke last: "researchers", "the team".
    researchers: Option<String>,
    /// The actor named last: "the group".
    actor: Option<Entity>,
    /// Who spoke of that actor.
    actor_said_by: Option<String>,
    /// Actor and malware of which this paragraph spoke last: "they", "the malware".
    near_actor: Option<Entity>,
    near_malware: Option<Entity>,
    /// The actor after which the section is named.
    section: Option<Entity>,
    /// The actors named so far: a single one is meant beyond its paragraph too.
    actors: BTreeSet<Entity>,
    paragraph: u32,
}

/// One sentence with what stands in it.
pub(crate) struct Sentence<'a> {
    pub(crate) words: Words,
    pub(crate) span: Span,
    pub(crate) mentions: &'a [Mention],
    /// Stands where the report says what to do about it.
    pub(crate) advice: bool,
    /// Number of the paragraph in which it stands.
    pub(crate) paragraph: u32,
    /// It is a heading.
    pub(crate) heading: bool,
    /// Techniques that the model reads in it.
    pub(crate) described: &'a [Claim],
}

/// Claims of one sentence, while they are made.
struct Telling<'a> {
    sentence: &'a Sentence<'a>,
    frame: &'a Frame,
    speaker: Option<String>,
    subject: Option<Entity>,
    /// The acts that its verbs tell.
    events: Vec<clause::Event>,
    claims: Vec<Claim>,
}

/// Reads the sentences in order and tells what they state.
pub(crate) fn relations(sentences: &[Sentence<'_>], frame: &Frame) -> Vec<Claim> {
    let mut memory = Memory::default();
    let mut claims = Vec::new();
    for sentence in sentences {
        memory.enter(sentence.paragraph);
        let speaker = speaker(sentence, &memory, frame);
        let subject = subject(sentence, &memory);
        let mut telling = Telling {
            sentence,
            frame,
            speaker: speaker.clone(),
            subject,
            events: Vec::new(),
            claims: Vec::new(),
        };
        telling.verbs(&memory);
        telling.arsenal();
        telling.attribution(&memory);
        telling.countries(&memory);
        telling.tracking(&memory);
        telling.aliases();
        telling.victims();
        telling.uses();
        telling.exploits();
        telling.described(&memory);
        telling.affected();
        telling.dispute();
        telling.dates();
        claims.append(&mut telling.claims);
        let events = std::mem::take(&mut telling.events);
        memory.learn(sentence, speaker, &events);
    }
    claims
}

/// Verbs of those who report, and who are no adversaries when they do.
pub(crate) const SPEAKING: &[&str] = &[
    "said",
    "says",
    "say",
    "wrote",
    "writes",
    "reported",
    "reports",
    "attributes",
    "attributed",
    "attribute",
    "assigns",
    "assigned",
    "assesses",
    "assessed",
    "assess",
    "believes",
    "believe",
    "identified",
    "observed",
    "discovered",
    "tracks",
    "tracking",
    "track",
    "tracked",
    "noted",
    "warned",
    "warns",
    "confirmed",
    "disclosed",
    "found",
    "detected",
    "released",
    "issued",
    "published",
    "analyzed",
    "analysed",
    "recommends",
    "began seeing",
    "linked",
    "links",
    "blamed",
    "saw",
    "spotted",
    "uncovered",
    "calls",
    "refers",
    "named",
    "estimates",
    "according",
    "dubbed",
    "patched",
    "explained",
];

impl Memory {
    /// What pronouns point at does not reach from one paragraph to the next.
    fn enter(&mut self, paragraph: u32) {
        if self.paragraph != paragraph {
            self.paragraph = paragraph;
            self.near_actor = None;
            self.near_malware = None;
        }
    }

    /// Whom "the group" means.
    fn actor_near(&self) -> Option<&Entity> {
        let only = || match self.actors.len() {
            1 => self.actors.first(),
            _ => None,
        };
        self.near_actor.as_ref().or(self.section.as_ref()).or_else(only)
    }

    /// What "the malware" means.
    fn malware_near(&self) -> Option<&Entity> {
        self.near_malware.as_ref()
    }

    fn learn(
        &mut self,
        sentence: &Sentence<'_>,
        speaker: Option<String>,
        events: &[clause::Event],
    ) {
        let words = &sentence.words;
        if sentence.heading {
            let mut actors = sentence.mentions.iter().filter(|m| m.entity.kind.is_actor_like());
            // A heading without a name opens a part of the same section.
            match (actors.next(), actors.next()) {
                (Some(one), None) => self.section = Some(one.entity.clone()),
                (Some(_), Some(_)) => self.section = None,
                (None, _) => {}
            }
        }
        for mention in sentence.mentions {
            if mention.entity.kind == Kind::Identity {
                let name = mention.entity.value.clone();
                let rest = words
                    .lower
                    .get(words.end(mention.span)..)
                    .unwrap_or_default()
                    .trim_start_matches([' ', '\'', '\u{2019}'])
                    .trim_start_matches("s ");
                if words.at(mention.span) < 12 {
                    self.company = Some(name.clone());
                }
                if [
                    "researchers",
                    "analysts",
                    "experts",
                    "team",
                    "began seeing",
                    "threat intelligence",
                ]
                .iter()
                .any(|w| rest.starts_with(w))
                {
                    self.researchers = Some(name);
                }
            }
        }
        let named =
            || sentence.mentions.iter().map(|m| &m.entity).filter(|e| e.kind.is_actor_like());
        self.actors.extend(named().cloned());
        // Who acts in a sentence is what the next one speaks of, else whom it names first.
        let acting = events
            .iter()
            .flat_map(|e| &e.agents)
            .map(|a| &a.entity)
            .find(|e| e.kind.is_actor_like());
        if let Some(actor) = acting.or_else(|| named().next()) {
            if self.actor.as_ref() != Some(actor) || speaker.is_some() {
                self.actor_said_by = speaker;
            }
            self.actor = Some(actor.clone());
            self.near_actor = Some(actor.clone());
        }
        // The malware that the sentence is about is the one it names first.
        if let Some(malware) = sentence.mentions.iter().find(|m| m.entity.kind == Kind::Malware) {
            self.near_malware = Some(malware.entity.clone());
        }
    }
}

/// Who says what the sentence says, when it is not the publisher.
fn speaker(sentence: &Sentence<'_>, memory: &Memory, frame: &Frame) -> Option<String> {
    let words = &sentence.words;
    let len = words.lower.len();
    let identities = || sentence.mentions.iter().filter(|m| m.entity.kind == Kind::Identity);
    if let Some((_, end)) = words.first(&["according to"], 0, len)
        && let Some(m) =
            identities().find(|m| words.at(m.span) >= end && words.at(m.span) < end + 40)
    {
        return Some(m.entity.value.clone());
    }
    for m in identities() {
        let end = words.end(m.span);
        let reach = words.lower.len().min(end + 60);
        let Some(reach) = (end..=reach).rev().find(|i| words.lower.is_char_boundary(*i)) else {
            continue;
        };
        if let Some((at, _)) = words.first(SPEAKING, end, reach) {
            let other = sentence.mentions.iter().any(|o| {
                o.entity.kind.is_actor_like() && words.at(o.span) > end && words.at(o.span) < at
            });
            if !other {
                return Some(m.entity.value.clone());
            }
        }
    }
    // "… by Mandiant"
    for m in identities() {
        let before = words.lower.get(..words.at(m.span)).unwrap_or_default();
        if [
            "tracked by ",
            "reported by ",
            "attributed by ",
            "observed by ",
            "discovered by ",
            "identified by ",
            "named by ",
            "dubbed by ",
        ]
        .iter()
        .any(|w| before.ends_with(w))
        {
            return Some(m.entity.value.clone());
        }
    }
    let opening: String = words
        .lower
        .split(|c: char| !c.is_alphanumeric())
        .filter(|w| !w.is_empty())
        .take(3)
        .collect::<Vec<_>>()
        .join(" ");
    let speaks = words.has(SPEAKING);
    if speaks
        && ["it ", "the company", "the vendor", "the agency", "the firm"]
            .iter()
            .any(|w| opening.starts_with(w))
    {
        return memory.company.clone();
    }
    if ["researchers", "the researchers", "so far the", "the team", "analysts", "the analysts"]
        .iter()
        .any(|w| opening.starts_with(w))
        || (speaks && words.has(&["researchers", "the team"]))
    {
        return memory.researchers.clone();
    }
    if opening.starts_with("we ") && speaks {
        return frame.publisher.clone();
    }
    None
}

/// The actor, cluster, campaign or malware that the sentence speaks of, pronouns resolved.
fn subject(sentence: &Sentence<'_>, memory: &Memory) -> Option<Entity> {
    let actor = sentence.mentions.iter().find(|m| m.entity.kind.is_actor_like());
    let other = || {
        sentence.mentions.iter().find(|m| matches!(m.entity.kind, Kind::Campaign | Kind::Malware))
    };
    if let Some(m) = actor.or_else(other) {
        return Some(m.entity.clone());
    }
    let pronouns = [
        "the group",
        "this group",
        "the actor",
        "the threat actor",
        "the gang",
        "this actor",
        "this threat actor",
        "the hacking group",
        "the apt",
    ];
    let head = sentence
        .words
        .lower
        .get(..sentence.words.lower.len().min(48))
        .unwrap_or(&sentence.words.lower);
    pronouns.iter().any(|p| head.contains(p)).then(|| memory.actor_near().cloned()).flatten()
}

impl Telling<'_> {
    fn words(&self) -> &Words {
        &self.sentence.words
    }

    fn of_kind(&self, wanted: fn(Kind) -> bool) -> Vec<&Mention> {
        self.sentence.mentions.iter().filter(|m| wanted(m.entity.kind)).collect()
    }

    /// The subject that the sentence names, else the document's topic, with words on which.
    fn who(&self) -> Option<(Entity, String)> {
        match (&self.subject, &self.frame.topic) {
            (Some(subject), _) => Some((subject.clone(), "said of it in the sentence".to_owned())),
            (None, Some(topic)) => Some((
                topic.clone(),
                format!("the sentence names no subject; the document is about {}", topic.value),
            )),
            (None, None) => None,
        }
    }

    /// Adds a claim with the polarity of the clause around `at` and what the sentence states.
    #[expect(
        clippy::too_many_arguments,
        reason = "a claim has these parts; a struct for one call would only rename them"
    )]
    fn claim(
        &mut self,
        subject: Entity,
        relation: Relation,
        object: impl Into<Object>,
        span: Span,
        at: usize,
        percent: u8,
        why: impl Into<String>,
    ) -> &mut Claim {
        let mut claim = Claim::new(subject, relation, object, span)
            .by("extract:sentence", Confidence::percent(percent));
        claim.polarity = self.words().polarity(at);
        claim.said_by.clone_from(&self.speaker);
        claim.why = Some(why.into());
        if claim.polarity == Polarity::Hedged {
            claim.basis = Basis::Assessed;
        }
        self.claims.push(claim);
        let last = self.claims.len() - 1;
        &mut self.claims[last]
    }

    /// Whether the verbs of the sentence said already what happens to the thing at `span`.
    fn is_said(&self, span: Span, relations: &[Relation]) -> bool {
        self.claims.iter().any(|c| c.span == span && relations.contains(&c.relation))
    }

    /// Whether the sentence speaks of what defenders do or should do.
    fn is_defence(&self) -> bool {
        self.sentence.advice
            || self.words().has(&[
                "we have built",
                "recommend",
                "recommends",
                "recommended",
                "should",
                "encouraged",
                "advised",
                "advises",
                "urged",
                "urges",
                "mitigation",
                "mitigations",
                "threat hunting",
                "hunting campaign",
                "to detect",
                "detection rule",
                "detection rules",
                "organizations can",
                "defenders can",
                "to protect",
            ])
    }

    /// First seen, last seen, fixed.
    fn dates(&mut self) {
        let words = &self.sentence.words;
        let fixed = [
            "patch",
            "patched",
            "fix",
            "fixed",
            "security update",
            "security updates",
            "patches",
            "released updates",
            "out-of-band",
            // Not "update" alone: "[Update] March 8" says that the page was edited.
            "an update",
            "the update",
            "emergency update",
            "update for",
        ];
        let first = [
            "began",
            "begin",
            "beginning",
            "started",
            "starting",
            "first seen",
            "first observed",
            "first detected",
            "first spotted",
            "since",
            "as early as",
            "dating back",
            "dates back",
            "active since",
            "emerged",
            "first appeared",
            "earliest",
            "first identified",
        ];
        let last = ["last seen", "most recently", "as recently as", "last observed", "until"];
        for stated in date::dates(&words.lower) {
            let (from, to) = words.clause(stated.start);
            let reach = |cues: &[&str]| {
                let near = |at: usize| at.abs_diff(stated.start);
                [words.last(cues, from, stated.start), words.first(cues, stated.end, to)]
                    .into_iter()
                    .flatten()
                    .map(|(at, _)| near(at))
                    .min()
            };
            let Some((relation, _)) = [
                (Relation::FixedOn, reach(&fixed)),
                (Relation::FirstSeen, reach(&first)),
                (Relation::LastSeen, reach(&last)),
            ]
            .into_iter()
            .filter_map(|(relation, far)| far.filter(|far| *far < 110).map(|far| (relation, far)))
            .min_by_key(|(_, far)| *far) else {
                continue;
            };
            let subject = if relation == Relation::FixedOn {
                let fixes = self.of_kind(|k| matches!(k, Kind::Vulnerability));
                // What is fixed is a weakness: nobody fixes Emotet.
                let fixable = |e: &&Entity| {
                    !(e.kind.is_actor_like() || matches!(e.kind, Kind::Malware | Kind::Tool))
                };
                let topic = self.frame.topic.as_ref().filter(fixable).cloned();
                fixes.first().map(|m| m.entity.clone()).or(topic)
            } else {
                self.who().map(|(who, _)| who)
            };
            let Some(subject) = subject else { continue };
            let span = self.sentence.span;
            let published = self.frame.published;
            let resolved = stated
                .resolve(published, None)
                .or_else(|| stated.resolve(published, self.frame.year_hint.year()));
            if let Some(date::Resolved { first, last, how, guessed }) = resolved {
                let date = if relation == Relation::LastSeen { last } else { first };
                let shown = words.lower.get(stated.start..stated.end).unwrap_or_default();
                let shown = if stated.month.is_some() { stated.shown() } else { shown.to_owned() };
                let claim = self.claim(
                    subject,
                    relation,
                    Object::Text(date.to_string()),
                    span,
                    stated.start,
                    if guessed { 45 } else { 75 },
                    format!("\"{shown}\", {how}"),
                );
                match relation {
                    Relation::LastSeen => claim.period.last = Some(date),
                    Relation::FirstSeen => claim.period.first = Some(date),
                    _ => {}
                }
                if guessed && claim.polarity == Polarity::Asserted {
                    claim.polarity = Polarity::Hedged;
                }
            } else if stated.month.is_some() {
                let value = format!("{relation}={}", stated.shown());
                self.claim(
                    subject,
                    Relation::Property,
                    Object::Text(value),
                    span,
                    stated.start,
                    70,
                    "the text gives no year",
                );
            }
        }
    }
}
