use std::ops::Range;

use html5gum::{StartTag, Token};
use lapwing_model::{Region, RegionKind, Span};

use super::frames::{
    attribute, is_around, is_block, is_code_table, is_frame, is_gutter, is_hidden, is_notes,
    is_silent, is_void,
};
use super::grid::Grid;
use super::tokens;

/// The text of a piece of HTML, and what its parts are.
#[derive(Clone, Default)]
pub(in crate::formats) struct Rendered {
    pub text: String,
    pub regions: Vec<Region>,
}

#[derive(Default)]
struct Builder {
    out: Rendered,
    block: usize,
    kinds: Vec<(Vec<u8>, RegionKind)>,
    pre: usize,
    link: Option<(usize, String)>,
    code: Option<usize>,
    /// Open tables; `None` where one only places what stands in it.
    tables: Vec<Option<Grid>>,
    /// For each table in its order, whether it only places what stands in it.
    layout: std::vec::IntoIter<bool>,
    /// Tables that show code, a line a row.
    code_tables: usize,
    /// The element that holds footnotes, where its text begins, and how deep it lies in its like.
    notes: Option<(Vec<u8>, usize, usize)>,
}

/// Tables within tables that are looked at.
const NESTED: usize = 64;

impl Builder {
    fn words(&mut self, words: &str) {
        let text = &mut self.out.text;
        if self.pre > 0 {
            return text.push_str(words);
        }
        for c in words.chars() {
            if c.is_whitespace() {
                if text.len() > self.block && !text.ends_with([' ', '\n', '\t']) {
                    text.push(' ');
                }
            } else if !is_invisible(c) {
                text.push(c);
            }
        }
    }

    fn grid(&mut self) -> Option<&mut Grid> {
        self.tables.last_mut().and_then(Option::as_mut)
    }

    fn in_cell(&self) -> bool {
        self.tables.last().and_then(Option::as_ref).is_some_and(Grid::is_open)
    }

    /// Ends the block that is open: its text becomes a region.
    fn flush(&mut self) {
        if self.in_cell() {
            if !self.out.text.ends_with(['\n', '\t']) {
                let start = self.grid().and_then(|g| g.start()).unwrap_or_default();
                self.trim_to(start);
                if self.out.text.len() > start {
                    self.out.text.push('\n');
                }
            }
            return;
        }
        self.trim_to(self.block);
        let end = self.out.text.len();
        let slice = &self.out.text[self.block..];
        let lead = slice.len() - slice.trim_start().len();
        if !slice.trim().is_empty() {
            let kind = self.kinds.last().map_or(RegionKind::Prose, |(_, k)| k.clone());
            self.out.regions.push(Region { span: Span::new(self.block + lead, end), kind });
            self.out.text.push_str("\n\n");
        }
        self.block = self.out.text.len();
    }

    fn trim_to(&mut self, least: usize) {
        while self.out.text.len() > least && self.out.text.ends_with([' ', '\n', '\t']) {
            self.out.text.pop();
        }
    }

    /// Keeps count of the element that holds the footnotes, and tells where it lay.
    fn note_start(&mut self, tag: &StartTag<usize>) {
        if let Some((name, _, depth)) = &mut self.notes {
            *depth += usize::from(tag.name.0 == *name && !tag.self_closing);
        } else if is_notes(tag) && !tag.self_closing && !self.in_cell() {
            self.flush();
            self.notes = Some((tag.name.0.clone(), self.out.text.len(), 1));
        }
    }

    fn note_end(&mut self, name: &[u8]) {
        let Some((open, start, depth)) = &mut self.notes else { return };
        if open != name {
            return;
        }
        *depth -= 1;
        let start = *start;
        if *depth == 0 {
            self.notes = None;
            self.flush();
            self.inline(start, RegionKind::References);
        }
    }

    fn start(&mut self, tag: &StartTag<usize>) {
        self.note_start(tag);
        let name = tag.name.0.as_slice();
        match name {
            b"br" => {
                self.trim_spaces();
                if self.out.text.len() > self.block {
                    self.out.text.push('\n');
                }
            }
            b"a" => {
                let href = attribute(tag, b"href");
                self.link = href.filter(|h| !h.is_empty()).map(|h| (self.out.text.len(), h));
            }
            b"pre" | b"textarea" | b"listing" => {
                self.flush();
                self.pre += 1;
                self.kinds.push((name.to_vec(), RegionKind::Code));
            }
            b"code" | b"kbd" | b"samp" | b"tt" if self.pre == 0 => {
                self.code = Some(self.out.text.len());
            }
            b"h1" | b"h2" | b"h3" | b"h4" | b"h5" | b"h6" => {
                self.flush();
                self.kinds.push((name.to_vec(), RegionKind::Heading { level: name[1] - b'0' }));
            }
            b"li" | b"dd" => {
                self.flush();
                self.kinds.push((name.to_vec(), RegionKind::ListItem));
            }
            b"blockquote" => {
                self.flush();
                self.kinds.push((name.to_vec(), RegionKind::Quote));
            }
            b"table" if is_code_table(tag) => {
                self.flush();
                self.layout.next();
                self.pre += 1;
                self.code_tables += 1;
                self.kinds.push((name.to_vec(), RegionKind::Code));
            }
            b"table" => {
                self.flush();
                let layout = self.layout.next().unwrap_or_default();
                let grid = (!layout && self.tables.len() < NESTED).then(Grid::default);
                self.tables.push(grid);
            }
            b"thead" => self.with_grid(|grid| grid.in_head(true)),
            b"tr" => self.end_row(),
            b"td" | b"th" if self.code_tables == 0 => {
                self.end_cell();
                if self.grid().is_none() {
                    return self.flush();
                }
                let count = |name: &[u8]| {
                    attribute(tag, name).and_then(|n| n.parse::<u32>().ok()).unwrap_or(1)
                };
                let (columns, rows) = (count(b"colspan"), count(b"rowspan"));
                let at = self.out.text.len();
                let head = name == b"th";
                self.with_grid(|grid| grid.open(at, head, columns, rows));
            }
            _ if is_block(name) => self.flush(),
            _ => {}
        }
    }

    fn with_grid(&mut self, change: impl FnOnce(&mut Grid)) {
        if let Some(grid) = self.grid() {
            change(grid);
        }
    }

    fn trim_spaces(&mut self) {
        while self.out.text.ends_with(' ') && self.out.text.len() > self.block {
            self.out.text.pop();
        }
    }

    fn end_cell(&mut self) {
        let Some(start) = self.grid().and_then(|grid| grid.start()) else { return };
        self.trim_to(start);
        let text = std::mem::take(&mut self.out.text);
        self.with_grid(|grid| grid.close(&text));
        self.out.text = text;
        self.out.text.push('\t');
        self.block = self.out.text.len();
    }

    fn end_row(&mut self) {
        self.end_cell();
        if self.code_tables > 0 {
            if !self.out.text.ends_with('\n') && self.out.text.len() > self.block {
                self.out.text.push('\n');
            }
            return;
        }
        if self.grid().is_none() {
            if !self.tables.is_empty() {
                self.flush();
            }
            return;
        }
        let mut regions = std::mem::take(&mut self.out.regions);
        self.with_grid(|grid| grid.end_row(&mut regions));
        self.out.regions = regions;
        self.trim_to(0);
        if !self.out.text.is_empty() {
            self.out.text.push('\n');
        }
        self.block = self.out.text.len();
    }

    fn end(&mut self, name: &[u8]) {
        match name {
            b"a" => {
                if let Some((start, target)) = self.link.take() {
                    self.inline(start, RegionKind::Link { target });
                }
            }
            b"code" | b"kbd" | b"samp" | b"tt" => {
                if let Some(start) = self.code.take() {
                    self.inline(start, RegionKind::Code);
                }
            }
            b"td" | b"th" => self.end_cell(),
            b"thead" => {
                self.end_row();
                self.with_grid(|grid| grid.in_head(false));
            }
            b"tr" => self.end_row(),
            b"table" if self.code_tables == 0 => {
                self.end_row();
                let placed = self.tables.pop().is_some_and(|grid| grid.is_none());
                if placed {
                    self.flush();
                } else if !self.in_cell() {
                    self.trim_to(0);
                    self.out.text.push_str("\n\n");
                    self.block = self.out.text.len();
                }
            }
            _ => {
                // What never ends is looked for no further than this, so that the time stays linear.
                let near = self.kinds.len().saturating_sub(NESTED);
                if let Some(at) = self.kinds[near..].iter().rposition(|(n, _)| n == name) {
                    self.flush();
                    self.kinds.truncate(near + at);
                    let near = self.kinds.iter().rev().take(NESTED);
                    self.code_tables = near.filter(|(n, _)| n == b"table").count();
                    if self.pre > 0 {
                        let code = self.kinds.iter().rev().take(NESTED);
                        let code = code.filter(|(_, k)| *k == RegionKind::Code).count();
                        self.pre = self.pre.min(code);
                    }
                } else if is_block(name) {
                    self.flush();
                }
            }
        }
        self.note_end(name);
    }

    fn inline(&mut self, start: usize, kind: RegionKind) {
        let Some(slice) = self.out.text.get(start..) else { return };
        let lead = slice.len() - slice.trim_start().len();
        if !slice.trim().is_empty() {
            let span = Span::new(start + lead, start + lead + slice.trim().len());
            self.out.regions.push(Region { span, kind });
        }
    }
}

/// Renders HTML to text with regions; with `bare`, without what stands around an article.
pub(in crate::formats) fn render(html: &str, bare: bool) -> Rendered {
    let mut builder = Builder { layout: layout_tables(html).into_iter(), ..Builder::default() };
    walk(html, bare, &mut |event| match event {
        Event::Start(tag) => builder.start(tag),
        Event::End(name) => builder.end(name),
        Event::Words(words) => builder.words(words),
    });
    while !builder.tables.is_empty() {
        builder.end_row();
        builder.tables.pop();
    }
    builder.flush();
    while builder.out.text.ends_with(['\n', '\t', ' ']) {
        builder.out.text.pop();
    }
    let end = builder.out.text.len() as u32;
    builder.out.text.push('\n');
    builder.out.regions.retain(|r| r.span.end <= end);
    builder.out.regions.sort_by_key(|r| (r.span.start, std::cmp::Reverse(r.span.end)));
    builder.out
}

/// Characters that are not seen and split a value: zero-width blanks, soft hyphens, marks.
fn is_invisible(c: char) -> bool {
    matches!(c, '\u{ad}' | '\u{200b}' | '\u{2060}' | '\u{feff}')
}

/// For each table of a page, whether it only places what stands in it: it holds other tables or
/// headings, and names no columns.
fn layout_tables(html: &str) -> Vec<bool> {
    let mut tables: Vec<(bool, bool)> = Vec::new();
    let mut open: Vec<usize> = Vec::new();
    for Ok(token) in tokens(html) {
        match token {
            Token::StartTag(tag) => match tag.name.0.as_slice() {
                b"table" => {
                    if let Some(at) = open.last() {
                        tables[*at].0 = true;
                    }
                    let role = attribute(&tag, b"role").unwrap_or_default();
                    let placing = matches!(role.as_str(), "presentation" | "none");
                    open.push(tables.len());
                    tables.push((placing, false));
                }
                b"h1" | b"h2" | b"h3" | b"h4" => {
                    if let Some(at) = open.last() {
                        tables[*at].0 = true;
                    }
                }
                b"th" => {
                    if let Some(at) = open.last() {
                        tables[*at].1 = true;
                    }
                }
                _ => {}
            },
            Token::EndTag(tag) if tag.name.0 == b"table" => drop(open.pop()),
            _ => {}
        }
    }
    tables.into_iter().map(|(placing, named)| placing && !named).collect()
}

enum Event<'e> {
    Start(&'e StartTag<usize>),
    End(&'e [u8]),
    Words(&'e str),
}

/// Walks the tokens that are to be read; hidden and silent elements are passed over.
fn walk(html: &str, bare: bool, each: &mut dyn FnMut(Event<'_>)) {
    walk_within(html, bare, false, each);
}

/// The same; `inside` says that the text is what a `noscript` holds, which is markup again, once.
fn walk_within(html: &str, bare: bool, inside: bool, each: &mut dyn FnMut(Event<'_>)) {
    let mut skipped: Option<(Vec<u8>, usize)> = None;
    let mut raw = false;
    for Ok(token) in tokens(html) {
        match token {
            Token::StartTag(tag) => {
                let void = tag.self_closing || is_void(&tag.name);
                raw = tag.name.0 == b"noscript";
                if let Some((name, depth)) = &mut skipped {
                    *depth += usize::from(!void && tag.name.0 == *name);
                } else if !void
                    && (is_silent(&tag.name)
                        || is_gutter(&tag)
                        || (is_hidden(&tag) && tag.name.0 != b"body" && tag.name.0 != b"html")
                        || (bare && !is_notes(&tag) && (is_frame(&tag.name) || is_around(&tag))))
                {
                    skipped = Some((tag.name.0.clone(), 1));
                } else {
                    each(Event::Start(&tag));
                }
            }
            Token::EndTag(tag) => {
                raw = false;
                if let Some((name, depth)) = &mut skipped {
                    *depth -= usize::from(tag.name.0 == *name);
                    if *depth == 0 {
                        skipped = None;
                    }
                } else {
                    each(Event::End(&tag.name));
                }
            }
            Token::String(words) if skipped.is_none() && raw && !inside => {
                walk_within(&String::from_utf8_lossy(&words.value), bare, true, each);
            }
            Token::String(words) if skipped.is_none() && !raw => {
                each(Event::Words(&String::from_utf8_lossy(&words.value)));
            }
            _ => {}
        }
    }
}

/// Tables, lists, code and paragraphs of a page, outermost only, as ranges of its source.
pub(super) fn chunks(html: &str) -> Vec<Range<usize>> {
    let is_chunk = |name: &[u8]| {
        matches!(name, b"pre" | b"textarea" | b"ul" | b"ol" | b"dl" | b"p" | b"blockquote")
    };
    let mut layout = layout_tables(html).into_iter();
    let mut found = Vec::new();
    let mut open: Option<(Vec<u8>, usize, usize)> = None;
    let mut frame: Option<(Vec<u8>, usize)> = None;
    for Ok(token) in tokens(html) {
        match token {
            Token::StartTag(tag) if !tag.self_closing && !is_void(&tag.name) => {
                let table = tag.name.0 == b"table" && !layout.next().unwrap_or_default();
                if let Some((name, depth)) = &mut frame {
                    *depth += usize::from(tag.name.0 == *name);
                } else if let Some((name, _, depth)) = &mut open {
                    // A paragraph ends where the next block begins.
                    *depth += usize::from(tag.name.0 == *name && name != b"p");
                } else if is_silent(&tag.name)
                    || is_frame(&tag.name)
                    || is_around(&tag)
                    || (is_hidden(&tag) && tag.name.0 != b"body")
                {
                    frame = Some((tag.name.0.clone(), 1));
                } else if table || is_chunk(&tag.name) {
                    open = Some((tag.name.0.clone(), tag.span.start, 1));
                }
            }
            Token::EndTag(tag) => {
                if let Some((name, depth)) = &mut frame {
                    *depth -= usize::from(tag.name.0 == *name);
                    if *depth == 0 {
                        frame = None;
                    }
                } else if let Some((name, start, depth)) = &mut open
                    && tag.name.0 == *name
                {
                    *depth -= 1;
                    if *depth == 0 {
                        found.push(*start..tag.span.end);
                        open = None;
                    }
                }
            }
            _ => {}
        }
    }
    found
}
