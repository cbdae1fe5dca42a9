//! Checks, log sources and campaigns as data: one file, one of them.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::sync::LazyLock;

use jiff::Timestamp;
use jiff::civil::{Date, Time};
use jiff::tz::Offset;
use lapwing_model::{Problem, ProblemKind, Proof, Severity};
use serde::Deserialize;

use crate::condition::{Artifacts, Condition, Written};
use crate::given;
use crate::many::Many;
use crate::pattern::Pattern;
use crate::record::Record;
use crate::source::{Source, SourceFile};

/// One campaign check.
#[derive(Clone, Debug)]
pub struct Check {
    /// Identifier, as `exchange.cve-2021-26855.httpproxy`.
    pub id: String,
    /// What it finds, in a few words.
    pub title: String,
    /// Identifier of the campaign that it belongs to, if any.
    pub campaign: Option<String>,
    /// Log sources it reads, by identifier.
    pub sources: Vec<String>,
    /// How much a hit matters (a grade may say otherwise).
    pub severity: Severity,
    /// What a hit proves (a grade may say otherwise).
    pub proof: Proof,
    /// How sure a hit is, in percent.
    pub confidence: u8,
    /// ATT&CK technique.
    pub technique: Option<String>,
    /// Vulnerability, as `CVE-2021-26855`.
    pub cve: Option<String>,
    /// Public definition that it follows.
    pub reference: String,
    /// What a hit means, as a sentence.
    pub proves: String,
    /// What to do next on a hit.
    pub next: Option<String>,
    pub(crate) matched: Vec<String>,
    pub(crate) show: Vec<String>,
    pub(crate) condition: Condition,
    pub(crate) grades: Vec<Grade>,
    pub(crate) artifact: Option<ArtifactFrom>,
    pub(crate) many: Option<Many>,
    time: Option<(String, Pattern)>,
    tests: Vec<CheckTest>,
}

/// A special outcome of a check, decided by further fields (a status, mostly).
#[derive(Clone, Debug)]
pub(crate) struct Grade {
    pub when: Condition,
    pub title: Option<String>,
    pub severity: Option<Severity>,
    pub proof: Option<Proof>,
    pub confidence: Option<u8>,
    pub proves: Option<String>,
    pub ignore: bool,
}

/// A value of a hit that later checks look for.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ArtifactFrom {
    pub kind: String,
    pub field: Vec<String>,
}

/// What a check says about a record.
#[derive(Clone, Debug)]
pub(crate) struct Outcome<'c> {
    pub check: &'c Check,
    pub title: &'c str,
    pub severity: Severity,
    pub proof: Proof,
    pub confidence: u8,
    pub proves: &'c str,
}

/// What a campaign asks of a defender: updates and next steps, by verdict.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Campaign {
    /// Identifier.
    pub id: String,
    /// Name.
    pub title: String,
    /// First day on which it is known to have been active.
    pub since: Option<Date>,
    /// Last day of its first wave; others may go on with the same weakness for years.
    pub until: Option<Date>,
    /// Updates that close the weaknesses.
    pub updates: Vec<String>,
    /// Steps when compromised.
    pub compromised: Vec<String>,
    /// Steps when attempted.
    pub attempted: Vec<String>,
    /// Steps when nothing was found.
    pub nothing: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    check: Option<CheckFile>,
    #[serde(default)]
    grade: Vec<GradeFile>,
    #[serde(default)]
    test: Vec<CheckTest>,
    source: Option<SourceFile>,
    campaign: Option<Campaign>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CheckFile {
    id: String,
    title: String,
    campaign: Option<String>,
    sources: Vec<String>,
    severity: Severity,
    proof: Proof,
    confidence: u8,
    technique: Option<String>,
    cve: Option<String>,
    reference: String,
    proves: String,
    next: Option<String>,
    #[serde(default)]
    matched: Vec<String>,
    #[serde(default)]
    show: Vec<String>,
    condition: Written,
    artifact: Option<ArtifactFrom>,
    many: Option<Many>,
    time: Option<TimeFile>,
}

/// Where a record states its own time: groups `y`, `mo`, `d`, `h`, `mi`, `s` and `pm`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct TimeFile {
    field: String,
    regex: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct GradeFile {
    when: Written,
    title: Option<String>,
    severity: Option<Severity>,
    proof: Option<Proof>,
    confidence: Option<u8>,
    proves: Option<String>,
    #[serde(default)]
    ignore: bool,
}

/// A small record with what the check must say about it.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct CheckTest {
    fields: BTreeMap<String, String>,
    /// The proof as a word, or `nothing`.
    expect: String,
    /// Values found by a first pass.
    #[serde(default)]
    artifacts: Artifacts,
}

/// The checks of a hunt: built in, or of a folder.
#[derive(Debug, Default)]
pub struct Checks {
    list: Vec<Check>,
    sources: Vec<Source>,
    campaigns: Vec<Campaign>,
    /// Files of the user's own that are in use.
    own: usize,
    problems: Vec<Problem>,
}

/// The line, and what is wrong there.
type Refused = (Option<usize>, String);

const BUILTIN: &[(&str, &str)] = include!(concat!(env!("OUT_DIR"), "/checks.rs"));

impl Checks {
    /// The checks built into the program.
    pub fn builtin() -> &'static Checks {
        static CHECKS: LazyLock<Checks> = LazyLock::new(|| {
            let mut checks = Checks::default();
            for (_, text) in BUILTIN {
                // The test of the built-in files makes sure that none is refused.
                let _ = checks.add(text, false);
            }
            checks
        });
        &CHECKS
    }

    /// No checks at all: for a hunt by indicators only.
    pub fn none() -> Checks {
        Checks::default()
    }

    /// The built-in checks, and those of a folder or file (`*.toml`, folders within included); a check
    /// with the same identifier takes the place of the built-in one. What cannot be used is named in
    /// [`Checks::problems`].
    pub fn load(path: &Path) -> Checks {
        let mut checks = Checks::default();
        for (_, text) in BUILTIN {
            // The test of the built-in files makes sure that none is refused.
            let _ = checks.add(text, false);
        }
        for entry in walkdir::WalkDir::new(path).sort_by_file_name() {
            let entry = match entry {
                Ok(entry) => entry,
                Err(error) => {
                    let at = error.path().unwrap_or(path).to_owned();
                    checks.problems.push(given::unreadable(&at, &error.into()));
                    continue;
                }
            };
            let named_so = entry.path().extension().is_some_and(|e| e == "toml");
            if entry.file_type().is_file() && (named_so || entry.depth() == 0) {
                checks.add_own(entry.path());
            }
        }
        if checks.own == 0 && checks.problems.is_empty() {
            checks.problems.push(given::empty(path, "check", "*.toml"));
        }
        checks
    }

    fn add_own(&mut self, path: &Path) {
        let name = path.display().to_string();
        let added = match fs::read_to_string(path) {
            Ok(text) => self.add(&text, true),
            Err(error) => return self.problems.push(given::unreadable(path, &error)),
        };
        match added {
            Ok(()) => self.own += 1,
            Err((line, message)) => {
                let message = format!("no check: {message}");
                let mut problem = Problem::fatal(name, ProblemKind::Malformed, message);
                problem.place = line.map(|line| format!("line {line}"));
                self.problems.push(problem);
            }
        }
    }

    /// Files of [`Checks::load`] that are not used, with file, line and reason.
    pub fn problems(&self) -> &[Problem] {
        &self.problems
    }

    /// Number of files of [`Checks::load`] that are used, built-in ones aside.
    pub fn own(&self) -> usize {
        self.own
    }

    /// All checks in order of their identifiers.
    pub fn list(&self) -> &[Check] {
        &self.list
    }

    /// All campaigns in order of their identifiers.
    pub fn campaigns(&self) -> &[Campaign] {
        &self.campaigns
    }

    pub(crate) fn sources(&self) -> &[Source] {
        &self.sources
    }

    /// Adds what a file holds; else the line, where one can be told, and what is wrong. The regular expressions of
    /// built-in files were tried before (`try_all` is `false`).
    fn add(&mut self, text: &str, try_all: bool) -> Result<(), Refused> {
        let refused = |message: String| (None, message);
        let file: File = toml::from_str(text).map_err(|error| {
            let before = error.span().and_then(|span| text.get(..span.start));
            let line = before.map(|before| before.matches('\n').count() + 1);
            (line, error.message().split_whitespace().collect::<Vec<_>>().join(" "))
        })?;
        match (file.check, file.source, file.campaign) {
            (Some(check), None, None) => {
                let check = Check::new(check, file.grade, file.test).map_err(refused)?;
                if try_all {
                    check.compile_patterns().map_err(refused)?;
                }
                put(&mut self.list, check, |c| &c.id);
            }
            (None, Some(source), None) => {
                put(&mut self.sources, source.compile().map_err(refused)?, |s| &s.id);
                self.sources.sort_by(|a, b| (a.order, &a.id).cmp(&(b.order, &b.id)));
            }
            (None, None, Some(campaign)) => put(&mut self.campaigns, campaign, |c| &c.id),
            _ => {
                return Err(refused(
                    "a file holds one of [check], [source], [campaign]".to_owned(),
                ));
            }
        }
        Ok(())
    }
}

/// Puts an item in order of its identifier, in place of one with the same.
fn put<T>(list: &mut Vec<T>, item: T, id: impl Fn(&T) -> &String) {
    if let Some(old) = list.iter_mut().find(|old| id(old) == id(&item)) {
        *old = item;
        return;
    }
    list.push(item);
    list.sort_by(|a, b| id(a).cmp(id(b)));
}

impl Check {
    fn new(file: CheckFile, grades: Vec<GradeFile>, tests: Vec<CheckTest>) -> Result<Self, String> {
        let grades = grades.into_iter().map(|g| {
            Ok::<_, String>(Grade {
                when: g.when.compile()?,
                title: g.title,
                severity: g.severity,
                proof: g.proof,
                confidence: g.confidence,
                proves: g.proves,
                ignore: g.ignore,
            })
        });
        Ok(Self {
            id: file.id,
            title: file.title,
            campaign: file.campaign,
            sources: file.sources,
            severity: file.severity,
            proof: file.proof,
            confidence: file.confidence.min(100),
            technique: file.technique,
            cve: file.cve,
            reference: file.reference,
            proves: file.proves,
            next: file.next,
            matched: file.matched,
            show: file.show,
            condition: file.condition.compile()?,
            grades: grades.collect::<Result<_, _>>()?,
            artifact: file.artifact,
            many: file.many,
            time: match file.time {
                Some(t) => Some((t.field, Pattern::new(&t.regex, false)?)),
                None => None,
            },
            tests,
        })
    }

    /// Compiles all its regular expressions; the first that cannot be is told.
    fn compile_patterns(&self) -> Result<(), String> {
        self.condition.compile_patterns()?;
        self.grades.iter().try_for_each(|grade| grade.when.compile_patterns())?;
        self.time.iter().try_for_each(|(_, pattern)| pattern.compile())
    }

    /// What the check says about a record; `None` when it does not hold.
    pub(crate) fn judge(&self, record: &Record<'_>, artifacts: &Artifacts) -> Option<Outcome<'_>> {
        if !self.condition.holds(record, artifacts) {
            return None;
        }
        let grade = self.grades.iter().find(|g| g.when.holds(record, artifacts));
        if grade.is_some_and(|g| g.ignore) {
            return None;
        }
        Some(Outcome {
            check: self,
            title: grade.and_then(|g| g.title.as_deref()).unwrap_or(&self.title),
            severity: grade.and_then(|g| g.severity).unwrap_or(self.severity),
            proof: grade.and_then(|g| g.proof).unwrap_or(self.proof),
            confidence: grade.and_then(|g| g.confidence).unwrap_or(self.confidence),
            proves: grade.and_then(|g| g.proves.as_deref()).unwrap_or(&self.proves),
        })
    }

    /// The time that the record itself states, where the check says how to read it.
    pub(crate) fn own_time(&self, record: &Record<'_>) -> Option<Timestamp> {
        let (field, pattern) = self.time.as_ref()?;
        let found = pattern.captures(record.get(field)?)?;
        let number = |name: &str| found.name(name)?.as_str().parse::<i16>().ok();
        let mut hour = number("h")?;
        if let Some(half) = found.name("pm") {
            hour = hour % 12 + if half.as_str().eq_ignore_ascii_case("pm") { 12 } else { 0 };
        }
        let small = |n: i16| i8::try_from(n).ok();
        let date = Date::new(number("y")?, small(number("mo")?)?, small(number("d")?)?).ok()?;
        let time = Time::new(small(hour)?, small(number("mi")?)?, small(number("s")?)?, 0).ok()?;
        Offset::UTC.to_timestamp(date.to_datetime(time)).ok()
    }

    /// Titles, severities and proofs of the special outcomes that the check tells apart.
    pub fn outcomes(&self) -> Vec<(&str, Severity, Proof)> {
        let told = self.grades.iter().filter(|grade| !grade.ignore).map(|grade| {
            (
                grade.title.as_deref().unwrap_or(&self.title),
                grade.severity.unwrap_or(self.severity),
                grade.proof.unwrap_or(self.proof),
            )
        });
        told.collect()
    }

    /// How many test records the check brings.
    pub fn tests(&self) -> usize {
        self.tests.len()
    }

    /// Runs the check's own test records; one sentence for each that comes out wrong.
    pub fn test(&self) -> Vec<String> {
        let mut wrong = Vec::new();
        for (number, test) in self.tests.iter().enumerate() {
            let raw: Vec<&str> = test.fields.values().map(String::as_str).collect();
            let record = Record {
                fields: test.fields.iter().map(|(k, v)| (k.into(), v.into())).collect(),
                raw: raw.join("\n").into(),
                time: None,
                place: None,
                offset: 0,
            };
            let outcome = self.judge(&record, &test.artifacts);
            let said = outcome.map_or("nothing".to_owned(), |o| {
                serde_json::to_value(o.proof)
                    .ok()
                    .and_then(|v| v.as_str().map(str::to_owned))
                    .unwrap_or_default()
            });
            if said != test.expect {
                wrong.push(format!(
                    "{}: test {}: expected {}, got {said}",
                    self.id,
                    number + 1,
                    test.expect
                ));
            }
        }
        if !self.tests.iter().any(|t| t.expect == "nothing")
            || !self.tests.iter().any(|t| t.expect != "nothing")
        {
            wrong.push(format!("{}: needs a test that hits and one that does not", self.id));
        }
        wrong
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_built_in_file_is_well_formed() {
        let mut checks = Checks::default();
        for (name, text) in BUILTIN {
            checks.add(text, true).unwrap_or_else(|e| panic!("{name}: {e:?}"));
        }
        for check in checks.list() {
            for source in &check.sources {
                assert!(checks.sources().iter().any(|s| s.id == *source), "{}: {source}", check.id);
            }
        }
        assert!(checks.list().len() >= 10, "{}", checks.list().len());
    }

    #[test]
    fn a_broken_check_is_named_with_its_line_and_the_others_are_used() {
        let home = tempfile::tempdir().unwrap();
        let put = |name: &str, text: &str| fs::write(home.path().join(name), text).unwrap();
        put("broken.toml", "[check]\nid = \"a\"\ntitle = [\n");
        put("none.toml", "");
        put(
            "campaign.toml",
            "[campaign]\nid = \"c\"\ntitle = \"C\"\nupdates = []\ncompromised = []\nattempted = []\nnothing = []\n",
        );
        let checks = Checks::load(home.path());
        assert_eq!(checks.own(), 1);
        let shown: Vec<String> = checks.problems().iter().map(ToString::to_string).collect();
        let [broken, none] = shown.as_slice() else { panic!("{shown:?}") };
        assert!(broken.contains("broken.toml (line "), "{broken}");
        assert!(none.contains("none.toml: no check: a file holds one of"), "{none}");
        let missing = Checks::load(&home.path().join("gone"));
        assert!(missing.problems()[0].to_string().ends_with("there is no such file or folder"));
        assert_eq!(missing.list().len(), Checks::builtin().list().len());
    }

    #[test]
    fn every_built_in_check_passes_its_own_tests() {
        let wrong: Vec<String> = Checks::builtin().list().iter().flat_map(Check::test).collect();
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    }
}
