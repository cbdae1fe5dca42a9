//! Which names stand in a report, and what do they name? Strict spans of AnnoCTR, and whole reports.
//!
//! Three readers are scored on the same spans: the tagger alone, the tables alone, and what
//! `lapwing extract` prints. The parts `dev` and `test` are unseen; `train` is what the tagger learnt from.

pub mod annoctr;
mod spans;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use lapwing_engine::Extracted;
use lapwing_extract::Extractor;
use lapwing_extract::tagger::Tag;
use lapwing_knowledge::{Knowledge, name_key};
use lapwing_model::{Kind, Role, Span};
use serde::Deserialize;

use crate::board::{Board, Rows};
use crate::normal::Item;
use crate::{EvaluateError, Options, Scores, corpus};

pub use spans::SpanTally;

/// Parts of the corpus, and what the table calls them.
const PARTS: &[(&str, &str)] =
    &[("dev", "annoctr dev"), ("test", "annoctr test"), ("train", "annoctr train (seen)")];

pub(crate) fn run(
    folder: &Path,
    _options: &Options,
    scores: &mut Scores,
) -> Result<(), EvaluateError> {
    let inside = folder.join("annoctr");
    let folder = if inside.is_dir() { inside } else { folder.to_owned() };
    let knowledge = Knowledge::builtin();
    let extractor = Extractor::new(knowledge);
    let labels = labels(&folder.join("doc_labels.json"))?;
    for (part, shown) in PARTS {
        let mut tagger = Board::new(shown, "spans", "tagger");
        let mut tables = Board::new(shown, "spans", "tables alone");
        let mut product = Board::new(shown, "spans", "lapwing");
        let mut reports = Board::new(shown, "whole reports", "lapwing");
        for report in annoctr::read(&folder, part)? {
            let path = folder.join("text").join(part).join(format!("{}.txt", report.name));
            let file = corpus::read(&path)?;
            let gold = items(&report.text, &report.gold);
            let tagged: Vec<(Span, Tag)> =
                extractor.tagged(&report.text, None).iter().map(|t| (t.span, t.tag)).collect();
            tagger.score(&path, &gold, &items(&report.text, &tagged));
            let all = found(&file.values, |_| true);
            product.score(&path, &gold, &items(&report.text, &all));
            // What only the tagger knows says so in its reason.
            let known =
                found(&file.values, |v| v.why.as_ref().is_none_or(|w| !w.contains("by context")));
            tables.score(&path, &gold, &items(&report.text, &known));
            if let Some(labels) = labels.get(&report.name) {
                let (gold, found) = whole(labels, &file.values, knowledge);
                reports.score(&path, &gold, &found);
            }
        }
        for board in [tagger, product, tables, reports] {
            board.finish(Rows::ByType, scores);
        }
    }
    Ok(())
}

/// A span as the board compares it: its place and its words.
fn items(text: &str, spans: &[(Span, Tag)]) -> BTreeSet<Item> {
    spans
        .iter()
        .map(|(span, tag)| {
            let shown = span.slice(text).unwrap_or_default();
            Item::new(tag.as_str(), format!("{}–{} {shown}", span.start, span.end))
        })
        .collect()
}

/// The spans of what `lapwing extract` prints, as the corpus calls them.
fn found(values: &[Extracted], wanted: impl Fn(&Extracted) -> bool) -> Vec<(Span, Tag)> {
    values
        .iter()
        .filter(|v| wanted(v))
        .filter_map(|v| Some((Span { start: v.start, end: v.end }, tag(v.kind)?)))
        .collect()
}

/// The corpus's tag for a kind. Dates, notions, tactics and code are no entities of Lapwing; files
/// and keys are, and the corpus calls them code.
fn tag(kind: Kind) -> Option<Tag> {
    Some(match kind {
        Kind::ThreatActor | Kind::Cluster => Tag::Group,
        Kind::Malware => Tag::Malware,
        Kind::Tool => Tag::Tool,
        Kind::Identity => Tag::Organization,
        Kind::Location => Tag::Location,
        Kind::Sector => Tag::Sector,
        Kind::AttackPattern => Tag::Technique,
        Kind::FileName | Kind::FilePath | Kind::WindowsRegistryKey | Kind::Process => Tag::Code,
        _ => return None,
    })
}

/// What people say that a whole report names.
#[derive(Debug, Deserialize)]
struct Labels {
    doc: String,
    groups: Vec<String>,
    malware: Vec<String>,
    tools: Vec<String>,
}

fn labels(path: &Path) -> Result<BTreeMap<String, Labels>, EvaluateError> {
    if !path.is_file() {
        return Ok(BTreeMap::new());
    }
    let shown = path.display().to_string();
    let text = std::fs::read_to_string(path)
        .map_err(|source| EvaluateError::File { path: shown.clone(), source })?;
    let all: Vec<Labels> = serde_json::from_str(&text).map_err(|error| EvaluateError::Gold {
        path: shown,
        line: error.line(),
        what: error.to_string(),
    })?;
    Ok(all.into_iter().map(|labels| (labels.doc.clone(), labels)).collect())
}

/// Groups, malware and tools of a report on both sides. The gold names what ATT&CK knows, so only
/// what has an identifier of ATT&CK is compared, by that identifier.
fn whole(
    labels: &Labels,
    values: &[Extracted],
    knowledge: &Knowledge,
) -> (BTreeSet<Item>, BTreeSet<Item>) {
    let group = |name: &str| {
        let actors = knowledge.actors_named(name);
        actors.into_iter().map(|a| a.id.clone()).find(|id| id.starts_with('G'))
    };
    let software = |name: &str| {
        let all = knowledge.software_named(name);
        all.into_iter().map(|s| s.id.clone()).find(|id| id.starts_with('S'))
    };
    let mut gold = BTreeSet::new();
    for name in &labels.groups {
        gold.insert(Item::new("groups", group(name).unwrap_or_else(|| name_key(name))));
    }
    for (what, names) in [("malware", &labels.malware), ("tools", &labels.tools)] {
        for name in names {
            gold.insert(Item::new(what, software(name).unwrap_or_else(|| name_key(name))));
        }
    }
    let named = values.iter().filter(|v| v.role == Role::Subject || v.role == Role::Tool);
    let found = named
        .filter_map(|v| match v.kind {
            Kind::ThreatActor | Kind::Cluster => Some(Item::new("groups", group(&v.value)?)),
            Kind::Malware | Kind::Tool => {
                let id = software(&v.value)?;
                let tool = knowledge.software_by_id(&id)?.kind == Kind::Tool;
                Some(Item::new(if tool { "tools" } else { "malware" }, id))
            }
            _ => None,
        })
        .collect();
    (gold, found)
}
