//! Objects of single facts, entities and documents, for a server that hands all of them over page by page.
//!
//! In a bundle an object may lean on all that is selected; here each is made of the one thing that it tells and of
//! what that leans on, and has the time at which that came as its version.

use std::collections::BTreeSet;

use jiff::Timestamp;
use lapwing_knowledge::Knowledge;
use lapwing_model::{Document, Entity, Kind, Marking, Object, OriginId, Pap, Relation, Role};

use super::marking::{self, Pap as Permitted};
use super::observable::{self, Files};
use super::pattern::{pattern, split_path};
use super::writer::{Writer, is_role};
use super::{
    StixObject, StixOptions, StixVersion, creator, entity, extension_definition, fact, report,
};
use crate::export::{SelectedFact, Selection};

/// What the objects of a page lean on beyond the page itself.
#[derive(Clone, Debug, Default)]
pub struct Leaning {
    /// The values that have an indicator of their own.
    pub indicators: BTreeSet<Entity>,
    /// What is said to be the same object as values of the page.
    pub same: Vec<SelectedFact>,
}

/// As all pieces are written.
pub(super) const PIECES: StixOptions = StixOptions { version: StixVersion::V21, tlp1: false };

/// What all objects may refer to: who makes them, our extension, and the markings up to a ceiling.
#[must_use]
pub fn frame(ceiling: Marking, pap: Pap) -> Vec<StixObject> {
    use Marking::{Amber, AmberStrict, Clear, Green, Red};
    let levels = [Clear, Green, Amber, AmberStrict, Red].into_iter().filter(|it| *it <= ceiling);
    let permitted = [
        (Pap::Clear, Permitted::Clear),
        (Pap::Green, Permitted::Green),
        (Pap::Amber, Permitted::Amber),
        (Pap::Red, Permitted::Red),
    ];
    let permitted = permitted.into_iter().filter(|(level, _)| *level <= pap);
    [creator(), extension_definition()]
        .into_iter()
        .chain(levels.map(|level| marking::definition(level, false)))
        .chain(permitted.map(|(_, level)| level.definition()))
        .map(|json| StixObject { id: json["id"].as_str().unwrap_or_default().to_owned(), json })
        .collect()
}

/// The objects of each fact of a selection, which came at these times, in their order. The objects of what a fact is
/// about are those of the entities.
#[must_use]
pub fn of_facts(
    selection: &Selection,
    knowledge: &Knowledge,
    leaning: &Leaning,
    came: &[Timestamp],
) -> Vec<Vec<StixObject>> {
    let mut written: Vec<StixObject> = Vec::new();
    let mut ends = Vec::new();
    {
        let mut out = |object| written.push(object);
        let mut writer = Writer::bare(selection, knowledge, PIECES, &mut out);
        writer.lean(leaning);
        for (fact, came) in selection.facts.iter().zip(came) {
            writer.comes(*came);
            writer.fact(fact);
            writer.doubts_of_one();
            ends.push(writer.written());
        }
    }
    let mut written = written.into_iter();
    let mut before = 0;
    ends.into_iter()
        .map(|end| {
            let of_it = written.by_ref().take(end - before).collect();
            before = end;
            of_it
        })
        .collect()
}

/// The own objects of an entity that came at a time, by what the facts of a selection say of it.
/// `above`: whether the folder of a path is told, too.
#[must_use]
pub fn of_entity(
    selection: &Selection,
    knowledge: &Knowledge,
    leaning: &Leaning,
    (entity, came, above): (&Entity, Timestamp, bool),
) -> Vec<StixObject> {
    let mut written: Vec<StixObject> = Vec::new();
    {
        let mut out = |object| written.push(object);
        let mut writer = Writer::new(selection, knowledge, PIECES, &mut out);
        writer.lean(leaning);
        writer.comes(came);
        writer.own_object(entity);
    }
    if !above && written.len() > 1 {
        written.drain(..written.len() - 1);
    }
    written
}

/// The report of the first document of a selection, which came at a time and states the facts; with the object of
/// who published it, and the note on its origin, where these are asked for.
#[must_use]
pub fn of_document(
    selection: &Selection,
    knowledge: &Knowledge,
    leaning: &Leaning,
    (came, publisher, origin): (Timestamp, bool, bool),
) -> Vec<StixObject> {
    let mut written: Vec<StixObject> = Vec::new();
    {
        let mut out = |object| written.push(object);
        let mut writer = Writer::bare(selection, knowledge, PIECES, &mut out);
        writer.lean(leaning);
        writer.comes(came);
        writer.only_refer(true);
        for fact in &selection.facts {
            writer.fact(fact);
        }
        writer.only_refer(false);
        if let Some(first) = selection.documents.first() {
            writer.one_report(first, publisher);
        }
        if origin {
            writer.origins();
        }
    }
    written
}

/// The identifier of an entity's own object; `None` where STIX has none.
#[must_use]
pub fn entity_id(entity: &Entity, same: &[SelectedFact]) -> Option<String> {
    if entity::domain_type(entity.kind).is_some() {
        return entity::domain_id(entity);
    }
    observable::id_of(entity, &Files::of(same))
}

/// The types of the objects that an entity of a kind may be told by.
#[must_use]
pub fn types_of(kind: Kind) -> Vec<&'static str> {
    match kind {
        Kind::FilePath => vec!["file", "directory"],
        Kind::FileName => vec!["file"],
        Kind::Process | Kind::WindowsService => vec!["process"],
        _ if super::pattern::hash_name(kind).is_some() => vec!["file"],
        _ => vec![entity::domain_type(kind).unwrap_or(kind.as_str())],
    }
}

/// The identifiers that the objects of a fact may have: more than it gives, and none that is missing.
#[must_use]
pub fn ids_of_statement(
    subject: &Entity,
    relation: Relation,
    object: &Object,
    same: &[SelectedFact],
) -> Vec<String> {
    let mut about = Vec::new();
    let mut ids = Vec::new();
    match object {
        Object::Text(_) if relation == Relation::Role => {
            for benign in [false, true] {
                about.push(fact::indicator_id(subject, benign));
            }
            if let Some(observable) = entity_id(subject, same) {
                for indicator in &about {
                    ids.push(fact::based_on(indicator, &observable));
                }
            }
        }
        Object::Text(day) => {
            if let Ok(day) = day.parse() {
                ids.push(fact::sighting_id(subject, day));
            }
        }
        Object::Entity(object) => {
            about.push(fact::relationship_id(subject, relation, object));
            ids.push(fact::denial_id(subject, relation, object));
        }
    }
    for id in &about {
        ids.push(fact::opinion_id(id));
        ids.push(fact::doubts_id(id));
    }
    ids.extend(about);
    ids
}

/// The identifiers that the objects of a document may have: of its report, of who published it, of the note on its origin.
#[must_use]
pub fn ids_of_document(document: &Document, origin: Option<OriginId>) -> Vec<String> {
    let publisher = document.source.as_deref().map(report::publisher_id);
    let origin = origin.map(report::origin_id);
    std::iter::once(report::report_id(document)).chain(publisher).chain(origin).collect()
}

/// Whether other values may be the same object as this one: hashes of one file.
#[must_use]
pub fn may_be_joined(entity: &Entity) -> bool {
    observable::is_hash(entity)
}

/// Whether an entity is a name that is told whatever its case.
#[must_use]
pub fn is_domain_object(kind: Kind) -> bool {
    entity::domain_type(kind).is_some()
}

/// The folder of a path, with an object of its own; `None` for what is in none.
#[must_use]
pub fn folder(entity: &Entity) -> Option<&str> {
    if entity.kind != Kind::FilePath {
        return None;
    }
    match split_path(&entity.value) {
        ("", _) | (_, "") => None,
        (folder, _) => Some(folder),
    }
}

/// Whether a fact gives its subject an indicator that is not of what is benign.
#[must_use]
pub fn has_indicator(selected: &SelectedFact) -> bool {
    let subject = &selected.fact.subject;
    let told = match subject.kind {
        Kind::Pattern => super::pattern::language(&subject.value).is_some(),
        _ => pattern(subject).is_some(),
    };
    is_role(selected, Role::Indicator) && selected.status != lapwing_model::Status::Benign && told
}
