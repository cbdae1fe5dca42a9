//! Sentences, and what their words say of polarity, confidence and clauses.

use lapwing_model::{Confidence, Polarity, Span};

/// Abbreviations after which a full stop ends no sentence.
const ABBREVIATIONS: &[&str] = &[
    "e.g", "i.e", "inc", "ltd", "corp", "co", "dr", "mr", "mrs", "ms", "vs", "etc", "no", "fig",
    "u.s", "u.k", "jan", "feb", "mar", "apr", "jun", "jul", "aug", "sept", "sep", "oct", "nov",
    "dec", "approx", "st", "al", "a.k.a", "incl", "resp", "cf",
];

/// Cuts a text into sentences: at full stops, blank lines, list items, table cells and headings.
pub(crate) fn sentences(text: &str) -> Vec<Span> {
    let bytes = text.as_bytes();
    let mut spans = Vec::new();
    let mut start = 0;
    let mut push = |from: usize, to: usize| {
        // What begins and ends in ASCII, as nearly all does, is trimmed byte by byte.
        let shown = text.get(from..to).unwrap_or_default();
        let blank = |b: &u8| matches!(b, b' ' | b'\t'..=b'\r');
        let head = shown.bytes().take_while(blank).count();
        let tail = shown.bytes().rev().take_while(blank).count();
        let mut span = from + head..to.saturating_sub(tail);
        let inner = shown.as_bytes().get(head..shown.len().saturating_sub(tail));
        let edges = inner.and_then(|inner| inner.first().zip(inner.last()));
        if edges.is_some_and(|(first, last)| !first.is_ascii() || !last.is_ascii()) {
            let trimmed = shown.trim();
            let head = from + shown.len() - shown.trim_start().len();
            span = head..head + trimmed.len();
        }
        if span.len() > 2 {
            spans.push(Span::new(span.start, span.end));
        }
    };
    // The full stop of Chinese and Japanese is E3 80 82; its last byte ends the sentence.
    let mut marks: Vec<usize> = memchr::memchr3_iter(b'\n', b'.', b'|', bytes).collect();
    let plain = marks.len();
    marks.extend(memchr::memmem::find_iter(bytes, "\u{3002}").map(|at| at + 2));
    if marks.len() > plain {
        marks.sort_unstable();
    }
    for at in marks {
        let ends = match bytes[at] {
            b'\n' => ends_at_newline(bytes, at),
            b'|' | 0x82 => true,
            _ => ends_at_stop(text, start, at),
        };
        if ends && at >= start {
            push(start, at + 1);
            start = at + 1;
        }
    }
    push(start, text.len());
    // `!` and `?` are rare in reports; they end a sentence like a stop.
    spans
}

fn ends_at_newline(bytes: &[u8], at: usize) -> bool {
    let rest = bytes.get(at + 1..).unwrap_or_default();
    let head: &[u8] = &rest[..rest.len().min(40)];
    let shown =
        head.iter().position(|b| !matches!(b, b' ' | b'\t' | b'\r')).map_or(b'\n', |i| head[i]);
    // A line that goes on in lower case or with a digit is the same sentence.
    !(shown.is_ascii_lowercase()
        || shown.is_ascii_digit()
        || shown == b'('
        || (shown.is_ascii_uppercase() && ends_full(bytes, at)))
}

/// Whether the line that ends at `at` is long, so that the next one goes on with it.
fn ends_full(bytes: &[u8], at: usize) -> bool {
    let from = at.saturating_sub(60);
    let line = &bytes[from..at];
    at >= 60 && !line.contains(&b'\n') && !line.ends_with(b".") && !line.ends_with(b":")
}

fn ends_at_stop(text: &str, start: usize, at: usize) -> bool {
    let after = text.get(at + 1..).unwrap_or_default();
    let after = after.trim_start_matches(['"', '\'', ')', ']', '\u{201d}', '\u{2019}']);
    if !after.is_empty() && !after.starts_with([' ', '\n', '\r', '\t', '.']) {
        return false;
    }
    let next = after.bytes().take(6).find(|b| !b.is_ascii_whitespace()).unwrap_or(b'A');
    if next.is_ascii_lowercase() {
        return false;
    }
    let word = text
        .get(start..at)
        .unwrap_or_default()
        .rsplit([' ', '\n', '(', '"'])
        .next()
        .unwrap_or_default();
    !(word.len() <= 5 && ABBREVIATIONS.iter().any(|a| a.eq_ignore_ascii_case(word)))
}

/// With which letters the words of a text begin: tells fast that a cue does not stand in it.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Openings {
    /// Pairs of letters that open a word.
    pairs: [u64; 12],
    /// Four bytes from the begin of a word on, by a hash of them.
    fours: [u64; 16],
}

impl Openings {
    /// Of a lower-case text.
    pub(crate) fn of(lower: &str) -> Self {
        let mut openings = Self::default();
        let mut before = b' ';
        let bytes = lower.as_bytes();
        for (at, pair) in bytes.windows(2).enumerate() {
            if !before.is_ascii_alphanumeric()
                && let Some(bit) = Self::bit(pair[0], pair[1])
            {
                openings.pairs[bit / 64] |= 1 << (bit % 64);
                if let Some(four) = bytes.get(at..).and_then(<[u8]>::first_chunk) {
                    let bit = Self::hash(*four);
                    openings.fours[bit / 64] |= 1 << (bit % 64);
                }
            }
            before = pair[0];
        }
        openings
    }

    /// Whether a word may begin as `cue` does; `true` when it cannot be told.
    pub(crate) fn may_hold(&self, cue: &str) -> bool {
        let bytes = cue.as_bytes();
        let [a, b, ..] = bytes else { return true };
        let Some(pair) = Self::bit(*a, *b) else { return true };
        match bytes.first_chunk() {
            Some(four) => {
                let bit = Self::hash(*four);
                self.fours[bit / 64] & (1 << (bit % 64)) != 0
            }
            None => self.pairs[pair / 64] & (1 << (pair % 64)) != 0,
        }
    }

    fn bit(a: u8, b: u8) -> Option<usize> {
        (a.is_ascii_lowercase() && b.is_ascii_lowercase())
            .then(|| usize::from(a - b'a') * 26 + usize::from(b - b'a'))
    }

    fn hash(four: [u8; 4]) -> usize {
        (u32::from_le_bytes(four).wrapping_mul(0x9e37_79b1) >> 22) as usize
    }
}

/// The lower-case text of a sentence; offsets are those of the raw sentence.
#[derive(Clone, Debug)]
pub(crate) struct Words {
    openings: Openings,
    /// Where the words begin.
    starts: Vec<u32>,
    pub(crate) lower: String,
    pub(crate) start: usize,
}

/// Words that hedge what stands beside them.
const HEDGES: &[&str] = &[
    "likely",
    "believe",
    "believes",
    "believed",
    "suspect",
    "suspects",
    "suspected",
    "possible",
    "possibly",
    "may",
    "might",
    "could",
    "appear",
    "appears",
    "appeared",
    "said to",
    "reportedly",
    "allegedly",
    "alleged",
    "probably",
    "probable",
    "potential",
    "potentially",
    "seems",
    "seem",
    "presumably",
    "presumed",
    "thought to",
    "apparently",
    "consistent with",
    "moderate confidence",
    "medium confidence",
    "low confidence",
    "unconfirmed",
    "plausible",
    "plausibly",
    "suggests",
    "suggesting",
];
const NEGATIONS: &[&str] = &[
    "not",
    "n't",
    "n\u{2019}t",
    "no evidence",
    "never",
    "no indication",
    "without evidence",
    "unaffected",
    "ruled out",
    "no known",
    "neither",
    "cannot",
];
const BREAKS: &[&str] = &[
    "; ",
    ", but ",
    " but ",
    " while ",
    " however",
    " although ",
    " whereas ",
    " \u{2014} ",
    " though ",
];

impl Words {
    pub(crate) fn of(text: &str, span: Span) -> Self {
        let lower = span.slice(text).unwrap_or_default().to_ascii_lowercase();
        let mut starts = Vec::with_capacity(lower.len() / 6 + 1);
        let mut inside = false;
        for (at, byte) in lower.bytes().enumerate() {
            let is_word = byte.is_ascii_alphanumeric();
            if is_word && !inside {
                starts.push(at as u32);
            }
            inside = is_word;
        }
        Self { openings: Openings::of(&lower), starts, lower, start: span.start as usize }
    }

    /// Places in `from..to` where `cue` stands as a word or words of its own.
    fn places<'s>(
        &'s self,
        cue: &'s str,
        from: usize,
        to: usize,
    ) -> impl DoubleEndedIterator<Item = usize> + 's {
        let first = self.starts.partition_point(|at| (*at as usize) < from);
        let last = self.starts.partition_point(|at| (*at as usize) < to);
        let starts = self.starts.get(first..last).unwrap_or_default();
        // A stretch may begin within a word.
        let edge = Some(from).filter(|from| starts.first().is_none_or(|at| *at as usize != *from));
        let window = self.lower.as_bytes().get(..to).unwrap_or_default();
        edge.into_iter().chain(starts.iter().map(|at| *at as usize)).filter(move |at| {
            let Some(rest) = window.get(*at..) else { return false };
            rest.starts_with(cue.as_bytes())
                && rest.get(cue.len()).is_none_or(|next| !next.is_ascii_alphanumeric())
        })
    }

    /// Offset of a span inside the sentence.
    pub(crate) fn at(&self, span: Span) -> usize {
        (span.start as usize).saturating_sub(self.start).min(self.lower.len())
    }

    pub(crate) fn end(&self, span: Span) -> usize {
        (span.end as usize).saturating_sub(self.start).min(self.lower.len())
    }

    /// Where the first of `cues` stands in `from..to`: start and end.
    pub(crate) fn first(&self, cues: &[&str], from: usize, to: usize) -> Option<(usize, usize)> {
        let window = self.lower.get(from..to)?;
        cues.iter()
            .filter(|cue| self.openings.may_hold(cue))
            .filter_map(|cue| {
                let at = if opens_a_word(cue) {
                    self.places(cue, from, to).next()
                } else {
                    find_word(window, cue).map(|at| from + at)
                };
                at.map(|at| (at, at + cue.len()))
            })
            .min()
    }

    /// Where the last of `cues` stands in `from..to`.
    pub(crate) fn last(&self, cues: &[&str], from: usize, to: usize) -> Option<(usize, usize)> {
        let window = self.lower.get(from..to)?;
        cues.iter()
            .filter(|cue| self.openings.may_hold(cue))
            .filter_map(|cue| {
                let at = if opens_a_word(cue) {
                    self.places(cue, from, to).next_back()
                } else {
                    rfind_word(window, cue).map(|at| from + at)
                };
                at.map(|at| (at, at + cue.len()))
            })
            .max()
    }

    pub(crate) fn has(&self, cues: &[&str]) -> bool {
        self.first(cues, 0, self.lower.len()).is_some()
    }

    /// The clause around an offset.
    pub(crate) fn clause(&self, at: usize) -> (usize, usize) {
        let head = self.lower.get(..at).unwrap_or_default();
        let tail = self.lower.get(at..).unwrap_or_default();
        let (mut from, mut to) = (0, self.lower.len());
        for mark in BREAKS {
            let word = mark.trim_matches([' ', ',']);
            let may_stand = match word {
                ";" => self.lower.contains(';'),
                word => self.openings.may_hold(word),
            };
            if may_stand {
                from = from.max(head.rfind(mark).map_or(0, |i| i + mark.len()));
                to = to.min(tail.find(mark).map_or(to, |i| at + i));
            }
        }
        (from, to)
    }

    /// How the sentence puts what it says of the thing at `at`.
    pub(crate) fn polarity(&self, at: usize) -> Polarity {
        let (from, to) = self.clause(at);
        let denied = NEGATIONS.iter().any(|n| {
            let place = self.last(std::slice::from_ref(n), from, at);
            place
                .and_then(|(_, end)| self.lower.get(end..at))
                .is_some_and(|rest| !rest.starts_with(" only") && !rest.starts_with(" just"))
        });
        if denied || self.first(&["not affected", "unaffected"], at, to).is_some() {
            return Polarity::Denied;
        }
        let hedged = HEDGES
            .iter()
            .filter(|cue| self.openings.may_hold(cue))
            .any(|cue| self.places(cue, from, to).any(|at| !is_month(&self.lower, at)));
        if hedged { Polarity::Hedged } else { Polarity::Asserted }
    }

    /// "with high confidence", as percent and in the source's words.
    pub(crate) fn stated(&self) -> Option<(Confidence, String)> {
        let at = self.lower.find(" confidence")?;
        let word = self.lower.get(..at)?.rsplit(' ').next()?;
        let confidence = Confidence::from_word(word)?;
        Some((confidence, format!("{word} confidence")))
    }
}

/// Whether the "may" at `at` of a lower-case text is the month.
pub(crate) fn is_month(lower: &str, at: usize) -> bool {
    let Some(rest) = lower.get(at..).and_then(|rest| rest.strip_prefix("may")) else {
        return false;
    };
    let before = lower.get(..at).unwrap_or_default().trim_end();
    let before = before.rsplit(|c: char| !c.is_alphanumeric()).next().unwrap_or_default();
    let next = rest.trim_start_matches([' ', ',']);
    if ["have ", "be ", "also ", "not ", "still "].iter().any(|verb| next.starts_with(verb)) {
        return false;
    }
    matches!(
        before,
        "in" | "since"
            | "of"
            | "early"
            | "late"
            | "mid"
            | "by"
            | "until"
            | "from"
            | "on"
            | "between"
    ) || is_day_or_year(before)
        || next.starts_with(|c: char| c.is_ascii_digit())
}

/// "28", "1st", "2021": what stands before the name of a month, not the number of a group ("apt28 may").
fn is_day_or_year(word: &str) -> bool {
    let digits = word.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let ending = &word[digits.len()..];
    matches!(digits.len(), 1 | 2 | 4)
        && digits.bytes().all(|b| b.is_ascii_digit())
        && matches!(ending, "" | "st" | "nd" | "rd" | "th")
}

fn opens_a_word(cue: &str) -> bool {
    cue.bytes().next().is_some_and(|b| b.is_ascii_alphanumeric())
        && !cue.starts_with("n'")
        && !cue.starts_with("n\u{2019}")
}

/// Finds `word` where no letter or digit touches it.
fn find_word(text: &str, word: &str) -> Option<usize> {
    text.match_indices(word).map(|(at, _)| at).find(|at| stands_alone(text, *at, word))
}

fn rfind_word(text: &str, word: &str) -> Option<usize> {
    text.rmatch_indices(word).map(|(at, _)| at).find(|at| stands_alone(text, *at, word))
}

fn stands_alone(text: &str, at: usize, word: &str) -> bool {
    let bytes = text.as_bytes();
    let before =
        at.checked_sub(1).and_then(|i| bytes.get(i)).is_none_or(|b| !b.is_ascii_alphanumeric())
            || word.starts_with("n'")
            || word.starts_with("n\u{2019}");
    let after = bytes.get(at + word.len()).is_none_or(|b| !b.is_ascii_alphanumeric());
    before && after
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sentences_end_where_readers_end_them() {
        let text = "In the U.S. it began. See evil.example now.\nNext line\n- item one\n- item two\n\nlong line that was wrapped by its writer and so goes on\nin lower case.";
        let shown: Vec<&str> =
            sentences(text).into_iter().map(|s| s.slice(text).unwrap()).collect();
        assert_eq!(shown.len(), 6, "{shown:?}");
        assert_eq!(shown[0], "In the U.S. it began.");
        assert!(shown[5].ends_with("lower case."));
    }

    #[test]
    fn denial_and_reserve_reach_their_clause_only() {
        let text = "They hit Foo and are not known to hit Bar, but possibly Baz";
        let words = Words::of(text, Span::new(0, text.len()));
        assert_eq!(words.polarity(text.find("Foo").unwrap()), Polarity::Asserted);
        assert_eq!(words.polarity(text.find("Bar").unwrap()), Polarity::Denied);
        assert_eq!(words.polarity(text.find("Baz").unwrap()), Polarity::Hedged);
        let text = "assessed with high confidence";
        assert_eq!(
            Words::of(text, Span::new(0, text.len())).stated(),
            Some((Confidence::HIGH, "high confidence".into()))
        );
    }
}
