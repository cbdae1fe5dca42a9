//! SQL in pieces, as far as a translation needs them: nothing within quotes is ever touched.

/// A piece of SQL.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Token<'s> {
    /// A keyword, a name or a number.
    Word(&'s str),
    /// A text or a name in quotes, with them.
    Quoted(&'s str),
    /// `?` with its number, where it has one.
    Mark(Option<usize>),
    /// White space or a comment.
    Space(&'s str),
    /// Anything else: one character, or `->>`.
    Sign(&'s str),
}

impl Token<'_> {
    /// Whether it is this word, in any case.
    pub(super) fn is(self, word: &str) -> bool {
        matches!(self, Self::Word(text) if text.eq_ignore_ascii_case(word))
    }
}

/// Takes SQL apart.
pub(super) fn tokens(sql: &str) -> Vec<Token<'_>> {
    let mut found = Vec::new();
    let mut rest = sql;
    while let Some(first) = rest.chars().next() {
        let length = match first {
            '\'' | '"' => quoted(rest, first),
            '-' if rest.starts_with("--") => rest.find('\n').unwrap_or(rest.len()),
            '-' if rest.starts_with("->>") => 3,
            '?' => 1 + rest[1..].bytes().take_while(u8::is_ascii_digit).count(),
            _ if first.is_whitespace() => run(rest, char::is_whitespace),
            _ if is_word(first) => run(rest, is_word),
            _ => first.len_utf8(),
        };
        let (piece, after) = rest.split_at(length);
        rest = after;
        found.push(match first {
            '\'' | '"' => Token::Quoted(piece),
            '?' => Token::Mark(piece[1..].parse().ok()),
            _ if first.is_whitespace() || piece.starts_with("--") => Token::Space(piece),
            _ if is_word(first) => Token::Word(piece),
            _ => Token::Sign(piece),
        });
    }
    found
}

fn is_word(character: char) -> bool {
    character.is_alphanumeric() || character == '_'
}

fn run(text: &str, belongs: impl Fn(char) -> bool) -> usize {
    text.find(|c| !belongs(c)).unwrap_or(text.len())
}

/// The length of a text in quotes, doubled quotes within it included.
fn quoted(text: &str, quote: char) -> usize {
    let mut at = 1;
    while let Some(end) = text[at..].find(quote) {
        at += end + 1;
        if !text[at..].starts_with(quote) {
            return at;
        }
        at += 1;
    }
    text.len()
}

/// The statements of a batch, each in its pieces without white space at its ends. The statement
/// within a trigger belongs to the trigger.
pub(super) fn split(sql: &str) -> Vec<Vec<Token<'_>>> {
    let mut all = Vec::new();
    let mut now: Vec<Token<'_>> = Vec::new();
    for token in tokens(sql) {
        if token != Token::Sign(";") {
            if !(now.is_empty() && matches!(token, Token::Space(_))) {
                now.push(token);
            }
            continue;
        }
        let words: Vec<&str> = now
            .iter()
            .filter_map(|token| if let Token::Word(word) = token { Some(*word) } else { None })
            .collect();
        let trigger = words.starts_with(&["CREATE", "TRIGGER"]);
        if trigger && words.last() != Some(&"END") {
            continue;
        }
        all.push(std::mem::take(&mut now));
    }
    all.push(now);
    for statement in &mut all {
        while matches!(statement.last(), Some(Token::Space(_))) {
            statement.pop();
        }
    }
    all.retain(|statement| !statement.is_empty());
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn text(tokens: &[Token<'_>]) -> String {
        let piece = |token: &Token<'_>| match token {
            Token::Word(t) | Token::Quoted(t) | Token::Space(t) | Token::Sign(t) => (*t).to_owned(),
            Token::Mark(n) => format!("?{}", n.map(|n| n.to_string()).unwrap_or_default()),
        };
        tokens.iter().map(piece).collect()
    }

    #[test]
    fn quotes_hide_what_is_within() {
        let found = tokens("a = 'it''s ?1; --' AND b ->> '$.x' = ?12 -- ;?\n;");
        assert!(found.contains(&Token::Quoted("'it''s ?1; --'")));
        assert!(found.contains(&Token::Sign("->>")));
        assert!(found.contains(&Token::Mark(Some(12))));
        assert_eq!(found.iter().filter(|t| **t == Token::Sign(";")).count(), 1);
    }

    #[test]
    fn a_trigger_is_one_statement() {
        let sql = "SELECT 1; CREATE TRIGGER t BEFORE DELETE ON a\n BEGIN SELECT 2; END; SELECT ';'";
        let found: Vec<String> = split(sql).iter().map(|s| text(s)).collect();
        assert_eq!(found.len(), 3, "{found:?}");
        assert!(found[1].ends_with("END"));
        assert_eq!(found[2], "SELECT ';'");
    }

    proptest! {
        #[test]
        fn pieces_together_are_the_whole(sql in "[a-z?0-9' \"\n;>é-]{0,60}") {
            // A mark's number may be written with zeros in front, or be too large.
            prop_assume!(!sql.contains("?0") && !sql.contains("?9"));
            prop_assert_eq!(text(&tokens(&sql)), sql);
        }
    }
}
