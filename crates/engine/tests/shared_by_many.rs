//! Values that very many reports name: what is kept of them, so that one more report is added quickly, ends at the
//! same bytes as all reports at once.
#![expect(clippy::unwrap_used, reason = "a test ends where something is not as it must be")]

mod common;

use jiff::Timestamp;
use lapwing_engine::read::Options;
use lapwing_engine::{AddOptions, Engine, Input, Silent};
use lapwing_model::{ChangeId, PartialDate};

/// Reports that are there when the others come one by one.
const THERE: usize = 80;
const SHARED: [&str; 2] = ["91.192.103.43", "80.92.205.81"];

fn now() -> Timestamp {
    "2021-06-01T00:00:00Z".parse().unwrap()
}

/// The report of a number: of one of six publishers, every seventh a copy of the first; all but every fifth name
/// both values, and every ninth is of another year than it says day and month of.
fn report(n: usize) -> Input {
    let of = if n.is_multiple_of(7) { 0 } else { n };
    let words: Vec<String> =
        (0..60).map(|at| format!("w{}", (at * 31 + of * 977) % 5000)).collect();
    let named = if n.is_multiple_of(5) { &SHARED[..1] } else { &SHARED[..] };
    let text = format!(
        "# Notes {of}\n\n{}.\n\n## Indicators of compromise\n\n{}\n62.11.{}.{}\n",
        words.join(" "),
        named.join("\n"),
        n / 200,
        1 + n % 200
    );
    let day = match n % 9 {
        8 => "2021".to_owned(),
        _ => format!("2021-{:02}-{:02}", 1 + n % 5, 1 + n % 27),
    };
    Input::Fetched {
        name: format!("{n}.md"),
        bytes: text.into_bytes(),
        options: Box::new(Options {
            source: Some(format!("Team {}", n % 6)),
            published: day.parse::<PartialDate>().ok(),
            ..Options::default()
        }),
    }
}

fn add(engine: &mut Engine, numbers: &[usize]) -> ChangeId {
    let inputs: Vec<Input> = numbers.iter().map(|n| report(*n)).collect();
    engine.add(&inputs, &AddOptions::default(), now(), &Silent).unwrap().change.unwrap()
}

fn digest_of(numbers: &[usize]) -> String {
    let mut engine = Engine::in_memory().unwrap();
    add(&mut engine, numbers);
    engine.store().digest().unwrap()
}

#[test]
fn one_by_one_ends_where_all_at_once_does() {
    let mut numbers: Vec<usize> = (0..THERE).filter(|n| n % 9 != 8).collect();
    let mut engine = common::engine();
    add(&mut engine, &numbers);
    let mut last = ChangeId(0);
    // A copy, one with a date that is not known to the day, and others.
    for n in [THERE + 1, 84, 89, 91, 93] {
        numbers.push(n);
        last = add(&mut engine, &[n]);
    }
    assert_eq!(engine.check_facts(false, now()).unwrap().differing, 0);
    assert_eq!(engine.store().digest().unwrap(), digest_of(&numbers));
    engine.undo(last, now()).unwrap();
    let without = numbers.split_last().unwrap().1.to_vec();
    add(&mut engine, &[95]);
    let with: Vec<usize> = without.iter().copied().chain([95]).collect();
    assert_eq!(engine.store().digest().unwrap(), digest_of(&with));
    // In the place of the last one.
    let change = engine.store().latest_change().unwrap().unwrap();
    let replaced = engine.replace(change, &[report(96)], &AddOptions::default(), now()).unwrap();
    assert_eq!(replaced.new_documents, 1);
    let with: Vec<usize> = without.iter().copied().chain([96]).collect();
    assert_eq!(engine.store().digest().unwrap(), digest_of(&with));
    engine.undo(replaced.change.unwrap(), now()).unwrap();
    assert_eq!(engine.check_facts(false, now()).unwrap().differing, 0);
}

#[test]
fn what_is_taken_back_is_as_if_it_had_never_been_and_comes_back_as_it_was() {
    let there: Vec<usize> = (0..THERE).filter(|n| n % 9 != 8).collect();
    let mut engine = common::engine();
    add(&mut engine, &there);
    let without = engine.store().digest().unwrap();
    // One that stands alone, a copy of others, one whose year alone is known, several at once.
    for numbers in [&[85][..], &[84], &[89], &[86, 90, 91], &(100..120).collect::<Vec<_>>()] {
        let change = add(&mut engine, numbers);
        let with = engine.store().digest().unwrap();
        assert_ne!(with, without);
        let back = engine.undo(change, now()).unwrap();
        assert_eq!(back.hidden.len(), numbers.len());
        assert_eq!(engine.store().digest().unwrap(), without, "{numbers:?} taken back");
        let again = engine.undo(back.change, now()).unwrap();
        assert_eq!(engine.store().digest().unwrap(), with, "{numbers:?} brought back");
        engine.undo(again.change, now()).unwrap();
        assert_eq!(engine.store().digest().unwrap(), without, "{numbers:?} taken back again");
    }
    assert_eq!(engine.check_facts(false, now()).unwrap().differing, 0);
    // Of those that were there from the beginning, too.
    let change = engine.store().history().unwrap()[0].id;
    engine.undo(change, now()).unwrap();
    add(&mut engine, &there[1..]);
    assert_eq!(engine.store().digest().unwrap(), digest_of(&there[1..]));
}
