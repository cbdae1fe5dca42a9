//! Names and phrases, matched token by token: the longest match at word boundaries.

pub(crate) mod scripts;

use std::collections::HashMap;

use foldhash::fast::FixedState;
use lapwing_knowledge::Name;
use lapwing_model::{Entity, Kind, Span};

/// Percent of right matches of a country's name in another language; its case has to be right.
pub(crate) const FOREIGN: u8 = 84;

/// Names of everything, from `Knowledge`; phrases, from the data files beside this crate.
pub(crate) struct Gazetteer {
    names: Trie,
    phrases: Trie,
}

/// One name that the gazetteer knows.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    pub(crate) surface: String,
    pub(crate) entity: Entity,
    pub(crate) ambiguous: bool,
    /// Percent of right matches; 0 when the kind decides.
    pub(crate) percent: u8,
}

struct Trie {
    /// Bits of the tokens with which names begin: most words of a text end here.
    firsts: Box<[u64]>,
    edges: HashMap<(u32, u64), u32, FixedState>,
    /// Entries that end at a node.
    ends: Vec<Vec<u32>>,
    entries: Vec<Entry>,
}

/// A token of the text: a run of ASCII letters and digits, or of other letters.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Token {
    pub(crate) start: u32,
    pub(crate) end: u32,
    /// Hash of the token in lower case.
    lower: u64,
    /// Hash of the token in lower case without a plural `s`.
    stem: u64,
}

impl Token {
    /// Hash of the token in lower case, as [`lower_hash`] gives it.
    pub(crate) fn lower(&self) -> u64 {
        self.lower
    }

    pub(crate) fn text<'t>(&self, text: &'t str) -> &'t str {
        text.get(self.start as usize..self.end as usize).unwrap_or_default()
    }
}

/// Entries that end at the last of the tokens.
pub(crate) struct Hit<'g> {
    pub(crate) tokens: usize,
    pub(crate) entries: Vec<&'g Entry>,
}

impl Gazetteer {
    pub(crate) fn from_names(names: &[Name]) -> Self {
        let mut gazetteer = Self { names: Trie::new(), phrases: Trie::new() };
        for name in names.iter().filter(|n| is_telling(n)) {
            let entry = Entry {
                surface: name.surface.clone(),
                entity: name.entity.clone(),
                ambiguous: name.ambiguous,
                percent: 0,
            };
            if matches!(name.entity.kind, Kind::Sector | Kind::AttackPattern)
                && name.surface.len() > 4
            {
                gazetteer.phrases.insert(entry, true);
            } else {
                gazetteer.names.insert(entry, false);
            }
        }
        gazetteer.own_phrases();
        gazetteer
    }

    /// The tables of this crate.
    fn own_phrases(&mut self) {
        // Names in other scripts have a matcher of their own.
        for (kind, of, name) in scripts::table().filter(|(.., name)| scripts::is_latin(name)) {
            let entity = Entity::new(kind, of);
            let entry =
                Entry { surface: name.to_owned(), entity, ambiguous: false, percent: FOREIGN };
            if kind == Kind::Sector {
                self.phrases.insert(entry, true);
            } else {
                self.names.insert(entry, false);
            }
        }
        for line in rows(include_str!("../data/adjectives.tsv")) {
            let Some((code, words)) = line.split_once('\t') else { continue };
            for word in words.split('|') {
                let entity = Entity::new(Kind::Location, code);
                self.names.insert(
                    Entry { surface: word.to_owned(), entity, ambiguous: false, percent: FOREIGN },
                    false,
                );
            }
        }
        for line in rows(include_str!("../data/techniques.txt")) {
            let mut parts = line.splitn(3, ' ');
            let (Some(id), Some(percent), Some(pattern)) =
                (parts.next(), parts.next(), parts.next())
            else {
                continue;
            };
            for surface in expand(pattern) {
                let percent = percent.parse().unwrap_or(50);
                self.phrases.insert(
                    Entry {
                        surface,
                        entity: Entity::new(Kind::AttackPattern, id),
                        ambiguous: false,
                        percent,
                    },
                    true,
                );
            }
        }
        for line in rows(include_str!("../data/nicknames.tsv")) {
            let Some((name, _)) = line.split_once('\t') else { continue };
            let entity = Entity::new(Kind::Vulnerability, name);
            self.names.insert(
                Entry { surface: name.to_owned(), entity, ambiguous: false, percent: 96 },
                false,
            );
        }
        for line in rows(include_str!("../data/victims.tsv")) {
            let Some((phrase, sector)) = line.split_once('\t') else { continue };
            let entity = Entity::new(Kind::Sector, sector);
            self.phrases.insert(
                Entry { surface: phrase.to_owned(), entity, ambiguous: false, percent: 85 },
                true,
            );
        }
    }

    /// All that [`Self::longest`] finds, by the number of the token at which it starts.
    pub(crate) fn hits(&self, text: &str, tokens: &[Token]) -> Hits<'_> {
        Hits(
            (0..tokens.len())
                .filter_map(|at| Some((at, self.longest(text, tokens, at)?)))
                .collect(),
        )
    }

    /// What is known of a name to which a noun is glued; of everyday words only malware and tools tell.
    fn with_noun(&self, word: &str) -> Option<Hit<'_>> {
        let name = NOUNS.iter().find_map(|noun| word.strip_suffix(noun))?;
        if name.len() < 4 || !name.starts_with(|c: char| c.is_ascii_uppercase()) {
            return None;
        }
        let tokens = tokenise(name);
        let mut hit = self.names.longest(name, &tokens, 0, false)?;
        hit.entries.retain(|e| !e.ambiguous && matches!(e.entity.kind, Kind::Malware | Kind::Tool));
        (hit.tokens == tokens.len() && hit.tokens == 1 && !hit.entries.is_empty()).then_some(hit)
    }

    /// The longest name and the longest phrase that start at `tokens[at]`; the longer of both.
    pub(crate) fn longest(&self, text: &str, tokens: &[Token], at: usize) -> Option<Hit<'_>> {
        let name = self
            .names
            .longest(text, tokens, at, false)
            .or_else(|| self.with_noun(tokens.get(at)?.text(text)));
        let phrase = self.phrases.longest(text, tokens, at, true);
        match (name, phrase) {
            (Some(a), Some(b)) if b.tokens > a.tokens => Some(b),
            (Some(mut a), Some(b)) if b.tokens == a.tokens => {
                a.entries.extend(b.entries);
                Some(a)
            }
            (Some(a), _) => Some(a),
            (None, b) => b,
        }
    }
}

/// Nouns that are written behind names without a blank: "NetWireRAT", "VidarStealer".
const NOUNS: &[&str] = &["RAT", "Rat", "Stealer", "Ransomware", "Backdoor", "Trojan", "Malware"];

/// What the tables know of a text, read once for all who ask.
pub(crate) struct Hits<'g>(Vec<(usize, Hit<'g>)>);

impl<'g> Hits<'g> {
    /// The hit that starts at a token.
    pub(crate) fn at(&self, token: usize) -> Option<&Hit<'g>> {
        let i = self.0.binary_search_by_key(&token, |(at, _)| *at).ok()?;
        self.0.get(i).map(|(_, hit)| hit)
    }

    /// All hits, left to right; they may overlap.
    pub(crate) fn all(&self) -> impl Iterator<Item = (usize, &Hit<'g>)> {
        self.0.iter().map(|(at, hit)| (*at, hit))
    }
}

/// Whether a name says enough: names of techniques such as "Software", "Vulnerabilities" or
/// "Domains" (what adversaries get hold of, T1583 to T1608) are everyday words in reports.
fn is_telling(name: &Name) -> bool {
    if name.entity.kind != Kind::AttackPattern {
        return true;
    }
    let number: u32 = name.entity.value.get(1..5).and_then(|n| n.parse().ok()).unwrap_or(0);
    let lower = name.surface.to_ascii_lowercase();
    let one = tokenise(&name.surface).len() == 1;
    let single =
        ["ing", "kit", "jacking"].iter().any(|end| lower.ends_with(end)) && lower != "scanning";
    !(1583..=1608).contains(&number) && (!one || single)
}

/// CVE numbers of a vulnerability's nickname.
pub(crate) fn nickname(name: &str) -> Vec<&'static str> {
    rows(include_str!("../data/nicknames.tsv"))
        .filter_map(|line| line.split_once('\t'))
        .find(|(known, _)| known.eq_ignore_ascii_case(name))
        .map(|(_, numbers)| numbers.split(',').collect())
        .unwrap_or_default()
}

fn rows(table: &'static str) -> impl Iterator<Item = &'static str> {
    table.lines().filter(|line| !line.is_empty() && !line.starts_with('#'))
}

/// All phrases that a pattern of slots stands for.
fn expand(pattern: &str) -> Vec<String> {
    let mut phrases = vec![String::new()];
    for slot in pattern.split(' ') {
        let mut next = Vec::new();
        for phrase in &phrases {
            for word in slot.split('|') {
                let word = if word == "-" { String::new() } else { word.replace('_', " ") };
                let gap = if phrase.is_empty() || word.is_empty() { "" } else { " " };
                next.push(format!("{phrase}{gap}{word}"));
            }
        }
        phrases = next;
    }
    phrases.sort();
    phrases.dedup();
    phrases.retain(|p| !p.is_empty());
    phrases
}

/// Bits for first tokens: about thirty for each name.
const FIRSTS: usize = 1 << 18;

fn first_bit(key: u64) -> usize {
    (key ^ (key >> 32)) as usize % FIRSTS
}

impl Trie {
    fn new() -> Self {
        Self {
            firsts: vec![0; FIRSTS / 64].into_boxed_slice(),
            edges: HashMap::default(),
            ends: vec![Vec::new()],
            entries: Vec::new(),
        }
    }

    /// Whether a name may begin with a token of this hash.
    fn may_begin(&self, key: u64) -> bool {
        let bit = first_bit(key);
        self.firsts[bit / 64] & (1 << (bit % 64)) != 0
    }

    fn insert(&mut self, entry: Entry, stems: bool) {
        let tokens = tokenise(&entry.surface);
        let letters: u32 = tokens.iter().map(|t| t.end - t.start).sum();
        if tokens.is_empty() || tokens.len() > 12 || letters < 2 {
            return;
        }
        if let Some(first) = tokens.first() {
            let bit = first_bit(first.key(stems));
            self.firsts[bit / 64] |= 1 << (bit % 64);
        }
        let mut node = 0;
        for token in &tokens {
            let next = self.ends.len() as u32;
            node = *self.edges.entry((node, token.key(stems))).or_insert(next);
            if node == next {
                self.ends.push(Vec::new());
            }
        }
        let id = self.entries.len() as u32;
        if let Some(end) = self.ends.get_mut(node as usize)
            && !end.iter().any(|e| {
                self.entries.get(*e as usize).is_some_and(|known| {
                    known.entity == entry.entity && known.surface == entry.surface
                })
            })
        {
            end.push(id);
            self.entries.push(entry);
        }
    }

    fn longest(&self, text: &str, tokens: &[Token], at: usize, stems: bool) -> Option<Hit<'_>> {
        if !self.may_begin(tokens.get(at)?.key(stems)) {
            return None;
        }
        let mut node = 0;
        let mut best: Option<(usize, u32)> = None;
        for (i, token) in tokens.get(at..)?.iter().enumerate().take(12) {
            if i > 0 && !joins(text, &tokens[at + i - 1], token) {
                break;
            }
            match self.edges.get(&(node, token.key(stems))) {
                Some(next) => node = *next,
                None => break,
            }
            if self.ends.get(node as usize).is_some_and(|end| !end.is_empty()) {
                best = Some((i + 1, node));
            }
        }
        let (len, node) = best?;
        let entries = self
            .ends
            .get(node as usize)?
            .iter()
            .filter_map(|id| self.entries.get(*id as usize))
            .collect();
        Some(Hit { tokens: len, entries })
    }
}

impl Token {
    fn key(&self, stems: bool) -> u64 {
        if stems { self.stem } else { self.lower }
    }
}

/// Whether what stands between two tokens may stand inside a name.
fn joins(text: &str, left: &Token, right: &Token) -> bool {
    let between = text.get(left.end as usize..right.start as usize).unwrap_or("?");
    matches!(
        between,
        "" | " "
            | "-"
            | "_"
            | "/"
            | "."
            | "'"
            | "’"
            | "&"
            | " & "
            | "\n"
            | "+"
            | "\u{2011}"
            | "\u{2010}"
            | "\u{a0}"
            | "\r\n"
            | ", "
    ) && between != ", "
}

/// Cuts a text into tokens.
pub(crate) fn tokenise(text: &str) -> Vec<Token> {
    tokenise_outside(text, &[])
}

/// As [`tokenise`], without what begins in one of `passed` (in order of their start).
pub(crate) fn tokenise_outside(text: &str, passed: &[Span]) -> Vec<Token> {
    let bytes = text.as_bytes();
    let mut tokens = Vec::with_capacity(text.len() / 6);
    let mut passed = passed.iter().peekable();
    let mut at = 0;
    while at < bytes.len() {
        if let Some(span) = passed.next_if(|span| span.start as usize <= at) {
            at = at.max(span.end as usize);
            continue;
        }
        let start = at;
        if bytes[at].is_ascii_alphanumeric() {
            while at < bytes.len() && bytes[at].is_ascii_alphanumeric() {
                at += 1;
            }
            let mut hash = SEED;
            let mut last = SEED;
            for b in &bytes[start..at] {
                last = hash;
                hash = mix(hash, b.to_ascii_lowercase());
            }
            let len = at - start;
            let plural = len > 3 && bytes[at - 1] | 0x20 == b's' && bytes[at - 2] | 0x20 != b's';
            let ies = plural && len > 4 && bytes[at - 3..at].eq_ignore_ascii_case(b"ies");
            let stem = if ies {
                let mut hash = SEED;
                for b in &bytes[start..at - 3] {
                    hash = mix(hash, b.to_ascii_lowercase());
                }
                mix(hash, b'y')
            } else if plural {
                last
            } else {
                hash
            };
            tokens.push(Token { start: start as u32, end: at as u32, lower: hash, stem });
        } else if bytes[at] >= 0x80 {
            let mut hash = SEED;
            while at < bytes.len() && bytes[at] >= 0x80 {
                let Some(c) = text.get(at..).and_then(|rest| rest.chars().next()) else { break };
                if !c.is_alphanumeric() {
                    break;
                }
                for low in c.to_lowercase() {
                    let mut buffer = [0; 4];
                    hash = low.encode_utf8(&mut buffer).bytes().fold(hash, mix);
                }
                at += c.len_utf8();
            }
            if at > start {
                tokens.push(Token { start: start as u32, end: at as u32, lower: hash, stem: hash });
            } else {
                at += text.get(at..).and_then(|rest| rest.chars().next()).map_or(1, char::len_utf8);
            }
        } else {
            at += 1;
        }
    }
    tokens
}

const SEED: u64 = 0xcbf2_9ce4_8422_2325;

/// The hash of a word in ASCII, as the token of it has.
pub(crate) fn lower_hash(word: &[u8]) -> u64 {
    word.iter().fold(SEED, |hash, b| mix(hash, b.to_ascii_lowercase()))
}

/// One step of FNV-1a: tokens are short and the key is hashed again by the table.
fn mix(hash: u64, byte: u8) -> u64 {
    (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_expand_and_plurals_match() {
        assert_eq!(expand("a|b - c_d|-"), ["a", "a c d", "b", "b c d"]);
        let gazetteer = Gazetteer::from_names(&[]);
        let text =
            "creating Web Shells and reconnaissance of endpoint security tools at universities";
        let tokens = tokenise(text);
        let found: Vec<String> = (0..tokens.len())
            .filter_map(|at| gazetteer.longest(text, &tokens, at))
            .map(|h| h.entries[0].entity.value.clone())
            .collect();
        assert_eq!(found, ["T1505.003", "T1518.001", "education"]);
    }
}
