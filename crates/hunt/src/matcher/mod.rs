//! Indicators compiled into one immutable object, so that the cost of a scan does not grow with
//! their number: candidate tokens, a hash, a filter, an exact table, and only then a look around.

mod around;
mod literals;
mod table;
mod tokens;

use std::collections::BTreeSet;
use std::net::{Ipv4Addr, Ipv6Addr};

use lapwing_model::Kind;

use crate::Indicator;
pub(crate) use literals::Literals;
use table::Table;
use tokens::{Candidate, Tokens, key};

/// Indicators compiled for scanning; immutable, shared by all threads.
#[derive(Debug, Default)]
pub struct Matcher {
    indicators: Vec<Indicator>,
    /// Exact tokens: addresses, hosts, hashes, mail addresses, file names, last parts of paths.
    table: Table,
    /// What stands behind a key of the table, in the order of the table's values.
    entries: Vec<Entry>,
    /// IPv4 networks, by (prefix length, network), sorted.
    nets: Vec<(u8, u32, u32)>,
    net_lengths: Vec<u8>,
    /// IPv6 networks (addresses have length 128), sorted.
    nets6: Vec<(u8, u128, u32)>,
    net6_lengths: Vec<u8>,
    /// What is no token.
    literals: Literals,
    literal_entries: Vec<u32>,
    has_hashes: bool,
    has_file_hashes: bool,
}

#[derive(Debug)]
struct Entry {
    indicator: u32,
    shape: Shape,
}

/// What must hold around a token for the indicator to be there.
#[derive(Debug)]
enum Shape {
    /// An IPv4 address: the whole token, and no version number.
    Address,
    /// A host name: the token or its last labels.
    Domain,
    /// The whole token.
    Whole,
    /// Host of a URL; the rest (`:port/path?query`) must follow.
    Url { port: String, rest: String },
    /// Last part of a path; what stands before it must be this (lower case, `/` between).
    Path { before: String },
}

/// One place where an indicator stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Hit {
    /// First byte.
    pub start: usize,
    /// One past the last byte.
    pub end: usize,
    /// Number of the indicator.
    pub indicator: u32,
}

/// Buffers of one thread, reused from chunk to chunk.
#[derive(Debug, Default)]
pub(crate) struct Scratch {
    candidates: Vec<Candidate>,
}

impl Matcher {
    /// Compiles indicators; the same value given twice counts once, with the higher probability.
    ///
    /// Entities that cannot stand in a log (actors, techniques …) and values too short to mean
    /// anything are left out.
    pub fn compile(indicators: impl IntoIterator<Item = Indicator>) -> Matcher {
        let mut list: Vec<Indicator> = indicators
            .into_iter()
            .filter(|i| i.entity.kind.is_observable() && i.entity.value.len() >= 3)
            .collect();
        list.sort_by(|a, b| {
            (&a.entity, b.probability.total_cmp(&a.probability), &a.why).cmp(&(
                &b.entity,
                std::cmp::Ordering::Equal,
                &b.why,
            ))
        });
        list.dedup_by(|later, first| later.entity == first.entity);
        let mut build = Build::default();
        for (number, indicator) in list.iter().enumerate() {
            build.add(number as u32, indicator);
        }
        build.finish(list)
    }

    /// Number of indicators.
    pub fn len(&self) -> usize {
        self.indicators.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.indicators.is_empty()
    }

    pub(crate) fn indicator(&self, number: u32) -> &Indicator {
        &self.indicators[number as usize]
    }

    /// Whether it is worth to hash files.
    pub(crate) fn has_file_hashes(&self) -> bool {
        self.has_file_hashes
    }

    /// Finds all indicators in `text`, in order of place; `hits` is emptied first.
    pub(crate) fn scan(&self, text: &[u8], scratch: &mut Scratch, hits: &mut Vec<Hit>) {
        hits.clear();
        if self.indicators.is_empty() {
            return;
        }
        if !self.entries.is_empty() || !self.nets.is_empty() {
            let mut tokens = Tokens::new(text, self.has_hashes);
            loop {
                scratch.candidates.clear();
                let more = tokens.fill(&mut scratch.candidates);
                for candidate in &scratch.candidates {
                    self.probe(text, candidate, hits);
                }
                if !more {
                    break;
                }
            }
        }
        if !self.nets6.is_empty() {
            self.scan_v6(text, hits);
        }
        self.literals.find(text, |start, end, number| {
            hits.push(Hit { start, end, indicator: self.literal_entries[number] });
        });
        hits.sort_unstable();
        hits.dedup();
    }

    fn probe(&self, text: &[u8], candidate: &Candidate, hits: &mut Vec<Hit>) {
        if candidate.is_address && !self.nets.is_empty() {
            self.probe_nets(text, candidate, hits);
        }
        if !self.table.may_hold(candidate.hash) {
            return;
        }
        for value in self.table.get(candidate.hash) {
            let entry = &self.entries[value as usize];
            let indicator = &self.indicators[entry.indicator as usize];
            if let Some((start, end)) = entry.shape.holds(text, candidate, &indicator.entity.value)
            {
                hits.push(Hit { start, end, indicator: entry.indicator });
            }
        }
    }

    fn probe_nets(&self, text: &[u8], candidate: &Candidate, hits: &mut Vec<Hit>) {
        let token = &text[candidate.start..candidate.end];
        let Some(address) =
            std::str::from_utf8(token).ok().and_then(|t| t.parse::<Ipv4Addr>().ok())
        else {
            return;
        };
        if around::is_version(text, candidate.start) {
            return;
        }
        for &length in &self.net_lengths {
            let net = u32::from(address) & mask32(length);
            let from = self.nets.partition_point(|&(l, n, _)| (l, n) < (length, net));
            for &(l, n, indicator) in &self.nets[from..] {
                if (l, n) != (length, net) {
                    break;
                }
                hits.push(Hit { start: candidate.start, end: candidate.end, indicator });
            }
        }
    }

    fn scan_v6(&self, text: &[u8], hits: &mut Vec<Hit>) {
        let mut done = 0;
        for colon in memchr::memchr_iter(b':', text) {
            if colon < done {
                continue;
            }
            let class = |b: &u8| b.is_ascii_hexdigit() || *b == b':' || *b == b'.';
            let start = colon - text[done..colon].iter().rev().copied().take_while(class).count();
            let end = colon + text[colon..].iter().take(64).copied().take_while(class).count();
            done = end.max(colon + 1);
            let glued = |at: Option<&u8>| at.is_some_and(u8::is_ascii_alphanumeric);
            if glued(start.checked_sub(1).and_then(|at| text.get(at))) || glued(text.get(end)) {
                continue;
            }
            let token = std::str::from_utf8(&text[start..end]).unwrap_or("");
            let token = token.trim_end_matches('.');
            let Ok(address) = token.parse::<Ipv6Addr>() else { continue };
            for &length in &self.net6_lengths {
                let net = u128::from(address) & mask128(length);
                let from = self.nets6.partition_point(|&(l, n, _)| (l, n) < (length, net));
                for &(l, n, indicator) in &self.nets6[from..] {
                    if (l, n) != (length, net) {
                        break;
                    }
                    hits.push(Hit { start, end: start + token.len(), indicator });
                }
            }
        }
    }
}

fn mask32(length: u8) -> u32 {
    u32::MAX.checked_shl(32 - u32::from(length.min(32))).unwrap_or(0)
}

fn mask128(length: u8) -> u128 {
    u128::MAX.checked_shl(128 - u32::from(length.min(128))).unwrap_or(0)
}

#[derive(Default)]
struct Build {
    keys: Vec<(u64, u32)>,
    entries: Vec<Entry>,
    nets: Vec<(u8, u32, u32)>,
    nets6: Vec<(u8, u128, u32)>,
    literals: BTreeSet<(Vec<u8>, u32)>,
    has_hashes: bool,
    has_file_hashes: bool,
}

impl Build {
    fn add(&mut self, number: u32, indicator: &Indicator) {
        let value = indicator.entity.value.trim();
        match indicator.entity.kind {
            Kind::Ipv4Addr => self.add_v4(number, value),
            Kind::Ipv6Addr => self.add_v6(number, value),
            Kind::DomainName => {
                let domain = value.trim_start_matches("*.").trim_matches('.');
                self.add_token(number, domain, Shape::Domain);
            }
            Kind::Url => self.add_url(number, value),
            Kind::Md5 | Kind::Sha1 | Kind::Sha256 | Kind::Sha512 => {
                self.has_file_hashes = true;
                self.add_token(number, value, Shape::Whole);
            }
            Kind::FilePath | Kind::WindowsRegistryKey | Kind::NamedPipe => {
                self.add_path(number, value);
            }
            Kind::EmailAddr
            | Kind::FileName
            | Kind::Imphash
            | Kind::Tlsh
            | Kind::Vhash
            | Kind::Authentihash
            | Kind::Certificate => {
                self.add_token(number, value, Shape::Whole);
            }
            // Logs write the fingerprint without the name of its method.
            Kind::NetworkFingerprint => {
                let digits = value.split_once(':').map_or(value, |(_, digits)| digits);
                self.add_token(number, digits, Shape::Whole);
            }
            _ => self.add_literal(number, value),
        }
    }

    fn add_v4(&mut self, number: u32, value: &str) {
        let (address, length) = match value.split_once('/') {
            Some((address, length)) => (address, length.parse::<u8>().unwrap_or(32)),
            None => (value, 32),
        };
        let Ok(address) = address.parse::<Ipv4Addr>() else { return };
        if length >= 32 {
            self.add_token(number, &address.to_string(), Shape::Address);
        } else {
            self.nets.push((length, u32::from(address) & mask32(length), number));
        }
    }

    fn add_v6(&mut self, number: u32, value: &str) {
        let (address, length) = match value.split_once('/') {
            Some((address, length)) => (address, length.parse::<u8>().unwrap_or(128)),
            None => (value, 128),
        };
        let length = length.min(128);
        if let Ok(address) = address.trim_matches(['[', ']']).parse::<Ipv6Addr>() {
            self.nets6.push((length, u128::from(address) & mask128(length), number));
        }
    }

    fn add_url(&mut self, number: u32, value: &str) {
        let after = value.split_once("://").map_or(value, |(_, after)| after);
        let authority_end = after.find(['/', '?', '#']).unwrap_or(after.len());
        let (authority, rest) = after.split_at(authority_end);
        let authority = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
        let (host, port) = match authority.rsplit_once(':') {
            Some((host, port)) if port.bytes().all(|b| b.is_ascii_digit()) => (host, port),
            _ => (authority, ""),
        };
        let rest = rest.split('#').next().unwrap_or("");
        let rest = if rest == "/" { "" } else { rest };
        let shape = Shape::Url { port: port.to_owned(), rest: rest.to_owned() };
        if host.contains('.') && tokens::is_token(host.as_bytes()) {
            self.add_token(number, host, shape);
        } else {
            self.add_literal(number, value);
        }
    }

    fn add_path(&mut self, number: u32, value: &str) {
        let path = value.to_ascii_lowercase().replace('\\', "/");
        let path = path.trim_end_matches('/');
        match path.rsplit_once('/') {
            Some((before, name)) if tokens::is_marked(name.as_bytes()) => {
                let before = format!("{before}/");
                self.add_token(number, name, Shape::Path { before });
            }
            None if tokens::is_marked(path.as_bytes()) => {
                self.add_token(number, path, Shape::Whole);
            }
            _ => {
                self.add_literal(number, value);
                if value.contains('\\') {
                    // As JSON and registry exports write it.
                    self.add_literal(number, &value.replace('\\', "\\\\"));
                }
            }
        }
    }

    fn add_token(&mut self, number: u32, token: &str, shape: Shape) {
        let bytes = token.as_bytes();
        if !tokens::is_marked(bytes) {
            self.add_literal(number, token);
            return;
        }
        self.has_hashes |= !bytes.contains(&b'.');
        self.keys.push((key(bytes), self.entries.len() as u32));
        self.entries.push(Entry { indicator: number, shape });
    }

    fn add_literal(&mut self, number: u32, value: &str) {
        if value.len() < 5 {
            return;
        }
        self.literals.insert((value.to_ascii_lowercase().into_bytes(), number));
        if value.contains(' ') {
            // W3C logs write a blank as `+`.
            let plus = value.to_ascii_lowercase().replace(' ', "+");
            self.literals.insert((plus.into_bytes(), number));
        }
    }

    fn finish(mut self, indicators: Vec<Indicator>) -> Matcher {
        self.nets.sort_unstable();
        self.nets6.sort_unstable();
        let lengths = |all: &mut dyn Iterator<Item = u8>| {
            let mut lengths: Vec<u8> = all.collect();
            lengths.dedup();
            lengths
        };
        let (literals, literal_entries): (Vec<_>, Vec<_>) = self.literals.into_iter().unzip();
        Matcher {
            indicators,
            table: Table::new(self.keys),
            entries: self.entries,
            net_lengths: lengths(&mut self.nets.iter().map(|n| n.0)),
            nets: self.nets,
            net6_lengths: lengths(&mut self.nets6.iter().map(|n| n.0)),
            nets6: self.nets6,
            literals: Literals::new(literals),
            literal_entries,
            has_hashes: self.has_hashes,
            has_file_hashes: self.has_file_hashes,
        }
    }
}

#[cfg(test)]
mod tests;
