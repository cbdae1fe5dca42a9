//! MISP: events, one a document, in one file or as a folder to subscribe to.
//!
//! What MISP has a place for goes there: values as attributes, values of one thing as objects of
//! MISP's own templates, names as galaxy tags, sightings, links. The rest is a loss, and named by
//! whoever compares what was written with what can be read of it.

mod event;
mod feed;
mod object;
mod tag;
mod types;

use std::fmt;

use lapwing_knowledge::Knowledge;
use lapwing_model::{DocumentId, Entity};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::export::{Exported, Selection};

pub use feed::{Feed, FeedEntry, HASHES, MANIFEST, value_hash};

/// The organisation that makes the events.
pub const ORGANISATION: &str = "Lapwing";
/// The tag that tells from which document an event was made.
pub const DOCUMENT_TAG: &str = "lapwing:document";
/// The tag that tells what a document is about, beside all that it merely names.
pub const ABOUT_TAG: &str = "lapwing:about";

/// The tag that names who published the document.
pub const SOURCE_TAG: &str = "lapwing:source";
/// The comment of the link to where the document was published.
pub const PUBLISHED_AT: &str = "where it was published";

/// The namespace of all identifiers that we make for MISP: the words `lapwing.misp.v1`.
const NAMESPACE: Uuid = Uuid::from_u128(0x6c61_7077_696e_672e_6d69_7370_2e76_3100);

/// An event, as JSON.
#[derive(Clone, Debug, PartialEq)]
pub struct Event {
    /// The document that it is made of.
    pub document: DocumentId,
    /// Its identifier.
    pub uuid: Uuid,
    /// `{"Event": …}`.
    pub json: Value,
}

/// The identifier of something of ours: always the same for the same thing.
pub(crate) fn uuid(parts: fmt::Arguments<'_>) -> Uuid {
    Uuid::new_v5(&NAMESPACE, parts.to_string().as_bytes())
}

/// As [`uuid`], for what a server tells beside events: sightings, tags.
#[must_use]
pub fn uuid_of(name: &str) -> Uuid {
    uuid(format_args!("{name}"))
}

/// The identifier of the event that a document becomes.
#[must_use]
pub fn event_uuid(document: DocumentId) -> Uuid {
    uuid(format_args!("event|{document}"))
}

/// The identifier of the organisation that makes the events.
#[must_use]
pub fn organisation_uuid() -> Uuid {
    uuid(format_args!("organisation|lapwing"))
}

/// Type, category and value of an attribute that tells a value; `None` where MISP has no type for
/// it.
#[must_use]
pub fn typed(entity: &Entity) -> Option<(&'static str, &'static str, String)> {
    types::of(entity).map(|typed| (typed.kind, typed.category, typed.value))
}

/// The events of a selection, in the order of its documents.
pub fn events<'s>(
    selection: &'s Selection,
    knowledge: &'s Knowledge,
) -> impl Iterator<Item = Event> + 's {
    let judged = event::Judged::of(selection);
    selection.documents.iter().map(move |chosen| event::of(chosen, &judged, knowledge))
}

/// The name of the file with all events.
pub const NAME: &str = "lapwing.misp.json";

/// What stands before and behind so many events in one file: one stands alone, several as MISP's own answer to a
/// search.
#[must_use]
pub fn around(events: usize) -> (&'static [u8], &'static [u8]) {
    if events == 1 { (b"", b"\n") } else { (b"{\"response\":[\n", b"\n]}\n") }
}

/// All events in one file.
#[must_use]
pub fn file(selection: &Selection, knowledge: &Knowledge) -> Exported {
    let mut body: Vec<u8> = Vec::new();
    let mut counts = Counts::default();
    for event in events(selection, knowledge) {
        counts.add(&event.json);
        if !body.is_empty() {
            body.extend_from_slice(b",\n");
        }
        body.extend_from_slice(event.json.to_string().as_bytes());
    }
    let (head, tail) = around(counts.events);
    counts.into(Exported::file(NAME, [head, &body[..], tail].concat()))
}

/// A folder that MISP subscribes to.
#[must_use]
pub fn feed(selection: &Selection, knowledge: &Knowledge) -> Exported {
    let mut feed = Feed::default();
    let mut counts = Counts::default();
    let mut exported = Exported::default();
    for event in events(selection, knowledge) {
        counts.add(&event.json);
        exported.files.push(feed.add(&event));
    }
    exported.files.push(feed.manifest());
    exported.files.push(feed.hashes());
    counts.into(exported)
}

/// What went out as events.
#[derive(Clone, Copy, Debug, Default)]
pub struct Counts {
    events: usize,
    attributes: usize,
    objects: usize,
    tags: usize,
}

impl Counts {
    /// Counts an event.
    pub fn add(&mut self, event: &Value) {
        let length = |key: &str| event["Event"][key].as_array().map_or(0, Vec::len);
        self.events += 1;
        self.attributes += length("Attribute");
        self.objects += length("Object");
        self.tags += length("Tag");
    }

    /// As an export tells it.
    #[must_use]
    pub fn told(self) -> Vec<(String, u64)> {
        let Self { events, attributes, objects, tags } = self;
        let counts =
            [("events", events), ("attributes", attributes), ("objects", objects), ("tags", tags)];
        counts.into_iter().map(|(what, number)| (what.to_owned(), number as u64)).collect()
    }

    fn into(self, exported: Exported) -> Exported {
        Exported { counts: self.told(), ..exported }
    }
}

/// The organisation as MISP writes it.
pub(crate) fn organisation(name: &str) -> Value {
    let uuid = if name == ORGANISATION {
        organisation_uuid()
    } else {
        uuid(format_args!("organisation|{}", name.to_lowercase()))
    };
    json!({ "name": name, "uuid": uuid })
}
