//! Many literals at once, in any case of ASCII letters; for what is no token, and for what checks need.
//!
//! A case-insensitive automaton reads at a fifth of the speed of the token scan. So some dozens of
//! literals are found by four bytes of each (see [`super::buckets`]), and more by samples (see
//! [`super::grams`]); only the shortest are searched by their rarest three bytes in all spellings, and
//! where those are too many, by the automaton after all.

use aho_corasick::packed;
use aho_corasick::{AhoCorasick, MatchKind};
use lapwing_model::{Kind, registry};

use super::buckets::Buckets;
use super::grams::Grams;
use super::signs::{is_sign, signs};

/// A set of literals.
#[derive(Clone, Debug, Default)]
pub(crate) struct Literals {
    all: Vec<Vec<u8>>,
    few: Option<Buckets>,
    long: Grams<4>,
    middle: Grams<2>,
    short: Search,
}

#[derive(Clone, Debug, Default)]
enum Search {
    #[default]
    Nothing,
    /// Windows of three bytes; for each pattern the literals that have it, with its place in them.
    Windows { searcher: packed::Searcher, owners: Vec<Vec<(u32, u32)>> },
    /// With the number of each pattern's literal.
    Automaton(Box<AhoCorasick>, Vec<u32>),
}

const WINDOW: usize = 3;
const MOST_WINDOWS: usize = 64;
/// Shorter indicators would be found everywhere.
const SHORTEST: usize = 5;

impl Literals {
    /// Takes literals in lower case; empty ones find nothing.
    pub(crate) fn new(literals: Vec<Vec<u8>>) -> Self {
        let is_short = |l: &[u8]| !l.is_empty() && l.len() < Grams::<4>::SHORTEST;
        let is_tiny = |l: &[u8]| !l.is_empty() && l.len() < Grams::<2>::SHORTEST;
        let is_three = |l: &[u8]| l.len() == 3;
        let four: Vec<(u32, &[u8])> =
            (0..).zip(literals.iter().map(Vec::as_slice)).filter(|(_, l)| l.len() > 3).collect();
        let none = literals.iter().all(|l| l.len() >= 3);
        if let (true, Some(few), Some(short)) =
            (none, Buckets::new(&four), windows(&literals, is_three))
        {
            return Self { all: literals, few: Some(few), short, ..Self::default() };
        }
        if let Some(short) = windows(&literals, is_short) {
            let long = Grams::new(&literals, |_| true);
            return Self { all: literals, long, short, ..Self::default() };
        }
        // Denser samples are needed anyway, so they do for all.
        let middle = Grams::new(&literals, |_| true);
        let short = windows(&literals, is_tiny).unwrap_or_else(|| automaton(&literals, is_tiny));
        Self { all: literals, middle, short, ..Self::default() }
    }

    /// The literals, by their numbers.
    pub(super) fn all(&self) -> &[Vec<u8>] {
        &self.all
    }

    /// Tells where any literal stands, its end, and its number.
    pub(crate) fn places(&self, text: &[u8], tell: impl FnMut(usize, usize, usize)) {
        self.find(text, tell, |_| {});
    }

    /// The same; and tells the places of signs, as [`signs`] does.
    pub(crate) fn places_and_signs(
        &self,
        text: &[u8],
        tell: impl FnMut(usize, usize, usize),
        mut sign: impl FnMut(usize),
    ) {
        if self.few.is_none() {
            signs(text, &mut sign);
            return self.places(text, tell);
        }
        self.find(text, tell, |at| {
            if is_sign(text, at) {
                sign(at);
            }
        });
    }

    fn find(&self, text: &[u8], mut tell: impl FnMut(usize, usize, usize), odd: impl FnMut(usize)) {
        let mut check = |start: usize, number: usize| {
            let literal = &self.all[number];
            let here = text.get(start..start + literal.len());
            if here.is_some_and(|here| here.eq_ignore_ascii_case(literal)) {
                tell(start, start + literal.len(), number);
            }
        };
        if let Some(few) = &self.few {
            few.find(text, &mut check, odd);
        }
        self.long.find(text, &mut check);
        self.middle.find(text, &mut check);
        self.short.find(text, &mut check);
    }
}

impl Search {
    fn find(&self, text: &[u8], check: &mut impl FnMut(usize, usize)) {
        match self {
            Search::Nothing => {}
            Search::Windows { searcher, owners } => {
                // Windows may overlap (`aab` in `aaab`), so the search goes on one byte further.
                let mut from = 0;
                while let Some(found) =
                    text.get(from..).filter(|t| t.len() >= WINDOW).and_then(|t| searcher.find(t))
                {
                    let at = from + found.start();
                    for &(number, inner) in &owners[found.pattern().as_usize()] {
                        if let Some(start) = at.checked_sub(inner as usize) {
                            check(start, number as usize);
                        }
                    }
                    from = at + 1;
                }
            }
            Search::Automaton(automaton, numbers) => {
                for found in automaton.find_overlapping_iter(text) {
                    check(found.start(), numbers[found.pattern().as_usize()] as usize);
                }
            }
        }
    }
}

fn automaton(literals: &[Vec<u8>], wanted: impl Fn(&[u8]) -> bool) -> Search {
    let all = || literals.iter().enumerate().filter(|(_, l)| wanted(l));
    AhoCorasick::builder()
        .ascii_case_insensitive(true)
        .match_kind(MatchKind::Standard)
        .build(all().map(|(_, l)| l))
        .map_or(Search::Nothing, |automaton| {
            Search::Automaton(Box::new(automaton), all().map(|(n, _)| n as u32).collect())
        })
}

/// `None` when a literal is shorter than a window or the windows are too many.
fn windows(literals: &[Vec<u8>], wanted: impl Fn(&[u8]) -> bool) -> Option<Search> {
    let mut patterns: Vec<Vec<u8>> = Vec::new();
    let mut owners: Vec<Vec<(u32, u32)>> = Vec::new();
    for (number, literal) in literals.iter().enumerate().filter(|(_, l)| wanted(l)) {
        let at = (0..(literal.len() + 1).checked_sub(WINDOW)?)
            .min_by_key(|&at| literal[at..at + WINDOW].iter().map(|b| weight(*b)).sum::<u32>())?;
        for pattern in spellings(&literal[at..at + WINDOW]) {
            let place = patterns.iter().position(|p| *p == pattern).unwrap_or_else(|| {
                patterns.push(pattern);
                owners.push(Vec::new());
                patterns.len() - 1
            });
            owners[place].push((number as u32, at as u32));
        }
        if patterns.len() > MOST_WINDOWS {
            return None;
        }
    }
    if patterns.is_empty() {
        return Some(Search::Nothing);
    }
    let searcher = packed::Config::new().builder().extend(&patterns).build()?;
    Some(Search::Windows { searcher, owners })
}

/// Whether a literal is a part of a longer word.
pub(super) fn glued(text: &[u8], start: usize, end: usize) -> bool {
    let word = |at: Option<usize>| {
        at.and_then(|at| text.get(at)).is_some_and(|b| b.is_ascii_alphanumeric() || *b == b'_')
    };
    word(Some(start)) && word(start.checked_sub(1)) || word(end.checked_sub(1)) && word(Some(end))
}

/// How common a byte is in logs, roughly.
pub(super) fn weight(byte: u8) -> u32 {
    match byte {
        b'~' | b'\\' | b'`' | b'^' | b'{' | b'}' | b'|' | b'#' | b'$' | b'!' | b'*' | b'@' => 1,
        b'j' | b'q' | b'x' | b'z' => 3,
        b'k' | b'v' | b'w' | b'y' | b'b' | b'h' | b'_' | b'\'' | b'<' | b'>' | b';' | b'(' => 6,
        b'0'..=b'9' | b'.' | b',' | b' ' | b'-' | b'/' | b':' | b'=' | b'+' | b'"' => 14,
        _ => 9,
    }
}

fn spellings(window: &[u8]) -> Vec<Vec<u8>> {
    window.iter().fold(vec![Vec::new()], |all, &byte| {
        let mut next = Vec::new();
        for start in all {
            for b in [byte.to_ascii_lowercase(), byte.to_ascii_uppercase()] {
                let mut spelling: Vec<u8> = start.clone();
                spelling.push(b);
                next.push(spelling);
            }
        }
        next.dedup();
        next
    })
}

/// How logs write a value that is no token.
pub(super) fn spellings_of(kind: Kind, value: &str) -> Vec<Vec<u8>> {
    let value = match kind {
        Kind::NetworkFingerprint => super::holds::digits(value),
        Kind::WindowsRegistryKey => registry::below_root(value),
        _ => value,
    };
    let value = value.to_ascii_lowercase();
    let mut all = vec![value.clone()];
    if value.contains('\\') {
        // As JSON and registry exports write it.
        all.push(value.replace('\\', "\\\\"));
    }
    if value.contains(' ') && kind != Kind::WindowsRegistryKey {
        // W3C logs write a blank as `+`, queries as `%20`.
        all.push(value.replace(' ', "+"));
        all.push(value.replace(' ', "%20"));
    }
    all.retain(|text| text.len() >= SHORTEST);
    all.into_iter().map(String::into_bytes).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn all_places_are_found_once(
            mut literals in prop_oneof![
                proptest::collection::vec("[abC~/ ]{1,12}", 0..40),
                proptest::collection::vec("[abC~/ ]{3,12}", 0..40),
                proptest::collection::vec("[abC~/ ]{4,12}", 0..90),
            ],
            text in "[abcABC~/ ]{0,200}",
        ) {
            for literal in &mut literals {
                literal.make_ascii_lowercase();
            }
            literals.sort();
            literals.dedup();
            let set = Literals::new(literals.iter().map(|l| l.clone().into_bytes()).collect());
            let mut found = Vec::new();
            set.places(text.as_bytes(), |at, _, number| found.push((at, number)));
            found.sort_unstable();
            let lower = text.to_ascii_lowercase();
            let mut wanted: Vec<(usize, usize)> = literals.iter().enumerate().flat_map(|(number, l)| {
                let lower = &lower;
                (0..lower.len()).filter(move |at| lower[*at..].starts_with(l.as_str())).map(move |at| (at, number))
            }).collect();
            wanted.sort_unstable();
            prop_assert_eq!(found, wanted);
        }
    }
}
