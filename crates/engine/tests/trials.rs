//! Rules over values of every kind pass their trial, and what is refused does not leave.
#![allow(clippy::unwrap_used, reason = "a test stops at what should not happen")]

use lapwing_engine::publish::export::{ExportFormat, Exported};
use lapwing_engine::read::Options;
use lapwing_engine::{AddOptions, Engine, ExportOptions, Input, Silent};
use lapwing_model::Format;

const VALUES: &str = r"type,value,first_seen,last_seen
ipv4-addr,45.77.12.9,2021-03-02,2021-03-20
ipv6-addr,2a02:4780:1::7,2021-03-02,2021-03-20
domain-name,evil-quill-c2.com,2021-03-02,2021-03-20
url,http://evil-quill-c2.com/owa/a.php?x=1,2021-03-02,2021-03-20
email-addr,sender@evil-quill-c2.com,2021-03-02,2021-03-20
file:md5,0123456789abcdef0123456789abcde1,2021-03-02,2021-03-20
file:sha1,0123456789abcdef0123456789abcdef01234567,2021-03-02,2021-03-20
file:sha256,0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcde1,2021-03-02,2021-03-20
file:name,quillshellex.exe,2021-03-02,2021-03-20
file:path,C:\inetpub\wwwroot\aspnet_client\quill.aspx,2021-03-02,2021-03-20
file:path,d:\build\evil\quillloader.pdb,2021-03-02,2021-03-20
file:path,/tmp/.evil/run,2021-03-02,2021-03-20
windows-registry-key,HKLM\Software\Microsoft\Windows\CurrentVersion\Run\QuillUpd,2021-03-02,2021-03-20
mutex,Global\quill-4711-mtx,2021-03-02,2021-03-20
named-pipe,\\.\pipe\quillpipe,2021-03-02,2021-03-20
user-agent,quill-agent/1.0 (x; y),2021-03-02,2021-03-20
process,powershell.exe -enc QUILLQUILL,2021-03-02,2021-03-20
domain-name,expired-quill-c2.com,2016-03-02,2016-03-20
domain-name,microsoft.com,2021-03-02,2021-03-20
";

fn export(format: ExportFormat) -> Exported {
    export_of(VALUES, format, jiff::civil::date(2021, 4, 1))
}

/// The values as they leave on a day; they were added on the first of April.
fn export_of(values: &str, format: ExportFormat, today: jiff::civil::Date) -> Exported {
    let mut engine = Engine::in_memory().unwrap();
    let options = AddOptions {
        read: Options { format: Some(Format::Table), ..Options::default() },
        command: "add".to_owned(),
    };
    let input = Input::Bytes { name: "values.csv".into(), bytes: values.into() };
    engine.add(&[input], &options, "2021-04-01T00:00:00Z".parse().unwrap(), &Silent).unwrap();
    engine.export(&ExportOptions::new(format, today)).unwrap()
}

fn text(exported: &Exported, name: &str) -> String {
    let file = exported.files.iter().find(|file| file.name == name).unwrap();
    String::from_utf8(file.bytes.clone()).unwrap()
}

fn all_passed(exported: &Exported, least: usize) {
    assert!(exported.tried.len() >= least, "{:?}", exported.trials);
    for rule in &exported.tried {
        assert!(rule.passed, "{}: {}", rule.title, rule.trial.line());
    }
    for file in &exported.files {
        let text = String::from_utf8_lossy(&file.bytes);
        for never in ["expired-quill", "microsoft.com"] {
            assert!(!text.contains(never), "{}: {never} is dead or benign", file.name);
        }
    }
}

#[test]
fn sigma_rules_fire_on_what_is_planted_in_every_log_source() {
    let exported = export(ExportFormat::Sigma);
    all_passed(&exported, 13);
    assert!(exported.tried.iter().all(|rule| rule.trial.planted > 0));
    let text = text(&exported, "lapwing.yml");
    for source in [
        "dns",
        "proxy",
        "webserver",
        "firewall",
        "process_creation",
        "file_event",
        "registry_event",
        "pipe_created",
        "image_load",
    ] {
        assert!(text.contains(&format!("category: {source}\n")), "{source}");
    }
}

#[test]
fn suricata_rules_are_well_formed() {
    let exported = export(ExportFormat::Suricata);
    all_passed(&exported, 8);
    assert!(text(&exported, "lapwing.rules").contains("filesha256:lapwing-sha256.lst"));
    assert!(text(&exported, "lapwing-datasets.rules").contains("dataset:isset,lapwing-domains"));
}

#[cfg(feature = "yara")]
#[test]
fn yara_rules_fire_on_planted_programs_and_spare_reports() {
    let exported = export(ExportFormat::Yara);
    all_passed(&exported, 4);
    assert!(exported.tried.iter().all(|rule| rule.trial.planted > 0 && rule.trial.benign > 0));
}

#[cfg(feature = "yara")]
#[test]
fn a_string_that_spoils_its_rule_is_held_back_alone() {
    let values = "type,value,first_seen,last_seen\n\
        mutex,Global\\quill-4711-mtx,2021-03-02,2021-03-20\n\
        mutex,quick brown fox jumps,2021-03-02,2021-03-20\n\
        mutex,Global\\quill-4712-mtx,2021-03-02,2021-03-20\n";
    let exported = export_of(values, ExportFormat::Yara, jiff::civil::date(2021, 4, 1));
    let text = text(&exported, "lapwing.yar");
    assert!(text.contains("4711") && text.contains("4712") && !text.contains("brown fox"));
    let failed: Vec<_> = exported.tried.iter().filter(|rule| !rule.passed).collect();
    assert_eq!(failed.len(), 1, "{failed:?}");
    assert_eq!(failed[0].indicators, ["mutex:quick brown fox jumps"]);
    let told = |loss: &&lapwing_engine::publish::export::Loss| loss.value.contains("brown fox");
    assert!(exported.losses.iter().find(told).unwrap().why.contains("failed the trial"));
}

#[test]
fn what_nobody_dates_has_an_expiry_and_leaves_no_more_after_it() {
    let values = "type,value\nipv4-addr,45.77.12.9\n";
    let fresh = export_of(values, ExportFormat::List, jiff::civil::date(2021, 4, 2));
    assert!(text(&fresh, "ipv4-addr.txt").contains("45.77.12.9"));
    let table = export_of(values, ExportFormat::Csv, jiff::civil::date(2021, 4, 2));
    let table = text(&table, "lapwing.csv");
    let cells: Vec<&str> = table.lines().nth(1).unwrap().split(',').collect();
    assert_eq!((cells[2], cells[6], cells[7]), ("undated", "", ""));
    let expires: jiff::civil::Date = cells[8].parse().unwrap();
    assert!(expires > jiff::civil::date(2021, 4, 2), "{expires}");
    let after = expires.tomorrow().unwrap();
    let late = export_of(values, ExportFormat::List, after);
    assert!(late.files.iter().all(|file| !file.name.starts_with("ipv4")), "{:?}", late.files);
    assert!(late.losses.iter().any(|loss| loss.why.starts_with("nobody dates it")));
}
