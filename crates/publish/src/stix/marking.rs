//! Markings: TLP 2.0 by OASIS's extension, TLP 1.0 by the specification, PAP by CISA's extension.

use lapwing_model::Marking;
use serde_json::{Value, json};

const TLP2: &str = "extension-definition--60a3c5c5-0d10-413e-aab3-9e08dde9e88d";
const PAP: &str = "extension-definition--f8d78575-edfd-406e-8e84-6162a8450f5b";

/// The identifier of a marking's definition.
pub(super) fn reference(marking: Marking, tlp1: bool) -> String {
    let uuid = match (marking, tlp1) {
        (Marking::Clear, true) => "613f2e26-407d-48c7-9eca-b8e91df99dc9",
        (Marking::Green, true) => "34098fce-860f-48ae-8e50-ebd3cc5e41da",
        (Marking::Amber, true) => "f88d31f6-486f-44da-b317-01333bde0b82",
        (Marking::Red, true) => "5e57c739-391a-4eb3-b6be-7d15ca92d5ed",
        (Marking::Clear, false) => "94868c89-83c2-464b-929b-a1a8aa3c8487",
        (Marking::Green, false) => "bab4a63c-aed9-4cf5-a766-dfca5abac2bb",
        (Marking::Amber, false) => "55d920b0-5e8b-4f79-9ee9-91f868d9b421",
        // TLP 1.0 has no such level: only the form of 2.0 says it.
        (Marking::AmberStrict, _) => "939a9414-2ddd-4d32-a0cd-375ea402b003",
        (Marking::Red, false) => "e828b379-4e03-4974-9ac4-e53a884c97c1",
    };
    format!("marking-definition--{uuid}")
}

/// The definition itself, as published.
pub(super) fn definition(marking: Marking, tlp1: bool) -> Value {
    let word = marking.as_str().trim_start_matches("TLP:").to_ascii_lowercase();
    let id = reference(marking, tlp1);
    if tlp1 && marking != Marking::AmberStrict {
        let word = if marking == Marking::Clear { "white".to_owned() } else { word };
        return json!({
            "type": "marking-definition",
            "spec_version": "2.1",
            "id": id,
            "created": "2017-01-20T00:00:00.000Z",
            "definition_type": "tlp",
            "name": format!("TLP:{}", word.to_ascii_uppercase()),
            "definition": { "tlp": word },
        });
    }
    json!({
        "type": "marking-definition",
        "spec_version": "2.1",
        "id": id,
        "created": "2022-10-01T00:00:00.000Z",
        "name": marking.as_str(),
        "extensions": { TLP2: { "extension_type": "property-extension", "tlp_2_0": word } },
    })
}

/// Permissible Actions Protocol: what the receiver may do; the order is that of strictness.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Pap {
    Clear,
    Green,
    Amber,
    Red,
}

impl Pap {
    /// Reads a tag as `PAP:AMBER`.
    pub(super) fn of_tag(tag: &str) -> Option<Self> {
        match tag.trim().to_ascii_lowercase().strip_prefix("pap:")?.trim_matches(['"', ' ']) {
            "clear" | "white" => Some(Self::Clear),
            "green" => Some(Self::Green),
            "amber" => Some(Self::Amber),
            "red" => Some(Self::Red),
            _ => None,
        }
    }

    pub(super) fn reference(self) -> String {
        let uuid = match self {
            Self::Clear => "ad15a0cd-55b6-4588-a14c-a66105329b92",
            Self::Green => "c43594d1-4b11-4c59-93ab-1c9b14d53ce9",
            Self::Amber => "60f8932b-e51e-4458-b265-a2e8be9a80ab",
            Self::Red => "740d36e5-7714-4c30-961a-3ae632ceee0e",
        };
        format!("marking-definition--{uuid}")
    }

    pub(super) fn definition(self) -> Value {
        let word = match self {
            Self::Clear => "clear",
            Self::Green => "green",
            Self::Amber => "amber",
            Self::Red => "red",
        };
        json!({
            "type": "marking-definition",
            "spec_version": "2.1",
            "id": self.reference(),
            "created": "2022-10-02T00:00:00.000Z",
            "name": format!("PAP:{}", word.to_ascii_uppercase()),
            "extensions": { PAP: { "extension_type": "property-extension", "pap": word } },
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_level_that_tlp1_lacks_is_not_loosened() {
        let strict = definition(Marking::AmberStrict, true);
        assert_eq!(strict["extensions"][TLP2]["tlp_2_0"], "amber+strict");
        assert_eq!(definition(Marking::Clear, true)["definition"]["tlp"], "white");
        assert_eq!(definition(Marking::Clear, false)["name"], "TLP:CLEAR");
    }

    #[test]
    fn permissible_actions_are_read_from_tags() {
        assert_eq!(Pap::of_tag("PAP:RED"), Some(Pap::Red));
        assert_eq!(Pap::of_tag("tlp:red"), None);
        assert!(Pap::Red > Pap::Clear);
    }
}
