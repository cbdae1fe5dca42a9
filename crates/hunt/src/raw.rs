//! Whether a condition can hold for a line, by the line's bytes alone: most lines in which a check's
//! literal stands need not be parsed.

use memchr::memmem::Finder;

use crate::condition::{ANY_FOLDER, Condition, Test};
use crate::matcher::is_common;

/// What must stand in the bytes of a line whose record meets a condition.
#[derive(Clone, Debug)]
pub(crate) enum Raw {
    /// Nothing that could be told from them.
    Anything,
    All(Vec<Raw>),
    Any(Vec<Raw>),
    /// Literals, one behind the other.
    Parts {
        parts: Vec<Finder<'static>>,
        /// Numbers of those that are looked for in all lines anyway.
        known: Vec<u32>,
    },
}

impl Raw {
    pub(crate) fn of(condition: &Condition) -> Self {
        match condition {
            Condition::All(list) => Self::all(list.iter().map(Self::of)),
            Condition::Any(list) => Self::any(list.iter().map(Self::of)),
            Condition::Field { tests, exists: None | Some(true), .. } => {
                Self::all(tests.iter().map(Self::of_test))
            }
            Condition::Field { .. } | Condition::Not(_) => Self::Anything,
        }
    }

    fn of_test(test: &Test) -> Self {
        match test {
            Test::Equals(list) | Test::Contains(list) | Test::Starts(list) | Test::Ends(list) => {
                Self::any(list.iter().map(|wanted| Self::parts(wanted, &[])))
            }
            Test::ContainsAll(list) => {
                Self::all(list.iter().map(|wanted| Self::parts(wanted, &[])))
            }
            Test::Like(list) => Self::any(list.iter().map(|w| Self::parts(w, &['*', '?']))),
            // Separators are written both ways.
            Test::Path(list) => {
                Self::any(list.iter().map(|w| Self::parts(w, &['*', '?', '/', ANY_FOLDER])))
            }
            Test::Regex(_) | Test::AtLeast(_) | Test::AtMost(_) | Test::Artifact(_) => {
                Self::Anything
            }
        }
    }

    fn all(list: impl Iterator<Item = Raw>) -> Self {
        let mut list: Vec<Raw> = list.filter(|raw| !matches!(raw, Self::Anything)).collect();
        // What few lines hold, and what takes the fewest looks, turns lines away first.
        list.sort_by_key(|raw| (raw.is_common(), raw.looks()));
        if list.is_empty() { Self::Anything } else { Self::All(list) }
    }

    /// Whether many lines hold it.
    fn is_common(&self) -> bool {
        match self {
            Self::Anything => true,
            Self::All(list) => list.iter().all(Self::is_common),
            Self::Any(list) => list.iter().any(Self::is_common),
            Self::Parts { parts, .. } => {
                parts.iter().all(|part| std::str::from_utf8(part.needle()).is_ok_and(is_common))
            }
        }
    }

    /// How many literals are looked for at most.
    fn looks(&self) -> usize {
        match self {
            Self::Anything => 0,
            Self::All(list) | Self::Any(list) => list.iter().map(Self::looks).sum(),
            Self::Parts { parts, .. } => parts.len(),
        }
    }

    fn any(list: impl Iterator<Item = Raw>) -> Self {
        let list: Vec<Raw> = list.collect();
        let told = list.iter().all(|raw| !matches!(raw, Self::Anything));
        if told { Self::Any(list) } else { Self::Anything }
    }

    /// The parts of a pattern in lower case, those left out that a line may write otherwise.
    fn parts(pattern: &str, between: &[char]) -> Self {
        let plain = |part: &&str| {
            !part.is_empty() && part.bytes().all(|b| b.is_ascii() && !matches!(b, b'"' | b'\\'))
        };
        let finder = |part: &str| Finder::new(part.as_bytes()).into_owned();
        let parts: Vec<_> = pattern.split(between).filter(plain).map(finder).collect();
        if parts.is_empty() { Self::Anything } else { Self::Parts { parts, known: Vec::new() } }
    }

    /// Learns which literals are looked for in all lines, by their numbers.
    pub(crate) fn know(&mut self, number: &dyn Fn(&[u8]) -> Option<u32>) {
        match self {
            Self::Anything => {}
            Self::All(list) | Self::Any(list) => list.iter_mut().for_each(|raw| raw.know(number)),
            Self::Parts { parts, known } => {
                *known = parts.iter().filter_map(|part| number(part.needle())).collect();
            }
        }
    }

    /// Whether the condition may hold for a line in which these of the numbered literals stand, in some form, and no
    /// others of them. Never `false` when it does hold.
    pub(crate) fn may_hold_with(&self, there: &dyn Fn(u32) -> bool) -> bool {
        match self {
            Self::Anything => true,
            Self::All(list) => list.iter().all(|raw| raw.may_hold_with(there)),
            Self::Any(list) => list.iter().any(|raw| raw.may_hold_with(there)),
            Self::Parts { known, .. } => known.iter().all(|number| there(*number)),
        }
    }

    /// Whether the condition may hold for the record of a line, given in lower case of ASCII letters in all the forms that
    /// its percent codes stand for, in which these of the numbered literals stand. Never `false` when it does hold.
    pub(crate) fn may_hold(&self, forms: &[Vec<u8>], there: &dyn Fn(u32) -> bool) -> bool {
        match self {
            Self::Anything => true,
            Self::All(list) => list.iter().all(|raw| raw.may_hold(forms, there)),
            Self::Any(list) => list.iter().any(|raw| raw.may_hold(forms, there)),
            // What was looked for needs no second look.
            Self::Parts { known, .. } if !known.iter().all(|number| there(*number)) => false,
            Self::Parts { parts, known } if parts.len() == 1 && known.len() == 1 => true,
            Self::Parts { parts, .. } => forms.iter().any(|form| in_order(parts, form)),
        }
    }
}

/// Whether literals stand in a line one behind the other.
fn in_order(parts: &[Finder<'_>], line: &[u8]) -> bool {
    let mut rest = line;
    parts.iter().all(|part| {
        let at = part.find(rest);
        rest = &rest[at.map_or(0, |at| at + part.needle().len())..];
        at.is_some()
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::condition::{Artifacts, Written};
    use crate::other_forms;
    use crate::record::Record;
    use proptest::prelude::*;

    fn condition(text: &str) -> Condition {
        toml::from_str::<Written>(text).unwrap().compile().unwrap()
    }

    #[test]
    fn most_lines_need_not_be_parsed() {
        let condition = condition(
            "all = [{ field = 'm', equals = 'POST' }, { any = [{ field = 's', like = '/ecp/?.js' }, { field = 's', contains = '/OWA/x' }] }]",
        );
        for (line, may) in [
            ("post /ecp/y.js", true),
            ("post /ecp/default.aspx", false),
            ("get /ecp/y.js", false),
            ("post /owa/x", true),
            (".js post /ecp/", false),
        ] {
            assert_eq!(
                Raw::of(&condition).may_hold(&[line.as_bytes().to_vec()], &|_| false),
                may,
                "{line}"
            );
        }
    }

    proptest! {
        #[test]
        fn a_line_whose_record_meets_it_may_hold(
            values in proptest::collection::vec("[abAB/%.\\\\]{0,6}|a%2fb|/a/b|(%(25){0,2}[46][12]|%2F|a|/){1,4}", 3),
            wanted in "[ab/*?.]{1,3}",
            test in "equals|contains|starts|ends|like|path",
            not: bool,
        ) {
            let field = format!("{{ field = ['x', 'y'], {test} = '{wanted}' }}");
            let all = format!("all = [{field}, {{ field = 'z', contains = ['a', '/'] }}]");
            let condition = condition(&if not { format!("not = {{ {all} }}") } else { all });
            let line = values.join(" ");
            let fields = ["x", "y", "z"].iter().zip(&values);
            let record = Record {
                fields: fields.map(|(k, v)| ((*k).into(), v.as_str().into())).collect(),
                raw: line.as_str().into(),
                time: None,
                place: None,
                offset: 0,
            };
            if condition.holds(&record, &Artifacts::new()) {
                let mut room = Vec::new();
                let forms = other_forms::decoded(line.as_bytes(), &mut room);
                let mut raw = Raw::of(&condition);
                prop_assert!(raw.may_hold(forms, &|_| false), "{}", line);
                let known: [&[u8]; 2] = [b"a", b"b/"];
                raw.know(&|part| known.iter().position(|k| *k == part).map(|at| at as u32));
                let there = |number: u32| {
                    let has = |form: &Vec<u8>| memchr::memmem::find(form, known[number as usize]).is_some();
                    forms.iter().any(has)
                };
                prop_assert!(raw.may_hold_with(&there), "{}", line);
                prop_assert!(raw.may_hold(forms, &there), "{}", line);
            }
        }
    }
}
