//! Facts to bytes: pages as text, Markdown, HTML and JSON.
#![deny(missing_docs)]

mod page;
mod picture;

pub use page::{Page, TextStyle};
pub use picture::{Distinct, DocumentSummary, Picture, Quote};
