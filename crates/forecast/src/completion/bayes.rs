/// Naive Bayes over sets: how likely an item is, given each shown item by itself.
#[derive(Clone, Debug)]
pub(super) struct Bayes {
    items: usize,
    prior: Vec<f64>,
    /// Row-major: log P(given `row` | item `column`).
    likelihood: Vec<f64>,
}

impl Bayes {
    pub(super) fn fit(rows: &[Vec<u32>], items: usize, smoothing: f64) -> Self {
        let mut counts = vec![0.0_f64; items];
        let mut pairs = vec![0.0_f64; items * items];
        for row in rows {
            for left in row {
                counts[*left as usize] += 1.0;
                let line = &mut pairs[*left as usize * items..][..items];
                for right in row {
                    line[*right as usize] += 1.0;
                }
            }
        }
        let all = rows.len() as f64;
        let prior = counts.iter().map(|n| ((n + 0.1) / (all + 1.0)).ln()).collect();
        let mut likelihood = pairs;
        for (given, line) in likelihood.chunks_mut(items.max(1)).enumerate() {
            let base = (counts[given] + 0.5) / (all + 1.0);
            for (cell, count) in line.iter_mut().zip(&counts) {
                *cell = ((*cell + smoothing * base) / (count + smoothing)).ln();
            }
        }
        Self { items, prior, likelihood }
    }

    pub(super) fn scores(&self, given: &[u32]) -> Vec<f64> {
        let mut scores = self.prior.clone();
        for item in given {
            for (score, log) in
                scores.iter_mut().zip(&self.likelihood[*item as usize * self.items..])
            {
                *score += log;
            }
        }
        scores
    }
}
