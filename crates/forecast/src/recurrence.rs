//! Will it be reported again, and when: from the days of the reports so far.

use std::sync::LazyLock;

use crate::hazard;

/// Ridge of the features and of the power of time, in examples.
const RIDGE: f64 = 500.0;
const RIDGE_OF_TIME: f64 = 300.0;
/// Days of the horizon that the constant of the model stands for.
const UNIT: f64 = 183.0;

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

/// What came of a name that was watched for a time.
#[derive(Clone, Debug, PartialEq)]
pub struct Watched {
    /// What was known at the start: [`features`].
    pub features: Vec<f64>,
    /// For how many days it was watched.
    pub days: u32,
    /// Whether a further report came.
    pub came: bool,
    /// How much it counts.
    pub weight: f64,
}

/// A model of whether a further report comes within so many days.
///
/// One law of hazard for all horizons, so that what was watched for a month only teaches it too: forecasts
/// follow how often reports came lately, and not how often they did when the last half year began.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Recurrence {
    mean: Vec<f64>,
    deviation: Vec<f64>,
    /// The constant, one weight a feature, and the power of time.
    weights: Vec<f64>,
}

impl Recurrence {
    /// Fits it.
    pub fn fit(examples: &[Watched]) -> Self {
        let features = examples.first().map_or(0, |example| example.features.len());
        let n = examples.len().max(1) as f64;
        let mut mean = vec![0.0; features];
        let mut deviation = vec![0.0; features];
        for example in examples {
            for ((m, d), x) in mean.iter_mut().zip(&mut deviation).zip(&example.features) {
                *m += x / n;
                *d += x * x / n;
            }
        }
        for (d, m) in deviation.iter_mut().zip(&mean) {
            *d = (*d - m * m).max(1e-9).sqrt();
        }
        let mut model = Self { mean, deviation, weights: Vec::new() };
        let rows: Vec<(Vec<f64>, bool, f64)> = examples
            .iter()
            .map(|example| {
                (model.row(&example.features, example.days), example.came, example.weight)
            })
            .collect();
        let mut ridges = vec![RIDGE; features];
        ridges.push(RIDGE_OF_TIME);
        model.weights = hazard::fit(&rows, &ridges);
        // The longer, the likelier, whatever chance says of a few examples.
        if let Some(power) = model.weights.last_mut() {
            *power = power.max(0.1);
        }
        model
    }

    fn row(&self, features: &[f64], days: u32) -> Vec<f64> {
        let scaled = features.iter().zip(&self.mean).zip(&self.deviation);
        let scaled = scaled.map(|((x, m), d)| (x - m) / d);
        scaled.chain([(f64::from(days.max(1)) / UNIT).ln()]).collect()
    }

    /// The probability, 0 to 1, that a further report comes within so many days; it rises with them.
    pub fn probability(&self, features: &[f64], days: u32) -> f64 {
        hazard::probability(&self.weights, &self.row(features, days))
    }

    /// The model of the binary.
    pub fn builtin() -> &'static Self {
        static MODEL: LazyLock<Recurrence> =
            LazyLock::new(|| Recurrence::read_table(include_str!("../data/recurrence.tsv")));
        &MODEL
    }

    /// The lines by which `read_table` gives the model back.
    pub fn to_table(&self) -> String {
        let parts =
            [("mean", &self.mean), ("deviation", &self.deviation), ("weights", &self.weights)];
        let line = |(name, values): (&str, &Vec<f64>)| {
            let values: Vec<String> = values.iter().map(|v| format!("{v:.6}")).collect();
            format!("{name}\t{}\n", values.join(" "))
        };
        parts.into_iter().map(line).collect()
    }

    /// The model of lines of `part TAB numbers`.
    fn read_table(table: &str) -> Self {
        let mut model = Self::default();
        for (part, values) in table.lines().filter_map(|line| line.split_once('\t')) {
            let values = values.split(' ').filter_map(|value| value.parse().ok()).collect();
            match part {
                "mean" => model.mean = values,
                "deviation" => model.deviation = values,
                "weights" => model.weights = values,
                _ => {}
            }
        }
        model
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_reported_lately_comes_back_sooner_and_more_time_brings_more() {
        let mut examples = Vec::new();
        for quiet in 0..200 {
            for days in [30, 183] {
                let features = features(&[0, 400 - quiet], 400).unwrap();
                let came = quiet < if days == 30 { 15 } else { 40 };
                examples.push(Watched { features, days, came, weight: 20.0 });
            }
        }
        let model = Recurrence::fit(&examples);
        let of =
            |quiet: i32, days| model.probability(&features(&[0, 400 - quiet], 400).unwrap(), days);
        assert!(of(3, 183) > of(60, 183) && of(60, 183) > of(180, 183));
        assert!(of(3, 30) < of(3, 90) && of(3, 90) < of(3, 180));
        let again = Recurrence::read_table(&model.to_table());
        let row = features(&[0, 380], 400).unwrap();
        assert!((again.probability(&row, 90) - model.probability(&row, 90)).abs() < 1e-3);
    }

    #[test]
    fn the_binarys_model_rises_with_the_horizon() {
        let row = features(&[0, 30, 100], 121).unwrap();
        let said = [30, 90, 180].map(|days| Recurrence::builtin().probability(&row, days));
        assert!(said.is_sorted() && said[0] > 0.0 && said[2] < 1.0, "{said:?}");
    }

    #[test]
    fn order_of_reports_and_reports_to_come_make_no_difference() {
        assert_eq!(features(&[5, 1, 9, 5], 9), features(&[9, 5, 5, 1, 12], 9));
        assert_eq!(features(&[5], 4), None);
    }
}
