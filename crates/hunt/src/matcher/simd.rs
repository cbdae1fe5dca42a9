//! The masks by AVX2, and the choice between them and the portable ones when the program runs.
//!
//! The only module of the crate with `unsafe`: a load from an array of known size, and the call of a
//! function that needs what the processor was asked for just before. The tests compare every mask
//! with the portable twin.
#![allow(unsafe_code)]

use super::classes::Portable;
use super::runs::{self, Input, Runs};
use super::tokens::{Candidates, Wanted};

/// Finds the runs of a piece of text with the best masks that this processor has.
pub(super) fn find(input: &Input<'_>, runs: &mut Runs) {
    #[cfg(target_arch = "x86_64")]
    if x86::available() {
        // SAFETY: the features of the function were just found on this processor.
        unsafe { x86::find(input, runs) };
        return;
    }
    runs::find::<Portable>(input, runs);
}

/// Fills the candidates of a piece with the best instructions for counting bits.
pub(super) fn candidates(
    candidates: &mut Candidates,
    text: &[u8],
    base: usize,
    runs: &Runs,
    wanted: &Wanted,
) {
    #[cfg(target_arch = "x86_64")]
    if x86::available() {
        // SAFETY: the features of the function were just found on this processor.
        unsafe { x86::candidates(candidates, text, base, runs, wanted) };
        return;
    }
    candidates.fill(text, base, runs, wanted);
}

#[cfg(target_arch = "x86_64")]
pub(super) mod x86 {
    use std::arch::x86_64::{
        __m256i, _mm256_add_epi8, _mm256_and_si256, _mm256_cmpeq_epi8, _mm256_cmpgt_epi8,
        _mm256_loadu_si256, _mm256_movemask_epi8, _mm256_or_si256, _mm256_set1_epi8,
        _mm256_setr_epi8, _mm256_setzero_si256, _mm256_shuffle_epi8, _mm256_slli_epi16,
        _mm256_srli_epi16,
    };

    use crate::matcher::classes::{Classify, Masks};
    use crate::matcher::runs::{self, Input, Runs};
    use crate::matcher::tokens::{Candidates, Wanted};

    /// Whether the processor has what [`find`] needs.
    pub(crate) fn available() -> bool {
        is_x86_feature_detected!("avx2")
            && is_x86_feature_detected!("bmi1")
            && is_x86_feature_detected!("bmi2")
            && is_x86_feature_detected!("lzcnt")
            && is_x86_feature_detected!("popcnt")
    }

    #[target_feature(enable = "avx2,bmi1,bmi2,lzcnt,popcnt")]
    pub(super) fn find(input: &Input<'_>, runs: &mut Runs) {
        runs::find::<Avx2>(input, runs);
    }

    #[target_feature(enable = "avx2,bmi1,bmi2,lzcnt,popcnt")]
    pub(super) fn candidates(
        candidates: &mut Candidates,
        text: &[u8],
        base: usize,
        runs: &Runs,
        wanted: &Wanted,
    ) {
        candidates.fill(text, base, runs, wanted);
    }

    /// Masks by two table look-ups of 16 entries: a byte has a class when the tables of both its
    /// halves have the class's bit.
    pub(crate) struct Avx2;

    // Bits: 0 `-`, 1 digits, 2 `A-Oa-o`, 3 `P-Zp-z`, 4 `_`, 5 `+/`, 6 `[{`, 7 `(`.
    const LOW: [i8; 16] = {
        let mut low = [0u8; 16];
        let mut n = 0;
        while n < 16 {
            let mut bits = 0;
            if n == 0xd {
                bits |= 1;
            }
            if n <= 9 {
                bits |= 1 << 1;
            }
            if n >= 1 {
                bits |= 1 << 2;
            }
            if n <= 0xa {
                bits |= 1 << 3;
            }
            if n == 0xf {
                bits |= 1 << 4;
            }
            if n == 0xb || n == 0xf {
                bits |= 1 << 5;
            }
            if n == 0xb {
                bits |= 1 << 6;
            }
            if n == 8 {
                bits |= 1 << 7;
            }
            low[n] = bits;
            n += 1;
        }
        signed(low)
    };
    const HIGH: [i8; 16] = {
        let mut high = [0u8; 16];
        high[2] = 1 | 1 << 5 | 1 << 7;
        high[3] = 1 << 1;
        high[4] = 1 << 2;
        high[5] = 1 << 3 | 1 << 4 | 1 << 6;
        high[6] = 1 << 2;
        high[7] = 1 << 3 | 1 << 6;
        signed(high)
    };

    const fn signed(bytes: [u8; 16]) -> [i8; 16] {
        let mut out = [0i8; 16];
        let mut n = 0;
        while n < 16 {
            out[n] = bytes[n].cast_signed();
            n += 1;
        }
        out
    }

    // Without the feature in their own names, the next three become part of [`find`], which has it; a
    // function with a feature would be called once a block.

    // SAFETY (of the next three): the processor must have AVX2.
    #[inline(always)]
    unsafe fn table(t: [i8; 16]) -> __m256i {
        // SAFETY: as the caller promises.
        unsafe {
            _mm256_setr_epi8(
                t[0], t[1], t[2], t[3], t[4], t[5], t[6], t[7], t[8], t[9], t[10], t[11], t[12],
                t[13], t[14], t[15], t[0], t[1], t[2], t[3], t[4], t[5], t[6], t[7], t[8], t[9],
                t[10], t[11], t[12], t[13], t[14], t[15],
            )
        }
    }

    #[inline(always)]
    unsafe fn half(bytes: &[u8; 32]) -> Masks {
        // SAFETY: as the caller promises; 32 bytes stand behind the reference, and the load needs no
        // alignment.
        unsafe {
            let text = _mm256_loadu_si256(bytes.as_ptr().cast());
            let nibble = _mm256_set1_epi8(0x0f);
            // `shuffle` takes the low four bits of a byte, and gives 0 for bytes from 0x80 on: they
            // are in no class.
            let low = _mm256_shuffle_epi8(table(LOW), text);
            let high = _mm256_and_si256(_mm256_srli_epi16::<4>(text), nibble);
            let class = _mm256_and_si256(low, _mm256_shuffle_epi8(table(HIGH), high));
            let zero = _mm256_setzero_si256();
            let alnum = _mm256_and_si256(class, _mm256_set1_epi8(0b00_1110));
            let base64 = _mm256_and_si256(class, _mm256_set1_epi8(0b11_1111));
            let dot = bits(_mm256_cmpeq_epi8(text, _mm256_set1_epi8(0x2e)));
            let at = bits(_mm256_cmpeq_epi8(text, _mm256_set1_epi8(0x40)));
            let base64 = bits(_mm256_cmpgt_epi8(base64, zero));
            let plus_slash = bits(_mm256_slli_epi16::<2>(class));
            let percent = _mm256_cmpeq_epi8(text, _mm256_set1_epi8(0x25));
            let nul = _mm256_cmpeq_epi8(text, zero);
            let bracket = _mm256_or_si256(class, _mm256_add_epi8(class, class));
            Masks {
                token: (base64 & !plus_slash) | dot | at,
                dot,
                alnum: bits(_mm256_cmpgt_epi8(alnum, zero)),
                digit: bits(_mm256_slli_epi16::<6>(class)),
                at,
                base64,
                newline: bits(_mm256_cmpeq_epi8(text, _mm256_set1_epi8(0x0a))),
                odd: bits(_mm256_or_si256(_mm256_or_si256(percent, nul), bracket)),
            }
        }
    }

    #[inline(always)]
    unsafe fn bits(vector: __m256i) -> u64 {
        // SAFETY: as the caller promises.
        unsafe { u64::from(_mm256_movemask_epi8(vector).cast_unsigned()) }
    }

    #[inline(always)]
    unsafe fn both(block: &[u8; 64]) -> Masks {
        let ([low, high], _) = block.as_chunks::<32>() else { return Masks::default() };
        // SAFETY: as the caller promises.
        let (low, high) = unsafe { (half(low), half(high)) };
        Masks {
            token: low.token | high.token << 32,
            dot: low.dot | high.dot << 32,
            alnum: low.alnum | high.alnum << 32,
            digit: low.digit | high.digit << 32,
            at: low.at | high.at << 32,
            base64: low.base64 | high.base64 << 32,
            newline: low.newline | high.newline << 32,
            odd: low.odd | high.odd << 32,
        }
    }

    impl Classify for Avx2 {
        #[inline(always)]
        fn masks(block: &[u8; 64]) -> Masks {
            // SAFETY: only [`find`], and tests that asked for the features, come here.
            unsafe { both(block) }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::classes::{Classify, Portable};
    use proptest::prelude::*;

    #[cfg(target_arch = "x86_64")]
    proptest! {
        #[test]
        fn masks_are_those_of_the_portable_twin(bytes in proptest::collection::vec(any::<u8>(), 64)) {
            let block: [u8; 64] = bytes.try_into().unwrap();
            if super::x86::available() {
                prop_assert_eq!(super::x86::Avx2::masks(&block), Portable::masks(&block));
            }
        }
    }

    #[test]
    #[cfg(target_arch = "x86_64")]
    fn every_byte_has_the_same_class() {
        for byte in 0..=255u8 {
            let block = [byte; 64];
            if super::x86::available() {
                assert_eq!(super::x86::Avx2::masks(&block), Portable::masks(&block), "{byte:#x}");
            }
        }
    }
}
