//! Files inside of archives are judged as files on disk: by name, hash, place and time.
#![allow(missing_docs, clippy::unwrap_used)]

use std::io::Write as _;

use lapwing_hunt::{Checks, Hunt, Indicator, Matcher, Options, Silent, hunt};
use lapwing_model::{Entity, Kind, VerdictKind};
use sha2::Digest as _;

const TOOL: &[u8] = b"MZ\0 an inert file";
const PAGE: &[u8] = b"<%@ Page Language=\"C#\" %><p>an inert page</p>";

fn sha256(bytes: &[u8]) -> String {
    sha2::Sha256::digest(bytes).iter().fold(String::new(), |text, b| format!("{text}{b:02x}"))
}

fn tar() -> Vec<u8> {
    let mut archive = tar::Builder::new(Vec::new());
    for (name, bytes) in
        [("C/tools/odd-tool.exe", TOOL), ("C/inetpub/wwwroot/aspnet_client/x.aspx", PAGE)]
    {
        let mut header = tar::Header::new_gnu();
        header.set_size(bytes.len() as u64);
        header.set_mode(0o644);
        header.set_mtime(1_614_733_323);
        archive.append_data(&mut header, name, bytes).unwrap();
    }
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    packed.write_all(&archive.into_inner().unwrap()).unwrap();
    packed.finish().unwrap()
}

fn hunted(kind: Kind, value: &str) -> Hunt {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("case.tar.gz");
    std::fs::write(&path, tar()).unwrap();
    let matcher = Matcher::compile([Indicator::new(Entity::new(kind, value), 0.9, "a list")]);
    hunt(&[path], &matcher, Checks::builtin(), &Options::default(), &Silent)
}

#[test]
fn a_listed_name_is_told_with_size_hashes_and_time() {
    let result = hunted(Kind::FileName, "odd-tool.exe");
    let found = result.findings.iter().find(|f| f.finding.contains("odd-tool.exe")).unwrap();
    assert!(found.file.ends_with("case.tar.gz!C/tools/odd-tool.exe"), "{}", found.file);
    assert_eq!(found.time.unwrap().to_string(), "2021-03-03T01:02:03Z");
    for part in [format!("{} bytes", TOOL.len()), sha256(TOOL)] {
        assert!(found.evidence.contains(&part), "{}", found.evidence);
    }
}

#[test]
fn a_listed_hash_is_a_foothold() {
    let result = hunted(Kind::Sha256, &sha256(TOOL));
    assert!(result.findings.iter().any(|f| f.matched == sha256(TOOL)));
    assert_eq!(result.verdict.verdict, VerdictKind::Compromised);
}

#[test]
fn a_page_in_a_web_root_is_looked_at() {
    let result = hunted(Kind::Sha256, &sha256(b"nothing"));
    let rows = result.verdict.looked_at.iter().map(|row| row.source.as_str());
    assert!(rows.clone().any(|row| row == "Files in web roots"), "{:?}", rows.collect::<Vec<_>>());
}
