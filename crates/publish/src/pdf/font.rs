//! The fonts: which glyph a character has, and how wide it is.
//!
//! The built-in ones are parts of DejaVu (Latin, Greek, Cyrillic, signs); see NOTICE and
//! `tools/fonts/`. Text is set letter by letter, without shaping: scripts that join letters or run
//! from right to left are shown letter by letter in the order of the text.

use std::cell::Cell;

use krilla::text::{Font, GlyphId};

use crate::PublishError;

const SANS: &[u8] = include_bytes!("../../fonts/DejaVuSans.ttf");
const BOLD: &[u8] = include_bytes!("../../fonts/DejaVuSans-Bold.ttf");
const MONO: &[u8] = include_bytes!("../../fonts/DejaVuSansMono.ttf");
/// Drawn for what no font has.
const BOX: char = '\u{25a1}';

/// How a word is set.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Style {
    #[default]
    Plain,
    Bold,
    Mono,
}

/// A font with what is needed to set text in it.
pub(super) struct Face {
    pub(super) font: Font,
    bytes: Vec<u8>,
    /// Where the table of characters begins, and its format.
    cmap: (usize, u16),
    hmtx: usize,
    metrics: u16,
    units: f32,
}

/// All fonts of a document.
pub(super) struct Faces {
    plain: Face,
    bold: Face,
    mono: Face,
    further: Option<Face>,
    missing: Cell<usize>,
}

/// A glyph of one of the fonts.
#[derive(Clone, Copy)]
pub(super) struct Placed<'f> {
    pub(super) face: &'f Face,
    pub(super) glyph: GlyphId,
    /// As a share of the font's size.
    pub(super) advance: f32,
}

impl Faces {
    pub(super) fn builtin(further: Option<Face>) -> Result<Self, PublishError> {
        let face = |bytes: &[u8]| {
            Face::new(bytes).map_err(|why| PublishError::Font { name: "built-in".to_owned(), why })
        };
        Ok(Self {
            plain: face(SANS)?,
            bold: face(BOLD)?,
            mono: face(MONO)?,
            further,
            missing: Cell::new(0),
        })
    }

    /// The glyph of a character: of the style's font, of the others, or a box.
    pub(super) fn place(&self, c: char, style: Style) -> Placed<'_> {
        let own = match style {
            Style::Plain => &self.plain,
            Style::Bold => &self.bold,
            Style::Mono => &self.mono,
        };
        let found = [Some(own), Some(&self.plain), self.further.as_ref()]
            .into_iter()
            .flatten()
            .find_map(|face| face.place(c));
        found.unwrap_or_else(|| {
            self.missing.set(self.missing.get() + 1);
            let none = Placed { face: own, glyph: GlyphId::new(0), advance: 0.6 };
            own.place(BOX).unwrap_or(none)
        })
    }

    /// How wide a text is.
    pub(super) fn width(&self, text: &str, style: Style, size: f32) -> f32 {
        text.chars().map(|c| self.place(c, style).advance * size).sum()
    }

    /// Whether some character had no glyph.
    pub(super) fn lacked(&self) -> bool {
        self.missing.get() > 0
    }
}

impl Face {
    pub(super) fn new(bytes: &[u8]) -> Result<Self, &'static str> {
        let start = if bytes.starts_with(b"ttcf") {
            long(bytes, 12).ok_or("it ends early")? as usize
        } else {
            0
        };
        let table = |tag: &[u8; 4]| -> Option<usize> {
            let count = short(bytes, start + 4)?;
            (0..usize::from(count)).find_map(|n| {
                let at = start + 12 + n * 16;
                (bytes.get(at..at + 4)? == tag).then(|| long(bytes, at + 8))?.map(|o| o as usize)
            })
        };
        let (Some(head), Some(hhea), Some(hmtx), Some(cmap)) =
            (table(b"head"), table(b"hhea"), table(b"hmtx"), table(b"cmap"))
        else {
            return Err("it lacks a table");
        };
        let units = short(bytes, head + 18).filter(|units| *units > 0).ok_or("it has no units")?;
        let metrics = short(bytes, hhea + 34).filter(|n| *n > 0).ok_or("it has no widths")?;
        let cmap = characters(bytes, cmap).ok_or("it has no table of Unicode characters")?;
        let font = Font::new(bytes.to_vec().into(), 0).ok_or("it cannot be read")?;
        Ok(Self { font, bytes: bytes.to_vec(), cmap, hmtx, metrics, units: f32::from(units) })
    }

    fn place(&self, c: char) -> Option<Placed<'_>> {
        let glyph = self.glyph(c as u32).filter(|glyph| *glyph != 0)?;
        let at = self.hmtx + usize::from(glyph.min(self.metrics - 1)) * 4;
        let advance = f32::from(short(&self.bytes, at)?) / self.units;
        Some(Placed { face: self, glyph: GlyphId::new(u32::from(glyph)), advance })
    }

    fn glyph(&self, c: u32) -> Option<u16> {
        let (at, format) = self.cmap;
        let bytes = &self.bytes;
        if format == 12 {
            let groups = long(bytes, at + 12)? as usize;
            let (mut low, mut high) = (0, groups);
            while low < high {
                let middle = usize::midpoint(low, high);
                let group = at + 16 + middle * 12;
                let (first, last) = (long(bytes, group)?, long(bytes, group + 4)?);
                match () {
                    () if c < first => high = middle,
                    () if c > last => low = middle + 1,
                    () => {
                        return u16::try_from(long(bytes, group + 8)?.checked_add(c - first)?).ok();
                    }
                }
            }
            return None;
        }
        let c = u16::try_from(c).ok()?;
        let twice = usize::from(short(bytes, at + 6)?);
        let ends = at + 14;
        let segment =
            (0..twice / 2).find(|n| short(bytes, ends + n * 2).is_some_and(|end| end >= c))?;
        let first = short(bytes, ends + twice + 2 + segment * 2)?;
        if c < first {
            return None;
        }
        let delta = short(bytes, ends + twice * 2 + 2 + segment * 2)?;
        let range_at = ends + twice * 3 + 2 + segment * 2;
        let range = usize::from(short(bytes, range_at)?);
        if range == 0 {
            return Some(c.wrapping_add(delta));
        }
        let glyph = short(bytes, range_at + range + usize::from(c - first) * 2)?;
        (glyph != 0).then(|| glyph.wrapping_add(delta))
    }
}

/// The best table of characters: all of Unicode before its first plane.
fn characters(bytes: &[u8], cmap: usize) -> Option<(usize, u16)> {
    let count = short(bytes, cmap + 2)?;
    let mut best = None;
    for n in 0..usize::from(count) {
        let at = cmap + 4 + n * 8;
        let (platform, encoding) = (short(bytes, at)?, short(bytes, at + 2)?);
        if platform != 0 && !(platform == 3 && matches!(encoding, 1 | 10)) {
            continue;
        }
        let place = cmap.checked_add(long(bytes, at + 4)? as usize)?;
        let format = short(bytes, place)?;
        if format == 12 || (format == 4 && best.is_none()) {
            best = Some((place, format));
        }
    }
    best
}

fn short(bytes: &[u8], at: usize) -> Option<u16> {
    let pair = bytes.get(at..at.checked_add(2)?)?;
    Some(u16::from_be_bytes([pair[0], pair[1]]))
}

fn long(bytes: &[u8], at: usize) -> Option<u32> {
    let four = bytes.get(at..at.checked_add(4)?)?;
    Some(u32::from_be_bytes([four[0], four[1], four[2], four[3]]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn built_in_fonts_hold_what_europe_writes() {
        let faces = Faces::builtin(None).unwrap();
        for style in [Style::Plain, Style::Bold, Style::Mono] {
            for c in "Aaé ß Ωж “—…→■".chars() {
                let placed = faces.place(c, style);
                assert!(placed.advance > 0.1 && placed.advance < 2.0, "{c}");
            }
        }
        assert!(!faces.lacked());
        faces.place('中', Style::Plain);
        assert!(faces.lacked());
        assert!(
            (faces.width("ii", Style::Mono, 10.0) - faces.width("WW", Style::Mono, 10.0)).abs()
                < 0.01
        );
    }
}
