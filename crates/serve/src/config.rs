use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;

/// Certificate chain and key, as PEM files.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tls {
    /// The certificate, its issuers after it.
    pub certificate: PathBuf,
    /// The private key.
    pub key: PathBuf,
}

/// How the server writes its log (on standard error).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LogForm {
    /// Lines for people.
    #[default]
    Text,
    /// One JSON object a line.
    Json,
    /// None: tests.
    None,
}

/// What the server may spend on one request, and on all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of one request's body: a document, or the logs of one hunt.
    pub body: usize,
    /// Bytes of a body of JSON.
    pub json: usize,
    /// Values that one look-up may ask for.
    pub lookup: usize,
    /// Seconds until an answer must begin.
    pub seconds: u64,
    /// Requests that read the store at one time; the others wait.
    pub readers: usize,
    /// Writes that may wait for their turn.
    pub queue: usize,
    /// Requests a minute of one user, key or (not logged in) address.
    pub per_minute: u32,
    /// Hunts that are kept with their uploads and results.
    pub hunts: usize,
    /// How long to wait while another process writes to the store.
    pub patience: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            body: 256 << 20,
            json: 16 << 20,
            lookup: 10_000,
            seconds: 60,
            readers: 4,
            queue: 64,
            per_minute: 1_200,
            hunts: 32,
            patience: Duration::from_secs(10),
        }
    }
}

/// Tells the time: the one place where the server asks for it.
pub type Clock = Arc<dyn Fn() -> Timestamp + Send + Sync>;

/// Fetches what a user of the server named: never from a private address. Says why it cannot.
pub type Fetch = Arc<dyn Fn(&str) -> Result<Vec<u8>, String> + Send + Sync>;

/// How to serve.
#[derive(Clone)]
pub struct Config {
    /// The store.
    pub store: PathBuf,
    /// Where to listen.
    pub listen: SocketAddr,
    /// With these the server speaks HTTPS only.
    pub tls: Option<Tls>,
    /// The form of the log.
    pub log: LogForm,
    /// Hunts may read what lies under this folder of the server.
    pub hunt_root: Option<PathBuf>,
    /// Fetches a document by its address; `None` where documents are not added so.
    pub fetch: Option<Fetch>,
    /// How feeds are collected; `None` where this server only tells of them.
    pub collection: Option<crate::Collection>,
    /// Limits.
    pub limits: Limits,
    /// The clock.
    pub clock: Clock,
    /// Gives back to the system what is free of the program's memory, where its allocator keeps it: called when
    /// nobody asked for a while.
    pub give_back: fn(),
}

impl Config {
    /// A server for one person: on loopback, with the usual limits.
    #[must_use]
    pub fn new(store: PathBuf) -> Self {
        Self {
            store,
            listen: SocketAddr::from(([127, 0, 0, 1], 8080)),
            tls: None,
            log: LogForm::Text,
            hunt_root: None,
            fetch: None,
            collection: None,
            limits: Limits::default(),
            clock: Arc::new(Timestamp::now),
            give_back: || {},
        }
    }
}
