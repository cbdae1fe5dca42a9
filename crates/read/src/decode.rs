use std::borrow::Cow;

use chardetng::{EncodingDetector, Iso2022JpDetection, Utf8Detection};
use encoding_rs::{Encoding, UTF_8, UTF_16BE, UTF_16LE};
use lapwing_model::{Problem, ProblemKind};

/// Bytes as text, with what was lost on the way.
pub(crate) struct Decoded<'a> {
    /// The text, without a byte order mark.
    pub text: Cow<'a, str>,
    /// How many characters were replaced, and where the first stood (byte of the input).
    pub replaced: Option<(usize, usize)>,
}

impl Decoded<'_> {
    /// The problem to report, when characters were replaced.
    pub fn problem(&self, name: &str) -> Option<Problem> {
        let (count, first) = self.replaced?;
        let message =
            format!("{count} characters are not valid in the text's encoding and were replaced");
        Some(Problem::partial(name, ProblemKind::Encoding, message).at(format!("byte {first}")))
    }
}

/// Bytes as text, in whatever encoding they are: by byte order mark, by what the page names, by
/// shape, by statistics. What is not valid in it is replaced.
#[must_use]
pub fn text(bytes: &[u8]) -> Cow<'_, str> {
    decode(bytes).text
}

/// Decodes by byte order mark, then by shape, then by statistics.
pub(crate) fn decode(bytes: &[u8]) -> Decoded<'_> {
    let (encoding, skip) = encoding(bytes);
    let body = bytes.get(skip..).unwrap_or_default();
    if encoding == UTF_8 {
        return utf8(body, skip);
    }
    let (text, lossy) = encoding.decode_without_bom_handling(body);
    let replaced = lossy.then(|| {
        let count = text.matches('\u{fffd}').count();
        (count.max(1), skip + first_bad(encoding, body))
    });
    Decoded { text, replaced }
}

/// The encoding, and the length of the byte order mark.
pub(crate) fn encoding(bytes: &[u8]) -> (&'static Encoding, usize) {
    if let Some(found) = Encoding::for_bom(bytes) {
        return found;
    }
    if let Some(wide) = wide(bytes) {
        return (wide, 0);
    }
    let sample = &bytes[..bytes.len().min(1 << 20)];
    match std::str::from_utf8(bytes) {
        Ok(_) => return (UTF_8, 0),
        // Mostly good UTF-8 with a few broken bytes, or cut in the middle of a character.
        Err(error) if error.error_len().is_none() || mostly_utf8(sample) => return (UTF_8, 0),
        Err(_) => {}
    }
    if let Some(named) = named(sample) {
        return (named, 0);
    }
    let mut detector = EncodingDetector::new(Iso2022JpDetection::Deny);
    detector.feed(sample, true);
    (detector.guess(None, Utf8Detection::Deny), 0)
}

/// The encoding that a page of HTML or XML names in its head (HTML, 13.2.3.2), unless that is one
/// that its bytes have shown not to be.
fn named(bytes: &[u8]) -> Option<&'static Encoding> {
    let head = bytes[..bytes.len().min(2048)].to_ascii_lowercase();
    let marked = memchr::memmem::find(&head, b"<meta").is_some() || head.starts_with(b"<?xml");
    let at = [&b"charset="[..], b"encoding="]
        .into_iter()
        .filter_map(|key| Some(memchr::memmem::find(&head, key)? + key.len()))
        .min()
        .filter(|_| marked)?;
    let quoted = |b: &u8| matches!(b, b'"' | b'\'' | b' ');
    let label: Vec<u8> = head[at..].iter().copied().skip_while(quoted).collect();
    let end = label.iter().position(|b| !b.is_ascii_alphanumeric() && !matches!(b, b'-' | b'_'));
    let encoding = Encoding::for_label(&label[..end.unwrap_or(label.len())])?;
    // A page that names UTF-16 in bytes that read as ASCII is mistaken.
    (encoding != UTF_8 && encoding.is_ascii_compatible()).then_some(encoding)
}

/// UTF-16 without a byte order mark: ASCII text has a zero in every second byte.
fn wide(bytes: &[u8]) -> Option<&'static Encoding> {
    let sample = &bytes[..bytes.len().min(4096) & !1];
    if sample.len() < 4 {
        return None;
    }
    let zeros = |from: usize| sample.iter().skip(from).step_by(2).filter(|b| **b == 0).count();
    let (even, odd, half) = (zeros(0), zeros(1), sample.len() / 2);
    if odd * 10 >= half * 7 && even * 20 <= half {
        Some(UTF_16LE)
    } else if even * 10 >= half * 7 && odd * 20 <= half {
        Some(UTF_16BE)
    } else {
        None
    }
}

/// Whether good multi-byte characters outnumber broken bytes by far.
fn mostly_utf8(bytes: &[u8]) -> bool {
    let (mut good, mut bad) = (0usize, 0usize);
    for chunk in bytes.utf8_chunks() {
        good += chunk.valid().bytes().filter(|b| *b >= 0xc0).count();
        bad += usize::from(!chunk.invalid().is_empty());
    }
    good > bad * 4
}

fn utf8(body: &[u8], skip: usize) -> Decoded<'_> {
    match std::str::from_utf8(body) {
        Ok(text) => Decoded { text: Cow::Borrowed(text), replaced: None },
        Err(error) => {
            let mut text = String::with_capacity(body.len());
            let mut count = 0;
            for chunk in body.utf8_chunks() {
                text.push_str(chunk.valid());
                if !chunk.invalid().is_empty() {
                    text.push('\u{fffd}');
                    count += 1;
                }
            }
            Decoded { text: Cow::Owned(text), replaced: Some((count, skip + error.valid_up_to())) }
        }
    }
}

/// Where decoding first fails.
fn first_bad(encoding: &'static Encoding, body: &[u8]) -> usize {
    let mut decoder = encoding.new_decoder_without_bom_handling();
    let mut sink = vec![
        0u8;
        decoder
            .max_utf8_buffer_length_without_replacement(body.len().min(1 << 16))
            .unwrap_or(1 << 18)
    ];
    let mut at = 0;
    while at < body.len() {
        let end = (at + (1 << 16)).min(body.len());
        let (result, read, _) = decoder.decode_to_utf8_without_replacement(
            &body[at..end],
            &mut sink,
            end == body.len(),
        );
        at += read;
        match result {
            encoding_rs::DecoderResult::Malformed(len, after) => {
                return at.saturating_sub(usize::from(len) + usize::from(after));
            }
            encoding_rs::DecoderResult::InputEmpty if end == body.len() => break,
            _ if read == 0 => break,
            _ => {}
        }
    }
    at
}

/// Whether bytes are no text at all: zero bytes or mostly control characters.
pub(crate) fn is_binary(head: &[u8]) -> bool {
    if Encoding::for_bom(head).is_some() || wide(head).is_some() {
        return false;
    }
    let sample = &head[..head.len().min(8192)];
    let zeros = memchr::memchr_iter(0, sample).count();
    let control = sample
        .iter()
        .filter(|b| **b < 32 && !matches!(**b, b'\t' | b'\n' | b'\r' | 0x0c | 0x1b))
        .count();
    // A stray zero byte in a long text is damage, not a binary.
    zeros * 500 > sample.len() || control * 20 > sample.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_names_its_encoding() {
        let page = |head: &str, words: &str, label: &str| {
            let encoding = Encoding::for_label(label.as_bytes()).unwrap();
            let text = format!("{head}<p>{words}</p>");
            let bytes = encoding.encode(&text).0.into_owned();
            assert_eq!(decode(&bytes).text, text, "{label}");
        };
        page("<meta charset=\"shift_jis\">", "攻撃者は湿地", "shift_jis");
        page("<meta charset=gb18030>", "攻击者", "gb18030");
        page(
            "<meta http-equiv=content-type content='text/html; charset=koi8-r'>",
            "Цапля стоит",
            "koi8-r",
        );
        page("<?xml version='1.0' encoding='windows-1252'?>", "d’où – çà", "windows-1252");
    }

    #[test]
    fn encodings_are_told_and_losses_counted() {
        let wide: Vec<u8> = "C2: 192.0.2.7\n".encode_utf16().flat_map(u16::to_le_bytes).collect();
        assert_eq!(decode(&wide).text, "C2: 192.0.2.7\n");
        let wide: Vec<u8> = "C2: 192.0.2.7\n".encode_utf16().flat_map(u16::to_be_bytes).collect();
        assert_eq!(decode(&wide).text, "C2: 192.0.2.7\n");
        assert_eq!(decode(b"\xef\xbb\xbfvalue").text, "value");
        assert_eq!(
            decode(b"R\xe9seau d'attaque d\xe9couvert \xe0 Paris").text,
            "Réseau d'attaque découvert à Paris"
        );
        let broken =
            "é".repeat(20).into_bytes().into_iter().chain([0xff, b'a']).collect::<Vec<_>>();
        assert_eq!(decode(&broken).replaced, Some((1, 40)));
        assert!(is_binary(b"MZ\x90\x00\x03\x00\x00\x00\x04\x00\x00\x00\xff\xff\x00\x00\xb8"));
        assert!(!is_binary("Текст".as_bytes()));
    }
}
