//! Finds the runs of bytes that may be an indicator, without a branch for every byte.
//!
//! A token is a run of `[A-Za-z0-9._@-]` or bytes above ASCII. Only tokens that hold a dot (or, when
//! hashes are looked for, are at least 32 long) can be indicators. Adding the marks to the mask of
//! tokens makes a carry run to the end of exactly those runs, across words.

/// A token, or the last labels of one, with its hash.
#[derive(Clone, Copy, Debug)]
pub(super) struct Candidate {
    pub hash: u64,
    /// First byte of the candidate.
    pub start: usize,
    /// One past its last byte.
    pub end: usize,
    /// Whether the candidate is the token from its first byte.
    pub whole: bool,
    /// Whether it is four numbers with dots between.
    pub is_address: bool,
}

const SEED: u64 = 0x9e37_79b9_7f4a_7c15;
/// Host names have at most 253 bytes; longer tokens are no indicators.
const LONGEST: usize = 320;
const BATCH: usize = 1024;

#[inline]
fn step(hash: u64, byte: u8) -> u64 {
    // `| 0x20` folds the case and is injective on the ASCII bytes of a token. Turning by 7 takes two
    // cycles a byte where a multiplication takes five; what it mixes too little, `mix` makes good, and
    // tokens that still meet are told apart by comparison.
    hash.rotate_left(7) ^ u64::from(byte | 0x20)
}

#[inline]
fn mix(hash: u64) -> u64 {
    let hash = (hash ^ (hash >> 33)).wrapping_mul(0xff51_afd7_ed55_8ccd);
    let hash = (hash ^ (hash >> 33)).wrapping_mul(0xc4ce_b9fe_1a85_ec53);
    hash ^ (hash >> 33)
}

/// The hash of a whole token, in any case of letters.
pub(super) fn key(token: &[u8]) -> u64 {
    mix(token.iter().rev().fold(SEED, |hash, &byte| step(hash, byte)))
}

fn is_token_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'@' | b'-') || byte >= 0x80
}

/// Whether all bytes belong to one token.
pub(super) fn is_token(text: &[u8]) -> bool {
    !text.is_empty() && text.iter().all(|&b| is_token_byte(b))
}

/// Whether the scan would find this token: it has an inner dot or is long enough for a hash.
pub(super) fn is_marked(text: &[u8]) -> bool {
    let edge = |b: Option<&u8>| b.is_some_and(|b| !matches!(b, b'.' | b'_' | b'@' | b'-'));
    is_token(text)
        && text.len() <= LONGEST
        && edge(text.first())
        && edge(text.last())
        && (text.contains(&b'.') || text.len() >= 32)
}

/// Whether a run without letters may be an address or a hash.
#[inline]
fn may_be_address(run: &[u8]) -> bool {
    if run.len() > 15 {
        // `%2F` and the like before an address; hashes of digits only.
        return true;
    }
    let (mut dots, mut digits) = (0, 0);
    for &byte in run {
        if byte == b'.' {
            dots += 1;
            digits = 0;
        } else {
            digits += 1;
            if digits > 3 && dots > 0 {
                return false;
            }
        }
    }
    dots >= 3
}

/// Masks of 64 bytes: token bytes, and dots.
#[inline]
fn masks(block: &[u8; 64]) -> (u64, u64) {
    let mut token = [0u8; 64];
    let mut dot = [0u8; 64];
    for at in 0..64 {
        let b = block[at];
        let is_dot = u8::from(b == b'.');
        let letter = u8::from((b | 0x20).wrapping_sub(b'a') < 26);
        let digit = u8::from(b.wrapping_sub(b'0') < 10);
        let other = u8::from(b == b'_') | u8::from(b == b'-') | u8::from(b == b'@') | (b >> 7);
        token[at] = letter | digit | is_dot | other;
        dot[at] = is_dot;
    }
    (pack(&token), pack(&dot))
}

/// Gathers 64 bytes of 0 or 1 into bits.
#[inline]
fn pack(flags: &[u8; 64]) -> u64 {
    let mut bits = 0u64;
    for (at, eight) in flags.as_chunks::<8>().0.iter().enumerate() {
        let word = u64::from_le_bytes(*eight).wrapping_mul(0x0102_0408_1020_4080) >> 56;
        bits |= word << (at * 8);
    }
    bits
}

/// The tokens of one chunk of text.
pub(super) struct Tokens<'t> {
    text: &'t [u8],
    at: usize,
    long_runs: bool,
    carry: bool,
    previous: u64,
}

impl<'t> Tokens<'t> {
    pub(super) fn new(text: &'t [u8], long_runs: bool) -> Self {
        Self { text, at: 0, long_runs, carry: false, previous: 0 }
    }

    /// Adds the next candidates; `false` when the text is done.
    pub(super) fn fill(&mut self, out: &mut Vec<Candidate>) -> bool {
        // One block of blanks behind the text ends the last run.
        while self.at <= self.text.len() {
            let rest = &self.text[self.at..];
            let (token, dot) = if let Some(block) = rest.first_chunk::<64>() {
                masks(block)
            } else {
                let mut block = [b' '; 64];
                block[..rest.len()].copy_from_slice(rest);
                masks(&block)
            };
            let window = (u128::from(token) << 64) | u128::from(self.previous);
            let mut marks = dot;
            if self.long_runs {
                let mut long = window;
                for shift in [1, 2, 4, 8, 16] {
                    long &= long << shift;
                }
                marks |= (long >> 64) as u64;
            }
            let (sum, first) = token.overflowing_add(marks);
            let (sum, second) = sum.overflowing_add(u64::from(self.carry));
            // A carry can leave only through a token that reaches the end of the block.
            self.carry = first || second;
            let mut ends = sum & !token;
            while ends != 0 {
                let bit = ends.trailing_zeros();
                ends &= ends - 1;
                let end = self.at + bit as usize;
                let length = (window << (64 - bit)).leading_ones() as usize;
                let start =
                    if length >= 64 + bit as usize { self.far_start(end) } else { end - length };
                self.candidates_of(start, end, out);
            }
            self.previous = token;
            self.at += 64;
            if out.len() >= BATCH {
                return true;
            }
        }
        false
    }

    /// The start of a run longer than the window; runs beyond [`LONGEST`] are cut there.
    fn far_start(&self, end: usize) -> usize {
        let low = end.saturating_sub(LONGEST + 1);
        let run = self.text[low..end].iter().rev().take_while(|&&b| is_token_byte(b)).count();
        end - run
    }

    #[inline]
    fn candidates_of(&self, start: usize, end: usize, out: &mut Vec<Candidate>) {
        let text = self.text;
        let trim = |b: u8| matches!(b, b'.' | b'-' | b'_' | b'@');
        let (mut start, mut end) = (start, end.min(text.len()));
        while start < end && trim(text[start]) {
            start += 1;
        }
        while start < end && trim(text[end - 1]) {
            end -= 1;
        }
        if end - start > LONGEST || end - start < 4 {
            return;
        }
        let before = start.checked_sub(1).map(|at| text[at]);
        // `%2Fevil.example` and `\nevil.example`: the escape is no part of the token.
        let skip = match before {
            Some(b'%') if text[start..].len() > 3 && text[start + 1].is_ascii_hexdigit() => 2,
            Some(b'\\') if matches!(text[start], b'n' | b'r' | b't') => 1,
            Some(b'\\') if text[start] == b'u' && end - start > 8 => 5,
            _ => 0,
        };
        self.hash_run(start, end, start + skip, out);
    }

    /// Hashes a token from its end, so that the hash of every group of last labels is on the way.
    #[inline]
    fn hash_run(&self, start: usize, end: usize, inner: usize, out: &mut Vec<Candidate>) {
        let text = self.text;
        let from = out.len();
        // Numbers with dots that are no address are most of what has a dot in logs.
        let run = &text[start..end];
        if run.iter().fold(0, |bits, byte| bits | byte) & 0xc0 == 0 && !may_be_address(run) {
            return;
        }
        let mut hash = SEED;
        let (mut dots, mut letters) = (0u32, false);
        for at in (start..end).rev() {
            let byte = text[at];
            if byte == b'.' || byte == b'@' {
                if dots > 0 {
                    out.push(Candidate {
                        hash: mix(hash),
                        start: at + 1,
                        end,
                        whole: false,
                        is_address: false,
                    });
                }
                dots += 1;
            } else if !byte.is_ascii_digit() {
                letters = true;
            }
            if at + 1 == inner && inner > start {
                out.push(Candidate {
                    hash: mix(hash),
                    start: inner,
                    end,
                    whole: true,
                    is_address: dots == 3,
                });
            }
            hash = step(hash, byte);
        }
        let is_address = !letters && dots == 3 && end - start <= 15;
        if !letters && inner == start {
            out.truncate(from);
            if !is_address {
                // Numbers such as `10.0` or a long decimal; a hash may be all digits.
                if dots > 0 || end - start < 32 {
                    return;
                }
            }
        }
        out.push(Candidate { hash: mix(hash), start, end, whole: true, is_address });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn whole_tokens(text: &[u8], long: bool) -> Vec<(usize, usize)> {
        let mut tokens = Tokens::new(text, long);
        let mut out = Vec::new();
        while tokens.fill(&mut out) {}
        out.iter().filter(|c| c.whole).map(|c| (c.start, c.end)).collect()
    }

    #[test]
    fn a_token_may_stand_across_blocks_and_at_both_ends() {
        for pad in 0..140 {
            let text = format!("{}mail.example.org", "x ".repeat(pad));
            let at = pad * 2;
            assert_eq!(whole_tokens(text.as_bytes(), false), [(at, at + 16)], "{pad}");
        }
    }

    proptest! {
        #[test]
        fn masks_are_those_of_the_plain_definition(bytes in proptest::collection::vec(any::<u8>(), 64)) {
            let block: [u8; 64] = bytes.clone().try_into().unwrap();
            let (token, dot) = masks(&block);
            for (at, &byte) in bytes.iter().enumerate() {
                prop_assert_eq!(token >> at & 1 == 1, is_token_byte(byte));
                prop_assert_eq!(dot >> at & 1 == 1, byte == b'.');
            }
        }

        #[test]
        fn never_panics_and_stays_in_bounds(bytes in proptest::collection::vec(any::<u8>(), 0..700)) {
            for (start, end) in whole_tokens(&bytes, true) {
                prop_assert!(start < end && end <= bytes.len());
            }
        }
    }
}
