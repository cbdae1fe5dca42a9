//! Indicators compiled into one immutable object, so that the cost of a scan does not grow with
//! their number: candidate tokens, a hash, a filter, an exact table, and only then a look around.

// The steps of a scan become one function with the processor's best instructions; see `simd`.
// Both sides of a question are asked where a branch would cost more than the answer.
#![allow(clippy::inline_always, clippy::needless_bitwise_bool)]

mod buckets;
mod classes;
mod compile;
mod decode;
mod gate;
mod grams;
mod hash;
mod holds;
mod image;
mod literals;
mod mapped;
mod networks;
pub(crate) mod places;
mod runs;
mod signs;
mod simd;
mod stock_folder;
mod table;
mod tokens;
#[cfg(target_arch = "x86_64")]
mod wide;
mod wild_path;

use std::ops::Range;
use std::path::Path;

use lapwing_model::{Entity, Kind};

use crate::{HuntError, Indicator, Together};
pub(crate) use buckets::is_common;
pub use compile::{Compiler, SourceId};
use decode::{Form, Region};
use holds::UrlParts;
use image::{Image, Section};
pub(crate) use literals::Literals;
use mapped::Near;
use networks::{Networks, mask32, mask128};
use runs::{Input, PIECE, Runs};
#[cfg(test)]
pub(crate) use signs::signs;
use table::Filter;
use tokens::{Candidates, Span, Wanted};
use wild_path::WildPath;

/// Marks the entry of a host with so many URLs that each has a key of host and path.
const POPULAR: u32 = 1 << 31;
/// How often a text may be written in other forms on top of each other.
const DEEPEST: usize = 3;

/// Indicators compiled for scanning; immutable, shared by all threads.
#[derive(Debug)]
pub struct Matcher {
    image: Image,
    /// The filter once more, where it is large.
    near: Option<Near>,
    wanted: Wanted,
    networks: Networks,
    /// What is no token.
    literals: Literals,
    literal_owners: Vec<Owner>,
    has_file_hashes: bool,
    has_mail: bool,
    together: Vec<Together>,
}

/// Whose literal it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Owner {
    /// Number of the indicator.
    number: u32,
    /// Whether the literal is only a part of it, around which the rest must stand.
    is_wild: bool,
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
    runs: Runs,
    candidates: Candidates,
    passed: Vec<u32>,
    regions: Vec<Region>,
    /// For text in another form.
    inner: Option<Box<Scratch>>,
}

impl Scratch {
    /// The line feeds of the text scanned last, one bit a byte.
    pub(crate) fn newlines(&self) -> &[u64] {
        &self.runs.newlines
    }

    /// Whether a NUL stands in the text scanned last.
    pub(crate) fn has_nul(&self) -> bool {
        self.runs.nul[0]
    }

    fn begin(&mut self) {
        self.runs.begin();
        self.candidates.begin();
    }
}

impl Default for Matcher {
    fn default() -> Self {
        Compiler::default().finish()
    }
}

impl Matcher {
    /// Compiles indicators; the same value given twice counts once, with the higher probability.
    ///
    /// Entities that cannot stand in a log (actors, techniques …) and values too short to mean
    /// anything are left out.
    pub fn compile(indicators: impl IntoIterator<Item = Indicator>) -> Matcher {
        let mut compiler = Compiler::default();
        for indicator in indicators {
            compiler.add_indicator(&indicator);
        }
        compiler.finish()
    }

    /// Loads what [`Self::save`] wrote, without reading it into memory first.
    ///
    /// # Errors
    /// When the file cannot be read, is of another format, or is damaged.
    pub fn load(path: &Path) -> Result<Matcher, HuntError> {
        Image::load(path).map(Self::of)
    }

    /// Whether a file is a compiled matcher, by its first bytes.
    pub fn is_compiled(path: &Path) -> bool {
        Image::is_one(path)
    }

    /// Saves the matcher in one file; a file of that name is replaced only when all is written.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn save(&self, path: &Path) -> Result<(), HuntError> {
        self.image.save(path)
    }

    fn of(image: Image) -> Self {
        let kinds = image.section(Section::Kinds);
        let mut of_kind = [false; 256];
        for kind in kinds {
            of_kind[*kind as usize] = true;
        }
        let has = |wanted: &dyn Fn(Kind) -> bool| {
            Kind::ALL.iter().enumerate().any(|(at, kind)| of_kind[at] && wanted(*kind))
        };
        let networks = Networks::of(image.section(Section::Nets4), image.section(Section::Nets6));
        let mut matcher = Matcher {
            wanted: Wanted {
                gate: gate::Gate::from_bytes(image.section(Section::Gate)).unwrap_or_default(),
                addresses: !networks.is_empty(),
                tokens: !image.section(Section::Slots).is_empty() || !networks.is_empty(),
                // Hashes, and whatever else is one long word.
                hashes: has(&|kind| {
                    !matches!(
                        kind,
                        Kind::Ipv4Addr
                            | Kind::Ipv6Addr
                            | Kind::DomainName
                            | Kind::Url
                            | Kind::EmailAddr
                    )
                }),
            },
            has_file_hashes: has(&Kind::is_file_hash),
            has_mail: has(&|kind| kind == Kind::EmailAddr),
            networks,
            literals: Literals::default(),
            together: serde_json::from_slice(image.section(Section::Patterns)).unwrap_or_default(),
            literal_owners: Vec::new(),
            near: Near::of(image.section(Section::Filter)),
            image,
        };
        matcher.collect_literals();
        matcher
    }

    fn collect_literals(&mut self) {
        let numbers = self.image.section(Section::Literals).as_chunks::<4>().0;
        let mut all = Vec::new();
        for number in numbers.iter().map(|n| u32::from_le_bytes(*n)) {
            let (kind, value) = (self.kind(number), self.value(number));
            let anchors = WildPath::of(kind, value).map_or_else(Vec::new, |path| path.anchors());
            let is_wild = !anchors.is_empty();
            let mut texts: Vec<Vec<u8>> = anchors.into_iter().map(String::into_bytes).collect();
            if !is_wild {
                texts = literals::spellings_of(kind, value);
            }
            all.extend(texts.into_iter().map(|text| (text, Owner { number, is_wild })));
        }
        all.sort_unstable();
        all.dedup();
        let (texts, owners): (Vec<_>, Vec<_>) = all.into_iter().unzip();
        self.literals = Literals::new(texts);
        self.literal_owners = owners;
    }

    /// Number of indicators.
    pub fn len(&self) -> usize {
        self.image.section(Section::Kinds).len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The patterns of several observations that were compiled with the values.
    pub fn patterns(&self) -> &[Together] {
        &self.together
    }

    /// Bytes of the filter, and of all.
    pub fn sizes(&self) -> (usize, usize) {
        let filter = self.image.section(Section::Filter).len();
        (filter + self.image.section(Section::Gate).len(), self.image.len())
    }

    fn kind(&self, number: u32) -> Kind {
        let kind = self.image.section(Section::Kinds).get(number as usize);
        kind.and_then(|at| Kind::ALL.get(*at as usize)).copied().unwrap_or(Kind::Other)
    }

    fn value(&self, number: u32) -> &str {
        let value =
            part(self.image.section(Section::Offsets), self.image.section(Section::Values), number);
        std::str::from_utf8(value).unwrap_or("")
    }

    /// The kind of an indicator.
    pub(crate) fn kind_of(&self, number: u32) -> Kind {
        self.kind(number)
    }

    /// All that is known of an indicator; made when it was found.
    pub(crate) fn indicator(&self, number: u32) -> Indicator {
        let sources = self.image.section(Section::Abouts).as_chunks::<4>().0;
        let source = sources.get(number as usize).map_or(0, |s| u32::from_le_bytes(*s));
        let record = part(
            self.image.section(Section::RecordOffsets),
            self.image.section(Section::Records),
            source,
        );
        let entity = Entity::new(self.kind(number), self.value(number));
        match serde_json::from_slice::<compile::Record>(record) {
            Ok(record) => Indicator {
                entity,
                probability: record.probability,
                technique: record.technique,
                why: record.why,
                status: record.status,
                last_seen: record.last_seen,
            },
            Err(_) => Indicator::new(entity, 0.5, ""),
        }
    }

    #[inline(always)]
    fn filter(&self) -> Filter<'_> {
        let near = self.near.as_ref().map(Near::bytes);
        Filter::of(near.unwrap_or_else(|| self.image.section(Section::Filter)))
    }

    /// Whether it is worth to hash files.
    pub(crate) fn has_file_hashes(&self) -> bool {
        self.has_file_hashes
    }

    /// Finds all indicators in `text` (at most 4 GB): where each stands, and what it is.
    pub fn find(&self, text: &[u8]) -> Vec<(Range<usize>, Entity)> {
        let (mut scratch, mut hits) = (Scratch::default(), Vec::new());
        scratch.runs.no_lines = true;
        self.scan(text, &mut scratch, &mut hits);
        let entity = |n| Entity::new(self.kind(n), self.value(n));
        hits.iter().map(|hit| (hit.start..hit.end, entity(hit.indicator))).collect()
    }

    /// What is no token, in lower case; where such a text stands, is told to [`Self::literal`].
    pub(crate) fn literals(&self) -> &[Vec<u8>] {
        self.literals.all()
    }

    /// Takes a place of a literal.
    pub(crate) fn literal(
        &self,
        text: &[u8],
        (start, end): (usize, usize),
        number: usize,
        hits: &mut Vec<Hit>,
    ) {
        let Owner { number: indicator, is_wild } = self.literal_owners[number];
        let found = if is_wild {
            let path = WildPath::of(self.kind(indicator), self.value(indicator));
            path.and_then(|path| path.around(text, (start, end)))
        } else {
            (!literals::glued(text, start, end)).then_some((start, end))
        };
        hits.extend(found.map(|(start, end)| Hit { start, end, indicator }));
    }

    fn scan_literals(&self, text: &[u8], hits: &mut Vec<Hit>) {
        self.literals.places(text, |start, end, number| {
            self.literal(text, (start, end), number, hits);
        });
    }

    /// Finds all indicators in `text`, in order of place; `hits` is emptied first.
    pub(crate) fn scan(&self, text: &[u8], scratch: &mut Scratch, hits: &mut Vec<Hit>) {
        hits.clear();
        self.scan_literals(text, hits);
        self.scan_tokens(text, scratch, hits);
    }

    /// The same where `hits` has what [`Self::literal`] gave for all literals.
    pub(crate) fn scan_tokens(&self, text: &[u8], scratch: &mut Scratch, hits: &mut Vec<Hit>) {
        scratch.begin();
        self.scan_form(text, scratch, hits, 0);
        hits.sort_unstable();
        hits.dedup();
    }

    /// Scans text of one form, then what stands in it in other forms.
    fn scan_form(&self, text: &[u8], scratch: &mut Scratch, hits: &mut Vec<Hit>, depth: usize) {
        if self.is_empty() {
            simd::lines(text, &mut scratch.runs);
            return;
        }
        scratch.regions.clear();
        let mut at = 0;
        loop {
            let last = text.len() - at < PIECE;
            simd::find(&Input { text, at, last }, &mut scratch.runs);
            self.scan_piece(text, at, scratch, hits);
            if last {
                break;
            }
            at += PIECE;
        }
        if depth > 0 {
            self.scan_literals(text, hits);
        }
        if depth < DEEPEST && !scratch.regions.is_empty() {
            self.scan_regions(text, scratch, hits, depth);
        }
    }

    fn scan_piece(&self, text: &[u8], at: usize, scratch: &mut Scratch, hits: &mut Vec<Hit>) {
        let Scratch { runs, candidates, passed, regions, .. } = scratch;
        simd::candidates(candidates, text, at, runs, &self.wanted);
        for &(from, to) in &candidates.base64 {
            regions.push(Region { form: Form::Base64, from: from as usize, to: to as usize });
        }
        if !self.networks.is_empty() {
            for &(start, length) in &candidates.addresses {
                let span = (start as usize, (start + length) as usize);
                self.networks.find4(text, span, |indicator| {
                    hits.push(Hit { start: span.0, end: span.1, indicator });
                });
            }
            self.networks.find6(text, at, hits);
        }
        let filter = self.filter();
        if filter.is_large() {
            let keys = candidates.hashes.iter().take(candidates.spans.len());
            keys.filter_map(|key| filter.block(*key)).for_each(simd::fetch);
        }
        passed.resize(candidates.spans.len().max(passed.len()), 0);
        let mut count = 0;
        for (number, (hash, _)) in candidates.hashes.iter().zip(&candidates.spans).enumerate() {
            if let Some(place) = passed.get_mut(count) {
                *place = number as u32;
            }
            count += usize::from(filter.may_hold(*hash));
        }
        for number in &passed[..count] {
            let number = *number as usize;
            self.look_up(text, candidates.hashes[number], candidates.spans[number], hits);
        }
        for &sign in &candidates.signs {
            let sign = sign as usize;
            if regions.last().is_none_or(|r| r.form == Form::Base64 || r.to <= sign)
                && let Some(region) = decode::region(text, sign, self.has_mail)
            {
                regions.push(region);
            }
        }
    }

    fn look_up(&self, text: &[u8], key: u64, span: Span, hits: &mut Vec<Hit>) {
        let buckets = self.image.section(Section::Buckets);
        let slots = self.image.section(Section::Slots);
        for number in table::lookup(buckets, slots, key) {
            if number & POPULAR != 0 {
                self.look_up_paths(text, key, number & !POPULAR, span, hits);
            } else if let Some((start, end)) =
                holds::holds(self.kind(number), self.value(number), text, span)
            {
                hits.push(Hit { start, end, indicator: number });
            }
        }
    }

    /// URLs of a host that has many: by the paths that stand behind it or on its line.
    fn look_up_paths(&self, text: &[u8], key: u64, one: u32, span: Span, hits: &mut Vec<Hit>) {
        let token = &text[span.start()..span.end()];
        if !token.eq_ignore_ascii_case(UrlParts::of(self.value(one)).host.as_bytes()) {
            return;
        }
        let filter = self.filter();
        let mut check = |path: &[u8]| {
            let key = compile::path_key(key, path);
            if !filter.may_hold(key) {
                return;
            }
            let buckets = self.image.section(Section::Buckets);
            for number in table::lookup(buckets, self.image.section(Section::Slots), key) {
                if number & POPULAR == 0
                    && self.kind(number) == Kind::Url
                    && let Some((start, end)) =
                        holds::holds(Kind::Url, self.value(number), text, span)
                {
                    hits.push(Hit { start, end, indicator: number });
                }
            }
        };
        check(b"");
        holds::paths_near(text, span.end(), &mut check);
    }

    fn scan_regions(&self, text: &[u8], scratch: &mut Scratch, hits: &mut Vec<Hit>, depth: usize) {
        let regions = std::mem::take(&mut scratch.regions);
        let mut inner = scratch.inner.take().unwrap_or_default();
        let mut found = Vec::new();
        hits.sort_unstable();
        let before = hits.len();
        for region in &regions {
            found.clear();
            self.scan_region(text, *region, &mut inner, &mut found, depth);
            for hit in &found {
                // What can be read both ways stands there once.
                let near = hit.start.saturating_sub(tokens::LONGEST);
                let from = hits[..before].partition_point(|h| h.start < near);
                let near = hits[from..before].iter().take_while(|h| h.start < hit.end);
                let known = |h: &Hit| h.indicator == hit.indicator && hit.start < h.end;
                if !near.into_iter().any(known) {
                    hits.push(*hit);
                }
            }
        }
        scratch.inner = Some(inner);
        scratch.regions = regions;
    }

    fn scan_region(
        &self,
        text: &[u8],
        region: Region,
        inner: &mut Box<Scratch>,
        found: &mut Vec<Hit>,
        depth: usize,
    ) {
        let plain = region.read(text);
        inner.begin();
        self.scan_form(&plain.text, inner, found, depth + 1);
        let to = |at: usize| plain.from.get(at).map_or(region.to, |place| *place as usize);
        for hit in found {
            *hit = Hit { start: to(hit.start), end: to(hit.end), ..*hit };
        }
    }
}

/// One of many parts that lie behind each other.
fn part<'b>(offsets: &[u8], all: &'b [u8], number: u32) -> &'b [u8] {
    let offsets = offsets.as_chunks::<8>().0;
    let offset = |at: usize| offsets.get(at).map_or(0, |o| u64::from_le_bytes(*o) as usize);
    all.get(offset(number as usize)..offset(number as usize + 1)).unwrap_or(&[])
}

#[cfg(test)]
mod tests;
