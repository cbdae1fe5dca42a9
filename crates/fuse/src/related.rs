//! What is alike in values that are not the same: one network, one site, one certificate written
//! otherwise, variants of one file, names and paths of one shape.

use std::collections::BTreeSet;

use lapwing_knowledge::Knowledge;
use lapwing_model::{Entity, Kind};

use crate::registrant::{self, is_nobody};
use crate::sketch::hash;

/// What is shared with many tenants counts this part.
const SHARED: f64 = 0.15;
/// Runs of a fuzzy hash that are compared: of each digest those with the smallest hashes, so that
/// variants keep most of them wherever they stand.
const RUNS: usize = 6;
/// Length of a run: as many characters as ssdeep itself asks two digests to share.
const RUN: usize = 7;
/// Hexadecimal digits of a part of a TLSH body.
const TLSH_PART: usize = 8;
/// Digits of a TLSH before its body: checksum, length and ratios.
const TLSH_HEAD: usize = 6;
/// Digits of a TLSH without its version.
const TLSH_DIGITS: usize = 70;

/// What evidence is in a form that can be compared, with how much its kind tells, 0 to 1.
pub(crate) fn features(evidence: &Entity, knowledge: &Knowledge) -> Vec<(String, f64)> {
    let value = evidence.value.as_str();
    let mut features = vec![(evidence.key(), exact(evidence.kind))];
    match evidence.kind {
        Kind::Ipv4Addr => features.extend(network(value)),
        // The provider's name for an address of its own tells of the address, not of the site.
        Kind::DomainName => match of_provider(value) {
            Some(tells) => features.iter_mut().for_each(|f| f.1 = tells),
            None => features.extend(site(value, 0.7, knowledge)),
        },
        Kind::Url => features.extend(of_url(value, knowledge)),
        Kind::FilePath => {
            features.push((format!("path like {}", shape(&value.to_lowercase())), 0.4));
            let name = value.rsplit(['\\', '/']).next().unwrap_or("").to_lowercase();
            if name.len() >= 5 {
                features.extend(name_shape(&name));
                features.push((Entity::new(Kind::FileName, name).key(), 0.6));
            }
        }
        Kind::FileName => {
            let name = value.to_lowercase();
            features.extend(name_shape(&name));
            features = with_key(features, Entity::new(Kind::FileName, name).key());
        }
        // A privacy service's address stands for all of its customers.
        Kind::EmailAddr if is_nobody(value.rsplit('@').next().unwrap_or("")) => features.clear(),
        Kind::EmailAddr => {
            let (user, host) = value.split_once('@').unwrap_or((value, ""));
            if user.len() >= 6 {
                features.push((format!("mail user {}", user.to_lowercase()), 0.5));
            }
            let own = knowledge.benign(&Entity::new(Kind::DomainName, host)).is_none();
            features.extend(site(host, 0.4, knowledge).filter(|_| own));
        }
        Kind::WindowsRegistryKey => {
            features.push((format!("key like {}", shape(&value.to_lowercase())), 0.3));
        }
        Kind::Certificate => features.extend(of_certificate(value)),
        Kind::Other => features = registrant::features(value),
        Kind::Ssdeep => features.extend(of_ssdeep(value)),
        Kind::Tlsh => features.extend(of_tlsh(value)),
        Kind::Malware | Kind::Tool | Kind::AttackPattern | Kind::Vulnerability => {}
        kind if kind.is_observable() => {}
        _ => features.clear(),
    }
    if evidence.kind.is_observable() {
        match knowledge.benign(evidence) {
            Some(benign) if benign.shared => features.iter_mut().for_each(|f| f.1 *= SHARED),
            Some(_) => features.clear(),
            None => {}
        }
    }
    features
}

/// How much it tells that two have the very same.
fn exact(kind: Kind) -> f64 {
    match kind {
        Kind::FileName => 0.6,
        Kind::Malware => 0.5,
        Kind::Tool => 0.15,
        Kind::Vulnerability | Kind::AutonomousSystem => 0.1,
        Kind::AttackPattern => 0.05,
        _ => 1.0,
    }
}

fn with_key(mut features: Vec<(String, f64)>, key: String) -> Vec<(String, f64)> {
    if let Some(first) = features.first_mut() {
        first.0 = key;
    }
    features
}

fn network(value: &str) -> Option<(String, f64)> {
    let (net, _) = value.rsplit_once('.').filter(|_| !value.contains('/'))?;
    Some((format!("network {net}.0/24"), 0.3))
}

/// The registrable domain of a host that is another than the host itself.
fn site(host: &str, tells: f64, knowledge: &Knowledge) -> impl Iterator<Item = (String, f64)> {
    let site = knowledge.registrable_domain(host).filter(|site| *site != host);
    site.map(|site| (Entity::new(Kind::DomainName, site).key(), tells)).into_iter()
}

/// How much a host name tells that a provider made for one of its addresses, as reverse look-ups give it; `None`
/// for any other name.
fn of_provider(host: &str) -> Option<f64> {
    const WORDS: &[&str] = &[
        "subnet",
        "dsl",
        "adsl",
        "vdsl",
        "dhcp",
        "ppp",
        "ptr",
        "rev",
        "reverse",
        "unassigned",
        "pool",
        "pools",
        "dynamic",
        "dyn",
        "clients",
        "customer",
        "customers",
        "cust",
        "hosted-by",
        "in-addr",
    ];
    let labels: Vec<&str> = host.split('.').collect();
    let numbers = host
        .split(['.', '-', '_'])
        .map(|part| part.trim_start_matches(|c: char| c.is_ascii_alphabetic()))
        .filter(|part| part.parse::<u8>().is_ok())
        .count();
    match numbers {
        // As much as the address that it spells out.
        4.. => Some(1.0),
        3 => Some(0.3),
        _ => labels.iter().rev().skip(2).any(|label| WORDS.contains(label)).then_some(0.15),
    }
}

fn of_url(value: &str, knowledge: &Knowledge) -> Vec<(String, f64)> {
    let rest = value.split_once("://").map_or(value, |(_, rest)| rest);
    let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
    let host = authority.rsplit('@').next().unwrap_or("").split(':').next().unwrap_or("");
    let host = host.to_lowercase();
    let mut features = Vec::new();
    let kind =
        if host.parse::<std::net::Ipv4Addr>().is_ok() { Kind::Ipv4Addr } else { Kind::DomainName };
    let server = Entity::new(kind, host.as_str());
    if host.contains('.') && knowledge.benign(&server).is_none() {
        features.push((server.key(), 0.8));
        features.extend(site(&host, 0.6, knowledge).filter(|_| kind == Kind::DomainName));
    }
    let path = path.split(['?', '#']).next().unwrap_or("");
    let shape = shape(path);
    if shape.len() >= 6 && path.contains(['/', '.']) {
        features.push((format!("path like /{shape}"), 0.4));
    }
    features
}

/// The shape of a name that carries a number or a random part: `update_17.exe` is like
/// `update_4.exe`. A name that is nothing but such a part has no shape.
fn name_shape(name: &str) -> Option<(String, f64)> {
    let shape = shape(name);
    let stem = shape.rsplit_once('.').map_or(shape.as_str(), |(stem, _)| stem);
    let letters = stem.bytes().filter(u8::is_ascii_alphabetic).count();
    (shape != name && letters >= 4).then(|| (format!("name like {shape}"), 0.25))
}

/// A certificate by its digits, however they are written, or by what its subject says.
fn of_certificate(value: &str) -> Vec<(String, f64)> {
    let digits: String =
        value.chars().filter(|c| !matches!(c, ':' | ' ' | '-')).collect::<String>().to_lowercase();
    let digits = digits.strip_prefix("0x").unwrap_or(&digits);
    if digits.len() >= 8 && digits.bytes().all(|b| b.is_ascii_hexdigit()) {
        let bare = digits.trim_start_matches('0');
        return vec![(format!("certificate {bare}"), 1.0)];
    }
    of_subject(value)
}

/// What the subject of a certificate says.
pub(crate) fn of_subject(value: &str) -> Vec<(String, f64)> {
    let fields = value.split([',', '/', ';', '+']).filter_map(|field| field.split_once('='));
    let mut features = Vec::new();
    for (name, text) in fields {
        let text = text.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase();
        let name = name.trim().to_lowercase();
        let tells = match name.as_str() {
            _ if text.len() < 3 || is_default_subject(&text) || is_nobody(&text) => continue,
            "cn" => 0.7,
            "emailaddress" | "e" => 0.8,
            "serialnumber" => 0.9,
            "o" => 0.4,
            "ou" => 0.2,
            _ => continue,
        };
        features.push((format!("certificate subject {name}={text}"), tells));
    }
    features
}

/// What tools write into the certificates that they make, and public authorities into all of theirs.
fn is_default_subject(text: &str) -> bool {
    const DEFAULTS: &[&str] = &[
        "internet widgits pty ltd",
        "default company ltd",
        "localhost",
        "localhost.localdomain",
        "example.com",
        "let's encrypt",
        "cloudflare",
        "cloudflare, inc.",
        "digicert inc",
        "self-signed",
        "test",
        "unknown",
        "none",
        "my company",
        "company",
        "server",
        "default",
    ];
    DEFAULTS.contains(&text)
}

/// Runs of both parts of an ssdeep digest with the size of their blocks: variants of a file share
/// some, wherever they stand; digests of other block sizes say nothing of each other.
fn of_ssdeep(value: &str) -> Vec<(String, f64)> {
    let mut parts = value.split(':');
    let Some(size) = parts.next().and_then(|size| size.trim().parse::<u64>().ok()) else {
        return Vec::new();
    };
    let mut features = Vec::new();
    for (text, size) in parts.zip([size, size.saturating_mul(2)]) {
        let text = text.split(',').next().unwrap_or("");
        let text = without_repeats(text);
        let runs: BTreeSet<(u64, &[u8])> =
            text.windows(RUN).map(|run| (hash(run), run)).take(256).collect();
        for (_, run) in runs.into_iter().take(RUNS) {
            features.push((format!("ssdeep {size} {}", String::from_utf8_lossy(run)), 0.5));
        }
    }
    features
}

/// As ssdeep does: of a character that repeats more than three times three are kept.
fn without_repeats(text: &str) -> Vec<u8> {
    let mut kept: Vec<u8> = Vec::new();
    for byte in text.bytes() {
        if !kept.ends_with(&[byte, byte, byte]) {
            kept.push(byte);
        }
    }
    kept
}

/// Parts of the body of a TLSH with their places: each byte of it stands for four buckets of the
/// file, so that variants keep most parts.
fn of_tlsh(value: &str) -> Vec<(String, f64)> {
    let lower = value.to_lowercase();
    let digits = lower.strip_prefix("t1").unwrap_or(&lower);
    if digits.len() != TLSH_DIGITS || !digits.bytes().all(|b| b.is_ascii_hexdigit()) {
        return Vec::new();
    }
    let body = digits.as_bytes()[TLSH_HEAD..].chunks_exact(TLSH_PART);
    body.enumerate()
        // A part without any difference between the buckets is that of a short or empty file.
        .filter(|(_, part)| part.iter().any(|b| *b != part[0]))
        .map(|(at, part)| (format!("TLSH {at} {}", String::from_utf8_lossy(part)), 0.4))
        .collect()
}

/// The shape of a path: runs of digits become `#`, and long runs of hexadecimal digits `*`.
fn shape(path: &str) -> String {
    let mut shape = String::new();
    for piece in path.split_inclusive(|c: char| !c.is_ascii_alphanumeric()) {
        let word = piece.trim_end_matches(|c: char| !c.is_ascii_alphanumeric());
        let digits = word.bytes().any(|b| b.is_ascii_digit());
        let hex = word.len() >= 8 && digits && word.bytes().all(|b| b.is_ascii_hexdigit());
        if hex {
            shape.push('*');
        } else {
            let mut number = false;
            for c in word.chars() {
                if c.is_ascii_digit() {
                    if !number {
                        shape.push('#');
                    }
                } else {
                    shape.push(c);
                }
                number = c.is_ascii_digit();
            }
        }
        shape.push_str(&piece[word.len()..]);
    }
    shape
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shared(kind: Kind, a: &str, b: &str) -> usize {
        let of = |value: &str| -> BTreeSet<String> {
            let entity = Entity::new(kind, value);
            features(&entity, Knowledge::builtin()).into_iter().map(|f| f.0).collect()
        };
        of(a).intersection(&of(b)).count()
    }

    #[test]
    fn shapes_leave_numbers_and_random_parts_out() {
        assert_eq!(shape("owa/auth/a1b2c3d4e5.aspx?x"), "owa/auth/*.aspx?x");
        assert_eq!(shape("img12/7.gif"), "img#/#.gif");
        assert_eq!(shared(Kind::FileName, "Update_17.exe", "update_4.exe"), 1);
        assert_eq!(shared(Kind::FileName, "17.exe", "4.exe"), 0);
    }

    #[test]
    fn names_that_providers_give_their_addresses_do_not_stand_for_a_site() {
        let tells = |host: &str| {
            let found = features(&Entity::new(Kind::DomainName, host), Knowledge::builtin());
            found.iter().map(|f| f.1).sum::<f64>()
        };
        assert!((tells("static.88-99-1-2.clients.reed-host.com") - 1.0).abs() < 1e-9);
        assert!(tells("ip-5-135-35.reed-host.eu") < 0.31 && tells("subnet.reed-host.lu") < 0.16);
        assert!(tells("c2-17.reed-mere.com") > 1.5 && tells("update.reed-mere.com") > 1.5);
    }

    #[test]
    fn a_certificate_is_one_however_written_and_defaults_tell_nothing() {
        let one = shared(Kind::Certificate, "00:0A:1B:2C:3D:4E", "0a1b2c3d4e");
        assert_eq!(one, 1);
        let subject = "C=US, O=Reed Labs, CN=updates-reed.test.invalid";
        assert_eq!(shared(Kind::Certificate, subject, "CN=updates-reed.test.invalid, O=Other"), 1);
        let made = "O=Internet Widgits Pty Ltd, CN=localhost";
        assert_eq!(shared(Kind::Certificate, made, "CN=localhost,O=internet widgits pty ltd"), 0);
    }

    #[test]
    fn variants_of_a_file_share_runs_of_their_fuzzy_hashes() {
        let a = "96:s4Ud1Lj96tHHlZDrwciQmA+4uy1I0G4HYuL8N3TzS8QsO/wqWXLcMSx:sF1LjEtHHlZDrJzrhuyZvHYm8tKp/RWO";
        let b = "96:QQYs4Ud1Lj96tHHlZDrwciQmA+4uy1I0G4HYuL8N3TzS8QsO/wqWXLcMQ:xF1LjEtHHlZDrJzrhuyZvHYm8tKp/RWQ";
        let other = "96:Zk9aPqW3eRt5yUi7oPaSdFgHjKlZxCvBnM1QwErTyUiOpAsDfGhJkL2z:ZkqaPrW3eRt6yUi8oPaSdFhHjKlZyCv";
        assert!(shared(Kind::Ssdeep, a, b) >= 6, "{}", shared(Kind::Ssdeep, a, b));
        assert_eq!(shared(Kind::Ssdeep, a, other), 0);
        let larger = a.replacen("96:", "1536:", 1);
        assert_eq!(shared(Kind::Ssdeep, a, &larger), 0);
        assert_eq!(shared(Kind::Tlsh, "T1not", "T1not"), 1);
    }

    #[test]
    fn a_url_and_its_host_are_related() {
        let host = Entity::new(Kind::DomainName, "cdn.reed-panel.top").key();
        let url = Entity::new(Kind::Url, "http://CDN.reed-panel.top:8080/gate.php?id=1");
        let found = features(&url, Knowledge::builtin());
        assert!(found.iter().any(|(feature, tells)| *feature == host && *tells < 1.0), "{found:?}");
    }
}
