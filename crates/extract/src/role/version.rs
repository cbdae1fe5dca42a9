//! Four numbers: an address, a version or a section.

use lapwing_model::{Entity, Kind, Role};

use super::{Case, Cue, Judgement};
use crate::find::Shape;
use crate::layout::Topic;

/// Numbers of versions and sections are small; the first number of an address seldom is.
const SMALL: u8 = 40;

/// Words before an address that may be written with a capital.
const ADDRESS_WORDS: &[&str] = &[
    "ip",
    "ips",
    "ipv4",
    "address",
    "addresses",
    "adresse",
    "host",
    "server",
    "node",
    "from",
    "to",
    "and",
    "at",
    "the",
    "relay",
    "proxy",
    "gateway",
    "port",
    "dns",
    "source",
    "destination",
    "src",
    "dst",
    "contacted",
    "also",
    "on",
    "in",
    "actor",
    "attacker",
    "scanner",
];

impl Case<'_> {
    /// Four numbers that are a version or a section, no address.
    pub(super) fn numbers(&self) -> Option<Judgement> {
        let maybe = self.found.shape == Shape::MaybeVersion
            && !self.candidate.defanged
            && !self.found.value.contains('/');
        if !maybe {
            return None;
        }
        let name = self
            .is_section()
            .then_some("section")
            .or_else(|| self.is_version().then_some("version"))?;
        Some(self.call(
            Entity::new(Kind::Other, format!("{name}={}", self.found.value)),
            Role::Benign,
            90,
            format!("four numbers that are a {name}, no address"),
        ))
    }

    fn octets(&self) -> impl Iterator<Item = u8> + '_ {
        self.found.value.split('.').filter_map(|part| part.parse().ok())
    }

    fn is_section(&self) -> bool {
        let before = self.candidate.before.trim_end();
        if before.ends_with('§') || self.cues.has(Cue::Section) {
            return true;
        }
        if !self.octets().all(|n| n < SMALL) {
            return false;
        }
        if self.place.in_heading && self.place.column.is_none() {
            return true;
        }
        // "1.2.3.4 Access control" opens a line.
        let opens = before.trim_matches(|c: char| matches!(c, '#' | '=' | ' ' | '*')).is_empty();
        opens
            && !self.manner.list
            && self.place.topic != Topic::Indicators
            && self.candidate.after.trim_start().starts_with(|c: char| c.is_uppercase())
            && !self.cues.has(Cue::HostileAfter)
    }

    /// "version 1.2.3.4, 192.0.2.7": one version is spoken of, and this is what comes after it.
    fn is_next_of_list(&self) -> bool {
        let before = self.candidate.before.to_ascii_lowercase();
        before.rfind("version").is_some_and(|at| {
            let since = &before[at + "version".len()..];
            !since.starts_with('s') && since.contains(',')
        })
    }

    fn is_version(&self) -> bool {
        if self.cues.has(Cue::VersionAfter)
            || self.cues.has(Cue::Version) && !self.is_next_of_list()
        {
            return true;
        }
        // "Firefox/1.2.3.4"
        let before = self.candidate.before;
        if before.strip_suffix('/').is_some_and(|b| b.ends_with(|c: char| c.is_alphabetic())) {
            return true;
        }
        let speaks = |text: &str| {
            let text = text.to_lowercase();
            ["version", "firmware", "release", "build", "fixed in", "версия", "バージョン", "版本"]
                .iter()
                .any(|word| text.contains(word))
        };
        if self.place.column.is_some_and(speaks) {
            return true;
        }
        // "Marsh Player 3.2.0.1": a product's name, then small numbers.
        let word = before.strip_suffix(' ').and_then(|b| b.rsplit([' ', '`', '|', '=']).next());
        let named = word.is_some_and(|word| {
            word.len() > 1
                && word.starts_with(|c: char| c.is_ascii_uppercase())
                && word.bytes().all(|b| b.is_ascii_alphanumeric())
                && !ADDRESS_WORDS.contains(&word.to_ascii_lowercase().as_str())
        });
        let alone = self.cues.has(Cue::Hostile) || self.cues.has(Cue::Host) || self.manner.list;
        if named && !alone && self.octets().all(|n| n < SMALL) {
            return true;
        }
        // "versions 3.1.0.4 through 4.10.0.3"
        speaks(before)
            && self.octets().filter(|n| *n < SMALL).count() >= 3
            && !self.cues.has(Cue::Hostile)
    }
}
