use super::blocks::{Block, edges};
use super::glyphs::Rule;
use super::rows::Row;
use crate::value;

/// Lines of one cell, from the top.
pub(super) type Cell = Vec<Row>;

/// Cells by row; the first row may name the columns.
#[derive(Debug)]
pub(super) struct Table {
    pub rows: Vec<Vec<Cell>>,
    pub headed: bool,
}

/// Rows of a column that are compared with those of the others.
const SAMPLE: usize = 200;

/// Whether columns are those of a table, and not of running text.
pub(super) fn is_table(
    band: &[Row],
    columns: &[Vec<Row>],
    rivers: &[(f64, f64)],
    rules: &[Rule],
) -> bool {
    if ruled(band, rivers, rules).len() >= 2 {
        return true;
    }
    let prose: Vec<bool> = columns.iter().map(|c| is_prose(c)).collect();
    let running = prose.iter().filter(|p| **p).count();
    match (running, columns.len()) {
        (0, _) => true,
        (n, all) if n == all => false,
        // A box beside the text has baselines of its own; the cells of a row share theirs.
        _ => {
            let own = |y: f64, size: f64, column: &[Row]| {
                column.iter().take(SAMPLE).all(|row| (row.y - y).abs() > size * 0.12)
            };
            let (mut apart, mut count) = (0, 0);
            for (at, column) in columns.iter().enumerate().filter(|(at, _)| !prose[*at]) {
                for row in column.iter().take(SAMPLE) {
                    let others = columns.iter().enumerate().filter(|(other, _)| *other != at);
                    count += 1;
                    apart += usize::from(others.into_iter().all(|(_, c)| own(row.y, row.size, c)));
                }
            }
            apart * 4 <= count
        }
    }
}

/// Lines of several words that fill the width of their column.
fn is_prose(column: &[Row]) -> bool {
    let left = column.iter().map(|r| r.x).fold(f64::MAX, f64::min);
    let right = column.iter().map(|r| r.end).fold(f64::MIN, f64::max);
    let words: usize = column.iter().map(|r| r.words.len()).sum();
    let full = column.iter().filter(|r| r.end - left >= (right - left) * 0.78).count();
    let values = column.iter().filter(|r| r.words.len() <= 2).count();
    column.len() >= 4
        && words >= column.len() * 3
        && full * 2 >= column.len()
        && values * 3 <= column.len()
}

/// Heights of ruled lines inside a band that part rows on both sides of a river.
fn ruled(band: &[Row], rivers: &[(f64, f64)], rules: &[Rule]) -> Vec<f64> {
    let (Some(top), Some(low)) = (band.first(), band.last()) else { return Vec::new() };
    let mut inside: Vec<&Rule> =
        rules.iter().filter(|r| r.y < top.y && r.y > low.y + low.size * 0.5).collect();
    inside.sort_by(|a, b| b.y.total_cmp(&a.y));
    let mut heights: Vec<f64> = Vec::new();
    for group in inside.chunk_by(|a, b| (a.y - b.y).abs() < 1.5) {
        let crossed = rivers.iter().any(|(from, to)| {
            let over = group.iter().any(|r| r.x <= *from && r.end >= *to);
            let left = group.iter().any(|r| r.x < *from && r.end > *from - 12.0);
            let right = group.iter().any(|r| r.end > *to && r.x < *to + 12.0);
            over || (left && right)
        });
        // A line may be drawn for the foot of one cell and for the head of the next.
        let new = heights.last().is_none_or(|last| last - group[0].y > 4.0);
        if crossed && new {
            heights.push(group[0].y);
        }
    }
    heights
}

/// Builds the tables of a band; a title between two of them stands apart.
pub(super) fn build(band: &[Row], rivers: &[(f64, f64)], rules: &[Rule], blocks: &mut Vec<Block>) {
    let mut size: Vec<f64> = band.iter().map(|r| r.size).collect();
    size.sort_by(f64::total_cmp);
    let size = size.get(size.len() / 2).copied().unwrap_or(10.0);
    let first = rivers.first().map_or(f64::MAX, |(from, _)| *from);
    let is_title = |at: usize| {
        let row = &band[at];
        let alone = row.end <= first + 1.0;
        let above = at.checked_sub(1).and_then(|a| band.get(a)).map_or(0.0, |a| a.y - row.y);
        alone && (row.size >= size * 1.12 || (row.is_bold() && above > size * 2.2))
    };
    let mut from = 0;
    for at in 0..band.len() {
        if is_title(at) {
            one(&band[from..at], rivers, rules, blocks);
            blocks.push(Block::Lines(vec![band[at].clone()]));
            from = at + 1;
        }
    }
    one(&band[from..], rivers, rules, blocks);
}

fn one(band: &[Row], rivers: &[(f64, f64)], rules: &[Rule], blocks: &mut Vec<Block>) {
    if band.is_empty() {
        return;
    }
    let columns = edges(rivers);
    let starts = starts(band, &columns, &ruled(band, rivers, rules));
    let mut rows: Vec<Vec<Cell>> = Vec::new();
    for (row, start) in band.iter().zip(starts) {
        if start || rows.is_empty() {
            rows.push(vec![Cell::new(); columns.len()]);
        }
        let Some(cells) = rows.last_mut() else { continue };
        for (cell, (from, to)) in cells.iter_mut().zip(&columns) {
            cell.extend(row.between(*from, *to));
        }
    }
    let headed = rows.len() > 1 && names_columns(&rows[0], &rows[1..]);
    blocks.push(Block::Table(Table { rows, headed }));
}

/// For each line of a table, whether a row of cells begins with it.
fn starts(band: &[Row], columns: &[(f64, f64)], rules: &[f64]) -> Vec<bool> {
    let ruled = |above: &Row, row: &Row| rules.iter().any(|y| *y < above.y + 1.0 && *y > row.y);
    let parts: Vec<Vec<Option<Row>>> = band
        .iter()
        .map(|row| columns.iter().map(|(from, to)| row.between(*from, *to)).collect())
        .collect();
    let count = |at: usize| parts[at].iter().flatten().count();
    let wide = (0..band.len()).filter(|at| count(*at) > 1).count();
    // Lines under most rows: nothing else is needed to tell them apart.
    if rules.len() * 5 >= wide * 2 && rules.len() >= 2 {
        return std::iter::once(true)
            .chain(band.windows(2).map(|pair| ruled(&pair[0], &pair[1])))
            .collect();
    }
    let steps: Vec<f64> = band.windows(2).map(|pair| pair[0].y - pair[1].y).collect();
    // Cells of different heights are set to the middle of their row: lines of one stand between those of another.
    let beside = |at: usize| {
        let shared = parts[at - 1].iter().zip(&parts[at]).any(|(a, b)| a.is_some() && b.is_some());
        !shared && steps[at - 1] < band[at].size * 0.95
    };
    let below = |at: &usize| !beside(*at);
    let lines: Vec<f64> = (1..band.len()).filter(below).map(|at| steps[at - 1]).collect();
    let least = lines.iter().copied().filter(|s| *s > 1.0).fold(f64::MAX, f64::min);
    // Rows set apart by more than the lines within them.
    let padded = {
        let apart = lines.iter().filter(|s| **s > least * 1.3).count();
        let within = lines.len() - apart;
        apart > 0 && within > 0 && apart * 6 >= within
    };
    // Whether the first cell of the row that is open begins below its first line, and was not met yet.
    let mut awaits_first = parts.first().is_some_and(|first| first[0].is_none());
    let mut starts = vec![true];
    for at in 1..band.len() {
        let step = steps[at - 1];
        let tight = step < band[at].size * 1.7;
        let begins = if ruled(&band[at - 1], &band[at]) {
            true
        } else if beside(at) {
            false
        } else if padded && tight {
            step > least * 1.3 || (parts[at][0].is_some() && count(at) > 1 && !awaits_first)
        } else if count(at) > 1 {
            parts[at][0].is_some() || !tight
        } else {
            !tight || !goes_on(&parts, at)
        };
        awaits_first = parts[at][0].is_none() && (begins || awaits_first);
        starts.push(begins);
    }
    starts
}

/// Whether the only cell of a line is the rest of the cell above it.
fn goes_on(parts: &[Vec<Option<Row>>], at: usize) -> bool {
    let Some(column) = parts[at].iter().position(Option::is_some) else { return true };
    let (Some(above), Some(row)) = (&parts[at - 1][column], &parts[at][column]) else {
        return column > 0;
    };
    if column > 0 {
        return true;
    }
    let (above, below) = (above.text(), row.text());
    let hex = |t: &str| t.len() >= 2 && t.bytes().all(|b| b.is_ascii_hexdigit());
    let whole = |length: usize| matches!(length, 32 | 40 | 56 | 64 | 96 | 128);
    if hex(&above) && hex(&below) {
        return !whole(above.len()) || (whole(above.len() + below.len()) && !whole(below.len()));
    }
    above.ends_with(['-', '/', '.', '_', ',', '\\', '['])
        || below.starts_with(|c: char| c.is_lowercase() || matches!(c, '.' | '/' | '[' | ']'))
            && !below.contains(['.', '/', '@'])
}

/// Whether a first row says what stands below it: short words in most columns, no values.
fn names_columns(first: &[Cell], rest: &[Vec<Cell>]) -> bool {
    let text = |cell: &Cell| cell.iter().map(Row::text).collect::<Vec<_>>().join(" ");
    let named = first.iter().filter(|c| !c.is_empty()).count();
    if named < 2 || named * 3 < first.len() * 2 {
        return false;
    }
    let words = first.iter().filter(|c| !c.is_empty()).all(|cell| {
        let text = text(cell);
        text.len() <= 48
            && text.split_whitespace().count() <= 6
            && text.chars().any(char::is_alphabetic)
            && !text.ends_with(['.', ':', ','])
            && text.split_whitespace().all(|w| value::classify(w).is_none())
    });
    let bold = |cells: &[Cell]| cells.iter().flatten().all(Row::is_bold);
    let other = |cells: &Vec<Cell>| {
        !bold(cells)
            && cells.iter().any(|c| {
                text(c)
                    .split_whitespace()
                    .any(|w| value::classify(w).is_some() || w.bytes().any(|b| b.is_ascii_digit()))
            })
    };
    words && (bold(first) && !rest.iter().all(|r| bold(r)) || rest.iter().any(other))
}
