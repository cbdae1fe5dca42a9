//! JSON, XML and YAML of no known kind, read as text: what stands in strings is prose.

use lapwing_model::{Document, Format, Problem, ProblemKind, Reading, Region, RegionKind, Span};

use super::prose;
use crate::{Input, Item, dates};

/// Whether a text is JSON, or JSON lines.
pub(crate) fn looks_like_json(head: &str, complete: bool) -> bool {
    let body = head.trim_start();
    if !body.starts_with(['{', '[']) {
        return false;
    }
    let first = body.lines().next().unwrap_or("");
    let parses = |text: &str, whole: bool| match serde_json::from_str::<serde::de::IgnoredAny>(text)
    {
        Ok(_) => true,
        Err(error) => (error.is_eof() && !whole) || error.to_string().contains("recursion limit"),
    };
    let next = body[1..].trim_start();
    let inside = next.starts_with(['"', '{', '[', '}', ']'])
        || (body.starts_with('[') && next.starts_with(|c: char| c == '-' || c.is_ascii_digit()));
    // A broken or cut file is still JSON when it begins with keys.
    let keys = body.starts_with('{') && next.starts_with('"') && next.contains("\":")
        || body.starts_with('[') && next.starts_with('{') && next.contains("\":");
    inside && (keys || parses(body, complete) || parses(first, true))
}

/// Whether a text is XML.
pub(crate) fn looks_like_xml(head: &str) -> bool {
    if head.starts_with("<?xml") {
        return true;
    }
    let Some(name) = head.strip_prefix('<') else { return false };
    let name: String = name
        .chars()
        .take_while(|c| c.is_alphanumeric() || matches!(c, ':' | '_' | '-' | '.'))
        .collect();
    !name.is_empty()
        && name.starts_with(|c: char| c.is_alphabetic())
        && (head.contains("xmlns") || head.contains(&format!("</{name}>")) || head.contains("/>"))
}

/// Whether a text is YAML: most lines are keys or items, and few are sentences.
pub(crate) fn looks_like_yaml(head: &str) -> bool {
    let (mut keys, mut items, mut other, mut nested) = (0, 0, 0, 0);
    let mut block: Option<usize> = None;
    for line in head.lines().take(300) {
        let words = line.trim();
        let indent = line.len() - line.trim_start().len();
        if words.is_empty() || words.starts_with('#') || words == "---" || words == "..." {
            continue;
        }
        if block.is_some_and(|at| indent > at) {
            continue;
        }
        block = None;
        let body = words.strip_prefix("- ").unwrap_or(words);
        items += usize::from(body.len() != words.len());
        match yaml_key(body) {
            Some((_, value)) => {
                keys += 1;
                nested += usize::from(value.is_empty() || indent > 0);
                if value.starts_with(['|', '>']) {
                    block = Some(indent);
                }
            }
            None if body.len() != words.len() => {}
            None => other += 1,
        }
    }
    keys >= 2 && nested >= 1 && (keys + items) > other * 4
}

fn yaml_key(line: &str) -> Option<(&str, &str)> {
    let at = line.find(':')?;
    let (key, rest) = (&line[..at], &line[at + 1..]);
    let plain = key.trim_matches(['"', '\'']);
    let fits = !plain.is_empty()
        && plain.len() <= 60
        && plain
            .chars()
            .all(|c| c.is_alphanumeric() || matches!(c, '_' | '-' | '.' | '/' | '$' | '@'));
    (fits && (rest.is_empty() || rest.starts_with(' '))).then(|| (plain, rest.trim()))
}

pub(crate) fn read(input: &Input<'_>, out: &mut dyn FnMut(Item)) {
    let body = input.text.trim_start();
    let (text, regions) = if body.starts_with(['{', '[']) {
        if let Err(error) = first_error(input.text) {
            out(Item::Problem(Problem::partial(
                input.name,
                ProblemKind::Malformed,
                format!("is no valid JSON: {error}; its strings were read"),
            )));
        }
        json(input.text)
    } else if body.starts_with('<') {
        (input.text.to_owned(), xml(input.text))
    } else {
        (input.text.to_owned(), yaml(input.text))
    };
    let mut document = Document::new(input.raw, input.name, Format::Data, text);
    describe(&mut document, &regions);
    let mut reading = Reading::new(document, input.raw.to_vec());
    reading.regions = regions;
    prose::complete(&mut reading);
    out(Item::Reading(Box::new(reading)));
}

/// The first place where the text is no JSON value or sequence of values.
fn first_error(text: &str) -> Result<(), serde_json::Error> {
    for value in serde_json::Deserializer::from_str(text).into_iter::<serde::de::IgnoredAny>() {
        value?;
    }
    Ok(())
}

/// Takes title, date and publisher from keys that name them at the top.
fn describe(document: &mut Document, regions: &[Region]) {
    for region in regions.iter().take(200) {
        let RegionKind::Cell { header: Some(key), .. } = &region.kind else { continue };
        let Some(value) =
            region.span.slice(&document.text).map(|v| v.trim_matches(['"', '\'']).to_owned())
        else {
            continue;
        };
        if value.is_empty() || value.len() > 300 {
            continue;
        }
        // A key of the whole, or of its only part (`report > title`).
        let own = key.rsplit(WITHIN).next().unwrap_or(key).to_ascii_lowercase();
        match own.as_str() {
            "title" | "name" | "headline" if document.title.is_none() => {
                document.title = Some(value);
            }
            "published" | "date" | "publication_date" | "publishdate" | "created"
                if document.published.is_none() =>
            {
                document.published = dates::parse(&value);
            }
            "publisher" | "source" if document.source.is_none() && !value.contains("://") => {
                document.source = Some(value);
            }
            "tlp" if document.marking.is_none() => document.marking = value.parse().ok(),
            _ => {}
        }
    }
}

/// What stands between a key and the one within which it stands, in the head of a cell.
const WITHIN: &str = " > ";

/// A key with the one within which it stands: `iocs > value`.
fn within(parent: Option<&str>, key: Option<&str>) -> Option<String> {
    let key = key?;
    Some(match parent.filter(|parent| *parent != key && parent.len() <= 60) {
        Some(parent) => format!("{parent}{WITHIN}{key}"),
        None => key.to_owned(),
    })
}

/// An object or list of JSON that is open.
struct Level {
    /// The key that it belongs to.
    of: Option<String>,
    /// The row of an object's own values; items of a list have one each.
    row: Option<u32>,
}

/// JSON as lines of `key: value`, strings unescaped: a scan, so that depth costs nothing. What an
/// object says is one row: a hash, its file's name and what kind of value it is stay together.
fn json(source: &str) -> (String, Vec<Region>) {
    let bytes = source.as_bytes();
    let (mut text, mut regions) = (String::with_capacity(source.len()), Vec::new());
    let (mut at, mut key, mut rows) = (0, None::<String>, 0u32);
    let mut levels: Vec<Level> = Vec::new();
    while at < bytes.len() {
        match bytes[at] {
            b'"' => {
                let end = string_end(bytes, at);
                let slice = &source[at..end];
                let said = serde_json::from_str::<String>(slice)
                    .unwrap_or_else(|_| slice.trim_matches('"').to_owned());
                at = end;
                let colon = bytes[at..]
                    .iter()
                    .position(|b| !b.is_ascii_whitespace())
                    .is_some_and(|n| bytes[at + n] == b':');
                if colon {
                    key = Some(said);
                } else {
                    let place = place(&levels, key.as_deref(), &mut rows);
                    line(&mut text, &mut regions, key.as_deref(), &said, place);
                }
            }
            b'0'..=b'9' | b'-' | b't' | b'f' => {
                let end = bytes[at..]
                    .iter()
                    .position(|b| {
                        matches!(b, b',' | b'}' | b']' | b'"' | b':') || b.is_ascii_whitespace()
                    })
                    .map_or(bytes.len(), |n| at + n);
                let place = place(&levels, key.as_deref(), &mut rows);
                let said = source.get(at..end).unwrap_or("");
                line(&mut text, &mut regions, key.as_deref(), said, place);
                at = end.max(at + 1);
            }
            b'{' => {
                let of = key.clone().or_else(|| levels.last()?.of.clone());
                levels.push(Level { of, row: Some(rows) });
                rows += 1;
                at += 1;
            }
            b'[' => {
                let of = key.clone().or_else(|| levels.last()?.of.clone());
                levels.push(Level { of, row: None });
                at += 1;
            }
            b'}' | b']' => {
                if let Some(level) = levels.pop() {
                    key = level.of;
                }
                at += 1;
            }
            _ => at += 1,
        }
        while !source.is_char_boundary(at) {
            at += 1;
        }
    }
    (text, regions)
}

fn string_end(bytes: &[u8], start: usize) -> usize {
    let mut at = start + 1;
    while let Some(step) = bytes.get(at..).and_then(|rest| memchr::memchr2(b'"', b'\\', rest)) {
        at += step;
        if bytes[at] == b'"' {
            return at + 1;
        }
        at += 2;
    }
    bytes.len()
}

/// The row of a value, and the head of its cell.
fn place(levels: &[Level], key: Option<&str>, rows: &mut u32) -> (u32, Option<String>) {
    let level = levels.last();
    let row = level.and_then(|l| l.row).unwrap_or_else(|| {
        *rows += 1;
        *rows - 1
    });
    // The items of a list stand within what the list stands in.
    let outer = match level {
        Some(Level { row: None, .. }) => levels.len().checked_sub(2).and_then(|n| levels.get(n)),
        level => level,
    };
    (row, within(outer.and_then(|l| l.of.as_deref()), key))
}

fn line(
    text: &mut String,
    regions: &mut Vec<Region>,
    key: Option<&str>,
    value: &str,
    (row, header): (u32, Option<String>),
) {
    if let Some(key) = key {
        text.push_str(key);
        text.push_str(": ");
    }
    let start = text.len();
    text.push_str(value);
    let span = Span::new(start, text.len());
    text.push('\n');
    if !span.is_empty() {
        regions.push(Region { span, kind: RegionKind::Cell { row, column: 0, header } });
        regions.push(Region { span, kind: RegionKind::Prose });
    }
}

/// What stands between tags, and in attributes; document types are furniture.
fn xml(text: &str) -> Vec<Region> {
    let mut regions = Vec::new();
    let mut at = 0;
    while at < text.len() {
        let rest = &text[at..];
        if let Some(comment) = rest.strip_prefix("<!--") {
            let end = comment.find("-->").map_or(text.len(), |i| at + i + 7);
            regions.push(Region { span: Span::new(at, end), kind: RegionKind::Prose });
            at = end;
        } else if let Some(raw) = rest.strip_prefix("<![CDATA[") {
            let stop = raw.find("]]>").unwrap_or(raw.len());
            regions
                .push(Region { span: Span::new(at + 9, at + 9 + stop), kind: RegionKind::Prose });
            at = (at + 9 + stop + 3).min(text.len());
        } else if rest.starts_with('<') {
            let end = rest.find('>').map_or(text.len(), |i| at + i + 1);
            let tag = &text[at..end];
            // Names of tags and namespaces say nothing; attributes may.
            let kind = if rest.starts_with("<!") || rest.starts_with("<?") || tag.contains("xmlns")
            {
                RegionKind::Furniture
            } else if tag.contains('=') {
                RegionKind::Code
            } else {
                at = end;
                continue;
            };
            regions.push(Region { span: Span::new(at, end), kind });
            at = end;
        } else {
            let end = rest.find('<').map_or(text.len(), |i| at + i);
            let words = text[at..end].trim();
            if !words.is_empty() {
                let start = at + text[at..end].len() - text[at..end].trim_start().len();
                regions.push(Region {
                    span: Span::new(start, start + words.len()),
                    kind: RegionKind::Prose,
                });
            }
            at = end;
        }
        while !text.is_char_boundary(at) {
            at += 1;
        }
    }
    regions
}

/// The value of each line, with its key as head; comments and block text are prose.
fn yaml(text: &str) -> Vec<Region> {
    let mut regions = Vec::new();
    let (mut at, mut row) = (0, 0u32);
    // The keys within which the line stands, by how far they are set in.
    let mut keys: Vec<(usize, String)> = Vec::new();
    for line in text.split_inclusive('\n') {
        let words = line.trim();
        let lead = line.len() - line.trim_start().len();
        let start = at + lead;
        at += line.len();
        if words.is_empty() || words == "---" {
            continue;
        }
        let dash = words.strip_prefix("- ").map_or(0, |rest| words.len() - rest.trim_start().len());
        let body = &words[dash..];
        let value = if words.starts_with('#') {
            words
        } else if let Some((key, value)) = yaml_key(body) {
            keys.retain(|(set_in, _)| *set_in < lead + dash);
            keys.push((lead + dash, key.to_owned()));
            value
        } else {
            // Items may stand as far in as their key.
            keys.retain(|(set_in, _)| *set_in <= lead);
            body
        };
        if value.is_empty() || matches!(value, "|" | ">" | "|-" | ">-") {
            continue;
        }
        let from = start + (value.as_ptr() as usize - words.as_ptr() as usize);
        let span = Span::new(from, from + value.len());
        if !words.starts_with('#') {
            let key = |n: usize| {
                keys.len().checked_sub(n).and_then(|i| keys.get(i)).map(|(_, key)| key.as_str())
            };
            let header = within(key(2), key(1));
            regions.push(Region { span, kind: RegionKind::Cell { row, column: 0, header } });
            row += 1;
        }
        regions.push(Region { span, kind: RegionKind::Prose });
    }
    regions
}
