//! How sure may one be when sources copy each other? A simulation, so that the truth is known.

mod methods;
mod simulation;

use std::path::Path;

use lapwing_forecast::score::Outcomes;
use lapwing_fuse::Calibration;

use self::simulation::{COPYING, Run};
use crate::{EvaluateError, Options, Scores, copies};

/// Runs that are scored, and others that the calibration is fitted on.
const SCORED: std::ops::Range<u64> = 0..12;
const FITTED: std::ops::Range<u64> = 100..124;
/// Share of the copies that the search for origins is taken to find, unless it is measured.
const RECALL: f64 = 0.9;

/// Scores the simulation; with the vendor reports of `techniques/` at hand, also how many copies are
/// found among them, and the simulation with that share.
pub(crate) fn run(
    folder: &Path,
    options: &Options,
    scores: &mut Scores,
) -> Result<(), EvaluateError> {
    copies::run(folder, options, scores)?;
    simulated(RECALL, "sources copy", COPYING, scores);
    simulated(RECALL, "nobody copies", 0.0, scores);
    Ok(())
}

fn simulated(recall: f64, what: &str, rate: f64, scores: &mut Scores) {
    let runs: Vec<Run> = SCORED.map(|seed| Run::new(seed, rate, recall)).collect();
    for (by, method) in methods::ALL {
        let mut outcomes = Outcomes::default();
        for run in &runs {
            for (said, true_) in method(run).into_iter().zip(&run.truth) {
                outcomes.push(said, *true_);
            }
        }
        let figures = [
            ("Brier", outcomes.brier()),
            ("log loss", outcomes.log_loss()),
            ("ECE", outcomes.calibration_error()),
        ];
        crate::forecast::row(scores, ["simulation", what, by], outcomes.len(), &figures);
    }
}

/// The table of `crates/fuse/data/calibration.tsv`, fitted on runs that are not scored: half of them
/// with sources that copy, half without.
#[must_use]
pub fn calibration_table() -> String {
    let mut outcomes = Vec::new();
    for seed in FITTED {
        let rate = if seed % 2 == 0 { COPYING } else { 0.0 };
        let run = Run::new(seed, rate, RECALL);
        outcomes.extend(methods::uncalibrated(&run).into_iter().zip(run.truth.iter().copied()));
    }
    let mut table =
        "# Weight of the evidence and how probable it proved to be, on runs of the simulation of \
                     sources that copy: `cargo run -p lapwing-evaluate --example fit-fusion`.\n"
            .to_owned();
    for (weight, probability) in Calibration::fit(&outcomes).points() {
        table.push_str(&format!("{weight:.2}\t{probability:.4}\n"));
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;

    fn figures(scores: &Scores, what: &str, by: &str) -> (f64, f64) {
        let row = scores.rows.iter().find(|r| r.what == what && r.by == by).unwrap();
        (row.also["Brier"], row.also["ECE"])
    }

    #[test]
    fn copies_cost_nothing_and_neither_does_looking_for_them() {
        let mut scores = Scores::default();
        simulated(RECALL, "sources copy", COPYING, &mut scores);
        simulated(RECALL, "nobody copies", 0.0, &mut scores);
        let (ours, calibration) = figures(&scores, "sources copy", "lapwing");
        assert!(ours <= 0.115 && calibration <= 0.045, "{ours} {calibration}");
        let (independent, _) = figures(&scores, "sources copy", "Dawid-Skene, all independent");
        assert!(ours < independent - 0.04, "{ours} {independent}");
        let (ours, _) = figures(&scores, "nobody copies", "lapwing");
        let (textbook, _) = figures(&scores, "nobody copies", "Dawid-Skene, all independent");
        assert!(ours <= textbook, "{ours} {textbook}");
    }

    #[test]
    fn the_table_of_the_binary_is_what_the_fit_gives() {
        assert_eq!(calibration_table(), include_str!("../../fuse/data/calibration.tsv"));
    }
}
