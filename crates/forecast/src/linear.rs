//! The two pieces of linear algebra that the models need, on plain row-major slices.

/// The inverse of a symmetric positive definite matrix of `n` rows, by Cholesky; `None` when it is not one.
pub(crate) fn inverse_of_positive(matrix: &[f64], n: usize) -> Option<Vec<f64>> {
    let lower = cholesky(matrix, n)?;
    // Row r of the inverse of L, then (L⁻¹)ᵀ L⁻¹; rows are kept contiguous for the inner loops.
    let mut inverse = vec![0.0; n * n];
    for column in 0..n {
        inverse[column * n + column] = 1.0 / lower[column * n + column];
    }
    for row in 0..n {
        let diagonal = lower[row * n + row];
        let (above, below) = inverse.split_at_mut(row * n);
        let own = &mut below[..n];
        for (step, factor) in lower[row * n..row * n + row].iter().enumerate() {
            if *factor != 0.0 {
                let earlier = &above[step * n..=step * n + step];
                for (into, value) in own.iter_mut().zip(earlier) {
                    *into -= factor * value / diagonal;
                }
            }
        }
    }
    let mut result = vec![0.0; n * n];
    for row in 0..n {
        let own = &inverse[row * n..=row * n + row];
        for (at, left) in own.iter().enumerate() {
            if *left != 0.0 {
                for (into, right) in result[at * n..].iter_mut().zip(&own[..=at]) {
                    *into += left * right;
                }
            }
        }
    }
    for row in 0..n {
        for column in row + 1..n {
            result[row * n + column] = result[column * n + row];
        }
    }
    Some(result)
}

/// Solves `matrix · x = right` for a symmetric positive definite matrix.
pub(crate) fn solve_positive(matrix: &[f64], right: &[f64]) -> Option<Vec<f64>> {
    let n = right.len();
    let lower = cholesky(matrix, n)?;
    let mut x = right.to_vec();
    for row in 0..n {
        let known: f64 = (0..row).map(|c| lower[row * n + c] * x[c]).sum();
        x[row] = (x[row] - known) / lower[row * n + row];
    }
    for row in (0..n).rev() {
        let known: f64 = (row + 1..n).map(|r| lower[r * n + row] * x[r]).sum();
        x[row] = (x[row] - known) / lower[row * n + row];
    }
    Some(x)
}

fn cholesky(matrix: &[f64], n: usize) -> Option<Vec<f64>> {
    let mut lower = matrix.to_vec();
    for row in 0..n {
        let (done, rest) = lower.split_at_mut(row * n);
        let own = &mut rest[..n];
        for column in 0..row {
            let other = &done[column * n..=column * n + column];
            let known: f64 = own[..column].iter().zip(other).map(|(a, b)| a * b).sum();
            own[column] = (own[column] - known) / other[column];
        }
        let known: f64 = own[..row].iter().map(|a| a * a).sum();
        let square = own[row] - known;
        if square.is_nan() || square <= 0.0 {
            return None;
        }
        own[row] = square.sqrt();
        own[row + 1..].fill(0.0);
    }
    Some(lower)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_inverse_times_its_matrix_is_one() {
        let matrix = [4.0, 1.0, 0.5, 1.0, 3.0, 0.2, 0.5, 0.2, 2.0];
        let inverse = inverse_of_positive(&matrix, 3).unwrap();
        for row in 0..3 {
            for column in 0..3 {
                let cell: f64 = (0..3).map(|k| matrix[row * 3 + k] * inverse[k * 3 + column]).sum();
                let expected = f64::from(u8::from(row == column));
                assert!((cell - expected).abs() < 1e-12, "{row},{column}: {cell}");
            }
        }
        let x = solve_positive(&matrix, &[5.5, 4.2, 2.7]).unwrap();
        assert!(x.iter().all(|value| (value - 1.0).abs() < 1e-12), "{x:?}");
        assert!(inverse_of_positive(&[1.0, 2.0, 2.0, 1.0], 2).is_none());
    }
}
