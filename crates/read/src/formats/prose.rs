//! What all readers of articles do at the end: furniture, references, date, marking, lineage.

use lapwing_model::{Format, Marking, Reading, Region, RegionKind, Span};

use crate::{dates, lineage};

/// Headings and lines behind which a page speaks of other things.
const TAIL: &[&str] = &[
    "recommended reading",
    "recommended for you",
    "recommended articles",
    "recommended",
    "related posts",
    "related articles",
    "related stories",
    "related content",
    "related news",
    "related",
    "you may also like",
    "you might also like",
    "more from",
    "more stories",
    "more news",
    "latest news",
    "latest posts",
    "latest articles",
    "popular posts",
    "popular articles",
    "most read",
    "most popular",
    "read next",
    "up next",
    "trending",
    "leave a comment",
    "leave a reply",
    "post a comment",
    "comments",
    "about the author",
    "about author",
    "subscribe",
    "newsletter",
    "sign up",
    "other insights",
    "editors choice",
    "sponsored content",
    "recent posts",
    "recent articles",
    "follow us",
    "stay connected",
    "categories",
    "see also our",
    "read more",
    "further news",
    "dont miss",
];

/// Single lines that are buttons and notices of a page.
const BUTTONS: &[&str] = &[
    "back to top",
    "back to top button",
    "share this",
    "share",
    "share this article",
    "share this post",
    "print",
    "print this page",
    "view complete biography",
    "view full bio",
    "accept cookies",
    "accept all cookies",
    "cookie settings",
    "skip to content",
    "skip to main content",
    "advertisement",
    "subscribe",
    "subscribe now",
    "sign up",
    "log in",
    "login",
    "menu",
    "search",
    "share on facebook",
    "share on twitter",
    "tweet",
    "copy link",
    "follow",
    "all rights reserved",
    "loading",
    "click to share",
    "join the conversation",
    "next post",
    "previous post",
    "show more",
    "read more",
];

/// Headings of cited literature.
const REFERENCES: &[&str] = &[
    "references",
    "reference",
    "sources",
    "source",
    "further reading",
    "external links",
    "bibliography",
    "footnotes",
    "citations",
    "literature",
    "additional resources",
    "resources",
    "additional references",
    "works cited",
    "see also",
    "links",
];

/// Completes an article: call it when text, title and regions stand.
pub(super) fn complete(reading: &mut Reading) {
    let mut extra = furniture(reading);
    extra.extend(references(reading));
    reading.regions.extend(extra);
    reading.regions.sort_by_key(|r| (r.span.start, std::cmp::Reverse(r.span.end)));
    let document = &mut reading.document;
    if document.published.is_none() {
        document.published = published(&document.text);
    }
    if document.marking.is_none() {
        document.marking = marking(&document.text);
    }
    document.lineage = lineage::find(document, &reading.regions);
}

/// Words in lower case, without punctuation.
fn plain(text: &str) -> String {
    let kept: String = text.chars().filter(|c| c.is_alphanumeric() || c.is_whitespace()).collect();
    kept.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase()
}

fn short(text: &str) -> Option<String> {
    (text.len() <= 80).then(|| plain(text)).filter(|words| !words.is_empty())
}

fn is_block(kind: &RegionKind) -> bool {
    matches!(
        kind,
        RegionKind::Heading { .. } | RegionKind::Prose | RegionKind::ListItem | RegionKind::Quote
    )
}

fn furniture(reading: &Reading) -> Vec<Region> {
    let text = reading.document.text.as_str();
    let mut found = Vec::new();
    let mut covered = 0;
    for (at, region) in reading.regions.iter().enumerate() {
        if region.span.start < covered || !is_block(&region.kind) {
            continue;
        }
        let Some(words) = region.span.slice(text).and_then(short) else { continue };
        let late = region.span.start as usize * 5 > text.len() * 2;
        let span = if late
            && TAIL.iter().any(|t| {
                words == *t
                    || (words.starts_with(t) && words.len() < t.len() + 24 && t.contains(' '))
            }) {
            let rest = &reading.regions[at..];
            let plain = reading.document.format == Format::Text && words.contains(' ');
            let end = if plain { tail_end(rest, text) } else { section_end(rest, text.len()) };
            Span::new(region.span.start as usize, end)
        } else if BUTTONS.contains(&words.as_str()) {
            region.span
        } else {
            continue;
        };
        covered = span.end;
        found.push(Region { span, kind: RegionKind::Furniture });
    }
    found
}

/// Where the section that begins with the first region ends: the next heading of its level or
/// above that opens no furniture. A line that is no heading runs to the next heading.
fn section_end(regions: &[Region], end: usize) -> usize {
    let level = match regions.first().map(|r| &r.kind) {
        Some(RegionKind::Heading { level }) => *level,
        _ => 6,
    };
    let next = regions.iter().skip(1).find(|r| matches!(r.kind, RegionKind::Heading { level: l } if l < level || (l == level && level < 6)));
    next.map_or(end, |r| r.span.start as usize)
}

/// In plain text every short line looks like a heading: the tail runs to the end, or to a
/// heading that no page puts around an article.
fn tail_end(regions: &[Region], text: &str) -> usize {
    let substance = [
        "indicator",
        "ioc",
        "appendix",
        "detection",
        "mitigation",
        "reference",
        "conclusion",
        "timeline",
        "technical",
    ];
    let next = regions.iter().skip(1).find(|r| {
        let words = r.span.slice(text).and_then(short).unwrap_or_default();
        matches!(r.kind, RegionKind::Heading { .. })
            && substance.iter().any(|s| words.split(' ').any(|w| w.starts_with(s)))
    });
    next.map_or(text.len(), |r| r.span.start as usize)
}

fn references(reading: &Reading) -> Vec<Region> {
    let text = reading.document.text.as_str();
    let mut found = Vec::new();
    for (at, region) in reading.regions.iter().enumerate() {
        if !matches!(region.kind, RegionKind::Heading { .. }) {
            continue;
        }
        let Some(words) = region.span.slice(text).and_then(short) else { continue };
        if REFERENCES.contains(&words.trim_start_matches(|c: char| c.is_numeric() || c == ' ')) {
            let end = section_end(&reading.regions[at..], text.len());
            found.push(Region {
                span: Span::new(region.span.start as usize, end),
                kind: RegionKind::References,
            });
        }
    }
    found
}

/// A date that stands clearly at the top: on a line of its own, behind `Published:`, in a byline.
fn published(text: &str) -> Option<lapwing_model::PartialDate> {
    let mut end = text.len().min(2000);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text[..end].lines().filter(|line| line.len() <= 120).find_map(|line| {
        let line = line.trim().trim_matches(['*', '_', '#', '>', '(', ')', '[', ']', ' ']);
        line.split(['|', '·', '•', '—', '–']).chain([line]).find_map(|piece| {
            let lower = piece.trim().to_lowercase();
            let labels = [
                "published on",
                "published",
                "posted on",
                "posted",
                "date",
                "released",
                "release date",
                "original release date",
                "publication date",
                "updated",
                "by",
            ];
            let label = labels.iter().find(|l| lower.starts_with(**l));
            let rest = match label {
                Some(l) => {
                    piece.trim().get(l.len()..)?.trim_start_matches([':', '*', ' ', '\u{a0}'])
                }
                None => piece.trim(),
            };
            let rest = if label == Some(&"by") {
                rest.split_once([',', '-']).map_or("", |(_, r)| r.trim())
            } else {
                rest
            };
            // Who wrote it, or when on that day, may stand behind the date.
            let ends = [" by ", " at ", " in ", " (", " // ", " - "];
            let behind = ends.iter().filter_map(|end| rest.find(end)).min();
            let dated = behind.filter(|at| *at >= 8).and_then(|at| rest.get(..at)).unwrap_or(rest);
            let rest = if label.is_some() { dated.trim_end_matches([',', ' ']) } else { rest };
            // Without a label nothing but the date may stand there.
            let numbers = rest.bytes().filter(u8::is_ascii_digit).count();
            let words = rest.split_whitespace().count();
            (numbers >= 5 && words <= 6)
                .then(|| dates::parse(rest))
                .flatten()
                .filter(|d| d.day().is_some())
        })
    })
}

/// A Traffic Light marking near the top.
pub(super) fn marking(text: &str) -> Option<Marking> {
    let mut end = text.len().min(4000);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    let head = text[..end].to_ascii_uppercase();
    let at = head.find("TLP:").or_else(|| head.find("TLP "))?;
    let rest = head[at + 4..].trim_start();
    let word: String = rest.chars().take_while(|c| c.is_ascii_alphabetic() || *c == '+').collect();
    word.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_date_at_the_top_is_the_day_of_publication() {
        for text in [
            "# Heron\n\n*Published 14 June 2024 by Marsh Research*\n",
            "Published on June 14, 2024 at 09:30\n",
            "By Ada Marsh, 14 June 2024\n",
            "2024-06-14\n",
        ] {
            assert_eq!(
                published(text).map(|d| d.to_string()).as_deref(),
                Some("2024-06-14"),
                "{text}"
            );
        }
        for text in ["We saw it on 14 June 2024 in Rome\n", "Published by Marsh\n", ""] {
            assert_eq!(published(text), None, "{text}");
        }
    }
}
