//! The grammar of STIX patterns (STIX 2.1, section 9): whether a pattern that a report brings is one,
//! and which properties it asks for.

/// Brackets within brackets at most.
const DEEPEST: usize = 64;

/// What a pattern compares: object type and first property, in order of the text.
pub(super) type Compared = Vec<(String, String)>;

/// Reads a pattern; `None` when it is none, or names what cannot be a type or property.
pub(super) fn parse(pattern: &str) -> Option<Compared> {
    let mut parser = Parser { tokens: tokens(pattern)?, at: 0, compared: Vec::new() };
    parser.observations(0)?;
    let whole = parser.at == parser.tokens.len();
    let sound = parser.compared.iter().all(|(of, property)| is_type(of) && is_property(property));
    (whole && sound).then_some(parser.compared)
}

/// Lower-case letters, digits and hyphens between them.
fn is_type(text: &str) -> bool {
    let inner = text.strip_prefix('-').unwrap_or(text);
    let inner = inner.strip_suffix('-').unwrap_or(inner);
    let is_word = |part: &str| {
        !part.is_empty() && part.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit())
    };
    (3..=250).contains(&text.len()) && inner.split('-').all(is_word)
}

fn is_property(text: &str) -> bool {
    let fits = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_';
    (3..=250).contains(&text.len()) && text.bytes().all(fits)
}

#[derive(Clone, Debug, PartialEq)]
enum Token {
    /// A keyword, or a name without hyphen.
    Word(String),
    /// A name with a hyphen in it.
    Hyphened(String),
    Text(String),
    /// `t'…'`, `h'…'`, `b'…'`.
    Literal,
    Whole,
    Decimal,
    Sign(&'static str),
}

/// The longer before what they begin with.
const SIGNS: [&str; 16] =
    ["==", "!=", "<>", "<=", ">=", "=", "<", ">", "[", "]", "(", ")", ":", ".", ",", "*"];

fn tokens(pattern: &str) -> Option<Vec<Token>> {
    let mut tokens = Vec::new();
    let mut rest = pattern.trim_start();
    while let Some(first) = rest.chars().next() {
        let literal = ["t'", "h'", "b'"].iter().find(|start| rest.starts_with(**start));
        if first == '\'' {
            let (text, length) = quoted(rest)?;
            tokens.push(Token::Text(text));
            rest = &rest[length..];
        } else if literal.is_some() {
            rest = &rest[1 + quoted(&rest[1..])?.1..];
            tokens.push(Token::Literal);
        } else if first.is_ascii_alphabetic() || first == '_' {
            let part = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
            let length = rest.find(|c| !part(c)).unwrap_or(rest.len());
            let word = rest[..length].to_owned();
            let hyphened = word.contains('-');
            tokens.push(if hyphened { Token::Hyphened(word) } else { Token::Word(word) });
            rest = &rest[length..];
        } else if let Some((length, decimal)) = number(rest) {
            tokens.push(if decimal { Token::Decimal } else { Token::Whole });
            rest = &rest[length..];
        } else {
            let sign = SIGNS.iter().find(|sign| rest.starts_with(**sign))?;
            tokens.push(Token::Sign(sign));
            rest = &rest[sign.len()..];
        }
        rest = rest.trim_start();
    }
    Some(tokens)
}

/// The text of a quoted string, and its length with the quotes.
fn quoted(text: &str) -> Option<(String, usize)> {
    let mut inner = String::new();
    let mut chars = text.char_indices().skip(1);
    while let Some((at, c)) = chars.next() {
        match c {
            '\'' => return Some((inner, at + 1)),
            '\\' => inner.push(chars.next()?.1),
            c => inner.push(c),
        }
    }
    None
}

/// The length of a number, and whether it has a point.
fn number(text: &str) -> Option<(usize, bool)> {
    let digits = |text: &str| text.bytes().take_while(u8::is_ascii_digit).count();
    let sign = usize::from(text.starts_with(['+', '-']));
    let whole = digits(&text[sign..]);
    let after = &text[sign + whole..];
    let fraction = after.strip_prefix('.').map_or(0, digits);
    match (whole, fraction) {
        (0, 0) => None,
        (_, 0) => Some((sign + whole, false)),
        _ => Some((sign + whole + 1 + fraction, true)),
    }
}

struct Parser {
    tokens: Vec<Token>,
    at: usize,
    compared: Compared,
}

impl Parser {
    fn peek(&self) -> Option<&Token> {
        self.tokens.get(self.at)
    }

    fn next(&mut self) -> Option<Token> {
        let token = self.tokens.get(self.at).cloned();
        self.at += usize::from(token.is_some());
        token
    }

    fn takes(&mut self, wanted: &Token) -> bool {
        let is_it = self.peek() == Some(wanted);
        self.at += usize::from(is_it);
        is_it
    }

    fn takes_sign(&mut self, sign: &'static str) -> bool {
        self.takes(&Token::Sign(sign))
    }

    fn takes_word(&mut self, word: &str) -> bool {
        let is_it = matches!(self.peek(), Some(Token::Word(found)) if found == word);
        self.at += usize::from(is_it);
        is_it
    }

    /// Observations tied by AND, OR, FOLLOWEDBY, each with its qualifiers.
    fn observations(&mut self, depth: usize) -> Option<()> {
        loop {
            if self.takes_sign("(") {
                if depth >= DEEPEST {
                    return None;
                }
                self.observations(depth + 1)?;
                self.takes_sign(")").then_some(())?;
            } else {
                self.takes_sign("[").then_some(())?;
                self.comparisons(depth)?;
                self.takes_sign("]").then_some(())?;
            }
            self.qualifiers()?;
            if !["AND", "OR", "FOLLOWEDBY"].iter().any(|word| self.takes_word(word)) {
                return Some(());
            }
        }
    }

    fn qualifiers(&mut self) -> Option<()> {
        loop {
            if self.takes_word("START") {
                self.takes(&Token::Literal).then_some(())?;
                self.takes_word("STOP").then_some(())?;
                self.takes(&Token::Literal).then_some(())?;
            } else if self.takes_word("WITHIN") {
                matches!(self.next()?, Token::Whole | Token::Decimal).then_some(())?;
                self.takes_word("SECONDS").then_some(())?;
            } else if self.takes_word("REPEATS") {
                self.takes(&Token::Whole).then_some(())?;
                self.takes_word("TIMES").then_some(())?;
            } else {
                return Some(());
            }
        }
    }

    fn comparisons(&mut self, depth: usize) -> Option<()> {
        loop {
            if self.takes_sign("(") {
                if depth >= DEEPEST {
                    return None;
                }
                self.comparisons(depth + 1)?;
                self.takes_sign(")").then_some(())?;
            } else {
                self.comparison()?;
            }
            if !["AND", "OR"].iter().any(|word| self.takes_word(word)) {
                return Some(());
            }
        }
    }

    fn comparison(&mut self) -> Option<()> {
        if self.takes_word("EXISTS") {
            return self.path();
        }
        self.path()?;
        self.takes_word("NOT");
        match self.next()? {
            Token::Sign("=" | "==" | "!=" | "<>" | "<" | ">" | "<=" | ">=") => self.value(),
            Token::Word(word) => match word.as_str() {
                "IN" => {
                    self.takes_sign("(").then_some(())?;
                    self.value()?;
                    while self.takes_sign(",") {
                        self.value()?;
                    }
                    self.takes_sign(")").then_some(())
                }
                "LIKE" | "MATCHES" | "ISSUBSET" | "ISSUPERSET" => {
                    matches!(self.next()?, Token::Text(_)).then_some(())
                }
                _ => None,
            },
            _ => None,
        }
    }

    /// `type:property.part[0].'quoted'`
    fn path(&mut self) -> Option<()> {
        let (Token::Word(of) | Token::Hyphened(of)) = self.next()? else { return None };
        self.takes_sign(":").then_some(())?;
        let (Token::Word(property) | Token::Text(property)) = self.next()? else { return None };
        self.compared.push((of, property));
        loop {
            if self.takes_sign(".") {
                matches!(self.next()?, Token::Word(_) | Token::Text(_)).then_some(())?;
            } else if self.takes_sign("[") {
                matches!(self.next()?, Token::Whole | Token::Sign("*")).then_some(())?;
                self.takes_sign("]").then_some(())?;
            } else {
                return Some(());
            }
        }
    }

    fn value(&mut self) -> Option<()> {
        match self.next()? {
            Token::Text(_) | Token::Literal | Token::Whole | Token::Decimal => Some(()),
            Token::Word(word) if word == "true" || word == "false" => Some(()),
            _ => None,
        }
    }
}

/// Whether STIX 2.0 knows all that a pattern compares: 2.1 gave objects further properties.
pub(super) fn is_of_20(compared: &Compared) -> bool {
    let newer = |of: &str, property: &str| {
        matches!(property, "defanged" | "id" | "spec_version")
            || matches!(
                (of, property),
                ("artifact", "decryption_key" | "encryption_algorithm")
                    | ("directory" | "file", "atime" | "ctime" | "mtime")
                    | ("email-message", "message_id")
                    | ("process", "created_time" | "image_ref")
                    | ("software", "swid")
                    | ("user-account", "credential" | "credential_last_changed")
                    | ("windows-registry-key", "modified_time")
                    | ("x509-certificate", "subject_public_key_algorithm")
            )
    };
    !compared.iter().any(|(of, property)| newer(of, property))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_of_the_specification_are_read() {
        for good in [
            "[ipv4-addr:value = '198.51.100.1']",
            "[file:hashes.'SHA-256' = 'aec0' AND file:size > 25] REPEATS 5 TIMES WITHIN 1800 SECONDS",
            "([a-b:ccc = 1] AND [ddd:eee != 2.5]) FOLLOWEDBY [ggg:hhh IN ('x', 'y')]",
            "[network-traffic:dst_ref.value ISSUBSET '198.51.100.0/24' AND (network-traffic:dst_port = 80 OR network-traffic:dst_port = 443)]",
            "[email-message:from_ref.value MATCHES '.+\\\\@x\\\\.example$' AND email-message:body_multipart[*].body_raw_ref.name NOT LIKE 'a%']",
            "[url:value = 'http://a.example/[x'] START t'2021-03-02T00:00:00Z' STOP t'2021-03-03T00:00:00Z'",
            "[file:name = 'it\\'s' AND EXISTS windows-registry-key:values]",
            "[process:is_hidden = true AND file:content_ref.payload_bin = b'AAAA']",
        ] {
            assert!(parse(good).is_some(), "{good}");
        }
    }

    #[test]
    fn what_is_no_pattern_is_told() {
        for bad in [
            "",
            "[]",
            "[a]",
            "[ipv4-addr:value = '1",
            "[ipv4-addr:value '1']",
            "[file:name AND file:size = 1]",
            "[file:name = 'x' file:size = 1]",
            "[file:name = 'x'] AND",
            "[file:name = 'x']]",
            "[un_converted:name = 'x']",
            "[file:Name = 'x']",
            "[file:name = x]",
            "ipv4-addr:value = '1'",
            "[file:name = 'é' ½]",
        ] {
            assert!(parse(bad).is_none(), "{bad}");
        }
        let deep = format!("{}file:name = 'x'{}", "(".repeat(5000), ")".repeat(5000));
        assert!(parse(&format!("[{deep}]")).is_none());
    }

    #[test]
    fn what_only_the_newer_version_knows_is_told() {
        assert!(is_of_20(&parse("[file:name = 'x']").unwrap()));
        assert!(!is_of_20(&parse("[email-message:message_id = 'x']").unwrap()));
    }

    proptest::proptest! {
        #[test]
        fn no_text_is_too_strange(text in "[\\[\\]()'a-z:=. \\\\*0-9ANDORé-]{0,60}") {
            let _ = parse(&text);
        }
    }
}
