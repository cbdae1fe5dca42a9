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
    let rules = YaraRules::load(paths, YaraLimits::default());
    let mut problems = rules.problems().to_vec();
    if rules.is_empty() {
        if problems.is_empty() {
            let empty = |path: &PathBuf| lapwing_hunt::given::empty(path, "YARA rule", "");
            problems.extend(paths.iter().map(empty));
        }
        let hint = "give files of rules, or folders with *.yar, *.yara, *.rule or *.rules";
        return Err(crate::arms::nothing("YARA rule", paths, problems, hint));
    }
    Ok((Arc::new(rules), problems))
}

#[cfg(not(feature = "yara"))]
pub(crate) fn load(_: &[PathBuf]) -> Result<Loaded, EngineError> {
    Err(EngineError::WithoutYara)
}
