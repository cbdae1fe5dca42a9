//! MISP events rendered as Markdown (`# Threat Report: DATE: TITLE`).
//!
//! The page itself is the text. An attribute is a line `* type: value — comment`; its value may run
//! over several lines. Values that were scrubbed (`<sha256>`) are gaps.

use std::collections::BTreeMap;

use lapwing_model::{
    Entity, Format, Gap, GapKind, Kind, Lineage, LineageKind, Marking, PartialDate, Reading,
    Region, RegionKind, Relation, Role, Span,
};

use super::misp_tags::{self, Tag};
use super::misp_types::{self, Attribute};
use super::sheet::Sheet;
use super::value;
use crate::{Input, Item};

const TITLE: &str = "# Threat Report:";

/// Whether the text is a rendered event.
pub(crate) fn recognises(_name: &str, head: &str) -> bool {
    let head = head.trim_start();
    head.starts_with(TITLE)
        && (head.contains("\n## Key Intelligence")
            || head.contains("\n## Indicators of Compromise"))
}

/// Reads the one event of the page.
pub(crate) fn read(input: &Input<'_>, out: &mut dyn FnMut(Item)) {
    let mut page = Page::new(input.text);
    page.read();
    out(Item::Reading(Box::new(page.finish(input))));
}

/// A line that begins something, with the bytes that belong to it.
enum Line {
    Heading { level: u8, start: usize, end: usize },
    Item { start: usize, end: usize },
    Rule { start: usize, end: usize },
}

struct Page<'a> {
    text: &'a str,
    sheet: Sheet,
    report: Entity,
    title: Option<String>,
    date: Option<PartialDate>,
    marking: Option<Marking>,
    properties: Vec<(String, String)>,
    category: &'a str,
    object: Option<&'a str>,
    in_objects: bool,
    in_meta: bool,
    /// What the current object names.
    told: Vec<(Entity, Span)>,
    /// Per scrubbed type: how many, where the first stands; and how many of the type are shown.
    redacted: BTreeMap<String, (u64, Span)>,
    shown: BTreeMap<String, u64>,
    links: Vec<(String, Span)>,
    imported: bool,
    tagged: Vec<Entity>,
}

impl<'a> Page<'a> {
    fn new(text: &'a str) -> Self {
        let sheet = Sheet { text: text.to_owned(), ..Sheet::default() };
        Self {
            text,
            sheet,
            report: Entity::new(Kind::Report, ""),
            title: None,
            date: None,
            marking: None,
            properties: Vec::new(),
            category: "",
            object: None,
            in_objects: false,
            in_meta: false,
            told: Vec::new(),
            redacted: BTreeMap::new(),
            shown: BTreeMap::new(),
            links: Vec::new(),
            imported: false,
            tagged: Vec::new(),
        }
    }

    fn read(&mut self) {
        for line in lines(self.text) {
            match line {
                Line::Heading { level, start, end } => self.heading(level, start, end),
                Line::Item { start, end } if self.in_meta => self.meta(start, end),
                Line::Item { start, end } => self.attribute(start, end),
                Line::Rule { start, end } => {
                    self.region(Span::new(start, end), RegionKind::Furniture)
                }
            }
        }
        self.close_object();
        self.indicates();
        for (kind, (count, span)) in std::mem::take(&mut self.redacted) {
            let known = match value::hash_kind(&kind) {
                Some(known) => (known.as_str().to_owned(), Some(known)),
                None => match misp_types::parts(&kind, "x").first().map(|part| part.entity.kind) {
                    Some(Kind::Other) | None => (kind.clone(), None),
                    Some(known) => (known.as_str().to_owned(), Some(known)),
                },
            };
            let shown = Some(self.shown.get(&kind).copied().unwrap_or(0));
            self.sheet.gaps.push(Gap {
                kind: GapKind::Redacted,
                what: known.0,
                entity_kind: known.1,
                count: Some(count),
                shown,
                span,
            });
        }
    }

    fn heading(&mut self, level: u8, start: usize, end: usize) {
        let words = self.text[start..end].trim();
        let lead = start + (self.text[start..end].len() - self.text[start..end].trim_start().len());
        let span = Span::new(lead, lead + words.len());
        self.region(span, RegionKind::Heading { level });
        self.region(span, RegionKind::Declared);
        match level {
            1 => self.name(words),
            2 => {
                self.close_object();
                self.in_meta = words.eq_ignore_ascii_case("key intelligence");
                self.in_objects = words.eq_ignore_ascii_case("objects");
                self.category = "";
            }
            _ if self.in_objects => {
                self.close_object();
                let name = words.split(" — ").next().unwrap_or(words).trim();
                self.imported |= matches!(name, "original-imported-file" | "report");
                self.object = Some(name);
            }
            _ => {
                self.in_meta = false;
                self.category = words;
            }
        }
    }

    /// `Threat Report: DATE: TITLE`.
    fn name(&mut self, words: &str) {
        if self.title.is_some() {
            return;
        }
        let rest = words.strip_prefix("Threat Report:").unwrap_or(words).trim();
        let title = match rest.split_once(": ") {
            Some((date, title)) if date.parse::<PartialDate>().is_ok() => {
                self.date = date.parse().ok();
                title.trim()
            }
            _ => rest,
        };
        self.report = Entity::new(Kind::Report, title);
        self.title = Some(title.to_owned());
    }

    fn meta(&mut self, start: usize, end: usize) {
        self.region(Span::new(start, end), RegionKind::Declared);
        let Some((name, value, at)) = name_and_value(self.text, start, end) else { return };
        match name.to_ascii_lowercase().as_str() {
            "date" => self.date = value.parse().ok().or(self.date),
            "threat level" => self.properties.push(("threat-level".into(), value.to_owned())),
            "tags" => self.tags(value, at),
            other => self.properties.push((other.replace(' ', "-"), value.to_owned())),
        }
    }

    /// What the tags say of how sure the event is, for its indicators.
    fn stated(&mut self) {
        let tags: Vec<String> = self
            .properties
            .iter()
            .filter(|(name, _)| name == "tag")
            .map(|(_, tag)| tag.clone())
            .collect();
        for tag in tags {
            if let Some(stated) = misp_tags::stated(&tag) {
                self.sheet.state(0, stated, &tag);
            }
        }
    }

    fn tags(&mut self, line: &str, at: usize) {
        for (from, tag) in misp_tags::split(line) {
            self.properties.push(("tag".into(), tag.to_owned()));
            match misp_tags::read(tag) {
                Tag::Marking(marking) => {
                    self.marking = Some(self.marking.map_or(marking, |known| known.join(marking)));
                }
                Tag::Entity(entity) => {
                    let span = Span::new(at + from, at + from + tag.len());
                    let report = self.report.clone();
                    self.sheet.mention("misp:tag", entity.clone(), Role::Subject, span);
                    self.sheet.tell("misp:tag", report, Relation::About, entity.clone(), span);
                    self.tagged.push(entity);
                }
                Tag::Plain => {}
            }
        }
    }

    fn attribute(&mut self, start: usize, end: usize) {
        let (category, from) = match self.text[start..end].strip_prefix('[') {
            Some(rest) => match rest.find(']') {
                Some(close) => (&rest[..close], start + close + 2),
                None => (self.category, start),
            },
            None => (self.category, start),
        };
        let Some((kind, rest, at)) = name_and_value(self.text, from, end) else {
            self.region(Span::new(start, end), RegionKind::ListItem);
            return;
        };
        if let Some(placeholder) = placeholder(rest) {
            let span = Span::new(at, at + rest.len());
            self.redacted.entry(placeholder).or_insert((0, span)).0 += 1;
            self.region(Span::new(start, end), RegionKind::Declared);
            return;
        }
        let prose = misp_types::is_prose(kind);
        let (value, comment) = value_and_comment(rest);
        let span = Span::new(at, at + value.len());
        let attribute = Attribute {
            kind,
            category,
            value,
            comment,
            object: self.object,
            ..Attribute::default()
        };
        if prose && (value.len() > 40 || value.contains('\n')) {
            self.region(Span::new(start, at), RegionKind::Declared);
            self.region(span, RegionKind::Prose);
        } else {
            self.region(Span::new(start, at + value.len()), RegionKind::Declared);
        }
        if !comment.is_empty() {
            let from = at + rest.len() - comment.len();
            self.region(Span::new(from, from + comment.len()), RegionKind::Prose);
        }
        *self.shown.entry(kind.to_owned()).or_insert(0) += 1;
        let told = misp_types::tell(&mut self.sheet, &attribute, span);
        if misp_types::is_link(kind) {
            self.region(span, RegionKind::References);
            if let Some((entity, span)) = told.first() {
                let report = self.report.clone();
                self.sheet.tell("misp:link", report, Relation::References, entity.clone(), *span);
                if !self.links.iter().any(|(url, _)| *url == entity.value) {
                    self.links.push((entity.value.clone(), *span));
                }
            }
        }
        if self.object.is_some() {
            self.told.extend(told);
        }
    }

    fn close_object(&mut self) {
        if let Some(name) = self.object.take() {
            let told = std::mem::take(&mut self.told);
            misp_types::tie(&mut self.sheet, name, &told);
        }
    }

    /// An event about exactly one actor (malware, campaign) ties its indicators to it.
    fn indicates(&mut self) {
        misp_types::tie_to_topics(&mut self.sheet, &self.tagged);
    }

    fn region(&mut self, span: Span, kind: RegionKind) {
        if !span.is_empty() {
            self.sheet.regions.push(Region { span, kind });
        }
    }

    fn finish(mut self, input: &Input<'_>) -> Reading {
        self.stated();
        let publisher = self.title.as_deref().and_then(publisher);
        let made_of = self.imported || self.links.len() == 1;
        let mut reading = self.sheet.finish(input, input.raw, Format::MispMarkdown);
        let document = &mut reading.document;
        document.lineage = self
            .links
            .into_iter()
            .map(|(url, span)| Lineage {
                kind: if made_of { LineageKind::Republishes } else { LineageKind::Cites },
                publisher: publisher.clone(),
                url: Some(url),
                span,
            })
            .collect();
        document.title = self.title;
        document.source = publisher;
        document.published = self.date;
        document.marking = self.marking;
        document.properties = self.properties;
        reading
    }
}

/// The lines that begin something; what follows up to the next of them belongs to an item.
fn lines(text: &str) -> Vec<Line> {
    let mut found: Vec<Line> = Vec::new();
    let mut start = 0;
    for raw in text.split_inclusive('\n') {
        let end = start + raw.trim_end().len();
        let line = text.get(start..end).unwrap_or("");
        let level = line.bytes().take_while(|b| *b == b'#').count();
        if (1..=3).contains(&level) && line.as_bytes().get(level) == Some(&b' ') {
            found.push(Line::Heading { level: level as u8, start: start + level, end });
        } else if line == "---" {
            found.push(Line::Rule { start, end });
        } else if is_item(line) {
            found.push(Line::Item { start: start + 2, end });
        } else if !line.trim().is_empty()
            && let Some(Line::Item { end: last, .. }) = found.last_mut()
        {
            *last = end;
        }
        start += raw.len();
    }
    found
}

/// `* type: value` or `* [Category] type: value`: the type tells an attribute from a list in a text.
fn is_item(line: &str) -> bool {
    let Some(rest) = line.strip_prefix("* ") else { return false };
    if rest.starts_with('[') && rest.contains("] ") {
        return true;
    }
    let name = rest.split(": ").next().unwrap_or("").trim_end_matches(':');
    name.len() < rest.len()
        && name.len() <= 40
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || b" -_|/".contains(&b))
}

fn name_and_value(text: &str, start: usize, end: usize) -> Option<(&str, &str, usize)> {
    let line = text.get(start..end)?;
    let colon = line.find(':')?;
    let name = line[..colon].trim();
    let raw = &line[colon + 1..];
    let value = raw.trim();
    let at = start + colon + 1 + (raw.len() - raw.trim_start().len());
    Some((name, value, at))
}

/// Parts the value from the comment at the last dash that stands between blanks.
fn value_and_comment(rest: &str) -> (&str, &str) {
    match rest.rsplit_once(" — ") {
        Some((value, comment)) if !value.trim().is_empty() => {
            (value.trim_end(), comment.trim_start())
        }
        _ => (rest, ""),
    }
}

/// The type named by a scrubbed value, as `<sha256>` or `[REDACTED]`.
fn placeholder(value: &str) -> Option<String> {
    let value = value.split(" — ").next().unwrap_or(value).trim();
    let inner = value.strip_prefix('<')?.strip_suffix('>')?;
    let fits = |b: u8| b.is_ascii_alphanumeric() || b" -_|".contains(&b);
    (!inner.is_empty() && inner.len() <= 32 && inner.bytes().all(fits))
        .then(|| inner.to_ascii_lowercase())
}

/// Who published the original, where the title begins with its site or its name: `CISA.gov - …`.
fn publisher(title: &str) -> Option<String> {
    const KNOWN: &[&str] = &[
        "ACSC",
        "BSI",
        "CERT-EU",
        "CERT-FR",
        "CERT-UA",
        "CISA",
        "FBI",
        "JPCERT",
        "JPCERT/CC",
        "NCSC",
        "NCSC-UK",
        "NSA",
        "US-CERT",
    ];
    let (first, _) = title.split_once(" - ").or_else(|| title.split_once(" – "))?;
    let first = first.trim();
    if KNOWN.contains(&first) {
        return Some(first.to_owned());
    }
    let (name, ending) = first.rsplit_once('.')?;
    let site = (2..=6).contains(&ending.len())
        && ending.bytes().all(|b| b.is_ascii_alphabetic())
        && name.len() >= 2
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || b"-.".contains(&b));
    site.then(|| name.rsplit('.').next().unwrap_or(name).to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn publishers_are_sites_and_known_bodies_only() {
        assert_eq!(publisher("CISA.gov - AA00-000A Something"), Some("CISA".into()));
        assert_eq!(publisher("OSINT - Something"), None);
        assert_eq!(publisher("Operation Ghost - Something"), None);
        assert_eq!(publisher("NCSC - Something"), Some("NCSC".into()));
    }

    #[test]
    fn placeholders_are_no_values() {
        assert_eq!(placeholder("<sha256>"), Some("sha256".into()));
        assert_eq!(placeholder("<md5> — first stage"), Some("md5".into()));
        assert_eq!(placeholder("<script>alert(1)</script>"), None);
        assert_eq!(placeholder("192.0.2.1"), None);
    }

    #[test]
    fn a_comment_begins_at_the_last_dash() {
        assert_eq!(value_and_comment("a — b — c"), ("a — b", "c"));
        assert_eq!(value_and_comment("a"), ("a", ""));
    }
}
