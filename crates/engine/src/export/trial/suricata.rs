//! Suricata rules: by Suricata itself where it is installed, else by our own look at their syntax.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::{Command, Stdio};

use lapwing_publish::rules::{Rule, RuleSet, Trial, Tried, capture, suricata as rules_of};

use super::{folder, put};
use crate::EngineError;

/// Tries all rules together.
pub(in crate::export) fn suricata(
    set: &RuleSet,
    rules: Vec<Rule>,
    program: Option<&Path>,
) -> Result<Vec<Tried>, EngineError> {
    let mut tried = by_syntax(rules);
    if let Some(program) = program {
        by_program(set, program, &mut tried)?;
    }
    Ok(tried)
}

/// Our own check of the syntax, rule by rule.
fn by_syntax(rules: Vec<Rule>) -> Vec<Tried> {
    let tried = rules.into_iter().map(|rule| {
        let fault = rules_of::check(&rule.text).into_iter().next();
        let trial = Trial {
            by: "lapwing's check of syntax".to_owned(),
            compiled: fault.is_none(),
            note: fault.map(|fault| fault.why),
            ..Trial::default()
        };
        Tried { rule, trial }
    });
    tried.collect()
}

/// Suricata's own word on all files that will leave (`-T`), then a run over planted and benign
/// traffic.
fn by_program(set: &RuleSet, program: &Path, tried: &mut [Tried]) -> Result<(), EngineError> {
    let folder = folder()?;
    let by = version(program)?;
    let mut refused: BTreeMap<String, String> = BTreeMap::new();
    let mut files = rules_of::write(set, tried);
    files.extend(rules_of::datasets(set));
    for file in &files {
        put(&folder.path().join(&file.name), &file.bytes)?;
    }
    for file in files.iter().filter(|file| file.name.ends_with(".rules")) {
        let run = run(program, folder.path(), &["-T", "-S", &file.name])?;
        let faults = faults(&run.told, &String::from_utf8_lossy(&file.bytes));
        if !run.passed && faults.is_empty() {
            let why = run.told.lines().last().unwrap_or_default().to_owned();
            return Err(EngineError::Export(format!(
                "{}: `{} -T` refuses {} ({why}); leave it out with --no-suricata",
                program.display(),
                program.display(),
                file.name
            )));
        }
        refused.extend(faults);
    }
    let planted =
        fired(program, folder.path(), "planted.pcap", |rule| rule.planted.clone(), tried)?;
    let benign = fired(program, folder.path(), "benign.pcap", |_| Vec::new(), tried)?;
    for Tried { rule, trial } in tried.iter_mut().filter(|t| t.trial.passed()) {
        *trial = Trial {
            by: by.clone(),
            compiled: !refused.contains_key(&rule.id),
            planted: rule.planted.len(),
            fired: if planted.contains(&rule.id) { rule.planted.len() } else { 0 },
            benign: rule.benign.len(),
            false_alarms: usize::from(benign.contains(&rule.id)),
            note: refused.get(&rule.id).cloned(),
        };
    }
    Ok(())
}

/// The rules that fire on a capture, by sid.
fn fired(
    program: &Path,
    folder: &Path,
    name: &str,
    flows: impl Fn(&Rule) -> Vec<lapwing_publish::rules::Sample>,
    tried: &[Tried],
) -> Result<BTreeSet<String>, EngineError> {
    let mut all: Vec<_> = tried.iter().flat_map(|t| flows(&t.rule)).collect();
    if all.is_empty() {
        all = capture::ordinary();
    }
    put(&folder.join(name), &capture::pcap(&all))?;
    let home = format!("vars.address-groups.HOME_NET={}", capture::HOME_NET);
    let log = folder.join("fast.log");
    let _ = std::fs::remove_file(&log);
    let arguments = ["-r", name, "-S", "lapwing.rules", "-k", "none", "--set", &home];
    let run = run(program, folder, &arguments)?;
    if !run.passed {
        let why = run.told.lines().last().unwrap_or_default().to_owned();
        return Err(EngineError::Export(format!(
            "{}: it cannot read our capture ({why})",
            program.display()
        )));
    }
    let text = std::fs::read_to_string(&log).unwrap_or_default();
    // `… [**] [1:1200000001:20210302] LAPWING … [**] …`
    let sid = |line: &str| line.split("[1:").nth(1)?.split(':').next().map(str::to_owned);
    Ok(text.lines().filter_map(sid).collect())
}

/// How a run of Suricata ended, and what it said.
struct Run {
    passed: bool,
    told: String,
}

fn run(program: &Path, folder: &Path, arguments: &[&str]) -> Result<Run, EngineError> {
    let failed = |source| EngineError::File { path: program.display().to_string(), source };
    let output = Command::new(program)
        .args(arguments)
        .args(["-l", "."])
        .current_dir(folder)
        .stdin(Stdio::null())
        .output()
        .map_err(failed)?;
    let told = [output.stdout, output.stderr].concat();
    Ok(Run { passed: output.status.success(), told: String::from_utf8_lossy(&told).into_owned() })
}

fn version(program: &Path) -> Result<String, EngineError> {
    let run = run(program, Path::new("."), &["-V"])?;
    let words = run.told.split_whitespace().skip_while(|word| *word != "version").nth(1);
    Ok(format!("Suricata {}", words.unwrap_or("of unknown version")))
}

/// The sids of rules that Suricata names as faulty, with what it says.
fn faults(told: &str, rules: &str) -> BTreeMap<String, String> {
    let mut faults = BTreeMap::new();
    let mut before = String::new();
    for line in told.lines() {
        let at = line
            .rsplit_once("at line ")
            .and_then(|(_, number)| number.trim().parse::<usize>().ok());
        if let Some(number) = at {
            let rule = rules.lines().nth(number.saturating_sub(1)).unwrap_or_default();
            let sid = rule.rsplit_once("sid:").and_then(|(_, rest)| rest.split(';').next());
            if let Some(sid) = sid {
                faults.insert(sid.to_owned(), before.clone());
            }
        } else if !line.trim().is_empty() {
            line.trim().clone_into(&mut before);
        }
    }
    faults
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn faults_are_read_from_what_suricata_says() {
        let told = "Error: detect-parse: unknown rule keyword 'dns.kwery'.\nError: detect: error parsing signature \"alert …\" from file lapwing.rules at line 2\n";
        let rules = "# head\nalert dns any any -> any any (msg:\"x\"; dns.kwery; sid:7; rev:1;)\n";
        let faults = faults(told, rules);
        assert_eq!(
            faults.get("7").map(String::as_str),
            Some("Error: detect-parse: unknown rule keyword 'dns.kwery'.")
        );
    }
}
