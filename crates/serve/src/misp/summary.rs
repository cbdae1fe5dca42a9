//! An event as the index tells it, read back: what filters look at.

use std::borrow::Cow;

use serde::Deserialize;

use crate::problem::Problem;

/// What the index tells of an event.
#[derive(Debug, Deserialize)]
pub(super) struct Summary<'h> {
    #[serde(borrow)]
    pub(super) id: Cow<'h, str>,
    #[serde(borrow)]
    pub(super) uuid: Cow<'h, str>,
    #[serde(borrow)]
    pub(super) extends_uuid: Cow<'h, str>,
    #[serde(borrow)]
    pub(super) info: Cow<'h, str>,
    #[serde(borrow)]
    pub(super) date: Cow<'h, str>,
    #[serde(borrow)]
    pub(super) timestamp: Cow<'h, str>,
    #[serde(borrow)]
    pub(super) publish_timestamp: Cow<'h, str>,
    #[serde(borrow)]
    pub(super) sighting_timestamp: Cow<'h, str>,
    pub(super) published: bool,
    #[serde(borrow)]
    pub(super) threat_level_id: Cow<'h, str>,
    #[serde(borrow)]
    pub(super) analysis: Cow<'h, str>,
    #[serde(borrow)]
    pub(super) distribution: Cow<'h, str>,
    #[serde(borrow, rename = "Orgc")]
    pub(super) creator: Organisation<'h>,
    #[serde(borrow, rename = "EventTag")]
    tags: Vec<OnEvent<'h>>,
}

/// Who made it.
#[derive(Debug, Deserialize)]
pub(super) struct Organisation<'h> {
    #[serde(borrow)]
    pub(super) id: Cow<'h, str>,
    #[serde(borrow)]
    pub(super) name: Cow<'h, str>,
    #[serde(borrow)]
    pub(super) uuid: Cow<'h, str>,
}

#[derive(Debug, Deserialize)]
struct OnEvent<'h> {
    #[serde(borrow, rename = "Tag")]
    tag: Tag<'h>,
}

/// A tag of the event.
#[derive(Debug, Deserialize)]
pub(super) struct Tag<'h> {
    #[serde(borrow)]
    pub(super) name: Cow<'h, str>,
    #[serde(borrow, default)]
    pub(super) colour: Cow<'h, str>,
}

impl<'h> Summary<'h> {
    /// Reads an entry of the index.
    pub(super) fn of(entry: &'h str) -> Result<Self, Problem> {
        serde_json::from_str(entry)
            .map_err(|error| Problem::fault(format!("an entry of the index: {error}")))
    }

    /// Its tags.
    pub(super) fn tags(&self) -> impl Iterator<Item = &Tag<'h>> {
        self.tags.iter().map(|on| &on.tag)
    }

    /// The names of its tags.
    pub(super) fn tag_names(&self) -> Vec<&str> {
        self.tags().map(|tag| &*tag.name).collect()
    }
}
