//! The findings and the verdict as text: the answer first, then why, then where.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use anstyle::{AnsiColor, Style};
use lapwing_engine::hunting::Hunt;
use lapwing_model::{Finding, FindingKind, Place, Severity, VerdictKind};

use crate::output::{one_line, table, unlinked};

/// Lines of the timeline and values of a group that are shown without `--all`.
const SHOWN_TIMELINE: usize = 30;
const SHOWN_GROUP: usize = 3;

/// The whole answer as text.
pub fn text(hunt: &Hunt, all: bool, width: usize, colour: bool) -> String {
    let mut text = String::new();
    headline(&mut text, hunt, colour);
    list(&mut text, "Why", &hunt.verdict.reasons, width);
    timeline(&mut text, &hunt.findings, all, width);
    groups(&mut text, hunt, all, width);
    looked_at(&mut text, hunt, width);
    list(&mut text, "What to do now", &hunt.verdict.next_steps, width);
    text
}

fn headline(text: &mut String, hunt: &Hunt, colour: bool) {
    let (answer, tone) = match hunt.verdict.verdict {
        VerdictKind::Compromised => ("COMPROMISED", AnsiColor::Red),
        VerdictKind::Attempted => ("ATTEMPTED, no success shown", AnsiColor::Yellow),
        VerdictKind::NothingFound => ("NOTHING FOUND in what was looked at", AnsiColor::Green),
    };
    let style = if colour { Style::new().bold().fg_color(Some(tone.into())) } else { Style::new() };
    let _ = writeln!(text, "VERDICT: {style}{answer}{style:#}");
}

fn list(text: &mut String, title: &str, items: &[String], width: usize) {
    if items.is_empty() {
        return;
    }
    let _ = writeln!(text, "\n{title}");
    for (at, item) in items.iter().enumerate() {
        wrapped(text, &format!("{:>3}. ", at + 1), &unlinked(item), width);
    }
}

fn timeline(text: &mut String, findings: &[Finding], all: bool, width: usize) {
    let dated: Vec<&Finding> = findings.iter().filter(|f| f.time.is_some()).collect();
    if dated.is_empty() {
        return;
    }
    let telling = if all { dated.clone() } else { most_telling(&dated) };
    let _ = writeln!(text, "\nTimeline (UTC)");
    let rows: Vec<Vec<String>> = telling
        .iter()
        .map(|finding| {
            vec![
                format!("  {}", time(finding)),
                finding.severity.to_string(),
                one_line(&finding.finding, 60),
                one_line(&unlinked(&finding.matched), width.saturating_sub(96).max(24)),
                place(finding),
            ]
        })
        .collect();
    text.push_str(&table(&rows));
    if telling.len() < dated.len() {
        let _ = writeln!(
            text,
            "  … {} more of lower severity: --all shows them",
            dated.len() - telling.len()
        );
    }
}

/// The gravest findings, in order of time.
fn most_telling<'f>(dated: &[&'f Finding]) -> Vec<&'f Finding> {
    let mut order: Vec<usize> = (0..dated.len()).collect();
    order.sort_by_key(|at| (std::cmp::Reverse((dated[*at].severity, dated[*at].proof)), *at));
    order.truncate(SHOWN_TIMELINE);
    order.sort_unstable();
    order.into_iter().map(|at| dated[at]).collect()
}

fn groups(text: &mut String, hunt: &Hunt, all: bool, width: usize) {
    if hunt.findings.is_empty() {
        return;
    }
    let mut groups: BTreeMap<(std::cmp::Reverse<Severity>, String), Vec<&Finding>> =
        BTreeMap::new();
    for finding in &hunt.findings {
        let key = (std::cmp::Reverse(finding.severity), finding.finding.clone());
        groups.entry(key).or_default().push(finding);
    }
    let _ = writeln!(text, "\nFindings ({})", hunt.findings.len());
    for ((severity, title), found) in groups {
        let technique = found[0].technique.as_deref().map(|t| format!(", {t}")).unwrap_or_default();
        let _ = writeln!(
            text,
            "\n  {} — {}, {}{technique}, {}",
            one_line(&title, 80),
            severity.0,
            found[0].proof,
            if found.len() == 1 { "once".to_owned() } else { format!("{} times", found.len()) }
        );
        wrapped(text, "    ", &unlinked(&found[0].why), width);
        let shown = if all { found.len() } else { SHOWN_GROUP };
        for finding in found.iter().take(shown) {
            let _ = writeln!(
                text,
                "    {}  {}{}",
                place(finding),
                one_line(&unlinked(&finding.matched), 100),
                if finding.kind == FindingKind::Indicator { " (indicator)" } else { "" }
            );
            let _ = writeln!(
                text,
                "      {}",
                one_line(&unlinked(&finding.evidence), width.max(60) - 6)
            );
        }
        if found.len() > shown {
            let _ = writeln!(text, "    … {} more", found.len() - shown);
        }
    }
    for (rule, count) in &hunt.folded {
        let _ = writeln!(
            text,
            "  {rule}: {count} more findings were counted and not kept (--max-findings-per-rule)"
        );
    }
}

fn looked_at(text: &mut String, hunt: &Hunt, width: usize) {
    let _ = writeln!(text, "\nLooked at");
    let rows: Vec<Vec<String>> = hunt
        .verdict
        .looked_at
        .iter()
        .map(|coverage| {
            let period = match (coverage.from, coverage.until) {
                (Some(from), Some(until)) => {
                    format!(
                        "{} … {}",
                        from.strftime("%Y-%m-%d %H:%M"),
                        until.strftime("%Y-%m-%d %H:%M")
                    )
                }
                _ => String::new(),
            };
            vec![
                format!("  {}", coverage.source),
                counted(coverage.files, "file"),
                counted(coverage.records, "record"),
                period,
            ]
        })
        .collect();
    text.push_str(&table(&rows));
    if hunt.verdict.looked_at.is_empty() {
        text.push_str("  nothing\n");
    }
    if !hunt.verdict.not_looked_at.is_empty() {
        let _ = writeln!(text, "\nNot looked at");
        for missing in &hunt.verdict.not_looked_at {
            wrapped(text, "  - ", &format!("{}: {}", missing.what, missing.why), width);
        }
    }
}

fn counted(count: u64, what: &str) -> String {
    format!("{count} {what}{}", if count == 1 { "" } else { "s" })
}

fn time(finding: &Finding) -> String {
    finding.time.map_or_else(String::new, |time| time.strftime("%Y-%m-%d %H:%M:%S").to_string())
}

fn place(finding: &Finding) -> String {
    let at = match finding.place {
        Some(Place::Line(line)) => format!(":{line}"),
        Some(Place::Record(record)) => format!("#{record}"),
        None => String::new(),
    };
    format!("{}{at}", tail(&finding.file, 48))
}

/// The end of a long path: the file's name tells most.
fn tail(path: &str, width: usize) -> String {
    let clean = one_line(path, usize::MAX);
    let count = clean.chars().count();
    if count <= width {
        return clean;
    }
    format!("…{}", clean.chars().skip(count - width + 1).collect::<String>())
}

/// Words of `item` wrapped at `width`, the first line behind `lead`, the rest indented alike.
fn wrapped(text: &mut String, lead: &str, item: &str, width: usize) {
    let indent = " ".repeat(lead.chars().count());
    let mut line = lead.to_owned();
    let mut empty = true;
    for word in one_line(item, usize::MAX).split(' ') {
        if !empty && line.chars().count() + 1 + word.chars().count() > width {
            let _ = writeln!(text, "{line}");
            line.clone_from(&indent);
            empty = true;
        }
        if !empty {
            line.push(' ');
        }
        line.push_str(word);
        empty = false;
    }
    let _ = writeln!(text, "{line}");
}
