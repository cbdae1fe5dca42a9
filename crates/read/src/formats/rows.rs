use std::borrow::Cow;
use std::ops::Range;

use memchr::{memchr, memchr2};

/// The longest quoted field; a quote that is not closed by then was none.
const LONGEST_FIELD: usize = 256 << 10;

/// One field of a row: where it stands (without quotes) and what it says.
#[derive(Clone, Debug)]
pub(super) struct Field<'t> {
    pub span: Range<usize>,
    pub text: Cow<'t, str>,
}

/// What stands at one place of a table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Row {
    /// Fields were read.
    Fields(Range<usize>),
    /// A line that starts with `#`.
    Comment(Range<usize>),
    /// A quote that is never closed.
    Broken(Range<usize>),
}

/// Reads delimited rows with their places (RFC 4180, lenient).
pub(super) struct Rows<'t> {
    text: &'t str,
    delimiter: u8,
    at: usize,
    /// Line of the row that was read last, from 1.
    pub line: usize,
    next_line: usize,
}

impl<'t> Rows<'t> {
    pub fn new(text: &'t str, delimiter: u8, first_line: usize) -> Self {
        Self { text, delimiter, at: 0, line: first_line, next_line: first_line }
    }

    /// Reads the next row into `fields`; blank lines are passed over.
    pub fn next(&mut self, fields: &mut Vec<Field<'t>>) -> Option<Row> {
        fields.clear();
        let bytes = self.text.as_bytes();
        loop {
            match bytes.get(self.at)? {
                b'\n' => {
                    self.at += 1;
                    self.next_line += 1;
                }
                b'\r' => self.at += 1,
                _ => break,
            }
        }
        self.line = self.next_line;
        let start = self.at;
        if bytes[start] == b'#' {
            let end = self.line_end(start);
            return Some(Row::Comment(self.finish(start, end)));
        }
        let mut at = start;
        loop {
            if let Some((field, end)) = self.field(at) {
                fields.push(field);
                at = end;
            } else {
                fields.clear();
                let end = self.line_end(start);
                return Some(Row::Broken(self.finish(start, end)));
            }
            if bytes.get(at) == Some(&self.delimiter) {
                at += 1;
            } else {
                break;
            }
        }
        self.next_line += memchr::memchr_iter(b'\n', &bytes[start..at]).count();
        Some(Row::Fields(self.finish(start, at)))
    }

    fn finish(&mut self, start: usize, end: usize) -> Range<usize> {
        self.at = end;
        start..end - usize::from(self.text[start..end].ends_with('\r'))
    }

    fn line_end(&self, from: usize) -> usize {
        memchr(b'\n', &self.text.as_bytes()[from..]).map_or(self.text.len(), |at| from + at)
    }

    /// The field at `start`, and where it ends (a delimiter, a line end or the end of the text).
    fn field(&self, start: usize) -> Option<(Field<'t>, usize)> {
        let bytes = self.text.as_bytes();
        let mut open = start;
        while bytes.get(open) == Some(&b' ') {
            open += 1;
        }
        if bytes.get(open) == Some(&b'"') {
            return self.quoted(open + 1);
        }
        let end =
            memchr2(self.delimiter, b'\n', &bytes[start..]).map_or(bytes.len(), |at| start + at);
        let raw = &self.text[start..end];
        let kept = raw.trim();
        let lead = raw.len() - raw.trim_start().len();
        let span = start + lead..start + lead + kept.len();
        Some((Field { span, text: Cow::Borrowed(kept) }, end))
    }

    fn quoted(&self, start: usize) -> Option<(Field<'t>, usize)> {
        let bytes = self.text.as_bytes();
        let mut doubled = false;
        let mut at = start;
        let close = loop {
            at += memchr(b'"', &bytes[at..])?;
            if at - start > LONGEST_FIELD {
                return None;
            }
            if bytes.get(at + 1) == Some(&b'"') {
                doubled = true;
                at += 2;
                continue;
            }
            break at;
        };
        let inner = &self.text[start..close];
        let text =
            if doubled { Cow::Owned(inner.replace("\"\"", "\"")) } else { Cow::Borrowed(inner) };
        // What stands between the closing quote and the delimiter belongs to no field.
        let end =
            memchr2(self.delimiter, b'\n', &bytes[close..]).map_or(bytes.len(), |n| close + n);
        Some((Field { span: start..close, text }, end))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn read(text: &str) -> Vec<(usize, Vec<String>)> {
        let (mut rows, mut fields, mut all) = (Rows::new(text, b',', 1), Vec::new(), Vec::new());
        while let Some(row) = rows.next(&mut fields) {
            let shown = match row {
                Row::Fields(_) => fields.iter().map(|f| f.text.to_string()).collect(),
                Row::Comment(_) => vec!["#".to_owned()],
                Row::Broken(_) => vec!["!".to_owned()],
            };
            all.push((rows.line, shown));
        }
        all
    }

    #[test]
    fn quotes_blank_lines_comments_and_damage() {
        let text = "a, \"b \"\"c\"\" \",d\r\n\n# x\n\"two\nlines\",2\n\"never closed,1\nlast,2";
        let expected: Vec<(usize, Vec<&str>)> = vec![
            (1, vec!["a", "b \"c\" ", "d"]),
            (3, vec!["#"]),
            (4, vec!["two\nlines", "2"]),
            (6, vec!["!"]),
            (7, vec!["last", "2"]),
        ];
        let read = read(text);
        let shown: Vec<(usize, Vec<&str>)> =
            read.iter().map(|(l, f)| (*l, f.iter().map(String::as_str).collect())).collect();
        assert_eq!(shown, expected);
    }

    proptest! {
        #[test]
        fn spans_slice_and_reading_ends(text in "[a\",\n\r#é ]{0,60}") {
            let (mut rows, mut fields) = (Rows::new(&text, b',', 1), Vec::new());
            let mut turns = 0;
            while rows.next(&mut fields).is_some() {
                for field in &fields { prop_assert!(text.get(field.span.clone()).is_some()); }
                turns += 1;
                prop_assert!(turns <= text.len() + 1);
            }
        }
    }
}
