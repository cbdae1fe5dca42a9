//! Scores of Lapwing on labelled corpora, so that a claim of accuracy has a command behind it.
//!
//! [`run`] reads a corpus with the same engine that users run, compares with its gold by a
//! [`Tally`] of exact `(kind, value)` pairs, and gives [`Scores`] that print as a table.
//!
//! Choices, the same everywhere: a value counts once a document; values are compared after the
//! normalisation that both sides get (lower case for hosts, addresses, hashes and the host of a
//! URL; one trailing `/` of a URL cut); sums over documents are micro-averaged.
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

mod corpus;
mod fidelity;
mod indicators;
mod tally;

use std::path::Path;
use std::str::FromStr;

use serde::Serialize;

pub use tally::Tally;

/// A set of corpora with one question.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Suite {
    /// Which values does a report name as indicators?
    Indicators,
    /// Is everything read, and is nothing lost on the way?
    Fidelity,
}

impl FromStr for Suite {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "indicators" => Ok(Self::Indicators),
            "fidelity" => Ok(Self::Fidelity),
            other => Err(format!("`{other}` is no suite; there are: indicators, fidelity")),
        }
    }
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
    #[error("{0}: holds no corpus of this suite")]
    NoCorpus(String),
    /// The engine could not.
    #[error(transparent)]
    Engine(#[from] lapwing_engine::EngineError),
}

/// One line of a table of scores.
#[derive(Clone, Debug, Serialize)]
pub struct ScoreRow {
    /// The corpus or pair of twins.
    pub corpus: String,
    /// The type of value, or what is compared.
    pub what: String,
    /// Number of files that were read.
    pub files: u64,
    /// Files of which (a part) could not be read; each is named as a problem.
    pub with_problems: u64,
    /// Agreement with the gold; `None` where only reading is tested.
    #[serde(flatten)]
    pub tally: Option<Tally>,
    /// Number of values or claims that were read, where there is no gold.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub objects: Option<u64>,
}

/// A document with what was missed and what was wrongly found.
#[derive(Clone, Debug, Serialize)]
pub struct Worst {
    /// The corpus.
    pub corpus: String,
    /// The document.
    pub document: String,
    /// Values of the gold that were not found.
    pub missed: Vec<String>,
    /// Values found that are not in the gold.
    pub wrong: Vec<String>,
}

/// All scores of a suite.
#[derive(Clone, Debug, Default)]
pub struct Scores {
    /// The table.
    pub rows: Vec<ScoreRow>,
    /// Documents by falling number of errors.
    pub worst: Vec<Worst>,
}

/// Documents that `--show` lists, and values a document.
const SHOWN_DOCUMENTS: usize = 15;
const SHOWN_VALUES: usize = 12;

impl Scores {
    /// The table in Markdown; with `show`, the worst documents below it.
    pub fn to_markdown(&self, show: bool) -> String {
        use std::fmt::Write as _;
        let mut text = String::from(
            "| corpus | what | files | with problems | gold | found | P | R | F1 |\n| --- | --- | --: | --: | --: | --: | --: | --: | --: |\n",
        );
        for row in &self.rows {
            let _ = write!(
                text,
                "| {} | {} | {} | {} |",
                row.corpus, row.what, row.files, row.with_problems
            );
            let _ = match &row.tally {
                Some(t) => writeln!(
                    text,
                    " {} | {} | {:.3} | {:.3} | {:.3} |",
                    t.hits + t.missed,
                    t.hits + t.wrong,
                    t.precision(),
                    t.recall(),
                    t.f1()
                ),
                None => writeln!(text, " – | {} | – | – | – |", row.objects.unwrap_or(0)),
            };
        }
        if show {
            for worst in self.worst.iter().take(SHOWN_DOCUMENTS) {
                let _ = writeln!(text, "\n{} {}", worst.corpus, worst.document);
                for (word, values) in [("missed", &worst.missed), ("wrong", &worst.wrong)] {
                    for value in values.iter().take(SHOWN_VALUES) {
                        let _ = writeln!(text, "  {word}: {value}");
                    }
                    if values.len() > SHOWN_VALUES {
                        let _ = writeln!(text, "  {word}: … {} more", values.len() - SHOWN_VALUES);
                    }
                }
            }
        }
        text
    }
}

/// Scores the engine on the corpora of `suite` under `folder`.
///
/// # Errors
/// When the folder holds no corpus of the suite, or a gold file cannot be read.
pub fn run(suite: Suite, folder: &Path) -> Result<Scores, EvaluateError> {
    let mut scores = match suite {
        Suite::Indicators => indicators::run(folder)?,
        Suite::Fidelity => fidelity::run(folder)?,
    };
    if scores.rows.is_empty() {
        return Err(EvaluateError::NoCorpus(folder.display().to_string()));
    }
    scores.worst.sort_by_key(|w| {
        (std::cmp::Reverse(w.missed.len() + w.wrong.len()), w.corpus.clone(), w.document.clone())
    });
    Ok(scores)
}
