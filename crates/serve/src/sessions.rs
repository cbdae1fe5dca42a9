//! Who has logged in with a browser. Kept in memory: a restart asks for the password again.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use jiff::{SignedDuration, Timestamp};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use crate::accounts::{hex, random};
use crate::error::ServeError;

/// The name of the cookie.
pub(crate) const COOKIE: &str = "lapwing_session";
/// A session that nobody uses ends after so many minutes.
const IDLE_MINUTES: i64 = 60;
/// And any session after so many hours.
const HOURS: i64 = 12;
/// So many sessions are held; the oldest gives way.
const MOST: usize = 10_000;

/// All sessions, by the hash of their token.
#[derive(Default)]
pub(crate) struct Sessions(Mutex<HashMap<[u8; 32], Session>>);

#[derive(Clone, Debug)]
pub(crate) struct Session {
    pub(crate) who: String,
    pub(crate) csrf: String,
    begun: Timestamp,
    used: Timestamp,
}

impl Session {
    /// Whether this is the token that writes must bring.
    pub(crate) fn is_csrf(&self, token: &str) -> bool {
        self.csrf.as_bytes().ct_eq(token.as_bytes()).into()
    }
}

impl Sessions {
    /// Begins one; returns the token for the cookie.
    pub(crate) fn begin(&self, who: &str, now: Timestamp) -> Result<(String, Session), ServeError> {
        let token = hex(&random::<32>()?);
        let csrf = hex(&random::<16>()?);
        let session = Session { who: who.to_owned(), csrf, begun: now, used: now };
        let mut sessions = self.lock();
        sessions.retain(|_, session| is_alive(session, now));
        if sessions.len() >= MOST
            && let Some(oldest) =
                sessions.iter().min_by_key(|(hash, s)| (s.used, **hash)).map(|(hash, _)| *hash)
        {
            sessions.remove(&oldest);
        }
        sessions.insert(hash_of(&token), session.clone());
        Ok((token, session))
    }

    /// The session of a token, if it is alive.
    pub(crate) fn find(&self, token: &str, now: Timestamp) -> Option<Session> {
        let mut sessions = self.lock();
        let hash = hash_of(token);
        let session = sessions.get_mut(&hash)?;
        if !is_alive(session, now) {
            sessions.remove(&hash);
            return None;
        }
        session.used = session.used.max(now);
        Some(session.clone())
    }

    /// Ends one.
    pub(crate) fn end(&self, token: &str) {
        self.lock().remove(&hash_of(token));
    }

    /// Ends all of a user.
    pub(crate) fn end_all(&self, who: &str) {
        self.lock().retain(|_, session| session.who != who);
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<[u8; 32], Session>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A clock that jumps back does not make a session older, one that jumps ahead ends it.
fn is_alive(session: &Session, now: Timestamp) -> bool {
    now.duration_since(session.used) < SignedDuration::from_mins(IDLE_MINUTES)
        && now.duration_since(session.begun) < SignedDuration::from_hours(HOURS)
}

/// Only the hash is held: whoever reads our memory dumps has no cookie.
fn hash_of(token: &str) -> [u8; 32] {
    Sha256::digest(token.as_bytes()).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sessions_end_by_idleness_by_age_and_by_logging_out() {
        let start = Timestamp::UNIX_EPOCH;
        let after = |minutes| start + SignedDuration::from_mins(minutes);
        let sessions = Sessions::default();
        let (token, session) = sessions.begin("anna", start).unwrap();
        assert!(session.is_csrf(&session.csrf) && !session.is_csrf("x"));
        for minutes in (0..12 * 60).step_by(50) {
            assert!(sessions.find(&token, after(minutes)).is_some(), "{minutes}");
        }
        assert!(sessions.find(&token, after(12 * 60 + 1)).is_none());
        let (idle, _) = sessions.begin("anna", start).unwrap();
        assert!(sessions.find(&idle, after(61)).is_none());
        let (token, _) = sessions.begin("anna", start).unwrap();
        sessions.end(&token);
        assert!(sessions.find(&token, start).is_none());
        let (token, _) = sessions.begin("anna", start).unwrap();
        sessions.end_all("anna");
        assert!(sessions.find(&token, start).is_none());
    }
}
