//! Bytes to documents: one reader a format, chosen by content.
#![deny(missing_docs)]
