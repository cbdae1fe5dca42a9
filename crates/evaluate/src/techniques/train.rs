//! Training as a whole: the sentence model, the judgement over reports that it has not seen, the
//! threshold.

use std::collections::{BTreeMap, BTreeSet};

use lapwing_extract::technique::evidence;
use lapwing_extract::technique::weights::{Weights, pack};

use super::document::{Priors, Row, Shown, fit, probabilities};
use super::reports::{Corpus, FOLDS, Report};
use super::sentences::{Lessons, Procedure, procedures};
use crate::Tally;

/// Reports, procedures and what is learned from them.
pub(crate) struct Training {
    pub reports: Vec<Report>,
    procedures: Vec<Procedure>,
    lessons: Lessons,
}

/// What a judgement needs beside the evidence.
pub(crate) struct Judgement {
    pub priors: Vec<f32>,
    pub weights: Vec<f32>,
    pub threshold: f32,
}

/// Evidence of reports by models that had not seen them, by number of the report.
pub(crate) type Unseen = BTreeMap<usize, Shown>;

impl Training {
    pub(crate) fn of(reports: Vec<Report>) -> Self {
        let procedures = procedures();
        let lessons = Lessons::of(&reports, &procedures);
        Self { reports, procedures, lessons }
    }

    pub(crate) fn techniques(&self) -> &[String] {
        &self.lessons.techniques
    }

    /// Learns from the reports for which `taught` says yes, and reads those for which `read` does.
    pub(crate) fn read_unseen(
        &self,
        taught: impl Fn(&Report) -> bool + Sync,
        read: impl Fn(&Report) -> bool,
    ) -> Unseen {
        let (rarities, techniques) = self.lessons.learn(&self.reports, taught);
        let mut unseen = Unseen::new();
        // As packed and unpacked, so that what is measured is what is shipped.
        let Some(weights) = Weights::unpack(&pack(&rarities, &techniques, &[])) else {
            return unseen;
        };
        for (number, report) in self.reports.iter().enumerate().filter(|(_, r)| read(r)) {
            let evidence = evidence(&weights, &report.text, &report.traces);
            unseen.insert(number, Shown { evidence, sentences: report.traces.sentences.len() });
        }
        unseen
    }

    /// Fits the judgement on evidence of reports that the sentence model had not seen.
    pub(crate) fn judge(&self, unseen: &[(usize, &Shown)]) -> Judgement {
        let ids = || self.techniques().iter().map(String::as_str);
        let taught = unseen.iter().map(|(number, _)| &self.reports[*number]);
        let priors = Priors::of(taught, &self.procedures, &ids());
        let mut rows = Vec::new();
        for (number, shown) in unseen {
            let report = &self.reports[*number];
            for (at, id) in self.techniques().iter().enumerate() {
                if report.corpus.knows(id) {
                    let prior = priors.of_technique(id, Some(report));
                    let numbers = shown.numbers(at, prior);
                    rows.push(Row { technique: at, numbers, is: report.gold.contains(id) });
                }
            }
        }
        let (weights, moves) = fit(&rows, self.techniques().len());
        let priors = ids().zip(moves).map(|(id, by)| priors.of_technique(id, None) + by);
        let mut judgement = Judgement { priors: priors.collect(), weights, threshold: 0.3 };
        judgement.threshold = self.threshold(&judgement, unseen);
        judgement
    }

    /// The probabilities of one report.
    pub(crate) fn probabilities(
        &self,
        judgement: &Judgement,
        number: usize,
        shown: &Shown,
    ) -> Vec<(String, f32)> {
        let corpus = self.reports[number].corpus;
        probabilities(self.techniques(), &judgement.priors, corpus, shown, &judgement.weights)
    }

    /// The threshold with the best F1, on average over the corpora and over its two definitions.
    fn threshold(&self, judgement: &Judgement, unseen: &[(usize, &Shown)]) -> f32 {
        let judged: Vec<(usize, Vec<(String, f32)>)> = unseen
            .iter()
            .map(|(number, shown)| (*number, self.probabilities(judgement, *number, shown)))
            .collect();
        let quality = |threshold: f32| -> f64 {
            let of = |corpus: Corpus| {
                let mut board = Documents::default();
                for (number, chances) in &judged {
                    let report = &self.reports[*number];
                    if report.corpus == corpus {
                        board.add(&report.known_gold(), &above(chances, threshold));
                    }
                }
                board.tally.f1() + board.mean()
            };
            Corpus::ALL.into_iter().map(of).sum()
        };
        let steps = (20..=50u8).step_by(2).map(|percent| f32::from(percent) / 100.0);
        steps.max_by(|a, b| quality(*a).total_cmp(&quality(*b))).unwrap_or(0.3)
    }

    /// The file of weights from all reports to learn from.
    pub(crate) fn weights(&self) -> Vec<u8> {
        let mut unseen = Unseen::new();
        for fold in 0..FOLDS {
            unseen.extend(self.read_unseen(
                |r| r.is_lesson() && r.fold != fold,
                |r| r.is_lesson() && r.fold == fold,
            ));
        }
        let unseen: Vec<(usize, &Shown)> = unseen.iter().map(|(n, s)| (*n, s)).collect();
        let judgement = self.judge(&unseen);
        let (rarities, mut techniques) = self.lessons.learn(&self.reports, Report::is_lesson);
        for (technique, prior) in techniques.iter_mut().zip(&judgement.priors) {
            technique.prior = *prior;
        }
        let mut numbers = judgement.weights;
        numbers.push(judgement.threshold);
        pack(&rarities, &techniques, &numbers)
    }
}

/// The techniques at or above a threshold.
pub(crate) fn above(chances: &[(String, f32)], threshold: f32) -> BTreeSet<&str> {
    chances.iter().filter(|(_, p)| *p >= threshold).map(|(id, _)| id.as_str()).collect()
}

/// Agreement over reports: summed, and by report.
#[derive(Clone, Default)]
pub(crate) struct Documents {
    pub tally: Tally,
    sum: f64,
    pub count: u64,
}

impl Documents {
    pub(crate) fn add<T: Ord>(&mut self, gold: &BTreeSet<T>, found: &BTreeSet<T>) {
        let mut one = Tally::default();
        one.compare(gold, found);
        self.sum += one.f1();
        self.count += 1;
        self.tally.add(one);
    }

    /// Mean F1 of a report.
    pub(crate) fn mean(&self) -> f64 {
        if self.count == 0 { 1.0 } else { self.sum / self.count as f64 }
    }
}
