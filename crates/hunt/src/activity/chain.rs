//! Which findings belong together: those that share something that few others have, close in time.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use lapwing_model::{Finding, FindingKind, Proof, Severity};

use super::actors::Actors;
use super::names;
use super::words::Word;
use crate::rarity::Crowd;

/// A finding that may be part of a chain.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Member<'f> {
    pub finding: &'f Finding,
    pub actors: &'f Actors,
    /// When, on the reference clock, in seconds.
    pub at: Option<i64>,
}

/// What two findings share, and how far apart in time they may be for it to count.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Key {
    /// The name of a file that was written or left.
    File(Word),
    /// An address behind which one client stands.
    Client(IpAddr),
    /// One of the clients behind an address that many share.
    ClientAgent(IpAddr, Word),
    Logon(Word),
    Session(Word),
    Process(Word),
    Account(Word, Word),
    /// The machine itself, within minutes.
    Near(Word),
}

impl Key {
    fn seconds(&self) -> i64 {
        match self {
            Self::File(_) => 90 * 86_400,
            Self::Client(_) => 7 * 86_400,
            Self::Logon(_) | Self::Session(_) | Self::Process(_) => 86_400,
            Self::ClientAgent(..) | Self::Account(..) => 3_600,
            Self::Near(_) => 600,
        }
    }

    /// Whether a finding of no weight may be joined by it.
    fn is_strong(&self) -> bool {
        !matches!(self, Self::Near(_) | Self::Account(..))
    }
}

/// Whether a finding may begin a chain; others only join one.
pub(crate) fn has_weight(finding: &Finding) -> bool {
    match finding.kind {
        FindingKind::Activity => false,
        FindingKind::Sigma | FindingKind::Indicator => finding.severity >= Severity::Medium,
        _ => {
            finding.severity >= Severity::Medium
                || finding.proof >= Proof::Probe && finding.severity >= Severity::Low
        }
    }
}

/// Chains as numbers of members, each in order of time; what joins nothing is left out.
pub(super) fn chains(
    members: &[Member<'_>],
    crowd: &Crowd,
    left: &BTreeSet<String>,
) -> Vec<Vec<usize>> {
    let hosts: BTreeSet<&str> = members.iter().filter_map(|m| m.actors.host.as_deref()).collect();
    // Logs that do not name the machine are of the only one that is named.
    let only = if hosts.len() == 1 { hosts.first().copied().unwrap_or("") } else { "" };
    let only_word = Word::from(only);
    let keys: Vec<Box<[Key]>> =
        members.iter().map(|m| keys_of(m, crowd, left, &only_word)).collect();
    let mut sets = Sets::new(members.len());
    let mut by_key: BTreeMap<&Key, Vec<usize>> = BTreeMap::new();
    for (number, keys) in keys.iter().enumerate() {
        for key in keys.iter().filter(|_| has_weight(members[number].finding)) {
            by_key.entry(key).or_default().push(number);
        }
    }
    for (key, list) in &mut by_key {
        list.sort_by_key(|number| (members[*number].at, *number));
        let parts = match key {
            Key::File(name) => by_machine(name, list, members, only, &mut sets),
            _ => vec![std::mem::take(list)],
        };
        for pair in parts.iter().flat_map(|part| part.windows(2)) {
            if together(&members[pair[0]], &members[pair[1]], key) {
                sets.join(pair[0], pair[1]);
            }
        }
        *list = parts.into_iter().flatten().collect();
        list.sort_by_key(|number| (members[*number].at, *number));
    }
    // What has no weight joins the chain with which it shares something, and bridges none.
    let mut joined: BTreeMap<usize, usize> = BTreeMap::new();
    for (number, keys) in keys.iter().enumerate() {
        if has_weight(members[number].finding) {
            continue;
        }
        let other = keys.iter().filter(|key| key.is_strong()).find_map(|key| {
            by_key.get(key)?.iter().find(|o| together(&members[**o], &members[number], key))
        });
        joined.extend(other.map(|other| (number, *other)));
    }
    let mut chains: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    for (number, member) in members.iter().enumerate() {
        let with = joined.get(&number).copied().unwrap_or(number);
        if has_weight(member.finding) || joined.contains_key(&number) {
            chains.entry(sets.find(with)).or_default().push(number);
        }
    }
    let mut chains: Vec<Vec<usize>> = chains.into_values().filter(|c| tells(c, members)).collect();
    for chain in &mut chains {
        chain.sort_by_key(|n| (members[*n].at.is_none(), members[*n].at, *n));
    }
    chains.sort_by_key(|chain| (members[chain[0]].at.is_none(), members[chain[0]].at, chain[0]));
    chains
}

/// A machine as a record names it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Machine {
    Name(String),
    /// Its own address, where the log has no name.
    Address(IpAddr),
}

fn machine_of(member: &Member<'_>, only: &str) -> Option<Machine> {
    let actors = member.actors;
    let name = actors.host.as_deref().or(Some(only).filter(|only| !only.is_empty()));
    let own = actors.own.filter(|own| !own.is_loopback());
    name.map(|name| Machine::Name(name.to_owned())).or(own.map(Machine::Address))
}

/// Parts the findings that name a file by the machines they are of, and joins machines where the name is so rare, or
/// the times are so near, that it is no chance. A finding that names no machine goes to the one nearest in time.
fn by_machine(
    name: &str,
    list: &[usize],
    members: &[Member<'_>],
    only: &str,
    sets: &mut Sets,
) -> Vec<Vec<usize>> {
    let mut parts: BTreeMap<Option<Machine>, Vec<usize>> = BTreeMap::new();
    for number in list {
        parts.entry(machine_of(&members[*number], only)).or_default().push(*number);
    }
    let named = parts.keys().flatten().count();
    // A name and an address may be of one machine.
    let names = parts.keys().flatten().filter(|m| matches!(m, Machine::Name(_))).count();
    let machines = names.max(named - names);
    if machines < 2 {
        return vec![list.to_vec()];
    }
    let apart = |a: usize, b: usize| Some((members[a].at? - members[b].at?).abs());
    let mut nameless = parts.remove(&None).unwrap_or_default();
    nameless.retain(|number| {
        let nearest = parts
            .values_mut()
            .filter_map(|part| {
                let near = part.iter().filter_map(|other| apart(*number, *other)).min();
                near.map(|near| (near, part))
            })
            .min_by_key(|(near, _)| *near);
        let Some((_, part)) = nearest else { return true };
        part.push(*number);
        part.sort_by_key(|number| (members[*number].at, *number));
        false
    });
    let reach = names::reach(name, machines);
    let parts: Vec<Vec<usize>> = parts.into_values().collect();
    for (number, part) in parts.iter().enumerate() {
        for other in &parts[number + 1..] {
            let near = part
                .iter()
                .flat_map(|a| other.iter().map(move |b| (*a, *b)))
                .find(|(a, b)| apart(*a, *b).is_some_and(|seconds| seconds <= reach));
            if let Some((a, b)) = near {
                sets.join(a, b);
            }
        }
    }
    parts.into_iter().chain([nameless]).collect()
}

/// Two finds of one thing are no story.
fn tells(chain: &[usize], members: &[Member<'_>]) -> bool {
    let titles: BTreeSet<&str> =
        chain.iter().map(|n| members[*n].finding.finding.as_str()).collect();
    let records: BTreeSet<_> = chain
        .iter()
        .map(|n| {
            let finding = members[*n].finding;
            (&finding.file, finding.place, finding.offset)
        })
        .collect();
    titles.len() >= 2 && records.len() >= 2
}

fn together(one: &Member<'_>, other: &Member<'_>, key: &Key) -> bool {
    match (one.at, other.at) {
        (Some(a), Some(b)) => (a - b).abs() <= key.seconds(),
        // Without a time only what is as good as unique joins.
        _ => matches!(key, Key::File(_) | Key::Session(_)),
    }
}

fn keys_of(member: &Member<'_>, crowd: &Crowd, left: &BTreeSet<String>, only: &Word) -> Box<[Key]> {
    let (finding, actors) = (member.finding, member.actors);
    let mut keys = Vec::new();
    // Whoever asks in vain for a page of that name may have guessed it.
    if !actors.turned_away() {
        keys.extend(actors.files.among(left).map(|name| Key::File(Word::clone(name))));
    }
    let who = actors.who().filter(|who| !who.is_loopback() && !crowd.is_own(*who));
    if let Some(who) = who {
        if !crowd.is_shared(who) {
            keys.push(Key::Client(who));
        } else if let Some(agent) = actors.agent.as_ref().filter(|a| !crowd.is_popular(a)) {
            keys.push(Key::ClientAgent(who, agent.clone()));
        }
    }
    keys.extend(actors.logon.clone().map(Key::Logon));
    keys.extend(actors.session.clone().map(Key::Session));
    keys.extend(actors.process.clone().map(Key::Process));
    keys.extend(actors.parent.clone().map(Key::Process));
    let host = actors.host.as_ref().unwrap_or(only);
    if let Some(account) = actors.account.as_ref().filter(|_| !host.is_empty()) {
        keys.push(Key::Account(host.clone(), account.clone()));
    }
    // Many strangers knock at a server every minute: only what happened on the machine itself, or
    // worked, is joined by the hour.
    let local = who.is_none() || finding.proof >= Proof::Exploitation;
    if local && finding.proof >= Proof::Attempt && finding.severity >= Severity::Medium {
        keys.push(Key::Near(host.clone()));
    }
    keys.sort_unstable();
    keys.dedup();
    keys.into_boxed_slice()
}

/// Sets that can be joined.
struct Sets {
    above: Vec<usize>,
}

impl Sets {
    fn new(count: usize) -> Self {
        Self { above: (0..count).collect() }
    }

    fn find(&mut self, mut one: usize) -> usize {
        while self.above[one] != one {
            self.above[one] = self.above[self.above[one]];
            one = self.above[one];
        }
        one
    }

    /// The smaller number stands for both, so that the order of joining does not matter.
    fn join(&mut self, one: usize, other: usize) {
        let (one, other) = (self.find(one), self.find(other));
        self.above[one.max(other)] = one.min(other);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::Timestamp;
    use lapwing_model::{Confidence, Place};

    const DAY: i64 = 86_400;

    /// A finding on a machine that names a file.
    fn seen(file: &str, line: u64, host: Option<&str>, at: i64) -> (Finding, Actors) {
        let finding = Finding {
            finding: format!("what stands in line {line}"),
            rule: Some("rule".into()),
            file: format!("{}.log", host.unwrap_or("other")),
            place: Some(Place::Line(line)),
            offset: line,
            time: Timestamp::from_second(at).ok(),
            matched: file.into(),
            kind: FindingKind::Check,
            technique: None,
            severity: Severity::High,
            confidence: Confidence::percent(80),
            proof: Proof::Persistence,
            why: String::new(),
            evidence: String::new(),
        };
        let actors = Actors { host: host.map(Word::from), files: file.into(), ..Actors::default() };
        (finding, actors)
    }

    /// How many chains the findings of two machines make, `gap` seconds apart.
    fn count(file: &str, gap: i64, nameless: bool) -> usize {
        let mut all: Vec<(Finding, Actors)> = Vec::new();
        for (number, host) in ["mail01", "mail02"].into_iter().enumerate() {
            let begin = 1_600_000_000 + number as i64 * gap;
            for step in 0..3 {
                let host = Some(host).filter(|_| !(nameless && step == 1));
                all.push(seen(file, number as u64 * 10 + step, host, begin + step as i64 * 20));
            }
        }
        let members: Vec<Member<'_>> = all
            .iter()
            .map(|(finding, actors)| Member {
                finding,
                actors,
                at: finding.time.map(Timestamp::as_second),
            })
            .collect();
        let found = chains(&members, &Crowd::default(), &BTreeSet::from([file.to_owned()]));
        assert_eq!(found.iter().map(Vec::len).sum::<usize>(), 6, "{found:?}");
        found.len()
    }

    #[test]
    fn two_machines_are_one_chain_by_a_name_that_is_no_chance_only() {
        for nameless in [false, true] {
            assert_eq!(count("error.aspx", 7 * DAY, nameless), 2);
            assert_eq!(count("error.aspx", 1_800, nameless), 1);
            assert_eq!(count("8lw7tahf9i1pjnro.aspx", 7 * DAY, nameless), 1);
            assert_eq!(count("8lw7tahf9i1pjnro.aspx", 200 * DAY, nameless), 2);
            assert_eq!(count("servicelookup.aspx", 7 * DAY, nameless), 2);
        }
    }
}
