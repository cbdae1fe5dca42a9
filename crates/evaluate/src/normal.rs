//! The one form in which gold and finds are compared.

use std::net::IpAddr;

use lapwing_model::Kind;

/// A typed value as the scorer compares it. The type splits the rows of a table.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Item {
    /// The type: a STIX object type, or what a suite calls it.
    pub what: String,
    /// The value, in the form of both sides.
    pub value: String,
}

impl Item {
    pub fn new(what: &str, value: impl Into<String>) -> Self {
        Self { what: what.to_owned(), value: value.into() }
    }
}

/// The value in the form of both sides: outer blanks cut; network values refanged; addresses in
/// their canonical form; hosts and hashes in lower case, a host without its last dot; scheme and host
/// of a URL in lower case and one `/` at its end cut. Names, paths and texts stay as they are.
pub(crate) fn normal(kind: Kind, value: &str) -> Item {
    let value = value.trim();
    let shown = match kind {
        Kind::Url => url(&lapwing_engine::refang(value)),
        Kind::Ipv4Addr | Kind::Ipv6Addr => address(&lapwing_engine::refang(value)),
        Kind::DomainName => {
            let host = lapwing_engine::refang(value).to_lowercase();
            host.strip_suffix('.').unwrap_or(&host).to_owned()
        }
        Kind::EmailAddr => lapwing_engine::refang(value).to_lowercase(),
        Kind::FileName
        | Kind::FilePath
        | Kind::WindowsRegistryKey
        | Kind::Mutex
        | Kind::UserAgent
        | Kind::CryptocurrencyWallet
        | Kind::Process
        | Kind::NamedPipe
        | Kind::Ssdeep
        | Kind::Other
        | Kind::Pattern => value.to_owned(),
        _ => value.to_lowercase(),
    };
    Item::new(kind.as_str(), shown)
}

/// An address of either family, with the kind that its form says.
pub(crate) fn normal_address(value: &str) -> Item {
    normal(if value.contains(':') { Kind::Ipv6Addr } else { Kind::Ipv4Addr }, value)
}

fn url(value: &str) -> String {
    let cut = value.strip_suffix('/').unwrap_or(value);
    match cut.find("://") {
        Some(at) => {
            let host = at + 3;
            let path = cut[host..].find(['/', '?', '#']).map_or(cut.len(), |n| host + n);
            format!("{}{}", cut[..path].to_lowercase(), &cut[path..])
        }
        None => cut.to_owned(),
    }
}

/// `2001:DB8:0:0::1` and `2001:db8::1` are one address; a prefix length stays.
fn address(value: &str) -> String {
    let bare = value.trim_start_matches('[').trim_end_matches(']');
    let (host, prefix) = bare.split_once('/').map_or((bare, None), |(a, b)| (a, Some(b)));
    let host = host.parse::<IpAddr>().map_or_else(|_| host.to_lowercase(), |a| a.to_string());
    prefix.map_or(host.clone(), |prefix| format!("{host}/{prefix}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one(kind: Kind, value: &str) -> String {
        normal(kind, value).value
    }

    #[test]
    fn both_sides_get_one_form() {
        assert_eq!(one(Kind::Url, "HTTP://Example.ORG/Path/"), "http://example.org/Path");
        assert_eq!(one(Kind::Url, "https://example.org//"), "https://example.org/");
        assert_eq!(one(Kind::DomainName, " Example.ORG. "), "example.org");
        assert_eq!(
            one(Kind::Md5, "D41D8CD98F00B204E9800998ECF8427E"),
            "d41d8cd98f00b204e9800998ecf8427e"
        );
        assert_eq!(one(Kind::FileName, "A.exe"), "A.exe");
    }

    #[test]
    fn forms_of_an_ipv6_address_are_one() {
        for form in ["2001:db8::1", "2001:DB8:0:0:0:0:0:1", "2001:0db8::0001", "[2001:db8::1]"] {
            assert_eq!(one(Kind::Ipv6Addr, form), "2001:db8::1");
        }
        assert_eq!(one(Kind::Ipv6Addr, "2001:DB8::/32"), "2001:db8::/32");
        assert_eq!(normal_address("198.51.100.7").what, "ipv4-addr");
    }

    #[test]
    fn a_defanged_gold_is_the_value() {
        assert_eq!(one(Kind::Url, "hxxps://c2[.]example[.]net/a"), "https://c2.example.net/a");
        assert_eq!(one(Kind::DomainName, "c2[.]example[.]net"), "c2.example.net");
        assert_eq!(one(Kind::Ipv4Addr, "192.0.2[.]77"), "192.0.2.77");
        assert_eq!(one(Kind::EmailAddr, "drop[at]mail[.]example[.]org"), "drop@mail.example.org");
    }
}
