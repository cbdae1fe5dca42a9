//! Documents to claims: indicators, entities, techniques, roles, hedges, dates.
//!
//! [`Extractor`] takes a [`Reading`] and tells what its text states beyond what the reader took
//! as declared: every value and name as a mention with its role and the reason for it, and what
//! the sentences say of them. [`refang`] undoes defanging alone.
//!
//! ```
//! use lapwing_extract::Extractor;
//! use lapwing_knowledge::Knowledge;
//! use lapwing_model::{Document, Format, Reading, Role};
//!
//! let text = "The implant beacons to c2[.]example[.]org, see https://example.com/report.";
//! let document = Document::new(text.as_bytes(), "post.txt", Format::Text, text.to_owned());
//! let claims = Extractor::new(Knowledge::builtin()).extract(&Reading::new(document, Vec::new()));
//! let c2 = claims.iter().find(|c| c.subject.value == "c2.example.org").unwrap();
//! assert_eq!(c2.role(), Some(Role::Indicator));
//! assert_eq!(c2.span.slice(text), Some("c2[.]example[.]org"));
//! ```
#![deny(missing_docs)]

mod broken;
mod candidate;
mod date;
mod defined;
mod find;
mod gazetteer;
mod indicates;
pub mod intention;
mod introduced;
mod layout;
mod mention;
mod nouns;
mod other_name;
mod phrases;
mod refang;
mod relation;
mod role;
mod sentence;
mod shape;
pub mod tagger;
pub mod technique;
#[cfg(test)]
mod tests;
mod tie;
mod topic;
mod trace;

use std::sync::Arc;

use lapwing_knowledge::Knowledge;
use lapwing_model::{Claim, Kind, Object, Reading, Relation, Role, Span};

use crate::find::{Found, Shape};
use crate::gazetteer::Gazetteer;
use crate::layout::{Layout, Topic};
use crate::mention::Mention;
use crate::refang::Plain;
use crate::relation::Sentence;
use crate::role::{Candidate, Manner};
use crate::sentence::Words;
use crate::technique::Traces;

pub use crate::refang::refang;

/// Turns readings into claims. Make it once, share it between threads.
pub struct Extractor<'k> {
    knowledge: &'k Knowledge,
    gazetteer: Arc<Gazetteer>,
}

impl<'k> Extractor<'k> {
    /// Compiles the names of `knowledge` into tables, once for all who ask with it.
    #[must_use]
    pub fn new(knowledge: &'k Knowledge) -> Self {
        let gazetteer = knowledge.kept(|known| Gazetteer::from_names(known.names()));
        Self { knowledge, gazetteer }
    }

    /// As [`Self::new`], with other names than those of `knowledge`.
    #[cfg(test)]
    fn with_names(knowledge: &'k Knowledge, names: &[lapwing_knowledge::Name]) -> Self {
        Self { knowledge, gazetteer: Arc::new(Gazetteer::from_names(names)) }
    }

    /// The claims that the text of `reading` makes beyond its declared ones, in order of span.
    ///
    /// A text of more than 4 GiB is read up to there, as far as spans reach.
    #[must_use]
    pub fn extract(&self, reading: &Reading) -> Vec<Claim> {
        let layout = Layout::of(reading);
        let mut claims = self.judged_values(reading, &layout);
        let text = reading.document.text.as_str();
        let sentences = sentence::sentences(text);
        let mut entities = self.entities(reading, &layout, &sentences, &claims);
        let traces = Traces::of(text, &layout, &sentences, &entities, &claims);
        let described = technique::describe(text, &layout, &traces, &entities);
        entities.retain_mut(|mention| match described.precision(mention) {
            _ if mention.entity.kind != Kind::AttackPattern => true,
            Some(precision) => {
                mention.precision = precision;
                true
            }
            None => false,
        });
        claims.extend(topic::links(reading, &layout, &claims));
        claims.extend(tie::ties(reading, &layout, &claims));
        let told =
            self.statements(reading, &layout, &sentences, &entities, &claims, &described.claims);
        claims.extend(told);
        claims.extend(described.claims);
        claims.extend(entities.iter().map(|m| entity_claim(m, &layout)));
        claims.sort_by(|a, b| {
            (a.span, &a.subject, a.relation, &a.object)
                .cmp(&(b.span, &b.subject, b.relation, &b.object))
        });
        claims.dedup();
        claims
    }

    /// Only the values (addresses, hashes, files, identifiers), without names and sentences.
    #[must_use]
    pub fn values(&self, reading: &Reading) -> Vec<Claim> {
        self.judged_values(reading, &Layout::of(reading))
    }

    /// What `reading` shows of techniques before a model judges it: for training and scoring.
    #[must_use]
    pub fn technique_traces(&self, reading: &Reading) -> Traces {
        let layout = Layout::of(reading);
        let values = self.judged_values(reading, &layout);
        let text = reading.document.text.as_str();
        let sentences = sentence::sentences(text);
        let entities = self.entities(reading, &layout, &sentences, &values);
        Traces::of(text, &layout, &sentences, &entities, &values)
    }

    /// What the tagger reads of every sentence of `text`: for training.
    #[must_use]
    pub fn sequences(&self, text: &str) -> Vec<tagger::Sequence> {
        let tokens = gazetteer::tokenise(text);
        tagger::sequences(text, &tokens, &self.gazetteer.hits(text, &tokens))
    }

    /// The runs that the tagger finds in all of `text`; with the built-in weights where none are
    /// given. For scores: [`Self::extract`] asks it about prose only.
    #[must_use]
    pub fn tagged(&self, text: &str, weights: Option<&tagger::Weights>) -> Vec<tagger::Tagged> {
        let tokens = gazetteer::tokenise(text);
        tagger::tag_all(text, &tokens, &self.gazetteer.hits(text, &tokens), weights)
    }

    /// The runs that `weights` hold possible in all of `text`, with what speaks for and against each: for training.
    #[must_use]
    pub fn judged(&self, text: &str, weights: &tagger::Weights) -> Vec<tagger::Judged> {
        let tokens = gazetteer::tokenise(text);
        tagger::judged(text, &tokens, &self.gazetteer.hits(text, &tokens), weights)
    }

    /// Every value that stands in the text, judged in context.
    fn judged_values(&self, reading: &Reading, layout: &Layout<'_>) -> Vec<Claim> {
        let plain = Plain::without(&reading.document.text, layout.declared());
        let mut found = find::find(&plain.text, &plain.passed, self.knowledge);
        found.retain(|f| {
            let raw = plain.raw(&f.range);
            !layout.is_declared(Span::new(raw.start, raw.end))
        });
        broken::join(&mut found, &plain, layout);
        let defanged =
            found.iter().filter(|f| is_network(f.kind) && plain.is_defanged(&f.range)).count();
        let manner = Manner::of(reading, &plain.text, &found, defanged, self.knowledge);
        let mut claims = Vec::with_capacity(found.len());
        let mut labels = Labels::default();
        for f in &mut found {
            let raw = plain.raw(&f.range);
            let span = Span::new(raw.start, raw.end);
            let place = layout.place(span);
            if f.kind.is_file_hash()
                && f.shape == Shape::Plain
                && let Some(label) = labels.of(place.column.unwrap_or(place.heading))
            {
                f.relabel(label);
            }
            let (before, after) = around(&plain.text, &f.range);
            let candidate = Candidate {
                found: &*f,
                shown: &plain.text[f.range.clone()],
                defanged: plain.is_defanged(&f.range),
                before,
                after,
                row: layout.row_text(span),
            };
            let judged = role::judge(&candidate, &place, &manner, self.knowledge);
            let mut claim = Claim::mention(judged.entity, judged.role, span)
                .by(method(f.kind), judged.precision);
            if let Some((name, span)) = layout.whole_name(&claim) {
                claim.subject.value = name;
                claim.span = span;
            }
            claim.why = Some(judged.why);
            claim.context = place
                .column
                .map(str::to_owned)
                .or_else(|| (!place.heading.is_empty()).then(|| place.heading.to_owned()));
            let port = port_claim(f, &plain, &claim);
            claims.push(claim);
            claims.extend(port);
        }
        role::settle(&mut claims);
        claims.extend(trace::traces(reading, layout, &claims));
        trace::parts_of_agents(&reading.document.text, &mut claims);
        claims
    }

    /// Every name that stands in the text, outside of values.
    fn entities(
        &self,
        reading: &Reading,
        layout: &Layout<'_>,
        sentences: &[Span],
        values: &[Claim],
    ) -> Vec<Mention> {
        let text = reading.document.text.as_str();
        // What a reader told already holds no further names: most of a vendor's table.
        let tokens = gazetteer::tokenise_outside(text, layout.declared());
        let hits = self.gazetteer.hits(text, &tokens);
        let found = mention::found(text, &tokens, &hits);
        let prose = sentences.iter().copied().filter(|span| {
            span.len() <= LONGEST_SENTENCE
                && !layout.is_declared(*span)
                && !layout.is_apart(*span)
                && !layout.is_code(*span)
                && layout.row(*span).is_none()
        });
        let places = |mentions: &mut dyn Iterator<Item = &Mention>| {
            let mut spans: Vec<Span> = mentions.map(|m| m.span).collect();
            spans.sort_unstable();
            spans
        };
        let known = places(&mut found.sure.iter());
        let open = found.sure.iter().filter(|m| candidate::is_open(m));
        let doubtful = places(&mut found.doubtful.iter().chain(open));
        let tagged = tagger::tag(text, &tokens, &hits, prose, &known, &doubtful);
        let mut mentions = candidate::with_context(text, found, &tagged, self.knowledge);
        let mut taken: Vec<Span> =
            values.iter().filter(|c| c.role() != Some(Role::Unclear)).map(|c| c.span).collect();
        taken.sort();
        mentions.retain(|m| {
            let after = taken.partition_point(|s| s.start < m.span.end);
            let free =
                after.checked_sub(1).and_then(|i| taken.get(i)).is_none_or(|s| !s.overlaps(m.span));
            // A name in a menu, a licence or an advertisement says nothing about the report.
            free && !layout.is_declared(m.span) && !layout.is_furniture(m.span)
        });
        mentions
    }

    /// What the document is about, and what its sentences say.
    fn statements(
        &self,
        reading: &Reading,
        layout: &Layout<'_>,
        spans: &[Span],
        entities: &[Mention],
        values: &[Claim],
        described: &[Claim],
    ) -> Vec<Claim> {
        let text = reading.document.text.as_str();
        let mut by_sentence: Vec<Claim> = described.to_vec();
        by_sentence.sort_by(|a, b| (a.span, &a.subject).cmp(&(b.span, &b.subject)));
        let mut all: Vec<Mention> = entities.to_vec();
        all.extend(
            values
                .iter()
                .filter(|c| c.relation == Relation::Role && c.role() != Some(Role::Reference))
                // A product's formal name is no word of the sentence.
                .filter(|c| {
                    !(c.subject.kind == Kind::Software && c.subject.value.starts_with("cpe:"))
                })
                .map(|c| Mention {
                    entity: c.subject.clone(),
                    span: c.span,
                    precision: c.precision,
                    method: "extract:identifier",
                    why: String::new(),
                }),
        );
        all.sort_by_key(|m| m.span);
        let (mut frame, mut claims) = topic::frame(reading, &all, &self.gazetteer);
        frame.accused =
            values.iter().filter(|c| c.role() == Some(Role::Indicator)).map(|c| c.span).collect();
        let pointed =
            indicates::indicates(reading, layout, &claims, frame.topic.as_ref(), &all, values);
        claims.extend(pointed);
        claims.extend(topic::nicknames(entities));
        let mut sentences = Vec::new();
        let mut from = 0;
        let (mut paragraph, mut read_to) = (0, 0);
        for &span in spans {
            let gap = text.get(read_to..span.start as usize).unwrap_or_default();
            if gap.bytes().filter(|b| *b == b'\n').nth(1).is_some() {
                paragraph += 1;
            }
            read_to = span.end as usize;
            let first = from
                + all
                    .get(from..)
                    .unwrap_or_default()
                    .partition_point(|m| m.span.start < span.start);
            let count =
                all.get(first..).unwrap_or_default().partition_point(|m| m.span.start < span.end);
            from = first;
            let mentions = all.get(first..first + count).unwrap_or_default();
            let long = span.len() > LONGEST_SENTENCE;
            if long
                || layout.is_declared(span)
                || layout.is_apart(span)
                || layout.is_code(span)
                || layout.row(span).is_some()
            {
                continue;
            }
            let first = by_sentence.partition_point(|c| c.span < span);
            let count = by_sentence[first..].partition_point(|c| c.span <= span);
            let described = by_sentence.get(first..first + count).unwrap_or_default();
            if !mentions.is_empty()
                || !described.is_empty()
                || date::may_hold(span.slice(text).unwrap_or_default())
            {
                let advice = layout.place(span).topic == Topic::Mitigation;
                sentences.push(Sentence {
                    words: Words::of(text, span),
                    span,
                    mentions,
                    advice,
                    paragraph,
                    heading: layout.is_heading(span),
                    described,
                });
            }
        }
        claims.extend(relation::relations(&sentences, &frame));
        let cited: Vec<&Claim> = values
            .iter()
            .filter(|c| {
                c.subject.kind == Kind::AttackPattern
                    && c.role() != Some(Role::Reference)
                    && !layout.is_apart(c.span)
                    && !layout.is_furniture(c.span)
                    && layout.place(c.span).topic != Topic::Mitigation
            })
            .collect();
        claims.extend(relation::listed(&cited, &claims, &frame));
        candidate::bound(&mut claims, entities);
        claims
    }
}

/// What the headings and column heads of a document say that hashes are; each is looked at once.
#[derive(Default)]
struct Labels<'h> {
    last: &'h str,
    label: Option<find::Label>,
}

impl<'h> Labels<'h> {
    fn of(&mut self, head: &'h str) -> Option<find::Label> {
        if head != self.last {
            self.last = head;
            self.label = find::label_of(head);
        }
        self.label
    }
}

/// The port that stands behind an address or host, as a property of it.
fn port_claim(found: &Found, plain: &Plain<'_>, mention: &Claim) -> Option<Claim> {
    if found.shape != Shape::Port {
        return None;
    }
    let rest = plain.text.get(found.range.end..)?.strip_prefix(':')?;
    let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
    let port: u16 = rest.get(..digits)?.parse().ok()?;
    let raw = plain.raw(&(found.range.start..found.range.end + 1 + digits));
    let mut claim = Claim::new(
        mention.subject.clone(),
        Relation::Property,
        Object::Text(format!("port={port}")),
        Span::new(raw.start, raw.end),
    )
    .by("extract:port", mention.precision);
    claim.why = Some("the number behind its colon".into());
    Some(claim)
}

/// A sentence longer than this is no sentence (a table or code without marks), in bytes.
const LONGEST_SENTENCE: usize = 2000;

/// The mention of an entity as a claim.
fn entity_claim(mention: &Mention, layout: &Layout<'_>) -> Claim {
    let place = layout.place(mention.span);
    let role = if layout.is_apart(mention.span) { Role::Reference } else { Role::Subject };
    let mut claim = Claim::mention(mention.entity.clone(), role, mention.span)
        .by(mention.method, mention.precision);
    claim.why = Some(if role == Role::Reference {
        format!("{}, outside the report's own text", mention.why)
    } else {
        mention.why.clone()
    });
    claim.context = place
        .column
        .map(str::to_owned)
        .or_else(|| (!place.heading.is_empty()).then(|| place.heading.to_owned()));
    claim
}

fn is_network(kind: Kind) -> bool {
    matches!(kind, Kind::Ipv4Addr | Kind::Ipv6Addr | Kind::DomainName | Kind::Url | Kind::EmailAddr)
}

/// The text before and after a range, within its line and 120 bytes.
fn around<'t>(text: &'t str, range: &std::ops::Range<usize>) -> (&'t str, &'t str) {
    const REACH: usize = 120;
    let mut from = range.start.saturating_sub(REACH);
    while !text.is_char_boundary(from) {
        from += 1;
    }
    let mut to = text.len().min(range.end + REACH);
    while !text.is_char_boundary(to) {
        to -= 1;
    }
    let before = &text[from..range.start];
    let after = &text[range.end..to];
    let before = before.rfind('\n').map_or(before, |i| &before[i + 1..]);
    let after = after.find('\n').map_or(after, |i| &after[..i]);
    (before, after)
}

/// The name of the detector of a kind, as claims carry it.
fn method(kind: Kind) -> &'static str {
    match kind {
        Kind::Ipv4Addr | Kind::Ipv6Addr | Kind::MacAddr | Kind::AutonomousSystem => {
            "extract:address"
        }
        Kind::DomainName => "extract:domain",
        Kind::Url => "extract:url",
        Kind::EmailAddr => "extract:email",
        Kind::Md5
        | Kind::Sha1
        | Kind::Sha256
        | Kind::Sha512
        | Kind::Ssdeep
        | Kind::Imphash
        | Kind::Tlsh
        | Kind::Vhash
        | Kind::Authentihash => "extract:hash",
        Kind::WindowsService | Kind::ScheduledTask | Kind::UserAgent => "extract:trace",
        Kind::FileName | Kind::FilePath | Kind::NamedPipe => "extract:file",
        Kind::WindowsRegistryKey => "extract:registry",
        Kind::CryptocurrencyWallet => "extract:wallet",
        _ => "extract:identifier",
    }
}
