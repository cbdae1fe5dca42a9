//! How a file is packed, told by its first bytes, and the guard against what unpacks without end.

use std::cell::Cell;
use std::io::{self, Read};
use std::rc::Rc;

use crate::Limits;

/// How a file is packed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Packed {
    Gzip,
    Zstd,
    Bzip2,
    Xz,
    Zip,
    SevenZip,
    Tar,
}

impl Packed {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Packed::Gzip => "gzip",
            Packed::Zstd => "zstd",
            Packed::Bzip2 => "bzip2",
            Packed::Xz => "xz",
            Packed::Zip => "zip",
            Packed::SevenZip => "7z",
            Packed::Tar => "tar",
        }
    }
}

/// How a file is packed, by its first bytes.
pub(crate) fn packed(head: &[u8]) -> Option<Packed> {
    match head {
        [0x1f, 0x8b, ..] => Some(Packed::Gzip),
        [0x28, 0xb5, 0x2f, 0xfd, ..] => Some(Packed::Zstd),
        [b'B', b'Z', b'h', b'1'..=b'9', 0x31 | 0x17, ..] => Some(Packed::Bzip2),
        [0xfd, b'7', b'z', b'X', b'Z', 0, ..] => Some(Packed::Xz),
        [b'P', b'K', 3, 4, ..] => Some(Packed::Zip),
        [b'7', b'z', 0xbc, 0xaf, 0x27, 0x1c, ..] => Some(Packed::SevenZip),
        _ if head.get(257..262) == Some(b"ustar") => Some(Packed::Tar),
        _ => None,
    }
}

/// Counts the bytes that go into a decoder.
pub(crate) struct Tally<R> {
    pub inner: R,
    pub read: Rc<Cell<u64>>,
}

impl<R: Read> Read for Tally<R> {
    fn read(&mut self, to: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(to)?;
        self.read.set(self.read.get() + count as u64);
        Ok(count)
    }
}

/// Stops a stream that unpacks to far more than it is.
pub(crate) struct Guard<R> {
    inner: R,
    out: u64,
    read: Rc<Cell<u64>>,
    ratio: u64,
    from: u64,
}

impl<R> Guard<R> {
    /// Watches what comes out of `inner`, whose packed bytes are counted in `read`.
    pub(crate) fn new(inner: R, read: Rc<Cell<u64>>, limits: Limits) -> Self {
        Self { inner, out: 0, read, ratio: limits.ratio, from: limits.ratio_from }
    }
}

pub(crate) const BOMB: &str = "it unpacks to far more bytes than any log does";

impl<R: Read> Read for Guard<R> {
    fn read(&mut self, to: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(to)?;
        self.out += count as u64;
        if self.out > self.from && self.out / self.ratio.max(1) > self.read.get() {
            return Err(io::Error::other(BOMB));
        }
        Ok(count)
    }
}
