//! Whom it hit, and whom it may have hit: sectors, countries, regions.

use lapwing_model::{Entity, Kind, Polarity, Relation, Span};

use super::Telling;

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
        let words = self.words().clone();
        let Some((who, why)) = self.who() else { return };
        let named: Vec<(Entity, Span, usize, usize)> = self
            .of_kind(|k| matches!(k, Kind::Sector | Kind::Location))
            .iter()
            .map(|m| (m.entity.clone(), m.span, words.at(m.span), words.end(m.span)))
            .collect();
        for (i, (entity, span, at, end)) in named.iter().enumerate() {
            if self.is_said(*span, &[Relation::Targets, Relation::Compromises]) {
                continue;
            }
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
            ]
            .iter()
            .any(|w| tail.starts_with(w));
            if origin {
                continue;
            }
            let polarity = words.polarity(*at);
            let word = words.lower.get(cue..cue_end).unwrap_or_default();
            let relation = if HIT.contains(&word) && polarity == Polarity::Asserted
                || (before.is_none() && word.contains("hit") | word.contains("compromised"))
            {
                Relation::Compromises
            } else {
                Relation::Targets
            };
            // "Southeast Asian government": the claim's span holds both, so that they stay a pair.
            let pair =
                i.checked_sub(1).and_then(|j| named.get(j)).filter(|(left, _, _, left_end)| {
                    left.kind == Kind::Location
                        && entity.kind == Kind::Sector
                        && at.saturating_sub(*left_end) <= 8
                });
            let after = named.get(i + 1).filter(|(right, _, right_at, _)| {
                entity.kind == Kind::Sector
                    && right.kind == Kind::Location
                    && words.lower.get(*end..*right_at).is_some_and(|w| {
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
            let span = match (pair, after) {
                (Some((_, left, ..)), _) => Span { start: left.start, end: span.end },
                (None, Some((_, right, ..))) => Span { start: span.start, end: right.end },
                _ => *span,
            };
            let place = pair.or(after).map(|(place, ..)| place.value.clone());
            let reason = place.map_or_else(
                || format!("after \"{word}\"; {why}"),
                |place| format!("after \"{word}\", in {place}; {why}"),
            );
            self.claim(who.clone(), relation, entity.clone(), span, *at, 72, reason);
        }
    }
}
