//! The index of events: what is told of each without what stands in it.

use axum::Json;
use axum::body::Bytes;
use axum::extract::{Query, State};
use axum::response::{IntoResponse, Response};
use serde_json::{Map, Value, json};

use super::filter::Filter;
use super::search::{Parameters, asked, head, matching};
use super::sent::{text, word};
use crate::app::App;
use crate::asker::Asker;
use crate::problem::Problem;

/// What the index is asked for beside the events themselves.
struct Order {
    /// By which field.
    by: Option<String>,
    down: bool,
    /// Only what a server needs that compares its events with ours.
    minimal: bool,
}

impl Order {
    fn of(body: &Map<String, Value>) -> Self {
        let body = Value::Object(body.clone());
        let by = Some(word(&body, "sort")).filter(|by| !by.is_empty());
        Self {
            by,
            down: word(&body, "direction").eq_ignore_ascii_case("desc"),
            minimal: super::sent::flag(&body, "minimal").unwrap_or(false),
        }
    }

    fn sort(&self, events: &mut [Value]) {
        let Some(by) = &self.by else { return };
        // MISP numbers in texts: 9 stands before 10.
        let key = |event: &Value| {
            let text = match &event[by] {
                Value::Object(of) => {
                    of.get("name").and_then(Value::as_str).unwrap_or_default().into()
                }
                _ => word(event, by),
            };
            (text.parse::<i64>().ok(), text.to_lowercase())
        };
        events.sort_by(|a, b| {
            let order = key(a).cmp(&key(b));
            if self.down { order.reverse() } else { order }
        });
    }
}

pub(super) async fn list(
    State(app): State<App>,
    asker: Asker,
    Query(parameters): Parameters,
    body: Bytes,
) -> Result<Response, Problem> {
    let body = in_words_of_a_search(asked(parameters, &body)?);
    let order = Order::of(&body);
    let filter = Filter::read(&body, app.now(), false)?;
    let (ceiling, day) = (asker.ceiling.tlp, app.today());
    let (skip, most) = (filter.skipped(), filter.limit);
    // A page is one of what is in order.
    let whole = Filter { limit: usize::MAX, page: 1, ..filter };
    let found = app.read(&asker, move |sight| matching(sight, &whole, ceiling, day)).await?;
    let mut events: Vec<Value> = found.iter().map(|event| entry(&event.json["Event"])).collect();
    order.sort(&mut events);
    let count = events.len();
    let page = events.into_iter().skip(skip).take(most);
    let list: Vec<Value> =
        if order.minimal { page.map(|event| minimal(&event)).collect() } else { page.collect() };
    let mut answer = Json(json!(list)).into_response();
    answer.headers_mut().insert("x-result-count", count.into());
    Ok(answer)
}

fn entry(event: &Value) -> Value {
    let mut entry = head(event);
    let tags = event["Tag"].as_array().into_iter().flatten();
    entry["EventTag"] = tags.map(|tag| json!({ "Tag": tag })).collect();
    entry["GalaxyCluster"] = json!([]);
    entry["sighting_timestamp"] = json!("0");
    entry
}

fn minimal(event: &Value) -> Value {
    json!({
        "id": event["id"],
        "uuid": event["uuid"],
        "timestamp": event["timestamp"],
        "sighting_timestamp": event["sighting_timestamp"],
        "published": event["published"],
        "orgc_uuid": text(&event["Orgc"], "uuid"),
    })
}

/// The index has words of its own for what a search asks, and takes parts of texts.
fn in_words_of_a_search(body: Map<String, Value>) -> Map<String, Value> {
    let mut body: Map<String, Value> = body
        .into_iter()
        .map(|(name, value)| {
            // Of a path they are written `searchinfo:x`, sent they are not.
            let plain =
                name.strip_prefix("search").filter(|_| name != "searchall").unwrap_or(&name);
            let ours = match plain {
                "all" => "searchall",
                "tag" => "tags",
                "datefrom" => "from",
                "dateuntil" => "to",
                "attribute" => "value",
                "threatlevel" => "threat_level_id",
                "info" => "eventinfo",
                "email" => "org",
                other => other,
            };
            (ours.to_owned(), value)
        })
        .collect();
    for key in ["eventinfo", "value"] {
        if let Some(Value::String(text)) = body.get_mut(key)
            && !text.contains('%')
        {
            *text = match text.strip_prefix('!') {
                Some(refused) => format!("!%{refused}%"),
                None => format!("%{text}%"),
            };
        }
    }
    body
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_words_of_the_index_are_those_of_a_search() {
        let sent =
            json!({ "datefrom": "2021-01-01", "eventinfo": "x", "all": "y", "searchtag": "t" });
        let Value::Object(sent) = sent else { unreachable!() };
        let ours = Value::Object(in_words_of_a_search(sent));
        assert_eq!(
            ours,
            json!({ "from": "2021-01-01", "eventinfo": "%x%", "searchall": "y", "tags": "t" })
        );
    }

    #[test]
    fn events_are_sorted_by_what_is_asked_for() {
        let mut events = vec![json!({ "id": "10" }), json!({ "id": "9" }), json!({ "id": "100" })];
        let order = |down| Order { by: Some("id".into()), down, minimal: false };
        order(false).sort(&mut events);
        assert_eq!(events[0]["id"], "9");
        order(true).sort(&mut events);
        assert_eq!(events[0]["id"], "100");
    }
}
