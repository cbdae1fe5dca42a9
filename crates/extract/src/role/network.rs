//! Addresses, hosts, URLs and mail addresses.

use lapwing_model::{Entity, Kind, Role};

use super::reserved::reserved;
use super::service::{has_page, service};
use super::{Case, Cue, Judgement, host_of, letters};
use crate::find::Shape;
use crate::layout::{Sort, Topic};

/// Lists that say how known a site is: it may be broken into, or host what others put there.
const FAME: &[&str] =
    &["top-sites", "top-hosts", "banks", "universities", "news-sites", "google", "wikimedia"];

/// Words before the mail address of one who got a mail.
const DELIVERED: &[&str] =
    &["delivered to", "addressed to", "recipient", "recipients", "received by", "mailed to"];

/// Words of [`Cue::Citing`] that ask to be written to.
const CONTACT: &[&str] =
    &["contact", "contact us", "questions", "email us", "e-mail us", "write to", "reach out to"];

/// Words of a sentence about an attack, in which an address is no decoration.
const ATTACK: &[&str] = &[
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

/// Sites that show analyses of the value in a link's text.
const ANALYSES: &[&str] = &[
    "virustotal.com",
    "urlscan.io",
    "any.run",
    "hybrid-analysis.com",
    "abuse.ch",
    "otx.alienvault.com",
    "shodan.io",
    "censys.io",
    "joesandbox.com",
    "tria.ge",
    "threatfox.abuse.ch",
    "abuseipdb.com",
    "malshare.com",
    "greynoise.io",
    "passivetotal.org",
    "domaintools.com",
];

impl Case<'_> {
    pub(super) fn network(&self) -> Judgement {
        if let Some(judged) = self.cited() {
            return judged;
        }
        if self.found.shape == Shape::CodeLike && !self.candidate.defanged {
            return self.say(Role::Unclear, 30, "its host is no name that can be resolved");
        }
        let host = self.host();
        if let Some(judged) = self.names_vocabulary(&host) {
            return judged;
        }
        let reserved = reserved(&host);
        if reserved.is_none()
            && let Some(judged) = self
                .publishers(&host)
                .or_else(|| self.legitimate())
                .or_else(|| self.service_itself(&host))
        {
            return judged;
        }
        match reserved {
            Some((why, true)) if self.candidate.defanged => {
                return self.say(Role::Unclear, 50, why);
            }
            Some((why, true)) => return self.say(Role::Benign, 85, why),
            _ => {}
        }
        if let Some(judged) =
            self.in_rule().or_else(|| self.said_harmless()).or_else(|| self.said_cited())
        {
            return judged;
        }
        let note = reserved.map_or(String::new(), |(why, _)| format!("; {why}"));
        self.accused(&note).unwrap_or_else(|| self.in_passing(reserved.map(|(why, _)| why)))
    }

    /// Victims', legitimate or exemplary, as the heading or the words beside it say.
    fn said_harmless(&self) -> Option<Judgement> {
        if let Some(judged) = self.victims().or_else(|| self.reached()) {
            return Some(judged);
        }
        if self.place.topic == Topic::Benign {
            return Some(self.say(Role::Benign, 80, self.under_heading()));
        }
        let address = matches!(self.found.kind, Kind::Ipv4Addr | Kind::Ipv6Addr);
        if let Some((_, cue)) = self.cues.get(Cue::Sinkhole).filter(|_| address) {
            return Some(self.say(Role::Benign, 75, format!("run by defenders: \"{cue}\"")));
        }
        // Whoever asks for a name that was taken over is infected.
        let taken = self.cues.get(Cue::SinkholeAfter).or(self.cues.get(Cue::Sinkhole));
        if let Some((_, cue)) = taken.filter(|_| !address) {
            return Some(self.say(Role::Indicator, 80, format!("taken over: \"{cue}\"")));
        }
        if self.candidate.defanged {
            return None;
        }
        let hostile = self.cues.has(Cue::Hostile) || self.cues.has(Cue::HostileAfter);
        if let Some(cue) = self.cues.nearer(Cue::Legit, Cue::Hostile) {
            return Some(self.say(Role::Benign, 70, format!("called \"{cue}\"")));
        }
        if let Some((_, cue)) = self.cues.get(Cue::LegitAfter) {
            return Some(self.say(Role::Benign, 70, format!("called \"{cue}\"")));
        }
        // "C2 servers such as …" names the servers; "resolvers such as …" an example.
        let (_, cue) = self.cues.get(Cue::Example).filter(|_| !hostile)?;
        Some(self.say(Role::Benign, 65, format!("an example, after \"{cue}\"")))
    }

    fn victims(&self) -> Option<Judgement> {
        // "The implant beacons to …" accuses, also in a section on who was hit.
        if self.place.topic == Topic::Victims && !self.cues.has(Cue::Hostile) {
            return Some(self.say(Role::Victim, 65, self.under_heading()));
        }
        // "redirects victims to …" names where they are sent, not who they are.
        let sent = self.candidate.before.split_whitespace().next_back().is_some_and(|w| {
            ["to", "from", "with", "via", "through", "at", "vers", "zu"].contains(&w)
        });
        let reach = if self.candidate.defanged { 1 } else { 2 };
        let cue = self
            .cues
            .get(Cue::Victim)
            .filter(|(far, _)| *far <= reach && !sent)
            .and_then(|_| self.cues.nearer(Cue::Victim, Cue::Hostile));
        if let Some(cue) = cue {
            return Some(self.say(Role::Victim, 65, format!("after \"{cue}\"")));
        }
        let (_, cue) = self.cues.get(Cue::VictimAfter).filter(|_| !self.candidate.defanged)?;
        Some(self.say(Role::Victim, 60, format!("before \"{cue}\"")))
    }

    /// A mail address to which something was sent, or that the text gives to be written to. The
    /// marks of `ann (at) marsh.example` keep collectors off, and accuse nobody.
    fn reached(&self) -> Option<Judgement> {
        if self.found.kind != Kind::EmailAddr {
            return None;
        }
        let before = self.candidate.before.trim_end_matches([' ', '<', '"', ':', '`']);
        let before = before.to_ascii_lowercase();
        if !self.candidate.defanged
            && let Some(words) = DELIVERED.iter().find(|words| before.ends_with(**words))
        {
            return Some(self.say(Role::Victim, 65, format!("after \"{words}\"")));
        }
        let cue =
            self.cues.nearer(Cue::Citing, Cue::Hostile).filter(|cue| CONTACT.contains(cue))?;
        let listed = self.place.topic == Topic::Indicators && !self.is_prose();
        (!listed || self.is_prose())
            .then(|| self.say(Role::Reference, 75, format!("to be written to, after \"{cue}\"")))
    }

    /// Cited, as the words before it say.
    fn said_cited(&self) -> Option<Judgement> {
        if self.candidate.defanged || self.is_listed() || self.found.kind == Kind::Ipv4Addr {
            return None;
        }
        let cue = self.cues.nearer(Cue::Citing, Cue::Hostile)?;
        Some(self.say(Role::Reference, 80, format!("cited, after \"{cue}\"")))
    }

    /// An indicator, by the way it is written, by its heading or by the words beside it; or a
    /// reference, where these speak against it.
    fn accused(&self, note: &str) -> Option<Judgement> {
        if self.candidate.defanged {
            return Some(self.say(Role::Indicator, 96, "written defanged"));
        }
        let links = matches!(self.found.kind, Kind::Url | Kind::DomainName | Kind::EmailAddr);
        let hostile = self.cues.get(Cue::Hostile);
        let listed = self.place.topic == Topic::Indicators && !self.is_prose();
        if links
            && self.manner.defanged >= 2
            && !self.is_listed()
            && self.found.shape != Shape::Port
            && self.place.column.is_none()
            && hostile.is_none()
            && !self.is_bare_address()
            && !(listed && self.found.kind != Kind::Url && !self.is_out_of_place())
        {
            return Some(self.say(
                Role::Reference,
                80,
                "the document defangs what is hostile, and this is not defanged",
            ));
        }
        if self.place.topic == Topic::Indicators {
            if self.found.kind == Kind::Url && self.is_prose() && hostile.is_none() {
                return Some(self.say(Role::Reference, 65, "a link inside running text"));
            }
            let why = format!("under \"{}\"{note}", self.place.decided_by);
            let percent = if self.is_prose() && hostile.is_none() { 75 } else { 93 };
            return Some(self.say(Role::Indicator, percent, why));
        }
        if self.is_listed() && !self.is_remark() {
            let why = format!("the document is a list of values{note}");
            return Some(self.say(Role::Indicator, 92, why));
        }
        if self.place.topic == Topic::Mitigation {
            return Some(self.say(Role::Reference, 70, self.under_heading()));
        }
        if let Some((_, cue)) = hostile {
            return Some(self.say(Role::Indicator, 80, format!("after \"{cue}\"{note}")));
        }
        let (_, cue) = self.cues.get(Cue::HostileAfter)?;
        Some(self.say(Role::Indicator, 70, format!("before \"{cue}\"{note}")))
    }

    /// A link in a table's column of remarks, or in a comment of a list: it tells where more is said.
    fn is_remark(&self) -> bool {
        let head = self.place.column.map(str::to_ascii_lowercase);
        let remarks = head.is_some_and(|head| {
            ["note", "comment", "remark", "descr", "context", "detail"]
                .iter()
                .any(|word| head.contains(word))
        });
        let line = self.candidate.before.trim_start();
        let comment = line.starts_with(['#', ';']) || line.starts_with("//");
        let worded = line
            .split_whitespace()
            .any(|w| w.len() > 3 && w.bytes().all(|b| b.is_ascii_alphabetic()));
        self.found.kind == Kind::Url && (remarks || comment && worded)
    }

    /// A mail address below a list of hashes is the publisher's: the last heading of a page.
    fn is_out_of_place(&self) -> bool {
        self.found.kind == Kind::EmailAddr && self.place.sort == Sort::File
    }

    /// What is named in running text without a word that tells what it is.
    fn in_passing(&self, reserved: Option<&'static str>) -> Judgement {
        if let Some(why) = reserved {
            return self.say(Role::Benign, 70, why);
        }
        if let Some(judged) = self.linked_elsewhere() {
            return judged;
        }
        if self.found.kind == Kind::Url && self.is_bare_address() {
            return self.say(Role::Indicator, 70, "a link to a bare address");
        }
        let linked = self.place.link.is_some_and(|target| !self.points_elsewhere(target));
        if self.found.kind == Kind::Url
            && !linked
            && let Some(judged) = self.fetched_by_code()
        {
            return judged;
        }
        if linked || self.found.kind == Kind::Url {
            return self.say(Role::Reference, 75, "a link in running text");
        }
        if self.found.kind == Kind::EmailAddr {
            return self.say(Role::Unclear, 50, "a mail address in running text");
        }
        let attacked = |text: &str| {
            let text = text.to_lowercase();
            ATTACK.iter().any(|word| text.contains(word))
        };
        if matches!(self.found.kind, Kind::Ipv4Addr | Kind::Ipv6Addr)
            && (attacked(self.candidate.before) || attacked(self.candidate.after))
        {
            return self.say(Role::Indicator, 60, "an address in a sentence about an attack");
        }
        self.say(Role::Unclear, 50, "stands in running text; nothing says what it is")
    }

    /// A value whose link leads to an analysis of it (`evil.example` at a scanner's site).
    fn linked_elsewhere(&self) -> Option<Judgement> {
        let target = self.place.link.filter(|target| self.points_elsewhere(target))?;
        let at = host_of(target)?.to_ascii_lowercase();
        let scanner = ANALYSES
            .iter()
            .any(|site| at.strip_suffix(site).is_some_and(|h| h.is_empty() || h.ends_with('.')));
        scanner.then(|| self.say(Role::Indicator, 75, format!("linked to an analysis at {at}")))
    }

    /// Whether the link of which the value is the text leads to another host.
    fn points_elsewhere(&self, target: &str) -> bool {
        let host = self.host();
        let bare = |host: &str| host.to_ascii_lowercase().trim_start_matches("www.").to_owned();
        host_of(target).is_some_and(|to| bare(to) != bare(&host))
            && (target.starts_with("http://") || target.starts_with("https://"))
    }

    /// The host of a URL or mail address; else the value.
    fn host(&self) -> String {
        let value = &self.found.value;
        match self.found.kind {
            Kind::Url => host_of(value).unwrap_or_default().to_owned(),
            Kind::EmailAddr => value.rsplit('@').next().unwrap_or_default().to_owned(),
            _ => value.to_ascii_lowercase(),
        }
    }

    fn publishers(&self, host: &str) -> Option<Judgement> {
        if self.candidate.defanged {
            return None;
        }
        let domain = self.knowledge.registrable_domain(host)?;
        if self.manner.publisher.as_deref() == Some(domain) {
            return Some(self.say(Role::Publisher, 92, "the publisher's own site"));
        }
        let label = domain.split('.').next().unwrap_or_default();
        let name = self.manner.publisher_name.as_deref()?;
        (label.len() > 3 && name == letters(label))
            .then(|| self.say(Role::Publisher, 85, "bears the publisher's name"))
    }

    /// On a list of legitimate values, unless the list only says that it is well known and the
    /// document accuses it.
    fn legitimate(&self) -> Option<Judgement> {
        let entity = Entity::new(self.found.kind, self.found.value.clone());
        let benign = self.knowledge.benign(&entity).filter(|b| !b.shared)?;
        let accused = self.candidate.defanged
            || self.cues.nearer(Cue::Hostile, Cue::Citing).is_some()
            || self.place.topic == Topic::Indicators;
        let page = self.found.kind == Kind::Url && has_page(&self.found.value);
        if FAME.contains(&benign.list.as_ref()) && accused && page {
            return None;
        }
        let role = if benign.list.contains("reference") { Role::Reference } else { Role::Benign };
        Some(self.say(role, 85, format!("on the list \"{}\": {}", benign.list, benign.why)))
    }

    /// The bare host of a service that anyone may use.
    fn service_itself(&self, host: &str) -> Option<Judgement> {
        let bare = match self.found.kind {
            Kind::DomainName => true,
            Kind::Url => !has_page(&self.found.value),
            _ => false,
        };
        let what = service(host).filter(|_| bare)?;
        let abused = self.candidate.defanged
            || self.cues.has(Cue::Hostile)
            || self.place.topic == Topic::Indicators
            || self.is_listed();
        let why = format!("{what}: anyone may use it, so its bare name accuses nobody");
        Some(self.say(if abused { Role::Tool } else { Role::Benign }, 80, why))
    }
}
