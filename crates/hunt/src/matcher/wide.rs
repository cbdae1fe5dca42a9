//! The masks by AVX-512: 64 bytes at once, and the class of a byte by one look into a table of 128.
//!
//! Half of the time of a hunt for indicators goes into asking for the classes of bytes. Where the processor has the wider
//! instructions each block takes a quarter of the steps. `unsafe` here is what it is in [`super::simd`], and every mask
//! is compared with the portable twin in the same way.
#![allow(unsafe_code)]

use std::arch::x86_64::{
    __m512i, _mm_loadu_si128, _mm512_and_si512, _mm512_broadcast_i32x4, _mm512_cmpeq_epi8_mask,
    _mm512_loadu_si512, _mm512_maskz_permutex2var_epi8, _mm512_movepi8_mask, _mm512_set1_epi8,
    _mm512_shuffle_epi8, _mm512_srli_epi16, _mm512_storeu_si512, _mm512_test_epi8_mask,
    _mm512_testn_epi8_mask,
};

use super::buckets::Columns;
use super::classes::{self, CLASS, Classify, Masks};
use super::runs::{self, Input, Runs};

/// Whether the processor has what this module needs besides what [`super::simd::x86::available`] asks for.
#[inline(always)]
pub(super) fn available() -> bool {
    is_x86_feature_detected!("avx512f")
        && is_x86_feature_detected!("avx512bw")
        && is_x86_feature_detected!("avx512dq")
        && is_x86_feature_detected!("avx512vl")
        && is_x86_feature_detected!("avx512vbmi")
        && super::simd::x86::available()
}

#[target_feature(
    enable = "avx512f,avx512bw,avx512dq,avx512vl,avx512vbmi,avx2,bmi1,bmi2,lzcnt,popcnt"
)]
pub(super) fn find(input: &Input<'_>, runs: &mut Runs) {
    runs::find::<Avx512>(input, runs);
}

#[target_feature(
    enable = "avx512f,avx512bw,avx512dq,avx512vl,avx512vbmi,avx2,bmi1,bmi2,lzcnt,popcnt"
)]
pub(super) fn lines(text: &[u8], runs: &mut Runs) {
    runs::lines::<Avx512>(text, runs);
}

/// As [`super::simd::windows`]: the places up to the one that is given back; the last bytes of the text are left.
#[target_feature(
    enable = "avx512f,avx512bw,avx512dq,avx512vl,avx512vbmi,avx2,bmi1,bmi2,lzcnt,popcnt"
)]
pub(super) fn windows(
    columns: &Columns,
    text: &[u8],
    tell: &mut impl FnMut(usize, u8),
    tell_odd: &mut impl FnMut(usize),
) -> usize {
    let (mut at, mut quoted) = (0, 0);
    // SAFETY (of all below): this function has the features.
    let tables = columns.map(|halves| halves.map(|half| unsafe { four_times(&half) }));
    while let Some(bytes) = text.get(at..).and_then(|t| t.first_chunk::<67>()) {
        let first = bytes.first_chunk::<64>();
        let mut odd = first.map_or(0, |block| unsafe { odd_places(block, &mut quoted) });
        while odd != 0 {
            tell_odd(at + odd.trailing_zeros() as usize);
            odd &= odd - 1;
        }
        let buckets = unsafe { eight(&tables, bytes) };
        let mut places = _mm512_test_epi8_mask(buckets, buckets);
        if places != 0 {
            let mut found = [0u8; 64];
            // SAFETY: 64 bytes stand behind the reference.
            unsafe { _mm512_storeu_si512(found.as_mut_ptr().cast(), buckets) };
            while places != 0 {
                let place = places.trailing_zeros() as usize;
                tell(at + place, found[place & 63]);
                places &= places - 1;
            }
        }
        at += 64;
    }
    at
}

/// Where percent signs, backslashes and second quotes stand; `quoted` says whether the byte before is a quote, and is set
/// for the next.
#[inline(always)]
unsafe fn odd_places(block: &[u8; 64], quoted: &mut u64) -> u64 {
    // SAFETY: as the caller promises.
    unsafe {
        let text = load(block);
        let quotes = equal(text, b'"');
        let places = equal(text, b'%') | equal(text, b'\\') | quotes & (quotes << 1 | *quoted);
        *quoted = quotes >> 63;
        places
    }
}

/// For each of 64 places the buckets of the four bytes that begin there.
#[inline(always)]
unsafe fn eight(tables: &[[__m512i; 2]; 4], bytes: &[u8; 67]) -> __m512i {
    // SAFETY: as the caller promises; 64 bytes stand behind each of the four places.
    unsafe {
        let nibble = _mm512_set1_epi8(0x0f);
        let mut all = _mm512_set1_epi8(-1);
        for (number, [low, high]) in tables.iter().enumerate() {
            let text = _mm512_loadu_si512(bytes[number..].as_ptr().cast());
            let upper = _mm512_and_si512(_mm512_srli_epi16::<4>(text), nibble);
            let column = _mm512_and_si512(
                _mm512_shuffle_epi8(*low, text),
                _mm512_shuffle_epi8(*high, upper),
            );
            all = _mm512_and_si512(all, column);
        }
        all
    }
}

/// A table of 16 entries for each quarter of a register.
#[inline(always)]
unsafe fn four_times(table: &[u8; 16]) -> __m512i {
    // SAFETY: as the caller promises; 16 bytes stand behind the reference.
    unsafe { _mm512_broadcast_i32x4(_mm_loadu_si128(table.as_ptr().cast())) }
}

#[inline(always)]
unsafe fn load(block: &[u8; 64]) -> __m512i {
    // SAFETY: as the caller promises; 64 bytes stand behind the reference.
    unsafe { _mm512_loadu_si512(block.as_ptr().cast()) }
}

#[inline(always)]
unsafe fn equal(text: __m512i, byte: u8) -> u64 {
    // SAFETY: as the caller promises.
    unsafe { _mm512_cmpeq_epi8_mask(text, _mm512_set1_epi8(byte.cast_signed())) }
}

/// Masks by the class of each byte.
pub(super) struct Avx512;

/// The one bit that no other class has.
const NEWLINE: u8 = 1 << 7;

/// The classes of ASCII, the lower half and the upper.
const ASCII: [[u8; 64]; 2] = {
    let mut halves = [[0; 64]; 2];
    let mut byte = 0;
    while byte < 128 {
        halves[byte >> 6][byte & 63] =
            CLASS[byte] | if byte == b'\n' as usize { NEWLINE } else { 0 };
        byte += 1;
    }
    halves
};

impl Classify for Avx512 {
    #[inline(always)]
    fn masks(block: &[u8; 64]) -> Masks {
        // SAFETY: only functions with the features, and tests that asked for them, come here.
        unsafe {
            let text = load(block);
            let ascii = !_mm512_movepi8_mask(text);
            let class =
                _mm512_maskz_permutex2var_epi8(ascii, load(&ASCII[0]), text, load(&ASCII[1]));
            let has = |bit: u8| _mm512_test_epi8_mask(class, _mm512_set1_epi8(bit.cast_signed()));
            Masks {
                alnum: has(classes::ALNUM),
                letter: has(classes::LETTER),
                mark: has(classes::MARK),
                word: has(classes::WORD),
                head: has(classes::HEAD),
                bracket: has(classes::BRACKET),
                percent: has(classes::PERCENT),
                newline: has(NEWLINE),
                has_nul: _mm512_testn_epi8_mask(text, text) != 0,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::classes::Portable;
    use super::super::{buckets, signs};
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn masks_are_those_of_the_portable_twin(bytes in proptest::collection::vec(any::<u8>(), 64)) {
            let block: [u8; 64] = bytes.try_into().unwrap();
            if available() {
                prop_assert_eq!(Avx512::masks(&block), Portable::masks(&block));
            }
        }

        #[test]
        fn windows_are_those_of_the_portable_twin(
            columns in any::<[[[u8; 16]; 2]; 4]>(),
            text in proptest::collection::vec(prop_oneof![any::<u8>(), Just(b'"'), Just(b'%')], 0..400),
        ) {
            if available() {
                let (mut wide, mut odd) = (Vec::new(), Vec::new());
                // SAFETY: the features were just found on this processor.
                let done = unsafe {
                    windows(&columns, &text, &mut |at, bits| wide.push((at, bits)), &mut |at| odd.push(at))
                };
                buckets::windows(&columns, &text, done, |at, bits| wide.push((at, bits)));
                signs::odd_bytes(&text, done, |at| odd.push(at));
                let (mut slow, mut slow_odd) = (Vec::new(), Vec::new());
                buckets::windows(&columns, &text, 0, |at, bits| slow.push((at, bits)));
                signs::odd_bytes(&text, 0, |at| slow_odd.push(at));
                prop_assert_eq!(wide, slow);
                prop_assert_eq!(odd, slow_odd);
            }
        }
    }

    #[test]
    fn every_byte_has_the_same_class() {
        for byte in 0..=255u8 {
            let block = [byte; 64];
            if available() {
                assert_eq!(Avx512::masks(&block), Portable::masks(&block), "{byte:#x}");
            }
        }
    }
}
