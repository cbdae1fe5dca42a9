//! Tables on paper: columns by what they hold, rows kept whole, the head on every page.

use super::blocks::{colour, quoted};
use super::draw::{BLACK, GREY, Ink, MARGIN, Mark, SHADE, Sheet, WIDTH};
use super::font::Style;
use super::wrap;
use crate::layout::{Cell, Row, Table, Tone};

const SIZE: f32 = 8.5;
const NOTE: f32 = 7.8;
const GAP: f32 = 8.0;
/// A column is at least so wide.
const NARROW: f32 = 34.0;

pub(super) fn write(sheet: &mut Sheet<'_>, table: &Table) {
    let widths = widths(sheet, table);
    head(sheet, table, &widths);
    for row in &table.rows {
        let cells: Vec<(Ink, Vec<String>)> = row
            .cells
            .iter()
            .zip(&widths)
            .map(|(cell, width)| {
                let ink = ink(cell);
                (ink, wrap::lines(sheet.faces, &cell.text, ink.style, ink.size, width - GAP))
            })
            .collect();
        let high = cells.iter().map(|(ink, lines)| lines.len() as f32 * ink.leading());
        let high = high.fold(SIZE * 1.35, f32::max);
        let note = note(table, row);
        let below = if note.is_empty() { 0.0 } else { NOTE * 1.35 };
        if Sheet::fits_a_page(high + below + 40.0) && sheet.need(high + below + 3.0) {
            head(sheet, table, &widths);
        }
        let top = sheet.y;
        let mut x = MARGIN;
        for ((ink, lines), width) in cells.iter().zip(&widths) {
            let mut y = top;
            for line in lines {
                sheet.line(x, y, *ink, line);
                y += ink.leading();
            }
            x += width;
        }
        sheet.y = top + high;
        if !note.is_empty() {
            sheet.paragraph(10.0, Ink::new(NOTE, GREY), &note);
        }
        if table.quote {
            row.quotes.iter().for_each(|quote| quoted(sheet, 10.0, quote));
        }
        sheet.space(1.0);
        let y = sheet.y;
        sheet.put(Mark::Box { x: MARGIN, y, w: WIDTH, h: 0.3, colour: SHADE });
        sheet.space(2.0);
    }
}

fn note(table: &Table, row: &Row) -> String {
    if row.note.is_empty() || table.lead.is_empty() {
        row.note.clone()
    } else {
        format!("{} {}", table.lead, row.note)
    }
}

fn ink(cell: &Cell) -> Ink {
    let style = match cell.tone {
        _ if cell.code => Style::Mono,
        Tone::Strong => Style::Bold,
        _ => Style::Plain,
    };
    let size = if cell.code { SIZE - 0.8 } else { SIZE };
    Ink::new(size, colour(cell.tone)).style(style)
}

fn head(sheet: &mut Sheet<'_>, table: &Table, widths: &[f32]) {
    let ink = Ink::new(SIZE, BLACK).style(Style::Bold);
    let high = ink.leading() + 4.0;
    sheet.need(high * 2.0);
    let y = sheet.y;
    sheet.put(Mark::Box { x: MARGIN - 3.0, y, w: WIDTH + 6.0, h: high, colour: SHADE });
    let mut x = MARGIN;
    for (name, width) in table.columns.iter().zip(widths) {
        sheet.line(x, y + 2.0, ink, name);
        x += width;
    }
    sheet.y = y + high + 2.0;
}

/// Columns as wide as what they hold; where that is too much, the wide ones give way.
fn widths(sheet: &Sheet<'_>, table: &Table) -> Vec<f32> {
    let count = table.columns.len().max(1);
    let mut wanted: Vec<f32> =
        table.columns.iter().map(|name| sheet.faces.width(name, Style::Bold, SIZE) + GAP).collect();
    wanted.resize(count, NARROW);
    for row in &table.rows {
        for (cell, wide) in row.cells.iter().zip(&mut wanted) {
            let ink = ink(cell);
            *wide = wide.max(sheet.faces.width(&cell.text, ink.style, ink.size) + GAP);
        }
    }
    let least = NARROW.min(WIDTH / count as f32);
    let all: f32 = wanted.iter().sum();
    if all <= WIDTH {
        let rest = (WIDTH - all) / count as f32;
        return wanted.iter().map(|wide| wide + rest).collect();
    }
    // The same limit for all that want more than their share.
    let (mut low, mut high) = (0.0, WIDTH);
    for _ in 0..30 {
        let limit = f32::midpoint(low, high);
        let used: f32 = wanted.iter().map(|wide| wide.min(limit).max(least)).sum();
        if used > WIDTH { high = limit } else { low = limit }
    }
    wanted.iter().map(|wide| wide.min(low).max(least)).collect()
}
