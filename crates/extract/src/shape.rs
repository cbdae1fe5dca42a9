//! Names of actors and clusters by their shape: an unknown one is a find, not a miss.

use lapwing_model::Kind;

/// Prefixes with a number, with how many digits, and what they name.
const NUMBERED: &[(&str, usize, usize, Kind)] = &[
    ("UNC", 3, 5, Kind::Cluster),
    ("TA", 2, 4, Kind::ThreatActor),
    ("APT", 1, 3, Kind::ThreatActor),
    ("FIN", 1, 2, Kind::ThreatActor),
    ("UTA", 4, 4, Kind::Cluster),
    ("UAT", 4, 4, Kind::Cluster),
    ("DEV", 4, 4, Kind::Cluster),
    ("STORM", 4, 4, Kind::Cluster),
    ("TAG", 2, 3, Kind::Cluster),
    ("UAC", 4, 4, Kind::Cluster),
    ("ITG", 2, 3, Kind::Cluster),
    ("ATK", 1, 3, Kind::ThreatActor),
    ("REF", 4, 4, Kind::Cluster),
    ("LUCR", 1, 3, Kind::Cluster),
    ("CTG", 4, 4, Kind::Cluster),
    ("STAC", 4, 4, Kind::Cluster),
    ("PTI", 2, 3, Kind::Cluster),
    ("G", 4, 4, Kind::ThreatActor),
    ("C", 4, 4, Kind::Campaign),
];

/// Letters of the longest of [`NUMBERED`].
const LONGEST_PREFIX: usize = 5;

/// Prefixes that are words of their own, so that a hyphen has to follow.
const HYPHENED: &[&str] = &["DEV", "STORM", "TAG", "UAC", "LUCR", "CTG", "PTI"];

/// Last words of two-word names that vendors give.
const WEATHER: &[&str] = &[
    "Typhoon",
    "Blizzard",
    "Sandstorm",
    "Sleet",
    "Tempest",
    "Flood",
    "Tsunami",
    "Cyclone",
    "Dust",
    "Hail",
    "Rain",
];
/// First words of two-word names: Secureworks (a gemstone or metal in capitals), Trend Micro.
const METALS: &[&str] = &[
    "GOLD", "BRONZE", "COBALT", "IRON", "NICKEL", "TIN", "ALUMINUM", "COPPER", "ZINC", "PLATINUM",
];
const ELEMENTS: &[&str] = &["Earth", "Water", "Void"];
/// Words that stand behind `Earth` or `Water` in everyday speech.
const PLAIN_SECOND: &[&str] = &[
    "Day",
    "Systems",
    "Sector",
    "Sciences",
    "Science",
    "Resources",
    "Supply",
    "Treatment",
    "Authority",
    "District",
    "Utilities",
    "Utility",
    "Department",
    "Engine",
    "Observation",
    "Facility",
    "Facilities",
    "Company",
    "Services",
    "Management",
    "Works",
    "Plant",
    "Agency",
    "Linux",
    "Pollution",
    "Quality",
    "Tanks",
    "Networks",
    "Hackers",
];
const ANIMALS: &[&str] = &[
    "Panda", "Bear", "Kitten", "Spider", "Chollima", "Jackal", "Tiger", "Leopard", "Buffalo",
    "Wolf", "Lynx", "Crane", "Hawk", "Ocelot", "Saiga", "Sphinx", "Gecko", "Mantis", "Taurus",
    "Libra", "Serpens", "Scorpius", "Ursa", "Pisces",
];

/// First words that make an everyday expression of it.
const EVERYDAY: &[&str] = &[
    "the",
    "a",
    "an",
    "this",
    "that",
    "red",
    "giant",
    "polar",
    "grizzly",
    "brown",
    "black",
    "teddy",
    "winter",
    "tropical",
    "perfect",
    "ice",
    "snow",
    "heavy",
    "flash",
    "acid",
    "fire",
    "sand",
    "gray",
    "grey",
    "when",
    "microsoft",
    "severe",
    "summer",
    "big",
    "lone",
    "white",
    "siberian",
    "bengal",
    "after",
    "and",
    "in",
    "as",
];

/// A name by shape from `at`: its length in bytes, what it names, and percent of right ones.
pub(crate) fn shaped(text: &str, at: usize) -> Option<(usize, Kind, u8)> {
    let rest = text.get(at..)?;
    let bytes = rest.as_bytes();
    if !bytes.first()?.is_ascii_uppercase() {
        return None;
    }
    let word = bytes.iter().take_while(|b| b.is_ascii_alphanumeric()).count();
    numbered(rest, word)
        .or_else(|| cl_cluster(rest))
        .or_else(|| unknown(rest))
        .or_else(|| sector(rest, word))
        .or_else(|| temp(rest, word))
        .or_else(|| elemental(rest, word))
        .or_else(|| two_words(rest, word))
}

fn numbered(rest: &str, word: usize) -> Option<(usize, Kind, u8)> {
    let bytes = rest.as_bytes();
    let letters = bytes.iter().take_while(|b| b.is_ascii_alphabetic()).count();
    if letters > LONGEST_PREFIX || !matches!(bytes.get(letters), Some(b'0'..=b'9' | b'-')) {
        return None;
    }
    let prefix = &rest[..letters];
    let (known, least, most, kind) = NUMBERED.iter().find(|(p, ..)| {
        *p == prefix || (p.eq_ignore_ascii_case(prefix) && matches!(prefix, "Storm" | "Dev"))
    })?;
    let gap = usize::from(letters == word && bytes.get(letters) == Some(&b'-'));
    if HYPHENED.contains(known) != (gap == 1)
        && (HYPHENED.contains(known) || matches!(*known, "G" | "C" | "TA"))
    {
        return None;
    }
    // `APT-C-36`
    if *known == "APT" && rest[letters..].starts_with("-C-") {
        let digits = bytes[letters + 3..].iter().take_while(|b| b.is_ascii_digit()).count();
        return (1..=3).contains(&digits).then_some((letters + 3 + digits, Kind::ThreatActor, 95));
    }
    let from = letters + gap;
    let digits = bytes[from..].iter().take_while(|b| b.is_ascii_digit()).count();
    let after = bytes.get(from + digits).copied().unwrap_or(b' ');
    // `TA15-314A`: an alert of US-CERT.
    let alert = *known == "TA"
        && after == b'-'
        && bytes
            .get(from + digits + 1..from + digits + 4)
            .is_some_and(|n| n.iter().all(u8::is_ascii_digit));
    // `TA0007`: a tactic of ATT&CK.
    let tactic = *known == "TA" && digits == 4 && rest[from..].starts_with("00");
    let fits = (*least..=*most).contains(&digits)
        && !(tactic || alert || after.is_ascii_alphanumeric() || after == b'_');
    let percent = match *known {
        "UNC" | "APT" | "FIN" => 97,
        "G" | "C" | "REF" | "TAG" => 70,
        _ => 92,
    };
    fits.then_some((from + digits, *kind, percent))
}

/// `CL-STA-0002`, `CL-CRI-0147`.
fn cl_cluster(rest: &str) -> Option<(usize, Kind, u8)> {
    let tail = rest.strip_prefix("CL-")?;
    let kind = tail.get(..4)?;
    let digits = tail.get(4..)?.bytes().take_while(u8::is_ascii_digit).count();
    (matches!(kind, "STA-" | "CRI-" | "UNK-") && digits == 4).then_some((
        7 + digits,
        Kind::Cluster,
        97,
    ))
}

/// `UNK_RemoteRogue` (Proofpoint).
fn unknown(rest: &str) -> Option<(usize, Kind, u8)> {
    let tail = rest.strip_prefix("UNK_")?;
    let len = tail.bytes().take_while(u8::is_ascii_alphanumeric).count();
    (len >= 4 && tail.starts_with(|c: char| c.is_ascii_uppercase())).then_some((
        4 + len,
        Kind::Cluster,
        95,
    ))
}

/// `SectorA05` (NSHC): a letter and two digits, perhaps one more.
fn sector(rest: &str, word: usize) -> Option<(usize, Kind, u8)> {
    let tail = rest.get(..word)?.strip_prefix("Sector")?.as_bytes();
    let (letter, digits) = tail.split_first()?;
    (letter.is_ascii_uppercase()
        && (2..=3).contains(&digits.len())
        && digits.iter().all(u8::is_ascii_digit))
    .then_some((word, Kind::ThreatActor, 95))
}

/// `GOLD LAPWING`, `Earth Lapwing`.
fn elemental(rest: &str, word: usize) -> Option<(usize, Kind, u8)> {
    let (first, tail) = rest.split_at_checked(word)?;
    let second = tail.strip_prefix(' ')?;
    let len = second.bytes().take_while(u8::is_ascii_alphabetic).count();
    let second = second.get(..len)?;
    if METALS.contains(&first) {
        return (len >= 4
            && !matches!(
                second,
                "MINE" | "COIN" | "STAR" | "RUSH" | "MEMBER" | "CUSTOMER" | "PARTNER"
            )
            && second.bytes().all(|b| b.is_ascii_uppercase()))
        .then_some((word + 1 + len, Kind::ThreatActor, 85));
    }
    let capital = second.bytes().enumerate().all(|(i, b)| b.is_ascii_uppercase() == (i == 0));
    (ELEMENTS.contains(&first) && len >= 4 && capital && !PLAIN_SECOND.contains(&second))
        .then_some((word + 1 + len, Kind::ThreatActor, 55))
}

/// `TEMP.Veles`.
fn temp(rest: &str, word: usize) -> Option<(usize, Kind, u8)> {
    if &rest[..word] != "TEMP" || !rest[word..].starts_with('.') {
        return None;
    }
    let name = rest[word + 1..].bytes().take_while(u8::is_ascii_alphanumeric).count();
    (name >= 3 && rest.as_bytes()[word + 1].is_ascii_uppercase()).then_some((
        word + 1 + name,
        Kind::Cluster,
        93,
    ))
}

fn two_words(rest: &str, word: usize) -> Option<(usize, Kind, u8)> {
    let second = rest.get(word..)?.strip_prefix(' ')?;
    let len = second.bytes().take_while(u8::is_ascii_alphanumeric).count();
    let (first, second) = (&rest[..word], &second[..len]);
    // All words of the lists have capitals; most words of a text have none.
    if !second.starts_with(|c: char| c.is_ascii_uppercase()) || word < 3 {
        return None;
    }
    let shouted = first.len() > 2
        && first.bytes().all(|b| b.is_ascii_uppercase())
        && second.bytes().all(|b| b.is_ascii_uppercase());
    // "SYN Flood": a short form before a word is no name of this scheme, which writes both alike.
    if !shouted && first.bytes().skip(1).any(|b| b.is_ascii_uppercase()) {
        return None;
    }
    let known = |list: &[&str]| {
        list.iter().any(|w| *w == second || (shouted && w.eq_ignore_ascii_case(second)))
    };
    if EVERYDAY.iter().any(|w| w.eq_ignore_ascii_case(first))
        || !first.bytes().all(|b| b.is_ascii_alphabetic())
    {
        return None;
    }
    let percent = if known(&[
        "Typhoon",
        "Blizzard",
        "Sandstorm",
        "Sleet",
        "Tempest",
        "Chollima",
        "Tsunami",
    ]) {
        90
    } else if known(ANIMALS) {
        if shouted { 92 } else { 75 }
    } else if known(WEATHER) {
        60
    } else {
        return None;
    };
    Some((word + 1 + len, Kind::ThreatActor, percent))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_alert_is_no_actor() {
        assert_eq!(shaped("TA15-314A: Compromised", 0), None);
        assert_eq!(shaped("TA0007: Discovery", 0), None);
        assert!(shaped("TA4242-linked", 0).is_some());
    }

    #[test]
    fn names_are_known_by_their_shape() {
        for (text, len, kind) in [
            ("UNC9999 is", 7, Kind::Cluster),
            ("TA4242,", 6, Kind::ThreatActor),
            ("APT-28", 6, Kind::ThreatActor),
            ("APT-C-99", 8, Kind::ThreatActor),
            ("Storm-9999", 10, Kind::Cluster),
            ("DEV-0999", 8, Kind::Cluster),
            ("CL-STA-9999", 11, Kind::Cluster),
            ("TEMP.Lapwing", 12, Kind::Cluster),
            ("Marsh Typhoon", 13, Kind::ThreatActor),
            ("MARSH SPIDER", 12, Kind::ThreatActor),
            ("GOLD LAPWING group", 12, Kind::ThreatActor),
            ("Earth Lapwing is", 13, Kind::ThreatActor),
            ("SectorQ99.", 9, Kind::ThreatActor),
            ("REF9999", 7, Kind::Cluster),
            ("UNK_Lapwing used", 11, Kind::Cluster),
        ] {
            assert_eq!(shaped(text, 0).map(|(l, k, _)| (l, k)), Some((len, kind)), "{text}");
        }
        for text in [
            "UNCLE",
            "TA1",
            "APTITUDE",
            "Polar Bear",
            "SYN Flood",
            "Packet Storm",
            "The Storm",
            "Storm 12",
            "G20",
            "C2",
            "DEV 1234",
            "UNC2639x",
            "GOLD coins",
            "GOLD MINE",
            "Water Treatment",
            "Earth Day",
            "Sector5",
        ] {
            assert_eq!(shaped(text, 0), None, "{text}");
        }
    }
}
