//! Is everything read, and is nothing lost? Twins of one content in several formats must give one
//! set of values, relations and markings; where there is no twin, the raw file itself says what
//! must be there.

mod defects;
mod literals;
mod misp;
mod twins;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use lapwing_engine::Extracted;
use lapwing_model::Kind;

use crate::board::{Board, Rows};
use crate::corpus::{ReadFile, files, read};
use crate::normal::{Item, normal};
use crate::{EvaluateError, Options, Scores};

pub(crate) fn run(
    folder: &Path,
    _options: &Options,
    scores: &mut Scores,
) -> Result<(), EvaluateError> {
    twins::elevator(&folder.join("stix1-elevator"), scores)?;
    twins::misp_stix(&folder.join("misp-stix"), scores)?;
    misp::rendered(&folder.join("misp-events").join("rendered"), scores)?;
    misp::events("misp-events/eset", folder, scores)?;
    misp::events("misp-events/pymisp", folder, scores)?;
    literals::run(folder, scores)?;
    defects::run(&folder.join("stix-validator"), scores)
}

/// Values of observable kinds with any role; patterns and rest kinds differ by format.
fn observables(values: &[Extracted]) -> BTreeSet<Item> {
    values.iter().filter(|v| v.kind.is_observable()).map(|v| normal(v.kind, &v.value)).collect()
}

/// Files by their names without the ending.
fn by_stem(paths: &[PathBuf]) -> BTreeMap<String, PathBuf> {
    paths
        .iter()
        .filter_map(|path| Some((path.file_stem()?.to_str()?.to_owned(), path.clone())))
        .collect()
}

/// Every text that a file's claims hold as a value, in lower case: to ask whether a literal of
/// the raw file was kept, whatever it was taken for.
fn spoken(file: &ReadFile) -> BTreeSet<String> {
    let mut spoken = BTreeSet::new();
    let mut put = |text: &str| {
        spoken.insert(plain(text));
    };
    for value in &file.values {
        put(&value.value);
        put(&value.raw);
        // `type=value` holds the value of a type that has no kind of its own.
        if let (Kind::Other, Some((_, rest))) = (value.kind, value.value.split_once('=')) {
            put(rest);
        }
    }
    for claim in &file.relations {
        put(&claim.subject.value);
        match &claim.object {
            lapwing_model::Object::Entity(entity) => put(&entity.value),
            lapwing_model::Object::Text(text) => put(text.split_once('=').map_or(text, |(_, v)| v)),
        }
    }
    spoken
}

/// Lower case, refanged, blanks put in order, one `/` at the end cut.
fn plain(text: &str) -> String {
    let text = lapwing_engine::refang(text.trim()).to_lowercase();
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    text.strip_suffix('/').map_or(text.clone(), str::to_owned)
}

/// Compares what a raw file holds with what the claims say; a value beyond is no error, as the raw
/// count knows only some of the fields.
fn score_kept(board: &mut Board, path: &Path, gold: &BTreeSet<Item>) -> Result<(), EvaluateError> {
    let file = read(path)?;
    board.with_problems += u64::from(file.problems > 0);
    board.count("claims", file.claims);
    let spoken = spoken(&file);
    let found = gold.iter().filter(|item| spoken.contains(&plain(&item.value))).cloned().collect();
    board.score(path, gold, &found);
    Ok(())
}

/// A row for files of which each must be read, against what `raw` finds in them.
fn kept(
    corpus: &str,
    what: &str,
    paths: &[PathBuf],
    raw: fn(&Path) -> Result<BTreeSet<Item>, EvaluateError>,
    scores: &mut Scores,
) -> Result<(), EvaluateError> {
    let mut board = Board::new(corpus, what, "lapwing");
    for path in paths {
        score_kept(&mut board, path, &raw(path)?)?;
    }
    board.finish(Rows::Total, scores);
    Ok(())
}
