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

use crate::evidence::Named;

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
