//! Literals without which a test cannot hold: they decide which rules are run on a record at all.

use regex_syntax::hir::{Class, Hir, HirKind};

use super::pattern::{Anchor, Pattern, fold};
use super::test::{Match, Test};
use super::view::Field;

/// A literal, in lower case, that must stand in a value of a field (of any, when `None`).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Literal {
    pub text: String,
    pub field: Option<Field>,
    pub anchor: Anchor,
}

/// Literals shorter than this stand everywhere.
const SHORTEST: usize = 3;

/// Texts that stand in so many records that a piece of them tells little.
const COMMON: &[&str] = &[
    "c:\\windows\\system32\\svchost.exe",
    "c:\\windows\\syswow64\\",
    "c:\\program files (x86)\\",
    "c:\\program files\\common files\\",
    "c:\\programdata\\microsoft\\windows\\",
    "c:\\users\\administrator\\appdata\\local\\temp\\",
    "\\appdata\\roaming\\microsoft\\",
    "\\windowspowershell\\v1.0\\powershell.exe",
    "c:\\windows\\system32\\cmd.exe /c ",
    "c:\\windows\\explorer.exe",
    "c:\\windows\\system32\\services.exe",
    "c:\\windows\\system32\\lsass.exe",
    "hklm\\system\\currentcontrolset\\services\\",
    "hklm\\software\\microsoft\\windows\\currentversion\\",
    "hkcu\\software\\microsoft\\windows nt\\",
    "hku\\s-1-5-21-",
    "nt authority\\system",
    "microsoft corporation",
    "microsoft-windows-security-auditing",
    "http://www.",
    "https://www.",
    ".microsoft.com/",
    "dword (0x00000001)",
    "setvalue createkey deletevalue",
    "true false 0x0 0x1 null none error warning information",
    "get post head",
    "type=syscall type=execve type=path",
];

/// A test's witness: at least one of these literals stands in every record that passes.
#[derive(Clone, Debug)]
pub(crate) struct Witness {
    pub literals: Vec<Literal>,
    /// How telling the weakest of them is.
    score: u32,
}

/// Finds the most telling witness of a test; `None` when there is none. Tests of `routed` fields
/// are decided before and are no witnesses.
pub(crate) fn witness(test: &Test, routed: &[Field]) -> Option<Witness> {
    witness_from(test, routed, SHORTEST)
}

/// The same with literals of at least so many bytes.
pub(super) fn witness_from(test: &Test, routed: &[Field], shortest: usize) -> Option<Witness> {
    match test {
        Test::All(list) => list
            .iter()
            .filter_map(|part| witness_from(part, routed, shortest))
            .max_by_key(|found| (found.score, std::cmp::Reverse(found.literals.len()))),
        Test::AtLeast(most, list) if *most > 0 => {
            let mut all = Witness { literals: Vec::new(), score: u32::MAX };
            // What holds for nothing needs no witness.
            for part in list.iter().filter(|part| !matches!(part, Test::Unknown(_))) {
                let found = witness_from(part, routed, shortest)?;
                all.score = all.score.min(found.score);
                all.literals.extend(found.literals);
            }
            (!all.literals.is_empty()).then_some(all)
        }
        Test::Field(field, how) => {
            if routed.contains(field) {
                None
            } else {
                of_match(how, Some(*field), shortest)
            }
        }
        Test::Keyword(how) => of_match(how, None, shortest),
        _ => None,
    }
}

fn of_match(how: &Match, field: Option<Field>, shortest: usize) -> Option<Witness> {
    match how {
        // What stands in a text in one case stands in its lower case too.
        Match::Folded(pattern) | Match::Cased(pattern) => of_pattern(pattern, field, shortest),
        Match::Regex(regex) => {
            let hir = regex_syntax::ParserBuilder::new().build().parse(regex.as_str()).ok()?;
            let texts = required(&hir)?;
            let literals: Vec<Literal> = texts
                .into_iter()
                .map(|text| Literal { text: fold(&text), field, anchor: Anchor::Anywhere })
                .collect();
            let score = literals.iter().map(score).min()?;
            Some(Witness { literals, score })
        }
        Match::Cidr(_) | Match::Number(..) | Match::Time(..) => None,
    }
}

fn of_pattern(pattern: &Pattern, field: Option<Field>, shortest: usize) -> Option<Witness> {
    let literal = pattern
        .literals()
        .into_iter()
        .map(|(text, anchor)| Literal { text: fold(text), field, anchor })
        .filter(|literal| literal.text.len() >= shortest)
        .max_by_key(score)?;
    let score = score(&literal);
    Some(Witness { literals: vec![literal], score })
}

/// How telling a literal is: longer is better, so is one that fills or ends a value.
fn score(literal: &Literal) -> u32 {
    let common = COMMON.iter().any(|text| text.contains(&literal.text));
    let length = literal.text.len().min(24) as u32;
    let place = match literal.anchor {
        Anchor::Anywhere => 0,
        Anchor::Start => 2,
        Anchor::End => 6,
        Anchor::Whole => 10,
    };
    if common { length / 6 } else { length + place }
}

/// Texts of which one must stand in whatever a regular expression matches.
fn required(hir: &Hir) -> Option<Vec<String>> {
    let long_enough = |list: &Vec<String>| list.iter().all(|text| text.len() >= SHORTEST);
    match hir.kind() {
        HirKind::Literal(literal) => {
            let text = std::str::from_utf8(&literal.0).ok()?.to_owned();
            Some(vec![text]).filter(long_enough)
        }
        HirKind::Capture(capture) => required(&capture.sub),
        HirKind::Repetition(repetition) if repetition.min > 0 => required(&repetition.sub),
        HirKind::Alternation(list) => {
            let mut all = Vec::new();
            for part in list {
                all.extend(required(part)?);
            }
            (all.len() <= 64).then_some(all)
        }
        HirKind::Concat(list) => {
            // Neighbouring characters, where each may be of either case, make one literal.
            let mut best: Option<Vec<String>> = None;
            let mut offer = |found: Option<Vec<String>>| {
                let shortest = |l: &Vec<String>| l.iter().map(String::len).min().unwrap_or(0);
                if let Some(found) = found.filter(long_enough)
                    && best.as_ref().is_none_or(|old| shortest(&found) > shortest(old))
                {
                    best = Some(found);
                }
            };
            let mut run = String::new();
            for part in list {
                if let Some(text) = plain(part) {
                    run.push_str(&text);
                } else {
                    offer(Some(vec![std::mem::take(&mut run)]));
                    offer(required(part));
                }
            }
            offer(Some(vec![run]));
            best
        }
        _ => None,
    }
}

/// The text of a part that is one text up to case.
fn plain(hir: &Hir) -> Option<String> {
    match hir.kind() {
        HirKind::Literal(literal) => std::str::from_utf8(&literal.0).ok().map(fold),
        HirKind::Class(Class::Unicode(class)) => {
            let mut folded: Vec<char> = Vec::new();
            for range in class.ranges() {
                for c in range.start()..=range.end() {
                    let lower = c.to_lowercase().next()?;
                    if !folded.contains(&lower) {
                        folded.push(lower);
                    }
                    if folded.len() > 1 {
                        return None;
                    }
                }
            }
            folded.first().map(char::to_string)
        }
        HirKind::Capture(capture) => plain(&capture.sub),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use regex::Regex;

    fn of(regex: &str) -> Option<Vec<String>> {
        let how = Match::Regex(Box::new(Regex::new(regex).unwrap()));
        of_match(&how, None, SHORTEST).map(|w| w.literals.into_iter().map(|l| l.text).collect())
    }

    #[test]
    fn regular_expressions_have_literals() {
        let text = |list: &[&str]| Some(list.iter().map(|t| (*t).to_owned()).collect::<Vec<_>>());
        assert_eq!(of(r"\d+Invoke-\w+"), text(&["invoke-"]));
        assert_eq!(of("(abc|defg)x?"), text(&["abc", "defg"]));
        // The long s counts as an s in any case, and is none in lower case.
        assert_eq!(of("(?i)PowerShell.*"), text(&["power"]));
        assert_eq!(of("[a-z]{3}|abc"), None);
        assert_eq!(of("(abc)*"), None);
        assert_eq!(of("(abcd)+e"), text(&["abcd"]));
    }
}
