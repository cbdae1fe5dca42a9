//! How independent voices add up.
//!
//! A voice of weight `w` is a witness who knows with probability `w` and else tells no more than a
//! coin. Alone it brings a statement from even to `0.5 + 0.5·w`; the odds of several multiply. On
//! the scale of strengths (`2p − 1`) that is the sum below, which never leaves 0..1.

/// The strength of two independent pieces of evidence for the same side.
fn together(a: f64, b: f64) -> f64 {
    (a + b) / (1.0 + a * b)
}

/// The strength of all weights of one side.
pub(crate) fn strength(weights: impl IntoIterator<Item = f64>) -> f64 {
    weights.into_iter().map(|w| w.clamp(0.0, 1.0)).fold(0.0, together)
}

/// What is left of the evidence for when the evidence against is held to it, −1 to 1.
pub(crate) fn balance(support: f64, against: f64) -> f64 {
    let both = support * against;
    // Two certainties that contradict leave nothing.
    if both >= 1.0 { 0.0 } else { (support - against) / (1.0 - both) }
}

/// The probability of a statement for which and against which independent voices of these weights
/// speak; 0.5 when none does.
///
/// ```
/// use lapwing_fuse::combine;
///
/// assert!((combine(&[0.8], &[]) - 0.9).abs() < 1e-12);
/// assert!(combine(&[0.8, 0.4], &[]) > combine(&[0.8], &[]));
/// assert!((combine(&[0.7], &[0.7]) - 0.5).abs() < 1e-12);
/// ```
#[must_use]
pub fn combine(supporters: &[f64], deniers: &[f64]) -> f64 {
    let support = strength(supporters.iter().copied());
    let against = strength(deniers.iter().copied());
    0.5 + 0.5 * balance(support, against)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn strengths_are_odds_multiplied() {
        let odds = |w: f64| (1.0 + w) / (1.0 - w);
        let product = odds(0.6) * odds(0.3) / odds(0.5);
        let p = combine(&[0.6, 0.3], &[0.5]);
        assert!((p / (1.0 - p) - product).abs() < 1e-9);
        assert!((combine(&[1.0], &[1.0]) - 0.5).abs() < 1e-12);
    }

    proptest! {
        #[test]
        fn a_voice_never_lowers_its_side(
            mut supporters in prop::collection::vec(0.0_f64..=0.99, 0..6),
            deniers in prop::collection::vec(0.0_f64..=0.99, 0..6),
            more in 0.0_f64..=0.99,
        ) {
            let before = combine(&supporters, &deniers);
            prop_assert!((0.0..=1.0).contains(&before));
            supporters.reverse();
            prop_assert!((combine(&supporters, &deniers) - before).abs() < 1e-9);
            supporters.push(more);
            prop_assert!(combine(&supporters, &deniers) >= before - 1e-12);
        }
    }
}
