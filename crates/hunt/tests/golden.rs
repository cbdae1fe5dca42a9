//! Logs of our own making with what must be found in them. Adding a case is adding a file to
//! `testdata/`; `UPDATE_GOLDEN=1` writes what is found now.
#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::cloned_ref_to_slice_refs,
    clippy::iter_over_hash_type
)]

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

#[path = "../examples/generate/mod.rs"]
mod generate;

use lapwing_hunt::{Checks, Hunt, Indicator, Limits, Matcher, Options, Silent, hunt};
use lapwing_model::{Entity, Kind, Place, Severity, VerdictKind};

fn matcher() -> Matcher {
    let indicator = |kind, value: &str, probability| {
        Indicator::new(Entity::new(kind, value), probability, "a public alert")
    };
    Matcher::compile([
        indicator(Kind::Ipv4Addr, "192.0.2.66", 0.9),
        indicator(Kind::DomainName, "evil.example", 0.8),
        indicator(Kind::Ipv4Addr, "198.51.100.0/24", 0.05),
    ])
}

fn options(jobs: usize) -> Options {
    Options { jobs, file_times: false, year: Some(2021), ..Options::default() }
}

fn data() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata")
}

fn compare(golden: &Path, found: &str) {
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        fs::write(golden, found).unwrap();
    }
    let wanted = fs::read_to_string(golden).unwrap_or_default();
    assert_eq!(found, wanted, "{}", golden.display());
}

fn shown(result: &Hunt, root: &str) -> String {
    // Evidence is cut at a length, so the folder of this checkout must go first.
    let mut text = String::new();
    for f in &result.findings {
        let place = match f.place {
            Some(Place::Line(n)) => format!("line {n}"),
            Some(Place::Record(n)) => format!("record {n}"),
            None => "file".to_owned(),
        };
        let time = f.time.map_or("-".to_owned(), |t| t.to_string());
        let rule = f.rule.as_deref().unwrap_or(&f.finding);
        let matched: String = f.matched.replace(root, "").chars().take(60).collect();
        writeln!(
            text,
            "{time} | {place} @{} | {} | {} | {rule} | {matched}",
            f.offset, f.severity, f.proof
        )
        .unwrap();
    }
    for c in &result.verdict.looked_at {
        let period = c.from.zip(c.until).map_or("-".to_owned(), |(a, b)| format!("{a} to {b}"));
        writeln!(text, "looked at: {} | {} records | {period}", c.source, c.records).unwrap();
    }
    for p in &result.problems {
        writeln!(text, "problem: {p}").unwrap();
    }
    text.replace(root, "")
}

#[test]
fn every_log_gives_its_golden_findings() {
    let mut cases = 0;
    for folder in fs::read_dir(data()).unwrap().map(|e| e.unwrap().path()).filter(|p| p.is_dir()) {
        for log in fs::read_dir(&folder).unwrap().map(|e| e.unwrap().path()) {
            if log.extension().is_some_and(|e| e == "log") {
                let result =
                    hunt(&[log.clone()], &matcher(), Checks::builtin(), &options(1), &Silent);
                compare(
                    &log.with_extension("golden"),
                    &shown(&result, &format!("{}/", folder.display())),
                );
                cases += 1;
            }
        }
    }
    assert!(cases >= 10, "{cases}");
}

#[test]
fn every_server_gives_its_golden_verdict_whatever_the_number_of_threads() {
    for (name, kind) in [
        ("compromised", VerdictKind::Compromised),
        ("probed", VerdictKind::Attempted),
        ("clean", VerdictKind::NothingFound),
    ] {
        let folder = data().join("servers").join(name);
        let one = hunt(&[folder.clone()], &matcher(), Checks::builtin(), &options(1), &Silent);
        let many = hunt(&[folder.clone()], &matcher(), Checks::builtin(), &options(4), &Silent);
        assert_eq!(one, many);
        assert_eq!(one.verdict.verdict, kind, "{name}: {:#?}", one.verdict.reasons);
        let mut text = shown(&one, &format!("{}/", folder.display()));
        for reason in &one.verdict.reasons {
            writeln!(text, "reason: {reason}").unwrap();
        }
        for step in &one.verdict.next_steps {
            writeln!(text, "step: {step}").unwrap();
        }
        for not in &one.verdict.not_looked_at {
            writeln!(text, "not looked at: {}", not.what).unwrap();
        }
        let text = text.replace(&format!("{}/", folder.display()), "");
        compare(&data().join("servers").join(format!("{name}.golden")), &text);
    }
}

/// Packs the same log in every way; each must give the same findings.
#[test]
fn packed_and_recoded_logs_are_read_like_plain_ones() {
    use std::io::Write;
    let log = fs::read(data().join("httpproxy/ssrf.log")).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    let mut gz = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    gz.write_all(&log).unwrap();
    let gz = gz.finish().unwrap();
    fs::write(path("a.gz"), &gz).unwrap();
    fs::write(path("b.zst"), zstd::encode_all(&log[..], 1).unwrap()).unwrap();
    let mut zip = zip::ZipWriter::new(fs::File::create(path("c.zip")).unwrap());
    zip.start_file("in/x.log.gz", zip::write::SimpleFileOptions::default()).unwrap();
    zip.write_all(&gz).unwrap();
    zip.finish().unwrap();
    let mut tar = tar::Builder::new(fs::File::create(path("d.tar")).unwrap());
    let mut header = tar::Header::new_gnu();
    header.set_size(log.len() as u64);
    header.set_cksum();
    tar.append_data(&mut header, "in/y.log", &log[..]).unwrap();
    tar.finish().unwrap();
    drop(tar);
    let text = String::from_utf8(log).unwrap();
    let wide: Vec<u8> =
        std::iter::once(0xfeff).chain(text.encode_utf16()).flat_map(u16::to_le_bytes).collect();
    fs::write(path("e.log"), wide).unwrap();
    let mut bz = bzip2::write::BzEncoder::new(Vec::new(), bzip2::Compression::fast());
    bz.write_all(text.as_bytes()).unwrap();
    fs::write(path("g.bz2"), bz.finish().unwrap()).unwrap();
    let mut xz = lzma_rust2::XzWriter::new(Vec::new(), lzma_rust2::XzOptions::default()).unwrap();
    xz.write_all(&gz).unwrap();
    fs::write(path("h.gz.xz"), xz.finish().unwrap()).unwrap();
    let mut seven = sevenz_rust2::ArchiveWriter::create(path("i.7z")).unwrap();
    let entry = sevenz_rust2::ArchiveEntry::new_file("in/z.log");
    seven.push_archive_entry(entry, Some(text.as_bytes())).unwrap();
    seven.finish().unwrap();
    for (name, file) in [
        ("g.bz2", "g.bz2"),
        ("h.gz.xz", "h.gz.xz"),
        ("i.7z", "i.7z!in/z.log"),
        ("a.gz", "a.gz"),
        ("b.zst", "b.zst"),
        ("c.zip", "c.zip!in/x.log.gz"),
        ("d.tar", "d.tar!in/y.log"),
        ("e.log", "e.log"),
    ] {
        let result = hunt(&[path(name)], &matcher(), Checks::builtin(), &options(1), &Silent);
        assert_eq!(
            result.verdict.verdict,
            VerdictKind::Compromised,
            "{name} {:?}",
            result.problems
        );
        assert!(result.findings.len() >= 8, "{name}");
        assert!(
            result.findings.iter().all(|f| f.file.ends_with(file)),
            "{name}: {}",
            result.findings[0].file
        );
    }
    // A stream that is cut keeps what stands before.
    fs::write(path("f.gz"), &gz[..gz.len() - 40]).unwrap();
    let cut = hunt(&[path("f.gz")], &matcher(), Checks::builtin(), &options(1), &Silent);
    assert!(!cut.problems.is_empty() && !cut.findings.is_empty());
}

#[test]
fn a_large_log_gives_the_same_whatever_the_number_of_threads() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("u_ex210303.log");
    let mut text = Vec::new();
    generate::Log::new(11, 3_000).write(&mut text, 10_000_000).unwrap();
    // Fields that change far from the beginning, a line that is cut, and a long one.
    text.extend_from_slice(
        b"#Fields: date time c-ip cs-uri-stem\n2021-03-03 01:02:03 192.0.2.201 /x\n",
    );
    text.extend(std::iter::repeat_n(b'y', 3 << 20));
    text.extend_from_slice(b"\n2021-03-03 01:02:04 198.51.100.77 /last\n2021-03-03");
    fs::write(&path, &text).unwrap();
    let list = generate::PLANTS
        .map(|(kind, value)| Indicator::new(Entity::new(kind, value), 0.9, "a list"));
    let matcher = Matcher::compile(list);
    let one = hunt(&[path.clone()], &matcher, Checks::builtin(), &options(1), &Silent);
    assert!(one.findings.len() > 5, "{}", one.findings.len());
    assert!(one.findings.iter().any(|f| f.evidence.ends_with("198.51.100.77 /last")));
    assert!(one.problems.iter().any(|p| p.message.contains("longer than")), "{:?}", one.problems);
    for jobs in [2, 7] {
        let many = hunt(&[path.clone()], &matcher, Checks::builtin(), &options(jobs), &Silent);
        assert_eq!(many, one, "{jobs}");
    }
}

#[test]
fn what_cannot_be_read_is_named_and_the_rest_is_done() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    // A stream that unpacks to far more than it is.
    fs::write(
        path("bomb.zst"),
        zstd::encode_all(std::io::repeat(b'a').take_bytes(40 << 20), 1).unwrap(),
    )
    .unwrap();
    fs::write(path("bad.zip"), b"PK\x03\x04 no archive at all").unwrap();
    fs::write(path("bad.evtx"), [&b"ElfFile\0"[..], &vec![7u8; 70_000]].concat()).unwrap();
    fs::write(path("long.log"), vec![b'x'; 3 << 20]).unwrap();
    fs::write(path("good.log"), "line from 192.0.2.66\n").unwrap();
    fs::write(path("empty.log"), "").unwrap();
    let options =
        Options { limits: Limits { ratio_from: 1 << 20, ..Limits::default() }, ..options(2) };
    let paths = [folder.path().to_owned(), path("missing")];
    let result = hunt(&paths, &matcher(), Checks::builtin(), &options, &Silent);
    for name in ["bomb.zst", "bad.zip", "bad.evtx", "long.log", "missing"] {
        assert!(
            result.problems.iter().any(|p| p.path.ends_with(name)),
            "{name}: {:?}",
            result.problems
        );
    }
    assert_eq!(result.findings.len(), 1);
}

trait TakeBytes: std::io::Read + Sized {
    fn take_bytes(self, count: u64) -> std::io::Take<Self> {
        self.take(count)
    }
}

impl<R: std::io::Read> TakeBytes for R {}

#[test]
fn doubtful_indicators_and_the_period_hold() {
    let log = data().join("csv/firewall.log");
    let result = hunt(&[log.clone()], &matcher(), Checks::builtin(), &options(1), &Silent);
    let doubtful = result.findings.iter().find(|f| f.matched == "198.51.100.7").unwrap();
    assert_eq!(doubtful.severity, Severity::Informational);
    let late = Options { since: "2021-03-03T01:00:01Z".parse().ok(), ..options(1) };
    let result = hunt(&[log], &matcher(), Checks::builtin(), &late, &Silent);
    assert_eq!(result.findings.len(), 2);
}

#[test]
fn findings_beyond_the_cap_are_counted() {
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join("a.log");
    fs::write(&log, "connection to evil.example\n".repeat(50)).unwrap();
    let capped = Options { max_findings_per_rule: 5, ..options(1) };
    let result = hunt(&[log], &matcher(), Checks::builtin(), &capped, &Silent);
    assert_eq!(result.findings.len(), 5);
    assert_eq!(result.folded.values().sum::<u64>(), 45);
}

#[test]
fn a_listed_hash_of_a_file_on_disk_is_a_foothold() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("tool.exe"), b"MZ\0 an inert file").unwrap();
    let md5 = "0b1c9a4ff2a8ba0c9a7a2a0e6d0ac2d0";
    let sha256 = {
        use sha2::Digest as _;
        let digest = sha2::Sha256::digest(b"MZ\0 an inert file");
        digest.iter().fold(String::new(), |text, b| format!("{text}{b:02X}"))
    };
    let list = [(Kind::Sha256, sha256.as_str()), (Kind::Md5, md5)]
        .map(|(k, v)| Indicator::new(Entity::new(k, v), 0.9, "a list"));
    let result = hunt(
        &[folder.path().to_owned()],
        &Matcher::compile(list),
        Checks::builtin(),
        &options(1),
        &Silent,
    );
    assert_eq!(result.findings.len(), 1);
    assert_eq!(result.verdict.verdict, VerdictKind::Compromised);
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(48))]
    /// Any bytes behind any beginning: no reader panics.
    #[test]
    fn no_reader_panics(
        head in proptest::sample::select(vec![
            &b"#Software: Microsoft Internet Information Services 10.0\n#Fields: date time c-ip cs-uri-stem\n"[..],
            b"#Software: Microsoft Exchange Server\n#Log-type: HttpProxy\n#Fields: DateTime,AnchorMailbox,HttpStatus\n",
            b"{\"EventID\":1,\"Channel\":\"Security\"}\n", b"[{", b"<Events><Event xmlns='x'>", b"ElfFile\0", b"a,b,c\n", b"<34>1 ", b"\xff\xfe", b"\x1f\x8b\x08", b"PK\x03\x04", b"\x28\xb5\x2f\xfd", b"PAR1", b"__CURSOR=x\nMESSAGE\n",
            b"**********************\nWindows PowerShell transcript start\n", b"\"Message\",\"Id\",\"LogName\"\n\"", b"ElfChnk\0", b"",
        ]),
        body in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..400),
        text in "([#{}<>\",: /~A-Za-z0-9.\n-]|ServerInfo~|<Event>|</Event>|192\\.0\\.2\\.66|\"EventID\":){0,40}",
        as_text: bool,
    ) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x");
        let tail = if as_text { text.as_bytes() } else { &body };
        fs::write(&path, [head, tail].concat()).unwrap();
        let _ = hunt(&[path], &matcher(), Checks::builtin(), &options(1), &Silent);
    }
}
