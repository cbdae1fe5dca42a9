//! What of a value can be found again in another, in short: hashes of its features, as a store keeps them.

use lapwing_knowledge::Knowledge;
use lapwing_model::{Entity, Kind};

use crate::related::features;
use crate::sketch::hash;

/// How much a feature tells is kept in so many parts of one.
const PARTS: f64 = 10_000.0;

/// A feature of a piece of evidence in short, as it is kept: the same on every machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Mark {
    /// The hash of what it is.
    pub feature: u64,
    /// How much it tells, in ten-thousandths.
    pub tells: u16,
}

/// By what a piece of evidence is found again in others: none for what tells nothing.
#[must_use]
pub fn marks(evidence: &Entity, knowledge: &Knowledge) -> Vec<Mark> {
    features(evidence, knowledge).iter().map(mark_of).collect()
}

/// As [`marks`], each with its name for people.
#[must_use]
pub fn feature_names(evidence: &Entity, knowledge: &Knowledge) -> Vec<(Mark, String)> {
    let named = features(evidence, knowledge).into_iter();
    named.map(|feature| (mark_of(&feature), feature.0)).collect()
}

fn mark_of((name, tells): &(String, f64)) -> Mark {
    Mark { feature: hash(name.as_bytes()), tells: (tells * PARTS).round() as u16 }
}

impl Mark {
    /// How much it tells, 0 to 1.
    #[must_use]
    pub fn share(self) -> f64 {
        f64::from(self.tells) / PARTS
    }
}

/// Whether evidence of a kind was seen somewhere, and is no name or technique: these alone hold nothing together.
#[must_use]
pub fn is_seen(kind: Kind) -> bool {
    !matches!(kind, Kind::Malware | Kind::Tool | Kind::AttackPattern | Kind::Vulnerability)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_site_is_one_feature_whether_it_is_named_or_a_host_of_it() {
        let knowledge = Knowledge::builtin();
        let of = |value: &str| marks(&Entity::new(Kind::DomainName, value), knowledge);
        let (site, host) = (of("reed-mere.com"), of("c2.reed-mere.com"));
        assert_eq!(site.len(), 1);
        assert!(host.iter().any(|mark| mark.feature == site[0].feature && mark.tells < 10_000));
        let named = feature_names(&Entity::new(Kind::DomainName, "reed-mere.com"), knowledge);
        assert_eq!(named[0].1, "domain-name:reed-mere.com");
    }
}
