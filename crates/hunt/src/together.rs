//! Patterns that ask for several observations: for two values in one record, for one thing behind another, for many in a
//! short time. Their values are looked for as all others are; here the records in which they stood are put together.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use lapwing_model::{Confidence, Entity, Finding, FindingKind, Place, Proof, Severity};
use serde::{Deserialize, Serialize};

use crate::record::shorten;

/// What a pattern asks for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Asked {
    /// One record in which all these values stand.
    Record(Vec<Entity>),
    /// Any of these.
    Any(Vec<Asked>),
    /// All of these, in other records each, in any order.
    All(Vec<Asked>),
    /// One of these behind the other in time.
    Then(Vec<Asked>),
    /// The same so many times.
    Times(Box<Asked>, usize),
    /// All of it within so many milliseconds.
    Within(Box<Asked>, i64),
    /// All of it from one time on and before another.
    Between(Box<Asked>, Timestamp, Timestamp),
}

/// A pattern that a list of values does not carry.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Together {
    /// The pattern as it is written.
    pub pattern: String,
    /// Who lists it, in words.
    pub why: String,
    /// How likely it is that it means something hostile.
    pub probability: f64,
    /// What it asks for.
    pub asked: Asked,
}

impl Asked {
    /// All its values.
    pub fn values(&self) -> BTreeSet<&Entity> {
        match self {
            Self::Record(list) => list.iter().collect(),
            Self::Any(list) | Self::All(list) | Self::Then(list) => {
                list.iter().flat_map(Self::values).collect()
            }
            Self::Times(inner, _) | Self::Within(inner, _) | Self::Between(inner, ..) => {
                inner.values()
            }
        }
    }
}

/// Records of one log that are kept for this; beyond, they are left out.
pub(crate) const MOST: usize = 200_000;
/// Occurrences of a part of a pattern that are followed.
const FOLLOWED: usize = 10_000;
/// Records of a pattern that a finding names.
const NAMED: usize = 6;

/// A value that stood in a record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Observed {
    pub time: Option<Timestamp>,
    pub file: String,
    pub place: Option<Place>,
    pub offset: u64,
    pub value: Entity,
}

/// A record with all values of patterns that stood in it.
struct Record {
    /// What it was found by.
    first: Observed,
    values: BTreeSet<Entity>,
}

/// Where a part of a pattern holds: from when to when, in which records.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Occurrence {
    period: Option<(Timestamp, Timestamp)>,
    records: Vec<usize>,
}

/// The first place where each pattern holds as a whole, with the number of its places.
pub(crate) fn judge(patterns: &[Together], observed: Vec<Observed>) -> Vec<Finding> {
    if patterns.is_empty() {
        return Vec::new();
    }
    let records = records(observed);
    patterns
        .iter()
        .filter_map(|pattern| {
            let found = occurrences(&pattern.asked, &records);
            let first = found.first()?;
            Some(finding(pattern, first, found.len(), &records))
        })
        .collect()
}

/// The records in order of time; those without a time come last.
fn records(observed: Vec<Observed>) -> Vec<Record> {
    let mut by_place: BTreeMap<(String, Option<Place>, u64), Record> = BTreeMap::new();
    for one in observed {
        let key = (one.file.clone(), one.place, one.offset);
        let value = one.value.clone();
        let record =
            by_place.entry(key).or_insert_with(|| Record { first: one, values: BTreeSet::new() });
        record.values.insert(value);
    }
    let mut all: Vec<Record> = by_place.into_values().collect();
    // Of the same second, those of one log stay in its order.
    all.sort_by_key(|record| (record.first.time.is_none(), record.first.time));
    all
}

fn occurrences(asked: &Asked, records: &[Record]) -> Vec<Occurrence> {
    let mut found = match asked {
        Asked::Record(values) => in_one_record(values, records),
        Asked::Any(list) => list.iter().flat_map(|part| occurrences(part, records)).collect(),
        Asked::All(list) => all_of(&parts(list, records)),
        Asked::Then(list) => in_order(&parts(list, records)),
        Asked::Times(inner, times) => repeated(&occurrences(inner, records), *times),
        Asked::Within(inner, most) => {
            let mut found = occurrences(inner, records);
            found.retain(|o| o.period.is_some_and(|(from, to)| milliseconds(from, to) <= *most));
            found
        }
        Asked::Between(inner, start, stop) => {
            let mut found = occurrences(inner, records);
            found.retain(|o| o.period.is_some_and(|(from, to)| from >= *start && to < *stop));
            found
        }
    };
    found.sort_by(|a, b| {
        let end = |o: &Occurrence| (o.period.is_none(), o.period.map(|(_, to)| to));
        (end(a), &a.records).cmp(&(end(b), &b.records))
    });
    found.dedup();
    found.truncate(FOLLOWED);
    found
}

fn parts(list: &[Asked], records: &[Record]) -> Vec<Vec<Occurrence>> {
    list.iter().map(|part| occurrences(part, records)).collect()
}

fn milliseconds(from: Timestamp, to: Timestamp) -> i64 {
    to.as_millisecond().saturating_sub(from.as_millisecond())
}

fn in_one_record(values: &[Entity], records: &[Record]) -> Vec<Occurrence> {
    let holds = |record: &Record| values.iter().all(|value| record.values.contains(value));
    let found = records.iter().enumerate().filter(|(_, record)| holds(record));
    found
        .map(|(at, record)| Occurrence {
            period: record.first.time.map(|time| (time, time)),
            records: vec![at],
        })
        .collect()
}

/// The shortest stretches in which each part occurs, each in records of its own.
fn all_of(parts: &[Vec<Occurrence>]) -> Vec<Occurrence> {
    let mut events: Vec<(Timestamp, usize, &Occurrence)> = Vec::new();
    for (number, part) in parts.iter().enumerate() {
        events.extend(part.iter().filter_map(|o| Some((o.period?.1, number, o))));
    }
    events.sort_by_key(|(end, number, _)| (*end, *number));
    let mut latest: Vec<Option<&Occurrence>> = vec![None; parts.len()];
    let mut found: Vec<Occurrence> = Vec::new();
    for (_, number, occurrence) in events {
        let start = |o: &Occurrence| o.period.map(|(from, _)| from);
        let others = latest.iter().enumerate().filter(|(other, _)| *other != number);
        let taken = others.filter_map(|(_, o)| *o).any(|o| shares(o, occurrence));
        let later = latest[number].is_none_or(|known| start(known) <= start(occurrence));
        if taken || !later {
            continue;
        }
        latest[number] = Some(occurrence);
        let all: Option<Vec<&Occurrence>> = latest.iter().copied().collect();
        if let Some(joined) = all.and_then(|all| join(&all)) {
            found.push(joined);
        }
    }
    if found.is_empty() {
        // Without times it can still be told that all were there.
        let all: Option<Vec<&Occurrence>> = parts.iter().map(|part| part.first()).collect();
        let apart = |all: &Vec<&Occurrence>| {
            all.iter().enumerate().all(|(at, one)| all[..at].iter().all(|o| !shares(o, one)))
        };
        if let Some(all) = all.filter(apart) {
            let timed = all.iter().all(|one| one.period.is_some());
            let records = all.iter().flat_map(|one| one.records.iter().copied()).collect();
            found.extend((!timed).then_some(Occurrence { period: None, records }));
        }
    }
    found
}

fn shares(a: &Occurrence, b: &Occurrence) -> bool {
    a.records.iter().any(|record| b.records.contains(record))
}

/// Several occurrences as one; `None` when one has no time.
fn join(all: &[&Occurrence]) -> Option<Occurrence> {
    let periods: Option<Vec<(Timestamp, Timestamp)>> = all.iter().map(|o| o.period).collect();
    let periods = periods?;
    let from = periods.iter().map(|(from, _)| *from).min()?;
    let to = periods.iter().map(|(_, to)| *to).max()?;
    let mut records: Vec<usize> = all.iter().flat_map(|o| o.records.iter().copied()).collect();
    records.sort_unstable();
    Some(Occurrence { period: Some((from, to)), records })
}

/// Each part behind the one before it: of each end the shortest stretch.
fn in_order(parts: &[Vec<Occurrence>]) -> Vec<Occurrence> {
    let timed = |part: &[Occurrence]| -> Vec<Occurrence> {
        part.iter().filter(|o| o.period.is_some()).cloned().collect()
    };
    let Some((first, rest)) = parts.split_first() else { return Vec::new() };
    let mut chains = timed(first);
    for part in rest {
        let mut longer = Vec::new();
        // Both are in order of their ends, so that what stands before only grows.
        let (mut next, mut best) = (0, None::<&Occurrence>);
        let mut by_start = timed(part);
        by_start.sort_by_key(|o| (o.period, o.records.first().copied()));
        for occurrence in &by_start {
            while let Some(chain) = chains.get(next).filter(|chain| before(chain, occurrence)) {
                if best.is_none_or(|known| known.period.map(|p| p.0) <= chain.period.map(|p| p.0)) {
                    best = Some(chain);
                }
                next += 1;
            }
            longer.extend(best.and_then(|chain| join(&[chain, occurrence])));
        }
        longer.sort_by_key(|o: &Occurrence| (o.period.map(|p| p.1), o.records.last().copied()));
        chains = longer;
    }
    chains
}

/// Whether one occurrence ends before the other begins; of the same second, records are in the order of their log.
fn before(a: &Occurrence, b: &Occurrence) -> bool {
    let (Some((_, end)), Some((start, _))) = (a.period, b.period) else { return false };
    end < start || end == start && a.records.last() < b.records.first()
}

/// The shortest stretches in which a part occurs so many times.
fn repeated(found: &[Occurrence], times: usize) -> Vec<Occurrence> {
    if times <= 1 {
        return found.to_vec();
    }
    let timed: Vec<&Occurrence> = found.iter().filter(|o| o.period.is_some()).collect();
    if timed.len() < times && found.len() >= times {
        let records = found[..times].iter().flat_map(|o| o.records.iter().copied()).collect();
        return vec![Occurrence { period: None, records }];
    }
    timed.windows(times).filter_map(join).collect()
}

fn finding(pattern: &Together, first: &Occurrence, count: usize, records: &[Record]) -> Finding {
    let seen: Vec<&Record> = first.records.iter().filter_map(|at| records.get(*at)).collect();
    let last = seen.last().map(|record| &record.first);
    let named: Vec<String> = seen.iter().take(NAMED).map(|record| named(record)).collect();
    let more = seen.len().saturating_sub(NAMED);
    let more = if more > 0 { format!("; and {more} more records") } else { String::new() };
    let times = if count > 1 { format!(", {count} times") } else { String::new() };
    Finding {
        finding: "Listed pattern seen as a whole".to_owned(),
        rule: None,
        file: last.map(|o| o.file.clone()).unwrap_or_default(),
        place: last.and_then(|o| o.place),
        offset: last.map_or(0, |o| o.offset),
        time: last.and_then(|o| o.time),
        matched: shorten(&pattern.pattern, 300),
        kind: FindingKind::Indicator,
        technique: None,
        severity: Severity::High,
        confidence: Confidence::from_probability(pattern.probability),
        proof: Proof::Contact,
        why: format!("{}: all that the pattern asks for was seen{times}", pattern.why),
        evidence: shorten(&format!("{}{more}", named.join("; ")), 600),
    }
}

fn named(record: &Record) -> String {
    let values: Vec<&str> = record.values.iter().map(|value| value.value.as_str()).collect();
    let place = match record.first.place {
        Some(Place::Line(n)) => format!(":{n}"),
        Some(Place::Record(n)) => format!("#{n}"),
        None => String::new(),
    };
    let time = record.first.time.map_or("no time".to_owned(), |time| time.to_string());
    format!("{} at {time} in {}{place}", values.join(" and "), record.first.file)
}

#[cfg(test)]
mod tests {
    use lapwing_model::Kind;
    use proptest::prelude::*;

    use super::*;

    fn value(text: &str) -> Entity {
        Entity::new(Kind::DomainName, text)
    }

    fn record(text: &str) -> Asked {
        Asked::Record(text.split('+').map(value).collect())
    }

    /// A log of `second value+value` entries, a line each.
    fn log(text: &str) -> Vec<Observed> {
        let mut all = Vec::new();
        for (number, line) in text.split(',').enumerate() {
            let (second, values) = line.trim().split_once(' ').unwrap();
            for one in values.split('+') {
                all.push(Observed {
                    time: second.parse().ok().map(|s| Timestamp::from_second(s).unwrap()),
                    file: "a.log".to_owned(),
                    place: Some(Place::Line(number as u64 + 1)),
                    offset: number as u64,
                    value: value(one),
                });
            }
        }
        all
    }

    fn count(asked: &Asked, text: &str) -> usize {
        occurrences(asked, &records(log(text))).len()
    }

    #[test]
    fn what_is_asked_for_together_is_told_only_when_all_of_it_was_there() {
        let both = record("a+b");
        assert_eq!(count(&both, "1 a, 2 b"), 0);
        assert_eq!(count(&both, "1 a, 2 a+b"), 1);
        let all = Asked::All(vec![record("a"), record("b")]);
        assert_eq!(count(&all, "1 a, 2 a"), 0);
        assert_eq!(count(&all, "5 b, 7 a"), 1);
        // One record is not two observations.
        assert_eq!(count(&all, "5 a+b"), 0);
        assert_eq!(count(&all, "- b, - a"), 1);
        let then = Asked::Then(vec![record("a"), record("b"), record("c")]);
        assert_eq!(count(&then, "1 c, 2 b, 3 a"), 0);
        assert_eq!(count(&then, "1 a, 1 b, 1 c"), 1);
        assert_eq!(count(&then, "- a, - b, - c"), 0);
        let soon = Asked::Within(Box::new(then), 10_000);
        assert_eq!(count(&soon, "1 a, 5 b, 12 c"), 0);
        // The nearest that stands before counts.
        assert_eq!(count(&soon, "1 a, 4 a, 5 b, 12 c"), 1);
        let many = Asked::Within(Box::new(Asked::Times(Box::new(record("a")), 3)), 5_000);
        assert_eq!(count(&many, "1 a, 4 a, 8 a"), 0);
        assert_eq!(count(&many, "1 a, 4 a, 8 a, 9 a"), 1);
        let between = |from, to| {
            let at = |s| Timestamp::from_second(s).unwrap();
            Asked::Between(Box::new(record("a")), at(from), at(to))
        };
        assert_eq!((count(&between(1, 4), "4 a"), count(&between(4, 5), "4 a")), (0, 1));
        assert_eq!(count(&Asked::Any(vec![record("x"), record("a")]), "4 a"), 1);
    }

    #[test]
    fn a_finding_names_the_pattern_and_its_records() {
        let pattern = Together {
            pattern: "[a] FOLLOWEDBY [b]".to_owned(),
            why: "indicator of a list".to_owned(),
            probability: 0.9,
            asked: Asked::Then(vec![record("a"), record("b")]),
        };
        let found = judge(std::slice::from_ref(&pattern), log("1 a, 2 b, 3 b"));
        let [one] = &found[..] else { panic!("{found:?}") };
        assert_eq!(one.place, Some(Place::Line(2)));
        assert_eq!(one.matched, "[a] FOLLOWEDBY [b]");
        assert!(one.why.ends_with("was seen, 2 times"), "{}", one.why);
        assert!(one.evidence.starts_with("a at 1970-01-01T00:00:01Z in a.log:1; b at "));
        assert!(judge(&[pattern], log("1 b, 2 a")).is_empty());
    }

    /// Whether it holds, by trying all choices of records.
    fn naive(asked: &Asked, records: &[Record]) -> Vec<(i64, i64, Vec<usize>)> {
        let second = |at: usize| records[at].first.time.unwrap().as_second();
        let product = |list: &[Asked]| {
            list.iter().fold(vec![Vec::<(i64, i64, Vec<usize>)>::new()], |all, part| {
                let found = naive(part, records);
                let with = |chosen: &Vec<(i64, i64, Vec<usize>)>| {
                    let more = found.iter().cloned().map(|one| {
                        let mut chosen = chosen.clone();
                        chosen.push(one);
                        chosen
                    });
                    more.collect::<Vec<_>>()
                };
                all.iter().flat_map(with).collect()
            })
        };
        let joined = |chosen: Vec<(i64, i64, Vec<usize>)>| {
            let used: Vec<usize> = chosen.iter().flat_map(|c| c.2.clone()).collect();
            let different = used.iter().collect::<BTreeSet<_>>().len() == used.len();
            let from = chosen.iter().map(|c| c.0).min()?;
            different.then_some((from, chosen.iter().map(|c| c.1).max()?, used))
        };
        match asked {
            Asked::Record(values) => (0..records.len())
                .filter(|at| values.iter().all(|v| records[*at].values.contains(v)))
                .map(|at| (second(at), second(at), vec![at]))
                .collect(),
            Asked::All(list) => product(list).into_iter().filter_map(joined).collect(),
            Asked::Then(list) => product(list)
                .into_iter()
                .filter(|c| c.array_windows().all(|[a, b]| a.2.iter().max() < b.2.iter().min()))
                .filter_map(joined)
                .collect(),
            Asked::Within(inner, most) => {
                let mut all = naive(inner, records);
                all.retain(|(from, to, _)| (to - from) * 1000 <= *most);
                all
            }
            _ => unreachable!("not made here"),
        }
    }

    proptest! {
        #[test]
        fn a_pattern_holds_when_some_choice_of_records_makes_it_hold(
            values in prop::collection::vec("[abc]", 1..9),
            gaps in prop::collection::vec(1i64..6, 9),
            order in any::<bool>(),
            three in any::<bool>(),
            most in 1i64..12,
        ) {
            let mut second = 0;
            let lines: Vec<String> = values.iter().zip(&gaps).map(|(value, gap)| {
                second += gap;
                format!("{second} {value}")
            }).collect();
            let mut list = vec![record("a"), record("b")];
            list.extend(three.then(|| record("c")));
            let inner = if order { Asked::Then(list) } else { Asked::All(list) };
            let asked = Asked::Within(Box::new(inner), most * 1000);
            let records = records(log(&lines.join(",")));
            let ours = !occurrences(&asked, &records).is_empty();
            prop_assert_eq!(ours, !naive(&asked, &records).is_empty(), "{:?}", lines);
        }
    }
}
