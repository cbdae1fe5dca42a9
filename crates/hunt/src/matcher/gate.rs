//! A table of bits that turns away most tokens before they are parted and hashed, by their last bytes.
//!
//! A token, and the last labels of it, end with the same bytes; so one look at the last eight tells whether any
//! indicator of at least so many bytes can stand there. Shorter ones are told by their last four.

use super::hash;
use super::mapped::Near;
use super::simd;

/// Words of the bits for short indicators.
const SHORT: usize = 64;
/// Every token that is found has so many bytes.
const SHORTEST: usize = 4;
/// Bytes of a tail.
const TAIL: usize = 8;

/// Which last bytes the indicators have.
#[derive(Debug)]
pub(super) struct Gate {
    short: [u64; SHORT],
    tails: Vec<u8>,
    /// The same in large pages, where they are many.
    near: Option<Near>,
}

impl Default for Gate {
    fn default() -> Self {
        Self { short: [0; SHORT], tails: vec![0; 8], near: None }
    }
}

/// A gate while it is looked at.
#[derive(Clone, Copy)]
pub(super) struct Open<'g> {
    short: &'g [u64; SHORT],
    tails: &'g [[u8; 8]],
    shift: u32,
}

/// What the last bytes of a token tell, and which bit is still to be asked for.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Asked {
    bit: u32,
    passes: bool,
}

impl Gate {
    /// The gate of indicators with these tokens.
    pub(super) fn of(tokens: &Tails) -> Self {
        let bits = (tokens.long.len() * 10).max(64).ilog2();
        let mut tails = vec![0u64; 1 << (bits - 6)];
        for tail in &tokens.long {
            let bit = bit_of(*tail, 64 - bits);
            tails[bit >> 6] |= 1 << (bit & 63);
        }
        let tails = tails.iter().flat_map(|word| word.to_le_bytes()).collect();
        Self { short: tokens.short, tails, near: None }
    }

    pub(super) fn to_bytes(&self) -> Vec<u8> {
        let short = self.short.iter().flat_map(|word| word.to_le_bytes());
        short.chain(self.tails.iter().copied()).collect()
    }

    /// Reads what [`Self::to_bytes`] wrote; `None` for another length.
    pub(super) fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (short, tails) = bytes.split_at_checked(SHORT * 8)?;
        let short: [[u8; 8]; SHORT] = short.as_chunks::<8>().0.try_into().ok()?;
        if !tails.len().is_power_of_two() || tails.len() < 8 {
            return None;
        }
        let near = Near::of(tails);
        let tails = if near.is_some() { Vec::new() } else { tails.to_vec() };
        Some(Self { short: short.map(u64::from_le_bytes), tails, near })
    }

    #[inline(always)]
    pub(super) fn open(&self) -> Open<'_> {
        let tails = self.near.as_ref().map_or(&self.tails[..], Near::bytes);
        let tails = tails.as_chunks::<8>().0;
        Open { short: &self.short, tails, shift: 64 - (tails.len() * 64).max(64).ilog2() }
    }
}

impl Open<'_> {
    /// Asks for a token by its last bytes; the answer is [`Self::lets`].
    #[inline(always)]
    pub(super) fn ask(&self, text: &[u8], end: usize) -> Asked {
        let Some(tail) = hash::tail(text, end) else { return Asked { bit: 0, passes: true } };
        // Behind the last letter or digit a token may go on with a mark.
        let last = (tail >> 56) as u8;
        let is_end = (last.wrapping_sub(b'0') < 10) | (last.wrapping_sub(b'a') < 26);
        let short = short_of(tail);
        let passes = self.short[short >> 6 & (SHORT - 1)] >> (short & 63) & 1 != 0;
        let bit = bit_of(tail, self.shift);
        if let Some(word) = self.tails.get(bit >> 6) {
            simd::fetch(word);
        }
        Asked { bit: bit as u32, passes: passes | !is_end }
    }

    /// Whether a token may be an indicator, or its last labels.
    #[inline(always)]
    pub(super) fn lets(&self, asked: Asked) -> bool {
        let word = self.tails.get((asked.bit >> 6) as usize).copied().unwrap_or_default();
        asked.passes | (u64::from_le_bytes(word) >> (asked.bit & 63) & 1 != 0)
    }
}

/// The tails of tokens, from which a gate is made.
#[derive(Debug)]
pub(super) struct Tails {
    short: [u64; SHORT],
    long: Vec<u64>,
}

impl Default for Tails {
    fn default() -> Self {
        Self { short: [0; SHORT], long: Vec::new() }
    }
}

impl Tails {
    /// Lets tokens pass that end like this one; hashes of files, which have no dot, are found in another way.
    pub(super) fn add(&mut self, token: &[u8]) {
        if !token.contains(&b'.') {
            return;
        }
        let tail = hash::last_word(token, token.len().min(TAIL));
        if token.len() >= TAIL {
            self.long.push(tail);
        } else if token.len() >= SHORTEST {
            let bit = short_of(tail);
            self.short[bit >> 6] |= 1 << (bit & 63);
        }
    }
}

#[inline(always)]
fn bit_of(tail: u64, shift: u32) -> usize {
    (hash::small(tail) >> (shift & 63)) as usize
}

/// The bit of the last four bytes.
#[inline(always)]
fn short_of(tail: u64) -> usize {
    (hash::small(tail >> 32) >> 52) as usize
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn what_ends_with_an_indicator_passes(
            tokens in proptest::collection::vec("[a-zA-Z0-9]{1,9}\\.[a-z0-9.]{1,9}[a-z0-9]", 1..40),
            before in "[ -~]{0,20}",
            saved: bool,
        ) {
            let mut tails = Tails::default();
            for token in &tokens {
                tails.add(token.as_bytes());
            }
            let mut gate = Gate::of(&tails);
            if saved {
                gate = Gate::from_bytes(&gate.to_bytes()).unwrap();
            }
            let open = gate.open();
            for token in &tokens {
                for text in [format!("{before}{token}"), format!("{before}x.{}", token.to_uppercase())] {
                    let asked = open.ask(text.as_bytes(), text.len());
                    prop_assert!(open.lets(asked), "{}", text);
                }
            }
        }
    }

    #[test]
    fn most_others_do_not() {
        let mut tails = Tails::default();
        for number in 0..5000 {
            tails.add(format!("host{number}.example.net").as_bytes());
            tails.add(format!("{}.{}.13.7", number % 250, number / 250).as_bytes());
        }
        let gate = Gate::of(&tails);
        let lets = |number: u32| {
            let text = format!("GET http://{number:x}.other.org");
            gate.open().lets(gate.open().ask(text.as_bytes(), text.len()))
        };
        assert!((0..10_000).filter(|number| lets(*number)).count() < 2_500);
        assert!(Gate::from_bytes(&[0; 100]).is_none());
    }
}
