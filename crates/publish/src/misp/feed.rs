//! A feed: a file an event, `manifest.json` that lists them, `hashes.csv` with the hash of each value.

use std::collections::BTreeMap;

use md5::{Digest as _, Md5};
use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::Event;
use crate::export::ExportedFile;

/// What a manifest tells of an event.
#[derive(Clone, Debug, PartialEq)]
pub struct FeedEntry {
    /// The event's entry in `manifest.json`.
    pub manifest: Value,
    /// MD5 of each value, in lower-case hexadecimal digits.
    pub hashes: Vec<String>,
}

/// The index of a feed.
#[derive(Clone, Debug, Default)]
pub struct Feed {
    entries: BTreeMap<Uuid, FeedEntry>,
}

impl FeedEntry {
    /// What a feed tells of an event.
    #[must_use]
    pub fn of(event: &Event) -> Self {
        let json = &event.json["Event"];
        let mut manifest = Map::new();
        for key in ["Orgc", "info", "date", "analysis", "threat_level_id", "timestamp"] {
            manifest.insert(key.into(), json[key].clone());
        }
        manifest.insert("Tag".into(), json["Tag"].clone());
        Self { manifest: Value::Object(manifest), hashes: hashes(json) }
    }
}

impl Feed {
    /// Takes an event into the index; returns its file.
    pub fn add(&mut self, event: &Event) -> ExportedFile {
        self.entries.insert(event.uuid, FeedEntry::of(event));
        let bytes = format!("{}\n", event.json).into_bytes();
        ExportedFile { name: format!("{}.json", event.uuid), bytes }
    }

    /// `manifest.json`.
    #[must_use]
    pub fn manifest(&self) -> ExportedFile {
        let all: BTreeMap<String, &Value> =
            self.entries.iter().map(|(id, entry)| (id.to_string(), &entry.manifest)).collect();
        ExportedFile {
            name: "manifest.json".into(),
            bytes: format!("{}\n", json!(all)).into_bytes(),
        }
    }

    /// `hashes.csv`: hash of a value, event.
    #[must_use]
    pub fn hashes(&self) -> ExportedFile {
        let mut bytes = Vec::new();
        for (id, entry) in &self.entries {
            for hash in &entry.hashes {
                bytes.extend_from_slice(format!("{hash},{id}\n").as_bytes());
            }
        }
        ExportedFile { name: "hashes.csv".into(), bytes }
    }
}

fn hashes(event: &Value) -> Vec<String> {
    let list = |json: &Value, key: &str| json[key].as_array().cloned().unwrap_or_default();
    let mut attributes = list(event, "Attribute");
    for object in list(event, "Object") {
        attributes.extend(list(&object, "Attribute"));
    }
    let mut hashes: Vec<String> = Vec::new();
    for attribute in attributes {
        let value = attribute["value"].as_str().unwrap_or_default();
        // Only composite types are taken apart: a URL may hold a bar of its own.
        let composite = attribute["type"].as_str().is_some_and(|kind| kind.contains('|'));
        let parts: Vec<&str> = if composite { value.split('|').collect() } else { vec![value] };
        hashes.extend(parts.iter().map(|part| hex(&Md5::digest(part.as_bytes()))));
    }
    hashes.sort();
    hashes.dedup();
    hashes
}

fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_hashed_as_misp_does() {
        let event = json!({
            "Attribute": [{ "type": "domain", "value": "example.org" }],
            "Object": [{ "Attribute": [{ "type": "md5", "value": "x" }] }],
        });
        let found = hashes(&event);
        // `md5sum` of the same texts.
        assert!(found.contains(&"9dd4e461268c8034f5c8564e155c67a6".to_owned()));
        assert_eq!(found.len(), 2);
    }
}
