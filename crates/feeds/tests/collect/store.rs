//! A store of a test, and a collector with short patience.

use std::path::Path;
use std::time::Duration;

use jiff::Timestamp;
use lapwing_engine::store::{Feed, FeedSettings};
use lapwing_engine::{Engine, Silent};
use lapwing_feeds::{Collector, FeedKind, FetchLimits, NewFeed, PullReport, Pulled};

pub fn now() -> Timestamp {
    "2026-03-10T12:00:00Z".parse().unwrap()
}

pub fn engine() -> Engine {
    Engine::in_memory().unwrap()
}

pub fn engine_at(path: &Path) -> Engine {
    Engine::open(path).unwrap()
}

pub fn settings() -> FeedSettings {
    FeedSettings {
        every: 3600,
        source: None,
        marking: None,
        quota: None,
        key_env: None,
        allow_private: false,
        named_private: false,
        articles: true,
        paused: false,
    }
}

fn no_key(name: &str) -> Option<String> {
    match name {
        "BASIC" => Some("anna:secret".to_owned()),
        "TOKEN" => Some("0123456789".to_owned()),
        _ => None,
    }
}

pub fn collector() -> Collector<'static> {
    let limits =
        FetchLimits { bytes: 8 << 20, time: Duration::from_millis(1500), ..FetchLimits::default() };
    Collector::new(&no_key).with_limits(limits)
}

/// Adds a feed under a name.
pub fn add(
    engine: &Engine,
    name: &str,
    address: &str,
    kind: Option<FeedKind>,
    settings: FeedSettings,
) -> Feed {
    let new = NewFeed { address: address.to_owned(), kind, name: Some(name.to_owned()), settings };
    collector().add(engine, new).unwrap()
}

pub fn pull_at(engine: &mut Engine, name: &str, now: Timestamp) -> PullReport {
    collector().pull(engine, name, now, &Silent).unwrap()
}

pub fn pull(engine: &mut Engine, name: &str) -> Pulled {
    pull_at(engine, name, now()).outcome.unwrap()
}

/// The names of all documents, in order.
pub fn names(engine: &Engine) -> Vec<String> {
    engine.store().documents().unwrap().into_iter().map(|record| record.document.name).collect()
}

/// The values of a kind that are in the store.
pub fn values(engine: &Engine, kind: lapwing_model::Kind) -> Vec<String> {
    let entities = engine.store().entities(Some(kind)).unwrap();
    entities.into_iter().map(|record| record.entity.value).collect()
}
