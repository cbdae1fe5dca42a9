//! Conditions of checks on the fields of a record, as they stand in a check's file.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;

use crate::matcher::{is_common, places};
use crate::pattern::Pattern;
use crate::record::{Record, contains_ignore_case};

/// Values that the first pass of a hunt found (names of written scripts …), by kind, lower case.
pub(crate) type Artifacts = BTreeMap<String, BTreeSet<String>>;

/// One value, or several of which one must hold.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
enum OneOrMany {
    One(String),
    Many(Vec<String>),
}

impl OneOrMany {
    fn list(self) -> Vec<String> {
        match self {
            Self::One(value) => vec![value],
            Self::Many(values) => values,
        }
    }
}

/// A condition as it is written: `{ all = [..] }`, `{ any = [..] }`, `{ not = {..} }`, or a
/// `field` with one or more tests, all of which must hold for the same value.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct Written {
    all: Option<Vec<Written>>,
    any: Option<Vec<Written>>,
    not: Option<Box<Written>>,
    field: Option<OneOrMany>,
    equals: Option<OneOrMany>,
    contains: Option<OneOrMany>,
    contains_all: Option<OneOrMany>,
    starts: Option<OneOrMany>,
    ends: Option<OneOrMany>,
    like: Option<OneOrMany>,
    /// As `like`, with `\` and `/` the same, `<any>` for any one folder, and `%APPDATA%` and the like for the folders that
    /// they stand for.
    path: Option<OneOrMany>,
    regex: Option<OneOrMany>,
    at_least: Option<f64>,
    at_most: Option<f64>,
    exists: Option<bool>,
    /// The last part of the value (a path) is among the values of that kind that were found.
    artifact: Option<String>,
}

/// A condition, ready to be tested. Text is compared in any case of ASCII letters.
#[derive(Clone, Debug)]
pub(crate) enum Condition {
    All(Vec<Condition>),
    Any(Vec<Condition>),
    Not(Box<Condition>),
    Field { names: Vec<String>, tests: Vec<Test>, exists: Option<bool> },
}

#[derive(Clone, Debug)]
pub(crate) enum Test {
    Equals(Vec<String>),
    Contains(Vec<String>),
    ContainsAll(Vec<String>),
    Starts(Vec<String>),
    Ends(Vec<String>),
    Like(Vec<String>),
    Path(Vec<String>),
    Regex(Vec<Pattern>),
    AtLeast(f64),
    AtMost(f64),
    Artifact(String),
}

impl Written {
    /// Checks the form and compiles.
    pub(crate) fn compile(self) -> Result<Condition, String> {
        let parts =
            [self.all.is_some(), self.any.is_some(), self.not.is_some(), self.field.is_some()];
        if parts.iter().filter(|p| **p).count() != 1 {
            return Err("a condition is one of `all`, `any`, `not` and `field`".to_owned());
        }
        let each = |list: Vec<Written>| -> Result<Vec<Condition>, String> {
            list.into_iter().map(Written::compile).collect()
        };
        if let Some(list) = self.all {
            return Ok(Condition::All(each(list)?));
        }
        if let Some(list) = self.any {
            return Ok(Condition::Any(each(list)?));
        }
        if let Some(inner) = self.not {
            return Ok(Condition::Not(Box::new(inner.compile()?)));
        }
        let lower = |values: Option<OneOrMany>| {
            values.map(|v| v.list().iter().map(|v| v.to_ascii_lowercase()).collect::<Vec<_>>())
        };
        let mut tests = Vec::new();
        tests.extend(lower(self.equals).map(Test::Equals));
        tests.extend(lower(self.contains).map(Test::Contains));
        tests.extend(lower(self.contains_all).map(Test::ContainsAll));
        tests.extend(lower(self.starts).map(Test::Starts));
        tests.extend(lower(self.ends).map(Test::Ends));
        tests.extend(lower(self.like).map(Test::Like));
        let spelled = |list: Vec<String>| list.iter().flat_map(|p| paths(p)).collect();
        tests.extend(lower(self.path).map(|list| Test::Path(spelled(list))));
        if let Some(patterns) = self.regex {
            let patterns = patterns.list();
            let patterns: Result<_, _> = patterns.iter().map(|p| Pattern::new(p, true)).collect();
            tests.push(Test::Regex(patterns?));
        }
        tests.extend(self.at_least.map(Test::AtLeast));
        tests.extend(self.at_most.map(Test::AtMost));
        tests.extend(self.artifact.map(Test::Artifact));
        if tests.is_empty() && self.exists.is_none() {
            return Err("a field needs a test, as `contains`".to_owned());
        }
        let names = self.field.map(OneOrMany::list).unwrap_or_default();
        Ok(Condition::Field { names, tests, exists: self.exists })
    }
}

impl Condition {
    /// Whether the condition holds for a record.
    pub(crate) fn holds(&self, record: &Record<'_>, artifacts: &Artifacts) -> bool {
        match self {
            Self::All(list) => list.iter().all(|c| c.holds(record, artifacts)),
            Self::Any(list) => list.iter().any(|c| c.holds(record, artifacts)),
            Self::Not(inner) => !inner.holds(record, artifacts),
            Self::Field { names, tests, exists } => {
                let mut values = names.iter().flat_map(|name| record.values(name)).peekable();
                let there = |v: &str| !v.is_empty() && v != "-";
                match exists {
                    Some(true) if tests.is_empty() => values.any(there),
                    Some(false) => !values.any(there),
                    _ => values.any(|value| tests_hold(tests, value, artifacts)),
                }
            }
        }
    }

    /// Literals (lower case) of which every record that meets the condition holds one in its raw
    /// text, with [`ANY_BYTE`] for any byte; `None` when there are no such literals.
    pub(crate) fn witness(&self) -> Option<Vec<String>> {
        match self {
            Self::All(list) => list.iter().filter_map(Self::witness).max_by_key(worth),
            Self::Any(list) => {
                let all: Option<Vec<Vec<String>>> = list.iter().map(Self::witness).collect();
                all.map(Vec::from_iter).map(|all| all.concat()).filter(|all| !all.is_empty())
            }
            Self::Not(_) => None,
            Self::Field { tests, .. } => tests.iter().filter_map(Test::witness).max_by_key(worth),
        }
    }

    /// Collects the fields that the condition reads; `false` when it reads whole records.
    pub(crate) fn fields<'c>(&'c self, into: &mut Vec<&'c str>) -> bool {
        match self {
            Self::All(list) | Self::Any(list) => list.iter().all(|one| one.fields(into)),
            Self::Not(inner) => inner.fields(into),
            Self::Field { names, .. } => {
                into.extend(names.iter().map(String::as_str));
                !names.iter().any(|name| name == "*")
            }
        }
    }

    /// Compiles all regular expressions; the first that cannot be is told.
    pub(crate) fn compile_patterns(&self) -> Result<(), String> {
        match self {
            Self::All(list) | Self::Any(list) => list.iter().try_for_each(Self::compile_patterns),
            Self::Not(inner) => inner.compile_patterns(),
            Self::Field { tests, .. } => tests.iter().try_for_each(|test| match test {
                Test::Regex(list) => list.iter().try_for_each(Pattern::compile),
                _ => Ok(()),
            }),
        }
    }

    /// Whether the condition asks for something that only a first pass can find.
    pub(crate) fn needs_artifact(&self) -> Option<&str> {
        match self {
            Self::All(list) | Self::Any(list) => list.iter().find_map(Self::needs_artifact),
            Self::Not(inner) => inner.needs_artifact(),
            Self::Field { tests, .. } => tests.iter().find_map(|test| match test {
                Test::Artifact(kind) => Some(kind.as_str()),
                _ => None,
            }),
        }
    }
}

/// In a witness, stands for any one byte.
pub(crate) const ANY_BYTE: char = '\0';

/// The part of a wildcard's pattern that tells most; some of its bytes may be any.
fn surest(pattern: &str) -> String {
    let plain = |text: &str| text.split(ANY_BYTE).max_by_key(|part| part.len()).map_or(0, str::len);
    let parts = pattern
        .split('*')
        .map(|part| part.trim_matches('?').replace('?', ANY_BYTE.encode_utf8(&mut [0; 4])));
    let known = |part: &String| part.chars().filter(|c| *c != ANY_BYTE).count();
    let best = parts.filter(|part| plain(part) >= 3).max_by_key(known);
    best.unwrap_or_else(|| {
        pattern.split(['*', '?']).max_by_key(|part| part.len()).unwrap_or("").to_owned()
    })
}

/// Long literals and few of them are the better prefilter, and least of all those that every other line of a log has.
#[expect(clippy::ptr_arg, reason = "`max_by_key` hands out references to the vectors")]
fn worth(literals: &Vec<String>) -> usize {
    let shortest = literals.iter().map(String::len).min().unwrap_or(0);
    // Rarity grows with every byte, so two short literals are worth less than ten long ones.
    let worth = shortest.min(12).pow(3) * 64 / (literals.len() + 3);
    if literals.iter().any(|literal| is_common(literal)) { worth / 32 } else { worth }
}

fn tests_hold(tests: &[Test], value: &str, artifacts: &Artifacts) -> bool {
    if tests.iter().all(|test| test.holds(value, artifacts)) {
        return true;
    }
    // Web logs keep the query as it was sent; what is to get past a filter may be encoded twice.
    let mut value = Cow::Borrowed(value);
    for _ in 0..DECODINGS {
        let decoded = match percent_decode(&value) {
            Cow::Owned(decoded) if decoded != *value => decoded,
            _ => return false,
        };
        if tests.iter().all(|test| test.holds(&decoded, artifacts)) {
            return true;
        }
        value = Cow::Owned(decoded);
    }
    false
}

/// How often a value is percent-decoded for a test.
const DECODINGS: usize = 3;

impl Test {
    fn holds(&self, value: &str, artifacts: &Artifacts) -> bool {
        let bytes = value.as_bytes();
        match self {
            Self::Equals(list) => list.iter().any(|w| value.eq_ignore_ascii_case(w)),
            Self::Contains(list) => list.iter().any(|w| contains_ignore_case(value, w)),
            Self::ContainsAll(list) => list.iter().all(|w| contains_ignore_case(value, w)),
            Self::Starts(list) => list.iter().any(|w| {
                bytes.get(..w.len()).is_some_and(|head| head.eq_ignore_ascii_case(w.as_bytes()))
            }),
            Self::Ends(list) => list.iter().any(|w| {
                let from = bytes.len().checked_sub(w.len());
                from.is_some_and(|from| bytes[from..].eq_ignore_ascii_case(w.as_bytes()))
            }),
            Self::Like(list) => list.iter().any(|w| glob(w.as_bytes(), bytes)),
            Self::Path(list) => {
                let path = value.replace('\\', "/");
                list.iter().any(|w| glob(w.as_bytes(), path.as_bytes()))
            }
            Self::Regex(list) => list.iter().any(|w| w.is_match(value)),
            Self::AtLeast(least) => value.trim().parse::<f64>().is_ok_and(|n| n >= *least),
            Self::AtMost(most) => value.trim().parse::<f64>().is_ok_and(|n| n <= *most),
            Self::Artifact(kind) => artifacts.get(kind).is_some_and(|names| {
                let part = last_part(value);
                // ASP.NET compiles `x.aspx` to `x.aspx.<hash>.compiled`.
                let compiled = part.strip_suffix(".compiled").and_then(|p| p.rsplit_once('.'));
                names.contains(&part) || compiled.is_some_and(|(name, _)| names.contains(name))
            }),
        }
    }

    fn witness(&self) -> Option<Vec<String>> {
        let long = |list: &[String]| {
            let list: Vec<String> = list.to_vec();
            (!list.is_empty() && list.iter().all(|w| w.len() >= 3)).then_some(list)
        };
        match self {
            Self::Equals(list) | Self::Contains(list) | Self::Starts(list) | Self::Ends(list) => {
                long(list)
            }
            Self::ContainsAll(list) => {
                list.iter().max_by_key(|w| w.len()).and_then(|w| long(std::slice::from_ref(w)))
            }
            Self::Like(list) => long(&list.iter().map(|w| surest(w)).collect::<Vec<_>>()),
            Self::Path(list) => {
                // Separators are written both ways.
                let longest = |w: &String| {
                    w.split(['*', '?', '/', ANY_FOLDER])
                        .max_by_key(|part| part.len())
                        .unwrap_or("")
                        .to_owned()
                };
                long(&list.iter().map(longest).collect::<Vec<_>>())
            }
            Self::Regex(_) | Self::AtLeast(_) | Self::AtMost(_) | Self::Artifact(_) => None,
        }
    }
}

/// In the pattern of a path, stands for the name of any one folder.
pub(crate) const ANY_FOLDER: char = '\u{1}';

/// What a path in a check may look like, in lower case: with `/` between its parts, and for the name of a well-known
/// place (`%APPDATA%`) the folders that it stands for.
fn paths(pattern: &str) -> Vec<String> {
    let pattern = pattern.replace('\\', "/");
    let any = ANY_FOLDER.encode_utf8(&mut [0; 4]).to_owned();
    let is_any = |part: &str| {
        part.strip_prefix('<').and_then(|t| t.strip_suffix('>')).is_some() || part == "%username%"
    };
    let parts: Vec<&str> = pattern.split('/').collect();
    let folders = |parts: &[&str]| {
        let each = parts.iter().map(|part| if is_any(part) { any.as_str() } else { *part });
        each.collect::<Vec<_>>().join("/")
    };
    let mut all = Vec::new();
    if let [first, below @ ..] = &parts[..] {
        for place in places::of(first).into_iter().flatten().filter(|_| !below.is_empty()) {
            let place = place.to_ascii_lowercase().replace('*', &any);
            let place = if place.is_empty() { place } else { place + "/" };
            all.push(format!("*/{place}{}", folders(below)));
        }
    }
    all.push(folders(&parts));
    all
}

/// The last part of a path or URL, lower case.
pub(crate) fn last_part(path: &str) -> String {
    let path = path.split('?').next().unwrap_or("");
    path.trim_end_matches(['/', '\\']).rsplit(['/', '\\']).next().unwrap_or("").to_ascii_lowercase()
}

/// `*` any run, `?` any byte, [`ANY_FOLDER`] any name of a folder; the pattern is in lower case.
fn glob(pattern: &[u8], text: &[u8]) -> bool {
    if pattern.contains(&(ANY_FOLDER as u8)) {
        return glob_folders(pattern, text);
    }
    let (mut p, mut t) = (0, 0);
    let mut back: Option<(usize, usize)> = None;
    while t < text.len() {
        match pattern.get(p) {
            Some(b'*') => {
                back = Some((p + 1, t));
                p += 1;
            }
            Some(&c) if c == b'?' || c == text[t].to_ascii_lowercase() => {
                p += 1;
                t += 1;
            }
            _ => match back {
                Some((star, from)) => {
                    p = star;
                    t = from + 1;
                    back = Some((star, t));
                }
                None => return false,
            },
        }
    }
    pattern[p..].iter().all(|&c| c == b'*')
}

/// The same for patterns with folders: all ways to read the text so far are followed at once.
fn glob_folders(pattern: &[u8], text: &[u8]) -> bool {
    /// A place in the pattern; a `*` may stand for nothing.
    fn reach(pattern: &[u8], mut at: usize, places: &mut [bool]) {
        places[at] = true;
        while pattern.get(at) == Some(&b'*') {
            at += 1;
            places[at] = true;
        }
    }
    let mut now = vec![false; pattern.len() + 1];
    reach(pattern, 0, &mut now);
    for byte in text.iter().map(u8::to_ascii_lowercase) {
        let mut next = vec![false; pattern.len() + 1];
        for (at, wanted) in pattern.iter().enumerate().filter(|(at, _)| now[*at]) {
            match char::from(*wanted) {
                '*' => reach(pattern, at, &mut next),
                ANY_FOLDER if byte != b'/' => {
                    reach(pattern, at, &mut next);
                    reach(pattern, at + 1, &mut next);
                }
                ANY_FOLDER => {}
                wanted if wanted == '?' || wanted == char::from(byte) => {
                    reach(pattern, at + 1, &mut next);
                }
                _ => {}
            }
        }
        now = next;
    }
    now[pattern.len()]
}

pub(crate) fn percent_decode(text: &str) -> Cow<'_, str> {
    let bytes = text.as_bytes();
    if !bytes.contains(&b'%') {
        return Cow::Borrowed(text);
    }
    let hex = |at: usize| bytes.get(at).and_then(|b| (*b as char).to_digit(16));
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        if bytes[at] == b'%'
            && let (Some(high), Some(low)) = (hex(at + 1), hex(at + 2))
        {
            out.push((high * 16 + low) as u8);
            at += 3;
        } else {
            out.push(bytes[at]);
            at += 1;
        }
    }
    Cow::Owned(String::from_utf8_lossy(&out).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn globs() {
        for (pattern, text, holds) in [
            ("serverinfo~*/*", "ServerInfo~x/ecp", true),
            ("serverinfo~*/*", "ServerInfo~x", false),
            ("/ecp/?.js", "/ecp/y.js", true),
            ("/ecp/?.js", "/ecp/yy.js", false),
            ("*a*a*a*b", "aaaaaaaaaaaaaaaaaaaaaaaaaaaa", false),
        ] {
            assert_eq!(glob(pattern.as_bytes(), text.as_bytes()), holds, "{pattern} {text}");
        }
    }

    #[test]
    fn a_path_of_a_check_has_placeholders() {
        for (pattern, value, holds) in [
            (r"C:\Users\<user>\x.dat", r"c:\users\Bob Miller\X.dat", true),
            (r"C:\Users\<user>\x.dat", r"c:\users\a\b\x.dat", false),
            (r"C:\Users\<user>\x.dat", r"c:\users\x.dat", false),
            (r"%APPDATA%\*\x.dll", r"C:\Users\bob\AppData\Roaming\a\b\x.dll", true),
            (r"%APPDATA%\*\x.dll", r"%appdata%\a\x.dll", true),
            (r"%APPDATA%\x.dll", r"C:\Users\bob\AppData\Local\x.dll", false),
            (r"%SystemDrive%\x.dll", r"E:\x.dll", true),
            ("$HOME/.odd", concat!("/root", "/.odd"), true),
        ] {
            let lower = pattern.to_ascii_lowercase();
            let text = value.replace('\\', "/");
            let found = paths(&lower).iter().any(|p| glob(p.as_bytes(), text.as_bytes()));
            assert_eq!(found, holds, "{pattern} {value}");
        }
    }

    proptest::proptest! {
        #[test]
        fn both_ways_to_compare_are_one(pattern in "[ab/*?]{0,8}", text in "[abA/]{0,10}") {
            proptest::prop_assert_eq!(
                glob(pattern.as_bytes(), text.as_bytes()),
                glob_folders(pattern.as_bytes(), text.as_bytes()),
            );
        }
    }

    #[test]
    fn a_malformed_condition_is_refused() {
        for text in
            ["", "field = 'x'", "all = []\nany = []", "field = 'x'\nregex = '('", "fild = 'x'"]
        {
            let result = toml::from_str::<Written>(text).map_err(|e| e.to_string());
            assert!(result.and_then(Written::compile).is_err(), "{text}");
        }
    }

    #[test]
    fn the_witness_is_the_rarest_sure_literal() {
        let written: Written = toml::from_str(
            "all = [{ field = 'a', like = 'ServerInfo~*/*' }, { not = { field = 'a', contains = 'localhost' } }]",
        )
        .unwrap();
        assert_eq!(written.compile().unwrap().witness(), Some(vec!["serverinfo~".to_owned()]));
        for (pattern, witness) in [
            ("/ecp/?.js", "/ecp/\0.js"),
            ("?abc*??cd??e*", "abc"),
            ("abcd?e*xyz", "abcd\0e"),
            ("a?b?c*de", "de"),
            ("*?*", ""),
        ] {
            assert_eq!(surest(pattern), witness, "{pattern}");
        }
    }
}
