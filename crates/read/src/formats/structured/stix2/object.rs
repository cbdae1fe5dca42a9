//! What a STIX object names: the entities that stand for it in relations.

use lapwing_model::{Entity, Kind};
use serde_json::Value;

use super::super::json::{list_of, str_of, text_of};
use super::super::value;
use super::path;

/// A property of an object that names an entity: which property, as what.
pub(super) struct Named {
    /// The path below the object, as the rendering writes it.
    pub(super) property: String,
    pub(super) entity: Entity,
}

/// The entities of a domain object or cyber observable; the first stands for it in relations.
pub(super) fn named(object: &Value) -> Vec<Named> {
    let kind = str_of(object, "type");
    let name = str_of(object, "name");
    let by_name = |entity: Entity| vec![Named { property: "name".into(), entity }];
    if name.is_empty()
        && matches!(
            kind,
            "campaign" | "tool" | "malware" | "identity" | "threat-actor" | "intrusion-set"
        )
    {
        return Vec::new();
    }
    match kind {
        "threat-actor" | "intrusion-set" => by_name(value::actor(name)),
        "campaign" => by_name(Entity::new(Kind::Campaign, name)),
        "malware" => by_name(Entity::new(Kind::Malware, name)),
        "tool" => by_name(Entity::new(Kind::Tool, name)),
        "identity" if str_of(object, "identity_class") == "class" => {
            by_name(Entity::new(Kind::Sector, name))
        }
        "identity" => by_name(Entity::new(Kind::Identity, name)),
        "attack-pattern" => technique(object),
        "vulnerability" => vulnerability(object),
        "location" => location(object),
        "report" | "grouping" | "note" | "opinion" => {
            let title = if name.is_empty() { str_of(object, "abstract") } else { name };
            let property = if name.is_empty() { "abstract" } else { "name" };
            if title.is_empty() {
                return Vec::new();
            }
            vec![Named { property: property.into(), entity: Entity::new(Kind::Report, title) }]
        }
        "indicator"
        | "relationship"
        | "sighting"
        | "observed-data"
        | "marking-definition"
        | "bundle"
        | "extension-definition"
        | "language-content" => Vec::new(),
        _ => observable(object),
    }
}

fn technique(object: &Value) -> Vec<Named> {
    for (at, reference) in list_of(object, "external_references").iter().enumerate() {
        if let Some(id) = value::technique_id(str_of(reference, "external_id")) {
            let property = format!("external_references.{at}.external_id");
            return vec![Named { property, entity: Entity::new(Kind::AttackPattern, id) }];
        }
    }
    let name = str_of(object, "name");
    let entity = Entity::new(Kind::AttackPattern, value::technique_id(name).unwrap_or(name));
    vec![Named { property: "name".into(), entity }]
}

fn vulnerability(object: &Value) -> Vec<Named> {
    let name = str_of(object, "name");
    let mut found = Vec::new();
    for (at, reference) in list_of(object, "external_references").iter().enumerate() {
        let id = str_of(reference, "external_id");
        if id.to_ascii_uppercase().starts_with("CVE-") && !id.eq_ignore_ascii_case(name) {
            let entity = value::entity(Kind::Vulnerability, "vulnerability", id);
            found.push(Named { property: format!("external_references.{at}.external_id"), entity });
        }
    }
    if !name.is_empty() && (found.is_empty() || name.to_ascii_uppercase().starts_with("CVE-")) {
        let entity = value::entity(Kind::Vulnerability, "vulnerability", name);
        found.push(Named { property: "name".into(), entity });
    }
    found
}

fn location(object: &Value) -> Vec<Named> {
    ["country", "name", "region", "administrative_area"]
        .into_iter()
        .filter(|key| !str_of(object, key).is_empty())
        .take(1)
        .map(|key| Named {
            property: key.into(),
            entity: value::entity(Kind::Location, "location", str_of(object, key)),
        })
        .collect()
}

/// The values of a cyber observable, or of a custom object.
fn observable(object: &Value) -> Vec<Named> {
    let kind = str_of(object, "type");
    let mut found: Vec<Named> = Vec::new();
    let mut put = |property: &str, raw: &str| {
        if !raw.trim().is_empty() {
            let entity = path::entity(&format!("{kind}:{property}"), raw);
            found.push(Named { property: property.to_owned(), entity });
        }
    };
    if let Some(Value::Object(hashes)) = object.get("hashes") {
        for (algorithm, hash) in hashes {
            put(&format!("hashes.{algorithm}"), hash.as_str().unwrap_or(""));
        }
    }
    let properties: &[&str] = match kind {
        "ipv4-addr" | "ipv6-addr" | "domain-name" | "url" | "email-addr" | "mac-addr" => &["value"],
        "file" | "mutex" | "software" => &["name"],
        "directory" => &["path"],
        "autonomous-system" => &["number"],
        "process" => &["name", "command_line"],
        "windows-registry-key" => &["key"],
        "network-traffic" => &["src_port", "dst_port"],
        "user-account" => &["account_login", "user_id"],
        "x509-certificate" => &["serial_number"],
        "artifact" => &["url"],
        "email-message" => &["subject"],
        _ => &[],
    };
    for property in properties {
        put(property, &text_of(object.get(*property)).unwrap_or_default());
    }
    if let Some(agent) = user_agent(object) {
        put("extensions.http-request-ext.request_header.User-Agent", &agent);
    }
    let known = !properties.is_empty() || !found.is_empty();
    if !known {
        let key = if str_of(object, "name").is_empty() { "value" } else { "name" };
        let raw = text_of(object.get(key)).unwrap_or_default();
        if !raw.is_empty() {
            found.push(Named { property: key.into(), entity: value::other(kind, &raw) });
        }
    }
    found
}

fn user_agent(object: &Value) -> Option<String> {
    let header = object.get("extensions")?.get("http-request-ext")?.get("request_header")?;
    let (_, value) =
        header.as_object()?.iter().find(|(key, _)| key.eq_ignore_ascii_case("user-agent"))?;
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Array(items) => items.first().and_then(Value::as_str).map(str::to_owned),
        _ => None,
    }
}
