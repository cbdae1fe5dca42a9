//! Windows events as text: JSON (lines, arrays, indented) and XML exports; and other JSON.

use std::borrow::Cow;
use std::io::{self, Read};

use lapwing_model::{Place, ProblemKind};
use serde_json::Value;

use crate::content;
use crate::event::{self, Event};
use crate::json_stream::{self, Cut, Cutter};
use crate::lines;
use crate::own_record::{self, Own};
use crate::record::record_of;
use crate::scan::Scan;
use crate::sigma::Told;
use crate::source::Reader;

/// Takes one event: coverage, clock, checks, indicators.
pub(crate) fn take(
    scan: &mut Scan<'_, '_>,
    event: &Event,
    place: Option<Place>,
    offset: u64,
    bytes: u64,
) {
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
    let moment = event.moment();
    let time = moment.and_then(|moment| scan.clock.settle(moment));
    scan.cover_within(source, &title, 1, scan.in_period(time).into(), bytes);
    scan.cover_time(source, &title, time);
    if let Some(moment) = moment {
        scan.assume(source, &title, moment);
    }
    if let Some(skew) = time.and_then(|time| event.skew(time))
        && skew.abs() >= 120
    {
        *scan.report.skews.entry((skew + skew.signum() * 30) / 60 * 60).or_default() += 1;
    }
    let number = event.get("EventRecordID").and_then(|n| n.parse().ok());
    let place = number.map(Place::Record).or(place);
    let text = event.text();
    let record = record_of(&event.fields, &text, time, place, offset);
    let route = scan.ctx.route(source);
    scan.check(&record, route);
    content::carve_event(scan, &record);
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
        take(scan, &event, Some(Place::Line(line)), offset, text.len() as u64);
    } else {
        let value: Value = serde_json::from_slice(text)?;
        match json_stream::unwrap(value) {
            Ok((records, envelope)) => {
                for record in records {
                    let text = record.to_string();
                    take_json(scan, text.as_bytes(), line, offset)?;
                }
                take_envelope(scan, &envelope, line, offset);
            }
            Err(value) => take_other(scan, &value, line, offset, text.len() as u64),
        }
    }
    Ok(())
}

/// Takes one JSON object that is no Windows event.
fn take_other(scan: &mut Scan<'_, '_>, value: &Value, line: u64, offset: u64, bytes: u64) {
    let mut fields = event::flatten(value);
    let known = own_record::know(&mut fields);
    let own = Own {
        log: &known.log,
        title: known.title.unwrap_or("JSON records"),
        fields,
        line: &known.line,
        when: known.when,
        place: Place::Line(line),
        offset,
        bytes,
    };
    own_record::take(scan, own);
}

/// Reads JSON: a value a line, or values of any layout (arrays, indented objects).
pub(crate) fn read_json(scan: &mut Scan<'_, '_>, reader: &mut dyn Read) -> io::Result<()> {
    let mut objects: Option<Cutter> = None;
    let mut first = true;
    let limit = scan.ctx.options.limits.line;
    lines::read(reader, limit, |chunk| {
        let (mut number, mut offset) = (chunk.line, chunk.offset);
        for line in chunk.text.split_inclusive(|b| *b == b'\n') {
            let text = line.trim_ascii();
            let text = text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text);
            if let Some(objects) = &mut objects {
                objects.feed(line, number, offset, limit, |cut, line, offset| {
                    take_cut(scan, cut, line, offset, limit);
                });
            } else if !first && passes_over(scan, text) {
                // Nothing of it is asked for.
            } else if !text.is_empty() {
                let read = (text[0] == b'{').then(|| take_json(scan, text, number, offset));
                match read {
                    Some(Ok(())) => {}
                    // What begins like this is no value a line.
                    _ if first => {
                        let mut fresh = Cutter::default();
                        fresh.feed(line, number, offset, limit, |cut, line, offset| {
                            take_cut(scan, cut, line, offset, limit);
                        });
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
    if objects.is_some_and(|o| o.is_open()) {
        scan.problem(ProblemKind::Truncated, "the last JSON object is not closed".into(), None);
    }
    Ok(())
}

/// Whether an object holds none of the values that this pass looks for.
fn passes_over(scan: &Scan<'_, '_>, text: &[u8]) -> bool {
    scan.ctx.sought.as_ref().is_some_and(|sought| !sought.may_stand_in_json(text))
}

/// Takes what was cut out of a stream of JSON.
fn take_cut(scan: &mut Scan<'_, '_>, cut: Cut, line: u64, offset: u64, limit: usize) {
    let place = || format!("line {line}");
    match cut {
        Cut::Object(text) => {
            if let Err(error) = take_json(scan, &text, line, offset) {
                scan.broken(place(), format!("broken JSON: {error}"));
            }
        }
        Cut::Envelope(text) => match serde_json::from_slice(&text) {
            Ok(value) => take_envelope(scan, &value, line, offset),
            Err(error) => scan.broken(place(), format!("broken JSON: {error}")),
        },
        Cut::TooLong => {
            scan.broken(place(), format!("a JSON object is longer than {limit} bytes"));
        }
    }
}

/// Takes what stood around the records of an envelope, where it says something of its own or is looked for.
fn take_envelope(scan: &mut Scan<'_, '_>, value: &Value, line: u64, offset: u64) {
    let text = value.to_string();
    if json_stream::tells(value) || !scan.find(text.as_bytes()).is_empty() {
        take_other(scan, value, line, offset, text.len() as u64);
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
                Ok(event) => {
                    take(scan, &event, Some(Place::Line(line)), offset, (end - start) as u64);
                }
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
