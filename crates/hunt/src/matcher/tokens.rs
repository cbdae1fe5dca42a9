//! From the runs of a piece to hashed candidates: shapes by counting bits, names with every group of
//! last labels.

use super::classes::{is_token_byte, is_word_byte};
use super::gate::{Asked, Gate};
use super::runs::Runs;
use super::{decode, hash};

/// Host names have at most 253 bytes; longer tokens are no indicators.
pub(super) const LONGEST: usize = 320;

/// A token, or the last labels of one: where it stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Span {
    /// First byte in the text.
    pub start: u32,
    /// Length in bytes.
    pub length: u16,
    /// Whether it is the token from its first byte, not only its last labels.
    pub whole: bool,
}

impl Span {
    pub(super) fn start(self) -> usize {
        self.start as usize
    }

    pub(super) fn end(self) -> usize {
        self.start as usize + self.length as usize
    }
}

/// What is to be looked for at all.
#[derive(Debug, Default)]
pub(super) struct Wanted {
    pub gate: Gate,
    pub tokens: bool,
    pub hashes: bool,
    /// Whether every IPv4 address is looked at, because it may lie in a network.
    pub addresses: bool,
}

#[derive(Clone, Copy, Debug, Default)]
struct Name {
    /// One past the last letter or digit.
    end: u32,
    /// Bytes from the first letter or digit on; 0 for a token that is longer than a window.
    length: u32,
    /// Dots and `@`; the top bit is the last byte. None in an address.
    marks: u64,
}

/// The candidates of one piece with their hashes.
#[derive(Clone, Debug, Default)]
pub(super) struct Candidates {
    /// Where they stand.
    pub spans: Vec<Span>,
    /// The hash of each.
    pub hashes: Vec<u64>,
    /// Which have more bytes than are hashed at once; the list keeps its room.
    long: Vec<u32>,
    /// What the gate says of every token; the list keeps its room.
    asked: Vec<Asked>,
    /// Ends of tokens that end as an indicator does; the list keeps its room.
    ends: Vec<u32>,
    /// The same with their shape; the list keeps its room.
    names: Vec<Name>,
    /// How many there are.
    count: usize,
    /// Ends of tokens that need a look at each byte: long ones, and those behind a backslash or `%`.
    slow: Vec<u32>,
    /// Words that may be text in base64.
    pub base64: Vec<(u32, u32)>,
    /// Where the last run of letters and digits ends that may be the hash of a file.
    hashed: usize,
    /// Places that may be the sign of another form.
    pub signs: Vec<u32>,
    /// Start and length of everything that is four numbers with dots between, when addresses are
    /// wanted.
    pub addresses: Vec<(u32, u32)>,
}

impl Candidates {
    /// Makes ready for another text.
    pub(super) fn begin(&mut self) {
        self.hashed = 0;
    }

    /// Replaces the candidates by those of a piece that begins at `base`.
    #[inline(always)]
    pub(super) fn fill(&mut self, text: &[u8], base: usize, runs: &Runs, wanted: &Wanted) {
        self.base64_words(text, base, runs);
        self.signs(text, base, runs);
        self.spans.clear();
        self.slow.clear();
        self.addresses.clear();
        if wanted.hashes {
            for &at in runs.long.get() {
                self.hash_of_file(text, base + at as usize);
            }
        }
        if !wanted.tokens {
            self.hash(text);
            return;
        }
        self.gate(text, base as u32, runs, wanted);
        self.shapes(base as u32, runs);
        if wanted.addresses {
            let numbers = self.names[..self.count].iter().filter(|n| n.marks == 0 && n.length > 0);
            self.addresses.extend(numbers.map(|n| (n.end - n.length, n.length)));
        }
        self.labels(text, wanted);
        for at in 0..self.slow.len() {
            self.look_closely(text, self.slow[at] as usize, wanted);
        }
        self.hash(text);
    }

    /// Keeps the words of at least sixteen bytes that begin like text in base64.
    #[inline(always)]
    fn base64_words(&mut self, text: &[u8], base: usize, runs: &Runs) {
        self.base64.clear();
        for &place in runs.base64.get() {
            let start = (base + place as usize).saturating_sub(15);
            let word = text.get(start..).unwrap_or(&[]);
            let is_text = |four: &[u8; 4]| decode::may_be_base64(*four);
            if !word.as_chunks::<4>().0.iter().take(2).all(is_text) {
                continue;
            }
            // Behind a slash or plus it is read up to the next one, all else over them: so no byte is
            // read more than twice.
            let is_part = start > 0 && matches!(text[start - 1], b'/' | b'+');
            let inside = |b: &&u8| is_word_byte(**b) || matches!(**b, b'/' | b'+') && !is_part;
            let length = word.iter().take_while(inside).count();
            if length >= 16 {
                self.base64.push((start as u32, (start + length) as u32));
            }
        }
    }

    /// Keeps the odd bytes that may be the sign of another form.
    #[inline(always)]
    fn signs(&mut self, text: &[u8], base: usize, runs: &Runs) {
        self.signs.clear();
        for &place in runs.signs.get() {
            let at = base + place as usize;
            if text.get(at) == Some(&b'%') {
                let three = text.get(at..).and_then(|t| t.first_chunk::<3>());
                if three.is_some_and(|three| decode::may_be_sign(*three)) {
                    self.signs.push(at as u32);
                }
                continue;
            }
            let opens = |at: &usize| matches!(text.get(*at), Some(b'[' | b'(' | b'{'));
            self.signs.extend(
                (2..=4).filter_map(|by| at.checked_sub(by)).find(opens).map(|at| at as u32),
            );
        }
        if runs.nul[1] {
            let piece = &text[base..text.len().min(base + super::PIECE)];
            self.signs.extend(memchr::memchr_iter(0, piece).map(|at| (base + at) as u32));
            self.signs.sort_unstable();
        }
    }

    /// The hash of a file stands between bytes that are no letters and digits.
    #[cold]
    fn hash_of_file(&mut self, text: &[u8], at: usize) {
        if at < self.hashed {
            return;
        }
        let is_one = |b: &&u8| b.is_ascii_alphanumeric();
        let before = text[..at].iter().rev().take(LONGEST + 1).take_while(is_one).count();
        let behind = text[at..].iter().take_while(is_one).count();
        self.hashed = at + behind;
        if (32..=LONGEST).contains(&(before + behind)) {
            let start = at - before;
            let length = (before + behind) as u16;
            self.spans.push(Span { start: start as u32, length, whole: true });
        }
    }

    /// Keeps the ends of tokens whose last bytes an indicator has, with no branch on the text.
    #[inline(always)]
    fn gate(&mut self, text: &[u8], base: u32, runs: &Runs, wanted: &Wanted) {
        let Self { ends, asked, .. } = self;
        let all = runs.ends.get();
        if ends.len() <= all.len() {
            ends.resize(all.len() + 1, 0);
            asked.resize(all.len() + 1, Asked::default());
        }
        let (ends, asked) = (&mut ends[..=all.len()], &mut asked[..all.len()]);
        let gate = wanted.gate.open();
        for (end, asked) in all.iter().zip(&mut *asked) {
            *asked = gate.ask(text, (base + end) as usize);
        }
        let mut kept = 0;
        for (end, asked) in all.iter().zip(asked) {
            if let Some(place) = ends.get_mut(kept) {
                *place = *end;
            }
            kept += usize::from(gate.lets(*asked) | wanted.addresses);
        }
        self.count = kept;
    }

    /// Tells by counting bits what looks like a name or an address.
    #[inline(always)]
    fn shapes(&mut self, base: u32, runs: &Runs) {
        let Self { ends, names, .. } = self;
        let ends = ends.get(..self.count).unwrap_or(&[]);
        if names.len() <= ends.len() {
            names.resize(ends.len() + 1, Name::default());
        }
        let names = &mut names[..=ends.len()];
        let mut kept = 0;
        for &end in ends {
            let window = runs.window(end);
            let is_long = window.length >= Runs::LONG;
            let alnum = window.alnum;
            let (last, first) = (alnum.leading_zeros() & 63, alnum.trailing_zeros() & 63);
            // From the first letter or digit to the last.
            let marks = (window.mark >> first << first) << last;
            // More marks are those of a version, or one is `@`.
            let is_address = (window.letter == 0) & (marks.count_ones() == 3) & !is_long;
            let length = if is_long { 0 } else { 64 - first - last };
            let marks = if is_address { 0 } else { marks };
            if let Some(name) = names.get_mut(kept) {
                *name = Name { end: base + end - last, length, marks };
            }
            kept += usize::from((alnum != 0) | is_long);
        }
        self.count = kept;
    }

    /// The places of the tokens, and of every group of their last labels.
    #[inline(always)]
    fn labels(&mut self, text: &[u8], wanted: &Wanted) {
        let Self { names, spans, slow, .. } = self;
        let mut count = spans.len();
        for &Name { end, length, marks } in &names[..self.count] {
            let start = (end - length) as usize;
            let escaped = escape(text, start);
            if (length == 0) | (escaped > 0) {
                // A number behind an escape may lie in a network.
                if length == 0 || wanted.addresses || count + 1 >= spans.len() {
                    slow.push(end);
                } else if u32::from(escaped) < length {
                    spans[count] = Span {
                        start: end - length + u32::from(escaped),
                        length: length as u16 - escaped,
                        whole: true,
                    };
                    count += 1;
                }
            }
            if count + 64 > spans.len() {
                spans.resize(spans.len() * 2 + 256, Span::default());
            }
            let free = &mut spans[count..][..64];
            let span = |length: u32, whole| Span {
                start: end.wrapping_sub(length),
                length: length as u16,
                whole,
            };
            free[0] = span(length, true);
            // The last mark has only the last label behind it.
            let mut marks = marks & !(1 << 63 >> (marks.leading_zeros() & 63));
            let more = marks.count_ones() as usize;
            for place in &mut free[1..3] {
                *place = span(marks.leading_zeros(), false);
                marks &= !(1 << 63 >> (marks.leading_zeros() & 63));
            }
            if more > 2 {
                for place in &mut free[3..=more.min(63)] {
                    *place = span(marks.leading_zeros(), false);
                    marks &= !(1 << 63 >> (marks.leading_zeros() & 63));
                }
            }
            count += usize::from(length > 0) + more;
        }
        spans.truncate(count);
    }

    /// First the end of all, then the rest of those that are longer.
    #[inline(always)]
    fn hash(&mut self, text: &[u8]) {
        let Self { spans, hashes, long, .. } = self;
        if hashes.len() < spans.len() {
            hashes.resize(spans.len(), 0);
            long.resize(spans.len(), 0);
        }
        let mut count = 0;
        for (number, (span, hash)) in spans.iter().zip(&mut *hashes).enumerate() {
            *hash = hash::short(text, span.end(), span.length as usize);
            if let Some(place) = long.get_mut(count) {
                *place = number as u32;
            }
            count += usize::from(span.length > 16);
        }
        for number in &long[..count.min(spans.len())] {
            let span = spans[*number as usize];
            hashes[*number as usize] = hash::of(text, span.end(), span.length as usize);
        }
    }

    /// The same for one token, byte by byte: those of 64 and more bytes, and those that may begin with
    /// the letters of an escape (`\nevil.example`, `%2Fevil.example`).
    #[cold]
    fn look_closely(&mut self, text: &[u8], end: usize, wanted: &Wanted) {
        let floor = end.saturating_sub(LONGEST + 8);
        let length = text[floor..end].iter().rev().take_while(|b| is_token_byte(**b)).count();
        let token = &text[end - length..end];
        let is_mark = |b: &u8| matches!(b, b'.' | b'@' | b'-' | b'_');
        let front = token.iter().take_while(|b| is_mark(b)).count();
        let back = token.iter().rev().take_while(|b| is_mark(b)).count();
        let (from, stop) = (end - length + front, end - back.min(length));
        if from >= stop {
            return;
        }
        if stop - from > LONGEST {
            // Too long for a name; its last labels may be one.
            let known = self.spans.len();
            self.all_labels(text, stop - LONGEST, stop, true, wanted);
            for span in &mut self.spans[known..] {
                span.whole = false;
            }
            return;
        }
        self.all_labels(text, from, stop, true, wanted);
        let skip = usize::from(escape(text, from));
        if skip > 0 && from + skip < stop {
            self.all_labels(text, from + skip, stop, false, wanted);
        }
    }

    fn all_labels(&mut self, text: &[u8], from: usize, stop: usize, labels: bool, wanted: &Wanted) {
        let token = &text[from..stop];
        let Some(dot) = memchr::memrchr(b'.', token) else { return };
        let digits = token.iter().all(|b| b.is_ascii_digit() || *b == b'.');
        let gate = wanted.gate.open();
        let passes = gate.lets(gate.ask(text, stop));
        if !(passes || digits && wanted.addresses) {
            return;
        }
        let marks = token.iter().enumerate().filter(|(_, b)| matches!(b, b'.' | b'@'));
        let starts = marks.map(|(at, _)| at + 1).filter(|at| labels && *at <= dot);
        for start in std::iter::once(0).chain(starts) {
            let length = stop - from - start;
            let span =
                Span { start: (from + start) as u32, length: length as u16, whole: start == 0 };
            self.spans.push(span);
            if digits && start == 0 && wanted.addresses {
                self.addresses.push((from as u32, (stop - from) as u32));
            }
        }
    }
}

/// How many letters at a token's beginning belong to an escape before it (`\\n`, `%2F`).
#[inline(always)]
fn escape(text: &[u8], start: usize) -> u16 {
    let before = text.get(start.wrapping_sub(1)).copied().unwrap_or(b' ');
    if (before != b'\\') & (before != b'%') {
        return 0;
    }
    match (before, text.get(start..).unwrap_or(&[])) {
        (b'\\', [b'n' | b'r' | b't' | b'b' | b'f', ..]) => 1,
        (b'\\', [b'u', ..]) => 5,
        (b'%', [a, b, ..]) if a.is_ascii_hexdigit() && b.is_ascii_hexdigit() => 2,
        _ => 0,
    }
}
