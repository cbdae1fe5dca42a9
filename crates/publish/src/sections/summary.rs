use std::collections::{BTreeMap, BTreeSet};

use lapwing_model::{Entity, Kind, PartialDate, Relation, Status};
use serde::Serialize;

use super::{ActorRow, Judgement, TechniqueBasis, VictimState};
use crate::evidence::Evidence;
use crate::layout::{Block, Item, Section, Tone};
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

/// What the page says, from facts only; each entry is a sentence or two on one matter.
pub(crate) fn write(page: &Page) -> Vec<String> {
    let about = about(page);
    let what = if about.is_some() { None } else { what(page) };
    let all = [Some(known(page)), about, who(page), told(page), what, missing(page)];
    all.into_iter().flatten().collect()
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
        (1, _) => " tells".to_owned(),
        (_, 1) => ", which all go back to one origin, tell".to_owned(),
        (d, o) if d == o => ", each an origin of its own, tell".to_owned(),
        (_, o) => format!(", which go back to {o} origins, tell"),
    };
    let dates: Vec<PartialDate> =
        page.origins.iter().flat_map(|o| o.members.iter().filter_map(|m| m.published)).collect();
    let undated = c.documents.saturating_sub(dates.len());
    let first = dates.iter().min_by_key(|d| d.first_day());
    let last = dates.iter().max_by_key(|d| d.last_day());
    let span = match (first, last) {
        (Some(a), Some(b)) if a != b => format!("published from {a} to {b}"),
        (Some(a), _) => format!("published {a}"),
        _ => String::new(),
    };
    let span = match (span.is_empty(), undated) {
        (true, _) => " (without a date)".to_owned(),
        (false, 0) => format!(" ({span})"),
        (false, n) => format!(" ({span}; {n} without a date)"),
    };
    format!("{documents}{back} of {name}{span}.")
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
        let by = words::join(&super::doers(&row.exploited_by), 4);
        let predicted = if row.only_predicted { ", which is only predicted" } else { "" };
        return (!by.is_empty()).then(|| format!("It is said to be exploited by {by}{predicted}."));
    }
    let row = page.techniques.iter().find(|r| r.technique.entity() == *subject)?;
    let by = words::join(&super::doers(&row.used_by), 4);
    Some(match row.basis {
        TechniqueBasis::Observed => format!("Its use by {by} was observed."),
        TechniqueBasis::Assessed => format!("Its use by {by} is an analyst's judgement."),
        TechniqueBasis::Predicted => "Its use is only predicted, not observed.".to_owned(),
        TechniqueBasis::Named => "It is named; nobody says who uses it.".to_owned(),
    })
}

/// Most attributions that the summary tells.
const MOST_ATTRIBUTIONS: usize = 3;

/// Who says that who is behind it, and whether they are shown to be the same.
fn who(page: &Page) -> Option<String> {
    let mut parts: Vec<String> = Vec::new();
    let mut told: BTreeSet<Entity> = BTreeSet::from([page.subject.clone()]);
    let attributed = page
        .judgements
        .iter()
        .filter(|j| j.relation == Relation::AttributedTo && !j.evidence.only_predicted());
    for judgement in attributed.clone().take(MOST_ATTRIBUTIONS) {
        let plain = judgement.sentence.trim_end_matches('.');
        let by = words::join(&judgement.evidence.said_by, 3);
        let by = if by.is_empty() { by } else { format!(" by {by}") };
        parts.push(format!("{plain}{by}{}.", how_sure(&judgement.evidence)));
    }
    for judgement in attributed {
        told.extend(judgement.subjects.iter().cloned());
        told.extend(judgement.objects.iter().filter_map(|o| o.entity().cloned()));
    }
    let behind = |j: &&Judgement| {
        matches!(j.relation, Relation::SponsoredBy | Relation::OriginatesFrom)
            && !j.evidence.only_predicted()
    };
    parts.extend(page.judgements.iter().find(behind).map(|judgement| {
        let by = words::join(&judgement.evidence.said_by, 3);
        let by = if by.is_empty() { "a source".to_owned() } else { by };
        let plain = judgement.sentence.trim_end_matches('.');
        format!("{plain}, as {by} {}.", words::say(&judgement.evidence))
    }));
    let rest = |kind| -> Vec<&ActorRow> {
        let open = |a: &&ActorRow| a.actor.kind == kind && !told.contains(&a.actor.entity());
        page.actors.iter().filter(open).collect()
    };
    let names = |rows: &[&ActorRow]| -> Vec<String> {
        rows.iter().map(|row| row.actor.name.clone()).collect()
    };
    let actors = rest(Kind::ThreatActor);
    if !actors.is_empty() {
        let by = sayers(actors.iter().map(|row| row.evidence.said_by.as_slice()));
        let also = if parts.is_empty() { "Named" } else { "Also named" };
        parts.push(format!("{also}{by}: {}.", words::join(&names(&actors), 5)));
    }
    let clusters = rest(Kind::Cluster);
    if !clusters.is_empty() {
        let n = words::count(clusters.len(), "unattributed cluster", "unattributed clusters");
        let trackers: Vec<Vec<String>> =
            clusters.iter().map(|row| super::names(&row.tracked_by)).collect();
        let by = sayers(trackers.iter().map(Vec::as_slice));
        let tracked = if by.is_empty() { "named" } else { "tracked" };
        let list = words::join(&names(&clusters), 5);
        let (is, _) = words::is_are(clusters.len());
        parts.push(format!("{n} {is} {tracked}{by}: {list}."));
    }
    if let Some(apart) = apart(page) {
        parts.push(apart);
    }
    (!parts.is_empty()).then(|| parts.join(" "))
}

/// ` by A and B`, or nothing where nobody is named.
fn sayers<'s>(lists: impl Iterator<Item = &'s [String]>) -> String {
    let all: BTreeSet<String> = lists.flatten().cloned().collect();
    let all: Vec<String> = all.into_iter().collect();
    if all.is_empty() { String::new() } else { format!(" by {}", words::join(&all, 3)) }
}

/// The source's own word, and its reserve.
fn how_sure(evidence: &Evidence) -> String {
    let reserve = if evidence.hedged { ", with reserve" } else { "" };
    if evidence.stated.is_empty() {
        return reserve.to_owned();
    }
    format!("{reserve} (“{}”)", words::join(&evidence.stated, 2))
}

fn apart(page: &Page) -> Option<String> {
    let ends: BTreeSet<&Entity> = page.distinct.iter().flat_map(|d| [&d.a, &d.b]).collect();
    let every = page.distinct.len() == ends.len() * ends.len().saturating_sub(1) / 2;
    let named = page.actors.iter().all(|row| ends.contains(&row.actor.entity()));
    match page.distinct.as_slice() {
        [] => None,
        [one] => {
            let (a, b) = (clean_name(&one.a.value), clean_name(&one.b.value));
            Some(format!("{a} and {b} are not shown to be the same."))
        }
        _ if every && named => Some("No two of them are shown to be the same.".to_owned()),
        _ => Some("Not all of them are shown to be the same.".to_owned()),
    }
}

/// What can be used to detect.
fn what(page: &Page) -> Option<String> {
    let c = &page.counts;
    if c.indicators == 0 {
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
    let (are, _) = words::is_are(c.indicators);
    let fresh = match c.live_indicators {
        0 => "none fresh enough to alert on alone".to_owned(),
        1 if c.indicators == 1 => "fresh enough to use".to_owned(),
        n if n == c.indicators => "all fresh enough to use".to_owned(),
        n => format!("{n} fresh enough to use"),
    };
    let indicators = words::counted(c.indicators, "indicator");
    Some(format!("{indicators} {are} known ({}), {fresh}.", words::join(&kinds, 4)))
}

/// What is known to be missing.
fn missing(page: &Page) -> Option<String> {
    let mut parts = Vec::new();
    match page.counts.missing {
        0 if page.gaps.is_empty() => {}
        0 => parts.push("rows that are declared without a number and not shown".to_owned()),
        1 => parts.push("1 value or row (declared or redacted, not shown)".to_owned()),
        n => parts.push(format!("{n} values or rows (declared or redacted, not shown)")),
    }
    let unseen = page.origins.iter().filter(|o| !o.root_seen).count();
    match (unseen, page.origins.len()) {
        (0, _) => {}
        (1, 1) => parts.push("the original, of which the store has only a derived text".to_owned()),
        (1, all) => parts.push(format!("the original of 1 of the {all} origins")),
        (n, all) => parts.push(format!("the originals of {n} of the {all} origins")),
    }
    (!parts.is_empty()).then(|| format!("Known to be missing: {}.", words::join(&parts, 2)))
}

/// What was hit, when it began, when the fix came.
fn told(page: &Page) -> Option<String> {
    let mut parts = Vec::new();
    let hit: Vec<String> = page
        .victims
        .iter()
        .filter(|v| v.state == VictimState::Hit && v.victim.kind != Kind::Location)
        .filter(|v| v.victim.entity() != page.subject)
        .map(|v| v.victim.name.clone())
        .collect();
    if !hit.is_empty() {
        parts.push(format!("Said to be hit: {}.", words::join(&hit, 6)));
    }
    if let Some(day) = first_seen(page) {
        parts.push(format!("The earliest dated sighting is of {day}."));
    }
    if let Some(day) = fixed_on(page) {
        parts.push(format!("A fix has been out since {day}."));
    }
    (!parts.is_empty()).then(|| parts.join(" "))
}

fn first_seen(page: &Page) -> Option<PartialDate> {
    page.timeline.iter().find(|m| m.what == "first-seen").map(|m| m.date)
}

fn fixed_on(page: &Page) -> Option<PartialDate> {
    page.timeline.iter().find(|m| m.what == "fixed-on").map(|m| m.date)
}

/// What a defender should do with the page.
pub(crate) fn advise(page: &Page) -> Vec<String> {
    let c = &page.counts;
    let mut advice = Vec::new();
    let (seen, fixed) = (first_seen(page), fixed_on(page));
    if let Some(day) = fixed {
        let exposed = if seen.is_some_and(|s| s.first_day() < day.first_day()) {
            "It was abused before that: a server that was exposed may have been entered before \
             it was patched."
        } else {
            "A patch does not drive out who is already in."
        };
        advice.push(format!("Patch: a fix has been out since {day}. {exposed}"));
    }
    let own = page.indicators.iter().find(|row| row.indicator.entity() == page.subject);
    let since = seen.map_or(String::new(), |day| format!(", back to {day} at least,"));
    match own {
        Some(row) if matches!(row.status, Status::Benign | Status::Revoked) => {
            advice.push(format!("Do not alert on it: it is {}.", row.status.as_str()));
        }
        Some(row) if !row.evidence.notes.is_empty() => advice.push(
            "Hunt: `lapwing hunt PATH` looks for it. A hit alone proves little: see the notes."
                .to_owned(),
        ),
        Some(_) => {
            advice.push("Hunt: `lapwing hunt PATH` looks for it in logs and files.".to_owned());
        }
        None if c.indicators > 0 => {
            let (_, these) = words::is_are(c.indicators);
            advice.push(format!(
                "Hunt: `lapwing hunt PATH` looks in logs and files{since} for {these} {} and for \
                 traces of known campaigns, and gives a verdict with next steps.",
                words::counted(c.indicators, "indicator")
            ));
        }
        None if c.vulnerabilities > 0 => advice.push(format!(
            "Hunt: `lapwing hunt PATH` looks in logs and files{since} for traces of known campaigns."
        )),
        None => {}
    }
    if c.missing > 0 && !advice.is_empty() {
        advice.push(
            "A hunt that finds nothing is no proof: some of what the sources declare is not shown."
                .to_owned(),
        );
    }
    advice
}

pub(crate) fn section(page: &Page, safe: &Safe) -> Option<Section> {
    let mut body: Vec<Block> =
        page.summary.iter().map(|text| Block::Prose(safe.prose(text))).collect();
    let advice: Vec<Item> = page
        .advice
        .iter()
        .map(|text| Item { tone: Tone::Good, ..Item::new(safe.prose(text)) })
        .collect();
    if !advice.is_empty() {
        body.push(Block::Items(advice));
    }
    (!body.is_empty()).then(|| Section::new("summary", "Summary", body))
}
