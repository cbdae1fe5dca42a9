//! Measures pages of lists at size: `cargo run --release -p lapwing-store --example pages -- STORE
//! [ROUNDS]`. The store is opened for writing, so that one of an older schema is brought up to date
//! first: give it a copy.
#![allow(clippy::print_stdout, clippy::unwrap_used, reason = "a program to be run by hand")]

use std::path::Path;
use std::time::Instant;

use jiff::civil::date;
use lapwing_model::{Kind, Status};
use lapwing_store::{IndicatorOrder, IndicatorQuery, Store};

fn main() {
    let mut arguments = std::env::args().skip(1);
    let path = arguments.next().expect("the path of a store");
    let rounds: usize = arguments.next().map_or(9, |n| n.parse().unwrap());
    let begun = Instant::now();
    let store = Store::open(Path::new(&path)).unwrap();
    println!("opened after {:.2} s", begun.elapsed().as_secs_f64());
    let day = date(2021, 4, 1);
    let of = |holds: Option<&str>| IndicatorQuery {
        holds: holds.map(str::to_owned),
        limit: 101,
        ..IndicatorQuery::default()
    };
    let with = |status| Some((vec![status], day));
    let by = |order| IndicatorQuery { order, ..of(None) };
    let since = "2021-03-20".parse().ok();
    let asked = [
        ("all", of(None)),
        ("q=com", of(Some("com"))),
        ("q=c2.d0", of(Some("c2.d0"))),
        ("q=no-such-text", of(Some("no-such-text"))),
        ("min_probability=0.9", IndicatorQuery { least_probability: Some(0.9), ..of(None) }),
        ("min_probability=0.7", IndicatorQuery { least_probability: Some(0.7), ..of(None) }),
        ("status=expired", IndicatorQuery { status: with(Status::Expired), ..of(None) }),
        (
            "status=expired&q=c2.",
            IndicatorQuery { status: with(Status::Expired), ..of(Some("c2.")) },
        ),
        ("status=ageing", IndicatorQuery { status: with(Status::Ageing), ..of(None) }),
        ("sort=probability", by(IndicatorOrder::Probability)),
        ("sort=last", by(IndicatorOrder::Last)),
        (
            "since=2021-03-20&sort=probability",
            IndicatorQuery { since, ..by(IndicatorOrder::Probability) },
        ),
        (
            "kind=domain-name&sort=last",
            IndicatorQuery { kind: Some(Kind::DomainName), ..by(IndicatorOrder::Last) },
        ),
    ];
    for (name, query) in &asked {
        measure(name, rounds, || store.indicators(query).unwrap().len());
    }
    let records = store.documents().unwrap();
    let Some(largest) = records.iter().max_by_key(|record| record.claims) else { return };
    let id = largest.document.id;
    let all = largest.claims;
    measure(&format!("all {all} claims"), rounds, || store.claims_of(id).unwrap().len());
    measure("1,500 claims of them", rounds, || store.claims_page(id, None, 1500).unwrap().len());
}

fn measure(name: &str, rounds: usize, run: impl Fn() -> usize) {
    let mut times = Vec::new();
    let mut rows = 0;
    for _ in 0..=rounds {
        let begun = Instant::now();
        rows = run();
        times.push(begun.elapsed().as_secs_f64() * 1e3);
    }
    let first = times.remove(0);
    times.sort_by(f64::total_cmp);
    let (median, worst) = (times[times.len() / 2], times[times.len() - 1]);
    println!(
        "{name}: {rows} rows; first {first:.1} ms, median {median:.1} ms, worst {worst:.1} ms"
    );
}
