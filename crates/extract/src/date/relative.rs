//! Dates that count from the day of publication, and stretches of a year.

use super::{Form, Stated, Unit, year};

const WEEKDAYS: &[&str] =
    &["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];
const NUMBERS: &[&str] = &[
    "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven",
    "twelve",
];

/// "last week", "three months ago", "on Tuesday", "Q3 2021" … in the words of a lower-case sentence.
pub(super) fn dates(words: &[(usize, &str)]) -> Vec<Stated> {
    let word = |i: usize| words.get(i).map_or("", |(_, w)| *w);
    let mut found = Vec::new();
    for (i, (start, first)) in words.iter().enumerate() {
        let before = i.checked_sub(1).map_or("", word);
        let (second, third, fourth) = (word(i + 1), word(i + 2), word(i + 3));
        let mut year_stated = None;
        // The form, and how many words it takes.
        let read = match *first {
            "yesterday" => Some((Form::Ago(1, Unit::Day), 1)),
            "today" => Some((Form::This(Unit::Day), 1)),
            "last" | "past" | "previous" => match (unit(second), count(second)) {
                (Some(Unit::Day), _) => None,
                // "over the past year" reaches up to the day.
                (Some(unit), _) if *first == "past" => Some((Form::Past(1, unit), 2)),
                (Some(unit), _) => Some((Form::Last(unit), 2)),
                (None, Some(n)) => unit(third).map(|unit| (Form::Past(n, unit), 3)),
                (None, None) => weekday(second).map(|day| (Form::Weekday(day), 2)),
            },
            "this" => unit(second).filter(|u| *u != Unit::Day).map(|u| (Form::This(u), 2)),
            "on" => weekday(second).map(|day| (Form::Weekday(day), 2)),
            q if quarter(q).is_some() => {
                let from = quarter(q).unwrap_or(1);
                let (stated, taken) = year_behind(second, third);
                year_stated = stated;
                Some((Form::Months(from, from + 2), 1 + taken))
            }
            "h1" | "h2" if year(second).is_some() => {
                year_stated = year(second);
                let from = if *first == "h1" { 1 } else { 7 };
                Some((Form::Months(from, from + 5), 2))
            }
            "first" | "second" | "third" | "fourth" | "1st" | "2nd" | "3rd" | "4th" => {
                let place = match *first {
                    "first" | "1st" => 0,
                    "second" | "2nd" => 1,
                    "third" | "3rd" => 2,
                    _ => 3,
                };
                let (stated, taken) = year_behind(third, fourth);
                year_stated = stated;
                match second {
                    "quarter" => Some((Form::Months(1 + 3 * place, 3 + 3 * place), 2 + taken)),
                    "half" if place < 2 && taken > 0 => {
                        Some((Form::Months(1 + 6 * place, 6 + 6 * place), 2 + taken))
                    }
                    _ => None,
                }
            }
            n if third == "ago" => count(n).zip(unit(second)).map(|(n, u)| (Form::Ago(n, u), 3)),
            _ => None,
        };
        let Some((form, taken)) = read else { continue };
        if before == "patch" {
            continue;
        }
        let end = words.get(i + taken - 1).map_or(*start, |(at, w)| at + w.len());
        found.push(Stated { start: *start, end, year: year_stated, month: None, day: None, form });
    }
    found
}

fn year_behind(second: &str, third: &str) -> (Option<i16>, usize) {
    match (year(second), year(third)) {
        (Some(y), _) => (Some(y), 1),
        (None, Some(y)) if second == "of" => (Some(y), 2),
        _ => (None, 0),
    }
}

fn unit(word: &str) -> Option<Unit> {
    Some(match word {
        "day" | "days" => Unit::Day,
        "week" | "weeks" => Unit::Week,
        "month" | "months" => Unit::Month,
        "year" | "years" => Unit::Year,
        _ => return None,
    })
}

fn count(word: &str) -> Option<u8> {
    if matches!(word, "a" | "an") {
        return Some(1);
    }
    let spelt = NUMBERS.iter().position(|n| *n == word).map(|n| n as u8 + 1);
    spelt.or_else(|| (word.len() <= 2).then(|| word.parse().ok()).flatten()).filter(|n| *n > 0)
}

fn weekday(word: &str) -> Option<u8> {
    WEEKDAYS.iter().position(|d| *d == word).map(|d| d as u8)
}

/// First month of `q3`.
fn quarter(word: &str) -> Option<u8> {
    match word {
        "q1" => Some(1),
        "q2" => Some(4),
        "q3" => Some(7),
        "q4" => Some(10),
        _ => None,
    }
}
