//! Which values does a report name as indicators? Talos lists, ESET pages, VulDB pages.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use lapwing_model::{GapKind, Kind, Role};

use crate::board::{Board, Rows};
use crate::corpus::{ReadFile, files, gold_rows, raw_text, read, sibling};
use crate::normal::{Item, normal, normal_address};
use crate::peers::{Answer, Running};
use crate::{EvaluateError, Options, Scores};

const NETWORK: &[Kind] = &[Kind::Ipv4Addr, Kind::Ipv6Addr, Kind::DomainName, Kind::Url];
const HASHES: &[Kind] = &[Kind::Md5, Kind::Sha1, Kind::Sha256];
const BOTH: &[Kind] = &[
    Kind::Ipv4Addr,
    Kind::Ipv6Addr,
    Kind::DomainName,
    Kind::Url,
    Kind::Md5,
    Kind::Sha1,
    Kind::Sha256,
];

/// A document with the values that it names.
pub(crate) struct Case {
    pub path: PathBuf,
    pub gold: BTreeSet<Item>,
}

/// Documents of one kind, and the kinds of value that their gold is complete about.
pub(crate) struct Labelled {
    pub name: &'static str,
    pub kinds: &'static [Kind],
    pub cases: Vec<Case>,
}

pub(crate) fn run(
    folder: &Path,
    options: &Options,
    scores: &mut Scores,
) -> Result<(), EvaluateError> {
    let pages = folder.join("vuldb").join("pages");
    let [hashes, network] = eset(&folder.join("eset"))?;
    for labelled in [talos(&folder.join("talos"))?, hashes, network, vuldb(&pages)?] {
        score(&labelled, scores)?;
        score_peers(&labelled, options, scores)?;
    }
    gaps(&pages, scores)
}

/// Our row: values with the role of an indicator, and what became of the gold values that are
/// missing.
pub(crate) fn score(labelled: &Labelled, scores: &mut Scores) -> Result<(), EvaluateError> {
    let mut board = Board::new(labelled.name, "all", "lapwing");
    let mut seconds = 0.0;
    for case in &labelled.cases {
        let file = read(&case.path)?;
        seconds += file.seconds;
        board.with_problems += u64::from(file.problems > 0);
        let (found, others) = by_role(&file, labelled.kinds);
        for missed in case.gold.difference(&found) {
            board.count(others.get(missed).map_or("not seen", |role| role.as_str()), 1);
        }
        board.score(&case.path, &case.gold, &found);
    }
    board.seconds = Some(seconds);
    board.finish(Rows::ByType, scores);
    Ok(())
}

/// A row for each peer, on the same files.
pub(crate) fn score_peers(
    labelled: &Labelled,
    options: &Options,
    scores: &mut Scores,
) -> Result<(), EvaluateError> {
    let Some(peers) = options.peers.as_ref().filter(|_| !labelled.cases.is_empty()) else {
        return Ok(());
    };
    for peer in &peers.names {
        let mut running = Running::start(*peer, peers)?;
        let mut board = Board::new(labelled.name, "all", peer.name());
        let mut seconds = 0.0;
        for case in &labelled.cases {
            let found = match running.find(&raw_text(&case.path)?)? {
                Answer::Found(found, took) => {
                    seconds += took;
                    found
                }
                Answer::Nothing(why) => {
                    board.with_problems += 1;
                    seconds += peers.limit.as_secs_f64();
                    let name = case.path.file_name().unwrap_or_default().display();
                    scores.notes.push(format!(
                        "{} gave nothing for {} of {}: {why}.",
                        peer.name(),
                        name,
                        labelled.name
                    ));
                    BTreeSet::new()
                }
            };
            let asked = |item: &Item| labelled.kinds.iter().any(|kind| kind.as_str() == item.what);
            board.score(&case.path, &case.gold, &found.into_iter().filter(asked).collect());
        }
        board.seconds = Some(seconds);
        board.finish(Rows::ByType, scores);
    }
    Ok(())
}

/// What was found as an indicator, and what was found with another role only.
fn by_role(file: &ReadFile, kinds: &[Kind]) -> (BTreeSet<Item>, BTreeMap<Item, Role>) {
    let (mut indicators, mut others) = (BTreeSet::new(), BTreeMap::new());
    for value in file.values.iter().filter(|value| kinds.contains(&value.kind)) {
        let item = normal(value.kind, &value.value);
        // A vulnerability is no indicator of anything; to name it is what is asked.
        let named = value.kind == Kind::Vulnerability && value.role == Role::Subject;
        if value.role == Role::Indicator || named {
            indicators.insert(item);
        } else {
            others.entry(item).or_insert(value.role);
        }
    }
    (indicators, others)
}

/// Lists beside their STIX twins. A twin without plain indicators says nothing about its list
/// and is left out.
fn talos(folder: &Path) -> Result<Labelled, EvaluateError> {
    let mut cases = Vec::new();
    for gold_path in files(folder, &[".gold.tsv"])? {
        let gold = typed(&gold_rows(&gold_path, false)?);
        if !gold.is_empty() {
            cases.push(Case { path: sibling(&gold_path, ".gold.tsv", ".txt"), gold });
        }
    }
    Ok(Labelled { name: "talos", kinds: BOTH, cases })
}

/// Pages with hashes, and with network values of the MISP event; what does not stand in the
/// (refanged) page cannot be asked of a reader of the page.
fn eset(folder: &Path) -> Result<[Labelled; 2], EvaluateError> {
    let (mut hashes, mut network) = (Vec::new(), Vec::new());
    for path in files(folder, &[".adoc"])? {
        let text = lapwing_engine::refang(&raw_text(&path)?).to_lowercase();
        for (ending, cases, kinds) in
            [(".hashes.tsv", &mut hashes, HASHES), (".misp.tsv", &mut network, NETWORK)]
        {
            let gold_path = sibling(&path, ".adoc", ending);
            if gold_path.exists() {
                let mut gold = typed(&gold_rows(&gold_path, false)?);
                gold.retain(|item| kinds.iter().any(|kind| kind.as_str() == item.what));
                // An event that lists hashes only says nothing about the page's hosts.
                if gold.is_empty() {
                    continue;
                }
                gold.retain(|item| text.contains(&item.value.to_lowercase()));
                cases.push(Case { path: path.clone(), gold });
            }
        }
    }
    Ok([
        Labelled { name: "eset hashes", kinds: HASHES, cases: hashes },
        Labelled { name: "eset network", kinds: NETWORK, cases: network },
    ])
}

/// Campaign and actor pages: addresses and host names of the table, and nothing else. So any
/// URL that is given as an indicator is a false find.
fn vuldb(folder: &Path) -> Result<Labelled, EvaluateError> {
    let mut cases = Vec::new();
    for gold_path in files(folder, &[".gold.tsv"])? {
        let Some(path) = page(&gold_path, ".gold.tsv") else { continue };
        let mut gold = BTreeSet::new();
        for row in gold_rows(&gold_path, true)? {
            let cell =
                |at: usize| row.get(at).map(String::as_str).filter(|v| !v.is_empty() && *v != "-");
            gold.extend(cell(0).map(normal_address));
            gold.extend(cell(1).map(|host| normal(Kind::DomainName, host)));
        }
        cases.push(Case { path, gold });
    }
    Ok(Labelled { name: "vuldb", kinds: NETWORK, cases })
}

/// Sections of a VulDB page as `pages.tsv` counts them: the columns `…_shown` and `…_more`, and
/// what a gap calls the section's items.
const SECTIONS: &[(&str, &str)] = &[
    ("ioc", "indicator"),
    ("ttp", "technique"),
    ("ioa", "ioa"),
    ("countries", "country"),
    ("actors", "actor"),
    ("campaigns", "campaign"),
];

/// What the pages say that they hide: right is a section of which both counts are exact.
fn gaps(folder: &Path, scores: &mut Scores) -> Result<(), EvaluateError> {
    let table = folder.join("pages.tsv");
    if !table.exists() {
        return Ok(());
    }
    let rows = gold_rows(&table, false)?;
    let Some((head, rows)) = rows.split_first() else { return Ok(()) };
    let column = |name: &str| head.iter().position(|cell| cell == name);
    let mut board = Board::new("vuldb gaps", "sections with hidden rows", "lapwing");
    for row in rows {
        let number = |name: String| row.get(column(&name)?)?.parse::<u64>().ok();
        let Some(path) = row.first().and_then(|stem| page(&folder.join(stem), "")) else {
            continue;
        };
        let (mut gold, mut asked) = (BTreeSet::new(), BTreeSet::new());
        for (section, noun) in SECTIONS {
            let (shown, more) =
                (number(format!("{section}_shown")), number(format!("{section}_more")));
            if let (Some(shown), Some(more)) = (shown, more) {
                asked.insert(*noun);
                if more > 0 {
                    gold.insert(Item::new(noun, format!("{shown} shown, {more} more")));
                }
            }
        }
        let file = read(&path)?;
        let found = file
            .gaps
            .iter()
            .filter(|gap| gap.kind == GapKind::Hidden && asked.contains(gap.what.as_str()))
            .map(|gap| {
                let [shown, more] = [gap.shown, gap.count]
                    .map(|count| count.map_or("?".to_owned(), |count| count.to_string()));
                Item::new(&gap.what, format!("{shown} shown, {more} more"))
            })
            .collect();
        board.score(&path, &gold, &found);
    }
    board.finish(Rows::ByType, scores);
    Ok(())
}

/// The page beside a gold file, whatever its layout.
fn page(gold: &Path, ending: &str) -> Option<PathBuf> {
    [".md", ".adoc", ".asciidoc", ".txt"]
        .iter()
        .map(|other| sibling(gold, ending, other))
        .find(|path| path.exists())
}

/// A host or address, with or without a port.
fn host(value: &str) -> Item {
    let port = value.rsplit_once(':').filter(|(_, port)| port.parse::<u16>().is_ok());
    let bare = port.map_or(value, |(bare, _)| bare);
    match bare.parse::<std::net::IpAddr>() {
        Ok(_) => normal_address(bare),
        Err(_) => normal(Kind::DomainName, bare),
    }
}

/// The rows of a gold of type and value.
pub(crate) fn typed(rows: &[Vec<String>]) -> BTreeSet<Item> {
    rows.iter()
        .filter_map(|row| {
            let value = row.get(1)?;
            Some(match row.first()?.as_str() {
                "ip" => normal_address(value),
                "domain" => normal(Kind::DomainName, value),
                // Some events call a bare host or address a `url`: it is what it is.
                "url" if !value.contains('/') => host(value),
                "url" => normal(Kind::Url, value),
                "md5" => normal(Kind::Md5, value),
                "sha1" => normal(Kind::Sha1, value),
                "sha256" => normal(Kind::Sha256, value),
                "email" => normal(Kind::EmailAddr, value),
                "cve" => normal(Kind::Vulnerability, value),
                _ => return None,
            })
        })
        .collect()
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
        let mut scores = Scores::default();
        run(folder.path(), &Options::default(), &mut scores).unwrap();
        assert_eq!(scores.rows[0].tally.unwrap(), crate::Tally { hits: 1, missed: 1, wrong: 1 });
        assert!((scores.rows[0].also["not seen"] - 1.0).abs() < 1e-9);
        assert!(scores.worst_as_text(1).contains("missed: ipv4-addr 198.51.100.9"));
    }

    #[test]
    fn a_url_without_scheme_and_path_is_a_host() {
        let rows = [["url", "reed.example:80"], ["url", "192.0.2.7"], ["url", "reed.example/a"]];
        let rows: Vec<Vec<String>> = rows.iter().map(|r| r.map(str::to_owned).to_vec()).collect();
        let gold = typed(&rows);
        assert!(gold.contains(&normal(Kind::DomainName, "reed.example")), "{gold:?}");
        assert!(gold.contains(&normal_address("192.0.2.7")), "{gold:?}");
        assert!(gold.contains(&normal(Kind::Url, "reed.example/a")), "{gold:?}");
    }

    #[test]
    fn an_event_without_network_values_says_nothing_of_the_page() {
        let folder = tempfile::tempdir().unwrap();
        let page = "= IoCs\n\n== C&C servers\n\n* `198.51.100.7`\n";
        std::fs::write(folder.path().join("a.adoc"), page).unwrap();
        std::fs::write(folder.path().join("a.misp.tsv"), "sha1\t0123\n").unwrap();
        let [hashes, network] = eset(folder.path()).unwrap();
        assert!(hashes.cases.is_empty() && network.cases.is_empty());
    }

    #[test]
    fn hidden_rows_are_compared_with_their_counts() {
        let folder = tempfile::tempdir().unwrap();
        let pages = folder.path().join("vuldb").join("pages");
        std::fs::create_dir_all(&pages).unwrap();
        let page = "# Example - Cyber Threat Intelligence\n\nSee https://vuldb.com/?kb.cti.\n\n## IOC - Indicator of Compromise\n\n\
            ID | IP address | Hostname | Confidence\n-- | ---------- | -------- | ----------\n\
            1 | 198.51.100.7 | - | High\n2 | ... | ... | ...\n\nThere are 15 more IOC items available.\n";
        std::fs::write(pages.join("a.md"), page).unwrap();
        std::fs::write(pages.join("a.gold.tsv"), "ip\thostname\n198.51.100.7\t-\n").unwrap();
        std::fs::write(pages.join("pages.tsv"), "file\tioc_shown\tioc_more\na\t1\t15\n").unwrap();
        let mut scores = Scores::default();
        run(folder.path(), &Options::default(), &mut scores).unwrap();
        let row = scores.rows.iter().find(|row| row.corpus == "vuldb gaps").unwrap();
        assert_eq!(row.tally.unwrap(), crate::Tally { hits: 1, missed: 0, wrong: 0 });
    }
}
