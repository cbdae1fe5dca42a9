//! gzip: where a member ends. `bgzip` writes it at the beginning of each; else the next header tells.

use std::io::{self, Read};

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

    fn stream<'r>(self, source: Box<dyn Read + 'r>) -> io::Result<Box<dyn Read + 'r>> {
        Ok(Box::new(flate2::read::MultiGzDecoder::new(source)))
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
