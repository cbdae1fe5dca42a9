//! The defects of objects that break STIX's rules (STIX 2.1, parts 3 and 4), named one by one.

use serde_json::Value;

use super::super::json::str_of;

/// What is wrong with an object, in sentences.
pub(super) fn defects(object: &Value) -> Vec<String> {
    let mut found = Vec::new();
    let kind = str_of(object, "type");
    if kind.is_empty() {
        return vec!["an object has no `type`".into()];
    }
    let id = str_of(object, "id");
    if id.is_empty() {
        found.push(format!("a {kind} has no `id`"));
    } else {
        match id.split_once("--") {
            None => found.push(format!("the id `{id}` is not of the form `type--UUID`")),
            Some((of, uuid)) => {
                if of != kind {
                    found.push(format!(
                        "the id `{id}` is of another type than the object, which is `{kind}`"
                    ));
                }
                if !is_uuid(uuid) {
                    found.push(format!("the id `{id}` does not end in a UUID"));
                }
            }
        }
    }
    for key in required(kind, str_of(object, "spec_version") == "2.1") {
        if object.get(*key).is_none() {
            found.push(format!("a {kind} has no `{key}`, which is required"));
        }
    }
    let Value::Object(fields) = object else { return found };
    for (key, value) in fields {
        let Value::String(text) = value else { continue };
        if is_time(key) && !is_timestamp(text) {
            found.push(format!(
                "`{key}` is `{text}`, which is no UTC time of the form 2021-03-02T00:00:00Z"
            ));
        }
    }
    let (created, modified) = (str_of(object, "created"), str_of(object, "modified"));
    if is_timestamp(created) && is_timestamp(modified) && modified.get(..19) < created.get(..19) {
        found.push(format!("`modified` ({modified}) lies before `created` ({created})"));
    }
    found
}

/// Properties that an object of the type must have, beside type and id.
fn required(kind: &str, version_21: bool) -> &'static [&'static str] {
    match kind {
        "indicator" if version_21 => {
            &["created", "modified", "pattern", "pattern_type", "valid_from"]
        }
        "indicator" => &["created", "modified", "pattern"],
        "relationship" => &["created", "modified", "relationship_type", "source_ref", "target_ref"],
        "sighting" => &["created", "modified", "sighting_of_ref"],
        "observed-data" => {
            &["created", "modified", "first_observed", "last_observed", "number_observed"]
        }
        "report" => &["created", "modified", "name", "published", "object_refs"],
        "grouping" => &["created", "modified", "context", "object_refs"],
        "malware" if version_21 => &["created", "modified", "is_family"],
        "attack-pattern" | "campaign" | "course-of-action" | "identity" | "intrusion-set"
        | "malware" | "threat-actor" | "tool" | "vulnerability" | "infrastructure" => {
            &["created", "modified", "name"]
        }
        "location" => &["created", "modified"],
        "note" => &["created", "modified", "content", "object_refs"],
        "opinion" => &["created", "modified", "opinion", "object_refs"],
        "marking-definition" | "extension-definition" => &["created"],
        "ipv4-addr" | "ipv6-addr" | "domain-name" | "url" | "email-addr" | "mac-addr"
            if version_21 =>
        {
            &["value"]
        }
        _ => &[],
    }
}

fn is_time(key: &str) -> bool {
    matches!(
        key,
        "created"
            | "modified"
            | "valid_from"
            | "valid_until"
            | "first_seen"
            | "last_seen"
            | "first_observed"
            | "last_observed"
            | "published"
            | "start_time"
            | "stop_time"
    )
}

fn is_uuid(text: &str) -> bool {
    text.len() == 36
        && text.bytes().enumerate().all(|(at, byte)| match at {
            8 | 13 | 18 | 23 => byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        })
}

/// RFC 3339 in UTC with a `Z`, as STIX wants it.
fn is_timestamp(text: &str) -> bool {
    // A civil time, not an instant: producers write 9999-12-31 for "for ever", which lies beyond
    // the last instant in some zones.
    text.strip_suffix('Z')
        .is_some_and(|time| time.contains('T') && time.parse::<jiff::civil::DateTime>().is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_day_of_the_calendar_is_a_time() {
        assert!(is_timestamp("9999-12-31T00:00:00.000Z") && is_timestamp("2021-03-02T00:00:00Z"));
        for wrong in ["2021-03-02T00:00:00", "2021-03-02 00:00:00Z", "2021-02-30T00:00:00Z", "soon"]
        {
            assert!(!is_timestamp(wrong), "{wrong}");
        }
    }

    #[test]
    fn each_defect_is_named() {
        let object = serde_json::json!({
            "type": "identity", "id": "tool--11111111-1111-4111-8111-11111111111x",
            "created": "2021-03-02T00:00:00Z", "modified": "2021-03-01T00:00:00Z", "first_seen": "soon"
        });
        let all = defects(&object).join("\n");
        for part in ["another type", "UUID", "no `name`", "`first_seen` is `soon`", "lies before"] {
            assert!(all.contains(part), "{part} in {all}");
        }
        let fine = serde_json::json!({
            "type": "identity", "id": "identity--11111111-1111-4111-8111-111111111111", "name": "x",
            "created": "2021-03-01T00:00:00.000Z", "modified": "2021-03-02T00:00:00.123456Z"
        });
        assert_eq!(defects(&fine), Vec::<String>::new());
    }
}
