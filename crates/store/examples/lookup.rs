//! Measures the store's share of a look-up: `cargo run --release -p lapwing-store --example lookup
//! -- STORE [VALUES [ROUNDS]]`, with values of the store and as many that it does not know.
#![allow(clippy::print_stdout, clippy::unwrap_used, reason = "a program to be run by hand")]

use std::path::Path;
use std::time::Instant;

use lapwing_model::{Entity, Kind, Relation, Role};
use lapwing_store::{FactQuery, Store};

fn main() {
    let mut arguments = std::env::args().skip(1);
    let path = arguments.next().expect("the path of a store");
    let count: usize = arguments.next().map_or(1000, |n| n.parse().unwrap());
    let rounds: usize = arguments.next().map_or(20, |n| n.parse().unwrap());
    let store = Store::open_read_only(Path::new(&path)).unwrap();
    let query = FactQuery {
        relation: Some(Relation::Role),
        role: Some(Role::Indicator),
        ..FactQuery::default()
    };
    // One value in so many, over the whole store, so that no two lie on one page.
    let mut all = 0_usize;
    store
        .each_fact(&query, &mut |_| {
            all += 1;
            Ok(())
        })
        .unwrap();
    let wanted = count / 2 * (rounds + 1);
    let every = (all / wanted.max(1)).max(1);
    let (mut at, mut known) = (0_usize, Vec::new());
    store
        .each_fact(&query, &mut |fact| {
            if at.is_multiple_of(every) {
                known.push(fact.subject);
            }
            at += 1;
            Ok(())
        })
        .unwrap();
    // Neighbours in the order of values go to different rounds.
    let mut random = 0x2545_F491_4F6C_DD1D_u64;
    for n in (1..known.len()).rev() {
        random =
            random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        known.swap(n, (random >> 33) as usize % (n + 1));
    }
    // A connection of its own: what the counting has read is not in its cache.
    let store = Store::open_read_only(Path::new(&path)).unwrap();
    let mut times = Vec::new();
    for round in 0..rounds {
        let mut values: Vec<Entity> =
            known.iter().skip(round * (count / 2)).take(count / 2).cloned().collect();
        let there = values.len();
        values.extend(
            (0..count - there).map(|n| {
                Entity::new(Kind::DomainName, format!("unknown-{round}-{n}.example.test"))
            }),
        );
        let begun = Instant::now();
        let found = store.roles(&values).unwrap();
        times.push(begun.elapsed());
        let hits = found.iter().filter(|facts| !facts.is_empty()).count();
        assert_eq!(hits, there, "every known value is found, and no other");
    }
    let first = times[0].as_secs_f64() * 1e3;
    times.sort_unstable();
    let at = |share: f64| times[((times.len() - 1) as f64 * share) as usize].as_secs_f64() * 1e3;
    println!(
        "{all} indicators; {count} values a look-up: first {first:.1} ms, median {:.1} ms, 95 % {:.1} ms, worst {:.1} ms",
        at(0.5),
        at(0.95),
        at(1.0)
    );
}
