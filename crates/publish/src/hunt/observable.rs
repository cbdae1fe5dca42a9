//! What a matched value is, by its shape.

use std::net::IpAddr;

use lapwing_model::{Entity, Finding, FindingKind, Kind};

/// The listed value that an indicator's finding is about, normalised as the list has it.
pub(super) fn listed(finding: &Finding) -> Option<Entity> {
    if finding.kind != FindingKind::Indicator {
        return None;
    }
    let title = finding.finding.strip_prefix("Listed ")?;
    let words =
        ["mail address ", "user agent ", "address ", "domain ", "URL ", "hash ", "file ", "value "];
    let (word, value) = words.iter().find_map(|word| Some((*word, title.strip_prefix(word)?)))?;
    let kind = match word {
        "user agent " => Kind::UserAgent,
        "file " if value.contains(['/', '\\']) => Kind::FilePath,
        "file " => Kind::FileName,
        _ => kind_of(value)?,
    };
    Some(Entity::new(kind, value))
}

/// The kind of a value that is an address, a hash, a URL, a mailbox or a domain.
pub(super) fn kind_of(value: &str) -> Option<Kind> {
    if let Ok(address) = value.parse::<IpAddr>() {
        return Some(if address.is_ipv4() { Kind::Ipv4Addr } else { Kind::Ipv6Addr });
    }
    if value.is_empty() || value.len() > 2000 || value.contains(char::is_whitespace) {
        return None;
    }
    if value.bytes().all(|b| b.is_ascii_hexdigit()) {
        return match value.len() {
            32 => Some(Kind::Md5),
            40 => Some(Kind::Sha1),
            64 => Some(Kind::Sha256),
            128 => Some(Kind::Sha512),
            _ => None,
        };
    }
    if value.contains("://") {
        return Some(Kind::Url);
    }
    let is_domain = |text: &str| {
        let labels: Vec<&str> = text.split('.').collect();
        let is_label = |label: &&str| {
            !label.is_empty()
                && label.len() < 64
                && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
        };
        labels.len() > 1
            && labels.iter().all(is_label)
            && labels
                .last()
                .is_some_and(|last| last.len() > 1 && !last.bytes().all(|b| b.is_ascii_digit()))
    };
    match value.split_once('@') {
        Some((user, host)) => (!user.is_empty() && is_domain(host)).then_some(Kind::EmailAddr),
        None => is_domain(value).then_some(Kind::DomainName),
    }
}

/// A word of the evidence that stands behind a name, as `sha256` in `file x, sha256 VALUE`.
pub(super) fn named<'f>(finding: &'f Finding, name: &str) -> Option<&'f str> {
    let at = finding.evidence.find(&format!("{name} "))?;
    let rest = &finding.evidence[at + name.len() + 1..];
    let end = rest.find(|c: char| !c.is_ascii_alphanumeric()).unwrap_or(rest.len());
    Some(&rest[..end])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shape_tells_the_kind() {
        for (value, kind) in [
            ("192.0.2.7", Some(Kind::Ipv4Addr)),
            ("2001:db8::7", Some(Kind::Ipv6Addr)),
            ("https://a.example/x", Some(Kind::Url)),
            ("a@b.example", Some(Kind::EmailAddr)),
            ("b.example", Some(Kind::DomainName)),
            ("d41d8cd98f00b204e9800998ecf8427e", Some(Kind::Md5)),
            ("POST /x HTTP/1.1", None),
            ("1.2", None),
            ("", None),
        ] {
            assert_eq!(kind_of(value), kind, "{value}");
        }
    }
}
