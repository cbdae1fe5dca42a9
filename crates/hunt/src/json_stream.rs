//! JSON as a stream of records: objects one after the other, in arrays, and in the envelopes in which clouds and search
//! engines hand out many at once (`{"Records":[…]}`), which may be of any size.

use serde_json::{Map, Value};

/// Names under which envelopes keep their records.
const WRAPPERS: &[&str] = &[
    "Records",
    "records",
    "value",
    "logEvents",
    "entries",
    "items",
    "Items",
    "results",
    "events",
    "Events",
    "data",
    "hits",
    "logs",
    "alerts",
];

/// Names of a time: what has one of its own is a record, whatever it holds.
const TIMES: &[&str] = &[
    "time",
    "timestamp",
    "Timestamp",
    "@timestamp",
    "eventTime",
    "ts",
    "datetime",
    "CreationTime",
    "TimeGenerated",
];

/// Parts an envelope from the records in it; gives the value back when it is no envelope.
pub(crate) fn unwrap(value: Value) -> Result<(Vec<Value>, Value), Value> {
    let Value::Object(mut map) = value else { return Err(value) };
    let Some(name) = wrapper(&map).map(str::to_owned) else { return Err(Value::Object(map)) };
    let taken = match map.get_mut(&name) {
        // Search engines put the list one deeper.
        Some(Value::Object(inner)) => inner.remove(&name),
        Some(list) => Some(list.take()),
        None => None,
    };
    match taken {
        Some(Value::Array(list)) => Ok((list, Value::Object(map))),
        _ => Err(Value::Object(map)),
    }
}

fn wrapper(map: &Map<String, Value>) -> Option<&str> {
    let objects = |value: &Value| {
        value.as_array().is_some_and(|list| !list.is_empty() && list.iter().all(Value::is_object))
    };
    if map.get("hits").and_then(|hits| hits.get("hits")).is_some_and(objects) {
        return Some("hits");
    }
    let name = WRAPPERS.iter().find(|name| map.get(**name).is_some_and(objects))?;
    let plain = |value: &Value| match value {
        Value::Object(inner) => inner.is_empty(),
        Value::Array(list) => !list.iter().any(Value::is_object),
        _ => true,
    };
    // Splunk names the columns beside the rows.
    let beside = |key: &str| key == *name || matches!(key, "fields" | "messages" | "columns");
    let is_envelope = map.iter().all(|(key, value)| beside(key) || plain(value))
        && !TIMES.iter().any(|time| map.contains_key(*time));
    is_envelope.then_some(*name)
}

/// Whether what is left of an envelope says something of its own.
pub(crate) fn tells(envelope: &Value) -> bool {
    let Value::Object(map) = envelope else { return false };
    map.iter().any(|(name, value)| {
        TIMES.contains(&name.as_str()) || value.is_object() && name != "hits" && name != "_shards"
    })
}

/// What was cut out of a stream.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Cut {
    /// An object with its text.
    Object(Vec<u8>),
    /// What stood around the records of an envelope.
    Envelope(Vec<u8>),
    /// An object that is too long to be kept.
    TooLong,
}

/// Cuts a stream of JSON text into its objects. Only braces are counted: an array that a broken object leaves open costs
/// nothing that follows.
#[derive(Debug, Default)]
pub(crate) struct Cutter {
    buffer: Vec<u8>,
    /// Braces of the object that are open.
    depth: usize,
    /// Braces of the envelope around it that are open, what stands in it, and where it begins.
    outer: usize,
    around: Vec<u8>,
    around_at: (u64, u64),
    /// Whether the object is an envelope whose records were told.
    is_envelope: bool,
    in_string: bool,
    escaped: bool,
    /// The last string, which is a key when a colon stands behind it.
    word: Vec<u8>,
    /// The last byte that is neither blank nor part of a string.
    last: u8,
    /// Whether something stands in the object that makes it a record, whatever list it holds.
    is_record: bool,
    /// A list begins under a name of envelopes: its first element decides.
    may_wrap: bool,
    /// Line and offset of the object's first byte.
    place: (u64, u64),
    too_long: bool,
}

/// The longest name that is looked at.
const LONGEST_NAME: usize = 32;

impl Cutter {
    /// Whether an object is begun and not closed.
    pub(crate) fn is_open(&self) -> bool {
        self.depth > 0 || self.outer > 0
    }

    /// Takes a piece of text that lies in one line; `tell` gets what is complete, with line and offset.
    pub(crate) fn feed(
        &mut self,
        text: &[u8],
        line: u64,
        offset: u64,
        limit: usize,
        mut tell: impl FnMut(Cut, u64, u64),
    ) {
        for (at, &byte) in text.iter().enumerate() {
            let here = (line, offset + at as u64);
            if self.depth == 0 {
                match byte {
                    b'{' => {
                        (self.depth, self.place, self.last) = (1, here, byte);
                        self.buffer.push(byte);
                    }
                    b']' if self.outer > 0 => self.leave(),
                    _ => {}
                }
                continue;
            }
            if self.buffer.len() < limit {
                self.buffer.push(byte);
            } else {
                self.too_long = true;
            }
            if self.in_string {
                self.inside(byte);
            } else {
                self.outside(byte, here);
            }
            if self.depth == 0 {
                let text = std::mem::take(&mut self.buffer);
                let cut = match () {
                    () if self.too_long => Cut::TooLong,
                    () if self.is_envelope => Cut::Envelope(text),
                    () => Cut::Object(text),
                };
                tell(cut, self.place.0, self.place.1);
                (self.too_long, self.is_record, self.is_envelope) = (false, false, false);
                (self.in_string, self.escaped, self.may_wrap) = (false, false, false);
            }
        }
    }

    fn inside(&mut self, byte: u8) {
        match byte {
            _ if self.escaped => self.escaped = false,
            b'\\' => self.escaped = true,
            b'"' => {
                self.in_string = false;
                self.last = byte;
                return;
            }
            _ => {}
        }
        if self.word.len() < LONGEST_NAME {
            self.word.push(byte);
        }
    }

    /// A byte outside of strings and inside of an object.
    fn outside(&mut self, byte: u8, here: (u64, u64)) {
        let is = |names: &[&str]| names.iter().any(|name| name.as_bytes() == self.word);
        match byte {
            b' ' | b'\t' | b'\r' | b'\n' => return,
            b'"' => {
                self.in_string = true;
                self.word.clear();
            }
            b':' => self.is_record |= self.depth == 1 && is(TIMES),
            b'[' => {
                let named = self.last == b':' && is(WRAPPERS) && self.outer == 0;
                let deep = self.depth == 1 || self.depth == 2 && is(&["hits"]);
                self.may_wrap = named && deep && !self.is_record;
                self.last = byte;
                return;
            }
            b'{' if self.may_wrap => {
                self.enter(here);
                return;
            }
            b'{' => {
                self.is_record |= self.depth == 1 && !is(&["hits", "_shards"]);
                self.depth += 1;
            }
            b'}' => self.depth -= 1,
            _ => {}
        }
        self.may_wrap = false;
        self.last = byte;
    }

    /// The first record of an envelope begins.
    fn enter(&mut self, here: (u64, u64)) {
        self.around = std::mem::replace(&mut self.buffer, vec![b'{']);
        self.around.pop();
        (self.outer, self.depth) = (self.depth, 1);
        (self.around_at, self.place) = (self.place, here);
        (self.may_wrap, self.last) = (false, b'{');
    }

    /// The records of an envelope are done; it goes on as any object.
    fn leave(&mut self) {
        self.buffer = std::mem::take(&mut self.around);
        self.buffer.push(b']');
        (self.depth, self.outer) = (self.outer, 0);
        (self.place, self.last) = (self.around_at, b']');
        (self.is_envelope, self.is_record) = (true, true);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cut(text: &str, size: usize, limit: usize) -> Vec<String> {
        let mut cutter = Cutter::default();
        let (mut all, mut offset) = (Vec::new(), 0);
        for piece in text.as_bytes().chunks(size) {
            cutter.feed(piece, 1, offset, limit, |cut, _, at| {
                all.push(match cut {
                    Cut::Object(text) => format!("{at} {}", String::from_utf8_lossy(&text)),
                    Cut::Envelope(text) => format!("{at} ~{}", String::from_utf8_lossy(&text)),
                    Cut::TooLong => format!("{at} long"),
                });
            });
            offset += piece.len() as u64;
        }
        assert!(!cutter.is_open());
        all
    }

    #[test]
    fn records_come_out_of_their_envelopes_wherever_the_text_is_cut() {
        for (text, wanted) in [
            (r#"{"a":1}{"b":[{"c":2}]}"#, &[r#"0 {"a":1}"#, r#"7 {"b":[{"c":2}]}"#][..]),
            (r#"[{"a":"]}"}, {"a":2}]"#, &[r#"1 {"a":"]}"}"#, r#"13 {"a":2}"#]),
            (
                r#"{"Records":[{"a":{"b":1}},{"a":2}]}"#,
                &[r#"12 {"a":{"b":1}}"#, r#"26 {"a":2}"#, r#"0 ~{"Records":[]}"#],
            ),
            (
                r#"{"took":1,"_shards":{"n":1},"hits":{"total":{"v":2},"hits":[{"_source":{"a":1}}]}}"#,
                &[
                    r#"60 {"_source":{"a":1}}"#,
                    r#"0 ~{"took":1,"_shards":{"n":1},"hits":{"total":{"v":2},"hits":[]}}"#,
                ],
            ),
            // What has a time or parts of its own is a record.
            (r#"{"time":"x","events":[{"a":1}]}"#, &[r#"0 {"time":"x","events":[{"a":1}]}"#]),
            (r#"{"id":{"t":1},"events":[{"a":1}]}"#, &[r#"0 {"id":{"t":1},"events":[{"a":1}]}"#]),
            (r#"{"value":["a","b"],"x":1}"#, &[r#"0 {"value":["a","b"],"x":1}"#]),
            // A broken object costs itself.
            (r#"{"a":[1,2}{"a":3}"#, &[r#"0 {"a":[1,2}"#, r#"10 {"a":3}"#]),
        ] {
            for size in [1, 3, 7, 100] {
                assert_eq!(cut(text, size, 1000), wanted, "{size}");
            }
        }
        let long = format!(r#"{{"Records":[{{"a":"{}"}},{{"a":2}}]}}"#, "x".repeat(99));
        let found = cut(&long, 10, 50);
        assert_eq!(found[0], "12 long");
        assert!(found[1].ends_with(r#"{"a":2}"#));
    }

    #[test]
    fn an_envelope_is_no_record_and_a_record_no_envelope() {
        let count = |text: &str| unwrap(serde_json::from_str(text).unwrap()).map(|(l, _)| l.len());
        assert_eq!(count(r#"{"Records":[{"a":1},{"a":2}]}"#), Ok(2));
        assert_eq!(count(r#"{"@odata.context":"x","value":[{"a":1}]}"#), Ok(1));
        assert_eq!(count(r#"{"took":1,"hits":{"total":9,"hits":[{"a":1}]}}"#), Ok(1));
        assert_eq!(count(r#"{"fields":[{"name":"a"}],"results":[{"a":1}]}"#), Ok(1));
        for text in [
            r#"{"events":[{"a":1}],"time":"2021-03-03T01:02:03Z"}"#,
            r#"{"events":[{"a":1}],"id":{"time":1}}"#,
            r#"{"value":[1,2]}"#,
            r#"{"items":[]}"#,
            r#"{"a":[{"b":1}]}"#,
        ] {
            assert!(count(text).is_err(), "{text}");
        }
    }

    proptest::proptest! {
        #[test]
        fn no_stream_panics(text in r#"(\{|\}|\[|\]|"|:|,|Records|hits|\\|time| ){0,40}"#, size in 1usize..9) {
            let mut cutter = Cutter::default();
            for piece in text.as_bytes().chunks(size) {
                cutter.feed(piece, 1, 0, 20, |_, _, _| {});
            }
        }
    }
}
