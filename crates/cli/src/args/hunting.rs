//! How to hunt, and what hunting needs.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use jiff::civil::Date;

use super::Reading;

/// How to hunt.
#[derive(Clone, Debug, Args)]
pub struct Hunting {
    /// Leave out what happened before this time (RFC 3339 or a date, UTC)
    #[arg(long, value_name = "TIME", value_parser = parse_time)]
    pub since: Option<jiff::Timestamp>,
    /// Leave out what happened after this time
    #[arg(long, value_name = "TIME", value_parser = parse_until)]
    pub until: Option<jiff::Timestamp>,
    /// A folder of further campaign checks; one with the id of a built-in check replaces it
    #[arg(long, value_name = "DIR")]
    pub checks: Option<PathBuf>,
    /// A folder (or file) of Sigma rules to run over every record; may be given several times
    #[arg(long, value_name = "DIR")]
    pub rules: Vec<PathBuf>,
    /// Leave out Sigma rules below this level: informational, low, medium, high, critical
    #[arg(long, value_name = "LEVEL", default_value = "informational", value_parser = parse_level)]
    pub level: lapwing_model::Severity,
    /// A YAML file with the values of the rules' placeholders: `name: [value, …]`
    #[arg(long, value_name = "FILE", requires = "rules")]
    pub placeholders: Option<PathBuf>,
    /// The zone of times in logs that state none: +01:00, Europe/Berlin [default: UTC]
    #[arg(long, value_name = "ZONE", value_parser = crate::zone::parse, allow_hyphen_values = true)]
    pub time_zone: Option<jiff::tz::TimeZone>,
    /// The year of times in logs that state none, as syslog [default: by the file's name or its time]
    #[arg(long, value_name = "YEAR", value_parser = clap::value_parser!(i16).range(1970..=2200))]
    pub year: Option<i16>,
    /// Go on with what is appended to the logs, and print findings as they come, until Ctrl-C
    #[arg(long)]
    pub follow: bool,
    /// Follow for so many seconds
    #[arg(long, value_name = "SECONDS", requires = "follow")]
    pub follow_for: Option<u64>,
    /// A folder (or file) of YARA rules to run over every file; may be given several times
    #[arg(long, value_name = "DIR")]
    pub yara: Vec<PathBuf>,
    /// Known-good files to compare web roots with: what `lapwing baseline` or `sha256sum` wrote, or any list
    /// of MD5, SHA-1 or SHA-256 values; may be given several times
    #[arg(long, value_name = "FILE")]
    pub baseline: Vec<PathBuf>,
    /// Largest file that is hashed, compared and run through YARA, in MB [default: 64]
    #[arg(long, value_name = "MB", value_parser = clap::value_parser!(u64).range(1..=65_536))]
    pub max_file_size: Option<u64>,
    /// Number of threads [default: one a core]
    #[arg(long, value_name = "N")]
    pub jobs: Option<usize>,
    /// At most so many findings of one rule or value are shown; the rest is counted
    #[arg(long, value_name = "N", default_value_t = 100, value_parser = clap::builder::RangedU64ValueParser::<usize>::new().range(1..))]
    pub max_findings_per_rule: usize,
    /// At most so many findings are kept in all, the most telling ones; the rest is counted
    #[arg(long, value_name = "N", default_value_t = 50_000, value_parser = clap::builder::RangedU64ValueParser::<usize>::new().range(1..))]
    pub max_findings: usize,
    /// Look again and again for what was found by behaviour, until nothing new appears, and keep what was
    /// learnt in the store (`lapwing undo` takes it back)
    #[arg(long)]
    pub learn: bool,
    /// Rank what is rare in the logs even when nothing else was found; reads them a second time
    #[arg(long)]
    pub rarity: bool,
    /// Do not read the logs again for what else is known of those who were found
    #[arg(long, conflicts_with_all = ["learn", "rarity"])]
    pub quick: bool,
    /// Do not use the times of files on disk: copies and checkouts have others
    #[arg(long)]
    pub no_file_times: bool,
    /// Print every finding, not only the most telling
    #[arg(long)]
    pub all: bool,
    /// The form of the answer [default: text, or what the name of -o tells]
    #[arg(long = "as", value_name = "FORM")]
    pub form: Option<HuntAs>,
    /// Write to this file instead of standard output; may be given several times, each with a name that
    /// tells its form: report.html, report.md, timeline.csv, findings.jsonl, case.stix.json, case.ecs.json
    #[arg(long, short, value_name = "FILE")]
    pub output: Vec<PathBuf>,
}

/// The forms of a hunt's answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum HuntAs {
    /// For the terminal
    Text,
    /// JSON Lines: a finding a line, the verdict last
    Json,
    /// A timeline with the columns of Timesketch
    Csv,
    /// A report in Markdown
    Md,
    /// A report as one self-contained page
    Html,
    /// A STIX 2.1 bundle of sightings and observed data
    Stix,
    /// JSON Lines in the Elastic Common Schema
    Ecs,
}

impl HuntAs {
    /// The form that the name of a file tells.
    pub fn of_name(path: &std::path::Path) -> Option<Self> {
        let name = path.file_name()?.to_str()?.to_ascii_lowercase();
        let ends = |list: &[&str]| list.iter().any(|end| name.ends_with(end));
        Some(match () {
            () if ends(&[".stix.json", ".stix"]) => Self::Stix,
            () if ends(&[".ecs.json", ".ecs.jsonl", ".ecs.ndjson", ".ecs"]) => Self::Ecs,
            () if ends(&[".json", ".jsonl", ".ndjson"]) => Self::Json,
            () if ends(&[".csv"]) => Self::Csv,
            () if ends(&[".md", ".markdown"]) => Self::Md,
            () if ends(&[".html", ".htm"]) => Self::Html,
            () if ends(&[".txt", ".text"]) => Self::Text,
            () => return None,
        })
    }
}

fn parse_level(word: &str) -> Result<lapwing_model::Severity, String> {
    use lapwing_model::Severity;
    [Severity::Informational, Severity::Low, Severity::Medium, Severity::High, Severity::Critical]
        .into_iter()
        .find(|level| level.to_string() == word.to_ascii_lowercase())
        .ok_or_else(|| "one of: informational, low, medium, high, critical".to_owned())
}

pub(super) fn parse_time(text: &str) -> Result<jiff::Timestamp, String> {
    let midnight = || {
        let date: Date = text.parse().ok()?;
        Some(date.to_zoned(jiff::tz::TimeZone::UTC).ok()?.timestamp())
    };
    text.parse()
        .ok()
        .or_else(midnight)
        .ok_or_else(|| "write 2021-03-01 or 2021-03-01T12:00:00Z".to_owned())
}

/// A day is meant to its end.
fn parse_until(text: &str) -> Result<jiff::Timestamp, String> {
    let end = || {
        let date: Date = text.parse().ok().filter(|_| text.len() == "2021-03-01".len())?;
        Some(date.at(23, 59, 59, 999_999_999).to_zoned(jiff::tz::TimeZone::UTC).ok()?.timestamp())
    };
    end().map_or_else(|| parse_time(text), Ok)
}

#[derive(Debug, Args)]
pub struct Baseline {
    /// The folder of a clean server, as `C:\inetpub\wwwroot`
    #[arg(value_name = "PATH")]
    pub path: PathBuf,
    /// The file to write; `lapwing hunt --baseline` takes it
    #[arg(short, long, value_name = "FILE")]
    pub output: PathBuf,
}

#[derive(Debug, Args)]
pub struct Compile {
    /// Compile the indicators of these files (any report or list) instead of the store's
    #[arg(long, value_name = "FILE")]
    pub indicators: Vec<PathBuf>,
    /// The file to write; `lapwing hunt --indicators` takes it
    #[arg(short, long, value_name = "FILE")]
    pub output: PathBuf,
}

#[derive(Debug, Args)]
pub struct Hunt {
    /// Files, folders and archives to look through
    #[arg(required = true, value_name = "PATH")]
    pub paths: Vec<PathBuf>,
    /// Hunt with the indicators of this file (any report or list, or what `lapwing compile` wrote) instead
    /// of the store's
    #[arg(long, value_name = "FILE")]
    pub indicators: Vec<PathBuf>,
    #[command(flatten)]
    pub hunting: Hunting,
}

#[derive(Debug, Args)]
pub struct Investigate {
    /// Reports: files, folders, archives, addresses
    #[arg(required = true, value_name = "REPORT")]
    pub reports: Vec<String>,
    /// Files, folders and archives to look through
    #[arg(long, required = true, num_args = 1.., value_name = "PATH")]
    pub hunt: Vec<PathBuf>,
    /// The name to show a page of [default: what most reports are about]
    #[arg(long, value_name = "NAME")]
    pub about: Option<String>,
    #[command(flatten)]
    pub reading: Reading,
    #[command(flatten)]
    pub hunting: Hunting,
}
