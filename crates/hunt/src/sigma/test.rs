//! What a selection asks of a record, as a tree of small tests.

use std::cmp::Ordering;
use std::net::IpAddr;

use ipnet::IpNet;
use jiff::tz::TimeZone;
use regex::Regex;

use super::pattern::Pattern;
use super::view::{Field, Slot, View};
use crate::time;

/// A test of a record.
#[derive(Clone, Debug)]
pub(crate) enum Test {
    /// All must hold.
    All(Vec<Test>),
    /// At least so many must hold.
    AtLeast(usize, Vec<Test>),
    /// Must not hold.
    Not(Box<Test>),
    /// One value of the field fits.
    Field(Field, Match),
    /// One value of any field fits.
    Keyword(Match),
    /// The field is there (or not).
    Exists(Field, bool),
    /// The field is not there, or empty.
    Null(Field),
    /// One value of the field compares with one value of another field.
    Same(Field, Field, Part),
    /// A value that is not known: the names of placeholders without values. It holds for nothing.
    Unknown(Vec<String>),
}

/// Which part of a value another field's value must be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Part {
    Whole,
    Start,
    End,
    Anywhere,
}

/// How one value is judged.
#[derive(Clone, Debug)]
pub(crate) enum Match {
    /// In lower case.
    Folded(Pattern),
    /// As written.
    Cased(Pattern),
    Regex(Box<Regex>),
    Cidr(IpNet),
    /// As a number.
    Number(Compare, f64),
    /// A part of a time.
    Time(TimePart, Compare, f64),
}

/// A comparison of numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Compare {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

/// A part of a date or time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TimePart {
    Minute,
    Hour,
    Day,
    Week,
    Month,
    Year,
}

impl Compare {
    /// Whether `left` compares so with `right`.
    pub(crate) fn holds(self, left: f64, right: f64) -> bool {
        let order = left.partial_cmp(&right);
        match self {
            Compare::Equal => order == Some(Ordering::Equal),
            Compare::NotEqual => order != Some(Ordering::Equal),
            Compare::Less => order == Some(Ordering::Less),
            Compare::LessOrEqual => matches!(order, Some(Ordering::Less | Ordering::Equal)),
            Compare::Greater => order == Some(Ordering::Greater),
            Compare::GreaterOrEqual => matches!(order, Some(Ordering::Greater | Ordering::Equal)),
        }
    }
}

impl TimePart {
    /// The part of a time as a log writes it, in the time's own zone (UTC where it has none).
    fn of(self, text: &str) -> Option<f64> {
        let date = time::parse(text)?.to_zoned(TimeZone::UTC).datetime();
        Some(match self {
            TimePart::Minute => f64::from(date.minute()),
            TimePart::Hour => f64::from(date.hour()),
            TimePart::Day => f64::from(date.day()),
            TimePart::Week => f64::from(date.date().iso_week_date().week()),
            TimePart::Month => f64::from(date.month()),
            TimePart::Year => f64::from(date.year()),
        })
    }
}

impl Match {
    /// Whether a value fits.
    pub(crate) fn fits(&self, view: &View, slot: &Slot) -> bool {
        match self {
            Match::Folded(pattern) => pattern.fits(view.folded(slot)),
            Match::Cased(pattern) => pattern.fits(view.raw(slot)),
            Match::Regex(regex) => regex.is_match(view.raw(slot)),
            Match::Cidr(net) => {
                let address: Option<IpAddr> = view.raw(slot).trim().parse().ok();
                address.is_some_and(|a| net.contains(&a.to_canonical()) || net.contains(&a))
            }
            Match::Number(compare, value) => {
                number(view.raw(slot)).is_some_and(|n| compare.holds(n, *value))
            }
            Match::Time(part, compare, value) => {
                part.of(view.raw(slot)).is_some_and(|n| compare.holds(n, *value))
            }
        }
    }
}

/// A number as logs write it: decimal, or hexadecimal with `0x`.
pub(crate) fn number(text: &str) -> Option<f64> {
    let text = text.trim();
    match text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")) {
        Some(hex) => u64::from_str_radix(hex, 16).ok().map(|n| n as f64),
        None => text.parse().ok(),
    }
}

impl Part {
    fn holds(self, left: &str, right: &str) -> bool {
        match self {
            Part::Whole => left == right,
            Part::Start => left.starts_with(right),
            Part::End => left.ends_with(right),
            Part::Anywhere => left.contains(right),
        }
    }
}

impl Test {
    /// Whether a record passes.
    pub(crate) fn holds(&self, view: &View) -> bool {
        match self {
            Test::All(list) => list.iter().all(|test| test.holds(view)),
            Test::AtLeast(1, list) => list.iter().any(|test| test.holds(view)),
            Test::AtLeast(most, list) => {
                list.iter().filter(|test| test.holds(view)).take(*most).count() == *most
            }
            Test::Not(inner) => !inner.holds(view),
            Test::Field(field, how) => view.values(*field).any(|slot| how.fits(view, slot)),
            Test::Keyword(how) => view.slots().iter().any(|slot| how.fits(view, slot)),
            Test::Exists(field, there) => view.values(*field).next().is_some() == *there,
            Test::Null(field) => view.values(*field).all(|slot| view.raw(slot).is_empty()),
            Test::Same(left, right, part) => view
                .values(*left)
                .any(|l| view.values(*right).any(|r| part.holds(view.folded(l), view.folded(r)))),
            Test::Unknown(_) => false,
        }
    }

    /// What is known of the outcome for all records that agree with `view` in the `known`
    /// fields; `None` when it depends on more.
    pub(crate) fn outcome(&self, view: &View, known: &[Field]) -> Option<bool> {
        match self {
            Test::All(list) => {
                let mut all = Some(true);
                for test in list {
                    match test.outcome(view, known) {
                        Some(false) => return Some(false),
                        None => all = None,
                        Some(true) => {}
                    }
                }
                all
            }
            Test::AtLeast(most, list) => {
                let (mut sure, mut open) = (0, 0);
                for test in list {
                    match test.outcome(view, known) {
                        Some(true) => sure += 1,
                        None => open += 1,
                        Some(false) => {}
                    }
                }
                match () {
                    () if sure >= *most => Some(true),
                    () if sure + open < *most => Some(false),
                    () => None,
                }
            }
            Test::Not(inner) => inner.outcome(view, known).map(|holds| !holds),
            Test::Field(field, _) | Test::Exists(field, _) | Test::Null(field)
                if known.contains(field) =>
            {
                Some(self.holds(view))
            }
            Test::Same(left, right, _) if known.contains(left) && known.contains(right) => {
                Some(self.holds(view))
            }
            _ => None,
        }
    }

    /// The fields and values by which a record passes, in the order of the rule.
    pub(crate) fn evidence(&self, view: &View, out: &mut Vec<(Field, String)>) {
        let mut put = |slot: &Slot| {
            let value = (slot.field, view.raw(slot).to_owned());
            if !out.contains(&value) {
                out.push(value);
            }
        };
        match self {
            Test::All(list) | Test::AtLeast(_, list) => {
                for test in list.iter().filter(|test| test.holds(view)) {
                    test.evidence(view, out);
                }
            }
            Test::Field(field, how) => {
                if let Some(slot) = view.values(*field).find(|slot| how.fits(view, slot)) {
                    put(slot);
                }
            }
            Test::Keyword(how) => {
                if let Some(slot) = view.slots().iter().find(|slot| how.fits(view, slot)) {
                    put(slot);
                }
            }
            Test::Exists(field, true) | Test::Same(field, ..) => {
                if let Some(slot) = view.values(*field).next() {
                    put(slot);
                }
            }
            Test::Not(_) | Test::Exists(..) | Test::Null(_) | Test::Unknown(_) => {}
        }
    }
}
