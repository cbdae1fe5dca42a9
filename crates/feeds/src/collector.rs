//! Feeds by name: added, paused, removed, and pulled one after the other; one that is broken never
//! stops the others.

use jiff::Timestamp;
use lapwing_engine::store::{Feed, FeedSettings, FeedState, Store};
use lapwing_engine::{Engine, Progress};

use crate::pull::{Pull, Pulled, address, authorization};
use crate::{FeedError, FeedKind, FetchLimits, Fetcher, Proxy, Reach, guess, schedule};

/// Gives the value of a variable of the environment: libraries do not read it themselves.
pub type Keys<'a> = &'a dyn Fn(&str) -> Option<String>;

/// What the user wants to be collected.
#[derive(Clone, Debug)]
pub struct NewFeed {
    /// An address or a folder.
    pub address: String,
    /// Its kind; told by its content where it is not said.
    pub kind: Option<FeedKind>,
    /// Its name; made of the address where it is not said.
    pub name: Option<String>,
    /// How it is to be collected.
    pub settings: FeedSettings,
}

/// How a pull of one feed ended.
#[derive(Debug)]
pub struct PullReport {
    /// The feed, with its state after the pull.
    pub feed: Feed,
    /// What the pull did, or why it failed.
    pub outcome: Result<Pulled, FeedError>,
}

/// Adds, lists and pulls feeds.
pub struct Collector<'k> {
    keys: Keys<'k>,
    proxy: Option<Proxy>,
    limits: FetchLimits,
    from_afar: bool,
}

impl<'k> Collector<'k> {
    /// Makes a collector that asks `keys` for the keys of feeds.
    #[must_use]
    pub fn new(keys: Keys<'k>) -> Self {
        Self { keys, proxy: None, limits: FetchLimits::default(), from_afar: false }
    }

    /// Goes through a proxy.
    #[must_use]
    pub fn with_proxy(mut self, proxy: Option<Proxy>) -> Self {
        self.proxy = proxy;
        self
    }

    /// Adds feeds for people who are not at this machine: no folder of it, no key of its environment,
    /// and nothing of its network.
    #[must_use]
    pub fn from_afar(mut self) -> Self {
        self.from_afar = true;
        self
    }

    /// Sets what one fetch may cost.
    #[must_use]
    pub fn with_limits(mut self, limits: FetchLimits) -> Self {
        self.limits = limits;
        self
    }

    /// Adds a feed: looks at its content to tell its kind where that is not said, and keeps it.
    /// Nothing is taken from it yet.
    ///
    /// # Errors
    /// When the address cannot be used, tells no kind, or the name is taken.
    pub fn add(&self, engine: &Engine, new: NewFeed) -> Result<Feed, FeedError> {
        let mut settings = new.settings;
        settings.every = settings.every.max(schedule::LEAST);
        let is_folder = new.kind == Some(FeedKind::Folder)
            || (new.kind.is_none() && !new.address.contains("://"));
        let refuse = |why: &str| {
            let why = format!("{why}; add this feed at the server, with `lapwing feeds add`");
            Err(FeedError::Address { address: new.address.clone(), why })
        };
        if self.from_afar && is_folder {
            return refuse("is no web address");
        }
        if self.from_afar && (settings.key_env.is_some() || settings.allow_private) {
            return refuse("keys and private addresses are the server's own business");
        }
        let (kind, place) = if is_folder {
            (FeedKind::Folder, folder(&new.address)?)
        } else {
            let url = address(&new.address)?;
            settings.named_private = stands_private(&url);
            if self.from_afar && settings.named_private {
                return refuse("stands at a private address");
            }
            if let Some(kind) = new.kind {
                (kind, url.to_string())
            } else {
                let key = self.key(&new.address, &settings)?;
                let fetcher = self.fetcher(&url, &settings)?;
                let authorization = key.as_deref().map(authorization);
                let (kind, url) = guess(&url, authorization.as_deref(), &fetcher)?;
                (kind, url.to_string())
            }
        };
        let name = match new.name {
            Some(name) => name,
            None => name_of(&place, engine)?,
        };
        if let Some(other) = engine.store().feed(&name)?
            && other.address != place
        {
            return Err(FeedError::NameTaken { name, address: other.address });
        }
        let kind = kind.as_str().to_owned();
        let feed = Feed { name, address: place, kind, settings, state: FeedState::default() };
        engine.store().put_feed(&feed)?;
        self.feed(engine, &feed.name)
    }

    /// The feed of a name.
    ///
    /// # Errors
    /// When there is none.
    pub fn feed(&self, engine: &Engine, name: &str) -> Result<Feed, FeedError> {
        if let Some(feed) = engine.store().feed(name)? {
            return Ok(feed);
        }
        let feeds = engine.store().feeds()?.into_iter().map(|feed| feed.name).collect();
        Err(FeedError::UnknownFeed { name: name.to_owned(), feeds })
    }

    /// Leaves a feed alone, or takes it up again.
    ///
    /// # Errors
    /// When there is no such feed.
    pub fn pause(&self, engine: &Engine, name: &str, paused: bool) -> Result<Feed, FeedError> {
        let mut feed = self.feed(engine, name)?;
        feed.settings.paused = paused;
        engine.store().put_feed(&feed)?;
        Ok(feed)
    }

    /// Forgets a feed; its documents stay.
    ///
    /// # Errors
    /// When there is no such feed.
    pub fn remove(&self, engine: &Engine, name: &str) -> Result<Feed, FeedError> {
        let feed = self.feed(engine, name)?;
        engine.store().remove_feed(name)?;
        Ok(feed)
    }

    /// The feeds that are due, by name.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn due(&self, store: &Store, now: Timestamp) -> Result<Vec<String>, FeedError> {
        let feeds = store.feeds()?.into_iter();
        Ok(feeds.filter(|feed| schedule::is_due(feed, now)).map(|feed| feed.name).collect())
    }

    /// Pulls one feed, and keeps how it went. A feed that fails has lost nothing of what it had
    /// brought before; the next pull goes on from there.
    ///
    /// # Errors
    /// When there is no such feed, or the store cannot be read. What the feed itself does wrong is
    /// the report's outcome.
    pub fn pull(
        &self,
        engine: &mut Engine,
        name: &str,
        now: Timestamp,
        progress: &dyn Progress,
    ) -> Result<PullReport, FeedError> {
        let mut feed = self.feed(engine, name)?;
        let (mut state, outcome) = self.run(engine, &feed, now, progress);
        match &outcome {
            Ok(pulled) => {
                state.last_success = Some(now);
                state.failures = 0;
                state.error = None;
                state.next = Some(schedule::after_success(name, feed.settings.every, now));
                state.last_items =
                    if pulled.unchanged { feed.state.last_items } else { pulled.items };
            }
            Err(error) => schedule::failed(&mut state, &feed, error, now),
        }
        feed.state = state;
        // On a full disk even this cannot be kept: the error of the pull says so.
        match engine.store().mark_feed(name, &feed.state, &[]) {
            Err(error) if outcome.is_ok() => Err(error.into()),
            _ => Ok(PullReport { feed, outcome }),
        }
    }

    fn run(
        &self,
        engine: &mut Engine,
        feed: &Feed,
        now: Timestamp,
        progress: &dyn Progress,
    ) -> (FeedState, Result<Pulled, FeedError>) {
        let begun = FeedState {
            last_run: Some(now),
            last_new: 0,
            last_items: 0,
            pulls: feed.state.pulls + 1,
            ..feed.state.clone()
        };
        let ready = || {
            let key = self.key(&feed.name, &feed.settings)?;
            let fetcher = match feed.kind.as_str() {
                "folder" => Fetcher::new(Reach::public(), self.limits),
                _ => self.fetcher(&address(&feed.address)?, &feed.settings)?,
            };
            Ok((key, fetcher))
        };
        let (key, fetcher) = match ready() {
            Ok(ready) => ready,
            Err(error) => return (begun, Err(error)),
        };
        let mut pull = match Pull::new(engine, feed, &fetcher, key, now, progress) {
            Ok(pull) => pull,
            Err(error) => return (begun, Err(error)),
        };
        match pull.run() {
            Ok(()) => (pull.state, Ok(pull.pulled)),
            Err(error) => (pull.committed, Err(error)),
        }
    }

    fn key(&self, feed: &str, settings: &FeedSettings) -> Result<Option<String>, FeedError> {
        let Some(variable) = &settings.key_env else { return Ok(None) };
        match (self.keys)(variable).map(|key| key.trim().to_owned()).filter(|key| !key.is_empty()) {
            Some(key) => Ok(Some(key)),
            None => Err(FeedError::NoKey { feed: feed.to_owned(), variable: variable.clone() }),
        }
    }

    /// What may be fetched for a feed: public addresses; its own host, where that stood at a private
    /// address already when the user named it; all, where the user said so.
    fn fetcher(&self, url: &url::Url, settings: &FeedSettings) -> Result<Fetcher, FeedError> {
        let reach = match (settings.allow_private, settings.named_private) {
            (true, _) => Reach::any(),
            (false, true) => Reach::public().and_host_of(url),
            (false, false) => Reach::public(),
        };
        Ok(match &self.proxy {
            Some(proxy) => Fetcher::through(proxy, reach, self.limits)?,
            None => Fetcher::new(reach, self.limits),
        })
    }
}

/// Whether the host that the user names stands at a private address now. A public name that leads to
/// a private address later is refused then.
fn stands_private(url: &url::Url) -> bool {
    let host = url.host_str().unwrap_or_default().trim_matches(['[', ']']);
    let port = url.port_or_known_default().unwrap_or(80);
    std::net::ToSocketAddrs::to_socket_addrs(&(host, port))
        .is_ok_and(|mut found| found.any(|socket| crate::guard::is_private(socket.ip())))
}

fn folder(path: &str) -> Result<String, FeedError> {
    let fail = |source| FeedError::Folder { path: path.to_owned(), source };
    let whole = std::fs::canonicalize(path).map_err(fail)?;
    std::fs::read_dir(&whole).map_err(fail)?;
    Ok(whole.display().to_string())
}

/// A name for a feed: its host or folder, with a number where that is taken.
fn name_of(place: &str, engine: &Engine) -> Result<String, FeedError> {
    let host = url::Url::parse(place).ok().and_then(|url| url.host_str().map(str::to_owned));
    let base = host.unwrap_or_else(|| {
        let last = place.trim_end_matches(['/', '\\']).rsplit(['/', '\\']).next();
        last.unwrap_or(place).to_owned()
    });
    let base = base.trim_start_matches("www.").to_lowercase();
    for n in 1.. {
        let name = if n == 1 { base.clone() } else { format!("{base}-{n}") };
        match engine.store().feed(&name)? {
            Some(other) if other.address != place => {}
            _ => return Ok(name),
        }
    }
    Ok(base)
}
