//! What else is known of the values of a chain: every record that names them, folded by kind.

use std::collections::BTreeMap;
use std::net::IpAddr;

use jiff::Timestamp;
use lapwing_model::Place;

use super::actors::Actors;
use super::clock::Sight;
use super::words::Word;
use crate::record::{Record, shorten};

/// Rows kept of each value; beyond, they are counted.
const ROWS: usize = 400;

/// A value of a chain that is looked for in all logs again.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Lead {
    Client(IpAddr),
    Agent(String),
    File(String),
}

impl Lead {
    /// Whether a record in which the value stands really is of this client, agent or file.
    fn fits(&self, actors: &Actors) -> bool {
        match self {
            Self::Client(address) => {
                [actors.client, actors.forwarded, actors.destination].contains(&Some(*address))
            }
            Self::Agent(agent) => actors.agent.as_deref() == Some(agent),
            Self::File(name) => actors.files.contains(name),
        }
    }
}

/// Records that are alike.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Row {
    pub count: u64,
    pub first: Option<Timestamp>,
    pub last: Option<Timestamp>,
    pub file: String,
    pub place: Option<Place>,
    pub what: String,
    pub source: Word,
    pub client: Option<IpAddr>,
    pub agent: Option<Word>,
    pub written: Option<Word>,
    pub turned_away: bool,
    pub is_request: bool,
}

type RowKey = (Lead, Word, String, Option<IpAddr>, Option<Word>);

/// All that was found of leads.
#[derive(Clone, Debug, Default)]
pub(crate) struct Related {
    rows: BTreeMap<RowKey, Row>,
    counts: BTreeMap<Lead, usize>,
    left_out: BTreeMap<Lead, u64>,
}

impl Related {
    /// Notes a record in which a lead stands.
    pub(crate) fn note(&mut self, lead: &Lead, record: &Record<'_>, file: &str) {
        let actors = Actors::of(record, file);
        if !lead.fits(&actors) {
            return;
        }
        let what = what(&actors, record);
        let client = actors.who();
        let key = (lead.clone(), actors.source.clone(), what.clone(), client, actors.agent.clone());
        if let Some(row) = self.rows.get_mut(&key) {
            row.count += 1;
            row.first = row.first.into_iter().chain(record.time).min();
            row.last = row.last.max(record.time);
            return;
        }
        let rows = self.counts.entry(lead.clone()).or_default();
        if *rows >= ROWS {
            *self.left_out.entry(lead.clone()).or_default() += 1;
            return;
        }
        *rows += 1;
        let row = Row {
            count: 1,
            first: record.time,
            last: record.time,
            file: file.to_owned(),
            place: record.place,
            what,
            source: actors.source.clone(),
            client,
            turned_away: actors.turned_away(),
            is_request: actors.request.is_some(),
            agent: actors.agent,
            written: actors.written,
        };
        self.rows.insert(key, row);
    }

    /// Adds what stands in another log; logs come in their order.
    pub(crate) fn merge(&mut self, other: Related) {
        for (key, more) in other.rows {
            if let Some(row) = self.rows.get_mut(&key) {
                if more.first.is_some() && (row.first.is_none() || more.first < row.first) {
                    (row.first, row.file, row.place) = (more.first, more.file, more.place);
                }
                row.count += more.count;
                row.last = row.last.max(more.last);
                continue;
            }
            let rows = self.counts.entry(key.0.clone()).or_default();
            if *rows >= ROWS {
                *self.left_out.entry(key.0).or_default() += more.count;
            } else {
                *rows += 1;
                self.rows.insert(key, more);
            }
        }
        for (lead, count) in other.left_out {
            *self.left_out.entry(lead).or_default() += count;
        }
    }

    /// The rows of a lead.
    pub(crate) fn of(&self, lead: &Lead) -> impl Iterator<Item = &Row> {
        self.rows.iter().filter(move |(key, _)| key.0 == *lead).map(|(_, row)| row)
    }

    /// Everything, for pivoting.
    pub(crate) fn all(&self) -> impl Iterator<Item = (&Lead, &Row)> {
        self.rows.iter().map(|(key, row)| (&key.0, row))
    }

    /// Records of a lead that were counted and not kept.
    pub(crate) fn left_out(&self, lead: &Lead) -> u64 {
        self.left_out.get(lead).copied().unwrap_or(0)
    }

    pub(super) fn sights(&self) -> Vec<Sight> {
        self.rows
            .values()
            .filter(|row| row.is_request && row.count == 1)
            .filter_map(|row| {
                let thing = row.what.rsplit_once(" answered").map_or(&*row.what, |(w, _)| w);
                let thing = format!("{} {}", row.client?, thing.to_lowercase());
                Some((row.source.clone(), thing, row.first?.as_second()))
            })
            .collect()
    }
}

/// A record in a few words.
fn what(actors: &Actors, record: &Record<'_>) -> String {
    if let Some(request) = &actors.request {
        let request = shorten(request, 120);
        return match actors.status {
            Some(status) => format!("{request} answered {status}"),
            None => request,
        };
    }
    let get = |names: &[&str]| names.iter().find_map(|name| record.get(name));
    if let Some(event) = get(&["EventID"]) {
        let object = get(&[
            "TargetFilename",
            "RelativeTargetName",
            "CommandLine",
            "NewProcessName",
            "Image",
            "Application",
            "TargetUserName",
            "ServiceName",
        ]);
        let object = object.map(|o| format!(": {}", shorten(o, 120))).unwrap_or_default();
        return format!("event {event} in {}{object}", actors.source);
    }
    shorten(&record.raw, 120)
}
