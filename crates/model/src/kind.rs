use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// A word that is no [`Kind`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no kind that Lapwing knows")]
pub struct KindError(pub String);

macro_rules! kinds {
    ($($(#[$doc:meta])* $variant:ident = $name:literal, $observable:literal;)*) => {
        /// What a thing is: the STIX 2.1 object type where there is one.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Kind { $($(#[$doc])* $variant,)* }

        impl Kind {
            /// All kinds, in the order of their declaration.
            pub const ALL: &'static [Kind] = &[$(Kind::$variant,)*];

            /// The name used in JSON, on the command line and in the store.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self { $(Kind::$variant => $name,)* }
            }

            /// Whether values of this kind can be seen in logs and files (a STIX observable).
            #[must_use]
            pub fn is_observable(self) -> bool {
                match self { $(Kind::$variant => $observable,)* }
            }
        }

        impl FromStr for Kind {
            type Err = KindError;
            fn from_str(text: &str) -> Result<Self, KindError> {
                match text { $($name => Ok(Kind::$variant),)* _ => Err(KindError(text.to_owned())) }
            }
        }
    };
}

kinds! {
    /// IPv4 address, or network in CIDR notation (as STIX 2.1 allows).
    Ipv4Addr = "ipv4-addr", true;
    /// IPv6 address, or network in CIDR notation.
    Ipv6Addr = "ipv6-addr", true;
    /// Domain or host name, lower case, no trailing dot.
    DomainName = "domain-name", true;
    /// URL, refanged.
    Url = "url", true;
    /// Mail address.
    EmailAddr = "email-addr", true;
    /// MD5 of a file.
    Md5 = "file:md5", true;
    /// SHA-1 of a file.
    Sha1 = "file:sha1", true;
    /// SHA-256 of a file.
    Sha256 = "file:sha256", true;
    /// SHA-512 of a file.
    Sha512 = "file:sha512", true;
    /// Fuzzy hash (ssdeep).
    Ssdeep = "file:ssdeep", true;
    /// Hash of the import table.
    Imphash = "file:imphash", true;
    /// Fuzzy hash (TLSH, with its prefix `T1` where given).
    Tlsh = "file:tlsh", true;
    /// Hash of a file's structure, as VirusTotal counts it (vhash).
    Vhash = "file:vhash", true;
    /// Hash of a signed program without its signature (Authenticode).
    Authentihash = "file:authentihash", true;
    /// File name without a folder.
    FileName = "file:name", true;
    /// File path.
    FilePath = "file:path", true;
    /// Autonomous system, as `AS64496`.
    AutonomousSystem = "autonomous-system", true;
    /// MAC address, lower case with colons.
    MacAddr = "mac-addr", true;
    /// Windows registry key (with value name behind a backslash where given).
    WindowsRegistryKey = "windows-registry-key", true;
    /// Mutex name.
    Mutex = "mutex", true;
    /// HTTP user agent.
    UserAgent = "user-agent", true;
    /// Wallet address.
    CryptocurrencyWallet = "cryptocurrency-wallet", true;
    /// Process name or command line.
    Process = "process", true;
    /// Named pipe.
    NamedPipe = "named-pipe", true;
    /// Certificate (serial number or thumbprint; found in text: lower-case hexadecimal digits).
    Certificate = "x509-certificate", true;
    /// How a client or server greets on the network, with the method before it: `ja3:…`, `ja3s:…`,
    /// `ja4:…`, `jarm:…`, `hassh:…`. STIX 2.1 has no object for it.
    NetworkFingerprint = "network-fingerprint", true;
    /// User of a service: `@name`, or a messenger's number for him.
    UserAccount = "user-account", true;
    /// Name of a Windows service (STIX 2.1: an extension of a process).
    WindowsService = "windows-service", true;
    /// Name of a scheduled task.
    ScheduledTask = "scheduled-task", true;
    /// Vulnerability, as `CVE-2021-26855`.
    Vulnerability = "vulnerability", false;
    /// Weakness, as `CWE-269`.
    Weakness = "weakness", false;
    /// ATT&CK technique, as `T1505.003`.
    AttackPattern = "attack-pattern", false;
    /// Threat actor or named intrusion set.
    ThreatActor = "threat-actor", false;
    /// Activity held together by shared evidence, not yet attributed (`UNC2639`).
    Cluster = "cluster", false;
    /// Malware family.
    Malware = "malware", false;
    /// Legitimate or dual-use tool.
    Tool = "tool", false;
    /// Campaign of an adversary.
    Campaign = "campaign", false;
    /// Country (ISO 3166 alpha-2) or region.
    Location = "location", false;
    /// Sector of industry or society.
    Sector = "sector", false;
    /// Organisation or person.
    Identity = "identity", false;
    /// Product (software or hardware).
    Software = "software", false;
    /// A rule carried by a report (STIX, YARA, Snort or Sigma pattern text).
    Pattern = "pattern", false;
    /// Any other value that a source states (MISP types that have no STIX twin); `type=value`.
    Other = "other", false;
    /// A document; its value is the document's identifier, a URL or a title.
    Report = "report", false;
}

impl Kind {
    /// Whether this is a hash of a file's content.
    #[must_use]
    pub fn is_file_hash(self) -> bool {
        matches!(self, Kind::Md5 | Kind::Sha1 | Kind::Sha256 | Kind::Sha512)
    }

    /// Whether this names who acts: an actor or a cluster.
    #[must_use]
    pub fn is_actor_like(self) -> bool {
        matches!(self, Kind::ThreatActor | Kind::Cluster)
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl Serialize for Kind {
    fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for Kind {
    fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        String::deserialize(from)?.parse().map_err(serde::de::Error::custom)
    }
}

/// A thing that claims speak of: a kind and a normalised value.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Entity {
    /// What it is.
    pub kind: Kind,
    /// Refanged and normalised value; for names, the spelling of the source.
    pub value: String,
}

impl Entity {
    /// Makes an entity from an already normalised value.
    pub fn new(kind: Kind, value: impl Into<String>) -> Self {
        Self { kind, value: value.into() }
    }

    /// `kind:value`, unique for an entity.
    #[must_use]
    pub fn key(&self) -> String {
        format!("{}:{}", self.kind, self.value)
    }
}

impl fmt::Display for Entity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.value, self.kind)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_round_trips_through_its_name() {
        for kind in Kind::ALL {
            assert_eq!(kind.as_str().parse(), Ok(*kind));
        }
        assert_eq!("ipv5".parse::<Kind>(), Err(KindError("ipv5".into())));
    }
}
