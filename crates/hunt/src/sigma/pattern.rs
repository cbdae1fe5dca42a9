//! Values of rules: wildcards and escapes, and how a folded text is compared with them.

use memchr::memmem;

/// A piece of a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Token {
    /// Text as it stands.
    Text(String),
    /// `*`: any text, also none.
    Many,
    /// `?`: one character.
    One,
    /// A dash of a Windows option, in any of its five forms.
    Dash,
}

/// The five forms of an option's dash: `-`, `/`, en dash, em dash, horizontal bar.
pub(crate) const DASHES: [char; 5] = ['-', '/', '\u{2013}', '\u{2014}', '\u{2015}'];

/// Splits a value into its pieces. `\*`, `\?` and `\\` are the characters themselves; a
/// backslash before anything else is a backslash.
pub(crate) fn tokens(value: &str) -> Vec<Token> {
    let mut list = Vec::new();
    let mut text = String::new();
    let mut chars = value.chars().peekable();
    while let Some(c) = chars.next() {
        let wild = match c {
            '\\' => {
                let next = chars.next_if(|next| matches!(next, '*' | '?' | '\\'));
                text.push(next.unwrap_or('\\'));
                continue;
            }
            '*' => Token::Many,
            '?' => Token::One,
            c => {
                text.push(c);
                continue;
            }
        };
        if !text.is_empty() {
            list.push(Token::Text(std::mem::take(&mut text)));
        }
        if !(wild == Token::Many && list.last() == Some(&Token::Many)) {
            list.push(wild);
        }
    }
    if !text.is_empty() {
        list.push(Token::Text(text));
    }
    list
}

/// Puts [`Token::Dash`] where a dash begins an option: no word before it, a word after.
pub(crate) fn with_dashes(list: Vec<Token>) -> Vec<Token> {
    let word = |c: char| c.is_alphanumeric() || c == '_';
    let mut out = Vec::new();
    for token in list {
        let Token::Text(text) = token else {
            out.push(token);
            continue;
        };
        let mut part = String::new();
        let mut before = None;
        let mut chars = text.chars().peekable();
        while let Some(c) = chars.next() {
            let option = DASHES.contains(&c)
                && !before.is_some_and(word)
                && chars.peek().is_some_and(|next| word(*next));
            if option {
                if !part.is_empty() {
                    out.push(Token::Text(std::mem::take(&mut part)));
                }
                out.push(Token::Dash);
            } else {
                part.push(c);
            }
            before = Some(c);
        }
        if !part.is_empty() {
            out.push(Token::Text(part));
        }
    }
    out
}

/// The lower case of a text, character by character.
pub(crate) fn fold(text: &str) -> String {
    if text.is_ascii() {
        return text.to_ascii_lowercase();
    }
    text.chars().flat_map(char::to_lowercase).collect()
}

/// How a value is compared with a text.
#[derive(Clone, Debug)]
pub(crate) enum Pattern {
    /// The text is it.
    Is(Box<str>),
    /// The text begins with it.
    Begins(Box<str>),
    /// The text ends with it.
    Ends(Box<str>),
    /// The text holds it.
    Holds(Box<memmem::Finder<'static>>),
    /// Anything else.
    Pieces(Box<Pieces>),
}

/// A pattern with wildcards inside: runs of pieces between `*`s, found one after the other.
#[derive(Clone, Debug)]
pub(crate) struct Pieces {
    runs: Vec<Vec<Token>>,
    from_start: bool,
    to_end: bool,
}

impl Pattern {
    /// Compiles pieces; folds them unless the comparison is `cased`.
    pub(crate) fn new(list: Vec<Token>, cased: bool) -> Pattern {
        let list: Vec<Token> = list
            .into_iter()
            .map(|token| match token {
                Token::Text(text) if !cased => Token::Text(fold(&text)),
                token => token,
            })
            .collect();
        match list.as_slice() {
            [] => return Pattern::Is("".into()),
            [Token::Text(text)] => return Pattern::Is(text.as_str().into()),
            [Token::Text(text), Token::Many] => return Pattern::Begins(text.as_str().into()),
            [Token::Many, Token::Text(text)] => return Pattern::Ends(text.as_str().into()),
            [Token::Many, Token::Text(text), Token::Many] => {
                let finder = memmem::Finder::new(text.as_bytes()).into_owned();
                return Pattern::Holds(Box::new(finder));
            }
            _ => {}
        }
        let from_start = list.first() != Some(&Token::Many);
        let to_end = list.last() != Some(&Token::Many);
        let runs = list
            .split(|token| *token == Token::Many)
            .filter(|run| !run.is_empty())
            .map(<[Token]>::to_vec)
            .collect();
        Pattern::Pieces(Box::new(Pieces { runs, from_start, to_end }))
    }

    /// Whether a text (folded, unless the pattern is cased) fits.
    pub(crate) fn fits(&self, text: &str) -> bool {
        match self {
            Pattern::Is(value) => text == &**value,
            Pattern::Begins(value) => text.starts_with(&**value),
            Pattern::Ends(value) => text.ends_with(&**value),
            Pattern::Holds(finder) => finder.find(text.as_bytes()).is_some(),
            Pattern::Pieces(pieces) => pieces.fits(text),
        }
    }

    /// The pieces that must stand in a text, each with whether it must be the whole text, its
    /// beginning or its end.
    pub(crate) fn literals(&self) -> Vec<(&str, Anchor)> {
        match self {
            Pattern::Is(value) => vec![(value, Anchor::Whole)],
            Pattern::Begins(value) => vec![(value, Anchor::Start)],
            Pattern::Ends(value) => vec![(value, Anchor::End)],
            Pattern::Holds(finder) => {
                let text = std::str::from_utf8(finder.needle()).unwrap_or("");
                vec![(text, Anchor::Anywhere)]
            }
            Pattern::Pieces(pieces) => pieces
                .runs
                .iter()
                .flatten()
                .filter_map(|token| match token {
                    Token::Text(text) => Some((text.as_str(), Anchor::Anywhere)),
                    _ => None,
                })
                .collect(),
        }
    }
}

/// Where in a text a literal must stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Anchor {
    Anywhere,
    Start,
    End,
    Whole,
}

impl Pieces {
    fn fits(&self, text: &str) -> bool {
        let mut rest = text;
        let mut runs = self.runs.as_slice();
        if self.from_start
            && let Some((first, others)) = runs.split_first()
        {
            match run_at(first, rest) {
                Some(length) => rest = &rest[length..],
                None => return false,
            }
            runs = others;
            if runs.is_empty() {
                return !self.to_end || rest.is_empty();
            }
        }
        let last = if self.to_end { runs.split_last() } else { None };
        if let Some((_, others)) = last {
            runs = others;
        }
        for run in runs {
            match find_run(run, rest) {
                Some(end) => rest = &rest[end..],
                None => return false,
            }
        }
        last.is_none_or(|(run, _)| ends_with_run(run, rest))
    }
}

/// The length of text that a run takes at the beginning of `text`.
fn run_at(run: &[Token], text: &str) -> Option<usize> {
    let mut at = 0;
    for token in run {
        at += match token {
            Token::Text(part) => text[at..].starts_with(part.as_str()).then_some(part.len())?,
            Token::One => text[at..].chars().next()?.len_utf8(),
            Token::Dash => text[at..].chars().next().filter(|c| DASHES.contains(c))?.len_utf8(),
            Token::Many => 0,
        };
    }
    Some(at)
}

/// The end of the first place where a run stands.
fn find_run(run: &[Token], text: &str) -> Option<usize> {
    if let [Token::Text(part)] = run {
        return memmem::find(text.as_bytes(), part.as_bytes()).map(|at| at + part.len());
    }
    if let [Token::Text(part), ..] = run {
        let step = part.chars().next().map_or(1, char::len_utf8);
        let mut from = 0;
        while let Some(at) = memmem::find(&text.as_bytes()[from..], part.as_bytes()) {
            if let Some(length) = run_at(run, &text[from + at..]) {
                return Some(from + at + length);
            }
            from += at + step;
        }
        return None;
    }
    text.char_indices().find_map(|(at, _)| run_at(run, &text[at..]).map(|length| at + length))
}

/// Whether a run stands at the end of `text`: it is compared from its last piece on.
fn ends_with_run(run: &[Token], text: &str) -> bool {
    let mut rest = text;
    for token in run.iter().rev() {
        let cut = match token {
            Token::Text(part) => rest.strip_suffix(part.as_str()),
            Token::One => rest.chars().next_back().map(|c| &rest[..rest.len() - c.len_utf8()]),
            Token::Dash => rest.strip_suffix(DASHES),
            Token::Many => Some(rest),
        };
        match cut {
            Some(cut) => rest = cut,
            None => return false,
        }
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fits(value: &str, text: &str) -> bool {
        Pattern::new(tokens(value), false).fits(&fold(text))
    }

    #[test]
    fn wildcards_and_escapes() {
        for (value, text, expected) in [
            ("abc", "ABC", true),
            ("abc", "abcd", false),
            ("a*c", "abbbc", true),
            ("a*c", "abbbd", false),
            ("a?c", "aäc", true),
            ("a?c", "ac", false),
            ("*b*d*", "abcde", true),
            ("*b*d*", "adcbe", false),
            ("*ab?", "xabab1", true),
            ("a*a", "a", false),
            ("?*?", "ab", true),
            ("?*?", "a", false),
            ("*", "", true),
            (r"c:\*", r"C:*", true),
            (r"c:\*", r"C:\x", false),
            (r"c:\\*", r"C:\x", true),
            (r"c:\\\*", r"C:\*", true),
            (r"c:\\\*", r"C:\x", false),
            (r"\\\\host\\*", r"\\host\share", true),
            (r"a\b", r"A\B", true),
            (r"what\?", "what?", true),
            (r"what\?", "whatx", false),
            ("ÄÖ*", "äöx", true),
        ] {
            assert_eq!(fits(value, text), expected, "{value} on {text}");
        }
    }

    #[test]
    fn a_dash_is_an_option_only_before_a_word() {
        let list = with_dashes(tokens(" -x a-b /y - z"));
        let pattern = Pattern::new([vec![Token::Many], list, vec![Token::Many]].concat(), false);
        assert!(pattern.fits("q /x a-b \u{2014}y - z."));
        assert!(!pattern.fits("q /x a/b -y - z."));
        assert!(!pattern.fits("q /x a-b -y / z."));
    }

    /// The plainest possible reading of a pattern, to compare with.
    fn naive(list: &[Token], text: &[char]) -> bool {
        match list.split_first() {
            None => text.is_empty(),
            Some((Token::Many, rest)) => (0..=text.len()).any(|at| naive(rest, &text[at..])),
            Some((Token::One, rest)) => !text.is_empty() && naive(rest, &text[1..]),
            Some((Token::Dash, rest)) => {
                text.first().is_some_and(|c| DASHES.contains(c)) && naive(rest, &text[1..])
            }
            Some((Token::Text(part), rest)) => {
                let part: Vec<char> = part.chars().collect();
                text.starts_with(&part) && naive(rest, &text[part.len()..])
            }
        }
    }

    proptest::proptest! {
        #[test]
        fn as_the_naive_reading(value in "[ab*?\\\\-]{0,8}", text in "[ab/\\\\-]{0,10}") {
            let list = with_dashes(tokens(&value));
            let chars: Vec<char> = text.chars().collect();
            proptest::prop_assert_eq!(Pattern::new(list.clone(), false).fits(&text), naive(&list, &chars));
        }

        #[test]
        fn folding_keeps_equality(text in "\\PC{0,20}") {
            proptest::prop_assert!(Pattern::new(vec![Token::Text(text.clone())], false).fits(&fold(&text)));
        }
    }
}
