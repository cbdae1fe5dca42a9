//! The weights of the model: a flat array of small numbers, found by the hash of a feature.
//!
//! File: `LWE2`, number of rows (u32), the size of one step (f32), transitions (23 × 23 of i16), then
//! a row for each feature in rising order of its hash: hash (u32), number of labels (u8), and label
//! (u8) with weight (i8) for each. Then the number of weights of the judgement over a document ([`super::judge`]; u32,
//! 0 for none) and these (f32). All little-endian.

use super::{LABELS, may_follow};

/// Weights of features and transitions.
#[derive(Clone, Debug, Default)]
pub struct Weights {
    /// Open addressing by the hash of the feature: the hash, and its weights as [`pack`] has them. A third is free at
    /// least. Eight bytes each, so that the table stays near the processor.
    slots: Vec<(u32, u32)>,
    /// Rows of more weights than a slot holds.
    rows: Vec<[i8; WIDE]>,
    /// Number of features with weights.
    count: usize,
    /// Weights of the judgement over a document.
    judge: Vec<f32>,
    /// Which hashes may have a row, a bit each: most features have none, and this much is in the cache.
    present: Vec<u64>,
    moves: Moves,
}

/// Labels and what fills them up to whole vector registers.
pub(crate) const WIDE: usize = 24;
/// Labels that may follow any: outside, and the begin of each tag. Those inside of the runs are one less.
pub(crate) const HALF: usize = 12;
pub(crate) type Half = [f32; HALF];
const _: () = assert!(LABELS == 2 * HALF - 1 && WIDE == 2 * HALF);

/// Where a label stands in a row: first those that may follow any, then those inside of the runs.
pub(crate) const fn place(label: usize) -> usize {
    if label.is_multiple_of(2) && label > 0 { HALF + label / 2 - 1 } else { label.div_ceil(2) }
}

/// A slot without a feature.
const FREE: u32 = u32::MAX;
/// Begins a slot that holds the number of a row.
const MANY: u8 = 254;

/// One or two weights with their labels in a slot; `None` where there are more, or none at all.
fn pack(row: &[i8; WIDE]) -> Option<u32> {
    let mut some = row.iter().enumerate().filter(|(_, weight)| **weight != 0);
    let (first, second, more) = (some.next()?, some.next(), some.next());
    // The last label is none: nothing is added to it.
    let (label, weight) = second.unwrap_or((WIDE - 1, &0));
    let bytes = [first.0 as u8, *first.1 as u8, label as u8, *weight as u8];
    more.is_none().then_some(u32::from_le_bytes(bytes))
}

/// So many features are looked up at once.
const BATCH: usize = 64;

/// What the decoder needs of the transitions, made once.
#[derive(Clone, Debug, Default)]
pub(crate) struct Moves {
    /// Exponentials of the scores, 0 to and from what is no label.
    pub(crate) exps: Ways,
    /// Exponentials of scores below the best, by their distance in steps; the last for all further ones.
    pub(crate) falls: Vec<f32>,
}

/// A number for each way from one label to another that there is.
#[derive(Clone, Debug, Default)]
pub(crate) struct Ways {
    /// From each label that opens or is outside, to all such; and from those inside.
    pub(crate) from_open: Vec<Half>,
    pub(crate) from_inside: Vec<Half>,
    /// The same turned round: to each label that opens or is outside, from all such and from those inside.
    pub(crate) to_open: Vec<(Half, Half)>,
    /// From the begin of each run to its inside, and within it.
    pub(crate) begun: Half,
    pub(crate) stayed: Half,
}

impl Ways {
    fn of(transitions: &[[i16; LABELS]], none: f32, number: impl Fn(i16) -> f32) -> Self {
        let mut ways = Self {
            from_open: vec![[none; HALF]; HALF],
            from_inside: vec![[none; HALF]; HALF],
            to_open: vec![([none; HALF], [none; HALF]); HALF],
            begun: [none; HALF],
            stayed: [none; HALF],
        };
        for (before, row) in transitions.iter().enumerate() {
            for (after, steps) in row.iter().enumerate().filter(|(a, _)| may_follow(before, *a)) {
                let number = number(*steps);
                match (place(before), place(after)) {
                    (from, to) if from < HALF && to < HALF => {
                        ways.from_open[from][to] = number;
                        ways.to_open[to].0[from] = number;
                    }
                    (from, to) if to < HALF => {
                        ways.from_inside[from - HALF][to] = number;
                        ways.to_open[to].1[from - HALF] = number;
                    }
                    (from, to) if from < HALF => ways.begun[to - HALF] = number,
                    (_, to) => ways.stayed[to - HALF] = number,
                }
            }
        }
        ways
    }
}

/// A sum of weights for each label, in steps.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Steps(pub(crate) [i16; WIDE]);

impl Steps {
    /// A word has some hundred features of at most 127 steps: 16 bits hold their sum.
    pub(crate) fn add(&mut self, other: &Self) {
        for (sum, steps) in self.0.iter_mut().zip(other.0) {
            *sum = sum.wrapping_add(steps);
        }
    }
}

/// Why a file is no file of weights.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WeightsError {
    /// Another kind of file.
    #[error("it does not begin as a file of weights does")]
    Magic,
    /// It ends too early, or a label is none.
    #[error("it ends too early or holds a label that there is not")]
    Broken,
}

const MAGIC: &[u8] = b"LWE2";

impl Weights {
    /// Rounds trained weights to steps of `scale`; rows and weights that come to nothing fall away.
    #[must_use]
    pub fn to_bytes(
        rows: &[(u32, [f32; LABELS])],
        transitions: &[[f32; LABELS]],
        scale: f32,
        judge: &[f32],
    ) -> Vec<u8> {
        let mut kept: Vec<(u32, Vec<(u8, i8)>)> = rows
            .iter()
            .map(|(hash, weights)| {
                let weights = weights.iter().enumerate().filter_map(|(label, w)| {
                    let step = (w / scale).round().clamp(-127.0, 127.0) as i8;
                    (step != 0).then_some((label as u8, step))
                });
                (*hash, weights.collect())
            })
            .filter(|(_, weights): &(u32, Vec<_>)| !weights.is_empty())
            .collect();
        kept.sort_by_key(|(hash, _)| *hash);
        let mut bytes = MAGIC.to_vec();
        bytes.extend((kept.len() as u32).to_le_bytes());
        bytes.extend(scale.to_le_bytes());
        for weight in transitions.iter().flatten() {
            bytes
                .extend(((weight / scale).round().clamp(-30_000.0, 30_000.0) as i16).to_le_bytes());
        }
        for (hash, weights) in kept {
            bytes.extend(hash.to_le_bytes());
            bytes.push(weights.len() as u8);
            for (label, step) in weights {
                bytes.extend([label, step as u8]);
            }
        }
        bytes.extend((judge.len() as u32).to_le_bytes());
        bytes.extend(judge.iter().flat_map(|weight| weight.to_le_bytes()));
        bytes
    }

    /// Reads a file of weights.
    ///
    /// # Errors
    /// When the bytes are not such a file.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, WeightsError> {
        let mut rest = bytes.strip_prefix(MAGIC).ok_or(WeightsError::Magic)?;
        let count = u32::from_le_bytes(take(&mut rest)?) as usize;
        let scale = f32::from_le_bytes(take(&mut rest)?);
        if count > rest.len() || !scale.is_finite() {
            return Err(WeightsError::Broken);
        }
        let mut transitions = vec![[0; LABELS]; LABELS];
        for weight in transitions.iter_mut().flatten() {
            *weight = i16::from_le_bytes(take(&mut rest)?);
        }
        let size = (count + count / 2).next_power_of_two().max(2);
        let mut weights = Self {
            slots: vec![(0, FREE); size],
            rows: Vec::new(),
            count: 0,
            judge: Vec::new(),
            present: vec![0; (size / 8).max(1)],
            moves: Moves::of(&transitions, scale),
        };
        for _ in 0..count {
            let hash = u32::from_le_bytes(take(&mut rest)?);
            let [labels] = take(&mut rest)?;
            let mut row = [0; WIDE];
            for _ in 0..labels {
                let [label, step] = take(&mut rest)?;
                if usize::from(label) >= LABELS {
                    return Err(WeightsError::Broken);
                }
                row[place(usize::from(label))] = step as i8;
            }
            if row == [0; WIDE] {
                continue;
            }
            let packed = pack(&row).unwrap_or_else(|| {
                weights.rows.push(row);
                ((weights.rows.len() as u32 - 1) << 8) | u32::from(MANY)
            });
            weights.insert(hash, packed);
        }
        let judge = u32::from_le_bytes(take(&mut rest)?) as usize;
        if judge > rest.len() / 4 {
            return Err(WeightsError::Broken);
        }
        for _ in 0..judge {
            weights.judge.push(f32::from_le_bytes(take(&mut rest)?));
        }
        Ok(weights)
    }

    /// Word and bit of a hash in `present`.
    fn bit(&self, hash: u32) -> (usize, u32) {
        let spread = hash.wrapping_mul(0x9e37_79b1) >> 6;
        ((spread >> 6) as usize & self.present.len().wrapping_sub(1), spread & 63)
    }

    fn may_have(&self, hash: u32) -> bool {
        let (word, bit) = self.bit(hash);
        self.present.get(word).is_some_and(|word| word >> bit & 1 != 0)
    }

    fn insert(&mut self, hash: u32, packed: u32) {
        let (word, bit) = self.bit(hash);
        if let Some(word) = self.present.get_mut(word) {
            *word |= 1 << bit;
        }
        let mask = self.slots.len() - 1;
        let mut at = hash as usize & mask;
        // A third of the slots is free, so that this ends.
        while let Some(slot) = self.slots.get_mut(at) {
            if slot.1 == FREE {
                *slot = (hash, packed);
                self.count += 1;
                return;
            }
            at = (at + 1) & mask;
        }
    }

    fn packed(&self, hash: u32) -> Option<u32> {
        let mask = self.slots.len().wrapping_sub(1);
        let mut at = hash as usize & mask;
        loop {
            let (found, packed) = *self.slots.get(at)?;
            if found == hash || packed == FREE {
                return (packed != FREE).then_some(packed);
            }
            at = (at + 1) & mask;
        }
    }

    /// Whether there is nothing to decide by.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// Number of features with a weight.
    #[must_use]
    pub fn len(&self) -> usize {
        self.count
    }

    /// Adds the weights of features.
    pub(crate) fn add(&self, features: &[u32], sum: &mut Steps) {
        for features in features.chunks(BATCH) {
            // First those that may have weights, without a branch: which they are cannot be foreseen.
            let (mut some, mut count) = ([0; BATCH], 0);
            for feature in features {
                some[count % BATCH] = *feature;
                count += usize::from(self.may_have(*feature));
            }
            for packed in some.iter().take(count).filter_map(|feature| self.packed(*feature)) {
                let [label, weight, other, further] = packed.to_le_bytes();
                if label == MANY {
                    let row = self.rows.get(packed as usize >> 8);
                    for (sum, weight) in sum.0.iter_mut().zip(row.unwrap_or(&[0; WIDE])) {
                        *sum = sum.wrapping_add(i16::from(*weight));
                    }
                } else {
                    for (label, weight) in [(label, weight), (other, further)] {
                        if let Some(sum) = sum.0.get_mut(usize::from(label)) {
                            *sum = sum.wrapping_add(i16::from(weight as i8));
                        }
                    }
                }
            }
        }
    }

    pub(crate) fn judge(&self) -> &[f32] {
        &self.judge
    }

    pub(crate) fn moves(&self) -> &Moves {
        &self.moves
    }
}

impl Moves {
    fn of(transitions: &[[i16; LABELS]], scale: f32) -> Self {
        /// Scores further below the best count as one so far.
        const FARTHEST: f32 = 60.0;
        let farthest = (FARTHEST / scale.abs().max(1e-3)).min(f32::from(u16::MAX)) as u16;
        Self {
            exps: Ways::of(transitions, 0.0, |steps| {
                (f32::from(steps) * scale).clamp(-30.0, 30.0).exp()
            }),
            falls: (0..=farthest).map(|steps| (-f32::from(steps) * scale).exp()).collect(),
        }
    }
}

fn take<const N: usize>(rest: &mut &[u8]) -> Result<[u8; N], WeightsError> {
    let (head, tail) = rest.split_first_chunk::<N>().ok_or(WeightsError::Broken)?;
    *rest = tail;
    Ok(*head)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_file_gives_back_what_was_put_in() {
        let mut row = [0.0; LABELS];
        row[3] = 0.5;
        row[4] = -0.25;
        let mut transitions = [[0.0; LABELS]; LABELS];
        transitions[3][4] = 1.5;
        // The second row rounds to nothing and falls away.
        let rows = [(77, row), (78, [0.01; LABELS])];
        let bytes = Weights::to_bytes(&rows, &transitions, 1.0 / 16.0, &[0.5, -1.0]);
        let read = Weights::from_bytes(&bytes).unwrap();
        assert_eq!(read.len(), 1);
        let mut sum = Steps::default();
        read.add(&[77, 78, 77], &mut sum);
        let at = |sum: &Steps, label: usize| sum.0[place(label)];
        assert_eq!((at(&sum, 3), at(&sum, 4), at(&sum, 5)), (16, -8, 0));
        let wide = [(5, [1.0; LABELS])];
        let read_wide =
            Weights::from_bytes(&Weights::to_bytes(&wide, &transitions, 1.0 / 16.0, &[])).unwrap();
        read_wide.add(&[5], &mut sum);
        assert_eq!((at(&sum, 3), at(&sum, 4), at(&sum, 22)), (32, 8, 16));
        assert!((read.moves().exps.begun[1] - 1.5_f32.exp()).abs() < 1e-4);
        assert_eq!(Weights::from_bytes(b"nothing").unwrap_err(), WeightsError::Magic);
        assert_eq!(Weights::from_bytes(&bytes[..40]).unwrap_err(), WeightsError::Broken);
    }

    #[test]
    fn the_weights_of_the_binary_can_be_read() {
        let weights = Weights::from_bytes(include_bytes!("../../data/entities.weights")).unwrap();
        assert!(weights.len() > 1000);
    }

    proptest! {
        #[test]
        fn any_bytes_are_refused_or_read(mut bytes in proptest::collection::vec(any::<u8>(), 0..2000)) {
            let _ = Weights::from_bytes(&bytes);
            bytes.splice(0..0, MAGIC.iter().copied());
            let _ = Weights::from_bytes(&bytes);
        }
    }
}
