//! What an act is done to: the names behind its verb, each with what links it.

use lapwing_model::{Kind, Polarity};

use super::act::{Act, Form, Link};
use super::clause::{Object, Reading};
use super::token::Piece;
use super::words::{HEDGING, OTHER_VERBS, RELATIVES};
use crate::sentence::is_month;

/// Farthest from a verb to an object, in bytes.
const REACH: usize = 200;

impl Reading<'_> {
    /// The names behind a verb, each with what links it.
    pub(super) fn objects(
        &self,
        verb: usize,
        from: usize,
        act: Act,
        passive: bool,
        polarity: Polarity,
    ) -> Vec<Object> {
        let mut found: Vec<Object> = Vec::new();
        let mut link = if passive { Link::Apart } else { Link::Direct };
        let mut brackets = 0usize;
        let mut own = polarity;
        let mut bracketed = false;
        let noun = self.act(verb).is_some_and(|(_, f)| self.is_noun(verb, f));
        for k in from..self.tokens.len() {
            let token = &self.tokens[k];
            if token.start.saturating_sub(self.tokens[verb].end) > REACH {
                break;
            }
            match token.piece {
                Piece::Break => break,
                Piece::Open => {
                    brackets += 1;
                    bracketed = self.tokens[k - 1].name().is_some_and(|n| self.can_act(n));
                }
                Piece::Close => {
                    brackets = brackets.saturating_sub(1);
                    bracketed = false;
                }
                Piece::Name(_) if !found.is_empty() && self.opens_clause(k) => break,
                Piece::Name(n) => {
                    // Another name of what stands before the bracket.
                    if bracketed && brackets > 0 && self.can_act(n) {
                        continue;
                    }
                    if !self.is_origin(k)
                        && self
                            .tokens
                            .get(k + 1)
                            .is_none_or(|t| t.piece != Piece::Possessive || !self.can_act(n))
                    {
                        found.push(Object { name: n, link, polarity: own });
                    }
                    if own == Polarity::Hedged {
                        own = polarity;
                    }
                }
                // "X for this, Y for that"
                Piece::Comma if link == Link::Apart && !passive && !found.is_empty() => {
                    link = Link::Direct;
                }
                Piece::Comma | Piece::Possessive => {}
                Piece::Word => {
                    let word = self.word(k);
                    if k == verb + 1
                        && (word == "out"
                            || (takes_on(self.word(verb)) && matches!(word, "on" | "at" | "after")))
                    {
                        continue;
                    }
                    if word == "like"
                        || word == "including"
                        || (word == "such" && self.word(k + 1) == "as")
                    {
                        continue;
                    }
                    if word == "as"
                        && (self.before(k) == "such"
                            || self.word(k + 1) == "well"
                            || self.before(k) == "well")
                    {
                        continue;
                    }
                    if word == "by" && (noun || passive) {
                        link = Link::Apart;
                        continue;
                    }
                    if word == "by" {
                        break;
                    }
                    if (word == "not" && self.before(k) != "if")
                        || (word == "than" && self.before(k) == "rather")
                        || (word == "of" && self.before(k) == "instead")
                    {
                        own = Polarity::Denied;
                        continue;
                    }
                    // "used no malware such as X"; "no less than two" is a number.
                    if matches!(word, "no" | "neither" | "nor")
                        && !matches!(
                            self.word(k + 1),
                            "less" | "fewer" | "more" | "longer" | "other"
                        )
                    {
                        own = Polarity::Denied;
                        continue;
                    }
                    if self.is(k, HEDGING) && !is_month(self.lower, token.start) {
                        if own == Polarity::Asserted {
                            own = Polarity::Hedged;
                        }
                        continue;
                    }
                    if self.is(k, RELATIVES) {
                        break;
                    }
                    if self.is(k, OTHER_VERBS) {
                        break;
                    }
                    if word == "to" && self.act(k + 1).is_some() {
                        break;
                    }
                    if let Some((_, form)) = self.act(k) {
                        let verb_here =
                            !self.is_noun(k, form) && (word != "using" || act == Act::Use);
                        // "targeted attacks" is no verb either.
                        let adjective = form == Form::Past
                            && matches!(self.act(k + 1), Some((_, Form::Third | Form::Base)));
                        if verb_here && !adjective {
                            break;
                        }
                    }
                    // "on the servers of X" is on X.
                    if (word == "of" && link != Link::Direct)
                        || (word == "in" && link == Link::Against)
                    {
                        continue;
                    }
                    if let Some(next) = Link::of(word) {
                        link = next;
                    }
                }
            }
        }
        found
    }

    /// "Chinese hackers", "Iran-linked": an origin, no victim.
    pub(super) fn is_origin(&self, k: usize) -> bool {
        let Some(n) = self.tokens[k].name() else { return false };
        if self.kind(n) != Kind::Location {
            return false;
        }
        let next = self.word(k + 1);
        matches!(
            next,
            "sponsored"
                | "linked"
                | "nexus"
                | "aligned"
                | "backed"
                | "hackers"
                | "apt"
                | "actors"
                | "actor"
                | "speaking"
                | "origin"
                | "operatives"
                | "spies"
        ) || (matches!(next, "state" | "threat" | "hacking" | "cyber")
            && matches!(
                self.word(k + 2),
                "sponsored" | "actor" | "actors" | "group" | "groups" | "espionage" | "backed"
            ))
    }
}

/// Verbs whose object stands behind "on" or "at".
fn takes_on(verb: &str) -> bool {
    ["rel", "focus", "spy", "spi", "aim", "went"].iter().any(|stem| verb.starts_with(stem))
        || matches!(verb, "go" | "goes" | "gone" | "going")
}
