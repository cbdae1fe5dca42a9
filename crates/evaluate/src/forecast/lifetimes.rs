//! Is an address of a command-and-control server still in use 7, 30 and 90 days on?

use std::collections::BTreeMap;
use std::path::Path;

use lapwing_forecast::Listings;
use lapwing_forecast::score::Outcomes;

use super::{bad, file_ending, row, text};
use crate::{EvaluateError, Scores};

const HORIZONS: [usize; 3] = [7, 30, 90];
/// First day of a forecast, and days between forecasts.
const FROM: usize = 120;
const STEP: usize = 15;

/// `0-14,17` as days.
fn days(text: &str) -> Option<Vec<usize>> {
    let mut days = Vec::new();
    for part in text.trim().split(',').filter(|part| !part.is_empty()) {
        let (first, last) = part.split_once('-').unwrap_or((part, part));
        let (first, last): (usize, usize) = (first.parse().ok()?, last.parse().ok()?);
        if last < first || last > 100_000 {
            return None;
        }
        days.extend(first..=last);
    }
    Some(days)
}

pub fn read(folder: &Path) -> Result<Option<Listings>, EvaluateError> {
    let folder = folder.join("c2-lifetimes");
    let Some(path) = file_ending(&folder, "observations.tsv.gz") else { return Ok(None) };
    let rows = |path: &Path, columns: usize| -> Result<Vec<(String, Vec<usize>)>, EvaluateError> {
        let mut rows = Vec::new();
        for (line, text) in text(path)?.lines().enumerate() {
            if text.starts_with('#') || text.starts_with("family\t") {
                continue;
            }
            let cells: Vec<&str> = text.split('\t').collect();
            let listed = cells.get(columns - 1).and_then(|cell| days(cell));
            let listed =
                listed.ok_or_else(|| bad(path, line + 1, "the last column is no list of days"))?;
            rows.push((cells[0].to_owned(), listed));
        }
        Ok(rows)
    };
    let values = rows(&path, 3)?;
    let published: BTreeMap<String, Vec<usize>> = match file_ending(&folder, "family-days.tsv") {
        Some(path) => rows(&path, 2)?.into_iter().collect(),
        None => BTreeMap::new(),
    };
    Ok(Some(Listings::new(values, &published)))
}

pub fn run(folder: &Path, scores: &mut Scores) -> Result<(), EvaluateError> {
    let Some(listings) = read(folder)? else { return Ok(()) };
    for horizon in HORIZONS {
        let mut outcomes: BTreeMap<usize, (&str, Outcomes)> = BTreeMap::new();
        for (_, forecasts) in listings.rolling(horizon, FROM, STEP) {
            for f in forecasts {
                let said = [
                    ("always in use", 1.0),
                    ("MISP, age", f.misp_on_age),
                    ("MISP, last sighting", f.misp),
                    ("base rate", f.base_rate),
                    ("the binary's law for all", f.law),
                    ("that law at the pace of each list", f.at_pace),
                    ("family and age", f.family_by_age),
                    ("lapwing", f.probability),
                ];
                for (at, (by, said)) in said.into_iter().enumerate() {
                    let slot = outcomes.entry(at).or_insert((by, Outcomes::default()));
                    slot.1.push(said, f.in_use);
                }
            }
        }
        let what = format!("in use {horizon} days on");
        for (by, outcomes) in outcomes.values() {
            let figures = [
                ("Brier", outcomes.brier()),
                ("ECE", outcomes.calibration_error()),
                ("AUC", outcomes.auc()),
                ("rate", outcomes.rate()),
            ];
            row(scores, ["c2-lifetimes", &what, by], outcomes.len(), &figures);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_of_days_are_read_and_nonsense_is_not() {
        assert_eq!(days("0-2,5").unwrap(), [0, 1, 2, 5]);
        assert!(days("5-2").is_none() && days("x").is_none() && days("0-99999999").is_none());
    }
}
