//! Pages are what going through everything gives, whatever way was taken.

use super::*;
use crate::common::{at, reading, resolve};
use crate::{Store, day_number};
use jiff::civil::date;
use lapwing_model::{Entity, Fact, Kind, PartialDate, Status};
use proptest::prelude::*;

const TODAY: Date = date(2021, 4, 1);

/// A status for each value, by its length and last character, so that all of them occur.
fn aging(fact: &Fact) -> Aging {
    let today = day_number(TODAY);
    let digit = i64::from(fact.subject.value.bytes().fold(7_u8, u8::wrapping_add) % 7);
    let length = fact.subject.value.len() as i64;
    match digit {
        0 => Aging::Fixed(Status::Benign),
        1 => Aging::Fixed(Status::Revoked),
        2 => Aging::Fixed(Status::Undated),
        3 => Aging::Days { ages: 0, ends: today + length % 3 },
        _ => Aging::Days { ages: today + 4 - digit, ends: today + 4 - digit + length % 5 },
    }
}

fn store() -> Store {
    let mut store = Store::in_memory().unwrap();
    let mut change = store.begin("add", at(1)).unwrap();
    for number in 0..60 {
        let mut reading = reading(number);
        for claim in &mut reading.claims {
            claim.period.last = format!("2021-03-{:02}", 1 + number % 9).parse().ok();
        }
        change.add(&reading, b"", &resolve).unwrap();
    }
    change.fuse_touched(&mut crate::common::fuse).unwrap();
    change.stand("test", &mut |fact, _| aging(fact)).unwrap();
    change.commit().unwrap();
    assert_eq!(store.check().unwrap(), Vec::<String>::new());
    store
}

fn brute(store: &Store, query: &IndicatorQuery) -> Vec<Entity> {
    let role = crate::FactQuery {
        relation: Some(Relation::Role),
        role: Some(Role::Indicator),
        ..crate::FactQuery::default()
    };
    let mut facts = store.facts(&role).unwrap();
    let tied = |fact: &Fact, of: &Entity| {
        let tie = crate::FactQuery {
            subject: Some(fact.subject.clone()),
            object: Some(of.clone()),
            relation: Some(Relation::Indicates),
            ..crate::FactQuery::default()
        };
        !store.facts(&tie).unwrap().is_empty()
    };
    facts.retain(|fact| {
        query.kind.is_none_or(|kind| fact.subject.kind == kind)
            && query.holds.as_ref().is_none_or(|text| fact.subject.value.contains(text.as_str()))
            && query.least_probability.is_none_or(|least| fact.probability >= least)
            && query.since.is_none_or(|since| fact.period.last >= Some(since))
            && query.of.as_ref().is_none_or(|of| tied(fact, of))
            && query.status.as_ref().is_none_or(|(all, day)| all.contains(&aging(fact).on(*day)))
    });
    match query.order {
        IndicatorOrder::Value => {}
        // The sort is stable, and numbers are not known here: they are compared as sets of keys.
        IndicatorOrder::Probability => {
            facts.sort_by(|a, b| b.probability.total_cmp(&a.probability));
        }
        IndicatorOrder::Last => facts.sort_by_key(|fact| std::cmp::Reverse(fact.period.last)),
    }
    facts.into_iter().map(|fact| fact.subject).collect()
}

fn paged(store: &Store, query: &IndicatorQuery, limits: Limits) -> Vec<Entity> {
    let mut all = Vec::new();
    let mut query = query.clone();
    loop {
        let entries = {
            let mut page = Page::of(&store.conn, &store.names, &query).unwrap().unwrap();
            page.limits = limits;
            page.entries().unwrap()
        };
        for entry in &entries {
            all.push(store.names.entity_of(&store.conn, entry.n).unwrap());
        }
        match entries.last() {
            Some(last) if entries.len() == query.limit => {
                query.after = Some(IndicatorPlace { n: last.n, key: last.key });
            }
            _ => return all,
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    #[test]
    fn pages_hold_each_row_that_fits_once_and_in_order(
        kind in prop::option::of(prop::sample::select(vec![Kind::Ipv4Addr, Kind::DomainName])),
        holds in prop::option::of(prop::sample::select(vec!["1", "example", "no such"])),
        least in prop::option::of(prop::sample::select(vec![0.0, 0.9, 1.0])),
        since in prop::option::of(prop::sample::select(vec!["2021", "2021-03-05"])),
        of in prop::option::weighted(0.3, prop::sample::select(vec!["HAFNIUM", "Hafnium"])),
        statuses in prop::option::of(prop::sample::subsequence(
            vec![Status::Active, Status::Ageing, Status::Expired, Status::Revoked, Status::Benign,
                 Status::Undated], 0..4)),
        order in prop::sample::select(vec![
            IndicatorOrder::Value, IndicatorOrder::Probability, IndicatorOrder::Last]),
        limit in 1_usize..40,
        few in prop::sample::select(vec![0_usize, 3, 1000]),
        rare in prop::sample::select(vec![0_usize, 5, 1000]),
    ) {
        thread_local!(static STORE: Store = store());
        STORE.with(|store| {
            let query = IndicatorQuery {
                kind,
                holds: holds.map(str::to_owned),
                least_probability: least,
                since: since.map(|day| day.parse::<PartialDate>().unwrap()),
                of: of.map(|name| Entity::new(Kind::ThreatActor, name)),
                documents: Vec::new(),
                status: statuses.map(|statuses| (statuses, TODAY)),
                order,
                after: None,
                limit,
            };
            let mut wanted = brute(store, &query);
            let mut found = paged(store, &query, Limits { few, patience: 4, batch: 3, rare });
            if order != IndicatorOrder::Value {
                wanted.sort();
                found.sort();
            }
            prop_assert_eq!(found, wanted);
            Ok(())
        })?;
    }
}
