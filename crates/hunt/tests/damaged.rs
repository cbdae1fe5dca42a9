//! Logs that were cut, in every way of packing: what came before the cut is hunted, and the file is named with what to do.
#![allow(missing_docs, clippy::unwrap_used)]

#[allow(dead_code, reason = "other tests use the rest")]
mod made;

use std::fs;
use std::io::{Cursor, Write as _};

use lapwing_hunt::{Checks, Hunt, Indicator, Matcher, Options, Silent, hunt};
use lapwing_model::{Entity, Kind, ProblemKind};

const ADDRESS: &str = "198.51.100.77";

/// A log that packs badly, with the address in its tenth line and in its last.
fn log() -> Vec<u8> {
    let mut state = 7u64;
    let mut text = Vec::new();
    for line in 1..=40_000 {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        let client = if line == 10 || line == 40_000 { ADDRESS } else { "10.0.0.9" };
        writeln!(text, "2022-09-14T05:00:00Z web1 app: from {client} {state:x}").unwrap();
    }
    text
}

fn hunted(name: &str, bytes: &[u8], jobs: usize) -> Hunt {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(name);
    fs::write(&path, bytes).unwrap();
    let listed = Indicator::new(Entity::new(Kind::Ipv4Addr, ADDRESS), 0.9, "a list");
    let matcher = Matcher::compile([listed]);
    let options = Options { jobs, file_times: false, ..Options::default() };
    hunt(&[path], &matcher, Checks::builtin(), &options, &Silent)
}

fn gzip(text: &[u8]) -> Vec<u8> {
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    packed.write_all(text).unwrap();
    packed.finish().unwrap()
}

fn bzip2(text: &[u8]) -> Vec<u8> {
    let mut packed = bzip2::write::BzEncoder::new(Vec::new(), bzip2::Compression::fast());
    packed.write_all(text).unwrap();
    packed.finish().unwrap()
}

fn xz(text: &[u8]) -> Vec<u8> {
    let options = lzma_rust2::XzOptions::with_preset(1);
    let mut packed = lzma_rust2::XzWriter::new(Vec::new(), options).unwrap();
    packed.write_all(text).unwrap();
    packed.finish().unwrap()
}

fn tar(text: &[u8]) -> Vec<u8> {
    let mut archive = tar::Builder::new(Vec::new());
    for name in ["a.log", "b.log"] {
        let mut header = tar::Header::new_gnu();
        header.set_size(text.len() as u64);
        header.set_mode(0o644);
        archive.append_data(&mut header, name, text).unwrap();
    }
    archive.into_inner().unwrap()
}

fn zip(text: &[u8]) -> Vec<u8> {
    let mut archive = zip::ZipWriter::new(Cursor::new(Vec::new()));
    archive.start_file("a.log", zip::write::SimpleFileOptions::default()).unwrap();
    archive.write_all(text).unwrap();
    archive.finish().unwrap().into_inner()
}

fn seven(text: &[u8]) -> Vec<u8> {
    let mut archive = sevenz_rust2::ArchiveWriter::new(Cursor::new(Vec::new())).unwrap();
    let entry = sevenz_rust2::ArchiveEntry::new_file("a.log");
    archive.push_archive_entry(entry, Some(text)).unwrap();
    archive.finish().unwrap().into_inner()
}

#[test]
fn what_came_before_a_cut_is_hunted_and_the_file_is_named() {
    let text = log();
    let packed = [
        ("a.log.gz", gzip(&text)),
        ("a.log.zst", zstd::bulk::compress(&text, 1).unwrap()),
        ("a.log.bz2", bzip2(&text)),
        ("a.log.xz", xz(&text)),
        ("a.tar", tar(&text)),
        ("a.tar.gz", gzip(&tar(&text))),
        ("a.zip", zip(&text)),
        ("a.7z", seven(&text)),
    ];
    for (name, bytes) in packed {
        for jobs in [1, 2] {
            let whole = hunted(name, &bytes, jobs);
            assert!(whole.problems.is_empty(), "{name}: {:?}", whole.problems);
            let cut = hunted(name, &bytes[..bytes.len() * 7 / 10], jobs);
            assert!(!cut.findings.is_empty(), "{name}");
            assert!(cut.findings.len() < whole.findings.len(), "{name}");
            let first = cut.findings.iter().all(|f| f.file.contains(name));
            assert!(first, "{name}: {:?}", cut.findings);
            let told: Vec<String> = cut.problems.iter().map(ToString::to_string).collect();
            let is_told = |told: &String| {
                told.contains(name) && (told.contains("copy it again") || name == "a.zip")
            };
            assert!(!told.is_empty() && told.iter().any(is_told), "{told:?}");
        }
    }
}

#[test]
fn a_cut_parquet_and_a_7z_without_a_member_are_named_with_what_to_do() {
    let bytes = seven(b"");
    let table = made::parquet();
    let cuts = [("a.7z", &bytes[..bytes.len() / 2]), ("a.parquet", &table[..table.len() / 2])];
    for (name, cut) in cuts {
        let cut = hunted(name, cut, 1);
        let [problem] = &cut.problems[..] else { panic!("{name}: {:?}", cut.problems) };
        let told = problem.to_string();
        assert!(told.contains(name) && told.contains("copy it again"), "{told}");
        assert_eq!(problem.kind, ProblemKind::Truncated, "{told}");
    }
    // A table whose end is there and whose middle is not.
    let mut damaged = table.clone();
    let middle = damaged.len() / 3;
    damaged[4..middle].fill(0xff);
    let told = hunted("a.parquet", &damaged, 1).problems;
    let told: Vec<String> = told.iter().map(ToString::to_string).collect();
    assert!(!told.is_empty() && told.iter().all(|t| t.contains("copy it again")), "{told:?}");
}

#[test]
fn a_table_whose_cells_hold_line_ends_is_read_by_rows() {
    let text = format!(
        "timestamp,detections,path,Event Data\r\n2022-09-14T05:40:00.123+00:00,Odd,/x,\"LogonType: 3\r\nIpAddress: {ADDRESS}\r\nUser: \"\"ann\"\"\"\r\n2022-09-14T05:41:00.123+00:00,Odd,/y,\"LogonType: 3\r\nx\"\r\n"
    );
    let result = hunted("chainsaw.csv", text.as_bytes(), 1);
    let [found] = &result.findings[..] else { panic!("{:?}", result.findings) };
    assert_eq!(found.time.unwrap().to_string(), "2022-09-14T05:40:00.123Z");
    assert!(found.why.contains("field Event Data"), "{}", found.why);
    assert_eq!((result.records, result.problems.len()), (2, 0), "{:?}", result.problems);
    assert_eq!(result.verdict.looked_at[0].source, "Findings of Chainsaw");
}

#[test]
fn findings_beyond_the_bound_are_counted_whatever_the_number_of_threads() {
    let mut text = String::new();
    for number in 0..3_000 {
        let host = format!("h{number}.evil.example");
        text.push_str(&format!("2022-09-14T05:00:00Z web1 app: asked for {host} now\n"));
    }
    let folder = tempfile::tempdir().unwrap();
    for name in ["a.log", "b.log", "c.log"] {
        fs::write(folder.path().join(name), &text).unwrap();
    }
    let matcher = Matcher::compile((0..3_000).map(|number| {
        let entity = Entity::new(Kind::DomainName, format!("h{number}.evil.example"));
        Indicator::new(entity, if number == 2_900 { 0.95 } else { 0.2 }, "a list")
    }));
    let run = |jobs: usize, max_findings: usize| {
        let options = Options { jobs, max_findings, file_times: false, ..Options::default() };
        let paths = [folder.path().to_owned()];
        hunt(&paths, &matcher, Checks::builtin(), &options, &Silent)
    };
    let all = run(1, 50_000);
    assert_eq!(all.findings.len(), 9_000);
    assert!(!all.verdict.reasons.iter().any(|reason| reason.contains("--max-findings")));
    let some = run(1, 1_000);
    assert_eq!(some.findings.len(), 1_000);
    let grave = some.findings.iter().filter(|f| f.finding.contains("h2900.")).count();
    assert_eq!(grave, 3);
    let told = some.verdict.reasons.iter().find(|reason| reason.contains("--max-findings"));
    assert!(told.unwrap().starts_with("8000 more findings are only counted (8000 "), "{told:?}");
    assert_eq!(run(4, 1_000), some);
}
