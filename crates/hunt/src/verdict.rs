//! What the findings together mean, and how far that can be trusted.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use lapwing_model::{
    Coverage, Finding, FindingKind, LookedFor, NotLookedAt, Proof, Severity, Verdict, VerdictKind,
};

use crate::activity::Joined;
use crate::exposure;
use crate::finding::core_of;
use crate::input::Passed;
use crate::report::Report;
use crate::source::Source;
use crate::story::{clocks, in_which_order, place_words, stories};
use crate::{Check, Checks};

/// Reasons shown; the findings themselves tell the rest.
const REASONS: usize = 10;

/// From this order on a source is what no other one recognised.
const CATCH_ALL: u32 = 90;

pub(crate) fn judge(report: &Report, joined: &Joined, checks: &Checks) -> Verdict {
    let kind = kind_of(report, joined);
    let mut reasons = stories(&joined.activities);
    reasons.extend(single_reasons(report, joined, kind));
    reasons.extend(exposure::outcome(report, kind));
    reasons.extend(exposure::window(report, checks, kind));
    reasons.extend(clocks(report, joined));
    Verdict {
        verdict: kind,
        reasons,
        next_steps: next_steps(report, joined, checks, kind),
        looked_at: report
            .coverage
            .values()
            .filter(|c| c.records > 0 || c.files > 0)
            .cloned()
            .collect(),
        not_looked_at: not_looked_at(report, checks),
        looked_for: LookedFor::default(),
    }
}

/// Whether a finding shows, on its own, that the attackers got in.
fn shows_compromise(finding: &Finding) -> bool {
    // A Sigma rule tells that something looks like an attack; a chain is told by its steps.
    !matches!(finding.kind, FindingKind::Sigma | FindingKind::Activity)
        && finding.proof >= Proof::Exploitation
        && finding.severity >= Severity::High
}

/// Whether a finding shows that somebody tried. Sigma rules of level medium are written for what is
/// often harmless: they are shown, and decide nothing.
fn is_try(finding: &Finding) -> bool {
    match finding.kind {
        FindingKind::Activity => false,
        FindingKind::Sigma => finding.severity >= Severity::High,
        _ => {
            finding.proof >= Proof::Probe && finding.severity >= Severity::Low
                || finding.severity >= Severity::Medium
        }
    }
}

fn kind_of(report: &Report, joined: &Joined) -> VerdictKind {
    let findings = &report.findings;
    if findings.iter().any(shows_compromise) || joined.activities.iter().any(|a| a.corroborated) {
        return VerdictKind::Compromised;
    }
    // An attempt of which no log shows the end, and then a connection from this machine to a listed
    // address: together they show what neither does alone.
    let tried = findings.iter().filter(|f| f.proof >= Proof::Attempt).filter_map(|f| f.time).min();
    let went_out = |after: Timestamp| report.outbound.is_some_and(|last| last >= after);
    if tried.is_some_and(went_out) {
        return VerdictKind::Compromised;
    }
    if findings.iter().any(is_try) { VerdictKind::Attempted } else { VerdictKind::NothingFound }
}

/// Findings of one title that prove the same.
struct Group<'f> {
    first: &'f Finding,
    count: u64,
    last: Option<Timestamp>,
}

impl Group<'_> {
    fn reason(&self) -> String {
        let finding = self.first;
        let shown = |time: Timestamp| time.strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
        let when = match (finding.time.map(shown), self.last.map(shown)) {
            (Some(first), Some(last)) if last != first => format!(", {first} to {last}"),
            (Some(first), _) => format!(", {first}"),
            _ => String::new(),
        };
        let often = if self.count > 1 { format!(", {} times", self.count) } else { String::new() };
        format!("{}: {} ({}{often}{when})", finding.finding, core_of(&finding.why), finding.proof)
    }
}

fn single_reasons(report: &Report, joined: &Joined, kind: VerdictKind) -> Vec<String> {
    let mut groups: BTreeMap<(&str, Proof, Severity), Group<'_>> = BTreeMap::new();
    for finding in report.findings.iter().filter(|f| f.kind != FindingKind::Activity) {
        let group = groups
            .entry((&finding.finding, finding.proof, finding.severity))
            .or_insert(Group { first: finding, count: 0, last: None });
        group.count += 1;
        group.last = group.last.max(finding.time);
    }
    let mut groups: Vec<Group<'_>> = groups.into_values().collect();
    groups.sort_by(|a, b| {
        let key = |g: &Group<'_>| {
            let f = g.first;
            // What was done tells more than how grave it is, once it is grave at all.
            let order = (f.severity >= Severity::High, f.proof, f.severity, f.confidence);
            (!shows_compromise(f), Reverse(order))
        };
        key(a).cmp(&key(b)).then_with(|| {
            (a.first.time.is_none(), a.first.time, &a.first.finding).cmp(&(
                b.first.time.is_none(),
                b.first.time,
                &b.first.finding,
            ))
        })
    });
    groups.retain(|g| kind == VerdictKind::NothingFound || is_try(g.first));
    let mut reasons: Vec<String> = groups.iter().take(REASONS).map(Group::reason).collect();
    if groups.len() > REASONS {
        reasons.push(format!("And {} more kinds of findings.", groups.len() - REASONS));
    }
    let single = report.findings.iter().any(shows_compromise);
    if kind == VerdictKind::Compromised
        && !single
        && joined.activities.iter().any(|a| a.corroborated)
    {
        reasons.insert(0, "No single record proves it, but grave rules for several steps of an attack hold one after the other: treat it as compromised until shown otherwise.".to_owned());
    } else if kind == VerdictKind::Compromised && !single {
        let both = "Exploitation was tried, and afterwards this machine itself connected to a listed address: treat it as compromised until shown otherwise.";
        reasons.insert(0, both.to_owned());
    }
    if kind == VerdictKind::Attempted && report.findings.iter().all(|f| f.proof <= Proof::Contact) {
        reasons.push(
            "Something that must be looked at was found, but nothing shows that a weakness was used."
                .to_owned(),
        );
    }
    if kind == VerdictKind::NothingFound {
        reasons.extend(coverage_reasons(report));
    }
    reasons
}

/// "Nothing found" is worth as much as what was looked at.
fn coverage_reasons(report: &Report) -> Vec<String> {
    if report.coverage.is_empty() {
        return vec!["No log was read, so this is no answer.".to_owned()];
    }
    let mut short: BTreeMap<(i64, String, String), Vec<&Coverage>> = BTreeMap::new();
    let day = |time: Timestamp| time.strftime("%Y-%m-%d").to_string();
    for coverage in report.coverage.values() {
        if let (Some(from), Some(until)) = (coverage.from, coverage.until) {
            let days = (until.as_second() - from.as_second()) / 86_400 + 1;
            if days < 30 {
                short.entry((days, day(from), day(until))).or_default().push(coverage);
            }
        }
    }
    let mut reasons: Vec<String> = short
        .iter()
        .map(|((days, from, until), coverages)| {
            let sources: Vec<&str> = coverages.iter().map(|c| c.source.as_str()).collect();
            format!(
                "Only {days} day{} of records ({from} to {until}) in: {}. Nothing found in so short a time is no verdict on what was before.",
                if *days == 1 { "" } else { "s" },
                sources.join("; "),
            )
        })
        .collect();
    if reasons.is_empty() && report.findings.is_empty() {
        reasons
            .push("None of the checks and indicators was found in what was looked at.".to_owned());
    } else if reasons.is_empty() {
        reasons.push("What was found shows no attack by itself.".to_owned());
    }
    reasons
}

fn next_steps(report: &Report, joined: &Joined, checks: &Checks, kind: VerdictKind) -> Vec<String> {
    let mut steps = Vec::new();
    let told: BTreeSet<&str> = report.findings.iter().filter_map(|f| f.rule.as_deref()).collect();
    let hit: Vec<&Check> = checks.list().iter().filter(|c| told.contains(c.id.as_str())).collect();
    if kind == VerdictKind::Compromised {
        let files: BTreeSet<&str> = report
            .findings
            .iter()
            .filter(|f| f.severity >= Severity::Medium)
            .map(|f| f.file.split('!').next().unwrap_or(&f.file))
            .collect();
        let (base, names) = under_one_folder(&files);
        let shown = names.iter().take(12).copied().collect::<Vec<_>>().join("; ");
        let more = names.len().saturating_sub(12);
        let more = if more > 0 { format!("; and {more} more") } else { String::new() };
        let base = if base.is_empty() { String::new() } else { format!(" (all under {base})") };
        steps.push("Cut the machine off from the network, but leave it switched on: memory holds evidence.".to_owned());
        steps.push(format!(
            "Preserve before you clean: an image of memory, then of the disks, and the logs. The evidence of this hunt stands in: {shown}{more}{base}."
        ));
        steps.push("Assume that every identity used on the machine is in the attackers' hands; follow your incident response plan and tell those who must know.".to_owned());
    }
    steps.extend(in_which_order(&report.findings, &joined.activities));
    // What the checks that hit advise, most telling first.
    let mut advice: Vec<(&Check, Severity)> = Vec::new();
    for check in hit {
        let worst = report
            .findings
            .iter()
            .filter(|f| f.rule.as_deref() == Some(&check.id))
            .map(|f| f.severity);
        if let Some(worst) = worst.max() {
            advice.push((check, worst));
        }
    }
    advice.sort_by(|a, b| (b.1, &a.0.id).cmp(&(a.1, &b.0.id)));
    steps.extend(advice.iter().filter_map(|(check, _)| check.next.clone()));
    let touched: BTreeSet<&str> =
        advice.iter().filter_map(|(c, _)| c.campaign.as_deref()).collect();
    for campaign in checks.campaigns() {
        let there = if kind == VerdictKind::NothingFound {
            exposure::was_looked_for(report, checks, &campaign.id)
        } else {
            touched.contains(campaign.id.as_str())
        };
        if !there {
            continue;
        }
        steps.extend(match kind {
            VerdictKind::Compromised => campaign.compromised.clone(),
            VerdictKind::Attempted => campaign.attempted.clone(),
            VerdictKind::NothingFound => campaign.nothing.clone(),
        });
        steps.push(format!(
            "Updates that close what {} used: {}.",
            campaign.title,
            campaign.updates.join("; ")
        ));
    }
    let of_kind = |kind| report.findings.iter().filter(move |f| f.kind == kind);
    if of_kind(FindingKind::Sigma).any(|f| f.severity >= Severity::High) {
        steps.push("Look at the records that pass Sigma rules of level high and critical, critical first: a rule tells that something looks like an attack; the account, parent and time of the record tell whether it was one.".to_owned());
    }
    if kind == VerdictKind::Attempted
        && touched.is_empty()
        && of_kind(FindingKind::Indicator).next().is_some()
    {
        steps.push("Look at what the listed addresses did: every request of theirs, and every connection to them from any other machine.".to_owned());
    }
    if kind == VerdictKind::Attempted && steps.is_empty() {
        let gravest = |f: &&Finding| Reverse((f.severity, f.proof));
        steps.extend(report.findings.iter().min_by_key(gravest).map(|finding| {
            format!(
                "Find out who did it, and whether it was planned: {} ({}). Look at what the same account and the same machine did before and after.",
                finding.finding,
                place_words(&finding.file, finding.place),
            )
        }));
    }
    if kind != VerdictKind::Compromised {
        steps.push("Extend the hunt to what was not looked at (see the list), and to logs as old as the campaign.".to_owned());
    }
    let mut seen = BTreeSet::new();
    steps.retain(|step| seen.insert(step.clone()));
    steps
}

/// The folder that all files have in common, and their names from there on.
fn under_one_folder<'f>(files: &BTreeSet<&'f str>) -> (&'f str, Vec<&'f str>) {
    let Some(first) = files.first().copied() else { return ("", Vec::new()) };
    let mut base = first.rfind(['/', '\\']).map_or(0, |at| at + 1);
    while base > 0 && !files.iter().all(|file| file.starts_with(&first[..base])) {
        base = first[..base - 1].rfind(['/', '\\']).map_or(0, |at| at + 1);
    }
    (&first[..base], files.iter().map(|file| &file[base..]).collect())
}

fn not_looked_at(report: &Report, checks: &Checks) -> Vec<NotLookedAt> {
    let wanted: BTreeSet<&str> =
        checks.list().iter().flat_map(|c| c.sources.iter().map(String::as_str)).collect();
    let mut missing: Vec<NotLookedAt> = checks
        .sources()
        .iter()
        .filter(|s| wanted.contains(s.id.as_str()) && s.variant_of.is_none())
        // What catches the rest is no log that could be missing.
        .filter(|s| s.order < CATCH_ALL)
        .filter(|s| {
            let there = |one: &&Source| report.sources.contains(&one.id);
            !there(s)
                && !checks
                    .sources()
                    .iter()
                    .filter(|v| v.variant_of.as_ref() == Some(&s.id))
                    .any(|v| there(&v))
        })
        .map(|s| NotLookedAt {
            what: s.title.clone(),
            why: format!("not among the input; it lies in {} and shows {}", s.lies, s.shows),
        })
        .collect();
    missing.extend(
        report.coverage.values().filter(|c| c.in_period == Some(0) && c.records > 0).map(
            |coverage| NotLookedAt {
                what: coverage.source.clone(),
                why: format!(
                    "none of its {} records lies in the period that was asked for",
                    coverage.records
                ),
            },
        ),
    );
    let unread = report.problems.iter().filter(|p| p.fatal);
    missing.extend(unread.map(|p| NotLookedAt { what: p.path.clone(), why: p.message.clone() }));
    let Passed { links, others } = report.passed;
    for (count, one, many) in [
        (links, "symbolic link", "symbolic links"),
        (others, "pipe, socket or device", "pipes, sockets and devices"),
    ] {
        if count > 0 {
            missing.push(NotLookedAt {
                what: format!("{count} {}", if count == 1 { one } else { many }),
                why: "not followed inside of folders; name them as paths of their own when they are wanted".to_owned(),
            });
        }
    }
    if report.binaries > 0 {
        missing.push(NotLookedAt {
            what: format!("{} binary files", report.binaries),
            why: "no logs; only their names (and hashes, when hashes are listed) were compared"
                .to_owned(),
        });
    }
    missing
}
