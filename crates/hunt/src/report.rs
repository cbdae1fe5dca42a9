//! What was found in one input, or in several.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use lapwing_model::{Coverage, Entity, Finding, Problem, Severity};

use crate::activity::{Cast, Related};
use crate::condition::Artifacts;
use crate::input::Passed;
use crate::many::Counted;
use crate::sigma;
use crate::together::Observed;
use crate::web_tree::Members;

/// What was found in one input.
#[derive(Default)]
pub(crate) struct Report {
    pub findings: Vec<Finding>,
    pub folded: BTreeMap<String, u64>,
    /// Findings that are only counted, for there are more than are kept in all.
    pub beyond: BTreeMap<Severity, u64>,
    pub problems: Vec<Problem>,
    pub coverage: BTreeMap<String, Coverage>,
    /// The last time of any record, whatever period was asked for.
    pub last_record: Option<Timestamp>,
    /// Identifiers of the sources that were there.
    pub sources: BTreeSet<String>,
    pub artifacts: Artifacts,
    /// Clock differences in seconds (rounded to minutes), with the number of events.
    pub skews: BTreeMap<i64, u64>,
    /// When this machine itself asked for a listed value for the last time.
    pub outbound: Option<Timestamp>,
    /// Files that are neither logs nor text.
    pub binaries: u64,
    /// What stands in the given folders and is no file.
    pub passed: Passed,
    /// Matches of Sigma rules that correlations ask for.
    pub correlated: Vec<sigma::Correlated>,
    /// Who stands in the records of the findings.
    pub cast: Cast,
    /// What else is known of the values of chains.
    pub related: Related,
    /// Records of checks that need many.
    pub counted: Vec<Counted>,
    /// How many of them had to be left out.
    pub uncounted: u64,
    /// Members of archives that may be pages.
    pub members: Members,
    /// Values of patterns that ask for several.
    pub observed: Vec<Observed>,
    /// Listed values that were seen, with what of them counts as a sighting.
    pub sighted: BTreeMap<Entity, Sighted>,
    /// Sightings of values that are not among them, for there are too many.
    pub sightings_left_out: u64,
}

impl Report {
    /// Counts sightings of a listed value, of which `most` are told apart.
    pub(crate) fn sight(&mut self, entity: Entity, seen: Sighted, most: usize) {
        if let Some(known) = self.sighted.get_mut(&entity) {
            known.add(seen);
        } else if self.sighted.len() < most {
            self.sighted.insert(entity, seen);
        } else {
            self.sightings_left_out += seen.records;
        }
    }
}

/// How often a listed value was seen in hostile use, and when.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sighted {
    /// Records in which it stands.
    pub records: u64,
    /// First time, UTC.
    pub first: Option<Timestamp>,
    /// Last time, UTC.
    pub last: Option<Timestamp>,
}

impl Sighted {
    pub(crate) fn add(&mut self, other: Sighted) {
        self.records += other.records;
        self.first = self.first.into_iter().chain(other.first).min();
        self.last = self.last.max(other.last);
    }
}
