use crate::linear::inverse_of_positive;

/// EASE (Steck 2019): every item is predicted from all others by one ridge regression in closed form.
/// A score is a sum over the given items, so each says how much it speaks for the answer.
/// The ridge grows with the item's count (as if given items were dropped at random while learning),
/// since what is asked about is half a set.
#[derive(Clone, Debug)]
pub(super) struct Ease {
    items: usize,
    /// Row-major: what item `row`, when given, adds to item `column`.
    weights: Vec<f64>,
}

impl Ease {
    pub(super) fn fit(rows: &[Vec<u32>], items: usize, ridge: f64, dropout: f64) -> Self {
        let mut gram = vec![0.0; items * items];
        for row in rows {
            for left in row {
                let line = &mut gram[*left as usize * items..][..items];
                for right in row {
                    line[*right as usize] += 1.0;
                }
            }
        }
        for item in 0..items {
            let cell = &mut gram[item * items + item];
            *cell += ridge + dropout * *cell;
        }
        // With a positive ridge the matrix is positive definite.
        let Some(mut weights) = inverse_of_positive(&gram, items) else {
            return Self { items, weights: vec![0.0; items * items] };
        };
        let diagonal: Vec<f64> = (0..items).map(|i| weights[i * items + i]).collect();
        for row in 0..items {
            for (column, own) in diagonal.iter().enumerate() {
                let cell = &mut weights[row * items + column];
                *cell = if row == column { 0.0 } else { -*cell / own };
            }
        }
        Self { items, weights }
    }

    pub(super) fn weight(&self, given: u32, item: u32) -> f64 {
        self.weights[given as usize * self.items + item as usize]
    }

    pub(super) fn scores(&self, given: &[u32]) -> Vec<f64> {
        let mut scores = vec![0.0; self.items];
        for item in given {
            let line = &self.weights[*item as usize * self.items..][..self.items];
            for (score, weight) in scores.iter_mut().zip(line) {
                *score += weight;
            }
        }
        scores
    }
}
