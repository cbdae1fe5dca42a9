//! Mail messages and pages saved as MHTML: their text, and their attachments as members
//! (RFC 5322, RFC 2045 to 2047, RFC 2557).

use encoding_rs::Encoding;
use lapwing_model::{Document, PartialDate};

use crate::{dates, decode};

/// Parts within parts.
const DEPTH: usize = 8;
/// Parts of one message.
const PARTS: usize = 1_000;
/// Bytes of the head of a message or part.
const HEAD: usize = 64 << 10;

/// What a message says of itself.
#[derive(Debug, Default)]
pub(crate) struct Envelope {
    subject: Option<String>,
    from: Option<String>,
    date: Option<PartialDate>,
    /// The address of a saved page.
    location: Option<String>,
}

/// A part that is to be read: the text of the message, or an attachment.
#[derive(Debug, PartialEq)]
pub(crate) struct Part {
    /// The name that it was given; `None` for the text of the message.
    pub name: Option<String>,
    pub bytes: Vec<u8>,
}

impl Envelope {
    /// Completes what a document of the message's text does not say of itself.
    pub fn describe(&self, document: &mut Document) {
        let saved = self.location.is_some();
        document.url = document.url.take().or_else(|| self.location.clone());
        document.title = match (&document.title, &self.subject) {
            // A page that was saved has a title of its own.
            (Some(title), _) if saved => Some(title.clone()),
            (title, subject) => subject.clone().or_else(|| title.clone()),
        };
        if !saved {
            document.source = document.source.take().or_else(|| self.from.clone());
            document.published = document.published.or(self.date);
        }
    }
}

/// Whether bytes begin with the head of a message: of one by MIME, or of one that mail servers passed on.
pub(crate) fn looks_like(head: &[u8]) -> bool {
    let Some((fields, _)) = fields(head) else { return false };
    let has = |name: &str| fields.iter().any(|(key, _)| key == name);
    let by_mime = has("mime-version") && has("content-type");
    let passed_on =
        ["received", "return-path", "message-id", "delivered-to"].iter().any(|f| has(f))
            && has("from");
    (by_mime || passed_on) && (has("from") || has("subject") || has("date"))
}

/// Takes a message apart: the last of alternatives, the first page of a saved one.
pub(crate) fn parts(raw: &[u8]) -> (Envelope, Vec<Part>) {
    let mut envelope = Envelope::default();
    let mut parts = Vec::new();
    if let Some((fields, body)) = fields(raw) {
        let get = |name: &str| fields.iter().find(|(key, _)| key == name).map(|(_, v)| words(v));
        envelope.subject = get("subject").filter(|s| !s.is_empty());
        envelope.location = get("snapshot-content-location").or_else(|| get("content-location"));
        envelope.location = envelope.location.take().filter(|l| l.contains("://"));
        envelope.date = get("date").and_then(|d| dates::parse(&d));
        let from = get("from").unwrap_or_default();
        let from = from.split('<').next().unwrap_or_default().trim_matches(['"', ' ']);
        envelope.from = Some(from.to_owned()).filter(|f| !f.is_empty() && !f.contains('@'));
        part(&fields, &raw[body..], 0, &mut parts);
    }
    (envelope, parts)
}

type Fields = Vec<(String, String)>;

/// The fields of a head with their folded lines joined, and where the body begins.
fn fields(bytes: &[u8]) -> Option<(Fields, usize)> {
    let bytes = &bytes[..bytes.len().min(HEAD)];
    let mut fields: Fields = Vec::new();
    let mut at = bytes.len() - bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes).len();
    for line in bytes[at..].split_inclusive(|b| *b == b'\n') {
        at += line.len();
        let line = String::from_utf8_lossy(line);
        let shown = line.trim_end();
        if shown.is_empty() {
            return (!fields.is_empty()).then_some((fields, at));
        }
        if shown.starts_with([' ', '\t']) {
            let (_, value) = fields.last_mut()?;
            value.push(' ');
            value.push_str(shown.trim_start());
        } else {
            let (key, value) = shown.split_once(':')?;
            if key.is_empty() || !key.bytes().all(|b| b.is_ascii_graphic()) {
                return None;
            }
            fields.push((key.to_ascii_lowercase(), value.trim().to_owned()));
        }
    }
    None
}

fn part(fields: &Fields, body: &[u8], depth: usize, parts: &mut Vec<Part>) {
    let get = |name: &str| fields.iter().find(|(key, _)| key == name).map(|(_, v)| v.as_str());
    let kind = get("content-type").unwrap_or("text/plain");
    let lower = kind.to_ascii_lowercase();
    let boundary = parameter(kind, "boundary").filter(|b| !b.is_empty());
    if let Some(boundary) = boundary.filter(|_| lower.starts_with("multipart/") && depth < DEPTH) {
        let first = parts.len();
        for inner in split(body, &boundary) {
            if parts.len() >= PARTS {
                return;
            }
            match self::fields(inner) {
                Some((fields, at)) => part(&fields, &inner[at..], depth + 1, parts),
                None => part(&Vec::new(), inner, depth + 1, parts),
            }
        }
        let text = |part: &Part| part.name.is_none();
        // Alternatives tell the same, the richest last; of a saved page the first is the page.
        let kept = if lower.starts_with("multipart/alternative") {
            parts[first..].iter().rposition(text)
        } else if lower.starts_with("multipart/related") {
            parts[first..].iter().position(text)
        } else {
            return;
        };
        let mut at = 0;
        let tail: Vec<Part> = parts.drain(first..).collect();
        parts.extend(tail.into_iter().filter(|part| {
            at += 1;
            part.name.is_some() || Some(at - 1) == kept
        }));
        return;
    }
    let disposition = get("content-disposition").unwrap_or_default();
    let name = parameter(disposition, "filename").or_else(|| parameter(kind, "name"));
    let attached = disposition.to_ascii_lowercase().starts_with("attachment");
    let bytes = decoded(body, get("content-transfer-encoding").unwrap_or_default());
    if lower.starts_with("text/html") || lower.starts_with("text/plain") {
        let label = parameter(kind, "charset").unwrap_or_default();
        let bytes = match Encoding::for_label(label.as_bytes()) {
            Some(encoding) => encoding.decode(&bytes).0.into_owned().into_bytes(),
            None => decode::decode(&bytes).text.into_owned().into_bytes(),
        };
        let name = name.filter(|_| attached).map(|n| words(&n));
        parts.push(Part { name, bytes });
    } else if let Some(name) = name.filter(|_| !lower.starts_with("image/")) {
        parts.push(Part { name: Some(words(&name)), bytes });
    }
}

/// What stands between the boundaries of a body; what is cut off goes to its end.
fn split<'b>(body: &'b [u8], boundary: &str) -> Vec<&'b [u8]> {
    let mark = format!("--{boundary}");
    let mut found = Vec::new();
    let mut open: Option<usize> = None;
    let mut at = 0;
    for line in body.split_inclusive(|b| *b == b'\n') {
        if line.starts_with(mark.as_bytes()) {
            if let Some(from) = open.take() {
                found.push(&body[from..at]);
            }
            if line[mark.len()..].starts_with(b"--") || found.len() >= PARTS {
                return found;
            }
            open = Some(at + line.len());
        }
        at += line.len();
    }
    found.extend(open.and_then(|from| body.get(from..)));
    found
}

/// A parameter of a field: `charset="utf-8"`.
fn parameter(field: &str, name: &str) -> Option<String> {
    field.split(';').skip(1).find_map(|piece| {
        let (key, value) = piece.split_once('=')?;
        let same = key.trim().trim_end_matches('*').eq_ignore_ascii_case(name);
        same.then(|| value.trim().trim_matches('"').to_owned())
    })
}

fn decoded(body: &[u8], encoding: &str) -> Vec<u8> {
    match encoding.trim().to_ascii_lowercase().as_str() {
        "base64" => base64(body),
        "quoted-printable" => quoted(body),
        _ => body.to_vec(),
    }
}

/// Base64 (RFC 2045, 6.8): what is no letter of it is passed over.
fn base64(body: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(body.len() / 4 * 3);
    let (mut bits, mut count) = (0u32, 0);
    for byte in body {
        let value = match byte {
            b'A'..=b'Z' => byte - b'A',
            b'a'..=b'z' => byte - b'a' + 26,
            b'0'..=b'9' => byte - b'0' + 52,
            b'+' => 62,
            b'/' => 63,
            _ => continue,
        };
        bits = (bits << 6) | u32::from(value);
        count += 6;
        if count >= 8 {
            count -= 8;
            out.push((bits >> count & 0xff) as u8);
        }
    }
    out
}

/// Quoted-printable (RFC 2045, 6.7): `=41` is a byte, `=` at the end of a line joins it.
fn quoted(body: &[u8]) -> Vec<u8> {
    let digit = |b: Option<&u8>| b.and_then(|b| char::from(*b).to_digit(16));
    let mut out = Vec::with_capacity(body.len());
    let mut at = 0;
    while let Some(byte) = body.get(at) {
        at += 1;
        if *byte != b'=' {
            out.push(*byte);
        } else if let (Some(high), Some(low)) = (digit(body.get(at)), digit(body.get(at + 1))) {
            out.push((high * 16 + low) as u8);
            at += 2;
        } else if body.get(at) == Some(&b'\n') {
            at += 1;
        } else if body.get(at..at + 2) == Some(b"\r\n") {
            at += 2;
        } else {
            out.push(b'=');
        }
    }
    out
}

/// Decodes `=?utf-8?q?words?=` (RFC 2047).
pub(super) fn words(field: &str) -> String {
    let mut out = String::new();
    let mut rest = field;
    let mut encoded_before = false;
    while let Some(at) = rest.find("=?") {
        let mut pieces = rest[at + 2..].splitn(4, '?');
        let (label, kind, text) = (pieces.next(), pieces.next(), pieces.next());
        let tail = pieces.next().and_then(|t| t.strip_prefix('='));
        let encoding = label.and_then(|l| Encoding::for_label(l.as_bytes()));
        let (Some(encoding), Some(kind), Some(text), Some(tail)) = (encoding, kind, text, tail)
        else {
            break;
        };
        if !(encoded_before && rest[..at].trim().is_empty()) {
            out.push_str(&rest[..at]);
        }
        let bytes = match kind {
            "b" | "B" => base64(text.as_bytes()),
            _ => quoted(text.replace('_', " ").as_bytes()),
        };
        out.push_str(&encoding.decode(&bytes).0);
        (rest, encoded_before) = (tail, true);
    }
    out.push_str(rest);
    out.trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    const MESSAGE: &str = "From: =?utf-8?q?Marsh_W=C3=A4tch?= <watch@marsh.example>\r\nSubject: Visitors\r\n \
        of the marsh\r\nDate: Tue, 9 Mar 2021 08:00:00 +0000\r\nMIME-Version: 1.0\r\n\
        Content-Type: multipart/mixed; boundary=\"a\"\r\n\r\n--a\r\nContent-Type: multipart/alternative; boundary=b\r\n\r\n\
        --b\r\nContent-Type: text/plain\r\n\r\nplain\r\n--b\r\nContent-Type: text/html; charset=iso-8859-1\r\n\
        Content-Transfer-Encoding: quoted-printable\r\n\r\n<p>r=EFch =\r\nend</p>\r\n--b--\r\n--a\r\n\
        Content-Type: text/csv; name=\"iocs.csv\"\r\nContent-Disposition: attachment\r\nContent-Transfer-Encoding: base64\r\n\r\n\
        MTkyLjAuMi43Cg==\r\n--a--\r\n";

    #[test]
    fn a_message_is_taken_apart() {
        assert!(looks_like(MESSAGE.as_bytes()));
        let (envelope, parts) = parts(MESSAGE.as_bytes());
        assert_eq!(envelope.subject.as_deref(), Some("Visitors of the marsh"));
        assert_eq!(envelope.from.as_deref(), Some("Marsh Wätch"));
        assert_eq!(envelope.date.unwrap().to_string(), "2021-03-09");
        assert_eq!(parts.len(), 2, "{parts:?}");
        assert_eq!(String::from_utf8_lossy(&parts[0].bytes), "<p>rïch end</p>\r\n");
        assert_eq!(parts[1].name.as_deref(), Some("iocs.csv"));
        assert_eq!(parts[1].bytes, b"192.0.2.7\n");
    }

    #[test]
    fn what_mail_servers_passed_on_is_a_message_without_mime_too() {
        let head = "Return-Path: <watch@marsh.example>\nReceived: from gate.example (192.0.2.7)\n\tby mail.example; 9 Mar 2021\n\
            From: watch@marsh.example\nSubject: =?UTF-8?B?w5xiZXI=?= reeds\n\nThey spoke to 198.51.100.7.\n";
        for message in [head.to_owned(), format!("\u{feff}{head}")] {
            assert!(looks_like(message.as_bytes()));
            let (envelope, parts) = parts(message.as_bytes());
            assert_eq!(envelope.subject.as_deref(), Some("Über reeds"));
            assert_eq!(String::from_utf8_lossy(&parts[0].bytes), "They spoke to 198.51.100.7.\n");
        }
        assert!(!looks_like(b"From: the desk\nSubject: reeds\n\nA note.\n"));
    }

    /// A page as a browser saves it: the page, its style, a picture, a frame.
    const PAGE: &str = "From: <Saved by Reeds>\r\nSnapshot-Content-Location: https://watch.marsh.example/visitors\r\n\
        Subject: =?utf-8?Q?Visitors=20of=20the=20marsh?=\r\nDate: Tue, 9 Mar 2021 08:00:00 -0000\r\nMIME-Version: 1.0\r\n\
        Content-Type: multipart/related;\r\n\ttype=\"text/html\";\r\n\tboundary=\"----MultipartBoundary--x----\"\r\n\r\n\r\n\
        ------MultipartBoundary--x----\r\nContent-Type: text/html\r\nContent-ID: <frame-1@mhtml.blink>\r\n\
        Content-Transfer-Encoding: quoted-printable\r\nContent-Location: https://watch.marsh.example/visitors\r\n\r\n\
        <html><head><title>Visitors</title></head><body><p>They spoke to 198.51.100.=\r\n7 in M=C3=A4rz.</p></body></html>\r\n\
        ------MultipartBoundary--x----\r\nContent-Type: text/css\r\nContent-Transfer-Encoding: quoted-printable\r\n\
        Content-Location: cid:css-1@mhtml.blink\r\n\r\n@charset \"utf-8\"; p { color: red }\r\n\
        ------MultipartBoundary--x----\r\nContent-Type: image/png\r\nContent-Transfer-Encoding: base64\r\n\
        Content-Location: https://watch.marsh.example/a.png\r\n\r\niVBORw0KGgo=\r\n------MultipartBoundary--x------\r\n";

    #[test]
    fn a_saved_page_is_read_as_the_page_that_it_is() {
        use crate::{Item, Options, read_bytes};
        use lapwing_model::Format;
        assert!(looks_like(PAGE.as_bytes()));
        let (envelope, parts) = parts(PAGE.as_bytes());
        assert_eq!(envelope.subject.as_deref(), Some("Visitors of the marsh"));
        let page = String::from_utf8_lossy(&parts[0].bytes);
        assert!(page.contains("198.51.100.7 in M\u{e4}rz."), "{page}");
        for bytes in [PAGE.to_owned(), PAGE.replace("\r\n", "\n")] {
            let mut texts = Vec::new();
            read_bytes("visitors.mhtml", bytes.as_bytes(), &Options::default(), &mut |item| {
                if let Item::Reading(reading) = item {
                    texts.push((reading.document.format, reading.document.text));
                }
            });
            let article: Vec<_> =
                texts.iter().filter(|(_, text)| text.contains("198.51.100.7")).collect();
            assert_eq!(article.len(), 1, "{texts:?}");
            assert_eq!(article[0].0, Format::Html);
            assert!(!texts.iter().any(|(_, text)| text.contains("color: red")), "{texts:?}");
        }
        // Cut anywhere, it gives what stands before, and no panic.
        for end in 0..PAGE.len() {
            read_bytes("cut.mhtml", &PAGE.as_bytes()[..end], &Options::default(), &mut |_| {});
        }
    }

    #[test]
    fn what_is_no_message_is_none() {
        assert!(!looks_like(b"From: a\nTo: b\n\ntext"));
        assert!(!looks_like(b"# Title\n\nContent-Type: x\n"));
        assert_eq!(parts(b"MIME-Version: 1.0").1, []);
    }
}
