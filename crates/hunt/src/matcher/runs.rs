//! Finds the ends of the runs of bytes that may be an indicator, without a branch for every byte.
//!
//! Adding marks to the mask of tokens makes a carry run to the end of exactly those tokens that hold a
//! mark, across words. Marks are letters behind a dot, as every name has, and dots behind two others
//! with at most three bytes between, as every IPv4 address has; the many other numbers with dots of a log
//! have neither. Runs of 16 and more base64 bytes come out by doubling shifts.

use super::classes::Classify;

/// Words of 64 bytes in a piece: all that is kept of a piece stays in the first cache.
pub(super) const WORDS: usize = 256;
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

/// The masks of 64 bytes that are needed when a run is looked at.
#[derive(Clone, Copy, Debug, Default)]
#[repr(align(64))]
struct Word {
    token: u64,
    dot: u64,
    alnum: u64,
    digit: u64,
    at: u64,
    base64: u64,
    odd: u64,
}

/// The 64 bytes before a place, as masks; the top bit is the last byte.
pub(super) struct Window<'r> {
    low: &'r Word,
    high: &'r Word,
    shift: u32,
}

impl Window<'_> {
    #[inline(always)]
    fn join(&self, low: u64, high: u64) -> u64 {
        low >> self.shift | (high << 1) << (63 - self.shift)
    }

    #[inline(always)]
    pub(super) fn token(&self) -> u64 {
        self.join(self.low.token, self.high.token)
    }

    #[inline(always)]
    pub(super) fn dot(&self) -> u64 {
        self.join(self.low.dot, self.high.dot)
    }

    #[inline(always)]
    pub(super) fn alnum(&self) -> u64 {
        self.join(self.low.alnum, self.high.alnum)
    }

    #[inline(always)]
    pub(super) fn digit(&self) -> u64 {
        self.join(self.low.digit, self.high.digit)
    }

    #[inline(always)]
    pub(super) fn at(&self) -> u64 {
        self.join(self.low.at, self.high.at)
    }

    #[inline(always)]
    pub(super) fn base64(&self) -> u64 {
        self.join(self.low.base64, self.high.base64)
    }
}

/// Writes the places of bits without a branch for each; gives the new count.
#[inline(always)]
fn put(places: &mut [u32], count: usize, mut bits: u64, base: u32) -> usize {
    let more = bits.count_ones() as usize;
    let Some(free) = places.get_mut(count..) else { return count };
    // Most words have at most two: writing two costs less than asking how many.
    if let Some(two) = free.first_chunk_mut::<2>() {
        for place in two {
            *place = base + bits.trailing_zeros();
            bits &= bits.wrapping_sub(1);
        }
    }
    if more > 2 {
        for place in free.iter_mut().take(more).skip(2) {
            *place = base + bits.trailing_zeros();
            bits &= bits.wrapping_sub(1);
        }
    }
    count + more
}

/// Places in a piece.
#[derive(Clone, Debug)]
pub(super) struct Places {
    places: Vec<u32>,
    count: usize,
}

impl Places {
    fn new() -> Self {
        Self { places: vec![0; PIECE + 128], count: 0 }
    }

    /// The places, in order.
    pub(super) fn get(&self) -> &[u32] {
        self.places.get(..self.count).unwrap_or(&[])
    }
}

/// What stands in a piece; places count from its beginning.
#[derive(Clone, Debug)]
pub(super) struct Runs {
    /// Behind the last word of the piece before.
    words: Box<[Word; WORDS + 2]>,
    /// One past the last byte of each token in which a letter stands behind a dot.
    pub names: Places,
    /// One past the last byte of each token with three dots close together.
    pub addresses: Places,
    /// One past the last byte of each run of at least 16 base64 bytes.
    pub long: Places,
    /// Bytes of the class `odd`.
    pub odd: Places,
    /// Line feeds of all pieces so far.
    pub newlines: Vec<u64>,
    state: State,
    filled: usize,
}

/// What goes on from one word to the next: bits that were shifted out of the last.
#[derive(Clone, Copy, Debug, Default)]
struct State {
    carries: [bool; 2],
    /// Whether the last byte was a dot.
    dot: u64,
    /// Bits close behind the dots, and behind the second dots, of the last word.
    close: [u64; 2],
    /// Of the runs of 1, 2, 4, 8 and 16 base64 bytes.
    doubled: [u64; 5],
}

/// Bits two to four places behind others, with those that the word before passed on.
#[inline(always)]
fn close(now: u64, passed: &mut u64) -> u64 {
    let near = (now | now << 1 | now << 2) << 2 | *passed;
    let top = now >> 60;
    *passed = top | top >> 1 | top >> 2;
    near
}

/// Ends of the tokens that hold a mark; the carry of the sum goes on to the next word.
#[inline(always)]
fn ends(token: u64, marks: u64, carry: &mut bool) -> u64 {
    let (sum, first) = token.overflowing_add(marks);
    let (sum, second) = sum.overflowing_add(u64::from(*carry));
    *carry = first | second;
    sum & !token
}

/// The bits where a run of `2 * by` ends, given those where a run of `by` does.
#[inline(always)]
fn double(now: u64, passed: &mut u64, by: u32) -> u64 {
    let both = now & (now << by | *passed);
    *passed = now >> (64 - by);
    both
}

impl State {
    /// Ends of the tokens that hold a mark of a name, and of an address.
    #[inline(always)]
    fn dotted(&mut self, word: &Word) -> [u64; 2] {
        let [behind_dot, behind_second] = &mut self.close;
        let second = word.dot & close(word.dot, behind_dot);
        let third = second & close(second, behind_second);
        let letters = word.alnum & !word.digit & (word.dot << 1 | self.dot);
        self.dot = word.dot >> 63;
        let [names, addresses] = &mut self.carries;
        [ends(word.token, letters, names), ends(word.token, third, addresses)]
    }

    /// Ends of the runs of at least 16 base64 bytes.
    #[inline(always)]
    fn long(&mut self, one: u64) -> u64 {
        let [first, second, third, fourth, last] = &mut self.doubled;
        let two = double(one, first, 1);
        let four = double(two, second, 2);
        let eight = double(four, third, 4);
        let sixteen = double(eight, fourth, 8);
        let long = !one & (sixteen << 1 | *last);
        *last = sixteen >> 63;
        long
    }
}

impl Default for Runs {
    // 16 KB, on the heap at once.
    #[allow(clippy::large_stack_arrays)]
    fn default() -> Self {
        Self {
            words: Box::new([Word::default(); WORDS + 2]),
            names: Places::new(),
            addresses: Places::new(),
            long: Places::new(),
            odd: Places::new(),
            newlines: Vec::new(),
            state: State::default(),
            filled: 0,
        }
    }
}

impl Runs {
    /// Makes ready for another text.
    pub(super) fn begin(&mut self) {
        self.words[0] = Word::default();
        self.newlines.clear();
        self.state = State::default();
        self.filled = 0;
    }

    /// The 64 bytes before `end`, which counts from the beginning of the piece.
    #[inline(always)]
    pub(super) fn window(&self, end: u32) -> Window<'_> {
        let word = ((end >> 6) as usize).min(WORDS);
        Window { low: &self.words[word], high: &self.words[word + 1], shift: end & 63 }
    }
}

/// Reads one piece; the one before must have been read before.
#[inline(always)]
pub(super) fn find<C: Classify>(input: &Input<'_>, runs: &mut Runs) {
    let rest = input.text.get(input.at..).unwrap_or(&[]);
    let (blocks, tail) = rest[..rest.len().min(PIECE)].as_chunks::<64>();
    let known = runs.newlines.len();
    runs.newlines.resize(known + blocks.len() + usize::from(input.last), 0);
    let newlines = &mut runs.newlines[known..];
    runs.words[0] = runs.words[runs.filled.min(WORDS + 1)];
    // A blank behind the text ends the last run.
    let mut end = [b' '; 64];
    end[..tail.len()].copy_from_slice(tail);
    let end = input.last.then_some(&end);
    // First the masks of all blocks, then what follows from them: each has the registers for itself.
    let places = runs.words[1..].iter_mut().zip(newlines);
    for (block, (word, newline)) in blocks.iter().zip(places) {
        (*word, *newline) = word_of::<C>(block);
    }
    runs.filled = blocks.len();
    if let Some(block) = end {
        let (word, newline) = word_of::<C>(block);
        runs.filled += 1;
        runs.words[runs.filled] = word;
        if let Some(last) = runs.newlines.last_mut() {
            *last = newline;
        }
    }
    let filled = runs.filled;
    let Runs { words, names, addresses, long, odd, state, .. } = runs;
    let mut now = *state;
    let mut counts = [0; 4];
    let mut base = 0;
    for word in words[1..].iter().take(filled) {
        let [name_ends, address_ends] = now.dotted(word);
        counts[0] = put(&mut names.places, counts[0], name_ends, base);
        if address_ends != 0 {
            counts[1] = put(&mut addresses.places, counts[1], address_ends, base);
        }
        let long_ends = now.long(word.base64);
        if long_ends != 0 {
            counts[2] = put(&mut long.places, counts[2], long_ends, base);
        }
        if word.odd != 0 {
            counts[3] = put(&mut odd.places, counts[3], word.odd, base);
        }
        base += 64;
    }
    *state = now;
    [names.count, addresses.count, long.count, odd.count] = counts;
}

#[inline(always)]
fn word_of<C: Classify>(block: &[u8; 64]) -> (Word, u64) {
    let masks = C::masks(block);
    let word = Word {
        token: masks.token,
        dot: masks.dot,
        alnum: masks.alnum,
        digit: masks.digit,
        at: masks.at,
        base64: masks.base64,
        odd: masks.odd,
    };
    (word, masks.newline)
}
