//! Compressed streams: gzip at once where it is small, members and frames side by side, all else as it comes.

mod frames;
mod members;
mod parts;
mod room;

use std::io::{self, BufReader, Cursor, Read};

use crate::archive::DECODER_MEMORY;
use frames::Frames;
use members::Members;
use parts::{Failed, Parts};
use room::Room;

/// How a stream is compressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stream {
    Gzip,
    Zstd,
    Bzip2,
    Xz,
}

/// Unpacks a stream; several members or frames give their contents one after the other, unpacked on up to `jobs`
/// threads.
///
/// # Errors
/// When the decoder cannot be set up.
pub(crate) fn decoder<'r>(
    stream: Stream,
    source: impl Read + 'r,
    jobs: usize,
) -> io::Result<Box<dyn Read + 'r>> {
    Ok(match stream {
        Stream::Gzip => gzip(source, jobs),
        // On one thread the ordinary decoder is as fast.
        Stream::Zstd if jobs <= 1 => Box::new(zstd::stream::read::Decoder::new(source)?),
        Stream::Zstd => Box::new(Parts::new(Frames, Vec::new(), Box::new(source), jobs)),
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

fn gzip<'r>(mut source: impl Read + 'r, jobs: usize) -> Box<dyn Read + 'r> {
    let mut packed = Vec::new();
    let read = source.by_ref().take(PACKED as u64 + 1).read_to_end(&mut packed);
    if read.is_ok()
        && packed.len() <= PACKED
        && let Some(held) = at_once(&packed)
    {
        return Box::new(held);
    }
    // What is odd in any way is left to the stream, which gives out what stands before an error.
    let source = Failed(read.err()).chain(source);
    Box::new(Parts::new(Members, packed, Box::new(source), jobs))
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

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use proptest::prelude::*;

    use super::*;

    fn packed(text: &[u8]) -> Vec<u8> {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        encoder.write_all(text).unwrap();
        encoder.finish().unwrap()
    }

    /// A member with its length in the header, as `bgzip` writes it.
    fn block(text: &[u8]) -> Vec<u8> {
        let mut builder = flate2::GzBuilder::new()
            .extra([b'B', b'C', 2, 0, 0, 0])
            .write(Vec::new(), flate2::Compression::fast());
        builder.write_all(text).unwrap();
        let mut block = builder.finish().unwrap();
        let length = u16::try_from(block.len() - 1).unwrap().to_le_bytes();
        block[16..18].copy_from_slice(&length);
        block
    }

    fn frame(text: &[u8], told: bool) -> Vec<u8> {
        let mut encoder = zstd::stream::write::Encoder::new(Vec::new(), 1).unwrap();
        encoder.include_checksum(told).unwrap();
        if told {
            encoder.set_pledged_src_size(Some(text.len() as u64)).unwrap();
        }
        encoder.write_all(text).unwrap();
        encoder.finish().unwrap()
    }

    fn unpacked(mut decoder: impl Read) -> (Vec<u8>, bool) {
        let mut text = Vec::new();
        let done = decoder.read_to_end(&mut text).is_ok();
        (text, done)
    }

    #[test]
    fn one_member_is_unpacked_at_once_and_others_in_parts() {
        let text = "a line of a log\n".repeat(5000);
        let one = packed(text.as_bytes());
        assert_eq!(unpacked(at_once(&one).unwrap()), (text.clone().into_bytes(), true));
        // The same member twice has the right size at its end, too.
        let two = [&one[..], &one].concat();
        assert!(at_once(&two).is_none());
        assert_eq!(unpacked(gzip(&two[..], 1)), (text.repeat(2).into_bytes(), true));
        assert!(at_once(&[&one[..], &[0; 9]].concat()).is_none());
        assert!(at_once(b"").is_none());
        assert!(Room::for_bytes(room::HELD + 1).is_none());
    }

    /// Lines that pack badly, so that parts are long.
    fn lines(count: usize, seed: u64) -> Vec<u8> {
        let mut state = seed | 1;
        let mut text = Vec::new();
        for _ in 0..count {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            writeln!(text, "2021-03-03 10:00:00 GET /{state:x} 200").unwrap();
        }
        text
    }

    #[test]
    fn members_and_frames_come_out_in_order_on_any_number_of_threads() {
        let texts: Vec<Vec<u8>> = (0..40).map(|n| lines(700 * (n % 7) as usize, n)).collect();
        let whole = texts.concat();
        let gzip = texts.iter().map(|text| packed(text)).collect::<Vec<_>>().concat();
        let blocks = whole.chunks(60_000).map(block).collect::<Vec<_>>().concat();
        let skipped = [0x50, 0x2a, 0x4d, 0x18, 3, 0, 0, 0, 1, 2, 3];
        let frames = texts.iter().enumerate().map(|(n, text)| frame(text, n % 2 == 0));
        let frames = frames.flat_map(|frame| [frame, skipped.to_vec()]).collect::<Vec<_>>();
        for jobs in [1, 2, 5] {
            for (stream, bytes) in
                [(Stream::Gzip, &gzip), (Stream::Gzip, &blocks), (Stream::Zstd, &frames.concat())]
            {
                let (text, done) = unpacked(decoder(stream, &bytes[..], jobs).unwrap());
                assert!(done && text == whole, "{stream:?} on {jobs}: {} bytes", text.len());
            }
        }
    }

    #[test]
    fn padding_behind_the_last_member_is_nothing_and_all_else_is_told() {
        let long = lines(90_000, 3);
        for text in [&b"one line\n"[..], &long] {
            for first in [packed(text), [packed(text), packed(b"more\n")].concat(), block(b"x\n")] {
                for jobs in [1, 2] {
                    let (plain, _) = unpacked(gzip(&first[..], jobs));
                    assert!(!plain.is_empty());
                    for padding in [1, 511, 100_000] {
                        let padded = [&first[..], &vec![0; padding]].concat();
                        assert_eq!(unpacked(gzip(&padded[..], jobs)), (plain.clone(), true));
                        let again = [&padded[..], &first].concat();
                        let twice = [&plain[..], &plain].concat();
                        assert_eq!(unpacked(gzip(&again[..], jobs)), (twice, true));
                        let odd = [&padded[..], b"odd"].concat();
                        assert_eq!(unpacked(gzip(&odd[..], jobs)), (plain.clone(), false));
                    }
                }
            }
        }
    }

    #[test]
    fn what_stands_before_a_fault_comes_out_and_the_fault_is_told() {
        let texts: Vec<Vec<u8>> = (0..9).map(|n| lines(9_000, n)).collect();
        let whole = texts.concat();
        let gzip = texts.iter().map(|text| packed(text)).collect::<Vec<_>>().concat();
        let zstd = texts.iter().map(|text| frame(text, true)).collect::<Vec<_>>().concat();
        for jobs in [1, 3] {
            for (stream, bytes) in [(Stream::Gzip, &gzip), (Stream::Zstd, &zstd)] {
                let cut = &bytes[..bytes.len() * 2 / 3];
                let (text, done) = unpacked(decoder(stream, cut, jobs).unwrap());
                assert!(!done && text.len() > whole.len() / 2, "{stream:?}: {}", text.len());
                assert!(whole.starts_with(&text));
                let mut turned = bytes.clone();
                turned[bytes.len() / 2] ^= 0x55;
                let (text, done) = unpacked(decoder(stream, &turned[..], jobs).unwrap());
                assert!(!done && whole.starts_with(&text[..text.len() / 2]), "{stream:?}");
            }
        }
    }

    /// The same text, or, of what is damaged, the same beginning: how much of it comes before the fault depends on how
    /// much is asked for at once.
    fn same((ours, done): &(Vec<u8>, bool), (stream, also): &(Vec<u8>, bool)) -> bool {
        let begins = ours.starts_with(stream) || stream.starts_with(ours);
        done == also && begins && (!done || ours.len() == stream.len())
    }

    proptest! {
        #[test]
        fn as_the_stream_alone(
            members in proptest::collection::vec("[a-c]{0,200}", 0..4),
            cut in 0usize..40,
            turned in proptest::option::of(0usize..300),
            jobs in 1usize..3,
        ) {
            let damage = |mut bytes: Vec<u8>| {
                bytes.truncate(bytes.len().saturating_sub(cut / 2));
                if let Some(byte) = turned.and_then(|at| bytes.get_mut(at)) {
                    *byte ^= 4;
                }
                bytes
            };
            let bytes = damage(members.iter().flat_map(|m| packed(m.as_bytes())).collect());
            let stream = unpacked(flate2::read::MultiGzDecoder::new(&bytes[..]));
            let ours = unpacked(decoder(Stream::Gzip, &bytes[..], jobs).unwrap());
            prop_assert!(same(&ours, &stream), "{ours:?} {stream:?}");
            let bytes = damage(members.iter().flat_map(|m| frame(m.as_bytes(), true)).collect());
            let stream = unpacked(zstd::stream::read::Decoder::new(&bytes[..]).unwrap());
            let ours = unpacked(decoder(Stream::Zstd, &bytes[..], jobs).unwrap());
            prop_assert!(same(&ours, &stream), "{ours:?} {stream:?}");
        }
    }
}
