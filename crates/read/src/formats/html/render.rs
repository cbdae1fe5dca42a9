use std::ops::Range;

use html5gum::{StartTag, Token};
use lapwing_model::{Region, RegionKind, Span};

use super::tokens;

/// The text of a piece of HTML, and what its parts are.
#[derive(Default)]
pub(in crate::formats) struct Rendered {
    pub text: String,
    pub regions: Vec<Region>,
}

/// Elements without an end tag (HTML, 13.1.2).
pub(super) fn is_void(name: &[u8]) -> bool {
    matches!(
        name,
        b"area"
            | b"base"
            | b"br"
            | b"col"
            | b"embed"
            | b"hr"
            | b"img"
            | b"input"
            | b"link"
            | b"meta"
            | b"param"
            | b"source"
            | b"track"
            | b"wbr"
    )
}

/// Elements that hold nothing to read.
fn is_silent(name: &[u8]) -> bool {
    matches!(
        name,
        b"script"
            | b"style"
            | b"noscript"
            | b"template"
            | b"svg"
            | b"iframe"
            | b"object"
            | b"select"
            | b"button"
            | b"head"
            | b"canvas"
            | b"audio"
            | b"video"
    )
}

/// Elements around the article.
fn is_frame(name: &[u8]) -> bool {
    matches!(name, b"nav" | b"footer" | b"aside" | b"form" | b"dialog" | b"menu")
}

fn is_block(name: &[u8]) -> bool {
    matches!(
        name,
        b"p" | b"div"
            | b"section"
            | b"article"
            | b"main"
            | b"header"
            | b"ul"
            | b"ol"
            | b"dl"
            | b"dt"
            | b"dd"
            | b"figure"
            | b"figcaption"
            | b"address"
            | b"details"
            | b"summary"
            | b"body"
            | b"html"
            | b"hr"
            | b"fieldset"
            | b"center"
            | b"caption"
    )
}

/// Whether the page hides an element, or marks it as a banner.
fn is_hidden(tag: &StartTag<usize>) -> bool {
    let has = |name: &[u8]| {
        tag.attributes
            .iter()
            .find(|(k, _)| k.0 == name)
            .map(|(_, v)| String::from_utf8_lossy(&v.value.0).to_ascii_lowercase())
    };
    if has(b"hidden").is_some() || has(b"aria-hidden").is_some_and(|v| v == "true") {
        return true;
    }
    if has(b"style").is_some_and(|v| {
        v.replace(' ', "").contains("display:none")
            || v.replace(' ', "").contains("visibility:hidden")
    }) {
        return true;
    }
    if has(b"role").is_some_and(|v| {
        matches!(
            v.as_str(),
            "navigation" | "banner" | "contentinfo" | "dialog" | "search" | "complementary"
        )
    }) {
        return true;
    }
    let names = format!("{} {}", has(b"class").unwrap_or_default(), has(b"id").unwrap_or_default());
    names.split([' ', '_']).any(|word| {
        word.starts_with("cookie")
            || word.starts_with("gdpr")
            || word.starts_with("related-")
            || word.starts_with("share-")
            || word.starts_with("social-")
            || matches!(
                word,
                "related"
                    | "sidebar"
                    | "breadcrumb"
                    | "breadcrumbs"
                    | "newsletter"
                    | "consent"
                    | "sharedaddy"
                    | "navbar"
                    | "site-footer"
                    | "site-header"
                    | "comments"
            )
    })
}

#[derive(Default)]
struct Table {
    heads: Vec<String>,
    row: u32,
    column: u32,
    in_head: bool,
    cell: Option<(usize, bool)>,
}

#[derive(Default)]
struct Builder {
    out: Rendered,
    block: usize,
    kinds: Vec<(Vec<u8>, RegionKind)>,
    pre: usize,
    link: Option<(usize, String)>,
    code: Option<usize>,
    tables: Vec<Table>,
}

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
            } else {
                text.push(c);
            }
        }
    }

    fn in_cell(&self) -> bool {
        self.tables.last().is_some_and(|t| t.cell.is_some())
    }

    /// Ends the block that is open: its text becomes a region.
    fn flush(&mut self) {
        if self.in_cell() {
            if !self.out.text.ends_with(['\n', '\t']) {
                self.trim_to(self.tables.last().and_then(|t| t.cell).map_or(0, |(s, _)| s));
                self.out.text.push(' ');
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

    fn start(&mut self, tag: &StartTag<usize>) {
        let name = tag.name.0.as_slice();
        match name {
            b"br" => {
                self.trim_spaces();
                if self.out.text.len() > self.block {
                    self.out.text.push('\n');
                }
            }
            b"a" => {
                let href = tag
                    .attributes
                    .iter()
                    .find(|(k, _)| k.0 == b"href")
                    .map(|(_, v)| String::from_utf8_lossy(&v.value.0).trim().to_owned());
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
            b"table" => {
                self.flush();
                self.tables.push(Table::default());
            }
            b"thead" => self.with_table(|t| t.in_head = true),
            b"tr" => {
                self.end_cell();
                self.with_table(|t| t.column = 0);
            }
            b"td" | b"th" => {
                self.end_cell();
                let at = self.out.text.len();
                let first_row = name == b"th";
                self.with_table(|t| t.cell = Some((at, first_row || t.in_head)));
            }
            _ if is_block(name) => self.flush(),
            _ => {}
        }
    }

    fn with_table(&mut self, change: impl FnOnce(&mut Table)) {
        if let Some(table) = self.tables.last_mut() {
            change(table);
        }
    }

    fn trim_spaces(&mut self) {
        while self.out.text.ends_with(' ') && self.out.text.len() > self.block {
            self.out.text.pop();
        }
    }

    fn end_cell(&mut self) {
        let Some((start, head)) = self.tables.last_mut().and_then(|t| t.cell.take()) else {
            return;
        };
        self.trim_to(start);
        let slice = &self.out.text[start..];
        let lead = slice.len() - slice.trim_start().len();
        let words = slice.trim().to_owned();
        let span = Span::new(start + lead, start + lead + words.len());
        let Some(table) = self.tables.last_mut() else { return };
        let kind = if head && table.row == 0 {
            table.heads.push(words.clone());
            RegionKind::Heading { level: 6 }
        } else {
            let header = table.heads.get(table.column as usize).filter(|h| !h.is_empty()).cloned();
            RegionKind::Cell {
                row: table.row.saturating_sub(u32::from(!table.heads.is_empty())),
                column: table.column,
                header,
            }
        };
        table.column += 1;
        if !words.is_empty() {
            self.out.regions.push(Region { span, kind });
        }
        self.out.text.push('\t');
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
            b"thead" => self.with_table(|t| t.in_head = false),
            b"tr" => {
                self.end_cell();
                self.trim_to(0);
                self.out.text.push('\n');
                self.block = self.out.text.len();
                self.with_table(|t| t.row += 1);
            }
            b"table" => {
                self.end_cell();
                self.tables.pop();
                if !self.in_cell() {
                    self.trim_to(0);
                    self.out.text.push_str("\n\n");
                    self.block = self.out.text.len();
                }
            }
            _ => {
                if let Some(at) = self.kinds.iter().rposition(|(n, _)| n == name) {
                    self.flush();
                    self.kinds.truncate(at);
                    self.pre = self
                        .pre
                        .min(self.kinds.iter().filter(|(_, k)| *k == RegionKind::Code).count());
                } else if is_block(name) {
                    self.flush();
                }
            }
        }
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
    let mut builder = Builder::default();
    walk(html, bare, &mut |event| match event {
        Event::Start(tag) => builder.start(tag),
        Event::End(name) => builder.end(name),
        Event::Words(words) => builder.words(words),
    });
    builder.end_cell();
    builder.tables.clear();
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

enum Event<'e> {
    Start(&'e StartTag<usize>),
    End(&'e [u8]),
    Words(&'e str),
}

/// Walks the tokens that are to be read; hidden and silent elements are passed over.
fn walk(html: &str, bare: bool, each: &mut dyn FnMut(Event<'_>)) {
    let mut skipped: Option<(Vec<u8>, usize)> = None;
    for Ok(token) in tokens(html) {
        match token {
            Token::StartTag(tag) => {
                let void = tag.self_closing || is_void(&tag.name);
                if let Some((name, depth)) = &mut skipped {
                    *depth += usize::from(!void && tag.name.0 == *name);
                } else if !void
                    && (is_silent(&tag.name)
                        || (bare
                            && (is_frame(&tag.name) || is_hidden(&tag))
                            && tag.name.0 != b"body"
                            && tag.name.0 != b"html"))
                {
                    skipped = Some((tag.name.0.clone(), 1));
                } else {
                    each(Event::Start(&tag));
                }
            }
            Token::EndTag(tag) => {
                if let Some((name, depth)) = &mut skipped {
                    *depth -= usize::from(tag.name.0 == *name);
                    if *depth == 0 {
                        skipped = None;
                    }
                } else {
                    each(Event::End(&tag.name));
                }
            }
            Token::String(words) if skipped.is_none() => {
                each(Event::Words(&String::from_utf8_lossy(&words.value)));
            }
            _ => {}
        }
    }
}

/// Tables, lists, code and paragraphs of a page, outermost only, as ranges of its source.
pub(super) fn chunks(html: &str) -> Vec<Range<usize>> {
    let is_chunk = |name: &[u8]| matches!(name, b"table" | b"pre" | b"ul" | b"ol" | b"dl" | b"p");
    let mut found = Vec::new();
    let mut open: Option<(Vec<u8>, usize, usize)> = None;
    let mut frame: Option<(Vec<u8>, usize)> = None;
    for Ok(token) in tokens(html) {
        match token {
            Token::StartTag(tag) if !tag.self_closing && !is_void(&tag.name) => {
                if let Some((name, depth)) = &mut frame {
                    *depth += usize::from(tag.name.0 == *name);
                } else if let Some((name, _, depth)) = &mut open {
                    // A paragraph ends where the next block begins.
                    *depth += usize::from(tag.name.0 == *name && name != b"p");
                } else if is_silent(&tag.name)
                    || is_frame(&tag.name)
                    || (is_hidden(&tag) && tag.name.0 != b"body")
                {
                    frame = Some((tag.name.0.clone(), 1));
                } else if is_chunk(&tag.name) {
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
