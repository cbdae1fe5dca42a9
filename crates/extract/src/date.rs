//! Dates in running text, relative ones resolved against the day of publication.

mod relative;

use jiff::ToSpan as _;
use jiff::civil::Date;
use lapwing_model::PartialDate;

/// A date as it stands in a sentence.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Stated {
    pub(crate) start: usize,
    pub(crate) end: usize,
    pub(crate) year: Option<i16>,
    pub(crate) month: Option<u8>,
    pub(crate) day: Option<u8>,
    pub(crate) form: Form,
}

/// How it is put.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    /// By its parts.
    Parts,
    /// `03/04/2021`: the numbers may be day and month, or month and day.
    Numbers(u8, u8),
    /// Months of a year, from and to: quarters and halves.
    Months(u8, u8),
    /// So many units before the day of publication.
    Ago(u8, Unit),
    /// From so many units before it until that day.
    Past(u8, Unit),
    /// The unit before that of the day of publication.
    Last(Unit),
    /// The unit in which the day of publication is.
    This(Unit),
    /// The last such day of the week, Monday is 0.
    Weekday(u8),
}

/// A unit of the calendar.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unit {
    Day,
    Week,
    Month,
    Year,
}

/// What a stated date means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Resolved {
    /// The date, or the first of a stretch, as exactly as the text gives it.
    pub(crate) first: PartialDate,
    /// The last of a stretch.
    pub(crate) last: PartialDate,
    /// How it was made out.
    pub(crate) how: String,
    /// Its year is a guess from elsewhere in the text.
    pub(crate) guessed: bool,
}

const MONTHS: &[&str] = &[
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
];

/// Months in other languages: they count with a day or a year beside them.
const FOREIGN: &[(&str, u8)] = &[
    ("janvier", 1),
    ("février", 2),
    ("fevrier", 2),
    ("mars", 3),
    ("avril", 4),
    ("mai", 5),
    ("juin", 6),
    ("juillet", 7),
    ("août", 8),
    ("aout", 8),
    ("septembre", 9),
    ("octobre", 10),
    ("novembre", 11),
    ("décembre", 12),
    ("decembre", 12),
    ("januar", 1),
    ("februar", 2),
    ("märz", 3),
    ("juni", 6),
    ("juli", 7),
    ("oktober", 10),
    ("dezember", 12),
    ("enero", 1),
    ("febrero", 2),
    ("marzo", 3),
    ("abril", 4),
    ("mayo", 5),
    ("junio", 6),
    ("julio", 7),
    ("agosto", 8),
    ("septiembre", 9),
    ("octubre", 10),
    ("noviembre", 11),
    ("diciembre", 12),
    ("января", 1),
    ("февраля", 2),
    ("марта", 3),
    ("апреля", 4),
    ("мая", 5),
    ("июня", 6),
    ("июля", 7),
    ("августа", 8),
    ("сентября", 9),
    ("октября", 10),
    ("ноября", 11),
    ("декабря", 12),
];

/// Whether a sentence may hold a date: a year, a month's name or a word of relative dates.
pub(crate) fn may_hold(sentence: &str) -> bool {
    let lower = sentence.to_ascii_lowercase();
    lower.contains("20")
        || lower.contains("19")
        || MONTHS.iter().any(|m| lower.contains(m))
        || ["ago", "last ", "this ", "past ", "yesterday", "today", "day", "q1", "q2", "q3", "q4"]
            .iter()
            .any(|word| lower.contains(word))
}

/// All dates of a lower-case sentence, in order; none overlap.
pub(crate) fn dates(lower: &str) -> Vec<Stated> {
    let words = words(lower);
    let mut found = by_parts(&words);
    found.extend(numeric(lower));
    found.extend(in_signs(lower));
    found.extend(relative::dates(&words));
    // The longest first, where two begin alike; a month inside "third quarter of" never stands alone.
    found.sort_by_key(|s| (s.start, std::cmp::Reverse(s.end)));
    let mut end = 0;
    found.retain(|s| {
        let free = s.start >= end;
        if free {
            end = s.end;
        }
        free
    });
    found
}

/// Words of a lower-case text with their places.
fn words(lower: &str) -> Vec<(usize, &str)> {
    let bytes = lower.as_bytes();
    let mut words = Vec::with_capacity(lower.len() / 6);
    let (mut start, mut at) = (0, 0);
    while let Some(byte) = bytes.get(at) {
        let (inside, len) = if byte.is_ascii() {
            (byte.is_ascii_alphanumeric() || *byte == b'-', 1)
        } else {
            let c = lower.get(at..).and_then(|rest| rest.chars().next());
            c.map_or((false, 1), |c| (c.is_alphanumeric(), c.len_utf8()))
        };
        if !inside {
            if start < at {
                words.push((start, &lower[start..at]));
            }
            start = at + len;
        }
        at += len;
    }
    if start < at {
        words.push((start, &lower[start..]));
    }
    words
}

fn by_parts(words: &[(usize, &str)]) -> Vec<Stated> {
    let mut found = Vec::new();
    let end = |i: usize| words.get(i).map_or(0, |(at, w)| at + w.len());
    let mut i = 0;
    while i < words.len() {
        let (mut start, mut word) = words[i];
        let mut before = i.checked_sub(1).and_then(|j| words.get(j)).map_or("", |(_, w)| w);
        let next = words.get(i + 1).map_or("", |(_, w)| w);
        let third = words.get(i + 2).map_or("", |(_, w)| w);
        // "mid-January"
        if let Some((part, rest)) = word.split_once('-')
            && matches!(part, "early" | "mid" | "late")
        {
            start += part.len() + 1;
            (before, word) = (part, rest);
        }
        let digits = word.starts_with(|c: char| c.is_ascii_digit());
        if let Some(date) = digits.then(|| word.parse::<PartialDate>().ok()).flatten() {
            let month_like = word.len() > 4
                || matches!(
                    before,
                    "in" | "since"
                        | "during"
                        | "until"
                        | "from"
                        | "early"
                        | "late"
                        | "mid"
                        | "of"
                        | "throughout"
                );
            if month_like && (1990..2100).contains(&date.year()) {
                found.push(Stated {
                    start,
                    end: end(i),
                    year: Some(date.year()),
                    month: date.month(),
                    day: date.day(),
                    form: Form::Parts,
                });
            }
        } else if let Some(month) = month(word, before, next) {
            let mut stated = Stated {
                start,
                end: end(i),
                year: None,
                month: Some(month),
                day: None,
                form: Form::Parts,
            };
            if let Some(day) = day(next).filter(|_| next.len() <= 4 && year(next).is_none()) {
                stated.day = Some(day);
                stated.end = end(i + 1);
                if let Some(y) = year(third) {
                    stated.year = Some(y);
                    stated.end = end(i + 2);
                    i += 1;
                }
                i += 1;
            } else {
                let of = usize::from(before == "of" || before == "de");
                let first = i.checked_sub(1 + of).and_then(|j| words.get(j));
                if let Some((at, d)) = first.and_then(|(at, w)| Some((*at, day(w)?))) {
                    stated.day = Some(d);
                    stated.start = at;
                }
                let y = year(next).map(|y| (y, i + 1)).or_else(|| {
                    matches!(next, "of" | "de" | "del")
                        .then(|| year(third).map(|y| (y, i + 2)))
                        .flatten()
                });
                if let Some((y, j)) = y {
                    stated.year = Some(y);
                    stated.end = end(j);
                    i = j;
                }
            }
            found.push(stated);
        }
        i += 1;
    }
    found
}

/// `03/04/2021`, `3.4.2021`, `2021/04/03`.
fn numeric(lower: &str) -> Vec<Stated> {
    let mut found = Vec::new();
    let bytes = lower.as_bytes();
    let mut at = 0;
    while at < bytes.len() {
        if !bytes[at].is_ascii_digit() {
            at += 1;
            continue;
        }
        let start = at;
        while at < bytes.len() && (bytes[at].is_ascii_digit() || matches!(bytes[at], b'/' | b'.')) {
            at += 1;
        }
        let touched = start.checked_sub(1).and_then(|i| bytes.get(i)).is_some_and(|b| {
            b.is_ascii_alphanumeric() || matches!(b, b'-' | b'/' | b'.' | b':' | b'_')
        }) || bytes
            .get(at)
            .is_some_and(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'));
        let shown = lower.get(start..at).unwrap_or_default().trim_end_matches(['.', '/']);
        let sign = if shown.contains('/') { '/' } else { '.' };
        let parts: Vec<&str> = shown.split(sign).collect();
        let &[first, second, third] = parts.as_slice() else { continue };
        let small = |part: &str| {
            (part.len() <= 2)
                .then(|| part.parse::<u8>().ok())
                .flatten()
                .filter(|n| (1..=31).contains(n))
        };
        if touched {
            continue;
        }
        let parts = if let (Some(year), Some(month), Some(day)) =
            (year(first), small(second), small(third))
        {
            (month <= 12).then_some((year, Some(month), Some(day), Form::Parts))
        } else if let (Some(left), Some(right), Some(year)) =
            (small(first), small(second), year(third))
        {
            match (left, right) {
                // With full stops the day comes first.
                (day, month) if sign == '.' && month <= 12 => {
                    Some((year, Some(month), Some(day), Form::Parts))
                }
                (13.., 13..) => None,
                (day @ 13.., month) | (month, day @ 13..) => {
                    Some((year, Some(month), Some(day), Form::Parts))
                }
                _ if left == right => Some((year, Some(left), Some(right), Form::Parts)),
                _ => Some((year, None, None, Form::Numbers(left, right))),
            }
        } else {
            None
        };
        if let Some((year, month, day, form)) = parts {
            let end = start + shown.len();
            found.push(Stated { start, end, year: Some(year), month, day, form });
        }
    }
    found
}

/// `2021年3月2日`, as Japanese and Chinese write it.
fn in_signs(lower: &str) -> Vec<Stated> {
    let mut found = Vec::new();
    for (sign, _) in lower.match_indices('年') {
        let head = lower.get(..sign).unwrap_or_default();
        let digits = head.bytes().rev().take_while(u8::is_ascii_digit).count();
        let Some(y) = head.get(sign - digits..).and_then(year) else { continue };
        let mut stated = Stated {
            start: sign - digits,
            end: sign + '年'.len_utf8(),
            year: Some(y),
            month: None,
            day: None,
            form: Form::Parts,
        };
        for (mark, most) in [('月', 12_u8), ('日', 31)] {
            let rest = lower.get(stated.end..).unwrap_or_default();
            let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
            let number = rest.get(..digits).and_then(|n| n.parse::<u8>().ok());
            let (Some(number), true) =
                (number, rest.get(digits..).is_some_and(|r| r.starts_with(mark)))
            else {
                break;
            };
            if !(1..=most).contains(&number) {
                break;
            }
            if mark == '月' {
                stated.month = Some(number);
            } else {
                stated.day = Some(number);
            }
            stated.end += digits + mark.len_utf8();
        }
        found.push(stated);
    }
    found
}

/// Whether a word begins as the name of a month does, or not in ASCII: most words are told so.
fn may_be_month(word: &str) -> bool {
    match word.as_bytes() {
        [a, b, c, ..] if a.is_ascii() && b.is_ascii() && c.is_ascii() => matches!(
            &[*a, *b, *c],
            b"jan"
                | b"feb"
                | b"mar"
                | b"apr"
                | b"may"
                | b"jun"
                | b"jul"
                | b"aug"
                | b"sep"
                | b"oct"
                | b"nov"
                | b"dec"
                | b"fev"
                | b"avr"
                | b"mai"
                | b"jui"
                | b"aou"
                | b"okt"
                | b"dez"
                | b"ene"
                | b"abr"
                | b"ago"
                | b"dic"
        ),
        [_, _, _, ..] => true,
        _ => false,
    }
}

/// `may` and `march` are verbs too: they need a day, a year or a preposition beside them.
fn month(word: &str, before: &str, next: &str) -> Option<u8> {
    if !may_be_month(word) {
        return None;
    }
    let dated = day(next).is_some() || year(next).is_some() || day(before).is_some();
    if let Some((_, number)) = FOREIGN.iter().find(|(name, _)| *name == word) {
        let beside = day(before).is_some() || year(next).is_some();
        return (beside || matches!(next, "de" | "del")).then_some(*number);
    }
    let at = MONTHS.iter().position(|m| {
        *m == word
            || (word.len() >= 3
                && word.len() <= 4
                && m.starts_with(word)
                && (dated || word != "mar")
                && word != "may")
    })?;
    let verb = matches!(
        word,
        "may"
            | "march"
            | "sep"
            | "dec"
            | "jan"
            | "oct"
            | "nov"
            | "jun"
            | "jul"
            | "aug"
            | "apr"
            | "feb"
            | "mar"
    );
    let supported = dated
        || matches!(
            before,
            "in" | "since" | "of" | "early" | "late" | "mid" | "until" | "during" | "last" | "by"
        );
    (!verb || supported).then(|| at as u8 + 1)
}

fn day(word: &str) -> Option<u8> {
    // Asked of every word: most are no number.
    if word.len() > 4 || !word.starts_with(|c: char| c.is_ascii_digit()) {
        return None;
    }
    let digits = word
        .trim_end_matches("st")
        .trim_end_matches("nd")
        .trim_end_matches("rd")
        .trim_end_matches("th")
        .trim_end_matches("er");
    if digits.is_empty() || digits.len() > 2 {
        return None;
    }
    digits.parse().ok().filter(|d| (1..=31).contains(d))
}

fn year(word: &str) -> Option<i16> {
    (word.len() == 4).then(|| word.parse().ok()).flatten().filter(|y| (1990..2100).contains(y))
}

impl Stated {
    /// The date, with a year that is not stated taken from `published`: the last such month or
    /// day that is not after it. Else from `hint`, a year that the text offers. A relative date
    /// needs the day of publication.
    pub(crate) fn resolve(
        &self,
        published: Option<PartialDate>,
        hint: Option<i16>,
    ) -> Option<Resolved> {
        let plain = |date: PartialDate, how: &str| Resolved {
            first: date,
            last: date,
            how: how.to_owned(),
            guessed: false,
        };
        match self.form {
            Form::Parts => {}
            Form::Numbers(a, b) => return self.of_numbers(a, b, published),
            Form::Months(from, to) => {
                let (year, how) = match (self.year, published) {
                    (Some(year), _) => (year, "months of a year"),
                    (None, Some(p)) if p.month().is_none_or(|m| m >= from) => {
                        (p.year(), "its year taken from the day of publication")
                    }
                    (None, Some(p)) => (p.year() - 1, "its year taken from the day of publication"),
                    (None, None) => return None,
                };
                return Some(Resolved {
                    first: PartialDate::new(year, Some(from), None).ok()?,
                    last: PartialDate::new(year, Some(to), None).ok()?,
                    how: format!("{how}: {} to {}", name(from), name(to)),
                    guessed: false,
                });
            }
            _ => return self.relative(published?),
        }
        if let Some(year) = self.year {
            return PartialDate::new(year, self.month, self.day).ok().map(|d| plain(d, "stated"));
        }
        if let Some(published) = published {
            for year in [published.year(), published.year() - 1] {
                if let Ok(date) = PartialDate::new(year, self.month, self.day)
                    && date.first_day() <= published.last_day()
                {
                    return Some(plain(date, "its year taken from the day of publication"));
                }
            }
        }
        let date = PartialDate::new(hint?, self.month, self.day).ok()?;
        Some(Resolved {
            guessed: true,
            ..plain(date, "its year taken from other dates in the text")
        })
    }

    /// Day and month, or month and day: what the day of publication leaves, else the year alone.
    fn of_numbers(&self, a: u8, b: u8, published: Option<PartialDate>) -> Option<Resolved> {
        let year = self.year?;
        let american = PartialDate::new(year, Some(a), Some(b)).ok()?;
        let european = PartialDate::new(year, Some(b), Some(a)).ok()?;
        let past = |d: PartialDate| published.is_some_and(|p| d.first_day() <= p.last_day());
        let (date, how) = match (past(american), past(european)) {
            (true, false) => (american, format!("{european} would be after the publication")),
            (false, true) => (european, format!("{american} would be after the publication")),
            _ => (
                PartialDate::new(year, None, None).ok()?,
                format!("ambiguous: {american} or {european}"),
            ),
        };
        Some(Resolved { first: date, last: date, how, guessed: false })
    }

    fn relative(&self, published: PartialDate) -> Option<Resolved> {
        let day = published.first_day();
        let exact = published.day().is_some();
        // Against a month or a year only what is as coarse can be told.
        let needed = match self.form {
            Form::Ago(_, unit) | Form::Past(_, unit) | Form::Last(unit) | Form::This(unit) => unit,
            _ => Unit::Day,
        };
        let enough = match needed {
            Unit::Day | Unit::Week => exact,
            Unit::Month => published.month().is_some(),
            Unit::Year => true,
        };
        if !enough {
            return None;
        }
        let back = |count: u8, unit: Unit| -> Option<Date> {
            let count = i32::from(count);
            let span = match unit {
                Unit::Day => count.days(),
                Unit::Week => count.weeks(),
                Unit::Month => count.months(),
                Unit::Year => count.years(),
            };
            day.checked_sub(span).ok()
        };
        let coarse = |date: Date, unit: Unit| -> Option<PartialDate> {
            match unit {
                Unit::Year => PartialDate::new(date.year(), None, None).ok(),
                Unit::Month => PartialDate::new(date.year(), Some(date.month() as u8), None).ok(),
                _ => Some(date.into()),
            }
        };
        let week_of = |date: Date| -> Option<(Date, Date)> {
            let monday =
                date.checked_sub(i32::from(date.weekday().to_monday_zero_offset()).days()).ok()?;
            Some((monday, monday.checked_add(6.days()).ok()?))
        };
        let (first, last): (PartialDate, PartialDate) = match self.form {
            Form::Ago(count, Unit::Week) => {
                let (monday, sunday) = week_of(back(count, Unit::Week)?)?;
                (monday.into(), sunday.into())
            }
            Form::Last(Unit::Week) => {
                let (monday, sunday) = week_of(back(1, Unit::Week)?)?;
                (monday.into(), sunday.into())
            }
            Form::This(Unit::Week) => (week_of(day)?.0.into(), day.into()),
            Form::Ago(count, unit) => {
                let date = coarse(back(count, unit)?, unit)?;
                (date, date)
            }
            Form::Last(unit) => {
                let date = coarse(back(1, unit)?, unit)?;
                (date, date)
            }
            Form::This(unit) => {
                let date = coarse(day, unit)?;
                (date, date)
            }
            Form::Past(count, unit) => (coarse(back(count, unit)?, unit)?, published),
            Form::Weekday(weekday) => {
                let today = day.weekday().to_monday_zero_offset();
                let far = (i32::from(today) - i32::from(weekday)).rem_euclid(7);
                let date = PartialDate::from(day.checked_sub(far.days()).ok()?);
                (date, date)
            }
            Form::Parts | Form::Numbers(..) | Form::Months(..) => return None,
        };
        let how = format!("counted from the day of publication, {published}");
        Some(Resolved { first, last, how, guessed: false })
    }

    /// As the text gives it, without a year: `March 2`.
    pub(crate) fn shown(&self) -> String {
        self.month.map_or_else(String::new, |month| {
            let shown = name(month);
            self.day.map_or(shown.clone(), |day| format!("{shown} {day}"))
        })
    }
}

/// `March`.
fn name(month: u8) -> String {
    let mut shown = MONTHS.get(usize::from(month) - 1).copied().unwrap_or_default().to_owned();
    if let Some(first) = shown.get_mut(..1) {
        first.make_ascii_uppercase();
    }
    shown
}

#[cfg(test)]
mod tests;
