//! What a hunt is given besides its input: checks, rules, known-good files. What cannot be used of them is named;
//! where nothing is left the hunt does not start, for an answer without it would not be the one asked for.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use lapwing_hunt::{Baseline, Checks, Options, Rules, RulesOptions};
use lapwing_model::Problem;

use crate::{EngineError, HuntOptions, Progress, yara};

/// The checks of a hunt.
pub(crate) enum Armed {
    /// Those of the program.
    Builtin(&'static Checks),
    /// With those of a folder.
    Own(Checks),
}

impl Armed {
    pub(crate) fn checks(&self) -> &Checks {
        match self {
            Self::Builtin(checks) => checks,
            Self::Own(checks) => checks,
        }
    }
}

/// Loads all that `asked` names into `how`; what cannot be used goes to `problems`.
pub(crate) fn load(
    asked: &HuntOptions,
    how: &mut Options,
    problems: &mut Vec<Problem>,
    progress: &dyn Progress,
) -> Result<Armed, EngineError> {
    let checks = match &asked.checks {
        Some(path) => Armed::Own(load_checks(path)?),
        None => Armed::Builtin(Checks::builtin()),
    };
    problems.extend_from_slice(checks.checks().problems());
    if !asked.rules.is_empty() {
        progress.stage("compiling Sigma rules");
        how.rules = Some(Arc::new(rules(&asked.rules, &asked.rules_options, problems)?));
    }
    if !asked.yara.is_empty() {
        progress.stage("compiling YARA rules");
        let (rules, found) = yara::load(&asked.yara)?;
        problems.extend(found);
        how.content = Some(rules);
    }
    if !asked.baseline.is_empty() {
        progress.stage("reading known-good files");
        let baseline = Baseline::load(&asked.baseline);
        let found = baseline.problems().to_vec();
        if baseline.is_empty() {
            let hint = "give what `lapwing baseline FOLDER -o FILE` or `sha256sum` wrote, or any list of MD5, SHA-1 or SHA-256 values";
            return Err(nothing("known-good file", &asked.baseline, found, hint));
        }
        problems.extend(found);
        how.baseline = Some(Arc::new(baseline));
    }
    Ok(checks)
}

/// The built-in checks with those of a folder or file; what cannot be used of it is in
/// [`Checks::problems`].
///
/// # Errors
/// When nothing in it can be used.
pub fn load_checks(path: &Path) -> Result<Checks, EngineError> {
    let checks = Checks::load(path);
    if checks.own() == 0 {
        let found = checks.problems().to_vec();
        let hint = "a check is a file *.toml; `lapwing checks --checks FOLDER test` tries them";
        return Err(nothing("check", &[path.to_owned()], found, hint));
    }
    Ok(checks)
}

fn rules(
    paths: &[PathBuf],
    options: &RulesOptions,
    problems: &mut Vec<Problem>,
) -> Result<Rules, EngineError> {
    let rules = Rules::load(paths, options)?;
    let found = rules.problems().to_vec();
    if rules.is_empty() {
        let mut left_out = Vec::new();
        let mut tell = |count: usize, why: &str| {
            if count > 0 {
                left_out.push(format!("{count} {why}"));
            }
        };
        tell(rules.below(), "below the level asked for (--level)");
        tell(rules.waiting().len(), "waiting for the values of placeholders (--placeholders)");
        tell(rules.retired(), "deprecated or unsupported by their own status");
        let hint = if left_out.is_empty() {
            "give files of Sigma rules, or folders with *.yml or *.yaml".to_owned()
        } else {
            format!("rules left out: {}", left_out.join(", "))
        };
        return Err(nothing("Sigma rule", paths, found, &hint));
    }
    problems.extend(found);
    Ok(rules)
}

/// Nothing of what was given can be used.
pub(crate) fn nothing(
    what: &'static str,
    paths: &[PathBuf],
    problems: Vec<Problem>,
    hint: &str,
) -> EngineError {
    let given = paths.iter().map(|path| path.display().to_string()).collect();
    EngineError::NothingLoaded { what, given, problems, hint: hint.to_owned() }
}
