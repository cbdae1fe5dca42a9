use std::net::{Ipv4Addr, Ipv6Addr};

use lapwing_model::{Entity, Kind, registry};

use crate::refang::refang;

/// Endings of file names that are no top-level domain, or hardly ever meant as one.
const FILE_ENDINGS: &[&str] = &[
    "7z", "aar", "apk", "asa", "ashx", "asmx", "asp", "aspx", "axd", "bat", "bin", "bmp", "cab",
    "cer", "cfg", "cgi", "chm", "class", "cmd", "conf", "config", "cpl", "csv", "dat", "db", "deb",
    "dex", "dll", "dmg", "dmp", "doc", "docm", "docx", "dotm", "dylib", "efi", "elf", "eml", "exe",
    "gif", "gz", "hta", "htm", "html", "hwp", "ico", "img", "inf", "ini", "iso", "jar", "jpeg",
    "jpg", "js", "jse", "json", "jsp", "jspx", "key", "ko", "lnk", "log", "lua", "msc", "msg",
    "msi", "msp", "o", "ocx", "odt", "one", "pcap", "pdb", "pdf", "pem", "pfx", "php", "pif",
    "pkg", "plist", "png", "pot", "ppam", "ppt", "pptm", "pptx", "ps1", "psd1", "psm1", "pub",
    "py", "pyc", "pyd", "rar", "reg", "rpm", "rtf", "scf", "scr", "sct", "sh", "slk", "sqlite",
    "svg", "swf", "sys", "tar", "tgz", "tmp", "tsv", "txt", "url", "vbe", "vbs", "vhd", "vhdx",
    "war", "wsc", "wsf", "xla", "xlam", "xll", "xls", "xlsb", "xlsm", "xlsx", "xml", "xsl", "yaml",
    "yar", "yml", "zip",
];

/// Endings of names that are kept for private or alternative networks and stand in no public list.
const PRIVATE_ENDINGS: &[&str] = &[
    "bazar", "bit", "coin", "corp", "emc", "example", "i2p", "internal", "invalid", "lan", "lib",
    "local", "onion", "test",
];

/// Tells what one single value is; `None` when it is none that can be told by its shape alone.
///
/// The value is refanged and normalised. Strict: for cells and lines that hold nothing else.
pub fn classify(text: &str) -> Option<Entity> {
    let trimmed = trim(text);
    if trimmed.is_empty() || trimmed.len() > 4096 {
        return None;
    }
    if let Some(hash) = hash(trimmed) {
        return Some(hash);
    }
    let plain = refang(trimmed);
    let plain = plain.trim();
    named_id(plain)
        .or_else(|| address(plain))
        .or_else(|| url(plain))
        .or_else(|| registry_key(plain))
        .or_else(|| path(plain))
        .or_else(|| email(plain))
        .or_else(|| user_agent(plain))
        .or_else(|| mac(plain))
        .or_else(|| ssdeep(plain))
        .or_else(|| wallet(plain))
        .or_else(|| file_name(plain))
        .or_else(|| domain(plain))
}

/// As [`classify`], with what a type column or a heading says; shape wins where it is beyond doubt.
pub(crate) fn classify_as(text: &str, kind: Option<Kind>) -> Option<Entity> {
    let by_shape = classify(text);
    let Some(kind) = kind else { return by_shape };
    let plain = refang(trim(text)).trim().to_owned();
    if plain.is_empty() || plain.len() > 4096 {
        return None;
    }
    let same = |entity: &Entity| entity.kind == kind;
    if by_shape.as_ref().is_some_and(same) {
        return by_shape;
    }
    match kind {
        Kind::Url => match by_shape {
            // `80.85.154.48:443` and `example.com/x` in a column of URLs are URLs without a scheme.
            Some(entity)
                if matches!(entity.kind, Kind::Ipv4Addr | Kind::Ipv6Addr | Kind::DomainName) =>
            {
                if plain == entity.value {
                    Some(entity)
                } else {
                    Some(Entity::new(Kind::Url, plain))
                }
            }
            Some(entity) => Some(entity),
            None if !plain.contains(char::is_whitespace) && plain.contains(['.', '/']) => {
                Some(Entity::new(Kind::Url, plain))
            }
            None => None,
        },
        Kind::DomainName => match by_shape {
            Some(Entity { kind: Kind::FileName, .. }) | None => host(&plain),
            other => other,
        },
        // A name of the source's own: any text will do.
        Kind::FileName | Kind::FilePath => match by_shape {
            Some(entity) if entity.kind.is_file_hash() || entity.kind == Kind::FilePath => {
                Some(entity)
            }
            _ if plain.contains(['\\', '/']) => Some(Entity::new(Kind::FilePath, plain)),
            _ => Some(Entity::new(kind, plain)),
        },
        Kind::Imphash if matches!(by_shape, Some(Entity { kind: Kind::Md5, .. })) => {
            Some(Entity::new(kind, plain.to_ascii_lowercase()))
        }
        Kind::WindowsRegistryKey => Some(registry_entity(&plain)),
        Kind::Mutex
        | Kind::UserAgent
        | Kind::Process
        | Kind::NamedPipe
        | Kind::Certificate
        | Kind::Malware
        | Kind::ThreatActor
        | Kind::Campaign
        | Kind::Tool => Some(Entity::new(kind, plain)),
        // The source says that it is one, though its checksum may be wrong.
        Kind::CryptocurrencyWallet
            if plain.len() >= 25 && plain.bytes().all(|b| b.is_ascii_alphanumeric()) =>
        {
            Some(Entity::new(kind, wallet_form(&plain)))
        }
        Kind::AutonomousSystem
            if plain.bytes().all(|b| b.is_ascii_digit()) && plain.len() <= 10 =>
        {
            Some(Entity::new(kind, format!("AS{plain}")))
        }
        _ => by_shape,
    }
}

/// Drops quotes, brackets and punctuation around a value.
fn trim(text: &str) -> &str {
    let mut text =
        text.trim_matches(|c: char| c.is_whitespace() || c == '\u{feff}' || c == '\u{200b}');
    loop {
        let before = text;
        text = text.trim_matches(['"', '\'', '`', '“', '”', '‘', '’']).trim();
        for (open, close) in [('<', '>'), ('[', ']'), ('(', ')')] {
            if let Some(inner) = text.strip_prefix(open).and_then(|t| t.strip_suffix(close))
                && !inner.contains([open, close])
            {
                text = inner.trim();
            }
        }
        text = text.trim_end_matches([',', ';']);
        if text.len() == before.len() {
            return text;
        }
    }
}

fn hash(text: &str) -> Option<Entity> {
    let kind = match text.len() {
        32 => Kind::Md5,
        40 => Kind::Sha1,
        64 => Kind::Sha256,
        128 => Kind::Sha512,
        _ => return None,
    };
    let hex = text.bytes().all(|b| b.is_ascii_hexdigit());
    // One digit over and over stands for "no hash" in templates.
    let varied = text.bytes().any(|b| Some(&b) != text.as_bytes().first());
    (hex && varied).then(|| Entity::new(kind, text.to_ascii_lowercase()))
}

fn named_id(text: &str) -> Option<Entity> {
    let digits = |t: &str, range: std::ops::RangeInclusive<usize>| {
        range.contains(&t.len()) && t.bytes().all(|b| b.is_ascii_digit())
    };
    let prefix = |p: &str| {
        text.get(..p.len()).filter(|h| h.eq_ignore_ascii_case(p)).map(|_| &text[p.len()..])
    };
    if let Some((year, number)) = prefix("CVE-").and_then(|rest| rest.split_once('-'))
        && digits(year, 4..=4)
        && digits(number, 4..=19)
    {
        return Some(Entity::new(Kind::Vulnerability, text.to_ascii_uppercase()));
    }
    if prefix("CWE-").is_some_and(|n| digits(n, 1..=5)) {
        return Some(Entity::new(Kind::Weakness, text.to_ascii_uppercase()));
    }
    if prefix("ASN").or_else(|| prefix("AS")).is_some_and(|n| digits(n.trim_start(), 2..=10)) {
        let number = text.trim_start_matches(|c: char| c.is_ascii_alphabetic()).trim();
        return Some(Entity::new(Kind::AutonomousSystem, format!("AS{number}")));
    }
    if let Some(rest) = text.strip_prefix('T') {
        let (technique, sub) = rest.split_once('.').map_or((rest, None), |(t, s)| (t, Some(s)));
        if digits(technique, 4..=4) && sub.is_none_or(|s| digits(s, 3..=3)) {
            return Some(Entity::new(Kind::AttackPattern, text));
        }
    }
    None
}

fn address(text: &str) -> Option<Entity> {
    let first = text.bytes().next()?;
    if !(first.is_ascii_hexdigit() || first == b':' || first == b'[') {
        return None;
    }
    let (body, prefix) = match text.split_once('/') {
        Some((body, prefix)) => (body, Some(prefix.parse::<u8>().ok()?)),
        None => (text, None),
    };
    let shown = |address: String| match prefix {
        Some(prefix) => format!("{address}/{prefix}"),
        None => address,
    };
    let ipv4 = |t: &str| t.parse::<Ipv4Addr>().ok().filter(|_| prefix.is_none_or(|p| p <= 32));
    let port = |t: &str| !t.is_empty() && t.len() <= 5 && t.bytes().all(|b| b.is_ascii_digit());
    if let Some(found) = ipv4(body) {
        return Some(Entity::new(Kind::Ipv4Addr, shown(found.to_string())));
    }
    if let Some((host, tail)) = body.split_once([':', '|'])
        && port(tail)
        && let Some(found) = ipv4(host)
    {
        return Some(Entity::new(Kind::Ipv4Addr, found.to_string()));
    }
    let inner = match body.strip_prefix('[') {
        Some(rest) => {
            let (inner, tail) = rest.split_once(']')?;
            if !(tail.is_empty() || tail.strip_prefix(':').is_some_and(port)) {
                return None;
            }
            inner
        }
        None => body,
    };
    if inner.len() < 3 || prefix.is_some_and(|p| p > 128) {
        return None;
    }
    let found = inner.parse::<Ipv6Addr>().ok()?;
    Some(Entity::new(Kind::Ipv6Addr, shown(found.to_string())))
}

fn url(text: &str) -> Option<Entity> {
    if text.contains(char::is_whitespace) {
        return None;
    }
    if let Some(at) = text.find("://") {
        let (scheme, rest) = (&text[..at], &text[at + 3..]);
        let known = [
            "http", "https", "ftp", "ftps", "sftp", "tcp", "udp", "ws", "wss", "ldap", "ldaps",
            "smb", "ssh", "rtmp", "socks5",
        ];
        let scheme = scheme.to_ascii_lowercase();
        if !known.contains(&scheme.as_str()) {
            return None;
        }
        let host_end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
        let (authority, tail) = rest.split_at(host_end);
        let host_part = authority.rsplit('@').next().unwrap_or(authority);
        if host_part.len() < 2
            || !host_part
                .bytes()
                .next()
                .is_some_and(|b| b.is_ascii_alphanumeric() || b == b'[' || b >= 0x80)
        {
            return None;
        }
        return Some(Entity::new(
            Kind::Url,
            format!("{scheme}://{}{tail}", authority.to_ascii_lowercase()),
        ));
    }
    let (authority, tail) = text.split_at(text.find('/')?);
    let (name, port) = authority.split_once(':').map_or((authority, None), |(n, p)| (n, Some(p)));
    if port.is_some_and(|p| p.is_empty() || !p.bytes().all(|b| b.is_ascii_digit())) {
        return None;
    }
    if name.parse::<Ipv4Addr>().is_ok() || domain(name).is_some() {
        return Some(Entity::new(Kind::Url, format!("{}{tail}", authority.to_ascii_lowercase())));
    }
    None
}

/// A key that the source says is one, in the form with the long name of its root.
pub(crate) fn registry_entity(text: &str) -> Entity {
    registry_key(text).unwrap_or_else(|| Entity::new(Kind::WindowsRegistryKey, text))
}

fn registry_key(text: &str) -> Option<Entity> {
    registry::key(text).map(|key| Entity::new(Kind::WindowsRegistryKey, key))
}

fn path(text: &str) -> Option<Entity> {
    let bytes = text.as_bytes();
    // Windows keeps named objects (mutexes in reports) under these two folders.
    if (text.starts_with("Global\\") || text.starts_with("Local\\"))
        && text.len() <= 260
        && text.matches('\\').count() == 1
    {
        return Some(Entity::new(Kind::Mutex, text));
    }
    if text.len() > 1024 || text.contains(['\n', '\t', '"', '*', '|']) && !text.starts_with('%') {
        return None;
    }
    if text.starts_with("\\\\.\\") && text.to_ascii_lowercase().starts_with("\\\\.\\pipe\\") {
        return Some(Entity::new(Kind::NamedPipe, text));
    }
    // Several paths or a sentence around one are no path: a drive later on, marks of quotation, many words in a name.
    let quoted = text.contains(['`', '“', '”', '„', '«', '»']);
    let words = text.rsplit('\\').next().unwrap_or_default().split_whitespace().count();
    if quoted || words > 9 || text.get(2..).is_some_and(|rest| rest.contains(":\\")) {
        return None;
    }
    let drive = bytes.len() > 3
        && bytes[0].is_ascii_alphabetic()
        && bytes[1] == b':'
        && matches!(bytes[2], b'\\' | b'/');
    let variable = text.starts_with('%')
        && text[1..].find('%').is_some_and(|at| text[at + 2..].starts_with(['\\', '/']));
    let rooted = text.starts_with('\\') && text.matches('\\').count() >= 2;
    let unix = (text.starts_with('/') || text.starts_with("~/"))
        && text.matches('/').count() >= 2
        && !text.contains(' ')
        && !text.starts_with("//");
    (drive || variable || rooted || unix).then(|| Entity::new(Kind::FilePath, text))
}

fn email(text: &str) -> Option<Entity> {
    let (user, name) = text.rsplit_once('@')?;
    let fits = |c: char| c.is_alphanumeric() || "._%+-'=".contains(c);
    if user.is_empty() || user.len() > 64 || !user.chars().all(fits) {
        return None;
    }
    let name = domain(name)?;
    Some(Entity::new(Kind::EmailAddr, format!("{user}@{}", name.value).to_ascii_lowercase()))
}

fn user_agent(text: &str) -> Option<Entity> {
    let known = text.starts_with("Mozilla/") && text.len() > 11;
    let product = text.split_once('/').is_some_and(|(name, rest)| {
        !name.is_empty()
            && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
            && rest.bytes().next().is_some_and(|b| b.is_ascii_digit())
            && (rest.contains("(+")
                || rest.contains("+(")
                || rest.contains(" (")
                || rest.contains(';'))
    });
    (known || product).then(|| Entity::new(Kind::UserAgent, text))
}

fn mac(text: &str) -> Option<Entity> {
    if text.len() == 14 {
        return dotted_mac(text);
    }
    if text.len() != 17 {
        return None;
    }
    let fits = text
        .bytes()
        .enumerate()
        .all(|(at, b)| if at % 3 == 2 { b == b':' || b == b'-' } else { b.is_ascii_hexdigit() });
    fits.then(|| Entity::new(Kind::MacAddr, text.to_ascii_lowercase().replace('-', ":")))
}

/// As Cisco writes it: `0000.5e00.53af`. Digits alone are a number.
fn dotted_mac(text: &str) -> Option<Entity> {
    let digits: String = text.split('.').collect();
    let groups = text.split('.').count() == 3 && text.split('.').all(|group| group.len() == 4);
    let letters = digits.bytes().any(|b| b.is_ascii_alphabetic());
    (groups && letters && digits.bytes().all(|b| b.is_ascii_hexdigit())).then(|| {
        let pairs: Vec<&str> = (0..6).filter_map(|at| digits.get(at * 2..at * 2 + 2)).collect();
        Entity::new(Kind::MacAddr, pairs.join(":").to_ascii_lowercase())
    })
}

fn ssdeep(text: &str) -> Option<Entity> {
    let mut parts = text.splitn(3, ':');
    let size = parts.next()?;
    let base64 = |p: &str| {
        p.len() >= 3 && p.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'/' || b == b'+')
    };
    let fits = !size.is_empty()
        && size.bytes().all(|b| b.is_ascii_digit())
        && base64(parts.next()?)
        && base64(parts.next()?)
        && text.len() > 16;
    fits.then(|| Entity::new(Kind::Ssdeep, text))
}

fn wallet(text: &str) -> Option<Entity> {
    lapwing_model::wallet::checked(text)
        .is_some()
        .then(|| Entity::new(Kind::CryptocurrencyWallet, wallet_form(text)))
}

/// An address of SegWit is the same in capitals.
fn wallet_form(text: &str) -> String {
    let lower = text.to_ascii_lowercase();
    if lower.starts_with("bc1") || lower.starts_with("ltc1") { lower } else { text.to_owned() }
}

fn file_name(text: &str) -> Option<Entity> {
    let (stem, ending) = text.rsplit_once('.')?;
    let ending = ending.to_ascii_lowercase();
    if stem.is_empty()
        || text.len() > 200
        || text.contains(['/', '\\', ':', '?', '"', '<', '>', '|', '@'])
    {
        return None;
    }
    // `hash  name` is two values.
    if text.contains(char::is_whitespace)
        && text.split_whitespace().any(|t| hash(t).is_some() || address(t).is_some())
    {
        return None;
    }
    // A name with blanks is a sentence unless it is short.
    if text.split_whitespace().count() > 6 || FILE_ENDINGS.binary_search(&ending.as_str()).is_err()
    {
        return None;
    }
    // `transfer.sh`, `docs.example.py`: a host name under an ending that is a country's too.
    if matches!(ending.as_str(), "sh" | "py" | "zip" | "pub")
        && stem.contains('.')
        && domain(text).is_some()
    {
        return None;
    }
    Some(Entity::new(Kind::FileName, text))
}

fn domain(text: &str) -> Option<Entity> {
    let name = host(text)?;
    let ending = name.value.rsplit('.').next()?;
    let known = PRIVATE_ENDINGS.contains(&ending)
        || ending.starts_with("xn--")
        || psl::suffix(name.value.as_bytes()).is_some_and(|suffix| suffix.is_known());
    known.then_some(name)
}

/// A host name by its shape, whatever its ending.
fn host(text: &str) -> Option<Entity> {
    let text = text.strip_suffix('.').unwrap_or(text);
    let text = text.strip_prefix("*.").unwrap_or(text);
    let text = match text.rsplit_once(':') {
        Some((name, port))
            if !port.is_empty() && port.len() <= 5 && port.bytes().all(|b| b.is_ascii_digit()) =>
        {
            name
        }
        _ => text,
    };
    if text.len() > 253 || !text.contains('.') {
        return None;
    }
    let label = |l: &str| {
        !l.is_empty()
            && l.len() <= 63
            && !l.starts_with('-')
            && !l.ends_with('-')
            && l.chars().all(|c| {
                c.is_ascii_alphanumeric()
                    || c == '-'
                    || c == '_'
                    || (!c.is_ascii() && c.is_alphanumeric())
            })
    };
    let ending = text.rsplit('.').next()?;
    let lower = ending.to_ascii_lowercase();
    let named_with_digits = lower.starts_with("xn--") || lower == "i2p";
    let fits = text.split('.').all(label)
        && ending.chars().count() >= 2
        && ending.chars().next().is_some_and(char::is_alphabetic)
        && (ending.chars().all(char::is_alphabetic) || named_with_digits);
    fits.then(|| Entity::new(Kind::DomainName, in_ascii(text)))
}

/// A name in lower case, letters beyond ASCII as punycode, so that both ways of writing give one value.
fn in_ascii(name: &str) -> String {
    if name.is_ascii() {
        return name.to_ascii_lowercase();
    }
    match url::Host::parse(name) {
        Ok(url::Host::Domain(ascii)) => ascii,
        _ => name.to_lowercase(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn endings_are_sorted_for_the_search() {
        assert!(FILE_ENDINGS.is_sorted());
    }

    #[test]
    fn one_value_is_told_by_its_shape() {
        for (text, expected) in [
            ("192.0.2[.]7", "ipv4-addr:192.0.2.7"),
            ("192.0.2.7:443", "ipv4-addr:192.0.2.7"),
            ("198.51.100.0/24", "ipv4-addr:198.51.100.0/24"),
            ("2001:DB8::1", "ipv6-addr:2001:db8::1"),
            ("[2001:db8::1]:443", "ipv6-addr:2001:db8::1"),
            ("Example[.]COM.", "domain-name:example.com"),
            ("a-b.c.example.co.uk", "domain-name:a-b.c.example.co.uk"),
            ("x.onion", "domain-name:x.onion"),
            ("hxxps://Example[.]com/Path?q=1", "url:https://example.com/Path?q=1"),
            ("example.com/i", "url:example.com/i"),
            ("hxxp://192.0.2.1:8080/x", "url:http://192.0.2.1:8080/x"),
            ("<Some.One@example.org>", "email-addr:some.one@example.org"),
            ("D41D8CD98F00B204E9800998ECF8427E", "file:md5:d41d8cd98f00b204e9800998ecf8427e"),
            (
                "da39a3ee5e6b4b0d3255bfef95601890afd80709",
                "file:sha1:da39a3ee5e6b4b0d3255bfef95601890afd80709",
            ),
            ("\"shell.aspx\"", "file:name:shell.aspx"),
            ("C:\\inetpub\\wwwroot\\x.aspx", "file:path:C:\\inetpub\\wwwroot\\x.aspx"),
            ("/tmp/.x/run", "file:path:/tmp/.x/run"),
            ("HKLM\\Software\\X", "windows-registry-key:HKEY_LOCAL_MACHINE\\Software\\X"),
            ("cve-2021-26855", "vulnerability:CVE-2021-26855"),
            ("CWE-269", "weakness:CWE-269"),
            ("T1505.003", "attack-pattern:T1505.003"),
            ("AS64496", "autonomous-system:AS64496"),
            ("00-00-5E-00-53-01", "mac-addr:00:00:5e:00:53:01"),
            ("0000.5E00.53AF", "mac-addr:00:00:5e:00:53:af"),
            ("anna@b\u{fc}cher.example", "email-addr:anna@xn--bcher-kva.example"),
            ("Mozilla/5.0 (X11; Linux x86_64)", "user-agent:Mozilla/5.0 (X11; Linux x86_64)"),
        ] {
            assert_eq!(classify(text).map(|e| e.key()).as_deref(), Some(expected), "{text}");
        }
    }

    #[test]
    fn what_is_no_single_value_is_none() {
        for text in [
            "",
            "-",
            "The actor used it.",
            "1.2",
            "10",
            "v1.2.3",
            "999.1.1.1",
            "foo.barbaz",
            "e.g.",
            "T105",
            "00000000000000000000000000000000",
            "example.com and example.org",
            "abc",
            "N/A",
            "2021-03-02",
        ] {
            assert_eq!(classify(text), None, "{text}");
        }
    }

    #[test]
    fn a_type_column_decides_what_shape_leaves_open() {
        let key = |text, kind| classify_as(text, Some(kind)).map(|e: Entity| e.key());
        assert_eq!(key("Global\\x1", Kind::Mutex).as_deref(), Some("mutex:Global\\x1"));
        assert_eq!(key("192.0.2.1:443", Kind::Url).as_deref(), Some("url:192.0.2.1:443"));
        assert_eq!(key("192.0.2.1", Kind::DomainName).as_deref(), Some("ipv4-addr:192.0.2.1"));
        assert_eq!(
            key("64496", Kind::AutonomousSystem).as_deref(),
            Some("autonomous-system:AS64496")
        );
        assert_eq!(key("no hash", Kind::Sha256), None);
    }

    proptest! {
        #[test]
        fn never_panics(text in "[\\[\\](){}<>.:/%\\\\@ a-zé0-9hxtpT-]{0,40}") {
            let _ = classify(&text);
            for kind in Kind::ALL { let _ = classify_as(&text, Some(*kind)); }
        }
    }
}
