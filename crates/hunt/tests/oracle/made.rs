//! Events made of what public rules ask for.

use std::collections::BTreeMap;

use proptest::prelude::*;
use rsigma_parser::{Detection, DetectionItem, FieldSpec, Modifier, SigmaRule, SigmaValue};
use serde_json::{Map, Value};

/// Fields and values of a detection, wildcards taken out.
fn values(detection: &Detection, into: &mut BTreeMap<String, Vec<String>>) {
    let mut take = |item: &DetectionItem| {
        let Some(name) = item.field.name.clone() else { return };
        let list = into.entry(name).or_default();
        for value in &item.values {
            list.push(match value {
                SigmaValue::String(text) => {
                    text.original.replace(['*', '?'], "").replace("\\\\", "\\")
                }
                SigmaValue::Integer(number) => number.to_string(),
                SigmaValue::Float(number) => number.to_string(),
                SigmaValue::Bool(truth) => truth.to_string(),
                SigmaValue::Null => String::new(),
            });
        }
    };
    match detection {
        Detection::AllOf(items) => items.iter().for_each(&mut take),
        Detection::AnyOf(list) => list.iter().for_each(|inner| values(inner, into)),
        _ => {}
    }
}

/// Events out of a rule's own values: all of the first, then with one field changed or left out.
pub(crate) fn events_for(rule: &SigmaRule) -> Vec<Value> {
    let mut fields: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let mut names: Vec<&String> = rule.detection.named.keys().collect();
    names.sort();
    for name in names {
        values(&rule.detection.named[name], &mut fields);
    }
    let longest = fields.values().map(Vec::len).max().unwrap_or(0).min(2);
    let mut events = Vec::new();
    for round in 0..longest {
        let mut event = Map::new();
        for (name, list) in &fields {
            event.insert(name.clone(), Value::from(list[round % list.len()].clone()));
        }
        for name in fields.keys() {
            let mut fewer = event.clone();
            fewer.remove(name);
            events.push(Value::Object(fewer));
        }
        // Everything that a field is asked for, side by side: for `contains` and `all`.
        let mut joined = event.clone();
        for (name, list) in &fields {
            joined.insert(name.clone(), Value::from(format!("x{} y", list.join(" "))));
        }
        events.extend([Value::Object(event), Value::Object(joined)]);
    }
    events
}

/// Numbers that look random and are the same in every run.
pub(crate) struct Numbers(pub(crate) u64);

impl Numbers {
    fn next(&mut self, below: usize) -> usize {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % below.max(1)
    }

    fn one_in(&mut self, count: usize) -> bool {
        self.next(count) == 0
    }
}

/// A text that a value of a rule may hold for, as its modifiers write it.
fn text_for(item: &DetectionItem, value: &SigmaValue, numbers: &mut Numbers) -> Option<String> {
    use proptest::strategy::ValueTree as _;
    let has = |modifier| item.field.has_modifier(modifier);
    let mut text = match value {
        SigmaValue::String(text) => text.original.clone(),
        SigmaValue::Integer(number) => number.to_string(),
        SigmaValue::Float(number) => number.to_string(),
        SigmaValue::Bool(truth) => truth.to_string(),
        SigmaValue::Null => return None,
    };
    if has(Modifier::Re) {
        let plain = text.replace("(?i)", "").replace(['^', '$'], "").replace("\\b", "");
        let made = proptest::string::string_regex(&plain).ok()?;
        let mut runner = proptest::test_runner::TestRunner::deterministic();
        return Some(made.new_tree(&mut runner).ok()?.current());
    }
    if has(Modifier::Cidr) {
        let (address, _) = text.split_once('/')?;
        return Some(if numbers.one_in(3) { "203.0.113.9".to_owned() } else { address.to_owned() });
    }
    if has(Modifier::Exists) {
        return (text == "true").then(|| "x".to_owned());
    }
    if has(Modifier::WindAsh) {
        let dash = ["-", "/", "\u{2013}", "\u{2014}", "\u{2015}"][numbers.next(5)];
        text = text.replacen('-', dash, 1);
    }
    let wide = |text: &str| text.encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<u8>>();
    if has(Modifier::Base64) || has(Modifier::Base64Offset) {
        use base64::Engine as _;
        let bytes = if has(Modifier::Wide) { wide(&text) } else { text.into_bytes() };
        let shifted = [&b"xyz"[..numbers.next(3)], &bytes, b"more"].concat();
        return Some(base64::engine::general_purpose::STANDARD.encode(shifted));
    }
    // Wildcards stand for something, or for nothing; what is escaped stands for itself.
    let mut plain = String::new();
    let mut rest = text.chars().peekable();
    while let Some(c) = rest.next() {
        match (c, rest.peek()) {
            ('\\', Some(next @ ('*' | '?' | '\\'))) => {
                plain.push(*next);
                rest.next();
            }
            ('*', _) => plain.push_str(["", "w", "a.b"][numbers.next(3)]),
            ('?', _) => plain.push('q'),
            (c, _) => plain.push(c),
        }
    }
    if has(Modifier::FieldRef) {
        return Some("the same".to_owned());
    }
    Some(plain)
}

/// All that the items of a detection ask for, by field; keywords stand in a message.
fn wishes(detection: &Detection, numbers: &mut Numbers, into: &mut BTreeMap<String, Vec<String>>) {
    match detection {
        Detection::AllOf(items) => {
            for item in items {
                let name = item.field.name.clone().unwrap_or_else(|| "Message".to_owned());
                for value in &item.values {
                    let text = text_for(item, value, numbers);
                    if item.field.has_modifier(Modifier::FieldRef)
                        && let SigmaValue::String(other) = value
                    {
                        into.entry(other.original.clone()).or_default().extend(text.clone());
                    }
                    into.entry(name.clone()).or_default().extend(text);
                }
            }
        }
        Detection::AnyOf(list) => list.iter().for_each(|inner| wishes(inner, numbers, into)),
        Detection::Keywords(values) => {
            let item =
                DetectionItem { field: FieldSpec::new(None, Vec::new()), values: values.clone() };
            for value in values {
                let text = text_for(&item, value, numbers);
                into.entry("Message".to_owned()).or_default().extend(text);
            }
        }
        _ => {}
    }
}

/// Events made at random of what a rule asks for: some of it, in any case, alone or inside of other text.
pub(crate) fn random_events(rule: &SigmaRule, numbers: &mut Numbers) -> Vec<Value> {
    let mut names: Vec<&String> = rule.detection.named.keys().collect();
    names.sort();
    let mut events = Vec::new();
    for _ in 0..3 {
        let mut fields: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for name in &names {
            // Filters must not hold for most events.
            let wanted = !name.contains("filter") || numbers.one_in(6);
            if wanted {
                wishes(&rule.detection.named[*name], numbers, &mut fields);
            }
        }
        let mut event = Map::new();
        for (name, list) in fields.iter().filter(|(_, list)| !list.is_empty()) {
            if numbers.one_in(12) {
                continue;
            }
            let mut value = list[numbers.next(list.len())].clone();
            if numbers.one_in(3) {
                value = list.concat();
            }
            if numbers.one_in(5) {
                value = value.to_uppercase();
            }
            if numbers.one_in(6) {
                value = format!("a {value} z");
            }
            event.insert(name.clone(), Value::from(value));
        }
        events.push(Value::Object(event));
    }
    events
}
