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
    // Of programs that ran (PECmd); `SourceCreated` is of the file that tells it.
    "LastRun",
    // Velociraptor's own, and the beginning of a flow.
    "_ts",
    "start",
    "first",
];

/// The time of a record, as it stands in its columns.
pub(crate) fn moment_of(record: &Record<'_>) -> Option<Moment> {
    if let (Some(date), Some(clock)) = (record.get("date"), record.get("time"))
        && let Some(moment) = time::read_pair(date, clock)
    {
        return Some(moment);
    }
    // A lease began when its end was set: Kea notes that, and how long it lasts.
    if let (Some(end), Some(length)) = (record.get("expire"), record.get("valid_lifetime"))
        && let (Ok(end), Ok(length)) = (end.parse::<i64>(), length.parse::<i64>())
        && let Some(began) = end.checked_sub(length)
    {
        return time::read(&began.to_string());
    }
    let known = TIMES.iter().find_map(|name| record.get(name).and_then(time::read));
    let known = known.or_else(|| {
        let like_time = |name: &str| {
            let name = name.to_ascii_lowercase();
            (name.contains("time") || name.contains("date")) && !time::is_of_afterwards(&name)
        };
        let mut fields = record.fields.iter();
        fields.find_map(|(name, value)| like_time(name).then(|| time::read(value)).flatten())
    });
    known.or_else(|| by_value(record))
}

/// The time of a record whose columns have names of another language: what reads as a date with a clock's time, in one
/// column or in two that stand side by side.
fn by_value(record: &Record<'_>) -> Option<Moment> {
    let values = || record.fields.iter().map(|(_, value)| value.trim());
    let in_one = |value: &str| {
        let is_time = (16..=40).contains(&value.len()) && value.contains(':');
        is_time.then(|| time::read(value)).flatten()
    };
    values().find_map(in_one).or_else(|| {
        values().zip(values().skip(1)).find_map(|(date, clock)| {
            let is_pair = (8..=10).contains(&date.len())
                && (5..=15).contains(&clock.len())
                && clock.contains(':')
                && date.bytes().all(|b| b.is_ascii_digit() || b"./-".contains(&b));
            is_pair.then(|| time::read(&format!("{date} {clock}"))).flatten()
        })
    })
}
