//! What either engine says of events.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::sync::Arc;

use lapwing_hunt::{Checks, Matcher, Options, Rules, Silent, hunt};
use lapwing_model::{FindingKind, Place};
use rsigma_eval::{Engine, JsonEvent};
use rsigma_parser::parse_sigma_yaml;
use serde_json::{Value, json};

use crate::rules::{DETECTIONS, rule};

/// Which rules hold for which event, by our engine: a log is made of the events and hunted through.
pub(crate) fn ours(
    rules: &Arc<Rules>,
    events: &[Value],
    head: &Value,
) -> BTreeSet<(usize, String)> {
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

pub(crate) fn theirs(engine: &Engine, events: &[Value]) -> BTreeSet<(usize, String)> {
    let mut found = BTreeSet::new();
    for (number, event) in events.iter().enumerate() {
        let results = engine.evaluate(&JsonEvent::borrow(event));
        found.extend(results.into_iter().filter_map(|it| Some((number, it.header.rule_id?))));
    }
    found
}

pub(crate) fn sysmon(id: u32) -> Value {
    json!({
        "EventID": id, "Channel": "Microsoft-Windows-Sysmon/Operational", "Provider_Name": "Microsoft-Windows-Sysmon",
    })
}

pub(crate) struct Both {
    pub(crate) ours: Arc<Rules>,
    pub(crate) theirs: Engine,
}

pub(crate) fn both() -> &'static Both {
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
