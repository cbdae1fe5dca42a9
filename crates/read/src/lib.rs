//! Bytes to documents: one reader a format, chosen by content.
#![deny(missing_docs)]

mod formats;
mod item;

pub use item::{Input, Item};
