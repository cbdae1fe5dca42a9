//! What facts say of the own properties of entities: what several facts tell of one object.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use lapwing_model::{Entity, Kind, Marking, Object, PartialDate, Period, Relation};

use super::marking::Pap;
use crate::export::SelectedFact;

/// From when to when an object was made, and who may see it: the hull of its inputs.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Stamp {
    pub(super) created: Option<Timestamp>,
    pub(super) modified: Option<Timestamp>,
    pub(super) marking: Marking,
    pub(super) pap: Option<Pap>,
}

impl Stamp {
    pub(super) fn join(&mut self, other: Self) {
        self.created = match (self.created, other.created) {
            (Some(one), Some(two)) => Some(one.min(two)),
            (one, two) => one.or(two),
        };
        self.modified = self.modified.max(other.modified);
        self.marking = self.marking.join(other.marking);
        self.pap = self.pap.max(other.pap);
    }
}

/// What all facts say of one entity's own properties.
#[derive(Clone, Debug, Default)]
pub(super) struct Profile {
    pub(super) stamp: Stamp,
    pub(super) aliases: BTreeSet<String>,
    pub(super) weaknesses: BTreeSet<String>,
    pub(super) period: Period,
}

/// The profiles of entities.
#[derive(Clone, Debug, Default)]
pub(super) struct Profiles(BTreeMap<Entity, Profile>);

impl Profiles {
    pub(super) fn get(&self, entity: &Entity) -> Option<&Profile> {
        self.0.get(entity)
    }

    /// Takes what a fact says of the properties of its ends, as far as these are wanted.
    pub(super) fn learn(
        &mut self,
        selected: &SelectedFact,
        stamp: Stamp,
        wanted: &dyn Fn(&Entity) -> bool,
    ) {
        let fact = &selected.fact;
        for end in std::iter::once(&fact.subject).chain(fact.object.entity()) {
            if let Some(known) = self.0.get_mut(end) {
                known.stamp.join(stamp);
            } else if wanted(end) {
                self.0.insert(end.clone(), Profile { stamp, ..Profile::default() });
            }
        }
        if fact.origins_for() == 0 {
            return;
        }
        match (&fact.object, fact.relation) {
            (Object::Entity(object), Relation::AliasOf) => {
                if let Some(profile) = self.0.get_mut(object) {
                    profile.aliases.insert(fact.subject.value.clone());
                }
            }
            (Object::Entity(object), Relation::HasWeakness) if object.kind == Kind::Weakness => {
                if let Some(profile) = self.0.get_mut(&fact.subject) {
                    profile.weaknesses.insert(object.value.clone());
                }
            }
            (Object::Text(day), Relation::FirstSeen | Relation::LastSeen) => {
                let Ok(day) = day.parse::<PartialDate>() else { return };
                let seen = if fact.relation == Relation::FirstSeen {
                    Period { first: Some(day), last: None }
                } else {
                    Period { first: None, last: Some(day) }
                };
                if let Some(profile) = self.0.get_mut(&fact.subject) {
                    profile.period = profile.period.hull(seen);
                }
            }
            _ => {}
        }
    }
}
