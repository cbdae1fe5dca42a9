//! Windows events as CSV: Get-WinEvent and Get-EventLog with Export-Csv, Event Viewer, EvtxECmd, Log Parser.
//! A message may hold line ends, so a record is what stands between line ends outside of quotes.

use std::io::{self, Read};

use lapwing_model::Place;

use crate::cells::split;
use crate::event::Event;
use crate::event_log;
use crate::lines;
use crate::rows::{self, Row};
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
}

/// Reads a table of events.
pub(crate) fn read(
    scan: &mut Scan<'_, '_>,
    reader: &mut dyn Read,
    delimiter: u8,
) -> io::Result<()> {
    scan.cover(None, "Tables of Windows events (CSV)", 0, 0);
    let mut table = Table { delimiter, columns: Vec::new() };
    rows::read(scan, reader, delimiter, |scan, row| table.row(scan, &row))
}

impl Table {
    fn row(&mut self, scan: &mut Scan<'_, '_>, row: &Row) {
        let text = lines::text(&row.bytes);
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
            scan.broken(format!("line {}", row.line), message);
            if cells.len() * 2 < names.len() {
                return;
            }
        }
        cells.resize(names.len(), String::new());
        let mut fields: Vec<(String, String)> = names
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
        let told: Vec<(String, String)> = fields.iter().flat_map(details).collect();
        fields.extend(told);
        if let Some(event) = Event::from_fields(&fields) {
            let bytes = row.bytes.len() as u64;
            event_log::take(scan, &event, Some(Place::Line(row.line)), row.offset, bytes);
        } else {
            let message = "a record without an event number".to_owned();
            scan.broken(format!("line {}", row.line), message);
        }
    }
}

/// What Hayabusa puts into one cell: `Type: 3 - NETWORK ¦ SrcIP: 192.0.2.66`.
fn details((name, value): &(String, String)) -> Vec<(String, String)> {
    if !matches!(name.as_str(), "Details" | "ExtraFieldInfo") || !value.contains(" ¦ ") {
        return Vec::new();
    }
    let pairs = value.split(" ¦ ").filter_map(|part| part.split_once(": "));
    pairs
        .filter(|(_, value)| !matches!(value.trim(), "" | "-"))
        .map(|(name, value)| (name.trim().to_owned(), value.trim().to_owned()))
        .collect()
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
