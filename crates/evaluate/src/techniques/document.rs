//! Training of the judgement over a whole report: priors, and one logistic model for all techniques.

use std::collections::BTreeMap;

use lapwing_extract::technique::judge::{Evidence, NUMBERS, PRIOR, busy, probability};
use lapwing_extract::technique::parent;

use super::reports::{Corpus, Report};
use super::sentences::Procedure;

/// Weight of what reports have on average beside the counts of a technique, in reports.
const AVERAGE_COUNTS: f32 = 3.0;

/// Penalty on the square of the weights.
const RIDGE: f64 = 1.0;

/// Penalty on the square of the move of a technique's prior.
const HOLD: f64 = 25.0;

/// How often reports describe a technique, over all reports: where a corpus does not know a
/// technique, its silence counts, and the prior is the more careful.
pub(crate) struct Priors<'r> {
    reports: f32,
    /// Reports by technique.
    counts: BTreeMap<&'r str, f32>,
    /// Share of the techniques that a corpus knows in a report of it, on average.
    average: f32,
    /// Procedures by technique, for parts that no corpus knows.
    procedures: BTreeMap<String, f32>,
}

impl<'r> Priors<'r> {
    pub(crate) fn of<'a>(
        reports: impl Iterator<Item = &'r Report>,
        procedures: &[Procedure],
        techniques: &(impl Iterator<Item = &'a str> + Clone),
    ) -> Self {
        let mut priors = Self {
            reports: 0.0,
            counts: BTreeMap::new(),
            average: 0.0,
            procedures: BTreeMap::new(),
        };
        let (mut found, mut places) = (0.0f32, 0.0f32);
        let known = Corpus::ALL.map(|c| techniques.clone().filter(|id| c.knows(id)).count() as f32);
        for report in reports {
            priors.reports += 1.0;
            places += known[report.corpus as usize];
            found += report.known_gold().len() as f32;
            for id in &report.gold {
                *priors.counts.entry(id).or_default() += 1.0;
            }
        }
        priors.average = found / places.max(1.0);
        for procedure in procedures {
            for id in [Some(procedure.id.as_str()), parent(&procedure.id)].into_iter().flatten() {
                *priors.procedures.entry(id.to_owned()).or_default() += 1.0;
            }
        }
        priors
    }

    /// Logarithm of the odds that a report describes `id`; `without` is left out of the counts.
    pub(crate) fn of_technique(&self, id: &str, without: Option<&Report>) -> f32 {
        if let Some(whole) = parent(id)
            && !Corpus::ALL.iter().any(|corpus| corpus.knows(id))
        {
            let procedures = |id: &str| self.procedures.get(id).copied().unwrap_or(0.0);
            let share = (procedures(id) + 0.5) / (procedures(whole) + 1.0);
            return self.of_technique(whole, without) + share.min(1.0).ln();
        }
        let mut found = self.counts.get(id).copied().unwrap_or(0.0);
        let mut all = self.reports;
        if let Some(report) = without {
            found -= f32::from(u8::from(report.gold.contains(id)));
            all -= 1.0;
        }
        log_odds((found + self.average * AVERAGE_COUNTS) / (all + AVERAGE_COUNTS))
    }
}

fn log_odds(probability: f32) -> f32 {
    let p = probability.clamp(1e-4, 1.0 - 1e-3);
    (p / (1.0 - p)).ln()
}

/// What the sentences of a report show of each technique.
pub(crate) struct Shown {
    pub evidence: Vec<Evidence>,
    pub sentences: usize,
}

impl Shown {
    /// The numbers of technique number `at`.
    pub(crate) fn numbers(&self, at: usize, prior: f32) -> [f32; NUMBERS] {
        self.evidence[at].numbers(prior, self.sentences, busy(&self.evidence))
    }
}

/// Probabilities of one report for the techniques that its corpus knows.
pub(crate) fn probabilities(
    techniques: &[String],
    priors: &[f32],
    corpus: Corpus,
    shown: &Shown,
    judgement: &[f32],
) -> Vec<(String, f32)> {
    let busy = busy(&shown.evidence);
    let known = techniques.iter().enumerate().filter(|(_, id)| corpus.knows(id));
    known
        .map(|(at, id)| {
            let numbers = shown.evidence[at].numbers(priors[at], shown.sentences, busy);
            (id.clone(), probability(judgement, &numbers))
        })
        .collect()
}

/// What is known of one technique in one report: its number, what the report shows of it, and whether it is described.
pub(crate) struct Row {
    pub technique: usize,
    pub numbers: [f32; NUMBERS],
    pub is: bool,
}

/// Fits the logistic model, and by how much the prior of each technique is moved: some are said too readily by
/// their sentences, some too seldom. The model and the moves are fitted in turn.
pub(crate) fn fit(rows: &[Row], techniques: usize) -> (Vec<f32>, Vec<f32>) {
    const TURNS: usize = 8;
    let mut moves = vec![0.0f64; techniques];
    let mut weights = [0.0f64; NUMBERS];
    for _ in 0..TURNS {
        weights = model(rows, &moves, weights);
        moves = moved(rows, &moves, &weights);
    }
    let prior = weights[PRIOR];
    // The moves are in units of the sum; the file keeps them as a part of the prior.
    let moves = moves.iter().map(|m| if prior.abs() < 1e-2 { 0.0 } else { (m / prior) as f32 });
    (weights.iter().map(|w| *w as f32).collect(), moves.collect())
}

fn sum_of(row: &Row, moves: &[f64], weights: &[f64; NUMBERS]) -> f64 {
    let sum: f64 = weights.iter().zip(&row.numbers).map(|(w, n)| w * f64::from(*n)).sum();
    sum + moves[row.technique]
}

/// One step of Newton's method for each technique by itself, held near 0.
fn moved(rows: &[Row], moves: &[f64], weights: &[f64; NUMBERS]) -> Vec<f64> {
    let mut slopes: Vec<(f64, f64)> = moves.iter().map(|m| (HOLD * m, HOLD)).collect();
    for row in rows {
        let p = 1.0 / (1.0 + (-sum_of(row, moves, weights)).exp());
        let (slope, bend) = &mut slopes[row.technique];
        *slope += p - f64::from(u8::from(row.is));
        *bend += p * (1.0 - p);
    }
    moves.iter().zip(slopes).map(|(m, (slope, bend))| m - slope / bend).collect()
}

/// The logistic model by Newton's method, with the moves as they are.
fn model(rows: &[Row], moves: &[f64], from: [f64; NUMBERS]) -> [f64; NUMBERS] {
    const STEPS: usize = 30;
    let mut weights = from;
    for _ in 0..STEPS {
        let mut slope = [0.0; NUMBERS];
        let mut bend = [[0.0; NUMBERS]; NUMBERS];
        for row in rows {
            let x = row.numbers.map(f64::from);
            let is = row.is;
            let sum = sum_of(row, moves, &weights);
            let p = 1.0 / (1.0 + (-sum).exp());
            let (error, spread) = (p - f64::from(u8::from(is)), p * (1.0 - p));
            for j in 0..NUMBERS {
                slope[j] += error * x[j];
                for k in 0..NUMBERS {
                    bend[j][k] += spread * x[j] * x[k];
                }
            }
        }
        for j in 0..NUMBERS {
            slope[j] += RIDGE * weights[j];
            bend[j][j] += RIDGE;
        }
        let step = solve(bend, slope);
        for (weight, step) in weights.iter_mut().zip(&step) {
            *weight -= step;
        }
        if step.iter().all(|s| s.abs() < 1e-7) {
            break;
        }
    }
    weights
}

/// Solves a linear system by elimination with pivots; the ridge keeps it regular.
fn solve(mut matrix: [[f64; NUMBERS]; NUMBERS], mut right: [f64; NUMBERS]) -> [f64; NUMBERS] {
    for column in 0..NUMBERS {
        let pivot = (column..NUMBERS)
            .max_by(|a, b| matrix[*a][column].abs().total_cmp(&matrix[*b][column].abs()))
            .unwrap_or(column);
        matrix.swap(column, pivot);
        right.swap(column, pivot);
        for row in column + 1..NUMBERS {
            let factor = matrix[row][column] / matrix[column][column];
            let above = matrix[column];
            for (number, above) in matrix[row].iter_mut().zip(above).skip(column) {
                *number -= factor * above;
            }
            right[row] -= factor * right[column];
        }
    }
    let mut solution = [0.0; NUMBERS];
    for row in (0..NUMBERS).rev() {
        let known: f64 = (row + 1..NUMBERS).map(|k| matrix[row][k] * solution[k]).sum();
        solution[row] = (right[row] - known) / matrix[row][row];
    }
    solution
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_fit_gives_the_shares_of_the_rows() {
        // Of rows with the second number 1, three quarters are; of the others, one in ten.
        let mut rows = Vec::new();
        for i in 0..4000 {
            let mut numbers = [0.0; NUMBERS];
            numbers[0] = 1.0;
            numbers[1] = f32::from(u8::from(i % 2 == 0));
            let is = if i % 2 == 0 { i % 8 != 0 } else { i % 20 == 1 };
            rows.push(Row { technique: 0, numbers, is });
        }
        let (weights, _) = fit(&rows, 1);
        assert!((probability(&weights, &rows[0].numbers) - 0.75).abs() < 0.01);
        assert!((probability(&weights, &rows[1].numbers) - 0.1).abs() < 0.01);
    }

    #[test]
    fn a_technique_that_is_said_too_readily_is_moved() {
        let rows: Vec<Row> = (0..2000)
            .map(|i| {
                let mut numbers = [0.0; NUMBERS];
                (numbers[0], numbers[PRIOR]) = (1.0, [-1.0, -2.0][i / 2 % 2]);
                // Both have the same prior; the second comes true half as often.
                let share = [[4, 8], [8, 16]][i % 2][i / 2 % 2];
                Row { technique: i % 2, numbers, is: i / 4 % share == 0 }
            })
            .collect();
        let (_, moves) = fit(&rows, 2);
        assert!(moves[0] > 0.2 && moves[1] < -0.2, "{moves:?}");
    }
}
