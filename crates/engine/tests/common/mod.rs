//! Engines on stores that are thrown away.
#![allow(clippy::unwrap_used, reason = "a test stops at what should not happen")]

use std::path::Path;
use std::sync::atomic::{AtomicU32, Ordering};

use lapwing_engine::Engine;

/// An engine on an empty store: in memory or, where there is a database to test with, in a schema of
/// its own.
pub fn engine() -> Engine {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    match std::env::var("LAPWING_TEST_POSTGRES").ok().filter(|address| !address.is_empty()) {
        None => Engine::in_memory().unwrap(),
        Some(address) => {
            let next = NEXT.fetch_add(1, Ordering::Relaxed);
            let place = format!("{address}?schema=engine_{}_{next}", std::process::id());
            Engine::open(Path::new(&place)).unwrap()
        }
    }
}
