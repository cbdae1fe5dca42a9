//! The weights of the linear model: how they are packed into a file, and read back.
//!
//! The file is zstd over: the rarity of each feature in one byte; for each technique its identifier,
//! bias, scale and prior; and its weights as one signed byte each at features that rise.

use crate::technique::features::FEATURES;
use crate::technique::rows;

/// Begins every file of weights; the last digit counts the versions of the layout.
const MAGIC: &[u8] = b"lapwing-techniques-1";

/// Steps of rarity in one unit of the natural logarithm.
pub(crate) const RARITY_STEPS: f32 = 20.0;

/// One technique as it was learned.
#[derive(Clone, Debug, PartialEq)]
pub struct Learned {
    /// `T1505.003`.
    pub id: String,
    /// Added to every score.
    pub bias: f32,
    /// Logarithm of the odds that a report names it at all.
    pub prior: f32,
    /// Feature and weight, features rising.
    pub weights: Vec<(u32, f32)>,
}

/// The model as it scores: by feature, its weights times its rarity, in whole steps of both.
pub struct Weights {
    techniques: Vec<Learned>,
    /// Rarity of each feature, in steps.
    rarity: Vec<u8>,
    lists: Vec<List>,
    /// Technique and weight of features that speak for a few.
    sparse: Vec<(u16, i16)>,
    /// A weight for every technique, of features that speak for many: five times as fast to add.
    dense: Vec<i16>,
    /// One step of a technique's sums, and what every score begins with.
    scales: Vec<f32>,
    biases: Vec<f32>,
    /// Further numbers of the file: those of the judgement over the whole document.
    judgement: Vec<f32>,
}

/// A feature with weights for more than one technique in so many has them as a whole row.
const DENSE: usize = 8;

/// Where the weights of a feature lie.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum List {
    Sparse { start: u32, len: u16 },
    Dense { start: u32 },
}

/// Rarity as it is kept: 0 for a feature that is not used.
#[must_use]
pub fn quantise_rarity(rarity: f32) -> u8 {
    if rarity <= 0.0 { 0 } else { (rarity * RARITY_STEPS).round().clamp(1.0, 255.0) as u8 }
}

/// Rarity of a kept byte.
#[must_use]
pub fn rarity(kept: u8) -> f32 {
    f32::from(kept) / RARITY_STEPS
}

/// Packs what was learned, not yet compressed.
#[must_use]
pub fn pack(rarities: &[u8], techniques: &[Learned], judgement: &[f32]) -> Vec<u8> {
    let mut bytes = MAGIC.to_vec();
    bytes.extend((rarities.len() as u32).to_le_bytes());
    bytes.extend(rarities);
    bytes.extend((judgement.len() as u32).to_le_bytes());
    for number in judgement {
        bytes.extend(number.to_le_bytes());
    }
    bytes.extend((techniques.len() as u32).to_le_bytes());
    for technique in techniques {
        bytes.push(technique.id.len() as u8);
        bytes.extend(technique.id.as_bytes());
        let largest = technique.weights.iter().map(|(_, w)| w.abs()).fold(1e-6, f32::max);
        let scale = largest / 127.0;
        for number in [technique.bias, technique.prior, scale] {
            bytes.extend(number.to_le_bytes());
        }
        bytes.extend((technique.weights.len() as u32).to_le_bytes());
        let mut before = 0;
        for (feature, _) in &technique.weights {
            let mut step = feature - before;
            before = *feature;
            while step >= 0x80 {
                bytes.push(step as u8 | 0x80);
                step >>= 7;
            }
            bytes.push(step as u8);
        }
        bytes.extend(
            technique
                .weights
                .iter()
                .map(|(_, w)| (w / scale).round().clamp(-127.0, 127.0) as i8 as u8),
        );
    }
    bytes
}

impl Weights {
    /// Reads what [`pack`] made; `None` when it is no such file or cut short.
    #[must_use]
    pub fn unpack(bytes: &[u8]) -> Option<Self> {
        let mut source = Source(bytes.strip_prefix(MAGIC)?);
        let count = source.number()? as usize;
        let rarity = source.take(count)?.to_vec();
        if rarity.len() != FEATURES {
            return None;
        }
        let judgement = (0..source.number()?).map(|_| source.real()).collect::<Option<_>>()?;
        let count = source.number()?;
        let (mut techniques, mut scales) = (Vec::new(), Vec::new());
        let mut counts = vec![0u16; FEATURES];
        let mut learned: Vec<(Vec<u32>, &[u8])> = Vec::new();
        for _ in 0..count.min(u32::from(u16::MAX)) {
            let len = *source.take(1)?.first()? as usize;
            let id = std::str::from_utf8(source.take(len)?).ok()?.to_owned();
            let (bias, prior, scale) = (source.real()?, source.real()?, source.real()?);
            let len = source.number()? as usize;
            let mut features = Vec::with_capacity(len.min(FEATURES));
            let mut feature = 0u32;
            for at in 0..len {
                let step = source.step()?;
                if at > 0 && step == 0 {
                    return None;
                }
                feature = feature.checked_add(step)?;
                *counts.get_mut(feature as usize)? += 1;
                features.push(feature);
            }
            learned.push((features, source.take(len)?));
            techniques.push(Learned { id, bias, prior, weights: Vec::new() });
            scales.push(scale / RARITY_STEPS);
        }
        let (mut few, mut many) = (0u32, 0u32);
        let mut lists: Vec<List> = Vec::with_capacity(FEATURES);
        for count in counts {
            if usize::from(count) * DENSE > techniques.len() && usize::from(count) > DENSE {
                lists.push(List::Dense { start: many });
                many = many.checked_add(techniques.len() as u32)?;
            } else {
                lists.push(List::Sparse { start: few, len: 0 });
                few = few.checked_add(u32::from(count))?;
            }
        }
        let (mut sparse, mut dense) = (vec![(0u16, 0i16); few as usize], vec![0i16; many as usize]);
        for (technique, (features, values)) in learned.iter().enumerate() {
            for (feature, value) in features.iter().zip(*values) {
                // 127 times 255 at the most.
                let value = i16::from(*value as i8) * i16::from(rarity[*feature as usize]);
                match &mut lists[*feature as usize] {
                    List::Dense { start } => dense[*start as usize + technique] = value,
                    List::Sparse { start, len } => {
                        let at = *start as usize + usize::from(*len);
                        sparse[at] = (technique as u16, value);
                        *len += 1;
                    }
                }
            }
        }
        let biases = techniques.iter().map(|technique: &Learned| technique.bias).collect();
        Some(Self { techniques, rarity, lists, sparse, dense, scales, biases, judgement })
    }

    /// The techniques, in the order of the scores; their weights are kept by feature only.
    #[must_use]
    pub fn techniques(&self) -> &[Learned] {
        &self.techniques
    }

    /// Numbers of the judgement over a document.
    #[must_use]
    pub fn judgement(&self) -> &[f32] {
        &self.judgement
    }

    /// What a feature adds for technique number `at`, before the length of its block divides it.
    #[must_use]
    pub fn pull(&self, feature: u32, at: usize) -> f32 {
        let weight = match self.lists[feature as usize] {
            List::Sparse { start, len } => {
                let mut few = self.few(start, len).iter();
                few.find(|(technique, _)| usize::from(*technique) == at).map_or(0, |(_, w)| *w)
            }
            List::Dense { start } => self.row(start).get(at).copied().unwrap_or(0),
        };
        f32::from(weight) * self.scales[at]
    }

    /// Adds what a feature says for each technique, in steps.
    pub(crate) fn add(&self, feature: u32, sums: &mut [i32]) {
        match self.lists[feature as usize] {
            List::Sparse { start, len } => {
                for (technique, weight) in self.few(start, len) {
                    sums[usize::from(*technique)] += i32::from(*weight);
                }
            }
            List::Dense { start } => rows::add(sums, self.row(start), 0),
        }
    }

    /// Takes off what [`Self::add`] adds.
    pub(crate) fn take(&self, feature: u32, sums: &mut [i32]) {
        match self.lists[feature as usize] {
            List::Sparse { start, len } => {
                for (technique, weight) in self.few(start, len) {
                    sums[usize::from(*technique)] -= i32::from(*weight);
                }
            }
            List::Dense { start } => rows::take(sums, self.row(start)),
        }
    }

    /// Square of the rarity of a feature, in steps.
    pub(crate) fn square(&self, feature: u32) -> u32 {
        u32::from(self.rarity[feature as usize]).pow(2)
    }

    /// The margins, of the sums of the features of words and letters, each with what its block is multiplied by.
    pub(crate) fn margins(
        &self,
        words: (&[i32], f32),
        letters: (&[i32], f32),
        into: &mut Vec<f32>,
    ) {
        into.clear();
        into.resize(self.techniques.len(), 0.0);
        rows::margins(words, letters, &self.scales, &self.biases, into);
    }

    fn few(&self, start: u32, len: u16) -> &[(u16, i16)] {
        &self.sparse[start as usize..start as usize + usize::from(len)]
    }

    fn row(&self, start: u32) -> &[i16] {
        &self.dense[start as usize..start as usize + self.techniques.len()]
    }
}

/// The bytes of a file from front to back.
struct Source<'b>(&'b [u8]);

impl<'b> Source<'b> {
    fn take(&mut self, count: usize) -> Option<&'b [u8]> {
        let (head, tail) = self.0.split_at_checked(count)?;
        self.0 = tail;
        Some(head)
    }

    fn number(&mut self) -> Option<u32> {
        self.take(4)?.try_into().ok().map(u32::from_le_bytes)
    }

    fn real(&mut self) -> Option<f32> {
        self.take(4)?.try_into().ok().map(f32::from_le_bytes)
    }

    fn step(&mut self) -> Option<u32> {
        let mut step = 0u32;
        for shift in [0, 7, 14, 21] {
            let byte = *self.take(1)?.first()?;
            step |= u32::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Some(step);
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::technique::features::Features;
    use crate::technique::score::Scorer;

    fn score(weights: &Weights, sentence: &str) -> Vec<f32> {
        let mut scores = Vec::new();
        Scorer::new(weights).score(sentence, &mut scores);
        scores
    }

    fn sample() -> Vec<u8> {
        let mut rarities = vec![0; FEATURES];
        let mut features = Features::default();
        features.read("dumps lsass memory");
        for feature in features.words.iter().chain(&features.grams) {
            rarities[*feature as usize] = quantise_rarity(3.0);
        }
        let mut weights: Vec<(u32, f32)> = features.words.iter().map(|f| (*f, 2.0)).collect();
        weights.sort_by_key(|(f, _)| *f);
        let learned = Learned { id: "T1003.001".into(), bias: -1.0, prior: -2.0, weights };
        pack(&rarities, &[learned], &[0.5])
    }

    #[test]
    fn what_is_packed_scores_alike() {
        let weights = Weights::unpack(&sample()).unwrap();
        assert_eq!(weights.judgement(), [0.5]);
        assert_eq!(weights.techniques()[0].id, "T1003.001");
        let scores = score(&weights, "dumps lsass memory");
        // Five words and pairs of equal rarity: each weighs 1/√5.
        assert!((scores[0] - (2.0 * 5.0f32.sqrt() - 1.0)).abs() < 1e-2, "{scores:?}");
        let scores = score(&weights, "unrelated");
        assert!((scores[0] + 1.0).abs() < 1e-6);
    }

    #[test]
    fn a_feature_that_speaks_for_many_scores_alike() {
        let mut features = Features::default();
        features.read("dumps");
        let word = features.words[0];
        let mut rarities = vec![0; FEATURES];
        rarities[word as usize] = quantise_rarity(2.0);
        let learned: Vec<Learned> = (0..40u16)
            .map(|at| Learned {
                id: format!("T{}", 1000 + at),
                bias: 0.0,
                prior: 0.0,
                weights: if at < 20 { vec![(word, f32::from(at))] } else { Vec::new() },
            })
            .collect();
        let weights = Weights::unpack(&pack(&rarities, &learned, &[])).unwrap();
        assert_eq!(weights.lists[word as usize], List::Dense { start: 0 });
        let scores = score(&weights, "dumps");
        assert!((scores[19] - 19.0).abs() < 0.1 && (scores[7] - 7.0).abs() < 0.1, "{scores:?}");
        assert!(scores[20..].iter().all(|score| *score == 0.0));
        assert!((weights.pull(word, 7) - 14.0).abs() < 0.2 && weights.pull(word, 30) == 0.0);
    }

    #[test]
    fn a_file_cut_short_is_refused() {
        let whole = sample();
        assert!(Weights::unpack(&[]).is_none());
        for cut in [10, MAGIC.len() + 3, FEATURES, whole.len() - 1] {
            assert!(Weights::unpack(&whole[..cut]).is_none(), "{cut}");
        }
    }
}
