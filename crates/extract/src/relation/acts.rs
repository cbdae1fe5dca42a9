//! What was used, exploited, affected; and what was not.

use lapwing_model::{Entity, Kind, Polarity, Relation, Span};

use super::Telling;

/// Words that say in passing what was used; verbs are read with their subjects.
const USING: &[&str] = &[
    "via",
    "included",
    "including",
    "involved",
    "involving",
    "with",
    "through",
    "using",
    "created",
    "creates",
    "creating",
    "develops",
    "armed",
];
const EXPLOITING: &[&str] = &[
    "exploit",
    "exploits",
    "exploited",
    "exploiting",
    "exploitation",
    "abuse",
    "abused",
    "abusing",
    "leveraged",
    "leveraging",
    "weaponized",
    "weaponised",
    "via",
    "using",
    "used",
    "chained",
    "took advantage",
];
const AFFECTING: &[&str] = &[
    "affect",
    "affects",
    "affected",
    "affecting",
    "impact",
    "impacts",
    "impacted",
    "impacting",
    "vulnerable",
    "vulnerability in",
    "vulnerabilities in",
    "flaw in",
    "flaws in",
    "bug in",
    "bugs in",
    "zero-day in",
    "zero-days in",
];

/// What follows a product that is said to be spared.
const SPARED: &[&str] = &[
    "not affected",
    "not impacted",
    "not vulnerable",
    "unaffected",
    "not known to be affected",
    "not known to be impacted",
    "not known to be vulnerable",
    "not believed to be affected",
    "not believed to be vulnerable",
];

impl Telling<'_> {
    /// Actor, malware or topic → technique, malware, tool, where no verb says so.
    pub(super) fn uses(&mut self) {
        if self.is_defence() {
            return;
        }
        let words = &self.sentence.words;
        let used: Vec<(Entity, Span, usize)> = self
            .of_kind(|k| matches!(k, Kind::AttackPattern | Kind::Malware | Kind::Tool))
            .iter()
            .map(|m| (m.entity.clone(), m.span, words.at(m.span)))
            .collect();
        let named = self.subject.is_some();
        for (object, span, at) in used {
            let said = [Relation::Uses, Relation::Drops, Relation::Downloads, Relation::Delivers];
            // "X was dropped by Y": Y is nothing that X uses.
            let acts =
                self.claims.iter().any(|c| c.subject == object && said.contains(&c.relation));
            if acts || self.is_said(span, &said) {
                continue;
            }
            let (from, _) = words.clause(at);
            let cue = words.last(USING, from, at).filter(|(_, end)| at - end < 40);
            let technique = object.kind == Kind::AttackPattern;
            if (cue.is_none() || !named) && !technique {
                continue;
            }
            let others = cue.is_some_and(|(cue, _)| super::verbs::others_act(&words.lower, cue));
            if others && !technique {
                continue;
            }
            // "attacks by X with Y": the nearest name before that can use it.
            for (who, why) in self.acting_at(at).into_iter().flatten() {
                let fits = technique || who.kind.is_actor_like() || who.kind == Kind::Campaign;
                if who == object || !fits || self.is_told(&who, Relation::Uses, &object) {
                    continue;
                }
                let percent = match (cue.is_some(), named) {
                    (true, true) => 72,
                    (true, false) => 62,
                    _ => 55,
                };
                self.claim(who, Relation::Uses, object.clone(), span, at, percent, why);
            }
        }
    }

    /// Actor, malware or campaign → vulnerability; malware → address.
    pub(super) fn exploits(&mut self) {
        if self.is_defence() {
            return;
        }
        let words = &self.sentence.words;
        let Some(who) = self.subject.clone() else { return };
        let flaws: Vec<(Entity, Span, usize)> = self
            .of_kind(|k| k == Kind::Vulnerability)
            .iter()
            .map(|m| (m.entity.clone(), m.span, words.at(m.span)))
            .collect();
        for (object, span, at) in flaws {
            let (from, to) = words.clause(at);
            let Some((cue, _)) = words.first(EXPLOITING, from, to) else { continue };
            // Who is named in the same clause, and before the verb or behind "by".
            let acting = self.acting_at(at).into_iter().flatten().map(|(who, _)| who);
            let acting: Vec<Entity> = acting
                .filter(|who| {
                    self.sentence.mentions.iter().any(|m| {
                        m.entity == *who && words.at(m.span) >= from && words.at(m.span) < at
                    })
                })
                .collect();
            for who in acting {
                if who == object || self.is_said(span, &[Relation::Exploits]) {
                    continue;
                }
                self.claim(
                    who,
                    Relation::Exploits,
                    object.clone(),
                    span,
                    at.max(cue),
                    65,
                    "the sentence says that it was exploited",
                );
            }
        }
        let talks = words.first(
            &[
                "communicates with",
                "communicate with",
                "communicated with",
                "connects to",
                "connected to",
                "beacons to",
                "beaconed to",
                "contacts",
                "c2 server",
                "c2 servers",
                "c2 at",
                "c2 infrastructure",
                "c2 domain",
                "c2 domains",
                "c2 address",
                "c2 addresses",
                "c2 channel",
                "c&c infrastructure",
                "command and control servers",
                "command-and-control servers",
                "command and control infrastructure",
                "command-and-control infrastructure",
                "c&c server",
                "c&c servers",
                "command and control server",
                "command-and-control server",
                "calls back to",
            ],
            0,
            words.lower.len(),
        );
        if let (Kind::Malware, Some((_, cue_end))) = (who.kind, talks) {
            let hosts: Vec<(Entity, Span, usize)> = self
                .of_kind(|k| {
                    matches!(k, Kind::Ipv4Addr | Kind::Ipv6Addr | Kind::DomainName | Kind::Url)
                })
                .iter()
                .map(|m| (m.entity.clone(), m.span, words.at(m.span)))
                .collect();
            for (object, span, at) in hosts.into_iter().filter(|(_, _, at)| *at >= cue_end) {
                if self.is_said(span, &[Relation::CommunicatesWith]) {
                    continue;
                }
                self.claim(
                    who.clone(),
                    Relation::CommunicatesWith,
                    object,
                    span,
                    at,
                    80,
                    "the sentence says that it talks to it",
                );
            }
        }
    }

    /// Vulnerability → software, and denials of it.
    pub(super) fn affected(&mut self) {
        let words = &self.sentence.words;
        let products: Vec<(Entity, Span, usize)> = self
            .of_kind(|k| k == Kind::Software)
            .iter()
            .map(|m| (m.entity.clone(), m.span, words.at(m.span)))
            .collect();
        if products.is_empty() {
            return;
        }
        let mut flaws: Vec<Entity> =
            self.of_kind(|k| k == Kind::Vulnerability).iter().map(|m| m.entity.clone()).collect();
        flaws.dedup();
        for (product, span, at) in products {
            let spared =
                words.first(SPARED, at, words.lower.len()).is_some_and(|(cue, _)| cue - at < 120);
            let polarity = if spared { Polarity::Denied } else { words.polarity(at) };
            let cue = words.last(AFFECTING, 0, at).is_some_and(|(_, end)| at - end < 90) || spared;
            let flawed = words.lower.get(at..).is_some_and(|w| {
                w.split_whitespace().take(6).any(|w| {
                    w.starts_with("vulnerabilit")
                        || w.starts_with("flaw")
                        || w.starts_with("zero-day")
                        || w.starts_with("bug")
                })
            });
            let speaks_of_flaws = !flaws.is_empty()
                || words.has(&[
                    "vulnerabilities",
                    "vulnerability",
                    "flaw",
                    "flaws",
                    "bug",
                    "bugs",
                    "zero-day",
                    "zero-days",
                    "issue",
                    "issues",
                    "exploit",
                    "exploits",
                ]);
            // "X is not affected" says all by itself.
            if !(cue || (flawed && !flaws.is_empty())) || !(speaks_of_flaws || spared) {
                continue;
            }
            let mut subjects = flaws.clone();
            if subjects.is_empty() && (polarity == Polarity::Denied || cue) {
                // A malware or an actor uses a flaw; it is none.
                let flawed = |t: &Entity| matches!(t.kind, Kind::Campaign | Kind::Vulnerability);
                let denied = polarity == Polarity::Denied;
                let topic = self.frame.topic.clone();
                subjects.extend(topic.filter(|t| *t != product && (denied || flawed(t))));
            }
            for subject in subjects {
                let claim = self.claim(
                    subject,
                    Relation::Affects,
                    product.clone(),
                    span,
                    at,
                    75,
                    if polarity == Polarity::Denied {
                        "the sentence says that it is not affected"
                    } else {
                        "the sentence names product and vulnerability"
                    },
                );
                if spared {
                    claim.polarity = Polarity::Denied;
                }
            }
        }
    }
}
