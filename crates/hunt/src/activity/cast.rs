//! Who stands in the records of findings: looked up by where the record stands.

use std::sync::Arc;

use lapwing_model::{Finding, Place};

use super::actors::Actors;

/// Where a record stands: file, line or record, offset.
type Spot = (Arc<str>, Option<Place>, u64);

/// Who stands in the records of findings. It is filled in the order of the logs, and sorted once before it is asked.
#[derive(Clone, Debug, Default)]
pub(crate) struct Cast {
    rows: Vec<(Spot, Actors)>,
    sorted: bool,
}

impl Cast {
    /// Whether the record that was noted last is this one: a record may have several findings.
    pub(crate) fn is_last(&self, file: &Arc<str>, place: Option<Place>, offset: u64) -> bool {
        self.rows
            .last()
            .is_some_and(|((f, p, o), _)| Arc::ptr_eq(f, file) && (*p, *o) == (place, offset))
    }

    /// Notes who stands in a record.
    pub(crate) fn note(&mut self, file: &Arc<str>, place: Option<Place>, offset: u64, who: Actors) {
        self.rows.push(((Arc::clone(file), place, offset), who));
        self.sorted = false;
    }

    /// Adds what was noted elsewhere.
    pub(crate) fn add(&mut self, other: Cast) {
        if self.rows.is_empty() {
            self.rows = other.rows;
        } else {
            self.rows.extend(other.rows);
        }
        self.sorted = false;
    }

    /// Sets right where lines stand of which others came before: a head that was put in front is taken off, and what was
    /// read earlier is added.
    pub(crate) fn move_lines(&mut self, lines: (u64, u64), bytes: (u64, u64)) {
        for ((_, place, offset), _) in &mut self.rows {
            if let Some(Place::Line(line)) = place {
                *line = line.saturating_sub(lines.0) + lines.1;
            }
            if place.is_some() {
                *offset = offset.saturating_sub(bytes.0) + bytes.1;
            }
        }
        self.sorted = false;
    }

    /// Makes it ready to be asked.
    pub(crate) fn settle(&mut self) {
        if !self.sorted {
            // Records that stand there twice say the same.
            self.rows.sort_unstable_by(|(a, _), (b, _)| a.cmp(b));
            self.rows.dedup_by(|(a, _), (b, _)| a == b);
            self.sorted = true;
        }
    }

    /// Who stands in the record of a finding; [`Self::settle`] comes before.
    pub(crate) fn get(&self, finding: &Finding) -> Option<&Actors> {
        debug_assert!(self.sorted || self.rows.is_empty(), "asked before it was settled");
        let spot = (finding.file.as_str(), finding.place, finding.offset);
        let at = self
            .rows
            .binary_search_by(|((file, place, offset), _)| (&**file, *place, *offset).cmp(&spot));
        at.ok().map(|at| &self.rows[at].1)
    }

    /// Forgets the records of which `findings` has none.
    pub(crate) fn keep_of<'f>(&mut self, findings: impl Iterator<Item = &'f Finding>) {
        self.settle();
        let mut wanted = vec![false; self.rows.len()];
        for finding in findings {
            let spot = (finding.file.as_str(), finding.place, finding.offset);
            let at = self.rows.binary_search_by(|((file, place, offset), _)| {
                (&**file, *place, *offset).cmp(&spot)
            });
            if let Ok(at) = at {
                wanted[at] = true;
            }
        }
        let mut wanted = wanted.into_iter();
        self.rows.retain(|_| wanted.next().unwrap_or(false));
    }
}
