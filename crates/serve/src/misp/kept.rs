//! Events that clients sent, as they sent them. A document of this kind holds just one event, or a
//! part that was added to one; what a client changes puts another document in its place, as two
//! changes: what is new is added, what was is taken back. `lapwing undo` of both brings it back.

use std::collections::BTreeMap;

use axum::http::StatusCode;
use jiff::Timestamp;
use lapwing_engine::publish::misp;
use lapwing_engine::read::Options;
use lapwing_engine::store::DocumentRecord;
use lapwing_engine::{AddOptions, Engine, Input, extract};
use lapwing_model::{ChangeId, Document, DocumentId, Format, Marking};
use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::sent::{flag, list, text, word};
use super::types;
use crate::asker::{Asker, Permission};
use crate::problem::Problem;
use crate::routes::history::is_own;

/// How the names of events that clients sent begin; the event's own identifier follows.
const EVENT: &str = "misp-";

/// What a client sent.
pub(super) struct Kept {
    pub(super) document: Document,
    /// The event, every attribute and object with an identifier.
    pub(super) event: Value,
}

/// The name of the document of an event.
pub(super) fn name_of(uuid: &str) -> String {
    format!("{EVENT}{uuid}.json")
}

/// Whether a document holds what a client sent.
pub(super) fn is_kept(document: &Document) -> bool {
    document.format == Format::MispJson
        && document.name.strip_prefix(EVENT).and_then(|rest| rest.strip_suffix(".json")).is_some()
        && document.container.is_none()
}

/// The identifier that an event is told by: that of the client, where he gave one.
pub(super) fn shown(document: &Document) -> Uuid {
    let own = document.properties.iter().find(|(name, _)| name == "uuid");
    own.filter(|_| is_kept(document))
        .and_then(|(_, value)| value.parse().ok())
        .unwrap_or_else(|| misp::event_uuid(document.id))
}

impl Kept {
    /// Reads what a client sent; `None` where a document is of another kind.
    pub(super) fn of(engine: &Engine, id: DocumentId) -> Result<Option<Self>, Problem> {
        match engine.store().document_record(id)? {
            Some(record) => Self::of_record(engine, record),
            None => Ok(None),
        }
    }

    /// As [`Kept::of`], of a document that is known.
    pub(super) fn of_record(
        engine: &Engine,
        record: DocumentRecord,
    ) -> Result<Option<Self>, Problem> {
        if !is_kept(&record.document) {
            return Ok(None);
        }
        let Some(raw) = engine.store().raw(record.document.id)? else { return Ok(None) };
        let Ok(mut whole) = serde_json::from_slice::<Value>(&raw) else { return Ok(None) };
        if !whole["Event"].is_object() {
            return Ok(None);
        }
        let mut event = whole["Event"].take();
        complete(&mut event, shown(&record.document));
        Ok(Some(Self { document: record.document, event }))
    }

    /// Puts another event in its place; `None` takes it away. Fails when it is not there any more, or
    /// is not the asker's.
    pub(super) fn replace(
        &self,
        engine: &mut Engine,
        by: Option<&Value>,
        asker: &Asker,
        what: &str,
        now: Timestamp,
    ) -> Result<(), Problem> {
        let id = self.document.id;
        let gone = || {
            Problem::new(StatusCode::CONFLICT, "the event was changed meanwhile")
                .hint("ask for it again")
        };
        let record = engine.store().document_record(id)?.ok_or_else(gone)?;
        let together = engine.store().documents_of_change(record.change)?.len();
        if together != 1 {
            return Err(Problem::new(
                StatusCode::CONFLICT,
                format!("the event was added with {} others", together.saturating_sub(1)),
            )
            .hint(format!("`lapwing undo {}` takes all of them back", record.change)));
        }
        of_asker(engine, record.change, asker)?;
        let command = &format!("MISP {what}: {} (by {})", self.document.label(), asker.who);
        let Some(event) = by else {
            engine.withdraw(record.change, command, now)?;
            return Ok(());
        };
        let marking = marking(self.document.marking, event);
        let (input, options) = input(&self.document.name, event, &asker.who, marking, command);
        let mut read = 0;
        extract(&input, &options.read, engine.knowledge(), &mut |_| {
            read += 1;
            Ok(())
        })?;
        if read != 1 {
            return Err(Problem::unfit("the event could not be read"));
        }
        engine.replace(record.change, &[input], &options, now)?;
        Ok(())
    }

    /// Notes when what is another than before became so, whatever its sender said of its age: who has the event
    /// already asks for what is younger.
    pub(super) fn grow_younger(&mut self, engine: &Engine, now: Timestamp) -> Result<(), Problem> {
        let Some(record) = engine.store().document_record(self.document.id)? else { return Ok(()) };
        let added = record.added.as_second().to_string();
        let Some(before) = Self::of_record(engine, record)? else { return Ok(()) };
        let was = Some(word(&before.event, "timestamp")).filter(|time| !time.is_empty());
        let was = was.unwrap_or(added);
        let now = now.as_second().to_string();
        let inner = |event: &Value| -> BTreeMap<String, Value> {
            let objects = list(event, "Object");
            let attributes = objects.clone().flat_map(|object| list(object, "Attribute"));
            let all = list(event, "Attribute").chain(attributes).chain(objects);
            all.map(|one| (text(one, "uuid").to_owned(), one.clone())).collect()
        };
        let known = inner(&before.event);
        let date = |one: &mut Value| {
            let told = word(one, "timestamp");
            match known.get(text(one, "uuid")) {
                Some(old) if old == one => {
                    if told.is_empty() {
                        one["timestamp"] = json!(was);
                    }
                }
                Some(old) if told != word(old, "timestamp") => {}
                None if !told.is_empty() => {}
                _ => one["timestamp"] = json!(now),
            }
        };
        for object in self.event["Object"].as_array_mut().into_iter().flatten() {
            // As a whole first: it is another as soon as something in it is.
            date(object);
        }
        self.lists().into_iter().flatten().for_each(date);
        self.event["timestamp"] = json!(now);
        Ok(())
    }

    /// The attribute of an identifier or number.
    pub(super) fn attribute(&mut self, id: &str) -> Option<&mut Value> {
        self.lists().into_iter().flat_map(|list| list.iter_mut()).find(|one| is(one, id))
    }

    /// Takes out the attribute of an identifier or number; an object that is empty then goes with it.
    pub(super) fn take_attribute(&mut self, id: &str) -> bool {
        let mut found = false;
        for list in self.lists() {
            list.retain(|one| {
                let it = is(one, id);
                found |= it;
                !it
            });
        }
        if let Some(objects) = self.event["Object"].as_array_mut() {
            objects.retain(|object| list(object, "Attribute").len() > 0);
        }
        found
    }

    /// The object of an identifier or number.
    pub(super) fn object(&mut self, id: &str) -> Option<&mut Value> {
        self.event["Object"].as_array_mut()?.iter_mut().find(|one| is(one, id))
    }

    /// Whether nothing is left of it.
    pub(super) fn is_empty(&self) -> bool {
        ["Attribute", "Object"].iter().all(|key| list(&self.event, key).len() == 0)
    }

    fn lists(&mut self) -> Vec<&mut Vec<Value>> {
        let Some(fields) = self.event.as_object_mut() else { return Vec::new() };
        let mut lists = Vec::new();
        for (key, value) in fields {
            match (key.as_str(), value) {
                ("Attribute", Value::Array(list)) => lists.push(list),
                ("Object", Value::Array(objects)) => lists.extend(
                    objects.iter_mut().filter_map(|object| object["Attribute"].as_array_mut()),
                ),
                _ => {}
            }
        }
        lists
    }
}

/// Only an administrator changes what another one did, here as in the history.
pub(super) fn of_asker(engine: &Engine, change: ChangeId, asker: &Asker) -> Result<(), Problem> {
    let history = engine.store().history()?;
    let own = history.iter().any(|one| one.id == change && is_own(&one.command, &asker.who));
    if own || asker.may(Permission::Administer) {
        return Ok(());
    }
    Err(Problem::forbidden("only an administrator changes what another one sent"))
}

/// Whether something has this identifier or number.
pub(super) fn is(one: &Value, id: &str) -> bool {
    let uuid = text(one, "uuid");
    uuid.eq_ignore_ascii_case(id) || uuid.parse().is_ok_and(|uuid: Uuid| super::number(uuid) == id)
}

/// An event to be read, with how.
pub(super) fn input(
    name: &str,
    event: &Value,
    who: &str,
    marking: Option<Marking>,
    command: &str,
) -> (Input, AddOptions) {
    let bytes = json!({ "Event": event }).to_string().into_bytes();
    let input = Input::Bytes { name: name.to_owned(), bytes };
    let read = Options {
        source: Some(who.to_owned()),
        format: Some(Format::MispJson),
        marking,
        ..Options::default()
    };
    (input, AddOptions { read, command: command.to_owned() })
}

/// An event or a part is marked as what it was before, or belongs to, and as its own tags say: the
/// strictest of them.
pub(super) fn marking(before: Option<Marking>, event: &Value) -> Option<Marking> {
    let inner = list(event, "Object").flat_map(|object| list(object, "Attribute"));
    let all = std::iter::once(event).chain(list(event, "Attribute")).chain(inner);
    let own = all.flat_map(|one| list(one, "Tag"));
    own.filter_map(|tag| text(tag, "name").parse::<Marking>().ok()).chain(before).max()
}

/// Gives all that a client sent what MISP gives it: identifiers, categories, `to_ids`. Contents of
/// files are not kept.
pub(super) fn complete(event: &mut Value, of: Uuid) {
    let mut times: BTreeMap<String, usize> = BTreeMap::new();
    let mut identify = |one: &mut Value, what: String| {
        if text(one, "uuid").parse::<Uuid>().is_err() {
            let before = times.entry(what.clone()).or_default();
            one["uuid"] = json!(misp::uuid_of(&format!("{of}|{what}|{before}")));
            *before += 1;
        }
    };
    let mut attribute = |one: &mut Value, within: &str| {
        let Some(fields) = one.as_object_mut() else { return };
        fields.remove("data");
        let (kind, value) = (text(one, "type").to_owned(), text(one, "value").trim().to_owned());
        identify(one, format!("{within}|{kind}|{value}"));
        let (category, to_ids) = types::defaults(&kind).unwrap_or(("Other", false));
        if text(one, "category").is_empty() {
            one["category"] = json!(category);
        }
        if flag(one, "to_ids").is_none() {
            one["to_ids"] = json!(to_ids);
        }
    };
    for key in ["Attribute", "Object"] {
        only_objects(event, key);
    }
    for object in event["Object"].as_array_mut().into_iter().flatten() {
        only_objects(object, "Attribute");
    }
    for one in event["Attribute"].as_array_mut().into_iter().flatten() {
        attribute(one, "");
    }
    for (at, object) in event["Object"].as_array_mut().into_iter().flatten().enumerate() {
        let name = format!("object {at} {}", text(object, "name"));
        for one in object["Attribute"].as_array_mut().into_iter().flatten() {
            attribute(one, &name);
        }
    }
    for object in event["Object"].as_array_mut().into_iter().flatten() {
        let first = list(object, "Attribute").next().map(|one| text(one, "uuid").to_owned());
        if text(object, "uuid").parse::<Uuid>().is_err() {
            let name =
                format!("{of}|object|{}|{}", text(object, "name"), first.unwrap_or_default());
            object["uuid"] = json!(misp::uuid_of(&name));
        }
    }
}

/// Makes a field a list, and leaves in it what may be an attribute or object at all.
fn only_objects(of: &mut Value, key: &str) {
    match of[key].as_array_mut() {
        Some(all) => all.retain(Value::is_object),
        None => of[key] = json!([]),
    }
}

/// An event as it was sent, with what is known of it beside: `derived` is the same event as it is
/// made of what was read.
pub(super) fn told(sent: &Value, derived: &Value, uuid: Uuid) -> Value {
    let mut event = derived.clone();
    for key in ["info", "date", "threat_level_id", "analysis", "distribution", "timestamp"] {
        let given = word(sent, key);
        if !given.is_empty() {
            event[key] = json!(given);
        }
    }
    event["uuid"] = json!(uuid);
    event["extends_uuid"] = json!(text(sent, "extends_uuid"));
    event["published"] = json!(flag(sent, "published").unwrap_or(false));
    let time = event["timestamp"].clone();
    event["publish_timestamp"] = match word(sent, "publish_timestamp") {
        given if !given.is_empty() => json!(given),
        _ if event["published"] == true => time.clone(),
        _ => json!("0"),
    };
    event["Tag"] = tags(sent, derived);
    let known: BTreeMap<String, &Value> = super::search::all_attributes(derived)
        .map(|one| (text(one, "value").to_lowercase(), one))
        .collect();
    let attributes = |list: std::slice::Iter<'_, Value>| -> Vec<Value> {
        list.filter(|one| one.is_object() && flag(one, "deleted") != Some(true))
            .map(|one| attribute(one, &known, &time))
            .collect()
    };
    event["Attribute"] = json!(attributes(list(sent, "Attribute")));
    event["Object"] = list(sent, "Object")
        .filter(|object| object.is_object() && flag(object, "deleted") != Some(true))
        .map(|object| {
            let mut told = fields(
                object,
                &[
                    "uuid",
                    "name",
                    "meta-category",
                    "description",
                    "template_uuid",
                    "template_version",
                    "comment",
                    "distribution",
                    "first_seen",
                    "last_seen",
                ],
            );
            told["timestamp"] = given(object, "timestamp").unwrap_or_else(|| time.clone());
            told["Attribute"] = json!(attributes(list(object, "Attribute")));
            told["ObjectReference"] = list(object, "ObjectReference")
                .filter(|one| one.is_object())
                .map(|one| {
                    fields(
                        one,
                        &[
                            "uuid",
                            "object_uuid",
                            "referenced_uuid",
                            "relationship_type",
                            "comment",
                            "timestamp",
                        ],
                    )
                })
                .collect();
            told
        })
        .collect();
    event
}

fn attribute(sent: &Value, known: &BTreeMap<String, &Value>, time: &Value) -> Value {
    let mut told = fields(
        sent,
        &["uuid", "type", "category", "comment", "object_relation", "first_seen", "last_seen"],
    );
    let value = word(sent, "value");
    let parts: Vec<&Value> = std::iter::once(value.as_str())
        .chain(value.split('|'))
        .filter_map(|part| known.get(&part.to_lowercase()).copied())
        .collect();
    // What turned out to be harmless raises no alarm, whatever its sender thought.
    let harmless = !parts.is_empty() && parts.iter().all(|one| one["to_ids"] == false);
    told["value"] = json!(value);
    told["to_ids"] = json!(flag(sent, "to_ids").unwrap_or(false) && !harmless);
    if told["comment"].is_null() {
        told["comment"] = json!("");
    }
    told["distribution"] = given(sent, "distribution").unwrap_or_else(|| json!("5"));
    told["timestamp"] = given(sent, "timestamp").unwrap_or_else(|| time.clone());
    let apart = flag(sent, "disable_correlation").unwrap_or(false);
    told["disable_correlation"] = json!(apart);
    let nothing = json!({});
    let beside = parts.first().copied().unwrap_or(&nothing);
    told["Tag"] = tags(sent, beside);
    told["Sighting"] = beside.get("Sighting").cloned().unwrap_or_else(|| json!([]));
    told
}

/// Texts and numbers of some fields, as texts.
fn fields(sent: &Value, keys: &[&str]) -> Value {
    let told: Map<String, Value> =
        keys.iter().filter_map(|key| Some(((*key).to_owned(), given(sent, key)?))).collect();
    Value::Object(told)
}

fn given(sent: &Value, key: &str) -> Option<Value> {
    Some(word(sent, key)).filter(|text| !text.is_empty()).map(Value::String)
}

/// The tags that were sent, and those that are known beside.
fn tags(sent: &Value, derived: &Value) -> Value {
    let mut all: Vec<Value> = Vec::new();
    for tag in list(sent, "Tag").chain(list(derived, "Tag")) {
        let name = text(tag, "name");
        if !name.is_empty() && all.iter().all(|known| text(known, "name") != name) {
            let colour = Some(text(tag, "colour")).filter(|colour| !colour.is_empty());
            all.push(json!({ "name": name, "colour": colour.unwrap_or("#888888") }));
        }
    }
    json!(all)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_sent_is_told_with_what_is_known_beside() {
        let mut sent = json!({ "info": "x", "Tag": [{ "name": "a" }], "Attribute": [
            { "type": "ip-src", "value": "192.0.2.1", "data": "TVqQ", "to_ids": true },
            { "type": "text", "value": "a note" }, { "type": "text", "value": "a note" }],
            "Object": [{ "name": "file", "Attribute": [{ "type": "md5", "value": "00" }] }] });
        let of = Uuid::from_u128(7);
        complete(&mut sent, of);
        let once = sent.clone();
        complete(&mut sent, of);
        assert_eq!(sent, once);
        let mut ids: Vec<&str> =
            super::super::search::all_attributes(&sent).map(|one| text(one, "uuid")).collect();
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len(), 4);
        let derived = json!({ "info": "y", "date": "2021-03-05", "timestamp": "5",
            "Tag": [{ "name": "b", "colour": "#fff" }, { "name": "a" }],
            "Attribute": [{ "type": "ip-dst", "value": "192.0.2.1", "to_ids": false,
                "Tag": [{ "name": "t" }], "Sighting": [1] }], "Object": [] });
        let told = told(&sent, &derived, of);
        assert_eq!((&told["info"], &told["date"]), (&json!("x"), &json!("2021-03-05")));
        let names: Vec<&str> = list(&told, "Tag").map(|tag| text(tag, "name")).collect();
        assert_eq!(names, ["a", "b"]);
        let one = &told["Attribute"][0];
        assert_eq!((text(one, "type"), &one["to_ids"]), ("ip-src", &json!(false)));
        assert_eq!((&one["Tag"][0]["name"], &one["Sighting"]), (&json!("t"), &json!([1])));
        assert!(!told.to_string().contains("TVqQ"));
        assert_eq!(told["Attribute"][1]["category"], "Other");
        assert_eq!(told["Object"][0]["Attribute"][0]["category"], "Payload delivery");
    }

    #[test]
    fn a_part_is_never_less_marked_than_its_event() {
        let event = json!({ "Attribute": [{ "Tag": [{ "name": "tlp:amber" }, { "name": "x" }] }] });
        assert_eq!(marking(None, &event), Some(Marking::Amber));
        assert_eq!(marking(Some(Marking::Red), &event), Some(Marking::Red));
        assert_eq!(marking(None, &json!({})), None);
        let objects =
            json!({ "Object": [{ "Attribute": [{ "Tag": [{ "name": "tlp:green" }] }] }] });
        assert_eq!(marking(Some(Marking::Clear), &objects), Some(Marking::Green));
        assert_eq!(marking(None, &json!({ "Tag": [{ "name": "tlp:red" }] })), Some(Marking::Red));
    }
}
