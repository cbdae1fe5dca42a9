//! Cyber observables: one object a value; hashes and the name of one file are one object.

use std::collections::BTreeMap;

use lapwing_model::{Entity, Kind, Relation};
use serde_json::{Map, Value, json};

use super::id;
use super::pattern::{hash_name, registry_key, split_path, thumbprint};
use crate::export::SelectedFact;

/// An observable and those that it refers to, in the order in which they are to be written.
pub(super) struct Observable {
    /// Its identifier.
    pub(super) id: String,
    /// The objects; the last is the one meant.
    pub(super) objects: Vec<Value>,
}

/// Which values are the same file.
#[derive(Default)]
pub(super) struct Files {
    /// Each hash with its place in `groups`.
    place: BTreeMap<Entity, usize>,
    groups: Vec<File>,
}

#[derive(Clone, Default)]
struct File {
    /// The hashes that are its, by value: one an algorithm at most, so that they are few.
    members: Vec<Entity>,
    /// By algorithm, as STIX names it.
    hashes: BTreeMap<&'static str, String>,
    name: Option<String>,
}

impl Files {
    /// Groups the hashes that sources say are of one file. A file has one hash of an algorithm:
    /// what would give it two (a name shared by many files) joins nothing.
    pub(super) fn of(facts: &[SelectedFact]) -> Self {
        let pairs: Vec<(&Entity, &Entity)> = facts.iter().filter_map(same_object).collect();
        Self::of_pairs(&pairs)
    }

    /// As [`Self::of`], of what is said to be one object, in the order of the facts.
    pub(super) fn of_pairs(pairs: &[(&Entity, &Entity)]) -> Self {
        let mut files = Self::default();
        for &(one, other) in pairs {
            if is_hash(one) && is_hash(other) {
                files.join(one, other);
            }
        }
        for &(one, other) in pairs {
            let (hash, name) = if one.kind == Kind::FileName { (other, one) } else { (one, other) };
            if is_hash(hash) && name.kind == Kind::FileName {
                let at = files.place(hash);
                // Facts come in order: of several names the first is the object's.
                files.groups[at].name.get_or_insert_with(|| name.value.clone());
            }
        }
        files
    }

    fn place(&mut self, hash: &Entity) -> usize {
        if let Some(at) = self.place.get(hash) {
            return *at;
        }
        let mut file = File { members: vec![hash.clone()], ..File::default() };
        if let Some(algorithm) = hash_name(hash.kind) {
            file.hashes.insert(algorithm, hash.value.clone());
        }
        self.groups.push(file);
        self.place.insert(hash.clone(), self.groups.len() - 1);
        self.groups.len() - 1
    }

    fn join(&mut self, one: &Entity, other: &Entity) {
        let (into, from) = (self.place(one), self.place(other));
        if into == from {
            return;
        }
        let clash = self.groups[from].hashes.iter().any(|(algorithm, value)| {
            self.groups[into].hashes.get(algorithm).is_some_and(|known| known != value)
        });
        if clash {
            return;
        }
        let moved = std::mem::take(&mut self.groups[from]);
        self.groups[into].hashes.extend(moved.hashes);
        for member in &moved.members {
            self.place.insert(member.clone(), into);
        }
        self.groups[into].members.extend(moved.members);
    }

    /// Whether a value is of a file that has others.
    pub(super) fn holds(&self, hash: &Entity) -> bool {
        self.place.contains_key(hash)
    }

    fn file(&self, hash: &Entity) -> File {
        if let Some(at) = self.place.get(hash) {
            self.groups[*at].clone()
        } else {
            let mut alone = Self::default();
            let at = alone.place(hash);
            alone.groups.swap_remove(at)
        }
    }
}

/// The ends of a fact that says that two values are of one object.
pub(super) fn same_object(selected: &SelectedFact) -> Option<(&Entity, &Entity)> {
    let fact = &selected.fact;
    let same = fact.relation == Relation::SameObject && fact.origins_for() > 0;
    fact.object.entity().filter(|_| same).map(|object| (&fact.subject, object))
}

/// Whether a value has the form of its algorithm: readers of STIX refuse a file with another.
pub(super) fn is_hash(entity: &Entity) -> bool {
    let value = entity.value.as_str();
    let digits =
        |length: usize| value.len() == length && value.bytes().all(|b| b.is_ascii_hexdigit());
    match entity.kind {
        Kind::Md5 => digits(32),
        Kind::Sha1 => digits(40),
        Kind::Sha256 => digits(64),
        Kind::Sha512 => digits(128),
        Kind::Tlsh => digits(70),
        Kind::Ssdeep => {
            let fits = |b: u8| b.is_ascii_alphanumeric() || b"/+:.".contains(&b);
            (1..=128).contains(&value.len()) && value.bytes().all(fits)
        }
        // An object has hashes of STIX's own vocabulary alone: readers refuse others. The pattern of
        // an indicator may name any.
        _ => false,
    }
}

/// The object of a value; `None` for kinds that STIX has no object for.
pub(super) fn of(entity: &Entity, files: &Files) -> Option<Observable> {
    let value = entity.value.as_str();
    let plain = |property: &str, value: Value| {
        let mut fields = Map::new();
        fields.insert(property.to_owned(), value);
        Some(object(entity.kind.as_str(), fields.clone(), fields))
    };
    match entity.kind {
        // RFC 5890 lets no `_` stand in a name; the pattern of an indicator may hold it.
        Kind::DomainName if value.contains('_') => None,
        Kind::Ipv4Addr | Kind::Ipv6Addr | Kind::DomainName | Kind::EmailAddr | Kind::MacAddr => {
            plain("value", value.into())
        }
        // The value of the object must be a URI: what a report gives without a scheme is none.
        Kind::Url if is_uri(value) => plain("value", value.into()),
        Kind::AutonomousSystem => {
            let number: u32 = value.trim_start_matches("AS").parse().ok()?;
            plain("number", number.into())
        }
        Kind::WindowsRegistryKey => plain("key", registry_key(value).into()),
        Kind::Mutex | Kind::Software => plain("name", value.into()),
        Kind::UserAccount => plain("account_login", value.into()),
        Kind::Certificate => match thumbprint(value) {
            Some(algorithm) => plain("hashes", json!({ algorithm: value })),
            None => plain("serial_number", value.into()),
        },
        Kind::FileName => {
            let mut fields = Map::new();
            fields.insert("name".into(), value.into());
            Some(object("file", fields.clone(), fields))
        }
        Kind::FilePath => Some(path(value)),
        Kind::Process => Some(process(value, json!({ "command_line": value }))),
        Kind::WindowsService => {
            let extension = json!({ "windows-service-ext": { "service_name": value } });
            Some(process(&format!("service|{value}"), json!({ "extensions": extension })))
        }
        _ if is_hash(entity) => Some(file(&files.file(entity))),
        _ => None,
    }
}

/// The identifier of the object that [`of`] makes, without the object: a report refers to thousands.
pub(super) fn id_of(entity: &Entity, files: &Files) -> Option<String> {
    let value = entity.value.as_str();
    let property = match entity.kind {
        Kind::DomainName if value.contains('_') => return None,
        Kind::Ipv4Addr | Kind::Ipv6Addr | Kind::DomainName | Kind::EmailAddr | Kind::MacAddr => {
            "value"
        }
        Kind::Url if is_uri(value) => "value",
        Kind::Mutex | Kind::Software => "name",
        _ => return of(entity, files).map(|observable| observable.id),
    };
    Some(id::observable_with(entity.kind.as_str(), property, value))
}

fn object(
    kind: &str,
    contributing: Map<String, Value>,
    mut fields: Map<String, Value>,
) -> Observable {
    let id = id::observable(kind, &Value::Object(contributing));
    fields.insert("type".into(), kind.into());
    fields.insert("spec_version".into(), "2.1".into());
    fields.insert("id".into(), id.clone().into());
    Observable { id, objects: vec![Value::Object(fields)] }
}

fn file(file: &File) -> Observable {
    // Of several hashes the specification lets one contribute: the first of this list.
    let order = ["MD5", "SHA-1", "SHA-256", "SHA-512"];
    let chosen = order
        .iter()
        .find(|algorithm| file.hashes.contains_key(*algorithm))
        .copied()
        .or_else(|| file.hashes.keys().next().copied());
    let mut contributing = Map::new();
    if let Some(algorithm) = chosen {
        contributing.insert("hashes".into(), json!({ algorithm: file.hashes[algorithm] }));
    }
    let mut fields = Map::new();
    fields.insert("hashes".into(), json!(file.hashes));
    if let Some(name) = &file.name {
        contributing.insert("name".into(), name.as_str().into());
        fields.insert("name".into(), name.as_str().into());
    }
    object("file", contributing, fields)
}

fn path(value: &str) -> Observable {
    let (folder, name) = split_path(value);
    let mut fields = Map::new();
    if folder.is_empty() || name.is_empty() {
        fields.insert("path".into(), value.into());
        return object("directory", fields.clone(), fields);
    }
    let mut above = Map::new();
    above.insert("path".into(), folder.into());
    let mut above = object("directory", above.clone(), above);
    fields.insert("name".into(), name.into());
    fields.insert("parent_directory_ref".into(), above.id.clone().into());
    let mut below = object("file", fields.clone(), fields);
    above.objects.append(&mut below.objects);
    Observable { id: below.id, objects: above.objects }
}

/// A process has no contributing properties: the specification wants a random identifier.
fn process(name: &str, fields: Value) -> Observable {
    let id = id::unspecified("process", name);
    let mut object = json!({ "type": "process", "spec_version": "2.1", "id": id });
    if let (Value::Object(object), Value::Object(fields)) = (&mut object, fields) {
        object.extend(fields);
    }
    Observable { id, objects: vec![object] }
}

/// Whether a text is a URI as RFC 3986 has it (section 3).
fn is_uri(text: &str) -> bool {
    let Some((scheme, rest)) = text.split_once(':') else { return false };
    // A dot may stand in a scheme, but none that is in use has one: it is a host without its scheme.
    let of_scheme = |c: char| c.is_ascii_alphanumeric() || "+-".contains(c);
    if !scheme.starts_with(|c: char| c.is_ascii_alphabetic()) || !scheme.chars().all(of_scheme) {
        return false;
    }
    let (rest, fragment) = rest.split_once('#').unwrap_or((rest, ""));
    let (rest, query) = rest.split_once('?').unwrap_or((rest, ""));
    let (authority, path) = match rest.strip_prefix("//") {
        Some(rest) => rest.split_at(rest.find('/').unwrap_or(rest.len())),
        None => ("", rest),
    };
    !(authority.is_empty() && path.is_empty())
        && is_authority(authority)
        && is_part(path, ":@/")
        && is_part(query, ":@/?")
        && is_part(fragment, ":@/?")
}

/// `user@host:port`; an address of version 6 stands in brackets.
fn is_authority(text: &str) -> bool {
    let (user, host) = text.rsplit_once('@').unwrap_or(("", text));
    let (host, port) = match host.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((address, port)) if address.parse::<std::net::Ipv6Addr>().is_ok() => ("", port),
        Some(_) => return false,
        None => host.split_at(host.find(':').unwrap_or(host.len())),
    };
    let port = if port.is_empty() { Some("") } else { port.strip_prefix(':') };
    is_part(user, ":")
        && is_part(host, "")
        && port.is_some_and(|port| port.bytes().all(|b| b.is_ascii_digit()))
}

/// Whether a part of a URI has only characters that may stand as they are, and whole escapes.
fn is_part(text: &str, more: &str) -> bool {
    let allowed =
        |c: char| c.is_ascii_alphanumeric() || "-._~!$&'()*+,;=".contains(c) || more.contains(c);
    let mut pieces = text.split('%');
    pieces.next().unwrap_or_default().chars().all(allowed)
        && pieces.all(|piece| {
            let digits = piece.bytes().take(2).filter(u8::is_ascii_hexdigit).count();
            digits == 2 && piece.chars().all(allowed)
        })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stix::writer::testing::fact;

    #[test]
    fn the_identifier_alone_is_that_of_the_object() {
        for kind in Kind::ALL {
            for value in [
                "198.51.100.7",
                "a.example",
                "a_b.example",
                "https://a.example/\u{e9}?q=\"x\"",
                "tab\t, line\n, quote \" and \\",
                "AS64500",
                "/srv/reed/mere.sh",
                "0123456789abcdef0123456789abcdef",
            ] {
                let entity = Entity { kind: *kind, value: value.to_owned() };
                let files = Files::default();
                let whole = of(&entity, &files).map(|observable| observable.id);
                assert_eq!(id_of(&entity, &files), whole, "{entity}");
            }
        }
    }

    #[test]
    fn only_uris_are_urls_of_stix() {
        for good in [
            "http://a.example/x?y=1&z=%20#top",
            "https://user:pass@[2001:db8::1]:8443/a;b=c",
            "ftp://192.0.2.1",
            "mailto:someone@a.example",
        ] {
            assert!(is_uri(good), "{good}");
        }
        for bad in [
            "www.a.example/x",
            "a.example:9100/x",
            "http://a.example/[PDF]x.zip",
            "http://a.example/a b",
            "http://a.example/100%",
            "http://a.example/%zz",
            "http://a.example/#a#b",
            "http://a.example:port/",
            "http://a|b.example/",
            "http://[redacted].0.2:222/x.png",
            "http://[redacted]:222/x.png",
            "http:",
        ] {
            assert!(!is_uri(bad), "{bad}");
        }
    }

    fn hash(kind: Kind, digit: char) -> Entity {
        let length = match kind {
            Kind::Md5 => 32,
            Kind::Sha1 => 40,
            _ => 64,
        };
        Entity::new(kind, digit.to_string().repeat(length))
    }

    #[test]
    fn hashes_of_one_file_are_one_object_and_clashes_join_nothing() {
        let (md5, sha, other) =
            (hash(Kind::Md5, 'a'), hash(Kind::Sha256, 'b'), hash(Kind::Md5, 'c'));
        let name = Entity::new(Kind::FileName, "a.exe");
        let facts = [
            fact(&sha, Relation::SameObject, md5.clone()),
            fact(&sha, Relation::SameObject, other.clone()),
            fact(&sha, Relation::SameObject, name),
        ];
        let files = Files::of(&facts);
        let whole = of(&md5, &files).unwrap();
        assert_eq!(of(&sha, &files).unwrap().id, whole.id);
        let json = &whole.objects[0];
        assert_eq!(json["name"], "a.exe");
        assert_eq!(json["hashes"]["SHA-256"].as_str().unwrap().len(), 64);
        assert_ne!(of(&other, &files).unwrap().id, whole.id);
    }

    #[test]
    fn identifiers_agree_with_those_of_other_producers() {
        // Made with OASIS's own library for the same values.
        let id = |kind, value: &str| of(&Entity::new(kind, value), &Files::default()).unwrap().id;
        assert_eq!(
            id(Kind::AutonomousSystem, "AS5"),
            "autonomous-system--8db95a81-12f4-526e-ab69-f85c45cc4107"
        );
        assert_eq!(id(Kind::Software, "x"), "software--e1bd4405-6ecd-5374-b3e1-ec82ba3cd528");
        assert_eq!(
            id(Kind::WindowsRegistryKey, "HKLM"),
            "windows-registry-key--a42341e0-e192-5e46-a00f-a9b45f831335"
        );
        assert_eq!(
            id(Kind::Certificate, "aa"),
            "x509-certificate--3d28ff13-decf-5989-8653-f60e14b1bd06"
        );
        assert_eq!(
            id(Kind::UserAccount, "aa"),
            "user-account--95389112-2c0e-5c85-bf62-b5f9a19016ee"
        );
    }
}
