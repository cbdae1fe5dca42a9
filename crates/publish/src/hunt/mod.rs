//! The report of a hunt: timeline, pages, STIX and ECS.

mod csv;
mod ecs;
mod group;
mod observable;
mod page;
mod stix;

pub use group::Group as FindingGroup;
use std::collections::BTreeMap;
use std::io::{self, Write};

use jiff::Timestamp;
use lapwing_model::{Finding, Problem, Verdict, VerdictKind};

use crate::{html, markdown};

/// What a hunt found, to be written down.
#[derive(Clone, Copy, Debug)]
pub struct HuntReport<'r> {
    /// Findings in order of time; those without a time last.
    pub findings: &'r [Finding],
    /// What they mean.
    pub verdict: &'r Verdict,
    /// What could not be read.
    pub problems: &'r [Problem],
    /// Findings beyond the cap, by rule (or indicator).
    pub folded: &'r BTreeMap<String, u64>,
    /// When the hunt was done: the time of what has no other.
    pub hunted: Timestamp,
}

/// A form in which a hunt is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HuntForm {
    /// JSON Lines: a finding a line, then the verdict.
    Json,
    /// A timeline as CSV, with the columns of Timesketch.
    Csv,
    /// A report in Markdown.
    Markdown,
    /// A report as one self-contained page of HTML.
    Html,
    /// A STIX 2.1 bundle: sightings, observed data, and the report that holds them.
    Stix,
    /// JSON Lines in the Elastic Common Schema.
    Ecs,
}

impl HuntReport<'_> {
    /// Writes the report.
    ///
    /// # Errors
    /// What `out` says.
    pub fn write(&self, form: HuntForm, out: &mut dyn Write) -> io::Result<()> {
        match form {
            HuntForm::Json => self.json(out),
            HuntForm::Csv => csv::write(self, out),
            HuntForm::Markdown => out.write_all(markdown::render(&page::layout(self)).as_bytes()),
            HuntForm::Html => out.write_all(html::render(&page::layout(self)).as_bytes()),
            HuntForm::Stix => stix::write(self, out),
            HuntForm::Ecs => ecs::write(self, out),
        }
    }

    fn json(&self, out: &mut dyn Write) -> io::Result<()> {
        for finding in self.findings {
            serde_json::to_writer(&mut *out, finding)?;
            out.write_all(b"\n")?;
        }
        serde_json::to_writer(&mut *out, self.verdict)?;
        out.write_all(b"\n")
    }

    /// The answer in words.
    fn answer(&self) -> &'static str {
        match self.verdict.verdict {
            VerdictKind::Compromised => "Compromised",
            VerdictKind::Attempted => "Attempted, no success shown",
            VerdictKind::NothingFound if self.findings.is_empty() => {
                "Nothing found in what was looked at"
            }
            VerdictKind::NothingFound => "Nothing found that shows an attempt",
        }
    }
}

/// A time as pages show it: UTC, to the second.
fn shown(time: Timestamp) -> String {
    time.strftime("%Y-%m-%d %H:%M:%S").to_string()
}
