//! Whom it hit, and whom it may have hit: sectors, countries, regions.

use lapwing_model::{Entity, Kind, Polarity, Relation, Span};

use super::Telling;

/// What defenders do for those who might have been hit.
const SPARING: &[&str] = &["prevented", "prevents", "thwarted", "foiled", "notified"];

/// Words after which victims are named.
pub(crate) const HITTING: &[&str] = &[
    "victims",
    "victim",
    "affected",
    "affecting",
    "attacked",
    "attacks on",
    "attack on",
    "attacks against",
    "attack against",
    "attacks targeting",
    "hit",
    "hits",
    "hitting",
    "targeted",
    "targets",
    "targeting",
    "target",
    "against",
    "compromised",
    "compromising",
    "breached",
    "struck",
    "aimed at",
    "infected",
    "impacted",
    "attacks",
    "intrusions at",
    "intrusions into",
    "focused on",
];
/// Those that say that the victim was really hit.
const HIT: &[&str] = &[
    "victims",
    "victim",
    "affected",
    "attacked",
    "hit",
    "hits",
    "compromised",
    "breached",
    "struck",
    "infected",
    "impacted",
];

impl Telling<'_> {
    pub(super) fn victims(&mut self) {
        if self.is_defence() {
            return;
        }
        let words = &self.sentence.words;
        let named: Vec<(usize, Entity, Span, usize, usize)> = self
            .sentence
            .mentions
            .iter()
            .enumerate()
            .filter(|(_, m)| matches!(m.entity.kind, Kind::Sector | Kind::Location))
            .map(|(i, m)| (i, m.entity.clone(), m.span, words.at(m.span), words.end(m.span)))
            .collect();
        for (index, entity, span, at, end) in &named {
            let told = self.claims.iter().any(|c| {
                matches!(c.relation, Relation::Targets | Relation::Compromises)
                    && c.object.entity() == Some(entity)
                    && c.span.overlaps(*span)
            });
            if told {
                continue;
            }
            let Some(acting) = self.acting_at(*at) else { continue };
            for (who, why) in acting {
                let (from, _) = words.clause(*at);
                // The nearest cue before decides; words of speech in between end its reach.
                let before = words.last(HITTING, from, *at);
                let behind = || {
                    // "retailers were hit", "victims in Italy" turned round
                    let reach = (*end + 40).min(words.lower.len());
                    let reach = (*end..=reach).rev().find(|r| words.lower.is_char_boundary(*r))?;
                    words.first(
                        &[
                            "were hit",
                            "were targeted",
                            "were attacked",
                            "were compromised",
                            "were affected",
                            "have been targeted",
                            "have been compromised",
                            "victims",
                            "have been hit",
                            "were among the victims",
                        ],
                        *end,
                        reach,
                    )
                };
                let Some((cue, cue_end)) = before.or_else(behind) else { continue };
                // "This prevented attacks and warned the victims, hospitals among them."
                if words.first(SPARING, from, *at).is_some() {
                    continue;
                }
                if before.is_some()
                    && words
                        .first(
                            &[
                                "according to",
                                "attributed to",
                                "operates in",
                                "operates from",
                                "based in",
                                "sponsored",
                                "believed to be",
                            ],
                            cue_end,
                            *at,
                        )
                        .is_some()
                    && entity.kind == Kind::Location
                {
                    continue;
                }
                let tail = words.lower.get(*end..).unwrap_or_default();
                let origin = [
                    "-sponsored",
                    "-linked",
                    "-nexus",
                    "-aligned",
                    "-backed",
                    " state-sponsored",
                    " hackers",
                    " threat actor",
                    " threat group",
                    " apt",
                    " hacking",
                    " group",
                    " actors",
                    " operators",
                    " cyber operation",
                    " cyberoperation",
                ]
                .iter()
                .any(|w| tail.starts_with(w));
                if origin {
                    continue;
                }
                let polarity = words.polarity(*at);
                let word = words.lower.get(cue..cue_end).unwrap_or_default();
                let relation = if HIT.contains(&word) && polarity == Polarity::Asserted
                    || (before.is_none()
                        && word.contains("hit")
                            | word.contains("compromised")
                            | word.contains("victims"))
                {
                    Relation::Compromises
                } else {
                    Relation::Targets
                };
                let (span, place) = self.paired(*index);
                let reason = place.map_or_else(
                    || format!("after \"{word}\"; {why}"),
                    |place| format!("after \"{word}\", in {place}; {why}"),
                );
                self.claim(who.clone(), relation, entity.clone(), span, *at, 72, reason);
            }
        }
    }

    /// "Southeast Asian government": the span of a sector or place with the one that belongs to it,
    /// so that they stay a pair, and the place.
    pub(super) fn paired(&self, index: usize) -> (Span, Option<String>) {
        let words = self.words();
        let mentions = self.sentence.mentions;
        let Some(own) = mentions.get(index) else { return (Span::default(), None) };
        let span = own.span;
        if own.entity.kind != Kind::Sector {
            return (span, None);
        }
        let (at, end) = (words.at(span), words.end(span));
        let left = index.checked_sub(1).and_then(|i| mentions.get(i)).filter(|left| {
            left.entity.kind == Kind::Location && at.saturating_sub(words.end(left.span)) <= 8
        });
        let right = mentions.get(index + 1).filter(|right| {
            right.entity.kind == Kind::Location
                && words.lower.get(end..words.at(right.span)).is_some_and(|w| {
                    matches!(
                        w.trim(),
                        "in" | "in the"
                            | "across"
                            | "from"
                            | "of"
                            | "sector in"
                            | "sector in the"
                            | "sectors in"
                    )
                })
        });
        match (left, right) {
            (Some(left), _) => {
                (Span { start: left.span.start, end: span.end }, Some(left.entity.value.clone()))
            }
            (None, Some(right)) => {
                (Span { start: span.start, end: right.span.end }, Some(right.entity.value.clone()))
            }
            _ => (span, None),
        }
    }
}
