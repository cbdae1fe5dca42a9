//! Who does what to what, by the verb between them: active, passive, with "and", with pronouns.

use lapwing_model::{Entity, Kind, Relation, Span};

use super::{Memory, Telling};
use crate::mention::Mention;
use crate::sentence::Words;

/// What a verb says of subject and object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Act {
    Use,
    Exploit,
    Hit,
    Aim,
    Talk,
    Drop,
    Download,
    Deliver,
}

/// How the verb stands there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    Active,
    /// May be the past or, with "by" behind it, the passive.
    Past,
}

impl Act {
    /// The verb that a lower-case word is a form of.
    fn of(word: &str) -> Option<(Act, Form)> {
        let act = match word {
            "use" | "uses" | "used" | "using" | "employ" | "employs" | "employed" | "employing"
            | "utilize" | "utilizes" | "utilized" | "utilizing" | "utilise" | "utilises"
            | "utilised" | "wield" | "wields" | "wielded" | "operates" | "operated"
            | "leverages" | "leverage" | "leveraged" | "leveraging" => Act::Use,
            "exploit" | "exploits" | "exploited" | "exploiting" | "weaponize" | "weaponizes"
            | "weaponized" | "weaponised" | "abuse" | "abuses" | "abused" | "abusing" => {
                Act::Exploit
            }
            "attacked" | "compromised" | "breached" | "hit" | "infiltrated" | "hacked"
            | "penetrated" | "infected" => Act::Hit,
            "target" | "targets" | "targeted" | "targeting" => Act::Aim,
            "contacts" | "contacted" | "contacting" | "beacons" | "beaconed" | "beaconing"
            | "communicates" | "communicated" | "communicate" | "communicating" | "connects"
            | "connected" | "connect" | "connecting" => Act::Talk,
            "drop" | "drops" | "dropped" | "dropping" | "install" | "installs" | "installed"
            | "installing" | "deploy" | "deploys" | "deployed" | "deploying" | "loads"
            | "loaded" | "unpacks" | "injects" => Act::Drop,
            "download" | "downloads" | "downloaded" | "downloading" | "fetches" | "fetched"
            | "retrieves" | "retrieved" => Act::Download,
            "deliver" | "delivers" | "delivered" | "delivering" | "distribute" | "distributes"
            | "distributed" | "distributing" | "spread" | "spreads" | "spreading"
            | "disseminates" | "disseminated" | "pushes" | "pushed" => Act::Deliver,
            _ => return None,
        };
        let past = word.ends_with("ed") || matches!(word, "hit" | "spread");
        Some((act, if past { Form::Past } else { Form::Active }))
    }

    /// The relation between two kinds, where the verb makes sense of them.
    fn relation(self, subject: Kind, object: Kind) -> Option<Relation> {
        let actor = subject.is_actor_like() || subject == Kind::Campaign;
        let software = matches!(subject, Kind::Malware | Kind::Tool);
        let file = subject.is_file_hash() || matches!(subject, Kind::FileName | Kind::FilePath);
        let loaded = matches!(object, Kind::Malware | Kind::Tool);
        let on_disk = object.is_file_hash() || matches!(object, Kind::FileName | Kind::FilePath);
        let host = matches!(object, Kind::Ipv4Addr | Kind::Ipv6Addr | Kind::DomainName | Kind::Url);
        let victim = matches!(object, Kind::Sector | Kind::Location | Kind::Identity);
        match self {
            Act::Use | Act::Exploit if object == Kind::Vulnerability => {
                (actor || software).then_some(Relation::Exploits)
            }
            Act::Use if loaded || object == Kind::AttackPattern => {
                (actor || software).then_some(Relation::Uses)
            }
            Act::Exploit if matches!(object, Kind::Tool) => {
                (actor || software).then_some(Relation::Uses)
            }
            Act::Hit if victim => (actor || software).then_some(Relation::Compromises),
            Act::Aim if victim || object == Kind::Software => {
                (actor || software).then_some(Relation::Targets)
            }
            Act::Talk if host => (software || file).then_some(Relation::CommunicatesWith),
            Act::Drop | Act::Deliver | Act::Download if loaded && actor => Some(
                // Actors use what they bring; that they bring it is the malware's part.
                if self == Act::Deliver { Relation::Delivers } else { Relation::Uses },
            ),
            Act::Drop if loaded || on_disk => (software || file).then_some(Relation::Drops),
            Act::Download if loaded || on_disk || object == Kind::Url => {
                (software || file).then_some(Relation::Downloads)
            }
            Act::Deliver if loaded => software.then_some(Relation::Delivers),
            _ => None,
        }
    }
}

/// Words for an actor or malware that was named before.
const THE_ACTOR: &[&str] = &[
    "the group",
    "this group",
    "the actor",
    "the actors",
    "this actor",
    "the threat actor",
    "the threat actors",
    "this threat actor",
    "the gang",
    "the hackers",
    "the adversary",
    "the attackers",
    "the attacker",
    "the threat group",
    "the hacking group",
    "the apt group",
    "the operators",
    "they",
];
const THE_MALWARE: &[&str] = &[
    "the malware",
    "this malware",
    "the backdoor",
    "this backdoor",
    "the trojan",
    "this trojan",
    "the loader",
    "this loader",
    "the ransomware",
    "this ransomware",
    "the implant",
    "this implant",
    "the stealer",
    "the botnet",
    "the rat",
    "the dropper",
    "this dropper",
    "the downloader",
    "the worm",
    "the wiper",
    "the sample",
    "it",
];
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
/// Between the parts of "A, B and C".
const JOINTS: &[&str] = &[
    ",",
    "and",
    ", and",
    "or",
    ", or",
    "as well as",
    ", as well as",
    "and the",
    ", the",
    ", and the",
    "/",
    "and its",
    "along with",
    "alongside",
    "and later",
    "and/or",
    "&",
];

/// Farthest from a verb to its subject and to its object, in bytes.
const BEFORE: usize = 120;
const BEHIND: usize = 70;

/// A subject or object with how it was found.
struct Party {
    entity: Entity,
    span: Option<Span>,
    /// Words that it was inferred from.
    inferred: Option<String>,
}

impl Telling<'_> {
    /// All that verbs between names say.
    pub(super) fn verbs(&mut self, memory: &Memory) {
        if self.is_defence() {
            return;
        }
        let words = self.words().clone();
        for (at, end, act, form) in verbs(&words.lower) {
            let (from, to) = words.clause(at);
            let passive = form == Form::Past && by_behind(&words.lower, end);
            if passive {
                self.passive(&words, act, (at, end), (from, to));
            } else if !(form == Form::Past && is_auxiliary(&words.lower, at)) {
                self.active(&words, act, (at, end), (from, to), memory);
            }
        }
        self.kinship(&words);
        self.places(&words);
    }

    fn active(
        &mut self,
        words: &Words,
        act: Act,
        (at, end): (usize, usize),
        (from, to): (usize, usize),
        memory: &Memory,
    ) {
        let objects = self.behind(words, act, end, to, |k| {
            // Any subject will do here; which one it is comes next.
            [Kind::ThreatActor, Kind::Malware, Kind::FileName]
                .iter()
                .any(|s| act.relation(*s, k).is_some())
        });
        let Some(first) = objects.first().map(|m| m.entity.kind) else { return };
        let subjects = self.before(words, (from, at), |k| act.relation(k, first).is_some());
        let subjects = if subjects.is_empty() {
            Self::pronoun(words, (from, at), memory, |k| act.relation(k, first).is_some())
        } else {
            subjects
        };
        let objects: Vec<(Entity, Span)> =
            objects.iter().map(|m| (m.entity.clone(), m.span)).collect();
        let verb = words.lower.get(at..end).unwrap_or_default().to_owned();
        for subject in &subjects {
            for (object, span) in &objects {
                let Some(relation) = act.relation(subject.entity.kind, object.kind) else {
                    continue;
                };
                if subject.entity == *object {
                    continue;
                }
                let (percent, why) = match &subject.inferred {
                    Some(words) => (
                        60,
                        format!("\"{verb}\", with \"{words}\" read as {}", subject.entity.value),
                    ),
                    None => (83, format!("the sentence says \"{verb}\"")),
                };
                let place = words.at(*span);
                self.claim(
                    subject.entity.clone(),
                    relation,
                    object.clone(),
                    *span,
                    place,
                    percent,
                    why,
                );
            }
        }
    }

    /// "X was used by Y", "X, exploited by Y".
    fn passive(
        &mut self,
        words: &Words,
        act: Act,
        (at, end): (usize, usize),
        (from, to): (usize, usize),
    ) {
        let Some(by) = words.lower.get(end..).and_then(|w| w.find("by ")).map(|i| end + i + 3)
        else {
            return;
        };
        let subjects: Vec<Entity> = self
            .behind(words, act, by, to, |k| {
                k.is_actor_like() || matches!(k, Kind::Campaign | Kind::Malware | Kind::Tool)
            })
            .iter()
            .map(|m| m.entity.clone())
            .collect();
        let Some(first) = subjects.first().map(|e| e.kind) else { return };
        let objects = self.before(words, (from, at), |k| act.relation(first, k).is_some());
        let verb = words.lower.get(at..end).unwrap_or_default().to_owned();
        for subject in &subjects {
            for object in &objects {
                let (Some(relation), Some(span)) =
                    (act.relation(subject.kind, object.entity.kind), object.span)
                else {
                    continue;
                };
                if *subject == object.entity {
                    continue;
                }
                let why = format!("the sentence says \"{verb} by\"");
                self.claim(subject.clone(), relation, object.entity.clone(), span, at, 84, why);
            }
        }
    }

    /// The nearest fitting names before a verb, with those joined to it by "and".
    fn before(
        &self,
        words: &Words,
        (from, at): (usize, usize),
        fits: impl Fn(Kind) -> bool,
    ) -> Vec<Party> {
        let mentions = self.sentence.mentions;
        let Some(nearest) = mentions.iter().rposition(|m| {
            words.end(m.span) <= at && words.at(m.span) >= from && fits(m.entity.kind)
        }) else {
            return Vec::new();
        };
        let end = words.end(mentions[nearest].span);
        // An organisation, or people who are no adversaries, right before the verb do it themselves.
        let other = mentions.get(nearest + 1..).unwrap_or_default().iter().any(|m| {
            m.entity.kind == Kind::Identity
                && words.end(m.span) <= at
                && at - words.end(m.span) < 24
        });
        if other || others_act(&words.lower, at) || at - end > BEFORE {
            return Vec::new();
        }
        let mut found = vec![party(&mentions[nearest])];
        let mut right = &mentions[nearest];
        for left in mentions.get(..nearest).unwrap_or_default().iter().rev() {
            let joint = words.lower.get(words.end(left.span)..words.at(right.span));
            if !fits(left.entity.kind) || !joint.is_some_and(|j| JOINTS.contains(&j.trim())) {
                break;
            }
            // "In Peru, X uses …" has no second subject; a comma alone needs an "and" later on.
            found.push(party(left));
            right = left;
        }
        let comma_only = found.len() > 1 && {
            let (a, b) = (words.end(right.span), end);
            !words.lower.get(a..b).is_some_and(|w| {
                w.contains(" and ")
                    || w.contains(" or ")
                    || w.contains("as well as")
                    || w.contains('/')
            })
        };
        if comma_only {
            found.truncate(1);
        }
        found
    }

    /// The fitting names right behind a verb, with those joined to the first.
    fn behind(
        &self,
        words: &Words,
        act: Act,
        end: usize,
        to: usize,
        fits: impl Fn(Kind) -> bool,
    ) -> Vec<&Mention> {
        let mut found: Vec<&Mention> = Vec::new();
        let mut last = end;
        for mention in self.sentence.mentions {
            let (start, stop) = (words.at(mention.span), words.end(mention.span));
            if start < last || start >= to {
                continue;
            }
            let between = words.lower.get(last..start).unwrap_or_default();
            if found.is_empty() {
                // Another verb, "by" or an infinitive between: it is not this verb's object.
                let foreign = between.split(|c: char| !c.is_alphanumeric()).any(|w| {
                    Act::of(w).is_some()
                        || w == "by"
                        || (w == "to" && act != Act::Talk)
                        || w == "against" && act == Act::Use
                        || matches!(
                            w,
                            "that"
                                | "which"
                                | "who"
                                | "when"
                                | "after"
                                | "before"
                                | "from"
                                | "on"
                                | "in"
                        ) && !matches!(act, Act::Talk | Act::Aim)
                });
                if between.len() > BEHIND || foreign {
                    break;
                }
                if !fits(mention.entity.kind) {
                    continue;
                }
            } else if !JOINTS.contains(&between.trim()) || !fits(mention.entity.kind) {
                break;
            }
            found.push(mention);
            last = stop;
        }
        found
    }

    /// What "the group", "the malware", "it" before the verb stand for.
    fn pronoun(
        words: &Words,
        (from, at): (usize, usize),
        memory: &Memory,
        fits: impl Fn(Kind) -> bool,
    ) -> Vec<Party> {
        let from = from.max(at.saturating_sub(60));
        let Some(from) = (from..=at).find(|i| words.lower.is_char_boundary(*i)) else {
            return Vec::new();
        };
        let of = |cues: &'static [&'static str], named: Option<&Entity>| {
            let (a, b) = words.last(cues, from, at)?;
            // The pronoun has to be the verb's own subject: little may stand between.
            let between = words.lower.get(b..at)?;
            let near = between.split_whitespace().count() <= 3 && !between.contains(',');
            let entity = named.filter(|e| fits(e.kind) && near)?.clone();
            Some(Party { entity, span: None, inferred: words.lower.get(a..b).map(str::to_owned) })
        };
        of(THE_ACTOR, memory.near_actor.as_ref())
            .or_else(|| of(THE_MALWARE, memory.near_malware.as_ref()))
            .into_iter()
            .collect()
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
        for (left, relation, right) in made {
            let why = if relation == Relation::PartOf {
                "the sentence calls it a part"
            } else {
                "the sentence says that it was made from the other"
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

fn party(mention: &Mention) -> Party {
    Party { entity: mention.entity.clone(), span: Some(mention.span), inferred: None }
}

/// Whether people who are no adversaries stand right before the verb at `at`.
pub(super) fn others_act(lower: &str, at: usize) -> bool {
    let head = lower.get(..at).unwrap_or_default();
    head.split_whitespace().rev().take(2).any(|w| OTHERS.contains(&w))
}

/// Verbs of a lower-case sentence: start, end, what they say.
fn verbs(lower: &str) -> Vec<(usize, usize, Act, Form)> {
    let mut found = Vec::new();
    let mut at = 0;
    for word in lower.split(|c: char| !c.is_ascii_alphanumeric()) {
        if let Some((act, form)) = Act::of(word) {
            found.push((at, at + word.len(), act, form));
        }
        at += word.len();
        at += lower.get(at..).and_then(|rest| rest.chars().next()).map_or(1, char::len_utf8);
    }
    found
}

/// Whether "by" follows the participle, with an adverb or a "in attacks" at most between.
fn by_behind(lower: &str, end: usize) -> bool {
    let rest = lower.get(end..).unwrap_or_default();
    let rest = rest.split([',', ';', '.']).next().unwrap_or_default();
    rest.split_whitespace().take(4).any(|w| w == "by")
}

/// Whether the participle stands in a passive without "by".
fn is_auxiliary(lower: &str, at: usize) -> bool {
    let head = lower.get(..at).unwrap_or_default();
    head.split_whitespace().rev().take(2).any(|w| {
        matches!(w, "was" | "were" | "been" | "is" | "are" | "being" | "be" | "get" | "got")
    })
}
