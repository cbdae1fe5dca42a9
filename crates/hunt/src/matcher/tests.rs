use super::*;
use lapwing_model::Entity;
use proptest::prelude::*;

fn matcher(values: &[(Kind, &str)]) -> Matcher {
    Matcher::compile(values.iter().map(|(k, v)| Indicator::new(Entity::new(*k, *v), 0.9, "a test")))
}

fn found(matcher: &Matcher, text: &str) -> Vec<String> {
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
        (Kind::FilePath, r"\temp\my tool.exe"),
    ]);
    for text in [
        r"c:\INETPUB\wwwroot\aspnet_client\ODD.aspx",
        r"C:\\inetpub\\wwwroot\\aspnet_client\\odd.aspx",
        "POST /owa/auth/odd2.aspx - 443",
        r"D:\x\owa\auth\odd2.aspx",
        "/x/odd3.aspx",
        r"C:\temp\my tool.exe",
    ] {
        assert_eq!(found(&m, text).len(), 1, "{text}");
    }
    for text in
        ["/aspnet_client/odd.aspx", "/auth/odd2.aspx", "xodd3.aspx", "a.odd3.aspx", "odd3.aspx.txt"]
    {
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

/// Every token of the plain definition that is an indicator.
fn naive(values: &[String], text: &str) -> Vec<(usize, usize)> {
    let token = |c: char| c.is_ascii_alphanumeric() || "._@-".contains(c) || !c.is_ascii();
    let mut places = Vec::new();
    for value in values {
        for (at, _) in text.match_indices(value.as_str()) {
            let left = text[..at].chars().next_back();
            let end = at + value.len();
            let right = text[end..].trim_start_matches(['.', '-', '_', '@']);
            let right = if right.len() == text.len() - end {
                text[end..].chars().next()
            } else {
                right.chars().next()
            };
            let is_name = value.contains(|c: char| c.is_ascii_alphabetic());
            let left_ok = left.is_none_or(|c| !token(c)) || is_name && left == Some('.');
            if left_ok && right.is_none_or(|c| !token(c)) {
                places.push((at, end));
            }
        }
    }
    places.sort_unstable();
    places.dedup();
    places
}

proptest! {
    #[test]
    fn finds_what_a_naive_scan_finds(parts in proptest::collection::vec("(192\\.0\\.2\\.7|192\\.0\\.2\\.77|1|[.]|evil\\.example|a\\.|x|evil|[ ,;/=]|[ ,;]|-|\\n|abcdefghijklmnopqrstuvwxyz012345)", 0..60)) {
        // A slash before an address may make it a version, which the naive scan does not know.
        let text = parts.concat().replace("/192", ",192").replace('=', ",");
        let values = ["192.0.2.7".to_owned(), "evil.example".to_owned()];
        let m = matcher(&[(Kind::Ipv4Addr, &values[0]), (Kind::DomainName, &values[1])]);
        let mut hits = Vec::new();
        m.scan(text.as_bytes(), &mut Scratch::default(), &mut hits);
        // Runs that start with a mark are trimmed on the left too: `-192.0.2.7`.
        let ours: Vec<_> = hits.iter().map(|h| (h.start, h.end)).collect();
        for place in naive(&values, &text) {
            prop_assert!(ours.contains(&place), "missed {place:?} in {text:?}");
        }
        for (start, end) in ours {
            let left = text[..start].trim_end_matches(['.', '-', '_', '@']);
            let cut = left.len() < start;
            let left = left.chars().next_back();
            let ok = naive(&values, &text).contains(&(start, end))
                || cut && left.is_none_or(|c| !c.is_ascii_alphanumeric());
            prop_assert!(ok, "invented {:?} in {:?}", &text[start..end], text);
        }
    }

    #[test]
    fn never_panics(text in proptest::collection::vec(any::<u8>(), 0..300)) {
        let m = matcher(&[(Kind::Url, "http://evil.example/a"), (Kind::FilePath, "/a/b.c"), (Kind::Ipv6Addr, "2001:db8::1"), (Kind::UserAgent, "some agent")]);
        let mut hits = Vec::new();
        m.scan(&text, &mut Scratch::default(), &mut hits);
    }
}
