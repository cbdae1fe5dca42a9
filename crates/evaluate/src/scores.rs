use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde::Serialize;

use crate::Tally;

/// One line of a table of scores.
#[derive(Clone, Debug, Serialize)]
pub struct ScoreRow {
    /// The corpus or pair of twins.
    pub corpus: String,
    /// The type of value, or what is compared.
    pub what: String,
    /// Who was scored: `lapwing`, or a peer's name.
    pub by: String,
    /// Number of files that were read.
    pub files: u64,
    /// Files of which (a part) could not be read; each is named as a problem.
    pub with_problems: u64,
    /// Agreement with the gold; `None` where only reading is tested.
    #[serde(flatten)]
    pub tally: Option<Tally>,
    /// Precision, recall and F1 of the tally.
    #[serde(flatten)]
    pub shares: Option<Shares>,
    /// Number of values or claims that were read, where there is no gold.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub objects: Option<u64>,
    /// Processor time of reading and extracting all files, in seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seconds: Option<f64>,
    /// Other figures, by name: macro F1, gold values by the role they got …
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub also: BTreeMap<String, f64>,
}

/// The shares that a [`Tally`] gives, 0 to 1.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Shares {
    /// Share of the found that is right.
    pub precision: f64,
    /// Share of the gold that was found.
    pub recall: f64,
    /// Their harmonic mean.
    pub f1: f64,
}

impl From<Tally> for Shares {
    fn from(tally: Tally) -> Self {
        Self { precision: tally.precision(), recall: tally.recall(), f1: tally.f1() }
    }
}

/// A document with what was missed and what was wrongly found.
#[derive(Clone, Debug, Serialize)]
pub struct Worst {
    /// The corpus.
    pub corpus: String,
    /// Who was scored.
    pub by: String,
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
    /// What a reader of the table must know: files that a peer did not finish.
    pub notes: Vec<String>,
}

/// Values that are shown of a document's misses, and of its false finds.
const SHOWN_VALUES: usize = 12;

impl Scores {
    /// The table in Markdown, as it stands in `docs/scores.md`.
    #[must_use]
    pub fn to_markdown(&self) -> String {
        let with_peers = self.rows.iter().any(|row| row.by != "lapwing");
        let with_seconds = self.rows.iter().any(|row| row.seconds.is_some());
        let with_also = self.rows.iter().any(|row| !row.also.is_empty());
        let mut heads = vec!["corpus", "what"];
        if with_peers {
            heads.push("by");
        }
        let words = heads.len();
        // A suite of forecasts has figures of its own and no gold to agree with.
        let own = |row: &ScoreRow| row.tally.is_none() && row.files == 1 && !row.also.is_empty();
        let with_gold = !self.rows.iter().all(own);
        if with_gold {
            heads.extend(["files", "with problems", "gold", "found", "P", "R", "F1"]);
        } else {
            heads.push("cases");
        }
        if with_seconds {
            heads.push("CPU s");
        }
        let figures = heads.len() - words;
        let mut rules = [vec!["---"; words], vec!["--:"; figures]].concat();
        if with_also {
            heads.push("also");
            rules.push("---");
        }
        let mut text = format!("| {} |\n| {} |\n", heads.join(" | "), rules.join(" | "));
        for row in &self.rows {
            let mut cells = vec![row.corpus.clone(), row.what.clone()];
            if with_peers {
                cells.push(row.by.clone());
            }
            if with_gold {
                cells.extend([row.files.to_string(), row.with_problems.to_string()]);
                cells.extend(if let Some(t) = &row.tally {
                    [
                        (t.hits + t.missed).to_string(),
                        (t.hits + t.wrong).to_string(),
                        rounded(t.precision()),
                        rounded(t.recall()),
                        rounded(t.f1()),
                    ]
                } else {
                    let found = row.objects.map_or("–".to_owned(), |n| n.to_string());
                    ["–".into(), found, "–".into(), "–".into(), "–".into()]
                });
            } else {
                cells.push(row.objects.map_or("–".to_owned(), |n| n.to_string()));
            }
            if with_seconds {
                cells.push(row.seconds.map_or("–".to_owned(), |s| format!("{s:.2}")));
            }
            if with_also {
                let also =
                    row.also.iter().map(|(name, figure)| format!("{name} {}", short(*figure)));
                cells.push(also.collect::<Vec<_>>().join(", "));
            }
            let _ = writeln!(text, "| {} |", cells.join(" | "));
        }
        for note in &self.notes {
            let _ = write!(text, "\n{note}\n");
        }
        text
    }

    /// The `documents` with most errors, with their misses and false finds.
    #[must_use]
    pub fn worst_as_text(&self, documents: usize) -> String {
        let mut text = String::new();
        for worst in self.worst.iter().take(documents) {
            let _ = writeln!(
                text,
                "\n{} {}{}: {} missed, {} wrong",
                worst.corpus,
                worst.document,
                if worst.by == "lapwing" { String::new() } else { format!(" ({})", worst.by) },
                worst.missed.len(),
                worst.wrong.len()
            );
            for (word, values) in [("missed", &worst.missed), ("wrong", &worst.wrong)] {
                for value in values.iter().take(SHOWN_VALUES) {
                    let _ = writeln!(text, "  {word}: {value}");
                }
                if values.len() > SHOWN_VALUES {
                    let _ = writeln!(text, "  {word}: … {} more", values.len() - SHOWN_VALUES);
                }
            }
        }
        text
    }
}

/// Three places, cut and not rounded where rounding would claim a perfect share.
fn rounded(share: f64) -> String {
    if share < 1.0 { format!("{:.3}", share.min(0.999)) } else { format!("{share:.3}") }
}

fn short(figure: f64) -> String {
    if figure.fract() == 0.0 { format!("{figure:.0}") } else { format!("{figure:.3}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_perfect_share_is_printed_as_one() {
        assert_eq!(rounded(1.0), "1.000");
        assert_eq!(rounded(0.9998), "0.999");
        assert_eq!(rounded(0.98765), "0.988");
    }
}
