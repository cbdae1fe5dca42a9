//! How often somebody may ask, and how often guess.

use std::collections::HashMap;
use std::num::NonZeroU32;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use governor::clock::{Clock, DefaultClock};
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};
use jiff::{SignedDuration, Timestamp};

use crate::problem::Problem;

/// Requests of one asker: so many a minute, all of a minute's at once if need be.
pub(crate) struct Rate {
    limiter: DefaultKeyedRateLimiter<String>,
    clock: DefaultClock,
}

/// So many askers are held before those that are quiet are forgotten.
const MOST_ASKERS: usize = 10_000;

impl Rate {
    pub(crate) fn new(per_minute: u32) -> Self {
        let per_minute = NonZeroU32::new(per_minute).unwrap_or(NonZeroU32::MIN);
        Self {
            limiter: RateLimiter::keyed(Quota::per_minute(per_minute)),
            clock: DefaultClock::default(),
        }
    }

    pub(crate) fn check(&self, asker: &String) -> Result<(), Problem> {
        if self.limiter.len() > MOST_ASKERS {
            self.limiter.retain_recent();
        }
        self.limiter.check_key(asker).map_err(|not_until| {
            let wait = not_until.wait_time_from(self.clock.now());
            too_many("too many requests", wait)
        })
    }
}

/// Tries to log in that failed, by name and by address: after a few, each doubles the wait.
#[derive(Default)]
pub(crate) struct Guesses(Mutex<HashMap<String, Guess>>);

struct Guess {
    failed: u32,
    until: Timestamp,
    last: Timestamp,
}

/// So many wrong passwords cost nothing.
const FREE: u32 = 5;
/// The longest wait, in seconds.
const LONGEST: i64 = 900;
/// Failures older than this are forgotten, in seconds.
const FORGOTTEN: i64 = 3600;
/// More names and addresses than this are not held; the longest quiet go first.
const MOST_GUESSERS: usize = 50_000;

impl Guesses {
    /// Whether one may try now.
    pub(crate) fn check(&self, who: &[String], now: Timestamp) -> Result<(), Problem> {
        let guesses = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let wait = who
            .iter()
            .filter_map(|key| guesses.get(key))
            .map(|guess| guess.until.duration_since(now).as_secs().min(LONGEST))
            .max()
            .unwrap_or(0);
        if wait <= 0 {
            return Ok(());
        }
        Err(too_many("too many wrong passwords", Duration::from_secs(wait as u64)))
    }

    /// One was wrong.
    pub(crate) fn failed(&self, who: &[String], now: Timestamp) {
        let mut guesses = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if guesses.len() > MOST_GUESSERS {
            let young = |guess: &mut Guess| now.duration_since(guess.last).as_secs() < LONGEST;
            guesses.retain(|_, guess| young(guess));
        }
        for key in who {
            let guess =
                guesses.entry(key.clone()).or_insert(Guess { failed: 0, until: now, last: now });
            if now.duration_since(guess.last).as_secs() > FORGOTTEN {
                guess.failed = 0;
            }
            guess.failed = guess.failed.saturating_add(1);
            guess.last = now;
            if guess.failed >= FREE {
                let seconds = (1_i64 << (guess.failed - FREE).min(20)).min(LONGEST);
                guess.until = now.saturating_add(SignedDuration::from_secs(seconds)).unwrap_or(now);
            }
        }
    }

    /// One was right.
    pub(crate) fn succeeded(&self, who: &[String]) {
        let mut guesses = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for key in who {
            guesses.remove(key);
        }
    }
}

fn too_many(what: &str, wait: Duration) -> Problem {
    let seconds = wait.as_secs() + 1;
    let problem = Problem::new(
        axum::http::StatusCode::TOO_MANY_REQUESTS,
        format!("{what}; try again in {seconds} s"),
    );
    Problem { retry_after: Some(seconds), ..problem }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn guessing_gets_slower_and_a_right_password_forgives() {
        let guesses = Guesses::default();
        let who = ["anna".to_owned()];
        let now = Timestamp::UNIX_EPOCH;
        for _ in 0..FREE - 1 {
            guesses.failed(&who, now);
            assert!(guesses.check(&who, now).is_ok());
        }
        guesses.failed(&who, now);
        assert!(guesses.check(&who, now).is_err());
        assert!(guesses.check(&who, now + SignedDuration::from_secs(2)).is_ok());
        for _ in 0..40 {
            guesses.failed(&who, now);
        }
        let told = guesses.check(&who, now).unwrap_err();
        assert_eq!((told.status, told.retry_after), (429, Some(LONGEST as u64 + 1)));
        guesses.succeeded(&who);
        assert!(guesses.check(&who, now).is_ok());
    }

    #[test]
    fn a_minute_has_so_many_requests() {
        let rate = Rate::new(3);
        let asker = "key:ab".to_owned();
        assert!((0..3).all(|_| rate.check(&asker).is_ok()));
        assert_eq!(rate.check(&asker).unwrap_err().status, 429);
        assert!(rate.check(&"key:cd".to_owned()).is_ok());
    }
}
