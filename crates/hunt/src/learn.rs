//! What a hunt teaches: who was found by behaviour, what they used, and what of it is worth looking
//! for again. What many share is not learnt, and the reason is told.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use jiff::Timestamp;
use lapwing_model::{Entity, Finding, FindingKind, Kind, Proof, Severity};

use crate::activity::actors::{Actors, is_inside};
use crate::activity::{Cast, Joined, Lead, Related, Row};
use crate::rarity::Crowd;
use crate::record::shorten;

/// Rounds after which a hunt stops pivoting, whatever it still finds.
pub(crate) const ROUNDS: usize = 5;
/// Values that are learnt in one hunt; beyond, they are counted.
const MOST: usize = 2_000;

/// A value that a hunt learnt from behaviour.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Learnt {
    /// Kind and value.
    pub entity: Entity,
    /// What it did, and how it was found.
    pub why: String,
    /// First and last record in which it stands, UTC.
    pub first: Option<Timestamp>,
    /// See `first`.
    pub last: Option<Timestamp>,
    /// Records in which it stands.
    pub records: u64,
    /// 0 when findings themselves name it, else the round of pivoting in which it was found.
    pub round: usize,
    /// How sure that it is hostile, in percent.
    pub percent: u8,
}

/// A value that could have been learnt and was not.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct NotLearnt {
    /// The value.
    pub value: String,
    /// Why not.
    pub why: String,
}

/// What was learnt so far.
#[derive(Debug, Default)]
pub(crate) struct Lessons {
    learnt: BTreeMap<Entity, Learnt>,
    not_learnt: BTreeSet<NotLearnt>,
    leads: BTreeSet<Lead>,
}

impl Lessons {
    /// Learns from the findings of chains, and from single ones that are telling by themselves.
    pub(crate) fn learn_findings(
        &mut self,
        findings: &[Finding],
        cast: &Cast,
        joined: &Joined,
        crowd: &Crowd,
    ) {
        let chained: BTreeSet<usize> = joined.members.iter().flatten().copied().collect();
        for (number, finding) in findings.iter().enumerate() {
            let behaviour = matches!(finding.kind, FindingKind::Check | FindingKind::Yara);
            let telling = finding.proof >= Proof::Attempt && finding.severity >= Severity::Medium
                || finding.proof >= Proof::Attempt
                    && finding.severity >= Severity::Low
                    && chained.contains(&number);
            let Some(actors) = cast.get(finding).filter(|_| behaviour && telling) else { continue };
            self.learn_finding(finding, actors, joined, crowd);
        }
    }

    fn learn_finding(
        &mut self,
        finding: &Finding,
        actors: &Actors,
        joined: &Joined,
        crowd: &Crowd,
    ) {
        let why = format!("{} ({})", finding.finding, finding.proof);
        let sure = finding.confidence.as_percent();
        let time = finding.time.filter(|_| finding.place.is_some());
        let seen = (time, time);
        if let Some(who) = actors.who() {
            self.client(who, crowd, &why, seen, 0, sure);
        }
        if let Some(agent) = actors.agent.as_deref() {
            self.agent(agent, crowd, &why, seen, 0, sure / 2);
        }
        let worked = finding.proof >= Proof::Persistence && finding.severity >= Severity::High;
        for name in actors.files.among(&joined.names).filter(|_| worked) {
            self.put(Entity::new(Kind::FileName, name.to_string()), &why, seen, 0, sure);
            self.leads.insert(Lead::File(name.to_string()));
        }
        // Where a file lies on the disk that is looked at says where its copy lies.
        let logged = finding.place.is_some();
        if let Some(path) =
            actors.written.as_ref().filter(|_| logged && worked && !actors.files.is_empty())
        {
            let named = joined.names.contains(&crate::condition::last_part(path));
            if named && path.contains(['\\', '/']) {
                self.put(Entity::new(Kind::FilePath, path.to_string()), &why, seen, 0, sure);
            }
        }
        // The hash of a program of the system says nothing; that of one which was brought does.
        let brought = actors.files.iter().any(|name| joined.names.contains(&**name));
        for hash in actors.hashes.iter().filter(|_| worked && brought) {
            let kind = match hash.len() {
                32 => Kind::Md5,
                40 => Kind::Sha1,
                _ => Kind::Sha256,
            };
            self.put(Entity::new(kind, hash.to_string()), &why, seen, 0, sure);
        }
    }

    /// Learns from what else was found of the leads: who else used what was left, what else they used.
    pub(crate) fn learn_related(&mut self, related: &Related, crowd: &Crowd, round: usize) {
        for (lead, row) in related.all() {
            let seen = (row.first, row.last);
            match lead {
                // Whoever is answered by what attackers left is one of them, or was led there.
                Lead::File(name) if !row.turned_away => {
                    let why = format!("used {name}, which this hunt found: {}", row.what);
                    if let Some(client) = row.client.filter(|_| row.is_request) {
                        self.client(client, crowd, &why, seen, round, 80);
                    }
                }
                Lead::Agent(agent) => {
                    let why = format!("has the rare user agent {}", shorten(agent, 80));
                    if let Some(client) = row.client {
                        self.client(client, crowd, &why, seen, round, 50);
                    }
                }
                Lead::Client(client) => {
                    let why = format!("was used by {client}, which this hunt found");
                    if let Some(agent) = row.agent.as_deref() {
                        self.agent(agent, crowd, &why, seen, round, 40);
                    }
                }
                Lead::File(_) => {}
            }
        }
        self.count(related);
    }

    /// What was not looked for yet.
    pub(crate) fn new_leads(&self, done: &BTreeSet<Lead>) -> Vec<Lead> {
        self.leads.difference(done).take(MOST).cloned().collect()
    }

    pub(crate) fn finish(self) -> (Vec<Learnt>, Vec<NotLearnt>) {
        (self.learnt.into_values().collect(), self.not_learnt.into_iter().collect())
    }

    fn client(
        &mut self,
        address: IpAddr,
        crowd: &Crowd,
        why: &str,
        seen: (Option<Timestamp>, Option<Timestamp>),
        round: usize,
        percent: u8,
    ) {
        let refused = if crowd.is_own(address) {
            Some("it is the server's own address".to_owned())
        } else if address.is_loopback() || address.is_unspecified() {
            Some("it is the machine itself".to_owned())
        } else if let Some((agents, accounts)) = crowd.behind(address) {
            Some(format!(
                "many clients stand behind it ({agents} or more user agents, {accounts} or more accounts): a gateway, a load balancer or an office"
            ))
        } else {
            None
        };
        if let Some(refused) = refused {
            self.refuse(&address.to_string(), &refused);
            return;
        }
        // Inside, the address is a lead to follow, and no news for anybody else.
        self.leads.insert(Lead::Client(address));
        if is_inside(address) {
            self.refuse(&address.to_string(), "it is an address of a private network; it was followed, but means nothing elsewhere");
            return;
        }
        let kind = if address.is_ipv4() { Kind::Ipv4Addr } else { Kind::Ipv6Addr };
        self.put(Entity::new(kind, address.to_string()), why, seen, round, percent);
    }

    fn agent(
        &mut self,
        agent: &str,
        crowd: &Crowd,
        why: &str,
        seen: (Option<Timestamp>, Option<Timestamp>),
        round: usize,
        percent: u8,
    ) {
        if crowd.is_popular(agent) {
            self.refuse(agent, "several clients have this user agent");
        } else if agent.starts_with("Mozilla/5.0 (") && agent.len() > 60 {
            self.refuse(agent, "it is the user agent of an ordinary browser");
        } else if agent.len() >= 4 {
            self.leads.insert(Lead::Agent(agent.to_owned()));
            self.put(Entity::new(Kind::UserAgent, agent.to_owned()), why, seen, round, percent);
        }
    }

    fn put(
        &mut self,
        entity: Entity,
        why: &str,
        seen: (Option<Timestamp>, Option<Timestamp>),
        round: usize,
        percent: u8,
    ) {
        if let Some(known) = self.learnt.get_mut(&entity) {
            known.first = known.first.into_iter().chain(seen.0).min();
            known.last = known.last.max(seen.1);
            if round == known.round {
                known.records += 1;
                if percent > known.percent {
                    known.percent = percent;
                    why.clone_into(&mut known.why);
                }
            }
            return;
        }
        if self.learnt.len() >= MOST {
            self.refuse(&entity.value, "too many values were learnt in this hunt");
            return;
        }
        let learnt = Learnt {
            entity: entity.clone(),
            why: why.to_owned(),
            first: seen.0,
            last: seen.1,
            records: 1,
            round,
            percent,
        };
        self.learnt.insert(entity, learnt);
    }

    fn refuse(&mut self, value: &str, why: &str) {
        if self.not_learnt.len() < MOST {
            let value = shorten(value, 200);
            self.not_learnt.insert(NotLearnt { value, why: why.to_owned() });
        }
    }

    /// Pivoting tells in how many records a value really stands, and since when.
    fn count(&mut self, related: &Related) {
        let mut rows: BTreeMap<&Lead, Vec<&Row>> = BTreeMap::new();
        for (lead, row) in related.all() {
            rows.entry(lead).or_default().push(row);
        }
        for (lead, rows) in rows {
            let entity = match lead {
                Lead::Client(a) if a.is_ipv4() => Entity::new(Kind::Ipv4Addr, a.to_string()),
                Lead::Client(a) => Entity::new(Kind::Ipv6Addr, a.to_string()),
                Lead::Agent(agent) => Entity::new(Kind::UserAgent, agent.clone()),
                Lead::File(name) => Entity::new(Kind::FileName, name.clone()),
            };
            if let Some(learnt) = self.learnt.get_mut(&entity) {
                learnt.records = rows.iter().map(|row| row.count).sum::<u64>().max(1);
                let times = rows.iter().filter_map(|row| row.first);
                learnt.first = learnt.first.into_iter().chain(times).min();
                learnt.last = learnt.last.max(rows.iter().filter_map(|row| row.last).max());
            }
        }
    }
}

impl Lead {
    /// As the matcher takes it.
    pub(crate) fn entity(&self) -> Entity {
        match self {
            Self::Client(a) if a.is_ipv4() => Entity::new(Kind::Ipv4Addr, a.to_string()),
            Self::Client(a) => Entity::new(Kind::Ipv6Addr, a.to_string()),
            Self::Agent(agent) => Entity::new(Kind::UserAgent, agent.clone()),
            Self::File(name) => Entity::new(Kind::FileName, name.clone()),
        }
    }
}
