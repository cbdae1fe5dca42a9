//! Values inside detection rules and code that a report shows: what the rule looks for accuses, what it cites does not.

use std::net::Ipv4Addr;

use lapwing_model::Role;

use super::{Case, Judgement, host_of};

/// Actions with which a rule of Suricata or Snort begins.
const ACTIONS: &[&str] =
    &["alert", "drop", "reject", "rejectsrc", "rejectdst", "rejectboth", "block", "sdrop"];

/// Words of a line of code that say that it cites, or fetches what everyone does.
const CITING: &[&str] = &[
    "reference",
    "author",
    "source:",
    "see ",
    "git clone",
    "pip install",
    "pip3 install",
    "npm install",
    "go get ",
    "go install",
    "docker pull",
    "apt-get",
    "apt install",
    "xmlns",
    "homepage",
    "license",
    "credit",
    "based on",
];

/// Hosts whose addresses name vocabularies of documents and are never asked for.
const VOCABULARIES: &[&str] = &[
    "schemas.openxmlformats.org",
    "schemas.microsoft.com",
    "schemas.xmlsoap.org",
    "schemas.android.com",
    "purl.oclc.org",
    "purl.org",
    "ns.adobe.com",
    "www.w3.org",
    "java.sun.com",
    "xmlns.jcp.org",
    "json-schema.org",
];

/// What a rule says of a value in it.
enum Part {
    /// What it looks for.
    Sought(&'static str),
    /// What it cites.
    Cited,
    /// What it leaves out.
    Spared,
}

impl Case<'_> {
    /// What the detection rule in which the value stands says of it.
    pub(super) fn in_rule(&self) -> Option<Judgement> {
        Some(match self.part_of_rule()? {
            Part::Sought(what) => self.say(Role::Indicator, 70, what),
            Part::Cited => self.say(Role::Reference, 85, "cited by a detection rule"),
            Part::Spared => self.say(Role::Benign, 70, "a detection rule leaves it out"),
        })
    }

    fn part_of_rule(&self) -> Option<Part> {
        let line = self.candidate.before.trim_start();
        // `$c2 = "…"`, as YARA writes its strings and PowerShell its variables.
        if let Some(rest) = line.strip_prefix('$') {
            let name = rest.bytes().take_while(|b| b.is_ascii_alphanumeric() || *b == b'_').count();
            let value = rest.get(name..)?.trim_start().strip_prefix('=')?.trim_start();
            return value
                .starts_with('"')
                .then_some(Part::Sought("a string that a rule or script holds"));
        }
        let action = line.split(' ').next().unwrap_or_default();
        if ACTIONS.contains(&action)
            && (line.contains(" -> ") || self.candidate.after.contains("sid:"))
        {
            let option = line.rsplit([';', '(']).next().unwrap_or_default().trim_start();
            if option.starts_with("reference:") {
                return Some(Part::Cited);
            }
            return Some(Part::Sought("what a network rule looks for"));
        }
        // `selection > CommandLine|contains`
        let column = self.place.column?;
        if column.contains("falsepositives") {
            return Some(Part::Spared);
        }
        let sought = ["|contains", "|endswith", "|startswith", "|re", "|cidr", "|all", "|windash"];
        if column.contains(" > ") && sought.iter().any(|modifier| column.contains(modifier)) {
            return Some(if column.starts_with("filter") {
                Part::Spared
            } else {
                Part::Sought("what a Sigma rule looks for")
            });
        }
        None
    }

    /// Whether a link is to a bare public address: literature has names.
    pub(super) fn is_bare_address(&self) -> bool {
        let address = host_of(&self.found.value).and_then(|host| host.parse::<Ipv4Addr>().ok());
        address.is_some_and(|a| !(a.is_private() || a.is_loopback() || a.is_link_local()))
    }

    /// A link in code that the report shows, unless the line only cites it.
    pub(super) fn fetched_by_code(&self) -> Option<Judgement> {
        if !self.place.code || self.manner.defanged > 1 {
            return None;
        }
        let line = self.candidate.before.trim_start().to_ascii_lowercase();
        let comment = line.starts_with(['#', ';', '%', '*'])
            || line.contains("//")
            || line.starts_with("rem ");
        let cites = comment || CITING.iter().any(|word| line.contains(word));
        (!cites).then(|| self.say(Role::Indicator, 65, "a link in code that the report shows"))
    }

    /// A name of a vocabulary, written as a link.
    pub(super) fn names_vocabulary(&self, host: &str) -> Option<Judgement> {
        let known = VOCABULARIES.contains(&host) && !self.candidate.defanged;
        known.then(|| self.say(Role::Benign, 85, "names a vocabulary, and is never asked for"))
    }
}
