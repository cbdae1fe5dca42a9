//! Sigma beside another engine: the same verdicts on random events, over rules that use every modifier and form of
//! condition.
//!
//! `DIFFERENCES` lists where the two differ on purpose. `LAPWING_SIGMA=DIR cargo test --test oracle -- --ignored` does the
//! same with a checkout of public rules and events made of their own values.
#![allow(missing_docs, clippy::unwrap_used)]

mod engines;
mod made;
mod public;
mod rules;

use std::collections::BTreeMap;
use std::sync::Arc;

use lapwing_hunt::Rules;
use proptest::prelude::*;
use rsigma_eval::Engine;
use rsigma_parser::parse_sigma_yaml;
use serde_json::Value;

use engines::{both, ours, sysmon, theirs};
use rules::{DETECTIONS, DIFFERENCES, event, rule};

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
