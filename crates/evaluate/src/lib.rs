//! Scores on labelled corpora.
#![deny(missing_docs)]
