//! Findings of one title, told together.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use jiff::Timestamp;
use lapwing_model::{Finding, Place, Severity};

/// Findings of one title.
#[derive(Clone, Debug)]
pub struct Group<'f> {
    /// All of them, as they came.
    pub found: Vec<&'f Finding>,
    /// The gravest, and of these the first.
    pub worst: &'f Finding,
}

impl<'f> Group<'f> {
    /// Groups, the most telling first; of equals the first in time.
    pub fn of(findings: impl Iterator<Item = &'f Finding>) -> Vec<Group<'f>> {
        let mut groups: BTreeMap<&str, Group<'f>> = BTreeMap::new();
        for finding in findings {
            let group = groups
                .entry(&finding.finding)
                .or_insert_with(|| Group { found: Vec::new(), worst: finding });
            group.found.push(finding);
            if (finding.severity, finding.proof) > (group.worst.severity, group.worst.proof) {
                group.worst = finding;
            }
        }
        let mut groups: Vec<Group<'f>> = groups.into_values().collect();
        groups.sort_by_key(|group| {
            let worst = group.worst;
            let weight = (worst.severity >= Severity::High, worst.proof, worst.severity);
            (Reverse(weight), worst.time.is_none(), worst.time)
        });
        groups
    }

    /// First and last time.
    pub fn period(&self) -> Option<(Timestamp, Timestamp)> {
        let times = || self.found.iter().filter_map(|f| f.time);
        times().min().zip(times().max())
    }
}

/// Where a finding stands: `file:12`, `file#7`.
pub(super) fn place(finding: &Finding) -> String {
    match finding.place {
        Some(Place::Line(line)) => format!("{}:{line}", finding.file),
        Some(Place::Record(record)) => format!("{}#{record}", finding.file),
        None => finding.file.clone(),
    }
}
