//! One MISP event: its meta data, attributes, objects, galaxies and reports as a document.

use std::collections::BTreeMap;

use lapwing_model::{
    Claim, Confidence, Entity, Format, Kind, Lineage, LineageKind, Marking, Polarity, Reading,
    Relation, Role, Span,
};
use serde_json::Value;

use super::super::json::{list_of, str_of, text_of};
use super::super::misp_tags::{self, Tag};
use super::super::misp_types::{self, Attribute};
use super::super::sheet::{DECLARED, Sheet};
use super::super::value;
use crate::Input;

/// Makes the document of an event; `part` is its place in a file of several.
pub(super) fn reading(input: &Input<'_>, event: &Value, part: Option<usize>) -> Reading {
    let title = match str_of(event, "info").trim() {
        "" => None,
        info => Some(info.to_owned()),
    };
    let mut writer = Writer {
        report: Entity::new(Kind::Report, title.clone().unwrap_or_else(|| input.name.to_owned())),
        ..Writer::default()
    };
    writer.sheet.heading(1, title.as_deref().unwrap_or("MISP attributes"));
    writer.meta(event);
    writer.attributes(event);
    for object in list_of(event, "Object") {
        writer.object(object);
    }
    if event.get("object_relation").is_some() || event.get("template_uuid").is_some() {
        writer.object(event);
    }
    writer.proposals(event);
    writer.reports(event);
    writer.references();
    writer.topics();
    // What is said of the event holds for all of it that says nothing of its own.
    let tags: Vec<String> = writer
        .properties
        .iter()
        .filter(|(name, _)| name == "tag")
        .map(|(_, tag)| tag.clone())
        .collect();
    for tag in tags {
        if let Some(stated) = misp_tags::stated(&tag) {
            writer.sheet.state(0, stated, &tag);
        }
    }

    let own = part.map(|_| event.to_string());
    let raw = own.as_ref().map_or(input.raw, String::as_bytes);
    let mut reading = std::mem::take(&mut writer.sheet).finish(input, raw, Format::MispJson);
    let document = &mut reading.document;
    if let Some(part) = part {
        document.name = format!("{}#{}", input.name, part + 1);
        document.container = Some(input.name.to_owned());
    }
    document.title = title;
    document.source = ["Orgc", "Org"]
        .iter()
        .filter_map(|key| event.get(*key))
        .map(|org| str_of(org, "name").trim().to_owned())
        .find(|name| !name.is_empty());
    if writer.is_ours() {
        document.source = writer.source.take();
        document.url = writer.url.take();
        writer.links.clear();
    }
    document.published = value::day(&text_of(event.get("date")).unwrap_or_default());
    document.modified = text_of(event.get("timestamp")).and_then(|time| value::day(&time));
    document.marking = writer.marking;
    document.properties = writer.properties;
    let several = writer.links.len() > 1;
    let made_of = writer.imported || !several;
    document.lineage = writer
        .links
        .into_iter()
        .map(|(url, span)| Lineage {
            kind: if made_of { LineageKind::Republishes } else { LineageKind::Cites },
            publisher: None,
            url: Some(url),
            span,
        })
        .collect();
    reading
}

/// An event while it is written out.
struct Writer {
    sheet: Sheet,
    report: Entity,
    properties: Vec<(String, String)>,
    marking: Option<Marking>,
    /// Entities that the event as a whole is tagged with.
    tagged: Vec<(Entity, Span)>,
    /// Links to what was published elsewhere, each once.
    links: Vec<(String, Span)>,
    /// Whether an object says that the event was imported or summarises a report.
    imported: bool,
    /// What the attributes and objects name, by their identifiers.
    by_uuid: BTreeMap<String, (Entity, Span)>,
    pending: Vec<(String, String, String)>,
    /// Of an event that Lapwing made: what the document is about, who published it, and where.
    about: Option<Vec<Entity>>,
    source: Option<String>,
    url: Option<String>,
}

impl Default for Writer {
    fn default() -> Self {
        Self {
            sheet: Sheet::default(),
            report: Entity::new(Kind::Report, ""),
            properties: Vec::new(),
            marking: None,
            tagged: Vec::new(),
            links: Vec::new(),
            imported: false,
            by_uuid: BTreeMap::new(),
            pending: Vec::new(),
            about: None,
            source: None,
            url: None,
        }
    }
}

impl Writer {
    /// Whether Lapwing made the event: then its tags tell apart what the document is about and what
    /// it merely names, and the event adds nothing of its own.
    fn is_ours(&self) -> bool {
        self.about.is_some()
    }

    /// Reads the tags of an event that Lapwing made.
    fn own_tags(&mut self, event: &Value) {
        let mut about = Vec::new();
        let mut ours = false;
        for tag in list_of(event, "Tag") {
            let Some((name, value)) = str_of(tag, "name").split_once('=') else { continue };
            let value = value.trim_matches('"');
            match name {
                "lapwing:document" => ours = true,
                "lapwing:source" => self.source = Some(value.to_owned()),
                "lapwing:about" => about.extend(entity_of_key(value)),
                _ => {}
            }
        }
        self.about = ours.then_some(about);
    }

    fn meta(&mut self, event: &Value) {
        self.own_tags(event);
        let mut put = |name: &str, value: String| {
            if !value.is_empty() {
                self.sheet.field(name, &value);
                self.properties.push((name.to_owned(), value));
            }
        };
        put("uuid", text_of(event.get("uuid")).unwrap_or_default());
        put("date", text_of(event.get("date")).unwrap_or_default());
        let level = text_of(event.get("threat_level_id")).unwrap_or_default();
        put(
            "threat-level",
            match level.as_str() {
                "1" => "1 (High)".into(),
                "2" => "2 (Medium)".into(),
                "3" => "3 (Low)".into(),
                "4" => "4 (Undefined)".into(),
                _ => level,
            },
        );
        let analysis = text_of(event.get("analysis")).unwrap_or_default();
        put(
            "analysis",
            match analysis.as_str() {
                "0" => "0 (Initial)".into(),
                "1" => "1 (Ongoing)".into(),
                "2" => "2 (Completed)".into(),
                _ => analysis,
            },
        );
        put("org", event.get("Orgc").map(|org| str_of(org, "name").to_owned()).unwrap_or_default());
        for tag in list_of(event, "Tag") {
            let name = str_of(tag, "name");
            if name.is_empty() {
                continue;
            }
            let span = self.sheet.field("tag", name);
            self.properties.push(("tag".into(), name.to_owned()));
            match misp_tags::read(name) {
                Tag::Marking(marking) => self.mark(marking),
                Tag::Entity(entity) => self.topic(entity, span, "misp:tag"),
                Tag::Plain => {}
            }
        }
        for galaxy in list_of(event, "Galaxy") {
            for (entity, label) in clusters(galaxy) {
                if !self.tagged.iter().any(|(known, _)| *known == entity) {
                    let span = self.sheet.field(&label, &entity.value);
                    self.topic(entity, span, "misp:galaxy");
                }
            }
        }
    }

    fn mark(&mut self, marking: Marking) {
        self.marking = Some(self.marking.map_or(marking, |known| known.join(marking)));
    }

    /// The event is about this entity.
    fn topic(&mut self, entity: Entity, span: Span, method: &str) {
        self.sheet.mention(method, entity.clone(), Role::Subject, span);
        if self.about.as_ref().is_none_or(|about| about.contains(&entity)) {
            self.sheet.tell(method, self.report.clone(), Relation::About, entity.clone(), span);
        }
        if !self.is_ours() {
            self.tagged.push((entity, span));
        }
    }

    fn attributes(&mut self, event: &Value) {
        let single = std::slice::from_ref(event);
        let attributes = match event {
            Value::Array(items) => items,
            _ if super::is_attribute(event) => single,
            _ => list_of(event, "Attribute"),
        };
        if !attributes.is_empty() {
            self.sheet.heading(2, "Attributes");
        }
        for attribute in attributes {
            self.attribute(attribute, None);
        }
    }

    /// Writes an attribute; returns what it names.
    fn attribute(&mut self, json: &Value, object: Option<&str>) -> Vec<(Entity, Span)> {
        let shown = text_of(json.get("value")).unwrap_or_default();
        let to_ids = match json.get("to_ids") {
            Some(Value::Bool(flag)) => Some(*flag),
            Some(Value::String(flag)) => Some(flag == "1" || flag == "true"),
            Some(Value::Number(flag)) => Some(flag.as_u64() == Some(1)),
            _ => None,
        };
        let attribute = Attribute {
            kind: str_of(json, "type"),
            category: str_of(json, "category"),
            value: &shown,
            comment: str_of(json, "comment"),
            to_ids,
            object,
            relation: str_of(json, "object_relation"),
            first_seen: str_of(json, "first_seen"),
            last_seen: str_of(json, "last_seen"),
            discounted: is_true(json, "deleted").then_some("deleted in the event"),
        };
        if self.is_ours() && attribute.comment == "where it was published" {
            self.sheet.reference("published", attribute.value);
            self.url = Some(shown.trim().to_owned());
            return Vec::new();
        }
        let label = if attribute.category.is_empty() {
            attribute.kind.to_owned()
        } else {
            format!("[{}] {}", attribute.category, attribute.kind)
        };
        let before = self.sheet.claims.len();
        let told = self.line(&label, &attribute);
        self.link(&attribute, told.first());
        if let (Some(uuid), Some(first)) = (json.get("uuid").and_then(Value::as_str), told.first())
        {
            self.by_uuid.insert(uuid.to_owned(), first.clone());
        }
        for tag in list_of(json, "Tag") {
            let name = str_of(tag, "name");
            if let Some(stated) = misp_tags::stated(name) {
                self.sheet.state(before, stated, name);
            }
        }
        self.attribute_tags(json, &told);
        self.sightings(json, &told);
        for proposal in list_of(json, "ShadowAttribute") {
            self.proposal(proposal);
        }
        told
    }

    /// Writes `label: value — comment` and tells its claims.
    fn line(&mut self, label: &str, attribute: &Attribute<'_>) -> Vec<(Entity, Span)> {
        let long = misp_types::is_prose(attribute.kind) && attribute.value.len() > 40;
        let span = if long {
            let span = self.sheet.prose(label, attribute.value);
            if !attribute.comment.trim().is_empty() {
                self.sheet.prose("comment", attribute.comment);
            }
            span
        } else if misp_types::is_link(attribute.kind) {
            let span = self.sheet.reference(label, attribute.value);
            if !attribute.comment.trim().is_empty() {
                self.sheet.prose("comment", attribute.comment);
            }
            span
        } else {
            self.sheet.commented(label, attribute.value, attribute.comment)
        };
        misp_types::tell(&mut self.sheet, attribute, span)
    }

    /// A link tells what the event was made from.
    fn link(&mut self, attribute: &Attribute<'_>, told: Option<&(Entity, Span)>) {
        let Some((entity, span)) = told else { return };
        if !misp_types::is_link(attribute.kind) || attribute.discounted.is_some() {
            return;
        }
        let report = self.report.clone();
        self.sheet.tell("misp:link", report, Relation::References, entity.clone(), *span);
        let external = matches!(attribute.category, "External analysis" | "")
            || attribute.object == Some("report");
        if external && !self.links.iter().any(|(url, _)| *url == entity.value) {
            self.links.push((entity.value.clone(), *span));
        }
    }

    fn attribute_tags(&mut self, json: &Value, told: &[(Entity, Span)]) {
        let mut entities: Vec<(Entity, String)> = Vec::new();
        for tag in list_of(json, "Tag") {
            let name = str_of(tag, "name");
            match misp_tags::read(name) {
                Tag::Marking(marking) => self.mark(marking),
                Tag::Entity(entity) => entities.push((entity, name.to_owned())),
                Tag::Plain => {}
            }
            if !name.is_empty() && !matches!(misp_tags::read(name), Tag::Entity(_)) {
                self.sheet.field("  tag", name);
            }
        }
        for galaxy in list_of(json, "Galaxy") {
            for (entity, label) in clusters(galaxy) {
                if !entities.iter().any(|(known, _)| *known == entity) {
                    entities.push((entity, label));
                }
            }
        }
        for (entity, label) in entities {
            let span = self.sheet.field(&format!("  tag {label}"), &entity.value);
            self.sheet.mention("misp:tag", entity.clone(), Role::Subject, span);
            let relation = indicated(entity.kind);
            for (value, _) in told {
                self.sheet.tell("misp:tag", value.clone(), relation, entity.clone(), span);
            }
        }
    }

    fn sightings(&mut self, json: &Value, told: &[(Entity, Span)]) {
        let Some((entity, _)) = told.first() else { return };
        for sighting in list_of(json, "Sighting") {
            let time = text_of(sighting.get("date_sighting")).unwrap_or_default();
            let day = value::day(&time);
            let shown = day.map_or(time, |day| day.to_string());
            let org = sighting
                .get("Organisation")
                .map(|org| str_of(org, "name"))
                .filter(|n| !n.is_empty());
            let kind = text_of(sighting.get("type")).unwrap_or_default();
            let label = match kind.as_str() {
                "1" => "  false positive",
                "2" => "  expiration",
                _ => "  sighting",
            };
            let span = self.sheet.commented(label, &shown, org.unwrap_or(""));
            let mut claim = match (kind.as_str(), day) {
                ("1", _) => {
                    let mut claim = Claim::mention(entity.clone(), Role::Indicator, span);
                    claim.polarity = Polarity::Denied;
                    claim.why = Some("reported as a false positive".into());
                    claim
                }
                (_, Some(day)) => Claim::new(
                    entity.clone(),
                    Relation::LastSeen,
                    lapwing_model::Object::Text(day.to_string()),
                    span,
                ),
                _ => continue,
            };
            claim.period.last = day;
            claim.said_by = org.map(str::to_owned);
            self.sheet.claim(claim.by("misp:sighting", Confidence::percent(DECLARED)));
        }
    }

    fn object(&mut self, json: &Value) {
        let name = str_of(json, "name");
        let about = str_of(json, "description");
        let title = if about.is_empty() { name.to_owned() } else { format!("{name} — {about}") };
        self.sheet.heading(2, if title.is_empty() { "object" } else { &title });
        let comment = str_of(json, "comment");
        if !comment.trim().is_empty() {
            self.sheet.prose("comment", comment);
        }
        self.imported |= matches!(name, "original-imported-file" | "report");
        let mut told = Vec::new();
        for attribute in list_of(json, "Attribute") {
            let found = self.attribute(attribute, Some(name));
            if !is_true(attribute, "deleted") {
                told.extend(found);
            }
        }
        if is_true(json, "deleted") {
            return;
        }
        misp_types::tie(&mut self.sheet, name, &told);
        let uuid = str_of(json, "uuid").to_owned();
        if let Some(first) =
            told.iter().find(|(e, _)| e.kind.is_file_hash()).or_else(|| told.first())
        {
            self.by_uuid.insert(uuid.clone(), first.clone());
        }
        for reference in list_of(json, "ObjectReference") {
            self.pending.push((
                uuid.clone(),
                str_of(reference, "relationship_type").to_owned(),
                str_of(reference, "referenced_uuid").to_owned(),
            ));
        }
    }

    fn proposals(&mut self, event: &Value) {
        let proposals = list_of(event, "ShadowAttribute");
        if !proposals.is_empty() {
            self.sheet.heading(2, "Proposals");
        }
        for proposal in proposals {
            self.proposal(proposal);
        }
    }

    fn proposal(&mut self, json: &Value) {
        let shown = text_of(json.get("value")).unwrap_or_default();
        let attribute = Attribute {
            kind: str_of(json, "type"),
            category: str_of(json, "category"),
            value: &shown,
            comment: str_of(json, "comment"),
            discounted: Some("only proposed, not accepted in the event"),
            ..Attribute::default()
        };
        self.line(&format!("proposed {}", attribute.kind), &attribute);
    }

    fn reports(&mut self, event: &Value) {
        for report in list_of(event, "EventReport") {
            if is_true(report, "deleted") {
                continue;
            }
            let name = str_of(report, "name");
            self.sheet.heading(2, if name.is_empty() { "Report" } else { name });
            self.sheet.prose("report", str_of(report, "content"));
        }
    }

    /// The relations that objects state to one another.
    fn references(&mut self) {
        for (from, word, to) in std::mem::take(&mut self.pending) {
            let (Some((subject, _)), Some((object, span))) =
                (self.by_uuid.get(&from), self.by_uuid.get(&to))
            else {
                continue;
            };
            let claim = Claim::new(
                subject.clone(),
                value::relation_to(&word, object.kind),
                object.clone(),
                *span,
            );
            let mut claim = claim.by("misp:reference", Confidence::percent(DECLARED));
            claim.context = Some(word);
            self.sheet.claim(claim);
        }
    }

    /// An event about exactly one actor (malware, campaign) ties its indicators to it.
    fn topics(&mut self) {
        let tagged: Vec<Entity> = self.tagged.iter().map(|(entity, _)| entity.clone()).collect();
        misp_types::tie_to_topics(&mut self.sheet, &tagged);
    }
}

/// What an attribute says of the entity that it is tagged with.
fn indicated(kind: Kind) -> Relation {
    match kind {
        Kind::ThreatActor
        | Kind::Cluster
        | Kind::Malware
        | Kind::Tool
        | Kind::Campaign
        | Kind::AttackPattern => Relation::Indicates,
        Kind::Location => Relation::LocatedAt,
        _ => Relation::RelatedTo,
    }
}

/// The entities of a galaxy with the name of the galaxy.
fn clusters(galaxy: &Value) -> Vec<(Entity, String)> {
    let kind = str_of(galaxy, "type");
    list_of(galaxy, "GalaxyCluster")
        .iter()
        .filter_map(|cluster| {
            let galaxy = if kind.is_empty() { str_of(cluster, "type") } else { kind };
            let entity = misp_tags::cluster(galaxy, str_of(cluster, "value"))?;
            Some((entity, format!("galaxy {galaxy}")))
        })
        .collect()
}

/// The entity of a key as `threat-actor:HAFNIUM`; kinds may hold a colon themselves.
fn entity_of_key(key: &str) -> Option<Entity> {
    Kind::ALL.iter().find_map(|kind| {
        let value = key.strip_prefix(kind.as_str())?.strip_prefix(':')?;
        (!value.is_empty()).then(|| Entity::new(*kind, value))
    })
}

fn is_true(value: &Value, key: &str) -> bool {
    match value.get(key) {
        Some(Value::Bool(flag)) => *flag,
        Some(Value::String(flag)) => flag == "1" || flag == "true",
        Some(Value::Number(flag)) => flag.as_u64() == Some(1),
        _ => false,
    }
}
