//! Tables of words and phrases, found in running text by whole words.

use std::collections::HashMap;
use std::ops::Range;

use foldhash::fast::FixedState;

/// Phrases of up to four words, each with what it tells.
///
/// Scripts that set no blanks between words (Chinese, Japanese) are matched as they stand.
pub(crate) struct Phrases<T> {
    spaced: HashMap<&'static str, T, FixedState>,
    wide: Vec<(&'static str, T)>,
    /// Bits of the words with which phrases begin: most words of a text begin none.
    openings: Box<[u64; OPENINGS / 64]>,
}

/// Bits for first words.
const OPENINGS: usize = 1 << 14;

/// The bit of a word by its length, its first two bytes and its last.
fn opening(word: &[u8]) -> usize {
    let at = |i: usize| usize::from(word.get(i).copied().unwrap_or_default());
    let last = usize::from(word.last().copied().unwrap_or_default());
    (at(0) ^ (at(1) << 3) ^ (last << 6) ^ (word.len() << 10)) % OPENINGS
}

/// Longest phrase, in words.
const LONGEST: usize = 4;

impl<T: Copy> Phrases<T> {
    /// Makes the table; a phrase is in lower case with one blank between its words.
    pub(crate) fn of(rows: impl Iterator<Item = (&'static str, T)>) -> Self {
        let mut table = Self {
            spaced: HashMap::default(),
            wide: Vec::new(),
            openings: Box::new([0; OPENINGS / 64]),
        };
        for (phrase, told) in rows {
            if phrase.chars().any(is_wide) {
                table.wide.push((phrase, told));
            } else {
                let first = phrase.split(' ').next().unwrap_or_default();
                let bit = opening(first.as_bytes());
                table.openings[bit / 64] |= 1 << (bit % 64);
                table.spaced.insert(phrase, told);
            }
        }
        table
    }

    /// Calls `found` with each phrase of `words`, by the range of words that it covers.
    pub(crate) fn each(&self, words: &Words, mut found: impl FnMut(Range<usize>, &'static str, T)) {
        for first in 0..words.ranges.len() {
            let bit = opening(words.lower[words.ranges[first].clone()].as_bytes());
            if self.openings[bit / 64] & (1 << (bit % 64)) == 0 {
                continue;
            }
            for last in first..words.ranges.len().min(first + LONGEST) {
                let phrase = &words.lower[words.ranges[first].start..words.ranges[last].end];
                if let Some((phrase, told)) = self.spaced.get_key_value(phrase) {
                    found(first..last + 1, phrase, *told);
                }
            }
        }
        if words.wide {
            for (phrase, told) in &self.wide {
                if let Some(at) = words.lower.rfind(phrase) {
                    let first = words.ranges.partition_point(|r| r.end <= at);
                    found(first..first + 1, phrase, *told);
                }
            }
        }
    }
}

/// Words of a short text in lower case, one blank between them.
#[derive(Clone, Debug, Default)]
pub(crate) struct Words {
    lower: String,
    ranges: Vec<Range<usize>>,
    /// Whether some letters are of a script without blanks.
    wide: bool,
}

impl Words {
    /// Cuts `text` at blanks and marks; `.`, `-`, `&`, `'` and `_` inside a word belong to it.
    pub(crate) fn of(text: &str) -> Self {
        let mut words = Self::default();
        words.read(text);
        words
    }

    /// As [`Self::of`], in place of what the words were before.
    pub(crate) fn read(&mut self, text: &str) {
        self.lower.clear();
        self.ranges.clear();
        self.wide = false;
        for word in text.split(|c: char| !(c.is_alphanumeric() || is_joint(c))) {
            let word = word.trim_matches(is_joint);
            if word.is_empty() {
                continue;
            }
            if !self.lower.is_empty() {
                self.lower.push(' ');
            }
            let start = self.lower.len();
            if word.is_ascii() {
                self.lower.push_str(word);
                self.lower[start..].make_ascii_lowercase();
            } else {
                self.lower.extend(word.chars().flat_map(char::to_lowercase));
                self.wide |= word.chars().any(is_wide);
            }
            self.ranges.push(start..self.lower.len());
        }
    }

    /// How many words there are.
    pub(crate) fn len(&self) -> usize {
        self.ranges.len()
    }

    /// The words in order.
    pub(crate) fn iter(&self) -> impl DoubleEndedIterator<Item = &str> {
        self.ranges.iter().map(|range| &self.lower[range.clone()])
    }

    /// How much the words from `from` on keep a cue apart from what follows, in words: values that
    /// are listed in between count nothing, a stretch without blanks one word in four characters.
    pub(crate) fn distance(&self, words: Range<usize>) -> usize {
        let range = words.start.min(self.len())..words.end.min(self.len());
        self.ranges[range]
            .iter()
            .map(|r| &self.lower[r.clone()])
            .map(|word| match word {
                "and" | "or" | "und" | "et" | "y" | "e" | "и" => 0,
                _ if word.bytes().any(|b| matches!(b, b'.' | b'_')) => 0,
                _ if word.bytes().any(|b| b.is_ascii_digit()) && word.len() > 5 => 0,
                _ if self.wide && word.chars().any(is_wide) => word.chars().count().div_ceil(4),
                _ => 1,
            })
            .sum()
    }
}

/// Marks that may stand inside a word.
fn is_joint(c: char) -> bool {
    matches!(c, '.' | '-' | '&' | '\'' | '_' | '\u{2019}')
}

/// Letters of scripts that are written without blanks.
fn is_wide(c: char) -> bool {
    matches!(c, '\u{2e80}'..='\u{9fff}' | '\u{f900}'..='\u{faff}' | '\u{ff66}'..='\u{ff9d}')
}

/// The rows of a table of ours: no comments, no empty lines, cut at tabs.
pub(crate) fn rows<const N: usize>(table: &'static str) -> impl Iterator<Item = [&'static str; N]> {
    table.lines().filter(|line| !line.is_empty() && !line.starts_with('#')).filter_map(|line| {
        let mut cells = line.split('\t');
        let row: [&str; N] = std::array::from_fn(|_| cells.next().unwrap_or_default());
        row.iter().all(|cell| !cell.is_empty()).then_some(row)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str) -> Vec<(usize, &'static str)> {
        let table =
            Phrases::of([("c&c", 1), ("hosted at", 2), ("e.g", 3), ("下载", 4)].iter().copied());
        let mut all = Vec::new();
        table.each(&Words::of(text), |range, phrase, _| all.push((range.end, phrase)));
        all
    }

    #[test]
    fn phrases_are_whole_words_in_any_case() {
        assert_eq!(found("(Hosted  at the C&C)"), [(2, "hosted at"), (4, "c&c")]);
        assert_eq!(found("e.g., this"), [(1, "e.g")]);
        assert_eq!(found("unhosted at"), []);
        assert_eq!(found("样本从服务器下载"), [(1, "下载")]);
    }

    #[test]
    fn values_between_keep_nothing_apart() {
        let words = Words::of("contacts a.example, b.example and 192.0.2.7 or the other host");
        assert_eq!(words.distance(1..words.len()), 3);
    }
}
