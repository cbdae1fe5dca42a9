//! How many to expect next week: predictive distributions over counts, and their score.

/// A probability for each count from 0 up; the last entry holds everything above as well.
#[derive(Clone, Debug, PartialEq)]
pub struct Predictive(Vec<f64>);

/// What all series of a class have in common up to a moment; single series are shrunk to it.
#[derive(Clone, Debug)]
pub struct ClassOfSeries {
    /// Mean count a period.
    pub mean: f64,
    /// Variance over mean inside a series, averaged over the class.
    pub dispersion: f64,
    /// Share of periods with any count.
    pub any: f64,
    /// How counts above zero are spread.
    positive: Vec<f64>,
}

/// A way to forecast the next count of a series from its history.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum CountModel {
    /// As many as in the last period.
    LastValue,
    /// A Poisson law around the mean of the last four periods.
    FourPeriodMean,
    /// A Poisson law around the mean of the whole history.
    Poisson,
    /// The counts of the whole history, each as likely as the other.
    History,
    /// A negative binomial law around an exponentially weighted mean, shrunk to the class.
    EwmaNegativeBinomial {
        /// Share of the weight that the next older period keeps.
        memory: f64,
    },
    /// Whether anything at all, recency-weighted; and if so, how many, from the series and its class.
    Hurdle {
        /// Share of the weight that the next older period keeps.
        memory: f64,
    },
}

/// The naive models, which any other has to beat.
pub const NAIVE: [CountModel; 4] =
    [CountModel::LastValue, CountModel::FourPeriodMean, CountModel::Poisson, CountModel::History];

/// Periods that the class counts for beside a series' own.
const SHRINK: f64 = 2.0;

impl ClassOfSeries {
    /// What the histories of a class say together; counts above `most` are taken as `most`.
    pub fn of<'a>(histories: impl IntoIterator<Item = &'a [u32]>, most: u32) -> Self {
        let (mut periods, mut sum, mut any) = (0.0, 0.0, 0.0);
        let (mut variance, mut weight) = (0.0, 0.0);
        let mut positive = vec![0.0; most as usize + 1];
        for history in histories {
            let n = history.len() as f64;
            if history.is_empty() {
                continue;
            }
            let total: f64 = history.iter().map(|x| f64::from((*x).min(most))).sum();
            let mean = total / n;
            periods += n;
            sum += total;
            any += history.iter().filter(|x| **x > 0).count() as f64;
            variance +=
                history.iter().map(|x| (f64::from((*x).min(most)) - mean).powi(2)).sum::<f64>();
            weight += total;
            for x in history.iter().filter(|x| **x > 0) {
                positive[(*x).min(most) as usize] += 1.0;
            }
        }
        // A little of a geometric law, so that no count is impossible.
        for (count, slot) in positive.iter_mut().enumerate().skip(1) {
            *slot += 0.5_f64.powi(count.min(60) as i32);
        }
        let all: f64 = positive.iter().sum();
        for slot in &mut positive {
            *slot /= all;
        }
        Self {
            mean: (sum + 0.1) / (periods + 1.0),
            dispersion: ((variance + 1.0) / (weight + 1.0)).max(1.0),
            any: (any + 0.1) / (periods + 1.0),
            positive,
        }
    }
}

impl CountModel {
    /// The forecast for the period after `history` (oldest first), for counts 0 to `most`.
    pub fn forecast(self, history: &[u32], class: &ClassOfSeries, most: u32) -> Predictive {
        let n = history.len() as f64;
        let mean = |values: &[u32]| {
            values.iter().map(|x| f64::from((*x).min(most))).sum::<f64>()
                / values.len().max(1) as f64
        };
        match self {
            Self::LastValue => {
                let mut shares = vec![0.0; most as usize + 1];
                shares[history.last().copied().unwrap_or(0).min(most) as usize] = 1.0;
                Predictive(shares)
            }
            Self::FourPeriodMean => {
                poisson(mean(&history[history.len().saturating_sub(4)..]), most)
            }
            Self::Poisson => poisson(mean(history), most),
            Self::History => {
                let mut shares = vec![0.0; most as usize + 1];
                for x in history {
                    shares[(*x).min(most) as usize] += 1.0 / n.max(1.0);
                }
                if history.is_empty() {
                    shares[0] = 1.0;
                }
                Predictive(shares)
            }
            Self::EwmaNegativeBinomial { memory } => {
                let (total, weight) = recent(history, memory, |x| f64::from(x.min(most)));
                let mean = (total + SHRINK * class.mean) / (weight + SHRINK);
                let (square, _) =
                    recent(history, memory, |x| (f64::from(x.min(most)) - mean).powi(2));
                let own = square / mean.max(1e-9);
                let spread = (own + SHRINK * class.dispersion) / (weight + SHRINK);
                negative_binomial(mean, spread.max(1.0), most)
            }
            Self::Hurdle { memory } => {
                let (hits, weight) = recent(history, memory, |x| f64::from(u8::from(x > 0)));
                let any = (hits + SHRINK * class.any) / (weight + SHRINK);
                let mut shares = vec![0.0; most as usize + 1];
                let (positives, _) =
                    recent(history, memory.max(0.9), |x| f64::from(u8::from(x > 0)));
                let own = positives / (positives + SHRINK);
                let mut factor = 1.0;
                for x in history.iter().rev() {
                    if *x > 0 {
                        shares[(*x).min(most) as usize] += any * own * factor / positives.max(1e-9);
                    }
                    factor *= memory.max(0.9);
                }
                for (slot, share) in shares.iter_mut().zip(&class.positive) {
                    *slot += any * (1.0 - own) * share;
                }
                shares[0] = 0.0;
                let rest: f64 = shares.iter().sum();
                shares[0] = (1.0 - rest).max(0.0);
                Predictive(shares)
            }
        }
    }
}

/// Naive models and ours, whose forecasts are pooled: each weighs by how well it did on its class so far.
pub const POOLED: [CountModel; 10] = [
    CountModel::FourPeriodMean,
    CountModel::Poisson,
    CountModel::History,
    CountModel::LastValue,
    CountModel::EwmaNegativeBinomial { memory: 0.7 },
    CountModel::EwmaNegativeBinomial { memory: 0.8 },
    CountModel::EwmaNegativeBinomial { memory: 0.9 },
    CountModel::Hurdle { memory: 0.7 },
    CountModel::Hurdle { memory: 0.8 },
    CountModel::Hurdle { memory: 0.9 },
];

/// How much worse than the best a model may have done before its weight falls to a third, in units of the
/// score over the square root of the number of periods.
const PATIENCE: f64 = 0.02;

/// A pool of [`POOLED`] for a class of series that learns from period to period.
#[derive(Clone, Debug)]
pub struct Pool {
    losses: [f64; POOLED.len()],
    periods: u32,
}

impl Default for Pool {
    fn default() -> Self {
        Self { losses: [0.0; POOLED.len()], periods: 0 }
    }
}

impl Pool {
    /// The weights of the models, which sum to 1.
    pub fn weights(&self) -> [f64; POOLED.len()] {
        let best = self.losses.iter().copied().fold(f64::INFINITY, f64::min);
        let scale = PATIENCE * f64::from(self.periods.max(1)).sqrt();
        let mut weights = self.losses.map(|loss| (-(loss - best) / scale).exp());
        let sum: f64 = weights.iter().sum();
        for weight in &mut weights {
            *weight /= sum;
        }
        weights
    }

    /// The pooled forecast for the period after `history`.
    pub fn forecast(&self, history: &[u32], class: &ClassOfSeries, most: u32) -> Predictive {
        let parts = POOLED.map(|model| model.forecast(history, class, most));
        let weights = self.weights();
        Predictive::pool(&weights.into_iter().zip(&parts).collect::<Vec<_>>())
    }

    /// Learns from what happened: histories of all series of the class, with the next count of each.
    pub fn learn<'a>(
        &mut self,
        happened: impl IntoIterator<Item = (&'a [u32], u32)>,
        class: &ClassOfSeries,
        most: u32,
    ) {
        let mut sums = [0.0; POOLED.len()];
        let mut series = 0.0;
        for (history, next) in happened {
            series += 1.0;
            for (sum, model) in sums.iter_mut().zip(POOLED) {
                *sum += model.forecast(history, class, most).crps(next.min(most));
            }
        }
        if series > 0.0 {
            self.periods += 1;
            for (loss, sum) in self.losses.iter_mut().zip(sums) {
                *loss += sum / series;
            }
        }
    }
}

/// Sum of `value` over the history with weights that fall towards the past, and the sum of the weights.
fn recent(history: &[u32], memory: f64, value: impl Fn(u32) -> f64) -> (f64, f64) {
    let (mut sum, mut weights, mut factor) = (0.0, 0.0, 1.0);
    for x in history.iter().rev() {
        sum += factor * value(*x);
        weights += factor;
        factor *= memory;
    }
    (sum, weights)
}

fn poisson(mean: f64, most: u32) -> Predictive {
    let mut shares = Vec::with_capacity(most as usize + 1);
    let mut log = -mean;
    for count in 0..=most {
        shares.push(if mean > 0.0 { log.exp() } else { f64::from(u8::from(count == 0)) });
        log += mean.max(1e-300).ln() - f64::from(count + 1).ln();
    }
    Predictive::closed(shares)
}

/// The negative binomial law of a mean and a ratio of variance to mean.
fn negative_binomial(mean: f64, spread: f64, most: u32) -> Predictive {
    if spread <= 1.0 + 1e-6 || mean <= 0.0 {
        return poisson(mean, most);
    }
    let size = mean / (spread - 1.0);
    let odds = (spread - 1.0) / spread;
    let mut shares = Vec::with_capacity(most as usize + 1);
    let mut share = (-size * spread.ln()).exp();
    for count in 0..=most {
        shares.push(share);
        share *= odds * (size + f64::from(count)) / f64::from(count + 1);
    }
    Predictive::closed(shares)
}

/// How likely `count` or more are under the negative binomial law of a mean and a ratio of variance to
/// mean (a Poisson law where that is 1).
pub(crate) fn upper_tail(mean: f64, spread: f64, count: u32) -> f64 {
    if count == 0 {
        return 1.0;
    }
    if mean <= 0.0 {
        return 0.0;
    }
    let is_poisson = spread <= 1.0 + 1e-6;
    let size = if is_poisson { 0.0 } else { mean / (spread - 1.0) };
    let odds = (spread - 1.0) / spread;
    let log_ratio = |k: f64| {
        // The share of k + 1 over that of k.
        if is_poisson { (mean / (k + 1.0)).ln() } else { (odds * (size + k) / (k + 1.0)).ln() }
    };
    let mut log = if is_poisson { -mean } else { -size * spread.ln() };
    if f64::from(count) <= mean {
        let mut below = 0.0;
        for k in 0..count {
            below += log.exp();
            log += log_ratio(f64::from(k));
        }
        return (1.0 - below).clamp(0.0, 1.0);
    }
    for k in 0..count {
        log += log_ratio(f64::from(k));
    }
    let (mut sum, mut k) = (0.0, f64::from(count));
    loop {
        let share = log.exp();
        sum += share;
        log += log_ratio(k);
        k += 1.0;
        // Above the mean shares fall at least geometrically.
        if share <= sum * 1e-12 || share < 1e-320 {
            return sum.min(1.0);
        }
    }
}

impl Predictive {
    /// Puts what is missing to 1 on the last count.
    fn closed(mut shares: Vec<f64>) -> Self {
        let sum: f64 = shares.iter().sum();
        if let Some(last) = shares.last_mut() {
            *last += (1.0 - sum).max(0.0);
        }
        Self(shares)
    }

    /// The linear pool of forecasts with weights that sum to 1.
    pub fn pool(parts: &[(f64, &Predictive)]) -> Self {
        let length = parts.iter().map(|(_, p)| p.0.len()).max().unwrap_or(1);
        let mut shares = vec![0.0; length];
        for (weight, part) in parts {
            for (slot, share) in shares.iter_mut().zip(&part.0) {
                *slot += weight * share;
            }
        }
        Self(shares)
    }

    /// The probability of each count.
    pub fn shares(&self) -> &[f64] {
        &self.0
    }

    /// The probability of any count above zero.
    pub fn any(&self) -> f64 {
        (1.0 - self.0.first().copied().unwrap_or(1.0)).clamp(0.0, 1.0)
    }

    /// The expected count.
    pub fn mean(&self) -> f64 {
        (0_u32..).zip(&self.0).map(|(count, share)| f64::from(count) * share).sum()
    }

    /// The least count that is not exceeded with probability `level` (0 to 1).
    pub fn quantile(&self, level: f64) -> u32 {
        let mut below = 0.0;
        for (count, share) in (0_u32..).zip(&self.0) {
            below += share;
            if below >= level {
                return count;
            }
        }
        self.0.len().saturating_sub(1) as u32
    }

    /// The continuous ranked probability score against what happened; lower is better, 0 is perfect.
    pub fn crps(&self, happened: u32) -> f64 {
        let (mut below, mut score) = (0.0, 0.0);
        for (count, share) in (0_u32..).zip(&self.0) {
            below += share;
            let truth = f64::from(u8::from(count >= happened));
            score += (below - truth).powi(2);
        }
        score
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_sum_to_one_and_the_mean_is_kept() {
        for law in [poisson(2.5, 60), negative_binomial(2.5, 3.0, 200)] {
            assert!((law.shares().iter().sum::<f64>() - 1.0).abs() < 1e-9);
            assert!((law.mean() - 2.5).abs() < 1e-6, "{}", law.mean());
        }
    }

    #[test]
    fn tails_are_what_the_shares_sum_to() {
        for (mean, spread) in [(2.5, 1.0), (2.5, 3.0), (0.02, 1.4), (40.0, 6.0)] {
            let law = negative_binomial(mean, spread, 2000);
            for count in [0_u32, 1, 3, 10, 60] {
                let sum: f64 = law.shares().iter().skip(count as usize).sum();
                let tail = upper_tail(mean, spread, count);
                assert!((sum - tail).abs() < 1e-9, "{mean} {spread} {count}: {sum} {tail}");
            }
        }
        assert!(upper_tail(0.001, 1.2, 500) < 1e-100);
    }

    #[test]
    fn a_sure_and_right_forecast_scores_zero() {
        let class = ClassOfSeries::of([&[3_u32, 3][..]], 10);
        let sure = CountModel::LastValue.forecast(&[3], &class, 10);
        assert!(sure.crps(3).abs() < 1e-12);
        assert!((sure.crps(5) - 2.0).abs() < 1e-12);
        assert_eq!(sure.quantile(0.5), 3);
    }
}
