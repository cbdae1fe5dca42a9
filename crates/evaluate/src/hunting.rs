//! Sigma rules over recorded attacks: do the right rules fire, how often, and which technique is
//! told?

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use lapwing_engine::hunting::{
    Checks, Hunt, Matcher, Options as How, Rules, RulesOptions, Silent, hunt,
};
use lapwing_engine::reference::Knowledge;
use lapwing_model::{FindingKind, Severity};

use crate::corpus::{files, gold_rows};
use crate::{EvaluateError, Options, ScoreRow, Scores, Tally, Worst};

/// The folder of the rules, and of recordings with the rule that each must raise.
const REGRESSION: &str = "sigma-regression";
/// Recordings by technique.
const BY_TECHNIQUE: &str = "evtx-mitre";
/// Recordings of an attack on Exchange.
const EXCHANGE: &str = "otrf-proxylogon";
/// Logs in which nothing happened.
const ORDINARY: &str = "evtx-parser-samples";

/// Hunts through the recordings with all rules of the folder.
pub(crate) fn run(folder: &Path, _: &Options, scores: &mut Scores) -> Result<(), EvaluateError> {
    if !folder.join(REGRESSION).is_dir() {
        return Ok(());
    }
    let paths: Vec<PathBuf> = std::fs::read_dir(folder.join(REGRESSION))
        .map_err(|source| EvaluateError::File { path: folder.display().to_string(), source })?
        .filter_map(|entry| entry.ok().map(|entry| entry.path()))
        .filter(|path| {
            let name = path.file_name().map(|name| name.to_string_lossy().into_owned());
            path.is_dir() && name.is_some_and(|name| name.starts_with("rules"))
        })
        .collect();
    let rules = Rules::load(&paths, &RulesOptions::default())
        .map_err(|error| EvaluateError::Engine(error.into()))?;
    let files = files(&folder.join(REGRESSION), &[".yml", ".yaml"])?.len() as u64;
    let refused = rules.problems().len() as u64;
    scores.rows.push(ScoreRow {
        objects: Some(rules.len() as u64),
        ..row(REGRESSION, "rules that load", files, refused, None)
    });
    let hunter = Hunter { rules: Arc::new(rules) };
    regression(folder, &hunter, scores)?;
    by_technique(folder, &hunter, scores)?;
    exchange(folder, &hunter, scores)?;
    ordinary(folder, &hunter, scores)
}

struct Hunter {
    rules: Arc<Rules>,
}

impl Hunter {
    /// With the rules alone.
    fn hunt(&self, path: &Path) -> Hunt {
        self.hunt_with(path, &Checks::none())
    }

    /// As a user has it: with the built-in checks too.
    fn hunt_all(&self, path: &Path) -> Hunt {
        self.hunt_with(path, Checks::builtin())
    }

    fn hunt_with(&self, path: &Path, checks: &Checks) -> Hunt {
        let how = How {
            jobs: 1,
            file_times: false,
            max_findings_per_rule: usize::MAX,
            max_findings: usize::MAX,
            rules: Some(Arc::clone(&self.rules)),
            ..How::default()
        };
        hunt(&[path.to_owned()], &Matcher::default(), checks, &how, &Silent)
    }

    /// How often each rule fired.
    fn counts(&self, path: &Path) -> BTreeMap<String, u64> {
        let mut counts = BTreeMap::new();
        for finding in self.hunt(path).findings {
            if let Some(rule) = finding.rule.filter(|_| finding.kind == FindingKind::Sigma) {
                *counts.entry(rule).or_default() += 1;
            }
        }
        counts
    }
}

fn row(corpus: &str, what: &str, files: u64, with_problems: u64, tally: Option<Tally>) -> ScoreRow {
    ScoreRow {
        corpus: corpus.to_owned(),
        what: what.to_owned(),
        by: "lapwing".to_owned(),
        files,
        with_problems,
        tally,
        shares: tally.map(Into::into),
        objects: None,
        seconds: None,
        also: BTreeMap::new(),
    }
}

/// `tests.tsv`: rule, its file, title, how often it must fire, recording.
fn regression(folder: &Path, hunter: &Hunter, scores: &mut Scores) -> Result<(), EvaluateError> {
    let folder = folder.join(REGRESSION);
    let tests = folder.join("tests.tsv");
    if !tests.exists() {
        return Ok(());
    }
    let (mut fired, mut exact) = (Tally::default(), Tally::default());
    let mut others = 0;
    let rows = gold_rows(&tests, true)?;
    for cells in &rows {
        let [rule, _, title, count, recording, ..] = cells.as_slice() else { continue };
        let counts = hunter.counts(&folder.join(recording));
        let found = counts.get(rule).copied().unwrap_or(0);
        others += counts.keys().filter(|other| *other != rule).count() as u64;
        fired.hits += u64::from(found > 0);
        fired.missed += u64::from(found == 0);
        let wanted: Option<u64> = count.parse().ok();
        if let Some(wanted) = wanted {
            exact.hits += u64::from(found == wanted);
            exact.missed += u64::from(found < wanted);
            exact.wrong += u64::from(found > wanted);
        }
        if found == 0 || wanted.is_some_and(|wanted| wanted != found) {
            scores.worst.push(Worst {
                corpus: REGRESSION.to_owned(),
                by: "lapwing".to_owned(),
                document: recording.clone(),
                missed: vec![format!("{title} ({rule}): wanted {count}, found {found}")],
                wrong: Vec::new(),
            });
        }
    }
    let count = rows.len() as u64;
    let mut first = row(REGRESSION, "rule fires on its recording", count, 0, Some(fired));
    first.also.insert("other rules that fire".to_owned(), others as f64);
    scores.rows.push(first);
    scores.rows.push(row(REGRESSION, "as often as told", count, 0, Some(exact)));
    Ok(())
}

/// `labels.tsv`: recording, technique. A rule tells a technique when it names it, one above or one
/// below it.
fn by_technique(folder: &Path, hunter: &Hunter, scores: &mut Scores) -> Result<(), EvaluateError> {
    let folder = folder.join(BY_TECHNIQUE);
    let labels = folder.join("labels.tsv");
    if !labels.exists() {
        return Ok(());
    }
    for (what, least, with_checks) in [
        ("technique told by rules, any level", Severity::Informational, false),
        ("technique told by rules, level high", Severity::High, false),
        ("technique told, any level", Severity::Informational, true),
        ("technique told, level high", Severity::High, true),
    ] {
        let (mut tally, mut count, mut any) = (Tally::default(), 0, 0u64);
        for cells in gold_rows(&labels, true)? {
            let [recording, technique, ..] = cells.as_slice() else { continue };
            if technique.is_empty() {
                continue;
            }
            count += 1;
            let path = folder.join(recording);
            let result = if with_checks { hunter.hunt_all(&path) } else { hunter.hunt(&path) };
            let told: BTreeSet<String> = result
                .findings
                .iter()
                .filter(|finding| finding.severity >= least)
                .flat_map(|finding| {
                    let rule = finding.rule.as_deref().unwrap_or("");
                    let of_rule = hunter.rules.techniques(rule).iter();
                    of_rule.chain(&finding.technique).flat_map(|t| bases(t)).collect::<Vec<_>>()
                })
                .collect();
            any += u64::from(!told.is_empty());
            let hit = bases(technique).iter().any(|base| told.contains(base));
            tally.hits += u64::from(hit);
            tally.missed += u64::from(!hit);
            if !hit && least == Severity::Informational && with_checks {
                scores.worst.push(Worst {
                    corpus: BY_TECHNIQUE.to_owned(),
                    by: "lapwing".to_owned(),
                    document: recording.clone(),
                    missed: vec![technique.clone()],
                    wrong: told.into_iter().collect(),
                });
            }
        }
        let mut row = row(BY_TECHNIQUE, what, count, 0, Some(tally));
        row.also.insert("files with any finding".to_owned(), any as f64);
        scores.rows.push(row);
    }
    Ok(())
}

/// A technique without its part, under its number of then and of today: ATT&CK renumbers.
fn bases(technique: &str) -> Vec<String> {
    let base = |id: &str| id.split('.').next().unwrap_or("").to_owned();
    let today = Knowledge::builtin().current_technique(technique).map(|t| base(&t.id));
    std::iter::once(base(technique)).chain(today).collect()
}

/// The commands of Exchange by which the attack shows.
fn exchange(folder: &Path, hunter: &Hunter, scores: &mut Scores) -> Result<(), EvaluateError> {
    let recordings = files(&folder.join(EXCHANGE), &[".json.gz", ".json"])?;
    for recording in &recordings {
        let result = hunter.hunt(recording);
        let sigma = result.findings.iter().filter(|f| f.kind == FindingKind::Sigma);
        let rules: BTreeSet<&str> = sigma.filter_map(|f| f.rule.as_deref()).collect();
        let high = result.findings.iter().filter(|f| f.severity >= Severity::High).count();
        let mut row = row(EXCHANGE, "rules that fire", 1, 0, None);
        row.objects = Some(rules.len() as u64);
        let critical = result.findings.iter().filter(|f| f.severity == Severity::Critical);
        let critical: BTreeSet<&str> = critical.filter_map(|f| f.rule.as_deref()).collect();
        row.also.insert("critical rules".to_owned(), critical.len() as f64);
        row.also
            .insert("findings at high a 1,000 events".to_owned(), a_thousand(high, result.records));
        let with_checks = hunter.hunt_all(recording);
        let longest = with_checks.activities.iter().map(|a| a.steps.len()).max().unwrap_or(0);
        row.also.insert("steps of the longest chain".to_owned(), longest as f64);
        scores.rows.push(row);
    }
    Ok(())
}

/// Findings in logs of ordinary use: each is a false alert.
fn ordinary(folder: &Path, hunter: &Hunter, scores: &mut Scores) -> Result<(), EvaluateError> {
    let logs = files(&folder.join(ORDINARY), &[".evtx"])?;
    let (mut records, mut high, mut all) = (0, 0, 0);
    for log in &logs {
        let result = hunter.hunt_all(log);
        records += result.records;
        all += result.findings.len();
        high += result.findings.iter().filter(|f| f.severity >= Severity::High).count();
    }
    if !logs.is_empty() {
        let mut row = row(ORDINARY, "false alerts", logs.len() as u64, 0, None);
        row.objects = Some(all as u64);
        row.also.insert("at high a 1,000 events".to_owned(), a_thousand(high, records));
        scores.rows.push(row);
    }
    Ok(())
}

fn a_thousand(findings: usize, records: u64) -> f64 {
    findings as f64 * 1000.0 / records.max(1) as f64
}
