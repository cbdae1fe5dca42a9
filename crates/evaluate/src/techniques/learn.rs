//! Learning: a linear support vector machine, one technique against the rest, by dual coordinate
//! descent (Hsieh et al., "A Dual Coordinate Descent Method for Large-scale Linear SVM", ICML 2008),
//! with squared hinge loss. Deterministic: rows are visited in an order that a fixed seed shuffles.

/// Rows of features with values, one after the other.
#[derive(Default)]
pub(crate) struct Rows {
    starts: Vec<usize>,
    features: Vec<u32>,
    values: Vec<f32>,
    squares: Vec<f32>,
}

impl Rows {
    pub(crate) fn new() -> Self {
        Self { starts: vec![0], ..Self::default() }
    }

    pub(crate) fn push(&mut self, row: impl Iterator<Item = (u32, f32)>) {
        let mut square = 1.0;
        for (feature, value) in row {
            self.features.push(feature);
            self.values.push(value);
            square += value * value;
        }
        self.squares.push(square);
        self.starts.push(self.features.len());
    }

    pub(crate) fn len(&self) -> usize {
        self.squares.len()
    }

    pub(crate) fn row(&self, at: usize) -> (&[u32], &[f32]) {
        let range = self.starts[at]..self.starts[at + 1];
        (&self.features[range.clone()], &self.values[range])
    }

    pub(crate) fn dot(&self, at: usize, weights: &[f32]) -> f32 {
        let (features, values) = self.row(at);
        features.iter().zip(values).map(|(f, v)| weights[*f as usize] * v).sum()
    }

    fn add(&self, at: usize, step: f32, weights: &mut [f32]) {
        let (features, values) = self.row(at);
        for (f, v) in features.iter().zip(values) {
            weights[*f as usize] += step * v;
        }
    }
}

/// How one model is learned.
#[derive(Clone, Copy)]
pub(crate) struct Course {
    /// Cost of an error.
    pub cost: f32,
    /// What an error on a row that has the technique costs more.
    pub favour: f32,
    /// Passes over the rows at most.
    pub passes: usize,
}

/// Learns to tell rows with `sides` true from the others; gives the bias, the weights are left in `weights`.
/// `importance` multiplies the cost of a row; 0 leaves it out.
pub(crate) fn separate(
    rows: &Rows,
    sides: &[bool],
    importance: &[f32],
    course: Course,
    weights: &mut [f32],
) -> f32 {
    weights.fill(0.0);
    let mut bias = 0.0f32;
    let mut alpha = vec![0.0f32; rows.len()];
    let mut active: Vec<u32> =
        (0..rows.len() as u32).filter(|i| importance[*i as usize] > 0.0).collect();
    let mut seed = 0x2545_f491_4f6c_dd1du64;
    let mut largest = f32::INFINITY;
    for _ in 0..course.passes {
        for i in (1..active.len()).rev() {
            seed ^= seed << 13;
            seed ^= seed >> 7;
            seed ^= seed << 17;
            active.swap(i, (seed % (i as u64 + 1)) as usize);
        }
        let mut next_largest = 0.0f32;
        let mut at = 0;
        while at < active.len() {
            let i = active[at] as usize;
            let side = if sides[i] { 1.0 } else { -1.0 };
            let cost = course.cost * importance[i] * if sides[i] { course.favour } else { 1.0 };
            let diagonal = 0.5 / cost;
            let gradient = side * (rows.dot(i, weights) + bias) - 1.0 + alpha[i] * diagonal;
            if alpha[i] == 0.0 && gradient > largest.max(0.05) {
                active.swap_remove(at);
                continue;
            }
            at += 1;
            let projected = if alpha[i] == 0.0 { gradient.min(0.0) } else { gradient };
            next_largest = next_largest.max(projected.abs());
            if projected.abs() > 1e-4 {
                let old = alpha[i];
                alpha[i] = (old - gradient / (rows.squares[i] + diagonal)).max(0.0);
                let step = (alpha[i] - old) * side;
                if step != 0.0 {
                    rows.add(i, step, weights);
                    bias += step;
                }
            }
        }
        largest = next_largest;
        if next_largest < 0.05 {
            break;
        }
    }
    bias
}

#[cfg(test)]
mod tests {
    use super::*;

    const COURSE: Course = Course { cost: 1.0, favour: 1.0, passes: 50 };

    fn sample() -> (Rows, Vec<bool>) {
        let mut rows = Rows::new();
        let mut sides = Vec::new();
        for i in 0..40u32 {
            let side = i % 4 == 0;
            rows.push([(u32::from(side), 1.0), (2 + i % 3, 0.5)].into_iter());
            sides.push(side);
        }
        (rows, sides)
    }

    #[test]
    fn what_can_be_told_apart_is_told_apart() {
        let (rows, sides) = sample();
        let mut weights = vec![0.0; 5];
        let bias = separate(&rows, &sides, &[1.0; 40], COURSE, &mut weights);
        for (at, side) in sides.iter().enumerate() {
            assert_eq!(rows.dot(at, &weights) + bias > 0.0, *side, "{at}");
        }
        let mut again = vec![1.0; 5];
        separate(&rows, &sides, &[1.0; 40], COURSE, &mut again);
        assert_eq!(weights, again, "the same rows give the same weights");
    }

    #[test]
    fn a_row_without_importance_teaches_nothing() {
        let (rows, sides) = sample();
        let importance: Vec<f32> = sides.iter().map(|s| f32::from(u8::from(!*s))).collect();
        let mut weights = vec![0.0; 5];
        separate(&rows, &sides, &importance, COURSE, &mut weights);
        assert!(weights[1].abs() < 1e-9);
    }
}
