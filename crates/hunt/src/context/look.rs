//! What stands in a chunk of a log, whatever its columns mean: seen on any thread, judged later in order.

use super::{Context, Route};
use crate::condition::ANY_BYTE;
use crate::line_order::Extremes;
use crate::lines::{self, each_line};
use crate::matcher::{Hit, Scratch};
use crate::other_forms::{self, Forms};
use crate::raw::Raw;

/// A check that reads lines.
#[derive(Clone)]
pub(super) struct Needed {
    /// The bit of its route.
    pub route: u64,
    /// What must stand in a line.
    pub raw: Raw,
}

/// A literal with bytes that may be any: its longest plain part is looked for, the others are compared.
#[derive(Clone, Debug)]
pub(super) struct Around {
    whole: Vec<u8>,
    /// Where the plain part stands in it.
    plain: (usize, usize),
}

impl Around {
    pub(super) fn of(whole: Vec<u8>) -> Self {
        let mut plain = (0, 0);
        let mut from = 0;
        for part in whole.split(|byte| char::from(*byte) == ANY_BYTE) {
            if part.len() > plain.1 - plain.0 {
                plain = (from, from + part.len());
            }
            from += part.len() + 1;
        }
        Self { whole, plain }
    }

    pub(super) fn plain(&self) -> &[u8] {
        &self.whole[self.plain.0..self.plain.1]
    }

    /// Whether the whole literal stands where its plain part was found.
    fn stands(&self, text: &[u8], at: usize) -> bool {
        if self.plain.1 - self.plain.0 == self.whole.len() {
            return true;
        }
        let start = at.checked_sub(self.plain.0);
        let here = start.and_then(|start| text.get(start..start + self.whole.len()));
        let is = |(wanted, seen): (&u8, &u8)| {
            char::from(*wanted) == ANY_BYTE || wanted.eq_ignore_ascii_case(seen)
        };
        here.is_some_and(|here| self.whole.iter().zip(here).all(is))
    }
}

/// What stands in a chunk of a log, whatever its columns mean.
#[derive(Debug, Default)]
pub(crate) struct Seen {
    pub scratch: Scratch,
    pub hits: Vec<Hit>,
    /// A place in each line that Sigma rules ask for, in no order.
    pub asked: Vec<usize>,
    /// The first and last lines by their time.
    pub extremes: Extremes,
    /// Where lines begin that begin with `#`.
    pub directives: Vec<usize>,
    /// Bytes of the shortest line that is not empty.
    pub shortest: usize,
    /// Where the line feeds stand, in order.
    feeds: Vec<u32>,
    /// Where the lines of Linux' audit have their sign.
    audits: Vec<usize>,
    /// For what these lines write in hexadecimal digits.
    hex: Hex,
    /// Where a literal of a check stands, and which.
    places: Vec<(usize, usize)>,
    /// The lines that may meet checks, and the numbers of these.
    witnesses: Vec<Witness>,
    may: Vec<u32>,
    /// What the text says in other forms.
    forms: Forms,
    /// A line in lower case and what it stands for, and the checks that were asked for it.
    line: Vec<Vec<u8>>,
    judged: Vec<u32>,
}

/// Room for values of hexadecimal digits, as text.
#[derive(Debug, Default)]
struct Hex {
    text: Vec<u8>,
    scratch: Scratch,
    hits: Vec<Hit>,
}

/// A line that may meet checks.
#[derive(Clone, Copy, Debug)]
struct Witness {
    /// A place in it.
    at: usize,
    /// The bits of the checks' routes.
    routes: u64,
    /// Which checks these are, in `may`.
    may: (usize, usize),
}

impl Seen {
    /// How many line feeds stand from one place up to another.
    pub(crate) fn feeds(&self, from: usize, to: usize) -> u64 {
        self.feeds_before(to).saturating_sub(self.feeds_before(from)) as u64
    }

    /// Where the line begins in which a place lies.
    pub(crate) fn line_start(&self, at: usize) -> usize {
        let before = self.feeds_before(at).checked_sub(1).and_then(|last| self.feeds.get(last));
        before.map_or(0, |feed| *feed as usize + 1)
    }

    fn feeds_before(&self, at: usize) -> usize {
        self.feeds.partition_point(|feed| (*feed as usize) < at)
    }

    /// Places in the lines that may meet checks of a route, with the numbers of the checks; `None` when every record is
    /// needed.
    pub(crate) fn witnesses(
        &self,
        route: Option<&Route<'_>>,
    ) -> Option<impl Iterator<Item = (usize, &[u32])>> {
        let bit = match route {
            Some(route) if route.every_record => return None,
            Some(route) => route.bit,
            None => 0,
        };
        let here = self.witnesses.iter().filter(move |witness| witness.routes & bit != 0);
        Some(here.map(|one| (one.at, self.may.get(one.may.0..one.may.1).unwrap_or(&[]))))
    }
}

impl Context<'_> {
    /// Looks for indicators and the literals of checks; depends on nothing but the text.
    pub(crate) fn look(&self, text: &[u8], seen: &mut Seen) {
        seen.places.clear();
        seen.audits.clear();
        seen.hits.clear();
        let Seen { places, audits, hex, forms, hits, scratch, .. } = &mut *seen;
        let tell = |at: usize, end: usize, number: usize| match self.around.get(number) {
            Some(around) if around.stands(text, at) => places.push((at, number)),
            Some(_) => {}
            None => match self.shared_from.and_then(|from| number.checked_sub(from)) {
                Some(number) => self.matcher.literal(text, (at, end), number, hits),
                None => audits.push(at),
            },
        };
        if self.needed.is_empty() {
            self.witnesses.places(text, tell);
        } else {
            let signs = forms.begin();
            self.witnesses.places_and_signs(text, tell, |at| signs.push(at));
        }
        if self.shared_from.is_some() {
            self.matcher.scan_tokens(text, scratch, hits);
        } else {
            self.matcher.scan(text, scratch, hits);
        }
        if !self.needed.is_empty() {
            audits.sort_unstable();
            self.look_in_hex(text, audits, hex, hits);
            forms.read(text, audits, self.escapes, self.longest);
            // A literal in another form counts for the line's beginning.
            self.witnesses.places(forms.plain(), |at, _, number| {
                if self.around.get(number).is_some_and(|around| around.stands(forms.plain(), at)) {
                    places.push((forms.line_of(at), number));
                }
            });
        }
        self.look_at_lines(text, seen);
        seen.places.sort_unstable();
        seen.places.dedup();
        self.judge_lines(text, seen);
        seen.asked.clear();
        if let Some(gate) = self.gate() {
            gate.places(text, &mut seen.forms, &mut seen.asked);
        }
    }

    /// Notes what every line tells by its beginning and length, and where lines end.
    fn look_at_lines(&self, text: &[u8], seen: &mut Seen) {
        seen.extremes.clear();
        seen.directives.clear();
        seen.feeds.clear();
        seen.shortest = usize::MAX;
        let Seen { scratch, extremes, directives, shortest, feeds, .. } = &mut *seen;
        each_line(text, scratch.newlines(), 0, text.len(), |start, end| {
            let line = &text[start..end];
            // The last line may have no end.
            if end < text.len() {
                feeds.push(end as u32);
            }
            if line.first() == Some(&b'#') {
                directives.push(start);
            }
            if line.len() > 1 {
                *shortest = line.len().min(*shortest);
            }
            if !self.second {
                extremes.add(line, start);
            }
        });
    }

    /// Looks for indicators in what lines of Linux' audit write in hexadecimal digits; a hit is told where its digits
    /// stand.
    fn look_in_hex(&self, text: &[u8], audits: &[usize], hex: &mut Hex, hits: &mut Vec<Hit>) {
        if self.matcher.is_empty() || audits.is_empty() {
            return;
        }
        let before = hits.len();
        let mut done = 0;
        for &at in audits {
            if at < done {
                continue;
            }
            let (start, end) = lines::around(text, at);
            done = end;
            for (from, to) in other_forms::hex_values(&text[start..end]) {
                hex.text.clear();
                other_forms::unhex(&text[start + from..start + to], &mut hex.text);
                self.matcher.scan(&hex.text, &mut hex.scratch, &mut hex.hits);
                hits.extend(hex.hits.iter().map(|hit| Hit {
                    start: start + from + 2 * hit.start,
                    end: start + from + 2 * hit.end,
                    ..*hit
                }));
            }
        }
        if hits.len() > before {
            hits.sort_unstable();
            hits.dedup();
        }
    }

    /// Keeps the lines that may meet a check by what stands in them.
    fn judge_lines(&self, text: &[u8], seen: &mut Seen) {
        let Seen { places, witnesses, may, line, judged, feeds, .. } = seen;
        witnesses.clear();
        may.clear();
        let mut rest = &places[..];
        let mut next = 0;
        while let Some(&(at, _)) = rest.first() {
            while feeds.get(next).is_some_and(|feed| (*feed as usize) < at) {
                next += 1;
            }
            let start = next.checked_sub(1).map_or(0, |before| feeds[before] as usize + 1);
            let end = feeds.get(next).map_or(text.len(), |feed| *feed as usize);
            // A literal that ends its line counts itself.
            let count = rest.iter().take_while(|(at, _)| *at < end).count().max(1);
            let (here, behind) = rest.split_at(count);
            rest = behind;
            judged.clear();
            let (mut routes, begin) = (0, may.len());
            let there = |wanted: u32| here.iter().any(|(_, number)| *number == wanted as usize);
            // A line is decoded when the first check asks for it.
            let mut forms = 0;
            for needed in here.iter().flat_map(|(_, number)| &self.needed_by[*number]) {
                if judged.contains(needed) {
                    continue;
                }
                judged.push(*needed);
                let Needed { route, raw } = &self.needed[*needed as usize];
                if !raw.may_hold_with(&there) {
                    continue;
                }
                if forms == 0 {
                    forms = other_forms::decoded(&text[start..end], line).len();
                }
                if raw.may_hold(&line[..forms], &there) {
                    routes |= route;
                    may.push(*needed);
                }
            }
            if routes != 0 {
                witnesses.push(Witness { at, routes, may: (begin, may.len()) });
            }
        }
    }
}
