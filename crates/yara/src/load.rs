//! Rules from folders and files, compiled; each broken one named.

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use lapwing_model::{Problem, ProblemKind};
use yara_x::{Compiler, Rules, SourceCode};

use crate::source::{self, Unit};

/// Variables that scanners of files give to rules, and that public rule sets use.
pub(crate) const VARIABLES: [&str; 6] =
    ["filename", "filepath", "extension", "filetype", "md5", "owner"];

/// Limits of a scan; reaching one is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct YaraLimits {
    /// Longest time for one file.
    pub time: Duration,
    /// Most matches of one string of a rule that are kept.
    pub matches: usize,
}

impl Default for YaraLimits {
    fn default() -> Self {
        Self { time: Duration::from_mins(1), matches: 1000 }
    }
}

/// Compiled rules, shared by all threads of a hunt.
pub struct YaraRules {
    pub(crate) rules: Rules,
    pub(crate) limits: YaraLimits,
    problems: Vec<Problem>,
}

impl fmt::Debug for YaraRules {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("YaraRules").field("rules", &self.len()).finish_non_exhaustive()
    }
}

impl YaraRules {
    /// Loads the rules of folders (`*.yar`, `*.yara`, `*.rule`, `*.rules`) and of files of any name, with what they
    /// include. A file or folder that cannot be read or holds no rule, and a rule that does not compile, is named in
    /// [`YaraRules::problems`].
    pub fn load(paths: &[PathBuf], limits: YaraLimits) -> Self {
        let mut problems = Vec::new();
        let units = source::units(paths, &mut problems);
        Self::compile(&units, problems, limits)
    }

    /// Compiles the rules of one text, as the file `name`.
    pub fn from_text(name: &str, text: &str, limits: YaraLimits) -> Self {
        let unit = Unit { files: vec![(name.into(), text.to_owned())] };
        Self::compile(&[unit], Vec::new(), limits)
    }

    fn compile(units: &[Unit], mut problems: Vec<Problem>, limits: YaraLimits) -> Self {
        let mut compiler = Compiler::new();
        // Public rules are written for YARA, whose regular expressions forgive more.
        compiler.relaxed_re_syntax(true).max_warnings(0);
        for name in VARIABLES {
            // Only a name that is no identifier is refused.
            let _ = compiler.define_global(name, "");
        }
        for unit in units {
            let name = unit.files.last().map(|(path, _)| path.display().to_string());
            compiler.new_namespace(&name.unwrap_or_default());
            for (path, text) in &unit.files {
                let path = path.display().to_string();
                let known = compiler.errors().len();
                let source = SourceCode::from(text.as_str()).with_origin(&path);
                if compiler.add_source(source).is_err() {
                    let found = compiler.errors().iter().skip(known);
                    problems.extend(found.map(|error| problem(&path, text, error)));
                }
            }
        }
        Self { rules: compiler.build(), limits, problems }
    }

    /// Number of rules in use.
    pub fn len(&self) -> usize {
        self.rules.iter().len()
    }

    /// Whether there is no rule.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Rules and files that are not used, each with its place and reason.
    pub fn problems(&self) -> &[Problem] {
        &self.problems
    }
}

/// An error of the compiler as file, line and reason.
fn problem(path: &str, text: &str, error: &yara_x::errors::CompileError) -> Problem {
    let label = error.labels().next();
    let mut message = error.title().to_owned();
    if let Some(label) = label.as_ref().filter(|label| !label.text().is_empty()) {
        message = format!("{message}: {}", label.text());
    }
    let start = label.map_or(0, |label| label.span().start()).min(text.len());
    let before = text.as_bytes().get(..start).unwrap_or_default();
    let line = before.split(|byte| *byte == b'\n').count();
    let rule = rule_before(text, start);
    let what =
        rule.map_or_else(|| "not used".to_owned(), |rule| format!("rule `{rule}` is not used"));
    let message = format!("{what}: {}", message.split_whitespace().collect::<Vec<_>>().join(" "));
    Problem::partial(path, ProblemKind::Malformed, message).at(format!("line {line}"))
}

/// The name of the rule in which a place stands.
fn rule_before(text: &str, at: usize) -> Option<&str> {
    let end = text[..text.floor_char_boundary(at)].len();
    // The name itself may be what is wrong: the line of the place belongs to it.
    let end = text[end..].find('\n').map_or(text.len(), |more| end + more);
    let is_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
    text[..end].lines().rev().find_map(|line| {
        let mut words = line.split_whitespace().skip_while(|w| *w == "private" || *w == "global");
        let name = words.next().filter(|word| *word == "rule").and(words.next())?;
        let length = name.find(|c| !is_name(c)).unwrap_or(name.len());
        Some(&name[..length]).filter(|name| !name.is_empty())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_broken_rule_is_named_and_the_others_are_used() {
        let text = "rule good { condition: true }\n\nrule broken {\n  condition: unknown_thing\n}\nrule last { condition: true }\n";
        let rules = YaraRules::from_text("set.yar", text, YaraLimits::default());
        assert_eq!(rules.len(), 2);
        let [problem] = rules.problems() else { panic!("{:?}", rules.problems()) };
        let shown = problem.to_string();
        assert!(shown.starts_with("set.yar (line 4): rule `broken` is not used: "), "{shown}");
        assert!(shown.contains("unknown"), "{shown}");
    }

    #[test]
    fn broken_syntax_and_broken_text_are_named_too() {
        for text in [
            "rule a { condition: }",
            "rule",
            "\u{0}\u{1}",
            "rule a { strings: $a = /(/ condition: $a }",
        ] {
            let rules = YaraRules::from_text("x.yar", text, YaraLimits::default());
            assert!(rules.is_empty(), "{text:?}");
            assert!(!rules.problems().is_empty(), "{text:?}");
        }
        let rules = YaraRules::from_text("x.yar", "", YaraLimits::default());
        assert!(rules.is_empty() && rules.problems().is_empty());
    }

    #[test]
    fn the_variables_of_public_rules_are_known() {
        let text = "rule a { condition: extension == \".aspx\" and filename matches /x/i and filepath contains \"owa\" }";
        let rules = YaraRules::from_text("x.yar", text, YaraLimits::default());
        assert!(rules.problems().is_empty(), "{:?}", rules.problems());
    }
}
