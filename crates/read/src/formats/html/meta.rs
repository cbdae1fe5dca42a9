use html5gum::Token;
use lapwing_model::{Document, PartialDate};

use super::tokens;
use crate::dates;

/// What a page says of itself in its head.
#[derive(Default)]
pub(super) struct Page {
    title: Option<String>,
    heading: Option<String>,
    url: Option<String>,
    source: Option<String>,
    author: Option<String>,
    published: Option<PartialDate>,
    modified: Option<PartialDate>,
    language: Option<String>,
    tags: Vec<String>,
}

impl Page {
    /// Writes what is known into the document.
    pub fn describe(self, document: &mut Document) {
        // `Title | Site`: the part behind the last bar names the site.
        let site = self
            .title
            .as_deref()
            .and_then(|t| t.rsplit_once(" | ").or_else(|| t.rsplit_once(" – ")))
            .map(|(_, s)| s.trim().to_owned());
        let plain = self.title.map(|t| match &site {
            Some(site) => t
                .strip_suffix(site.as_str())
                .unwrap_or(&t)
                .trim_end_matches([' ', '|', '–'])
                .to_owned(),
            None => t,
        });
        document.title = self.heading.or(plain).filter(|t| !t.is_empty());
        document.url = self.url;
        document.source = self.source.or(site);
        document.published = self.published;
        document.modified = self.modified;
        document.language = self.language;
        document.properties.extend(self.author.map(|a| ("author".to_owned(), a)));
        document.properties.extend(self.tags.into_iter().map(|t| ("tag".to_owned(), t)));
    }

    /// The title of the article.
    pub fn title(&self) -> Option<&str> {
        self.heading.as_deref().filter(|t| !t.is_empty())
    }

    fn meta(&mut self, key: &str, value: String) {
        match key {
            "og:title" | "twitter:title" | "dc.title" => keep(&mut self.heading, value),
            "og:site_name" | "dc.publisher" | "publisher" | "application-name" => {
                keep(&mut self.source, value);
            }
            "og:url" if value.contains("://") => keep(&mut self.url, value),
            "article:published_time"
            | "date"
            | "dc.date"
            | "dcterms.created"
            | "datepublished"
            | "publish-date"
            | "parsely-pub-date"
            | "sailthru.date"
            | "pubdate"
            | "publishdate"
            | "dc.date.issued" => self.published = self.published.or(dates::parse(&value)),
            "article:modified_time" | "og:updated_time" | "last-modified" | "datemodified" => {
                self.modified = self.modified.or(dates::parse(&value));
            }
            "author" | "article:author" | "dc.creator" if !value.contains("://") => {
                keep(&mut self.author, value);
            }
            "article:tag" => self.tags.push(value),
            "keywords" => self.tags.extend(
                value.split(',').map(|t| t.trim().to_owned()).filter(|t| !t.is_empty()).take(30),
            ),
            _ => {}
        }
    }

    /// JSON-LD of schema.org: articles and what wraps them.
    fn linked_data(&mut self, json: &serde_json::Value, depth: usize) {
        use serde_json::Value;
        if depth > 4 {
            return;
        }
        match json {
            Value::Array(all) => all.iter().for_each(|one| self.linked_data(one, depth + 1)),
            Value::Object(fields) => {
                if let Some(graph) = fields.get("@graph") {
                    self.linked_data(graph, depth + 1);
                }
                let text = |key: &str| fields.get(key).and_then(Value::as_str).map(str::to_owned);
                let name = |key: &str| {
                    fields
                        .get(key)
                        .and_then(|v| v.get("name"))
                        .and_then(Value::as_str)
                        .map(str::to_owned)
                };
                let kind = fields.get("@type").map(ToString::to_string).unwrap_or_default();
                if !["Article", "Posting", "Report", "WebPage"].iter().any(|k| kind.contains(k)) {
                    return;
                }
                self.published =
                    self.published.or(text("datePublished").and_then(|d| dates::parse(&d)));
                self.modified =
                    self.modified.or(text("dateModified").and_then(|d| dates::parse(&d)));
                self.source = self.source.take().or(name("publisher"));
                self.author = self.author.take().or(name("author"));
                self.heading = self.heading.take().or(text("headline"));
            }
            _ => {}
        }
    }
}

/// The first value stays.
fn keep(field: &mut Option<String>, value: String) {
    field.get_or_insert(value);
}

#[derive(Clone, Copy, PartialEq)]
enum Inside {
    Title,
    Heading,
    Json,
}

/// Reads title, `meta`, `link rel=canonical`, JSON-LD and the first heading and `time`.
pub(super) fn read(html: &str) -> Page {
    let mut page = Page::default();
    let (mut inside, mut words) = (None, String::new());
    let (mut first_heading, mut time) = (None, None);
    for Ok(token) in tokens(html) {
        match token {
            Token::StartTag(tag) => {
                let get = |name: &[u8]| {
                    tag.attributes
                        .iter()
                        .find(|(k, _)| k.0 == name)
                        .map(|(_, v)| String::from_utf8_lossy(&v.value.0).trim().to_owned())
                };
                match tag.name.0.as_slice() {
                    b"html" => {
                        page.language =
                            get(b"lang").and_then(|l| l.get(..2).map(str::to_lowercase));
                    }
                    b"title" if page.title.is_none() => inside = Some(Inside::Title),
                    b"h1" if first_heading.is_none() => inside = Some(Inside::Heading),
                    b"script" if get(b"type").is_some_and(|t| t.contains("ld+json")) => {
                        inside = Some(Inside::Json);
                    }
                    b"meta" => {
                        let key =
                            get(b"property").or_else(|| get(b"name")).or_else(|| get(b"itemprop"));
                        if let (Some(key), Some(value)) =
                            (key, get(b"content").filter(|v| !v.is_empty()))
                        {
                            page.meta(&key.to_ascii_lowercase(), value);
                        }
                    }
                    b"link" if get(b"rel").is_some_and(|r| r.eq_ignore_ascii_case("canonical")) => {
                        page.url = get(b"href").filter(|h| h.contains("://")).or(page.url.take());
                    }
                    b"time" if time.is_none() => {
                        time = get(b"datetime").and_then(|d| dates::parse(&d));
                    }
                    _ => continue,
                }
                if inside.is_some() {
                    words.clear();
                }
            }
            Token::String(text) if inside.is_some() && words.len() < (1 << 20) => {
                words.push_str(&String::from_utf8_lossy(&text.value));
            }
            Token::EndTag(tag) => {
                let said = words.split_whitespace().collect::<Vec<_>>().join(" ");
                match (inside, tag.name.0.as_slice()) {
                    (Some(Inside::Title), b"title") => page.title = Some(said),
                    (Some(Inside::Heading), b"h1") => first_heading = Some(said),
                    (Some(Inside::Json), b"script") => {
                        if let Ok(json) = serde_json::from_str(&words) {
                            page.linked_data(&json, 0);
                        }
                    }
                    _ => continue,
                }
                inside = None;
            }
            _ => {}
        }
    }
    page.heading = page.heading.or(first_heading.filter(|h| !h.is_empty()));
    page.published = page.published.or(time);
    page
}
