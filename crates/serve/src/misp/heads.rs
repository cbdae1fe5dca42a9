//! What is told of every event without what stands in it, with what searches narrow by: so that no event is made
//! that is not asked for.
//!
//! They are made once of the events of a state of the store. Of another state they are made of what they were
//! before and of the events that changed since: those with a document, or a fact that one speaks of, that got a
//! new number (`lapwing_engine::store::Store::turns`).

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, OnceLock};

use jiff::civil::Date;
use lapwing_engine::publish::misp::{Event, FeedEntry};
use lapwing_model::{ChangeId, DocumentId, Marking};
use serde_json::{Value, json};
use uuid::Uuid;

use super::index::entry;
use super::search::all_attributes;
use super::sent::{list, text};
use super::shelf::Shelf;
use super::summary::Summary;
use super::{number, told};
use crate::app::App;
use crate::problem::Problem;
use crate::readers::Sight;

/// What is told of one event, and what may be asked of what stands in it.
pub(super) struct Head {
    pub(super) document: DocumentId,
    parts: Box<[DocumentId]>,
    /// Its entry in the index.
    pub(super) entry: Box<str>,
    /// The earliest and the latest time at which one of its attributes was changed; none where it has none.
    pub(super) changed: Option<(i64, i64)>,
    /// The types and categories of its attributes, and the tags on these: by their place among all, with how often.
    pub(super) types: Box<[(u32, u32)]>,
    pub(super) categories: Box<[(u32, u32)]>,
    pub(super) tags: Box<[(u32, u32)]>,
    /// The numbers of what stands in it, in order.
    numbers: Box<[u32]>,
    /// MD5 of each value, as a feed tells it.
    pub(super) hashes: Box<[[u8; 16]]>,
    /// Whether a sighting stands in it.
    pub(super) is_sighted: bool,
}

impl Head {
    pub(super) fn summary(&self) -> Result<Summary<'_>, Problem> {
        Summary::of(&self.entry)
    }

    /// How many attributes it has.
    pub(super) fn attributes(&self) -> usize {
        self.types.iter().map(|(_, times)| *times as usize).sum()
    }

    /// Whether an attribute or object of this number may stand in it.
    pub(super) fn holds(&self, number: u32) -> bool {
        self.numbers.binary_search(&number).is_ok()
    }
}

/// Names that stand in many events, each once; a tag with its colour.
#[derive(Clone, Default)]
pub(super) struct Pool {
    list: Vec<(String, String)>,
    places: BTreeMap<(String, String), u32>,
}

impl Pool {
    fn place(&mut self, name: &str, colour: &str) -> u32 {
        let key = (name.to_owned(), colour.to_owned());
        if let Some(at) = self.places.get(&key) {
            return *at;
        }
        let at = u32::try_from(self.list.len()).unwrap_or(u32::MAX);
        self.list.push(key.clone());
        self.places.insert(key, at);
        at
    }

    /// The places of the names that are asked for.
    pub(super) fn places(&self, is_asked: impl Fn(&str) -> bool) -> BTreeSet<u32> {
        let named = self.list.iter().zip(0_u32..).filter(|((name, _), _)| is_asked(name));
        named.map(|(_, at)| at).collect()
    }

    /// A name and its colour.
    pub(super) fn get(&self, at: u32) -> (&str, &str) {
        self.list.get(at as usize).map_or(("", ""), |(name, colour)| (name, colour))
    }
}

/// What is told of all events at one state of the store.
pub(crate) struct Heads {
    pub(super) shelf: Arc<Shelf>,
    /// In the order in which the store lists their documents.
    pub(super) list: Vec<Arc<Head>>,
    pub(super) pool: Pool,
    at: Option<ChangeId>,
    /// What has this number or a larger one came later.
    next: i64,
    /// The tags of the two lists of a feed, see [`super::feed`].
    pub(super) etags: [OnceLock<String>; 2],
}

/// Where more documents than one of so many changed, all are looked at.
const MANY: usize = 3;

/// Of the state that is seen; what was made of it, or of another, is kept for a while.
pub(super) fn of(app: &App, sight: &Sight<'_>, of: (Marking, Date)) -> Result<Arc<Heads>, Problem> {
    app.heads.get(sight, |before| Heads::of(sight, shelf(app, sight)?, of, before))
}

/// The events of the state that is seen.
pub(super) fn shelf(app: &App, sight: &Sight<'_>) -> Result<Arc<Shelf>, Problem> {
    app.shelves.get(sight, |before| Shelf::of(sight, before))
}

impl Heads {
    /// Of the state that is seen: of what it was before, where that is of use.
    pub(super) fn of(
        sight: &Sight<'_>,
        shelf: Arc<Shelf>,
        (ceiling, day): (Marking, Date),
        before: Option<&Self>,
    ) -> Result<Self, Problem> {
        let known = match before {
            Some(before) => before.still_good(sight, &shelf)?,
            None => BTreeMap::new(),
        };
        let mut pool = before.map(|before| before.pool.clone()).unwrap_or_default();
        let seen = shelf.told.latest();
        let mut heads = Vec::with_capacity(shelf.events.len());
        for document in &shelf.events {
            if let Some(head) = known.get(document) {
                heads.push(Arc::clone(head));
            } else if let Some(event) = shelf.event(sight, *document, ceiling, day)? {
                heads.push(Arc::new(head(&event, shelf.parts_of(*document), &seen, &mut pool)));
            }
        }
        drop(seen);
        let (at, next) = (sight.at, sight.store().next_turn()?);
        Ok(Self { shelf, list: heads, pool, at, next, etags: Default::default() })
    }

    /// The heads of events that did not change since.
    fn still_good(
        &self,
        sight: &Sight<'_>,
        shelf: &Shelf,
    ) -> Result<BTreeMap<DocumentId, Arc<Head>>, Problem> {
        let store = sight.store();
        let most = self.list.len() / MANY + 1;
        let Some(at) = self.at else { return Ok(BTreeMap::new()) };
        if !store.only_documents_since(at)? {
            return Ok(BTreeMap::new());
        }
        let Some(anew) = store.documents_told_anew(self.next, most)? else {
            return Ok(BTreeMap::new());
        };
        let values = shelf.told.other_values(&self.shelf.told);
        let values: Vec<String> = values.into_iter().map(str::to_owned).collect();
        let sighted = sight.documents_that_state(&values)?;
        let changed: BTreeSet<DocumentId> =
            anew.into_iter().chain(sighted).map(|document| shelf.event_of(document)).collect();
        Ok(self
            .list
            .iter()
            .filter(|head| {
                !changed.contains(&head.document) && *head.parts == *shelf.parts_of(head.document)
            })
            .map(|head| (head.document, Arc::clone(head)))
            .collect())
    }

    /// The events in which something of an identifier or number may stand.
    pub(super) fn holding(&self, id: &str) -> Vec<DocumentId> {
        let Some(number) = number_of(id) else { return Vec::new() };
        let holding = self.list.iter().filter(|head| head.holds(number));
        holding.map(|head| head.document).collect()
    }
}

/// The number that an identifier has here, or that it is.
pub(super) fn number_of(id: &str) -> Option<u32> {
    match id.parse::<Uuid>() {
        Ok(uuid) => number(uuid).parse().ok(),
        Err(_) => id.parse().ok(),
    }
}

fn head(event: &Event, parts: &[DocumentId], seen: &BTreeMap<&str, i64>, pool: &mut Pool) -> Head {
    let json = &event.json["Event"];
    let (mut types, mut categories, mut tags) = (Counts::new(), Counts::new(), Counts::new());
    let mut numbers: Vec<u32> = Vec::new();
    let mut note = |one: &Value| numbers.extend(number_of(text(one, "uuid")));
    let mut changed: Option<(i64, i64)> = None;
    let (mut is_sighted, mut sighted_at) = (false, 0);
    for attribute in all_attributes(json) {
        count(&mut types, pool.place(text(attribute, "type"), ""));
        count(&mut categories, pool.place(text(attribute, "category"), ""));
        for tag in list(attribute, "Tag") {
            count(&mut tags, pool.place(text(tag, "name"), text(tag, "colour")));
        }
        note(attribute);
        let time = text(attribute, "timestamp").parse().unwrap_or_default();
        let (first, last) = changed.unwrap_or((time, time));
        changed = Some((first.min(time), last.max(time)));
        is_sighted |= list(attribute, "Sighting").len() > 0;
        if !seen.is_empty() {
            let said = told::of_value(seen, text(attribute, "value"));
            sighted_at = sighted_at.max(said.copied().unwrap_or_default());
        }
    }
    list(json, "Object").for_each(note);
    numbers.sort_unstable();
    numbers.dedup();
    let mut entry = entry(json);
    entry["sighting_timestamp"] = json!(sighted_at.to_string());
    Head {
        document: event.document,
        parts: parts.into(),
        entry: entry.to_string().into(),
        changed,
        types: types.into(),
        categories: categories.into(),
        tags: tags.into(),
        numbers: numbers.into(),
        hashes: FeedEntry::of(event).hashes.into(),
        is_sighted: is_sighted || sighted_at > 0,
    }
}

/// How often something is there, in the order in which it comes first.
type Counts = Vec<(u32, u32)>;

fn count(counts: &mut Counts, at: u32) {
    match counts.iter_mut().find(|(known, _)| *known == at) {
        Some((_, times)) => *times += 1,
        None => counts.push((at, 1)),
    }
}
