//! The masks by AVX2, and the choice between them and the portable ones when the program runs.
//!
//! `unsafe` here, and in the wider twin [`super::wide`], is a load from an array of known size, and the call of a
//! function that needs what the processor was asked for just before. The tests compare every mask
//! with the portable twin.
#![allow(unsafe_code)]

use super::buckets::{self, Columns};
use super::classes::Portable;
use super::runs::{self, Input, Runs};
use super::signs;
use super::tokens::{Candidates, Wanted};

/// Finds the runs of a piece of text with the best masks that this processor has.
pub(super) fn find(input: &Input<'_>, runs: &mut Runs) {
    #[cfg(target_arch = "x86_64")]
    if super::wide::available() {
        // SAFETY: the features of the function were just found on this processor.
        unsafe { super::wide::find(input, runs) };
        return;
    }
    #[cfg(target_arch = "x86_64")]
    if x86::available() {
        // SAFETY: the features of the function were just found on this processor.
        unsafe { x86::find(input, runs) };
        return;
    }
    runs::find::<Portable>(input, runs);
}

/// Finds the line feeds of a whole text.
pub(super) fn lines(text: &[u8], runs: &mut Runs) {
    #[cfg(target_arch = "x86_64")]
    if super::wide::available() {
        // SAFETY: the features of the function were just found on this processor.
        unsafe { super::wide::lines(text, runs) };
        return;
    }
    #[cfg(target_arch = "x86_64")]
    if x86::available() {
        // SAFETY: the features of the function were just found on this processor.
        unsafe { x86::lines(text, runs) };
        return;
    }
    runs::lines::<Portable>(text, runs);
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

/// Tells every place of a text where some bucket has all four bytes, in order; and, to `odd`, what [`odd_bytes`] tells:
/// one look at a text costs less than two.
pub(super) fn windows(
    columns: &Columns,
    text: &[u8],
    mut tell: impl FnMut(usize, u8),
    mut odd: impl FnMut(usize),
) {
    #[cfg(target_arch = "x86_64")]
    if x86::available() {
        // SAFETY: the features of the function were just found on this processor.
        let done = unsafe {
            if super::wide::available() {
                super::wide::windows(columns, text, &mut tell, &mut odd)
            } else {
                x86::windows(columns, text, &mut tell, &mut odd)
            }
        };
        buckets::windows(columns, text, done, tell);
        signs::odd_bytes(text, done, odd);
        return;
    }
    buckets::windows(columns, text, 0, tell);
    signs::odd_bytes(text, 0, odd);
}

/// Tells every place of a text where a percent sign, a backslash or the second of two quotes stands, in order.
pub(super) fn odd_bytes(text: &[u8], mut tell: impl FnMut(usize)) {
    #[cfg(target_arch = "x86_64")]
    if x86::available() {
        // SAFETY: the features of the function were just found on this processor.
        let done = unsafe { x86::odd_bytes(text, &mut tell) };
        signs::odd_bytes(text, done, tell);
        return;
    }
    signs::odd_bytes(text, 0, tell);
}

/// Asks for a word of a table some time before it is read, so that many come side by side.
#[inline(always)]
pub(super) fn fetch(word: &[u8; 8]) {
    #[cfg(target_arch = "x86_64")]
    {
        use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
        // SAFETY: every such processor has the instruction, which changes nothing.
        unsafe { _mm_prefetch::<_MM_HINT_T0>(word.as_ptr().cast()) };
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = word;
}

#[cfg(target_arch = "x86_64")]
pub(super) mod x86 {
    use std::arch::x86_64::{
        __m256i, _mm_loadu_si128, _mm256_and_si256, _mm256_broadcastsi128_si256, _mm256_cmpeq_epi8,
        _mm256_loadu_si256, _mm256_min_epu8, _mm256_movemask_epi8, _mm256_or_si256,
        _mm256_set1_epi8, _mm256_setr_epi8, _mm256_setzero_si256, _mm256_shuffle_epi8,
        _mm256_srli_epi16, _mm256_storeu_si256,
    };

    use crate::matcher::buckets::Columns;
    use crate::matcher::classes::{self, CLASS, Classify, Masks};
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
    pub(super) fn lines(text: &[u8], runs: &mut Runs) {
        runs::lines::<Avx2>(text, runs);
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

    /// The places up to the one that is given back; the last bytes of the text are left.
    #[target_feature(enable = "avx2,bmi1,bmi2,lzcnt,popcnt")]
    pub(super) fn windows(
        columns: &Columns,
        text: &[u8],
        tell: &mut impl FnMut(usize, u8),
        tell_odd: &mut impl FnMut(usize),
    ) -> usize {
        let (mut at, mut quoted) = (0, 0);
        while let Some(bytes) = text.get(at..).and_then(|t| t.first_chunk::<67>()) {
            let [low, high] = [0, 32].map(|from| bytes[from..].first_chunk::<32>());
            if let (Some(low), Some(high)) = (low, high) {
                // SAFETY: this function has the features.
                let mut places = unsafe { odd_places(low, high, &mut quoted) };
                while places != 0 {
                    tell_odd(at + places.trailing_zeros() as usize);
                    places &= places - 1;
                }
            }
            // SAFETY: this function has the features.
            unsafe {
                let (low, high) = eight(columns, bytes);
                let mut places = passed(low) | passed(high) << 32;
                if places != 0 {
                    let mut found = [[0u8; 32]; 2];
                    _mm256_storeu_si256(found[0].as_mut_ptr().cast(), low);
                    _mm256_storeu_si256(found[1].as_mut_ptr().cast(), high);
                    let found = found.as_flattened();
                    while places != 0 {
                        let place = places.trailing_zeros() as usize;
                        tell(at + place, found[place & 63]);
                        places &= places - 1;
                    }
                }
            }
            at += 64;
        }
        at
    }

    /// The places up to the one that is given back; the last bytes of the text are left.
    #[target_feature(enable = "avx2,bmi1,bmi2,lzcnt,popcnt")]
    pub(super) fn odd_bytes(text: &[u8], tell: &mut impl FnMut(usize)) -> usize {
        let (blocks, _) = text.as_chunks::<64>();
        let mut quoted = 0;
        for (number, block) in blocks.iter().enumerate() {
            let ([low, high], _) = block.as_chunks::<32>() else { continue };
            // SAFETY: this function has the features.
            let mut places = unsafe { odd_places(low, high, &mut quoted) };
            while places != 0 {
                tell(number * 64 + places.trailing_zeros() as usize);
                places &= places - 1;
            }
        }
        blocks.len() * 64
    }

    /// Where percent signs, backslashes and second quotes stand in 64 bytes; `quoted` says whether the byte before is a
    /// quote, and is set for the next.
    #[inline(always)]
    unsafe fn odd_places(low: &[u8; 32], high: &[u8; 32], quoted: &mut u64) -> u64 {
        // SAFETY: as the caller promises.
        let (odd, quotes) = unsafe {
            let (low, high) = (odd(low), odd(high));
            (low.0 | high.0 << 32, low.1 | high.1 << 32)
        };
        let places = odd | quotes & (quotes << 1 | *quoted);
        *quoted = quotes >> 63;
        places
    }

    /// Where percent signs and backslashes stand, and where quotes.
    #[inline(always)]
    unsafe fn odd(bytes: &[u8; 32]) -> (u64, u64) {
        // SAFETY: as the caller promises; 32 bytes stand behind the reference.
        unsafe {
            let text = _mm256_loadu_si256(bytes.as_ptr().cast());
            let odd = _mm256_or_si256(equal(text, b'%'), equal(text, b'\\'));
            (u64::from(bits(odd)), u64::from(bits(equal(text, b'"'))))
        }
    }

    #[inline(always)]
    unsafe fn equal(text: __m256i, byte: u8) -> __m256i {
        // SAFETY: as the caller promises.
        unsafe { _mm256_cmpeq_epi8(text, _mm256_set1_epi8(byte.cast_signed())) }
    }

    /// Which of 32 places have any bucket.
    #[inline(always)]
    unsafe fn passed(buckets: __m256i) -> u64 {
        // SAFETY: as the caller promises.
        unsafe { u64::from(!bits(_mm256_cmpeq_epi8(buckets, _mm256_setzero_si256()))) }
    }

    /// For each of 64 places the buckets of the four bytes that begin there.
    #[inline(always)]
    unsafe fn eight(columns: &Columns, bytes: &[u8; 67]) -> (__m256i, __m256i) {
        // SAFETY: as the caller promises; 64 bytes stand behind each of the four places.
        unsafe {
            let nibble = _mm256_set1_epi8(0x0f);
            let mut all = (_mm256_set1_epi8(-1), _mm256_set1_epi8(-1));
            for (number, [low, high]) in columns.iter().enumerate() {
                let (low, high) = (both(low), both(high));
                let text = _mm256_loadu_si256(bytes[number..].as_ptr().cast());
                all.0 = _mm256_and_si256(all.0, column(low, high, text, nibble));
                let text = _mm256_loadu_si256(bytes[number + 32..].as_ptr().cast());
                all.1 = _mm256_and_si256(all.1, column(low, high, text, nibble));
            }
            all
        }
    }

    /// The buckets that have each byte in one column.
    #[inline(always)]
    unsafe fn column(low: __m256i, high: __m256i, text: __m256i, nibble: __m256i) -> __m256i {
        // SAFETY: as the caller promises.
        unsafe {
            let upper = _mm256_and_si256(_mm256_srli_epi16::<4>(text), nibble);
            _mm256_and_si256(_mm256_shuffle_epi8(low, text), _mm256_shuffle_epi8(high, upper))
        }
    }

    /// A table of 16 entries for both halves of a register.
    #[inline(always)]
    unsafe fn both(table: &[u8; 16]) -> __m256i {
        // SAFETY: as the caller promises; 16 bytes stand behind the reference.
        unsafe { _mm256_broadcastsi128_si256(_mm_loadu_si128(table.as_ptr().cast())) }
    }

    /// Masks by table look-ups of 16 entries: one gives the bit of a byte's upper half, one for each
    /// class the bits of those upper halves that have the class with the lower half.
    pub(crate) struct Avx2;

    /// The upper halves with which each lower half is in a class, one bit for each.
    const fn columns(class: u8) -> [i8; 16] {
        let mut table = [0i8; 16];
        let mut byte = 0;
        while byte < 128 {
            if CLASS[byte] & class != 0 {
                table[byte & 15] |= (1u8 << (byte >> 4)).cast_signed();
            }
            byte += 1;
        }
        table
    }

    /// The bit of each upper half. Bytes from 0x80 on get bits that no column has: `shuffle` gives 0 for
    /// them.
    const ROWS: [i8; 16] = [1, 2, 4, 8, 16, 32, 64, -128, -1, -1, -1, -1, -1, -1, -1, -1];

    // Without the feature in their own names, the following become part of [`find`], which has it; a
    // function with a feature would be called once a block.

    // SAFETY (of all that follow): the processor must have AVX2.
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

    /// 32 bytes, and the bits of their upper halves.
    #[derive(Clone, Copy)]
    struct Half {
        text: __m256i,
        rows: __m256i,
    }

    impl Half {
        #[inline(always)]
        unsafe fn of(bytes: &[u8; 32]) -> Self {
            // SAFETY: as the caller promises; 32 bytes stand behind the reference, and the load needs
            // no alignment.
            unsafe {
                let text = _mm256_loadu_si256(bytes.as_ptr().cast());
                let upper = _mm256_and_si256(_mm256_srli_epi16::<4>(text), _mm256_set1_epi8(0x0f));
                Self { text, rows: _mm256_shuffle_epi8(table(ROWS), upper) }
            }
        }

        #[inline(always)]
        unsafe fn class(self, columns: [i8; 16]) -> u32 {
            // SAFETY: as the caller promises.
            unsafe {
                let columns = _mm256_shuffle_epi8(table(columns), self.text);
                bits(_mm256_cmpeq_epi8(_mm256_and_si256(columns, self.rows), self.rows))
            }
        }

        #[inline(always)]
        unsafe fn equals(self, byte: u8) -> u32 {
            // SAFETY: as the caller promises.
            unsafe { bits(equal(self.text, byte)) }
        }
    }

    #[inline(always)]
    unsafe fn bits(vector: __m256i) -> u32 {
        // SAFETY: as the caller promises.
        unsafe { _mm256_movemask_epi8(vector).cast_unsigned() }
    }

    /// Both halves of a block. What is asked of them must become part of [`find`] in every build, so that none of it
    /// is a closure, whose inlining the compiler would weigh.
    #[derive(Clone, Copy)]
    struct Block {
        low: Half,
        high: Half,
    }

    impl Block {
        #[inline(always)]
        unsafe fn class(self, columns: [i8; 16]) -> u64 {
            // SAFETY: as the caller promises.
            unsafe {
                u64::from(self.low.class(columns)) | u64::from(self.high.class(columns)) << 32
            }
        }

        #[inline(always)]
        unsafe fn equals(self, byte: u8) -> u64 {
            // SAFETY: as the caller promises.
            unsafe { u64::from(self.low.equals(byte)) | u64::from(self.high.equals(byte)) << 32 }
        }

        #[inline(always)]
        unsafe fn has_nul(self) -> bool {
            // SAFETY: as the caller promises.
            unsafe {
                let least = _mm256_min_epu8(self.low.text, self.high.text);
                bits(_mm256_cmpeq_epi8(least, _mm256_setzero_si256())) != 0
            }
        }
    }

    impl Classify for Avx2 {
        #[inline(always)]
        fn masks(block: &[u8; 64]) -> Masks {
            let ([low, high], _) = block.as_chunks::<32>() else { return Masks::default() };
            // SAFETY: only [`find`], and tests that asked for the features, come here.
            unsafe {
                let block = Block { low: Half::of(low), high: Half::of(high) };
                Masks {
                    alnum: block.class(const { columns(classes::ALNUM) }),
                    letter: block.class(const { columns(classes::LETTER) }),
                    mark: block.class(const { columns(classes::MARK) }),
                    word: block.class(const { columns(classes::WORD) }),
                    head: block.class(const { columns(classes::HEAD) }),
                    bracket: block.class(const { columns(classes::BRACKET) }),
                    percent: block.equals(b'%'),
                    newline: block.equals(b'\n'),
                    has_nul: block.has_nul(),
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::classes::{Classify, Portable};
    use super::super::{buckets, signs};
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

    // Where the processor has AVX-512 nothing else reaches this form.
    #[cfg(target_arch = "x86_64")]
    proptest! {
        #[test]
        fn windows_are_those_of_the_portable_twin(
            columns in any::<[[[u8; 16]; 2]; 4]>(),
            text in proptest::collection::vec(prop_oneof![any::<u8>(), Just(b'"'), Just(b'%')], 0..400),
        ) {
            if super::x86::available() {
                let (mut fast, mut odd) = (Vec::new(), Vec::new());
                // SAFETY: the features were just found on this processor.
                let done = unsafe {
                    let (tell, tell_odd) =
                        (&mut |at, bits| fast.push((at, bits)), &mut |at| odd.push(at));
                    super::x86::windows(&columns, &text, tell, tell_odd)
                };
                // All but the last bytes are looked at here, or the twin would be asked of itself.
                prop_assert!(done + 67 > text.len());
                buckets::windows(&columns, &text, done, |at, bits| fast.push((at, bits)));
                signs::odd_bytes(&text, done, |at| odd.push(at));
                let (mut slow, mut slow_odd) = (Vec::new(), Vec::new());
                buckets::windows(&columns, &text, 0, |at, bits| slow.push((at, bits)));
                signs::odd_bytes(&text, 0, |at| slow_odd.push(at));
                prop_assert_eq!(fast, slow);
                prop_assert_eq!(odd, slow_odd);
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
