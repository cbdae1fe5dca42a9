//! YARA rules over files and carved content, within limits.
#![deny(missing_docs)]
