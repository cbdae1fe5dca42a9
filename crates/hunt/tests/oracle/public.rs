//! A checkout of public rules, asked of both engines.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use lapwing_hunt::{Rules, RulesOptions};
use rsigma_eval::{Engine, JsonEvent, compile_rule, evaluate_rule};
use rsigma_parser::{Detection, DetectionItem, Modifier, SigmaRule, SigmaValue, parse_sigma_yaml};
use serde_json::{Map, Value, json};

use crate::engines::{ours, sysmon, theirs};
use crate::made::{Numbers, events_for, random_events};

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
