//! Are copies found, and are independent reports kept apart? Real reports, altered as those who spin,
//! shorten, reorder and translate alter them, against all other reports.

mod alter;
mod baselines;
mod layout;
mod translate;

use std::path::Path;

use lapwing_engine::reference::Knowledge;
use lapwing_extract::Extractor;
use lapwing_fuse::{COPIED, Likeness, Trace};
use lapwing_model::{Document, Format, Reading};
use rayon::prelude::*;

use self::alter::{ALTERATIONS, Altering};
use self::baselines::{Shingles, SimHash};
use crate::corpus::{files, raw_text};
use crate::{EvaluateError, Options, Scores};

/// The folders that the suite looks for: those of `techniques`.
pub(crate) const CORPORA: &[&str] = &["annoctr", "tram2"];

/// False alarms that a threshold of a baseline is set to, a pair.
const FALSE_ALARMS: f64 = 0.001;
/// Pairs that share most names: reports on one subject.
const ON_ONE_SUBJECT: f64 = 0.01;
/// Shorter texts are notes, not reports.
const SHORTEST: usize = 400;

/// Scores how many copies are found at how many false alarms.
pub(crate) fn run(
    folder: &Path,
    _options: &Options,
    scores: &mut Scores,
) -> Result<(), EvaluateError> {
    let texts = reports(folder)?;
    if texts.len() < 2 {
        return Ok(());
    }
    layout::run(folder, scores)?;
    by_lapwing(&texts, scores);
    by_baseline(
        "3-shingle containment",
        &texts,
        |text| Shingles::of(text),
        Shingles::likeness,
        scores,
    );
    by_baseline("SimHash-64", &texts, |text| SimHash::of(text), SimHash::likeness, scores);
    Ok(())
}

/// The texts of the reports, in order of path.
fn reports(folder: &Path) -> Result<Vec<String>, EvaluateError> {
    let mut texts = Vec::new();
    for path in files(&folder.join("annoctr/text"), &[".txt"])? {
        texts.push(raw_text(&path)?);
    }
    for path in files(&folder.join("tram2/mjson"), &[".mjson"])? {
        let json = raw_text(&path)?;
        let report: serde_json::Value =
            serde_json::from_str(&json).map_err(|error| EvaluateError::Gold {
                path: path.display().to_string(),
                line: error.line(),
                what: error.to_string(),
            })?;
        texts.extend(report["signal"].as_str().map(str::to_owned));
    }
    texts.retain(|text| text.len() >= SHORTEST);
    Ok(texts)
}

/// The trace that the store would keep of a text.
fn trace(text: &str, extractor: &Extractor<'_>) -> Trace {
    let document = Document::new(text.as_bytes(), "report", Format::Text, text.to_owned());
    let mut reading = Reading::new(document, Vec::new());
    reading.claims = extractor.extract(&reading);
    Trace::of(&reading)
}

fn by_lapwing(texts: &[String], scores: &mut Scores) {
    let extractor = Extractor::new(Knowledge::builtin());
    let of = |text: &String| trace(text, &extractor);
    // What markers do not lead to is never compared in a store.
    let likeness =
        |a: &Trace, b: &Trace| if a.leads_to(b) { Likeness::of(a, b).score } else { 0.0 };
    score("lapwing", texts, of, likeness, Some(COPIED), scores);
    in_two_languages(texts, of, likeness, scores);
}

/// Are different reports kept apart when one of them is in another language?
fn in_two_languages(
    texts: &[String],
    of: impl Fn(&String) -> Trace + Sync,
    likeness: impl Fn(&Trace, &Trace) -> f64 + Sync,
    scores: &mut Scores,
) {
    let originals: Vec<Trace> = texts.par_iter().map(&of).collect();
    let alike: Vec<f64> = texts
        .par_iter()
        .enumerate()
        .flat_map_iter(|(at, text)| {
            let other = of(&alter::in_language(&translate::FRENCH, text, at as u64));
            let others = originals.iter().enumerate().filter(move |(n, _)| *n != at);
            others.map(|(_, one)| likeness(&other, one)).collect::<Vec<f64>>()
        })
        .collect();
    let alarms = alike.iter().filter(|likeness| **likeness >= COPIED).count() as f64;
    let figures = [("false alarms in 1,000", 1000.0 * alarms / alike.len().max(1) as f64)];
    row(scores, "different reports, one in another language", "lapwing", alike.len(), &figures);
}

fn by_baseline<T: Send + Sync>(
    by: &str,
    texts: &[String],
    of: impl Fn(&String) -> T + Sync,
    likeness: impl Fn(&T, &T) -> f64 + Sync,
    scores: &mut Scores,
) {
    score(by, texts, of, likeness, None, scores);
}

/// Scores one way of comparing; without a threshold of its own it gets the one at which it has the
/// allowed false alarms on these very pairs.
fn score<T: Send + Sync>(
    by: &str,
    texts: &[String],
    of: impl Fn(&String) -> T + Sync,
    likeness: impl Fn(&T, &T) -> f64 + Sync,
    threshold: Option<f64>,
    scores: &mut Scores,
) {
    let originals: Vec<T> = texts.par_iter().map(&of).collect();
    let mut apart: Vec<(f64, usize, usize)> = (0..texts.len())
        .into_par_iter()
        .flat_map_iter(|a| (a + 1..texts.len()).map(move |b| (a, b)))
        .map(|(a, b)| {
            let both = [(a, b), (b, a)].map(|(c, p)| likeness(&originals[c], &originals[p]));
            (both[0].max(both[1]), a, b)
        })
        .collect();
    apart.sort_by(|a, b| b.0.total_cmp(&a.0).then((a.1, a.2).cmp(&(b.1, b.2))));
    let allowed = (apart.len() as f64 * FALSE_ALARMS) as usize;
    let at_rate = apart.get(allowed).map_or(0.0, |pair| pair.0 + 1e-9);
    let threshold = threshold.unwrap_or(at_rate);
    let alarms = |pairs: &[(f64, usize, usize)]| {
        1000.0 * pairs.iter().filter(|pair| pair.0 >= threshold).count() as f64
            / pairs.len().max(1) as f64
    };
    let figures = [("false alarms in 1,000", alarms(&apart)), ("threshold", threshold)];
    row(scores, "different reports", by, apart.len(), &figures);
    let alike = most_names_shared(texts, &apart);
    row(
        scores,
        "different reports on one subject",
        by,
        alike.len(),
        &[("false alarms in 1,000", alarms(&alike))],
    );
    for (what, alteration) in ALTERATIONS {
        let altering = Altering::new(texts);
        let shares: Vec<f64> = texts
            .par_iter()
            .enumerate()
            .map(|(at, text)| {
                let copy = alteration(&altering, text, at as u64);
                likeness(&of(&copy), &originals[at])
            })
            .collect();
        let found = |least: f64| {
            shares.iter().filter(|share| **share >= least).count() as f64 / shares.len() as f64
        };
        let lowest = shares.iter().copied().fold(f64::INFINITY, f64::min);
        let figures = [
            ("found", found(threshold)),
            ("found at 1 in 1,000", found(at_rate)),
            ("least likeness", lowest),
        ];
        row(scores, what, by, shares.len(), &figures);
    }
}

/// The pairs that share most names: two reports on one malware, actor or event.
fn most_names_shared(texts: &[String], pairs: &[(f64, usize, usize)]) -> Vec<(f64, usize, usize)> {
    let names: Vec<_> = texts.par_iter().map(|text| baselines::names(text)).collect();
    let shared = |a: usize, b: usize| {
        let both = names[a].intersection(&names[b]).count() as f64;
        both / names[a].len().min(names[b].len()).max(1) as f64
    };
    let mut ranked: Vec<(f64, (f64, usize, usize))> =
        pairs.par_iter().map(|pair| (shared(pair.1, pair.2), *pair)).collect();
    ranked.sort_by(|a, b| b.0.total_cmp(&a.0).then((a.1.1, a.1.2).cmp(&(b.1.1, b.1.2))));
    let count = (pairs.len() as f64 * ON_ONE_SUBJECT).ceil() as usize;
    ranked.into_iter().take(count).map(|(_, pair)| pair).collect()
}

fn row(scores: &mut Scores, what: &str, by: &str, cases: usize, figures: &[(&str, f64)]) {
    crate::forecast::row(scores, ["vendor reports", what, by], cases, figures);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn own_texts_are_found_however_altered() {
        let made = |seed: u64| {
            let mut chance = crate::forecast::shuffle::Shuffle::new(seed);
            let mut word = |kind: &str| format!("{kind}{}", chance.below(900));
            (0..60)
                .map(|_| {
                    let verbs: Vec<String> = (0..6).map(|_| word("verb")).collect();
                    let letters = |text: String| {
                        text.chars()
                            .map(|c| c.to_digit(10).map_or(c, |d| (b'a' + d as u8) as char))
                            .collect::<String>()
                    };
                    let plain: Vec<String> = verbs.into_iter().map(letters).collect();
                    format!(
                        "They {} of {} by {} and the {} {} with {}.",
                        plain[0],
                        word("Name"),
                        plain[1],
                        word("Group"),
                        plain[2],
                        word("Tool")
                    )
                })
                .collect::<Vec<_>>()
                .join(" ")
        };
        let texts: Vec<String> = (1..9).map(made).collect();
        let mut scores = Scores::default();
        by_lapwing(&texts, &mut scores);
        let figure = |what: &str, name: &str| {
            scores.rows.iter().find(|row| row.what == what).unwrap().also[name]
        };
        assert!(figure("different reports", "false alarms in 1,000") < 1e-9);
        for (what, _) in ALTERATIONS {
            assert!(figure(what, "found") > 1.0 - 1e-9, "{what}");
        }
    }
}
