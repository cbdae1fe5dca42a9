//! Records of which one says nothing and many in a short time do, as failed logons.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use lapwing_model::Finding;
use serde::Deserialize;

use crate::record::{Record, shorten};

/// Records that are kept; of more, those behind the first burst of their group are only counted.
pub(crate) const MOST: usize = 40_000;

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
    /// What its check asks for.
    asked: Asked,
    /// Further records of the same group that it stands for.
    more: u64,
}

/// How many within how many seconds, and whether values are counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Asked {
    at_least: usize,
    seconds: i64,
    different: bool,
}

impl Counted {
    pub(crate) fn new(many: &Many, record: &Record<'_>, finding: Finding) -> Self {
        let get = |name: &String| record.get(name).map(|value| shorten(value, 200));
        let asked = Asked {
            at_least: many.at_least,
            seconds: many.minutes * 60,
            different: many.different.is_some(),
        };
        Self {
            finding,
            by: many.by.iter().find_map(get).unwrap_or_default().to_lowercase(),
            value: many.different.as_ref().and_then(get),
            asked,
            more: 0,
        }
    }
}

/// The first burst of each check and group, as a finding at its first record.
pub(crate) fn bursts(counted: Vec<Counted>) -> Vec<Finding> {
    groups(counted).values().filter_map(|list| burst(list)).collect()
}

/// The records of each check and group, in order of time.
fn groups(counted: Vec<Counted>) -> BTreeMap<(String, String), Vec<Counted>> {
    let mut groups: BTreeMap<(String, String), Vec<Counted>> = BTreeMap::new();
    for one in counted {
        let rule = one.finding.rule.clone().unwrap_or_default();
        groups.entry((rule, one.by.clone())).or_default().push(one);
    }
    for list in groups.values_mut() {
        list.sort_by(|a, b| {
            let key = |c: &Counted| (c.finding.time, c.finding.place, c.finding.offset);
            key(a).cmp(&key(b)).then_with(|| a.finding.file.cmp(&b.finding.file))
        });
    }
    groups
}

/// Leaves out the records behind the first burst of each group, which the last of those before it stands for; gives how
/// many had to be left out besides, because there still were more than are kept.
pub(crate) fn thin(counted: &mut Vec<Counted>) -> u64 {
    if counted.len() <= MOST {
        return 0;
    }
    let mut kept: Vec<Counted> = Vec::new();
    for mut list in groups(std::mem::take(counted)).into_values() {
        if let Some((_, to, _)) = window(&list) {
            let behind: u64 = list.drain(to + 1..).map(|one| 1 + one.more).sum();
            if let Some(last) = list.last_mut() {
                last.more += behind;
            }
        }
        kept.append(&mut list);
    }
    // Room for others, so that not each further record asks for this again.
    let most = MOST / 4 * 3;
    let left: u64 = kept.iter().skip(most).map(|one| 1 + one.more).sum();
    kept.truncate(most);
    *counted = kept;
    left
}

/// The first and last record of the first burst, and how much was counted in it.
fn window(list: &[Counted]) -> Option<(usize, usize, usize)> {
    let apart = |a: Option<Timestamp>, b: Option<Timestamp>| match (a, b) {
        (Some(a), Some(b)) => b.as_second() - a.as_second(),
        _ => 0,
    };
    let asked = list.first()?.asked;
    let mut from = 0;
    for to in 0..list.len() {
        while apart(list[from].finding.time, list[to].finding.time) > asked.seconds {
            from += 1;
        }
        let window = &list[from..=to];
        let count = if asked.different {
            window.iter().filter_map(|c| c.value.as_ref()).collect::<BTreeSet<_>>().len()
        } else {
            window.len()
        };
        if count >= asked.at_least {
            return Some((from, to, count));
        }
    }
    None
}

fn burst(list: &[Counted]) -> Option<Finding> {
    let (from, _, count) = window(list)?;
    let first = &list[from];
    let (asked, by) = (first.asked, &first.by);
    let mut finding = first.finding.clone();
    let what = if asked.different { "different values" } else { "records" };
    let of = if by.is_empty() { String::new() } else { format!(" of {by}") };
    let all: u64 = list.iter().map(|one| 1 + one.more).sum();
    finding.why = format!(
        "{count} {what}{of} within {} minutes, {all} records in all; {}",
        asked.seconds / 60,
        finding.why
    );
    if !by.is_empty() {
        by.clone_into(&mut finding.matched);
    }
    Some(finding)
}

#[cfg(test)]
mod tests {
    use lapwing_model::{Confidence, FindingKind, Place, Proof, Severity};

    use super::*;

    fn counted(by: &str, second: i64) -> Counted {
        let finding = Finding {
            finding: "Failed logon".into(),
            rule: Some("x.logon".into()),
            file: "a.log".into(),
            place: Some(Place::Line(second.unsigned_abs())),
            offset: second.unsigned_abs(),
            time: Timestamp::from_second(second).ok(),
            matched: "x".into(),
            kind: FindingKind::Check,
            technique: None,
            severity: Severity::Medium,
            confidence: Confidence::percent(80),
            proof: Proof::Attempt,
            why: "failed".into(),
            evidence: String::new(),
        };
        let asked = Asked { at_least: 10, seconds: 600, different: false };
        Counted { finding, by: by.to_owned(), value: None, asked, more: 0 }
    }

    #[test]
    fn what_stands_behind_a_burst_is_only_counted() {
        let mut list: Vec<Counted> = (0..=MOST as i64).map(|n| counted("a", n)).collect();
        list.extend((0..20).map(|n| counted("b", n * 3_600)));
        let whole = bursts(list.clone());
        assert_eq!(thin(&mut list), 0);
        assert_eq!(list.len(), 30);
        assert_eq!(bursts(list), whole);
        let [burst] = &whole[..] else { panic!("{whole:?}") };
        let wanted =
            format!("10 records of a within 10 minutes, {} records in all; failed", MOST + 1);
        assert_eq!(burst.why, wanted);
    }

    #[test]
    fn what_makes_no_burst_is_bounded_too() {
        let lone = |n: usize| counted(&format!("host{n:06}"), n as i64);
        let mut list: Vec<Counted> = (0..=MOST).map(lone).collect();
        assert_eq!(thin(&mut list), (MOST + 1 - MOST / 4 * 3) as u64);
        assert_eq!((list.len(), thin(&mut list)), (MOST / 4 * 3, 0));
    }
}
