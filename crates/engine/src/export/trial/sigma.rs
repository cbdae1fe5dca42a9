//! Sigma rules, compiled and run by our own engine over planted and benign records.

use std::collections::BTreeMap;
use std::sync::Arc;

use lapwing_hunt::{Checks, Matcher, Options, Rules, Silent};
use lapwing_model::{FindingKind, Place};
use lapwing_publish::rules::{Rule, Sample, Trial, Tried};

use super::{folder, put};
use crate::EngineError;

/// Compiles all rules together and hunts through a log of planted and a log of benign records for
/// each.
pub(in crate::export) fn sigma(rules: Vec<Rule>) -> Result<Vec<Tried>, EngineError> {
    let text: Vec<&str> = rules.iter().map(|rule| rule.text.as_str()).collect();
    let compiled = Rules::from_text("lapwing.yml", &text.join("---\n"))?;
    let known: Vec<String> = compiled.list().map(|(id, ..)| id.to_owned()).collect();
    let refused: Vec<String> = compiled.problems().iter().map(ToString::to_string).collect();
    let folder = folder()?;
    let mut paths = Vec::new();
    for (at, rule) in rules.iter().enumerate() {
        for (kind, samples) in [("planted", &rule.planted), ("benign", &rule.benign)] {
            let path = folder.path().join(format!("{kind}-{at}.json"));
            put(&path, &samples.iter().flat_map(|s| s.bytes.clone()).collect::<Vec<u8>>())?;
            paths.push(path);
        }
    }
    let options = Options {
        rules: Some(Arc::new(compiled)),
        max_findings_per_rule: usize::MAX,
        max_findings: usize::MAX,
        file_times: false,
        around: false,
        ..Options::default()
    };
    let hunt =
        lapwing_hunt::hunt(&paths, &Matcher::default(), Checks::builtin(), &options, &Silent);
    // The lines on which each rule fired, by file.
    let mut hits: BTreeMap<(String, &str), std::collections::BTreeSet<u64>> = BTreeMap::new();
    for finding in hunt.findings.iter().filter(|f| f.kind == FindingKind::Sigma) {
        let (Some(Place::Line(line) | Place::Record(line)), Some(rule)) =
            (finding.place, finding.rule.as_deref())
        else {
            continue;
        };
        let name = finding.file.rsplit(['/', '\\']).next().unwrap_or_default().to_owned();
        hits.entry((name, rule)).or_default().insert(line);
    }
    let fired = |kind: &str, at: usize, id: &str| {
        hits.get(&(format!("{kind}-{at}.json"), id)).map_or(0, std::collections::BTreeSet::len)
    };
    let tried = rules.iter().enumerate().map(|(at, rule)| {
        let is_known = known.contains(&rule.id);
        Trial {
            by: format!("lapwing {} (Sigma)", env!("CARGO_PKG_VERSION")),
            compiled: is_known,
            planted: lines(&rule.planted),
            fired: fired("planted", at, &rule.id),
            benign: lines(&rule.benign),
            false_alarms: fired("benign", at, &rule.id),
            note: (!is_known).then(|| refused.join("; ")),
        }
    });
    let trials: Vec<Trial> = tried.collect();
    Ok(rules.into_iter().zip(trials).map(|(rule, trial)| Tried { rule, trial }).collect())
}

fn lines(samples: &[Sample]) -> usize {
    samples.iter().map(|s| s.bytes.split(|b| *b == b'\n').count() - 1).sum()
}
