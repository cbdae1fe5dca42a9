//! Claims to facts: names, origins, confidence. Pure.
#![deny(missing_docs)]
