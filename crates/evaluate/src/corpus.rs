use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use lapwing_engine::read::Options;
use lapwing_engine::reference::Knowledge;
use lapwing_engine::{Extracted, Input, extract};
use lapwing_model::Kind;

use crate::{EvaluateError, Tally, Worst};

/// A value as the scorer compares it.
pub(crate) type Pair = (Kind, String);

/// What the engine read from a file.
pub(crate) struct ReadFile {
    pub values: Vec<Extracted>,
    pub claims: u64,
    pub text: String,
    pub problems: u64,
}

/// Reads one file as a user would.
pub(crate) fn read(path: &Path) -> Result<ReadFile, EvaluateError> {
    let mut file = ReadFile { values: Vec::new(), claims: 0, text: String::new(), problems: 0 };
    let problems = extract(
        &Input::Path(path.to_owned()),
        &Options::default(),
        Knowledge::builtin(),
        &mut |document| {
            file.claims += (document.values.len() + document.relations.len()) as u64;
            file.values.extend(document.values);
            file.text.push_str(&document.text);
            Ok(())
        },
    )?;
    file.problems = problems.len() as u64;
    Ok(file)
}

/// The files of a folder with one of the endings, sorted; empty when there is no such folder.
pub(crate) fn files(folder: &Path, endings: &[&str]) -> Result<Vec<PathBuf>, EvaluateError> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        if !folder.is_dir() {
            continue;
        }
        let shown = || folder.display().to_string();
        let error = |source| EvaluateError::File { path: shown(), source };
        for entry in std::fs::read_dir(&folder).map_err(error)? {
            let path = entry.map_err(error)?.path();
            if path.is_dir() {
                folders.push(path);
            } else if let Some(name) = path.file_name().and_then(|n| n.to_str())
                && endings.iter().any(|ending| name.ends_with(ending))
            {
                found.push(path);
            }
        }
    }
    found.sort();
    Ok(found)
}

/// Rows of a gold file, without its header where `header` says that there is one.
pub(crate) fn gold_rows(path: &Path, header: bool) -> Result<Vec<Vec<String>>, EvaluateError> {
    let shown = path.display().to_string();
    let mut reader = csv::ReaderBuilder::new()
        .delimiter(b'\t')
        .has_headers(header)
        .quoting(false)
        .flexible(true)
        .from_path(path)
        .map_err(|error| EvaluateError::Gold {
            path: shown.clone(),
            line: 0,
            what: error.to_string(),
        })?;
    let mut rows = Vec::new();
    for (at, row) in reader.records().enumerate() {
        let row = row.map_err(|error| EvaluateError::Gold {
            path: shown.clone(),
            line: at + 1,
            what: error.to_string(),
        })?;
        rows.push(row.iter().map(str::to_owned).collect());
    }
    Ok(rows)
}

/// The pair in the form in which both sides are compared.
pub(crate) fn normal(kind: Kind, value: &str) -> Pair {
    let value = value.trim();
    let shown = match kind {
        Kind::Url => {
            let cut = value.strip_suffix('/').unwrap_or(value);
            match cut.find("://") {
                Some(at) => {
                    let path =
                        cut[at + 3..].find(['/', '?', '#']).map_or(cut.len(), |n| at + 3 + n);
                    format!("{}{}", cut[..path].to_lowercase(), &cut[path..])
                }
                None => cut.to_owned(),
            }
        }
        Kind::FileName
        | Kind::FilePath
        | Kind::WindowsRegistryKey
        | Kind::Mutex
        | Kind::UserAgent
        | Kind::CryptocurrencyWallet
        | Kind::Other
        | Kind::Pattern => value.to_owned(),
        _ => value.to_lowercase(),
    };
    (kind, shown)
}

/// Agreement by kind, and the documents with errors.
#[derive(Default)]
pub(crate) struct Board {
    pub by_kind: BTreeMap<Kind, Tally>,
    pub worst: Vec<Worst>,
    pub files: u64,
    pub with_problems: u64,
}

impl Board {
    /// Compares one document.
    pub fn score(
        &mut self,
        corpus: &str,
        document: &Path,
        gold: &BTreeSet<Pair>,
        found: &BTreeSet<Pair>,
    ) {
        self.files += 1;
        let kinds: BTreeSet<Kind> = gold.iter().chain(found).map(|pair| pair.0).collect();
        for kind in kinds {
            let of = |set: &BTreeSet<Pair>| {
                set.iter().filter(|pair| pair.0 == kind).cloned().collect::<BTreeSet<_>>()
            };
            self.by_kind.entry(kind).or_default().compare(&of(gold), &of(found));
        }
        let shown = |pair: &Pair| format!("{} {}", pair.0, pair.1);
        let missed: Vec<String> = gold.difference(found).map(shown).collect();
        let wrong: Vec<String> = found.difference(gold).map(shown).collect();
        if !missed.is_empty() || !wrong.is_empty() {
            let name = document.file_name().map(|n| n.to_string_lossy().into_owned());
            let document = name.unwrap_or_default();
            self.worst.push(Worst { corpus: corpus.to_owned(), document, missed, wrong });
        }
    }

    /// The sum over the kinds.
    pub fn total(&self) -> Tally {
        let mut total = Tally::default();
        for tally in self.by_kind.values() {
            total.add(*tally);
        }
        total
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_sides_get_one_form() {
        assert_eq!(normal(Kind::Url, "HTTP://Example.ORG/Path/").1, "http://example.org/Path");
        assert_eq!(normal(Kind::DomainName, "Example.ORG").1, "example.org");
        assert_eq!(normal(Kind::FileName, "A.exe").1, "A.exe");
    }
}
