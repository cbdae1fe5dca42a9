use std::fmt;

use serde::{Deserialize, Serialize};

/// A degree of belief in whole percent, 0 to 100, as STIX 2.1 states confidence.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Confidence(u8);

impl Confidence {
    /// Certain.
    pub const FULL: Self = Self(100);
    /// STIX's value of "High".
    pub const HIGH: Self = Self(85);
    /// STIX's value of "Med".
    pub const MEDIUM: Self = Self(50);
    /// STIX's value of "Low".
    pub const LOW: Self = Self(15);

    /// Makes a confidence; more than 100 counts as 100.
    #[must_use]
    pub fn percent(percent: u8) -> Self {
        Self(percent.min(100))
    }

    /// Makes a confidence from a probability, clipped to 0..=1.
    #[must_use]
    pub fn from_probability(probability: f64) -> Self {
        Self((probability.clamp(0.0, 1.0) * 100.0).round() as u8)
    }

    /// The value in percent.
    #[must_use]
    pub fn as_percent(self) -> u8 {
        self.0
    }

    /// The value as a probability in 0..=1.
    #[must_use]
    pub fn probability(self) -> f64 {
        f64::from(self.0) / 100.0
    }

    /// Reads a word of the None/Low/Med/High scale (STIX 2.1, appendix A), in any case.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        match word.trim().to_ascii_lowercase().as_str() {
            "high" => Some(Self::HIGH),
            "medium" | "med" | "moderate" => Some(Self::MEDIUM),
            "low" => Some(Self::LOW),
            "none" => Some(Self(0)),
            _ => None,
        }
    }
}

/// The likelihood words of ICD-203, from a probability.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Likelihood {
    /// Below 5 %.
    AlmostNoChance,
    /// 5 to 20 %.
    VeryUnlikely,
    /// 20 to 45 %.
    Unlikely,
    /// 45 to 55 %.
    RoughlyEven,
    /// 55 to 80 %.
    Likely,
    /// 80 to 95 %.
    VeryLikely,
    /// 95 % and more.
    AlmostCertain,
}

impl Likelihood {
    /// The word for a probability (ICD-203, section D.6.e.2.a).
    #[must_use]
    pub fn of(probability: f64) -> Self {
        match probability {
            p if p < 0.05 => Self::AlmostNoChance,
            p if p < 0.20 => Self::VeryUnlikely,
            p if p < 0.45 => Self::Unlikely,
            p if p < 0.55 => Self::RoughlyEven,
            p if p < 0.80 => Self::Likely,
            p if p < 0.95 => Self::VeryLikely,
            _ => Self::AlmostCertain,
        }
    }

    /// The words as ICD-203 spells them.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::AlmostNoChance => "almost no chance",
            Self::VeryUnlikely => "very unlikely",
            Self::Unlikely => "unlikely",
            Self::RoughlyEven => "roughly even chance",
            Self::Likely => "likely",
            Self::VeryLikely => "very likely",
            Self::AlmostCertain => "almost certain",
        }
    }
}

impl fmt::Display for Likelihood {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// How good the evidence under a judgement is (ICD-203), kept apart from its likelihood.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum AnalyticConfidence {
    /// Scant, indirect or single weak evidence.
    Low,
    /// Credible, not corroborated enough.
    Moderate,
    /// Several independent, good origins.
    High,
}

impl fmt::Display for AnalyticConfidence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Low => "low",
            Self::Moderate => "moderate",
            Self::High => "high",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_follow_the_published_bounds() {
        assert_eq!(Likelihood::of(0.0).as_str(), "almost no chance");
        assert_eq!(Likelihood::of(0.20).as_str(), "unlikely");
        assert_eq!(Likelihood::of(0.55).as_str(), "likely");
        assert_eq!(Likelihood::of(0.95).as_str(), "almost certain");
        assert_eq!(Confidence::from_word("High"), Some(Confidence::HIGH));
        assert_eq!(Confidence::from_word("maybe"), None);
        assert_eq!(Confidence::from_probability(1.7).as_percent(), 100);
    }
}
