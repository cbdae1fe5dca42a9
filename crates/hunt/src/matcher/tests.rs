use super::*;
use lapwing_model::Entity;
use proptest::prelude::*;

pub(super) fn matcher(values: &[(Kind, &str)]) -> Matcher {
    Matcher::compile(values.iter().map(|(k, v)| Indicator::new(Entity::new(*k, *v), 0.9, "a test")))
}

pub(super) fn found(matcher: &Matcher, text: &str) -> Vec<String> {
    let mut hits = Vec::new();
    matcher.scan(text.as_bytes(), &mut Scratch::default(), &mut hits);
    hits.iter().map(|h| text[h.start..h.end].to_owned()).collect()
}

#[test]
fn an_address_is_no_part_of_a_longer_one_nor_a_version() {
    let m = matcher(&[(Kind::Ipv4Addr, "192.0.2.7"), (Kind::Ipv4Addr, "198.51.100.0/24")]);
    for text in [
        "192.0.2.7",
        "from 192.0.2.7:443.",
        "[192.0.2.7]",
        "http://192.0.2.7/x",
        "/lookup/192.0.2.7",
        "192.0.2.7,192.0.2.70",
        "::ffff:192.0.2.7",
        "ip%3D192.0.2.7",
        "198.51.100.255",
        "tcp inside/192.0.2.7(2241) -> x",
        "zone-a/192.0.2.7(2241)",
        "IPV4/UDP/192.0.2.7/5060",
        "mgmt/198.51.100.9:443 closed",
        "Outside/192.0.2.7 to x",
    ] {
        assert_eq!(found(&m, text).len(), 1, "{text}");
    }
    for text in [
        "1192.0.2.7",
        "192.0.2.77",
        "192.0.2.7.1",
        "v192.0.2.7",
        "Agent/192.0.2.7",
        "Mozilla/5.0 Foo/198.51.100.9",
        "Foo/192.0.2.7(x)",
        "Foo/192.0.2.7/1.2",
        "version 192.0.2.7",
        "Version=192.0.2.7",
        "192.0.2.7-rc1",
        "198.51.101.1",
    ] {
        assert_eq!(found(&m, text), [""; 0], "{text}");
    }
}

#[test]
fn a_domain_matches_by_label() {
    let m = matcher(&[(Kind::DomainName, "evil.example")]);
    for text in [
        "evil.example",
        "a.b.EVIL.example.",
        "https://evil.example/x",
        "me@evil.example",
        "x=http%3A%2F%2Fevil.example%2F",
        r"\nevil.example",
    ] {
        assert_eq!(found(&m, text).len(), 1, "{text}");
    }
    for text in
        ["notevil.example", "evil.example.org", "evil.examples", "not-evil.example", "evil-example"]
    {
        assert_eq!(found(&m, text), [""; 0], "{text}");
    }
}

#[test]
fn urls_need_their_host_and_path() {
    let m = matcher(&[
        (Kind::Url, "http://evil.example/a/b.php?id=1"),
        (Kind::Url, "https://192.0.2.9:8443/x/drop"),
    ]);
    for text in [
        "GET http://evil.example/a/b.php?id=1 HTTP/1.1",
        "hxxps://EVIL.example/a/b.php?id=1\"",
        "evil.example,/a/b.php,200",
        "https://192.0.2.9:8443/x/drop",
    ] {
        assert_eq!(found(&m, text).len(), 1, "{text}");
    }
    for text in [
        "http://evil.example/",
        "http://evil.example/a/b.phpx",
        "http://evil.example/a/b.php?id=12",
        "http://www.evil.example/a/b.php?id=1",
        "https://192.0.2.9/x/drop",
        "https://192.0.2.9:8443/x/drops",
    ] {
        assert_eq!(found(&m, text), [""; 0], "{text}");
    }
}

#[test]
fn paths_match_with_either_separator_and_case() {
    let m = matcher(&[
        (Kind::FilePath, r"C:\inetpub\wwwroot\aspnet_client\odd.aspx"),
        (Kind::FilePath, "/owa/auth/odd2.aspx"),
        (Kind::FileName, "odd3.aspx"),
        (Kind::FileName, "stage2.7z"),
        (Kind::FilePath, r"\temp\my tool.exe"),
    ]);
    for text in [
        r"c:\INETPUB\wwwroot\aspnet_client\ODD.aspx",
        r"C:\\inetpub\\wwwroot\\aspnet_client\\odd.aspx",
        "POST /owa/auth/odd2.aspx - 443",
        r"D:\x\owa\auth\odd2.aspx",
        "/x/odd3.aspx",
        r"C:\x\STAGE2.7z",
        r"C:\new\odd3.aspx",
        r"x\todd3.aspx",
        r"C:\temp\my tool.exe",
    ] {
        assert_eq!(found(&m, text).len(), 1, "{text}");
    }
    for text in [
        "/aspnet_client/odd.aspx",
        "/auth/odd2.aspx",
        "xodd3.aspx",
        "a.odd3.aspx",
        "odd3.aspx.txt",
        "xstage2.7z",
    ] {
        assert_eq!(found(&m, text), [""; 0], "{text}");
    }
}

#[test]
fn hashes_mail_addresses_ipv6_and_literals() {
    let md5 = "0123456789abcdef0123456789abcdef";
    let m = matcher(&[
        (Kind::Md5, md5),
        (Kind::EmailAddr, "a.b@evil.example"),
        (Kind::Ipv6Addr, "2001:db8::7"),
        (Kind::Ipv6Addr, "2001:db8:1::/48"),
        (Kind::UserAgent, "odd agent/2.25.1"),
    ]);
    for text in [
        "MD5=0123456789ABCDEF0123456789ABCDEF,SHA1=",
        "<a.b@evil.example>",
        "[2001:0db8:0:0::7]:443",
        "2001:db8:1:2::3",
        "odd+agent/2.25.1",
        "Odd Agent/2.25.1 x",
    ] {
        assert_eq!(found(&m, text).len(), 1, "{text}");
    }
    for text in [
        "a0123456789abcdef0123456789abcdef",
        "xa.b@evil.example",
        "2001:db8::71",
        "odd agent/2.25.10",
        "12:34:56",
        "2001:db8:2::1",
    ] {
        assert_eq!(found(&m, text), [""; 0], "{text}");
    }
}

#[test]
fn a_registry_key_is_found_whatever_its_root_is_called() {
    let m = matcher(&[
        (Kind::WindowsRegistryKey, r"HKEY_LOCAL_MACHINE\SOFTWARE\Wow6432Node\OddKey"),
        (Kind::WindowsRegistryKey, r"HKEY_CURRENT_USER\Software\Odd Maker\Odd Name"),
        (Kind::WindowsRegistryKey, r"HKLM\OddRoot"),
    ]);
    for text in [
        r"TargetObject: HKLM\SOFTWARE\Wow6432Node\OddKey",
        r#""HKEY_LOCAL_MACHINE\\software\\wow6432node\\oddkey""#,
        r"\REGISTRY\MACHINE\SOFTWARE\Wow6432Node\OddKey",
        r"HKU\S-1-5-21-1-2-3-1001\Software\Odd Maker\Odd Name set",
    ] {
        assert_eq!(found(&m, text).len(), 1, "{text}");
    }
    for text in [r"HKLM\SOFTWARE\Wow6432Node\OddKey2", r"HKLM\SOFTWARE\Other\OddKey", r"D:\OddRoot"]
    {
        assert_eq!(found(&m, text), [""; 0], "{text}");
    }
}

#[test]
fn a_hash_is_found_wherever_it_stands() {
    let md5 = "0123456789abcdef0123456789abcdef";
    let m = matcher(&[(Kind::Md5, md5), (Kind::DomainName, "evil.example")]);
    for at in (0..130).chain(PIECE - 40..PIECE + 40).chain(2 * PIECE - 40..2 * PIECE + 9) {
        let before = "-".repeat(at);
        for (text, hits) in [
            (format!("{before}{md5}"), 1),
            (format!("{before}{md5},{md5} and {md5}"), 3),
            (format!("{before}{md5}0 evil.example"), 1),
            (format!("{before}{}.evil.example;", "a".repeat(300)), 1),
        ] {
            assert_eq!(found(&m, &text).len(), hits, "at {at}");
        }
    }
}

#[test]
fn other_forms_are_found_where_they_stand() {
    let m = matcher(&[
        (Kind::DomainName, "evil.example"),
        (Kind::Ipv4Addr, "192.0.2.7"),
        (Kind::Url, "http://evil.example/a/b.php"),
        (Kind::EmailAddr, "me@evil.example"),
    ]);
    for (text, hits) in [
        ("x=evil%2Eexample&y", 1),
        ("x=%65vil%2eexample ", 1),
        ("q=evil%252eexample", 1),
        ("u=http%3A%2F%2Fevil.example%2Fa%2Fb.php&x=1", 2),
        ("to=me%40evil.example", 2),
        ("evil[.]example, 192[.]0[.]2[.]7 and hxxp://evil(dot)example", 3),
        ("me[at]evil.example", 2),
        // `evil.example` at three alignments.
        ("ZXZpbC5leGFtcGxl", 1),
        ("-enc eCBldmlsLmV4YW1wbGUgIA==", 1),
        ("data=eHggZXZpbC5leGFtcGxlIHk=;", 1),
        // Folders of a path, and what stands behind a blank in a W3C log.
        ("/api/v1/ZXZpbC5leGFtcGxl/7", 1),
        ("a+ZXZpbC5leGFtcGxl", 1),
        // The same in UTF-16, as PowerShell takes it.
        ("-e dwBnAGUAdAAgAGUAdgBpAGwALgBlAHgAYQBtAHAAbABlACAALQBPACAAeAA=", 1),
        ("“evil.example”", 1),
        ("(evil.example) {evil.example} [evil{.}example]", 3),
        ("evil[://]example [[evil[dot]example]]", 1),
        ("{\"u\":\"a\\nevil.example\"}", 1),
    ] {
        let found = found(&m, text);
        assert_eq!(found.len(), hits, "{text}: {found:?}");
    }
    for text in [
        "x=notevil%2Eexample",
        "evil[.]example[.]org",
        "bm90ZXZpbC5leGFtcGxlLm9yZw==",
        "éevil.example",
        "evil.exampleé",
    ] {
        assert_eq!(found(&m, text), [""; 0], "{text}");
    }
    for big_endian in [false, true] {
        let wide: Vec<u8> = " see evil.example now"
            .encode_utf16()
            .flat_map(|unit| if big_endian { unit.to_be_bytes() } else { unit.to_le_bytes() })
            .collect();
        let text = [&b"log: "[..], &wide, b" end\n"].concat();
        let mut hits = Vec::new();
        m.scan(&text, &mut Scratch::default(), &mut hits);
        assert_eq!(hits.len(), 1, "{big_endian}");
        assert!(hits[0].start > 5 && hits[0].end <= text.len() - 4, "{hits:?}");
    }
}

#[test]
fn networks_and_ranges() {
    let m = matcher(&[(Kind::Ipv4Addr, "192.0.2.5-192.0.2.9"), (Kind::Ipv4Addr, "10.0.0.0/8")]);
    for (text, hits) in [
        ("192.0.2.4", 0),
        ("192.0.2.5", 1),
        ("192.0.2.9:80", 1),
        ("192.0.2.10", 0),
        ("10.200.3.4", 1),
        ("11.0.0.1", 0),
    ] {
        assert_eq!(found(&m, text).len(), hits, "{text}");
    }
}

#[test]
fn a_host_with_many_urls_is_told_apart_by_path() {
    let urls: Vec<String> =
        (0..500).map(|n| format!("https://files.example/d/{n}?k={n}")).collect();
    let mut list: Vec<(Kind, &str)> = urls.iter().map(|u| (Kind::Url, u.as_str())).collect();
    list.push((Kind::Url, "http://files.example/d/7/x"));
    let m = matcher(&list);
    for (text, hits) in [
        ("GET https://files.example/d/77?k=77 HTTP/1.1", 1),
        ("https://files.example:443/d/7/x\"", 1),
        ("u=https%3A%2F%2Ffiles.example%2Fd%2F7%2Fx", 1),
        ("files.example,/d/8,200", 1),
        ("https://files.example/d/77?k=78", 0),
        ("https://files.example/d/777777", 0),
        ("https://files.example/", 0),
        ("https://other.example/d/7/x", 0),
    ] {
        assert_eq!(found(&m, text).len(), hits, "{text}");
    }
}

#[test]
fn a_saved_matcher_is_the_same_and_a_damaged_one_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("list.matcher");
    let list = [
        (Kind::DomainName, "evil.example"),
        (Kind::Ipv4Addr, "198.51.100.0/24"),
        (Kind::Ipv6Addr, "2001:db8::/32"),
        (Kind::UserAgent, "odd agent/2.25.1"),
        (Kind::Sha1, "0123456789abcdef0123456789abcdef01234567"),
    ];
    let made = matcher(&list);
    made.save(&path).unwrap();
    assert!(Matcher::is_compiled(&path));
    let loaded = Matcher::load(&path).unwrap();
    let text = b"evil.example 198.51.100.9 2001:db8::5 Odd+Agent/2.25.1 0123456789ABCDEF0123456789abcdef01234567";
    assert_eq!(made.find(text), loaded.find(text));
    assert_eq!(made.find(text).len(), 5);
    assert_eq!(loaded.indicator(0), made.indicator(0));
    let good = std::fs::read(&path).unwrap();
    let damaged = |at: usize| {
        let mut bytes = good.clone();
        bytes[at] ^= 1;
        bytes
    };
    for (bytes, message) in [
        (damaged(0), "no compiled matcher"),
        (damaged(8), "compile it again"),
        (damaged(good.len() - 1), "checksum"),
        (damaged(70), "checksum"),
        (damaged(33), "other kinds"),
        (good[..good.len() - 1].to_vec(), "cut short"),
        (good[..20].to_vec(), "no compiled matcher"),
    ] {
        std::fs::write(&path, bytes).unwrap();
        let error = Matcher::load(&path).unwrap_err().to_string();
        assert!(error.contains(message) && error.contains("list.matcher"), "{error}");
    }
}

#[path = "../../examples/generate/mod.rs"]
mod generate;

/// Every place of a value by the plain definition: the value stands there, and what is on both sides
/// does not make it part of something longer.
fn naive(kind: Kind, value: &str, text: &[u8]) -> Vec<(usize, usize)> {
    let mark = |b: u8| matches!(b, b'.' | b'_' | b'@' | b'-');
    let inside = |b: u8| b.is_ascii_alphanumeric();
    // Marks at the edge of a word belong to no word.
    let open = |mut rest: Box<dyn Iterator<Item = u8> + '_>| {
        rest.find(|b| !mark(*b)).is_none_or(|b| !inside(b))
    };
    let wanted = match kind {
        Kind::Url => value.split_once("://").unwrap().1,
        _ => value,
    };
    let mut places = Vec::new();
    for start in 0..(text.len() + 1).saturating_sub(wanted.len()) {
        let end = start + wanted.len();
        let here = &text[start..end];
        let same = match kind {
            Kind::Url => here == wanted.as_bytes(),
            _ => here.eq_ignore_ascii_case(wanted.as_bytes()),
        };
        if !same {
            continue;
        }
        let before = start.checked_sub(1).map(|at| text[at]);
        let next = text.get(end).copied();
        let left = open(Box::new(text[..start].iter().rev().copied()));
        let right = open(Box::new(text[end..].iter().copied()));
        let real = match kind {
            Kind::Ipv4Addr => {
                (left || before == Some(b'@')) && right && !holds::is_version(text, start, end)
            }
            Kind::DomainName => (left || matches!(before, Some(b'.' | b'@'))) && right,
            Kind::EmailAddr => left && right,
            Kind::Url => {
                let ends = next.is_none_or(|b| !(inside(b) || b"._-%~=&+/".contains(&b)));
                let slash =
                    next == Some(b'/') && text.get(end + 1).is_none_or(|b| holds::ends_url(*b));
                (left || before == Some(b'@')) && (ends || slash)
            }
            _ => !before.is_some_and(inside) && !next.is_some_and(inside),
        };
        if real {
            places.push((start, end));
        }
    }
    places
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(8))]
    #[test]
    fn finds_in_a_generated_log_what_a_naive_scan_finds(seed: u64, every in 2u64..40, bytes in 2_000u64..14_000) {
        let mut text = Vec::new();
        let plants = generate::Log::new(seed, every).write(&mut text, bytes).unwrap();
        let mut numbers = generate::Numbers(seed ^ 5);
        let mut list: Vec<(Kind, String)> =
            generate::PLANTS.iter().map(|(k, v)| (*k, (*v).to_owned())).collect();
        list.push((Kind::DomainName, "contoso.com".to_owned()));
        list.push((Kind::Ipv4Addr, "10.0.0.5".to_owned()));
        for _ in 0..60 {
            list.push(generate::indicator(&mut numbers));
        }
        list.sort();
        list.dedup();
        let pairs: Vec<(Kind, &str)> = list.iter().map(|(k, v)| (*k, v.as_str())).collect();
        let mut wanted: Vec<(usize, usize, String)> = list
            .iter()
            .flat_map(|(kind, value)| {
                naive(*kind, value, &text).into_iter().map(|(a, b)| (a, b, value.clone()))
            })
            .collect();
        wanted.sort();
        let found: Vec<(usize, usize, String)> = matcher(&pairs)
            .find(&text)
            .into_iter()
            .map(|(range, entity)| (range.start, range.end, entity.value))
            .filter(|(start, end, value)| {
                // The naive scan does not read `%40`.
                value != "contoso.com" || text[*start..*end].eq_ignore_ascii_case(b"contoso.com")
            })
            .collect();
        let mut found = found;
        found.sort();
        prop_assert!(wanted.len() as u64 >= plants);
        prop_assert_eq!(found, wanted);
    }
}

/// A text of words, marks and indicators in any order.
fn pieces() -> impl Strategy<Value = String> {
    "(192\\.0\\.2\\.7|192\\.0\\.2\\.77|1|[.]|evil\\.example|a\\.|x|evil|[ ,;=]|-|@|_|\\n|abcdefghijklmnopqrstuvwxyz012345|[a-z.]{40,90}){0,60}"
}

proptest! {
    #[test]
    fn finds_what_a_naive_scan_finds(text in pieces()) {
        let list = [(Kind::Ipv4Addr, "192.0.2.7"), (Kind::DomainName, "evil.example")];
        let found: Vec<_> =
            matcher(&list).find(text.as_bytes()).into_iter().map(|(r, _)| (r.start, r.end)).collect();
        let mut wanted: Vec<_> =
            list.iter().flat_map(|(kind, value)| naive(*kind, value, text.as_bytes())).collect();
        wanted.sort_unstable();
        prop_assert_eq!(found, wanted, "{:?}", text);
    }

    #[test]
    fn runs_are_those_of_the_portable_twin(parts in proptest::collection::vec("[ -~]{0,80}|[a-z0-9.]{30,200}|[A-Za-z0-9+/]{16,70}|\\PC{0,9}|[.]{1,70}", 0..400)) {
        let text = parts.concat().into_bytes();
        let (mut fast, mut slow) = (Runs::default(), Runs::default());
        fast.begin();
        slow.begin();
        let (mut at, mut last) = (0, false);
        while !last {
            last = text.len() - at < PIECE;
            let input = Input { text: &text, at, last };
            simd::find(&input, &mut fast);
            runs::find::<classes::Portable>(&input, &mut slow);
            prop_assert_eq!(fast.ends.get(), slow.ends.get());
            prop_assert_eq!(fast.base64.get(), slow.base64.get());
            prop_assert_eq!(fast.signs.get(), slow.signs.get());
            prop_assert_eq!(fast.long.get(), slow.long.get());
            prop_assert_eq!(fast.nul, slow.nul);
            at += PIECE;
        }
        prop_assert_eq!(&fast.newlines, &slow.newlines);
        let mut alone = Runs::default();
        simd::lines(&text, &mut alone);
        prop_assert_eq!((&alone.newlines, alone.nul[0]), (&slow.newlines, slow.nul[0]));
        let lines = memchr::memchr_iter(b'\n', &text).count();
        let bits: u32 = fast.newlines.iter().map(|w| w.count_ones()).sum();
        prop_assert_eq!(bits as usize, lines);
    }

    #[test]
    fn never_panics(text in proptest::collection::vec(any::<u8>(), 0..300), odd in "([%\\[(.\\\\/:@a-f0-9\u{0}]|evil\\.example|%2e|\u{e9}){0,90}") {
        let m = matcher(&[(Kind::Url, "http://evil.example/a"), (Kind::FilePath, "/a/b.c"), (Kind::Ipv6Addr, "2001:db8::1"), (Kind::UserAgent, "some agent"), (Kind::Md5, "0123456789abcdef0123456789abcdef"), (Kind::Ipv4Addr, "10.0.0.0/8")]);
        let mut hits = Vec::new();
        let mut scratch = Scratch::default();
        for text in [&text[..], odd.as_bytes()] {
            m.scan(text, &mut scratch, &mut hits);
            prop_assert!(hits.iter().all(|h| h.start <= h.end && h.end <= text.len()));
        }
    }
}
