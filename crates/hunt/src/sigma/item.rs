//! A field with its modifiers and values, compiled to a test.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ipnet::IpNet;
use regex::RegexBuilder;

use super::pattern::{Pattern, Token, tokens, with_dashes};
use super::test::{Compare, Match, Part, Test, TimePart};
use super::view::{Field, Fields};
use super::yaml::{Node, Value};

/// Values of placeholders, by name.
pub(crate) type Placeholders = BTreeMap<String, Vec<String>>;

/// What is wrong with a rule, and on which line.
pub(crate) type Refusal = (u64, String);

/// Regular expressions whose program is larger are refused.
const LARGEST_REGEX: usize = 4 << 20;
/// A value whose placeholders stand for more texts than this is refused.
const MOST_EXPANSIONS: usize = 10_000;

/// Where in the field's value the rule's value must stand.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Place {
    #[default]
    Whole,
    Start,
    End,
    Anywhere,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Encoding {
    Utf16Le,
    Utf16Be,
    Utf16,
    Base64,
    Base64Offset,
}

/// The modifiers of a key, as `CommandLine|windash|contains|all`.
#[derive(Clone, Debug, Default)]
struct Modifiers {
    place: Place,
    all: bool,
    neq: bool,
    cased: bool,
    exists: bool,
    field: bool,
    expand: bool,
    windash: bool,
    cidr: bool,
    regex: bool,
    ignore_case: bool,
    multi_line: bool,
    dot_all: bool,
    encodings: Vec<Encoding>,
    compare: Option<Compare>,
    time: Option<TimePart>,
}

impl Modifiers {
    fn parse<'m>(words: impl Iterator<Item = &'m str>) -> Result<Self, String> {
        let mut all = Self::default();
        for word in words {
            match word {
                "contains" => all.place = Place::Anywhere,
                "startswith" => all.place = Place::Start,
                "endswith" => all.place = Place::End,
                "all" => all.all = true,
                "neq" => all.neq = true,
                "cased" => all.cased = true,
                "exists" => all.exists = true,
                "fieldref" => all.field = true,
                "expand" => all.expand = true,
                "windash" => all.windash = true,
                "cidr" => all.cidr = true,
                "re" => all.regex = true,
                "i" | "ignorecase" if all.regex => all.ignore_case = true,
                "m" | "multiline" if all.regex => all.multi_line = true,
                "s" | "dotall" if all.regex => all.dot_all = true,
                "wide" | "utf16le" => all.encodings.push(Encoding::Utf16Le),
                "utf16be" => all.encodings.push(Encoding::Utf16Be),
                "utf16" => all.encodings.push(Encoding::Utf16),
                "base64" => all.encodings.push(Encoding::Base64),
                "base64offset" => all.encodings.push(Encoding::Base64Offset),
                "lt" => all.compare = Some(Compare::Less),
                "lte" => all.compare = Some(Compare::LessOrEqual),
                "gt" => all.compare = Some(Compare::Greater),
                "gte" => all.compare = Some(Compare::GreaterOrEqual),
                "minute" => all.time = Some(TimePart::Minute),
                "hour" => all.time = Some(TimePart::Hour),
                "day" => all.time = Some(TimePart::Day),
                "week" => all.time = Some(TimePart::Week),
                "month" => all.time = Some(TimePart::Month),
                "year" => all.time = Some(TimePart::Year),
                other => return Err(format!("the modifier `{other}` is not known")),
            }
        }
        Ok(all)
    }
}

/// Compiles one entry of a selection: its key with modifiers, and its value or values.
pub(crate) fn compile(
    key: &str,
    node: &Node,
    fields: &mut Fields,
    placeholders: &Placeholders,
) -> Result<Test, Refusal> {
    let mut words = key.split('|');
    let name = words.next().unwrap_or("");
    let modifiers =
        Modifiers::parse(words).map_err(|what| (node.line, format!("{key}: {what}")))?;
    let field = (!name.is_empty()).then(|| fields.intern(name));
    let single = std::slice::from_ref(node);
    let list = match &node.value {
        Value::List(list) => list.as_slice(),
        _ => single,
    };
    if list.is_empty() {
        return Err((node.line, format!("{key}: the list of values is empty")));
    }
    let mut compiler = Compiler { field, modifiers: &modifiers, fields, placeholders };
    let mut tests = Vec::with_capacity(list.len());
    for value in list {
        let line = if value.line == 0 { node.line } else { value.line };
        tests.push(compiler.value(value).map_err(|what| (line, format!("{key}: {what}")))?);
    }
    let test = match tests.len() {
        1 => tests.remove(0),
        _ if modifiers.all => Test::All(tests),
        _ => Test::AtLeast(1, tests),
    };
    Ok(if modifiers.neq { Test::Not(Box::new(test)) } else { test })
}

struct Compiler<'c> {
    field: Option<Field>,
    modifiers: &'c Modifiers,
    fields: &'c mut Fields,
    placeholders: &'c Placeholders,
}

impl Compiler<'_> {
    fn named(&self, what: &str) -> Result<Field, String> {
        self.field.ok_or_else(|| format!("{what} needs a field"))
    }

    fn leaf(&self, how: Match) -> Test {
        match self.field {
            Some(field) => Test::Field(field, how),
            None => Test::Keyword(how),
        }
    }

    fn value(&mut self, node: &Node) -> Result<Test, String> {
        let modifiers = self.modifiers;
        if modifiers.exists {
            let there = match &node.value {
                Value::Bool(there) => *there,
                Value::Text(text) if text.eq_ignore_ascii_case("true") => true,
                Value::Text(text) if text.eq_ignore_ascii_case("false") => false,
                _ => return Err("`exists` is true or false".to_owned()),
            };
            return Ok(Test::Exists(self.named("`exists`")?, there));
        }
        let text = match &node.value {
            Value::Null => return Ok(Test::Null(self.named("null")?)),
            Value::List(_) | Value::Map(_) => {
                return Err("a value is a text, a number, true, false or null".to_owned());
            }
            _ => node.as_text().unwrap_or(""),
        };
        if modifiers.field {
            let part = match modifiers.place {
                Place::Whole => Part::Whole,
                Place::Start => Part::Start,
                Place::End => Part::End,
                Place::Anywhere => Part::Anywhere,
            };
            let field = self.named("`fieldref`")?;
            return Ok(Test::Same(field, self.fields.intern(text), part));
        }
        if modifiers.expand {
            let list = match expand(text, self.placeholders)? {
                Expanded::Texts(list) => list,
                Expanded::Unknown(names) => return Ok(Test::Unknown(names)),
            };
            let tests = list.iter().map(|text| self.text(text)).collect::<Result<Vec<_>, _>>()?;
            return Ok(Test::AtLeast(1, tests));
        }
        self.text(text)
    }

    fn text(&self, text: &str) -> Result<Test, String> {
        let modifiers = self.modifiers;
        if modifiers.time.is_some() || modifiers.compare.is_some() {
            let number: f64 =
                text.trim().parse().map_err(|_| format!("`{text}` is not a number"))?;
            let compare = modifiers.compare.unwrap_or(Compare::Equal);
            self.named("a comparison")?;
            return Ok(self.leaf(match modifiers.time {
                Some(part) => Match::Time(part, compare, number),
                None => Match::Number(compare, number),
            }));
        }
        if modifiers.cidr {
            let net = network(text).ok_or_else(|| format!("`{text}` is not a network"))?;
            return Ok(self.leaf(Match::Cidr(net)));
        }
        if modifiers.regex {
            let regex = RegexBuilder::new(text)
                .case_insensitive(modifiers.ignore_case)
                .multi_line(modifiers.multi_line)
                .dot_matches_new_line(modifiers.dot_all)
                .size_limit(LARGEST_REGEX)
                .build()
                .map_err(|error| format!("the regular expression `{text}`: {}", brief(&error)))?;
            return Ok(self.leaf(Match::Regex(Box::new(regex))));
        }
        let mut variants = vec![tokens(text)];
        if !modifiers.encodings.is_empty() {
            variants = encode(&variants[0], &modifiers.encodings)?
                .into_iter()
                .map(|text| vec![Token::Text(text)])
                .collect();
        }
        // A text without field stands anywhere in the record.
        let place = if self.field.is_none() { Place::Anywhere } else { modifiers.place };
        let tests: Vec<Test> = variants
            .into_iter()
            .map(|mut list| {
                if modifiers.windash {
                    list = with_dashes(list);
                }
                if matches!(place, Place::End | Place::Anywhere)
                    && list.first() != Some(&Token::Many)
                {
                    list.insert(0, Token::Many);
                }
                if matches!(place, Place::Start | Place::Anywhere)
                    && list.last() != Some(&Token::Many)
                {
                    list.push(Token::Many);
                }
                let pattern = Pattern::new(list, modifiers.cased);
                self.leaf(if modifiers.cased {
                    Match::Cased(pattern)
                } else {
                    Match::Folded(pattern)
                })
            })
            .collect();
        Ok(match tests.len() {
            1 => tests.into_iter().next().unwrap_or_else(|| Test::AtLeast(1, Vec::new())),
            _ => Test::AtLeast(1, tests),
        })
    }
}

/// The last line of a regular expression's error: it says what is wrong.
fn brief(error: &regex::Error) -> String {
    let text = error.to_string();
    text.lines().last().unwrap_or("").trim_start_matches("error: ").to_owned()
}

/// A network, or a single address.
fn network(text: &str) -> Option<IpNet> {
    let text = text.trim();
    text.parse::<IpNet>()
        .ok()
        .map(|net| net.trunc())
        .or_else(|| text.parse::<std::net::IpAddr>().ok().map(IpNet::from))
}

/// Variables of Windows' shell: without values of its own a placeholder of that name is what stands in a command line.
const VARIABLES: &[&str] = &[
    "allusersprofile",
    "appdata",
    "commonprogramfiles",
    "computername",
    "comspec",
    "homedrive",
    "homepath",
    "localappdata",
    "logonserver",
    "path",
    "pathext",
    "processor_architecture",
    "programdata",
    "programfiles",
    "programfiles(x86)",
    "public",
    "sessionname",
    "systemdrive",
    "systemroot",
    "temp",
    "tmp",
    "userdnsdomain",
    "userdomain",
    "username",
    "userprofile",
    "windir",
];

/// What a text with placeholders stands for.
enum Expanded {
    Texts(Vec<String>),
    /// Placeholders that have no values.
    Unknown(Vec<String>),
}

/// Replaces `%name%` by each of its values.
fn expand(text: &str, placeholders: &Placeholders) -> Result<Expanded, String> {
    let mut list = vec![String::new()];
    let mut unknown = Vec::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('%') {
        let Some((name, after)) = after.split_once('%') else { break };
        let given = placeholders.get(name).filter(|values| !values.is_empty());
        let is_variable = || VARIABLES.contains(&name.to_ascii_lowercase().as_str());
        let itself = vec![format!("%{name}%")];
        let values = match given {
            Some(values) => values,
            None if is_variable() => &itself,
            None => {
                unknown.push(name.to_owned());
                rest = after;
                continue;
            }
        };
        if list.len() * values.len() > MOST_EXPANSIONS {
            return Err(format!("`{text}` stands for more than {MOST_EXPANSIONS} texts"));
        }
        list = list
            .iter()
            .flat_map(|start| values.iter().map(move |value| format!("{start}{before}{value}")))
            .collect();
        rest = after;
    }
    if !unknown.is_empty() {
        return Ok(Expanded::Unknown(unknown));
    }
    Ok(Expanded::Texts(list.into_iter().map(|start| start + rest).collect()))
}

/// Encodes a plain text, one encoding after the other; `base64offset` gives three texts.
fn encode(list: &[Token], encodings: &[Encoding]) -> Result<Vec<String>, String> {
    let bytes = match list {
        [] => Vec::new(),
        [Token::Text(text)] => text.as_bytes().to_vec(),
        _ => return Err("a value that is encoded has no wildcards".to_owned()),
    };
    let mut variants = vec![bytes];
    for encoding in encodings {
        let mut next = Vec::new();
        for bytes in &variants {
            let units = || String::from_utf8_lossy(bytes).encode_utf16().collect::<Vec<u16>>();
            match encoding {
                Encoding::Utf16Le => {
                    next.push(units().into_iter().flat_map(u16::to_le_bytes).collect());
                }
                Encoding::Utf16Be => {
                    next.push(units().into_iter().flat_map(u16::to_be_bytes).collect());
                }
                Encoding::Utf16 => {
                    let mut marked = vec![0xff, 0xfe];
                    marked.extend(units().into_iter().flat_map(u16::to_le_bytes));
                    next.push(marked);
                }
                Encoding::Base64 => next.push(STANDARD.encode(bytes).into_bytes()),
                Encoding::Base64Offset => {
                    next.extend((0..3).map(|shift| shifted(bytes, shift)));
                }
            }
        }
        variants = next;
    }
    Ok(variants.iter().map(|bytes| String::from_utf8_lossy(bytes).into_owned()).collect())
}

/// The part of the Base64 text that is the same whatever stands around `bytes`, when they begin
/// `shift` bytes after a group of three.
fn shifted(bytes: &[u8], shift: usize) -> Vec<u8> {
    let mut padded = vec![0u8; shift];
    padded.extend_from_slice(bytes);
    let text = STANDARD.encode(&padded);
    let from = [0, 2, 3][shift];
    let cut = [0, 3, 2][padded.len() % 3];
    let end = text.len() - cut;
    text.as_bytes().get(from..end).unwrap_or_default().to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sigma::view::View;
    use crate::sigma::yaml;

    /// Whether `key: value` holds for a record.
    fn holds(yaml: &str, record: &[(&str, &str)]) -> bool {
        let placeholders = Placeholders::from([("hosts".into(), vec!["a1".into(), "b*".into()])]);
        let node = yaml::documents(yaml).unwrap().remove(0);
        let Value::Map(map) = &node.value else { panic!("{yaml}") };
        let mut fields = Fields::default();
        let test = compile(&map[0].0, &map[0].1, &mut fields, &placeholders).unwrap();
        let mut view = View::default();
        view.clear(&fields);
        for (name, value) in record {
            view.push(fields.get(name).unwrap_or(crate::sigma::view::NO_FIELD), value);
        }
        test.holds(&view)
    }

    #[test]
    fn every_modifier() {
        type Case = (&'static str, &'static [(&'static str, &'static str)], bool);
        let cases: &[Case] = &[
            ("f: Abc", &[("F", "aBC")], true),
            ("f: 7", &[("f", "7")], true),
            ("f: '7'", &[("f", "7")], true),
            ("f: true", &[("f", "True")], true),
            ("f|cased: Abc", &[("f", "Abc")], true),
            ("f|cased: Abc", &[("f", "abc")], false),
            ("f|contains|cased: Abc", &[("f", "xAbcx")], true),
            ("f|contains: b*d", &[("f", "abcde")], true),
            ("f|startswith: ab", &[("f", "ABC")], true),
            ("f|endswith: '\\x.exe'", &[("f", "C:\\X.EXE")], true),
            ("f|contains|all: [a, c]", &[("f", "abc")], true),
            ("f|contains|all: [a, d]", &[("f", "abc")], false),
            ("f|contains: [a, d]", &[("f", "abc")], true),
            ("f|re: 'a.c$'", &[("f", "xabc")], true),
            ("f|re: 'A.c$'", &[("f", "xabc")], false),
            ("f|re|i: 'A.c$'", &[("f", "xabc")], true),
            ("f|re|m: '^b$'", &[("f", "a\nb\nc")], true),
            ("f|re: '^b$'", &[("f", "a\nb\nc")], false),
            ("f|re|s: 'a.b'", &[("f", "a\nb")], true),
            ("f|cidr: 192.0.2.0/24", &[("f", "192.0.2.77")], true),
            ("f|cidr: 192.0.2.0/24", &[("f", "::ffff:192.0.2.77")], true),
            ("f|cidr: 192.0.2.0/24", &[("f", "192.0.3.77")], false),
            ("f|cidr: '2001:db8::/32'", &[("f", "2001:db8::1")], true),
            ("f|base64|contains: cmd.exe", &[("f", "xx Y21kLmV4ZQ== yy")], true),
            ("f|base64offset|contains: cmd.exe", &[("f", "X2NtZC5leGVf")], true),
            ("f|wide|base64offset|contains: ab", &[("f", "YQBiAA==")], true),
            ("f|utf16be|base64|contains: ab", &[("f", "AGEAYg==")], true),
            ("f|utf16|base64|contains: ab", &[("f", "//5hAGIA")], true),
            ("f|windash|contains: ' -enc '", &[("f", "p \u{2013}enc x")], true),
            ("f|windash|contains: ' /enc '", &[("f", "p -enc x")], true),
            ("f|contains: ' -enc '", &[("f", "p /enc x")], false),
            ("f|fieldref: g", &[("f", "Ab"), ("g", "aB")], true),
            ("f|fieldref: g", &[("f", "Ab"), ("g", "c")], false),
            ("f|fieldref|startswith: g", &[("f", "Abc"), ("g", "aB")], true),
            ("f|fieldref|endswith: g", &[("f", "Abc"), ("g", "bC")], true),
            ("f|fieldref|contains: g", &[("f", "Abcd"), ("g", "bC")], true),
            ("f|fieldref|neq: g", &[("f", "a"), ("g", "b")], true),
            ("f|exists: true", &[("f", "")], true),
            ("f|exists: true", &[], false),
            ("f|exists: false", &[], true),
            ("f|expand: '%hosts%'", &[("f", "bx")], true),
            ("f|expand: '%hosts%'", &[("f", "c")], false),
            ("f|expand: '%nobody%'", &[("f", "c")], false),
            ("f|contains|expand: 'x%hosts%y'", &[("f", "1xa1y2")], true),
            ("f|neq: 3", &[("f", "4")], true),
            ("f|neq: [3, 4]", &[("f", "4")], false),
            ("f|lt: 5", &[("f", "4.5")], true),
            ("f|lte: 5", &[("f", "5")], true),
            ("f|gt: 5", &[("f", "5")], false),
            ("f|gte: 5", &[("f", "0x10")], true),
            ("f|gte: 5", &[("f", "many")], false),
            ("f|hour: 3", &[("f", "2021-03-14T03:25:00Z")], true),
            ("f|minute|gte: 30", &[("f", "2021-03-14T03:25:00Z")], false),
            ("f|day: 14", &[("f", "2021-03-14 03:25:00")], true),
            ("f|week: 10", &[("f", "2021-03-14T03:25:00Z")], true),
            ("f|month: [3, 4]", &[("f", "2021-03-14T03:25:00Z")], true),
            ("f|year|lt: 2022", &[("f", "2021-03-14T03:25:00Z")], true),
            ("f: null", &[], true),
            ("f: null", &[("f", "")], true),
            ("f: null", &[("f", "x")], false),
            ("f: ''", &[("f", "")], true),
            ("f: ''", &[], false),
            ("f: '*'", &[("f", "x")], true),
            ("'|all': [ab, cd]", &[("x", "1ab"), ("y", "cd2")], true),
            ("'|all': [ab, cd]", &[("x", "1ab")], false),
            ("'|re': 'a[0-9]b'", &[("x", "1a7b")], true),
            ("'|contains': [zz, cd]", &[("x", "1cd")], true),
        ];
        for (yaml, record, expected) in cases {
            assert_eq!(holds(yaml, record), *expected, "{yaml} on {record:?}");
        }
    }

    #[test]
    fn what_is_wrong_is_said_with_its_line() {
        for (yaml, line, part) in [
            ("f|unheard: a", 1, "unheard"),
            ("f|re:\n  - ok\n  - '('\n", 3, "unclosed group"),
            ("f|cidr: 300.1.1.1/8", 1, "network"),
            ("f|gt: many", 1, "number"),
            ("f:\n  - {a: b}\n", 2, "a value is"),
            ("f|base64: 'a*'", 1, "wildcards"),
            ("f: []", 1, "empty"),
            ("'|exists': true", 1, "needs a field"),
        ] {
            let node = yaml::documents(yaml).unwrap().remove(0);
            let Value::Map(map) = &node.value else { panic!("{yaml}") };
            let mut fields = Fields::default();
            let refusal =
                compile(&map[0].0, &map[0].1, &mut fields, &Placeholders::new()).unwrap_err();
            assert_eq!(refusal.0, line, "{yaml}: {}", refusal.1);
            assert!(refusal.1.contains(part), "{yaml}: {}", refusal.1);
        }
    }

    #[test]
    fn base64_at_every_offset() {
        for before in 0..4 {
            for after in 0..4 {
                let inner = [vec![b'#'; before], b"needle".to_vec(), vec![b'!'; after]].concat();
                let text = STANDARD.encode(inner);
                assert!(
                    holds("f|base64offset|contains: needle", &[("f", &text)]),
                    "{before} {after}: {text}"
                );
            }
        }
    }
}
