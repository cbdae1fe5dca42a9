//! Which further techniques belong to a half-seen intrusion.

mod bayes;
mod ease;
mod factors;
mod neighbours;
mod walk;

use std::collections::BTreeMap;

use crate::logistic::Logistic;
use crate::sets::Sets;
use bayes::Bayes;
use ease::Ease;
use factors::Factors;
use neighbours::Neighbours;
use walk::Walk;

/// Ridge of [`Ease`], and how much it grows with an item's count.
const RIDGE: f64 = 50.0;
const DROPOUT: f64 = 4.0;
/// Rows that [`Neighbours`] looks at, and the power of their similarity.
const NEAREST: usize = 200;
const POWER: i32 = 4;
/// Damping of popular ends of [`Walk`].
const DAMPING: f64 = 0.4;
/// Pseudo-counts of [`Bayes`].
const SMOOTHING: f64 = 10.0;
/// Weights of the standardised parts in the blend, all chosen by cross-validation on four fifths of the
/// reports of the Technique Inference Engine (docs/forecast.md).
const BLEND: Blend =
    Blend { ease: 2.0, near: 3.0, walk: 1.0, bayes: 1.0, factors: 1.0, popular: -0.5, kin: 1.0 };

struct Blend {
    ease: f64,
    near: f64,
    walk: f64,
    bayes: f64,
    factors: f64,
    popular: f64,
    kin: f64,
}

/// Reasons that are named of a suggestion.
const REASONS: usize = 4;
/// Similar sets that are named.
const SIMILAR: usize = 5;

/// A model of which items occur together, learnt from sets.
///
/// ```
/// use lapwing_forecast::{Completion, Sets};
///
/// let rows = [
///     ("a", vec!["T1190", "T1505.003", "T1003.001"]),
///     ("b", vec!["T1190", "T1505.003", "T1560.001"]),
///     ("c", vec!["T1566.001", "T1204.002"]),
/// ];
/// let model = Completion::fit(Sets::new(rows));
/// let next = model.suggest(&["T1190"]);
/// assert_eq!(next[0].item, "T1505.003");
/// assert_eq!(next[0].because[0].item, "T1190");
/// ```
#[derive(Clone, Debug)]
pub struct Completion {
    sets: Sets,
    families: Vec<u32>,
    ease: Ease,
    near: Neighbours,
    walk: Walk,
    bayes: Bayes,
    factors: Factors,
    popular: Vec<f64>,
}

/// An item that likely belongs to the given ones.
#[derive(Clone, Debug, PartialEq)]
pub struct Suggestion {
    /// The item.
    pub item: String,
    /// Standard deviations of the blend above the mean item; only the order means something.
    pub score: f64,
    /// How probable it is that the other half of such a set holds it, 0 to 1.
    pub probability: f64,
    /// The given items that speak for it, the strongest first.
    pub because: Vec<Reason>,
    /// In how many of the learnt sets it stands.
    pub sets: u32,
}

/// What a given item adds to a suggestion.
#[derive(Clone, Debug, PartialEq)]
pub struct Reason {
    /// The given item.
    pub item: String,
    /// Its weight in the linear part of the model.
    pub weight: f64,
}

/// A learnt set that resembles the given one.
#[derive(Clone, Debug, PartialEq)]
pub struct Similar {
    /// Its name.
    pub name: String,
    /// Cosine over idf weights, 0 to 1.
    pub similarity: f64,
}

impl Completion {
    /// Learns from sets.
    pub fn fit(sets: Sets) -> Self {
        let (rows, items) = (sets.rows(), sets.items().len());
        let mut numbers: BTreeMap<&str, u32> = BTreeMap::new();
        let families = sets
            .items()
            .iter()
            .map(|item| {
                let next = numbers.len() as u32;
                *numbers.entry(item.split('.').next().unwrap_or(item)).or_insert(next)
            })
            .collect();
        Self {
            families,
            ease: Ease::fit(rows, items, RIDGE, DROPOUT),
            near: Neighbours::fit(rows, items, NEAREST, POWER),
            walk: Walk::fit(rows, items, DAMPING),
            bayes: Bayes::fit(rows, items, SMOOTHING),
            factors: Factors::fit(rows, items),
            popular: sets.counts().into_iter().map(f64::from).collect(),
            sets,
        }
    }

    /// The sets that it was learnt from.
    pub fn sets(&self) -> &Sets {
        &self.sets
    }

    /// The score of every item of the vocabulary; given ones have minus infinity.
    /// `given` are numbers of items, sorted.
    pub fn scores(&self, given: &[u32]) -> Vec<f64> {
        let kin = |item: &u32| {
            given
                .iter()
                .any(|other| self.families[*other as usize] == self.families[*item as usize])
        };
        let items = 0..self.popular.len() as u32;
        let parts = [
            (BLEND.ease, self.ease.scores(given)),
            (BLEND.near, self.near.scores(given)),
            (BLEND.walk, self.walk.scores(given)),
            (BLEND.bayes, self.bayes.scores(given)),
            (BLEND.factors, self.factors.scores(given)),
            (BLEND.popular, self.popular.clone()),
            (BLEND.kin, items.map(|item| f64::from(u8::from(kin(&item)))).collect()),
        ];
        let mut blend = vec![0.0; self.popular.len()];
        for (weight, mut part) in parts {
            standardise(&mut part, given);
            for (into, score) in blend.iter_mut().zip(part) {
                *into += weight * score;
            }
        }
        standardise(&mut blend, given);
        for item in given {
            blend[*item as usize] = f64::NEG_INFINITY;
        }
        blend
    }

    /// The standardised scores of the neighbours alone, for other models to use.
    pub(crate) fn near(&self, given: &[u32]) -> Vec<f64> {
        let mut near = self.near.scores(given);
        standardise(&mut near, given);
        near
    }

    /// What the probability of an item is read from: its score, how common it is, how many are given.
    pub fn features(&self, score: f64, item: u32, given: usize) -> Vec<f64> {
        let rows = self.sets.rows().len() as f64;
        let share = (self.popular[item as usize] + 0.5) / (rows + 1.0);
        vec![score, share.ln(), (given.max(1) as f64).ln()]
    }

    /// All items that are not given, the likeliest first; empty where none of the given is known.
    pub fn suggest(&self, given: &[&str]) -> Vec<Suggestion> {
        let known = self.numbers(given);
        if known.is_empty() {
            return Vec::new();
        }
        let calibration = calibration();
        let scores = self.scores(&known);
        let mut order: Vec<u32> =
            (0..scores.len() as u32).filter(|i| scores[*i as usize].is_finite()).collect();
        order.sort_by(|a, b| scores[*b as usize].total_cmp(&scores[*a as usize]).then(a.cmp(b)));
        let suggestion = |item: u32| {
            let score = scores[item as usize];
            let mut because: Vec<Reason> = known
                .iter()
                .map(|other| Reason {
                    item: self.sets.items()[*other as usize].clone(),
                    weight: self.ease.weight(*other, item),
                })
                .filter(|reason| reason.weight > 0.0)
                .collect();
            because.sort_by(|a, b| b.weight.total_cmp(&a.weight).then(a.item.cmp(&b.item)));
            because.truncate(REASONS);
            Suggestion {
                item: self.sets.items()[item as usize].clone(),
                score,
                probability: calibration.probability(&self.features(score, item, known.len())),
                because,
                sets: self.popular[item as usize] as u32,
            }
        };
        order.into_iter().map(suggestion).collect()
    }

    /// The learnt sets that resemble the given one most.
    pub fn similar(&self, given: &[&str]) -> Vec<Similar> {
        let near = self.near.nearest(&self.numbers(given));
        near.into_iter()
            .take(SIMILAR)
            .map(|(row, similarity)| Similar { name: self.sets.name(row).to_owned(), similarity })
            .collect()
    }

    fn numbers(&self, given: &[&str]) -> Vec<u32> {
        let mut known: Vec<u32> = given.iter().filter_map(|item| self.sets.number(item)).collect();
        known.sort_unstable();
        known.dedup();
        known
    }
}

/// The map from score to probability, fitted by `fit-forecast` on reports of which half was hidden.
fn calibration() -> Logistic {
    Logistic::parse(include_str!("../data/completion.tsv"))
}

/// To mean 0 and deviation 1 over the items that are not given.
fn standardise(scores: &mut [f64], given: &[u32]) {
    let mut open = scores.to_vec();
    for item in given.iter().rev() {
        open.remove(*item as usize);
    }
    let n = open.len().max(1) as f64;
    let mean = open.iter().sum::<f64>() / n;
    let deviation = (open.iter().map(|s| (s - mean).powi(2)).sum::<f64>() / n).sqrt().max(1e-12);
    for score in scores {
        *score = (*score - mean) / deviation;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn rows() -> impl Strategy<Value = Vec<Vec<u8>>> {
        prop::collection::vec(prop::collection::vec(0_u8..20, 1..8), 2..15)
    }

    fn fit(rows: &[Vec<u8>]) -> Completion {
        let named: Vec<(String, Vec<String>)> = rows
            .iter()
            .map(|row| (format!("{row:?}"), row.iter().map(|i| format!("T{i}")).collect()))
            .collect();
        Completion::fit(Sets::new(
            named.iter().map(|(name, set)| (name.as_str(), set.iter().map(String::as_str))),
        ))
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(40))]
        #[test]
        fn order_makes_no_difference_and_probabilities_are_some(rows in rows()) {
            let mut reversed = rows.clone();
            reversed.reverse();
            let given: Vec<String> = rows[0].iter().map(|i| format!("T{i}")).collect();
            let mut given: Vec<&str> = given.iter().map(String::as_str).collect();
            let found = fit(&rows).suggest(&given);
            given.reverse();
            prop_assert_eq!(&found, &fit(&reversed).suggest(&given));
            for suggestion in &found {
                prop_assert!((0.0..=1.0).contains(&suggestion.probability));
                prop_assert!(!given.contains(&suggestion.item.as_str()));
            }
        }
    }

    #[test]
    fn nothing_known_gives_nothing() {
        assert!(fit(&[vec![1, 2], vec![2, 3]]).suggest(&["T99"]).is_empty());
    }
}
