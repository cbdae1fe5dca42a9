//! The parts of a verdict that chains tell: what happened, by which clock, and where to look first.

use std::collections::BTreeSet;

use jiff::Timestamp;
use lapwing_model::{Finding, FindingKind, Place, Severity};

use crate::Activity;
use crate::activity::{Joined, clock_words};
use crate::record::shorten;
use crate::report::Report;

/// Chains that are told as reasons.
const TOLD: usize = 3;
/// Places that are named as those to look at first.
const FIRST: usize = 6;

/// The gravest chains, each in a sentence.
pub(crate) fn stories(activities: &[Activity]) -> Vec<String> {
    let mut order: Vec<&Activity> = by_weight(activities);
    order.retain(|activity| activity.severity >= Severity::Medium);
    let more = order.len().saturating_sub(TOLD);
    let mut told: Vec<String> = order.into_iter().take(TOLD).map(story).collect();
    if more > 0 {
        told.push(format!("And {more} more chains of findings that belong together."));
    }
    told
}

/// Gravest first; of equals the first in time.
fn by_weight(activities: &[Activity]) -> Vec<&Activity> {
    let mut order: Vec<&Activity> = activities.iter().collect();
    order.sort_by(|a, b| {
        let weight = |a: &Activity| (a.severity >= Severity::High, a.proof, a.severity);
        (weight(b), a.first.is_none(), a.first).cmp(&(weight(a), b.first.is_none(), b.first))
    });
    order
}

fn story(activity: &Activity) -> String {
    let list = |values: Vec<String>| {
        let more = values.len().saturating_sub(3);
        let shown = values.into_iter().take(3).collect::<Vec<_>>().join(", ");
        if more > 0 { format!("{shown} and {more} more") } else { shown }
    };
    let by: Vec<String> = activity.addresses.iter().map(ToString::to_string).collect();
    let by = if by.is_empty() { String::new() } else { format!(" by {}", list(by)) };
    let on: Vec<String> = activity.hosts.iter().cloned().collect();
    let on = if on.is_empty() { String::new() } else { format!(" on {}", list(on)) };
    let shown = |time: Timestamp| time.strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
    let when = match (activity.first.map(shown), activity.last.map(shown)) {
        (Some(first), Some(last)) if first != last => format!(", {first} to {last}"),
        (Some(first), _) => format!(", {first}"),
        _ => String::new(),
    };
    format!("In one chain{by}{on}{when}: {} ({})", activity.summary, activity.proof)
}

/// Clocks that differ: told by events that carry two times, or learnt from what two logs both saw.
pub(crate) fn clocks(report: &Report, joined: &Joined) -> Vec<String> {
    let two_times = report.skews.iter().map(|(skew, count)| {
        let (hours, minutes) = (skew.abs() / 3600, skew.abs() % 3600 / 60);
        let side = if *skew > 0 { "ahead of" } else { "behind" };
        format!(
            "Clocks: in {count} events the program's own time is {hours} h {minutes:02} min {side} the event log's; the event log's time is used for all."
        )
    });
    let learnt = joined
        .clocks
        .iter()
        .map(|(source, ahead)| format!("Clocks: {}.", clock_words(source, *ahead)));
    two_times.chain(learnt).collect()
}

/// A record in words, by the name of its file.
pub(crate) fn place_words(file: &str, place: Option<Place>) -> String {
    let short = file.rsplit(['/', '\\']).next().unwrap_or(file);
    match place {
        Some(Place::Line(n)) => format!("{short} line {n}"),
        Some(Place::Record(n)) => format!("{short} record {n}"),
        None => short.to_owned(),
    }
}

/// Where to look first: the most telling record of each chain and how it began, then single findings,
/// then what is rare.
pub(crate) fn in_which_order(findings: &[Finding], activities: &[Activity]) -> Option<String> {
    let mut places: Vec<String> = Vec::new();
    let mut seen = BTreeSet::new();
    let mut add = |file: &str, place: Option<Place>, what: &str| {
        if seen.insert((file.to_owned(), place)) && places.len() < FIRST {
            places.push(format!("{} ({})", place_words(file, place), shorten(what, 90)));
        }
    };
    let grave: Vec<&Activity> = by_weight(activities)
        .into_iter()
        .filter(|activity| activity.severity >= Severity::Medium)
        .take(2)
        .collect();
    for activity in &grave {
        let telling = &activity.telling;
        add(&telling.file, telling.place, &telling.finding);
        if let Some(first) = activity.steps.first() {
            add(&first.file, first.place, &format!("how it began: {}", first.title));
        }
    }
    let mut singles: Vec<&Finding> = findings
        .iter()
        .filter(|f| f.kind != FindingKind::Activity && f.severity >= Severity::Medium)
        .collect();
    singles.sort_by_key(|f| {
        std::cmp::Reverse((f.severity >= Severity::High, f.proof, f.severity, f.confidence))
    });
    let mut titles = BTreeSet::new();
    for finding in singles {
        if titles.insert(&finding.finding) {
            add(&finding.file, finding.place, &finding.finding);
        }
    }
    let rare = |f: &&Finding| f.rule.as_deref().is_some_and(|rule| rule.starts_with("rarity."));
    let mut rare: Vec<&Finding> = findings.iter().filter(rare).collect();
    rare.sort_by_key(|finding| std::cmp::Reverse(finding.severity));
    for finding in rare {
        add(&finding.file, finding.place, &format!("{}: {}", finding.finding, finding.matched));
    }
    (places.len() > 1).then(|| format!("Look in this order: {}.", places.join("; ")))
}
