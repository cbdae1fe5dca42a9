//! `lapwing hunt --follow`: findings as they come, until a time has passed or Ctrl-C; then the verdict.

use std::thread;
use std::time::{Duration, Instant};

use lapwing_engine::hunting::Follower;
use lapwing_model::{Finding, Place, Severity};

use crate::failure::Failure;
use crate::interrupt;
use crate::output::{Output, one_line, unlinked};

/// How often logs are looked at.
const PAUSE: Duration = Duration::from_millis(500);

/// Prints findings while logs grow.
pub struct Live<'s> {
    out: &'s mut Output,
    all: bool,
    until: Option<Instant>,
    /// What went wrong with printing; it ends the hunt.
    failure: Option<Failure>,
}

impl<'s> Live<'s> {
    /// Follows for so many seconds, or until Ctrl-C.
    pub fn new(out: &'s mut Output, all: bool, seconds: Option<u64>) -> Self {
        interrupt::watch();
        let until =
            seconds.and_then(|count| Instant::now().checked_add(Duration::from_secs(count)));
        Self { out, all, until, failure: None }
    }

    /// How printing went.
    pub fn finish(self) -> Result<(), Failure> {
        self.failure.map_or(Ok(()), Err)
    }

    fn print(&mut self, finding: &Finding) -> Result<(), Failure> {
        if self.out.json {
            self.out.object(finding)?;
        } else if self.all || finding.severity > Severity::Informational {
            let time = finding.time.map_or("no time".to_owned(), |time| {
                time.strftime("%Y-%m-%d %H:%M:%S").to_string()
            });
            let place = match finding.place {
                Some(Place::Line(n)) => format!(", line {n}"),
                Some(Place::Record(n)) => format!(", record {n}"),
                None => String::new(),
            };
            let text = format!(
                "{time}  {:<8}  {}  {}  ({}{place})",
                finding.severity.to_string(),
                finding.finding,
                unlinked(&finding.matched),
                finding.file
            );
            self.out.line(&one_line(&text, 400))?;
        }
        self.out.flush()
    }
}

impl Follower for Live<'_> {
    fn wait(&mut self) -> bool {
        let now = Instant::now();
        let left =
            self.until.map_or(PAUSE, |until| until.saturating_duration_since(now).min(PAUSE));
        if left.is_zero() || self.failure.is_some() {
            return false;
        }
        thread::sleep(left);
        !interrupt::wished()
    }

    fn finding(&mut self, finding: &Finding) {
        if self.failure.is_none() {
            self.failure = self.print(finding).err();
        }
    }
}
