//! Readers of structured intelligence formats.
//!
//! Each tells every value of its format as a declared claim with an exact span into the document's
//! text. For JSON and XML that text is a rendering written by [`sheet::Sheet`]; for pages it is the
//! page itself.

mod json;
mod misp_json;
#[allow(clippy::semicolon_if_nothing_returned)]
mod misp_markdown;
mod misp_tags;
mod misp_types;
mod openioc;
mod sheet;
#[allow(clippy::redundant_closure, clippy::redundant_closure_for_method_calls, clippy::map_entry)]
mod stix1;
#[allow(clippy::single_match, clippy::single_match_else, clippy::semicolon_if_nothing_returned)]
mod stix2;
#[allow(
    clippy::match_same_arms,
    clippy::unnecessary_wraps,
    reason = "the normal forms share one signature"
)]
mod value;
#[allow(clippy::needless_pass_by_value, clippy::type_complexity)]
mod vuldb;
#[allow(clippy::type_complexity)]
mod xml;

#[cfg(test)]
mod tests;

use lapwing_model::Format;

pub use stix2::whole::{Observations, observations};

use crate::{Input, Item};

/// Format, test on the name and the head of the text, reader.
pub(crate) type Reader = (Format, fn(&str, &str) -> bool, fn(&Input<'_>, &mut dyn FnMut(Item)));

/// All structured readers, in the order in which they are tried.
pub(crate) fn all() -> [Reader; 6] {
    [
        (Format::Vuldb, vuldb::recognises, vuldb::read),
        (Format::MispMarkdown, misp_markdown::recognises, misp_markdown::read),
        (Format::Stix2, stix2::recognises, stix2::read),
        (Format::MispJson, misp_json::recognises, misp_json::read),
        (Format::Stix1, stix1::recognises, stix1::read),
        (Format::OpenIoc, openioc::recognises, openioc::read),
    ]
}
