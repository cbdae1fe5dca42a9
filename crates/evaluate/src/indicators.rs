//! Which values does a report name as indicators? Talos lists, ESET pages, VulDB pages.

use std::collections::BTreeSet;
use std::path::Path;

use lapwing_engine::Extracted;
use lapwing_model::{Kind, Role};

use crate::corpus::{Board, Pair, files, gold_rows, normal, read};
use crate::{EvaluateError, ScoreRow, Scores};

const NETWORK: &[Kind] = &[Kind::Ipv4Addr, Kind::Ipv6Addr, Kind::DomainName, Kind::Url];
const HASHES: &[Kind] = &[Kind::Md5, Kind::Sha1, Kind::Sha256];

pub(crate) fn run(folder: &Path) -> Result<Scores, EvaluateError> {
    let mut scores = Scores::default();
    talos(&folder.join("talos"), &mut scores)?;
    eset(&folder.join("eset"), &mut scores)?;
    vuldb(&folder.join("vuldb").join("pages"), &mut scores)?;
    Ok(scores)
}

/// Lists beside their STIX twins: every value of the four types counts.
fn talos(folder: &Path, scores: &mut Scores) -> Result<(), EvaluateError> {
    let mut board = Board::default();
    for gold_path in files(folder, &[".gold.tsv"])? {
        let path = sibling(&gold_path, ".gold.tsv", ".txt");
        let gold = typed(&gold_rows(&gold_path, false)?);
        let file = read(&path)?;
        board.with_problems += u64::from(file.problems > 0);
        // A twin without plain indicators says nothing about the list.
        if gold.is_empty() {
            continue;
        }
        let kinds: Vec<Kind> = [NETWORK, HASHES].concat();
        board.score("talos", &path, &gold, &found(&file.values, &kinds));
    }
    finish("talos", board, scores);
    Ok(())
}

/// Pages with hashes, and with network values of the MISP event that stand in the text.
fn eset(folder: &Path, scores: &mut Scores) -> Result<(), EvaluateError> {
    let mut hashes = Board::default();
    let mut network = Board::default();
    for path in files(folder, &[".adoc"])? {
        let file = read(&path)?;
        let text = lapwing_engine::refang(&file.text).to_lowercase();
        let stands = |pair: &Pair| text.contains(&pair.1.to_lowercase());
        let hash_gold = sibling(&path, ".adoc", ".hashes.tsv");
        if hash_gold.exists() {
            let gold = typed(&gold_rows(&hash_gold, false)?).into_iter().filter(stands).collect();
            hashes.score("eset hashes", &path, &gold, &found(&file.values, HASHES));
        }
        let network_gold = sibling(&path, ".adoc", ".misp.tsv");
        if network_gold.exists() {
            let gold = typed(&gold_rows(&network_gold, false)?)
                .into_iter()
                .filter(|pair| NETWORK.contains(&pair.0))
                .filter(stands)
                .collect();
            network.score("eset network", &path, &gold, &found(&file.values, NETWORK));
        }
        hashes.with_problems += u64::from(file.problems > 0);
    }
    finish("eset hashes", hashes, scores);
    finish("eset network", network, scores);
    Ok(())
}

/// Campaign and actor pages: addresses and host names of the table, and nothing else.
fn vuldb(folder: &Path, scores: &mut Scores) -> Result<(), EvaluateError> {
    let mut board = Board::default();
    for gold_path in files(folder, &[".gold.tsv"])? {
        let stem = gold_path.display().to_string();
        let stem = stem.strip_suffix(".gold.tsv").unwrap_or(&stem);
        let Some(path) = [".md", ".adoc", ".asciidoc", ".txt"]
            .iter()
            .map(|ending| Path::new(&format!("{stem}{ending}")).to_owned())
            .find(|path| path.exists())
        else {
            continue;
        };
        let mut gold = BTreeSet::new();
        for row in gold_rows(&gold_path, true)? {
            let cell =
                |at: usize| row.get(at).map(String::as_str).filter(|v| !v.is_empty() && *v != "-");
            gold.extend(cell(0).map(address));
            gold.extend(cell(1).map(|host| normal(Kind::DomainName, host)));
        }
        let file = read(&path)?;
        board.with_problems += u64::from(file.problems > 0);
        board.score("vuldb", &path, &gold, &found(&file.values, NETWORK));
    }
    finish("vuldb", board, scores);
    Ok(())
}

fn finish(corpus: &str, board: Board, scores: &mut Scores) {
    if board.files == 0 {
        return;
    }
    let row = |what: &str, tally| ScoreRow {
        corpus: corpus.to_owned(),
        what: what.to_owned(),
        files: board.files,
        with_problems: board.with_problems,
        tally: Some(tally),
        objects: None,
    };
    scores.rows.push(row("all", board.total()));
    for (kind, tally) in &board.by_kind {
        scores.rows.push(row(kind.as_str(), *tally));
    }
    scores.worst.extend(board.worst);
}

fn found(values: &[Extracted], kinds: &[Kind]) -> BTreeSet<Pair> {
    values
        .iter()
        .filter(|value| value.role == Role::Indicator && kinds.contains(&value.kind))
        .map(|value| normal(value.kind, &value.value))
        .collect()
}

fn typed(rows: &[Vec<String>]) -> BTreeSet<Pair> {
    rows.iter()
        .filter_map(|row| {
            let value = row.get(1)?;
            Some(match row.first()?.as_str() {
                "ip" => address(value),
                "domain" => normal(Kind::DomainName, value),
                "url" => normal(Kind::Url, value),
                "md5" => normal(Kind::Md5, value),
                "sha1" => normal(Kind::Sha1, value),
                "sha256" => normal(Kind::Sha256, value),
                _ => return None,
            })
        })
        .collect()
}

fn address(value: &str) -> Pair {
    normal(if value.contains(':') { Kind::Ipv6Addr } else { Kind::Ipv4Addr }, value)
}

fn sibling(path: &Path, ending: &str, other: &str) -> std::path::PathBuf {
    let shown = path.display().to_string();
    format!("{}{other}", shown.strip_suffix(ending).unwrap_or(&shown)).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_small_corpus_is_scored_by_hand() {
        let folder = tempfile::tempdir().unwrap();
        let talos = folder.path().join("talos");
        std::fs::create_dir(&talos).unwrap();
        std::fs::write(talos.join("a.txt"), "198.51.100[.]7\n198.51.100[.]8\n").unwrap();
        std::fs::write(talos.join("a.gold.tsv"), "ip\t198.51.100.7\nip\t198.51.100.9\n").unwrap();
        let scores = run(folder.path()).unwrap();
        let all = scores.rows[0].tally.unwrap();
        assert_eq!(all.hits + all.missed, 2);
        assert!(scores.to_markdown(true).contains("missed: ipv4-addr 198.51.100.9"));
    }
}
