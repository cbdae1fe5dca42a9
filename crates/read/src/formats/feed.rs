//! RSS, Atom and JSON feeds: one document per entry.

use std::panic::{AssertUnwindSafe, catch_unwind};

use lapwing_model::{Document, Format, PartialDate, Problem, ProblemKind, Reading};

use super::html::render;
use super::prose;
use crate::{Input, Item, dates};

/// Whether the head of a text is a feed.
pub(crate) fn looks_like(head: &str) -> bool {
    let mut end = head.len().min(4096);
    while !head.is_char_boundary(end) {
        end -= 1;
    }
    let head = &head[..end];
    if head.starts_with('{') {
        return head.contains("jsonfeed.org/version/");
    }
    head.starts_with('<')
        && ((head.contains("<rss") && head.contains("version="))
            || (head.contains("<feed") && head.contains("http://www.w3.org/2005/Atom"))
            || (head.contains("<rdf:RDF") && head.contains("http://purl.org/rss/")))
}

pub(crate) fn read(input: &Input<'_>, out: &mut dyn FnMut(Item)) {
    // Without its document type a feed has no entities to blow up.
    if input.text.contains("<!ENTITY") {
        let problem = Problem::fatal(
            input.name,
            ProblemKind::Limit,
            "declares XML entities, which a feed needs not and a bomb does",
        );
        return out(Item::Problem(problem.hint("remove the document type")));
    }
    let parser = feed_rs::parser::Builder::new().sanitize_content(false).build();
    let parsed = catch_unwind(AssertUnwindSafe(|| parser.parse(input.text.as_bytes())));
    let feed = match parsed {
        Ok(Ok(feed)) => feed,
        Ok(Err(error)) => {
            return out(Item::Problem(Problem::fatal(
                input.name,
                ProblemKind::Malformed,
                format!("cannot be read as a feed: {error}"),
            )));
        }
        Err(_) => {
            return out(Item::Problem(Problem::fatal(
                input.name,
                ProblemKind::Malformed,
                "cannot be read as a feed",
            )));
        }
    };
    let source = feed.title.as_ref().map(|t| plain(&t.content));
    let raws = slices(input.text).filter(|found| found.len() == feed.entries.len());
    if feed.entries.is_empty() {
        out(Item::Problem(Problem::partial(
            input.name,
            ProblemKind::Truncated,
            "the feed has no entries",
        )));
    }
    for (at, entry) in feed.entries.into_iter().enumerate() {
        let title = entry.title.as_ref().map(|t| plain(&t.content));
        let link = entry
            .links
            .iter()
            .find(|l| l.rel.as_deref().is_none_or(|r| r == "alternate"))
            .or(entry.links.first())
            .map(|l| l.href.clone());
        let body = entry
            .content
            .and_then(|c| c.body)
            .or(entry.summary.map(|s| s.content))
            .unwrap_or_default();
        let heading =
            title.as_deref().map(|t| format!("<h1>{}</h1>", escape(t))).unwrap_or_default();
        let rendered = render(&format!("{heading}<div>{body}</div>"), true);
        let raw = match raws.as_ref().and_then(|r| r.get(at)) {
            Some(slice) => slice.as_bytes().to_vec(),
            None => [link.as_deref().unwrap_or(""), title.as_deref().unwrap_or(""), &body]
                .join("\n")
                .into_bytes(),
        };
        let name = format!("{}#{}", input.name, at + 1);
        let mut document = Document::new(&raw, name, Format::Feed, rendered.text);
        document.container = Some(input.name.to_owned());
        document.title = title.filter(|t| !t.is_empty());
        document.url = link;
        document.source.clone_from(&source);
        document.published = entry.published.map(|d| d.to_rfc3339()).and_then(|d| date(&d));
        document.modified = entry.updated.map(|d| d.to_rfc3339()).and_then(|d| date(&d));
        document.published = document.published.or(document.modified);
        document.language =
            feed.language.as_deref().and_then(|l| l.get(..2)).map(str::to_lowercase);
        document.properties.extend(
            entry.authors.into_iter().filter_map(|a| a.name).map(|a| ("author".to_owned(), a)),
        );
        document
            .properties
            .extend(entry.categories.into_iter().map(|c| ("tag".to_owned(), c.term)));
        let mut reading = Reading::new(document, raw);
        reading.regions = rendered.regions;
        prose::complete(&mut reading);
        out(Item::Reading(Box::new(reading)));
    }
}

fn date(text: &str) -> Option<PartialDate> {
    dates::parse(text)
}

/// Text of a title, which may hold markup.
fn plain(text: &str) -> String {
    if text.contains(['<', '&']) {
        render(text, false).text.trim().to_owned()
    } else {
        text.trim().to_owned()
    }
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;")
}

/// The source of each entry: an entry's identity does not hang on its neighbours.
fn slices(text: &str) -> Option<Vec<&str>> {
    let tag = if text.contains("<entry") { "entry" } else { "item" };
    let (open, close) = (format!("<{tag}"), format!("</{tag}>"));
    let mut found = Vec::new();
    let mut from = 0;
    while let Some(start) = text[from..].find(&open).map(|i| i + from) {
        let after = text.as_bytes().get(start + open.len()).copied();
        if !matches!(after, Some(b' ' | b'>' | b'\n' | b'\r' | b'\t')) {
            from = start + open.len();
            continue;
        }
        let end = text[start..].find(&close).map(|i| start + i + close.len())?;
        found.push(&text[start..end]);
        from = end;
    }
    (!found.is_empty()).then_some(found)
}
