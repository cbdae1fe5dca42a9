//! What was looked at when a period was asked for, and when lines are in no order.
#![allow(missing_docs, clippy::unwrap_used)]

use std::fmt::Write as _;

use jiff::Timestamp;
use lapwing_hunt::{Checks, Hunt, Matcher, Options, Silent, hunt};
use lapwing_model::Coverage;

const IIS: &str = "#Software: Microsoft Internet Information Services 10.0\n#Fields: date time s-ip cs-method cs-uri-stem cs-uri-query s-port cs-username c-ip cs(User-Agent) sc-status\n";

/// Minutes of March 2021 in an order of their own.
fn minutes() -> impl Iterator<Item = u64> {
    (0..20_000u64).map(|number| number * 7_919 % 40_000)
}

fn time(minute: u64) -> String {
    let start: Timestamp = "2021-03-01T00:00:00Z".parse().unwrap();
    let at = start + jiff::SignedDuration::from_mins(i64::try_from(minute).unwrap());
    at.strftime("%Y-%m-%d %H:%M:%S").to_string()
}

fn look(name: &str, log: &str, since: Option<&str>, until: Option<&str>) -> Coverage {
    let home = tempfile::tempdir().unwrap();
    let file = home.path().join(name);
    std::fs::write(&file, log).unwrap();
    let parse = |time: Option<&str>| time.map(|t| t.parse().unwrap());
    let options = Options {
        since: parse(since),
        until: parse(until),
        jobs: 2,
        file_times: false,
        year: Some(2021),
        ..Options::default()
    };
    let run = |options: &Options| -> Hunt {
        hunt(std::slice::from_ref(&file), &Matcher::default(), Checks::builtin(), options, &Silent)
    };
    let result = run(&options);
    assert_eq!(run(&Options { jobs: 1, ..options.clone() }), result);
    assert_eq!(result.verdict.looked_at.len(), 1, "{:?}", result.verdict.looked_at);
    result.verdict.looked_at[0].clone()
}

fn iis() -> String {
    let mut log = IIS.to_owned();
    for minute in minutes() {
        writeln!(
            log,
            "{} 192.0.2.25 GET /owa/ - 443 - 198.51.100.9 Mozilla/5.0+(a+long+agent+of+no+interest) 200",
            time(minute)
        )
        .unwrap();
    }
    log
}

#[test]
fn the_lowest_and_highest_times_are_told_whatever_the_order() {
    let (low, high) = (minutes().min().unwrap(), minutes().max().unwrap());
    let at = |minute| time(minute).replace(' ', "T") + "Z";
    let coverage = look("u_ex.log", &iis(), None, None);
    assert_eq!(coverage.from.unwrap().to_string(), at(low));
    assert_eq!(coverage.until.unwrap().to_string(), at(high));
    assert_eq!((coverage.records, coverage.in_period), (20_000, None));
    let mut syslog = String::new();
    for minute in minutes() {
        let start: Timestamp = at(minute).parse().unwrap();
        let stamp = start.strftime("%b %e %H:%M:%S");
        writeln!(syslog, "{stamp} mail sshd[7]: Connection closed by 198.51.100.9 port 22")
            .unwrap();
    }
    let coverage = look("syslog", &syslog, None, None);
    assert_eq!(coverage.from.unwrap().to_string(), at(low));
    assert_eq!(coverage.until.unwrap().to_string(), at(high));
}

#[test]
fn records_of_the_period_are_told_apart_from_the_others() {
    let (since, until) = ("2021-03-05T00:00:00Z", "2021-03-06T11:59:59Z");
    let inside: Vec<u64> =
        minutes().filter(|minute| (4 * 1440..5 * 1440 + 720).contains(minute)).collect();
    let at = |minute: &u64| time(*minute).replace(' ', "T") + "Z";
    let coverage = look("u_ex.log", &iis(), Some(since), Some(until));
    assert_eq!(coverage.in_period, Some(inside.len() as u64));
    assert_eq!(coverage.records, 20_000);
    assert_eq!(coverage.from.unwrap().to_string(), at(inside.iter().min().unwrap()));
    assert_eq!(coverage.until.unwrap().to_string(), at(inside.iter().max().unwrap()));
    // In order, most chunks are wholly inside or outside.
    let mut lines: Vec<&str> = Vec::new();
    let log = iis();
    lines.extend(log.lines().skip(2));
    lines.sort_unstable();
    let sorted = format!("{IIS}{}\n", lines.join("\n"));
    assert_eq!(look("u_ex.log", &sorted, Some(since), Some(until)), coverage);
    // Nothing of it, and all of it.
    let none = look("u_ex.log", &sorted, Some("2022-01-01T00:00:00Z"), None);
    assert_eq!((none.in_period, none.from), (Some(0), None));
    let all = look("u_ex.log", &sorted, Some("2020-01-01T00:00:00Z"), None);
    assert_eq!(all.in_period, Some(20_000));
    // Records one by one.
    let json = "{\"time\":\"2021-03-04T00:00:00Z\",\"a\":1}\n{\"time\":\"2021-03-05T01:00:00Z\",\"a\":2}\n{\"a\":3}\n";
    let coverage = look("a.json", json, Some(since), Some(until));
    assert_eq!((coverage.records, coverage.in_period), (3, Some(2)));
}

#[test]
fn a_log_without_a_record_of_the_period_was_not_looked_at() {
    let home = tempfile::tempdir().unwrap();
    let file = home.path().join("u_ex.log");
    std::fs::write(&file, iis()).unwrap();
    let options =
        Options { since: "2022-01-01T00:00:00Z".parse().ok(), jobs: 1, ..Options::default() };
    let result = hunt(&[file], &Matcher::default(), Checks::builtin(), &options, &Silent);
    let missing = &result.verdict.not_looked_at;
    assert!(missing.iter().any(|m| m.why.contains("none of its 20000 records")), "{missing:?}");
}
