//! Sigma beside another engine: the same verdicts on random events, over rules that use every modifier and form of
//! condition.
//!
//! `DIFFERENCES` lists where the two differ on purpose. `LAPWING_SIGMA=DIR cargo test --test oracle -- --ignored` does the
//! same with a checkout of public rules and events made of their own values.
#![allow(missing_docs, clippy::unwrap_used)]

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use lapwing_hunt::{Checks, Matcher, Options, Rules, RulesOptions, Silent, hunt};
use lapwing_model::{FindingKind, Place};
use proptest::prelude::*;
use rsigma_eval::{Engine, JsonEvent, compile_rule, evaluate_rule};
use rsigma_parser::{
    Detection, DetectionItem, FieldSpec, Modifier, SigmaRule, SigmaValue, parse_sigma_yaml,
};
use serde_json::{Map, Value, json};

/// Detections with their condition; each becomes a rule of its own.
const DETECTIONS: &[&str] = &[
    "s: {Image: 'C:\\Windows\\System32\\cmd.exe'}\n  condition: s",
    "s: {Image: '*\\cmd.exe'}\n  condition: s",
    "s: {Image: 'C:\\\\*\\cmd.exe'}\n  condition: s",
    "s: {Image: '?:\\Windows\\\\*'}\n  condition: s",
    "s: {Image|endswith: '\\cmd.exe'}\n  condition: s",
    "s: {Image|endswith: ['\\cmd.exe', '\\powershell.exe']}\n  condition: s",
    "s: {Image|startswith: 'c:\\windows\\'}\n  condition: s",
    "s: {CommandLine|contains: '-enc'}\n  condition: s",
    "s: {CommandLine|contains|all: ['-enc', 'hidden']}\n  condition: s",
    "s: {CommandLine|contains|cased: 'Hidden'}\n  condition: s",
    "s: {CommandLine|cased: 'cmd'}\n  condition: s",
    "s: {CommandLine|contains: 'a\\*b'}\n  condition: s",
    "s: {CommandLine|contains: 'a?b'}\n  condition: s",
    "s: {CommandLine|contains: 'a\\?b'}\n  condition: s",
    "s: {CommandLine: 'c:\\\\*'}\n  condition: s",
    "s: {CommandLine: '*\\\\\\\\server\\\\*'}\n  condition: s",
    "s: {CommandLine|re: '^cmd .*/c'}\n  condition: s",
    "s: {CommandLine|re|i: 'hidden.{1,9}enc'}\n  condition: s",
    "s: {CommandLine|re: '[0-9]{3}$'}\n  condition: s",
    "s: {CommandLine|windash|contains: ' -enc '}\n  condition: s",
    "s: {CommandLine|windash|contains|all: [' -enc ', ' -w ']}\n  condition: s",
    "s: {CommandLine|base64|contains: 'foobar'}\n  condition: s",
    "s: {SourceIp|cidr: '10.0.0.0/8'}\n  condition: s",
    "s: {SourceIp|cidr: ['192.168.0.0/16', '2001:db8::/32']}\n  condition: s",
    "s: {ProcessId|lt: 100}\n  condition: s",
    "s: {ProcessId|lte: 100}\n  condition: s",
    "s: {ProcessId|gt: 100}\n  condition: s",
    "s: {ProcessId|gte: 100}\n  condition: s",
    "s: {ProcessId: 100}\n  condition: s",
    "s: {ProcessId: [4, 100]}\n  condition: s",
    "s: {User|exists: true}\n  condition: s",
    "s: {User|exists: false}\n  condition: s",
    "s: {Image|fieldref: ParentImage}\n  condition: s",
    "s: {Image|endswith: '\\cmd.exe', CommandLine|contains: '/c'}\n  condition: s",
    "s:\n    - Image|endswith: '\\cmd.exe'\n    - CommandLine|contains: hidden\n  condition: s",
    "s: ['hidden', 'mimikatz']\n  condition: s",
    "a: {Image|endswith: '\\cmd.exe'}\n  b: {User: alice}\n  condition: a and b",
    "a: {Image|endswith: '\\cmd.exe'}\n  b: {User: alice}\n  condition: a or b",
    "a: {Image|endswith: '\\cmd.exe'}\n  b: {User: alice}\n  condition: a and not b",
    "a: {Image|endswith: '\\cmd.exe'}\n  b: {User: alice}\n  condition: not (a or b)",
    "a: {Image|endswith: '\\cmd.exe'}\n  b: {User: alice}\n  c: {ProcessId: 100}\n  condition: a and b or c",
    "a: {Image|endswith: '\\cmd.exe'}\n  b: {User: alice}\n  c: {ProcessId: 100}\n  condition: a or b and not c",
    "sel_a: {Image|endswith: '\\cmd.exe'}\n  sel_b: {User: alice}\n  other: {ProcessId: 100}\n  condition: 1 of sel_*",
    "sel_a: {Image|endswith: '\\cmd.exe'}\n  sel_b: {User: alice}\n  other: {ProcessId: 100}\n  condition: all of sel_* and not other",
    "a: {Image|endswith: '\\cmd.exe'}\n  b: {User: alice}\n  c: {ProcessId: 100}\n  condition: all of them",
    "a: {Image|endswith: '\\cmd.exe'}\n  b: {User: alice}\n  c: {ProcessId: 100}\n  condition: 2 of them",
    "a: {Image|endswith: '\\cmd.exe'}\n  filter_b: {User: alice}\n  filter_c: {ProcessId: 100}\n  condition: a and not 1 of filter_*",
];

/// Where the two differ on purpose: why, the detection, an event, what we say, what they say.
const DIFFERENCES: &[(&str, &str, &str, bool, bool)] = &[
    (
        "another offset: the other engine asks for the last character too, whose bits belong to what follows (pySigma does not)",
        "s: {CommandLine|base64offset|contains: 'http://'}\n  condition: s",
        r#"{"CommandLine": "h0dHA6Ly/c"}"#,
        true,
        false,
    ),
    (
        "as above",
        "s: {CommandLine|wide|base64offset|contains: 'cmd'}\n  condition: s",
        r#"{"CommandLine": "xMAbQBkAxx"}"#,
        true,
        false,
    ),
    (
        "an empty field is null to us: logs write what is not there as nothing",
        "s: {User: null}\n  condition: s",
        r#"{"User": ""}"#,
        true,
        false,
    ),
    ("as above", "s: {User: [alice, null]}\n  condition: s", r#"{"User": ""}"#, true, false),
    (
        "`neq` is the negation of a match (as in pySigma), so a missing field is not equal",
        "s: {User|neq: alice, ProcessId: 100}\n  condition: s",
        r#"{"ProcessId": 100}"#,
        true,
        false,
    ),
    (
        "both words stand in one value",
        "s: {'|all': ['hidden', 'enc']}\n  condition: s",
        r#"{"ParentImage": "hiddencmd"}"#,
        true,
        false,
    ),
    (
        "a number with zeros before it is a text, as its log writes it",
        "s: {ProcessId: 1}\n  condition: s",
        r#"{"ProcessId": "01"}"#,
        false,
        true,
    ),
    (
        "the other engine looks for an ending with wildcards at the beginning",
        "s: {CommandLine|endswith: '1??'}\n  condition: s",
        r#"{"CommandLine": "x 1ab"}"#,
        true,
        false,
    ),
    (
        "as above",
        "s: {CommandLine|endswith: '1??'}\n  condition: s",
        r#"{"CommandLine": "1abc z"}"#,
        false,
        true,
    ),
    (
        "and a beginning with wildcards at the end",
        "s: {CommandLine|startswith: '1??'}\n  condition: s",
        r#"{"CommandLine": "1ab x"}"#,
        true,
        false,
    ),
    (
        "names of fields count in any case, as logs write them",
        "s: {Filename|contains: cmd}\n  condition: s",
        r#"{"FileName": "a cmd"}"#,
        true,
        false,
    ),
];

/// Parts of values: what the rules ask for, what comes near it, and what is special.
const PARTS: &[&str] = &[
    "C:\\Windows\\System32\\cmd.exe",
    "c:\\windows\\",
    "\\cmd.exe",
    "\\CMD.EXE",
    "\\powershell.exe",
    "cmd",
    "cmd ",
    "/c",
    " -enc ",
    " /enc ",
    "-ENC",
    " \u{2013}enc ",
    " -w ",
    " /w ",
    "hidden",
    "Hidden",
    "mimikatz",
    "a*b",
    "a?b",
    "axb",
    "ab",
    "c:\\*",
    "\\\\server\\",
    "aHR0cDovL",
    "h0dHA6Ly",
    "odHRwOi8v",
    "Zm9vYmFy",
    "YwBtAGQA",
    "MAbQBkA",
    "jAG0AZA",
    "123",
    "x",
    " ",
    "é",
    "\u{130}",
    "alice",
    "Alice",
];

fn value() -> impl Strategy<Value = String> {
    prop::collection::vec(prop::sample::select(PARTS), 0..4).prop_map(|parts| parts.concat())
}

fn event() -> impl Strategy<Value = Value> {
    let text = || prop::option::weighted(0.8, value());
    let ip = prop::sample::select(vec![
        "10.1.2.3",
        "11.0.0.1",
        "192.168.255.255",
        "192.169.0.0",
        "2001:db8::1",
        "2001:db9::1",
        "no address",
        "10.1.2",
    ]);
    let user = prop::sample::select(vec!["alice", "ALICE", "bob", "", "alice "]);
    let number = prop::sample::select(vec![4, 99, 100, 101, 100_000]);
    (text(), text(), text(), prop::option::of(ip), prop::option::of(user), prop::option::of(number))
        .prop_map(|(image, parent, line, ip, user, number)| {
            let mut event = Map::new();
            let mut put = |name: &str, value: Option<Value>| {
                event.extend(value.map(|value| (name.to_owned(), value)));
            };
            put("Image", image.map(Value::from));
            put("ParentImage", parent.map(Value::from));
            put("CommandLine", line.map(Value::from));
            put("SourceIp", ip.map(Value::from));
            put("User", user.map(Value::from));
            put("ProcessId", number.map(Value::from));
            Value::Object(event)
        })
}

fn rule(number: usize, detection: &str) -> String {
    format!(
        "title: rule {number}\nid: rule-{number}\nlogsource: {{category: process_creation, product: windows}}\ndetection:\n  {detection}\n"
    )
}

/// Which rules hold for which event, by our engine: a log is made of the events and hunted through.
fn ours(rules: &Arc<Rules>, events: &[Value], head: &Value) -> BTreeSet<(usize, String)> {
    let mut log = String::new();
    for event in events {
        let mut whole = head.clone();
        whole.as_object_mut().unwrap().extend(event.as_object().unwrap().clone());
        writeln!(log, "{whole}").unwrap();
    }
    let file = tempfile::Builder::new().suffix(".json").tempfile().unwrap();
    std::fs::write(file.path(), log).unwrap();
    let options = Options {
        jobs: 1,
        max_findings_per_rule: usize::MAX,
        max_findings: usize::MAX,
        around: false,
        rules: Some(Arc::clone(rules)),
        ..Options::default()
    };
    let result =
        hunt(&[file.path().to_owned()], &Matcher::default(), &Checks::none(), &options, &Silent);
    assert!(result.problems.is_empty(), "{:?}", result.problems);
    result
        .findings
        .into_iter()
        .filter(|f| f.kind == FindingKind::Sigma)
        .map(|f| match f.place {
            Some(Place::Line(line)) => (line as usize - 1, f.rule.unwrap()),
            other => panic!("{other:?}"),
        })
        .collect()
}

fn theirs(engine: &Engine, events: &[Value]) -> BTreeSet<(usize, String)> {
    let mut found = BTreeSet::new();
    for (number, event) in events.iter().enumerate() {
        let results = engine.evaluate(&JsonEvent::borrow(event));
        found.extend(results.into_iter().filter_map(|it| Some((number, it.header.rule_id?))));
    }
    found
}

fn sysmon(id: u32) -> Value {
    json!({
        "EventID": id, "Channel": "Microsoft-Windows-Sysmon/Operational", "Provider_Name": "Microsoft-Windows-Sysmon",
    })
}

struct Both {
    ours: Arc<Rules>,
    theirs: Engine,
}

fn both() -> &'static Both {
    static BOTH: std::sync::OnceLock<Both> = std::sync::OnceLock::new();
    BOTH.get_or_init(|| {
        let texts: Vec<String> = DETECTIONS.iter().enumerate().map(|(n, d)| rule(n, d)).collect();
        let text = texts.join("---\n");
        let ours = Rules::from_text("own.yml", &text).unwrap();
        assert!(ours.problems().is_empty(), "{:?}", ours.problems());
        assert_eq!(ours.len(), DETECTIONS.len());
        let mut theirs = Engine::new();
        let collection = parse_sigma_yaml(&text).unwrap();
        assert!(collection.errors.is_empty(), "{:?}", collection.errors);
        theirs.add_collection(&collection).unwrap();
        assert_eq!(theirs.rule_count(), DETECTIONS.len());
        Both { ours: Arc::new(ours), theirs }
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_same_verdicts_as_another_engine(events in prop::collection::vec(event(), 40)) {
        let both = both();
        let (ours, theirs) = (ours(&both.ours, &events, &sysmon(1)), theirs(&both.theirs, &events));
        let mut differ = BTreeMap::new();
        for (number, rule) in ours.symmetric_difference(&theirs) {
            let at: usize = rule.trim_start_matches("rule-").parse().unwrap();
            let who = if ours.contains(&(*number, rule.clone())) { "only we" } else { "only they" };
            differ.entry(at).or_insert(format!("{who}: {}\n    {}", DETECTIONS[at], events[*number]));
        }
        let told: Vec<String> = differ.into_values().collect();
        prop_assert!(told.is_empty(), "{}", told.join("\n"));
    }
}

#[test]
fn the_known_differences_are_still_there() {
    for (why, detection, event, we, they) in DIFFERENCES {
        let text = rule(0, detection);
        let rules = Arc::new(Rules::from_text("own.yml", &text).unwrap());
        let mut engine = Engine::new();
        engine.add_collection(&parse_sigma_yaml(&text).unwrap()).unwrap();
        let events = [serde_json::from_str(event).unwrap()];
        let found =
            (!ours(&rules, &events, &sysmon(1)).is_empty(), !theirs(&engine, &events).is_empty());
        assert_eq!(found, (*we, *they), "{why}: {detection}");
    }
}

/// Every rule is tried in both directions, or the comparison above would say little.
#[test]
fn every_rule_holds_for_some_event_and_not_for_others() {
    use proptest::strategy::ValueTree as _;
    use proptest::test_runner::TestRunner;
    let both = both();
    let mut runner = TestRunner::deterministic();
    let events: Vec<Value> =
        (0..4000).map(|_| event().new_tree(&mut runner).unwrap().current()).collect();
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    for (_, rule) in ours(&both.ours, &events, &sysmon(1)) {
        *counts.entry(rule).or_default() += 1;
    }
    let one_sided: Vec<String> = DETECTIONS
        .iter()
        .enumerate()
        .map(|(number, it)| (counts.get(&format!("rule-{number}")).copied().unwrap_or(0), it))
        .filter(|(count, _)| *count == 0 || *count == events.len())
        .map(|(count, it)| format!("{count} of {}: {it}", events.len()))
        .collect();
    assert!(one_sided.is_empty(), "{}", one_sided.join("\n"));
}

/// Sysmon's events that stand for the categories of public rules.
const CATEGORIES: &[(&str, u32)] = &[
    ("process_creation", 1),
    ("network_connection", 3),
    ("driver_load", 6),
    ("image_load", 7),
    ("create_remote_thread", 8),
    ("process_access", 10),
    ("file_event", 11),
    ("registry_set", 13),
    ("pipe_created", 17),
    ("dns_query", 22),
];

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
fn events_for(rule: &SigmaRule) -> Vec<Value> {
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

fn rule_files(folder: &Path, into: &mut Vec<PathBuf>) {
    let mut entries: Vec<PathBuf> =
        std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    entries.sort();
    for path in entries {
        if path.is_dir() {
            rule_files(&path, into);
        } else if path.extension().is_some_and(|end| end == "yml") {
            into.push(path);
        }
    }
}

#[test]
#[ignore = "needs a checkout of public rules: LAPWING_SIGMA=DIR"]
fn public_rules_give_the_same_verdicts() {
    let folder = std::env::var("LAPWING_SIGMA").expect("LAPWING_SIGMA names a folder of rules");
    let mut files = Vec::new();
    rule_files(Path::new(&folder), &mut files);
    let (mut rules, mut compared, mut held, mut differ) = (0, 0, 0, Vec::new());
    for (category, id) in CATEGORIES {
        let mut texts = Vec::new();
        let mut engine = Engine::new();
        let mut events = Vec::new();
        for file in &files {
            let text = std::fs::read_to_string(file).unwrap_or_default();
            let Ok(collection) = parse_sigma_yaml(&text) else { continue };
            let [rule] = &collection.rules[..] else { continue };
            let source = &rule.logsource;
            if source.category.as_deref() != Some(category)
                || source.product.as_deref() != Some("windows")
            {
                continue;
            }
            if engine.add_rule(rule).is_ok() {
                events.extend(events_for(rule));
                texts.push((file, text));
            }
        }
        let copy = tempfile::tempdir().unwrap();
        for (number, (_, text)) in texts.iter().enumerate() {
            std::fs::write(copy.path().join(format!("{number}.yml")), text).unwrap();
        }
        let ours_rules =
            Arc::new(Rules::load(&[copy.path().to_owned()], &RulesOptions::default()).unwrap());
        rules += texts.len();
        for part in events.chunks(2000) {
            // The number and channel are in the event for both.
            let whole: Vec<Value> = part
                .iter()
                .map(|event| {
                    let mut whole = sysmon(*id);
                    whole.as_object_mut().unwrap().extend(event.as_object().unwrap().clone());
                    whole
                })
                .collect();
            let (mine, other) = (ours(&ours_rules, &whole, &json!({})), theirs(&engine, &whole));
            compared += part.len();
            held += other.len();
            for (number, rule) in mine.symmetric_difference(&other) {
                let who =
                    if mine.contains(&(*number, rule.clone())) { "only we" } else { "only they" };
                differ.push(format!("{who}: {rule}: {}", whole[*number]));
            }
        }
    }
    let mut by_rule: BTreeMap<&str, Vec<&String>> = BTreeMap::new();
    for line in &differ {
        by_rule.entry(line.split(": ").nth(1).unwrap()).or_default().push(line);
    }
    let shown: Vec<String> =
        by_rule.values().map(|lines| format!("{} times, as {}", lines.len(), lines[0])).collect();
    println!(
        "{rules} rules, {compared} events, {held} matches, {} differences in {} rules",
        differ.len(),
        by_rule.len()
    );
    for line in &shown {
        println!("{line}");
    }
    assert!(rules > 500 && held > rules, "too little to compare");
    assert!(differ.len() * 1000 < held, "{} of {held}", differ.len());
}

/// Numbers that look random and are the same in every run.
struct Numbers(u64);

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
fn random_events(rule: &SigmaRule, numbers: &mut Numbers) -> Vec<Value> {
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

/// Whether a rule is left out: it waits for placeholders, or asks for all of some keywords, where the two differ on
/// purpose (see `DIFFERENCES`).
fn is_left_out(text: &str) -> bool {
    text.contains("|expand") || text.contains("'|all'")
}

/// Why the two say different things of an event on purpose (see `DIFFERENCES`), if they do.
fn on_purpose(rule: &SigmaRule, event: &Map<String, Value>) -> Option<&'static str> {
    fn items<'r>(detection: &'r Detection, into: &mut Vec<&'r DetectionItem>) {
        match detection {
            Detection::AllOf(list) => into.extend(list),
            Detection::AnyOf(list) => list.iter().for_each(|inner| items(inner, into)),
            _ => {}
        }
    }
    let mut all = Vec::new();
    rule.detection.named.values().for_each(|detection| items(detection, &mut all));
    all.into_iter().find_map(|item| {
        if item.field.has_modifier(Modifier::Base64Offset) {
            return Some("an offset of base64");
        }
        let name = item.field.name.as_ref()?;
        if event.keys().any(|key| key != name && key.eq_ignore_ascii_case(name)) {
            return Some("a name of a field in another case");
        }
        let text = event.get(name)?.as_str()?;
        let ends = [Modifier::StartsWith, Modifier::EndsWith].map(|m| item.field.has_modifier(m));
        let ends = ends.contains(&true);
        item.values.iter().find_map(|value| match value {
            SigmaValue::String(value) if ends && !value.is_plain() => Some(
                "wildcards at one end of a value, which the other engine looks for at the other",
            ),
            SigmaValue::Null if text.is_empty() => Some("an empty field, which is null to us"),
            SigmaValue::Integer(number) => {
                let same = text.parse() == Ok(*number) && text != number.to_string();
                same.then_some("a number with zeros before it, which is a text to us")
            }
            _ => None,
        })
    })
}

/// All rules of a checkout, whatever their log source: what they ask of a record is compared, over events that are told
/// as some Windows log to both. Where they differ the other engine is asked again with the rule itself, without its
/// index of rules, which passes over some that hold.
#[test]
#[ignore = "needs a checkout of public rules: LAPWING_SIGMA=DIR"]
fn all_public_rules_hold_for_the_same_random_events() {
    let folder = std::env::var("LAPWING_SIGMA").expect("LAPWING_SIGMA names a folder of rules");
    let mut files = Vec::new();
    rule_files(Path::new(&folder), &mut files);
    let block =
        regex::Regex::new(r"(?m)^logsource:[^\n]*\n(?:(?:[ \t]+[^\n]*|\s*|#[^\n]*)\n)*").unwrap();
    let copy = tempfile::tempdir().unwrap();
    let mut engine = Engine::new();
    let mut numbers = Numbers(7);
    let mut events = Vec::new();
    let (mut count, mut skipped, mut alone) = (0, Vec::new(), BTreeMap::new());
    for (number, file) in files.iter().enumerate() {
        let text = std::fs::read_to_string(file).unwrap_or_default();
        let Ok(collection) = parse_sigma_yaml(&text) else { continue };
        let [rule] = &collection.rules[..] else { continue };
        if is_left_out(&text) {
            continue;
        }
        if let Err(error) = engine.add_rule(rule) {
            skipped.push(format!("{}: {error}", file.display()));
            continue;
        }
        count += 1;
        events.extend(random_events(rule, &mut numbers));
        if let Some(id) = &rule.id {
            alone.insert(id.clone(), rule.clone());
        }
        let text = block.replace(&text, "logsource:\n    product: windows\n");
        std::fs::write(copy.path().join(format!("{number}.yml")), &*text).unwrap();
    }
    let rules = Rules::load(&[copy.path().to_owned()], &RulesOptions::default()).unwrap();
    println!(
        "{count} rules, {} of them with us; the other engine takes no {skipped:?}",
        rules.len()
    );
    for problem in rules.problems() {
        println!("{problem}");
    }
    let rules = Arc::new(rules);
    let head = json!({"EventID": 1, "Channel": "Anything", "Provider_Name": "Anything"});
    let (mut held, mut indexed) = (0, 0);
    let mut known = BTreeMap::<&str, usize>::new();
    let mut differ = BTreeMap::<String, Vec<String>>::new();
    for part in events.chunks(2000) {
        let whole: Vec<Value> = part
            .iter()
            .map(|event| {
                let mut whole = head.clone();
                whole.as_object_mut().unwrap().extend(event.as_object().unwrap().clone());
                whole
            })
            .collect();
        let (mine, other) = (ours(&rules, &whole, &json!({})), theirs(&engine, &whole));
        held += other.len();
        for (number, rule) in mine.symmetric_difference(&other) {
            let we_do = mine.contains(&(*number, rule.clone()));
            let (itself, event) = (&alone[rule], &whole[*number]);
            let compiled = compile_rule(itself).unwrap();
            if evaluate_rule(&compiled, &JsonEvent::borrow(event)).is_some() == we_do {
                indexed += 1;
                continue;
            }
            if let Some(why) = on_purpose(itself, event.as_object().unwrap()) {
                *known.entry(why).or_default() += 1;
                continue;
            }
            let who = if we_do { "only we" } else { "only they" };
            let line = format!("{who}: {rule}: {}", whole[*number]);
            differ.entry(format!("{who} {rule}")).or_default().push(line);
        }
    }
    let all: usize = differ.values().map(Vec::len).sum();
    println!(
        "{} events, {held} matches, {all} differences in {} rules; {indexed} more that are none without the other engine's index, and on purpose {known:?}",
        events.len(),
        differ.len()
    );
    for lines in differ.values() {
        println!("{} times, as {}", lines.len(), lines[0]);
    }
    assert!(count > 1000 && held > count, "too little to compare");
    assert_eq!(all, 0, "of {held}");
}
