//! Zstandard: where a frame ends, and how much may come out of it, as the headers of its blocks tell.

use std::io::{self, Read};

use super::parts::{First, Form, LONGEST};

/// So much comes out of a block at most.
const BLOCK: usize = 128 << 10;

/// Zstandard of many frames.
#[derive(Clone, Copy, Debug)]
pub(super) struct Frames;

impl Form for Frames {
    fn first(self, packed: &[u8], _: usize, _: bool) -> First {
        match frame(packed) {
            Some(First::Ends { at, size }) if at <= LONGEST => First::Ends { at, size },
            Some(other) if packed.len() < LONGEST => other,
            None if packed.len() < LONGEST => First::More,
            _ => First::Unknown,
        }
    }

    fn unpack(self, packed: &[u8], parts: &[(usize, usize)]) -> Option<Vec<u8>> {
        let most = parts.iter().map(|(_, size)| size).sum::<usize>();
        let mut text = Vec::with_capacity(most);
        let decoder = zstd::stream::read::Decoder::with_buffer(packed).ok()?;
        decoder.take(most as u64 + 1).read_to_end(&mut text).ok()?;
        (text.len() <= most).then_some(text)
    }

    fn stream<'r>(self, source: Box<dyn Read + 'r>, _: bool) -> io::Result<Box<dyn Read + 'r>> {
        Ok(Box::new(zstd::stream::read::Decoder::new(source)?))
    }
}

/// The first frame of a stream; `None` when it is not whole.
fn frame(packed: &[u8]) -> Option<First> {
    let magic = u32::from_le_bytes(*packed.first_chunk()?);
    if magic & 0xffff_fff0 == 0x184d_2a50 {
        // To be skipped.
        let length = u32::from_le_bytes(*packed.get(4..)?.first_chunk()?) as usize;
        let at = length.checked_add(8)?;
        return (at <= packed.len()).then_some(First::Ends { at, size: 0 });
    }
    if magic != 0xfd2f_b528 {
        return Some(First::Unknown);
    }
    let flags = *packed.get(4)?;
    let single = flags >> 5 & 1;
    let dictionary = [0, 1, 2, 4][usize::from(flags & 3)];
    let told = [usize::from(single), 2, 4, 8][usize::from(flags >> 6)];
    let mut at = 5 + usize::from(1 - single) + dictionary + told;
    if dictionary > 0 {
        return Some(First::Unknown);
    }
    let content = packed.get(at - told..at)?;
    let mut size = 0usize;
    loop {
        let [a, b, c] = *packed.get(at..)?.first_chunk()?;
        let header = u32::from_le_bytes([a, b, c, 0]);
        let length = (header >> 3) as usize;
        let (stored, comes_out) = match header >> 1 & 3 {
            0 => (length, length),
            1 => (1, length),
            2 => (length, BLOCK),
            _ => return Some(First::Unknown),
        };
        at += 3 + stored;
        size += comes_out;
        if header & 1 == 1 {
            break;
        }
    }
    at += if flags & 4 == 0 { 0 } else { 4 };
    // The frame may tell more closely.
    let mut eight = [0; 8];
    eight[..told].copy_from_slice(content);
    let exact = u64::from_le_bytes(eight) + if told == 2 { 256 } else { 0 };
    let exact = usize::try_from(exact).ok().filter(|_| told > 0);
    let size = exact.map_or(size, |exact| exact.min(size));
    (at <= packed.len()).then_some(First::Ends { at, size })
}
