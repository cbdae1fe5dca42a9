//! Collection against a server of our own: everything that a feed can do wrong, and that nothing is
//! lost or taken twice.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

mod channels;
mod fetching;
mod folders;
mod pulling;
mod server;
mod servers;
mod store;
