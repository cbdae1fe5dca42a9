//! Objects of STIX 2.1 in the words of 2.0.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::{EXTENSION, StixObject, entity, grammar, id};
use crate::export::Loss;

/// What is remembered from object to object.
#[derive(Default)]
pub(super) struct Older {
    counts: BTreeMap<String, u64>,
    /// Folders, for the files in them.
    folders: BTreeMap<String, Value>,
    /// Identifiers (values, of networks) that have no object in 2.0, by type.
    dropped: BTreeMap<String, BTreeSet<String>>,
    /// Identifiers of all objects that have none in 2.0.
    gone: BTreeSet<String>,
    /// Claims of objects that 2.0 lacks, by document: they go along in its report.
    orphans: BTreeMap<String, Vec<Value>>,
}

impl Older {
    /// The object in 2.0; `None` where 2.0 has none.
    pub(super) fn convert(&mut self, object: StixObject) -> Option<StixObject> {
        let mut object = self.converted(object)?;
        random_form(&mut object.json);
        object.id = object.json["id"].as_str().unwrap_or_default().to_owned();
        Some(object)
    }

    fn converted(&mut self, object: StixObject) -> Option<StixObject> {
        let StixObject { id, json } = object;
        let Value::Object(mut fields) = json else { return None };
        let kind = text(&fields, "type");
        if kind == "extension-definition" {
            return None;
        }
        if !fields.contains_key("created") {
            return self.observation(&id, fields);
        }
        if matches!(kind.as_str(), "location" | "note" | "opinion") {
            return self.drop(&kind, id, &fields);
        }
        fields.remove("spec_version");
        fields.remove("pattern_version");
        if kind == "indicator" && text(&fields, "pattern_type") != "stix" {
            // In 2.0 a pattern is one of STIX.
            return self.drop("indicator of another language", id, &fields);
        }
        let pattern = text(&fields, "pattern");
        if kind == "indicator" && grammar::parse(&pattern).is_none_or(|p| !grammar::is_of_20(&p)) {
            return self.drop("property that its pattern compares", id, &fields);
        }
        fields.remove("pattern_type");
        if let Some(confidence) = fields.remove("confidence") {
            fields.insert("x_lapwing_confidence".into(), confidence);
        }
        labels(&kind, &mut fields);
        match kind.as_str() {
            "marking-definition" => marking(&mut fields),
            "relationship" => {
                let ends = ["source_ref", "target_ref"].map(|end| self.known(&text(&fields, end)));
                let [Some(source), Some(target)] = ends else {
                    return self.drop("object for an end of the relationship", id, &fields);
                };
                fields.insert("source_ref".into(), source.into());
                fields.insert("target_ref".into(), target.into());
                // Times of a relationship came with 2.1.
                for key in ["start_time", "stop_time"] {
                    if let Some(time) = fields.remove(key) {
                        fields.insert(format!("x_lapwing_{key}"), time);
                    }
                }
                // What an indicator is based on is its own observation.
                if text(&fields, "relationship_type") == "based-on" {
                    fields.insert("relationship_type".into(), "related-to".into());
                }
            }
            "sighting" => {
                if let Some(description) = fields.remove("description") {
                    fields.insert("x_lapwing_description".into(), description);
                }
            }
            "report" => {
                self.adopt(&mut fields);
                let refs: BTreeSet<String> = fields
                    .get("object_refs")
                    .and_then(Value::as_array)
                    .into_iter()
                    .flatten()
                    .filter_map(Value::as_str)
                    .filter_map(|id| self.known(id))
                    .collect();
                let refs =
                    if refs.is_empty() { BTreeSet::from([id::CREATOR.into()]) } else { refs };
                fields.insert("object_refs".into(), json!(refs));
            }
            "malware" => {
                fields.remove("is_family");
                rename(&mut fields, "aliases", "x_lapwing_aliases");
                rename(&mut fields, "first_seen", "x_lapwing_first_seen");
                rename(&mut fields, "last_seen", "x_lapwing_last_seen");
            }
            "threat-actor" => {
                rename(&mut fields, "first_seen", "x_lapwing_first_seen");
                rename(&mut fields, "last_seen", "x_lapwing_last_seen");
            }
            "tool" => rename(&mut fields, "aliases", "x_lapwing_aliases"),
            _ => {}
        }
        own_property(&mut fields);
        if let Some(lang) = fields.remove("lang") {
            fields.insert("x_lapwing_lang".into(), lang);
        }
        *self.counts.entry(kind).or_default() += 1;
        Some(StixObject { id, json: Value::Object(fields) })
    }

    /// The identifier under which an object stands in 2.0.
    fn known(&self, id: &str) -> Option<String> {
        if self.gone.contains(id) {
            return None;
        }
        let (kind, uuid) = id.split_once("--")?;
        let is_own = entity::is_domain_type(kind)
            || matches!(kind, "indicator" | "relationship" | "sighting" | "report");
        Some(if is_own { id.to_owned() } else { id::domain("observed-data", uuid) })
    }

    /// An observable, in an observation of its own.
    fn observation(&mut self, id: &str, mut fields: Map<String, Value>) -> Option<StixObject> {
        fields.remove("spec_version");
        let address = text(&fields, "type");
        if matches!(address.as_str(), "ipv4-addr" | "ipv6-addr")
            && text(&fields, "value").contains('/')
        {
            // The words of the specification let it be one, its schemas do not.
            let network = text(&fields, "value");
            self.gone.insert(id.to_owned());
            return self.drop("observation of a network", network, &fields);
        }
        fields.remove("id");
        let marks = fields.remove("object_marking_refs");
        let mut objects = Map::new();
        if let Some(Value::String(folder)) = fields.get("parent_directory_ref").cloned() {
            let Some(folder) = self.folders.get(&folder).cloned() else {
                self.gone.insert(id.to_owned());
                return None;
            };
            objects.insert("1".into(), folder);
            fields.insert("parent_directory_ref".into(), "1".into());
        }
        if text(&fields, "type") == "user-account" {
            // In 2.0 an account must have an identifier.
            rename(&mut fields, "account_login", "user_id");
        }
        let own = Value::Object(fields);
        if address == "directory" {
            self.folders.insert(id.to_owned(), own.clone());
        }
        objects.insert("0".into(), own);
        let uuid = id.split_once("--").and_then(|(_, uuid)| uuid.parse::<Uuid>().ok())?;
        let observation = id::domain("observed-data", &uuid.to_string());
        let object = json!({
            "type": "observed-data",
            "id": observation,
            "created_by_ref": id::CREATOR,
            "created": id::BEGUN,
            "modified": id::BEGUN,
            "first_observed": id::BEGUN,
            "last_observed": id::BEGUN,
            "number_observed": 1,
            "object_marking_refs": marks,
            "objects": objects,
        });
        *self.counts.entry("observed-data".into()).or_default() += 1;
        Some(StixObject { id: observation, json: object })
    }

    /// Notes an object that 2.0 lacks, and keeps the claims that it carries.
    fn drop(&mut self, what: &str, id: String, fields: &Map<String, Value>) -> Option<StixObject> {
        self.gone.insert(id.clone());
        self.dropped.entry(what.to_owned()).or_default().insert(id);
        let claims = fields.get("extensions").and_then(|e| e.get(EXTENSION)?.get("claims"));
        for claim in claims.and_then(Value::as_array).into_iter().flatten() {
            let document = claim["document"].as_str().unwrap_or_default().to_owned();
            self.orphans.entry(document).or_default().push(claim.clone());
        }
        None
    }

    /// Gives a report the claims of its document that lost their object.
    fn adopt(&mut self, fields: &mut Map<String, Value>) {
        let own = fields.get_mut("extensions").and_then(|e| e.get_mut(EXTENSION));
        let Some(Value::Object(own)) = own else { return };
        let id = own.get("document").and_then(|document| document["id"].as_str());
        let orphans = self.orphans.remove(id.unwrap_or_default()).unwrap_or_default();
        if orphans.is_empty() {
            return;
        }
        let claims = own.entry("claims").or_insert_with(|| json!([]));
        if let Some(claims) = claims.as_array_mut() {
            claims.extend(orphans);
        }
    }

    pub(super) fn counts(&self) -> Vec<(String, u64)> {
        self.counts.iter().map(|(kind, number)| (kind.clone(), *number)).collect()
    }

    pub(super) fn losses(&self) -> Vec<Loss> {
        let mut losses = Vec::new();
        for (kind, ids) in &self.dropped {
            let why = format!("STIX 2.0 has no {kind}; its claims go along in the report");
            losses.extend(ids.iter().map(|id| Loss::new("object", id, &why)));
        }
        losses
    }
}

/// Our extension as a property of ours; others (of markings) have no place in 2.0.
fn own_property(fields: &mut Map<String, Value>) {
    let Some(Value::Object(mut extensions)) = fields.remove("extensions") else { return };
    if let Some(Value::Object(mut own)) = extensions.remove(EXTENSION) {
        own.remove("extension_type");
        fields.insert("x_lapwing".into(), Value::Object(own));
    }
}

/// 2.0 wants identifiers of version 4: ours get its form, and stay derived from what they name.
fn random_form(object: &mut Value) {
    let Value::Object(fields) = object else { return };
    for (key, value) in fields {
        if key == "id" || key.ends_with("_ref") {
            as_random(value);
        } else if key.ends_with("_refs") {
            value.as_array_mut().into_iter().flatten().for_each(as_random);
        }
    }
}

fn as_random(id: &mut Value) {
    let Some((kind, uuid)) = id.as_str().and_then(|id| id.split_once("--")) else { return };
    let Ok(uuid) = uuid.parse::<Uuid>() else { return };
    let uuid = uuid::Builder::from_random_bytes(uuid.into_bytes()).into_uuid();
    *id = Value::String(format!("{kind}--{uuid}"));
}

fn text(fields: &Map<String, Value>, key: &str) -> String {
    fields.get(key).and_then(Value::as_str).unwrap_or_default().to_owned()
}

fn rename(fields: &mut Map<String, Value>, from: &str, to: &str) {
    if let Some(value) = fields.remove(from) {
        fields.insert(to.into(), value);
    }
}

/// The labels that 2.0 wants of some types; 2.1 has properties of their own for them.
fn labels(kind: &str, fields: &mut Map<String, Value>) {
    let from = match kind {
        "indicator" => "indicator_types",
        "malware" => "malware_types",
        "tool" => "tool_types",
        "threat-actor" => "threat_actor_types",
        "report" => "report_types",
        _ => return,
    };
    let mut labels: Vec<Value> = match fields.remove(from) {
        Some(Value::Array(types)) => types,
        _ => Vec::new(),
    };
    if let Some(Value::Array(more)) = fields.remove("labels") {
        labels.extend(more);
    }
    fields.insert("labels".into(), Value::Array(labels));
}

/// 2.0 knows markings of TLP 1.0 and statements: what is neither is stated.
fn marking(fields: &mut Map<String, Value>) {
    fields.remove("modified");
    let name = fields.remove("name");
    if !fields.contains_key("definition_type") {
        fields.insert("definition_type".into(), "statement".into());
        fields.insert("definition".into(), json!({ "statement": name }));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn older(json: Value) -> Option<Value> {
        let id = json["id"].as_str().unwrap().to_owned();
        Older::default().convert(StixObject { id, json }).map(|object| object.json)
    }

    #[test]
    fn an_observable_stands_in_an_observation() {
        let address = json!({
            "type": "ipv4-addr", "spec_version": "2.1", "value": "198.51.100.3",
            "id": "ipv4-addr--28bb3599-77cd-5a82-a950-b5bc3caf07c4",
        });
        let seen = older(address).unwrap();
        assert_eq!(seen["type"], "observed-data");
        assert_eq!(seen["objects"]["0"], json!({ "type": "ipv4-addr", "value": "198.51.100.3" }));
    }

    #[test]
    fn what_the_older_version_lacks_is_named() {
        let mut older = Older::default();
        let json = json!({ "type": "location", "id": "location--x", "created": "2021-03-02T00:00:00.000Z" });
        assert_eq!(older.convert(StixObject { id: "location--x".into(), json }), None);
        assert!(older.losses()[0].why.starts_with("STIX 2.0 has no location"));
        // A network may stand in the pattern of an indicator, and in no observation that validates.
        let id = "ipv4-addr--8fbfe4ca-9a5e-5bc6-a5a9-6c5ed2a1a2b7";
        let json = json!({
            "type": "ipv4-addr", "spec_version": "2.1", "value": "198.51.100.0/24", "id": id,
        });
        assert_eq!(older.convert(StixObject { id: id.into(), json }), None);
        let network =
            older.losses().into_iter().find(|loss| loss.value == "198.51.100.0/24").unwrap();
        assert!(network.why.starts_with("STIX 2.0 has no observation of a network"));
    }
}
