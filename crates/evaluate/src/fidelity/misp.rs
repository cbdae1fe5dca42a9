//! MISP events: every attribute with its type and whether it is meant for detection (`to_ids`).

use std::collections::BTreeSet;
use std::path::Path;

use lapwing_model::{Kind, Role};
use serde_json::Value;

use super::{observables, plain, score_kept, spoken};
use crate::board::{Board, Rows};
use crate::corpus::{ReadFile, files, gold_rows, raw_text, read, sibling};
use crate::normal::{Item, normal, normal_address};
use crate::{EvaluateError, Scores};

/// Events in the layout of rendered Markdown, with a gold of type, value and category. The layout
/// does not say `to_ids`, so that column of the gold is no question.
pub(super) fn rendered(folder: &Path, scores: &mut Scores) -> Result<(), EvaluateError> {
    let corpus = "misp-events/rendered";
    let mut values = Board::new(corpus, "type and value", "lapwing");
    let mut categories = Board::new(corpus, "category", "lapwing");
    for gold_path in files(folder, &[".gold.tsv"])? {
        let path = sibling(&gold_path, ".gold.tsv", ".md");
        let file = read(&path)?;
        values.with_problems += u64::from(file.problems > 0);
        let (mut gold, mut under) = (BTreeSet::new(), BTreeSet::new());
        for row in gold_rows(&gold_path, true)? {
            let [kind, value, category, ..] = &row[..] else { continue };
            for item in typed(kind, value) {
                under.insert(Item::new(category, &item.value));
                gold.insert(item);
            }
        }
        let kinds: BTreeSet<&str> = gold.iter().map(|item| item.what.as_str()).collect();
        let found = observables(&file.values);
        values.score(
            &path,
            &gold,
            &found.into_iter().filter(|item| kinds.contains(item.what.as_str())).collect(),
        );
        let contexts = file.values.iter().flat_map(|value| {
            let item = normal(value.kind, &value.value);
            under.iter().filter(move |of| {
                of.value == item.value
                    && value.context.as_deref().is_some_and(|c| c.contains(&of.what))
            })
        });
        categories.score(&path, &under, &contexts.cloned().collect());
    }
    for board in [values, categories] {
        board.finish(Rows::Total, scores);
    }
    Ok(())
}

/// Events as JSON: each attribute of the raw file must come out as a value, and the values with
/// the role of an indicator must be those with `to_ids`.
pub(super) fn events(
    corpus: &str,
    folder: &Path,
    scores: &mut Scores,
) -> Result<(), EvaluateError> {
    let mut attributes = Board::new(corpus, "attributes of the raw file", "lapwing");
    let mut flags = Board::new(corpus, "to_ids", "lapwing");
    for path in files(&folder.join(corpus), &[".json"])? {
        let mut found = Vec::new();
        if let Ok(event) = serde_json::from_str::<Value>(&raw_text(&path)?) {
            collect(&event, &mut found);
        }
        // A file that is no JSON is a problem that is named; no attribute can be asked of it.
        let gold = found.iter().flat_map(Attribute::parts).collect();
        score_kept(&mut attributes, &path, &gold)?;
        let file = read(&path)?;
        let of = |to_ids: bool| -> BTreeSet<Item> {
            found
                .iter()
                .filter(|a| a.to_ids == to_ids)
                .flat_map(|a| typed(&a.kind, &a.value))
                .collect()
        };
        let (flagged, others) = (of(true), of(false));
        let known: BTreeSet<Item> = flagged.union(&others).cloned().collect();
        let kept = spoken(&file);
        let shown = |item: &Item| kept.contains(&plain(&item.value));
        flags.score(
            &path,
            &flagged.iter().filter(|item| shown(item)).cloned().collect(),
            &indicators(&file).into_iter().filter(|item| known.contains(item)).collect(),
        );
    }
    attributes.finish(Rows::Total, scores);
    flags.finish(Rows::Total, scores);
    Ok(())
}

/// An attribute of the raw file.
struct Attribute {
    kind: String,
    value: String,
    to_ids: bool,
}

impl Attribute {
    /// Its values by type; `filename|md5` has two. Long texts are prose, not values.
    fn parts(&self) -> Vec<Item> {
        const LONGEST_VALUE: usize = 200;
        if matches!(
            self.kind.as_str(),
            "text" | "comment" | "other" | "attachment" | "malware-sample"
        ) || self.value.len() > LONGEST_VALUE
        {
            return Vec::new();
        }
        let kinds = self.kind.split('|');
        let mut parts: Vec<Item> = kinds
            .zip(self.value.split('|'))
            .map(|(kind, value)| Item::new(kind, value.trim()))
            .collect();
        parts.retain(|item| !item.value.is_empty());
        parts
    }
}

/// The attributes of an event and of its objects, wherever they stand; deleted ones are left out.
fn collect(value: &Value, found: &mut Vec<Attribute>) {
    match value {
        Value::Array(items) => items.iter().for_each(|item| collect(item, found)),
        Value::Object(fields) => {
            let text = |key: &str| fields.get(key).and_then(Value::as_str);
            let truth = |key: &str| match fields.get(key) {
                Some(Value::Bool(flag)) => *flag,
                Some(Value::String(flag)) => flag == "1" || flag == "true",
                Some(other) => other.as_u64() == Some(1),
                None => false,
            };
            if truth("deleted") {
                return;
            }
            if let (Some(kind), Some(value), Some(_)) =
                (text("type"), text("value"), text("category"))
            {
                found.push(Attribute {
                    kind: kind.to_owned(),
                    value: value.to_owned(),
                    to_ids: truth("to_ids"),
                });
            }
            for (key, inner) in fields {
                if matches!(key.as_str(), "Event" | "Attribute" | "Object" | "response") {
                    collect(inner, found);
                }
            }
        }
        _ => {}
    }
}

fn indicators(file: &ReadFile) -> BTreeSet<Item> {
    file.values
        .iter()
        .filter(|value| value.role == Role::Indicator && value.kind.is_observable())
        .map(|value| normal(value.kind, &value.value))
        .collect()
}

/// A MISP attribute as items; types that name no observable give none.
fn typed(kind: &str, value: &str) -> Vec<Item> {
    if let Some((left, right)) = kind.split_once('|') {
        let Some((a, b)) = value.split_once('|') else { return Vec::new() };
        return [typed(left, a), typed(right, b)].concat();
    }
    let kind = match kind {
        "sha1" => Kind::Sha1,
        "sha256" => Kind::Sha256,
        "md5" => Kind::Md5,
        "imphash" => Kind::Imphash,
        "domain" | "hostname" => Kind::DomainName,
        "url" => Kind::Url,
        "ip-src" | "ip-dst" | "ip" => return vec![normal_address(value)],
        "email-src" | "email-dst" | "email" => Kind::EmailAddr,
        "mutex" => Kind::Mutex,
        "user-agent" => Kind::UserAgent,
        "btc" | "xmr" | "dash" => Kind::CryptocurrencyWallet,
        _ => return Vec::new(),
    };
    vec![normal(kind, value)]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn composite_attributes_count_by_part() {
        let items = typed("ip-dst|md5", "192.0.2.1|D41D8CD98F00B204E9800998ECF8427E");
        assert_eq!(items[0], Item::new("ipv4-addr", "192.0.2.1"));
        assert_eq!(items[1].value, "d41d8cd98f00b204e9800998ecf8427e");
        assert!(typed("text", "anything").is_empty());
    }

    #[test]
    fn attributes_are_counted_in_the_raw_event() {
        let event = serde_json::json!({"Event": {"info": "x", "Attribute": [
            {"type": "ip-dst", "category": "Network activity", "value": "192.0.2.1", "to_ids": true},
            {"type": "domain", "category": "Network activity", "value": "a.example", "to_ids": false, "deleted": true}],
            "Object": [{"name": "file", "Attribute": [
                {"type": "filename|md5", "category": "Payload delivery", "value": "a.exe|d41d8cd98f00b204e9800998ecf8427e", "to_ids": "1"}]}]}});
        let mut found = Vec::new();
        collect(&event, &mut found);
        assert_eq!(found.len(), 2);
        assert!(found.iter().all(|attribute| attribute.to_ids));
        assert_eq!(found[1].parts()[0], Item::new("filename", "a.exe"));
    }
}
