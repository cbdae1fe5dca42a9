//! Patterns of indicators.

use lapwing_model::{Entity, Kind, registry};

use super::grammar;

/// The name of a hash algorithm in STIX.
pub(super) fn hash_name(kind: Kind) -> Option<&'static str> {
    Some(match kind {
        Kind::Md5 => "MD5",
        Kind::Sha1 => "SHA-1",
        Kind::Sha256 => "SHA-256",
        Kind::Sha512 => "SHA-512",
        Kind::Ssdeep => "SSDEEP",
        Kind::Tlsh => "TLSH",
        Kind::Imphash => "IMPHASH",
        Kind::Vhash => "VHASH",
        Kind::Authentihash => "AUTHENTIHASH",
        _ => return None,
    })
}

/// The algorithm of a certificate's thumbprint, by its length; a serial number is none.
pub(super) fn thumbprint(value: &str) -> Option<&'static str> {
    if !value.bytes().all(|b| b.is_ascii_hexdigit()) {
        return None;
    }
    match value.len() {
        32 => Some("MD5"),
        40 => Some("SHA-1"),
        64 => Some("SHA-256"),
        _ => None,
    }
}

/// Folder and name of a path; the folder is empty for a bare name.
pub(super) fn split_path(path: &str) -> (&str, &str) {
    match path.rfind(['/', '\\']) {
        Some(at) => (&path[..at], &path[at + 1..]),
        None => ("", path),
    }
}

/// A key with the long name of its root, as STIX wants it.
pub(super) fn registry_key(value: &str) -> String {
    registry::key(value).unwrap_or_else(|| value.to_owned())
}

/// A STIX pattern for a value; `None` for kinds that STIX has no object for.
#[must_use]
pub fn pattern(entity: &Entity) -> Option<String> {
    let value = entity.value.as_str();
    let equals = |path: &str| Some(format!("[{path} = '{}']", escaped(value)));
    match entity.kind {
        Kind::Ipv4Addr | Kind::Ipv6Addr if value.contains('/') => {
            Some(format!("[{}:value ISSUBSET '{}']", entity.kind, escaped(value)))
        }
        Kind::Ipv4Addr
        | Kind::Ipv6Addr
        | Kind::DomainName
        | Kind::Url
        | Kind::EmailAddr
        | Kind::MacAddr => equals(&format!("{}:value", entity.kind)),
        Kind::FileName => equals("file:name"),
        Kind::FilePath => Some(match split_path(value) {
            ("", _) | (_, "") => format!("[directory:path = '{}']", escaped(value)),
            (folder, name) => format!(
                "[file:parent_directory_ref.path = '{}' AND file:name = '{}']",
                escaped(folder),
                escaped(name)
            ),
        }),
        Kind::AutonomousSystem => {
            let number: u32 = value.trim_start_matches("AS").parse().ok()?;
            Some(format!("[autonomous-system:number = {number}]"))
        }
        Kind::WindowsRegistryKey => {
            Some(format!("[windows-registry-key:key = '{}']", escaped(&registry_key(value))))
        }
        Kind::Mutex => equals("mutex:name"),
        Kind::UserAgent => {
            equals("network-traffic:extensions.'http-request-ext'.request_header.'User-Agent'")
        }
        Kind::Process => equals("process:command_line"),
        Kind::WindowsService => equals("process:extensions.'windows-service-ext'.service_name"),
        Kind::Certificate => match thumbprint(value) {
            Some(algorithm) => equals(&format!("x509-certificate:hashes.'{algorithm}'")),
            None => equals("x509-certificate:serial_number"),
        },
        Kind::UserAccount => equals("user-account:account_login"),
        kind => equals(&format!("file:hashes.'{}'", hash_name(kind)?)),
    }
}

/// Text for a pattern's quotes.
fn escaped(value: &str) -> String {
    value.replace('\\', "\\\\").replace('\'', "\\'")
}

/// The language of a rule that a report carries, by its look; `None` when it cannot be told, or
/// when it is a STIX pattern that is broken.
pub(crate) fn language(rule: &str) -> Option<&'static str> {
    let text = rule.trim();
    let has = |word: &str| text.contains(word);
    if text.starts_with(['[', '(']) && has("[") {
        return grammar::parse(text).map(|_| "stix");
    }
    if has("rule ") && has("condition:") && has("{") {
        return Some("yara");
    }
    if has("detection:") && has("condition:") {
        return Some("sigma");
    }
    let words = ["alert ", "drop ", "reject ", "pass "];
    if words.iter().any(|word| text.starts_with(word)) && has("->") && has("sid:") {
        return Some("snort");
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_and_backslashes_are_escaped() {
        let path = Entity::new(Kind::FilePath, r"C:\it's\c.txt");
        assert_eq!(
            pattern(&path).unwrap(),
            r"[file:parent_directory_ref.path = 'C:\\it\'s' AND file:name = 'c.txt']"
        );
        let network = Entity::new(Kind::Ipv4Addr, "192.0.2.0/24");
        assert_eq!(pattern(&network).unwrap(), "[ipv4-addr:value ISSUBSET '192.0.2.0/24']");
        let number = Entity::new(Kind::AutonomousSystem, "AS64496");
        assert_eq!(pattern(&number).unwrap(), "[autonomous-system:number = 64496]");
        let key = Entity::new(Kind::WindowsRegistryKey, r"HKLM\Software\X");
        assert_eq!(
            pattern(&key).unwrap(),
            r"[windows-registry-key:key = 'HKEY_LOCAL_MACHINE\\Software\\X']"
        );
        assert_eq!(pattern(&Entity::new(Kind::ScheduledTask, "x")), None);
    }

    #[test]
    fn the_look_of_a_rule_tells_its_language() {
        assert_eq!(language("[url:value = 'http://a.example/[x']"), Some("stix"));
        assert_eq!(language("[url:value = 'http"), None);
        assert_eq!(language("[a]"), None);
        assert_eq!(language("rule x { condition: true }"), Some("yara"));
        assert_eq!(language("alert tcp any any -> any any (sid:1;)"), Some("snort"));
        assert_eq!(language("something else"), None);
    }
}
