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
    let mut engine = Engine::in_memory().unwrap();
    let options = AddOptions {
        read: Options { format: Some(Format::Table), ..Options::default() },
        command: "add".to_owned(),
    };
    let input = Input::Bytes { name: "values.csv".into(), bytes: VALUES.into() };
    engine.add(&[input], &options, "2021-04-01T00:00:00Z".parse().unwrap(), &Silent).unwrap();
    engine.export(&ExportOptions::new(format, jiff::civil::date(2021, 4, 1))).unwrap()
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
