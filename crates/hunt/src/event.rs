//! Windows events in one shape, whoever wrote them: the evtx crate, Winlogbeat, NXLog, XML exports.

use std::borrow::Cow;
use std::fmt;

use jiff::Timestamp;
use serde::de::{DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::Value;

use crate::time;

/// An event as plain names and values.
#[derive(Clone, Debug, Default)]
pub(crate) struct Event {
    pub fields: Vec<(String, String)>,
}

impl Event {
    /// Makes an event of a JSON object; `None` when the object is no Windows event.
    ///
    /// # Errors
    /// When the text is no JSON.
    pub(crate) fn from_json(text: &[u8]) -> Result<Option<Event>, serde_json::Error> {
        let mut event = Event { fields: Vec::with_capacity(32) };
        let mut json = serde_json::Deserializer::from_slice(text);
        let all = Element { event: &mut event, name: "", depth: 0, data: false };
        all.deserialize(&mut json)?;
        json.end()?;
        let has = |name: &str| event.get(name).is_some();
        let is_event =
            has("EventID") && (has("Channel") || has("Provider") || has("EventRecordID"));
        Ok(is_event.then_some(event))
    }

    /// Adds a field under the name that Windows itself gives it.
    pub(crate) fn push(&mut self, name: &str, value: String) {
        let known = match name {
            "event_id" | "EventId" | "eventid" | "event.code" => "EventID",
            "channel" | "log_name" | "LogName" => "Channel",
            "provider_name" | "SourceName" | "ProviderName" | "source_name" => "Provider",
            "computer_name" | "Hostname" | "computer" | "MachineName" => "Computer",
            "record_id" | "RecordNumber" | "RecordId" | "record_number" => "EventRecordID",
            "message" => "Message",
            name => name,
        };
        self.fields.push((known.to_owned(), value));
    }

    /// The first value of a field that is not empty.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.fields.iter().find(|(n, v)| n == name && !v.is_empty()).map(|(_, v)| v.as_str())
    }

    /// The time of the event log's envelope; what a program wrote into the event itself (Sysmon's
    /// `UtcTime`) may come from another clock and is used only when there is no other.
    pub(crate) fn time(&self) -> Option<Timestamp> {
        ["SystemTime", "@timestamp", "TimeCreated", "EventTime", "timestamp", "UtcTime"]
            .iter()
            .find_map(|name| self.get(name).and_then(time::parse))
    }

    /// Seconds by which the event's own `UtcTime` is ahead of its envelope.
    pub(crate) fn skew(&self) -> Option<i64> {
        let own = self.get("UtcTime").and_then(time::parse)?;
        Some(own.as_second() - self.time()?.as_second())
    }

    /// The values as one text, a line each: what is searched, and the evidence.
    pub(crate) fn text(&self) -> String {
        let mut text = String::with_capacity(1024);
        for (name, value) in self.fields.iter().filter(|(_, value)| !value.is_empty()) {
            text.push_str(name);
            text.push_str(": ");
            text.push_str(value);
            text.push('\n');
        }
        text
    }
}

/// A part of an event's JSON, whose scalars become fields: no tree is built.
struct Element<'e, 'n> {
    event: &'e mut Event,
    /// The key under which it stands.
    name: &'n str,
    depth: usize,
    /// Whether it is what the program itself logged: names there are no other writer's words.
    data: bool,
}

/// Deeper parts are left out.
const DEEPEST: usize = 16;

impl Element<'_, '_> {
    fn put(self, value: String) {
        if self.data {
            self.event.fields.push((self.name.to_owned(), value));
        } else {
            self.event.push(self.name, value);
        }
    }
}

impl<'de> DeserializeSeed<'de> for Element<'_, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<(), D::Error> {
        if self.depth > DEEPEST {
            return json.deserialize_ignored_any(serde::de::IgnoredAny).map(|_| ());
        }
        json.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Element<'_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a part of an event")
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_bool<E>(self, value: bool) -> Result<(), E> {
        self.put(value.to_string());
        Ok(())
    }

    fn visit_i64<E>(self, value: i64) -> Result<(), E> {
        self.put(value.to_string());
        Ok(())
    }

    fn visit_u64<E>(self, value: u64) -> Result<(), E> {
        self.put(value.to_string());
        Ok(())
    }

    fn visit_f64<E>(self, value: f64) -> Result<(), E> {
        self.put(value.to_string());
        Ok(())
    }

    fn visit_str<E>(self, value: &str) -> Result<(), E> {
        self.put(value.to_owned());
        Ok(())
    }

    fn visit_string<E>(self, value: String) -> Result<(), E> {
        self.put(value);
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        loop {
            let Element { name, depth, data, .. } = self;
            let part = Element { event: &mut *self.event, name, depth: depth + 1, data };
            if list.next_element_seed(part)?.is_none() {
                return Ok(());
            }
        }
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let from = self.event.fields.len();
        // `<Data Name="Image">…</Data>` as XML converters write it.
        let mut own: Option<String> = None;
        while let Some(key) = map.next_key::<Cow<'_, str>>()? {
            let depth = self.depth + 1;
            match &*key {
                "#attributes" => {
                    let attributes = map.next_value::<Value>()?;
                    let name = attributes.get("Name").and_then(Value::as_str);
                    if let Some(name) = name.filter(|_| self.name == "Data") {
                        for (field, _) in &mut self.event.fields[from..] {
                            name.clone_into(field);
                        }
                        own = Some(name.to_owned());
                    }
                    self.event.add_attributes(self.name, &attributes);
                }
                "#text" => {
                    let name = own.as_deref().unwrap_or(self.name);
                    let part = Element { event: &mut *self.event, name, depth, data: self.data };
                    map.next_value_seed(part)?;
                }
                key => {
                    let data = self.data
                        || matches!(key, "EventData" | "UserData" | "event_data" | "user_data");
                    let part = Element { event: &mut *self.event, name: key, depth, data };
                    map.next_value_seed(part)?;
                }
            }
        }
        Ok(())
    }
}

impl Event {
    fn add_attributes(&mut self, element: &str, attributes: &Value) {
        for (key, inner) in attributes.as_object().into_iter().flatten() {
            let text = inner.as_str().map_or_else(|| inner.to_string(), str::to_owned);
            match (element, key.as_str()) {
                ("Provider", "Name") => self.push("Provider", text),
                ("TimeCreated", "SystemTime") => self.push("SystemTime", text),
                ("Provider", "EventSourceName" | "Guid")
                | ("Data", _)
                | (_, "xmlns" | "Qualifiers") => {}
                (_, key) => self.push(key, text),
            }
        }
    }
}

/// Makes an event of one `<Event>` element; an error names what is wrong with the XML.
pub(crate) fn from_xml(xml: &str) -> Result<Event, String> {
    use quick_xml::events::Event as Node;
    let mut reader = quick_xml::Reader::from_str(xml);
    let mut event = Event::default();
    let mut path: Vec<String> = Vec::new();
    let mut text = String::new();
    loop {
        match reader.read_event().map_err(|e| e.to_string())? {
            Node::Start(start) => {
                path.push(open(&start, &mut event));
                text.clear();
                if path.len() > 64 {
                    return Err("nested too deeply".to_owned());
                }
            }
            Node::Empty(start) => {
                open(&start, &mut event);
            }
            Node::Text(part) => text.push_str(&part),
            Node::CData(part) => text.push_str(&part),
            Node::GeneralRef(entity) => {
                if let Ok(Some(c)) = entity.resolve_char_ref() {
                    text.push(c);
                } else {
                    let name: &str = &entity;
                    text.push_str(quick_xml::escape::resolve_predefined_entity(name).unwrap_or(""));
                }
            }
            Node::End(_) => {
                if let Some(name) = path.pop()
                    && !text.trim().is_empty()
                {
                    event.push(&name, text.trim().to_owned());
                }
                text.clear();
            }
            Node::Eof => break,
            _ => {}
        }
    }
    if event.get("EventID").is_none() {
        return Err("an <Event> without EventID".to_owned());
    }
    Ok(event)
}

/// The field name that an element stands for; its telling attributes become fields.
fn open(start: &quick_xml::events::BytesStart<'_>, event: &mut Event) -> String {
    let element = start.local_name().as_ref().to_owned();
    let mut name = element.clone();
    for attribute in start.attributes().flatten() {
        let key = attribute.key.as_ref().to_owned();
        let raw = attribute.value.clone().into_owned();
        let value = quick_xml::escape::unescape(&raw).map_or(raw.clone(), Cow::into_owned);
        match (element.as_str(), key.as_str()) {
            ("Data", "Name") => name = value,
            ("Provider", "Name") => event.push("Provider", value),
            ("TimeCreated", "SystemTime") => event.push("SystemTime", value),
            ("Execution" | "Correlation" | "Security", _) => event.push(&key, value),
            _ => {}
        }
    }
    name
}

/// Flattens any JSON object to dotted names; for lines that are no Windows events.
pub(crate) fn flatten(value: &Value) -> Vec<(String, String)> {
    fn walk(name: &str, value: &Value, depth: usize, out: &mut Vec<(String, String)>) {
        match value {
            Value::Null => {}
            Value::Object(map) if depth < 32 => {
                for (key, inner) in map {
                    let inner_name =
                        if name.is_empty() { key.clone() } else { format!("{name}.{key}") };
                    walk(&inner_name, inner, depth + 1, out);
                }
            }
            Value::Array(list) if depth < 32 => {
                for inner in list {
                    walk(name, inner, depth + 1, out);
                }
            }
            Value::String(text) => out.push((name.to_owned(), text.clone())),
            other => out.push((name.to_owned(), other.to_string())),
        }
    }
    let mut out = Vec::new();
    walk("", value, 0, &mut out);
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn one_shape_for_all_writers() {
        let shapes = [
            json!({"Event": {"#attributes": {"xmlns": "x"}, "System": {"Provider": {"#attributes": {"Name": "P"}}, "EventID": {"#attributes": {"Qualifiers": 1}, "#text": 11}, "Channel": "C", "TimeCreated": {"#attributes": {"SystemTime": "2021-03-14T01:40:13Z"}}}, "EventData": {"Image": "System"}}}),
            json!({"@timestamp": "2021-03-14T01:40:13Z", "winlog": {"event_id": 11, "channel": "C", "provider_name": "P", "event_data": {"Image": "System"}}}),
            json!({"SourceName": "P", "Channel": "C", "EventID": 11, "EventTime": "2021-03-14 01:40:13", "Image": "System"}),
        ];
        let xml = "<Event xmlns='x'><System><Provider Name='P'/><EventID>11</EventID><TimeCreated SystemTime='2021-03-14T01:40:13Z'/><Channel>C</Channel></System><EventData><Data Name='Image'>System</Data></EventData></Event>";
        let read = |value: &Value| Event::from_json(value.to_string().as_bytes()).unwrap();
        let mut events: Vec<Event> = shapes.iter().filter_map(read).collect();
        events.push(from_xml(xml).unwrap());
        assert_eq!(events.len(), 4);
        for event in events {
            for (name, value) in
                [("EventID", "11"), ("Channel", "C"), ("Provider", "P"), ("Image", "System")]
            {
                assert_eq!(event.get(name), Some(value), "{name} of {event:?}");
            }
            assert_eq!(
                event.time().map(|t| t.to_string()).as_deref(),
                Some("2021-03-14T01:40:13Z")
            );
        }
        assert!(read(&json!({"a": 1})).is_none());
    }

    proptest::proptest! {
        #[test]
        fn xml_never_panics(text in "(<Event>|</Event>|<Data Name='x'>|</Data>|&lt;|&#0;|&x;|[ -~]{0,5}){0,12}") {
            let _ = from_xml(&text);
        }
    }
}
