//! Measures extraction: megabytes a second of processor time, values alone and everything.
//!
//! `cargo run --release -p lapwing-extract --example speed -- [--markdown] [--repeat N] [--only] [--claims] [PATH …]`
//!
//! A path is a file or a folder, of which every readable document counts (`*.tsv` left out: the
//! answers of corpora). Each is measured twice: as its reader gives it, with declared rows marked,
//! and as bare text. Hostile inputs and a prose are made here, one megabyte of each. Time is that
//! of the thread on a processor, of the fastest run; reading the files is not in it. With `--only` the
//! paths alone are measured; with `--claims` all claims are printed instead, to compare two builds.
#![allow(clippy::print_stdout, clippy::unwrap_used, missing_docs)]

use std::path::{Path, PathBuf};

use cpu_time::ThreadTime;
use lapwing_extract::Extractor;
use lapwing_knowledge::Knowledge;
use lapwing_model::{Document, Format, Reading};
use lapwing_read::{Item, Options, read_path};

/// Inputs that break extractors: each a unit that is repeated to a megabyte.
const HOSTILE: &[(&str, &str)] = &[
    ("dots", "."),
    ("`a.a.a.`", "a.a.a."),
    ("hex digits", "deadbeef01"),
    ("open brackets", "["),
    ("`hxxp://`", "hxxp://"),
    ("`[.]`", "[.]"),
    ("`@`", "@"),
    ("`a@`", "a@"),
    ("backslashes", "\\"),
    ("zero-width spaces", "\u{200b}"),
    ("`1.1.1.1.`", "1.1.1.1."),
    ("`C:\\ a `", "C:\\ a "),
    ("`a[.]b `", "a[.]b "),
];

/// Prose of our own making: what hostile inputs are held against.
const PROSE: &str = "The operators sent a loader to several banks in Italy, and in January they \
moved to a new server. Once it runs, the implant calls home to c2[.]example[.]org over HTTPS and \
waits for further orders. We saw no sign that the files which it gathers were ever sold.\n";

fn main() {
    let mut paths: Vec<PathBuf> = Vec::new();
    let (mut markdown, mut repeat, mut only, mut claims) = (false, 5, false, false);
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--markdown" => markdown = true,
            "--only" => only = true,
            "--claims" => claims = true,
            "--repeat" => repeat = arguments.next().unwrap().parse().unwrap(),
            _ => paths.push(argument.into()),
        }
    }
    let extractor = Extractor::new(Knowledge::builtin());
    if claims {
        for reading in paths.iter().flat_map(|path| readings(path)) {
            println!("{}", reading.document.name);
            for claim in extractor.extract(&reading) {
                println!("{claim:?}");
            }
        }
        return;
    }
    warm(&extractor);
    if markdown {
        println!("| input | MB | values alone, MB/s | everything, MB/s | values | claims |");
        println!("| --- | --: | --: | --: | --: | --: |");
    }
    let row = |name: &str, readings: &[Reading]| {
        let size: usize = readings.iter().map(|r| r.document.text.len()).sum();
        let size = size as f64 / 1e6;
        let (values, fast) = timed(repeat, readings, |r| extractor.values(r).len());
        let (claims, whole) = timed(repeat.div_ceil(2), readings, |r| extractor.extract(r).len());
        let (fast, whole) = (size / fast, size / whole);
        if markdown {
            println!("| {name} | {size:.1} | {fast:.0} | {whole:.0} | {values} | {claims} |");
        } else {
            println!(
                "{name:32} {size:6.1} MB  values {fast:7.1} MB/s ({values})  all {whole:7.1} MB/s ({claims})"
            );
        }
    };
    for path in &paths {
        let readings = readings(path);
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        row(&format!("{name}, as read"), &readings);
        let bare: Vec<Reading> =
            readings.iter().map(|r| bare(r.document.text.clone(), r.document.format)).collect();
        row(&format!("{name}, as bare text"), &bare);
    }
    if only {
        return;
    }
    row("prose", &[bare(PROSE.repeat(1_000_000 / PROSE.len()), Format::Text)]);
    for (name, unit) in HOSTILE {
        row(name, &[bare(unit.repeat(1_000_000 / unit.len()), Format::Text)]);
    }
}

/// Tables of the knowledge are unpacked when they are first asked.
fn warm(extractor: &Extractor<'_>) {
    let text = "evil[.]example http://www.example.com 8.8.8.8 2001:db8::1 a@example.com x.exe \
        T1059 da39a3ee5e6b4b0d3255bfef95601890afd80709 d41d8cd98f00b204e9800998ecf8427e";
    assert!(!extractor.extract(&bare(text.to_owned(), Format::Text)).is_empty());
}

fn bare(text: String, format: Format) -> Reading {
    Reading::new(Document::new(b"", "input", format, text), Vec::new())
}

fn readings(path: &Path) -> Vec<Reading> {
    let mut files: Vec<PathBuf> = if path.is_dir() {
        std::fs::read_dir(path).unwrap().map(|e| e.unwrap().path()).collect()
    } else {
        vec![path.to_owned()]
    };
    files.retain(|file| file.is_file() && file.extension().is_none_or(|e| e != "tsv"));
    files.sort();
    let mut all = Vec::new();
    for file in files {
        read_path(&file, &Options::default(), &mut |item| {
            if let Item::Reading(reading) = item {
                all.push(*reading);
            }
        });
    }
    all
}

/// What `work` counts in all, and the seconds that the fastest of `repeat` runs took.
fn timed(repeat: usize, readings: &[Reading], work: impl Fn(&Reading) -> usize) -> (usize, f64) {
    let mut best = f64::INFINITY;
    let mut count = 0;
    for _ in 0..repeat {
        let start = ThreadTime::now();
        count = readings.iter().map(&work).sum();
        best = best.min(start.elapsed().as_secs_f64());
    }
    (count, best)
}
