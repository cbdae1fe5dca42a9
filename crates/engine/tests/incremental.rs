//! One document after the other, in any order, some taken back and some brought back: the store is to the
//! byte what it is when all that are in sight are added at once.
#![expect(clippy::unwrap_used, reason = "a test ends where something is not as it must be")]

use std::collections::BTreeMap;

use jiff::Timestamp;
use lapwing_engine::read::Options;
use lapwing_engine::{AddOptions, Engine, Input, Silent};
use lapwing_model::{ChangeId, PartialDate};
use proptest::prelude::*;

fn now() -> Timestamp {
    "2021-06-01T00:00:00Z".parse().unwrap()
}

/// Addresses of no provider that the lists know.
const VALUES: [&str; 8] = [
    "91.192.103.43",
    "80.92.205.81",
    "5.2.69.14",
    "5.254.43.18",
    "211.56.98.146",
    "203.160.69.66",
    "185.250.151.72",
    "103.77.192.219",
];

fn words(of: &str, count: usize) -> String {
    let all: Vec<String> = (0..count).map(|n| format!("{of}{}", (n * 7 + 131) % 997)).collect();
    all.join(" ")
}

fn report(lead: &str, about: &str, values: &[&str]) -> String {
    let list: Vec<String> = values.iter().map(|value| format!("C2: {value}")).collect();
    format!(
        "# {lead}\n\n{lead} looks into {about}.\n\n## Indicators of compromise\n\n{}\n",
        list.join("\n")
    )
}

/// Reports that copy, cite, list and deny, and some that stand alone.
fn inputs() -> Vec<Input> {
    let text = words("heron", 160);
    let lab = report("What the lab found", &text, &VALUES[..5]);
    let mut all = vec![
        ("cert.md", "CISA", "2021-03-03", report("Heron alert", &words("cert", 120), &VALUES[..4])),
        ("lab.md", "Small Lab", "2021-03-01", lab.clone()),
        ("repost.md", "Some Blog", "2021-03-05", format!("{lab}\nMore of it tomorrow.\n")),
        ("undated.md", "", "", lab.replace("looks into", "has looked into")),
        (
            "volexity.md",
            "Volexity",
            "2021-03-07",
            report("Own look", &words("own", 140), &VALUES[3..]),
        ),
        ("list.txt", "", "2021-03-09", VALUES.join("\n")),
        ("list-again.txt", "Other Team", "2021-03-10", format!("{}\n", VALUES.join("\n"))),
        (
            "week1.md",
            "Example Team",
            "2021-04-01",
            report("Weekly notes", &words("week", 90), &VALUES[..2]),
        ),
        (
            "week2.md",
            "Example Team",
            "2021-04-08",
            report("Weekly notes", &words("week", 100), &VALUES[1..3]),
        ),
        (
            "unc.md",
            "Mandiant",
            "2021-03-04",
            format!("# UNC2639\n\nUNC2639 used 5.2.69.14. {}\n", words("unc", 80)),
        ),
        (
            "of.md",
            "News Site",
            "2021-03-06",
            format!("# Heron\n\nMandiant said that UNC2639 used 5.2.69.14. {}\n", words("of", 80)),
        ),
    ];
    // Enough that others confirm for what is learnt of the lab to move.
    for n in 0..3 {
        let values: Vec<String> =
            (0..12).map(|m| format!("62.{}.{}.{}", 11 + n, 3 + m, 40 + n + m)).collect();
        let values: Vec<&str> = values.iter().map(String::as_str).collect();
        for (who, day) in [("Small Lab", "2021-04-01"), ("CISA", "2021-04-20")] {
            let of = format!("{}{n}", who.replace(' ', "").to_lowercase());
            all.push((
                "found.md",
                who,
                day,
                report(&format!("Notes {of}"), &words(&of, 150), &values),
            ));
        }
    }
    let input = |(name, source, day, text): (&str, &str, &str, String)| Input::Fetched {
        name: name.to_owned(),
        bytes: text.into_bytes(),
        options: Box::new(Options {
            source: (!source.is_empty()).then(|| source.to_owned()),
            published: day.parse::<PartialDate>().ok(),
            ..Options::default()
        }),
    };
    all.into_iter().map(input).collect()
}

fn add(engine: &mut Engine, inputs: &[Input]) -> ChangeId {
    let report = engine.add(inputs, &AddOptions::default(), now(), &Silent).unwrap();
    assert!(report.problems.is_empty(), "{:?}", report.problems);
    report.change.unwrap()
}

/// What became of an input in the history.
#[derive(Clone, Copy)]
enum State {
    In(ChangeId),
    /// Undone by this change.
    Out(ChangeId),
}

fn digest_of(inputs: &[Input]) -> String {
    let mut engine = Engine::in_memory().unwrap();
    if !inputs.is_empty() {
        add(&mut engine, inputs);
    }
    engine.store().digest().unwrap()
}

/// Adds an input that was never there, takes one back that is, brings one back that was.
fn steps(picks: &[usize]) {
    let inputs = inputs();
    let mut engine = Engine::in_memory().unwrap();
    let mut states: BTreeMap<usize, State> = BTreeMap::new();
    for pick in picks {
        let at = pick % inputs.len();
        let state = match states.get(&at) {
            None => State::In(add(&mut engine, &inputs[at..=at])),
            Some(State::In(change)) => State::Out(engine.undo(*change, now()).unwrap().change),
            Some(State::Out(undo)) => State::In(engine.undo(*undo, now()).unwrap().change),
        };
        // Brought back by an undo of the undo: to take it back again, that is undone.
        states.insert(at, state);
    }
    let left: Vec<Input> = states
        .iter()
        .filter(|(_, state)| matches!(state, State::In(_)))
        .map(|(at, _)| inputs[*at].clone())
        .collect();
    let digest = engine.store().digest().unwrap();
    assert_eq!(digest, digest_of(&left), "{picks:?}");
    let checked = engine.check_facts(false, now()).unwrap();
    assert_eq!((checked.differing, checked.damage.len()), (0, 0), "{checked:?}");
}

#[test]
fn all_one_by_one_is_all_at_once() {
    let picks: Vec<usize> = (0..inputs().len()).collect();
    steps(&picks);
    steps(&picks.into_iter().rev().collect::<Vec<_>>());
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 3, max_shrink_iters: 16, ..ProptestConfig::default() })]

    #[test]
    fn any_order_of_adds_and_undos_is_all_at_once(
        picks in prop::collection::vec(0usize..17, 4..20),
    ) {
        steps(&picks);
    }
}
