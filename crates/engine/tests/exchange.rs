//! What goes out comes in again: nothing is lost unnamed, and nothing above the ceiling goes out.
#![allow(clippy::unwrap_used, reason = "a test stops at what should not happen")]

mod common;

use std::collections::{BTreeMap, BTreeSet};

use lapwing_engine::publish::export::{ExportFormat, Exported};
use lapwing_engine::read::Options;
use lapwing_engine::{AddOptions, Engine, ExportOptions, Input, Silent};
use lapwing_model::{Claim, Marking, Span};

/// The formats that tell what each document says.
const OURS: [ExportFormat; 4] =
    [ExportFormat::Stix, ExportFormat::Stix20, ExportFormat::Misp, ExportFormat::MispFeed];

fn now() -> jiff::Timestamp {
    "2021-04-01T00:00:00Z".parse().unwrap()
}

fn today() -> jiff::civil::Date {
    "2021-04-01".parse().unwrap()
}

fn add(engine: &mut Engine, name: &str, text: &str, read: Options) {
    let input = Input::Bytes { name: name.into(), bytes: text.into() };
    let options = AddOptions { read, command: format!("add {name}") };
    let report = engine.add(&[input], &options, now(), &Silent).unwrap();
    assert!(report.problems.is_empty(), "{:?}", report.problems);
}

const OPEN: &str = "# Web shells on mail servers\n\nHAFNIUM is believed to use China Chopper. \
    The actor targets law firms in Germany.\n\n\
    ## Indicators of compromise\n\n- 45.77.0[.]1\n- evil-update[.]example\n- \
    9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08\n\n\
    CVE-2021-26855 was exploited; the web shell technique is T1505.003.\n";
const CLOSED: &str = "# Not for all\n\nUNC9999 operates 45.77.0[.]1 and the hidden server.\n\n\
    ## Indicators of compromise\n\n- 45.77.0[.]2\n- secret-panel[.]example\n";

fn store() -> Engine {
    let mut engine = common::engine();
    let options = |marking, source: &str| Options {
        marking: Some(marking),
        source: Some(source.to_owned()),
        published: "2021-03-05".parse().ok(),
        ..Options::default()
    };
    add(&mut engine, "reports/open.md", OPEN, options(Marking::Clear, "Example Labs"));
    add(&mut engine, "reports/closed.md", CLOSED, options(Marking::Amber, "Secret Service"));
    engine
}

fn export(engine: &Engine, format: ExportFormat, ceiling: Marking) -> Exported {
    let options = ExportOptions { ceiling, benign: true, ..ExportOptions::new(format, today()) };
    engine.export(&options).unwrap()
}

/// All claims of all documents, without the places at which they stand.
fn claims(engine: &Engine) -> BTreeSet<(Option<String>, Claim)> {
    let mut all = BTreeSet::new();
    for record in engine.store().documents().unwrap() {
        for stored in engine.store().claims_of(record.document.id).unwrap() {
            let claim = Claim { span: Span::default(), ..stored.claim };
            all.insert((record.document.title.clone(), claim));
        }
    }
    all
}

fn read_again(exported: &Exported) -> Engine {
    let mut engine = common::engine();
    // The list of hashes of a feed without values is an empty file.
    for file in exported.files.iter().filter(|file| !file.bytes.is_empty()) {
        let text = String::from_utf8(file.bytes.clone()).unwrap();
        add(&mut engine, &file.name, &text, Options::default());
    }
    engine
}

#[test]
fn stix_gives_the_same_claims_again() {
    let engine = store();
    for format in [ExportFormat::Stix, ExportFormat::Stix20] {
        let exported = export(&engine, format, Marking::Red);
        let again = read_again(&exported);
        let (before, after) = (claims(&engine), claims(&again));
        assert!(before.len() > 10);
        let lost: Vec<_> = before.difference(&after).collect();
        let made_up: Vec<_> = after.difference(&before).collect();
        assert!(lost.is_empty() && made_up.is_empty(), "{format}: {lost:#?} {made_up:#?}");
    }
}

#[test]
fn an_export_is_the_same_each_time() {
    for format in OURS {
        let (one, two) = (store(), store());
        assert_eq!(
            export(&one, format, Marking::Red).files,
            export(&two, format, Marking::Red).files
        );
    }
}

#[test]
fn nothing_above_the_ceiling_goes_out() {
    let engine = store();
    for format in OURS {
        let exported = export(&engine, format, Marking::Green);
        let text: String =
            exported.files.iter().map(|f| String::from_utf8_lossy(&f.bytes)).collect();
        assert!(text.contains("45.77.0.1"));
        let told = serde_json::to_string(&exported.losses).unwrap();
        for secret in ["UNC9999", "45.77.0.2", "secret-panel", "Secret Service", "closed", "AMBER"]
        {
            assert!(!text.contains(secret), "{format}: {secret}");
            assert!(!told.contains(secret), "{format}, losses: {secret}");
        }
    }
}

/// Bundles with our extension and any claims in it: a way to make stores that hold anything.
mod any {
    use lapwing_model::{
        Basis, Claim, Confidence, Entity, Gap, GapKind, Kind, Marking, Object, PartialDate, Period,
        Polarity, Relation, Role, Span,
    };
    use proptest::option;
    use proptest::prelude::*;
    use proptest::sample::select;
    use serde_json::{Value, json};

    const EXTENSION: &str = lapwing_engine::publish::stix::EXTENSION;

    fn value(kind: Kind) -> BoxedStrategy<String> {
        let digits = |length: usize| {
            let pattern = format!("[0-9a-f]{{{length}}}");
            proptest::string::string_regex(&pattern).expect("a pattern").boxed()
        };
        match kind {
            Kind::Ipv4Addr => {
                any::<[u8; 4]>().prop_map(|[a, b, c, d]| format!("{a}.{b}.{c}.{d}")).boxed()
            }
            Kind::Ipv6Addr => "2001:db8::[1-9a-f]{1,4}".boxed(),
            Kind::DomainName => "[a-z]{3,8}\\.example".boxed(),
            Kind::Url => "https://[a-z]{3,8}\\.example/[a-z'\\\\]{0,6}".boxed(),
            Kind::EmailAddr => "[a-z]{3,8}@[a-z]{3,8}\\.example".boxed(),
            Kind::Md5 | Kind::Imphash => digits(32),
            Kind::Sha1 => digits(40),
            Kind::Sha256 | Kind::Authentihash => digits(64),
            Kind::Sha512 => digits(128),
            Kind::AutonomousSystem => (1u32..400_000).prop_map(|n| format!("AS{n}")).boxed(),
            Kind::Vulnerability => (1u32..99_999).prop_map(|n| format!("CVE-2021-{n:05}")).boxed(),
            Kind::Weakness => (1u32..1400).prop_map(|n| format!("CWE-{n}")).boxed(),
            Kind::AttackPattern => {
                select(vec!["T1505.003", "T1190", "T9999"]).prop_map(str::to_owned).boxed()
            }
            Kind::Location => select(vec!["DE", "CN", "Atlantis"]).prop_map(str::to_owned).boxed(),
            _ => "[A-Za-zäé'\"\\\\ |\n=:]{0,12}[a-z0-9]".boxed(),
        }
    }

    fn entity() -> impl Strategy<Value = Entity> {
        select(Kind::ALL)
            .prop_flat_map(|kind| value(kind).prop_map(move |value| Entity::new(kind, value)))
    }

    fn date() -> impl Strategy<Value = PartialDate> {
        (2000i16..2030, option::of(1u8..=12), option::of(1u8..=28)).prop_map(
            |(year, month, day)| PartialDate::new(year, month, month.and(day)).expect("a date"),
        )
    }

    fn object(relation: Relation) -> BoxedStrategy<Object> {
        match relation {
            Relation::Role => {
                select(Role::ALL).prop_map(|role| Object::Text(role.as_str().to_owned())).boxed()
            }
            Relation::FirstSeen | Relation::LastSeen | Relation::FixedOn => {
                date().prop_map(|day| Object::Text(day.to_string())).boxed()
            }
            Relation::Property => "[a-z]{1,6}=[a-zA-Z ]{1,8}".prop_map(Object::Text).boxed(),
            _ => entity().prop_map(Object::Entity).boxed(),
        }
    }

    fn claim() -> impl Strategy<Value = (Claim, String)> {
        let what = prop_oneof![3 => Just(Relation::Role), 4 => select(Relation::ALL)]
            .prop_flat_map(|relation| (entity(), Just(relation), object(relation)));
        let manner = (
            select(Polarity::ALL),
            select(Basis::ALL),
            option::of(0u8..=100),
            option::of("[A-Z][a-z]{2,6}"),
            1u8..=100,
            option::of("[A-Z][a-z]{2,6}"),
        );
        let rest = (
            option::of(date()),
            option::of(date()),
            "[a-z]{2,4}:[a-z]{2,6}",
            option::of("[a-z ]{3,12}"),
            option::of("[a-z ]{3,12}"),
            "[A-Za-z0-9 .\n]{0,12}",
        );
        (what, manner, rest).prop_map(|((subject, relation, object), manner, rest)| {
            let (polarity, basis, stated, stated_word, precision, said_by) = manner;
            let (first, last, method, why, context, quote) = rest;
            let claim = Claim {
                subject,
                relation,
                object,
                span: Span::new(0, 0),
                polarity,
                basis,
                stated: stated.map(Confidence::percent),
                stated_word,
                precision: Confidence::percent(precision),
                said_by,
                period: Period { first, last },
                method,
                why,
                context,
            };
            (claim, quote)
        })
    }

    fn marking() -> impl Strategy<Value = Option<Marking>> {
        use Marking::{Amber, AmberStrict, Clear, Green, Red};
        option::of(select(vec![Clear, Green, Amber, AmberStrict, Red]))
    }

    fn report(at: usize) -> impl Strategy<Value = Value> {
        let head = (
            option::of("[A-Z][a-z ]{3,12}"),
            option::of("[A-Z][a-z]{3,8}"),
            option::of(date()),
            marking(),
            proptest::collection::vec("[a-z]{3,6}", 0..2),
        );
        let claims = proptest::collection::vec(claim(), 0..14);
        let gap = option::of((1u64..30).prop_map(|count| Gap {
            kind: GapKind::Hidden,
            what: "indicator".into(),
            entity_kind: None,
            count: Some(count),
            shown: None,
            span: Span::default(),
        }));
        (head, claims, gap).prop_map(
            move |((title, source, published, marking, tags), claims, gap)| {
                let id = format!("{at:032x}");
                let told: Vec<Value> = claims
                    .into_iter()
                    .map(|(claim, quote)| {
                        let mut json = serde_json::to_value(claim).expect("a claim");
                        json["document"] = json!(id);
                        json["quote"] = json!(quote);
                        json
                    })
                    .collect();
                let mut document = json!({
                    "id": id, "name": format!("doc{at}.txt"), "format": "text",
                    "properties": tags.iter().map(|tag| ["tag", tag.as_str()]).collect::<Vec<_>>(),
                });
                for (key, value) in [
                    ("title", json!(title)),
                    ("source", json!(source)),
                    ("published", json!(published)),
                    ("marking", json!(marking)),
                ] {
                    if !value.is_null() {
                        document[key] = value;
                    }
                }
                json!({
                    "type": "report", "spec_version": "2.1",
                    "id": format!("report--00000000-0000-4000-8000-{at:012}"),
                    "created": "2021-03-02T00:00:00.000Z", "modified": "2021-03-02T00:00:00.000Z",
                    "published": "2021-03-02T00:00:00.000Z", "name": "x", "object_refs": [],
                    "extensions": { EXTENSION: {
                        "extension_type": "property-extension",
                        "document": document,
                        "gaps": gap.into_iter().collect::<Vec<_>>(),
                        "claims": told,
                    } },
                })
            },
        )
    }

    /// A bundle of one to three reports.
    pub fn bundle() -> impl Strategy<Value = String> {
        (report(1), option::of(report(2)), option::of(report(3))).prop_map(|(one, two, three)| {
            let reports: Vec<Value> = [Some(one), two, three].into_iter().flatten().collect();
            json!({
                "type": "bundle", "id": "bundle--00000000-0000-4000-8000-000000000000",
                "objects": reports,
            })
            .to_string()
        })
    }
}

/// Claims without the document's title: MISP gives every event one.
fn statements(engine: &Engine) -> BTreeSet<String> {
    let said = |claim: &Claim| {
        let (mut one, mut two) = (claim.subject.key(), claim.object.key());
        if claim.relation == lapwing_model::Relation::SameObject && two < one {
            std::mem::swap(&mut one, &mut two);
        }
        format!("{one} {} {two} {}", claim.relation, claim.polarity)
    };
    claims(engine).iter().map(|(_, claim)| said(claim)).collect()
}

/// Few, as each exports and reads a whole store several times; `PROPTEST_CASES` asks for more.
fn cases() -> u32 {
    let asked = std::env::var("PROPTEST_CASES").ok().and_then(|cases| cases.parse().ok());
    asked.unwrap_or(3)
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig {
        cases: cases(), failure_persistence: None, ..Default::default()
    })]

    #[test]
    fn whatever_a_store_holds_comes_back_or_is_named(bundle in any::bundle()) {
        let mut engine = common::engine();
        add(&mut engine, "any.json", &bundle, Options::default());
        let before = claims(&engine);
        for format in [ExportFormat::Stix, ExportFormat::Stix20] {
            let after = claims(&read_again(&export(&engine, format, Marking::Red)));
            proptest::prop_assert_eq!(&before, &after, "{}", format);
        }
        for format in [ExportFormat::Misp, ExportFormat::MispFeed] {
            let exported = export(&engine, format, Marking::Red);
            let back = statements(&read_again(&exported));
            for statement in statements(&engine) {
                // A loss names the statement without its polarity.
                let (bare, _) = statement.rsplit_once(' ').unwrap();
                let named = exported.losses.iter().any(|loss| loss.value.starts_with(bare));
                proptest::prop_assert!(
                    back.contains(&statement) || named,
                    "{}: {} is lost and not named", format, statement
                );
            }
        }
    }

    #[test]
    fn no_export_tells_of_what_is_above_its_ceiling(bundle in any::bundle()) {
        let mut engine = common::engine();
        add(&mut engine, "any.json", &bundle, Options::default());
        // What is visible at the ceiling, by a store that never saw the rest.
        let ceiling = Marking::Green;
        let bundle: serde_json::Value = serde_json::from_str(&bundle).unwrap();
        let mut open = bundle.clone();
        open["objects"].as_array_mut().unwrap().retain(|report| {
            let own = &report["extensions"][lapwing_engine::publish::stix::EXTENSION];
            let marking = own["document"]["marking"].as_str().map(|m| m.parse().unwrap());
            marking.unwrap_or(Marking::Clear) <= ceiling
        });
        let mut shown = common::engine();
        if open["objects"].as_array().unwrap().len() > 1 || open == bundle {
            add(&mut shown, "any.json", &open.to_string(), Options::default());
            for format in OURS {
                let one = export(&engine, format, ceiling);
                let two = export(&shown, format, Marking::Red);
                proptest::prop_assert_eq!(one.files, two.files, "{}", format);
                proptest::prop_assert_eq!(one.losses, two.losses, "{}", format);
            }
        }
    }
}

/// One event at a time is what the export of all of them has, whatever the rest of the store is.
#[test]
fn an_event_alone_is_the_event_of_the_export() {
    let engine = store();
    for ceiling in [Marking::Clear, Marking::Amber] {
        let below = engine.at_most(ceiling).unwrap();
        let engine = below.as_ref().unwrap_or(&engine);
        let mut seen = 0;
        for record in engine.store().documents().unwrap() {
            let id = record.document.id;
            let options = ExportOptions {
                ceiling,
                pap: record.document.pap(),
                benign: true,
                names: vec![id.to_string()],
                ..ExportOptions::new(ExportFormat::Misp, today())
            };
            let exported = engine.export(&options).unwrap();
            let event = engine.misp_event(id, ceiling, today()).unwrap().unwrap();
            let text = String::from_utf8(exported.files[0].bytes.clone()).unwrap();
            assert_eq!(format!("{}\n", event.event.json), text);
            assert_eq!((event.changed, event.values.len()), (None, 0));
            seen += 1;
        }
        assert_eq!(seen, if ceiling == Marking::Clear { 1 } else { 2 });
    }
}

/// What is told otherwise since a document came is as young as the change that did it.
#[test]
fn an_event_tells_what_of_it_changed_and_when() {
    let later = |day: u8| format!("2021-04-{day:02}T09:30:00Z").parse::<jiff::Timestamp>().unwrap();
    let mut engine = store();
    let open = engine.store().find_documents("open.md").unwrap()[0].document.id;
    let told = |engine: &Engine| {
        let event = engine.misp_event(open, Marking::Amber, today()).unwrap().unwrap();
        (event.changed, event.values)
    };
    let add = |engine: &mut Engine, name: &str, text: &str, day: u8| {
        let input = Input::Bytes { name: name.into(), bytes: text.into() };
        let options = AddOptions { command: format!("add {name}"), ..AddOptions::default() };
        engine.add(&[input], &options, later(day), &Silent).unwrap();
    };
    add(&mut engine, "else.md", "# Else\n\n## Indicators of compromise\n\n- 45.77.9[.]9\n", 3);
    assert_eq!(told(&engine), (None, BTreeMap::new()));
    add(&mut engine, "same.md", "# Same\n\n## Indicators of compromise\n\n- 45.77.0[.]1\n", 5);
    let (changed, values) = told(&engine);
    assert_eq!(changed, Some(later(5)));
    assert_eq!(values, BTreeMap::from([("45.77.0.1".to_owned(), later(5))]));
    add(&mut engine, "more.md", "# More\n\n## Indicators of compromise\n\n- 45.77.9[.]8\n", 7);
    assert_eq!(told(&engine), (changed, values));
}
