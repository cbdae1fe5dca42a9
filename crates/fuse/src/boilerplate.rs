//! Words that tell nobody for a copy, since reports of any subject and publisher have them: heads of
//! tables and sections, pointers to the full text, rights. Told by a list, as two documents alone show
//! nothing of what is common.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::LazyLock;

use lapwing_model::{Reading, RegionKind};

use crate::sketch::{hash, words};

/// A cell of a table with fewer words is a name, a value or a head, not prose.
const CELL_OF_PROSE: usize = 8;

/// Phrases by the hash of their first word: the hashes of the others.
type Phrases = BTreeMap<u64, Vec<Vec<u64>>>;

static PHRASES: LazyLock<Phrases> = LazyLock::new(|| {
    let mut phrases = Phrases::new();
    let lines = include_str!("../data/boilerplate.txt").lines();
    for line in lines.filter(|line| !line.starts_with('#')) {
        let mut all = Vec::new();
        words(line, |word| all.push(hash(word.as_bytes())));
        if let Some((first, rest)) = all.split_first() {
            phrases.entry(*first).or_default().push(rest.to_vec());
        }
    }
    // The longest that fits goes first.
    phrases.values_mut().for_each(|of| of.sort_by_key(|rest| std::cmp::Reverse(rest.len())));
    phrases
});

/// The hashes of words without those of phrases that everybody has. One word alone is a head where another
/// phrase stands beside it, and an ordinary word of a sentence elsewhere.
pub(crate) fn telling(words: &[u64]) -> Vec<u64> {
    let mut kept = Vec::with_capacity(words.len());
    let mut at = 0;
    let mut after_phrase = false;
    while let Some(word) = words.get(at) {
        match phrase_at(words, at) {
            Some(length) if length > 1 || after_phrase || phrase_at(words, at + 1).is_some() => {
                at += length;
                after_phrase = true;
            }
            _ => {
                kept.push(*word);
                at += 1;
                after_phrase = false;
            }
        }
    }
    kept
}

/// How many words the longest phrase has that begins at a place.
fn phrase_at(words: &[u64], at: usize) -> Option<usize> {
    let (word, rest) = words.get(at..)?.split_first()?;
    let phrase = PHRASES.get(word)?.iter().find(|phrase| rest.starts_with(phrase))?;
    Some(1 + phrase.len())
}

/// Whether a heading or cell is nothing but a phrase that everybody has.
fn is_common(text: &str) -> bool {
    let mut all = Vec::new();
    words(text, |word| all.push(hash(word.as_bytes())));
    all.is_empty() || phrase_at(&all, 0) == Some(all.len()) || telling(&all).is_empty()
}

/// The parts of a text that are not of the report: navigation, rights, references; in no order.
pub(crate) fn surroundings(reading: &Reading) -> impl Iterator<Item = Range<usize>> {
    let around = |kind: &RegionKind| matches!(kind, RegionKind::Furniture | RegionKind::References);
    reading
        .regions
        .iter()
        .filter(move |region| around(&region.kind))
        .map(|region| region.span.range())
}

/// The parts of a text that are the form of its page and not its words: heads of tables and short
/// cells, headings that everybody has; in no order.
pub(crate) fn form(reading: &Reading) -> Vec<Range<usize>> {
    let text = reading.document.text.as_str();
    let is_form = |kind: &RegionKind, text: &str| match kind {
        RegionKind::Cell { .. } => {
            let mut count = 0;
            words(text, |_| count += 1);
            count < CELL_OF_PROSE
        }
        RegionKind::Heading { .. } => is_common(text),
        _ => false,
    };
    let regions = reading.regions.iter().map(|region| (&region.kind, region.span.range()));
    regions
        .filter(|(kind, at)| is_form(kind, text.get(at.clone()).unwrap_or("")))
        .map(|r| r.1)
        .collect()
}

/// The addresses of pages in a text: they repeat its title, and lead to the same few places.
pub(crate) fn addresses(text: &str) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    let mut from = 0;
    while let Some(at) = text[from..].find("://") {
        let at = from + at;
        let ends =
            |c: char| c.is_whitespace() || matches!(c, '<' | '>' | '"' | '|' | ')' | ']' | '`');
        let start = text[from..at].rfind(|c: char| !c.is_ascii_alphanumeric());
        let start = start.map_or(from, |before| {
            from + before + text[from + before..].chars().next().map_or(0, char::len_utf8)
        });
        let end = text[at..].find(ends).map_or(text.len(), |length| at + length).max(at + 3);
        found.push(start..end);
        from = end;
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn left(text: &str) -> usize {
        let mut all = Vec::new();
        words(text, |word| all.push(hash(word.as_bytes())));
        telling(&all).len()
    }

    #[test]
    fn what_everybody_writes_is_left_out_and_the_rest_stays() {
        assert_eq!(
            left("The blog post on Reed is available on\nSite. Indicators of Compromise"),
            2
        );
        assert_eq!(
            left("A loader that nobody had seen before was dropped by the mail server."),
            13
        );
        assert_eq!(left(""), 0);
        assert_eq!(left("Files\nDomains\nSHA-1 | Filename | Description"), 0);
        assert_eq!(left("It deletes the files that it finds."), 7);
        assert!(is_common("Network indicators") && is_common("Files") && !is_common("Reed loader"));
    }

    #[test]
    fn addresses_are_cut_out_whole() {
        let text =
            "See https://a.example/b/c?d=1 and <http://e.example>; ü hxxp://f[.]example/g end ://";
        let found: Vec<&str> = addresses(text).into_iter().map(|at| &text[at]).collect();
        // A defanged host ends at its bracket: the rest is no more than a name.
        let expected = ["https://a.example/b/c?d=1", "http://e.example", "hxxp://f[.", "://"];
        assert_eq!(found, expected);
    }
}
