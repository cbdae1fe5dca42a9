//! Which of several documents is likelier to be the original.

use lapwing_model::{DocumentId, PartialDate};

use crate::trace::Trace;

/// Where a document stands among all: of two, the one that stands before is the parent, where one was
/// made from the other. By date, those without one last; then lists last, longer before shorter, and at
/// last by identifier.
///
/// It is a function of the document alone, so that a store can keep it with what it keeps of the document.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Precedence {
    /// Date, list and length.
    pub order: i64,
    /// The first half of the identifier: no two documents stand at one place.
    pub tie: i64,
}

/// Bits for the number of words: longer texts count as this long.
const WORD_BITS: u32 = 20;
/// Bits for the day.
const DAY_BITS: u32 = 23;

impl Precedence {
    /// Where the document of a trace stands.
    #[must_use]
    pub fn of(trace: &Trace) -> Self {
        let most = (1_u64 << WORD_BITS) - 1;
        let shortness = most - trace.head.words.min(most);
        let list = u64::from(trace.is_list()) << WORD_BITS;
        let dated = trace.head.published.map(|date| day_number(date) << (WORD_BITS + 1));
        let day = dated.unwrap_or(1 << (WORD_BITS + 1 + DAY_BITS));
        let order = (day | list | shortness) as i64;
        Self { order, tie: Self::tie_of(trace.document()) }
    }

    /// The tie of a document: the first half of its identifier as a number.
    #[must_use]
    pub fn tie_of(document: DocumentId) -> i64 {
        let mut half = [0; 8];
        half.copy_from_slice(&document.0[..8]);
        i64::from_be_bytes(half)
    }
}

/// A number that grows with the day; years are from -9999 to 9999.
fn day_number(date: PartialDate) -> u64 {
    let day = date.first_day();
    let year = i64::from(day.year()) + 9999;
    let number = year * 372 + i64::from(day.month() - 1) * 31 + i64::from(day.day() - 1);
    number.max(0) as u64
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{Made, prose};

    #[test]
    fn earlier_reports_stand_before_later_lists_and_the_undated() {
        let report = |name: &str, words| Made::new(name, &prose(1, words));
        let mut list = Made::new("list", "");
        for n in 0..9 {
            list = list.indicator(&format!("192.0.2.{n}"));
        }
        let in_order = [
            report("old", 20).published("1999-12-31").trace(),
            report("long", 300).published("2021-03-02").trace(),
            report("short", 20).published("2021-03-02").trace(),
            list.clone().published("2021-03-02").trace(),
            report("new", 500).published("2021-03-03").trace(),
            report("undated", 500).trace(),
            list.trace(),
        ];
        let places: Vec<Precedence> = in_order.iter().map(Precedence::of).collect();
        assert!(places.is_sorted(), "{places:?}");
    }
}
