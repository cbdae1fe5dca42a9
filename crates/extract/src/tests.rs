//! Whole documents, and what holds for any input.

use std::fmt::Write;
use std::sync::LazyLock;

use cpu_time::ThreadTime;

use lapwing_knowledge::{Knowledge, Name};
use lapwing_model::{
    Claim, Document, Entity, Format, Kind, Reading, Region, RegionKind, Relation, Role, Span,
};
use proptest::prelude::*;

use crate::Extractor;

/// Names for the tests; the real ones are of the knowledge crate.
fn names() -> Vec<Name> {
    let table = [
        ("HAFNIUM", Kind::ThreatActor, "HAFNIUM", false),
        ("Tortilla", Kind::ThreatActor, "Tortilla", true),
        ("Play", Kind::Malware, "Play", true),
        ("Hive", Kind::Malware, "Hive", true),
        ("Emotet", Kind::Malware, "Emotet", false),
        ("Marsh Heron", Kind::Malware, "SodWiper", false),
        ("Marsh Heron", Kind::ThreatActor, "Marsh Heron", false),
        ("Cobalt Strike", Kind::Tool, "Cobalt Strike", false),
        ("Mandiant", Kind::Identity, "Mandiant", false),
        ("Microsoft", Kind::Identity, "Microsoft", false),
        ("Volexity", Kind::Identity, "Volexity", false),
        ("CISA", Kind::Identity, "CISA", false),
        ("Microsoft Exchange Server", Kind::Software, "Microsoft Exchange Server", false),
        ("Exchange Server", Kind::Software, "Microsoft Exchange Server", false),
        ("Microsoft Exchange", Kind::Software, "Microsoft Exchange Server", false),
        ("Exchange Online", Kind::Software, "Microsoft Exchange Online", false),
        ("Microsoft 365", Kind::Software, "Microsoft 365", false),
        ("China", Kind::Location, "CN", false),
        ("Chinese", Kind::Location, "CN", false),
        ("Russian", Kind::Location, "RU", false),
        ("US", Kind::Location, "US", false),
        ("Italy", Kind::Location, "IT", false),
        ("Southeast Asian", Kind::Location, "south-eastern-asia", false),
        ("Central Asian", Kind::Location, "central-asia", false),
        ("Central Asia", Kind::Location, "central-asia", false),
        ("Vulnerabilities", Kind::AttackPattern, "T1588.006", false),
        ("Keylogging", Kind::AttackPattern, "T1056.001", false),
    ];
    table
        .iter()
        .map(|(surface, kind, value, ambiguous)| Name {
            surface: (*surface).into(),
            entity: Entity::new(*kind, *value),
            ambiguous: *ambiguous,
        })
        .collect()
}

fn reading(text: &str) -> Reading {
    let mut document = Document::new(text.as_bytes(), "a.txt", Format::Text, text.to_owned());
    document.published = "2021-03-04".parse().ok();
    Reading::new(document, Vec::new())
}

/// One for all tests: compiling the names takes longer than a short text.
static EXTRACTOR: LazyLock<Extractor<'static>> = LazyLock::new(|| {
    static KNOWLEDGE: LazyLock<Knowledge> = LazyLock::new(Knowledge::default);
    Extractor::with_names(&KNOWLEDGE, &names())
});

fn claims_of(reading: &Reading) -> Vec<Claim> {
    EXTRACTOR.extract(reading)
}

fn claims(text: &str) -> Vec<Claim> {
    claims_of(&reading(text))
}

/// The role of each value of `text`, as `value: role`.
fn roles(text: &str) -> Vec<String> {
    claims(text)
        .iter()
        .filter_map(|c| Some(format!("{}: {}", c.subject.value, c.role()?)))
        .collect()
}

fn shown(text: &str, claims: &[Claim]) -> String {
    let mut out = String::new();
    for c in claims {
        let raw = c.span.slice(text).unwrap_or_default().replace('\n', " ");
        let raw: String = raw.chars().take(60).collect();
        let subject = if c.subject.kind == Kind::Report {
            "this report".to_owned()
        } else {
            c.subject.to_string()
        };
        let _ = write!(out, "{}: {subject} {} {}", c.span.start, c.relation, c.object);
        let _ = write!(out, " [{}, {}%", c.polarity, c.precision.as_percent());
        if let Some(by) = &c.said_by {
            let _ = write!(out, ", says {by}");
        }
        if let Some(word) = &c.stated_word {
            let _ = write!(out, ", {word}");
        }
        let _ = writeln!(out, "] \"{raw}\" ({})", c.why.as_deref().unwrap_or_default());
    }
    out
}

#[test]
fn hashes_below_the_name_of_their_file_are_its() {
    let md5 = "00112233445566778899aabbccddeeff";
    let sha1 = "00112233445566778899aabbccddeeff00112233";
    let tied = |text: &str| {
        claims(text)
            .iter()
            .filter(|c| c.relation == Relation::SameObject)
            .map(|c| format!("{} {}", c.subject.kind, c.object.key()))
            .collect::<Vec<_>>()
    };
    let both =
        tied(&format!("Files\n\nreed.exe\n{md5}\n{sha1}\nmarsh.dll\n{}\n", md5.replace('0', "1")));
    assert_eq!(both.len(), 3, "{both:?}");
    assert_eq!(tied(&format!("Files\n\n{md5}\nreed.exe\n{sha1}\n")), [""; 0]);
    assert_eq!(tied(&format!("Files\n\nreed.exe\nmarsh.dll\n{md5}\n")), [""; 0]);
}

#[test]
fn documents_tell_what_their_golden_twins_say() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata");
    let mut paths: Vec<_> = std::fs::read_dir(folder)
        .unwrap()
        .map(|e| e.unwrap().path())
        .filter(|p| p.extension().is_some_and(|e| e == "txt"))
        .collect();
    paths.sort();
    assert!(!paths.is_empty());
    for path in paths {
        let text = std::fs::read_to_string(&path).unwrap();
        let name = path.file_stem().unwrap().to_string_lossy().into_owned();
        insta::with_settings!({ omit_expression => true, prepend_module_to_snapshot => false, snapshot_path => "../testdata/golden" }, {
            insta::assert_snapshot!(name, shown(&text, &claims(&text)));
        });
    }
}

fn says(text: &str, subject: &str, relation: Relation, object: &str) -> Option<Claim> {
    claims(text).into_iter().find(|c| {
        c.subject.value == subject
            && c.relation == relation
            && c.object.to_string().starts_with(object)
    })
}

#[test]
fn names_that_are_words_need_context() {
    assert!(roles("They play a role. Play it again. The hive is full.").is_empty());
    assert_eq!(roles("The Play ransomware encrypts files."), ["Play: subject", "T1486: subject"]);
    assert_eq!(roles("Tortilla is a dish."), Vec::<String>::new());
    assert_eq!(roles("A threat actor named Tortilla deployed it."), ["Tortilla: subject"]);
}

#[test]
fn the_hunt_of_the_defender_is_no_campaign() {
    let all = claims(
        "We have built a threat hunting campaign to detect web shells on Microsoft Exchange Server.",
    );
    assert!(
        all.iter().all(|c| c.subject.kind != Kind::Campaign && c.relation != Relation::Uses),
        "{all:?}"
    );
    assert_eq!(
        roles("The attacks of Operation Marsh Lapwing began."),
        ["Operation Marsh Lapwing: subject"]
    );
}

#[test]
fn aliases_and_trackers_are_told() {
    let text = "Microsoft tracks this activity as Storm-9999, also known as UNC9999.";
    assert!(says(text, "UNC9999", Relation::AliasOf, "Storm-9999").is_some());
    assert!(says(text, "Storm-9999", Relation::TrackedBy, "Microsoft").is_some());
    assert!(
        says("The ProxyLogon bug", "ProxyLogon", Relation::AliasOf, "CVE-2021-26855").is_some()
    );
}

#[test]
fn the_indicators_of_a_report_point_to_what_it_is_about() {
    let text = "# A look at Emotet and how it spreads today\n\nIt beacons to 198.51.100.7.\n\n\
        ## Indicators of compromise\n\nheron[.]top\n\n## References\n\nhttps://b.example.org/x\n";
    let found = says(text, "heron.top", Relation::Indicates, "Emotet");
    assert!(found.is_some_and(|c| c.precision.as_percent() == 72));
    assert!(says(text, "https://b.example.org/x", Relation::Indicates, "Emotet").is_none());
    let survey = text.replace("Emotet", "Emotet, HAFNIUM, Marsh Heron, UNC9999");
    assert!(says(&survey, "heron.top", Relation::Indicates, "Emotet").is_none());
}

#[test]
fn who_bears_a_name_comes_before_who_is_called_by_it_too() {
    let claims = claims_of(&reading("Marsh Heron malware was deployed against Italy."));
    let kinds: Vec<Kind> = claims
        .iter()
        .filter(|c| c.subject.value == "Marsh Heron")
        .map(|c| c.subject.kind)
        .collect();
    assert!(!kinds.is_empty() && kinds.iter().all(|k| *k == Kind::ThreatActor), "{kinds:?}");
}

#[test]
fn a_country_of_origin_is_no_victim() {
    let text = "The Chinese state-sponsored group HAFNIUM targeted telecoms and banks in Italy.";
    assert!(says(text, "HAFNIUM", Relation::SponsoredBy, "CN").is_some());
    assert!(says(text, "HAFNIUM", Relation::Targets, "IT").is_some());
    assert!(says(text, "HAFNIUM", Relation::Targets, "CN").is_none());
}

#[test]
fn regions_decide_what_is_looked_at() {
    let text = "192.0.2.1 192.0.2.2 evil[.]example https://a.example.org/x";
    let mut reading = reading(text);
    let at = |from: usize, len: usize| Span::new(from, from + len);
    reading.regions = vec![
        Region { span: at(0, 9), kind: RegionKind::Declared },
        Region { span: at(10, 9), kind: RegionKind::Furniture },
        Region { span: at(35, 23), kind: RegionKind::References },
    ];
    let told: Vec<_> = claims_of(&reading)
        .into_iter()
        .filter_map(|c| Some((c.subject.value.clone(), c.role()?)))
        .collect();
    assert_eq!(
        told,
        [
            ("192.0.2.2".to_owned(), Role::Publisher),
            ("evil.example".to_owned(), Role::Indicator),
            ("https://a.example.org/x".to_owned(), Role::Reference)
        ]
    );
}

#[test]
fn rows_keep_their_ties() {
    let text =
        "loader.exe 356a192b7913b04c54574d18c28d46e6395428ab\nc2[.]example[.]org 192.0.2[.]7\n";
    assert!(
        says(text, "356a192b7913b04c54574d18c28d46e6395428ab", Relation::SameObject, "loader.exe")
            .is_some()
    );
    assert!(says(text, "c2.example.org", Relation::ResolvesTo, "192.0.2.7").is_some());
}

#[test]
fn a_hash_that_a_cell_breaks_is_whole_by_its_column() {
    let (one, two) = ("356a192b7913b04c54574d18c28d46e6", "da4b9237bacccdf19c0760cab7aec4a8");
    let text = format!("{one}\n{two} a.dll\n{one} {two}");
    let cell = |from: usize, len: usize, row: u32, header: &str| Region {
        span: Span::new(from, from + len),
        kind: RegionKind::Cell { row, column: 0, header: Some(header.into()) },
    };
    let found = |header: &str| -> Vec<String> {
        let mut reading = reading(&text);
        reading.regions = vec![cell(0, 65, 0, header), cell(72, 65, 1, header)];
        let claims = claims_of(&reading);
        let hashes = claims.iter().filter(|c| c.subject.kind.is_file_hash() && c.role().is_some());
        hashes.map(|c| format!("{} {}", c.subject.kind, c.subject.value)).collect()
    };
    let whole = format!("file:sha256 {one}{two}");
    assert_eq!(found("SHA-256"), [whole.clone(), whole]);
    let parts = [one, two].map(|value| format!("file:md5 {value}"));
    assert_eq!(found("MD5"), [parts.clone(), parts.clone()].concat());
    assert_eq!(found("Hash"), [parts.clone(), parts].concat());
}

#[test]
fn a_path_that_a_cell_breaks_is_whole() {
    let text = "C:\\Progra\nmData\\Marsh\\a.exe C:\\Marsh\\b.exe\nc.exe C:\\Marsh\\\nd.exe";
    let ends =
        [text.find(" C:\\Marsh\\b").unwrap(), text.find(" C:\\Marsh\\\n").unwrap(), text.len()];
    let mut reading = reading(text);
    let mut from = 0;
    for (row, end) in (0..).zip(ends) {
        let kind = RegionKind::Cell { row, column: 0, header: None };
        reading.regions.push(Region { span: Span::new(from, end), kind });
        from = end + 1;
    }
    let claims = claims_of(&reading);
    let files = claims.iter().filter(|c| c.role().is_some());
    let values: Vec<&str> = files.map(|c| c.subject.value.as_str()).collect();
    assert_eq!(
        values,
        ["C:\\ProgramData\\Marsh\\a.exe", "C:\\Marsh\\b.exe", "c.exe", "C:\\Marsh\\d.exe"]
    );
}

#[test]
fn pictures_of_the_text_are_no_files_of_the_attack() {
    let text = "![The lure](/img/lure.png) <img src=\"pics/chain.jpg\"> It drops /tmp/lure.png.";
    assert_eq!(
        roles(text),
        ["/img/lure.png: reference", "pics/chain.jpg: reference", "/tmp/lure.png: indicator"]
    );
}

#[test]
fn the_name_of_an_actor_and_its_malware_is_the_actors_where_the_text_says_so() {
    let extractor = Extractor::new(Knowledge::builtin());
    let kinds = |text: &str, name: &str| -> Vec<Kind> {
        let claims = extractor.extract(&reading(text));
        let of = claims.iter().filter(|c| c.subject.value == name && c.role().is_some());
        of.map(|c| c.subject.kind).collect()
    };
    let text = "The Turla group hit embassies. Turla has used many tools. In May Turla came back.";
    assert_eq!(kinds(text, "Turla"), [Kind::ThreatActor; 3]);
    let text = "毒云藤组织攻击了政府。海莲花 (OceanLotus) 也是。";
    assert_eq!(kinds(text, "毒云藤"), [Kind::ThreatActor]);
    assert_eq!(kinds(text, "海莲花"), [Kind::ThreatActor]);
}

#[test]
fn hostile_inputs_stay_linear() {
    let extractor = &*EXTRACTOR;
    for unit in [
        ".",
        "a.a.a.",
        "0123456789abcdef",
        "[",
        "(",
        "hxxp://",
        "[.]",
        "\\.",
        "a\\.a",
        "://",
        "a@",
        "T1",
        "Mozilla/",
        "utex \"",
        "C:\\ a ",
        "UNC",
        "\u{ad}",
        ":\\\\",
        "Operation A ",
        "1.1.1.1.",
        "-",
        "/a",
        "%a%\\",
        "in May ",
        "(at)",
        ". A",
        "a\n",
    ] {
        let text = unit.repeat(200_000 / unit.len());
        let start = std::time::Instant::now();
        let _ = extractor.extract(&reading(&text));
        assert!(start.elapsed().as_secs() < 8, "{unit:?} took {:?}", start.elapsed());
    }
}

#[test]
fn four_times_the_text_takes_about_four_times_as_long() {
    let seconds = |text: &str| {
        let reading = reading(text);
        let run = || {
            let start = ThreadTime::now();
            let _ = EXTRACTOR.values(&reading);
            start.elapsed().as_secs_f64()
        };
        (0..3).map(|_| run()).fold(f64::INFINITY, f64::min)
    };
    for unit in [
        ".",
        "a.a.",
        "deadbeef01",
        "deadbeef\n",
        "[",
        "hxxp://",
        "[.]",
        "@",
        "a@",
        "\\",
        "\u{200b}",
        "1.1.1.1.",
        "я.",
        "task \"",
        "é.a",
    ] {
        // A quadratic step takes sixteen times as long; caches may spoil a try.
        let grows = (0..5).all(|_| {
            let small = seconds(&unit.repeat(60_000 / unit.len()));
            let large = seconds(&unit.repeat(240_000 / unit.len()));
            large > 9.0 * small + 0.002
        });
        assert!(!grows, "{unit:?}");
    }
}

/// Pieces that reports are made of, so that random texts hit the rules.
fn piece() -> impl Strategy<Value = String> {
    let fixed = prop::sample::select(vec![
        "hxxp://",
        "[.]",
        "evil",
        ".",
        "example",
        "com",
        "192.0.2.7",
        ":443",
        " ",
        "\n",
        "\\",
        "C:\\Temp\\x.exe",
        "HKLM\\Soft",
        "CVE\u{2011}2021\u{2011}1234",
        "UNC1234",
        "@",
        "[at]",
        "é",
        "日本",
        "\u{200b}",
        "\u{ad}",
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4",
        "/",
        "(",
        ")",
        "[",
        "]",
        "HAFNIUM",
        "China",
        "targets",
        "not",
        "in January",
        "mutex \"a",
        "\"",
        "Mozilla/5.0 (",
        "# IOCs\n",
        "Operation ",
        "T1505.003",
        "web shell",
        "|",
        "\u{ff0e}",
        "meow://",
        "[.",
        "1.2.3.4/24",
        "::1",
        "2001:db8::1",
        "AS64496",
        "%TEMP%\\a",
        "- ",
        "++",
    ])
    .prop_map(str::to_owned);
    prop_oneof![4 => fixed, 1 => "\\PC{0,6}"]
}

/// Ways to write a scheme's end, a dot and an at sign.
const STYLES: &[(&str, &str, &str)] = &[
    ("://", "[.]", "[@]"),
    ("[:]//", "(.)", "[at]"),
    ("[://]", "{.}", "(at)"),
    (":\\\\", "[dot]", "{at}"),
    ("://", "(dot)", "[at]"),
    ("[:]//", "\u{ff0e}", "[ at ]"),
    ("://", "[ . ]", "[@]"),
    ("://", "\u{3002}", "(at)"),
    ("://", "\\.", "[@]"),
    ("://", "<.>", "<at>"),
    ("://", "\u{2024}", "[@]"),
];

/// A value as it is meant: an address, a host, a URL, a mail address.
fn plain_value() -> impl Strategy<Value = String> {
    let host = "[a-z]{3,10}(-[a-z0-9]{1,4})?\\.(com|org|net|ru|co\\.uk)";
    prop_oneof![
        "1[0-9]{2}\\.[1-9][0-9]\\.[1-9][0-9]\\.[4-9][0-9]",
        host,
        (host, "[a-z]{1,6}(/[a-z0-9]{1,6}){0,2}").prop_map(|(h, p)| format!("http://{h}/{p}")),
        ("[a-z]{3,8}", host).prop_map(|(user, h)| format!("{user}@{h}")),
    ]
}

/// The value with its host, scheme and at sign written in a style.
fn defanged(value: &str, style: usize) -> String {
    let (scheme, dot, at) = STYLES[style];
    if let Some(rest) = value.strip_prefix("http://") {
        let (host, path) = rest.split_once('/').unwrap();
        // Where backslashes stand for slashes, they do so in the path.
        let slash = if scheme.contains('\\') { "\\" } else { "/" };
        let path = path.replace('/', slash);
        return format!("hxxp{scheme}{}{slash}{path}", host.replace('.', dot));
    }
    value.replace('.', dot).replace('@', at)
}

/// Words of prose in several scripts.
fn prose() -> impl Strategy<Value = String> {
    prop::sample::select(vec![
        "The group used",
        "Der Server l\u{e4}uft auf",
        "сервер управления",
        "指令服务器是",
        "サーバーは",
        "الخادم هو",
        "διακομιστής",
        "and also (",
        "\"",
        "l\u{2019}adresse",
        "\u{1f426}",
        "한국어 서버",
    ])
    .prop_map(str::to_owned)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn any_text_gives_claims_on_its_own_bytes(pieces in prop::collection::vec(piece(), 0..40)) {
        let text = pieces.concat();
        let claims = claims(&text);
        let mut last = 0;
        for claim in &claims {
            prop_assert!(claim.span.start >= last);
            last = claim.span.start;
            let raw = claim.span.slice(&text);
            prop_assert!(raw.is_some(), "{:?} of {:?}", claim, text);
            let network = matches!(claim.subject.kind, Kind::DomainName | Kind::EmailAddr | Kind::Md5 | Kind::Sha1);
            // A name with other letters has the form in ASCII as its value.
            let plain = crate::refang(raw.unwrap());
            if claim.role() == Some(Role::Indicator) && network && plain.is_ascii() {
                let value = plain.to_ascii_lowercase().replace(['\n', '\r', ' '], "");
                prop_assert_eq!(&value, &claim.subject.value.to_ascii_lowercase(), "{:?}", text);
            }
        }
        prop_assert_eq!(claims, self::claims(&text));
    }

    #[test]
    fn refanging_undoes_every_defanging(value in plain_value(), style in 0..STYLES.len()) {
        let raw = defanged(&value, style);
        prop_assert_eq!(crate::refang(&raw), value.as_str(), "{:?}", raw);
        prop_assert_eq!(crate::refang(&value), value.as_str());
    }

    #[test]
    fn spans_are_exactly_where_the_values_stand(
        parts in prop::collection::vec((prose(), plain_value(), 0..STYLES.len()), 1..8),
    ) {
        let mut text = String::new();
        let mut wanted = Vec::new();
        for (words, value, style) in &parts {
            text.push_str(words);
            text.push(' ');
            let start = text.len();
            text.push_str(&defanged(value, *style));
            wanted.push((Span::new(start, text.len()), value.clone()));
            text.push_str(if style % 2 == 0 { ". " } else { ", " });
        }
        let claims = EXTRACTOR.values(&reading(&text));
        for (span, value) in wanted {
            let told = claims.iter().find(|c| c.span == span);
            prop_assert_eq!(told.map(|c| &c.subject.value), Some(&value), "{} of {:?}", span.start, text);
        }
    }

    #[test]
    fn refanging_twice_changes_no_host(name in "[a-z]{1,8}", tld in "(com|org|net)") {
        let raw = format!("hxxps[:]//{name}[.]{tld}/x");
        prop_assert_eq!(crate::refang(&raw), format!("https://{name}.{tld}/x"));
    }
}
