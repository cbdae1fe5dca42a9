//! What a sentence reports only to say that it is not so: "those who attributed it to X are wrong".

use lapwing_model::{Basis, Polarity, Relation};

use super::Telling;

/// What is called wrong, or in doubt: somebody's statement.
const STATEMENTS: &[&str] = &[
    "those who",
    "anyone who",
    "whoever",
    "claims",
    "claim",
    "reports",
    "report",
    "articles",
    "media",
    "allegations",
    "allegation",
    "assertions",
    "assertion",
    "statements",
    "statement",
    "theories",
    "theory",
    "rumours",
    "rumors",
    "speculation",
    "attribution",
    "attributions",
    "attributing",
    "linking",
    "the link",
    "links between",
];
const WRONG: &[&str] = &[
    "wrong",
    "mistaken",
    "mistake",
    "false",
    "incorrect",
    "inaccurate",
    "unfounded",
    "baseless",
    "untrue",
    "erroneous",
    "refuted",
    "debunked",
    "disproved",
    "disproven",
    "retracted",
    "withdrawn",
    "misleading",
];
const IN_DOUBT: &[&str] =
    &["disputed", "doubtful", "questionable", "contested", "unproven", "uncertain", "in doubt"];
/// Before the verb, with what it is wrong to do behind.
const WRONG_TO: &[&str] = &[
    "wrong to",
    "incorrect to",
    "a mistake to",
    "misleading to",
    "false to",
    "wrong that",
    "untrue that",
    "false that",
    "incorrect that",
    "not true that",
    "nothing links",
    "nothing ties",
    "nothing connects",
    "no longer attributes",
    "no longer links",
    "no longer ties",
    "no longer attributed",
];
/// Behind a statement of others, which those who write could not confirm.
const NOT_BORNE_OUT: &[&str] = &[
    "no evidence for it",
    "no evidence for this",
    "no evidence for that",
    "no evidence of it",
    "no evidence to support",
    "could not confirm it",
    "could not confirm this",
    "could not confirm that",
    "cannot confirm it",
    "cannot confirm this",
    "could not verify it",
    "could not verify this",
    "unable to confirm it",
    "unable to confirm this",
    "do not agree",
    "we disagree",
];
/// Between the verb "be" and what is said of the statement, at most so many bytes.
const NEAR: usize = 40;

impl Telling<'_> {
    /// Turns what the sentence only reports into what it says of it.
    pub(super) fn dispute(&mut self) {
        let words = &self.sentence.words;
        let end = words.lower.len();
        if let Some((from, _)) = words.first(WRONG_TO, 0, end) {
            let (_, to) = words.clause(from);
            self.turn(from, to, Polarity::Denied);
        }
        // "Some attribute it to X; we found no evidence for it": what was said before is doubted.
        if let Some((at, _)) = words.last(NOT_BORNE_OUT, 0, end) {
            self.turn(0, at, Polarity::Hedged);
        }
        let Some((from, behind)) = words.first(STATEMENTS, 0, end) else { return };
        let (_, to) = words.clause(behind);
        for (list, polarity) in [(WRONG, Polarity::Denied), (IN_DOUBT, Polarity::Hedged)] {
            let Some((at, _)) = words.last(list, behind, to) else { continue };
            let Some(head) = words.lower.get(behind..at) else { continue };
            // "… are wrong", "has proven to be mistaken", not "… used a wrong key".
            let said = ["are ", "is ", "was ", "were ", "be ", "been ", "proved ", "proven "]
                .iter()
                .filter_map(|verb| head.rfind(verb).map(|at| at + verb.len()))
                .max()
                .is_some_and(|verb| {
                    let between = head.get(verb..).unwrap_or_default();
                    between.len() < NEAR
                        && !between.contains([',', '('])
                        && !between.contains("not ")
                });
            // The nearest statement before is the one that is meant.
            let from = words.last(STATEMENTS, 0, at).map_or(from, |(last, _)| last.max(from));
            if said {
                self.turn(from, at, polarity);
                return;
            }
        }
    }

    /// What stands between two places of the sentence is said so firmly and no more.
    fn turn(&mut self, from: usize, to: usize, polarity: Polarity) {
        let words = &self.sentence.words;
        let whole = self.sentence.span;
        for claim in &mut self.claims {
            let inside = claim.span == whole || (from..to).contains(&words.at(claim.span));
            let fact = matches!(
                claim.relation,
                Relation::AliasOf | Relation::TrackedBy | Relation::FirstSeen | Relation::LastSeen
            );
            if inside && !fact && claim.polarity != Polarity::Denied {
                claim.polarity = polarity;
                claim.basis = Basis::Assessed;
            }
        }
    }
}
