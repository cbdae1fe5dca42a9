use crate::newton::Newton;

/// Steps of Newton's method after which a fit stops.
const STEPS: usize = 40;
/// Bounds of the logarithm of a hazard, so that no power overflows.
const BOUNDS: (f64, f64) = (-12.0, 5.0);

/// Proportional hazards: whether something comes within a time, where the time itself is a feature.
/// `P = 1 - exp(-exp(linear))` (the complementary log-log link), so that examples watched for different
/// times teach one model. Fitted by Newton's method with a ridge for each feature; the first weight is the
/// constant.
pub(crate) fn fit(rows: &[(Vec<f64>, bool, f64)], ridges: &[f64]) -> Vec<f64> {
    let features = ridges.len();
    let mut weights = vec![0.0; features + 1];
    // Where to begin makes no difference to the end: the loss has one valley.
    weights[0] = -2.0;
    let mut loss = loss_of(rows, &weights, ridges);
    for _ in 0..STEPS {
        let mut newton = Newton::new(features);
        for (row, came, weight) in rows {
            let hazard = hazard(&weights, row);
            let p = (-(-hazard).exp_m1()).clamp(1e-9, 1.0 - 1e-9);
            let derivative = hazard * (-hazard).exp();
            let variance = p * (1.0 - p);
            let pull = weight * (f64::from(u8::from(*came)) - p) * derivative / variance;
            let sharp = weight * derivative * derivative / variance;
            newton.add(row, pull, sharp);
        }
        let Some(mut step) = newton.step(&weights, |i| ridges[i], 1e-6) else { break };
        // Half the step as long as it overshoots.
        let better = (0..14).find_map(|_| {
            let next: Vec<f64> = weights.iter().zip(&step).map(|(w, s)| w + s).collect();
            let next_loss = loss_of(rows, &next, ridges);
            step.iter_mut().for_each(|s| *s *= 0.5);
            (next_loss < loss).then_some((next, next_loss))
        });
        let Some((next, next_loss)) = better else { break };
        let gain = loss - next_loss;
        (weights, loss) = (next, next_loss);
        if gain < 1e-9 * loss.abs() {
            break;
        }
    }
    weights
}

/// The probability for a row.
pub(crate) fn probability(weights: &[f64], row: &[f64]) -> f64 {
    -(-hazard(weights, row)).exp_m1()
}

fn hazard(weights: &[f64], row: &[f64]) -> f64 {
    let Some((constant, slopes)) = weights.split_first() else { return 0.0 };
    let linear = constant + slopes.iter().zip(row).map(|(w, x)| w * x).sum::<f64>();
    linear.clamp(BOUNDS.0, BOUNDS.1).exp()
}

fn loss_of(rows: &[(Vec<f64>, bool, f64)], weights: &[f64], ridges: &[f64]) -> f64 {
    let of_rows: f64 = rows
        .iter()
        .map(|(row, came, weight)| {
            let hazard = hazard(weights, row);
            weight * if *came { -(-(-hazard).exp_m1()).ln() } else { hazard }
        })
        .sum();
    let pull: f64 = weights.iter().skip(1).zip(ridges).map(|(w, ridge)| ridge * w * w).sum();
    of_rows + 0.5 * pull
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rate_of_each_group_is_found_from_examples_of_different_lengths() {
        // Per month 10 % of the one group and 40 % of the other, watched for one month or three.
        let mut rows = Vec::new();
        for (group, monthly) in [(0.0, 0.1), (1.0, 0.4_f64)] {
            for months in [1.0_f64, 3.0] {
                let share = 1.0 - (1.0 - monthly).powf(months);
                let row = vec![group, months.ln()];
                rows.push((row.clone(), true, 1000.0 * share));
                rows.push((row, false, 1000.0 * (1.0 - share)));
            }
        }
        let weights = fit(&rows, &[1e-6; 2]);
        for (group, months, share) in [(0.0, 1.0_f64, 0.1), (1.0, 1.0, 0.4), (0.0, 6.0, 0.4686)] {
            let said = probability(&weights, &[group, months.ln()]);
            assert!((said - share).abs() < 0.01, "{group} {months}: {said}");
        }
        assert!((weights[2] - 1.0).abs() < 0.02, "a constant hazard: {weights:?}");
    }

    #[test]
    fn nothing_to_learn_from_gives_no_answer_out_of_bounds() {
        let weights = fit(&[], &[1.0; 2]);
        assert!((0.0..=1.0).contains(&probability(&weights, &[1e9, -1e9])));
    }
}
