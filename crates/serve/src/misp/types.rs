//! The types of attributes that are taken, with the category and the `to_ids` that MISP gives them
//! where a client gives none: facts of MISP's own `describeTypes`.

use axum::Json;
use serde_json::{Map, Value, json};

use crate::asker::Asker;

/// Category, `to_ids`, types.
const TYPES: &[(&str, bool, &str)] = &[
    (
        "Network activity",
        true,
        "ip-src ip-dst hostname domain domain|ip email-dst url uri \
        ip-dst|port ip-src|port hostname|port onion-address ja3-fingerprint-md5 jarm-fingerprint \
        hassh-md5 hasshserver-md5 favicon-mmh3 x509-fingerprint-md5 x509-fingerprint-sha1 \
        x509-fingerprint-sha256 snort suricata bro zeek community-id dom-hash pattern-in-traffic",
    ),
    (
        "Network activity",
        false,
        "user-agent AS http-method ssh-fingerprint cookie port mac-address \
        mac-eui-64 dkim dkim-signature",
    ),
    (
        "Payload delivery",
        true,
        "md5 sha1 sha224 sha256 sha384 sha512 sha3-256 sha3-512 ssdeep \
        imphash impfuzzy pehash telfhash tlsh vhash authentihash cdhash filename filename|md5 \
        filename|sha1 filename|sha224 filename|sha256 filename|sha384 filename|sha512 \
        filename|ssdeep filename|imphash filename|tlsh filename|vhash filename|authentihash \
        malware-sample email-src email-attachment mobile-application-id chrome-extension-id",
    ),
    (
        "Payload delivery",
        false,
        "email-subject email-body email-header email-reply-to email-x-mailer \
        email-mime-boundary email-thread-index email-message-id email-dst-display-name \
        email-src-display-name malware-type",
    ),
    (
        "Payload installation",
        true,
        "yara sigma stix2-pattern pattern-in-file pattern-in-memory \
        filename-pattern",
    ),
    ("Persistence mechanism", true, "regkey regkey|value"),
    ("Artifacts dropped", true, "mutex"),
    (
        "Artifacts dropped",
        false,
        "named\u{a0}pipe pdb gene kusto-query mime-type process-state \
        windows-scheduled-task windows-service-name windows-service-displayname",
    ),
    ("External analysis", false, "vulnerability weakness cpe link attachment cortex"),
    (
        "Attribution",
        false,
        "threat-actor campaign-name campaign-id whois-registrant-email \
        whois-registrant-phone whois-registrant-name whois-registrant-org whois-registrar \
        whois-creation-date dns-soa-email",
    ),
    (
        "Targeting data",
        false,
        "target-user target-email target-machine target-org target-location \
        target-external",
    ),
    ("Financial fraud", true, "btc dash xmr iban bic bank-account-nr aba-rtn bin cc-number prtn"),
    ("Social network", true, "email"),
    (
        "Social network",
        false,
        "github-username github-repository github-organisation jabber-id \
        twitter-id",
    ),
    ("Internal reference", false, "git-commit-id"),
    (
        "Person",
        false,
        "phone-number first-name middle-name last-name full-name date-of-birth \
        nationality pgp-public-key",
    ),
    (
        "Other",
        false,
        "comment text other hex counter float integer boolean datetime uuid \
        size-in-bytes anonymised",
    ),
];

/// All types, with category and `to_ids`. One of MISP's has a space in its name.
fn all() -> impl Iterator<Item = (String, &'static str, bool)> {
    TYPES.iter().flat_map(|(category, to_ids, types)| {
        types
            .split_ascii_whitespace()
            .map(move |kind| (kind.replace('\u{a0}', " "), *category, *to_ids))
    })
}

/// The category and `to_ids` of a type, where it is one.
pub(super) fn defaults(kind: &str) -> Option<(&'static str, bool)> {
    all().find(|(known, ..)| known == kind).map(|(_, category, to_ids)| (category, to_ids))
}

/// Hexadecimal digits of a digest.
const DIGESTS: [(&str, usize); 7] = [
    ("md5", 32),
    ("sha1", 40),
    ("sha224", 56),
    ("sha256", 64),
    ("sha384", 96),
    ("sha512", 128),
    ("imphash", 32),
];

/// What is wrong with a value for its type, where that can be seen; of `name|hash` by its parts.
pub(super) fn flaw(kind: &str, value: &str) -> Option<String> {
    // Defanged values are read as what they stand for.
    let value = value.trim().replace("[.]", ".").replace("[:]", ":");
    if let Some((first, last)) = kind.split_once('|') {
        let Some((left, right)) = value.rsplit_once('|') else {
            return Some(format!("`{kind}` is two values with `|` between them"));
        };
        return flaw(first, left).or_else(|| flaw(last, right));
    }
    if let Some((_, digits)) = DIGESTS.iter().find(|(name, _)| *name == kind) {
        let fits = value.len() == *digits && value.bytes().all(|b| b.is_ascii_hexdigit());
        return (!fits).then(|| {
            format!("Checksum has an invalid length or format (expected: {digits} hexadecimal characters)")
        });
    }
    let fits = match kind {
        "ip-src" | "ip-dst" | "ip" => is_network(&value),
        "port" => value.parse::<u16>().is_ok(),
        "email" | "email-src" | "email-dst" => value.contains('@'),
        "domain" | "hostname" => !value.contains(|c: char| c.is_whitespace() || c == '/'),
        _ => true,
    };
    (!fits).then(|| format!("`{value}` is no value of the type `{kind}`"))
}

/// Whether a text is an address, or a network as `192.0.2.0/24`.
fn is_network(text: &str) -> bool {
    let (address, length) = text.split_once('/').map_or((text, None), |(a, l)| (a, Some(l)));
    let Ok(address) = address.parse::<std::net::IpAddr>() else { return false };
    let most = if address.is_ipv4() { 32 } else { 128 };
    length.is_none_or(|length| length.parse::<u8>().is_ok_and(|length| length <= most))
}

/// What a client may send: types, categories, which go together.
pub(super) async fn describe(_: Asker) -> Json<Value> {
    let mut defaults = Map::new();
    let mut types: Vec<String> = Vec::new();
    let mut categories: Vec<&str> = Vec::new();
    for (kind, category, to_ids) in all() {
        defaults.insert(
            kind.clone(),
            json!({ "default_category": category, "to_ids": u8::from(to_ids) }),
        );
        types.push(kind);
        if !categories.contains(&category) {
            categories.push(category);
        }
    }
    // Which category an attribute is of is the client's word here: any goes with any type.
    let mappings: Map<String, Value> =
        categories.iter().map(|category| ((*category).to_owned(), json!(types))).collect();
    Json(json!({ "result": {
        "sane_defaults": defaults,
        "types": types,
        "categories": categories,
        "category_type_mappings": mappings,
    }}))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_that_cannot_be_of_their_type_are_told() {
        let md5 = "0123456789abcdef0123456789abcde7";
        for (kind, value) in [
            ("md5", md5),
            ("filename|md5", &format!("a|b.exe|{md5}")),
            ("ip-dst", "192.0.2.0/24"),
            ("ip-src", "2001:db8::1"),
            ("ip-dst", "192[.]0[.]2[.]1"),
            ("ip-dst|port", "192.0.2.1|443"),
            ("domain|ip", "example.org|192.0.2.1"),
            ("text", "anything at all"),
        ] {
            assert_eq!(flaw(kind, value), None, "{kind} {value}");
        }
        for (kind, value) in [
            ("md5", "zz"),
            ("sha256", md5),
            ("filename|md5", "a.exe"),
            ("ip-dst", "192.0.2.300"),
            ("ip-dst", "192.0.2.0/33"),
            ("ip-dst|port", "192.0.2.1|99999"),
            ("domain", "two words"),
            ("email-src", "nobody"),
        ] {
            assert!(flaw(kind, value).is_some(), "{kind} {value}");
        }
    }

    #[test]
    fn each_type_stands_once_and_has_its_defaults() {
        let mut names: Vec<String> = all().map(|(kind, ..)| kind).collect();
        let count = names.len();
        names.sort();
        names.dedup();
        assert_eq!(names.len(), count);
        assert_eq!(defaults("ip-dst"), Some(("Network activity", true)));
        assert_eq!(defaults("named pipe"), Some(("Artifacts dropped", false)));
        assert_eq!(defaults("no-such-type"), None);
    }
}
