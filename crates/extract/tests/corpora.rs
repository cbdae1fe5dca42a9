//! Scores on labelled corpora and throughput; run by hand with the folder named in the environment:
//! `LAPWING_CORPUS=… cargo test --release -p lapwing-extract --test corpora -- --ignored --nocapture talos`.

#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "run by hand, prints its scores")]

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::time::Instant;

use lapwing_extract::Extractor;
use lapwing_knowledge::Knowledge;
use lapwing_model::{Claim, Document, Format, Kind, Reading, Role};

type Values = BTreeSet<(String, String)>;

fn corpus() -> PathBuf {
    std::env::var_os("LAPWING_CORPUS").map(PathBuf::from).expect("LAPWING_CORPUS names the folder")
}

fn reading(path: &Path) -> Reading {
    let bytes = std::fs::read(path).unwrap();
    let text = String::from_utf8_lossy(&bytes).into_owned();
    let mut document = Document::new(&bytes, path.to_string_lossy(), Format::Text, text);
    document.published = std::env::var("LAPWING_PUBLISHED").ok().and_then(|d| d.parse().ok());
    Reading::new(document, Vec::new())
}

fn short(kind: Kind) -> Option<&'static str> {
    Some(match kind {
        Kind::Ipv4Addr | Kind::Ipv6Addr => "ip",
        Kind::DomainName => "domain",
        Kind::Url => "url",
        Kind::Md5 => "md5",
        Kind::Sha1 => "sha1",
        Kind::Sha256 => "sha256",
        Kind::EmailAddr => "email",
        _ => return None,
    })
}

fn told(claims: &[Claim]) -> Values {
    let mut values = Values::new();
    for claim in claims.iter().filter(|c| c.role() == Some(Role::Indicator)) {
        if let Some(kind) = short(claim.subject.kind) {
            values.insert((kind.to_owned(), claim.subject.value.clone()));
        }
    }
    values
}

fn table(path: &Path) -> Values {
    let text = std::fs::read_to_string(path).unwrap_or_default();
    text.lines()
        .filter_map(|l| l.split_once('\t'))
        .map(|(k, v)| (k.to_owned(), v.to_owned()))
        .collect()
}

#[derive(Default)]
struct Score {
    right: usize,
    wrong: usize,
    missed: usize,
}

fn report(scores: &BTreeMap<String, Score>) {
    let mut total = Score::default();
    for (kind, s) in scores {
        line(kind, s);
        total.right += s.right;
        total.wrong += s.wrong;
        total.missed += s.missed;
    }
    line("all", &total);
}

fn line(kind: &str, s: &Score) {
    let p = s.right as f64 / (s.right + s.wrong).max(1) as f64;
    let r = s.right as f64 / (s.right + s.missed).max(1) as f64;
    let f1 = 2.0 * p * r / (p + r).max(1e-9);
    println!(
        "{kind:8} P {p:.3} R {r:.3} F1 {f1:.3}  ({} right, {} wrong, {} missed)",
        s.right, s.wrong, s.missed
    );
}

fn compare(name: &str, gold: &Values, got: &Values, scores: &mut BTreeMap<String, Score>) {
    for (kind, value) in gold.union(got) {
        let score = scores.entry(kind.clone()).or_default();
        let key = (kind.clone(), value.clone());
        match (gold.contains(&key), got.contains(&key)) {
            (true, true) => score.right += 1,
            (true, false) => {
                score.missed += 1;
                println!("- {name} {kind} {value}");
            }
            _ => {
                score.wrong += 1;
                println!("+ {name} {kind} {value}");
            }
        }
    }
}

fn files(folder: &Path, ending: &str) -> Vec<PathBuf> {
    let mut all: Vec<PathBuf> =
        std::fs::read_dir(folder).unwrap().filter_map(|e| Some(e.ok()?.path())).collect();
    all.retain(|p| p.to_string_lossy().ends_with(ending));
    all.sort();
    all
}

#[test]
#[ignore = "needs a corpus"]
fn talos() {
    let extractor = Extractor::new(Knowledge::builtin());
    let mut scores = BTreeMap::new();
    for path in files(&corpus(), ".txt") {
        let gold: Values = table(&path.with_extension("gold.tsv"));
        if gold.is_empty() {
            continue;
        }
        let got = told(&extractor.extract(&reading(&path)));
        compare(&path.file_stem().unwrap().to_string_lossy(), &gold, &got, &mut scores);
    }
    report(&scores);
}

#[test]
#[ignore = "needs a corpus"]
fn eset() {
    let extractor = Extractor::new(Knowledge::builtin());
    let mut network = BTreeMap::new();
    let mut hashes = BTreeMap::new();
    for path in files(&corpus(), ".adoc") {
        let reading = reading(&path);
        let plain = lapwing_extract::refang(&reading.document.text).to_lowercase();
        let name = path.file_stem().unwrap().to_string_lossy().into_owned();
        let claims = extractor.extract(&reading);
        let got = told(&claims);
        let is_hash = |kind: &str| matches!(kind, "md5" | "sha1" | "sha256");
        let in_text = |values: Values| -> Values {
            values.into_iter().filter(|(_, v)| plain.contains(&v.to_lowercase())).collect()
        };
        let misp = path.with_extension("misp.tsv");
        if misp.exists() {
            let gold: Values = in_text(table(&misp))
                .into_iter()
                .filter(|(k, _)| matches!(k.as_str(), "ip" | "domain" | "url" | "hostname"))
                .map(|(k, v)| (if k == "hostname" { "domain".into() } else { k }, v))
                .collect();
            let got = got
                .iter()
                .filter(|(k, _)| matches!(k.as_str(), "ip" | "domain" | "url"))
                .cloned()
                .collect();
            compare(&name, &gold, &got, &mut network);
        }
        let file = path.with_extension("hashes.tsv");
        if file.exists() {
            let gold: Values = in_text(table(&file))
                .into_iter()
                .filter(|(k, _)| is_hash(k))
                .map(|(k, v)| (k, v.to_lowercase()))
                .collect();
            let got = got.iter().filter(|(k, _)| is_hash(k)).cloned().collect();
            compare(&name, &gold, &got, &mut hashes);
        }
    }
    report(&network);
    report(&hashes);
}

#[test]
#[ignore = "needs a corpus"]
fn show() {
    let extractor = Extractor::new(Knowledge::builtin());
    let reading = reading(&corpus());
    for c in extractor.extract(&reading) {
        println!(
            "{:5}-{:5} {} | {} | {} | {} {}% by {:?} stated {:?} | {} | {}",
            c.span.start,
            c.span.end,
            c.subject,
            c.relation,
            c.object,
            c.polarity,
            c.precision.as_percent(),
            c.said_by.as_deref().unwrap_or(""),
            c.stated_word.as_deref().unwrap_or(""),
            c.why.as_deref().unwrap_or(""),
            c.context.as_deref().unwrap_or(""),
        );
    }
}

#[test]
#[ignore = "measures time: run it in release"]
fn throughput() {
    let extractor = Extractor::new(Knowledge::builtin());
    let mut inputs: Vec<(String, String)> = Vec::new();
    if let Some(folder) = std::env::var_os("LAPWING_CORPUS") {
        let mut text = String::new();
        for entry in std::fs::read_dir(folder).unwrap().filter_map(Result::ok) {
            if entry.path().is_file() {
                text.push_str(&String::from_utf8_lossy(&std::fs::read(entry.path()).unwrap()));
            }
        }
        inputs.push(("corpus".into(), text));
    }
    for (name, unit) in [
        ("dots", "."),
        ("a.a.", "a.a."),
        ("hex", "deadbeef01"),
        ("brackets", "["),
        ("hxxp", "hxxp://"),
        ("prose", "The group used a loader in January against banks in Italy. "),
    ] {
        inputs.push((name.into(), unit.repeat(1_000_000 / unit.len())));
    }
    // Tables of the knowledge are unpacked when they are first asked.
    let warm = "evil[.]example http://www.example.com 8.8.8.8 2001:db8::1 a@example.com x.exe da39a3ee5e6b4b0d3255bfef95601890afd80709 d41d8cd98f00b204e9800998ecf8427e";
    let _ = extractor
        .extract(&Reading::new(Document::new(b"", "x", Format::Text, warm.into()), Vec::new()));
    for (name, text) in inputs {
        let size = text.len() as f64 / 1e6;
        let reading = Reading::new(Document::new(b"", "x", Format::Text, text), Vec::new());
        let start = Instant::now();
        let values = extractor.values(&reading).len();
        let fast = start.elapsed().as_secs_f64();
        let start = Instant::now();
        let claims = extractor.extract(&reading).len();
        let whole = start.elapsed().as_secs_f64();
        println!(
            "{name:9} {size:6.1} MB: values {:7.1} MB/s ({values}), all {:7.1} MB/s ({claims})",
            size / fast,
            size / whole
        );
    }
}
