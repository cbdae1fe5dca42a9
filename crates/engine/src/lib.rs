//! The story: add, show, explain, hunt, undo. The one place that wires the crates.
#![deny(missing_docs)]
