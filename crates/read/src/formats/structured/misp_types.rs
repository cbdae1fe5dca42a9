//! The attribute types of MISP and what they are in STIX's words.

use lapwing_model::{Basis, Claim, Confidence, Entity, Kind, Relation, Role, Span};

use super::sheet::{DECLARED, Sheet};
use super::value;

/// Texts up to this many bytes are kept as a value (`text=…`) beside being prose.
const SHORT: usize = 200;

/// An attribute as JSON and the rendered Markdown have it.
#[derive(Clone, Copy, Default)]
pub(crate) struct Attribute<'a> {
    pub(crate) kind: &'a str,
    pub(crate) category: &'a str,
    pub(crate) value: &'a str,
    pub(crate) comment: &'a str,
    /// Whether it is meant for detection, where the event says so.
    pub(crate) to_ids: Option<bool>,
    /// The name of the object that it belongs to.
    pub(crate) object: Option<&'a str>,
    /// Its role in that object.
    pub(crate) relation: &'a str,
    pub(crate) first_seen: &'a str,
    pub(crate) last_seen: &'a str,
    /// Why it does not count (deleted, only proposed).
    pub(crate) discounted: Option<&'a str>,
}

/// One value of an attribute and where in its text it stands.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Part {
    pub(crate) entity: Entity,
    pub(crate) start: usize,
    pub(crate) end: usize,
}

/// Whether attributes of this type hold words for people rather than a value.
pub(crate) fn is_prose(kind: &str) -> bool {
    matches!(kind, "comment" | "text" | "other" | "anonymised")
}

/// Whether attributes of this type hold a link to something published.
pub(crate) fn is_link(kind: &str) -> bool {
    matches!(kind, "link")
}

/// The values that an attribute states; composite types (`filename|md5`) give several.
pub(crate) fn parts(kind: &str, value: &str) -> Vec<Part> {
    let whole = |entity: Entity| {
        let start = value.len() - value.trim_start().len();
        vec![Part { entity, start, end: value.trim_end().len().max(start) }]
    };
    let Some((left, right)) = composite(kind) else {
        if kind == "malware-sample" {
            return parts("filename|md5", value);
        }
        return whole(single(kind, value));
    };
    // A colon parts address and port in some exports.
    let bar = value.find('|').or_else(|| if right == "port" { value.rfind(':') } else { None });
    let Some(bar) = bar else { return whole(single(left, value)) };
    let (first, second) = (&value[..bar], &value[bar + 1..]);
    let mut found = Vec::new();
    for (kind, text, start) in [(left, first, 0), (right, second, bar + 1)] {
        if !text.trim().is_empty() {
            let lead = text.len() - text.trim_start().len();
            let start = start + lead;
            found.push(Part { entity: single(kind, text), start, end: start + text.trim().len() });
        }
    }
    found
}

fn composite(kind: &str) -> Option<(&str, &str)> {
    if kind == "regkey|value" {
        return Some(("regkey", "regkey-value"));
    }
    kind.split_once('|')
}

fn single(kind: &str, value: &str) -> Entity {
    let Some(known) = kind_of(kind) else { return special(kind, value) };
    value::entity(known, kind, value)
}

/// The kind of a plain attribute type.
fn kind_of(kind: &str) -> Option<Kind> {
    Some(match kind {
        "md5" => Kind::Md5,
        "sha1" => Kind::Sha1,
        "sha256" => Kind::Sha256,
        "sha512" => Kind::Sha512,
        "ssdeep" => Kind::Ssdeep,
        "imphash" => Kind::Imphash,
        "tlsh" => Kind::Tlsh,
        "vhash" => Kind::Vhash,
        "authentihash" => Kind::Authentihash,
        "windows-service-name" => Kind::WindowsService,
        "windows-scheduled-task" => Kind::ScheduledTask,
        "ip" | "ip-src" | "ip-dst" => Kind::Ipv4Addr,
        "domain" | "hostname" => Kind::DomainName,
        "url" | "link" => Kind::Url,
        "email"
        | "email-src"
        | "email-dst"
        | "email-reply-to"
        | "target-email"
        | "whois-registrant-email"
        | "dns-soa-email" => Kind::EmailAddr,
        "filename" | "attachment" => Kind::FileName,
        "regkey" => Kind::WindowsRegistryKey,
        "mutex" => Kind::Mutex,
        "named pipe" => Kind::NamedPipe,
        "user-agent" => Kind::UserAgent,
        "AS" => Kind::AutonomousSystem,
        "mac-address" | "mac-eui-64" => Kind::MacAddr,
        "btc" | "xmr" | "dash" => Kind::CryptocurrencyWallet,
        "x509-fingerprint-md5" | "x509-fingerprint-sha1" | "x509-fingerprint-sha256" => {
            Kind::Certificate
        }
        "vulnerability" => Kind::Vulnerability,
        "weakness" => Kind::Weakness,
        "threat-actor" => Kind::ThreatActor,
        "campaign-name" => Kind::Campaign,
        "malware-type" => Kind::Malware,
        "yara" | "sigma" | "snort" | "bro" | "zeek" | "pattern-in-file" | "pattern-in-memory"
        | "pattern-in-traffic" | "stix2-pattern" => Kind::Pattern,
        "target-location" => Kind::Location,
        "target-org" => Kind::Identity,
        _ => return None,
    })
}

/// Types whose kind hangs on the value.
fn special(kind: &str, value: &str) -> Entity {
    match kind {
        "uri" if value.contains("://") => value::entity(Kind::Url, kind, value),
        "x509-fingerprint" => Entity::new(Kind::Certificate, value.trim()),
        _ => value::other(kind, value),
    }
}

/// What a value of this attribute is in its event.
fn role(attribute: &Attribute<'_>, entity: &Entity) -> (Role, Option<String>) {
    if let Some(why) = attribute.discounted {
        return (Role::Unclear, Some(why.to_owned()));
    }
    if is_link(attribute.kind) {
        return (Role::Reference, None);
    }
    if attribute.kind.starts_with("target-") || attribute.category == "Targeting data" {
        return (Role::Victim, Some("the event has it under targeting data".into()));
    }
    if !entity.kind.is_observable() {
        let role = if entity.kind == Kind::Other { Role::Unclear } else { Role::Subject };
        let role = if entity.kind == Kind::Pattern { Role::Indicator } else { role };
        return (role, None);
    }
    match attribute.to_ids {
        Some(true) => (Role::Indicator, None),
        Some(false) => {
            (Role::Unclear, Some("the event does not mark it for detection (to_ids is off)".into()))
        }
        None if is_hostile_category(attribute.category) => (Role::Indicator, None),
        None => (Role::Unclear, None),
    }
}

fn is_hostile_category(category: &str) -> bool {
    matches!(
        category,
        "Network activity"
            | "Payload delivery"
            | "Payload installation"
            | "Payload type"
            | "Artifacts dropped"
            | "Persistence mechanism"
            | "Financial fraud"
    )
}

/// Tells the claims of an attribute whose value stands at `span`; returns what it names.
pub(crate) fn tell(
    sheet: &mut Sheet,
    attribute: &Attribute<'_>,
    span: Span,
) -> Vec<(Entity, Span)> {
    let prose = is_prose(attribute.kind);
    if attribute.value.trim().is_empty()
        || prose && (attribute.value.len() > SHORT || attribute.value.contains('\n'))
    {
        return Vec::new();
    }
    let base = span.start as usize;
    let mut told: Vec<(Entity, Span)> = Vec::new();
    for part in parts(attribute.kind, attribute.value) {
        let span = Span::new(base + part.start, base + part.end);
        let (role, why) = role(attribute, &part.entity);
        let mut claim = Claim::mention(part.entity.clone(), role, span);
        claim.why = why;
        claim.context = context(attribute);
        claim.period.first = value::day(attribute.first_seen);
        claim.period.last = value::day(attribute.last_seen);
        sheet.claim(claim.by("misp:attribute", Confidence::percent(DECLARED)));
        told.push((part.entity, span));
    }
    if let [(first, _), (second, place)] = told.as_slice() {
        let relation = match (first.kind, second.kind) {
            (Kind::DomainName, Kind::Ipv4Addr | Kind::Ipv6Addr) => Relation::ResolvesTo,
            (Kind::FileName | Kind::FilePath, _) => Relation::SameObject,
            _ => Relation::RelatedTo,
        };
        sheet.tell("misp:attribute", first.clone(), relation, second.clone(), *place);
    }
    told
}

fn context(attribute: &Attribute<'_>) -> Option<String> {
    let object = attribute.object.map(|name| match attribute.relation {
        "" => format!("{name} object"),
        relation => format!("{name} object, {relation}"),
    });
    match (attribute.category, object) {
        ("", object) => object,
        (category, None) => Some(category.to_owned()),
        (category, Some(object)) => Some(format!("{category}: {object}")),
    }
}

/// Tells which values of one object belong together.
pub(crate) fn tie(sheet: &mut Sheet, object: &str, told: &[(Entity, Span)]) {
    let is_file = |entity: &Entity| {
        entity.kind.is_file_hash()
            || matches!(entity.kind, Kind::FileName | Kind::FilePath | Kind::Ssdeep | Kind::Imphash)
    };
    let anchor = told
        .iter()
        .find(|(entity, _)| entity.kind == Kind::Sha256)
        .or_else(|| told.iter().find(|(entity, _)| entity.kind.is_file_hash()))
        .or_else(|| told.iter().find(|(entity, _)| is_file(entity)));
    if let Some((anchor, _)) = anchor {
        for (entity, span) in told.iter().filter(|(entity, _)| is_file(entity) && entity != anchor)
        {
            sheet.tell("misp:object", anchor.clone(), Relation::SameObject, entity.clone(), *span);
        }
    }
    if matches!(object, "domain-ip" | "passive-dns" | "dns-record") {
        let names = told.iter().filter(|(entity, _)| entity.kind == Kind::DomainName).take(64);
        for (name, _) in names {
            let addresses =
                told.iter().filter(|(e, _)| matches!(e.kind, Kind::Ipv4Addr | Kind::Ipv6Addr));
            for (address, span) in addresses.take(64) {
                sheet.tell(
                    "misp:object",
                    name.clone(),
                    Relation::ResolvesTo,
                    address.clone(),
                    *span,
                );
            }
        }
    }
}

/// Ties the indicators of an event to the one actor (campaign, malware) that the event as a whole
/// is tagged with; an event with several says nothing of which is whose.
pub(crate) fn tie_to_topics(sheet: &mut Sheet, tagged: &[Entity]) {
    for wanted in [Kind::ThreatActor, Kind::Campaign, Kind::Malware] {
        let mut of_kind = tagged.iter().filter(|entity| entity.kind == wanted);
        let (Some(topic), None) = (of_kind.next(), of_kind.next()) else { continue };
        let indicators: Vec<(Entity, Span)> = sheet
            .claims
            .iter()
            .filter(|claim| {
                claim.method == "misp:attribute" && claim.role() == Some(Role::Indicator)
            })
            .map(|claim| (claim.subject.clone(), claim.span))
            .collect();
        for (value, span) in indicators {
            let claim = Claim::new(value, Relation::Indicates, topic.clone(), span);
            let mut claim = claim.by("misp:event-galaxy", Confidence::percent(80));
            claim.basis = Basis::Assessed;
            claim.why = Some("the event as a whole is tagged with it".into());
            sheet.claim(claim);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(kind: &str, value: &str) -> Vec<String> {
        parts(kind, value)
            .iter()
            .map(|p| format!("{}@{}", p.entity.key(), &value[p.start..p.end]))
            .collect()
    }

    #[test]
    fn composite_values_come_apart_with_their_places() {
        assert_eq!(
            keys("filename|md5", "a.exe|00000000000000000000000000000001"),
            [
                "file:name:a.exe@a.exe",
                "file:md5:00000000000000000000000000000001@00000000000000000000000000000001"
            ]
        );
        assert_eq!(
            keys("ip-dst|port", "192.0.2.1|443"),
            ["ipv4-addr:192.0.2.1@192.0.2.1", "other:port=443@443"]
        );
        assert_eq!(keys("ip-dst|port", "192.0.2.1"), ["ipv4-addr:192.0.2.1@192.0.2.1"]);
        assert_eq!(keys("jarm", "2ad2"), ["other:jarm=2ad2@2ad2"]);
    }

    #[test]
    fn what_is_not_marked_for_detection_is_no_indicator() {
        let mut sheet = Sheet::default();
        let mut attribute = Attribute {
            kind: "ip-dst",
            category: "Network activity",
            value: "192.0.2.1",
            ..Attribute::default()
        };
        for to_ids in [Some(true), Some(false), None] {
            attribute.to_ids = to_ids;
            tell(&mut sheet, &attribute, Span::new(0, 9));
        }
        let roles: Vec<_> = sheet.claims.iter().filter_map(Claim::role).collect();
        assert_eq!(roles, [Role::Indicator, Role::Unclear, Role::Indicator]);
    }
}
