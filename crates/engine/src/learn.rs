//! What a hunt taught, fed back: new indicators as claims of a document that stands for the hunt, and sightings of
//! listed values, which confirm nothing, as claims of a second one. It is a change like any other, so `undo` takes it back.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use jiff::Timestamp;
use lapwing_fuse::{Resolver, Trace};
use lapwing_hunt::Hunt;
use lapwing_model::{Claim, Entity, Format, Marking, Object, PartialDate, Reading, Relation, Role};
use lapwing_read::{Item, Options};
use lapwing_store::{Added, FactQuery};

use crate::add::read_input;
use crate::derive::derive;
use crate::{AddReport, Engine, EngineError, Input};

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
/// What made the claims of sightings.
const METHOD: &str = "hunt:sighting";

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
        let mut readings = Vec::new();
        let mut report = AddReport::default();
        for (name, table, sighted) in [
            (learning.name.clone(), learnt(hunt), false),
            (format!("sightings of {}", learning.name), sightings(hunt), true),
        ] {
            let Some(table) = table else { continue };
            let input = Input::Bytes { name, bytes: table.into_bytes() };
            read_input(&input, &options(learning), &mut |item| match item {
                Item::Reading(mut reading) => {
                    if sighted {
                        as_sightings(&mut reading);
                    }
                    readings.push(*reading);
                }
                Item::Problem(problem) => report.problems.push(problem),
            });
        }
        if readings.is_empty() {
            return Ok(None);
        }
        let knowledge = self.knowledge.clone();
        let resolver = Resolver::new(&knowledge);
        let mut change = self.store.begin(&learning.command, learning.now)?;
        for reading in readings {
            let trace = Trace::of(&reading);
            let marks = crate::binding::marks_of(&reading, &knowledge);
            let added = change
                .add_marked((&reading, &trace.to_bytes(), Some(&marks)), &|entity| {
                    resolver.canonical(entity)
                })?;
            let claims = reading.claims.len();
            report.count(reading, claims, added == Added::New);
        }
        report.facts = derive(&mut change, &knowledge)?;
        report.change = (!change.is_empty()).then(|| change.id());
        change.commit()?;
        Ok(Some(report))
    }

    /// The last day on which own hunts, and whoever else tells of sightings, saw each value.
    pub(crate) fn last_sighted(&self) -> Result<BTreeMap<Entity, PartialDate>, EngineError> {
        let mut all = BTreeMap::new();
        let query = FactQuery { relation: Some(Relation::LastSeen), ..FactQuery::default() };
        self.store.each_fact(&query, &mut |fact| {
            let day = match &fact.object {
                Object::Text(text) => text.parse::<PartialDate>().ok(),
                Object::Entity(_) => None,
            };
            if let Some(day) = day.filter(|_| fact.subject.kind.is_observable()) {
                let last = all.entry(fact.subject).or_insert(day);
                if day.last_day() > last.last_day() {
                    *last = day;
                }
            }
            Ok(())
        })?;
        Ok(all)
    }
}

fn options(learning: &Learning) -> Options {
    let day = learning.now.to_zoned(jiff::tz::TimeZone::UTC).date();
    Options {
        format: Some(Format::Table),
        source: Some(SOURCE.to_owned()),
        published: Some(PartialDate::from(day)),
        // What was seen on one's own machines is not for everybody.
        marking: Some(Marking::Amber),
        ..Options::default()
    }
}

/// That a listed value was seen tells when it was in use, and nothing more of whether it is hostile: whoever
/// listed it said that, and the hunt looked for it because of that.
fn as_sightings(reading: &mut Reading) {
    let claims = std::mem::take(&mut reading.claims);
    reading.claims = claims.into_iter().filter_map(as_sighting).collect();
}

fn as_sighting(claim: Claim) -> Option<Claim> {
    if claim.relation != Relation::Role {
        return Some(claim);
    }
    if claim.role() != Some(Role::Indicator) {
        return None;
    }
    let (relation, object) = match claim.period.last.or(claim.period.first) {
        Some(day) => (Relation::LastSeen, day.to_string()),
        None => (Relation::Property, "sighted=in own logs".to_owned()),
    };
    let object = Object::Text(object);
    Some(Claim {
        relation,
        object,
        stated: None,
        stated_word: None,
        method: METHOD.to_owned(),
        ..claim
    })
}

const HEAD: &str = "type,value,first_seen,last_seen,confidence,comment\n";

/// What was found by behaviour, as a table that the reader of tables knows.
fn learnt(hunt: &Hunt) -> Option<String> {
    let mut table = HEAD.to_owned();
    for learnt in &hunt.learnt {
        let comment = format!("{}; in {} records", learnt.why, learnt.records);
        let entity = &learnt.entity;
        let times = (learnt.first, learnt.last);
        row(&mut table, entity.kind.as_str(), &entity.value, times, learnt.percent, &comment);
    }
    (!hunt.learnt.is_empty()).then_some(table)
}

/// The listed values that were seen, as a table.
fn sightings(hunt: &Hunt) -> Option<String> {
    let mut table = HEAD.to_owned();
    for (entity, seen) in &hunt.sighted {
        let comment = format!("listed, and seen in {} records", seen.records);
        row(&mut table, entity.kind.as_str(), &entity.value, (seen.first, seen.last), 80, &comment);
    }
    (!hunt.sighted.is_empty()).then_some(table)
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{AddOptions, Silent};
    use lapwing_hunt::{Checks, Indicator, Matcher};
    use lapwing_model::{Fact, Kind, Status};

    fn engine() -> Engine {
        let mut engine = Engine::in_memory().unwrap();
        let report = "type,value,first_seen,last_seen,confidence,comment\nipv4-addr,198.51.100.23,2020-01-01,2020-01-02,60,c2\n";
        let input = Input::Bytes { name: "list.csv".into(), bytes: report.into() };
        let now = "2020-01-05T00:00:00Z".parse().unwrap();
        let read = Options { published: "2020-01-03".parse().ok(), ..Options::default() };
        let options = AddOptions { read, ..AddOptions::default() };
        engine.add(&[input], &options, now, &Silent).unwrap();
        engine
    }

    fn indicator(engine: &Engine) -> Fact {
        let query = FactQuery {
            relation: Some(Relation::Role),
            role: Some(Role::Indicator),
            ..FactQuery::default()
        };
        let mut facts = engine.store().facts(&query).unwrap();
        assert_eq!(facts.len(), 1, "{facts:?}");
        facts.remove(0)
    }

    #[test]
    fn a_sighting_of_a_listed_value_is_no_confirmation_and_says_that_it_is_in_use() {
        let mut engine = engine();
        let before = indicator(&engine);
        let home = tempfile::tempdir().unwrap();
        let log = home.path().join("proxy.txt");
        let line = "2021-03-04T10:00:00Z allow 10.0.0.4 -> 198.51.100.23:443\n";
        std::fs::write(&log, line.repeat(3)).unwrap();
        let listed = Indicator::new(Entity::new(Kind::Ipv4Addr, "198.51.100.23"), 0.6, "a list");
        let hunt = lapwing_hunt::hunt(
            &[log],
            &Matcher::compile([listed]),
            Checks::builtin(),
            &lapwing_hunt::Options::default(),
            &lapwing_hunt::Silent,
        );
        assert_eq!(hunt.sighted.len(), 1, "{:?}", hunt.findings);
        let learning = Learning {
            name: "hunt of 2021-03-05".into(),
            command: "hunt --learn".into(),
            now: "2021-03-05T00:00:00Z".parse().unwrap(),
        };
        let report = engine.learn(&hunt, &learning).unwrap().unwrap();
        assert!(report.change.is_some() && report.problems.is_empty(), "{report:?}");
        let after = indicator(&engine);
        assert_eq!(after.contributions, before.contributions);
        assert!((after.probability - before.probability).abs() < f64::EPSILON);
        let seen = engine.last_sighted().unwrap();
        let days: Vec<String> = seen.values().map(ToString::to_string).collect();
        assert_eq!(days, ["2021-03-04"]);
        let today = jiff::civil::date(2021, 3, 10);
        let hunted = engine.store_indicators(today).unwrap();
        assert_eq!(hunted[0].status, Some(Status::Active), "{hunted:?}");
    }
}
