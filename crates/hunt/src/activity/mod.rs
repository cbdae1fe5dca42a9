//! Findings joined into activity: who did what on which machine, in order, over all logs.

pub(crate) mod actors;
mod cast;
mod chain;
mod clock;
mod names;
mod related;
pub(crate) mod tactic;
mod tell;
mod words;

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use jiff::Timestamp;
use lapwing_model::{Confidence, Finding, Place, Proof, Severity};

use crate::condition::Artifacts;
use crate::rarity::Crowd;
use actors::Actors;
use chain::Member;
use clock::Sight;

pub(crate) use cast::Cast;
pub(crate) use chain::has_weight;
pub(crate) use related::{Lead, Related, Row};
pub(crate) use tell::clock_words;
pub(crate) use words::{Word, Words};

/// One chain of events: what belongs together by source address, session, host, account, file name
/// and time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Activity {
    /// What happened, in order; alike steps that follow one another are one.
    pub steps: Vec<Step>,
    /// First and last time, UTC, on the reference clock.
    pub first: Option<Timestamp>,
    /// See `first`.
    pub last: Option<Timestamp>,
    /// Addresses that it came from, without those that many share.
    pub addresses: BTreeSet<IpAddr>,
    /// Machines on which it shows.
    pub hosts: BTreeSet<String>,
    /// Accounts that were used.
    pub accounts: BTreeSet<String>,
    /// Names of files that were written or left.
    pub files: BTreeSet<String>,
    /// ATT&CK techniques in the order of their first step.
    pub techniques: Vec<String>,
    /// ATT&CK tactics in the order of their first step.
    pub tactics: Vec<String>,
    /// The most that a step proves.
    pub proof: Proof,
    /// The gravest step's severity.
    pub severity: Severity,
    /// How sure, all kinds of steps together.
    pub confidence: Confidence,
    /// The story in one line: titles of the steps with arrows between.
    pub summary: String,
    /// Steps that were left out because there were too many.
    pub left_out: u64,
    /// Clocks that were set right for the order: source, and by how many seconds it is ahead.
    pub clocks: BTreeMap<String, i64>,
    /// How often the findings of the chain stand there, all steps together.
    pub findings: u64,
    /// The finding that tells most: its place is the chain's.
    pub(crate) telling: Finding,
    /// Whether grave Sigma rules for several tactics hold in it.
    pub(crate) corroborated: bool,
}

/// One step of an [`Activity`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// When, UTC, on the reference clock.
    pub time: Option<Timestamp>,
    /// Title of the finding, or what else the same client did.
    pub title: String,
    /// Rule or check, where it is a finding.
    pub rule: Option<String>,
    /// ATT&CK technique and tactic, where known.
    pub technique: Option<String>,
    /// See `technique`.
    pub tactic: Option<String>,
    /// What matched, or the request.
    pub what: String,
    /// The log.
    pub file: String,
    /// Line or record.
    pub place: Option<Place>,
    /// How often, in a row.
    pub count: u64,
}

/// Activities, and by how much the sources' clocks are apart.
#[derive(Debug, Default)]
pub(crate) struct Joined {
    pub activities: Vec<Activity>,
    /// For each activity, the numbers of its findings.
    pub members: Vec<Vec<usize>>,
    pub clocks: BTreeMap<String, i64>,
    /// Names of files that were written or left, by which records are joined.
    pub names: BTreeSet<String>,
}

/// Pages and programs that are everywhere: their names join nothing.
const COMMON: &[&str] = &[
    "logon.aspx",
    "logoff.aspx",
    "errorfe.aspx",
    "expiredpassword.aspx",
    "frowny.aspx",
    "outlookcn.aspx",
    "redirsuiteserviceproxy.aspx",
    "signout.aspx",
    "timeoutlogout.aspx",
    "default.aspx",
    "index.php",
    "index.asp",
    "global.asax",
    "exchange.asmx",
    "errorpage.aspx",
    "cmd.exe",
    "powershell.exe",
    "w3wp.exe",
    "net.exe",
    "whoami.exe",
    "rundll32.exe",
    "svchost.exe",
    "services.exe",
    "conhost.exe",
    "comsvcs.dll",
    "lsass.exe",
    "certutil.exe",
    "reg.exe",
    "csc.exe",
    "cvtres.exe",
    "pwsh.exe",
    "wmic.exe",
    "vssadmin.exe",
    "sc.exe",
    "schtasks.exe",
    "attrib.exe",
    "bitsadmin.exe",
    "mshta.exe",
    "regsvr32.exe",
    "procdump.exe",
];

/// Whether a file of this name is on every server, so that its name tells nothing.
pub(crate) fn is_common(name: &str) -> bool {
    COMMON.contains(&name)
}

/// Joins findings into activities, each with what else its clients did.
pub(crate) fn join(
    findings: &[Finding],
    cast: &Cast,
    crowd: &Crowd,
    artifacts: &Artifacts,
    related: &Related,
) -> Joined {
    let nobody = Actors::default();
    let who = |finding: &Finding| cast.get(finding).unwrap_or(&nobody);
    let mut names: BTreeSet<String> = artifacts.values().flatten().cloned().collect();
    for finding in findings {
        if finding.proof >= Proof::Persistence && finding.severity >= Severity::High {
            let actors = who(finding);
            let written = actors.written.as_deref().map(crate::condition::last_part);
            names.extend(written.filter(|name| actors.files.contains(name)));
            // A page through which somebody works is left behind too, whoever wrote it.
            if actors.request.is_some() && actors.written.is_none() {
                names.extend(actors.files.iter().map(ToString::to_string));
            }
        }
    }
    names.retain(|name| !is_common(name));

    let mut members: Vec<Member<'_>> = findings
        .iter()
        .map(|finding| Member { finding, actors: who(finding), at: second(finding.time) })
        .collect();
    let clocks = clock::offsets(&sights(&members, &names, related));
    for member in &mut members {
        let ahead = clocks.get(&*member.actors.source).copied().unwrap_or(0);
        member.at = member.at.map(|at| at - ahead);
    }
    let chains = chain::chains(&members, crowd, &names);
    let activities = chains
        .iter()
        .map(|chain| {
            let members: Vec<&Member<'_>> = chain.iter().map(|n| &members[*n]).collect();
            tell::tell(&members, crowd, &names, related, &clocks)
        })
        .collect();
    Joined { activities, members: chains, clocks, names }
}

fn second(time: Option<Timestamp>) -> Option<i64> {
    time.map(Timestamp::as_second)
}

/// What several sources may have seen. Of one source alone there is nothing to compare.
fn sights(members: &[Member<'_>], names: &BTreeSet<String>, related: &Related) -> Vec<Sight> {
    let mut all = related.sights();
    let mut sources: BTreeSet<&str> = members.iter().map(|m| &*m.actors.source).collect();
    sources.extend(all.iter().map(|(source, ..)| &**source));
    sources.remove("");
    if sources.len() < 2 {
        return Vec::new();
    }
    all.splice(0..0, members.iter().flat_map(|member| sights_of(member, names)));
    all
}

/// What other sources may have seen too.
fn sights_of(member: &Member<'_>, names: &BTreeSet<String>) -> Vec<Sight> {
    let actors = member.actors;
    let Some(at) = member.at.filter(|_| !actors.source.is_empty()) else { return Vec::new() };
    let mut things: Vec<String> = actors.files.among(names).map(ToString::to_string).collect();
    things.extend(actors.session.as_deref().map(str::to_owned));
    if let (Some(client), Some(request)) = (actors.client, &actors.request) {
        things.push(format!("{client} {}", request.to_lowercase()));
    }
    things.into_iter().map(|thing| (Word::clone(&actors.source), thing, at)).collect()
}
