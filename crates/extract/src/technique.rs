//! ATT&CK techniques that the prose of a report describes.
//!
//! Three witnesses: identifiers (`T1505.003`), names and well-known phrasings, and a linear model
//! that reads each sentence. A second, small model weighs them over the whole report and gives a
//! probability; below a threshold, chosen on reports that the models had not seen, nothing is said.
//! The best sentences are the evidence.
//! How the weights are learned: `docs/techniques.md`.

pub mod features;
pub mod judge;
mod model;
mod rows;
pub mod score;
#[cfg(test)]
mod tests;
pub mod weights;

use std::collections::{BTreeMap, BTreeSet};

use lapwing_model::{Claim, Confidence, Entity, Kind, Polarity, Role, Span};

use crate::LONGEST_SENTENCE;
use crate::layout::{Layout, Topic};
use crate::mention::Mention;
use crate::sentence::Words;
use crate::technique::judge::Evidence;
use crate::technique::model::Model;
use crate::technique::weights::Weights;

/// A report with fewer sentences is a note: what it names is taken as said.
const NOTE: usize = 8;

/// In a note the model was learned from nothing alike: it speaks from this probability on.
const SURE: f32 = 0.6;

/// A phrase of this precision, in percent, stands where the model knows nothing of the technique.
const CLEAR: u8 = 75;

/// And one of this precision stands whatever the model says.
const PLAIN: u8 = 85;

/// A margin below this is no evidence to show.
const TELLING: f32 = -0.6;

/// What a text shows of techniques before a model judges it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Traces {
    /// Its sentences of prose.
    pub sentences: Vec<Span>,
    /// Techniques by name or phrase, and how often.
    pub named: BTreeMap<String, u32>,
    /// Techniques whose identifier stands in the text.
    pub cited: BTreeMap<String, u32>,
    /// Best precision of a name or phrase of the technique, in percent.
    pub phrases: BTreeMap<String, u8>,
}

/// The technique of which `id` is a part.
#[must_use]
pub fn parent(id: &str) -> Option<&str> {
    id.split_once('.').map(|(parent, _)| parent)
}

impl Traces {
    pub(crate) fn of(
        text: &str,
        layout: &Layout<'_>,
        sentences: &[Span],
        mentions: &[Mention],
        values: &[Claim],
    ) -> Self {
        let mut traces = Self {
            sentences: sentences
                .iter()
                .copied()
                .filter(|span| is_prose(text, layout, *span))
                .collect(),
            ..Self::default()
        };
        for mention in mentions.iter().filter(|m| m.entity.kind == Kind::AttackPattern) {
            count(&mut traces.named, &mention.entity.value);
            for id in [Some(mention.entity.value.as_str()), parent(&mention.entity.value)]
                .into_iter()
                .flatten()
            {
                let best = traces.phrases.entry(id.to_owned()).or_default();
                *best = (*best).max(mention.precision.as_percent());
            }
        }
        for claim in values.iter().filter(|c| c.subject.kind == Kind::AttackPattern) {
            count(&mut traces.cited, &claim.subject.value);
        }
        traces
    }

    /// What the text shows of a technique, before the sentences are read.
    #[must_use]
    pub fn evidence(&self, id: &str) -> Evidence {
        Evidence {
            named: self.named.get(id).copied().unwrap_or(0),
            phrase: f32::from(self.phrases.get(id).copied().unwrap_or(0)) / 100.0,
            cited: self.cited.contains_key(id),
            ..Evidence::none()
        }
    }
}

/// Counts a technique, and the one of which it is a part.
fn count(counts: &mut BTreeMap<String, u32>, id: &str) {
    *counts.entry(id.to_owned()).or_default() += 1;
    if let Some(parent) = parent(id) {
        *counts.entry(parent.to_owned()).or_default() += 1;
    }
}

/// Whether a sentence is running text of the report itself: no heading, table, code, menu,
/// literature or advice.
fn is_prose(text: &str, layout: &Layout<'_>, span: Span) -> bool {
    if !(12..=LONGEST_SENTENCE).contains(&span.len())
        || layout.is_declared(span)
        || layout.is_apart(span)
        || layout.is_code(span)
        || layout.is_heading(span)
        || layout.row(span).is_some()
        || !has_words(span.slice(text).unwrap_or_default())
        || is_title(text, span)
    {
        return false;
    }
    let place = layout.place(span);
    !matches!(place.topic, Topic::Mitigation | Topic::References)
}

/// Whether a span is the first line of the text and ends as no sentence does.
fn is_title(text: &str, span: Span) -> bool {
    let before = text.get(..span.start as usize).unwrap_or_default();
    let shown = span.slice(text).unwrap_or_default().trim_end();
    before.trim().is_empty() && !shown.ends_with(['.', '!', '?', ':'])
}

/// Three words at least, and letters and blanks for the most part.
fn has_words(shown: &str) -> bool {
    let blanks = shown.bytes().filter(|b| *b == b' ').count();
    let letters = shown.bytes().filter(|b| b.is_ascii_alphabetic() || *b >= 0x80).count();
    let words = shown
        .split_ascii_whitespace()
        .filter(|w| w.bytes().any(|b| b.is_ascii_alphabetic() || b >= 0x80));
    words.take(3).count() == 3 && (letters + blanks) * 10 >= shown.len() * 7
}

/// What the sentences of a text show of each technique of a sentence model.
#[must_use]
pub fn evidence(weights: &Weights, text: &str, traces: &Traces) -> Vec<Evidence> {
    model::read(weights, text, traces).evidence
}

/// What is said of techniques in a text.
pub(crate) struct Described {
    /// Claims with a sentence as evidence.
    pub(crate) claims: Vec<Claim>,
    /// Techniques that the report describes, with their probability.
    reported: BTreeMap<String, f32>,
    /// Techniques of which a part is cited or reported.
    in_parts: BTreeSet<String>,
    /// Techniques of which the model judges.
    judged: BTreeSet<String>,
    note: bool,
}

impl Described {
    /// What the judgement over the report makes of a phrase that names a technique: its precision,
    /// or nothing when it abstains.
    ///
    /// The name of a whole whose part the report states says nothing more ("Hijack Execution Flow: DLL").
    pub(crate) fn precision(&self, mention: &Mention) -> Option<Confidence> {
        if self.in_parts.contains(&mention.entity.value) {
            return None;
        }
        match self.reported.get(&mention.entity.value) {
            Some(probability) => Some(percent(*probability).max(mention.precision)),
            None if self.note => Some(mention.precision),
            // The judgement had the phrase before it, and found it too little.
            None if self.judged.contains(&mention.entity.value) => {
                (mention.precision >= Confidence::percent(PLAIN)).then_some(mention.precision)
            }
            None => (mention.precision >= Confidence::percent(CLEAR)).then_some(mention.precision),
        }
    }
}

/// Judges the report.
pub(crate) fn describe(
    text: &str,
    layout: &Layout<'_>,
    traces: &Traces,
    mentions: &[Mention],
) -> Described {
    let note = traces.sentences.len() < NOTE;
    let in_parts = traces.cited.keys().filter_map(|id| parent(id)).map(str::to_owned).collect();
    let mut described = Described {
        claims: Vec::new(),
        reported: BTreeMap::new(),
        in_parts,
        judged: BTreeSet::new(),
        note,
    };
    if traces.sentences.is_empty() {
        described.note = true;
        return described;
    }
    let Some(model) = Model::builtin() else { return described };
    let mentions: Vec<&Mention> =
        mentions.iter().filter(|m| m.entity.kind == Kind::AttackPattern).collect();
    described.judged = model.ids().map(str::to_owned).collect();
    let read = model.read(text, traces);
    let chosen = model.choose(&read, traces);
    for (at, probability) in chosen {
        if note && probability < SURE {
            continue;
        }
        let id = model.id(at);
        described.reported.insert(id.to_owned(), probability);
        if let Some(parent) = parent(id) {
            described.in_parts.insert(parent.to_owned());
        }
        for sentence in read.best_sentences(at, TELLING) {
            let Some(&span) = traces.sentences.get(sentence) else { continue };
            // A phrase that names it is the closer evidence, and a claim already.
            if mentions.iter().any(|m| m.entity.value == id && span.contains(m.span)) {
                continue;
            }
            let shown = span.slice(text).unwrap_or_default();
            let telling = model.telling_words(shown, at);
            let words = Words::of(text, span);
            let place = telling.first().and_then(|w| words.lower.find(w.as_str())).unwrap_or(0);
            if words.polarity(place) == Polarity::Denied {
                continue;
            }
            let mut claim =
                Claim::mention(Entity::new(Kind::AttackPattern, id), Role::Subject, span)
                    .by("extract:model", percent(probability));
            claim.why = Some(why(&telling));
            let heading = layout.place(span).heading;
            claim.context = (!heading.is_empty()).then(|| heading.to_owned());
            described.claims.push(claim);
        }
    }
    described
}

fn percent(probability: f32) -> Confidence {
    Confidence::percent((probability * 100.0).round().clamp(1.0, 99.0) as u8)
}

fn why(telling: &[String]) -> String {
    if telling.is_empty() {
        return "the sentence as a whole reads like the technique".to_owned();
    }
    let words: Vec<String> = telling.iter().map(|w| format!("\"{w}\"")).collect();
    format!("the words {} in the light of the whole report", words.join(", "))
}
