//! The comparisons of a STIX pattern (STIX 2.1, part 9): which property is held against which value.
//!
//! Operators between comparisons and observations (AND, OR, FOLLOWEDBY), brackets and qualifiers
//! are passed over here: what is named is read even where the whole is broken. How it is combined is
//! worked out in `terms`; the pattern itself is kept whole.

/// One comparison with one value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Comparison {
    /// Object type and property, as `file:hashes.'SHA-256'`.
    pub(crate) path: String,
    /// `=`, `!=`, `<`, `IN`, `LIKE`, `MATCHES`, `ISSUBSET` …
    pub(crate) operator: String,
    /// Whether `NOT` stands before the operator.
    pub(crate) negated: bool,
    /// The value, without quotes and escapes.
    pub(crate) value: String,
    /// Where the value stands in the pattern, without its quotes.
    pub(crate) place: (usize, usize),
}

/// The place and reason of a break in a pattern.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Break {
    pub(crate) offset: usize,
    pub(crate) why: &'static str,
}

/// A part of a pattern.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Token {
    Word(String),
    Text(String),
    Sign(String),
}

/// Reads all comparisons; those before a break are kept.
pub(crate) fn comparisons(pattern: &str) -> (Vec<Comparison>, Option<Break>) {
    let (tokens, mut broken) = tokens(pattern);
    let mut found = Vec::new();
    let (mut at, mut square, mut round) = (0usize, 0i64, 0i64);
    while let Some((token, (offset, _))) = tokens.get(at) {
        at += 1;
        let fail = |why| Some(Break { offset: *offset, why });
        match token {
            Token::Sign(sign) => match sign.as_str() {
                "[" => square += 1,
                "]" => square -= 1,
                "(" => round += 1,
                ")" => round -= 1,
                _ => broken = broken.or_else(|| fail("an operator without a property")),
            },
            Token::Word(word) if word.contains(':') => match comparison(&tokens, &mut at, word) {
                Some(mut some) => found.append(&mut some),
                None => broken = broken.or_else(|| fail("a property without operator and value")),
            },
            Token::Word(_) | Token::Text(_) => {}
        }
        if square < 0 || round < 0 {
            broken = broken.or_else(|| fail("a bracket closes that was not opened"));
            (square, round) = (square.max(0), round.max(0));
        }
    }
    if square > 0 || round > 0 {
        broken = broken.or(Some(Break { offset: pattern.len(), why: "a bracket is not closed" }));
    }
    if found.is_empty() {
        broken = broken.or(Some(Break { offset: 0, why: "it holds no comparison" }));
    }
    (found, broken)
}

/// The operator and value (or values of a set) behind a property.
fn comparison(tokens: &[Placed], at: &mut usize, path: &str) -> Option<Vec<Comparison>> {
    let mut next = || {
        let token = tokens.get(*at);
        *at += 1;
        token.map(|(token, place)| (token, *place))
    };
    let mut negated = false;
    let operator = loop {
        match next()?.0 {
            Token::Word(word) if word.eq_ignore_ascii_case("not") => negated = true,
            Token::Word(word) => break word.to_ascii_uppercase(),
            Token::Sign(sign) if !"[]()".contains(sign.as_str()) => break sign.clone(),
            _ => return None,
        }
    };
    let make = |value: &str, place: (usize, usize)| Comparison {
        path: path.to_owned(),
        operator: operator.clone(),
        negated,
        value: value.to_owned(),
        place,
    };
    match next()? {
        // t'2021-01-01T00:00:00Z', b'…' and h'…' come as a word of one letter and a text.
        (Token::Word(word), _)
            if word.len() == 1 && !word.starts_with(|c: char| c.is_ascii_digit()) =>
        {
            match next()? {
                (Token::Text(text), place) => Some(vec![make(text, place)]),
                _ => None,
            }
        }
        (Token::Word(value) | Token::Text(value), place) => Some(vec![make(value, place)]),
        (Token::Sign(open), _) if open == "(" => {
            let mut values = Vec::new();
            loop {
                match next()? {
                    (Token::Sign(sign), _) if sign == ")" => return Some(values),
                    (Token::Sign(sign), _) if sign == "," => {}
                    (Token::Word(value) | Token::Text(value), place) => {
                        values.push(make(value, place))
                    }
                    (Token::Sign(_), _) => return None,
                }
            }
        }
        (Token::Sign(_), _) => None,
    }
}

/// A token with the bytes of its words; quotes are left out.
pub(crate) type Placed = (Token, (usize, usize));

/// The parts of a pattern, up to a break.
pub(crate) fn tokens(pattern: &str) -> (Vec<Placed>, Option<Break>) {
    let mut tokens = Vec::new();
    let mut chars = pattern.char_indices().peekable();
    while let Some((at, c)) = chars.next() {
        match c {
            c if c.is_whitespace() => {}
            '\'' => {
                let Some(text) = quoted(&mut chars) else {
                    return (tokens, Some(Break { offset: at, why: "a text is not closed" }));
                };
                let end = chars.peek().map_or(pattern.len(), |(end, _)| *end);
                tokens.push((Token::Text(text), (at + 1, end - 1)));
            }
            '[' | ']' | '(' | ')' | ',' => tokens.push((Token::Sign(c.into()), (at, at + 1))),
            '=' | '!' | '<' | '>' => {
                let mut sign = String::from(c);
                while let Some((_, c)) = chars.next_if(|(_, c)| "=>".contains(*c)) {
                    sign.push(c);
                }
                let end = at + sign.len();
                tokens.push((Token::Sign(sign), (at, end)));
            }
            _ => {
                let mut word = String::from(c);
                loop {
                    let is_path = word.contains(':');
                    match chars.peek() {
                        // A list index and a quoted key belong to a property's path.
                        Some((_, '[')) if is_path => {
                            for (_, c) in chars.by_ref() {
                                word.push(c);
                                if c == ']' {
                                    break;
                                }
                            }
                        }
                        Some((start, '\'')) if is_path && word.ends_with(['.', ':']) => {
                            let start = *start;
                            chars.next();
                            let Some(key) = quoted(&mut chars) else {
                                return (
                                    tokens,
                                    Some(Break { offset: start, why: "a text is not closed" }),
                                );
                            };
                            word.push('\'');
                            word.push_str(&key);
                            word.push('\'');
                        }
                        Some((_, c)) if !c.is_whitespace() && !"[](),=!<>'".contains(*c) => {
                            word.push(*c);
                            chars.next();
                        }
                        _ => break,
                    }
                }
                let end = chars.peek().map_or(pattern.len(), |(end, _)| *end);
                tokens.push((Token::Word(word), (at, end)));
            }
        }
    }
    (tokens, None)
}

/// The text up to the closing quote, with `\'` and `\\` undone.
fn quoted(chars: &mut std::iter::Peekable<std::str::CharIndices<'_>>) -> Option<String> {
    let mut text = String::new();
    loop {
        match chars.next()?.1 {
            '\\' => text.push(chars.next()?.1),
            '\'' => return Some(text),
            c => text.push(c),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(pattern: &str) -> Vec<String> {
        let (found, broken) = comparisons(pattern);
        assert_eq!(broken, None, "{pattern}");
        found
            .iter()
            .map(|c| {
                format!(
                    "{}{} {} {}",
                    if c.negated { "NOT " } else { "" },
                    c.path,
                    c.operator,
                    c.value
                )
            })
            .collect()
    }

    #[test]
    fn comparisons_of_all_forms_are_found() {
        assert_eq!(shown("[ipv4-addr:value = '192.0.2.1']"), ["ipv4-addr:value = 192.0.2.1"]);
        assert_eq!(
            shown(
                "([file:hashes.'SHA-256' = 'aa' AND file:name='it\\'s'] FOLLOWEDBY [domain-name:value IN ('a.example','b.example')]) WITHIN 5 SECONDS"
            ),
            [
                "file:hashes.'SHA-256' = aa",
                "file:name = it's",
                "domain-name:value IN a.example",
                "domain-name:value IN b.example"
            ]
        );
        assert_eq!(
            shown(
                "[network-traffic:extensions.'http-request-ext'.request_header.'User-Agent' NOT LIKE 'Mozilla%']"
            ),
            [
                "NOT network-traffic:extensions.'http-request-ext'.request_header.'User-Agent' LIKE Mozilla%"
            ]
        );
        assert_eq!(
            shown(
                "[windows-registry-key:key = 'HKLM\\\\x' AND windows-registry-key:values[*].name = 'run'] START t'2021-01-01T00:00:00Z' STOP t'2021-02-01T00:00:00Z'"
            ),
            ["windows-registry-key:key = HKLM\\x", "windows-registry-key:values[*].name = run"]
        );
        assert_eq!(shown("[network-traffic:dst_port = 443]"), ["network-traffic:dst_port = 443"]);
    }

    #[test]
    fn breaks_are_named_and_what_stands_before_is_kept() {
        let (found, broken) =
            comparisons("[url:value = 'http://example.org/'] OR [url:value = 'http");
        assert_eq!(found.len(), 1);
        assert_eq!(broken.map(|b| b.why), Some("a text is not closed"));
        assert!(comparisons("[").1.is_some());
        assert!(comparisons("").1.is_some());
        assert!(comparisons("[a:b]").1.is_some());
    }
}
