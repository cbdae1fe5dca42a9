//! Windows events in one shape, whoever wrote them: the evtx crate, Winlogbeat, NXLog, XML and CSV exports,
//! collectors in the cloud.

use std::borrow::Cow;
use std::fmt;

use jiff::Timestamp;
use serde::de::{DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::Value;

use crate::message;
use crate::time::{self, Moment};

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
        Ok(event.complete().then_some(event))
    }

    /// Makes an event of names and values, as of a table; `None` when they are no Windows event.
    pub(crate) fn from_fields(fields: &[(String, String)]) -> Option<Event> {
        let mut event = Event { fields: Vec::with_capacity(fields.len()) };
        for (name, value) in fields {
            event.put(name, value.clone(), 0, false);
        }
        event.complete().then_some(event)
    }

    /// Fills in what the writer left out; `false` when it is no Windows event.
    fn complete(&mut self) -> bool {
        if self.get("EventID").is_none()
            && self.get("Channel").is_some()
            && self.get("Provider").is_some()
            && let Some(id) = self.get("Id").map(str::to_owned)
        {
            self.push("EventID", id);
        }
        if self.get("Provider").is_none()
            && self.get("Channel").is_some()
            && let Some(source) = self.get("Source").map(str::to_owned)
        {
            self.push("Provider", source);
        }
        if let Some(channel) = self.get("Channel").and_then(message::short_channel) {
            let mut all = self.fields.iter_mut();
            if let Some((_, value)) =
                all.find(|(name, value)| name == "Channel" && !value.is_empty())
            {
                channel.clone_into(value);
            }
        }
        let has = |name: &str| self.get(name).is_some();
        if !has("EventID") || !(has("Channel") || has("Provider") || has("EventRecordID")) {
            return false;
        }
        if self.get("Channel").is_none()
            && let Some(channel) = self.get("Provider").and_then(message::channel_of)
        {
            self.push("Channel", channel.to_owned());
        }
        if let Some(text) = self.get("Message")
            && !self.fields.iter().any(|(name, value)| is_told(name) && !value.is_empty())
        {
            let id = self.get("EventID").and_then(|id| id.parse().ok());
            let stated = message::fields(id, self.get("Channel").unwrap_or(""), text);
            for (name, value) in stated {
                // What the envelope says of the process is about the logging service.
                self.fields.retain(|(known, _)| *known != name || known == "Message");
                self.fields.push((name, value));
            }
        }
        true
    }

    /// Adds a value that may hold fields itself: XML or JSON in a text, as collectors write it.
    fn put(&mut self, name: &str, value: String, depth: usize, data: bool) {
        let start = value.trim_start();
        let may_hold = !data || matches!(name, "EventData" | "UserData");
        if may_hold && depth <= DEEPEST && matches!(start.as_bytes().first(), Some(b'<' | b'{')) {
            let xml = ["<Event>", "<Event ", "<EventData", "<DataItem", "<UserData"];
            if xml.iter().any(|tag| start.starts_with(tag)) && self.add_xml(start).is_ok() {
                return;
            }
            let inner =
                matches!(name, "Payload" | "EventData" | "UserData" | "event_data" | "Event");
            if inner && start.starts_with('{') {
                let mut event = Event::default();
                let mut json = serde_json::Deserializer::from_str(start);
                let all = Element { event: &mut event, name: "", depth: depth + 1, data: true };
                if all.deserialize(&mut json).is_ok() {
                    self.fields.append(&mut event.fields);
                    return;
                }
            }
        }
        if data {
            self.fields.push((name.to_owned(), value));
        } else {
            self.push(name, value);
        }
    }

    /// Adds a field under the name that Windows itself gives it.
    pub(crate) fn push(&mut self, name: &str, value: String) {
        let name = match name.rsplit_once('.') {
            Some((front, leaf))
                if ["winlog", "Event", "System", "_source", "event_data"]
                    .iter()
                    .any(|part| front.split('.').any(|p| p == *part)) =>
            {
                leaf
            }
            _ => name,
        };
        let known = match name {
            "event_id" | "EventId" | "eventid" | "eventID" | "event.code" | "EventCode"
            | "EventIdentifier" => "EventID",
            "channel" | "log_name" | "LogName" | "EventLog" | "Logfile" => "Channel",
            "provider_name" | "providerName" | "SourceName" | "ProviderName" | "source_name"
            | "Provider_Name" | "EventSourceName" => "Provider",
            "computer_name" | "Hostname" | "computer" | "MachineName" | "ComputerName" => {
                "Computer"
            }
            "record_id" | "eventRecordID" | "RecordNumber" | "RecordId" | "record_number"
            | "EventRecordId" => "EventRecordID",
            "message" | "RenderedDescription" => "Message",
            "@SystemTime" | "systemTime" => "SystemTime",
            name => name,
        };
        // Where both are, the number in the log counts, not the one in the file.
        if name == "EventRecordId" {
            self.fields.retain(|(name, _)| name != "EventRecordID");
        }
        self.fields.push((known.to_owned(), value));
    }

    /// The first value of a field that is not empty.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.fields.iter().find(|(n, v)| n == name && !v.is_empty()).map(|(_, v)| v.as_str())
    }

    /// The time of the event log's envelope; what a program wrote into the event itself (Sysmon's
    /// `UtcTime`) may come from another clock and is used only when there is no other.
    pub(crate) fn moment(&self) -> Option<Moment> {
        [
            "SystemTime",
            "@timestamp",
            "TimeCreated",
            "EventTime",
            "timestamp",
            "TimeGenerated",
            "TimeWritten",
            "UtcTime",
            "Timestamp",
        ]
        .iter()
        // A clock that was never set begins in 1601.
        .find_map(|name| {
            self.get(name).filter(|t| !t.starts_with("1601-01-01")).and_then(time::read)
        })
        // EvtxECmd writes UTC, and does not say so.
        .and_then(|moment| match moment {
            Moment::Civil(_) if self.fields.iter().any(|(name, _)| name == "MapDescription") => {
                moment.utc().map(Moment::Exact)
            }
            _ => Some(moment),
        })
    }

    /// Seconds by which the event's own `UtcTime` is ahead of its envelope.
    pub(crate) fn skew(&self, envelope: Timestamp) -> Option<i64> {
        let own = self.get("UtcTime").and_then(time::parse)?;
        Some(own.as_second() - envelope.as_second())
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

/// Whether a field tells what happened. Shippers' own names begin with a small letter.
fn is_told(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_uppercase()) && !is_envelope(name)
}

/// Whether a field is of the envelope that every event has, so that it says nothing of what happened.
fn is_envelope(name: &str) -> bool {
    const NAMES: &[&str] = &[
        "EventID",
        "Id",
        "Channel",
        "Provider",
        "Computer",
        "EventRecordID",
        "Message",
        "SystemTime",
        "@timestamp",
        "TimeCreated",
        "EventTime",
        "timestamp",
        "TimeGenerated",
        "TimeWritten",
        "Version",
        "Qualifiers",
        "Level",
        "Task",
        "Opcode",
        "Keywords",
        "ProviderId",
        "ProcessId",
        "ThreadId",
        "ProcessID",
        "ThreadID",
        "UserId",
        "UserID",
        "ActivityId",
        "ActivityID",
        "RelatedActivityId",
        "ContainerLog",
        "MatchedQueryIds",
        "Bookmark",
        "LevelDisplayName",
        "OpcodeDisplayName",
        "TaskDisplayName",
        "KeywordsDisplayNames",
        "Properties",
        "Task Category",
        "Index",
        "Category",
        "CategoryNumber",
        "EntryType",
        "ReplacementStrings",
        "InstanceId",
        "Data",
        "UserName",
        "Site",
        "Container",
        "Value",
        "BinaryLength",
        "Guid",
        "EventType",
        "Severity",
        "SeverityValue",
        "RecordNumber",
        "SourceModuleName",
        "SourceModuleType",
        "EventReceivedTime",
        "PSComputerName",
        "RunspaceId",
        "PSShowComputerName",
        "AccountName",
        "AccountType",
        "Domain",
        "ExecutionProcessID",
        "OpcodeValue",
        "@version",
        "host",
        "tags",
        "EventCategoryName",
        "EventTypeName",
        "EventCategory",
        "Strings",
        "SID",
        "User",
        "BinaryData",
    ];
    NAMES.contains(&name)
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
        self.event.put(self.name, value, self.depth, self.data);
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
                // `{"@Name": "Image", "#text": "…"}` and its like, as other converters write it.
                "@Name" | "Name" | "name" if self.name == "Data" => {
                    let name = map.next_value::<Value>()?;
                    if let Some(name) = name.as_str() {
                        for (field, _) in &mut self.event.fields[from..] {
                            name.clone_into(field);
                        }
                        own = Some(name.to_owned());
                    }
                }
                "@Name" | "Name" if self.name == "Provider" => {
                    let part =
                        Element { event: &mut *self.event, name: "Provider", depth, data: false };
                    map.next_value_seed(part)?;
                }
                "@Guid" | "@EventSourceName" | "@xmlns" | "@Qualifiers" => {
                    map.next_value::<serde::de::IgnoredAny>()?;
                }
                "#text" | "Content" | "Value" | "text" | "content" | "value"
                    if key == "#text" || own.is_some() || self.name == "Data" =>
                {
                    let name = own.as_deref().unwrap_or(self.name);
                    let part = Element { event: &mut *self.event, name, depth, data: self.data };
                    map.next_value_seed(part)?;
                }
                key => {
                    let data = self.data
                        || matches!(
                            key,
                            "EventData" | "UserData" | "event_data" | "user_data" | "eventdata"
                        );
                    let before = self.event.fields.len();
                    let part = Element { event: &mut *self.event, name: key, depth, data };
                    map.next_value_seed(part)?;
                    // Wazuh begins the names of what was logged with a small letter.
                    if key == "eventdata" {
                        for (name, _) in self.event.fields.iter_mut().skip(before) {
                            if let Some(first) = name.get_mut(..1) {
                                first.make_ascii_uppercase();
                            }
                        }
                    }
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
    let mut event = Event::default();
    event.add_xml(xml)?;
    if event.get("EventID").is_none() {
        return Err("an <Event> without EventID".to_owned());
    }
    event.complete();
    Ok(event)
}

impl Event {
    /// Adds the fields of a piece of XML.
    fn add_xml(&mut self, xml: &str) -> Result<(), String> {
        let from = self.fields.len();
        let added = add_xml(self, xml);
        if added.is_err() {
            self.fields.truncate(from);
        }
        added
    }
}

fn add_xml(event: &mut Event, xml: &str) -> Result<(), String> {
    use quick_xml::events::Event as Node;
    let mut reader = quick_xml::Reader::from_str(xml);
    let mut path: Vec<String> = Vec::new();
    let mut text = String::new();
    loop {
        match reader.read_event().map_err(|e| e.to_string())? {
            Node::Start(start) => {
                path.push(open(&start, event));
                text.clear();
                if path.len() > 64 {
                    return Err("nested too deeply".to_owned());
                }
            }
            Node::Empty(start) => {
                open(&start, event);
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
            Node::Eof => return Ok(()),
            _ => {}
        }
    }
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
        let more = [
            json!({"Id": 11, "LogName": "C", "ProviderName": "P", "TimeCreated": "/Date(1615686013000)/", "Image": "System"}),
            json!({"Event": {"System": {"Provider": {"@Name": "P", "@Guid": "g"}, "EventID": {"@Qualifiers": "", "#text": "11"}, "Channel": "C", "TimeCreated": {"@SystemTime": "2021-03-14T01:40:13Z"}}, "EventData": {"Data": [{"@Name": "Image", "#text": "System"}, {"#text": "x", "@Name": "Other"}]}}}),
            json!({"EventId": 11, "Channel": "C", "Provider": "P", "TimeCreated": "2021-03-14T01:40:13.0000000+00:00", "Payload": "{\"EventData\":{\"Data\":[{\"@Name\":\"Image\",\"#text\":\"System\"}]}}"}),
            json!({"EventID": 11, "EventLog": "C", "Source": "P", "Provider": "P", "TimeGenerated": "2021-03-14T01:40:13Z", "EventData": "<DataItem type='System.XmlData'><EventData xmlns='x'><Data Name='Image'>System</Data></EventData></DataItem>"}),
            json!({"timestamp": "2021-03-14T02:00:00.000+0000", "agent": {"name": "a"}, "data": {"win": {"system": {"providerName": "P", "eventID": "11", "systemTime": "2021-03-14T01:40:13Z", "channel": "C"}, "eventdata": {"image": "System"}}}}),
            json!({"winlog.event_id": 11, "winlog.channel": "C", "winlog.provider_name": "P", "@timestamp": "2021-03-14T01:40:13Z", "winlog.event_data.Image": "System"}),
        ];
        let xml = "<Event xmlns='x'><System><Provider Name='P'/><EventID>11</EventID><TimeCreated SystemTime='2021-03-14T01:40:13Z'/><Channel>C</Channel></System><EventData><Data Name='Image'>System</Data></EventData></Event>";
        let read = |value: &Value| Event::from_json(value.to_string().as_bytes()).unwrap();
        let mut events: Vec<Event> = shapes.iter().chain(&more).filter_map(read).collect();
        events.push(from_xml(xml).unwrap());
        assert_eq!(events.len(), 10);
        for event in events {
            for (name, value) in
                [("EventID", "11"), ("Channel", "C"), ("Provider", "P"), ("Image", "System")]
            {
                assert_eq!(event.get(name), Some(value), "{name} of {event:?}");
            }
            assert_eq!(
                event.moment().and_then(Moment::utc).map(|t| t.to_string()).as_deref(),
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
