//! Workbooks and RTF: what they hold is read, and what is wrong with them is named.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

use std::io::{Cursor, Write as _};

use lapwing_model::{Format, Problem, ProblemKind, Reading, RegionKind};
use lapwing_read::{Item, Options, read_bytes};
use proptest::prelude::*;

fn read(name: &str, bytes: &[u8]) -> (Vec<Reading>, Vec<Problem>) {
    let (mut readings, mut problems) = (Vec::new(), Vec::new());
    read_bytes(name, bytes, &Options::default(), &mut |item| match item {
        Item::Reading(reading) => readings.push(*reading),
        Item::Problem(problem) => problems.push(problem),
    });
    for reading in &readings {
        for region in &reading.regions {
            assert!(region.span.slice(&reading.document.text).is_some(), "{region:?}");
        }
    }
    (readings, problems)
}

fn workbook(parts: &[(&str, &str)]) -> Vec<u8> {
    let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (name, text) in parts {
        zip.start_file(*name, zip::write::SimpleFileOptions::default()).unwrap();
        zip.write_all(text.as_bytes()).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

const BOOK: &str = r#"<workbook xmlns:r="x"><sheets><sheet name="Hosts &amp; more" sheetId="1" r:id="rId1"/><sheet name="Notes" sheetId="2" r:id="rId2"/></sheets></workbook>"#;
const TARGETS: &str = r#"<Relationships><Relationship Id="rId2" Target="/xl/worksheets/sheet2.xml"/><Relationship Id="rId1" Target="worksheets/sheet1.xml"/></Relationships>"#;
const STRINGS: &str = "<sst><si><t>Type</t></si><si><t>Value</t></si><si><t>First seen</t></si><si><r><t>ip</t></r><r><t>v4</t></r></si><si><t>We saw the heron at the lake.</t></si></sst>";
const STYLES: &str = r#"<styleSheet><numFmts><numFmt numFmtId="164" formatCode="yyyy\-mm\-dd"/></numFmts><cellStyleXfs><xf numFmtId="14"/></cellStyleXfs><cellXfs><xf numFmtId="0"/><xf numFmtId="164"/></cellXfs></styleSheet>"#;
const HOSTS: &str = r#"<worksheet><sheetData><row r="1"><c r="A1" t="s"><v>0</v></c><c r="B1" t="s"><v>1</v></c><c r="C1" t="s"><v>2</v></c></row>
<row r="2"><c r="A2" t="s"><v>3</v></c><c r="B2" t="inlineStr"><is><t>192.0.2[.]7</t></is></c><c r="C2" s="1"><v>45413</v></c></row>
<row r="3"><c r="A3" t="str"><v>domain</v></c><c r="B3" t="str"><v>reed[.]example</v></c></row></sheetData></worksheet>"#;
const NOTES: &str = r#"<worksheet><sheetData><row r="3"><c r="B3" t="s"><v>4</v></c></row></sheetData></worksheet>"#;

#[test]
fn each_sheet_of_a_workbook_is_a_table_or_a_text() {
    let bytes = workbook(&[
        ("[Content_Types].xml", "<Types/>"),
        ("xl/workbook.xml", BOOK),
        ("xl/_rels/workbook.xml.rels", TARGETS),
        ("xl/sharedStrings.xml", STRINGS),
        ("xl/styles.xml", STYLES),
        ("xl/worksheets/sheet1.xml", HOSTS),
        ("xl/worksheets/sheet2.xml", NOTES),
    ]);
    let (readings, problems) = read("herons.xlsx", &bytes);
    assert_eq!(problems, []);
    let [hosts, notes] = readings.as_slice() else { panic!("{readings:#?}") };
    assert_eq!(hosts.document.name, "herons.xlsx!Hosts & more");
    assert_eq!(hosts.document.format, Format::Table);
    let values: Vec<&str> = hosts.claims.iter().map(|c| c.subject.value.as_str()).collect();
    assert!(values.contains(&"192.0.2.7") && values.contains(&"reed.example"), "{values:?}");
    assert!(hosts.document.text.contains("2024-05-01"), "{}", hosts.document.text);
    assert_eq!(notes.document.text.trim(), "We saw the heron at the lake.");
}

#[test]
fn a_damaged_or_empty_workbook_is_named() {
    let (readings, problems) = read("a.xlsx", &workbook(&[("xl/workbook.xml", BOOK)]));
    assert!(readings.is_empty());
    assert_eq!(problems[0].kind, ProblemKind::Unsupported);
    let cut = HOSTS.split("<row r=\"3\"").next().unwrap();
    let (readings, problems) = read(
        "a.xlsx",
        &workbook(&[
            ("xl/workbook.xml", BOOK),
            ("xl/_rels/workbook.xml.rels", TARGETS),
            ("xl/sharedStrings.xml", STRINGS),
            ("xl/worksheets/sheet1.xml", &format!("{cut}<row <<")),
        ]),
    );
    assert_eq!(readings.len(), 1);
    assert!(problems.iter().any(|p| p.message.contains("Hosts & more")), "{problems:?}");
}

const RTF: &str = r#"{\rtf1\ansi\ansicpg1252\deff0{\fonttbl{\f0\fswiss Arial;}{\f1\fswiss\fcharset204 Arial Cyr;}}{\colortbl;\red0\green0\blue0;}
{\*\generator Marsh 1.0;}{\info{\title Visitors of the marsh}{\author Ann}{\creatim\yr2024\mo5\dy2\hr1}{\revtim\yr2025\mo6\dy3}}
{\footer Marsh Watch}\pard\outlinelevel0 Visitors\par\pard They spoke to evil[.]marsh[.]example \endash  caf\'e9, {\f1 \'f6\'e0\'ef\'eb\'ff}, \u26477?\u-10180?\u-9024? and left.{\footnote Told by reed.example}\par
{\field{\*\fldinst HYPERLINK "https://marsh.example/b"}{\fldrslt a post}} {\v not shown}{\*\unknown gone}\par
\trowd\cellx1\cellx2\intbl Address\cell Note\cell\row\intbl 192.0.2.7\par 192.0.2.8\cell reed.aspx\cell\row\pard{\pict 0102}end\par}"#;

#[test]
fn the_text_of_an_rtf_is_read() {
    let (readings, problems) = read("a.rtf", RTF.as_bytes());
    assert_eq!(problems, []);
    let [reading] = readings.as_slice() else { panic!("{readings:#?}") };
    let text = reading.document.text.as_str();
    assert_eq!(reading.document.title.as_deref(), Some("Visitors of the marsh"));
    for words in [
        "They spoke to evil[.]marsh[.]example – café, цапля, 杭🃀 and left.",
        "192.0.2.7\n192.0.2.8",
        "end",
    ] {
        assert!(text.contains(words), "{words}: {text}");
    }
    for words in ["not shown", "gone", "Arial", "0102", "Marsh 1.0", "fldinst", "rtf1"] {
        assert!(!text.contains(words), "{words}: {text}");
    }
    let shown = |wanted: fn(&RegionKind) -> bool| -> Vec<&str> {
        reading
            .regions
            .iter()
            .filter(|r| wanted(&r.kind))
            .filter_map(|r| r.span.slice(text))
            .collect()
    };
    assert_eq!(shown(|k| matches!(k, RegionKind::Heading { level: 1 })), ["Visitors"]);
    assert_eq!(shown(|k| matches!(k, RegionKind::Link { .. })), ["a post"]);
    assert_eq!(shown(|k| matches!(k, RegionKind::References)), ["Told by reed.example"]);
    assert_eq!(shown(|k| matches!(k, RegionKind::Furniture)), ["Marsh Watch"]);
    assert!(shown(|k| matches!(k, RegionKind::Cell { .. })).contains(&"reed.aspx"));
}

#[test]
fn a_cut_rtf_is_named_and_read_as_far_as_it_goes() {
    let (readings, problems) = read("a.rtf", br"{\rtf1 The heron was here.\par And");
    assert_eq!(readings.len(), 1);
    assert!(readings[0].document.text.contains("The heron was here."));
    assert_eq!(problems[0].kind, ProblemKind::Truncated);
}

proptest! {
    #[test]
    fn damaged_files_do_not_stop_it(at in 0usize..900, byte in any::<u8>(), cut in 0usize..900) {
        let mut bytes = RTF.as_bytes().to_vec();
        let len = bytes.len();
        bytes[at % len] = byte;
        bytes.truncate(len - cut.min(len));
        read("a.rtf", &bytes);
        let mut sheet = HOSTS.as_bytes().to_vec();
        let len = sheet.len();
        sheet[at % len] = byte;
        let sheet = String::from_utf8_lossy(&sheet).into_owned();
        read("a.xlsx", &workbook(&[
            ("xl/workbook.xml", BOOK),
            ("xl/_rels/workbook.xml.rels", TARGETS),
            ("xl/sharedStrings.xml", STRINGS),
            ("xl/worksheets/sheet1.xml", &sheet),
        ]));
    }
}
