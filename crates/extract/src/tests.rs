//! Whole documents, and what holds for any input.
