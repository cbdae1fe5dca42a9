//! How good the forecasts are, on time or reports held back, each beside what it has to beat.
//!
//! Settings of the models are constants of `lapwing-forecast`; nothing here is chosen on the windows that
//! are scored. Rows by `lapwing` are what the binary forecasts with, the others are baselines.

pub(crate) mod activity;
mod attribution;
mod completion;
pub mod fit;
mod lifetimes;
mod recurrence;
pub(crate) mod shuffle;
mod suspects;
mod vendor;
mod versions;

use std::path::{Path, PathBuf};

use crate::{EvaluateError, Options, ScoreRow, Scores};

/// The folders that the suite looks for.
pub(crate) const CORPORA: &[&str] = &[
    "tie",
    "attack-versions",
    "attribution",
    "vuldb-refs",
    "c2-lifetimes",
    "activity-series",
    "../indicators/vuldb/pages",
];

/// Scores every forecast whose data is there.
pub(crate) fn run(
    folder: &Path,
    _options: &Options,
    scores: &mut Scores,
) -> Result<(), EvaluateError> {
    completion::run(folder, scores)?;
    versions::run(folder, scores)?;
    vendor::run(folder, scores)?;
    attribution::run(folder, scores)?;
    suspects::run(folder, scores)?;
    recurrence::run(folder, scores)?;
    lifetimes::run(folder, scores)?;
    activity::run(folder, scores)
}

/// A row of figures; `cases` is the number of forecasts.
pub(crate) fn row(
    scores: &mut Scores,
    [corpus, what, by]: [&str; 3],
    cases: usize,
    figures: &[(&str, f64)],
) {
    scores.rows.push(ScoreRow {
        corpus: corpus.to_owned(),
        what: what.to_owned(),
        by: by.to_owned(),
        files: 1,
        with_problems: 0,
        tally: None,
        shares: None,
        objects: Some(cases as u64),
        seconds: None,
        also: figures.iter().map(|(name, figure)| ((*name).to_owned(), *figure)).collect(),
    });
}

/// The first file with an ending in a folder, in order of name; `None` where there is none.
pub(crate) fn file_ending(folder: &Path, ending: &str) -> Option<PathBuf> {
    let mut files: Vec<PathBuf> =
        std::fs::read_dir(folder).ok()?.filter_map(|entry| Some(entry.ok()?.path())).collect();
    files.sort();
    files.into_iter().find(|path| path.to_string_lossy().ends_with(ending))
}

/// The text of a file, unpacked where its name ends in `.gz`.
pub(crate) fn text(path: &Path) -> Result<String, EvaluateError> {
    let file = |source| EvaluateError::File { path: path.display().to_string(), source };
    let bytes = std::fs::read(path).map_err(file)?;
    if path.extension().is_some_and(|ending| ending == "gz") {
        let mut text = String::new();
        std::io::Read::read_to_string(
            &mut flate2::read::MultiGzDecoder::new(&bytes[..]),
            &mut text,
        )
        .map_err(file)?;
        return Ok(text);
    }
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// A gold file that is not as it should be.
pub(crate) fn bad(path: &Path, line: usize, what: impl Into<String>) -> EvaluateError {
    EvaluateError::Gold { path: path.display().to_string(), line, what: what.into() }
}

/// The number of a day, `YYYY-MM-DD`, counted from 1970.
pub(crate) fn day(text: &str) -> Option<i32> {
    let date: jiff::civil::Date = text.get(..10)?.parse().ok()?;
    let epoch = jiff::civil::date(1970, 1, 1);
    Some(date.since(epoch).ok()?.get_days())
}
