//! The report of a hunt in all its forms, over findings of our own making.

use std::collections::BTreeMap;

use lapwing_model::{
    Confidence, Coverage, Finding, FindingKind, LookedFor, NotLookedAt, Place, Problem,
    ProblemKind, Proof, Severity, Verdict, VerdictKind,
};
use lapwing_publish::{HuntForm, HuntReport};
use serde_json::Value;

fn finding(kind: FindingKind, title: &str, matched: &str) -> Finding {
    Finding {
        finding: title.into(),
        rule: None,
        file: "logs/u_ex210303.log".into(),
        place: Some(Place::Line(7)),
        offset: 512,
        time: "2021-03-03T10:00:00.5Z".parse().ok(),
        matched: matched.into(),
        kind,
        technique: None,
        severity: Severity::High,
        confidence: Confidence::percent(90),
        proof: Proof::Contact,
        why: "said by a list".into(),
        evidence: format!("2021-03-03 10:00:00 GET /x {matched} <script>hostile</script> 200"),
    }
}

fn findings() -> Vec<Finding> {
    let page = Finding {
        rule: Some("web-shell-content".into()),
        file: "C/inetpub/wwwroot/aspnet_client/=x.aspx".into(),
        place: None,
        offset: 0,
        time: None,
        technique: Some("T1505.003".into()),
        proof: Proof::Persistence,
        severity: Severity::Critical,
        evidence: format!(
            "file =x.aspx, 20 bytes, md5 {}, sha256 {}",
            "a".repeat(32),
            "b".repeat(64)
        ),
        ..finding(FindingKind::Check, "A page that evaluates input", "=cmd|'/c calc'")
    };
    let chain = Finding {
        why: "probe from 192.0.2.7; then a page was written; then it was asked for".into(),
        ..finding(FindingKind::Activity, "Exploitation chain", "192.0.2.7")
    };
    vec![
        finding(FindingKind::Indicator, "Listed address 192.0.2.7", "192.0.2.7"),
        finding(FindingKind::Indicator, "Listed domain evil.example", "evil.example"),
        Finding {
            rule: Some("marsh".into()),
            ..finding(FindingKind::Yara, "YARA rule marsh", "reed")
        },
        chain,
        page,
    ]
}

fn verdict() -> Verdict {
    Verdict {
        verdict: VerdictKind::Compromised,
        reasons: vec!["A page that evaluates input: it came from 192.0.2.7".into()],
        next_steps: vec![
            "Cut the machine off.".into(),
            "Ask http://evil.example/a no more.".into(),
        ],
        looked_at: vec![Coverage {
            source: "IIS W3C log".into(),
            files: 1,
            records: 10,
            in_period: Some(4),
            bytes: 1000,
            from: "2021-03-01T00:00:00Z".parse().ok(),
            until: "2021-03-04T00:00:00Z".parse().ok(),
            assumed: Some("the times state no zone and were read as UTC".into()),
        }],
        not_looked_at: vec![NotLookedAt {
            what: "ECP log".into(),
            why: "not among the input".into(),
        }],
        looked_for: LookedFor { indicators: 3, checks: 200, ..LookedFor::default() },
    }
}

fn written(form: HuntForm) -> String {
    try_written(form).expect("a report is written to memory")
}

fn try_written(form: HuntForm) -> Result<String, Box<dyn std::error::Error>> {
    let (findings, verdict) = (findings(), verdict());
    let problems = [Problem::fatal("gone.evtx", ProblemKind::Unreadable, "permission denied")];
    let folded = BTreeMap::from([("marsh".to_owned(), 12)]);
    let report = HuntReport {
        findings: &findings,
        verdict: &verdict,
        problems: &problems,
        folded: &folded,
        hunted: "2021-04-01T00:00:00Z".parse()?,
    };
    let mut bytes = Vec::new();
    report.write(form, &mut bytes)?;
    let mut again = Vec::new();
    report.write(form, &mut again)?;
    assert_eq!(bytes, again);
    Ok(String::from_utf8(bytes)?)
}

#[test]
fn the_page_is_self_contained_and_nothing_in_it_is_live() {
    let html = written(HuntForm::Html);
    assert!(html.contains("default-src 'none'"));
    assert!(!html.contains("<script"), "the record's markup is text");
    for live in ["192.0.2.7", "evil.example\"", "http://evil"] {
        assert!(!html.contains(live), "{live}");
    }
    for told in [
        "Compromised",
        "192.0.2[.]7",
        "What belongs together",
        "12 more were counted",
        "gone.evtx",
        "ECP log",
        "4 of 10",
        "IIS W3C log: the times state no zone and were read as UTC",
    ] {
        assert!(html.contains(told), "{told}");
    }
}

#[test]
fn the_markdown_page() {
    insta::assert_snapshot!(written(HuntForm::Markdown));
}

#[test]
fn the_timeline_has_the_columns_that_timesketch_asks_for() {
    let csv = written(HuntForm::Csv);
    let mut lines = csv.split("\r\n");
    assert!(lines.next().unwrap().starts_with("datetime,timestamp,timestamp_desc,message,"));
    let first = lines.next().unwrap();
    assert!(
        first.starts_with("2021-03-03T10:00:00.500000+00:00,1614765600500000,event logged,"),
        "{first}"
    );
    // What a spreadsheet would run is text.
    assert!(csv.contains("\"'=cmd|'/c calc'\""), "{csv}");
    assert_eq!(csv.lines().count(), findings().len() + 1);
}

#[test]
fn the_bundle_holds_together() {
    let bundle: Value = serde_json::from_str(&written(HuntForm::Stix)).unwrap();
    let objects = bundle["objects"].as_array().unwrap();
    let ids: Vec<&str> = objects.iter().map(|o| o["id"].as_str().unwrap()).collect();
    let mut sorted = ids.clone();
    sorted.sort_unstable();
    sorted.dedup();
    assert_eq!(sorted.len(), ids.len(), "no object twice");
    let mut kinds = BTreeMap::new();
    for object in objects {
        let kind = object["type"].as_str().unwrap();
        *kinds.entry(kind).or_insert(0) += 1;
        assert!(object["id"].as_str().unwrap().starts_with(&format!("{kind}--")));
        assert_eq!(object["spec_version"], "2.1");
        for (key, value) in object.as_object().unwrap() {
            let refs = match value {
                Value::String(id) if key.ends_with("_ref") => vec![id.as_str()],
                Value::Array(all) if key.ends_with("_refs") => {
                    all.iter().filter_map(Value::as_str).collect()
                }
                _ => continue,
            };
            for id in refs {
                assert!(ids.contains(&id), "{key} of {object} leads nowhere");
            }
        }
    }
    for kind in [
        "indicator",
        "sighting",
        "observed-data",
        "attack-pattern",
        "report",
        "note",
        "file",
        "artifact",
    ] {
        assert!(kinds.contains_key(kind), "{kind}: {kinds:?}");
    }
    assert_eq!(kinds["sighting"], 3);
    let pattern = objects.iter().find_map(|o| o["pattern"].as_str()).unwrap();
    assert!(pattern.starts_with('[') && pattern.ends_with("']"), "{pattern}");
}

#[test]
fn documents_of_ecs() {
    let text = written(HuntForm::Ecs);
    let documents: Vec<Value> =
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(documents.len(), findings().len() + 1);
    assert_eq!(documents[0]["@timestamp"], "2021-03-03T10:00:00.5Z");
    assert_eq!(documents[0]["threat"]["indicator"]["ip"], "192.0.2.7");
    assert_eq!(documents[0]["log"]["line"], 7);
    let page = &documents[4];
    assert_eq!(page["file"]["hash"]["sha256"].as_str().unwrap().len(), 64);
    assert_eq!(page["threat"]["technique"]["id"][0], "T1505.003");
    assert_eq!(documents[5]["event"]["kind"], "state");
    assert_eq!(documents[5]["lapwing"]["verdict"], "compromised");
}
