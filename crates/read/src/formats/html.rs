//! HTML: the article without the page around it. The document's text is the extracted text.

mod frames;
mod grid;
mod meta;
mod render;

use std::collections::HashSet;
use std::panic::{AssertUnwindSafe, catch_unwind};

use dom_smoothie::{Config, Readability};
use html5gum::{DefaultEmitter, Token, Tokenizer};
use lapwing_model::{Document, Format, Kind, Reading, Region, RegionKind, Span};

use super::prose;
use crate::{Input, Item, value};

use render::Rendered;
pub(super) use render::render;

/// Pages beyond this are rendered whole: choosing the article walks a tree many times.
const ARTICLE_BYTES: usize = 8 << 20;
const ARTICLE_TAGS: usize = 60_000;
const ARTICLE_DEPTH: usize = 250;
/// An article shorter than this was not found.
const ARTICLE_TEXT: usize = 200;

/// Whether the head of a text is a page of HTML.
pub(crate) fn looks_like(head: &str) -> bool {
    let mut end = head.len().min(16 << 10);
    while !head.is_char_boundary(end) {
        end -= 1;
    }
    let lower = head[..end].to_ascii_lowercase();
    if lower.starts_with("<!doctype html") || lower.starts_with("<html") {
        return true;
    }
    if lower.starts_with("<?xml") {
        return lower.contains("<html");
    }
    let tags = [
        "<html", "<body", "<head>", "<div", "<p>", "<table", "<br", "<article", "<h1", "<h2",
        "<span", "<ul>", "</a>",
    ];
    lower.starts_with('<') && tags.iter().filter(|t| lower.contains(**t)).count() >= 2
        || tags.iter().filter(|t| lower.contains(**t)).count() >= 5
}

pub(crate) fn read(input: &Input<'_>, out: &mut dyn FnMut(Item)) {
    let html = input.text;
    let page = meta::read(html);
    let whole = render(html, false);
    let mut rendered = match article(html) {
        Some(article) => {
            // The choice of the article drops its title.
            let mut told = Told::default();
            told.add(&render(&article, true).text);
            let title = page
                .title()
                .filter(|t| !told.has(t))
                .map(|t| t.replace('&', "&amp;").replace('<', "&lt;"));
            let heading = title.map(|t| format!("<h1>{t}</h1>")).unwrap_or_default();
            render(&format!("{heading}{article}\n{}", lost(html, told)), true)
        }
        None => render(html, true),
    };
    // A page that is wrapped in what looks like its frame is read with it.
    if rendered.text.len() * 8 < whole.text.len() && rendered.text.len() < ARTICLE_TEXT {
        rendered = whole.clone();
    }
    let mut document = Document::new(input.raw, input.name, Format::Html, rendered.text);
    page.describe(&mut document);
    let mut reading = Reading::new(document, input.raw.to_vec());
    reading.regions = rendered.regions;
    prose::complete(&mut reading);
    surround(&mut reading, &whole);
    out(Item::Reading(Box::new(reading)));
}

/// Writes what stands around the article behind it, marked as furniture: nothing is lost.
fn surround(reading: &mut Reading, whole: &Rendered) {
    let mut told = Told::default();
    told.add(&reading.document.text);
    let text = &mut reading.document.text;
    let begin = text.len();
    let links: Vec<&Region> =
        whole.regions.iter().filter(|r| matches!(r.kind, RegionKind::Link { .. })).collect();
    let (mut next, mut covered) = (0, 0);
    for region in &whole.regions {
        let is_part =
            !matches!(region.kind, RegionKind::Link { .. }) && region.span.start >= covered;
        let Some(words) = region.span.slice(&whole.text).filter(|_| is_part) else { continue };
        covered = region.span.end;
        if told.has(words) {
            continue;
        }
        told.add(words);
        if text.len() == begin {
            text.push('\n');
        }
        let start = text.len();
        text.push_str(words);
        let span = Span::new(start, text.len());
        reading.regions.push(Region { span, kind: RegionKind::Furniture });
        while links.get(next).is_some_and(|l| l.span.start < region.span.start) {
            next += 1;
        }
        while let Some(link) = links.get(next).filter(|l| l.span.end <= region.span.end) {
            let from = start + (link.span.start - region.span.start) as usize;
            let span = Span::new(from, from + link.span.len());
            reading.regions.push(Region { span, kind: link.kind.clone() });
            next += 1;
        }
        text.push('\n');
    }
}

/// Texts that were written, by the letters of their lines.
#[derive(Default)]
struct Told(HashSet<String>);

impl Told {
    fn add(&mut self, text: &str) {
        self.0.extend(text.split(['\n', '\t']).map(squash));
    }

    fn has(&self, text: &str) -> bool {
        text.split(['\n', '\t']).map(squash).all(|line| line.is_empty() || self.0.contains(&line))
    }
}

type Tokens<'h> = Tokenizer<html5gum::StringReader<'h>, DefaultEmitter<usize>>;

fn tokens(html: &str) -> Tokens<'_> {
    let mut emitter = DefaultEmitter::<usize>::new_with_span();
    emitter.naively_switch_states(true);
    Tokenizer::new_with_emitter(html, emitter)
}

/// The article as HTML; `None` when the page is no article, or too deep or large to judge.
fn article(html: &str) -> Option<String> {
    if html.len() > ARTICLE_BYTES {
        return None;
    }
    let (mut tags, mut depth) = (0usize, 0usize);
    for Ok(token) in tokens(html) {
        match token {
            Token::StartTag(tag) if !tag.self_closing && !frames::is_void(&tag.name) => {
                tags += 1;
                depth += 1;
            }
            Token::EndTag(_) => depth = depth.saturating_sub(1),
            _ => {}
        }
        if tags > ARTICLE_TAGS || depth > ARTICLE_DEPTH {
            return None;
        }
    }
    let parse = || {
        // Classes tell boxes and code tables from the text.
        let config =
            Config { max_elements_to_parse: ARTICLE_TAGS, keep_classes: true, ..Config::default() };
        let article = Readability::new(html, None, Some(config)).ok()?.parse().ok()?;
        Some((article.content.to_string(), article.text_content.trim().len()))
    };
    // A foreign parser's panic costs this article, not the run.
    let (content, length) = catch_unwind(AssertUnwindSafe(parse)).ok().flatten()?;
    (length >= ARTICLE_TEXT).then_some(content)
}

/// Tables, lists, code and paragraphs with indicators that the choice of the article dropped.
fn lost(html: &str, mut told: Told) -> String {
    let mut found = String::new();
    for chunk in render::chunks(html) {
        let Some(source) = html.get(chunk) else { continue };
        let text = render(source, true).text;
        // No menu is written in a typewriter's face: there any value tells.
        let verbatim = source.starts_with("<pre") || source.starts_with("<textarea");
        let telling = text
            .split(|c: char| c.is_whitespace() || c == ',')
            .any(|t| is_telling(t) || (verbatim && value::classify(t).is_some()));
        if telling && !told.has(&text) {
            told.add(&text);
            found.push_str(source);
            found.push('\n');
        }
    }
    found
}

/// Whether a token is a value that no navigation holds: a hash, an address, a defanged name.
fn is_telling(token: &str) -> bool {
    let defanged = token.contains("[.")
        || token.contains(".]")
        || token.contains("(.)")
        || token.starts_with("hxxp")
        || token.starts_with("hXXp");
    token.len() >= 7
        && value::classify(token).is_some_and(|e| {
            defanged || e.kind.is_file_hash() || matches!(e.kind, Kind::Ipv4Addr | Kind::Ipv6Addr)
        })
}

fn squash(text: &str) -> String {
    text.chars().filter(|c| c.is_alphanumeric()).collect()
}
