//! YAML as rules are written in it: values with the line on which each stands.

use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_saphyr::Spanned;

/// A value of YAML.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Value {
    Null,
    Bool(bool),
    /// A number, as it is written out.
    Number(String),
    Text(String),
    List(Vec<Node>),
    Map(Vec<(String, Node)>),
}

/// A value and its line, from 1 (0 where none is known).
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Node {
    pub line: u64,
    pub value: Value,
}

/// Reads all documents of a file; empty ones are left out. An error names line and reason.
pub(crate) fn documents(text: &str) -> Result<Vec<Node>, (u64, String)> {
    // `yes`, `no`, `on` and `n` are texts, as in YAML 1.2.
    let options = serde_saphyr::options! { strict_booleans: true };
    serde_saphyr::from_multiple_with_options::<Node>(text, options)
        .map(|list| list.into_iter().filter(|node| node.value != Value::Null).collect())
        .map_err(|error| {
            let line = error.location().map_or(0, |at| at.line());
            // The library shows a piece of the file below its message.
            let message = error.to_string();
            let first = message.lines().next().unwrap_or("broken YAML").trim();
            (line, first.trim_start_matches("error: ").to_owned())
        })
}

impl Node {
    /// The value under a key of a map.
    pub(crate) fn get(&self, key: &str) -> Option<&Node> {
        match &self.value {
            Value::Map(map) => map.iter().find(|(name, _)| name == key).map(|(_, node)| node),
            _ => None,
        }
    }

    /// The scalar under a key as text.
    pub(crate) fn text(&self, key: &str) -> Option<&str> {
        self.get(key).and_then(Node::as_text)
    }

    /// A scalar as text; `None` for null, lists and maps.
    pub(crate) fn as_text(&self) -> Option<&str> {
        match &self.value {
            Value::Text(text) | Value::Number(text) => Some(text),
            Value::Bool(true) => Some("true"),
            Value::Bool(false) => Some("false"),
            _ => None,
        }
    }

    /// One text or a list of texts under a key.
    pub(crate) fn texts(&self, key: &str) -> Vec<&str> {
        match self.get(key) {
            Some(Node { value: Value::List(list), .. }) => {
                list.iter().filter_map(Node::as_text).collect()
            }
            Some(node) => node.as_text().into_iter().collect(),
            None => Vec::new(),
        }
    }

    /// Takes over what `other` says; maps are joined, all else is replaced.
    pub(crate) fn merge(&mut self, other: &Node) {
        let (Value::Map(mine), Value::Map(theirs)) = (&mut self.value, &other.value) else {
            *self = other.clone();
            return;
        };
        for (key, node) in theirs {
            match mine.iter_mut().find(|(name, _)| name == key) {
                Some((_, old)) => old.merge(node),
                None => mine.push((key.clone(), node.clone())),
            }
        }
    }

    /// The node without one key of its map.
    pub(crate) fn without(mut self, key: &str) -> Node {
        if let Value::Map(map) = &mut self.value {
            map.retain(|(name, _)| name != key);
        }
        self
    }
}

impl<'de> Deserialize<'de> for Node {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let spanned = Spanned::<Value>::deserialize(deserializer)?;
        Ok(Node { line: spanned.referenced.line(), value: spanned.value })
    }
}

impl<'de> Deserialize<'de> for Value {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Any)
    }
}

struct Any;

impl<'de> Visitor<'de> for Any {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value of YAML")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_none<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_some<D: Deserializer<'de>>(self, inner: D) -> Result<Value, D::Error> {
        inner.deserialize_any(Any)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(Value::Number(value.to_string()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(Value::Number(value.to_string()))
    }

    fn visit_i128<E>(self, value: i128) -> Result<Value, E> {
        Ok(Value::Number(value.to_string()))
    }

    fn visit_u128<E>(self, value: u128) -> Result<Value, E> {
        Ok(Value::Number(value.to_string()))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(Value::Number(value.to_string()))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(Value::Text(value.to_owned()))
    }

    fn visit_string<E>(self, value: String) -> Result<Value, E> {
        Ok(Value::Text(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Value, A::Error> {
        let mut list = Vec::new();
        while let Some(node) = seq.next_element::<Node>()? {
            list.push(node);
        }
        Ok(Value::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value, A::Error> {
        let mut pairs = Vec::new();
        while let Some(key) = map.next_key::<Value>()? {
            let key = match key {
                Value::Text(text) | Value::Number(text) => text,
                Value::Bool(value) => value.to_string(),
                _ => String::new(),
            };
            pairs.push((key, map.next_value::<Node>()?));
        }
        Ok(Value::Map(pairs))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_keep_their_type_and_line() {
        let text = "a: 1\nb:\n  - 'x'\n  - null\n  - '1'\n  - true\n  - no\n---\nc: ''\n";
        let list = documents(text).unwrap();
        assert_eq!(list.len(), 2);
        assert_eq!(list[0].get("a").unwrap().value, Value::Number("1".into()));
        let Value::List(items) = &list[0].get("b").unwrap().value else { panic!() };
        assert_eq!(items[0], Node { line: 3, value: Value::Text("x".into()) });
        assert_eq!(items[1].value, Value::Null);
        assert_eq!(items[2].value, Value::Text("1".into()));
        assert_eq!(items[3].value, Value::Bool(true));
        assert_eq!(items[4].value, Value::Text("no".into()));
        assert_eq!(list[1].text("c"), Some(""));
    }

    #[test]
    fn an_error_names_its_line() {
        let (line, message) = documents("a: 1\nb: [1,\nc: 2\n").unwrap_err();
        assert!(line >= 2, "{line}: {message}");
        assert!(!message.is_empty());
    }

    #[test]
    fn merging_joins_maps() {
        let list = documents("a: {b: 1, c: 2}\n---\na: {c: 3, d: 4}\n").unwrap();
        let mut first = list[0].clone();
        first.merge(&list[1]);
        let a = first.get("a").unwrap();
        assert_eq!((a.text("b"), a.text("c"), a.text("d")), (Some("1"), Some("3"), Some("4")));
    }
}
