//! Facts of subjects that lie side by side, read in one go.
//!
//! To find a fact by its key it is compared with those on the way, and SQLite reads one of these whole for that, where
//! it is longer than a page: what thousands of documents say cost every look-up beside it some hundred reads. Rows that
//! follow each other are compared with nothing.

use std::collections::{BTreeMap, BTreeSet};

use lapwing_model::Fact;

use crate::claims;
use crate::coming::Statement;
use crate::error::{Fault, StoreError};
use crate::facts::{self, Contributions};
use crate::names::Names;
use crate::names_server;
use crate::sql::{Connection, Row};
use crate::store::Store;

/// Numbers between two subjects that are read together, at most.
const GAP: i64 = 8;
/// Subjects for which it is worth it.
const FEW: usize = 4;
/// Facts that are read for each subject, and beside, at most: one may have any number.
const EACH: usize = 8;
const BESIDE: usize = 64;

/// Subjects that lie side by side.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Range {
    first: i64,
    last: i64,
    subjects: usize,
}

impl Store {
    /// All facts of some subjects by number, in order, with their statements. Left out are subjects that lie far from
    /// the others, or between which there is much. Of the contributions there is one that supports a fact and one that
    /// denies it, if there is any.
    pub fn facts_of_near(
        &self,
        subjects: &[i64],
    ) -> Result<BTreeMap<i64, Vec<(Statement, Fact)>>, StoreError> {
        self.with(|conn, names| {
            let mut all: BTreeMap<i64, Vec<(Statement, Fact)>> = BTreeMap::new();
            let wanted: BTreeSet<i64> = subjects.iter().copied().collect();
            for range in ranges(&wanted) {
                let mut read = Vec::new();
                let upto = each(conn, Some(names), range, &mut |row, statement| {
                    if wanted.contains(&statement.0) {
                        let body = row.get_ref(3)?.as_blob();
                        let body = body.map_err(|e| Fault::damaged(e.to_string()))?;
                        read.push((statement, body.to_vec()));
                    }
                    Ok(())
                })?;
                read.retain(|((subject, ..), _)| *subject <= upto);
                for subject in wanted.range(range.first..=upto) {
                    all.entry(*subject).or_default();
                }
                for ((subject, relation, object), body) in read {
                    let said = (
                        names.entity_of(conn, subject)?,
                        claims::relation(conn, names, relation)?,
                        names.object_of(conn, object)?,
                    );
                    let fact = facts::decode_part(&body, said, Contributions::Sides)?;
                    all.entry(subject).or_default().push(((subject, relation, object), fact));
                }
            }
            Ok(all)
        })
    }
}

/// The body of a fact, if there is one of the statement.
pub(crate) type Body = Option<Vec<u8>>;

/// The bodies of statements whose subjects lie side by side, by place; and the places of the others.
pub(crate) fn bodies(
    conn: &Connection,
    statements: &[Statement],
) -> Result<(Vec<Body>, Vec<usize>), Fault> {
    let mut found: Vec<Body> = vec![None; statements.len()];
    let mut places: BTreeMap<Statement, Vec<usize>> = BTreeMap::new();
    for (at, statement) in statements.iter().enumerate() {
        places.entry(*statement).or_default().push(at);
    }
    let subjects: BTreeSet<i64> = statements.iter().map(|(subject, ..)| *subject).collect();
    for range in ranges(&subjects) {
        let upto = each(conn, None, range, &mut |row, statement| {
            for at in places.get(&statement).into_iter().flatten() {
                if let Some(place) = found.get_mut(*at) {
                    *place = Some(row.get(3)?);
                }
            }
            Ok(())
        })?;
        // Whether it is there or not: that is known now.
        places.retain(|(subject, ..), _| *subject < range.first || *subject > upto);
    }
    Ok((found, places.into_values().flatten().collect()))
}

fn ranges(subjects: &BTreeSet<i64>) -> Vec<Range> {
    let mut ranges: Vec<Range> = Vec::new();
    for n in subjects {
        match ranges.last_mut() {
            Some(range) if n - range.last <= GAP => {
                (range.last, range.subjects) = (*n, range.subjects + 1);
            }
            _ => ranges.push(Range { first: *n, last: *n, subjects: 1 }),
        }
    }
    ranges.retain(|range| range.subjects >= FEW);
    ranges
}

/// Gives the rows of a range, whose names are loaded before; up to which subject they are all.
fn each(
    conn: &Connection,
    names: Option<&Names>,
    range: Range,
    take: &mut dyn FnMut(&Row<'_>, Statement) -> Result<(), Fault>,
) -> Result<i64, Fault> {
    let most = range.subjects * EACH + BESIDE;
    let mut statement = conn.prepare_cached(
        "SELECT subject, relation, object, body FROM fact WHERE subject >= ?1 AND subject <= ?2
         ORDER BY subject, relation, object LIMIT ?3",
    )?;
    let mut rows = statement.query((range.first, range.last, most as i64 + 1))?;
    if let Some(names) = names {
        names_server::load_of_rows(conn, names, rows.came(), &[0, 2])?;
    }
    let mut read = 0;
    let mut last = range.last;
    while let Some(row) = rows.next()? {
        let said: Statement = (row.get(0)?, row.get(1)?, row.get(2)?);
        read += 1;
        last = said.0;
        take(&row, said)?;
    }
    // The last subject may have more.
    Ok(if read > most { last - 1 } else { range.last })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_lies_side_by_side_is_one_range() {
        let of = |numbers: &[i64]| ranges(&numbers.iter().copied().collect());
        assert!(of(&[]).is_empty());
        assert!(of(&[1, 2, 3]).is_empty(), "too few");
        assert_eq!(of(&[1, 2, 3, 11]), [Range { first: 1, last: 11, subjects: 4 }]);
        assert_eq!(
            of(&[1, 2, 3, 4, 50, 100, 101, 105, 109]),
            [
                Range { first: 1, last: 4, subjects: 4 },
                Range { first: 100, last: 109, subjects: 4 }
            ]
        );
    }
}
