//! Markdown: the text is the source as it is; regions come from the parser's offsets.

use std::ops::Range;

use lapwing_model::{Document, Format, Reading, Region, RegionKind, Span};
use pulldown_cmark::{Event, HeadingLevel, Options, Parser, Tag, TagEnd};

use super::title::entitles;
use super::{cells, prose};
use crate::{Input, Item, dates};

/// Whether a text has the marks of Markdown.
pub(crate) fn looks_like(head: &str) -> bool {
    if front_matter(head).is_some() {
        return true;
    }
    let mut score = 0;
    for line in head.lines().take(400) {
        let line = line.trim_start();
        let hashes = line.bytes().take_while(|b| *b == b'#').count();
        if (1..=6).contains(&hashes) && line[hashes..].starts_with(' ') {
            score += 2;
        }
        if line.contains("](")
            || line.starts_with("```")
            || line.starts_with("|--")
            || line.starts_with("| -")
            || line.starts_with("|:-")
        {
            score += 2;
        }
        score += usize::from(line.matches("**").count() >= 2);
    }
    score >= 2
}

pub(crate) fn read(input: &Input<'_>, out: &mut dyn FnMut(Item)) {
    let text = input.text;
    let document = Document::new(input.raw, input.name, Format::Markdown, text.to_owned());
    let mut reading = Reading::new(document, input.raw.to_vec());
    let body = front_matter(text).map_or(0, |(fields, end)| {
        describe(&mut reading.document, &fields);
        reading.regions.push(Region { span: Span::new(0, end), kind: RegionKind::Declared });
        end
    });
    let options = Options::ENABLE_TABLES
        | Options::ENABLE_STRIKETHROUGH
        | Options::ENABLE_FOOTNOTES
        | Options::ENABLE_TASKLISTS;
    let mut table = Table::default();
    for (event, range) in Parser::new_ext(&text[body..], options).into_offset_iter() {
        let range = range.start + body..range.end + body;
        if let Event::Start(Tag::HtmlBlock) = &event {
            let html = text.get(range.clone()).unwrap_or_default();
            cells::cells_of_html(range.start, html, &mut reading.regions);
        }
        region(&event, range, text, &mut table, &mut reading.regions);
    }
    reading.regions.sort_by_key(|r| (r.span.start, std::cmp::Reverse(r.span.end)));
    if reading.document.title.is_none() {
        let heading = reading.regions.iter().find(|r| {
            matches!(r.kind, RegionKind::Heading { level: 1 | 2 })
                && r.span.slice(text).is_some_and(|t| entitles(&unmarked(t)))
        });
        reading.document.title =
            heading.and_then(|r| r.span.slice(text)).map(unmarked).filter(|t| !t.is_empty());
    }
    prose::complete(&mut reading);
    out(Item::Reading(Box::new(reading)));
}

#[derive(Default)]
struct Table {
    heads: Vec<String>,
    in_head: bool,
    row: u32,
    column: usize,
}

fn region(
    event: &Event<'_>,
    range: Range<usize>,
    text: &str,
    table: &mut Table,
    regions: &mut Vec<Region>,
) {
    let slice = text.get(range.clone()).unwrap_or("");
    let lead = slice.len() - slice.trim_start().len();
    let span = Span::new(range.start + lead, range.start + lead + slice.trim().len());
    let mut push = |span: Span, kind| regions.push(Region { span, kind });
    match event {
        Event::Start(Tag::Heading { level, .. }) => {
            let marks = slice.trim().bytes().take_while(|b| *b == b'#').count();
            let words = slice.trim()[marks..].trim_start();
            let words_end = words.lines().next().unwrap_or("").trim_end_matches(['#', ' ']).len();
            let start = span.end as usize - words.len();
            push(Span::new(start, start + words_end), RegionKind::Heading { level: depth(*level) });
        }
        Event::Start(Tag::Paragraph | Tag::HtmlBlock) => push(span, RegionKind::Prose),
        Event::Start(Tag::Item) => push(span, RegionKind::ListItem),
        Event::Start(Tag::BlockQuote(_)) => push(span, RegionKind::Quote),
        Event::Start(Tag::CodeBlock(_)) | Event::Code(_) => push(span, RegionKind::Code),
        Event::Start(Tag::Link { dest_url, .. }) => {
            push(span, RegionKind::Link { target: dest_url.to_string() });
        }
        Event::Start(Tag::Table(_)) => *table = Table::default(),
        Event::Start(Tag::TableHead) => table.in_head = true,
        Event::End(TagEnd::TableHead) => {
            table.in_head = false;
            table.column = 0;
        }
        Event::Start(Tag::TableRow) => table.column = 0,
        Event::End(TagEnd::TableRow) => table.row += 1,
        Event::Start(Tag::TableCell) if table.in_head => {
            table.heads.push(unmarked(slice.trim()));
            push(span, RegionKind::Heading { level: 6 });
        }
        Event::Start(Tag::TableCell) => {
            let header = table.heads.get(table.column).filter(|h| !h.is_empty()).cloned();
            push(span, RegionKind::Cell { row: table.row, column: table.column as u32, header });
            table.column += 1;
        }
        _ => {}
    }
}

fn depth(level: HeadingLevel) -> u8 {
    level as u8
}

/// Words without the marks of emphasis and links.
fn unmarked(text: &str) -> String {
    let mut plain = String::new();
    for event in Parser::new(text) {
        match event {
            Event::Text(words) | Event::Code(words) => plain.push_str(&words),
            Event::SoftBreak => plain.push(' '),
            _ => {}
        }
    }
    if plain.is_empty() { text.trim_matches(['*', '_', '`', ' ']).to_owned() } else { plain }
}

/// The fields between two lines of `---` at the top, and where they end.
pub(super) fn front_matter(text: &str) -> Option<(Vec<(String, String)>, usize)> {
    let first = text.lines().next()?;
    if first.trim_end() != "---" {
        return None;
    }
    let mut at = text.find('\n')? + 1;
    let mut fields: Vec<(String, String)> = Vec::new();
    for line in text[at..].split_inclusive('\n').take(200) {
        at += line.len();
        let words = line.trim();
        if words == "---" || words == "..." {
            return (!fields.is_empty()).then_some((fields, at));
        }
        if let Some(item) = words.strip_prefix("- ") {
            if let Some((_, value)) = fields.last_mut() {
                if !value.is_empty() {
                    value.push_str(", ");
                }
                value.push_str(item.trim_matches(['"', '\'']));
            }
        } else if let Some((key, value)) = words.split_once(':') {
            let value = value.trim().trim_matches(['"', '\'', '[', ']']);
            fields.push((key.trim().to_lowercase(), value.to_owned()));
        } else if !words.is_empty() && !words.starts_with('#') && !line.starts_with(' ') {
            return None;
        }
    }
    None
}

/// Turns front matter into what the document says of itself.
pub(super) fn describe(document: &mut Document, fields: &[(String, String)]) {
    for (key, value) in fields.iter().filter(|(_, v)| !v.is_empty()) {
        match key.as_str() {
            "title" => document.title = Some(value.clone()),
            "date" | "published" | "pubdate" | "publishdate" | "revdate" => {
                document.published = dates::parse(value);
            }
            "lastmod" | "updated" | "modified" => document.modified = dates::parse(value),
            "source" | "publisher" | "site" | "organization" | "organisation" => {
                document.source = Some(value.clone());
            }
            "url" | "link" | "canonical" | "canonical_url" | "permalink"
                if value.contains("://") =>
            {
                document.url = Some(value.clone());
            }
            "tlp" | "marking" => document.marking = value.parse().ok(),
            "lang" | "language" => document.language = value.get(..2).map(str::to_lowercase),
            "tags" | "categories" | "keywords" => {
                for tag in value
                    .split(',')
                    .map(|t| t.trim().trim_matches(['"', '\'']))
                    .filter(|t| !t.is_empty())
                {
                    document.properties.push(("tag".to_owned(), tag.to_owned()));
                }
            }
            "author" | "authors" => document.properties.push(("author".to_owned(), value.clone())),
            _ => {}
        }
    }
}
