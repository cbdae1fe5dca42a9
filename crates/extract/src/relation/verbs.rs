//! What the acts of a sentence say: who does what to what; and which things are parts or kin.

use lapwing_model::{Entity, Kind, Polarity, Relation, Span};

use super::act::Act;
use super::clause::{self, Agent, Event};
use super::{Memory, Telling};
use crate::sentence::Words;

impl Telling<'_> {
    /// All that verbs between names say.
    pub(super) fn verbs(&mut self, memory: &Memory) {
        let words = &self.sentence.words;
        self.events = clause::events(words, self.sentence.mentions, memory);
        if !self.is_defence() {
            for event in self.events.clone() {
                for agent in &event.agents {
                    self.act(words, &event, agent);
                }
            }
        }
        self.kinship(words);
        self.places(words);
    }

    /// Whether a file acts that nothing accuses: "run build.sh to unpack payload.zip".
    fn is_harmless(&self, agent: &Entity, event: &Event) -> bool {
        let file =
            agent.kind.is_file_hash() || matches!(agent.kind, Kind::FileName | Kind::FilePath);
        let accused = |span: &Span| self.frame.accused.contains(span);
        let mentions = &self.sentence.mentions;
        // What talks to an accused host is accused with it.
        let talks = event.act == Act::Talk
            && event.objects.iter().filter_map(|o| mentions.get(o.name)).any(|m| accused(&m.span));
        file && !talks && !mentions.iter().any(|m| m.entity == *agent && accused(&m.span))
    }

    /// What one agent of an event does to its objects.
    fn act(&mut self, words: &Words, event: &Event, agent: &Agent) {
        if self.is_harmless(&agent.entity, event) {
            return;
        }
        let verb = words.lower.get(event.at..event.end).unwrap_or_default();
        let (percent, why) = match &agent.inferred {
            Some(shown) => {
                (60, format!("\"{verb}\", with \"{shown}\" read as {}", agent.entity.value))
            }
            None => (83, format!("the sentence says \"{verb}\"")),
        };
        for object in &event.objects {
            let Some(mention) = self.sentence.mentions.get(object.name) else { continue };
            let Some((mut relation, turned)) =
                event.act.relation(object.link, agent.entity.kind, mention.entity.kind)
            else {
                continue;
            };
            if mention.entity == agent.entity
                || (turned && !self.frame.accused.contains(&mention.span))
                || (agent.entity.kind == Kind::Tool && relation == Relation::Targets)
            {
                continue;
            }
            let (mut span, mut why) = (mention.span, why.clone());
            if matches!(mention.entity.kind, Kind::Sector | Kind::Location) {
                let (wide, place) = self.paired(object.name);
                span = wide;
                if let Some(place) = place {
                    why = format!("{why}, in {place}");
                }
            }
            if relation == Relation::Compromises && object.polarity == Polarity::Hedged {
                relation = Relation::Targets;
            }
            let (subject, object_entity) = if turned {
                (mention.entity.clone(), agent.entity.clone())
            } else {
                (agent.entity.clone(), mention.entity.clone())
            };
            if self.is_told(&subject, relation, &object_entity) {
                continue;
            }
            let claim = self.claim(subject, relation, object_entity, span, event.at, percent, why);
            claim.polarity = object.polarity;
            claim.basis = if object.polarity == Polarity::Hedged {
                lapwing_model::Basis::Assessed
            } else {
                lapwing_model::Basis::Observed
            };
        }
    }

    pub(super) fn is_told(&self, subject: &Entity, relation: Relation, object: &Entity) -> bool {
        self.claims.iter().any(|c| {
            c.subject == *subject && c.relation == relation && c.object.entity() == Some(object)
        })
    }

    /// Who acts at a place of the sentence: those of the act above it, else whom the sentence is
    /// about. Nothing where somebody else acts.
    pub(super) fn acting_at(&self, at: usize) -> Option<Vec<(Entity, String)>> {
        let (from, _) = self.words().clause(at);
        let above = self.events.iter().rev().find(|e| e.at <= at && e.at >= from);
        let actors: Vec<(Entity, String)> = above
            .into_iter()
            .flat_map(|e| &e.agents)
            .filter(|a| {
                a.entity.kind.is_actor_like()
                    || matches!(a.entity.kind, Kind::Campaign | Kind::Malware)
            })
            .map(|a| (a.entity.clone(), "said of it in the sentence".to_owned()))
            .collect();
        if above.is_some_and(|e| e.foreign) {
            return None;
        }
        if !actors.is_empty() {
            return Some(actors);
        }
        // Whom another clause names does not act in this one.
        let elsewhere = self.subject.as_ref().is_some_and(|subject| {
            let words = self.words();
            let named = || self.sentence.mentions.iter().filter(|m| m.entity == *subject);
            let (from, to) = words.clause(at);
            named().next().is_some() && !named().any(|m| (from..to).contains(&words.at(m.span)))
        });
        let topic = || {
            let topic = self.frame.topic.clone()?;
            let why = format!("the document is about {}", topic.value);
            Some((topic, why))
        };
        if elsewhere { topic().map(|who| vec![who]) } else { self.who().map(|who| vec![who]) }
    }

    /// "X is a variant of Y", "X is part of Y".
    fn kinship(&mut self, words: &Words) {
        const VARIANT: &[&str] = &[
            "variant of",
            "version of",
            "successor to",
            "successor of",
            "fork of",
            "rebrand of",
            "offshoot of",
            "derivative of",
            "descendant of",
            "derived from",
            "evolved from",
            "based on the source code of",
            "based on the leaked source code of",
            "rewrite of",
            "port of",
            "strain of",
        ];
        const PART: &[&str] = &[
            "part of",
            "subset of",
            "subgroup of",
            "sub-group of",
            "subcluster of",
            "sub-cluster of",
            "belongs to",
            "belonging to",
            "division of",
            "arm of",
            "faction of",
            "affiliate of",
        ];
        // What one malware is to another, as a noun says it.
        const PARTS_PLAYED: &[(&str, Relation)] = &[
            ("downloader for", Relation::Downloads),
            ("downloader of", Relation::Downloads),
            ("dropper for", Relation::Drops),
            ("dropper of", Relation::Drops),
            ("loader for", Relation::Drops),
            ("delivery mechanism for", Relation::Delivers),
            ("delivery vehicle for", Relation::Delivers),
        ];
        const TOGETHER: &[&str] = &[
            "overlaps with",
            "overlap with",
            "overlapped with",
            "overlapping with",
            "shares infrastructure with",
            "share infrastructure with",
            "shares tools with",
            "shares tooling with",
            "cooperates with",
            "cooperated with",
            "collaborates with",
            "collaborated with",
            "works with",
            "worked with",
            "partnered with",
            "partners with",
        ];
        let mut made = Vec::new();
        let mentions = self.sentence.mentions;
        for pair in mentions.windows(2) {
            let [left, right] = pair else { continue };
            let (from, to) = (words.end(left.span), words.at(right.span));
            let kinds = (left.entity.kind, right.entity.kind);
            let actors = |k: Kind| k.is_actor_like() || k == Kind::Campaign;
            if to.saturating_sub(from) > 80 || left.entity == right.entity {
                continue;
            }
            let between = words.lower.get(from..to).unwrap_or_default().trim_end();
            let between = between.strip_suffix("the").unwrap_or(between).trim_end();
            let between = between.trim_end_matches(['"', '\u{201c}', '\'']);
            let software = |k: Kind| matches!(k, Kind::Malware | Kind::Tool);
            if software(kinds.0) && software(kinds.1) {
                if VARIANT.iter().any(|v| between.ends_with(v)) {
                    made.push((left, Relation::VariantOf, right));
                }
                let is = ["is ", "was ", "acts as", "acted as", "serves as", "served as", "as a"];
                if let Some((_, relation)) = PARTS_PLAYED.iter().find(|(v, _)| between.ends_with(v))
                    && is.iter().any(|word| between.contains(word))
                {
                    made.push((left, *relation, right));
                }
                // "a variant of Y called X"
                let head = words.lower.get(..words.at(left.span)).unwrap_or_default().trim_end();
                let head = head.strip_suffix(" the").unwrap_or(head);
                let called = matches!(
                    between.trim().trim_start_matches(','),
                    "called"
                        | "named"
                        | "dubbed"
                        | "known as"
                        | " called"
                        | " dubbed"
                        | "malware called"
                        | "ransomware called"
                );
                if called && VARIANT.iter().any(|v| head.ends_with(v)) {
                    made.push((right, Relation::VariantOf, left));
                }
            }
            if actors(kinds.0) && actors(kinds.1) && PART.iter().any(|v| between.ends_with(v)) {
                made.push((left, Relation::PartOf, right));
            }
        }
        // Whom the sentence is about works with another, whoever is named in between.
        let who = mentions.iter().find(|m| m.entity.kind.is_actor_like());
        for other in mentions.iter().filter(|m| m.entity.kind.is_actor_like()) {
            let at = words.at(other.span);
            let head = words.lower.get(..at).unwrap_or_default().trim_end();
            let head =
                head.strip_suffix(" the").unwrap_or(head).trim_end_matches(['"', '\u{201c}']);
            if let Some(who) = who.filter(|who| who.entity != other.entity)
                && TOGETHER.iter().any(|v| head.ends_with(v))
            {
                made.push((who, Relation::RelatedTo, other));
            }
        }
        for (left, relation, right) in made {
            let why = match relation {
                Relation::PartOf => "the sentence calls it a part",
                Relation::VariantOf => "the sentence says that it was made from the other",
                Relation::RelatedTo => "the sentence says what both have in common",
                _ => "the sentence says what it is to the other",
            };
            let (at, end) = (words.at(left.span), words.at(right.span));
            let span = Span {
                start: left.span.start.min(right.span.start),
                end: left.span.end.max(right.span.end),
            };
            self.claim(
                left.entity.clone(),
                relation,
                right.entity.clone(),
                span,
                at.max(end),
                82,
                why,
            );
        }
    }

    /// "the server 192.0.2.1, located in Peru".
    fn places(&mut self, words: &Words) {
        const THERE: &[&str] =
            &["located in", "hosted in", "based in", "hosted at", "situated in", "resides in"];
        let mut made = Vec::new();
        for pair in self.sentence.mentions.windows(2) {
            let [host, place] = pair else { continue };
            let network = matches!(
                host.entity.kind,
                Kind::Ipv4Addr | Kind::Ipv6Addr | Kind::DomainName | Kind::Url
            );
            let (from, to) = (words.end(host.span), words.at(place.span));
            if network
                && place.entity.kind == Kind::Location
                && to.saturating_sub(from) < 40
                && words.first(THERE, from, to).is_some()
            {
                made.push((host.entity.clone(), place.entity.clone(), place.span, to));
            }
        }
        for (host, place, span, at) in made {
            self.claim(host, Relation::LocatedAt, place, span, at, 84, "said to stand there");
        }
    }
}

/// Those who do the same and are no adversaries.
const OTHERS: &[&str] = &[
    "we",
    "researchers",
    "researcher",
    "analysts",
    "users",
    "user",
    "victims",
    "victim",
    "defenders",
    "customers",
    "organizations",
    "organisations",
    "you",
    "vendors",
    "companies",
    "employees",
    "administrators",
    "admins",
    "teams",
    "i",
    "investigators",
];

/// Whether people who are no adversaries stand right before the verb at `at`.
pub(super) fn others_act(lower: &str, at: usize) -> bool {
    let head = lower.get(..at).unwrap_or_default();
    head.split_whitespace().rev().take(2).any(|w| OTHERS.contains(&w))
}
