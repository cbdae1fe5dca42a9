use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use jiff::Timestamp;
use jiff::civil::Date;
use lapwing_engine::store::{Account, EntityRecord, Store, StoreError, Totals};
use lapwing_engine::{Clusters, Engine, EngineError};

use crate::accounts::Accounts;
use crate::asker::{Asker, Ceiling};
use crate::audit::Audit;
use crate::collection::Orders;
use crate::config::Config;
use crate::error::ServeError;
use crate::events::Events;
use crate::metrics::Metrics;
use crate::problem::Problem;
use crate::readers::{Cached, LATELY, REST, Readers, Sight};
use crate::routes::documents::DocumentRow;
use crate::sessions::Sessions;
use crate::throttle::{Guesses, Rate};
use crate::writer::Writer;

/// What was made of the store is given back when nobody asked for it since so long.
const KEPT: Duration = Duration::from_mins(1);

/// What all requests share. Cheap to clone.
#[derive(Clone)]
pub struct App(Arc<Shared>);

/// See [`App`].
pub struct Shared {
    pub(crate) config: Config,
    pub(crate) readers: Arc<Readers>,
    pub(crate) writer: Writer,
    pub(crate) accounts: Accounts,
    pub(crate) sessions: Sessions,
    pub(crate) audit: Audit,
    pub(crate) events: Events,
    pub(crate) metrics: Metrics,
    pub(crate) rate: Rate,
    pub(crate) guesses: Guesses,
    pub(crate) hunts: crate::hunts::Hunts,
    pub(crate) orders: Orders,
    pub(crate) totals: Cached<Totals>,
    pub(crate) documents: Cached<Vec<DocumentRow>>,
    pub(crate) entities: Cached<Vec<EntityRecord>>,
    pub(crate) clusters: Cached<Clusters>,
    pub(crate) shelves: Cached<crate::misp::Shelf>,
    pub(crate) heads: Cached<crate::misp::Heads>,
    pub(crate) ahead: crate::taxii::Ahead,
    pub(crate) places: crate::taxii::Places,
    /// When memory was given back to the system last.
    given_back: Mutex<Instant>,
    /// The store of the one that leads, see [`Store::leads`].
    pub(crate) lead: Mutex<Option<Store>>,
}

impl std::ops::Deref for App {
    type Target = Shared;

    fn deref(&self) -> &Shared {
        &self.0
    }
}

impl App {
    /// Opens the store, making it where there is none, and starts the threads that write.
    ///
    /// # Errors
    /// When the store cannot be opened. One that cannot be written is served for reading.
    pub fn open(config: Config) -> Result<Self, ServeError> {
        match Engine::open(&config.store) {
            Ok(_) => {}
            Err(EngineError::Store(StoreError::ReadOnly { .. } | StoreError::Locked { .. })) => {
                Engine::open_read_only(&config.store)?;
                tracing::warn!("the store cannot be written now: it is served for reading");
            }
            Err(error) => return Err(error.into()),
        }
        let limits = config.limits;
        Ok(Self(Arc::new(Shared {
            readers: Arc::new(Readers::new(&config.store, limits.readers)),
            writer: Writer::start(&config.store, limits.queue, limits.patience)?,
            accounts: Accounts::new(&config.store),
            sessions: Sessions::new(&config.store),
            audit: Audit::start(&config.store, limits.patience)?,
            events: Events::new(),
            metrics: Metrics::new(),
            rate: Rate::new(limits.per_minute),
            guesses: Guesses::default(),
            hunts: crate::hunts::Hunts::new(limits.hunts),
            orders: Orders::default(),
            totals: Cached::default(),
            documents: Cached::default(),
            entities: Cached::default(),
            clusters: Cached::default(),
            shelves: Cached::default(),
            heads: Cached::default(),
            ahead: crate::taxii::Ahead::default(),
            places: crate::taxii::Places::default(),
            given_back: Mutex::new(Instant::now()),
            lead: Mutex::default(),
            config,
        })))
    }

    /// The time.
    pub fn now(&self) -> Timestamp {
        (self.0.config.clock)()
    }

    /// The day, in UTC.
    pub fn today(&self) -> Date {
        self.now().to_zoned(jiff::tz::TimeZone::UTC).date()
    }

    /// Asks the store below the asker's ceiling. Every way out of the store goes through here:
    /// the engine that `ask` gets holds nothing that the asker may not see. All that one call
    /// asks is of one state of the store.
    ///
    /// # Errors
    /// What `ask` says, or that the store cannot be read.
    pub async fn read<T: Send + 'static>(
        &self,
        asker: &Asker,
        ask: impl FnOnce(&Sight<'_>) -> Result<T, Problem> + Send + 'static,
    ) -> Result<T, Problem> {
        self.readers.ask(asker.ceiling, ask).await
    }

    /// As [`App::read`], below a ceiling that is lower still: what is handed on to others.
    ///
    /// # Errors
    /// As [`App::read`].
    pub async fn read_below<T: Send + 'static>(
        &self,
        asker: &Asker,
        ceiling: Ceiling,
        ask: impl FnOnce(&Sight<'_>) -> Result<T, Problem> + Send + 'static,
    ) -> Result<T, Problem> {
        self.readers.ask(asker.ceiling.and(ceiling), ask).await
    }

    /// Writes to the store in its turn, with the time of the change. The engine here holds all:
    /// what `write` answers must not tell more than the asker brought himself.
    ///
    /// # Errors
    /// What `write` says, that the store cannot be written, or that too many wait.
    pub async fn write<T: Send + 'static>(
        &self,
        write: impl FnOnce(&mut Engine, Timestamp) -> Result<T, Problem> + Send + 'static,
    ) -> Result<T, Problem> {
        let now = self.now();
        let written = self.writer.write(move |engine| write(engine, now)).await;
        self.events.look();
        written
    }

    /// Changes a user.
    pub(crate) async fn change_account(
        &self,
        name: &str,
        change: impl FnOnce(&mut Account) + Send + 'static,
    ) -> Result<Account, Problem> {
        let (path, name) = (self.config.store.clone(), name.to_owned());
        Self::aside(move || {
            let mut store = Store::open(&path)?;
            let found = store.accounts()?.into_iter().find(|account| account.name == name);
            let unknown = || Problem::unknown(format!("there is no user `{name}`"));
            let mut account = found.ok_or_else(unknown)?;
            change(&mut account);
            store.put_account(&account)?;
            Ok(account)
        })
        .await
    }

    /// Whether who asked some time ago may still ask: a stream outlives its log-in.
    pub(crate) fn still_knows(&self, asker: &Asker) -> bool {
        let Ok(known) = self.accounts.known() else { return false };
        if known.accounts.is_empty() {
            return asker.who == "local";
        }
        let user = known.accounts.get(&asker.who).is_some_and(|account| !account.disabled);
        let key = asker
            .key
            .as_ref()
            .is_none_or(|prefix| known.keys.get(prefix).is_some_and(|key| !key.revoked));
        user && key
    }

    /// Whether this server does what only one of those on the store should. It waits for the store.
    pub(crate) fn leads(&self) -> bool {
        let mut lead = self.lead.lock().unwrap_or_else(PoisonError::into_inner);
        let store = match lead.take() {
            Some(store) => Ok(store),
            None => Store::open_read_only(&self.config.store),
        };
        let leads = store.and_then(|store| {
            let leads = store.leads()?;
            *lead = Some(store);
            Ok(leads)
        });
        leads.unwrap_or_else(|error| {
            tracing::warn!("who leads cannot be told: {error}");
            false
        })
    }

    /// Does something slow, that has nothing to do with the store, on a thread that may wait.
    pub(crate) async fn aside<T: Send + 'static>(
        work: impl FnOnce() -> Result<T, Problem> + Send + 'static,
    ) -> Result<T, Problem> {
        tokio::task::spawn_blocking(work)
            .await
            .unwrap_or_else(|panic| Err(Problem::fault(format!("a task fell: {panic}"))))
    }

    /// Gives memory back when nobody asked for a while.
    pub(crate) fn rest(&self) {
        let used = self.readers.rest();
        self.ahead.rest(KEPT);
        self.totals.rest(KEPT);
        self.documents.rest(KEPT);
        self.entities.rest(KEPT);
        // What changes is found of what was found before, and anew for who asked lately.
        self.clusters.rest(LATELY);
        self.shelves.rest(LATELY);
        self.heads.rest(LATELY);
        self.places.rest(LATELY);
        let now = Instant::now();
        let mut given_back = self.given_back.lock().unwrap_or_else(PoisonError::into_inner);
        if is_due((used, *given_back), now) {
            (self.config.give_back)();
            *given_back = now;
        }
    }

    /// Lets writer and audit log finish.
    pub(crate) fn end(&self) {
        self.hunts.end();
        self.writer.end();
        self.sessions.finish();
        self.audit.end();
    }
}

/// Whether memory is to be given back, when somebody asked and when it was given back last: once the readers are
/// gone, once more when what was made for them is, and from then on as often.
fn is_due((asked, given_back): (Instant, Instant), now: Instant) -> bool {
    let at = |rest: Duration| now >= asked + rest && given_back < asked + rest;
    at(REST) || at(KEPT) || (now >= asked + KEPT && now >= given_back + KEPT)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_is_given_back_while_nobody_asks() {
        let begun = Instant::now();
        let (mut asked, mut given_back) = (begun, begun);
        let mut at = Vec::new();
        for second in (0..400).step_by(2) {
            let now = begun + Duration::from_secs(second);
            if second == 200 {
                asked = now;
            }
            if is_due((asked, given_back), now) {
                given_back = now;
                at.push(second);
            }
        }
        assert_eq!(at, [30, 60, 120, 180, 230, 260, 320, 380]);
    }
}
