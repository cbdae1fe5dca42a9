//! A feed: a file an event, `manifest.json` that lists them, `hashes.csv` with the hash of each value.

use std::collections::BTreeMap;

use md5::{Digest as _, Md5};
use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::Event;
use crate::export::ExportedFile;

/// The name of the file that lists the events.
pub const MANIFEST: &str = "manifest.json";
/// The name of the file with the hash of each value.
pub const HASHES: &str = "hashes.csv";

/// What a manifest tells of an event.
#[derive(Clone, Debug, PartialEq)]
pub struct FeedEntry {
    /// The event's entry in `manifest.json`.
    pub manifest: Value,
    /// MD5 of each value, in order.
    pub hashes: Vec<[u8; 16]>,
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
        Self::file(event)
    }

    /// The file of an event.
    #[must_use]
    pub fn file(event: &Event) -> ExportedFile {
        let bytes = format!("{}\n", event.json).into_bytes();
        ExportedFile { name: format!("{}.json", event.uuid), bytes }
    }

    /// An event as it stands in `manifest.json`: its identifier and what is told of it.
    #[must_use]
    pub fn entry(&self, event: Uuid) -> String {
        let manifest = self.entries.get(&event).map_or(&Value::Null, |entry| &entry.manifest);
        format!("\"{event}\":{manifest}")
    }

    /// `manifest.json`.
    #[must_use]
    pub fn manifest(&self) -> ExportedFile {
        let all: BTreeMap<String, &Value> =
            self.entries.iter().map(|(id, entry)| (id.to_string(), &entry.manifest)).collect();
        ExportedFile { name: MANIFEST.into(), bytes: format!("{}\n", json!(all)).into_bytes() }
    }

    /// `hashes.csv`: hash of a value, event.
    #[must_use]
    pub fn hashes(&self) -> ExportedFile {
        // 32 digits, a comma, 36 characters, the end of the line.
        const LINE: usize = 70;
        let lines: usize = self.entries.values().map(|entry| entry.hashes.len()).sum();
        let mut bytes = Vec::with_capacity(lines.saturating_mul(LINE));
        for (id, entry) in &self.entries {
            let end = format!(",{id}\n");
            for hash in &entry.hashes {
                bytes.extend_from_slice(&hex(hash));
                bytes.extend_from_slice(end.as_bytes());
            }
        }
        ExportedFile { name: HASHES.into(), bytes }
    }
}

fn hashes(event: &Value) -> Vec<[u8; 16]> {
    fn list<'v>(json: &'v Value, key: &str) -> &'v [Value] {
        json[key].as_array().map_or(&[], Vec::as_slice)
    }
    let of_objects = list(event, "Object").iter().flat_map(|object| list(object, "Attribute"));
    let mut hashes: Vec<[u8; 16]> = Vec::new();
    for attribute in list(event, "Attribute").iter().chain(of_objects) {
        let value = attribute["value"].as_str().unwrap_or_default();
        // Only composite types are taken apart: a URL may hold a bar of its own.
        let composite = attribute["type"].as_str().is_some_and(|kind| kind.contains('|'));
        let parts: Vec<&str> = if composite { value.split('|').collect() } else { vec![value] };
        hashes.extend(parts.iter().map(|part| <[u8; 16]>::from(Md5::digest(part.as_bytes()))));
    }
    hashes.sort_unstable();
    hashes.dedup();
    hashes
}

/// MD5 of a value, as a list of hashes tells it.
#[must_use]
pub fn value_hash(value: &str) -> String {
    let digits = hex(&<[u8; 16]>::from(Md5::digest(value.as_bytes())));
    digits.iter().map(|digit| char::from(*digit)).collect()
}

/// Lower-case digits: in the order of the bytes that they tell.
fn hex(bytes: &[u8; 16]) -> [u8; 32] {
    let mut digits = [0; 32];
    for (place, byte) in digits.chunks_exact_mut(2).zip(bytes) {
        for (digit, half) in place.iter_mut().zip([byte >> 4, byte & 15]) {
            *digit = if half < 10 { b'0' + half } else { b'a' + half - 10 };
        }
    }
    digits
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
        assert!(found.iter().any(|hash| hex(hash) == *b"9dd4e461268c8034f5c8564e155c67a6"));
        assert_eq!(found.len(), 2);
        assert_eq!(value_hash("x"), "9dd4e461268c8034f5c8564e155c67a6");
        assert_eq!(hex(&[0x0f; 16]), *b"0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f");
    }
}
