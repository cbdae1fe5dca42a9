//! The sections of a page: each file gathers its rows from the picture and lays them out.

pub(crate) mod actors;
pub(crate) mod countries;
pub(crate) mod denials;
pub(crate) mod gaps;
pub(crate) mod indicators;
pub(crate) mod judgements;
pub(crate) mod origins;
pub(crate) mod references;
pub(crate) mod software;
pub(crate) mod statements;
pub(crate) mod summary;
pub(crate) mod techniques;
pub(crate) mod timeline;
pub(crate) mod victims;
pub(crate) mod vulnerabilities;

pub use actors::{ActorRow, Tie};
pub use countries::{CountryRole, CountryRow};
pub use denials::Denial;
pub use gaps::GapLine;
pub use indicators::{IndicatorRow, Related};
pub use judgements::Judgement;
pub use origins::{MemberRow, OriginRow};
pub use references::ReferenceRow;
pub use software::SoftwareRow;
pub use statements::StatementRow;
pub use summary::Counts;
pub use techniques::{TechniqueBasis, TechniqueRow};
pub use timeline::Moment;
pub use victims::{VictimRow, VictimState};
pub use vulnerabilities::VulnerabilityRow;

use std::collections::BTreeMap;

use crate::evidence::Named;
use crate::words;

/// Names, each once, in order of the name.
fn names(named: &[Named]) -> Vec<String> {
    let mut names: Vec<String> = named.iter().map(|n| n.name.clone()).collect();
    names.sort();
    names.dedup();
    names
}

/// Adds a name to a sorted list unless it is there.
fn add(list: &mut Vec<Named>, named: Named) {
    if let Err(at) = list.binary_search(&named) {
        list.insert(at, named);
    }
}

/// Who acts, for a sentence: a product stands for the activity against it.
fn doers(named: &[Named]) -> Vec<String> {
    let mut names: Vec<String> = named.iter().map(|n| words::doer(n.kind, &n.name)).collect();
    names.sort();
    names.dedup();
    names
}

/// What most rows have in common, so that it is said once and not in each.
fn usual<'n>(rows: impl Iterator<Item = &'n [Named]>) -> Option<Vec<String>> {
    let mut counts: BTreeMap<Vec<String>, usize> = BTreeMap::new();
    let mut all = 0_usize;
    for row in rows {
        all += 1;
        *counts.entry(doers(row)).or_default() += 1;
    }
    let (names, n) = counts.into_iter().max_by_key(|(_, n)| *n)?;
    (!names.is_empty() && n > 1 && n * 2 > all).then_some(names)
}

/// Whom a row names beside the usual; empty where it is the usual.
fn unusual(named: &[Named], usual: Option<&Vec<String>>) -> String {
    let own = doers(named);
    if usual == Some(&own) { String::new() } else { words::join(&own, 4) }
}
