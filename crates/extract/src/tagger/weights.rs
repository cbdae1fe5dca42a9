//! The weights of the model: a flat array of small numbers, found by the hash of a feature.
//!
//! File: `LWE1`, number of rows (u32), the size of one step (f32), transitions (23 × 23 of i16), then
//! a row for each feature in rising order of its hash: hash (u32), number of labels (u8), and label
//! (u8) with weight (i8) for each. All little-endian.

use super::LABELS;

/// Weights of features and transitions.
#[derive(Clone, Debug, Default)]
pub struct Weights {
    /// Open addressing: hash of the feature and its row; row 0 is all zero and means none.
    slots: Vec<(u32, u32)>,
    /// Which hashes may have a row, a bit each: most features have none, and this much is in the cache.
    present: Vec<u64>,
    rows: Vec<[i8; LANES]>,
    transitions: Vec<[i16; LABELS]>,
    scale: f32,
}

/// Labels of a row and what fills it up to whole vector registers.
const LANES: usize = 32;
const _: () = assert!(LABELS <= LANES);

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

const MAGIC: &[u8] = b"LWE1";

impl Weights {
    /// Rounds trained weights to steps of `scale`; rows and weights that come to nothing fall away.
    #[must_use]
    pub fn to_bytes(
        rows: &[(u32, [f32; LABELS])],
        transitions: &[[f32; LABELS]],
        scale: f32,
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
        let size = (count * 2).next_power_of_two().max(2);
        let mut weights = Self {
            slots: vec![(0, 0); size],
            present: vec![0; (size / 16).max(1)],
            rows: Vec::with_capacity(count + 1),
            transitions,
            scale,
        };
        weights.rows.push([0; LANES]);
        for _ in 0..count {
            let hash = u32::from_le_bytes(take(&mut rest)?);
            let [labels] = take(&mut rest)?;
            let mut row = [0; LANES];
            for _ in 0..labels {
                let [label, step] = take(&mut rest)?;
                let known = row.get_mut(..LABELS).and_then(|row| row.get_mut(usize::from(label)));
                *known.ok_or(WeightsError::Broken)? = step as i8;
            }
            weights.insert(hash, row);
        }
        Ok(weights)
    }

    /// Word and bit of a hash in `present`.
    fn bit(&self, hash: u32) -> (usize, u64) {
        let spread = hash.wrapping_mul(0x9e37_79b1) >> 6;
        ((spread >> 6) as usize & self.present.len().wrapping_sub(1), 1 << (spread & 63))
    }

    fn insert(&mut self, hash: u32, row: [i8; LANES]) {
        let id = self.rows.len() as u32;
        self.rows.push(row);
        let (word, bit) = self.bit(hash);
        if let Some(word) = self.present.get_mut(word) {
            *word |= bit;
        }
        let mask = self.slots.len() - 1;
        let mut at = hash as usize & mask;
        // Half of the slots are free, so that this ends.
        while let Some(slot) = self.slots.get_mut(at) {
            if slot.1 == 0 {
                *slot = (hash, id);
                return;
            }
            at = (at + 1) & mask;
        }
    }

    fn row(&self, hash: u32) -> Option<&[i8; LANES]> {
        let (word, bit) = self.bit(hash);
        if self.present.get(word)? & bit == 0 {
            return None;
        }
        let mask = self.slots.len().wrapping_sub(1);
        let mut at = hash as usize & mask;
        loop {
            let (found, id) = *self.slots.get(at)?;
            if id == 0 {
                return None;
            }
            if found == hash {
                return self.rows.get(id as usize);
            }
            at = (at + 1) & mask;
        }
    }

    /// Whether there is nothing to decide by.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.rows.len() < 2
    }

    /// Number of features with a weight.
    #[must_use]
    pub fn len(&self) -> usize {
        self.rows.len().saturating_sub(1)
    }

    /// Scores of all labels for a word with these features.
    pub(crate) fn emissions(&self, features: &[u32]) -> [f32; LABELS] {
        // A word has some hundred features at the most, so that the sums stay within 16 bits.
        let mut sums = [0_i16; LANES];
        for row in features.iter().filter_map(|f| self.row(*f)) {
            for (sum, weight) in sums.iter_mut().zip(row) {
                *sum = sum.saturating_add(i16::from(*weight));
            }
        }
        let mut scores = [0.0; LABELS];
        for (score, sum) in scores.iter_mut().zip(sums) {
            *score = f32::from(sum) * self.scale;
        }
        scores
    }

    /// Score of `after` behind `before`.
    pub(crate) fn transition(&self, before: usize, after: usize) -> f32 {
        self.transitions
            .get(before)
            .and_then(|row| row.get(after))
            .map_or(0.0, |step| f32::from(*step) * self.scale)
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
        let bytes = Weights::to_bytes(&rows, &transitions, 1.0 / 16.0);
        let read = Weights::from_bytes(&bytes).unwrap();
        assert_eq!(read.len(), 1);
        let scores = read.emissions(&[77, 78, 77]);
        assert!((scores[3] - 1.0).abs() < 1e-6 && (scores[4] + 0.5).abs() < 1e-6);
        assert!((read.transition(3, 4) - 1.5).abs() < 1e-6);
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
