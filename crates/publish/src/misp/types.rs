//! Kinds of values as MISP's attribute types.

use lapwing_model::{Entity, Kind};

/// How MISP keeps a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Typed {
    /// The type of the attribute.
    pub(super) kind: &'static str,
    /// Its category.
    pub(super) category: &'static str,
    /// The value as MISP writes it.
    pub(super) value: String,
}

const NETWORK: &str = "Network activity";
const DELIVERY: &str = "Payload delivery";
const DROPPED: &str = "Artifacts dropped";
const ANALYSIS: &str = "External analysis";

/// Type and category of a value; `None` where MISP has no type for the kind.
pub(super) fn of(entity: &Entity) -> Option<Typed> {
    let value = entity.value.as_str();
    if value.trim().is_empty() {
        return None;
    }
    let (kind, category) = match entity.kind {
        Kind::Ipv4Addr | Kind::Ipv6Addr => ("ip-dst", NETWORK),
        Kind::DomainName => ("domain", NETWORK),
        Kind::Url => ("url", NETWORK),
        Kind::EmailAddr => ("email", DELIVERY),
        Kind::Md5 => ("md5", DELIVERY),
        Kind::Sha1 => ("sha1", DELIVERY),
        Kind::Sha256 => ("sha256", DELIVERY),
        Kind::Sha512 => ("sha512", DELIVERY),
        Kind::Ssdeep => ("ssdeep", DELIVERY),
        Kind::Imphash => ("imphash", DELIVERY),
        Kind::Tlsh => ("tlsh", DELIVERY),
        Kind::Vhash => ("vhash", DELIVERY),
        Kind::Authentihash => ("authentihash", DELIVERY),
        // MISP has one type for names with and without a folder.
        Kind::FileName | Kind::FilePath => ("filename", DELIVERY),
        Kind::AutonomousSystem => ("AS", NETWORK),
        Kind::MacAddr => ("mac-address", NETWORK),
        Kind::WindowsRegistryKey => ("regkey", "Persistence mechanism"),
        Kind::Mutex => ("mutex", DROPPED),
        Kind::NamedPipe => ("named pipe", DROPPED),
        Kind::UserAgent => ("user-agent", NETWORK),
        Kind::CryptocurrencyWallet => ("btc", "Financial fraud"),
        Kind::Certificate => (fingerprint(value)?, NETWORK),
        Kind::WindowsService => ("windows-service-name", DROPPED),
        Kind::ScheduledTask => ("windows-scheduled-task", DROPPED),
        Kind::NetworkFingerprint => return greeting(value),
        Kind::Vulnerability => ("vulnerability", ANALYSIS),
        Kind::Weakness => ("weakness", ANALYSIS),
        Kind::Campaign => ("campaign-name", "Attribution"),
        Kind::ThreatActor | Kind::Cluster => ("threat-actor", "Attribution"),
        Kind::Pattern => (rule(value)?, "Payload installation"),
        _ => return None,
    };
    Some(Typed { kind, category, value: value.to_owned() })
}

/// The type of a thumbprint, by its length; MISP has none for a serial number.
fn fingerprint(value: &str) -> Option<&'static str> {
    if !value.bytes().all(|b| b.is_ascii_hexdigit()) {
        return None;
    }
    match value.len() {
        32 => Some("x509-fingerprint-md5"),
        40 => Some("x509-fingerprint-sha1"),
        64 => Some("x509-fingerprint-sha256"),
        _ => None,
    }
}

/// How a client or server greets: the method stands before the value.
fn greeting(value: &str) -> Option<Typed> {
    let (method, print) = value.split_once(':')?;
    let kind = match method {
        "ja3" => "ja3-fingerprint-md5",
        "jarm" => "jarm-fingerprint",
        "hassh" => "hassh-md5",
        _ => return None,
    };
    Some(Typed { kind, category: NETWORK, value: print.to_owned() })
}

/// The language of a rule, by its look.
fn rule(text: &str) -> Option<&'static str> {
    Some(match crate::stix::language(text)? {
        "stix" => "stix2-pattern",
        other => other,
    })
}

/// The relation that a value has in an object of MISP's.
pub(super) fn relation(entity: &Entity) -> Option<&'static str> {
    Some(match entity.kind {
        Kind::Md5 => "md5",
        Kind::Sha1 => "sha1",
        Kind::Sha256 => "sha256",
        Kind::Sha512 => "sha512",
        Kind::Ssdeep => "ssdeep",
        Kind::Imphash => "imphash",
        Kind::Tlsh => "tlsh",
        Kind::Vhash => "vhash",
        Kind::Authentihash => "authentihash",
        Kind::FileName => "filename",
        Kind::Ipv4Addr | Kind::Ipv6Addr => "ip",
        Kind::DomainName => "domain",
        Kind::Url => "url",
        Kind::AutonomousSystem => "asn",
        Kind::WindowsRegistryKey => "key",
        Kind::Certificate => fingerprint(&entity.value)?,
        Kind::Vulnerability | Kind::Weakness => "id",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_has_a_type_or_is_left_to_the_losses() {
        let typed = |kind, value: &str| of(&Entity::new(kind, value)).map(|typed| typed.kind);
        assert_eq!(typed(Kind::Ipv6Addr, "2001:db8::1"), Some("ip-dst"));
        assert_eq!(typed(Kind::Certificate, &"a".repeat(40)), Some("x509-fingerprint-sha1"));
        assert_eq!(typed(Kind::Certificate, "01:02"), None);
        assert_eq!(typed(Kind::Pattern, "[url:value = 'x']"), Some("stix2-pattern"));
        assert_eq!(typed(Kind::Process, "cmd.exe"), None);
        assert_eq!(typed(Kind::DomainName, " "), None);
        let greeting = of(&Entity::new(Kind::NetworkFingerprint, "jarm:2ad2")).unwrap();
        assert_eq!((greeting.kind, greeting.value.as_str()), ("jarm-fingerprint", "2ad2"));
    }
}
