use std::collections::{BTreeMap, BTreeSet};

use super::rows::{Row, WIDE};

/// The part of a page's height, at its head and at its foot, in which furniture stands.
const EDGE: f64 = 0.12;
/// Rows nearest to either edge that are looked at, wherever they stand.
const OUTER: usize = 3;
/// A row in more pieces than these is a table's.
const PIECES: usize = 12;
/// How far furniture moves from page to page, in points.
const DRIFT: f64 = 6.0;

/// A stretch of a row at a page's edge.
struct Piece {
    page: usize,
    row: usize,
    from: f64,
    to: f64,
    /// Its letters without numbers: `Page 3 of 9` and `Page 4 of 9` are one.
    skeleton: String,
    height: f64,
}

/// Takes what is repeated at the edges of the pages (heads, feet, numbers) out of their rows.
pub(super) fn take(pages: &mut [Vec<Row>], heights: &[f64]) -> Vec<(usize, Row)> {
    let mut pieces = Vec::new();
    for (page, rows) in pages.iter().enumerate() {
        let height = heights.get(page).copied().unwrap_or(0.0);
        for (at, row) in rows.iter().enumerate() {
            let outer = at < OUTER || at + OUTER >= rows.len();
            let edge = row.y < height * EDGE || row.y > height * (1.0 - EDGE);
            let runs = row.runs(WIDE);
            if (outer || edge) && runs.len() <= PIECES {
                pieces.extend(runs.into_iter().map(|(from, to)| Piece {
                    page,
                    row: at,
                    from,
                    to,
                    skeleton: skeleton(row, from, to),
                    height: row.y,
                }));
            }
        }
    }
    let repeated = repeated(&pieces, pages.len());
    let mut gone: BTreeMap<(usize, usize), Vec<(f64, f64)>> = BTreeMap::new();
    for (piece, _) in pieces.iter().zip(&repeated).filter(|(_, r)| **r) {
        gone.entry((piece.page, piece.row)).or_default().push((piece.from, piece.to));
    }
    let mut taken = Vec::new();
    for (page, rows) in pages.iter_mut().enumerate() {
        let mut kept = Vec::new();
        for (at, row) in std::mem::take(rows).into_iter().enumerate() {
            let Some(spans) = gone.get(&(page, at)) else {
                kept.push(row);
                continue;
            };
            for (from, to) in spans {
                taken.extend(row.between(*from - 0.5, *to + 0.5).map(|r| (page, r)));
            }
            kept.extend(row.without(|word| {
                let middle = f64::midpoint(word.x, word.end);
                spans.iter().any(|(from, to)| (*from..=*to).contains(&middle))
            }));
        }
        *rows = kept;
    }
    taken
}

fn skeleton(row: &Row, from: f64, to: f64) -> String {
    let words = row.words.iter().filter(|w| w.x >= from - 0.5 && w.end <= to + 0.5);
    words
        .flat_map(|w| w.text.chars())
        .filter(|c| !c.is_numeric() && !c.is_whitespace())
        .take(200)
        .collect()
}

/// Which pieces stand at one height on two pages in five, of three at least; a file of two pages
/// repeats what stands nearest to the edge on both.
fn repeated(pieces: &[Piece], pages: usize) -> Vec<bool> {
    let mut seen: BTreeMap<(&str, i64), BTreeSet<usize>> = BTreeMap::new();
    // Two grids of heights, set off by half a step, so that no neighbours are parted.
    let places = |piece: &Piece| {
        let step = piece.height / DRIFT;
        [(step.floor() as i64) * 2, ((step + 0.5).floor() as i64) * 2 + 1]
    };
    for piece in pieces {
        for place in places(piece) {
            seen.entry((&piece.skeleton, place)).or_default().insert(piece.page);
        }
    }
    let enough = |count: usize| match pages {
        0 | 1 => false,
        2 => count == 2,
        _ => count >= 3 && count * 5 >= pages * 2,
    };
    pieces
        .iter()
        .map(|piece| {
            places(piece).into_iter().any(|place| {
                seen.get(&(piece.skeleton.as_str(), place)).is_some_and(|p| enough(p.len()))
            })
        })
        .collect()
}
