//! What all fuzz targets check: reading ends without a panic, and every span lies in its text.

use lapwing_model::Format;
use lapwing_read::{Item, Limits, Options, read_bytes};

/// Reads bytes as a format (or as what they look like) and checks what comes out.
pub fn read_as(format: Option<Format>, bytes: &[u8]) {
    let limits = Limits { document_bytes: 1 << 20, unpacked_bytes: 8 << 20, pdf_seconds: 5, ..Limits::default() };
    let options = Options { format, limits, ..Options::default() };
    let mut items = 0;
    read_bytes("input", bytes, &options, &mut |item| {
        items += 1;
        let Item::Reading(reading) = item else { return };
        let text = reading.document.text.as_str();
        let spans = reading.regions.iter().map(|r| r.span);
        let spans = spans.chain(reading.claims.iter().map(|c| c.span));
        for span in spans.chain(reading.gaps.iter().map(|g| g.span)) {
            assert!(span.slice(text).is_some(), "{span:?} is not in the text");
        }
    });
    // An archive may be empty; anything else gives a document or says why not.
    let archive = bytes.starts_with(b"PK") || bytes.starts_with(&[0x1f, 0x8b]) || bytes.get(257..262) == Some(b"ustar");
    assert!(items > 0 || archive, "lost without a word");
}
