//! Times as logs write them, and what is assumed where a log leaves out its zone or the year.

use jiff::Timestamp;
use jiff::civil::{Date, DateTime, Time};
use jiff::tz::{Offset, TimeZone};

/// A time as it stands in a log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Moment {
    /// With its zone.
    Exact(Timestamp),
    /// Of a clock whose zone the log does not state.
    Civil(DateTime),
    /// Without zone and year; the year 2000, which has every day, stands for it.
    Yearless(DateTime),
}

impl Moment {
    /// The time if the clock shows UTC; `None` without a year.
    pub(crate) fn utc(self) -> Option<Timestamp> {
        Clock::default().settle(self)
    }
}

/// How times without a zone or a year are read.
#[derive(Clone, Debug, Default)]
pub(crate) struct Clock {
    /// The zone of clocks that state none; UTC by default.
    pub zone: Option<TimeZone>,
    /// The year of times that state none.
    pub year: Option<i16>,
    /// The last day on which the log was written.
    pub last_day: Option<Date>,
}

impl Clock {
    /// The point in time; `None` when the year is not known, or the clock never shows that time.
    pub(crate) fn settle(&self, moment: Moment) -> Option<Timestamp> {
        let civil = match moment {
            Moment::Exact(time) => return Some(time),
            Moment::Civil(civil) => civil,
            Moment::Yearless(civil) => self.with_year(civil)?,
        };
        match &self.zone {
            Some(zone) => zone.to_timestamp(civil).ok(),
            None => Offset::UTC.to_timestamp(civil).ok(),
        }
    }

    /// What settling a time assumes, in words; `None` when the log says all itself.
    pub(crate) fn assumption(&self, moment: Moment) -> Option<String> {
        let yearless = match moment {
            Moment::Exact(_) => return None,
            Moment::Civil(_) => false,
            Moment::Yearless(_) => true,
        };
        if yearless && self.year.is_none() && self.last_day.is_none() {
            return Some("the times state no year and were not used (--year gives it)".to_owned());
        }
        let text = match &self.zone {
            Some(zone) => {
                let offset = || zone.to_fixed_offset().ok().map(|offset| offset.to_string());
                let name = zone.iana_name().map(str::to_owned).or_else(offset);
                let name = name.unwrap_or_else(|| "of the zone that was given".to_owned());
                format!("the times state no zone and were read as {name}")
            }
            None => "the times state no zone and were read as UTC (--time-zone gives another)"
                .to_owned(),
        };
        match (yearless, self.year, self.last_day) {
            (true, Some(year), _) => Some(format!("{text}; the year is {year}, as given")),
            (true, None, Some(day)) => {
                Some(format!("{text}; the year goes by the log's last day, {day}"))
            }
            _ => Some(text),
        }
    }

    /// The latest year in which the time is not after the log's last day.
    fn with_year(&self, civil: DateTime) -> Option<DateTime> {
        let in_year = |year: i16| civil.with().year(year).build().ok();
        if let Some(year) = self.year {
            return in_year(year);
        }
        // A day more, for the zones of the world.
        let last = self.last_day?.tomorrow().ok()?;
        (0..=4).filter_map(|back| in_year(last.year() - back)).find(|time| time.date() <= last)
    }
}

/// Reads a time of a log; one without a zone is taken for UTC, one without a year is none.
pub(crate) fn parse(text: &str) -> Option<Timestamp> {
    read(text)?.utc()
}

/// Reads a time of a log: ISO 8601 in its many forms, the forms of web servers, syslog, alerts,
/// Windows' exports, mail, and seconds (milli-, micro-, nanoseconds) since 1970.
pub(crate) fn read(text: &str) -> Option<Moment> {
    let text = text.trim().trim_matches(['"', '\'', '[', ']', '(']);
    let bytes = text.as_bytes();
    if bytes.len() < 10 || !bytes[0].is_ascii_alphanumeric() && !b"/@".contains(&bytes[0]) {
        return None;
    }
    if let Some(label) = text.strip_prefix('@') {
        return tai(label);
    }
    if let Some(inner) = text.strip_prefix("/Date(") {
        let digits = inner.bytes().take_while(u8::is_ascii_digit).count();
        return epoch(&inner[..digits]);
    }
    if bytes[0].is_ascii_alphabetic() {
        return klog(text).or_else(|| named(text));
    }
    if bytes.iter().all(|b| b.is_ascii_digit() || *b == b'.') {
        return compact(text).or_else(|| epoch(text));
    }
    let digits = bytes.iter().take_while(|b| b.is_ascii_digit()).count();
    match (digits, bytes.get(digits)?) {
        // Sophos writes `2021:03:03-01:02:03`.
        (4, b'-' | b'/' | b'.' | b':') => {
            let separator = bytes[4];
            let date = date(number(text, 0, 4)?, number(text, 5, 7)?, number(text, 8, 10)?)?;
            if bytes[7] != separator {
                return None;
            }
            on(date, text.get(11..)?)
        }
        // OSSEC writes `2021 Mar 03 01:02:03`.
        (4, b' ') => year_and_month(number(text, 0, 4)?, &text[5..]),
        // `210303 01:02:03`, as MySQL wrote it, and `081109 203615`.
        (6, b' ') => {
            let date = date(2000 + number(text, 0, 2)?, number(text, 2, 4)?, number(text, 4, 6)?)?;
            let rest = text.get(7..)?.trim_start();
            if rest.as_bytes().get(1..3)?.contains(&b':') {
                return on(date, rest);
            }
            let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
            let time = time(number(rest, 0, 2)?, number(rest, 2, 4)?, number(rest, 4, 6)?, 0)?;
            (digits == 6).then(|| Moment::Civil(DateTime::from_parts(date, time)))
        }
        // `20210303T010203Z`
        (8, b'T' | b'-' | b' ') => {
            let date = date(number(text, 0, 4)?, number(text, 4, 6)?, number(text, 6, 8)?)?;
            let clock = text.get(9..)?;
            if clock.as_bytes().get(2) == Some(&b':') {
                return on(date, clock);
            }
            let time = time(number(clock, 0, 2)?, number(clock, 2, 4)?, number(clock, 4, 6)?, 0)?;
            zoned(DateTime::from_parts(date, time), clock.get(6..)?)
        }
        (1 | 2, b'/' | b'.' | b' ' | b'-') => day_first(text, digits),
        _ => None,
    }
}

/// A date and a time of day that stand in fields of their own.
pub(crate) fn read_pair(date: &str, time: &str) -> Option<Moment> {
    let day = date.trim().trim_matches('"').replace('/', "-").parse().ok()?;
    on(day, time.trim().trim_matches('"'))
}

fn number(text: &str, from: usize, to: usize) -> Option<u32> {
    let part = text.get(from..to)?;
    part.bytes().all(|b| b.is_ascii_digit()).then(|| part.parse().ok()).flatten()
}

fn date(year: u32, month: u32, day: u32) -> Option<Date> {
    Date::new(i16::try_from(year).ok()?, i8::try_from(month).ok()?, i8::try_from(day).ok()?).ok()
}

fn time(hour: u32, minute: u32, second: u32, nanos: i32) -> Option<Time> {
    let second = i8::try_from(second.min(60)).ok()?.min(59);
    Time::new(i8::try_from(hour).ok()?, i8::try_from(minute).ok()?, second, nanos).ok()
}

/// `10:11[:12[.345]] [AM|PM] [zone]` on a day.
fn on(date: Date, text: &str) -> Option<Moment> {
    // An hour of one digit stands behind two blanks.
    let (time, rest) = clock(text.trim_start_matches(' '))?;
    zoned(DateTime::from_parts(date, time), rest)
}

/// A time of day, and what stands behind it.
fn clock(text: &str) -> Option<(Time, &str)> {
    let (mut hour, rest) = digits(text, 2)?;
    let (minute, rest) = digits(rest.strip_prefix(':')?, 2)?;
    let (second, mut rest) = match rest.strip_prefix(':') {
        Some(rest) => digits(rest, 2)?,
        None => (0, rest),
    };
    let mut nanos = 0i32;
    // Behind a comma the next column may begin, as with an address.
    let digits_of = |text: &str| text.bytes().take_while(u8::is_ascii_digit).count();
    let fraction = rest.strip_prefix(['.', ',']).filter(|fraction| {
        !(rest.starts_with(',') && fraction[digits_of(fraction)..].starts_with('.'))
    });
    if let Some(fraction) = fraction {
        let count = digits_of(fraction);
        for place in 0..9 {
            let digit = fraction.as_bytes().get(place).filter(|_| place < count);
            nanos = nanos * 10 + digit.map_or(0, |d| i32::from(d - b'0'));
        }
        rest = &fraction[count..];
    }
    let after = rest.trim_start_matches([' ', '\u{202f}', '\u{a0}']);
    let half = after.get(..2).filter(|_| hour <= 12).map(str::to_ascii_uppercase);
    if let Some(half @ ("AM" | "PM")) = half.as_deref() {
        hour = hour % 12 + if half == "PM" { 12 } else { 0 };
        rest = &after[2..];
    }
    Some((time(hour, minute, second, nanos)?, rest))
}

/// A number of at most so many digits, and what stands behind it.
fn digits(text: &str, most: usize) -> Option<(u32, &str)> {
    let count = text.bytes().take(most).take_while(u8::is_ascii_digit).count();
    Some((number(text, 0, count).filter(|_| count > 0)?, &text[count..]))
}

/// A clock's time with the zone that stands behind it, if any.
fn zoned(civil: DateTime, rest: &str) -> Option<Moment> {
    let zone = rest.trim_start();
    let bytes = zone.as_bytes();
    let sign = match bytes.first() {
        Some(b'+') => 1,
        Some(b'-') => -1,
        Some(b'Z') if !bytes.get(1).is_some_and(u8::is_ascii_alphanumeric) => 0,
        Some(b'A'..=b'Z') => {
            let Some(minutes) = named_zone(zone) else { return Some(Moment::Civil(civil)) };
            let offset = Offset::from_seconds(minutes * 60).ok()?;
            return offset.to_timestamp(civil).ok().map(Moment::Exact);
        }
        _ => return Some(Moment::Civil(civil)),
    };
    let mut seconds = 0;
    if sign != 0 {
        let zone = bytes[1..].iter().take(5).take_while(|b| b.is_ascii_digit() || **b == b':');
        let digits: Vec<u8> = zone.copied().filter(u8::is_ascii_digit).take(4).collect();
        let Ok(digits) = std::str::from_utf8(&digits) else { return None };
        // A dash alone is a separator, no zone.
        let Some(hours) = number(digits, 0, 2) else { return Some(Moment::Civil(civil)) };
        let minutes = number(digits, 2, 4).unwrap_or(0);
        seconds = sign * i32::try_from(hours * 3600 + minutes * 60).ok()?;
    }
    let offset = Offset::from_seconds(seconds).ok()?;
    offset.to_timestamp(civil).ok().map(Moment::Exact)
}

/// Minutes east of Greenwich of a zone by its short name. Names that several countries have for different clocks (`IST`,
/// `CST` in China and America, `BST`) are none: the assumption is told instead.
fn named_zone(text: &str) -> Option<i32> {
    const HOURS: &[(&str, i32)] = &[
        ("UTC", 0),
        ("GMT", 0),
        ("WET", 0),
        ("WEST", 1),
        ("CET", 1),
        ("MET", 1),
        ("CEST", 2),
        ("MEST", 2),
        ("METDST", 2),
        ("EET", 2),
        ("EEST", 3),
        ("MSK", 3),
        ("HKT", 8),
        ("SGT", 8),
        ("JST", 9),
        ("KST", 9),
        ("AEST", 10),
        ("AEDT", 11),
        ("NZST", 12),
        ("NZDT", 13),
        ("EST", -5),
        ("EDT", -4),
        ("CDT", -5),
        ("MST", -7),
        ("MDT", -6),
        ("PST", -8),
        ("PDT", -7),
    ];
    let length = text.bytes().take_while(u8::is_ascii_uppercase).count();
    let after = text.as_bytes().get(length);
    if after.is_some_and(|b| b.is_ascii_alphanumeric() || b"_-".contains(b)) {
        return None;
    }
    let name = &text[..length];
    HOURS.iter().find(|(known, _)| *known == name).map(|(_, hours)| hours * 60)
}

/// `Mar 03 01:02:03` behind its year.
fn year_and_month(year: u32, text: &str) -> Option<Moment> {
    let month = month(text)?;
    let (day, rest) = digits(text.get(3..)?.strip_prefix(' ')?.trim_start(), 2)?;
    on(date(year, month, day)?, rest.strip_prefix(' ')?)
}

/// `I0303 01:02:03.000000`: the level's letter, month and day, as Kubernetes and other programs in Go and C++ log.
fn klog(text: &str) -> Option<Moment> {
    let rest = text.strip_prefix(['I', 'W', 'E', 'F'])?;
    let date = date(2000, number(rest, 0, 2)?, number(rest, 2, 4)?)?;
    let rest = rest.get(4..)?.strip_prefix(' ')?;
    // A short number behind a letter may be anything; the clock and its fraction are not.
    (rest.as_bytes().get(8) == Some(&b'.')).then_some(())?;
    let (time, _) = clock(rest)?;
    Some(Moment::Yearless(DateTime::from_parts(date, time)))
}

/// The label of TAI64 and TAI64N, as daemontools and qmail write it: seconds (and nanoseconds) in hexadecimal digits. TAI
/// runs ahead of UTC by the leap seconds, 37 since 2017; what these programs write is ahead by 10 always.
fn tai(label: &str) -> Option<Moment> {
    const EPOCH: u64 = (1 << 62) + 10;
    let hex = |from: usize, to: usize| {
        let part = label.get(from..to)?;
        part.bytes().all(|b| b.is_ascii_hexdigit()).then(|| u64::from_str_radix(part, 16).ok())?
    };
    let seconds = i64::try_from(hex(0, 16)?.checked_sub(EPOCH)?).ok()?;
    let nanos = i32::try_from(hex(16, 24).unwrap_or(0)).ok().filter(|n| *n < 1_000_000_000)?;
    Timestamp::new(seconds, nanos).ok().map(Moment::Exact)
}

/// `20210303010203`, as PowerShell's transcripts have it.
fn compact(text: &str) -> Option<Moment> {
    if text.len() != 14 {
        return None;
    }
    let date = date(number(text, 0, 4)?, number(text, 4, 6)?, number(text, 6, 8)?)?;
    if !(1970..2200).contains(&date.year()) {
        return None;
    }
    let time = time(number(text, 8, 10)?, number(text, 10, 12)?, number(text, 12, 14)?, 0)?;
    Some(Moment::Civil(DateTime::from_parts(date, time)))
}

fn epoch(text: &str) -> Option<Moment> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let value: i64 = whole.parse().ok()?;
    let time = match whole.len() {
        10 => {
            let nanos: String = fraction.chars().chain("000000000".chars()).take(9).collect();
            Timestamp::new(value, nanos.parse().ok()?).ok()?
        }
        13 => Timestamp::from_millisecond(value).ok()?,
        16 => Timestamp::from_microsecond(value).ok()?,
        19 => Timestamp::from_nanosecond(i128::from(value)).ok()?,
        _ => return None,
    };
    Some(Moment::Exact(time))
}

/// Whether a text begins with the name of a month.
pub(crate) fn is_month(text: &str) -> bool {
    month(text).is_some()
}

fn month(text: &str) -> Option<u32> {
    const MONTHS: [&str; 12] =
        ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
    let name = text.get(..3)?.to_ascii_lowercase();
    MONTHS.iter().position(|m| *m == name).map(|at| at as u32 + 1)
}

/// What begins with the name of a month or weekday: `Mar  3 01:02:03`, `Mar 3 2021 01:02:03`,
/// `Wed Mar 03 01:02:03.123 2021`, `Wed, 03 Mar 2021 01:02:03 +0000`, `Mar 3, 2021 @ 01:02:03`.
fn named(text: &str) -> Option<Moment> {
    let mut text = text;
    if month(text).is_none() {
        let weekday = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
        let name = text.get(..3)?.to_ascii_lowercase();
        weekday.iter().find(|day| **day == name)?;
        let (_, rest) = text.split_once([' ', ','])?;
        text = rest.trim_start_matches([' ', ',']);
        if text.starts_with(|c: char| c.is_ascii_digit()) {
            let count = text.bytes().take(2).take_while(u8::is_ascii_digit).count();
            return day_first(text, count);
        }
    }
    let month = month(text)?;
    let rest = text.trim_start_matches(|c: char| c.is_ascii_alphabetic()).trim_start();
    // RouterOS writes `mar/03/2021 01:02:03`.
    if let Some(rest) = rest.strip_prefix('/') {
        let (day, rest) = digits(rest, 2)?;
        let rest = rest.strip_prefix('/')?;
        return on(date(number(rest, 0, 4)?, month, day)?, rest.get(4..)?);
    }
    let (day, rest) = digits(rest, 2)?;
    let rest = rest.trim_start_matches([' ', ',']);
    if rest.as_bytes().get(1..3).is_some_and(|b| b.contains(&b':')) {
        let (time, rest) = clock(rest)?;
        // The year may stand behind the time, and the zone between them.
        let after = rest.trim_start();
        let word = after.bytes().take_while(u8::is_ascii_uppercase).count();
        let year_at = after.get(word..).map_or(after, str::trim_start);
        if (2..=6).contains(&word)
            && let Some(year) = number(year_at, 0, 4).filter(|y| (1970..2200).contains(y))
            && !year_at.as_bytes().get(4).is_some_and(u8::is_ascii_alphanumeric)
        {
            return zoned(DateTime::from_parts(date(year, month, day)?, time), after);
        }
        return match number(after, 0, 4).filter(|year| (1970..2200).contains(year)) {
            Some(year) => {
                let civil = DateTime::from_parts(date(year, month, day)?, time);
                zoned(civil, after.get(4..)?)
            }
            None => Some(Moment::Yearless(DateTime::from_parts(date(2000, month, day)?, time))),
        };
    }
    let year = number(rest, 0, 4)?;
    on(date(year, month, day)?, rest.get(4..)?.trim_start_matches([' ', '@', ',', ':']))
}

/// `02/Mar/2021:10:11:12 +0000`, `03 Mar 2021 …`, `03/02/2021-10:11:12` and `3/2/2021 1:02:03 AM`
/// (the month first, as alerts and Windows write it), `02.03.2021 10:11:12` (the day first).
fn day_first(text: &str, count: usize) -> Option<Moment> {
    let (first, separator) = (number(text, 0, count)?, text.as_bytes()[count]);
    let rest = text.get(count + 1..)?;
    if rest.starts_with(|c: char| c.is_ascii_alphabetic()) {
        let month = month(rest)?;
        let rest = rest.trim_start_matches(|c: char| c.is_ascii_alphabetic());
        let (year, rest) = digits(rest.get(1..)?, 4)?;
        return on(date(year, month, first)?, rest.get(1..)?.trim_start_matches([' ', '@']));
    }
    let (second, rest) = digits(rest, 2)?;
    // Snort leaves out the year, and so do Netlogon (`03/14 01:02:03`) and Android (`03-14 01:02:03.5`).
    let yearless = match separator {
        b'/' => rest.starts_with(['-', ' ']),
        b'-' => count == 2 && rest.starts_with(' '),
        _ => false,
    };
    if yearless {
        let (time, _) = clock(&rest[1..])?;
        let civil = DateTime::from_parts(date(2000, first, second)?, time);
        return Some(Moment::Yearless(civil));
    }
    if rest.as_bytes().first() != Some(&separator) || separator == b' ' {
        return None;
    }
    let (year, rest) = digits(&rest[1..], 4)?;
    let year = if year < 100 { year + 2000 } else { year };
    let rest = rest.trim_start_matches([' ', '-', ',', 'T', ':']);
    let day_leads = separator != b'/' || first > 12;
    let date = if day_leads { date(year, second, first)? } else { date(year, first, second)? };
    on(date, rest)
}

/// Whether a field (its name in lower case) tells when a record was changed, or until when it holds, not when it happened.
pub(crate) fn is_of_afterwards(name: &str) -> bool {
    ["updated", "modified", "expir", "valid", "until"].iter().any(|word| name.contains(word))
}

/// The time with which a line of text begins, or that stands in its first brackets.
pub(crate) fn leading(line: &str) -> Option<Moment> {
    let mut end = line.len().min(120);
    while !line.is_char_boundary(end) {
        end -= 1;
    }
    let head = line[..end].trim_start();
    // WebLogic puts the time itself in angle brackets, syslog its priority.
    let head = head.strip_prefix("####").unwrap_or(head);
    let head = match head.strip_prefix('<') {
        Some(inner) if inner.starts_with(|c: char| c.is_ascii_uppercase()) => inner,
        Some(inner) => inner.split_once('>').map_or(head, |(_, rest)| rest),
        None => head,
    };
    // The place in the file stands behind the seconds of an alert of OSSEC.
    if let Some(alert) = head.strip_prefix("** Alert ") {
        return alert.split_once('.').and_then(|(seconds, _)| read(seconds));
    }
    // RFC 5424 puts the version before the time, clusters a dash for "no alert".
    let head = head.strip_prefix("1 ").or_else(|| head.strip_prefix("- ")).unwrap_or(head);
    let first = head.split([' ', '\t']).next().unwrap_or(head);
    read(head)
        .or_else(|| read(first))
        .or_else(|| head.split_once('[').and_then(|(_, inner)| read(inner)))
        .or_else(|| behind(head))
}

/// The time that stands behind a few words, as a level or a host: `INFO 2021-03-03 01:02:03`.
fn behind(head: &str) -> Option<Moment> {
    const WORDS: usize = 6;
    let starts = head.char_indices().filter(|(at, c)| {
        let opens = c.is_ascii_digit() || c.is_ascii_uppercase();
        opens && *at > 0 && b" \t|,;[(\"".contains(&head.as_bytes()[at - 1])
    });
    starts.take(WORDS).find_map(|(at, _)| {
        let rest = &head[at..];
        // A number alone is no time here: it may count anything.
        let is_date = rest.bytes().take(12).any(|b| b"-/:. ".contains(&b));
        let moment = is_date.then(|| read(rest)).flatten()?;
        (!matches!(moment, Moment::Yearless(_))).then_some(moment)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_logs_write() {
        for (text, utc) in [
            ("2021-03-03T01:02:03.456Z", "2021-03-03T01:02:03.456Z"),
            ("2021-03-03 01:02:03", "2021-03-03T01:02:03Z"),
            ("2021/03/03 01:02:03 [error] 7#7: text", "2021-03-03T01:02:03Z"),
            ("2021-03-03T01:02:03+01:00", "2021-03-03T00:02:03Z"),
            ("2021-03-03T01:02:03,250 +0100 x", "2021-03-03T00:02:03.25Z"),
            ("03/Mar/2021:01:02:03 -0500", "2021-03-03T06:02:03Z"),
            ("1614733323", "2021-03-03T01:02:03Z"),
            ("1614733323.250", "2021-03-03T01:02:03.25Z"),
            ("1614733323250", "2021-03-03T01:02:03.25Z"),
            ("20210303010203", "2021-03-03T01:02:03Z"),
            ("20210303T010203Z", "2021-03-03T01:02:03Z"),
            ("2021-03-14 06:40:13.6591234 UTC", "2021-03-14T06:40:13.6591234Z"),
            ("Wed Mar 03 01:02:03.5 2021", "2021-03-03T01:02:03.5Z"),
            ("Wed, 03 Mar 2021 01:02:03 +0100", "2021-03-03T00:02:03Z"),
            ("Mar  3 2021 01:02:03", "2021-03-03T01:02:03Z"),
            ("Mar 3, 2021 @ 01:02:03.000", "2021-03-03T01:02:03Z"),
            ("03/14/2021-01:02:03.123456", "2021-03-14T01:02:03.123456Z"),
            ("3/3/2021 1:02:03 PM", "2021-03-03T13:02:03Z"),
            ("12/31/2020 12:00:00 AM", "2020-12-31T00:00:00Z"),
            ("14.03.2021 01:02:03", "2021-03-14T01:02:03Z"),
            ("/Date(1614733323000)/", "2021-03-03T01:02:03Z"),
            ("2021:03:03-01:02:03 gw", "2021-03-03T01:02:03Z"),
            ("2021.03.03 01:02:03", "2021-03-03T01:02:03Z"),
            ("03/14/2021:01:02:03 GMT", "2021-03-14T01:02:03Z"),
            ("210303  1:02:03 [Note]", "2021-03-03T01:02:03Z"),
            ("210303 010203 148 INFO", "2021-03-03T01:02:03Z"),
            ("20210303-01:02:03:606|x", "2021-03-03T01:02:03Z"),
            ("Wed Mar 03 01:02:03 CET 2021", "2021-03-03T00:02:03Z"),
            ("Wed Mar 03 01:02:03 XYZT 2021", "2021-03-03T01:02:03Z"),
            ("2021 Mar 03 01:02:03 web1->/var/log/auth.log", "2021-03-03T01:02:03Z"),
            ("Mar 3, 2021 1:02:03,250 PM UTC", "2021-03-03T13:02:03.25Z"),
            ("Wed Mar 03 01:02:03 2021 - [72926] x", "2021-03-03T01:02:03Z"),
            ("2021-03-03  1:02:03 7 [Note]", "2021-03-03T01:02:03Z"),
            ("2021-03-03 01:02:03.5 EDT [7]", "2021-03-03T05:02:03.5Z"),
            ("2021-03-03 01:02:03 ESTIMATE", "2021-03-03T01:02:03Z"),
            ("@40000000603ee01520c85580 x", "2021-03-03T01:02:03.55Z"),
        ] {
            assert_eq!(parse(text).map(|t| t.to_string()).as_deref(), Some(utc), "{text}");
        }
        for text in [
            "",
            "2021-13-01T00:00:00Z",
            "2021-03-03",
            "10.0.0.1 - - x",
            "192.0.2.1",
            "2021-03-03T99:00:00",
            "Mar  3 01:02:03 host",
            "The quick brown fox",
            "Marvellous 12:34:56",
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
        for (line, utc) in [
            ("####<Mar 3, 2021 1:02:03,250 AM UTC> <Notice> <Log>", "2021-03-03T01:02:03.25Z"),
            ("<Mar 3, 2021 1:02:03 AM EST> <Notice> <Log>", "2021-03-03T06:02:03Z"),
            ("** Alert 1614733323.2004: - syslog,sshd,", "2021-03-03T01:02:03Z"),
        ] {
            assert_eq!(leading(line).and_then(Moment::utc).unwrap().to_string(), utc, "{line}");
        }
        assert!(leading("** Alert of the day: none").is_none());
        assert!(leading("<34>1 2021-03-03T01:02:03Z host app").is_some());
        assert!(leading("- 1614733323 2021.03.03 node1 Mar 3 01:02:03 node1 x").is_some());
        assert!(leading("INFO  [main] 2021-03-03 01:02:03,123 - text").is_some());
        assert!(leading("node api 2021-03-03 01:02:03.008 25746 INFO text").is_some());
        assert!(leading("Of 12 parts 3 were lost in 2021, the report says at length").is_none());
        assert!(leading("192.0.2.1 - - [03/Mar/2021:01:02:03 +0000] \"GET / HTTP/1.1\"").is_some());
    }

    #[test]
    fn what_a_log_leaves_out_is_assumed() {
        let settle = |clock: &Clock, text: &str| {
            clock.settle(read(text).unwrap()).map(|time| time.to_string())
        };
        let utc = Clock::default();
        assert_eq!(settle(&utc, "Mar  3 01:02:03 host"), None);
        let east = Clock {
            zone: Some(TimeZone::fixed(Offset::constant(2))),
            last_day: "2021-03-03".parse().ok(),
            ..Clock::default()
        };
        let some = |text: &str| Some(text.to_owned());
        assert_eq!(settle(&east, "Mar  3 01:02:03 host"), some("2021-03-02T23:02:03Z"));
        assert_eq!(settle(&east, "Dec 31 23:00:00 host"), some("2020-12-31T21:00:00Z"));
        assert_eq!(settle(&east, "Feb 29 23:00:00 host"), some("2020-02-29T21:00:00Z"));
        assert_eq!(settle(&east, "2021-03-03 01:02:03"), some("2021-03-02T23:02:03Z"));
        assert_eq!(settle(&east, "2021-03-03 01:02:03Z"), some("2021-03-03T01:02:03Z"));
        let told = Clock { year: Some(2019), ..east.clone() };
        assert_eq!(settle(&told, "Dec 31 23:00:00 host"), some("2019-12-31T21:00:00Z"));
        assert_eq!(settle(&told, "03/14-01:02:03.5 [**]"), some("2019-03-13T23:02:03.5Z"));
        assert_eq!(settle(&told, "03-14 01:02:03.5  17 D x"), some("2019-03-13T23:02:03.5Z"));
        assert_eq!(settle(&told, "I0314 01:02:03.500000 1 x"), some("2019-03-13T23:02:03.5Z"));
        assert_eq!(read("I0314 01:02:03 is no time"), None);
        assert_eq!(settle(&told, "03/14 01:02:03 [LOGON] x"), some("2019-03-13T23:02:03Z"));
        assert_eq!(settle(&east, "2021-03-03 01:02:03 IST"), some("2021-03-02T23:02:03Z"));
    }

    proptest::proptest! {
        #[test]
        fn never_panics(text in ".{0,40}") {
            let _ = (parse(&text), leading(&text), read_pair(&text, &text));
        }

        #[test]
        fn nothing_like_a_time_panics(
            text in "(Wed,? |Mar |03|2021|/|-|:|T|Z|\\.|,| |@|AM|/Date\\(|[0-9]{1,19}|[+][0-9]{1,4}|é){0,14}"
        ) {
            let _ = (parse(&text), leading(&text), read_pair(&text, &text));
        }
    }
}
