//! Whatever is written as it is made is what is made at once.

use std::io::Write;

use lapwing_model::{Kind, Marking, Status};
use lapwing_publish::export::Exported;

use super::*;
use crate::{AddOptions, Input, Silent};

fn engine() -> Engine {
    let mut engine = Engine::in_memory().unwrap();
    let now = "2021-06-01T00:00:00Z".parse().unwrap();
    let attribute = |kind: &str, value: &str| {
        format!(
            "{{\"type\":\"{kind}\",\"category\":\"Other\",\"to_ids\":true,\"value\":\"{value}\"}}"
        )
    };
    let files = [
        attribute("filename|md5", "reed.exe|0123456789abcdef0123456789abcdef"),
        attribute("filename|sha1", "reed.exe|0123456789abcdef0123456789abcdef01234567"),
        attribute("ip-dst", "45.77.1.2"),
        attribute("ip-dst", "91.10.3.4"),
        attribute("domain|ip", "reed-mere.com|45.77.1.2"),
        attribute("domain", "google.com"),
        attribute("filename", "C:\\\\Windows\\\\reed\\\\mere.aspx"),
        attribute("link", "https://labs.example.com/reed"),
        attribute("vulnerability", "CVE-2021-26855"),
    ];
    let event = format!(
        "{{\"Event\":{{\"uuid\":\"33333333-aaaa-4bbb-8ccc-000000000001\",\"info\":\"Night Heron\",\
         \"date\":\"2021-05-01\",\"Tag\":[{{\"name\":\"misp-galaxy:threat-actor=\\\"HAFNIUM\\\"\"}}],\
         \"Attribute\":[{}]}}}}",
        files.join(",")
    );
    let table = "type,value,comment\nipv4-addr,45.77.1.2,again\nipv4-addr,62.3.4.5,more\n";
    let report = "# Web shells on mail servers\n\nPAP:AMBER\n\nHAFNIUM is believed to use China Chopper. \
        The actor, also known as Silk Typhoon, targets law firms in Germany. HAFNIUM is not run by China.\n\n\
        CVE-2021-26855 was exploited; the web shell technique is T1505.003, last seen on 2021-03-02.\n\n\
        ## Indicators of compromise\n\n- 45.77.1[.]2\n- C:\\Windows\\reed\\other.aspx\n- 91.10.3[.]4/24\n\n\
        There are 12 more.\n";
    for (name, text) in [
        ("event.json", event.as_str()),
        ("more.csv", table),
        ("report.md", report),
        ("copy.md", report),
    ] {
        let input = Input::Bytes { name: name.into(), bytes: text.into() };
        engine.add(&[input], &AddOptions::default(), now, &Silent).unwrap();
    }
    engine
}

fn flown(engine: &Engine, options: &ExportOptions, portion: usize) -> Exported {
    let mut files = sink::InMemory::default();
    let made = engine.flow(options, Some(portion), &mut files).unwrap();
    let Made { losses, counts, trials, tried } = made;
    Exported { files: files.0, losses: losses.into_list().unwrap(), counts, trials, tried }
}

#[test]
fn an_export_in_portions_is_the_export_made_at_once() {
    let engine = engine();
    let today = jiff::civil::date(2021, 6, 2);
    let plain = ExportOptions::new(ExportFormat::Csv, today);
    let kinds = ExportOptions { kinds: vec![Kind::Ipv4Addr, Kind::Md5], ..plain.clone() };
    let status = ExportOptions { statuses: vec![Status::Undated], ..plain.clone() };
    let benign = ExportOptions { benign: true, tlp1: true, ..plain.clone() };
    let late = ExportOptions { since: Some(jiff::civil::date(2021, 4, 1)), ..plain.clone() };
    let mut compared = 0;
    for mut options in [plain, kinds, status, benign, late] {
        options.ceiling = Marking::Red;
        for format in ExportFormat::ALL {
            options.format = *format;
            if !options.flows() {
                continue;
            }
            let whole = engine.whole(&options).unwrap();
            for portion in [1, 3, 1000] {
                let flown = flown(&engine, &options, portion);
                let names = |it: &Exported| -> Vec<String> {
                    it.files.iter().map(|file| file.name.clone()).collect()
                };
                assert_eq!(names(&flown), names(&whole), "{format} {portion}");
                for (one, two) in flown.files.iter().zip(&whole.files) {
                    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
                    assert_eq!(text(&one.bytes), text(&two.bytes), "{format} {portion}");
                }
                assert_eq!(flown.losses, whole.losses, "{format} {portion}");
                assert_eq!((&flown.counts, &flown.trials), (&whole.counts, &whole.trials));
                compared += 1;
            }
        }
    }
    assert_eq!(compared, 5 * 8 * 3);
    let all = engine.export(&ExportOptions::new(ExportFormat::Csv, today)).unwrap();
    assert!(String::from_utf8_lossy(&all.files[0].bytes).lines().count() > 4, "{all:?}");
}

/// A sink of which no file can be written.
struct Full;

impl Write for Full {
    fn write(&mut self, _: &[u8]) -> std::io::Result<usize> {
        Err(std::io::ErrorKind::StorageFull.into())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl Sink for Full {
    fn expect(&mut self, _: usize) -> Result<(), EngineError> {
        Ok(())
    }

    fn file(
        &mut self,
        _: &str,
        _: Option<u64>,
        content: &mut Content<'_>,
    ) -> Result<(), EngineError> {
        content(&mut *self)
    }
}

#[test]
fn a_disk_that_is_full_is_told_as_such() {
    let engine = engine();
    let today = jiff::civil::date(2021, 6, 2);
    for format in ExportFormat::ALL {
        let options = ExportOptions::new(*format, today);
        if !options.flows() {
            continue;
        }
        let first = engine.export(&options).unwrap().files.swap_remove(0).name;
        let error = engine.export_to(&options, &mut Full);
        let Err(EngineError::File { source, path }) = error else { panic!("{error:?}") };
        assert_eq!((source.kind(), path), (std::io::ErrorKind::StorageFull, first));
    }
}
