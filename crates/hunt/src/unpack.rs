//! Compressed streams: gzip at once where it is small, all else as it comes.

use std::io::{self, BufReader, Cursor, Read};
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::archive::DECODER_MEMORY;

/// How a stream is compressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stream {
    Gzip,
    Zstd,
    Bzip2,
    Xz,
}

/// Unpacks a stream; several members or frames give their contents one after the other.
///
/// # Errors
/// When the decoder cannot be set up.
pub(crate) fn decoder<'r>(
    stream: Stream,
    source: impl Read + 'r,
) -> io::Result<Box<dyn Read + 'r>> {
    Ok(match stream {
        Stream::Gzip => gzip(source),
        Stream::Zstd => Box::new(zstd::stream::read::Decoder::new(source)?),
        Stream::Bzip2 => Box::new(bzip2::read::MultiBzDecoder::new(source)),
        Stream::Xz => {
            let source = BufReader::new(source);
            Box::new(lzma_rust2::XzReader::new_mem_limit(source, true, DECODER_MEMORY))
        }
    })
}

/// gzip of this size may be unpacked at once: twice as fast as a stream.
const PACKED: usize = 2 << 20;
/// And so much may come out of it.
const UNPACKED: usize = 16 << 20;
/// What all threads together hold of it; beyond, files are read as streams.
const HELD: usize = 96 << 20;

/// Bytes that are held now.
static HOLDING: AtomicUsize = AtomicUsize::new(0);

/// Room for an unpacked file, given back when it was read.
struct Room(usize);

impl Room {
    fn for_bytes(size: usize) -> Option<Self> {
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

/// An unpacked file with the room that it takes.
struct Held {
    text: Cursor<Vec<u8>>,
    _room: Room,
}

impl Read for Held {
    fn read(&mut self, to: &mut [u8]) -> io::Result<usize> {
        self.text.read(to)
    }
}

fn gzip<'r>(mut source: impl Read + 'r) -> Box<dyn Read + 'r> {
    let mut packed = Vec::new();
    let read = source.by_ref().take(PACKED as u64 + 1).read_to_end(&mut packed);
    if read.is_ok()
        && packed.len() <= PACKED
        && let Some(held) = at_once(&packed)
    {
        return Box::new(held);
    }
    // What is odd in any way is left to the stream, which gives out what stands before an error.
    let failed = Failed(read.err());
    Box::new(flate2::read::MultiGzDecoder::new(Cursor::new(packed).chain(failed).chain(source)))
}

/// The content of a gzip file of one member; `None` for all others.
fn at_once(packed: &[u8]) -> Option<Held> {
    let (_, size) = packed.split_last_chunk::<4>()?;
    let size = usize::try_from(u32::from_le_bytes(*size)).ok()?;
    if size > UNPACKED || has_more_members(packed) {
        return None;
    }
    let room = Room::for_bytes(size)?;
    let mut text = vec![0; size];
    let unpacked = libdeflater::Decompressor::new().gzip_decompress(packed, &mut text).ok()?;
    (unpacked == size).then_some(Held { text: Cursor::new(text), _room: room })
}

/// Whether another member may begin behind the first header; the decoder stops after one.
fn has_more_members(packed: &[u8]) -> bool {
    let behind = packed.get(10..).unwrap_or_default();
    memchr::memmem::find_iter(behind, b"\x1f\x8b\x08")
        .any(|at| behind.get(at + 3).is_some_and(|flags| flags & 0xe0 == 0))
}

/// An error that comes once, at its place in a stream.
struct Failed(Option<io::Error>);

impl Read for Failed {
    fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
        self.0.take().map_or(Ok(0), Err)
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;

    fn packed(text: &[u8]) -> Vec<u8> {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        encoder.write_all(text).unwrap();
        encoder.finish().unwrap()
    }

    fn unpacked(mut decoder: impl Read) -> (Vec<u8>, bool) {
        let mut text = Vec::new();
        let done = decoder.read_to_end(&mut text).is_ok();
        (text, done)
    }

    #[test]
    fn one_member_is_unpacked_at_once_and_others_as_a_stream() {
        let text = "a line of a log\n".repeat(5000);
        let one = packed(text.as_bytes());
        assert_eq!(unpacked(at_once(&one).unwrap()), (text.clone().into_bytes(), true));
        // The same member twice has the right size at its end, too.
        let two = [&one[..], &one].concat();
        assert!(at_once(&two).is_none());
        assert_eq!(unpacked(gzip(&two[..])), (text.repeat(2).into_bytes(), true));
        assert!(at_once(&[&one[..], &[0; 9]].concat()).is_none());
        assert!(at_once(b"").is_none());
        assert!(Room::for_bytes(HELD + 1).is_none());
    }

    proptest::proptest! {
        #[test]
        fn as_the_stream_alone(
            members in proptest::collection::vec("[a-c]{0,200}", 0..3),
            cut in 0usize..40,
            turned in proptest::option::of(0usize..300),
        ) {
            let mut bytes: Vec<u8> = members.iter().flat_map(|m| packed(m.as_bytes())).collect();
            bytes.truncate(bytes.len().saturating_sub(cut / 2));
            if let Some(byte) = turned.and_then(|at| bytes.get_mut(at)) {
                *byte ^= 4;
            }
            let stream = unpacked(flate2::read::MultiGzDecoder::new(&bytes[..]));
            proptest::prop_assert_eq!(unpacked(gzip(&bytes[..])), stream);
        }
    }
}
