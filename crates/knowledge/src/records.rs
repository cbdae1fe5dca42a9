//! What the tables hold.

use lapwing_model::{Entity, Kind};
use serde::{Deserialize, Serialize};

/// An ATT&CK technique or sub-technique.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Technique {
    /// `T1505.003`.
    pub id: String,
    /// `Web Shell`.
    pub name: String,
    /// Tactics by short name, as `persistence`, in the order of the matrix.
    pub tactics: Vec<String>,
    /// Identifier of the technique that took its place.
    pub revoked_by: Option<String>,
    /// Taken out of ATT&CK without successor.
    pub deprecated: bool,
    /// The matrix it belongs to.
    pub matrix: Matrix,
}

/// A matrix of ATT&CK.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(rename_all = "kebab-case")]
pub enum Matrix {
    /// Enterprise, with what was once PRE-ATT&CK.
    #[default]
    Enterprise,
    /// Mobile.
    Mobile,
    /// Industrial control systems.
    Ics,
}

impl Technique {
    /// The identifier of the technique it is a part of: `T1505` of `T1505.003`.
    pub fn parent(&self) -> Option<&str> {
        self.id.split_once('.').map(|(parent, _)| parent)
    }
}

/// A tactic of ATT&CK.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tactic {
    /// `TA0003`.
    pub id: &'static str,
    /// `persistence`.
    pub short_name: &'static str,
    /// `Persistence`.
    pub name: &'static str,
}

const fn tactic(id: &'static str, short_name: &'static str, name: &'static str) -> Tactic {
    Tactic { id, short_name, name }
}

/// The tactics of ATT&CK Enterprise, in the order of the matrix.
pub const TACTICS: &[Tactic] = &[
    tactic("TA0043", "reconnaissance", "Reconnaissance"),
    tactic("TA0042", "resource-development", "Resource Development"),
    tactic("TA0001", "initial-access", "Initial Access"),
    tactic("TA0002", "execution", "Execution"),
    tactic("TA0003", "persistence", "Persistence"),
    tactic("TA0004", "privilege-escalation", "Privilege Escalation"),
    tactic("TA0005", "defense-evasion", "Defense Evasion"),
    tactic("TA0006", "credential-access", "Credential Access"),
    tactic("TA0007", "discovery", "Discovery"),
    tactic("TA0008", "lateral-movement", "Lateral Movement"),
    tactic("TA0009", "collection", "Collection"),
    tactic("TA0011", "command-and-control", "Command and Control"),
    tactic("TA0010", "exfiltration", "Exfiltration"),
    tactic("TA0040", "impact", "Impact"),
];

/// A threat actor with the names that sources give it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Actor {
    /// `G0125` of ATT&CK, else `misp:` and the galaxy's identifier.
    pub id: String,
    /// Preferred name.
    pub name: String,
    /// Other names.
    pub aliases: Vec<String>,
    /// Countries that sources suspect it to come from (ISO 3166 alpha-2).
    pub countries: Vec<String>,
}

/// Whom an actor is said to aim at.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Targets {
    /// Countries and regions, by [`Place::code`].
    pub places: Vec<String>,
    /// Sectors, by [`Sector::name`].
    pub sectors: Vec<String>,
}

/// A campaign of ATT&CK.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Campaign {
    /// `C0024`.
    pub id: String,
    /// Preferred name.
    pub name: String,
    /// Other names.
    pub aliases: Vec<String>,
    /// Identifiers of the actors that ATT&CK attributes it to.
    pub attributed_to: Vec<String>,
}

/// A malware family or tool.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Software {
    /// `S0020` of ATT&CK, else `misp:` and the galaxy's identifier.
    pub id: String,
    /// Preferred name.
    pub name: String,
    /// Other names.
    pub aliases: Vec<String>,
    /// [`Kind::Malware`] or [`Kind::Tool`].
    pub kind: Kind,
}

/// A weakness of CWE.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Weakness {
    /// `CWE-269`.
    pub id: String,
    /// `Improper Privilege Management`.
    pub name: String,
    /// Identifiers of its parents (`ChildOf`, research view).
    pub parents: Vec<String>,
}

/// A country or a region of the world.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// ISO 3166 alpha-2 of a country, a STIX `region-ov` word (`south-eastern-asia`) of a region.
    pub code: String,
    /// English name.
    pub name: String,
    /// Other names and adjectives (`Chinese`, `PRC`).
    pub names: Vec<String>,
    /// Whether it is a region.
    pub is_region: bool,
}

/// A sector of industry or society.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sector {
    /// Preferred name: STIX's `industry-sector-ov` word where one fits.
    pub name: String,
    /// Words that mean it (`telecom`, `telcos`).
    pub names: Vec<String>,
}

/// One surface form of the gazetteer.
///
/// A surface with meanings of several kinds (an actor and its malware) has one entry for each kind.
/// Where two things of one kind share it, the value is the surface itself: the look-up by name
/// then gives all of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Name {
    /// As it is written. Forms of two or three letters (`US`) are to be matched with their case.
    pub surface: String,
    /// The entity it means, with its preferred name (id for techniques, code for places).
    pub entity: Entity,
    /// Also an everyday word, a place, a product …: only with context that supports it.
    pub ambiguous: bool,
}

/// Why a value is known to be legitimate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Benign {
    /// Name of the list.
    pub list: String,
    /// What being on it means, in words.
    pub why: String,
    /// Whether the value belongs to many tenants (cloud, CDN, hosting) or stands for any
    /// (documentation ranges): hostile use is possible.
    pub shared: bool,
}

/// Where a table came from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KnowledgeSource {
    /// `MITRE ATT&CK Enterprise`.
    pub name: String,
    /// Version or date of the data.
    pub version: String,
    /// Licence or terms.
    pub licence: String,
    /// Package it was taken from, or `update` and the file's name.
    pub from: String,
    /// Number of entries.
    pub entries: usize,
}
