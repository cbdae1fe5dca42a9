//! Will it be reported again, and when: from the days of the reports so far.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use crate::logistic::{Logistic, log_odds, sigmoid};

/// Features of the plain model, the first of all.
const PLAIN: usize = 3;
/// Ridge of the plain and of the rich model, in examples.
const RIDGES: (f64, f64) = (30.0, 300.0);
/// Share of the drift since the examples that is taken over.
const DRIFT: f64 = 0.25;

/// What the days of the reports so far tell. Days count from any origin; those after `today` are not
/// looked at. `None` when there is none.
pub fn features(days: &[i32], today: i32) -> Option<Vec<f64>> {
    let mut known: Vec<i32> = days.iter().copied().filter(|day| *day <= today).collect();
    known.sort_unstable();
    let (first, last) = (*known.first()?, *known.last()?);
    let reports = known.len() as f64;
    known.dedup();
    let (age, quiet) = (f64::from(today - first), f64::from(today - last));
    let within = |days: i32| {
        known.iter().filter(|day| **day != first && today - **day < days).count() as f64
    };
    let flag = |is: bool| f64::from(u8::from(is));
    Some(vec![
        reports.ln_1p(),
        quiet.ln_1p(),
        age.ln_1p(),
        within(45).ln_1p(),
        within(90).ln_1p(),
        within(182).ln_1p(),
        within(365).ln_1p(),
        (known.len() as f64).ln_1p(),
        (known.len() as f64 - 1.0) / (age + 90.0) * 90.0,
        flag(quiet < 30.0),
        flag(quiet > 180.0),
        flag(age < 60.0),
        flag(known.len() == 1),
    ])
}

/// A model of whether a further report comes within a horizon.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Recurrence {
    mean: Vec<f64>,
    deviation: Vec<f64>,
    plain: Vec<f64>,
    rich: Vec<f64>,
    shift: f64,
}

impl Recurrence {
    /// Fits `(features, whether a report came, weight)`. `drift` is by how much the log-odds of any
    /// report have moved since the examples.
    pub fn fit(examples: &[(Vec<f64>, bool, f64)], drift: f64) -> Self {
        let features = examples.first().map_or(0, |(row, _, _)| row.len());
        let n = examples.len().max(1) as f64;
        let mut mean = vec![0.0; features];
        let mut deviation = vec![0.0; features];
        for (row, _, _) in examples {
            for ((m, d), x) in mean.iter_mut().zip(&mut deviation).zip(row) {
                *m += x / n;
                *d += x * x / n;
            }
        }
        for (d, m) in deviation.iter_mut().zip(&mean) {
            *d = (*d - m * m).max(1e-9).sqrt();
        }
        let mut model = Self { mean, deviation, shift: DRIFT * drift, ..Self::default() };
        let rows: Vec<(Vec<f64>, f64, f64)> = examples
            .iter()
            .map(|(row, came, weight)| (model.scaled(row), f64::from(u8::from(*came)), *weight))
            .collect();
        model.plain = Logistic::fit(&rows, PLAIN.min(features), RIDGES.0).weights().to_vec();
        model.rich = Logistic::fit(&rows, features, RIDGES.1).weights().to_vec();
        model
    }

    fn scaled(&self, row: &[f64]) -> Vec<f64> {
        row.iter().zip(&self.mean).zip(&self.deviation).map(|((x, m), d)| (x - m) / d).collect()
    }

    /// The probability, 0 to 1, that a further report comes.
    pub fn probability(&self, features: &[f64]) -> f64 {
        let row = self.scaled(features);
        let of = |weights: &Vec<f64>| log_odds(Logistic::of(weights.clone()).probability(&row));
        sigmoid(0.5 * (of(&self.plain) + of(&self.rich)) + self.shift)
    }

    /// The model of the binary for a horizon of 30, 90 or 180 days.
    pub fn builtin(horizon: u32) -> Option<&'static Self> {
        static MODELS: LazyLock<BTreeMap<u32, Recurrence>> =
            LazyLock::new(|| Recurrence::read_table(include_str!("../data/recurrence.tsv")));
        MODELS.get(&horizon)
    }

    /// The lines by which `read_table` gives the model back.
    pub fn to_table(&self, horizon: u32) -> String {
        let parts = [
            ("mean", &self.mean),
            ("deviation", &self.deviation),
            ("plain", &self.plain),
            ("rich", &self.rich),
        ];
        let line = |(name, values): (&str, &Vec<f64>)| {
            let values: Vec<String> = values.iter().map(|v| format!("{v:.6}")).collect();
            format!("{horizon}\t{name}\t{}\n", values.join(" "))
        };
        parts.into_iter().map(line).collect()
    }

    /// Models by horizon in days, from lines of `horizon TAB part TAB numbers`.
    fn read_table(table: &str) -> BTreeMap<u32, Self> {
        let mut models: BTreeMap<u32, Self> = BTreeMap::new();
        for line in table.lines().filter(|line| !line.starts_with('#')) {
            let mut cells = line.split('\t');
            let (Some(horizon), Some(part), Some(values)) =
                (cells.next().and_then(|h| h.parse().ok()), cells.next(), cells.next())
            else {
                continue;
            };
            let model = models.entry(horizon).or_default();
            let values = values.split(' ').filter_map(|value| value.parse().ok()).collect();
            match part {
                "mean" => model.mean = values,
                "deviation" => model.deviation = values,
                "plain" => model.plain = values,
                "rich" => model.rich = values,
                _ => {}
            }
        }
        models
    }
}

/// Probabilities for rising horizons made to rise too: what comes within 30 days comes within 90.
pub fn rising(probabilities: &mut [f64]) {
    let mut least = 0.0_f64;
    for probability in probabilities {
        least = least.max(*probability);
        *probability = least;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_reported_lately_comes_back_sooner() {
        let mut examples = Vec::new();
        for quiet in 0..200 {
            let row = features(&[0, 400 - quiet], 400).unwrap();
            examples.push((row, quiet < 40, 20.0));
        }
        let model = Recurrence::fit(&examples, 0.0);
        let of = |quiet: i32| model.probability(&features(&[0, 400 - quiet], 400).unwrap());
        assert!(of(3) > of(60) && of(60) > of(180));
        let again = Recurrence::read_table(&model.to_table(180));
        let row = features(&[0, 380], 400).unwrap();
        assert!((again[&180].probability(&row) - model.probability(&row)).abs() < 1e-3);
    }

    #[test]
    fn order_of_reports_and_reports_to_come_make_no_difference() {
        assert_eq!(features(&[5, 1, 9, 5], 9), features(&[9, 5, 5, 1, 12], 9));
        assert_eq!(features(&[5], 4), None);
    }
}
