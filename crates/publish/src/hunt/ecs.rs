//! Findings in the Elastic Common Schema, one document a line; the verdict comes last.

use std::io::{self, Write};

use lapwing_model::{Finding, FindingKind, Kind, Place, Severity, VerdictKind};
use serde_json::{Map, Value, json};

use super::{HuntReport, observable};

const VERSION: &str = "8.17.0";

pub(super) fn write(report: &HuntReport<'_>, out: &mut dyn Write) -> io::Result<()> {
    for finding in report.findings {
        serde_json::to_writer(&mut *out, &document(report, finding))?;
        out.write_all(b"\n")?;
    }
    serde_json::to_writer(&mut *out, &verdict(report))?;
    out.write_all(b"\n")
}

/// ECS leaves the scale to the source; these are the numbers of Elastic's own rules.
fn number(severity: Severity) -> u8 {
    match severity {
        Severity::Informational => 0,
        Severity::Low => 21,
        Severity::Medium => 47,
        Severity::High => 73,
        Severity::Critical => 99,
    }
}

fn document(report: &HuntReport<'_>, finding: &Finding) -> Value {
    let kind = serde_json::to_value(finding.kind).unwrap_or_default();
    let mut document = json!({
        "@timestamp": finding.time.unwrap_or(report.hunted),
        "ecs": { "version": VERSION },
        "message": format!("{}: {}", finding.finding, finding.why),
        "event": {
            "kind": "alert",
            "category": ["threat"],
            "type": ["indicator"],
            "module": "lapwing",
            "dataset": "lapwing.hunt",
            "severity": number(finding.severity),
            "reason": finding.why,
            "original": finding.evidence,
            "created": report.hunted,
        },
        "log": { "level": finding.severity, "file": { "path": finding.file }, "offset": finding.offset },
        "rule": { "name": finding.finding, "ruleset": kind },
        "lapwing": {
            "kind": kind,
            "matched": finding.matched,
            "proof": finding.proof,
            "confidence": finding.confidence,
            "time_known": finding.time.is_some(),
        },
        "tags": ["lapwing"],
    });
    let mut put = |at: &str, key: &str, value: Value| {
        if let Some(Value::Object(object)) = document.get_mut(at) {
            object.insert(key.to_owned(), value);
        }
    };
    if let Some(rule) = &finding.rule {
        put("rule", "id", json!(rule));
    }
    match finding.place {
        Some(Place::Line(line)) => put("log", "line", json!(line)),
        Some(Place::Record(record)) => put("event", "sequence", json!(record)),
        None => {}
    }
    let mut more = Map::new();
    let mut threat = Map::new();
    if let Some(technique) = &finding.technique {
        let link = technique.replace('.', "/");
        threat.insert("framework".into(), json!("MITRE ATT&CK"));
        threat.insert(
            "technique".into(),
            json!({ "id": [technique], "reference": [format!("https://attack.mitre.org/techniques/{link}/")] }),
        );
    }
    if let Some(listed) = observable::listed(finding) {
        let mut indicator =
            json!({ "type": listed.kind, "confidence": word(finding.confidence.as_percent()) });
        let (key, value) = match listed.kind {
            Kind::Ipv4Addr | Kind::Ipv6Addr => ("ip", json!(listed.value)),
            Kind::Url => ("url", json!({ "full": listed.value })),
            Kind::EmailAddr => ("email", json!({ "address": listed.value })),
            Kind::Md5 | Kind::Sha1 | Kind::Sha256 | Kind::Sha512 => {
                let name = format!("{:?}", listed.kind).to_ascii_lowercase();
                ("file", json!({ "hash": { name: listed.value } }))
            }
            Kind::FileName | Kind::FilePath => ("file", json!({ "name": listed.value })),
            _ => ("description", json!(listed.value)),
        };
        if let Value::Object(object) = &mut indicator {
            object.insert(key.to_owned(), value);
        }
        threat.insert("indicator".into(), indicator);
        let related = match listed.kind {
            Kind::Ipv4Addr | Kind::Ipv6Addr => Some("ip"),
            Kind::DomainName => Some("hosts"),
            kind if kind.is_file_hash() => Some("hash"),
            _ => None,
        };
        if let Some(related) = related {
            more.insert("related".into(), json!({ related: [listed.value] }));
        }
    }
    if !threat.is_empty() {
        more.insert("threat".into(), Value::Object(threat));
    }
    if finding.place.is_none() && finding.kind != FindingKind::Activity {
        let hash: Map<String, Value> = ["md5", "sha1", "sha256"]
            .into_iter()
            .filter_map(|name| Some((name.to_owned(), json!(observable::named(finding, name)?))))
            .collect();
        let mut file =
            json!({ "path": finding.file, "name": finding.file.rsplit(['/', '\\', '!']).next() });
        if let (Value::Object(object), false) = (&mut file, hash.is_empty()) {
            object.insert("hash".into(), Value::Object(hash));
        }
        more.insert("file".into(), file);
    }
    if let Value::Object(object) = &mut document {
        object.extend(more);
    }
    document
}

fn word(percent: u8) -> &'static str {
    match percent {
        0 => "None",
        1..=29 => "Low",
        30..=69 => "Medium",
        _ => "High",
    }
}

fn verdict(report: &HuntReport<'_>) -> Value {
    let verdict = report.verdict;
    let outcome = if verdict.verdict == VerdictKind::NothingFound { "success" } else { "failure" };
    json!({
        "@timestamp": report.hunted,
        "ecs": { "version": VERSION },
        "message": format!("Verdict: {}", report.answer()),
        "event": {
            "kind": "state",
            "category": ["threat"],
            "type": ["info"],
            "module": "lapwing",
            "dataset": "lapwing.verdict",
            "outcome": outcome,
            "reason": verdict.reasons.join(" "),
        },
        "lapwing": verdict,
        "tags": ["lapwing"],
    })
}
