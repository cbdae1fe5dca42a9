//! Linux' audit: lines of one event have the same serial number, and are joined.

use std::borrow::Cow;
use std::collections::VecDeque;

use super::{Line, Pairs};
use crate::time;

/// Reads a line: `type=EXECVE msg=audit(1614733323.123:45): a0="cat" …`.
pub(super) fn read(line: &str) -> Option<Line<'_>> {
    let (head, rest) = line.split_once("audit(")?;
    let kind = head.split_whitespace().find_map(|word| word.strip_prefix("type="));
    let (stamp, rest) = rest.split_once(')')?;
    let (seconds, serial) = stamp.rsplit_once(':')?;
    if !serial.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let when = time::read(seconds)?;
    let mut fields: Pairs<'_> = Vec::with_capacity(24);
    if let Some(kind) = kind {
        fields.push(("type".into(), kind.into()));
    }
    fields.push(("serial".into(), serial.into()));
    if let Some(node) = head.split_whitespace().find_map(|word| word.strip_prefix("node=")) {
        fields.push(("node".into(), node.into()));
    }
    let mut rest = rest.trim_start_matches(':').trim_start();
    while let Some((name, after)) = rest.split_once('=') {
        let name = name.rsplit([' ', '\u{1d}']).next().unwrap_or(name);
        let quote = after.chars().next().filter(|c| matches!(c, '"' | '\''));
        let (value, next) = match quote {
            Some(quote) => after[1..].split_once(quote).unwrap_or((&after[1..], "")),
            None => after.split_once([' ', '\u{1d}']).unwrap_or((after, "")),
        };
        if quote == Some('\'') {
            // `msg='op=login acct="x"'` holds fields of its own.
            for (name, value) in inner(value) {
                fields.push((name.into(), value.into()));
            }
        }
        // What holds blanks or quotes is written in hexadecimal, without quotes.
        let plain = unhex(value).filter(|_| quote.is_none() && may_be_hex(name));
        fields.push((name.into(), plain.map_or(Cow::Borrowed(value), Cow::Owned)));
        rest = next;
    }
    // Who came over the network: the address, or what the program took for the host's name.
    let address = ["addr", "hostname"].into_iter().find_map(|wanted| {
        let (_, value) = fields.iter().find(|(name, value)| name == wanted && value != "?")?;
        value.parse::<std::net::IpAddr>().is_ok().then(|| value.clone())
    });
    if let Some(address) = address {
        fields.push(("src_ip".into(), address));
    }
    if kind.is_none() && fields.len() < 3 {
        return None;
    }
    Some(Line { form: "auditd", when: Some(when), fields })
}

/// Names and values inside a message; those in quotes may hold blanks.
fn inner(text: &str) -> impl Iterator<Item = (&str, &str)> {
    let mut rest = text;
    std::iter::from_fn(move || {
        let (name, after) = rest.split_once('=')?;
        let name = name.rsplit(' ').next().unwrap_or(name);
        let (value, next) = match after.strip_prefix('"') {
            Some(quoted) => quoted.split_once('"').unwrap_or((quoted, "")),
            None => after.split_once(' ').unwrap_or((after, "")),
        };
        rest = next;
        Some((name, value))
    })
}

fn may_be_hex(name: &str) -> bool {
    matches!(name, "proctitle" | "name" | "cwd" | "exe" | "comm" | "cmd" | "data" | "acct" | "path")
        || argument(name).is_some()
}

/// The number of `a0`, `a1`, `a1[2]` …
fn argument(name: &str) -> Option<usize> {
    let number = name.strip_prefix('a')?;
    let number = number.split('[').next()?;
    (!number.is_empty() && number.bytes().all(|b| b.is_ascii_digit()))
        .then(|| number.parse().ok())
        .flatten()
}

/// The text of hexadecimal digits; `None` for anything else, and for what is no text.
pub(crate) fn unhex(text: &str) -> Option<String> {
    if text.len() < 4 || !text.len().is_multiple_of(2) {
        return None;
    }
    let bytes: Option<Vec<u8>> = (0..text.len())
        .step_by(2)
        .map(|at| u8::from_str_radix(text.get(at..at + 2)?, 16).ok())
        .collect();
    let text = String::from_utf8(bytes?).ok()?.trim_end_matches('\0').replace('\0', " ");
    text.chars().all(|c| !c.is_control() || c == '\n' || c == '\t').then_some(text)
}

/// Lines of one event.
#[derive(Debug, Default)]
pub(crate) struct Event {
    serial: String,
    pub when: Option<time::Moment>,
    pub fields: Vec<(String, String)>,
    /// The lines as they stand in the log.
    pub raw: String,
    /// Number and offset of its first line.
    pub line: u64,
    pub offset: u64,
}

/// Events whose lines may still come: the kernel mixes those of few.
#[derive(Debug, Default)]
pub(crate) struct Events {
    open: VecDeque<Event>,
}

/// Events that are kept open.
const OPEN: usize = 16;
/// Text that one event keeps, in bytes.
const LONGEST: usize = 64 << 10;

impl Events {
    /// Adds a line; gives the event that is taken for complete by that.
    pub(crate) fn add(
        &mut self,
        line: &Line<'_>,
        raw: &str,
        number: u64,
        offset: u64,
    ) -> Option<Event> {
        let get = |wanted: &str| line.fields.iter().find(|(name, _)| name == wanted);
        let node = get("node").map_or("", |(_, node)| node.as_ref());
        let serial =
            format!("{node}{:?}{}", line.when, get("serial").map_or("", |(_, s)| s.as_ref()));
        let kind = get("type").map_or("", |(_, kind)| kind.as_ref());
        let known = self.open.iter().position(|event| event.serial == serial);
        let at = known.unwrap_or_else(|| {
            self.open.push_back(Event {
                serial,
                when: line.when,
                line: number,
                offset,
                ..Event::default()
            });
            self.open.len() - 1
        });
        let event = &mut self.open[at];
        if event.raw.len() < LONGEST {
            event.take(kind, line, raw);
        }
        if kind == "EOE" {
            return self.open.remove(at);
        }
        (self.open.len() > OPEN).then(|| self.open.pop_front()).flatten()
    }

    /// The events that are left at the end of the log.
    pub(crate) fn rest(&mut self) -> impl Iterator<Item = Event> {
        std::mem::take(&mut self.open).into_iter()
    }
}

impl Event {
    fn take(&mut self, kind: &str, line: &Line<'_>, raw: &str) {
        if !self.raw.is_empty() {
            self.raw.push('\n');
        }
        self.raw.push_str(raw);
        if kind == "EOE" {
            return;
        }
        if kind == "EXECVE" && !self.has("type", "EXECVE") {
            // A system call's arguments of the same names are addresses.
            self.fields.retain(|(name, _)| argument(name).is_none());
        }
        let executed = self.has("type", "EXECVE") || kind == "EXECVE";
        for (name, value) in &line.fields {
            let number = argument(name);
            if number.is_some() && executed && kind != "EXECVE" {
                continue;
            }
            // Long arguments come in parts: `a1[0]`, `a1[1]`.
            if let Some(number) = number.filter(|_| name.contains('[')) {
                let whole = format!("a{number}");
                if let Some((_, all)) = self.fields.iter_mut().find(|(name, _)| *name == whole) {
                    all.push_str(value);
                } else {
                    self.fields.push((whole, value.clone().into_owned()));
                }
                continue;
            }
            if !self.has(name, value) {
                self.fields.push((name.clone().into_owned(), value.clone().into_owned()));
            }
        }
    }

    fn has(&self, name: &str, value: &str) -> bool {
        self.fields.iter().any(|(n, v)| n == name && v == value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LINES: [&str; 5] = [
        "type=SYSCALL msg=audit(1614733323.123:45): arch=c000003e syscall=59 success=yes a0=7ffe a1=7fff exe=\"/usr/bin/cat\" key=\"run\"\u{1d}AUID=\"ann\"",
        "type=EXECVE msg=audit(1614733323.123:45): argc=2 a0=\"cat\" a1=2F746D702F612062",
        "type=USER_AUTH msg=audit(1614733323.124:46): pid=1 msg='op=PAM acct=\"root x\" res=failed'",
        "type=PATH msg=audit(1614733323.123:45): item=0 name=\"/usr/bin/cat\" nametype=NORMAL",
        "type=PROCTITLE msg=audit(1614733323.123:45): proctitle=636174002F746D70",
    ];

    #[test]
    fn a_line_has_fields() {
        let get = |line: &str, name: &str| {
            let line = read(line).unwrap();
            line.fields.iter().find(|(n, _)| n == name).map(|(_, v)| v.to_string())
        };
        assert_eq!(get(LINES[0], "AUID").as_deref(), Some("ann"));
        assert_eq!(get(LINES[1], "a1").as_deref(), Some("/tmp/a b"));
        assert_eq!(get(LINES[2], "acct").as_deref(), Some("root x"));
        assert_eq!(get(LINES[4], "proctitle").as_deref(), Some("cat /tmp"));
        assert!(read("other text").is_none());
        assert!(read("type=X msg=audit(1614733323").is_none());
    }

    #[test]
    fn lines_of_one_event_are_joined() {
        let mut events = Events::default();
        for (number, text) in (1..).zip(LINES) {
            assert!(events.add(&read(text).unwrap(), text, number, 0).is_none());
        }
        let all: Vec<Event> = events.rest().collect();
        assert_eq!(all.len(), 2);
        let values = |name: &str| {
            let list = all[0].fields.iter().filter(|(n, _)| n == name);
            list.map(|(_, v)| v.as_str()).collect::<Vec<_>>()
        };
        assert_eq!(values("type"), ["SYSCALL", "EXECVE", "PATH", "PROCTITLE"]);
        assert_eq!((values("a0"), values("a1")), (vec!["cat"], vec!["/tmp/a b"]));
        assert_eq!((all[0].line, all[1].line), (1, 3));
        assert_eq!(all[0].raw.lines().count(), 4);
    }

    #[test]
    fn an_end_or_many_others_complete_an_event() {
        let mut events = Events::default();
        let mut done = 0;
        for number in 0..40u64 {
            let text = format!("type=SYSCALL msg=audit(1614733323.1:{number}): exe=\"x\"");
            done += usize::from(events.add(&read(&text).unwrap(), &text, number, 0).is_some());
        }
        assert_eq!(done, 40 - OPEN);
        let end = "type=EOE msg=audit(1614733323.1:39): ";
        assert_eq!(events.add(&read(end).unwrap(), end, 41, 0).unwrap().line, 39);
        assert_eq!(events.rest().count(), OPEN - 1);
    }

    #[test]
    fn long_arguments_come_in_parts() {
        let mut events = Events::default();
        for text in [
            "type=EXECVE msg=audit(1614733323.1:7): argc=2 a0=\"sh\" a1_len=6 a1[0]=\"abc\"",
            "type=EXECVE msg=audit(1614733323.1:7): a1[1]=\"def\"",
        ] {
            events.add(&read(text).unwrap(), text, 1, 0);
        }
        let event = events.rest().next().unwrap();
        assert!(event.has("a1", "abcdef"), "{:?}", event.fields);
    }
}
