//! Many literals at once, in any case of ASCII letters; for what is no token.
//!
//! A case-insensitive automaton reads at a fifth of the speed of the token scan. So the rarest three bytes
//! of each literal are searched in all their spellings, and only there the whole literal is
//! compared. With too many literals for that, the automaton is used after all.

use aho_corasick::packed;
use aho_corasick::{AhoCorasick, MatchKind};

/// A set of literals.
#[derive(Debug, Default)]
pub(crate) struct Literals {
    literals: Vec<Vec<u8>>,
    search: Search,
}

#[derive(Debug, Default)]
enum Search {
    #[default]
    Nothing,
    /// Windows of three bytes; for each pattern the literals that have it, with its place in them.
    Windows {
        searcher: packed::Searcher,
        owners: Vec<Vec<(u32, u32)>>,
        width: usize,
    },
    Automaton(Box<AhoCorasick>),
}

const MOST_WINDOWS: usize = 64;

impl Literals {
    /// Takes literals in lower case; those shorter than three bytes find nothing.
    pub(crate) fn new(literals: Vec<Vec<u8>>) -> Self {
        let search = Self::windows(&literals).unwrap_or_else(|| {
            AhoCorasick::builder()
                .ascii_case_insensitive(true)
                .match_kind(MatchKind::Standard)
                .build(&literals)
                .map_or(Search::Nothing, |automaton| Search::Automaton(Box::new(automaton)))
        });
        Self { literals, search }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.literals.is_empty()
    }

    fn windows(literals: &[Vec<u8>]) -> Option<Search> {
        if literals.is_empty() {
            return Some(Search::Nothing);
        }
        let mut patterns: Vec<Vec<u8>> = Vec::new();
        let mut owners: Vec<Vec<(u32, u32)>> = Vec::new();
        for (number, literal) in literals.iter().enumerate() {
            let at = (0..literal.len().checked_sub(2)?)
                .min_by_key(|&at| literal[at..at + 3].iter().map(|b| weight(*b)).sum::<u32>())?;
            for pattern in spellings(&literal[at..at + 3]) {
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
        let searcher = packed::Config::new().builder().extend(&patterns).build()?;
        Some(Search::Windows { searcher, owners, width: 3 })
    }

    /// Tells every place of every literal that is not glued to a longer word: start, end, number.
    pub(crate) fn find(&self, text: &[u8], mut tell: impl FnMut(usize, usize, usize)) {
        let mut check = |start: usize, number: usize| {
            let literal = &self.literals[number];
            let end = start + literal.len();
            if text.get(start..end).is_some_and(|t| t.eq_ignore_ascii_case(literal))
                && !glued(text, start, end)
            {
                tell(start, end, number);
            }
        };
        match &self.search {
            Search::Nothing => {}
            Search::Windows { searcher, owners, width } => {
                // Windows may overlap (`aab` in `aaab`), so the search goes on one byte further.
                let mut from = 0;
                while let Some(found) =
                    text.get(from..).filter(|t| t.len() >= *width).and_then(|t| searcher.find(t))
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
            Search::Automaton(automaton) => {
                for found in automaton.find_overlapping_iter(text) {
                    check(found.start(), found.pattern().as_usize());
                }
            }
        }
    }

    /// Tells where any literal stands, glued or not: the prefilter of checks.
    pub(crate) fn places(&self, text: &[u8], mut tell: impl FnMut(usize, usize)) {
        match &self.search {
            Search::Windows { searcher, owners, width } => {
                let mut from = 0;
                while let Some(found) =
                    text.get(from..).filter(|t| t.len() >= *width).and_then(|t| searcher.find(t))
                {
                    let at = from + found.start();
                    for &(number, inner) in &owners[found.pattern().as_usize()] {
                        let literal = &self.literals[number as usize];
                        if let Some(start) = at.checked_sub(inner as usize)
                            && text
                                .get(start..start + literal.len())
                                .is_some_and(|t| t.eq_ignore_ascii_case(literal))
                        {
                            tell(start, number as usize);
                        }
                    }
                    from = at + 1;
                }
            }
            Search::Automaton(automaton) => {
                for found in automaton.find_overlapping_iter(text) {
                    tell(found.start(), found.pattern().as_usize());
                }
            }
            Search::Nothing => {}
        }
    }
}

fn glued(text: &[u8], start: usize, end: usize) -> bool {
    let word = |at: Option<usize>| {
        at.and_then(|at| text.get(at)).is_some_and(|b| b.is_ascii_alphanumeric() || *b == b'_')
    };
    word(Some(start)) && word(start.checked_sub(1)) || word(end.checked_sub(1)) && word(Some(end))
}

/// How common a byte is in logs, roughly.
fn weight(byte: u8) -> u32 {
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
