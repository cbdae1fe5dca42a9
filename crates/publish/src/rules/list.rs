//! Plain lists: one value a line, a file for each kind.

use std::collections::BTreeMap;

use lapwing_model::Kind;

use super::{RuleSet, file, left_out};
use crate::export::Exported;

/// Writes a file for each kind. Devices that take lists take values alone, so evidence stands in
/// the CSV; what a line cannot carry is told.
pub fn write(set: &RuleSet) -> Exported {
    let mut losses = Vec::new();
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
    let mut exported = Exported { losses, ..Exported::default() };
    for (kind, values) in &kinds {
        exported.count(kind.as_str(), values.len());
        let mut text = set.comments("#", &format!("list of {kind}"));
        for value in values {
            text.push_str(value);
            text.push('\n');
        }
        exported.files.push(file(&format!("{}.txt", kind.as_str().replace(':', "-")), text));
    }
    if exported.files.is_empty() {
        exported.files.push(file("empty.txt", set.comments("#", "list of nothing")));
    }
    exported
}

/// Reads a list back.
pub fn read_back(text: &str) -> Vec<&str> {
    text.lines().filter(|line| !line.is_empty() && !line.starts_with('#')).collect()
}
