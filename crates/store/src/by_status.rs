//! The indicators of a status, found by the index on their days without going through the others.
//!
//! Ageing and expired ones lie between each other in the index: it goes by the day from which a value ages, and of one
//! such day by the day of its end. There are few different days, so each is looked at for itself.

use jiff::civil::Date;
use lapwing_model::Status;

use crate::aging::{self, day_number};

/// The query for the numbers, as `n`, of the indicators of a kind that have a status on a day.
pub(crate) fn rows_of(kind: i64, status: Status, day: Date) -> String {
    let of_kind = |name: &str| format!("{name}.probability IS NOT NULL AND {name}.kind = {kind}");
    let today = day_number(day);
    let ends = match status {
        Status::Ageing => format!("s.ends > {today}"),
        Status::Expired => format!("s.ends <= {today}"),
        Status::Benign | Status::Revoked | Status::Undated | Status::Active => {
            return format!(
                "SELECT s.n AS n FROM standing s INDEXED BY standing_ages WHERE {} AND {}",
                of_kind("s"),
                aging::condition(status, day)
            );
        }
    };
    format!(
        "SELECT s.n AS n FROM (
           WITH RECURSIVE ageing (since) AS (
             SELECT (SELECT max(t.ages) FROM standing t INDEXED BY standing_ages
                     WHERE {of_t} AND t.ages BETWEEN 0 AND {today})
             UNION ALL
             SELECT (SELECT max(t.ages) FROM standing t INDEXED BY standing_ages
                     WHERE {of_t} AND t.ages >= 0 AND t.ages < ageing.since)
             FROM ageing WHERE ageing.since IS NOT NULL
           ) SELECT since FROM ageing WHERE since IS NOT NULL
         ) a CROSS JOIN standing s INDEXED BY standing_ages ON s.ages = a.since
         WHERE {of_s} AND {ends}",
        of_t = of_kind("t"),
        of_s = of_kind("s"),
    )
}
