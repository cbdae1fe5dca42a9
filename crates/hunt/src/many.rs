//! Records of which one says nothing and many in a short time do, as failed logons.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use lapwing_model::Finding;
use serde::Deserialize;

use crate::check::Check;
use crate::record::{Record, shorten};

/// Records kept of one log; beyond, they are left out.
pub(crate) const MOST: usize = 200_000;

/// How many records of a check make a finding.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct Many {
    /// Fields by which records are put together: one of them in this order that has a value.
    pub by: Vec<String>,
    /// Records that make a finding.
    pub at_least: usize,
    /// Within so many minutes.
    pub minutes: i64,
    /// Count the different values of this field instead of the records.
    pub different: Option<String>,
}

/// A record of such a check.
#[derive(Clone, Debug)]
pub(crate) struct Counted {
    /// What one of them would be told as.
    pub finding: Finding,
    by: String,
    value: Option<String>,
}

impl Counted {
    pub(crate) fn new(many: &Many, record: &Record<'_>, finding: Finding) -> Self {
        let get = |name: &String| record.get(name).map(|value| shorten(value, 200));
        Self {
            finding,
            by: many.by.iter().find_map(get).unwrap_or_default().to_lowercase(),
            value: many.different.as_ref().and_then(get),
        }
    }
}

/// The first burst of each check and group, as a finding at its first record.
pub(crate) fn bursts(checks: &[Check], counted: Vec<Counted>) -> Vec<Finding> {
    let mut groups: BTreeMap<(String, String), Vec<Counted>> = BTreeMap::new();
    for one in counted {
        let rule = one.finding.rule.clone().unwrap_or_default();
        groups.entry((rule, one.by.clone())).or_default().push(one);
    }
    let mut found = Vec::new();
    for ((rule, by), mut list) in groups {
        let many = checks.iter().find(|check| check.id == rule).and_then(|c| c.many.as_ref());
        let Some(many) = many else { continue };
        list.sort_by(|a, b| {
            let key = |c: &Counted| (c.finding.time, c.finding.place, c.finding.offset);
            key(a).cmp(&key(b)).then_with(|| a.finding.file.cmp(&b.finding.file))
        });
        found.extend(burst(many, &by, &list));
    }
    found
}

fn burst(many: &Many, by: &str, list: &[Counted]) -> Option<Finding> {
    let apart = |a: Option<Timestamp>, b: Option<Timestamp>| match (a, b) {
        (Some(a), Some(b)) => b.as_second() - a.as_second(),
        _ => 0,
    };
    let mut from = 0;
    for to in 0..list.len() {
        while apart(list[from].finding.time, list[to].finding.time) > many.minutes * 60 {
            from += 1;
        }
        let window = &list[from..=to];
        let count = match many.different {
            Some(_) => {
                window.iter().filter_map(|c| c.value.as_ref()).collect::<BTreeSet<_>>().len()
            }
            None => window.len(),
        };
        if count >= many.at_least {
            let mut finding = window[0].finding.clone();
            let what = if many.different.is_some() { "different values" } else { "records" };
            let of = if by.is_empty() { String::new() } else { format!(" of {by}") };
            finding.why = format!(
                "{count} {what}{of} within {} minutes, {} records in all; {}",
                many.minutes,
                list.len(),
                finding.why
            );
            if !by.is_empty() {
                by.clone_into(&mut finding.matched);
            }
            return Some(finding);
        }
    }
    None
}
