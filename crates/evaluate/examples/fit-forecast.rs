//! Writes the tables of `crates/forecast/data`: `fit-forecast DIR OUT`, with `DIR` as `lapwing evaluate forecast`
//! takes it.

use std::path::Path;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let folders: Vec<String> = std::env::args().skip(1).collect();
    let [corpora, out] = &folders[..] else { return Err("fit-forecast DIR OUT".into()) };
    for (name, table) in lapwing_evaluate::forecast_tables(Path::new(corpora))? {
        std::fs::write(Path::new(out).join(name), table)?;
    }
    Ok(())
}
