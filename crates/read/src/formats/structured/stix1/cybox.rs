//! The values of a CybOX object's properties.

use lapwing_model::{Entity, Kind};
use roxmltree::Node;

use super::super::{value, xml};

/// A value that an object states.
pub(super) struct Value {
    /// The property that holds it.
    pub(super) label: String,
    pub(super) raw: String,
    /// What it is; `None` when it is only written out.
    pub(super) entity: Option<Entity>,
    /// How the pattern compares, when that is not by equality.
    pub(super) condition: Option<String>,
    /// A library that the object only imports.
    pub(super) imported: bool,
}

/// All values below a `Properties` element, in the order of the text.
pub(super) fn values(properties: Node<'_, '_>) -> Vec<Value> {
    let schema = "http://www.w3.org/2001/XMLSchema-instance";
    // Some properties have a plain `type` of their own beside the one of the schema.
    let kind = properties
        .attribute((schema, "type"))
        .or_else(|| xml::attribute(properties, "type"))
        .unwrap_or("");
    let kind = kind.rsplit(':').next().unwrap_or("");
    let kind = kind.strip_suffix("ObjectType").unwrap_or(kind);
    let mut found = Vec::new();
    if kind == "WindowsRegistryKey" {
        registry(properties, &mut found);
    }
    for node in properties.descendants().filter(Node::is_element) {
        if node.children().any(|child| child.is_element()) {
            continue;
        }
        let raw = node.text().unwrap_or("").trim();
        let name = node.tag_name().name();
        if raw.is_empty() || kind == "WindowsRegistryKey" && matches!(name, "Hive" | "Key") {
            continue;
        }
        // Base64 of an artifact says nothing in words.
        if name == "Raw_Artifact" || name == "Modulus" || name == "Signature" {
            continue;
        }
        let condition =
            xml::attribute(node, "condition").filter(|c| !c.eq_ignore_ascii_case("equals"));
        for raw in split(node, raw) {
            let entity = entity(kind, node, raw);
            let entity = match (entity, condition) {
                (Some(entity), Some(condition)) => {
                    Some(value::other(&format!("{} {condition}", label_of(&entity, name)), raw))
                }
                (entity, _) => entity,
            };
            found.push(Value {
                label: name.to_owned(),
                raw: raw.to_owned(),
                entity,
                condition: condition.map(str::to_owned),
                imported: is_import(node),
            });
        }
    }
    found
}

fn label_of(entity: &Entity, name: &str) -> String {
    if entity.kind == Kind::Other { name.to_owned() } else { entity.kind.as_str().to_owned() }
}

/// A list in one field: parted by the delimiter that the field declares, or by `##comma##`.
fn split<'a>(node: Node<'_, '_>, raw: &'a str) -> Vec<&'a str> {
    let delimiter = xml::attribute(node, "delimiter").unwrap_or("##comma##");
    let listed = raw.contains("##comma##") || xml::attribute(node, "apply_condition").is_some();
    if delimiter.is_empty() || !listed {
        return vec![raw];
    }
    raw.split(delimiter).map(str::trim).filter(|part| !part.is_empty()).collect()
}

/// Hive and key are one name; each named value gives a name of its own.
fn registry(properties: Node<'_, '_>, found: &mut Vec<Value>) {
    let hive = xml::child(properties, "Hive").map(xml::words).unwrap_or_default();
    let Some(node) = xml::child(properties, "Key") else { return };
    let key = xml::words(node);
    let whole =
        if hive.is_empty() { key } else { format!("{hive}\\{}", key.trim_start_matches('\\')) };
    let condition = xml::attribute(node, "condition").filter(|c| !c.eq_ignore_ascii_case("equals"));
    let entity = match condition {
        Some(condition) => value::other(&format!("windows-registry-key {condition}"), &whole),
        None => crate::value::registry_entity(&whole),
    };
    found.push(Value {
        label: "Key".into(),
        raw: whole,
        entity: Some(entity),
        condition: condition.map(str::to_owned),
        imported: false,
    });
}

/// Whether a leaf names what a program imports.
fn is_import(node: Node<'_, '_>) -> bool {
    node.parent_element().is_some_and(|n| matches!(n.tag_name().name(), "Import" | "Imports"))
}

/// What the value of a leaf is, by the object's type and the leaf's name.
fn entity(kind: &str, node: Node<'_, '_>, raw: &str) -> Option<Entity> {
    let name = node.tag_name().name();
    let parent = node.parent_element();
    let above = parent.map_or("", |parent| parent.tag_name().name());
    let own = |known: Kind| Some(value::entity(known, name, raw));
    match (kind, name) {
        (_, "Address_Value") => Some(address(node, raw)),
        (_, "Simple_Hash_Value") => Some(hash(node, raw)),
        (_, "Fuzzy_Hash_Value") => own(Kind::Ssdeep),
        (_, "Hostname_Value" | "QName") => own(Kind::DomainName),
        (_, "User_Agent") => own(Kind::UserAgent),
        (_, "Port_Value") => Some(value::other("port", raw)),
        (_, "Command_Line") => own(Kind::Process),
        (_, "File_Name") if is_import(node) && raw.contains(['\\', '/']) => own(Kind::FilePath),
        (_, "File_Name") => own(Kind::FileName),
        (_, "File_Path" | "Full_Path") => Some(Entity::new(Kind::FilePath, raw)),
        (_, "File_Extension") => Some(value::other("file-extension", raw)),
        (_, "Size_In_Bytes") => Some(value::other("size-in-bytes", raw)),
        ("URI" | "Link", "Value") => Some(uri(node, raw)),
        (_, "Value") if matches!(above, "QName" | "Domain_Name") => own(Kind::DomainName),
        ("DomainName", "Value") => own(Kind::DomainName),
        ("Mutex", "Name") => own(Kind::Mutex),
        ("Pipe" | "WindowsPipe", "Name") => own(Kind::NamedPipe),
        ("Process" | "WindowsProcess", "Name" | "Path") => own(Kind::Process),
        ("Product", "Product") => own(Kind::Software),
        ("WindowsService" | "WinService", "Service_Name" | "Display_Name") => {
            Some(value::other("service-name", raw))
        }
        ("AS", "Handle" | "Number") => own(Kind::AutonomousSystem),
        ("X509Certificate", "Serial_Number") => own(Kind::Certificate),
        ("Hostname", "Value") => own(Kind::DomainName),
        ("EmailMessage", "Subject" | "Message_ID" | "X_Mailer") => {
            Some(value::other(&format!("email-message:{}", name.to_ascii_lowercase()), raw))
        }
        ("WindowsRegistryKey", "Name" | "Data") => {
            Some(value::other(&format!("registry-value-{}", name.to_ascii_lowercase()), raw))
        }
        (_, "Username") => Some(value::other("user-account", raw)),
        (_, "Property") => {
            Some(value::other(xml::attribute(node, "name").unwrap_or("property"), raw))
        }
        _ => None,
    }
}

/// The category stands on the address or on the element that holds it.
fn address(node: Node<'_, '_>, raw: &str) -> Entity {
    let category =
        node.ancestors().take(3).find_map(|node| xml::attribute(node, "category")).unwrap_or("");
    let kinds = match category {
        "e-mail" => [Kind::EmailAddr, Kind::EmailAddr],
        "mac" => [Kind::MacAddr, Kind::MacAddr],
        "asn" => [Kind::AutonomousSystem, Kind::AutonomousSystem],
        "ipv4-addr" | "ipv4-net" | "cidr" | "ipv6-addr" | "ipv6-net" => {
            [Kind::Ipv4Addr, Kind::DomainName]
        }
        _ if raw.contains('@') => [Kind::EmailAddr, Kind::EmailAddr],
        _ => [Kind::Ipv4Addr, Kind::MacAddr],
    };
    let known = kinds.into_iter().map(|kind| value::entity(kind, "address", raw));
    known
        .into_iter()
        .find(|entity| entity.kind != Kind::Other)
        .unwrap_or_else(|| value::other("address", raw))
}

fn uri(node: Node<'_, '_>, raw: &str) -> Entity {
    let kind = node.parent_element().and_then(|parent| parent.attribute("type")).unwrap_or("");
    let kind = if kind == "Domain Name" { Kind::DomainName } else { Kind::Url };
    value::entity(kind, "uri", raw)
}

fn hash(node: Node<'_, '_>, raw: &str) -> Entity {
    let algorithm = node
        .parent_element()
        .and_then(|hash| xml::child(hash, "Type"))
        .map(xml::words)
        .unwrap_or_default();
    let plain = raw.trim();
    let kind = value::hash_kind(&algorithm).or_else(|| value::hash_by_length(plain));
    match kind {
        Some(kind) => {
            let entity = value::entity(kind, &algorithm, plain);
            // An algorithm that does not fit the length is a slip of the author's.
            match value::hash_by_length(plain) {
                Some(by_length) if entity.kind == Kind::Other => {
                    value::entity(by_length, &algorithm, plain)
                }
                _ => entity,
            }
        }
        None => value::other(if algorithm.is_empty() { "hash" } else { &algorithm }, plain),
    }
}
