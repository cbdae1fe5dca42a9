//! Trains the sequence model of names: `train-entities DIR OUT [--folds N] [--epochs N] …`.
//!
//! `DIR` is the folder of AnnoCTR; only its part `train` is learnt from. `OUT` gets the weights, as
//! `crates/extract/data/entities.weights` has them. With `--folds N` nothing is written: each N-th of
//! the reports is tagged by a model of the others, which is how the settings were chosen. The same
//! files and settings give the same bytes.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a command prints")]

mod crf;
mod judgement;
mod renamed;

use std::path::Path;
use std::process::ExitCode;

use lapwing_evaluate::entities::annoctr::Annotated;
use lapwing_evaluate::entities::{SpanTally, annoctr};
use lapwing_extract::Extractor;
use lapwing_extract::tagger::{Sequence, Weights, label};
use lapwing_knowledge::Knowledge;

use crf::{Example, Random, Settings};
use judgement::Row;
use renamed::Names;

fn main() -> ExitCode {
    match run(&std::env::args().skip(1).collect::<Vec<_>>()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("train-entities: {error}");
            ExitCode::from(2)
        }
    }
}

fn run(args: &[String]) -> Result<(), Box<dyn std::error::Error>> {
    let (Some(folder), Some(out)) = (args.first(), args.get(1)) else {
        return Err("usage: train-entities DIR OUT [--folds N] [--epochs N] [--rate X] [--l1 X] [--l2 X] [--prune X] [--outside X] [--least N] [--drop X] [--models N] [--copies N] [--copied X]".into());
    };
    let value = |name: &str| args.iter().position(|a| a == name).and_then(|i| args.get(i + 1));
    let number = |name: &str, or: f32| value(name).map_or(Ok(or), |v| v.parse::<f32>());
    let standard = Settings::default();
    let settings = Settings {
        epochs: number("--epochs", standard.epochs as f32)? as usize,
        rate: number("--rate", standard.rate)?,
        l1: number("--l1", standard.l1)?,
        l2: number("--l2", standard.l2)?,
        prune: number("--prune", standard.prune)?,
        outside: number("--outside", standard.outside)?,
        least: number("--least", standard.least as f32)? as u32,
        drop: number("--drop", standard.drop)?,
        models: number("--models", standard.models as f32)? as usize,
        copies: number("--copies", standard.copies as f32)? as usize,
        copied: number("--copied", standard.copied)?,
    };
    let folds = number("--folds", 0.0)? as usize;
    let folder = Path::new(folder);
    let extractor = Extractor::new(Knowledge::builtin());
    let reports = annoctr::read(folder, "train")?;
    if folds > 1 {
        let mut board = SpanTally::default();
        for fold in 0..folds {
            let taught = reports.iter().enumerate().filter(|(i, _)| i % folds != fold);
            let taught: Vec<&Annotated> = taught.map(|(_, r)| r).collect();
            let judge = judgement(&extractor, &taught, &settings)?;
            let learnt = lessons(&extractor, &taught, &settings);
            let weights = Weights::from_bytes(&crf::train(&learnt, &settings, &judge))?;
            for report in reports.iter().skip(fold).step_by(folds) {
                board.add(&report.gold, &extractor.tagged(&report.text, Some(&weights)));
            }
            println!("fold {fold}: {}", board.line());
        }
        print!("{}", board.table());
        return Ok(());
    }
    let taught: Vec<&Annotated> = reports.iter().collect();
    let judge = judgement(&extractor, &taught, &settings)?;
    let learnt = lessons(&extractor, &taught, &settings);
    let bytes = crf::train(&learnt, &settings, &judge);
    let weights = Weights::from_bytes(&bytes)?;
    println!("{} features, {} bytes", weights.len(), bytes.len());
    std::fs::write(out, bytes)?;
    let mut board = SpanTally::default();
    for report in annoctr::read(folder, "dev")? {
        board.add(&report.gold, &extractor.tagged(&report.text, Some(&weights)));
    }
    print!("{}", board.table());
    Ok(())
}

/// The judgement over a document is fitted on what models say of reports that they have not seen: so many parts.
const UNSEEN: usize = 5;

fn judgement(
    extractor: &Extractor<'_>,
    reports: &[&Annotated],
    settings: &Settings,
) -> Result<Vec<f32>, Box<dyn std::error::Error>> {
    let settings = Settings { models: 1, ..*settings };
    let mut rows = Vec::new();
    for part in 0..UNSEEN {
        let taught = reports.iter().enumerate().filter(|(i, _)| i % UNSEEN != part);
        let learnt = lessons(extractor, &taught.map(|(_, r)| *r).collect::<Vec<_>>(), &settings);
        let weights = Weights::from_bytes(&crf::train(&learnt, &settings, &[]))?;
        for report in reports.iter().skip(part).step_by(UNSEEN) {
            rows.extend(extractor.judged(&report.text, &weights).into_iter().map(|run| Row {
                is: report.gold.contains(&(run.span, run.tag)),
                numbers: run.numbers,
            }));
        }
    }
    Ok(judgement::fit(&rows))
}

/// All sentences of the reports, and those with a name of their copies with other names.
fn lessons(extractor: &Extractor<'_>, reports: &[&Annotated], settings: &Settings) -> Vec<Example> {
    let of = |report: &Annotated, weight| {
        examples(extractor.sequences(&report.text), &report.gold, weight)
    };
    let mut all: Vec<Example> = reports.iter().flat_map(|report| of(report, 1.0)).collect();
    let names = Names::of(reports);
    let mut random = Random(77);
    for report in (0..settings.copies).flat_map(|_| reports) {
        let copied = of(&names.renamed(report, &mut random), settings.copied);
        all.extend(copied.into_iter().filter(|e| e.labels.iter().any(|label| *label > 0)));
    }
    all
}

/// The words of each sentence with the labels that people gave them.
fn examples(
    sequences: Vec<Sequence>,
    gold: &[(lapwing_model::Span, lapwing_extract::tagger::Tag)],
    weight: f32,
) -> Vec<Example> {
    sequences
        .into_iter()
        .map(|sequence| {
            let mut labels = Vec::with_capacity(sequence.len());
            let mut last = None;
            for span in sequence.spans() {
                let at = gold.partition_point(|(g, _)| g.end <= span.start);
                let found = gold.get(at).filter(|(g, _)| g.start < span.end);
                labels.push(found.map_or(0, |(_, tag)| label(*tag, last == Some(at))));
                last = found.map(|_| at);
            }
            Example { sequence, labels, weight }
        })
        .collect()
}
