//! Readers of structured intelligence formats.

use lapwing_model::Format;

use crate::{Input, Item};

/// Format, test on the head of the text, reader.
pub(crate) type Reader = (Format, fn(&str, &str) -> bool, fn(&Input<'_>, &mut dyn FnMut(Item)));

/// All structured readers, in the order in which they are tried.
pub(crate) fn all() -> [Reader; 0] {
    []
}
