//! A STIX 2.1 bundle: what was seen where, as sightings of indicators and techniques.
//!
//! Identifiers are derived from content (UUID version 5), so that the same hunt gives the same objects.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Write};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use lapwing_knowledge::Knowledge;
use lapwing_model::{Entity, Finding, Kind, Severity};
use serde_json::{Map, Value, json};
use sha1::{Digest as _, Sha1};

use super::group::place;
use super::{HuntReport, observable};

/// The namespace that STIX 2.1 (section 2.9) gives for identifiers of observables.
const OBSERVABLES: [u8; 16] = [
    0x00, 0xab, 0xed, 0xb4, 0xaa, 0x42, 0x46, 0x6c, 0x9c, 0x01, 0xfe, 0xd2, 0x33, 0x15, 0xa9, 0xb7,
];
/// Records of one sighting that are put into the bundle.
const RECORDS: usize = 20;
/// Places that a note names.
const PLACES: usize = 20;

pub(super) fn write(report: &HuntReport<'_>, out: &mut dyn Write) -> io::Result<()> {
    let mut bundle = Bundle::new(report);
    let mut groups: BTreeMap<(&str, &str, Severity, &str), Vec<&Finding>> = BTreeMap::new();
    for finding in report.findings {
        let rule = finding.rule.as_deref().unwrap_or_default();
        let matched = if finding.rule.is_none() { finding.matched.as_str() } else { "" };
        groups
            .entry((&finding.finding, rule, finding.severity, matched))
            .or_default()
            .push(finding);
    }
    for found in groups.values() {
        bundle.add_group(found);
    }
    serde_json::to_writer(&mut *out, &bundle.finish())?;
    out.write_all(b"\n")
}

struct Bundle<'r> {
    report: &'r HuntReport<'r>,
    /// By identifier, so that nothing stands twice.
    objects: BTreeMap<String, Value>,
    order: Vec<String>,
    creator: String,
    hunted: String,
}

fn stamp(time: Timestamp) -> String {
    time.strftime("%Y-%m-%dT%H:%M:%S%.3fZ").to_string()
}

/// UUID version 5 (RFC 9562).
fn uuid(namespace: &[u8; 16], name: &str) -> String {
    let digest = Sha1::new().chain_update(namespace).chain_update(name).finalize();
    let mut id = [0; 16];
    id.copy_from_slice(&digest[..16]);
    id[6] = id[6] & 0x0f | 0x50;
    id[8] = id[8] & 0x3f | 0x80;
    let hex = format!("{:032x}", u128::from_be_bytes(id));
    format!("{}-{}-{}-{}-{}", &hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..])
}

/// The identifier of an object that is no observable.
fn object_id(kind: &str, name: &str) -> String {
    // The namespace is the identifier of the creator's own name.
    const OURS: [u8; 16] = [
        0x6c, 0x61, 0x70, 0x77, 0x69, 0x6e, 0x67, 0x2e, 0x68, 0x75, 0x6e, 0x74, 0x2e, 0x76, 0x31,
        0x00,
    ];
    format!("{kind}--{}", uuid(&OURS, &format!("{kind}|{name}")))
}

/// The identifier of an observable, by its contributing properties as canonical JSON.
fn observable_id(kind: &str, contributing: &Value) -> String {
    // The callers give the keys in order; no value here needs more of RFC 8785 than that.
    format!("{kind}--{}", uuid(&OBSERVABLES, &contributing.to_string()))
}

impl<'r> Bundle<'r> {
    fn new(report: &'r HuntReport<'r>) -> Self {
        let creator = object_id("identity", "lapwing");
        let mut bundle = Self {
            report,
            objects: BTreeMap::new(),
            order: Vec::new(),
            creator: creator.clone(),
            hunted: stamp(report.hunted),
        };
        // An identity is as old as its name: the same in every hunt.
        bundle.put(json!({
            "type": "identity", "spec_version": "2.1", "id": creator,
            "created": "2021-03-02T00:00:00.000Z", "modified": "2021-03-02T00:00:00.000Z",
            "name": "Lapwing", "identity_class": "system",
        }));
        bundle
    }

    fn put(&mut self, object: Value) -> String {
        let id = object["id"].as_str().unwrap_or_default().to_owned();
        if !self.objects.contains_key(&id) {
            self.order.push(id.clone());
            self.objects.insert(id.clone(), object);
        }
        id
    }

    /// A domain object of ours.
    fn domain(&mut self, kind: &str, name: &str, more: Value) -> String {
        let mut object = json!({
            "type": kind, "spec_version": "2.1", "id": object_id(kind, name), "created_by_ref": self.creator,
            "created": self.hunted, "modified": self.hunted,
        });
        if let (Value::Object(object), Value::Object(more)) = (&mut object, more) {
            object.extend(more);
        }
        self.put(object)
    }

    fn observable(&mut self, kind: &str, contributing: &Value, more: Value) -> String {
        let mut object =
            json!({ "type": kind, "spec_version": "2.1", "id": observable_id(kind, contributing) });
        if let (Value::Object(object), Value::Object(more)) = (&mut object, more) {
            object.extend(more);
        }
        self.put(object)
    }

    /// Findings of one title and rule (or value): what was seen, and the sighting of what it is.
    fn add_group(&mut self, found: &[&Finding]) {
        let Some(&first) = found.first() else { return };
        let times = || found.iter().filter_map(|f| f.time);
        // What has no time was there when the hunt looked.
        let from = times().min().map_or_else(|| self.hunted.clone(), stamp);
        let until = times().max().map_or_else(|| self.hunted.clone(), stamp);
        let name = format!(
            "{}|{}|{}|{}|{from}|{until}",
            first.finding,
            first.rule.as_deref().unwrap_or(""),
            first.severity,
            first.matched
        );
        let listed = observable::listed(first);
        let mut seen = BTreeSet::new();
        if let Some(entity) = &listed {
            seen.extend(self.value(entity));
        } else if let Some(kind) = observable::kind_of(&first.matched) {
            seen.extend(self.value(&Entity::new(kind, &first.matched)));
        }
        for finding in found.iter().take(RECORDS) {
            seen.insert(if finding.place.is_none() {
                self.file(finding)
            } else {
                self.record(finding)
            });
        }
        let observed = self.domain(
            "observed-data",
            &name,
            json!({
                "first_observed": from, "last_observed": until, "number_observed": found.len(),
                "object_refs": seen,
            }),
        );
        let what = match (&listed, &first.technique) {
            (Some(entity), _) => {
                pattern(entity).map(|pattern| self.indicator(entity, &pattern, first, &from))
            }
            (None, Some(technique)) => Some(self.technique(technique)),
            (None, None) => None,
        };
        let mut about = vec![observed.clone()];
        if let Some(what) = what {
            about.push(self.domain("sighting", &name, json!({
                "first_seen": from, "last_seen": until, "count": found.len(), "sighting_of_ref": what,
                "observed_data_refs": [observed], "confidence": first.confidence, "description": first.finding,
            })));
        }
        let mut places: Vec<String> = found.iter().take(PLACES).map(|f| place(f)).collect();
        if found.len() > PLACES {
            places.push(format!("and {} more", found.len() - PLACES));
        }
        let rule = first.rule.as_ref().map(|rule| format!("\nRule: {rule}")).unwrap_or_default();
        let content = format!(
            "{}\nSeverity: {}; proves: {}{rule}\nSeen in: {}",
            first.why,
            first.severity,
            first.proof,
            places.join("; ")
        );
        self.domain(
            "note",
            &name,
            json!({ "abstract": first.finding, "content": content, "object_refs": about }),
        );
    }

    fn indicator(
        &mut self,
        entity: &Entity,
        pattern: &str,
        finding: &Finding,
        from: &str,
    ) -> String {
        let id = format!("{}|{}", entity.kind.as_str(), entity.value);
        self.domain("indicator", &id, json!({
            "name": finding.finding, "description": finding.why, "indicator_types": ["malicious-activity"],
            "pattern": pattern, "pattern_type": "stix", "pattern_version": "2.1", "valid_from": from,
            "confidence": finding.confidence,
        }))
    }

    fn technique(&mut self, id: &str) -> String {
        let known = Knowledge::builtin().technique(id);
        let name = known.map_or_else(|| id.to_owned(), |technique| technique.name.clone());
        self.domain(
            "attack-pattern",
            id,
            json!({
                "name": name,
                "external_references": [{
                    "source_name": "mitre-attack", "external_id": id,
                    "url": format!("https://attack.mitre.org/techniques/{}/", id.replace('.', "/")),
                }],
            }),
        )
    }

    /// A listed value as an observable.
    fn value(&mut self, entity: &Entity) -> Option<String> {
        let value = json!({ "value": entity.value });
        Some(match entity.kind {
            Kind::Ipv4Addr => self.observable("ipv4-addr", &value, value.clone()),
            Kind::Ipv6Addr => self.observable("ipv6-addr", &value, value.clone()),
            Kind::DomainName => self.observable("domain-name", &value, value.clone()),
            Kind::Url => self.observable("url", &value, value.clone()),
            Kind::EmailAddr => self.observable("email-addr", &value, value.clone()),
            Kind::FileName => {
                let file = json!({ "name": entity.value });
                self.observable("file", &file, file.clone())
            }
            kind => {
                let name = hash_name(kind)?;
                let file = json!({ "hashes": { name: entity.value } });
                self.observable("file", &file, file.clone())
            }
        })
    }

    /// A file that is a finding.
    fn file(&mut self, finding: &Finding) -> String {
        let (folder, name) = match finding.file.rfind(['/', '\\', '!']) {
            Some(at) => (&finding.file[..at], &finding.file[at + 1..]),
            None => ("", finding.file.as_str()),
        };
        let mut file = Map::from_iter([("name".to_owned(), json!(name))]);
        let hashes: Map<String, Value> = [("MD5", "md5"), ("SHA-1", "sha1"), ("SHA-256", "sha256")]
            .into_iter()
            .filter_map(|(key, name)| {
                Some((key.to_owned(), json!(observable::named(finding, name)?)))
            })
            .collect();
        let mut contributing = Map::new();
        // Of several hashes the first of MD5, SHA-1, SHA-256 contributes to the identifier.
        if let Some((key, value)) =
            ["MD5", "SHA-1", "SHA-256"].iter().find_map(|key| hashes.get_key_value(*key))
        {
            contributing.insert("hashes".into(), json!({ key: value }));
            file.insert("hashes".into(), Value::Object(hashes.clone()));
        }
        contributing.insert("name".into(), json!(name));
        if !folder.is_empty() {
            let path = json!({ "path": folder });
            let folder = self.observable("directory", &path, path.clone());
            contributing.insert("parent_directory_ref".into(), json!(folder));
            file.insert("parent_directory_ref".into(), json!(folder));
        }
        if let Some(time) = finding.time {
            file.insert("mtime".into(), json!(stamp(time)));
        }
        self.observable("file", &Value::Object(contributing), Value::Object(file))
    }

    /// A line or record of a log, as it stands there.
    fn record(&mut self, finding: &Finding) -> String {
        let body = json!({ "payload_bin": STANDARD.encode(&finding.evidence) });
        let mut more = body.clone();
        more["mime_type"] = json!("text/plain");
        self.observable("artifact", &body, more)
    }

    fn finish(mut self) -> Value {
        let report = self.report;
        let verdict = report.verdict;
        let refs: Vec<String> = self.order.clone();
        let mut description = verdict.reasons.join("\n");
        if !verdict.next_steps.is_empty() {
            description.push_str("\n\nWhat to do now:\n");
            description.push_str(&verdict.next_steps.join("\n"));
        }
        if !verdict.not_looked_at.is_empty() {
            let missing: Vec<&str> =
                verdict.not_looked_at.iter().map(|m| m.what.as_str()).collect();
            description.push_str("\n\nNot looked at: ");
            description.push_str(&missing.join("; "));
        }
        let name = format!("{}|{}|{}", verdict.verdict.as_str(), self.hunted, refs.join("|"));
        let published = self.hunted.clone();
        let id = self.domain(
            "report",
            &name,
            json!({
                "name": format!("Hunt: {}", report.answer()), "description": description,
                "report_types": ["observed-data"], "published": published, "object_refs": refs,
            }),
        );
        let objects: Vec<Value> =
            self.order.iter().filter_map(|id| self.objects.remove(id)).collect();
        json!({ "type": "bundle", "id": object_id("bundle", &id), "objects": objects })
    }
}

fn hash_name(kind: Kind) -> Option<&'static str> {
    Some(match kind {
        Kind::Md5 => "MD5",
        Kind::Sha1 => "SHA-1",
        Kind::Sha256 => "SHA-256",
        Kind::Sha512 => "SHA-512",
        _ => return None,
    })
}

/// The STIX pattern of a value; `None` where STIX has no object for it.
fn pattern(entity: &Entity) -> Option<String> {
    let path = match entity.kind {
        Kind::Ipv4Addr => "ipv4-addr:value".to_owned(),
        Kind::Ipv6Addr => "ipv6-addr:value".to_owned(),
        Kind::DomainName => "domain-name:value".to_owned(),
        Kind::Url => "url:value".to_owned(),
        Kind::EmailAddr => "email-addr:value".to_owned(),
        Kind::FileName => "file:name".to_owned(),
        Kind::UserAgent => {
            "network-traffic:extensions.'http-request-ext'.request_header.'User-Agent'".to_owned()
        }
        kind => format!("file:hashes.'{}'", hash_name(kind)?),
    };
    let value = entity.value.replace('\\', "\\\\").replace('\'', "\\'");
    Some(format!("[{path} = '{value}']"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn identifiers_are_those_of_the_standard() {
        // RFC 9562, appendix A.4: `www.example.com` in the namespace of DNS names.
        let dns = [
            0x6b, 0xa7, 0xb8, 0x10, 0x9d, 0xad, 0x11, 0xd1, 0x80, 0xb4, 0x00, 0xc0, 0x4f, 0xd4,
            0x30, 0xc8,
        ];
        assert_eq!(uuid(&dns, "www.example.com"), "2ed6657d-e927-568b-95e1-2665a8aea6a2");
    }

    #[test]
    fn quotes_in_a_pattern_are_escaped() {
        let entity = Entity::new(Kind::FileName, r"a'b\c.txt");
        assert_eq!(pattern(&entity).unwrap(), r"[file:name = 'a\'b\\c.txt']");
    }
}
