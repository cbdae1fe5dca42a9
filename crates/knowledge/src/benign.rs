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

/// The addresses of [`V4`] cut into stretches, each with the list of the longest network that holds
/// it: one search tells what would take one for each length of a prefix.
static V4_STRETCHES: LazyLock<Vec<(u32, u8)>> = LazyLock::new(|| stretches(&V4));

/// The list of a stretch that no network holds.
const NO_LIST: u8 = u8::MAX;

/// Bits of the names of [`DOMAINS`]: most names are not there, and one look tells.
static DOMAIN_BITS: LazyLock<Vec<u64>> = LazyLock::new(|| {
    let mut bits = vec![0; DOMAIN_BIT_COUNT / 64];
    for name in DOMAINS.lines().filter_map(|line| line.split('\t').next()) {
        let bit = domain_bit(name);
        bits[bit / 64] |= 1 << (bit % 64);
    }
    bits
});

/// Some twelve bits for each of the names, so that one in twelve is looked up in vain.
const DOMAIN_BIT_COUNT: usize = 1 << 20;

/// FNV-1a, folded: names are short.
fn domain_bit(name: &str) -> usize {
    let hash = name.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    (hash ^ (hash >> 32)) as usize % DOMAIN_BIT_COUNT
}

/// Where each stretch starts, and its list, of sorted records of an address, a length and a list.
fn stretches(records: &[u8]) -> Vec<(u32, u8)> {
    let mut all: Vec<(u32, u8)> = vec![(0, NO_LIST)];
    let mut add = |start: u64, list: u8| {
        let Ok(start) = u32::try_from(start) else { return };
        match all.last_mut() {
            Some(last) if last.0 == start => last.1 = list,
            _ => all.push((start, list)),
        }
    };
    // The networks around the place, the widest first: where each ends, and its list.
    let mut around: Vec<(u64, u8)> = Vec::new();
    let mut before = None;
    for record in records.chunks_exact(6) {
        let (Ok(key), list) = (<[u8; 5]>::try_from(&record[..5]), record[5]) else { continue };
        // Of several lists of one network the first speaks.
        if before.replace(key) == Some(key) {
            continue;
        }
        let [a, b, c, d, length] = key;
        let start = u64::from(u32::from_be_bytes([a, b, c, d]));
        while let Some((end, _)) = around.pop_if(|(end, _)| *end <= start) {
            add(end, around.last().map_or(NO_LIST, |(_, list)| *list));
        }
        add(start, list);
        around.push((start + (1_u64 << (32 - u32::from(length.min(32)))), list));
    }
    while let Some((end, _)) = around.pop() {
        add(end, around.last().map_or(NO_LIST, |(_, list)| *list));
    }
    all
}

/// A list of the built-in tables.
struct List {
    benign: Benign,
    covers_subdomains: bool,
    weight: Weight,
}

/// How much a list says.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Weight {
    /// What a thing is.
    Nature,
    /// That many visit it.
    Popular,
    /// What is published there: yields to a service which many share.
    Publication,
}

static LISTS: LazyLock<Vec<List>> = LazyLock::new(|| {
    rows(&unpack_text(include_bytes!("../data/benign_lists.tsv.zst")))
        .map(|[list, why, shared, under, weight]| List {
            benign: Benign { list: list.into(), why: why.into(), shared: shared == "1" },
            covers_subdomains: under == "1",
            weight: match weight {
                "1" => Weight::Popular,
                "2" => Weight::Publication,
                _ => Weight::Nature,
            },
        })
        .collect()
});

/// The built-in lists.
pub(crate) fn lists() -> impl Iterator<Item = Benign> {
    LISTS.iter().map(|list| list.benign.clone())
}

/// What the fresher lists, then the built-in ones, say of a value.
pub(crate) fn benign(fresher: &[&BenignList], entity: &Entity) -> Option<Benign> {
    let value = entity.value.trim();
    match entity.kind {
        Kind::Ipv4Addr | Kind::Ipv6Addr => address(fresher, network(value)?),
        Kind::DomainName => domain(fresher, value),
        Kind::Url => url(fresher, value),
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

/// A URL is what its host is; a page of a site that is merely popular may be any visitor's.
fn url(fresher: &[&BenignList], url: &str) -> Option<Benign> {
    let host = host_of(url)?;
    if let Some(found) = network(host) {
        return address(fresher, found);
    }
    let (found, weight) = weighed_domain(fresher, host)?;
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let page = rest.split_once(['/', '?', '#']).is_some_and(|(_, page)| !page.is_empty());
    Some(Benign { shared: found.shared || (weight == Weight::Popular && page), ..found })
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
    if let (IpAddr::V4(address), 32, []) = (network.addr(), network.prefix_len(), fresher) {
        let after = V4_STRETCHES.partition_point(|(start, _)| *start <= u32::from(address));
        let (_, list) = V4_STRETCHES.get(after.checked_sub(1)?)?;
        return Some(LISTS.get(usize::from(*list))?.benign.clone());
    }
    longest(fresher, network)
}

fn longest(fresher: &[&BenignList], network: IpNet) -> Option<Benign> {
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

/// What the lists say of a name: the longest listed suffix speaks, but for lists that say little
/// ([`Weight`]): behind these, a shorter suffix that many share speaks.
fn domain(fresher: &[&BenignList], name: &str) -> Option<Benign> {
    weighed_domain(fresher, name).map(|(found, _)| found)
}

fn weighed_domain(fresher: &[&BenignList], name: &str) -> Option<(Benign, Weight)> {
    let name = name.trim_end_matches('.').to_lowercase();
    let mut kept = None;
    let mut suffix = Some(name.as_str());
    while let Some(current) = suffix {
        if let Some((found, weight)) = listed(fresher, current, current.len() == name.len()) {
            if found.shared || (weight == Weight::Nature && kept.is_none()) {
                return Some((found, weight));
            }
            if kept.is_none() {
                kept = Some((found, weight, current));
            }
        }
        suffix = current.split_once('.').map(|(_, rest)| rest);
    }
    let (found, weight, site) = kept?;
    if weight != Weight::Popular || site.len() == name.len() {
        return Some((found, weight));
    }
    let under = name.get(..name.len() - site.len() - 1)?;
    match psl::suffix(site.as_bytes()) {
        // That many visit names under a public suffix says nothing of one of them.
        Some(public) if public.as_bytes() == site.as_bytes() => match public.typ() {
            Some(psl::Type::Private) => Some((Benign { shared: true, ..found }, weight)),
            _ => None,
        },
        _ => {
            let own = under.split('.').all(|label| OWN_LABELS.contains(&label));
            Some((Benign { shared: found.shared || !own, ..found }, weight))
        }
    }
}

/// Labels that sites give to parts of themselves. Other names under a popular site may be its
/// customers': free hosts are among the most visited sites.
const OWN_LABELS: &[&str] = &[
    "about",
    "account",
    "accounts",
    "api",
    "archive",
    "assets",
    "auth",
    "blog",
    "blogs",
    "cdn",
    "community",
    "de",
    "dev",
    "developer",
    "developers",
    "doc",
    "docs",
    "download",
    "downloads",
    "en",
    "es",
    "forum",
    "forums",
    "fr",
    "go",
    "help",
    "id",
    "image",
    "images",
    "img",
    "info",
    "jp",
    "kb",
    "learn",
    "login",
    "m",
    "mail",
    "media",
    "mobile",
    "news",
    "portal",
    "research",
    "ru",
    "search",
    "security",
    "shop",
    "sso",
    "static",
    "status",
    "store",
    "support",
    "tech",
    "update",
    "updates",
    "web",
    "wiki",
    "www",
    "www2",
];

/// The first list, in order of precedence, that holds exactly this name.
fn listed(fresher: &[&BenignList], name: &str, whole: bool) -> Option<(Benign, Weight)> {
    let fresh = fresher.iter().find(|list| {
        (whole || list.covers_subdomains)
            && list.domains.binary_search_by(|domain| domain.as_str().cmp(name)).is_ok()
    });
    if let Some(list) = fresh {
        let weight = if list.popular { Weight::Popular } else { Weight::Nature };
        return Some((list.benign(), weight));
    }
    let bit = domain_bit(name);
    if DOMAIN_BITS[bit / 64] & (1 << (bit % 64)) == 0 {
        return None;
    }
    let numbers = find_line(&DOMAINS, name)?.split(';').filter_map(|n| n.parse::<usize>().ok());
    let mut lists = numbers.filter_map(|n| LISTS.get(n));
    let list = lists.find(|list| whole || list.covers_subdomains)?;
    Some((list.benign.clone(), list.weight))
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
    fn stretches_say_what_the_networks_say() {
        // The ends of every network, and what stands beside them.
        for record in V4.chunks_exact(6).step_by(97) {
            let start = u32::from_be_bytes([record[0], record[1], record[2], record[3]]);
            let end = start.wrapping_add(u32::MAX.checked_shr(record[4].into()).unwrap_or(0));
            for address in [start.wrapping_sub(1), start, end, end.wrapping_add(1)] {
                let one = IpNet::from(IpAddr::from(std::net::Ipv4Addr::from(address)));
                let told = |found: Option<Benign>| found.map(|benign| benign.list);
                assert_eq!(told(address_of(one)), told(longest(&[], one)), "{one}");
            }
        }
    }

    fn address_of(network: IpNet) -> Option<Benign> {
        address(&[], network)
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
    fn popularity_clears_a_site_and_not_its_customers() {
        assert_eq!(of(Kind::DomainName, "www.wikipedia.org").map(|b| b.1), Some(false));
        // `my.id` is among the most visited, and a public suffix.
        assert_eq!(list(Kind::DomainName, "anyone.my.id"), None);
        assert_eq!(of(Kind::DomainName, "a0b1c2.ebay.com"), Some(("top-sites".into(), true)));
        assert_eq!(of(Kind::DomainName, "ebay.com"), Some(("top-sites".into(), false)));
        assert_eq!(of(Kind::Url, "https://www.ebay.com/").map(|b| b.1), Some(false));
        assert_eq!(of(Kind::Url, "https://www.ebay.com/usr/x").map(|b| b.1), Some(true));
        // Researchers publish there; so can anyone.
        assert_eq!(of(Kind::Url, "https://www.dropbox.com/s/x").map(|b| b.1), Some(true));
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
