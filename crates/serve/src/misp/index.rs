//! The index of events: what is told of each without what stands in it.

use axum::body::Bytes;
use axum::extract::{Query, State};
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Map, Value, json};

use super::feed;
use super::filter::Filter;
use super::heads::{self, Head};
use super::search::{Parameters, asked, head, matching_heads};
use super::sent::word;
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

    fn sorted<'h>(&self, heads: Vec<&'h Head>) -> Result<Vec<&'h Head>, Problem> {
        let Some(by) = &self.by else { return Ok(heads) };
        let mut keyed = Vec::with_capacity(heads.len());
        for head in heads {
            keyed.push((key(&parsed(head)?, by), head));
        }
        self.sort(&mut keyed);
        Ok(keyed.into_iter().map(|(_, head)| head).collect())
    }

    fn sort<T>(&self, keyed: &mut [(Key, T)]) {
        keyed.sort_by(|(a, _), (b, _)| if self.down { b.cmp(a) } else { a.cmp(b) });
    }
}

/// What events are sorted by.
type Key = (Option<i64>, String);

/// MISP numbers in texts: 9 stands before 10.
fn key(event: &Value, by: &str) -> Key {
    let text = match &event[by] {
        Value::Object(of) => of.get("name").and_then(Value::as_str).unwrap_or_default().into(),
        _ => word(event, by),
    };
    (text.parse::<i64>().ok(), text.to_lowercase())
}

pub(super) async fn list(
    State(app): State<App>,
    asker: Asker,
    Query(parameters): Parameters,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Problem> {
    let body = in_words_of_a_search(asked(parameters, &body)?);
    let order = Order::of(&body);
    let filter = Filter::read(&body, app.now(), false)?;
    let (of, cached) = ((asker.ceiling.tlp, app.today()), app.clone());
    let (count, list) = app
        .read(&asker, move |sight| {
            let heads = heads::of(&cached, sight, of)?;
            let found = order.sorted(matching_heads(sight, &heads, &filter, of)?)?;
            let count = found.len();
            // A page is one of what is in order.
            let page = found.into_iter().skip(filter.skipped()).take(filter.limit);
            Ok((count, if order.minimal { minimal(page)? } else { whole(page) }))
        })
        .await?;
    // Servers that pull ask whether theirs is still good.
    let mut answer = if headers.contains_key(header::IF_NONE_MATCH) {
        feed::tagged(&feed::digest(&list), feed::JSON, &headers, || list.into())
    } else {
        ([(header::CONTENT_TYPE, feed::JSON)], list).into_response()
    };
    answer.headers_mut().insert("x-result-count", count.into());
    Ok(answer)
}

/// Entries as a list.
fn whole<'h>(heads: impl Iterator<Item = &'h Head>) -> String {
    let mut list = String::from("[");
    for head in heads {
        list.push_str(if list.len() > 1 { "," } else { "" });
        list.push_str(&head.entry);
    }
    list.push(']');
    list
}

/// The entry of an event, as a server tells it.
pub(super) fn entry(event: &Value) -> Value {
    let mut entry = head(event);
    let tags = event["Tag"].as_array().into_iter().flatten();
    entry["EventTag"] = tags.map(|tag| json!({ "Tag": tag })).collect();
    entry["GalaxyCluster"] = json!([]);
    entry["sighting_timestamp"] = json!("0");
    entry
}

/// The fields of an event without what stands in it, in the order in which they are told.
const FIELDS: [&str; 24] = [
    "uuid",
    "info",
    "date",
    "timestamp",
    "publish_timestamp",
    "published",
    "analysis",
    "threat_level_id",
    "distribution",
    "extends_uuid",
    "Orgc",
    "Tag",
    "Org",
    "EventReport",
    "id",
    "org_id",
    "orgc_id",
    "locked",
    "proposal_email_lock",
    "sharing_group_id",
    "attribute_count",
    "ShadowAttribute",
    "RelatedEvent",
    "Galaxy",
];

/// An event without what stands in it, of its entry.
pub(super) fn bare(head: &Head) -> Result<Value, Problem> {
    let mut entry = parsed(head)?;
    let mut field = |key: &str| match key {
        "Tag" => {
            let tags = entry["EventTag"].as_array().into_iter().flatten();
            tags.map(|on| on["Tag"].clone()).collect()
        }
        "locked" => json!(true),
        "proposal_email_lock" => json!(false),
        "EventReport" | "ShadowAttribute" | "RelatedEvent" | "Galaxy" => json!([]),
        _ => entry[key].take(),
    };
    Ok(Value::Object(FIELDS.iter().map(|key| ((*key).to_owned(), field(key))).collect()))
}

fn parsed(head: &Head) -> Result<Value, Problem> {
    serde_json::from_str(&head.entry)
        .map_err(|error| Problem::fault(format!("an entry of the index: {error}")))
}

fn minimal<'h>(heads: impl Iterator<Item = &'h Head>) -> Result<String, Problem> {
    let mut list = Vec::new();
    for head in heads {
        let event = head.summary()?;
        list.push(json!({
            "id": event.id,
            "uuid": event.uuid,
            "timestamp": event.timestamp,
            "sighting_timestamp": event.sighting_timestamp,
            "published": event.published,
            "orgc_uuid": event.creator.uuid,
        }));
    }
    Ok(Value::Array(list).to_string())
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
    // The rules of a pull name several at once.
    for key in ["tags", "org"] {
        if let Some(value) = body.get_mut(key)
            && let Some(text) = value.as_str().filter(|text| text.contains('|'))
        {
            *value = text.split('|').collect();
        }
    }
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
        let mut events: Vec<(Key, &str)> =
            ["10", "9", "100"].map(|id| (key(&json!({ "id": id }), "id"), id)).into();
        let order = |down| Order { by: Some("id".into()), down, minimal: false };
        order(false).sort(&mut events);
        assert_eq!(events[0].1, "9");
        order(true).sort(&mut events);
        assert_eq!(events[0].1, "100");
        let named = |name: &str| key(&json!({ "Orgc": { "name": name } }), "Orgc");
        assert!(named("Alpha") < named("beta"));
    }
}
