//! Text of any size in chunks that end at a line's end; UTF-16 is turned into UTF-8 on the way.

use std::borrow::Cow;
use std::io::{self, Read};

use encoding_rs::{Decoder, Encoding, UTF_16BE, UTF_16LE, WINDOWS_1252};

/// A chunk of whole lines.
pub(crate) struct Chunk<'b> {
    pub text: &'b [u8],
    /// Offset of the chunk in the (unpacked, decoded) file.
    pub offset: u64,
    /// Number of its first line, from 1.
    pub line: u64,
}

const CHUNK: usize = 256 << 10;

/// Reads to the end; `take` gets every chunk.
pub(crate) fn read(
    reader: &mut dyn Read,
    longest: usize,
    mut take: impl FnMut(&Chunk<'_>),
) -> io::Result<()> {
    let mut buffer = vec![0u8; CHUNK];
    let (mut filled, mut offset, mut line) = (0, 0u64, 1u64);
    loop {
        let count = match reader.read(&mut buffer[filled..]) {
            Ok(count) => count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => {
                let text = &buffer[..filled];
                take(&Chunk { text, offset, line });
                return Err(error);
            }
        };
        let searched = filled;
        filled += count;
        if count == 0 {
            if filled > 0 {
                let text = &buffer[..filled];
                take(&Chunk { text, offset, line });
            }
            return Ok(());
        }
        if filled < buffer.len() && filled < CHUNK {
            continue;
        }
        let end = memchr::memrchr(b'\n', &buffer[searched..filled]).map(|at| searched + at + 1);
        let end = match end {
            Some(end) => end,
            None if filled < longest => {
                let size = buffer.len().max(filled) * 2;
                buffer.resize(size.min(longest.max(filled + 1)), 0);
                continue;
            }
            None => cut(&buffer[..filled]),
        };
        let text = &buffer[..end];
        take(&Chunk { text, offset, line });
        offset += end as u64;
        line += count_lines(text);
        buffer.copy_within(end..filled, 0);
        filled -= end;
        buffer.truncate(CHUNK.max(filled + 1));
    }
}

/// So far before the end of a piece of a line a better place to cut is looked for.
const BEFORE_CUT: usize = 64 << 10;

/// Where a line that is too long is cut: between words, so that no value lies in two pieces; else between characters.
pub(crate) fn cut(text: &[u8]) -> usize {
    let from = text.len().saturating_sub(BEFORE_CUT).max(1).min(text.len());
    let tail = &text[from..];
    let last = |is: &dyn Fn(u8) -> bool| tail.iter().rposition(|b| is(*b)).map(|at| from + at + 1);
    // A blank before all else: other signs may stand inside of paths and addresses of the web.
    last(&|b| b.is_ascii_whitespace() || b == 0)
        .or_else(|| last(&|b| b"\"'<>|,;{}[]()".contains(&b)))
        .or_else(|| {
            last(&|b| b.is_ascii() && !b.is_ascii_alphanumeric() && !b"./:-_%@".contains(&b))
        })
        .or_else(|| {
            let starts = |b: &u8| b & 0xc0 != 0x80;
            text.iter().rposition(starts).filter(|at| *at > 0 && text[*at] >= 0x80)
        })
        .unwrap_or(text.len())
}

/// A line as text: what is no UTF-8 is taken for Latin-1 (as Windows writes it).
pub(crate) fn text(line: &[u8]) -> Cow<'_, str> {
    match std::str::from_utf8(line) {
        Ok(text) => Cow::Borrowed(text),
        Err(_) => WINDOWS_1252.decode_without_bom_handling(line).0,
    }
}

/// Where the line begins and ends (its line feed left out) in which a place lies.
pub(crate) fn around(text: &[u8], at: usize) -> (usize, usize) {
    let start = memchr::memrchr(b'\n', &text[..at]).map_or(0, |at| at + 1);
    (start, memchr::memchr(b'\n', &text[at..]).map_or(text.len(), |end| at + end))
}

/// Gives beginning and end of the lines between two places, by the bits of the line feeds.
pub(crate) fn each_line(
    text: &[u8],
    newlines: &[u64],
    from: usize,
    to: usize,
    mut tell: impl FnMut(usize, usize),
) {
    let mut start = from;
    for (at, word) in newlines.iter().enumerate().take(to.div_ceil(64)).skip(from / 64) {
        let mut word = *word;
        if at == from / 64 {
            word &= u64::MAX << (from % 64);
        }
        while word != 0 {
            let end = at * 64 + word.trailing_zeros() as usize;
            word &= word - 1;
            if end >= to {
                break;
            }
            tell(start, end);
            start = end + 1;
        }
    }
    if start < to.min(text.len()) {
        tell(start, to.min(text.len()));
    }
}

/// Number of line ends.
pub(crate) fn count_lines(text: &[u8]) -> u64 {
    memchr::memchr_iter(b'\n', text).count() as u64
}

/// The UTF-16 encoding of a file that begins so; `None` for all others.
pub(crate) fn utf16(head: &[u8]) -> Option<&'static Encoding> {
    match head {
        [0xff, 0xfe, ..] => return Some(UTF_16LE),
        [0xfe, 0xff, ..] => return Some(UTF_16BE),
        _ => {}
    }
    let pairs = head.as_chunks::<2>().0;
    if pairs.len() < 8 {
        return None;
    }
    let ascii = |at: usize| {
        pairs
            .iter()
            .filter(|p| p[1 - at] == 0 && (p[at].is_ascii_graphic() || p[at].is_ascii_whitespace()))
            .count()
    };
    // Blanks, digits and signs are ASCII in every language; the rest must be text as well.
    [(UTF_16LE, ascii(0)), (UTF_16BE, ascii(1))].into_iter().find_map(|(encoding, count)| {
        let is_text = || {
            let (text, broken) = encoding.decode_without_bom_handling(pairs.as_flattened());
            !broken && text.chars().all(|c| !c.is_control() || matches!(c, '\t' | '\r' | '\n'))
        };
        let most = count > pairs.len() * 9 / 10;
        (most || count * 8 > pairs.len() && is_text()).then_some(encoding)
    })
}

/// Whether lines end with a carriage return alone, as old programs and some exports write them: by a text's beginning.
pub(crate) fn has_returns_only(head: &[u8]) -> bool {
    memchr::memchr(b'\r', head).is_some() && memchr::memchr(b'\n', head).is_none()
}

/// Turns carriage returns that end a line alone into line feeds; no byte changes its place.
pub(crate) fn returns_to_feeds(text: &mut [u8], next: Option<u8>) {
    for at in 0..text.len() {
        if text[at] == b'\r' && text.get(at + 1).copied().or(next) != Some(b'\n') {
            text[at] = b'\n';
        }
    }
}

/// Does the same while reading.
pub(crate) struct Returns<R> {
    inner: R,
    /// A carriage return of which it is not known what follows, or what followed it.
    held: Option<u8>,
    /// What was met behind bytes that are given out first.
    error: Option<io::Error>,
}

impl<R: Read> Returns<R> {
    pub(crate) fn new(inner: R) -> Self {
        Self { inner, held: None, error: None }
    }

    /// Reads on; an error is kept for the next time.
    fn more(&mut self, to: &mut [u8]) -> usize {
        loop {
            match self.inner.read(to) {
                Ok(count) => return count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => {
                    self.error = Some(error);
                    return 0;
                }
            }
        }
    }
}

impl<R: Read> Read for Returns<R> {
    fn read(&mut self, to: &mut [u8]) -> io::Result<usize> {
        let mut filled = 0;
        if let (Some(byte), Some(first)) = (self.held, to.first_mut()) {
            *first = byte;
            self.held = None;
            filled = 1;
        }
        if self.error.is_none() {
            filled += self.more(&mut to[filled..]);
        }
        if filled == 0 {
            return self.error.take().map_or(Ok(0), Err);
        }
        let text = &mut to[..filled];
        let mut next = None;
        if text.last() == Some(&b'\r') && self.error.is_none() {
            let mut one = [0];
            next = (self.more(&mut one) == 1).then_some(one[0]);
            self.held = next;
        }
        returns_to_feeds(text, next);
        Ok(filled)
    }
}

/// Turns UTF-16 into UTF-8 while reading.
pub(crate) struct Utf16<R> {
    inner: R,
    decoder: Decoder,
    raw: Vec<u8>,
    out: Vec<u8>,
    at: usize,
    ended: bool,
}

impl<R: Read> Utf16<R> {
    pub(crate) fn new(inner: R, encoding: &'static Encoding) -> Self {
        let decoder = encoding.new_decoder_with_bom_removal();
        Self { inner, decoder, raw: vec![0; 32 << 10], out: Vec::new(), at: 0, ended: false }
    }
}

impl<R: Read> Read for Utf16<R> {
    fn read(&mut self, to: &mut [u8]) -> io::Result<usize> {
        while self.at == self.out.len() {
            if self.ended {
                return Ok(0);
            }
            let count = self.inner.read(&mut self.raw)?;
            self.ended = count == 0;
            let most = self.decoder.max_utf8_buffer_length(count).unwrap_or(count * 3 + 16);
            self.out.resize(most, 0);
            let (_, _, written, _) =
                self.decoder.decode_to_utf8(&self.raw[..count], &mut self.out, self.ended);
            self.out.truncate(written);
            self.at = 0;
        }
        let count = to.len().min(self.out.len() - self.at);
        to[..count].copy_from_slice(&self.out[self.at..self.at + count]);
        self.at += count;
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn returns_alone_become_feeds_wherever_the_reading_is_cut() {
        struct Bits<'t>(&'t [u8], usize);
        impl Read for Bits<'_> {
            fn read(&mut self, to: &mut [u8]) -> io::Result<usize> {
                let count = self.1.min(to.len()).min(self.0.len());
                to[..count].copy_from_slice(&self.0[..count]);
                self.0 = &self.0[count..];
                Ok(count)
            }
        }
        for size in 1..7 {
            for (text, wanted) in [
                (&b"a\rb\r\rc"[..], &b"a\nb\n\nc"[..]),
                (b"a\r", b"a\n"),
                (b"a\r\nb\rc\r\n", b"a\r\nb\nc\r\n"),
                (b"\r\r\n", b"\n\r\n"),
                (b"", b""),
            ] {
                let mut all = Vec::new();
                Returns::new(Bits(text, size)).read_to_end(&mut all).unwrap();
                assert_eq!(all, wanted, "{size}");
            }
        }
        assert!(
            has_returns_only(b"a\rb") && !has_returns_only(b"a\r\nb") && !has_returns_only(b"ab")
        );
    }

    fn collect(text: &[u8], longest: usize) -> (Vec<u8>, Vec<u64>) {
        let (mut all, mut lines) = (Vec::new(), Vec::new());
        read(&mut &text[..], longest, |chunk| {
            assert_eq!(chunk.offset as usize, all.len());
            all.extend_from_slice(chunk.text);
            lines.push(chunk.line);
        })
        .unwrap();
        (all, lines)
    }

    #[test]
    fn chunks_are_the_text_and_know_their_lines() {
        let text = "some line of a log\n".repeat(40_000);
        let (all, lines) = collect(text.as_bytes(), 1 << 20);
        assert_eq!(all, text.as_bytes());
        assert!(lines.len() > 2);
        let long = vec![b'x'; 3 << 20];
        let (all, lines) = collect(&long, 1 << 20);
        assert_eq!(all.len(), 3 << 20);
        assert!(lines.iter().all(|l| *l == 1));
        assert_eq!(cut(b"one two three"), 8);
        assert_eq!(cut(b"/a/b,/c/d"), 5);
        assert_eq!(cut("\u{e9}\u{e9}".as_bytes()), 2);
        assert_eq!((cut(b"x"), cut(b"")), (1, 0));
    }

    #[test]
    fn utf16_is_decoded_with_and_without_a_mark() {
        let text = "2021-03-03 line of text\r\nsecond\r\n";
        let plain: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
        let marked: Vec<u8> = [
            &[0xfe, 0xff][..],
            &text.encode_utf16().flat_map(u16::to_be_bytes).collect::<Vec<_>>(),
        ]
        .concat();
        for bytes in [plain, marked] {
            let mut decoded = String::new();
            Utf16::new(&bytes[..], utf16(&bytes).unwrap()).read_to_string(&mut decoded).unwrap();
            assert_eq!(decoded, text);
        }
        assert!(utf16(b"plain old ASCII text").is_none());
        let cyrillic = "03.03.2021 Журнал: вход\r\n03.03.2021 Журнал: выход\r\n";
        let little: Vec<u8> = cyrillic.encode_utf16().flat_map(u16::to_le_bytes).collect();
        let big: Vec<u8> = cyrillic.encode_utf16().flat_map(u16::to_be_bytes).collect();
        assert_eq!((utf16(&little), utf16(&big)), (Some(UTF_16LE), Some(UTF_16BE)));
        // Numbers of two bytes are no text.
        let numbers: Vec<u8> = (0..200u16).flat_map(u16::to_le_bytes).collect();
        assert!(utf16(&numbers).is_none());
        assert_eq!(super::text(b"caf\xe9"), "caf\u{e9}");
        assert_eq!(super::text("caf\u{e9}".as_bytes()), "caf\u{e9}");
    }
}
