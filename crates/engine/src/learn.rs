//! What a hunt taught, fed back: sightings of listed values and new indicators, as claims of a document
//! that stands for the hunt. It is a change like any other, so `undo` takes it back.

use std::fmt::Write as _;

use jiff::Timestamp;
use lapwing_hunt::Hunt;
use lapwing_model::{Format, Marking, PartialDate};
use lapwing_read::Options;

use crate::{AddOptions, AddReport, Engine, EngineError, Input, Silent};

/// How a hunt is kept.
#[derive(Clone, Debug)]
pub struct Learning {
    /// Name of the document that stands for the hunt.
    pub name: String,
    /// The command as typed, for `history`.
    pub command: String,
    /// When the hunt took place.
    pub now: Timestamp,
}

/// Who says what a hunt found: an observer of his own.
const SOURCE: &str = "a hunt in own logs";

impl Engine {
    /// Keeps what a hunt learnt and which listed values it saw; `None` when there is nothing to keep.
    ///
    /// # Errors
    /// When the store cannot be written. Nothing is changed then.
    pub fn learn(
        &mut self,
        hunt: &Hunt,
        learning: &Learning,
    ) -> Result<Option<AddReport>, EngineError> {
        let Some(table) = table(hunt) else { return Ok(None) };
        let day = learning.now.to_zoned(jiff::tz::TimeZone::UTC).date();
        let read = Options {
            format: Some(Format::Table),
            source: Some(SOURCE.to_owned()),
            published: Some(PartialDate::from(day)),
            // What was seen on one's own machines is not for everybody.
            marking: Some(Marking::Amber),
            ..Options::default()
        };
        let input = Input::Bytes { name: learning.name.clone(), bytes: table.into_bytes() };
        let options = AddOptions { read, command: learning.command.clone() };
        self.add(&[input], &options, learning.now, &Silent).map(Some)
    }
}

/// The values as a table that the reader of tables knows.
fn table(hunt: &Hunt) -> Option<String> {
    if hunt.learnt.is_empty() && hunt.sighted.is_empty() {
        return None;
    }
    let mut table = "type,value,first_seen,last_seen,confidence,comment\n".to_owned();
    for learnt in &hunt.learnt {
        let comment = format!("{}; in {} records", learnt.why, learnt.records);
        let entity = &learnt.entity;
        let times = (learnt.first, learnt.last);
        row(&mut table, entity.kind.as_str(), &entity.value, times, learnt.percent, &comment);
    }
    for (entity, seen) in &hunt.sighted {
        let comment = format!("listed, and seen in {} records", seen.records);
        let times = (seen.first, seen.last);
        row(&mut table, entity.kind.as_str(), &entity.value, times, 80, &comment);
    }
    Some(table)
}

fn row(
    table: &mut String,
    kind: &str,
    value: &str,
    (first, last): (Option<Timestamp>, Option<Timestamp>),
    percent: u8,
    comment: &str,
) {
    let day = |time: Option<Timestamp>| {
        time.map(|t| t.strftime("%Y-%m-%d").to_string()).unwrap_or_default()
    };
    let cell = |text: &str| {
        let text: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
        format!("\"{}\"", text.replace('"', "\"\""))
    };
    let _ = writeln!(
        table,
        "{kind},{},{},{},{percent},{}",
        cell(value),
        day(first),
        day(last),
        cell(comment)
    );
}
