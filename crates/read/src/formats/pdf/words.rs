use hayro_interpret::kurbo::{Point, Vec2};

/// One drawn character in the frame of its own line: x grows along the text, y grows upwards.
#[derive(Clone, Debug)]
pub(super) struct Letter {
    text: String,
    x: f64,
    end: f64,
    y: f64,
    size: f64,
    /// Thousandths of an em.
    advance: f64,
    bold: bool,
    turn: Turn,
}

/// Which way a text runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Turn {
    Level,
    Up,
    Over,
    Down,
    /// Across the page, as a watermark.
    Slanted,
}

/// Characters without a blank between them, in the frame of their line.
#[derive(Clone, Debug)]
pub(super) struct Word {
    pub text: String,
    pub x: f64,
    pub end: f64,
    pub y: f64,
    pub size: f64,
    pub bold: bool,
    pub turn: Turn,
    /// Whether its letters have the widths of a typewriter's; `None` where they do not tell.
    pub mono: Option<bool>,
    /// The width that all its letters share, in thousandths of an em.
    pub advance: Option<f64>,
    /// A blank was drawn before it.
    pub spaced: bool,
    /// The link that it belongs to, counted over the file.
    pub link: Option<usize>,
}

/// A gap of this many ems between letters is a blank.
const BLANK: f64 = 0.18;
/// A gap of more than this many ems is no part of a line of text.
const APART: f64 = 1.5;

impl Letter {
    pub fn new(
        text: String,
        (origin, end): (Point, Point),
        along: Vec2,
        size: f64,
        advance: f64,
        bold: bool,
    ) -> Self {
        let turn = match along.angle().to_degrees() {
            a if a.abs() < 8.0 => Turn::Level,
            a if (a - 90.0).abs() < 8.0 => Turn::Up,
            a if (a + 90.0).abs() < 8.0 => Turn::Down,
            a if a.abs() > 172.0 => Turn::Over,
            _ => Turn::Slanted,
        };
        let (from, to) = (turn.straighten(origin), turn.straighten(end));
        Self { text, x: from.x, end: to.x.max(from.x), y: from.y, size, advance, bold, turn }
    }

    /// Whether a letter that is drawn next goes on on the same line.
    pub fn is_followed_by(&self, next: &Self) -> bool {
        let gap = next.x - self.end;
        let size = self.size.max(next.size);
        if self.turn == Turn::Slanted {
            return next.turn == self.turn
                && (next.x - self.end).abs() < size * APART
                && (next.y - self.y).abs() < size * APART;
        }
        self.turn == next.turn
            && (next.y - self.y).abs() < size * 0.1
            && gap > -size * 0.5
            && gap < size * APART
    }

    fn is_blank(&self) -> bool {
        self.text.chars().all(|c| c.is_whitespace() || c == '\0')
    }
}

impl Turn {
    /// A point in the frame in which text that runs this way is level.
    pub fn straighten(self, at: Point) -> Point {
        match self {
            Self::Level | Self::Slanted => at,
            Self::Up => Point::new(at.y, -at.x),
            Self::Over => Point::new(-at.x, -at.y),
            Self::Down => Point::new(-at.y, at.x),
        }
    }
}

/// Splits the letters of a line into words, at drawn blanks and at gaps wider than its own spacing.
pub(super) fn split(line: &[Letter], words: &mut Vec<Word>) {
    let tracking = tracking(line);
    let mut open: Vec<&Letter> = Vec::new();
    let mut spaced = false;
    for letter in line {
        if letter.is_blank() {
            words.extend(word(&open, spaced));
            open.clear();
            spaced = true;
            continue;
        }
        let apart = open.last().is_some_and(|last| {
            let size = last.size.max(letter.size);
            letter.x - last.end > size * (tracking + BLANK)
        });
        if apart {
            words.extend(word(&open, spaced));
            open.clear();
            spaced = true;
        }
        open.push(letter);
    }
    words.extend(word(&open, spaced));
}

/// How far the letters of a line are set apart, in ems: the middle of their gaps.
fn tracking(line: &[Letter]) -> f64 {
    let mut gaps: Vec<f64> = line
        .windows(2)
        .filter(|pair| !pair[0].is_blank() && !pair[1].is_blank())
        .map(|pair| (pair[1].x - pair[0].end) / pair[1].size)
        .collect();
    if gaps.len() < 5 {
        return 0.0;
    }
    gaps.sort_by(f64::total_cmp);
    // Words of two letters leave no more gaps within them than between them.
    gaps[gaps.len() * 2 / 5].clamp(0.0, 0.6)
}

fn word(letters: &[&Letter], spaced: bool) -> Option<Word> {
    let (first, last) = (letters.first()?, letters.last()?);
    let mut text = String::new();
    for letter in letters {
        plain(&letter.text, &mut text);
    }
    if text.is_empty() {
        return None;
    }
    let size = letters.iter().map(|l| l.size).fold(0.0, f64::max);
    let same = letters.iter().all(|l| (l.advance - first.advance).abs() < 2.0);
    Some(Word {
        text,
        x: first.x,
        end: last.end,
        y: first.y,
        size,
        bold: letters.iter().filter(|l| l.bold).count() * 2 > letters.len(),
        turn: first.turn,
        mono: mono(letters, same),
        advance: same.then_some(first.advance),
        spaced,
        link: None,
    })
}

/// Whether narrow and wide letters take the same room.
fn mono(letters: &[&Letter], same: bool) -> Option<bool> {
    if !same {
        return Some(false);
    }
    let (mut yes, mut no) = (0, 0);
    for letter in letters {
        // No proportional face sets a point or an `i` this wide, or an `m` this narrow.
        match letter.text.as_str() {
            "i" | "j" | "l" | "." | "," | ":" | ";" | "|" | "!" | "'" | "I" | "(" | ")" | "["
            | "]" | "/" | "\\" | "{" | "}" | "\"" | "-" | "f" | "t" | "r" => {
                if letter.advance >= 480.0 {
                    yes += 1;
                } else {
                    no += 1;
                }
            }
            "m" | "w" | "M" | "W" | "@" | "%" => {
                if letter.advance <= 660.0 {
                    yes += 1;
                } else {
                    no += 1;
                }
            }
            _ => {}
        }
    }
    match (yes, no) {
        (0, 0) => None,
        _ => Some(yes > no),
    }
}

/// Letters as they are searched for: ligatures apart, soft hyphens only at the end of a word.
fn plain(text: &str, out: &mut String) {
    for c in text.chars() {
        match c {
            '\u{fb00}' => out.push_str("ff"),
            '\u{fb01}' => out.push_str("fi"),
            '\u{fb02}' => out.push_str("fl"),
            '\u{fb03}' => out.push_str("ffi"),
            '\u{fb04}' => out.push_str("ffl"),
            '\u{fb05}' | '\u{fb06}' => out.push_str("st"),
            c if c.is_control() => {}
            c => out.push(c),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Letters half an em wide with this gap behind each; `_` only moves on.
    fn set(text: &str, gap: f64) -> Vec<String> {
        let mut letters = Vec::new();
        let mut x = 0.0;
        for c in text.chars() {
            if c != '_' {
                let ends = (Point::new(x, 0.0), Point::new(x + 5.0, 0.0));
                let along = Vec2::new(1.0, 0.0);
                letters.push(Letter::new(c.to_string(), ends, along, 10.0, 500.0, false));
            }
            x += if c == '_' { 3.0 } else { 5.0 + gap };
        }
        let mut words = Vec::new();
        split(&letters, &mut words);
        words.into_iter().map(|w| w.text).collect()
    }

    #[test]
    fn blanks_are_found_whether_drawn_or_left_out() {
        assert_eq!(set("two words", 0.0), ["two", "words"]);
        assert_eq!(set("two_words", 0.0), ["two", "words"]);
        assert_eq!(set("two   words", 0.0), ["two", "words"]);
        assert_eq!(set("Exchange Server", 2.5), ["Exchange", "Server"]);
        assert_eq!(set("\u{fb01}le", 0.0), ["file"]);
    }
}
