//! Rules over the content of files, as YARA's: files, members of archives, and what is carved from logs.

use std::collections::BTreeMap;
use std::fmt;
use std::fmt::Write as _;

use aho_corasick::AhoCorasick;
use base64::Engine as _;
use base64::alphabet::{Alphabet, STANDARD, URL_SAFE};
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use jiff::Timestamp;
use lapwing_model::{Confidence, Finding, FindingKind, Place, ProblemKind, Proof, Severity};

use crate::condition::percent_decode;
use crate::lines;
use crate::record::{Record, shorten};
use crate::scan::Scan;
use crate::time;

/// Rules over bytes. A hunt calls them from many threads.
pub trait ContentRules: fmt::Debug + Send + Sync {
    /// The rules that hold for a content, in an order that depends on nothing but the two.
    ///
    /// # Errors
    /// Why the content could not be judged, in words: a limit of time, say.
    fn scan(&self, content: &Content<'_>) -> Result<Vec<ContentMatch>, String>;

    /// How many rules they are.
    fn count(&self) -> usize;
}

/// What rules are run over.
#[derive(Clone, Copy, Debug)]
pub struct Content<'a> {
    /// The file, with archive members behind `!`.
    pub path: &'a str,
    /// All of it.
    pub bytes: &'a [u8],
}

/// A rule that holds for a content.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ContentMatch {
    /// The rule's name.
    pub rule: String,
    /// The file in which the rule stands.
    pub source: String,
    /// What the rule says that it finds; may be empty.
    pub description: String,
    /// Who wrote it; may be empty.
    pub author: String,
    /// Where one can read more; may be empty.
    pub reference: String,
    /// ATT&CK technique, where the rule names one.
    pub technique: Option<String>,
    /// How much it matters.
    pub severity: Severity,
    /// How sure a match is.
    pub confidence: Confidence,
    /// Whether a file on disk for which it holds is a foothold: a web shell or other malware.
    pub is_foothold: bool,
    /// Strings of the rule and where they stand, by place.
    pub strings: Vec<ContentString>,
}

/// A string of a rule where it stands in a content.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ContentString {
    /// Its name in the rule (`$a`).
    pub name: String,
    /// Byte offset.
    pub at: u64,
    /// Length in bytes.
    pub length: u64,
}

/// Strings of a match that its reason names.
const NAMED: usize = 6;
/// Longest text of a match or its surroundings that is shown, in bytes.
const SHOWN: usize = 160;
/// Lines of one log out of which something is carved, and the longest of them in bytes.
const MOST_CARVED: usize = 20_000;
const LONGEST_CARVED: usize = 1 << 20;
/// A value of an event that is shorter holds no script worth a look.
const SHORTEST: usize = 24;

/// Whether the first line of a text has a time, as the lines of logs do.
pub(crate) fn begins_like_a_log(head: &[u8]) -> bool {
    const MONTHS: [&str; 12] = [
        "Jan ", "Feb ", "Mar ", "Apr ", "May ", "Jun ", "Jul ", "Aug ", "Sep ", "Oct ", "Nov ",
        "Dec ",
    ];
    let first = head.split(|byte| *byte == b'\n').find(|line| !line.trim_ascii().is_empty());
    first.is_some_and(|line| {
        let text = lines::text(line);
        let text =
            text.strip_prefix('<').and_then(|t| t.split_once('>')).map_or(&*text, |(_, t)| t);
        time::leading(text).is_some() || MONTHS.iter().any(|month| text.starts_with(month))
    })
}

/// Runs the rules over a file that was read whole. `is_log` says that its lines are records.
pub(crate) fn scan(
    scan: &mut Scan<'_, '_>,
    bytes: &[u8],
    is_log: bool,
    modified: Option<Timestamp>,
) {
    let Some(rules) = scan.ctx.content_rules() else { return };
    let path = scan.name;
    let found = match rules.scan(&Content { path, bytes }) {
        Ok(found) => found,
        Err(message) => return scan.problem(ProblemKind::Limit, message, None),
    };
    let is_text = memchr::memchr(0, &bytes[..bytes.len().min(8192)]).is_none();
    let mut told: BTreeMap<String, Vec<u64>> = BTreeMap::new();
    for it in &found {
        if is_log && is_text && !it.strings.is_empty() {
            for (line, at) in telling_lines(it, bytes) {
                told.entry(it.rule.clone()).or_default().push(line);
                let text = lines::text(line_around(bytes, at.at as usize));
                let time = time::leading(&text).and_then(|moment| scan.clock.settle(moment));
                let record = Record {
                    fields: Vec::new(),
                    raw: text,
                    time,
                    place: Some(Place::Line(line)),
                    offset: line_start(bytes, at.at as usize) as u64,
                };
                let matched = piece(bytes, at);
                tell(scan, it, &record, &matched, Proof::Contact, &strings_of(it, bytes));
            }
            continue;
        }
        let first = it.strings.first();
        let record = Record {
            fields: Vec::new(),
            raw: first
                .map_or_else(|| format!("file {path}, {} bytes", bytes.len()), |s| around(bytes, s))
                .into(),
            time: modified,
            place: None,
            offset: first.map_or(0, |s| s.at),
        };
        let matched = first.map_or_else(|| it.rule.clone(), |s| piece(bytes, s));
        let proof = if it.is_foothold && !is_log { Proof::Persistence } else { Proof::Contact };
        tell(scan, it, &record, &matched, proof, &strings_of(it, bytes));
    }
    // Text in two bytes a character is read as rules are mostly written.
    if let Some(encoding) = lines::utf16(bytes) {
        let text = encoding.decode(bytes).0;
        let Ok(more) = rules.scan(&Content { path, bytes: text.as_bytes() }) else { return };
        for it in more.iter().filter(|it| found.iter().all(|known| known.rule != it.rule)) {
            let raw = it.strings.first().map_or(String::new(), |s| around(text.as_bytes(), s));
            let record = Record {
                fields: Vec::new(),
                raw: raw.into(),
                time: modified,
                place: None,
                offset: 0,
            };
            let matched = it.strings.first().map_or(it.rule.clone(), |s| piece(text.as_bytes(), s));
            let proof = if it.is_foothold && !is_log { Proof::Persistence } else { Proof::Contact };
            let how = format!("in the UTF-16 text, {}", strings_of(it, text.as_bytes()));
            tell(scan, it, &record, &matched, proof, &how);
        }
    } else if is_log && is_text {
        carve_lines(scan, bytes, &told);
    }
}

/// Runs the rules over scripts that the fields of an event hold: script blocks, parameters, pages.
pub(crate) fn carve_event(scan: &mut Scan<'_, '_>, record: &Record<'_>) {
    let Some(rules) = scan.ctx.content_rules() else { return };
    if !scan.in_period(record.time) {
        return;
    }
    for (name, value) in &record.fields {
        let is_script = matches!(name.as_ref(), "ScriptBlockText" | "Payload" | "HostApplication");
        if value.len() < SHORTEST || !(is_script || has_sign(value.as_bytes())) {
            continue;
        }
        let decoded = percent_decode(value);
        match rules.scan(&Content { path: scan.name, bytes: decoded.as_bytes() }) {
            Ok(found) => {
                for it in &found {
                    let matched = it
                        .strings
                        .first()
                        .map_or(it.rule.clone(), |s| piece(decoded.as_bytes(), s));
                    let how =
                        format!("in the field {name}, {}", strings_of(it, decoded.as_bytes()));
                    tell(scan, it, record, &matched, Proof::Contact, &how);
                }
            }
            Err(message) => {
                let place = record.place.map(place_words);
                scan.problem(ProblemKind::Limit, message, place);
            }
        }
    }
}

/// Scripts that a log holds in another form: percent-encoded, as JSON writes them, in base64.
fn carve_lines(scan: &mut Scan<'_, '_>, bytes: &[u8], told: &BTreeMap<String, Vec<u64>>) {
    let Some(rules) = scan.ctx.content_rules() else { return };
    let (mut number, mut counted, mut carved, mut done) = (1u64, 0usize, 0usize, 0usize);
    let mut cut = false;
    for at in signs(bytes) {
        if at < done {
            continue;
        }
        let start = line_start(bytes, at);
        let line = line_around(bytes, at);
        done = start + line.len();
        number += lines::count_lines(&bytes[counted..start]);
        counted = start;
        if carved == MOST_CARVED || line.len() > LONGEST_CARVED {
            cut = true;
            continue;
        }
        carved += 1;
        let text = lines::text(line);
        for (form, body) in other_forms(&text) {
            let Ok(found) = rules.scan(&Content { path: scan.name, bytes: &body }) else {
                continue;
            };
            for it in found {
                if told.get(&it.rule).is_some_and(|lines| lines.binary_search(&number).is_ok()) {
                    continue;
                }
                let record = Record {
                    fields: Vec::new(),
                    raw: text.clone(),
                    time: time::leading(&text).and_then(|moment| scan.clock.settle(moment)),
                    place: Some(Place::Line(number)),
                    offset: start as u64,
                };
                let matched = it.strings.first().map_or(it.rule.clone(), |s| piece(&body, s));
                let how = format!("in what the line holds {form}, {}", strings_of(&it, &body));
                tell(scan, &it, &record, &matched, Proof::Contact, &how);
            }
        }
    }
    if cut {
        let message = format!(
            "not every line with a script was carved for YARA: at most {MOST_CARVED} a file, of at most {LONGEST_CARVED} bytes"
        );
        scan.problem(ProblemKind::Limit, message, None);
    }
}

fn tell(
    scan: &mut Scan<'_, '_>,
    it: &ContentMatch,
    record: &Record<'_>,
    matched: &str,
    proof: Proof,
    how: &str,
) {
    if !scan.in_period(record.time) {
        return;
    }
    let mut why = if it.description.is_empty() {
        "the content passes the YARA rule".to_owned()
    } else {
        shorten(&it.description, 300)
    };
    let _ = write!(why, " [{how}]");
    let source = it.source.rsplit(['/', '\\']).next().unwrap_or(&it.source);
    let _ = write!(why, "; rule file {}", shorten(source, 80));
    for (what, text) in [("by", &it.author), ("see", &it.reference)] {
        if !text.is_empty() {
            let _ = write!(why, "; {what} {}", shorten(text, 160));
        }
    }
    scan.add(Finding {
        finding: format!("YARA rule {}", it.rule),
        rule: Some(it.rule.clone()),
        file: scan.name.to_owned(),
        place: record.place,
        offset: record.offset,
        time: record.time,
        matched: shorten(matched, 300),
        kind: FindingKind::Yara,
        technique: it.technique.clone(),
        severity: it.severity,
        confidence: it.confidence,
        proof,
        why,
        evidence: shorten(&record.raw, 600),
    });
}

/// The lines that tell most of a match in a log: those of its rarest string, each once.
fn telling_lines<'m>(it: &'m ContentMatch, bytes: &[u8]) -> Vec<(u64, &'m ContentString)> {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for string in &it.strings {
        *counts.entry(&string.name).or_default() += 1;
    }
    let rarest = counts.into_iter().min_by_key(|(name, count)| (*count, *name));
    let Some((rarest, _)) = rarest else { return Vec::new() };
    let (mut line, mut counted) = (1u64, 0usize);
    let mut found: Vec<(u64, &ContentString)> = Vec::new();
    for string in it.strings.iter().filter(|s| s.name == rarest) {
        let at = (string.at as usize).min(bytes.len());
        line += lines::count_lines(&bytes[counted.min(at)..at]);
        counted = at;
        if found.last().is_none_or(|(last, _)| *last != line) {
            found.push((line, string));
        }
    }
    found
}

/// `$a at 12, 40; $b at 7`.
fn strings_of(it: &ContentMatch, bytes: &[u8]) -> String {
    let mut places: BTreeMap<&str, Vec<u64>> = BTreeMap::new();
    for string in &it.strings {
        places.entry(&string.name).or_default().push(string.at);
    }
    if places.is_empty() {
        return format!("no strings, {} bytes", bytes.len());
    }
    let more = places.len().saturating_sub(NAMED);
    let mut shown: Vec<String> = Vec::new();
    for (name, at) in places.into_iter().take(NAMED) {
        let first: Vec<String> = at.iter().take(3).map(u64::to_string).collect();
        let rest = at.len().saturating_sub(3);
        let rest = if rest > 0 { format!(" and {rest} more") } else { String::new() };
        shown.push(format!("{name} at {}{rest}", first.join(", ")));
    }
    let more = if more > 0 { format!("; {more} more strings") } else { String::new() };
    format!("{}{more}", shown.join("; "))
}

/// The matched bytes as text.
fn piece(bytes: &[u8], string: &ContentString) -> String {
    let from = (string.at as usize).min(bytes.len());
    let to = from.saturating_add(string.length as usize).min(bytes.len());
    readable(&bytes[from..to.min(from + SHOWN)])
}

/// The line of a match in text, the bytes around it elsewhere.
fn around(bytes: &[u8], string: &ContentString) -> String {
    let at = (string.at as usize).min(bytes.len());
    let line = line_around(bytes, at);
    if line.len() <= 600 && !line.contains(&0) {
        return lines::text(line).into_owned();
    }
    let from = at.saturating_sub(SHOWN / 4);
    readable(&bytes[from..(from + SHOWN).min(bytes.len())])
}

/// Bytes as text: text in two bytes a character as such, what cannot be read as `\x1f`.
fn readable(bytes: &[u8]) -> String {
    let is_wide =
        bytes.len() >= 4 && bytes.chunks_exact(2).all(|pair| pair[1] == 0 && pair[0] != 0);
    let narrow: Vec<u8>;
    let bytes = if is_wide {
        narrow = bytes.iter().step_by(2).copied().collect();
        &narrow
    } else {
        bytes
    };
    let mut text = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        for c in chunk.valid().chars() {
            match c {
                '\n' | '\r' | '\t' => text.push(' '),
                c if c.is_control() => {
                    let _ = write!(text, "\\x{:02x}", u32::from(c));
                }
                c => text.push(c),
            }
        }
        for byte in chunk.invalid() {
            let _ = write!(text, "\\x{byte:02x}");
        }
    }
    text
}

fn line_start(bytes: &[u8], at: usize) -> usize {
    memchr::memrchr(b'\n', &bytes[..at.min(bytes.len())]).map_or(0, |end| end + 1)
}

fn line_around(bytes: &[u8], at: usize) -> &[u8] {
    let from = line_start(bytes, at);
    let to =
        memchr::memchr(b'\n', &bytes[at.min(bytes.len())..]).map_or(bytes.len(), |end| at + end);
    bytes[from..to.max(from)].trim_ascii_end()
}

fn place_words(place: Place) -> String {
    match place {
        Place::Line(line) => format!("line {line}"),
        Place::Record(record) => format!("record {record}"),
    }
}

/// Beginnings of scripts, plain and in other forms.
const SIGNS: [&str; 14] = [
    "<script",
    "<%",
    "<?php",
    "runat=",
    "%3cscript",
    "%3c%25",
    "%3c%3fphp",
    "%3c?php",
    "\\u003c",
    "PCVA",
    "PCUg",
    "PHNjcmlwd",
    "PD9waH",
    "frombase64string",
];

fn automaton() -> Option<&'static AhoCorasick> {
    static SIGN: std::sync::OnceLock<Option<AhoCorasick>> = std::sync::OnceLock::new();
    SIGN.get_or_init(|| AhoCorasick::builder().ascii_case_insensitive(true).build(SIGNS).ok())
        .as_ref()
}

fn has_sign(bytes: &[u8]) -> bool {
    automaton().is_some_and(|signs| signs.is_match(bytes))
}

fn signs(bytes: &[u8]) -> impl Iterator<Item = usize> {
    automaton().into_iter().flat_map(move |signs| signs.find_iter(bytes).map(|hit| hit.start()))
}

/// A line in the forms in which its script would run.
fn other_forms(text: &str) -> Vec<(&'static str, Vec<u8>)> {
    let mut forms = Vec::new();
    let plain = percent_decode(text);
    if plain != text {
        forms.push(("percent-encoded", plain.as_bytes().to_vec()));
    }
    if text.contains("\\u003c") || text.contains("\\\"") {
        let plain = text
            .replace("\\u003c", "<")
            .replace("\\u003C", "<")
            .replace("\\u003e", ">")
            .replace("\\u003E", ">")
            .replace("\\u0027", "'")
            .replace("\\u0022", "\"")
            .replace("\\u0026", "&")
            .replace("\\\"", "\"");
        forms.push(("escaped", plain.into_bytes()));
    }
    let mut runs = Vec::new();
    let is_part = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'/' | b'-' | b'_');
    for run in plain.as_bytes().split(|b| !is_part(*b)).filter(|run| run.len() >= 32) {
        runs.extend(unbase64(run));
        runs.push(b'\n');
    }
    if runs.iter().any(|b| *b != b'\n') {
        forms.push(("in base64", runs));
    }
    forms
}

/// Decodes either alphabet; what is no base64 gives nothing.
fn unbase64(run: &[u8]) -> Vec<u8> {
    let config = GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true);
    let decode = |alphabet: &Alphabet| GeneralPurpose::new(alphabet, config).decode(run).ok();
    decode(&STANDARD).or_else(|| decode(&URL_SAFE)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Checks, Matcher, Options, Silent, hunt};
    use std::sync::Arc;

    /// A rule that holds where a word stands.
    #[derive(Debug)]
    struct Word(&'static str);

    impl ContentRules for Word {
        fn count(&self) -> usize {
            1
        }

        fn scan(&self, content: &Content<'_>) -> Result<Vec<ContentMatch>, String> {
            if content.path.ends_with("slow.txt") {
                return Err("took too long".to_owned());
            }
            let strings: Vec<ContentString> = memchr::memmem::find_iter(content.bytes, self.0)
                .map(|at| ContentString {
                    name: "$a".into(),
                    at: at as u64,
                    length: self.0.len() as u64,
                })
                .collect();
            let it = ContentMatch {
                rule: "word".into(),
                source: "own.yar".into(),
                description: "a word of ours".into(),
                author: String::new(),
                reference: String::new(),
                technique: None,
                severity: Severity::High,
                confidence: Confidence::percent(75),
                is_foothold: true,
                strings,
            };
            Ok(Some(it).filter(|it| !it.strings.is_empty()).into_iter().collect())
        }
    }

    fn found(files: &[(&str, &[u8])]) -> (Vec<Finding>, Vec<String>) {
        let home = tempfile::tempdir().unwrap();
        for (name, bytes) in files {
            std::fs::write(home.path().join(name), bytes).unwrap();
        }
        let options = Options {
            content: Some(Arc::new(Word("marsh-<%-word"))),
            file_times: false,
            ..Options::default()
        };
        let paths = [home.path().to_owned()];
        let result = hunt(&paths, &Matcher::default(), Checks::builtin(), &options, &Silent);
        let of_yara = result.findings.into_iter().filter(|f| f.kind == FindingKind::Yara);
        (of_yara.collect(), result.problems.iter().map(ToString::to_string).collect())
    }

    #[test]
    fn a_file_is_a_foothold_and_a_line_of_a_log_is_a_contact_with_its_time() {
        let log =
            "2021-03-03 10:00:00 a line\n2021-03-03 10:00:01 marsh-<%-word twice marsh-<%-word\n";
        let (found, problems) =
            found(&[("a.bin", b"\0\0\0marsh-<%-word\0"), ("b.log", log.as_bytes())]);
        assert!(problems.is_empty(), "{problems:?}");
        let [line, file] = &found[..] else { panic!("{found:#?}") };
        assert_eq!((line.place, line.proof), (Some(Place::Line(2)), Proof::Contact));
        assert_eq!(line.time.unwrap().to_string(), "2021-03-03T10:00:01Z");
        assert_eq!((file.place, file.offset, file.proof), (None, 3, Proof::Persistence));
        assert_eq!(file.matched, "marsh-<%-word");
    }

    #[test]
    fn scripts_in_other_forms_are_carved() {
        let escaped = "2021-03-03 10:00:00 GET /x a=marsh-%3C%25-word 200\n";
        let base64 =
            base64::engine::general_purpose::STANDARD.encode("<% a page of ours marsh-<%-word <%");
        let packed = format!("2021-03-03 10:00:00 POST /y body={base64} 200\n");
        let wide: Vec<u8> =
            "some text marsh-<%-word\r\n".encode_utf16().flat_map(u16::to_le_bytes).collect();
        let (found, _) =
            found(&[("a.log", escaped.as_bytes()), ("b.log", packed.as_bytes()), ("c.txt", &wide)]);
        let how: Vec<&str> = found.iter().map(|f| f.why.as_str()).collect();
        assert_eq!(found.len(), 3, "{how:#?}");
        assert!(how[0].contains("percent-encoded"), "{how:?}");
        assert!(how[1].contains("in base64"), "{how:?}");
        assert!(how[2].contains("UTF-16"), "{how:?}");
    }

    #[test]
    fn what_took_too_long_is_named() {
        let (found, problems) =
            found(&[("slow.txt", b"marsh-<%-word"), ("x.txt", b"marsh-<%-word")]);
        assert_eq!(found.len(), 1);
        assert!(
            problems[0].contains("slow.txt") && problems[0].contains("too long"),
            "{problems:?}"
        );
    }

    #[test]
    fn bytes_are_shown_as_text() {
        assert_eq!(readable(b"a\0b\0c\0"), "abc");
        assert_eq!(readable(b"a\xff\x01\nb"), "a\\xff\\x01 b");
    }
}
