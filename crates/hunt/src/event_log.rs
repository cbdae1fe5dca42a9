//! Windows events: EVTX, JSON (lines, arrays, indented), XML exports; and other JSON lines.

use std::borrow::Cow;
use std::io::{self, Read};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use evtx::{EvtxChunkData, ParserSettings};
use lapwing_model::{Place, ProblemKind};
use serde_json::Value;

use crate::event::{self, Event};
use crate::lines;
use crate::record::Record;
use crate::scan::{Scan, record_of};
use crate::sigma::Told;
use crate::source::Reader;
use crate::time;

/// Takes one event: coverage, clock, checks, indicators.
fn take(scan: &mut Scan<'_, '_>, event: &Event, line: Option<u64>, offset: u64, bytes: u64) {
    let told = [
        ("channel", event.get("Channel").unwrap_or("")),
        ("provider", event.get("Provider").unwrap_or("")),
        ("path", scan.name),
    ];
    let source = scan.ctx.source(Reader::Events, &told);
    let title = match event.get("Channel") {
        Some(channel) => Cow::Owned(format!("Windows events, {channel}")),
        None => Cow::Borrowed("Windows events"),
    };
    let time = event.time();
    scan.cover(source, &title, 1, bytes);
    scan.cover_time(source, &title, time);
    if let Some(skew) = event.skew()
        && skew.abs() >= 120
    {
        *scan.report.skews.entry((skew + skew.signum() * 30) / 60 * 60).or_default() += 1;
    }
    let number = event.get("EventRecordID").and_then(|n| n.parse().ok());
    let place = number.map(Place::Record).or(line.map(Place::Line));
    let text = event.text();
    let record = record_of(&event.fields, &text, time, place, offset);
    let route = scan.ctx.route(source);
    scan.check(&record, route);
    scan.sigma(
        &Told {
            log: "windows",
            channel: event.get("Channel").unwrap_or(""),
            provider: event.get("Provider").unwrap_or(""),
            id: event.get("EventID").and_then(|id| id.parse().ok()),
            line: "",
        },
        &record,
    );
    for hit in scan.find(text.as_bytes()) {
        scan.hit(
            &record,
            hit.indicator,
            &String::from_utf8_lossy(&text.as_bytes()[hit.start..hit.end]),
        );
    }
}

/// Takes one JSON object, whatever it is.
fn take_json(
    scan: &mut Scan<'_, '_>,
    text: &[u8],
    line: u64,
    offset: u64,
) -> Result<(), serde_json::Error> {
    if let Some(event) = Event::from_json(text)? {
        take(scan, &event, Some(line), offset, text.len() as u64);
    } else {
        let value: Value = serde_json::from_slice(text)?;
        take_other(scan, &value, line, offset, text.len() as u64);
    }
    Ok(())
}

/// Takes one JSON object that is no Windows event.
fn take_other(scan: &mut Scan<'_, '_>, value: &Value, line: u64, offset: u64, bytes: u64) {
    let fields = event::flatten(value);
    let mut text = String::new();
    for (name, value) in &fields {
        text.push_str(name);
        text.push_str(": ");
        text.push_str(value);
        text.push('\n');
    }
    let stamp = |names: &[&str]| {
        fields.iter().find(|(n, _)| names.contains(&n.as_str())).and_then(|(_, v)| time::parse(v))
    };
    let time = stamp(&[
        "@timestamp",
        "timestamp",
        "time",
        "ts",
        "Timestamp",
        "datetime",
        "eventTime",
        "published",
        "CreationTime",
        "createdDateTime",
        "activityDateTime",
    ]);
    scan.cover(None, "JSON records", 1, bytes);
    scan.cover_time(None, "JSON records", time);
    let record: Record<'_> = record_of(&fields, &text, time, Some(Place::Line(line)), offset);
    if scan.has_rules() {
        let path = fields.iter().find(|(name, _)| name == "_path").map(|(_, path)| path.as_str());
        let log = path.map_or(Cow::Borrowed("json"), |path| format!("zeek-{path}").into());
        scan.sigma(&Told { log: &log, ..Told::default() }, &record);
    }
    for hit in scan.find(text.as_bytes()) {
        scan.hit(
            &record,
            hit.indicator,
            &String::from_utf8_lossy(&text.as_bytes()[hit.start..hit.end]),
        );
    }
}

/// Reads JSON: a value a line, or values of any layout (arrays, indented objects).
pub(crate) fn read_json(scan: &mut Scan<'_, '_>, reader: &mut dyn Read) -> io::Result<()> {
    let mut objects: Option<Objects> = None;
    let mut first = true;
    let limit = scan.ctx.options.limits.line;
    lines::read(reader, limit, |chunk| {
        let (mut number, mut offset) = (chunk.line, chunk.offset);
        for line in chunk.text.split_inclusive(|b| *b == b'\n') {
            let text = line.trim_ascii();
            let text = text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text);
            if let Some(objects) = &mut objects {
                objects.feed(scan, line, number, offset, limit);
            } else if !text.is_empty() {
                let read = (text[0] == b'{').then(|| take_json(scan, text, number, offset));
                match read {
                    Some(Ok(())) => {}
                    // What begins like this is no value a line.
                    _ if first => {
                        let mut fresh = Objects::default();
                        fresh.feed(scan, line, number, offset, limit);
                        objects = Some(fresh);
                    }
                    None => {
                        scan.broken(format!("line {number}"), "the line is no JSON object".into());
                    }
                    Some(Err(error)) => {
                        scan.broken(format!("line {number}"), format!("broken JSON: {error}"));
                    }
                }
                first = false;
            }
            number += u64::from(line.ends_with(b"\n"));
            offset += line.len() as u64;
        }
    })?;
    if objects.is_some_and(|o| o.depth > 0) {
        scan.problem(ProblemKind::Truncated, "the last JSON object is not closed".into(), None);
    }
    Ok(())
}

/// Cuts a stream of JSON text into its outermost objects.
#[derive(Default)]
struct Objects {
    buffer: Vec<u8>,
    depth: usize,
    in_string: bool,
    escaped: bool,
    line: u64,
    offset: u64,
    too_long: bool,
}

impl Objects {
    fn feed(&mut self, scan: &mut Scan<'_, '_>, text: &[u8], line: u64, offset: u64, limit: usize) {
        for (at, &byte) in text.iter().enumerate() {
            if self.depth == 0 {
                if byte != b'{' {
                    continue;
                }
                (self.line, self.offset) = (line, offset + at as u64);
            }
            if self.buffer.len() < limit {
                self.buffer.push(byte);
            } else {
                self.too_long = true;
            }
            match byte {
                _ if self.escaped => self.escaped = false,
                b'\\' if self.in_string => self.escaped = true,
                b'"' => self.in_string = !self.in_string,
                b'{' if !self.in_string => self.depth += 1,
                b'}' if !self.in_string => self.depth -= 1,
                _ => {}
            }
            if self.depth == 0 {
                let place = format!("line {}", self.line);
                if self.too_long {
                    scan.broken(place, format!("a JSON object is longer than {limit} bytes"));
                } else if let Err(error) = take_json(scan, &self.buffer, self.line, self.offset) {
                    scan.broken(place, format!("broken JSON: {error}"));
                }
                *self = Self::default();
            }
        }
    }
}

/// Reads an XML export: every `<Event>` element on its own, so that a broken one costs only itself.
pub(crate) fn read_xml(scan: &mut Scan<'_, '_>, reader: &mut dyn Read) -> io::Result<()> {
    let limit = scan.ctx.options.limits.line;
    let mut buffer: Vec<u8> = Vec::new();
    let (mut base, mut base_line) = (0u64, 1u64);
    let mut piece = vec![0u8; 64 << 10];
    let result = loop {
        let count = match reader.read(&mut piece) {
            Ok(0) => break Ok(()),
            Ok(count) => count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => break Err(error),
        };
        buffer.extend_from_slice(&piece[..count]);
        let mut done = 0;
        loop {
            let rest = &buffer[done..];
            let Some(start) = event_start(rest) else {
                // A start tag may be cut by the end of the piece.
                done += rest.len().saturating_sub(8);
                break;
            };
            let Some(end) =
                memchr::memmem::find(&rest[start..], b"</Event>").map(|at| start + at + 8)
            else {
                done += start;
                break;
            };
            let line = base_line + lines::count_lines(&buffer[..done + start]);
            let offset = base + (done + start) as u64;
            match event::from_xml(&String::from_utf8_lossy(&rest[start..end])) {
                Ok(event) => take(scan, &event, Some(line), offset, (end - start) as u64),
                Err(error) => scan.broken(format!("line {line}"), format!("broken XML: {error}")),
            }
            done += end;
        }
        if buffer.len() - done > limit {
            let line = base_line + lines::count_lines(&buffer[..done]);
            scan.broken(format!("line {line}"), format!("an <Event> is longer than {limit} bytes"));
            done = buffer.len() - 8;
        }
        base += done as u64;
        base_line += lines::count_lines(&buffer[..done]);
        buffer.drain(..done);
    };
    if event_start(&buffer).is_some() {
        scan.problem(ProblemKind::Truncated, "the last <Event> is not closed".into(), None);
    }
    result
}

/// Where the next `<Event>` (not `<Events>` or `<EventData>`) begins.
fn event_start(text: &[u8]) -> Option<usize> {
    memchr::memmem::find_iter(text, b"<Event")
        .find(|at| text.get(at + 6).is_some_and(|b| b.is_ascii_whitespace() || *b == b'>'))
}

const HEADER: usize = 4096;
const CHUNK: usize = 64 << 10;

/// Reads EVTX as a stream: the file's header is not needed, every chunk stands on its own.
pub(crate) fn read_evtx(scan: &mut Scan<'_, '_>, reader: &mut dyn Read) -> io::Result<()> {
    let mut header = vec![0u8; HEADER];
    let read = fill(reader, &mut header)?;
    if read < HEADER {
        scan.problem(ProblemKind::Truncated, "the file ends in its header".into(), None);
        return Ok(());
    }
    let settings = Arc::new(ParserSettings::default().num_threads(1).indent(false));
    scan.cover(None, "Windows event log files (EVTX)", 0, 0);
    for number in 0u64.. {
        let mut data = vec![0u8; CHUNK];
        let read = fill(reader, &mut data)?;
        if read == 0 {
            break;
        }
        let offset = HEADER as u64 + number * CHUNK as u64;
        if data[..read].iter().all(|b| *b == 0) {
            continue;
        }
        if read < CHUNK {
            let message = format!("chunk {number} has {read} of {CHUNK} bytes");
            scan.problem(ProblemKind::Truncated, message, Some(format!("byte {offset}")));
        }
        evtx_chunk(scan, data, &settings, offset);
    }
    Ok(())
}

fn evtx_chunk(scan: &mut Scan<'_, '_>, data: Vec<u8>, settings: &Arc<ParserSettings>, offset: u64) {
    let place = format!("byte {offset}");
    // The parser is not ours: a panic in it costs one chunk and is named.
    let parsed = catch_unwind(AssertUnwindSafe(|| -> Result<Vec<_>, String> {
        let mut data = EvtxChunkData::new(data, false).map_err(|e| e.to_string())?;
        let mut chunk = data.parse(Arc::clone(settings)).map_err(|e| e.to_string())?;
        let records = chunk.iter().map(|record| {
            let record = record.map_err(|e| e.to_string())?;
            let number = record.event_record_id;
            let json = record.into_json_bytes().map_err(|e| e.to_string())?;
            Ok::<_, String>((number, json.data))
        });
        Ok(records.collect())
    }));
    let records = match parsed {
        Ok(Ok(records)) => records,
        Ok(Err(error)) => return scan.broken(place, format!("damaged chunk: {error}")),
        Err(_) => return scan.broken(place, "damaged chunk: the parser gave up".into()),
    };
    let size = CHUNK as u64 / (records.len() as u64).max(1);
    for record in records {
        match record {
            Ok((number, json)) => {
                if let Ok(Some(mut event)) = Event::from_json(&json) {
                    if event.get("EventRecordID").is_none() {
                        event.push("EventRecordID", number.to_string());
                    }
                    take(scan, &event, None, offset, size);
                } else {
                    scan.broken(format!("record {number}"), "the record is no event".into());
                }
            }
            Err(error) => scan.broken(place.clone(), format!("damaged record: {error}")),
        }
    }
}

fn fill(reader: &mut dyn Read, buffer: &mut [u8]) -> io::Result<usize> {
    let mut filled = 0;
    while filled < buffer.len() {
        match reader.read(&mut buffer[filled..]) {
            Ok(0) => break,
            Ok(count) => filled += count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(filled)
}
