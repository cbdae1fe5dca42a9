use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::Sender;

use hayro_interpret::font::{Glyph, GlyphRun};
use hayro_interpret::hayro_cmap::BfString;
use hayro_interpret::kurbo::{Affine, BezPath, PathEl, Point, Rect, Shape};
use hayro_interpret::{
    BlendMode, ClipPath, Context, Device, DrawMode, DrawProps, Image, ImageDrawProps,
    InterpreterCache, InterpreterSettings, SoftMask, interpret_page,
};
use hayro_syntax::metadata::Metadata;
use hayro_syntax::{DecryptionError, LoadPdfError, Pdf};

use super::catalog::{self, Catalog, Link};
use super::streams;
use super::words::{self, Letter, Word};

/// Characters of one page; a form that draws itself without end stops here.
const PAGE_GLYPHS: usize = 1_000_000;
/// Characters of one file: what is kept of each is small, and all are kept until the end.
const FILE_GLYPHS: usize = 20_000_000;
/// Shapes of one file; forms that draw forms multiply without a character being drawn.
const SHAPES: usize = 2_000_000;
/// Ruled lines of one page that are remembered.
const RULES: usize = 4_000;
/// A line thinner than this is ruled, a bar thicker than this is a shade; in points.
const RULE_WIDTH: f64 = 2.5;
/// Characters back in which a second drawing of the same is looked for: a line of text.
const RECENT: usize = 128;
/// Letters of one line that are looked at together.
const LINE: usize = 4_000;

/// A horizontal ruled line.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rule {
    pub x: f64,
    pub end: f64,
    pub y: f64,
}

/// The words of one page in the order in which they are drawn, and what stands around them.
#[derive(Default)]
pub(super) struct Page {
    pub words: Vec<Word>,
    pub rules: Vec<Rule>,
    pub links: Vec<Link>,
    pub height: f64,
    pub glyphs: usize,
    pub unmapped: usize,
    /// Pictures that are drawn: a page of nothing else is a scan.
    pub images: usize,
}

/// Why the worker gave up.
#[derive(Clone, Copy, Debug)]
pub(super) enum Failure {
    Encrypted,
    /// Encrypted in a way that the parser does not know.
    Cipher,
    Invalid,
    Panic,
    Pages,
    /// A compressed stream that begins at this byte unpacks to too much.
    Bomb(usize),
    /// A page draws without end.
    Endless,
    /// The file has more characters than are kept.
    Glyphs,
}

/// What the worker sends.
pub(super) enum Message {
    Metadata(Box<Metadata>, Box<Catalog>),
    Page(Page),
    Failed(Failure),
}

/// Reads all pages; ends early when `stop` is set or nobody listens.
pub(super) fn collect(bytes: Vec<u8>, most: usize, stop: &AtomicBool, sender: &Sender<Message>) {
    let work = || pages(bytes, most, stop, sender);
    let failure = match catch_unwind(AssertUnwindSafe(work)) {
        Ok(Ok(())) => return,
        Ok(Err(failure)) => failure,
        Err(_) => Failure::Panic,
    };
    // Nobody listens any more: nothing is left to say.
    let _ = sender.send(Message::Failed(failure));
}

fn pages(
    bytes: Vec<u8>,
    most: usize,
    stop: &AtomicBool,
    sender: &Sender<Message>,
) -> Result<(), Failure> {
    if let Some(at) = streams::bomb(&bytes) {
        return Err(Failure::Bomb(at));
    }
    let pdf = Pdf::new(bytes).map_err(|error| match error {
        LoadPdfError::Decryption(
            DecryptionError::UnsupportedAlgorithm | DecryptionError::InvalidEncryption,
        ) => Failure::Cipher,
        LoadPdfError::Decryption(_) => Failure::Encrypted,
        LoadPdfError::Invalid => Failure::Invalid,
    })?;
    let catalog = catch_unwind(AssertUnwindSafe(|| catalog::read(&pdf))).unwrap_or_default();
    let _ = sender.send(Message::Metadata(Box::new(pdf.metadata().clone()), Box::new(catalog)));
    let cache = InterpreterCache::new();
    let (mut shapes, mut glyphs) = (0, 0);
    for (at, page) in pdf.pages().iter().enumerate() {
        if at >= most {
            return Err(Failure::Pages);
        }
        // Upright, with the corner of what is shown at zero and y growing upwards.
        let upright = Affine::new(page.initial_transform(false).as_coeffs());
        let settings = InterpreterSettings::default();
        let mut context =
            Context::new(upright, Rect::new(0.0, 0.0, 1.0, 1.0), &cache, pdf.xref(), settings);
        let links = catch_unwind(AssertUnwindSafe(|| catalog::links(page, upright)));
        let page_of = Page {
            links: links.unwrap_or_default(),
            height: f64::from(page.render_dimensions().1),
            ..Page::default()
        };
        let mut reader = PageReader {
            page: page_of,
            line: Vec::new(),
            recent: VecDeque::new(),
            bold: false,
            stop,
            shapes: &mut shapes,
        };
        let drawn =
            catch_unwind(AssertUnwindSafe(|| interpret_page(page, &mut context, &mut reader)));
        reader.end_line();
        let stopped = stop.load(Ordering::Relaxed);
        let endless = reader.endless();
        glyphs += reader.page.glyphs;
        if sender.send(Message::Page(reader.page)).is_err() || stopped {
            return Ok(());
        }
        if drawn.is_err() {
            return Err(if endless { Failure::Endless } else { Failure::Panic });
        }
        if glyphs > FILE_GLYPHS {
            return Err(Failure::Glyphs);
        }
    }
    Ok(())
}

struct PageReader<'s> {
    page: Page,
    /// Letters drawn one after another on one line.
    line: Vec<Letter>,
    recent: VecDeque<(String, Point)>,
    bold: bool,
    stop: &'s AtomicBool,
    shapes: &'s mut usize,
}

impl PageReader<'_> {
    fn endless(&self) -> bool {
        self.page.glyphs >= PAGE_GLYPHS || *self.shapes >= SHAPES
    }

    /// Ends the page when its time is over or it draws without end.
    fn go_on(&self) {
        if self.stop.load(Ordering::Relaxed) || self.endless() {
            // The interpreter has no way to be told to stop; unwinding is one (no panic hook runs).
            resume_unwind(Box::new("stopped"));
        }
    }

    fn shape(&mut self) {
        *self.shapes += 1;
        self.go_on();
    }

    fn end_line(&mut self) {
        words::split(&self.line, &mut self.page.words);
        self.line.clear();
    }

    fn glyph(&mut self, glyph: &Glyph<'_>, transform: Affine) {
        self.page.glyphs += 1;
        let text = match glyph.as_unicode() {
            Some(BfString::Char(c)) => c.to_string(),
            Some(BfString::String(s)) => s,
            None => "\u{fffd}".to_owned(),
        };
        self.page.unmapped += usize::from(text == "\u{fffd}");
        let advance = match glyph {
            Glyph::Outline(outline) => outline.advance_width(),
            Glyph::Type3(drawn) => drawn.advance_width(),
        };
        let advance = f64::from(advance.unwrap_or(500.0));
        // Glyph space has a thousand units to the em.
        let origin = transform * Point::ZERO;
        let end = transform * Point::new(advance, 0.0);
        let top = transform * Point::new(0.0, 1000.0);
        let size = (top - origin).hypot().clamp(0.1, 1000.0);
        if ![origin.x, origin.y, end.x, end.y].iter().all(|n| n.is_finite() && n.abs() < 1e6) {
            return;
        }
        // Bold is often the same characters drawn again, a hair apart.
        let near =
            |(drawn, at): &(String, Point)| *drawn == text && (*at - origin).hypot() < size * 0.12;
        if self.recent.iter().any(near) {
            return;
        }
        if self.recent.len() == RECENT {
            self.recent.pop_front();
        }
        self.recent.push_back((text.clone(), origin));
        let along = transform * Point::new(1000.0, 0.0) - origin;
        let letter = Letter::new(text, (origin, end), along, size, advance, self.bold);
        let goes_on = self.line.last().is_none_or(|last| last.is_followed_by(&letter));
        if !goes_on || self.line.len() >= LINE {
            self.end_line();
        }
        self.line.push(letter);
    }

    fn rule(&mut self, from: Point, to: Point) {
        let level = (from.y - to.y).abs() < RULE_WIDTH && (from.x - to.x).abs() > 12.0;
        if level && self.page.rules.len() < RULES && from.is_finite() && to.is_finite() {
            let y = f64::midpoint(from.y, to.y);
            self.page.rules.push(Rule { x: from.x.min(to.x), end: from.x.max(to.x), y });
        }
    }
}

impl<'a> Device<'a> for PageReader<'_> {
    fn draw_glyph_run(&mut self, run: &GlyphRun<'_, 'a>, props: DrawProps<'a>, _: &DrawMode) {
        self.bold = run.glyphs().first().is_some_and(|glyph| is_bold(glyph));
        for glyph in run.glyphs() {
            self.go_on();
            self.glyph(glyph, props.transform * glyph.transform());
        }
    }

    fn draw_path(&mut self, path: &BezPath, props: DrawProps<'a>, mode: &DrawMode) {
        self.shape();
        if matches!(mode, DrawMode::Fill(_)) {
            // A bar: its middle where it is thin, both its edges where it is a shade or a box.
            let area = props.transform.transform_rect_bbox(path.bounding_box());
            let low = Point::new(area.x0, area.y0);
            let high = Point::new(area.x1, area.y1);
            self.rule(low, high);
            if area.height() >= RULE_WIDTH && area.height() < self.page.height * 0.7 {
                self.rule(low, Point::new(area.x1, area.y0));
                self.rule(Point::new(area.x0, area.y1), high);
            }
            return;
        }
        let (mut begin, mut last) = (Point::ZERO, Point::ZERO);
        for element in path.elements().iter().take(RULES) {
            match element {
                PathEl::MoveTo(to) => (begin, last) = (*to, *to),
                PathEl::LineTo(to) => {
                    self.rule(props.transform * last, props.transform * *to);
                    last = *to;
                }
                PathEl::QuadTo(_, to) | PathEl::CurveTo(_, _, to) => last = *to,
                PathEl::ClosePath => {
                    self.rule(props.transform * last, props.transform * begin);
                    last = begin;
                }
            }
        }
    }

    fn push_clip_path(&mut self, _: &ClipPath) {
        self.shape();
    }

    fn push_transparency_group(&mut self, _: f32, _: Option<SoftMask<'a>>, _: BlendMode) {
        self.shape();
    }

    fn draw_image(&mut self, _: Image<'a, '_>, _: ImageDrawProps<'a>) {
        self.page.images += 1;
        self.shape();
    }

    fn pop_clip(&mut self) {}
    fn pop_transparency_group(&mut self) {}
}

/// Whether a font says that it is bold, by weight or by name.
fn is_bold(glyph: &Glyph<'_>) -> bool {
    let Glyph::Outline(outline) = glyph else { return false };
    outline.font_data().is_some_and(|font| {
        let name = font.postscript_name.unwrap_or_default().to_ascii_lowercase();
        font.weight.is_some_and(|w| w >= 600)
            || ["bold", "black", "heavy"].iter().any(|w| name.contains(w))
    })
}
