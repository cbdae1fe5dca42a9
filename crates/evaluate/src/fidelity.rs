//! Is everything read? Twins of one content in several formats must give one set of values.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use lapwing_model::Kind;

use crate::corpus::{Board, Pair, files, gold_rows, normal, read};
use crate::{EvaluateError, ScoreRow, Scores};

/// Folders of which each file must be read, with nothing to compare with.
const READ_ONLY: &[(&str, &[&str])] = &[
    ("stix-validator", &[".json"]),
    ("stix1-samples", &[".xml"]),
    ("stix1-idioms", &[".xml"]),
    ("misp-events/eset", &[".json"]),
    ("misp-events/pymisp", &[".json", ".xml"]),
    ("openioc", &[".ioc"]),
    ("volexity-csv", &[".csv"]),
    ("unit42-stix", &[".json"]),
];

pub(crate) fn run(folder: &Path) -> Result<Scores, EvaluateError> {
    let mut scores = Scores::default();
    elevator(&folder.join("stix1-elevator"), &mut scores)?;
    misp_stix(&folder.join("misp-stix"), &mut scores)?;
    rendered(&folder.join("misp-events").join("rendered"), &mut scores)?;
    for (name, endings) in READ_ONLY {
        read_only(name, &files(&folder.join(name), endings)?, &mut scores)?;
    }
    Ok(scores)
}

/// STIX 1.x against the same package elevated to 2.0 and 2.1.
fn elevator(folder: &Path, scores: &mut Scores) -> Result<(), EvaluateError> {
    let xml = by_stem(&files(&folder.join("idioms-xml"), &[".xml"])?);
    for version in ["2.0", "2.1"] {
        let twins = by_stem(&files(&folder.join(format!("idioms-json-{version}")), &[".json"])?);
        let mut board = Board::default();
        for (stem, path) in &xml {
            let Some(twin) = twins.get(stem) else { continue };
            let (ours, theirs) = (read(path)?, read(twin)?);
            board.with_problems += u64::from(ours.problems + theirs.problems > 0);
            board.score(
                "stix1-elevator",
                path,
                &observables(&theirs.values),
                &observables(&ours.values),
            );
        }
        push(scores, "stix1-elevator", &format!("1.x against {version}"), board);
    }
    Ok(())
}

/// The encodings of one MISP event, each against STIX 2.1.
fn misp_stix(folder: &Path, scores: &mut Scores) -> Result<(), EvaluateError> {
    let paths = by_stem(&files(folder, &[".json", ".xml"])?);
    for encoding in ["stix11", "stix12", "stix20"] {
        let mut board = Board::default();
        for (stem, path) in &paths {
            let Some(base) = stem.strip_suffix(&format!("_{encoding}")) else { continue };
            let Some(twin) = paths.get(&format!("{base}_stix21")) else { continue };
            let (ours, theirs) = (read(path)?, read(twin)?);
            board.with_problems += u64::from(ours.problems + theirs.problems > 0);
            board.score(
                "misp-stix",
                path,
                &observables(&theirs.values),
                &observables(&ours.values),
            );
        }
        push(scores, "misp-stix", &format!("{encoding} against stix21"), board);
    }
    Ok(())
}

/// Events in the layout of rendered Markdown, with a gold of types and values.
fn rendered(folder: &Path, scores: &mut Scores) -> Result<(), EvaluateError> {
    let mut board = Board::default();
    for gold_path in files(folder, &[".gold.tsv"])? {
        let path = gold_path.display().to_string().replace(".gold.tsv", ".md");
        let path = Path::new(&path).to_owned();
        let mut gold = BTreeSet::new();
        for row in gold_rows(&gold_path, true)? {
            if let [kind, value, ..] = &row[..] {
                gold.extend(misp_pairs(kind, value));
            }
        }
        let file = read(&path)?;
        board.with_problems += u64::from(file.problems > 0);
        let found = observables(&file.values);
        let kinds: BTreeSet<Kind> = gold.iter().map(|pair| pair.0).collect();
        let found = found.into_iter().filter(|pair| kinds.contains(&pair.0)).collect();
        board.score("misp-events/rendered", &path, &gold, &found);
    }
    push(scores, "misp-events/rendered", "attributes", board);
    Ok(())
}

fn read_only(name: &str, paths: &[PathBuf], scores: &mut Scores) -> Result<(), EvaluateError> {
    if paths.is_empty() {
        return Ok(());
    }
    let (mut with_problems, mut objects) = (0, 0);
    for path in paths {
        let file = read(path)?;
        with_problems += u64::from(file.problems > 0);
        objects += file.claims;
    }
    scores.rows.push(ScoreRow {
        corpus: name.to_owned(),
        what: "read; claims".to_owned(),
        files: paths.len() as u64,
        with_problems,
        tally: None,
        objects: Some(objects),
    });
    Ok(())
}

fn push(scores: &mut Scores, corpus: &str, what: &str, board: Board) {
    if board.files == 0 {
        return;
    }
    scores.rows.push(ScoreRow {
        corpus: corpus.to_owned(),
        what: what.to_owned(),
        files: board.files,
        with_problems: board.with_problems,
        tally: Some(board.total()),
        objects: None,
    });
    scores.worst.extend(board.worst);
}

/// Values of observable kinds with any role; patterns and rest kinds differ by format.
fn observables(values: &[lapwing_engine::Extracted]) -> BTreeSet<Pair> {
    values.iter().filter(|v| v.kind.is_observable()).map(|v| normal(v.kind, &v.value)).collect()
}

/// A MISP attribute of the gold as pairs; types that name no observable give none.
fn misp_pairs(kind: &str, value: &str) -> Vec<Pair> {
    if let Some((left, right)) = kind.split_once('|') {
        let Some((a, b)) = value.split_once('|') else { return Vec::new() };
        return [misp_pairs(left, a), misp_pairs(right, b)].concat();
    }
    let address = if value.contains(':') { Kind::Ipv6Addr } else { Kind::Ipv4Addr };
    let kind = match kind {
        "sha1" => Kind::Sha1,
        "sha256" => Kind::Sha256,
        "md5" => Kind::Md5,
        "imphash" => Kind::Imphash,
        "domain" | "hostname" => Kind::DomainName,
        "url" => Kind::Url,
        "ip-src" | "ip-dst" | "ip" => address,
        "email-src" | "email-dst" | "email" => Kind::EmailAddr,
        "mutex" => Kind::Mutex,
        "user-agent" => Kind::UserAgent,
        "btc" | "xmr" | "dash" => Kind::CryptocurrencyWallet,
        _ => return Vec::new(),
    };
    vec![normal(kind, value)]
}

fn by_stem(paths: &[PathBuf]) -> BTreeMap<String, PathBuf> {
    paths
        .iter()
        .filter_map(|path| Some((path.file_stem()?.to_str()?.to_owned(), path.clone())))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn composite_attributes_count_by_part() {
        let pairs = misp_pairs("ip-dst|md5", "192.0.2.1|D41D8CD98F00B204E9800998ECF8427E");
        assert_eq!(pairs[0], (Kind::Ipv4Addr, "192.0.2.1".to_owned()));
        assert_eq!(pairs[1].1, "d41d8cd98f00b204e9800998ecf8427e");
        assert!(misp_pairs("text", "anything").is_empty());
    }
}
