//! STIX 2.0 and 2.1: bundles, TAXII envelopes, lists of objects and single objects.

mod check;
mod markings;
mod object;
mod own;
pub(crate) mod path;
pub(crate) mod pattern;
pub(crate) mod terms;
pub(crate) mod whole;
mod write;

use lapwing_model::{Problem, ProblemKind};
use serde_json::Value;

use super::json;
use crate::{Input, Item};

/// Defects of one input that are named one by one.
const MOST_DEFECTS: usize = 50;

/// Whether the text is JSON of STIX 2.
pub(crate) fn recognises(_name: &str, head: &str) -> bool {
    // A stray character before the first brace is a defect that the reader names.
    let start = head
        .char_indices()
        .filter(|(_, c)| !c.is_whitespace())
        .take(3)
        .find(|(_, c)| "{[".contains(*c));
    if start.is_none()
        || !head.contains("\"type\"")
        || head.contains("\"Attribute\"") && head.contains("\"Event\"")
    {
        return false;
    }
    head.contains("\"spec_version\"") || head.contains("\"bundle--") || has_id(head)
}

/// Whether a field `id` holds `type--UUID`.
fn has_id(head: &str) -> bool {
    head.match_indices("\"id\"").take(16).any(|(at, key)| {
        let rest = head[at + key.len()..].trim_start_matches([' ', '\t', '\r', '\n', ':']);
        let value = rest.strip_prefix('"').and_then(|rest| rest.split('"').next()).unwrap_or("");
        value.split_once("--").is_some_and(|(kind, uuid)| !kind.is_empty() && uuid.len() == 36)
    })
}

/// Reads the bundle as one document; objects that break the rules are named and read as far as they go.
pub(crate) fn read(input: &Input<'_>, out: &mut dyn FnMut(Item)) {
    let Some(value) = json::parse(input, out) else { return };
    let objects = objects(&value);
    if objects.is_empty() && value.get("type").and_then(Value::as_str) != Some("bundle") {
        let message = "this JSON of STIX's holds no object";
        out(Item::Problem(Problem::fatal(input.name, ProblemKind::Malformed, message)));
        return;
    }
    let mut defects = 0usize;
    let mut name = |place: String, message: String| {
        defects += 1;
        if defects <= MOST_DEFECTS {
            out(Item::Problem(
                Problem::partial(input.name, ProblemKind::Malformed, message).at(place),
            ));
        }
    };
    for (at, object) in objects.iter().enumerate() {
        let id = json::str_of(object, "id");
        let place = if id.is_empty() {
            format!("object {}", at + 1)
        } else {
            format!("object {}, {id}", at + 1)
        };
        for defect in check::defects(object) {
            name(place.clone(), defect);
        }
    }
    // What Lapwing wrote comes back as the documents that it was made of; what others added to it
    // is read as any bundle.
    let ours = own::is_ours(&objects);
    let all = objects;
    let objects = if ours { own::foreign(&all) } else { all.clone() };
    let mut reading = None;
    if !ours || !objects.is_empty() {
        let (made, found) = write::reading(input, &value, &objects);
        for (place, defect) in found {
            name(place, defect);
        }
        reading = Some(made);
    }
    if defects > MOST_DEFECTS {
        let message =
            format!("{} more defects of the same input are not named", defects - MOST_DEFECTS);
        out(Item::Problem(Problem::partial(input.name, ProblemKind::Malformed, message)));
    }
    if ours {
        own::read(input, &all, out);
    }
    if let Some(reading) = reading {
        out(Item::Reading(Box::new(reading)));
    }
}

fn objects(value: &Value) -> Vec<&Value> {
    match value {
        Value::Array(items) => items.iter().flat_map(objects).collect(),
        Value::Object(fields) => match fields.get("objects") {
            Some(Value::Array(items)) if !is_observation(value) => {
                items.iter().filter(|item| item.is_object()).collect()
            }
            _ if json::str_of(value, "type") == "bundle" => Vec::new(),
            _ if fields.contains_key("type") || fields.contains_key("id") => vec![value],
            _ => Vec::new(),
        },
        _ => Vec::new(),
    }
}

fn is_observation(value: &Value) -> bool {
    json::str_of(value, "type") == "observed-data"
}
