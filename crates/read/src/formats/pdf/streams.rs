use std::io::{Cursor, Read};

use flate2::read::ZlibDecoder;
use memchr::memmem;

/// A stream that is no picture and unpacks to more than this is no text: 64 MiB.
pub(super) const MOST: u64 = 64 << 20;
/// Pictures are not drawn, yet a parser may unpack one to look at it: 1 GiB.
const MOST_PICTURE: u64 = 1 << 30;
/// How often a stream may be compressed again.
const LAYERS: usize = 4;
/// Bytes in front of a stream in which its dictionary is looked for.
const DICTIONARY: usize = 1024;

/// The byte at which a compressed stream begins that unpacks to far too much.
///
/// The parser unpacks a stream whole and knows no limit, so this is looked at before.
pub(super) fn bomb(raw: &[u8]) -> Option<usize> {
    memmem::find_iter(raw, b"stream").find(|&word| {
        let before = &raw[word.saturating_sub(DICTIONARY)..word];
        if before.ends_with(b"end") {
            return false;
        }
        let begin = word + "stream".len();
        let ends = raw[begin..].iter().take(2).take_while(|b| matches!(b, b'\r' | b'\n')).count();
        let packed = &raw[begin + ends..];
        let dictionary = memmem::rfind(before, b" obj").map_or(before, |at| &before[at..]);
        let picture = memmem::find(dictionary, b"/Image").is_some();
        let most = if picture { MOST_PICTURE } else { MOST };
        zlib_head(packed) && unpacked(packed, most) > most
    })
}

/// How many bytes come out, layers of compression within each other included; stops behind `most`.
fn unpacked(packed: &[u8], most: u64) -> u64 {
    let mut reader: Box<dyn Read + '_> = Box::new(ZlibDecoder::new(packed));
    let mut buffer = vec![0; 64 << 10];
    for _ in 0..LAYERS {
        let mut head = Vec::new();
        // Damage is for the parser to name; here it only ends the stream.
        let _ = reader.by_ref().take(2).read_to_end(&mut head);
        let again = zlib_head(&head);
        reader = Box::new(Cursor::new(head).chain(reader));
        if !again {
            break;
        }
        reader = Box::new(ZlibDecoder::new(reader));
    }
    let mut count = 0;
    while count <= most {
        match reader.read(&mut buffer) {
            Ok(0) | Err(_) => break,
            Ok(n) => count += n as u64,
        }
    }
    count
}

/// Whether a zlib stream may begin here (RFC 1950, 2.2).
fn zlib_head(bytes: &[u8]) -> bool {
    matches!(bytes, [method, flags, ..]
        if method & 0x0f == 8 && (u16::from(*method) << 8 | u16::from(*flags)).is_multiple_of(31))
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    fn packed(bytes: &[u8]) -> Vec<u8> {
        let mut packed = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::best());
        packed.write_all(bytes).unwrap();
        packed.finish().unwrap()
    }

    fn object(dictionary: &str, stream: &[u8]) -> Vec<u8> {
        [b"1 0 obj\n<< ", dictionary.as_bytes(), b" >>\nstream\n", stream, b"\nendstream"].concat()
    }

    #[test]
    fn a_stream_that_grows_is_told_from_one_that_does_not() {
        let large = vec![b' '; MOST as usize + 1];
        let once = packed(&large);
        assert_eq!(bomb(&object("", &packed(&large[..1 << 20]))), None);
        assert!(bomb(&object("", &once)).is_some());
        assert!(bomb(&object("", &packed(&once))).is_some());
        assert_eq!(bomb(&object("/Subtype /Image", &once)), None);
        assert_eq!(bomb(b"stream\nendstream stream"), None);
    }
}
