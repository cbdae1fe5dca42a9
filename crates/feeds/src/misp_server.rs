//! A MISP server, asked for its events by `events/restSearch`, page by page.

use lapwing_engine::read::Options;
use lapwing_model::Format;
use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Value, json};
use url::Url;

use crate::FeedError;
use crate::pull::Pull;

/// Events of one page.
const PAGE: usize = 50;
/// Pages of one pull: a server that never ends is left.
const PAGES: usize = 10_000;

#[derive(Deserialize)]
struct Page<'a> {
    #[serde(borrow)]
    response: Vec<&'a RawValue>,
}

pub(crate) fn pull(pull: &mut Pull<'_>) -> Result<(), FeedError> {
    let base = pull.address()?;
    let search = search_address(&base);
    let Some(key) = pull.key.clone() else {
        return Err(FeedError::Address {
            address: base.to_string(),
            why: "a MISP server needs a key; name the variable that holds it with --key-env".into(),
        });
    };
    // Events changed since then; the last second is asked for again, and what is known is left out.
    let since: u64 = pull.state.cursor.as_deref().and_then(|text| text.parse().ok()).unwrap_or(0);
    let mut latest = since;
    let mut whole = true;
    'pages: for page in 1..=PAGES {
        let body = json!({
            "returnFormat": "json", "page": page, "limit": PAGE,
            "timestamp": since.to_string(), "published": true, "includeEventTags": true,
        });
        let request = crate::Request::get(search.clone())
            .header("Accept", "application/json")
            .header("Content-Type", "application/json")
            .authorization(Some(key.clone()))
            .post(body.to_string().into_bytes());
        let bytes = pull.fetcher.fetch(&request)?.body.unwrap_or_default();
        let events: Page<'_> = serde_json::from_slice(&bytes)
            .map_err(|error| pull.malformed(&search, format!("no list of events came: {error}")))?;
        let count = events.response.len();
        for raw in events.response {
            pull.pulled.items += 1;
            let Some((uuid, timestamp)) = identity(raw.get()) else {
                pull.problem(
                    search.to_string(),
                    format!("page {page}: an event without uuid or timestamp"),
                );
                continue;
            };
            latest = latest.max(timestamp);
            if pull.known.get(&uuid).and_then(|t| t.parse().ok()) >= Some(timestamp) {
                continue;
            }
            if !pull.has_room() {
                whole = false;
                break 'pages;
            }
            let options = Options { format: Some(Format::MispJson), ..pull.options() };
            let name = format!("{}events/view/{uuid}", with_slash(&base));
            let bytes = raw.get().as_bytes().to_vec();
            pull.take(name, bytes, options, Some((uuid, timestamp.to_string())))?;
        }
        if count < PAGE {
            break;
        }
    }
    // Only after the last page is it sure that nothing older waits.
    if whole {
        pull.commit()?;
        pull.state.cursor = Some(latest.to_string());
    }
    Ok(())
}

fn with_slash(base: &Url) -> String {
    let text = base.as_str();
    if text.ends_with('/') { text.to_owned() } else { format!("{text}/") }
}

fn search_address(base: &Url) -> Url {
    Url::parse(&with_slash(base))
        .and_then(|folder| folder.join("events/restSearch"))
        .unwrap_or_else(|_| base.clone())
}

/// UUID and time of the last change of an event.
fn identity(event: &str) -> Option<(String, u64)> {
    let value: Value = serde_json::from_str(event).ok()?;
    let event = value.get("Event").unwrap_or(&value);
    let timestamp = match event.get("timestamp")? {
        Value::String(text) => text.parse().ok()?,
        number => number.as_u64()?,
    };
    Some((event.get("uuid")?.as_str()?.to_owned(), timestamp))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_tell_who_they_are() {
        assert_eq!(
            identity(r#"{"Event":{"uuid":"u","timestamp":"17"}}"#),
            Some(("u".to_owned(), 17))
        );
        assert_eq!(identity(r#"{"uuid":"u","timestamp":18}"#), Some(("u".to_owned(), 18)));
        assert_eq!(identity("[]"), None);
        let base = Url::parse("https://misp.example/sub").unwrap();
        assert_eq!(search_address(&base).as_str(), "https://misp.example/sub/events/restSearch");
    }
}
