use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::Sender;

use hayro_interpret::font::{Glyph, GlyphRun};
use hayro_interpret::hayro_cmap::BfString;
use hayro_interpret::kurbo::{Affine, BezPath, Point, Rect};
use hayro_interpret::{
    BlendMode, ClipPath, Context, Device, DrawMode, DrawProps, Image, ImageDrawProps,
    InterpreterCache, InterpreterSettings, SoftMask, interpret_page,
};
use hayro_syntax::metadata::Metadata;
use hayro_syntax::{LoadPdfError, Pdf};

use super::streams;

/// Characters of one page; a form that draws itself without end stops here.
const PAGE_GLYPHS: usize = 1_000_000;
/// Shapes of one file; forms that draw forms multiply without a character being drawn.
const SHAPES: usize = 2_000_000;
/// Characters back in which a second drawing of the same is looked for: a line of text.
const RECENT: usize = 128;

/// A run of characters on one line without a gap, in user space (y grows upwards).
#[derive(Clone, Debug)]
pub(super) struct Segment {
    pub text: String,
    pub x: f64,
    pub end: f64,
    pub y: f64,
    pub size: f64,
}

/// The text of one page in the order in which it is drawn.
#[derive(Default)]
pub(super) struct Page {
    pub segments: Vec<Segment>,
    pub glyphs: usize,
    pub unmapped: usize,
}

/// Why the worker gave up.
#[derive(Clone, Copy, Debug)]
pub(super) enum Failure {
    Encrypted,
    Invalid,
    Panic,
    Pages,
    /// A compressed stream that begins at this byte unpacks to too much.
    Bomb(usize),
    /// A page draws without end.
    Endless,
}

/// What the worker sends.
pub(super) enum Message {
    Metadata(Box<Metadata>),
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
        LoadPdfError::Decryption(_) => Failure::Encrypted,
        LoadPdfError::Invalid => Failure::Invalid,
    })?;
    let _ = sender.send(Message::Metadata(Box::new(pdf.metadata().clone())));
    let cache = InterpreterCache::new();
    let mut shapes = 0;
    for (at, page) in pdf.pages().iter().enumerate() {
        if at >= most {
            return Err(Failure::Pages);
        }
        let settings = InterpreterSettings::default();
        let mut context = Context::new(
            Affine::IDENTITY,
            Rect::new(0.0, 0.0, 1.0, 1.0),
            &cache,
            pdf.xref(),
            settings,
        );
        let mut reader = PageReader {
            page: Page::default(),
            recent: VecDeque::new(),
            stop,
            shapes: &mut shapes,
        };
        let drawn =
            catch_unwind(AssertUnwindSafe(|| interpret_page(page, &mut context, &mut reader)));
        let stopped = stop.load(Ordering::Relaxed);
        let endless = reader.endless();
        if sender.send(Message::Page(reader.page)).is_err() || stopped {
            return Ok(());
        }
        if drawn.is_err() {
            return Err(if endless { Failure::Endless } else { Failure::Panic });
        }
    }
    Ok(())
}

struct PageReader<'s> {
    page: Page,
    recent: VecDeque<(String, Point)>,
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
        // Glyph space has a thousand units to the em.
        let origin = transform * Point::ZERO;
        let end = transform * Point::new(f64::from(advance.unwrap_or(500.0)), 0.0);
        let top = transform * Point::new(0.0, 1000.0);
        let size = (top - origin).hypot().clamp(0.1, 1000.0);
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
        if let Some(last) = self.page.segments.last_mut() {
            let gap = origin.x - last.end;
            let same_line = (origin.y - last.y).abs() < size.max(last.size) * 0.35;
            if same_line && gap > -size * 0.5 && gap < size * 1.5 {
                let blank = gap > size * 0.18
                    && !last.text.ends_with(' ')
                    && !text.starts_with(char::is_whitespace);
                if blank {
                    last.text.push(' ');
                }
                last.text.push_str(&text);
                last.end = end.x.max(origin.x);
                last.size = last.size.max(size);
                return;
            }
        }
        self.page.segments.push(Segment {
            text,
            x: origin.x,
            end: end.x.max(origin.x),
            y: origin.y,
            size,
        });
    }
}

impl<'a> Device<'a> for PageReader<'_> {
    fn draw_glyph_run(&mut self, run: &GlyphRun<'_, 'a>, props: DrawProps<'a>, _: &DrawMode) {
        for glyph in run.glyphs() {
            self.go_on();
            self.glyph(glyph, props.transform * glyph.transform());
        }
    }

    fn draw_path(&mut self, _: &BezPath, _: DrawProps<'a>, _: &DrawMode) {
        self.shape();
    }

    fn push_clip_path(&mut self, _: &ClipPath) {
        self.shape();
    }

    fn push_transparency_group(&mut self, _: f32, _: Option<SoftMask<'a>>, _: BlendMode) {
        self.shape();
    }

    fn draw_image(&mut self, _: Image<'a, '_>, _: ImageDrawProps<'a>) {
        self.shape();
    }

    fn pop_clip(&mut self) {}
    fn pop_transparency_group(&mut self) {}
}
