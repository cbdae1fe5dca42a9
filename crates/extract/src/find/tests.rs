use super::*;

fn values(text: &str) -> Vec<(Kind, String)> {
    let plain = crate::refang::Plain::of(text);
    find(&plain.text, &[], Knowledge::builtin()).into_iter().map(|f| (f.kind, f.value)).collect()
}

fn one(text: &str) -> (Kind, String) {
    let mut all = values(text);
    assert_eq!(all.len(), 1, "{text}: {all:?}");
    all.remove(0)
}

#[test]
fn each_kind_is_found() {
    for (text, kind, value) in [
        ("from 198.51.100.7.", Kind::Ipv4Addr, "198.51.100.7"),
        ("net 203.0.113.9/24,", Kind::Ipv4Addr, "203.0.113.0/24"),
        ("port 198.51.100.7:8080 open", Kind::Ipv4Addr, "198.51.100.7"),
        ("ip:198.51.100.7", Kind::Ipv4Addr, "198.51.100.7"),
        ("at 2001:DB8::8a2e:370:7334 now", Kind::Ipv6Addr, "2001:db8::8a2e:370:7334"),
        ("host C2.Evil[.]Example.", Kind::DomainName, "c2.evil.example"),
        ("*.evil.example.org", Kind::DomainName, "evil.example.org"),
        ("c2.example.org:443", Kind::DomainName, "c2.example.org"),
        ("(hxxps://Evil[.]example/a?b=c).", Kind::Url, "https://evil.example/a?b=c"),
        ("hxxp[:]//198.51.100[.]7/x,", Kind::Url, "http://198.51.100.7/x"),
        ("http://ex.example/host[v1]/a", Kind::Url, "http://ex.example/host[v1]/a"),
        ("evil.example/gate.php", Kind::Url, "evil.example/gate.php"),
        ("mail me[at]evil[.]example and", Kind::EmailAddr, "me@evil.example"),
        ("d41d8cd98f00b204e9800998ecf8427e", Kind::Md5, "d41d8cd98f00b204e9800998ecf8427e"),
        (
            "imphash: d41d8cd98f00b204e9800998ecf8427e",
            Kind::Imphash,
            "d41d8cd98f00b204e9800998ecf8427e",
        ),
        (
            "sha1=DA39A3EE5E6B4B0D3255BFEF95601890AFD80709",
            Kind::Sha1,
            "da39a3ee5e6b4b0d3255bfef95601890afd80709",
        ),
        (
            "96:abcdefgh1234/+abcdef:abcdefgh1234",
            Kind::Ssdeep,
            "96:abcdefgh1234/+abcdef:abcdefgh1234",
        ),
        ("runs loader.exe, then", Kind::FileName, "loader.exe"),
        (r"C:\Program Files\Foo Bar\x.dll is", Kind::FilePath, r"C:\Program Files\Foo Bar\x.dll"),
        (r"in %TEMP%\x.tmp.", Kind::FilePath, r"%TEMP%\x.tmp"),
        (r"deletes C:\Program Files and more", Kind::FilePath, r"C:\Program Files"),
        (r"in C:\Program Files (x86).", Kind::FilePath, r"C:\Program Files (x86)"),
        (
            "at \u{201c}C:\\Tools\\my own tool.exe\u{201d}.",
            Kind::FilePath,
            r"C:\Tools\my own tool.exe",
        ),
        (r"'C:\ProgramData\Night Heron\'", Kind::FilePath, r"C:\ProgramData\Night Heron\"),
        (r#""C:\Tools\a.exe /c whoami""#, Kind::FilePath, r"C:\Tools\a.exe"),
        (r"saves C:\Tools\Night Heron.exe.", Kind::FilePath, r"C:\Tools\Night Heron.exe"),
        (
            r"in C:\Users\<USER NAME>\AppData\Local\x.dat, and",
            Kind::FilePath,
            r"C:\Users\<USER NAME>\AppData\Local\x.dat",
        ),
        (r"C:\Temp\<br> and", Kind::FilePath, r"C:\Temp\"),
        (r"\\server\share\x.exe", Kind::FilePath, r"\\server\share\x.exe"),
        ("wrote /tmp/.x/y", Kind::FilePath, "/tmp/.x/y"),
        ("AS64496", Kind::AutonomousSystem, "AS64496"),
        ("00-00-5E-00-53-01", Kind::MacAddr, "00:00:5e:00:53:01"),
        ("on 0000.5E00.53AF now", Kind::MacAddr, "00:00:5e:00:53:af"),
        ("to anna@b\u{fc}cher.example.", Kind::EmailAddr, "anna@xn--bcher-kva.example"),
        (
            "\u{90ae}\u{7bb1}:ann@evil.example(\u{4f2a}\u{9020})",
            Kind::EmailAddr,
            "ann@evil.example",
        ),
        ("to J\u{f6}rg.x@evil.example,", Kind::EmailAddr, "J\u{f6}rg.x@evil.example"),
        ("at hxxps://evil-\nsite.example/x/y.php", Kind::Url, "https://evil-site.example/x/y.php"),
        (
            "at hxxps://evil.example/down-\nload.php?x=1 and",
            Kind::Url,
            "https://evil.example/down-load.php?x=1",
        ),
        (
            r"HKLM\SOFTWARE\Microsoft\Windows NT\CurrentVersion\Run and",
            Kind::WindowsRegistryKey,
            r"HKEY_LOCAL_MACHINE\SOFTWARE\Microsoft\Windows NT\CurrentVersion\Run",
        ),
        (
            r"[HKEY_CURRENT_USER\Software\Marsh\Heron]",
            Kind::WindowsRegistryKey,
            r"HKEY_CURRENT_USER\Software\Marsh\Heron",
        ),
        ("CVE\u{2011}2021\u{2011}27065", Kind::Vulnerability, "CVE-2021-27065"),
        ("cve-2021-26855,", Kind::Vulnerability, "CVE-2021-26855"),
        ("CVE\u{2013}2021\u{2013}26855", Kind::Vulnerability, "CVE-2021-26855"),
        ("(CWE-269)", Kind::Weakness, "CWE-269"),
        ("T1505.003:", Kind::AttackPattern, "T1505.003"),
        ("uses ASP.NET today", Kind::Software, "ASP.NET"),
        (
            "0x52908400098527886E0F7030069857D2E4169EE7",
            Kind::CryptocurrencyWallet,
            "0x52908400098527886E0F7030069857D2E4169EE7",
        ),
        (
            "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4",
            Kind::CryptocurrencyWallet,
            "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4",
        ),
    ] {
        assert_eq!(one(text), (kind, value.to_owned()), "{text}");
    }
}

#[test]
fn the_full_stop_of_a_sentence_is_no_part_of_a_value() {
    for (text, kind, value) in [
        ("It uses CVE-2021-27065.", Kind::Vulnerability, "CVE-2021-27065"),
        ("CVE\u{2011}2021\u{2011}27065. It", Kind::Vulnerability, "CVE-2021-27065"),
        ("then CVE-2021-27065...", Kind::Vulnerability, "CVE-2021-27065"),
        ("_CVE-2021-27065_.", Kind::Vulnerability, "CVE-2021-27065"),
        ("by CWE-269.", Kind::Weakness, "CWE-269"),
        ("by T1190.", Kind::AttackPattern, "T1190"),
        ("by _T1190_.", Kind::AttackPattern, "T1190"),
        ("by T1505.003.", Kind::AttackPattern, "T1505.003"),
        ("in AS64496.", Kind::AutonomousSystem, "AS64496"),
        ("d41d8cd98f00b204e9800998ecf8427e.", Kind::Md5, "d41d8cd98f00b204e9800998ecf8427e"),
        ("at 00-00-5E-00-53-01.", Kind::MacAddr, "00:00:5e:00:53:01"),
        (
            "0x52908400098527886E0F7030069857D2E4169EE7.",
            Kind::CryptocurrencyWallet,
            "0x52908400098527886E0F7030069857D2E4169EE7",
        ),
        (
            "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4.",
            Kind::CryptocurrencyWallet,
            "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4",
        ),
    ] {
        assert_eq!(one(text), (kind, value.to_owned()), "{text}");
    }
    assert_eq!(values("in 2021. Then 10000. And T-1. And AS."), []);
    assert_eq!(values("version 1234.5678.9012 of it"), []);
}

#[test]
fn rarer_kinds_are_found() {
    let md5 = "d41d8cd98f00b204e9800998ecf8427e";
    let sha1 = "da39a3ee5e6b4b0d3255bfef95601890afd80709";
    for (text, kind, value) in [
        ("JA3: d41d8cd98f00b204e9800998ecf8427e", Kind::NetworkFingerprint, format!("ja3:{md5}")),
        (
            "JA3S hash d41d8cd98f00b204e9800998ecf8427e",
            Kind::NetworkFingerprint,
            format!("ja3s:{md5}"),
        ),
        (
            "07d14d16d21d21d07c42d41d00041d24a458a375eef0c576d23a7bab9a9fb1",
            Kind::NetworkFingerprint,
            "jarm:07d14d16d21d21d07c42d41d00041d24a458a375eef0c576d23a7bab9a9fb1".into(),
        ),
        (
            "t13d1516h2_8daaf6152771_e5627efa2ab1",
            Kind::NetworkFingerprint,
            "ja4:t13d1516h2_8daaf6152771_e5627efa2ab1".into(),
        ),
        ("Thumbprint: DA39A3EE5E6B4B0D3255BFEF95601890AFD80709", Kind::Certificate, sha1.into()),
        ("serial number 0a1b2c3d4e5f60718293", Kind::Certificate, "0a1b2c3d4e5f60718293".into()),
        ("Serial: 0A:1B:2C:3D:4E:5F:60:71:82", Kind::Certificate, "0a1b2c3d4e5f607182".into()),
        (
            "authentihash: e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
            Kind::Authentihash,
            "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855".into(),
        ),
        (
            "T1A12BC3D4E5F60718293A4B5C6D7E8F90A1B2C3D4E5F60718293A4B5C6D7E8F90A1B2C3",
            Kind::Tlsh,
            "T1A12BC3D4E5F60718293A4B5C6D7E8F90A1B2C3D4E5F60718293A4B5C6D7E8F90A1B2C3".into(),
        ),
        (
            "cpe:2.3:a:Example:Marsh_Server:1.2.3:*:*:*:*:*:*:*.",
            Kind::Software,
            "cpe:2.3:a:example:marsh_server:1.2.3:*:*:*:*:*:*:*".into(),
        ),
        ("(cpe:/a:example:marsh:1.0)", Kind::Software, "cpe:/a:example:marsh:1.0".into()),
        ("the Telegram account @marsh_bird sells", Kind::UserAccount, "@marsh_bird".into()),
        (
            r"D:\src\Marsh Bird\x64\Release\marsh.pdb",
            Kind::FilePath,
            r"D:\src\Marsh Bird\x64\Release\marsh.pdb".into(),
        ),
        (r"\\.\pipe\marsh", Kind::NamedPipe, r"\\.\pipe\marsh".into()),
        ("at b\u{fc}cher.example now", Kind::DomainName, "xn--bcher-kva.example".into()),
        ("at XN--BCHER-KVA.example now", Kind::DomainName, "xn--bcher-kva.example".into()),
        ("на сайте пример.рф.", Kind::DomainName, "xn--e1afmkfd.xn--p1ai".into()),
        (
            "hxxp://b\u{fc}cher[.]example/\u{e4}?x=(1)#f",
            Kind::Url,
            "http://xn--bcher-kva.example/\u{e4}?x=(1)#f".into(),
        ),
        ("http://[2001:db8::7]:8080/a", Kind::Url, "http://[2001:db8::7]:8080/a".into()),
        ("http://me:pw@evil.example:81/a", Kind::Url, "http://me:pw@evil.example:81/a".into()),
        ("expyuzz4wqqyqhjn.onion", Kind::DomainName, "expyuzz4wqqyqhjn.onion".into()),
        (
            "1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa",
            Kind::CryptocurrencyWallet,
            "1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa".into(),
        ),
        ("2001:db8::/32", Kind::Ipv6Addr, "2001:db8::/32".into()),
    ] {
        assert_eq!(one(text), (kind, value), "{text}");
    }
}

#[test]
fn ranges_are_their_networks() {
    let shown = |text: &str| values(text).into_iter().map(|(_, v)| v).collect::<Vec<_>>();
    let nine = ["192.0.2.1", "192.0.2.2/31", "192.0.2.4/30", "192.0.2.8/31"];
    assert_eq!(shown("192.0.2.1-192.0.2.9"), nine);
    assert_eq!(shown("from 192[.]0[.]2[.]1-9, and"), nine);
    assert_eq!(shown("192.0.2.0-192.0.2.255"), ["192.0.2.0/24"]);
    // Too far apart, the wrong way round, or no address at all.
    assert_eq!(shown("192.0.2.1-203.0.113.9"), ["192.0.2.1", "203.0.113.9"]);
    assert_eq!(shown("192.0.2.9-192.0.2.1"), ["192.0.2.9", "192.0.2.1"]);
    assert_eq!(shown("2021.03.02-4"), [""; 0]);
    assert_eq!(shown("versions 4.10.0.3-4.10.0.9"), ["4.10.0.3", "4.10.0.9"]);
}

#[test]
fn values_that_a_layout_broke_are_whole_again() {
    let sha256 = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
    let cut = |at: &[usize], with: &str| {
        let mut text = String::new();
        let mut from = 0;
        for to in at.iter().copied().chain([sha256.len()]) {
            text.push_str(if from == 0 { "" } else { with });
            text.push_str(&sha256[from..to]);
            from = to;
        }
        text
    };
    for text in [
        cut(&[48], "\n"),
        cut(&[40], "\r\n  "),
        cut(&[24, 48], "\n"),
        cut(&[33], "-\n"),
        format!("SHA-256: {}", cut(&[32], " ")),
        format!("SHA-256: {}", cut(&[16, 32, 48], "\n")),
    ] {
        assert_eq!(one(&text), (Kind::Sha256, sha256.to_owned()), "{text}");
    }
    for (text, url) in [
        (
            "The loader then fetches https://files.example.com/updates/\nwin32/stage2.bin?id=7 and runs it.",
            "https://files.example.com/updates/win32/stage2.bin?id=7",
        ),
        (
            "see https://files.example.com/long/path/to/some-\nthing-2021.html",
            "https://files.example.com/long/path/to/some-thing-2021.html",
        ),
        (
            "It asks https://files.example.com/some/gate.php?\nid=5&key=abc now",
            "https://files.example.com/some/gate.php?id=5&key=abc",
        ),
    ] {
        assert_eq!(one(text), (Kind::Url, url.to_owned()), "{text}");
    }
}

#[test]
fn entries_of_a_list_stay_apart() {
    let shown = |text: &str| values(text).into_iter().map(|(_, v)| v).collect::<Vec<_>>();
    let md5 = ["d41d8cd98f00b204e9800998ecf8427e", "9e107d9d372bb6826bd81d3542a419d6"];
    assert_eq!(shown(&md5.join("\n")), md5);
    let sha256 = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
    assert_eq!(shown(&format!("{sha256}\n{sha256}")), [sha256, sha256]);
    let listed = "https://files.example.com/a/long/path/to/x/\nhttps://files.example.com/b/";
    assert_eq!(shown(listed).len(), 2);
    let below = "https://files.example.com/a/long/path/to/x/\nevil.example/b/c.php";
    assert_eq!(shown(below).len(), 2);
    for after in ["2021-03-02", "Conclusion", "and/or more", "- next", "192.0.2.1"] {
        let text = format!("https://files.example.com/a/long/path/to/x/\n{after}");
        assert_eq!(shown(&text)[0], "https://files.example.com/a/long/path/to/x/", "{after}");
    }
    // Half hashes in a list.
    let halves = "e3b0c44298fc1c149afb\nf4c8996fb92427ae41e4\n649b934ca495991b7852";
    assert!(shown(halves).is_empty());
}

#[test]
fn what_is_no_value_is_not_found() {
    for text in [
        "1.2.3",
        "15.2.792.3",
        "Foo::Bar",
        "12:30:45",
        "T1a05",
        "CVE-21-1",
        "e.g. this",
        "and/or",
        "a.b",
        "end.Next",
        "00000000000000000000000000000000",
        "https://",
        "@home",
        "256.1.1.1",
        "IMEI 490154203237518",
        "call +44 20 7946 0958",
        "ISBN 978-3-16-148410-0",
        "2021-03-02T10:11:12Z",
        "colour #a1b2c3",
        "{6B29FC40-CA47-1067-B31D-00DD010662DA}",
        "12345678901234567890123456789012",
        "abcdefabcdefabcdefabcdefabcdefab",
        "TWFyc2ggQmlyZCBpcyBhIHRlc3Qgc3RyaW5nIG9mIG91cnM=",
        "1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNb",
        "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAeD",
        "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t5",
        "follow @marsh_bird today",
        "10:20:30:40:50:60:70:80:90",
        "cpe:2.3",
        "日本.日本",
    ] {
        let all: Vec<_> =
            values(text).into_iter().filter(|(k, _)| *k != Kind::DomainName).collect();
        assert!(all.is_empty(), "{text}: {all:?}");
    }
}

#[test]
fn lists_glued_by_commas_and_slashes_come_apart() {
    assert_eq!(values("198.51.100.7,198.51.100.8;198.51.100.9|443").len(), 3);
    assert_eq!(values("198.51.100.1_198.51.100.9").len(), 2);
    assert_eq!(values("http://a.example/x,http://b.example/y").len(), 2);
    assert_eq!(values("evil.exe/bad.dll").len(), 2);
}

#[test]
fn a_hash_cut_by_a_line_end_is_whole_again() {
    let text = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934c\na495991b7852b855";
    assert_eq!(one(text), (Kind::Sha256, text.replace('\n', "")));
}

#[test]
fn a_magnet_link_names_no_host_and_no_hash() {
    let link = "magnet:?xt=urn:btih:da39a3ee5e6b4b0d3255bfef95601890afd80709&dn=setup_4.1.0.2.zip";
    assert!(values(&format!("<{link}>")).is_empty());
    assert_eq!(
        one(&format!("{link} c2.example.org")),
        (Kind::DomainName, "c2.example.org".to_owned())
    );
}

#[test]
fn numbers_of_vulnerabilities_that_share_their_prefix() {
    let numbers = |text: &str| -> Vec<String> {
        let found = find(&crate::refang(text), &[], Knowledge::builtin());
        found.into_iter().filter(|f| f.kind == Kind::Vulnerability).map(|f| f.value).collect()
    };
    for (text, expected) in [
        ("via CVE 2021-26855.", &["CVE-2021-26855"][..]),
        ("reference:cve,2021-27065;", &["CVE-2021-27065"]),
        ("CVEs: 2021-26855, 2021-26857", &["CVE-2021-26855", "CVE-2021-26857"]),
        (
            "CVE-2021-34473, -34523 and -31207 were",
            &["CVE-2021-34473", "CVE-2021-34523", "CVE-2021-31207"],
        ),
        ("CVE-2021-44228/45046", &["CVE-2021-44228", "CVE-2021-45046"]),
        ("CVE-2021-44228 on 2021-12101", &["CVE-2021-44228"]),
        ("on 2021-26855 of CVE", &[]),
        ("CVE-2021-44228, 5000 hosts", &["CVE-2021-44228"]),
    ] {
        assert_eq!(numbers(text), expected, "{text}");
    }
}

#[test]
fn escapes_of_patterns_are_no_paths() {
    for text in [
        r"Host\x3a\x20",
        r"^https?:\/\/[^\/]+\/wp\-content\/$",
        r"[^\r\n]+\d+\.\d+",
        r"\.evil\.example",
    ] {
        let found = find(text, &[], Knowledge::builtin());
        assert!(!found.iter().any(|f| f.kind == Kind::FilePath), "{text}: {found:?}");
    }
    for text in [r"C:\new\x64\release\a.exe", r"bin\x64\a.exe", r"\host\share\d\a.exe"] {
        let found = find(text, &[], Knowledge::builtin());
        assert!(found.iter().any(|f| f.kind == Kind::FilePath), "{text}: {found:?}");
    }
    let found = find(r"Global\MarshM1", &[], Knowledge::builtin());
    assert_eq!((found[0].kind, found[0].value.as_str()), (Kind::Mutex, r"Global\MarshM1"));
    let text = r"under HKCU\Software\Marsh\Run\Heron. Then Global\{A1B2} was";
    let found = find(text, &[], Knowledge::builtin());
    assert_eq!(found[0].value, r"HKEY_CURRENT_USER\Software\Marsh\Run\Heron");
}
