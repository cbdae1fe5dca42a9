//! RTF (Rich Text Format 1.9.1): paragraphs, tables, links and notes, written as HTML for the renderer that says what
//! text, tables and links look like.

use std::fmt::Write;

use encoding_rs::{Encoding, WINDOWS_1252};
use lapwing_model::{Document, Format, Problem, ProblemKind, Reading, RegionKind};

use super::docx::{append, entitle, escaped};
use super::html::render;
use super::prose;
use crate::{Item, dates};

/// What an RTF begins with.
pub(crate) const MARK: &[u8] = b"{\\rtf";

/// Groups within groups that are read; what lies deeper is passed over.
const DEEPEST: usize = 512;

/// Groups whose words are no words of the text.
const PASSED: &[&str] = &[
    "colortbl",
    "stylesheet",
    "pict",
    "object",
    "objdata",
    "themedata",
    "datastore",
    "colorschememapping",
    "latentstyles",
    "listtable",
    "listoverridetable",
    "rsidtbl",
    "generator",
    "xmlnstbl",
    "bkmkstart",
    "bkmkend",
    "filetbl",
    "revtbl",
    "nonshppict",
    "shpinst",
    "listtext",
    "pntext",
    "atnid",
    "atnauthor",
    "panose",
    "falt",
    "blipuid",
];

/// Where the words of a group go.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    Body,
    Edges,
    Notes,
    /// Fonts and what the file says of itself: groups within may count.
    Apart,
    Instruction,
    Title,
    Author,
    Passed,
}

#[derive(Clone, Copy)]
struct Group {
    place: Place,
    /// Bytes that stand in for each character given by its number.
    stands_in: usize,
    hidden: bool,
    font: u32,
    /// The group began with `\*`: if its word is unknown, it is passed over.
    optional: bool,
    /// A link is open, and ends with the group.
    link: bool,
}

/// Reads the bytes of an RTF.
pub(crate) fn read(name: &str, raw: &[u8], out: &mut dyn FnMut(Item)) {
    let mut parser = Parser::new(raw);
    let whole = parser.run();
    if !whole {
        let message = "ends inside of a group; what stands before was read";
        out(Item::Problem(Problem::partial(name, ProblemKind::Truncated, message)));
    }
    let rendered = render(&parser.html, false);
    if rendered.text.trim().is_empty() {
        let problem = Problem::fatal(name, ProblemKind::Unsupported, "has no text");
        return out(Item::Problem(
            problem.hint("pictures of text need text recognition (OCR) first"),
        ));
    }
    let mut document = Document::new(raw, name, Format::Docx, rendered.text);
    let title = parser.title.trim();
    document.title = (!title.is_empty()).then(|| title.to_owned());
    if !parser.author.trim().is_empty() {
        document.properties.push(("author".to_owned(), parser.author.trim().to_owned()));
    }
    if let Some(date) = parser.created.and_then(|day| dates::parse(&day)) {
        document.properties.push(("created".to_owned(), date.to_string()));
    }
    let mut reading = Reading::new(document, raw.to_vec());
    reading.regions = rendered.regions;
    entitle(&mut reading);
    append(&mut reading, &parser.notes, &RegionKind::References);
    prose::complete(&mut reading);
    append(&mut reading, &parser.edges, &RegionKind::Furniture);
    out(Item::Reading(Box::new(reading)));
}

struct Parser<'r> {
    raw: &'r [u8],
    at: usize,
    groups: Vec<Group>,
    /// How many groups deeper than [`DEEPEST`].
    deeper: usize,
    encoding: &'static Encoding,
    fonts: Vec<(u32, &'static Encoding)>,
    /// Bytes that are not decoded yet, and the half of a character beyond 16 bits.
    bytes: Vec<u8>,
    half: Option<u32>,
    /// Bytes that stand in for the last character, still to pass over.
    skip: usize,
    paragraph: String,
    level: Option<u8>,
    in_table: bool,
    row_open: bool,
    table_open: bool,
    instruction: String,
    /// The words of a note, head or foot, until its group ends.
    aside: String,
    title: String,
    author: String,
    created: Option<String>,
    html: String,
    notes: String,
    edges: String,
}

impl<'r> Parser<'r> {
    fn new(raw: &'r [u8]) -> Self {
        Self {
            raw,
            at: 0,
            groups: Vec::new(),
            deeper: 0,
            encoding: WINDOWS_1252,
            fonts: Vec::new(),
            bytes: Vec::new(),
            half: None,
            skip: 0,
            paragraph: String::new(),
            level: None,
            in_table: false,
            row_open: false,
            table_open: false,
            instruction: String::new(),
            aside: String::new(),
            title: String::new(),
            author: String::new(),
            created: None,
            html: String::new(),
            notes: String::new(),
            edges: String::new(),
        }
    }

    /// Gives `false` when the text ends inside of a group.
    fn run(&mut self) -> bool {
        while let Some(&byte) = self.raw.get(self.at) {
            self.at += 1;
            match byte {
                b'{' => self.open(),
                b'}' => {
                    self.close();
                    if self.groups.is_empty() && self.deeper == 0 {
                        break;
                    }
                }
                b'\\' => self.control(),
                b'\r' | b'\n' => {}
                _ => self.byte(byte),
            }
        }
        let whole = self.groups.is_empty();
        self.flush();
        self.end_paragraph();
        self.end_table();
        whole
    }

    fn open(&mut self) {
        self.flush();
        let outer = self.groups.last().copied();
        if self.groups.len() >= DEEPEST {
            self.deeper += 1;
            return;
        }
        self.groups.push(Group {
            place: outer.map_or(Place::Body, |g| g.place),
            stands_in: outer.map_or(1, |g| g.stands_in),
            hidden: outer.is_some_and(|g| g.hidden),
            font: outer.map_or(0, |g| g.font),
            optional: false,
            link: false,
        });
    }

    fn close(&mut self) {
        self.flush();
        if self.deeper > 0 {
            self.deeper -= 1;
            return;
        }
        let Some(group) = self.groups.pop() else { return };
        if group.link {
            self.paragraph.push_str("</a>");
        }
        let outer = self.place();
        if matches!(group.place, Place::Notes | Place::Edges) && group.place != outer {
            let words = std::mem::take(&mut self.aside);
            let told = if group.place == Place::Notes { &mut self.notes } else { &mut self.edges };
            let _ = write!(told, "<p>{words}</p>");
        }
        self.skip = 0;
    }

    fn place(&self) -> Place {
        if self.deeper > 0 {
            Place::Passed
        } else {
            self.groups.last().map_or(Place::Body, |g| g.place)
        }
    }

    fn byte(&mut self, byte: u8) {
        if self.skip > 0 {
            self.skip -= 1;
        } else if self.place() != Place::Passed {
            self.bytes.push(byte);
        }
    }

    /// Decodes the bytes at hand.
    fn flush(&mut self) {
        if self.bytes.is_empty() {
            return;
        }
        let font = self.groups.last().map_or(0, |g| g.font);
        let encoding =
            self.fonts.iter().rev().find(|(f, _)| *f == font).map_or(self.encoding, |(_, e)| *e);
        let bytes = std::mem::take(&mut self.bytes);
        let words = encoding.decode_without_bom_handling(&bytes).0.into_owned();
        self.words(&words);
    }

    fn words(&mut self, words: &str) {
        let hidden = self.groups.last().is_some_and(|g| g.hidden);
        match self.place() {
            Place::Body if !hidden => self.paragraph.push_str(&escaped(words)),
            Place::Title => self.title.push_str(words),
            Place::Author => self.author.push_str(words),
            Place::Instruction if self.instruction.len() < 8192 => self.instruction.push_str(words),
            Place::Notes | Place::Edges if !hidden => self.aside.push_str(&escaped(words)),
            _ => {}
        }
    }

    fn character(&mut self, c: char) {
        self.flush();
        let mut buffer = [0; 4];
        self.words(c.encode_utf8(&mut buffer));
    }

    fn control(&mut self) {
        let Some(&first) = self.raw.get(self.at) else { return };
        if !first.is_ascii_alphabetic() {
            self.at += 1;
            return self.symbol(first);
        }
        let rest = self.raw.get(self.at..).unwrap_or_default();
        let letters = rest.iter().take(32).take_while(|b| b.is_ascii_alphabetic()).count();
        let number = rest.get(letters..).unwrap_or_default();
        let sign = usize::from(number.first() == Some(&b'-'));
        let digits = number.iter().skip(sign).take(10).take_while(|b| b.is_ascii_digit()).count();
        let len = if digits > 0 { sign + digits } else { 0 };
        let word = std::str::from_utf8(&rest[..letters]).unwrap_or_default();
        let value = number
            .get(..len)
            .and_then(|n| std::str::from_utf8(n).ok())
            .and_then(|n| n.parse::<i64>().ok());
        self.at += letters + len;
        // One blank ends the word and is none of the text.
        self.at += usize::from(self.raw.get(self.at) == Some(&b' '));
        self.skip = 0;
        self.word(word, value);
    }

    fn symbol(&mut self, symbol: u8) {
        match symbol {
            b'\'' => {
                let digits = self.raw.get(self.at..self.at + 2);
                let byte = digits
                    .and_then(|d| std::str::from_utf8(d).ok())
                    .and_then(|d| u8::from_str_radix(d, 16).ok());
                if let Some(byte) = byte {
                    self.at += 2;
                    self.byte(byte);
                }
            }
            b'*' => {
                if let Some(group) = self.groups.last_mut() {
                    group.optional = true;
                }
            }
            b'~' => self.character('\u{a0}'),
            b'_' => self.character('-'),
            b'\r' | b'\n' => self.word("par", None),
            b'\\' | b'{' | b'}' => self.byte(symbol),
            _ => {}
        }
    }

    fn word(&mut self, word: &str, value: Option<i64>) {
        let optional = self.groups.last_mut().is_some_and(|g| std::mem::take(&mut g.optional));
        let on = value != Some(0);
        match word {
            "u" => return self.unicode(value.unwrap_or(0)),
            "bin" => {
                self.at = self.at.saturating_add(usize::try_from(value.unwrap_or(0)).unwrap_or(0));
                return;
            }
            _ => self.flush(),
        }
        if let Some(place) = destination(word) {
            if self.place() != Place::Passed
                && let Some(group) = self.groups.last_mut()
            {
                group.place = place;
            }
            if place == Place::Instruction {
                self.instruction.clear();
            }
            return;
        }
        if optional && let Some(group) = self.groups.last_mut() {
            group.place = Place::Passed;
            return;
        }
        let place = self.place();
        match word {
            "ansicpg" => self.encoding = code_page(value.unwrap_or(1252)).unwrap_or(WINDOWS_1252),
            "fcharset" if place == Place::Apart => {
                let font = self.groups.last().map_or(0, |g| g.font);
                if let Some(encoding) = charset(value.unwrap_or(0)) {
                    self.fonts.push((font, encoding));
                }
            }
            "f" => {
                if let Some(group) = self.groups.last_mut() {
                    group.font = u32::try_from(value.unwrap_or(0)).unwrap_or(0);
                }
            }
            "uc" => {
                if let Some(group) = self.groups.last_mut() {
                    group.stands_in = usize::try_from(value.unwrap_or(1)).unwrap_or(1).min(16);
                }
            }
            "v" => {
                if let Some(group) = self.groups.last_mut() {
                    group.hidden = on;
                }
            }
            "fldrslt" => self.link(),
            "creatim" => self.created = Some(String::new()),
            "yr" | "mo" | "dy" => self.date(word, value.unwrap_or(0)),
            _ if place != Place::Body => self.mark(word),
            "pard" => (self.level, self.in_table) = (None, false),
            "intbl" => self.in_table = true,
            "outlinelevel" => {
                let level = value.and_then(|v| u8::try_from(v).ok()).filter(|v| *v < 6);
                self.level = level.map(|v| v + 1);
            }
            "par" | "sect" | "page" => self.end_paragraph(),
            "line" => self.paragraph.push_str("<br>"),
            "cell" | "nestcell" => self.end_cell(),
            "row" | "nestrow" => self.end_row(),
            _ => self.mark(word),
        }
    }

    fn mark(&mut self, word: &str) {
        let c = match word {
            "tab" => '\t',
            "emdash" => '—',
            "endash" => '–',
            "bullet" => '•',
            "lquote" => '‘',
            "rquote" => '’',
            "ldblquote" => '“',
            "rdblquote" => '”',
            "par" | "line" => ' ',
            _ => return,
        };
        self.character(c);
    }

    fn unicode(&mut self, value: i64) {
        self.flush();
        let unit = (value.rem_euclid(0x1_0000)) as u32;
        self.skip = self.groups.last().map_or(1, |g| g.stands_in);
        let c = match (self.half.take(), unit) {
            (_, 0xd800..=0xdbff) => {
                self.half = Some(unit);
                return;
            }
            (Some(high), 0xdc00..=0xdfff) => {
                char::from_u32(0x1_0000 + ((high - 0xd800) << 10) + (unit - 0xdc00))
            }
            _ => char::from_u32(unit),
        };
        if self.place() != Place::Passed {
            self.character(c.unwrap_or('\u{fffd}'));
        }
    }

    fn date(&mut self, word: &str, value: i64) {
        if let Some(day) = self.created.as_mut().filter(|day| day.len() < 10) {
            let _ =
                if word == "yr" { write!(day, "{value:04}") } else { write!(day, "-{value:02}") };
        }
    }

    /// The result of a field: a link, if the field is one.
    fn link(&mut self) {
        let instruction = std::mem::take(&mut self.instruction);
        let target = instruction
            .trim()
            .strip_prefix("HYPERLINK")
            .and_then(|rest| rest.trim_start().strip_prefix('"')?.split('"').next())
            .filter(|target| !target.is_empty());
        if let Some(target) = target
            && self.place() == Place::Body
        {
            let _ = write!(self.paragraph, "<a href=\"{}\">", escaped(target));
            if let Some(group) = self.groups.last_mut() {
                group.link = true;
            }
        }
    }

    fn end_paragraph(&mut self) {
        if self.in_table {
            if !self.paragraph.trim().is_empty() {
                self.paragraph.push_str("<br>");
            }
            return;
        }
        self.end_table();
        let words = std::mem::take(&mut self.paragraph);
        if words.trim().is_empty() {
            return;
        }
        let _ = match self.level {
            Some(level) => write!(self.html, "<h{level}>{words}</h{level}>"),
            None => write!(self.html, "<p>{words}</p>"),
        };
    }

    fn end_cell(&mut self) {
        if !std::mem::replace(&mut self.table_open, true) {
            self.html.push_str("<table>");
        }
        if !std::mem::replace(&mut self.row_open, true) {
            self.html.push_str("<tr>");
        }
        let words = std::mem::take(&mut self.paragraph);
        let _ = write!(self.html, "<td>{}</td>", words.trim_end_matches("<br>"));
    }

    fn end_row(&mut self) {
        if std::mem::take(&mut self.row_open) {
            self.html.push_str("</tr>");
        }
    }

    fn end_table(&mut self) {
        self.end_row();
        if std::mem::take(&mut self.table_open) {
            self.html.push_str("</table>");
        }
    }
}

fn destination(word: &str) -> Option<Place> {
    Some(match word {
        "fonttbl" | "info" => Place::Apart,
        "title" => Place::Title,
        "author" => Place::Author,
        "fldinst" => Place::Instruction,
        "footnote" | "annotation" => Place::Notes,
        "header" | "footer" | "headerl" | "headerr" | "headerf" | "footerl" | "footerr"
        | "footerf" => Place::Edges,
        _ if PASSED.contains(&word) => Place::Passed,
        _ => return None,
    })
}

fn code_page(number: i64) -> Option<&'static Encoding> {
    let label = match number {
        932 => "shift_jis".to_owned(),
        936 => "gbk".to_owned(),
        949 => "euc-kr".to_owned(),
        950 => "big5".to_owned(),
        874 => "windows-874".to_owned(),
        1250..=1258 => format!("windows-{number}"),
        65001 => "utf-8".to_owned(),
        _ => return None,
    };
    Encoding::for_label(label.as_bytes())
}

/// The encoding of a font's set of characters.
fn charset(number: i64) -> Option<&'static Encoding> {
    code_page(match number {
        128 => 932,
        129 => 949,
        134 => 936,
        136 => 950,
        161 => 1253,
        162 => 1254,
        163 => 1258,
        177 => 1255,
        178 => 1256,
        186 => 1257,
        204 => 1251,
        222 => 874,
        238 => 1250,
        _ => return None,
    })
}
