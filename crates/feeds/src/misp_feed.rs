//! A MISP feed: a folder with `manifest.json` and one file an event.

use std::collections::BTreeMap;

use lapwing_engine::read::Options;
use lapwing_model::Format;
use serde_json::Value;
use url::Url;

use crate::FeedError;
use crate::pull::Pull;

pub(crate) fn pull(pull: &mut Pull<'_>) -> Result<(), FeedError> {
    let manifest = manifest_address(&pull.address()?);
    let (etag, last_modified) = (pull.state.etag.clone(), pull.state.last_modified.clone());
    let request = pull.get(manifest.clone()).newer_than(etag.as_deref(), last_modified.as_deref());
    let fetched = pull.fetcher.fetch(&request)?;
    let Some(body) = fetched.body else {
        pull.pulled.unchanged = true;
        return Ok(());
    };
    let events = events(&body).map_err(|what| pull.malformed(&manifest, what))?;
    pull.pulled.items = events.len() as u64;
    let mut waiting = false;
    for (uuid, timestamp) in events {
        if pull.known.get(&uuid).is_some_and(|known| !is_newer(&timestamp, known)) {
            continue;
        }
        if !pull.has_room() {
            waiting = true;
            break;
        }
        let Ok(event) = manifest.join(&format!("{uuid}.json")) else { continue };
        match pull.fetcher.fetch(&pull.get(event.clone())) {
            Ok(fetched) => {
                let bytes = fetched.body.unwrap_or_default();
                if serde_json::from_slice::<serde::de::IgnoredAny>(&bytes).is_err() {
                    waiting = true;
                    pull.problem(
                        event.to_string(),
                        "is no whole JSON; it is fetched again with the next pull",
                    );
                    continue;
                }
                let options = Options { format: Some(Format::MispJson), ..pull.options() };
                pull.take(event.to_string(), bytes, options, Some((uuid, timestamp)))?;
            }
            // A server that is down would be asked for every event: the pull ends here.
            Err(error) if error.is_temporary() => {
                pull.commit()?;
                return Err(error.into());
            }
            Err(error) => {
                pull.problem(event.to_string(), error.to_string());
                pull.mark(uuid, timestamp);
            }
        }
    }
    pull.state.etag = fetched.etag.filter(|_| !waiting);
    pull.state.last_modified = fetched.last_modified.filter(|_| !waiting);
    Ok(())
}

/// The index of the feed at an address, which may be that of the folder.
fn manifest_address(address: &Url) -> Url {
    if address.path().rsplit('.').next() == Some("json") {
        return address.clone();
    }
    let mut folder = address.clone();
    if !folder.path().ends_with('/') {
        folder.set_path(&format!("{}/", folder.path()));
    }
    folder.join("manifest.json").unwrap_or(folder)
}

/// Events with the times of their last change, the oldest first.
fn events(body: &[u8]) -> Result<Vec<(String, String)>, String> {
    let entries: BTreeMap<String, Value> =
        serde_json::from_slice(body).map_err(|error| format!("is no manifest: {error}"))?;
    let mut events = Vec::new();
    for (uuid, entry) in entries {
        // An identifier becomes a part of an address: nothing else may stand there.
        let is_uuid = uuid.len() == 36 && uuid.bytes().all(|b| b.is_ascii_hexdigit() || b == b'-');
        if !is_uuid {
            return Err("is no manifest: an event has no UUID".to_owned());
        }
        let timestamp = match entry.get("timestamp") {
            Some(Value::String(text)) => text.clone(),
            Some(Value::Number(number)) => number.to_string(),
            _ => String::new(),
        };
        events.push((uuid, timestamp));
    }
    events.sort_by_key(|(uuid, timestamp)| (timestamp.parse::<u64>().unwrap_or(0), uuid.clone()));
    Ok(events)
}

/// Whether an event was changed since; times of MISP are seconds.
fn is_newer(timestamp: &str, known: &str) -> bool {
    match (timestamp.parse::<u64>(), known.parse::<u64>()) {
        (Ok(now), Ok(then)) => now > then,
        _ => timestamp != known,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_come_in_the_order_of_their_changes() {
        let body =
            br#"{"5a68e02f-0000-4000-8000-000000000002":{"info":"b","timestamp":"1700000000"},
            "5a68e02f-0000-4000-8000-000000000001":{"info":"a","timestamp":1600000000}}"#;
        let events = events(body).unwrap();
        assert_eq!(events[0].1, "1600000000");
        assert!(events[1].0.ends_with('2'));
        assert!(super::events(br#"{"../../etc":{}}"#).is_err());
        assert!(is_newer("1700000001", "1700000000") && !is_newer("1699999999", "1700000000"));
    }

    #[test]
    fn the_folder_leads_to_its_manifest() {
        let of = |text| manifest_address(&Url::parse(text).unwrap()).to_string();
        assert_eq!(of("https://example.org/feed"), "https://example.org/feed/manifest.json");
        assert_eq!(
            of("https://example.org/f/manifest.json"),
            "https://example.org/f/manifest.json"
        );
    }
}
