//! What a PDF's places are read as: one paper a habit of layout.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

mod paper;

use std::fmt::Write;
use std::time::Instant;

use lapwing_model::{Problem, ProblemKind, Reading, RegionKind};
use lapwing_read::{Item, Options, read_bytes};

use paper::{Face, Paper};

fn read(bytes: &[u8]) -> (Vec<Reading>, Vec<Problem>) {
    let (mut readings, mut problems) = (Vec::new(), Vec::new());
    read_bytes("paper.pdf", bytes, &Options::default(), &mut |item| match item {
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

/// Title, problems and parts, for people to compare.
fn shown(paper: &Paper) -> String {
    let (readings, problems) = read(&paper.bytes());
    let mut shown = String::new();
    for problem in problems {
        writeln!(shown, "problem {}: {problem}", problem.kind.as_str()).unwrap();
    }
    for reading in readings {
        let document = &reading.document;
        writeln!(shown, "title {:?} {:?}", document.title, document.properties).unwrap();
        for region in &reading.regions {
            let kind = match &region.kind {
                RegionKind::Heading { level } => format!("heading {level}"),
                RegionKind::Cell { row, column, header } => {
                    format!("cell {row} {column} {}", header.as_deref().unwrap_or("-"))
                }
                RegionKind::Link { target } => format!("link {target}"),
                other => format!("{other:?}").to_lowercase(),
            };
            let slice = region.span.slice(&document.text).unwrap();
            writeln!(shown, "{kind}: {slice:?}").unwrap();
        }
    }
    shown
}

const LEFT: [&str; 8] = [
    "The heron stands in the reeds and waits for the",
    "fish to come near. In the morning the mist lies",
    "over the water, and nobody sees the bird that",
    "sees everything. Our sensors saw the same infra-",
    "structure twice, first in January and then again",
    "in March, when the operators came back with a",
    "shell that spoke to 192.0.2.7 over plain text and",
    "asked for nothing else but the list of mailboxes",
];
const RIGHT: [&str; 8] = [
    "of the ministry. By then the patch was out, and",
    "most of the servers in the marsh had been seen",
    "to. Those that had not were visited once more by",
    "a second group, which used none of the tools of",
    "the first and left a note in the log. We call it",
    "the second visitor here, for want of a name that",
    "would say more than we know. It left in April,",
    "and nothing has been heard of it ever since then.",
];
const THIRD: [&str; 8] = [
    "A third visitor is a rumour. It is told by a",
    "single source, which saw one address for one",
    "night and never again. The source is good, but",
    "one night is not much, and the address was also",
    "used by a scanner of a school that looks for old",
    "software in the north. We keep it apart from the",
    "rest until somebody else has seen it as well, or",
    "until the school has told us what it looked for.",
];

#[test]
fn two_columns_below_a_heading_that_spans_them() {
    let mut paper = Paper::new();
    paper.text(72.0, 720.0, 22.0, Face::Bold, "Visitors in the marsh of the north");
    paper.lines(50.0, 680.0, 12.0, Face::Sans, &LEFT);
    paper.lines(320.0, 677.0, 12.0, Face::Sans, &RIGHT);
    paper.text(
        50.0,
        560.0,
        10.0,
        Face::Sans,
        "This line spans both of the columns and says what comes next, far below both of them.",
    );
    paper.lines(50.0, 530.0, 12.0, Face::Sans, &LEFT[..5]);
    paper.lines(320.0, 530.0, 12.0, Face::Sans, &RIGHT[..5]);
    insta::assert_snapshot!(shown(&paper));
}

#[test]
fn three_columns() {
    let mut paper = Paper::new();
    for (at, column) in [LEFT, RIGHT, THIRD].iter().enumerate() {
        for (line, words) in column.iter().enumerate() {
            let (x, y) = (40.0 + 180.0 * at as f64, 700.0 - 9.0 * line as f64);
            paper.text(x, y, 7.0, Face::Sans, words);
        }
    }
    insta::assert_snapshot!(shown(&paper));
}

const HASH: &str = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

#[test]
fn a_ruled_table_with_a_hash_wrapped_in_its_cell() {
    let mut paper = Paper::new();
    paper.text(
        60.0,
        740.0,
        10.0,
        Face::Sans,
        "The files that were found on the servers are listed in the table below this line.",
    );
    paper.text(60.0, 700.0, 10.0, Face::Bold, "File").text(
        160.0,
        700.0,
        10.0,
        Face::Bold,
        "SHA-256",
    );
    paper.text(420.0, 700.0, 10.0, Face::Bold, "What it is");
    let mut y = 690.0;
    paper.rule(55.0, 712.0, 560.0).rule(55.0, 695.0, 560.0);
    for (name, about) in [
        ("reed.aspx", ["Web shell that", "takes commands"]),
        ("mist.aspx", ["Web shell", "of the second visitor"]),
    ] {
        paper.text(60.0, y - 8.0, 10.0, Face::Sans, name);
        paper.lines(160.0, y - 8.0, 12.0, Face::Sans, &[&HASH[..40], &HASH[40..]]);
        paper.lines(420.0, y - 8.0, 12.0, Face::Sans, &about);
        y -= 32.0;
        paper.rule(55.0, y + 4.0, 560.0);
    }
    insta::assert_snapshot!(shown(&paper));
}

#[test]
fn a_table_without_rules() {
    let mut paper = Paper::new();
    paper.text(60.0, 740.0, 14.0, Face::Bold, "Network indicators");
    for (row, cells) in [
        ["Address", "Port", "Seen"],
        ["192.0.2[.]7", "443", "January 2021"],
        ["192.0.2[.]8", "8443", "March 2021"],
        ["c2.marsh[.]example", "80", "March 2021"],
    ]
    .iter()
    .enumerate()
    {
        for (column, cell) in cells.iter().enumerate() {
            let (x, y) = (60.0 + 150.0 * column as f64, 700.0 - 14.0 * row as f64);
            paper.text(x, y, 10.0, Face::Sans, cell);
        }
    }
    insta::assert_snapshot!(shown(&paper));
}

#[test]
fn cells_of_different_heights_set_to_the_middle_of_their_row() {
    let mut paper = Paper::new();
    for (x, head) in [(60.0, "Address"), (200.0, "Kind"), (320.0, "Seen in")] {
        paper.text(x, 660.0, 10.0, Face::Bold, head);
    }
    let rows = [
        (630.0, "198.51.100.7", "server", &["the logs of the mail server", "and of its proxy"][..]),
        (
            590.0,
            "198.51.100.23",
            "server",
            &["the logs of the proxy", "in the first week", "of March"],
        ),
        (550.0, "203.0.113.9", "client", &["requests for a page that", "no one had put there"]),
        (518.0, "evil.example.org", "name", &["a report"]),
    ];
    for (middle, address, kind, seen) in rows {
        paper.text(60.0, middle, 10.0, Face::Sans, address);
        paper.text(200.0, middle, 10.0, Face::Sans, kind);
        let top = middle + 6.0 * (seen.len() - 1) as f64;
        paper.lines(320.0, top, 12.0, Face::Sans, seen);
    }
    let shown = shown(&paper);
    for (row, (_, address, kind, seen)) in rows.iter().enumerate() {
        for (column, head, text) in [
            (0, "Address", (*address).to_owned()),
            (1, "Kind", (*kind).to_owned()),
            (2, "Seen in", seen.join("\n")),
        ] {
            let cell = format!("cell {row} {column} {head}: {text:?}");
            assert!(shown.contains(&cell), "{cell}\n{shown}");
        }
    }
}

#[test]
fn heads_feet_and_notes_stand_apart_and_a_sentence_goes_on() {
    let mut paper = Paper::new();
    for page in 1..=3 {
        if page > 1 {
            paper.page();
        }
        paper.text(60.0, 765.0, 8.0, Face::Sans, "TLP:GREEN");
        paper.text(400.0, 765.0, 8.0, Face::Sans, "Marsh Watch report 7");
        paper.text(280.0, 30.0, 8.0, Face::Sans, &format!("Page {page} of 3"));
        paper.text(
            60.0,
            700.0,
            10.0,
            Face::Sans,
            [
                "The operators came in the night and looked at all",
                "mailboxes of the house, one after another, until",
                "the morning. Then they left.",
            ][page - 1],
        );
        if page == 1 {
            paper.text(
                60.0,
                80.0,
                7.0,
                Face::Sans,
                "1 See https://marsh.example/notes for the whole story.",
            );
        }
    }
    insta::assert_snapshot!(shown(&paper));
}

#[test]
fn code_keeps_its_lines_and_lists_their_items() {
    let mut paper = Paper::new();
    paper.text(60.0, 740.0, 10.0, Face::Sans, "The rule below finds the files:");
    paper.lines(60.0, 710.0, 12.0, Face::Mono, &["rule reed", "{"]);
    paper.text(84.0, 686.0, 10.0, Face::Mono, "condition: filesize < 1KB");
    paper.text(60.0, 674.0, 10.0, Face::Mono, "}");
    paper.text(60.0, 640.0, 10.0, Face::Sans, "It was tried on three things:");
    for (at, item) in ["servers of the house, of which", "laptops"].iter().enumerate() {
        let y = 620.0 - 26.0 * at as f64;
        paper.text(60.0, y, 10.0, Face::Sans, "\u{95}").text(80.0, y, 10.0, Face::Sans, item);
    }
    paper.text(80.0, 607.0, 10.0, Face::Sans, "there are nine");
    paper.text(60.0, 560.0, 10.0, Face::Sans, "Look for ").text(
        103.0,
        560.0,
        10.0,
        Face::Mono,
        "reed.aspx",
    );
    paper.text(160.0, 560.0, 10.0, Face::Sans, "in all folders of the web server.");
    insta::assert_snapshot!(shown(&paper));
}

#[test]
fn letters_placed_one_by_one_set_apart_or_drawn_twice() {
    let mut paper = Paper::new();
    // One operator a letter, without blanks, as some printers do it.
    for (at, letter) in "bad.example".chars().enumerate() {
        paper.text(60.0 + 6.0 * at as f64, 700.0, 10.0, Face::Mono, &letter.to_string());
    }
    paper.set("1 0 0 1 60 660", 10.0, Face::Sans, "3 Tc (Set wide apart) Tj 0 Tc");
    for shift in [0.0, 0.3] {
        paper.text(60.0 + shift, 620.0, 10.0, Face::Sans, "Drawn twice to look bold");
    }
    paper.set(
        "1 0 0 1 60 580",
        10.0,
        Face::Sans,
        "[(Blanks) -400 (left) -400 (out) -30 (side)] TJ",
    );
    paper.text(60.0, 540.0, 10.0, Face::Sans, "Blanks   drawn    too often");
    paper.text(60.0, 500.0, 10.0, Face::Sans, "A soft\u{ad}hyphen inside");
    insta::assert_snapshot!(shown(&paper));
}

#[test]
fn turned_text_stands_apart_and_a_turned_page_is_read_upright() {
    let mut paper = Paper::new();
    paper.upwards(30.0, 200.0, 12.0, "marsh.example 4 May 2021");
    paper.lines(60.0, 700.0, 12.0, Face::Sans, &LEFT[..3]);
    paper.set("0.7 0.7 -0.7 0.7 200 300", 40.0, Face::Sans, "(DRAFT) Tj");
    insta::assert_snapshot!("turned_text", shown(&paper));
    let mut paper = Paper::new();
    paper.rotate(90);
    for (at, line) in LEFT[..3].iter().enumerate() {
        paper.upwards(100.0 + 12.0 * at as f64, 60.0, 10.0, line);
    }
    insta::assert_snapshot!("turned_page", shown(&paper));
}

#[test]
fn links_outline_and_what_the_file_says_of_itself() {
    let mut paper = Paper::new();
    paper.info(
        "/Title (Visitors of the marsh) /Author (Marsh Watch) /CreationDate (D:20210304120000Z)",
    );
    paper.outline(&["What we saw", "What to do"]);
    paper.text(60.0, 720.0, 10.0, Face::Sans, "What we saw");
    paper.text(60.0, 690.0, 10.0, Face::Sans, "Read our earlier post on it before you go on.");
    paper.link([60, 688, 166, 700], "https://marsh.example/earlier");
    paper.text(60.0, 650.0, 10.0, Face::Sans, "What to do");
    paper.text(60.0, 620.0, 10.0, Face::Sans, "Patch at once.");
    insta::assert_snapshot!(shown(&paper));
}

#[test]
fn encodings_that_every_reader_has_to_know() {
    let mut paper = Paper::new();
    paper.set("1 0 0 1 72 700", 10.0, Face::Japanese, "<8D558C8282B382EA82BD> Tj");
    paper.text(150.0, 700.0, 10.0, Face::Sans, "192.0.2.77");
    paper.set("1 0 0 1 72 660", 10.0, Face::Chinese, "<B9A5BBF7D5DF> Tj");
    let text = shown(&paper);
    assert!(text.contains("\u{653b}\u{6483}\u{3055}\u{308c}\u{305f}"), "{text}");
    assert!(text.contains("192.0.2.77") && text.contains("\u{653b}\u{51fb}\u{8005}"), "{text}");
}

#[test]
fn pages_without_text_are_named() {
    let mut paper = Paper::new();
    paper.text(60.0, 700.0, 10.0, Face::Sans, "One page of text.");
    paper.page().picture();
    let (readings, problems) = read(&paper.bytes());
    assert_eq!(readings.len(), 1);
    assert_eq!(problems[0].kind, ProblemKind::Unsupported);
    assert_eq!(problems[0].place.as_deref(), Some("page 2"));
}

#[test]
fn damaged_files_give_what_is_left() {
    let mut paper = Paper::new();
    paper.lines(60.0, 700.0, 12.0, Face::Sans, &LEFT);
    let whole = paper.bytes();
    // The table of objects points nowhere.
    let text = String::from_utf8_lossy(&whole).replace("startxref\n", "startxref\n9");
    let (readings, _) = read(text.as_bytes());
    assert!(readings[0].document.text.contains("192.0.2.7"));
    // Its second half is missing.
    let cut = &whole[..whole.len() - 200];
    let (readings, problems) = read(cut);
    assert!(readings.iter().all(|r| r.document.text.contains("192.0.2.7")));
    assert!(!problems.is_empty());
}

#[test]
fn many_letters_and_links_are_laid_out_in_time() {
    let mut paper = Paper::new();
    for page in 0..8 {
        if page > 0 {
            paper.page();
        }
        for at in 0..4_000 {
            let (x, y) = (f64::from(at % 97) * 6.0, f64::from(at % 89) * 8.0);
            paper.text(x, y, 5.0 + f64::from(at % 7), Face::Sans, "a1 .b");
        }
        for _ in 0..2_000 {
            paper.link([0, 0, 600, 790], "https://marsh.example/");
        }
    }
    let started = Instant::now();
    let (readings, _) = read(&paper.bytes());
    assert_eq!(readings.len(), 1);
    assert!(started.elapsed().as_secs() < 50, "{:?}", started.elapsed());
}
