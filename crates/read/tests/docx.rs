//! Word processor files: paragraphs, tables, links, notes; and what is wrong with them.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

use std::fmt::Write as _;
use std::io::{Cursor, Write as _};

use lapwing_model::{Problem, ProblemKind, Reading};
use lapwing_read::{Item, Options, read_bytes};
use proptest::prelude::*;

fn docx(parts: &[(&str, &str)]) -> Vec<u8> {
    let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (name, text) in parts {
        zip.start_file(*name, zip::write::SimpleFileOptions::default()).unwrap();
        zip.write_all(text.as_bytes()).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

fn read(bytes: &[u8]) -> (Vec<Reading>, Vec<Problem>) {
    let (mut readings, mut problems) = (Vec::new(), Vec::new());
    read_bytes("report.docx", bytes, &Options::default(), &mut |item| match item {
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

const BODY: &str = r#"<w:document><w:body>
<w:p><w:pPr><w:pStyle w:val="Heading1"/></w:pPr><w:r><w:t>Visitors of the marsh</w:t></w:r></w:p>
<w:p><w:r><w:t xml:space="preserve">They spoke to evil[.]</w:t></w:r><w:r><w:rPr><w:b/></w:rPr><w:t>marsh[.]example</w:t></w:r><w:r><w:t xml:space="preserve"> &amp; left</w:t></w:r><w:r><w:footnoteReference w:id="2"/></w:r><w:r><w:t>.</w:t></w:r></w:p>
<w:p><w:r><w:rPr><w:vanish/></w:rPr><w:t>not shown</w:t></w:r><w:hyperlink r:id="rId5"><w:r><w:t>our earlier post</w:t></w:r></w:hyperlink></w:p>
<w:p><w:r><w:fldChar w:fldCharType="begin"/></w:r><w:r><w:instrText> HYPERLINK "https://marsh.example/b" </w:instrText></w:r><w:r><w:fldChar w:fldCharType="separate"/></w:r><w:r><w:t>a second one</w:t></w:r><w:r><w:fldChar w:fldCharType="end"/></w:r></w:p>
<w:p><w:pPr><w:numPr/></w:pPr><w:r><w:t>an item</w:t></w:r></w:p>
<w:tbl><w:tr><w:trPr><w:tblHeader/></w:trPr><w:tc><w:p><w:r><w:t>Address</w:t></w:r></w:p></w:tc><w:tc><w:p><w:r><w:t>Note</w:t></w:r></w:p></w:tc></w:tr>
<w:tr><w:tc><w:p><w:r><w:t>192.0.2.7</w:t></w:r></w:p><w:p><w:r><w:t>192.0.2.8</w:t></w:r></w:p></w:tc><w:tc><w:p><w:r><w:rPr><w:rFonts w:ascii="Consolas"/></w:rPr><w:t>reed.aspx</w:t></w:r></w:p></w:tc></w:tr>
<w:tr><w:tc><w:tcPr><w:gridSpan w:val="2"/></w:tcPr><w:p><w:r><w:t>192.0.2.9</w:t></w:r></w:p></w:tc></w:tr></w:tbl>
<w:p><w:r><mc:AlternateContent><mc:Choice><w:t>boxed</w:t></mc:Choice><mc:Fallback><w:t>boxed</w:t></mc:Fallback></mc:AlternateContent></w:r><w:del><w:r><w:delText>gone</w:delText></w:r></w:del></w:p>
</w:body></w:document>"#;

#[test]
fn a_report_with_table_links_and_notes() {
    let bytes = docx(&[
        ("[Content_Types].xml", "<Types/>"),
        ("word/document.xml", BODY),
        (
            "word/_rels/document.xml.rels",
            r#"<Relationships><Relationship Id="rId5" Target="https://marsh.example/a?x=1&amp;y=2"/></Relationships>"#,
        ),
        (
            "word/footnotes.xml",
            r#"<w:footnotes><w:footnote w:type="separator" w:id="0"><w:p/></w:footnote><w:footnote w:id="2"><w:p><w:r><w:t>Told by https://bittern.example/</w:t></w:r></w:p></w:footnote></w:footnotes>"#,
        ),
        ("word/footer1.xml", "<w:ftr><w:p><w:r><w:t>Marsh Watch</w:t></w:r></w:p></w:ftr>"),
        (
            "docProps/core.xml",
            "<cp:coreProperties><dc:title>Visitors</dc:title><dc:creator>A. Heron</dc:creator><dcterms:created>2021-03-09T08:00:00Z</dcterms:created></cp:coreProperties>",
        ),
    ]);
    let (readings, problems) = read(&bytes);
    assert!(problems.is_empty(), "{problems:?}");
    let document = &readings[0].document;
    let mut shown =
        format!("{:?} {:?} {:?}\n", document.title, document.format, document.properties);
    for region in &readings[0].regions {
        writeln!(shown, "{:?} {:?}", region.kind, region.span.slice(&document.text).unwrap())
            .unwrap();
    }
    insta::assert_snapshot!(shown);
}

#[test]
fn damage_and_other_office_files_are_named() {
    let cut = &BODY[..BODY.find("<w:tbl>").unwrap() + 60];
    let (readings, _) = read(&docx(&[("word/document.xml", cut)]));
    assert!(readings[0].document.text.contains("evil[.]marsh[.]example & left"));
    let (readings, problems) = read(&docx(&[("word/document.xml", "<w:document/>")]));
    assert!(readings.is_empty());
    assert_eq!(problems[0].kind, ProblemKind::Unsupported);
    let (_, problems) = read(&docx(&[("[Content_Types].xml", ""), ("xl/workbook.xml", "")]));
    assert_eq!(problems[0].kind, ProblemKind::Unsupported);
    let deep = format!(
        "<w:p><w:r><w:t>deep</w:t></w:r></w:p>{}",
        "<w:tbl><w:tr><w:tc><w:p/>".repeat(20_000)
    );
    let (readings, _) = read(&docx(&[("word/document.xml", &deep)]));
    assert!(readings[0].document.text.starts_with("deep"));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn no_damage_panics(cut in 0usize..4000, at in 0usize..4000, with in "[<>/a-z:\" ]{0,9}") {
        let mut body = BODY.to_owned();
        let place = (0..=at % body.len()).rev().find(|i| body.is_char_boundary(*i)).unwrap_or(0);
        body.insert_str(place, &with);
        let end = (0..=cut % body.len()).rev().find(|i| body.is_char_boundary(*i)).unwrap_or(0);
        read(&docx(&[("word/document.xml", &body[..end])]));
    }
}
