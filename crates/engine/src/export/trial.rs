//! Rules are run before they leave: on what is planted for them, and on what is benign.

mod sigma;
mod suricata;
mod yara;

pub(super) use sigma::sigma;
pub(super) use suricata::suricata;
pub(super) use yara::yara;

use crate::EngineError;

/// A folder that vanishes after the trial.
fn folder() -> Result<tempfile::TempDir, EngineError> {
    tempfile::Builder::new().prefix("lapwing-trial-").tempdir().map_err(|error| {
        EngineError::Export(format!("no temporary folder for the trial of rules: {error}"))
    })
}

fn put(path: &std::path::Path, bytes: &[u8]) -> Result<(), EngineError> {
    std::fs::write(path, bytes)
        .map_err(|source| EngineError::File { path: path.display().to_string(), source })
}
