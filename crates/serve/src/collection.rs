use std::collections::BTreeSet;
use std::fmt;
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use lapwing_engine::store::Store;
use lapwing_engine::{Engine, Silent};
use lapwing_feeds::{Collector, FeedError, Proxy};

use crate::app::App;

/// So often it is looked whether a feed is due.
const LOOK: Duration = Duration::from_secs(20);

/// Gives the value of a variable of the environment, for the keys of feeds.
type Keys = Arc<dyn Fn(&str) -> Option<String> + Send + Sync>;

/// How feeds are collected.
#[derive(Clone)]
pub struct Collection {
    keys: Keys,
    proxy: Option<Proxy>,
}

impl Collection {
    /// Collects with the keys that `keys` gives, through a proxy where there is one.
    pub fn new(
        keys: impl Fn(&str) -> Option<String> + Send + Sync + 'static,
        proxy: Option<Proxy>,
    ) -> Self {
        Self { keys: Arc::new(keys), proxy }
    }

    /// Does something with a collector.
    pub(crate) fn with<T>(&self, work: impl FnOnce(Collector<'_>) -> T) -> T {
        let keys = |name: &str| (self.keys)(name);
        work(Collector::new(&keys).with_proxy(self.proxy.clone()))
    }
}

impl fmt::Debug for Collection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Collection").field("proxy", &self.proxy).finish_non_exhaustive()
    }
}

/// Feeds that somebody wants to be pulled now.
#[derive(Default)]
pub(crate) struct Orders {
    waiting: Mutex<(BTreeSet<String>, bool)>,
    told: Condvar,
}

impl Orders {
    /// Wants a feed to be pulled as soon as may be.
    pub(crate) fn want(&self, name: String) {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner).0.insert(name);
        self.told.notify_all();
    }

    /// Ends the collection after the feed that is pulled now.
    pub(crate) fn end(&self) {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner).1 = true;
        self.told.notify_all();
    }

    /// What is wanted, after a while at most; `None` when the server ends.
    fn next(&self) -> Option<BTreeSet<String>> {
        let waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        let idle = |waiting: &mut (BTreeSet<String>, bool)| waiting.0.is_empty() && !waiting.1;
        let (mut waiting, _) = self
            .told
            .wait_timeout_while(waiting, LOOK, idle)
            .unwrap_or_else(PoisonError::into_inner);
        if waiting.1 { None } else { Some(std::mem::take(&mut waiting.0)) }
    }

    fn is_ending(&self) -> bool {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner).1
    }
}

/// Starts the thread that pulls what is due; none where this server does not collect.
pub(crate) fn start(app: &App) -> std::io::Result<Option<JoinHandle<()>>> {
    let Some(collection) = app.config.collection.clone() else { return Ok(None) };
    let app = app.clone();
    let thread = std::thread::Builder::new().name("feeds".to_owned());
    thread.spawn(move || collection.with(|collector| collect(&app, &collector))).map(Some)
}

/// Pulls until the server ends. It has an engine of its own, so that a slow feed keeps no other write
/// waiting longer than a batch takes to commit.
fn collect(app: &App, collector: &Collector<'_>) {
    // What is due at the start need not wait for the first look.
    let mut next = Some(BTreeSet::new());
    while let Some(mut wanted) = next.take().or_else(|| app.orders.next()) {
        // Of several servers on one database one looks at what is due; all do what they are told.
        if app.leads() {
            let store = Store::open_read_only(&app.config.store);
            match store.map_err(FeedError::from).and_then(|store| collector.due(&store, app.now()))
            {
                Ok(due) => wanted.extend(due),
                Err(error) => tracing::warn!("feeds: {error}"),
            }
        }
        if wanted.is_empty() {
            continue;
        }
        // Only now: it reads all reference data.
        let mut engine = match Engine::open(&app.config.store) {
            Ok(engine) => engine,
            Err(error) => {
                tracing::warn!("feeds: {error}");
                continue;
            }
        };
        for name in wanted {
            if app.orders.is_ending() {
                return;
            }
            // One feed that falls over does not take the others with it.
            let run = std::panic::AssertUnwindSafe(|| pull(app, collector, &mut engine, &name));
            if std::panic::catch_unwind(run).is_err() {
                tracing::error!(feed = name, "a pull fell over");
                break;
            }
            app.events.look();
        }
    }
}

fn pull(app: &App, collector: &Collector<'_>, engine: &mut Engine, name: &str) {
    match collector.pull(engine, name, app.now(), &Silent) {
        Ok(report) => match report.outcome {
            Ok(pulled) => {
                tracing::info!(
                    feed = name,
                    items = pulled.items,
                    new = pulled.new_documents,
                    problems = pulled.problems.len(),
                    "pulled"
                );
            }
            Err(error) => {
                tracing::warn!(feed = name, failures = report.feed.state.failures, "{error}");
            }
        },
        Err(FeedError::UnknownFeed { .. }) => {}
        Err(error) => tracing::warn!(feed = name, "{error}"),
    }
}
