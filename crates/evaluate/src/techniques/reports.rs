//! Reports with their techniques, as TRAM2 and AnnoCTR label them.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use lapwing_engine::reference::Knowledge;
use lapwing_extract::Extractor;
use lapwing_extract::technique::{Traces, parent};
use lapwing_model::{Document, Format, Reading, Span};
use serde::Deserialize;

use crate::EvaluateError;
use crate::corpus::files;

/// Reports are dealt into so many folds, by a hash of their name.
pub(crate) const FOLDS: usize = 5;

/// The 50 techniques of TRAM2; its finer labels count as the one of which they are a part.
pub(crate) const FIFTY: [&str; 50] = [
    "T1003.001",
    "T1005",
    "T1012",
    "T1016",
    "T1021.001",
    "T1027",
    "T1033",
    "T1036.005",
    "T1041",
    "T1047",
    "T1053.005",
    "T1055",
    "T1056.001",
    "T1057",
    "T1059.003",
    "T1068",
    "T1070.004",
    "T1071.001",
    "T1072",
    "T1074.001",
    "T1078",
    "T1082",
    "T1083",
    "T1090",
    "T1095",
    "T1105",
    "T1106",
    "T1110",
    "T1112",
    "T1113",
    "T1140",
    "T1190",
    "T1204.002",
    "T1210",
    "T1218.011",
    "T1219",
    "T1484.001",
    "T1518.001",
    "T1543.003",
    "T1547.001",
    "T1548.002",
    "T1552.001",
    "T1557.001",
    "T1562.001",
    "T1564.001",
    "T1566.001",
    "T1569.002",
    "T1570",
    "T1573.001",
    "T1574.001",
];

/// Where a report comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Corpus {
    Tram,
    AnnoCtr,
}

impl Corpus {
    pub(crate) const ALL: [Self; 2] = [Self::Tram, Self::AnnoCtr];

    /// Whether its annotators looked for the technique everywhere: the 50 in TRAM2, in AnnoCTR all,
    /// but without their parts.
    pub(crate) fn knows(self, id: &str) -> bool {
        match self {
            Self::Tram => FIFTY.contains(&id),
            Self::AnnoCtr => parent(id).is_none(),
        }
    }
}

/// What a report is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Part {
    /// To learn from, and to score in folds.
    Train,
    /// To look at while the program is made; never learnt from.
    Dev,
    /// Held back; never learnt from.
    Test,
}

/// One report.
pub(crate) struct Report {
    pub name: String,
    pub corpus: Corpus,
    pub part: Part,
    pub fold: usize,
    pub text: String,
    pub traces: Traces,
    /// Techniques of each sentence of the traces, with those of which they are a part.
    pub labels: Vec<BTreeSet<String>>,
    /// Labelled stretches of text, with their technique.
    pub segments: Vec<(String, String)>,
    /// All techniques, with those of which they are a part.
    pub gold: BTreeSet<String>,
}

impl Report {
    /// Whether models may learn from it.
    pub(crate) fn is_lesson(&self) -> bool {
        self.part == Part::Train
    }

    /// The gold in the terms of its corpus.
    pub(crate) fn known_gold(&self) -> BTreeSet<&str> {
        self.gold.iter().map(String::as_str).filter(|id| self.corpus.knows(id)).collect()
    }
}

/// A technique and those of which it is a part.
pub(crate) fn with_parents<'i>(ids: impl Iterator<Item = &'i str>) -> BTreeSet<String> {
    ids.flat_map(|id| [Some(id), parent(id)]).flatten().map(str::to_owned).collect()
}

#[derive(Deserialize)]
struct TramSpan {
    doc: String,
    technique: String,
    text: String,
    start: usize,
    end: usize,
}

#[derive(Deserialize)]
struct TramFile {
    signal: String,
}

#[derive(Deserialize)]
struct AnnoDocument {
    doc: String,
    split: String,
    techniques: Vec<String>,
}

#[derive(Deserialize)]
struct AnnoMention {
    mention: String,
    #[serde(rename = "_context_left")]
    left: String,
    #[serde(rename = "_context_right")]
    right: String,
    label_link: Option<String>,
    entity_type: String,
}

/// All reports under `folder`: what is missing is left out.
pub(crate) fn reports(folder: &Path) -> Result<Vec<Report>, EvaluateError> {
    let extractor = Extractor::new(Knowledge::builtin());
    let mut reports = tram(&folder.join("tram2"), &extractor)?;
    reports.extend(annoctr(&folder.join("annoctr"), &extractor)?);
    Ok(reports)
}

fn tram(folder: &Path, extractor: &Extractor<'_>) -> Result<Vec<Report>, EvaluateError> {
    let mut spans: BTreeMap<String, Vec<TramSpan>> = BTreeMap::new();
    for span in json_lines::<TramSpan>(&folder.join("spans.jsonl"))? {
        spans.entry(span.doc.clone()).or_default().push(span);
    }
    let mut reports = Vec::new();
    for path in files(&folder.join("mjson"), &[".mjson"])? {
        let name = name_of(&path);
        let file: TramFile = json(&path)?;
        let places: Vec<usize> =
            file.signal.char_indices().map(|(at, _)| at).chain([file.signal.len()]).collect();
        let mut stretches = Vec::new();
        let mut segments = Vec::new();
        for span in spans.get(&name).into_iter().flatten() {
            if let (Some(from), Some(to)) = (places.get(span.start), places.get(span.end)) {
                let id = current(&span.technique);
                stretches.push((*from, *to, id.clone()));
                segments.push((span.text.clone(), id));
            }
        }
        let gold = with_parents(segments.iter().map(|(_, id)| id.as_str()));
        let mut report = report(extractor, name, Corpus::Tram, file.signal, &stretches);
        report.gold = gold;
        report.segments = segments;
        reports.push(report);
    }
    Ok(reports)
}

fn annoctr(folder: &Path, extractor: &Extractor<'_>) -> Result<Vec<Report>, EvaluateError> {
    let labels = folder.join("doc_labels.json");
    if !labels.is_file() {
        return Ok(Vec::new());
    }
    let documents: Vec<AnnoDocument> = json(&labels)?;
    let mut reports = Vec::new();
    for path in files(&folder.join("text"), &[".txt"])? {
        let name = name_of(&path).trim_end_matches(".txt").to_owned();
        let Some(document) = documents.iter().find(|d| d.doc == name) else { continue };
        let text = read(&path)?;
        let mut stretches = Vec::new();
        let mut segments = Vec::new();
        for mention in
            json_lines::<AnnoMention>(&folder.join("linking").join(format!("{name}.json")))?
        {
            let link = mention.label_link.as_deref().unwrap_or_default();
            let Some((_, id)) = link.split_once("/techniques/") else { continue };
            if mention.entity_type != "TECHNIQUE" || !id.starts_with('T') {
                continue;
            }
            let id = current(&id.trim_end_matches('/').replace('/', "."));
            let whole = format!("{}{}{}", mention.left, mention.mention, mention.right);
            if let Some(at) = text.find(&whole) {
                let from = at + mention.left.len();
                stretches.push((from, from + mention.mention.len(), id.clone()));
                segments.push((mention.mention, id));
            }
        }
        let mut report = report(extractor, name, Corpus::AnnoCtr, text, &stretches);
        let ids: Vec<String> = document.techniques.iter().map(|id| current(id)).collect();
        report.gold = with_parents(ids.iter().map(String::as_str));
        report.segments = segments;
        report.part = match document.split.as_str() {
            "dev" => Part::Dev,
            "test" => Part::Test,
            _ => Part::Train,
        };
        reports.push(report);
    }
    Ok(reports)
}

/// The identifier that is valid today.
fn current(id: &str) -> String {
    Knowledge::builtin().current_technique(id).map_or_else(|| id.to_owned(), |t| t.id.clone())
}

fn report(
    extractor: &Extractor<'_>,
    name: String,
    corpus: Corpus,
    text: String,
    stretches: &[(usize, usize, String)],
) -> Report {
    let document = Document::new(text.as_bytes(), name.as_str(), Format::Text, text.clone());
    let traces = extractor.technique_traces(&Reading::new(document, Vec::new()));
    let labels = traces
        .sentences
        .iter()
        .map(|span| {
            let inside = stretches.iter().filter(|(from, to, _)| holds(*span, *from, *to));
            with_parents(inside.map(|(_, _, id)| id.as_str()))
        })
        .collect();
    let fold = (name_hash(&name) % FOLDS as u64) as usize;
    Report {
        name,
        corpus,
        part: Part::Train,
        fold,
        text,
        traces,
        labels,
        segments: Vec::new(),
        gold: BTreeSet::new(),
    }
}

/// Whether a third of a labelled stretch lies in the sentence.
fn holds(sentence: Span, from: usize, to: usize) -> bool {
    let shared =
        (sentence.end as usize).min(to).saturating_sub((sentence.start as usize).max(from));
    shared > 0 && shared * 3 >= to - from
}

/// FNV-1a of a name, its high bits folded in.
fn name_hash(name: &str) -> u64 {
    let hash = name
        .bytes()
        .fold(0xcbf2_9ce4_8422_2325u64, |h, b| (h ^ u64::from(b)).wrapping_mul(0x0100_0000_01b3));
    hash ^ (hash >> 29)
}

fn name_of(path: &Path) -> String {
    path.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default()
}

fn read(path: &Path) -> Result<String, EvaluateError> {
    std::fs::read_to_string(path)
        .map_err(|source| EvaluateError::File { path: path.display().to_string(), source })
}

fn json<T: for<'d> Deserialize<'d>>(path: &Path) -> Result<T, EvaluateError> {
    serde_json::from_str(&read(path)?).map_err(|error| gold(path, error.line(), &error))
}

/// The rows of a file; none when there is no such file.
fn json_lines<T: for<'d> Deserialize<'d>>(path: &Path) -> Result<Vec<T>, EvaluateError> {
    if !path.is_file() {
        return Ok(Vec::new());
    }
    let text = read(path)?;
    let lines = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
    lines
        .map(|(at, line)| serde_json::from_str(line).map_err(|error| gold(path, at + 1, &error)))
        .collect()
}

fn gold(path: &Path, line: usize, error: &serde_json::Error) -> EvaluateError {
    EvaluateError::Gold { path: path.display().to_string(), line, what: error.to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sentence_has_what_lies_in_it_for_a_third() {
        assert!(holds(Span::new(10, 50), 20, 30));
        assert!(holds(Span::new(10, 50), 40, 60));
        assert!(!holds(Span::new(10, 50), 48, 90));
        assert!(!holds(Span::new(10, 50), 60, 60));
    }

    #[test]
    fn parts_bring_their_whole() {
        let ids = with_parents(["T1003.001", "T1005"].into_iter());
        assert_eq!(Vec::from_iter(ids), ["T1003", "T1003.001", "T1005"]);
        assert!(Corpus::Tram.knows("T1003.001") && !Corpus::Tram.knows("T1003"));
        assert!(Corpus::AnnoCtr.knows("T1003") && !Corpus::AnnoCtr.knows("T1003.001"));
    }
}
