//! Dates in running text, relative ones resolved against the day of publication.

use lapwing_model::PartialDate;

/// A date as it stands in a sentence.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Stated {
    pub(crate) start: usize,
    pub(crate) end: usize,
    pub(crate) year: Option<i16>,
    pub(crate) month: Option<u8>,
    pub(crate) day: Option<u8>,
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

/// Whether a sentence may hold a date: a month's name or a year.
pub(crate) fn has_month(sentence: &str) -> bool {
    let lower = sentence.to_ascii_lowercase();
    MONTHS.iter().any(|m| lower.contains(m)) || lower.contains("20") || lower.contains("19")
}

/// All dates of a lower-case sentence.
pub(crate) fn dates(lower: &str) -> Vec<Stated> {
    let mut found = Vec::new();
    let mut words: Vec<(usize, &str)> = Vec::new();
    let mut at = 0;
    for piece in lower.split(|c: char| !(c.is_alphanumeric() || c == '-')) {
        if !piece.is_empty() {
            words.push((at, piece));
        }
        at += piece.len();
        at += lower.get(at..).and_then(|rest| rest.chars().next()).map_or(1, char::len_utf8);
    }
    let end = |i: usize| words.get(i).map_or(0, |(at, w)| at + w.len());
    let mut i = 0;
    while i < words.len() {
        let (start, word) = words[i];
        let before = i.checked_sub(1).and_then(|j| words.get(j)).map_or("", |(_, w)| w);
        let next = words.get(i + 1).map_or("", |(_, w)| w);
        let third = words.get(i + 2).map_or("", |(_, w)| w);
        if let Ok(date) = word.parse::<PartialDate>() {
            let month_like = word.len() > 4
                || matches!(
                    before,
                    "in" | "since" | "during" | "until" | "from" | "early" | "late" | "mid" | "of"
                );
            if month_like && (1990..2100).contains(&date.year()) {
                found.push(Stated {
                    start,
                    end: end(i),
                    year: Some(date.year()),
                    month: date.month(),
                    day: date.day(),
                });
            }
        } else if let Some(month) = month(word, before, next) {
            let mut stated =
                Stated { start, end: end(i), year: None, month: Some(month), day: None };
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
                if let Some(d) = day(before) {
                    stated.day = Some(d);
                    stated.start = words[i - 1].0;
                }
                let y = year(next)
                    .map(|y| (y, i + 1))
                    .or_else(|| (next == "of").then(|| year(third).map(|y| (y, i + 2))).flatten());
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

/// `may` and `march` are verbs too: they need a day, a year or a preposition beside them.
fn month(word: &str, before: &str, next: &str) -> Option<u8> {
    let at = MONTHS.iter().position(|m| {
        *m == word
            || (word.len() >= 3
                && word.len() <= 4
                && m.starts_with(word)
                && word != "mar"
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
    );
    let supported = day(next).is_some()
        || year(next).is_some()
        || day(before).is_some()
        || matches!(
            before,
            "in" | "since" | "of" | "early" | "late" | "mid" | "until" | "during" | "last" | "by"
        );
    (!verb || supported).then(|| at as u8 + 1)
}

fn day(word: &str) -> Option<u8> {
    let digits = word
        .trim_end_matches("st")
        .trim_end_matches("nd")
        .trim_end_matches("rd")
        .trim_end_matches("th");
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
    /// day that is not after it. Else from `hint`, a year that the text offers.
    pub(crate) fn resolve(
        &self,
        published: Option<PartialDate>,
        hint: Option<i16>,
    ) -> Option<(PartialDate, &'static str)> {
        if let Some(year) = self.year {
            return PartialDate::new(year, self.month, self.day).ok().map(|date| (date, "stated"));
        }
        if let Some(published) = published {
            for year in [published.year(), published.year() - 1] {
                if let Ok(date) = PartialDate::new(year, self.month, self.day)
                    && date.first_day() <= published.last_day()
                {
                    return Some((date, "its year taken from the day of publication"));
                }
            }
        }
        PartialDate::new(hint?, self.month, self.day)
            .ok()
            .map(|date| (date, "its year taken from other dates in the text"))
    }

    /// As the text gives it, without a year: `March 2`.
    pub(crate) fn shown(&self) -> String {
        let month = self.month.and_then(|m| MONTHS.get(usize::from(m) - 1)).map_or("", |m| m);
        let mut shown = month.to_owned();
        if let Some(first) = shown.get_mut(..1) {
            first.make_ascii_uppercase();
        }
        self.day.map_or(shown.clone(), |day| format!("{shown} {day}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_read_in_their_usual_forms() {
        let published = "2021-03-04".parse().ok();
        for (text, want) in [
            ("in january", "2021-01"),
            ("on march 2, 2021", "2021-03-02"),
            ("2 march 2021", "2021-03-02"),
            ("the march 2 patch", "2021-03-02"),
            ("since december", "2020-12"),
            ("on 2021-02-28", "2021-02-28"),
            ("january 2021", "2021-01"),
            ("in 2019", "2019"),
            ("march 2nd", "2021-03-02"),
        ] {
            let all = dates(text);
            assert_eq!(all.len(), 1, "{text}");
            assert_eq!(all[0].resolve(published, None).unwrap().0.to_string(), want, "{text}");
        }
        for text in ["they may do", "march on", "2021 hosts", "port 8080"] {
            assert!(dates(text).is_empty(), "{text}");
        }
        assert_eq!(dates("in january")[0].resolve(None, None), None);
        assert_eq!(dates("in january")[0].shown(), "January");
    }
}
