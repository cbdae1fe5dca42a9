//! Clocks of sources that differ, learnt from events that two sources both saw.
//!
//! One log may be written in local time, another in UTC; a program's own clock may be wrong. When the
//! same few things (a request of a client, a file that was written) stand in two sources, always the
//! same time apart, then that is how far their clocks are apart.

use std::collections::{BTreeMap, BTreeSet};

use super::words::Word;

/// Smaller differences do not change the order of what matters.
const LEAST: i64 = 120;
/// Larger ones are two events, not two clocks.
const MOST: i64 = 26 * 3600;
/// Times kept of one thing in one source.
const TIMES: usize = 32;
/// Things that must agree; two suffice when the difference is one of time zones to the second.
const AGREE: usize = 3;
const ZONE: i64 = 900;

/// What was seen of a thing in a source: (source, thing, second).
pub(crate) type Sight = (Word, String, i64);

/// By how many seconds each source is ahead of the reference; sources that agree are left out.
pub(crate) fn offsets(sights: &[Sight]) -> BTreeMap<String, i64> {
    let mut times: BTreeMap<&str, BTreeMap<&str, BTreeSet<i64>>> = BTreeMap::new();
    for (source, thing, second) in sights {
        let seen = times.entry(source).or_default().entry(thing).or_default();
        if seen.len() < TIMES {
            seen.insert(*second);
        }
    }
    // Windows stamps its event logs in UTC by itself, and IIS writes UTC: they are trusted first.
    let mut order: Vec<(&str, usize)> =
        times.iter().map(|(source, things)| (*source, things.len())).collect();
    order.sort_by_key(|(source, count)| (trust(source), std::cmp::Reverse(*count)));
    let mut known: BTreeMap<&str, i64> = BTreeMap::new();
    for (source, _) in &order {
        let to_known = known
            .iter()
            .filter_map(|(other, offset)| {
                let (apart, votes) = apart(&times[source], &times[other])?;
                Some((votes, apart + offset))
            })
            .max();
        known.insert(source, to_known.map_or(0, |(_, offset)| offset));
    }
    known
        .into_iter()
        .filter(|(_, offset)| offset.abs() >= LEAST)
        .map(|(source, offset)| (source.to_owned(), offset))
        .collect()
}

fn trust(source: &str) -> u8 {
    match source {
        "IIS W3C log" => 1,
        "Exchange HttpProxy log" => 2,
        "files on disk" => 9,
        _ if source.starts_with('/') || source.contains(":\\") => 5,
        _ => 0,
    }
}

/// By how much `one` is ahead of `other`, and how many things say so.
fn apart(
    one: &BTreeMap<&str, BTreeSet<i64>>,
    other: &BTreeMap<&str, BTreeSet<i64>>,
) -> Option<(i64, usize)> {
    let mut votes: BTreeMap<i64, BTreeSet<&str>> = BTreeMap::new();
    for (thing, mine) in one {
        for theirs in other.get(thing).into_iter().flatten() {
            for second in mine {
                let difference = second - theirs;
                if difference.abs() <= MOST {
                    votes.entry(difference.div_euclid(60)).or_default().insert(thing);
                }
            }
        }
    }
    let around = |minute: i64| -> usize {
        let near = (minute - 1..=minute + 1).filter_map(|m| votes.get(&m));
        near.flatten().collect::<BTreeSet<_>>().len()
    };
    let same = around(0).max(around(-1));
    // Nearest to zero of the best: the smallest difference that explains as much.
    let best = votes.keys().copied().max_by_key(|m| (around(*m), std::cmp::Reverse(m.abs())))?;
    let count = around(best);
    let mut exact: Vec<i64> = Vec::new();
    for (thing, mine) in one {
        for theirs in other.get(thing).into_iter().flatten() {
            let fits = |d: &i64| (best - 1..=best + 1).contains(&d.div_euclid(60));
            exact.extend(mine.iter().map(|second| second - theirs).filter(fits));
        }
    }
    exact.sort_unstable();
    let middle = *exact.get(exact.len() / 2)?;
    let zone = (middle + ZONE / 2).rem_euclid(ZONE) - ZONE / 2;
    let enough = count >= AGREE || count >= 2 && zone.abs() <= 5;
    // A whole zone's difference, seen to within seconds, is that zone's difference.
    let told = if zone.abs() <= 5 { middle - zone } else { middle };
    if same >= count {
        return Some((0, same));
    }
    enough.then_some((told, count))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sights(list: &[(&str, &str, i64)]) -> Vec<Sight> {
        list.iter().map(|(s, t, at)| ((*s).into(), (*t).to_owned(), *at)).collect()
    }

    #[test]
    fn a_log_in_local_time_is_seen_by_what_both_saw() {
        let list = sights(&[
            ("Security", "a.aspx", 1_000),
            ("/srv/proxy", "a.aspx", 1_000 + 18_001),
            ("Security", "203.0.113.9 POST /x", 5_000),
            ("/srv/proxy", "203.0.113.9 POST /x", 5_000 + 18_002),
        ]);
        assert_eq!(offsets(&list), BTreeMap::from([("/srv/proxy".to_owned(), 18_000)]));
    }

    #[test]
    fn repeated_requests_are_no_clock_that_differs() {
        let mut list = Vec::new();
        for at in 0..20 {
            for thing in ["a", "b", "c"] {
                list.extend(sights(&[
                    ("Security", thing, at * 3_600),
                    ("/x", thing, at * 3_600 + 1),
                ]));
            }
        }
        assert!(offsets(&list).is_empty(), "{:?}", offsets(&list));
    }

    #[test]
    fn one_thing_alone_or_things_that_disagree_say_nothing() {
        assert!(offsets(&sights(&[("a", "x", 0), ("/b", "x", 7_200)])).is_empty());
        let odd = sights(&[
            ("a", "x", 0),
            ("/b", "x", 7_777),
            ("a", "y", 0),
            ("/b", "y", 1_234),
            ("a", "z", 0),
            ("/b", "z", 40_000),
        ]);
        assert!(offsets(&odd).is_empty());
    }

    #[test]
    fn a_wrong_clock_of_no_zone_needs_three() {
        let list = |n: i64| -> Vec<Sight> {
            (0..n)
                .flat_map(|i| {
                    let thing = format!("t{i}");
                    [("a".into(), thing.clone(), i * 977), ("/b".into(), thing, i * 977 + 1_333)]
                })
                .collect()
        };
        assert!(offsets(&list(2)).is_empty());
        assert_eq!(offsets(&list(3)).get("/b"), Some(&1_333));
    }
}
