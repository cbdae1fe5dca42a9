//! systemd's journal in its export format: a field a line, a blank line between entries, and values that
//! are no plain text with their length before them.

use std::io::{self, BufRead, BufReader, Read};

use lapwing_model::{Place, ProblemKind};

use crate::lines;
use crate::own_record::{self, Own};
use crate::scan::Scan;

/// Whether a file begins as an export of the journal does.
pub(crate) fn is_export(head: &[u8]) -> bool {
    [&b"__CURSOR="[..], b"__REALTIME_TIMESTAMP=", b"__MONOTONIC_TIMESTAMP="]
        .iter()
        .any(|start| head.starts_with(start))
}

#[derive(Default)]
struct Entry {
    fields: Vec<(String, String)>,
    bytes: u64,
    line: u64,
    offset: u64,
}

/// Reads an export of the journal.
pub(crate) fn read(scan: &mut Scan<'_, '_>, reader: &mut dyn Read) -> io::Result<()> {
    own_record::cover(scan, "journal", "systemd journal");
    let longest = scan.ctx.options.limits.line;
    let mut input = BufReader::with_capacity(64 << 10, reader);
    let (mut number, mut offset) = (1u64, 0u64);
    let mut entry = Entry { line: 1, ..Entry::default() };
    let mut line = Vec::new();
    loop {
        line.clear();
        let count = (&mut input).take(longest as u64).read_until(b'\n', &mut line)?;
        offset += count as u64;
        entry.bytes += count as u64;
        let text = line.strip_suffix(b"\n").unwrap_or(&line);
        let text = text.strip_suffix(b"\r").unwrap_or(text);
        if text.is_empty() {
            take(scan, std::mem::take(&mut entry));
            entry.line = number + 1;
            entry.offset = offset;
        } else if let Some(at) = memchr::memchr(b'=', text) {
            let name = String::from_utf8_lossy(&text[..at]).into_owned();
            if is_name(&name) {
                entry.fields.push((name, lines::text(&text[at + 1..]).into_owned()));
            } else {
                scan.broken(format!("line {number}"), "the line is no field of the journal".into());
            }
        } else if !is_name(&String::from_utf8_lossy(text)) {
            scan.broken(format!("line {number}"), "the line is no field of the journal".into());
        } else {
            let name = String::from_utf8_lossy(text).into_owned();
            let mut length = [0u8; 8];
            let value = input.read_exact(&mut length).map(|()| u64::from_le_bytes(length));
            match value {
                Ok(length) if length <= longest as u64 => {
                    let mut value = vec![0; length as usize];
                    if let Err(error) = input.read_exact(&mut value) {
                        return cut(scan, entry, &error);
                    }
                    offset += 8 + length;
                    entry.bytes += 8 + length;
                    entry.fields.push((name, lines::text(&value).into_owned()));
                    number += lines::count_lines(&value);
                    // The line's end behind the value.
                    let mut end = [0u8];
                    offset += input.read(&mut end)? as u64;
                }
                Ok(length) => {
                    let message = format!(
                        "a value of {length} bytes, longer than {longest}; the entry goes on at the next line"
                    );
                    scan.broken(format!("line {number}"), message);
                    offset += 8;
                }
                Err(error) => return cut(scan, entry, &error),
            }
        }
        number += 1;
        if count == 0 {
            return Ok(());
        }
    }
}

/// The export ends inside a value.
fn cut(scan: &mut Scan<'_, '_>, entry: Entry, error: &io::Error) -> io::Result<()> {
    let place = Some(format!("line {}", entry.line));
    take(scan, entry);
    if error.kind() != io::ErrorKind::UnexpectedEof {
        return Err(io::Error::new(error.kind(), error.to_string()));
    }
    scan.problem(ProblemKind::Truncated, "the last entry of the journal is cut".into(), place);
    Ok(())
}

fn is_name(text: &str) -> bool {
    (1..=64).contains(&text.len())
        && text.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_')
}

fn take(scan: &mut Scan<'_, '_>, mut entry: Entry) {
    if entry.fields.is_empty() {
        return;
    }
    let known = own_record::know(&mut entry.fields);
    let own = Own {
        log: &known.log,
        title: "systemd journal",
        fields: entry.fields,
        line: &known.line,
        when: known.when,
        place: Place::Line(entry.line),
        offset: entry.offset,
        bytes: entry.bytes,
    };
    own_record::take(scan, own);
}
