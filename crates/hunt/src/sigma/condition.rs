//! The condition of a rule: which of its selections must hold together.

use std::fmt;

/// A parsed condition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Expr {
    /// All must hold.
    And(Vec<Expr>),
    /// One must hold.
    Or(Vec<Expr>),
    /// Must not hold.
    Not(Box<Expr>),
    /// A selection by its name.
    Name(String),
    /// So many of the selections whose names fit the pattern; `None` for `them`.
    Of(Quantity, Option<String>),
}

/// How many of a group of selections must hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Quantity {
    /// All of them.
    All,
    /// At least so many.
    AtLeast(u32),
}

/// Brackets and `not` deeper than this are refused: no rule is written so.
const DEEPEST: usize = 64;

impl Expr {
    /// Parses a condition; an error says what is wrong with it.
    pub(crate) fn parse(text: &str) -> Result<Expr, String> {
        let tokens = tokens(text)?;
        let mut parser = Parser { tokens: &tokens, at: 0, depth: 0 };
        let expr = parser.or()?;
        match parser.peek() {
            None => Ok(expr),
            Some(token) => Err(format!("`{token}` is not expected in the condition `{text}`")),
        }
    }

    /// Whether a name fits the pattern of an `of`; names that begin with `_` are not of `them`.
    pub(crate) fn covers(pattern: Option<&str>, name: &str) -> bool {
        match pattern {
            None => !name.starts_with('_'),
            Some(pattern) => fits(pattern, name),
        }
    }
}

/// A name against a pattern with `*`.
fn fits(pattern: &str, name: &str) -> bool {
    let mut parts = pattern.split('*');
    let first = parts.next().unwrap_or("");
    let Some(mut rest) = name.strip_prefix(first) else { return false };
    let mut parts: Vec<&str> = parts.collect();
    let Some(last) = parts.pop() else { return rest.is_empty() };
    for part in parts {
        match rest.find(part) {
            Some(at) => rest = &rest[at + part.len()..],
            None => return false,
        }
    }
    rest.ends_with(last)
}

fn tokens(text: &str) -> Result<Vec<String>, String> {
    let mut list: Vec<String> = Vec::new();
    let mut word = String::new();
    for c in text.chars() {
        match c {
            '(' | ')' => {
                if !word.is_empty() {
                    list.push(std::mem::take(&mut word));
                }
                list.push(c.to_string());
            }
            '|' => {
                let rest = text.split_once('|').map_or("", |(_, rest)| rest).trim();
                return Err(format!(
                    "the old aggregation `| {rest}` is no part of Sigma 2: write a correlation rule"
                ));
            }
            c if c.is_whitespace() => {
                if !word.is_empty() {
                    list.push(std::mem::take(&mut word));
                }
            }
            c if c.is_alphanumeric() || "_-*.?%".contains(c) => word.push(c),
            c => return Err(format!("`{c}` is not expected in the condition `{text}`")),
        }
    }
    if !word.is_empty() {
        list.push(word);
    }
    Ok(list)
}

struct Parser<'t> {
    tokens: &'t [String],
    at: usize,
    depth: usize,
}

impl Parser<'_> {
    fn peek(&self) -> Option<&str> {
        self.tokens.get(self.at).map(String::as_str)
    }

    fn take(&mut self, word: &str) -> bool {
        let found = self.peek().is_some_and(|token| token.eq_ignore_ascii_case(word));
        self.at += usize::from(found);
        found
    }

    fn or(&mut self) -> Result<Expr, String> {
        let mut list = vec![self.and()?];
        while self.take("or") {
            list.push(self.and()?);
        }
        Ok(one_or(list, Expr::Or))
    }

    fn and(&mut self) -> Result<Expr, String> {
        let mut list = vec![self.not()?];
        while self.take("and") {
            list.push(self.not()?);
        }
        Ok(one_or(list, Expr::And))
    }

    fn not(&mut self) -> Result<Expr, String> {
        self.depth += 1;
        if self.depth > DEEPEST {
            return Err("the condition is nested too deeply".to_owned());
        }
        let expr = if self.take("not") { Expr::Not(Box::new(self.not()?)) } else { self.term()? };
        self.depth -= 1;
        Ok(expr)
    }

    fn term(&mut self) -> Result<Expr, String> {
        if self.take("(") {
            let expr = self.or()?;
            return if self.take(")") {
                Ok(expr)
            } else {
                Err("a bracket of the condition is not closed".to_owned())
            };
        }
        let Some(word) = self.peek().map(str::to_owned) else {
            return Err("the condition ends where a selection is expected".to_owned());
        };
        let of = self.tokens.get(self.at + 1).is_some_and(|next| next.eq_ignore_ascii_case("of"));
        if of {
            let quantity = match word.to_ascii_lowercase().as_str() {
                "all" => Quantity::All,
                "any" => Quantity::AtLeast(1),
                number => Quantity::AtLeast(
                    number.parse().map_err(|_| format!("`{word} of` is not understood"))?,
                ),
            };
            self.at += 2;
            let Some(group) = self.peek().map(str::to_owned) else {
                return Err(format!("`{word} of` names no selections"));
            };
            self.at += 1;
            let group = (!group.eq_ignore_ascii_case("them")).then_some(group);
            return Ok(Expr::Of(quantity, group));
        }
        let reserved = ["and", "or", "of", ")"].iter().any(|r| word.eq_ignore_ascii_case(r));
        if reserved {
            return Err(format!("`{word}` stands where a selection is expected"));
        }
        self.at += 1;
        Ok(Expr::Name(word))
    }
}

fn one_or(mut list: Vec<Expr>, make: fn(Vec<Expr>) -> Expr) -> Expr {
    match list.pop() {
        Some(only) if list.is_empty() => only,
        last => {
            list.extend(last);
            make(list)
        }
    }
}

impl fmt::Display for Expr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let joined = |f: &mut fmt::Formatter<'_>, list: &[Expr], word: &str| {
            for (at, part) in list.iter().enumerate() {
                if at > 0 {
                    write!(f, " {word} ")?;
                }
                match part {
                    Expr::And(_) | Expr::Or(_) => write!(f, "({part})")?,
                    _ => write!(f, "{part}")?,
                }
            }
            Ok(())
        };
        match self {
            Expr::And(list) => joined(f, list, "and"),
            Expr::Or(list) => joined(f, list, "or"),
            Expr::Not(inner) => match **inner {
                Expr::And(_) | Expr::Or(_) => write!(f, "not ({inner})"),
                _ => write!(f, "not {inner}"),
            },
            Expr::Name(name) => f.write_str(name),
            Expr::Of(quantity, group) => {
                match quantity {
                    Quantity::All => f.write_str("all of ")?,
                    Quantity::AtLeast(number) => write!(f, "{number} of ")?,
                }
                f.write_str(group.as_deref().unwrap_or("them"))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn precedence_is_not_and_or() {
        for (text, same) in [
            ("a or b and not c", "a or (b and not c)"),
            ("(a or b) and c", "(a or b) and c"),
            ("1 of sel_* AND NOT all of filter_*", "1 of sel_* and not all of filter_*"),
            ("any of them", "1 of them"),
            ("((a))", "a"),
            ("not not a", "not not a"),
        ] {
            assert_eq!(Expr::parse(text).unwrap().to_string(), same, "{text}");
        }
    }

    #[test]
    fn what_is_wrong_is_said() {
        for (text, part) in [
            ("a | count() by x > 3", "correlation"),
            ("a and", "ends"),
            ("(a or b", "bracket"),
            ("a b", "`b`"),
            ("some of them", "some of"),
            ("a and and b", "`and`"),
            ("", "ends"),
            ("a & b", "`&`"),
        ] {
            let error = Expr::parse(text).unwrap_err();
            assert!(error.contains(part), "{text}: {error}");
        }
        assert!(Expr::parse(&"(".repeat(100_000)).is_err());
        assert!(Expr::parse(&"not ".repeat(100_000)).is_err());
    }

    #[test]
    fn names_fit_patterns() {
        assert!(Expr::covers(Some("sel_*_a"), "sel_x_a"));
        assert!(!Expr::covers(Some("sel_*_a"), "sel_x_b"));
        assert!(Expr::covers(Some("sel"), "sel") && !Expr::covers(Some("sel"), "sel2"));
        assert!(!Expr::covers(None, "_hidden") && Expr::covers(Some("_*"), "_hidden"));
    }

    fn expr() -> impl Strategy<Value = Expr> {
        let leaf = prop_oneof![
            "[a-z]{2}_[a-z]{1,4}".prop_map(Expr::Name),
            (0u32..4, proptest::option::of("[a-z]{2}_\\*")).prop_map(|(n, group)| {
                let quantity = if n == 0 { Quantity::All } else { Quantity::AtLeast(n) };
                Expr::Of(quantity, group)
            }),
        ];
        leaf.prop_recursive(4, 24, 4, |inner| {
            prop_oneof![
                proptest::collection::vec(inner.clone(), 2..4).prop_map(Expr::And),
                proptest::collection::vec(inner.clone(), 2..4).prop_map(Expr::Or),
                inner.prop_map(|e| Expr::Not(Box::new(e))),
            ]
        })
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_again(expr in expr()) {
            prop_assert_eq!(Expr::parse(&expr.to_string()).unwrap(), expr);
        }

        #[test]
        fn parsing_never_panics(text in "(and |or |not |of |1 |\\(|\\)|a |\\* ){0,20}") {
            let _ = Expr::parse(&text);
        }
    }
}
