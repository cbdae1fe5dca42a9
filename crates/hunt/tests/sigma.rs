//! Sigma rules and records of our own making with what must be found. Adding a case is adding a
//! folder to `testdata/sigma/`; `UPDATE_GOLDEN=1` writes what is found now.
#![allow(missing_docs, clippy::unwrap_used)]

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use lapwing_hunt::{Checks, Matcher, Options, Rules, RulesOptions, Silent, hunt};
use lapwing_model::{Place, Severity};

fn data() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata").join("sigma")
}

fn found(folder: &Path, options: &RulesOptions, jobs: usize) -> String {
    let rules = Rules::load(&[folder.join("rules.yml")], options).unwrap();
    let mut text = String::new();
    for problem in rules.problems() {
        writeln!(text, "problem: {problem}").unwrap();
    }
    let mut logs: Vec<PathBuf> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.file_stem().is_some_and(|stem| stem == "records"))
        .collect();
    logs.sort();
    let how =
        Options { jobs, file_times: false, rules: Some(Arc::new(rules)), ..Options::default() };
    let result = hunt(&logs, &Matcher::default(), &Checks::none(), &how, &Silent);
    for f in &result.findings {
        let place = match f.place {
            Some(Place::Line(n)) => format!("line {n}"),
            Some(Place::Record(n)) => format!("record {n}"),
            None => "file".to_owned(),
        };
        let time = f.time.map_or("-".to_owned(), |t| t.to_string());
        let technique = f.technique.as_deref().unwrap_or("-");
        writeln!(
            text,
            "{time} | {place} | {} | {} | {technique} | {} | {}",
            f.severity, f.proof, f.finding, f.why
        )
        .unwrap();
    }
    writeln!(text, "verdict: {}", result.verdict.verdict.as_str()).unwrap();
    text.replace(&folder.display().to_string(), "")
}

#[test]
fn every_case_gives_its_golden_findings() {
    let mut cases: Vec<PathBuf> =
        fs::read_dir(data()).unwrap().map(|e| e.unwrap().path()).filter(|p| p.is_dir()).collect();
    cases.sort();
    assert!(cases.len() >= 12, "{}", cases.len());
    for folder in cases {
        let all = RulesOptions::default();
        let text = found(&folder, &all, 1);
        assert_eq!(text, found(&folder, &all, 2), "{}", folder.display());
        let golden = folder.join("findings.golden");
        if std::env::var_os("UPDATE_GOLDEN").is_some() {
            fs::write(&golden, &text).unwrap();
        }
        let wanted = fs::read_to_string(&golden).unwrap_or_default();
        assert_eq!(text, wanted, "{}", golden.display());
    }
}

#[test]
fn rules_below_the_level_are_left_out() {
    let high = RulesOptions { level: Severity::High, ..RulesOptions::default() };
    let text = found(&data().join("process"), &high, 1);
    assert!(text.contains("| high |") && !text.contains("| medium |"), "{text}");
    let rules = Rules::load(&[data().join("process")], &high).unwrap();
    assert_eq!(rules.len(), 1);
}

#[test]
fn placeholders_and_retired_rules() {
    let folder = tempfile::tempdir().unwrap();
    let rule = |more: &str, value: &str| {
        format!(
            "title: t\n{more}logsource: {{product: windows}}\ndetection:\n  s:\n    User|expand: '{value}'\n  condition: s\n"
        )
    };
    fs::write(folder.path().join("a.yml"), rule("", "%admins%")).unwrap();
    fs::write(folder.path().join("b.yml"), rule("status: deprecated\n", "x")).unwrap();
    fs::write(folder.path().join("c.yml"), "some: other\nyaml: [1]\n").unwrap();
    fs::write(folder.path().join("d.yml"), rule("", "x").replace("|expand", "|unheard")).unwrap();
    let values = folder.path().join("values.txt");
    fs::write(&values, "admins: [root, 'adm*']\n").unwrap();
    let load = |options| Rules::load(&[folder.path().to_owned()], &options).unwrap();
    let rules = load(RulesOptions::default());
    assert_eq!((rules.len(), rules.waiting().len(), rules.retired()), (0, 1, 1));
    let problems: Vec<String> = rules.problems().iter().map(ToString::to_string).collect();
    assert_eq!(problems.len(), 1);
    assert!(problems[0].contains("d.yml") && problems[0].contains("line 5"), "{problems:?}");
    let rules = load(RulesOptions { placeholders: Some(values), ..RulesOptions::default() });
    assert_eq!((rules.len(), rules.waiting().len()), (1, 0));
}
