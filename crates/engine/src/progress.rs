/// Told how far a long work has come; the caller decides whether and how to show it.
pub trait Progress: Sync {
    /// Another document, of so many bytes, was taken in.
    fn document(&self, _name: &str, _bytes: u64) {}
    /// A stage of the work begins (`fusing`).
    fn stage(&self, _what: &str) {}
    /// A file of a hunt begins.
    fn file(&self, _name: &str) {}
    /// So many more bytes of a hunt were scanned.
    fn bytes(&self, _count: u64) {}
    /// A hunt found something.
    fn finding(&self) {}
}

/// Shows nothing.
pub struct Silent;

impl Progress for Silent {}
