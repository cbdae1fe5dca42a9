//! Half of a report's techniques are shown: are the others named?

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use lapwing_engine::reference::Knowledge;
use lapwing_forecast::score::{Outcomes, Rankings};
use lapwing_forecast::{Completion, Logistic, Sets};

use super::shuffle::Shuffle;
use super::{bad, file_ending, row, text};
use crate::{EvaluateError, Scores};

const FOLDS: usize = 5;
const SEEDS: u64 = 3;
/// A report of fewer techniques cannot be halved to any purpose.
const LEAST: usize = 4;

/// Half of a report: numbers of the techniques shown and hidden.
pub struct Halved {
    pub shown: Vec<u32>,
    pub hidden: Vec<u32>,
}

/// Technique sets of a file of the Technique Inference Engine, each once.
pub fn read(path: &Path) -> Result<BTreeSet<Vec<String>>, EvaluateError> {
    let text = text(path)?;
    let value: serde_json::Value =
        serde_json::from_str(&text).map_err(|error| bad(path, error.line(), error.to_string()))?;
    let reports =
        value["reports"].as_array().ok_or_else(|| bad(path, 1, "there is no list `reports`"))?;
    let techniques = |report: &serde_json::Value| {
        let map = report["mitre_techniques"].as_object()?;
        Some(map.keys().cloned().collect::<BTreeSet<String>>().into_iter().collect::<Vec<_>>())
    };
    Ok(reports.iter().filter_map(techniques).filter(|set| !set.is_empty()).collect())
}

pub fn run(folder: &Path, scores: &mut Scores) -> Result<(), EvaluateError> {
    let Some(path) = file_ending(&folder.join("tie"), ".json") else { return Ok(()) };
    let reports: Vec<Vec<String>> = read(&path)?.into_iter().collect();
    let profiles = Completion::fit(profiles(Knowledge::builtin()));
    let common: Vec<u32> = profiles.sets().counts();
    let [mut popular, mut ours, mut plain, mut own] = [Rankings::default(); 4];
    let (mut examples, mut by_profiles) = (Vec::new(), Vec::new());
    for seed in 0..SEEDS {
        folds(&reports, seed, |fold, model, halved| {
            let result = model.scores(&halved.shown);
            popular.add_scores(&open(&model.sets().counts(), &halved.shown), &halved.hidden);
            ours.add_scores(&result, &halved.hidden);
            let there = halved.renumbered(model.sets(), profiles.sets());
            let from_profiles = profiles.scores(&there.shown);
            if !there.hidden.is_empty() {
                plain.add_scores(&open(&common, &there.shown), &there.hidden);
                own.add_scores(&from_profiles, &there.hidden);
            }
            if seed == 0 {
                remember(model, halved, &result, fold, &mut examples);
                remember(&profiles, &there, &from_profiles, fold, &mut by_profiles);
            }
        });
    }
    for (what, by, rankings) in [
        ("unseen reports, learnt from reports", "popularity", &popular),
        ("unseen reports, learnt from reports", "lapwing", &ours),
        ("unseen reports, by the binary's profiles", "popularity", &plain),
        ("unseen reports, by the binary's profiles", "lapwing", &own),
    ] {
        let figures = [
            ("R@20", rankings.recall_at_20()),
            ("R@10", rankings.recall_at_10()),
            ("P@5", rankings.precision_at_5()),
            ("MAP", rankings.mean_average_precision()),
        ];
        row(scores, ["tie", what, by], rankings.queries() as usize, &figures);
    }
    calibration("probabilities, learnt from reports", &examples, scores);
    calibration("probabilities, by the binary's profiles", &by_profiles, scores);
    Ok(())
}

/// Halved reports as the binary's own model sees them.
pub fn halved_by_the_binary(path: &Path) -> Result<Vec<Example>, EvaluateError> {
    let reports: Vec<Vec<String>> = read(path)?.into_iter().collect();
    let profiles = Completion::fit(profiles(Knowledge::builtin()));
    let mut examples = Vec::new();
    folds(&reports, 0, |fold, model, halved| {
        let there = halved.renumbered(model.sets(), profiles.sets());
        remember(&profiles, &there, &profiles.scores(&there.shown), fold, &mut examples);
    });
    Ok(examples)
}

impl Halved {
    /// The same half of a report in the numbers of another vocabulary, by what is valid today.
    fn renumbered(&self, from: &Sets, to: &Sets) -> Halved {
        let numbers = |items: &[u32]| {
            let current = |item: &u32| {
                let technique =
                    Knowledge::builtin().current_technique(&from.items()[*item as usize]);
                to.number(&technique?.id)
            };
            let mut found: Vec<u32> = items.iter().filter_map(current).collect();
            found.sort_unstable();
            found.dedup();
            found
        };
        let shown = numbers(&self.shown);
        let mut hidden = numbers(&self.hidden);
        hidden.retain(|item| shown.binary_search(item).is_err());
        Halved { shown, hidden }
    }
}

/// A technique that was not shown: features of its probability, whether it was hidden, the fold.
pub struct Example {
    pub features: Vec<f64>,
    pub hidden: bool,
    pub fold: usize,
}

/// Halves every report once, each by a model that has not seen it.
pub fn folds(
    reports: &[Vec<String>],
    seed: u64,
    mut each: impl FnMut(usize, &Completion, &Halved),
) {
    let mut chance = Shuffle::new(seed * 7919 + 1);
    let mut order: Vec<usize> = (0..reports.len()).collect();
    chance.shuffle(&mut order);
    for fold in 0..FOLDS {
        let part = |test: bool| {
            let here = order.iter().enumerate().filter(move |(at, _)| (at % FOLDS == fold) == test);
            here.map(|(_, report)| &reports[*report])
        };
        let named: Vec<(String, &Vec<String>)> =
            part(false).enumerate().map(|(at, set)| (at.to_string(), set)).collect();
        let sets = Sets::new(
            named.iter().map(|(name, set)| (name.as_str(), set.iter().map(String::as_str))),
        );
        let model = Completion::fit(sets);
        for report in part(true).filter(|report| report.len() >= LEAST) {
            let mut mixed = report.clone();
            chance.shuffle(&mut mixed);
            let half = mixed.len().div_ceil(2);
            // What the model has never met can be neither shown to it nor found by it.
            let numbers = |items: &[String]| {
                let mut known: Vec<u32> =
                    items.iter().filter_map(|item| model.sets().number(item)).collect();
                known.sort_unstable();
                known
            };
            let (shown, hidden) = (numbers(&mixed[..half]), numbers(&mixed[half..]));
            if !hidden.is_empty() {
                each(fold, &model, &Halved { shown, hidden });
            }
        }
    }
}

/// How common each item is, those shown left out.
fn open(counts: &[u32], shown: &[u32]) -> Vec<f64> {
    let mut scores: Vec<f64> = counts.iter().map(|n| f64::from(*n)).collect();
    for item in shown {
        scores[*item as usize] = f64::NEG_INFINITY;
    }
    scores
}

pub fn remember(
    model: &Completion,
    halved: &Halved,
    scores: &[f64],
    fold: usize,
    examples: &mut Vec<Example>,
) {
    for (item, score) in (0_u32..).zip(scores).filter(|(_, score)| score.is_finite()) {
        let hidden = halved.hidden.binary_search(&item).is_ok();
        let features = model.features(*score, item, halved.shown.len());
        examples.push(Example { features, hidden, fold });
    }
}

/// Each fold's probabilities by a map that was fitted on the others.
fn calibration(what: &str, examples: &[Example], scores: &mut Scores) {
    let (mut ours, mut popular) = (Outcomes::default(), Outcomes::default());
    for fold in 0..FOLDS {
        let fit = |columns: &[usize]| {
            let rows: Vec<(Vec<f64>, f64, f64)> = examples
                .iter()
                .filter(|example| example.fold != fold)
                .map(|e| {
                    let row = columns.iter().map(|at| e.features[*at]).collect();
                    (row, f64::from(u8::from(e.hidden)), 1.0)
                })
                .collect();
            Logistic::fit(&rows, columns.len(), 1.0)
        };
        let (all, common) = (fit(&[0, 1, 2]), fit(&[1, 2]));
        for example in examples.iter().filter(|example| example.fold == fold) {
            ours.push(all.probability(&example.features), example.hidden);
            popular.push(common.probability(&example.features[1..]), example.hidden);
        }
    }
    for (by, outcomes) in [("popularity", popular), ("lapwing", ours)] {
        let figures = [
            ("log loss", outcomes.log_loss()),
            ("ECE", outcomes.calibration_error()),
            ("AUC", outcomes.auc()),
        ];
        row(scores, ["tie", what, by], outcomes.len(), &figures);
    }
}

/// Technique sets of the groups, campaigns and software of ATT&CK.
fn profiles(knowledge: &Knowledge) -> Sets {
    let groups = knowledge.actors().iter().map(|actor| &actor.id);
    let campaigns = knowledge.campaigns().iter().map(|campaign| &campaign.id);
    let software = knowledge.software().iter().map(|software| &software.id);
    let mut rows: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for id in groups.chain(campaigns).chain(software) {
        let techniques = knowledge.uses(id).iter().map(String::as_str);
        rows.insert(id, techniques.filter(|used| used.starts_with('T')).collect());
    }
    Sets::new(rows)
}
