//! Bytes to documents: one reader a format, chosen by content.
#![deny(missing_docs)]

#[allow(dead_code, reason = "wired in by detection")]
mod formats;
mod item;

pub use item::{Input, Item};
