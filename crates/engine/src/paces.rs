//! How fast each source's values go out of use, learnt from the lists of it that the store holds.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use jiff::civil::Date;
use lapwing_forecast::{Listed, Pace, pace};
use lapwing_fuse::{Standing, source_key};
use lapwing_knowledge::{KnowledgeSource, SourcePace, Update, ages_as};
use lapwing_model::{
    ChangeId, DocumentId, Entity, Format, Marking, Object, Polarity, Relation, Role,
};
use lapwing_store::day_number;

use crate::knowledge::PREFIX;
use crate::{Engine, EngineError};

/// Under this name, behind the prefix of reference data, the store keeps what was learnt.
const NAME: &str = "lifetimes by source";

/// What the lists of one source tell of its values of kinds that age alike.
#[derive(Clone, Debug, PartialEq)]
pub struct SourceLists {
    /// The source, as its documents state it.
    pub source: String,
    /// Which kinds: `address`, `url`, `name`, `file` or `other`.
    pub ages: &'static str,
    /// On how many days it gave a list.
    pub lists: usize,
    /// The first of these days, and the last.
    pub period: (Date, Date),
    /// How fast its values go; `None` where the lists are too few, too near to each other, or never repeat
    /// what they held.
    pub pace: Option<Pace>,
}

/// Lists of one source.
struct Lists {
    source: String,
    marking: Marking,
    by_day: BTreeMap<Date, Vec<DocumentId>>,
}

impl Engine {
    /// What the lists in the store tell of how long each source's values stay in use; nothing is kept.
    ///
    /// A list is a document of values alone (one a line, or a table) with a day and a source of its own; what
    /// copies another's says nothing.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn source_lists(&self) -> Result<Vec<SourceLists>, EngineError> {
        Ok(self.lists_told()?.into_iter().map(|(lists, ..)| lists).collect())
    }

    /// As [`Self::source_lists`], and keeps it: facts on values of these sources say how fast they go from
    /// now on, and their status follows. The change is `None` where this is known already.
    ///
    /// # Errors
    /// When the store cannot be read or written; nothing is changed then.
    pub fn learn_paces(
        &mut self,
        now: Timestamp,
    ) -> Result<(Vec<SourceLists>, Option<ChangeId>), EngineError> {
        let told = self.lists_told()?;
        let newest = told.iter().map(|(lists, ..)| lists.period.1).max();
        let paces: Vec<SourcePace> = told
            .iter()
            .filter_map(|(lists, key, marking)| {
                let percent = lists.pace?.percent;
                let (source, ages) = (key.clone(), lists.ages.to_owned());
                Some(SourcePace { source, ages, percent, marking: *marking })
            })
            .collect();
        let lists = told.into_iter().map(|(lists, ..)| lists).collect();
        let name = format!("{PREFIX}{NAME}");
        let before = self.store.blob(&name)?;
        if paces.is_empty() && before.is_none() {
            return Ok((lists, None));
        }
        let source = KnowledgeSource {
            name: "Lifetimes by source".to_owned(),
            version: newest.map(|day| day.to_string()).unwrap_or_default(),
            licence: "your own".to_owned(),
            from: "lists in the store".to_owned(),
            entries: paces.len(),
        };
        let update = Update::of_paces(source, paces);
        let bytes = serde_json::to_vec(&update)
            .map_err(|error| EngineError::Corrupt(format!("{NAME}: {error}")))?;
        if before.as_deref() == Some(&bytes) {
            return Ok((lists, None));
        }
        let mut names: BTreeSet<String> = self.store.blobs(PREFIX)?.into_iter().collect();
        names.insert(name.clone());
        let mut change = self.store.begin("knowledge lifetimes", now)?;
        change.put_blob(&name, &bytes)?;
        let knowledge = crate::knowledge::knowledge_with(&names, &|name| change.blob(name))?;
        change.touch_all()?;
        crate::derive::derive(&mut change, &knowledge)?;
        let id = change.commit()?;
        self.knowledge = knowledge.into();
        Ok((lists, Some(id)))
    }

    /// With the key of each source, and the strictest marking of its lists.
    fn lists_told(&self) -> Result<Vec<(SourceLists, String, Marking)>, EngineError> {
        let mut told = Vec::new();
        for (key, lists) in self.lists_by_source()? {
            for (ages, pace) in self.paces_of(&lists)? {
                let days = (lists.by_day.keys().next(), lists.by_day.keys().next_back());
                let (Some(first), Some(last)) = days else { continue };
                let of = SourceLists {
                    source: lists.source.clone(),
                    ages,
                    lists: lists.by_day.len(),
                    period: (*first, *last),
                    pace,
                };
                told.push((of, key.clone(), lists.marking));
            }
        }
        Ok(told)
    }

    /// The lists of each source that speaks for itself, by its key.
    fn lists_by_source(&self) -> Result<BTreeMap<String, Lists>, EngineError> {
        let mut sources: BTreeMap<String, Lists> = BTreeMap::new();
        for record in self.store.documents()? {
            let document = &record.document;
            let is_list = matches!(document.format, Format::List | Format::Table);
            let day = document.published.filter(|day| is_list && day.day().is_some());
            let (Some(day), Some(source)) = (day, document.source.as_deref()) else { continue };
            let key = source_key(source);
            let standing = self.store.standing(document.id)?;
            let speaks = standing.and_then(|text| Standing::from_text(&text).ok());
            if key.is_empty() || speaks.is_none_or(|standing| standing.source() != key) {
                continue;
            }
            let lists = sources.entry(key).or_insert_with(|| Lists {
                source: source.to_owned(),
                marking: Marking::Clear,
                by_day: BTreeMap::new(),
            });
            lists.marking = lists.marking.max(document.marking.unwrap_or_default());
            lists.by_day.entry(day.first_day()).or_default().push(document.id);
        }
        Ok(sources)
    }

    /// The pace of each group of kinds that a source lists.
    fn paces_of(&self, lists: &Lists) -> Result<BTreeMap<&'static str, Option<Pace>>, EngineError> {
        let days: Vec<i64> = lists.by_day.keys().map(|day| day_number(*day)).collect();
        let mut histories: BTreeMap<&'static str, History> = BTreeMap::new();
        for (at, documents) in (0..).zip(lists.by_day.values()) {
            let mut listed: BTreeSet<Entity> = BTreeSet::new();
            for document in documents {
                for stored in self.store.claims_of(*document)? {
                    let accuses = stored.claim.relation == Relation::Role
                        && stored.claim.polarity != Polarity::Denied
                        && matches!(&stored.object, Object::Text(word) if word == Role::Indicator.as_str());
                    if accuses && stored.subject.kind.is_observable() {
                        listed.insert(stored.subject);
                    }
                }
            }
            for value in listed {
                histories.entry(ages_as(value.kind)).or_default().see(value, at);
            }
        }
        let of = histories.into_iter().map(|(ages, history)| (ages, history.pace(&days)));
        Ok(of.collect())
    }
}

/// On which lists values stand.
#[derive(Default)]
struct History(BTreeMap<Entity, Vec<u32>>);

impl History {
    fn see(&mut self, value: Entity, at: u32) {
        self.0.entry(value).or_default().push(at);
    }

    fn pace(self, days: &[i64]) -> Option<Pace> {
        let kind = self.0.keys().next()?.kind;
        let values: Vec<Vec<u32>> = self.0.into_values().collect();
        pace(&Listed { kind, days, values: &values })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{AddOptions, Input, Silent};
    use lapwing_model::{Kind, Status};

    /// The list of a source on a day of January or February, of addresses that stay for so many days.
    fn list(source: &str, day: i64, net: &str, stay: i64) -> Input {
        let mut text = String::from("type,value,comment\n");
        for value in (day - stay + 1).max(0)..=day {
            for host in 1..5 {
                text.push_str(&format!("ipv4-addr,{net}.{value}.{host},C2\n"));
            }
        }
        let published = format!("2021-{:02}-{:02}", 1 + day / 28, 1 + day % 28);
        Input::Fetched {
            name: format!("{source} {day}.csv"),
            bytes: text.into_bytes(),
            options: Box::new(lapwing_read::Options {
                source: Some(source.to_owned()),
                published: published.parse().ok(),
                ..Default::default()
            }),
        }
    }

    fn filled() -> Engine {
        let mut engine = Engine::in_memory().unwrap();
        let mut inputs: Vec<Input> =
            (0..40).map(|day| list("Quick List", day, "45.77", 2)).collect();
        inputs.extend((0..40).map(|day| list("Slow List", day, "91.10", 60)));
        // News: what it reports once it does not repeat.
        inputs.extend((0..40).map(|day| list("News", day, "23.9", 1)));
        engine.add(&inputs, &AddOptions::default(), now(), &Silent).unwrap();
        engine
    }

    fn now() -> Timestamp {
        "2021-03-01T00:00:00Z".parse().unwrap()
    }

    fn in_use(engine: &Engine, address: &str) -> f64 {
        let value = Entity::new(Kind::Ipv4Addr, address);
        let query = lapwing_store::FactQuery {
            subject: Some(value),
            relation: Some(Relation::Role),
            ..Default::default()
        };
        let facts = engine.store().facts(&query).unwrap();
        let today = "2021-02-20".parse().unwrap();
        engine.statuses(today).unwrap().read(&facts[0]).life.unwrap().probability
    }

    #[test]
    fn values_of_a_list_that_drops_them_soon_age_sooner() {
        let mut engine = filled();
        let before = [in_use(&engine, "45.77.30.1"), in_use(&engine, "91.10.30.1")];
        let told = engine.source_lists().unwrap();
        let paces: Vec<_> =
            told.iter().map(|of| (of.source.as_str(), of.pace.map(|pace| pace.percent))).collect();
        assert!(
            matches!(
                paces[..],
                [("News", None), ("Quick List", Some(200..)), ("Slow List", Some(..90))]
            ),
            "{paces:?}"
        );

        let (same, change) = engine.learn_paces(now()).unwrap();
        assert_eq!(same, told);
        assert!(in_use(&engine, "45.77.30.1") < before[0]);
        assert!(in_use(&engine, "91.10.30.1") > before[1]);
        assert_eq!(engine.knowledge().sources().last().unwrap().entries, 2);
        // The lists of indicators read the same as the rows do one by one.
        let today = "2021-02-20".parse().unwrap();
        let query = lapwing_store::IndicatorQuery { limit: 1000, ..Default::default() };
        let statuses = engine.statuses(today).unwrap();
        let page = engine.indicator_page(&query, &[Status::Active], today).unwrap();
        assert!(!page.entries.is_empty());
        assert!(page.entries.iter().all(|row| statuses.of(&row.fact) == Status::Active));

        // Learnt again from the same it is the same; undone it is as before.
        assert_eq!(engine.learn_paces(now()).unwrap().1, None);
        engine.undo(change.unwrap(), now()).unwrap();
        let after = [in_use(&engine, "45.77.30.1"), in_use(&engine, "91.10.30.1")];
        assert_eq!(after.map(f64::to_bits), before.map(f64::to_bits));
        assert_eq!(engine.check_facts(false, now()).unwrap().differing, 0);
    }
}
