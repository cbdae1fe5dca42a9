//! How surely a sentence says that something was done.

use lapwing_model::Polarity;

use super::act::Form;
use super::clause::Reading;
use super::token::Piece;
use super::words::{DENYING, HEDGING};
use crate::sentence::is_month;

/// Words anywhere before that deny all that follows in the clause.
const DENYING_ALL: &[&str] = &[
    "no evidence",
    "no indication",
    "no sign",
    "no proof",
    "no known",
    "without evidence",
    "ruled out",
    "not known",
    "not believed",
    "not thought",
    "incorrectly",
    "wrongly",
    "falsely",
    "mistakenly",
    "erroneously",
    "refuted",
    "debunked",
    "no longer believed",
    "not the case",
    "neither",
    "no reports",
    "denied that",
    "untrue",
    "unlikely that",
    "unlikely to have",
    "disproved",
];

/// Words before a clause that say that what follows was not seen: "we have not observed X using Y".
const UNSEEN: &[&str] = &[
    "not seen",
    "not observed",
    "not yet seen",
    "not yet observed",
    "not witnessed",
    "not detected",
    "not found",
    "not noticed",
    "never seen",
    "never observed",
    "not been seen",
    "not been observed",
];

/// Words anywhere before that hedge all that follows in the clause.
const HEDGING_ALL: &[&str] = &[
    "believe",
    "believes",
    "believed",
    "suspect",
    "suspects",
    "suspected",
    "reportedly",
    "allegedly",
    "alleged",
    "appears",
    "appear",
    "appeared",
    "said to",
    "seems",
    "seem",
    "presumably",
    "thought to",
    "apparently",
    "unconfirmed",
    "suggests",
    "suggest",
    "suggesting",
    "possible that",
    "likely that",
    "may indicate",
    "moderate confidence",
    "medium confidence",
    "low confidence",
    "probable that",
    "speculates",
    "speculated",
    "rumoured",
    "rumored",
    "rumours",
    "rumors",
    "whether",
    "unclear",
];

/// Behind the objects of a verb.
const HEDGING_AFTER: &[&str] = &[
    "moderate confidence",
    "medium confidence",
    "low confidence",
    "unconfirmed",
    "if confirmed",
    "not confirmed",
    "not been confirmed",
    "not be confirmed",
    "is possible",
    "is likely",
];

impl Reading<'_> {
    /// How surely the clause says that it was done.
    pub(super) fn polarity(
        &self,
        i: usize,
        group: usize,
        clause: usize,
        above: Option<Polarity>,
    ) -> Polarity {
        // Words of the verb's own group, and the two before it.
        let own = group.saturating_sub(2).max(clause)..i;
        let denied = own.clone().any(|k| {
            let word = self.word(k);
            let inside = k >= group || matches!(word, "not" | "never" | "neither");
            (inside && self.is(k, DENYING) && !matches!(self.word(k + 1), "only" | "just"))
                || (k >= group && matches!(word, "failed" | "fails" | "unable"))
                || (k + 1 == group && word == "without")
                || (k + 1 == i && word == "without")
                || (word == "than" && self.before(k) == "rather")
                || (word == "of" && self.before(k) == "instead")
        });
        let opening = self.start(clause);
        let at = self.start(i);
        let before_all = |cues: &[&str]| {
            self.words.last(cues, opening, at).is_some_and(|(_, end)| {
                // A relative clause or another finite verb does not carry over.
                !self.lower.get(end..at).is_some_and(|w| {
                    [", was ", ", were ", ", is ", ", has "].iter().any(|b| w.contains(b))
                        || w.contains(", which")
                        || w.contains(", who")
                        || w.contains(" but ")
                })
            })
        };
        let unseen = self.words.last(UNSEEN, opening, at).is_some_and(|(_, end)| {
            // "a loader not seen before", "not observed since" say when, and deny nothing.
            let behind = self.lower.get(end..at).unwrap_or_default();
            let next = behind.split_whitespace().next().unwrap_or_default();
            !behind.contains([',', ';'])
                && !behind.contains(" but ")
                && !matches!(
                    next,
                    "before"
                        | "previously"
                        | "until"
                        | "since"
                        | "in"
                        | "by"
                        | "elsewhere"
                        | "again"
                )
        });
        let none_were = {
            let first = self.word(clause);
            matches!(first, "none" | "no")
                && (clause..i)
                    .all(|k| self.act(k).is_none() || self.is_noun(k, Form::Base) || k >= group)
        };
        if denied
            || none_were
            || unseen
            || before_all(DENYING_ALL)
            || above == Some(Polarity::Denied)
        {
            return Polarity::Denied;
        }
        let beside =
            own.clone().any(|k| self.is(k, HEDGING) && !is_month(self.lower, self.start(k)));
        let behind = {
            let to = (i..self.tokens.len())
                .find(|k| self.tokens[*k].piece == Piece::Break)
                .unwrap_or(self.tokens.len());
            self.words.first(HEDGING_AFTER, at, self.start(to)).is_some()
        };
        if beside || behind || before_all(HEDGING_ALL) || above == Some(Polarity::Hedged) {
            Polarity::Hedged
        } else {
            Polarity::Asserted
        }
    }
}
