//! What each peer calls the types that are scored. A type without a name is one that the peer
//! does not give.

use lapwing_model::Kind;

use super::Peer;

/// Our kind, then the name with iocsearcher, ioc-finder and iocextract.
const TYPES: &[(Kind, [&str; 3])] = &[
    (Kind::Ipv4Addr, ["ip4", "ipv4s", "ipv4s"]),
    (Kind::Ipv6Addr, ["ip6", "ipv6s", "ipv6s"]),
    (Kind::DomainName, ["fqdn", "domains", ""]),
    (Kind::Url, ["url", "urls", "urls"]),
    (Kind::EmailAddr, ["email", "email_addresses", "emails"]),
    (Kind::Md5, ["md5", "md5s", "md5_hashes"]),
    (Kind::Sha1, ["sha1", "sha1s", "sha1_hashes"]),
    (Kind::Sha256, ["sha256", "sha256s", "sha256_hashes"]),
    (Kind::Sha512, ["", "sha512s", "sha512_hashes"]),
    (Kind::Vulnerability, ["cve", "cves", ""]),
    (Kind::WindowsRegistryKey, ["registry", "registry_key_paths", ""]),
];

/// Our kind for a peer's type; `None` for what is not scored.
pub(super) fn kind(peer: Peer, name: &str) -> Option<Kind> {
    let column = match peer {
        Peer::IocSearcher => 0,
        Peer::IocFinder => 1,
        Peer::IocExtract => 2,
    };
    TYPES.iter().find(|(_, names)| names[column] == name).map(|(kind, _)| *kind)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_are_mapped_by_the_column_of_the_peer() {
        assert_eq!(kind(Peer::IocSearcher, "ip4"), Some(Kind::Ipv4Addr));
        assert_eq!(kind(Peer::IocFinder, "domains"), Some(Kind::DomainName));
        assert_eq!(kind(Peer::IocExtract, "md5_hashes"), Some(Kind::Md5));
        assert_eq!(kind(Peer::IocSearcher, "ip4Net"), None);
    }
}
