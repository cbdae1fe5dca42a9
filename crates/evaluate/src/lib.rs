//! Scores of Lapwing on labelled corpora, so that a claim of accuracy has a command behind it.
//!
//! [`run`] reads a corpus with the same engine that users run, compares with its gold by a
//! [`Tally`] of exact `(what, value)` pairs, and gives [`Scores`] that print as a table.
//!
//! Choices, the same everywhere: a value counts once a document; values are compared after the
//! normalisation that both sides get (`normal.rs` has all of it); sums over documents are
//! micro-averaged. `docs/scores.md` defines each choice.
//!
//! # How to add a suite
//!
//! A suite is one file, `src/NAME.rs`, with
//! `pub(crate) fn run(folder: &Path, options: &Options, scores: &mut Scores) -> Result<(), EvaluateError>`
//! and one entry in the table of `suite.rs` (name, question, corpora). For each corpus that is
//! there, make a `Board::new(corpus, what, "lapwing")`, call `board.score(document, &gold, &found)` with
//! two sets of `Item`s a document (`Item::new("attack-pattern", "T1059")`; the first part is the type by which
//! rows are split), then `board.finish(Rows::ByType, scores)`, which adds the rows and the
//! documents with errors. A figure that is no agreement (macro F1, a calibration error, seconds)
//! goes into `board.also`. `corpus::read` reads a file as a user would, `corpus::files` and
//! `corpus::gold_rows` find and read the gold. A corpus that is not there is left out; when none
//! is there, [`run`] says so. The floor of a row, below which `--floors` fails, is an
//! entry of `floors.toml`.
//!
//! ```
//! use lapwing_evaluate::Tally;
//!
//! let mut tally = Tally::default();
//! tally.compare(&["a", "b"].into(), &["b", "c"].into());
//! assert_eq!((tally.hits, tally.missed, tally.wrong), (1, 1, 1));
//! assert!((tally.f1() - 0.5).abs() < 1e-9);
//! ```
#![deny(missing_docs)]

mod activity;
mod board;
mod copies;
mod corpus;
pub mod entities;
mod fidelity;
mod floors;
mod forecast;
mod fusion;
mod hunting;
mod indicators;
mod normal;
mod peers;
mod scores;
mod suite;
mod tally;
mod techniques;
mod traps;

use std::path::Path;

pub use floors::{Floors, FloorsError};
pub use forecast::fit::tables as forecast_tables;
pub use fusion::calibration_table;
pub use peers::{Peer, PeerError, Peers};
pub use scores::{ScoreRow, Scores, Worst};
pub use suite::{SUITES, Suite, SuiteError};
pub use tally::Tally;
pub use techniques::train_techniques;

/// How to score.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// Peers to score on the same files, where the suite has a question for them.
    pub peers: Option<Peers>,
}

/// Why a corpus could not be scored.
#[derive(Debug, thiserror::Error)]
pub enum EvaluateError {
    /// A file of the corpus could not be read.
    #[error("{path}: {source}")]
    File {
        /// The file.
        path: String,
        /// What the system says.
        source: std::io::Error,
    },
    /// A gold file is not as it should be.
    #[error("{path}, line {line}: {what}")]
    Gold {
        /// The file.
        path: String,
        /// The line, from 1.
        line: usize,
        /// What is wrong.
        what: String,
    },
    /// The folder holds none of the corpora of the suite.
    #[error("{folder}: holds no corpus of the suite `{suite}`; it reads the folders {corpora}")]
    NoCorpus {
        /// The folder.
        folder: String,
        /// The suite.
        suite: &'static str,
        /// What the suite looks for.
        corpora: String,
    },
    /// A peer could not be run.
    #[error(transparent)]
    Peer(#[from] PeerError),
    /// The engine could not.
    #[error(transparent)]
    Engine(#[from] lapwing_engine::EngineError),
}

/// Scores the engine on the corpora of `suite` under `folder`.
///
/// # Errors
/// When the folder holds no corpus of the suite, or a gold file cannot be read.
pub fn run(suite: Suite, folder: &Path, options: &Options) -> Result<Scores, EvaluateError> {
    let mut scores = Scores::default();
    (suite.run)(folder, options, &mut scores)?;
    if scores.rows.is_empty() {
        return Err(EvaluateError::NoCorpus {
            folder: folder.display().to_string(),
            suite: suite.name,
            corpora: suite.corpora.join(", "),
        });
    }
    scores.worst.sort_by_key(|w| {
        (
            w.by.clone(),
            std::cmp::Reverse(w.missed.len() + w.wrong.len()),
            w.corpus.clone(),
            w.document.clone(),
        )
    });
    Ok(scores)
}
