//! Finding candidate values in plain (refanged) text, in one pass without back-tracking.
//!
//! The text is cut into runs of the bytes that values are made of. Most runs are words and are
//! left at once; the others are given to the detectors by the bytes they hold. What a candidate
//! means in the document is judged later.

mod file;
mod hash;
mod idn;
mod ids;
mod named;
mod net;
mod range;
#[cfg(test)]
mod tests;
mod tongues;
mod wallet;
mod wrap;

pub(crate) use hash::{Label, label_of};
pub(crate) use named::{is_marked, name_behind};

use std::ops::Range;

use lapwing_knowledge::Knowledge;
use lapwing_model::Kind;

/// A candidate value and where it stands in the plain text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Found {
    pub(crate) kind: Kind,
    /// Normalised value.
    pub(crate) value: String,
    pub(crate) range: Range<usize>,
    pub(crate) shape: Shape,
}

/// What the way of writing tells about a candidate.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Shape {
    #[default]
    Plain,
    /// An address with a port beside it.
    Port,
    /// A URL without a scheme.
    Schemeless,
    /// A name that may be a domain or a file (`payload.zip`).
    DomainOrFile,
    /// Four numbers that may be a version.
    MaybeVersion,
    /// A name that reads like program code (`System.Net`, `os.name(`); a hash of a commit.
    CodeLike,
    /// A hash or URL put together from several lines.
    Wrapped,
    /// A checksum inside the value holds, or its form is one that nothing else has.
    Checked,
    /// An identifier of a technique without any other sign of ATT&CK (`T1068` alone is enough).
    Bare,
}

/// Classes of bytes, as bits.
pub(crate) const LETTER: u16 = 1;
pub(crate) const DIGIT: u16 = 2;
pub(crate) const DOT: u16 = 4;
pub(crate) const COLON: u16 = 8;
pub(crate) const SLASH: u16 = 16;
pub(crate) const BACKSLASH: u16 = 32;
pub(crate) const AT: u16 = 64;
pub(crate) const HYPHEN: u16 = 128;
pub(crate) const PERCENT: u16 = 256;
pub(crate) const OTHER: u16 = 512;

/// Class of each byte; 0 ends a run.
const CLASS: [u16; 256] = {
    let mut table = [0; 256];
    let mut byte = 0;
    while byte < 256 {
        table[byte] = match byte as u8 {
            b'a'..=b'z' | b'A'..=b'Z' => LETTER,
            b'0'..=b'9' => DIGIT,
            b'.' => DOT,
            b':' => COLON,
            b'/' => SLASH,
            b'\\' => BACKSLASH,
            b'@' => AT,
            b'-' => HYPHEN,
            b'%' => PERCENT,
            b'_' | b'~' | b'+' | b'$' => OTHER,
            _ => 0,
        };
        byte += 1;
    }
    table
};

/// Finds all candidates of `text` outside of the stretches that are `passed` over, in order of
/// their start; none overlap but the networks of one range.
pub(crate) fn find(text: &str, passed: &[Range<usize>], knowledge: &Knowledge) -> Vec<Found> {
    let bytes = text.as_bytes();
    let mut finder = Finder { text, bytes, knowledge, found: Vec::new(), done: 0, widened: 0 };
    finder.run(passed);
    let named = named::named(text, passed);
    if named.is_empty() { finder.found } else { merged(finder.found, named) }
}

/// Both lists in order; a value that is named goes before what stands inside it.
fn merged(mut found: Vec<Found>, named: Vec<Found>) -> Vec<Found> {
    found.retain(|f| {
        let after = named.partition_point(|n| n.range.start < f.range.end);
        after.checked_sub(1).and_then(|i| named.get(i)).is_none_or(|n| n.range.end <= f.range.start)
    });
    found.extend(named);
    found.sort_by_key(|f| f.range.start);
    found
}

/// What stands around a word in running text and markup and is none of it.
fn is_mark(c: char) -> bool {
    matches!(c, '-' | '_' | '~' | '+' | '$')
}

pub(crate) struct Finder<'t> {
    text: &'t str,
    bytes: &'t [u8],
    knowledge: &'t Knowledge,
    found: Vec<Found>,
    /// What stands before this is already told.
    done: usize,
    /// What stands before this was looked at as a name with letters beyond ASCII.
    widened: usize,
}

impl Finder<'_> {
    fn run(&mut self, passed: &[Range<usize>]) {
        let len = self.bytes.len();
        let mut passed = passed.iter();
        let mut next = passed.next();
        let mut at = 0;
        while at < len {
            if let Some(stretch) = next.filter(|stretch| at >= stretch.start) {
                at = self.behind(at.max(stretch.end));
                next = passed.next();
                continue;
            }
            let mut flags = 0;
            let start = at;
            while at < len {
                let class = CLASS[usize::from(self.bytes[at])];
                if class == 0 {
                    break;
                }
                flags |= class;
                at += 1;
            }
            if flags & !(LETTER | HYPHEN) == 0 {
                if flags == LETTER && matches!(at - start, 32 | 40 | 64 | 128) {
                    self.classify(start, at, flags);
                }
                at += usize::from(at == start);
                continue;
            }
            if flags & DOT != 0
                && (self.byte(at) >= 0x80 || self.before(start) >= 0x80)
                && self.wide_name(start, at)
            {
                at = at.max(self.done);
                continue;
            }
            if flags & COLON != 0 && self.byte(at) == b'?' && self.is_magnet(start, at) {
                at = self.link_end(at);
                continue;
            }
            if at - start > 3 {
                self.classify(start, at, flags);
                at = at.max(self.done.min(len));
            }
        }
    }

    /// The end of a run that goes on over the end of what is passed over.
    fn behind(&self, end: usize) -> usize {
        let class = |b: u8| CLASS[usize::from(b)];
        if class(self.before(end)) == 0 {
            return end;
        }
        let rest = self.bytes.get(end..).unwrap_or_default();
        end + rest.iter().take_while(|b| class(**b) != 0).count()
    }

    /// The border of a character at or after `at`.
    fn char_start(&self, at: usize) -> usize {
        let mut at = at;
        while !self.text.is_char_boundary(at) {
            at += 1;
        }
        at
    }

    /// Whether a run is the scheme of a magnet link. Its content id is no file hash, and the title
    /// in it (`&dn=`) is no host and no version.
    fn is_magnet(&self, start: usize, end: usize) -> bool {
        self.bytes[start..end].eq_ignore_ascii_case(b"magnet:")
    }

    /// The first byte from `at` on that no link holds.
    fn link_end(&self, at: usize) -> usize {
        let ends = |b: &u8| b.is_ascii_whitespace() || matches!(b, b'"' | b'<' | b'>' | b'`');
        self.bytes[at..].iter().position(ends).map_or(self.bytes.len(), |n| at + n)
    }

    /// Gives one run to the detectors that its bytes ask for.
    fn classify(&mut self, start: usize, end: usize, flags: u16) {
        if flags & (COLON | SLASH) == COLON | SLASH && self.urls(start, end) {
            return;
        }
        if flags & (COLON | LETTER) == COLON | LETTER
            && let Some(at) = self.text[start..end].find("cpe:")
            && self.cpe(start + at)
        {
            return;
        }
        if flags & BACKSLASH != 0 {
            if self.windows_path(start, end) {
                return;
            }
        } else if flags & PERCENT != 0 {
            return self.pieces(start, end, |b| b == b'%');
        }
        if flags & AT != 0 && (self.email(start, end) || self.handle(start, end)) {
            return;
        }
        if flags & COLON != 0 {
            if self.with_colons(start, end, flags) {
                return;
            }
            return self.pieces(start, end, |b| b == b':');
        }
        if flags & SLASH != 0 {
            if self.with_slashes(start, end, flags) {
                return;
            }
            return self.pieces(start, end, |b| b == b'/');
        }
        if flags & (BACKSLASH | AT) != 0 {
            return self.pieces(start, end, |b| matches!(b, b'\\' | b'@'));
        }
        self.word(start, end, flags);
    }

    /// Classifies the parts of a run between separators; parts hold no separator, so this ends.
    fn pieces(&mut self, start: usize, end: usize, separates: fn(u8) -> bool) {
        let mut from = start;
        for at in start..=end {
            if at == end || separates(self.bytes[at]) {
                if at - from > 3 && from >= self.done {
                    let flags = self.flags(from, at);
                    if flags & !(LETTER | HYPHEN) != 0 || matches!(at - from, 32 | 40 | 64 | 128) {
                        self.classify(from, at, flags);
                    }
                }
                from = at + 1;
            }
        }
    }

    /// A run of letters, digits, dots, hyphens and underscores.
    fn word(&mut self, start: usize, end: usize, flags: u16) {
        // A full stop behind a value is the sentence's.
        let (end, flags) = if flags & DOT != 0 && self.byte(end - 1) == b'.' {
            let kept = self.text[start..end].trim_end_matches('.').len();
            (start + kept, self.flags(start, start + kept))
        } else {
            (end, flags)
        };
        if end - start < 4 {
            return;
        }
        if flags & DOT == 0 {
            if flags & (HYPHEN | OTHER) == 0 {
                if !self.hash(start, end) {
                    self.identifier(start, end);
                }
                return;
            }
            // `+0123…+` of AsciiDoc, `sample_0123…`: a hash between other marks.
            let joins = |b: &u8| CLASS[usize::from(*b)] & (HYPHEN | OTHER) != 0;
            let mut from = start;
            for part in self.bytes[start..end].split(joins) {
                let to = from + part.len();
                let whole = matches!(part.len(), 32 | 40 | 64 | 128);
                // A hyphen at the end of a line may stand inside a hash.
                let broken = part.len() >= 8 && to + 1 == end && self.byte(to) == b'-';
                if (whole && self.hash(from, to)) || (broken && self.split_hash(from, to)) {
                    return;
                }
                from += part.len() + 1;
            }
            // `_T1190_`, `AS64496-`: marks around an identifier.
            let run = self.text[start..end].trim_end_matches(is_mark);
            let bare = run.trim_start_matches(is_mark);
            if bare.len() > 3 {
                let from = start + run.len() - bare.len();
                self.identifier(from, start + run.len());
            }
            return;
        }
        if flags & LETTER == 0 {
            if flags & (DOT | DIGIT) == DOT | DIGIT
                && !(flags & HYPHEN != 0 && self.range(start, end))
            {
                self.address(start, end);
            }
            return;
        }
        if self.technique(start, end) || self.mac_with_dots(start, end) {
            return;
        }
        self.dotted_name(start, end);
    }

    fn flags(&self, start: usize, end: usize) -> u16 {
        self.bytes[start..end].iter().fold(0, |flags, b| flags | CLASS[usize::from(*b)])
    }

    fn byte(&self, at: usize) -> u8 {
        self.bytes.get(at).copied().unwrap_or(b' ')
    }

    fn before(&self, at: usize) -> u8 {
        at.checked_sub(1).map_or(b' ', |i| self.byte(i))
    }

    fn push(
        &mut self,
        kind: Kind,
        value: impl Into<String>,
        start: usize,
        end: usize,
        shape: Shape,
    ) {
        self.found.push(Found { kind, value: value.into(), range: start..end, shape });
        self.done = self.done.max(end);
    }
}
