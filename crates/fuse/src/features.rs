//! What of a value can be found again in another: the value itself, its network, its site, the shape of its path.

use lapwing_knowledge::Knowledge;
use lapwing_model::{Entity, Kind};

use crate::sketch::hash;

/// What is shared with many tenants counts this part.
const SHARED: f64 = 0.15;

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

/// What evidence is in a form that can be compared, with how much its kind tells.
fn features(evidence: &Entity, knowledge: &Knowledge) -> Vec<(String, f64)> {
    let exact = || (evidence.key(), 1.0);
    let value = evidence.value.as_str();
    let mut features = match evidence.kind {
        Kind::Ipv4Addr => {
            let network = value.rsplit_once('.').map(|(net, _)| format!("network {net}.0/24"));
            let near = network.filter(|_| !value.contains('/')).map(|network| (network, 0.3));
            std::iter::once(exact()).chain(near).collect()
        }
        Kind::DomainName => {
            let site = knowledge.registrable_domain(value).filter(|site| *site != value);
            let site = site.map(|site| (Entity::new(Kind::DomainName, site).key(), 0.7));
            std::iter::once(exact()).chain(site).collect()
        }
        Kind::Url => {
            let rest = value.split_once("://").map_or(value, |(_, rest)| rest);
            let path = rest.split_once('/').map_or("", |(_, path)| path);
            let path = path.split(['?', '#']).next().unwrap_or("");
            let shape = shape(path);
            let telling = shape.len() >= 6 && path.contains(['/', '.']);
            let like = telling.then(|| (format!("path like /{shape}"), 0.4));
            std::iter::once(exact()).chain(like).collect()
        }
        Kind::FilePath => {
            let shape = shape(&value.to_lowercase());
            let name = value.rsplit(['\\', '/']).next().unwrap_or("").to_lowercase();
            let mut all = vec![exact(), (format!("path like {shape}"), 0.4)];
            if name.len() >= 5 {
                all.push((Entity::new(Kind::FileName, name).key(), 0.6));
            }
            all
        }
        Kind::FileName => vec![(Entity::new(Kind::FileName, value.to_lowercase()).key(), 0.6)],
        Kind::EmailAddr => {
            let user = value.split('@').next().unwrap_or("");
            let like = (user.len() >= 6).then(|| (format!("mail user {user}"), 0.5));
            std::iter::once(exact()).chain(like).collect()
        }
        Kind::Ssdeep => {
            let body = value.split(':').nth(1).unwrap_or("");
            let pieces = body.as_bytes().chunks_exact(8).take(6);
            let pieces = pieces.map(|c| (format!("fuzzy {}", String::from_utf8_lossy(c)), 0.5));
            std::iter::once(exact()).chain(pieces).collect()
        }
        Kind::Malware => vec![(evidence.key(), 0.5)],
        Kind::Tool => vec![(evidence.key(), 0.15)],
        Kind::AttackPattern => vec![(evidence.key(), 0.05)],
        Kind::Vulnerability => vec![(evidence.key(), 0.1)],
        kind if kind.is_observable() => vec![exact()],
        _ => Vec::new(),
    };
    if evidence.kind.is_observable() {
        match knowledge.benign(evidence) {
            Some(benign) if benign.shared => features.iter_mut().for_each(|f| f.1 *= SHARED),
            Some(_) => features.clear(),
            None => {}
        }
    }
    features
}

/// The shape of a path: runs of digits become `#`, and long runs of hexadecimal digits `*`.
fn shape(path: &str) -> String {
    let mut shape = String::new();
    for piece in path.split_inclusive(|c: char| !c.is_ascii_alphanumeric()) {
        let word = piece.trim_end_matches(|c: char| !c.is_ascii_alphanumeric());
        let digits = word.bytes().any(|b| b.is_ascii_digit());
        let hex = word.len() >= 8 && digits && word.bytes().all(|b| b.is_ascii_hexdigit());
        if hex {
            shape.push('*');
        } else {
            let mut number = false;
            for c in word.chars() {
                if c.is_ascii_digit() {
                    if !number {
                        shape.push('#');
                    }
                } else {
                    shape.push(c);
                }
                number = c.is_ascii_digit();
            }
        }
        shape.push_str(&piece[word.len()..]);
    }
    shape
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_of_digits_and_hashes_are_alike_in_a_path() {
        assert_eq!(shape("owa/auth/a1b2c3d4e5.aspx?x"), "owa/auth/*.aspx?x");
        assert_eq!(shape("img12/7.gif"), "img#/#.gif");
    }

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
