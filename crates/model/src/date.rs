use std::fmt;
use std::str::FromStr;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

/// Text that is no date.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no date; write YYYY, YYYY-MM or YYYY-MM-DD")]
pub struct DateError(pub String);

/// A date as exactly as a source gives it: year, month or day.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PartialDate {
    year: i16,
    month: u8,
    day: u8,
}

impl PartialDate {
    /// Makes a date of a year, and of a month and day where known.
    ///
    /// # Errors
    /// When the parts are no date of the proleptic Gregorian calendar.
    pub fn new(year: i16, month: Option<u8>, day: Option<u8>) -> Result<Self, DateError> {
        let shown = || DateError(format!("{year}-{month:?}-{day:?}"));
        if month.is_none() && day.is_some() {
            return Err(shown());
        }
        let to_i8 = |part: Option<u8>| i8::try_from(part.unwrap_or(1)).map_err(|_| shown());
        Date::new(year, to_i8(month)?, to_i8(day)?).map_err(|_| shown())?;
        if !(1..=9999).contains(&year) {
            return Err(shown());
        }
        Ok(Self { year, month: month.unwrap_or(0), day: day.unwrap_or(0) })
    }

    /// The year.
    #[must_use]
    pub fn year(self) -> i16 {
        self.year
    }

    /// The month, 1 to 12, where known.
    #[must_use]
    pub fn month(self) -> Option<u8> {
        (self.month > 0).then_some(self.month)
    }

    /// The day of the month, where known.
    #[must_use]
    pub fn day(self) -> Option<u8> {
        (self.day > 0).then_some(self.day)
    }

    /// The first day that it may mean.
    #[must_use]
    pub fn first_day(self) -> Date {
        Date::new(self.year, self.month.max(1) as i8, self.day.max(1) as i8).unwrap_or(Date::ZERO)
    }

    /// The last day that it may mean.
    #[must_use]
    pub fn last_day(self) -> Date {
        match (self.month, self.day) {
            (0, _) => self.first_day().last_of_year(),
            (_, 0) => self.first_day().last_of_month(),
            _ => self.first_day(),
        }
    }
}

impl From<Date> for PartialDate {
    fn from(date: Date) -> Self {
        Self { year: date.year(), month: date.month() as u8, day: date.day() as u8 }
    }
}

impl fmt::Display for PartialDate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.month, self.day) {
            (0, _) => f.pad(&format!("{:04}", self.year)),
            (m, 0) => f.pad(&format!("{:04}-{m:02}", self.year)),
            (m, d) => f.pad(&format!("{:04}-{m:02}-{d:02}", self.year)),
        }
    }
}

impl FromStr for PartialDate {
    type Err = DateError;

    /// Reads `YYYY`, `YYYY-MM`, `YYYY-MM-DD`, and the date of an RFC 3339 time.
    fn from_str(text: &str) -> Result<Self, DateError> {
        let error = || DateError(text.to_owned());
        let day = text.trim().split(['T', ' ']).next().unwrap_or("");
        let parts: Vec<&str> = day.split('-').collect();
        if parts.is_empty() || parts.len() > 3 || parts[0].len() != 4 {
            return Err(error());
        }
        let number = |part: &str| {
            if part.len() <= 4 && part.bytes().all(|b| b.is_ascii_digit()) {
                part.parse::<u16>().map_err(|_| error())
            } else {
                Err(error())
            }
        };
        let small = |at: usize| -> Result<Option<u8>, DateError> {
            parts.get(at).map(|p| u8::try_from(number(p)?).map_err(|_| error())).transpose()
        };
        Self::new(number(parts[0])? as i16, small(1)?, small(2)?).map_err(|_| error())
    }
}

impl Serialize for PartialDate {
    fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for PartialDate {
    fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        String::deserialize(from)?.parse().map_err(serde::de::Error::custom)
    }
}

/// When something held: either end may be open.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
pub struct Period {
    /// First seen.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub first: Option<PartialDate>,
    /// Last seen.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub last: Option<PartialDate>,
}

impl Period {
    /// Whether neither end is known.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.first.is_none() && self.last.is_none()
    }

    /// The smallest period that holds both.
    #[must_use]
    pub fn hull(self, other: Self) -> Self {
        let first = match (self.first, other.first) {
            (Some(a), Some(b)) => Some(if a.first_day() <= b.first_day() { a } else { b }),
            (a, b) => a.or(b),
        };
        let last = match (self.last, other.last) {
            (Some(a), Some(b)) => Some(if a.last_day() >= b.last_day() { a } else { b }),
            (a, b) => a.or(b),
        };
        Self { first, last }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn text_round_trips(y in 1i16..=9999, m in proptest::option::of(1u8..=12), d in 1u8..=28) {
            let date = PartialDate::new(y, m, m.map(|_| d)).unwrap();
            prop_assert_eq!(date.to_string().parse::<PartialDate>().unwrap(), date);
        }

        #[test]
        fn never_panics(text in ".{0,24}") {
            let _ = text.parse::<PartialDate>();
        }
    }

    #[test]
    fn reads_what_sources_write_and_refuses_what_is_no_date() {
        let date = "2021-03-02T10:11:12Z".parse::<PartialDate>().unwrap();
        assert_eq!(date.to_string(), "2021-03-02");
        assert_eq!("2021-02".parse::<PartialDate>().unwrap().last_day().day(), 28);
        for bad in ["", "2021-02-30", "21-02-03", "2021-13", "+021-01", "2021-1-2-3"] {
            assert!(bad.parse::<PartialDate>().is_err(), "{bad}");
        }
    }
}
