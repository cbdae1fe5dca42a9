//! Writes rows and tables as text, with what each part is.

use std::collections::{BTreeMap, BTreeSet};

use lapwing_model::{Region, RegionKind, Span};

use super::layout::Laid;
use super::rows::{Row, is_bullet, is_marker};
use super::tables::{Cell, Table};
use crate::formats::title::entitles;
use crate::value;

/// What most of a file is set in.
pub(super) struct Style {
    /// Size of the running text.
    pub body: f64,
    /// Whether a typewriter's face means code.
    pub mono: bool,
    /// Whether bold means a heading.
    pub bold: bool,
    /// Titles of the outline, squashed, with their level.
    pub outline: BTreeMap<String, u8>,
    /// Words with a hyphen inside, in lower case.
    pub compounds: BTreeSet<String>,
}

/// The part that is being written.
struct Open {
    start: usize,
    kind: RegionKind,
    /// Left edge of its first line, width of a character of code.
    x: f64,
}

/// The line before.
#[derive(Clone, Copy)]
struct Last {
    page: usize,
    x: f64,
    end: f64,
    y: f64,
    size: f64,
    bold: bool,
    wide: bool,
}

pub(super) struct Flow<'t> {
    style: Style,
    targets: &'t [String],
    text: String,
    regions: Vec<Region>,
    open: Option<Open>,
    last: Option<Last>,
    page: usize,
    /// Whether something of this page was written.
    begun: bool,
    notes: Vec<Row>,
    aside: Vec<Row>,
    /// Heads of the table that was written last, for its rest on the next page.
    heads: Vec<Option<String>>,
    table_rows: u32,
    /// The link and the code that the last word belongs to, and where they began.
    link: Option<(usize, usize)>,
    code: Option<usize>,
    title: Option<String>,
    largest: f64,
}

impl<'t> Flow<'t> {
    pub fn new(style: Style, targets: &'t [String]) -> Self {
        Self {
            style,
            targets,
            text: String::new(),
            regions: Vec::new(),
            open: None,
            last: None,
            page: 0,
            begun: false,
            notes: Vec::new(),
            aside: Vec::new(),
            heads: Vec::new(),
            table_rows: 0,
            link: None,
            code: None,
            title: None,
            largest: 0.0,
        }
    }

    pub fn body(&self) -> f64 {
        self.style.body
    }

    /// Begins a page.
    pub fn page(&mut self, page: usize) {
        self.page = page;
        self.begun = false;
    }

    /// Keeps notes until the paragraph that runs around them has ended.
    pub fn hold(&mut self, notes: Vec<Row>) {
        self.notes.extend(notes);
    }

    /// Keeps what is no part of the text for its end.
    pub fn furniture(&mut self, rows: &[Row]) {
        self.aside.extend(rows.iter().cloned());
    }

    pub fn lines(&mut self, rows: &[Row]) {
        let mut left: Option<f64> = None;
        for (at, row) in rows.iter().enumerate() {
            let below = rows.get(at + 1);
            let kind = self.kind_of(row, below);
            if kind != RegionKind::Code {
                left = None;
            } else if left.is_none() {
                // Code is indented from the left edge of its block.
                let block = rows[at..].iter().take_while(|r| r.is_mono());
                left = block.map(|r| r.x).reduce(f64::min);
            }
            self.line(row, &kind, left);
        }
    }

    fn line(&mut self, row: &Row, kind: &RegionKind, left: Option<f64>) {
        let goes_on = self.goes_on(row, kind);
        if goes_on {
            self.join(&row.text());
        } else {
            self.break_off();
            let start = self.text.len();
            self.open = Some(Open { start, kind: kind.clone(), x: row.x });
        }
        if *kind == RegionKind::Code {
            let width = row.words.iter().find_map(|w| w.advance).unwrap_or(600.0) / 1000.0;
            let columns = ((row.x - left.unwrap_or(row.x)) / (width * row.size).max(0.1)).round();
            self.text.push_str(&" ".repeat((columns.max(0.0) as usize).min(80)));
        }
        let start = self.text.len();
        self.words(row, *kind != RegionKind::Code);
        self.entitle(row, kind, goes_on, start);
        self.last = Some(Last {
            page: self.page,
            x: row.x,
            end: row.end,
            y: row.y,
            size: row.size,
            bold: row.is_bold(),
            wide: row.words.len() > 1 && (1..row.words.len()).any(|i| row.blank_before(i) == "\t"),
        });
        self.begun = true;
    }

    /// The largest heading of the first page is the title.
    fn entitle(&mut self, row: &Row, kind: &RegionKind, goes_on: bool, start: usize) {
        if self.page != 0 || !entitles(&row.text()) {
            return;
        }
        let body = self.style.body;
        if row.size > self.largest * 1.05 && row.size > body * 1.2 && self.text.len() - start > 3 {
            self.largest = row.size;
            self.title = self.text.get(start..).map(str::to_owned);
        } else if goes_on
            && self.title.as_ref().is_some_and(|t| t.len() < 400)
            && (row.size - self.largest).abs() < 0.3
            && matches!(kind, RegionKind::Heading { .. })
        {
            let from = self.open.as_ref().map_or(start, |open| open.start);
            self.title = self.text.get(from..).map(|t| t.replace('\n', " "));
        }
    }

    fn kind_of(&self, row: &Row, below: Option<&Row>) -> RegionKind {
        let words = row.text();
        let letters = words.chars().any(char::is_alphabetic);
        if let Some(level) = self.style.outline.get(&squash(&words)).filter(|_| letters) {
            return RegionKind::Heading { level: *level };
        }
        if self.style.mono && row.is_mono() {
            return RegionKind::Code;
        }
        let body = self.style.body;
        if row.size >= body * 1.15 && words.len() < 160 && letters {
            let level = match row.size / body {
                s if s >= 1.7 => 1,
                s if s >= 1.35 => 2,
                _ => 3,
            };
            return RegionKind::Heading { level };
        }
        let first = row.words.first().map_or("", |w| w.text.as_str());
        let marked = is_marker(first) && (row.words.len() > 1 || is_bullet(first));
        if marked || first.starts_with(['•', '▪', '◦', '●', '‣', '\u{f0b7}']) {
            return RegionKind::ListItem;
        }
        if self.style.bold && letters && self.stands_alone(row, below, &words) {
            return RegionKind::Heading { level: 4 };
        }
        RegionKind::Prose
    }

    /// A short bold line between others that are not, and no value.
    fn stands_alone(&self, row: &Row, below: Option<&Row>, words: &str) -> bool {
        let parted = self.last.is_none_or(|last| {
            last.page != self.page || last.y - row.y > row.size * 1.45 || last.y < row.y
        });
        row.is_bold()
            && parted
            && words.len() <= 100
            && !words.contains('\t')
            && !words.ends_with(['.', ',', ';'])
            && below.is_none_or(|b| !b.is_bold() || row.y - b.y > row.size * 1.45)
            && words.split_whitespace().all(|w| value::classify(w).is_none())
    }

    /// Whether a line belongs to the part that is open.
    fn goes_on(&self, row: &Row, kind: &RegionKind) -> bool {
        let (Some(open), Some(last)) = (&self.open, &self.last) else { return false };
        let listed = open.kind == RegionKind::ListItem && *kind == RegionKind::Prose;
        let size = last.size.max(row.size);
        let like = (last.size - row.size).abs() < size * 0.12;
        if !like || (*kind != open.kind && !listed) || last.wide && *kind != RegionKind::Code {
            return false;
        }
        let wide = *kind != RegionKind::Code
            && (1..row.words.len()).any(|at| row.blank_before(at) == "\t");
        if *kind == RegionKind::ListItem || wide || is_caption(row) {
            return false;
        }
        let step = last.y - row.y;
        if last.page == self.page && step > size * 0.5 && step < size * 1.75 {
            if *kind == RegionKind::Code {
                return true;
            }
            let bold_ends = last.bold && !row.is_bold() && last.end < row.end - size * 4.0;
            let level = (row.x - last.x).abs() < size * 6.0;
            return if listed { row.x > open.x - size * 0.5 } else { level && !bold_ends };
        }
        // At the head of the next column or page: a sentence that has not ended.
        let moved = last.page + 1 == self.page || (last.page == self.page && step < 0.0);
        let ended = self.text.ends_with(['.', '!', '?', ':', ';', '”', '"', ')']);
        let first = row.words.first().map_or("", |w| w.text.as_str());
        moved
            && matches!(open.kind, RegionKind::Prose | RegionKind::ListItem)
            && !ended
            && first.starts_with(char::is_lowercase)
    }

    /// Goes on to the next line, or makes one word of two that a line end has broken.
    fn join(&mut self, next: &str) {
        match joint(&self.text, next, &self.style.compounds) {
            Joint::Word => drop(self.text.pop()),
            Joint::Compound => {}
            Joint::Line => self.text.push('\n'),
        }
    }

    /// Writes the words of a row, with the links and the code among them.
    fn words(&mut self, row: &Row, code: bool) {
        for (at, word) in row.words.iter().enumerate() {
            let blank = row.blank_before(at);
            let end = self.text.len();
            self.text.push_str(blank);
            let start = self.text.len();
            let same = |target: usize, other: usize| {
                target == other || self.targets.get(target) == self.targets.get(other)
            };
            if let Some((target, from)) = self.link
                && word.link.is_none_or(|other| !same(target, other))
            {
                self.end_link(target, from, end);
            }
            if self.link.is_none() {
                self.link = word.link.map(|target| (target, start));
            }
            let mono = code && self.style.mono && word.mono == Some(true);
            if !mono {
                self.end_code(end);
            } else if self.code.is_none() {
                self.code = Some(start);
            }
            for c in word.text.chars() {
                // A soft hyphen shows only where a line breaks at it.
                let breaks = at + 1 == row.words.len() && word.text.ends_with(c);
                if c != '\u{ad}' || breaks {
                    self.text.push(c);
                }
            }
        }
        let end = self.text.len();
        self.end_code(end);
    }

    fn end_link(&mut self, target: usize, from: usize, end: usize) {
        self.link = None;
        let trimmed = self.text.get(from..end).map_or(0, |t| t.trim_end().len());
        if let Some(target) = self.targets.get(target).filter(|_| trimmed > 0) {
            let kind = RegionKind::Link { target: target.clone() };
            self.regions.push(Region { span: Span::new(from, from + trimmed), kind });
        }
    }

    fn end_code(&mut self, end: usize) {
        let Some(from) = self.code.take() else { return };
        if self.text.get(from..end).is_some_and(|t| t.trim().len() > 1) {
            self.regions.push(Region { span: Span::new(from, end), kind: RegionKind::Code });
        }
    }

    /// Ends the part that is open.
    fn close(&mut self) {
        if self.text.ends_with('\u{ad}') {
            self.text.pop();
        }
        if let Some((target, from)) = self.link {
            self.end_link(target, from, self.text.len());
        }
        let Some(open) = self.open.take() else { return };
        let span = Span::new(open.start, self.text.len());
        let item = open.kind == RegionKind::ListItem;
        if span.end > span.start {
            self.regions.push(Region { span, kind: open.kind });
        }
        self.text.push_str(if item { "\n" } else { "\n\n" });
    }

    /// Ends what is open, writes the notes that waited for it, and marks the end of its page.
    fn break_off(&mut self) {
        self.close();
        for note in std::mem::take(&mut self.notes).chunk_by(|_, next| !starts_note(next)) {
            let start = self.text.len();
            for (at, row) in note.iter().enumerate() {
                if at > 0 {
                    self.join(&row.text());
                }
                self.words(row, true);
            }
            self.open = Some(Open { start, kind: RegionKind::References, x: 0.0 });
            self.close();
        }
        if self.last.is_some_and(|last| last.page != self.page) && !self.begun {
            self.text.push('\x0c');
        }
    }

    pub fn table(&mut self, table: &Table) {
        let at_head = !self.begun && self.page > 0;
        self.break_off();
        let columns = table.rows.first().map_or(0, Vec::len);
        let mut body = table.rows.as_slice();
        // Its rest on the next page has no heads of its own.
        let rest = at_head && self.heads.len() == columns && !table.headed;
        if !rest {
            self.heads = vec![None; columns];
            self.table_rows = 0;
        }
        if let ([first, others @ ..], true) = (table.rows.as_slice(), table.headed) {
            body = others;
            self.heads = first
                .iter()
                .map(|cell| Some(cell.iter().map(Row::text).collect::<Vec<_>>().join(" ")))
                .map(|head| head.filter(|h| !h.is_empty()))
                .collect();
            self.cells(first, |_, _| RegionKind::Heading { level: 6 });
        }
        for cells in body {
            let row = self.table_rows;
            self.cells(cells, |heads, column| RegionKind::Cell {
                row,
                column: column as u32,
                header: heads.get(column).cloned().flatten(),
            });
            self.table_rows += 1;
        }
        self.text.push('\n');
        let last = table.rows.last().into_iter().flatten().flatten().last();
        self.last = last.map(|row| Last {
            page: self.page,
            x: row.x,
            end: row.end,
            y: row.y,
            size: row.size,
            bold: false,
            wide: true,
        });
        self.begun = true;
    }

    fn cells(&mut self, cells: &[Cell], kind: impl Fn(&[Option<String>], usize) -> RegionKind) {
        for (column, cell) in cells.iter().enumerate() {
            if column > 0 {
                self.text.push('\t');
            }
            let start = self.text.len();
            self.cell(cell);
            if let Some((target, from)) = self.link {
                self.end_link(target, from, self.text.len());
            }
            if self.text.len() > start {
                let kind = kind(&self.heads, column);
                self.regions.push(Region { span: Span::new(start, self.text.len()), kind });
            }
        }
        while self.text.ends_with('\t') {
            self.text.pop();
        }
        self.text.push('\n');
    }

    /// Writes the lines of a cell; a value that was wrapped in it becomes one again.
    fn cell(&mut self, cell: &Cell) {
        let left = cell.iter().map(|r| r.x).fold(f64::MAX, f64::min);
        let right = cell.iter().map(|r| r.end).fold(f64::MIN, f64::max);
        let mut before: Option<&Row> = None;
        for row in cell {
            if let Some(before) = before {
                let full = before.end > right - row.size * 3.0;
                // Lines of one column stand under each other, a line's height apart.
                let under = before.y - row.y > row.size * 0.8
                    && row.x - left < row.size
                    && before.x - left < row.size;
                if !(under && wraps(&before.text(), &row.text(), full)) {
                    self.join(&row.text());
                }
            }
            self.words(row, true);
            before = Some(row);
        }
    }

    /// Ends the text: what is repeated on the pages stands behind it.
    pub fn finish(mut self, taken: &[(usize, Row)]) -> Laid {
        self.break_off();
        let from = self.text.len();
        let aside = std::mem::take(&mut self.aside);
        for row in taken.iter().map(|(_, row)| row).chain(&aside) {
            let start = self.text.len();
            self.words(row, false);
            self.open = Some(Open { start, kind: RegionKind::Furniture, x: row.x });
            if let Some((target, from)) = self.link {
                self.end_link(target, from, self.text.len());
            }
            let span = Span::new(start, self.text.len());
            self.regions.push(Region { span, kind: RegionKind::Furniture });
            self.open = None;
            self.text.push('\n');
        }
        let furniture = self.text.get(from..).unwrap_or_default().to_owned();
        Laid { text: self.text, regions: self.regions, title: self.title, furniture }
    }
}

fn starts_note(row: &Row) -> bool {
    row.words.first().is_some_and(|w| {
        is_marker(&w.text)
            || (w.text.len() <= 3 && w.text.bytes().all(|b| b.is_ascii_digit()))
            || w.text.starts_with(['†', '‡', '*', '[', '¹', '²', '³'])
    })
}

/// `Figure 3`, `Table 1`, `Listing 2`: what stands under or over a picture.
fn is_caption(row: &Row) -> bool {
    let [first, second, ..] = row.words.as_slice() else { return false };
    matches!(first.text.as_str(), "Figure" | "Fig." | "Table" | "Listing" | "Image")
        && second.text.starts_with(|c: char| c.is_ascii_digit())
        && second.text.ends_with([':', '.', '-', '–', '—'])
}

/// Letters and digits in lower case.
pub(super) fn squash(text: &str) -> String {
    text.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

#[derive(Debug, PartialEq)]
enum Joint {
    /// A word was broken: the hyphen goes.
    Word,
    /// The hyphen belongs to the word, as the same word shows elsewhere.
    Compound,
    Line,
}

/// Whether a word is broken over two lines: letters, a hyphen, small letters; never in a value.
fn joint(text: &str, next: &str, compounds: &BTreeSet<String>) -> Joint {
    if text.ends_with('\u{ad}') {
        return Joint::Word;
    }
    let Some(head) = text.strip_suffix(['-', '\u{2010}']) else { return Joint::Line };
    let word = head.rsplit(char::is_whitespace).next().unwrap_or("");
    let word = word.trim_start_matches(['(', '“', '"', '‘']);
    let tail = next
        .split_whitespace()
        .next()
        .unwrap_or("")
        .trim_end_matches(['.', ',', ';', ':', ')', '”', '"', '’', '?', '!']);
    let letters = |w: &str| w.len() >= 2 && w.chars().all(char::is_alphabetic);
    // `end-to-` and `sub-domain.example` keep their hyphens.
    if !letters(word) || !letters(tail) || !tail.starts_with(char::is_lowercase) {
        Joint::Line
    } else if compounds.contains(&format!("{word}-{tail}").to_lowercase()) {
        Joint::Compound
    } else {
        Joint::Word
    }
}

/// Whether the last word of a cell's line and the first of the next are one value.
fn wraps(before: &str, next: &str, full: bool) -> bool {
    let head = before.split_whitespace().next_back().unwrap_or("");
    let tail = next.split_whitespace().next().unwrap_or("");
    if head.is_empty() || tail.is_empty() {
        return false;
    }
    let hex = |t: &str| t.bytes().all(|b| b.is_ascii_hexdigit());
    let whole = |length: usize| matches!(length, 32 | 40 | 56 | 64 | 96 | 128);
    if hex(head) && hex(tail) && head.len() >= 6 {
        return !whole(head.len()) || (whole(head.len() + tail.len()) && !whole(tail.len()));
    }
    let lower = head.to_ascii_lowercase();
    let address = lower.contains("://") || lower.contains("[:]//") || lower.starts_with("hxxp");
    let alone = !next.trim().contains(char::is_whitespace);
    let begins = tail.contains("://") || tail.to_ascii_lowercase().starts_with("hxxp");
    if begins {
        return false;
    }
    let inside = ['.', '-', '_', '/', '\\', '@', '[', '=', '?', '&', '%'];
    if address && full && (alone || tail.contains(&inside[..])) {
        return true;
    }
    let value = head.contains(['.', '\\', '/', '@']) && !head.ends_with(['.', ',', ';']);
    full && alone
        && ((value
            && (head.ends_with(&inside[1..]) || tail.starts_with(['.', '[', '/', '\\', '_', '@'])))
            || (head.contains("[.") || head.contains(".]")) && value::classify(head).is_none())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn joins(text: &str, next: &str) -> bool {
        let compounds = ["on-premises".to_owned()].into();
        joint(text, next, &compounds) == Joint::Word
    }

    #[test]
    fn words_are_joined_and_values_are_not() {
        assert!(joins("the infra-", "structure of"));
        assert!(joins("the infra\u{ad}", "structure of"));
        assert!(joins("(infra-", "structure)."));
        assert!(!joins("see example.com/a-", "b"));
        assert!(!joins("CVE-2021-", "26855"));
        assert!(!joins("end-to-", "end"));
        assert!(!joins("my-", "site.example.org"));
        assert!(!joins("an on-", "premises server"));
    }

    #[test]
    fn wrapped_values_of_a_cell_are_told_from_lists_of_values() {
        assert!(wraps("0123456789abcdef0123", "456789abcdef", true));
        assert!(!wraps(
            "0123456789abcdef0123456789abcdef",
            "0123456789abcdef0123456789abcdef",
            true
        ));
        assert!(wraps("hxxps://a.example[.]org/very/long", "path/to.aspx", true));
        assert!(!wraps("hxxps://a.example[.]org/x", "hxxps://b.example[.]org/y", true));
        assert!(!wraps("Web shell", "found later", true));
        assert!(wraps("C:\\inetpub\\wwwroot\\", "aspnet_client\\x.aspx", true));
        assert!(!wraps("a.example[.]org", "b.example[.]org", true));
    }
}
