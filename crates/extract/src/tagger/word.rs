//! Words of a document. What a form of a word is by itself is found out once; a word is a place and
//! the number of its form.

use foldhash::HashMap;

use super::alike::Alike;
use super::cues::{self, Bits};
use super::features::mix;
use super::lexicon;

/// What a word is by itself, wherever it stands.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Form {
    /// In lower case.
    pub(crate) lower: u32,
    /// As it stands.
    pub(crate) exact: u32,
    /// In lower case, every digit as `0`.
    pub(crate) digitless: u32,
    pub(crate) heads: [u32; 4],
    pub(crate) tails: [u32; 4],
    /// Kinds of characters in order, repeats as one (`Aa0`).
    pub(crate) shape: u32,
    pub(crate) class: Class,
    /// Rows of cues that hold it.
    pub(crate) rows: Bits,
    /// Classes of words that hold it.
    pub(crate) classes: Bits,
    /// Kinds of names of which it is a part.
    pub(crate) parts: Bits,
    /// Classes of words that are used as it is.
    pub(crate) alike: Alike,
}

/// One word or mark at its place.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Word {
    pub(crate) start: u32,
    pub(crate) end: u32,
    /// Number of its form.
    pub(crate) form: u32,
    /// Hash and shape of all that stands between white space around it, and how far in it is.
    pub(crate) chunk: u32,
    pub(crate) chunk_shape: u32,
    pub(crate) in_chunk: u32,
    /// It is all of its chunk but for marks.
    pub(crate) alone: bool,
    /// Part of a URL.
    pub(crate) in_link: bool,
}

/// The forms of words by number; number 0 is the word that is not there.
///
/// They are kept from document to document, as most words of reports are the same.
pub(crate) struct Forms {
    numbers: HashMap<Box<str>, u32>,
    all: Vec<Form>,
    /// How often the table was emptied: numbers of another round mean other forms.
    round: u32,
}

/// With so many forms the table is emptied.
const MOST_FORMS: usize = 1 << 14;

impl Default for Forms {
    fn default() -> Self {
        Self { numbers: HashMap::default(), all: vec![Form::default()], round: 0 }
    }
}

impl Forms {
    /// Empties the table when it is full, by which all numbers given so far are void.
    pub(crate) fn make_room(&mut self) {
        if self.all.len() > MOST_FORMS {
            self.numbers.clear();
            self.all.truncate(1);
            self.round = self.round.wrapping_add(1);
        }
    }

    /// See [`Self::make_room`].
    pub(crate) fn round(&self) -> u32 {
        self.round
    }

    pub(crate) fn len(&self) -> usize {
        self.all.len()
    }

    pub(crate) fn form(&self, number: u32) -> &Form {
        const NONE: &Form = &Form {
            lower: 0,
            exact: 0,
            digitless: 0,
            heads: [0; 4],
            tails: [0; 4],
            shape: 0,
            class: Class::Mark,
            rows: 0,
            classes: 0,
            parts: 0,
            alike: Alike::NONE,
        };
        self.all.get(number as usize).unwrap_or(NONE)
    }

    fn number(&mut self, shown: &str) -> u32 {
        if let Some(number) = self.numbers.get(shown) {
            return *number;
        }
        let number = self.all.len() as u32;
        self.all.push(Form::of(shown));
        self.numbers.insert(shown.into(), number);
        number
    }

    /// Cuts `text[from..to]` into words and marks; white space falls away.
    pub(crate) fn words(&mut self, text: &str, from: usize, to: usize, into: &mut Vec<Word>) {
        into.clear();
        let Some(piece) = text.get(from..to) else { return };
        let mut chunk_from = 0;
        let mut at = 0;
        while let Some(byte) = piece.as_bytes().get(at) {
            let c = match byte {
                0..=0x7f => char::from(*byte),
                _ => piece.get(at..).and_then(|rest| rest.chars().next()).unwrap_or(' '),
            };
            if c.is_whitespace() || c.is_control() {
                self.close_chunk(text, into, chunk_from);
                chunk_from = into.len();
                at += c.len_utf8();
                continue;
            }
            let end = if c.is_alphanumeric() {
                at + run(piece.get(at..).unwrap_or_default())
            } else {
                at + c.len_utf8()
            };
            let shown = piece.get(at..end).unwrap_or_default();
            into.push(Word {
                start: (from + at) as u32,
                end: (from + end) as u32,
                form: self.number(shown),
                ..Word::default()
            });
            at = end;
        }
        self.close_chunk(text, into, chunk_from);
    }

    fn close_chunk(&self, text: &str, words: &mut [Word], from: usize) {
        let Some(all) = words.get_mut(from..) else { return };
        let (Some(first), Some(last)) = (all.first(), all.last()) else { return };
        let shown = text.get(first.start as usize..last.end as usize).unwrap_or_default();
        let in_link = all.len() > 3 && (shown.contains("://") || shown.contains("www."));
        let (mut chunk, mut shape) = (SEED, SEED);
        // Marks at both ends are no part of it.
        let is_mark = |w: &&Word| self.form(w.form).is_mark();
        let head = all.iter().take_while(is_mark).count();
        let tail = all.iter().rev().take_while(is_mark).count();
        let bare = all.len().saturating_sub(tail);
        for word in all.iter().take(bare).skip(head).take(12) {
            let form = self.form(word.form);
            chunk = mix(chunk, form.lower);
            shape = mix(shape, if form.is_mark() { form.exact } else { form.class as u32 });
        }
        let alone = bare == head + 1;
        for (i, word) in all.iter_mut().enumerate() {
            word.chunk = chunk;
            word.chunk_shape = shape;
            word.in_chunk = i.saturating_sub(head).min(6) as u32;
            word.alone = alone && i == head;
            word.in_link = in_link;
        }
    }
}

/// Length of the letters and digits at the start of `piece`.
fn run(piece: &str) -> usize {
    let ascii = piece.bytes().take_while(u8::is_ascii_alphanumeric).count();
    match piece.as_bytes().get(ascii) {
        Some(0x80..) => piece
            .char_indices()
            .find(|(_, c)| !c.is_alphanumeric())
            .map_or(piece.len(), |(at, _)| at),
        _ => ascii,
    }
}

/// What sort of word it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Class {
    /// No letter or digit.
    #[default]
    Mark,
    /// Lower case.
    Lower,
    /// One capital first.
    Capital,
    /// All capitals.
    Shouted,
    /// Capitals inside.
    Mixed,
    /// Letters and digits.
    Alphanumeric,
    /// Digits.
    Number,
    /// Letters without case (Japanese, Arabic …).
    Caseless,
}

const SEED: u32 = 0x811c_9dc5;

fn step(hash: u32, c: char) -> u32 {
    let c = c as u32;
    (hash ^ (c & 0xff) ^ (c >> 8).wrapping_mul(0x9e37)).wrapping_mul(0x0100_0193)
}

/// Hash of a word of ours in lower case, as [`Word::lower`] has it.
pub(crate) fn hash_of(word: &str) -> u32 {
    word.chars().fold(SEED, step)
}

impl Form {
    fn of(shown: &str) -> Self {
        let mut form = Self::default();
        let (mut lower, mut exact, mut digitless, mut shape) = (SEED, SEED, SEED, SEED);
        let (mut capitals, mut smalls, mut digits, mut others) = (0_u32, 0_u32, 0_u32, 0_u32);
        let mut last = ' ';
        let mut tail = [0_u32; 5];
        for (i, c) in shown.chars().enumerate() {
            exact = step(exact, c);
            let low = if c.is_ascii() {
                c.to_ascii_lowercase()
            } else {
                c.to_lowercase().next().unwrap_or(c)
            };
            lower = step(lower, low);
            digitless = step(digitless, if c.is_ascii_digit() { '0' } else { low });
            let sort = if c.is_ascii_digit() {
                digits += 1;
                '0'
            } else if c.is_uppercase() {
                capitals += 1;
                'A'
            } else if c.is_lowercase() {
                smalls += 1;
                'a'
            } else {
                others += 1;
                if c.is_alphabetic() { 'x' } else { c }
            };
            if sort != last {
                shape = step(shape, sort);
                last = sort;
            }
            if (1..=4).contains(&i) {
                form.heads[i - 1] = lower;
            }
            tail = [tail[1], tail[2], tail[3], tail[4], u32::from(low)];
        }
        let tail_of = |n: usize| {
            tail[5 - n..].iter().fold(SEED, |h, c| step(h, char::from_u32(*c).unwrap_or(' ')))
        };
        form.tails = [tail_of(2), tail_of(3), tail_of(4), tail_of(5)];
        form.lower = lower;
        form.exact = exact;
        form.digitless = digitless;
        form.shape = shape;
        form.class = match (capitals, smalls, digits, others) {
            (0, 0, 0, _) if shown.chars().next().is_some_and(char::is_alphabetic) => {
                Class::Caseless
            }
            (0, 0, 0, _) => Class::Mark,
            (0, 0, _, 0) => Class::Number,
            (_, _, 1.., _) => Class::Alphanumeric,
            (0, ..) => Class::Lower,
            (_, 0, ..) => Class::Shouted,
            (1, ..) if shown.chars().next().is_some_and(char::is_uppercase) => Class::Capital,
            _ => Class::Mixed,
        };
        form.rows = cues::rows_of(lower);
        form.classes = cues::classes_of(lower);
        form.parts = lexicon::parts_of(lower);
        form.alike = Alike::of(lower);
        form
    }

    pub(crate) fn is_mark(&self) -> bool {
        self.class == Class::Mark
    }

    /// Whether it has a capital or mixes letters and digits, as names have.
    pub(crate) fn is_shaped(&self) -> bool {
        matches!(self.class, Class::Capital | Class::Shouted | Class::Mixed | Class::Alphanumeric)
    }

    /// Hash and shape of a chunk that is this word alone.
    pub(crate) fn chunk(&self) -> (u32, u32) {
        (mix(SEED, self.lower), mix(SEED, self.class as u32))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_know_their_form() {
        let text = "The FooBar2 hit ACME-labs, https://a.example/b 攻撃 42.";
        let mut forms = Forms::default();
        let mut all = Vec::new();
        forms.words(text, 0, text.len(), &mut all);
        let shown: Vec<&str> =
            all.iter().map(|w| &text[w.start as usize..w.end as usize]).collect();
        assert_eq!(
            shown,
            [
                "The", "FooBar2", "hit", "ACME", "-", "labs", ",", "https", ":", "/", "/", "a",
                ".", "example", "/", "b", "攻撃", "42", "."
            ]
        );
        let class = |at: usize| forms.form(all[at].form).class;
        assert_eq!(class(0), Class::Capital);
        assert_eq!(class(1), Class::Alphanumeric);
        assert_eq!(class(3), Class::Shouted);
        assert_eq!(class(16), Class::Caseless);
        assert_eq!(class(17), Class::Number);
        assert_eq!(forms.form(all[2].form).lower, hash_of("hit"));
        assert!(all[7].in_link && !all[3].in_link);
        assert_eq!(all[3].chunk, all[5].chunk);
        assert!(all[2].alone && all[17].alone && !all[3].alone);
        assert_eq!((all[17].chunk, all[17].chunk_shape), forms.form(all[17].form).chunk());
    }

    #[test]
    fn letters_of_all_scripts_are_one_word() {
        assert_eq!((run("naïve,"), run("abc"), run("ab-c"), run("")), (6, 3, 2, 0));
    }

    #[test]
    fn a_full_table_is_emptied() {
        let mut forms = Forms::default();
        let text: String = (0..=MOST_FORMS)
            .flat_map(|i| ["w".to_owned(), i.to_string(), " ".to_owned()])
            .collect();
        let mut words = Vec::new();
        forms.words(&text, 0, text.len(), &mut words);
        for round in [1, 1] {
            forms.make_room();
            assert_eq!((forms.round(), forms.len()), (round, 1));
        }
    }
}
