use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use jiff::civil::Date;
use lapwing_engine::ListKind;
use lapwing_engine::publish::export::ExportFormat;
use lapwing_model::{Format, Kind, Marking, PartialDate, Status};

/// Reads every threat report, keeps who says what, and hunts: were we hit, and what now?
#[derive(Debug, Parser)]
#[command(name = "lapwing", version, max_term_width = 100, propagate_version = true)]
pub struct Arguments {
    #[command(flatten)]
    pub global: Global,
    #[command(subcommand)]
    pub command: Command,
}

/// What every command understands.
#[derive(Clone, Debug, Args)]
pub struct Global {
    /// The store to use [default: the platform's data folder]
    #[arg(long, global = true, value_name = "PATH", env = "LAPWING_STORE", hide_env_values = true)]
    pub store: Option<PathBuf>,
    /// Print JSON Lines on standard output, one object a line
    #[arg(long, global = true)]
    pub json: bool,
    /// No progress and no summary on standard error
    #[arg(long, short, global = true)]
    pub quiet: bool,
    /// Look at everything as on this day (decay, ages); for scripts that must repeat
    #[arg(long, global = true, value_name = "DATE", env = "LAPWING_TODAY", hide = true)]
    pub today: Option<Date>,
    /// By which law indicators age
    #[arg(long, global = true, value_name = "LAW", default_value = "fitted")]
    pub decay: Decay,
}

#[derive(Debug, Subcommand)]
pub enum Command {
    /// The whole job in one go: read reports, hunt with them, print page and verdict
    Investigate(Investigate),
    /// Read, extract, store and fuse reports
    Add(Add),
    /// Say what one document states, without a store
    Extract(Extract),
    /// List campaigns, actors, indicators, techniques, documents, gaps …
    List(List),
    /// One page on a campaign, actor, indicator, technique …
    Show(Show),
    /// Why it is believed: origins, claims, spans, arithmetic
    Explain(Explain),
    /// From whom a document has what it says: derivations, with the shared passages
    Origins(Origins),
    /// What comes next, with the back-test of each statement
    Forecast(Forecasting),
    /// Names that may mean the same: proposals with evidence, decisions, the way back
    Names(Names),
    /// Search the text of all documents, and the names
    Search(Search),
    /// Look for it in logs, event logs and files; ends with a verdict
    Hunt(Hunt),
    /// List the files of a clean server, to compare others with: `hunt --baseline`
    Baseline(Baseline),
    /// Compile indicators once for many hunts: the file loads in an instant
    Compile(Compile),
    /// Write what is known in a form for others: STIX, MISP, rules, lists, pages
    Export(Export),
    /// Collect from feeds, servers, channels and folders on a schedule
    Feeds(Feeds),
    /// What is rising, new and announced in the posts of channels
    Activity(Activity),
    /// Every change of the store
    History,
    /// Take a change back
    Undo(Undo),
    /// Copy the store to a file, while others may write to it
    Backup(Backup),
    /// Put a backup in the store's place
    Restore(Restore),
    /// Look for damage in the store, and whether its facts are what its claims give
    Check(Check),
    /// What reference data is built in or loaded; load fresher files
    Knowledge(Knowledge),
    /// The campaign checks that a hunt runs
    Checks(Checks),
    /// Serve the store: web pages, REST, MCP
    Serve(Serve),
    /// Who may use the server
    Users(Users),
    /// Keys for machines that use the server
    Keys(Keys),
    /// Who did, saw and exported what on the server
    Audit(Audit),
    /// The store as tools for assistants (MCP), on standard input and output
    Mcp(Mcp),
    /// Score Lapwing on a labelled corpus
    Evaluate(Evaluate),
}

/// How to read reports.
#[derive(Clone, Debug, Args)]
pub struct Reading {
    /// Who published it, where the document does not say
    #[arg(long, value_name = "NAME")]
    pub source: Option<String>,
    /// When it was published: YYYY, YYYY-MM or YYYY-MM-DD
    #[arg(long, value_name = "DATE")]
    pub published: Option<PartialDate>,
    /// Its marking: clear, green, amber, amber+strict, red
    #[arg(long, value_name = "MARKING")]
    pub tlp: Option<Marking>,
    /// Read it as this format instead of deciding by content
    #[arg(long, value_name = "FORMAT", value_parser = parse_format)]
    pub format: Option<Format>,
    /// Names of a table's columns, separated by commas (`ip,first_seen,comment`)
    #[arg(long, value_name = "NAMES", value_delimiter = ',')]
    pub columns: Option<Vec<String>>,
}

fn parse_format(word: &str) -> Result<Format, String> {
    Format::ALL.iter().find(|format| format.as_str() == word).copied().ok_or_else(|| {
        let words: Vec<_> = Format::ALL.iter().map(|format| format.as_str()).collect();
        format!("one of: {}", words.join(", "))
    })
}

#[derive(Debug, Args)]
pub struct Add {
    /// Files, folders, archives, addresses (http, https), or - for standard input
    #[arg(required = true, value_name = "PATH|URL|-")]
    pub inputs: Vec<String>,
    #[command(flatten)]
    pub reading: Reading,
}

#[derive(Debug, Args)]
pub struct Extract {
    /// A file, folder or archive, or - for standard input
    #[arg(required = true, value_name = "PATH|-")]
    pub inputs: Vec<String>,
    #[command(flatten)]
    pub reading: Reading,
    /// Print the other claims too (relations, dates, denials) and the gaps
    #[arg(long)]
    pub claims: bool,
}

#[derive(Debug, Args)]
pub struct List {
    /// What to list
    #[arg(value_name = "KIND", value_parser = |word: &str| word.parse::<ListKind>())]
    pub kind: ListKind,
    /// Show what was known by the end of this day
    #[arg(long, value_name = "DATE")]
    pub as_of: Option<Date>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum PageFormat {
    /// For the terminal
    Text,
    /// Markdown
    Md,
    /// One self-contained page of HTML
    Html,
    /// One JSON object
    Json,
}

#[derive(Debug, Args)]
pub struct Show {
    /// A name, an alias or a value, defanged or not
    #[arg(required = true, value_name = "NAME|VALUE")]
    pub name: Vec<String>,
    /// The form of the page
    #[arg(long = "as", value_name = "FORM", default_value = "text")]
    pub form: PageFormat,
    /// Show what was known by the end of this day
    #[arg(long, value_name = "DATE")]
    pub as_of: Option<Date>,
    /// Write to this file instead of standard output
    #[arg(long, short, value_name = "FILE")]
    pub output: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub struct Explain {
    /// A name, an alias or a value, defanged or not
    #[arg(required = true, value_name = "NAME|VALUE")]
    pub name: Vec<String>,
}

#[derive(Debug, Args)]
pub struct Names {
    #[command(subcommand)]
    pub action: Option<NamesAction>,
}

#[derive(Debug, Subcommand)]
pub enum NamesAction {
    /// Proposals with their evidence, and what was decided
    List,
    /// Decide that NAME means what MEANS does
    Merge {
        /// The name that goes
        name: String,
        /// The name that stays
        means: String,
        /// Why: kept with the decision
        #[arg(long, value_name = "TEXT", default_value = "", hide_default_value = true)]
        because: String,
    },
    /// Decide that NAME stands alone, whatever else says that it is an alias
    Split {
        /// The name
        name: String,
        /// Why: kept with the decision
        #[arg(long, value_name = "TEXT", default_value = "", hide_default_value = true)]
        because: String,
    },
    /// Every decision on names; `lapwing undo` takes one back
    History,
}

#[derive(Debug, Args)]
pub struct Origins {
    /// A document: the first digits of its identifier, its name, title or address
    #[arg(required = true, value_name = "DOCUMENT")]
    pub document: Vec<String>,
    /// Show so many passages of each derivation
    #[arg(long, value_name = "N", default_value_t = 5)]
    pub passages: usize,
}

/// By which law indicators age.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Decay {
    /// Fitted on histories where there are any, a rule by kind elsewhere
    Fitted,
    /// MISP's formula with the parameters of its NIDS model (120 days)
    Misp,
    /// MISP's formula with the parameters of its phishing model (3 days)
    MispPhishing,
}

impl From<Decay> for lapwing_engine::forecasting::DecayModel {
    fn from(law: Decay) -> Self {
        use lapwing_engine::forecasting::MispDecay;
        match law {
            Decay::Fitted => Self::Fitted,
            Decay::Misp => Self::Misp(MispDecay::NIDS),
            Decay::MispPhishing => Self::Misp(MispDecay::PHISHING),
        }
    }
}

#[derive(Debug, Args)]
pub struct Forecasting {
    /// A campaign, actor, malware …: a name or an alias
    #[arg(required = true, value_name = "NAME")]
    pub name: Vec<String>,
    /// Use only what was known by the end of this day, and look ahead from it
    #[arg(long, value_name = "DATE")]
    pub as_of: Option<Date>,
    /// List every indicator, not only those with most life left
    #[arg(long)]
    pub all: bool,
}

#[derive(Debug, Args)]
pub struct Search {
    /// Words that must stand in the text
    #[arg(required = true, value_name = "WORDS")]
    pub words: Vec<String>,
    /// At most so many hits
    #[arg(long, default_value_t = 20, value_name = "N")]
    pub limit: usize,
}

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

fn parse_time(text: &str) -> Result<jiff::Timestamp, String> {
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

#[derive(Debug, Args)]
pub struct Export {
    /// The form: stix, stix2.0, misp, misp-feed, csv, list, suricata, zeek, sigma, yara, rpz, navigator, md, html, pdf
    #[arg(long = "as", value_name = "FORMAT", value_parser = |word: &str| word.parse::<ExportFormat>())]
    pub format: ExportFormat,
    /// Campaigns, actors, clusters, values or documents (title or identifier); quote names of several
    /// words [default: everything]
    #[arg(value_name = "NAME")]
    pub names: Vec<String>,
    /// The file to write, or the folder where the format makes several files [default: standard output]
    #[arg(long, short, value_name = "PATH")]
    pub output: Option<PathBuf>,
    /// Nothing above this marking goes out: clear, green, amber, amber+strict, red
    #[arg(long, value_name = "CEILING", default_value = "clear")]
    pub tlp: Marking,
    /// Leave out what was last known before this day
    #[arg(long, value_name = "DATE")]
    pub since: Option<Date>,
    /// Only values of these kinds, separated by commas: ipv4-addr, domain-name, file:sha256 …
    #[arg(long, value_name = "KINDS", value_delimiter = ',', value_parser = |word: &str| word.parse::<Kind>())]
    pub kind: Vec<Kind>,
    /// Only indicators of these states, separated by commas: active, ageing, expired, revoked, undated
    /// [default: active, ageing and undated for rules and lists, all for the others]
    #[arg(long, value_name = "STATES", value_delimiter = ',', value_parser = parse_status)]
    pub status: Vec<Status>,
    /// Only what is at least so probable, 0 to 1
    #[arg(long, value_name = "P", default_value_t = 0.0, value_parser = parse_probability)]
    pub least: f64,
    /// Take along values that are known as benign, labelled so (never in rules and lists)
    #[arg(long)]
    pub benign: bool,
    /// Export what was known by the end of this day
    #[arg(long, value_name = "DATE")]
    pub as_of: Option<Date>,
    /// Mark STIX objects in the manner of TLP 1.0 where it has the level
    #[arg(long)]
    pub tlp1: bool,
    /// Try Suricata rules with this program [default: `suricata`, where it is found]
    #[arg(long, value_name = "PROGRAM", conflicts_with = "no_suricata")]
    pub suricata: Option<PathBuf>,
    /// Do not run Suricata: only our own check of the rules' syntax
    #[arg(long)]
    pub no_suricata: bool,
    /// A TrueType or OpenType font for what the built-in ones of a PDF lack (Chinese, Arabic, Thai …)
    #[arg(long, value_name = "FILE")]
    pub font: Option<PathBuf>,
    /// Write what the format cannot carry to this file, as JSON Lines
    #[arg(long, value_name = "FILE")]
    pub loss_report: Option<PathBuf>,
}

fn parse_status(word: &str) -> Result<Status, String> {
    use Status::{Active, Ageing, Benign, Expired, Revoked, Undated};
    [Active, Ageing, Expired, Revoked, Benign, Undated]
        .into_iter()
        .find(|status| status.as_str() == word.to_ascii_lowercase())
        .ok_or_else(|| "one of: active, ageing, expired, revoked, benign, undated".to_owned())
}

fn parse_probability(text: &str) -> Result<f64, String> {
    let number: Result<f64, _> = text.parse();
    number.ok().filter(|p| (0.0..=1.0).contains(p)).ok_or_else(|| "a number from 0 to 1".to_owned())
}

#[derive(Debug, Args)]
pub struct Feeds {
    #[command(subcommand)]
    pub action: Option<FeedsAction>,
}

#[derive(Debug, Subcommand)]
pub enum FeedsAction {
    /// Add a feed; nothing is taken from it before the first pull
    Add(AddFeed),
    /// List the feeds and how they went
    List,
    /// Pull feeds now
    Pull {
        /// Their names [default: all that are not paused]
        #[arg(value_name = "NAME")]
        names: Vec<String>,
        /// Only those that are due
        #[arg(long, conflicts_with = "names")]
        due: bool,
    },
    /// Leave a feed alone until it is resumed
    Pause {
        /// Its name
        name: String,
    },
    /// Take a paused feed up again
    Resume {
        /// Its name
        name: String,
    },
    /// Forget a feed; its documents stay
    Remove {
        /// Its name
        name: String,
    },
}

#[derive(Debug, Args)]
pub struct AddFeed {
    /// An address (http, https) or a folder
    #[arg(value_name = "URL|FOLDER")]
    pub address: String,
    /// rss, misp-feed, misp-server, taxii, csv, list, folder, posts, mastodon, page [default: told by the content]
    #[arg(long, value_name = "KIND", value_parser = |word: &str| word.parse::<lapwing_feeds::FeedKind>())]
    pub kind: Option<lapwing_feeds::FeedKind>,
    /// Its name [default: its host or folder]
    #[arg(long, value_name = "NAME")]
    pub name: Option<String>,
    /// How often it is pulled: 30m, 1h, 1d
    #[arg(long, value_name = "INTERVAL", default_value = "1h", value_parser = lapwing_feeds::schedule::parse_interval)]
    pub every: u64,
    /// Who publishes it, where the documents do not say
    #[arg(long, value_name = "NAME")]
    pub source: Option<String>,
    /// The marking of what comes from it: clear, green, amber, amber+strict, red
    #[arg(long, value_name = "MARKING")]
    pub tlp: Option<Marking>,
    /// At most so many new things in one pull; the rest comes with the next [default: 1000]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub quota: Option<u32>,
    /// The variable of the environment that holds its key, or `user:password`
    #[arg(long, value_name = "VARIABLE")]
    pub key_env: Option<String>,
    /// Fetch from private, loopback and link-local addresses too, also where the feed leads to them
    #[arg(long)]
    pub allow_private: bool,
    /// Take the entries of a feed alone, without the articles that they link to
    #[arg(long)]
    pub no_articles: bool,
}

#[derive(Debug, Args)]
pub struct Activity {
    /// The first day [default: six days before the last]
    #[arg(long, value_name = "DATE")]
    pub since: Option<Date>,
    /// The last day [default: today]
    #[arg(long, value_name = "DATE")]
    pub until: Option<Date>,
    /// Only names of this kind: vulnerability, threat-actor, malware …; may be given several times
    #[arg(long, value_name = "KIND", value_parser = |word: &str| word.parse::<Kind>())]
    pub kind: Vec<Kind>,
    /// Only channels whose name holds this
    #[arg(long, value_name = "NAME")]
    pub channel: Option<String>,
    /// The share of rising names that may be false alarms
    #[arg(long, value_name = "SHARE", default_value_t = 0.1, value_parser = parse_share)]
    pub rate: f64,
}

fn parse_share(text: &str) -> Result<f64, String> {
    text.parse()
        .ok()
        .filter(|share| (0.0..=1.0).contains(share))
        .ok_or_else(|| "a share is from 0 to 1".to_owned())
}

#[derive(Debug, Args)]
pub struct Undo {
    /// The number of the change, as `lapwing history` shows it
    #[arg(value_name = "ID")]
    pub change: i64,
}

#[derive(Debug, Args)]
pub struct Backup {
    /// The file to write; it must not be there yet
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
}

#[derive(Debug, Args)]
pub struct Restore {
    /// What `lapwing backup` wrote
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    /// Where a store is there already, put it aside
    #[arg(long)]
    pub replace: bool,
}

#[derive(Debug, Args)]
pub struct Check {
    /// Only the file and its references: nothing is derived anew, and nobody is kept from writing
    #[arg(long, conflicts_with = "rebuild")]
    pub quick: bool,
    /// Put facts right that are not what the claims give
    #[arg(long)]
    pub rebuild: bool,
}

#[derive(Debug, Args)]
pub struct Knowledge {
    #[command(subcommand)]
    pub action: Option<KnowledgeAction>,
}

#[derive(Debug, Subcommand)]
pub enum KnowledgeAction {
    /// Load fresher official files (ATT&CK STIX, MISP galaxy, MISP warninglist) into the store
    Update {
        /// The files
        #[arg(long, required = true, num_args = 1.., value_name = "PATH")]
        from: Vec<PathBuf>,
    },
}

#[derive(Debug, Args)]
pub struct Checks {
    #[command(subcommand)]
    pub action: Option<ChecksAction>,
    /// A folder of further checks; one with the id of a built-in check replaces it
    #[arg(long, value_name = "DIR", global = true)]
    pub checks: Option<PathBuf>,
}

#[derive(Clone, Debug, Subcommand)]
pub enum ChecksAction {
    /// List the checks
    List,
    /// Tell all of one check: what it reads, what a hit proves, its source and test records
    Show {
        /// Its identifier, or a part of it
        id: String,
    },
    /// Run each check on the records that it carries
    Test,
}

#[derive(Debug, Args)]
pub struct Evaluate {
    /// What to score: indicators, fidelity …
    #[arg(value_name = "SUITE", value_parser = |word: &str| word.parse::<lapwing_evaluate::Suite>())]
    pub suite: lapwing_evaluate::Suite,
    /// The folder of the corpus; `fusion` needs none
    #[arg(value_name = "DIR", default_value = ".", hide_default_value = true)]
    pub folder: PathBuf,
    /// Show misses and false finds of the N worst documents
    #[arg(long, value_name = "N", num_args = 0..=1, default_missing_value = "15")]
    pub show: Option<usize>,
    /// Score these too, on the same files: iocsearcher, ioc-finder, iocextract (from PyPI)
    #[arg(long, value_name = "NAMES", value_delimiter = ',', value_parser = |word: &str| word.parse::<lapwing_evaluate::Peer>())]
    pub peer: Vec<lapwing_evaluate::Peer>,
    /// The virtual environment of the peers [default: in the platform's cache folder]
    #[arg(long, value_name = "DIR", requires = "peer")]
    pub venv: Option<PathBuf>,
    /// Seconds that a peer may take over one file
    #[arg(long, value_name = "N", default_value_t = 30, requires = "peer")]
    pub peer_limit: u64,
    /// Fail when a score is below the floor that this table states
    #[arg(long, value_name = "FILE")]
    pub floors: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub struct Serve {
    /// Where to listen; anything but loopback needs users
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "127.0.0.1:8080")]
    pub listen: std::net::SocketAddr,
    /// The certificate with its chain (PEM); the server then speaks HTTPS only
    #[arg(long, value_name = "FILE", requires = "tls_key")]
    pub tls_cert: Option<PathBuf>,
    /// The private key of the certificate (PEM)
    #[arg(long, value_name = "FILE", requires = "tls_cert")]
    pub tls_key: Option<PathBuf>,
    /// The form of the log on standard error
    #[arg(long, value_name = "FORM", default_value = "text")]
    pub log: Log,
    /// Analysts may hunt through what lies under this folder
    #[arg(long, value_name = "DIR")]
    pub hunt_root: Option<PathBuf>,
    /// Do not pull the feeds that are due (another process does)
    #[arg(long)]
    pub no_feeds: bool,
    /// Analysts may add documents by their address (public hosts only)
    #[arg(long)]
    pub allow_urls: bool,
    /// Largest upload, in MB
    #[arg(long, value_name = "MB", default_value_t = 256, value_parser = clap::value_parser!(u32).range(1..=65_536))]
    pub max_upload: u32,
    /// Requests a minute of one user, key or address
    #[arg(long, value_name = "N", default_value_t = 1200, value_parser = clap::value_parser!(u32).range(1..))]
    pub rate: u32,
}

/// The form of the server's log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Log {
    /// Lines for people
    Text,
    /// One JSON object a line
    Json,
}

#[derive(Debug, Args)]
pub struct Users {
    #[command(subcommand)]
    pub action: UsersAction,
}

#[derive(Debug, Subcommand)]
pub enum UsersAction {
    /// List the users
    List,
    /// Make a user; the password is read from standard input, or made and shown once
    Add {
        /// The name to log in with
        name: String,
        #[command(flatten)]
        rights: Rights,
        /// Read the password from the first line of standard input
        #[arg(long)]
        password_stdin: bool,
    },
    /// Change a user's role, ceiling or password
    Set {
        /// The user
        name: String,
        /// What for: reader, analyst, publisher, feed, admin
        #[arg(long, value_name = "ROLE")]
        role: Option<lapwing_serve::Role>,
        /// Nothing above this TLP marking is shown
        #[arg(long, value_name = "MARKING")]
        tlp: Option<Marking>,
        /// Nothing above this PAP marking is shown
        #[arg(long, value_name = "MARKING")]
        pap: Option<lapwing_model::Pap>,
        /// Read a new password from the first line of standard input
        #[arg(long)]
        password_stdin: bool,
        /// The user may no longer log in
        #[arg(long, conflicts_with = "enable")]
        disable: bool,
        /// The user may log in again
        #[arg(long)]
        enable: bool,
    },
    /// Take a user away, with the keys
    Remove {
        /// The user
        name: String,
    },
}

/// What a user or key may do and see.
#[derive(Clone, Debug, Args)]
pub struct Rights {
    /// What for: reader, analyst, publisher, feed, admin
    #[arg(long, value_name = "ROLE", default_value = "reader")]
    pub role: lapwing_serve::Role,
    /// Nothing above this TLP marking is shown
    #[arg(long, value_name = "MARKING", default_value = "green")]
    pub tlp: Marking,
    /// Nothing above this PAP marking is shown
    #[arg(long, value_name = "MARKING", default_value = "red")]
    pub pap: lapwing_model::Pap,
}

#[derive(Debug, Args)]
pub struct Keys {
    #[command(subcommand)]
    pub action: KeysAction,
}

#[derive(Debug, Subcommand)]
pub enum KeysAction {
    /// List the keys
    List,
    /// Make a key and show it, once
    Add {
        /// Whose it is
        user: String,
        /// What it is for
        #[arg(long, value_name = "NAME", default_value = "")]
        name: String,
        #[command(flatten)]
        rights: Rights,
        /// From this day on it is worth nothing
        #[arg(long, value_name = "DATE")]
        expires: Option<Date>,
    },
    /// Take a key back for good
    Revoke {
        /// The part of the key after `lw_`
        key: String,
    },
}

#[derive(Debug, Args)]
pub struct Audit {
    /// Only what this user did
    #[arg(long, value_name = "NAME")]
    pub who: Option<String>,
    /// Only lines whose route or subject holds this
    #[arg(long, value_name = "TEXT")]
    pub what: Option<String>,
    /// Only what was refused
    #[arg(long)]
    pub denied: bool,
    /// Only from this time on
    #[arg(long, value_name = "TIME", value_parser = parse_time)]
    pub since: Option<jiff::Timestamp>,
    /// At most so many lines, the newest
    #[arg(long, value_name = "N", default_value_t = 100)]
    pub limit: usize,
}

#[derive(Debug, Args)]
pub struct Mcp {
    /// The assistant may hunt through what lies under this folder
    #[arg(long, value_name = "DIR")]
    pub hunt_root: Option<PathBuf>,
}
