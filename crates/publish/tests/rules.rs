//! Rules, lists and zones, as they leave.
#![allow(clippy::unwrap_used, reason = "a test stops at what should not happen")]

use jiff::civil::date;
use lapwing_knowledge::Knowledge;
use lapwing_model::{AnalyticConfidence, Basis, Entity, Kind, Marking, Status};
use lapwing_publish::export::{ExportedFile, Loss};
use lapwing_publish::rules::navigator::{Subject, Used};
use lapwing_publish::rules::{
    Indicator, Rule, RuleSet, Source, Trial, Tried, csv, list, navigator, rpz, sigma, suricata,
    yara, zeek,
};
use proptest::prelude::*;

const MD5: &str = "0123456789abcdef0123456789abcdef";
const SHA256: &str = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

fn indicator(kind: Kind, value: &str) -> Indicator {
    Indicator {
        probability: 0.9312,
        confidence: AnalyticConfidence::Moderate,
        status: Status::Active,
        first: "2021-03-02".parse().ok(),
        last: "2021-03-09".parse().ok(),
        expires: Some(date(2021, 9, 5)),
        marking: Marking::Green,
        points_to: vec![Entity::new(Kind::ThreatActor, "HAFNIUM")],
        techniques: vec!["T1505.003".to_owned()],
        origins: vec!["Example CERT: Alert".to_owned(), "Example Research".to_owned()],
        sources: vec![Source {
            title: "Alert on \"web shells\"; part 1".to_owned(),
            url: Some("https://cert.example.org/alert/1".to_owned()),
        }],
        ..Indicator::new(Entity::new(kind, value))
    }
}

fn set() -> RuleSet {
    let mut hash = indicator(Kind::Sha256, SHA256);
    hash.same = vec![Entity::new(Kind::Md5, MD5), Entity::new(Kind::FileName, "a b\".aspx")];
    let values = [
        (Kind::Ipv4Addr, "192.0.2.7"),
        (Kind::Ipv4Addr, "198.51.100.0/24"),
        (Kind::Ipv6Addr, "2001:db8::7"),
        (Kind::DomainName, "evil.example"),
        (Kind::DomainName, "bücher-böse.example"),
        (Kind::Url, "http://evil.example/owa/a.php?x=1;y=*"),
        (Kind::EmailAddr, "sender@evil.example"),
        (Kind::Md5, MD5),
        (Kind::FileName, "shellex.exe"),
        (Kind::FilePath, "C:\\inetpub\\wwwroot\\aspnet_client\\system_web\\log.aspx"),
        (Kind::FilePath, "d:\\build\\evil\\loader.pdb"),
        (Kind::FilePath, "/tmp/.evil/run"),
        (Kind::WindowsRegistryKey, "HKLM\\Software\\Microsoft\\Windows\\CurrentVersion\\Run\\Upd"),
        (Kind::Mutex, "Global\\lpw-4711-mtx"),
        (Kind::NamedPipe, "\\\\.\\pipe\\evilpipe"),
        (Kind::UserAgent, "evil-agent/1.0 (\"x\"; y)"),
        (Kind::NetworkFingerprint, "ja3:0123456789abcdef0123456789abcdef"),
        (Kind::NetworkFingerprint, "ja4:t13d1516h2_8daaf6152771_b186095e22b6"),
        (Kind::Certificate, "0123456789abcdef0123456789abcdef01234567"),
        (Kind::WindowsService, "EvilUpdater"),
        (Kind::ScheduledTask, "\\Microsoft\\EvilTask"),
        (Kind::Ssdeep, "3:abc:def"),
        (Kind::AutonomousSystem, "AS64496"),
    ];
    let mut all: Vec<Indicator> = values.iter().map(|(k, v)| indicator(*k, v)).collect();
    all.push(hash);
    RuleSet::new(Some("HAFNIUM".to_owned()), date(2021, 4, 1), Marking::Green, all)
}

/// As if every rule had passed.
fn passed(rules: Vec<Rule>) -> Vec<Tried> {
    let tried = rules.into_iter().map(|rule| {
        let (planted, benign) = (rule.planted.len(), rule.benign.len());
        let by = "an engine 1.0".to_owned();
        let trial =
            Trial { by, compiled: true, planted, fired: planted, benign, ..Trial::default() };
        Tried { rule, trial }
    });
    tried.collect()
}

fn shown(files: &[ExportedFile], losses: &[Loss]) -> String {
    let mut out = String::new();
    for file in files {
        out.push_str(&format!("=== {}\n{}", file.name, String::from_utf8_lossy(&file.bytes)));
    }
    out.push_str("=== not carried\n");
    let mut losses = losses.to_vec();
    losses.sort();
    for loss in losses {
        out.push_str(&format!("{} {}: {}\n", loss.what, loss.value, loss.why));
    }
    out
}

#[test]
fn suricata_rules_and_datasets() {
    let (set, mut losses) = (set(), Vec::new());
    let rules = suricata::rules(&set, &mut losses);
    let mut files = suricata::write(&set, &passed(rules));
    files.extend(suricata::datasets(&set));
    for file in files.iter().filter(|f| f.name.strip_suffix(".rules").is_some()) {
        let text = String::from_utf8_lossy(&file.bytes);
        assert_eq!(suricata::check(&text), [], "{text}");
    }
    insta::assert_snapshot!("suricata", shown(&files, &losses));
}

#[test]
fn sigma_rules() {
    let (set, mut losses) = (set(), Vec::new());
    let rules = sigma::rules(&set, &mut losses);
    insta::assert_snapshot!("sigma", shown(&sigma::write(&set, &passed(rules)), &losses));
}

#[test]
fn yara_rules() {
    let (set, mut losses) = (set(), Vec::new());
    let rules = yara::rules(&set, &mut losses);
    insta::assert_snapshot!("yara", shown(&yara::write(&set, &passed(rules)), &losses));
}

#[test]
fn zeek_intelligence() {
    let exported = zeek::write(&set());
    insta::assert_snapshot!("zeek", shown(&exported.files, &exported.losses));
    let rows = zeek::read_back(&String::from_utf8_lossy(&exported.files[0].bytes)).unwrap();
    assert_eq!(rows.len() + exported.losses.len(), set().indicators.len());
}

#[test]
fn policy_zone() {
    let exported = rpz::write(&set());
    insta::assert_snapshot!("rpz", shown(&exported.files, &exported.losses));
    assert_eq!(
        rpz::read_back(&String::from_utf8_lossy(&exported.files[0].bytes)).unwrap().len(),
        7
    );
}

#[test]
fn table_and_lists() {
    let exported = csv::write(&set());
    insta::assert_snapshot!("csv", shown(&exported.files, &exported.losses));
    assert_eq!(csv::read_back(&exported.files[0].bytes).unwrap().len(), set().indicators.len());
    let exported = list::write(&set());
    insta::assert_snapshot!("list", shown(&exported.files, &exported.losses));
}

#[test]
fn layers() {
    let used = |technique: &str, probability, basis| Used {
        technique: technique.to_owned(),
        probability,
        basis,
        origins: 2,
        sources: vec![Source {
            title: "A report".into(),
            url: Some("https://x.example.org/".into()),
        }],
    };
    let one = Subject {
        name: "HAFNIUM".to_owned(),
        used: vec![
            used("T1505.003", 0.91, Basis::Observed),
            used("T1190", 0.8, Basis::Assessed),
            used("T1003.001", 0.4, Basis::Predicted),
            used("T9999", 0.4, Basis::Observed),
        ],
    };
    let other = Subject {
        name: "APT29".to_owned(),
        used: vec![used("T1190", 0.7, Basis::Observed), used("T1566.001", 0.9, Basis::Observed)],
    };
    let day = date(2021, 4, 1);
    let write = |subjects: &[Subject]| {
        navigator::write(subjects, day, Marking::Clear, Knowledge::builtin()).unwrap()
    };
    let single = write(std::slice::from_ref(&one));
    insta::assert_snapshot!("layer", shown(&single.files, &single.losses));
    let both = write(&[one.clone(), other.clone()]);
    insta::assert_snapshot!("layer_compared", shown(&both.files, &both.losses));
    assert!(
        navigator::write(&[one.clone(), other, one], day, Marking::Clear, Knowledge::builtin())
            .is_err()
    );
}

#[test]
fn a_rule_that_failed_does_not_leave() {
    let set = set();
    let fail = |rules: Vec<Rule>| {
        let mut tried = passed(rules);
        for one in &mut tried {
            one.trial.false_alarms = 1;
        }
        tried
    };
    let none = &mut Vec::new();
    let text = |files: Vec<ExportedFile>| String::from_utf8(files[0].bytes.clone()).unwrap();
    assert!(!text(sigma::write(&set, &fail(sigma::rules(&set, none)))).contains("detection"));
    assert!(!text(yara::write(&set, &fail(yara::rules(&set, none)))).contains("rule "));
    assert!(
        !text(suricata::write(&set, &fail(suricata::rules(&set, none)))).contains("evil.example")
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Whatever a value holds, no format breaks.
    #[test]
    fn no_value_breaks_a_format(
        kind in proptest::sample::select(Kind::ALL.to_vec()),
        value in "(\\PC|[\"'\\\\;|*?#:\n\t\r$]){0,60}",
    ) {
        let set = RuleSet::new(None, date(2021, 4, 1), Marking::Clear, vec![indicator(kind, &value)]);
        let losses = &mut Vec::new();
        for file in suricata::write(&set, &passed(suricata::rules(&set, losses))) {
            if file.name.strip_suffix(".rules").is_some() {
                prop_assert_eq!(suricata::check(&String::from_utf8_lossy(&file.bytes)), vec![]);
            }
        }
        for file in suricata::datasets(&set).iter().filter(|f| f.name.strip_suffix(".rules").is_some()) {
            prop_assert_eq!(suricata::check(&String::from_utf8_lossy(&file.bytes)), vec![]);
        }
        let table = csv::write(&set);
        prop_assert_eq!(csv::read_back(&table.files[0].bytes).unwrap().len(), 1);
        let zeek = zeek::write(&set);
        let rows = zeek::read_back(std::str::from_utf8(&zeek.files[0].bytes).unwrap()).unwrap();
        prop_assert_eq!(rows.len() + zeek.losses.len(), 1);
        let zone = rpz::write(&set);
        prop_assert!(rpz::read_back(std::str::from_utf8(&zone.files[0].bytes).unwrap()).is_ok());
        let lists = list::write(&set);
        let back = list::read_back(std::str::from_utf8(&lists.files[0].bytes).unwrap()).len();
        prop_assert_eq!(back + lists.losses.len(), 1);
        yara::rules(&set, losses);
        sigma::rules(&set, losses);
    }
}
