//! Reference data in compact tables inside the binary.
#![deny(missing_docs)]

use std::sync::LazyLock;

use lapwing_model::{Entity, Kind};

/// An ATT&CK technique or sub-technique.
#[derive(Clone, Debug, PartialEq, Eq)]
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
}

/// A threat actor with the names that sources give it.
#[derive(Clone, Debug, PartialEq, Eq)]
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

/// A malware family or tool.
#[derive(Clone, Debug, PartialEq, Eq)]
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
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Name {
    /// As it is written.
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
    /// Whether the value belongs to many tenants (cloud, CDN, hosting): hostile use is possible.
    pub shared: bool,
}

/// Where a table came from.
#[derive(Clone, Debug, PartialEq, Eq)]
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

/// All reference data. Make it once, share it.
#[derive(Debug, Default)]
pub struct Knowledge {
    techniques: Vec<Technique>,
    actors: Vec<Actor>,
    software: Vec<Software>,
    weaknesses: Vec<Weakness>,
    places: Vec<Place>,
    sectors: Vec<Sector>,
    names: Vec<Name>,
    sources: Vec<KnowledgeSource>,
}

impl Knowledge {
    /// The tables built into the binary.
    pub fn builtin() -> &'static Knowledge {
        static BUILTIN: LazyLock<Knowledge> = LazyLock::new(Knowledge::default);
        &BUILTIN
    }

    /// A technique by its identifier, revoked ones included.
    pub fn technique(&self, id: &str) -> Option<&Technique> {
        self.techniques.iter().find(|t| t.id.eq_ignore_ascii_case(id))
    }

    /// As [`Self::technique`], following revocations to what is valid today.
    pub fn current_technique(&self, id: &str) -> Option<&Technique> {
        let found = self.technique(id)?;
        found.revoked_by.as_ref().map_or(Some(found), |next| self.technique(next))
    }

    /// All techniques, in order of identifier.
    pub fn techniques(&self) -> &[Technique] {
        &self.techniques
    }

    /// All actors.
    pub fn actors(&self) -> &[Actor] {
        &self.actors
    }

    /// Actors that bear this name or alias (case, spaces, hyphens and `group` apart). More than one: ambiguous.
    pub fn actors_named(&self, _name: &str) -> Vec<&Actor> {
        Vec::new()
    }

    /// All malware and tools.
    pub fn software(&self) -> &[Software] {
        &self.software
    }

    /// Malware and tools that bear this name or alias.
    pub fn software_named(&self, _name: &str) -> Vec<&Software> {
        Vec::new()
    }

    /// Identifiers of the techniques and software that ATT&CK says an actor (or software) uses.
    pub fn uses(&self, _id: &str) -> &[String] {
        &[]
    }

    /// A weakness by `CWE-79`.
    pub fn weakness(&self, id: &str) -> Option<&Weakness> {
        self.weaknesses.iter().find(|w| w.id.eq_ignore_ascii_case(id))
    }

    /// A country or region by code, name or adjective.
    pub fn place(&self, _text: &str) -> Option<&Place> {
        None
    }

    /// All countries and regions.
    pub fn places(&self) -> &[Place] {
        &self.places
    }

    /// A sector by name or synonym.
    pub fn sector(&self, _text: &str) -> Option<&Sector> {
        None
    }

    /// All sectors.
    pub fn sectors(&self) -> &[Sector] {
        &self.sectors
    }

    /// The gazetteer: every name of actors, malware, tools, sectors, places, organisations
    /// (vendors, agencies: [`Kind::Identity`]), products ([`Kind::Software`]) and techniques.
    pub fn names(&self) -> &[Name] {
        &self.names
    }

    /// Whether, and why, a value (address, network, domain, URL, hash, file name) is known to be legitimate.
    pub fn benign(&self, _entity: &Entity) -> Option<Benign> {
        None
    }

    /// Whether the domain ends in a suffix of the public suffix list's ICANN part.
    pub fn has_known_suffix(&self, domain: &str) -> bool {
        psl::suffix(domain.as_bytes()).is_some_and(|suffix| suffix.is_known())
    }

    /// The part of a domain under the public suffix (`evil.co.uk` of `a.evil.co.uk`).
    pub fn registrable_domain<'d>(&self, domain: &'d str) -> Option<&'d str> {
        psl::domain_str(domain)
    }

    /// Where the tables came from.
    pub fn sources(&self) -> &[KnowledgeSource] {
        &self.sources
    }
}
