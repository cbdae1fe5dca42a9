//! Words of a sentence, as the model reads them: hashes of their forms, no strings.

use super::features::mix;

/// One word or mark.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Word {
    pub(crate) start: u32,
    pub(crate) end: u32,
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
    /// Hash and shape of all that stands between white space around it, and how far in it is.
    pub(crate) chunk: u32,
    pub(crate) chunk_shape: u32,
    pub(crate) in_chunk: u32,
    /// Part of a URL.
    pub(crate) in_link: bool,
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

/// Cuts `text[from..to]` into words and marks; white space falls away.
pub(crate) fn words(text: &str, from: usize, to: usize, into: &mut Vec<Word>) {
    into.clear();
    let Some(piece) = text.get(from..to) else { return };
    let mut chunk_from = 0;
    let mut chars = piece.char_indices().peekable();
    while let Some((at, c)) = chars.next() {
        if c.is_whitespace() || c.is_control() {
            close_chunk(text, into, chunk_from);
            chunk_from = into.len();
            continue;
        }
        let mut end = at + c.len_utf8();
        if c.is_alphanumeric() {
            while let Some((i, next)) = chars.peek().copied() {
                if !next.is_alphanumeric() {
                    break;
                }
                end = i + next.len_utf8();
                chars.next();
            }
        }
        let shown = piece.get(at..end).unwrap_or_default();
        into.push(Word::of(shown, (from + at) as u32, (from + end) as u32));
    }
    close_chunk(text, into, chunk_from);
}

impl Word {
    fn of(shown: &str, start: u32, end: u32) -> Self {
        let mut word = Self { start, end, ..Self::default() };
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
                word.heads[i - 1] = lower;
            }
            tail = [tail[1], tail[2], tail[3], tail[4], u32::from(low)];
        }
        let tail_of = |n: usize| {
            tail[5 - n..].iter().fold(SEED, |h, c| step(h, char::from_u32(*c).unwrap_or(' ')))
        };
        word.tails = [tail_of(2), tail_of(3), tail_of(4), tail_of(5)];
        word.lower = lower;
        word.exact = exact;
        word.digitless = digitless;
        word.shape = shape;
        word.class = match (capitals, smalls, digits, others) {
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
        word
    }

    pub(crate) fn is_mark(&self) -> bool {
        self.class == Class::Mark
    }

    /// Whether it has a capital or mixes letters and digits, as names have.
    pub(crate) fn is_shaped(&self) -> bool {
        matches!(self.class, Class::Capital | Class::Shouted | Class::Mixed | Class::Alphanumeric)
    }
}

fn close_chunk(text: &str, words: &mut [Word], from: usize) {
    let Some(all) = words.get_mut(from..) else { return };
    let (Some(first), Some(last)) = (all.first(), all.last()) else { return };
    let shown = text.get(first.start as usize..last.end as usize).unwrap_or_default();
    let in_link = all.len() > 3 && (shown.contains("://") || shown.contains("www."));
    let (mut chunk, mut shape) = (SEED, SEED);
    // Marks at both ends are no part of it.
    let head = all.iter().take_while(|w| w.is_mark()).count();
    let tail = all.iter().rev().take_while(|w| w.is_mark()).count();
    for word in all.iter().take(all.len().saturating_sub(tail)).skip(head).take(12) {
        chunk = mix(chunk, word.lower);
        shape = mix(shape, if word.is_mark() { word.exact } else { word.class as u32 });
    }
    for (i, word) in all.iter_mut().enumerate() {
        word.chunk = chunk;
        word.chunk_shape = shape;
        word.in_chunk = i.saturating_sub(head).min(6) as u32;
        word.in_link = in_link;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_know_their_form() {
        let text = "The FooBar2 hit ACME-labs, https://a.example/b 攻撃 42.";
        let mut all = Vec::new();
        words(text, 0, text.len(), &mut all);
        let shown: Vec<&str> =
            all.iter().map(|w| &text[w.start as usize..w.end as usize]).collect();
        assert_eq!(
            shown,
            [
                "The", "FooBar2", "hit", "ACME", "-", "labs", ",", "https", ":", "/", "/", "a",
                ".", "example", "/", "b", "攻撃", "42", "."
            ]
        );
        assert_eq!(all[0].class, Class::Capital);
        assert_eq!(all[1].class, Class::Alphanumeric);
        assert_eq!(all[3].class, Class::Shouted);
        assert_eq!(all[16].class, Class::Caseless);
        assert_eq!(all[17].class, Class::Number);
        assert_eq!(all[2].lower, hash_of("hit"));
        assert!(all[7].in_link && !all[3].in_link);
        assert_eq!(all[3].chunk, all[5].chunk);
    }
}
