//! All that is known, page by page: what one page leaves another has, and what is told otherwise comes again.
#![expect(clippy::unwrap_used, reason = "a test ends where something is not as it must be")]

mod common;

use std::collections::BTreeSet;

use lapwing_engine::read::Options;
use lapwing_engine::store::{SharedQuery, SharedRecord};
use lapwing_engine::{AddOptions, Engine, Input, Silent};
use lapwing_model::{Marking, Pap};

fn add(engine: &mut Engine, at: &str, reports: &[(usize, usize)]) {
    let inputs: Vec<Input> = reports.iter().map(|(n, of)| report(*n, *of)).collect();
    engine.add(&inputs, &AddOptions::default(), at.parse().unwrap(), &Silent).unwrap();
}

/// The report of a number, in the words of one but for a single word of its own: 60 addresses.
fn report(n: usize, of: usize) -> Input {
    let mut words: Vec<String> =
        (0..80).map(|at| format!("w{}", (at * 31 + of * 977) % 5000)).collect();
    words[40] = format!("own{n}");
    let rows: Vec<String> = (1..=60).map(|row| format!("62.11.{of}.{row}")).collect();
    let text = format!(
        "# Notes {of}\n\n{}.\n\n## Indicators of compromise\n\n{}\n",
        words.join(" "),
        rows.join("\n")
    );
    Input::Fetched {
        name: format!("{n}.md"),
        bytes: text.into_bytes(),
        options: Box::new(Options {
            source: Some(format!("Team {n}")),
            published: format!("2021-03-{:02}", 1 + n).parse().ok(),
            ..Options::default()
        }),
    }
}

/// All objects of a type, taken page by page, and how many pages that took.
fn all(engine: &Engine, types: &[&str], after: i64) -> (Vec<SharedRecord>, usize) {
    let types = types.iter().map(|kind| (*kind).to_owned()).collect();
    let mut query = SharedQuery { types, after, limit: 100, ..SharedQuery::default() };
    let (mut records, mut pages) = (Vec::new(), 0);
    loop {
        let page = engine.coming(&query, (Marking::Red, Pap::Red)).unwrap();
        records.extend(page.records);
        pages += 1;
        match page.next {
            Some(next) => query.after = next,
            None => return (records, pages),
        }
    }
}

fn bodies(records: &[SharedRecord]) -> BTreeSet<(String, Vec<u8>)> {
    records.iter().map(|record| (record.id.clone(), record.body.clone())).collect()
}

#[test]
fn long_reports_come_on_several_pages_each_once_and_whole() {
    let mut engine = common::engine();
    let many: Vec<(usize, usize)> = (0..24).map(|n| (n, n)).collect();
    add(&mut engine, "2021-06-01T00:00:00Z", &many);
    let (reports, pages) = all(&engine, &["report"], 0);
    assert_eq!(bodies(&reports).len(), 24);
    assert_eq!(reports.len(), 24);
    assert!(pages > 2, "{pages}");
    for record in &reports {
        let report: serde_json::Value = serde_json::from_slice(&record.body).unwrap();
        // The value and the indicator of each address.
        assert!(report["object_refs"].as_array().unwrap().len() >= 120, "{report}");
    }
}

#[test]
fn what_is_asked_for_by_type_is_what_comes_without_a_filter() {
    let mut engine = common::engine();
    add(&mut engine, "2021-06-01T00:00:00Z", &[(0, 0), (1, 1), (2, 0)]);
    let (whole, _) = all(&engine, &[], 0);
    for kind in ["report", "identity", "note", "indicator", "relationship", "ipv4-addr"] {
        let (of_it, _) = all(&engine, &[kind], 0);
        let among = whole.iter().filter(|record| record.id.starts_with(&format!("{kind}--")));
        let among: Vec<SharedRecord> = among.cloned().collect();
        assert!(!of_it.is_empty(), "{kind}");
        assert_eq!(bodies(&of_it), bodies(&among), "{kind}");
    }
}

#[test]
fn what_is_asked_for_by_identifier_is_found_wherever_it_is_looked_for_first() {
    let mut engine = common::engine();
    add(&mut engine, "2021-06-01T00:00:00Z", &[(0, 0), (1, 1), (2, 0)]);
    let (whole, _) = all(&engine, &[], 0);
    let by_id = |ids: &[&str], near: &[i64]| {
        let ids = ids.iter().map(|id| (*id).to_owned()).collect();
        let query = SharedQuery { ids, limit: 100, ..SharedQuery::default() };
        let page = engine.coming_near(&query, (Marking::Red, Pap::Red), near).unwrap();
        assert_eq!(page.next, None);
        page.records
    };
    let mut kinds = BTreeSet::new();
    for (at, record) in whole.iter().enumerate() {
        let kind = record.id.split_once("--").unwrap().0;
        // One of each type, and some more.
        if !kinds.insert(kind) && at % 23 != 0 {
            continue;
        }
        let one = bodies(std::slice::from_ref(record));
        let other = whole[(at + 17) % whole.len()].n;
        for near in [&[][..], &[record.n], &[other], &[other, record.n, -1]] {
            assert_eq!(bodies(&by_id(&[&record.id], near)), one, "{kind} {near:?}");
        }
    }
    assert!(kinds.len() > 6, "{kinds:?}");
    let (one, two) = (&whole[40], &whole[whole.len() - 1]);
    let both = bodies(&[one.clone(), two.clone()]);
    let alone = bodies(std::slice::from_ref(one));
    for near in [&[][..], &[one.n], &[two.n, one.n]] {
        assert_eq!(bodies(&by_id(&[&two.id, &one.id], near)), both, "{near:?}");
        assert_eq!(bodies(&by_id(&["tool--1", &one.id], near)), alone, "{near:?}");
    }
    for kind in ["report", "indicator", "relationship", "note", "identity", "ipv4-addr", "x"] {
        let absent = format!("{kind}--00000000-0000-5000-8000-000000000000");
        assert_eq!(by_id(&[&absent], &[one.n]), [], "{absent}");
    }
}

#[test]
fn a_report_comes_again_when_its_origin_is_another() {
    let mut engine = common::engine();
    add(&mut engine, "2021-06-01T00:00:00Z", &[(0, 0), (1, 1)]);
    let (first, _) = all(&engine, &["report"], 0);
    let last = first.iter().map(|record| record.n).max().unwrap();
    // A copy of the first one: both go back to one origin.
    add(&mut engine, "2021-06-02T00:00:00Z", &[(2, 0)]);
    let (again, _) = all(&engine, &["report", "note"], last);
    let told: BTreeSet<&str> = again.iter().map(|record| record.id.as_str()).collect();
    let of = |n: usize| first.iter().find(|r| holds(r, &format!("\"{n}.md\""))).unwrap();
    assert!(told.contains(of(0).id.as_str()), "{told:?}");
    assert!(!told.contains(of(1).id.as_str()), "{told:?}");
    let newer = again.iter().find(|record| record.id == of(0).id).unwrap();
    assert!(newer.version > of(0).version);
    assert!(again.iter().any(|record| holds(record, "One origin")));
}

fn holds(record: &SharedRecord, text: &str) -> bool {
    String::from_utf8_lossy(&record.body).contains(text)
}

#[test]
fn reports_of_a_copy_made_row_by_row_stand_where_they_stand_in_the_whole() {
    let mut engine = common::engine();
    add(&mut engine, "2021-06-01T00:00:00Z", &[(0, 0), (1, 1), (2, 0)]);
    let Input::Fetched { name, bytes, options } = report(3, 3) else { unreachable!() };
    let options = Box::new(Options { marking: Some(Marking::Amber), ..*options });
    let amber = [Input::Fetched { name, bytes, options }];
    let day = "2021-06-02T00:00:00Z".parse().unwrap();
    engine.add(&amber, &AddOptions::default(), day, &Silent).unwrap();
    let copy = engine.in_rows(Marking::Green, Pap::Red).unwrap().unwrap();
    let places = |engine: &Engine| -> Vec<(String, i64)> {
        all(engine, &["report"], 0).0.into_iter().map(|record| (record.id, record.n)).collect()
    };
    let (here, whole) = (places(&copy), places(&engine));
    assert_eq!((here.len(), whole.len()), (3, 4));
    // Who goes through the one page by page finds his place in the other.
    assert!(here.iter().all(|place| whole.contains(place)), "{here:?} of {whole:?}");
}
