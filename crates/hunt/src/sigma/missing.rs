//! Placeholders that have no values: what a rule still tells without them.
//!
//! A placeholder stands for what only the owner of the machines knows: accounts of administrators, addresses of domain
//! controllers. Without values it stands for an empty list, of which nothing is a part. A rule that names in this way what is
//! to be left out then leaves out nothing, and says less; one that names what is to be found can find nothing, and waits.

use std::collections::BTreeSet;

use lapwing_model::{Confidence, Severity};

use super::agent;
use super::test::Test;

/// A rule that cannot tell anything until its placeholders have values.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Waiting {
    /// Identifier of the rule.
    pub id: String,
    /// Its title.
    pub title: String,
    /// The file that it stands in.
    pub file: String,
    /// The line at which the rule begins.
    pub line: u64,
    /// What is missing, and what would be found without it.
    pub why: String,
}

/// What is missing of a rule that runs all the same.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Missing {
    /// The placeholders, as they are written.
    names: String,
    /// Whether what they name would be left out: the rule finds more than it should.
    is_loose: bool,
}

/// What an empty list makes of a rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Without {
    /// Nothing is missing.
    Whole,
    /// It runs, and tells less.
    Runs(Missing),
    /// It would find nothing, or everything: why it waits.
    Waits(String),
}

/// Judges a rule by its test.
pub(crate) fn without(test: &Test) -> Without {
    let mut names = BTreeSet::new();
    let mut is_loose = false;
    collect(test, false, &mut names, &mut is_loose);
    if names.is_empty() {
        return Without::Whole;
    }
    let names = names.iter().map(|name| format!("%{name}%")).collect::<Vec<_>>().join(", ");
    let needs = |what: &str| {
        Without::Waits(format!("it needs values for {names} (--placeholders): {what} without them"))
    };
    match outcomes(test) {
        Outcomes { holds: false, .. } => needs("it can find nothing"),
        Outcomes { fails: false, .. } => needs("it holds for every record"),
        _ => Without::Runs(Missing { names, is_loose }),
    }
}

impl Missing {
    /// What is said with each finding.
    pub(crate) fn words(&self) -> String {
        let Self { names, is_loose } = self;
        if *is_loose {
            format!(
                "; run without values for {names} (--placeholders), so nothing that they would name is left out and it says less"
            )
        } else {
            format!(
                "; run without values for {names} (--placeholders): what they would name is not found"
            )
        }
    }

    /// The level of its findings.
    pub(crate) fn severity(&self, severity: Severity) -> Severity {
        if self.is_loose { agent::lower(severity) } else { severity }
    }

    /// How sure its findings are.
    pub(crate) fn confidence(&self, confidence: Confidence) -> Confidence {
        if self.is_loose { Confidence::percent(confidence.as_percent() / 2) } else { confidence }
    }
}

/// The placeholders without values, and whether one of them stands where it takes away.
fn collect(test: &Test, negated: bool, names: &mut BTreeSet<String>, is_loose: &mut bool) {
    match test {
        Test::All(list) | Test::AtLeast(_, list) => {
            for part in list {
                collect(part, negated, names, is_loose);
            }
        }
        Test::Not(inner) => collect(inner, !negated, names, is_loose),
        Test::Unknown(list) => {
            names.extend(list.iter().cloned());
            *is_loose |= negated;
        }
        _ => {}
    }
}

/// Whether some record may pass a test, and some may fail it.
#[derive(Clone, Copy)]
struct Outcomes {
    holds: bool,
    fails: bool,
}

fn outcomes(test: &Test) -> Outcomes {
    match test {
        Test::All(list) => Outcomes {
            holds: list.iter().all(|part| outcomes(part).holds),
            fails: list.iter().any(|part| outcomes(part).fails),
        },
        Test::AtLeast(most, list) => Outcomes {
            holds: list.iter().filter(|part| outcomes(part).holds).count() >= *most,
            fails: list.iter().filter(|part| !outcomes(part).fails).count() < *most,
        },
        Test::Not(inner) => {
            let Outcomes { holds, fails } = outcomes(inner);
            Outcomes { holds: fails, fails: holds }
        }
        Test::Unknown(_) => Outcomes { holds: false, fails: true },
        _ => Outcomes { holds: true, fails: true },
    }
}

#[cfg(test)]
mod tests {
    use super::super::rule::{Document, documents};
    use super::super::view::Fields;
    use super::*;

    fn of(detection: &str) -> Without {
        let text = format!("title: x\nlogsource: {{category: a}}\ndetection:\n{detection}");
        let mut fields = Fields::default();
        match documents(&text, &mut fields, &std::collections::BTreeMap::default())
            .pop()
            .unwrap()
            .unwrap()
        {
            Document::Rule(rule) => without(&rule.test),
            _ => panic!("no rule"),
        }
    }

    #[test]
    fn what_only_names_the_harmless_runs_and_says_less() {
        for (detection, loose) in [
            ("  s: {a: 1}\n  f: {b|expand: '%x%'}\n  condition: s and not f\n", true),
            ("  s: {a: 1}\n  f: [{b: 1}, {b|expand: '%x%'}]\n  condition: s and not f\n", true),
            ("  s: {a: 1}\n  f: {b: 1, c|expand: '%x%'}\n  condition: s and not 1 of f*\n", true),
            ("  s: [{a: 1}, {b|expand: '%x%'}]\n  condition: s\n", false),
            ("  s: {a: 1}\n  t: {b|expand: '%x%'}\n  condition: 1 of them\n", false),
        ] {
            let Without::Runs(missing) = of(detection) else { panic!("{detection}") };
            assert_eq!(missing.is_loose, loose, "{detection}");
            assert!(missing.words().contains("%x%"));
            let lowered = missing.severity(Severity::High);
            assert_eq!(lowered == Severity::Medium, loose);
        }
    }

    #[test]
    fn what_would_find_nothing_or_everything_waits() {
        for (detection, why) in [
            ("  s: {a: 1, b|expand: '%x%'}\n  condition: s\n", "nothing"),
            ("  s: {a: 1}\n  t: {b|expand: '%x%'}\n  condition: all of them\n", "nothing"),
            ("  f: {a: 1, b|expand: '%x%'}\n  condition: not f\n", "every record"),
            ("  f: {b|contains|expand: ['%x%', '%y%']}\n  condition: not f\n", "every record"),
        ] {
            let Without::Waits(told) = of(detection) else { panic!("{detection}") };
            assert!(told.contains(why) && told.contains("%x%"), "{told}");
        }
        assert_eq!(of("  s: {a: 1}\n  condition: s\n"), Without::Whole);
    }

    #[test]
    fn a_variable_of_the_shell_stands_for_itself() {
        let whole = of("  s: {CommandLine|contains|expand: '%UserDomain%'}\n  condition: s\n");
        assert_eq!(whole, Without::Whole);
    }
}
