//! MISP events, lists and feeds of events, and collections of attributes and objects, as JSON or
//! as MISP's own XML.

mod as_xml;
mod event;

use lapwing_model::{Problem, ProblemKind};
use serde_json::Value;

use super::{json, xml};
use crate::{Input, Item};

/// Whether the text is JSON or XML of MISP's.
pub(crate) fn recognises(_name: &str, head: &str) -> bool {
    if as_xml::recognises(head) {
        return true;
    }
    if !head.trim_start().starts_with(['{', '[']) {
        return false;
    }
    let has = |key: &str| head.contains(key);
    let own = [
        "\"Orgc\"",
        "\"to_ids\"",
        "\"category\"",
        "\"threat_level_id\"",
        "\"object_relation\"",
        "\"info\"",
        "\"analysis\"",
        "\"distribution\"",
        "\"Tag\"",
        "\"Galaxy\"",
    ];
    let event = (has("\"Event\"") || has("\"Attribute\"")) && own.iter().any(|key| has(key));
    event
        || has("\"object_relation\"") && has("\"template_uuid\"")
        || has("\"Orgc\"") && has("\"info\"")
}

/// Reads every event of the input.
pub(crate) fn read(input: &Input<'_>, out: &mut dyn FnMut(Item)) {
    if input.text.trim_start().starts_with('<') {
        xml::parse(input, out, &mut |document, out| {
            let root = document.root_element();
            let value = as_xml::value(root);
            let event = root.tag_name().name() == "Event";
            // An event that is the root has no list of events above it.
            let value = if event { serde_json::json!({ "Event": value }) } else { value };
            events(input, &value, out);
        });
        return;
    }
    let Some(value) = json::parse(input, out) else { return };
    events(input, &value, out);
}

fn events(input: &Input<'_>, value: &Value, out: &mut dyn FnMut(Item)) {
    if is_manifest(value) {
        return;
    }
    let mut events = Vec::new();
    collect(value, &mut events, 0);
    if events.is_empty() {
        let message = "this file of MISP's holds no event, attribute or object";
        out(Item::Problem(Problem::fatal(input.name, ProblemKind::Unsupported, message)));
        return;
    }
    let several = events.len() > 1;
    for (at, event) in events.into_iter().enumerate() {
        let part = several.then_some(at);
        out(Item::Reading(Box::new(event::reading(input, event, part))));
    }
}

/// A feed's index: event ids with what they are about, but no attributes.
fn is_manifest(value: &Value) -> bool {
    let is_entry = |entry: &Value| {
        entry.get("info").is_some()
            && entry.get("Orgc").is_some()
            && entry.get("Attribute").is_none()
    };
    match value {
        Value::Object(entries) if value.get("Event").is_none() && value.get("info").is_none() => {
            !entries.is_empty() && entries.values().all(is_entry)
        }
        // The answer of a search that lists events without their attributes.
        Value::Array(entries) => {
            !entries.is_empty() && entries.iter().all(|e| is_entry(e) && e.get("uuid").is_some())
        }
        _ => false,
    }
}

/// Finds the events in `{"Event":…}`, lists, `{"response":…}` and bare collections.
fn collect<'a>(value: &'a Value, events: &mut Vec<&'a Value>, depth: usize) {
    const DEEPEST: usize = 8;
    if depth > DEEPEST {
        return;
    }
    match value {
        Value::Array(items) if items.iter().any(is_attribute) => {
            // A bare list of attributes is one collection.
            events.push(value);
        }
        Value::Array(items) => items.iter().for_each(|item| collect(item, events, depth + 1)),
        Value::Object(fields) => {
            if let Some(inner) = fields.get("Event").or_else(|| fields.get("response")) {
                collect(inner, events, depth + 1);
            } else if ["Attribute", "Object", "EventReport", "info", "object_relation"]
                .iter()
                .any(|k| fields.contains_key(*k))
                || is_attribute(value)
            {
                events.push(value);
            }
        }
        _ => {}
    }
}

fn is_attribute(value: &Value) -> bool {
    value.get("type").is_some_and(Value::is_string)
        && value.get("value").is_some()
        && value.get("Attribute").is_none()
}
