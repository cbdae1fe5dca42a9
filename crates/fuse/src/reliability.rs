use lapwing_model::{Admiralty, Format, LineageKind};
use serde::Serialize;

use crate::trace::Trace;

/// What kind of observer a source is: the prior for its reliability, until it is learnt.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum SourceClass {
    /// A government's computer emergency team or security agency: grade A.
    Government,
    /// A vendor or laboratory that publishes research of its own: grade B.
    PrimaryResearch,
    /// An event or bundle of a sharing platform, its author unknown: grade C.
    PlatformEvent,
    /// Collects and republishes what others found: grade C.
    Aggregator,
    /// News about security: grade C.
    News,
    /// A named source of which nothing is known: grade D.
    Unknown,
    /// No source is named: grade F, reliability cannot be judged.
    Unnamed,
}

/// Words of a publisher's name that tell its class; the first match in this order counts.
const NAMED: &[(SourceClass, &[&str])] = &[
    (
        SourceClass::Government,
        &[
            "cisa",
            "us-cert",
            "ncsc",
            "bsi",
            "anssi",
            "enisa",
            "fbi",
            "nsa",
            "acsc",
            "jpcert",
            "cert-eu",
            "cert-fr",
            "cert-ua",
            "cert-bund",
            "cert",
            "mitre",
            "cccs",
        ],
    ),
    (
        SourceClass::Aggregator,
        &[
            "vuldb",
            "otx",
            "alienvault",
            "threatfox",
            "urlhaus",
            "abuse.ch",
            "maltrail",
            "virustotal",
            "abuseipdb",
            "c2-tracker",
            "malpedia",
        ],
    ),
    (
        SourceClass::News,
        &[
            "dark reading",
            "darkreading",
            "bleepingcomputer",
            "bleeping computer",
            "the hacker news",
            "thehackernews",
            "securityweek",
            "threatpost",
            "cyberscoop",
            "the record",
            "zdnet",
            "ars technica",
            "wired",
            "reuters",
            "techcrunch",
            "krebs on security",
            "krebsonsecurity",
            "the register",
        ],
    ),
    (
        SourceClass::PrimaryResearch,
        &[
            "mandiant",
            "fireeye",
            "microsoft",
            "msrc",
            "mstic",
            "crowdstrike",
            "eset",
            "welivesecurity",
            "kaspersky",
            "securelist",
            "talos",
            "cisco",
            "volexity",
            "unit 42",
            "unit42",
            "palo alto",
            "symantec",
            "broadcom",
            "trend micro",
            "trendmicro",
            "sophos",
            "secureworks",
            "proofpoint",
            "recorded future",
            "sentinelone",
            "sentinellabs",
            "check point",
            "checkpoint",
            "group-ib",
            "red canary",
            "huntress",
            "rapid7",
            "google",
            "dragos",
            "malwarebytes",
            "f-secure",
            "withsecure",
            "bitdefender",
            "elastic",
            "zscaler",
            "fortinet",
            "fortiguard",
            "mcafee",
            "trellix",
            "sans",
            "citizen lab",
            "amnesty",
            "dfir report",
            "avast",
            "ibm",
            "cybereason",
            "sygnia",
            "ahnlab",
        ],
    ),
];

/// Grades from best to worst, with the reliability that each stands for.
const GRADES: [(char, f64); 5] = [('A', 0.95), ('B', 0.85), ('C', 0.70), ('D', 0.55), ('E', 0.35)];
/// Reliability of a source that cannot be judged.
const CANNOT_BE_JUDGED: f64 = 0.50;

impl SourceClass {
    /// The class of a document's own source; by name first, then by format.
    pub(crate) fn of(trace: &Trace) -> Self {
        let structured = matches!(
            trace.head.format,
            Format::MispJson | Format::MispMarkdown | Format::Stix1 | Format::Stix2
        );
        match (trace.head.source.as_deref().map(Self::of_name), structured) {
            (Some(Self::Unknown) | None, true) => Self::PlatformEvent,
            (Some(class), _) => class,
            (None, false) => Self::Unnamed,
        }
    }

    /// The class of a publisher by its name or host name.
    #[must_use]
    pub fn of_name(name: &str) -> Self {
        let lower = name.to_lowercase();
        let has = |word: &&str| {
            lower.match_indices(*word).any(|(at, _)| {
                let ends = |c: Option<char>| c.is_none_or(|c| !c.is_alphanumeric());
                ends(lower[..at].chars().next_back())
                    && ends(lower[at + word.len()..].chars().next())
            })
        };
        // Host names of governments: `.gov`, `.gov.uk`, `.mil`.
        let host = lower.split(['/', ' ']).find(|part| part.contains('.')).unwrap_or("");
        if host.split('.').skip(1).any(|label| matches!(label, "gov" | "mil" | "gouv" | "gob")) {
            return Self::Government;
        }
        NAMED
            .iter()
            .find(|(_, words)| words.iter().any(has))
            .map_or(Self::Unknown, |(class, _)| *class)
    }

    /// The Admiralty letter of the class.
    #[must_use]
    pub fn letter(self) -> char {
        match self {
            Self::Government => 'A',
            Self::PrimaryResearch => 'B',
            Self::PlatformEvent | Self::Aggregator | Self::News => 'C',
            Self::Unknown => 'D',
            Self::Unnamed => 'F',
        }
    }
}

/// The reliability, 0 to 1, that an Admiralty letter stands for.
pub(crate) fn reliability_of(letter: char) -> f64 {
    GRADES.iter().find(|(l, _)| *l == letter).map_or(CANNOT_BE_JUDGED, |(_, value)| *value)
}

/// The letter whose reliability is nearest; of two as near, the worse.
pub(crate) fn letter_of(reliability: f64) -> char {
    let distance = |value: f64| (value - reliability).abs();
    let nearest = GRADES.iter().rev().min_by(|a, b| distance(a.1).total_cmp(&distance(b.1)));
    nearest.map_or('E', |(letter, _)| *letter)
}

/// Place of a letter on the scale: 0 is best. What cannot be judged stands with `D`.
fn rank(letter: char) -> usize {
    GRADES.iter().position(|(l, _)| *l == letter).unwrap_or(3)
}

/// How a document came from its parent, for the grade.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Descent {
    /// The same page at another time, or another part of one container: as good as its parent.
    Same,
    /// It says that it derives.
    Stated(LineageKind),
    /// Its text or values show that it derives.
    Shown,
}

/// The letter of a document with the letter `own` of its source, made from one of letter `parent`.
pub(crate) fn derived_letter(own: char, parent: char, descent: Descent) -> char {
    let steps = match descent {
        Descent::Same => return own,
        // A better source that spreads the same text stands for it with its own name; a name of
        // which nothing is known stands for nothing.
        Descent::Shown if matches!(own, 'A' | 'B') && rank(own) < rank(parent) => return own,
        Descent::Stated(LineageKind::Rewrites) => 2,
        Descent::Stated(_) | Descent::Shown => 1,
    };
    // A copy is never better than its own publisher, and always below what it copies.
    let at = rank(own).max(rank(parent) + steps).min(GRADES.len() - 1);
    GRADES[at].0
}

/// Grade of a document that derives from nothing.
pub(crate) fn root_grade(class: SourceClass) -> Admiralty {
    let reliability = class.letter();
    let credibility = match reliability {
        'A' | 'B' => 2,
        'F' => 6,
        _ => 3,
    };
    Admiralty { reliability, credibility }
}

/// Grade of a document whose source the platform graded itself: its letter counts where our classes
/// say no better than that.
pub(crate) fn graded_by(letter: char, class: Admiralty) -> Admiralty {
    let known = matches!(class.reliability, 'A' | 'B');
    if known { class } else { Admiralty { reliability: letter, ..class } }
}

/// Grade of a document that derives from one of grade `parent`.
pub(crate) fn derived_grade(own: Admiralty, parent: Admiralty, descent: Descent) -> Admiralty {
    if descent == Descent::Same {
        return own;
    }
    let reliability = derived_letter(own.reliability, parent.reliability, descent);
    let base = if parent.credibility == 6 { 3 } else { parent.credibility };
    Admiralty { reliability, credibility: (base + 1).min(5) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_tell_the_class() {
        for (name, class) in [
            ("CISA.gov", SourceClass::Government),
            ("ncsc.gov.uk", SourceClass::Government),
            ("Mandiant", SourceClass::PrimaryResearch),
            ("Palo Alto Networks Unit 42", SourceClass::PrimaryResearch),
            ("VulDB", SourceClass::Aggregator),
            ("Dark Reading", SourceClass::News),
            ("Certified Bloggers", SourceClass::Unknown),
            ("Preset Weekly", SourceClass::Unknown),
        ] {
            assert_eq!(SourceClass::of_name(name), class, "{name}");
        }
    }

    #[test]
    fn a_copy_is_graded_below_what_it_copies() {
        for own in ['A', 'B', 'C', 'D', 'E', 'F'] {
            for parent in ['A', 'B', 'C', 'D', 'F'] {
                let letter = derived_letter(own, parent, Descent::Stated(LineageKind::Rewrites));
                assert!(reliability_of(letter) < reliability_of(parent), "{own} of {parent}");
                assert!(rank(letter) >= rank(own));
            }
        }
        assert_eq!(derived_letter('A', 'F', Descent::Shown), 'A');
        assert_eq!(derived_letter('F', 'E', Descent::Shown), 'E');
    }
}
