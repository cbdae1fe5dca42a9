//! What a user gives to hunt with (rules, checks, known-good files) and that cannot be used: named in one
//! way, whatever it is.

use std::io;
use std::path::Path;

use lapwing_model::{Problem, ProblemKind};

/// A file or folder that cannot be read.
pub fn unreadable(path: &Path, error: &io::Error) -> Problem {
    let message = match error.kind() {
        io::ErrorKind::NotFound => "there is no such file or folder".to_owned(),
        // What the walk of folders puts before it names the path a second time.
        _ => error
            .get_ref()
            .and_then(std::error::Error::source)
            .map_or_else(|| error.to_string(), ToString::to_string),
    };
    Problem::fatal(path.display().to_string(), ProblemKind::Unreadable, message)
}

/// A path in which nothing of the kind stands.
pub fn empty(path: &Path, what: &str, names: &str) -> Problem {
    let message = if path.is_dir() {
        format!("no {what} stands in this folder ({names})")
    } else {
        format!("no {what} stands in it")
    };
    Problem::fatal(path.display().to_string(), ProblemKind::UnknownFormat, message)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_missing_and_what_is_empty_say_so_in_the_same_way_everywhere() {
        let home = tempfile::tempdir().unwrap();
        let gone = home.path().join("gone");
        let error = walkdir::WalkDir::new(&gone).into_iter().next().unwrap().unwrap_err();
        let shown = unreadable(&gone, &error.into()).to_string();
        assert_eq!(shown, format!("{}: there is no such file or folder", gone.display()));
        let shown = empty(home.path(), "Sigma rule", "*.yml").to_string();
        assert!(shown.ends_with(": no Sigma rule stands in this folder (*.yml)"), "{shown}");
    }
}
