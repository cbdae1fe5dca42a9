use std::collections::BTreeMap;

use lapwing_fuse::{Agreement, Calibration, ClaimType, Vote, believed};

use super::simulation::{Run, SOURCES};

/// The probability of each statement of a run.
type Method = fn(&Run) -> Vec<f64>;

pub(super) const ALL: &[(&str, Method)] = &[
    ("vote share", vote_share),
    ("noisy-or, all independent", noisy_or),
    ("naive Bayes, true accuracies", naive_bayes),
    ("Dawid-Skene, all independent", |run| dawid_skene(&run.said)),
    ("copies dropped, then Dawid-Skene", |run| dawid_skene(&run.roots)),
    ("lapwing", lapwing),
];

/// Reliability of any source for the noisy-or.
const WEIGHT: f64 = 0.6;
/// Rounds of the textbook's Dawid-Skene.
const ROUNDS: usize = 50;

fn vote_share(run: &Run) -> Vec<f64> {
    run.said.iter().map(share).collect()
}

fn share(said: &BTreeMap<usize, bool>) -> f64 {
    let yes = said.values().filter(|side| **side).count();
    if said.is_empty() { 0.5 } else { yes as f64 / said.len() as f64 }
}

fn noisy_or(run: &Run) -> Vec<f64> {
    let any = |said: &BTreeMap<usize, bool>, side: bool| {
        let count = said.values().filter(|s| **s == side).count();
        1.0 - (1.0 - WEIGHT).powi(count as i32)
    };
    run.said
        .iter()
        .map(|said| {
            let (yes, no) = (any(said, true), any(said, false));
            if yes + no > 0.0 { yes / (yes + no) } else { 0.5 }
        })
        .collect()
}

fn naive_bayes(run: &Run) -> Vec<f64> {
    run.said.iter().map(|said| posterior(said, &run.accuracies)).collect()
}

fn posterior(said: &BTreeMap<usize, bool>, accuracies: &[f64]) -> f64 {
    let odds: f64 = said
        .iter()
        .map(|(source, side)| {
            let right = accuracies[*source].clamp(0.001, 0.999);
            let odds = (right / (1.0 - right)).ln();
            if *side { odds } else { -odds }
        })
        .sum();
    1.0 / (1.0 + (-odds).exp())
}

/// Dawid and Skene, 1979, with two classes and one accuracy a source, begun with the shares of votes.
fn dawid_skene(said: &[BTreeMap<usize, bool>]) -> Vec<f64> {
    let mut probabilities: Vec<f64> = said.iter().map(share).collect();
    for _ in 0..ROUNDS {
        let mut counts = vec![(1.0, 2.0); SOURCES];
        for (said, probability) in said.iter().zip(&probabilities) {
            for (source, side) in said {
                counts[*source].0 += if *side { *probability } else { 1.0 - probability };
                counts[*source].1 += 1.0;
            }
        }
        let accuracies: Vec<f64> = counts.into_iter().map(|(right, all)| right / all).collect();
        probabilities = said.iter().map(|said| posterior(said, &accuracies)).collect();
    }
    probabilities
}

/// As the store does it: roots vote, reliability is learnt from who agrees with whom, odds multiply.
pub(super) fn uncalibrated(run: &Run) -> Vec<f64> {
    let agreements: Vec<Agreement> = run
        .roots
        .iter()
        .map(|said| Agreement {
            about: ClaimType::Values,
            known_false: false,
            votes: said
                .iter()
                .map(|(source, side)| Vote {
                    supports: *side,
                    // Nothing is known of any of them beforehand.
                    letter: 'D',
                    source: format!("s{source}"),
                    late: None,
                    first: false,
                })
                .collect(),
        })
        .collect();
    believed(&agreements)
}

fn lapwing(run: &Run) -> Vec<f64> {
    let calibration = Calibration::fitted();
    uncalibrated(run).into_iter().map(|p| calibration.apply(p)).collect()
}
