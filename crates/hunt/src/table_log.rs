//! Lines with fields: W3C logs (IIS, Exchange, Zeek), CSV, and lines of text in any form.
//!
//! A line is split into its fields only when an indicator or a literal of a check stands in it, or Sigma
//! rules are run.

mod cover;
pub(crate) mod inner;
mod moment;

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Read};

use jiff::Timestamp;
use lapwing_model::{Place, ProblemKind};

use crate::cells::{csv_delimiter, split};
use crate::context::{Route, Seen};
use crate::event;
use crate::line::{self, audit};
use crate::lines;
use crate::lines::each_line;
use crate::pipeline::{self, Chunk};
use crate::record::Record;
use crate::record::record_of;
use crate::scan::Scan;
use crate::sigma::Told;
use crate::source::{Reader, Source};
use crate::time::{Clock, Moment};
pub(crate) use moment::moment_of;

/// How the lines of a log are to be read.
#[derive(Clone, Debug)]
pub(crate) enum Shape {
    /// Directives (`#Fields: …`) tell the columns, and may change them.
    W3c,
    /// The first line names the columns.
    Csv { delimiter: u8 },
    /// Each line has the fields that its own form gives.
    Text,
}

struct Table<'h> {
    shape: Shape,
    delimiter: u8,
    columns: Vec<String>,
    /// How many of the columns each check of the source reads; `None` where it reads whole records.
    read_by: Vec<Option<usize>>,
    software: String,
    log_type: String,
    source: Option<&'h Source>,
    title: &'static str,
    /// The kind of log, as Sigma's log sources name it.
    log: String,
    /// The log's name, as Zeek gives it.
    path: String,
    /// Whether a directive says that times are local.
    local: bool,
    /// Whether a row has shown what stands between the columns that a directive names.
    is_delimiter_shown: bool,
    /// The time of the last record of text before this chunk, for the lines of it that follow.
    before: Option<Moment>,
    /// Lines of Linux' audit whose event is not complete.
    audit: audit::Events,
    /// Number of the line that comes next, from 1.
    line: u64,
}

/// What is to be looked at in a line.
#[derive(Default)]
struct Touched<'s> {
    /// Indicators: number, first byte, one past the last.
    hits: Vec<(u32, usize, usize)>,
    /// Numbers of checks that may hold.
    may: &'s [u32],
}

/// Reads a log of lines; `head` is its beginning, and `file` is given when the reader gives its bytes as they are.
pub(crate) fn read(
    scan: &mut Scan<'_, '_>,
    reader: &mut dyn Read,
    shape: Shape,
    head: &[u8],
    file: Option<&File>,
) -> io::Result<()> {
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
        read_by: Vec::new(),
        software: String::new(),
        log_type: String::new(),
        source: None,
        log: String::new(),
        path: String::new(),
        local: false,
        is_delimiter_shown: false,
        before: None,
        audit: audit::Events::default(),
        line: 1,
    };
    if matches!(table.shape, Shape::Text) {
        let first = lines::text(head);
        let told = [("path", scan.name), ("form", form_of(head)), ("head", &*first)];
        table.source = scan.ctx.source(Reader::Text, &told);
        let nothing = scan.ctx.route(table.source).is_none() && !scan.ctx.is_pivot();
        if scan.ctx.second && nothing {
            return Ok(());
        }
    }
    let mut cut = None;
    let longest = scan.ctx.options.limits.line;
    let ctx = scan.ctx;
    let look = |text: &[u8], seen: &mut Seen| ctx.look(text, seen);
    let result = pipeline::read(reader, file, longest, ctx.jobs, look, |chunk| {
        if chunk.direct {
            ctx.progress.bytes(chunk.text().len() as u64);
        }
        if !chunk.whole && cut.is_none() {
            cut = Some(table.line);
        }
        table.chunk(scan, chunk);
    });
    let rest: Vec<audit::Event> = table.audit.rest().collect();
    for event in rest {
        audit_event(scan, &event);
    }
    if let Some(line) = cut {
        let message = format!("a line is longer than {longest} bytes and was read in pieces");
        scan.problem(ProblemKind::Limit, message, Some(format!("line {line}")));
    }
    result
}

/// So many lines tell of which form a log is.
const FIRST_LINES: usize = 60;

/// The form that most of the first lines have.
fn form_of(head: &[u8]) -> &'static str {
    let mut counts: BTreeMap<&'static str, usize> = BTreeMap::new();
    let lines = head.split(|b| *b == b'\n').map(<[u8]>::trim_ascii).filter(|l| !l.is_empty());
    for line in lines.take(FIRST_LINES) {
        let text = lines::text(line);
        let read = line::read(&text);
        // What has neither form nor time explains the lines that follow, or goes on with the one before.
        if read.form != "text" || read.when.is_some() {
            *counts.entry(read.form).or_default() += 1;
        }
    }
    // The last line of the head may be cut.
    let most = counts.iter().filter(|(form, _)| **form != "text").max_by_key(|(_, n)| **n);
    match most {
        Some((form, count)) if count * 3 >= counts.values().sum::<usize>() => form,
        _ => "text",
    }
}

/// Runs the Sigma rules on the joined lines of one event of Linux' audit.
fn audit_event(scan: &mut Scan<'_, '_>, event: &audit::Event) {
    let time = event.when.and_then(|when| scan.clock.settle(when));
    let place = Some(Place::Line(event.line));
    let record = record_of(&event.fields, &event.raw, time, place, event.offset);
    scan.sigma(&Told { log: "auditd", line: &event.raw, ..Told::default() }, &record);
}

/// Sysmon for Linux writes its events to syslog, as XML; `false` for other lines.
fn sysmon_for_linux(
    scan: &mut Scan<'_, '_>,
    line: &line::Line<'_>,
    raw: &str,
    number: u64,
    offset: u64,
) -> bool {
    let message = line.fields.iter().find(|(name, _)| name == "message").map(|(_, text)| text);
    let xml = message.filter(|_| line.form == "syslog").map(|text| text.trim());
    let Some(xml) = xml.filter(|text| text.starts_with("<Event>")) else { return false };
    let Ok(event) = event::from_xml(xml) else { return false };
    let time = event.moment().and_then(|when| scan.clock.settle(when));
    let record = record_of(&event.fields, raw, time, Some(Place::Line(number)), offset);
    let told = Told {
        log: "windows",
        channel: event.get("Channel").unwrap_or(""),
        provider: event.get("Provider").unwrap_or(""),
        id: event.get("EventID").and_then(|id| id.parse().ok()),
        line: "",
    };
    scan.sigma(&told, &record);
    true
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
            if is_w3c && !self.is_delimiter_shown {
                self.show_delimiter(line_at(text, at));
            }
            at = self.lines(scan, chunk, at);
        }
    }

    /// Learns from the first row behind a directive what stands between the columns: CloudFront names them between blanks
    /// and writes tabs.
    fn show_delimiter(&mut self, row: &[u8]) {
        self.is_delimiter_shown = true;
        let row = lines::text(row);
        let count = |delimiter: u8| split(&row, delimiter, self.quotes()).count();
        let others = [b'\t', b',', b' '].into_iter().filter(|other| *other != self.delimiter);
        let columns = self.columns.len();
        if columns > 1 && count(self.delimiter) != columns {
            let fits = others.into_iter().find(|other| count(*other) == columns);
            self.delimiter = fits.unwrap_or(self.delimiter);
        }
    }

    /// Takes the line at `at` as the names of the columns; gives the place behind it.
    fn header(&mut self, scan: &Scan<'_, 'h>, text: &[u8], at: usize, delimiter: u8) -> usize {
        let end = line_end(text, at);
        let header = String::from_utf8_lossy(&text[at..end]);
        self.delimiter = delimiter;
        self.columns =
            split(header.trim_end(), delimiter, true).map(|c| c.trim().to_owned()).collect();
        self.recognise(scan);
        self.line += 1;
        end
    }

    fn directive(&mut self, scan: &Scan<'_, 'h>, directive: &str) {
        let directive = directive.trim_start_matches('#');
        let parted = directive.split_once([':', '\t']).or_else(|| directive.split_once(' '));
        let Some((name, value)) = parted else { return };
        let value = value.trim();
        match name.to_ascii_lowercase().as_str() {
            "software" => value.clone_into(&mut self.software),
            "log-type" => value.clone_into(&mut self.log_type),
            "path" => value.clone_into(&mut self.path),
            "time format" => self.local = value.eq_ignore_ascii_case("local"),
            "fields" => {
                self.delimiter = match value {
                    _ if value.contains('\t') => b'\t',
                    _ if value.contains(',') => b',',
                    _ => b' ',
                };
                self.is_delimiter_shown = false;
                let delimiter = self.delimiter;
                self.columns = split(value, delimiter, true).map(|c| c.trim().to_owned()).collect();
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
        let last_of = |names: &[&str]| {
            let is_read = |column: &String| names.iter().any(|n| n.eq_ignore_ascii_case(column));
            self.columns.iter().rposition(is_read).map_or(0, |at| at + 1)
        };
        let fields = scan.ctx.route(self.source).map_or(&[][..], |route| &route.fields);
        self.read_by = fields.iter().map(|f| f.as_deref().map(last_of)).collect();
        let has = |name: &str| self.columns.iter().any(|column| column.eq_ignore_ascii_case(name));
        self.log = match () {
            () if !self.path.is_empty() => format!("zeek-{}", self.path),
            () if has("cs-uri-stem") && has("cs-method") && !has("cs-host-out") => "iis".to_owned(),
            () => "table".to_owned(),
        };
    }

    /// What a time without a zone means here.
    fn clock<'s>(&self, scan: &'s Scan<'_, '_>) -> Cow<'s, Clock> {
        match self.shape {
            // The format says that times are UTC, unless a directive says otherwise.
            Shape::W3c if !self.local => Cow::Owned(Clock::default()),
            _ => Cow::Borrowed(&scan.clock),
        }
    }

    /// Whether fields between blanks may stand in quotes: IIS writes none, and quotes as they come.
    fn quotes(&self) -> bool {
        !self.software.contains("Internet Information")
    }

    /// Judges the lines from `from` up to the next directive or the end; gives that place.
    fn lines<'c>(&mut self, scan: &mut Scan<'c, 'h>, chunk: &Chunk<Seen>, from: usize) -> usize
    where
        'h: 'c,
    {
        let text = chunk.text();
        let (to, ends, count) = self.count(scan, chunk, from);
        let first_line = self.line;
        self.line += ends;
        let last = last_line(&text[..to]).max(from);
        self.cover(scan, chunk, (from, to), count);
        if chunk.seen.scratch.has_nul() && memchr::memchr(0, &text[from..to]).is_some() {
            scan.broken(format!("line {first_line}"), "the text holds NUL bytes".to_owned());
        }
        if chunk.last && to == text.len() && !self.columns.is_empty() {
            let tail = line_at(text, last);
            let tail_text = String::from_utf8_lossy(tail);
            let cells = split(&tail_text, self.delimiter, self.quotes()).count();
            if cells < self.columns.len() && !tail.is_empty() {
                let message =
                    format!("the last line ends after {cells} of {} fields", self.columns.len());
                let place = Some(format!("line {}", first_line + count - 1));
                scan.problem(ProblemKind::Truncated, message, place);
            }
        }
        if scan.has_rules() {
            self.sigma(scan, chunk, (from, to), first_line);
        }
        // Only lines with a hit or a literal of a check are looked at more closely.
        let route = scan.ctx.route(self.source);
        let mut touched: BTreeMap<usize, Touched<'_>> = BTreeMap::new();
        let here = |at: usize| from <= at && at < to;
        for hit in chunk.seen.hits.iter().filter(|hit| here(hit.start)) {
            let line = touched.entry(chunk.seen.line_start(hit.start).max(from)).or_default();
            line.hits.push((hit.indicator, hit.start, hit.end));
        }
        let by_witness = chunk.seen.witnesses(route);
        let every_record = by_witness.is_none();
        for (at, may) in by_witness.into_iter().flatten().filter(|(at, _)| here(*at)) {
            touched.entry(chunk.seen.line_start(at).max(from)).or_default().may = may;
        }
        if every_record {
            let starts = memchr::memchr_iter(b'\n', &text[from..to]).map(|at| from + at + 1);
            for start in std::iter::once(from).chain(starts).filter(|s| *s < to) {
                touched.entry(start).or_default();
            }
        }
        let clock = self.clock(scan).into_owned();
        let (mut counted, mut number) = (from, first_line);
        for (start, Touched { hits, may }) in touched {
            number += chunk.seen.feeds(counted, start);
            counted = start;
            let bytes = line_at(&text[..to], start);
            if hits.is_empty() && !every_record && !self.may_hold(scan, bytes, route, may) {
                continue;
            }
            let (mut record, moment, form) =
                self.record(bytes, chunk.offset + start as u64, number, &clock);
            // A line of a form whose time is left out says that there is none.
            if moment.is_none() && form == "text" {
                let above = self.above(text, start);
                record.time = above.and_then(|moment| clock.settle(moment));
                let other = above.filter(|_| record.fields.is_empty());
                if let Some(peer) = other.and_then(|_| line::peer_of(&record.raw)) {
                    let peer = peer.to_owned();
                    record.fields.push((Cow::Borrowed("src_ip"), Cow::Owned(peer)));
                }
            }
            if !self.columns.is_empty() && record.fields.len() != self.columns.len() {
                let message = format!(
                    "{} fields where the header names {}",
                    record.fields.len(),
                    self.columns.len()
                );
                scan.broken(format!("line {number}"), message);
            }
            inner::add(&mut record);
            scan.check_some(&record, route, (!every_record).then_some(may));
            for (indicator, from, to) in hits {
                let matched = String::from_utf8_lossy(&text[from..to]);
                // What Linux' audit writes in digits, its fields hold as text.
                let digits = record.field_of(&matched).is_none();
                let plain = digits.then(|| audit::unhex(&matched)).flatten();
                scan.hit(&record, indicator, plain.as_deref().unwrap_or(&matched));
            }
        }
        self.before = self.above(text, to);
        to
    }

    /// The time of the record of text to which a line without one belongs: that of the nearest line above which has one, as
    /// Samba, OSSEC, MySQL's slow queries and traces of programs are written. An empty line ends a record.
    fn above(&self, text: &[u8], start: usize) -> Option<Moment> {
        if !self.columns.is_empty() {
            return None;
        }
        let when = |at: usize| {
            let line = line_at(&text[..start], at);
            (!line.is_empty()).then(|| line::read(&lines::text(line)).when)
        };
        let mut at = start;
        for _ in 0..ABOVE {
            if at == 0 {
                return self.before;
            }
            at = last_line(&text[..at]);
            let Some(found) = when(at)? else { continue };
            // The heading of a record may state its time twice: the one with a zone counts.
            let other = || (at > 0).then(|| when(last_line(&text[..at])).flatten()).flatten();
            let exact = |moment: &Moment| matches!(moment, Moment::Exact(_));
            return Some(match found {
                Moment::Civil(civil) => {
                    let clock = |moment: Moment| moment.utc().map(Timestamp::as_second);
                    let near = |other: &Moment| {
                        let apart = clock(*other)? - clock(Moment::Civil(civil))?;
                        // Zones are whole quarters of an hour apart.
                        (apart.abs() <= 15 * 3600 && apart % 900 == 0).then_some(())
                    };
                    other().filter(exact).filter(|it| near(it).is_some()).unwrap_or(found)
                }
                _ => found,
            });
        }
        None
    }

    /// Whether one of some checks holds for a line, by the columns that these checks read alone.
    fn may_hold(
        &self,
        scan: &Scan<'_, '_>,
        line: &[u8],
        route: Option<&Route<'_>>,
        may: &[u32],
    ) -> bool {
        let Some(route) = route.filter(|_| !self.columns.is_empty()) else { return true };
        let checks = || {
            let all = route.numbers.iter().zip(&route.checks).zip(&self.read_by);
            all.filter(|((number, _), _)| may.contains(number))
        };
        let Some(columns) = checks().try_fold(0, |most, (_, count)| Some(most.max((*count)?)))
        else {
            return true;
        };
        let raw = lines::text(line);
        let cells = split(&raw, self.delimiter, self.quotes()).take(columns);
        let names = self.columns.iter().map(|c| Cow::Borrowed(c.as_str()));
        let fields = names.zip(cells).collect();
        let record = Record { fields, raw: "".into(), time: None, place: None, offset: 0 };
        checks().any(|((_, check), _)| check.condition.holds(&record, scan.ctx.artifacts))
    }

    /// Runs the Sigma rules over the lines between two places: over all of a table, and over those of text in which
    /// something stands that a rule asks for.
    fn sigma(
        &mut self,
        scan: &mut Scan<'_, '_>,
        chunk: &Chunk<Seen>,
        (from, to): (usize, usize),
        first_line: u64,
    ) {
        let (text, newlines) = (chunk.text(), chunk.seen.scratch.newlines());
        let mut starts: Vec<usize> = Vec::new();
        if scan.ctx.gate().is_some() && self.columns.is_empty() {
            let here = chunk.seen.asked.iter().filter(|at| from <= **at && **at < to);
            starts.extend(here.map(|at| chunk.seen.line_start(*at).max(from)));
            starts.sort_unstable();
            starts.dedup();
        } else {
            each_line(text, newlines, from, to, |start, _| starts.push(start));
        }
        let clock = self.clock(scan).into_owned();
        let mut done: Vec<audit::Event> = Vec::new();
        let (mut counted, mut number) = (from, first_line);
        for at in starts {
            number += chunk.seen.feeds(counted, at);
            counted = at;
            let bytes = line_at(&text[..to], at);
            let start = chunk.offset + at as u64;
            if bytes.is_empty() {
                continue;
            }
            if self.columns.is_empty() {
                let raw = lines::text(bytes);
                let read = line::read(&raw);
                if read.form == "auditd" {
                    done.extend(self.audit.add(&read, &raw, number, start));
                    for event in done.drain(..) {
                        audit_event(scan, &event);
                    }
                    continue;
                }
                if sysmon_for_linux(scan, &read, &raw, number, start) {
                    continue;
                }
                let goes_on = || if read.form == "text" { self.above(text, at) } else { None };
                let when = read.when.or_else(goes_on);
                let log = match read.form {
                    // A line with a time and no form is some program's own log.
                    "text" if read.when.is_some() => "syslog",
                    form => form,
                };
                let record = Record {
                    time: when.and_then(|when| clock.settle(when)),
                    fields: read.fields,
                    raw: Cow::Borrowed(&*raw),
                    place: Some(Place::Line(number)),
                    offset: start,
                };
                scan.sigma(&Told { log, line: &raw, ..Told::default() }, &record);
            } else {
                let mut record = self.record(bytes, start, number, &clock).0;
                inner::add(&mut record);
                let told = Told { log: &self.log, line: &record.raw, ..Told::default() };
                scan.sigma(&told, &record);
            }
        }
    }

    /// Where the lines from `from` end (at a directive or the text's end), how many line feeds and how
    /// many lines they are; those too short to hold all fields are broken.
    fn count(
        &self,
        scan: &mut Scan<'_, '_>,
        chunk: &Chunk<Seen>,
        from: usize,
    ) -> (usize, u64, u64) {
        let (text, newlines) = (chunk.text(), chunk.seen.scratch.newlines());
        let shortest = (self.columns.len() * 2).saturating_sub(1);
        let is_w3c = matches!(self.shape, Shape::W3c);
        let mut directives = chunk.seen.directives.iter().filter(|at| **at > from);
        if chunk.seen.shortest >= shortest && (!is_w3c || directives.next().is_none()) {
            let lines = chunk.seen.feeds(from, text.len());
            let is_open = text.len() > from && !text.ends_with(b"\n");
            return (text.len(), lines, lines + u64::from(is_open));
        }
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

    /// A line as a record, with the time as it stands there, and the line's form.
    fn record<'t>(
        &'t self,
        line: &'t [u8],
        offset: u64,
        number: u64,
        clock: &Clock,
    ) -> (Record<'t>, Option<Moment>, &'static str) {
        let raw = lines::text(line);
        // What is borrowed from the line needs no copy of each field.
        let (fields, moment, form) = match raw {
            Cow::Borrowed(raw) => self.fields(raw),
            Cow::Owned(ref raw) => {
                let (fields, moment, form) = self.fields(raw);
                let owned = |text: Cow<'_, str>| Cow::Owned(text.into_owned());
                (fields.into_iter().map(|(k, v)| (owned(k), owned(v))).collect(), moment, form)
            }
        };
        let mut record =
            Record { fields, raw, time: None, place: Some(Place::Line(number)), offset };
        let moment = if self.columns.is_empty() { moment } else { moment_of(&record) };
        record.time = moment.and_then(|moment| clock.settle(moment));
        (record, moment, form)
    }

    /// The fields of a line, the time that its form gives, and the form.
    fn fields<'t>(&'t self, raw: &'t str) -> (line::Pairs<'t>, Option<Moment>, &'static str) {
        if self.columns.is_empty() {
            let read = line::read(raw);
            return (read.fields, read.when, read.form);
        }
        let cells = split(raw, self.delimiter, self.quotes());
        let names = self.columns.iter().map(|c| Cow::Borrowed(c.as_str()));
        let names = names.chain(std::iter::repeat(Cow::Borrowed("")));
        (names.zip(cells).collect(), None, "table")
    }
}

fn line_start(text: &[u8], at: usize) -> usize {
    memchr::memrchr(b'\n', &text[..at]).map_or(0, |at| at + 1)
}

/// One past the line that starts at `start`, its end included.
fn line_end(text: &[u8], start: usize) -> usize {
    memchr::memchr(b'\n', &text[start..]).map_or(text.len(), |at| start + at + 1)
}

/// So many lines above a line may stand between it and the time of its record.
const ABOVE: usize = 64;

fn line_at(text: &[u8], start: usize) -> &[u8] {
    let rest = &text[start..];
    let line = &rest[..memchr::memchr(b'\n', rest).unwrap_or(rest.len())];
    line.strip_suffix(b"\r").unwrap_or(line)
}

fn last_line(text: &[u8]) -> usize {
    line_start(text, text.len().saturating_sub(usize::from(text.ends_with(b"\n"))))
}

#[cfg(test)]
mod tests;
