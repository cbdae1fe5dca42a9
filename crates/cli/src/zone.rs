//! Time zones as a user names them.

use std::path::{Component, Path};

use jiff::tz::{Offset, TimeZone};

/// Where systems keep the rules of zones.
const FOLDERS: [&str; 3] = ["/usr/share/zoneinfo", "/usr/lib/zoneinfo", "/usr/share/lib/zoneinfo"];

/// Reads `UTC`, `+01:00`, `-0500`, a name as `Europe/Berlin`, or a POSIX rule as `CET-1CEST,M3.5.0,M10.5.0/3`.
pub fn parse(text: &str) -> Result<TimeZone, String> {
    let text = text.trim();
    if text.eq_ignore_ascii_case("utc") || text == "Z" {
        return Ok(TimeZone::UTC);
    }
    // "UTC+3" means three hours ahead to everybody but POSIX, where the sign is the other way round.
    let upper = text.to_ascii_uppercase();
    let bare = ["UTC", "GMT"].iter().find_map(|name| upper.strip_prefix(name)).unwrap_or(text);
    if let Some(offset) = offset(bare) {
        return Ok(TimeZone::fixed(offset));
    }
    let inside = !text.is_empty()
        && Path::new(text).components().all(|part| matches!(part, Component::Normal(_)));
    let rules = FOLDERS.iter().filter(|_| inside).find_map(|folder| {
        let bytes = std::fs::read(Path::new(folder).join(text)).ok()?;
        TimeZone::tzif(text, &bytes).ok()
    });
    rules.or_else(|| TimeZone::posix(text).ok()).ok_or_else(|| {
        "write an offset (+01:00), a name that this system knows (Europe/Berlin), or a rule (CET-1CEST,M3.5.0,M10.5.0/3)"
            .to_owned()
    })
}

fn offset(text: &str) -> Option<Offset> {
    let (sign, rest) = match text.as_bytes().first()? {
        b'+' => (1, &text[1..]),
        b'-' => (-1, &text[1..]),
        _ => return None,
    };
    let digits: String = rest.chars().filter(|c| *c != ':').collect();
    if !digits.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let (hours, minutes): (i32, i32) = match digits.len() {
        1 | 2 => (digits.parse().ok()?, 0),
        4 => (digits[..2].parse().ok()?, digits[2..].parse().ok()?),
        _ => return None,
    };
    (minutes < 60)
        .then(|| Offset::from_seconds(sign * (hours * 3600 + minutes * 60)).ok())
        .flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zones_as_users_write_them() {
        let at = |zone: &str| {
            let zone = parse(zone).ok()?;
            let time: jiff::Timestamp = "2021-07-01T00:00:00Z".parse().ok()?;
            Some(zone.to_offset(time).seconds())
        };
        for (zone, seconds) in [
            ("UTC", Some(0)),
            ("+01:00", Some(3600)),
            ("-0530", Some(-19_800)),
            ("+2", Some(7200)),
            ("UTC+3", Some(10_800)),
            ("gmt-5", Some(-18_000)),
            ("CET-1CEST,M3.5.0,M10.5.0/3", Some(7200)),
            ("+25:99", None),
            ("nowhere", None),
            ("../../etc/passwd", None),
            ("", None),
        ] {
            assert_eq!(at(zone), seconds, "{zone}");
        }
    }
}
