//! Whether a value can be of a kind at all: asked of what a person types before it is kept.

use std::net::{Ipv4Addr, Ipv6Addr};
use std::str::FromStr;

use crate::{Entity, Kind};

impl Entity {
    /// What a value of this kind looks like, when the value cannot be one; `None` when it can, or when
    /// values of the kind have no form that tells.
    #[must_use]
    pub fn misfit(&self) -> Option<&'static str> {
        let value = self.value.as_str();
        let hex = |digits: usize| value.len() == digits && all(value, |c| c.is_ascii_hexdigit());
        let (fits, like) = match self.kind {
            Kind::Ipv4Addr => (is_network::<Ipv4Addr>(value, 32), "an address as 192.0.2.7"),
            Kind::Ipv6Addr => (is_network::<Ipv6Addr>(value, 128), "an address as 2001:db8::7"),
            Kind::DomainName => (is_domain(value), "a name as www.example.com"),
            Kind::Url => {
                let scheme =
                    value.split_once("://").map(|(scheme, rest)| (scheme, rest.is_empty()));
                let named = |(scheme, empty): (&str, bool)| {
                    let letters =
                        |c: char| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.');
                    !scheme.is_empty() && !empty && all(scheme, letters)
                };
                (scheme.is_some_and(named), "an address with its scheme, as https://example.com/a")
            }
            Kind::EmailAddr => {
                let parts = value.rsplit_once('@');
                let whole = |(user, host): (&str, &str)| !user.is_empty() && !host.is_empty();
                let blank = value.contains(char::is_whitespace);
                (parts.is_some_and(whole) && !blank, "an address as name@example.com")
            }
            Kind::Md5 | Kind::Imphash => (hex(32), "32 hexadecimal digits"),
            Kind::Sha1 => (hex(40), "40 hexadecimal digits"),
            Kind::Sha256 => (hex(64), "64 hexadecimal digits"),
            Kind::Sha512 => (hex(128), "128 hexadecimal digits"),
            Kind::AutonomousSystem => {
                let digits = value.strip_prefix("AS").or(value.strip_prefix("as")).unwrap_or(value);
                (!digits.is_empty() && all(digits, |c| c.is_ascii_digit()), "a number as AS64496")
            }
            Kind::MacAddr => {
                let digits = value.chars().filter(char::is_ascii_hexdigit).count();
                let known = |c: char| c.is_ascii_hexdigit() || matches!(c, ':' | '-' | '.');
                (digits == 12 && all(value, known), "an address as 00:00:5e:00:53:01")
            }
            _ => (true, ""),
        };
        (!fits).then_some(like)
    }
}

fn all(text: &str, is: impl Fn(char) -> bool) -> bool {
    text.chars().all(is)
}

/// An address, or a network of them.
fn is_network<A: FromStr>(value: &str, most: u8) -> bool {
    let (address, bits) = match value.split_once('/') {
        Some((address, bits)) => (address, bits.parse::<u8>().is_ok_and(|bits| bits <= most)),
        None => (value, true),
    };
    bits && address.parse::<A>().is_ok()
}

/// Labels with dots between; those of other scripts too. The last is no number: that is an address.
fn is_domain(value: &str) -> bool {
    let name = value.strip_suffix('.').unwrap_or(value);
    let label = |label: &str| {
        let known = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_' | '*');
        !label.is_empty() && label.len() <= 63 && all(label, known)
    };
    let labels = || name.split('.');
    labels().count() > 1
        && name.len() <= 253
        && labels().all(label)
        && labels().next_back().is_some_and(|last| !all(last, |c| c.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_of_its_kind_or_is_told_what_one_looks_like() {
        let sha256 = "ab".repeat(32);
        for (kind, good, bad) in [
            (Kind::Ipv4Addr, "192.0.2.7", "CVE-2021-26855"),
            (Kind::Ipv4Addr, "192.0.2.0/24", "192.0.2.0/33"),
            (Kind::Ipv4Addr, "0.0.0.0", "192.0.2[.]7"),
            (Kind::Ipv6Addr, "2001:db8::7", "192.0.2.7"),
            (Kind::DomainName, "c2.example.test", "192.0.2.7"),
            (Kind::DomainName, "bücher.example", "no dots"),
            (Kind::DomainName, "_dmarc.example.test", "https://example.test/a"),
            (Kind::Url, "http://example.test/a b", "example.test/a"),
            (Kind::EmailAddr, "a@example.test", "example.test"),
            (Kind::Md5, &sha256[..32], &sha256),
            (Kind::Sha1, &sha256[..40], "xyz"),
            (Kind::Sha256, &sha256, &sha256[..63]),
            (Kind::AutonomousSystem, "AS64496", "AS"),
            (Kind::MacAddr, "00:00:5e:00:53:01", "00:00:5e:00:53"),
        ] {
            assert_eq!(Entity::new(kind, good).misfit(), None, "{kind} {good}");
            assert!(Entity::new(kind, bad).misfit().is_some(), "{kind} {bad}");
        }
        assert_eq!(Entity::new(Kind::Mutex, "anything at all").misfit(), None);
    }
}
