use std::collections::BTreeSet;

use serde::Serialize;

/// Counts of agreement between what was found and a gold.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Tally {
    /// In both.
    pub hits: u64,
    /// In the gold only.
    pub missed: u64,
    /// Found only.
    pub wrong: u64,
}

impl Tally {
    /// Adds the agreement of one document.
    pub fn compare<T: Ord>(&mut self, gold: &BTreeSet<T>, found: &BTreeSet<T>) {
        let hits = gold.intersection(found).count() as u64;
        self.hits += hits;
        self.missed += gold.len() as u64 - hits;
        self.wrong += found.len() as u64 - hits;
    }

    /// Adds the counts of another tally.
    pub fn add(&mut self, other: Self) {
        self.hits += other.hits;
        self.missed += other.missed;
        self.wrong += other.wrong;
    }

    /// Share of what was found that is in the gold; 1 when nothing was found.
    pub fn precision(&self) -> f64 {
        share(self.hits, self.hits + self.wrong)
    }

    /// Share of the gold that was found; 1 when the gold is empty.
    pub fn recall(&self) -> f64 {
        share(self.hits, self.hits + self.missed)
    }

    /// Harmonic mean of precision and recall.
    pub fn f1(&self) -> f64 {
        share(2 * self.hits, 2 * self.hits + self.missed + self.wrong)
    }
}

fn share(part: u64, whole: u64) -> f64 {
    if whole == 0 { 1.0 } else { part as f64 / whole as f64 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_by_hand() {
        let mut tally = Tally::default();
        tally.compare(&[1, 2, 3].into(), &[2, 3, 4, 5].into());
        tally.compare(&[].into(), &[9].into());
        assert_eq!(tally, Tally { hits: 2, missed: 1, wrong: 3 });
        assert!((tally.precision() - 0.4).abs() < 1e-9);
        assert!((tally.recall() - 2.0 / 3.0).abs() < 1e-9);
        assert!((tally.f1() - 0.5).abs() < 1e-9);
    }

    #[test]
    fn nothing_to_find_and_nothing_found_is_right() {
        assert!((Tally::default().f1() - 1.0).abs() < 1e-9);
    }
}
