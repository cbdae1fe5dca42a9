//! What each forecast was tested on, and what it beat.

use serde::Serialize;

/// A forecast's credentials. `lapwing evaluate forecast DIR` counts the scores again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Backtest {
    /// How it forecasts.
    pub model: &'static str,
    /// On what it was tested.
    pub data: &'static str,
    /// How well it did; `None`: it was never tested, and says so.
    pub score: Option<&'static str>,
    /// What it was compared with, and how well that did.
    pub baseline: Option<&'static str>,
    /// Whether it was better than the baseline; where not, no forecast is given.
    pub beats_baseline: bool,
}

macro_rules! placeholder { ($name:ident, $doc:literal) => {
    #[doc = $doc]
    pub const $name: Backtest = Backtest { model: "", data: "", score: None, baseline: None, beats_baseline: false };
} }
placeholder!(COMPLETION, "Techniques that belong to a half-seen intrusion.");
placeholder!(NEXT, "Techniques with which an actor will be reported.");
