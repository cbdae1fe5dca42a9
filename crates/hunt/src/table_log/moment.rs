//! Which columns of a table hold the time of a record.

use crate::record::Record;
use crate::time::{self, Moment};

/// Columns that hold the time of a record, most telling first.
const TIMES: &[&str] = &[
    "DateTime",
    "date-time",
    "Timestamp",
    "@timestamp",
    "ts",
    "time",
    "EventTime",
    "TimeCreated",
    "UtcTime",
    "datetime",
    "date",
    "StartTime",
    "Start Time",
    "Receive Time",
    "Logged Time",
    "Event Time",
    "TimeGenerated",
    "_time",
    "log_time",
    "event_time",
];

/// The time of a record, as it stands in its columns.
pub(super) fn moment_of(record: &Record<'_>) -> Option<Moment> {
    if let (Some(date), Some(clock)) = (record.get("date"), record.get("time"))
        && let Some(moment) = time::read_pair(date, clock)
    {
        return Some(moment);
    }
    let known = TIMES.iter().find_map(|name| record.get(name).and_then(time::read));
    known.or_else(|| {
        let like_time = |name: &str| {
            let name = name.to_ascii_lowercase();
            name.contains("time") || name.contains("date")
        };
        let mut fields = record.fields.iter();
        fields.find_map(|(name, value)| like_time(name).then(|| time::read(value)).flatten())
    })
}
