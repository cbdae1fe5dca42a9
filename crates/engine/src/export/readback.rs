//! What an export cannot carry, found by reading it again: whatever does not come back is named.

use std::collections::{BTreeMap, BTreeSet};

use lapwing_model::{Claim, DocumentId, Kind, Object, Period, Reading, Relation};
use lapwing_publish::export::{ExportedFile, Loss, SelectedDocument, Selection};
use lapwing_publish::misp;
use lapwing_read::{Item, Options};

/// What a claim says, without the place and the manner.
type Said = (String, Relation, String, &'static str);

/// Tells what the documents of a selection say and files of MISP events do not.
pub(super) fn misp_losses(selection: &Selection, files: &[ExportedFile], losses: &mut Vec<Loss>) {
    let mut events: BTreeMap<String, Reading> = BTreeMap::new();
    for file in files.iter().filter(|file| file.name.strip_suffix(".json").is_some()) {
        lapwing_read::read_bytes(&file.name, &file.bytes, &Options::default(), &mut |item| {
            if let Item::Reading(reading) = item {
                let properties = &reading.document.properties;
                if let Some((_, uuid)) = properties.iter().find(|(name, _)| name == "uuid") {
                    events.insert(uuid.clone(), *reading);
                }
            }
        });
    }
    for chosen in &selection.documents {
        let uuid = misp::event_uuid(chosen.document.id).to_string();
        if let Some(reading) = events.get(&uuid) {
            compare(chosen, reading, losses);
        } else {
            let loss = Loss::new("document", chosen.document.label(), "it could not be read again");
            losses.push(loss.of(chosen.document.id));
        }
    }
}

fn compare(chosen: &SelectedDocument, reading: &Reading, losses: &mut Vec<Loss>) {
    let id = chosen.document.id;
    let mut back: BTreeMap<Said, Vec<&Claim>> = BTreeMap::new();
    for claim in &reading.claims {
        back.entry(said(claim)).or_default().push(claim);
    }
    let mut places: BTreeMap<Said, usize> = BTreeMap::new();
    for claim in chosen.claims.iter().map(|chosen| &chosen.claim) {
        let key = said(claim);
        *places.entry(key.clone()).or_default() += 1;
        let statement = format!("{} {} {}", key.0, key.1, key.2);
        let Some(found) = back.get(&key) else {
            let why = why(claim);
            losses.push(Loss::new("claim", statement, why).of(id));
            continue;
        };
        for manner in manners(claim) {
            if !found.iter().any(|other| manners(other).contains(&manner)) {
                let why = format!("MISP has no place for this {} of a claim", manner.0);
                losses.push(Loss::new(manner.0, format!("{statement}: {}", manner.1), why).of(id));
            }
        }
    }
    let repeated: usize = places.values().map(|number| number - 1).sum();
    if repeated > 0 {
        let value = format!("{repeated} further places");
        let why = "an event has a value once, however often the document states it";
        losses.push(Loss::new("place", value, why).of(id));
    }
    document(chosen, reading, losses, id);
}

/// What a document tells of itself, and gaps.
fn document(chosen: &SelectedDocument, reading: &Reading, losses: &mut Vec<Loss>, id: DocumentId) {
    let (before, after) = (&chosen.document, &reading.document);
    let mut lose = |what: &str, value: String, why: &str| {
        losses.push(Loss::new(what, value, why).of(id));
    };
    let no_field = "MISP has no field for it";
    lose("text", before.label().to_owned(), "an event carries no text of its document");
    for (what, one, two) in [
        ("url", before.url.clone(), after.url.clone()),
        ("source", before.source.clone(), after.source.clone()),
        ("language", before.language.clone(), after.language.clone()),
        (
            "published",
            before.published.map(|day| day.to_string()),
            after.published.map(|day| day.to_string()),
        ),
        (
            "modified",
            before.modified.map(|day| day.to_string()),
            after.modified.map(|day| day.to_string()),
        ),
        (
            "marking",
            before.marking.map(|marking| marking.to_string()),
            after.marking.map(|marking| marking.to_string()),
        ),
    ] {
        if let Some(value) = one.filter(|one| Some(one) != two.as_ref()) {
            lose(what, value, no_field);
        }
    }
    let kept: BTreeSet<&(String, String)> = after.properties.iter().collect();
    for property in before.properties.iter().filter(|property| !kept.contains(property)) {
        lose("property", format!("{}: {}", property.0, property.1), no_field);
    }
    for lineage in &before.lineage {
        let of = lineage.url.as_deref().or(lineage.publisher.as_deref()).unwrap_or_default();
        lose("lineage", of.to_owned(), no_field);
    }
    for gap in &chosen.gaps {
        lose("gap", gap.what.clone(), no_field);
    }
}

fn said(claim: &Claim) -> Said {
    let (subject, object) = (claim.subject.key(), claim.object.key());
    let polarity = claim.polarity.as_str();
    // Of one object are both or none: the order says nothing.
    if claim.relation == Relation::SameObject && object < subject {
        return (object, claim.relation, subject, polarity);
    }
    (subject, claim.relation, object, polarity)
}

/// Properties of a claim beside what it says, as name and value.
fn manners(claim: &Claim) -> BTreeSet<(&'static str, String)> {
    let mut all = BTreeSet::new();
    if let Some(stated) = claim.stated {
        all.insert(("stated confidence", stated.as_percent().to_string()));
    }
    if let Some(word) = &claim.stated_word {
        all.insert(("stated confidence", word.clone()));
    }
    if let Some(by) = &claim.said_by {
        all.insert(("speaker", by.clone()));
    }
    all.insert(("basis", claim.basis.to_string()));
    let Period { first, last } = claim.period;
    all.extend(first.map(|day| ("first seen", day.to_string())));
    all.extend(last.map(|day| ("last seen", day.to_string())));
    all.extend(claim.context.clone().map(|context| ("context", context)));
    all.extend(claim.why.clone().map(|why| ("reason", why)));
    all
}

/// Why MISP has no place for a claim.
fn why(claim: &Claim) -> &'static str {
    use lapwing_model::Polarity::{Asserted, Denied, Hedged};
    match (claim.polarity, claim.relation, &claim.object) {
        (Denied, ..) => "MISP states what is so, not what is not",
        (Hedged, ..) => "MISP cannot state with reserve",
        (Asserted, Relation::Role, _) if claim.subject.kind == Kind::Other => {
            "MISP has no type for the value"
        }
        (Asserted, Relation::Role, _) => "MISP knows no such role of such a value",
        (Asserted, _, Object::Text(_)) => "MISP has no field for it",
        (Asserted, _, Object::Entity(_)) => "MISP has no relation between two such things",
    }
}
