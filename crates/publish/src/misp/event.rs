//! A document as an event.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use jiff::tz::TimeZone;
use lapwing_knowledge::Knowledge;
use lapwing_model::{Entity, Kind, Marking, Object, PartialDate, Polarity, Relation, Role, Status};
use serde_json::{Value, json};
use uuid::Uuid;

use super::object::{self, Thing};
use super::{
    ABOUT_TAG, DOCUMENT_TAG, Event, PUBLISHED_AT, SOURCE_TAG, event_uuid, organisation, tag, types,
    uuid,
};
use crate::export::{SelectedClaim, SelectedDocument, SelectedFact, Selection};

/// Words of a comment at most.
const COMMENT: usize = 400;

/// What all documents together say of a value: whether it may raise alarms, and how sure.
pub(super) struct Judged<'s> {
    facts: BTreeMap<&'s Entity, &'s SelectedFact>,
}

impl<'s> Judged<'s> {
    pub(super) fn of(selection: &'s Selection) -> Self {
        let facts = selection.indicators().map(|fact| (&fact.fact.subject, fact)).collect();
        Self { facts }
    }
}

/// All that a document says of one value.
#[derive(Default)]
struct Said<'c> {
    roles: BTreeSet<Role>,
    denied: bool,
    hedged: bool,
    tags: BTreeSet<String>,
    first: Option<PartialDate>,
    last: Option<PartialDate>,
    sightings: BTreeSet<(PartialDate, &'c str)>,
    /// What MISP cannot state of the value in a field of its own, for people.
    remarks: BTreeSet<String>,
    context: BTreeSet<&'c str>,
}

/// The event of a document.
pub(super) fn of(chosen: &SelectedDocument, judged: &Judged<'_>, knowledge: &Knowledge) -> Event {
    Writer::new(chosen, judged, knowledge).event()
}

struct Writer<'c> {
    chosen: &'c SelectedDocument,
    judged: &'c Judged<'c>,
    knowledge: &'c Knowledge,
    values: BTreeMap<&'c Entity, Said<'c>>,
    links: BTreeSet<&'c str>,
    tags: BTreeSet<String>,
    things: Vec<Thing<'c>>,
    time: i64,
    uuid: Uuid,
}

impl<'c> Writer<'c> {
    fn new(chosen: &'c SelectedDocument, judged: &'c Judged<'c>, knowledge: &'c Knowledge) -> Self {
        let document = &chosen.document;
        let start = |date: PartialDate| {
            date.first_day()
                .to_zoned(TimeZone::UTC)
                .map_or(Timestamp::UNIX_EPOCH, |zoned| zoned.timestamp())
        };
        let time = document.modified.or(document.published).map_or(chosen.added, start);
        let mut writer = Self {
            chosen,
            judged,
            knowledge,
            values: BTreeMap::new(),
            links: BTreeSet::new(),
            tags: BTreeSet::new(),
            things: object::things(&chosen.claims),
            time: time.as_second(),
            uuid: event_uuid(document.id),
        };
        for claim in &chosen.claims {
            writer.learn(claim);
        }
        writer
    }

    /// Takes what a claim says.
    fn learn(&mut self, chosen: &'c SelectedClaim) {
        let claim = &chosen.claim;
        let subject = &claim.subject;
        match (&claim.object, claim.relation) {
            (Object::Text(_), Relation::Role) => {
                if let Some(role) = claim.role() {
                    self.role(chosen, role);
                }
            }
            (Object::Text(day), Relation::LastSeen) if types::of(subject).is_some() => {
                if let Ok(day) = day.parse() {
                    let by = claim.said_by.as_deref().unwrap_or_default();
                    self.values.entry(subject).or_default().sightings.insert((day, by));
                }
            }
            (Object::Entity(object), Relation::About) if subject.kind == Kind::Report => {
                if let Some(tag) = tag::galaxy(object, self.knowledge) {
                    self.tags.insert(tag);
                    self.tags.insert(format!("{ABOUT_TAG}=\"{}\"", object.key()));
                }
            }
            (Object::Entity(object), Relation::References)
                if subject.kind == Kind::Report && object.kind == Kind::Url =>
            {
                self.links.insert(&object.value);
            }
            (Object::Entity(object), relation) if types::of(subject).is_some() => {
                let shown = match claim.polarity {
                    Polarity::Asserted => tag::galaxy(object, self.knowledge),
                    Polarity::Hedged | Polarity::Denied => None,
                };
                let said = self.values.entry(subject).or_default();
                match shown {
                    Some(tag) if is_tag_relation(relation, object.kind) => {
                        said.tags.insert(tag);
                    }
                    _ => {
                        let hedge = match claim.polarity {
                            Polarity::Asserted => "",
                            Polarity::Hedged => "perhaps: ",
                            Polarity::Denied => "not: ",
                        };
                        said.remarks.insert(format!("{hedge}{relation} {}", object.value));
                    }
                }
            }
            _ => {}
        }
    }

    fn role(&mut self, chosen: &'c SelectedClaim, role: Role) {
        let claim = &chosen.claim;
        let subject = &claim.subject;
        if role == Role::Reference && subject.kind == Kind::Url {
            self.links.insert(&subject.value);
            return;
        }
        if claim.polarity == Polarity::Asserted
            && role == Role::Subject
            && !subject.kind.is_observable()
            && let Some(tag) = tag::galaxy(subject, self.knowledge)
        {
            self.tags.insert(tag);
            return;
        }
        if types::of(subject).is_none() {
            return;
        }
        let said = self.values.entry(subject).or_default();
        match claim.polarity {
            Polarity::Denied => said.denied = true,
            polarity => {
                said.hedged |= polarity == Polarity::Hedged;
                said.roles.insert(role);
            }
        }
        said.first = said.first.into_iter().chain(claim.period.first).min();
        said.last = said.last.max(claim.period.last);
        said.context.extend(claim.context.as_deref());
    }

    fn event(mut self) -> Event {
        let document = &self.chosen.document;
        let things = std::mem::take(&mut self.things);
        // The first object that holds a value is its home: there it is told whole.
        let mut homes: BTreeMap<&Entity, Uuid> = BTreeMap::new();
        for thing in &things {
            let id = self.object_uuid(thing);
            for value in &thing.values {
                homes.entry(value).or_insert(id);
            }
            for (_, target) in &thing.says {
                self.values.entry(target).or_default();
            }
        }
        let objects: Vec<Value> = things.iter().map(|thing| self.object(thing, &homes)).collect();
        let mut attributes: Vec<Value> = self
            .values
            .keys()
            .filter(|entity| !homes.contains_key(*entity))
            .filter_map(|entity| self.attribute(entity, None, true))
            .collect();
        if let Some(url) = &document.url {
            self.links.remove(url.as_str());
            attributes.push(self.link(url, PUBLISHED_AT));
        }
        attributes.extend(self.links.iter().map(|url| self.link(url, "")));
        let published = document.published.map_or_else(
            || self.chosen.added.to_zoned(TimeZone::UTC).date(),
            PartialDate::first_day,
        );
        let property = |name: &str| {
            let found = document.properties.iter().find(|(key, _)| key == name);
            found.map(|(_, value)| value.as_str())
        };
        let level = property("threat-level").and_then(|level| level.chars().next());
        let level = level.filter(|level| ('1'..='4').contains(level)).unwrap_or('4');
        let uuid = self.uuid;
        let time = self.time.to_string();
        let tags: Vec<Value> = self.event_tags().into_iter().map(|tag| tag_json(&tag)).collect();
        let json = json!({ "Event": {
            "uuid": uuid,
            "info": document.label(),
            "date": published.to_string(),
            "timestamp": time,
            "publish_timestamp": time,
            "published": true,
            "analysis": "2",
            "threat_level_id": level.to_string(),
            "distribution": distribution(document.marking),
            "extends_uuid": property("uuid").and_then(|text| text.parse::<Uuid>().ok())
                .map(|id| id.to_string()).unwrap_or_default(),
            "Orgc": organisation(super::ORGANISATION),
            "Tag": tags,
            "Attribute": attributes,
            "Object": objects,
        }});
        Event { document: document.id, uuid, json }
    }

    fn event_tags(&self) -> BTreeSet<String> {
        let document = &self.chosen.document;
        let mut tags = self.tags.clone();
        if let Some(marking) = document.marking {
            tags.insert(tag::marking(marking));
        }
        tags.extend(tag::grade(self.chosen.grade));
        tags.insert(format!("{DOCUMENT_TAG}=\"{}\"", document.id));
        // The event is ours; whose report it tells is said beside.
        if let Some(source) = document.source.as_deref().filter(|name| !name.contains('"')) {
            tags.insert(format!("{SOURCE_TAG}=\"{source}\""));
        }
        for (name, value) in &document.properties {
            let own = value.starts_with("lapwing:") || value.parse::<Marking>().is_ok();
            // Galaxy tags are told by the claims: a tag that was a claim is one again.
            if name == "tag" && !own && !value.starts_with("misp-galaxy:") {
                tags.insert(value.clone());
            }
        }
        tags
    }

    fn attribute(&self, entity: &Entity, object: Option<Uuid>, whole: bool) -> Option<Value> {
        let typed = types::of(entity)?;
        let nothing = Said::default();
        let said = self.values.get(entity).unwrap_or(&nothing);
        let judged = self.judged.facts.get(entity).copied();
        let status = judged.map(|fact| fact.status);
        let alarms = said.roles.contains(&Role::Indicator)
            && !matches!(status, Some(Status::Benign | Status::Revoked));
        let victim = said.roles.contains(&Role::Victim) && !said.roles.contains(&Role::Indicator);
        let mut json = json!({
            "uuid": self.attribute_uuid(entity, object),
            "type": typed.kind,
            "category": typed.category,
            "value": typed.value,
            "to_ids": alarms,
            "distribution": "5",
            "timestamp": self.time.to_string(),
            "disable_correlation": false,
            "comment": Self::comment(said, victim),
        });
        if let Some(first) = said.first {
            json["first_seen"] = json!(format!("{}T00:00:00.000000+00:00", first.first_day()));
        }
        if let Some(last) = said.last {
            let last = said.first.map_or(last, |first| first.max(last));
            json["last_seen"] = json!(format!("{}T23:59:59.000000+00:00", last.last_day()));
        }
        if object.is_some() {
            json["object_relation"] = json!(types::relation(entity)?);
        }
        if whole {
            let mut tags = said.tags.clone();
            if let Some(fact) = judged {
                tags.insert(tag::likelihood(fact.fact.probability));
                if fact.status == Status::Benign {
                    tags.insert("false-positive:risk=\"high\"".to_owned());
                }
            }
            json["Tag"] = tags.iter().map(|tag| tag_json(tag)).collect();
            json["Sighting"] = self.sightings(said);
        }
        Some(json)
    }

    fn attribute_uuid(&self, entity: &Entity, object: Option<Uuid>) -> Uuid {
        let object = object.unwrap_or_default();
        uuid(format_args!("attribute|{}|{object}|{}", self.uuid, entity.key()))
    }

    fn object_uuid(&self, thing: &Thing<'_>) -> Uuid {
        let keys: Vec<String> = thing.values.iter().map(|value| value.key()).collect();
        uuid(format_args!("object|{}|{}|{}", self.uuid, thing.template.name, keys.join("|")))
    }

    fn comment(said: &Said<'_>, victim: bool) -> String {
        let mut parts: Vec<String> = Vec::new();
        if victim {
            parts.push("a victim's own".to_owned());
        }
        for role in [Role::Benign, Role::Tool, Role::Publisher] {
            if said.roles.contains(&role) {
                parts.push(role.as_str().to_owned());
            }
        }
        if said.hedged {
            parts.push("stated with reserve".to_owned());
        }
        parts.extend(said.context.iter().map(|context| (*context).to_owned()));
        parts.extend(said.remarks.iter().cloned());
        let comment = parts.join("; ").replace(['\n', '\r', '\t'], " ");
        comment.chars().take(COMMENT).collect()
    }

    fn sightings(&self, said: &Said<'_>) -> Value {
        let sighting = |kind: &str, time: String, by: &str| {
            let mut json = json!({ "type": kind, "date_sighting": time, "source": "" });
            if !by.is_empty() {
                json["Organisation"] = organisation(by);
            }
            json
        };
        let mut all: Vec<Value> = said
            .sightings
            .iter()
            .map(|(day, by)| {
                let time = day.first_day().to_zoned(TimeZone::UTC);
                let time = time.map_or(0, |zoned| zoned.timestamp().as_second());
                sighting("0", time.to_string(), by)
            })
            .collect();
        if said.denied {
            all.push(sighting("1", self.time.to_string(), ""));
        }
        Value::Array(all)
    }

    fn link(&self, url: &str, comment: &str) -> Value {
        json!({
            "uuid": uuid(format_args!("link|{}|{url}", self.uuid)),
            "type": "link",
            "category": "External analysis",
            "value": url,
            "to_ids": false,
            "distribution": "5",
            "timestamp": self.time.to_string(),
            "disable_correlation": true,
            "comment": comment,
        })
    }

    fn object(&self, thing: &Thing<'_>, homes: &BTreeMap<&Entity, Uuid>) -> Value {
        let id = self.object_uuid(thing);
        // What says something of others stands first: readers take the first for the whole.
        let mut values: Vec<&Entity> = thing.values.iter().copied().collect();
        values.sort_by_key(|value| (value.kind != Kind::DomainName, *value));
        let attributes: Vec<Value> = values
            .iter()
            .filter_map(|value| self.attribute(value, Some(id), homes.get(value) == Some(&id)))
            .collect();
        let references: Vec<Value> = thing
            .says
            .iter()
            .map(|(relation, target)| {
                let target_id = self.attribute_uuid(target, homes.get(target).copied());
                json!({
                    "uuid": uuid(format_args!("reference|{id}|{relation}|{target_id}")),
                    "object_uuid": id,
                    "referenced_uuid": target_id,
                    "relationship_type": relation.as_str(),
                    "timestamp": self.time.to_string(),
                    "comment": "",
                })
            })
            .collect();
        json!({
            "uuid": id,
            "name": thing.template.name,
            "meta-category": thing.template.category,
            "description": thing.template.description,
            "template_uuid": thing.template.uuid,
            "template_version": thing.template.version,
            "timestamp": self.time.to_string(),
            "distribution": "5",
            "comment": "",
            "Attribute": attributes,
            "ObjectReference": references,
        })
    }
}

/// Whether a tag on a value says just this of it.
fn is_tag_relation(relation: Relation, object: Kind) -> bool {
    match object {
        Kind::Location => relation == Relation::LocatedAt,
        Kind::Sector => relation == Relation::RelatedTo,
        _ => relation == Relation::Indicates,
    }
}

/// Whom MISP shares an event with: all, connected communities, this community, its own organisation.
fn distribution(marking: Option<Marking>) -> &'static str {
    match marking.unwrap_or_default() {
        Marking::Clear => "3",
        Marking::Green => "2",
        Marking::Amber => "1",
        Marking::AmberStrict | Marking::Red => "0",
    }
}

fn tag_json(name: &str) -> Value {
    json!({ "name": name, "colour": tag::colour(name) })
}
