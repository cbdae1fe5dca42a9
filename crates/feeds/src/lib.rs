//! Collection: folders, feeds, servers and channels, fetched on a schedule and handed to the engine.
//!
//! [`Collector`] adds feeds to a store and pulls them: each kind ([`FeedKind`]) is one file here that
//! brings documents in batches, and each batch is committed in one transaction with the place to go on
//! from. A pull that is cut off at any moment neither loses nor repeats a document; one feed that
//! fails never stops the others, and waits longer each time (see [`schedule`]).
//!
//! [`Fetcher`] is the one place where something is fetched: limits of size, time and redirects, and no
//! private address that the user did not mean ([`Reach`]).
#![deny(missing_docs)]

mod collector;
mod error;
mod fetch;
mod folder;
mod guard;
mod kind;
mod mastodon;
mod misp_feed;
mod misp_server;
mod pull;
mod rss;
pub mod schedule;
mod taxii;
mod values;

pub use collector::{Collector, Keys, NewFeed, PullReport};
pub use error::FeedError;
pub use fetch::{FetchError, FetchLimits, Fetched, Fetcher, Proxy, Request};
pub use guard::{Reach, is_private};
pub use kind::{FeedKind, guess};
pub use pull::{Pulled, QUOTA, TIME};
