//! What clients bring to be read: texts whose values become attributes, and STIX.

use axum::Json;
use axum::body::Bytes;
use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse, Response};
use lapwing_engine::publish::misp;
use lapwing_engine::read::Options;
use lapwing_engine::{AddOptions, Extracted, Input, Silent, extract};
use lapwing_model::{Entity, Format, Kind, Role};
use serde_json::{Value, json};

use super::change::{add_part, held};
use super::kept;
use super::search::{Parameters, asked};
use super::sent::{flag, text, unknown, word};
use super::{number, types};
use crate::app::App;
use crate::asker::Asker;
use crate::problem::Problem;

/// What to do with values that are known to be harmless.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Harmless {
    Kept,
    /// Without an alarm.
    Soft,
    LeftOut,
}

/// Finds the values of a text and adds them to an event.
pub(super) async fn free_text(
    State(app): State<App>,
    asker: Asker,
    Path(event): Path<String>,
    Query(parameters): Parameters,
    body: Bytes,
) -> Result<Response, Problem> {
    let asked = Value::Object(asked(parameters, &body)?);
    let asked = asked.get("Attribute").cloned().unwrap_or(asked);
    let value = text(&asked, "value").to_owned();
    if value.trim().is_empty() {
        return Err(Problem::unfit("send the text as `value`"));
    }
    let harmless = match (&asked["adhereToWarninglists"], flag(&asked, "adhereToWarninglists")) {
        (Value::String(word), _) if word == "soft" => Harmless::Soft,
        (_, Some(true)) => Harmless::LeftOut,
        _ => Harmless::Kept,
    };
    let Some(before) = held(&app, &asker, &event).await? else { return Ok(unknown("event")) };
    let found = app
        .read(&asker, move |sight| {
            let input = Input::Bytes { name: "text.txt".to_owned(), bytes: value.into_bytes() };
            let options = Options { format: Some(Format::Text), ..Options::default() };
            let mut found: Vec<Extracted> = Vec::new();
            extract(&input, &options, sight.knowledge(), &mut |one| {
                found.extend(one.values);
                Ok(())
            })?;
            Ok(found)
        })
        .await?;
    let mut attributes: Vec<Value> = Vec::new();
    for one in found {
        let Some(attribute) = attribute(&one, harmless) else { continue };
        if attributes.iter().all(|known| known["value"] != attribute["value"]) {
            attributes.push(attribute);
        }
    }
    let distribution = word(&asked, "distribution");
    if flag(&asked, "returnMetaAttributes").unwrap_or(false) {
        return Ok(Json(attributes.iter().map(proposed).collect::<Value>()).into_response());
    }
    for one in &mut attributes {
        if let Some(fields) = one.as_object_mut() {
            fields.remove("original_value");
        }
        if !distribution.is_empty() {
            one["distribution"] = json!(distribution);
        }
    }
    let fresh: Vec<Value> =
        attributes.iter().filter(|one| before.find(one).is_none()).cloned().collect();
    if fresh.is_empty() {
        return Ok(Json(json!([])).into_response());
    }
    add_part(&app, &asker, &before, fresh.clone(), Vec::new()).await?;
    let after = held(&app, &asker, &event).await?;
    // Who may not see what he added gets back what he sent.
    let told = |one: &Value| {
        after.as_ref().and_then(|after| after.find(one)).cloned().unwrap_or_else(|| one.clone())
    };
    Ok(Json(fresh.iter().map(told).collect::<Value>()).into_response())
}

/// A value that was found, as an attribute; `None` for what is none by itself.
fn attribute(found: &Extracted, harmless: Harmless) -> Option<Value> {
    if !(found.kind.is_observable() || found.kind == Kind::Vulnerability) {
        return None;
    }
    let is_harmless = found.benign.is_some();
    if is_harmless && harmless == Harmless::LeftOut {
        return None;
    }
    let (kind, category, value) = misp::typed(&Entity::new(found.kind, found.value.as_str()))?;
    let alarms = types::defaults(kind).is_some_and(|(_, alarms)| alarms);
    // A text that is no report says of no value what it is: all count, as MISP counts them, but
    // what the text itself names as something else.
    let other =
        matches!(found.role, Role::Reference | Role::Victim | Role::Benign | Role::Publisher);
    Some(json!({
        "type": kind,
        "category": category,
        "value": value,
        "original_value": found.raw,
        "to_ids": alarms && !other && !(is_harmless && harmless != Harmless::Kept),
        "comment": found.benign.as_deref().unwrap_or_default(),
    }))
}

/// A value as MISP proposes it before it is added.
fn proposed(attribute: &Value) -> Value {
    json!({
        "value": attribute["value"],
        "original_value": attribute["original_value"],
        "types": [attribute["type"]],
        "default_type": attribute["type"],
        "category": attribute["category"],
        "default_category": attribute["category"],
        "to_ids": attribute["to_ids"],
        "comment": attribute["comment"],
    })
}

/// Takes a STIX file as a document.
pub(super) async fn stix(
    state: State<App>,
    asker: Asker,
    body: Bytes,
) -> Result<Response, Problem> {
    add_stix(state, asker, &body).await
}

pub(super) async fn stix_of_version(
    state: State<App>,
    asker: Asker,
    Path(_version): Path<String>,
    body: Bytes,
) -> Result<Response, Problem> {
    add_stix(state, asker, &body).await
}

async fn add_stix(State(app): State<App>, asker: Asker, body: &[u8]) -> Result<Response, Problem> {
    // PyMISP sends a text as a text of JSON's, and bytes as they are.
    let unwrapped = serde_json::from_slice::<String>(body).ok();
    let body = unwrapped.as_deref().map_or(body, str::as_bytes);
    if body.iter().all(u8::is_ascii_whitespace) {
        return Err(Problem::unfit("send the STIX file as the body"));
    }
    let is_xml = body.iter().find(|byte| !byte.is_ascii_whitespace()) == Some(&b'<');
    let (name, format) = if is_xml {
        ("upload.stix.xml", Format::Stix1)
    } else {
        ("upload.stix.json", Format::Stix2)
    };
    let input = Input::Bytes { name: name.to_owned(), bytes: body.to_vec() };
    let options = AddOptions {
        read: Options {
            source: Some(asker.who.clone()),
            format: Some(format),
            ..Options::default()
        },
        command: format!("MISP events/upload_stix (by {})", asker.who),
    };
    let ids = app
        .write(move |engine, now| {
            let report = engine.add(&[input], &options, now, &Silent)?;
            if report.documents.is_empty() {
                let why = report.problems.first().map(ToString::to_string).unwrap_or_default();
                return Err(Problem::unfit(format!("the file could not be read: {why}")));
            }
            Ok(report
                .documents
                .iter()
                .map(|added| kept::shown(&added.document))
                .collect::<Vec<_>>())
        })
        .await?;
    let told = format!("STIX document imported: {} event(s).", ids.len());
    let first = ids.first().copied().unwrap_or_default();
    let events: Vec<Value> =
        ids.iter().map(|uuid| json!({ "id": number(*uuid), "uuid": uuid })).collect();
    Ok(Json(json!({
        "saved": true,
        "success": true,
        "name": told,
        "message": told,
        "url": format!("/events/view/{}", number(first)),
        "id": number(first),
        "uuid": first,
        "Events": events,
    }))
    .into_response())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_proposed_without_its_type() {
        let proposal = proposed(&json!({ "type": "md5", "value": "x" }));
        assert_eq!(
            (&proposal["default_type"], &proposal["types"][0]),
            (&json!("md5"), &json!("md5"))
        );
        assert_eq!(proposal["types"].as_array().map(Vec::len), Some(1));
    }
}
