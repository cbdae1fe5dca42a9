//! Windows events as text for people: `wevtutil qe … /f:text`, and what `Get-WinEvent` or `Get-EventLog` give to
//! `Format-List`. A message has many lines, so a record goes up to where the next begins.

use std::io::{self, Read};

use lapwing_model::{Place, ProblemKind};

use crate::event::Event;
use crate::event_log;
use crate::lines;
use crate::scan::Scan;

/// So many lines are asked whether they are of an event.
const FIRST_LINES: usize = 60;

/// Whether a text that begins so is such a list.
pub(crate) fn is_events(head: &str) -> bool {
    let head = head.trim_start_matches('\u{feff}').trim_start();
    if begins_event(head.lines().next().unwrap_or("")) {
        return true;
    }
    let mut names = head.lines().take(FIRST_LINES).filter_map(pair).map(|(name, _)| name);
    let first = names.next();
    let names: Vec<&str> = first.into_iter().chain(names).collect();
    let has = |list: &[&str]| list.iter().any(|wanted| names.contains(wanted));
    first.is_some_and(|name| head.starts_with(name))
        && has(&["ProviderName", "Source", "LogName"])
        && has(&["Id", "EventID", "InstanceId"])
        && has(&["TimeCreated", "TimeGenerated"])
}

/// `Event[12]:`
fn begins_event(line: &str) -> bool {
    let number = line.strip_prefix("Event[").map(|rest| rest.trim_end().trim_end_matches(':'));
    number
        .and_then(|rest| rest.strip_suffix(']'))
        .is_some_and(|number| !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit()))
}

/// `Name : value`, with any blanks before the colon.
fn pair(line: &str) -> Option<(&str, &str)> {
    let (name, value) = line.split_once(':')?;
    let name = name.trim_end();
    let sound = (1..=40).contains(&name.trim_start().len())
        && name.trim_start().starts_with(|c: char| c.is_ascii_alphabetic())
        && name.trim_start().bytes().all(|b| b.is_ascii_alphanumeric() || b == b' ');
    sound.then(|| (name.trim_start(), value.trim()))
}

#[derive(Default)]
struct List {
    fields: Vec<(String, String)>,
    /// The name with which a record of `Format-List` begins.
    first: Option<String>,
    /// Whether what follows is the message of `wevtutil`.
    in_message: bool,
    line: u64,
    offset: u64,
    bytes: u64,
}

/// Reads a list of events.
pub(crate) fn read(scan: &mut Scan<'_, '_>, reader: &mut dyn Read) -> io::Result<()> {
    scan.cover(None, "Lists of Windows events (text)", 0, 0);
    let longest = scan.ctx.options.limits.line;
    let mut list = List::default();
    let result = lines::read(reader, longest, |chunk| {
        let (mut number, mut offset) = (chunk.line, chunk.offset);
        for line in chunk.text.split_inclusive(|b| *b == b'\n') {
            let text = lines::text(line);
            let text = text.trim_start_matches('\u{feff}').trim_end_matches(['\r', '\n']);
            list.line(scan, text, number, offset);
            list.bytes += line.len() as u64;
            if list.bytes > longest as u64 {
                let message = format!("an event is longer than {longest} bytes");
                scan.problem(ProblemKind::Limit, message, Some(format!("line {number}")));
                list.end(scan);
            }
            number += 1;
            offset += line.len() as u64;
        }
    });
    list.end(scan);
    result
}

impl List {
    fn line(&mut self, scan: &mut Scan<'_, '_>, text: &str, number: u64, offset: u64) {
        if begins_event(text) {
            self.end(scan);
            (self.line, self.offset) = (number, offset);
            self.first = None;
            self.fields.push(("Event".to_owned(), String::new()));
            return;
        }
        let of_wevtutil = self.fields.first().is_some_and(|(name, _)| name == "Event");
        if of_wevtutil && !self.in_message {
            if let Some((name, value)) = pair(text).filter(|_| text.starts_with(' ')) {
                self.in_message = name == "Description";
                self.fields.push((named(name).to_owned(), value.to_owned()));
            }
            return;
        }
        let begins = |c: char| c.is_ascii_alphabetic();
        if !of_wevtutil && let Some((name, value)) = pair(text).filter(|_| text.starts_with(begins))
        {
            if self.first.as_deref() == Some(name) {
                self.end(scan);
            }
            if self.fields.is_empty() {
                (self.line, self.offset) = (number, offset);
                self.first = Some(name.to_owned());
            }
            self.fields.push((named(name).to_owned(), value.to_owned()));
            return;
        }
        // What has no name goes on with the value before it.
        if let Some((_, value)) = self.fields.last_mut() {
            value.push('\n');
            value.push_str(text.trim());
        }
    }

    fn end(&mut self, scan: &mut Scan<'_, '_>) {
        self.in_message = false;
        let bytes = std::mem::take(&mut self.bytes);
        let mut fields = std::mem::take(&mut self.fields);
        fields.retain(|(name, _)| name != "Event");
        for (_, value) in &mut fields {
            value.truncate(value.trim_end().len());
        }
        if fields.is_empty() {
            return;
        }
        // `Get-EventLog` gives the number with the bits of its kind before it.
        let instance = fields.iter().find(|(name, _)| name == "InstanceId");
        let number =
            instance.and_then(|(_, value)| value.parse::<u64>().ok()).map(|id| id & 0xffff);
        if let Some(number) = number.filter(|_| !fields.iter().any(|(name, _)| name == "EventID")) {
            fields.push(("EventID".to_owned(), number.to_string()));
        }
        if let Some(event) = Event::from_fields(&fields) {
            event_log::take(scan, &event, Some(Place::Line(self.line)), self.offset, bytes);
        } else {
            let message = "an event without a number".to_owned();
            scan.broken(format!("line {}", self.line), message);
        }
    }
}

/// The name of a field that `wevtutil` calls otherwise.
fn named(name: &str) -> &str {
    match name {
        "Log Name" => "Channel",
        "Source" => "Provider",
        "Date" => "TimeCreated",
        "Event ID" | "Id" => "EventID",
        "Description" => "Message",
        "User Name" => "UserName",
        name => name,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_are_told_from_other_text() {
        assert!(is_events("Event[0]:\r\n  Log Name: Security\r\n"));
        assert!(is_events(
            "\n\nTimeCreated  : 3/3/2021 1:02:03 AM\nProviderName : P\nId           : 1\nMessage      : x\n"
        ));
        for text in [
            "Event[x]\n",
            "Dear all: here\nId: 1\n",
            "TimeCreated Id Message\n----------- -- -------\n",
            "",
        ] {
            assert!(!is_events(text), "{text}");
        }
    }
}
