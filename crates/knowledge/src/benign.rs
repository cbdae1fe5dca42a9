//! Whether a value is known to be legitimate.
//!
//! All tables are searched where they lie: nothing is built but the unpacked bytes.

use std::net::{IpAddr, Ipv6Addr};
use std::sync::LazyLock;

use ipnet::IpNet;
use lapwing_model::{Entity, Kind};

use crate::Benign;
use crate::table::{Records, find_line, rows, unpack, unpack_text};
use crate::update::BenignList;

macro_rules! text_table {
    ($name:ident, $file:literal) => {
        static $name: LazyLock<String> =
            LazyLock::new(|| unpack_text(include_bytes!(concat!("../data/", $file, ".zst"))));
    };
}
macro_rules! record_table {
    ($name:ident, $file:literal) => {
        static $name: LazyLock<Vec<u8>> =
            LazyLock::new(|| unpack(include_bytes!(concat!("../data/", $file, ".zst"))));
    };
}
text_table!(DOMAINS, "benign_domains.tsv");
text_table!(FILES, "benign_files.tsv");
record_table!(V4, "benign_v4.bin");
record_table!(V6, "benign_v6.bin");
record_table!(MD5, "benign_hash16.bin");
record_table!(SHA1, "benign_hash20.bin");
record_table!(SHA256, "benign_hash32.bin");
record_table!(SHA512, "benign_hash64.bin");

/// A list of the built-in tables.
struct List {
    benign: Benign,
    covers_subdomains: bool,
    /// A list of what is often visited: says less than a list of what a thing is.
    popular: bool,
}

static LISTS: LazyLock<Vec<List>> = LazyLock::new(|| {
    rows(&unpack_text(include_bytes!("../data/benign_lists.tsv.zst")))
        .map(|[list, why, shared, under, popular]| List {
            benign: Benign { list: list.into(), why: why.into(), shared: shared == "1" },
            covers_subdomains: under == "1",
            popular: popular == "1",
        })
        .collect()
});

/// What the fresher lists, then the built-in ones, say of a value.
pub(crate) fn benign(fresher: &[&BenignList], entity: &Entity) -> Option<Benign> {
    let value = entity.value.trim();
    match entity.kind {
        Kind::Ipv4Addr | Kind::Ipv6Addr => address(fresher, network(value)?),
        Kind::DomainName => domain(fresher, value),
        Kind::Url => host(fresher, host_of(value)?),
        // Anyone may have an address at a provider: the provider's name clears no mailbox.
        Kind::EmailAddr => {
            let found = domain(fresher, value.rsplit_once('@')?.1)?;
            Some(Benign { shared: true, ..found })
        }
        Kind::Md5 | Kind::Sha1 | Kind::Sha256 | Kind::Sha512 | Kind::Certificate => {
            hash(fresher, value)
        }
        Kind::FileName => first(find_line(&FILES, &value.to_lowercase())?),
        _ => None,
    }
}

fn network(value: &str) -> Option<IpNet> {
    let network = match value.parse::<IpNet>() {
        Ok(network) => network,
        Err(_) => IpNet::from(value.parse::<IpAddr>().ok()?.to_canonical()),
    };
    Some(network.trunc())
}

fn host(fresher: &[&BenignList], host: &str) -> Option<Benign> {
    match network(host) {
        Some(found) => address(fresher, found),
        None => domain(fresher, host),
    }
}

/// The host of a URL, without user, port and brackets.
fn host_of(url: &str) -> Option<&str> {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let authority = rest.split(['/', '?', '#', '\\']).next()?;
    let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    match host.strip_prefix('[') {
        Some(inner) => inner.split(']').next(),
        None => host.split(':').next(),
    }
}

/// The longest listed network that holds all of `network`.
fn address(fresher: &[&BenignList], network: IpNet) -> Option<Benign> {
    (0..=network.prefix_len()).rev().find_map(|length| {
        let wider = IpNet::new(network.addr(), length).ok()?.trunc();
        let fresh = fresher.iter().find(|l| l.networks.binary_search(&wider).is_ok());
        if let Some(list) = fresh {
            return Some(list.benign());
        }
        let found = match wider.addr() {
            IpAddr::V4(a) => Records::new(&V4, 5).lists_of(&key(&a.octets(), length)),
            IpAddr::V6(a) => Records::new(&V6, 17).lists_of(&key(&Ipv6Addr::octets(&a), length)),
        };
        Some(LISTS.get(*found.first()?)?.benign.clone())
    })
}

fn key(octets: &[u8], length: u8) -> Vec<u8> {
    octets.iter().copied().chain([length]).collect()
}

/// What the lists say of a name: the longest listed suffix speaks. A list that only says that many
/// visit a site does not clear names under it which a shorter suffix knows as many tenants'.
fn domain(fresher: &[&BenignList], name: &str) -> Option<Benign> {
    let name = name.trim_end_matches('.').to_lowercase();
    let mut popular = None;
    let mut suffix = Some(name.as_str());
    while let Some(current) = suffix {
        let whole = current.len() == name.len();
        let fresh = fresher.iter().find(|l| {
            (whole || l.covers_subdomains)
                && l.domains.binary_search_by(|d| d.as_str().cmp(current)).is_ok()
        });
        let known = fresh.map(|l| (l.benign(), l.popular)).or_else(|| {
            let lists = find_line(&DOMAINS, current)?;
            let numbers = lists.split(';').filter_map(|n| n.parse::<usize>().ok());
            let mut lists = numbers.filter_map(|n| LISTS.get(n));
            let list = lists.find(|l| whole || l.covers_subdomains)?;
            Some((list.benign.clone(), list.popular))
        });
        match known {
            Some((found, false)) if popular.is_none() || found.shared => return Some(found),
            Some((found, true)) if popular.is_none() => popular = Some((found, current)),
            _ => {}
        }
        suffix = current.split_once('.').map(|(_, rest)| rest);
    }
    // A suffix under which anyone can have a name (the private part of the public suffix list).
    popular.map(|(found, at)| {
        let many = psl::suffix(at.as_bytes())
            .is_some_and(|s| s.as_bytes() == at.as_bytes() && s.typ() == Some(psl::Type::Private));
        Benign { shared: found.shared || (many && at.len() < name.len()), ..found }
    })
}

fn hash(fresher: &[&BenignList], value: &str) -> Option<Benign> {
    let value = value.to_ascii_lowercase();
    let fresh = fresher
        .iter()
        .find(|l| l.hashes.binary_search_by(|h| h.as_str().cmp(value.as_str())).is_ok());
    if let Some(list) = fresh {
        return Some(list.benign());
    }
    let bytes = unhex(&value)?;
    let table: &[u8] = match bytes.len() {
        16 => &MD5,
        20 => &SHA1,
        32 => &SHA256,
        64 => &SHA512,
        _ => return None,
    };
    let lists = Records::new(table, bytes.len()).lists_of(&bytes);
    Some(LISTS.get(*lists.first()?)?.benign.clone())
}

fn unhex(text: &str) -> Option<Vec<u8>> {
    let digits: Option<Vec<u8>> = text.chars().map(|c| c.to_digit(16).map(|d| d as u8)).collect();
    let digits = digits?;
    let (pairs, rest) = digits.as_chunks::<2>();
    rest.is_empty().then(|| pairs.iter().map(|[high, low]| high << 4 | low).collect())
}

fn first(lists: &str) -> Option<Benign> {
    let number: usize = lists.split(';').next()?.parse().ok()?;
    Some(LISTS.get(number)?.benign.clone())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(kind: Kind, value: &str) -> Option<(String, bool)> {
        benign(&[], &Entity::new(kind, value)).map(|b| (b.list, b.shared))
    }

    fn list(kind: Kind, value: &str) -> Option<String> {
        of(kind, value).map(|(list, _)| list)
    }

    #[test]
    fn every_table_opens() {
        assert!(LISTS.len() > 30);
        assert!(DOMAINS.len() > 1_000_000);
        assert!(FILES.len() > 500);
        for (table, size) in
            [(&V4, 6), (&V6, 18), (&MD5, 17), (&SHA1, 21), (&SHA256, 33), (&SHA512, 65)]
        {
            assert!(!table.is_empty() && table.len() % size == 0);
            // The search needs the order of bytes.
            assert!(table.chunks(size).is_sorted());
            assert!(table.chunks(size).all(|r| usize::from(r[size - 1]) < LISTS.len()));
        }
        let firsts = DOMAINS.lines().filter_map(|l| l.split_once('\t')).map(|(d, _)| d);
        assert!(firsts.is_sorted());
    }

    #[test]
    fn special_networks_and_resolvers() {
        assert_eq!(list(Kind::Ipv4Addr, "10.1.2.3").as_deref(), Some("special-networks"));
        assert_eq!(list(Kind::Ipv4Addr, "192.168.0.0/24").as_deref(), Some("special-networks"));
        assert_eq!(of(Kind::Ipv4Addr, "8.8.8.8"), Some(("resolvers".into(), false)));
        assert_eq!(of(Kind::Ipv4Addr, "192.0.2.7"), Some(("documentation".into(), true)));
        assert_eq!(of(Kind::Ipv6Addr, "2001:db8::7"), Some(("documentation".into(), true)));
        assert_eq!(list(Kind::Ipv6Addr, "fe80::1").as_deref(), Some("special-networks"));
        // A network is only as benign as all of it is.
        assert_eq!(list(Kind::Ipv4Addr, "8.0.0.0/7"), None);
        assert_eq!(list(Kind::Ipv4Addr, "not an address"), None);
    }

    #[test]
    fn clouds_belong_to_many() {
        assert_eq!(of(Kind::Ipv4Addr, "104.16.1.1"), Some(("cloud-hosting".into(), true)));
        let host = "ec2-192-0-2-1.compute-1.amazonaws.com";
        assert_eq!(of(Kind::DomainName, host), Some(("cloud-hosting".into(), true)));
        assert_eq!(of(Kind::DomainName, "evil.s3.amazonaws.com").map(|b| b.1), Some(true));
        assert_eq!(of(Kind::DomainName, "someone.duckdns.org").map(|b| b.1), Some(true));
        assert_eq!(of(Kind::DomainName, "someone.github.io").map(|b| b.1), Some(true));
    }

    #[test]
    fn names_by_suffix_of_labels() {
        assert_eq!(list(Kind::DomainName, "today.darkreading.com").as_deref(), Some("news-sites"));
        assert_eq!(list(Kind::DomainName, "notdarkreading.com"), None);
        assert_eq!(list(Kind::DomainName, "darkreading.com.evil.test.invalid-label"), None);
        assert_eq!(of(Kind::DomainName, "www.example.com"), Some(("documentation".into(), true)));
        assert_eq!(of(Kind::DomainName, "attack.mitre.org").map(|b| b.1), Some(false));
        assert_eq!(list(Kind::DomainName, "Today.DarkReading.com.").as_deref(), Some("news-sites"));
    }

    #[test]
    fn urls_by_host_and_mail_by_domain() {
        let url = "https://user@today.darkreading.com:443/a?b=http://evil.example";
        assert_eq!(list(Kind::Url, url).as_deref(), Some("news-sites"));
        assert_eq!(list(Kind::Url, "http://10.0.0.1/x").as_deref(), Some("special-networks"));
        assert_eq!(list(Kind::Url, "http://[::1]:80/x").as_deref(), Some("special-networks"));
        assert_eq!(of(Kind::Url, "https://github.com/x/y.exe").map(|b| b.1), Some(true));
        assert_eq!(of(Kind::EmailAddr, "a@microsoft.com").map(|b| b.1), Some(true));
    }

    #[test]
    fn hashes_and_files() {
        let empty = "D41D8CD98F00B204E9800998ECF8427E";
        assert_eq!(list(Kind::Md5, empty).as_deref(), Some("empty-files"));
        let empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
        assert_eq!(list(Kind::Sha256, empty).as_deref(), Some("empty-files"));
        assert_eq!(list(Kind::Md5, "d41d8cd98f00b204e9800998ecf8427f"), None);
        assert_eq!(list(Kind::Md5, "xyz"), None);
        assert_eq!(of(Kind::FileName, "W3WP.exe"), Some(("system-files".into(), true)));
        assert_eq!(list(Kind::FileName, "shell.aspx"), None);
    }
}
