//! One step of Newton's method for a model that is linear in its features, the constant first.

use crate::linear::solve_positive;

/// Slope and curvature of a likelihood, summed row by row.
pub(crate) struct Newton {
    slope: Vec<f64>,
    curve: Vec<f64>,
}

impl Newton {
    pub fn new(features: usize) -> Self {
        let n = features + 1;
        Self { slope: vec![0.0; n], curve: vec![0.0; n * n] }
    }

    /// Takes in a row: `pull` and `sharp` are the first and the negative second derivative of its likelihood
    /// by what the weights make of it.
    pub fn add(&mut self, row: &[f64], pull: f64, sharp: f64) {
        let n = self.slope.len();
        self.slope[0] += pull;
        self.curve[0] += sharp;
        for (i, x) in row.iter().take(n - 1).enumerate().filter(|(_, x)| **x != 0.0) {
            self.slope[i + 1] += pull * x;
            let line = &mut self.curve[(i + 1) * n..];
            line[0] += sharp * x;
            for (j, y) in row[..=i].iter().enumerate() {
                line[j + 1] += sharp * x * y;
            }
        }
    }

    /// The step from these weights, each feature pulled to 0 by its ridge; `least` keeps the constant's curvature
    /// above 0. `None` when there is none.
    pub fn step(
        mut self,
        weights: &[f64],
        ridge: impl Fn(usize) -> f64,
        least: f64,
    ) -> Option<Vec<f64>> {
        let n = self.slope.len();
        for (i, weight) in weights.iter().enumerate().skip(1) {
            self.slope[i] -= ridge(i - 1) * weight;
            self.curve[i * n + i] += ridge(i - 1);
        }
        self.curve[0] += least;
        for i in 0..n {
            for j in i + 1..n {
                self.curve[i * n + j] = self.curve[j * n + i];
            }
        }
        solve_positive(&self.curve, &self.slope)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_step_solves_least_squares() {
        // y = 1 + 2a - b: of a square loss the first step from 0 is the last.
        let mut newton = Newton::new(2);
        for (a, b) in [(0.0, 0.0), (1.0, 0.0), (0.0, 1.0), (2.0, 1.0)] {
            newton.add(&[a, b], 1.0 + 2.0 * a - b, 1.0);
        }
        let step = newton.step(&[0.0; 3], |_| 0.0, 0.0).unwrap();
        for (found, wanted) in step.iter().zip([1.0, 2.0, -1.0]) {
            assert!((found - wanted).abs() < 1e-9, "{step:?}");
        }
    }
}
