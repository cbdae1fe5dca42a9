//! One snapshot a file of `testdata/`: adding a case is adding a file.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

use std::fmt::Write;
use std::path::Path;

use lapwing_read::{Item, Options, read_bytes};

/// What a reader made of a file, for people to compare.
fn shown(name: &str, bytes: &[u8]) -> String {
    let mut text = String::new();
    read_bytes(name, bytes, &Options::default(), &mut |item| match item {
        Item::Problem(problem) => {
            writeln!(text, "problem {}: {problem}", problem.kind.as_str()).unwrap();
        }
        Item::Reading(reading) => {
            let document = &reading.document;
            writeln!(text, "{} as {}", document.name, document.format.as_str()).unwrap();
            let date = document.published.map(|d| d.to_string());
            writeln!(
                text,
                "  title {:?} source {:?} published {date:?}",
                document.title, document.source
            )
            .unwrap();
            writeln!(
                text,
                "  url {:?} marking {:?} language {:?}",
                document.url, document.marking, document.language
            )
            .unwrap();
            for (key, value) in &document.properties {
                writeln!(text, "  property {key}={value}").unwrap();
            }
            for l in &document.lineage {
                writeln!(text, "  lineage {:?} {:?} {:?}", l.kind, l.publisher, l.url).unwrap();
            }
            for region in &reading.regions {
                let slice = region.span.slice(&document.text).expect("a region lies in the text");
                writeln!(text, "  {:?} {slice:?}", region.kind).unwrap();
            }
            for claim in &reading.claims {
                let slice = claim.span.slice(&document.text).expect("a claim lies in the text");
                let (stated, period) =
                    (claim.stated.map(lapwing_model::Confidence::as_percent), claim.period);
                let dates =
                    (period.first.map(|d| d.to_string()), period.last.map(|d| d.to_string()));
                writeln!(
                    text,
                    "  claim {} {} {} at {slice:?} {stated:?} {dates:?} {:?}",
                    claim.subject, claim.relation, claim.object, claim.context
                )
                .unwrap();
            }
            for gap in &reading.gaps {
                writeln!(text, "  gap {:?} {} {:?}", gap.kind, gap.what, gap.count).unwrap();
            }
        }
    });
    text
}

#[test]
fn every_file_reads_as_its_snapshot_says() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata");
    let mut count = 0;
    // The structured formats have goldens of their own beside their inputs.
    let told = |entry: &walkdir::DirEntry| {
        let path = entry.path();
        path.with_extension("golden").exists() || path.extension().is_some_and(|e| e == "golden")
    };
    for entry in walkdir::WalkDir::new(&root).sort_by_file_name() {
        let entry = entry.unwrap();
        if !entry.file_type().is_file() || told(&entry) {
            continue;
        }
        let name =
            entry.path().strip_prefix(&root).unwrap().display().to_string().replace('\\', "/");
        let bytes = std::fs::read(entry.path()).unwrap();
        insta::with_settings!({ omit_expression => true, prepend_module_to_snapshot => false }, {
            insta::assert_snapshot!(name.replace('/', "__"), shown(&name, &bytes));
        });
        count += 1;
    }
    assert!(count >= 15, "testdata is missing");
}
