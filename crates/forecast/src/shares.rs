//! Scores of actors turned to probabilities, beside "none of these".

use std::sync::LazyLock;

use crate::attribution::Candidate;

/// How scores become probabilities: odds between two actors rise with `exp(sharpness × score)`, and
/// nobody stands where an actor of the score `nobody` would.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Shares {
    sharpness: f64,
    nobody: f64,
}

/// A case to fit on: the scores of the candidates, and which of them it was; `None` for none of them.
pub type Case = (Vec<f64>, Option<usize>);

/// Rounds of Newton's method; it has settled long before.
const ROUNDS: usize = 60;
/// Pseudo-curvature, so that a few cases do not run away.
const RIDGE: f64 = 1.0;

impl Shares {
    /// Those of the binary, fitted on reports of ATT&CK of which half had an actor that nobody knew.
    #[must_use]
    pub fn builtin() -> Self {
        static FITTED: LazyLock<Option<Shares>> =
            LazyLock::new(|| Shares::parse(include_str!("../data/attribution.tsv")));
        FITTED.unwrap_or(Self { sharpness: 1.0, nobody: 3.2 })
    }

    /// The probability of each candidate, and that of none of them.
    #[must_use]
    pub fn of(self, scores: &[f64]) -> (Vec<f64>, f64) {
        // The largest is taken off before powers are taken, so that none overflows.
        let logits: Vec<f64> =
            scores.iter().map(|score| self.sharpness * (score - self.nobody)).collect();
        let top = logits.iter().copied().fold(0.0, f64::max);
        let none = (-top).exp();
        let weights: Vec<f64> = logits.iter().map(|logit| (logit - top).exp()).collect();
        let sum = none + weights.iter().sum::<f64>();
        (weights.into_iter().map(|weight| weight / sum).collect(), none / sum)
    }

    /// Fits both numbers on cases, by the log loss of what was the case.
    #[must_use]
    pub fn fit(cases: &[Case]) -> Self {
        // In the slope and the height of nobody the loss has one valley.
        let (mut slope, mut height) = (1.0_f64, 3.2_f64);
        for _ in 0..ROUNDS {
            let (mut gradient, mut curvature) = ([0.0; 2], [RIDGE, 0.0, RIDGE]);
            for (scores, truth) in cases {
                let shares = Self { sharpness: slope, nobody: height / slope }.of(scores).0;
                let any: f64 = shares.iter().sum();
                let mean: f64 = shares.iter().zip(scores).map(|(p, s)| p * s).sum();
                let square: f64 = shares.iter().zip(scores).map(|(p, s)| p * s * s).sum();
                let own = truth.and_then(|at| scores.get(at));
                gradient[0] += mean - own.copied().unwrap_or(0.0);
                gradient[1] += f64::from(u8::from(own.is_some())) - any;
                curvature[0] += square - mean * mean;
                curvature[1] += any * mean - mean;
                curvature[2] += any - any * any;
            }
            let determinant = curvature[0] * curvature[2] - curvature[1] * curvature[1];
            if determinant <= 0.0 {
                break;
            }
            let step = [
                (curvature[2] * gradient[0] - curvature[1] * gradient[1]) / determinant,
                (curvature[0] * gradient[1] - curvature[1] * gradient[0]) / determinant,
            ];
            let most = 0.5;
            slope = (slope - step[0].clamp(-most, most)).max(0.05);
            height -= step[1].clamp(-most, most);
            if step[0].abs() + step[1].abs() < 1e-9 {
                break;
            }
        }
        Self { sharpness: slope, nobody: height / slope }
    }

    /// The lines that the binary reads it back from.
    #[must_use]
    pub fn to_table(self) -> String {
        format!("sharpness\t{:.4}\nnobody\t{:.4}\n", self.sharpness, self.nobody)
    }

    fn parse(table: &str) -> Option<Self> {
        let number = |name: &str| -> Option<f64> {
            let line = table.lines().find_map(|line| line.strip_prefix(name))?;
            line.trim().parse().ok()
        };
        Some(Self { sharpness: number("sharpness")?, nobody: number("nobody")? })
    }
}

/// The candidates that software speaks for: techniques alone name nobody.
#[must_use]
pub fn with_software(ranked: Vec<Candidate>) -> Vec<Candidate> {
    let by_software = |candidate: &Candidate| candidate.because.iter().any(|p| p.starts_with('S'));
    ranked.into_iter().filter(by_software).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_sum_to_one_and_rise_with_the_score() {
        let (shares, none) = Shares { sharpness: 1.0, nobody: 3.0 }.of(&[5.0, 3.0, 900.0, -900.0]);
        assert!((shares.iter().sum::<f64>() + none - 1.0).abs() < 1e-12);
        assert!(shares[2] > shares[0] && shares[0] >= shares[1] && shares[3] < 1e-9);
        assert_eq!(Shares::builtin().of(&[]), (Vec::new(), 1.0));
    }

    #[test]
    fn a_fit_says_as_often_as_it_is_so() {
        // Of a hundred cases of each score so many were the first candidate, the others nobody.
        let cases: Vec<Case> = [(2.0, 20), (4.0, 50), (6.0, 80)]
            .into_iter()
            .flat_map(|(score, right)| {
                (0..100).map(move |n| (vec![score, 0.0], (n < right).then_some(0)))
            })
            .collect();
        let fitted = Shares::fit(&cases);
        for (score, right) in [(2.0, 0.2), (4.0, 0.5), (6.0, 0.8)] {
            let said = fitted.of(&[score, 0.0]).0[0];
            assert!((said - right).abs() < 0.06, "{score}: {said}, {fitted:?}");
        }
        assert_eq!(
            Shares::parse(&fitted.to_table()).map(Shares::to_table),
            Some(fitted.to_table())
        );
    }
}
