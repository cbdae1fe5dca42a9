//! AsciiDoc: headings, lists, tables, blocks of code, links. The text is the source as it is.

use lapwing_model::{Document, Format, Reading, Region, RegionKind, Span};

use super::{markdown, prose};
use crate::{Input, Item};

/// Whether a text has the marks of AsciiDoc.
pub(crate) fn looks_like(head: &str) -> bool {
    let mut score = 0;
    for line in head.lines().take(300) {
        let signs = line.bytes().take_while(|b| *b == b'=').count();
        if (1..=6).contains(&signs) && line[signs..].starts_with(' ') {
            score += 1;
        }
        if line.starts_with("|===")
            || line.starts_with("[source")
            || line.starts_with("[cols")
            || line.starts_with("[%header")
        {
            score += 2;
        }
        if line.starts_with(':') && line[1..].contains(": ") && !line[1..].starts_with([' ', ':']) {
            score += 1;
        }
    }
    score >= 2
}

pub(crate) fn read(input: &Input<'_>, out: &mut dyn FnMut(Item)) {
    let text = input.text;
    let document = Document::new(input.raw, input.name, Format::AsciiDoc, text.to_owned());
    let mut reading = Reading::new(document, input.raw.to_vec());
    let mut scan = Scan::default();
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        scan.line(at, line.trim_end_matches(['\n', '\r']), &mut reading);
        at += line.len();
    }
    scan.close(&mut reading);
    let fields = std::mem::take(&mut scan.fields);
    markdown::describe(&mut reading.document, &fields);
    reading.regions.sort_by_key(|r| (r.span.start, std::cmp::Reverse(r.span.end)));
    prose::complete(&mut reading);
    out(Item::Reading(Box::new(reading)));
}

#[derive(Default)]
struct Scan {
    paragraph: Option<Span>,
    /// The line that closes the open block, and what the block is.
    block: Option<(&'static str, RegionKind, usize)>,
    table: Option<Vec<String>>,
    cells: u32,
    fields: Vec<(String, String)>,
}

impl Scan {
    fn line(&mut self, at: usize, line: &str, reading: &mut Reading) {
        let end = at + line.len();
        if let Some((fence, kind, start)) = &self.block {
            if line.trim_end() == *fence {
                let (kind, span) = (kind.clone(), Span::new(*start, at));
                reading.regions.push(Region { span, kind });
                self.block = None;
            }
            return;
        }
        if line.trim_end() == "|===" {
            self.close(reading);
            self.table = if self.table.is_some() { None } else { Some(Vec::new()) };
            self.cells = 0;
            return;
        }
        if self.table.is_some() {
            return self.row(at, line, reading);
        }
        let fence = match line.trim_end() {
            "----" => Some(("----", RegionKind::Code)),
            "...." => Some(("....", RegionKind::Code)),
            "```" => Some(("```", RegionKind::Code)),
            "____" => Some(("____", RegionKind::Quote)),
            "////" => Some(("////", RegionKind::Furniture)),
            _ => None,
        };
        if let Some((fence, kind)) = fence {
            self.close(reading);
            self.block = Some((fence, kind, end + 1));
            return;
        }
        let signs = line.bytes().take_while(|b| *b == b'=').count();
        if (1..=6).contains(&signs) && line[signs..].starts_with(' ') {
            self.close(reading);
            let words = line[signs..].trim();
            let start = end - line[signs..].trim_start().len();
            if signs == 1 && reading.document.title.is_none() {
                reading.document.title = Some(words.to_owned());
            }
            let span = Span::new(start, start + words.len());
            return reading
                .regions
                .push(Region { span, kind: RegionKind::Heading { level: signs as u8 } });
        }
        if let Some((key, value)) = line
            .strip_prefix(':')
            .and_then(|l| l.split_once(':'))
            .filter(|(k, _)| !k.contains(' ') && !k.is_empty())
        {
            self.fields.push((key.to_lowercase(), value.trim().to_owned()));
            return reading
                .regions
                .push(Region { span: Span::new(at, end), kind: RegionKind::Declared });
        }
        let words = line.trim();
        if words.is_empty()
            || (words.starts_with('[') && words.ends_with(']') && !words.contains(' '))
            || words.starts_with("//")
        {
            return self.close(reading);
        }
        links(at, line, reading);
        let start = end - line.trim_start().len();
        let span = Span::new(start, start + words.len());
        let marks = words.bytes().take_while(|b| matches!(b, b'*' | b'.' | b'-')).count();
        if marks > 0 && words[marks..].starts_with(' ') {
            self.close(reading);
            return reading.regions.push(Region { span, kind: RegionKind::ListItem });
        }
        self.paragraph =
            Some(self.paragraph.map_or(span, |p| Span::new(p.start as usize, span.end as usize)));
    }

    fn row(&mut self, at: usize, line: &str, reading: &mut Reading) {
        links(at, line, reading);
        let Some(heads) = &mut self.table else { return };
        let first = heads.is_empty();
        let mut starts = line.match_indices('|').map(|(i, _)| i).peekable();
        let mut column = 0;
        let head_row = first && self.cells == 0;
        while let Some(start) = starts.next() {
            let stop = starts.peek().copied().unwrap_or(line.len());
            let cell = &line[start + 1..stop];
            let lead = cell.len() - cell.trim_start().len();
            let span = Span::new(at + start + 1 + lead, at + start + 1 + lead + cell.trim().len());
            if head_row {
                heads.push(cell.trim().trim_matches('*').to_owned());
                reading.regions.push(Region { span, kind: RegionKind::Heading { level: 6 } });
                continue;
            }
            // One cell a line, or a row a line: the number of heads tells the column.
            let width = heads.len().max(1) as u32;
            let index = if heads.len() > 1 { self.cells } else { column };
            let header = heads.get((index % width) as usize).cloned();
            reading.regions.push(Region {
                span,
                kind: RegionKind::Cell { row: index / width, column: index % width, header },
            });
            self.cells += 1;
            column += 1;
        }
    }

    fn close(&mut self, reading: &mut Reading) {
        if let Some(span) = self.paragraph.take() {
            reading.regions.push(Region { span, kind: RegionKind::Prose });
        }
    }
}

/// `https://example.org[words]` and `link:target[words]`.
fn links(at: usize, line: &str, reading: &mut Reading) {
    let mut from = 0;
    while let Some(found) = line[from..].find("://").map(|i| i + from) {
        let start = line[..found]
            .rfind(|c: char| !c.is_ascii_alphanumeric())
            .map_or(0, |i| i + line[i..].chars().next().map_or(1, char::len_utf8));
        let stop = line[found..]
            .find(|c: char| c.is_whitespace() || c == '[' || c == '|')
            .map_or(line.len(), |i| found + i);
        let end = match line[stop..].strip_prefix('[').and_then(|rest| rest.find(']')) {
            Some(close) => stop + close + 2,
            None => stop,
        };
        let target = line[start..stop].to_owned();
        reading.regions.push(Region {
            span: Span::new(at + start, at + end),
            kind: RegionKind::Link { target },
        });
        from = end.max(found + 3);
    }
}
