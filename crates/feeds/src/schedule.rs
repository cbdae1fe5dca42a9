//! When a feed is due: its interval, a longer wait after failures, and what the server asks for.
//!
//! Nothing is random: what spreads the feeds over time is drawn from their names, so that the same
//! feeds are pulled at the same times in every run.

use jiff::{SignedDuration, Timestamp};
use lapwing_engine::store::{Feed, FeedState};

/// The shortest interval, in seconds.
pub const LEAST: u64 = 60;
/// The longest wait after failures, in seconds, where the interval is not longer.
const LONGEST_WAIT: u64 = 24 * 3600;
/// The first wait after a failure, in seconds, where the interval is not shorter.
const FIRST_WAIT: u64 = 300;
/// The longest wait that a server may ask for, in seconds.
const LONGEST_ASKED: u64 = 7 * 24 * 3600;

/// Whether a feed is to be pulled now.
///
/// A clock that was set back would leave a feed waiting for days: what was last pulled in the
/// future is due.
#[must_use]
pub fn is_due(feed: &Feed, now: Timestamp) -> bool {
    if feed.settings.paused {
        return false;
    }
    let set_back =
        feed.state.last_run.is_some_and(|last| last > now + SignedDuration::from_mins(2));
    set_back || feed.state.next.is_none_or(|next| next <= now)
}

/// When to pull after one that went well: the interval, less up to a tenth.
#[must_use]
pub fn after_success(name: &str, every: u64, now: Timestamp) -> Timestamp {
    let every = every.max(LEAST);
    later(now, every - (every as f64 * 0.1 * share(name, 0)) as u64)
}

/// When to pull after failures in a row: twice as long each time, less up to a half, and not before
/// the time that the server asked for.
#[must_use]
pub fn after_failure(
    name: &str,
    every: u64,
    failures: u32,
    retry_after: Option<&str>,
    now: Timestamp,
) -> Timestamp {
    let every = every.max(LEAST);
    let first = FIRST_WAIT.min(every);
    let doubled = first.saturating_mul(1 << failures.saturating_sub(1).min(20));
    let most = doubled.min(LONGEST_WAIT.max(every));
    let wait = most - (most as f64 * 0.5 * share(name, failures)) as u64;
    let asked = retry_after.and_then(|text| asked(text, now)).unwrap_or(0).min(LONGEST_ASKED);
    later(now, wait.max(asked))
}

/// Keeps how a pull that failed went.
pub(crate) fn failed(state: &mut FeedState, feed: &Feed, error: &crate::FeedError, now: Timestamp) {
    state.failures = state.failures.saturating_add(1);
    state.error = Some(error.to_string());
    let retry_after = error.retry_after();
    state.next =
        Some(after_failure(&feed.name, feed.settings.every, state.failures, retry_after, now));
}

/// The seconds that a `Retry-After` asks for: a number, or a date.
fn asked(text: &str, now: Timestamp) -> Option<u64> {
    let text = text.trim();
    if let Ok(seconds) = text.parse::<u64>() {
        return Some(seconds);
    }
    let date = jiff::fmt::rfc2822::parse(text).ok()?;
    u64::try_from(date.timestamp().duration_since(now).as_secs()).ok()
}

fn later(now: Timestamp, seconds: u64) -> Timestamp {
    let seconds = i64::try_from(seconds).unwrap_or(i64::MAX);
    now.checked_add(SignedDuration::from_secs(seconds)).unwrap_or(Timestamp::MAX)
}

/// A number from 0 to 1 that hangs on the name (FNV-1a, with its bits mixed).
fn share(name: &str, salt: u32) -> f64 {
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    for byte in name.bytes().chain(salt.to_le_bytes()) {
        hash = (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    }
    hash ^= hash >> 33;
    hash = hash.wrapping_mul(0xff51_afd7_ed55_8ccd);
    hash ^= hash >> 33;
    (hash >> 11) as f64 / (1_u64 << 53) as f64
}

/// Reads an interval: `30m`, `1h`, `2d`, or a number of seconds.
///
/// # Errors
/// A sentence that says what may stand there.
pub fn parse_interval(text: &str) -> Result<u64, String> {
    let text = text.trim();
    let (number, unit) = match text.find(|c: char| !c.is_ascii_digit()) {
        Some(at) => text.split_at(at),
        None => (text, "s"),
    };
    let seconds = match unit.trim() {
        "s" => 1,
        "m" | "min" => 60,
        "h" => 3600,
        "d" => 86_400,
        "w" => 604_800,
        _ => return Err("write 30m, 1h, 2d or 1w".to_owned()),
    };
    number
        .parse::<u64>()
        .ok()
        .and_then(|n| n.checked_mul(seconds))
        .filter(|n| (LEAST..=366 * 86_400).contains(n))
        .ok_or_else(|| "an interval is from one minute to one year: 30m, 1h, 2d".to_owned())
}

/// An interval as it is written: `1h`, `90m`.
#[must_use]
pub fn interval(seconds: u64) -> String {
    for (unit, word) in [(604_800, "w"), (86_400, "d"), (3600, "h"), (60, "m")] {
        if seconds >= unit && seconds.is_multiple_of(unit) {
            return format!("{}{word}", seconds / unit);
        }
    }
    format!("{seconds}s")
}

#[cfg(test)]
mod tests {
    use lapwing_engine::store::FeedSettings;

    use super::*;

    fn now() -> Timestamp {
        "2026-03-01T12:00:00Z".parse().unwrap()
    }

    fn feed() -> Feed {
        Feed {
            name: "certs".into(),
            address: "https://example.org/feed".into(),
            kind: "rss".into(),
            settings: FeedSettings {
                every: 3600,
                source: None,
                marking: None,
                quota: None,
                key_env: None,
                allow_private: false,
                named_private: false,
                articles: true,
                paused: false,
            },
            state: FeedState::default(),
        }
    }

    #[test]
    fn failures_double_the_wait_and_success_ends_it() {
        let wait = |failures| {
            after_failure("certs", 3600, failures, None, now()).duration_since(now()).as_secs()
        };
        for failures in 1..12 {
            let most = (300_i64 << (failures - 1)).min(86_400);
            assert!((most / 2..=most).contains(&wait(failures)), "{failures}: {}", wait(failures));
        }
        assert_eq!(wait(3), wait(3), "the same name waits as long each time");
        let fine = after_success("certs", 3600, now()).duration_since(now()).as_secs();
        assert!((3240..=3600).contains(&fine), "{fine}");
    }

    #[test]
    fn names_spread_over_time() {
        let mut waits: Vec<i64> =
            (0..40).map(|n| after_success(&format!("feed {n}"), 3600, now()).as_second()).collect();
        waits.sort_unstable();
        waits.dedup();
        assert!(waits.len() > 30);
    }

    #[test]
    fn the_server_may_ask_for_time() {
        let wait = |text| after_failure("a", 60, 1, Some(text), now()).duration_since(now());
        assert_eq!(wait("7200").as_secs(), 7200);
        assert_eq!(wait("Sun, 01 Mar 2026 13:00:00 GMT").as_secs(), 3600);
        assert_eq!(wait("99999999999").as_secs(), 7 * 86_400);
        assert!(wait("soon").as_secs() <= 60);
    }

    #[test]
    fn a_clock_that_was_set_back_does_not_stop_a_feed() {
        let mut feed = feed();
        assert!(is_due(&feed, now()));
        feed.state.last_run = Some(now());
        feed.state.next = Some(after_success("certs", 3600, now()));
        assert!(!is_due(&feed, now()));
        let before = now() - SignedDuration::from_hours(24 * 30);
        assert!(is_due(&feed, before), "it was pulled in what is the future now");
        feed.settings.paused = true;
        assert!(!is_due(&feed, before));
    }

    #[test]
    fn intervals_are_read_as_they_are_written() {
        for text in ["1m", "90m", "1h", "2d", "1w"] {
            assert_eq!(interval(parse_interval(text).unwrap()), text);
        }
        assert_eq!(parse_interval("3600"), Ok(3600));
        assert!(parse_interval("5s").is_err() && parse_interval("1 fortnight").is_err());
    }
}
