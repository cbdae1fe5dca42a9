use std::fmt;

use serde::{Deserialize, Serialize};

use crate::Confidence;

/// What produced a finding.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FindingKind {
    /// A value of the intelligence.
    Indicator,
    /// A Sigma rule.
    Sigma,
    /// A YARA rule.
    Yara,
    /// A campaign check.
    Check,
    /// A chain of events.
    Activity,
}

/// How much a finding matters, as Sigma levels.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Severity {
    /// Context only.
    Informational,
    /// Worth a look when there is time.
    Low,
    /// Worth a look.
    Medium,
    /// Look now.
    High,
    /// Act now.
    Critical,
}

/// What a finding proves, from least to most.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Proof {
    /// Something known to be hostile stands there, with no act shown.
    Contact,
    /// Somebody looked whether the weakness is there.
    Probe,
    /// Exploitation was tried; success is not shown.
    Attempt,
    /// Exploitation worked.
    Exploitation,
    /// A foothold was left (web shell, account).
    Persistence,
    /// Somebody works on the machine.
    HandsOn,
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Informational => "informational",
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
            Self::Critical => "critical",
        })
    }
}

impl fmt::Display for Proof {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Contact => "contact",
            Self::Probe => "probe",
            Self::Attempt => "attempt",
            Self::Exploitation => "exploitation",
            Self::Persistence => "persistence",
            Self::HandsOn => "hands-on activity",
        })
    }
}

/// Where in a file a finding stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Place {
    /// Line, from 1.
    Line(u64),
    /// Record number, as the log numbers it.
    Record(u64),
}

/// One hit of a hunt.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// What was found, as a short title.
    pub finding: String,
    /// Identifier of the rule or check.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub rule: Option<String>,
    /// The file, with archive members behind `!`.
    pub file: String,
    /// Line or record.
    #[serde(flatten)]
    pub place: Option<Place>,
    /// Byte offset of the line or record in the (unpacked) file.
    pub offset: u64,
    /// When, in UTC (RFC 3339); `None` when the record has no time.
    pub time: Option<jiff::Timestamp>,
    /// The value or text that matched.
    pub matched: String,
    /// What produced it.
    pub kind: FindingKind,
    /// ATT&CK technique, where known.
    pub technique: Option<String>,
    /// How much it matters.
    pub severity: Severity,
    /// How sure that it is what it says.
    pub confidence: Confidence,
    /// What it proves.
    pub proof: Proof,
    /// Why it was raised: source, field, what the record says.
    pub why: String,
    /// The line or record itself, shortened.
    pub evidence: String,
}

/// The three answers to "were we hit?".
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum VerdictKind {
    /// Nothing was found in what was looked at.
    NothingFound,
    /// Somebody tried; success is not shown.
    Attempted,
    /// Exploitation, a foothold or hands-on activity is shown.
    Compromised,
}

impl VerdictKind {
    /// The word of the contract.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::NothingFound => "nothing-found",
            Self::Attempted => "attempted",
            Self::Compromised => "compromised",
        }
    }
}

/// What was looked at: one log source or kind of file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Coverage {
    /// The kind of source, as `IIS W3C log`.
    pub source: String,
    /// Number of files.
    pub files: u64,
    /// Number of lines or records that were read.
    pub records: u64,
    /// How many of them lie in the period that was asked for, or have no time; `None` when no period was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub in_period: Option<u64>,
    /// Bytes read, unpacked.
    pub bytes: u64,
    /// First time in it (of the period that was asked for), UTC.
    pub from: Option<jiff::Timestamp>,
    /// Last time in it (of the period that was asked for), UTC.
    pub until: Option<jiff::Timestamp>,
    /// What had to be assumed about its times, when it states no zone or no year.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub assumed: Option<String>,
}

/// What was not looked at, and why.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct NotLookedAt {
    /// A log source, a file, or a place.
    pub what: String,
    /// Why not, and what it would have shown.
    pub why: String,
}

/// How much was looked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LookedFor {
    /// Indicators.
    pub indicators: u64,
    /// Campaign checks.
    pub checks: u64,
    /// Sigma rules.
    pub rules: u64,
    /// Rules over the content of files (YARA).
    pub content_rules: u64,
}

impl LookedFor {
    /// The same in words: `3 indicators, 214 campaign checks and 12 Sigma rules`.
    #[must_use]
    pub fn words(&self) -> String {
        let parts = [
            (self.indicators, "indicator"),
            (self.checks, "campaign check"),
            (self.rules, "Sigma rule"),
            (self.content_rules, "YARA rule"),
        ];
        let mut words: Vec<String> = parts
            .iter()
            .filter(|(count, _)| *count > 0)
            .map(|(count, what)| format!("{count} {what}{}", if *count == 1 { "" } else { "s" }))
            .collect();
        match (words.pop(), words.is_empty()) {
            (None, _) => "nothing".to_owned(),
            (Some(last), true) => last,
            (Some(last), false) => format!("{} and {last}", words.join(", ")),
        }
    }
}

/// What the findings together mean.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Verdict {
    /// The answer.
    pub verdict: VerdictKind,
    /// Why, most telling first.
    pub reasons: Vec<String>,
    /// What to do now, in order.
    pub next_steps: Vec<String>,
    /// What was looked at, with its period.
    pub looked_at: Vec<Coverage>,
    /// What was not looked at.
    pub not_looked_at: Vec<NotLookedAt>,
    /// How much was looked for.
    #[serde(default)]
    pub looked_for: LookedFor,
}
