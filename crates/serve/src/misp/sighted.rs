//! Sightings that are there: those that documents tell, and those that clients added.

use axum::Json;
use axum::body::Bytes;
use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse, Response};
use jiff::civil::Date;
use lapwing_engine::publish::misp;
use lapwing_model::Marking;
use serde_json::{Map, Value, json};

use super::filter::{range as range_of, strings};
use super::heads::{self, Head, Heads};
use super::search::{Parameters, all_attributes, asked};
use super::sent::{id_of, list, text, word};
use super::told::Added;
use super::{number, view};
use crate::app::App;
use crate::asker::Asker;
use crate::problem::Problem;
use crate::readers::Sight;

/// Puts the sightings of clients beside those of an attribute, all in MISP's shape.
pub(super) fn complete(attribute: &mut Value, event_id: &str, added: &Added) {
    let value = text(attribute, "value").to_lowercase();
    // `name|hash` of MISP's is told by its last part.
    let last = value.rsplit('|').next().unwrap_or(&value);
    let more = added.get(&value).or_else(|| added.get(last));
    let (id, uuid) = (text(attribute, "id").to_owned(), text(attribute, "uuid").to_owned());
    let own: Vec<Value> = list(attribute, "Sighting").cloned().collect();
    let all = own.into_iter().chain(more.into_iter().flatten().cloned());
    attribute["Sighting"] = all
        .enumerate()
        .map(|(at, mut one)| {
            let name = format!("sighting of {uuid}|{at}|{}", text(&one, "date_sighting"));
            let own = misp::uuid_of(&name);
            one["id"] = json!(number(own));
            one["uuid"] = json!(own);
            one["attribute_id"] = json!(id);
            one["attribute_uuid"] = json!(uuid);
            one["event_id"] = json!(event_id);
            one["org_id"] = json!("1");
            if one["Organisation"].is_null() {
                one["Organisation"] = view::organisation();
            }
            one
        })
        .collect();
}

/// As [`complete`], for all that stands in an event.
pub(super) fn complete_event(event: &mut Value, added: &Added) {
    let id = text(event, "id").to_owned();
    let all = |list: &mut Value| {
        for one in list.as_array_mut().into_iter().flatten() {
            complete(one, &id, added);
        }
    };
    all(&mut event["Attribute"]);
    for object in event["Object"].as_array_mut().into_iter().flatten() {
        all(&mut object["Attribute"]);
    }
}

/// What sightings are asked for.
struct Wanted {
    /// Events or attributes, by identifier or number; none for all.
    ids: Vec<String>,
    kind: Option<String>,
    source: Option<String>,
    in_time: Option<(i64, i64)>,
    with_attribute: bool,
    with_event: bool,
}

impl Wanted {
    fn of(asked: &Map<String, Value>, now: jiff::Timestamp) -> Result<Self, Problem> {
        let json = Value::Object(asked.clone());
        let given = |key: &str| Some(word(&json, key)).filter(|text| !text.is_empty());
        let flag = |key: &str| super::sent::flag(&json, key).unwrap_or(false);
        let time = ["last", "publish_timestamp"].iter().find_map(|key| {
            asked.get(*key).filter(|value| !value.is_null()).map(|value| (*key, value))
        });
        let mut in_time = time.map(|(key, value)| range_of(key, value, now)).transpose()?;
        for (key, upper) in [("from", false), ("to", true)] {
            let Some(value) = asked.get(key).filter(|value| !value.is_null()) else { continue };
            let (at, _) = range_of(key, value, now)?;
            let (from, to) = in_time.unwrap_or((i64::MIN, i64::MAX));
            in_time = Some(if upper { (from, to.min(at)) } else { (from.max(at), to) });
        }
        Ok(Self {
            ids: ["id", "uuid"]
                .iter()
                .filter_map(|key| asked.get(*key))
                .flat_map(strings)
                .map(|id| id_of(&id))
                .collect(),
            kind: given("type"),
            source: given("source"),
            in_time,
            with_attribute: flag("includeAttribute"),
            with_event: flag("includeEvent") || flag("includeEventMeta"),
        })
    }

    /// Whether one of what is asked for may be an event, or stand in it.
    fn may_be_in(&self, head: &Head) -> Result<bool, Problem> {
        let summary = head.summary()?;
        Ok(self.ids.iter().any(|id| {
            *id == summary.id
                || *id == summary.uuid
                || heads::number_of(id).is_some_and(|number| head.holds(number))
        }))
    }

    fn takes(&self, sighting: &Value) -> bool {
        let time = text(sighting, "date_sighting").parse().unwrap_or_default();
        self.kind.as_deref().is_none_or(|kind| sighting["type"] == kind)
            && self.source.as_deref().is_none_or(|source| sighting["source"] == source)
            && self.in_time.is_none_or(|(from, to)| (from..=to).contains(&time))
    }
}

pub(super) async fn listed(
    State(app): State<App>,
    asker: Asker,
    Query(parameters): Parameters,
    body: Bytes,
) -> Result<Json<Value>, Problem> {
    let wanted = Wanted::of(&asked(parameters, &body)?, app.now())?;
    let found = found(&app, &asker, wanted).await?;
    Ok(Json(found.into_iter().map(|found| found.sighting).collect()))
}

/// As [`listed`], of what the path names.
pub(super) async fn listed_of(
    State(app): State<App>,
    asker: Asker,
    Path(path): Path<String>,
) -> Result<Json<Value>, Problem> {
    let id = path.split('/').next().unwrap_or_default().to_owned();
    let asked = Map::from_iter([("id".to_owned(), Value::String(id))]);
    let found = found(&app, &asker, Wanted::of(&asked, app.now())?).await?;
    Ok(Json(found.into_iter().map(|found| found.sighting).collect()))
}

pub(super) async fn search(
    State(app): State<App>,
    asker: Asker,
    Query(parameters): Parameters,
    body: Bytes,
) -> Result<Response, Problem> {
    searched(app, asker, parameters, &body).await
}

pub(super) async fn search_in(
    State(app): State<App>,
    asker: Asker,
    Path(_context): Path<String>,
    Query(parameters): Parameters,
    body: Bytes,
) -> Result<Response, Problem> {
    searched(app, asker, parameters, &body).await
}

async fn searched(
    app: App,
    asker: Asker,
    parameters: Vec<(String, String)>,
    body: &[u8],
) -> Result<Response, Problem> {
    let wanted = Wanted::of(&asked(parameters, body)?, app.now())?;
    let (with_attribute, with_event) = (wanted.with_attribute, wanted.with_event);
    let told = found(&app, &asker, wanted).await?.into_iter().map(|found| {
        let Found { mut sighting, attribute, event } = found;
        sighting["value"] = attribute["value"].clone();
        if with_attribute {
            sighting["Attribute"] = attribute;
        }
        if with_event {
            sighting["Event"] = event;
        }
        json!({ "Sighting": sighting })
    });
    Ok(Json(json!({ "response": told.collect::<Vec<_>>() })).into_response())
}

struct Found {
    sighting: Value,
    attribute: Value,
    event: Value,
}

async fn found(app: &App, asker: &Asker, wanted: Wanted) -> Result<Vec<Found>, Problem> {
    let (of, cached) = ((asker.ceiling.tlp, app.today()), app.clone());
    app.read(asker, move |sight| {
        let heads = heads::of(&cached, sight, of)?;
        sightings(sight, &wanted, &heads, of)
    })
    .await
}

fn sightings(
    sight: &Sight<'_>,
    wanted: &Wanted,
    heads: &Heads,
    (ceiling, day): (Marking, Date),
) -> Result<Vec<Found>, Problem> {
    let added = heads.shelf.told.added();
    let mut found = Vec::new();
    for head in heads.list.iter().filter(|head| head.is_sighted) {
        if !wanted.ids.is_empty() && !wanted.may_be_in(head)? {
            continue;
        }
        let Some(mut event) = heads.shelf.event(sight, head.document, ceiling, day)? else {
            continue;
        };
        let json = &mut event.json["Event"];
        complete_event(json, &added);
        let is = |of: &Value| {
            let is_it = |id: &String| of["id"] == id.as_str() || of["uuid"] == id.as_str();
            wanted.ids.is_empty() || wanted.ids.iter().any(is_it)
        };
        let whole = is(json);
        for attribute in all_attributes(json).filter(|one| whole || is(one)) {
            for sighting in list(attribute, "Sighting").filter(|one| wanted.takes(one)) {
                let mut attribute = attribute.clone();
                attribute["Sighting"].take();
                found.push(Found {
                    sighting: sighting.clone(),
                    attribute,
                    event: super::search::head(json),
                });
            }
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sightings_of_clients_stand_beside_those_of_documents() {
        let mut one = json!({ "id": "5", "uuid": "u", "value": "a.exe|Ff",
            "Sighting": [{ "type": "0", "date_sighting": "1" }] });
        let added =
            Added::from([("ff".into(), vec![json!({ "type": "1", "date_sighting": "2" })])]);
        complete(&mut one, "7", &added);
        let all = one["Sighting"].as_array().unwrap();
        assert_eq!(all.len(), 2);
        assert!(all.iter().all(|one| one["event_id"] == "7" && one["attribute_id"] == "5"));
        assert_ne!(all[0]["uuid"], all[1]["uuid"]);
    }
}
