#![no_main]

use lapwing_hunt::{Indicator, Matcher};
use lapwing_model::{Entity, Kind};
use libfuzzer_sys::fuzz_target;

// Any text, and any bytes behind the first of a compiled matcher: found places lie in the text, and a
// damaged file is an error.
fuzz_target!(|bytes: &[u8]| {
    let list = [
        (Kind::Ipv4Addr, "192.0.2.7"),
        (Kind::Ipv4Addr, "198.51.100.0/24"),
        (Kind::Ipv6Addr, "2001:db8::7"),
        (Kind::DomainName, "evil.example"),
        (Kind::Url, "http://evil.example/a?b"),
        (Kind::FilePath, r"C:\a\odd.aspx"),
        (Kind::UserAgent, "odd agent"),
        (Kind::Md5, "0123456789abcdef0123456789abcdef"),
    ];
    let list = list.map(|(kind, value)| Indicator::new(Entity::new(kind, value), 0.9, "a list"));
    for (range, _) in Matcher::compile(list).find(bytes) {
        assert!(range.start <= range.end && range.end <= bytes.len());
    }
    let file = tempfile::NamedTempFile::new().expect("a file");
    std::fs::write(file.path(), [b"LAPWING\x1a", bytes].concat()).expect("written");
    assert!(Matcher::load(file.path()).is_err() || bytes.len() > 56);
});
