//! Which bytes stand where, as bit masks of 64 bytes: the portable form, and the definition.

/// One bit for each of 64 bytes, by class; bit 0 is the first byte.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Masks {
    /// `[A-Za-z0-9._@-]`: what addresses, names and hashes are made of.
    pub token: u64,
    /// `.`
    pub dot: u64,
    /// `[A-Za-z0-9]`
    pub alnum: u64,
    /// `[0-9]`
    pub digit: u64,
    /// `@`
    pub at: u64,
    /// Both alphabets of base64: letters, digits, `+/-_`.
    pub base64: u64,
    /// Line feed.
    pub newline: u64,
    /// `%`, NUL and what opens a bracket: the sign of text that is written in another form.
    pub odd: u64,
}

/// Makes masks; all implementations give the same.
pub(super) trait Classify {
    fn masks(block: &[u8; 64]) -> Masks;
}

const TOKEN: u8 = 1;
const DOT: u8 = 1 << 1;
const ALNUM: u8 = 1 << 2;
const DIGIT: u8 = 1 << 3;
const AT: u8 = 1 << 4;
const BASE64: u8 = 1 << 5;
const NEWLINE: u8 = 1 << 6;
const ODD: u8 = 1 << 7;

const CLASS: [u8; 256] = {
    let mut class = [0; 256];
    let mut byte = 0;
    while byte < 256 {
        class[byte] = match byte as u8 {
            b'0'..=b'9' => TOKEN | ALNUM | DIGIT | BASE64,
            b'A'..=b'Z' | b'a'..=b'z' => TOKEN | ALNUM | BASE64,
            b'.' => TOKEN | DOT,
            b'@' => TOKEN | AT,
            b'-' | b'_' => TOKEN | BASE64,
            b'+' | b'/' => BASE64,
            b'\n' => NEWLINE,
            b'%' | 0 | b'[' | b'(' | b'{' => ODD,
            _ => 0,
        };
        byte += 1;
    }
    class
};

/// Whether a byte can be part of a token.
#[inline]
pub(super) fn is_token_byte(byte: u8) -> bool {
    CLASS[byte as usize] & TOKEN != 0
}

/// The portable implementation.
pub(super) struct Portable;

impl Classify for Portable {
    #[inline(always)]
    fn masks(block: &[u8; 64]) -> Masks {
        let classes: [u8; 64] = std::array::from_fn(|at| CLASS[block[at] as usize]);
        let gather = |class: u8| {
            let mut bits = 0u64;
            for (at, eight) in classes.as_chunks::<8>().0.iter().enumerate() {
                let flags =
                    (u64::from_le_bytes(*eight) >> class.trailing_zeros()) & 0x0101_0101_0101_0101;
                bits |= (flags.wrapping_mul(0x0102_0408_1020_4080) >> 56) << (at * 8);
            }
            bits
        };
        Masks {
            token: gather(TOKEN),
            dot: gather(DOT),
            alnum: gather(ALNUM),
            digit: gather(DIGIT),
            at: gather(AT),
            base64: gather(BASE64),
            newline: gather(NEWLINE),
            odd: gather(ODD),
        }
    }
}
