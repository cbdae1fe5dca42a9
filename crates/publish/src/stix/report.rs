//! Reports: one a document; and notes on the origins that they go back to.

use std::collections::{BTreeMap, BTreeSet};

use lapwing_model::{Document, OriginId, Relation};
use serde_json::{Map, Value, json};

use super::profile::Stamp;
use super::writer::{Writer, extension, merge};
use super::{CREATOR, id};
use crate::export::{Loss, SelectedDocument};

/// Lists of a report that hold the same sort of thing: what a document cites at most.
const CITED: usize = 200;

impl Writer<'_, '_> {
    /// Writes the report of each document, with what no other object carries.
    pub(super) fn reports(&mut self) {
        let selection = self.selection;
        for chosen in &selection.documents {
            self.one_report(chosen, true);
        }
    }

    /// Writes the report of a document; `publisher`: with the object of who published it.
    pub(super) fn one_report(&mut self, chosen: &SelectedDocument, publisher: bool) {
        let id = chosen.document.id;
        let carried = (self.refs_of(id), self.homeless_claims(id));
        self.report_with(chosen, publisher, carried);
    }

    /// As [`Self::one_report`], with the objects that its document speaks of and the claims that none of them
    /// carries.
    pub(super) fn report_with(
        &mut self,
        chosen: &SelectedDocument,
        publisher: bool,
        (mut refs, homeless): (BTreeSet<String>, Vec<Value>),
    ) {
        let document = &chosen.document;
        let stamp = self.stamp_of(document.id);
        let publisher =
            document.source.as_deref().map(|source| self.publisher((source, publisher), stamp));
        if refs.is_empty() {
            // A report must refer to something.
            refs.insert(publisher.clone().unwrap_or_else(|| CREATOR.to_owned()));
        }
        let created = stamp.created.unwrap_or_else(|| id::start_of(self.selection.today));
        let mut fields = json!({
            "name": document.label(),
            "report_types": ["threat-report"],
            "published": id::stamp(created),
            "object_refs": refs,
            "external_references": references(chosen),
            "labels": labels(document),
            "extensions": extension(own_words(chosen, homeless)),
        });
        if let Some(language) = &document.language {
            fields["lang"] = json!(language);
        }
        let id = report_id(document);
        if let Some(publisher) = publisher {
            merge(&mut fields, json!({ "created_by_ref": publisher }));
        }
        if document.marking.is_none() {
            // It does not say who may see it: nor do we.
            merge(&mut fields, json!({ "object_marking_refs": [] }));
        }
        self.own("report", id, stamp, fields);
        if !document.text.is_empty() || !chosen.claims.is_empty() {
            let why = "STIX carries no text of a document: the words of each claim go along";
            self.losses.push(Loss::new("text", document.label(), why).of(document.id));
        }
    }

    fn publisher(&mut self, (name, told): (&str, bool), stamp: Stamp) -> String {
        let id = publisher_id(name);
        if told && !self.is_written(&id) {
            let stamp = Stamp { modified: stamp.created, ..stamp };
            let fields = json!({ "name": name, "identity_class": "organization" });
            self.own("identity", id.clone(), stamp, fields);
        }
        id
    }

    /// A note on each origin with several documents: they are one voice, not many.
    pub(super) fn origins(&mut self) {
        let selection = self.selection;
        let mut documents: BTreeMap<OriginId, Vec<&SelectedDocument>> = BTreeMap::new();
        for chosen in &selection.documents {
            documents.entry(chosen.origin).or_default().push(chosen);
        }
        for origin in &selection.origins {
            let Some(of_it) = documents.get(&origin.id).filter(|of_it| of_it.len() > 1) else {
                continue;
            };
            let mut stamp = Stamp::default();
            let mut content = format!("These reports go back to one observer: {}.", origin.label);
            for chosen in of_it {
                stamp.join(self.stamp_of(chosen.document.id));
                let member = origin.members.iter().find(|m| m.document == chosen.document.id);
                let Some(member) = member else { continue };
                content.push_str(&format!(" {} ({})", chosen.document.label(), member.grade));
                match &member.why {
                    Some(why) => content.push_str(&format!(": {why}.")),
                    None => content.push('.'),
                }
            }
            let refs: BTreeSet<String> = of_it.iter().map(|c| report_id(&c.document)).collect();
            let mut more = Map::new();
            more.insert("origin".into(), json!(origin.id));
            let fields = json!({
                "abstract": "One origin",
                "content": content,
                "object_refs": refs,
                "extensions": extension(more),
            });
            self.own("note", origin_id(origin.id), stamp, fields);
        }
    }
}

/// What the extension tells of a document.
fn own_words(chosen: &SelectedDocument, homeless: Vec<Value>) -> Map<String, Value> {
    let mut document = serde_json::to_value(&chosen.document).unwrap_or_default();
    if let Value::Object(fields) = &mut document {
        fields.remove("text");
        // Where the file lay is nobody's business; what it was called is.
        fields.insert("name".into(), json!(file_name(&chosen.document.name)));
        fields.remove("container");
    }
    let mut fields = Map::new();
    fields.insert("document".into(), document);
    fields.insert("origin".into(), json!(chosen.origin));
    fields.insert("grade".into(), json!(chosen.grade.to_string()));
    fields.insert("gaps".into(), json!(chosen.gaps));
    fields.insert("claims".into(), Value::Array(homeless));
    fields
}

pub(super) fn report_id(document: &Document) -> String {
    id::domain("report", &document.id.to_string())
}

pub(super) fn publisher_id(name: &str) -> String {
    id::domain("identity", &format!("publisher|{}", name.to_lowercase()))
}

/// Of the note on an origin.
pub(super) fn origin_id(origin: OriginId) -> String {
    id::domain("note", &format!("origin|{origin}"))
}

/// The last part of a path or address, as long as it has one.
pub(super) fn file_name(name: &str) -> &str {
    let file = name.trim_end_matches('/').rsplit(['/', '\\']).next().unwrap_or(name);
    if file.is_empty() { name } else { file }
}

/// Where a report was published, and what it cites.
fn references(chosen: &SelectedDocument) -> Vec<Value> {
    let document = &chosen.document;
    let source = document.source.as_deref().unwrap_or("source");
    let mut list = Vec::new();
    if let Some(url) = document.url.as_deref().filter(|url| is_address(url)) {
        list.push(json!({ "source_name": source, "url": url }));
    }
    let mut cited = BTreeSet::new();
    for lineage in &document.lineage {
        if let Some(url) = lineage.url.as_deref().filter(|url| is_address(url)) {
            let publisher = lineage.publisher.as_deref().unwrap_or("cited source");
            cited.insert((url, publisher));
        }
    }
    for claim in &chosen.claims {
        if claim.claim.relation == Relation::References
            && let Some(object) = claim.object.entity()
            && is_address(&object.value)
        {
            cited.insert((&object.value, "cited source"));
        }
    }
    let known = document.url.as_deref();
    let cited = cited.into_iter().filter(|(url, _)| Some(*url) != known).take(CITED);
    list.extend(cited.map(|(url, name)| json!({ "source_name": name, "url": url })));
    list
}

fn is_address(url: &str) -> bool {
    (url.starts_with("http://") || url.starts_with("https://"))
        && !url.contains(|c: char| c.is_whitespace() || c.is_control() || "<>\"{}|\\^`".contains(c))
}

fn labels(document: &Document) -> BTreeSet<&str> {
    let tags = document.properties.iter().filter(|(name, _)| name == "tag" || name == "label");
    tags.map(|(_, tag)| tag.trim()).filter(|tag| !tag.is_empty()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_tells_nothing_of_the_folders() {
        assert_eq!(file_name("/home/someone/reports/a.pdf"), "a.pdf");
        assert_eq!(file_name(r"C:\reports\a.zip!b.txt"), "a.zip!b.txt");
        assert_eq!(file_name("https://example.org/"), "example.org");
        assert_eq!(file_name("/"), "/");
    }

    #[test]
    fn only_whole_addresses_are_references() {
        assert!(is_address("https://example.org/a?b=c"));
        assert!(!is_address("https://example.org/a b"));
        assert!(!is_address("ftp://example.org"));
    }
}
