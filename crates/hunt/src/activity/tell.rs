//! The members of a chain as a story: steps in order, what they map to, and one line for it all.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use jiff::Timestamp;
use lapwing_model::{Confidence, Finding, FindingKind, Place, Proof, Severity};

use super::chain::Member;
use super::related::{Lead, Related, Row};
use super::tactic::Tactic;
use super::{Activity, Step};
use crate::rarity::Crowd;
use crate::record::shorten;

/// Steps that are kept.
const STEPS: usize = 60;
/// Of them, requests and records that are no findings.
const REQUESTS: usize = 20;
/// So many seconds apart, what names a file is taken for use of the same file.
const SAME_FILE: i64 = 30 * 86_400;
/// Titles in the line that sums up.
const TITLES: usize = 9;

pub(super) fn tell(
    members: &[&Member<'_>],
    crowd: &Crowd,
    names: &BTreeSet<String>,
    related: &Related,
    clocks: &BTreeMap<String, i64>,
) -> Activity {
    let findings = || members.iter().map(|member| member.finding);
    let mut addresses = BTreeSet::new();
    let mut hosts = BTreeSet::new();
    let mut accounts = BTreeSet::new();
    let mut files = BTreeSet::new();
    let mut sources = BTreeSet::new();
    for member in members {
        let actors = member.actors;
        let who = actors.who().filter(|who| !who.is_loopback());
        addresses.extend(who.filter(|who| !crowd.is_shared(*who) && !crowd.is_own(*who)));
        hosts.extend(actors.host.as_deref().map(str::to_owned));
        accounts.extend(actors.account.as_deref().map(str::to_owned));
        files.extend(actors.files.among(names).map(ToString::to_string));
        sources.insert(&*actors.source);
    }
    let mut left_out = 0;
    let leads = addresses.iter().map(|a| Lead::Client(*a));
    let leads: Vec<Lead> = leads.chain(files.iter().cloned().map(Lead::File)).collect();
    let requests = requests(&leads, members, related, clocks, &mut left_out);
    let mut steps: Vec<Part<'_>> = members
        .iter()
        .map(|member| {
            let ahead = clocks.get(&*member.actors.source).copied().unwrap_or(0);
            Part::Finding(member, ahead)
        })
        .chain(requests.iter().map(Part::Request))
        .collect();
    steps.sort_by(|a, b| a.order().cmp(&b.order()));
    let mut told: Vec<Step> = Vec::new();
    for part in steps {
        let full = told.len() >= STEPS;
        match told.last_mut() {
            Some(last) if last.title == part.title() && last.rule.as_deref() == part.rule() => {
                last.count += part.count();
            }
            _ if full => left_out += part.count(),
            _ => told.push(part.step()),
        }
    }
    let mut techniques: Vec<String> = Vec::new();
    let mut tactics: Vec<String> = Vec::new();
    for step in &told {
        let new = |list: &[String], value: &String| !list.contains(value);
        techniques.extend(step.technique.clone().filter(|t| new(&techniques, t)));
        tactics.extend(step.tactic.clone().filter(|t| new(&tactics, t)));
    }
    let times = || told.iter().filter_map(|step| step.time);
    Activity {
        first: times().min(),
        last: times().max(),
        proof: proof(members),
        severity: findings().map(|f| f.severity).max().unwrap_or(Severity::Low),
        confidence: confidence(members),
        summary: summary(&told),
        clocks: clocks
            .iter()
            .filter(|(source, _)| sources.contains(source.as_str()))
            .map(|(source, ahead)| (source.clone(), *ahead))
            .collect(),
        findings: members.len() as u64,
        telling: telling(members).clone(),
        corroborated: corroborated(members),
        steps: told,
        addresses,
        hosts,
        accounts,
        files,
        techniques,
        tactics,
        left_out,
    }
}

/// What several rules of Sigma prove together is still no more than an attempt, unless checks say so.
fn proof(members: &[&Member<'_>]) -> Proof {
    let sure = |m: &&&Member<'_>| m.finding.kind != FindingKind::Sigma;
    members
        .iter()
        .filter(sure)
        .map(|m| m.finding.proof)
        .max()
        .unwrap_or_else(|| members.iter().map(|m| m.finding.proof).max().unwrap_or(Proof::Contact))
}

/// Rules of level high for three tactics, one of them critical or of a fourth: one rule may be wrong, so
/// many are not.
fn corroborated(members: &[&Member<'_>]) -> bool {
    let grave = |m: &&&Member<'_>| {
        m.finding.kind == FindingKind::Sigma && m.finding.severity >= Severity::High
    };
    let mut rules = BTreeSet::new();
    let mut tactics = BTreeSet::new();
    for member in members.iter().filter(grave) {
        rules.insert(member.finding.rule.as_deref());
        tactics.extend(member.finding.technique.as_deref().and_then(Tactic::of));
    }
    let critical = members.iter().filter(grave).any(|m| m.finding.severity == Severity::Critical);
    rules.len() >= 3 && (tactics.len() >= 4 || tactics.len() >= 3 && critical)
}

fn telling<'f>(members: &[&Member<'f>]) -> &'f Finding {
    let weight = |f: &Finding| (f.severity >= Severity::High, f.proof, f.severity, f.confidence);
    let mut best = members[0].finding;
    for member in members {
        if weight(member.finding) > weight(best) {
            best = member.finding;
        }
    }
    best
}

/// Kinds of steps that are wrong together only when each is wrong.
fn confidence(members: &[&Member<'_>]) -> Confidence {
    let mut sure: BTreeMap<&str, f64> = BTreeMap::new();
    for member in members {
        let mine = member.finding.confidence.probability();
        let best = sure.entry(&member.finding.finding).or_default();
        *best = best.max(mine);
    }
    let doubt: f64 = sure.values().map(|p| 1.0 - p).product();
    Confidence::from_probability((1.0 - doubt).min(0.99))
}

fn step(member: &Member<'_>, ahead: i64) -> Step {
    let finding = member.finding;
    let time = finding.time.map(|time| earlier(time, ahead));
    Step {
        time,
        title: finding.finding.clone(),
        rule: finding.rule.clone(),
        tactic: finding.technique.as_deref().and_then(Tactic::of).map(|t| t.name().to_owned()),
        technique: finding.technique.clone(),
        what: shorten(&finding.matched, 160),
        file: finding.file.clone(),
        place: finding.place,
        count: 1,
    }
}

/// What may become a step: of a long chain few do.
#[derive(Clone, Copy)]
enum Part<'m> {
    /// A finding, and by how much its log's clock is ahead.
    Finding(&'m Member<'m>, i64),
    Request(&'m Step),
}

impl Part<'_> {
    /// In order of time; within one second the cause before what it leads to.
    fn order(&self) -> (bool, Option<i128>, i64, &str, &str) {
        let nanos = |time: Option<Timestamp>| time.map(Timestamp::as_nanosecond);
        match self {
            Self::Finding(member, ahead) => {
                let finding = member.finding;
                let time = finding.time.map(|time| earlier(time, *ahead));
                let proof = finding.proof as i64;
                (member.at.is_none(), nanos(time), proof, &finding.file, &finding.finding)
            }
            Self::Request(step) => {
                (step.time.is_none(), nanos(step.time), -1, &step.file, &step.title)
            }
        }
    }

    fn title(&self) -> &str {
        match self {
            Self::Finding(member, _) => &member.finding.finding,
            Self::Request(step) => &step.title,
        }
    }

    fn rule(&self) -> Option<&str> {
        match self {
            Self::Finding(member, _) => member.finding.rule.as_deref(),
            Self::Request(step) => step.rule.as_deref(),
        }
    }

    fn count(&self) -> u64 {
        match self {
            Self::Finding(..) => 1,
            Self::Request(step) => step.count,
        }
    }

    fn step(&self) -> Step {
        match self {
            Self::Finding(member, ahead) => step(member, *ahead),
            Self::Request(step) => (*step).clone(),
        }
    }
}

fn earlier(time: Timestamp, seconds: i64) -> Timestamp {
    time.checked_sub(jiff::SignedDuration::from_secs(seconds)).unwrap_or(time)
}

/// What else the clients of the chain did, and who else used its files: the first of each kind.
fn requests(
    leads: &[Lead],
    members: &[&Member<'_>],
    related: &Related,
    clocks: &BTreeMap<String, i64>,
    left_out: &mut u64,
) -> Vec<Step> {
    let known: BTreeSet<(&str, Option<Place>)> =
        members.iter().map(|m| (m.finding.file.as_str(), m.finding.place)).collect();
    let mut seen = BTreeSet::new();
    let mut rows = Vec::new();
    let times = || members.iter().filter_map(|m| m.finding.time).map(Timestamp::as_second);
    let period = times().min().zip(times().max());
    // Long before and after, a file of that name may be another one.
    let near = |row: &Row| match (period, row.first, row.last) {
        (Some((from, until)), Some(first), Some(last)) => {
            first.as_second() - until <= SAME_FILE && from - last.as_second() <= SAME_FILE
        }
        _ => true,
    };
    for lead in leads {
        *left_out += related.left_out(lead);
        let is_file = matches!(lead, Lead::File(_));
        for row in related.of(lead).filter(|row| !is_file || near(row)) {
            let new = seen.insert((row.file.clone(), row.place, row.what.clone()));
            if new && !known.contains(&(row.file.as_str(), row.place)) {
                rows.push((lead, row));
            }
        }
    }
    // What was answered tells more than what was not; then what came first.
    rows.sort_by(|(_, a), (_, b)| {
        (a.turned_away, a.first.is_none(), a.first, &a.file, a.place, &a.what).cmp(&(
            b.turned_away,
            b.first.is_none(),
            b.first,
            &b.file,
            b.place,
            &b.what,
        ))
    });
    *left_out += rows.iter().skip(REQUESTS).map(|(_, row)| row.count).sum::<u64>();
    rows.truncate(REQUESTS);
    let steps = rows.into_iter().map(|(lead, row)| {
        let ahead = clocks.get(&*row.source).copied().unwrap_or(0);
        let time = row.first.map(|time| earlier(time, ahead));
        let title = match lead {
            Lead::Client(address) => format!("{address}: {}", row.what),
            Lead::File(name) => format!("{name}: {}", row.what),
            Lead::Agent(agent) => format!("{}: {}", shorten(agent, 40), row.what),
        };
        Step {
            time,
            title,
            rule: None,
            technique: None,
            tactic: None,
            what: row.what.clone(),
            file: row.file.clone(),
            place: row.place,
            count: row.count,
        }
    });
    steps.collect()
}

fn summary(steps: &[Step]) -> String {
    let mut titles: Vec<&str> = Vec::new();
    for step in steps.iter().filter(|step| step.rule.is_some()) {
        if !titles.contains(&step.title.as_str()) {
            titles.push(&step.title);
        }
    }
    if titles.is_empty() {
        titles.extend(steps.iter().take(TITLES).map(|step| step.title.as_str()));
    }
    let more = titles.len().saturating_sub(TITLES);
    titles.truncate(TITLES);
    let more = if more > 0 { format!(" → and {more} more") } else { String::new() };
    format!("{}{more}", titles.join(" → "))
}

impl Activity {
    /// The activity as one finding; its place is that of the step that tells most.
    pub(crate) fn finding(&self) -> Finding {
        let list = |values: Vec<String>, most: usize| {
            let more = values.len().saturating_sub(most);
            let shown = values.into_iter().take(most).collect::<Vec<_>>().join(", ");
            if more > 0 { format!("{shown} and {more} more") } else { shown }
        };
        let by: Vec<String> = self.addresses.iter().map(ToString::to_string).collect();
        let by = if by.is_empty() { String::new() } else { format!(" by {}", list(by, 3)) };
        let on: Vec<String> = self.hosts.iter().cloned().collect();
        let on = if on.is_empty() { String::new() } else { format!(" on {}", list(on, 3)) };
        let mut why = format!(
            "{} findings that belong together{by}{on}, step by step: {}",
            self.findings, self.summary
        );
        for (what, values) in [("accounts", &self.accounts), ("files", &self.files)] {
            if !values.is_empty() {
                let values = list(values.iter().cloned().collect(), 6);
                let _ = write!(why, "; {what} {values}");
            }
        }
        if !self.tactics.is_empty() {
            let tactics = self.tactics.join(" → ");
            let techniques = self.techniques.join(", ");
            let _ = write!(why, "; tactics {tactics}; techniques {techniques}");
        }
        for (source, ahead) in &self.clocks {
            let _ = write!(why, "; {}", clock_words(source, *ahead));
        }
        let mut evidence: String = self.steps.iter().map(line).collect();
        if self.left_out > 0 {
            let _ = writeln!(evidence, "… and {} more records", self.left_out);
        }
        Finding {
            finding: format!("Activity{by}{on}: {}", self.proof),
            rule: None,
            file: self.telling.file.clone(),
            place: self.telling.place,
            offset: self.telling.offset,
            time: self.first,
            matched: shorten(&self.summary, 600),
            kind: FindingKind::Activity,
            technique: self.telling.technique.clone(),
            severity: self.severity,
            confidence: self.confidence,
            proof: self.proof,
            why,
            evidence,
        }
    }
}

/// A source's clock in words.
pub(crate) fn clock_words(source: &str, ahead: i64) -> String {
    let (hours, minutes, seconds) = (ahead.abs() / 3600, ahead.abs() % 3600 / 60, ahead.abs() % 60);
    let side = if ahead > 0 { "ahead of" } else { "behind" };
    let seconds = if seconds > 0 { format!(" {seconds} s") } else { String::new() };
    format!(
        "the clock of {source} is {hours} h {minutes:02} min{seconds} {side} the others, as events that both saw show; the order allows for it"
    )
}

fn line(step: &Step) -> String {
    let time =
        step.time.map_or("(no time)".to_owned(), |t| t.strftime("%Y-%m-%dT%H:%M:%SZ").to_string());
    let tactic = step.tactic.as_deref().map(|t| format!(" [{t}]")).unwrap_or_default();
    let technique = step.technique.as_deref().map(|t| format!(" {t}")).unwrap_or_default();
    let often = if step.count > 1 { format!(" ({} times)", step.count) } else { String::new() };
    let place = match step.place {
        Some(Place::Line(n)) => format!("{}:{n}", step.file),
        Some(Place::Record(n)) => format!("{} record {n}", step.file),
        None => step.file.clone(),
    };
    format!("{time}{tactic}{technique} {}{often} — {place}\n", step.title)
}
