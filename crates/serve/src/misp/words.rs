//! Tags that are in use, and lists of what is known to be harmless.

use std::collections::BTreeMap;

use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use lapwing_engine::publish::misp;
use lapwing_model::{Entity, Kind};
use serde_json::{Map, Value, json};

use super::heads::Heads;
use super::number;
use super::sent::{MOST, json_of};
use crate::app::App;
use crate::asker::Asker;
use crate::problem::Problem;

/// How often tags are in use: on events, on attributes, and their colour.
pub(super) type Tags = BTreeMap<String, (u64, u64, String)>;

/// What is in use, with how often.
pub(super) struct InUse {
    pub(super) tags: Tags,
    /// Types of attributes, and categories.
    pub(super) types: BTreeMap<String, u64>,
    pub(super) categories: BTreeMap<String, u64>,
}

impl InUse {
    pub(super) fn of(heads: &Heads) -> Result<Self, Problem> {
        let mut all =
            Self { tags: Tags::new(), types: BTreeMap::new(), categories: BTreeMap::new() };
        for head in &heads.list {
            for tag in head.summary()?.tags() {
                count(&mut all.tags, &tag.name, &tag.colour).0 += 1;
            }
            for (at, times) in &head.tags {
                let (name, colour) = heads.pool.get(*at);
                count(&mut all.tags, name, colour).1 += u64::from(*times);
            }
            for (counts, of) in
                [(&mut all.types, &head.types), (&mut all.categories, &head.categories)]
            {
                for (at, times) in of {
                    let name = heads.pool.get(*at).0.to_owned();
                    *counts.entry(name).or_insert(0) += u64::from(*times);
                }
            }
        }
        Ok(all)
    }
}

/// How often a tag is in use; it has the colour that it has where it comes first.
fn count<'t>(tags: &'t mut Tags, name: &str, colour: &str) -> &'t mut (u64, u64, String) {
    if !tags.contains_key(name) {
        tags.insert(name.to_owned(), (0, 0, colour.to_owned()));
    }
    tags.entry(name.to_owned()).or_default()
}

/// A tag in MISP's shape.
pub(super) fn tag(name: &str, (events, attributes, colour): &(u64, u64, String)) -> Value {
    json!({
        "id": tag_number(name),
        "name": name,
        "colour": colour,
        "exportable": true,
        "org_id": "0",
        "user_id": "0",
        "hide_tag": false,
        "numerical_value": null,
        "is_galaxy": name.starts_with("misp-galaxy:"),
        "is_custom_galaxy": false,
        "local_only": false,
        "count": events,
        "attribute_count": attributes,
        "favourite": false,
    })
}

/// The number of a tag.
pub(super) fn tag_number(name: &str) -> String {
    number(misp::uuid_of(&format!("tag|{name}")))
}

/// On which lists of the harmless values stand.
pub(super) async fn check_value(
    State(app): State<App>,
    asker: Asker,
    body: Bytes,
) -> Result<Response, Problem> {
    let sent = json_of(&body)?;
    let sent = sent.get("value").unwrap_or(&sent);
    let values: Vec<String> = match sent {
        Value::String(text) => vec![text.clone()],
        Value::Array(list) => list.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
        _ => return Err(Problem::unfit("send a value, or a list of values")),
    };
    if values.len() > MOST {
        return Err(Problem::unfit(format!("{MOST} values of one request at most")));
    }
    let day = app.today();
    let found = app
        .read(&asker, move |sight| {
            let mut found = Map::new();
            for value in values {
                let Some(entity) = entity(&sight.look_up(&value, day)?) else { continue };
                if let Some(benign) = sight.knowledge().benign(&entity) {
                    let list = json!({
                        "id": number(misp::uuid_of(&format!("warninglist|{}", benign.list))),
                        "name": benign.list,
                        "description": benign.why,
                        "category": if benign.shared { "known" } else { "false_positive" },
                        "matched": entity.value,
                    });
                    found.insert(value, json!([list]));
                }
            }
            Ok(found)
        })
        .await?;
    // MISP has a list where it has nothing.
    Ok(if found.is_empty() { Json(json!([])) } else { Json(Value::Object(found)) }.into_response())
}

pub(super) fn entity(found: &lapwing_engine::LookedUp) -> Option<Entity> {
    let kind: Kind = found.kind?;
    Some(Entity::new(kind, found.value.as_deref()?))
}
