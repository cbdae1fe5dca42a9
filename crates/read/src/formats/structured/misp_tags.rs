//! Tags of MISP: markings, galaxies and machine tags.

use lapwing_model::{Confidence, Entity, Kind, Marking};

use super::value;

/// What a tag says.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Tag {
    /// Who may see it.
    Marking(Marking),
    /// The event or attribute is about this.
    Entity(Entity),
    /// Anything else: kept as a property.
    Plain,
}

/// Reads one tag.
pub(crate) fn read(tag: &str) -> Tag {
    let tag = tag.trim();
    if tag.get(..4).is_some_and(|head| head.eq_ignore_ascii_case("tlp:")) {
        // `tlp:ex:chr` and other local words are no TLP.
        return tag.parse().map_or(Tag::Plain, Tag::Marking);
    }
    let Some(rest) = tag.strip_prefix("misp-galaxy:") else { return Tag::Plain };
    let Some((galaxy, value)) = rest.split_once('=') else { return Tag::Plain };
    cluster(galaxy.trim(), value.trim().trim_matches('"')).map_or(Tag::Plain, Tag::Entity)
}

/// How sure a tag says that an event or attribute is: a taxonomy of confidence, on its own scale.
///
/// The threat level is none: it says how much harm is to be feared.
pub(crate) fn stated(tag: &str) -> Option<Confidence> {
    let (name, value) = tag.trim().split_once('=')?;
    let value = value.trim().trim_matches('"');
    match name.trim().to_ascii_lowercase().as_str() {
        "admiralty-scale:information-credibility" => Confidence::from_credibility(value),
        "estimative-language:likelihood-probability"
        | "estimative-language:confidence-in-analytic-judgment"
        | "osint:certainty" => Confidence::from_scale(value),
        "misp:confidence-level" => {
            let percent = match value {
                "completely-confident" => 100,
                "usually-confident" => 75,
                "fairly-confident" => 50,
                "rarely-confident" => 25,
                "unconfident" => 5,
                _ => return None,
            };
            Some(Confidence::percent(percent))
        }
        "false-positive:risk" => Confidence::from_word(match value {
            "low" => "high",
            "medium" => "medium",
            "high" => "low",
            _ => return None,
        }),
        _ => None,
    }
}

/// The entity that a cluster of a galaxy names.
pub(crate) fn cluster(galaxy: &str, name: &str) -> Option<Entity> {
    let name = name.trim();
    if name.is_empty() {
        return None;
    }
    let galaxy = galaxy.to_ascii_lowercase();
    let has = |words: &[&str]| words.iter().any(|word| galaxy.contains(word));
    if has(&["attack-pattern"]) {
        let value = value::technique_id(name).unwrap_or(name);
        return Some(Entity::new(Kind::AttackPattern, value));
    }
    let bare = without_id(name);
    if has(&["threat-actor", "intrusion-set", "activity-group", "360net"]) {
        return Some(value::actor(bare));
    }
    if has(&[
        "course-of-action",
        "mitigation",
        "assets",
        "data-source",
        "data-component",
        "tea-matrix",
    ]) {
        return None;
    }
    if has(&["country", "region", "target-location"]) {
        return Some(value::entity(Kind::Location, "location", name));
    }
    if has(&["sector"]) {
        return Some(Entity::new(Kind::Sector, name));
    }
    if has(&["campaign"]) {
        return Some(Entity::new(Kind::Campaign, bare));
    }
    let families = [
        "malware",
        "malpedia",
        "ransomware",
        "banker",
        "botnet",
        "stealer",
        "backdoor",
        "android",
        "cryptominer",
        "spyware",
        "wiper",
    ];
    if has(&families) || galaxy == "rat" {
        return Some(Entity::new(Kind::Malware, bare));
    }
    if has(&["tool", "exploit-kit", "tds"]) {
        return Some(Entity::new(Kind::Tool, bare));
    }
    if has(&["vulnerability"]) {
        return Some(value::entity(Kind::Vulnerability, "vulnerability", name));
    }
    None
}

/// A name without the ATT&CK id behind it, as `APT28 - G0007`.
fn without_id(name: &str) -> &str {
    match name.rsplit_once(" - ") {
        Some((bare, id))
            if id.len() >= 5
                && id.starts_with(['G', 'S', 'C', 'T', 'M'])
                && id[1..].bytes().all(|b| b.is_ascii_digit() || b == b'.') =>
        {
            bare.trim()
        }
        _ => name,
    }
}

/// Splits a line of tags at the commas that stand outside of quotes; gives each with its place.
pub(crate) fn split(line: &str) -> Vec<(usize, &str)> {
    let mut tags = Vec::new();
    let (mut from, mut quoted) = (0, false);
    for (at, byte) in line.bytes().chain([b',']).enumerate() {
        match byte {
            b'"' => quoted = !quoted,
            b',' if !quoted || at == line.len() => {
                let raw = &line[from..at];
                let tag = raw.trim();
                if !tag.is_empty() {
                    tags.push((from + raw.len() - raw.trim_start().len(), tag));
                }
                from = (at + 1).min(line.len());
            }
            _ => {}
        }
    }
    tags
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_are_told_apart() {
        assert_eq!(read("tlp:white"), Tag::Marking(Marking::Clear));
        assert_eq!(read("type:OSINT"), Tag::Plain);
        let entity = |kind, name: &str| Tag::Entity(Entity::new(kind, name));
        assert_eq!(
            read("misp-galaxy:mitre-attack-pattern=\"Web Shell - T1505.003\""),
            entity(Kind::AttackPattern, "T1505.003")
        );
        assert_eq!(
            read("misp-galaxy:mitre-intrusion-set=\"HAFNIUM - G0125\""),
            entity(Kind::ThreatActor, "HAFNIUM")
        );
        assert_eq!(
            read("misp-galaxy:malpedia=\"China Chopper\""),
            entity(Kind::Malware, "China Chopper")
        );
    }

    #[test]
    fn taxonomies_of_confidence_are_read_on_their_own_scales() {
        let percent = |tag| stated(tag).map(Confidence::as_percent);
        assert_eq!(percent("admiralty-scale:information-credibility=\"2\""), Some(70));
        assert_eq!(percent("estimative-language:likelihood-probability=\"very-likely\""), Some(85));
        assert_eq!(percent("misp:confidence-level=\"fairly-confident\""), Some(50));
        assert_eq!(percent("false-positive:risk=\"high\""), Some(15));
        assert_eq!(percent("osint:lifetime=\"perpetual\""), None);
        assert_eq!(percent("tlp:white"), None);
    }

    #[test]
    fn commas_inside_quotes_do_not_part_tags() {
        let line = "tlp:green, misp-galaxy:sector=\"Banking, Finance\",x";
        let tags: Vec<_> = split(line)
            .into_iter()
            .map(|(at, tag)| (&line[at..at + tag.len()] == tag, tag))
            .collect();
        assert_eq!(
            tags,
            [(true, "tlp:green"), (true, "misp-galaxy:sector=\"Banking, Finance\""), (true, "x")]
        );
        assert_eq!(split("\"open, x"), [(0, "\"open, x")]);
    }
}
