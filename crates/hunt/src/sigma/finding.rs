//! Matches as findings.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use lapwing_model::{Confidence, Finding, FindingKind, Proof, Severity};

use super::agent;
use super::correlation::{self, Event, Firing};
use super::missing::Missing;
use super::rule::Header;
use super::rules::{Compiled, Rules};
use super::view::{NO_FIELD, View};
use crate::activity::tactic::Tactic;
use crate::record::{Record, shorten};

/// Values shown in the reason of a finding.
const SHOWN: usize = 6;
/// Fields by which rules say of which kind a record is.
const KINDS: &[&str] = &["EventID", "Channel", "Provider_Name"];
/// Fields that tell what happened, or to whom, most telling first.
const TELLING: &[&str] = &[
    "CommandLine",
    "ProcessCommandLine",
    "ScriptBlockText",
    "TargetFilename",
    "TargetObject",
    "ServiceFileName",
    "ImagePath",
    "TaskName",
    "RelativeTargetName",
    "ObjectName",
    "PipeName",
    "QueryName",
    "NewProcessName",
    "Image",
    "MemberName",
    "TargetUserName",
    "SubjectUserName",
    "ServiceName",
    "ShareName",
    "IpAddress",
    "DestinationIp",
];
/// Events of a correlation that its reason names.
const NAMED: usize = 4;

/// How sure a hit is, by what the rule's author says of its level: a critical rule is for what is
/// nearly certain, a low one for what is often harmless. Experimental rules are trusted less.
fn confidence(header: &Header) -> Confidence {
    let percent: u8 = match header.severity {
        Severity::Critical => 90,
        Severity::High => 75,
        Severity::Medium => 50,
        Severity::Low => 30,
        Severity::Informational => 15,
    };
    Confidence::percent(if header.status == "experimental" {
        percent - percent / 5
    } else {
        percent
    })
}

/// What a record that passes the rule would prove if it is what it looks like: by the tactic of its
/// technique. The verdict gives it less weight than a check, and lesser rules are for what is often
/// harmless.
fn proof(header: &Header) -> Proof {
    if header.severity < Severity::Medium {
        return Proof::Contact;
    }
    let tactic = header.techniques.iter().find_map(|technique| Tactic::of(technique));
    match tactic {
        Some(tactic) => tactic.proof(),
        None if header.severity == Severity::Critical => Proof::Attempt,
        None => Proof::Contact,
    }
}

impl Rules {
    /// The finding of a rule that holds for a record.
    pub(super) fn finding(
        &self,
        compiled: &Compiled,
        view: &View,
        record: &Record<'_>,
        file: &str,
    ) -> Finding {
        let header = &compiled.rule.header;
        let mut values = Vec::new();
        compiled.rule.test.evidence(view, &mut values);
        let shown: Vec<String> = values
            .iter()
            .take(SHOWN)
            .map(|(field, value)| {
                let value = shorten(value, 160);
                if *field == NO_FIELD {
                    value
                } else {
                    format!("{}: {value}", self.fields.name(*field))
                }
            })
            .collect();
        let more = values.len().saturating_sub(SHOWN);
        let more = if more > 0 { format!(" and {more} more") } else { String::new() };
        let agent = agent::parent(record);
        let mut why = match &header.says {
            Some(says) => format!("{says} (Sigma rule)"),
            None => "the record passes the Sigma rule".to_owned(),
        };
        if let Some(agent) = agent {
            let _ = write!(why, "; started by {agent}, so it says less");
        }
        let missing = compiled.missing.as_ref();
        why.extend(missing.map(Missing::words));
        if !shown.is_empty() {
            let _ = write!(why, " [{}{more}]", shown.join(", "));
        }
        let (severity, sure) = match agent {
            Some(_) => (
                agent::lower(header.severity),
                Confidence::percent(confidence(header).as_percent() / 2),
            ),
            None => (header.severity, confidence(header)),
        };
        // The last value is the most special one: rules name the record's kind first. That kind alone tells nobody who did
        // what to whom.
        let is_kind = |field| {
            let name = if field == NO_FIELD { "" } else { self.fields.name(field) };
            KINDS.iter().any(|kind| kind.eq_ignore_ascii_case(name))
        };
        let special = values.iter().rfind(|(field, _)| !is_kind(*field));
        let told = TELLING.iter().find_map(|name| record.get(name));
        let matched = match special {
            Some((_, value)) => value.as_str(),
            None => told.or(values.last().map(|(_, v)| v.as_str())).unwrap_or(&record.raw),
        };
        Finding {
            finding: header.title.clone(),
            rule: Some(header.id.clone()),
            file: file.to_owned(),
            place: record.place,
            offset: record.offset,
            time: record.time,
            matched: shorten(matched, 300),
            kind: FindingKind::Sigma,
            technique: header.techniques.first().cloned(),
            severity: missing.map_or(severity, |missing| missing.severity(severity)),
            confidence: missing.map_or(sure, |missing| missing.confidence(sure)),
            proof: if agent.is_some() { Proof::Contact } else { proof(header) },
            why,
            evidence: shorten(&record.raw, 600),
        }
    }

    /// What a correlation wants to know of a match; `None` when the record has no time.
    pub(super) fn event(
        &self,
        compiled: &Compiled,
        view: &View,
        record: &Record<'_>,
        file: &str,
    ) -> Option<Event> {
        let wanted = compiled.correlated.as_ref()?;
        let mut values = BTreeMap::new();
        for name in wanted {
            let value = self.fields.get(name).and_then(|field| view.get(field));
            if let Some(value) = value {
                values.insert(name.clone(), shorten(value, 300));
            }
        }
        Some(Event {
            time: record.time?,
            file: file.to_owned(),
            place: record.place,
            offset: record.offset,
            rule: compiled.rule.header.id.clone(),
            values,
        })
    }

    /// The identifier and name of the rule or correlation that a correlation refers to.
    fn resolve(&self, name: &str) -> Option<(String, Option<String>)> {
        let rules = self.list.iter().map(|c| &c.rule.header);
        rules
            .chain(self.correlations.iter().map(|c| &c.header))
            .find(|header| header.id == name || header.name.as_deref() == Some(name))
            .map(|header| (header.id.clone(), header.name.clone()))
    }
}

/// Runs the correlations over what was matched in all files.
pub(crate) fn correlate(rules: &Rules, events: Vec<Event>) -> Vec<Finding> {
    let firings = correlation::run(&rules.correlations, events, &|name| rules.resolve(name));
    firings.iter().filter_map(|firing| finding_of(rules, firing)).collect()
}

fn finding_of(rules: &Rules, firing: &Firing) -> Option<Finding> {
    let correlation = rules.correlations.get(firing.correlation)?;
    let header = &correlation.header;
    // A correlation that serves another one is told by that one.
    let last = firing.events.last()?;
    let named: Vec<String> = firing
        .events
        .iter()
        .take(NAMED)
        .map(|event| format!("{} in {}", event.time.strftime("%Y-%m-%dT%H:%M:%SZ"), event.file))
        .collect();
    let more = firing.events.len().saturating_sub(NAMED);
    let more = if more > 0 { format!("; and {more} more") } else { String::new() };
    let told = correlation.told(firing);
    let group: Vec<String> = firing.group.iter().map(|(_, value)| value.clone()).collect();
    Some(Finding {
        finding: header.title.clone(),
        rule: Some(header.id.clone()),
        file: last.file.clone(),
        place: last.place,
        offset: last.offset,
        time: Some(last.time),
        matched: shorten(&group.join(", "), 300),
        kind: FindingKind::Sigma,
        technique: header.techniques.first().cloned(),
        severity: header.severity,
        confidence: confidence(header),
        proof: proof(header),
        why: format!("events together pass the Sigma correlation: {told}"),
        evidence: shorten(&format!("{}{more}", named.join("; ")), 600),
    })
}
