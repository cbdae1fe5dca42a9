//! A sentence as a row of words, marks and names.

use super::words;
use crate::mention::Mention;
use crate::sentence::Words;

/// What stands at a place of the sentence.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Piece {
    Word,
    /// A name or value: its place among the sentence's mentions.
    Name(usize),
    /// "'s" behind a name.
    Possessive,
    Comma,
    Open,
    Close,
    /// A mark or word that ends a clause.
    Break,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Token {
    pub(super) piece: Piece,
    pub(super) start: usize,
    pub(super) end: usize,
    /// What the word is, as [`words::bits`] tells.
    pub(super) bits: u16,
}

impl Token {
    pub(super) fn word<'t>(&self, lower: &'t str) -> &'t str {
        match self.piece {
            Piece::Word | Piece::Break => lower.get(self.start..self.end).unwrap_or_default(),
            _ => "",
        }
    }

    pub(super) fn name(&self) -> Option<usize> {
        match self.piece {
            Piece::Name(at) => Some(at),
            _ => None,
        }
    }
}

/// Words between clauses that each have their own subject.
const BREAKS: &[&str] = &["while", "however", "although", "whereas", "though", "but", "whilst"];

/// Cuts a sentence into its tokens.
pub(super) fn tokens(words: &Words, mentions: &[Mention]) -> Vec<Token> {
    let lower = words.lower.as_str();
    let mut tokens: Vec<Token> = Vec::with_capacity(lower.len() / 6);
    let mut at = 0;
    for (i, mention) in mentions.iter().enumerate() {
        let (start, end) = (words.at(mention.span), words.end(mention.span));
        if start < at || end <= start {
            continue;
        }
        plain(lower, at, start, &mut tokens);
        tokens.push(Token { piece: Piece::Name(i), start, end, bits: 0 });
        at = end;
    }
    plain(lower, at, lower.len(), &mut tokens);
    // "but not" goes on with the same verb.
    for i in 0..tokens.len() {
        let goes_on = tokens[i].word(lower) == "but"
            && tokens.get(i + 1).is_some_and(|t| {
                matches!(
                    t.word(lower),
                    "not" | "also" | "never" | "did" | "does" | "has" | "is" | "was"
                )
            });
        if goes_on {
            tokens[i].piece = Piece::Word;
        }
    }
    tokens
}

/// The words and marks of a stretch without names.
fn plain(lower: &str, from: usize, to: usize, tokens: &mut Vec<Token>) {
    let Some(stretch) = lower.get(from..to) else { return };
    let after_name = tokens.last().is_some_and(|t| t.name().is_some() && t.end == from);
    let mut word: Option<usize> = None;
    let mut rest = stretch.char_indices().peekable();
    if after_name
        && let Some(len) =
            ["'s", "\u{2019}s"].iter().find(|s| stretch.starts_with(**s)).map(|s| s.len())
    {
        tokens.push(Token { piece: Piece::Possessive, start: from, end: from + len, bits: 0 });
        while rest.peek().is_some_and(|(i, _)| *i < len) {
            rest.next();
        }
    }
    let close = |word: &mut Option<usize>, end: usize, tokens: &mut Vec<Token>| {
        if let Some(start) = word.take() {
            let shown = &stretch[start..end];
            let shown = shown.trim_end_matches(['\'', '\u{2019}']);
            let piece = if BREAKS.contains(&shown) { Piece::Break } else { Piece::Word };
            tokens.push(Token {
                piece,
                start: from + start,
                end: from + start + shown.len(),
                bits: words::bits(shown),
            });
        }
    };
    for (i, c) in rest {
        if c.is_alphanumeric() || (word.is_some() && matches!(c, '\'' | '\u{2019}')) {
            word.get_or_insert(i);
            continue;
        }
        close(&mut word, i, tokens);
        let piece = match c {
            ',' => Piece::Comma,
            '(' | '[' => Piece::Open,
            ')' | ']' => Piece::Close,
            ';' | ':' | '\u{2014}' => Piece::Break,
            _ => continue,
        };
        tokens.push(Token { piece, start: from + i, end: from + i + c.len_utf8(), bits: 0 });
    }
    close(&mut word, stretch.len(), tokens);
}
