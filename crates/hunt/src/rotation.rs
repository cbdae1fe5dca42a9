//! Rotated logs: which file of a set is older, and what day its name tells.

use std::cmp::Ordering;
use std::path::{Path, PathBuf};

use jiff::civil::Date;

/// Endings that packing adds to a name.
const PACKED: [&str; 6] = [".gz", ".xz", ".bz2", ".zst", ".zip", ".7z"];

/// Orders files by folder, then by log, then from the oldest part to the newest.
pub(crate) fn order(a: &Path, b: &Path) -> Ordering {
    a.parent().cmp(&b.parent()).then_with(|| {
        let name =
            |path: &Path| path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let (a, b) = (name(a), name(b));
        let (one, other) = (part(&a), part(&b));
        (one.0, std::cmp::Reverse(one.1), &a).cmp(&(other.0, std::cmp::Reverse(other.1), &b))
    })
}

/// The name of the log that a file is a part of, and how often it was rotated: `auth.log.2.gz` gives
/// `auth.log` and 2; the one still written gives 0.
fn part(name: &str) -> (&str, u64) {
    let bare = PACKED.iter().find_map(|ending| name.strip_suffix(ending)).unwrap_or(name);
    match bare.rsplit_once('.') {
        Some((log, number)) if (1..=4).contains(&number.len()) && !log.is_empty() => {
            number.parse().map_or((bare, 0), |number| (log, number))
        }
        _ => (bare, 0),
    }
}

/// The log of which a packed file is a part: `auth.log` of `auth.log.2.gz` and `auth.log-20210314.gz`.
pub(crate) fn packed_part_of(path: &Path) -> Option<PathBuf> {
    let name = path.file_name()?.to_str()?;
    let bare = PACKED.iter().find_map(|ending| name.strip_suffix(ending))?;
    let (log, number) = part(bare);
    let dated = || {
        let (log, rest) = bare.rsplit_once('-')?;
        (rest.len() >= 8 && rest.bytes().all(|b| b.is_ascii_digit())).then_some(log)
    };
    let log = if number > 0 { log } else { dated().unwrap_or(bare) };
    Some(path.with_file_name(log))
}

/// The day in a file's name, as `-20210314` of logrotate or `2021-03-14`.
pub(crate) fn day_of(name: &str) -> Option<Date> {
    let name = name.rsplit(['/', '\\', '!']).next().unwrap_or(name);
    let bytes = name.as_bytes();
    let digits = |at: usize, count: usize| -> Option<u32> {
        let part = bytes.get(at..at + count)?;
        let part = std::str::from_utf8(part).ok()?;
        part.bytes().all(|b| b.is_ascii_digit()).then(|| part.parse().ok()).flatten()
    };
    let is_digit = |at: usize| bytes.get(at).is_some_and(u8::is_ascii_digit);
    (0..bytes.len()).rev().find_map(|at| {
        if at > 0 && is_digit(at - 1) {
            return None;
        }
        let (month, day, end) = match bytes.get(at + 4) {
            Some(b'-' | b'_' | b'.') => (at + 5, at + 8, at + 10),
            _ => (at + 4, at + 6, at + 8),
        };
        if is_digit(end) {
            return None;
        }
        let year = digits(at, 4).filter(|year| (1990..2100).contains(year))?;
        Date::new(year as i16, digits(month, 2)? as i8, digits(day, 2)? as i8).ok()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_part_comes_first() {
        let mut files = ["b.log", "a.log", "a.log.1", "a.log.10.gz", "a.log.2.gz", "a.log.3"];
        files.sort_by(|a, b| order(Path::new(a), Path::new(b)));
        assert_eq!(files, ["a.log.10.gz", "a.log.3", "a.log.2.gz", "a.log.1", "a.log", "b.log"]);
        let mut dated = ["x/m.log", "x/m.log-20210314.gz", "x/m.log-20210307.gz", "a/z"];
        dated.sort_by(|a, b| order(Path::new(a), Path::new(b)));
        assert_eq!(dated, ["a/z", "x/m.log", "x/m.log-20210307.gz", "x/m.log-20210314.gz"]);
    }

    #[test]
    fn packed_parts_are_of_their_log() {
        for (path, log) in [
            ("x/auth.log.2.gz", Some("x/auth.log")),
            ("x/auth.log-20210314.gz", Some("x/auth.log")),
            ("x/u_ex210314.log.zip", Some("x/u_ex210314.log")),
            ("x/auth.log.1", None),
        ] {
            assert_eq!(packed_part_of(Path::new(path)), log.map(PathBuf::from));
        }
    }

    #[test]
    fn a_name_may_tell_the_day() {
        let day = |name: &str| day_of(name).map(|day| day.to_string());
        assert_eq!(day("auth.log-20210314.gz").as_deref(), Some("2021-03-14"));
        assert_eq!(day("logs/mail-2021-03-14.log").as_deref(), Some("2021-03-14"));
        for name in ["auth.log.1", "x12345678.log", "20219999", "a-99999999", "é20210314é9"] {
            assert_eq!(day(name).is_some(), name.starts_with('é'), "{name}");
        }
    }
}
