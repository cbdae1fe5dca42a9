//! One pull of one feed: what its kind brings, batch by batch, each committed with where to go on.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use lapwing_engine::read::Options;
use lapwing_engine::store::{Feed, FeedState};
use lapwing_engine::{AddOptions, AddReport, Engine, Input, Progress, Taken};
use lapwing_model::{DocumentId, PartialDate, Problem, ProblemKind};
use url::Url;

use crate::{FeedError, FeedKind, Fetcher, Request};

/// New things that one pull takes at most, where the user sets no quota.
pub const QUOTA: usize = 1000;
/// Time for one pull of one feed, all requests together; the rest comes with the next.
pub const TIME: Duration = Duration::from_mins(10);
/// Things that are committed together.
const BATCH: usize = 25;
/// Bytes that are committed together.
const BATCH_BYTES: usize = 16 << 20;

/// What a pull of one feed did.
#[derive(Clone, Debug, Default)]
pub struct Pulled {
    /// Things that the feed showed.
    pub items: u64,
    /// Documents that were new.
    pub new_documents: u64,
    /// Claims of the new documents.
    pub claims: u64,
    /// Whether nothing had changed since the last pull.
    pub unchanged: bool,
    /// Whether more waits for the next pull (quota, time).
    pub more: bool,
    /// What could not be read.
    pub problems: Vec<Problem>,
}

/// A pull on its way.
pub(crate) struct Pull<'a> {
    pub(crate) engine: &'a mut Engine,
    pub(crate) feed: &'a Feed,
    pub(crate) fetcher: &'a Fetcher,
    pub(crate) authorization: Option<String>,
    pub(crate) key: Option<String>,
    pub(crate) now: Timestamp,
    pub(crate) progress: &'a dyn Progress,
    /// What was taken before, and in this pull.
    pub(crate) known: BTreeMap<String, String>,
    /// How it goes; kept with each batch.
    pub(crate) state: FeedState,
    /// The state as it was last committed: what a pull that fails goes back to.
    pub(crate) committed: FeedState,
    pub(crate) pulled: Pulled,
    /// Documents that could be read, new or not.
    pub(crate) read: u64,
    started: Instant,
    taken: usize,
    inputs: Vec<Input>,
    bytes: usize,
    items: Vec<(String, String)>,
}

impl<'a> Pull<'a> {
    pub(crate) fn new(
        engine: &'a mut Engine,
        feed: &'a Feed,
        fetcher: &'a Fetcher,
        key: Option<String>,
        now: Timestamp,
        progress: &'a dyn Progress,
    ) -> Result<Self, FeedError> {
        let known = engine.store().feed_items(&feed.name)?;
        let mut state = feed.state.clone();
        state.last_run = Some(now);
        state.last_items = 0;
        state.last_new = 0;
        state.pulls += 1;
        Ok(Self {
            engine,
            feed,
            fetcher,
            authorization: key.as_deref().map(authorization),
            key,
            now,
            progress,
            known,
            committed: state.clone(),
            state,
            pulled: Pulled::default(),
            read: 0,
            started: Instant::now(),
            taken: 0,
            inputs: Vec::new(),
            bytes: 0,
            items: Vec::new(),
        })
    }

    /// Does what the kind of the feed does, to its end.
    pub(crate) fn run(&mut self) -> Result<(), FeedError> {
        let kind: FeedKind = self.feed.kind.parse().map_err(|why| FeedError::Address {
            address: self.feed.address.clone(),
            why: format!("`{}` is no kind of feed; {why}", self.feed.kind),
        })?;
        let done = match kind {
            FeedKind::Rss => crate::rss::pull(self),
            FeedKind::MispFeed => crate::misp_feed::pull(self),
            FeedKind::MispServer => crate::misp_server::pull(self),
            FeedKind::Taxii => crate::taxii::pull(self),
            FeedKind::Csv => crate::values::pull(self, Some(lapwing_model::Format::Table)),
            FeedKind::List => crate::values::pull(self, Some(lapwing_model::Format::List)),
            FeedKind::Page => crate::values::pull(self, None),
            FeedKind::Posts => crate::values::pull_posts(self),
            FeedKind::Folder => crate::folder::pull(self),
            FeedKind::Mastodon => crate::mastodon::pull(self),
        };
        match done {
            // The store refused: it would again.
            Err(error @ FeedError::Engine(_)) => Err(error),
            done => self.commit().and(done),
        }
    }

    /// The feed's address.
    pub(crate) fn address(&self) -> Result<Url, FeedError> {
        address(&self.feed.address)
    }

    pub(crate) fn malformed(&self, at: &Url, what: impl Into<String>) -> FeedError {
        let kind = self.feed.kind.parse().map_or("", FeedKind::as_str);
        FeedError::Malformed { address: at.to_string(), kind, what: what.into() }
    }

    /// A request with the feed's key.
    pub(crate) fn get(&self, address: Url) -> Request {
        Request::get(address).authorization(self.authorization.clone())
    }

    /// Whether another thing may be taken in this pull; when not, the pull notes that more waits.
    pub(crate) fn has_room(&mut self) -> bool {
        let most = self.feed.settings.quota.map_or(QUOTA, |quota| quota as usize);
        let room = self.taken < most && self.started.elapsed() < TIME;
        self.pulled.more |= !room;
        room
    }

    /// How the things of this feed are read.
    pub(crate) fn options(&self) -> Options {
        Options {
            source: self.feed.settings.source.clone(),
            marking: self.feed.settings.marking,
            ..Options::default()
        }
    }

    /// Takes bytes as they were fetched; they are committed with the key under which they are known.
    pub(crate) fn take(
        &mut self,
        name: String,
        bytes: Vec<u8>,
        options: Options,
        item: Option<(String, String)>,
    ) -> Result<(), FeedError> {
        self.bytes += bytes.len();
        self.inputs.push(Input::Fetched { name, bytes, options: Box::new(options) });
        self.taken += 1;
        if let Some((key, version)) = item {
            self.mark(key, version);
        }
        if self.inputs.len() >= BATCH || self.bytes >= BATCH_BYTES {
            self.commit()?;
        }
        Ok(())
    }

    /// Notes that a thing was dealt with.
    pub(crate) fn mark(&mut self, key: String, version: String) {
        self.known.insert(key.clone(), version.clone());
        self.items.push((key, version));
    }

    /// Names a part of the feed that could not be had; the rest goes on.
    pub(crate) fn problem(&mut self, name: impl Into<String>, what: impl Into<String>) {
        let problem = Problem::fatal(name, ProblemKind::Unreadable, what.into());
        self.pulled.problems.push(problem);
    }

    /// Commits what was taken so far, with the state as it is now.
    pub(crate) fn commit(&mut self) -> Result<(), FeedError> {
        let inputs = std::mem::take(&mut self.inputs);
        self.bytes = 0;
        self.state.last_items = self.pulled.items;
        let taken = Taken {
            feed: self.feed.name.clone(),
            state: self.state.clone(),
            items: std::mem::take(&mut self.items),
        };
        if inputs.is_empty() && taken.items.is_empty() && taken.state == self.committed {
            return Ok(());
        }
        let options =
            AddOptions { read: self.options(), command: format!("feeds pull {}", self.feed.name) };
        let report =
            self.engine.add_from_feed(&inputs, &options, &taken, self.now, self.progress)?;
        self.count(report);
        self.committed = self.state.clone();
        Ok(())
    }

    fn count(&mut self, report: AddReport) {
        self.read += report.new_documents + report.known_documents;
        self.pulled.new_documents += report.new_documents;
        self.pulled.claims += report.claims;
        self.pulled.problems.extend(report.problems);
        self.state.last_new += report.new_documents;
        self.state.new += report.new_documents;
    }

    /// The bytes of a document of the store.
    pub(crate) fn raw(&self, id: DocumentId) -> Result<Option<Vec<u8>>, FeedError> {
        Ok(self.engine.store().raw(id)?)
    }

    /// Today, as documents that do not tell their date get it.
    pub(crate) fn today(&self) -> PartialDate {
        self.now.to_zoned(jiff::tz::TimeZone::UTC).date().into()
    }
}

/// The `Authorization` of a key: `user:password` is Basic, anything else a bearer token.
pub(crate) fn authorization(key: &str) -> String {
    match key.split_once(':') {
        Some(_) => format!("Basic {}", base64(key.as_bytes())),
        None => format!("Bearer {key}"),
    }
}

fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for chunk in bytes.chunks(3) {
        let bits = chunk.iter().fold(0_u32, |bits, byte| bits << 8 | u32::from(*byte))
            << (8 * (3 - chunk.len()));
        for at in 0..4 {
            let digit = DIGITS[(bits >> (18 - 6 * at) & 63) as usize];
            text.push(if at <= chunk.len() { char::from(digit) } else { '=' });
        }
    }
    text
}

/// Reads the address of a feed.
pub(crate) fn address(text: &str) -> Result<Url, FeedError> {
    let bad = |why: &str| FeedError::Address { address: text.to_owned(), why: why.to_owned() };
    let address = Url::parse(text).map_err(|error| bad(&format!("is no address: {error}")))?;
    if !matches!(address.scheme(), "http" | "https") {
        return Err(bad("is no web address; name one that begins with http:// or https://"));
    }
    if !address.username().is_empty() || address.password().is_some() {
        let why = "holds a password, which would be stored in the clear; leave it out and name \
                   the variable that holds `user:password` with --key-env";
        let mut shown = address.clone();
        // An address of the web always takes these.
        let _ = shown.set_username("").and_then(|()| shown.set_password(None));
        return Err(FeedError::Address { address: shown.to_string(), why: why.to_owned() });
    }
    Ok(address)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_become_headers() {
        assert_eq!(authorization("Aladdin:open sesame"), "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==");
        assert_eq!(authorization("a:b"), "Basic YTpi");
        assert_eq!(authorization("token"), "Bearer token");
    }

    #[test]
    fn addresses_with_passwords_are_refused_and_not_repeated() {
        let error = address("https://anna:secret@example.org/feed").unwrap_err().to_string();
        assert!(error.contains("--key-env") && !error.contains("secret"), "{error}");
        assert!(address("ftp://example.org/").is_err());
    }
}
