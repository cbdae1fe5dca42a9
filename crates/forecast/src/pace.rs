//! How fast values go out of use at one source, beside the law for all: learnt from lists that the source
//! publishes again and again.

use std::collections::BTreeMap;

use lapwing_model::Kind;

use crate::decay::{Clocks, DecayModel};

/// As many values gone as a source is believed to have lost at the general pace before it is looked at.
const PRIOR: f64 = 20.0;
/// No source's days count less, or more, in percent.
const BOUNDS: (u32, u32) = (25, 400);
/// Fewer days with a list say nothing of how long values stay on it.
const LEAST_LISTS: usize = 3;
/// Nor does a shorter time.
const LEAST_DAYS: i64 = 14;
/// A source of whose values fewer are on the next list too reports news, and does not keep a list.
const LEAST_KEPT: f64 = 0.25;

/// Between these days without a sighting the law falls by those that are gone.
const BEHIND_GRACE: [i64; 2] = [7, 30];

/// What is known of the lists of one source, of kinds that age alike.
#[derive(Clone, Copy, Debug)]
pub struct Listed<'a> {
    /// One of the kinds.
    pub kind: Kind,
    /// The days with a list, rising; days of any calendar.
    pub days: &'a [i64],
    /// For each value the places in `days` of its first and its last list.
    pub spells: &'a [(usize, usize)],
    /// How many values of a list, summed over all lists but the last, are on the next list too, and how
    /// many are not.
    pub kept: (u64, u64),
}

/// How fast the values of a source go out of use.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Pace {
    /// How many times a day without a sighting counts, in percent: 200 where values go twice as fast.
    pub percent: u32,
    /// How many values were listed.
    pub values: usize,
    /// How many went off the list.
    pub gone: usize,
    /// How many would have, by the law for all.
    pub expected: f64,
}

/// The pace of a source; `None` where its lists cannot tell.
///
/// The law for all gives each value a risk to go with each further list; the pace is how many went for each
/// that was to go, drawn towards one (a gamma prior on a rate, the usual of survival analysis).
#[must_use]
pub fn pace(listed: &Listed<'_>) -> Option<Pace> {
    let days = listed.days;
    let (first, last) = (days.first()?, days.last()?);
    if days.len() < LEAST_LISTS || last - first < LEAST_DAYS {
        return None;
    }
    let (kept, dropped) = listed.kept;
    if kept + dropped == 0 || (kept as f64) < LEAST_KEPT * (kept + dropped) as f64 {
        return None;
    }
    let mut law = Risks { kind: listed.kind, known: BTreeMap::new() };
    let mut by_first: BTreeMap<usize, Vec<f64>> = BTreeMap::new();
    let (mut gone, mut expected) = (0, 0.0);
    for &(from, to) in listed.spells {
        let risks = by_first.entry(from).or_insert_with(|| law.summed(days, from));
        // What the newest lists alone lack may come back.
        let is_gone = days.get(to).is_some_and(|day| last - day >= BEHIND_GRACE[0]);
        // The list that lacks it for good was a risk too.
        let risked = to - from + usize::from(is_gone);
        expected += risks.get(risked).or(risks.last()).copied().unwrap_or_default();
        gone += usize::from(is_gone);
    }
    let rate = (gone as f64 + PRIOR) / (expected + PRIOR);
    let percent = ((rate * 100.0).round() as u32).clamp(BOUNDS.0, BOUNDS.1);
    Some(Pace { percent, values: listed.spells.len(), gone, expected })
}

/// The risks of a law a day, by age.
struct Risks {
    kind: Kind,
    known: BTreeMap<u32, f64>,
}

impl Risks {
    /// The risk summed from the list at `first` to each later one; 0 at its beginning.
    fn summed(&mut self, days: &[i64], first: usize) -> Vec<f64> {
        let mut sums = vec![0.0];
        let mut sum = 0.0;
        let from = days.get(first..).unwrap_or_default();
        for pair in from.windows(2) {
            let age = days_between(from[0], pair[0]);
            sum += f64::from(days_between(pair[0], pair[1])) * self.a_day(age);
            sums.push(sum);
        }
        sums
    }

    /// The fall of the law behind its days of grace: within them a value that is gone still counts as in use.
    fn a_day(&mut self, age: u32) -> f64 {
        let kind = self.kind;
        *self.known.entry(age).or_insert_with(|| {
            let at = |unseen: i64| {
                let clocks = Clocks { kind, family: None, age, unseen: unseen as u32 };
                DecayModel::Fitted.read(&clocks).probability.max(1e-9)
            };
            let [from, to] = BEHIND_GRACE;
            (at(from) / at(to)).ln().max(0.0) / (to - from) as f64
        })
    }
}

fn days_between(from: i64, to: i64) -> u32 {
    u32::try_from(to - from).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Of daily lists of values that stay for so many days each; twenty begin on each day.
    fn pace_of(stay: usize, lists: usize) -> Option<Pace> {
        let days: Vec<i64> = (0..lists as i64).collect();
        let spells: Vec<(usize, usize)> = (0..lists)
            .flat_map(|first| vec![(first, (first + stay - 1).min(lists - 1)); 20])
            .collect();
        let kept: usize = spells.iter().map(|(first, last)| last - first).sum();
        let dropped = spells.iter().filter(|(_, last)| last + 1 < lists).count();
        let kept = (kept as u64, dropped as u64);
        pace(&Listed { kind: Kind::Ipv4Addr, days: &days, spells: &spells, kept })
    }

    #[test]
    fn what_goes_sooner_counts_faster() {
        let (short, long) = (pace_of(3, 60).unwrap(), pace_of(90, 60).unwrap());
        assert!(short.percent > 150, "{short:?}");
        assert!(long.percent < 100, "{long:?}");
        // Those of the last seven days may come back.
        assert_eq!((short.values, short.gone), (1200, 1020));
    }

    #[test]
    fn too_little_says_nothing() {
        // Two lists; a week; news that no further list repeats.
        for (stay, lists) in [(2, 2), (3, 7), (1, 60)] {
            assert_eq!(pace_of(stay, lists), None);
        }
    }

    proptest! {
        #[test]
        fn a_pace_is_within_bounds_and_more_gone_is_never_slower(
            gaps in prop::collection::vec(1_i64..9, 3..40),
            spells in prop::collection::vec((0_usize..40, 0_usize..40), 1..80),
        ) {
            let days: Vec<i64> = gaps.iter().scan(0, |day, gap| { *day += gap; Some(*day) }).collect();
            let spells: Vec<(usize, usize)> = spells
                .into_iter()
                .map(|(a, b)| (a % days.len(), b % days.len()))
                .map(|(a, b)| (a.min(b), a.max(b)))
                .collect();
            let listed =
                Listed { kind: Kind::DomainName, days: &days, spells: &spells, kept: (1, 1) };
            if let Some(one) = pace(&listed) {
                prop_assert!((BOUNDS.0..=BOUNDS.1).contains(&one.percent));
                prop_assert!(one.expected >= 0.0 && one.gone <= one.values);
                // The same, and none that is still listed: no slower.
                let newest = days[days.len() - 1];
                let ended: Vec<_> =
                    spells.iter().copied().filter(|s| newest - days[s.1] >= 7).collect();
                let without = pace(&Listed { spells: &ended, ..listed }).unwrap();
                prop_assert!(without.percent >= one.percent);
            }
        }
    }
}
