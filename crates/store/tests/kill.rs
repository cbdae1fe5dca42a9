//! A real process is killed at any moment of an ingest; the store opens and holds all that
//! was acknowledged.

#![allow(clippy::unwrap_used, reason = "a test stops at what should not happen")]

mod common;

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use common::{Place, add, reading};
use lapwing_store::Store;

/// Tells the child process which store to fill; absent in the parent.
const CHILD: &str = "LAPWING_STORE_KILL_TEST";

const ROUNDS: u32 = 30;

/// Runs only as a child: adds readings one after the other, and says so after each commit.
#[test]
fn child_fills_a_store_until_it_is_killed() {
    let Ok(path) = std::env::var(CHILD) else { return };
    let mut store = Store::open(Path::new(&path)).unwrap();
    let from = store.documents().unwrap().len() as u32;
    let mut out = std::io::stdout();
    for number in from..from + 2000 {
        let reading = large_reading(number);
        add(&mut store, &reading, 1).unwrap();
        writeln!(out, "\nstored {number}").unwrap();
        out.flush().unwrap();
    }
}

/// Some hundred claims: so that a kill falls into the midst of a transaction.
fn large_reading(number: u32) -> lapwing_model::Reading {
    let mut large = reading(number);
    for other in 0..60 {
        large.claims.extend(reading(number * 1000 + other).claims);
    }
    large
}

#[test]
fn nothing_acknowledged_is_lost_by_a_kill() {
    let place = Place::new();
    let path = match common::server() {
        Some(_) => place.path.clone(),
        None => place.folder.path().join("deep/er/store.db"),
    };
    let mut acknowledged = 0;
    let mut random = 0x2545_F491_u32;
    let begun = Instant::now();
    // To make the tables in a database takes longer than to make a file.
    let longest = if common::server().is_some() { 1200 } else { 400 };
    for round in 0..ROUNDS {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "child_fills_a_store_until_it_is_killed", "--nocapture"])
            .env(CHILD, &path)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        // Read beside the child, so that it never waits for the pipe.
        let reader = std::thread::spawn(move || {
            let told = lines.map_while(Result::ok);
            told.filter_map(|line| line.strip_prefix("stored ")?.parse::<u32>().ok()).max()
        });
        random = random.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        // From the making of the file on: 2 to 400 ms.
        std::thread::sleep(Duration::from_millis(2 + u64::from(random >> 16) % longest));
        child.kill().unwrap();
        child.wait().unwrap();
        if let Some(last) = reader.join().unwrap() {
            acknowledged = acknowledged.max(last + 1);
        }
        let mut store = Store::open(&path).unwrap();
        // A server may yet be at the last statement of the one that was killed.
        drop(store.begin("wait", common::at(1)).unwrap());
        let stored = store.documents().unwrap().len() as u32;
        assert!(
            stored == acknowledged || stored == acknowledged + 1,
            "round {round}: {acknowledged} were acknowledged, {stored} are there"
        );
        acknowledged = stored; // one may have been committed and not yet told
        for number in [0, stored / 2, stored.saturating_sub(1)].into_iter().filter(|n| *n < stored)
        {
            let wanted = large_reading(number);
            assert_eq!(store.raw(wanted.document.id).unwrap(), Some(wanted.raw));
        }
        if round % 5 == 0 || round == ROUNDS - 1 {
            assert_eq!(store.check().unwrap(), Vec::<String>::new(), "round {round}");
        }
        assert_eq!(store.history().unwrap().len(), stored as usize);
        assert!(begun.elapsed() < Duration::from_mins(2), "too slow to be run with the tests");
    }
    assert!(acknowledged > ROUNDS / 2, "the child hardly got to work: {acknowledged}");
}
