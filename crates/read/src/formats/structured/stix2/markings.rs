//! TLP markings of STIX 2: the fixed identifiers of TLP 1.0 (STIX 2.1, 7.2.1.4) and of TLP 2.0
//! (OASIS extension definition 60a3c5c5-…), and definitions that a bundle carries itself.

use lapwing_model::Marking;
use serde_json::Value;

use super::super::json::str_of;

const KNOWN: &[(&str, Marking)] = &[
    ("613f2e26-407d-48c7-9eca-b8e91df99dc9", Marking::Clear),
    ("34098fce-860f-48ae-8e50-ebd3cc5e41da", Marking::Green),
    ("f88d31f6-486f-44da-b317-01333bde0b82", Marking::Amber),
    ("5e57c739-391a-4eb3-b6be-7d15ca92d5ed", Marking::Red),
    ("94868c89-83c2-464b-929b-a1a8aa3c8487", Marking::Clear),
    ("bab4a63c-aed9-4cf5-a766-dfca5abac2bb", Marking::Green),
    ("55d920b0-5e8b-4f79-9ee9-91f868d9b421", Marking::Amber),
    ("939a9414-2ddd-4d32-a0cd-375ea402b003", Marking::AmberStrict),
    ("e828b379-4e03-4974-9ac4-e53a884c97c1", Marking::Red),
];

/// The marking that an identifier stands for by the standard.
pub(super) fn by_id(id: &str) -> Option<Marking> {
    let uuid = id.strip_prefix("marking-definition--")?;
    KNOWN.iter().find(|(known, _)| *known == uuid).map(|(_, marking)| *marking)
}

/// The marking that a `marking-definition` defines, where it is one of TLP.
pub(super) fn defined(object: &Value) -> Option<Marking> {
    let mut words = vec![
        object.get("definition").map_or("", |definition| str_of(definition, "tlp")),
        str_of(object, "name"),
    ];
    if let Some(Value::Object(extensions)) = object.get("extensions") {
        words.extend(extensions.values().map(|extension| str_of(extension, "tlp_2_0")));
    }
    let named =
        words.into_iter().filter(|word| !word.is_empty()).find_map(|word| word.parse().ok());
    named.or_else(|| by_id(str_of(object, "id")))
}

/// Whether the identifier is that of ATT&CK's copyright statement, which restricts no sharing and
/// is often referred to without being carried along.
pub(super) fn is_statement(id: &str) -> bool {
    id == "marking-definition--fa42a846-8d90-4e51-bc29-71d5b4802168"
}
