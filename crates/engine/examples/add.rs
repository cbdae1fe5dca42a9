//! Times how files are added to a store: `add STORE PATH...`; printed are the seconds, the claims a second and
//! how many facts were derived.
#![expect(clippy::print_stdout, reason = "an example for the terminal")]

use std::error::Error;
use std::path::Path;
use std::time::Instant;

use lapwing_engine::{AddOptions, Engine, Input, Silent};

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [store, paths @ ..] = arguments.as_slice() else { return Err("add STORE PATH...".into()) };
    let mut engine = Engine::open(Path::new(store))?;
    let inputs: Vec<Input> = paths.iter().map(|path| Input::Path(path.into())).collect();
    let begun = Instant::now();
    let now = "2022-01-01T00:00:00Z".parse()?;
    let report = engine.add(&inputs, &AddOptions::default(), now, &Silent)?;
    let seconds = begun.elapsed().as_secs_f64();
    println!(
        "{} documents, {} claims in {seconds:.2} s: {:.0} claims a second; {} facts",
        report.new_documents,
        report.claims,
        report.claims as f64 / seconds,
        report.facts
    );
    Ok(())
}
