//! The page as PDF: the same blocks as Markdown and HTML, set with fonts of our own.

mod blocks;
mod draw;
mod font;
mod table;
mod wrap;

use std::sync::Arc;

use krilla::Document;

use crate::PublishError;
use crate::layout::Layout;
use draw::Sheet;
use font::{Face, Faces};

/// A font for characters that the built-in ones lack (Chinese, Arabic, Thai …).
#[derive(Clone, Debug)]
pub struct PdfFont {
    name: String,
    bytes: Arc<Vec<u8>>,
}

impl PdfFont {
    /// Takes the bytes of a TrueType or OpenType font, or of a collection of them (its first is
    /// used).
    ///
    /// # Errors
    /// When it cannot be read as a font.
    pub fn new(name: &str, bytes: Vec<u8>) -> Result<Self, PublishError> {
        let font = Self { name: name.to_owned(), bytes: Arc::new(bytes) };
        font.face()?;
        Ok(font)
    }

    fn face(&self) -> Result<Face, PublishError> {
        Face::new(&self.bytes).map_err(|why| PublishError::Font { name: self.name.clone(), why })
    }
}

/// Writes a page as PDF.
pub(crate) fn render(page: &Layout, further: Option<&PdfFont>) -> Result<Vec<u8>, PublishError> {
    let further = further.map(PdfFont::face).transpose()?;
    let faces = Faces::builtin(further)?;
    let mut sheet = Sheet::new(&faces);
    blocks::write(page, &mut sheet);
    let mut document = Document::new();
    draw::pages(&mut document, &sheet.finish(), &faces, page);
    document.finish().map_err(|error| PublishError::Pdf(format!("{error:?}")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layout::{Block, Cell, Item, Row, Section, Table};

    fn layout(text: &str) -> Layout {
        let row = |n: usize| Row {
            cells: vec![
                Cell::code(format!("198.51.100[.]{n}")),
                Cell::new("active"),
                Cell::new(text),
            ],
            note: "a note".to_owned(),
            quotes: Vec::new(),
        };
        let table = Table {
            columns: vec!["Indicator", "Status", "Words"],
            rows: (0..120).map(row).collect(),
            notes: "Notes",
            ..Table::default()
        };
        let item = Item { lead: Some("2021-03-02".to_owned()), ..Item::new(text) };
        Layout {
            title: "HAFNIUM".to_owned(),
            kind: "threat actor",
            marking: "TLP:GREEN".to_owned(),
            dated: "as known on 2021-04-01".to_owned(),
            figures: vec![(3, "documents")],
            sections: vec![
                Section::new("a", "Summary", vec![Block::Prose(text.repeat(40))]),
                Section::new("b", "Timeline", vec![Block::Timeline(vec![item])]),
                Section::new("c", "Indicators", vec![Block::Table(table)]),
            ],
            footer: "the end".to_owned(),
        }
    }

    #[test]
    fn a_page_is_written_the_same_each_time() {
        let page = layout("web shells were found. ");
        let pdf = render(&page, None).unwrap();
        assert!(pdf.starts_with(b"%PDF-1.") && pdf.len() > 10_000);
        assert_eq!(pdf, render(&page, None).unwrap());
    }

    #[test]
    fn no_text_breaks_it() {
        for text in [
            "",
            "中文報告 🦆 ",
            "שלום עולם",
            "\u{0}\u{202e}",
            "x",
            &"w".repeat(5000),
            "a\u{301}\u{301}",
        ] {
            assert!(render(&layout(text), None).is_ok(), "{text:?}");
        }
    }

    #[test]
    fn a_broken_font_is_refused_by_name() {
        for bytes in [b"".to_vec(), b"\0\x01\0\0".to_vec(), vec![0xff; 400]] {
            let refused = PdfFont::new("x.ttf", bytes).unwrap_err();
            assert!(refused.to_string().starts_with("x.ttf: "), "{refused}");
        }
    }
}
