//! Workbooks (XLSX; ECMA-376, part 1, chapter 18): each sheet as a table of comma-separated values, which the
//! readers of tables, lists and text then take as any other.

use std::collections::BTreeMap;
use std::io::{Read, Seek};

use lapwing_model::{Problem, ProblemKind};
use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};
use zip::ZipArchive;

use super::docx::{PartProblem, part, relations, value};

/// The part that names the sheets.
const BOOK: &str = "xl/workbook.xml";
/// Columns and rows of a sheet that are read at most, and copies of joined cells.
const COLUMNS: usize = 512;
const ROWS: u32 = 1 << 20;
const JOINED: u32 = 1 << 16;

/// Whether an archive is a workbook: it has the part that names the sheets.
pub(crate) fn is_workbook<R: Read + Seek>(archive: &ZipArchive<R>) -> bool {
    archive.index_for_name(BOOK).is_some()
}

/// A sheet with its name.
pub(crate) struct Sheet {
    pub(crate) name: String,
    /// Comma-separated values, one row a line.
    pub(crate) csv: String,
}

/// The sheets of a workbook, none of whose parts may unpack to more than `most`, and what is wrong with it.
pub(crate) fn sheets<R: Read + Seek>(
    name: &str,
    archive: &mut ZipArchive<R>,
    most: u64,
) -> (Vec<Sheet>, Vec<Problem>) {
    let mut problems = Vec::new();
    let mut read = |path: &str| match part(archive, path, most) {
        Ok(text) => text.unwrap_or_default(),
        Err(problem) => {
            problems.push(PartProblem::named(problem, name));
            String::new()
        }
    };
    let book = read(BOOK);
    let targets = relations(&read("xl/_rels/workbook.xml.rels"));
    let strings = strings(&read("xl/sharedStrings.xml"));
    let dated = dated_styles(&read("xl/styles.xml"));
    let mut parts = Vec::new();
    for (title, id) in named(&book) {
        let at = targets.binary_search_by(|(known, _)| known.as_str().cmp(&id));
        let Some((_, target)) = at.ok().and_then(|at| targets.get(at)) else { continue };
        let path = match target.strip_prefix('/') {
            Some(path) => path.to_owned(),
            None => format!("xl/{target}"),
        };
        parts.push((title, read(&path)));
    }
    let mut found = Vec::new();
    for (title, xml) in parts {
        let mut grid = Grid::default();
        let whole = grid.read(&xml, &strings, &dated);
        if !whole || xml.is_empty() {
            let message =
                format!("its sheet \"{title}\" is damaged; what stands before the damage was read");
            problems.push(Problem::partial(name, ProblemKind::Malformed, message));
        }
        let csv = grid.csv();
        if !csv.trim().is_empty() {
            found.push(Sheet { name: title, csv });
        }
    }
    if found.is_empty() && problems.is_empty() {
        let problem =
            Problem::fatal(name, ProblemKind::Unsupported, "is a workbook without any text");
        problems.push(problem.hint("pictures of text need text recognition (OCR) first"));
    }
    (found, problems)
}

/// Names of the sheets, in their order, with the ids of their parts.
fn named(book: &str) -> Vec<(String, String)> {
    let mut names = Vec::new();
    each(book, |tag| {
        if tag.local_name().as_ref() == "sheet"
            && let (Some(name), Some(id)) = (value(tag, "name"), value(tag, "id"))
        {
            names.push((name, id));
        }
    });
    names
}

/// Calls `found` with each tag that opens; gives `false` when the XML is damaged.
fn each(xml: &str, mut found: impl FnMut(&BytesStart<'_>)) -> bool {
    let mut reader = Reader::from_str(xml);
    reader.config_mut().check_end_names = false;
    loop {
        match reader.read_event() {
            Ok(Event::Start(tag) | Event::Empty(tag)) => found(&tag),
            Ok(Event::Eof) => return true,
            Err(_) => return false,
            Ok(_) => {}
        }
    }
}

/// The texts that cells share, by number.
fn strings(xml: &str) -> Vec<String> {
    let mut reader = Reader::from_str(xml);
    reader.config_mut().check_end_names = false;
    let (mut all, mut open, mut in_text) = (Vec::new(), None::<String>, false);
    loop {
        match reader.read_event() {
            Ok(Event::Start(tag)) => match tag.local_name().as_ref() {
                "si" => open = Some(String::new()),
                // How a text is read aloud is no part of it.
                "rPh" => in_text = false,
                "t" => in_text = true,
                _ => {}
            },
            Ok(Event::Empty(tag)) if tag.local_name().as_ref() == "si" => all.push(String::new()),
            Ok(Event::End(tag)) => match tag.local_name().as_ref() {
                "si" => all.push(open.take().unwrap_or_default()),
                "t" => in_text = false,
                _ => {}
            },
            Ok(event) => match (event, open.as_mut().filter(|_| in_text)) {
                (Event::Eof, _) => return all,
                (event, Some(text)) => push_words(text, &event),
                _ => {}
            },
            Err(_) => return all,
        }
    }
}

/// Adds the words of an event, entities resolved.
fn push_words(text: &mut String, event: &Event<'_>) {
    match event {
        Event::Text(words) => text.push_str(words),
        Event::CData(words) => text.push_str(words),
        Event::GeneralRef(name) => {
            let whole = format!("&{};", &**name);
            let said = quick_xml::escape::unescape(&whole).map(std::borrow::Cow::into_owned);
            text.push_str(&said.unwrap_or(whole));
        }
        _ => {}
    }
}

/// For each style of cells, whether it shows a number as a date (18.8.30).
fn dated_styles(xml: &str) -> Vec<bool> {
    let (mut own, mut styles, mut in_cells): (BTreeMap<u32, bool>, Vec<bool>, bool) =
        Default::default();
    each(xml, |tag| match tag.local_name().as_ref() {
        "numFmt" => {
            let id = value(tag, "numFmtId").and_then(|id| id.parse().ok());
            if let (Some(id), Some(code)) = (id, value(tag, "formatCode")) {
                let code = code.to_ascii_lowercase();
                own.insert(id, code.contains('y') && (code.contains('m') || code.contains('d')));
            }
        }
        "cellXfs" => in_cells = true,
        "cellStyles" | "dxfs" => in_cells = false,
        "xf" if in_cells => {
            let id: u32 = value(tag, "numFmtId").and_then(|id| id.parse().ok()).unwrap_or(0);
            let builtin = matches!(id, 14..=17 | 22 | 27..=31 | 36 | 50..=54 | 57 | 58);
            styles.push(own.get(&id).copied().unwrap_or(builtin));
        }
        _ => {}
    });
    styles
}

/// The cells of a sheet by row and column.
#[derive(Default)]
struct Grid {
    rows: BTreeMap<u32, BTreeMap<usize, String>>,
}

impl Grid {
    /// Gives `false` when the XML is damaged.
    fn read(&mut self, xml: &str, strings: &[String], dated: &[bool]) -> bool {
        let mut reader = Reader::from_str(xml);
        reader.config_mut().check_end_names = false;
        let (mut row, mut column) = (0u32, 0usize);
        let (mut kind, mut style) = (String::new(), 0usize);
        let (mut text, mut in_value) = (String::new(), false);
        loop {
            match reader.read_event() {
                Ok(Event::Start(tag)) => match tag.local_name().as_ref() {
                    "row" => (row, column) = (next_row(&tag, row), 0),
                    "c" => {
                        let place = value(&tag, "r").and_then(|r| place(&r));
                        (column, row) = place.unwrap_or((column, row));
                        kind = value(&tag, "t").unwrap_or_default();
                        style = value(&tag, "s").and_then(|s| s.parse().ok()).unwrap_or(0);
                        text.clear();
                    }
                    "v" | "t" => in_value = true,
                    _ => {}
                },
                Ok(Event::Empty(tag)) => match tag.local_name().as_ref() {
                    "row" => (row, column) = (next_row(&tag, row), 0),
                    "c" => {
                        column =
                            value(&tag, "r").and_then(|r| place(&r)).map_or(column, |p| p.0) + 1;
                    }
                    "mergeCell" => self.join(&value(&tag, "ref").unwrap_or_default()),
                    _ => {}
                },
                Ok(Event::End(tag)) => match tag.local_name().as_ref() {
                    "v" | "t" => in_value = false,
                    "c" => {
                        let said = shown(&text, &kind, dated.get(style) == Some(&true), strings);
                        if !said.trim().is_empty() && column < COLUMNS && row < ROWS {
                            self.rows.entry(row).or_default().insert(column, said);
                        }
                        column += 1;
                    }
                    _ => {}
                },
                Ok(Event::Eof) => return true,
                Ok(event) if in_value => push_words(&mut text, &event),
                Ok(_) => {}
                Err(_) => return false,
            }
        }
    }

    /// A cell that reaches over several rows says the same of each.
    fn join(&mut self, range: &str) {
        let Some((from, to)) = range.split_once(':') else { return };
        let (Some((column, first)), Some((_, last))) = (place(from), place(to)) else { return };
        let Some(said) = self.rows.get(&first).and_then(|row| row.get(&column)).cloned() else {
            return;
        };
        for row in (first + 1..=last).take(JOINED as usize) {
            // Only where the row holds something else.
            if let Some(cells) = self.rows.get_mut(&row) {
                cells.entry(column).or_insert_with(|| said.clone());
            }
        }
    }

    fn csv(&self) -> String {
        let width =
            self.rows.values().filter_map(|row| row.keys().next_back()).max().map_or(0, |c| c + 1);
        let first =
            self.rows.values().filter_map(|row| row.keys().next()).min().copied().unwrap_or(0);
        let mut csv = String::new();
        let mut last = None::<u32>;
        for (number, row) in &self.rows {
            if last.is_some_and(|last| number - last > 1) {
                csv.push('\n');
            }
            last = Some(*number);
            for column in first..width {
                if column > first {
                    csv.push(',');
                }
                let said = row.get(&column).map_or("", |said| said.trim());
                if said.contains([',', '"', '\n', '\r']) {
                    csv.push('"');
                    csv.push_str(&said.replace('"', "\"\""));
                    csv.push('"');
                } else {
                    csv.push_str(said);
                }
            }
            csv.push('\n');
        }
        csv
    }
}

fn next_row(tag: &BytesStart<'_>, row: u32) -> u32 {
    value(tag, "r").and_then(|r| r.parse::<u32>().ok()).map_or(row + 1, |r| r.saturating_sub(1))
}

/// Column and row of `B3`, from 0.
fn place(name: &str) -> Option<(usize, u32)> {
    let letters = name.bytes().take_while(u8::is_ascii_alphabetic).count();
    let (column, row) = name.split_at(letters);
    if letters == 0 || letters > 3 {
        return None;
    }
    let column =
        column.bytes().fold(0usize, |n, b| n * 26 + usize::from(b.to_ascii_uppercase() - b'A') + 1);
    Some((column - 1, row.parse::<u32>().ok()?.checked_sub(1)?))
}

/// What a cell shows.
fn shown(text: &str, kind: &str, dated: bool, strings: &[String]) -> String {
    match kind {
        "s" => text
            .trim()
            .parse::<usize>()
            .ok()
            .and_then(|n| strings.get(n))
            .cloned()
            .unwrap_or_default(),
        "b" => if text.trim() == "1" { "true" } else { "false" }.to_owned(),
        "e" => String::new(),
        "" | "n" if dated => day(text).unwrap_or_else(|| text.to_owned()),
        _ => text.to_owned(),
    }
}

/// The day of a number of days since the end of 1899, as workbooks count.
fn day(text: &str) -> Option<String> {
    let days = text.trim().parse::<f64>().ok().filter(|d| (1.0..2_958_466.0).contains(d))?;
    let start = jiff::civil::date(1899, 12, 30);
    let whole = days.trunc() as i64;
    let date = start.checked_add(jiff::Span::new().try_days(whole).ok()?).ok()?;
    let minutes = ((days - days.trunc()) * 1440.0).round() as i64;
    if minutes == 0 || minutes >= 1440 {
        return Some(date.to_string());
    }
    Some(format!("{date} {:02}:{:02}", minutes / 60, minutes % 60))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_and_days() {
        assert_eq!(place("A1"), Some((0, 0)));
        assert_eq!(place("AB12"), Some((27, 11)));
        assert_eq!(place("12"), None);
        assert_eq!(place("A0"), None);
        assert_eq!(day("45413").as_deref(), Some("2024-05-01"));
        assert_eq!(day("45413.5").as_deref(), Some("2024-05-01 12:00"));
        assert_eq!(day("a"), None);
    }

    #[test]
    fn joined_cells_speak_for_each_row_and_values_are_quoted() {
        let strings = ["C2, old".to_owned(), "say \"so\"".to_owned()];
        let xml = r#"<sheetData><row r="2"><c r="B2" t="s"><v>0</v></c><c r="C2" t="inlineStr"><is><t>192.0.2.7</t></is></c></row>
<row r="3"><c r="C3" t="str"><v>192.0.2.8</v></c><c r="D3" t="s"><v>1</v></c></row><row r="9"><c r="C9"><v>5</v></c></row></sheetData>
<mergeCells><mergeCell ref="B2:B9"/></mergeCells>"#;
        let mut grid = Grid::default();
        assert!(grid.read(xml, &strings, &[]));
        assert_eq!(
            grid.csv(),
            "\"C2, old\",192.0.2.7,\n\"C2, old\",192.0.2.8,\"say \"\"so\"\"\"\n\n\"C2, old\",5,\n"
        );
        assert!(!Grid::default().read("<row r=\"1\"><c", &[], &[]));
    }
}
