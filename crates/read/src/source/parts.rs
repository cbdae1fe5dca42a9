//! A list or a table that is read part by part, so that memory does not grow with its size.

use lapwing_model::{Format, Problem, ProblemKind};

use crate::decode::decode;
use crate::formats::{list, table};
use crate::{Input, Item, Options};

/// Where to cut a buffer: behind the last line end that is in no quoted field.
pub(super) fn cut(buffer: &[u8], most: usize) -> usize {
    let window = &buffer[..buffer.len().min(most)];
    let mut ends = memchr::memrchr_iter(b'\n', window);
    let Some(last) = ends.next() else { return char_boundary(window) };
    let mut quotes = memchr::memchr_iter(b'"', &window[..last]).count();
    let mut end = last;
    // A few lines back at most: with a stray quote the count is odd all the way.
    for _ in 0..256 {
        if quotes.is_multiple_of(2) {
            return end + 1;
        }
        let Some(before) = ends.next() else { break };
        quotes -= memchr::memchr_iter(b'"', &window[before..end]).count();
        end = before;
    }
    last + 1
}

/// The longest prefix that ends on a whole character of UTF-8.
fn char_boundary(bytes: &[u8]) -> usize {
    let tail = bytes.iter().rev().take(3).take_while(|b| **b & 0xc0 == 0x80).count();
    match bytes.len().checked_sub(tail + 1) {
        Some(at) if at > 0 && bytes[at] >= 0xc0 => at,
        _ => bytes.len(),
    }
}

/// A list or a table on its way through its parts.
pub(super) struct Parts<'n> {
    name: &'n str,
    reader: PartReader,
    number: usize,
}

enum PartReader {
    List(list::Reader),
    Table(Box<table::Reader>),
}

impl<'n> Parts<'n> {
    pub(super) fn new(
        name: &'n str,
        format: Format,
        lines: &str,
        options: &Options,
    ) -> Result<Self, Problem> {
        let reader = if format == Format::List {
            PartReader::List(list::Reader::new(name))
        } else {
            let layout = table::forced(lines, options.columns.as_deref());
            let layout = layout.ok_or_else(|| {
                Problem::fatal(
                    name,
                    ProblemKind::Malformed,
                    "has no columns that can be told apart",
                )
                .hint("name the columns, or read it as text")
            })?;
            PartReader::Table(Box::new(table::Reader::new(layout)))
        };
        Ok(Self { name, reader, number: 0 })
    }

    pub(super) fn read(&mut self, raw: &[u8], last: bool, out: &mut dyn FnMut(Item)) {
        self.number += 1;
        let decoded = decode(raw);
        let alone = last && self.number == 1;
        let name =
            if alone { self.name.to_owned() } else { format!("{}#{}", self.name, self.number) };
        if let Some(problem) = decoded.problem(&name) {
            out(Item::Problem(problem));
        }
        if decoded.text.trim().is_empty() {
            if alone {
                out(Item::Problem(Problem::fatal(
                    name,
                    ProblemKind::Malformed,
                    "holds nothing but blanks",
                )));
            }
            return;
        }
        let input = Input { name: &name, raw, text: &decoded.text };
        let mut reading = match &mut self.reader {
            PartReader::List(list) => list.part(&input),
            PartReader::Table(table) => table.part(&input, out),
        };
        if !alone {
            reading.document.container = Some(self.name.to_owned());
        }
        out(Item::Reading(Box::new(reading)));
    }

    pub(super) fn finish(&self, out: &mut dyn FnMut(Item)) {
        if let PartReader::Table(table) = &self.reader {
            table.finish(self.name, out);
        }
    }
}
