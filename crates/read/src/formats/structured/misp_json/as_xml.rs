//! MISP's own XML (`/events/xml`): the same fields as its JSON, with repeated elements for lists.

use roxmltree::Node;
use serde_json::{Map, Value};

/// Elements that are lists in JSON, even when there is only one.
const LISTS: &[&str] = &[
    "Attribute",
    "EventReport",
    "Event",
    "Galaxy",
    "GalaxyCluster",
    "Object",
    "ObjectReference",
    "RelatedEvent",
    "ShadowAttribute",
    "Sighting",
    "Tag",
];

/// Whether the head is that of an event (or of a list of events) in XML.
pub(super) fn recognises(head: &str) -> bool {
    let has = |tag: &str| head.contains(tag);
    head.trim_start().starts_with('<')
        && has("<Event>")
        && ["<threat_level_id>", "<Orgc>", "<orgc>", "<to_ids>", "<distribution>", "<analysis>"]
            .iter()
            .any(|tag| has(tag))
}

/// The element as the JSON of the same event.
pub(super) fn value(node: Node<'_, '_>) -> Value {
    let mut fields = Map::new();
    for child in node.children().filter(Node::is_element) {
        let name = child.tag_name().name();
        let inner = value(child);
        // MISP writes an empty list as an empty element.
        let is_list = LISTS.contains(&name);
        if is_list && inner.as_str().is_some_and(str::is_empty) {
            continue;
        }
        match fields.get_mut(name) {
            Some(Value::Array(items)) => items.push(inner),
            Some(first) => *first = Value::Array(vec![first.take(), inner]),
            None if is_list => {
                fields.insert(name.to_owned(), Value::Array(vec![inner]));
            }
            None => {
                fields.insert(name.to_owned(), inner);
            }
        }
    }
    if fields.is_empty() {
        let text: String = node.children().filter_map(|n| n.is_text().then(|| n.text())?).collect();
        return Value::String(text.trim().to_owned());
    }
    Value::Object(fields)
}

#[cfg(test)]
mod tests {
    use super::*;

    const EVENT: &str = "<response><Event><info>Marsh &amp; Reed</info>\
        <Orgc><name>Example Team</name></Orgc><threat_level_id>1</threat_level_id>\
        <Attribute><type>ip-dst</type><to_ids>1</to_ids><value>198.51.100.7</value>\
        <ShadowAttribute/></Attribute><Tag><name>tlp:amber</name></Tag></Event></response>";

    #[test]
    fn an_event_in_xml_is_the_json_of_the_event() {
        assert!(recognises(EVENT));
        assert!(!recognises("<rss><Event>a party</Event></rss>"));
        let document = roxmltree::Document::parse(EVENT).unwrap();
        let shown = value(document.root_element());
        let event = serde_json::json!({ "Event": [{
            "info": "Marsh & Reed",
            "Orgc": { "name": "Example Team" },
            "threat_level_id": "1",
            "Attribute": [{ "type": "ip-dst", "to_ids": "1", "value": "198.51.100.7" }],
            "Tag": [{ "name": "tlp:amber" }]
        }] });
        assert_eq!(shown, event);
    }
}
