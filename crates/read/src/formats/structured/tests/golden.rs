//! Golden pairs: `testdata/<format>/<case>.<ext>` with `<case>.golden` beside it. Adding a case is
//! adding a file; `LAPWING_BLESS=1` writes what is missing or has changed.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use lapwing_model::{Format, Reading, RegionKind};

use super::super::all;
use crate::{Input, Item};

pub(super) fn inputs() -> Vec<(Format, PathBuf)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata");
    let folders = [
        ("vuldb", Format::Vuldb),
        ("misp-json", Format::MispJson),
        ("misp-markdown", Format::MispMarkdown),
        ("stix1", Format::Stix1),
        ("stix2", Format::Stix2),
        ("openioc", Format::OpenIoc),
    ];
    let mut found = Vec::new();
    for (folder, format) in folders {
        for entry in std::fs::read_dir(root.join(folder)).unwrap() {
            let path = entry.unwrap().path();
            if path.extension().is_some_and(|ending| ending != "golden") {
                found.push((format, path));
            }
        }
    }
    found.sort_by(|a, b| a.1.cmp(&b.1));
    found
}

pub(super) fn read(format: Format, name: &str, text: &str) -> Vec<Item> {
    let (_, _, reader) = all().into_iter().find(|(f, _, _)| *f == format).unwrap();
    let mut items = Vec::new();
    reader(&Input { name, raw: text.as_bytes(), text }, &mut |item| items.push(item));
    items
}

#[test]
fn every_input_gives_its_golden_reading() {
    let mut wrong = Vec::new();
    for (format, path) in inputs() {
        let text = std::fs::read_to_string(&path).unwrap();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let mut shown = String::new();
        let recognised = all().into_iter().find(|(_, is, _)| is(&name, &text)).map(|(f, _, _)| f);
        assert_eq!(recognised, Some(format), "{}", path.display());
        for item in read(format, &name, &text) {
            match item {
                Item::Reading(reading) => dump(&reading, &mut shown),
                Item::Problem(problem) => {
                    let word = if problem.fatal { "fatal" } else { "problem" };
                    writeln!(shown, "{word} [{}] {problem}", problem.kind.as_str()).unwrap();
                }
            }
        }
        let golden = path.with_extension("golden");
        if std::env::var_os("LAPWING_BLESS").is_some() {
            std::fs::write(&golden, &shown).unwrap();
        }
        if std::fs::read_to_string(&golden).unwrap_or_default() != shown {
            wrong.push((path, shown));
        }
    }
    for (path, shown) in &wrong {
        println!("=== {} ===\n{shown}", path.display());
    }
    assert!(wrong.is_empty(), "{} readings differ from their goldens", wrong.len());
}

fn dump(reading: &Reading, out: &mut String) {
    let document = &reading.document;
    writeln!(out, "document {}", document.name).unwrap();
    let date =
        |d: Option<lapwing_model::PartialDate>| d.map_or_else(|| "-".to_owned(), |d| d.to_string());
    writeln!(out, "  title     {}", document.title.as_deref().unwrap_or("-")).unwrap();
    writeln!(out, "  source    {}", document.source.as_deref().unwrap_or("-")).unwrap();
    writeln!(out, "  url       {}", document.url.as_deref().unwrap_or("-")).unwrap();
    writeln!(out, "  published {}  modified {}", date(document.published), date(document.modified))
        .unwrap();
    writeln!(out, "  marking   {}", document.marking.map_or("-", lapwing_model::Marking::as_str))
        .unwrap();
    for (name, value) in &document.properties {
        writeln!(out, "  property  {name} = {value}").unwrap();
    }
    for lineage in &document.lineage {
        let (publisher, url) =
            (lineage.publisher.as_deref().unwrap_or("-"), lineage.url.as_deref().unwrap_or("-"));
        writeln!(out, "  lineage   {:?} {publisher} {url}", lineage.kind).unwrap();
    }
    for claim in &reading.claims {
        let at =
            claim.span.slice(&document.text).expect("a span inside the text").replace('\n', "\\n");
        write!(out, "claim {} {} {}", claim.subject.key(), claim.relation, claim.object.key())
            .unwrap();
        if let Some(word) = &claim.stated_word {
            write!(out, " ({word})").unwrap();
        }
        if claim.basis != lapwing_model::Basis::Observed
            || claim.polarity != lapwing_model::Polarity::Asserted
        {
            write!(out, " <{} {}>", claim.basis, claim.polarity).unwrap();
        }
        if let Some(context) = &claim.context {
            write!(out, " {{{context}}}").unwrap();
        }
        writeln!(out, " @ {at:?} by {}", claim.method).unwrap();
    }
    for gap in &reading.gaps {
        let number = |n: Option<u64>| n.map_or_else(|| "?".to_owned(), |n| n.to_string());
        let (count, shown) = (number(gap.count), number(gap.shown));
        let at = gap.span.slice(&document.text).expect("a span inside the text");
        writeln!(out, "gap {:?} {} missing {count} shown {shown} @ {at:?}", gap.kind, gap.what)
            .unwrap();
    }
    for region in &reading.regions {
        let at =
            region.span.slice(&document.text).expect("a span inside the text").replace('\n', "\\n");
        if matches!(region.kind, RegionKind::Prose | RegionKind::References) {
            writeln!(out, "region {:?} {at:?}", region.kind).unwrap();
        }
    }
}
