//! Reads the sentences of one document: its words, what the tables know of them, and what stands beside
//! the same words elsewhere in it.

use foldhash::HashMap;
use lapwing_model::{Kind, Span};

use super::Weights;
use super::cues::{self, Bits};
use super::features::{self, Around, OUTSIDE, Setting};
use super::sums::Sums;
use super::word::{self, Class, Form, Forms, Word};
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
    forms: Forms,
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
    /// `forms` may be those of another document.
    pub(crate) fn new(text: &'t str, tokens: &[Token], hits: &Hits<'_>, forms: Forms) -> Self {
        let mut reader = Self {
            text,
            marks: marks(text, tokens, hits),
            memory: HashMap::default(),
            forms,
            words: Vec::new(),
            known: Vec::new(),
        };
        reader.remember();
        reader
    }

    /// The forms, for the next document.
    pub(crate) fn into_forms(self) -> Forms {
        self.forms
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
            self.forms.make_room();
            self.forms.words(self.text, at, at + line.len(), &mut words);
            at += line.len();
            for (i, word) in words.iter().enumerate() {
                let form = *self.forms.form(word.form);
                if form.class == Class::Lower {
                    if smalls.len() < REMEMBERED {
                        smalls.insert(form.lower);
                    }
                    continue;
                }
                if !form.is_shaped() || word.in_link {
                    continue;
                }
                if self.memory.len() >= REMEMBERED && !self.memory.contains_key(&form.exact) {
                    continue;
                }
                let mut bits = 0;
                // A name of several words: the cue stands beyond them.
                let form_of = |w: &Word| self.forms.form(w.form);
                let is_plain = |f: &&Form| !f.is_shaped() && !is_quote(f);
                let before = words.get(i.saturating_sub(3)..i).unwrap_or_default();
                if let Some(f) = before.iter().rev().map(form_of).find(is_plain) {
                    bits |= f.rows;
                }
                let after = words.get(i + 1..).unwrap_or_default();
                if let Some(f) = after.iter().take(3).map(form_of).find(is_plain) {
                    bits |= f.rows << cues::AFTER;
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
                let count = counts.entry(form.exact).or_default();
                *count += 1;
                if *count >= 3 {
                    bits |= cues::OFTEN;
                }
                if smalls.contains(&form.lower) {
                    bits |= cues::ALSO_LOWER;
                }
                *self.memory.entry(form.exact).or_default() |= bits;
            }
        }
    }

    /// The features of one sentence, for training.
    pub(crate) fn read(&mut self, span: Span, into: &mut Sequence) {
        into.spans.clear();
        into.features.clear();
        into.ends.clear();
        self.forms.make_room();
        self.words(span, &mut into.spans);
        let (line, code) = (line_sort(self.text, span), self.codeness());
        for at in 0..self.words.len() {
            let numbers = self.numbers(at, &self.words[at]);
            let around = self.around(at, &numbers, line, code);
            features::all(&around, &mut |f| into.features.push(f));
            into.ends.push(into.features.len() as u32);
        }
    }

    /// What `weights` make of each word of a sentence, in steps, and where the words stand.
    pub(crate) fn score(
        &mut self,
        span: Span,
        weights: &Weights,
        sums: &mut Sums,
        spans: &mut Vec<Span>,
    ) {
        spans.clear();
        self.forms.make_room();
        self.words(span, spans);
        let (line, code) = (line_sort(self.text, span), self.codeness());
        sums.begin(&self.forms);
        for (at, word) in self.words.iter().enumerate() {
            let numbers = self.numbers(at, word);
            sums.add(weights, &self.around(at, &numbers, line, code), &numbers);
        }
    }

    fn words(&mut self, span: Span, spans: &mut Vec<Span>) {
        let (from, to) = (span.start as usize, span.end as usize);
        self.forms.words(self.text, from, to, &mut self.words);
        spans.extend(self.words.iter().map(|w| Span { start: w.start, end: w.end }));
        self.know();
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

    /// What the tables say of just the words `from..to` of the sentence that was read last: the kinds of their name,
    /// bit by bit, with case and doubt; 0 where these words are no name of theirs.
    pub(crate) fn known_whole(&self, from: usize, to: usize) -> u32 {
        let Some(first) = self.known.get(from).filter(|known| **known & 1 == 1) else { return 0 };
        let inside = first - 1;
        let whole = (from + 1..to).all(|at| self.known.get(at) == Some(&inside))
            && self.known.get(to) != Some(&inside);
        if whole { first >> 1 } else { 0 }
    }

    fn word(&self, at: usize, by: isize) -> Option<&Word> {
        at.checked_add_signed(by).and_then(|i| self.words.get(i))
    }

    /// Numbers of the forms of [`Around::forms`] and [`Around::nearest`].
    fn numbers(&self, at: usize, word: &Word) -> Numbers {
        let number = |by: isize| self.word(at, by).map_or(0, |w| w.form);
        let nearest = |sign: isize| {
            // The nearest that is no mark; none is the word that is not there.
            (1..=4)
                .map(|by| number(sign * by))
                .find(|n| !self.forms.form(*n).is_mark())
                .unwrap_or(0)
        };
        Numbers {
            forms: [number(-3), number(-2), number(-1), word.form, number(1), number(2), number(3)],
            nearest: [nearest(-1), nearest(1)],
        }
    }

    fn around(&self, at: usize, numbers: &Numbers, line: u32, code: u32) -> Around<'_> {
        let word = self.word(at, 0).copied().unwrap_or_default();
        let own = self.forms.form(word.form);
        let known = |by: isize| {
            at.checked_add_signed(by).and_then(|i| self.known.get(i)).copied().unwrap_or(OUTSIDE)
        };
        let memory =
            if own.is_shaped() { self.memory.get(&own.exact).copied().unwrap_or(0) } else { 0 };
        Around {
            forms: numbers.forms.map(|n| self.forms.form(n)),
            nearest: numbers.nearest.map(|n| self.forms.form(n)),
            known: [known(-2), known(-1), known(0), known(1), known(2)],
            setting: Setting {
                class: own.class as u32,
                line,
                code,
                at: at.min(2) as u32,
                in_chunk: word.in_chunk,
                in_link: word.in_link,
            },
            chunk: word.chunk,
            chunk_shape: word.chunk_shape,
            alone: word.alone,
            memory,
        }
    }

    /// How much the sentence looks like code, in four steps.
    fn codeness(&self) -> u32 {
        static MARKS: std::sync::LazyLock<[u32; 9]> = std::sync::LazyLock::new(|| {
            ["\\", "$", "{", ";", "=", "<", "%", "`", "_"].map(word::hash_of)
        });
        let forms = self.words.iter().map(|w| self.forms.form(w.form));
        let marks = forms.filter(|f| f.is_mark() && MARKS.contains(&f.exact)).count();
        match (marks * 20).checked_div(self.words.len()).unwrap_or(0) {
            0 => u32::from(marks > 0),
            1..=2 => 2,
            _ => 3,
        }
    }
}

/// Numbers of the forms around a word.
pub(crate) struct Numbers {
    pub(crate) forms: [u32; 7],
    pub(crate) nearest: [u32; 2],
}

fn is_quote(form: &Form) -> bool {
    static QUOTES: std::sync::LazyLock<[u32; 5]> =
        std::sync::LazyLock::new(|| ["\"", "'", "\u{201c}", "\u{2018}", "*"].map(word::hash_of));
    form.is_mark() && QUOTES.contains(&form.exact)
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
