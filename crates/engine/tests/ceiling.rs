//! Nothing above the asked marking leaves, in any format: an export of a store is, byte for byte,
//! the export of a store that never had the documents above the ceiling.
#![allow(clippy::unwrap_used, reason = "a test stops at what should not happen")]

mod common;

use lapwing_engine::publish::export::{ExportFormat, Exported};
use lapwing_engine::read::Options;
use lapwing_engine::{AddOptions, Engine, EngineError, ExportOptions, Input, Silent};
use lapwing_model::{Marking, Pap};
use proptest::prelude::*;

const MARKINGS: [Marking; 5] =
    [Marking::Clear, Marking::Green, Marking::Amber, Marking::AmberStrict, Marking::Red];

/// Every way out. A format that is added does not compile here before it is thought of.
fn is_about_a_name(format: ExportFormat) -> bool {
    match format {
        ExportFormat::Stix
        | ExportFormat::Stix20
        | ExportFormat::Misp
        | ExportFormat::MispFeed
        | ExportFormat::Csv
        | ExportFormat::List
        | ExportFormat::Suricata
        | ExportFormat::Zeek
        | ExportFormat::Sigma
        | ExportFormat::Yara
        | ExportFormat::Rpz
        | ExportFormat::Navigator => false,
        ExportFormat::Md | ExportFormat::Html | ExportFormat::Pdf => true,
    }
}

/// A word that only one document has.
fn token(number: usize) -> String {
    let letters = ["alder", "birch", "cedar", "dogwood", "elm", "fir", "gorse", "hazel"];
    format!("{}quill{number}", letters[number % letters.len()])
}

/// A report with values of its own, and values that it shares with others.
fn report(number: usize, marking: Marking, shared: usize) -> (Input, AddOptions) {
    let token = token(number);
    let text = format!(
        "HAFNIUM and web shells, report {token}\n\n\
         HAFNIUM used web shells (T1505.003) against Exchange servers. \
         The actor also used {technique}.\n\n\
         Indicators of compromise\n\n\
         {token}-c2.com\nshared{shared}-c2.com\n45.77.{a}.{b}\n\
         http://{token}-c2.com/owa/{token}.aspx\n{number:064x}\n{token}.exe\n\
         Mutex: Global\\{token}-mutex\n",
        technique = ["T1190", "T1003.001", "T1059.001"][number % 3],
        a = number % 200 + 1,
        b = number / 200 + 1,
    );
    let options = AddOptions {
        read: Options {
            marking: Some(marking),
            source: Some(format!("Source {token}")),
            published: "2021-03-05".parse().ok(),
            ..Options::default()
        },
        command: "add".to_owned(),
    };
    (Input::Bytes { name: format!("{token}.txt"), bytes: text.into_bytes() }, options)
}

fn store<'r>(reports: impl Iterator<Item = &'r (Input, AddOptions)>) -> Engine {
    let mut engine = common::engine();
    for (input, options) in reports {
        let now = "2021-04-01T00:00:00Z".parse().unwrap();
        engine.add(std::slice::from_ref(input), options, now, &Silent).unwrap();
    }
    engine
}

fn export(
    engine: &Engine,
    format: ExportFormat,
    ceiling: Marking,
    named: bool,
) -> Option<Exported> {
    let mut options = ExportOptions::new(format, jiff::civil::date(2021, 4, 1));
    options.ceiling = ceiling;
    if named || is_about_a_name(format) {
        options.names.push("HAFNIUM".to_owned());
    }
    match engine.export(&options) {
        Ok(exported) => Some(exported),
        // Nothing at or below the ceiling knows the name.
        Err(EngineError::Unknown { .. }) => None,
        Err(error) => panic!("{format} at {ceiling}: {error}"),
    }
}

/// Compares the exports of a store with those of a store of the allowed documents only.
fn compare(reports: &[(usize, Marking)], shared: usize, ceiling: Marking, named: bool) {
    let all: Vec<_> = reports.iter().map(|(n, m)| report(*n, *m, n % shared)).collect();
    let whole = store(all.iter());
    let allowed =
        store(all.iter().zip(reports).filter(|(_, (_, m))| *m <= ceiling).map(|(r, _)| r));
    for format in ExportFormat::ALL {
        let out = export(&whole, *format, ceiling, named);
        let wanted = export(&allowed, *format, ceiling, named);
        let (Some(out), Some(wanted)) = (&out, &wanted) else {
            assert_eq!(out.is_some(), wanted.is_some(), "{format} at {ceiling}");
            continue;
        };
        for file in &out.files {
            let text = String::from_utf8_lossy(&file.bytes);
            for (number, marking) in reports.iter().filter(|(_, m)| *m > ceiling) {
                assert!(!text.contains(&token(*number)), "{format}, {}: {marking} left", file.name);
            }
        }
        assert_eq!(out.losses, wanted.losses, "{format} at {ceiling}");
        assert_eq!(out.trials, wanted.trials, "{format} at {ceiling}");
        for (file, wanted) in out.files.iter().zip(&wanted.files) {
            assert_eq!(file.name, wanted.name, "{format} at {ceiling}");
            assert!(
                file.bytes == wanted.bytes,
                "{format} at {ceiling}, {}: more is in it than the allowed documents say:\n{}\n---\n{}",
                file.name,
                String::from_utf8_lossy(&file.bytes),
                String::from_utf8_lossy(&wanted.bytes)
            );
        }
        assert_eq!(out.files.len(), wanted.files.len(), "{format} at {ceiling}");
    }
}

#[test]
fn each_marking_is_a_ceiling_for_every_format() {
    let reports: Vec<(usize, Marking)> = MARKINGS.iter().copied().enumerate().collect();
    for ceiling in [Marking::Clear, Marking::Amber] {
        compare(&reports, 2, ceiling, true);
    }
}

#[test]
fn what_may_be_done_is_a_ceiling_too() {
    let event = |n: usize, tag: &str| {
        let text = format!(
            r#"{{"Event":{{"uuid":"5f7a1c2e-0000-4000-8000-00000000000{n}","info":"Report {token}",
            "date":"2021-03-05","Tag":[{{"name":"tlp:clear"}},{{"name":"{tag}"}}],
            "Attribute":[{{"uuid":"5f7a1c2e-0000-4000-8000-00000000001{n}","type":"domain",
            "category":"Network activity","value":"{token}-c2.com","to_ids":true}}]}}}}"#,
            token = token(n)
        );
        let input = Input::Bytes { name: format!("{n}.json"), bytes: text.into_bytes() };
        (input, AddOptions::default())
    };
    let engine = store([event(1, "PAP:CLEAR"), event(2, "PAP:GREEN"), event(3, "PAP:RED")].iter());
    for (pap, leave) in [(Pap::Clear, 1), (Pap::Green, 2), (Pap::Amber, 2), (Pap::Red, 3)] {
        for format in ExportFormat::ALL.iter().filter(|format| !is_about_a_name(**format)) {
            let mut options = ExportOptions::new(*format, jiff::civil::date(2021, 4, 1));
            options.pap = pap;
            let exported = engine.export(&options).unwrap();
            let texts: Vec<_> =
                exported.files.iter().map(|file| String::from_utf8_lossy(&file.bytes)).collect();
            let holds = |n: &usize| texts.iter().any(|text| text.contains(&token(*n)));
            let left = (1..=3).filter(holds).count();
            let wanted = if *format == ExportFormat::Navigator { 0 } else { leave };
            assert_eq!(left, wanted, "{format} at {pap}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(3))]

    #[test]
    fn no_export_holds_an_object_above_the_ceiling(
        markings in proptest::collection::vec(proptest::sample::select(MARKINGS.to_vec()), 1..7),
        shared in 1..4_usize,
        ceiling in proptest::sample::select(MARKINGS.to_vec()),
        named in proptest::bool::ANY,
    ) {
        let reports: Vec<(usize, Marking)> = markings.into_iter().enumerate().collect();
        compare(&reports, shared, ceiling, named);
    }
}
