//! What is rare in a log against the rest of the same log: an order in which to look, no alert.
//!
//! Values are counted exactly in a sample of bounded size: those with the smallest hashes. Whatever
//! the order in which records come, and however they are spread over threads, the sample is the same.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use jiff::Timestamp;
use lapwing_model::{Confidence, Finding, FindingKind, Place, Proof, Severity};
use xxhash_rust::xxh3::xxh3_64;

use crate::activity::actors;
use crate::condition::last_part;
use crate::record::{Record, shorten};

/// Values of one kind that are counted; of more, a sample of so many is.
const SAMPLE: usize = 16_384;
/// Of the clients (agents, accounts) of a value, so many are told apart.
const FEW: usize = 8;
/// A value that stands there more often is not rare.
const RARE: u64 = 3;
/// In fewer records nothing is rare.
const LEAST_RECORDS: u64 = 200;
/// Rare values of one kind that are told.
const TOLD: usize = 10;
/// Words of user agents that no browser has.
const TOOLS: &[&str] = &[
    "python",
    "curl",
    "go-http",
    "wget",
    "java/",
    "okhttp",
    "powershell",
    "winhttp",
    "nikto",
    "sqlmap",
    "zgrab",
    "masscan",
    "nuclei",
    "libwww",
    "httpclient",
    "antsword",
    "godzilla",
];
const SCRIPTS: &[&str] = &[".aspx", ".ashx", ".asmx", ".asp", ".php", ".jsp", ".jspx", ".cer"];

/// Up to a few different values, the same whatever the order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Few(BTreeSet<u64>);

impl Few {
    fn add(&mut self, hash: u64) {
        if self.0.len() < FEW || self.0.last().is_some_and(|last| hash < *last) {
            self.0.insert(hash);
            if self.0.len() > FEW {
                self.0.pop_last();
            }
        }
    }
}

/// Where a value stands for the first time.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Seen {
    time: Option<Timestamp>,
    file: String,
    place: Option<Place>,
    offset: u64,
    text: String,
}

/// How often a value stands there, and with whom.
#[derive(Clone, Debug)]
struct Count {
    seen: u64,
    /// Requests that were answered, and those of them that sent something.
    answered: u64,
    posted: u64,
    with: Few,
    also: Few,
    first: Seen,
}

#[derive(Clone, Debug, Default)]
struct Sample {
    values: BTreeMap<(u64, String), Count>,
    total: u64,
    full: bool,
}

impl Sample {
    fn add(&mut self, value: &str, with: Option<&str>, also: Option<&str>, at: At<'_, '_>) {
        self.total += 1;
        let hash = xxh3_64(value.as_bytes());
        if self.full && self.values.last_key_value().is_some_and(|((last, _), _)| hash > *last) {
            return;
        }
        let key = (hash, value.to_owned());
        let entry = self.values.entry(key);
        let count = entry.or_insert_with(|| Count {
            seen: 0,
            answered: 0,
            posted: 0,
            with: Few::default(),
            also: Few::default(),
            first: at.seen(),
        });
        count.seen += 1;
        count.answered += u64::from(at.answered);
        count.posted += u64::from(at.answered && at.posted);
        if let Some(with) = with {
            count.with.add(xxh3_64(with.as_bytes()));
        }
        if let Some(also) = also {
            count.also.add(xxh3_64(also.as_bytes()));
        }
        if (at.record.time.is_some(), at.record.time)
            < (count.first.time.is_some(), count.first.time)
        {
            count.first = at.seen();
        }
        self.cut();
    }

    fn merge(&mut self, other: Sample) {
        self.total += other.total;
        self.full |= other.full;
        for (key, more) in other.values {
            match self.values.entry(key) {
                std::collections::btree_map::Entry::Vacant(free) => {
                    free.insert(more);
                }
                std::collections::btree_map::Entry::Occupied(mut mine) => {
                    let mine = mine.get_mut();
                    mine.seen += more.seen;
                    mine.answered += more.answered;
                    mine.posted += more.posted;
                    more.with.0.into_iter().for_each(|hash| mine.with.add(hash));
                    more.also.0.into_iter().for_each(|hash| mine.also.add(hash));
                    if more.first < mine.first {
                        mine.first = more.first;
                    }
                }
            }
        }
        self.cut();
    }

    fn cut(&mut self) {
        while self.values.len() > SAMPLE {
            self.values.pop_last();
            self.full = true;
        }
    }
}

/// A record that is counted, and where it stands.
#[derive(Clone, Copy)]
struct At<'a, 'r> {
    record: &'a Record<'r>,
    file: &'a str,
    answered: bool,
    posted: bool,
}

impl At<'_, '_> {
    fn seen(self) -> Seen {
        Seen {
            time: self.record.time,
            file: self.file.to_owned(),
            place: self.record.place,
            offset: self.record.offset,
            text: shorten(&self.record.raw, 400),
        }
    }
}

/// What was counted in all logs of a hunt.
#[derive(Clone, Debug, Default)]
pub(crate) struct Profile {
    agents: Sample,
    paths: Sample,
    pairs: Sample,
    clients: Sample,
    own: BTreeSet<IpAddr>,
}

/// Servers have few addresses of their own.
const OWN: usize = 64;

impl Profile {
    /// Counts a record.
    pub(crate) fn take(&mut self, record: &Record<'_>, file: &str) {
        let get = |names: &[&str]| names.iter().find_map(|name| record.get(name));
        let method = get(&["cs-method", "Method", "method"]);
        let stem = get(&["cs-uri-stem", "UrlStem", "url.path"]);
        if let Some(stem) = stem {
            let status: Option<u16> =
                get(&["sc-status", "HttpStatus", "status"]).and_then(|s| s.parse().ok());
            let at = At {
                record,
                file,
                answered: status.is_some_and(|s| (200..300).contains(&s)),
                posted: method.is_some_and(|m| m.eq_ignore_ascii_case("POST")),
            };
            let client = get(&["X-Forwarded-For", "c-ip", "ClientIpAddress", "client_ip"])
                .and_then(actors::address);
            let name = client.map(|client| client.to_string());
            let agent = get(&["cs(User-Agent)", "UserAgent", "user_agent"]);
            let account = get(&["cs-username", "AuthenticatedUser"]);
            if let Some(agent) = agent {
                self.agents.add(&agent.replace('+', " "), name.as_deref(), None, at);
            }
            self.paths.add(&shape(stem), name.as_deref(), agent, at);
            if let Some(name) = &name {
                self.clients.add(name, agent, account, at);
            }
            if let Some(own) = get(&["s-ip", "ServerIp"]).and_then(actors::address)
                && self.own.len() < OWN
            {
                self.own.insert(own);
            }
        } else if matches!(record.get("EventID"), Some("1" | "4688"))
            && let Some(image) = get(&["Image", "NewProcessName"])
            && let Some(parent) = get(&["ParentImage", "ParentProcessName"])
        {
            let at = At { record, file, answered: false, posted: false };
            let pair = format!("{} → {}", last_part(parent), last_part(image));
            self.pairs.add(&pair, get(&["User", "SubjectUserName"]), None, at);
        }
    }

    /// Adds what was counted in another log.
    pub(crate) fn merge(&mut self, other: Profile) {
        self.agents.merge(other.agents);
        self.paths.merge(other.paths);
        self.pairs.merge(other.pairs);
        self.clients.merge(other.clients);
        self.own.extend(other.own);
    }

    /// Who shares an address, and what many use.
    pub(crate) fn crowd(&self) -> Crowd {
        let mut shared = BTreeMap::new();
        for ((_, name), client) in &self.clients.values {
            let Ok(address) = name.parse::<IpAddr>() else { continue };
            let (agents, accounts) = (client.with.0.len(), client.also.0.len());
            // A scanner changes its user agent; only people behind it log on as several.
            let many = if actors::is_inside(address) { agents >= 4 } else { agents >= 3 };
            if many && (accounts >= 3 || actors::is_inside(address)) {
                shared.insert(address, (agents, accounts));
            }
        }
        let mut popular = BTreeSet::new();
        for ((_, agent), count) in &self.agents.values {
            let share = count.seen * 20 > self.agents.total && self.agents.total >= 500;
            if count.with.0.len() >= 4 || share {
                popular.insert(agent.clone());
            }
        }
        Crowd {
            shared,
            popular,
            own: self.own.clone(),
            unsure: self.agents.full,
            known: self.agents.values.keys().map(|(_, agent)| agent.clone()).collect(),
        }
    }

    /// The rarest values as findings of no weight of their own, most telling first.
    pub(crate) fn rare(&self, suspects: &BTreeSet<String>) -> Vec<Finding> {
        let mut found = Vec::new();
        Self::tell(&mut found, &self.agents, &RARE_AGENT, suspects, |agent, _| {
            let lower = agent.to_ascii_lowercase();
            1 + 2 * u64::from(TOOLS.iter().any(|tool| lower.contains(tool)))
                + u64::from(!lower.starts_with("mozilla/"))
        });
        Self::tell(&mut found, &self.paths, &RARE_PATH, suspects, |path, count| {
            let script = SCRIPTS.iter().any(|ending| path.ends_with(ending));
            match (script, count.answered, count.posted) {
                (_, 0, _) => 0,
                (true, _, 1..) => 4,
                (true, ..) => 2,
                (false, _, 1..) => 1,
                _ => 0,
            }
        });
        Self::tell(&mut found, &self.pairs, &RARE_PAIR, suspects, |pair, _| {
            1 + u64::from(
                ["w3wp.exe", "sqlservr.exe", "winword.exe", "excel.exe", "wmiprvse.exe"]
                    .iter()
                    .any(|parent| pair.starts_with(parent)),
            )
        });
        found.extend(self.posted_by_few(suspects));
        found
    }

    fn tell(
        found: &mut Vec<Finding>,
        sample: &Sample,
        of: &Told,
        suspects: &BTreeSet<String>,
        weight: impl Fn(&str, &Count) -> u64,
    ) {
        if sample.total < of.least {
            return;
        }
        let mut rare: Vec<(u64, &str, &Count)> = sample
            .values
            .iter()
            .filter(|(_, count)| count.seen <= RARE)
            .map(|((_, value), count)| (weight(value, count), value.as_str(), count))
            .filter(|(weight, ..)| *weight > 0)
            .collect();
        let all = rare.len();
        rare.sort_by(|a, b| {
            (b.0, a.2.seen, &a.2.first, a.1).cmp(&(a.0, b.2.seen, &b.2.first, b.1))
        });
        for (_, value, count) in rare.into_iter().take(TOLD) {
            let why = format!(
                "{} in {} {}, where {all} values are as rare{}",
                times(count.seen),
                sample.total,
                of.records,
                if sample.full { " in the sample that was counted" } else { "" },
            );
            found.push(finding(of.title, of.rule, value, count, why, suspects));
        }
    }

    /// Scripts that one or two clients post to and nobody else asks for.
    fn posted_by_few(&self, suspects: &BTreeSet<String>) -> Vec<Finding> {
        if self.paths.total < LEAST_RECORDS {
            return Vec::new();
        }
        let few = |(key, count): &(&(u64, String), &Count)| {
            SCRIPTS.iter().any(|ending| key.1.ends_with(ending))
                && count.seen > RARE
                && count.posted * 10 >= count.seen * 8
                && count.with.0.len() <= 2
                && count.seen * 20 < self.paths.total
        };
        let mut list: Vec<_> = self.paths.values.iter().filter(few).collect();
        list.sort_by_key(|(_, count)| (&count.first.time, &count.first.file, count.first.offset));
        let told = list.into_iter().take(TOLD).map(|((_, path), count)| {
            let why = format!(
                "of {} requests {} were answered POSTs, all from {} of {} clients: so a web shell is used, and so is an interface of one partner",
                count.seen,
                count.posted,
                count.with.0.len(),
                self.clients.values.len()
            );
            let title = "Script that only few clients post to";
            finding(title, "rarity.script-posted-by-few", path, count, why, suspects)
        });
        told.collect()
    }
}

struct Told {
    title: &'static str,
    rule: &'static str,
    records: &'static str,
    least: u64,
}

const RARE_AGENT: Told = Told {
    title: "Rare user agent",
    rule: "rarity.user-agent",
    records: "requests",
    least: LEAST_RECORDS,
};
const RARE_PATH: Told = Told {
    title: "Rare path that was answered",
    rule: "rarity.path",
    records: "requests",
    least: LEAST_RECORDS,
};
const RARE_PAIR: Told = Told {
    title: "Rare pair of parent and program",
    rule: "rarity.parent",
    records: "program starts",
    least: 100,
};

fn finding(
    title: &str,
    rule: &str,
    value: &str,
    count: &Count,
    why: String,
    suspects: &BTreeSet<String>,
) -> Finding {
    let first = &count.first;
    // What somebody did who is in a chain anyway deserves the first look.
    let suspect = suspects.iter().any(|suspect| first.text.contains(suspect));
    Finding {
        finding: title.to_owned(),
        rule: Some(rule.to_owned()),
        file: first.file.clone(),
        place: first.place,
        offset: first.offset,
        time: first.time,
        matched: shorten(value, 300),
        kind: FindingKind::Check,
        technique: None,
        severity: if suspect { Severity::Low } else { Severity::Informational },
        confidence: Confidence::percent(if suspect { 40 } else { 15 }),
        proof: Proof::Contact,
        why: if suspect { format!("{why}; somebody of a chain did it") } else { why },
        evidence: first.text.clone(),
    }
}

fn times(count: u64) -> String {
    if count == 1 { "once".to_owned() } else { format!("{count} times") }
}

/// A path with its numbers taken out, so that one page for each item counts as one.
fn shape(stem: &str) -> String {
    let mut shape = String::with_capacity(stem.len());
    for part in stem.split_inclusive('/') {
        let digits = part.bytes().filter(u8::is_ascii_digit).count();
        let hex = part.trim_end_matches('/').bytes().all(|b| b.is_ascii_hexdigit() || b == b'-');
        if digits >= 4 && (hex || digits * 2 > part.len()) {
            shape.push('#');
            shape.push_str(if part.ends_with('/') { "/" } else { "" });
        } else {
            shape.push_str(&part.to_lowercase());
        }
    }
    shape
}

/// What many have in common, so that it joins and accuses nobody.
#[derive(Clone, Debug, Default)]
pub(crate) struct Crowd {
    shared: BTreeMap<IpAddr, (usize, usize)>,
    popular: BTreeSet<String>,
    own: BTreeSet<IpAddr>,
    known: BTreeSet<String>,
    unsure: bool,
}

impl Crowd {
    /// Whether many clients stand behind an address.
    pub(crate) fn is_shared(&self, address: IpAddr) -> bool {
        self.shared.contains_key(&address)
    }

    /// User agents and accounts seen behind a shared address (counted up to eight).
    pub(crate) fn behind(&self, address: IpAddr) -> Option<(usize, usize)> {
        self.shared.get(&address).copied()
    }

    /// Whether an address is one of the servers' own.
    pub(crate) fn is_own(&self, address: IpAddr) -> bool {
        self.own.contains(&address)
    }

    /// Whether several clients have this user agent.
    pub(crate) fn is_popular(&self, agent: &str) -> bool {
        self.popular.contains(agent) || self.unsure && !self.known.contains(agent)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request<'a>(client: &'a str, method: &'a str, stem: &'a str, agent: &'a str) -> Record<'a> {
        let fields = [
            ("c-ip", client),
            ("cs-method", method),
            ("cs-uri-stem", stem),
            ("cs(User-Agent)", agent),
            ("sc-status", "200"),
            ("s-ip", "192.0.2.1"),
        ];
        Record {
            fields: fields.iter().map(|(k, v)| ((*k).into(), (*v).into())).collect(),
            raw: format!("{client} {method} {stem}").into(),
            time: None,
            place: None,
            offset: 0,
        }
    }

    fn ordinary() -> Profile {
        let mut profile = Profile::default();
        for number in 0..600 {
            let client = format!("198.51.100.{}", number % 40);
            profile
                .take(&request(&client, "GET", "/owa/", "Mozilla/5.0 (an ordinary browser)"), "a");
        }
        profile
    }

    #[test]
    fn the_odd_one_is_told_and_the_ordinary_is_not() {
        let mut profile = ordinary();
        for _ in 0..6 {
            profile
                .take(&request("203.0.113.9", "POST", "/app/odd.aspx", "python-requests/9"), "a");
        }
        profile.take(&request("203.0.113.9", "GET", "/app/odd.aspx", "curl/9"), "a");
        let rare = profile.rare(&BTreeSet::from(["203.0.113.9".to_owned()]));
        let told: Vec<_> = rare.iter().map(|f| (f.rule.as_deref().unwrap(), &*f.matched)).collect();
        assert_eq!(
            told,
            [("rarity.user-agent", "curl/9"), ("rarity.script-posted-by-few", "/app/odd.aspx")]
        );
        assert!(rare.iter().all(|f| f.severity == Severity::Low && f.proof == Proof::Contact));
        assert!(profile.crowd().is_popular("Mozilla/5.0 (an ordinary browser)"));
        assert!(!profile.crowd().is_popular("curl/9"));
        assert!(profile.crowd().is_own(actors::address("192.0.2.1").unwrap()));
        assert!(ordinary().rare(&BTreeSet::new()).is_empty());
    }

    #[test]
    fn many_people_behind_one_address_are_a_crowd_and_a_scanner_is_none() {
        let mut profile = Profile::default();
        for number in 0..10 {
            let agent = format!("Agent/{number}");
            let mut behind = request("203.0.113.50", "GET", "/owa/", &agent);
            let user = format!("user{number}");
            behind.fields.push(("cs-username".into(), user.clone().into()));
            profile.take(&behind, "a");
            profile.take(&request("203.0.113.9", "GET", "/x", &agent), "a");
        }
        let crowd = profile.crowd();
        assert!(crowd.is_shared("203.0.113.50".parse().unwrap()));
        assert!(!crowd.is_shared("203.0.113.9".parse().unwrap()));
    }

    #[test]
    fn the_sample_is_the_same_in_any_order_and_bounded() {
        let values: Vec<String> = (0..SAMPLE * 2).map(|n| format!("/page-{n}.x")).collect();
        let of = |list: &mut dyn Iterator<Item = &String>| {
            let mut profile = Profile::default();
            for value in list {
                profile.take(&request("192.0.2.7", "GET", value, "A"), "a");
            }
            profile
        };
        let one = of(&mut values.iter());
        let back = of(&mut values.iter().rev());
        let (left, right) = values.split_at(values.len() / 3);
        let mut parts = of(&mut left.iter());
        parts.merge(of(&mut right.iter()));
        let keys = |p: &Profile| p.paths.values.keys().cloned().collect::<Vec<_>>();
        assert_eq!(one.paths.values.len(), SAMPLE);
        assert_eq!(keys(&one), keys(&back));
        assert_eq!(keys(&one), keys(&parts));
        assert_eq!(shape("/Items/12345678/Edit.aspx"), "/items/#/edit.aspx");
    }
}
