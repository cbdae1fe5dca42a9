//! How reliable sources proved: Dawid and Skene's model over roots, with priors by class.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::FuseError;
use crate::agreement::{Agreement, BAND_DAYS, ClaimType};
use crate::reliability::{letter_of, reliability_of};
use crate::standing::source_of;

/// A class says as much of a source as so many of its statements would.
const PRIOR: f64 = 20.0;
/// Learnt reliability moves in steps of this from the prior, about what lies between two letters: with each step
/// every fact of its source is derived anew, so that a source that grows must not take many. Smaller steps, five
/// between C and A, had a store of some millions derive most of its facts again with every tenth of its size.
const STEP: f64 = 0.15;
/// Nobody is more reliable than this, however often confirmed.
const MOST: f64 = 0.97;
/// Rounds of expectation and maximisation; it has settled long before.
const ROUNDS: usize = 40;
/// A round that moves no accuracy by more is the last.
const SETTLED: f64 = 1e-6;

/// Of more statements than these a sample is learnt from.
const SAMPLE: u64 = 16_384;

/// What is learnt of one source on one type of claim.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Record {
    /// Key of the source: its name in small letters, without spaces.
    pub source: String,
    /// The letter of its class, where it began.
    pub class: char,
    /// The reliability of the class.
    pub prior: f64,
    /// Statements of it that others state or deny as well, or whose truth is known.
    pub statements: f64,
    /// Of these, how many were right, as far as the others tell.
    pub right: f64,
    /// How often it was the first of several.
    pub first: f64,
    /// How often it came after others.
    pub later: f64,
    /// Days that it came after the first, on average.
    pub days_late: f64,
    /// What follows: reliability, 0 to 1.
    pub reliability: f64,
    /// The letter of that.
    pub letter: char,
}

/// How reliable each source proved, by type of claim.
///
/// A function of who agrees with whom alone: the order in which reports came makes no difference.
/// Copies are not among the voices, so nobody is confirmed by a copy of himself.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Reliabilities {
    records: BTreeMap<(String, ClaimType), Record>,
}

/// Counts of one source while learning.
#[derive(Clone, Copy, Debug, Default)]
struct Tally {
    right: f64,
    all: f64,
    first: f64,
    later: f64,
    days: f64,
}

/// The least depth (see [`depth_of`](crate::depth_of)) at and below which there are few enough statements
/// to learn from all of them, from how many there are at each depth. A function of what is there, not of
/// the order in which it came.
#[must_use]
pub fn sampled_from(counts: &[(u8, u64)]) -> u8 {
    let below = |depth: u8| -> u64 {
        counts.iter().filter(|(at, _)| *at >= depth).map(|(_, count)| count).sum()
    };
    (0..=31).find(|depth| below(*depth) <= SAMPLE).unwrap_or(31)
}

/// A vote by the number of its source.
struct Ballot {
    source: usize,
    supports: bool,
    first: bool,
    late: Option<u8>,
}

/// An agreement by numbers, and how often it occurs.
struct Counted {
    known_false: bool,
    count: f64,
    ballots: Vec<Ballot>,
}

impl Reliabilities {
    /// Learns from agreements and how often each occurs.
    #[must_use]
    pub fn learn<'a>(agreements: impl IntoIterator<Item = (&'a Agreement, u64)>) -> Self {
        let mut counted: BTreeMap<&Agreement, u64> = BTreeMap::new();
        for (agreement, count) in agreements {
            *counted.entry(agreement).or_default() += count;
        }
        // Of several letters of one source (names in several spellings) the best is its class.
        let mut classes: BTreeMap<(&str, ClaimType), char> = BTreeMap::new();
        for agreement in counted.keys() {
            for vote in &agreement.votes {
                let class = classes.entry((&vote.source, agreement.about)).or_insert(vote.letter);
                *class = (*class).min(vote.letter);
            }
        }
        let numbers: BTreeMap<(&str, ClaimType), usize> =
            classes.keys().enumerate().map(|(n, key)| (*key, n)).collect();
        let counted: Vec<Counted> = counted
            .iter()
            .map(|(agreement, count)| Counted {
                known_false: agreement.known_false,
                count: *count as f64,
                ballots: agreement
                    .votes
                    .iter()
                    .map(|vote| Ballot {
                        source: numbers[&(vote.source.as_str(), agreement.about)],
                        supports: vote.supports,
                        first: vote.first,
                        late: vote.late,
                    })
                    .collect(),
            })
            .collect();
        let priors: Vec<f64> =
            classes.values().map(|class| accuracy(reliability_of(*class))).collect();
        // Of observers without a name nothing is learnt: each is another.
        let named: Vec<bool> = classes.keys().map(|(source, _)| !source.is_empty()).collect();
        let (accuracies, tallies) = settle(&counted, &priors, &named);
        let records = classes.into_iter().enumerate().filter(|(n, _)| named[*n]);
        Self {
            records: records
                .map(|(n, (key, class))| {
                    let record = record(key.0, class, accuracies[n], tallies[n]);
                    ((key.0.to_owned(), key.1), record)
                })
                .collect(),
        }
    }

    /// As text, for keeping.
    #[must_use]
    pub fn to_text(&self) -> String {
        let all: Vec<(ClaimType, &Record)> = self.records().collect();
        serde_json::to_string(&all).unwrap_or_default()
    }

    /// Reads what [`Self::to_text`] wrote.
    ///
    /// # Errors
    /// When it is not in the form.
    pub fn from_text(text: &str) -> Result<Self, FuseError> {
        let all: Vec<(ClaimType, Record)> = serde_json::from_str(text)
            .map_err(|_| FuseError::Damaged("what is learnt is not in the format"))?;
        let key = |(about, record): (ClaimType, Record)| ((record.source.clone(), about), record);
        Ok(Self { records: all.into_iter().map(key).collect() })
    }

    /// What is learnt of a source; `None` when nobody stated or denied what it states.
    #[must_use]
    pub fn record(&self, source: &str, about: ClaimType) -> Option<&Record> {
        self.records.get(&(source_of(source), about))
    }

    /// All records, in order of source.
    pub fn records(&self) -> impl Iterator<Item = (ClaimType, &Record)> {
        self.records.iter().map(|((_, about), record)| (*about, record))
    }

    /// The sources whose reliability is another than in `before`: their statements are fused anew.
    #[must_use]
    pub fn moved(&self, before: &Self) -> Vec<String> {
        let keys = self.records.keys().chain(before.records.keys());
        let mut moved: Vec<String> = keys
            .filter(|key| {
                let value = |of: &Self| of.records.get(*key).map(|r| (r.reliability, r.prior));
                match (value(self), value(before)) {
                    (Some(now), Some(then)) => (now.0 - then.0).abs() > 1e-9,
                    (Some((now, prior)), None) | (None, Some((now, prior))) => {
                        (now - prior).abs() > 1e-9
                    }
                    (None, None) => false,
                }
            })
            .map(|(source, _)| source.clone())
            .collect();
        moved.sort();
        moved.dedup();
        moved
    }
}

/// A witness who knows with probability `reliability`, and else tosses a coin, is right so often.
fn accuracy(reliability: f64) -> f64 {
    0.5 + 0.5 * reliability
}

/// Accuracies and statements until both agree, beginning with the classes.
fn settle(counted: &[Counted], priors: &[f64], named: &[bool]) -> (Vec<f64>, Vec<Tally>) {
    let mut accuracies = priors.to_vec();
    let mut tallies = Vec::new();
    for _ in 0..ROUNDS {
        tallies = tally(counted, &accuracies);
        let mut moved = 0.0_f64;
        for (n, now) in accuracies.iter_mut().enumerate().filter(|(n, _)| named[*n]) {
            let next = (priors[n] * PRIOR + tallies[n].right) / (PRIOR + tallies[n].all);
            moved = moved.max((next - *now).abs());
            *now = next;
        }
        if moved < SETTLED {
            break;
        }
    }
    (accuracies, tallies)
}

/// How probable a statement is by the voices on it, from the log-odds that each is right as it is
/// believed now.
fn probability(agreement: &Counted, odds: &[f64]) -> f64 {
    if agreement.known_false {
        return 0.0;
    }
    let side = |ballot: &Ballot| {
        let odds = odds[ballot.source];
        if ballot.supports { odds } else { -odds }
    };
    let odds: f64 = agreement.ballots.iter().map(side).sum();
    1.0 / (1.0 + (-odds).exp())
}

fn tally(counted: &[Counted], accuracies: &[f64]) -> Vec<Tally> {
    // Whoever is wrong more often than a coin tells nothing; he does not prove the contrary.
    let log_odds = |right: &f64| {
        let right = right.clamp(0.5, 0.98);
        (right / (1.0 - right)).ln()
    };
    let odds: Vec<f64> = accuracies.iter().map(log_odds).collect();
    let mut tallies = vec![Tally::default(); accuracies.len()];
    for agreement in counted {
        if agreement.ballots.len() < 2 && !agreement.known_false {
            continue;
        }
        let (p, count) = (probability(agreement, &odds), agreement.count);
        for ballot in &agreement.ballots {
            let sum = &mut tallies[ballot.source];
            sum.right += count * if ballot.supports { p } else { 1.0 - p };
            sum.all += count;
            sum.first += if ballot.first { count } else { 0.0 };
            if let Some(late) = ballot.late {
                sum.later += count;
                sum.days += count * BAND_DAYS[usize::from(late)];
            }
        }
    }
    tallies
}

fn record(source: &str, class: char, accuracy: f64, sum: Tally) -> Record {
    let prior = reliability_of(class);
    let learnt = (2.0 * accuracy - 1.0).clamp(0.0, MOST);
    let steps = ((learnt - prior) / STEP).trunc();
    let reliability = (prior + steps * STEP).clamp(0.0, MOST);
    let rounded = |x: f64| (x * 100.0).round() / 100.0;
    Record {
        source: source.to_owned(),
        class,
        prior,
        statements: sum.all,
        right: rounded(sum.right),
        first: sum.first,
        later: sum.later,
        days_late: if sum.later > 0.0 { rounded(sum.days / sum.later) } else { 0.0 },
        reliability,
        letter: if steps == 0.0 { class } else { letter_of(reliability) },
    }
}

/// Accuracies of sources and the probability of each statement, as [`Reliabilities::learn`] believes
/// them, without steps: for the simulation that the method is scored on.
#[must_use]
pub fn believed(agreements: &[Agreement]) -> Vec<f64> {
    let counted: BTreeMap<&Agreement, f64> =
        agreements.iter().fold(BTreeMap::new(), |mut counted, agreement| {
            *counted.entry(agreement).or_default() += 1.0;
            counted
        });
    let learnt = Reliabilities::learn(counted.iter().map(|(a, n)| (*a, *n as u64)));
    let reliability = |about: ClaimType, source: &str, letter: char| {
        let record = learnt.record(source, about);
        let sum = record.map(|r| {
            let class = accuracy(r.prior);
            2.0 * (class * PRIOR + r.right) / (PRIOR + r.statements) - 1.0
        });
        sum.unwrap_or_else(|| reliability_of(letter)).clamp(0.0, MOST)
    };
    agreements
        .iter()
        .map(|agreement| {
            let side = |supports: bool| -> Vec<f64> {
                let votes = agreement.votes.iter().filter(|v| v.supports == supports);
                votes.map(|v| reliability(agreement.about, &v.source, v.letter)).collect()
            };
            crate::combine(&side(true), &side(false))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn learn(list: &[(&str, u64)]) -> Reliabilities {
        let parsed: Vec<(Agreement, u64)> =
            list.iter().map(|(text, n)| (text.parse().unwrap(), *n)).collect();
        Reliabilities::learn(parsed.iter().map(|(a, n)| (a, *n)))
    }

    fn of<'r>(learnt: &'r Reliabilities, source: &str) -> &'r Record {
        learnt.record(source, ClaimType::Values).unwrap()
    }

    #[test]
    fn confirmation_lifts_and_error_lowers() {
        let learnt = learn(&[("v|+Dsmallblog^|+Acisa~1", 60), ("v!|+Cvuldb", 30)]);
        let blog = of(&learnt, "smallblog");
        assert!(blog.reliability > blog.prior && blog.letter < 'D', "{blog:?}");
        assert_eq!((blog.first, blog.later), (60.0, 0.0));
        let vuldb = of(&learnt, "vuldb");
        assert!(vuldb.reliability < vuldb.prior && vuldb.letter > 'C', "{vuldb:?}");
        assert!((of(&learnt, "cisa").days_late - 4.0).abs() < 1e-9);
    }

    #[test]
    fn a_source_that_grows_moves_seldom() {
        // All facts of a source are derived again when it moves: of one that is borne out ever more often, once or
        // twice, whatever it grows to.
        for (class, most) in [('A', 0), ('B', 1), ('C', 1), ('D', 2)] {
            let mut before = Reliabilities::default();
            let mut moves = 0;
            for count in (1..200).chain((200..20_000).step_by(100)) {
                let now = learn(&[(&format!("v|+{class}growing|+{class}other"), count)]);
                moves += usize::from(now.moved(&before).contains(&"growing".to_owned()));
                before = now;
            }
            assert!(moves <= most, "{class}: {moves} moves");
            let grown = of(&before, "growing");
            assert!(grown.reliability >= grown.prior, "{grown:?}");
        }
    }

    #[test]
    fn of_two_who_differ_the_one_whom_others_contradict_is_worse() {
        let learnt = learn(&[
            ("v|+Cone|+Ctwo|-Cthree", 40),
            ("v|+Cone|-Cthree", 20),
            ("v|+Cthree|-Cone|-Ctwo", 20),
        ]);
        assert!(of(&learnt, "three").reliability < 0.2);
        assert!(of(&learnt, "one").reliability > 0.7);
    }

    #[test]
    fn a_few_statements_move_nothing_and_nothing_is_learnt_of_the_nameless() {
        let learnt = learn(&[("v|+Bmandiant|+Acisa", 3), ("v|+F|+F", 50)]);
        let mandiant = of(&learnt, "mandiant");
        assert!((mandiant.reliability - 0.85).abs() < 1e-12 && mandiant.letter == 'B');
        assert_eq!(learnt.records().count(), 2);
        assert!(learnt.moved(&Reliabilities::default()).is_empty());
        let more = learn(&[("v!|+Bmandiant", 30)]);
        assert_eq!(more.moved(&learnt), ["mandiant"]);
    }

    proptest! {
        #[test]
        fn order_makes_no_difference_and_agreement_never_lowers(
            picks in prop::collection::vec((0usize..4, 0usize..4, any::<bool>(), 1u64..30), 1..12),
            disputes in any::<bool>(),
            one in 0usize..4, other in 0usize..4,
        ) {
            let names = ["Acisa", "Bmandiant", "Cvuldb", "Dblog"];
            let text = |a: usize, b: usize, agree: bool| {
                let side = if agree { '+' } else { '-' };
                format!("v|+{}|{side}{}", names[a], names[b])
            };
            let mut list: Vec<(String, u64)> = picks
                .into_iter()
                .filter(|(a, b, ..)| a != b)
                .map(|(a, b, agree, n)| (text(a, b, agree || !disputes), n))
                .collect();
            let of = |list: &[(String, u64)]| {
                let list: Vec<(&str, u64)> = list.iter().map(|(t, n)| (t.as_str(), *n)).collect();
                learn(&list)
            };
            let first = of(&list);
            list.reverse();
            prop_assert_eq!(&first, &of(&list));
            // In a dispute who rises may pull down whom he contradicts; where all agree nobody falls.
            prop_assume!(one != other && !disputes);
            list.push((text(one, other, true), 5));
            let after = of(&list);
            for at in [one, other] {
                let key = &names[at][1..];
                let before = first.record(key, ClaimType::Values).map_or(0.0, |r| r.reliability);
                let now = after.record(key, ClaimType::Values).unwrap().reliability;
                prop_assert!(now >= before - 1e-9, "{key} {before} {now}");
            }
        }
    }
}
