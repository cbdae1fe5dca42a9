//! Scores one suite without the command line: `score SUITE DIR`, a row a line. For measuring what a change
//! does, as it builds in a third of the time.
#![expect(clippy::print_stdout, reason = "an example for the terminal")]

use std::path::Path;

use lapwing_evaluate::{Options, Suite, run};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [suite, folder] = &arguments[..] else { return Err("score SUITE DIR".into()) };
    let scores = run(suite.parse::<Suite>()?, Path::new(folder), &Options::default())?;
    for row in &scores.rows {
        let figures: Vec<String> =
            row.also.iter().map(|(name, figure)| format!("{name} {figure:.4}")).collect();
        let cases = row.objects.unwrap_or_default();
        println!("{}\t{}\t{}\t{cases}\t{}", row.corpus, row.what, row.by, figures.join(", "));
    }
    Ok(())
}
