//! How much of unpacked files all threads together hold at once.

use std::sync::atomic::{AtomicUsize, Ordering};

/// Beyond this, files are read as streams.
pub(super) const HELD: usize = 96 << 20;

/// Bytes that are held now.
static HOLDING: AtomicUsize = AtomicUsize::new(0);

/// Room for unpacked bytes, given back when they were read.
pub(super) struct Room(usize);

impl Room {
    pub(super) fn for_bytes(size: usize) -> Option<Self> {
        let fits = |held: usize| held.checked_add(size).filter(|sum| *sum <= HELD);
        let taken = HOLDING.fetch_update(Ordering::AcqRel, Ordering::Acquire, fits);
        taken.is_ok().then_some(Self(size))
    }
}

impl Drop for Room {
    fn drop(&mut self) {
        HOLDING.fetch_sub(self.0, Ordering::AcqRel);
    }
}
