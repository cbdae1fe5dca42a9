use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::ops::Range;

use lapwing_model::{
    Claim, DocumentId, Format, Kind, LineageKind, Marking, PartialDate, Reading, Relation, Role,
};
use serde::{Deserialize, Serialize};

use crate::FuseError;
use crate::address::{page_url, publisher_key};
use crate::anchors::anchors;
use crate::boilerplate::{addresses, form, surroundings, telling};
use crate::language::language_of;
use crate::malformed::malformed;
use crate::salient::salient;
use crate::sketch::{Sketch, hash, hash_run, words};

/// Version of the byte form. Version 1 had no pairs of names, version 2 no pairs of anchors; both are still read.
pub(crate) const VERSION: u8 = 3;
/// Hashes kept of the runs of three words.
const TEXT_LIMIT: usize = 320;
/// Hashes kept of the pairs of neighbouring names.
const NAME_PAIR_LIMIT: usize = 256;
/// Hashes kept of the pairs of neighbouring anchors.
const ANCHOR_PAIR_LIMIT: usize = 128;
/// A name is paired with so many that follow it: a rewrite moves words within a sentence.
const NEIGHBOURS: usize = 2;
/// Hashes kept of the values, and of the pairs of neighbouring values.
const VALUE_LIMIT: usize = 64;
/// Rare names kept.
const NAME_LIMIT: usize = 24;
/// Lineage statements kept.
const LINEAGE_LIMIT: usize = 12;
/// Longest text kept of a title, name or address, in characters.
const STRING_LIMIT: usize = 160;
/// A document with at most this many words for each of its values is a list.
const WORDS_PER_VALUE_OF_A_LIST: u64 = 12;

/// What [`origins`](crate::origins) and [`Fusion`](crate::Fusion) need to know of a document:
/// about four kilobytes, whatever the document's size.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trace {
    pub(crate) head: Head,
    /// Runs of three words of its own prose.
    pub(crate) text: Sketch,
    /// Pairs of names and numbers that stand beside each other in its prose, in either order.
    pub(crate) names: Sketch,
    /// Pairs of neighbouring anchors in its prose, which stay in a translation, in either order.
    pub(crate) anchors: Sketch,
    /// Its indicator values.
    pub(crate) values: Sketch,
    /// Pairs of neighbouring indicator values, in order of first appearance.
    pub(crate) pairs: Sketch,
}

/// The part of a trace that is names and dates.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Head {
    pub document: DocumentId,
    pub format: Format,
    /// Name to show.
    pub label: String,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub container: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub title: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub source: Option<String>,
    /// Canonical address, when it names a page.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub url: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub published: Option<PartialDate>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub marking: Option<Marking>,
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub lineage: Vec<Derived>,
    /// Names that hardly two independent observers use: clusters. Sorted.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub rare: Vec<String>,
    /// The Admiralty letter that the platform itself gives the document's source.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub graded: Option<char>,
    /// The language of its prose, by its code, where it shows.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub language: Option<String>,
    /// Number of words of the text.
    pub words: u64,
    /// Values that are mistyped or cut, as hashes in order: who has the same has copied.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub malformed: Vec<u32>,
}

/// A lineage statement without its span.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) struct Derived {
    pub kind: LineageKind,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub publisher: Option<String>,
    /// Canonical address, when it names a page.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub url: Option<String>,
}

impl Derived {
    pub fn publisher_key(&self) -> String {
        self.publisher.as_deref().map(publisher_key).unwrap_or_default()
    }
}

impl Trace {
    /// Takes the trace of a reading; linear in its text and claims.
    #[must_use]
    pub fn of(reading: &Reading) -> Trace {
        let document = &reading.document;
        let (values, pairs) = value_sketches(&reading.claims);
        let Prose { text, names, anchors, words } = prose_of(reading);
        let language = language_of(&document.text).filter(|_| is_prose(document.format));
        let cut = |text: &String| short(text);
        let url = document.url.as_deref().or_else(|| {
            let name = document.name.as_str();
            (name.starts_with("http://") || name.starts_with("https://")).then_some(name)
        });
        Trace {
            head: Head {
                document: document.id,
                format: document.format,
                label: short(document.label()),
                container: document.container.as_ref().map(cut),
                title: document.title.as_ref().map(cut),
                source: document.source.as_ref().map(cut).filter(|s| !s.trim().is_empty()),
                url: url.and_then(page_url).as_ref().map(cut),
                published: document.published.or(document.modified),
                marking: document.marking,
                lineage: lineage(reading),
                rare: rare_names(&reading.claims),
                graded: graded(&document.properties),
                language: language.map(str::to_owned),
                words,
                malformed: malformed(&document.text),
            },
            text,
            names,
            anchors,
            values,
            pairs,
        }
    }

    /// The document that this is the trace of.
    #[must_use]
    pub fn document(&self) -> DocumentId {
        self.head.document
    }

    /// Whether values make up most of the document.
    pub(crate) fn is_list(&self) -> bool {
        self.values.seen > 0 && self.head.words <= self.values.seen * WORDS_PER_VALUE_OF_A_LIST
    }

    /// Whether the text is written for people, so that its wording tells who copies whom.
    pub(crate) fn is_prose(&self) -> bool {
        is_prose(self.head.format)
    }

    pub(crate) fn source_key(&self) -> String {
        self.head.source.as_deref().map(publisher_key).unwrap_or_default()
    }

    /// As bytes: version, length and JSON of the names, then each sketch as numbers,
    /// little-endian.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let head = serde_json::to_vec(&self.head).unwrap_or_default();
        let mut bytes = vec![VERSION];
        bytes.extend((head.len() as u32).to_le_bytes());
        bytes.extend(head);
        for sketch in [&self.text, &self.values, &self.pairs, &self.names, &self.anchors] {
            bytes.push(u8::from(sketch.full));
            bytes.extend(sketch.seen.to_le_bytes());
            bytes.extend((sketch.hashes.len() as u16).to_le_bytes());
            for hash in &sketch.hashes {
                bytes.extend(hash.to_le_bytes());
            }
        }
        bytes
    }

    /// Reads what [`Self::to_bytes`] wrote.
    ///
    /// # Errors
    /// When the bytes are of another version, cut off, too long, or not in the format.
    pub fn from_bytes(bytes: &[u8]) -> Result<Trace, FuseError> {
        let mut rest = bytes;
        let [version] = take::<1>(&mut rest)?;
        if version == 0 || version > VERSION {
            return Err(FuseError::Version(version));
        }
        let length = u32::from_le_bytes(take(&mut rest)?) as usize;
        let (head, mut rest) =
            rest.split_at_checked(length).ok_or(FuseError::Damaged("the names are cut off"))?;
        let head = serde_json::from_slice(head)
            .map_err(|_| FuseError::Damaged("the names are not in the format"))?;
        let text = take_sketch(&mut rest, TEXT_LIMIT)?;
        let values = take_sketch(&mut rest, VALUE_LIMIT)?;
        let pairs = take_sketch(&mut rest, VALUE_LIMIT)?;
        let names = match version {
            1 => Sketch::new(NAME_PAIR_LIMIT).finish(),
            _ => take_sketch(&mut rest, NAME_PAIR_LIMIT)?,
        };
        let anchors = match version {
            1 | 2 => Sketch::new(ANCHOR_PAIR_LIMIT).finish(),
            _ => take_sketch(&mut rest, ANCHOR_PAIR_LIMIT)?,
        };
        if !rest.is_empty() {
            return Err(FuseError::Damaged("bytes follow its end"));
        }
        Ok(Trace { head, text, names, anchors, values, pairs })
    }
}

fn is_prose(format: Format) -> bool {
    matches!(
        format,
        Format::Markdown
            | Format::AsciiDoc
            | Format::Html
            | Format::Pdf
            | Format::Docx
            | Format::Feed
            | Format::Post
            | Format::Text
    )
}

fn take<const N: usize>(rest: &mut &[u8]) -> Result<[u8; N], FuseError> {
    let (first, tail) = rest.split_first_chunk().ok_or(FuseError::Damaged("it is cut off"))?;
    *rest = tail;
    Ok(*first)
}

fn take_sketch(rest: &mut &[u8], limit: usize) -> Result<Sketch, FuseError> {
    let [full] = take::<1>(rest)?;
    let seen = u64::from_le_bytes(take(rest)?);
    let count = u16::from_le_bytes(take(rest)?) as usize;
    if count > limit {
        return Err(FuseError::Damaged("a sketch is too long"));
    }
    let mut hashes = Vec::with_capacity(count);
    for _ in 0..count {
        hashes.push(u32::from_le_bytes(take(rest)?));
    }
    if !hashes.is_sorted_by(|a, b| a < b) {
        return Err(FuseError::Damaged("a sketch is out of order"));
    }
    Ok(Sketch::from_parts(limit, hashes, seen, full != 0))
}

fn short(text: &str) -> String {
    text.chars().take(STRING_LIMIT).collect()
}

fn lineage(reading: &Reading) -> Vec<Derived> {
    // To cite is not to derive.
    let derived = reading.document.lineage.iter().filter(|l| l.kind != LineageKind::Cites);
    let all: BTreeSet<Derived> = derived
        .map(|l| Derived {
            kind: l.kind,
            publisher: l.publisher.as_deref().map(short),
            url: l.url.as_deref().and_then(page_url).as_deref().map(short),
        })
        .filter(|d| d.url.is_some() || !d.publisher_key().is_empty())
        .collect();
    all.into_iter().take(LINEAGE_LIMIT).collect()
}

/// The letter of a tag `admiralty-scale:source-reliability="b"`.
fn graded(properties: &[(String, String)]) -> Option<char> {
    let tags = properties.iter().filter(|(name, _)| name == "tag");
    let letter = tags.filter_map(|(_, tag)| {
        let value = tag.trim().strip_prefix("admiralty-scale:source-reliability=")?;
        value.trim_matches('"').chars().next().map(|c| c.to_ascii_uppercase())
    });
    letter.filter(|c| ('A'..='F').contains(c)).min()
}

fn rare_names(claims: &[Claim]) -> Vec<String> {
    let named = claims
        .iter()
        .flat_map(|claim| std::iter::once(&claim.subject).chain(claim.object.entity()));
    let rare: BTreeSet<String> = named
        .filter(|entity| entity.kind == Kind::Cluster)
        .map(|entity| short(&entity.value.to_uppercase()))
        .collect();
    rare.into_iter().take(NAME_LIMIT).collect()
}

/// Whether a claim says that its subject is of use to detect.
fn is_indicator(claim: &Claim) -> bool {
    claim.subject.kind.is_observable()
        && (claim.role() == Some(Role::Indicator) || claim.relation == Relation::Indicates)
}

fn value_sketches(claims: &[Claim]) -> (Sketch, Sketch) {
    let mut first_at: BTreeMap<(Kind, &str), (u32, usize)> = BTreeMap::new();
    for (order, claim) in claims.iter().enumerate().filter(|(_, c)| is_indicator(c)) {
        let at = (claim.span.start, order);
        let entry = first_at.entry((claim.subject.kind, &claim.subject.value)).or_insert(at);
        *entry = (*entry).min(at);
    }
    let mut in_order: Vec<((u32, usize), u64)> = first_at
        .iter()
        .map(|((kind, value), at)| (*at, hash(format!("{kind}:{value}").as_bytes())))
        .collect();
    in_order.sort_unstable();
    let mut values = Sketch::new(VALUE_LIMIT);
    let mut pairs = Sketch::new(VALUE_LIMIT);
    for (_, value) in &in_order {
        values.insert(hash_run(&[*value]));
    }
    for pair in in_order.windows(2) {
        pairs.insert(hash_run(&[pair[0].1, pair[1].1]));
    }
    (values.finish(), pairs.finish())
}

/// What a text is by its words.
struct Prose {
    text: Sketch,
    names: Sketch,
    anchors: Sketch,
    words: u64,
}

/// Takes pairs of neighbours in either order.
struct Pairs {
    sketch: Sketch,
    before: VecDeque<u64>,
}

impl Pairs {
    fn new(limit: usize) -> Self {
        Self { sketch: Sketch::new(limit), before: VecDeque::with_capacity(NEIGHBOURS + 1) }
    }

    fn push(&mut self, token: &str) {
        let name = hash(token.as_bytes());
        for other in self.before.iter().filter(|other| **other != name) {
            self.sketch.insert(hash_run(&[name.min(*other), name.max(*other)]));
        }
        self.before.push_back(name);
        if self.before.len() > NEIGHBOURS {
            self.before.pop_front();
        }
    }
}

/// The sketches of the runs of three words, of the pairs of names and of those of anchors, and the number of
/// words.
///
/// The form of the page, addresses and the indicator values themselves are left out, and phrases that
/// everybody has: two reports that share a list or a layout are told from two that share their wording.
///
/// What a structured report says around its values is its form: there nothing more is left out, as
/// it is compared only with reports of the same values.
fn prose_of(reading: &Reading) -> Prose {
    let text = reading.document.text.as_str();
    let prose = is_prose(reading.document.format);
    let values = reading.claims.iter().filter(|c| is_indicator(c)).map(|c| c.span.range());
    let mut left_out: Vec<Range<usize>> = values.chain(surroundings(reading)).collect();
    let mut count = 0;
    between(text, &mut left_out, |part| words(part, |_| count += 1));
    if prose {
        left_out.extend(form(reading));
        left_out.extend(addresses(text));
    }

    let mut sketch = Sketch::new(TEXT_LIMIT);
    let mut names = Pairs::new(NAME_PAIR_LIMIT);
    let mut kept = Pairs::new(ANCHOR_PAIR_LIMIT);
    let mut all = Vec::new();
    between(text, &mut left_out, |part| {
        salient(part, |token, _| names.push(token));
        if prose {
            anchors(part, |anchor| kept.push(anchor));
        }
        words(part, |word| all.push(hash(word.as_bytes())));
    });
    if prose {
        all = telling(&all);
    }
    for run in all.windows(3) {
        sketch.insert(hash_run(run));
    }
    Prose {
        text: sketch.finish(),
        names: names.sketch.finish(),
        anchors: kept.sketch.finish(),
        words: count,
    }
}

/// Gives the parts of a text between some ranges, which are put in order.
fn between(text: &str, left_out: &mut [Range<usize>], mut each: impl FnMut(&str)) {
    left_out.sort_unstable_by_key(|range| (range.start, range.end));
    let mut at = 0;
    for range in left_out.iter() {
        if range.start > at {
            each(text.get(at..range.start).unwrap_or(""));
        }
        at = at.max(range.end);
    }
    each(text.get(at..).unwrap_or(""));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{Made, prose};
    use proptest::prelude::*;

    #[test]
    fn a_trace_survives_its_bytes_and_stays_small() {
        let mut made = Made::new("post", &prose(7, 4000)).source("Example Labs").lineage(
            LineageKind::Rewrites,
            "Dark Reading",
            "https://www.example.com/a/b?utm_source=x",
        );
        for n in 0..200 {
            made = made.indicator(&format!("192.0.2.{n}"));
        }
        let trace = Trace::of(&made.reading());
        let bytes = trace.to_bytes();
        assert!(bytes.len() < 4200, "{}", bytes.len());
        assert_eq!(Trace::from_bytes(&bytes).unwrap(), trace);
        assert_eq!(trace.head.lineage[0].url.as_deref(), Some("example.com/a/b"));
    }

    #[test]
    fn damaged_bytes_are_named() {
        let bytes = Trace::of(&Made::new("a", "some words to read").reading()).to_bytes();
        assert_eq!(Trace::from_bytes(&[9]), Err(FuseError::Version(9)));
        for cut in 0..bytes.len() {
            assert!(Trace::from_bytes(&bytes[..cut]).is_err());
        }
        let longer = [bytes.as_slice(), &[0]].concat();
        assert!(Trace::from_bytes(&longer).is_err());
    }

    proptest! {
        #[test]
        fn no_bytes_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let _ = Trace::from_bytes(&bytes);
            let mut versioned = bytes;
            versioned.insert(0, VERSION);
            let _ = Trace::from_bytes(&versioned);
        }
    }
}
