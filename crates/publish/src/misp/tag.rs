//! Names as galaxy tags, and what tags of taxonomies say of markings and confidence.

use lapwing_knowledge::Knowledge;
use lapwing_model::{Admiralty, Entity, Kind, Likelihood, Marking};

/// The tag of an entity in MISP's galaxies; `None` for kinds that these have no galaxy for.
pub(super) fn galaxy(entity: &Entity, knowledge: &Knowledge) -> Option<String> {
    let value = entity.value.as_str();
    let numbered = |name: &str, id: &str, letter: char| {
        let known = id.starts_with(letter) && name == value;
        known.then(|| format!("{name} - {id}"))
    };
    let (galaxy, cluster) = match entity.kind {
        Kind::ThreatActor | Kind::Cluster => ("threat-actor", value.to_owned()),
        Kind::AttackPattern => {
            let name = knowledge.technique(value).map(|known| known.name.as_str());
            let cluster = name.map_or_else(|| value.to_owned(), |name| format!("{name} - {value}"));
            ("mitre-attack-pattern", cluster)
        }
        Kind::Malware => {
            let known = knowledge.software_named(value);
            match known.first().and_then(|one| numbered(&one.name, &one.id, 'S')) {
                Some(cluster) => ("mitre-malware", cluster),
                None => ("malpedia", value.to_owned()),
            }
        }
        Kind::Tool => {
            let known = knowledge.software_named(value);
            match known.first().and_then(|one| numbered(&one.name, &one.id, 'S')) {
                Some(cluster) => ("mitre-tool", cluster),
                None => ("tool", value.to_owned()),
            }
        }
        Kind::Sector => ("sector", value.to_owned()),
        Kind::Location => match knowledge.place(value) {
            Some(place) if place.is_region => ("region", place.name.clone()),
            Some(place) => ("country", place.name.to_lowercase()),
            None => return None,
        },
        _ => return None,
    };
    let fits = !cluster.trim().is_empty() && !cluster.contains(['"', '\n']);
    fits.then(|| format!("misp-galaxy:{galaxy}=\"{cluster}\""))
}

/// The tag of a marking.
pub(super) fn marking(marking: Marking) -> String {
    marking.as_str().to_ascii_lowercase()
}

/// The word of ICD-203 for how likely a value is what it is said to be.
pub(super) fn likelihood(probability: f64) -> String {
    let word = match Likelihood::of(probability) {
        Likelihood::AlmostNoChance => "almost-no-chance",
        Likelihood::VeryUnlikely => "very-unlikely",
        Likelihood::Unlikely => "unlikely",
        Likelihood::RoughlyEven => "roughly-even-chance",
        Likelihood::Likely => "likely",
        Likelihood::VeryLikely => "very-likely",
        Likelihood::AlmostCertain => "almost-certain",
    };
    format!("estimative-language:likelihood-probability=\"{word}\"")
}

/// The tags of an Admiralty grade.
pub(super) fn grade(grade: Admiralty) -> [String; 2] {
    [
        format!(
            "admiralty-scale:source-reliability=\"{}\"",
            grade.reliability.to_ascii_lowercase()
        ),
        format!("admiralty-scale:information-credibility=\"{}\"", grade.credibility),
    ]
}

/// The colour that MISP gives a tag.
pub(super) fn colour(tag: &str) -> &'static str {
    match tag {
        "tlp:red" => "#FF2B2B",
        "tlp:amber" | "tlp:amber+strict" => "#FFC000",
        "tlp:green" => "#33FF00",
        "tlp:clear" => "#FFFFFF",
        _ if tag.starts_with("misp-galaxy:") => "#0088cc",
        _ => "#3f6f8f",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_of_the_galaxies() {
        let tag = |kind, value: &str| galaxy(&Entity::new(kind, value), Knowledge::builtin());
        assert_eq!(
            tag(Kind::AttackPattern, "T1505.003").unwrap(),
            "misp-galaxy:mitre-attack-pattern=\"Web Shell - T1505.003\""
        );
        assert_eq!(
            tag(Kind::Malware, "China Chopper").unwrap(),
            "misp-galaxy:mitre-malware=\"China Chopper - S0020\""
        );
        assert_eq!(tag(Kind::Location, "DE").unwrap(), "misp-galaxy:country=\"germany\"");
        assert_eq!(tag(Kind::ThreatActor, "UNC\"9"), None);
        assert_eq!(tag(Kind::Software, "Exchange"), None);
    }
}
