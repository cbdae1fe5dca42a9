//! Which documents are events, and which are parts that clients added to one later.
//!
//! Documents do not change: an attribute that is added to an event is a document of its own, by the
//! name of which the event is found. To clients the event holds both.

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::civil::Date;
use lapwing_engine::publish::misp::{self, Event};
use lapwing_engine::{ACTION, Engine, EventNow};
use lapwing_model::{Document, DocumentId, Format, Marking};
use serde_json::{Value, json};
use uuid::Uuid;

use super::kept::{self, Kept};
use super::sent::text;
use super::served;
use super::told::Told;
use crate::problem::Problem;

/// How the names of parts begin; the identifier of the event follows, which stays when the client changes it.
const PART: &str = "misp-part-of-";

/// The name of a part of an event.
pub(super) fn part_name(of: Uuid) -> String {
    format!("{PART}{of}.json")
}

/// Whether a document is a part of an event.
pub(super) fn is_part(document: &Document) -> bool {
    document.name.starts_with(PART)
}

/// What a part names as the event that it belongs to: its identifier; the document of it, in older stores.
fn whole_of(document: &Document) -> Option<&str> {
    let name = document.name.strip_prefix(PART)?.strip_suffix(".json")?;
    (document.format == Format::MispJson).then_some(name)
}

/// The events of a store.
pub(crate) struct Shelf {
    /// The documents that are events, as the store lists them.
    pub(super) events: Vec<DocumentId>,
    /// The documents that hold what clients sent.
    pub(super) kept: Vec<DocumentId>,
    /// What analysts saw, or judged.
    pub(super) told: Told,
    parts: BTreeMap<DocumentId, Vec<DocumentId>>,
    whole: BTreeMap<DocumentId, DocumentId>,
    /// Documents by all that their events are called.
    called: BTreeMap<String, DocumentId>,
}

impl Shelf {
    /// Of the state that is seen; `before` is that of another, of use for what did not change.
    pub(super) fn of(engine: &Engine, before: Option<&Self>) -> Result<Self, Problem> {
        let records = engine.store().documents()?;
        let mut known: BTreeMap<String, DocumentId> = BTreeMap::new();
        for document in records.iter().map(|record| &record.document).filter(|d| !is_part(d)) {
            known.insert(document.id.to_string(), document.id);
            known.insert(kept::shown(document).to_string(), document.id);
        }
        let mut shelf = Self {
            events: Vec::new(),
            kept: Vec::new(),
            told: Told::default(),
            parts: BTreeMap::new(),
            whole: BTreeMap::new(),
            called: BTreeMap::new(),
        };
        let mut words = Vec::new();
        for record in records {
            let document = &record.document;
            let id = document.id;
            shelf.call(document);
            // An analyst's word (a sighting too) is about values of events, and none itself.
            if document.properties.iter().any(|(name, _)| name == ACTION) {
                words.push(record);
                continue;
            }
            if kept::is_kept(document) {
                shelf.kept.push(id);
            }
            // A part whose event was taken back, or may not be seen, stands for itself.
            match whole_of(document).and_then(|whole| known.get(whole).copied()) {
                Some(whole) => {
                    shelf.parts.entry(whole).or_default().push(id);
                    shelf.whole.insert(id, whole);
                }
                None => shelf.events.push(id),
            }
        }
        for parts in shelf.parts.values_mut() {
            parts.sort_unstable();
        }
        shelf.told = Told::of(engine, &words, before.map(|before| &before.told))?;
        Ok(shelf)
    }

    /// Notes what the event of a document is called: by the identifier that it had which the document was read from,
    /// by ours, and by the numbers of these. Of several the first is meant.
    fn call(&mut self, document: &Document) {
        let was = document.properties.iter().filter(|(name, _)| name == "uuid");
        let mut names: Vec<String> = was.map(|(_, value)| value.clone()).collect();
        for uuid in [kept::shown(document), misp::event_uuid(document.id)] {
            names.extend([uuid.to_string(), super::number(uuid)]);
        }
        for name in names {
            self.called.entry(name).or_insert(document.id);
        }
    }

    /// The document of an event of this identifier or number.
    pub(super) fn document(&self, id: &str) -> Option<DocumentId> {
        self.called.get(id).map(|document| self.event_of(*document))
    }

    /// The event that a document is, or is a part of.
    pub(super) fn event_of(&self, document: DocumentId) -> DocumentId {
        self.whole.get(&document).copied().unwrap_or(document)
    }

    /// What clients added to an event.
    pub(super) fn parts_of(&self, event: DocumentId) -> &[DocumentId] {
        self.parts.get(&event).map(Vec::as_slice).unwrap_or_default()
    }

    /// The first document of those that clients sent in which something is found.
    pub(super) fn find(
        &self,
        engine: &Engine,
        mut is_it: impl FnMut(&mut Kept) -> bool,
    ) -> Result<Option<Kept>, Problem> {
        for id in &self.kept {
            if let Some(mut kept) = Kept::of(engine, *id)?
                && is_it(&mut kept)
            {
                return Ok(Some(kept));
            }
        }
        Ok(None)
    }

    /// An event with all its parts, as a server tells it.
    pub(super) fn event(
        &self,
        engine: &Engine,
        document: DocumentId,
        ceiling: Marking,
        today: Date,
    ) -> Result<Option<Event>, Problem> {
        let mut event = self.plain_event(engine, document, ceiling, today)?;
        event.iter_mut().for_each(served);
        Ok(event)
    }

    /// An event with all its parts, as a file tells it: without numbers.
    pub(super) fn plain_event(
        &self,
        engine: &Engine,
        document: DocumentId,
        ceiling: Marking,
        today: Date,
    ) -> Result<Option<Event>, Problem> {
        let Some(mut event) = as_sent(engine, document, ceiling, today)? else {
            return Ok(None);
        };
        for part in self.parts_of(document) {
            if let Some(mut part) = as_sent(engine, *part, ceiling, today)? {
                join(&mut event.json["Event"], &mut part.json["Event"]);
            }
        }
        Ok(Some(event))
    }
}

/// The event of a document: as it was sent, where a client did.
fn as_sent(
    engine: &Engine,
    document: DocumentId,
    ceiling: Marking,
    today: Date,
) -> Result<Option<Event>, Problem> {
    let Some(now) = engine.misp_event(document, ceiling, today)? else { return Ok(None) };
    let EventNow { mut event, record, changed, values } = now;
    came(&mut event.json["Event"], record.added);
    if let Some(sent) = Kept::of_record(engine, record)? {
        event.uuid = kept::shown(&sent.document);
        event.json["Event"] = kept::told(&sent.event, &event.json["Event"], event.uuid);
    }
    if let Some(at) = changed {
        date_anew(&mut event.json["Event"], at.as_second(), &values);
    }
    Ok(Some(event))
}

/// What is told otherwise since it came is as old as that: else who has it already never asks for it again.
fn date_anew(event: &mut Value, at: i64, values: &BTreeMap<String, Timestamp>) {
    let later = |one: &mut Value, key: &str, at: i64| {
        if text(one, key).parse::<i64>().is_ok_and(|before| before < at) {
            one[key] = json!(at.to_string());
        }
    };
    let attribute = |one: &mut Value| -> i64 {
        let value = text(one, "value").to_lowercase();
        let parts = std::iter::once(value.as_str()).chain(value.split('|'));
        let at = parts.filter_map(|part| values.get(part)).max().map_or(0, |at| at.as_second());
        later(one, "timestamp", at);
        at
    };
    for one in event["Attribute"].as_array_mut().into_iter().flatten() {
        attribute(one);
    }
    for object in event["Object"].as_array_mut().into_iter().flatten() {
        let all = object["Attribute"].as_array_mut();
        let at = all.into_iter().flatten().map(attribute).max().unwrap_or_default();
        later(object, "timestamp", at);
    }
    later(event, "timestamp", at);
    if event["published"] == true {
        later(event, "publish_timestamp", at);
    }
}

/// An event is as old as it is here, where who sent it told no time: who polls by time gets a report of
/// last year that came today.
fn came(event: &mut Value, at: Timestamp) {
    let at = json!(at.as_second().to_string());
    let dated = |list: &mut Value| {
        for one in list.as_array_mut().into_iter().flatten() {
            one["timestamp"] = at.clone();
        }
    };
    for key in ["timestamp", "publish_timestamp"] {
        event[key] = at.clone();
    }
    dated(&mut event["Attribute"]);
    dated(&mut event["Object"]);
    for object in event["Object"].as_array_mut().into_iter().flatten() {
        dated(&mut object["Attribute"]);
    }
}

/// Puts the attributes and objects of a part into its event.
fn join(event: &mut Value, part: &mut Value) {
    for key in ["Attribute", "Object"] {
        if let (Some(all), Some(more)) = (event[key].as_array_mut(), part[key].as_array_mut()) {
            all.append(more);
        }
    }
    let time = |event: &Value| event["timestamp"].as_str()?.parse::<i64>().ok();
    if time(part) > time(event) {
        event["timestamp"] = json!(part["timestamp"]);
        if event["published"] == true {
            event["publish_timestamp"] = json!(part["timestamp"]);
        }
    }
}
