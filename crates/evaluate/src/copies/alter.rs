//! Ways in which texts are copied.

use std::collections::BTreeSet;

use super::translate::{FRENCH, GERMAN, JAPANESE, Language, SPANISH};
use crate::forecast::shuffle::Shuffle;

/// Makes a copy of a text; the number tells one text's chance from another's.
type Alteration = fn(&Altering, &str, u64) -> String;

pub(super) const ALTERATIONS: &[(&str, Alteration)] = &[
    ("word for word", |_, text, _| text.to_owned()),
    ("60 % of the words swapped, first 30 % kept", |with, text, seed| {
        with.swapped(part(text, 0, 30), seed)
    }),
    ("first 10 % only", |_, text, _| part(text, 0, 10).to_owned()),
    ("20 % from the middle", |_, text, _| part(text, 40, 60).to_owned()),
    ("sentences in another order, 60 % swapped", |with, text, seed| {
        with.swapped(&shuffled(text, seed), seed)
    }),
    ("as if translated and back", Altering::translated),
    ("as if translated and back, first half kept", |with, text, seed| {
        with.translated(part(text, 0, 50), seed)
    }),
    ("as if translated and back, in another order", |with, text, seed| {
        with.translated(&shuffled(text, seed), seed)
    }),
    ("as if translated to German", |_, text, seed| in_language(&GERMAN, text, seed)),
    ("as if translated to French", |_, text, seed| in_language(&FRENCH, text, seed)),
    ("as if translated to Spanish", |_, text, seed| in_language(&SPANISH, text, seed)),
    ("as if translated to Japanese", |_, text, seed| in_language(&JAPANESE, text, seed)),
];

/// The text as if translated to a language.
pub(super) fn in_language(language: &Language, text: &str, seed: u64) -> String {
    language.of(text, |word| FUNCTION.contains(&word), seed)
}

/// Share of the content words that a spinner or translator replaces.
const REPLACED: f64 = 0.6;
/// Parts keep so many bytes at least.
const SHORTEST: usize = 600;

/// What stands in for the words of a text: other words of the corpus.
pub(super) struct Altering {
    vocabulary: Vec<String>,
}

/// Words that carry the grammar; a spinner keeps them, a translation does not.
const FUNCTION: &[&str] = &[
    "a", "an", "the", "of", "to", "in", "on", "for", "and", "or", "but", "with", "by", "from",
    "at", "as", "is", "are", "was", "were", "be", "been", "being", "it", "its", "this", "that",
    "these", "those", "which", "who", "has", "have", "had", "not", "no", "do", "does", "did",
    "will", "would", "can", "could", "may", "might", "should", "than", "then", "there", "their",
    "they", "them", "he", "she", "we", "our", "you", "your", "also", "into", "over", "under",
    "about", "after", "before", "between", "during", "through", "more", "most", "other", "some",
    "such", "only", "own", "same", "so", "very", "just", "if", "while", "when", "where", "how",
    "what", "all", "any", "both", "each",
];

impl Altering {
    pub fn new(texts: &[String]) -> Self {
        let words: BTreeSet<&str> = texts
            .iter()
            .flat_map(|text| text.split(|c: char| !c.is_alphanumeric()))
            .filter(|word| word.len() > 3 && is_content(word))
            .collect();
        Self { vocabulary: words.into_iter().map(str::to_owned).collect() }
    }

    fn another<'a>(&'a self, chance: &mut Shuffle) -> &'a str {
        self.vocabulary.get(chance.below(self.vocabulary.len())).map_or("thing", String::as_str)
    }

    /// Content words in small letters replaced by chance; names, numbers and grammar kept.
    fn swapped(&self, text: &str, seed: u64) -> String {
        let mut chance = Shuffle::new(seed ^ 0x5741);
        let mut swapped = String::with_capacity(text.len());
        for piece in text.split_inclusive(|c: char| !c.is_alphanumeric()) {
            let word = piece.trim_end_matches(|c: char| !c.is_alphanumeric());
            if is_content(word) && chance.unit() < REPLACED {
                swapped.push_str(self.another(&mut chance));
                swapped.push_str(&piece[word.len()..]);
            } else {
                swapped.push_str(piece);
            }
        }
        swapped
    }

    /// Names and numbers kept; content words replaced; grammar dropped, changed and added; words
    /// moved within their sentence.
    fn translated(&self, text: &str, seed: u64) -> String {
        let mut chance = Shuffle::new(seed ^ 0x7261);
        let any_function = |chance: &mut Shuffle| FUNCTION[chance.below(FUNCTION.len())].to_owned();
        let mut sentences = Vec::new();
        for sentence in sentences_of(text) {
            let mut out: Vec<String> = Vec::new();
            for word in sentence.split_whitespace() {
                let bare = word.trim_matches(|c: char| !c.is_alphanumeric());
                if FUNCTION.contains(&bare) {
                    match chance.unit() {
                        x if x < 0.2 => continue,
                        x if x < 0.45 => out.push(word.replace(bare, &any_function(&mut chance))),
                        _ => out.push(word.to_owned()),
                    }
                } else if is_content(bare) && chance.unit() < REPLACED {
                    out.push(word.replace(bare, self.another(&mut chance)));
                } else {
                    out.push(word.to_owned());
                }
                if chance.unit() < 0.12 {
                    out.push(any_function(&mut chance));
                }
            }
            let mut at = 0;
            while at + 6 < out.len() {
                if chance.unit() < 0.3 {
                    let (first, second) = (1 + chance.below(3), 1 + chance.below(3));
                    out[at..at + first + second].rotate_left(first);
                    at += first + second;
                } else {
                    at += 2;
                }
            }
            sentences.push(out.join(" "));
        }
        sentences.join("\n")
    }
}

fn is_content(word: &str) -> bool {
    !word.is_empty() && word.chars().all(char::is_lowercase) && !FUNCTION.contains(&word)
}

/// The text between two percentages of its length, or somewhat more where that is too short.
fn part(text: &str, from: usize, to: usize) -> &str {
    let boundary = |at: usize| (0..=at.min(text.len())).rev().find(|i| text.is_char_boundary(*i));
    let start = boundary(text.len() * from / 100).unwrap_or(0);
    let end = boundary((text.len() * to / 100).max(start + SHORTEST)).unwrap_or(text.len());
    &text[start..end]
}

pub(super) fn sentences_of(text: &str) -> Vec<&str> {
    let pieces = text.split('\n').flat_map(|line| line.split_inclusive(". "));
    pieces.map(str::trim).filter(|sentence| !sentence.is_empty()).collect()
}

fn shuffled(text: &str, seed: u64) -> String {
    let mut sentences = sentences_of(text);
    Shuffle::new(seed ^ 0x6f72).shuffle(&mut sentences);
    sentences.join("\n")
}
