//! Ranges and names that nobody can own.

/// Addresses and names that no one on the Internet has; `true` when even a list of indicators
/// cannot mean them (documentation ranges stand in for hostile ones in exercises).
pub(super) fn reserved(host: &str) -> Option<(&'static str, bool)> {
    if let Ok(ip) = host.split('/').next().unwrap_or(host).parse::<std::net::IpAddr>() {
        return match ip {
            std::net::IpAddr::V4(ip) if ip.is_loopback() => Some(("the own machine", true)),
            std::net::IpAddr::V4(ip) if ip.is_private() || ip.is_link_local() => {
                Some(("a private range: means nothing outside its network", true))
            }
            std::net::IpAddr::V4(ip)
                if ip.is_broadcast()
                    || ip.is_multicast()
                    || ip.is_unspecified()
                    || ip.octets()[0] >= 240 =>
            {
                Some(("a reserved range", true))
            }
            std::net::IpAddr::V4(ip) if ip.is_documentation() => {
                Some(("a range for documentation (RFC 5737)", false))
            }
            std::net::IpAddr::V6(ip) if ip.is_loopback() || ip.is_unspecified() => {
                Some(("the own machine", true))
            }
            std::net::IpAddr::V6(ip) if ip.segments()[0] == 0x2001 && ip.segments()[1] == 0xdb8 => {
                Some(("a range for documentation (RFC 3849)", false))
            }
            std::net::IpAddr::V6(ip)
                if matches!(ip.segments()[0] & 0xffc0, 0xfe80)
                    || ip.segments()[0] & 0xfe00 == 0xfc00 =>
            {
                Some(("a private range: means nothing outside its network", true))
            }
            // All others than 2000::/3 are kept back (RFC 4291 section 2.4); NAT64 maps IPv4.
            std::net::IpAddr::V6(ip)
                if ip.segments()[0] & 0xe000 != 0x2000
                    && ip.segments()[0] != 0x64
                    && ip.to_ipv4_mapped().is_none() =>
            {
                Some(("an address that nobody was given (RFC 4291)", true))
            }
            _ => None,
        };
    }
    if host == "localhost" {
        return Some(("the own machine", true));
    }
    let last = host.rsplit('.').next().unwrap_or_default();
    let example = matches!(last, "example" | "test" | "invalid")
        || ["example.com", "example.org", "example.net"].iter().any(|name| {
            host.strip_suffix(name).is_some_and(|head| head.is_empty() || head.ends_with('.'))
        });
    example.then_some(("a name for documentation (RFC 2606)", false))
}
