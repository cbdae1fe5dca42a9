//! From indicators to a matcher: which key each value has, and the tables over all keys.

use std::collections::{BTreeMap, BTreeSet};
use std::net::{Ipv4Addr, Ipv6Addr};

use lapwing_model::Kind;
use serde::{Deserialize, Serialize};

use super::gate::{Gate, Tails};
use super::holds::{UrlParts, digits, domain};
use super::image::Image;
use super::stock_folder;
use super::table::Tables;
use super::tokens::LONGEST;
use super::wild_path::WildPath;
use super::{Matcher, POPULAR, hash};
use crate::matcher::classes::is_token_byte;
use crate::{Indicator, Together};

/// From so many URLs on, those of one host are told apart by their path's hash.
const MANY_URLS: usize = 16;
/// Networks shorter than this would be most of the internet.
const SHORTEST: usize = 3;

/// What is said of indicators besides their values; many share one.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Record {
    pub probability: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub technique: Option<String>,
    pub why: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<lapwing_model::Status>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_seen: Option<lapwing_model::PartialDate>,
}

/// Who says something of an indicator; made by [`Compiler::source`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SourceId(u32);

/// Collects indicators and compiles them: the way for long lists, which need no object a value.
///
/// ```
/// use lapwing_hunt::Compiler;
/// use lapwing_model::Kind;
///
/// let mut compiler = Compiler::default();
/// let list = compiler.source(0.9, "a block list");
/// compiler.add(Kind::DomainName, "evil.example", list);
/// assert_eq!(compiler.finish().len(), 1);
/// ```
#[derive(Debug, Default)]
pub struct Compiler {
    values: Vec<u8>,
    ends: Vec<u64>,
    kinds: Vec<u8>,
    sources: Vec<u32>,
    records: Vec<String>,
    probabilities: Vec<f64>,
    known: BTreeMap<String, u32>,
    patterns: Vec<Together>,
}

impl Compiler {
    /// A source whose values are hostile with this probability (0 to 1), in words.
    pub fn source(&mut self, probability: f64, why: &str) -> SourceId {
        self.record(&Record {
            probability,
            technique: None,
            why: why.to_owned(),
            status: None,
            last_seen: None,
        })
    }

    fn record(&mut self, record: &Record) -> SourceId {
        // A record of strings and numbers is always JSON.
        let text = serde_json::to_string(record).unwrap_or_default();
        if let Some(number) = self.known.get(&text) {
            return SourceId(*number);
        }
        let number = self.records.len() as u32;
        self.records.push(text.clone());
        self.probabilities.push(record.probability);
        self.known.insert(text, number);
        SourceId(number)
    }

    /// Adds a normalised value.
    ///
    /// Entities that cannot stand in a log (actors, techniques …), values too short to mean anything and folders that
    /// every system or product has are left out.
    pub fn add(&mut self, kind: Kind, value: &str, source: SourceId) {
        let value = value.trim();
        let place = Kind::ALL.iter().position(|k| *k == kind);
        let tells = value.len() >= SHORTEST && !stock_folder::is_one(kind, value);
        if let (true, true, Some(place)) = (kind.is_observable(), tells, place) {
            self.values.extend_from_slice(value.as_bytes());
            self.ends.push(self.values.len() as u64);
            self.kinds.push(place as u8);
            self.sources.push(source.0);
        }
    }

    /// Adds an indicator with all that is known of it.
    pub fn add_indicator(&mut self, indicator: &Indicator) {
        let source = self.record(&Record {
            probability: indicator.probability,
            technique: indicator.technique.clone(),
            why: indicator.why.clone(),
            status: indicator.status,
            last_seen: indicator.last_seen,
        });
        self.add(indicator.entity.kind, &indicator.entity.value, source);
    }

    /// Adds a pattern of several observations, whose values are added besides.
    pub fn add_pattern(&mut self, pattern: Together) {
        self.patterns.push(pattern);
    }

    fn value(&self, number: usize) -> &str {
        let from = number.checked_sub(1).map_or(0, |before| self.ends[before] as usize);
        std::str::from_utf8(&self.values[from..self.ends[number] as usize]).unwrap_or("")
    }

    /// Numbers of the indicators without those given twice: of equal ones the most probable stays,
    /// and of those the first.
    fn distinct(&self) -> Vec<u32> {
        let mut order: Vec<(u64, u32)> = (0..self.kinds.len())
            .map(|n| (hash::bytes(self.value(n).as_bytes(), u64::from(self.kinds[n])), n as u32))
            .collect();
        order.sort_unstable();
        let mut kept: Vec<u32> = Vec::with_capacity(order.len());
        for group in order.chunk_by(|a, b| a.0 == b.0) {
            if let [(_, number)] = group {
                kept.push(*number);
                continue;
            }
            let mut of_group: BTreeMap<(u8, &str), u32> = BTreeMap::new();
            let probability = |n: u32| self.probabilities[self.sources[n as usize] as usize];
            for &(_, number) in group {
                let key = (self.kinds[number as usize], self.value(number as usize));
                let best = of_group.entry(key).or_insert(number);
                if probability(number) > probability(*best) {
                    *best = number;
                }
            }
            kept.extend(of_group.into_values());
        }
        kept.sort_unstable();
        kept
    }

    /// Compiles what was added.
    pub fn finish(self) -> Matcher {
        let kept = self.distinct();
        let mut keys = Keys::default();
        let mut values = Vec::with_capacity(self.values.len());
        let mut offsets = Vec::with_capacity(kept.len() * 8 + 8);
        offsets.extend_from_slice(&0u64.to_le_bytes());
        let (mut kinds, mut sources) = (Vec::with_capacity(kept.len()), Vec::new());
        for (number, &old) in kept.iter().enumerate() {
            let old = old as usize;
            let value = self.value(old);
            let kind = self.kinds[old];
            values.extend_from_slice(value.as_bytes());
            offsets.extend_from_slice(&(values.len() as u64).to_le_bytes());
            kinds.push(kind);
            sources.extend_from_slice(&self.sources[old].to_le_bytes());
            keys.add(number as u32, Kind::ALL[kind as usize], value);
        }
        keys.tell_hosts_apart();
        keys.nets.sort_unstable();
        keys.nets6.sort_unstable();
        let tables = Tables::build(&keys.pairs);
        let mut record_offsets = 0u64.to_le_bytes().to_vec();
        let mut records = Vec::new();
        for record in &self.records {
            records.extend_from_slice(record.as_bytes());
            record_offsets.extend_from_slice(&(records.len() as u64).to_le_bytes());
        }
        let nets = keys.nets.iter().flat_map(|(length, net, number)| {
            [u32::from(*length), *net, *number].into_iter().flat_map(u32::to_le_bytes)
        });
        let nets6 = keys.nets6.iter().flat_map(|(length, net, number)| {
            let tail = [u32::from(*length), *number].into_iter().flat_map(u32::to_le_bytes);
            net.to_le_bytes().into_iter().chain(tail)
        });
        Matcher::of(Image::new([
            Gate::of(&keys.tails).to_bytes(),
            tables.filter,
            tables.buckets,
            tables.slots,
            offsets,
            values,
            kinds,
            sources,
            record_offsets,
            records,
            nets.collect(),
            nets6.collect(),
            keys.literals.iter().flat_map(|number| number.to_le_bytes()).collect(),
            // Patterns of strings and numbers are always JSON.
            serde_json::to_vec(&self.patterns).unwrap_or_default(),
        ]))
    }
}

#[derive(Default)]
struct Keys {
    tails: Tails,
    pairs: Vec<(u64, u32)>,
    /// Host key and number of each URL with a path.
    urls: Vec<(u64, u32, Vec<u64>)>,
    nets: Vec<(u8, u32, u32)>,
    nets6: Vec<(u8, u128, u32)>,
    literals: BTreeSet<u32>,
}

impl Keys {
    fn add(&mut self, number: u32, kind: Kind, value: &str) {
        if let Some(path) = WildPath::of(kind, value) {
            match path.name() {
                Some(name) => self.add_token(number, name),
                None => _ = self.literals.insert(number),
            }
            return;
        }
        match kind {
            Kind::Ipv4Addr => self.add_v4(number, value),
            Kind::Ipv6Addr => self.add_v6(number, value),
            Kind::DomainName => self.add_token(number, domain(value)),
            Kind::Url => self.add_url(number, value),
            Kind::FilePath | Kind::WindowsRegistryKey | Kind::NamedPipe => {
                let value = value.trim_end_matches(['/', '\\']);
                self.add_token(number, value.rsplit(['/', '\\']).next().unwrap_or(value));
            }
            Kind::NetworkFingerprint => self.add_token(number, digits(value)),
            _ => self.add_token(number, value),
        }
    }

    /// The key of a token that the scan finds; all others are literals.
    fn add_token(&mut self, number: u32, token: &str) {
        if is_found(token.as_bytes()) {
            self.tails.add(token.as_bytes());
            self.pairs.push((hash::key(token.as_bytes()), number));
        } else {
            self.literals.insert(number);
        }
    }

    fn add_v4(&mut self, number: u32, value: &str) {
        if value.parse::<Ipv4Addr>().is_ok() {
            self.tails.add(value.as_bytes());
            self.pairs.push((hash::key(value.as_bytes()), number));
            return;
        }
        let Some((low, high)) = range4(value) else { return };
        for (length, net) in networks(low, high) {
            self.nets.push((length, net, number));
        }
    }

    fn add_v6(&mut self, number: u32, value: &str) {
        let (address, length) = match value.split_once('/') {
            Some((address, length)) => (address, length.parse::<u8>().unwrap_or(128)),
            None => (value, 128),
        };
        let length = length.min(128);
        if let Ok(address) = address.trim_matches(['[', ']']).parse::<Ipv6Addr>() {
            self.nets6.push((length, u128::from(address) & super::mask128(length), number));
        }
    }

    fn add_url(&mut self, number: u32, value: &str) {
        let url = UrlParts::of(value);
        if url.host.parse::<Ipv4Addr>().is_err() && !is_found(url.host.as_bytes()) {
            self.literals.insert(number);
            return;
        }
        self.tails.add(url.host.as_bytes());
        let host = hash::key(url.host.as_bytes());
        let mut paths = vec![path_key(host, url.rest.as_bytes())];
        if url.path().len() >= 4 && url.path() != url.rest {
            paths.push(path_key(host, url.path().as_bytes()));
        }
        self.urls.push((host, number, paths));
    }

    /// A host with many URLs gets one entry, and each of its URLs a key of host and path.
    fn tell_hosts_apart(&mut self) {
        self.urls.sort_unstable();
        for group in self.urls.chunk_by(|a, b| a.0 == b.0) {
            if group.len() < MANY_URLS {
                self.pairs.extend(group.iter().map(|(host, number, _)| (*host, *number)));
                continue;
            }
            self.pairs.push((group[0].0, group[0].1 | POPULAR));
            for (_, number, paths) in group {
                self.pairs.extend(paths.iter().map(|path| (*path, *number)));
            }
        }
    }
}

/// The key of a URL on a host with many.
pub(super) fn path_key(host: u64, path: &[u8]) -> u64 {
    hash::bytes(path, host)
}

/// Whether the scan finds this token: all its bytes belong to one, it begins and ends with a letter or
/// digit, and it has a dot and a letter behind a mark, or is long enough for a hash.
fn is_found(token: &[u8]) -> bool {
    let edge = |b: Option<&u8>| b.is_some_and(u8::is_ascii_alphanumeric);
    if token.len() > LONGEST || !edge(token.first()) || !edge(token.last()) {
        return false;
    }
    if token.len() >= 32 && token.iter().all(u8::is_ascii_alphanumeric) {
        return true;
    }
    // A letter behind a mark is what makes the scan look at a token: not so `x.7z`.
    let seeded =
        token.array_windows().any(|[a, b]| matches!(a, b'.' | b'@') && b.is_ascii_alphabetic());
    let dotted = token.contains(&b'.') && seeded;
    dotted && token.len() >= 4 && token.iter().all(|b| is_token_byte(*b))
}

/// First and last address of a network (`a/n`) or range (`a-b`).
fn range4(value: &str) -> Option<(u32, u32)> {
    if let Some((low, high)) = value.split_once('-') {
        let (low, high): (Ipv4Addr, Ipv4Addr) =
            (low.trim().parse().ok()?, high.trim().parse().ok()?);
        return (low <= high).then_some((low.into(), high.into()));
    }
    let (address, length) = value.split_once('/')?;
    let address: Ipv4Addr = address.parse().ok()?;
    let length = length.parse::<u8>().ok().filter(|l| *l <= 32)?;
    let low = u32::from(address) & super::mask32(length);
    Some((low, low | !super::mask32(length)))
}

/// The fewest networks that are exactly a range.
fn networks(low: u32, high: u32) -> Vec<(u8, u32)> {
    let (mut low, high) = (u64::from(low), u64::from(high));
    let mut nets = Vec::new();
    while low <= high {
        let free = if low == 0 { 32 } else { low.trailing_zeros().min(32) };
        let room = (high - low + 1).ilog2();
        let size = free.min(room);
        nets.push((32 - size as u8, low as u32));
        low += 1 << size;
    }
    nets
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_become_the_fewest_networks() {
        let (low, high) = range4("192.0.2.1-192.0.2.6").unwrap();
        let lengths: Vec<u8> = networks(low, high).iter().map(|n| n.0).collect();
        assert_eq!(lengths, [32, 31, 31, 32]);
        assert_eq!(networks(0, u32::MAX), [(0, 0)]);
        let (low, high) = range4("192.0.2.77/24").unwrap();
        assert_eq!(networks(low, high), [(24, low)]);
        assert!(range4("192.0.2.7-192.0.2.1").is_none());
    }

    #[test]
    fn the_more_probable_of_two_stays() {
        let mut compiler = Compiler::default();
        let (low, high) = (compiler.source(0.2, "a"), compiler.source(0.8, "b"));
        for source in [low, high, low] {
            compiler.add(Kind::DomainName, "evil.example", source);
        }
        let matcher = compiler.finish();
        assert_eq!(matcher.len(), 1);
        assert_eq!(matcher.indicator(0).why, "b");
    }
}
