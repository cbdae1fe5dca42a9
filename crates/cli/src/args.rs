mod collecting;
mod export;
mod hunting;
mod serving;

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use jiff::civil::Date;
use lapwing_engine::ListKind;
use lapwing_model::{Format, Marking, PartialDate};

pub use collecting::{Activity, AddFeed, Feeds, FeedsAction};
pub use export::Export;
pub use hunting::{Baseline, Compile, Hunt, HuntAs, Hunting, Investigate};
pub use serving::{Audit, Keys, KeysAction, Log, Mcp, Serve, Users, UsersAction};

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
    /// The store to use: a file, or postgres://USER@HOST/DATABASE [default: the platform's data folder]
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
    /// Activity that shared evidence holds together: list, show, merge, split, the way back
    Clusters(Clusters),
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
    /// With --json, print the other claims too (relations, dates, denials) and the gaps
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
pub struct Clusters {
    #[command(subcommand)]
    pub action: Option<ClustersAction>,
}

#[derive(Debug, Subcommand)]
pub enum ClustersAction {
    /// All clusters, with what holds each together
    List,
    /// One cluster: its origins, bonds, suspects, how it came about
    Show {
        /// Its name (`LW-3F2A91`), or that of one that it took in
        name: String,
    },
    /// Decide that these clusters are one activity
    Merge {
        /// Their names, two or more
        #[arg(required = true, num_args = 2.., value_name = "CLUSTER")]
        clusters: Vec<String>,
        #[command(flatten)]
        how: Decision,
    },
    /// Decide that these origins are no part of the cluster
    Split {
        /// Its name
        cluster: String,
        /// The first digits of the identifiers of the origins that leave it
        #[arg(required = true, value_name = "ORIGIN")]
        origins: Vec<String>,
        #[command(flatten)]
        how: Decision,
    },
    /// Every decision on clusters; `lapwing undo` takes one back
    History,
}

/// How a decision is taken.
#[derive(Debug, Args)]
pub struct Decision {
    /// Why: kept with the decision
    #[arg(long, value_name = "TEXT", default_value = "", hide_default_value = true)]
    pub because: String,
    /// Show what it would do, and change nothing
    #[arg(long)]
    pub preview: bool,
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
    /// Learn how fast each source's values go out of use, from the lists of it in the store
    Lifetimes {
        /// Say what the lists tell, and keep nothing
        #[arg(long)]
        dry_run: bool,
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
