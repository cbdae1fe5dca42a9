//! A sequence model for names that no table knows: a linear-chain CRF over hashed features.
//!
//! The gazetteer is the base of what Lapwing names; the tagger tells which words stand where a
//! name of some kind stands. What it reads of a word is in `features`, the weights are numbers
//! in a data file ([`Weights`]), and training is a command of `lapwing-evaluate` that reads the
//! same features. Lafferty et al., "Conditional random fields" (ICML 2001).

mod alike;
mod cues;
mod decode;
mod features;
mod gate;
mod judge;
mod lexicon;
mod reader;
mod sums;
mod weights;
mod word;

use std::cell::RefCell;
use std::sync::LazyLock;

use lapwing_model::{Confidence, Span};

use crate::gazetteer::{Hits, Token};
use crate::sentence;

pub use features::EVERY_WORD;
pub use judge::{Judged, NUMBERS, probability};
pub use reader::Sequence;
pub use weights::{Weights, WeightsError};

use reader::Reader;
use sums::Sums;
use word::Forms;

macro_rules! tags {
    ($($(#[$doc:meta])* $variant:ident = $name:literal,)*) => {
        /// What a name in running text names: the eleven types of AnnoCTR (Lange et al., 2024).
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Tag { $($(#[$doc])* $variant,)* }

        impl Tag {
            /// All tags, in the order of the labels of the model.
            pub const ALL: &'static [Tag] = &[$(Tag::$variant,)*];

            /// The corpus's word for it.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self { $(Tag::$variant => $name,)* }
            }
        }
    };
}

tags! {
    /// Code, a command line, a file or a key.
    Code = "CLICommand/CodeSnippet",
    /// A notion of the field ("phishing kit", "C2").
    Concept = "CON",
    /// A date or a span of time.
    Date = "DATE",
    /// A threat actor.
    Group = "GROUP",
    /// A place, or its adjective.
    Location = "LOC",
    /// Malware.
    Malware = "MALWARE",
    /// An organisation.
    Organization = "ORG",
    /// A sector of industry or society.
    Sector = "SECTOR",
    /// A tactic of ATT&CK.
    Tactic = "TACTIC",
    /// A technique of ATT&CK.
    Technique = "TECHNIQUE",
    /// A tool.
    Tool = "TOOL",
}

impl Tag {
    /// The tag that the corpus calls so.
    #[must_use]
    pub fn named(name: &str) -> Option<Tag> {
        Tag::ALL.iter().copied().find(|t| t.as_str() == name)
    }
}

/// Number of labels: outside, and begin and inside of each tag.
pub const LABELS: usize = 1 + 2 * 11;

/// A run of words to which the model gives a tag.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tagged {
    /// Where it stands in the text.
    pub span: Span,
    /// What it is.
    pub tag: Tag,
    /// How probable it is that just these words are a name of this tag.
    pub confidence: Confidence,
}

/// The label of a tag's first word, or of one inside.
#[must_use]
pub fn label(tag: Tag, inside: bool) -> usize {
    1 + 2 * (tag as usize) + usize::from(inside)
}

/// Whether a run that is inside a tag may follow: only behind the same tag.
#[must_use]
pub fn may_follow(before: usize, after: usize) -> bool {
    after == 0 || after % 2 == 1 || before == after || before + 1 == after
}

/// Whether a word is one of general English, by the table of classes.
pub(crate) fn is_english(word: &str) -> bool {
    alike::Alike::of(word::hash_of(&word.to_lowercase())) != alike::Alike::NONE
}

/// The weights that the binary carries, unpacked when first asked for.
fn builtin() -> &'static Weights {
    static BUILTIN: LazyLock<Weights> = LazyLock::new(|| {
        Weights::from_bytes(include_bytes!("../data/entities.weights")).unwrap_or_default()
    });
    &BUILTIN
}

/// The runs that the built-in model tags in those `sentences` that hold what may be a name beyond the `known`
/// ones, in order. Both `known` and `doubtful` (what a table has, and only the context can tell) are in order.
pub(crate) fn tag(
    text: &str,
    tokens: &[Token],
    hits: &Hits<'_>,
    sentences: impl Iterator<Item = Span>,
    known: &[Span],
    doubtful: &[Span],
) -> Vec<Tagged> {
    let smalls = gate::Smalls::of(text, tokens);
    let mut sentences =
        sentences.filter(|span| gate::asks(text, *span, &smalls, known, doubtful)).peekable();
    if sentences.peek().is_none() {
        return Vec::new();
    }
    // There is one model of the binary, so that what a thread keeps is of it.
    thread_local!(static KEPT: RefCell<(Forms, Sums)> = RefCell::default());
    let (forms, mut sums) = KEPT.take();
    let mut reader = Reader::new(text, tokens, hits, forms);
    let found = decode_all(text, &mut reader, &mut sums, builtin(), sentences);
    KEPT.set((reader.into_forms(), sums));
    found
}

/// As [`tag`], with other weights and over all sentences: for the command that trains and scores.
pub(crate) fn tag_all(
    text: &str,
    tokens: &[Token],
    hits: &Hits<'_>,
    weights: Option<&Weights>,
) -> Vec<Tagged> {
    let weights = match weights {
        Some(weights) => weights,
        None => builtin(),
    };
    let sentences = sentence::sentences(text).into_iter();
    let mut reader = Reader::new(text, tokens, hits, Forms::default());
    decode_all(text, &mut reader, &mut Sums::default(), weights, sentences)
}

fn decode_all<'t>(
    text: &'t str,
    reader: &mut Reader<'t>,
    sums: &mut Sums,
    weights: &Weights,
    sentences: impl Iterator<Item = Span>,
) -> Vec<Tagged> {
    let runs = runs(text, reader, sums, weights, sentences);
    judge::choose(text, &runs, weights.judge())
}

/// The runs that the model holds possible, in order.
fn runs<'t>(
    text: &'t str,
    reader: &mut Reader<'t>,
    sums: &mut Sums,
    weights: &Weights,
    sentences: impl Iterator<Item = Span>,
) -> Vec<judge::Run> {
    let mut room = decode::Room::default();
    let (mut found, mut spans) = (Vec::new(), Vec::new());
    for (number, part) in sentences.flat_map(|span| parts(text, span)).enumerate() {
        if is_encoded(part.slice(text).unwrap_or_default()) {
            continue;
        }
        reader.score(part, weights, sums, &mut spans);
        if !decode::is_open(weights, &sums.words) {
            continue;
        }
        decode::runs(weights, &sums.words, &mut room, &mut |from, to, tag, sure| {
            let (Some(first), Some(last)) = (spans.get(from), spans.get(to - 1)) else { return };
            let [whole, least, outside] = sure;
            found.push(judge::Run {
                span: Span { start: first.start, end: last.end },
                tag,
                sentence: number as u32,
                from: from as u32,
                to: to as u32,
                whole,
                least,
                outside,
                known: reader.known_whole(from, to),
                beside: [from.checked_sub(1), Some(to)].map(|at| {
                    let word = at.and_then(|at| spans.get(at)).and_then(|span| span.slice(text));
                    word.is_some_and(|word| word.starts_with(char::is_uppercase))
                }),
            });
        });
    }
    found
}

/// The runs that `weights` hold possible in all of `text`, with the numbers by which they are judged: for training.
pub(crate) fn judged(
    text: &str,
    tokens: &[Token],
    hits: &Hits<'_>,
    weights: &Weights,
) -> Vec<Judged> {
    let sentences = sentence::sentences(text).into_iter();
    let mut reader = Reader::new(text, tokens, hits, Forms::default());
    let runs = runs(text, &mut reader, &mut Sums::default(), weights, sentences);
    judge::numbered(text, &runs)
}

/// What the model reads of every sentence of `text`.
pub(crate) fn sequences(text: &str, tokens: &[Token], hits: &Hits<'_>) -> Vec<Sequence> {
    read_all(text, &mut Reader::new(text, tokens, hits, Forms::default()))
}

fn read_all(text: &str, reader: &mut Reader<'_>) -> Vec<Sequence> {
    let mut all = Vec::new();
    for span in sentence::sentences(text) {
        for part in parts(text, span) {
            if is_encoded(part.slice(text).unwrap_or_default()) {
                continue;
            }
            let mut sequence = Sequence::default();
            reader.read(part, &mut sequence);
            if !sequence.is_empty() {
                all.push(sequence);
            }
        }
    }
    all
}

/// Whether a piece is mostly one long run without white space: encoded data, in which nothing is named.
fn is_encoded(piece: &str) -> bool {
    const LONG: usize = 120;
    piece.split_whitespace().any(|run| run.len() >= LONG && run.len() * 2 > piece.len())
}

/// Longest piece that is read at once, in bytes.
const LONGEST: usize = 1200;

/// A long sentence in pieces, cut at white space.
fn parts(text: &str, span: Span) -> impl Iterator<Item = Span> + '_ {
    let (mut at, end) = (span.start as usize, span.end as usize);
    std::iter::from_fn(move || {
        if at >= end {
            return None;
        }
        let mut to = end;
        if end - at > LONGEST {
            let mut limit = at + LONGEST;
            while !text.is_char_boundary(limit) {
                limit -= 1;
            }
            let piece = text.get(at..limit).unwrap_or_default();
            to = piece.rfind(char::is_whitespace).filter(|i| *i > 0).map_or(limit, |i| at + i);
        }
        let part = Span::new(at, to);
        at = to;
        Some(part)
    })
}
