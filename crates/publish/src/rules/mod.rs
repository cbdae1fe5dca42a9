//! Indicators as detections: rules, lists and zones for the tools that a defender runs.
//!
//! [`RuleSet`] is what the engine lets out: alive, not benign, not above the ceiling, each with
//! its expiry and its evidence. Formats that a machine runs as rules ([`suricata`], [`sigma`],
//! [`yara`]) give [`Rule`]s first, so that an engine can try each on the samples that it carries;
//! they are written with the [`Trial`] beside them. The others ([`csv`], [`list`], [`zeek`],
//! [`rpz`], [`navigator`]) are written at once and read back by their own `read_back`.

pub mod capture;
pub mod csv;
mod evidence;
pub mod list;
pub mod navigator;
pub mod rpz;
mod sample;
pub mod sigma;
pub mod suricata;
mod trial;
pub mod yara;
pub mod zeek;

use std::collections::BTreeMap;

use jiff::civil::Date;
use lapwing_model::{AnalyticConfidence, Entity, Marking, PartialDate, Status};

use crate::export::{ExportedFile, Loss};

pub use evidence::Totals;
pub use sample::{Sample, ordinary, program_with};
pub use trial::{Rule, Trial, Tried};

/// A document behind an indicator.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Source {
    /// Its title or file name.
    pub title: String,
    /// Where it was published.
    pub url: Option<String>,
}

/// A value to detect, with what stands behind it.
#[derive(Clone, Debug, PartialEq)]
pub struct Indicator {
    /// Kind and value.
    pub entity: Entity,
    /// How probable it is that it is hostile, 0 to 1.
    pub probability: f64,
    /// How good the evidence for that is.
    pub confidence: AnalyticConfidence,
    /// Whether it may still be used to detect.
    pub status: Status,
    /// First seen or, failing that, reported.
    pub first: Option<PartialDate>,
    /// Last seen or, failing that, reported.
    pub last: Option<PartialDate>,
    /// The day after which it should alert no more; `None` for what has no date.
    pub expires: Option<Date>,
    /// The strictest marking of all that it was derived from.
    pub marking: Marking,
    /// Actors, malware and campaigns that it points to.
    pub points_to: Vec<Entity>,
    /// ATT&CK techniques that it points to.
    pub techniques: Vec<String>,
    /// Names of the independent origins that say so.
    pub origins: Vec<String>,
    /// The documents that say so.
    pub sources: Vec<Source>,
    /// Other names and hashes of the same file or object.
    pub same: Vec<Entity>,
}

impl Indicator {
    /// Makes an indicator with nothing known but its value.
    pub fn new(entity: Entity) -> Self {
        Self {
            entity,
            probability: 0.0,
            confidence: AnalyticConfidence::Low,
            status: Status::Undated,
            first: None,
            last: None,
            expires: None,
            marking: Marking::Clear,
            points_to: Vec::new(),
            techniques: Vec::new(),
            origins: Vec::new(),
            sources: Vec::new(),
            same: Vec::new(),
        }
    }

    /// Probability in percent.
    pub fn percent(&self) -> u8 {
        (self.probability.clamp(0.0, 1.0) * 100.0).round() as u8
    }
}

/// What leaves: indicators in order of kind and value, and what is said of all of them.
#[derive(Clone, Debug, PartialEq)]
pub struct RuleSet {
    /// What was asked for; `None` for everything.
    pub about: Option<String>,
    /// The day at which decay was read.
    pub today: Date,
    /// The strictest marking that may leave.
    pub ceiling: Marking,
    /// The indicators.
    pub indicators: Vec<Indicator>,
}

impl RuleSet {
    /// Makes a set; the indicators are put in order, one for each value.
    pub fn new(
        about: Option<String>,
        today: Date,
        ceiling: Marking,
        mut indicators: Vec<Indicator>,
    ) -> Self {
        indicators.sort_by(|a, b| a.entity.cmp(&b.entity));
        indicators.dedup_by(|a, b| a.entity == b.entity);
        Self { about, today, ceiling, indicators }
    }

    /// The indicators by their value.
    pub(crate) fn by_entity(&self) -> BTreeMap<&Entity, &Indicator> {
        self.indicators.iter().map(|indicator| (&indicator.entity, indicator)).collect()
    }

    /// The strictest marking of what is in it.
    pub fn marking(&self) -> Marking {
        self.indicators.iter().map(|i| i.marking).max().unwrap_or_default()
    }

    /// The last expiry: after this day nothing in it should alert.
    pub fn expires(&self) -> Option<Date> {
        self.indicators.iter().filter_map(|i| i.expires).max()
    }
}

/// What of a value a format does not carry.
pub(crate) fn left_out(entity: &Entity, why: &str) -> Loss {
    Loss::new("indicator", format!("{}: {}", entity.kind, entity.value), why)
}

pub(crate) fn file(name: &str, text: String) -> ExportedFile {
    ExportedFile { name: name.to_owned(), bytes: text.into_bytes() }
}

/// Whether a user agent is what an ordinary browser calls itself: reports list what a hostile
/// client copied, and a rule on it would alert on everybody.
pub(crate) fn is_browser(agent: &str) -> bool {
    let named = ["Chrome/", "Firefox/", "Edg/", "Safari/", "Trident/", "MSIE ", "OPR/"];
    agent.starts_with("Mozilla/") && named.iter().any(|name| agent.contains(name))
}

/// A host name as it stands on the wire: ASCII, without a dot at its end.
pub(crate) fn wire_name(name: &str) -> Option<String> {
    let name = name.trim_end_matches('.');
    let ascii = idna::domain_to_ascii(name).ok()?;
    let label = |label: &str| {
        (1..=63).contains(&label.len())
            && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
    };
    (ascii.len() <= 253 && ascii.contains('.') && ascii.split('.').all(label)).then_some(ascii)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn browsers_are_known_by_their_names() {
        assert!(is_browser("Mozilla/5.0 (Windows NT 10.0) Gecko/20100101 Firefox/86.0"));
        assert!(!is_browser("Mozilla/5.0 (evil)") && !is_browser("python-requests/2.25.1"));
    }

    #[test]
    fn names_on_the_wire_are_ascii() {
        assert_eq!(wire_name("Bücher.example").as_deref(), Some("xn--bcher-kva.example"));
        assert_eq!(wire_name("evil.example.").as_deref(), Some("evil.example"));
        for bad in ["", "localhost", "a b.example", "x..example", "a;b.example", "\"x\".example"] {
            assert_eq!(wire_name(bad), None, "{bad}");
        }
    }
}
