//! Who stands behind it: actors, sponsors, bases, trackers, aliases.

use lapwing_model::{Basis, Entity, Kind, Relation, Span};

use super::{Memory, Telling};

const ATTRIBUTING: &[&str] = &[
    "attributes",
    "attributed",
    "attribute",
    "attributing",
    "attribution",
    "assigns",
    "assigned",
    "assign",
    "ascribed",
    "ascribes",
    "blamed",
    "blames",
    "linked",
    "links",
    "tied",
    "ties",
    "that link",
    "to link",
    "who link",
    "carried out by",
    "conducted by",
    "work of",
    "perpetrated by",
    "responsible",
    "orchestrated by",
    "launched by",
    "operated by",
    "behind",
];
const SPONSORING: &[&str] = &[
    "state-sponsored",
    "state sponsored",
    "sponsored",
    "sponsored by",
    "nation-state",
    "government-backed",
    "state-backed",
    "backed by",
    "on behalf of",
    "supported by the",
    "affiliated with",
    "working for",
];
const RESIDING: &[&str] = &[
    "operates in",
    "operate in",
    "operate from",
    "operating in",
    "operates from",
    "operating from",
    "operates out of",
    "operating out of",
    "based in",
    "located in",
    "works from",
    "resides in",
    "headquartered in",
];

/// What stands behind a country and is an office or place of it: "the US State Department".
const OFFICES: &[&str] = &[
    " state department",
    " state university",
    " state duma",
    " state secretary",
    " state police",
    " state of",
    " state bank",
    " state service",
    " state agency",
    " national",
    " nationals",
    " nations",
];

impl Telling<'_> {
    /// "… attributes the attacks to X with high confidence".
    pub(super) fn attribution(&mut self, memory: &Memory) {
        let words = &self.sentence.words;
        let Some((cue, cue_end)) = words.first(ATTRIBUTING, 0, words.lower.len()) else { return };
        let actors: Vec<(Entity, usize, Span)> = self
            .of_kind(Kind::is_actor_like)
            .iter()
            .map(|m| (m.entity.clone(), words.at(m.span), m.span))
            .collect();
        // "X is behind the attacks" names the actor first; every other cue names it after.
        let behind = words.lower.get(cue..cue_end) == Some("behind")
            || words.lower.get(cue..cue_end) == Some("responsible");
        let after: Vec<_> = actors.iter().filter(|(_, at, _)| behind || *at >= cue_end).collect();
        let before =
            actors.iter().rev().find(|(_, at, _)| !behind && *at < cue).map(|(e, ..)| e.clone());
        // "PeatBot was attributed to X", and "those who attribute PeatBot to X".
        let told: Vec<(Entity, usize)> = self
            .of_kind(|k| matches!(k, Kind::Malware | Kind::Campaign))
            .iter()
            .map(|m| (m.entity.clone(), words.at(m.span)))
            .collect();
        let first_actor = after.first().map_or(0, |(_, at, _)| *at);
        let malware = told
            .iter()
            .find(|(_, at)| *at < cue)
            .or_else(|| told.iter().find(|(_, at)| !behind && *at >= cue_end && *at < first_actor))
            .map(|(e, _)| e.clone());
        // "X has been linked to the malware Y"
        let tied = words.lower.get(cue..cue_end).is_some_and(|w| matches!(w, "linked" | "tied"));
        if let Some(actor) = before.clone().filter(|_| tied && after.is_empty()) {
            let tools: Vec<(Entity, Span, usize)> = self
                .of_kind(|k| k == Kind::Malware)
                .iter()
                .map(|m| (m.entity.clone(), m.span, words.at(m.span)))
                .filter(|(_, _, at)| *at >= cue_end && at - cue_end < 60)
                .collect();
            for (malware, span, at) in tools {
                let why = "the sentence ties it to the actor";
                let claim =
                    self.claim(malware, Relation::AttributedTo, actor.clone(), span, at, 75, why);
                claim.basis = Basis::Assessed;
            }
            return;
        }
        // "This activity" is the actor's own in a report on an actor, and that of a malware where the
        // report is on that one; what a text only names most did not do what every sentence tells.
        let own = || {
            let topic = self.frame.topic.clone()?;
            let fits = match topic.kind {
                Kind::Campaign | Kind::Cluster => true,
                Kind::Malware => self.frame.told,
                kind => !kind.is_actor_like(),
            };
            fits.then_some(topic)
        };
        let Some(subject) = before.or(malware).or_else(own) else { return };
        let _ = memory;
        for (actor, at, _) in after {
            if *actor == subject {
                continue;
            }
            let stated = words.stated();
            let span = self.sentence.span;
            let claim = self.claim(
                subject.clone(),
                Relation::AttributedTo,
                actor.clone(),
                span,
                (*at).max(cue_end),
                80,
                "the sentence attributes it",
            );
            claim.basis = Basis::Assessed;
            if let Some((confidence, word)) = stated {
                claim.stated = Some(confidence);
                claim.stated_word = Some(word);
            }
        }
    }

    /// Countries as origin, sponsor or base of an actor.
    pub(super) fn countries(&mut self, memory: &Memory) {
        let words = &self.sentence.words;
        let places: Vec<(Entity, usize, usize)> = self
            .of_kind(|k| k == Kind::Location)
            .iter()
            .map(|m| (m.entity.clone(), words.at(m.span), words.end(m.span)))
            .collect();
        if places.is_empty() {
            return;
        }
        let Some(actor) = self.subject.clone().filter(|s| s.kind != Kind::Campaign) else { return };
        let carried = self.speaker.is_none() && memory.actor.as_ref() == Some(&actor);
        let sponsor = words.first(SPONSORING, 0, words.lower.len());
        for (place, at, end) in places {
            let reach = words.lower.get(end..).unwrap_or_default();
            let short: String = reach.chars().take(34).collect();
            let adjective = [
                "-sponsored",
                "-linked",
                "-nexus",
                "-aligned",
                "-backed",
                "-affiliated",
                " state-sponsored",
                " state sponsored",
                " nation-state",
                " government-backed",
                " state-backed",
                " apt",
                " threat actor",
                " threat group",
                " hacking group",
                " hackers",
                " espionage",
                " cyberespionage",
                " cyber espionage",
                " actor",
                " group",
                " intelligence",
                "-speaking",
                "-based threat",
                "-based hack",
                "-based group",
                "-based actor",
                " origin",
            ]
            .iter()
            .any(|w| short.starts_with(w));
            let sponsored_here =
                ["-sponsored", "-backed", " state", " nation", " government-backed"]
                    .iter()
                    .any(|w| short.starts_with(w))
                    && !OFFICES.iter().any(|office| short.starts_with(office));
            // "on 192.0.2.1, located in Peru": the server is.
            let other = |cue: usize| {
                self.sentence.mentions.iter().rev().find(|m| words.end(m.span) <= cue).is_some_and(
                    |m| {
                        m.entity.kind.is_observable()
                            || (m.entity.kind == Kind::Identity && cue - words.end(m.span) < 6)
                    },
                )
            };
            let resides = words
                .last(RESIDING, 0, at)
                .is_some_and(|(cue, cue_end)| at - cue_end < 24 && !other(cue));
            let from = words.lower.get(..at).unwrap_or_default().trim_end_matches("the ");
            let from = ["out of ", "group from ", "gang from ", "actor from ", "hackers from "]
                .iter()
                .any(|cue| from.ends_with(cue));
            // The victim's country is no sponsor: the cue has to be near, and no attack between.
            let sponsored_by = sponsor.is_some_and(|(cue, cue_end)| {
                let (low, high) = if cue < at { (cue_end, at) } else { (end, cue) };
                high.saturating_sub(low) < 50
                    && words.first(super::victims::HITTING, low, high.max(low)).is_none()
            });
            let span = self.sentence.span;
            let mut made = Vec::new();
            if sponsored_here
                || (sponsored_by
                    && (resides
                        || adjective
                        || words.has(&["sponsored by", "backed by", "sponsored", "on behalf of"])))
            {
                made.push((Relation::SponsoredBy, "called sponsored by a state"));
            }
            if resides {
                let operates = words
                    .last(RESIDING, 0, at)
                    .and_then(|(a, b)| words.lower.get(a..b))
                    .is_some_and(|w| w.ends_with(" in") && w.starts_with("operat"));
                made.push((
                    if operates { Relation::LocatedAt } else { Relation::OriginatesFrom },
                    "said to work there",
                ));
            } else if adjective || from {
                made.push((Relation::OriginatesFrom, "named by its country"));
            }
            for (relation, why) in made {
                let said_by = memory.actor_said_by.clone();
                let claim = self.claim(actor.clone(), relation, place.clone(), span, at, 75, why);
                claim.basis = Basis::Assessed;
                if carried {
                    claim.said_by = said_by;
                }
            }
        }
    }

    /// "Mandiant tracks this activity as UNC…".
    pub(super) fn tracking(&mut self, memory: &Memory) {
        let words = &self.sentence.words;
        let Some((cue, cue_end)) = words.first(
            &["track", "tracks", "tracked", "tracking", "refers to", "named", "calls"],
            0,
            words.lower.len(),
        ) else {
            return;
        };
        let named: Vec<(Entity, usize)> = self
            .of_kind(Kind::is_actor_like)
            .iter()
            .map(|m| (m.entity.clone(), words.at(m.span)))
            .collect();
        // "A, tracked by S as B, works with C": B is whom S tracks.
        let as_name = named.iter().find(|(_, at)| {
            *at >= cue_end
                && words.lower.get(cue_end..*at).is_some_and(|w| {
                    w.trim_end().trim_end_matches(['"', '\u{201c}']).trim_end().ends_with(" as")
                })
        });
        let actors: Vec<Entity> = match as_name {
            Some((tracked, _)) => vec![tracked.clone()],
            None => named.into_iter().map(|(entity, _)| entity).collect(),
        };
        if actors.is_empty() {
            return;
        }
        let identities: Vec<(String, usize)> = self
            .of_kind(|k| k == Kind::Identity)
            .iter()
            .map(|m| (m.entity.value.clone(), words.at(m.span)))
            .collect();
        let tracker = identities
            .iter()
            .find(|(_, at)| {
                *at >= cue_end && words.lower.get(..*at).is_some_and(|w| w.ends_with("by "))
            })
            .or_else(|| identities.iter().rev().find(|(_, at)| *at < cue))
            .map(|(name, _)| name.clone())
            .or_else(|| self.speaker.clone())
            .or_else(|| {
                words.lower.starts_with("researchers").then(|| memory.researchers.clone()).flatten()
            });
        let span = self.sentence.span;
        let topic = self.frame.topic.clone();
        for actor in actors {
            if let Some(tracker) = &tracker {
                self.claim(
                    actor.clone(),
                    Relation::TrackedBy,
                    Entity::new(Kind::Identity, tracker.clone()),
                    span,
                    cue,
                    82,
                    "the sentence says who tracks it",
                );
            }
            // "this activity" is what the document is about.
            if actor.kind == Kind::Cluster
                && words.has(&["this activity", "the activity", "these attacks", "this campaign"])
            {
                match &topic {
                    Some(topic) if topic.kind == Kind::Campaign => {
                        self.claim(
                            actor,
                            Relation::PartOf,
                            topic.clone(),
                            span,
                            cue,
                            70,
                            "a cluster of the activity that the document is about",
                        );
                    }
                    Some(topic) if topic.kind == Kind::Software => {
                        self.claim(
                            actor,
                            Relation::Targets,
                            topic.clone(),
                            span,
                            cue,
                            70,
                            "a cluster of the activity that the document is about",
                        );
                    }
                    _ => {}
                }
            }
        }
    }

    /// "X, also known as Y", "X (Y)".
    pub(super) fn aliases(&mut self) {
        let words = &self.sentence.words;
        let named: Vec<(Entity, usize, usize)> = self
            .of_kind(|k| {
                k.is_actor_like() || matches!(k, Kind::Malware | Kind::Tool | Kind::Campaign)
            })
            .iter()
            .map(|m| (m.entity.clone(), words.at(m.span), words.end(m.span)))
            .collect();
        let mut first: Option<(Entity, usize)> = None;
        for pair in named.windows(2) {
            let ((left, _, left_end), (right, right_at, _)) = (&pair[0], &pair[1]);
            let between = words.lower.get(*left_end..*right_at).unwrap_or_default();
            let family = |k: Kind| {
                if k.is_actor_like() {
                    0
                } else if k == Kind::Campaign {
                    1
                } else {
                    2
                }
            };
            if family(left.kind) != family(right.kind) || between.len() > 60 {
                first = None;
                continue;
            }
            // "X is a sub-cluster of Y (formerly Z)": X is none of them.
            let part = [
                "cluster of",
                "subgroup of",
                "sub-group of",
                "subset of",
                "part of",
                "member of",
                "branch of",
                "arm of",
                "offshoot of",
            ]
            .iter()
            .any(|w| between.contains(w));
            if part {
                first = None;
                continue;
            }
            let says = [
                "also known as",
                "aka",
                "a.k.a",
                "also called",
                "also tracked",
                "also referred",
                "previously known",
                "previously tracked",
                "formerly",
                "tracked as",
                "known as",
                "dubbed",
                "overlaps with the group known as",
            ]
            .iter()
            .any(|w| between.contains(w))
                || ((between.contains("tracked by ") || between.contains(" tracks"))
                    && between.trim_end().ends_with(" as"));
            let opened = between.trim() == "(";
            let goes_on =
                matches!(between.trim(), "," | "/" | "and" | ", and" | "or" | ", or" | ";");
            let base = match &first {
                Some((base, _)) if goes_on => Some(base.clone()),
                _ if says || opened => Some(left.clone()),
                _ => None,
            };
            match base {
                Some(base) if base != *right => {
                    let why = if opened {
                        "given in brackets behind the name"
                    } else {
                        "the sentence says that both names mean the same"
                    };
                    let span = self.sentence.span;
                    let percent = if says { 88 } else { 72 };
                    self.claim(
                        right.clone(),
                        Relation::AliasOf,
                        base.clone(),
                        span,
                        *right_at,
                        percent,
                        why,
                    );
                    // Beyond the closing bracket nothing is an alias any more.
                    let closes =
                        words.lower.get(pair[1].2..).is_some_and(|rest| rest.starts_with(')'));
                    first = (!closes).then_some((base, *right_at));
                }
                _ => first = None,
            }
        }
    }
}
