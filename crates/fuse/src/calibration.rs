use std::sync::LazyLock;

/// A monotone map from combined weight to probability, as straight lines between points.
/// Identity until one is fitted on outcomes.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Calibration {
    points: Vec<(f64, f64)>,
}

impl Calibration {
    /// The calibration that ships with the program: fitted on runs of the simulation of copying
    /// sources (`lapwing evaluate fusion`) that are not among those that it is scored on.
    #[must_use]
    pub fn fitted() -> Self {
        static FITTED: LazyLock<Calibration> =
            LazyLock::new(|| read(include_str!("../data/calibration.tsv")));
        FITTED.clone()
    }

    /// Makes a calibration through `points` (weight, probability); `None` when they do not rise
    /// or leave 0..=1. The ends (0, 0) and (1, 1) are added.
    #[must_use]
    pub fn through(points: &[(f64, f64)]) -> Option<Self> {
        let mut all = vec![(0.0, 0.0)];
        all.extend_from_slice(points);
        all.push((1.0, 1.0));
        let rises = all.windows(2).all(|w| w[0].0 < w[1].0 && w[0].1 <= w[1].1);
        rises.then_some(Self { points: all })
    }

    /// Fits one on probabilities and what came of them: log-odds are stretched by one factor, which
    /// leaves even odds even, so that a statement and its contrary stay complements.
    #[must_use]
    pub fn fit(outcomes: &[(f64, bool)]) -> Self {
        let odds = |p: f64| {
            let p = p.clamp(0.005, 0.995);
            (p / (1.0 - p)).ln()
        };
        let sigmoid = |x: f64| 1.0 / (1.0 + (-x).exp());
        let mut slope = 1.0_f64;
        for _ in 0..50 {
            // One pseudo-case a side keeps the slope finite.
            let (mut gradient, mut curvature) = (0.0, 1e-9);
            for (said, happened) in outcomes {
                let x = odds(*said);
                let q = sigmoid(slope * x);
                gradient += (q - f64::from(u8::from(*happened))) * x;
                curvature += q * (1.0 - q) * x * x;
            }
            slope = (slope - gradient / curvature).clamp(0.2, 3.0);
        }
        let points: Vec<(f64, f64)> = (1..20)
            .map(|n| f64::from(n) / 20.0)
            .map(|p| (p, (sigmoid(slope * odds(p)) * 1e4).round() / 1e4))
            .collect();
        Self::through(&points).unwrap_or_default()
    }

    /// The inner points, for a table.
    #[must_use]
    pub fn points(&self) -> &[(f64, f64)] {
        let inner = self.points.len().saturating_sub(1);
        self.points.get(1..inner).unwrap_or_default()
    }

    /// The probability of a weight.
    #[must_use]
    pub fn apply(&self, weight: f64) -> f64 {
        let weight = weight.clamp(0.0, 1.0);
        let line = self.points.windows(2).find(|w| weight <= w[1].0);
        line.map_or(weight, |w| {
            let share = (weight - w[0].0) / (w[1].0 - w[0].0);
            w[0].1 + share * (w[1].1 - w[0].1)
        })
    }
}

fn read(table: &str) -> Calibration {
    let rows = table.lines().filter(|line| !line.starts_with('#'));
    let points: Vec<(f64, f64)> = rows
        .filter_map(|line| {
            let (weight, probability) = line.split_once('\t')?;
            Some((weight.parse().ok()?, probability.trim().parse().ok()?))
        })
        .collect();
    Calibration::through(&points).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_said_too_much_is_brought_down_and_even_stays_even() {
        let outcomes: Vec<(f64, bool)> = (0..100)
            .map(|n| (0.9, n % 10 < 7))
            .chain((0..100).map(|n| (0.1, n % 10 < 3)))
            .collect();
        let fitted = Calibration::fit(&outcomes);
        assert!((fitted.apply(0.9) - 0.7).abs() < 0.01, "{}", fitted.apply(0.9));
        assert!((fitted.apply(0.1) - 0.3).abs() < 0.01);
        assert!((fitted.apply(0.5) - 0.5).abs() < 1e-9);
    }

    #[test]
    fn the_table_of_the_binary_rises_and_keeps_even() {
        let fitted = Calibration::fitted();
        assert!(fitted.points().len() > 5);
        assert!((fitted.apply(0.5) - 0.5).abs() < 1e-9);
        assert!((0..100).all(|n| {
            let p = f64::from(n) / 100.0;
            fitted.apply(p) <= fitted.apply(p + 0.01) && (fitted.apply(p) - p).abs() < 0.1
        }));
    }
}
