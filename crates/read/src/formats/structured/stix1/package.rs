//! A package written out, with the claims that its constructs make.

mod relations;

use std::collections::BTreeMap;

use lapwing_model::{
    Claim, Confidence, Entity, Format, Kind, Marking, Object, PartialDate, Reading, Relation, Role,
    Span,
};
use roxmltree::Node;

use super::super::sheet::{DECLARED, Sheet};
use super::super::{value, xml};
use super::cybox;
use crate::Input;

/// Pairs of subject and object that the relations of one package may give.
const MOST_PAIRS: usize = 200_000;

/// What a construct is, by the name of its element.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Part {
    Package,
    Indicator,
    Ttp,
    Actor,
    Campaign,
    Incident,
    Target,
    Action,
    Observable,
}

impl Part {
    fn of(node: Node<'_, '_>) -> Option<Self> {
        Some(match node.tag_name().name() {
            "STIX_Package" | "Package" | "Report" => Self::Package,
            "Indicator" => Self::Indicator,
            "TTP" => Self::Ttp,
            "Threat_Actor" => Self::Actor,
            "Campaign" => Self::Campaign,
            "Incident" => Self::Incident,
            "Exploit_Target" => Self::Target,
            "Course_Of_Action" => Self::Action,
            "Observable" => Self::Observable,
            _ => return None,
        })
    }

    fn noun(self) -> &'static str {
        match self {
            Self::Package => "report",
            Self::Indicator => "indicator",
            Self::Ttp => "ttp",
            Self::Actor => "threat-actor",
            Self::Campaign => "campaign",
            Self::Incident => "incident",
            Self::Target => "exploit-target",
            Self::Action => "course-of-action",
            Self::Observable => "observable",
        }
    }
}

/// What holds while a part of the tree is read.
#[derive(Clone, Default)]
struct Context {
    /// The construct that holds it.
    owner: Option<String>,
    part: Option<Part>,
    /// The indicator whose observables are read, with its confidence.
    indicator: bool,
    stated: Option<Confidence>,
    stated_word: Option<String>,
}

/// Makes the one document of a package.
pub(super) fn reading(input: &Input<'_>, root: Node<'_, '_>) -> Reading {
    let header = xml::child(root, "STIX_Header").or_else(|| {
        root.descendants().find(|node| node.is_element() && node.tag_name().name() == "Header")
    });
    let report_title = || {
        root.descendants()
            .filter(|n| n.is_element() && n.tag_name().name() == "Header")
            .find_map(|header| xml::child(header, "Title"))
    };
    let title = header
        .and_then(|header| xml::child(header, "Title"))
        .or_else(report_title)
        .map(xml::words)
        .filter(|title| !title.is_empty());
    let mut package = Package::default();
    package.sheet.heading(1, title.as_deref().unwrap_or("STIX package"));
    package.report = title.clone().unwrap_or_else(|| input.name.to_owned());
    package.walk(root, &Context::default());
    package.resolve();
    let marking = package.marking;
    let properties = std::mem::take(&mut package.properties);
    let mut reading = package.sheet.finish(input, input.raw, Format::Stix1);
    let document = &mut reading.document;
    document.title = title;
    document.source = header.and_then(source);
    document.published = header
        .and_then(produced)
        .or_else(|| xml::attribute(root, "timestamp").and_then(value::day));
    document.marking = marking;
    document.properties = properties;
    reading
}

/// The name in the header's information source.
fn source(header: Node<'_, '_>) -> Option<String> {
    let source = xml::child(header, "Information_Source")?;
    let identity =
        source.descendants().find(|n| n.is_element() && n.tag_name().name() == "Identity")?;
    let name = identity
        .descendants()
        .filter(|n| n.is_element())
        .find(|n| matches!(n.tag_name().name(), "Name" | "OrganisationName" | "PersonName"))?;
    Some(xml::words(name)).filter(|name| !name.is_empty())
}

fn produced(header: Node<'_, '_>) -> Option<PartialDate> {
    let time =
        header.descendants().find(|n| n.is_element() && n.tag_name().name() == "Produced_Time")?;
    value::day(&xml::words(time))
}

#[derive(Default)]
struct Package {
    sheet: Sheet,
    report: String,
    marking: Option<Marking>,
    properties: Vec<(String, String)>,
    ends: BTreeMap<String, Vec<(Entity, Span)>>,
    parts: BTreeMap<String, Part>,
    titles: BTreeMap<String, (String, Span)>,
    /// Owner, relation word where stated, target, and where it is stated.
    links: Vec<(String, Option<String>, String, Span)>,
    targets: BTreeMap<String, Vec<(Entity, Span)>>,
    unnamed: usize,
}

impl Package {
    fn walk(&mut self, node: Node<'_, '_>, context: &Context) {
        let name = node.tag_name().name();
        if let Some(part) = Part::of(node) {
            return self.construct(node, part, context);
        }
        match name {
            "Properties" => return self.properties(node, context),
            "Object" | "Related_Object" if xml::attribute(node, "idref").is_some() => {
                return self.refer(node, context);
            }
            "Marking" => return self.mark(node),
            "Victim" => return self.victim(node, context),
            "Confidence" | "Likely_Impact" | "Kill_Chain_Phases" => {
                self.line(node);
                return;
            }
            "Sighting" => return self.sighting(node, context),
            // MAEC: the sample that a package is about.
            "Malware_Instance_Object_Attributes" => {
                let sample = Context { indicator: true, ..context.clone() };
                for child in node.children().filter(Node::is_element) {
                    self.walk(child, &sample);
                }
                return;
            }
            _ => {}
        }
        if self.own(node, name, context) {
            return;
        }
        let mut leaf = true;
        for child in node.children().filter(Node::is_element) {
            leaf = false;
            self.walk(child, context);
        }
        if leaf {
            self.line(node);
        }
    }

    /// Writes an element's words as a line: prose where it describes.
    fn line(&mut self, node: Node<'_, '_>) {
        let words = xml::words(node);
        if words.is_empty() {
            return;
        }
        let name = node.tag_name().name();
        let prose = name.contains("Description")
            || matches!(name, "Statement" | "Terms_Of_Use" | "Comment" | "Journal_Entry");
        if prose {
            self.sheet.prose(name, &words);
        } else {
            self.sheet.field(name, &words);
        }
    }

    fn construct(&mut self, node: Node<'_, '_>, part: Part, context: &Context) {
        let own = xml::attribute(node, "id").or_else(|| xml::attribute(node, "idref"));
        let id = own.map_or_else(
            || {
                self.unnamed += 1;
                format!("#{}", self.unnamed)
            },
            str::to_owned,
        );
        let word = node
            .prev_siblings()
            .skip(1)
            .chain(node.next_siblings().skip(1))
            .find(|sibling| sibling.is_element() && sibling.tag_name().name() == "Relationship")
            .map(xml::words);
        let title = title(node, part);
        if xml::attribute(node, "idref").is_none() {
            let heading = match title.as_str() {
                "" => part.noun().to_owned(),
                title => format!("{}: {title}", part.noun()),
            };
            let span = if part == Part::Observable && title.is_empty() {
                Span::new(self.sheet.text.len(), self.sheet.text.len())
            } else {
                let whole = self.sheet.heading(2, &heading);
                Span::new(whole.end as usize - title.len(), whole.end as usize)
            };
            self.parts.insert(id.clone(), part);
            self.name(part, &id, &title, span, context);
        }
        if let Some(owner) = &context.owner {
            let span = self.titles.get(&id).map_or_else(
                || {
                    let line = format!("{} -> {id}", part.noun());
                    self.sheet.field("relation", &line)
                },
                |(_, span)| *span,
            );
            self.links.push((owner.clone(), word, id.clone(), span));
        }
        let (stated, stated_word) = match part {
            Part::Indicator => confidence(node),
            _ => (context.stated, context.stated_word.clone()),
        };
        let inner = Context {
            owner: Some(id),
            part: Some(part),
            indicator: part == Part::Indicator || part == Part::Observable && context.indicator,
            stated,
            stated_word,
        };
        for child in node.children().filter(Node::is_element) {
            if child.tag_name().name() != "Title" {
                self.walk(child, &inner);
            }
        }
    }

    /// The entity that a construct's title names.
    fn name(&mut self, part: Part, id: &str, title: &str, span: Span, context: &Context) {
        if !title.is_empty() {
            self.titles.insert(id.to_owned(), (title.to_owned(), span));
        }
        let entity = match part {
            Part::Actor => value::actor(title),
            Part::Campaign => Entity::new(Kind::Campaign, title),
            Part::Target => match value::entity(Kind::Vulnerability, "exploit-target", title) {
                cve if cve.value.starts_with("CVE-") => cve,
                _ => return,
            },
            _ => return,
        };
        if title.is_empty() {
            return;
        }
        self.sheet.mention("stix1:construct", entity.clone(), Role::Subject, span);
        if context.part.is_none_or(|part| part == Part::Package) {
            let report = Entity::new(Kind::Report, self.report.clone());
            self.sheet.tell("stix1:construct", report, Relation::About, entity.clone(), span);
        }
        self.ends.entry(id.to_owned()).or_default().push((entity, span));
    }

    /// Elements that name an entity inside a construct; returns whether all is told.
    fn own(&mut self, node: Node<'_, '_>, name: &str, context: &Context) -> bool {
        let entity = match name {
            "Malware_Instance" => {
                named(node, &["Name", "Title", "Type"]).map(|raw| Entity::new(Kind::Malware, raw))
            }
            "Tool" if context.part == Some(Part::Ttp) => {
                named(node, &["Name", "Title"]).map(|raw| Entity::new(Kind::Tool, raw))
            }
            "Attack_Pattern" => attack_pattern(node),
            "Infrastructure" => {
                // Where it has no title of its own, that of the TTP names it.
                let above = || {
                    let (title, _) = self.titles.get(context.owner.as_ref()?)?;
                    Some(title.clone()).filter(|title| !title.is_empty())
                };
                named(node, &["Title"])
                    .or_else(above)
                    .or_else(|| named(node, &["Type"]))
                    .map(|raw| value::other("infrastructure", &raw))
            }
            "CVE_ID" => Some(value::entity(Kind::Vulnerability, "cve", &xml::words(node))),
            "CWE_ID" => Some(value::entity(Kind::Weakness, "cwe", &xml::words(node))),
            "Victim_Targeting" => {
                self.targeting(node, context);
                None
            }
            "Reference" if xml::words(node).starts_with("http") => {
                let words = xml::words(node);
                let span = self.sheet.reference(name, &words);
                self.sheet.mention(
                    "stix1:reference",
                    value::entity(Kind::Url, "reference", &words),
                    Role::Reference,
                    span,
                );
                return true;
            }
            "Rule" => Some(Entity::new(Kind::Pattern, xml::words(node))),
            _ => return false,
        };
        let Some(entity) = entity.filter(|entity| !entity.value.is_empty()) else { return false };
        let span = self
            .sheet
            .field(name, entity.value.strip_prefix("infrastructure=").unwrap_or(&entity.value));
        let role = if entity.kind == Kind::Pattern { Role::Indicator } else { Role::Subject };
        let role = if entity.kind == Kind::Other { Role::Unclear } else { role };
        self.sheet.mention("stix1:construct", entity.clone(), role, span);
        if let Some(owner) = &context.owner {
            let ends = self.ends.entry(owner.clone()).or_default();
            if entity.kind == Kind::Weakness {
                if let Some((flaw, _)) = ends.first().cloned() {
                    self.sheet.tell(
                        "stix1:construct",
                        flaw,
                        Relation::HasWeakness,
                        entity.clone(),
                        span,
                    );
                }
            } else if !ends.iter().any(|(known, _)| *known == entity) {
                ends.push((entity, span));
            }
        }
        for child in node.children().filter(Node::is_element) {
            if !matches!(child.tag_name().name(), "Name" | "Title") {
                self.walk(child, context);
            }
        }
        true
    }

    fn targeting(&mut self, node: Node<'_, '_>, context: &Context) {
        let mut found = Vec::new();
        for leaf in
            node.descendants().filter(|n| n.is_element() && !n.children().any(|c| c.is_element()))
        {
            let words = xml::words(leaf);
            let above = leaf.parent_element().map_or("", |p| p.tag_name().name());
            let entity = match (above, leaf.tag_name().name()) {
                (_, "Name") | ("OrganisationName" | "PersonName", "NameElement") => {
                    Entity::new(Kind::Identity, &*words)
                }
                ("Country", "NameElement") => value::entity(Kind::Location, "country", &words),
                _ => continue,
            };
            if !words.is_empty() {
                let span = self.sheet.field("target", &words);
                found.push((entity, span));
            }
        }
        for node in node.descendants() {
            if let Some(sector) = xml::attribute(node, "IndustryType") {
                let span = self.sheet.field("sector", sector);
                found.push((Entity::new(Kind::Sector, sector), span));
            }
        }
        if found.is_empty()
            && let Some((title, span)) =
                context.owner.as_ref().and_then(|owner| self.titles.get(owner))
        {
            let name = title.rsplit(": ").next().unwrap_or(title);
            found.push((Entity::new(Kind::Identity, name), *span));
        }
        for (entity, span) in &found {
            self.sheet.mention("stix1:victim", entity.clone(), Role::Victim, *span);
        }
        self.describe_victim(&found);
        if let Some(owner) = &context.owner {
            self.targets.entry(owner.clone()).or_default().extend(found);
        }
    }

    /// Where the one named victim is, and of which sector.
    fn describe_victim(&mut self, found: &[(Entity, Span)]) {
        let mut named = found.iter().filter(|(e, _)| e.kind == Kind::Identity);
        let (Some((identity, _)), None) = (named.next(), named.next()) else { return };
        for (entity, span) in found {
            let relation = match entity.kind {
                Kind::Location => Relation::LocatedAt,
                Kind::Sector => Relation::RelatedTo,
                _ => continue,
            };
            self.sheet.tell("stix1:victim", identity.clone(), relation, entity.clone(), *span);
        }
    }

    fn victim(&mut self, node: Node<'_, '_>, context: &Context) {
        let Some(name) =
            named(node, &["Name"]).or_else(|| named(node, &["OrganisationName", "NameElement"]))
        else {
            return;
        };
        let span = self.sheet.field("Victim", &name);
        let entity = Entity::new(Kind::Identity, name);
        self.sheet.mention("stix1:victim", entity.clone(), Role::Victim, span);
        let mut found = vec![(entity.clone(), span)];
        for leaf in node.descendants().filter(Node::is_element) {
            let country = leaf.tag_name().name() == "NameElement"
                && leaf.parent_element().is_some_and(|p| p.tag_name().name() == "Country");
            if country {
                let words = xml::words(leaf);
                let span = self.sheet.field("country", &words);
                found.push((value::entity(Kind::Location, "country", &words), span));
            }
            if let Some(sector) = xml::attribute(leaf, "IndustryType") {
                let span = self.sheet.field("sector", sector);
                found.push((Entity::new(Kind::Sector, sector), span));
            }
        }
        for (entity, span) in found.iter().skip(1) {
            self.sheet.mention("stix1:victim", entity.clone(), Role::Victim, *span);
        }
        self.describe_victim(&found);
        let title = context
            .owner
            .as_ref()
            .and_then(|owner| self.titles.get(owner))
            .map(|(title, _)| title.clone());
        if let Some(title) = title {
            let incident = value::other("incident", &title);
            self.sheet.tell("stix1:victim", incident, Relation::Compromises, entity, span);
        }
    }

    fn sighting(&mut self, node: Node<'_, '_>, context: &Context) {
        let Some(day) = xml::attribute(node, "timestamp").and_then(value::day) else { return };
        let span = self.sheet.field("sighting", &day.to_string());
        let known = context
            .owner
            .as_ref()
            .and_then(|owner| self.ends.get(owner))
            .cloned()
            .unwrap_or_default();
        for (entity, _) in known {
            let text = Object::Text(day.to_string());
            self.sheet.tell("stix1:sighting", entity, Relation::LastSeen, text, span);
        }
    }

    fn mark(&mut self, node: Node<'_, '_>) {
        for structure in node.descendants().filter(Node::is_element) {
            if let Some(color) = xml::attribute(structure, "color") {
                self.sheet.field("marking", color);
                if let Ok(marking) = color.parse::<Marking>() {
                    self.marking = Some(self.marking.map_or(marking, |known| known.join(marking)));
                }
            }
            if matches!(structure.tag_name().name(), "Statement" | "Terms_Of_Use") {
                let words = xml::words(structure);
                if !words.is_empty() {
                    self.sheet.field("terms", &words);
                    self.properties.push(("terms".into(), words));
                }
            }
        }
    }

    fn refer(&mut self, node: Node<'_, '_>, context: &Context) {
        if let (Some(owner), Some(id)) = (&context.owner, xml::attribute(node, "idref")) {
            let span = self.sheet.field("object", id);
            self.links.push((
                owner.clone(),
                xml::child(node, "Relationship").map(xml::words),
                id.to_owned(),
                span,
            ));
        }
    }

    /// Writes the values of a CybOX object and tells them.
    fn properties(&mut self, node: Node<'_, '_>, context: &Context) {
        let mut told: Vec<(Entity, Span)> = Vec::new();
        for found in cybox::values(node) {
            let span = self.sheet.field(&found.label, &found.raw);
            let Some(entity) = found.entity else { continue };
            let plain = found.condition.is_none();
            let role = if found.imported {
                Role::Benign
            } else if context.indicator && plain && entity.kind != Kind::Other {
                Role::Indicator
            } else {
                Role::Unclear
            };
            let mut claim = Claim::mention(entity.clone(), role, span);
            claim.stated = context.stated;
            claim.stated_word.clone_from(&context.stated_word);
            claim.why = match found.condition {
                Some(condition) => Some(format!("the pattern compares with `{condition}`")),
                None => found.imported.then(|| "a library that the file imports".to_owned()),
            };
            self.sheet.claim(claim.by("stix1:observable", Confidence::percent(DECLARED)));
            if plain && !found.imported {
                told.push((entity, span));
            }
        }
        let of_file = |e: &Entity| {
            e.kind.is_file_hash()
                || matches!(e.kind, Kind::FileName | Kind::FilePath | Kind::Ssdeep)
        };
        let mut files = told.iter().filter(|(entity, _)| of_file(entity));
        if let Some((anchor, _)) = files.next() {
            for (entity, span) in files {
                self.sheet.tell(
                    "stix1:observable",
                    anchor.clone(),
                    Relation::SameObject,
                    entity.clone(),
                    *span,
                );
            }
        }
        let object = node.parent_element();
        let object_id = object.and_then(|object| xml::attribute(object, "id"));
        if let Some(id) = object_id {
            self.ends.entry(id.to_owned()).or_default().extend(told.iter().cloned());
        }
        // A related object: tied to the object that holds it by the word given.
        if let Some(related) = object.filter(|object| object.tag_name().name() == "Related_Object")
        {
            let holder = related
                .ancestors()
                .skip(1)
                .find(|n| matches!(n.tag_name().name(), "Object" | "Related_Object"));
            if let (Some(holder), Some(id)) =
                (holder.and_then(|h| xml::attribute(h, "id")), object_id)
            {
                let word = xml::child(related, "Relationship").map(xml::words);
                let span = told.first().map_or_else(Span::default, |(_, span)| *span);
                self.links.push((holder.to_owned(), word, id.to_owned(), span));
            }
        }
        if let Some(owner) = &context.owner {
            self.ends.entry(owner.clone()).or_default().extend(told);
        }
    }
}

fn title(node: Node<'_, '_>, part: Part) -> String {
    let direct = xml::child(node, "Title").map(xml::words).filter(|title| !title.is_empty());
    let deeper = || match part {
        Part::Actor => xml::child(node, "Identity")
            .and_then(|identity| named(identity, &["Name", "NameElement", "OrganisationName"])),
        Part::Campaign => xml::child(node, "Names").and_then(|names| named(names, &["Name"])),
        Part::Package => xml::child(node, "Header")
            .and_then(|header| xml::child(header, "Title"))
            .map(xml::words),
        _ => None,
    };
    direct.or_else(deeper).unwrap_or_default()
}

/// The words of the first element below that has one of the names, tried in their order.
fn named(node: Node<'_, '_>, names: &[&str]) -> Option<String> {
    names.iter().find_map(|name| {
        node.descendants()
            .skip(1)
            .filter(|n| n.is_element() && n.tag_name().name() == *name)
            .map(xml::words)
            .find(|words| !words.is_empty())
    })
}

fn attack_pattern(node: Node<'_, '_>) -> Option<Entity> {
    let title = xml::child(node, "Title").map(xml::words).unwrap_or_default();
    let capec = xml::attribute(node, "capec_id").unwrap_or("");
    let shown = if title.is_empty() { capec } else { &title };
    let shown = value::technique_id(shown).unwrap_or(shown);
    (!shown.is_empty()).then(|| Entity::new(Kind::AttackPattern, shown))
}

fn confidence(node: Node<'_, '_>) -> (Option<Confidence>, Option<String>) {
    let word = xml::child(node, "Confidence").and_then(|c| xml::child(c, "Value")).map(xml::words);
    (word.as_deref().and_then(Confidence::from_word), word)
}
