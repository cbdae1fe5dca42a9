//! What a file says beside its pages: links, outline, and the metadata packet.

use hayro_interpret::kurbo::{Affine, Rect};
use hayro_syntax::Pdf;
use hayro_syntax::object::{Array, Dict, Stream, String as PdfString};
use hayro_syntax::page::Page;
use quick_xml::Reader;
use quick_xml::events::Event;

/// Links of one page that are looked at.
const LINKS: usize = 20_000;
/// Entries of the outline that are looked at.
const OUTLINE: usize = 10_000;
/// Bytes of a metadata packet that are looked at.
const PACKET: usize = 1 << 20;

/// A place on a page that leads to an address.
#[derive(Clone, Debug)]
pub(super) struct Link {
    pub area: Rect,
    pub target: String,
}

/// The outline and the metadata packet (XMP).
#[derive(Default)]
pub(super) struct Catalog {
    /// Titles of the outline with their level, from 1.
    pub outline: Vec<(String, u8)>,
    pub title: Option<String>,
    pub author: Option<String>,
    pub publisher: Option<String>,
    pub created: Option<String>,
    pub modified: Option<String>,
    pub language: Option<String>,
}

/// The addresses that parts of a page lead to (PDF 1.7, 12.5.6.5 and 12.6.4.7).
pub(super) fn links(page: &Page<'_>, upright: Affine) -> Vec<Link> {
    let Some(annotations) = page.raw().get::<Array<'_>>(b"Annots") else { return Vec::new() };
    let mut links = Vec::new();
    for annotation in annotations.iter::<Dict<'_>>().take(LINKS) {
        let target = annotation
            .get::<Dict<'_>>(b"A")
            .and_then(|action| action.get::<PdfString<'_>>(b"URI"))
            .map(|uri| super::string(uri.as_bytes()));
        let area = annotation.get::<hayro_syntax::object::Rect>(b"Rect");
        if let (Some(target), Some(area)) = (target.filter(|t| !t.is_empty()), area) {
            let area = Rect::new(area.x0, area.y0, area.x1, area.y1);
            links.push(Link { area: upright.transform_rect_bbox(area), target });
        }
    }
    links
}

/// Reads outline and metadata packet.
pub(super) fn read(pdf: &Pdf) -> Catalog {
    let mut catalog = Catalog::default();
    let Some(root) = pdf.xref().get::<Dict<'_>>(pdf.xref().root_id()) else { return catalog };
    catalog.language = root
        .get::<PdfString<'_>>(b"Lang")
        .and_then(|l| super::string(l.as_bytes()).get(..2).map(str::to_lowercase));
    if let Some(first) = root.get::<Dict<'_>>(b"Outlines").and_then(|o| o.get::<Dict<'_>>(b"First"))
    {
        outline(first, &mut catalog.outline);
    }
    let packet = root.get::<Stream<'_>>(b"Metadata").and_then(|s| s.decoded().ok());
    if let Some(packet) = packet {
        catalog.packet(&crate::decode::decode(&packet[..packet.len().min(PACKET)]).text);
    }
    catalog
}

/// Walks siblings and children; what runs in circles ends with the count.
fn outline(first: Dict<'_>, found: &mut Vec<(String, u8)>) {
    let mut open = vec![(first, 1u8)];
    let mut seen = 0;
    while let Some((entry, level)) = open.pop() {
        seen += 1;
        if seen > OUTLINE {
            return;
        }
        if let Some(title) = entry.get::<PdfString<'_>>(b"Title") {
            found.push((super::string(title.as_bytes()), level.min(6)));
        }
        if let Some(next) = entry.get::<Dict<'_>>(b"Next") {
            open.push((next, level));
        }
        if let Some(child) = entry.get::<Dict<'_>>(b"First") {
            open.push((child, level.saturating_add(1)));
        }
    }
}

impl Catalog {
    /// Reads an XMP packet: RDF with one element or attribute a property (ISO 16684-1).
    fn packet(&mut self, xml: &str) {
        let mut reader = Reader::from_str(xml);
        let mut field: Option<String> = None;
        loop {
            match reader.read_event() {
                Ok(Event::Start(tag) | Event::Empty(tag)) => {
                    let name = tag.name().as_ref().to_owned();
                    for attribute in tag.attributes().flatten() {
                        self.keep(attribute.key.as_ref(), &attribute.value);
                    }
                    // `rdf:Alt` and `rdf:li` stand between a property and its words.
                    if !name.starts_with("rdf:") {
                        field = Some(name);
                    }
                }
                Ok(Event::Text(words)) => {
                    let words = words.trim().to_owned();
                    if let Some(field) = field.as_deref().filter(|_| !words.is_empty()) {
                        self.keep(field, &words);
                    }
                }
                Ok(Event::Eof) | Err(_) => return,
                Ok(_) => {}
            }
        }
    }

    fn keep(&mut self, field: &str, value: &str) {
        let slot = match field {
            "dc:title" => &mut self.title,
            "dc:creator" => &mut self.author,
            "dc:publisher" => &mut self.publisher,
            "xmp:CreateDate" => &mut self.created,
            "xmp:ModifyDate" => &mut self.modified,
            _ => return,
        };
        if slot.is_none() && !value.is_empty() && value.len() < 1000 {
            *slot = Some(value.to_owned());
        }
    }
}
