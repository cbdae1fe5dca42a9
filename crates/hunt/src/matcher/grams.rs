//! Many literals by samples: of every fourth place of a text four bytes are looked at.
//!
//! A literal of at least seven bytes holds, wherever it stands, four bytes that begin at a multiple of
//! four. So four groups of four bytes are kept for each literal, and one place in four of the text is
//! asked for, by one bit of a small table. That takes both cases in one look, and hardly more time
//! for thousands of literals than for ten. Shorter literals are sampled more densely.

/// Literals of a range of lengths, sampled at every `S`-th place.
#[derive(Clone, Debug)]
pub(super) struct Grams<const S: usize> {
    bits: Vec<u64>,
    /// Four bytes, the literal, and where in it they stand; sorted.
    places: Vec<(u32, u32, u32)>,
}

impl<const S: usize> Default for Grams<S> {
    fn default() -> Self {
        Self { bits: Vec::new(), places: Vec::new() }
    }
}

/// Words of the table of bits, 8 KB: it stays in the first cache.
const WORDS: usize = 1024;

impl<const S: usize> Grams<S> {
    /// The length from which a literal can be sampled so.
    pub(super) const SHORTEST: usize = 3 + S;

    /// Takes those of the literals (in lower case) that `wanted` says.
    pub(super) fn new(literals: &[Vec<u8>], wanted: impl Fn(&[u8]) -> bool) -> Self {
        let mut places = Vec::new();
        for (number, literal) in literals.iter().enumerate() {
            if literal.len() < Self::SHORTEST || !wanted(literal) {
                continue;
            }
            let weight = |at: usize| {
                literal[at..at + Self::SHORTEST].iter().map(|b| super::literals::weight(*b)).sum()
            };
            let best = (0..=literal.len() - Self::SHORTEST).min_by_key(|at| -> u32 { weight(*at) });
            let from = best.unwrap_or(0);
            for at in from..from + S {
                if let Some(four) = literal[at..].first_chunk::<4>() {
                    places.push((gram(four), number as u32, at as u32));
                }
            }
        }
        places.sort_unstable();
        if places.is_empty() {
            return Self::default();
        }
        let mut bits = vec![0u64; WORDS];
        for (gram, ..) in &places {
            let bit = bit_of(*gram);
            bits[bit >> 6] |= 1 << (bit & 63);
        }
        Self { bits, places }
    }

    /// Tells every place where a literal may begin, with its number.
    pub(super) fn find(&self, text: &[u8], tell: &mut impl FnMut(usize, usize)) {
        let Some(bits) = self.bits.first_chunk::<WORDS>() else { return };
        let mut passed = [0u32; 16];
        // Sixteen places at a time; the last of them reads three bytes more.
        let step = 16 * S;
        let mut from = 0;
        while let Some(piece) = text.get(from..from + step + 3) {
            let mut count = 0;
            for number in 0..16 {
                let at = number * S;
                let four = [piece[at], piece[at + 1], piece[at + 2], piece[at + 3]];
                let bit = bit_of(gram(&four));
                passed[count & 15] = at as u32;
                count += (bits[bit >> 6 & (WORDS - 1)] >> (bit & 63) & 1) as usize;
            }
            for &at in &passed[..count.min(16)] {
                self.look(text, from + at as usize, tell);
            }
            from += step;
        }
        for at in (from..text.len()).step_by(S) {
            self.look(text, at, tell);
        }
    }

    fn look(&self, text: &[u8], at: usize, tell: &mut impl FnMut(usize, usize)) {
        let Some(four) = text.get(at..).and_then(|t| t.first_chunk::<4>()) else { return };
        let gram = gram(four);
        let from = self.places.partition_point(|place| place.0 < gram);
        for &(_, literal, inner) in self.places[from..].iter().take_while(|p| p.0 == gram) {
            if let Some(start) = at.checked_sub(inner as usize) {
                tell(start, literal as usize);
            }
        }
    }
}

/// Four bytes in either case.
#[inline(always)]
fn gram(four: &[u8; 4]) -> u32 {
    u32::from_le_bytes(*four) | 0x2020_2020
}

#[inline(always)]
fn bit_of(gram: u32) -> usize {
    (gram.wrapping_mul(0x9e37_79b1) >> 16) as usize
}
