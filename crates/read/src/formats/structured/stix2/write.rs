//! A bundle written out object by object, with the claims that the objects make.

use std::collections::{BTreeMap, BTreeSet};

use lapwing_model::{
    Claim, Confidence, Entity, Format, Gap, GapKind, Kind, Marking, Object, Period, Reading,
    Relation, Role, Span,
};
use serde_json::Value;

use super::super::json::{list_of, str_of};
use super::super::sheet::{DECLARED, Sheet};
use super::super::value;
use super::terms::{self, Worth};
use super::{markings, object, pattern};
use crate::Input;

/// Pairs of subject and object that the relations of one bundle may give.
const MOST_PAIRS: usize = 200_000;
/// Levels of nested properties that are written out.
const DEEPEST: usize = 32;

/// A defect: its place and a sentence.
type Defect = (String, String);

/// Makes the one document of a bundle, and names what could not be resolved.
pub(super) fn reading(
    input: &Input<'_>,
    value: &Value,
    objects: &[&Value],
) -> (Reading, Vec<Defect>) {
    let mut bundle = Bundle::new(objects);
    let title = title(objects);
    let shown = title.as_deref().unwrap_or_else(|| match str_of(value, "id") {
        "" => "STIX objects",
        id => id,
    });
    bundle.sheet.heading(1, shown);
    for object in objects {
        bundle.object(object, "");
    }
    for object in objects {
        bundle.relations(object);
    }
    let creators = bundle.creators.clone();
    let marking = bundle.marking;
    let defects = std::mem::take(&mut bundle.defects);
    let mut reading = bundle.sheet.finish(input, input.raw, Format::Stix2);
    let document = &mut reading.document;
    document.title = title;
    document.source = creators
        .into_iter()
        .max_by_key(|(name, n)| (*n, std::cmp::Reverse(name.clone())))
        .map(|(name, _)| name);
    document.marking = marking;
    let reports = || objects.iter().filter(|o| matches!(str_of(o, "type"), "report" | "grouping"));
    document.published =
        reports().filter_map(|o| value::day(str_of(o, "published"))).min_by_key(|d| d.first_day());
    document.modified = objects
        .iter()
        .filter_map(|o| value::day(str_of(o, "modified")))
        .max_by_key(|d| d.first_day());
    document.language =
        reports().map(|o| str_of(o, "lang")).find(|lang| !lang.is_empty()).map(str::to_owned);
    let id = str_of(value, "id");
    if !id.is_empty() {
        document.properties.push(("id".into(), id.to_owned()));
    }
    let mut labels = BTreeSet::new();
    for label in reports().flat_map(|o| list_of(o, "labels")).filter_map(Value::as_str) {
        if labels.insert(label) {
            document.properties.push(("label".into(), label.to_owned()));
        }
    }
    (reading, defects)
}

/// The name of the one report; of several, the first.
fn title(objects: &[&Value]) -> Option<String> {
    ["report", "grouping", "incident", "campaign"].iter().find_map(|kind| {
        objects
            .iter()
            .filter(|object| str_of(object, "type") == *kind)
            .map(|object| str_of(object, "name").trim())
            .find(|name| !name.is_empty())
            .map(str::to_owned)
    })
}

struct Bundle<'a> {
    sheet: Sheet,
    by_id: BTreeMap<&'a str, &'a Value>,
    /// What stands for an object in relations.
    ends: BTreeMap<String, Vec<Entity>>,
    /// Identities by how many objects they made.
    creators: BTreeMap<String, usize>,
    creator_ids: BTreeSet<&'a str>,
    marking: Option<Marking>,
    pairs: usize,
    defects: Vec<Defect>,
    /// Markings that could not be resolved, each named once.
    unknown_markings: BTreeSet<String>,
}

impl<'a> Bundle<'a> {
    fn new(objects: &[&'a Value]) -> Self {
        let by_id: BTreeMap<&str, &Value> = objects
            .iter()
            .map(|object| (str_of(object, "id"), *object))
            .filter(|(id, _)| !id.is_empty())
            .collect();
        let mut creators: BTreeMap<String, usize> = BTreeMap::new();
        let mut creator_ids = BTreeSet::new();
        for object in objects {
            let id = str_of(object, "created_by_ref");
            let Some(identity) = by_id.get(id) else { continue };
            creator_ids.insert(id);
            let name = str_of(identity, "name").trim();
            if !name.is_empty() {
                *creators.entry(name.to_owned()).or_default() += 1;
            }
        }
        Self {
            sheet: Sheet::default(),
            by_id,
            ends: BTreeMap::new(),
            creators,
            creator_ids,
            marking: None,
            pairs: 0,
            defects: Vec::new(),
            unknown_markings: BTreeSet::new(),
        }
    }

    /// Writes an object and tells what it says by itself.
    fn object(&mut self, json: &'a Value, parent: &str) {
        let kind = str_of(json, "type");
        let id = if parent.is_empty() { str_of(json, "id").to_owned() } else { parent.to_owned() };
        let name = str_of(json, "name");
        let heading = match (name, kind) {
            ("", kind) => kind.to_owned(),
            (name, kind) => format!("{kind}: {name}"),
        };
        self.sheet.heading(2, &heading);
        let mut places = BTreeMap::new();
        self.properties(json, "", kind, &mut places, 0);
        self.marks(json, &id);
        match kind {
            "indicator" => self.indicator(json, &id, &places),
            "observed-data" => self.observation(json, &id),
            "relationship" | "sighting" => {}
            _ => self.entities(json, &id, &places),
        }
        self.citations(json, &places);
    }

    /// Writes every property as a line; keeps where each value stands.
    fn properties(
        &mut self,
        json: &Value,
        prefix: &str,
        kind: &str,
        places: &mut BTreeMap<String, Span>,
        depth: usize,
    ) {
        let fields: Vec<(String, &Value)> = match json {
            Value::Object(fields) => {
                fields.iter().map(|(key, value)| (key.clone(), value)).collect()
            }
            Value::Array(items) => {
                items.iter().enumerate().map(|(at, value)| (at.to_string(), value)).collect()
            }
            _ => return,
        };
        for (key, value) in fields {
            let path = if prefix.is_empty() { key.clone() } else { format!("{prefix}.{key}") };
            if prefix.is_empty() && kind == "observed-data" && key == "objects" {
                continue;
            }
            match value {
                Value::Object(_) | Value::Array(_) if depth < DEEPEST => {
                    self.properties(value, &path, kind, places, depth + 1);
                }
                Value::String(text) => {
                    let prose = matches!(
                        key.as_str(),
                        "description"
                            | "abstract"
                            | "content"
                            | "explanation"
                            | "objective"
                            | "summary"
                            | "goals"
                    );
                    let span = if prose {
                        self.sheet.prose(&path, text)
                    } else if key == "url" && prefix.starts_with("external_references") {
                        self.sheet.reference(&path, text)
                    } else {
                        self.sheet.field(&path, text)
                    };
                    places.insert(path, span);
                }
                other => {
                    let span = self.sheet.field(&path, &other.to_string());
                    places.insert(path, span);
                }
            }
        }
    }

    fn marks(&mut self, json: &Value, id: &str) {
        let refs = list_of(json, "object_marking_refs").iter().filter_map(Value::as_str);
        let granular =
            list_of(json, "granular_markings").iter().map(|marking| str_of(marking, "marking_ref"));
        for reference in refs.chain(granular).filter(|reference| !reference.is_empty()) {
            let known = match self.by_id.get(reference) {
                Some(definition) => markings::defined(definition),
                None => {
                    let known = markings::by_id(reference);
                    let told = known.is_some() || markings::is_statement(reference);
                    if !told && self.unknown_markings.insert(reference.to_owned()) {
                        let message = format!(
                            "the marking `{reference}` is neither of TLP nor in the bundle"
                        );
                        self.defects.push((format!("object {id}"), message));
                    }
                    known
                }
            };
            if let Some(marking) = known {
                self.marking = Some(self.marking.map_or(marking, |so_far| so_far.join(marking)));
            }
        }
    }

    fn indicator(&mut self, json: &Value, id: &str, places: &BTreeMap<String, Span>) {
        let text = str_of(json, "pattern");
        let Some(span) = places.get("pattern").copied() else { return };
        let state = stated(json);
        let revoked = json.get("revoked").and_then(Value::as_bool) == Some(true);
        let types = ["indicator_types", "labels"]
            .iter()
            .flat_map(|key| list_of(json, key))
            .filter_map(Value::as_str);
        let benign = types.clone().any(|word| word == "benign");
        let context: Vec<&str> = types.collect();
        let period = Period {
            first: value::day(str_of(json, "valid_from")),
            last: value::day(str_of(json, "valid_until")),
        };
        let role = if benign {
            Role::Benign
        } else if revoked {
            Role::Unclear
        } else {
            Role::Indicator
        };
        let make = |entity: Entity, role: Role, span: Span| {
            let mut claim = Claim::mention(entity, role, span)
                .by("stix2:indicator", Confidence::percent(DECLARED));
            claim.stated = state;
            claim.stated_word = state.map(|c| c.as_percent().to_string());
            claim.period = period;
            claim.context = (!context.is_empty()).then(|| context.join(", "));
            claim.why = revoked.then(|| "revoked by its author".to_owned());
            claim
        };
        let whole = Entity::new(Kind::Pattern, text);
        let mut pattern_claim = make(whole.clone(), role, span);
        let language = str_of(json, "pattern_type");
        let mut ends = Vec::new();
        if matches!(language, "" | "stix") {
            let (found, broken) = pattern::comparisons(text);
            if let Some(broken) = broken {
                let message =
                    format!("the pattern is broken at byte {}: {}", broken.offset, broken.why);
                self.defects.push((format!("object {id}"), message));
            }
            let carried = terms::carried(&pattern::tokens(text).0, &found);
            if role == Role::Indicator {
                pattern_claim.why.clone_from(&carried.why);
            }
            self.sheet.claim(pattern_claim);
            let at = |place: usize| span.start as usize + place;
            for (number, comparison) in found.iter().enumerate() {
                let (entity, plain) = terms::observable(comparison);
                let (from, to) = comparison.place;
                let place = Span::new(at(from), at(to));
                let mut claim = make(entity.clone(), Role::Unclear, place);
                match carried.worth.get(&number) {
                    _ if !plain => {
                        claim.why = Some(format!(
                            "the pattern compares with `{}`",
                            terms::shown_operator(comparison)
                        ));
                    }
                    Some(Worth::Together(why)) if role == Role::Indicator => {
                        claim.why = Some(why.clone());
                    }
                    worth => {
                        claim = make(entity.clone(), role, place);
                        if let Some(Worth::Alone(Some(more))) = worth {
                            claim.why = claim.why.or_else(|| Some(more.clone()));
                        }
                        ends.push(entity);
                    }
                }
                self.sheet.claim(claim);
            }
            for (folder, name) in carried.paths {
                let (Some(folder), Some(name)) = (found.get(folder), found.get(name)) else {
                    continue;
                };
                let separator = if folder.value.contains('/') { '/' } else { '\\' };
                let path = format!(
                    "{}{separator}{}",
                    folder.value.trim_end_matches(separator),
                    name.value
                );
                let entity = Entity::new(Kind::FilePath, path);
                let places = [folder.place, name.place];
                let from = places.iter().map(|place| place.0).min().unwrap_or(0);
                let to = places.iter().map(|place| place.1).max().unwrap_or(from);
                self.sheet.claim(make(entity.clone(), role, Span::new(at(from), at(to))));
                ends.push(entity);
            }
        } else {
            self.sheet.claim(pattern_claim);
        }
        if ends.is_empty() {
            ends.push(whole);
        }
        self.ends.insert(id.to_owned(), ends);
    }

    /// The observables inside an observation of STIX 2.0, or those that one of 2.1 refers to.
    fn observation(&mut self, json: &'a Value, id: &str) {
        if let Some(Value::Object(inner)) = json.get("objects") {
            let mut ends = Vec::new();
            for (key, observable) in inner {
                let own = format!("{id}/{key}");
                self.object(observable, &own);
                ends.extend(self.ends.get(&own).into_iter().flatten().cloned());
            }
            self.ends.insert(id.to_owned(), ends);
        }
    }

    fn entities(&mut self, json: &Value, id: &str, places: &BTreeMap<String, Span>) {
        let kind = str_of(json, "type");
        let named = object::named(json);
        let place = |property: &str| places.get(property).copied();
        let mut ends = Vec::new();
        let mut anchor: Option<Entity> = None;
        for named in named {
            let Some(span) = place(&named.property) else { continue };
            let (role, why) = self.role(kind, id);
            let mut claim = Claim::mention(named.entity.clone(), role, span);
            claim.why = why;
            claim.stated = stated(json);
            claim.context = Some(kind.to_owned());
            claim.period = Period {
                first: value::day(str_of(json, "first_seen")),
                last: value::day(str_of(json, "last_seen")),
            };
            self.sheet.claim(claim.by("stix2:object", Confidence::percent(DECLARED)));
            if let Some(anchor) = &anchor
                && matches!(kind, "file" | "artifact" | "x509-certificate")
            {
                self.sheet.tell(
                    "stix2:object",
                    anchor.clone(),
                    Relation::SameObject,
                    named.entity.clone(),
                    span,
                );
            }
            anchor.get_or_insert_with(|| named.entity.clone());
            ends.push(named.entity);
        }
        if kind == "windows-registry-key" {
            self.registry_values(json, places, &mut ends);
        }
        let Some(entity) = anchor else {
            if !ends.is_empty() {
                self.ends.insert(id.to_owned(), ends);
            }
            return;
        };
        self.ends.insert(id.to_owned(), ends);
        for key in ["aliases", "x_mitre_aliases", "x_opencti_aliases", "roles", "sectors"] {
            for (at, word) in list_of(json, key).iter().enumerate() {
                let (Some(word), Some(span)) = (word.as_str(), place(&format!("{key}.{at}")))
                else {
                    continue;
                };
                match key {
                    "roles" => {}
                    "sectors" => {
                        let sector = Entity::new(Kind::Sector, word);
                        self.sheet.mention("stix2:object", sector.clone(), Role::Subject, span);
                        self.sheet.tell(
                            "stix2:object",
                            entity.clone(),
                            Relation::RelatedTo,
                            sector,
                            span,
                        );
                    }
                    _ if word == entity.value => {}
                    _ => {
                        let alias = Entity::new(entity.kind, word);
                        self.sheet.tell(
                            "stix2:object",
                            alias,
                            Relation::AliasOf,
                            entity.clone(),
                            span,
                        );
                    }
                }
            }
        }
        for (key, relation) in
            [("first_seen", Relation::FirstSeen), ("last_seen", Relation::LastSeen)]
        {
            if let (Some(day), Some(span)) = (value::day(str_of(json, key)), place(key)) {
                self.sheet.tell(
                    "stix2:object",
                    entity.clone(),
                    relation,
                    Object::Text(day.to_string()),
                    span,
                );
            }
        }
        for key in ["primary_motivation", "resource_level", "sophistication", "objective"] {
            if let Some(span) = place(key) {
                let text = Object::Text(format!("{key}={}", str_of(json, key)));
                self.sheet.tell("stix2:object", entity.clone(), Relation::Property, text, span);
            }
        }
    }

    fn registry_values(
        &mut self,
        json: &Value,
        places: &BTreeMap<String, Span>,
        ends: &mut Vec<Entity>,
    ) {
        let key = str_of(json, "key");
        for (at, value) in list_of(json, "values").iter().enumerate() {
            let name = str_of(value, "name");
            let Some(span) = places.get(&format!("values.{at}.name")) else { continue };
            if key.is_empty() || name.is_empty() {
                continue;
            }
            let entity = crate::value::registry_entity(&format!("{key}\\{name}"));
            self.sheet.mention("stix2:object", entity.clone(), Role::Unclear, *span);
            ends.push(entity);
        }
    }

    fn role(&self, kind: &str, id: &str) -> (Role, Option<String>) {
        match kind {
            "identity" if self.creator_ids.contains(id) => (Role::Publisher, None),
            "report" | "grouping" | "note" | "opinion" => (Role::Publisher, None),
            "threat-actor" | "intrusion-set" | "campaign" | "malware" | "tool"
            | "attack-pattern" | "vulnerability" | "identity" | "location" => (Role::Subject, None),
            _ => (Role::Unclear, Some("observed, and not said to indicate anything".into())),
        }
    }

    fn citations(&mut self, json: &Value, places: &BTreeMap<String, Span>) {
        for (at, reference) in list_of(json, "external_references").iter().enumerate() {
            let url = str_of(reference, "url");
            let Some(span) = places.get(&format!("external_references.{at}.url")) else { continue };
            let cited = value::entity(Kind::Url, "reference", url);
            self.sheet.mention("stix2:reference", cited.clone(), Role::Reference, *span);
            let of = object::named(json).into_iter().next().map(|named| named.entity);
            if let Some(entity) = of {
                self.sheet.tell("stix2:reference", entity, Relation::References, cited, *span);
            }
        }
    }

    /// Tells what an object says of others; both ends are known by now.
    fn relations(&mut self, json: &'a Value) {
        match str_of(json, "type") {
            "relationship" => self.relationship(json),
            "sighting" => self.sighting(json),
            "report" | "grouping" => self.report(json),
            "network-traffic" | "email-message" | "domain-name" | "ipv4-addr" | "ipv6-addr"
            | "file" => self.embedded(json, str_of(json, "id"), ""),
            // STIX 2.0 numbers the observables inside an observation: "1" is the one beside it.
            "observed-data" => {
                if let Some(Value::Object(inner)) = json.get("objects") {
                    let scope = format!("{}/", str_of(json, "id"));
                    for (key, observable) in inner {
                        self.embedded(observable, &format!("{scope}{key}"), &scope);
                    }
                }
            }
            _ => {}
        }
    }

    fn relationship(&mut self, json: &Value) {
        let word = str_of(json, "relationship_type");
        let (from, to) = (str_of(json, "source_ref"), str_of(json, "target_ref"));
        if word.is_empty() || from.is_empty() || to.is_empty() {
            return;
        }
        let line = format!("{} {word} {}", self.label(from), self.label(to));
        let span = self.sheet.field("relation", &line);
        let subjects = self.end(from);
        let objects = self.end(to);
        // The indicator names the same values as the observation that it is made of.
        if word == "based-on" {
            return;
        }
        let period = Period {
            first: value::day(str_of(json, "start_time")),
            last: value::day(str_of(json, "stop_time")),
        };
        for subject in &subjects {
            for object in objects.iter().filter(|object| *object != subject) {
                let relation = value::relation_to(word, object.kind);
                if self.pairs >= MOST_PAIRS {
                    self.too_many(span);
                    return;
                }
                self.pairs += 1;
                let claim = Claim::new(subject.clone(), relation, object.clone(), span);
                let mut claim = claim.by("stix2:relationship", Confidence::percent(DECLARED));
                claim.stated = stated(json);
                claim.stated_word = claim.stated.map(|c| c.as_percent().to_string());
                claim.context = Some(word.to_owned());
                claim.period = period;
                if json.get("revoked").and_then(Value::as_bool) == Some(true) {
                    claim.why = Some("revoked by its author".into());
                }
                self.sheet.claim(claim);
            }
        }
    }

    fn too_many(&mut self, span: Span) {
        if self.sheet.gaps.iter().any(|gap| gap.what == "relation") {
            return;
        }
        let gap = Gap {
            kind: GapKind::Unread,
            what: "relation".into(),
            entity_kind: None,
            count: None,
            shown: None,
            span,
        };
        self.sheet.gaps.push(gap);
        let message = format!(
            "the relations of this bundle give more than {MOST_PAIRS} pairs; the rest is not kept"
        );
        self.defects.push(("relations".into(), message));
    }

    fn sighting(&mut self, json: &Value) {
        let of = str_of(json, "sighting_of_ref");
        let by: Vec<String> = list_of(json, "where_sighted_refs")
            .iter()
            .filter_map(Value::as_str)
            .filter_map(|id| self.by_id.get(id))
            .map(|identity| str_of(identity, "name").to_owned())
            .filter(|name| !name.is_empty())
            .collect();
        let seen = [str_of(json, "last_seen"), str_of(json, "first_seen"), str_of(json, "created")];
        let Some(day) = seen.iter().find_map(|time| value::day(time)) else { return };
        let line = format!("{} seen {day}", self.label(of));
        let span = self.sheet.commented("sighting", &line, &by.join(", "));
        for entity in self.end(of) {
            let claim = Claim::new(entity, Relation::LastSeen, Object::Text(day.to_string()), span);
            let mut claim = claim.by("stix2:sighting", Confidence::percent(DECLARED));
            claim.period =
                Period { first: value::day(str_of(json, "first_seen")), last: Some(day) };
            claim.said_by = by.first().cloned();
            claim.stated = stated(json);
            self.sheet.claim(claim);
        }
    }

    /// A report is about the entities that it lists; its observables stand in the document anyway.
    fn report(&mut self, json: &Value) {
        let Some(report) = object::named(json).into_iter().next().map(|named| named.entity) else {
            return;
        };
        for id in list_of(json, "object_refs").iter().filter_map(Value::as_str) {
            let Some(object) = self.by_id.get(id) else { continue };
            if !is_topic(str_of(object, "type")) {
                continue;
            }
            let line = format!("{} about {}", report.value, self.label(id));
            let span = self.sheet.field("relation", &line);
            for entity in self.end(id).into_iter().take(1) {
                self.sheet.tell("stix2:report", report.clone(), Relation::About, entity, span);
            }
        }
    }

    /// Relations that observables state by references of their own; `scope` goes before each reference.
    fn embedded(&mut self, json: &Value, id: &str, scope: &str) {
        let refs = |key: &str| -> Vec<String> {
            let one = |to: &str| format!("{scope}{to}");
            match json.get(key) {
                Some(Value::String(to)) => vec![one(to)],
                Some(Value::Array(many)) => {
                    many.iter().filter_map(Value::as_str).map(one).collect()
                }
                _ => Vec::new(),
            }
        };
        for (key, relation) in [
            ("resolves_to_refs", Relation::ResolvesTo),
            ("belongs_to_refs", Relation::BelongsTo),
            ("parent_directory_ref", Relation::RelatedTo),
        ] {
            for to in refs(key) {
                if !self.ends.contains_key(&to) {
                    continue;
                }
                let line = format!("{} {} {}", self.label(id), relation.as_str(), self.label(&to));
                let span = self.sheet.field("relation", &line);
                let (Some(subject), Some(object)) =
                    (self.end(id).into_iter().next(), self.end(&to).into_iter().next())
                else {
                    continue;
                };
                self.sheet.tell("stix2:object", subject, relation, object, span);
            }
        }
    }

    /// What stands for an object; one that is not in the bundle stands by its identifier.
    fn end(&self, id: &str) -> Vec<Entity> {
        if let Some(known) = self.ends.get(id).filter(|known| !known.is_empty()) {
            // The hashes and the name of one file are tied already; the first stands for it.
            let one = id.starts_with("file--") || id.starts_with("vulnerability--");
            return known.iter().take(if one { 1 } else { usize::MAX }).cloned().collect();
        }
        if let Some(object) = self.by_id.get(id)
            && str_of(object, "type") == "observed-data"
        {
            let refs = list_of(object, "object_refs").iter().filter_map(Value::as_str);
            let found: Vec<Entity> =
                refs.filter_map(|id| self.ends.get(id)).flatten().cloned().collect();
            if !found.is_empty() {
                return found;
            }
        }
        let name = self.by_id.get(id).map_or("", |object| str_of(object, "name"));
        let kind = id.split("--").next().unwrap_or("");
        vec![if name.is_empty() { value::other("stix-ref", id) } else { value::other(kind, name) }]
    }

    fn label(&self, id: &str) -> String {
        match self.by_id.get(id).map(|object| str_of(object, "name")) {
            Some(name) if !name.is_empty() => name.to_owned(),
            _ => match self.ends.get(id).map(Vec::as_slice) {
                Some([only]) if only.value.len() <= 100 => only.value.clone(),
                _ => id.to_owned(),
            },
        }
    }
}

fn is_topic(kind: &str) -> bool {
    matches!(
        kind,
        "threat-actor"
            | "intrusion-set"
            | "campaign"
            | "malware"
            | "tool"
            | "attack-pattern"
            | "vulnerability"
    )
}

fn stated(json: &Value) -> Option<Confidence> {
    let percent = json.get("confidence")?.as_u64()?;
    Some(Confidence::percent(u8::try_from(percent).unwrap_or(100)))
}
