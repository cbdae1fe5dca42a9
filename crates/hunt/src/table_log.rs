//! Lines with fields: W3C logs (IIS, Exchange, Zeek), CSV, web server access logs, and plain text.
//!
//! A line is split into its fields only when an indicator or a literal of a check stands in it.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::io::{self, Read};

use jiff::Timestamp;
use lapwing_model::{Place, ProblemKind};

use crate::lines;
use crate::pipeline::{self, Chunk};
use crate::record::Record;
use crate::scan::{Scan, Seen};
use crate::sigma::Told;
use crate::source::{Reader, Source};
use crate::time;

/// How the lines of a log are to be read.
#[derive(Clone, Debug)]
pub(crate) enum Shape {
    /// Directives (`#Fields: …`) tell the columns, and may change them.
    W3c,
    /// The first line names the columns.
    Csv { delimiter: u8 },
    /// No fields; access logs of web servers are recognised line by line.
    Text,
}

struct Table<'h> {
    shape: Shape,
    delimiter: u8,
    columns: Vec<String>,
    software: String,
    log_type: String,
    source: Option<&'h Source>,
    title: &'static str,
    /// The log's name, as Zeek gives it.
    path: String,
    /// Number of the line that comes next, from 1.
    line: u64,
    /// Whether the time of the first line was told.
    covered: bool,
}

/// Reads a log of lines.
pub(crate) fn read(scan: &mut Scan<'_, '_>, reader: &mut dyn Read, shape: Shape) -> io::Result<()> {
    let mut table = Table {
        delimiter: match shape {
            Shape::Csv { delimiter } => delimiter,
            _ => b' ',
        },
        title: match shape {
            Shape::W3c => "W3C log",
            Shape::Csv { .. } => "CSV table",
            Shape::Text => "Text log",
        },
        shape,
        columns: Vec::new(),
        software: String::new(),
        log_type: String::new(),
        source: None,
        path: String::new(),
        line: 1,
        covered: false,
    };
    if matches!(table.shape, Shape::Text) {
        table.source = scan.ctx.source(Reader::Text, &[("path", scan.name)]);
    }
    if scan.ctx.second
        && matches!(table.shape, Shape::Text)
        && scan.ctx.route(table.source).is_none()
    {
        return Ok(());
    }
    let mut cut = None;
    let longest = scan.ctx.options.limits.line;
    let ctx = scan.ctx;
    let look = |text: &[u8], seen: &mut Seen| ctx.look(text, seen);
    let result = pipeline::read(reader, longest, ctx.jobs, look, |chunk| {
        if !chunk.whole && cut.is_none() {
            cut = Some(table.line);
        }
        table.chunk(scan, chunk);
    });
    if let Some(line) = cut {
        let message = format!("a line is longer than {longest} bytes and was read in pieces");
        scan.problem(ProblemKind::Limit, message, Some(format!("line {line}")));
    }
    result
}

impl<'h> Table<'h> {
    fn chunk<'c>(&mut self, scan: &mut Scan<'c, 'h>, chunk: &mut Chunk<Seen>)
    where
        'h: 'c,
    {
        let text = chunk.text();
        let mut at = 0;
        if chunk.offset == 0 {
            at = if text.starts_with(b"\xef\xbb\xbf") { 3 } else { 0 };
            if let Shape::Csv { delimiter } = self.shape {
                at = self.header(scan, text, at, delimiter);
            }
        }
        while at < text.len() {
            let is_w3c = matches!(self.shape, Shape::W3c);
            if is_w3c && text[at] == b'#' {
                let end = line_end(text, at);
                let directive = String::from_utf8_lossy(&text[at..end]).trim_end().to_owned();
                self.directive(scan, &directive);
                self.line += 1;
                at = end;
                continue;
            }
            if is_w3c && self.columns.is_empty() {
                // Exchange writes the names of the columns before its directives.
                let first = String::from_utf8_lossy(&text[at..line_end(text, at)]);
                if let Some(delimiter) = csv_delimiter(&first) {
                    at = self.header(scan, text, at, delimiter);
                    continue;
                }
            }
            at = self.lines(scan, chunk, at);
        }
    }

    /// Takes the line at `at` as the names of the columns; gives the place behind it.
    fn header(&mut self, scan: &Scan<'_, 'h>, text: &[u8], at: usize, delimiter: u8) -> usize {
        let end = line_end(text, at);
        let header = String::from_utf8_lossy(&text[at..end]);
        self.delimiter = delimiter;
        self.columns = split(header.trim_end(), delimiter).map(|c| c.trim().to_owned()).collect();
        self.recognise(scan);
        self.line += 1;
        end
    }

    fn directive(&mut self, scan: &Scan<'_, 'h>, directive: &str) {
        let Some((name, value)) = directive.trim_start_matches('#').split_once([':', '\t', ' '])
        else {
            return;
        };
        let value = value.trim();
        match name.to_ascii_lowercase().as_str() {
            "software" => value.clone_into(&mut self.software),
            "log-type" => value.clone_into(&mut self.log_type),
            "path" => value.clone_into(&mut self.path),
            "fields" => {
                self.delimiter = match value {
                    _ if value.contains('\t') => b'\t',
                    _ if value.contains(',') => b',',
                    _ => b' ',
                };
                let delimiter = self.delimiter;
                self.columns = split(value, delimiter).map(|c| c.trim().to_owned()).collect();
                self.recognise(scan);
            }
            _ => {}
        }
    }

    fn recognise(&mut self, scan: &Scan<'_, 'h>) {
        let columns = format!(",{},", self.columns.join(","));
        let told = [
            ("software", self.software.as_str()),
            ("log-type", self.log_type.as_str()),
            ("columns", columns.as_str()),
            ("path", scan.name),
        ];
        self.source = scan.ctx.source(Reader::Table, &told);
    }

    /// Judges the lines from `from` up to the next directive or the end; gives that place.
    fn lines<'c>(&mut self, scan: &mut Scan<'c, 'h>, chunk: &Chunk<Seen>, from: usize) -> usize
    where
        'h: 'c,
    {
        let text = chunk.text();
        let newlines = chunk.seen.scratch.newlines();
        let (to, ends, count) = self.count(scan, text, newlines, from);
        let first_line = self.line;
        self.line += ends;
        scan.cover(self.source, self.title, count, (to - from) as u64);
        let last = last_line(&text[..to]).max(from);
        if !std::mem::replace(&mut self.covered, true) {
            let record = self.record(line_at(text, from), 0, 0);
            scan.cover_time(self.source, self.title, record.time);
        }
        let record = self.record(line_at(&text[..to], last), 0, 0);
        scan.cover_time(self.source, self.title, record.time);
        if chunk.seen.scratch.has_nul() && memchr::memchr(0, &text[from..to]).is_some() {
            scan.broken(format!("line {first_line}"), "the text holds NUL bytes".to_owned());
        }
        if chunk.last && to == text.len() && !self.columns.is_empty() {
            let tail = line_at(text, last);
            let cells = split(&String::from_utf8_lossy(tail), self.delimiter).count();
            if cells < self.columns.len() && !tail.is_empty() {
                let message =
                    format!("the last line ends after {cells} of {} fields", self.columns.len());
                let place = Some(format!("line {}", first_line + count - 1));
                scan.problem(ProblemKind::Truncated, message, place);
            }
        }
        if scan.has_rules() {
            self.sigma(scan, &text[from..to], chunk.offset + from as u64, first_line);
        }
        // Only lines with a hit or a literal of a check are looked at more closely.
        let route = scan.ctx.route(self.source);
        let mut touched: BTreeMap<usize, Vec<(u32, usize, usize)>> = BTreeMap::new();
        let here = |at: usize| from <= at && at < to;
        for hit in chunk.seen.hits.iter().filter(|hit| here(hit.start)) {
            touched.entry(line_start(text, hit.start).max(from)).or_default().push((
                hit.indicator,
                hit.start,
                hit.end,
            ));
        }
        if let Some(places) = chunk.seen.witnesses(route) {
            for at in places.filter(|at| here(*at)) {
                touched.entry(line_start(text, at).max(from)).or_default();
            }
        } else {
            let starts = memchr::memchr_iter(b'\n', &text[from..to]).map(|at| from + at + 1);
            for start in std::iter::once(from).chain(starts).filter(|s| *s < to) {
                touched.entry(start).or_default();
            }
        }
        let (mut counted, mut number) = (from, first_line);
        for (start, hits) in touched {
            number += count_bits(newlines, counted, start);
            counted = start;
            let bytes = line_at(&text[..to], start);
            let record = self.record(bytes, chunk.offset + start as u64, number);
            if !self.columns.is_empty() && record.fields.len() != self.columns.len() {
                let message = format!(
                    "{} fields where the header names {}",
                    record.fields.len(),
                    self.columns.len()
                );
                scan.broken(format!("line {number}"), message);
            }
            scan.check(&record, route);
            for (indicator, from, to) in hits {
                scan.hit(&record, indicator, &String::from_utf8_lossy(&text[from..to]));
            }
        }
        to
    }

    /// Runs the Sigma rules over every line.
    fn sigma(&self, scan: &mut Scan<'_, '_>, text: &[u8], offset: u64, line: u64) {
        let has = |name: &str| self.columns.iter().any(|column| column.eq_ignore_ascii_case(name));
        let zeek = format!("zeek-{}", self.path);
        let events = has("EventID") && (has("Channel") || has("LogName"));
        let log = match () {
            () if !self.path.is_empty() => zeek.as_str(),
            () if has("cs-uri-stem") && has("cs-method") => "iis",
            () if events => "windows",
            () => "table",
        };
        let mut at = 0;
        for (number, whole) in (line..).zip(text.split_inclusive(|byte| *byte == b'\n')) {
            let bytes = line_at(whole, 0);
            let start = offset + at as u64;
            at += whole.len();
            if bytes.is_empty() {
                continue;
            }
            let mut record = self.record(bytes, start, number);
            let mut told = Told { log, ..Told::default() };
            if self.columns.is_empty() {
                told.log = match () {
                    () if !record.fields.is_empty() => "access-log",
                    () if record.raw.contains(": %") || record.raw.contains("devname=") => "device",
                    () if record.time.is_some() || syslog_time(&record.raw) => "syslog",
                    () => "text",
                };
                if let Some(audit) = auditd(&record.raw) {
                    told.log = "auditd";
                    record.time = audit.0;
                    record.fields = audit.1;
                }
            }
            let raw = record.raw.clone();
            told.line = &raw;
            let first = |names: [&str; 2]| names.iter().find_map(|name| record.get(name));
            if events {
                told.channel = first(["Channel", "LogName"]).unwrap_or("");
                told.provider = first(["Provider", "ProviderName"]).unwrap_or("");
                told.id = first(["EventID", "Id"]).and_then(|id| id.parse().ok());
            }
            scan.sigma(&told, &record);
        }
    }

    /// Where the lines from `from` end (at a directive or the text's end), how many line feeds and how
    /// many lines they are; those too short to hold all fields are broken.
    fn count(
        &self,
        scan: &mut Scan<'_, '_>,
        text: &[u8],
        newlines: &[u64],
        from: usize,
    ) -> (usize, u64, u64) {
        let shortest = (self.columns.len() * 2).saturating_sub(1);
        let is_w3c = matches!(self.shape, Shape::W3c);
        let (mut start, mut lines) = (from, 0);
        for (at, word) in newlines.iter().enumerate().skip(from / 64) {
            let mut word = *word;
            if at == from / 64 {
                word &= u64::MAX << (from % 64);
            }
            while word != 0 {
                let end = at * 64 + word.trailing_zeros() as usize;
                word &= word - 1;
                if end - start < shortest && end - start > 1 {
                    let message =
                        format!("the line is too short for {} fields", self.columns.len());
                    scan.broken(format!("line {}", self.line + lines), message);
                }
                start = end + 1;
                lines += 1;
                if is_w3c && text.get(start) == Some(&b'#') {
                    return (start, lines, lines);
                }
            }
        }
        (text.len(), lines, lines + u64::from(start < text.len()))
    }

    fn record<'t>(&'t self, line: &'t [u8], offset: u64, number: u64) -> Record<'t> {
        let raw = lines::text(line);
        let mut record = Record {
            fields: Vec::new(),
            raw: Cow::Borrowed(""),
            time: None,
            place: Some(Place::Line(number)),
            offset,
        };
        if self.columns.is_empty() {
            record.fields = access_log(&raw);
            record.time = time::leading(&raw);
        } else {
            let cells = split(&raw, self.delimiter).map(|cell| Cow::Owned(cell.into_owned()));
            let names = self.columns.iter().map(|c| Cow::Borrowed(c.as_str()));
            let names = names.chain(std::iter::repeat(Cow::Borrowed("")));
            record.fields = names.zip(cells).collect();
            record.time = time_of(&record);
        }
        record.raw = raw;
        record
    }
}

fn time_of(record: &Record<'_>) -> Option<Timestamp> {
    if let (Some(date), Some(clock)) = (record.get("date"), record.get("time"))
        && let Some(time) = time::parse_pair(date, clock)
    {
        return Some(time);
    }
    [
        "DateTime",
        "date-time",
        "Timestamp",
        "@timestamp",
        "ts",
        "time",
        "EventTime",
        "TimeCreated",
        "UtcTime",
        "datetime",
        "date",
    ]
    .iter()
    .find_map(|name| record.get(name).and_then(time::parse))
}

fn line_start(text: &[u8], at: usize) -> usize {
    memchr::memrchr(b'\n', &text[..at]).map_or(0, |at| at + 1)
}

/// One past the line that starts at `start`, its end included.
fn line_end(text: &[u8], start: usize) -> usize {
    memchr::memchr(b'\n', &text[start..]).map_or(text.len(), |at| start + at + 1)
}

/// Line feeds in a range, by their bits.
fn count_bits(newlines: &[u64], from: usize, to: usize) -> u64 {
    let mut count = 0;
    for at in from / 64..=to / 64 {
        let mut word = newlines.get(at).copied().unwrap_or(0);
        if at == from / 64 {
            word &= u64::MAX << (from % 64);
        }
        if at == to / 64 {
            word &= !(u64::MAX << (to % 64));
        }
        count += u64::from(word.count_ones());
    }
    count
}

fn line_at(text: &[u8], start: usize) -> &[u8] {
    let rest = &text[start..];
    let line = &rest[..memchr::memchr(b'\n', rest).unwrap_or(rest.len())];
    line.strip_suffix(b"\r").unwrap_or(line)
}

fn last_line(text: &[u8]) -> usize {
    line_start(text, text.len().saturating_sub(usize::from(text.ends_with(b"\n"))))
}

/// The cells of a line; with commas, semicolons and tabs, cells may stand in double quotes.
fn split(line: &str, delimiter: u8) -> impl Iterator<Item = Cow<'_, str>> {
    let delimiter = char::from(delimiter);
    let mut rest = Some(line);
    std::iter::from_fn(move || {
        let text = rest?;
        if delimiter != ' '
            && let Some(quoted) = text.strip_prefix('"')
        {
            let mut end = 0;
            loop {
                match quoted[end..].find('"') {
                    Some(at) if quoted[end + at + 1..].starts_with('"') => end += at + 2,
                    Some(at) => {
                        let cell = &quoted[..end + at];
                        let after = &quoted[end + at + 1..];
                        rest = after.find(delimiter).map(|at| &after[at + 1..]);
                        return Some(if cell.contains("\"\"") {
                            Cow::Owned(cell.replace("\"\"", "\""))
                        } else {
                            Cow::Borrowed(cell)
                        });
                    }
                    None => {
                        // The quote is never closed: the rest is one cell.
                        rest = None;
                        return Some(Cow::Borrowed(quoted));
                    }
                }
            }
        }
        let (cell, after) = match text.split_once(delimiter) {
            Some((cell, after)) => (cell, Some(after)),
            None => (text, None),
        };
        rest = after;
        Some(Cow::Borrowed(cell))
    })
}

/// Fields of a line in the common or combined format of web servers; none for other lines.
fn access_log(line: &str) -> Vec<(Cow<'static, str>, Cow<'static, str>)> {
    let parts = || -> Option<Vec<(&'static str, String)>> {
        let (client, rest) = line.split_once(' ')?;
        let (_, rest) = rest.split_once('[')?;
        let (_, rest) = rest.split_once("] \"")?;
        let (request, rest) = rest.split_once("\" ")?;
        let mut request = request.split(' ');
        let (method, target) = (request.next()?, request.next()?);
        let (stem, query) = target.split_once('?').unwrap_or((target, ""));
        let mut numbers = rest.split(' ');
        let status =
            numbers.next().filter(|s| s.len() == 3 && s.bytes().all(|b| b.is_ascii_digit()))?;
        let bytes = numbers.next().unwrap_or("");
        let mut quoted = rest.split('"').skip(1).step_by(2);
        let (referer, agent) = (quoted.next().unwrap_or(""), quoted.next().unwrap_or(""));
        let fields = [
            ("c-ip", client),
            ("cs-method", method),
            ("cs-uri-stem", stem),
            ("cs-uri-query", query),
            ("sc-status", status),
            ("sc-bytes", bytes),
            ("cs(Referer)", referer),
            ("cs(User-Agent)", agent),
        ];
        Some(fields.map(|(k, v)| (k, v.to_owned())).to_vec())
    };
    parts()
        .unwrap_or_default()
        .into_iter()
        .map(|(k, v)| (Cow::Borrowed(k), Cow::Owned(v)))
        .collect()
}

/// Whether a line begins as BSD's syslog does: `Mar  3 01:02:03 host`, after a priority if any.
fn syslog_time(line: &str) -> bool {
    let line = line.strip_prefix('<').and_then(|rest| rest.split_once('>')).map_or(line, |l| l.1);
    let bytes = line.as_bytes();
    let at = |at: usize, wanted: fn(&u8) -> bool| bytes.get(at).is_some_and(wanted);
    at(0, u8::is_ascii_uppercase)
        && at(1, u8::is_ascii_lowercase)
        && at(2, u8::is_ascii_lowercase)
        && at(3, |b| *b == b' ')
        && at(5, u8::is_ascii_digit)
        && at(6, |b| *b == b' ')
        && at(9, |b| *b == b':')
        && at(12, |b| *b == b':')
}

/// Names and values of a record.
type Pairs<'t> = Vec<(Cow<'t, str>, Cow<'t, str>)>;

/// Time and fields of a line of Linux' audit: `type=… msg=audit(1614733323.123:45): a0="cat" …`.
fn auditd(line: &str) -> Option<(Option<Timestamp>, Pairs<'static>)> {
    let (head, rest) = line.split_once("msg=audit(")?;
    let kind = head.split_whitespace().find_map(|word| word.strip_prefix("type="))?;
    let (stamp, rest) = rest.split_once(')')?;
    let time = time::parse(stamp.split(':').next()?);
    let mut fields: Pairs<'static> = vec![("type".into(), kind.to_owned().into())];
    let mut rest = rest.trim_start_matches(':').trim_start();
    while let Some((name, after)) = rest.split_once('=') {
        let name = name.rsplit([' ', '\u{1d}']).next().unwrap_or(name);
        let quote = after.chars().next().filter(|c| matches!(c, '"' | '\''));
        let (value, next) = match quote {
            Some(quote) => after[1..].split_once(quote).unwrap_or((&after[1..], "")),
            None => after.split_once([' ', '\u{1d}']).unwrap_or((after, "")),
        };
        // What holds blanks or quotes is written in hexadecimal.
        let hidden = quote.is_none() && (name == "proctitle" || is_argument(name));
        let value = unhex(value).filter(|_| hidden).unwrap_or_else(|| value.to_owned());
        if quote == Some('\'') {
            // `msg='op=login acct="x"'` holds fields of its own.
            let inner = value.split_whitespace().filter_map(|word| word.split_once('='));
            for (name, value) in inner {
                let value = value.trim_matches('"').to_owned();
                fields.push((name.to_owned().into(), value.into()));
            }
        }
        fields.push((name.to_owned().into(), value.into()));
        rest = next;
    }
    Some((time, fields))
}

/// `a0`, `a1` …
fn is_argument(name: &str) -> bool {
    name.strip_prefix('a').is_some_and(|n| !n.is_empty() && n.bytes().all(|b| b.is_ascii_digit()))
}

/// The text of hexadecimal digits; `None` for anything else, and for what is no text.
fn unhex(text: &str) -> Option<String> {
    if text.len() < 4 || !text.len().is_multiple_of(2) {
        return None;
    }
    let bytes: Option<Vec<u8>> = (0..text.len())
        .step_by(2)
        .map(|at| u8::from_str_radix(text.get(at..at + 2)?, 16).ok())
        .collect();
    let text = String::from_utf8(bytes?).ok()?.replace('\0', " ");
    text.chars().all(|c| !c.is_control()).then_some(text)
}

/// The delimiter of a table whose first line names its columns; `None` for other text.
pub(crate) fn csv_delimiter(head: &str) -> Option<u8> {
    let mut lines = head.lines();
    let first = lines.next()?.trim_start_matches('\u{feff}');
    let delimiter = [b',', b';', b'\t']
        .into_iter()
        .max_by_key(|d| (first.bytes().filter(|b| b == d).count(), std::cmp::Reverse(*d)))?;
    let names: Vec<_> = split(first, delimiter).collect();
    let is_name = |n: &str| {
        let n = n.trim();
        !n.is_empty()
            && n.len() <= 60
            && n.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_' || c == '@')
            && n.chars().all(|c| c.is_ascii_alphanumeric() || " _-.()/@#:".contains(c))
            && n.parse::<std::net::IpAddr>().is_err()
    };
    if names.len() < 3 || !names.iter().all(|n| is_name(n)) {
        return None;
    }
    let second = lines.next().unwrap_or("");
    (second.is_empty() || split(second, delimiter).count() * 2 > names.len()).then_some(delimiter)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_may_be_quoted() {
        let cells = |line| split(line, b',').collect::<Vec<_>>().join("|");
        assert_eq!(cells(r#"a,"b,c","d""e",,f"#), r#"a|b,c|d"e||f"#);
        assert_eq!(cells(r#"a,"open,b"#), "a|open,b");
        assert_eq!(split("a b  c", b' ').count(), 4);
    }

    #[test]
    fn access_logs_have_fields() {
        let line = "192.0.2.1 - - [03/Mar/2021:01:02:03 +0000] \"POST /a?b=c HTTP/1.1\" 200 12 \"-\" \"agent x\"";
        let fields = access_log(line);
        let get = |name: &str| fields.iter().find(|(k, _)| k == name).map(|(_, v)| v.to_string());
        assert_eq!(get("sc-status").as_deref(), Some("200"));
        assert_eq!(get("cs(User-Agent)").as_deref(), Some("agent x"));
        assert!(access_log("some other [line] \"of text").is_empty());
    }

    #[test]
    fn lines_of_syslog_are_told_from_text() {
        assert!(syslog_time("<34>Mar  3 01:02:03 host sshd[1]: text"));
        assert!(syslog_time("Mar 13 01:02:03 host sshd[1]: text"));
        assert!(!syslog_time("The quick brown fox: 12:34:56"));
        assert!(!syslog_time(""));
    }

    #[test]
    fn audit_records_have_fields() {
        let line =
            "type=EXECVE msg=audit(1614733323.123:45): argc=2 a0=\"cat\" a1=2F746D702F612062";
        let (time, fields) = auditd(line).unwrap();
        let get = |name: &str| fields.iter().find(|(k, _)| k == name).map(|(_, v)| v.to_string());
        assert!(time.is_some());
        assert_eq!(get("type").as_deref(), Some("EXECVE"));
        assert_eq!((get("a0").as_deref(), get("a1").as_deref()), (Some("cat"), Some("/tmp/a b")));
        let login =
            "type=USER_AUTH msg=audit(1614733323.1:4): pid=1 msg='op=PAM acct=\"root\" res=failed'";
        let fields = auditd(login).unwrap().1;
        assert!(fields.iter().any(|(k, v)| k == "acct" && v == "root"));
        assert!(auditd("other text").is_none());
    }

    #[test]
    fn a_header_is_told_from_data() {
        assert_eq!(csv_delimiter("DateTime,RequestId,Client\n1,2,3\n"), Some(b','));
        assert_eq!(csv_delimiter("192.0.2.1,a,b\n"), None);
        assert_eq!(csv_delimiter("Dear all, this is text, and no table.\nYes\n"), None);
    }

    proptest::proptest! {
        #[test]
        fn splitting_never_panics(text in ".{0,60}") {
            let _ = (split(&text, b',').count(), access_log(&text), csv_delimiter(&text));
            let _ = auditd(&format!("type=X msg=audit({text}"));
        }
    }
}
