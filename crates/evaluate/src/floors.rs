use serde::Deserialize;

use crate::{ScoreRow, Scores, Suite};

/// The least that scores may be: a table kept beside the code, so that a regression is caught.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Floors {
    #[serde(default)]
    floor: Vec<Floor>,
}

/// The least that the shares of one row may be.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Floor {
    suite: String,
    corpus: String,
    what: String,
    /// Who is asked, where it is not the engine as a whole.
    by: Option<String>,
    precision: Option<f64>,
    recall: Option<f64>,
    f1: Option<f64>,
    /// A figure of the row's `also`, by its name.
    #[serde(default)]
    also: std::collections::BTreeMap<String, f64>,
    /// The most that a figure of `also` may be, where lower is better.
    #[serde(default)]
    most: std::collections::BTreeMap<String, f64>,
}

/// A table of floors that cannot be read.
#[derive(Debug, thiserror::Error)]
#[error("no table of floors: {0}")]
pub struct FloorsError(String);

impl Floors {
    /// Reads `[[floor]]` entries of TOML: `suite`, `corpus`, `what`, `by` where it is not the engine as a whole,
    /// and the least `precision`, `recall`, `f1` or figure in `also`, and the `most` that a figure may be.
    ///
    /// # Errors
    /// When the text is no such table, or names a suite that does not exist.
    pub fn parse(text: &str) -> Result<Self, FloorsError> {
        let floors: Self = toml::from_str(text).map_err(|error| FloorsError(error.to_string()))?;
        for floor in &floors.floor {
            floor.suite.parse::<Suite>().map_err(|error| FloorsError(error.to_string()))?;
        }
        Ok(floors)
    }

    /// What falls below its floor, in sentences. A corpus without any row is not asked about.
    #[must_use]
    pub fn broken(&self, suite: Suite, scores: &Scores) -> Vec<String> {
        let mut broken = Vec::new();
        for floor in self.floor.iter().filter(|floor| floor.suite == suite.name) {
            let by = floor.by.as_deref().unwrap_or("lapwing");
            let mut rows = scores.rows.iter().filter(|row| row.corpus == floor.corpus);
            let name = format!("{} {}", floor.corpus, floor.what);
            let asked = |row: &&ScoreRow| row.what == floor.what && row.by == by;
            let Some(row) = rows.clone().find(asked) else {
                if rows.next().is_some() {
                    broken.push(format!("{name}: there is no such row"));
                }
                continue;
            };
            let mut ask = |figure: &str, least: Option<f64>, is: Option<f64>| {
                let Some(least) = least else { return };
                match is {
                    Some(is) if is >= least => {}
                    Some(is) => broken.push(format!("{name}: {figure} {is:.4}, floor {least}")),
                    None => broken.push(format!("{name}: there is no {figure}")),
                }
            };
            ask("precision", floor.precision, row.shares.map(|s| s.precision));
            ask("recall", floor.recall, row.shares.map(|s| s.recall));
            ask("F1", floor.f1, row.shares.map(|s| s.f1));
            for (figure, least) in &floor.also {
                ask(figure, Some(*least), row.also.get(figure).copied());
            }
            for (figure, most) in &floor.most {
                match row.also.get(figure) {
                    Some(is) if is <= most => {}
                    Some(is) => broken.push(format!("{name}: {figure} {is:.4}, at most {most}")),
                    None => broken.push(format!("{name}: there is no {figure}")),
                }
            }
        }
        broken
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::path::Path;

    use super::*;
    use crate::board::{Board, Rows};
    use crate::normal::Item;

    fn half() -> Scores {
        let mut scores = Scores::default();
        let mut board = Board::new("talos", "all", "lapwing");
        let gold: BTreeSet<Item> = ["1", "2"].map(|v| Item::new("a", v)).into();
        let found: BTreeSet<Item> = ["2", "3"].map(|v| Item::new("a", v)).into();
        board.score(Path::new("a"), &gold, &found);
        board.finish(Rows::Total, &mut scores);
        scores
    }

    fn broken(floor: &str) -> Vec<String> {
        let suite: Suite = "indicators".parse().unwrap();
        Floors::parse(&format!("[[floor]]\nsuite = 'indicators'\n{floor}"))
            .unwrap()
            .broken(suite, &half())
    }

    #[test]
    fn a_score_below_its_floor_is_named() {
        assert_eq!(broken("corpus = 'talos'\nwhat = 'all'\nf1 = 0.5"), Vec::<String>::new());
        assert_eq!(
            broken("corpus = 'talos'\nwhat = 'all'\nf1 = 0.6\nprecision = 0.4"),
            ["talos all: F1 0.5000, floor 0.6"]
        );
    }

    #[test]
    fn a_row_that_went_away_is_named_and_a_corpus_that_is_not_there_is_not() {
        assert_eq!(broken("corpus = 'talos'\nwhat = 'url'\nf1 = 0.6").len(), 1);
        assert_eq!(broken("corpus = 'talos'\nwhat = 'all'\nby = 'peer'\nf1 = 0.1").len(), 1);
        assert_eq!(broken("corpus = 'eset'\nwhat = 'all'\nf1 = 0.6").len(), 0);
    }

    #[test]
    fn the_table_of_the_repository_is_one() {
        Floors::parse(include_str!("../floors.toml")).unwrap();
        assert!(Floors::parse("[[floor]]\nsuite = 'none'\ncorpus = ''\nwhat = ''").is_err());
    }
}
