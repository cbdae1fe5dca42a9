//! Learns the model of techniques: `cargo run --release -p lapwing-evaluate --example train-techniques --
//! CORPORA/techniques crates/extract/data/techniques.weights.zst`. The same files give the same bytes.

use std::path::Path;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [folder, target] = arguments.as_slice() else {
        return Err("usage: train-techniques FOLDER WEIGHTS".into());
    };
    let weights = lapwing_evaluate::train_techniques(Path::new(folder))?;
    std::fs::write(target, zstd::encode_all(weights.as_slice(), 19)?)?;
    Ok(())
}
