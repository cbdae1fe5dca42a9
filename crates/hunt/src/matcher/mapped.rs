//! A compiled matcher's bytes: owned, or a file in memory without reading it first.
//!
//! `unsafe` here is the mapping alone: the file must not be cut while it is mapped. A compiled matcher
//! is written beside its name and renamed, never changed in place; the logs that are hunted are never
//! mapped, because they do change.
#![allow(unsafe_code)]

use std::fs::File;
use std::io;

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
