//! The model of the binary, and what it makes of one text.

use std::cell::RefCell;
use std::sync::LazyLock;

use crate::technique::features::Features;
use crate::technique::judge::{Evidence, NUMBERS, busy, probability};
use crate::technique::score::{Pieces, Scorer};
use crate::technique::weights::Weights;
use crate::technique::{Traces, parent};

/// The sentence model and the model of the report.
pub(crate) struct Model {
    weights: Weights,
    parents: Vec<Option<usize>>,
    /// A technique is reported from this probability on.
    threshold: f32,
}

/// What the sentences of a text show of each technique.
pub(crate) struct Margins {
    pub(crate) evidence: Vec<Evidence>,
    /// The sentences of the highest margins.
    places: Vec<[u32; 3]>,
}

impl Margins {
    /// Sentences with the highest margins of technique `at`, best first, down to margin `least`.
    pub(crate) fn best_sentences(&self, at: usize, least: f32) -> impl Iterator<Item = usize> {
        let (best, places) = (self.evidence[at].best, self.places[at]);
        best.into_iter()
            .zip(places)
            .take_while(move |(margin, _)| *margin >= least)
            .map(|(_, place)| place as usize)
    }
}

/// Scores the sentences of a text.
pub(crate) fn read(weights: &Weights, text: &str, traces: &Traces) -> Margins {
    read_by(&mut Scorer::new(weights), weights, text, traces)
}

fn read_by(scorer: &mut Scorer<'_>, weights: &Weights, text: &str, traces: &Traces) -> Margins {
    let techniques = weights.techniques();
    let mut evidence: Vec<Evidence> =
        techniques.iter().map(|technique| traces.evidence(&technique.id)).collect();
    let mut places = vec![[0; 3]; techniques.len()];
    let mut scores = Vec::new();
    for (number, span) in traces.sentences.iter().enumerate() {
        scorer.score(span.slice(text).unwrap_or_default(), &mut scores);
        for ((evidence, places), margin) in evidence.iter_mut().zip(&mut places).zip(&scores) {
            if let Some(rank) = evidence.add(*margin) {
                places[rank..].rotate_right(1);
                places[rank] = number as u32;
            }
        }
    }
    Margins { evidence, places }
}

impl Model {
    /// The weights of the binary, unpacked on first use.
    ///
    /// They are part of the build and a test opens them, so `None` is never seen.
    pub(crate) fn builtin() -> Option<&'static Self> {
        static MODEL: LazyLock<Option<Model>> = LazyLock::new(|| {
            let packed = include_bytes!("../../data/techniques.weights.zst");
            Model::of(&zstd::decode_all(packed.as_slice()).ok()?)
        });
        MODEL.as_ref()
    }

    /// Reads a file of weights.
    pub(crate) fn of(bytes: &[u8]) -> Option<Self> {
        let weights = Weights::unpack(bytes)?;
        let ids: Vec<&str> = weights.techniques().iter().map(|t| t.id.as_str()).collect();
        let parents = ids
            .iter()
            .map(|id| parent(id).and_then(|p| ids.iter().position(|o| *o == p)))
            .collect();
        let threshold = *weights.judgement().get(NUMBERS)?;
        Some(Self { weights, parents, threshold })
    }

    #[cfg(test)]
    pub(crate) fn weights(&self) -> &Weights {
        &self.weights
    }

    /// Number of its techniques.
    #[cfg(test)]
    pub(crate) fn len(&self) -> usize {
        self.weights.techniques().len()
    }

    /// Identifier of technique number `at`.
    pub(crate) fn id(&self, at: usize) -> &str {
        self.weights.techniques().get(at).map_or("", |t| t.id.as_str())
    }

    /// Identifiers of all its techniques.
    pub(crate) fn ids(&self) -> impl Iterator<Item = &str> {
        self.weights.techniques().iter().map(|t| t.id.as_str())
    }

    /// Scores the sentences of a text. There is one model of the binary, so that what a thread keeps is of it.
    pub(crate) fn read(&self, text: &str, traces: &Traces) -> Margins {
        thread_local!(static KEPT: RefCell<Pieces> = RefCell::default());
        let mut scorer = Scorer::with(&self.weights, KEPT.take());
        let margins = read_by(&mut scorer, &self.weights, text, traces);
        KEPT.set(scorer.into_pieces());
        margins
    }

    /// The techniques that the report describes, with their probability: a sub-technique where it
    /// has support of its own, else the technique.
    pub(crate) fn choose(&self, read: &Margins, traces: &Traces) -> Vec<(usize, f32)> {
        let busy = busy(&read.evidence);
        let probabilities: Vec<f32> = read
            .evidence
            .iter()
            .zip(self.weights.techniques())
            .map(|(evidence, technique)| {
                let numbers = evidence.numbers(technique.prior, traces.sentences.len(), busy);
                probability(self.weights.judgement(), &numbers)
            })
            .collect();
        let reported = |at: usize| probabilities[at] >= self.threshold;
        let mut has_part = vec![false; probabilities.len()];
        for (at, up) in self.parents.iter().enumerate() {
            if let Some(up) = up
                && reported(at)
            {
                has_part[*up] = true;
            }
        }
        (0..probabilities.len())
            .filter(|at| reported(*at) && !has_part[*at])
            .map(|at| (at, probabilities[at]))
            .collect()
    }

    /// The words of a sentence that speak most for technique `at`, strongest first.
    pub(crate) fn telling_words(&self, sentence: &str, at: usize) -> Vec<String> {
        const SHOWN: usize = 3;
        thread_local!(static KEPT: RefCell<Features> = RefCell::default());
        let mut words: Vec<(String, f32)> = Vec::new();
        for word in sentence.split(|c: char| !c.is_alphanumeric()) {
            if word.len() < 3 || words.iter().any(|(known, _)| known.eq_ignore_ascii_case(word)) {
                continue;
            }
            let pull: f32 = KEPT.with_borrow_mut(|features| {
                features.read(word);
                let all = features.words.iter().chain(&features.grams);
                all.map(|f| self.weights.pull(*f, at)).sum()
            });
            if pull > 0.0 {
                words.push((word.to_ascii_lowercase(), pull));
            }
        }
        words.sort_by(|a, b| b.1.total_cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
        words.into_iter().take(SHOWN).map(|(word, _)| word).collect()
    }
}
