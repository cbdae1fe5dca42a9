use std::path::{Path, PathBuf};

use crate::EvaluateError;
use lapwing_engine::read::Options;
use lapwing_engine::reference::Knowledge;
use lapwing_engine::{Extracted, Input, extract};
use lapwing_model::{Claim, Gap};

/// What the engine read from a file.
#[derive(Default)]
pub(crate) struct ReadFile {
    pub values: Vec<Extracted>,
    pub relations: Vec<Claim>,
    pub gaps: Vec<Gap>,
    pub claims: u64,
    pub problems: u64,
    /// Processor time, in seconds.
    pub seconds: f64,
}

/// Reads one file as a user would.
pub(crate) fn read(path: &Path) -> Result<ReadFile, EvaluateError> {
    let mut file = ReadFile::default();
    // The tables of the knowledge are unpacked once a process; that is no cost of a file.
    let knowledge = Knowledge::builtin();
    let start = cpu_time::ProcessTime::now();
    let problems =
        extract(&Input::Path(path.to_owned()), &Options::default(), knowledge, &mut |document| {
            file.claims += (document.values.len() + document.relations.len()) as u64;
            file.values.extend(document.values);
            file.relations.extend(document.relations);
            file.gaps.extend(document.gaps);
            Ok(())
        })?;
    file.seconds = start.elapsed().as_secs_f64();
    file.problems = problems.len() as u64;
    Ok(file)
}

/// The file as text, bytes that are no UTF-8 replaced: what a peer is given.
pub(crate) fn raw_text(path: &Path) -> Result<String, EvaluateError> {
    let bytes = std::fs::read(path)
        .map_err(|source| EvaluateError::File { path: path.display().to_string(), source })?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// The path with another ending.
pub(crate) fn sibling(path: &Path, ending: &str, other: &str) -> PathBuf {
    let shown = path.display().to_string();
    format!("{}{other}", shown.strip_suffix(ending).unwrap_or(&shown)).into()
}

/// The files of a folder with one of the endings, sorted; empty when there is no such folder.
pub(crate) fn files(folder: &Path, endings: &[&str]) -> Result<Vec<PathBuf>, EvaluateError> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        if !folder.is_dir() {
            continue;
        }
        let shown = || folder.display().to_string();
        let error = |source| EvaluateError::File { path: shown(), source };
        for entry in std::fs::read_dir(&folder).map_err(error)? {
            let path = entry.map_err(error)?.path();
            if path.is_dir() {
                folders.push(path);
            } else if let Some(name) = path.file_name().and_then(|n| n.to_str())
                && endings.iter().any(|ending| name.ends_with(ending))
            {
                found.push(path);
            }
        }
    }
    found.sort();
    Ok(found)
}

/// Rows of a gold file, without its header where `header` says that there is one.
pub(crate) fn gold_rows(path: &Path, header: bool) -> Result<Vec<Vec<String>>, EvaluateError> {
    let shown = path.display().to_string();
    let mut reader = csv::ReaderBuilder::new()
        .delimiter(b'\t')
        .has_headers(header)
        .quoting(false)
        .flexible(true)
        .from_path(path)
        .map_err(|error| EvaluateError::Gold {
            path: shown.clone(),
            line: 0,
            what: error.to_string(),
        })?;
    let mut rows = Vec::new();
    for (at, row) in reader.records().enumerate() {
        let row = row.map_err(|error| EvaluateError::Gold {
            path: shown.clone(),
            line: at + 1,
            what: error.to_string(),
        })?;
        rows.push(row.iter().map(str::to_owned).collect());
    }
    Ok(rows)
}
