//! How fast values go out of use at one source, beside the law for all: learnt from lists that the source
//! publishes again and again.

use std::collections::BTreeMap;

use lapwing_model::Kind;

use crate::decay::{Clocks, DecayModel};
use crate::lifetimes::GRACE;

/// As many values are taken to go by the law for all before a source is looked at.
const PRIOR: f64 = 20.0;
/// No source's days count less, or more, in percent.
const BOUNDS: (u32, u32) = (25, 400);
/// Fewer days with a list say nothing of how long values stay on it.
const LEAST_LISTS: usize = 3;
/// Nor does a shorter time.
const LEAST_DAYS: i64 = 14;
/// A source of whose values fewer are on the next list too reports news, and does not keep a list.
const LEAST_KEPT: f64 = 0.25;
/// Values are looked at again after so many days, at most.
const HORIZON: i64 = 30;
/// Of one value not every day is an example: they say the same.
const STRIDE: i64 = 3;

/// What is known of the lists of one source, of kinds that age alike.
#[derive(Clone, Copy, Debug)]
pub struct Listed<'a> {
    /// One of the kinds.
    pub kind: Kind,
    /// The days with a list, rising; days of any calendar.
    pub days: &'a [i64],
    /// For each value the places in `days` of the lists that hold it, rising.
    pub values: &'a [Vec<u32>],
}

/// How fast the values of a source go out of use.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Pace {
    /// How many times a day without a sighting counts, in percent: 200 where values go twice as fast.
    pub percent: u32,
    /// How many values were looked at again.
    pub values: usize,
    /// After how many days.
    pub horizon: u32,
    /// The share that was still listed then, 0 to 1.
    pub listed: f64,
    /// The share that would have been by the law for all.
    pub expected: f64,
}

/// How many values were looked at again at an age, and how many were listed.
type ByAge = BTreeMap<u32, (f64, f64)>;

/// The pace of a source; `None` where its lists cannot tell.
///
/// Values of each list are looked for half the history later, after thirty days at most. The pace is that at
/// which the law for all gives the share that was found, which is drawn towards its own first.
#[must_use]
pub fn pace(listed: &Listed<'_>) -> Option<Pace> {
    let days = listed.days;
    let span = days.last()? - days.first()?;
    if days.len() < LEAST_LISTS || span < LEAST_DAYS || !keeps_a_list(listed) {
        return None;
    }
    let horizon = HORIZON.min(span / 2);
    let (mut by_age, mut values) = (ByAge::new(), 0);
    for places in listed.values {
        values += usize::from(look_again(days, places, horizon, &mut by_age));
    }
    let (all, found) = by_age.values().fold((0.0, 0.0), |sum, of| (sum.0 + of.0, sum.1 + of.1));
    if values == 0 {
        return None;
    }
    let law = |percent: u32| {
        let unseen = (horizon * i64::from(percent) / 100) as u32;
        let of = by_age.iter().map(|(age, (count, _))| {
            let clocks = Clocks { kind: listed.kind, family: None, age: *age, unseen };
            count * DecayModel::Fitted.read(&clocks).probability
        });
        of.sum::<f64>() / all
    };
    let (found, expected, weight) = (found / all, law(100), values as f64);
    let drawn = (found * weight + expected * PRIOR) / (weight + PRIOR);
    // The first pace at which no more than that share is left: the law never rises.
    let (mut low, mut high) = BOUNDS;
    while low < high {
        let middle = low.midpoint(high);
        if law(middle) <= drawn { high = middle } else { low = middle + 1 }
    }
    let horizon = horizon as u32;
    Some(Pace { percent: low, values, horizon, listed: found, expected })
}

/// Whether values of a list are on the next one, too.
fn keeps_a_list(listed: &Listed<'_>) -> bool {
    let (mut kept, mut all) = (0_usize, 0_usize);
    for places in listed.values {
        kept += places.windows(2).filter(|pair| pair[0] + 1 == pair[1]).count();
        all += places.iter().filter(|at| (**at as usize) + 1 < listed.days.len()).count();
    }
    all > 0 && kept as f64 >= LEAST_KEPT * all as f64
}

/// Looks for a value so many days after lists that hold it, in the week before that day; whether there was
/// one list to look in.
fn look_again(days: &[i64], places: &[u32], horizon: i64, by_age: &mut ByAge) -> bool {
    let day_of = |at: &u32| days.get(*at as usize).copied();
    let Some(first) = places.first().and_then(day_of) else { return false };
    let (mut next, mut looked) = (first, false);
    for day in places.iter().filter_map(day_of) {
        let (from, to) = (day + horizon - GRACE as i64, day + horizon);
        if day < next || days.last().is_none_or(|last| *last < to) {
            continue;
        }
        let lists =
            days.partition_point(|day| *day <= from)..days.partition_point(|day| *day <= to);
        if lists.is_empty() {
            continue;
        }
        let at = places.partition_point(|place| (*place as usize) < lists.start);
        let is_listed = places.get(at).is_some_and(|place| (*place as usize) < lists.end);
        let counts = by_age.entry((day - first) as u32).or_default();
        counts.0 += 1.0;
        counts.1 += f64::from(u8::from(is_listed));
        (next, looked) = (day + STRIDE, true);
    }
    looked
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Of daily lists of values that stay for so many days each; twenty begin on each day.
    fn pace_of(stay: u32, lists: u32) -> Option<Pace> {
        let days: Vec<i64> = (0..i64::from(lists)).collect();
        let values: Vec<Vec<u32>> = (0..lists)
            .flat_map(|first| vec![(first..(first + stay).min(lists)).collect(); 20])
            .collect();
        pace(&Listed { kind: Kind::Ipv4Addr, days: &days, values: &values })
    }

    #[test]
    fn what_goes_sooner_counts_faster() {
        let (short, long) = (pace_of(3, 60).unwrap(), pace_of(90, 60).unwrap());
        assert!(short.percent > 150 && short.listed < 0.1, "{short:?}");
        assert!(long.percent < 60 && long.listed > 0.99, "{long:?}");
        assert!((0.3..0.9).contains(&long.expected) && long.horizon == 29, "{long:?}");
    }

    #[test]
    fn the_pace_of_the_law_itself_is_one() {
        // Of values that begin on each day as many stay as the law leaves.
        let law = |unseen: u32| {
            let clocks = Clocks { kind: Kind::Url, family: None, age: 0, unseen };
            DecayModel::Fitted.read(&clocks).probability
        };
        let days: Vec<i64> = (0..120).collect();
        let values: Vec<Vec<u32>> = (0..120_u32)
            .flat_map(|first| (0..40).map(move |nth| (first, f64::from(nth) / 40.0)))
            .map(|(first, share)| (first..120).take_while(|day| law(day - first) > share).collect())
            .filter(|places: &Vec<u32>| !places.is_empty())
            .collect();
        let pace = pace(&Listed { kind: Kind::Url, days: &days, values: &values }).unwrap();
        // A week of grace at the end of each look makes it a little slower.
        assert!((70..=105).contains(&pace.percent), "{pace:?}");
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
        fn a_pace_is_within_bounds_and_who_leaves_sooner_is_no_slower(
            gaps in prop::collection::vec(1_i64..9, 3..40),
            spells in prop::collection::vec((0_u32..40, 0_u32..40), 1..80),
        ) {
            let days: Vec<i64> =
                gaps.iter().scan(0, |day, gap| { *day += gap; Some(*day) }).collect();
            let lists = days.len() as u32;
            let values: Vec<Vec<u32>> = spells
                .iter()
                .map(|(a, b)| (a % lists, b % lists))
                .map(|(a, b)| (a.min(b)..=a.max(b)).collect())
                .collect();
            let of = |values: &[Vec<u32>]| {
                pace(&Listed { kind: Kind::DomainName, days: &days, values })
            };
            let stays: Vec<Vec<u32>> =
                values.iter().map(|places| (places[0]..lists).collect()).collect();
            if let (Some(one), Some(all)) = (of(&values), of(&stays)) {
                for pace in [one, all] {
                    prop_assert!((BOUNDS.0..=BOUNDS.1).contains(&pace.percent));
                    prop_assert!((0.0..=1.0).contains(&pace.listed));
                }
                prop_assert!(one.listed <= all.listed);
            }
        }
    }
}
