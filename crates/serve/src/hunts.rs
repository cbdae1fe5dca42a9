//! Hunts that run on the server: one at a time, each with its uploads and its result, until they
//! are removed or too many younger ones came.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;
use jiff::civil::Date;
use lapwing_engine::IndicatorSource;
use lapwing_engine::hunting::{self, Checks, Hunt, Options};
use tempfile::TempDir;
use tokio::sync::Semaphore;

use crate::app::App;
use crate::asker::Ceiling;
use crate::events::Event;
use crate::problem::Problem;
use crate::rooted::Rooted;

/// What is to be hunted through.
pub(crate) struct Order {
    pub(crate) by: String,
    pub(crate) ceiling: Ceiling,
    /// Names for people.
    pub(crate) what: Vec<String>,
    pub(crate) paths: Vec<PathBuf>,
    /// Uploads live as long as the hunt.
    #[expect(dead_code, reason = "gone with the hunt")]
    pub(crate) uploads: Option<TempDir>,
    /// From where on the names of files are told.
    pub(crate) rooted: Rooted,
    pub(crate) options: Options,
    pub(crate) learn: bool,
    pub(crate) today: Date,
}

/// One hunt.
pub(crate) struct Job {
    pub(crate) id: String,
    pub(crate) number: u64,
    pub(crate) created: Timestamp,
    pub(crate) order: Order,
    pub(crate) progress: Told,
    state: Mutex<State>,
}

/// How far a hunt is.
#[derive(Clone)]
pub(crate) enum State {
    Queued,
    Running,
    Done(Arc<Hunted>),
    Failed(String),
}

impl State {
    pub(crate) fn word(&self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Running => "running",
            Self::Done(_) => "done",
            Self::Failed(_) => "failed",
        }
    }
}

/// The result of a hunt.
pub(crate) struct Hunted {
    pub(crate) hunt: Hunt,
    pub(crate) problems: Vec<lapwing_model::Problem>,
    pub(crate) seconds: f64,
    pub(crate) learnt: Option<i64>,
}

/// What a running hunt tells.
#[derive(Default)]
pub(crate) struct Told {
    pub(crate) bytes: AtomicU64,
    pub(crate) findings: AtomicU64,
    file: Mutex<String>,
}

impl Told {
    pub(crate) fn file(&self) -> String {
        lock(&self.file).clone()
    }
}

impl hunting::Progress for Told {
    fn bytes(&self, count: u64) {
        self.bytes.fetch_add(count, Ordering::Relaxed);
    }

    fn file(&self, path: &str) {
        path.clone_into(&mut lock(&self.file));
    }

    fn finding(&self) {
        self.findings.fetch_add(1, Ordering::Relaxed);
    }
}

impl Job {
    pub(crate) fn state(&self) -> State {
        lock(&self.state).clone()
    }

    /// Whether somebody may see it: its findings tell what the one who began it may see.
    pub(crate) fn is_for(&self, ceiling: Ceiling) -> bool {
        ceiling.covers(self.order.ceiling)
    }

    /// The name of a file, as it means something to who sent it or chose its folder.
    pub(crate) fn shown(&self, path: &str) -> String {
        self.order.rooted.file(path)
    }
}

/// All hunts of the server.
pub(crate) struct Hunts {
    jobs: Mutex<BTreeMap<String, Arc<Job>>>,
    turn: Arc<Semaphore>,
    number: AtomicU64,
    most: usize,
}

impl Hunts {
    pub(crate) fn new(most: usize) -> Self {
        Self {
            jobs: Mutex::default(),
            turn: Arc::new(Semaphore::new(1)),
            number: AtomicU64::new(0),
            most,
        }
    }

    /// Puts a hunt in the queue.
    pub(crate) fn begin(&self, app: &App, order: Order) -> Result<Arc<Job>, Problem> {
        let id = uuid::Uuid::new_v4().simple().to_string();
        let job = Arc::new(Job {
            id: id.clone(),
            number: self.number.fetch_add(1, Ordering::Relaxed),
            created: app.now(),
            order,
            progress: Told::default(),
            state: Mutex::new(State::Queued),
        });
        {
            let mut jobs = lock(&self.jobs);
            while jobs.len() >= self.most {
                let ended =
                    |job: &&Arc<Job>| matches!(job.state(), State::Done(_) | State::Failed(_));
                let oldest = jobs.values().filter(ended).min_by_key(|job| job.number);
                let Some(oldest) = oldest.map(|job| job.id.clone()) else {
                    return Err(Problem::busy("too many hunts wait for their turn", 30));
                };
                jobs.remove(&oldest);
            }
            jobs.insert(id, Arc::clone(&job));
        }
        let (app, run) = (app.clone(), Arc::clone(&job));
        let turn = Arc::clone(&self.turn);
        tokio::spawn(async move {
            let Ok(_permit) = turn.acquire_owned().await else { return };
            hunt(app, run).await;
        });
        Ok(job)
    }

    pub(crate) fn find(&self, id: &str, ceiling: Ceiling) -> Result<Arc<Job>, Problem> {
        let found = lock(&self.jobs).get(id).cloned().filter(|job| job.is_for(ceiling));
        found.ok_or_else(|| Problem::unknown(format!("there is no hunt `{id}`")))
    }

    /// The newest first.
    pub(crate) fn all(&self, ceiling: Ceiling) -> Vec<Arc<Job>> {
        let mut jobs: Vec<_> =
            lock(&self.jobs).values().filter(|job| job.is_for(ceiling)).cloned().collect();
        jobs.sort_by_key(|job| std::cmp::Reverse(job.number));
        jobs
    }

    /// Forgets one that has ended, with its uploads.
    pub(crate) fn remove(&self, job: &Job) -> Result<(), Problem> {
        if matches!(job.state(), State::Running) {
            return Err(Problem::new(
                axum::http::StatusCode::CONFLICT,
                "the hunt is running; remove it when it has ended",
            ));
        }
        lock(&self.jobs).remove(&job.id);
        Ok(())
    }

    /// Lets no further hunt begin.
    pub(crate) fn end(&self) {
        self.turn.close();
    }
}

async fn hunt(app: App, job: Arc<Job>) {
    *lock(&job.state) = State::Running;
    tell(&app, &job);
    let (worker, run) = (app.clone(), Arc::clone(&job));
    let hunted = App::aside(move || hunt_now(&worker, &run)).await;
    let state = match hunted {
        Ok(mut hunted) => match keep(&app, &job, &hunted.hunt).await {
            Ok(learnt) => {
                hunted.learnt = learnt;
                State::Done(Arc::new(hunted))
            }
            Err(problem) => State::Failed(problem.detail),
        },
        Err(problem) => {
            if let Some(why) = &problem.log {
                tracing::error!(hunt = job.id, "{why}");
            }
            State::Failed(problem.detail)
        }
    };
    *lock(&job.state) = state;
    tell(&app, &job);
}

/// The store is asked for what is to be looked for, and left alone while the hunt runs.
fn hunt_now(app: &App, job: &Job) -> Result<Hunted, Problem> {
    let begun = app.now();
    let today = job.order.today;
    let (matcher, mut problems) = app
        .readers
        .ask_now(job.order.ceiling, |sight| Ok(sight.matcher(&IndicatorSource::Store, today)?))?;
    let mut hunt = hunting::hunt(
        &job.order.paths,
        &matcher,
        Checks::builtin(),
        &job.order.options,
        &job.progress,
    );
    problems.append(&mut hunt.problems);
    job.order.rooted.hunt(&mut hunt, &mut problems);
    let seconds = app.now().duration_since(begun).as_secs_f64().max(0.0);
    Ok(Hunted { hunt, problems, seconds, learnt: None })
}

/// Keeps in the store what the hunt taught, where that was asked for.
async fn keep(app: &App, job: &Job, hunt: &Hunt) -> Result<Option<i64>, Problem> {
    if !job.order.learn {
        return Ok(None);
    }
    let name = format!("hunt {}", job.id);
    let command = format!("hunt --learn (by {})", job.order.by);
    let hunt = hunt.clone();
    let report = app
        .write(move |engine, now| {
            Ok(engine.learn(&hunt, &lapwing_engine::Learning { name, command, now })?)
        })
        .await?;
    Ok(report.and_then(|report| report.change).map(|change| change.0))
}

fn tell(app: &App, job: &Job) {
    app.events.tell(Event {
        name: "hunt",
        marking: job.order.ceiling,
        data: serde_json::json!({ "id": job.id, "state": job.state().word() }),
    });
}

/// A folder for uploads that is gone with the hunt.
pub(crate) fn upload_folder() -> Result<TempDir, Problem> {
    tempfile::Builder::new()
        .prefix("lapwing-hunt-")
        .tempdir()
        .map_err(|error| Problem::fault(format!("no folder for uploads: {error}")))
}

/// The place of an upload; two of one name do not meet.
pub(crate) fn upload_place(folder: &Path, number: usize, name: &str) -> Result<PathBuf, Problem> {
    let place = folder.join(number.to_string());
    std::fs::create_dir_all(&place)
        .map_err(|error| Problem::fault(format!("{}: {error}", place.display())))?;
    Ok(place.join(name))
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
