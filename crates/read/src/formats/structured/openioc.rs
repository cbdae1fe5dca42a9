//! OpenIOC 1.0 and 1.1: items of a search term and a value, joined by AND and OR.

use lapwing_model::{
    Claim, Confidence, Entity, Format, Kind, Lineage, LineageKind, Problem, ProblemKind, Relation,
    Role, Span,
};
use roxmltree::Node;

use super::sheet::{DECLARED, Sheet};
use super::{value, xml};
use crate::{Input, Item};

/// Whether the text is an OpenIOC definition.
pub(crate) fn recognises(_name: &str, head: &str) -> bool {
    let text = head.trim_start();
    text.starts_with('<')
        && (text.contains("<ioc") || text.contains("<OpenIOC") || text.contains(":ioc "))
        && ["schemas.mandiant.com", "openioc.org", "<IndicatorItem", "<criteria"]
            .iter()
            .any(|mark| text.contains(mark))
}

/// Reads every definition of the input.
pub(crate) fn read(input: &Input<'_>, out: &mut dyn FnMut(Item)) {
    xml::parse(input, out, &mut |document, out| {
        let found: Vec<Node<'_, '_>> = document
            .descendants()
            .filter(|node| node.is_element() && matches!(node.tag_name().name(), "ioc" | "OpenIOC"))
            .collect();
        if found.is_empty() {
            let message = "this XML holds no OpenIOC definition";
            out(Item::Problem(Problem::fatal(input.name, ProblemKind::Malformed, message)));
        }
        let several = found.len() > 1;
        for (at, node) in found.into_iter().enumerate() {
            definition(input, node, several.then_some(at), out);
        }
    });
}

fn definition(
    input: &Input<'_>,
    ioc: Node<'_, '_>,
    part: Option<usize>,
    out: &mut dyn FnMut(Item),
) {
    let meta = xml::child(ioc, "metadata").unwrap_or(ioc);
    let text_of =
        |name: &str| xml::child(meta, name).map(xml::words).filter(|text| !text.is_empty());
    let title = text_of("short_description");
    let mut sheet = Sheet::default();
    let shown = title.clone().or_else(|| xml::attribute(ioc, "id").map(str::to_owned));
    let title_span = sheet.heading(1, shown.as_deref().unwrap_or("OpenIOC"));
    let report = Entity::new(Kind::Report, shown.clone().unwrap_or_else(|| input.name.to_owned()));
    let mut properties = Vec::new();
    for (name, value) in
        [("id", xml::attribute(ioc, "id")), ("last-modified", xml::attribute(ioc, "last-modified"))]
    {
        if let Some(value) = value {
            sheet.field(name, value);
            properties.push((name.to_owned(), value.to_owned()));
        }
    }
    for name in ["authored_by", "authored_date", "keywords"] {
        if let Some(value) = text_of(name) {
            sheet.field(name, &value);
        }
    }
    if let Some(text) = text_of("description") {
        sheet.prose("description", &text);
    }
    let mut indicated: Vec<Entity> = Vec::new();
    let mut lineage = Vec::new();
    let links =
        ioc.descendants().filter(|node| node.is_element() && node.tag_name().name() == "link");
    for link in links {
        let rel = xml::attribute(link, "rel").unwrap_or("link");
        let words = xml::words(link);
        let target = xml::attribute(link, "href").unwrap_or("");
        let shown = if words.is_empty() { target } else { words.as_str() };
        if shown.is_empty() {
            continue;
        }
        let is_url = shown.starts_with("http") || target.starts_with("http");
        let span = if is_url { sheet.reference(rel, shown) } else { sheet.field(rel, shown) };
        let entity = match rel {
            "threatgroup" | "threat-group" | "actor" => Some(value::actor(shown)),
            "family" | "malware" => Some(Entity::new(Kind::Malware, shown)),
            "campaign" => Some(Entity::new(Kind::Campaign, shown)),
            _ if is_url => {
                let url = value::entity(
                    Kind::Url,
                    "link",
                    if target.is_empty() { shown } else { target },
                );
                sheet.mention("openioc:link", url.clone(), Role::Reference, span);
                lineage.push(Lineage {
                    kind: LineageKind::Cites,
                    publisher: None,
                    url: Some(url.value),
                    span,
                });
                None
            }
            _ => {
                properties.push((rel.to_owned(), shown.to_owned()));
                None
            }
        };
        if let Some(entity) = entity {
            sheet.mention("openioc:link", entity.clone(), Role::Subject, span);
            sheet.tell("openioc:link", report.clone(), Relation::About, entity.clone(), span);
            indicated.push(entity);
        }
    }
    if indicated.is_empty()
        && let Some(title) = &title
    {
        sheet.tell(
            "openioc:title",
            report,
            Relation::About,
            lapwing_model::Object::Text(title.clone()),
            title_span,
        );
    }
    let mut writer = Items { sheet, indicated };
    for top in ["definition", "criteria"] {
        if let Some(node) = xml::child(ioc, top) {
            writer.sheet.heading(2, top);
            writer.group(node, "");
        }
    }

    let bytes = part.map(|_| &ioc.document().input_text()[ioc.range()]);
    let raw = bytes.map_or(input.raw, str::as_bytes);
    let mut reading = writer.sheet.finish(input, raw, Format::OpenIoc);
    let document = &mut reading.document;
    if let Some(part) = part {
        document.name = format!("{}#{}", input.name, part + 1);
        document.container = Some(input.name.to_owned());
    }
    document.title = title;
    document.source = text_of("authored_by");
    document.published = text_of("authored_date").and_then(|text| value::day(&text));
    document.modified = xml::attribute(ioc, "last-modified").and_then(value::day);
    document.properties = properties;
    document.lineage = lineage;
    out(Item::Reading(Box::new(reading)));
}

struct Items {
    sheet: Sheet,
    indicated: Vec<Entity>,
}

impl Items {
    /// Writes the items of a group. In an AND group the values belong to one object.
    fn group(&mut self, node: Node<'_, '_>, operator: &str) {
        let mut joined: Vec<(Entity, Span)> = Vec::new();
        for child in node.children().filter(Node::is_element) {
            match child.tag_name().name() {
                "Indicator" => {
                    let operator = xml::attribute(child, "operator").unwrap_or("OR");
                    self.sheet.field("operator", operator);
                    self.group(child, operator);
                }
                "IndicatorItem" => {
                    if let Some(found) = self.item(child) {
                        joined.push(found);
                    }
                }
                _ => self.group(child, operator),
            }
        }
        if operator.eq_ignore_ascii_case("AND") {
            let file = |entity: &Entity| {
                entity.kind.is_file_hash() || matches!(entity.kind, Kind::FileName | Kind::FilePath)
            };
            joined.retain(|(entity, _)| file(entity));
            if let Some(((anchor, _), rest)) = joined.split_first() {
                for (entity, span) in rest {
                    self.sheet.tell(
                        "openioc:and",
                        anchor.clone(),
                        Relation::SameObject,
                        entity.clone(),
                        *span,
                    );
                }
            }
        }
    }

    fn item(&mut self, item: Node<'_, '_>) -> Option<(Entity, Span)> {
        let search =
            xml::child(item, "Context").and_then(|c| xml::attribute(c, "search")).unwrap_or("");
        let content = xml::child(item, "Content")?;
        let raw = content.text().unwrap_or("").trim();
        if raw.is_empty() {
            return None;
        }
        let condition = xml::attribute(item, "condition").unwrap_or("is");
        let negated = condition.ends_with("not") || xml::attribute(item, "negate") == Some("true");
        let label =
            if condition == "is" { search.to_owned() } else { format!("{search} {condition}") };
        let comment = xml::child(item, "Comment").map(xml::words).unwrap_or_default();
        let span = self.sheet.commented(&label, raw, &comment);
        let exact = matches!(condition, "is" | "contains");
        let mut entity = entity(search, raw, condition);
        let mut role = Role::Indicator;
        let mut why = None;
        if negated || !exact {
            entity = value::other(&label, raw);
            role = Role::Unclear;
            why = Some(format!(
                "the definition asks for `{condition}`{}",
                if negated { ", negated" } else { "" }
            ));
        } else if entity.kind == Kind::Other {
            role = Role::Unclear;
        }
        let mut claim = Claim::mention(entity.clone(), role, span)
            .by("openioc:item", Confidence::percent(DECLARED));
        claim.context = Some(label);
        claim.why = why;
        self.sheet.claim(claim);
        if role == Role::Indicator {
            for of in &self.indicated.clone() {
                self.sheet.tell(
                    "openioc:item",
                    entity.clone(),
                    Relation::Indicates,
                    of.clone(),
                    span,
                );
            }
        }
        (role == Role::Indicator).then_some((entity, span))
    }
}

/// What a search term of OpenIOC's names.
fn entity(search: &str, raw: &str, condition: &str) -> Entity {
    let as_kind = |kind| value::entity(kind, search, raw);
    let (item, property) = search.split_once('/').unwrap_or(("", search));
    let last = search.rsplit('/').next().unwrap_or("");
    let contains = condition == "contains";
    match (item, property) {
        (_, _) if value::hash_kind(last).is_some() => {
            as_kind(value::hash_kind(last).unwrap_or(Kind::Other))
        }
        ("FileItem", "FileName") if !contains || raw.contains('.') => as_kind(Kind::FileName),
        ("FileItem", "FullPath" | "FilePath") => Entity::new(Kind::FilePath, raw),
        ("DnsEntryItem", "RecordName" | "Host")
        | ("Network", "DNS")
        | ("UrlHistoryItem", "HostName") => as_kind(Kind::DomainName),
        ("DnsEntryItem", "RecordData/IPv4Address")
        | ("PortItem", "remoteIP" | "localIP")
        | ("RouteEntryItem", _) => as_kind(Kind::Ipv4Addr),
        ("Network", "URI") if raw.contains("://") || raw.contains('.') && !raw.starts_with('/') => {
            as_kind(Kind::Url)
        }
        ("UrlHistoryItem" | "FileDownloadHistoryItem", "URL" | "SourceURL") => as_kind(Kind::Url),
        ("Network", "UserAgent" | "HTTP_UserAgent") => as_kind(Kind::UserAgent),
        ("Email", "From" | "To" | "CC" | "BCC" | "ReplyTo") if raw.contains('@') => {
            as_kind(Kind::EmailAddr)
        }
        ("RegistryItem", "Path" | "KeyPath") => as_kind(Kind::WindowsRegistryKey),
        ("ProcessItem", "name" | "path" | "arguments") => as_kind(Kind::Process),
        ("ProcessItem", "HandleList/Handle/Name") => handle(raw),
        ("ProcessItem", "HandleList/Handle/Mutant") => as_kind(Kind::Mutex),
        ("HookItem" | "ServiceItem", property)
            if property.ends_with("path") || property.ends_with("Path") =>
        {
            as_kind(Kind::FilePath)
        }
        _ if last.eq_ignore_ascii_case("CertificateSerialNumber") => as_kind(Kind::Certificate),
        _ => value::other(search, raw),
    }
}

/// A handle's name: a pipe by its prefix, else most often a mutex.
fn handle(raw: &str) -> Entity {
    let kind = if raw.to_ascii_lowercase().contains("\\pipe\\") || raw.contains("NamedPipe") {
        Kind::NamedPipe
    } else {
        Kind::Mutex
    };
    Entity::new(kind, raw)
}
