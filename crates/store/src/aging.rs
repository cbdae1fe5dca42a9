//! When an indicator loses its worth, as two days that do not depend on the day of asking.

use jiff::civil::{Date, date};
use lapwing_model::Status;

/// How the status of an indicator follows from the day on which it is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Aging {
    /// The same on every day: benign, revoked, undated, or active for good.
    Fixed(Status),
    /// Active until it ages, expired from its end on. Days are counted from 1970-01-01.
    Days {
        /// The first day on which it is no longer active.
        ages: i64,
        /// The first day on which it is expired.
        ends: i64,
    },
}

/// Numbers that stand for a fixed status in place of a day.
const BENIGN: i64 = -3;
const REVOKED: i64 = -2;
/// Those of what is no indicator, whatever its age.
pub(crate) const SET_ASIDE: (i64, i64) = (BENIGN, REVOKED);
const UNDATED: i64 = -1;
const NEVER: i64 = i32::MAX as i64;

/// The number of a day; days before 1970 count as its first.
#[must_use]
pub fn day_number(day: Date) -> i64 {
    let days = day.since(date(1970, 1, 1)).map_or(0, |span| span.get_days());
    i64::from(days.max(0))
}

impl Aging {
    /// The status on a day.
    #[must_use]
    pub fn on(self, day: Date) -> Status {
        match self {
            Self::Fixed(status) => status,
            Self::Days { ages, .. } if day_number(day) < ages => Status::Active,
            Self::Days { ends, .. } if day_number(day) < ends => Status::Ageing,
            Self::Days { .. } => Status::Expired,
        }
    }

    /// As the two columns of a row.
    pub(crate) fn columns(self) -> (i64, i64) {
        match self {
            Self::Fixed(Status::Benign) => (BENIGN, BENIGN),
            Self::Fixed(Status::Revoked) => (REVOKED, REVOKED),
            Self::Fixed(Status::Undated) => (UNDATED, UNDATED),
            Self::Fixed(Status::Active) => (NEVER, NEVER),
            // Of all days the first: aged, or at its end, ever since.
            Self::Fixed(Status::Ageing) => (0, NEVER),
            Self::Fixed(Status::Expired) => (0, 0),
            Self::Days { ages, ends } => {
                let ends = ends.clamp(0, NEVER);
                (ages.clamp(0, ends), ends)
            }
        }
    }

    /// What two columns mean.
    pub(crate) fn of_columns(ages: i64, ends: i64) -> Self {
        match ages {
            BENIGN => Self::Fixed(Status::Benign),
            REVOKED => Self::Fixed(Status::Revoked),
            UNDATED => Self::Fixed(Status::Undated),
            NEVER => Self::Fixed(Status::Active),
            _ => Self::Days { ages, ends },
        }
    }
}

/// The condition on the columns of `standing s` that holds just for a status on a day.
pub(crate) fn condition(status: Status, day: Date) -> String {
    let day = day_number(day);
    match status {
        Status::Benign => format!("s.ages = {BENIGN}"),
        Status::Revoked => format!("s.ages = {REVOKED}"),
        Status::Undated => format!("s.ages = {UNDATED}"),
        Status::Active => format!("s.ages > {day}"),
        Status::Ageing => format!("(s.ages BETWEEN 0 AND {day} AND s.ends > {day})"),
        Status::Expired => format!("(s.ages BETWEEN 0 AND {day} AND s.ends <= {day})"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_mean_what_they_were_made_of() {
        let today = date(2021, 3, 2);
        let days = |ages, ends| Aging::Days { ages, ends };
        let now = day_number(today);
        for (aging, status) in [
            (Aging::Fixed(Status::Benign), Status::Benign),
            (Aging::Fixed(Status::Revoked), Status::Revoked),
            (Aging::Fixed(Status::Undated), Status::Undated),
            (Aging::Fixed(Status::Active), Status::Active),
            (days(now + 1, now + 5), Status::Active),
            (days(now, now + 1), Status::Ageing),
            (days(now - 4, now), Status::Expired),
            (days(now - 4, i64::MAX), Status::Ageing),
            (days(-9, -7), Status::Expired),
        ] {
            let (ages, ends) = aging.columns();
            assert_eq!(aging.on(today), status, "{aging:?}");
            assert_eq!(Aging::of_columns(ages, ends).on(today), status, "{aging:?}");
        }
        assert_eq!(day_number(date(1969, 5, 1)), 0);
        assert_eq!(day_number(date(1970, 1, 2)), 1);
    }
}
