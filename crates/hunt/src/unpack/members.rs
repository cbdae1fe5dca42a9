//! gzip: where a member ends. `bgzip` writes it at the beginning of each; else the next header tells.

use std::io::{self, BufRead, BufReader, Read};

use flate2::bufread::GzDecoder;

use super::parts::{First, Form, LARGEST, LONGEST};

/// A header has ten bytes, what follows it at least as many.
const SHORTEST: usize = 20;

/// gzip of many members.
#[derive(Clone, Copy, Debug)]
pub(super) struct Members;

impl Form for Members {
    fn first(self, packed: &[u8], searched: usize, ended: bool) -> First {
        if packed.len() < SHORTEST {
            return if ended { First::Unknown } else { First::More };
        }
        if !is_header(packed) {
            return First::Unknown;
        }
        let end = match length_told(packed) {
            Some(length) if length <= packed.len() => Some(length),
            Some(_) => None,
            None => next_header(packed, searched.saturating_sub(SHORTEST)),
        };
        let Some(at) = end.or_else(|| ended.then_some(packed.len())) else {
            return if packed.len() < LONGEST { First::More } else { First::Unknown };
        };
        match size_told(&packed[..at]) {
            Some(size) => First::Ends { at, size },
            None => First::Unknown,
        }
    }

    fn unpack(self, packed: &[u8], parts: &[(usize, usize)]) -> Option<Vec<u8>> {
        let mut decoder = libdeflater::Decompressor::new();
        let mut text = vec![0; parts.iter().map(|(_, size)| size).sum()];
        let (mut from, mut to) = (0, 0);
        for &(length, size) in parts {
            let member = packed.get(from..from + length)?;
            let unpacked = decoder.gzip_decompress(member, text.get_mut(to..to + size)?).ok()?;
            if unpacked != size {
                return None;
            }
            from += length;
            to += size;
        }
        Some(text)
    }

    fn stream<'r>(self, source: Box<dyn Read + 'r>, begun: bool) -> io::Result<Box<dyn Read + 'r>> {
        Ok(Box::new(Stream::new(source, begun)))
    }
}

/// One member after the other as they come, and what may stand behind them: as for `gzip`, padding of NULs (of tapes and
/// disks) is nothing, and all else is told.
struct Stream<'r> {
    state: State<BufReader<Box<dyn Read + 'r>>>,
}

enum State<R> {
    /// A member is unpacked.
    Inside(Box<GzDecoder<R>>),
    /// A member has ended.
    Between(R),
    Ended,
}

impl<R: BufRead> State<R> {
    fn inside(source: R) -> Self {
        Self::Inside(Box::new(GzDecoder::new(source)))
    }
}

/// Bytes that are read of the packed stream at once.
const READ: usize = 32 << 10;

impl<'r> Stream<'r> {
    fn new(source: Box<dyn Read + 'r>, begun: bool) -> Self {
        let source = BufReader::with_capacity(READ, source);
        let state = if begun { State::Between(source) } else { State::inside(source) };
        Self { state }
    }
}

impl Read for Stream<'_> {
    fn read(&mut self, to: &mut [u8]) -> io::Result<usize> {
        if to.is_empty() {
            return Ok(0);
        }
        loop {
            match std::mem::replace(&mut self.state, State::Ended) {
                State::Ended => return Ok(0),
                State::Inside(mut decoder) => match decoder.read(to) {
                    Ok(0) => self.state = State::Between(decoder.into_inner()),
                    Ok(count) => {
                        self.state = State::Inside(decoder);
                        return Ok(count);
                    }
                    Err(error) if error.kind() == io::ErrorKind::Interrupted => {
                        self.state = State::Inside(decoder);
                        return Err(error);
                    }
                    Err(error) => return Err(error),
                },
                State::Between(mut source) => match next_byte(&mut source)? {
                    None => return Ok(0),
                    Some(0x1f) => self.state = State::inside(source),
                    Some(_) => {
                        let message = "bytes that are no gzip follow the last member";
                        return Err(io::Error::new(io::ErrorKind::InvalidData, message));
                    }
                },
            }
        }
    }
}

/// The next byte that is no padding, which stays to be read.
fn next_byte(source: &mut impl BufRead) -> io::Result<Option<u8>> {
    loop {
        let bytes = match source.fill_buf() {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        };
        if bytes.is_empty() {
            return Ok(None);
        }
        let padding = bytes.iter().take_while(|byte| **byte == 0).count();
        let next = bytes.get(padding).copied();
        source.consume(padding);
        if next.is_some() {
            return Ok(next);
        }
    }
}

/// Whether a member may begin so, as all common programs write it.
fn is_header(bytes: &[u8]) -> bool {
    matches!(bytes, [0x1f, 0x8b, 8, flags, _, _, _, _, 0 | 2 | 4, 0..=13 | 255, ..] if flags & 0xe0 == 0)
}

/// Where the next member begins; one that begins otherwise is no end, and the one before it does not unpack alone.
fn next_header(packed: &[u8], searched: usize) -> Option<usize> {
    let from = searched.max(SHORTEST);
    let places = memchr::memmem::find_iter(packed.get(from..)?, b"\x1f\x8b\x08");
    places.map(|at| from + at).find(|at| is_header(&packed[*at..]))
}

/// The length of a member that its own header tells.
fn length_told(packed: &[u8]) -> Option<usize> {
    let [_, _, _, flags, .., low, high] = packed.first_chunk::<12>()?;
    let fields = packed.get(12..12 + usize::from(u16::from_le_bytes([*low, *high])))?;
    let length = match fields {
        [b'B', b'C', 2, 0, low, high, ..] if flags & 4 != 0 => u16::from_le_bytes([*low, *high]),
        _ => return None,
    };
    Some(usize::from(length) + 1).filter(|length| *length >= SHORTEST)
}

/// How many bytes come out of a member, as its end tells; `None` when that cannot be.
fn size_told(member: &[u8]) -> Option<usize> {
    let (before, size) = member.split_last_chunk::<4>()?;
    let size = usize::try_from(u32::from_le_bytes(*size)).ok()?;
    // Nothing is packed to less than a thousandth.
    (size <= LARGEST && size / 1100 <= before.len()).then_some(size)
}
