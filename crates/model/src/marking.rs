use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// A word that is no TLP marking.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no marking; use clear, green, amber, amber+strict or red")]
pub struct MarkingError(pub String);

/// Traffic Light Protocol 2.0; the order is that of strictness, so `max` joins two markings.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Marking {
    /// May be disclosed without limit (TLP 1.0: WHITE).
    #[default]
    Clear,
    /// Within the community.
    Green,
    /// Within the organisation and its clients.
    Amber,
    /// Within the organisation only.
    AmberStrict,
    /// For the named recipients only.
    Red,
}

impl Marking {
    /// The words of FIRST's TLP 2.0, as `TLP:AMBER+STRICT`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Clear => "TLP:CLEAR",
            Self::Green => "TLP:GREEN",
            Self::Amber => "TLP:AMBER",
            Self::AmberStrict => "TLP:AMBER+STRICT",
            Self::Red => "TLP:RED",
        }
    }

    /// The marking of an object derived from both: the stricter.
    #[must_use]
    pub fn join(self, other: Self) -> Self {
        self.max(other)
    }
}

impl fmt::Display for Marking {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for Marking {
    type Err = MarkingError;

    /// Reads TLP 1.0 and 2.0 in any case, with or without `tlp:`; `white` is `clear`.
    fn from_str(text: &str) -> Result<Self, MarkingError> {
        let word = text.trim().to_ascii_lowercase();
        match word.strip_prefix("tlp:").unwrap_or(&word).trim() {
            "clear" | "white" => Ok(Self::Clear),
            "green" => Ok(Self::Green),
            "amber" => Ok(Self::Amber),
            "amber+strict" | "amber-strict" => Ok(Self::AmberStrict),
            "red" => Ok(Self::Red),
            _ => Err(MarkingError(text.to_owned())),
        }
    }
}

impl Serialize for Marking {
    fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for Marking {
    fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        String::deserialize(from)?.parse().map_err(serde::de::Error::custom)
    }
}

/// Permissible Actions Protocol: what may be done with what one knows; the order is that of
/// strictness. Documents carry it as a tag (`PAP:AMBER`); those without are clear.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Pap {
    /// Anything (older: WHITE).
    #[default]
    Clear,
    /// Active actions: block, scan.
    Green,
    /// Passive look-ups at others only.
    Amber,
    /// Only what nobody outside can notice.
    Red,
}

impl Pap {
    /// The word, as `PAP:AMBER`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Clear => "PAP:CLEAR",
            Self::Green => "PAP:GREEN",
            Self::Amber => "PAP:AMBER",
            Self::Red => "PAP:RED",
        }
    }
}

impl fmt::Display for Pap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for Pap {
    type Err = MarkingError;

    /// Reads it in any case, with or without `pap:`; `white` is `clear`.
    fn from_str(text: &str) -> Result<Self, MarkingError> {
        let word = text.trim().to_ascii_lowercase();
        match word.strip_prefix("pap:").unwrap_or(&word).trim() {
            "clear" | "white" => Ok(Self::Clear),
            "green" => Ok(Self::Green),
            "amber" => Ok(Self::Amber),
            "red" => Ok(Self::Red),
            _ => Err(MarkingError(text.to_owned())),
        }
    }
}

impl Serialize for Pap {
    fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for Pap {
    fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        String::deserialize(from)?.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn white_is_clear_and_strictness_is_the_order() {
        assert_eq!("tlp:white".parse(), Ok(Marking::Clear));
        assert_eq!("TLP:AMBER+STRICT".parse(), Ok(Marking::AmberStrict));
        assert_eq!(Marking::Green.join(Marking::Red), Marking::Red);
        assert!("tlp:purple".parse::<Marking>().is_err());
    }
}
