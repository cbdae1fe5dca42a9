//! Which ATT&CK techniques does a report describe?
//!
//! Cross-validated by report: neither the sentence model nor the judgement over the report nor the
//! threshold was fitted on a report of the fold that is scored. (The judgement is fitted on the other
//! folds as models read them that had not seen *these*: one training a fold, not one a pair of folds.)
//! Then the model of the binary, on the same files (it has seen them if they are those which it was
//! trained on).

mod document;
mod learn;
mod reports;
mod segments;
mod sentences;
mod train;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use lapwing_engine::read::Options as ReadOptions;
use lapwing_engine::reference::Knowledge;
use lapwing_engine::{Input, extract};
use lapwing_model::Kind;

use self::reports::{Corpus, FOLDS, Part, Report, reports, with_parents};
use self::train::{Documents, Training, Unseen, above};
use crate::scores::{ScoreRow, Scores, Worst};
use crate::{EvaluateError, Options, Tally};

/// The folders of the suite.
pub(crate) const CORPORA: &[&str] = &["tram2", "annoctr"];

/// Who is scored where it is not the engine with the model of the binary.
const LEARNER: &str = "lapwing";

/// Bins of equal width for the calibration error.
const BINS: usize = 10;

/// Probabilities and whether they came true.
type Chances = Vec<(f32, bool)>;

/// Learns the model of techniques from the reports under `folder` and gives the file of weights,
/// not yet compressed.
///
/// # Errors
/// When a file of the corpus cannot be read, or there is none.
pub fn train_techniques(folder: &Path) -> Result<Vec<u8>, EvaluateError> {
    let reports = reports(folder)?;
    if reports.is_empty() {
        return Err(EvaluateError::NoCorpus {
            folder: folder.display().to_string(),
            suite: "techniques",
            corpora: CORPORA.join(", "),
        });
    }
    Ok(Training::of(reports).weights())
}

pub(crate) fn run(folder: &Path, _: &Options, scores: &mut Scores) -> Result<(), EvaluateError> {
    let reports = reports(folder)?;
    if reports.is_empty() {
        return Ok(());
    }
    if reports.iter().any(|r| r.corpus == Corpus::Tram) {
        let procedures = sentences::procedures();
        for (what, procedures) in [
            ("segments, 5 folds", &procedures[..]),
            ("segments, without procedures", &procedures[..0]),
        ] {
            let found = segments::run(&reports, procedures);
            let also = [("macro F1", found.macro_f1)];
            row(scores, "tram2", what, found.reports, found.tally, &also);
        }
    }
    let training = Training::of(reports);
    cross_validated(&training, scores);
    by_name(&training.reports, scores);
    shipped(&training.reports, scores)
}

/// Adds a row to the table.
fn row(
    scores: &mut Scores,
    corpus: &str,
    what: &str,
    files: u64,
    tally: Tally,
    also: &[(&str, f64)],
) {
    scores.rows.push(ScoreRow {
        corpus: corpus.to_owned(),
        what: what.to_owned(),
        by: LEARNER.to_owned(),
        files,
        with_problems: 0,
        tally: Some(tally),
        shares: Some(tally.into()),
        objects: None,
        seconds: None,
        also: also.iter().map(|(name, figure)| ((*name).to_owned(), *figure)).collect(),
    });
}

/// Adds the row of a set of reports.
fn row_of_reports(
    scores: &mut Scores,
    corpus: &str,
    what: &str,
    documents: &Documents,
    chances: &Chances,
) {
    if documents.count == 0 {
        return;
    }
    let mut also = vec![("mean F1 of a report", documents.mean())];
    if !chances.is_empty() {
        let doubtful: Chances = chances.iter().copied().filter(|(p, _)| *p >= 0.1).collect();
        also.push(("ECE", calibration_error(chances)));
        also.push(("ECE where p ≥ .1", calibration_error(&doubtful)));
    }
    row(scores, corpus, what, documents.count, documents.tally, &also);
}

fn cross_validated(training: &Training, scores: &mut Scores) {
    let unseen: Vec<Unseen> = (0..FOLDS)
        .map(|fold| {
            let lesson = Report::is_lesson;
            training.read_unseen(|r| lesson(r) && r.fold != fold, |r| lesson(r) && r.fold == fold)
        })
        .collect();
    let taught = |fold: Option<usize>| -> Vec<(usize, &document::Shown)> {
        let folds = unseen.iter().enumerate().filter(|(at, _)| Some(*at) != fold);
        folds.flat_map(|(_, shown)| shown.iter().map(|(number, s)| (*number, s))).collect()
    };
    for (corpus, name) in [(Corpus::Tram, "tram2"), (Corpus::AnnoCtr, "annoctr train")] {
        let (mut documents, mut chances) = (Documents::default(), Chances::new());
        for (fold, read) in unseen.iter().enumerate() {
            let judgement = training.judge(&taught(Some(fold)));
            for (number, shown) in read {
                if training.reports[*number].corpus == corpus {
                    let found = training.probabilities(&judgement, *number, shown);
                    score(
                        training,
                        *number,
                        &found,
                        judgement.threshold,
                        &mut documents,
                        &mut chances,
                    );
                }
            }
        }
        row_of_reports(scores, name, "reports, 5 folds", &documents, &chances);
    }
    if training.reports.iter().all(Report::is_lesson) {
        return;
    }
    let judgement = training.judge(&taught(None));
    let mut by_part: BTreeMap<&str, (Documents, Chances)> = BTreeMap::new();
    for (number, shown) in &training.read_unseen(Report::is_lesson, |r| !r.is_lesson()) {
        let (documents, chances) = by_part.entry(part(&training.reports[*number])).or_default();
        let found = training.probabilities(&judgement, *number, shown);
        score(training, *number, &found, judgement.threshold, documents, chances);
    }
    for (part, (documents, chances)) in &by_part {
        row_of_reports(scores, part, "reports, trained without", documents, chances);
    }
}

fn score(
    training: &Training,
    number: usize,
    found: &[(String, f32)],
    threshold: f32,
    documents: &mut Documents,
    chances: &mut Chances,
) {
    let gold = training.reports[number].known_gold();
    documents.add(&gold, &above(found, threshold));
    chances.extend(found.iter().map(|(id, p)| (*p, gold.contains(id.as_str()))));
}

/// Mean distance of probability and share that came true, over bins of equal width.
fn calibration_error(chances: &[(f32, bool)]) -> f64 {
    let mut bins = [(0.0f64, 0.0f64); BINS];
    for (p, is) in chances {
        let bin = &mut bins[((p * BINS as f32) as usize).min(BINS - 1)];
        bin.0 += f64::from(*p);
        bin.1 += f64::from(u8::from(*is));
    }
    bins.iter().map(|(p, is)| (p - is).abs()).sum::<f64>() / (chances.len() as f64).max(1.0)
}

/// The part of a corpus as the table names it.
fn part(report: &Report) -> &'static str {
    match (report.corpus, report.part) {
        (Corpus::Tram, _) => "tram2",
        (Corpus::AnnoCtr, Part::Train) => "annoctr train",
        (Corpus::AnnoCtr, Part::Dev) => "annoctr dev",
        (Corpus::AnnoCtr, Part::Test) => "annoctr test",
    }
}

/// Baseline: what is named or cited, without any model.
fn by_name(reports: &[Report], scores: &mut Scores) {
    let mut by_part: BTreeMap<&str, Documents> = BTreeMap::new();
    for report in reports {
        let named = report.traces.named.keys().chain(report.traces.cited.keys());
        let found: BTreeSet<&str> =
            named.map(String::as_str).filter(|id| report.corpus.knows(id)).collect();
        by_part.entry(part(report)).or_default().add(&report.known_gold(), &found);
    }
    for (part, documents) in &by_part {
        let what = "reports, names and identifiers alone";
        row_of_reports(scores, part, what, documents, &Chances::new());
    }
}

/// The engine as users run it, with the model of the binary.
fn shipped(reports: &[Report], scores: &mut Scores) -> Result<(), EvaluateError> {
    const WHAT: &str = "reports, model of the binary";
    let mut by_part: BTreeMap<&str, Documents> = BTreeMap::new();
    for report in reports {
        let name = format!("{}.txt", report.name);
        let bytes = report.text.clone().into_bytes();
        let mut found: BTreeSet<String> = BTreeSet::new();
        extract(
            &Input::Bytes { name, bytes },
            &ReadOptions::default(),
            Knowledge::builtin(),
            &mut |document| {
                let techniques = document.values.iter().filter(|v| v.kind == Kind::AttackPattern);
                found.extend(with_parents(techniques.map(|v| v.value.as_str())));
                Ok(())
            },
        )?;
        let known: BTreeSet<&str> =
            found.iter().map(String::as_str).filter(|id| report.corpus.knows(id)).collect();
        let gold = report.known_gold();
        by_part.entry(part(report)).or_default().add(&gold, &known);
        let words = |list: Vec<&&str>| list.into_iter().map(|id| (*id).to_owned()).collect();
        let (missed, wrong): (Vec<String>, Vec<String>) =
            (words(gold.difference(&known).collect()), words(known.difference(&gold).collect()));
        if !missed.is_empty() || !wrong.is_empty() {
            let corpus = part(report).to_owned();
            let (by, document) = (LEARNER.to_owned(), report.name.clone());
            scores.worst.push(Worst { corpus, by, document, missed, wrong });
        }
    }
    for (part, documents) in &by_part {
        row_of_reports(scores, part, WHAT, documents, &Chances::new());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calibration_by_hand() {
        // Ten at .85 of which eight came true, ten at .15 of which two did.
        let mut chances: Chances = (0..10).map(|i| (0.85, i < 8)).collect();
        chances.extend((0..10).map(|i| (0.15, i < 2)));
        assert!((calibration_error(&chances) - 0.05).abs() < 1e-6);
        assert!(calibration_error(&[]).abs() < 1e-9);
    }
}
