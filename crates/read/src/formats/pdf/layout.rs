use std::collections::{BTreeMap, BTreeSet};

use hayro_interpret::kurbo::Point;
use lapwing_model::Region;

use super::blocks::{Block, cut};
use super::flow::{Flow, Style};
use super::furniture;
use super::glyphs::Page;
use super::rows::{Row, is_marker, rows};
use super::words::{Turn, Word};

/// The text of a file with its structure.
pub(super) struct Laid {
    pub text: String,
    pub regions: Vec<Region>,
    pub title: Option<String>,
    /// What is repeated on the pages.
    pub furniture: String,
}

/// How often a word is compared with the place of a link: hostile files hold many of both.
const LINK_TESTS: usize = 4_000_000;

/// Puts words together to rows, rows to columns and tables, and all of them to a text.
pub(super) fn lay_out(pages: &mut [Page], outline: &[(String, u8)]) -> Laid {
    let targets = link(pages);
    let mut level = Vec::new();
    let mut aside = Vec::new();
    for page in pages.iter_mut() {
        let (straight, turned) = part(std::mem::take(&mut page.words));
        level.push(rows(straight));
        aside.push(turned);
    }
    let heights: Vec<f64> = pages.iter().map(|p| p.height).collect();
    let taken = furniture::take(&mut level, &heights);
    let style = style(&level, outline);
    let mut flow = Flow::new(style, &targets);
    for (at, (rows, turned)) in level.into_iter().zip(aside).enumerate() {
        flow.page(at);
        for block in cut(&rows, &pages[at].rules) {
            match block {
                Block::Lines(mut rows) => {
                    let notes = footnotes(&mut rows, flow.body(), heights[at]);
                    flow.lines(&rows);
                    flow.hold(notes);
                }
                Block::Table(table) => flow.table(&table),
            }
        }
        for (slanted, rows) in turned {
            if slanted {
                flow.furniture(&rows);
            } else {
                flow.lines(&rows);
            }
        }
    }
    flow.finish(&taken)
}

/// Parts the words that run as most of the page does from those that are turned.
fn part(words: Vec<Word>) -> (Vec<Word>, Vec<(bool, Vec<Row>)>) {
    let mut turned: BTreeMap<Turn, Vec<Word>> = BTreeMap::new();
    for word in words {
        turned.entry(word.turn).or_default().push(word);
    }
    let length = |words: &[Word]| words.iter().map(|w| w.text.len()).sum::<usize>();
    let most = turned
        .iter()
        .filter(|(turn, _)| **turn != Turn::Slanted)
        .max_by_key(|(turn, words)| (length(words), std::cmp::Reverse(**turn)))
        .map(|(turn, _)| *turn);
    let straight = most.and_then(|turn| turned.remove(&turn)).unwrap_or_default();
    let turned = turned.into_iter().map(|(turn, words)| (turn == Turn::Slanted, rows(words)));
    (straight, turned.collect())
}

/// Says of each word which link it belongs to; gives the targets.
fn link(pages: &mut [Page]) -> Vec<String> {
    let mut targets: Vec<String> = Vec::new();
    let mut tests = 0;
    for page in pages {
        let mut order: Vec<usize> = (0..page.words.len()).collect();
        order.sort_by(|a, b| page.words[*a].y.total_cmp(&page.words[*b].y));
        for link in &page.links {
            let number = targets.len();
            let from = order.partition_point(|at| page.words[*at].y < link.area.y0 - 40.0);
            for at in &order[from..] {
                let word = &mut page.words[*at];
                tests += 1;
                if word.y > link.area.y1 || tests > LINK_TESTS {
                    break;
                }
                let middle = Point::new(f64::midpoint(word.x, word.end), word.y + word.size * 0.3);
                if word.turn == Turn::Level && word.link.is_none() && link.area.contains(middle) {
                    word.link = Some(number);
                }
            }
            targets.push(link.target.clone());
        }
    }
    targets
}

/// What most of the file is set in.
fn style(pages: &[Vec<Row>], outline: &[(String, u8)]) -> Style {
    let mut sizes: BTreeMap<u64, usize> = BTreeMap::new();
    let (mut all, mut mono, mut bold) = (0, 0, 0);
    for row in pages.iter().flatten() {
        let length: usize = row.words.iter().map(|w| w.text.len()).sum();
        *sizes.entry((row.size * 2.0).round() as u64).or_default() += length;
        all += length;
        mono += if row.is_mono() { length } else { 0 };
        bold += if row.is_bold() { length } else { 0 };
    }
    let most = sizes.iter().max_by_key(|(size, count)| (**count, std::cmp::Reverse(**size)));
    Style {
        body: most.map_or(10.0, |(size, _)| *size as f64 / 2.0).max(0.5),
        // A file set in a typewriter's face throughout is no code.
        mono: mono * 10 < all * 7,
        bold: bold * 2 < all,
        compounds: compounds(pages),
        outline: outline
            .iter()
            .map(|(title, level)| (super::flow::squash(title), *level))
            .collect(),
    }
}

/// Most words with a hyphen that are remembered.
const COMPOUNDS: usize = 100_000;

/// Words of letters with a hyphen inside.
fn compounds(pages: &[Vec<Row>]) -> BTreeSet<String> {
    let words = pages.iter().flatten().flat_map(|row| &row.words);
    words
        .map(|w| w.text.trim_matches(|c: char| !c.is_alphanumeric()).to_lowercase())
        .filter(|w| {
            w.contains('-') && w.len() <= 60 && w.chars().all(|c| c.is_alphabetic() || c == '-')
        })
        .take(COMPOUNDS)
        .collect()
}

/// Takes the notes at the foot of a column: small lines that begin with a mark.
fn footnotes(rows: &mut Vec<Row>, body: f64, height: f64) -> Vec<Row> {
    let small = |row: &&Row| row.size <= body * 0.93 && row.y < height * 0.45;
    let count = rows.iter().rev().take_while(small).count();
    let from = rows.len() - count;
    let marked = |row: &Row| {
        let first = row.words.first().map_or("", |w| w.text.as_str());
        let digits = first.bytes().take_while(u8::is_ascii_digit).count();
        ((1..=3).contains(&digits) && first.len() <= digits + 1)
            || is_marker(first)
            || first.starts_with(['†', '‡', '*', '[', '¹', '²', '³'])
    };
    let words = |at: usize| rows[at..].iter().map(|r| r.words.len()).sum::<usize>();
    match rows[from..].iter().position(marked) {
        // A column of nothing but small lines is no note, and neither is a number alone.
        Some(at) if from + at > 0 && words(from + at) >= 3 => rows.split_off(from + at),
        _ => Vec::new(),
    }
}
