//! Values as they stand on the wire and in a rule.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::wire_name;

/// An address or network; what is no place on the internet is refused.
pub(super) fn address(value: &str) -> Result<String, &'static str> {
    let (host, bits) = match value.split_once('/') {
        Some((host, bits)) => (host, Some(bits)),
        None => (value, None),
    };
    let host: IpAddr = host.parse().map_err(|_| "no address")?;
    if everywhere(host) {
        return Err("it means every host, or this one");
    }
    let most = if host.is_ipv4() { 32 } else { 128 };
    match bits.map(str::parse::<u8>) {
        None => Ok(host.to_string()),
        // A network of half the internet would alert on everything.
        Some(Ok(bits)) if bits >= 8 && bits <= most => Ok(format!("{host}/{bits}")),
        Some(_) => Err("no network that one could alert on"),
    }
}

fn everywhere(host: IpAddr) -> bool {
    host.is_unspecified()
        || host.is_loopback()
        || host.is_multicast()
        || host == IpAddr::V4(Ipv4Addr::BROADCAST)
        || host == IpAddr::V6(Ipv6Addr::LOCALHOST)
}

/// Host and path of a URL as an HTTP request has them.
pub(super) fn url(value: &str) -> Result<(String, String), &'static str> {
    let (scheme, rest) = value.split_once("://").ok_or("no URL with a scheme")?;
    if !scheme.eq_ignore_ascii_case("http") && !scheme.eq_ignore_ascii_case("https") {
        return Err("Suricata sees only the URLs of HTTP");
    }
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let (authority, tail) = rest.split_at(end);
    let path = tail.split('#').next().unwrap_or_default();
    if path.len() <= 1 {
        return Err("a URL without a path says no more than its host");
    }
    let path = if path.starts_with('/') { path.to_owned() } else { format!("/{path}") };
    if !path.bytes().all(|b| b.is_ascii_graphic()) {
        return Err("its path stands otherwise on the wire");
    }
    let authority = authority.rsplit('@').next().unwrap_or(authority);
    let host = match authority.strip_prefix('[') {
        Some(six) => six.split(']').next().unwrap_or_default().to_owned(),
        None => authority.split(':').next().unwrap_or_default().to_owned(),
    };
    if host.parse::<IpAddr>().is_ok() {
        return Ok((host.to_ascii_lowercase(), path));
    }
    wire_name(&host)
        .map(|host| (host.to_ascii_lowercase(), path))
        .ok_or("its host is no name that DNS can carry")
}

/// The buffer and digest of a fingerprint.
pub(super) fn fingerprint(value: &str) -> Result<(&'static str, String), &'static str> {
    let (method, digest) = value.split_once(':').ok_or("no method is named")?;
    let hex =
        |length: usize| digest.len() == length && digest.bytes().all(|b| b.is_ascii_hexdigit());
    match method.to_ascii_lowercase().as_str() {
        "ja3" if hex(32) => Ok(("ja3.hash", digest.to_ascii_lowercase())),
        "ja3s" if hex(32) => Ok(("ja3s.hash", digest.to_ascii_lowercase())),
        // The buffer of JA4 came with Suricata 8 only: rules with it would not load in 7.
        "ja4" => Err("Suricata knows JA4 from version 8 on only"),
        _ => Err("Suricata has no buffer for this fingerprint"),
    }
}

/// The SHA-1 of a certificate as Suricata writes it; serial numbers are told apart by length.
pub(super) fn fingerprint_of_certificate(value: &str) -> Result<String, &'static str> {
    let digits: String = value.chars().filter(char::is_ascii_hexdigit).collect();
    if digits.len() != 40 {
        return Err("no SHA-1 fingerprint of a certificate");
    }
    let pairs: Vec<&str> = (0..20).filter_map(|at| digits.get(at * 2..at * 2 + 2)).collect();
    Ok(pairs.join(":").to_ascii_lowercase())
}

/// Text that may stand in a `msg`.
pub(super) fn message(text: &str) -> String {
    let plain = |c: char| match c {
        '"' | '\u{201c}' | '\u{201d}' => '\'',
        ';' => ',',
        '\\' => '/',
        c if c.is_ascii_graphic() || c == ' ' => c,
        _ => '?',
    };
    text.chars().map(plain).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_are_taken_apart_as_a_request_has_them() {
        let parts = |u: &str| url(u).map(|(h, p)| format!("{h} {p}"));
        assert_eq!(parts("http://Evil.example:8080/A?b=1#c").unwrap(), "evil.example /A?b=1");
        assert_eq!(parts("https://u:p@192.0.2.7/a").unwrap(), "192.0.2.7 /a");
        assert_eq!(parts("http://[2001:db8::7]:80/a").unwrap(), "2001:db8::7 /a");
        assert_eq!(parts("http://evil.example?x=1").unwrap(), "evil.example /?x=1");
        for bad in [
            "http://evil.example/",
            "ftp://evil.example/a",
            "evil.example/a",
            "http:///a",
            "http://x.example/a b",
        ] {
            assert!(parts(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn no_rule_is_for_everything() {
        assert_eq!(address("192.0.2.0/24").unwrap(), "192.0.2.0/24");
        for bad in
            ["0.0.0.0", "0.0.0.0/0", "127.0.0.1", "10.0.0.0/4", "224.0.0.1", "::1", "::/0", "x"]
        {
            assert!(address(bad).is_err(), "{bad}");
        }
    }
}
