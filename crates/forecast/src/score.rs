//! How good a forecast was: for probabilities, and for rankings.

/// Bins of equal width over 0..1 in which a probability is compared with what happened.
const BINS: usize = 10;

/// Probabilities with what came of them.
#[derive(Clone, Debug, Default)]
pub struct Outcomes(Vec<(f64, bool)>);

impl Outcomes {
    /// Adds a probability (0 to 1) and whether it came true.
    pub fn push(&mut self, said: f64, happened: bool) {
        self.0.push((said, happened));
    }

    /// Adds all of others.
    pub fn add(&mut self, others: &Self) {
        self.0.extend_from_slice(&others.0);
    }

    /// Number of forecasts.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Share that came true.
    pub fn rate(&self) -> f64 {
        self.mean(|_, happened| f64::from(u8::from(happened)))
    }

    /// The share that was said to come true: the mean of the probabilities.
    pub fn rate_said(&self) -> f64 {
        self.mean(|said, _| said)
    }

    /// The mean squared error (Brier score); lower is better.
    pub fn brier(&self) -> f64 {
        self.mean(|said, happened| (said - f64::from(u8::from(happened))).powi(2))
    }

    /// The mean log loss in nats; lower is better. A probability of 0 or 1 counts as one in a million off.
    pub fn log_loss(&self) -> f64 {
        self.mean(|said, happened| {
            let said = said.clamp(1e-6, 1.0 - 1e-6);
            -(if happened { said } else { 1.0 - said }).ln()
        })
    }

    /// The expected calibration error: how far said and true shares lie apart, over ten bins.
    pub fn calibration_error(&self) -> f64 {
        let mut bins = [(0.0, 0.0); BINS];
        for (said, happened) in &self.0 {
            let bin = &mut bins[((said * BINS as f64) as usize).min(BINS - 1)];
            bin.0 += said;
            bin.1 += f64::from(u8::from(*happened));
        }
        bins.iter().map(|(said, was)| (said - was).abs()).sum::<f64>() / self.0.len().max(1) as f64
    }

    /// The calibration error that chance alone gives: what [`Self::calibration_error`] comes to on average,
    /// with each bin's sum taken as normal, if each case came true with just the probability that was said.
    pub fn calibration_error_by_chance(&self) -> f64 {
        let mut variances = [0.0; BINS];
        for (said, _) in &self.0 {
            variances[((said * BINS as f64) as usize).min(BINS - 1)] += said * (1.0 - said);
        }
        let deviations: f64 = variances.iter().map(|variance: &f64| variance.sqrt()).sum();
        deviations * std::f64::consts::FRAC_2_PI.sqrt() / self.0.len().max(1) as f64
    }

    /// The same forecasts had the share that came true been known: all log odds moved by one number, so that
    /// their mean is that share. No forecast, but it tells how much of an error is of the share alone.
    pub fn moved_to_the_rate(&self) -> Self {
        let rate = self.rate();
        let moved = |by: f64| -> Vec<(f64, bool)> {
            let odds = |said: f64| said / (1.0 - said) * by.exp();
            let one = |said: f64| odds(said.clamp(1e-9, 1.0 - 1e-9));
            self.0.iter().map(|(said, was)| (one(*said) / (1.0 + one(*said)), *was)).collect()
        };
        let (mut low, mut high) = (-20.0, 20.0);
        for _ in 0..60 {
            let middle = f64::midpoint(low, high);
            let mean = Self(moved(middle)).mean(|said, _| said);
            if mean < rate { low = middle } else { high = middle }
        }
        Self(moved(f64::midpoint(low, high)))
    }

    /// The chance that a random true case was given more than a random false one; ties count half.
    pub fn auc(&self) -> f64 {
        let mut sorted = self.0.clone();
        sorted.sort_by(|a, b| a.0.total_cmp(&b.0));
        let (mut below, mut sum) = (0.0, 0.0);
        let mut at = 0;
        while at < sorted.len() {
            let end = at + sorted[at..].iter().take_while(|x| x.0 <= sorted[at].0).count().max(1);
            let hits = sorted[at..end].iter().filter(|x| x.1).count() as f64;
            let misses = (end - at) as f64 - hits;
            sum += hits * (below + misses / 2.0);
            below += misses;
            at = end;
        }
        let hits = self.0.iter().filter(|x| x.1).count() as f64;
        if hits > 0.0 && below > 0.0 { sum / (hits * below) } else { 0.5 }
    }

    fn mean(&self, of: impl Fn(f64, bool) -> f64) -> f64 {
        self.0.iter().map(|(said, happened)| of(*said, *happened)).sum::<f64>()
            / self.0.len().max(1) as f64
    }
}

/// Sums over rankings of which each has at least one right answer.
#[derive(Clone, Copy, Debug, Default)]
pub struct Rankings {
    queries: f64,
    precision5: f64,
    recall10: f64,
    recall20: f64,
    average: f64,
    reciprocal: f64,
    first: f64,
    five: f64,
}

impl Rankings {
    /// Adds a ranking: the places (0 is first) at which the right answers stand.
    pub fn add(&mut self, mut places: Vec<usize>) {
        if places.is_empty() {
            return;
        }
        places.sort_unstable();
        let all = places.len() as f64;
        let within = |k: usize| places.iter().filter(|place| **place < k).count() as f64;
        self.queries += 1.0;
        self.precision5 += within(5) / 5.0;
        self.recall10 += within(10) / all;
        self.recall20 += within(20) / all;
        self.first += within(1).min(1.0);
        self.five += within(5).min(1.0);
        self.reciprocal += 1.0 / (places[0] + 1) as f64;
        let right = (1_u32..).zip(&places).map(|(n, place)| f64::from(n) / (*place + 1) as f64);
        self.average += right.sum::<f64>() / all;
    }

    /// As [`Self::add`], from scores (higher goes first): `answers` are the right ones.
    pub fn add_scores(&mut self, scores: &[f64], answers: &[u32]) {
        let place = |answer: &u32| {
            let own = scores[*answer as usize];
            let before = |(at, score): (usize, &f64)| {
                *score > own || (score.total_cmp(&own).is_eq() && at < *answer as usize)
            };
            scores.iter().enumerate().filter(|x| before(*x)).count()
        };
        self.add(answers.iter().map(place).collect());
    }

    /// Number of rankings.
    pub fn queries(&self) -> f64 {
        self.queries
    }

    /// Share of the first five that is right.
    pub fn precision_at_5(&self) -> f64 {
        self.precision5 / self.queries.max(1.0)
    }

    /// Share of the right answers among the first ten.
    pub fn recall_at_10(&self) -> f64 {
        self.recall10 / self.queries.max(1.0)
    }

    /// Share of the right answers among the first twenty.
    pub fn recall_at_20(&self) -> f64 {
        self.recall20 / self.queries.max(1.0)
    }

    /// Mean average precision.
    pub fn mean_average_precision(&self) -> f64 {
        self.average / self.queries.max(1.0)
    }

    /// Mean of one over the place of the first right answer.
    pub fn mean_reciprocal_rank(&self) -> f64 {
        self.reciprocal / self.queries.max(1.0)
    }

    /// Share of rankings whose first answer is right.
    pub fn top_1(&self) -> f64 {
        self.first / self.queries.max(1.0)
    }

    /// Share of rankings with a right answer among the first five.
    pub fn top_5(&self) -> f64 {
        self.five / self.queries.max(1.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scores_of_a_small_table_are_those_worked_by_hand() {
        let mut outcomes = Outcomes::default();
        for (said, happened) in [(0.8, true), (0.8, false), (0.2, false), (0.2, false)] {
            outcomes.push(said, happened);
        }
        assert!((outcomes.brier() - (0.04 + 0.64 + 0.04 + 0.04) / 4.0).abs() < 1e-12);
        assert!((outcomes.calibration_error() - (0.6 + 0.4) / 4.0).abs() < 1e-12);
        assert!((outcomes.auc() - (0.5 + 1.0 + 1.0) / 3.0).abs() < 1e-12);
        // Two bins of two cases each with .8 * .2.
        let chance = 2.0 * 0.32_f64.sqrt() * (2.0 / std::f64::consts::PI).sqrt() / 4.0;
        assert!((outcomes.calibration_error_by_chance() - chance).abs() < 1e-12);
        // Half was said, a quarter came true.
        let moved = outcomes.moved_to_the_rate();
        assert!((moved.mean(|said, _| said) - 0.25).abs() < 1e-9);
        assert!((moved.auc() - outcomes.auc()).abs() < 1e-12);
        let mut rankings = Rankings::default();
        rankings.add_scores(&[0.9, 0.1, 0.5], &[2, 1]);
        assert!((rankings.mean_average_precision() - 0.5_f64.midpoint(2.0 / 3.0)).abs() < 1e-12);
        assert!((rankings.mean_reciprocal_rank() - 0.5).abs() < 1e-12);
    }
}
