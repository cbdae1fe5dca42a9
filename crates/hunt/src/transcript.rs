//! Transcripts of PowerShell: a header that says who and when, then commands with what they printed.

use std::io::{self, Read};

use lapwing_model::Place;

use crate::lines;
use crate::own_record::{self, Own};
use crate::scan::Scan;
use crate::time::{self, Moment};

const RULE: &[u8] = b"**********************";

/// Whether a file begins as a transcript does, in any language.
pub(crate) fn is_transcript(head: &[u8]) -> bool {
    let head = head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(head);
    head.starts_with(RULE) && memchr::memmem::find(head, b"PowerShell").is_some()
}

/// One command, and what was printed after it.
#[derive(Default)]
struct Command {
    text: String,
    output: String,
    line: u64,
    offset: u64,
    bytes: u64,
}

/// Text that one command keeps of its output, in bytes.
const OUTPUT: usize = 64 << 10;

#[derive(Default)]
struct Transcript {
    /// What the header says: `Username`, `Host Application` …
    header: Vec<(String, String)>,
    in_header: bool,
    when: Option<Moment>,
    command: Command,
}

/// Reads a transcript.
pub(crate) fn read(scan: &mut Scan<'_, '_>, reader: &mut dyn Read) -> io::Result<()> {
    own_record::cover(scan, "transcript", "PowerShell transcript");
    let mut transcript = Transcript::default();
    let longest = scan.ctx.options.limits.line;
    let result = lines::read(reader, longest, |chunk| {
        let (mut number, mut offset) = (chunk.line, chunk.offset);
        for line in chunk.text.split_inclusive(|b| *b == b'\n') {
            transcript.line(scan, line, number, offset);
            number += 1;
            offset += line.len() as u64;
        }
    });
    transcript.end(scan);
    result
}

impl Transcript {
    fn line(&mut self, scan: &mut Scan<'_, '_>, line: &[u8], number: u64, offset: u64) {
        let text = lines::text(line.strip_prefix(b"\xef\xbb\xbf").unwrap_or(line));
        let text = text.trim_end_matches(['\r', '\n']);
        if text.starts_with("**********************") {
            self.end(scan);
            self.in_header = !self.in_header;
            return;
        }
        let command = ["PS ", "PS>"]
            .iter()
            .any(|start| text.starts_with(start))
            .then(|| text.split_once('>'))
            .flatten();
        match command {
            Some((_, command)) if !command.trim().is_empty() => {
                self.end(scan);
                self.in_header = false;
                self.command = Command {
                    text: command.trim_start_matches('>').trim().to_owned(),
                    line: number,
                    offset,
                    ..Command::default()
                };
            }
            _ if self.in_header => self.header(text),
            // Further lines of a command that is not complete.
            _ if text.starts_with(">> ") => {
                self.command.text.push('\n');
                self.command.text.push_str(&text[3..]);
            }
            _ => {
                if self.command.line == 0 {
                    (self.command.line, self.command.offset) = (number, offset);
                }
                if self.command.output.len() < OUTPUT {
                    self.command.output.push_str(text);
                    self.command.output.push('\n');
                }
            }
        }
        self.command.bytes += line.len() as u64;
    }

    /// A line of the header; a time in it holds from here on.
    fn header(&mut self, text: &str) {
        let Some((name, value)) = text.split_once(':') else {
            // A new session begins.
            if text.contains("transcript start") {
                self.header.clear();
            }
            return;
        };
        let (name, value) = (name.trim(), value.trim());
        if value.len() == 14
            && let Some(when) = time::read(value)
        {
            self.when = Some(when);
        } else {
            self.header.retain(|(known, _)| known != name);
            self.header.push((name.to_owned(), value.to_owned()));
        }
    }

    /// Takes the command that ends here.
    fn end(&mut self, scan: &mut Scan<'_, '_>) {
        let command = std::mem::take(&mut self.command);
        if command.text.is_empty() && command.output.trim().is_empty() {
            return;
        }
        let mut fields: Vec<(String, String)> = Vec::with_capacity(12);
        let mut put = |name: &str, value: &str| {
            if !value.is_empty() {
                fields.push((name.to_owned(), value.to_owned()));
            }
        };
        put("ScriptBlockText", &command.text);
        put("Output", command.output.trim_end());
        for (name, value) in &self.header {
            match name.as_str() {
                "Username" => put("User", value),
                "Machine" => put("Computer", value.split(' ').next().unwrap_or(value)),
                "Host Application" => put("HostApplication", value),
                name => put(name, value),
            }
        }
        let own = Own {
            log: "transcript",
            title: "PowerShell transcript",
            fields,
            line: "",
            when: self.when,
            place: Place::Line(command.line.max(1)),
            offset: command.offset,
            bytes: command.bytes,
        };
        own_record::take(scan, own);
    }
}
