use crate::linear::solve_positive;

/// Hidden tastes of a set and of an item.
const FACTORS: usize = 8;
/// How much it counts that a set lacks an item, beside that it has one.
const ABSENT: f64 = 0.1;
const RIDGE: f64 = 1.0;
const ROUNDS: usize = 8;

/// Weighted least squares (Hu, Koren, Volinsky 2008): every set and item has a few hidden tastes whose
/// product says whether they belong together; absence counts less than presence.
#[derive(Clone, Debug)]
pub(super) struct Factors {
    /// Row-major, [`FACTORS`] an item.
    items: Vec<f64>,
    gram: Vec<f64>,
}

impl Factors {
    pub(super) fn fit(rows: &[Vec<u32>], items: usize) -> Self {
        let mut columns: Vec<Vec<u32>> = vec![Vec::new(); items];
        for (number, row) in (0_u32..).zip(rows) {
            for item in row {
                columns[*item as usize].push(number);
            }
        }
        let mut tastes: Vec<f64> = (0..items * FACTORS).map(start).collect();
        for _ in 0..ROUNDS {
            let of_rows = solved(rows, &tastes);
            tastes = solved(&columns, &of_rows);
        }
        let gram = gram(&tastes);
        Self { items: tastes, gram }
    }

    pub(super) fn scores(&self, given: &[u32]) -> Vec<f64> {
        let own = tastes_of(given, &self.items, &self.gram);
        let product = |item: &[f64]| item.iter().zip(&own).map(|(a, b)| a * b).sum();
        self.items.chunks_exact(FACTORS).map(product).collect()
    }
}

/// Small numbers that are no pattern, the same on every machine.
fn start(at: usize) -> f64 {
    let mixed = (at as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let mixed = (mixed ^ (mixed >> 29)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    ((mixed >> 40) as f64 / f64::from(1_u32 << 24) - 0.5) * 0.2
}

/// The tastes of one side, by those of the other.
fn solved(rows: &[Vec<u32>], other: &[f64]) -> Vec<f64> {
    let gram = gram(other);
    rows.iter().flat_map(|row| tastes_of(row, other, &gram)).collect()
}

fn tastes_of(row: &[u32], other: &[f64], gram: &[f64]) -> [f64; FACTORS] {
    let mut left: Vec<f64> = gram.iter().map(|cell| ABSENT * cell).collect();
    let mut right = [0.0; FACTORS];
    for item in row {
        let tastes = &other[*item as usize * FACTORS..][..FACTORS];
        for (line, a) in left.chunks_exact_mut(FACTORS).zip(tastes) {
            for (cell, b) in line.iter_mut().zip(tastes) {
                *cell += (1.0 - ABSENT) * a * b;
            }
        }
        for (sum, taste) in right.iter_mut().zip(tastes) {
            *sum += taste;
        }
    }
    for at in 0..FACTORS {
        left[at * FACTORS + at] += RIDGE;
    }
    // With a positive ridge the matrix is positive definite.
    let mut own = [0.0; FACTORS];
    if let Some(found) = solve_positive(&left, &right) {
        own.copy_from_slice(&found);
    }
    own
}

fn gram(tastes: &[f64]) -> Vec<f64> {
    let mut gram = vec![0.0; FACTORS * FACTORS];
    for row in tastes.chunks_exact(FACTORS) {
        for (line, a) in gram.chunks_exact_mut(FACTORS).zip(row) {
            for (cell, b) in line.iter_mut().zip(row) {
                *cell += a * b;
            }
        }
    }
    gram
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_goes_together_scores_above_what_does_not() {
        let rows: Vec<Vec<u32>> =
            (0..40).map(|n| if n % 2 == 0 { vec![0, 1, 2] } else { vec![3, 4, 5] }).collect();
        let scores = Factors::fit(&rows, 6).scores(&[0, 1]);
        assert!(scores[2] > 0.3 && scores[2] > scores[3] + 0.3, "{scores:?}");
        assert!(Factors::fit(&[], 3).scores(&[]).iter().all(|score| score.is_finite()));
    }
}
