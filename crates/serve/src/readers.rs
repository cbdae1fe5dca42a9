use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use lapwing_engine::store::StoreError;
use lapwing_engine::{Below, Engine};
use lapwing_model::ChangeId;
use tokio::sync::Semaphore;

use crate::asker::Ceiling;
use crate::problem::Problem;

/// An engine that holds nothing above somebody's ceiling, at one state of the store.
pub struct Sight<'e> {
    engine: &'e Engine,
    /// The store's latest change, whoever may see it: what was made at this state stays good
    /// while it is the same.
    pub(crate) at: Option<ChangeId>,
    /// The ceiling; [`Ceiling::NONE`] where nothing is above it.
    pub(crate) ceiling: Ceiling,
    /// Which copy of the store it is: rows and names have the same numbers in one copy as long as it lives.
    copy: u64,
    /// Of two sights the one with the larger number was not taken of an older state.
    turn: u64,
}

/// The store itself among the copies.
const ITSELF: u64 = 0;

impl std::ops::Deref for Sight<'_> {
    type Target = Engine;

    fn deref(&self) -> &Engine {
        self.engine
    }
}

#[cfg(test)]
impl<'e> Sight<'e> {
    /// Of the store itself at a state.
    pub(crate) fn for_test(engine: &'e Engine, at: Option<ChangeId>) -> Self {
        Self { engine, at, ceiling: Ceiling::NONE, copy: ITSELF, turn: 0 }
    }
}

impl Sight<'_> {
    /// Which state of which copy is seen: what was made of it is good for the same alone.
    pub(crate) fn state(&self) -> (Option<ChangeId>, u64) {
        (self.at, self.copy)
    }
}

/// Something made of one state of the store, kept until the state is another: then it is made anew, or of what it
/// was before and what changed.
pub(crate) struct Cached<T> {
    places: Mutex<BTreeMap<Ceiling, Place<T>>>,
    /// Below which ceiling somebody asked for it, and when last.
    asked: Mutex<BTreeMap<Ceiling, Instant>>,
}

/// Where it is kept for a ceiling; who asks while it is made waits.
type Place<T> = Arc<Mutex<Option<Made<T>>>>;

/// What was made, and of which sight.
struct Made<T> {
    at: Option<ChangeId>,
    copy: u64,
    turn: u64,
    /// When it was asked for last.
    used: Instant,
    what: Arc<T>,
}

impl<T> Made<T> {
    fn is_of(&self, sight: &Sight<'_>) -> bool {
        (self.at, self.copy) == (sight.at, sight.copy)
    }

    /// What it is, where that of a sight can be made of it. A store that another was put in the place of may have
    /// gone back in its history.
    fn before(&self, sight: &Sight<'_>) -> Option<&T> {
        (self.copy == sight.copy && self.at <= sight.at).then_some(&*self.what)
    }
}

impl<T> Default for Cached<T> {
    fn default() -> Self {
        Self { places: Mutex::default(), asked: Mutex::default() }
    }
}

impl<T> Cached<T> {
    /// What was made of the state that is seen. While one makes it, others who ask for it wait: it is not made
    /// twice. `make` gets what was made of a state before, where it can be of use, and must not ask for the same
    /// thing.
    pub(crate) fn get(
        &self,
        sight: &Sight<'_>,
        make: impl FnOnce(Option<&T>) -> Result<T, Problem>,
    ) -> Result<Arc<T>, Problem> {
        lock(&self.asked).insert(sight.ceiling, Instant::now());
        let place = self.place(sight);
        let mut place = lock(&place);
        match place.as_mut() {
            Some(made) if made.is_of(sight) => {
                made.used = Instant::now();
                return Ok(Arc::clone(&made.what));
            }
            // Who still sees an older state gets what is of it, and does not take away what is newer.
            Some(made) if made.turn > sight.turn => {
                drop(place);
                return make(None).map(Arc::new);
            }
            _ => {}
        }
        Self::put(&mut place, sight, make)
    }

    /// Makes it ready for who may ask, unless it was made of this state or of a newer one already.
    pub(crate) fn renew(
        &self,
        sight: &Sight<'_>,
        make: impl FnOnce(Option<&T>) -> Result<T, Problem>,
    ) -> Result<(), Problem> {
        let place = self.place(sight);
        let mut place = lock(&place);
        if place.as_ref().is_some_and(|made| made.is_of(sight) || made.turn > sight.turn) {
            return Ok(());
        }
        Self::put(&mut place, sight, make).map(drop)
    }

    fn place(&self, sight: &Sight<'_>) -> Place<T> {
        Arc::clone(lock(&self.places).entry(sight.ceiling).or_default())
    }

    fn put(
        place: &mut Option<Made<T>>,
        sight: &Sight<'_>,
        make: impl FnOnce(Option<&T>) -> Result<T, Problem>,
    ) -> Result<Arc<T>, Problem> {
        let what = Arc::new(make(place.as_ref().and_then(|made| made.before(sight)))?);
        let Sight { at, copy, turn, .. } = *sight;
        *place = Some(Made { at, copy, turn, used: Instant::now(), what: Arc::clone(&what) });
        Ok(what)
    }

    /// Gives back what nobody asked for since so long.
    pub(crate) fn rest(&self, long: Duration) {
        lock(&self.places).retain(|_, place| {
            // Who holds its place makes or reads it now.
            let Ok(made) = place.try_lock() else { return true };
            made.as_ref().is_none_or(|made| made.used.elapsed() < long)
        });
    }

    /// The ceilings below which somebody asked for it lately.
    pub(crate) fn asked(&self) -> Vec<Ceiling> {
        let lately =
            |(ceiling, when): (&Ceiling, &Instant)| (when.elapsed() < LATELY).then_some(*ceiling);
        lock(&self.asked).iter().filter_map(lately).collect()
    }
}

/// Engines that read the store, each for one question at a time; and, for who may not see
/// all, copies that hold only what is at or below the ceiling.
///
/// An engine is good as long as the store's latest change is the one that it was opened at:
/// names and reference data are read once.
pub(crate) struct Readers {
    path: PathBuf,
    idle: Mutex<Vec<Kept>>,
    views: Mutex<BTreeMap<Ceiling, View>>,
    permits: Arc<Semaphore>,
    most: usize,
    used: Mutex<Instant>,
    /// See [`Sight`].
    copies: AtomicU64,
    turns: AtomicU64,
}

/// Who asked for something so long ago may ask for it again.
pub(crate) const LATELY: Duration = Duration::from_mins(15);
/// Who rests so long gives back what it holds.
pub(crate) const REST: Duration = Duration::from_secs(30);

struct Kept {
    engine: Engine,
    at: Option<ChangeId>,
    strictest: Ceiling,
}

impl Kept {
    fn sight(&self, turn: u64) -> Sight<'_> {
        let (engine, at) = (&self.engine, self.at);
        Sight { engine, at, ceiling: Ceiling::NONE, copy: ITSELF, turn }
    }
}

/// A copy below a ceiling with its number; who waits for it waits while it is made.
type View = Arc<Mutex<Option<(u64, Below)>>>;

/// Why a question has to be asked again, or cannot be answered.
enum Missed {
    /// The engine is older than the store.
    Stale,
    Problem(Problem),
}

impl From<StoreError> for Missed {
    fn from(error: StoreError) -> Self {
        Self::Problem(error.into())
    }
}

impl From<Problem> for Missed {
    fn from(problem: Problem) -> Self {
        Self::Problem(problem)
    }
}

impl Readers {
    pub(crate) fn new(path: &Path, most: usize) -> Self {
        Self {
            path: path.to_owned(),
            idle: Mutex::default(),
            views: Mutex::default(),
            permits: Arc::new(Semaphore::new(most)),
            most,
            used: Mutex::new(Instant::now()),
            copies: AtomicU64::new(ITSELF + 1),
            turns: AtomicU64::new(0),
        }
    }

    /// Asks, on a thread that may wait, an engine that holds only what is at or below the
    /// ceiling. All answers of one call are of one state of the store.
    pub(crate) async fn ask<T: Send + 'static>(
        self: &Arc<Self>,
        ceiling: Ceiling,
        ask: impl FnOnce(&Sight<'_>) -> Result<T, Problem> + Send + 'static,
    ) -> Result<T, Problem> {
        let permit = Arc::clone(&self.permits)
            .acquire_owned()
            .await
            .map_err(|_| Problem::busy("the server is ending", 10))?;
        let readers = Arc::clone(self);
        let asked = tokio::task::spawn_blocking(move || {
            let answer = readers.ask_now(ceiling, ask);
            drop(permit);
            answer
        });
        asked.await.unwrap_or_else(|panic| Err(Problem::fault(format!("a reader fell: {panic}"))))
    }

    /// As [`Self::ask`], for what nobody waits for: only where a reader is free beside the one that it takes.
    pub(crate) async fn ask_ahead(
        self: &Arc<Self>,
        ceiling: Ceiling,
        ask: impl FnOnce(&Sight<'_>) -> Result<(), Problem> + Send + 'static,
    ) -> Result<(), Problem> {
        if self.permits.available_permits() < 2 {
            return Ok(());
        }
        self.ask(ceiling, ask).await
    }

    /// As [`Self::ask`], on the thread that calls.
    pub(crate) fn ask_now<T>(
        &self,
        ceiling: Ceiling,
        ask: impl FnOnce(&Sight<'_>) -> Result<T, Problem>,
    ) -> Result<T, Problem> {
        let mut ask = Some(ask);
        // A second look is enough: an engine that was opened now is not stale, and one that
        // became so in this very moment still answers of one state.
        for last in [false, true] {
            let kept = self.take(last)?;
            // Before the state is held: who has a later turn cannot hold an older one.
            let turn = self.turns.fetch_add(1, Ordering::SeqCst);
            let answer = kept.engine.store().still(|| {
                if !last && kept.engine.store().latest_change()? != kept.at {
                    return Err(Missed::Stale);
                }
                let Some(ask) = ask.take() else { return Err(Missed::Stale) };
                if ceiling.covers(kept.strictest) {
                    Ok(ask(&kept.sight(turn))?)
                } else {
                    Ok(self.below(ceiling, (&kept, turn), ask)?)
                }
            });
            match answer {
                Ok(answer) => {
                    self.give(kept);
                    return Ok(answer);
                }
                Err(Missed::Problem(problem)) => {
                    self.give(kept);
                    return Err(problem);
                }
                Err(Missed::Stale) => {}
            }
        }
        Err(Problem::busy("the store changes too fast", 1))
    }

    /// Asks the copy below a ceiling, making it where it is missing or old.
    fn below<T>(
        &self,
        ceiling: Ceiling,
        (kept, turn): (&Kept, u64),
        ask: impl FnOnce(&Sight<'_>) -> Result<T, Problem>,
    ) -> Result<T, Problem> {
        let view = lock(&self.views).entry(ceiling).or_default().clone();
        let mut view = lock(&view);
        // One that is of a later state than the engine is as good: it answers of one state.
        if view.as_ref().is_none_or(|(_, below)| below.at < kept.at) {
            // What fails in between leaves no copy behind.
            let followed = match view.take() {
                Some((copy, mut below)) => below.follow()?.then_some((copy, below)),
                None => None,
            };
            let copy = || self.copies.fetch_add(1, Ordering::SeqCst);
            *view = match followed {
                Some(followed) => Some(followed),
                None => kept.engine.below(ceiling.tlp, ceiling.pap)?.map(|below| (copy(), below)),
            };
        }
        match view.as_ref() {
            Some((copy, Below { engine, at, .. })) => {
                // The turns of who looks at one copy come one after the other.
                let turn = self.turns.fetch_add(1, Ordering::SeqCst);
                ask(&Sight { engine, at: *at, ceiling, copy: *copy, turn })
            }
            None => ask(&kept.sight(turn)),
        }
    }

    /// Gives memory back when nobody asked for a while: every engine holds pages of the store. Tells when somebody
    /// asked last.
    pub(crate) fn rest(&self) -> Instant {
        let used = *lock(&self.used);
        if used.elapsed() >= REST {
            lock(&self.idle).clear();
        }
        used
    }

    fn take(&self, fresh: bool) -> Result<Kept, Problem> {
        if !fresh && let Some(kept) = lock(&self.idle).pop() {
            return Ok(kept);
        }
        let engine = Engine::open_read_only(&self.path)?;
        let at = engine.store().latest_change()?;
        let (tlp, pap) = engine.store().strictest()?;
        // Those of an older state are of no use any more, and each holds pages of the store.
        lock(&self.idle).retain(|kept| kept.at == at);
        Ok(Kept { engine, at, strictest: Ceiling { tlp, pap } })
    }

    fn give(&self, kept: Kept) {
        *lock(&self.used) = Instant::now();
        let mut idle = lock(&self.idle);
        if idle.len() < self.most {
            idle.push(kept);
        }
    }
}

/// What a thread that fell may have left behind is whole: engines are only read.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sight(engine: &Engine, (state, turn): (i64, u64)) -> Sight<'_> {
        let at = Some(ChangeId(state));
        Sight { engine, at, ceiling: Ceiling::NONE, copy: ITSELF, turn }
    }

    #[test]
    fn what_is_made_of_an_older_state_does_not_take_the_place_of_a_newer() {
        let engine = Engine::in_memory().unwrap();
        let cached: Cached<String> = Cached::default();
        let get = |at, name: &str| {
            cached.get(&sight(&engine, at), |_| Ok(name.to_owned())).unwrap().as_str().to_owned()
        };
        assert_eq!(get((7, 5), "of seven"), "of seven");
        // One who looked before it, and was slow.
        let slow = sight(&engine, (6, 3));
        cached.renew(&slow, |_| Err(Problem::fault("it need not be made"))).unwrap();
        assert_eq!(get((6, 3), "of six"), "of six");
        assert_eq!(get((7, 8), "again"), "of seven");
        // The store was put in the place of another.
        assert_eq!(get((2, 9), "of two"), "of two");
        assert_eq!(get((2, 10), "again"), "of two");
        cached.renew(&sight(&engine, (3, 11)), |_| Ok("of three".to_owned())).unwrap();
        assert_eq!(get((3, 12), "again"), "of three");
    }

    #[test]
    fn what_nobody_asks_for_is_given_back() {
        let engine = Engine::in_memory().unwrap();
        let cached: Cached<String> = Cached::default();
        let sight = sight(&engine, (1, 1));
        let get = |name: &str| cached.get(&sight, |_| Ok(name.to_owned())).unwrap().to_string();
        assert_eq!(get("one"), "one");
        cached.rest(Duration::from_mins(1));
        assert_eq!(get("again"), "one");
        let held = cached.get(&sight, |_| Err(Problem::fault("it need not be made"))).unwrap();
        cached.rest(Duration::ZERO);
        assert_eq!(get("anew"), "anew");
        // Who still reads it keeps it as long.
        assert_eq!(*held, "one");
    }

    #[test]
    fn what_was_made_before_is_at_hand_where_it_is_of_use() {
        let engine = Engine::in_memory().unwrap();
        let cached: Cached<String> = Cached::default();
        let get = |sight: &Sight<'_>, name: &str| {
            let make = |before: Option<&String>| {
                Ok(before.map_or_else(|| name.to_owned(), |before| format!("{before}, {name}")))
            };
            cached.get(sight, make).unwrap().as_str().to_owned()
        };
        assert_eq!(get(&sight(&engine, (1, 1)), "one"), "one");
        assert_eq!(get(&sight(&engine, (2, 2)), "two"), "one, two");
        let other_copy = Sight { copy: 9, ..sight(&engine, (3, 3)) };
        assert_eq!(get(&other_copy, "three"), "three");
        assert_eq!(get(&Sight { turn: 4, ..other_copy }, "again"), "three");
        let went_back = Sight { at: Some(ChangeId(1)), turn: 5, ..other_copy };
        assert_eq!(get(&went_back, "one"), "one");
    }
}
