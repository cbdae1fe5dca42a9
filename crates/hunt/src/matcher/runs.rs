//! Finds the ends of the runs of bytes that may be an indicator, without a branch for every byte.
//!
//! Adding seeds to the mask of tokens makes a carry run to the end of exactly those tokens that hold a
//! seed, across words. Seeds are letters behind a mark, as every name has, and marks behind two others
//! with at most three bytes between, as every IPv4 address has; the many other numbers with dots of a log
//! have neither. Everything before that sum looks back only, from word to word, so that the compiler
//! makes it for several words at once.

use super::classes::Classify;

/// Words of 64 bytes in a piece: the piece and all that is kept of it stay in the first cache.
pub(super) const WORDS: usize = 128;
/// Bytes of a piece.
pub(super) const PIECE: usize = WORDS * 64;

/// One piece of a text.
pub(super) struct Input<'t> {
    /// The whole text.
    pub text: &'t [u8],
    /// Where the piece begins, a multiple of 64.
    pub at: usize,
    /// Whether the text ends with this piece.
    pub last: bool,
}

/// One bit a byte of a piece, behind the last word of the piece before; little-endian, so that 64 bits
/// can be taken from any byte on.
#[derive(Clone, Debug)]
#[repr(align(64))]
struct Row([[u8; 8]; WORDS + 1]);

impl Default for Row {
    fn default() -> Self {
        Self([[0; 8]; WORDS + 1])
    }
}

impl Row {
    #[inline(always)]
    fn get(&self, at: usize) -> u64 {
        u64::from_le_bytes(self.0[at])
    }

    #[inline(always)]
    fn set(&mut self, at: usize, word: u64) {
        self.0[at] = word.to_le_bytes();
    }

    /// A word and the one before.
    #[inline(always)]
    fn pair(&self, at: usize) -> (u64, u64) {
        (self.get(at), self.get(at - 1))
    }

    /// The bits before a place; the top bit is the last, and the lowest seven may be missing.
    #[inline(always)]
    fn before(&self, end: u32) -> u64 {
        let at = (end as usize).div_ceil(8).min(WORDS * 8);
        let eight = self.0.as_flattened()[at..].first_chunk::<8>();
        u64::from_le_bytes(eight.copied().unwrap_or_default()) << (end.wrapping_neg() & 7)
    }
}

/// Bits so many places behind others.
#[inline(always)]
fn back<const BY: u32>((now, before): (u64, u64)) -> u64 {
    now << BY | before >> (64 - BY)
}

/// Bits two to four places behind others.
#[inline(always)]
fn close(pair: (u64, u64)) -> u64 {
    back::<2>(pair) | back::<3>(pair) | back::<4>(pair)
}

/// The lowest bit of each eight that are all set.
#[inline(always)]
fn full(bits: u64) -> u64 {
    let pairs = bits & bits >> 1;
    let fours = pairs & pairs >> 2;
    fours & fours >> 4 & 0x0101_0101_0101_0101
}

/// What is known of the bytes of a piece.
#[derive(Clone, Debug, Default)]
struct Rows {
    token: Row,
    alnum: Row,
    letter: Row,
    mark: Row,
    word: Row,
    head: Row,
    bracket: Row,
    percent: Row,
    /// Marks close behind another.
    second: Row,
    /// Where a word begins that may be base64.
    start: Row,
    /// What makes a token a candidate.
    seed: Row,
    /// Fifteen bytes behind the beginning of a word that is most likely text in base64.
    base64: Row,
    /// Percent signs, and brackets that may close what an opening one near before began.
    sign: Row,
    /// Where 24 letters and digits in a row end, by eights: every hash of a file has them.
    long: Row,
}

impl Rows {
    /// Takes over the last word of the piece before.
    fn go_on(&mut self, filled: usize) {
        let Self {
            token,
            alnum,
            letter,
            mark,
            word,
            head,
            bracket,
            second,
            start,
            percent: _,
            seed: _,
            base64: _,
            sign: _,
            long: _,
        } = self;
        for row in [token, alnum, letter, mark, word, head, bracket, second, start] {
            row.0[0] = row.0[filled.min(WORDS)];
        }
    }

    #[inline(always)]
    fn classify<C: Classify>(&mut self, at: usize, block: &[u8; 64]) -> (u64, bool) {
        let masks = C::masks(block);
        self.alnum.set(at, masks.alnum);
        self.letter.set(at, masks.letter);
        self.mark.set(at, masks.mark);
        self.word.set(at, masks.word);
        self.head.set(at, masks.head);
        self.bracket.set(at, masks.bracket);
        self.percent.set(at, masks.percent);
        (masks.newline, masks.has_nul)
    }

    /// What follows from the classes of a word and of the word before.
    #[inline(always)]
    fn derive(&mut self, filled: usize) {
        let filled = filled.min(WORDS);
        for at in (0..filled).map(|at| at + 1) {
            let (mark, word) = (self.mark.pair(at), self.word.pair(at));
            self.token.set(at, mark.0 | word.0);
            self.second.set(at, mark.0 & close(mark));
            self.start.set(at, word.0 & !back::<1>(word) & self.head.get(at));
            let bracket = self.bracket.pair(at);
            self.sign.set(at, bracket.0 & close(bracket) | self.percent.get(at));
        }
        for at in (0..filled).map(|at| at + 1) {
            let second = self.second.pair(at);
            let letters = self.letter.get(at) & back::<1>(self.mark.pair(at));
            self.seed.set(at, second.0 & close(second) | letters);
            let (start, head) = (self.start.pair(at), self.head.pair(at));
            let heads = back::<11>(head) & back::<7>(head) & back::<3>(head);
            self.base64.set(at, back::<15>(start) & heads & self.word.get(at));
            let alnum = self.alnum.pair(at);
            let full = (full(alnum.0), full(alnum.1));
            self.long.set(at, full.0 & back::<8>(full) & back::<16>(full));
        }
    }
}

/// Places in a piece, in order.
#[derive(Clone, Debug)]
pub(super) struct Places {
    places: Vec<u32>,
    count: usize,
}

/// A word's places are written at once, so that some room must lie behind the last.
const ROOM: usize = PIECE + 64;

impl Default for Places {
    fn default() -> Self {
        Self { places: vec![0; ROOM], count: 0 }
    }
}

impl Places {
    #[inline(always)]
    pub(super) fn get(&self) -> &[u32] {
        self.places.get(..self.count).unwrap_or(&[])
    }
}

/// Writes the places of bits without a branch for each; gives the new count.
#[inline(always)]
fn put(places: &mut [u32; ROOM], count: usize, mut bits: u64, base: u32) -> usize {
    let more = bits.count_ones() as usize;
    // A piece has no more places than bytes.
    let free = &mut places[count & (PIECE - 1)..][..64];
    // Most words have at most two: writing two costs less than asking how many.
    for place in &mut free[..2] {
        *place = base + bits.trailing_zeros();
        bits &= bits.wrapping_sub(1);
    }
    if more > 2 {
        for place in &mut free[2..more.min(64)] {
            *place = base + bits.trailing_zeros();
            bits &= bits.wrapping_sub(1);
        }
    }
    count + more
}

/// What stands in a piece; places count from its beginning.
#[derive(Clone, Debug, Default)]
pub(super) struct Runs {
    rows: Box<Rows>,
    /// One past the last byte of each token that holds a seed.
    pub ends: Places,
    /// Fifteen bytes behind the beginning of words that are most likely text in base64.
    pub base64: Places,
    /// Percent signs, and brackets that stand close behind another.
    pub signs: Places,
    /// Where at least 24 letters and digits stand in a row.
    pub long: Places,
    /// Line feeds of all pieces so far, one bit a byte.
    pub newlines: Vec<u64>,
    /// Whether nobody asks for the line feeds, so that those of one piece are forgotten with the next.
    pub no_lines: bool,
    /// Whether any piece so far held a NUL, and whether the last did.
    pub nul: [bool; 2],
    carry: bool,
    filled: usize,
}

/// The bits of the bytes before a place, down to the beginning of the token that ends there.
#[derive(Clone, Copy, Debug)]
pub(super) struct Window {
    /// Bytes of the token; from [`Runs::LONG`] on the rest means nothing.
    pub length: u32,
    pub alnum: u64,
    pub letter: u64,
    pub mark: u64,
}

impl Runs {
    /// From this length on a token is looked at byte by byte.
    pub(super) const LONG: u32 = 57;

    /// Makes ready for another text.
    pub(super) fn begin(&mut self) {
        let Rows { token, alnum, letter, mark, word, head, bracket, second, start, .. } =
            &mut *self.rows;
        for row in [token, alnum, letter, mark, word, head, bracket, second, start] {
            row.0[0] = [0; 8];
        }
        self.newlines.clear();
        self.nul = [false; 2];
        self.carry = false;
        self.filled = 0;
    }

    /// The token that ends at a place.
    #[inline(always)]
    pub(super) fn window(&self, end: u32) -> Window {
        let length = self.rows.token.before(end).leading_ones();
        let run = !(u64::MAX.wrapping_shr(length));
        Window {
            length,
            alnum: self.rows.alnum.before(end) & run,
            letter: self.rows.letter.before(end) & run,
            mark: self.rows.mark.before(end) & run,
        }
    }
}

/// Reads one piece; the one before must have been read before.
#[inline(always)]
pub(super) fn find<C: Classify>(input: &Input<'_>, runs: &mut Runs) {
    let rest = input.text.get(input.at..).unwrap_or(&[]);
    let (blocks, tail) = rest[..rest.len().min(PIECE)].as_chunks::<64>();
    if runs.no_lines {
        runs.newlines.clear();
    }
    let known = runs.newlines.len();
    runs.newlines.resize(known + blocks.len() + usize::from(input.last), 0);
    let newlines = &mut runs.newlines[known..];
    runs.rows.go_on(runs.filled);
    let mut has_nul = false;
    let mut filled = blocks.len().min(WORDS);
    for (at, (block, newline)) in blocks[..filled].iter().zip(&mut *newlines).enumerate() {
        let nul;
        (*newline, nul) = runs.rows.classify::<C>(at + 1, block);
        has_nul |= nul;
    }
    if input.last && filled < WORDS {
        // A blank behind the text ends the last run.
        let mut block = [b' '; 64];
        block[..tail.len()].copy_from_slice(tail);
        filled += 1;
        let (newline, nul) = runs.rows.classify::<C>(filled, &block);
        has_nul |= nul;
        if let Some(last) = newlines.last_mut() {
            *last = newline;
        }
    }
    runs.filled = filled;
    runs.nul = [runs.nul[0] | has_nul, has_nul];
    runs.rows.derive(filled);
    let Runs { rows, ends, base64, signs, long, .. } = runs;
    let lists =
        [ends, base64, signs, long].map(|list| (&mut list.count, list.places.first_chunk_mut()));
    let [
        (end_count, Some(ends)),
        (base64_count, Some(base64)),
        (sign_count, Some(signs)),
        (long_count, Some(long)),
    ] = lists
    else {
        return;
    };
    let (mut carry, mut base) = (runs.carry, 0);
    [*end_count, *base64_count, *sign_count, *long_count] = [0; 4];
    let mut count = 0;
    for at in (0..filled).map(|at| at + 1) {
        let token = rows.token.get(at);
        let (sum, first) = token.overflowing_add(rows.seed.get(at));
        let (sum, second) = sum.overflowing_add(u64::from(carry));
        carry = first | second;
        count = put(ends, count, sum & !token, base);
        let rare = [rows.base64.get(at), rows.sign.get(at), rows.long.get(at)];
        if rare[0] | rare[1] | rare[2] != 0 {
            *base64_count = put(base64, *base64_count, rare[0], base);
            *sign_count = put(signs, *sign_count, rare[1], base);
            *long_count = put(long, *long_count, rare[2], base);
        }
        base += 64;
    }
    *end_count = count;
    runs.carry = carry;
}

/// Only line feeds and NULs of a whole text.
#[inline(always)]
pub(super) fn lines<C: Classify>(text: &[u8], runs: &mut Runs) {
    let (blocks, tail) = text.as_chunks::<64>();
    let mut end = [b' '; 64];
    end[..tail.len()].copy_from_slice(tail);
    runs.newlines.resize(blocks.len() + 1, 0);
    for (block, newline) in blocks.iter().chain([&end]).zip(&mut runs.newlines) {
        let masks = C::masks(block);
        *newline = masks.newline;
        runs.nul[0] |= masks.has_nul;
    }
}
