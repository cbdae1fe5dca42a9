//! Normal forms of values whose kind a format declares.

use std::net::{Ipv4Addr, Ipv6Addr};

use lapwing_model::{Entity, Kind, PartialDate, Relation};

/// Makes the entity of a value that is declared to be of `kind`; what does not fit the kind is
/// kept as [`Kind::Other`] under `label`, so that nothing is lost.
pub(crate) fn entity(kind: Kind, label: &str, raw: &str) -> Entity {
    let value = raw.trim();
    let fitting = match kind {
        Kind::Ipv4Addr | Kind::Ipv6Addr => address(value),
        Kind::DomainName => domain(value),
        Kind::Url => url(value),
        Kind::EmailAddr => email(value),
        Kind::Md5 => hash(kind, value, 32),
        Kind::Sha1 => hash(kind, value, 40),
        Kind::Sha256 => hash(kind, value, 64),
        Kind::Sha512 => hash(kind, value, 128),
        Kind::Imphash => hash(kind, value, 32),
        Kind::MacAddr => mac(value),
        Kind::AutonomousSystem => autonomous_system(value),
        Kind::Vulnerability => vulnerability(value),
        Kind::Weakness => weakness(value),
        Kind::FileName | Kind::FilePath => file(value),
        Kind::Location => location(value),
        Kind::ThreatActor | Kind::Cluster => Some(actor(value)),
        Kind::Other => None,
        // Long ones are broken over lines.
        Kind::Ssdeep => Some(Entity::new(kind, value.split_whitespace().collect::<String>())),
        Kind::WindowsRegistryKey => Some(crate::value::registry_entity(value)),
        _ => Some(Entity::new(kind, value)),
    };
    fitting.filter(|entity| !entity.value.is_empty()).unwrap_or_else(|| other(label, value))
}

/// A value that has no kind of its own, as `label=value`.
pub(crate) fn other(label: &str, value: &str) -> Entity {
    Entity::new(Kind::Other, format!("{label}={}", value.trim()))
}

/// The kind of a file hash by the name of its algorithm, in any spelling (`SHA-256`, `sha256`).
pub(crate) fn hash_kind(algorithm: &str) -> Option<Kind> {
    let name: String =
        algorithm.chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_lowercase();
    match name.as_str() {
        "md5" | "md5sum" | "md5hash" => Some(Kind::Md5),
        "sha1" | "sha1sum" | "sha1hash" => Some(Kind::Sha1),
        "sha256" | "sha256sum" | "sha2256" => Some(Kind::Sha256),
        "sha512" | "sha512sum" | "sha2512" => Some(Kind::Sha512),
        "ssdeep" => Some(Kind::Ssdeep),
        "imphash" => Some(Kind::Imphash),
        _ => None,
    }
}

/// The hash kind that a hexadecimal value has by its length.
pub(crate) fn hash_by_length(value: &str) -> Option<Kind> {
    let value = value.trim();
    if !value.bytes().all(|b| b.is_ascii_hexdigit()) {
        return None;
    }
    match value.len() {
        32 => Some(Kind::Md5),
        40 => Some(Kind::Sha1),
        64 => Some(Kind::Sha256),
        128 => Some(Kind::Sha512),
        _ => None,
    }
}

/// An actor or, where the name is one of a tracker's numbers for unattributed activity, a cluster.
pub(crate) fn actor(name: &str) -> Entity {
    let name = name.trim();
    let numbered =
        ["UNC", "DEV-", "Storm-", "STORM-", "UAC-", "UAT-", "UTA", "TAG-", "CL-", "TEMP."];
    let cluster = numbered.iter().any(|prefix| {
        name.strip_prefix(prefix).is_some_and(|rest| {
            rest.starts_with(|c: char| c.is_ascii_digit() || c == 'S' && *prefix == "CL-")
        })
    }) || name.ends_with(" Unknown");
    Entity::new(if cluster { Kind::Cluster } else { Kind::ThreatActor }, name)
}

/// The day of a time stamp: RFC 3339, or seconds since 1970 as MISP writes them.
pub(crate) fn day(text: &str) -> Option<PartialDate> {
    let text = text.trim();
    if text.len() >= 9 && text.len() <= 11 && text.bytes().all(|b| b.is_ascii_digit()) {
        let seconds: i64 = text.parse().ok()?;
        let time = jiff::Timestamp::from_second(seconds).ok()?;
        return Some(time.to_zoned(jiff::tz::TimeZone::UTC).date().into());
    }
    text.parse().ok()
}

/// Undoes the usual ways of making a value inert: `hxxp`, `[.]`, `(.)`, `[:]`, `[at]`.
pub(crate) fn refang(text: &str) -> String {
    if !text.contains(['[', '(', '{'])
        && !text.get(..3).is_some_and(|h| h.eq_ignore_ascii_case("hxx"))
    {
        return text.to_owned();
    }
    let mut plain = text.to_owned();
    for (fanged, real) in [
        ("[.]", "."),
        ("(.)", "."),
        ("{.}", "."),
        ("[dot]", "."),
        ("[:]", ":"),
        ("[://]", "://"),
        ("[@]", "@"),
        ("[at]", "@"),
        ("[/]", "/"),
    ] {
        if plain.contains(fanged) {
            plain = plain.replace(fanged, real);
        }
    }
    let scheme_end = plain.find("://").unwrap_or(0);
    let scheme = plain.get(..scheme_end).unwrap_or("").to_ascii_lowercase();
    match scheme.as_str() {
        "hxxp" => plain.replace_range(..scheme_end, "http"),
        "hxxps" => plain.replace_range(..scheme_end, "https"),
        _ => {}
    }
    plain
}

fn address(value: &str) -> Option<Entity> {
    let plain = refang(value);
    let (body, prefix) = match plain.split_once('/') {
        Some((body, prefix)) => (body, Some(prefix.parse::<u8>().ok()?)),
        None => (plain.as_str(), None),
    };
    let shown = |address: String| match prefix {
        Some(prefix) => format!("{address}/{prefix}"),
        None => address,
    };
    if let Ok(found) = body.parse::<Ipv4Addr>() {
        return (prefix.unwrap_or(0) <= 32)
            .then(|| Entity::new(Kind::Ipv4Addr, shown(found.to_string())));
    }
    let found = body.trim_matches(['[', ']']).parse::<Ipv6Addr>().ok()?;
    (prefix.unwrap_or(0) <= 128).then(|| Entity::new(Kind::Ipv6Addr, shown(found.to_string())))
}

fn domain(value: &str) -> Option<Entity> {
    let plain = refang(value);
    if let Some(found) = address(&plain) {
        return Some(found);
    }
    let name = plain.trim_end_matches('.').to_lowercase();
    let fits = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_' | '.');
    let name = name.strip_prefix("*.").unwrap_or(&name);
    (!name.is_empty() && name.len() <= 253 && name.chars().all(fits) && !name.contains(".."))
        .then(|| Entity::new(Kind::DomainName, name))
}

fn url(value: &str) -> Option<Entity> {
    let plain = refang(value);
    let Some(at) = plain.find("://") else {
        return (plain.contains('.')
            && !plain.contains(char::is_whitespace)
            && !plain.starts_with('/'))
        .then(|| Entity::new(Kind::Url, plain));
    };
    let scheme = plain.get(..at)?;
    let rest = plain.get(at + 3..)?;
    let fits = |b: u8| b.is_ascii_alphanumeric() || b"+-.".contains(&b);
    if scheme.is_empty() || !scheme.bytes().all(fits) || rest.is_empty() {
        return None;
    }
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let (authority, tail) = rest.split_at(end);
    let lower =
        format!("{}://{}{tail}", scheme.to_ascii_lowercase(), authority.to_ascii_lowercase());
    Some(Entity::new(Kind::Url, lower))
}

fn email(value: &str) -> Option<Entity> {
    let plain = refang(value);
    // `Name <user@example.org>` as mail headers have it.
    let plain = match (plain.rfind('<'), plain.rfind('>')) {
        (Some(open), Some(close)) if open < close => plain.get(open + 1..close)?,
        _ => plain.as_str(),
    };
    let (user, host) = plain.trim().rsplit_once('@')?;
    (!user.is_empty() && !host.is_empty() && !plain.contains(char::is_whitespace))
        .then(|| Entity::new(Kind::EmailAddr, plain.trim().to_lowercase()))
}

fn hash(kind: Kind, value: &str, length: usize) -> Option<Entity> {
    let value = value.strip_prefix("0x").unwrap_or(value);
    (value.len() == length && value.bytes().all(|b| b.is_ascii_hexdigit()))
        .then(|| Entity::new(kind, value.to_ascii_lowercase()))
}

fn mac(value: &str) -> Option<Entity> {
    let digits: String = value.chars().filter(char::is_ascii_hexdigit).collect();
    let rest_fits = value.chars().all(|c| c.is_ascii_hexdigit() || ":-.".contains(c));
    if !matches!(digits.len(), 12 | 16) || !rest_fits {
        return None;
    }
    let digits = digits.to_ascii_lowercase();
    let pairs: Vec<&str> =
        (0..digits.len()).step_by(2).filter_map(|at| digits.get(at..at + 2)).collect();
    Some(Entity::new(Kind::MacAddr, pairs.join(":")))
}

fn autonomous_system(value: &str) -> Option<Entity> {
    let number = value.trim_start_matches(|c: char| c.is_ascii_alphabetic() || c == ':').trim();
    let number = number.split_whitespace().next()?;
    number.parse::<u32>().ok().map(|n| Entity::new(Kind::AutonomousSystem, format!("AS{n}")))
}

fn vulnerability(value: &str) -> Option<Entity> {
    let upper = value.to_ascii_uppercase();
    Some(Entity::new(
        Kind::Vulnerability,
        if upper.starts_with("CVE-") { upper } else { value.to_owned() },
    ))
}

fn weakness(value: &str) -> Option<Entity> {
    let upper = value.to_ascii_uppercase();
    let number = upper.strip_prefix("CWE").unwrap_or(&upper).trim_start_matches(['-', ':', ' ']);
    (!number.is_empty() && number.bytes().all(|b| b.is_ascii_digit()))
        .then(|| Entity::new(Kind::Weakness, format!("CWE-{number}")))
}

fn file(value: &str) -> Option<Entity> {
    let kind = if value.contains(['/', '\\']) { Kind::FilePath } else { Kind::FileName };
    Some(Entity::new(kind, value))
}

fn location(value: &str) -> Option<Entity> {
    let code = value.len() == 2 && value.bytes().all(|b| b.is_ascii_alphabetic());
    Some(Entity::new(
        Kind::Location,
        if code { value.to_ascii_uppercase() } else { value.to_owned() },
    ))
}

/// The relation that a relationship word of STIX or MISP means.
pub(crate) fn relation(word: &str) -> Relation {
    let word = word.trim().to_ascii_lowercase().replace([' ', '_'], "-");
    match word.as_str() {
        "beacons-to" | "exfiltrates-to" | "connected-to" | "connects-to" => {
            Relation::CommunicatesWith
        }
        "dropped" | "creates" => Relation::Drops,
        "exploits-vulnerability" => Relation::Exploits,
        "duplicate-of" => Relation::AliasOf,
        "has" | "contained-in" | "contained-within" | "role" | "property" | "about" => {
            Relation::RelatedTo
        }
        "has-weakness" | "weakened-by" => Relation::HasWeakness,
        "resolved-to" => Relation::ResolvesTo,
        "use" | "used" | "leverages" => Relation::Uses,
        "member-of" => Relation::PartOf,
        other => other.parse().unwrap_or(Relation::RelatedTo),
    }
}

/// As [`relation`], towards an object of a kind: whoever targets a vulnerability exploits it.
pub(crate) fn relation_to(word: &str, object: Kind) -> Relation {
    match relation(word) {
        Relation::Targets if object == Kind::Vulnerability => Relation::Exploits,
        relation => relation,
    }
}

/// An ATT&CK technique id that stands in `text`, as `T1505.003`.
pub(crate) fn technique_id(text: &str) -> Option<&str> {
    let bytes = text.as_bytes();
    for (at, _) in text.match_indices('T') {
        let before = at.checked_sub(1).and_then(|i| bytes.get(i));
        if before.is_some_and(u8::is_ascii_alphanumeric) {
            continue;
        }
        let digits = |from: usize, n: usize| {
            bytes.get(from..from + n).is_some_and(|d| d.iter().all(u8::is_ascii_digit))
        };
        if !digits(at + 1, 4) || bytes.get(at + 5).is_some_and(u8::is_ascii_digit) {
            continue;
        }
        let sub = bytes.get(at + 5) == Some(&b'.') && digits(at + 6, 3);
        return text.get(at..if sub { at + 9 } else { at + 5 });
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_get_their_normal_form_or_stay_as_other() {
        let shown = |kind, raw| entity(kind, "x", raw).key();
        assert_eq!(shown(Kind::Ipv4Addr, "192.0.2[.]7"), "ipv4-addr:192.0.2.7");
        assert_eq!(shown(Kind::Ipv4Addr, "2001:DB8::1"), "ipv6-addr:2001:db8::1");
        assert_eq!(shown(Kind::Ipv4Addr, "198.51.100.0/24"), "ipv4-addr:198.51.100.0/24");
        assert_eq!(shown(Kind::Ipv4Addr, "198.51.100.0/77"), "other:x=198.51.100.0/77");
        assert_eq!(shown(Kind::DomainName, "WWW.Example.ORG."), "domain-name:www.example.org");
        assert_eq!(shown(Kind::Url, "hxxp://Example[.]org/Path"), "url:http://example.org/Path");
        assert_eq!(shown(Kind::EmailAddr, "Joe <Joe@example.org>"), "email-addr:joe@example.org");
        assert_eq!(shown(Kind::Md5, "zz"), "other:x=zz");
        assert_eq!(shown(Kind::MacAddr, "00-AA-bb-00-11-22"), "mac-addr:00:aa:bb:00:11:22");
        assert_eq!(shown(Kind::AutonomousSystem, "64496"), "autonomous-system:AS64496");
        assert_eq!(shown(Kind::Weakness, "CWE 79"), "weakness:CWE-79");
        assert_eq!(shown(Kind::ThreatActor, "UNC2639"), "cluster:UNC2639");
        assert_eq!(shown(Kind::FileName, "C:\\x\\y.exe"), "file:path:C:\\x\\y.exe");
        assert_eq!(
            shown(Kind::WindowsRegistryKey, "HKLM\\Software\\X"),
            "windows-registry-key:HKEY_LOCAL_MACHINE\\Software\\X"
        );
        assert_eq!(shown(Kind::WindowsRegistryKey, "Run\\X"), "windows-registry-key:Run\\X");
    }

    #[test]
    fn technique_ids_are_found_whole() {
        assert_eq!(technique_id("Web Shell - T1505.003"), Some("T1505.003"));
        assert_eq!(technique_id("T1068, x"), Some("T1068"));
        assert_eq!(technique_id("AT1068 T10680 T1.2"), None);
    }

    #[test]
    fn days_are_read_from_both_ways_of_writing_time() {
        assert_eq!(day("1614729600").map(|d| d.to_string()), Some("2021-03-03".into()));
        assert_eq!(day("2021-03-03T01:02:03Z").map(|d| d.to_string()), Some("2021-03-03".into()));
        assert_eq!(day("soon"), None);
    }
}
