//! RSS, Atom and JSON feeds: one document per entry.

use std::ops::Range;
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

/// A feed and its entries, from its text; whatever encoding its declaration names, the text is
/// decoded already. Foreign code that panics is an error like any other.
///
/// # Errors
/// A sentence that says what is wrong with it.
pub fn parse_feed(text: &str) -> Result<feed_rs::model::Feed, String> {
    let body = without_declaration(text);
    if declares_entities(body) {
        return Err("declares XML entities, which a feed needs not and a bomb does".to_owned());
    }
    let parser = feed_rs::parser::Builder::new().sanitize_content(false).build();
    match catch_unwind(AssertUnwindSafe(|| parser.parse(body.as_bytes()))) {
        Ok(Ok(feed)) => Ok(feed),
        Ok(Err(error)) => Err(format!("cannot be read as RSS, Atom or JSON feed: {error}")),
        Err(_) => Err("cannot be read as RSS, Atom or JSON feed".to_owned()),
    }
}

/// The text behind its XML declaration, whose encoding was that of the bytes.
fn without_declaration(text: &str) -> &str {
    let body = text.trim_start();
    match body.strip_prefix("<?xml").and_then(|rest| rest.split_once("?>")) {
        Some((_, rest)) => rest.trim_start(),
        None => body,
    }
}

/// Whether a document type in front of the first element declares entities. What an article quotes
/// of one, in its text, declares nothing.
fn declares_entities(body: &str) -> bool {
    let mut rest = body;
    loop {
        rest = rest.trim_start();
        let after = if let Some(comment) = rest.strip_prefix("<!--") {
            comment.split_once("-->")
        } else if let Some(instruction) = rest.strip_prefix("<?") {
            instruction.split_once("?>")
        } else if rest.starts_with("<!") {
            let end = rest.find('>').unwrap_or(rest.len());
            // The part in brackets ends at its own bracket.
            let declared = match rest[..end].find('[') {
                Some(_) => rest.split_once("]>").unwrap_or((rest, "")),
                None => rest.split_once('>').unwrap_or((rest, "")),
            };
            if declared.0.to_ascii_uppercase().contains("<!ENTITY") {
                return true;
            }
            Some(declared)
        } else {
            None
        };
        match after {
            Some((_, after)) => rest = after,
            None => return false,
        }
    }
}

pub(crate) fn read(input: &Input<'_>, out: &mut dyn FnMut(Item)) {
    let feed = match parse_feed(input.text) {
        Ok(feed) => feed,
        Err(why) if declares_entities(without_declaration(input.text)) => {
            let problem = Problem::fatal(input.name, ProblemKind::Limit, why);
            return out(Item::Problem(problem.hint("remove the document type")));
        }
        Err(why) => {
            let problem = Problem::fatal(input.name, ProblemKind::Malformed, why);
            return out(Item::Problem(problem));
        }
    };
    let source = feed.title.as_ref().map(|t| plain(&t.content));
    let raws = feed_entries(input.text).filter(|found| found.len() == feed.entries.len());
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
            Some(span) => input.text[span.clone()].as_bytes().to_vec(),
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

/// Where each entry stands in the text of a feed: an entry's identity does not hang on its
/// neighbours. `None` where they cannot be told apart, as in JSON.
#[must_use]
pub fn feed_entries(text: &str) -> Option<Vec<Range<usize>>> {
    let tag = if text.contains("<entry") { "entry" } else { "item" };
    let (open, close) = (format!("<{tag}"), format!("</{tag}>"));
    let mut found = Vec::new();
    let mut from = 0;
    while let Some(start) = text[from..].find(&open).map(|at| at + from) {
        let after = text.as_bytes().get(start + open.len()).copied();
        if !matches!(after, Some(b' ' | b'>' | b'\n' | b'\r' | b'\t')) {
            from = start + open.len();
            continue;
        }
        let end = text[start..].find(&close).map(|at| start + at + close.len())?;
        found.push(start..end);
        from = end;
    }
    (!found.is_empty()).then_some(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn feed(before: &str, text: &str) -> String {
        format!(
            "{before}<rss version=\"2.0\"><channel><title>Цапля</title><item><title>Над болотом</title>\
             <description>{text}</description></item></channel></rss>"
        )
    }

    #[test]
    fn a_feed_is_read_in_the_encoding_of_its_bytes() {
        for (label, declared) in
            [("windows-1251", "windows-1251"), ("koi8-r", "koi8-r"), ("utf-16le", "utf-16")]
        {
            let text = feed(
                &format!("<?xml version=\"1.0\" encoding=\"{declared}\"?>\n"),
                "Сервер управления 192.0.2.7, эксплойт опубликован",
            );
            let bytes = match label {
                "utf-16le" => text.encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<_>>(),
                label => {
                    let encoding = encoding_rs::Encoding::for_label(label.as_bytes()).unwrap();
                    encoding.encode(&text).0.into_owned()
                }
            };
            let mut read = Vec::new();
            crate::read_bytes(
                "feed.xml",
                &bytes,
                &crate::Options::default(),
                &mut |item| match item {
                    Item::Reading(reading) => read.push(reading.document),
                    Item::Problem(problem) => panic!("{label}: {problem:?}"),
                },
            );
            assert_eq!(read.len(), 1, "{label}");
            assert_eq!(read[0].title.as_deref(), Some("Над болотом"), "{label}");
            assert_eq!(read[0].source.as_deref(), Some("Цапля"), "{label}");
            assert!(read[0].text.contains("эксплойт опубликован"), "{label}: {}", read[0].text);
        }
    }

    #[test]
    fn only_a_document_type_declares_entities() {
        let quoted = "<![CDATA[An attack by XML: <!DOCTYPE a [<!ENTITY b \"c\">]>]]>";
        let read = parse_feed(&feed("<?xml version=\"1.0\"?>", quoted)).unwrap();
        assert_eq!(read.entries.len(), 1);
        for before in [
            "<!DOCTYPE x [<!ENTITY a \"b\">]>",
            "<?xml version=\"1.0\"?><!-- <rss> --><!DOCTYPE x [<!ELEMENT y ANY><!ENTITY a \"b\">]>",
            "<?xml version=\"1.0\"?>\n<?a b?>\n<!doctype x [<!entity a \"]>\">]>",
        ] {
            assert!(parse_feed(&feed(before, "x")).is_err(), "{before}");
        }
        let plain = feed("<!DOCTYPE rss PUBLIC \"a\" \"b.dtd\">", "x");
        assert_eq!(parse_feed(&plain).unwrap().entries.len(), 1);
    }
}
