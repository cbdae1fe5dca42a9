//! Readers held against golden pairs in `testdata/`, and against broken input.

mod corpus;
mod golden;
mod robust;
