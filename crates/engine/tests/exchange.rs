//! What goes out comes in again: nothing is lost unnamed, and nothing above the ceiling goes out.

use std::collections::BTreeSet;

use lapwing_engine::publish::export::{ExportFormat, Exported};
use lapwing_engine::read::Options;
use lapwing_engine::{AddOptions, Engine, ExportOptions, Input, Silent};
use lapwing_model::{Claim, Marking, Span};

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
    let mut engine = Engine::in_memory().unwrap();
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
    let mut engine = Engine::in_memory().unwrap();
    for file in &exported.files {
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
    for format in [ExportFormat::Stix, ExportFormat::Stix20] {
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
    for format in [ExportFormat::Stix, ExportFormat::Stix20] {
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
