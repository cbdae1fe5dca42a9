//! Facts to bytes: pages as text, Markdown, HTML and JSON.
#![deny(missing_docs)]
