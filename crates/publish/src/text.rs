//! The page for a terminal: aligned columns, wrapped at the width, long lists capped.

use anstyle::{AnsiColor, Style};
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use crate::TextStyle;
use crate::layout::{Block, Cell, Item, Layout, Table, Tone};

/// Rows of a table and items of a list that fit a glance; more are counted and named.
const MOST_ROWS: usize = 20;
/// Narrower terminals are treated as this wide.
const LEAST_WIDTH: usize = 40;
/// Blanks between columns.
const GUTTER: usize = 2;
/// No column is squeezed below this while another is wider.
const LEAST_COLUMN: usize = 6;

/// A column of values is not squeezed below this: a longer one gets a line of its own.
const LEAST_VALUE: usize = 16;
/// Blanks before a note that stands below its row.
const NOTE_INDENT: usize = 4;

/// Lays a page out as text.
pub(crate) fn render(page: &Layout, style: TextStyle) -> String {
    let mut out = Out { text: String::new(), colour: style.colour };
    let width = style.width.max(LEAST_WIDTH);
    for line in wrap(&page.title, width) {
        out.line(&[(&line, Tone::Strong)]);
    }
    out.line(&[(&format!("{} · {} · {}", page.kind, page.marking, page.dated), Tone::Quiet)]);
    let figures: Vec<String> = page
        .figures
        .iter()
        .filter(|(n, _)| *n > 0)
        .map(|(n, what)| format!("{n} {what}"))
        .collect();
    for line in wrap(&figures.join(" · "), width) {
        out.line(&[(&line, Tone::Quiet)]);
    }
    for section in &page.sections {
        out.text.push('\n');
        out.heading(section.title);
        for (at, block) in section.body.iter().enumerate() {
            let prose = |at: usize| matches!(section.body.get(at), Some(Block::Prose(_)));
            if at > 0 && !(prose(at) && prose(at - 1)) {
                out.text.push('\n');
            }
            match block {
                Block::Prose(text) => {
                    for line in wrap(text, width) {
                        out.line(&[(&line, Tone::Plain)]);
                    }
                }
                Block::Remark(text) => {
                    for line in wrap(text, width) {
                        out.line(&[(&line, Tone::Quiet)]);
                    }
                }
                Block::Items(items) => list(&mut out, items, width),
                Block::Timeline(items) => timeline(&mut out, items, width),
                Block::Table(it) => table(&mut out, it, width),
            }
        }
    }
    out.text.push('\n');
    for line in wrap(&page.footer, width) {
        out.line(&[(&line, Tone::Quiet)]);
    }
    out.text
}

struct Out {
    text: String,
    colour: bool,
}

impl Out {
    fn heading(&mut self, text: &str) {
        let upper = text.to_uppercase();
        let style = Style::new().bold().fg_color(Some(AnsiColor::Cyan.into()));
        self.styled(&upper, style);
        self.text.push('\n');
    }

    fn line(&mut self, parts: &[(&str, Tone)]) {
        for (text, tone) in parts {
            self.part(text, *tone);
        }
        let end = self.text.trim_end_matches(' ').len();
        self.text.truncate(end);
        self.text.push('\n');
    }

    fn part(&mut self, text: &str, tone: Tone) {
        self.styled(text, tone_style(tone));
    }

    fn styled(&mut self, text: &str, style: Style) {
        // Blanks stay outside, so that a line's end can be trimmed.
        let body = text.trim_end_matches(' ');
        if self.colour && style != Style::new() && !body.is_empty() {
            self.text.push_str(&format!("{style}{body}{style:#}"));
        } else {
            self.text.push_str(body);
        }
        self.text.push_str(&text[body.len()..]);
    }
}

fn tone_style(tone: Tone) -> Style {
    let colour = |c: AnsiColor| Style::new().fg_color(Some(c.into()));
    match tone {
        Tone::Plain => Style::new(),
        Tone::Strong => Style::new().bold(),
        Tone::Quiet => Style::new().dimmed(),
        Tone::Good => colour(AnsiColor::Green),
        Tone::Warn => colour(AnsiColor::Yellow),
        Tone::Bad => colour(AnsiColor::Red),
    }
}

fn list(out: &mut Out, items: &[Item], width: usize) {
    for item in items.iter().take(MOST_ROWS) {
        let lead = item.lead.as_deref().unwrap_or("-");
        hanging(out, lead, &item.text, item.tone, 0, width);
        for line in item.below.iter().take(MOST_ROWS) {
            hanging(out, "·", line, Tone::Quiet, lead.width() + 1, width);
        }
        if item.below.len() > MOST_ROWS {
            let more = format!("… {} more: lapwing list documents", item.below.len() - MOST_ROWS);
            hanging(out, "·", &more, Tone::Quiet, lead.width() + 1, width);
        }
    }
    if items.len() > MOST_ROWS {
        let more = format!("… {} more: --as md shows all", items.len() - MOST_ROWS);
        out.line(&[(&more, Tone::Quiet)]);
    }
}

fn hanging(out: &mut Out, lead: &str, text: &str, tone: Tone, indent: usize, width: usize) {
    let lead_width = lead.width() + 1;
    let room = width.saturating_sub(indent + lead_width).max(LEAST_COLUMN);
    for (at, line) in wrap(text, room).iter().enumerate() {
        out.text.push_str(&" ".repeat(indent));
        let head = if at == 0 { format!("{lead} ") } else { " ".repeat(lead_width) };
        out.line(&[(&head, Tone::Quiet), (line, tone)]);
    }
}

fn timeline(out: &mut Out, items: &[Item], width: usize) {
    let column = items.iter().filter_map(|i| i.lead.as_deref()).map(UnicodeWidthStr::width).max();
    let column = column.unwrap_or(0);
    for item in items.iter().take(MOST_ROWS) {
        let lead = pad(item.lead.as_deref().unwrap_or(""), column + 1);
        hanging(out, &lead, &item.text, item.tone, 0, width);
    }
    if items.len() > MOST_ROWS {
        let more = format!("… {} more: --as md shows all", items.len() - MOST_ROWS);
        out.line(&[(&more, Tone::Quiet)]);
    }
}

fn table(out: &mut Out, table: &Table, width: usize) {
    let shown = &table.rows[..table.rows.len().min(MOST_ROWS)];
    // A column that says nothing takes no room.
    let used: Vec<usize> = (0..table.columns.len())
        .filter(|&c| shown.iter().any(|r| r.cells.get(c).is_some_and(|x| !x.text.is_empty())))
        .collect();
    let cells =
        |c: usize| shown.iter().filter_map(move |r| r.cells.get(c)).filter(|x| !x.text.is_empty());
    let head = |c: usize| table.columns.get(c).map_or(0, |h| h.width());
    let natural: Vec<usize> = used
        .iter()
        .map(|&c| {
            if cells(c).any(|x| x.code) {
                return values_width(cells(c)).max(head(c));
            }
            cells(c).map(|x| x.text.width()).max().unwrap_or(0).max(head(c))
        })
        .collect();
    let room = width.saturating_sub(GUTTER * used.len().saturating_sub(1));
    // Words stay whole where there is room.
    let whole: Vec<usize> = used
        .iter()
        .map(|&c| {
            let longest = cells(c).map(|x| {
                if x.code {
                    return LEAST_VALUE;
                }
                let words = x.text.split(' ').map(UnicodeWidthStr::width).max().unwrap_or(0);
                words.min(width / 5)
            });
            longest.max().unwrap_or(0).max(head(c))
        })
        .collect();
    let widths = fit(&natural, &whole, room);
    let heads: Vec<Cell> = used
        .iter()
        .map(|&c| Cell::new(*table.columns.get(c).unwrap_or(&"")).tone(Tone::Quiet))
        .collect();
    row(out, &heads.iter().collect::<Vec<_>>(), "", &widths, width);
    for line in shown {
        let cells: Vec<&Cell> = used.iter().filter_map(|&c| line.cells.get(c)).collect();
        let lead = if line.note.is_empty() { "" } else { table.lead };
        row(out, &cells, &format!("{lead}{}", line.note), &widths, width);
    }
    if table.rows.len() > shown.len() {
        let more = format!("… {} more: {}", table.rows.len() - shown.len(), table.more);
        out.line(&[(&more, Tone::Quiet)]);
    }
}

/// The width that holds four of five values: the few longer ones get a line of their own, so
/// that one long name does not squeeze all rows.
fn values_width<'c>(cells: impl Iterator<Item = &'c Cell>) -> usize {
    let mut widths: Vec<usize> = cells.map(|x| x.text.width()).collect();
    widths.sort_unstable();
    let common = widths.get(widths.len().saturating_sub(1) * 4 / 5).copied().unwrap_or(0);
    widths.into_iter().rfind(|width| *width <= common + 8).unwrap_or(common)
}

/// A row with its note: beside it where there is room, else on an indented line below.
fn row(out: &mut Out, cells: &[&Cell], note: &str, widths: &[usize], width: usize) {
    let mut lines: Vec<Vec<String>> =
        cells.iter().zip(widths).map(|(cell, width)| wrap(&cell.text, *width)).collect();
    // A value that is broken is a wrong one: it stands on a line of its own.
    if let (Some(value), Some(column)) = (cells.first(), lines.first_mut())
        && value.code
        && column.len() > 1
    {
        for line in wrap(&shortened(&value.text, 2 * width), width) {
            out.line(&[(&line, value.tone)]);
        }
        column.clear();
    }
    let height = lines.iter().map(Vec::len).max().unwrap_or(0);
    let taken: usize = widths.iter().map(|w| w + GUTTER).sum();
    let beside = height == 1 && taken + note.width() <= width;
    for at in 0..height {
        let mut parts = Vec::new();
        for ((cell, column), width) in cells.iter().zip(&lines).zip(widths) {
            let text = column.get(at).map_or("", String::as_str);
            parts.push((pad(text, width + GUTTER), cell.tone));
        }
        let mut parts: Vec<(&str, Tone)> =
            parts.iter().map(|(t, tone)| (t.as_str(), *tone)).collect();
        if beside {
            parts.push((note, Tone::Quiet));
        }
        out.line(&parts);
    }
    if !beside {
        for line in wrap(note, width.saturating_sub(NOTE_INDENT)) {
            out.text.push_str(&" ".repeat(NOTE_INDENT));
            out.line(&[(&line, Tone::Quiet)]);
        }
    }
}

/// A value of more than `most` characters without its tail, with its length.
fn shortened(value: &str, most: usize) -> String {
    if value.chars().nth(most).is_none() {
        return value.to_owned();
    }
    let head: String = value.chars().take(most.saturating_sub(24)).collect();
    format!("{head}… ({} characters)", value.chars().count())
}

/// Takes from the widest columns until all fit: first what is above `least`, then all.
fn fit(natural: &[usize], least: &[usize], room: usize) -> Vec<usize> {
    let mut widths = natural.to_vec();
    for floor in [least, &vec![LEAST_COLUMN; least.len()][..]] {
        while widths.iter().sum::<usize>() > room {
            let open = widths.iter().zip(floor).enumerate().filter(|(_, (w, f))| w > f);
            let widest = open.max_by_key(|(at, (w, _))| (**w, usize::MAX - at)).map(|(at, _)| at);
            match widest.and_then(|at| widths.get_mut(at)) {
                Some(width) => *width -= 1,
                None => break,
            }
        }
    }
    widths
}

fn pad(text: &str, width: usize) -> String {
    let blanks = width.saturating_sub(text.width());
    format!("{text}{}", " ".repeat(blanks))
}

/// Breaks text at blanks, and words that are too long anywhere.
fn wrap(text: &str, width: usize) -> Vec<String> {
    let width = width.max(1);
    let mut lines = Vec::new();
    let mut line = String::new();
    let mut used = 0;
    for word in text.split(' ').filter(|w| !w.is_empty()) {
        let long = word.width();
        if used > 0 && used + 1 + long > width {
            lines.push(std::mem::take(&mut line));
            used = 0;
        }
        if long <= width {
            if used > 0 {
                line.push(' ');
                used += 1;
            }
            line.push_str(word);
            used += long;
            continue;
        }
        for c in word.chars() {
            let wide = c.width().unwrap_or(0);
            if used + wide > width && used > 0 {
                lines.push(std::mem::take(&mut line));
                used = 0;
            }
            line.push(c);
            used += wide;
        }
    }
    if !line.is_empty() {
        lines.push(line);
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wraps_by_columns_not_by_bytes() {
        assert_eq!(wrap("aa bb cc", 5), ["aa bb", "cc"]);
        assert_eq!(wrap("abcdefgh", 3), ["abc", "def", "gh"]);
        assert_eq!(wrap("漢字漢字", 4), ["漢字", "漢字"]);
        assert!(wrap("", 4).is_empty());
    }

    #[test]
    fn the_widest_columns_give_way() {
        assert_eq!(fit(&[5, 30, 10], &[5, 5, 5], 30), [5, 15, 10]);
        assert_eq!(fit(&[20, 20], &[15, 1], 20), [15, 5]);
        assert_eq!(fit(&[20, 20], &[20, 20], 20), [10, 10]);
        assert_eq!(fit(&[4, 4], &[4, 4], 40), [4, 4]);
        assert_eq!(fit(&[6, 6, 6], &[6, 6, 6], 10), [6, 6, 6]);
    }
}
