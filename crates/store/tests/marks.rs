//! By what documents are found again in others: kept with them, and out of sight with them.

#![allow(clippy::unwrap_used, reason = "a test stops at what should not happen")]

mod common;

use common::{Place, at, fuse, origins, reading, resolve, undo};
use lapwing_model::{Fact, Reading, Status};
use lapwing_store::{Aging, MarkRecord, Store};

/// The first two claims of a reading are on values.
fn marks(number: u32) -> Vec<(usize, Vec<MarkRecord>)> {
    let number = u64::from(number);
    vec![
        (0, vec![(number % 7, 10_000), (70 + number % 7, 3_000)]),
        (1, vec![(1000 + number, 10_000)]),
    ]
}

fn add(store: &mut Store, reading: &Reading, marks: Option<&[(usize, Vec<MarkRecord>)]>) {
    let mut change = store.begin("add", at(9)).unwrap();
    let trace = reading.document.name.as_bytes();
    change.add_marked((reading, trace, marks), &resolve).unwrap();
    let origins = origins(&change);
    change.put_origins(&origins).unwrap();
    change.fuse_touched(&mut fuse).unwrap();
    change.commit().unwrap();
}

/// Values with their features, and how many documents have none noted.
fn kept(store: &Store) -> (Vec<(String, u64, u16)>, usize) {
    let mut found = Vec::new();
    let aside = store.entities_set_aside().unwrap();
    let unmarked = store.each_mark(&aside, &mut |mark| found.push(mark)).unwrap();
    let name = |n| store.entity_numbered(n).unwrap().value;
    (found.iter().map(|m| (name(m.entity), m.feature, m.tells)).collect(), unmarked.len())
}

#[test]
fn marks_come_back_and_go_out_of_sight_with_their_document() {
    let place = Place::new();
    let mut store = place.store();
    add(&mut store, &reading(1), Some(&marks(1)));
    add(&mut store, &reading(8), Some(&marks(8)));
    add(&mut store, &reading(9), None);
    let one = |host: &str, own: u64| {
        [
            ("192.0.2.1".to_owned(), 1, 10_000),
            ("192.0.2.1".to_owned(), 71, 3_000),
            (host.to_owned(), own, 10_000),
        ]
    };
    let both = [one("c1.example.test", 1001), one("c8.example.test", 1008)].concat();
    assert_eq!(kept(&store), (both.clone(), 1));
    assert!(store.about_marks().unwrap() > 0);
    undo(&mut store, 1).unwrap();
    assert_eq!(kept(&store), (one("c8.example.test", 1008).to_vec(), 1));
    undo(&mut store, 4).unwrap();
    assert_eq!(kept(&store), (both, 1));
    let placed = store.placed_documents().unwrap();
    assert_eq!(placed.len(), 3);
    assert!(placed.iter().all(|document| store.origin(document.origin).unwrap().is_some()));
    let rows: Vec<i64> = placed.iter().map(|document| document.row).collect();
    let (values, without) = store.marked_entities(&rows).unwrap();
    assert_eq!((values.len(), without.len()), (3, 1));
}

#[test]
fn other_rules_take_all_marks_away() {
    let place = Place::new();
    let mut store = place.store();
    add(&mut store, &reading(1), Some(&marks(1)));
    let mut change = store.begin("rules", at(10)).unwrap();
    assert!(change.mark_by("one").unwrap());
    let bare = change.unmarked().unwrap();
    assert_eq!(bare.len(), 1);
    let mut numbers = Vec::new();
    change.store().each_subject(bare[0].1, &mut |n, claim| numbers.push((n, claim.id))).unwrap();
    assert_eq!(numbers.len(), reading(1).claims.len());
    change.put_marks(bare[0].0, &[(numbers[0].0, vec![(5, 1)])]).unwrap();
    assert!(!change.mark_by("one").unwrap());
    change.commit_unrecorded().unwrap();
    assert_eq!(store.marked_by().unwrap().as_deref(), Some("one"));
    let (found, unmarked) = kept(&store);
    assert_eq!((found.len(), unmarked), (1, 0));
    drop(store);
    assert_eq!(kept(&place.store()).0, found);
}

#[test]
fn what_is_set_aside_is_left_out() {
    let place = Place::new();
    let mut store = place.store();
    let aside = |value: &str, status: Status| {
        let value = value.to_owned();
        move |fact: &Fact, _: &[Fact]| {
            Aging::Fixed(if fact.subject.value == value { status } else { Status::Active })
        }
    };
    add(&mut store, &reading(1), Some(&marks(1)));
    let before = kept(&store);
    for (value, status, left) in [
        ("192.0.2.1", Status::Revoked, 1),
        ("c1.example.test", Status::Benign, 2),
        ("192.0.2.1", Status::Undated, 3),
    ] {
        let mut change = store.begin("stand", at(11)).unwrap();
        change.stand(&format!("{value} {left}"), &mut aside(value, status)).unwrap();
        change.commit_unrecorded().unwrap();
        let (found, unmarked) = kept(&store);
        assert_eq!((found.len(), unmarked), (left, 0), "{value} {status:?}");
        assert!(found.iter().all(|mark| left == 3 || mark.0 != value));
    }
    assert_eq!(kept(&store), before);
}
