//! Which addresses may be reached: a name is resolved, every address that it has is looked at, and
//! the connection goes to one of those that were looked at.

use std::collections::BTreeSet;
use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ureq::config::Config;
use ureq::http::Uri;
use ureq::unversioned::resolver::{DefaultResolver, ResolvedSocketAddrs, Resolver};
use ureq::unversioned::transport::NextTimeout;

/// What may be reached besides public addresses.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reach {
    /// Private, loopback and link-local addresses, whatever names them.
    pub private: bool,
    /// Hosts that the user named, and that may stand at such addresses.
    pub hosts: BTreeSet<String>,
}

impl Reach {
    /// Public addresses only.
    #[must_use]
    pub fn public() -> Self {
        Self::default()
    }

    /// Any address.
    #[must_use]
    pub fn any() -> Self {
        Self { private: true, hosts: BTreeSet::new() }
    }

    /// Public addresses, and the host that the user named, wherever it stands.
    #[must_use]
    pub fn and_host_of(mut self, address: &url::Url) -> Self {
        self.hosts.extend(address.host_str().map(bare));
        self
    }

    /// Whether a host may stand at an address.
    #[must_use]
    pub fn allows(&self, host: &str, address: IpAddr) -> bool {
        self.private || !is_private(address) || self.hosts.contains(&bare(host))
    }
}

/// A host in lower case without the brackets of an IPv6 address or a last dot.
fn bare(host: &str) -> String {
    host.trim_start_matches('[').trim_end_matches(']').trim_end_matches('.').to_ascii_lowercase()
}

/// Whether an address is not of the public Internet: loopback, private, link-local, shared,
/// multicast or reserved space, also where it is written inside an IPv6 address.
#[must_use]
pub fn is_private(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(ip) => is_private_v4(ip),
        IpAddr::V6(ip) => is_private_v6(ip),
    }
}

fn is_private_v4(ip: Ipv4Addr) -> bool {
    let [a, b, c, _] = ip.octets();
    ip.is_loopback()
        || ip.is_private()
        || ip.is_link_local()
        || ip.is_broadcast()
        || ip.is_multicast()
        || a == 0
        || a >= 240
        || (a == 100 && (64..128).contains(&b))
        || (a == 192 && b == 0 && c == 0)
        || (a == 198 && (b == 18 || b == 19))
}

fn is_private_v6(ip: Ipv6Addr) -> bool {
    let segments = ip.segments();
    // IPv4 inside IPv6: mapped, compatible, translated (RFC 6052), 6to4.
    let inside = |high: u16, low: u16| {
        let [a, b] = high.to_be_bytes();
        let [c, d] = low.to_be_bytes();
        is_private_v4(Ipv4Addr::new(a, b, c, d))
    };
    match segments {
        [0, 0, 0, 0, 0, 0 | 0xffff, high, low] | [0x64, 0xff9b, 0, 0, 0, 0, high, low] => {
            inside(high, low)
        }
        [0x64, 0xff9b, 1, ..] => true,
        [0x2002, high, low, ..] => inside(high, low),
        [first, ..] => {
            ip.is_loopback()
                || ip.is_unspecified()
                || ip.is_multicast()
                || ip.is_unique_local()
                || ip.is_unicast_link_local()
                || (first & 0xffc0) == 0xfec0
        }
    }
}

/// Why a host was not connected to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Refused {
    pub(crate) host: String,
    pub(crate) address: IpAddr,
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` stands at the private address {}", self.host, self.address)
    }
}

impl std::error::Error for Refused {}

/// Resolves names, and refuses those of which any address may not be reached. The connection is
/// made to what this returns: no second look-up can give another address.
#[derive(Debug)]
pub(crate) struct Guard {
    pub(crate) reach: Reach,
    /// The host of the proxy, which does the looking up itself.
    pub(crate) proxy: Option<String>,
    pub(crate) inner: DefaultResolver,
}

impl Resolver for Guard {
    fn resolve(
        &self,
        uri: &Uri,
        config: &Config,
        timeout: NextTimeout,
    ) -> Result<ResolvedSocketAddrs, ureq::Error> {
        let found = self.inner.resolve(uri, config, timeout)?;
        let host = uri.host().unwrap_or_default();
        if self.proxy.as_deref().is_some_and(|proxy| bare(proxy) == bare(host)) {
            return Ok(found);
        }
        for socket in &found {
            if !self.reach.allows(host, socket.ip()) {
                let refused = Refused { host: bare(host), address: socket.ip() };
                return Err(ureq::Error::Io(std::io::Error::new(
                    std::io::ErrorKind::PermissionDenied,
                    refused,
                )));
            }
        }
        Ok(found)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn private(text: &str) -> bool {
        is_private(text.parse().unwrap())
    }

    #[test]
    fn private_space_is_known_in_all_its_forms() {
        for address in [
            "127.0.0.1",
            "10.1.2.3",
            "172.16.0.1",
            "192.168.0.1",
            "169.254.169.254",
            "100.64.0.1",
            "0.0.0.0",
            "224.0.0.1",
            "255.255.255.255",
            "::1",
            "::",
            "fe80::1",
            "fd00:ec2::254",
            "fec0::1",
            "ff02::1",
            "::ffff:169.254.169.254",
            "::127.0.0.1",
            "64:ff9b::a9fe:a9fe",
            "2002:7f00:1::",
        ] {
            assert!(private(address), "{address}");
        }
        for address in
            ["192.0.2.1", "8.8.8.8", "2001:db8::1", "2606:4700::1111", "64:ff9b::808:808"]
        {
            assert!(!private(address), "{address}");
        }
    }

    #[test]
    fn a_host_that_the_user_named_may_stand_anywhere() {
        let named = Reach::public().and_host_of(&url::Url::parse("http://MISP.example./").unwrap());
        assert!(named.allows("misp.example", "10.0.0.1".parse().unwrap()));
        assert!(!named.allows("other.example", "10.0.0.1".parse().unwrap()));
        assert!(named.allows("other.example", "192.0.2.1".parse().unwrap()));
    }
}
