use std::path::{Path, PathBuf};

use jiff::Timestamp;
use jiff::civil::Date;
use lapwing_engine::Engine;
use lapwing_engine::forecasting::DecayModel;
use lapwing_engine::read::Options;
use lapwing_engine::store::Store;
use lapwing_model::Problem;

use crate::args::{Global, Reading};
use crate::failure::{Failure, Outcome};
use crate::output::Output;

/// What a command needs to know of its surroundings.
pub struct Session {
    pub out: Output,
    pub quiet: bool,
    pub now: Timestamp,
    pub today: Date,
    store: Option<PathBuf>,
    pub decay: DecayModel,
}

impl Session {
    pub fn new(global: &Global) -> Self {
        let now = Timestamp::now();
        let today = global.today.unwrap_or_else(|| now.to_zoned(jiff::tz::TimeZone::UTC).date());
        let out = Output::new(global.json);
        let decay = global.decay.into();
        Self { out, quiet: global.quiet, now, today, store: global.store.clone(), decay }
    }

    /// The store's path, or the address of its database: as given, else in the platform's data
    /// folder.
    pub fn store_path(&self) -> Result<PathBuf, Failure> {
        match &self.store {
            Some(path) => Ok(path.clone()),
            None => dirs::data_dir()
                .map(|folder| folder.join("lapwing").join("lapwing.db"))
                .ok_or_else(|| {
                    Failure::usage("no data folder on this platform")
                        .hint("name a store with --store PATH")
                }),
        }
    }

    /// The store that the user named, if any.
    pub fn given_store(&self) -> Option<&Path> {
        self.store.as_deref()
    }

    /// Opens the store to change it, making it where there is none.
    pub fn open(&self) -> Result<Engine, Failure> {
        Ok(Engine::open(&self.store_path()?)?.with_decay(self.decay))
    }

    /// Opens the store to look at it.
    pub fn look(&self) -> Result<Engine, Failure> {
        let path = self.store_path()?;
        if !Store::may_be_at(&path) {
            return Err(Failure::usage(format!("{}: there is no store yet", path.display()))
                .hint("`lapwing add REPORT` makes one; --store names another"));
        }
        Ok(Engine::open_read_only(&path)?.with_decay(self.decay))
    }

    /// Names each problem on standard error; tells how the command ends.
    pub fn tell_problems(&mut self, problems: &[Problem]) -> Result<Outcome, Failure> {
        for problem in problems {
            // A file's name may hold a line break: one problem, one line.
            let line = problem.to_string().replace(['\n', '\r', '\t'], "\u{fffd}");
            self.out.message(&format!("lapwing: {line}"))?;
        }
        Ok(if problems.is_empty() { Outcome::Done } else { Outcome::Partial })
    }

    /// A remark on standard error, unless the user wants quiet.
    pub fn remark(&mut self, text: &str) -> Result<(), Failure> {
        if self.quiet { Ok(()) } else { self.out.message(text) }
    }
}

impl Reading {
    /// As the readers take it.
    pub fn options(&self) -> Options {
        Options {
            format: self.format,
            columns: self.columns.clone(),
            source: self.source.clone(),
            published: self.published,
            marking: self.tlp,
            ..Options::default()
        }
    }
}
