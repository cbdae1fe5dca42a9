//! Fitting of the judgement over a document: one logistic model over all runs that the sequence model holds possible
//! in reports that it has not seen, with a penalty on the square of the weights.

use lapwing_extract::tagger::NUMBERS;

/// A run's numbers, and whether people marked just it.
pub struct Row {
    pub numbers: [f32; NUMBERS],
    pub is: bool,
}

/// Penalty on the square of the weights of numbers that are brought to one spread.
const RIDGE: f64 = 20.0;
const STEPS: usize = 25;

type Vector = [f64; NUMBERS];

/// The weights, by Newton's method.
pub fn fit(rows: &[Row]) -> Vec<f32> {
    let (mean, spread) = spread(rows);
    let scaled = |row: &Row| -> Vector {
        std::array::from_fn(|i| match i {
            0 => 1.0,
            _ => (f64::from(row.numbers[i]) - mean[i]) / spread[i],
        })
    };
    let mut weights = [0.0; NUMBERS];
    for _ in 0..STEPS {
        let mut slope = [0.0; NUMBERS];
        let mut bend = vec![[0.0; NUMBERS]; NUMBERS];
        for row in rows {
            let x = scaled(row);
            let sum: f64 = weights.iter().zip(&x).map(|(w, x)| w * x).sum();
            let p = 1.0 / (1.0 + (-sum).exp());
            let (error, curve) = (p - f64::from(u8::from(row.is)), p * (1.0 - p));
            for (i, xi) in x.iter().enumerate() {
                slope[i] += error * xi;
                let by = curve * xi;
                for (sum, xj) in bend[i].iter_mut().zip(&x) {
                    *sum += by * xj;
                }
            }
        }
        for i in 0..NUMBERS {
            // The constant is free; the small number keeps the system regular.
            let ridge = if i == 0 { 1e-6 } else { RIDGE };
            slope[i] += ridge * weights[i];
            bend[i][i] += ridge;
        }
        let step = solve(bend, slope);
        for (weight, step) in weights.iter_mut().zip(&step) {
            *weight -= step;
        }
        if step.iter().all(|s| s.abs() < 1e-8) {
            break;
        }
    }
    // In the numbers' own units.
    let moved: f64 = (1..NUMBERS).map(|i| weights[i] * mean[i] / spread[i]).sum();
    let own = |i: usize| if i == 0 { weights[0] - moved } else { weights[i] / spread[i] };
    (0..NUMBERS).map(|i| own(i) as f32).collect()
}

fn spread(rows: &[Row]) -> (Vector, Vector) {
    let count = (rows.len() as f64).max(1.0);
    let (mut mean, mut spread) = ([0.0; NUMBERS], [0.0; NUMBERS]);
    for row in rows {
        for (sum, n) in mean.iter_mut().zip(row.numbers) {
            *sum += f64::from(n) / count;
        }
    }
    for row in rows {
        for (i, n) in row.numbers.into_iter().enumerate() {
            spread[i] += (f64::from(n) - mean[i]).powi(2) / count;
        }
    }
    (mean, spread.map(|s| s.sqrt() + 1e-6))
}

/// Solves a linear system by elimination with pivots.
fn solve(mut matrix: Vec<Vector>, mut right: Vector) -> Vector {
    for column in 0..NUMBERS {
        let pivot = (column..NUMBERS)
            .max_by(|a, b| matrix[*a][column].abs().total_cmp(&matrix[*b][column].abs()))
            .unwrap_or(column);
        matrix.swap(column, pivot);
        right.swap(column, pivot);
        let above = matrix[column];
        for row in column + 1..NUMBERS {
            let factor = matrix[row][column] / above[column];
            for (number, above) in matrix[row].iter_mut().zip(above).skip(column) {
                *number -= factor * above;
            }
            right[row] -= factor * right[column];
        }
    }
    let mut solution = [0.0; NUMBERS];
    for row in (0..NUMBERS).rev() {
        let known: f64 = (row + 1..NUMBERS).map(|k| matrix[row][k] * solution[k]).sum();
        solution[row] = (right[row] - known) / matrix[row][row];
    }
    solution
}
