//! Fresher official files: recognised by content, kept as compact records.

use std::collections::{BTreeMap, BTreeSet};

use ipnet::IpNet;
use lapwing_model::Kind;
use serde::{Deserialize, Serialize};

use crate::named::name_key;
use crate::{Actor, Benign, Campaign, KnowledgeSource, Matrix, Software, SourcePace, Technique};

/// Why a file cannot be taken as an update.
#[derive(Debug, thiserror::Error)]
pub enum KnowledgeError {
    /// The file is no JSON, or not in the shape of the format it claims.
    #[error(
        "{file}: line {line}, column {column}: {problem}; fetch the file again from its official place"
    )]
    Malformed {
        /// Name of the file.
        file: String,
        /// Line of the defect, from 1.
        line: usize,
        /// Column of the defect, from 1.
        column: usize,
        /// What is wrong there.
        problem: String,
    },
    /// JSON, but none of the formats that can be read.
    #[error(
        "{file}: neither an ATT&CK STIX bundle (`objects`), nor a MISP galaxy cluster (`values`), nor a \
         MISP warninglist (`list`); give one of these"
    )]
    Unrecognised {
        /// Name of the file.
        file: String,
    },
    /// A galaxy that holds neither actors nor software.
    #[error(
        "{file}: the MISP galaxy `{galaxy}` is not used; give one of threat-actor, microsoft-activity-group, \
         malpedia, ransomware, tool, rat, botnet, stealer, banker, backdoor, android, cryptominers, exploit-kit"
    )]
    UnusedGalaxy {
        /// Name of the file.
        file: String,
        /// Type that the galaxy states.
        galaxy: String,
    },
    /// The format is right, but nothing in it can be used.
    #[error(
        "{file}: has the shape of {format}, but nothing in it that Lapwing uses; give the complete file"
    )]
    Empty {
        /// Name of the file.
        file: String,
        /// Name of the format.
        format: &'static str,
    },
}

/// Fresher data from one file, to lie over the built-in tables. Serialisable, to be kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Update {
    /// What it is and where it came from.
    pub source: KnowledgeSource,
    pub(crate) content: Content,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Content {
    Attack(Box<AttackRelease>),
    Actors(Vec<Actor>),
    Software(Vec<Software>),
    Benign(Box<BenignList>),
    Paces(Vec<SourcePace>),
}

/// What is kept of an ATT&CK bundle.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct AttackRelease {
    pub(crate) techniques: Vec<Technique>,
    pub(crate) actors: Vec<Actor>,
    pub(crate) software: Vec<Software>,
    pub(crate) campaigns: Vec<Campaign>,
    pub(crate) uses: BTreeMap<String, BTreeSet<String>>,
}

/// What is kept of a warninglist. The vectors are sorted.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct BenignList {
    pub(crate) name: String,
    pub(crate) why: String,
    pub(crate) shared: bool,
    pub(crate) popular: bool,
    pub(crate) covers_subdomains: bool,
    pub(crate) domains: Vec<String>,
    pub(crate) networks: Vec<IpNet>,
    pub(crate) hashes: Vec<String>,
}

impl BenignList {
    pub(crate) fn benign(&self) -> Benign {
        Benign { list: self.name.clone(), why: self.why.clone(), shared: self.shared }
    }
}

/// Any of the three formats.
#[derive(Deserialize)]
struct AnyFile {
    objects: Option<Vec<StixObject>>,
    values: Option<Vec<GalaxyValue>>,
    list: Option<Vec<String>>,
    name: Option<String>,
    description: Option<String>,
    #[serde(rename = "type")]
    kind: Option<String>,
    version: Option<serde_json::Value>,
}

#[derive(Deserialize)]
struct StixObject {
    #[serde(rename = "type")]
    kind: String,
    #[serde(default)]
    id: String,
    #[serde(default)]
    name: String,
    #[serde(default)]
    external_references: Vec<ExternalReference>,
    #[serde(default)]
    aliases: Vec<String>,
    #[serde(default)]
    x_mitre_aliases: Vec<String>,
    #[serde(default)]
    kill_chain_phases: Vec<KillChainPhase>,
    #[serde(default)]
    x_mitre_domains: Vec<String>,
    #[serde(default)]
    revoked: bool,
    #[serde(default)]
    x_mitre_deprecated: bool,
    x_mitre_version: Option<String>,
    relationship_type: Option<String>,
    source_ref: Option<String>,
    target_ref: Option<String>,
}

#[derive(Deserialize)]
struct ExternalReference {
    #[serde(default)]
    source_name: String,
    external_id: Option<String>,
}

#[derive(Deserialize)]
struct KillChainPhase {
    #[serde(default)]
    kill_chain_name: String,
    phase_name: String,
}

#[derive(Deserialize)]
struct GalaxyValue {
    value: String,
    #[serde(default)]
    uuid: String,
    #[serde(default)]
    meta: GalaxyMeta,
}

#[derive(Default, Deserialize)]
struct GalaxyMeta {
    synonyms: Option<OneOrMany>,
    country: Option<OneOrMany>,
    external_id: Option<OneOrMany>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum OneOrMany {
    One(String),
    Many(Vec<String>),
}

impl OneOrMany {
    fn all(this: Option<Self>) -> Vec<String> {
        match this {
            None => Vec::new(),
            Some(Self::One(one)) => vec![one],
            Some(Self::Many(many)) => many,
        }
    }
}

/// Reads a fresher file: an ATT&CK STIX 2.x bundle (Enterprise, Mobile or ICS), a MISP galaxy
/// cluster, or a MISP warninglist. Its kind is told by its content; the name is for messages.
///
/// # Errors
/// [`KnowledgeError`] when it is none of these, is damaged, or holds nothing that is used.
pub fn load_update(file_name: &str, bytes: &[u8]) -> Result<Update, KnowledgeError> {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let file: AnyFile =
        serde_json::from_slice(bytes).map_err(|problem| KnowledgeError::Malformed {
            file: file_name.to_owned(),
            line: problem.line(),
            column: problem.column(),
            problem: problem.to_string(),
        })?;
    let version = match &file.version {
        Some(serde_json::Value::String(text)) => text.clone(),
        Some(serde_json::Value::Number(number)) => number.to_string(),
        _ => String::new(),
    };
    match file {
        AnyFile { objects: Some(objects), .. } => attack(file_name, &objects),
        AnyFile { values: Some(values), name, kind, .. } => {
            galaxy(file_name, name, &kind.unwrap_or_default(), version, values)
        }
        AnyFile { list: Some(list), name, description, kind, .. } => {
            let name = name.unwrap_or_else(|| file_name.to_owned());
            let kind = kind.unwrap_or_default();
            warninglist(file_name, name, description, &kind, version, list)
        }
        _ => Err(KnowledgeError::Unrecognised { file: file_name.to_owned() }),
    }
}

fn source(file: &str, name: String, version: String, licence: &str, n: usize) -> KnowledgeSource {
    let licence = licence.to_owned();
    KnowledgeSource { name, version, licence, from: format!("update {file}"), entries: n }
}

fn attack(file: &str, objects: &[StixObject]) -> Result<Update, KnowledgeError> {
    let id_of: BTreeMap<&str, &str> = objects
        .iter()
        .filter_map(|object| {
            let external = object.external_references.iter();
            let id = external
                .filter(|r| r.source_name.starts_with("mitre-"))
                .find_map(|r| r.external_id.as_deref())?;
            Some((object.id.as_str(), id))
        })
        .collect();
    let relations = |wanted: &'static str| {
        objects.iter().filter_map({
            let id_of = &id_of;
            move |r| {
                let kept = r.relationship_type.as_deref() == Some(wanted)
                    && !r.revoked
                    && !r.x_mitre_deprecated;
                let ends = (r.source_ref.as_deref()?, r.target_ref.as_deref()?);
                kept.then_some((*id_of.get(ends.0)?, *id_of.get(ends.1)?))
            }
        })
    };
    let revoked_by: BTreeMap<&str, &str> = relations("revoked-by").collect();

    let mut release = AttackRelease::default();
    for object in objects {
        let Some(&id) = id_of.get(object.id.as_str()) else { continue };
        let (id, name) = (id.to_owned(), object.name.clone());
        let aliases = || {
            let given = object.aliases.iter().chain(&object.x_mitre_aliases);
            let others: BTreeSet<&String> =
                given.filter(|a| name_key(a) != name_key(&name)).collect();
            others.into_iter().cloned().collect()
        };
        let gone = object.revoked || object.x_mitre_deprecated;
        match object.kind.as_str() {
            "attack-pattern" => {
                let successor = revoked_by.get(id.as_str()).map(|&next| next.to_owned());
                release.techniques.push(Technique {
                    deprecated: gone && successor.is_none(),
                    matrix: matrix_of(object),
                    revoked_by: successor,
                    tactics: object
                        .kill_chain_phases
                        .iter()
                        .map(|p| p.phase_name.clone())
                        .collect(),
                    id,
                    name,
                });
            }
            "intrusion-set" if !gone => {
                release.actors.push(Actor { aliases: aliases(), countries: Vec::new(), id, name });
            }
            "campaign" if !gone => {
                let by = relations("attributed-to").filter(|(campaign, _)| *campaign == id);
                let attributed_to = by.map(|(_, actor)| actor.to_owned()).collect();
                release.campaigns.push(Campaign { aliases: aliases(), attributed_to, id, name });
            }
            "malware" | "tool" if !gone => {
                let kind = if object.kind == "tool" { Kind::Tool } else { Kind::Malware };
                release.software.push(Software { aliases: aliases(), kind, id, name });
            }
            _ => {}
        }
    }
    for (user, used) in relations("uses") {
        release.uses.entry(user.to_owned()).or_default().insert(used.to_owned());
    }
    let entries = release.techniques.len()
        + release.actors.len()
        + release.software.len()
        + release.campaigns.len();
    if entries == 0 {
        return Err(KnowledgeError::Empty {
            file: file.to_owned(),
            format: "an ATT&CK STIX bundle",
        });
    }
    let collection = objects.iter().find(|o| o.kind == "x-mitre-collection");
    let name = collection.map_or("ATT&CK", |c| c.name.as_str());
    let version = collection.and_then(|c| c.x_mitre_version.clone()).unwrap_or_default();
    let terms = "ATT&CK terms of use, (c) The MITRE Corporation";
    Ok(Update {
        source: source(file, format!("MITRE {name}"), version, terms, entries),
        content: Content::Attack(Box::new(release)),
    })
}

/// The matrix that the object states; releases before version 9 state it in the kill chain only.
fn matrix_of(object: &StixObject) -> Matrix {
    let chains = object.kill_chain_phases.iter().map(|phase| phase.kill_chain_name.as_str());
    let mut stated = object.x_mitre_domains.iter().map(String::as_str).chain(chains);
    match stated.find(|text| text.contains("attack")) {
        Some(text) if text.contains("mobile") => Matrix::Mobile,
        Some(text) if text.contains("ics") => Matrix::Ics,
        _ => Matrix::Enterprise,
    }
}

fn galaxy(
    file: &str,
    name: Option<String>,
    kind: &str,
    version: String,
    values: Vec<GalaxyValue>,
) -> Result<Update, KnowledgeError> {
    let actors = matches!(kind, "threat-actor" | "microsoft-activity-group");
    let software = matches!(
        kind,
        "malpedia"
            | "ransomware"
            | "tool"
            | "rat"
            | "botnet"
            | "stealer"
            | "banker"
            | "backdoor"
            | "android"
            | "cryptominers"
            | "exploit-kit"
            | "mitre-malware"
            | "mitre-tool"
    );
    let actors = actors || kind.ends_with("intrusion-set");
    if !actors && !software {
        return Err(KnowledgeError::UnusedGalaxy {
            file: file.to_owned(),
            galaxy: kind.to_owned(),
        });
    }
    let mut content =
        if actors { Content::Actors(Vec::new()) } else { Content::Software(Vec::new()) };
    let mut entries = 0;
    for value in values {
        let external = OneOrMany::all(value.meta.external_id).into_iter().next();
        if value.uuid.is_empty() && external.is_none() {
            continue;
        }
        // The ATT&CK galaxies write `HAFNIUM - G0125`.
        let name = match &external {
            Some(id) => {
                value.value.trim_end_matches(id.as_str()).trim_end_matches(" - ").to_owned()
            }
            None => value.value,
        };
        let id = external.unwrap_or_else(|| format!("misp:{}", value.uuid));
        let aliases: BTreeSet<String> = OneOrMany::all(value.meta.synonyms)
            .into_iter()
            .filter(|a| *a != id && !name_key(a).is_empty() && name_key(a) != name_key(&name))
            .collect();
        let aliases = aliases.into_iter().collect();
        entries += 1;
        match &mut content {
            Content::Actors(records) => {
                let countries = OneOrMany::all(value.meta.country);
                let countries =
                    countries.iter().flat_map(|c| c.split(',')).map(|c| c.trim().to_uppercase());
                let countries = countries.filter(|c| c.len() == 2).collect();
                records.push(Actor { id, name, aliases, countries });
            }
            Content::Software(records) => {
                let name = family_name(&name).to_owned();
                let kind = if kind == "mitre-tool" { Kind::Tool } else { Kind::Malware };
                records.push(Software { id, name, aliases, kind });
            }
            _ => {}
        }
    }
    if entries == 0 {
        return Err(KnowledgeError::Empty {
            file: file.to_owned(),
            format: "a MISP galaxy cluster",
        });
    }
    let name = format!("MISP galaxy: {}", name.unwrap_or_else(|| kind.to_owned()));
    let source = source(file, name, version, "CC0-1.0 or BSD-2-Clause", entries);
    Ok(Update { source, content })
}

/// The family's name without what galaxies add to it: `Reed (Windows)`, `Reed Ransomware`.
fn family_name(name: &str) -> &str {
    let name = match name.rsplit_once(" (") {
        Some((family, system)) if system.ends_with(')') => family,
        _ => name,
    };
    let family = name.strip_suffix(" Ransomware").or_else(|| name.strip_suffix(" ransomware"));
    family.filter(|family| family.len() >= 3).unwrap_or(name)
}

/// Words in a warninglist's name which say that what it lists belongs to many.
const SHARED: &[&str] = &[
    "akamai",
    "amazon",
    "azure",
    "bio",
    "cdn",
    "cloud",
    "disposable",
    "dynamic",
    "fastly",
    "gateway",
    "gcp",
    "github",
    "hosting",
    "lots",
    "ovh",
    "parking",
    "public dns",
    "resolver",
    "shortener",
    "smtp",
    "stackpath",
    "trusted sites",
    "vpn",
    "zscaler",
];

fn warninglist(
    file: &str,
    name: String,
    description: Option<String>,
    kind: &str,
    version: String,
    values: Vec<String>,
) -> Result<Update, KnowledgeError> {
    let said = format!("{name} {}", description.unwrap_or_default()).to_lowercase();
    let mut list = BenignList {
        why: format!("on the MISP warninglist `{name}`"),
        shared: SHARED.iter().any(|word| said.contains(word)),
        popular: said.contains("top") || said.contains("most"),
        // A warninglist of type `string` means exactly its values.
        covers_subdomains: kind == "hostname" || kind == "substring",
        name,
        ..BenignList::default()
    };
    // Patterns would match more than their authors may have thought of: not taken.
    let values = if kind == "regex" { Vec::new() } else { values };
    for value in values {
        let value = value.trim().to_lowercase();
        let address = value.parse::<std::net::IpAddr>().map(IpNet::from);
        if let Ok(network) = value.parse::<IpNet>().or(address) {
            list.networks.push(network.trunc());
        } else if matches!(value.len(), 32 | 40 | 64 | 128)
            && value.bytes().all(|b| b.is_ascii_hexdigit())
        {
            list.hashes.push(value);
        } else {
            let domain = value.trim_matches('.');
            if domain.contains('.') && !domain.contains(['/', ':', ' ']) {
                list.domains.push(domain.to_owned());
            }
        }
    }
    list.domains.sort_unstable();
    list.domains.dedup();
    list.networks.sort_unstable();
    list.networks.dedup();
    list.hashes.sort_unstable();
    list.hashes.dedup();
    let entries = list.domains.len() + list.networks.len() + list.hashes.len();
    if entries == 0 {
        return Err(KnowledgeError::Empty { file: file.to_owned(), format: "a MISP warninglist" });
    }
    let title = format!("MISP warninglist: {}", list.name);
    let source = source(file, title, version, "CC0-1.0", entries);
    Ok(Update { source, content: Content::Benign(Box::new(list)) })
}

#[cfg(test)]
mod tests {
    use super::family_name;

    #[test]
    fn families_lose_what_galaxies_add() {
        assert_eq!(family_name("Reed (Windows)"), "Reed");
        assert_eq!(family_name("Reed Ransomware"), "Reed");
        assert_eq!(family_name("A Ransomware"), "A Ransomware");
        assert_eq!(family_name("Reed"), "Reed");
    }
}
