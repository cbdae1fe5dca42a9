//! Sheets of paper: what is put where, then drawn page by page.

use krilla::Document;
use krilla::action::{Action, LinkAction};
use krilla::annotation::{Annotation, LinkAnnotation, Target};
use krilla::color::rgb;
use krilla::destination::XyzDestination;
use krilla::geom::{PathBuilder, Point, Rect};
use krilla::metadata::Metadata;
use krilla::num::NormalizedF32;
use krilla::outline::{Outline, OutlineNode};
use krilla::page::PageSettings;
use krilla::paint::{Fill, FillRule};
use krilla::surface::Surface;
use krilla::text::KrillaGlyph;

use super::font::{Faces, Style};
use super::wrap;
use crate::layout::Layout;

/// A4 in points.
const PAGE: (f32, f32) = (595.0, 842.0);
pub(super) const MARGIN: f32 = 48.0;
/// Where text must end, above the footer.
const BOTTOM: f32 = PAGE.1 - 56.0;
/// The width of the text.
pub(super) const WIDTH: f32 = PAGE.0 - 2.0 * MARGIN;

/// A colour by its three parts.
pub(super) type Colour = (u8, u8, u8);
pub(super) const BLACK: Colour = (28, 28, 30);
pub(super) const GREY: Colour = (105, 105, 112);
pub(super) const ACCENT: Colour = (24, 82, 120);
pub(super) const SHADE: Colour = (238, 240, 243);
pub(super) const RED: Colour = (168, 40, 32);
pub(super) const AMBER: Colour = (150, 96, 0);
pub(super) const GREEN: Colour = (30, 110, 60);

/// Type, size and colour of a text.
#[derive(Clone, Copy)]
pub(super) struct Ink {
    pub(super) style: Style,
    pub(super) size: f32,
    pub(super) colour: Colour,
}

impl Ink {
    pub(super) fn new(size: f32, colour: Colour) -> Self {
        Self { style: Style::Plain, size, colour }
    }

    pub(super) fn style(self, style: Style) -> Self {
        Self { style, ..self }
    }

    /// From one line to the next.
    pub(super) fn leading(self) -> f32 {
        self.size * 1.35
    }
}

/// A thing on a page.
pub(super) enum Mark {
    Text { x: f32, y: f32, ink: Ink, text: String },
    Box { x: f32, y: f32, w: f32, h: f32, colour: Colour },
    Link { x: f32, y: f32, w: f32, h: f32, to: String },
}

/// Pages with headings, ready to draw.
pub(super) struct Sheets {
    pages: Vec<Vec<Mark>>,
    /// Title, page and height of each heading.
    headings: Vec<(String, usize, f32)>,
}

/// Paper that is written on from top to bottom.
pub(super) struct Sheet<'f> {
    pub(super) faces: &'f Faces,
    pages: Vec<Vec<Mark>>,
    headings: Vec<(String, usize, f32)>,
    /// The top of what comes next.
    pub(super) y: f32,
}

impl<'f> Sheet<'f> {
    pub(super) fn new(faces: &'f Faces) -> Self {
        Self { faces, pages: vec![Vec::new()], headings: Vec::new(), y: MARGIN }
    }

    /// Leaves room.
    pub(super) fn space(&mut self, height: f32) {
        self.y += height;
    }

    /// Begins a page where so much does not fit; tells whether it did.
    pub(super) fn need(&mut self, height: f32) -> bool {
        if self.y + height <= BOTTOM {
            return false;
        }
        self.pages.push(Vec::new());
        self.y = MARGIN;
        true
    }

    /// Whether so much would fit on an empty page.
    pub(super) fn fits_a_page(height: f32) -> bool {
        MARGIN + height <= BOTTOM
    }

    pub(super) fn put(&mut self, mark: Mark) {
        if let Some(page) = self.pages.last_mut() {
            page.push(mark);
        }
    }

    /// Puts one line at the given height.
    pub(super) fn line(&mut self, x: f32, y: f32, ink: Ink, text: &str) {
        if !text.is_empty() {
            self.put(Mark::Text { x, y: y + ink.size, ink, text: text.to_owned() });
        }
    }

    /// Notes a heading at the present height.
    pub(super) fn heading(&mut self, title: &str) {
        self.headings.push((title.to_owned(), self.pages.len() - 1, self.y));
    }

    /// Sets a paragraph from the present height on, over pages.
    pub(super) fn paragraph(&mut self, indent: f32, ink: Ink, text: &str) {
        for line in wrap::lines(self.faces, text, ink.style, ink.size, WIDTH - indent) {
            self.need(ink.leading());
            let y = self.y;
            self.line(MARGIN + indent, y, ink, &line);
            self.y += ink.leading();
        }
    }

    pub(super) fn finish(self) -> Sheets {
        Sheets { pages: self.pages, headings: self.headings }
    }
}

/// Draws all pages, each with marking and number at its foot.
pub(super) fn pages(document: &mut Document, sheets: &Sheets, faces: &Faces, page: &Layout) {
    let Some(settings) = PageSettings::from_wh(PAGE.0, PAGE.1) else { return };
    let count = sheets.pages.len();
    let small = Ink::new(7.5, GREY);
    for (number, marks) in sheets.pages.iter().enumerate() {
        let mut sheet = document.start_page_with(settings.clone());
        let mut surface = sheet.surface();
        for mark in marks {
            draw(&mut surface, mark, faces);
        }
        let y = PAGE.1 - 32.0;
        text(
            &mut surface,
            faces,
            (MARGIN, y),
            small,
            &format!("{} · {}", page.marking, page.title),
        );
        let folio = format!("{} of {count}", number + 1);
        let wide = faces.width(&folio, small.style, small.size);
        text(&mut surface, faces, (PAGE.0 - MARGIN - wide, y), small, &folio);
        surface.finish();
        for mark in marks {
            if let Mark::Link { x, y, w, h, to } = mark
                && let Some(area) = Rect::from_xywh(*x, *y, *w, *h)
            {
                let target = Target::Action(Action::Link(LinkAction::new(to.clone())));
                sheet.add_annotation(Annotation::new_link(LinkAnnotation::new(area, target), None));
            }
        }
        sheet.finish();
    }
    let mut outline = Outline::new();
    for (title, number, y) in &sheets.headings {
        let place = XyzDestination::new(*number, Point::from_xy(MARGIN, *y));
        outline.push_child(OutlineNode::new(title.clone(), place));
    }
    document.set_outline(outline);
    let metadata = Metadata::new()
        .title(page.title.clone())
        .description(format!("{} · {} · {}", page.kind, page.marking, page.dated))
        .creator("Lapwing".to_owned())
        .language("en".to_owned());
    document.set_metadata(metadata);
}

fn draw(surface: &mut Surface<'_>, mark: &Mark, faces: &Faces) {
    match mark {
        Mark::Text { x, y, ink, text: words } => text(surface, faces, (*x, *y), *ink, words),
        Mark::Box { x, y, w, h, colour } => {
            let mut path = PathBuilder::new();
            if let Some(area) = Rect::from_xywh(*x, *y, *w, *h) {
                path.push_rect(area);
            }
            if let Some(path) = path.finish() {
                surface.set_fill(Some(fill(*colour)));
                surface.draw_path(&path);
            }
        }
        Mark::Link { .. } => {}
    }
}

fn fill((red, green, blue): Colour) -> Fill {
    Fill {
        paint: rgb::Color::new(red, green, blue).into(),
        opacity: NormalizedF32::ONE,
        rule: FillRule::default(),
    }
}

/// Draws one line, in as many pieces as it needs fonts.
fn text(surface: &mut Surface<'_>, faces: &Faces, (x, y): (f32, f32), ink: Ink, words: &str) {
    surface.set_fill(Some(fill(ink.colour)));
    let mut at = x;
    let mut from = 0;
    let mut glyphs: Vec<KrillaGlyph> = Vec::new();
    let mut begun: Option<(f32, &super::font::Face)> = None;
    for (place, c) in words.char_indices() {
        let placed = faces.place(c, ink.style);
        let another = begun.is_some_and(|(_, face)| !std::ptr::eq(face, placed.face));
        if another {
            piece(surface, begun, ink.size, &words[from..place], &mut glyphs, y);
            begun = None;
        }
        if begun.is_none() {
            begun = Some((at, placed.face));
            from = place;
        }
        glyphs.push(KrillaGlyph {
            glyph_id: placed.glyph,
            text_range: place - from..place - from + c.len_utf8(),
            x_advance: placed.advance,
            x_offset: 0.0,
            y_offset: 0.0,
            y_advance: 0.0,
            location: None,
        });
        at += placed.advance * ink.size;
    }
    piece(surface, begun, ink.size, &words[from..], &mut glyphs, y);
}

fn piece(
    surface: &mut Surface<'_>,
    begun: Option<(f32, &super::font::Face)>,
    size: f32,
    words: &str,
    glyphs: &mut Vec<KrillaGlyph>,
    y: f32,
) {
    if let Some((x, face)) = begun {
        surface.draw_glyphs(Point::from_xy(x, y), glyphs, face.font.clone(), words, size, false);
    }
    glyphs.clear();
}
