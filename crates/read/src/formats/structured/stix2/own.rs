//! Bundles that Lapwing wrote: its extension (`docs/stix-extension.md`) carries the documents and
//! what each of them claims, so that they come back as the documents that they were.

use std::collections::{BTreeMap, BTreeSet};

use lapwing_model::{Claim, Document, DocumentId, Gap, Problem, ProblemKind, Reading, Span};
use serde::Deserialize;
use serde_json::Value;

use super::super::json::str_of;
use super::super::sheet::Sheet;
use crate::{Input, Item};

/// The definition of the extension, in STIX 2.1.
const EXTENSION: &str = "extension-definition--6f2b0a94-8a2b-4f0d-9d6e-3a1c5e7b9d21";
/// The property that stands for it in STIX 2.0.
const PROPERTY: &str = "x_lapwing";
/// The identity that makes the objects; in 2.0 its identifier has the form of version 4.
const CREATORS: [&str; 2] = [
    "identity--23aae47e-f213-5e0e-b96c-9e82297135eb",
    "identity--23aae47e-f213-4e0e-b96c-9e82297135eb",
];
/// Defects that are named one by one.
const MOST_DEFECTS: usize = 50;

/// A claim as the extension carries it.
#[derive(Deserialize)]
struct Told {
    document: DocumentId,
    #[serde(default)]
    quote: String,
    #[serde(flatten)]
    claim: Claim,
}

/// What the extension of an object holds, if it is ours.
fn extension(object: &Value) -> Option<&Value> {
    object.get("extensions").and_then(|all| all.get(EXTENSION)).or_else(|| object.get(PROPERTY))
}

/// A report with the document that it stands for.
fn document(object: &Value) -> Option<&Value> {
    if str_of(object, "type") != "report" {
        return None;
    }
    extension(object)?.get("document").filter(|document| document.is_object())
}

/// Whether a report of the bundle carries its document.
pub(super) fn is_ours(objects: &[&Value]) -> bool {
    objects.iter().any(|object| document(object).is_some())
}

/// The objects that others put into the bundle beside ours.
pub(super) fn foreign<'v>(objects: &[&'v Value]) -> Vec<&'v Value> {
    let others = objects.iter().filter(|object| {
        object.get("created").is_some()
            && !CREATORS.contains(&str_of(object, "created_by_ref"))
            && document(object).is_none()
            && !matches!(
                str_of(object, "type"),
                "identity" | "marking-definition" | "extension-definition" | "observed-data"
            )
    });
    others.copied().collect()
}

/// Reads each report as the document that it was; names what does not fit.
pub(super) fn read(input: &Input<'_>, objects: &[&Value], out: &mut dyn FnMut(Item)) {
    let mut defects = Vec::new();
    let mut told: BTreeMap<DocumentId, Vec<Told>> = BTreeMap::new();
    for object in objects {
        let claims = extension(object).and_then(|own| own.get("claims"));
        for (at, claim) in claims.and_then(Value::as_array).into_iter().flatten().enumerate() {
            match Told::deserialize(claim) {
                Ok(claim) => told.entry(claim.document).or_default().push(claim),
                Err(error) => {
                    let place = format!("{}, claim {}", str_of(object, "id"), at + 1);
                    defects.push((place, format!("a claim that cannot be read: {error}")));
                }
            }
        }
    }
    let reports: Vec<&Value> =
        objects.iter().copied().filter(|object| document(object).is_some()).collect();
    let several = reports.len() > 1;
    let mut known = BTreeSet::new();
    for report in reports {
        let fields = document(report).and_then(Value::as_object).cloned().unwrap_or_default();
        let mut fields = Value::Object(fields);
        fields["text"] = Value::String(String::new());
        match Document::deserialize(&fields) {
            Ok(document) => {
                known.insert(document.id);
                let claims = told.remove(&document.id).unwrap_or_default();
                let reading = reading(input, several, report, document, claims);
                out(Item::Reading(Box::new(reading)));
            }
            Err(error) => defects.push((
                str_of(report, "id").to_owned(),
                format!("a document that cannot be read: {error}"),
            )),
        }
    }
    for (document, claims) in told {
        let message = format!(
            "{} claims of document {document}, whose report is not in the bundle, are not kept",
            claims.len()
        );
        defects.push(("claims".to_owned(), message));
    }
    let more = defects.len().saturating_sub(MOST_DEFECTS);
    for (place, message) in defects.into_iter().take(MOST_DEFECTS) {
        out(Item::Problem(Problem::partial(input.name, ProblemKind::Malformed, message).at(place)));
    }
    if more > 0 {
        let message = format!("{more} more defects of the same input are not named");
        out(Item::Problem(Problem::partial(input.name, ProblemKind::Malformed, message)));
    }
}

/// The document written out claim by claim; each claim stands where its words are.
fn reading(
    input: &Input<'_>,
    several: bool,
    report: &Value,
    document: Document,
    mut told: Vec<Told>,
) -> Reading {
    let mut sheet = Sheet::default();
    sheet.heading(1, document.label());
    told.sort_by(|a, b| (a.claim.span, &a.claim).cmp(&(b.claim.span, &b.claim)));
    for Told { quote, mut claim, .. } in told {
        let Claim { subject, relation, object, .. } = &claim;
        let label = format!("{} {relation} {}", subject.key(), object.key());
        let words = if quote.is_empty() { subject.value.as_str() } else { quote.as_str() };
        claim.span = sheet.field(&label.replace(['\n', '\r'], " "), words);
        sheet.claim(claim);
    }
    let gaps: Vec<Gap> = extension(report)
        .and_then(|own| own.get("gaps"))
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter_map(|gap| Gap::deserialize(gap).ok())
        .collect();
    for mut gap in gaps {
        gap.span = sheet.field("not shown", &gap.what);
        sheet.gaps.push(gap);
    }
    // The identity is that of the report as it stands here: the original bytes are elsewhere.
    let own = report.to_string();
    let raw = if several { own.as_bytes() } else { input.raw };
    let Document { name, format, title, source, url, published, modified, marking, .. } = document;
    let mut reading = sheet.finish(input, raw, format);
    let read = &mut reading.document;
    if several {
        read.name = format!("{}#{name}", input.name);
    }
    read.title = title;
    read.source = source;
    read.url = url;
    read.published = published;
    read.modified = modified;
    read.marking = marking;
    read.language = document.language;
    read.properties = document.properties;
    read.lineage = document.lineage;
    // The words that it was told by stand in the original only.
    for lineage in &mut read.lineage {
        lineage.span = Span::default();
    }
    reading
}
