//! Which bytes stand where, as bit masks of 64 bytes: the portable form, and the definition.

/// One bit for each of 64 bytes, by class; bit 0 is the first byte.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Masks {
    /// `[A-Za-z0-9]`
    pub alnum: u64,
    /// `[A-Za-z]`
    pub letter: u64,
    /// `.` and `@`: what parts a token.
    pub mark: u64,
    /// `[A-Za-z0-9_-]`: with marks, what addresses, names and hashes are made of; and base64, but for
    /// `+` and `/`, which stand between words too.
    pub word: u64,
    /// What can begin four characters of base64 that stand for text.
    pub head: u64,
    /// `()[]{}`
    pub bracket: u64,
    /// `%`
    pub percent: u64,
    /// Line feed.
    pub newline: u64,
    /// Whether any of the bytes is NUL.
    pub has_nul: bool,
}

/// Makes masks; all implementations give the same.
pub(super) trait Classify {
    fn masks(block: &[u8; 64]) -> Masks;
}

pub(super) const ALNUM: u8 = 1;
pub(super) const LETTER: u8 = 1 << 1;
pub(super) const MARK: u8 = 1 << 2;
pub(super) const WORD: u8 = 1 << 3;
pub(super) const HEAD: u8 = 1 << 4;
pub(super) const BRACKET: u8 = 1 << 5;
pub(super) const PERCENT: u8 = 1 << 6;

/// The classes of every byte but the line feed.
pub(super) const CLASS: [u8; 256] = {
    let mut class = [0; 256];
    let mut byte = 0;
    while byte < 256 {
        class[byte] = match byte as u8 {
            b'0'..=b'9' => ALNUM | WORD,
            b'A'..=b'Z' | b'a'..=b'z' => ALNUM | LETTER | WORD,
            b'.' | b'@' => MARK,
            b'-' | b'_' => WORD,
            b'(' | b')' | b'[' | b']' | b'{' | b'}' => BRACKET,
            b'%' => PERCENT,
            _ => 0,
        };
        // The upper six bits of NUL, of a blank of some kind, or of 0x20 to 0x7f.
        if let b'A' | b'C' | b'D' | b'I'..=b'Z' | b'a'..=b'f' = byte as u8 {
            class[byte] |= HEAD;
        }
        byte += 1;
    }
    class
};

/// Whether a byte can be part of a token.
#[inline]
pub(super) fn is_token_byte(byte: u8) -> bool {
    CLASS[byte as usize] & (WORD | MARK) != 0
}

/// Whether a byte can be part of a word.
#[inline]
pub(super) fn is_word_byte(byte: u8) -> bool {
    CLASS[byte as usize] & WORD != 0
}

/// The portable implementation.
pub(super) struct Portable;

impl Classify for Portable {
    #[inline(always)]
    fn masks(block: &[u8; 64]) -> Masks {
        let classes: [u8; 64] = std::array::from_fn(|at| CLASS[block[at] as usize]);
        let newlines: [u8; 64] = std::array::from_fn(|at| u8::from(block[at] == b'\n'));
        Masks {
            alnum: gather(&classes, ALNUM),
            letter: gather(&classes, LETTER),
            mark: gather(&classes, MARK),
            word: gather(&classes, WORD),
            head: gather(&classes, HEAD),
            bracket: gather(&classes, BRACKET),
            percent: gather(&classes, PERCENT),
            newline: gather(&newlines, 1),
            has_nul: block.contains(&0),
        }
    }
}

/// One bit for each byte that has a class.
#[inline(always)]
fn gather(classes: &[u8; 64], class: u8) -> u64 {
    let mut bits = 0u64;
    for (at, eight) in classes.as_chunks::<8>().0.iter().enumerate() {
        let flags = (u64::from_le_bytes(*eight) >> class.trailing_zeros()) & 0x0101_0101_0101_0101;
        bits |= (flags.wrapping_mul(0x0102_0408_1020_4080) >> 56) << (at * 8);
    }
    bits
}
