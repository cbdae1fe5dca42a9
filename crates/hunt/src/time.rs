//! Times as logs write them. A time without a zone is UTC, as IIS, Exchange and Windows log it.

use jiff::Timestamp;
use jiff::civil::{Date, DateTime, Time};
use jiff::tz::Offset;

/// Reads a time of a log: ISO 8601 with `T` or blank, with or without zone; Apache's
/// `02/Mar/2021:10:11:12 +0000`; seconds or milliseconds since 1970.
pub(crate) fn parse(text: &str) -> Option<Timestamp> {
    let text = text.trim().trim_matches(['"', '[', ']']);
    let bytes = text.as_bytes();
    if bytes.len() < 10 {
        return None;
    }
    if bytes.iter().all(|b| b.is_ascii_digit() || *b == b'.') {
        return epoch(text);
    }
    if bytes[2] == b'/' {
        return apache(text);
    }
    if bytes[4] != b'-' || bytes[7] != b'-' {
        return None;
    }
    let date = Date::new(
        number(text, 0, 4)? as i16,
        number(text, 5, 7)? as i8,
        number(text, 8, 10)? as i8,
    )
    .ok()?;
    if bytes.len() == 10 {
        return None;
    }
    clock(date, text.get(11..)?)
}

/// A date and a time of day that stand in fields of their own, as in W3C logs.
pub(crate) fn parse_pair(date: &str, time: &str) -> Option<Timestamp> {
    let date: Date = date.trim().parse().ok()?;
    clock(date, time.trim())
}

fn number(text: &str, from: usize, to: usize) -> Option<u32> {
    let part = text.get(from..to)?;
    part.bytes().all(|b| b.is_ascii_digit()).then(|| part.parse().ok()).flatten()
}

/// `10:11:12[.345][Z|+01:00]` on a day.
fn clock(date: Date, text: &str) -> Option<Timestamp> {
    let (hour, minute, second) = (number(text, 0, 2)?, number(text, 3, 5)?, number(text, 6, 8)?);
    let mut rest = text.get(8..)?;
    let mut nanos = 0u32;
    if let Some(fraction) = rest.strip_prefix(['.', ',']) {
        let digits = fraction.bytes().take_while(u8::is_ascii_digit).count();
        for place in 0..9 {
            let digit = fraction.as_bytes().get(place).filter(|_| place < digits);
            nanos = nanos * 10 + digit.map_or(0, |d| u32::from(d - b'0'));
        }
        rest = fraction.get(digits..)?;
    }
    let time = Time::new(hour as i8, minute as i8, (second as i8).min(59), nanos as i32).ok()?;
    let zone = rest.trim_start();
    let sign = match zone.as_bytes().first() {
        Some(b'+') => 1,
        Some(b'-') if zone.len() >= 3 => -1,
        _ => 0,
    };
    let offset = if sign == 0 {
        Offset::UTC
    } else {
        let digits: String = zone[1..].chars().take(5).filter(char::is_ascii_digit).collect();
        let hours = number(&digits, 0, 2)? as i32;
        let minutes = number(&digits, 2, 4).unwrap_or(0) as i32;
        Offset::from_seconds(sign * (hours * 3600 + minutes * 60)).ok()?
    };
    offset.to_timestamp(DateTime::from_parts(date, time)).ok()
}

fn epoch(text: &str) -> Option<Timestamp> {
    let (whole, _) = text.split_once('.').unwrap_or((text, ""));
    let value: i64 = whole.parse().ok()?;
    match whole.len() {
        10 => Timestamp::from_second(value).ok(),
        13 => Timestamp::from_millisecond(value).ok(),
        16 => Timestamp::from_microsecond(value).ok(),
        19 => Timestamp::from_nanosecond(i128::from(value)).ok(),
        _ => None,
    }
}

fn apache(text: &str) -> Option<Timestamp> {
    const MONTHS: [&str; 12] =
        ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
    let month = text.get(3..6)?.to_ascii_lowercase();
    let month = MONTHS.iter().position(|m| *m == month)? + 1;
    let date =
        Date::new(number(text, 7, 11)? as i16, month as i8, number(text, 0, 2)? as i8).ok()?;
    clock(date, text.get(12..)?)
}

/// The time with which a line of text or syslog begins, or that stands in its first brackets.
pub(crate) fn leading(line: &str) -> Option<Timestamp> {
    let head: String = line.chars().take(120).collect();
    let head = head.trim_start();
    let head =
        if head.starts_with('<') { head.split_once('>').map_or(head, |(_, h)| h) } else { head };
    // RFC 5424 puts the version before the time.
    let head = head.strip_prefix("1 ").unwrap_or(head);
    parse(head)
        .or_else(|| parse(head.trim_start_matches('[')))
        .or_else(|| head.split_once('[').and_then(|(_, inner)| parse(inner)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_logs_write() {
        for (text, utc) in [
            ("2021-03-03T01:02:03.456Z", "2021-03-03T01:02:03.456Z"),
            ("2021-03-03 01:02:03", "2021-03-03T01:02:03Z"),
            ("2021-03-03T01:02:03+01:00", "2021-03-03T00:02:03Z"),
            ("03/Mar/2021:01:02:03 -0500", "2021-03-03T06:02:03Z"),
            ("1614733323", "2021-03-03T01:02:03Z"),
            ("2021-03-14 06:40:13.6591234 UTC", "2021-03-14T06:40:13.6591234Z"),
        ] {
            assert_eq!(parse(text).map(|t| t.to_string()).as_deref(), Some(utc), "{text}");
        }
        for text in
            ["", "2021-13-01T00:00:00Z", "2021-03-03", "10.0.0.1 - - x", "2021-03-03T99:00:00"]
        {
            assert_eq!(parse(text), None, "{text}");
        }
        assert!(leading("<34>1 2021-03-03T01:02:03Z host app").is_some());
        assert!(leading("192.0.2.1 - - [03/Mar/2021:01:02:03 +0000] \"GET / HTTP/1.1\"").is_some());
    }

    proptest::proptest! {
        #[test]
        fn never_panics(text in ".{0,40}") {
            let _ = (parse(&text), leading(&text), parse_pair(&text, &text));
        }
    }
}
