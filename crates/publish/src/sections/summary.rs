use std::collections::BTreeMap;

use lapwing_model::{Kind, PartialDate, Status};
use serde::Serialize;

use super::{TechniqueBasis, VictimState};
use crate::layout::{Block, Section};
use crate::safe::{Safe, clean_name};
use crate::{Page, words};

/// How many of everything a page holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Counts {
    /// Documents.
    pub documents: usize,
    /// Origins behind them.
    pub origins: usize,
    /// Actors, the subject itself left out.
    pub actors: usize,
    /// Clusters, the subject itself left out.
    pub clusters: usize,
    /// Indicators.
    pub indicators: usize,
    /// Indicators that may still be used to detect alone (active or ageing).
    pub live_indicators: usize,
    /// Vulnerabilities.
    pub vulnerabilities: usize,
    /// Techniques that a source observed or judged to be used.
    pub techniques: usize,
    /// Techniques that are only predicted.
    pub predicted_techniques: usize,
    /// Values and rows that are declared and not shown, where a number is given.
    pub missing: u64,
}

pub(crate) fn count(page: &Page) -> Counts {
    let other = |kind| {
        page.actors
            .iter()
            .filter(|a| a.actor.kind == kind && a.actor.entity() != page.subject)
            .count()
    };
    let live = |s: Status| matches!(s, Status::Active | Status::Ageing);
    let by = |predicted: bool| {
        page.techniques
            .iter()
            .filter(|t| (t.basis == TechniqueBasis::Predicted) == predicted)
            .count()
    };
    Counts {
        documents: page.origins.iter().map(|o| o.members.len()).sum(),
        origins: page.origins.len(),
        actors: other(Kind::ThreatActor),
        clusters: other(Kind::Cluster),
        indicators: page.indicators.len(),
        live_indicators: page.indicators.iter().filter(|i| live(i.status)).count(),
        vulnerabilities: page.vulnerabilities.len(),
        techniques: by(false),
        predicted_techniques: by(true),
        missing: page.gaps.iter().filter_map(|g| g.gap.count).fold(0, u64::saturating_add),
    }
}

/// The numbers at the head of a page.
pub(crate) fn figures(page: &Page) -> Vec<(usize, &'static str)> {
    let c = &page.counts;
    let pick =
        |n: usize, one: &'static str, many: &'static str| (n, if n == 1 { one } else { many });
    let missing = usize::try_from(c.missing).unwrap_or(usize::MAX);
    vec![
        pick(c.documents, "document", "documents"),
        pick(c.origins, "origin", "origins"),
        pick(c.actors, "actor", "actors"),
        pick(c.clusters, "cluster", "clusters"),
        pick(c.indicators, "indicator", "indicators"),
        pick(c.techniques, "technique", "techniques"),
        pick(missing, "known missing", "known missing"),
    ]
}

/// Two to four sentences, each from facts only.
pub(crate) fn write(page: &Page) -> Vec<String> {
    let about = about(page);
    let what = if about.is_some() { None } else { what(page) };
    let sentences = [Some(known(page)), about, who(page), what, when(page)];
    sentences.into_iter().flatten().collect()
}

/// From what the picture is known.
fn known(page: &Page) -> String {
    let c = &page.counts;
    let name = &page.name;
    if c.documents == 0 {
        return format!("No document in the store tells of {name}.");
    }
    let documents = words::counted(c.documents, "document");
    let back = match (c.documents, c.origins) {
        (1, _) => String::new(),
        (_, 1) => ", which all go back to one origin".to_owned(),
        (d, o) if d == o => ", each an origin of its own".to_owned(),
        (_, o) => format!(", which go back to {o} origins"),
    };
    let dates: Vec<PartialDate> =
        page.origins.iter().flat_map(|o| o.members.iter().filter_map(|m| m.published)).collect();
    let first = dates.iter().min_by_key(|d| d.first_day());
    let last = dates.iter().max_by_key(|d| d.last_day());
    let span = match (first, last) {
        (Some(a), Some(b)) if a != b => format!(", published from {a} to {b}"),
        (Some(a), _) => format!(", published {a}"),
        _ => String::new(),
    };
    let tell = if c.documents == 1 { "tells" } else { "tell" };
    format!("{documents}{span}{back} {tell} of {name}.")
        .replacen(", each an origin of its own tell", ", each an origin of its own, tell", 1)
        .replacen("one origin tell", "one origin, tell", 1)
        .replacen("origins tell", "origins, tell", 1)
}

/// What a single value, vulnerability or technique is in the picture.
fn about(page: &Page) -> Option<String> {
    let subject = &page.subject;
    if let Some(row) = page.indicators.iter().find(|r| r.indicator.entity() == *subject) {
        let known = row.last_known.map_or(String::new(), |d| format!(", last known {d}"));
        let to = words::join(&super::names(&row.indicates), 4);
        let to = if to.is_empty() { to } else { format!("; it points to {to}") };
        return Some(format!(
            "It is {} an indicator ({}{known}){to}.",
            row.evidence.likelihood_phrase(),
            row.status.as_str()
        ));
    }
    if let Some(row) = page.vulnerabilities.iter().find(|r| r.vulnerability.entity() == *subject) {
        let by = words::join(&super::names(&row.exploited_by), 4);
        let predicted = if row.only_predicted { ", which is only predicted" } else { "" };
        return (!by.is_empty()).then(|| format!("It is said to be exploited by {by}{predicted}."));
    }
    let row = page.techniques.iter().find(|r| r.technique.entity() == *subject)?;
    let by = words::join(&super::names(&row.used_by), 4);
    Some(match row.basis {
        TechniqueBasis::Observed => format!("Its use by {by} was observed."),
        TechniqueBasis::Assessed => format!("Its use by {by} is an analyst's judgement."),
        TechniqueBasis::Predicted => "Its use is only predicted, not observed.".to_owned(),
        TechniqueBasis::Named => "It is named; nobody says who uses it.".to_owned(),
    })
}

/// Who is behind it, and whether they are shown to be the same.
fn who(page: &Page) -> Option<String> {
    let of = |kind| -> Vec<String> {
        let rows =
            page.actors.iter().filter(|a| a.actor.kind == kind && a.actor.entity() != page.subject);
        rows.map(|a| a.actor.name.clone()).collect()
    };
    let (actors, clusters) = (of(Kind::ThreatActor), of(Kind::Cluster));
    let mut parts = Vec::new();
    if !actors.is_empty() {
        let n = words::counted(actors.len(), "actor");
        parts.push(format!("{n} ({})", words::join(&actors, 5)));
    }
    if !clusters.is_empty() {
        let n = words::count(clusters.len(), "unattributed cluster", "unattributed clusters");
        parts.push(format!("{n} ({})", words::join(&clusters, 5)));
    }
    if parts.is_empty() {
        return None;
    }
    let apart = match page.distinct.as_slice() {
        [] => String::new(),
        [one] => {
            let (a, b) = (clean_name(&one.a.value), clean_name(&one.b.value));
            format!("; {a} and {b} are not shown to be the same")
        }
        _ => "; they are not shown to be the same".to_owned(),
    };
    Some(format!("The sources name {}{apart}.", parts.join(" and ")))
}

/// What can be used, and what is known to be missing.
fn what(page: &Page) -> Option<String> {
    let c = &page.counts;
    if c.indicators == 0 && c.missing == 0 {
        return None;
    }
    let mut kinds: BTreeMap<Kind, usize> = BTreeMap::new();
    for row in &page.indicators {
        *kinds.entry(row.indicator.kind).or_default() += 1;
    }
    let kinds: Vec<String> = kinds
        .into_iter()
        .map(|(kind, n)| {
            let (one, many) = words::kind_words(kind);
            words::count(n, one, many)
        })
        .collect();
    let mut text = words::counted(c.indicators, "indicator");
    if !kinds.is_empty() {
        text.push_str(&format!(" ({})", words::join(&kinds, 4)));
    }
    text.push_str(if c.indicators == 1 { " is known" } else { " are known" });
    if c.indicators > 0 {
        text.push_str(&match c.live_indicators {
            0 => ", none fresh enough to alert on alone".to_owned(),
            n if n == c.indicators => ", fresh enough to use".to_owned(),
            n => format!(", {n} fresh enough to use"),
        });
    }
    if c.missing > 0 {
        text.push_str(&match c.missing {
            1 => "; 1 further value or row is declared or redacted and not shown".to_owned(),
            n => format!("; {n} further values or rows are declared or redacted and not shown"),
        });
    }
    Some(format!("{text}."))
}

/// When it began, what was hit, when the fix came.
fn when(page: &Page) -> Option<String> {
    let mut parts = Vec::new();
    let first = page.timeline.iter().find(|m| m.what == "first-seen");
    parts.extend(first.map(|m| format!("the earliest dated sighting is of {}", m.date)));
    let fixed = page.timeline.iter().find(|m| m.what == "fixed-on");
    parts.extend(fixed.map(|m| format!("a fix has been out since {}", m.date)));
    let hit: Vec<String> = page
        .victims
        .iter()
        .filter(|v| v.state == VictimState::Hit && v.victim.kind != Kind::Location)
        .map(|v| v.victim.name.clone())
        .collect();
    if !hit.is_empty() {
        parts.push(format!("said to be hit: {}", words::join(&hit, 5)));
    }
    if parts.is_empty() {
        return None;
    }
    let text = parts.join("; ");
    let mut chars = text.chars();
    let head = chars.next().map(|c| c.to_uppercase().to_string()).unwrap_or_default();
    Some(format!("{head}{}.", chars.as_str()))
}

pub(crate) fn section(page: &Page, safe: &Safe) -> Option<Section> {
    let text = page.summary.join(" ");
    let body = vec![Block::Prose(safe.prose(&text))];
    (!page.summary.is_empty()).then(|| Section::new("summary", "Summary", body))
}
