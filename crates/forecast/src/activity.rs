//! What is rising: names against each one's own past, with a stated rate of false alarms.
//!
//! Counts a day follow a negative binomial law around a level of their own (recency-weighted, days
//! that were themselves bursts weighing less, shrunk to what all names have in common), times the
//! habit of the weekday. How far the tail of that law can be trusted is learnt: every day of the last
//! weeks is judged as if it were today, and what is said now is calibrated by how often it was said
//! then. [`discoveries`] keeps the share of false ones among many names below a stated one.

use crate::counts::upper_tail;

/// Days that are judged together: a sudden rise and a slow one.
pub const WINDOWS: [usize; 2] = [1, 7];
/// Days of the past that a name is compared with.
pub const BASELINE: usize = 56;
/// Days of the past that must be there for a judgement.
pub const LEAST: usize = 14;
/// Days on which the calibration is learnt.
const CALIBRATED: usize = 28;
/// Names on which it is learnt, at most.
const SAMPLE: usize = 500;
/// Share of the weight that the next older day keeps.
const MEMORY: f64 = 0.97;
/// Days that what all names have in common counts for beside a name's own: for its level, and for how
/// much it varies.
const SHRINK_LEVEL: f64 = 2.0;
const SHRINK_SPREAD: f64 = 14.0;
/// A day further above its level than this, in its own standard deviations, weighs less.
const SUSPECT: f64 = 2.58;
/// The tail begins where this share of the past judgements lies above.
const TAIL: f64 = 0.02;
/// Fewer past judgements than these teach nothing.
const LEARNT: usize = 200;
/// Judgements that the assumed tail counts for beside those seen, and how heavy it is assumed.
const TAIL_SHRINK: f64 = 10.0;
const TAIL_ASSUMED: f64 = 1.5;
/// In a window of several days, no day counts for more than it would at so many standard deviations:
/// one import must not look like a week of interest.
const CLIP: f64 = 2.0;
/// Weeks that an even habit counts for beside the weekdays seen.
const WEEKDAY_SHRINK: f64 = 20.0;

/// A judgement on a name's last days.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Judgement {
    /// The last so many days.
    pub days: usize,
    /// How often it was counted in them.
    pub count: u32,
    /// How often it was to be expected.
    pub expected: f64,
    /// How likely so many or more are without any rise, calibrated, both windows taken into account.
    pub p: f64,
}

/// What all names have in common up to a day, and how their judgements came out so far.
#[derive(Clone, Debug)]
pub struct Activity {
    /// The weekday of the first day of all series, 0 to 6.
    first: usize,
    weekday: [f64; 7],
    mean: f64,
    spread: f64,
    tails: [Tail; WINDOWS.len()],
    /// That of the least of all windows: looking at several is paid for.
    least: Tail,
}

/// How often a raw judgement was made without cause: ranks, and an exponential tail beyond.
#[derive(Clone, Debug, Default)]
struct Tail {
    /// Past values of `-ln p`, rising.
    past: Vec<f64>,
    /// Where the tail begins, the share above, and the mean excess.
    from: f64,
    share: f64,
    excess: f64,
}

impl Tail {
    fn of(mut past: Vec<f64>) -> Self {
        past.sort_by(f64::total_cmp);
        let n = past.len();
        let at = n - (n as f64 * TAIL) as usize;
        let from = past.get(at.min(n.saturating_sub(1))).copied().unwrap_or(0.0);
        let above: Vec<f64> = past.iter().filter(|x| **x > from).map(|x| x - from).collect();
        let sum: f64 = above.iter().sum();
        let excess = (sum + TAIL_SHRINK * TAIL_ASSUMED) / (above.len() as f64 + TAIL_SHRINK);
        let share = (above.len() as f64 + 1.0) / (n as f64 + 1.0);
        // A law that fits has a tail of 1; a lighter one is luck.
        Self { past, from, share, excess: excess.max(1.0) }
    }

    /// How often the least of all windows was so small.
    fn of_least(&self, p: f64) -> f64 {
        if self.past.len() < LEARNT {
            return (p * WINDOWS.len() as f64).min(1.0);
        }
        self.calibrated(p).max(p)
    }

    fn calibrated(&self, p: f64) -> f64 {
        let x = -p.max(1e-300).ln();
        let n = self.past.len();
        // Too few to learn from: the law itself, with the tail that is assumed.
        if n < LEARNT {
            return (-x / TAIL_ASSUMED).exp().max(p);
        }
        if x > self.from {
            return (self.share * (-(x - self.from) / self.excess).exp()).max(p.min(self.share));
        }
        let below = self.past.partition_point(|past| *past < x);
        (n - below + 1) as f64 / (n + 1) as f64
    }
}

/// The past of one name, up to a day.
struct Level {
    mean: f64,
    spread: f64,
    weight: f64,
}

impl Activity {
    /// Learns from all series what they have in common before the day `until` (exclusive). Series hold
    /// one count a day, the oldest first, all from the same day on, which has the weekday `first`.
    #[must_use]
    pub fn fit(series: &[&[u32]], first: usize, until: usize) -> Self {
        let mut sums = [0.0; 7];
        let mut days = [0.0_f64; 7];
        for day in 0..until {
            days[(first + day) % 7] += 1.0;
        }
        let (mut total, mut cells) = (0.0, 0.0);
        for counts in series {
            // A name counts for its habit, not for its size: one that is on every page says no more.
            let past = &counts[..until.min(counts.len())];
            let sum: f64 = past.iter().map(|count| f64::from(*count).sqrt()).sum();
            if sum > 0.0 {
                for (day, count) in past.iter().enumerate() {
                    sums[(first + day) % 7] += f64::from(*count).sqrt();
                }
            }
            total += past.iter().map(|count| f64::from(*count)).sum::<f64>();
            cells += past.len() as f64;
        }
        let all: f64 = sums.iter().sum();
        let n: f64 = days.iter().sum();
        let usual = (all + 1e-9) / n.max(1.0);
        let weekday = std::array::from_fn(|at| {
            let prior = WEEKDAY_SHRINK;
            // Roots were summed, so their ratio is squared back.
            ((sums[at] + prior * usual) / ((days[at] + prior) * usual)).powi(2)
        });
        let mut model = Self {
            first,
            weekday,
            mean: (total + 0.1) / (cells + 10.0),
            spread: 1.0,
            tails: std::array::from_fn(|_| Tail::default()),
            least: Tail::default(),
        };
        let sample: Vec<&[u32]> = evenly(series, SAMPLE);
        let (mut square, mut weight) = (0.0, 0.0);
        for counts in &sample {
            let level = model.level(&counts[..until.min(counts.len())]);
            square += level.spread * level.mean * level.weight;
            weight += level.mean * level.weight;
        }
        model.spread = if weight > 0.0 { (square / weight).max(1.0) } else { 1.0 };
        let mut past: [Vec<f64>; WINDOWS.len()] = std::array::from_fn(|_| Vec::new());
        let mut together: Vec<[f64; WINDOWS.len()]> = Vec::new();
        for counts in &sample {
            for day in until.saturating_sub(CALIBRATED).max(LEAST)..until.min(counts.len()) {
                let mut windows = [1.0; WINDOWS.len()];
                for (at, window) in WINDOWS.into_iter().enumerate() {
                    if let Some((_, _, p)) = model.raw(counts, day, window) {
                        past[at].push(-p.max(1e-300).ln());
                        windows[at] = p;
                    }
                }
                together.push(windows);
            }
        }
        model.tails = past.map(Tail::of);
        let least = together.iter().map(|windows| {
            let of = windows.iter().zip(&model.tails).map(|(p, tail)| tail.calibrated(*p));
            -of.fold(1.0, f64::min).max(1e-300).ln()
        });
        model.least = Tail::of(least.collect());
        model
    }

    /// Judges the days of a series that end with `day`: the window that is least to be expected.
    /// `None` when there is too little past.
    #[must_use]
    pub fn judge(&self, counts: &[u32], day: usize) -> Option<Judgement> {
        let mut best: Option<Judgement> = None;
        for (at, days) in WINDOWS.into_iter().enumerate() {
            let Some((count, expected, p)) = self.raw(counts, day, days) else { continue };
            let p = if count == 0 { 1.0 } else { self.tails[at].calibrated(p) };
            if best.is_none_or(|best| p < best.p) {
                best = Some(Judgement { days, count, expected, p });
            }
        }
        best.map(|best| Judgement { p: self.least.of_least(best.p), ..best })
    }

    /// Count, expectation and uncalibrated tail of the window that ends with `day`.
    fn raw(&self, counts: &[u32], day: usize, window: usize) -> Option<(u32, f64, f64)> {
        let from = (day + 1).checked_sub(window)?;
        if from < LEAST || day >= counts.len() {
            return None;
        }
        let level = self.level(&counts[..from]);
        let habit: f64 = (from..=day).map(|day| self.weekday[(self.first + day) % 7]).sum();
        let count = counts[from..=day].iter().fold(0_u32, |sum, count| sum.saturating_add(*count));
        let expected = level.mean * habit;
        // The level itself is only known so well.
        let spread = level.spread * (1.0 + habit / level.weight.max(1.0));
        let steady = if window == 1 {
            count
        } else {
            let most = |day: usize| {
                let expected = level.mean * self.weekday[(self.first + day) % 7];
                (expected + CLIP * (expected * level.spread).sqrt()).ceil().max(1.0) as u32
            };
            (from..=day).map(|day| counts[day].min(most(day))).sum()
        };
        Some((count, expected, upper_tail(expected, spread, steady)))
    }

    /// Level and spread of the days before, with bursts weighing less.
    fn level(&self, past: &[u32]) -> Level {
        let from = past.len().saturating_sub(BASELINE);
        let days: Vec<(f64, f64, f64)> = past[from..]
            .iter()
            .enumerate()
            .map(|(at, count)| {
                let habit = self.weekday[(self.first + from + at) % 7];
                let age = (past.len() - from - 1 - at) as f64;
                (f64::from(*count), habit, MEMORY.powf(age))
            })
            .collect();
        let weighted = |weights: &dyn Fn(f64, f64) -> f64| {
            let (mut sum, mut expected) = (SHRINK_LEVEL * self.mean, SHRINK_LEVEL);
            for (count, habit, recency) in &days {
                let weight = recency * weights(*count, *habit);
                sum += weight * count;
                expected += weight * habit;
            }
            sum / expected
        };
        let first = weighted(&|_, _| 1.0);
        let spread_of = |mean: f64| {
            let (mut square, mut weight) = (SHRINK_SPREAD * self.spread, SHRINK_SPREAD);
            for (count, habit, recency) in &days {
                let expected = (mean * habit).max(1e-9);
                square += recency * (count - expected).powi(2) / expected.max(0.05);
                weight += recency;
            }
            (square / weight).max(1.0)
        };
        let spread = spread_of(first);
        let steady = |count: f64, habit: f64| {
            let expected = (first * habit).max(1e-9);
            let off = (count - expected) / (expected * spread).sqrt();
            if off > SUSPECT { (SUSPECT / off).powi(2) } else { 1.0 }
        };
        let mean = weighted(&steady);
        let weight: f64 = days.iter().map(|(_, _, recency)| recency).sum::<f64>() + SHRINK_LEVEL;
        Level { mean, spread: spread_of(mean).min(spread * 1.5), weight }
    }
}

/// At most `most` of the series, evenly spread over them.
fn evenly<'a>(series: &[&'a [u32]], most: usize) -> Vec<&'a [u32]> {
    if series.len() <= most {
        return series.to_vec();
    }
    (0..most).map(|at| series[at * series.len() / most]).collect()
}

/// Which of many judgements to believe, so that at most the share `rate` of those believed is false
/// (Benjamini and Hochberg): for each, the least rate at which it is believed.
#[must_use]
pub fn discoveries(p: &[f64]) -> Vec<f64> {
    let n = p.len();
    let mut order: Vec<usize> = (0..n).collect();
    order.sort_by(|a, b| p[*b].total_cmp(&p[*a]));
    let mut least = 1.0_f64;
    let mut rates = vec![1.0; n];
    for (at, index) in order.into_iter().enumerate() {
        let rank = (n - at) as f64;
        least = least.min(p[index] * n as f64 / rank);
        rates[index] = least;
    }
    rates
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Numbers that look random and are always the same.
    struct Draw(u64);

    impl Draw {
        fn next(&mut self) -> f64 {
            self.0 ^= self.0 << 13;
            self.0 ^= self.0 >> 7;
            self.0 ^= self.0 << 17;
            (self.0 >> 11) as f64 / (1_u64 << 53) as f64
        }

        /// A Poisson count around a level that itself varies.
        fn count(&mut self, mean: f64) -> u32 {
            let mean = mean * if self.next() < 0.1 { 3.0 } else { 0.78 };
            let (mut product, mut count) = (self.next(), 0);
            while product > (-mean).exp() {
                product *= self.next();
                count += 1;
            }
            count
        }
    }

    fn quiet(names: usize, days: usize, seed: u64) -> Vec<Vec<u32>> {
        let mut draw = Draw(seed);
        (0..names)
            .map(|name| {
                let level = 0.1 + 3.0 * (name % 7) as f64 / 7.0;
                (0..days)
                    .map(|day| draw.count(level * if day % 7 >= 5 { 0.4 } else { 1.2 }))
                    .collect()
            })
            .collect()
    }

    #[test]
    fn false_alarms_come_as_often_as_stated() {
        let (mut alarms, mut cases) = (0, 0);
        for seed in 1..4 {
            let series = quiet(150, 112, seed * 77);
            let all: Vec<&[u32]> = series.iter().map(Vec::as_slice).collect();
            for day in [97, 104, 111] {
                let model = Activity::fit(&all, 0, day);
                for counts in &all {
                    let judged = model.judge(counts, day).unwrap();
                    alarms += u32::from(judged.p <= 0.02);
                    cases += 1;
                }
            }
        }
        let rate = f64::from(alarms) / f64::from(cases);
        assert!(rate <= 0.03, "{alarms} of {cases}: {rate}");
    }

    #[test]
    fn a_rise_is_found_and_a_busy_weekday_is_none() {
        let mut series = quiet(120, 112, 5);
        let day = 109;
        series[3][day] += 20;
        for count in &mut series[8][day - 6..=day] {
            *count += 6;
        }
        let all: Vec<&[u32]> = series.iter().map(Vec::as_slice).collect();
        let model = Activity::fit(&all, 0, day);
        assert!(model.weekday[0] > 1.0 && model.weekday[6] < 0.8, "{:?}", model.weekday);
        let judged: Vec<Judgement> =
            all.iter().map(|counts| model.judge(counts, day).unwrap()).collect();
        let rates = discoveries(&judged.iter().map(|judged| judged.p).collect::<Vec<_>>());
        let found: Vec<usize> = (0..rates.len()).filter(|at| rates[*at] <= 0.1).collect();
        assert!(found.contains(&3) && found.contains(&8), "{found:?}");
        assert!(found.len() <= 4, "{found:?}");
    }

    #[test]
    fn a_name_without_past_is_judged_by_what_all_have_in_common() {
        let mut series = quiet(60, 80, 9);
        series.push(vec![0; 80]);
        series[60][79] = 9;
        let all: Vec<&[u32]> = series.iter().map(Vec::as_slice).collect();
        let model = Activity::fit(&all, 0, 79);
        assert!(model.judge(&series[60], 79).unwrap().p < 0.01);
        assert_eq!(model.judge(&series[60], 10), None);
        assert_eq!(Activity::fit(&[], 0, 30).judge(&[0; 31], 30).unwrap().count, 0);
    }

    #[test]
    fn rates_rise_with_the_number_of_names() {
        assert_eq!(
            discoveries(&[0.01, 0.04, 0.03, 0.5]),
            [0.04, 0.04 * 4.0 / 3.0, 0.04 * 4.0 / 3.0, 0.5]
        );
        assert!(discoveries(&[]).is_empty());
    }
}
