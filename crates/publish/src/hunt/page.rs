//! The report as a page: the answer, what it rests on, what to do, and the evidence.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use jiff::Timestamp;
use lapwing_model::{Finding, FindingKind, Severity, VerdictKind};

use super::group::{Group, place};
use super::{HuntReport, observable, shown};
use crate::layout::{Block, Cell, Item, Layout, Quoted, Row, Section, Table, Tone};
use crate::safe::Safe;

/// Lines of the timeline; the CSV has all.
const TIMELINE: usize = 400;
/// Records shown of one title, and places named.
const RECORDS: usize = 8;
const PLACES: usize = 12;

pub(super) fn layout(report: &HuntReport<'_>) -> Layout {
    let listed: Vec<_> = report.findings.iter().filter_map(observable::listed).collect();
    let safe = Safe::new(listed.iter());
    let mut sections = vec![verdict(report, &safe)];
    sections.extend(next_steps(report, &safe));
    sections.extend(chains(report, &safe));
    sections.extend(timeline(report, &safe));
    for (kind, id, title) in [
        (FindingKind::Check, "checks", "Findings of campaign checks"),
        (FindingKind::Indicator, "indicators", "Listed values"),
        (FindingKind::Yara, "yara", "Findings of YARA rules"),
        (FindingKind::Sigma, "sigma", "Findings of Sigma rules"),
    ] {
        sections.extend(findings(report, kind, id, title, &safe));
    }
    sections.push(looked_at(report));
    sections.extend(not_looked_at(report, &safe));
    sections.extend(problems(report, &safe));
    let records = report.verdict.looked_at.iter().map(|c| c.records).sum::<u64>();
    Layout {
        title: format!("Were we hit? {}", report.answer()),
        kind: "Report of a hunt",
        marking: "no marking: it holds records of your own systems".to_owned(),
        dated: format!("hunted on {}", report.hunted.strftime("%Y-%m-%d")),
        figures: vec![
            (report.findings.len(), "findings"),
            (report.findings.iter().filter(|f| f.severity >= Severity::High).count(), "high or critical"),
            (report.verdict.looked_at.len(), "kinds of sources"),
            (usize::try_from(records).unwrap_or(usize::MAX), "records"),
        ],
        sections,
        footer: "Times are UTC. Addresses and listed values are defanged; the raw records are in the JSON and CSV forms \
                 of the same hunt. A verdict speaks of what was looked at only."
            .to_owned(),
    }
}

fn verdict(report: &HuntReport<'_>, safe: &Safe) -> Section {
    let answer = match report.verdict.verdict {
        VerdictKind::Compromised => "The evidence below shows that the attackers got in.",
        VerdictKind::Attempted => {
            "The evidence below shows attempts. None of it shows that one worked."
        }
        VerdictKind::NothingFound => {
            "Nothing below shows an attempt. That says nothing of what was not looked at."
        }
    };
    let tone = match report.verdict.verdict {
        VerdictKind::Compromised => Tone::Bad,
        VerdictKind::Attempted => Tone::Warn,
        VerdictKind::NothingFound => Tone::Good,
    };
    let reasons = report.verdict.reasons.iter();
    let reasons = reasons.map(|reason| Item { tone, ..Item::new(safe.prose(reason)) }).collect();
    Section::new(
        "verdict",
        "The verdict and what it rests on",
        vec![Block::Prose(format!("{}. {answer}", report.answer())), Block::Items(reasons)],
    )
}

fn next_steps(report: &HuntReport<'_>, safe: &Safe) -> Option<Section> {
    let steps: Vec<Item> = (1..)
        .zip(&report.verdict.next_steps)
        .map(|(number, step): (u32, _)| Item {
            lead: Some(number.to_string()),
            ..Item::new(safe.prose(step))
        })
        .collect();
    (!steps.is_empty()).then(|| Section::new("next", "What to do now", vec![Block::Items(steps)]))
}

/// Chains of events, each with its steps.
fn chains(report: &HuntReport<'_>, safe: &Safe) -> Option<Section> {
    let of_kind = |f: &&Finding| f.kind == FindingKind::Activity;
    let items: Vec<Item> = report
        .findings
        .iter()
        .filter(of_kind)
        .map(|finding| Item {
            lead: Some(finding.severity.to_string()),
            tone: tone(finding.severity),
            // Each step is a line of the evidence.
            below: finding
                .why
                .split("; ")
                .chain(finding.evidence.lines())
                .map(|step| safe.prose(step))
                .chain([safe.prose(&format!("most telling record: {}", place(finding)))])
                .collect(),
            ..Item::new(safe.prose(&title(finding, 1)))
        })
        .collect();
    (!items.is_empty())
        .then(|| Section::new("chains", "What belongs together", vec![Block::Items(items)]))
}

/// What happened in order: of each title its first time on each day, and how often.
fn timeline(report: &HuntReport<'_>, safe: &Safe) -> Option<Section> {
    let mut rows: Vec<(Timestamp, &Finding, usize, Timestamp)> = Vec::new();
    let mut index: BTreeMap<(String, &str, Severity), usize> = BTreeMap::new();
    for finding in report.findings.iter().filter(|f| f.severity > Severity::Informational) {
        let Some(time) = finding.time else { continue };
        let day = time.strftime("%Y-%m-%d").to_string();
        let known = index
            .get(&(day.clone(), &finding.finding, finding.severity))
            .and_then(|at| rows.get_mut(*at));
        if let Some((.., count, last)) = known {
            *count += 1;
            *last = time.max(*last);
        } else {
            index.insert((day, &finding.finding, finding.severity), rows.len());
            rows.push((time, finding, 1, time));
        }
    }
    if rows.is_empty() {
        return None;
    }
    let count = rows.len();
    if count > TIMELINE {
        rows.sort_by_key(|(_, finding, ..)| std::cmp::Reverse((finding.severity, finding.proof)));
        rows.truncate(TIMELINE);
    }
    rows.sort_by(|a, b| {
        (a.0, &a.1.file, a.1.offset, &a.1.finding).cmp(&(b.0, &b.1.file, b.1.offset, &b.1.finding))
    });
    let items = rows
        .into_iter()
        .map(|(time, finding, count, last)| {
            let often = if count > 1 {
                format!(", {count} times until {}", last.strftime("%H:%M:%S"))
            } else {
                String::new()
            };
            let technique =
                finding.technique.as_ref().map(|t| format!(" · {t}")).unwrap_or_default();
            Item {
                lead: Some(shown(time)),
                tone: if finding.severity >= Severity::High { Tone::Plain } else { Tone::Quiet },
                // The steps of a chain stand in the timeline themselves.
                quotes: Some(quote(finding, safe))
                    .filter(|_| finding.kind != FindingKind::Activity)
                    .into_iter()
                    .collect(),
                ..Item::new(safe.prose(&format!(
                    "{} · {}{often}{technique}",
                    finding.severity, finding.finding
                )))
            }
        })
        .collect();
    let mut body = vec![Block::Timeline(items)];
    if count > TIMELINE {
        body.push(Block::Remark(format!(
            "{} more entries of lower severity are in the CSV timeline.",
            count - TIMELINE
        )));
    }
    Some(Section::new("timeline", "Timeline (UTC)", body))
}

fn findings(
    report: &HuntReport<'_>,
    kind: FindingKind,
    id: &'static str,
    heading: &'static str,
    safe: &Safe,
) -> Option<Section> {
    let groups = Group::of(report.findings.iter().filter(|f| f.kind == kind));
    if groups.is_empty() {
        return None;
    }
    let items = groups
        .iter()
        .map(|group| {
            let worst = group.worst;
            let mut below = vec![safe.prose(&worst.why)];
            let mut about = format!("confidence {}%", worst.confidence.as_percent());
            if let Some(rule) = &worst.rule {
                let _ = write!(about, ", rule {rule}");
            }
            if let Some((from, until)) = group.period() {
                let _ = write!(about, ", {}", shown(from));
                if until != from {
                    let _ = write!(about, " to {}", shown(until));
                }
            }
            below.push(safe.prose(&about));
            let mut places: Vec<String> =
                group.found.iter().take(PLACES).map(|f| place(f)).collect();
            places.dedup();
            let more = group.found.len().saturating_sub(PLACES);
            if more > 0 {
                places.push(format!("and {more} more"));
            }
            below.push(safe.prose(&format!("in {}", places.join("; "))));
            Item {
                lead: Some(worst.severity.to_string()),
                tone: tone(worst.severity),
                below,
                quotes: group.found.iter().take(RECORDS).map(|f| quote(f, safe)).collect(),
                ..Item::new(safe.prose(&title(worst, group.found.len())))
            }
        })
        .collect();
    let mut body = vec![Block::Items(items)];
    let folded: Vec<Item> = report
        .folded
        .iter()
        .filter(|(rule, _)| {
            groups.iter().any(|g| g.worst.rule.as_ref().unwrap_or(&g.worst.finding) == *rule)
        })
        .map(|(rule, count)| {
            Item::new(safe.prose(&format!("{rule}: {count} more were counted and not kept")))
        })
        .collect();
    if !folded.is_empty() {
        body.push(Block::Items(folded));
    }
    Some(Section::new(id, heading, body))
}

fn tone(severity: Severity) -> Tone {
    match severity {
        Severity::Critical | Severity::High => Tone::Warn,
        Severity::Medium => Tone::Good,
        Severity::Low | Severity::Informational => Tone::Quiet,
    }
}

fn title(finding: &Finding, count: usize) -> String {
    let technique = finding.technique.as_ref().map(|t| format!(", {t}")).unwrap_or_default();
    let times = if count > 1 { format!(", {count} times") } else { String::new() };
    // The name of a chain says what it proves.
    if finding.kind == FindingKind::Activity {
        return format!("{}{technique}{times}", finding.finding);
    }
    format!("{} — {}{technique}{times}", finding.finding, finding.proof)
}

/// The record itself, with its place.
fn quote(finding: &Finding, safe: &Safe) -> Quoted {
    let time = finding.time.map(|time| format!(", {}", shown(time))).unwrap_or_default();
    let offset =
        if finding.offset > 0 { format!(", byte {}", finding.offset) } else { String::new() };
    Quoted {
        text: safe.prose(&finding.evidence),
        by: safe.prose(&format!("{}{offset}{time}", place(finding))),
    }
}

fn looked_at(report: &HuntReport<'_>) -> Section {
    let time = |time: Option<Timestamp>| Cell::new(time.map(shown).unwrap_or_default());
    let rows: Vec<Row> = report
        .verdict
        .looked_at
        .iter()
        .map(|coverage| Row {
            cells: vec![
                Cell::new(crate::safe::clean(&coverage.source, 200)),
                Cell::new(coverage.files.to_string()),
                Cell::new(match coverage.in_period {
                    Some(inside) => format!("{inside} of {}", coverage.records),
                    None => coverage.records.to_string(),
                }),
                time(coverage.from),
                time(coverage.until),
            ],
            ..Row::default()
        })
        .collect();
    let body = if rows.is_empty() {
        vec![Block::Prose("Nothing could be looked at.".to_owned())]
    } else {
        let in_period = report.verdict.looked_at.iter().any(|c| c.in_period.is_some());
        let records = if in_period { "records in the period" } else { "records" };
        let words = report.verdict.looked_for.words();
        let mut body = vec![Block::Prose(format!("Looked for: {words}."))];
        body.push(Block::Table(Table {
            columns: vec!["source", "files", records, "first record", "last record"],
            rows,
            ..Table::default()
        }));
        body.extend(assumptions(report));
        body
    };
    Section::new("looked-at", "What was looked at", body)
}

/// What had to be assumed about times that state no zone or no year, once with all sources it is true of.
fn assumptions(report: &HuntReport<'_>) -> Option<Block> {
    let mut all: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for coverage in &report.verdict.looked_at {
        if let Some(assumed) = &coverage.assumed {
            all.entry(assumed).or_default().push(crate::safe::clean(&coverage.source, 200));
        }
    }
    let items: Vec<Item> = all
        .into_iter()
        .map(|(assumed, sources)| {
            let text = format!("{}: {}", sources.join("; "), crate::safe::clean(assumed, 400));
            Item { tone: Tone::Quiet, ..Item::new(text) }
        })
        .collect();
    (!items.is_empty()).then_some(Block::Items(items))
}

fn not_looked_at(report: &HuntReport<'_>, safe: &Safe) -> Option<Section> {
    let missing = &report.verdict.not_looked_at;
    let items: Vec<Item> = missing
        .iter()
        .map(|m| Item { below: vec![safe.prose(&m.why)], ..Item::new(safe.prose(&m.what)) })
        .collect();
    (!items.is_empty())
        .then(|| Section::new("not-looked-at", "What was not looked at", vec![Block::Items(items)]))
}

fn problems(report: &HuntReport<'_>, safe: &Safe) -> Option<Section> {
    let items: Vec<Item> =
        report.problems.iter().map(|problem| Item::new(safe.prose(&problem.to_string()))).collect();
    (!items.is_empty())
        .then(|| Section::new("problems", "What could not be read", vec![Block::Items(items)]))
}
