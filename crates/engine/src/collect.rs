use jiff::Timestamp;
use lapwing_store::FeedState;

use crate::{AddOptions, AddReport, Engine, EngineError, Input, Progress};

/// What a pull has taken of a feed so far.
#[derive(Clone, Debug)]
pub struct Taken {
    /// The feed's name.
    pub feed: String,
    /// How it went, and where to go on.
    pub state: FeedState,
    /// Keys of what was taken, with versions.
    pub items: Vec<(String, String)>,
}

impl Engine {
    /// Adds what was fetched from a feed, and keeps where to go on, in one change: a pull that is
    /// cut off at any moment neither loses nor repeats a document.
    ///
    /// # Errors
    /// As [`Self::add`]; nothing is changed then.
    pub fn add_from_feed(
        &mut self,
        inputs: &[Input],
        options: &AddOptions,
        taken: &Taken,
        now: Timestamp,
        progress: &dyn Progress,
    ) -> Result<AddReport, EngineError> {
        let mut report = AddReport::default();
        if !inputs.is_empty() {
            report = self.add_and(inputs, options, now, progress, &mut |change| {
                Ok(change.mark_feed(&taken.feed, &taken.state, &taken.items)?)
            })?;
        }
        // Without a new document there is no change to keep it with.
        if report.change.is_none() {
            self.store().mark_feed(&taken.feed, &taken.state, &taken.items)?;
        }
        Ok(report)
    }

    /// Sets how many pages the store may have; for trying what a full disk does.
    #[doc(hidden)]
    pub fn set_most_pages(&mut self, pages: u32) -> Result<(), EngineError> {
        Ok(self.store.set_most_pages(pages)?)
    }
}
