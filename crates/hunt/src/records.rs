//! What the readers make of logs, without looking for anything.

use std::path::PathBuf;
use std::sync::Mutex;

use jiff::Timestamp;
use lapwing_model::{Coverage, Place, Problem};

use crate::condition::Artifacts;
use crate::context::Context;
use crate::hunt::hunt_one;
use crate::input;
use crate::report::Report;
use crate::{Checks, Matcher, Options, Silent};

/// A record of a log, as rules see it.
#[derive(Clone, Debug, PartialEq)]
pub struct LogRecord {
    /// The kind of log: `windows`, `iis`, `syslog`, `auditd`, `zeek-http` …
    pub log: String,
    /// When, UTC.
    pub time: Option<Timestamp>,
    /// Line or record number.
    pub place: Option<Place>,
    /// Names and values in the order of the log.
    pub fields: Vec<(String, String)>,
}

/// Reads every record of logs; gives what was covered, and what could not be read.
pub fn records(
    paths: &[PathBuf],
    options: &Options,
    tell: &mut (dyn FnMut(LogRecord) + Send),
) -> (Vec<Coverage>, Vec<Problem>) {
    let tell = Mutex::new(tell);
    let onlooker = |told: &crate::sigma::Told<'_>, record: &crate::record::Record<'_>| {
        let fields = record.fields.iter();
        let shown = LogRecord {
            log: told.log.to_owned(),
            time: record.time,
            place: record.place,
            fields: fields.map(|(k, v)| (k.clone().into_owned(), v.clone().into_owned())).collect(),
        };
        if let Ok(mut tell) = tell.lock() {
            tell(shown);
        }
    };
    let (matcher, nothing) = (Matcher::default(), Artifacts::new());
    let mut ctx = Context::new(&matcher, Checks::builtin(), options, &Silent, &nothing, false);
    ctx.onlooker = Some(&onlooker);
    let mut all = Report::default();
    for path in input::walk(paths, &mut all.passed, &mut all.problems) {
        let report = hunt_one(&ctx, &path);
        all.add(report, options);
    }
    (all.coverage.into_values().collect(), all.problems)
}
