//! Facts: indicators, relationships, sightings, opinions and notes.

use std::collections::BTreeSet;

use lapwing_model::{Entity, Fact, Kind, Object, PartialDate, Relation, Role, Status};
use serde_json::{Map, Value, json};

use super::id;
use super::pattern::{self, pattern};
use super::profile::Stamp;
use super::writer::{Writer, claim, extension, is_role};
use crate::export::{Loss, SelectedFact};

/// Documents that a description names.
const NAMED: usize = 3;

impl<'s> Writer<'s, '_> {
    /// Writes what a fact says.
    pub(super) fn fact(&mut self, selected: &'s SelectedFact) {
        let fact = &selected.fact;
        if is_role(selected, Role::Indicator) || is_role(selected, Role::Benign) {
            self.indicator(selected);
            return;
        }
        match (&fact.object, fact.relation) {
            (Object::Text(_), Relation::LastSeen) if fact.subject.kind.is_observable() => {
                self.sighting(selected);
            }
            (Object::Text(_), Relation::FirstSeen | Relation::LastSeen)
                if has_period(fact.subject.kind) =>
            {
                self.told_by_ends(selected, true);
            }
            (Object::Text(_), Relation::Role) => {
                let shown = fact.subject.kind == Kind::Report
                    || fact.subject.kind == Kind::Url
                    || self.is_sayable(&fact.subject);
                self.told_by_ends(selected, shown);
            }
            (Object::Text(_), _) => self.told_by_ends(selected, false),
            (Object::Entity(object), Relation::AliasOf) => {
                let shown = object.kind == fact.subject.kind && has_aliases(object.kind);
                self.told_by_ends(selected, shown);
            }
            (Object::Entity(object), Relation::HasWeakness) => {
                let shown = object.kind == Kind::Weakness && self.is_sayable(&fact.subject);
                self.told_by_ends(selected, shown);
            }
            (Object::Entity(_), Relation::About | Relation::References | Relation::DerivedFrom)
                if fact.subject.kind == Kind::Report =>
            {
                self.told_by_ends(selected, true);
            }
            (Object::Entity(object), Relation::SameObject) => {
                let one = self.entity(&fact.subject);
                let other = self.entity(object);
                if one.is_some() && one == other {
                    self.told_by_ends(selected, true);
                } else {
                    self.relationship(selected, object);
                }
            }
            (Object::Entity(object), _) => self.relationship(selected, object),
        }
    }

    /// Whether STIX has an object for the entity.
    fn is_sayable(&mut self, entity: &Entity) -> bool {
        self.entity(entity).is_some()
    }

    /// A fact that the objects of its ends tell, or that the standard part cannot tell at all.
    fn told_by_ends(&mut self, selected: &'s SelectedFact, shown: bool) {
        let mut refs = Vec::new();
        let ends = std::iter::once(&selected.fact.subject).chain(selected.fact.object.entity());
        for end in ends {
            refs.extend(self.entity(end));
        }
        let refs: Vec<&str> = refs.iter().map(String::as_str).collect();
        self.hand_to_reports(selected, &refs);
        if !shown {
            self.lose(selected, "STIX has nothing to say it with");
        }
    }

    fn lose(&mut self, selected: &SelectedFact, why: &str) {
        let fact = &selected.fact;
        let statement = format!("{} {} {}", fact.subject.key(), fact.relation, fact.object.key());
        let why = format!("{why}; only our extension carries it");
        self.losses.push(Loss::new("claim", statement, why));
    }

    /// An indicator for a value (or a rule) that is to be detected, or is known as benign.
    fn indicator(&mut self, selected: &'s SelectedFact) {
        let fact = &selected.fact;
        let benign = is_role(selected, Role::Benign) || selected.status == Status::Benign;
        let observable = self.entity(&fact.subject);
        let (pattern, language) = if fact.subject.kind == Kind::Pattern {
            (Some(fact.subject.value.clone()), pattern::language(&fact.subject.value))
        } else {
            (pattern(&fact.subject), Some("stix"))
        };
        let (Some(pattern), Some(language)) = (pattern, language) else {
            let refs: Vec<&str> = observable.iter().map(String::as_str).collect();
            self.hand_to_reports(selected, &refs);
            self.lose(selected, "STIX has no pattern for it");
            return;
        };
        let id = indicator_id(&fact.subject, benign);
        if self.refers() {
            let refs: Vec<&str> = observable.iter().map(String::as_str).chain([&*id]).collect();
            return self.refer(selected, &refs);
        }
        let stamp = self.stamp(selected);
        let claims = self.claims(
            selected,
            &observable.iter().map(String::as_str).chain([id.as_str()]).collect::<Vec<_>>(),
        );
        let created = stamp.created.unwrap_or_else(|| id::start_of(self.selection.today));
        let from = fact.period.first.or(fact.reported.first).map_or(created, id::start_of);
        let mut fields = json!({
            "name": short(&fact.subject.value),
            "description": self.description(selected),
            "indicator_types": [if benign { "benign" } else { "malicious-activity" }],
            "pattern": pattern,
            "pattern_type": language,
            "valid_from": id::stamp(from),
            "confidence": percent(fact),
            "extensions": extension(Self::evidence(selected, claims)),
        });
        if language == "stix" {
            fields["pattern_version"] = json!("2.1");
        }
        let until = selected.expires.map(id::end_of).filter(|until| *until > from);
        if let Some(until) = until {
            fields["valid_until"] = json!(id::stamp(until));
        }
        if selected.status == Status::Revoked {
            fields["revoked"] = json!(true);
        }
        self.own("indicator", id.clone(), stamp, fields);
        if fact.subject.kind != Kind::Pattern {
            // A rule may be an end of facts of others; a value is, by its own object.
            self.pass(&id);
        }
        self.doubt(selected, &id, stamp);
        self.opinion(selected, &id, stamp);
        if let Some(observable) = observable {
            let tie_id = based_on(&id, &observable);
            let tie = json!({
                "relationship_type": "based-on",
                "source_ref": id,
                "target_ref": observable,
            });
            let tie_id = self.own("relationship", tie_id, stamp, tie);
            self.pass(&tie_id);
        }
    }

    fn sighting(&mut self, selected: &'s SelectedFact) {
        let fact = &selected.fact;
        let indicator = indicator_id(&fact.subject, false);
        let day = match &fact.object {
            Object::Text(day) => day.parse::<PartialDate>().ok(),
            Object::Entity(_) => None,
        };
        let (true, Some(day)) = (self.has_indicator(&fact.subject, &indicator), day) else {
            self.told_by_ends(selected, false);
            return;
        };
        let stamp = self.stamp(selected);
        let id = sighting_id(&fact.subject, day);
        if self.refers() {
            return self.refer(selected, &[&indicator, &id]);
        }
        let claims = self.claims(selected, &[&indicator, &id]);
        let last = id::end_of(day);
        let first = fact.period.first.map_or_else(|| id::start_of(day), id::start_of).min(last);
        let fields = json!({
            "sighting_of_ref": indicator,
            "first_seen": id::stamp(first),
            "last_seen": id::stamp(last),
            "confidence": percent(fact),
            "description": self.description(selected),
            "extensions": extension(Self::evidence(selected, claims)),
        });
        let id = self.own("sighting", id, stamp, fields);
        self.pass(&id);
    }

    fn relationship(&mut self, selected: &'s SelectedFact, object: &'s Entity) {
        let fact = &selected.fact;
        let ends = (self.end(&fact.subject, fact.relation), self.end(object, Relation::RelatedTo));
        let (Some(source), Some(target)) = ends else {
            self.told_by_ends(selected, false);
            return;
        };
        let stamp = self.stamp(selected);
        let word = fact.relation.as_str();
        if fact.origins_for() == 0 {
            self.denial(selected, object, [&source, &target]);
            return;
        }
        // STIX lets an observable relate to others, but indicates by indicators alone.
        let word = if fact.relation == Relation::Indicates && !source.starts_with("indicator--") {
            "related-to"
        } else {
            word
        };
        let id = relationship_id(&fact.subject, fact.relation, object);
        if self.refers() {
            return self.refer(selected, &[&source, &target, &id]);
        }
        let claims = self.claims(selected, &[&source, &target, &id]);
        let mut fields = json!({
            "relationship_type": word,
            "source_ref": source,
            "target_ref": target,
            "description": self.description(selected),
            "confidence": percent(fact),
            "extensions": extension(Self::evidence(selected, claims)),
        });
        if let Some(first) = fact.period.first {
            fields["start_time"] = json!(id::stamp(id::start_of(first)));
        }
        if let Some(last) = fact.period.last {
            let stop = id::end_of(last);
            if fact.period.first.is_none_or(|first| id::start_of(first) < stop) {
                fields["stop_time"] = json!(id::stamp(stop));
            }
        }
        self.own("relationship", id.clone(), stamp, fields);
        self.pass(&id);
        self.doubt(selected, &id, stamp);
        self.opinion(selected, &id, stamp);
    }

    /// What stands for an entity in a relationship: its object or, for a rule, its indicator. What
    /// indicates is the indicator, where it is written.
    fn end(&mut self, entity: &Entity, relation: Relation) -> Option<String> {
        let indicator = indicator_id(entity, false);
        let indicates = relation == Relation::Indicates || entity.kind == Kind::Pattern;
        if indicates && self.has_indicator(entity, &indicator) {
            return Some(indicator);
        }
        self.entity(entity)
    }

    /// A relation that is only denied: a note on both ends says so, and no relationship.
    fn denial(&mut self, selected: &'s SelectedFact, object: &Entity, ends: [&str; 2]) {
        let fact = &selected.fact;
        let statement = format!("{} {} {}", fact.subject.value, fact.relation, object.value);
        let id = denial_id(&fact.subject, fact.relation, object);
        if self.refers() {
            return self.refer(selected, &[ends[0], ends[1], &id]);
        }
        let claims = self.claims(selected, &[ends[0], ends[1], &id]);
        let stamp = self.stamp(selected);
        let fields = json!({
            "abstract": format!("Denied: {statement}"),
            "content": format!("Stated as not so. {}", self.description(selected)),
            "object_refs": ends,
            "confidence": 100 - percent(fact),
            "extensions": extension(Self::evidence(selected, claims)),
        });
        self.own("note", id, stamp, fields);
    }

    /// Those who deny what an object says.
    fn opinion(&mut self, selected: &SelectedFact, about: &str, stamp: Stamp) {
        let fact = &selected.fact;
        let against = fact.origins_against();
        if against == 0 {
            return;
        }
        let opinion = if fact.origins_for() == 0 { "strongly-disagree" } else { "disagree" };
        let fields = json!({
            "opinion": opinion,
            "explanation": format!(
                "{against} of {} origins deny it.",
                against + fact.origins_for()
            ),
            "object_refs": [about],
        });
        self.own("opinion", opinion_id(about), stamp, fields);
    }

    fn doubt(&mut self, selected: &'s SelectedFact, about: &str, stamp: Stamp) {
        for note in &selected.fact.notes {
            let (known, refs) = self.doubts.entry(note).or_default();
            known.join(stamp);
            refs.insert(about.to_owned());
        }
    }

    /// One note with all points of doubt of the fact that was written last: in pieces it stands beside it.
    pub(super) fn doubts_of_one(&mut self) {
        let doubts = std::mem::take(&mut self.doubts);
        let mut content = Vec::new();
        let mut stamp = Stamp::default();
        let mut about: BTreeSet<String> = BTreeSet::new();
        for (note, (known, refs)) in doubts {
            content.push(note);
            stamp.join(known);
            about.extend(refs);
        }
        if let Some(first) = about.first() {
            let id = doubts_id(first);
            let fields = json!({ "content": content.join("\n"), "object_refs": about });
            self.own("note", id, stamp, fields);
        }
    }

    /// One note a point of doubt, on all objects that it is about.
    pub(super) fn doubts(&mut self) {
        for (note, (stamp, refs)) in std::mem::take(&mut self.doubts) {
            self.one_doubt(note, stamp, &refs);
        }
    }

    /// The note on a point of doubt: of objects of several markings it has the strictest, and it names them all.
    pub(super) fn one_doubt(&mut self, note: &str, stamp: Stamp, refs: &BTreeSet<String>) {
        let fields = json!({ "content": note, "object_refs": refs });
        self.own("note", id::domain("note", &format!("doubt|{note}")), stamp, fields);
    }

    /// What the extension tells of a fact.
    fn evidence(selected: &SelectedFact, claims: Vec<Value>) -> Map<String, Value> {
        let fact = &selected.fact;
        let rounded = |number: f64| (number * 1e4).round() / 1e4;
        let mut fields = Map::new();
        fields.insert("probability".into(), json!(rounded(fact.probability)));
        fields.insert("evidence".into(), json!(fact.confidence));
        fields.insert("basis".into(), json!(fact.basis));
        fields.insert("status".into(), json!(selected.status));
        let origins: Vec<Value> = fact
            .contributions
            .iter()
            .map(|part| {
                json!({
                    "origin": part.origin,
                    "supports": part.supports,
                    "weight": rounded(part.weight),
                })
            })
            .collect();
        fields.insert("origins".into(), Value::Array(origins));
        fields.insert("claims".into(), Value::Array(claims));
        fields
    }

    /// Who says it, for people.
    fn description(&self, selected: &SelectedFact) -> String {
        let fact = &selected.fact;
        let mut said: Vec<String> = Vec::new();
        for document in self.first_documents(selected, NAMED) {
            let source = document.source.as_deref().unwrap_or("unnamed source");
            let day = document.published.map(|day| format!(", {day}")).unwrap_or_default();
            said.push(format!("{source}: {}{day}", document.label()));
        }
        let more = selected.documents.len().saturating_sub(said.len());
        let more = if more > 0 { format!("; and {more} more") } else { String::new() };
        let origins = fact.origins_for();
        format!(
            "{} ({:.0} %), {origins} independent {}. {}{more}",
            capital(fact.likelihood().as_str()),
            fact.probability * 100.0,
            if origins == 1 { "origin" } else { "origins" },
            said.join("; ")
        )
    }

    /// Claims that no object carries, for the report of their document.
    pub(super) fn homeless_claims(&self, document: lapwing_model::DocumentId) -> Vec<Value> {
        let claims = self.homeless.get(&document).into_iter().flatten();
        claims.map(|chosen| claim(document, chosen)).collect()
    }
}

pub(super) fn indicator_id(entity: &Entity, benign: bool) -> String {
    let role = if benign { "benign" } else { "indicator" };
    id::domain("indicator", &format!("{role}|{}", entity.key()))
}

/// Of the tie of an indicator to what it is based on.
pub(super) fn based_on(indicator: &str, observable: &str) -> String {
    id::domain("relationship", &format!("{indicator}|based-on|{observable}"))
}

pub(super) fn sighting_id(subject: &Entity, day: PartialDate) -> String {
    id::domain("sighting", &format!("{}|{day}", subject.key()))
}

pub(super) fn relationship_id(subject: &Entity, relation: Relation, object: &Entity) -> String {
    id::domain("relationship", &format!("{}|{relation}|{}", subject.key(), object.key()))
}

pub(super) fn denial_id(subject: &Entity, relation: Relation, object: &Entity) -> String {
    let statement = format!("{} {relation} {}", subject.value, object.value);
    id::domain("note", &format!("denied|{statement}|{}", subject.kind))
}

pub(super) fn opinion_id(about: &str) -> String {
    id::domain("opinion", about)
}

pub(super) fn doubts_id(about: &str) -> String {
    id::domain("note", &format!("doubts|{about}"))
}

fn percent(fact: &Fact) -> u8 {
    lapwing_model::Confidence::from_probability(fact.probability).as_percent()
}

fn has_period(kind: Kind) -> bool {
    matches!(kind, Kind::ThreatActor | Kind::Cluster | Kind::Campaign | Kind::Malware)
}

fn has_aliases(kind: Kind) -> bool {
    has_period(kind) || kind == Kind::Tool
}

fn short(value: &str) -> String {
    const LONGEST: usize = 200;
    if value.chars().count() <= LONGEST {
        return value.to_owned();
    }
    value.chars().take(LONGEST).chain(['…']).collect()
}

fn capital(word: &str) -> String {
    let mut chars = word.chars();
    chars.next().map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
}
