//! A compiled matcher's bytes: owned, or a file in memory without reading it first.
//!
//! `unsafe` here is the mapping alone: the file must not be cut while it is mapped. A compiled matcher
//! is written beside its name and renamed, never changed in place; the logs that are hunted are never
//! mapped, because they do change.
#![allow(unsafe_code)]

use std::fs::File;
use std::io;

/// From this size on a copy in large pages is worth its memory.
const MANY: usize = 1 << 20;
/// A large page.
const LARGE: usize = 2 << 20;

/// A copy of bytes that are asked for in no order, in large pages: with small ones, finding the page takes longer than
/// reading it. None of what is small, and where the system has no such pages.
#[derive(Debug)]
pub(super) struct Near {
    map: memmap2::MmapMut,
    from: usize,
    length: usize,
}

impl Near {
    pub(super) fn of(bytes: &[u8]) -> Option<Self> {
        if bytes.len() < MANY || !cfg!(target_os = "linux") {
            return None;
        }
        let size = bytes.len().next_multiple_of(LARGE) + LARGE;
        let mut map = memmap2::MmapMut::map_anon(size).ok()?;
        #[cfg(target_os = "linux")]
        map.advise(memmap2::Advice::HugePage).ok()?;
        let from = map.as_ptr().align_offset(LARGE);
        map.get_mut(from..from.checked_add(bytes.len())?)?.copy_from_slice(bytes);
        Some(Self { map, from, length: bytes.len() })
    }

    #[inline(always)]
    pub(super) fn bytes(&self) -> &[u8] {
        self.map.get(self.from..self.from + self.length).unwrap_or(&[])
    }
}

/// Bytes that do not change.
#[derive(Debug)]
pub(super) enum Bytes {
    Owned(Vec<u8>),
    Mapped(memmap2::Mmap),
}

impl Bytes {
    /// Maps a whole file.
    pub(super) fn map(file: &File) -> io::Result<Self> {
        // SAFETY: the mapping is read only, and nothing is taken for granted about the content: it is
        // checked by its sum, and every access by bounds.
        unsafe { memmap2::Mmap::map(file) }.map(Bytes::Mapped)
    }
}

impl std::ops::Deref for Bytes {
    type Target = [u8];

    #[inline(always)]
    fn deref(&self) -> &[u8] {
        match self {
            Bytes::Owned(bytes) => bytes,
            Bytes::Mapped(map) => map,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_copy_in_large_pages_is_a_copy() {
        assert!(Near::of(&[7; 100]).is_none());
        let bytes: Vec<u8> = (0..MANY + 77).map(|at| (at * 7 + at / 251) as u8).collect();
        if let Some(near) = Near::of(&bytes) {
            assert_eq!(near.bytes(), bytes);
        }
    }
}
