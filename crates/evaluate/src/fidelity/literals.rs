//! What the raw files hold, counted without our readers: the literals of patterns, the fields of
//! CybOX objects, the terms of OpenIOC, the first column of tables. Each must come out as a value.

use std::collections::BTreeSet;
use std::path::Path;

use roxmltree::Node;
use serde_json::Value;

use super::{files, kept};
use crate::corpus::raw_text;
use crate::normal::Item;
use crate::{EvaluateError, Scores};

pub(super) fn run(folder: &Path, scores: &mut Scores) -> Result<(), EvaluateError> {
    let of = |name: &str, ending: &str| files(&folder.join(name), &[ending]);
    let cybox = "fields of observables";
    kept("stix1-samples", cybox, &of("stix1-samples", ".xml")?, observable_fields, scores)?;
    kept("stix1-idioms", cybox, &of("stix1-idioms", ".xml")?, observable_fields, scores)?;
    kept("openioc", "contents of items", &of("openioc", ".ioc")?, item_contents, scores)?;
    kept(
        "unit42-stix",
        "literals of patterns",
        &of("unit42-stix", ".json")?,
        pattern_literals,
        scores,
    )?;
    kept("volexity-csv", "values of rows", &of("volexity-csv", ".csv")?, row_values, scores)
}

/// Elements of CybOX that hold one value each.
const FIELDS: &[&str] = &[
    "Address_Value",
    "Simple_Hash_Value",
    "Fuzzy_Hash_Value",
    "Hostname_Value",
    "File_Name",
    "File_Path",
    "User_Agent",
];

fn observable_fields(path: &Path) -> Result<BTreeSet<Item>, EvaluateError> {
    xml(path, |node, found| {
        let name = node.tag_name().name();
        // A URI's value has a common name; the type of its object tells it.
        let uri = name == "Value"
            && node.parent_element().is_some_and(|p| {
                p.attributes().any(|a| a.name() == "type" && a.value().ends_with("URIObjectType"))
            });
        let words = node.text().unwrap_or("");
        if (FIELDS.contains(&name) || uri) && !node.has_children_elements() {
            let listed = words.split("##comma##").map(str::trim).filter(|v| !v.is_empty());
            found.extend(listed.map(|value| Item::new(name, value)));
        }
    })
}

fn item_contents(path: &Path) -> Result<BTreeSet<Item>, EvaluateError> {
    xml(path, |node, found| {
        if node.tag_name().name() == "Content"
            && let Some(value) = node.text().map(str::trim).filter(|value| !value.is_empty())
        {
            found.insert(Item::new("content", value));
        }
    })
}

trait Children {
    fn has_children_elements(&self) -> bool;
}

impl Children for Node<'_, '_> {
    fn has_children_elements(&self) -> bool {
        self.children().any(|child| child.is_element())
    }
}

/// Walks a file of XML; one that is none gives nothing, as the readers name it as a problem.
fn xml(
    path: &Path,
    look: fn(Node<'_, '_>, &mut BTreeSet<Item>),
) -> Result<BTreeSet<Item>, EvaluateError> {
    let text = raw_text(path)?;
    let mut found = BTreeSet::new();
    if let Ok(document) = roxmltree::Document::parse(text.trim_start_matches('\u{feff}')) {
        for node in document.descendants().filter(Node::is_element) {
            look(node, &mut found);
        }
    }
    Ok(found)
}

/// The quoted literals of STIX patterns.
fn pattern_literals(path: &Path) -> Result<BTreeSet<Item>, EvaluateError> {
    let mut found = BTreeSet::new();
    let bundle: Value = serde_json::from_str(&raw_text(path)?).unwrap_or_default();
    for object in bundle.get("objects").and_then(Value::as_array).into_iter().flatten() {
        let Some(pattern) = object.get("pattern").and_then(Value::as_str) else { continue };
        if object.get("pattern_type").and_then(Value::as_str).is_none_or(|kind| kind == "stix") {
            found.extend(literals(pattern).into_iter().map(|value| Item::new("literal", value)));
        }
    }
    Ok(found)
}

/// Literals behind an `=`, unescaped; keys in quotes (`hashes.'SHA-256'`) are none.
fn literals(pattern: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut rest = pattern;
    while let Some(at) = rest.find('\'') {
        let is_value = rest[..at].trim_end().ends_with('=');
        let mut value = String::new();
        let mut end = None;
        let mut escaped = false;
        for (offset, c) in rest[at + 1..].char_indices() {
            match c {
                '\\' if !escaped => escaped = true,
                '\'' if !escaped => {
                    end = Some(at + 1 + offset + 1);
                    break;
                }
                c => {
                    escaped = false;
                    value.push(c);
                }
            }
        }
        let Some(end) = end else { break };
        if is_value {
            found.push(value);
        }
        rest = &rest[end..];
    }
    found
}

/// The column `value` of a table; hashes of one file that share a cell count one by one.
fn row_values(path: &Path) -> Result<BTreeSet<Item>, EvaluateError> {
    let text = raw_text(path)?;
    let mut reader = csv::ReaderBuilder::new()
        .flexible(true)
        .from_reader(text.trim_start_matches('\u{feff}').as_bytes());
    let column = reader
        .headers()
        .ok()
        .and_then(|head| head.iter().position(|cell| cell.eq_ignore_ascii_case("value")));
    let Some(column) = column else { return Ok(BTreeSet::new()) };
    Ok(reader
        .records()
        .filter_map(Result::ok)
        .filter_map(|row| row.get(column).map(str::trim).map(str::to_owned))
        .flat_map(|cell| {
            let hashes = cell.split(',').all(|part| {
                let part = part.trim();
                part.len() >= 32 && part.bytes().all(|b| b.is_ascii_hexdigit())
            });
            let parts: Vec<&str> = if hashes { cell.split(',').collect() } else { vec![&*cell] };
            parts.into_iter().map(|part| part.trim().to_owned()).collect::<Vec<_>>()
        })
        .filter(|value| !value.is_empty())
        .map(|value| Item::new("value", value))
        .collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn literals_of_a_pattern_are_unescaped_and_keys_are_none() {
        assert_eq!(
            literals(
                r"[file:hashes.'SHA-256' = 'aa' AND file:name = 'it\'s' OR file:name='C:\\x']"
            ),
            ["aa", "it's", r"C:\x"]
        );
    }

    #[test]
    fn fields_are_counted_in_the_raw_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.xml");
        let text = r#"<p xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xmlns:u="u">
            <Properties><Address_Value>192.0.2.1##comma##192.0.2.2</Address_Value></Properties>
            <Properties xsi:type="u:URIObjectType"><u:Value>http://a.example/</u:Value></Properties></p>"#;
        std::fs::write(&path, text).unwrap();
        assert_eq!(observable_fields(&path).unwrap().len(), 3);
        let path = folder.path().join("a.csv");
        std::fs::write(&path, "type,value\nip,192.0.2.1\nip,\n").unwrap();
        assert_eq!(row_values(&path).unwrap().len(), 1);
    }
}
