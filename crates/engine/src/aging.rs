//! When indicators lose their worth, noted in the store so that lists need not read decay row by row.

use std::collections::BTreeMap;

use jiff::civil::Date;
use lapwing_forecast::{ACTIVE, AGES, Clocks, DecayModel, EXPIRED, families};
use lapwing_fuse::set_aside;
use lapwing_model::{Fact, Kind, Object, PartialDate, Relation, Status};
use lapwing_store::{Aging, Change, IndicatorPlace, IndicatorQuery, Store, day_number};

use crate::status::{age_of, counted, pace};
use crate::{Engine, EngineError};

/// Names the rules by which the two days of an indicator are made; under another name they are made
/// anew. Counted up with whatever changes them (a test tells).
const RULES: &str = "fitted lifetimes, 1";

/// No value lives longer than so many days after it was last seen.
const FAR: u32 = 20_000;

/// Rows that are looked at for one page where nothing is noted; then the page ends early.
const MOST_LOOKED_AT: usize = 100_000;
/// Rows that are fetched at a time then.
const BATCH: usize = 2_000;

/// A row of a list of indicators.
#[derive(Clone, Debug, PartialEq)]
pub struct IndicatorEntry {
    /// The fact that it is an indicator.
    pub fact: Fact,
    /// Whether it may still be used to detect.
    pub status: Status,
}

/// A page of indicators.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct IndicatorPage {
    /// The rows.
    pub entries: Vec<IndicatorEntry>,
    /// After which row the next page goes on; `None` at the end.
    pub next: Option<IndicatorPlace>,
}

/// Notes when the indicators that a change touched lose their worth.
pub(crate) fn keep(change: &mut Change<'_>) -> Result<(), EngineError> {
    let mut lives = Lives::default();
    Ok(change.stand(RULES, &mut |fact, others| lives.of(fact, others))?)
}

/// Notes it for all indicators of a store that has it not, or by other rules.
pub(crate) fn note_all(store: &mut Store) -> Result<(), EngineError> {
    if store.ruled_by()?.as_deref() == Some(RULES) || store.latest_change()?.is_none() {
        return Ok(());
    }
    let mut change = store.begin("decay", jiff::Timestamp::UNIX_EPOCH)?;
    keep(&mut change)?;
    Ok(change.commit_unrecorded()?)
}

/// Days from the last sighting to ageing, and to the end, by what they depend on.
#[derive(Default)]
pub(crate) struct Lives(BTreeMap<Case, (u32, u32)>);

/// Kind, family, age, and how many times a day counts, in percent.
type Case = (Kind, Option<&'static str>, u32, u32);

impl Lives {
    /// As [`Statuses`](crate::Statuses) reads it, for all days at once.
    pub(crate) fn of(&mut self, fact: &Fact, others: &[Fact]) -> Aging {
        if let Some(status) = set_aside(fact) {
            return Aging::Fixed(status);
        }
        let sighted = others.iter().filter_map(|other| match &other.object {
            Object::Text(day) if other.relation == Relation::LastSeen => {
                day.parse::<PartialDate>().ok()
            }
            _ => None,
        });
        let Some(last) = fact.last_known().into_iter().chain(sighted).max_by_key(|d| d.last_day())
        else {
            return Aging::Fixed(Status::Undated);
        };
        let kind = fact.subject.kind;
        if !kind.is_observable() {
            return Aging::Fixed(Status::Active);
        }
        let (family, band) = match kind {
            Kind::Ipv4Addr | Kind::Ipv6Addr => {
                let age = age_of(fact, last) as usize;
                let band = AGES.iter().rev().find(|first| age >= **first).copied().unwrap_or(0);
                (family(others), band as u32)
            }
            _ => (None, 0),
        };
        let pace = pace(fact);
        let (ages, ends) = *self
            .0
            .entry((kind, family, band, pace))
            .or_insert_with(|| life(kind, family, band, pace));
        let from = day_number(last.last_day());
        Aging::Days { ages: from + i64::from(ages), ends: from + i64::from(ends) }
    }
}

/// The family, of those whose addresses have lifetimes of their own, that a value indicates.
fn family(others: &[Fact]) -> Option<&'static str> {
    let named: Vec<&str> = others
        .iter()
        .filter(|other| other.relation == Relation::Indicates)
        .filter_map(|other| Some(other.object.entity()?.value.as_str()))
        .collect();
    families().find(|family| named.iter().any(|name| name.eq_ignore_ascii_case(family)))
}

/// Days until a value that was seen today is no longer active, and until it is expired.
fn life(kind: Kind, family: Option<&str>, age: u32, pace: u32) -> (u32, u32) {
    let first = |least: f64| {
        let below = |unseen: u32| {
            let clocks = Clocks { kind, family, age, unseen: counted(unseen, pace) };
            DecayModel::Fitted.read(&clocks).probability < least
        };
        let (mut low, mut high) = (0, FAR);
        while low < high {
            let middle = low.midpoint(high);
            if below(middle) { high = middle } else { low = middle + 1 }
        }
        low
    };
    (first(ACTIVE), first(EXPIRED))
}

impl Engine {
    /// Whether the days that the store notes are those of the law of decay in use.
    pub(crate) fn notes_decay(&self) -> Result<bool, EngineError> {
        let fitted = self.decay() == DecayModel::Fitted;
        Ok(fitted && self.store.ruled_by()?.as_deref() == Some(RULES))
    }

    /// A page of the indicators, of those statuses or all, on the day `today`.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn indicator_page(
        &self,
        query: &IndicatorQuery,
        statuses: &[Status],
        today: Date,
    ) -> Result<IndicatorPage, EngineError> {
        let noted =
            self.decay() == DecayModel::Fitted && self.store.ruled_by()?.as_deref() == Some(RULES);
        let mut page = IndicatorPage::default();
        let mut asked = query.clone();
        if noted || statuses.is_empty() {
            // One row more than the page tells whether there is a next one.
            asked.limit = query.limit.saturating_add(1);
            asked.status = (!statuses.is_empty()).then(|| (statuses.to_vec(), today));
        } else {
            asked.limit = BATCH;
        }
        let (mut looked_at, mut last) = (0, None);
        loop {
            let batch = self.store.indicators(&asked)?;
            let full = batch.len() == asked.limit;
            for row in batch {
                if page.entries.len() == query.limit {
                    page.next = last;
                    return Ok(page);
                }
                looked_at += 1;
                let status = match row.aging.filter(|_| noted) {
                    Some(aging) => aging.on(today),
                    None => self.status_of(&row.fact, today)?.status,
                };
                if statuses.is_empty() || statuses.contains(&status) {
                    page.entries.push(IndicatorEntry { fact: row.fact, status });
                }
                last = Some(row.place);
            }
            if !full {
                return Ok(page);
            }
            if looked_at >= MOST_LOOKED_AT {
                page.next = last;
                return Ok(page);
            }
            asked.after.clone_from(&last);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Statuses;
    use lapwing_model::{AnalyticConfidence, Basis, Entity, Marking, Period};
    use proptest::prelude::*;

    fn fact(kind: Kind, first: &str, last: &str, notes: &[&str]) -> Fact {
        Fact {
            subject: Entity::new(kind, "x"),
            relation: Relation::Role,
            object: Object::Text("indicator".into()),
            probability: 0.8,
            confidence: AnalyticConfidence::Low,
            basis: Basis::Observed,
            period: Period { first: first.parse().ok(), last: last.parse().ok() },
            reported: Period::default(),
            marking: Marking::Clear,
            contributions: Vec::new(),
            notes: notes.iter().map(|note| (*note).to_owned()).collect(),
        }
    }

    /// A change of the figures is a change of the rules: count [`RULES`] up with it.
    #[test]
    fn the_days_are_those_of_the_rules() {
        let lives = [
            life(Kind::Ipv4Addr, None, 0, 100),
            life(Kind::Ipv4Addr, None, 30, 100),
            life(Kind::Ipv4Addr, None, 180, 200),
            life(Kind::Ipv4Addr, Some("7777 Botnet"), 90, 100),
            life(Kind::DomainName, None, 0, 100),
            life(Kind::Url, None, 0, 100),
            life(Kind::Sha256, None, 0, 100),
            life(Kind::Mutex, None, 0, 100),
        ];
        insta::assert_debug_snapshot!((RULES, lives));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(200))]
        #[test]
        fn a_noted_status_is_the_status_that_is_read(
            kind in prop::sample::select(vec![
                Kind::Ipv4Addr, Kind::Ipv6Addr, Kind::DomainName, Kind::Url, Kind::Sha256,
                Kind::FileName, Kind::Malware,
            ]),
            first in prop::sample::select(vec!["", "2019", "2020-11", "2021-02-27"]),
            last in prop::sample::select(vec!["", "2021", "2021-02", "2021-03-02", "2022-05-01"]),
            sighted in prop::sample::select(vec!["", "2021-04-01"]),
            family in prop::sample::select(vec!["", "7777 botnet", "Emotet"]),
            note in prop::sample::select(vec!["", "shared (cloud): others use it too", "known-benign list x",
                "by its sources' own lists a day without a sighting counts 0.37 times"]),
            days in 0_i32..4000,
        ) {
            let notes: Vec<&str> = Some(note).filter(|note| !note.is_empty()).into_iter().collect();
            let fact = fact(kind, first, last, &notes);
            let mut others = Vec::new();
            let mut other = |relation, object| {
                others.push(Fact { relation, object, ..fact.clone() });
            };
            if !family.is_empty() {
                other(Relation::Indicates, Object::Entity(Entity::new(Kind::Malware, family)));
            }
            if !sighted.is_empty() {
                other(Relation::LastSeen, Object::Text(sighted.to_owned()));
            }
            let today = jiff::civil::date(2021, 1, 1)
                .checked_add(jiff::Span::new().days(days)).unwrap();
            let is_address = matches!(kind, Kind::Ipv4Addr | Kind::Ipv6Addr);
            let known = families().find(|of| of.eq_ignore_ascii_case(family)).filter(|_| is_address);
            let reader = Statuses::of_one(&fact.subject, known, sighted.parse().ok(), today);
            prop_assert_eq!(Lives::default().of(&fact, &others).on(today), reader.of(&fact));
        }
    }
}
