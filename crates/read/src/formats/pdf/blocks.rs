use super::glyphs::Rule;
use super::rows::{Row, rows};
use super::tables::{self, Table};

/// A part of a page in reading order.
#[derive(Debug)]
pub(super) enum Block {
    Lines(Vec<Row>),
    Table(Table),
}

/// Columns inside columns.
const DEPTH: usize = 4;
/// White stretches that are followed at one time.
const OPEN: usize = 48;
/// The least width of a white stretch between columns, in ems.
const GUTTER: f64 = 0.8;
/// The least width where only two rows share it.
const SURE: f64 = 1.3;

/// A white stretch that runs down between the words of rows that follow each other.
#[derive(Clone, Debug)]
struct River {
    from: f64,
    to: f64,
    /// The first and the last row with words on both its sides.
    first: usize,
    last: usize,
    /// The row at which it ends.
    closed: usize,
    /// Rows with words on both its sides.
    both: usize,
    /// Where the words on its right begin, and how many rows begin there.
    edge: f64,
    aligned: usize,
    em: f64,
}

impl River {
    fn width(&self) -> f64 {
        (self.to - self.from) / self.em
    }

    /// Whether it is more than chance; inside a column words are often set far apart.
    fn counts(&self, depth: usize) -> bool {
        let aligned = self.aligned * 2 >= self.both;
        (self.both >= 3 && aligned)
            || (self.both >= 4 && self.width() >= SURE)
            || (depth == 0 && self.both >= 2 && self.width() >= SURE && self.aligned == self.both)
    }

    fn score(&self) -> f64 {
        self.both as f64 * self.width().min(4.0)
    }

    /// Narrows it around a row; `None` when the row closes it. Tells on which sides words stand.
    fn pass(&mut self, row: &Row, runs: &[(f64, f64)]) -> Option<(bool, Option<f64>)> {
        let (mut left, mut right) = (false, None::<f64>);
        for &(x, end) in runs {
            if end <= self.from + 0.5 {
                left = true;
            } else if x >= self.to - 0.5 {
                right = Some(right.map_or(x, |r| r.min(x)));
            } else if x <= self.from && end < self.to {
                left = true;
                self.from = end;
            } else if x > self.from && end >= self.to {
                right = Some(right.map_or(x, |r| r.min(x)));
                self.to = x;
            } else {
                return None;
            }
        }
        (self.to - self.from >= GUTTER * row.size.min(self.em)).then_some((left, right))
    }
}

/// All white stretches that may part columns, with the rows that they part.
fn rivers(rows: &[Row], depth: usize) -> Vec<River> {
    let mut open: Vec<River> = Vec::new();
    let mut found = Vec::new();
    for (at, row) in rows.iter().enumerate() {
        let runs = row.runs(GUTTER);
        let mut kept = Vec::new();
        for mut river in open {
            match river.pass(row, &runs) {
                Some((left, right)) => {
                    if let Some(edge) = right.filter(|_| left) {
                        river.both += 1;
                        river.last = at;
                        if (edge - river.edge).abs() < 2.5 {
                            river.aligned += 1;
                        }
                    }
                    kept.push(river);
                }
                None => found.push(River { closed: at, ..river }),
            }
        }
        open = kept;
        // Rows of code keep their own gaps.
        if row.is_mono() && runs.len() > 1 && row.words.len() > 3 {
            continue;
        }
        for pair in runs.windows(2) {
            let (from, to) = (pair[0].1, pair[1].0);
            let known = open.iter().any(|r| r.from < to && r.to > from);
            if !known && open.len() < OPEN {
                let (both, aligned, edge, em) = (1, 1, to, row.size);
                let closed = rows.len();
                open.push(River { from, to, first: at, last: at, closed, both, edge, aligned, em });
            }
        }
    }
    found.extend(open);
    found.retain(|river| river.counts(depth));
    found
}

/// Rows that the same rivers run through.
struct Band {
    first: usize,
    /// Behind the last row with words on both sides.
    end: usize,
    /// Behind the last row that no river is closed by.
    open_end: usize,
    rivers: Vec<(f64, f64)>,
}

/// The bands of a page that do not overlap, best first, given back from the top down.
fn bands(rows: &[Row], depth: usize) -> Vec<Band> {
    let mut rivers = rivers(rows, depth);
    rivers.sort_by(|a, b| b.score().total_cmp(&a.score()).then(a.first.cmp(&b.first)));
    let mut taken: Vec<Band> = Vec::new();
    for river in rivers.into_iter().take(2_000) {
        let (first, end) = (river.first, river.last + 1);
        let overlap = |band: &Band| band.end.min(end).saturating_sub(band.first.max(first));
        let mut hit = taken.iter_mut().filter(|b| overlap(b) > 0);
        match (hit.next(), hit.next()) {
            (None, _) => {
                let rivers = vec![(river.from, river.to)];
                taken.push(Band { first, end, open_end: river.closed, rivers });
            }
            (Some(band), None) => {
                // Another gutter of the same band: it runs through most of it.
                let shared = overlap(band);
                let apart = band.rivers.iter().all(|(f, t)| river.to <= *f || river.from >= *t);
                if apart && shared * 5 >= (band.end - band.first) * 3 && band.rivers.len() < 24 {
                    band.rivers.push((river.from, river.to));
                    band.open_end = band.open_end.min(river.closed.max(band.end));
                }
            }
            _ => {}
        }
    }
    taken.sort_by_key(|b| b.first);
    for band in &mut taken {
        band.rivers.sort_by(|a, b| a.0.total_cmp(&b.0));
    }
    taken
}

/// Takes a page apart into blocks in reading order.
pub(super) fn cut(rows: &[Row], rules: &[Rule]) -> Vec<Block> {
    let mut blocks = Vec::new();
    cut_into(rows, rules, 0, &mut blocks);
    blocks
}

fn cut_into(rows: &[Row], rules: &[Rule], depth: usize, blocks: &mut Vec<Block>) {
    let bands = if depth < DEPTH { bands(rows, depth) } else { Vec::new() };
    let mut at = 0;
    for (number, band) in bands.iter().enumerate() {
        let next = bands.get(number + 1).map_or(rows.len(), |b| b.first);
        let columns = columns(&rows[band.first..band.end], &band.rivers);
        let (mut first, mut end) = (band.first.max(at), band.end);
        if first >= end {
            continue;
        }
        if tables::is_table(&rows[first..end], &columns, &band.rivers, rules) {
            lines(&rows[at..first], blocks);
            tables::build(&rows[first..end], &band.rivers, rules, blocks);
        } else {
            // One column may begin above or go on below the other.
            let size = rows[first].size;
            let near = |a: usize, b: usize| {
                let (above, below) = (&rows[a], &rows[b]);
                above.y - below.y < size * 2.6 && (above.size - below.size).abs() < size * 0.15
            };
            let free = |row: &Row| {
                let runs = row.runs(GUTTER);
                band.rivers.iter().all(|(f, t)| runs.iter().all(|(x, e)| e <= f || x >= t))
            };
            while first > at && free(&rows[first - 1]) && near(first - 1, first) {
                first -= 1;
            }
            let most = next.min(band.open_end);
            while end < most && near(end - 1, end) && free(&rows[end]) {
                end += 1;
            }
            lines(&rows[at..first], blocks);
            for (from, to) in edges(&band.rivers) {
                let column = rows[first..end].iter().filter_map(|row| row.between(from, to));
                // Baselines of one column are its own: words are put on rows again.
                let words = column.flat_map(|row| row.words).collect();
                cut_into(&self::rows(words), rules, depth + 1, blocks);
            }
        }
        at = end;
    }
    lines(&rows[at..], blocks);
}

fn lines(rows: &[Row], blocks: &mut Vec<Block>) {
    if !rows.is_empty() {
        blocks.push(Block::Lines(rows.to_vec()));
    }
}

/// From where to where each column reaches: rivers are cut in their middle.
pub(super) fn edges(rivers: &[(f64, f64)]) -> Vec<(f64, f64)> {
    let cuts = rivers.iter().map(|(from, to)| f64::midpoint(*from, *to));
    let cuts: Vec<f64> =
        std::iter::once(f64::MIN).chain(cuts).chain(std::iter::once(f64::MAX)).collect();
    cuts.windows(2).map(|pair| (pair[0], pair[1])).collect()
}

fn columns(band: &[Row], rivers: &[(f64, f64)]) -> Vec<Vec<Row>> {
    let column = |(from, to)| band.iter().filter_map(|row| row.between(from, to)).collect();
    edges(rivers).into_iter().map(column).collect()
}
