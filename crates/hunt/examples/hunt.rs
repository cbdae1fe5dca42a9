//! Hunts in the given paths with the built-in checks and prints what it finds, for work on checks.
#![allow(clippy::print_stdout, missing_docs)]

use std::path::PathBuf;

use lapwing_hunt::{Checks, Matcher, Options, Silent, hunt};

fn main() {
    let paths: Vec<PathBuf> = std::env::args().skip(1).map(PathBuf::from).collect();
    let result = hunt(&paths, &Matcher::default(), Checks::builtin(), &Options::default(), &Silent);
    for f in &result.findings {
        let time = f.time.map(|t| t.to_string()).unwrap_or_default();
        println!(
            "{time} {} {} [{}] {:?} {}\n    {} :: {}",
            f.severity, f.finding, f.proof, f.place, f.file, f.matched, f.why
        );
    }
    println!("{:#?}\nfolded {:?}", result.verdict, result.folded);
    for problem in &result.problems {
        println!("problem: {problem}");
    }
    println!("{} records, {} bytes", result.records, result.bytes);
}
