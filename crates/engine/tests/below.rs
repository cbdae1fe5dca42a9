//! What follows a store below a ceiling holds, after every change, just what a store holds that
//! never had the documents above.
#![allow(clippy::unwrap_used, reason = "a test stops at what should not happen")]

use lapwing_engine::read::Options;
use lapwing_engine::{AddOptions, Below, Engine, Input, Silent};
use lapwing_model::{ChangeId, Marking, Pap};
use proptest::prelude::*;

fn now(day: usize) -> jiff::Timestamp {
    format!("2021-04-{:02}T00:00:00Z", 1 + day % 28).parse().unwrap()
}

/// Reports that share values, some of them copies of one another with a little added.
fn report(number: usize, marking: Marking) -> (Input, AddOptions) {
    let story = "HAFNIUM used China Chopper and web shells (T1505.003) against Exchange servers of \
                 law firms. The actor exploited CVE-2021-26855 and moved on to mail boxes, which it \
                 copied over several weeks before anybody noticed.";
    let text = format!(
        "{story}\n\n{}\n\nIndicators of compromise\n\n45.77.{}.{}\nshared{}-c2.com\nonly{number}-c2.com\n",
        if number.is_multiple_of(2) {
            "UNC2639 was seen as well."
        } else {
            "Storm-0501 was seen as well."
        },
        number % 3 + 1,
        number % 4 + 1,
        number % 2,
    );
    let options = AddOptions {
        read: Options {
            marking: Some(marking),
            source: Some(format!("Source {}", number % 3)),
            published: format!("2021-03-{:02}", 1 + number % 20).parse().ok(),
            ..Options::default()
        },
        command: format!("add {number}"),
    };
    (Input::Bytes { name: format!("report{number}.txt"), bytes: text.into_bytes() }, options)
}

#[derive(Clone, Debug)]
enum Step {
    Add(usize, Marking),
    Undo(usize),
    Merge,
    Split,
}

fn step() -> impl Strategy<Value = Step> {
    let markings = vec![Marking::Clear, Marking::Green, Marking::Amber, Marking::Red];
    prop_oneof![
        5 => (0..6_usize, prop::sample::select(markings)).prop_map(|(n, m)| Step::Add(n, m)),
        2 => (0..8_usize).prop_map(Step::Undo),
        1 => Just(Step::Merge),
        1 => Just(Step::Split),
    ]
}

fn apply(engine: &mut Engine, day: usize, step: &Step) {
    match step {
        Step::Add(number, marking) => {
            let (input, options) = report(*number, *marking);
            engine.add(&[input], &options, now(day), &Silent).unwrap();
        }
        // Changes that are not there, or are undone already, are refused: nothing changes then.
        Step::Undo(nth) => {
            let _ = engine.undo(ChangeId(*nth as i64 + 1), now(day));
        }
        Step::Merge => {
            let _ = engine.merge_names("UNC2639", "Storm-0501", "seen together", now(day));
        }
        Step::Split => {
            let _ = engine.split_name("UNC2639", "seen apart", now(day));
        }
    }
}

/// The same, read row by row from the documents that may be seen, everything derived anew.
fn anew(engine: &Engine, ceiling: Marking) -> Option<(String, Engine)> {
    let rows = engine.in_rows(ceiling, Pap::Red).unwrap()?;
    Some((rows.store().digest().unwrap(), rows))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(6))]
    #[test]
    fn it_follows_every_change(
        steps in prop::collection::vec(step(), 1..9),
        ceiling in prop::sample::select(vec![Marking::Clear, Marking::Green, Marking::Amber]),
        skipped in prop::collection::vec(any::<bool>(), 9),
    ) {
        let folder = tempfile::tempdir().unwrap();
        let mut engine = Engine::open(&folder.path().join("store.db")).unwrap();
        let mut below: Option<Below> = None;
        for (day, step) in steps.iter().enumerate() {
            apply(&mut engine, day, step);
            if skipped[day] && day + 1 < steps.len() {
                continue;
            }
            below = match below.take() {
                Some(mut below) => below.follow().unwrap().then_some(below),
                None => None,
            };
            if below.is_none() {
                below = engine.below(ceiling, Pap::Red).unwrap();
            }
            let Some(below) = &below else {
                prop_assert!(anew(&engine, ceiling).is_none());
                continue;
            };
            let Some((digest, rows)) = anew(&engine, ceiling) else { continue };
            prop_assert_eq!(below.at, engine.store().latest_change().unwrap());
            let store = below.engine.store();
            prop_assert_eq!(store.check().unwrap(), Vec::<String>::new());
            prop_assert_eq!(store.digest().unwrap(), digest);
            prop_assert_eq!(
                below.engine.name_proposals().unwrap(),
                rows.name_proposals().unwrap()
            );
            let rows = rows.store();
            prop_assert_eq!(store.totals().unwrap(), rows.totals().unwrap());
            prop_assert_eq!(store.kinds().unwrap(), rows.kinds().unwrap());
            prop_assert_eq!(store.history().unwrap(), rows.history().unwrap());
            prop_assert_eq!(
                store.search("web shells of HAFNIUM", 20).unwrap(),
                rows.search("web shells of HAFNIUM", 20).unwrap()
            );
        }
    }
}

/// How many decisions on names, and which commands, are told below a ceiling after some steps.
fn told(steps: &[Step], ceiling: Marking) -> (usize, String) {
    let folder = tempfile::tempdir().unwrap();
    let mut engine = Engine::open(&folder.path().join("store.db")).unwrap();
    for (day, step) in steps.iter().enumerate() {
        apply(&mut engine, day, step);
    }
    let below = engine.below(ceiling, Pap::Red).unwrap().unwrap();
    let history = below.engine.store().history().unwrap();
    let commands: Vec<String> = history.into_iter().map(|change| change.command).collect();
    (below.engine.name_history().unwrap().len(), commands.join("; "))
}

#[test]
fn a_decision_is_told_where_both_names_are_and_nowhere_else() {
    let (clear, green) = (Step::Add(0, Marking::Clear), Step::Add(1, Marking::Green));
    let red = Step::Add(2, Marking::Red);
    let before = [clear.clone(), green.clone(), Step::Merge, red.clone()];
    let (decisions, commands) = told(&before, Marking::Green);
    assert_eq!(decisions, 1, "{commands}");
    assert!(commands.contains("merge"), "{commands}");
    let (decisions, commands) = told(&before, Marking::Clear);
    assert_eq!(decisions, 0);
    assert!(!commands.contains("Storm"), "{commands}");
    // Made in view of more, it is told to those who may see as much.
    let (decisions, commands) = told(&[clear, green, red, Step::Merge], Marking::Green);
    assert_eq!(decisions, 0);
    assert!(!commands.contains("Storm"), "{commands}");
}
