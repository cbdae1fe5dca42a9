//! What a property of a cyber observable is in Lapwing's words.

use lapwing_model::{Entity, Kind};

use super::super::value;

/// The entity that `path` = `raw` names; `path` as in patterns (`file:hashes.MD5`).
pub(crate) fn entity(path: &str, raw: &str) -> Entity {
    let (object, property) = path.split_once(':').unwrap_or((path, ""));
    let plain = property.replace('\'', "");
    let last = plain.rsplit('.').next().unwrap_or("");
    let label = || format!("{object}:{plain}");
    let as_kind = |kind| value::entity(kind, &label(), raw);
    if plain.contains("hashes") {
        return hash(object, last, raw, &label());
    }
    match (object, plain.as_str()) {
        ("ipv4-addr" | "ipv6-addr", "value") => as_kind(Kind::Ipv4Addr),
        ("domain-name", "value") => as_kind(Kind::DomainName),
        ("url", "value") => as_kind(Kind::Url),
        ("email-addr", "value") => as_kind(Kind::EmailAddr),
        ("mac-addr", "value") => as_kind(Kind::MacAddr),
        ("file", "name") => as_kind(Kind::FileName),
        ("file", "parent_directory_ref.path") | ("directory", "path") => {
            Entity::new(Kind::FilePath, raw)
        }
        ("windows-registry-key", "key") => as_kind(Kind::WindowsRegistryKey),
        ("mutex", "name") => as_kind(Kind::Mutex),
        ("autonomous-system", "number") => as_kind(Kind::AutonomousSystem),
        ("process", "name" | "command_line" | "image_ref.name" | "binary_ref.name") => {
            as_kind(Kind::Process)
        }
        ("software", "name") => as_kind(Kind::Software),
        ("x509-certificate", "serial_number") => as_kind(Kind::Certificate),
        ("vulnerability", "name") => as_kind(Kind::Vulnerability),
        ("cryptocurrency-wallet" | "x-cryptocurrency-wallet", "value" | "address") => {
            as_kind(Kind::CryptocurrencyWallet)
        }
        (_, "value" | "name") if object.starts_with("x-") => value::other(object, raw),
        (_, "dst_port" | "src_port") => value::other("port", raw),
        _ if last.eq_ignore_ascii_case("user-agent") => as_kind(Kind::UserAgent),
        // `email-message:from_ref.value`, `network-traffic:dst_ref.value`: the shape tells the type.
        (_, property) if property.contains("_ref") && last == "value" => by_shape(&label(), raw),
        (_, property) if property.contains("_ref") && last == "name" => as_kind(Kind::FileName),
        _ => value::other(&label(), raw),
    }
}

/// A hash of a file, certificate or artifact by the name of its algorithm.
pub(crate) fn hash(object: &str, algorithm: &str, raw: &str, label: &str) -> Entity {
    match value::hash_kind(algorithm) {
        Some(kind) if object == "x509-certificate" => {
            let entity = value::entity(kind, label, raw);
            Entity::new(Kind::Certificate, entity.value)
        }
        Some(kind) => value::entity(kind, label, raw),
        None => value::other(&algorithm.to_ascii_lowercase(), raw),
    }
}

fn by_shape(label: &str, raw: &str) -> Entity {
    let kinds = [Kind::EmailAddr, Kind::Ipv4Addr, Kind::MacAddr, Kind::DomainName];
    let known = kinds.into_iter().map(|kind| value::entity(kind, label, raw));
    known.into_iter().find(|e| e.kind != Kind::Other).unwrap_or_else(|| value::other(label, raw))
}
