//! Whether rises are found, and whether chance is told apart: on real series whose days were put in
//! random order (so that no day is special), with and without bursts that we planted.
//!
//! Twice: with the counts as they are, in which one import may bring hundreds, and with imports damped (a day
//! counts 1 and the logarithm of its count), which is nearer to posts, of which each author has one a day.
//!
//! Rows by `lapwing` are what the binary judges with. The baselines are a z-score over 28 days and an
//! EWMA chart, once at the thresholds of the textbook, and once at those that give them as many false
//! alarms as `lapwing` has (chosen on the very days that are scored, to their favour).

use std::collections::BTreeMap;
use std::path::Path;

use lapwing_forecast::activity::{Activity, BASELINE, discoveries};

use crate::forecast::activity::trails;
use crate::forecast::{file_ending, row};
use crate::{EvaluateError, Options, Scores};

/// The folders that the suite looks for.
pub(crate) const CORPORA: &[&str] = &["activity-series"];

/// Stated rates of false alarms.
const RATES: [f64; 3] = [0.05, 0.01, 0.001];
/// The rate at which power is told.
const AT: f64 = 0.01;
/// Bursts: counts a day, and days.
const BURSTS: [(u32, usize); 6] = [(3, 1), (5, 1), (10, 1), (20, 1), (1, 7), (3, 7)];
/// One name in so many gets a burst.
const ONE_IN: u64 = 20;
/// Every so many days is judged.
const STEP: usize = 5;
/// Past before the first day that is judged.
const FROM: usize = BASELINE + 35;
/// Days of the baselines' past.
const PAST: usize = 28;

pub(crate) fn run(
    folder: &Path,
    _options: &Options,
    scores: &mut Scores,
) -> Result<(), EvaluateError> {
    let Some(path) = file_ending(&folder.join("activity-series"), ".tsv") else { return Ok(()) };
    let (as_it_is, weekday) = read(&path)?;
    let damped = |count: &u32| count.checked_ilog2().map_or(0, |log| 1 + log);
    let imports_damped: Vec<Vec<u32>> =
        as_it_is.iter().map(|counts| counts.iter().map(damped).collect()).collect();
    for (corpus, series) in
        [("activity-series, imports damped", imports_damped), ("activity-series", as_it_is)]
    {
        score(corpus, &series, weekday, scores);
    }
    Ok(())
}

fn score(corpus: &str, series: &[Vec<u32>], weekday: usize, scores: &mut Scores) {
    let quiet: Vec<Vec<u32>> =
        series.iter().enumerate().map(|(at, counts)| shuffled(counts, at as u64)).collect();
    judge(corpus, &quiet, weekday, scores);
    let (mut alarms, mut cases) = (0, 0);
    judged(series, weekday, &mut |model, day| {
        for counts in series {
            cases += 1;
            alarms += usize::from(model.judge(counts, day).is_some_and(|j| j.p <= AT));
        }
    });
    let what = format!("days in their own order, alarms at {AT} (not all are false)");
    let share = alarms as f64 / cases.max(1) as f64;
    row(scores, [corpus, &what, "lapwing"], cases, &[("share", share)]);
}

/// One series a trail, from the first day of all, and the weekday of that day.
fn read(path: &Path) -> Result<(Vec<Vec<u32>>, usize), EvaluateError> {
    let rows = trails(path)?;
    let first = rows.iter().map(|row| row.1).min().unwrap_or(0);
    let days = (rows.iter().map(|row| row.1).max().unwrap_or(0) - first + 1) as usize;
    let mut series: BTreeMap<String, Vec<u32>> = BTreeMap::new();
    for (trail, date, count) in rows {
        let counts = series.entry(trail).or_insert_with(|| vec![0; days]);
        counts[(date - first) as usize] += count;
    }
    // 1970-01-01 was a Thursday.
    Ok((series.into_values().collect(), (first + 3).rem_euclid(7) as usize))
}

/// Numbers that look random and are always the same.
fn drawn(seed: u64, at: u64) -> u64 {
    let mut x = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ at.wrapping_mul(0xd1b5_4a32_d192_ed03);
    x ^= x >> 33;
    x = x.wrapping_mul(0xff51_afd7_ed55_8ccd);
    x ^= x >> 33;
    x = x.wrapping_mul(0xc4ce_b9fe_1a85_ec53);
    x ^ (x >> 33)
}

/// The same days in random order, each on a day of its weekday.
fn shuffled(counts: &[u32], seed: u64) -> Vec<u32> {
    let mut quiet = counts.to_vec();
    for weekday in 0..7.min(counts.len()) {
        let places: Vec<usize> = (weekday..counts.len()).step_by(7).collect();
        for at in (1..places.len()).rev() {
            let other = (drawn(seed, (at * 7 + weekday) as u64) % (at as u64 + 1)) as usize;
            quiet.swap(places[at], places[other]);
        }
    }
    quiet
}

/// Fits on the days before each judged one.
fn judged(series: &[Vec<u32>], weekday: usize, each: &mut dyn FnMut(&Activity, usize)) {
    let all: Vec<&[u32]> = series.iter().map(Vec::as_slice).collect();
    for day in (FROM..series.first().map_or(0, Vec::len)).step_by(STEP) {
        each(&Activity::fit(&all, weekday, day), day);
    }
}

/// Whoever judges: how much a day looks like a rise, the higher the more.
type Judge<'a> = &'a dyn Fn(&Activity, &[u32], usize) -> f64;

/// `-ln p` of ours.
fn ours(model: &Activity, counts: &[u32], day: usize) -> f64 {
    model.judge(counts, day).map_or(0.0, |judgement| -judgement.p.max(1e-300).ln())
}

fn mean_and_deviation(past: &[u32]) -> (f64, f64) {
    let n = past.len().max(1) as f64;
    let mean = past.iter().map(|count| f64::from(*count)).sum::<f64>() / n;
    let variance = past.iter().map(|count| (f64::from(*count) - mean).powi(2)).sum::<f64>() / n;
    // Without a floor, the first count after a silence is infinitely far off.
    (mean, variance.sqrt().max(0.5))
}

fn z_score(_: &Activity, counts: &[u32], day: usize) -> f64 {
    let (mean, deviation) = mean_and_deviation(&counts[day - PAST..day]);
    (f64::from(counts[day]) - mean) / deviation
}

/// An EWMA chart (weight 0.3) against the mean and deviation of the days before its own window.
fn ewma(_: &Activity, counts: &[u32], day: usize) -> f64 {
    const WEIGHT: f64 = 0.3;
    let (mean, deviation) = mean_and_deviation(&counts[day - 7 - PAST..day - 7]);
    let smooth = counts[day - 6..=day]
        .iter()
        .fold(mean, |smooth, count| WEIGHT * f64::from(*count) + (1.0 - WEIGHT) * smooth);
    (smooth - mean) / (deviation * (WEIGHT / (2.0 - WEIGHT)).sqrt())
}

/// The threshold of a normal law for a rate of false alarms.
fn normal_threshold(rate: f64) -> f64 {
    // Upper quantiles of the standard normal law.
    match rate {
        rate if rate >= 0.05 => 1.645,
        rate if rate >= 0.01 => 2.326,
        _ => 3.090,
    }
}

fn judge(corpus: &str, quiet: &[Vec<u32>], weekday: usize, scores: &mut Scores) {
    let judges: [(&str, Judge<'_>); 3] =
        [("lapwing", &ours), ("z-score", &z_score), ("EWMA chart", &ewma)];
    let mut calm: [Vec<f64>; 3] = std::array::from_fn(|_| Vec::new());
    let mut bursts: Vec<[Vec<f64>; 3]> =
        BURSTS.iter().map(|_| std::array::from_fn(|_| Vec::new())).collect();
    let mut believed = (0, 0, 0, 0.0, 0);
    judged(quiet, weekday, &mut |model, day| {
        let mut mixed = Vec::new();
        for (at, counts) in quiet.iter().enumerate() {
            for (judge, calm) in judges.iter().zip(&mut calm) {
                calm.push((judge.1)(model, counts, day));
            }
            let chosen = drawn(at as u64, day as u64 + 1_000_003).is_multiple_of(ONE_IN);
            let mut p = (-ours(model, counts, day)).exp();
            if chosen {
                for (size, burst) in BURSTS.iter().zip(&mut bursts) {
                    let planted = plant(counts, day, *size);
                    for (judge, burst) in judges.iter().zip(burst) {
                        burst.push((judge.1)(model, &planted, day));
                    }
                }
                p = (-ours(model, &plant(counts, day, (10, 1)), day)).exp();
            }
            mixed.push((p, chosen));
        }
        let rates = discoveries(&mixed.iter().map(|(p, _)| *p).collect::<Vec<_>>());
        let told = rates.iter().zip(&mixed).filter(|(rate, _)| **rate <= 0.1);
        let (mut right, mut wrong) = (0, 0);
        for (_, (_, chosen)) in told {
            if *chosen { right += 1 } else { wrong += 1 }
        }
        believed.0 += right;
        believed.1 += wrong;
        believed.2 += mixed.iter().filter(|(_, chosen)| *chosen).count();
        believed.3 += f64::from(wrong) / f64::from((right + wrong).max(1));
        believed.4 += 1;
    });
    let cases = calm[0].len();
    let share = |values: &[f64], above: f64| {
        values.iter().filter(|value| **value >= above).count() as f64 / values.len().max(1) as f64
    };
    for rate in RATES {
        let what = format!("false alarms, {rate} stated");
        for (at, (name, _)) in judges.iter().enumerate() {
            let above = if at == 0 { -rate.ln() } else { normal_threshold(rate) };
            row(scores, [corpus, &what, name], cases, &[("seen", share(&calm[at], above))]);
        }
    }
    let seen = share(&calm[0], -AT.ln());
    for ((size, days), burst) in BURSTS.iter().zip(&bursts) {
        let what = match days {
            1 => format!("a burst of {size} on one day is found"),
            days => format!("{size} a day more for {days} days are found"),
        };
        for (at, (name, _)) in judges.iter().enumerate() {
            let mut figures = Vec::new();
            if at == 0 {
                figures.push(("power", share(&burst[at], -AT.ln())));
            } else {
                figures.push(("power", share(&burst[at], at_rate(&calm[at], seen))));
                figures.push(("by the textbook", share(&burst[at], normal_threshold(AT))));
            }
            row(scores, [corpus, &what, name], burst[at].len(), &figures);
        }
    }
    let (right, wrong, planted, shares, days) = believed;
    let what = "names told as rising, at most 0.1 false; bursts of 10 planted in one of 20";
    row(
        scores,
        [corpus, what, "lapwing"],
        (right + wrong) as usize,
        &[
            ("false", shares / f64::from(days.max(1))),
            ("found", f64::from(right) / (planted as f64).max(1.0)),
        ],
    );
}

fn plant(counts: &[u32], day: usize, (size, days): (u32, usize)) -> Vec<u32> {
    let mut planted = counts.to_vec();
    for count in &mut planted[day + 1 - days..=day] {
        *count += size;
    }
    planted
}

/// The threshold above which this share of the values lies.
fn at_rate(values: &[f64], rate: f64) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(|a, b| b.total_cmp(a));
    let at = (values.len() as f64 * rate) as usize;
    // Just above the first that must not be an alarm.
    sorted.get(at).map_or(f64::INFINITY, |value| value + 1e-9)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shuffling_keeps_days_and_weekdays() {
        let counts: Vec<u32> = (0..70).collect();
        let quiet = shuffled(&counts, 3);
        assert_ne!(quiet, counts);
        let mut sorted = quiet.clone();
        sorted.sort_unstable();
        assert_eq!(sorted, counts);
        assert!(quiet.iter().enumerate().all(|(at, count)| *count as usize % 7 == at % 7));
    }

    #[test]
    fn thresholds_give_the_rate_that_is_asked_for() {
        let values: Vec<f64> = (0..1000).map(f64::from).collect();
        let above = at_rate(&values, 0.01);
        assert_eq!(values.iter().filter(|value| **value >= above).count(), 10);
    }
}
