//! Margins of the sentences of a text. What a piece adds by its letters is summed once a text, in whole numbers;
//! what two pieces of a sentence share is taken off again, as each feature counts once a sentence.

use foldhash::HashMap;

use crate::technique::features::{Features, Seen, grams};
use crate::technique::rows;
use crate::technique::weights::{RARITY_STEPS, Weights};

/// So many pieces are kept: some ten megabytes.
const MOST_PIECES: usize = 8192;

/// Scores sentence by sentence.
pub struct Scorer<'w> {
    weights: &'w Weights,
    features: Features,
    pieces: Pieces,
    /// Letter groups of the sentence, which were met, and those that were met again.
    met: Vec<u32>,
    seen: Seen,
    /// Numbers of its pieces.
    present: Vec<usize>,
    /// Sums of the sentence: letters, and words.
    letters: Vec<i32>,
    words: Vec<i32>,
}

/// The pieces that were read, with their sums for each technique.
///
/// They are kept from text to text: the words of reports are much the same.
#[derive(Default)]
pub(crate) struct Pieces {
    numbers: HashMap<Box<[u8]>, u32>,
    /// Where the letter groups of a piece end.
    ends: Vec<u32>,
    /// Letter groups, each once a piece.
    grams: Vec<u32>,
    /// The sums, in units of two to the power of `shifts`.
    sums: Vec<i16>,
    shifts: Vec<u32>,
    /// Room for the sums of one piece.
    whole: Vec<i32>,
}

impl Pieces {
    /// The number of a piece; one that is new is summed.
    fn number(&mut self, weights: &Weights, piece: &[u8]) -> usize {
        if let Some(number) = self.numbers.get(piece) {
            return *number as usize;
        }
        let number = self.ends.len();
        let first = self.grams.len();
        grams(piece, |gram| {
            if !self.grams[first..].contains(&gram) {
                self.grams.push(gram);
            }
        });
        self.whole.clear();
        self.whole.resize(weights.techniques().len(), 0);
        for gram in &self.grams[first..] {
            weights.add(*gram, &mut self.whole);
        }
        let most = self.whole.iter().map(|sum| sum.unsigned_abs()).max().unwrap_or(0);
        let shift = (u32::BITS - most.leading_zeros()).saturating_sub(i16::BITS - 1);
        self.shifts.push(shift);
        self.sums.extend(self.whole.iter().map(|sum| (sum >> shift) as i16));
        self.ends.push(self.grams.len() as u32);
        self.numbers.insert(piece.into(), number as u32);
        number
    }

    fn grams(&self, number: usize) -> &[u32] {
        let from = number.checked_sub(1).map_or(0, |before| self.ends[before] as usize);
        &self.grams[from..self.ends[number] as usize]
    }
}

impl<'w> Scorer<'w> {
    /// Before the first sentence of a text.
    #[must_use]
    pub fn new(weights: &'w Weights) -> Self {
        Self::with(weights, Pieces::default())
    }

    /// With what was kept of a text that was read before, with the same weights.
    pub(crate) fn with(weights: &'w Weights, pieces: Pieces) -> Self {
        let techniques = weights.techniques().len();
        Self {
            weights,
            features: Features::default(),
            pieces,
            met: Vec::new(),
            seen: Seen::new(),
            present: Vec::new(),
            letters: vec![0; techniques],
            words: vec![0; techniques],
        }
    }

    /// What is kept for the next text.
    pub(crate) fn into_pieces(self) -> Pieces {
        self.pieces
    }

    /// Margins of one sentence, one a technique: above 0 says that the sentence describes it.
    pub fn score(&mut self, sentence: &str, scores: &mut Vec<f32>) {
        let Self { weights, features, pieces, met, seen, present, letters, words } = self;
        let techniques = letters.len();
        letters.fill(0);
        words.fill(0);
        met.clear();
        present.clear();
        // Between sentences, as the numbers of a sentence's pieces have to stay.
        if pieces.ends.len() >= MOST_PIECES {
            *pieces = Pieces::default();
        }
        let mut square = 0u32;
        features.read_pieces(sentence, |piece| {
            let number = pieces.number(weights, piece);
            // Of a piece that stands there again nothing is new.
            if present.contains(&number) {
                return;
            }
            present.push(number);
            let sums = &pieces.sums[number * techniques..(number + 1) * techniques];
            let shift = pieces.shifts[number];
            rows::add(letters, sums, shift);
            for gram in pieces.grams(number) {
                if seen.is_new(*gram) {
                    met.push(*gram);
                    square = square.saturating_add(weights.square(*gram));
                } else {
                    weights.take(*gram, letters);
                }
            }
        });
        seen.forget(met);
        let of_letters = share(square);
        let mut square = 0u32;
        for word in &features.words {
            weights.add(*word, words);
            square = square.saturating_add(weights.square(*word));
        }
        let of_words = share(square);
        weights.margins((words, of_words), (letters, of_letters), scores);
    }
}

/// What a sum is multiplied by: one by the length of the block.
fn share(square: u32) -> f32 {
    1.0 / ((square as f32).sqrt() / RARITY_STEPS).max(1e-6)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::technique::model::Model;

    /// The margins feature by feature.
    fn one_by_one(weights: &Weights, sentence: &str) -> Vec<f32> {
        let mut features = Features::default();
        features.read(sentence);
        let mut all = vec![0.0; weights.techniques().len()];
        for block in [&features.words, &features.grams] {
            let length = share(block.iter().map(|f| weights.square(*f)).sum());
            for (at, sum) in all.iter_mut().enumerate() {
                *sum += block.iter().map(|f| weights.pull(*f, at)).sum::<f32>() * length;
            }
        }
        all.iter().zip(weights.techniques()).map(|(sum, t)| sum + t.bias).collect()
    }

    #[test]
    fn kept_pieces_give_the_same_margins() {
        let weights = Model::builtin().unwrap().weights();
        let mut scorer = Scorer::new(weights);
        let mut scores = Vec::new();
        for sentence in [
            "The loader dumps the memory of LSASS and the loader deletes itself.",
            "A macro downloads the loader, the loader dumps aaaaaaaaaaaa passwords.",
            "",
            "memory of memory of memory",
        ] {
            scorer.score(sentence, &mut scores);
            for (kept, single) in scores.iter().zip(one_by_one(weights, sentence)) {
                assert!((kept - single).abs() < 1e-3, "{kept} {single} {sentence}");
            }
        }
    }

    #[test]
    fn a_full_table_of_pieces_begins_anew() {
        let weights = Model::builtin().unwrap().weights();
        let (mut scorer, mut scores, mut fresh) = (Scorer::new(weights), Vec::new(), Vec::new());
        for at in 0..MOST_PIECES / 8 + 10 {
            let words: Vec<String> = (0..8).map(|i| format!("piece{at}x{i}")).collect();
            scorer.score(&words.join(" "), &mut scores);
        }
        assert!(scorer.pieces.ends.len() < MOST_PIECES);
        let sentence = "It dumps the memory of LSASS.";
        scorer.score(sentence, &mut scores);
        Scorer::new(weights).score(sentence, &mut fresh);
        assert_eq!(scores, fresh);
    }
}
