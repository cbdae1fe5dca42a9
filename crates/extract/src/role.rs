//! Judging a found value in context: hostile, cited, a victim's, legitimate, or not to be told.
//!
//! Rules stand in order of strength; the first that applies decides and gives the reason. Nothing
//! is dropped: a value that is no indicator is told with its role. A second look over the whole
//! document ([`settle`]) lets a place that says what a value is speak for places that do not.

mod code;
mod cues;
mod file;
mod files;
mod network;
mod reserved;
mod rules;
mod service;
mod settle;
#[cfg(test)]
mod tests;
mod version;

use lapwing_knowledge::Knowledge;
use lapwing_model::{Confidence, Entity, Format, Kind, Reading, Role};

use cues::{Cue, Cues};

pub(crate) use settle::settle;

use crate::find::{Found, Shape};
use crate::layout::{Place, Topic};

/// What a value is taken for, how sure, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Judgement {
    pub(crate) entity: Entity,
    pub(crate) role: Role,
    pub(crate) precision: Confidence,
    pub(crate) why: String,
}

/// What holds for the whole document.
#[derive(Clone, Debug, Default)]
pub(crate) struct Manner {
    /// Network values that are written defanged.
    pub(crate) defanged: usize,
    /// The document is a list of values with next to no prose.
    pub(crate) list: bool,
    /// Registrable domain of the publisher.
    pub(crate) publisher: Option<String>,
    /// The publisher's name in letters and digits, lower case.
    pub(crate) publisher_name: Option<String>,
}

impl Manner {
    /// Looks at all candidates of a document at once.
    pub(crate) fn of(
        reading: &Reading,
        text: &str,
        found: &[Found],
        defanged: usize,
        knowledge: &Knowledge,
    ) -> Self {
        let document = &reading.document;
        let publisher = document
            .url
            .as_deref()
            .and_then(host_of)
            .and_then(|host| knowledge.registrable_domain(host))
            .map(str::to_ascii_lowercase);
        let publisher_name = document.source.as_deref().map(letters).filter(|name| name.len() > 3);
        let list = matches!(document.format, Format::List | Format::Table) || is_list(text, found);
        Self { defanged, list, publisher, publisher_name }
    }
}

/// Whether a text is little more than its values: they cover four fifths of it, and what is left
/// is no sentence.
fn is_list(text: &str, found: &[Found]) -> bool {
    let all = letters_and_digits(text);
    let covered: usize = found.iter().map(|f| letters_and_digits(&text[f.range.clone()])).sum();
    !found.is_empty() && covered * 10 >= all * 8 && (found.len() > 3 || all - covered.min(all) < 8)
}

/// A found value with the text beside it.
pub(crate) struct Candidate<'a> {
    pub(crate) found: &'a Found,
    /// The plain text of the value, as it is written but for defanging.
    pub(crate) shown: &'a str,
    pub(crate) defanged: bool,
    /// The plain text before it, within its line.
    pub(crate) before: &'a str,
    /// The plain text after it, within its line.
    pub(crate) after: &'a str,
    /// The row of the table in which it stands.
    pub(crate) row: Option<&'a str>,
}

/// Judges one candidate.
pub(crate) fn judge(
    candidate: &Candidate<'_>,
    place: &Place<'_>,
    manner: &Manner,
    knowledge: &Knowledge,
) -> Judgement {
    let cues = Cues::of(candidate.before, candidate.after);
    Case { candidate, found: candidate.found, cues, place, manner, knowledge }.run()
}

struct Case<'a> {
    candidate: &'a Candidate<'a>,
    found: &'a Found,
    cues: Cues,
    place: &'a Place<'a>,
    manner: &'a Manner,
    knowledge: &'a Knowledge,
}

impl Case<'_> {
    fn run(&self) -> Judgement {
        match self.found.kind {
            Kind::Vulnerability | Kind::Weakness => {
                self.say(Role::Subject, 99, "identifier in the text")
            }
            Kind::AttackPattern => self.technique(),
            Kind::Software if self.found.shape == Shape::Checked => {
                self.say(Role::Subject, 97, "a product by its CPE name")
            }
            Kind::Sha1 if self.found.shape == Shape::CodeLike => {
                self.say(Role::Reference, 80, "a commit of a source repository, no file")
            }
            Kind::Software => {
                self.say(Role::Subject, 90, "a product that is written like a domain")
            }
            Kind::Ipv4Addr => self.numbers().unwrap_or_else(|| self.network()),
            Kind::DomainName => {
                self.no_name().or_else(|| self.file_after_all()).unwrap_or_else(|| self.network())
            }
            Kind::FileName => self.product_after_all().unwrap_or_else(|| self.file()),
            Kind::FilePath => self.file(),
            Kind::Md5
            | Kind::Sha1
            | Kind::Sha256
            | Kind::Sha512
            | Kind::Ssdeep
            | Kind::Imphash
            | Kind::Tlsh
            | Kind::Vhash
            | Kind::Authentihash => self.hash(),
            Kind::Ipv6Addr | Kind::Url | Kind::EmailAddr => self.network(),
            Kind::AutonomousSystem => self.say(Role::Subject, 90, "names a network"),
            _ => self.trace(),
        }
    }

    fn say(&self, role: Role, percent: u8, why: impl Into<String>) -> Judgement {
        let mut value = self.found.value.clone();
        if self.found.kind == Kind::DomainName {
            value.make_ascii_lowercase();
        }
        self.call(Entity::new(self.found.kind, value), role, percent, why)
    }

    /// As [`Self::say`], of something else than what was found.
    #[expect(clippy::unused_self, reason = "reads as `say` does")]
    fn call(&self, entity: Entity, role: Role, percent: u8, why: impl Into<String>) -> Judgement {
        Judgement { entity, role, precision: Confidence::percent(percent), why: why.into() }
    }

    fn technique(&self) -> Judgement {
        let id = &self.found.value;
        let Some(current) = self.knowledge.current_technique(id) else {
            let parent = id.split('.').next().unwrap_or_default();
            return match self.knowledge.current_technique(parent) {
                Some(_) => self.say(
                    Role::Subject,
                    70,
                    "shaped like an identifier of ATT&CK; only its parent is known",
                ),
                None => self.say(Role::Subject, 60, "shaped like an identifier of ATT&CK"),
            };
        };
        let why = if current.id == *id {
            format!("identifier in the text: {}", current.name)
        } else {
            format!("{id} is revoked; {} ({}) took its place", current.id, current.name)
        };
        self.call(Entity::new(Kind::AttackPattern, current.id.clone()), Role::Subject, 98, why)
    }

    /// What furniture, references and links say, for values of any kind. What is written defanged
    /// there is accused all the same: lists of indicators follow below many a footer.
    fn cited(&self) -> Option<Judgement> {
        if self.candidate.defanged {
            return None;
        }
        if self.place.furniture {
            return Some(self.say(
                Role::Publisher,
                90,
                "stands in navigation, licence or advertisement",
            ));
        }
        if self.place.references {
            return Some(self.say(Role::Reference, 92, "stands among the references"));
        }
        if self.place.signature {
            return Some(self.say(Role::Reference, 80, "stands in the signature of a letter"));
        }
        (self.place.topic == Topic::References)
            .then(|| self.say(Role::Reference, 88, self.under_heading()))
    }

    /// What the lists of legitimate values say, unless many share the value.
    fn known_benign(&self) -> Option<Judgement> {
        let entity = Entity::new(self.found.kind, self.found.value.clone());
        let benign = self.knowledge.benign(&entity).filter(|b| !b.shared)?;
        let role = if benign.list.contains("reference") { Role::Reference } else { Role::Benign };
        Some(self.say(role, 85, format!("on the list \"{}\": {}", benign.list, benign.why)))
    }

    fn under_heading(&self) -> String {
        format!("under the heading \"{}\"", self.place.decided_by)
    }

    /// Whether the value stands inside a sentence, not alone in its line or cell.
    fn is_prose(&self) -> bool {
        let words = |text: &str| {
            text.split_whitespace()
                .filter(|w| w.len() > 1 && w.bytes().all(|b| b.is_ascii_alphabetic() || b >= 0x80))
                .count()
        };
        let in_cell = self.place.column.is_some() || self.candidate.row.is_some();
        !in_cell && (words(self.candidate.before) >= 4 || words(self.candidate.after) >= 4)
    }

    /// Whether the value is one of a list's, and not named in a sentence beside the list.
    fn is_listed(&self) -> bool {
        self.manner.list && !self.is_prose()
    }

    /// Registry keys, mutexes, pipes, wallets, MAC addresses.
    fn trace(&self) -> Judgement {
        if let Some(judged) = self.cited() {
            return judged;
        }
        if matches!(self.place.topic, Topic::Benign | Topic::Mitigation) {
            return self.say(Role::Benign, 60, self.under_heading());
        }
        if let Some((_, cue)) = self.cues.get(Cue::Legit) {
            return self.say(Role::Benign, 60, format!("called \"{cue}\""));
        }
        if self.found.kind == Kind::Mutex {
            return self.say(Role::Indicator, 85, "a name among the kernel's objects");
        }
        let why = if self.found.shape == Shape::Checked {
            "a wallet whose checksum holds".to_owned()
        } else if self.place.topic == Topic::Indicators {
            format!("a trace on a host under \"{}\"", self.place.decided_by)
        } else {
            "a trace on a host".to_owned()
        };
        self.say(Role::Indicator, if self.place.topic == Topic::Indicators { 90 } else { 70 }, why)
    }
}

/// The host of a URL with or without scheme.
fn host_of(url: &str) -> Option<&str> {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let authority = rest.split(['/', '?', '#']).next()?;
    let host = authority.rsplit('@').next()?;
    Some(host.split(':').next().unwrap_or(host))
}

/// Bytes of letters and digits, in sums that fit a byte: the compiler makes vectors of it.
fn letters_and_digits(text: &str) -> usize {
    let counts = |b: &u8| u8::from(b.is_ascii_alphanumeric() || *b >= 0x80);
    text.as_bytes().chunks(255).map(|part| usize::from(part.iter().map(counts).sum::<u8>())).sum()
}

/// Letters and digits in lower case.
fn letters(text: &str) -> String {
    text.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}
