//! Fits the small tables that the binary forecasts with: numbers of our own, no row of a corpus.

use std::fmt::Write as _;
use std::path::Path;

use lapwing_forecast::{AGES, HORIZONS, Logistic, Recurrence, next};

use super::{completion, file_ending, lifetimes, recurrence, suspects, versions};
use crate::EvaluateError;

/// Pseudo-counts of all families beside one.
const SHRINK: f64 = 20.0;
/// A family with fewer examples in a band of age has no row of its own.
const LEAST: f64 = 300.0;

/// Tables by the name of their file in `crates/forecast/data`, for the corpora under `folder` that are there.
///
/// # Errors
/// When a file of a corpus cannot be read.
pub fn tables(folder: &Path) -> Result<Vec<(&'static str, String)>, EvaluateError> {
    let mut tables = Vec::new();
    if let Some(path) = file_ending(&folder.join("tie"), ".json") {
        let examples = completion::halved_by_the_binary(&path)?;
        let rows: Vec<(Vec<f64>, f64, f64)> = examples
            .into_iter()
            .map(|example| (example.features, f64::from(u8::from(example.hidden)), 1.0))
            .collect();
        let names = ["constant", "score", "log share of sets", "log number given"];
        let remark = "Probability that the hidden half of a report holds a technique, fitted on halved reports of the\n\
                      # Technique Inference Engine (Apache-2.0).";
        tables.push(("completion.tsv", weights(remark, &names, &Logistic::fit(&rows, 3, 1.0))));
    }
    if let Some(path) = file_ending(&folder.join("attack-versions"), ".json") {
        let known = versions::read(&path)?;
        let windows = versions::windows(&known);
        if let Some(last) = windows.len().checked_sub(1) {
            let model = next::fit(&versions::examples(&windows, last, next::FEATURES));
            let names = [
                "constant",
                "log share of groups",
                "neighbours",
                "log size",
                "log gain",
                "log groups that got it lately",
                "new",
                "no gain",
            ];
            let remark = "Probability that ATT&CK gives a group a technique within two versions, fitted on its versions\n\
                          # (ATT&CK terms of use).";
            tables.push(("next.tsv", weights(remark, &names, &model)));
            let remark = "# Techniques that groups got with the last version of ATT&CK (terms of use), how many groups, and \
                          which\n# techniques no group had two versions before.\n";
            let trend = versions::trend(&known, known.len() - 1);
            tables.push(("trend.tsv", format!("{remark}{}", trend.to_table())));
        }
    }
    if let Some(pages) = recurrence::read(folder)?
        && let Some(last) = pages.last()
    {
        let remark = "# Whether a page of an actor or campaign gets a further reference within some days: weights of a law of\n\
                      # hazard, fitted on the days of references of public pages (vuldb/cyber_threat_intelligence). None of\n\
                      # its content is here.\n";
        let table = format!("{remark}{}", Recurrence::fit(&pages.examples(last)).to_table());
        tables.push(("recurrence.tsv", table));
    }
    if let Some(listings) = lifetimes::read(folder)? {
        let mut table = String::from(
            "# Share of command-and-control addresses in use so many days after a sighting, by family and band of age at the\n\
             # sighting: aggregates counted on the daily lists of C2-Tracker, no address among them.\n\
             # Bands begin at days 0, 7, 30, 90, 180; columns are 7, 30, 90, 180 days.\n",
        );
        let survival = listings.survival(&AGES, &HORIZONS);
        let all = |band: usize, at: usize| {
            let (alive, of) =
                survival.get(&("*".to_owned(), band)).map_or((0.0, 0.0), |counts| counts[at]);
            (alive + 0.5) / (of + 1.0)
        };
        for ((family, band), counts) in &survival {
            if family != "*" && counts[0].1 < LEAST {
                continue;
            }
            let _ = write!(table, "{family}\t{band}");
            for (at, (alive, of)) in counts.iter().enumerate() {
                let share = if family == "*" {
                    all(*band, at)
                } else {
                    (alive + SHRINK * all(*band, at)) / (of + SHRINK)
                };
                let _ = write!(table, "\t{share:.4}");
            }
            table.push('\n');
        }
        tables.push(("lifetimes.tsv", table));
    }
    if let Some(shares) = suspects::fitted(folder)? {
        let remark = "# How scores of actors become probabilities beside \"none of these\", fitted on reports cited by ATT&CK\n\
                      # (terms of use), half of them with their actor unknown.\n";
        tables.push(("attribution.tsv", format!("{remark}{}", shares.to_table())));
    }
    Ok(tables)
}

fn weights(remark: &str, names: &[&str], model: &Logistic) -> String {
    let mut table = format!("# {remark}\n");
    for (name, weight) in names.iter().zip(model.weights()) {
        let _ = writeln!(table, "{name}\t{weight:.6}");
    }
    table
}
