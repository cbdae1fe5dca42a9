use std::collections::BTreeMap;
use std::path::PathBuf;

use jiff::civil::Date;
use lapwing_hunt::{Checks, Follower, Hunt, Indicator, Matcher, Options, RulesOptions};
use lapwing_model::{Entity, Object, Problem, Relation, Role, Status};
use lapwing_store::FactQuery;

use crate::indicators::Armed;
use crate::{Engine, EngineError, Progress, arms};

/// Where the indicators of a hunt come from.
#[derive(Clone, Debug)]
pub enum IndicatorSource {
    /// The facts of the store.
    Store,
    /// Files of indicators or reports, or one compiled matcher, without a store.
    Files(Vec<PathBuf>),
}

/// How to hunt.
#[derive(Clone, Debug)]
pub struct HuntOptions {
    /// Where the indicators come from.
    pub indicators: IndicatorSource,
    /// The day at which decay is read.
    pub today: Date,
    /// Period, threads and limits.
    pub hunt: Options,
    /// A folder or file of further checks.
    pub checks: Option<PathBuf>,
    /// Folders and files of Sigma rules.
    pub rules: Vec<PathBuf>,
    /// Which of them to run.
    pub rules_options: RulesOptions,
    /// Folders and files of YARA rules.
    pub yara: Vec<PathBuf>,
    /// Manifests and lists of known-good files.
    pub baseline: Vec<PathBuf>,
}

/// Values below this probability of being hostile are not hunted: a benign list or a denial
/// outweighs what speaks for them.
const LEAST_PROBABILITY: f64 = 0.05;

impl Engine {
    /// Hunts through files with the store's (or a file's) indicators and the campaign checks.
    ///
    /// # Errors
    /// When nothing can be loaded of the indicators, checks, rules or lists that were given. What cannot be
    /// used of them, and what cannot be read while hunting, is named in the result.
    pub fn hunt(
        &self,
        paths: &[PathBuf],
        options: &HuntOptions,
        progress: &dyn Progress,
    ) -> Result<(Hunt, Vec<Problem>), EngineError> {
        self.hunt_with(options, progress, |matcher, checks, how| {
            lapwing_hunt::hunt(paths, matcher, checks, how, &Told(progress))
        })
    }

    /// Hunts as [`Engine::hunt`], and goes on with what is appended to the files until `follower` ends
    /// it.
    ///
    /// # Errors
    /// As [`Engine::hunt`].
    pub fn follow(
        &self,
        paths: &[PathBuf],
        options: &HuntOptions,
        progress: &dyn Progress,
        follower: &mut dyn Follower,
    ) -> Result<(Hunt, Vec<Problem>), EngineError> {
        self.hunt_with(options, progress, |matcher, checks, how| {
            lapwing_hunt::follow(paths, matcher, checks, how, &Told(progress), follower)
        })
    }

    /// Compiles what is looked for, and runs a hunt with it.
    fn hunt_with(
        &self,
        options: &HuntOptions,
        progress: &dyn Progress,
        run: impl FnOnce(&Matcher, &Checks, &Options) -> Hunt,
    ) -> Result<(Hunt, Vec<Problem>), EngineError> {
        progress.stage("compiling indicators");
        let Armed { matcher, mut problems } =
            self.indicators(&options.indicators, options.today)?;
        let mut how = options.hunt.clone();
        let armed = arms::load(options, &mut how, &mut problems, progress)?;
        progress.stage("hunting");
        Ok((run(&matcher, armed.checks(), &how), problems))
    }

    /// The values of the store that are worth hunting for, each with who says so.
    pub(crate) fn store_indicators(&self, today: Date) -> Result<Vec<Indicator>, EngineError> {
        let mut indicated: BTreeMap<Entity, Vec<String>> = BTreeMap::new();
        let query = FactQuery { relation: Some(Relation::Indicates), ..FactQuery::default() };
        self.store.each_fact(&query, &mut |fact| {
            if let Object::Entity(object) = &fact.object {
                indicated.entry(fact.subject.clone()).or_default().push(object.value.clone());
            }
            Ok(())
        })?;
        let origins: BTreeMap<_, _> =
            self.store.origins()?.into_iter().map(|o| (o.id, o.label)).collect();

        let statuses = self.statuses(today)?;
        let mut indicators = Vec::new();
        let query = FactQuery {
            relation: Some(Relation::Role),
            role: Some(Role::Indicator),
            ..FactQuery::default()
        };
        self.store.each_fact(&query, &mut |fact| {
            let status = statuses.of(&fact);
            if fact.probability < LEAST_PROBABILITY || status == Status::Revoked {
                return Ok(());
            }
            let said_by = fact
                .contributions
                .iter()
                .filter(|c| c.supports)
                .filter_map(|c| origins.get(&c.origin))
                .take(3)
                .cloned()
                .collect::<Vec<_>>()
                .join("; ");
            let of = indicated
                .get(&fact.subject)
                .map(|names| format!(" of {}", names.join(", ")))
                .unwrap_or_default();
            indicators.push(Indicator {
                why: format!("indicator{of}, according to {said_by}"),
                probability: fact.probability,
                technique: None,
                status: Some(status),
                last_seen: statuses.last_known(&fact),
                entity: fact.subject,
            });
            Ok(())
        })?;
        Ok(indicators)
    }
}

/// Passes the hunt's progress on.
struct Told<'p>(&'p dyn Progress);

impl lapwing_hunt::Progress for Told<'_> {
    fn bytes(&self, count: u64) {
        self.0.bytes(count);
    }

    fn file(&self, name: &str) {
        self.0.file(name);
    }

    fn finding(&self) {
        self.0.finding();
    }
}
