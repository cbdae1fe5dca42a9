use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use lapwing_engine::Engine;
use lapwing_model::ChangeId;
use tokio::sync::{mpsc, oneshot};

use crate::problem::Problem;

/// The one thread that writes, and the queue before it.
pub(crate) struct Writer {
    queue: Mutex<Option<mpsc::Sender<Job>>>,
    waiting: Arc<AtomicUsize>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

type Job = Box<dyn FnOnce(&mut Desk) + Send>;

/// The writer's engine, opened when first needed and whenever another process wrote.
struct Desk {
    path: PathBuf,
    patience: Duration,
    engine: Option<(Engine, Option<ChangeId>)>,
}

impl Desk {
    fn write<T>(
        &mut self,
        write: impl FnOnce(&mut Engine) -> Result<T, Problem>,
    ) -> Result<T, Problem> {
        let latest = match &self.engine {
            Some((engine, at)) => engine.store().latest_change().is_ok_and(|now| now == *at),
            None => false,
        };
        if !latest {
            let mut engine = Engine::open(&self.path)?;
            engine.set_patience(self.patience)?;
            let at = engine.store().latest_change()?;
            self.engine = Some((engine, at));
        }
        let Some((engine, at)) = &mut self.engine else {
            return Err(Problem::fault("the writer has no engine"));
        };
        let answer = write(engine);
        *at = engine.store().latest_change()?;
        answer
    }
}

impl Desk {
    /// Gives back the pages of the store that it holds, when nobody waits to write.
    fn rest(&self) {
        if let Some((engine, _)) = &self.engine
            && let Err(error) = engine.store().release()
        {
            tracing::warn!("memory could not be given back: {error}");
        }
    }
}

impl Writer {
    pub(crate) fn start(path: &Path, queue: usize, patience: Duration) -> std::io::Result<Self> {
        let (send, mut jobs) = mpsc::channel::<Job>(queue.max(1));
        let waiting = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&waiting);
        let mut desk = Desk { path: path.to_owned(), patience, engine: None };
        let thread = std::thread::Builder::new().name("writer".to_owned()).spawn(move || {
            while let Some(job) = jobs.blocking_recv() {
                // A job that falls takes its transaction with it, and the engine for safety.
                let run = std::panic::AssertUnwindSafe(|| job(&mut desk));
                if std::panic::catch_unwind(run).is_err() {
                    desk.engine = None;
                }
                if counted.fetch_sub(1, Ordering::Relaxed) == 1 {
                    desk.rest();
                }
            }
        })?;
        Ok(Self { queue: Mutex::new(Some(send)), waiting, thread: Mutex::new(Some(thread)) })
    }

    /// How many writes wait or run.
    pub(crate) fn waiting(&self) -> usize {
        self.waiting.load(Ordering::Relaxed)
    }

    /// Writes in its turn.
    pub(crate) async fn write<T: Send + 'static>(
        &self,
        write: impl FnOnce(&mut Engine) -> Result<T, Problem> + Send + 'static,
    ) -> Result<T, Problem> {
        let full = || Problem::busy("too many writes wait for their turn", 5);
        let queue = self.queue.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let Some(queue) = queue else { return Err(Problem::busy("the server is ending", 10)) };
        let (tell, told) = oneshot::channel();
        let job: Job = Box::new(move |desk| drop(tell.send(desk.write(write))));
        self.waiting.fetch_add(1, Ordering::Relaxed);
        if queue.try_send(job).is_err() {
            self.waiting.fetch_sub(1, Ordering::Relaxed);
            return Err(full());
        }
        drop(queue);
        told.await.unwrap_or_else(|_| Err(Problem::fault("the writer fell over a request")))
    }

    /// Lets the queue run empty and ends the thread.
    pub(crate) fn end(&self) {
        drop(self.queue.lock().unwrap_or_else(PoisonError::into_inner).take());
        let thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(thread) = thread {
            let _ = thread.join();
        }
    }
}
