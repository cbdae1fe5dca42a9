//! What the model reads of each word, as 32-bit hashes; nothing is allocated for a word.

use foldhash::HashMap;
use lapwing_model::{Kind, Span};

use super::Tag;
use super::cues::{self, Bits};
use super::word::{self, Class, Word};
use crate::gazetteer::{Hits, Token};

/// The words of a sentence with the features of each.
#[derive(Clone, Debug, Default)]
pub struct Sequence {
    spans: Vec<Span>,
    features: Vec<u32>,
    ends: Vec<u32>,
}

impl Sequence {
    /// Number of words.
    #[must_use]
    pub fn len(&self) -> usize {
        self.spans.len()
    }

    /// Whether there is no word.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.spans.is_empty()
    }

    /// Where each word stands in the text.
    #[must_use]
    pub fn spans(&self) -> &[Span] {
        &self.spans
    }

    /// Hashes of the features of a word.
    #[must_use]
    pub fn features(&self, word: usize) -> &[u32] {
        let from = word.checked_sub(1).and_then(|i| self.ends.get(i)).copied().unwrap_or(0);
        let to = self.ends.get(word).copied().unwrap_or(from);
        self.features.get(from as usize..to as usize).unwrap_or_default()
    }
}

/// Mixes two hashes (the finaliser of MurmurHash3, by Austin Appleby).
pub(crate) const fn mix(a: u32, b: u32) -> u32 {
    let mut x = a.wrapping_mul(0x9e37_79b1) ^ b;
    x = (x ^ (x >> 16)).wrapping_mul(0x85eb_ca6b);
    x = (x ^ (x >> 13)).wrapping_mul(0xc2b2_ae35);
    x ^ (x >> 16)
}

/// The feature that every word has.
pub const EVERY_WORD: u32 = mix(1, 0);

/// A known name over words of the text.
#[derive(Clone, Copy, Debug)]
struct Mark {
    start: u32,
    end: u32,
    /// Kinds of its meanings, bit by bit, with case and doubt.
    meaning: u32,
}

/// Reads the sentences of one document.
pub(crate) struct Reader<'t> {
    text: &'t str,
    marks: Vec<Mark>,
    /// What stands beside each capitalised word anywhere in the document.
    memory: HashMap<u32, Bits>,
    words: Vec<Word>,
    known: Vec<u32>,
}

/// How many words of a document are remembered, and how far into it.
const REMEMBERED: usize = 20_000;
const LONGEST_DOCUMENT: usize = 4 << 20;

const ACTOR: u32 = 1;
const MALWARE: u32 = 1 << 1;
const OWN_CASE: u32 = 1 << 12;
const AMBIGUOUS: u32 = 1 << 13;

fn bit(kind: Kind) -> u32 {
    match kind {
        Kind::ThreatActor | Kind::Cluster => ACTOR,
        Kind::Malware => MALWARE,
        Kind::Tool => 1 << 2,
        Kind::Location => 1 << 3,
        Kind::Sector => 1 << 4,
        Kind::Identity => 1 << 5,
        Kind::Software => 1 << 6,
        Kind::AttackPattern => 1 << 7,
        Kind::Campaign => 1 << 8,
        _ => 1 << 9,
    }
}

impl<'t> Reader<'t> {
    pub(crate) fn new(text: &'t str, tokens: &[Token], hits: &Hits<'_>) -> Self {
        let mut reader = Self {
            text,
            marks: marks(text, tokens, hits),
            memory: HashMap::default(),
            words: Vec::new(),
            known: Vec::new(),
        };
        reader.remember();
        reader
    }

    /// Names of the tables that can mean one thing only, in their own case.
    pub(crate) fn plain_names(&self) -> impl Iterator<Item = (Span, Tag)> + '_ {
        self.marks.iter().filter_map(|m| {
            let tag = match m.meaning {
                m if m == ACTOR | OWN_CASE => Tag::Group,
                m if m == MALWARE | OWN_CASE => Tag::Malware,
                _ => return None,
            };
            Some((Span { start: m.start, end: m.end }, tag))
        })
    }

    /// Looks at every name-like word of the document once: what stands beside it there helps here.
    fn remember(&mut self) {
        let mut to = self.text.len().min(LONGEST_DOCUMENT);
        while !self.text.is_char_boundary(to) {
            to -= 1;
        }
        let mut words = Vec::new();
        let mut counts: HashMap<u32, u32> = HashMap::default();
        let mut smalls: foldhash::HashSet<u32> = foldhash::HashSet::default();
        let mut at = 0;
        let mut next_mark = 0;
        // Line by line: neighbours are looked for within a line.
        for line in self.text.get(..to).unwrap_or_default().split_inclusive('\n') {
            word::words(self.text, at, at + line.len(), &mut words);
            at += line.len();
            for (i, word) in words.iter().enumerate() {
                if word.class == Class::Lower {
                    if smalls.len() < REMEMBERED {
                        smalls.insert(word.lower);
                    }
                    continue;
                }
                if !word.is_shaped() || word.in_link {
                    continue;
                }
                if self.memory.len() >= REMEMBERED && !self.memory.contains_key(&word.exact) {
                    continue;
                }
                let mut bits = 0;
                // A name of several words: the cue stands beyond them.
                let before = words
                    .get(i.saturating_sub(3)..i)
                    .unwrap_or_default()
                    .iter()
                    .rev()
                    .find(|w| !w.is_shaped() && !is_quote(w));
                let after = words
                    .get(i + 1..)
                    .unwrap_or_default()
                    .iter()
                    .take(3)
                    .find(|w| !w.is_shaped() && !is_quote(w));
                if let Some(w) = before {
                    bits |= cues::rows_of(w.lower);
                }
                if let Some(w) = after {
                    bits |= cues::rows_of(w.lower) << cues::AFTER;
                }
                while self.marks.get(next_mark).is_some_and(|m| m.end <= word.start) {
                    next_mark += 1;
                }
                if let Some(mark) = self.marks.get(next_mark).filter(|m| m.start <= word.start) {
                    if mark.meaning & ACTOR != 0 {
                        bits |= cues::KNOWN_ACTOR;
                    }
                    if mark.meaning & MALWARE != 0 {
                        bits |= cues::KNOWN_MALWARE;
                    }
                }
                let count = counts.entry(word.exact).or_default();
                *count += 1;
                if *count >= 3 {
                    bits |= cues::OFTEN;
                }
                if smalls.contains(&word.lower) {
                    bits |= cues::ALSO_LOWER;
                }
                *self.memory.entry(word.exact).or_default() |= bits;
            }
        }
    }

    /// The features of one sentence.
    pub(crate) fn read(&mut self, span: Span, into: &mut Sequence) {
        into.spans.clear();
        into.features.clear();
        into.ends.clear();
        word::words(self.text, span.start as usize, span.end as usize, &mut self.words);
        self.know();
        let line = line_sort(self.text, span);
        let code = codeness(&self.words);
        for at in 0..self.words.len() {
            let word = self.words[at];
            into.spans.push(Span { start: word.start, end: word.end });
            self.features(at, line, code, &mut into.features);
            into.ends.push(into.features.len() as u32);
        }
    }

    /// What the tables say of each word, as a hash with place in the name.
    fn know(&mut self) {
        self.known.clear();
        let first = self.words.first().map_or(0, |w| w.start);
        let mut next = self.marks.partition_point(|m| m.end <= first);
        for word in &self.words {
            while self.marks.get(next).is_some_and(|m| m.end <= word.start) {
                next += 1;
            }
            let known = self
                .marks
                .get(next)
                .filter(|m| m.start <= word.start && word.end <= m.end)
                .map_or(0, |m| (m.meaning << 1) | u32::from(m.start == word.start));
            self.known.push(known);
        }
    }

    fn features(&self, at: usize, line: u32, code: u32, out: &mut Vec<u32>) {
        let none = Word::default();
        let word = |by: isize| {
            at.checked_add_signed(by).and_then(|i| self.words.get(i)).copied().unwrap_or(none)
        };
        let known = |by: isize| {
            at.checked_add_signed(by).and_then(|i| self.known.get(i)).copied().unwrap_or(1 << 30)
        };
        let (w, left, right) = (word(0), word(-1), word(1));
        let (left2, right2) = (word(-2), word(2));
        // The nearest words that are no marks.
        let content_left = (1..=4).map(|i| word(-i)).find(|w| !w.is_mark()).unwrap_or(none);
        let content_right = (1..=4).map(word).find(|w| !w.is_mark()).unwrap_or(none);
        let class = w.class as u32;
        let mut template = 0;
        let mut put = |value: u32| {
            template += 1;
            out.push(mix(template, value));
        };
        put(0);
        put(w.lower);
        put(w.exact);
        put(w.digitless);
        put(left.lower);
        put(right.lower);
        put(left2.lower);
        put(right2.lower);
        put(mix(left.lower, w.lower));
        put(mix(w.lower, right.lower));
        put(mix(left.lower, mix(class, right.lower)));
        put(mix(left2.lower, mix(left.lower, class)));
        put(mix(right.lower, mix(right2.lower, class)));
        for i in 0..4 {
            put(w.heads[i]);
            put(w.tails[i]);
        }
        put(w.shape);
        put(left.shape);
        put(right.shape);
        put(mix(left.shape, w.shape));
        put(mix(w.shape, right.shape));
        put(mix(left.shape, mix(w.shape, right.shape)));
        put(known(0));
        put(known(-1));
        put(known(1));
        put(mix(known(0), class));
        put(mix(known(0), left.lower));
        put(mix(known(0), right.lower));
        put(mix(known(-1), mix(known(0), known(1))));
        put(content_left.lower);
        put(content_right.lower);
        put(mix(content_left.lower, class));
        put(mix(content_right.lower, class));
        put(content_left.tails[1]);
        put(content_right.tails[1]);
        put(mix(content_left.digitless, mix(w.digitless, content_right.digitless)));
        put(w.chunk);
        put(w.chunk_shape);
        put(mix(w.chunk_shape, w.in_chunk));
        put(mix(line, class));
        put(mix(code, class));
        put(mix(u32::from(w.in_link), w.in_chunk));
        put(mix(at.min(2) as u32, class));
        put(mix(word(-3).lower, class));
        put(mix(word(3).lower, class));
        put(known(-2));
        put(known(2));
        put(mix(known(-1), known(0)));
        put(mix(known(0), known(1)));
        put(mix(left.lower, right.lower));
        put(mix(left2.lower, left.lower));
        put(mix(right.lower, right2.lower));
        put(mix(left.lower, mix(w.lower, right.lower)));
        put(mix(left.class as u32, mix(class, right.class as u32)));
        put(mix(left2.class as u32, mix(left.class as u32, mix(class, right.class as u32))));
        put(mix(left.class as u32, mix(class, mix(right.class as u32, right2.class as u32))));
        put(left.tails[1]);
        put(right.tails[1]);
        put(left.heads[2]);
        put(right.heads[2]);
        put(mix(w.tails[1], right.lower));
        put(mix(left.lower, w.tails[1]));
        // Classes of the word and of those around it, each as its own feature.
        let classes: [Bits; 7] =
            std::array::from_fn(|i| cues::classes_of(word(i as isize - 3).lower));
        put(mix(classes[2], classes[3]));
        put(mix(classes[3], classes[4]));
        put(mix(classes[2], mix(class, classes[4])));
        template = 140;
        for (by, bits) in classes.into_iter().enumerate() {
            for i in 0..20 {
                if bits & (1 << i) != 0 {
                    out.push(mix(template + 1 + by as u32, i));
                }
            }
        }
        let bits = if w.is_shaped() { self.memory.get(&w.exact).copied().unwrap_or(0) } else { 0 };
        template = 100;
        for i in 0..28 {
            template += 1;
            if bits & (1 << i) != 0 {
                out.push(mix(template, 1));
            }
        }
    }
}

fn is_quote(word: &Word) -> bool {
    static QUOTES: std::sync::LazyLock<[u32; 5]> =
        std::sync::LazyLock::new(|| ["\"", "'", "\u{201c}", "\u{2018}", "*"].map(word::hash_of));
    word.is_mark() && QUOTES.contains(&word.exact)
}

/// Heading, list item, row or prose.
fn line_sort(text: &str, span: Span) -> u32 {
    let shown = span.slice(text).unwrap_or_default();
    let before = text.as_bytes().get((span.start as usize).wrapping_sub(1)).copied();
    match shown.bytes().next() {
        Some(b'#') => 1,
        Some(b'-' | b'*' | b'+') => 2,
        Some(b'|') => 3,
        _ if before == Some(b'|') || shown.ends_with('|') => 3,
        Some(b'0'..=b'9') => 4,
        _ if shown.ends_with(['.', '?', '!']) => 5,
        _ => 6,
    }
}

/// How much the sentence looks like code, in four steps.
fn codeness(words: &[Word]) -> u32 {
    static MARKS: std::sync::LazyLock<[u32; 9]> = std::sync::LazyLock::new(|| {
        ["\\", "$", "{", ";", "=", "<", "%", "`", "_"].map(word::hash_of)
    });
    let marks = words.iter().filter(|w| w.is_mark() && MARKS.contains(&w.exact)).count();
    match (marks * 20).checked_div(words.len().max(1)).unwrap_or(0) {
        0 => u32::from(marks > 0),
        1..=2 => 2,
        _ => 3,
    }
}

/// Known names in the text, left to right, the longest first.
fn marks(text: &str, tokens: &[Token], hits: &Hits<'_>) -> Vec<Mark> {
    let mut marks = Vec::new();
    let mut free = 0;
    for (at, hit) in hits.all() {
        if at < free {
            continue;
        }
        free = at + hit.tokens;
        let (start, end) = (tokens[at].start, tokens[at + hit.tokens - 1].end);
        let shown = text.get(start as usize..end as usize).unwrap_or_default();
        let mut meaning = 0;
        for entry in &hit.entries {
            meaning |= bit(entry.entity.kind);
            if entry.surface == shown {
                meaning |= OWN_CASE;
            }
            if entry.ambiguous {
                meaning |= AMBIGUOUS;
            }
        }
        marks.push(Mark { start, end, meaning });
    }
    marks
}
