//! The rows of a table whose cells may hold line ends: a row is what stands between line ends outside of quotes.

use std::io::{self, Read};

use lapwing_model::ProblemKind;

use crate::lines;
use crate::scan::Scan;

/// A whole row.
pub(crate) struct Row {
    pub bytes: Vec<u8>,
    /// The line on which it begins.
    pub line: u64,
    pub offset: u64,
}

struct Rows {
    delimiter: u8,
    record: Vec<u8>,
    in_quotes: bool,
    line: u64,
    offset: u64,
}

/// Gives out each row; what has no end is named.
///
/// # Errors
/// What the reader said; the rows before were given out.
pub(crate) fn read<'c, 'h>(
    scan: &mut Scan<'c, 'h>,
    reader: &mut dyn Read,
    delimiter: u8,
    mut take: impl FnMut(&mut Scan<'c, 'h>, Row),
) -> io::Result<()> {
    let longest = scan.ctx.options.limits.line;
    let mut rows = Rows { delimiter, record: Vec::new(), in_quotes: false, line: 1, offset: 0 };
    let result = lines::read(reader, longest, |chunk| {
        let (mut number, mut offset) = (chunk.line, chunk.offset);
        for line in chunk.text.split_inclusive(|b| *b == b'\n') {
            if let Some(row) = rows.line(scan, line, number, offset, longest) {
                take(scan, row);
            }
            number += 1;
            offset += line.len() as u64;
        }
    });
    if rows.in_quotes {
        let place = Some(format!("line {}", rows.line));
        scan.problem(ProblemKind::Truncated, "the last record's quote is not closed".into(), place);
    }
    if let Some(row) = rows.end() {
        take(scan, row);
    }
    result
}

impl Rows {
    fn line(
        &mut self,
        scan: &mut Scan<'_, '_>,
        line: &[u8],
        number: u64,
        offset: u64,
        longest: usize,
    ) -> Option<Row> {
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
        }
        if self.in_quotes { None } else { self.end() }
    }

    /// Whether a line inside quotes begins another record: a lone quote at its start that ends no cell
    /// cannot stand in one, so the quote before it was never closed.
    fn begins_anew(&self, line: &[u8]) -> bool {
        let next = line.get(1).copied().unwrap_or(b'\n');
        line.starts_with(b"\"") && !matches!(next, b'"' | b'\r' | b'\n') && next != self.delimiter
    }

    fn end(&mut self) -> Option<Row> {
        let bytes = std::mem::take(&mut self.record);
        (!bytes.is_empty()).then_some(Row { bytes, line: self.line, offset: self.offset })
    }
}

/// Whether a row at the beginning of a table goes over several lines: of the last one the end may not be seen.
pub(crate) fn are_of_several_lines(head: &[u8]) -> bool {
    let mut in_quotes = false;
    let mut open = false;
    for line in head.split_inclusive(|b| *b == b'\n') {
        if in_quotes && line.ends_with(b"\n") {
            open = true;
        }
        in_quotes ^= memchr::memchr_iter(b'"', line).count() % 2 == 1;
        if open && !in_quotes {
            return true;
        }
        if !in_quotes {
            open = false;
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::are_of_several_lines;

    #[test]
    fn a_cell_with_line_ends_tells() {
        for (head, wanted) in [
            ("a,b,c\n1,\"2\n3\",4\n", true),
            ("a,b,c\n1,\"2\n3\n5\",4\n", true),
            ("a,b,c\n1,\"2\",4\n1,2,3\n", false),
            ("a,b,c\n1,\"2\"\"x\"\"\",4\n1,\"2", false),
            ("a,b,c\n1,2,3", false),
        ] {
            assert_eq!(are_of_several_lines(head.as_bytes()), wanted, "{head}");
        }
    }
}
