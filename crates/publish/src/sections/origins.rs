use std::collections::BTreeMap;

use lapwing_model::{
    Admiralty, DocumentId, Format, Lineage, LineageKind, Marking, Origin, OriginId, PartialDate,
};
use serde::Serialize;

use crate::DocumentSummary;
use crate::evidence::Index;
use crate::layout::{Block, Item, Section};
use crate::safe::{Safe, clean, clean_name, host_of};
use crate::words;

/// A document in an origin.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct MemberRow {
    /// The document.
    pub document: DocumentId,
    /// Its title or file name.
    pub label: String,
    /// Who published it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
    /// What it was read as.
    pub format: Format,
    /// When it was published.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub published: Option<PartialDate>,
    /// Who may see it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub marking: Option<Marking>,
    /// Where it was published.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// Its Admiralty grade, as `C3`.
    pub grade: String,
    /// What it was made from, as a sentence; empty for a root.
    pub lineage: String,
    /// What it says of itself.
    pub properties: Vec<(String, String)>,
    /// Why it is part of this page.
    pub why_included: String,
}

/// The documents that go back to one observer.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct OriginRow {
    /// The origin.
    pub origin: OriginId,
    /// Its name for people.
    pub label: String,
    /// Whether the original is in the store.
    pub root_seen: bool,
    /// Its documents on this page.
    pub members: Vec<MemberRow>,
}

pub(crate) fn gather(index: &Index<'_>) -> Vec<OriginRow> {
    rows(&index.picture.documents, &index.picture.origins)
}

/// Those of further documents, which state a fact of the page and are not about its subject.
pub(crate) fn gather_further(index: &Index<'_>) -> Vec<OriginRow> {
    rows(&index.picture.further, &index.picture.origins)
}

fn rows(documents: &[DocumentSummary], origins: &[Origin]) -> Vec<OriginRow> {
    let known: BTreeMap<OriginId, _> = origins.iter().map(|o| (o.id, o)).collect();
    let mut rows: BTreeMap<OriginId, OriginRow> = BTreeMap::new();
    for document in documents {
        let origin = known.get(&document.origin);
        let row = rows.entry(document.origin).or_insert_with(|| OriginRow {
            origin: document.origin,
            label: origin.map_or_else(|| document.label.clone(), |o| o.label.clone()),
            root_seen: origin.is_none_or(|o| o.root_seen),
            members: Vec::new(),
        });
        let member = origin.and_then(|o| o.members.iter().find(|m| m.document == document.id));
        let derived = member.and_then(|m| Some((m.derived_from.as_deref()?, m.why.as_deref())));
        let grade = member.map_or(document.grade, |m| m.grade);
        row.members.push(member_row(document, grade, lineage(document, derived)));
    }
    let mut rows: Vec<OriginRow> = rows.into_values().collect();
    for row in &mut rows {
        row.members.sort_by(|a, b| {
            let key =
                |m: &MemberRow| (!m.lineage.is_empty(), m.published.map(PartialDate::first_day));
            key(a)
                .cmp(&key(b))
                .then_with(|| a.label.cmp(&b.label))
                .then(a.document.cmp(&b.document))
        });
    }
    rows.sort_by(|a, b| {
        let grade = |r: &OriginRow| r.members.iter().map(|m| m.grade.clone()).min();
        (grade(a), &a.label, a.origin).cmp(&(grade(b), &b.label, b.origin))
    });
    rows
}

fn member_row(document: &DocumentSummary, grade: Admiralty, lineage: String) -> MemberRow {
    MemberRow {
        document: document.id,
        label: document.label.clone(),
        source: document.source.clone(),
        format: document.format,
        published: document.published,
        marking: document.marking,
        url: document.url.clone(),
        grade: grade.to_string(),
        lineage,
        properties: document.properties.clone(),
        why_included: document.why_included.clone(),
    }
}

/// `a rewrite of a Dark Reading piece about a Mandiant post`.
fn lineage(document: &DocumentSummary, derived: Option<(&str, Option<&str>)>) -> String {
    let of = |kind| document.lineage.iter().filter(move |l| l.kind == kind).collect::<Vec<_>>();
    let republished = sources(&of(LineageKind::Republishes), "publication");
    let rewritten = sources(&of(LineageKind::Rewrites), "piece");
    let about = sources(&of(LineageKind::ReportsOn), "post");
    let cited = sources(&of(LineageKind::Cites), "publication");
    let mut made = match (republished, rewritten) {
        (Some(a), _) => format!("republishes {a}"),
        (None, Some(b)) => format!("a rewrite of {b}"),
        (None, None) => String::new(),
    };
    match about {
        Some(about) if made.is_empty() => made = format!("reports on {about}"),
        Some(about) => made.push_str(&format!(" about {about}")),
        None => {}
    }
    if let Some((from, why)) = derived.filter(|_| made.is_empty()) {
        let why = why.map_or(String::new(), |w| format!(" ({})", clean_name(w)));
        made = format!("derives from {}{why}", clean_name(from));
    }
    match cited {
        Some(cited) if made.is_empty() => format!("cites {cited}"),
        Some(cited) => format!("{made}; cites {cited}"),
        None => made,
    }
}

fn sources(lineage: &[&Lineage], noun: &str) -> Option<String> {
    let mut names: Vec<String> = lineage
        .iter()
        .filter_map(|l| match (&l.publisher, &l.url) {
            (Some(publisher), _) => Some(format!("a {} {noun}", clean_name(publisher))),
            (None, Some(url)) => Some(format!("a {noun} at {}", clean_name(host_of(url)))),
            (None, None) => None,
        })
        .collect();
    names.sort();
    names.dedup();
    (!names.is_empty()).then(|| words::join(&names, 3))
}

pub(crate) fn section(rows: &[OriginRow], further: &[OriginRow], safe: &Safe) -> Option<Section> {
    if rows.is_empty() && further.is_empty() {
        return None;
    }
    let mut blocks = vec![Block::Items(items(rows, safe))];
    if !further.is_empty() {
        blocks.push(Block::Remark(
            "Not about it, but stating something of this page as well:".to_owned(),
        ));
        blocks.push(Block::Items(items(further, safe)));
    }
    Some(Section::new("origins", "Sources and origins", blocks))
}

fn items(rows: &[OriginRow], safe: &Safe) -> Vec<Item> {
    rows.iter()
        .map(|row| {
            let label = row.label.trim_end().trim_end_matches("(not in the store)").trim_end();
            let unseen = if row.root_seen { "" } else { " (the original is not in the store)" };
            let text = format!("{}{unseen}", clean(label, 200));
            let below = row.members.iter().map(|m| member_line(m, safe)).collect();
            Item {
                lead: row.members.iter().map(|m| m.grade.clone()).min(),
                below,
                ..Item::new(safe.prose(&text))
            }
        })
        .collect()
}

fn member_line(member: &MemberRow, safe: &Safe) -> String {
    let mut parts = vec![format!("{}: {}", member.grade, clean(&member.label, 200))];
    parts.extend(member.source.as_deref().map(clean_name));
    parts.push(member.format.as_str().to_owned());
    parts.extend(member.published.map(|d| d.to_string()));
    parts.push(member.marking.map_or_else(|| "no marking".to_owned(), |m| m.to_string()));
    for (name, value) in &member.properties {
        if name == "threat-level" || name == "confidence" {
            parts.push(format!("{} {}", name.replace('-', " "), clean_name(value)));
        }
    }
    if !member.lineage.is_empty() {
        parts.push(member.lineage.clone());
    }
    if !member.why_included.is_empty() {
        let why = clean(&member.why_included, 200);
        let it = if why.starts_with("it ") { "" } else { "it " };
        parts.push(format!("here because {it}{why}"));
    }
    safe.prose(&parts.join(" · "))
}
