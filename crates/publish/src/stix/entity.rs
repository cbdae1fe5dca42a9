//! Domain objects: actors, malware, techniques, places …

use lapwing_knowledge::Knowledge;
use lapwing_model::{Entity, Kind};
use serde_json::{Value, json};

use super::id;

/// The type of the domain object for an entity; `None` for observables and for what STIX has no
/// object for.
pub(super) fn domain_type(kind: Kind) -> Option<&'static str> {
    Some(match kind {
        Kind::Vulnerability => "vulnerability",
        Kind::AttackPattern => "attack-pattern",
        Kind::ThreatActor => "threat-actor",
        // Activity that is not attributed yet: STIX's intrusion set.
        Kind::Cluster => "intrusion-set",
        Kind::Malware => "malware",
        Kind::Tool => "tool",
        Kind::Campaign => "campaign",
        Kind::Location => "location",
        Kind::Sector | Kind::Identity => "identity",
        _ => return None,
    })
}

/// Whether objects of entities that are no observables have this type.
pub(super) fn is_domain_type(name: &str) -> bool {
    Kind::ALL.iter().any(|kind| domain_type(*kind) == Some(name))
}

/// The identifier of an entity's domain object.
pub(super) fn domain_id(entity: &Entity) -> Option<String> {
    let kind = domain_type(entity.kind)?;
    Some(id::domain(kind, &format!("{}|{}", entity.kind, entity.value.to_lowercase())))
}

/// What is the type's own of an entity's domain object: name, class, references.
pub(super) fn properties(entity: &Entity, knowledge: &Knowledge) -> Value {
    let name = entity.value.as_str();
    match entity.kind {
        Kind::Vulnerability => json!({
            "name": name,
            "external_references": references(&[cve(name)]),
        }),
        Kind::AttackPattern => technique(name, knowledge),
        Kind::ThreatActor => json!({
            "name": name,
            "threat_actor_types": ["unknown"],
            "external_references": references(&[group(name, knowledge)]),
        }),
        Kind::Malware => json!({
            "name": name,
            "is_family": true,
            "malware_types": ["unknown"],
            "external_references": references(&[software(name, knowledge)]),
        }),
        Kind::Tool => json!({
            "name": name,
            "tool_types": ["unknown"],
            "external_references": references(&[software(name, knowledge)]),
        }),
        Kind::Location => location(name, knowledge),
        Kind::Sector => {
            let mut object = json!({ "name": name, "identity_class": "class" });
            if is_word(name) {
                object["sectors"] = json!([name]);
            }
            object
        }
        Kind::Identity => json!({ "name": name, "identity_class": "organization" }),
        _ => json!({ "name": name }),
    }
}

/// A reference to a weakness, for the object that has it.
pub(super) fn weakness(id: &str) -> Value {
    let number = id.trim_start_matches("CWE-");
    json!({
        "source_name": "cwe",
        "external_id": id,
        "url": format!("https://cwe.mitre.org/data/definitions/{number}.html"),
    })
}

fn cve(name: &str) -> Option<Value> {
    name.starts_with("CVE-").then(|| json!({ "source_name": "cve", "external_id": name }))
}

fn references(list: &[Option<Value>]) -> Value {
    Value::Array(list.iter().flatten().cloned().collect())
}

fn attack(id: &str, path: &str) -> Value {
    json!({
        "source_name": "mitre-attack",
        "external_id": id,
        "url": format!("https://attack.mitre.org/{path}"),
    })
}

fn technique(id: &str, knowledge: &Knowledge) -> Value {
    let Some(known) = knowledge.technique(id) else {
        let is_id = id.starts_with('T') && id[1..].starts_with(|c: char| c.is_ascii_digit());
        let path = format!("techniques/{}", id.replace('.', "/"));
        let reference = is_id.then(|| attack(id, &path));
        return json!({ "name": id, "external_references": references(&[reference]) });
    };
    let path = format!("techniques/{}", id.replace('.', "/"));
    let phases: Vec<Value> = known
        .tactics
        .iter()
        .map(|tactic| json!({ "kill_chain_name": "mitre-attack", "phase_name": tactic }))
        .collect();
    json!({
        "name": known.name,
        "kill_chain_phases": phases,
        "external_references": references(&[Some(attack(id, &path))]),
    })
}

fn group(name: &str, knowledge: &Knowledge) -> Option<Value> {
    let known = knowledge.actors_named(name);
    let [one] = known.as_slice() else { return None };
    one.id.starts_with('G').then(|| attack(&one.id, &format!("groups/{}", one.id)))
}

fn software(name: &str, knowledge: &Knowledge) -> Option<Value> {
    let known = knowledge.software_named(name);
    let [one] = known.as_slice() else { return None };
    one.id.starts_with('S').then(|| attack(&one.id, &format!("software/{}", one.id)))
}

fn location(code: &str, knowledge: &Knowledge) -> Value {
    match knowledge.place(code) {
        Some(place) if place.is_region => json!({ "name": place.name, "region": place.code }),
        Some(place) => json!({ "name": place.name, "country": place.code }),
        None => json!({ "name": code, "region": code.to_lowercase().replace(' ', "-") }),
    }
}

/// Whether a name has the form of a vocabulary's word.
fn is_word(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|b| b.is_ascii_lowercase() || b == b'-')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_known_of_a_name_goes_along() {
        let knowledge = Knowledge::builtin();
        let shell = properties(&Entity::new(Kind::AttackPattern, "T1505.003"), knowledge);
        assert_eq!(shell["name"], "Web Shell");
        assert_eq!(shell["kill_chain_phases"][0]["phase_name"], "persistence");
        assert_eq!(
            shell["external_references"][0]["url"],
            "https://attack.mitre.org/techniques/T1505/003"
        );
        let cve = properties(&Entity::new(Kind::Vulnerability, "CVE-2021-26855"), knowledge);
        assert_eq!(cve["external_references"][0]["external_id"], "CVE-2021-26855");
        let country = properties(&Entity::new(Kind::Location, "DE"), knowledge);
        assert_eq!(
            (country["country"].as_str(), country["name"].as_str()),
            (Some("DE"), Some("Germany"))
        );
    }
}
