use super::*;

fn values(text: &str) -> Vec<(Kind, String)> {
    let plain = crate::refang::Plain::of(text);
    find(&plain.text, Knowledge::builtin()).into_iter().map(|f| (f.kind, f.value)).collect()
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
        (r"\\server\share\x.exe", Kind::FilePath, r"\\server\share\x.exe"),
        ("wrote /tmp/.x/y", Kind::FilePath, "/tmp/.x/y"),
        ("AS64496", Kind::AutonomousSystem, "AS64496"),
        ("00-00-5E-00-53-01", Kind::MacAddr, "00:00:5e:00:53:01"),
        (
            r"HKLM\SOFTWARE\Microsoft\Windows NT\CurrentVersion\Run and",
            Kind::WindowsRegistryKey,
            r"HKEY_LOCAL_MACHINE\SOFTWARE\Microsoft\Windows NT\CurrentVersion\Run",
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
    ] {
        let all: Vec<_> =
            values(text).into_iter().filter(|(k, _)| *k != Kind::DomainName).collect();
        assert!(all.is_empty(), "{text}: {all:?}");
    }
}

#[test]
fn lists_glued_by_commas_and_slashes_come_apart() {
    assert_eq!(values("198.51.100.7,198.51.100.8;198.51.100.9|443").len(), 3);
    assert_eq!(values("198.51.100.1-198.51.100.9").len(), 2);
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
