//! Measures the store's share of an ingest: `cargo run --release -p lapwing-store --example
//! ingest -- [events|pages|table]`, with generated readings.
#![allow(clippy::print_stdout, clippy::unwrap_used, reason = "a program to be run by hand")]

#[path = "../tests/common/mod.rs"]
mod common;

use std::time::{Duration, Instant};

use lapwing_model::{Claim, Document, Entity, Format, Kind, Reading, Relation, Role, Span};
use lapwing_store::Store;

/// A document of `rows` values, each with two or three claims; one value in ten is shared with
/// each hundredth document.
fn reading(number: u64, rows: u64, format: Format, words: usize) -> Reading {
    let mut text = format!("document {number}\n");
    let actor = Entity::new(Kind::ThreatActor, format!("Actor {}", number % 50));
    let mut claims = Vec::new();
    for row in 0..rows {
        let unique =
            if row % 10 == 0 { number % 100 * 1_000_000 + row } else { number * 1_000_000 + row };
        let (kind, value) = match row % 4 {
            0 => (Kind::Ipv4Addr, format!("198.51.{}.{}", unique / 256 % 65536, unique % 256)),
            1 => (Kind::DomainName, format!("host{unique}.example.test")),
            2 => (Kind::Sha256, format!("{:064x}", unique.wrapping_mul(0x9E37_79B9_7F4A_7C15))),
            _ => (Kind::Url, format!("http://host{unique}.example.test/a/{unique}")),
        };
        let start = text.len();
        text.push_str(&value);
        let span = Span::new(start, text.len());
        text.push('\n');
        let entity = Entity::new(kind, value);
        let made = |claim: Claim| claim.by("bench:row", lapwing_model::Confidence::HIGH);
        claims.push(made(Claim::mention(entity.clone(), Role::Indicator, span)));
        claims.push(made(Claim::new(entity.clone(), Relation::Indicates, actor.clone(), span)));
        if words > 0 {
            let day = format!("2021-03-{:02}", 1 + row % 28);
            claims.push(made(Claim::new(
                entity,
                Relation::FirstSeen,
                lapwing_model::Object::Text(day),
                span,
            )));
        }
    }
    for word in 0..words {
        text.push_str(["campaign ", "shell ", "server ", "mail ", "exploit "][word % 5]);
        text.push_str(&(word * 7919 % 5000).to_string());
        text.push(' ');
    }
    let raw = text.clone().into_bytes();
    let document = Document::new(&raw, format!("bench/{number}"), format, text);
    let mut reading = Reading::new(document, raw);
    reading.claims = claims;
    reading
}

fn main() {
    let mode = std::env::args().nth(1).unwrap_or_else(|| "events".into());
    let (documents, rows, format, words, batch) = match mode.as_str() {
        "pages" => (3000, 30, Format::Vuldb, 1500, 1),
        "table" => (40, 60_000, Format::Table, 0, 1),
        "batch" => (1000, 75, Format::MispJson, 300, 50),
        _ => (1000, 75, Format::MispJson, 300, 1),
    };
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store.db");
    let mut store = Store::open(&path).unwrap();
    let (mut adding, mut origins_time, mut fusing, mut committing) =
        (Duration::ZERO, Duration::ZERO, Duration::ZERO, Duration::ZERO);
    let mut claims = 0;
    let mut number = 0;
    while number < documents {
        let readings: Vec<Reading> =
            (number..number + batch).map(|n| reading(n, rows, format, words)).collect();
        number += batch;
        let begun = Instant::now();
        let mut change = store.begin("bench", common::at(1)).unwrap();
        for reading in &readings {
            claims += reading.claims.len();
            change.add(reading, b"trace", &common::resolve).unwrap();
        }
        let added = Instant::now();
        let origins = common::origins(&change);
        change.put_origins(&origins).unwrap();
        let placed = Instant::now();
        change.fuse_touched(&mut common::fuse).unwrap();
        let fused = Instant::now();
        change.commit().unwrap();
        adding += added - begun;
        origins_time += placed - added;
        fusing += fused - placed;
        committing += fused.elapsed();
    }
    let all = adding + origins_time + fusing + committing;
    let bytes = std::fs::metadata(&path).unwrap().len();
    println!(
        "{mode}: {documents} documents, {claims} claims in {:.1} s: {:.0} claims/s; \
         add {:.1} s, origins {:.1} s, fuse {:.1} s, commit {:.1} s; file {} MB",
        all.as_secs_f64(),
        claims as f64 / all.as_secs_f64(),
        adding.as_secs_f64(),
        origins_time.as_secs_f64(),
        fusing.as_secs_f64(),
        committing.as_secs_f64(),
        bytes >> 20,
    );
    if let Ok(status) = std::fs::read_to_string("/proc/self/status") {
        let peak = status.lines().find(|line| line.starts_with("VmHWM")).unwrap_or_default();
        println!("{peak}");
    }
}
