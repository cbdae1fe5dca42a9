use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use lapwing_model::{Entity, Finding, PartialDate, Problem, Status, Verdict};

use crate::sigma::Rules;
use crate::{Activity, Learnt, NotLearnt, Sighted, Together};
use crate::{Baseline, ContentRules, Matcher};

/// One value of the intelligence to look for.
#[derive(Clone, Debug, PartialEq)]
pub struct Indicator {
    /// Kind and normalised value.
    pub entity: Entity,
    /// Probability that the value is hostile, 0 to 1.
    pub probability: f64,
    /// ATT&CK technique, where a source gives one.
    pub technique: Option<String>,
    /// Who says so, in words.
    pub why: String,
    /// Whether the value is still alive.
    pub status: Option<Status>,
    /// When it was last seen in hostile use.
    pub last_seen: Option<PartialDate>,
}

impl Indicator {
    /// Makes an indicator with no technique, status or date.
    pub fn new(entity: Entity, probability: f64, why: impl Into<String>) -> Self {
        Self {
            entity,
            probability,
            technique: None,
            why: why.into(),
            status: None,
            last_seen: None,
        }
    }
}

/// Limits of what is read; reaching one is a named [`Problem`], never a silent stop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// How deep archives and compressed streams may nest.
    pub depth: usize,
    /// How many members one archive may have.
    pub members: usize,
    /// How many bytes may come out of one compressed byte, once `ratio_from` bytes came out.
    pub ratio: u64,
    /// Unpacked bytes from which `ratio` is watched.
    pub ratio_from: u64,
    /// Longest line or record in bytes; a longer one is read in pieces.
    pub line: usize,
    /// Largest file that is hashed or read whole (files in web roots, nested `.zip`), in bytes.
    pub whole_file: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            depth: 4,
            members: 100_000,
            ratio: 400,
            ratio_from: 256 << 20,
            line: 1 << 20,
            whole_file: 64 << 20,
        }
    }
}

/// How to hunt.
#[derive(Clone, Debug)]
pub struct Options {
    /// Leave out records before this time.
    pub since: Option<Timestamp>,
    /// Leave out records after this time.
    pub until: Option<Timestamp>,
    /// Threads; 0 means one a core.
    pub jobs: usize,
    /// Limits of what is read.
    pub limits: Limits,
    /// Findings kept for each rule (or indicator) and outcome; the rest is counted.
    pub max_findings_per_rule: usize,
    /// Findings kept in all, the most telling ones; the rest is counted, and the verdict says how many. Memory grows
    /// with it by about a kilobyte each.
    pub max_findings: usize,
    /// Whether a file on disk that is a finding gets its time of modification as time. Off, the
    /// result does not depend on how the tree was copied.
    pub file_times: bool,
    /// Sigma rules to run over every record.
    pub rules: Option<Arc<Rules>>,
    /// The zone of times in logs that state none; `None` means UTC.
    pub time_zone: Option<TimeZone>,
    /// The year of times in logs that state none; `None` means that it goes by the date in the file's
    /// name, else by its time of modification.
    pub year: Option<i16>,
    /// Whether to look around once a check or rule found something: the logs are read again, to tell
    /// who shares an address, what is rare, and what else the same clients did.
    pub around: bool,
    /// Whether to look around even when nothing was found.
    pub always_around: bool,
    /// Whether to look again and again for what was found by behaviour, until nothing new appears.
    pub learn: bool,
    /// Rules (YARA's) to run over the content of every file of at most `limits.whole_file` bytes.
    pub content: Option<Arc<dyn ContentRules>>,
    /// Known-good files to compare web roots with.
    pub baseline: Option<Arc<Baseline>>,
    /// Patterns of several observations whose values are among the indicators, besides those of the matcher.
    pub together: Arc<[Together]>,
}

impl Options {
    /// The same with the patterns that a matcher was compiled with.
    pub(crate) fn with_patterns(&self, matcher: &Matcher) -> Self {
        let mut options = self.clone();
        if !matcher.patterns().is_empty() {
            let more = matcher.patterns().iter().filter(|one| !self.together.contains(one));
            options.together = self.together.iter().chain(more).cloned().collect();
        }
        options
    }
}

impl Default for Options {
    fn default() -> Self {
        Self {
            since: None,
            until: None,
            jobs: 0,
            limits: Limits::default(),
            max_findings_per_rule: 100,
            max_findings: 50_000,
            file_times: true,
            rules: None,
            time_zone: None,
            year: None,
            around: true,
            always_around: false,
            learn: false,
            content: None,
            baseline: None,
            together: Arc::default(),
        }
    }
}

/// What a hunt tells while it runs.
pub trait Progress: Sync {
    /// So many more bytes were read (of the input, packed).
    fn bytes(&self, _count: u64) {}
    /// A file is begun.
    fn file(&self, _path: &str) {}
    /// Something was found.
    fn finding(&self) {}
}

/// Progress that tells nobody.
#[derive(Clone, Copy, Debug, Default)]
pub struct Silent;

impl Progress for Silent {}

/// What a hunt gives.
#[derive(Clone, Debug, PartialEq)]
pub struct Hunt {
    /// Findings in order of time, then file and place; those without a time last.
    pub findings: Vec<Finding>,
    /// What they mean.
    pub verdict: Verdict,
    /// The findings that belong together, as chains; each is a finding too.
    pub activities: Vec<Activity>,
    /// What the hunt learnt from behaviour, when it was asked to.
    pub learnt: Vec<Learnt>,
    /// What it could have learnt and did not, with the reason.
    pub not_learnt: Vec<NotLearnt>,
    /// Listed values that were seen.
    pub sighted: BTreeMap<Entity, Sighted>,
    /// What could not be read.
    pub problems: Vec<Problem>,
    /// Findings beyond the cap, by rule (or indicator).
    pub folded: BTreeMap<String, u64>,
    /// Bytes read, unpacked.
    pub bytes: u64,
    /// Lines and records read.
    pub records: u64,
}

/// Why a hunt could not be set up.
#[derive(Debug, thiserror::Error)]
pub enum HuntError {
    /// A file of the checks could not be read.
    #[error("{path}: {source}")]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// A file is no compiled matcher that this version can use.
    #[error("{path}: {message}")]
    Compiled {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        message: String,
    },
    /// A check is not well formed.
    #[error("{path}: {message}")]
    Check {
        /// The file.
        path: String,
        /// What is wrong.
        message: String,
    },
}
