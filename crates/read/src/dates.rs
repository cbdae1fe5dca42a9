use lapwing_model::PartialDate;

const MONTHS: &[&str] =
    &["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];

/// Reads a date as tables, headers and bylines write it: `2021-03-02`, `2 March 2021`,
/// `Mar 2, 2021`, `Tue, 02 Mar 2021 10:00:00 GMT`, `02.03.2021`, seconds since 1970.
///
/// `03/02/2021` gives only the year: which number is the month is not said.
pub(crate) fn parse(text: &str) -> Option<PartialDate> {
    let text = text.trim().trim_matches(['"', '\'']).trim();
    if text.len() < 4 || text.len() > 64 {
        return None;
    }
    if let Ok(date) = text.parse::<PartialDate>() {
        return plausible(date);
    }
    if text.bytes().all(|b| b.is_ascii_digit()) && (text.len() == 10 || text.len() == 13) {
        let seconds = text[..10].parse::<i64>().ok()?;
        return jiff::Timestamp::from_second(seconds)
            .ok()
            .map(|t| t.to_zoned(jiff::tz::TimeZone::UTC).date().into())
            .and_then(plausible);
    }
    if text.len() == 8 && text.bytes().all(|b| b.is_ascii_digit()) {
        let day = format!("{}-{}-{}", &text[..4], &text[4..6], &text[6..]);
        return day.parse().ok().and_then(plausible);
    }
    in_words(text).or_else(|| in_numbers(text)).and_then(plausible)
}

/// No report on cyber threats is older than the net, or from the far future.
fn plausible(date: PartialDate) -> Option<PartialDate> {
    (1985..=2100).contains(&date.year()).then_some(date)
}

fn in_words(text: &str) -> Option<PartialDate> {
    let words: Vec<&str> = text
        .split(|c: char| c.is_whitespace() || matches!(c, ',' | '-' | '/' | '.'))
        .filter(|w| !w.is_empty())
        .take(8)
        .collect();
    let at = words.iter().position(|w| month(w).is_some())?;
    let month = month(words[at])?;
    let number = |i: Option<usize>| i.and_then(|i| words.get(i)).and_then(|w| ordinal(w));
    let year = |i: usize| words.get(i).filter(|w| w.len() == 4).and_then(|w| w.parse::<i16>().ok());
    let day = |n: u16| u8::try_from(n).ok().filter(|d| (1..=31).contains(d));
    if let Some(year) = year(at + 1) {
        let day = number(at.checked_sub(1)).and_then(day);
        return PartialDate::new(year, Some(month), day).ok();
    }
    let (day, year) = (number(Some(at + 1)).and_then(day)?, year(at + 2)?);
    PartialDate::new(year, Some(month), Some(day)).ok()
}

fn in_numbers(text: &str) -> Option<PartialDate> {
    let day = text.split(['T', ' ']).next()?;
    let separator = ['/', '.'].into_iter().find(|s| day.matches(*s).count() == 2)?;
    let parts: Vec<u16> = day.split(separator).map(|p| p.parse().ok()).collect::<Option<_>>()?;
    let [a, b, c] = parts[..] else { return None };
    let make =
        |y: u16, m: u16, d: u16| PartialDate::new(y as i16, Some(m as u8), Some(d as u8)).ok();
    if a > 1000 && b <= 12 && c <= 31 {
        return make(a, b, c);
    }
    if c < 1000 || a > 31 || b > 31 {
        return None;
    }
    match separator {
        '.' if b <= 12 => make(c, b, a),
        '/' if a > 12 && b <= 12 => make(c, b, a),
        '/' if b > 12 && a <= 12 => make(c, a, b),
        '/' if a == b => make(c, a, b),
        _ => PartialDate::new(c as i16, None, None).ok(),
    }
}

pub(crate) fn month(word: &str) -> Option<u8> {
    let lower = word.to_ascii_lowercase();
    let at = MONTHS.iter().position(|m| lower.starts_with(m))?;
    let full = [
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
    (lower.len() == 3 || lower == "sept" || lower == full[at]).then_some(at as u8 + 1)
}

fn ordinal(word: &str) -> Option<u16> {
    let digits = word.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let ending = &word[digits.len()..];
    (digits.len() <= 2 && matches!(ending, "" | "st" | "nd" | "rd" | "th"))
        .then(|| digits.parse().ok())?
}

#[cfg(test)]
mod tests {
    use super::parse;
    use proptest::prelude::*;

    #[test]
    fn dates_as_people_write_them() {
        for (text, expected) in [
            ("2021-03-02", "2021-03-02"),
            ("2021-03-05T10:07:29.0421232Z", "2021-03-05"),
            ("March 2, 2021", "2021-03-02"),
            ("2nd of March 2021", "2021-03"),
            ("02-Mar-2021", "2021-03-02"),
            ("Tue, 02 Mar 2021 10:00:00 GMT", "2021-03-02"),
            ("March 2021", "2021-03"),
            ("2021/03/02 01:02", "2021-03-02"),
            ("02.03.2021", "2021-03-02"),
            ("3/25/2021", "2021-03-25"),
            ("3/2/2021", "2021"),
            ("1614643200", "2021-03-02"),
            ("20210302", "2021-03-02"),
        ] {
            assert_eq!(parse(text).map(|d| d.to_string()).as_deref(), Some(expected), "{text}");
        }
        for text in ["", "May", "next March", "0001-01-01", "version 2021", "99/99/2021x"] {
            assert_eq!(parse(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn never_panics(text in ".{0,40}") { let _ = parse(&text); }
    }
}
