//! Valid and invalid STIX 2: a valid file is read without a problem, of an invalid one the defect
//! is named.

use std::collections::BTreeSet;
use std::path::Path;

use lapwing_engine::read::{Item as ReadItem, Options, read_path};

use crate::board::{Board, Rows};
use crate::corpus::files;
use crate::normal::Item;
use crate::{EvaluateError, Scores};

/// Files whose names begin so hold a defect; all others are valid but for warnings of style.
const INVALID: &str = "invalid_";

/// Gold is which files have a defect; found is of which we name one.
pub(super) fn run(folder: &Path, scores: &mut Scores) -> Result<(), EvaluateError> {
    let mut board = Board::new("stix-validator", "defects named", "lapwing");
    // What is under `test_schemas` are JSON schemas of the validator's own, and no STIX.
    let examples = files(folder, &[".json"])?
        .into_iter()
        .filter(|path| path.components().any(|part| part.as_os_str() == "test_examples"));
    for path in examples {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let mut problems = Vec::new();
        read_path(&path, &Options::default(), &mut |item| {
            if let ReadItem::Problem(problem) = item {
                problems.push(problem.to_string());
            }
        });
        board.with_problems += u64::from(!problems.is_empty());
        let gold: BTreeSet<Item> =
            name.starts_with(INVALID).then(|| Item::new("defect", "named")).into_iter().collect();
        let found =
            (!problems.is_empty()).then(|| Item::new("defect", "named")).into_iter().collect();
        board.score(&path, &gold, &found);
    }
    board.finish(Rows::Total, scores);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_valid_pass_and_the_invalid_are_named() {
        let folder = tempfile::tempdir().unwrap();
        let examples = folder.path().join("test_examples");
        std::fs::create_dir(&examples).unwrap();
        let identity = |tail: &str| {
            format!(
                r#"{{"type":"identity","spec_version":"2.1","id":"identity--11111111-1111-4111-8111-111111111111","created":"2021-03-02T00:00:00Z","modified":"2021-03-02T00:00:00Z"{tail}"#
            )
        };
        std::fs::write(examples.join("identity.json"), identity(r#","name":"x"}"#)).unwrap();
        std::fs::write(examples.join("invalid_name.json"), identity("}")).unwrap();
        std::fs::write(examples.join("invalid_braces.json"), identity(r#","name":"x""#)).unwrap();
        let mut scores = Scores::default();
        run(folder.path(), &mut scores).unwrap();
        assert_eq!(scores.rows[0].tally.unwrap(), crate::Tally { hits: 2, missed: 0, wrong: 0 });
    }
}
