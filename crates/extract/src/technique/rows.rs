//! The arithmetic of the model: rows of small whole numbers, one a technique, added to sums.
//!
//! The loops are written once. On a processor with AVX2 a copy compiled for it runs, which does four times as much
//! at once; the sums are whole numbers, and the margins are worked out one by one, so that both give the same.
//! The only module of the crate with `unsafe`: the call of a function that needs what the processor was asked for
//! just before.
#![allow(unsafe_code)]

/// One function with a copy for AVX2, and the choice between them when the program runs.
macro_rules! with_avx2 {
    ($(#[$doc:meta])* $name:ident($($argument:ident: $type:ty),*) $body:block) => {
        $(#[$doc])*
        pub(super) fn $name($($argument: $type),*) {
            #[allow(clippy::inline_always, reason = "the copy for AVX2 is to hold the loop itself")]
            #[inline(always)]
            fn portable($($argument: $type),*) $body

            #[cfg(target_arch = "x86_64")]
            {
                #[target_feature(enable = "avx2")]
                fn wide($($argument: $type),*) {
                    portable($($argument),*);
                }
                if std::arch::is_x86_feature_detected!("avx2") {
                    // SAFETY: the feature of the function was just found on this processor.
                    unsafe { wide($($argument),*) };
                    return;
                }
            }
            portable($($argument),*);
        }
    };
}

with_avx2! {
    /// Adds a row times two to the power of `shift`.
    add(sums: &mut [i32], row: &[i16], shift: u32) {
        for (sum, weight) in sums.iter_mut().zip(row) {
            *sum += i32::from(*weight) << shift;
        }
    }
}

with_avx2! {
    /// Takes a row off.
    take(sums: &mut [i32], row: &[i16]) {
        for (sum, weight) in sums.iter_mut().zip(row) {
            *sum -= i32::from(*weight);
        }
    }
}

with_avx2! {
    /// The margins: words and letters by the length of their blocks, in the scale of each technique, from its bias.
    margins(words: (&[i32], f32), letters: (&[i32], f32), scales: &[f32], biases: &[f32], into: &mut [f32]) {
        let (sums, known) = (words.0.iter().zip(letters.0), scales.iter().zip(biases));
        for ((margin, (word, letter)), (scale, bias)) in into.iter_mut().zip(sums).zip(known) {
            *margin = (*word as f32 * words.1 + *letter as f32 * letters.1) * scale + bias;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_of_any_length_are_added_and_taken_off() {
        for len in [0_i16, 1, 7, 8, 33, 333] {
            let row: Vec<i16> = (0..len).map(|at| (at - 9) * 97).collect();
            let mut sums: Vec<i32> = (0..i32::from(len)).collect();
            add(&mut sums, &row, 3);
            for (at, sum) in sums.iter().enumerate() {
                assert_eq!(*sum, at as i32 + (i32::from(row[at]) << 3));
            }
            for _ in 0..8 {
                take(&mut sums, &row);
            }
            assert!(sums.iter().enumerate().all(|(at, sum)| *sum == at as i32));
        }
    }

    #[test]
    fn a_margin_is_the_sum_of_both_blocks_and_the_bias() {
        let mut margins = [0.0; 2];
        super::margins((&[2, 4], 0.5), (&[8, 0], 0.25), &[1.0, 2.0], &[-1.0, 0.5], &mut margins);
        assert!((margins[0] - 2.0).abs() < 1e-6 && (margins[1] - 4.5).abs() < 1e-6);
    }
}
