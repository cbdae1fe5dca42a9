//! Windows events as CSV: Get-WinEvent and Get-EventLog with Export-Csv, Event Viewer, EvtxECmd, Log Parser.
//! A message may hold line ends, so a record is what stands between line ends outside of quotes.

use std::io::{self, Read};

use lapwing_model::{Place, ProblemKind};

use crate::cells::split;
use crate::event::Event;
use crate::event_log;
use crate::lines;
use crate::scan::Scan;

/// Whether the first line of a table names the columns of Windows events; gives the delimiter.
pub(crate) fn delimiter(head: &str) -> Option<u8> {
    let head = head.trim_start_matches('\u{feff}');
    let first = head.lines().find(|line| !line.starts_with("#TYPE"))?;
    let delimiter = [b',', b';', b'\t']
        .into_iter()
        .max_by_key(|d| (first.bytes().filter(|b| b == d).count(), std::cmp::Reverse(*d)))?;
    let names: Vec<String> =
        split(first, delimiter, true).map(|name| name.trim().to_ascii_lowercase()).collect();
    let has = |list: &[&str]| list.iter().any(|name| names.iter().any(|n| n == name));
    let is_event = has(&["eventid", "event id", "id", "eventcode"])
        && has(&[
            "channel",
            "logname",
            "log name",
            "providername",
            "provider",
            "source",
            "sourcename",
            "eventlog",
        ])
        && has(&[
            "message",
            "timecreated",
            "date and time",
            "timegenerated",
            "payload",
            "eventrecordid",
            "recordid",
            "recordnumber",
            "level",
            "machinename",
            "computer",
            "computername",
        ]);
    is_event.then_some(delimiter)
}

struct Table {
    delimiter: u8,
    columns: Vec<String>,
    record: Vec<u8>,
    in_quotes: bool,
    line: u64,
    offset: u64,
}

/// Reads a table of events.
pub(crate) fn read(
    scan: &mut Scan<'_, '_>,
    reader: &mut dyn Read,
    delimiter: u8,
) -> io::Result<()> {
    scan.cover(None, "Tables of Windows events (CSV)", 0, 0);
    let longest = scan.ctx.options.limits.line;
    let mut table = Table {
        delimiter,
        columns: Vec::new(),
        record: Vec::new(),
        in_quotes: false,
        line: 1,
        offset: 0,
    };
    let result = lines::read(reader, longest, |chunk| {
        let (mut number, mut offset) = (chunk.line, chunk.offset);
        for line in chunk.text.split_inclusive(|b| *b == b'\n') {
            table.line(scan, line, number, offset, longest);
            number += 1;
            offset += line.len() as u64;
        }
    });
    if table.in_quotes {
        let place = Some(format!("line {}", table.line));
        scan.problem(ProblemKind::Truncated, "the last record's quote is not closed".into(), place);
        table.in_quotes = false;
    }
    table.end(scan);
    result
}

impl Table {
    fn line(
        &mut self,
        scan: &mut Scan<'_, '_>,
        line: &[u8],
        number: u64,
        offset: u64,
        longest: usize,
    ) {
        if self.in_quotes && self.begins_anew(line) {
            scan.broken(format!("line {}", self.line), "a quote is not closed".to_owned());
            self.record.clear();
            self.in_quotes = false;
        }
        if self.record.is_empty() {
            (self.line, self.offset) = (number, offset);
        }
        self.record.extend_from_slice(line);
        self.in_quotes ^= memchr::memchr_iter(b'"', line).count() % 2 == 1;
        if self.record.len() > longest {
            let message = format!("a record is longer than {longest} bytes");
            scan.broken(format!("line {}", self.line), message);
            self.record.clear();
            self.in_quotes = false;
        } else if !self.in_quotes {
            self.end(scan);
        }
    }

    /// Whether a line inside quotes begins another record: a lone quote at its start that ends no cell
    /// cannot stand in one, so the quote before it was never closed.
    fn begins_anew(&self, line: &[u8]) -> bool {
        let next = line.get(1).copied().unwrap_or(b'\n');
        line.starts_with(b"\"") && !matches!(next, b'"' | b'\r' | b'\n') && next != self.delimiter
    }

    fn end(&mut self, scan: &mut Scan<'_, '_>) {
        let record = std::mem::take(&mut self.record);
        let text = lines::text(&record);
        let text = text.trim_start_matches('\u{feff}').trim_end_matches(['\r', '\n']);
        if text.trim().is_empty() || text.starts_with("#TYPE") {
            return;
        }
        if self.columns.is_empty() {
            self.columns =
                split(text, self.delimiter, true).map(|name| name.trim().to_owned()).collect();
            return;
        }
        let mut cells: Vec<String> =
            split(text, self.delimiter, true).map(std::borrow::Cow::into_owned).collect();
        let mut names = self.columns.clone();
        // Event Viewer writes the message behind the named columns.
        if cells.len() == names.len() + 1
            && !names.iter().any(|n| n.eq_ignore_ascii_case("message"))
        {
            names.push("Message".to_owned());
        }
        if cells.len() != names.len() {
            let message =
                format!("{} fields where the header names {}", cells.len(), self.columns.len());
            scan.broken(format!("line {}", self.line), message);
            if cells.len() * 2 < names.len() {
                return;
            }
        }
        cells.resize(names.len(), String::new());
        let fields: Vec<(String, String)> = names
            .into_iter()
            .map(|name| match name.to_ascii_lowercase().as_str() {
                "event id" | "id" => "EventID".to_owned(),
                "source" | "source name" => "Provider".to_owned(),
                "log name" => "Channel".to_owned(),
                "date and time" => "TimeCreated".to_owned(),
                _ => name,
            })
            .zip(cells)
            .collect();
        if let Some(event) = Event::from_fields(&fields) {
            let bytes = record.len() as u64;
            event_log::take(scan, &event, Some(Place::Line(self.line)), self.offset, bytes);
        } else {
            let message = "a record without an event number".to_owned();
            scan.broken(format!("line {}", self.line), message);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_header_tells_events() {
        for (head, wanted) in [
            (
                "#TYPE System.Object\r\n\"Message\",\"Id\",\"LogName\",\"TimeCreated\"\r\n",
                Some(b','),
            ),
            ("Level,Date and Time,Source,Event ID,Task Category\n", Some(b',')),
            ("RecordNumber;EventRecordId;TimeCreated;EventId;Provider;Channel\n", Some(b';')),
            ("time,src_ip,dst_ip\n", None),
            ("id,name,source\n", None),
            ("", None),
        ] {
            assert_eq!(delimiter(head), wanted, "{head}");
        }
    }
}
