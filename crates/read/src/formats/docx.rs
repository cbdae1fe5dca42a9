//! DOCX: the paragraphs, tables, links and notes of a word processor's file (ECMA-376, part 1).
//!
//! They are written as HTML, so that one renderer says what text, tables and links look like.

use std::fmt::Write;
use std::io::{Read, Seek};

use lapwing_model::{Document, Format, Problem, ProblemKind, Reading, Region, RegionKind, Span};
use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};
use zip::ZipArchive;

use super::html::render;
use super::prose;
use super::title::entitles;
use crate::{Item, dates};

/// The part that holds the text.
const BODY: &str = "word/document.xml";

/// Whether an archive is a DOCX: it has the part that holds the text.
pub(crate) fn is_docx<R: Read + Seek>(archive: &ZipArchive<R>) -> bool {
    archive.index_for_name(BODY).is_some()
}

/// Reads the file `raw` by the parts of its archive, none of which may unpack to more than `most`.
pub(crate) fn read<R: Read + Seek>(
    name: &str,
    raw: &[u8],
    archive: &mut ZipArchive<R>,
    most: u64,
    out: &mut dyn FnMut(Item),
) {
    let body = match part(archive, BODY, most) {
        Ok(Some(body)) => body,
        Ok(None) => String::new(),
        Err(problem) => return out(Item::Problem(problem.named(name))),
    };
    let mut other = |path: &str| match part(archive, path, most) {
        Ok(text) => text.unwrap_or_default(),
        Err(problem) => {
            out(Item::Problem(problem.named(name)));
            String::new()
        }
    };
    let links = relations(&other("word/_rels/document.xml.rels"));
    let mut html = String::new();
    let mut whole = Writer::new(&links).write(&body, &mut html);
    let mut notes = String::new();
    for path in ["word/footnotes", "word/endnotes"] {
        let links =
            relations(&other(&format!("{}.xml.rels", path.replace("word/", "word/_rels/"))));
        whole &= Writer::new(&links).write(&other(&format!("{path}.xml")), &mut notes);
    }
    let mut edges = String::new();
    for number in 1..=6 {
        for kind in ["header", "footer"] {
            Writer::new(&[]).write(&other(&format!("word/{kind}{number}.xml")), &mut edges);
        }
    }
    let properties = other("docProps/core.xml");
    if !whole {
        let message = "its text is damaged XML; what stands before the damage was read";
        out(Item::Problem(Problem::partial(name, ProblemKind::Malformed, message)));
    }
    let rendered = render(&html, false);
    if rendered.text.trim().is_empty() {
        let problem = Problem::fatal(name, ProblemKind::Unsupported, "has no text");
        return out(Item::Problem(
            problem.hint("pictures of text need text recognition (OCR) first"),
        ));
    }
    let mut document = Document::new(raw, name, Format::Docx, rendered.text);
    describe(&mut document, &properties);
    let mut reading = Reading::new(document, raw.to_vec());
    reading.regions = rendered.regions;
    entitle(&mut reading);
    append(&mut reading, &notes, &RegionKind::References);
    prose::complete(&mut reading);
    append(&mut reading, &edges, &RegionKind::Furniture);
    out(Item::Reading(Box::new(reading)));
}

/// Takes the first heading for the title where the file's own fields name none.
pub(super) fn entitle(reading: &mut Reading) {
    if reading.document.title.is_none() {
        let text = &reading.document.text;
        let first = reading.regions.iter().find(|r| {
            matches!(r.kind, RegionKind::Heading { level: 1 })
                && r.span.slice(text).is_some_and(entitles)
        });
        reading.document.title = first.and_then(|r| r.span.slice(text)).map(str::to_owned);
    }
}

/// Adds notes, or heads and feet, behind the text.
pub(super) fn append(reading: &mut Reading, html: &str, kind: &RegionKind) {
    let rendered = render(html, false);
    if rendered.text.trim().is_empty() {
        return;
    }
    reading.document.text.push('\n');
    let start = reading.document.text.len();
    reading.document.text.push_str(&rendered.text);
    let moved = |span: Span| Span::new(start + span.start as usize, start + span.end as usize);
    let inner = rendered.regions.into_iter().map(|r| Region { span: moved(r.span), kind: r.kind });
    reading.regions.extend(inner);
    let span = Span::new(start, start + rendered.text.trim_end().len());
    reading.regions.push(Region { span, kind: kind.clone() });
}

/// A part that could not be read; the name of the file comes later.
pub(super) struct PartProblem {
    kind: ProblemKind,
    message: String,
}

impl PartProblem {
    pub(super) fn named(self, name: &str) -> Problem {
        let problem = Problem::fatal(name, self.kind, self.message);
        match self.kind {
            ProblemKind::Limit => problem.hint("raise the limit `document_bytes`"),
            _ => problem.hint("save it again, or as PDF"),
        }
    }
}

pub(super) fn part<R: Read + Seek>(
    archive: &mut ZipArchive<R>,
    path: &str,
    most: u64,
) -> Result<Option<String>, PartProblem> {
    let Some(at) = archive.index_for_name(path) else { return Ok(None) };
    let damaged = |error: String| PartProblem {
        kind: ProblemKind::Malformed,
        message: format!("its part {path} cannot be unpacked: {error}"),
    };
    let entry = archive.by_index(at).map_err(|e| damaged(e.to_string()))?;
    let mut bytes = Vec::new();
    entry.take(most + 1).read_to_end(&mut bytes).map_err(|e| damaged(e.to_string()))?;
    if bytes.len() as u64 > most {
        let message = format!("its part {path} unpacks to more than {most} bytes");
        return Err(PartProblem { kind: ProblemKind::Limit, message });
    }
    Ok(Some(crate::decode::decode(&bytes).text.into_owned()))
}

/// Targets of links by the id of their relation.
pub(super) fn relations(xml: &str) -> Vec<(String, String)> {
    let mut reader = Reader::from_str(xml);
    let mut found = Vec::new();
    loop {
        match reader.read_event() {
            Ok(Event::Start(tag) | Event::Empty(tag))
                if tag.local_name().as_ref() == "Relationship" =>
            {
                if let (Some(id), Some(target)) = (value(&tag, "Id"), value(&tag, "Target")) {
                    found.push((id, target));
                }
            }
            Ok(Event::Eof) | Err(_) => break,
            Ok(_) => {}
        }
    }
    found.sort();
    found
}

/// An attribute by its local name.
pub(super) fn value(tag: &BytesStart<'_>, name: &str) -> Option<String> {
    let found = tag.attributes().flatten().find(|a| a.key.local_name().as_ref() == name)?;
    let raw = &found.value;
    Some(
        quick_xml::escape::unescape(raw)
            .map_or_else(|_| raw.to_string(), std::borrow::Cow::into_owned),
    )
}

fn describe(document: &mut Document, xml: &str) {
    let mut reader = Reader::from_str(xml);
    let mut field = String::new();
    loop {
        match reader.read_event() {
            Ok(Event::Start(tag)) => tag.local_name().as_ref().clone_into(&mut field),
            Ok(Event::End(_)) => field.clear(),
            Ok(Event::Text(words)) => {
                let words = words.trim().to_owned();
                match field.as_str() {
                    _ if words.is_empty() => {}
                    "title" => document.title = Some(words),
                    "creator" => document.properties.push(("author".to_owned(), words)),
                    "created" => {
                        if let Some(date) = dates::parse(&words) {
                            document.properties.push(("created".to_owned(), date.to_string()));
                        }
                    }
                    "modified" => document.modified = dates::parse(&words),
                    "language" => document.language = words.get(..2).map(str::to_lowercase),
                    _ => {}
                }
            }
            Ok(Event::Eof) | Err(_) => return,
            Ok(_) => {}
        }
    }
}

/// A paragraph while it is read.
#[derive(Default)]
struct Paragraph {
    html: String,
    level: Option<u8>,
    listed: bool,
    code: bool,
}

/// Writes WordprocessingML as HTML.
struct Writer<'l> {
    links: &'l [(String, String)],
    paragraph: Paragraph,
    /// Depth of what is passed over: the second telling of a drawing.
    passed: usize,
    hidden: bool,
    mono: bool,
    /// The instruction of a field, while it is read; links may be written so.
    field: Option<String>,
    field_link: bool,
    in_text: bool,
    in_field: bool,
    /// What the open cell spans, until its first content.
    cell: Vec<(String, bool)>,
    head_row: bool,
}

impl<'l> Writer<'l> {
    fn new(links: &'l [(String, String)]) -> Self {
        Self {
            links,
            paragraph: Paragraph::default(),
            passed: 0,
            hidden: false,
            mono: false,
            field: None,
            field_link: false,
            in_text: false,
            in_field: false,
            cell: Vec::new(),
            head_row: false,
        }
    }

    /// Gives `false` when the XML is damaged.
    fn write(mut self, xml: &str, html: &mut String) -> bool {
        let mut reader = Reader::from_str(xml);
        reader.config_mut().check_end_names = false;
        loop {
            match reader.read_event() {
                Ok(Event::Start(tag)) => self.start(&tag, html),
                Ok(Event::Empty(tag)) => {
                    self.start(&tag, html);
                    self.end(tag.local_name().as_ref(), html);
                }
                Ok(Event::End(tag)) => self.end(tag.local_name().as_ref(), html),
                Ok(Event::Text(words)) => self.words(&words),
                Ok(Event::GeneralRef(name)) => {
                    self.words(&format!("&{};", &*name));
                }
                Ok(Event::CData(words)) => {
                    self.words(&escaped(&words));
                }
                Ok(Event::Eof) => {
                    self.end("p", html);
                    return true;
                }
                Err(_) => {
                    self.end("p", html);
                    return false;
                }
                Ok(_) => {}
            }
        }
    }

    /// Words as they stand in the XML, which escapes as HTML does.
    fn words(&mut self, words: &str) {
        if self.in_field {
            if let Some(field) = self.field.as_mut().filter(|f| f.len() < 8192) {
                field.push_str(words);
            }
        } else if self.in_text && self.passed == 0 && !self.hidden {
            self.paragraph.html.push_str(words);
        }
    }

    fn start(&mut self, tag: &BytesStart<'_>, html: &mut String) {
        let name = tag.local_name();
        let name = name.as_ref();
        if self.passed > 0 || name == "Fallback" {
            self.passed += 1;
            return;
        }
        let said = || value(tag, "val");
        if matches!(name, "p" | "tbl") {
            self.open_cell(html);
        }
        let on = |said: Option<String>| {
            said.is_none_or(|v| !matches!(v.as_str(), "0" | "false" | "off"))
        };
        match name {
            "p" => self.paragraph = Paragraph::default(),
            "pStyle" => self.style(&said().unwrap_or_default()),
            "outlineLvl" => {
                let level = said().and_then(|v| v.parse::<u8>().ok()).filter(|l| *l < 6);
                self.paragraph.level = level.map(|l| l + 1).or(self.paragraph.level);
            }
            "numPr" => self.paragraph.listed = true,
            "r" => (self.hidden, self.mono) = (false, false),
            "vanish" => self.hidden = on(said()),
            "rFonts" => {
                let face = value(tag, "ascii").unwrap_or_default().to_ascii_lowercase();
                self.mono = ["courier", "consolas", "mono", "menlo", "lucida console", "code"]
                    .iter()
                    .any(|f| face.contains(f));
            }
            "t" => {
                self.in_text = true;
                if self.mono && !self.hidden {
                    self.paragraph.html.push_str("<code>");
                }
            }
            "tab" | "ptab" if self.paragraph.html.is_empty() => {}
            "tab" | "ptab" => self.paragraph.html.push(' '),
            "br" | "cr" => self.paragraph.html.push_str("<br>"),
            "noBreakHyphen" => self.paragraph.html.push('-'),
            "hyperlink" => {
                let id = value(tag, "id").unwrap_or_default();
                let at = self.links.binary_search_by(|(known, _)| known.as_str().cmp(&id));
                let target = at.ok().and_then(|at| self.links.get(at)).map_or("", |(_, t)| t);
                let _ = write!(self.paragraph.html, "<a href=\"{}\">", escaped(target));
            }
            "fldChar" => self.field_mark(&value(tag, "fldCharType").unwrap_or_default()),
            "instrText" => self.in_field = true,
            "fldSimple" => {
                self.field = value(tag, "instr");
                self.field_mark("separate");
            }
            "footnoteReference" | "endnoteReference" => {
                let id = value(tag, "id").unwrap_or_default();
                let _ = write!(self.paragraph.html, " [{}]", escaped(&id));
            }
            // The separators of notes have types; notes have none.
            "footnote" | "endnote" if value(tag, "type").is_none() => {
                let id = value(tag, "id").unwrap_or_default();
                let _ = write!(html, "<p>[{}]</p>", escaped(&id));
            }
            "tbl" => html.push_str("<table>"),
            "tr" => {
                self.head_row = false;
                html.push_str("<tr>");
            }
            "tblHeader" => self.head_row = on(said()),
            "tc" => self.cell.push((String::new(), false)),
            "gridSpan" => {
                if let Some((span, _)) = self.cell.last_mut() {
                    *span = said().unwrap_or_default();
                }
            }
            _ => {}
        }
    }

    /// Opens the cell before its first content: only then its properties are known.
    fn open_cell(&mut self, html: &mut String) {
        let tag = if self.head_row { "th" } else { "td" };
        if let Some((span, opened)) = self.cell.last_mut().filter(|(_, opened)| !opened) {
            *opened = true;
            let _ = match span.parse::<u32>() {
                Ok(columns) => write!(html, "<{tag} colspan=\"{columns}\">"),
                Err(_) => write!(html, "<{tag}>"),
            };
        }
    }

    fn style(&mut self, style: &str) {
        let lower = style.to_ascii_lowercase();
        let number = lower.strip_prefix("heading").map(|n| n.trim().parse::<u8>());
        match number {
            Some(Ok(level)) => self.paragraph.level = Some(level.clamp(1, 6)),
            _ if lower == "title" => self.paragraph.level = Some(1),
            _ if lower.starts_with("list") => self.paragraph.listed = true,
            _ => {
                self.paragraph.code = lower.contains("code")
                    || lower.contains("preformatted")
                    || lower.contains("macro");
            }
        }
    }

    fn field_mark(&mut self, mark: &str) {
        match mark {
            "begin" => self.field = Some(String::new()),
            "separate" => {
                let target = self.field.as_deref().and_then(|f| {
                    let f = f.replace("&quot;", "\"");
                    let rest = f.trim().strip_prefix("HYPERLINK")?.trim_start().to_owned();
                    Some(rest.strip_prefix('"')?.split('"').next()?.to_owned())
                });
                if let Some(target) = target {
                    let _ = write!(self.paragraph.html, "<a href=\"{}\">", escaped(&target));
                    self.field_link = true;
                }
            }
            _ => self.end_field(),
        }
    }

    fn end_field(&mut self) {
        self.field = None;
        if std::mem::take(&mut self.field_link) {
            self.paragraph.html.push_str("</a>");
        }
    }

    fn end(&mut self, name: &str, html: &mut String) {
        if self.passed > 0 {
            self.passed -= 1;
            return;
        }
        match name {
            "t" => {
                self.in_text = false;
                if self.mono && !self.hidden {
                    self.paragraph.html.push_str("</code>");
                }
            }
            "instrText" => self.in_field = false,
            "hyperlink" => self.paragraph.html.push_str("</a>"),
            "fldSimple" => self.end_field(),
            "p" => {
                let Paragraph { html: words, level, listed, code } =
                    std::mem::take(&mut self.paragraph);
                if words.is_empty() {
                    return;
                }
                let _ = match level {
                    Some(level) => write!(html, "<h{level}>{words}</h{level}>"),
                    None if code => write!(html, "<pre>{}\n</pre>", words.replace("<br>", "\n")),
                    None if listed => write!(html, "<ul><li>{words}</li></ul>"),
                    None => write!(html, "<p>{words}</p>"),
                };
            }
            "tc" => {
                self.open_cell(html);
                self.cell.pop();
                html.push_str("</td>");
            }
            "tr" => html.push_str("</tr>"),
            "tbl" => html.push_str("</table>"),
            _ => {}
        }
    }
}

pub(super) fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
