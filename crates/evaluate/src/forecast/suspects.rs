//! Whose activity, as probabilities: each report is asked about twice, once with the other reports of its actor
//! known, and once with none of them, so that "none of these" is right.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use lapwing_forecast::score::Outcomes;
use lapwing_forecast::{Attribution, Shares, with_software};

use super::attribution::{LEAST, Report, read};
use super::{file_ending, row};
use crate::{EvaluateError, Scores};

/// Parts into which actors are split; each is scored by numbers fitted on the others.
const PARTS: usize = 5;

/// A case, and the number of its actor.
struct Asked {
    actor: usize,
    scores: Vec<f64>,
    truth: Option<usize>,
}

/// All cases of the reports: profiles are those of all other reports together, as in the binary.
fn cases(reports: &[Report]) -> Vec<Asked> {
    let numbers: BTreeMap<&str, usize> = {
        let actors: BTreeSet<&str> = reports.iter().map(|(actor, _)| actor.as_str()).collect();
        actors.into_iter().zip(0..).collect()
    };
    let mut cases = Vec::new();
    for (at, (actor, evidence)) in reports.iter().enumerate() {
        for known in [true, false] {
            let mut profiles: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
            let others = reports.iter().enumerate();
            for (_, (other, pieces)) in
                others.filter(|(i, (other, _))| *i != at && (known || other != actor))
            {
                profiles.entry(other).or_default().extend(pieces.iter().map(String::as_str));
            }
            if known && !profiles.contains_key(actor.as_str()) {
                continue;
            }
            let asked: Vec<&str> = evidence
                .iter()
                .map(String::as_str)
                .filter(|piece| profiles.values().any(|set| set.contains(piece)))
                .collect();
            if asked.len() < LEAST {
                continue;
            }
            let model = Attribution::fit(
                profiles.into_iter().map(|(a, set)| (a, set.into_iter().collect())),
            );
            let ranked = with_software(model.rank(&asked));
            let truth = ranked.iter().position(|candidate| candidate.actor == *actor);
            let scores = ranked.into_iter().map(|candidate| candidate.score).collect();
            cases.push(Asked { actor: numbers[actor.as_str()], scores, truth });
        }
    }
    cases
}

/// The numbers of the binary: fitted on all cases.
pub fn fitted(folder: &Path) -> Result<Option<Shares>, EvaluateError> {
    let Some(path) = file_ending(&folder.join("attribution"), ".tsv") else { return Ok(None) };
    let (reports, _) = read(&path)?;
    let all: Vec<_> = cases(&reports).into_iter().map(|c| (c.scores, c.truth)).collect();
    Ok(Some(Shares::fit(&all)))
}

pub fn run(folder: &Path, scores: &mut Scores) -> Result<(), EvaluateError> {
    let Some(path) = file_ending(&folder.join("attribution"), ".tsv") else { return Ok(()) };
    let (reports, _) = read(&path)?;
    let cases = cases(&reports);
    // What an answer is worth that knows only how often the first is right, and how often nobody is.
    let share = |of: &dyn Fn(&Asked) -> bool| {
        cases.iter().filter(|case| of(case)).count() as f64 / cases.len().max(1) as f64
    };
    let (first_right, nobody_right) =
        (share(&|case| case.truth == Some(0)), share(&|case| case.truth.is_none()));
    let mut of_first = [Outcomes::default(), Outcomes::default()];
    let mut of_nobody = [Outcomes::default(), Outcomes::default()];
    for part in 0..PARTS {
        let others: Vec<_> = cases
            .iter()
            .filter(|case| case.actor % PARTS != part)
            .map(|case| (case.scores.clone(), case.truth))
            .collect();
        let fitted = Shares::fit(&others);
        for case in cases.iter().filter(|case| case.actor % PARTS == part) {
            let (shares, none) = fitted.of(&case.scores);
            let first = shares.first().copied().unwrap_or(0.0);
            for (slot, (first, none)) in
                [(first_right, nobody_right), (first, none)].into_iter().enumerate()
            {
                of_first[slot].push(first, case.truth == Some(0));
                of_nobody[slot].push(none, case.truth.is_none());
            }
        }
    }
    for (what, outcomes) in [
        ("probability of the first suspect", of_first),
        ("probability of none of these", of_nobody),
    ] {
        for (by, outcomes) in ["base rate", "lapwing"].into_iter().zip(outcomes) {
            let figures = [
                ("Brier", outcomes.brier()),
                ("log loss", outcomes.log_loss()),
                ("ECE", outcomes.calibration_error()),
                ("AUC", outcomes.auc()),
                ("rate", outcomes.rate()),
            ];
            row(scores, ["attribution", what, by], outcomes.len(), &figures);
        }
    }
    Ok(())
}
