//! From sentences to the report: how likely it is that it describes a technique.
//!
//! The margins of all sentences, the names and identifiers that stand in the text, and how often
//! reports describe the technique at all go into one small logistic model, which was fitted on
//! reports that the sentence model had not seen. So its output is a probability.

/// Number of the [`Evidence::numbers`].
pub const NUMBERS: usize = 16;

/// Place of the prior among them.
pub const PRIOR: usize = 7;

/// A margin below this says no more than "not this".
const LOWEST: f32 = -1.5;

/// Sentences of a report below which its length is not looked at.
const SHORTEST: usize = 12;

/// What a report shows of one technique.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Evidence {
    /// The three highest margins of its sentences.
    pub best: [f32; 3],
    /// Sum over the sentences of what their margins exceed -1 by.
    pub sum: f32,
    /// How often a name or phrase of the technique stands in the text.
    pub named: u32,
    /// Best precision of such a name or phrase, 1 for certain.
    pub phrase: f32,
    /// Whether its identifier stands in the text.
    pub cited: bool,
}

impl Evidence {
    /// Before any sentence is read.
    #[must_use]
    pub fn none() -> Self {
        Self { best: [LOWEST; 3], ..Self::default() }
    }

    /// Takes the margin of one more sentence; gives its rank when it is among the three highest.
    pub fn add(&mut self, margin: f32) -> Option<usize> {
        if margin <= -1.0 && margin <= self.best[2] {
            return None;
        }
        self.sum += (margin + 1.0).max(0.0);
        let rank = self.best.iter().position(|known| margin > *known)?;
        self.best[rank..].rotate_right(1);
        self.best[rank] = margin;
        Some(rank)
    }

    /// The numbers that the logistic model weighs, its constant first.
    ///
    /// `prior`: logarithm of the odds that a report describes the technique; `busy`: see [`busy`].
    #[must_use]
    pub fn numbers(&self, prior: f32, sentences: usize, busy: f32) -> [f32; NUMBERS] {
        let [a, b, c] = self.best.map(|margin| margin.max(LOWEST));
        let sum = (self.sum + 0.1).ln();
        let yes = |is: bool| f32::from(u8::from(is));
        [
            1.0,
            a,
            b,
            c,
            sum,
            yes(self.cited),
            (self.named as f32).ln_1p(),
            prior,
            (sentences.max(SHORTEST) as f32).ln() - 5.0,
            yes(a > 0.0),
            yes(self.named > 0),
            busy,
            a * b,
            a * a,
            a * sum,
            self.phrase,
        ]
    }
}

/// How much goes on in a report: its best margins over all techniques.
#[must_use]
pub fn busy(evidence: &[Evidence]) -> f32 {
    evidence.iter().map(|e| (e.best[0] + 0.5).max(0.0)).sum::<f32>().ln_1p() - 2.0
}

/// Probability by the logistic model with these weights.
#[must_use]
pub fn probability(weights: &[f32], numbers: &[f32; NUMBERS]) -> f32 {
    let sum: f32 = weights.iter().zip(numbers).map(|(w, n)| w * n).sum();
    1.0 / (1.0 + (-sum).exp())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_three_highest_margins_are_kept() {
        let mut evidence = Evidence::none();
        for margin in [-2.0, 0.5, 0.1, 0.7, 0.2] {
            evidence.add(margin);
        }
        for (kept, highest) in evidence.best.iter().zip([0.7_f32, 0.5, 0.2]) {
            assert!((kept - highest).abs() < 1e-6);
        }
        assert!((evidence.sum - 5.5).abs() < 1e-5);
        let numbers = evidence.numbers(-2.0, 148, 0.0);
        assert!((numbers[1] - 0.7).abs() < 1e-6 && (numbers[9] - 1.0).abs() < 1e-6);
    }

    #[test]
    fn more_evidence_is_more_probable() {
        let weights =
            [0.0, 1.0, 1.0, 0.1, 0.6, 0.1, 0.2, 0.4, -0.5, -0.5, 1.0, 0.4, -1.0, 0.0, 0.0, 0.0];
        let mut evidence = Evidence::none();
        let low = probability(&weights, &evidence.numbers(-2.0, 100, 0.0));
        evidence.named = 1;
        evidence.add(0.4);
        let high = probability(&weights, &evidence.numbers(-2.0, 100, 0.0));
        assert!(low < 0.05 && high > low);
    }
}
