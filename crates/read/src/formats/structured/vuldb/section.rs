//! The sections of a page, by their headings and by the nouns of their counts.

use lapwing_model::Kind;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Section {
    /// Before the first section: the vendor's standing words.
    Intro,
    Countries,
    Actors,
    Campaigns,
    Indicators,
    Techniques,
    Fragments,
    Vulnerabilities,
    References,
    /// Literature, licence: the same on every page.
    Furniture,
    /// A section that this reader has never seen.
    Unknown,
}

impl Section {
    pub(super) fn of(heading: &str) -> Self {
        let words = heading.to_ascii_lowercase();
        let first = words.split([' ', '-', ':']).next().unwrap_or("");
        match first {
            "countries" | "country" => Self::Countries,
            "actors" | "actor" => Self::Actors,
            "campaigns" | "campaign" => Self::Campaigns,
            "ioc" | "iocs" | "indicators" => Self::Indicators,
            "ttp" | "ttps" | "tactics" | "techniques" => Self::Techniques,
            "ioa" | "ioas" => Self::Fragments,
            "vulnerabilities" | "cve" | "cves" => Self::Vulnerabilities,
            "references" | "sources" => Self::References,
            "literature" | "license" | "licence" | "copyright" => Self::Furniture,
            _ => Self::Unknown,
        }
    }

    /// The section that a count of hidden items speaks of ("more country items").
    pub(super) fn of_noun(noun: &str) -> Option<Self> {
        match noun.trim().to_ascii_lowercase().as_str() {
            "ioc" | "indicator" => Some(Self::Indicators),
            "ttp" | "technique" => Some(Self::Techniques),
            "ioa" => Some(Self::Fragments),
            "country" => Some(Self::Countries),
            "actor" => Some(Self::Actors),
            "campaign" => Some(Self::Campaigns),
            "reference" => Some(Self::References),
            "vulnerability" | "cve" => Some(Self::Vulnerabilities),
            _ => None,
        }
    }

    /// What its items are called in a gap, and their kind.
    pub(super) fn noun(self) -> (&'static str, Option<Kind>) {
        match self {
            Self::Countries => ("country", Some(Kind::Location)),
            Self::Actors => ("actor", Some(Kind::ThreatActor)),
            Self::Campaigns => ("campaign", Some(Kind::Campaign)),
            Self::Indicators => ("indicator", None),
            Self::Techniques => ("technique", Some(Kind::AttackPattern)),
            Self::Fragments => ("ioa", None),
            Self::Vulnerabilities => ("vulnerability", Some(Kind::Vulnerability)),
            Self::References => ("reference", Some(Kind::Url)),
            Self::Intro | Self::Furniture | Self::Unknown => ("item", None),
        }
    }
}
