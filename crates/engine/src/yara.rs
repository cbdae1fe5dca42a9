//! YARA rules for a hunt, where this build has them.

use std::path::PathBuf;
use std::sync::Arc;

use lapwing_hunt::ContentRules;
use lapwing_model::Problem;

use crate::EngineError;

/// Rules with what could not be used of them.
type Loaded = (Arc<dyn ContentRules>, Vec<Problem>);

#[cfg(feature = "yara")]
pub(crate) fn load(paths: &[PathBuf]) -> Result<Loaded, EngineError> {
    use lapwing_yara::{YaraLimits, YaraRules};
    let rules = YaraRules::load(paths, YaraLimits::default()).map_err(|error| {
        EngineError::File { path: error.path.display().to_string(), source: error.source }
    })?;
    let problems = rules.problems().to_vec();
    if rules.is_empty() {
        let first = problems
            .first()
            .map(ToString::to_string)
            .or(paths.first().map(|p| p.display().to_string()));
        return Err(EngineError::NoYaraRules(first.unwrap_or_default()));
    }
    Ok((Arc::new(rules), problems))
}

#[cfg(not(feature = "yara"))]
pub(crate) fn load(_: &[PathBuf]) -> Result<Loaded, EngineError> {
    Err(EngineError::WithoutYara)
}
