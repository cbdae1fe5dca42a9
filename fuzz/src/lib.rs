//! What all fuzz targets check: work ends without a panic, and every span lies in its text.

use std::cell::RefCell;
use std::sync::LazyLock;

use lapwing_extract::Extractor;
use lapwing_hunt::{Checks, Indicator, Matcher, Silent, hunt};
use lapwing_knowledge::Knowledge;
use lapwing_model::{Document, Entity, Format, Kind, Reading};
use lapwing_read::{Item, Limits, Options, read_bytes};
use lapwing_store::Store;

/// Reads bytes as a format (or as what they look like) and checks what comes out.
pub fn read_as(format: Option<Format>, bytes: &[u8]) {
    let limits = Limits { document_bytes: 1 << 20, unpacked_bytes: 8 << 20, pdf_seconds: 5, ..Limits::default() };
    let options = Options { format, limits, ..Options::default() };
    let mut items = 0;
    read_bytes("input", bytes, &options, &mut |item| {
        items += 1;
        let Item::Reading(reading) = item else { return };
        let text = reading.document.text.as_str();
        let spans = reading.regions.iter().map(|r| r.span);
        let spans = spans.chain(reading.claims.iter().map(|c| c.span));
        for span in spans.chain(reading.gaps.iter().map(|g| g.span)) {
            assert!(span.slice(text).is_some(), "{span:?} is not in the text");
        }
    });
    // An archive may be empty; anything else gives a document or says why not.
    let archive = bytes.starts_with(b"PK") || bytes.starts_with(&[0x1f, 0x8b]) || bytes.get(257..262) == Some(b"ustar");
    assert!(items > 0 || archive, "lost without a word");
}

/// Extracts from bytes taken as text and as Markdown and checks the places of all claims.
pub fn extract(bytes: &[u8]) {
    let extractor = Extractor::new(Knowledge::builtin());
    for format in [Format::Text, Format::Markdown] {
        let options = Options { format: Some(format), ..Options::default() };
        read_bytes("input", bytes, &options, &mut |item| {
            let Item::Reading(reading) = item else { return };
            for claim in extractor.extract(&reading) {
                let text = &reading.document.text;
                assert!(claim.span.slice(text).is_some(), "{:?} is not in the text", claim.span);
            }
        });
    }
}

/// Refangs twice: the second time finds nothing to do.
pub fn refang(text: &str) {
    let once = lapwing_extract::refang(text);
    let _ = lapwing_extract::refang(&once);
}

/// Hunts through a file of the given name that holds `head` and then `bytes`.
pub fn hunt_behind(head: &[u8], name: &str, bytes: &[u8]) {
    static MATCHER: LazyLock<Matcher> = LazyLock::new(|| {
        Matcher::compile([
            Indicator::new(Entity::new(Kind::Ipv4Addr, "192.0.2.7"), 0.9, "a list"),
            Indicator::new(Entity::new(Kind::DomainName, "bad.example.com"), 0.9, "a list"),
            Indicator::new(Entity::new(Kind::Url, "http://example.org/x"), 0.9, "a list"),
        ])
    });
    thread_local!(static FOLDER: tempfile::TempDir = tempfile::tempdir().expect("a folder"));
    FOLDER.with(|folder| {
        let path = folder.path().join(name);
        std::fs::create_dir_all(path.parent().expect("a parent")).expect("a folder");
        std::fs::write(&path, [head, bytes].concat()).expect("a file");
        let options = lapwing_hunt::Options { jobs: 1, ..lapwing_hunt::Options::default() };
        let result = hunt(&[path], &MATCHER, Checks::builtin(), &options, &Silent);
        let verdict = &result.verdict;
        assert!(
            !verdict.looked_at.is_empty()
                || !verdict.not_looked_at.is_empty()
                || !result.problems.is_empty(),
            "a file was passed over without a word"
        );
    });
}

/// Searches a small store for whatever was typed.
pub fn search(words: &str) {
    thread_local!(static STORE: RefCell<Store> = RefCell::new(filled()));
    STORE.with(|store| {
        store.borrow().search(words, 10).expect("a search never fails on its words");
    });
}

fn filled() -> Store {
    let mut store = Store::in_memory().expect("a store");
    let text = "Web shells on mail servers spoke to 192.0.2.7".to_owned();
    let document = Document::new(text.as_bytes(), "note.txt", Format::Text, text.clone());
    let reading = Reading::new(document, text.into_bytes());
    let mut change = store.begin("fuzz", jiff::Timestamp::UNIX_EPOCH).expect("a change");
    change.add(&reading, &[], &|entity| entity.clone()).expect("a document");
    change.commit().expect("a commit");
    store
}

/// Reads an indicator with this pattern.
pub fn stix_pattern(pattern: &str) {
    let quoted: String = pattern
        .chars()
        .flat_map(|c| match c {
            '"' | '\\' => vec!['\\', c],
            c if u32::from(c) < 32 => format!("\\u{:04x}", u32::from(c)).chars().collect(),
            c => vec![c],
        })
        .collect();
    let bundle = format!(
        r#"{{"type":"bundle","id":"bundle--00000000-0000-4000-8000-000000000000","objects":[
        {{"type":"indicator","spec_version":"2.1","id":"indicator--00000000-0000-4000-8000-000000000001",
        "created":"2021-03-02T00:00:00Z","modified":"2021-03-02T00:00:00Z",
        "valid_from":"2021-03-02T00:00:00Z","pattern_type":"stix","pattern":"{quoted}"}}]}}"#
    );
    read_as(Some(Format::Stix2), bundle.as_bytes());
}
