//! What analysts said of values: that they were seen, or are harmless. Each word is a document of its own.

use std::collections::{BTreeMap, BTreeSet};

use jiff::tz::TimeZone;
use lapwing_engine::store::DocumentRecord;
use lapwing_engine::{ACTION, Engine};
use lapwing_model::{DocumentId, Object, PartialDate, Relation};
use serde_json::{Value, json};

use super::sent::text;
use crate::problem::Problem;

/// Sightings of clients by value, in small letters.
pub(super) type Added = BTreeMap<String, Vec<Value>>;

/// One thing that somebody said.
#[derive(Clone, Debug, PartialEq)]
struct Word {
    /// Of which value, in small letters.
    value: String,
    /// 0: it was seen; 1: it is a false positive.
    kind: &'static str,
    /// When, in seconds since 1970.
    at: i64,
    source: String,
    /// When it was said.
    said: i64,
}

/// All that was said, by document, in the order in which the store lists these.
#[derive(Clone, Debug, Default)]
pub(super) struct Told(Vec<(DocumentId, Vec<Word>)>);

impl Told {
    /// Of the words of analysts; those that are known from before are not read again.
    pub(super) fn of(
        engine: &Engine,
        words: &[DocumentRecord],
        before: Option<&Self>,
    ) -> Result<Self, Problem> {
        let known: BTreeMap<DocumentId, &Vec<Word>> =
            before.into_iter().flat_map(|told| &told.0).map(|(id, said)| (*id, said)).collect();
        let mut told = Vec::with_capacity(words.len());
        for record in words {
            let id = record.document.id;
            let said = match known.get(&id) {
                Some(said) => (*said).clone(),
                None => said(engine, record)?,
            };
            told.push((id, said));
        }
        Ok(Self(told))
    }

    /// The sightings by value.
    pub(super) fn added(&self) -> Added {
        let mut all = Added::new();
        for word in self.0.iter().flat_map(|(_, said)| said) {
            let of = all.entry(word.value.clone()).or_default();
            let seconds = word.at.to_string();
            let same =
                |one: &Value| one["type"] == word.kind && text(one, "date_sighting") == seconds;
            if !of.iter().any(same) {
                of.push(json!({
                    "type": word.kind,
                    "date_sighting": seconds,
                    "source": word.source,
                }));
            }
        }
        all
    }

    /// When something was said of a value last.
    pub(super) fn latest(&self) -> BTreeMap<&str, i64> {
        let mut latest = BTreeMap::new();
        for word in self.0.iter().flat_map(|(_, said)| said) {
            let at = latest.entry(word.value.as_str()).or_insert(word.said);
            *at = word.said.max(*at);
        }
        latest
    }

    /// The values of which something is said in one and not in the other.
    pub(super) fn other_values<'t>(&'t self, other: &'t Self) -> BTreeSet<&'t str> {
        let of = |told: &'t Self| told.0.iter().map(|(id, _)| *id).collect::<BTreeSet<_>>();
        let (ours, theirs) = (of(self), of(other));
        let fresh = self.0.iter().filter(|(id, _)| !theirs.contains(id));
        let gone = other.0.iter().filter(|(id, _)| !ours.contains(id));
        fresh.chain(gone).flat_map(|(_, said)| said).map(|word| word.value.as_str()).collect()
    }
}

/// What is known of an attribute's value: `name|hash` of MISP's is told by its last part.
pub(super) fn of_value<'m, T>(of: &'m BTreeMap<&str, T>, value: &str) -> Option<&'m T> {
    let value = value.to_lowercase();
    let last = value.rsplit('|').next().unwrap_or(&value);
    of.get(value.as_str()).or_else(|| of.get(last))
}

fn said(engine: &Engine, record: &DocumentRecord) -> Result<Vec<Word>, Problem> {
    let document = &record.document;
    let action = document.properties.iter().find(|(name, _)| name == ACTION);
    let kind = match action.map(|(_, what)| what.as_str()) {
        Some("sighting") => "0",
        Some("false-positive") => "1",
        _ => return Ok(Vec::new()),
    };
    let mut said = Vec::new();
    for stored in engine.store().claims_of(document.id)? {
        let claim = &stored.claim;
        let at = match (&claim.object, claim.relation) {
            (Object::Text(day), Relation::LastSeen) => day
                .parse::<PartialDate>()
                .ok()
                .and_then(|day| day.first_day().to_zoned(TimeZone::UTC).ok())
                .map_or(record.added, |day| {
                    let same = record.added.to_zoned(TimeZone::UTC).date() == day.date();
                    if same { record.added } else { day.timestamp() }
                }),
            _ if kind == "1" => record.added,
            _ => continue,
        };
        said.push(Word {
            value: claim.subject.value.to_lowercase(),
            kind,
            at: at.as_second(),
            source: document.source.clone().unwrap_or_default(),
            said: record.added.as_second(),
        });
    }
    Ok(said)
}
