//! Rule files and the files that they include.
//!
//! Includes are resolved here and not by the compiler: a rule may only pull in regular files of a bounded
//! size, and a file that another one includes is not compiled a second time.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use lapwing_hunt::given;
use lapwing_model::{Problem, ProblemKind};

/// Largest file of rules in bytes.
const LARGEST: u64 = 64 << 20;
/// Most files that one set of rules may be made of.
const MOST_FILES: usize = 100_000;

/// One namespace of rules: a file with everything that it includes, included files first.
#[derive(Debug, Default)]
pub(crate) struct Unit {
    /// Names and texts.
    pub files: Vec<(PathBuf, String)>,
}

/// What the given folders and files hold, in the order of their names.
pub(crate) fn units(paths: &[PathBuf], problems: &mut Vec<Problem>) -> Vec<Unit> {
    let mut texts: BTreeMap<PathBuf, Text> = BTreeMap::new();
    let mut order = Vec::new();
    for path in paths {
        let before = (order.len(), problems.len());
        for entry in walkdir::WalkDir::new(path).sort_by_file_name() {
            let entry = match entry {
                Ok(entry) => entry,
                Err(error) => {
                    let at = error.path().unwrap_or(path).to_owned();
                    problems.push(given::unreadable(&at, &error.into()));
                    continue;
                }
            };
            let named_so = |end: &&str| entry.path().extension().is_some_and(|e| e == *end);
            let is_rules = ["yar", "yara", "rule", "rules"].iter().any(named_so);
            let asked_for = entry.depth() == 0 && !entry.file_type().is_dir();
            if (asked_for || is_rules && entry.file_type().is_file())
                && !texts.contains_key(entry.path())
                && order.len() < MOST_FILES
            {
                match Text::read(entry.path()) {
                    Ok(text) => {
                        order.push(entry.path().to_owned());
                        texts.insert(entry.path().to_owned(), text);
                    }
                    Err(error) => problems.push(given::unreadable(entry.path(), &error)),
                }
            }
        }
        if before == (order.len(), problems.len()) && !texts.contains_key(path) {
            problems.push(given::empty(path, "YARA rule", "*.yar, *.yara, *.rule, *.rules"));
        }
    }
    let included = resolve(&mut texts, problems);
    // Files that include each other in a circle have no root: the first one is taken.
    let (roots, inner): (Vec<&PathBuf>, Vec<&PathBuf>) =
        order.iter().partition(|path| !included.contains(*path));
    let mut covered = BTreeSet::new();
    let mut units = Vec::new();
    for root in roots.into_iter().chain(inner) {
        if covered.contains(root) {
            continue;
        }
        let mut unit = Unit::default();
        gather(root, &texts, &mut unit);
        covered.extend(unit.files.iter().map(|(path, _)| path.clone()));
        units.push(unit);
    }
    units
}

/// Reads what is included and not there yet; gives the files that others include.
fn resolve(texts: &mut BTreeMap<PathBuf, Text>, problems: &mut Vec<Problem>) -> BTreeSet<PathBuf> {
    let mut included = BTreeSet::new();
    let mut open: Vec<PathBuf> = texts.keys().cloned().collect();
    while let Some(path) = open.pop() {
        let wanted = texts.get(&path).map(|text| text.includes.clone()).unwrap_or_default();
        for (line, target) in wanted {
            included.insert(target.clone());
            if texts.contains_key(&target) {
                continue;
            }
            let read = if texts.len() < MOST_FILES {
                Text::read(&target)
            } else {
                Err(io::Error::other("too many files"))
            };
            match read {
                Ok(text) => {
                    texts.insert(target.clone(), text);
                    open.push(target);
                }
                Err(error) => {
                    let message = format!("it includes {}: {error}", target.display());
                    let name = path.display().to_string();
                    let problem = Problem::partial(name, ProblemKind::Unreadable, message);
                    problems.push(problem.at(format!("line {line}")));
                }
            }
        }
    }
    included
}

/// Takes a file and what it includes, the included ones first and each once.
fn gather(path: &Path, texts: &BTreeMap<PathBuf, Text>, unit: &mut Unit) {
    let mut seen = BTreeSet::new();
    let mut stack = vec![(path.to_owned(), false)];
    while let Some((path, is_done)) = stack.pop() {
        let Some(text) = texts.get(&path) else { continue };
        if is_done {
            unit.files.push((path, text.rules.clone()));
        } else if seen.insert(path.clone()) {
            stack.push((path, true));
            stack.extend(text.includes.iter().rev().map(|(_, target)| (target.clone(), false)));
        }
    }
}

/// A file of rules without its includes.
#[derive(Clone, Debug)]
struct Text {
    rules: String,
    /// Line and target.
    includes: Vec<(usize, PathBuf)>,
}

impl Text {
    fn read(path: &Path) -> io::Result<Self> {
        if !fs::metadata(path)?.is_file() {
            return Err(io::Error::other("no regular file"));
        }
        let mut bytes = Vec::new();
        fs::File::open(path)?.take(LARGEST + 1).read_to_end(&mut bytes)?;
        if bytes.len() as u64 > LARGEST {
            return Err(io::Error::other(format!("larger than {LARGEST} bytes")));
        }
        let text = String::from_utf8_lossy(&bytes);
        let folder = path.parent().unwrap_or(Path::new(""));
        Ok(Self::new(text.trim_start_matches('\u{feff}'), folder))
    }

    fn new(text: &str, folder: &Path) -> Self {
        let mut includes = Vec::new();
        let mut rules = String::with_capacity(text.len());
        for (at, line) in text.split_inclusive('\n').enumerate() {
            let target = line
                .trim()
                .strip_prefix("include")
                .filter(|rest| rest.starts_with([' ', '\t', '"']))
                .and_then(|rest| rest.trim().strip_prefix('"'))
                .and_then(|rest| rest.split_once('"'));
            match target {
                Some((target, rest)) if rest.trim().is_empty() || rest.trim().starts_with("//") => {
                    includes.push((at + 1, normal(&folder.join(target.replace('\\', "/")))));
                    // The line stays, so that errors name the right one.
                    rules.push('\n');
                }
                _ => rules.push_str(line),
            }
        }
        Self { rules, includes }
    }
}

/// Without `.` and `..`, so that one file has one name.
fn normal(path: &Path) -> PathBuf {
    let mut out = PathBuf::new();
    for part in path.components() {
        match part {
            std::path::Component::CurDir => {}
            std::path::Component::ParentDir if out.file_name().is_some() => {
                out.pop();
            }
            other => out.push(other),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(units: &[Unit]) -> Vec<Vec<String>> {
        let name = |path: &Path| path.file_name().unwrap().to_string_lossy().into_owned();
        units.iter().map(|unit| unit.files.iter().map(|(path, _)| name(path)).collect()).collect()
    }

    #[test]
    fn included_files_come_first_and_once() {
        let home = tempfile::tempdir().unwrap();
        let put = |name: &str, text: &str| fs::write(home.path().join(name), text).unwrap();
        put("a.yar", "include \"./lib.yar\"\nrule a { condition: true }\n");
        put("b.yar", "rule b { condition: true }\n");
        put("lib.yar", "private rule lib { condition: true }\n");
        put("notes.txt", "no rules");
        let mut problems = Vec::new();
        let found = units(&[home.path().to_owned()], &mut problems);
        assert_eq!(names(&found), [vec!["lib.yar", "a.yar"], vec!["b.yar"]]);
        assert!(problems.is_empty(), "{problems:?}");
        // Given by name, the file brings what it includes along.
        let found = units(&[home.path().join("a.yar")], &mut problems);
        assert_eq!(names(&found), [vec!["lib.yar", "a.yar"]]);
    }

    #[test]
    fn circles_end_and_missing_files_are_named() {
        let home = tempfile::tempdir().unwrap();
        let put = |name: &str, text: &str| fs::write(home.path().join(name), text).unwrap();
        put("a.yar", "include \"b.yar\"\n");
        put("b.yar", "include \"a.yar\"\n// x\ninclude \"gone.yar\" // away\n");
        let mut problems = Vec::new();
        let found = units(&[home.path().to_owned()], &mut problems);
        assert_eq!(names(&found), [vec!["b.yar", "a.yar"]]);
        assert_eq!(problems.len(), 1);
        assert_eq!(problems[0].place.as_deref(), Some("line 3"));
        assert!(units(&[home.path().join("no")], &mut problems).is_empty());
        assert!(problems[1].to_string().ends_with("no: there is no such file or folder"));
        let none = tempfile::tempdir().unwrap();
        assert!(units(&[none.path().to_owned()], &mut problems).is_empty());
        assert!(problems[2].message.starts_with("no YARA rule stands in this folder"));
    }
}
