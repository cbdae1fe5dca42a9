use lapwing_model::Format;

use crate::decode::{decode, is_binary};
use crate::formats::{asciidoc, data, feed, html, list, markdown, post, rtf, structured, table};

/// Bytes of the head that decide about the format.
pub(crate) const HEAD: usize = 64 << 10;

/// What the first bytes say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Magic {
    Gzip,
    Zstd,
    Zip,
    Tar,
    Pdf,
    Rtf,
    /// A known container that is not unpacked, by name.
    Unread(&'static str),
    /// No text.
    Binary,
    Text,
}

/// Tells archives, PDF and binaries by their first bytes.
pub(crate) fn magic(head: &[u8]) -> Magic {
    let starts = |bytes: &[u8]| head.starts_with(bytes);
    if starts(b"\x1f\x8b\x08") {
        return Magic::Gzip;
    }
    if starts(b"\x28\xb5\x2f\xfd") {
        return Magic::Zstd;
    }
    if starts(b"PK\x03\x04") || starts(b"PK\x05\x06") {
        return Magic::Zip;
    }
    if head.get(257..262) == Some(b"ustar") {
        return Magic::Tar;
    }
    if starts(rtf::MARK) {
        return Magic::Rtf;
    }
    // Readers accept a PDF head anywhere in the first 1,024 bytes (PDF 1.7, appendix H.3.4.1).
    if memchr::memmem::find(&head[..head.len().min(1024)], b"%PDF-")
        .is_some_and(|at| at == 0 || !text_before(&head[..at]))
    {
        return Magic::Pdf;
    }
    for (bytes, name) in [
        (&b"7z\xbc\xaf\x27\x1c"[..], "a 7-Zip archive"),
        (b"Rar!\x1a\x07", "a RAR archive"),
        (b"BZh", "a bzip2 file"),
        (b"\xfd7zXZ\x00", "an xz file"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "an older Office document"),
        // Its mark begins like that of UTF-16, and the rest would be read as half empty.
        (b"\xff\xfe\x00\x00", "text in UTF-32"),
        (b"\x00\x00\xfe\xff", "text in UTF-32"),
    ] {
        if starts(bytes) {
            return Magic::Unread(name);
        }
    }
    if is_binary(head) { Magic::Binary } else { Magic::Text }
}

/// Whether a text (and no stray bytes) stands before the place where a PDF might begin.
fn text_before(bytes: &[u8]) -> bool {
    bytes.iter().filter(|b| b.is_ascii_alphabetic()).count() > 16
}

/// Tells the format of a text: structured kinds first, then markup, tables, lists, prose.
pub(crate) fn text_format(name: &str, head: &str, complete: bool) -> Format {
    for (format, recognises, _) in structured::all() {
        if recognises(name, head) {
            return format;
        }
    }
    let ending = ending(name);
    let whole = whole_lines(head, complete);
    let trimmed = whole.trim_start();
    if feed::looks_like(trimmed) {
        return Format::Feed;
    }
    if post::looks_like(trimmed) {
        return Format::Post;
    }
    if html::looks_like(trimmed)
        || (matches!(ending.as_str(), "html" | "htm" | "xhtml") && trimmed.contains('<'))
    {
        return Format::Html;
    }
    if data::looks_like_json(trimmed, complete) || data::looks_like_xml(trimmed) {
        return Format::Data;
    }
    if list::single_value(whole) && complete {
        return Format::List;
    }
    if matches!(ending.as_str(), "yaml" | "yml") && data::looks_like_yaml(whole) {
        return Format::Data;
    }
    let marked_up = matches!(ending.as_str(), "md" | "markdown" | "adoc" | "asciidoc");
    if !marked_up && table::sniff(whole).is_some() {
        return Format::Table;
    }
    if asciidoc::looks_like(whole) || matches!(ending.as_str(), "adoc" | "asciidoc") {
        return Format::AsciiDoc;
    }
    if marked_up {
        return Format::Markdown;
    }
    if list::looks_like(whole) {
        return Format::List;
    }
    if data::looks_like_yaml(whole) {
        return Format::Data;
    }
    if markdown::looks_like(whole) {
        return Format::Markdown;
    }
    Format::Text
}

/// Without a last line that may have been cut off.
pub(crate) fn whole_lines(head: &str, complete: bool) -> &str {
    if complete {
        return head;
    }
    match head.rfind('\n') {
        Some(at) => &head[..=at],
        None => head,
    }
}

/// The ending of a file's name in lower case, behind that of a compression.
pub(crate) fn ending(name: &str) -> String {
    let file = name.rsplit(['/', '\\', '!']).next().unwrap_or(name).to_ascii_lowercase();
    let file = [".gz", ".zst"].iter().find_map(|e| file.strip_suffix(e)).unwrap_or(&file);
    file.rsplit_once('.').map(|(_, e)| e.to_owned()).unwrap_or_default()
}

/// Tells the format of bytes by their content; the name only breaks ties.
///
/// `None` for archives, compressed files and what is no text.
pub fn detect(name: &str, bytes: &[u8]) -> Option<Format> {
    let head = &bytes[..bytes.len().min(HEAD)];
    match magic(head) {
        Magic::Pdf => Some(Format::Pdf),
        Magic::Rtf => Some(Format::Docx),
        Magic::Text if !head.is_empty() => {
            Some(text_format(name, &decode(head).text, head.len() == bytes.len()))
        }
        _ => None,
    }
}
