//! Judging a found value in context: hostile, cited, a victim's, legitimate, or not to be told.
//!
//! Rules stand in order of strength; the first that applies decides and gives the reason. Nothing
//! is dropped: a value that is no indicator is told with its role.

mod cues;
mod reserved;

use lapwing_knowledge::Knowledge;
use lapwing_model::{Confidence, Entity, Format, Kind, Reading, Role};

use cues::{CITING_CUES, EXAMPLE_CUES, HOSTILE_CUES, PROJECT_FILES, SYSTEM_FILES, VICTIM_CUES};
use reserved::reserved;

use crate::find::{Found, Shape};
use crate::layout::{Place, Sort, Topic};
use crate::sentence::Openings;

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
        let covered: usize = found.iter().map(|f| f.range.len()).sum();
        let shown = letters_and_digits(text);
        let list = matches!(document.format, Format::List | Format::Table)
            || (!found.is_empty() && covered * 10 >= shown * 8);
        Self { defanged, list, publisher, publisher_name }
    }
}

/// Judges one candidate. `before` and `after` are the plain text around it, within its line.
pub(crate) fn judge(
    found: &Found,
    defanged: bool,
    before: &str,
    after: &str,
    place: &Place<'_>,
    manner: &Manner,
    knowledge: &Knowledge,
) -> Judgement {
    let before = before.to_lowercase();
    let case = Case {
        found,
        defanged,
        openings: Openings::of(&before),
        before,
        after: after.to_lowercase(),
        place,
        manner,
        knowledge,
    };
    case.run()
}

struct Case<'a> {
    found: &'a Found,
    defanged: bool,
    before: String,
    /// How the words before begin.
    openings: Openings,
    after: String,
    place: &'a Place<'a>,
    manner: &'a Manner,
    knowledge: &'a Knowledge,
}

impl Case<'_> {
    fn run(&self) -> Judgement {
        let found = self.found;
        match found.kind {
            Kind::Vulnerability | Kind::Weakness => {
                self.say(Role::Subject, 99, "identifier in the text")
            }
            Kind::AttackPattern => self.technique(),
            Kind::Software if found.shape == Shape::Checked => {
                self.say(Role::Subject, 97, "a product by its CPE name")
            }
            Kind::Software => {
                self.say(Role::Subject, 90, "a product that is written like a domain")
            }
            Kind::Sha1 if found.shape == Shape::CodeLike => {
                self.say(Role::Benign, 80, "a commit of a source repository, no file's hash")
            }
            Kind::Ipv4Addr if self.is_version() => {
                let name = if self.word_before(&[
                    "section",
                    "sections",
                    "chapter",
                    "clause",
                    "§",
                    "paragraph",
                    "table",
                    "figure",
                    "annex",
                    "appendix",
                ]) || self.place.in_heading
                {
                    "section"
                } else {
                    "version"
                };
                let entity = Entity::new(Kind::Other, format!("{name}={}", found.value));
                Judgement {
                    entity,
                    role: Role::Benign,
                    precision: Confidence::percent(90),
                    why: format!("four numbers that are a {name}, no address"),
                }
            }
            Kind::DomainName if self.is_code() => {
                self.say(Role::Unclear, 20, "reads like program code or two glued sentences")
            }
            Kind::DomainName if found.shape == Shape::DomainOrFile && !self.is_domain() => {
                let entity = Entity::new(Kind::FileName, found.value.clone());
                let judged = self.file();
                Judgement {
                    entity,
                    why: format!(
                        "{}; its ending is that of a file, and nothing says that it is a host",
                        judged.why
                    ),
                    ..judged
                }
            }
            Kind::FileName | Kind::FilePath => self.file(),
            Kind::Md5
            | Kind::Sha1
            | Kind::Sha256
            | Kind::Sha512
            | Kind::Ssdeep
            | Kind::Imphash
            | Kind::Tlsh
            | Kind::Vhash
            | Kind::Authentihash => self.hash(),
            Kind::Ipv4Addr | Kind::Ipv6Addr | Kind::DomainName | Kind::Url | Kind::EmailAddr => {
                self.network()
            }
            Kind::AutonomousSystem => self.say(Role::Subject, 90, "names a network"),
            _ => self.trace(),
        }
    }

    fn say(&self, role: Role, percent: u8, why: impl Into<String>) -> Judgement {
        let mut value = self.found.value.clone();
        if self.found.kind == Kind::DomainName {
            value.make_ascii_lowercase();
        }
        Judgement {
            entity: Entity::new(self.found.kind, value),
            role,
            precision: Confidence::percent(percent),
            why: why.into(),
        }
    }

    /// Whether one of `words` is among the last words before the value.
    fn word_before(&self, words: &[&str]) -> bool {
        let tail = self.before.trim_end_matches(|c: char| !c.is_alphanumeric() && c != '§');
        words.iter().any(|word| {
            tail.strip_suffix(word)
                .is_some_and(|rest| !rest.ends_with(|c: char| c.is_alphanumeric()))
        })
    }

    /// The cue that stands nearest before the value, within the last `reach` bytes.
    fn cue_before<'c>(&self, cues: &[&'c str], reach: usize) -> Option<(usize, &'c str)> {
        let mut from = self.before.len().saturating_sub(reach);
        while !self.before.is_char_boundary(from) {
            from += 1;
        }
        let window = &self.before[from..];
        if !window.bytes().any(|b| b.is_ascii_lowercase()) {
            return None;
        }
        cues.iter()
            .filter(|cue| self.openings.may_hold(cue))
            .filter_map(|cue| {
                let at = window.rfind(cue)?;
                let starts = window[..at].chars().next_back().is_none_or(|c| !c.is_alphanumeric());
                let ends = cue.len() > 6
                    || window[at + cue.len()..].chars().next().is_none_or(|c| !c.is_alphanumeric());
                (starts && ends).then_some((window.len() - at - cue.len(), *cue))
            })
            .min()
    }

    fn is_version(&self) -> bool {
        if self.found.shape != Shape::MaybeVersion
            || self.defanged
            || self.found.value.contains('/')
        {
            return false;
        }
        let words = [
            "version",
            "versions",
            "ver",
            "v",
            "build",
            "builds",
            "release",
            "releases",
            "rel",
            "firmware",
            "revision",
            "rev",
            "section",
            "sections",
            "chapter",
            "clause",
            "§",
            "paragraph",
            "upgrade to",
            "upgraded to",
            "update to",
            "sdk",
            "framework",
            "table",
            "figure",
            "annex",
            "appendix",
            "prior to",
            "fixed in",
            "earlier than",
            "up to",
            "oid",
        ];
        if self.word_before(&words) {
            return true;
        }
        let head = self.after.trim_start();
        if head.starts_with("and earlier")
            || head.starts_with("and later")
            || head.starts_with("or later")
            || head.starts_with("or earlier")
            || head.starts_with("and prior")
            || head.starts_with("and below")
        {
            return true;
        }
        let octets: Vec<u8> = self.found.value.split('.').filter_map(|p| p.parse().ok()).collect();
        let small = octets.iter().all(|n| *n < 40);
        let opens_line =
            self.before.trim_matches(|c: char| matches!(c, '#' | '=' | ' ' | '*')).is_empty();
        if small
            && (self.place.in_heading
                || (opens_line
                    && !self.manner.list
                    && head.starts_with(|c: char| c.is_alphabetic())
                    && self.place.topic != Topic::Indicators))
        {
            return true;
        }
        // "versions 3.1.0.4 through 4.10.0.3"
        let versions = self.before.contains("version")
            || self.before.contains("firmware")
            || self.before.contains("release");
        versions
            && octets.iter().filter(|n| **n < 40).count() >= 3
            && self.cue_before(HOSTILE_CUES, 60).is_none()
    }

    fn is_code(&self) -> bool {
        self.found.shape == Shape::CodeLike && !self.defanged
    }

    /// Whether a name that may be either is a host here.
    fn is_domain(&self) -> bool {
        if self.defanged || self.place.sort == Sort::Network {
            return true;
        }
        if self.place.sort == Sort::File {
            return false;
        }
        let cues = [
            "domain",
            "domains",
            "host",
            "hostname",
            "site",
            "website",
            "server",
            "c2",
            "c&c",
            "registered",
            "resolves",
            "dns",
            "at http",
        ];
        self.cue_before(&cues, 40).is_some() || self.after.trim_start().starts_with("domain")
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
        Judgement {
            entity: Entity::new(Kind::AttackPattern, current.id.clone()),
            role: Role::Subject,
            precision: Confidence::percent(98),
            why,
        }
    }

    /// What furniture, references and links say, for values of any kind.
    fn cited(&self) -> Option<Judgement> {
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
        if self.place.topic == Topic::References && !self.defanged {
            return Some(self.say(
                Role::Reference,
                88,
                format!("under the heading \"{}\"", self.place.decided_by),
            ));
        }
        None
    }

    fn known_benign(&self) -> Option<Judgement> {
        let entity = Entity::new(self.found.kind, self.found.value.clone());
        let benign = self.knowledge.benign(&entity).filter(|b| !b.shared)?;
        let role = if benign.list.contains("reference") { Role::Reference } else { Role::Benign };
        Some(self.say(role, 85, format!("on the list \"{}\": {}", benign.list, benign.why)))
    }

    fn network(&self) -> Judgement {
        if let Some(judged) = self.cited() {
            return judged;
        }
        if self.found.shape == Shape::CodeLike && !self.defanged {
            return self.say(Role::Unclear, 30, "its host is no name that can be resolved");
        }
        let accused = self.defanged || self.manner.list || self.place.topic == Topic::Indicators;
        let host = self.host();
        let reserved = reserved(&host);
        if reserved.is_none() {
            if let Some(judged) = self.known_benign() {
                return judged;
            }
            if let Some(judged) = self.publishers(&host) {
                return judged;
            }
        }
        match reserved {
            Some((why, true)) if !self.defanged => return self.say(Role::Benign, 85, why),
            Some((why, true)) => return self.say(Role::Unclear, 50, why),
            _ => {}
        }
        let hostile = self.cue_before(HOSTILE_CUES, 70);
        let citing = self.cue_before(CITING_CUES, 48);
        let example = self.cue_before(EXAMPLE_CUES, 28);
        let victim = self.cue_before(VICTIM_CUES, 36);
        let nearest = |cue: &Option<(usize, &str)>| {
            cue.is_some_and(|(far, _)| hostile.is_none_or(|(near, _)| far <= near))
        };
        if let Some((_, cue)) = victim.filter(|_| nearest(&victim)) {
            return self.say(Role::Victim, 65, format!("after \"{cue}\""));
        }
        if self.place.topic == Topic::Victims {
            return self.say(
                Role::Victim,
                65,
                format!("under the heading \"{}\"", self.place.decided_by),
            );
        }
        if self.place.topic == Topic::Benign {
            return self.say(
                Role::Benign,
                80,
                format!("under the heading \"{}\"", self.place.decided_by),
            );
        }
        if let Some((_, cue)) = example.filter(|_| nearest(&example) && !self.defanged) {
            return self.say(Role::Benign, 65, format!("an example, after \"{cue}\""));
        }
        if !self.defanged
            && let Some((_, cue)) = citing.filter(|_| {
                nearest(&citing) && self.found.kind != Kind::Ipv4Addr && !self.manner.list
            })
        {
            return self.say(Role::Reference, 80, format!("cited, after \"{cue}\""));
        }
        if self.defanged {
            return self.say(Role::Indicator, 96, "written defanged");
        }
        let note = reserved.map_or(String::new(), |(why, _)| format!("; {why}"));
        let links = matches!(self.found.kind, Kind::Url | Kind::DomainName | Kind::EmailAddr);
        if links
            && self.manner.defanged >= 2
            && !self.manner.list
            && self.found.shape != Shape::Port
            && self.place.column.is_none()
            && hostile.is_none()
        {
            return self.say(
                Role::Reference,
                80,
                "the document defangs what is hostile, and this is not defanged",
            );
        }
        if self.place.topic == Topic::Indicators {
            if links && self.found.kind == Kind::Url && self.is_prose() {
                return self.say(Role::Reference, 65, "a link inside running text");
            }
            return self.say(
                Role::Indicator,
                93,
                format!("under \"{}\"{note}", self.place.decided_by),
            );
        }
        if self.manner.list {
            return self.say(
                Role::Indicator,
                92,
                format!("the document is a list of values{note}"),
            );
        }
        if self.place.topic == Topic::Mitigation {
            return self.say(
                Role::Reference,
                70,
                format!("under the heading \"{}\"", self.place.decided_by),
            );
        }
        if let Some((_, cue)) = hostile {
            return self.say(Role::Indicator, 80, format!("after \"{cue}\"{note}"));
        }
        if let Some((why, _)) = reserved {
            return self.say(Role::Benign, 70, why);
        }
        if accused {
            return self.say(Role::Indicator, 80, "stands among indicators");
        }
        if self.place.link.is_some() || self.found.kind == Kind::Url {
            return self.say(Role::Reference, 75, "a link in running text");
        }
        if self.found.kind == Kind::EmailAddr {
            return self.say(Role::Unclear, 50, "a mail address in running text");
        }
        let suspicious = [
            "attack",
            "malware",
            "exploit",
            "payload",
            "scan",
            "botnet",
            "backdoor",
            "intrusion",
            "compromise",
        ];
        if matches!(self.found.kind, Kind::Ipv4Addr | Kind::Ipv6Addr)
            && suspicious.iter().any(|w| self.before.contains(w) || self.after.contains(w))
        {
            return self.say(Role::Indicator, 60, "an address in a sentence about an attack");
        }
        self.say(Role::Unclear, 50, "stands in running text; nothing says what it is")
    }

    /// Whether the value stands inside a sentence, not alone in its line or cell.
    fn is_prose(&self) -> bool {
        let words = |text: &str| {
            text.split_whitespace()
                .filter(|w| w.len() > 1 && w.bytes().all(|b| b.is_ascii_alphabetic()))
                .count()
        };
        words(&self.before) >= 4 || words(&self.after) >= 4
    }

    /// The host of a URL or mail address; else the value.
    fn host(&self) -> String {
        let value = &self.found.value;
        match self.found.kind {
            Kind::Url => host_of(value).unwrap_or_default().to_owned(),
            Kind::EmailAddr => value.rsplit('@').next().unwrap_or_default().to_owned(),
            _ => value.clone(),
        }
    }

    fn publishers(&self, host: &str) -> Option<Judgement> {
        let domain = self.knowledge.registrable_domain(host)?;
        if self.manner.publisher.as_deref() == Some(domain) && !self.defanged {
            return Some(self.say(Role::Publisher, 92, "the publisher's own site"));
        }
        let label = domain.split('.').next().unwrap_or_default();
        let name = self.manner.publisher_name.as_deref()?;
        (label.len() > 3 && !self.defanged && name == letters(label))
            .then(|| self.say(Role::Publisher, 85, "bears the publisher's name"))
    }

    fn hash(&self) -> Judgement {
        if let Some(judged) = self.known_benign() {
            return judged;
        }
        if self.place.furniture || self.place.references {
            return self.say(Role::Reference, 80, "stands outside the report's own text");
        }
        if self.place.topic == Topic::Benign {
            return self.say(
                Role::Benign,
                80,
                format!("under the heading \"{}\"", self.place.decided_by),
            );
        }
        if self.found.kind == Kind::Sha1
            && self.word_before(&["commit", "commits", "revision", "git"])
        {
            return self.say(Role::Reference, 80, "a commit, no file");
        }
        if self.word_before(&[
            "uuid",
            "guid",
            "thumbprint",
            "serial",
            "serial number",
            "key",
            "aes key",
            "token",
            "api key",
        ]) {
            return self.say(Role::Unclear, 60, "called a key or an identifier, no file");
        }
        let row = |words: &[&str]| {
            words.iter().any(|w| self.after.contains(w) || self.before.contains(w))
        };
        if row(&["clean file", "legitimate", "not malicious", "benign"]) {
            return self.say(Role::Tool, 75, "its row calls the file legitimate");
        }
        let shape = if self.found.shape == Shape::Wrapped {
            ", put together from several lines"
        } else {
            ""
        };
        self.say(
            Role::Indicator,
            if shape.is_empty() { 95 } else { 80 },
            format!("a file's hash{}{shape}", self.under()),
        )
    }

    fn under(&self) -> String {
        if self.place.topic == Topic::Indicators {
            format!(" under \"{}\"", self.place.decided_by)
        } else {
            String::new()
        }
    }

    fn file(&self) -> Judgement {
        if let Some(judged) = self.cited() {
            return judged;
        }
        let lower = self.found.value.to_ascii_lowercase();
        let name = lower.rsplit(['\\', '/']).next().unwrap_or_default();
        let alone = !lower.contains(['\\', '/'])
            || lower.starts_with("c:\\windows\\system32\\")
            || lower.starts_with("%windir%");
        if alone && SYSTEM_FILES.contains(&name) {
            return self.say(Role::Tool, 85, "a file of the system or a well-known tool");
        }
        if PROJECT_FILES.contains(&lower.as_str()) {
            return self.say(Role::Benign, 80, "a file that every project has");
        }
        if let Some(judged) = self.known_benign() {
            return judged;
        }
        let row = |words: &[&str]| {
            words.iter().any(|w| self.after.contains(w) || self.before.contains(w))
        };
        if self.place.topic == Topic::Benign || row(&["clean file", "legitimate"]) {
            return self.say(Role::Tool, 75, "called legitimate");
        }
        if self.place.topic == Topic::Indicators {
            return self.say(Role::Indicator, 85, format!("under \"{}\"", self.place.decided_by));
        }
        if let Some((_, cue)) = self.cue_before(
            &[
                "drops",
                "dropped",
                "dropper",
                "payload",
                "malicious",
                "web shell",
                "webshell",
                "backdoor",
                "named",
                "called",
                "writes",
                "written",
                "saved as",
                "implant",
                "executes",
                "launches",
                "attachment",
                "archive",
                "loader",
                "malware",
                "creates",
                "created",
                "downloads",
                "decoy",
                "lure",
                "script",
            ],
            60,
        ) {
            return self.say(Role::Indicator, 70, format!("after \"{cue}\""));
        }
        if self.manner.list {
            return self.say(Role::Indicator, 75, "the document is a list of values");
        }
        self.say(Role::Unclear, 55, "a file that the text names")
    }

    /// Registry keys, mutexes, pipes, wallets, MAC addresses.
    fn trace(&self) -> Judgement {
        if let Some(judged) = self.cited() {
            return judged;
        }
        if self.place.topic == Topic::Benign || self.place.topic == Topic::Mitigation {
            return self.say(
                Role::Benign,
                60,
                format!("under the heading \"{}\"", self.place.decided_by),
            );
        }
        let why = if self.found.shape == Shape::Checked {
            "a wallet whose checksum holds".to_owned()
        } else {
            format!("a trace on a host{}", self.under())
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
