use std::cell::Cell;
use std::io::{self, Read};
use std::rc::Rc;

/// Bytes that an archive unpacks to may grow this far before the ratio is looked at.
pub(crate) const RATIO_FROM: u64 = 16 << 20;

/// A limit that was reached while bytes were unpacked; travels inside an `io::Error`.
#[derive(Debug, Clone, thiserror::Error)]
pub(crate) enum LimitReached {
    /// Too many bytes in all.
    #[error("more than {0} bytes unpacked")]
    Unpacked(u64),
    /// Too many bytes for each packed byte.
    #[error("unpacks to more than {0} times its size, as a decompression bomb does")]
    Ratio(u64),
}

impl LimitReached {
    /// The limit behind an error of a reader, where there is one.
    pub fn of(error: &io::Error) -> Option<&Self> {
        let mut source: Option<&(dyn std::error::Error + 'static)> =
            error.get_ref().map(|e| e as _);
        while let Some(current) = source {
            if let Some(found) = current.downcast_ref::<Self>() {
                return Some(found);
            }
            source = match current.downcast_ref::<io::Error>() {
                Some(inner) => inner.get_ref().map(|e| e as _),
                None => current.source(),
            };
        }
        None
    }

    /// The name of the option that raises it.
    pub fn option(&self) -> &'static str {
        match self {
            Self::Unpacked(_) => "unpacked_bytes",
            Self::Ratio(_) => "ratio",
        }
    }
}

/// Counts packed bytes as they are taken.
pub(crate) struct Counted<R> {
    pub inner: R,
    pub taken: Rc<Cell<u64>>,
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let n = self.inner.read(buffer)?;
        self.taken.set(self.taken.get() + n as u64);
        Ok(n)
    }
}

/// Passes unpacked bytes on until a limit is reached.
pub(crate) struct Metered<'s, R> {
    pub inner: R,
    /// Packed bytes taken so far.
    pub packed: Rc<Cell<u64>>,
    /// Bytes that came out here.
    pub here: u64,
    /// Bytes unpacked in the whole run.
    pub total: &'s Cell<u64>,
    pub most: u64,
    pub ratio: u64,
}

impl<R: Read> Read for Metered<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let n = self.inner.read(buffer)?;
        self.here += n as u64;
        self.total.set(self.total.get() + n as u64);
        if self.total.get() > self.most {
            return Err(io::Error::other(LimitReached::Unpacked(self.most)));
        }
        if self.here > RATIO_FROM && self.here / self.packed.get().max(1) > self.ratio {
            return Err(io::Error::other(LimitReached::Ratio(self.ratio)));
        }
        Ok(n)
    }
}
