//! Who has logged in with a browser. Held in memory and, by the hashes of their tokens, kept in the
//! store: a restart, or another process on the same store, knows them too.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, Receiver, Sender};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use lapwing_engine::store::{Store, StoreError, StoredSession};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use crate::accounts::{hex, random};
use crate::error::ServeError;

/// The name of the cookie.
pub(crate) const COOKIE: &str = "lapwing_session";
/// A session that nobody uses ends after so many minutes.
const IDLE: SignedDuration = SignedDuration::from_mins(60);
/// And any session after so many hours.
const LONGEST: SignedDuration = SignedDuration::from_hours(12);
/// So many sessions are held in memory; the one unused for the longest gives way.
const MOST: usize = 10_000;
/// A session that was ended elsewhere is alive here for so long at most.
const LOOK: SignedDuration = SignedDuration::from_secs(5);
/// Its last use is written down so often.
const NOTE: SignedDuration = SignedDuration::from_secs(60);
/// Rest between tries while the store is held by others.
const REST: Duration = Duration::from_millis(200);

type Hash = [u8; 32];

/// All sessions.
pub(crate) struct Sessions {
    path: PathBuf,
    state: Arc<Mutex<State>>,
    keeper: Mutex<Keeper>,
    /// Set when the server ends: what the store does not take then is given up.
    over: Arc<AtomicBool>,
}

#[derive(Default)]
struct State {
    held: HashMap<Hash, Held>,
    /// What was ended here and stands in the store for a moment more.
    ended: HashMap<Hash, Timestamp>,
    /// As `ended`, of all sessions of a user.
    ended_of: HashMap<String, Timestamp>,
    store: Option<Store>,
}

struct Held {
    who: String,
    begun: Timestamp,
    used: Timestamp,
    /// When its use was last given to the store.
    noted: Timestamp,
    /// When it was last compared with the store.
    looked: Timestamp,
    /// Whether the store has it: then its absence there means that it was ended.
    kept: bool,
}

/// The thread that writes; it starts with the first log-in.
enum Keeper {
    Idle,
    Runs(Sender<Job>, JoinHandle<()>),
    Ended,
}

enum Job {
    Keep(StoredSession),
    End(Hash),
    EndAll(String),
}

/// One that is alive, for who has its token.
#[derive(Clone, Debug)]
pub(crate) struct Session {
    pub(crate) who: String,
    pub(crate) csrf: String,
}

impl Session {
    fn of(who: &str, token: &str) -> Self {
        // Made of the token, which a foreign page does not know and the store does not hold.
        let digest = Sha256::digest(format!("csrf|{token}").as_bytes());
        Self { who: who.to_owned(), csrf: hex(&digest[..16]) }
    }

    /// Whether this is the token that writes must bring.
    pub(crate) fn is_csrf(&self, token: &str) -> bool {
        self.csrf.as_bytes().ct_eq(token.as_bytes()).into()
    }
}

impl Sessions {
    pub(crate) fn new(store: &Path) -> Self {
        Self {
            path: store.to_owned(),
            state: Arc::default(),
            keeper: Mutex::new(Keeper::Idle),
            over: Arc::default(),
        }
    }

    /// Begins one; returns the token for the cookie.
    pub(crate) fn begin(&self, who: &str, now: Timestamp) -> Result<(String, Session), ServeError> {
        let token = hex(&random::<32>()?);
        let hash = hash_of(&token);
        let mut state = self.lock();
        state.held.retain(|_, held| held.is_alive(now));
        if state.held.len() >= MOST
            && let Some(oldest) =
                state.held.iter().min_by_key(|(hash, s)| (s.used, **hash)).map(|(hash, _)| *hash)
        {
            state.held.remove(&oldest);
        }
        let held = Held {
            who: who.to_owned(),
            begun: now,
            used: now,
            noted: now,
            looked: now,
            kept: false,
        };
        let row = held.row(hash);
        state.held.insert(hash, held);
        drop(state);
        self.give(Job::Keep(row));
        let session = Session::of(who, &token);
        Ok((token, session))
    }

    /// The session of a token, if it is alive.
    pub(crate) fn find(&self, token: &str, now: Timestamp) -> Option<Session> {
        let hash = hash_of(token);
        let mut state = self.lock();
        if state.ended.contains_key(&hash) {
            return None;
        }
        let fresh = |held: &Held| !held.kept || now.duration_since(held.looked).abs() < LOOK;
        if !state.held.get(&hash).is_some_and(fresh) {
            state.compare(&self.path, hash, now);
        }
        let held = state.held.get_mut(&hash)?;
        if !held.is_alive(now) {
            state.held.remove(&hash);
            drop(state);
            self.give(Job::End(hash));
            return None;
        }
        held.used = held.used.max(now);
        let session = Session::of(&held.who, token);
        if now.duration_since(held.noted) >= NOTE {
            held.noted = now;
            let row = held.row(hash);
            drop(state);
            self.give(Job::Keep(row));
        }
        Some(session)
    }

    /// Ends one.
    pub(crate) fn end(&self, token: &str, now: Timestamp) {
        // A token that nobody has is not remembered.
        if self.find(token, now).is_none() {
            return;
        }
        let hash = hash_of(token);
        let mut state = self.lock();
        state.held.remove(&hash);
        state.ended.retain(|_, at| now.duration_since(*at) < LONGEST);
        state.ended.insert(hash, now);
        drop(state);
        self.give(Job::End(hash));
    }

    /// Ends all of a user.
    pub(crate) fn end_all(&self, who: &str, now: Timestamp) {
        let mut state = self.lock();
        state.held.retain(|_, held| held.who != who);
        state.ended_of.insert(who.to_owned(), now);
        drop(state);
        self.give(Job::EndAll(who.to_owned()));
    }

    /// Writes what waits, and ends.
    pub(crate) fn finish(&self) {
        self.over.store(true, Ordering::Relaxed);
        let keeper = {
            let mut keeper = self.keeper.lock().unwrap_or_else(PoisonError::into_inner);
            std::mem::replace(&mut *keeper, Keeper::Ended)
        };
        if let Keeper::Runs(send, thread) = keeper {
            drop(send);
            let _ = thread.join();
        }
    }

    fn give(&self, job: Job) {
        let mut keeper = self.keeper.lock().unwrap_or_else(PoisonError::into_inner);
        if matches!(*keeper, Keeper::Idle) {
            let (send, jobs) = mpsc::channel();
            let (path, state) = (self.path.clone(), Arc::clone(&self.state));
            let over = Arc::clone(&self.over);
            let thread = std::thread::Builder::new().name("sessions".to_owned());
            match thread.spawn(move || keep_all(&path, &state, &jobs, &over)) {
                Ok(thread) => *keeper = Keeper::Runs(send, thread),
                Err(error) => tracing::error!("log-ins are not kept: {error}"),
            }
        }
        if let Keeper::Runs(send, _) = &*keeper {
            // It listens until the sender is dropped.
            let _ = send.send(job);
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// Takes over what the store says of a session. A store that cannot be read says nothing.
    fn compare(&mut self, path: &Path, hash: Hash, now: Timestamp) {
        let store = match self.store.take() {
            Some(store) => Ok(store),
            None => Store::open_read_only(path),
        };
        let Ok(store) = store else { return };
        let found = store.session(&hash);
        self.store = Some(store);
        match found {
            Ok(Some(row)) => {
                let barred = self.ended_of.get(&row.account);
                if barred.is_some_and(|ended| row.begun <= *ended) {
                    return;
                }
                let held = self.held.entry(hash).or_insert_with(|| Held {
                    who: row.account.clone(),
                    begun: row.begun,
                    used: row.used,
                    noted: row.used,
                    looked: now,
                    kept: true,
                });
                held.used = held.used.max(row.used);
                held.looked = now;
                held.kept = true;
            }
            Ok(None) => {
                if self.held.get(&hash).is_some_and(|held| held.kept) {
                    self.held.remove(&hash);
                }
            }
            Err(error) => tracing::warn!("log-ins could not be read: {error}"),
        }
    }
}

impl Held {
    /// A clock that jumps back does not make a session older, one that jumps ahead ends it.
    fn is_alive(&self, now: Timestamp) -> bool {
        now.duration_since(self.used) < IDLE && now.duration_since(self.begun) < LONGEST
    }

    fn row(&self, hash: Hash) -> StoredSession {
        StoredSession { hash, account: self.who.clone(), begun: self.begun, used: self.used }
    }
}

/// Writes what it is given, until nobody can give more.
fn keep_all(path: &Path, state: &Mutex<State>, jobs: &Receiver<Job>, over: &AtomicBool) {
    let mut store: Option<Store> = None;
    let mut forgotten = Timestamp::MIN;
    while let Ok(job) = jobs.recv() {
        for tries in 0_u32.. {
            let opened = match store.take() {
                Some(open) => Ok(open),
                None => Store::open(path),
            };
            let done = opened.and_then(|mut open| {
                let done = do_job(&mut open, &job, &mut forgotten);
                store = Some(open);
                done
            });
            match done {
                // An import may hold the store for long; at the end of the server nobody waits.
                Err(StoreError::Locked { .. }) if tries < 5 || !over.load(Ordering::Relaxed) => {
                    std::thread::sleep(REST);
                    continue;
                }
                Ok(()) => settle(state, &job, true),
                Err(error) => {
                    tracing::warn!("a log-in is held in memory only: {error}");
                    settle(state, &job, false);
                }
            }
            break;
        }
    }
}

fn do_job(store: &mut Store, job: &Job, forgotten: &mut Timestamp) -> Result<(), StoreError> {
    match job {
        Job::Keep(row) => {
            if row.used.duration_since(*forgotten) >= NOTE {
                let before = |age| row.used.saturating_sub(age).unwrap_or(Timestamp::MIN);
                store.forget_sessions(before(LONGEST), before(IDLE))?;
                *forgotten = row.used;
            }
            store.put_session(row)
        }
        Job::End(hash) => store.end_session(hash),
        Job::EndAll(who) => store.end_sessions_of(who),
    }
}

/// What memory need not remember any more, once the store has it.
fn settle(state: &Mutex<State>, job: &Job, done: bool) {
    let mut state = state.lock().unwrap_or_else(PoisonError::into_inner);
    match job {
        Job::Keep(row) => {
            if let Some(held) = state.held.get_mut(&row.hash) {
                held.kept = done;
            }
        }
        Job::End(hash) if done => {
            state.ended.remove(hash);
        }
        Job::EndAll(who) if done => {
            state.ended_of.remove(who);
        }
        Job::End(_) | Job::EndAll(_) => {}
    }
}

/// Only the hash is held: whoever reads our memory dumps, or the store, has no cookie.
fn hash_of(token: &str) -> Hash {
    Sha256::digest(token.as_bytes()).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(minutes: i64) -> Timestamp {
        Timestamp::UNIX_EPOCH + SignedDuration::from_mins(minutes)
    }

    fn store() -> (tempfile::TempDir, PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("s.db");
        Store::open(&path).unwrap();
        (folder, path)
    }

    #[test]
    fn sessions_end_by_idleness_by_age_and_by_logging_out() {
        let (_folder, path) = store();
        let sessions = Sessions::new(&path);
        let (token, session) = sessions.begin("anna", at(0)).unwrap();
        assert!(session.is_csrf(&session.csrf) && !session.is_csrf("x"));
        for minutes in (0..12 * 60).step_by(50) {
            assert!(sessions.find(&token, at(minutes)).is_some(), "{minutes}");
        }
        assert!(sessions.find(&token, at(12 * 60 + 1)).is_none());
        let (idle, _) = sessions.begin("anna", at(0)).unwrap();
        assert!(sessions.find(&idle, at(61)).is_none());
        let (token, _) = sessions.begin("anna", at(0)).unwrap();
        sessions.end(&token, at(0));
        assert!(sessions.find(&token, at(0)).is_none());
        let (token, _) = sessions.begin("anna", at(0)).unwrap();
        sessions.end_all("anna", at(0));
        assert!(sessions.find(&token, at(0)).is_none());
        sessions.finish();
        assert!(sessions.find(&token, at(0)).is_none());
    }

    #[test]
    fn a_restart_knows_who_had_logged_in_and_who_had_logged_out() {
        let (_folder, path) = store();
        let sessions = Sessions::new(&path);
        let (stays, session) = sessions.begin("anna", at(0)).unwrap();
        let (goes, _) = sessions.begin("anna", at(0)).unwrap();
        let (of_bob, _) = sessions.begin("bob", at(0)).unwrap();
        sessions.end(&goes, at(1));
        sessions.end_all("bob", at(1));
        assert!(sessions.find(&stays, at(50)).is_some());
        sessions.finish();
        let bytes = std::fs::read(&path).unwrap();
        let holds = |text: &str| bytes.windows(text.len()).any(|part| part == text.as_bytes());
        assert!(!holds(&stays) && !holds(&session.csrf), "the token stands in the store");
        let again = Sessions::new(&path);
        // Its last use was written down, so it is not idle yet.
        let found = again.find(&stays, at(70)).unwrap();
        assert_eq!((found.who.as_str(), &found.csrf), ("anna", &session.csrf));
        for gone in [&goes, &of_bob] {
            assert!(again.find(gone, at(2)).is_none());
        }
        assert!(again.find(&stays, at(12 * 60)).is_none());
    }

    #[test]
    fn what_is_ended_by_another_process_ends_here() {
        let (_folder, path) = store();
        let sessions = Sessions::new(&path);
        let (token, _) = sessions.begin("anna", at(0)).unwrap();
        sessions.finish();
        assert!(sessions.find(&token, at(0)).is_some());
        Store::open(&path).unwrap().end_sessions_of("anna").unwrap();
        assert!(sessions.find(&token, at(1)).is_none());
    }

    #[test]
    fn a_store_that_cannot_be_written_holds_nobody_off() {
        let folder = tempfile::tempdir().unwrap();
        let sessions = Sessions::new(folder.path());
        let (token, _) = sessions.begin("anna", at(0)).unwrap();
        assert!(sessions.find(&token, at(30)).is_some());
        sessions.end(&token, at(30));
        assert!(sessions.find(&token, at(30)).is_none());
        sessions.finish();
        assert!(sessions.find(&token, at(30)).is_none());
    }
}
