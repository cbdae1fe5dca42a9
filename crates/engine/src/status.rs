//! Whether a value may still be used to detect: the one place that reads decay.

use std::collections::BTreeMap;

use jiff::civil::Date;
use lapwing_forecast::{Clocks, DecayModel, Life, families};
use lapwing_fuse::set_aside;
use lapwing_model::{Entity, Fact, Kind, Object, PartialDate, Relation, Status};
use lapwing_store::FactQuery;

use crate::{Engine, EngineError};

/// Days count so many times for a value that many tenants share: it changes hands sooner.
const SHARED_AGES_FASTER: u32 = 2;
/// A day that counts once.
pub(crate) const ONCE: u32 = 100;

/// Reads the status of indicators on one day by one law of decay.
///
/// Made once for a list or hunt; it holds the few values whose family has lifetimes of its own.
#[derive(Clone, Debug)]
pub struct Statuses {
    today: Date,
    law: DecayModel,
    families: BTreeMap<Entity, &'static str>,
    /// When values were last sighted, by whomever.
    sighted: BTreeMap<Entity, PartialDate>,
}

/// The status of an indicator and what it rests on.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Aged {
    /// Whether it may still be used to detect.
    pub status: Status,
    /// How likely it is still in use; `None` for what is benign, taken back, undated or does not age.
    pub life: Option<Life>,
}

impl Engine {
    /// Uses another law of decay from now on, as `--decay` asks for.
    #[must_use]
    pub fn with_decay(mut self, law: DecayModel) -> Self {
        self.decay = law;
        self
    }

    /// The law of decay in use.
    #[must_use]
    pub fn decay(&self) -> DecayModel {
        self.decay
    }

    /// What reads the status of many facts on the day `today`.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn statuses(&self, today: Date) -> Result<Statuses, EngineError> {
        let mut known = BTreeMap::new();
        for family in families() {
            for kind in [Kind::Malware, Kind::Tool] {
                let query = FactQuery {
                    object: Some(Entity::new(kind, family)),
                    relation: Some(Relation::Indicates),
                    ..FactQuery::default()
                };
                self.store.each_fact(&query, &mut |fact| {
                    if matches!(fact.subject.kind, Kind::Ipv4Addr | Kind::Ipv6Addr) {
                        known.entry(fact.subject).or_insert(family);
                    }
                    Ok(())
                })?;
            }
        }
        let sighted = self.last_sighted()?;
        Ok(Statuses { today, law: self.decay, families: known, sighted })
    }

    /// The status of the subject of one fact; for many, [`Self::statuses`] is made once.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn status_of(&self, fact: &Fact, today: Date) -> Result<Aged, EngineError> {
        let mut families_of = BTreeMap::new();
        if matches!(fact.subject.kind, Kind::Ipv4Addr | Kind::Ipv6Addr) {
            let query = FactQuery {
                subject: Some(fact.subject.clone()),
                relation: Some(Relation::Indicates),
                ..FactQuery::default()
            };
            let named: Vec<String> = self
                .store
                .facts(&query)?
                .into_iter()
                .filter_map(|f| Some(f.object.entity()?.value.clone()))
                .collect();
            let known = families().find(|f| named.iter().any(|n| n.eq_ignore_ascii_case(f)));
            families_of.extend(known.map(|family| (fact.subject.clone(), family)));
        }
        let query = FactQuery {
            subject: Some(fact.subject.clone()),
            relation: Some(Relation::LastSeen),
            ..FactQuery::default()
        };
        let days = self.store.facts(&query)?.into_iter().filter_map(|seen| match seen.object {
            Object::Text(day) => day.parse::<PartialDate>().ok(),
            Object::Entity(_) => None,
        });
        let last = days.max_by_key(|day| day.last_day());
        let sighted = last.map(|day| (fact.subject.clone(), day)).into_iter().collect();
        let statuses = Statuses { today, law: self.decay, families: families_of, sighted };
        Ok(statuses.read(fact))
    }
}

impl Statuses {
    /// What reads the status of a few values, by the facts on what they indicate and when they were seen.
    pub(crate) fn of_facts<'f>(
        beside: impl Iterator<Item = &'f Fact>,
        today: Date,
        law: DecayModel,
    ) -> Self {
        let (mut known, mut sighted) = (BTreeMap::new(), BTreeMap::<Entity, PartialDate>::new());
        for fact in beside {
            match (&fact.object, fact.relation) {
                (Object::Entity(named), Relation::Indicates)
                    if matches!(fact.subject.kind, Kind::Ipv4Addr | Kind::Ipv6Addr) =>
                {
                    if let Some(family) = families().find(|f| named.value.eq_ignore_ascii_case(f)) {
                        known.entry(fact.subject.clone()).or_insert(family);
                    }
                }
                (Object::Text(day), Relation::LastSeen) => {
                    let Ok(day) = day.parse::<PartialDate>() else { continue };
                    let last = sighted.entry(fact.subject.clone()).or_insert(day);
                    if day.last_day() > last.last_day() {
                        *last = day;
                    }
                }
                _ => {}
            }
        }
        Self { today, law, families: known, sighted }
    }

    /// The same on another day.
    pub(crate) fn on(&mut self, today: Date) -> &Self {
        self.today = today;
        self
    }

    /// What reads the status of one value, of which all that counts is known.
    #[cfg(test)]
    pub(crate) fn of_one(
        value: &Entity,
        family: Option<&'static str>,
        sighted: Option<PartialDate>,
        today: Date,
    ) -> Self {
        Self {
            today,
            law: DecayModel::Fitted,
            families: family.map(|family| (value.clone(), family)).into_iter().collect(),
            sighted: sighted.map(|day| (value.clone(), day)).into_iter().collect(),
        }
    }

    /// The status of the subject of a fact.
    ///
    /// What is benign or taken back is so whatever its age; else the age counts, from the last day
    /// on which it was seen (a sighting of one's own lifts it) or, failing that, reported.
    #[must_use]
    pub fn read(&self, fact: &Fact) -> Aged {
        self.read_at(fact, self.today, 0)
    }

    /// As [`Self::read`], the status alone.
    #[must_use]
    pub fn of(&self, fact: &Fact) -> Status {
        self.read(fact).status
    }

    /// How likely the value is in use today and so many days ahead, if nobody sees it again: the
    /// curve to draw. Empty for what does not age.
    #[must_use]
    pub fn curve(&self, fact: &Fact, days_ahead: &[u32]) -> Vec<(u32, f64)> {
        let at = |day: u32| Some((day, self.read_at(fact, self.today, day).life?.probability));
        days_ahead.iter().filter_map(|day| at(*day)).collect()
    }

    /// The last day on which the value is known to have been in use: seen, sighted or, failing that,
    /// reported.
    #[must_use]
    pub fn last_known(&self, fact: &Fact) -> Option<PartialDate> {
        let sighted = self.sighted.get(&fact.subject).copied();
        fact.last_known().into_iter().chain(sighted).max_by_key(|day| day.last_day())
    }

    /// The last day on which the value is worth an alert, if nobody sees it again: a matter of the
    /// data, not of today. `None` for what does not age.
    #[must_use]
    pub fn expires_on(&self, fact: &Fact) -> Option<PartialDate> {
        if set_aside(fact).is_some() || !fact.subject.kind.is_observable() {
            return None;
        }
        self.expires_after(fact, self.last_known(fact)?)
    }

    /// As [`Self::expires_on`] for a value that nobody dates: as if it had last been seen on `day`,
    /// when it became known here. `None` for what is dated, or does not age.
    #[must_use]
    pub fn expires_if_seen(&self, fact: &Fact, day: Date) -> Option<PartialDate> {
        let is_dated = self.last_known(fact).is_some();
        if is_dated || set_aside(fact).is_some() || !fact.subject.kind.is_observable() {
            return None;
        }
        self.expires_after(fact, PartialDate::from(day))
    }

    fn expires_after(&self, fact: &Fact, last: PartialDate) -> Option<PartialDate> {
        let life = self.aged(fact, last, last.last_day(), 0).life?;
        let days = life.days_left.saturating_sub(1);
        let span = jiff::Span::new().try_days(i64::from(days)).ok()?;
        last.last_day().checked_add(span).ok().map(PartialDate::from)
    }

    fn read_at(&self, fact: &Fact, today: Date, ahead: u32) -> Aged {
        let whatever_its_age = |status| Aged { status, life: None };
        if let Some(status) = set_aside(fact) {
            return whatever_its_age(status);
        }
        let Some(last) = self.last_known(fact) else { return whatever_its_age(Status::Undated) };
        if !fact.subject.kind.is_observable() {
            return whatever_its_age(Status::Active);
        }
        self.aged(fact, last, today, ahead)
    }

    /// What decay says of a value that was last known on a day.
    fn aged(&self, fact: &Fact, last: PartialDate, today: Date, ahead: u32) -> Aged {
        let unseen = days_between(last.last_day(), today).saturating_add(ahead);
        let pace = pace(fact);
        let life = self.law.read(&Clocks {
            kind: fact.subject.kind,
            family: self.families.get(&fact.subject).copied(),
            age: age_of(fact, last),
            unseen: counted(unseen, pace),
        });
        let days_left = u64::from(life.days_left) * u64::from(ONCE) / u64::from(pace);
        let life = Life { days_left: u32::try_from(days_left).unwrap_or(u32::MAX), ..life };
        Aged { status: life.status, life: Some(life) }
    }
}

/// Days over which a value is known to have been in use, when it was last known on `last`.
pub(crate) fn age_of(fact: &Fact, last: PartialDate) -> u32 {
    let first = fact.period.first.or(fact.reported.first).unwrap_or(last);
    // A year or month alone says no more of its span than a day.
    days_between(first.last_day(), last.first_day())
}

/// How many times its days count, in percent.
pub(crate) fn pace(fact: &Fact) -> u32 {
    let shared = if lapwing_fuse::is_shared(fact) { SHARED_AGES_FASTER } else { 1 };
    shared * lapwing_fuse::pace_of(fact).max(1)
}

/// So many days at a pace in percent.
pub(crate) fn counted(days: u32, pace: u32) -> u32 {
    let counted = u64::from(days) * u64::from(pace) / u64::from(ONCE);
    u32::try_from(counted).unwrap_or(u32::MAX)
}

/// Days from `from` to `to`; 0 when `to` is earlier (as-of queries).
fn days_between(from: Date, to: Date) -> u32 {
    to.since(from).map_or(0, |span| span.get_days()).max(0) as u32
}

#[cfg(test)]
mod tests {
    use super::*;
    use lapwing_forecast::MispDecay;
    use lapwing_model::{AnalyticConfidence, Basis, Marking, Period};

    fn fact(kind: Kind, last: &str) -> Fact {
        let last = last.parse().ok();
        Fact {
            subject: Entity::new(kind, "x"),
            relation: Relation::Role,
            object: Object::Text("indicator".into()),
            probability: 0.8,
            confidence: AnalyticConfidence::Low,
            basis: Basis::Observed,
            period: Period { first: last, last },
            reported: Period::default(),
            marking: Marking::Clear,
            contributions: Vec::new(),
            notes: Vec::new(),
        }
    }

    fn statuses(law: DecayModel) -> Statuses {
        Statuses {
            today: "2021-06-01".parse().unwrap(),
            law,
            families: BTreeMap::new(),
            sighted: BTreeMap::new(),
        }
    }

    #[test]
    fn values_age_by_kind_and_are_never_older_than_the_day_asked_of() {
        let fitted = statuses(DecayModel::Fitted);
        let of = |kind, last| fitted.of(&fact(kind, last));
        assert_eq!(of(Kind::Ipv4Addr, "2021-05-20"), Status::Active);
        assert_eq!(of(Kind::Ipv4Addr, "2021-03-02"), Status::Ageing);
        assert_eq!(of(Kind::Ipv4Addr, "2019"), Status::Expired);
        assert_eq!(of(Kind::DomainName, "2021-03-02"), Status::Active);
        assert_eq!(of(Kind::Sha256, "2019"), Status::Active);
        assert_eq!(of(Kind::ThreatActor, "2001"), Status::Active);
        assert_eq!(of(Kind::Ipv4Addr, ""), Status::Undated);
        assert_eq!(of(Kind::Ipv4Addr, "2022"), Status::Active);
    }

    #[test]
    fn a_family_of_long_lives_a_shared_host_and_misps_formula_make_a_difference() {
        let mut fitted = statuses(DecayModel::Fitted);
        let old = fact(Kind::Ipv4Addr, "2021-02-20");
        let plain = fitted.read(&old).life.unwrap();
        fitted.families.insert(old.subject.clone(), "7777 Botnet");
        let long = fitted.read(&old).life.unwrap();
        assert!(long.probability > plain.probability + 0.2, "{long:?} {plain:?}");
        fitted.families.clear();
        fitted.sighted.insert(old.subject.clone(), "2021-05-25".parse().unwrap());
        assert_eq!(fitted.of(&old), Status::Active, "a sighting lifts it");
        fitted.sighted.clear();
        let mut shared = old.clone();
        shared.notes.push("shared (cloud): others use it too, so it counts for less".into());
        assert!(fitted.read(&shared).life.unwrap().probability < plain.probability);
        let misp = statuses(DecayModel::Misp(MispDecay::NIDS));
        let expected = MispDecay::NIDS.score(101.0);
        assert!((misp.read(&old).life.unwrap().probability - expected).abs() < 1e-12);
    }

    #[test]
    fn what_nobody_dates_expires_by_the_day_on_which_it_became_known() {
        let fitted = statuses(DecayModel::Fitted);
        let undated = fact(Kind::Ipv4Addr, "");
        let seen = jiff::civil::date(2021, 5, 20);
        assert_eq!(fitted.expires_on(&undated), None);
        let expires = fitted.expires_if_seen(&undated, seen).unwrap();
        assert_eq!(Some(expires), fitted.expires_on(&fact(Kind::Ipv4Addr, "2021-05-20")));
        assert_eq!(fitted.expires_if_seen(&fact(Kind::Ipv4Addr, "2021-05-20"), seen), None);
    }

    #[test]
    fn the_curve_falls_and_begins_where_the_status_is() {
        let fitted = statuses(DecayModel::Fitted);
        let seen = fact(Kind::Ipv4Addr, "2021-05-01");
        let curve = fitted.curve(&seen, &[0, 30, 90]);
        assert_eq!(curve.len(), 3);
        assert!(curve.is_sorted_by(|a, b| a.1 > b.1));
        assert!((curve[0].1 - fitted.read(&seen).life.unwrap().probability).abs() < 1e-12);
        let mut benign = seen;
        benign.notes.push("known-benign list sinkholes: run by defenders".into());
        assert_eq!(fitted.of(&benign), Status::Benign);
        assert!(fitted.curve(&benign, &[0]).is_empty());
    }
}
