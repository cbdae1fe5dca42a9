//! Labelled stretches of text, one technique each: which of the 50 is it?

use std::collections::BTreeMap;

use lapwing_extract::technique::features::{FEATURES, Features};
use lapwing_extract::technique::parent;
use rayon::prelude::*;

use super::learn::{Course, Rows, separate};
use super::reports::{Corpus, FIFTY, FOLDS, Report};
use super::sentences::Procedure;
use crate::Tally;

const COURSE: Course = Course { cost: 0.5, favour: 1.0, passes: 20 };

/// Fold of a row that is in every training part.
const ALWAYS: usize = FOLDS;

/// Agreement over all segments.
pub(crate) struct Agreement {
    pub reports: u64,
    pub tally: Tally,
    /// Mean F1 of the techniques that occur.
    pub macro_f1: f64,
}

/// Each fold classified by a model of the other folds and of the procedures.
pub(crate) fn run(reports: &[Report], procedures: &[Procedure]) -> Agreement {
    let mut texts: Vec<(&str, usize, usize)> = Vec::new();
    for report in reports.iter().filter(|r| r.corpus == Corpus::Tram) {
        for (text, id) in &report.segments {
            if let Some(label) = label(id) {
                texts.push((text, label, report.fold));
            }
        }
    }
    let segments = texts.len();
    for procedure in procedures {
        if let Some(label) = label(&procedure.id) {
            texts.push((&procedure.sentence, label, ALWAYS));
        }
    }
    let mut features = Features::default();
    let read: Vec<(Vec<u32>, Vec<u32>)> = texts
        .iter()
        .map(|(text, ..)| {
            features.read(text);
            (features.words.clone(), features.grams.clone())
        })
        .collect();
    let mut answers = vec![0; segments];
    for fold in 0..FOLDS {
        let rows = rows(&read, &texts, fold);
        let importance: Vec<f32> =
            texts.iter().map(|(.., f)| if *f == fold { 0.0 } else { 1.0 }).collect();
        let asked: Vec<usize> = (0..segments).filter(|i| texts[*i].2 == fold).collect();
        let margins: Vec<Vec<f32>> = (0..FIFTY.len())
            .into_par_iter()
            .map_init(
                || vec![0.0f32; FEATURES],
                |weights, label| {
                    let sides: Vec<bool> = texts.iter().map(|(_, l, _)| *l == label).collect();
                    let bias = separate(&rows, &sides, &importance, COURSE, weights);
                    asked.iter().map(|i| rows.dot(*i, weights) + bias).collect()
                },
            )
            .collect();
        for (place, i) in asked.iter().enumerate() {
            answers[*i] = (0..FIFTY.len())
                .max_by(|a, b| margins[*a][place].total_cmp(&margins[*b][place]))
                .unwrap_or_default();
        }
    }
    let asked = texts.iter().map(|(_, label, _)| *label);
    let mut agreement = agreement(asked.zip(answers));
    let with_segments = |r: &&Report| r.corpus == Corpus::Tram && !r.segments.is_empty();
    agreement.reports = reports.iter().filter(with_segments).count() as u64;
    agreement
}

fn label(id: &str) -> Option<usize> {
    let place = |id: &str| FIFTY.iter().position(|known| *known == id);
    place(id).or_else(|| place(parent(id)?))
}

/// The rows, weighted by rarity in the training part of a fold.
fn rows(read: &[(Vec<u32>, Vec<u32>)], texts: &[(&str, usize, usize)], fold: usize) -> Rows {
    let mut counts = vec![0u32; FEATURES];
    let mut taught = 0.0f32;
    for ((words, grams), _) in read.iter().zip(texts).filter(|(_, (.., f))| *f != fold) {
        taught += 1.0;
        for feature in words.iter().chain(grams) {
            counts[*feature as usize] += 1;
        }
    }
    let rarity = |f: u32| ((1.0 + taught) / (1.0 + counts[f as usize] as f32)).ln() + 1.0;
    let mut rows = Rows::new();
    for (words, grams) in read {
        let block = |list: &[u32]| {
            let values: Vec<(u32, f32)> = list.iter().map(|f| (*f, rarity(*f))).collect();
            let length = values.iter().map(|(_, v)| v * v).sum::<f32>().sqrt().max(1e-6);
            values.into_iter().map(move |(f, v)| (f, v / length))
        };
        rows.push(block(words).chain(block(grams)));
    }
    rows
}

fn agreement(pairs: impl Iterator<Item = (usize, usize)>) -> Agreement {
    let mut by_label: BTreeMap<usize, Tally> = BTreeMap::new();
    let mut tally = Tally::default();
    for (gold, answer) in pairs {
        if gold == answer {
            tally.hits += 1;
            by_label.entry(gold).or_default().hits += 1;
        } else {
            tally.missed += 1;
            tally.wrong += 1;
            by_label.entry(gold).or_default().missed += 1;
            by_label.entry(answer).or_default().wrong += 1;
        }
    }
    let occurring: Vec<f64> =
        by_label.values().filter(|t| t.hits + t.missed > 0).map(Tally::f1).collect();
    let macro_f1 = occurring.iter().sum::<f64>() / (occurring.len() as f64).max(1.0);
    Agreement { reports: 0, tally, macro_f1 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn agreement_by_hand() {
        let found = agreement([(1, 1), (1, 1), (2, 1), (3, 3)].into_iter());
        assert_eq!((found.tally.hits, found.tally.missed, found.tally.wrong), (3, 1, 1));
        // 1: two hits, one false, .8; 2: none, 0; 3: 1.
        assert!((found.macro_f1 - 0.6).abs() < 1e-9);
    }

    #[test]
    fn parts_count_as_their_whole_where_only_that_is_asked() {
        assert_eq!(label("T1027.002"), label("T1027"));
        assert!(label("T1003.001").is_some() && label("T1003").is_none());
    }
}
