//! Rules with the samples on which they are tried, and how that went.

use lapwing_model::Entity;
use serde::Serialize;

use super::Sample;

/// A rule before it is written: its text, and what must and must not fire.
#[derive(Clone, Debug, PartialEq)]
pub struct Rule {
    /// Its identifier in the format: sid, UUID, name.
    pub id: String,
    /// What it looks for, in words.
    pub title: String,
    /// The rule itself, without head and trial.
    pub text: String,
    /// The rule as it is tried, where it cannot be tried as it is: no sample can be made for a
    /// given hash, so the hash of the planted sample stands in its place.
    pub stand_in: Option<String>,
    /// The values in it.
    pub indicators: Vec<Entity>,
    /// Samples on each of which it must fire.
    pub planted: Vec<Sample>,
    /// Samples on none of which it may fire.
    pub benign: Vec<Sample>,
}

/// How the trial of a rule went.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Trial {
    /// The engine that tried it, with its version.
    pub by: String,
    /// Whether the engine took the rule.
    pub compiled: bool,
    /// Planted samples that it was run on.
    pub planted: usize,
    /// Planted samples on which it fired.
    pub fired: usize,
    /// Benign samples that it was run on.
    pub benign: usize,
    /// Benign samples on which it fired.
    pub false_alarms: usize,
    /// What else is to be said: why it was refused, what was put in its place.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

impl Trial {
    /// Whether the rule may leave.
    pub fn passed(&self) -> bool {
        self.compiled && self.fired == self.planted && self.false_alarms == 0
    }

    /// One line for a comment: `tried by yara-x 1.22: fired on 1 of 1 planted, on 0 of 1 benign`.
    pub fn line(&self) -> String {
        let note = self.note.as_deref().map(|n| format!(" ({n})")).unwrap_or_default();
        if !self.compiled {
            return format!("refused by {}{note}", self.by);
        }
        if self.planted + self.benign == 0 {
            return format!("accepted by {}{note}", self.by);
        }
        if self.planted == 0 {
            return format!(
                "accepted by {}: no sample can be planted, fired on {} of {} benign samples{note}",
                self.by, self.false_alarms, self.benign
            );
        }
        format!(
            "tried by {}: fired on {} of {} planted, on {} of {} benign samples{note}",
            self.by, self.fired, self.planted, self.false_alarms, self.benign
        )
    }
}

/// A rule with its trial.
#[derive(Clone, Debug, PartialEq)]
pub struct Tried {
    /// The rule.
    pub rule: Rule,
    /// How it went.
    pub trial: Trial,
}
