use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
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
}

impl std::ops::Deref for Sight<'_> {
    type Target = Engine;

    fn deref(&self) -> &Engine {
        self.engine
    }
}

/// Something made of one state of the store, kept until the state is another.
pub(crate) struct Cached<T> {
    places: Mutex<BTreeMap<Ceiling, Place<T>>>,
    /// Below which ceiling somebody asked for it, and when last.
    asked: Mutex<BTreeMap<Ceiling, Instant>>,
}

/// Where it is kept for a ceiling; who asks while it is made waits.
type Place<T> = Arc<Mutex<Option<Made<T>>>>;

/// What was made, and of which state of the store.
type Made<T> = (Option<ChangeId>, Arc<T>);

impl<T> Default for Cached<T> {
    fn default() -> Self {
        Self { places: Mutex::default(), asked: Mutex::default() }
    }
}

impl<T> Cached<T> {
    /// What was made of the state that is seen. While one makes it, others who ask for it wait: it is not made
    /// twice. `make` must not ask for the same thing.
    pub(crate) fn get(
        &self,
        sight: &Sight<'_>,
        make: impl FnOnce() -> Result<T, Problem>,
    ) -> Result<Arc<T>, Problem> {
        lock(&self.asked).insert(sight.ceiling, Instant::now());
        self.renew(sight, make)
    }

    /// As [`Self::get`], without anybody having asked.
    pub(crate) fn renew(
        &self,
        sight: &Sight<'_>,
        make: impl FnOnce() -> Result<T, Problem>,
    ) -> Result<Arc<T>, Problem> {
        let place = Arc::clone(lock(&self.places).entry(sight.ceiling).or_default());
        let mut place = lock(&place);
        if let Some((at, made)) = place.as_ref()
            && *at == sight.at
        {
            return Ok(Arc::clone(made));
        }
        let made = Arc::new(make()?);
        *place = Some((sight.at, Arc::clone(&made)));
        Ok(made)
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
}

/// Who asked for something so long ago may ask for it again.
const LATELY: Duration = Duration::from_mins(15);
/// Who rests so long gives back what it holds.
const REST: Duration = Duration::from_secs(30);

struct Kept {
    engine: Engine,
    at: Option<ChangeId>,
    strictest: Ceiling,
}

impl Kept {
    fn sight(&self) -> Sight<'_> {
        Sight { engine: &self.engine, at: self.at, ceiling: Ceiling::NONE }
    }
}

/// A copy below a ceiling; who waits for it waits while it is made.
type View = Arc<Mutex<Option<Below>>>;

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
            let answer = kept.engine.store().still(|| {
                if !last && kept.engine.store().latest_change()? != kept.at {
                    return Err(Missed::Stale);
                }
                let Some(ask) = ask.take() else { return Err(Missed::Stale) };
                if ceiling.covers(kept.strictest) {
                    Ok(ask(&kept.sight())?)
                } else {
                    Ok(self.below(ceiling, &kept, ask)?)
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
        kept: &Kept,
        ask: impl FnOnce(&Sight<'_>) -> Result<T, Problem>,
    ) -> Result<T, Problem> {
        let view = lock(&self.views).entry(ceiling).or_default().clone();
        let mut view = lock(&view);
        // One that is of a later state than the engine is as good: it answers of one state.
        if view.as_ref().is_none_or(|below| below.at < kept.at) {
            // What fails in between leaves no copy behind.
            let followed = match view.take() {
                Some(mut below) => below.follow()?.then_some(below),
                None => None,
            };
            *view = match followed {
                Some(below) => Some(below),
                None => kept.engine.below(ceiling.tlp, ceiling.pap)?,
            };
        }
        match view.as_ref() {
            Some(below) => ask(&Sight { engine: &below.engine, at: below.at, ceiling }),
            None => ask(&kept.sight()),
        }
    }

    /// Gives memory back when nobody asked for a while: every engine holds pages of the store.
    pub(crate) fn rest(&self) {
        if lock(&self.used).elapsed() >= REST {
            lock(&self.idle).clear();
        }
    }

    fn take(&self, fresh: bool) -> Result<Kept, Problem> {
        if !fresh && let Some(kept) = lock(&self.idle).pop() {
            return Ok(kept);
        }
        let engine = Engine::open_read_only(&self.path)?;
        let at = engine.store().latest_change()?;
        let (tlp, pap) = engine.store().strictest()?;
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
