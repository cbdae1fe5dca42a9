//! Plain lists: one value a line, a file for each kind.

use std::collections::BTreeMap;

use lapwing_model::Kind;

use super::{RuleSet, Totals, file, left_out};
use crate::export::{Exported, Loss};

/// The name of the file where there is no value.
pub const EMPTY: &str = "empty.txt";

/// Writes a file for each kind. Devices that take lists take values alone, so evidence stands in
/// the CSV; what a line cannot carry is told.
pub fn write(set: &RuleSet) -> Exported {
    let mut losses = Vec::new();
    let kinds = values(set, &mut losses);
    let mut exported = Exported { losses, ..Exported::default() };
    let totals = set.totals();
    for (kind, values) in &kinds {
        exported.count(kind.as_str(), values.len());
        let text = head(&totals, Some(*kind)) + &lines(values);
        exported.files.push(file(&name(*kind), text));
    }
    if exported.files.is_empty() {
        exported.files.push(file(EMPTY, head(&totals, None)));
    }
    exported
}

/// The values of a set by their kind, in order; what a line cannot carry is told.
pub fn values<'s>(set: &'s RuleSet, losses: &mut Vec<Loss>) -> BTreeMap<Kind, Vec<&'s str>> {
    let mut kinds: BTreeMap<Kind, Vec<&str>> = BTreeMap::new();
    for indicator in &set.indicators {
        let value = indicator.entity.value.as_str();
        if value.is_empty()
            || value.chars().any(char::is_control)
            || value.trim() != value
            || value.starts_with('#')
        {
            losses.push(left_out(&indicator.entity, "it does not fit a line of its own"));
        } else {
            kinds.entry(indicator.entity.kind).or_default().push(value);
        }
    }
    kinds
}

/// Values as lines.
#[must_use]
pub fn lines(values: &[&str]) -> String {
    values.iter().flat_map(|value| [value, "\n"]).collect()
}

/// What stands before the values of a kind; of none: before nothing.
#[must_use]
pub fn head(totals: &Totals, kind: Option<Kind>) -> String {
    match kind {
        Some(kind) => totals.comments("#", &format!("list of {kind}")),
        None => totals.comments("#", "list of nothing"),
    }
}

/// The name of the file of a kind.
#[must_use]
pub fn name(kind: Kind) -> String {
    format!("{}.txt", kind.as_str().replace(':', "-"))
}

/// Reads a list back.
pub fn read_back(text: &str) -> Vec<&str> {
    text.lines().filter(|line| !line.is_empty() && !line.starts_with('#')).collect()
}
