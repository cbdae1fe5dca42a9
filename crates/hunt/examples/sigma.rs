//! Speed of Sigma: `cargo run --release -p lapwing-hunt --example sigma -- RULES PATH…` compiles the
//! rules, hunts through the paths on one thread, and prints processor time and rates. Findings are
//! written out as JSON Lines to nowhere, so that their cost counts.
//! With `--without-rules` first, none is run: the cost of reading alone. With `--findings` first, they
//! are printed and nothing else.
#![allow(clippy::print_stdout)]

use std::io::Write as _;
use std::path::PathBuf;
use std::sync::Arc;

use lapwing_hunt::{Checks, Matcher, Options, Rules, RulesOptions, Silent, hunt};

/// Processor seconds of this process, in user mode and in the kernel (Linux; else 0).
fn processor_seconds() -> f64 {
    let text = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let fields: Vec<&str> = text.rsplit(") ").next().unwrap_or("").split(' ').collect();
    let ticks = |at: usize| fields.get(at).and_then(|f| f.parse::<f64>().ok()).unwrap_or(0.0);
    (ticks(11) + ticks(12)) / 100.0
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut args: Vec<String> = std::env::args().skip(1).collect();
    let without = args.first().is_some_and(|arg| arg == "--without-rules");
    if without {
        args.remove(0);
    }
    let print = args.first().is_some_and(|arg| arg == "--findings");
    if print {
        args.remove(0);
    }
    let paths: Vec<PathBuf> = args.iter().map(PathBuf::from).collect();
    let Some((folder, logs)) = paths.split_first().filter(|(_, logs)| !logs.is_empty()) else {
        return Err("usage: sigma [--without-rules | --findings] RULES PATH…".into());
    };
    let start = processor_seconds();
    let rules = Rules::load(std::slice::from_ref(folder), &RulesOptions::default())?;
    let loaded = processor_seconds();
    if print {
        let how = Options {
            file_times: false,
            max_findings_per_rule: usize::MAX,
            max_findings: usize::MAX,
            rules: Some(Arc::new(rules)),
            ..Options::default()
        };
        let result = hunt(logs, &Matcher::default(), &Checks::none(), &how, &Silent);
        for finding in &result.findings {
            println!("{}", serde_json::to_string(finding)?);
        }
        return Ok(());
    }
    println!(
        "{} rules in {:.2} s; {} cannot be run, {} wait for placeholders, {} retired",
        rules.len(),
        loaded - start,
        rules.problems().len(),
        rules.waiting().len(),
        rules.retired(),
    );
    for problem in rules.problems() {
        println!("  {problem}");
    }
    let how = Options {
        jobs: 1,
        file_times: false,
        rules: (!without).then(|| Arc::new(rules)),
        ..Options::default()
    };
    let begin = processor_seconds();
    let result = hunt(logs, &Matcher::default(), &Checks::none(), &how, &Silent);
    let mut out = std::io::sink();
    for finding in &result.findings {
        serde_json::to_writer(&mut out, finding)?;
        out.write_all(b"\n")?;
    }
    let seconds = processor_seconds() - begin;
    println!(
        "{} records, {} MB, {} findings (and {} folded) in {seconds:.2} s: {:.0} records a second",
        result.records,
        result.bytes >> 20,
        result.findings.len(),
        result.folded.values().sum::<u64>(),
        result.records as f64 / seconds.max(0.01),
    );
    Ok(())
}
