//! Every reader on a log of our own making, a broken line, Windows' line ends or another encoding
//! included: what records it gives, and that Sigma rules of its product see their fields. Adding a case
//! is adding a file to `testdata/readers/`; `UPDATE_GOLDEN=1` writes what is read now.
#![allow(missing_docs, clippy::unwrap_used)]

mod made;

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::slice;
use std::sync::Arc;

use lapwing_hunt::{
    Checks, Follower, Indicator, LogRecord, Matcher, Options, Rules, RulesOptions, Silent, follow,
    hunt, records,
};
use lapwing_model::{Entity, Finding, Kind, Place, VerdictKind};

fn data() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata").join("readers")
}

fn logs() -> Vec<PathBuf> {
    let mut logs: Vec<PathBuf> = fs::read_dir(data())
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|e| e == "log"))
        .collect();
    logs.sort();
    logs
}

fn options() -> Options {
    Options { jobs: 1, file_times: false, year: Some(2021), ..Options::default() }
}

fn compare(golden: &Path, found: &str) {
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        fs::write(golden, found).unwrap();
    }
    let wanted = fs::read_to_string(golden).unwrap_or_default();
    assert_eq!(found, wanted, "{}", golden.display());
}

fn shown(record: &LogRecord) -> String {
    let place = match record.place {
        Some(Place::Line(n)) => format!("line {n}"),
        Some(Place::Record(n)) => format!("record {n}"),
        None => "file".to_owned(),
    };
    let time = record.time.map_or("-".to_owned(), |t| t.to_string());
    let mut text = format!("{} | {place} | {time}\n", record.log);
    for (name, value) in &record.fields {
        writeln!(text, "    {name} = {}", value.escape_debug()).unwrap();
    }
    text
}

#[test]
fn every_log_gives_its_golden_records() {
    let logs = logs();
    assert!(logs.len() >= 40, "{}", logs.len());
    for log in logs {
        let mut text = String::new();
        let (coverage, problems) = records(slice::from_ref(&log), &options(), &mut |record| {
            text.push_str(&shown(&record));
        });
        for c in coverage {
            let assumed = c.assumed.map_or(String::new(), |a| format!(" | {a}"));
            writeln!(text, "covered: {} | {} records{assumed}", c.source, c.records).unwrap();
        }
        for problem in problems {
            writeln!(text, "problem: {problem}").unwrap();
        }
        let text = text.replace(&format!("{}/", data().display()), "");
        compare(&log.with_extension("records"), &text);
    }
}

#[test]
fn rules_of_each_product_see_the_fields_of_each_reader() {
    let rules = Rules::load(&[data().join("rules.yml")], &RulesOptions::default()).unwrap();
    let titles: BTreeSet<String> = rules.list().map(|(_, _, title)| title.to_owned()).collect();
    assert!(rules.problems().is_empty(), "{:?}", rules.problems());
    let rules = Arc::new(rules);
    let (mut text, mut fired) = (String::new(), BTreeSet::new());
    for log in logs() {
        let how = Options { rules: Some(Arc::clone(&rules)), ..options() };
        let result =
            hunt(slice::from_ref(&log), &Matcher::default(), &Checks::none(), &how, &Silent);
        let hits: BTreeSet<String> = result.findings.iter().map(|f| f.finding.clone()).collect();
        let name = log.file_name().unwrap().to_string_lossy().into_owned();
        let list: Vec<&str> = hits.iter().map(String::as_str).collect();
        writeln!(text, "{name}: {}", list.join(", ")).unwrap();
        fired.extend(hits);
    }
    compare(&data().join("rules.golden"), &text);
    let silent: Vec<_> = titles.difference(&fired).collect();
    assert!(silent.is_empty(), "no reader made these fire: {silent:?}");
}

#[test]
fn a_zone_that_the_log_does_not_state_can_be_given() {
    let log = data().join("fast.log");
    let zone = jiff::tz::TimeZone::fixed(jiff::tz::Offset::constant(2));
    let mut first = None;
    let how = Options { time_zone: Some(zone), ..options() };
    let (coverage, _) = records(&[log], &how, &mut |record| {
        first.get_or_insert(record);
    });
    assert_eq!(first.unwrap().time.unwrap().to_string(), "2021-03-02T23:00:00.123456Z");
    assert!(coverage[0].assumed.as_deref().unwrap().contains("+02"), "{coverage:?}");
}

/// Appends to logs while they are followed, a step a wait.
struct Steps<'s> {
    steps: Vec<Box<dyn FnMut() + 's>>,
    told: Vec<String>,
}

impl Follower for Steps<'_> {
    fn wait(&mut self) -> bool {
        if self.steps.is_empty() {
            return false;
        }
        self.steps.remove(0)();
        true
    }

    fn finding(&mut self, finding: &Finding) {
        let place = match finding.place {
            Some(Place::Line(n)) => n,
            _ => 0,
        };
        let file = finding.file.rsplit('/').next().unwrap_or("").to_owned();
        self.told.push(format!("{file}:{place}@{} {}", finding.offset, finding.matched));
    }
}

#[test]
fn logs_that_grow_are_read_on_through_rotation_and_truncation() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    let append = |name: &str, text: &str| {
        let mut file = fs::OpenOptions::new().create(true).append(true).open(at(name)).unwrap();
        file.write_all(text.as_bytes()).unwrap();
    };
    let header = "#Fields: date time c-ip cs-method cs-uri-stem sc-status\n";
    append("iis.log", header);
    append("iis.log", "2021-03-03 01:00:00 192.0.2.66 GET /a 200\n2021-03-03 01:00:01 192.0.");
    append("app.log", "a line\n");
    let list = ["192.0.2.66", "192.0.2.67"]
        .map(|value| Indicator::new(Entity::new(Kind::Ipv4Addr, value), 0.9, "a list"));
    let matcher = Matcher::compile(list);
    let mut steps = Steps {
        steps: vec![
            Box::new(|| {
                append("iis.log", "2.66 GET /b 404\n2021-03-03 01:00:02 10.0.0.1 GET /c 200\n");
            }),
            // Rotated away, with a last line for the old one; the new one begins with its own header.
            Box::new(|| {
                append("iis.log", "2021-03-03 01:00:03 192.0.2.66 GET /d 200\n");
                fs::rename(at("iis.log"), at("iis.log.1")).unwrap();
                append(
                    "iis.log",
                    "#Fields: c-ip date time sc-status\n192.0.2.67 2021-03-03 01:00:04 200\n",
                );
            }),
            Box::new(|| append("app.log", "from 192.0.2.66\n")),
            // Cut and begun anew.
            Box::new(|| fs::write(at("app.log"), "x\n").unwrap()),
            Box::new(|| append("app.log", "from 192.0.2.67\n")),
            // And again, with another record at the same place.
            Box::new(|| fs::write(at("app.log"), "y\n").unwrap()),
            Box::new(|| append("app.log", "from 192.0.2.67 anew")),
            Box::new(|| append("new.log", "from 192.0.2.66\n")),
            // An entry of the journal that comes in two parts is one entry.
            Box::new(|| append("j.export", "__CURSOR=a\n__REALTIME_TIMESTAMP=1614733200000000\n")),
            Box::new(|| append("j.export", "MESSAGE=from 192.0.2.67\n\n")),
        ],
        told: Vec::new(),
    };
    let paths = [folder.path().to_owned()];
    let result = follow(&paths, &matcher, &Checks::none(), &options(), &Silent, &mut steps);
    let mut told = steps.told;
    told.sort();
    assert_eq!(
        told,
        [
            "app.log:2@2 192.0.2.67",
            "app.log:2@2 192.0.2.67",
            "app.log:2@7 192.0.2.66",
            "iis.log:2@34 192.0.2.67",
            "iis.log:2@56 192.0.2.66",
            "iis.log:3@98 192.0.2.66",
            "iis.log:5@180 192.0.2.66",
            "j.export:1@0 192.0.2.67",
            "new.log:1@0 192.0.2.66",
        ]
    );
    assert_eq!(result.findings.len(), 9);
    assert_eq!(result.verdict.verdict, VerdictKind::Attempted);
    assert!(result.findings.iter().filter(|f| f.file.contains("iis")).all(|f| f.time.is_some()));
    assert_eq!(result.problems, []);
}

#[test]
fn names_by_labels_and_ports_behind_dots_are_found_while_logs_grow() {
    let folder = tempfile::tempdir().unwrap();
    let append = |name: &str, text: &str| {
        let path = folder.path().join(name);
        let mut file = fs::OpenOptions::new().create(true).append(true).open(path).unwrap();
        file.write_all(text.as_bytes()).unwrap();
    };
    let packet = |client: &str| {
        format!("01:02:03.000004 IP {client}.51000 > 10.0.0.5.443: Flags [S], length 0\n")
    };
    let dump = "\t0x0000:  4500 003c 1c46 4000 4006 b1e6 ac10 0a63\n".repeat(30);
    let asked = |client: &str| {
        format!(
            "3/3/2021 1:02:03 AM 0E4C PACKET  00A1 UDP Rcv {client}   e5f5   Q [0001   D   NOERROR] A      (3)www(4)evil(7)example(0)\n"
        )
    };
    append("dump.txt", &packet("10.0.0.7"));
    append("dns.log", "DNS Server log file creation at 3/3/2021 1:00:00 AM\n");
    let matcher = Matcher::compile([
        Indicator::new(Entity::new(Kind::Ipv4Addr, "192.0.2.66"), 0.9, "a list"),
        Indicator::new(Entity::new(Kind::DomainName, "evil.example"), 0.9, "a list"),
    ]);
    let mut steps = Steps {
        steps: vec![
            // What comes begins with lines that do not tell what log it is.
            Box::new(|| append("dump.txt", &format!("{dump}{}", packet("192.0.2.66")))),
            Box::new(|| append("dns.log", &asked("10.0.0.8"))),
            Box::new(|| append("dns.log", &format!("some remark\n{}", asked("10.0.0.9")))),
        ],
        told: Vec::new(),
    };
    let paths = [folder.path().to_owned()];
    let result = follow(&paths, &matcher, &Checks::none(), &options(), &Silent, &mut steps);
    let mut told: Vec<&str> =
        steps.told.iter().map(|told| told.split('@').next().unwrap()).collect();
    told.sort_unstable();
    assert_eq!(told, ["dns.log:2", "dns.log:4", "dump.txt:32"]);
    // The same as if they were read at once.
    let whole = hunt(&paths, &matcher, &Checks::none(), &options(), &Silent);
    assert_eq!(result.findings, whole.findings);
}

/// A page that runs what it is sent, and lies in no folder that is known to be served; the words are broken up, so that
/// it is none here.
fn page() -> String {
    format!("<?php @{}al(${}['x']); ?>", "ev", "_POST")
}

#[test]
fn pages_that_come_while_a_tree_is_followed_are_judged_as_pages() {
    const REQUEST: &str = "198.51.100.9 - - [03/Mar/2021:01:02:03 +0000] \"POST /up/x.php HTTP/1.1\" 200 5 \"-\" \"x\"\n";
    for (early, late) in [
        // The mark of a served folder is there before the page.
        ("site/web.config", ""),
        // The log tells it only behind the page.
        ("", "access.log"),
        ("", ""),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let put = |name: &str, text: &str| {
            let path = folder.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        };
        put("notes.txt", "nothing\n");
        if !early.is_empty() {
            put(early, "<configuration/>");
        }
        let mut steps = Steps {
            steps: vec![
                Box::new(|| put("site/up/x.php", &page())),
                Box::new(|| {
                    if !late.is_empty() {
                        put(late, REQUEST);
                    }
                }),
            ],
            told: Vec::new(),
        };
        let paths = [folder.path().to_owned()];
        let none = Matcher::default();
        let result = follow(&paths, &none, Checks::builtin(), &options(), &Silent, &mut steps);
        let told = steps.told.iter().filter(|told| told.starts_with("x.php")).count();
        let is_page = !early.is_empty() || !late.is_empty();
        assert_eq!(told > 0, is_page, "{early} {late}: {:?}", steps.told);
        let of = |f: &&Finding| f.rule.as_deref() == Some("web.shell-content");
        assert_eq!(result.findings.iter().filter(of).count(), usize::from(is_page));
    }
}

fn read_of(path: &Path) -> (Vec<LogRecord>, Vec<String>) {
    let mut list = Vec::new();
    let (_, problems) = records(&[path.to_owned()], &options(), &mut |record| list.push(record));
    (list, problems.iter().map(ToString::to_string).collect())
}

#[test]
fn event_logs_are_read_whole_cut_dirty_and_out_of_raw_bytes() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.evtx");
    let read = |parts: &[&[u8]]| {
        fs::write(&path, parts.concat()).unwrap();
        let (list, problems) = read_of(&path);
        let numbers: Vec<u64> = list
            .iter()
            .map(|record| match record.place {
                Some(Place::Record(n)) => n,
                _ => 0,
            })
            .collect();
        for record in list {
            assert_eq!(record.time.unwrap().to_string(), "2021-03-03T01:00:00Z");
            let to = record.fields.iter().find(|(name, _)| name == "DestinationIp").unwrap();
            assert_eq!(to.1, "192.0.2.66");
        }
        (numbers, problems.join("\n"))
    };
    let header = made::header();
    let (one, two) = (made::chunk(1..=3, "192.0.2.66"), made::chunk(4..=5, "192.0.2.66"));
    assert_eq!(read(&[&header, &one, &two]), (vec![1, 2, 3, 4, 5], String::new()));
    // An empty slot between, and bytes that are no chunk.
    let (numbers, problems) = read(&[&header, &one, &vec![0; 65_536], &[7; 1000], &two]);
    assert_eq!(numbers, [1, 2, 3, 4, 5]);
    assert!(problems.contains("1000 bytes that are no chunk"), "{problems}");
    // A damaged signature, and a chunk that is cut behind its records.
    let mut damaged = one.clone();
    damaged[2] = b'?';
    let (numbers, problems) = read(&[&header, &damaged, &two[..8192]]);
    assert_eq!(numbers, [1, 2, 3, 4, 5]);
    assert!(problems.contains("signature is damaged"), "{problems}");
    assert!(problems.contains("8192 of 65536"), "{problems}");
    // A damaged record costs itself.
    let mut broken = one.clone();
    let second = memchr::memmem::find_iter(&one, b"\x2a\x2a\0\0").nth(1).unwrap();
    broken[second] = 0;
    let (numbers, problems) = read(&[&header, &broken, &two]);
    assert_eq!(numbers, [1, 3, 4, 5]);
    assert!(!problems.is_empty());
    // An image of a disk: chunks at any place, one cut by the end.
    let image = [&b"\xeb\x52\x90NTFS\0"[..], &vec![1; 100_000], &one, &[2; 77], &two, b"ElfChnk\0"]
        .concat();
    assert_eq!(read(&[&image]), (vec![1, 2, 3, 4, 5], String::new()));
}

#[test]
fn parquet_gives_records_by_the_names_of_its_columns() {
    let folder = tempfile::tempdir().unwrap();
    let (plain, packed) = (folder.path().join("a.parquet"), folder.path().join("b.zip"));
    let table = made::parquet();
    fs::write(&plain, &table).unwrap();
    let mut zip = zip::ZipWriter::new(fs::File::create(&packed).unwrap());
    zip.start_file("in/c", zip::write::SimpleFileOptions::default()).unwrap();
    zip.write_all(&table).unwrap();
    zip.finish().unwrap();
    for path in [&plain, &packed] {
        let (list, problems) = read_of(path);
        assert_eq!(problems, Vec::<String>::new());
        assert_eq!(list.len(), 2);
        assert_eq!(list[0].time.unwrap().to_string(), "2021-03-03T01:00:00Z");
        assert_eq!(list[1].place, Some(Place::Record(2)));
        let wanted = [("src_ip", "10.0.0.5"), ("dst.ip", "192.0.2.66")];
        for (name, value) in wanted {
            assert!(list[0].fields.contains(&(name.to_owned(), value.to_owned())), "{list:?}");
        }
    }
    // Cut, and with bytes turned: named, never a panic.
    fs::write(&plain, &table[..table.len() - 9]).unwrap();
    assert!(!read_of(&plain).1.is_empty());
    for at in (0..table.len()).step_by(29) {
        let mut turned = table.clone();
        turned[at] ^= 0x55;
        fs::write(&plain, &turned).unwrap();
        let _ = read_of(&plain);
    }
}
