use crate::newton::Newton;

/// Logistic regression with a ridge, fitted by Newton's method; the first weight is the constant.
#[derive(Clone, Debug, PartialEq)]
pub struct Logistic {
    weights: Vec<f64>,
}

/// Steps of Newton's method after which a fit stops; well-scaled inputs need fewer than ten.
const STEPS: usize = 30;

impl Logistic {
    /// A model of known weights, the constant first.
    pub fn of(weights: Vec<f64>) -> Self {
        Self { weights }
    }

    /// Reads the weights from a table of `name TAB weight`; lines with `#` are remarks.
    pub fn parse(table: &str) -> Self {
        let rows = table.lines().filter(|line| !line.starts_with('#'));
        let weights = rows.filter_map(|line| line.split_once('\t')?.1.trim().parse().ok());
        Self { weights: weights.collect() }
    }

    /// Fits `(features, outcome, weight)`; outcomes are 0 or 1 or a share between, `ridge` is counted
    /// in units of weight and does not touch the constant. Rows with fewer features count as 0 there.
    pub fn fit(rows: &[(Vec<f64>, f64, f64)], features: usize, ridge: f64) -> Self {
        let n = features + 1;
        let mut weights = vec![0.0; n];
        let mut previous = f64::INFINITY;
        let mut step = vec![0.0; n];
        for _ in 0..STEPS {
            let mut newton = Newton::new(features);
            let mut loss = 0.0;
            for (row, outcome, weight) in rows {
                let p = sigmoid(linear(&weights, row));
                loss -= weight
                    * (outcome * p.max(1e-12).ln() + (1.0 - outcome) * (1.0 - p).max(1e-12).ln());
                newton.add(row, weight * (outcome - p), weight * p * (1.0 - p));
            }
            for weight in &weights[1..] {
                loss += 0.5 * ridge * weight * weight;
            }
            if loss > previous + 1e-9 {
                // Overshot: half the last step back.
                for (weight, s) in weights.iter_mut().zip(&mut step) {
                    *s *= 0.5;
                    *weight -= *s;
                }
                continue;
            }
            previous = loss;
            let Some(next) = newton.step(&weights, |_| ridge, 1e-9) else { break };
            step = next;
            for (weight, s) in weights.iter_mut().zip(&step) {
                *weight += s;
            }
            if step.iter().all(|s| s.abs() < 1e-7) {
                break;
            }
        }
        Self { weights }
    }

    /// Shift and slope of log-odds by which forecasts come nearest to what happened, pulled towards 0
    /// and 1; `rows` are `(log-odds, outcome, weight)`, priors are shares of the sum of the weights.
    pub(crate) fn fit_near_identity(
        rows: &[(f64, f64, f64)],
        shift_prior: f64,
        slope_prior: f64,
    ) -> (f64, f64) {
        let all: f64 = rows.iter().map(|row| row.2).sum();
        let (mut shift, mut slope) = (0.0, 1.0);
        for _ in 0..STEPS {
            let (mut g0, mut g1) = (-shift_prior * shift, -slope_prior * (slope - 1.0));
            let (mut h00, mut h01, mut h11) = (shift_prior, 0.0, slope_prior);
            for (odds, outcome, weight) in rows {
                let p = sigmoid(shift + slope * odds);
                let (pull, sharp) = (weight / all * (outcome - p), weight / all * p * (1.0 - p));
                g0 += pull;
                g1 += pull * odds;
                h00 += sharp;
                h01 += sharp * odds;
                h11 += sharp * odds * odds;
            }
            let determinant = h00 * h11 - h01 * h01;
            let (d0, d1) =
                ((h11 * g0 - h01 * g1) / determinant, (h00 * g1 - h01 * g0) / determinant);
            shift += d0;
            slope += d1;
            if d0.abs() + d1.abs() < 1e-9 || !(shift + slope).is_finite() {
                break;
            }
        }
        if shift.is_finite() && slope.is_finite() { (shift, slope) } else { (0.0, 1.0) }
    }

    /// The probability, 0 to 1, of the outcome for these features.
    pub fn probability(&self, row: &[f64]) -> f64 {
        sigmoid(linear(&self.weights, row))
    }

    /// The weights, the constant first.
    pub fn weights(&self) -> &[f64] {
        &self.weights
    }
}

fn linear(weights: &[f64], row: &[f64]) -> f64 {
    let Some((constant, slopes)) = weights.split_first() else { return 0.0 };
    constant + slopes.iter().zip(row).map(|(w, x)| w * x).sum::<f64>()
}

/// The probability of log-odds.
pub(crate) fn sigmoid(log_odds: f64) -> f64 {
    1.0 / (1.0 + (-log_odds).exp())
}

/// The log-odds of a probability, which is kept away from 0 and 1.
pub(crate) fn log_odds(probability: f64) -> f64 {
    let p = probability.clamp(1e-6, 1.0 - 1e-6);
    (p / (1.0 - p)).ln()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_of_two_groups_are_found() {
        let rows = [(vec![0.0], 0.25, 40.0), (vec![1.0], 0.75, 40.0)];
        let model = Logistic::fit(&rows, 1, 1e-6);
        assert!((model.probability(&[0.0]) - 0.25).abs() < 1e-6);
        assert!((model.probability(&[1.0]) - 0.75).abs() < 1e-6);
        assert!((sigmoid(log_odds(0.3)) - 0.3).abs() < 1e-9);
    }
}
