//! The matcher, log and event readers, campaign checks and the verdict.
#![deny(missing_docs)]
