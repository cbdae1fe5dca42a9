//! One reader a format.

pub(crate) mod structured;
