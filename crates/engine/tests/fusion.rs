//! One picture of many reports: copies add nothing, order makes no difference, names can be decided
//! and taken back, activity holds together by evidence.
#![expect(clippy::unwrap_used, reason = "a test ends where something is not as it must be")]

mod common;

use std::path::Path;

use jiff::Timestamp;
use lapwing_engine::read::Options;
use lapwing_engine::store::FactQuery;
use lapwing_engine::{AddOptions, Engine, Input, ProposalState, ShowOptions, Silent};
use lapwing_model::{ChangeId, Fact, Kind, Object, PartialDate, Relation, Role, Status};

fn now() -> Timestamp {
    "2021-06-01T00:00:00Z".parse().unwrap()
}

/// A document of our own: name, publisher, day, text.
type Report<'a> = (&'a str, &'a str, &'a str, String);

fn add(engine: &mut Engine, (name, source, day, text): &Report<'_>) -> ChangeId {
    let options = AddOptions {
        read: Options {
            source: (!source.is_empty()).then(|| (*source).to_owned()),
            published: day.parse::<PartialDate>().ok(),
            ..Options::default()
        },
        command: format!("add {name}"),
    };
    let input = Input::Bytes { name: (*name).to_owned(), bytes: text.clone().into_bytes() };
    let added = engine.add(&[input], &options, now(), &Silent).unwrap();
    assert!(added.problems.is_empty(), "{:?}", added.problems);
    added.change.unwrap()
}

fn indicators(engine: &Engine) -> Vec<Fact> {
    let query = FactQuery {
        relation: Some(Relation::Role),
        role: Some(Role::Indicator),
        ..FactQuery::default()
    };
    engine.store().facts(&query).unwrap()
}

fn event(uuid: &str, day: &str, values: &[&str]) -> String {
    let attributes: Vec<String> = values
        .iter()
        .enumerate()
        .map(|(n, value)| {
            format!(
                "{{\"uuid\":\"{uuid}-{n:04}\",\"type\":\"ip-dst\",\"category\":\"Network activity\",\
                 \"to_ids\":true,\"value\":\"{value}\"}}"
            )
        })
        .collect();
    format!(
        "{{\"Event\":{{\"uuid\":\"{uuid}\",\"info\":\"Night Heron infrastructure\",\"date\":\"{day}\",\
         \"threat_level_id\":\"3\",\"analysis\":\"2\",\"Orgc\":{{\"name\":\"Example Team\"}},\
         \"Attribute\":[{}]}}}}",
        attributes.join(",")
    )
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

fn report(lead: &str, values: &[&str]) -> String {
    let list: Vec<String> = values.iter().map(|value| format!("C2: {value}")).collect();
    format!(
        "# {lead}\n\n{lead} was looked into by our team.\n\n## Indicators of compromise\n\n{}\n",
        list.join("\n")
    )
}

#[test]
fn an_event_republished_under_new_identifiers_adds_nothing() {
    let mut engine = common::engine();
    let first = event("11111111-aaaa-4bbb-8ccc-000000000001", "2021-03-03", &VALUES);
    add(&mut engine, &("one.json", "", "", first));
    let before = indicators(&engine);
    assert_eq!(before.len(), VALUES.len());
    // The threat level says how much harm is to be feared, not how sure the author is.
    let stated = |fact: &Fact| fact.contributions[0].stated;
    assert!(before.iter().all(|fact| (0.7..=0.9).contains(&stated(fact))), "{before:?}");
    let again = event("22222222-dddd-4eee-8fff-000000000002", "2021-03-09", &VALUES);
    add(&mut engine, &("two.json", "", "", again.replace("Example Team", "Other Team")));
    let after = indicators(&engine);
    assert_eq!(engine.store().origins().unwrap().len(), 1);
    for (before, after) in before.iter().zip(&after) {
        assert!((before.probability - after.probability).abs() < 1e-12);
        assert_eq!(after.origins_for(), 1);
    }
    let lineages = engine.lineages("two.json").unwrap();
    let derivation = &lineages.derivations[0];
    assert!(derivation.derivation.counts && derivation.derivation.probability > 0.5);
    assert_eq!(derivation.shared_values, VALUES.len());
}

#[test]
fn order_of_arrival_makes_no_difference_and_what_is_learnt_is_taken_back() {
    let mut reports: Vec<Report<'_>> = vec![
        ("a.md", "CISA", "2021-03-03", report("Heron alert", &VALUES[..4])),
        ("b.md", "Small Lab", "2021-03-01", report("What the lab found out", &VALUES[..5])),
        ("c.md", "Volexity", "2021-03-07", report("Own look at other servers", &VALUES[3..])),
    ];
    // Enough that others confirm for the lab to prove better than its class.
    let made: Vec<Vec<String>> = (0..4)
        .map(|n| (0..12).map(|m| format!("62.{}.{}.{}", 11 + n, 3 + m, 40 + n + m)).collect())
        .collect();
    for (n, values) in made.iter().enumerate() {
        let values: Vec<&str> = values.iter().map(String::as_str).collect();
        // Prose of its own, so that none is a list that copies another.
        let prose = |of: &str| {
            let words: Vec<String> =
                (0..200).map(|w| format!("{of}{}", (w * 7 + n * 131) % 997)).collect();
            words.join(" ")
        };
        let of =
            |who: &str| format!("{}\n{}\n", report(&format!("{who} {n}"), &values), prose(who));
        reports.push(("lab.md", "Small Lab", "2021-04-01", of("lab")));
        reports.push(("cert.md", "CISA", "2021-04-20", of("cert")));
    }
    let all = |order: &[usize]| {
        let mut engine = common::engine();
        for at in order {
            add(&mut engine, &reports[*at]);
        }
        engine
    };
    let order: Vec<usize> = (0..reports.len()).collect();
    let mut engine = all(&order);
    let digest = engine.store().digest().unwrap();
    let other: Vec<usize> = order.iter().rev().copied().collect();
    assert_eq!(all(&other).store().digest().unwrap(), digest);
    let explained = engine.explain(&made[0][0]).unwrap();
    let records: Vec<_> = explained
        .iter()
        .flat_map(|e| &e.explanation.origins)
        .filter_map(|o| o.record.clone())
        .collect();
    let lab =
        records.iter().find(|record| record.source == "smalllab").expect("a record of the lab");
    assert!(lab.reliability > lab.prior && lab.letter < lab.class, "{lab:?}");
    assert!(lab.first > lab.later, "{lab:?}");
    // Another report, and back: as if it had never been.
    let more = ("f.md", "Small Lab", "2021-05-01", report("One more from the lab", &VALUES[..2]));
    let change = add(&mut engine, &more);
    engine.undo(change, now()).unwrap();
    assert_eq!(engine.store().digest().unwrap(), digest);
}

#[test]
fn names_are_decided_with_reasons_and_the_decision_is_taken_back() {
    let mut engine = common::engine();
    let text = "# Heron\n\nThe actor APT28 used the malware China Chopper. HAFNIUM exploited CVE-2021-26855.\n";
    add(&mut engine, &("a.md", "Example Labs", "2021-03-03", text.to_owned()));
    let actors = |engine: &Engine| -> Vec<String> {
        let records = engine.store().entities(Some(Kind::ThreatActor)).unwrap();
        records.into_iter().map(|record| record.entity.value).collect()
    };
    let before = actors(&engine);
    assert!(before.contains(&"APT28".to_owned()) && before.len() >= 2, "{before:?}");
    assert!(engine.name_proposals().unwrap().iter().all(|p| p.state == ProposalState::Open));
    let digest = engine.store().digest().unwrap();
    let change = engine.merge_names("APT28", "HAFNIUM", "to try it", now()).unwrap();
    assert!(!actors(&engine).contains(&"APT28".to_owned()));
    let merged = engine.name_proposals().unwrap();
    assert!(merged.iter().any(|p| p.state == ProposalState::Merged && p.name.value == "APT28"));
    // What is read later goes by the decision, too.
    let later = "# More\n\nAPT28 used Mimikatz.\n".to_owned();
    let added = add(&mut engine, &("b.md", "Example Labs", "2021-03-09", later));
    assert!(!actors(&engine).contains(&"APT28".to_owned()));
    engine.undo(added, now()).unwrap();
    engine.undo(change, now()).unwrap();
    assert_eq!(engine.store().digest().unwrap(), digest);
    assert_eq!(engine.name_history().unwrap().len(), 1);
    assert!(engine.merge_names("Nobody Ever", "HAFNIUM", "", now()).is_err());
}

#[test]
fn observers_who_share_rare_values_saw_one_activity() {
    let mut engine = common::engine();
    add(&mut engine, &("a.md", "CISA", "2021-03-03", report("Heron alert", &VALUES[..4])));
    assert!(engine.activity_clusters().unwrap().is_empty());
    add(
        &mut engine,
        &("b.md", "Volexity", "2021-03-07", report("Own look at servers", &VALUES[1..6])),
    );
    let found = engine.activity_clusters().unwrap();
    assert_eq!(found.len(), 1, "{found:?}");
    let name = found[0].name.clone();
    add(
        &mut engine,
        &("c.md", "ESET", "2021-03-20", report("A third look elsewhere", &VALUES[2..])),
    );
    let page = engine.cluster(&name.to_lowercase()).unwrap();
    assert_eq!(page.cluster.members.len(), 3);
    assert!(page.none_of_these > 0.5, "addresses alone name nobody: {:?}", page.attribution);
    assert!(page.cluster.history.len() == 2 && page.cluster.history[1].what.contains("grows"));
    assert!(engine.cluster("LW-000000").is_err());
}

fn example(name: &str) -> (String, String) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/exchange-2021/reports");
    (name.to_owned(), std::fs::read_to_string(folder.join(name)).unwrap())
}

#[test]
fn the_three_shapes_that_began_it_are_three_origins_and_keep_their_doubts() {
    let mut engine = common::engine();
    for name in ["campaign-page.md", "misp-event.md"] {
        let (name, text) = example(name);
        add(&mut engine, &(&name, "", "", text));
    }
    let article = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/article.txt");
    let text = std::fs::read_to_string(article).unwrap();
    add(&mut engine, &("article.txt", "", "2021-03-04", text.clone()));
    assert_eq!(engine.store().origins().unwrap().len(), 3);
    // A copy of the article elsewhere is no further origin, and moves nothing.
    let facts = engine.store().facts(&FactQuery::default()).unwrap();
    let copy = format!("{text}\nRead more on our site.\n");
    add(&mut engine, &("copy.txt", "", "2021-03-06", copy));
    assert_eq!(engine.store().origins().unwrap().len(), 3);
    for fact in &facts {
        let query = FactQuery {
            subject: Some(fact.subject.clone()),
            relation: Some(fact.relation),
            ..FactQuery::default()
        };
        let after = engine.store().facts(&query).unwrap();
        let after = after.iter().find(|after| after.object == fact.object).unwrap();
        assert!((after.probability - fact.probability).abs() < 1e-12, "{fact:?}");
    }
    // Tortilla is not Hafnium, though one product was attacked by both.
    let options = ShowOptions { today: "2021-06-01".parse().unwrap(), as_of: None };
    let picture = engine.picture("Microsoft Exchange", &options).unwrap();
    let apart = |a: &str, b: &str| {
        picture.distinct.iter().any(|d| {
            let names = [d.a.value.to_lowercase(), d.b.value.to_lowercase()];
            names.contains(&a.to_owned()) && names.contains(&b.to_owned())
        })
    };
    assert!(apart("tortilla", "hafnium"), "{:?}", picture.distinct);
    // What the vendor calls High or Medium on a rented host is discounted, with the reason.
    let shared: Vec<Fact> = indicators(&engine)
        .into_iter()
        .filter(|fact| fact.notes.iter().any(|note| note.starts_with("shared (")))
        .collect();
    assert!(!shared.is_empty());
    assert!(shared.iter().all(|fact| fact.contributions[0].stated <= 0.7), "{shared:?}");
    // Decay is read in one place, for lists as for pages.
    let reader = engine.statuses("2021-06-01".parse().unwrap()).unwrap();
    for (fact, status) in picture.facts.iter().zip(&picture.statuses) {
        assert_eq!(reader.of(fact), *status);
        assert_eq!(engine.status_of(fact, "2021-06-01".parse().unwrap()).unwrap().status, *status);
    }
}

#[test]
fn a_sighting_lifts_and_a_tag_of_confidence_counts() {
    let mut engine = common::engine();
    let plain = event("33333333-aaaa-4bbb-8ccc-000000000003", "2020-11-03", &VALUES[..2]);
    let told = plain.replace(
        "\"analysis\":\"2\",",
        "\"analysis\":\"2\",\"Tag\":[{\"name\":\"admiralty-scale:information-credibility=\\\"4\\\"\"}],",
    );
    add(&mut engine, &("one.json", "", "", told));
    let facts = indicators(&engine);
    assert!(
        facts.iter().all(|fact| (fact.contributions[0].stated - 0.3).abs() < 1e-9),
        "{facts:?}"
    );
    let today = "2021-06-01".parse().unwrap();
    assert!(facts.iter().all(|f| engine.statuses(today).unwrap().of(f) == Status::Expired));
    let seen =
        format!("type,value,first_seen,last_seen\nipv4-addr,{},2021-05-28,2021-05-30\n", VALUES[0]);
    add(&mut engine, &("sensor.csv", "Own Sensor", "2021-05-30", seen));
    let statuses = engine.statuses(today).unwrap();
    let of = |value: &str| {
        let facts = indicators(&engine);
        let fact = facts.iter().find(|fact| fact.subject.value == value).unwrap();
        assert_eq!(fact.object, Object::Text("indicator".into()));
        statuses.of(fact)
    };
    assert_eq!(of(VALUES[0]), Status::Active);
    assert_eq!(of(VALUES[1]), Status::Expired);
}
