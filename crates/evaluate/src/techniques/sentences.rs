//! Training of the sentence model: rows of features, and one separation a technique.

use std::collections::{BTreeMap, BTreeSet};

use lapwing_extract::technique::features::{FEATURES, Features};
use lapwing_extract::technique::weights::{Learned, quantise_rarity, rarity};
use rayon::prelude::*;

use super::learn::{Course, Rows, separate};
use super::reports::{Corpus, Report, with_parents};

/// Weights kept of each technique: the largest.
const KEPT: usize = 2500;

/// A technique needs so many rows that show it.
const FEWEST: usize = 8;

/// How the sentence model is learned; the choices are compared in `docs/techniques.md`.
pub(crate) const COURSE: Course = Course { cost: 0.3, favour: 1.0, passes: 8 };

/// What a row is, which decides where it counts.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Source {
    /// A sentence of a report, by number of the report.
    Sentence(usize),
    /// A labelled stretch of a report.
    Segment(usize),
    /// A procedure of ATT&CK.
    Procedure,
}

/// Everything that sentence models are trained on, read once.
pub(crate) struct Lessons {
    features: Vec<(Vec<u32>, Vec<u32>)>,
    sources: Vec<Source>,
    labels: Vec<Vec<u16>>,
    /// The techniques with enough rows, in order.
    pub(crate) techniques: Vec<String>,
}

/// A sentence of ATT&CK and its technique.
pub(crate) struct Procedure {
    pub id: String,
    pub sentence: String,
}

/// The sentences of ATT&CK that come with the crate.
pub(crate) fn procedures() -> Vec<Procedure> {
    let packed = include_bytes!("../../data/procedures.tsv.zst");
    let text = zstd::decode_all(packed.as_slice()).unwrap_or_default();
    String::from_utf8_lossy(&text)
        .lines()
        .filter_map(|line| line.split_once('\t'))
        .map(|(id, sentence)| Procedure { id: id.to_owned(), sentence: sentence.replace('@', "") })
        .collect()
}

impl Lessons {
    /// Reads reports and procedures.
    pub(crate) fn of(reports: &[Report], procedures: &[Procedure]) -> Self {
        let mut lessons = Self {
            features: Vec::new(),
            sources: Vec::new(),
            labels: Vec::new(),
            techniques: Vec::new(),
        };
        let mut named: Vec<BTreeSet<String>> = Vec::new();
        let mut features = Features::default();
        let mut push = |text: &str, source: Source, ids: BTreeSet<String>| {
            features.read(text);
            lessons.features.push((features.words.clone(), features.grams.clone()));
            lessons.sources.push(source);
            named.push(ids);
        };
        for (number, report) in reports.iter().enumerate() {
            for (span, ids) in report.traces.sentences.iter().zip(&report.labels) {
                let text = span.slice(&report.text).unwrap_or_default();
                push(text, Source::Sentence(number), ids.clone());
            }
            for (text, id) in &report.segments {
                push(text, Source::Segment(number), with_parents([id.as_str()].into_iter()));
            }
        }
        for procedure in procedures {
            let ids = with_parents([procedure.id.as_str()].into_iter());
            push(&procedure.sentence, Source::Procedure, ids);
        }
        let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
        for id in named.iter().flatten() {
            *counts.entry(id).or_default() += 1;
        }
        lessons.techniques = counts
            .into_iter()
            .filter(|(_, count)| *count >= FEWEST)
            .map(|(id, _)| id.to_owned())
            .collect();
        lessons.labels = named
            .iter()
            .map(|ids| {
                let places = ids.iter().filter_map(|id| lessons.techniques.binary_search(id).ok());
                places.map(|at| at as u16).collect()
            })
            .collect();
        lessons
    }

    /// Learns from the rows of reports for which `taught` says yes, and from the procedures.
    /// Gives the rarity of each feature, and the techniques (their prior is not set yet).
    pub(crate) fn learn(
        &self,
        reports: &[Report],
        taught: impl Fn(&Report) -> bool + Sync,
    ) -> (Vec<u8>, Vec<Learned>) {
        let counts = |source: Source| match source {
            Source::Sentence(at) | Source::Segment(at) => taught(&reports[at]),
            Source::Procedure => true,
        };
        let used: Vec<usize> =
            (0..self.sources.len()).filter(|i| counts(self.sources[*i])).collect();
        let rarities = self.rarities(&used);
        let mut rows = Rows::new();
        for &i in &used {
            let (words, grams) = &self.features[i];
            let block = |list: &[u32]| {
                let values = list.iter().map(|f| (*f, rarity(rarities[*f as usize])));
                let values: Vec<(u32, f32)> = values.filter(|(_, value)| *value > 0.0).collect();
                let length = values.iter().map(|(_, v)| v * v).sum::<f32>().sqrt().max(1e-6);
                values.into_iter().map(move |(f, v)| (f, v / length))
            };
            rows.push(block(words).chain(block(grams)));
        }
        let techniques = (0..self.techniques.len())
            .into_par_iter()
            .map_init(
                || vec![0.0f32; FEATURES],
                |weights, at| {
                    let sides: Vec<bool> =
                        used.iter().map(|i| self.labels[*i].contains(&(at as u16))).collect();
                    let importance = self.importance(reports, &used, &sides, at);
                    let bias = separate(&rows, &sides, &importance, COURSE, weights);
                    let id = self.techniques[at].clone();
                    Learned { id, bias, prior: 0.0, weights: largest(weights) }
                },
            )
            .collect();
        (rarities, techniques)
    }

    /// How much each row counts for a technique. In TRAM2 only what its annotators looked for can be
    /// missing; of the procedures of other techniques a quarter is enough.
    fn importance(
        &self,
        reports: &[Report],
        used: &[usize],
        sides: &[bool],
        at: usize,
    ) -> Vec<f32> {
        let tram = used.iter().zip(sides).any(|(i, side)| match self.sources[*i] {
            Source::Sentence(number) => *side && reports[number].corpus == Corpus::Tram,
            _ => false,
        });
        let weigh = |(i, side): (&usize, &bool)| match self.sources[*i] {
            _ if *side => 1.0,
            Source::Sentence(number) if reports[number].corpus == Corpus::Tram && !tram => 0.0,
            Source::Procedure if i % 4 != at % 4 => 0.0,
            _ => 1.0,
        };
        used.iter().zip(sides).map(weigh).collect()
    }

    fn rarities(&self, used: &[usize]) -> Vec<u8> {
        let mut counts = vec![0u32; FEATURES];
        for &i in used {
            let (words, grams) = &self.features[i];
            for feature in words.iter().chain(grams) {
                counts[*feature as usize] += 1;
            }
        }
        let rows = used.len() as f32;
        let of = |count: u32| match count {
            0 | 1 => 0.0,
            count => ((1.0 + rows) / (1.0 + count as f32)).ln() + 1.0,
        };
        counts.into_iter().map(|count| quantise_rarity(of(count))).collect()
    }
}

/// The largest weights, in order of feature.
fn largest(weights: &[f32]) -> Vec<(u32, f32)> {
    let mut list: Vec<(u32, f32)> = weights
        .iter()
        .enumerate()
        .filter(|(_, weight)| **weight != 0.0)
        .map(|(feature, weight)| (feature as u32, *weight))
        .collect();
    if list.len() > KEPT {
        list.select_nth_unstable_by(KEPT, |a, b| {
            b.1.abs().total_cmp(&a.1.abs()).then(a.0.cmp(&b.0))
        });
        list.truncate(KEPT);
    }
    list.sort_unstable_by_key(|(feature, _)| *feature);
    list
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_largest_weights_stay_in_order() {
        let mut weights = vec![0.0; 3000];
        for (at, weight) in weights.iter_mut().enumerate().skip(100) {
            *weight = at as f32;
        }
        let kept = largest(&weights);
        assert_eq!((kept.len(), kept[0].0, kept[KEPT - 1].0), (KEPT, 500, 2999));
    }

    #[test]
    fn procedures_name_techniques_and_no_actor() {
        let all = procedures();
        assert!(all.len() > 15_000);
        assert!(all.iter().all(|p| p.id.starts_with('T') && !p.sentence.contains('@')));
    }
}
