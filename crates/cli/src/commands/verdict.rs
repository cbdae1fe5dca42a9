//! The findings and the verdict as text: the answer first, then why, then where.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use anstyle::{AnsiColor, Style};
use jiff::Timestamp;
use lapwing_engine::hunting::Hunt;
use lapwing_engine::publish::FindingGroup;
use lapwing_model::{Finding, FindingKind, Place, Proof, Severity, VerdictKind};

use crate::output::{counted, one_line, table, unlinked};

/// Lines of the timeline and values of a group that are shown without `--all`.
const SHOWN_TIMELINE: usize = 30;
const SHOWN_GROUP: usize = 3;
/// Rules and values that are named of which findings were only counted.
const SHOWN_FOLDED: usize = 30;

/// The whole answer as text.
pub fn text(hunt: &Hunt, all: bool, width: usize, colour: bool) -> String {
    let mut text = headline(hunt, colour);
    list(&mut text, "Why", &hunt.verdict.reasons, width);
    let names = Names::of(&hunt.findings);
    chains(&mut text, &hunt.findings, &names, width);
    timeline(&mut text, &hunt.findings, &names, all, width);
    groups(&mut text, hunt, &names, all, width);
    looked_at(&mut text, hunt, width);
    list(&mut text, "What to do now", &hunt.verdict.next_steps, width);
    text
}

/// The answer in one line.
pub fn headline(hunt: &Hunt, colour: bool) -> String {
    let (answer, tone) = match hunt.verdict.verdict {
        VerdictKind::Compromised => ("COMPROMISED", AnsiColor::Red),
        VerdictKind::Attempted => ("ATTEMPTED, no success shown", AnsiColor::Yellow),
        VerdictKind::NothingFound if hunt.findings.is_empty() => {
            ("NOTHING FOUND in what was looked at", AnsiColor::Green)
        }
        VerdictKind::NothingFound => {
            ("NOTHING FOUND that shows an attempt; lesser finds are below", AnsiColor::Green)
        }
    };
    let style = if colour { Style::new().bold().fg_color(Some(tone.into())) } else { Style::new() };
    format!("VERDICT: {style}{answer}{style:#}\n")
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

/// What belongs together, told before its parts.
fn chains(text: &mut String, findings: &[Finding], names: &Names, width: usize) {
    let chains: Vec<&Finding> =
        findings.iter().filter(|f| f.kind == FindingKind::Activity).collect();
    if chains.is_empty() {
        return;
    }
    let _ = writeln!(text, "\nWhat belongs together");
    for chain in chains {
        // The name of a chain says what it proves.
        let head = format!("{} — {}{}", unlinked(&chain.finding), chain.severity, technique(chain));
        wrapped(text, "  ", &head, width);
        for step in chain.why.split('\n') {
            wrapped(text, "    ", &unlinked(step), width);
        }
        let place = names.place(chain);
        if !place.is_empty() {
            wrapped(text, "    - most telling in ", &place, width);
        }
    }
}

/// What happened, in order: of each kind of finding its first time on each day, and how often.
fn timeline(text: &mut String, findings: &[Finding], names: &Names, all: bool, width: usize) {
    struct Row<'f> {
        first: &'f Finding,
        count: usize,
        last: Timestamp,
    }
    let mut rows: Vec<Row<'_>> = Vec::new();
    let mut index: BTreeMap<(String, &str), usize> = BTreeMap::new();
    for finding in findings {
        let Some(at) = finding.time.filter(|_| all || finding.severity > Severity::Informational)
        else {
            continue;
        };
        let key = (at.strftime("%Y-%m-%d").to_string(), finding.finding.as_str());
        let known = index.get(&key).filter(|_| !all).copied();
        if let Some(row) = known.and_then(|row| rows.get_mut(row)) {
            row.count += 1;
            row.last = at;
            if finding.severity > row.first.severity && at == row.first.time.unwrap_or(at) {
                row.first = finding;
            }
        } else {
            index.insert(key, rows.len());
            rows.push(Row { first: finding, count: 1, last: at });
        }
    }
    if rows.is_empty() {
        return;
    }
    let count = rows.len();
    if !all && count > SHOWN_TIMELINE {
        let mut order: Vec<usize> = (0..count).collect();
        order
            .sort_by_key(|at| std::cmp::Reverse((rows[*at].first.severity, rows[*at].first.proof)));
        let kept: BTreeSet<usize> = order.into_iter().take(SHOWN_TIMELINE).collect();
        let mut at = 0;
        rows.retain(|_| {
            at += 1;
            kept.contains(&(at - 1))
        });
    }
    // Within one second, what a file on disk tells of itself comes after the records: its time has no
    // part of a second.
    rows.sort_by_key(|row| (row.first.time.map(Timestamp::as_second), row.first.place.is_none()));
    let _ = writeln!(text, "\nTimeline (UTC)");
    let mut day = String::new();
    for row in &rows {
        let Some(time) = row.first.time else { continue };
        let today = time.strftime("%Y-%m-%d").to_string();
        if today != day {
            let _ = writeln!(text, "  {today}");
            day = today;
        }
        let often = match row.count {
            1 => String::new(),
            count => format!(", {count} times until {}", row.last.strftime("%H:%M:%S")),
        };
        let lead = format!("    {}  {:<8}  ", time.strftime("%H:%M:%S"), short(row.first.severity));
        let title = one_line(&unlinked(&row.first.finding), 3 * width);
        wrapped(text, &lead, &format!("{title}{often}"), width);
        let place = names.place(row.first);
        let room = width.saturating_sub(24 + place.chars().count() + 2).max(20);
        let matched = if tells_more(row.first) {
            format!("  {}", one_line(&unlinked(&row.first.matched), room))
        } else {
            String::new()
        };
        let _ = writeln!(text, "{:24}{place}{matched}", "");
    }
    if rows.len() < count {
        let _ =
            writeln!(text, "  … {} more of lower severity: --all shows them", count - rows.len());
    }
}

fn short(severity: Severity) -> String {
    match severity {
        Severity::Informational => "info".to_owned(),
        other => other.to_string(),
    }
}

/// Whether what matched says more than the title and the place already do.
fn tells_more(finding: &Finding) -> bool {
    !finding.finding.contains(finding.matched.trim())
        && !finding.file.ends_with(&finding.matched)
        && !finding.evidence.starts_with(&finding.matched)
}

fn groups(text: &mut String, hunt: &Hunt, names: &Names, all: bool, width: usize) {
    if hunt.findings.is_empty() {
        return;
    }
    let groups = FindingGroup::of(hunt.findings.iter().filter(|f| f.kind != FindingKind::Activity));
    let _ = writeln!(text, "\nFindings ({})", hunt.findings.len());
    if let Some(base) = &names.base {
        let _ = writeln!(text, "  Files are named from {}", one_line(base, width));
    }
    let (told, lesser): (Vec<_>, Vec<_>) =
        groups.into_iter().partition(|g| all || has_weight(g.worst));
    for group in &told {
        tell(group, text, names, all, width);
    }
    if !lesser.is_empty() {
        let _ = writeln!(text, "\n  Of little weight alone (--all tells more)");
        for group in &lesser {
            let technique = technique(group.worst);
            let line = format!(
                "{}: {}{technique}, {}, first in {}",
                unlinked(&group.worst.finding),
                group.worst.severity,
                times(group.found.len()),
                names.place(group.found.first().unwrap_or(&group.worst))
            );
            wrapped(text, "  - ", &line, width);
        }
    }
    folded(text, &hunt.folded, width);
}

/// What was counted and not kept, by rule or value; of very many those that were counted most.
fn folded(text: &mut String, folded: &BTreeMap<String, u64>, width: usize) {
    let mut order: Vec<(&String, &u64)> = folded.iter().collect();
    if order.len() > SHOWN_FOLDED {
        order.sort_by_key(|(_, count)| std::cmp::Reverse(**count));
    }
    for (rule, count) in order.iter().take(SHOWN_FOLDED) {
        let line = format!(
            "{rule}: {count} more findings were counted and not kept (--max-findings-per-rule)"
        );
        wrapped(text, "  - ", &line, width);
    }
    let rest = order.get(SHOWN_FOLDED..).unwrap_or_default();
    if !rest.is_empty() {
        let all: u64 = rest.iter().map(|(_, count)| **count).sum();
        let line = format!("and {all} more findings of {} other rules and values", rest.len());
        wrapped(text, "  - ", &line, width);
    }
}

fn tell(group: &FindingGroup<'_>, text: &mut String, names: &Names, all: bool, width: usize) {
    let worst = group.worst;
    text.push('\n');
    let head = format!(
        "{} — {}, {}{}, {}",
        unlinked(&worst.finding),
        worst.severity,
        worst.proof,
        technique(worst),
        times(group.found.len())
    );
    wrapped(text, "  ", &head, width);
    wrapped(text, "    ", &unlinked(&worst.why), width);
    let shown = if all { group.found.len() } else { SHOWN_GROUP };
    for finding in group.found.iter().take(shown) {
        let place = names.place(finding);
        let room = width.saturating_sub(6 + place.chars().count() + 2);
        // The line itself says most where the title already names what matched.
        let what = if finding.kind == FindingKind::Indicator {
            around(&finding.evidence, &finding.matched, room)
        } else if tells_more(finding) {
            finding.matched.clone()
        } else if finding.place.is_some() {
            finding.evidence.clone()
        } else {
            String::new()
        };
        let what = one_line(&unlinked(&what), room.max(24));
        let _ = writeln!(text, "{}", format!("    - {place}  {what}").trim_end());
    }
    if group.found.len() > shown {
        let _ = writeln!(text, "    … {} more", group.found.len() - shown);
    }
}

/// Whether a finding deserves more than a line: more than a listed value turned away or a usual tool.
fn has_weight(finding: &Finding) -> bool {
    finding.severity > Severity::Low
        || finding.severity == Severity::Low && finding.proof >= Proof::Probe
}

fn technique(finding: &Finding) -> String {
    finding.technique.as_deref().map(|t| format!(", {t}")).unwrap_or_default()
}

fn times(count: usize) -> String {
    if count == 1 { "once".to_owned() } else { format!("{count} times") }
}

/// The part of a line in whose middle the matched text stands.
fn around(line: &str, matched: &str, width: usize) -> String {
    let line = one_line(line, usize::MAX);
    let count = line.chars().count();
    let Some(at) = line.find(matched).filter(|_| count > width) else { return line };
    let before = line[..at].chars().count();
    let spare = width.saturating_sub(matched.chars().count());
    let from = before.saturating_sub(spare / 2).min(count - width.min(count));
    let cut: String = line.chars().skip(from + usize::from(from > 0)).collect();
    if from > 0 { format!("…{cut}") } else { cut }
}

fn looked_at(text: &mut String, hunt: &Hunt, width: usize) {
    let _ = writeln!(text, "\nLooked at, for {}", hunt.verdict.looked_for.words());
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
                match coverage.in_period {
                    Some(inside) => {
                        format!("{inside} of {} in the period", counted(coverage.records, "record"))
                    }
                    None => counted(coverage.records, "record"),
                },
                period,
            ]
        })
        .collect();
    text.push_str(&table(&rows));
    let mut assumed: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for coverage in &hunt.verdict.looked_at {
        if let Some(assumption) = &coverage.assumed {
            assumed.entry(assumption).or_default().push(&coverage.source);
        }
    }
    for (assumption, sources) in assumed {
        wrapped(text, "  * ", &format!("{}: {assumption}", sources.join("; ")), width);
    }
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

/// Short names of the files that hold findings: without the folder that all have in common, and of
/// the rest only as many last parts as tell them apart.
struct Names {
    /// The folder from which the files are named, with a separator at its end.
    base: Option<String>,
    short: BTreeMap<String, String>,
}

/// Longest short name in characters; more is cut at its beginning.
const NAME: usize = 44;

impl Names {
    fn of(findings: &[Finding]) -> Self {
        let files: BTreeSet<&str> = findings.iter().map(|f| f.file.as_str()).collect();
        let parts: Vec<Vec<&str>> = files.iter().map(|f| f.split(is_separator).collect()).collect();
        let mut common = parts.first().map_or(0, |p| p.len() - 1);
        for other in &parts {
            let same =
                parts[0].iter().zip(other.iter()).take_while(|(mine, its)| mine == its).count();
            common = common.min(same).min(other.len() - 1);
        }
        let skipped = parts.first().map_or(0, |p| p[..common].iter().map(|s| s.len() + 1).sum());
        let base = files.first().filter(|_| skipped > 1).map(|file| file[..skipped].to_owned());
        let mut short = BTreeMap::new();
        for ((file, own), shared) in files.iter().zip(&parts).zip(shared_ends(&parts)) {
            let most = own.len() - common;
            let last = |count: usize| &own[own.len() - count..];
            let count = (shared + 1).min(most).max(1);
            let length: usize = last(count).iter().map(|part| part.len() + 1).sum();
            let name = &file[file.len().saturating_sub(length.saturating_sub(1))..];
            short.insert((*file).to_owned(), tail(name, NAME));
        }
        Self { base, short }
    }

    fn place(&self, finding: &Finding) -> String {
        let at = match finding.place {
            Some(Place::Line(line)) => format!(":{line}"),
            Some(Place::Record(record)) => format!("#{record}"),
            None => String::new(),
        };
        let name = self.short.get(&finding.file).map_or(finding.file.as_str(), String::as_str);
        format!("{name}{at}")
    }
}

/// How many last parts each path has in common with that other one which shares most: read backwards and sorted, it is a
/// neighbour.
fn shared_ends(paths: &[Vec<&str>]) -> Vec<usize> {
    let mut order: Vec<usize> = (0..paths.len()).collect();
    order.sort_by(|a, b| paths[*a].iter().rev().cmp(paths[*b].iter().rev()));
    let mut shared = vec![0; paths.len()];
    for pair in order.windows(2) {
        let (one, other) = (pair[0], pair[1]);
        let both = paths[one].iter().rev().zip(paths[other].iter().rev());
        let same = both.take_while(|(a, b)| a == b).count();
        shared[one] = shared[one].max(same);
        shared[other] = shared[other].max(same);
    }
    shared
}

fn is_separator(c: char) -> bool {
    matches!(c, '/' | '\\' | '!')
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ends_that_paths_share_are_those_of_a_look_at_every_pair() {
        let paths = [
            "a/x/u_ex.log",
            "b/x/u_ex.log",
            "b/y/u_ex.log",
            "c/other.log",
            "u_ex.log",
            "x/u_ex.log",
            "a/b",
            "",
        ];
        let parts: Vec<Vec<&str>> = paths.iter().map(|path| path.split('/').collect()).collect();
        let found = shared_ends(&parts);
        for (at, own) in parts.iter().enumerate() {
            let others = parts.iter().enumerate().filter(|(number, _)| *number != at);
            let same = |other: &Vec<&str>| {
                own.iter().rev().zip(other.iter().rev()).take_while(|(a, b)| a == b).count()
            };
            let slow = others.map(|(_, other)| same(other)).max();
            assert_eq!(Some(found[at]), slow, "{}", paths[at]);
        }
    }
}
