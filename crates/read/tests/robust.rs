//! Bad input: never a panic, never a hang, never a silent loss.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on should stop")]
#![expect(clippy::format_push_string, clippy::format_collect, reason = "inputs are built once")]

use std::io::Write;

use lapwing_model::{Format, Problem, ProblemKind, Reading};
use lapwing_read::{Item, Limits, Options, detect, read_bytes, read_path};
use proptest::prelude::*;

fn read_with(name: &str, bytes: &[u8], options: &Options) -> (Vec<Reading>, Vec<Problem>) {
    let (mut readings, mut problems) = (Vec::new(), Vec::new());
    read_bytes(name, bytes, options, &mut |item| match item {
        Item::Reading(reading) => readings.push(*reading),
        Item::Problem(problem) => problems.push(problem),
    });
    for reading in &readings {
        for span in
            reading.regions.iter().map(|r| r.span).chain(reading.claims.iter().map(|c| c.span))
        {
            assert!(
                span.slice(&reading.document.text).is_some(),
                "{span:?} in {}",
                reading.document.name
            );
        }
    }
    (readings, problems)
}

fn read(name: &str, bytes: &[u8]) -> (Vec<Reading>, Vec<Problem>) {
    read_with(name, bytes, &Options::default())
}

fn kinds(problems: &[Problem]) -> Vec<ProblemKind> {
    problems.iter().map(|p| p.kind).collect()
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    packed.write_all(bytes).unwrap();
    packed.finish().unwrap()
}

fn tarball(members: &[(&str, &[u8])]) -> Vec<u8> {
    let mut tar = tar::Builder::new(Vec::new());
    for (name, bytes) in members {
        let mut header = tar::Header::new_ustar();
        header.set_size(bytes.len() as u64);
        header.set_mode(0o644);
        header.as_mut_bytes()[..name.len()].copy_from_slice(name.as_bytes());
        header.set_cksum();
        tar.append(&header, *bytes).unwrap();
    }
    tar.into_inner().unwrap()
}

fn zipped(members: &[(&str, &[u8])]) -> Vec<u8> {
    let mut zip = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for (name, bytes) in members {
        zip.start_file(*name, zip::write::SimpleFileOptions::default()).unwrap();
        zip.write_all(bytes).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

const LIST: &[u8] = b"192.0.2.7\n192.0.2.8\n";

#[test]
fn archives_in_archives_are_read_by_content() {
    let tar = tarball(&[
        ("a/b.txt", LIST),
        ("../../evil.txt", LIST),
        ("pic.png", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\0"),
    ]);
    for (name, bytes) in [
        ("set.tar", tar.clone()),
        ("set.tar.gz", gzip(&tar)),
        ("set.tar.zst", zstd::encode_all(tar.as_slice(), 1).unwrap()),
        ("misnamed.txt", gzip(&gzip(&tar))),
    ] {
        let (readings, problems) = read(name, &bytes);
        let names: Vec<&str> = readings.iter().map(|r| r.document.name.as_str()).collect();
        assert_eq!(names, [format!("{name}!a/b.txt"), format!("{name}!../../evil.txt")]);
        assert_eq!(kinds(&problems), [ProblemKind::UnknownFormat]);
    }
    let zip = zipped(&[("x/list.txt", LIST), ("in.tar.gz", &gzip(&tar))]);
    let (readings, _) = read("set.zip", &zip);
    assert_eq!(readings[0].document.name, "set.zip!x/list.txt");
    assert_eq!(readings[1].document.name, "set.zip!in.tar.gz!a/b.txt");
}

#[test]
fn limits_are_named() {
    let deep = (0..8).fold(LIST.to_vec(), |bytes, _| gzip(&bytes));
    let (readings, problems) = read("deep.gz", &deep);
    assert!(readings.is_empty());
    assert_eq!(kinds(&problems), [ProblemKind::Limit]);
    assert!(problems[0].hint.as_deref().unwrap().contains("depth"));

    let bomb = gzip(&vec![b'a'; 64 << 20]);
    let (readings, problems) = read("bomb.gz", &bomb);
    assert!(readings.is_empty(), "{}", readings[0].document.text.len());
    assert_eq!(kinds(&problems), [ProblemKind::Limit]);
    let (_, problems) = read("bomb.zip", &zipped(&[("bomb", &vec![b'a'; 64 << 20])]));
    assert_eq!(kinds(&problems), [ProblemKind::Limit]);

    let options =
        Options { limits: Limits { members: 2, ..Limits::default() }, ..Options::default() };
    let (readings, problems) =
        read_with("many.tar", &tarball(&[("a", LIST), ("b", LIST), ("c", LIST)]), &options);
    assert_eq!((readings.len(), kinds(&problems)), (2, vec![ProblemKind::Limit]));

    let options = Options {
        limits: Limits { document_bytes: 10, ..Limits::default() },
        ..Options::default()
    };
    let (readings, problems) =
        read_with("long.md", b"# Title\n\nSome words about herons.\n", &options);
    assert_eq!((readings.len(), kinds(&problems)), (0, vec![ProblemKind::Limit]));
}

#[test]
fn cut_archives_give_what_came_before() {
    let long = LIST.repeat(50_000);
    let mut packed = gzip(&long);
    packed.truncate(packed.len() / 2);
    let (readings, problems) = read("cut.gz", &packed);
    assert!(!readings.is_empty());
    assert!(kinds(&problems).contains(&ProblemKind::Truncated), "{problems:?}");
    let mut tar = tarball(&[("a", LIST), ("b", &long)]);
    tar.truncate(tar.len() / 2);
    let (readings, problems) = read("cut.tar", &tar);
    assert!(readings.len() >= 2 && !problems.is_empty());
    let mut zip = zipped(&[("a", LIST)]);
    zip.truncate(zip.len() - 10);
    assert_eq!(kinds(&read("cut.zip", &zip).1), [ProblemKind::Malformed]);
}

#[test]
fn nothing_and_next_to_nothing_are_named() {
    for bytes in [&b""[..], b" \n\n ", b"\xef\xbb\xbf"] {
        let (readings, problems) = read("empty.txt", bytes);
        assert!(readings.is_empty());
        assert_eq!(kinds(&problems), [ProblemKind::Malformed]);
    }
    let (_, problems) = read("x.exe", b"MZ\x90\0\x03\0\0\0\x04\0\0\0\xff\xff\0\0");
    assert_eq!(kinds(&problems), [ProblemKind::UnknownFormat]);
    let (_, problems) = read("x.pdf", b"%PDF-1.7\n1 0 obj\n<<>>\n%%EOF");
    assert_eq!(problems.len(), 1);
}

#[test]
fn parts_are_numbered_and_hold_every_row() {
    let mut table = String::from("indicator,type,comment\n");
    for n in 0..20_000 {
        table += &format!("192.0.{}.{},ipaddress,\"seen, at\nsite {n}\"\n", n / 250 % 250, n % 250);
    }
    let options = Options {
        limits: Limits { part_bytes: 64 << 10, ..Limits::default() },
        ..Options::default()
    };
    let (readings, problems) = read_with("big.csv", table.as_bytes(), &options);
    assert!(problems.is_empty(), "{problems:?}");
    assert!(readings.len() > 5);
    assert_eq!(readings[1].document.name, "big.csv#2");
    assert_eq!(readings[1].document.container.as_deref(), Some("big.csv"));
    assert_eq!(readings.iter().map(|r| r.claims.len()).sum::<usize>(), 20_000);
    let joined: Vec<u8> = readings.iter().flat_map(|r| r.raw.clone()).collect();
    assert_eq!(joined, table.as_bytes());
}

#[test]
fn columns_can_be_named_and_options_win() {
    let options = Options {
        columns: Some(vec!["value".into(), "-".into(), "comment".into()]),
        source: Some("Marsh Watch".into()),
        published: "2021-03-09".parse().ok(),
        ..Options::default()
    };
    let (readings, _) = read_with("x.dat", b"192.0.2.7;x;Relay\n", &options);
    assert_eq!(readings[0].claims[0].subject.value, "192.0.2.7");
    assert_eq!(readings[0].document.source.as_deref(), Some("Marsh Watch"));
    assert_eq!(readings[0].document.published.unwrap().to_string(), "2021-03-09");
}

#[test]
fn encodings_are_told_and_losses_reported() {
    let wide: Vec<u8> =
        "value,type\n192.0.2.7,ipaddress\n".encode_utf16().flat_map(u16::to_le_bytes).collect();
    let (readings, problems) = read("wide.csv", &wide);
    assert!(problems.is_empty());
    assert_eq!(readings[0].claims.len(), 1);
    let mut bytes =
        "Größe über alles, schöne Grüße aus Köln an alle Vögel. ".repeat(4).into_bytes();
    bytes.insert(5, 0xff);
    let (_, problems) = read("broken.txt", &bytes);
    assert_eq!(kinds(&problems), [ProblemKind::Encoding]);
    assert!(problems[0].place.is_some());
}

#[test]
fn monsters_are_read_or_refused_in_time() {
    let line = "a ".repeat(1 << 19);
    let deep_json = "[".repeat(200_000);
    let deep_xml = format!("<?xml version=\"1.0\"?>{}", "<a>".repeat(100_000));
    let deep_html = format!("<html><body>{}192.0.2.7", "<div>".repeat(100_000));
    let deep_list = "- ".repeat(2000) + "x\n";
    let quotes = "> ".repeat(2000) + "x";
    let tables = format!("<html><body>{}", "<table><tr><td>x".repeat(3000));
    let bomb = format!(
        "<?xml version=\"1.0\"?><!DOCTYPE rss [<!ENTITY a \"aaaaaaaa\">{}]><rss version=\"2.0\"><channel><title>&z;</title></channel></rss>",
        (b'b'..=b'z')
            .map(|c| format!(
                "<!ENTITY {} \"{}\">",
                c as char,
                format!("&{};", (c - 1) as char).repeat(10)
            ))
            .collect::<String>()
    );
    for (name, text) in [
        ("line.txt", &line),
        ("deep.json", &deep_json),
        ("deep.xml", &deep_xml),
        ("deep.html", &deep_html),
        ("deep.md", &deep_list),
        ("quotes.md", &quotes),
        ("tables.html", &tables),
        ("bomb.rss", &bomb),
    ] {
        let started = std::time::Instant::now();
        let (readings, problems) = read(name, text.as_bytes());
        assert!(!readings.is_empty() || !problems.is_empty(), "{name}");
        assert!(started.elapsed().as_secs() < 20, "{name} took {:?}", started.elapsed());
    }
    let (_, problems) = read("bomb.rss", bomb.as_bytes());
    assert_eq!(kinds(&problems), [ProblemKind::Limit]);
}

/// A PDF with one page and the given content stream, of our own making.
fn pdf(content: &str, pages: &str) -> Vec<u8> {
    let objects = [
        "<< /Type /Catalog /Pages 2 0 R >>".to_owned(),
        pages.to_owned(),
        "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents 4 0 R /Resources << /Font << /F1 5 0 R >> /XObject << /X 6 0 R >> >> >>".to_owned(),
        format!("<< /Length {} >>\nstream\n{content}\nendstream", content.len()),
        "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>".to_owned(),
        "<< /Type /XObject /Subtype /Form /BBox [0 0 612 792] /Resources << /XObject << /X 6 0 R >> >> /Length 5 >>\nstream\n/X Do\nendstream".to_owned(),
    ];
    let mut bytes = b"%PDF-1.7\n".to_vec();
    let mut places = Vec::new();
    for (at, object) in objects.iter().enumerate() {
        places.push(bytes.len());
        bytes.extend(format!("{} 0 obj\n{object}\nendobj\n", at + 1).bytes());
    }
    let xref = bytes.len();
    bytes.extend(format!("xref\n0 {}\n0000000000 65535 f \n", objects.len() + 1).bytes());
    for place in places {
        bytes.extend(format!("{place:010} 00000 n \n").bytes());
    }
    bytes.extend(
        format!(
            "trailer\n<< /Size {} /Root 1 0 R >>\nstartxref\n{xref}\n%%EOF\n",
            objects.len() + 1
        )
        .bytes(),
    );
    bytes
}

const ONE_PAGE: &str = "<< /Type /Pages /Kids [3 0 R] /Count 1 >>";

#[test]
fn a_pdf_gives_headings_lines_and_whole_words() {
    let content = "BT /F1 24 Tf 72 720 Td (Herons at night) Tj ET BT /F1 11 Tf 72 680 Td (The actor used infra-) Tj 0 -13 Td \
        (structure at 192.0.2.7 and left.) Tj 0 -13 Td (It came back in May.) Tj ET";
    let (readings, problems) = read("x.pdf", &pdf(content, ONE_PAGE));
    assert!(problems.is_empty(), "{problems:?}");
    let document = &readings[0].document;
    assert_eq!(document.title.as_deref(), Some("Herons at night"));
    assert_eq!(
        document.text,
        "Herons at night\n\nThe actor used infrastructure at 192.0.2.7 and left.\nIt came back in May.\n\n"
    );
}

#[test]
fn a_pdf_without_text_or_end_is_named() {
    let (_, problems) = read("scan.pdf", &pdf("0 0 100 100 re f", ONE_PAGE));
    assert_eq!(kinds(&problems), [ProblemKind::Unsupported]);
    let looping = "<< /Type /Pages /Kids [2 0 R 2 0 R 3 0 R] /Count 3 >>";
    for (content, pages) in [("/X Do", ONE_PAGE), ("BT /F1 9 Tf (x) Tj ET", looping)] {
        let options = Options {
            limits: Limits { pdf_seconds: 5, ..Limits::default() },
            ..Options::default()
        };
        let (readings, problems) = read_with("loop.pdf", &pdf(content, pages), &options);
        assert!(!readings.is_empty() || !problems.is_empty());
    }
}

#[test]
fn folders_are_walked_in_order_and_odd_files_named() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    std::fs::create_dir_all(at(".git")).unwrap();
    std::fs::create_dir_all(at("sub")).unwrap();
    std::fs::write(at(".git/config.txt"), LIST).unwrap();
    std::fs::write(at("b.txt"), LIST).unwrap();
    std::fs::write(at("a.txt"), LIST).unwrap();
    std::fs::write(at("sub/c.bin"), [0u8; 64]).unwrap();
    #[cfg(unix)]
    std::os::unix::fs::symlink(folder.path(), at("sub/loop")).unwrap();
    #[cfg(unix)]
    assert!(std::process::Command::new("mkfifo").arg(at("pipe")).status().unwrap().success());
    let (mut names, mut problems) = (Vec::new(), Vec::new());
    read_path(folder.path(), &Options::default(), &mut |item| match item {
        Item::Reading(reading) => {
            names.push(reading.document.name.rsplit('/').next().unwrap().to_owned());
        }
        Item::Problem(problem) => problems.push(problem.kind),
    });
    assert_eq!(names, ["a.txt", "b.txt"]);
    #[cfg(unix)]
    assert_eq!(
        problems,
        [ProblemKind::Unreadable, ProblemKind::UnknownFormat, ProblemKind::Unreadable]
    );
    read_path(&at("gone"), &Options::default(), &mut |item| {
        assert!(matches!(item, Item::Problem(_)));
    });
}

#[test]
fn the_content_decides() {
    for (name, bytes, format) in [
        ("x.csv", &b"The actor, which came in May, used a shell. It left, they say.\nThen, in June, it came back, with friends, and stayed.\n"[..], Format::Text),
        ("x.pdf", LIST, Format::List),
        ("x.txt", b"<html><body><p>Hello</p></body></html>", Format::Html),
        ("x.txt", b"# Title\n\nWords with [a link](https://example.org).\n", Format::Markdown),
        ("x.txt", b"{\"a\": [1, 2", Format::Data),
        ("x.txt", b"value,type,notes\n192.0.2.7,ipaddress,\"a, b\"\n", Format::Table),
        ("x.md", b"# Addresses\n\n- 192.0.2.7\n", Format::Markdown),
        ("x", b"192.0.2.7", Format::List),
        ("-", b"# Marsh\n\nSee https://marsh.example/a for more of it.\n\n## Hosts\n\n- 192.0.2.7\n", Format::Markdown),
        ("-", b"The implant connects to 192.0.2.7 for its orders.\n", Format::Text),
    ] {
        assert_eq!(detect(name, bytes), Some(format), "{name} {:?}", String::from_utf8_lossy(bytes));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn no_reader_panics_on_text(text in "(?s)[\\x00-\\x7fé]{0,300}", pick in 0usize..100) {
        let format = Format::ALL[pick % Format::ALL.len()];
        let options = Options { format: Some(format), ..Options::default() };
        read_with("x", text.as_bytes(), &options);
        read("x", text.as_bytes());
    }

    #[test]
    fn no_reader_panics_on_damage(cut in 0usize..4000, flip in 0usize..4000, byte in any::<u8>(), pick in 0usize..1000) {
        let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata");
        let mut files: Vec<_> = walkdir::WalkDir::new(root).into_iter().filter_map(Result::ok).filter(|e| e.file_type().is_file()).map(|e| e.path().to_owned()).collect();
        files.sort();
        let mut bytes = std::fs::read(&files[pick % files.len()]).unwrap();
        let (cut, flip) = (cut % (bytes.len() + 1), flip % bytes.len());
        bytes[flip] = byte;
        bytes.truncate(cut);
        read(&files[pick % files.len()].display().to_string(), &bytes);
    }

    #[test]
    fn no_reader_panics_on_bytes(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        for head in [&b""[..], b"\x1f\x8b\x08\0", b"PK\x03\x04", b"\x28\xb5\x2f\xfd", b"%PDF-1.4\n"] {
            let all: Vec<u8> = head.iter().copied().chain(bytes.iter().copied()).collect();
            read("x", &all);
        }
    }
}

#[test]
fn a_pdf_that_multiplies_is_stopped() {
    // Each form draws the next one twenty times: 20^12 draws, and not one character.
    let forms: String = (5..17)
        .map(|n| {
            let content = "/X Do ".repeat(20);
            format!(
                "{n} 0 obj\n<< /Type /XObject /Subtype /Form /BBox [0 0 9 9] /Resources << /XObject << /X {} 0 R >> >> /Length {} >>\nstream\n{content}\nendstream\nendobj\n",
                n + 1,
                content.len()
            )
        })
        .collect();
    let file = format!(
        "%PDF-1.4\n1 0 obj\n<< /Type /Catalog /Pages 2 0 R >>\nendobj\n2 0 obj\n<< /Type /Pages /Kids [3 0 R] /Count 1 >>\nendobj\n\
         3 0 obj\n<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Resources << /XObject << /X 5 0 R >> >> /Contents 4 0 R >>\nendobj\n\
         4 0 obj\n<< /Length 5 >>\nstream\n/X Do\nendstream\nendobj\n{forms}17 0 obj\n<< /Type /XObject /Subtype /Form /BBox [0 0 9 9] /Length 0 >>\nstream\n\nendstream\nendobj\n\
         trailer\n<< /Size 18 /Root 1 0 R >>\n%%EOF\n"
    );
    let (readings, problems) = read("forms.pdf", file.as_bytes());
    assert!(readings.is_empty());
    assert_eq!(kinds(&problems), [ProblemKind::Limit]);
}

#[test]
fn members_that_share_a_name_or_bytes_are_named() {
    let mut archive = zipped(&[("one", b"192.0.2.7\n"), ("two", b"192.0.2.8\n")]);
    // Both entries of the directory, and both members, get the same name.
    while let Some(at) = archive.windows(3).position(|w| w == b"two") {
        archive[at..at + 3].copy_from_slice(b"one");
    }
    let (readings, problems) = read("same.zip", &archive);
    assert_eq!(readings.len(), 1);
    assert_eq!(kinds(&problems), [ProblemKind::Malformed]);

    let lines = "# a line that says next to nothing\n".repeat(60_000);
    let member = lines.as_bytes();
    let members = (0..12).map(|n| (format!("{n}.txt"), member)).collect::<Vec<_>>();
    let members = members.iter().map(|(n, b)| (n.as_str(), *b)).collect::<Vec<_>>();
    let limits = Limits { ratio: 20, ..Limits::default() };
    let options = Options { limits, ..Options::default() };
    let (readings, problems) = read_with("bomb.zip", &zipped(&members), &options);
    assert!(readings.len() < 12, "{}", readings.len());
    assert_eq!(kinds(&problems), [ProblemKind::Limit]);
}

#[test]
fn utf_32_is_named() {
    let text: Vec<u8> =
        "\u{feff}192.0.2.7\n".chars().flat_map(|c| u32::from(c).to_le_bytes()).collect();
    let (readings, problems) = read("wide.txt", &text);
    assert!(readings.is_empty());
    assert_eq!(kinds(&problems), [ProblemKind::Unsupported]);
}
