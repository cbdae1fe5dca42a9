//! MISP's own object templates, as far as values need them.

use std::collections::{BTreeMap, BTreeSet};

use lapwing_model::{Entity, Kind, Polarity, Relation};

use crate::export::SelectedClaim;

/// A template of MISP's: what its definition says of itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Template {
    pub(super) name: &'static str,
    pub(super) uuid: &'static str,
    pub(super) version: &'static str,
    pub(super) category: &'static str,
    pub(super) description: &'static str,
}

const FILE: Template = Template {
    name: "file",
    uuid: "688c46fb-5edb-40a3-8273-1af7923e2215",
    version: "25",
    category: "file",
    description: "File object describing a file with meta-information",
};
const DOMAIN_IP: Template = Template {
    name: "domain-ip",
    uuid: "43b3b146-77eb-4931-b4cc-b66c60f28734",
    version: "11",
    category: "network",
    description: "A domain/hostname and IP address seen as a tuple in a specific time frame.",
};
const URL: Template = Template {
    name: "url",
    uuid: "60efb77b-40b5-4c46-871b-ed1ed999fce5",
    version: "10",
    category: "network",
    description: "url object describes an url along with its normalized field (like extracted using faup parsing library) and its metadata.",
};
const REGISTRY_KEY: Template = Template {
    name: "registry-key",
    uuid: "8b3228ad-6d82-4fe6-b2ae-05426308f1d5",
    version: "5",
    category: "file",
    description: "Registry key object describing a Windows registry key with value and last-modified timestamp",
};
const X509: Template = Template {
    name: "x509",
    uuid: "d1ab756a-26b5-4349-9f43-765630f0911c",
    version: "14",
    category: "network",
    description: "x509 object describing a X.509 certificate",
};
const ASN: Template = Template {
    name: "asn",
    uuid: "4ec55cc6-9e49-4c64-b794-03c25c1a6587",
    version: "6",
    category: "network",
    description: "Autonomous system object describing an autonomous system which can include one or more network operators managing an entity (e.g. ISP) along with their routing policy, routing prefixes or alike.",
};
const VULNERABILITY: Template = Template {
    name: "vulnerability",
    uuid: "81650945-f186-437b-8945-9f31715d32da",
    version: "12",
    category: "vulnerability",
    description: "Vulnerability object describing a common vulnerability enumeration which can describe published, unpublished, under review or embargo vulnerability for software, equipments or hardware.",
};
const WEAKNESS: Template = Template {
    name: "weakness",
    uuid: "b8713fc0-d7a2-4b27-a182-38ed47966802",
    version: "1",
    category: "vulnerability",
    description: "Weakness object describing a common weakness enumeration which can describe usable, incomplete, draft or deprecated weakness for software, equipment of hardware.",
};

/// The template that a value is kept in, when it is to be the source of a relation.
fn template(entity: &Entity) -> Option<Template> {
    Some(match entity.kind {
        Kind::Ipv4Addr | Kind::Ipv6Addr | Kind::DomainName => DOMAIN_IP,
        Kind::Url => URL,
        Kind::WindowsRegistryKey => REGISTRY_KEY,
        Kind::Certificate => X509,
        Kind::AutonomousSystem => ASN,
        Kind::Vulnerability => VULNERABILITY,
        Kind::Weakness => WEAKNESS,
        kind if is_file(kind) => FILE,
        _ => return None,
    })
}

fn is_file(kind: Kind) -> bool {
    kind.is_file_hash()
        || matches!(
            kind,
            Kind::FileName
                | Kind::Ssdeep
                | Kind::Imphash
                | Kind::Tlsh
                | Kind::Vhash
                | Kind::Authentihash
        )
}

/// An object with the values that it holds, and what it says of others.
#[derive(Clone, Debug)]
pub(super) struct Thing<'c> {
    pub(super) template: Template,
    pub(super) values: BTreeSet<&'c Entity>,
    /// Verb and object of what is said of the first of its values.
    pub(super) says: BTreeSet<(Relation, &'c Entity)>,
}

/// The objects of a document: files, what resolves to what, and what relates to other values.
pub(super) fn things(claims: &[SelectedClaim]) -> Vec<Thing<'_>> {
    let mut things = files(claims);
    let mut names: BTreeMap<&Entity, BTreeSet<&Entity>> = BTreeMap::new();
    let mut says: BTreeMap<&Entity, BTreeSet<(Relation, &Entity)>> = BTreeMap::new();
    for (subject, relation, object) in pairs(claims) {
        let is_address = |kind| matches!(kind, Kind::Ipv4Addr | Kind::Ipv6Addr);
        match relation {
            Relation::SameObject if is_file(subject.kind) && is_file(object.kind) => {}
            Relation::ResolvesTo if subject.kind == Kind::DomainName && is_address(object.kind) => {
                names.entry(subject).or_default().insert(object);
            }
            _ if is_target(object.kind) && template(subject).is_some() => {
                says.entry(subject).or_default().insert((relation, object));
            }
            _ => {}
        }
    }
    for (name, addresses) in names {
        let values = std::iter::once(name).chain(addresses).collect();
        things.push(Thing { template: DOMAIN_IP, values, says: BTreeSet::new() });
    }
    for (subject, said) in says {
        let Some(template) = template(subject) else { continue };
        // A reader takes the first hash of a file for the file: only then the object says it.
        let home = things
            .iter_mut()
            .find(|thing| thing.template.name == "file" && anchor(&thing.values) == Some(subject));
        match home {
            Some(thing) => thing.says.extend(said),
            None => things.push(Thing { template, values: BTreeSet::from([subject]), says: said }),
        }
    }
    things
}

/// Kinds that an attribute can hold, so that an object can refer to it.
fn is_target(kind: Kind) -> bool {
    kind.is_observable() || matches!(kind, Kind::Vulnerability | Kind::Weakness)
}

/// The value that stands for a file: its strongest hash.
fn anchor<'c>(values: &BTreeSet<&'c Entity>) -> Option<&'c Entity> {
    let find = |wanted: &dyn Fn(Kind) -> bool| values.iter().copied().find(|v| wanted(v.kind));
    find(&|kind| kind == Kind::Sha256)
        .or_else(|| find(&Kind::is_file_hash))
        .or_else(|| find(&is_file))
}

/// What a document asserts of one entity and another.
fn pairs(claims: &[SelectedClaim]) -> impl Iterator<Item = (&Entity, Relation, &Entity)> {
    claims.iter().filter(|chosen| chosen.claim.polarity == Polarity::Asserted).filter_map(
        |chosen| {
            let object = chosen.claim.object.entity()?;
            Some((&chosen.claim.subject, chosen.claim.relation, object))
        },
    )
}

/// Values that the document says are of one file. A file has one value of a kind: what would give
/// it two makes a file of its own.
fn files(claims: &[SelectedClaim]) -> Vec<Thing<'_>> {
    let mut groups: Vec<BTreeSet<&Entity>> = Vec::new();
    for (subject, relation, object) in pairs(claims) {
        if relation != Relation::SameObject || !is_file(subject.kind) || !is_file(object.kind) {
            continue;
        }
        let fits = |group: &BTreeSet<&Entity>, value: &Entity| {
            group.contains(value) || group.iter().all(|known| known.kind != value.kind)
        };
        let home = groups.iter_mut().find(|group| {
            // Only the anchor's group: a reader ties all others to the anchor.
            let tied = group.contains(subject) || group.contains(object);
            tied && fits(group, subject) && fits(group, object)
        });
        match home {
            Some(group) => group.extend([subject, object]),
            None => groups.push(BTreeSet::from([subject, object])),
        }
    }
    groups
        .into_iter()
        .map(|values| Thing { template: FILE, values, says: BTreeSet::new() })
        .collect()
}
