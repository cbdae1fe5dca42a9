//! Words beside a value that tell what it is, and how far from it they stand.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use crate::phrases::{Phrases, Words, rows};

/// What a word beside a value says of it. The reach is in words: values, conjunctions and marks
/// between do not count, the end of a sentence ends it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Cue {
    /// Used by the adversary: "C2", "beacons to", "downloads from".
    Hostile,
    /// Cited: "see", "according to".
    Citing,
    /// An example, or named for its fame: "such as".
    Example,
    /// Said to be legitimate.
    Legit,
    /// Of one who was hit.
    Victim,
    /// Taken over by defenders.
    Sinkhole,
    /// Four numbers of a version.
    Version,
    /// Four numbers of a section.
    Section,
    /// A name of a host, where it may be a file's.
    Host,
    /// A file of the adversary.
    File,
    /// A key, an identifier or a digest of something else than a file.
    Key,
    /// A commit of a repository.
    Commit,
    /// As [`Cue::Hostile`], behind the value.
    HostileAfter,
    /// As [`Cue::Legit`], behind the value.
    LegitAfter,
    /// As [`Cue::Victim`], behind the value.
    VictimAfter,
    /// As [`Cue::Version`], behind the value.
    VersionAfter,
    /// As [`Cue::Host`], behind the value.
    HostAfter,
    /// As [`Cue::Sinkhole`], behind the value.
    SinkholeAfter,
}

/// Word in the data file, and reach in words.
const CLASSES: [(Cue, &str, usize); 18] = [
    (Cue::Hostile, "hostile", 9),
    (Cue::Citing, "citing", 6),
    (Cue::Example, "example", 3),
    (Cue::Legit, "legit", 4),
    (Cue::Victim, "victim", 3),
    (Cue::Sinkhole, "sinkhole", 4),
    (Cue::Version, "version", 0),
    (Cue::Section, "section", 0),
    (Cue::Host, "host", 4),
    (Cue::File, "file", 8),
    (Cue::Key, "key", 1),
    (Cue::Commit, "commit", 1),
    (Cue::HostileAfter, "hostile-after", 4),
    (Cue::LegitAfter, "legit-after", 3),
    (Cue::VictimAfter, "victim-after", 2),
    (Cue::VersionAfter, "version-after", 0),
    (Cue::HostAfter, "host-after", 1),
    (Cue::SinkholeAfter, "sinkhole-after", 3),
];

/// Classes from here on stand behind the value.
const FIRST_AFTER: usize = Cue::HostileAfter as usize;

static CUES: LazyLock<Phrases<u32>> = LazyLock::new(|| {
    let mut masks: BTreeMap<&str, u32> = BTreeMap::new();
    for [phrase, _language, class] in rows(include_str!("../../data/cues.tsv")) {
        if let Some(bit) = CLASSES.iter().position(|(_, word, _)| *word == class) {
            *masks.entry(phrase).or_default() |= 1 << bit;
        }
    }
    Phrases::of(masks.into_iter())
});

/// The nearest cue of each class.
#[derive(Clone, Debug, Default)]
pub(super) struct Cues {
    nearest: [Option<(usize, &'static str)>; CLASSES.len()],
}

impl Cues {
    /// Of the text before and after a value, within its line.
    pub(super) fn of(before: &str, after: &str) -> Self {
        let mut cues = Self::default();
        let before = since_sentence(before);
        if has_letters(before) {
            let words = Words::of(before);
            CUES.each(&words, |range, phrase, mask| {
                let far = words.distance(range.end..words.len());
                cues.keep(phrase, far, mask & ((1 << FIRST_AFTER) - 1));
            });
        }
        let after = until_sentence(after);
        if has_letters(after) {
            let words = Words::of(after);
            CUES.each(&words, |range, phrase, mask| {
                let far = words.distance(0..range.start);
                cues.keep(phrase, far, mask >> FIRST_AFTER << FIRST_AFTER);
            });
        }
        cues
    }

    fn keep(&mut self, phrase: &'static str, far: usize, mask: u32) {
        for (at, (_, _, reach)) in CLASSES.iter().enumerate() {
            let nearer = self.nearest[at].is_none_or(|(other, held)| {
                // Of two at one place the longer says more: "source" in "source of the traffic".
                (far, std::cmp::Reverse(phrase.len())) < (other, std::cmp::Reverse(held.len()))
            });
            if mask & (1 << at) != 0 && far <= *reach && nearer {
                self.nearest[at] = Some((far, phrase));
            }
        }
    }

    /// The nearest cue of a class within its reach: how many words away, and which.
    pub(super) fn get(&self, cue: Cue) -> Option<(usize, &'static str)> {
        self.nearest[cue as usize]
    }

    /// Whether there is a cue of this class.
    pub(super) fn has(&self, cue: Cue) -> bool {
        self.get(cue).is_some()
    }

    /// The cue of a class, unless one of `other` stands nearer.
    pub(super) fn nearer(&self, cue: Cue, other: Cue) -> Option<&'static str> {
        let (far, phrase) = self.get(cue)?;
        self.get(other).is_none_or(|(near, _)| far <= near).then_some(phrase)
    }
}

fn has_letters(text: &str) -> bool {
    text.chars().any(char::is_alphabetic)
}

/// Ends of sentences: a mark, then a blank.
fn ends(text: &str) -> impl DoubleEndedIterator<Item = usize> {
    text.char_indices().filter_map(move |(at, c)| {
        let next = &text[at + c.len_utf8()..];
        match c {
            '\u{3002}' | '\u{ff01}' | '\u{ff1f}' => Some(at + c.len_utf8()),
            '.' | '!' | '?' if next.starts_with(' ') || next.is_empty() => {
                // `e.g. `, `vs. `, `No. ` end no sentence.
                let word = text[..at].rsplit([' ', '(', '.']).next().unwrap_or_default();
                let rest = next.trim_start();
                (word.chars().count() > 3
                    || rest.starts_with(|c: char| c.is_uppercase()) && word.len() > 2)
                    .then_some(at + 1)
            }
            _ => None,
        }
    })
}

fn since_sentence(before: &str) -> &str {
    // A mark at the very end belongs to what is cut off by the value.
    ends(before).rfind(|at| *at < before.trim_end().len()).map_or(before, |at| &before[at..])
}

fn until_sentence(after: &str) -> &str {
    if after.starts_with(['.', '!', '?']) && !after[1..].starts_with(char::is_alphanumeric) {
        return "";
    }
    ends(after).next().map_or(after, |at| &after[..at])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_cue_within_reach_counts() {
        let cues = Cues::of("According to the post, it beacons to ", " over HTTPS");
        assert_eq!(cues.nearer(Cue::Hostile, Cue::Citing), Some("beacons to"));
        assert_eq!(cues.nearer(Cue::Citing, Cue::Hostile), None);
        assert!(Cues::of("", " (not malicious)").has(Cue::LegitAfter));
        assert!(!Cues::of("seethe ", "").has(Cue::Citing));
    }

    #[test]
    fn a_sentence_keeps_its_cues() {
        assert!(!Cues::of("It uses a C2 server. The vendor runs ", "").has(Cue::Hostile));
        assert!(Cues::of("resolvers, e.g. ", "").has(Cue::Example));
        assert!(!Cues::of("", ". The C2 server").has(Cue::HostileAfter));
        assert!(Cues::of("通过恶意域名", "").has(Cue::Hostile));
    }

    #[test]
    fn every_row_of_the_table_has_a_known_class() {
        for [phrase, _, class] in rows(include_str!("../../data/cues.tsv")) {
            assert!(CLASSES.iter().any(|(_, word, _)| *word == class), "{phrase}: {class}");
            let words = Words::of(phrase);
            let read: Vec<_> = words.iter().collect();
            assert_eq!(read.join(" "), phrase, "never found as it is written");
        }
        for (at, (cue, ..)) in CLASSES.iter().enumerate() {
            assert_eq!(*cue as usize, at);
        }
    }
}
