use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use crate::Tally;
use crate::normal::Item;
use crate::scores::{ScoreRow, Scores, Worst};

/// Which rows a [`Board`] adds to the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Rows {
    /// The sum only.
    Total,
    /// The sum, then a row for each type.
    ByType,
}

/// Agreement of one corpus by type, and the documents with errors.
#[derive(Default)]
pub(crate) struct Board {
    corpus: String,
    what: String,
    by: String,
    pub by_type: BTreeMap<String, Tally>,
    pub worst: Vec<Worst>,
    pub files: u64,
    pub with_problems: u64,
    pub seconds: Option<f64>,
    /// Further figures of the row of the sum.
    pub also: BTreeMap<String, f64>,
}

impl Board {
    /// A board of a corpus: `what` names the row of the sum, `by` who is scored.
    pub fn new(corpus: &str, what: &str, by: &str) -> Self {
        let [corpus, what, by] = [corpus, what, by].map(str::to_owned);
        Self { corpus, what, by, ..Self::default() }
    }

    /// Compares one document.
    pub fn score(&mut self, document: &Path, gold: &BTreeSet<Item>, found: &BTreeSet<Item>) {
        self.files += 1;
        let types: BTreeSet<&str> = gold.iter().chain(found).map(|i| i.what.as_str()).collect();
        for what in types {
            let of = |set: &BTreeSet<Item>| {
                set.iter().filter(|i| i.what == what).cloned().collect::<BTreeSet<_>>()
            };
            self.by_type.entry(what.to_owned()).or_default().compare(&of(gold), &of(found));
        }
        let shown = |item: &Item| format!("{} {}", item.what, item.value);
        let missed: Vec<String> = gold.difference(found).map(shown).collect();
        let wrong: Vec<String> = found.difference(gold).map(shown).collect();
        if !missed.is_empty() || !wrong.is_empty() {
            let name = document.file_name().map(|n| n.to_string_lossy().into_owned());
            self.worst.push(Worst {
                corpus: self.corpus.clone(),
                by: self.by.clone(),
                document: name.unwrap_or_default(),
                missed,
                wrong,
            });
        }
    }

    /// Counts something into `also`.
    pub fn count(&mut self, name: &str, number: u64) {
        *self.also.entry(name.to_owned()).or_default() += number as f64;
    }

    /// The sum over the types.
    pub fn total(&self) -> Tally {
        let mut total = Tally::default();
        for tally in self.by_type.values() {
            total.add(*tally);
        }
        total
    }

    /// Adds the rows and the documents with errors; nothing when no document was compared.
    pub fn finish(self, rows: Rows, scores: &mut Scores) {
        if self.files == 0 {
            return;
        }
        let row = |what: &str, tally: Tally| ScoreRow {
            corpus: self.corpus.clone(),
            what: what.to_owned(),
            by: self.by.clone(),
            files: self.files,
            with_problems: self.with_problems,
            tally: Some(tally),
            shares: Some(tally.into()),
            objects: None,
            seconds: None,
            also: BTreeMap::new(),
        };
        scores.rows.push(ScoreRow {
            seconds: self.seconds,
            also: self.also.clone(),
            ..row(&self.what, self.total())
        });
        if rows == Rows::ByType {
            for (what, tally) in &self.by_type {
                scores.rows.push(row(what, *tally));
            }
        }
        scores.worst.extend(self.worst);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn items(values: &[(&str, &str)]) -> BTreeSet<Item> {
        values.iter().map(|(what, value)| Item::new(what, *value)).collect()
    }

    fn scored(gold: &[(&str, &str)], found: &[(&str, &str)]) -> Board {
        let mut board = Board::new("corpus", "all", "lapwing");
        board.score(Path::new("folder/a.txt"), &items(gold), &items(found));
        board
    }

    #[test]
    fn a_hit_a_miss_and_a_false_find() {
        let board = scored(&[("a", "1"), ("a", "2")], &[("a", "2"), ("a", "3")]);
        assert_eq!(board.total(), Tally { hits: 1, missed: 1, wrong: 1 });
        assert_eq!(board.worst[0].missed, ["a 1"]);
        assert_eq!(board.worst[0].wrong, ["a 3"]);
        assert_eq!(board.worst[0].document, "a.txt");
    }

    #[test]
    fn a_double_counts_once_a_document_and_again_in_the_next() {
        let mut board = scored(&[("a", "1"), ("a", "1")], &[("a", "1"), ("a", "1")]);
        board.score(Path::new("b.txt"), &items(&[("a", "1")]), &items(&[("a", "1")]));
        assert_eq!(board.total(), Tally { hits: 2, missed: 0, wrong: 0 });
        assert!(board.worst.is_empty());
    }

    #[test]
    fn the_right_value_of_the_wrong_type_is_a_miss_and_a_false_find() {
        let board = scored(&[("url", "a.example")], &[("domain-name", "a.example")]);
        assert_eq!(board.total(), Tally { hits: 0, missed: 1, wrong: 1 });
        assert_eq!(board.by_type["url"], Tally { hits: 0, missed: 1, wrong: 0 });
    }

    #[test]
    fn an_empty_side_has_shares_too() {
        let nothing_found = scored(&[("a", "1")], &[]).total();
        assert_eq!(
            (nothing_found.precision(), nothing_found.recall(), nothing_found.f1()),
            (1.0, 0.0, 0.0)
        );
        let nothing_to_find = scored(&[], &[("a", "1")]).total();
        assert_eq!(
            (nothing_to_find.precision(), nothing_to_find.recall(), nothing_to_find.f1()),
            (0.0, 1.0, 0.0)
        );
        assert!((scored(&[], &[]).total().f1() - 1.0).abs() < 1e-9);
    }

    #[test]
    fn rows_are_added_only_for_what_was_compared() {
        let mut scores = Scores::default();
        Board::new("corpus", "all", "lapwing").finish(Rows::ByType, &mut scores);
        assert!(scores.rows.is_empty());
        scored(&[("a", "1"), ("b", "1")], &[("a", "1")]).finish(Rows::ByType, &mut scores);
        let shown: Vec<_> = scores.rows.iter().map(|row| row.what.as_str()).collect();
        assert_eq!(shown, ["all", "a", "b"]);
    }
}
