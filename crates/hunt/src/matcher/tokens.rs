//! From the runs of a piece to hashed candidates: shapes by counting bits, names with every group of
//! last labels.

use super::classes::is_token_byte;
use super::gate::Gate;
use super::runs::Runs;
use super::{decode, hash};

/// Host names have at most 253 bytes; longer tokens are no indicators.
pub(super) const LONGEST: usize = 320;

/// A token, or the last labels of one: where it stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
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
#[derive(Clone, Debug, Default)]
pub(super) struct Wanted {
    pub gate: Gate,
    pub tokens: bool,
    pub hashes: bool,
}

#[derive(Clone, Copy, Debug, Default)]
struct Name {
    end: u32,
    length: u32,
    /// Dots and `@`; the top bit is the last byte.
    marks: u64,
}

/// The candidates of one piece with their hashes.
#[derive(Clone, Debug, Default)]
pub(super) struct Candidates {
    /// Hash and place.
    pub all: Vec<(u64, Span)>,
    /// Four numbers with dots between: start and length.
    addresses: Vec<(u32, u32)>,
    names: Vec<Name>,
    /// Ends of tokens that need a look at each byte: long ones, and those behind a backslash or `%`.
    slow: Vec<u32>,
    /// How many names there are; the list keeps its room.
    count: usize,
    /// Long runs that may be text in base64.
    pub base64: Vec<(u32, u32)>,
    /// Long runs with 32 letters and digits in a row.
    pub hashes: Vec<(u32, u32)>,
    /// Places that may be the sign of another form.
    pub signs: Vec<u32>,
    /// Addresses that were found by a look at each byte.
    far: Vec<(u32, u32)>,
}

impl Candidates {
    /// Start and length of everything that is four numbers with dots between.
    pub(super) fn addresses(&self) -> impl Iterator<Item = (u32, u32)> {
        self.addresses.iter().chain(&self.far).copied()
    }

    /// Replaces the candidates by those of a piece that begins at `base`.
    #[inline(always)]
    pub(super) fn fill(&mut self, text: &[u8], base: usize, runs: &Runs, wanted: &Wanted) {
        self.long_runs(text, base, runs);
        self.odd_bytes(text, base, runs);
        self.all.clear();
        self.slow.clear();
        self.far.clear();
        self.addresses.clear();
        self.count = 0;
        if !wanted.tokens {
            return;
        }
        self.name_shapes(base as u32, runs);
        self.address_shapes(base as u32, runs);
        self.gates(text, wanted);
        self.hash_addresses(text);
        self.hash_names(text);
        for at in 0..self.slow.len() {
            self.look_closely(text, self.slow[at] as usize, wanted);
        }
    }

    /// Keeps the long runs that may be a hash or text in base64; most are identifiers.
    #[inline(always)]
    fn long_runs(&mut self, text: &[u8], base: usize, runs: &Runs) {
        self.base64.clear();
        self.hashes.clear();
        for &end in runs.long.get() {
            let window = runs.window(end);
            let length = window.base64().leading_ones();
            let stop = base + end as usize;
            let start = match length {
                64 => stop - text[..stop].iter().rev().take_while(|b| is_base64(**b)).count(),
                length => stop - length as usize,
            };
            // A path's slash is no part of what stands in it.
            let start = start + usize::from(text.get(start) == Some(&b'/'));
            let group = |at: usize| {
                text.get(start + at..)
                    .and_then(|t| t.first_chunk::<4>())
                    .copied()
                    .unwrap_or_default()
            };
            if decode::may_be_base64(group(0))
                && decode::may_be_base64(group(4))
                && stop - start >= 16
            {
                self.base64.push((start as u32, stop as u32));
            }
            let mut row = window.alnum();
            for by in [1, 2, 4, 8, 16] {
                row &= row >> by;
            }
            if (row != 0) | (length == 64) {
                self.hashes.push((start as u32, stop as u32));
            }
        }
    }

    /// Keeps the odd bytes that may be the sign of another form.
    #[inline(always)]
    fn odd_bytes(&mut self, text: &[u8], base: usize, runs: &Runs) {
        let odd = runs.odd.get();
        if self.signs.len() < odd.len() {
            self.signs.resize(odd.len(), 0);
        }
        let mut count = 0;
        for &place in odd {
            let at = base + place as usize;
            let three = text.get(at..).and_then(|t| t.first_chunk::<3>()).copied();
            if let Some(sign) = self.signs.get_mut(count) {
                *sign = at as u32;
            }
            count += usize::from(decode::may_be_sign(three.unwrap_or_default()));
        }
        self.signs.truncate(count);
    }

    /// Tells names by counting bits; nothing here branches on the text, or reads it.
    #[inline(always)]
    fn name_shapes(&mut self, base: u32, runs: &Runs) {
        let ends = runs.names.get();
        if self.names.len() < ends.len() {
            self.names.resize(ends.len(), Name::default());
        }
        self.count = ends.len();
        for (&end, name) in ends.iter().zip(&mut self.names) {
            let window = runs.window(end);
            let length = window.token().leading_ones();
            let run = !(u64::MAX.checked_shr(length).unwrap_or(0));
            // There is a letter, so that neither count is 64.
            let alnum = window.alnum() & run;
            let (last, first) = (alnum.leading_zeros() & 63, alnum.trailing_zeros() & 63);
            // From the first letter or digit to the last.
            let inner = u64::MAX << first & u64::MAX >> last;
            let marks = (window.dot() | window.at()) & inner;
            // A token that begins before the window has no length here.
            let size = if length >= 64 { 0 } else { 64 - first - last };
            *name = Name { end: base + end - last, length: size, marks: marks << last };
        }
    }

    /// The same for addresses.
    #[inline(always)]
    fn address_shapes(&mut self, base: u32, runs: &Runs) {
        self.addresses.clear();
        for &end in runs.addresses.get() {
            let window = runs.window(end);
            let length = window.token().leading_ones();
            let run = !(u64::MAX.checked_shr(length).unwrap_or(0));
            let alnum = window.alnum() & run;
            let (last, first) = (alnum.leading_zeros() & 63, alnum.trailing_zeros() & 63);
            let inner = u64::MAX << first & u64::MAX >> last;
            let dots = window.dot() & inner;
            let digits = window.digit() & inner;
            let size = 64 - first - last;
            let is_number = digits.count_ones() + dots.count_ones() == size;
            let fours = digits & digits << 1 & digits << 2 & digits << 3;
            if length >= 64 || !is_number {
                // `user@192.0.2.7`, `ip%3D192.0.2.7`
                self.slow.push(base + end);
            } else if dots.count_ones() == 3 && size <= 15 && fours == 0 {
                self.addresses.push((base + end - last - size, size));
            } else if dots.count_ones() == 3 {
                // `%20192.0.2.7`
                self.slow.push(base + end);
            }
        }
    }

    /// Keeps the addresses and names that begin and end as an indicator does.
    #[inline(always)]
    fn gates(&mut self, text: &[u8], wanted: &Wanted) {
        self.addresses.retain(|(start, _)| {
            let head = text.get(*start as usize..).and_then(|t| t.first_chunk::<4>());
            let head = head.copied().unwrap_or_default();
            let dots = u32::from(head[1] == b'.') | u32::from(head[2] == b'.') << 1 | 1 << 2;
            wanted.gate.lets_octet(head, dots.trailing_zeros() + 1)
        });
        let mut kept = 0;
        for at in 0..self.count.min(self.names.len()) {
            let name = self.names[at];
            let start = name.end.wrapping_sub(name.length) as usize;
            let before = text.get(start.wrapping_sub(1)).copied().unwrap_or(b' ');
            if (before == b'\\') | (before == b'%') | (name.length == 0) {
                self.slow.push(name.end);
            }
            self.names[kept] = name;
            let label = name.marks.leading_zeros() as usize;
            kept += usize::from(
                (name.length >= 4) & wanted.gate.lets_label(text, name.end as usize, label),
            );
        }
        self.count = kept;
    }

    #[inline(always)]
    fn hash_addresses(&mut self, text: &[u8]) {
        for &(start, length) in &self.addresses {
            let hash = hash::of(text, (start + length) as usize, length as usize);
            self.all.push((hash, Span { start, length: length as u16, whole: true }));
        }
    }

    #[inline(always)]
    fn hash_names(&mut self, text: &[u8]) {
        for &Name { end, length, marks } in &self.names[..self.count] {
            let hash = hash::of(text, end as usize, length as usize);
            let start = end - length;
            self.all.push((hash, Span { start, length: length as u16, whole: true }));
            // The last mark has only the last label behind it.
            let mut marks = marks & !(1 << 63 >> marks.leading_zeros().min(63));
            while marks != 0 {
                let part = marks.leading_zeros();
                marks &= !(1 << 63 >> part);
                let hash = hash::of(text, end as usize, part as usize);
                let start = end - part;
                self.all.push((hash, Span { start, length: part as u16, whole: false }));
            }
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
            let known = self.all.len();
            self.all_labels(text, stop - LONGEST, stop, true, wanted);
            for (_, span) in self.all.iter_mut().skip(known) {
                span.whole = false;
            }
            return;
        }
        self.all_labels(text, from, stop, true, wanted);
        let skip = match (from.checked_sub(1).map(|at| text[at]), &text[from..stop]) {
            (Some(b'\\'), [b'n' | b'r' | b't' | b'b' | b'f', ..]) => 1,
            (Some(b'\\'), [b'u', ..]) => 5,
            (Some(b'%'), [a, b, ..]) if a.is_ascii_hexdigit() && b.is_ascii_hexdigit() => 2,
            _ => return,
        };
        if from + skip < stop {
            self.all_labels(text, from + skip, stop, false, wanted);
        }
    }

    fn all_labels(&mut self, text: &[u8], from: usize, stop: usize, labels: bool, wanted: &Wanted) {
        let token = &text[from..stop];
        let Some(dot) = memchr::memrchr(b'.', token) else { return };
        let digits = token.iter().all(|b| b.is_ascii_digit() || *b == b'.');
        if !digits && !wanted.gate.lets_label(text, stop, token.len() - dot - 1) {
            return;
        }
        let marks = token.iter().enumerate().filter(|(_, b)| matches!(b, b'.' | b'@'));
        let starts = marks.map(|(at, _)| at + 1).filter(|at| labels && *at <= dot);
        for start in std::iter::once(0).chain(starts) {
            let length = stop - from - start;
            let span =
                Span { start: (from + start) as u32, length: length as u16, whole: start == 0 };
            self.all.push((hash::of(text, stop, length), span));
            if digits && start == 0 {
                self.far.push((from as u32, (stop - from) as u32));
            }
        }
    }
}

fn is_base64(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'-' | b'_')
}
