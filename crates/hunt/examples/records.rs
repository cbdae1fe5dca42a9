//! Prints what the readers make of logs, a record a line as JSON, for work on readers:
//! `records [--year YEAR] [--time-zone ZONE] PATH...`
#![allow(clippy::print_stdout, clippy::print_stderr, missing_docs)]

use std::path::PathBuf;

use lapwing_hunt::{LogRecord, Options, records};
use lapwing_model::Place;

fn main() {
    let mut options = Options { file_times: false, ..Options::default() };
    let mut paths: Vec<PathBuf> = Vec::new();
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--year" => options.year = arguments.next().and_then(|year| year.parse().ok()),
            "--time-zone" => {
                let zone = arguments.next().unwrap_or_default();
                options.time_zone = jiff::tz::TimeZone::get(&zone).ok();
            }
            path => paths.push(path.into()),
        }
    }
    let mut tell = |record: LogRecord| {
        let place = match record.place {
            Some(Place::Line(number) | Place::Record(number)) => Some(number),
            None => None,
        };
        let fields: Vec<[&str; 2]> =
            record.fields.iter().map(|(name, value)| [name.as_str(), value.as_str()]).collect();
        let time = record.time.map(|time| time.to_string());
        let shown = serde_json::json!({
            "log": record.log, "time": time, "place": place, "fields": fields,
        });
        println!("{shown}");
    };
    let (coverage, problems) = records(&paths, &options, &mut tell);
    for it in coverage {
        eprintln!("{}: {} records {}", it.source, it.records, it.assumed.unwrap_or_default());
    }
    for problem in problems {
        eprintln!("problem: {problem}");
    }
}
