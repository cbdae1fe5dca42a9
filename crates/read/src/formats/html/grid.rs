use lapwing_model::{Region, RegionKind, Span};

use crate::value;

/// The most columns or rows that one cell is taken to span.
const SPAN: u32 = 1_000;

/// A cell as it was closed.
#[derive(Debug)]
struct Closed {
    span: Span,
    words: String,
    column: u32,
    head: bool,
}

/// A table while it is read: where its cells stand, and what heads them.
#[derive(Debug, Default)]
pub(super) struct Grid {
    heads: Vec<String>,
    row: u32,
    column: u32,
    in_head: bool,
    /// Where the open cell begins, whether it is a `th`, how many columns and rows it spans.
    open: Option<(usize, bool, u32, u32)>,
    cells: Vec<Closed>,
    /// Rows for which each column is still taken by a cell further up.
    taken: Vec<u32>,
    /// Regions of the first row, until the second tells whether it was the head.
    first: Option<(usize, Vec<(u32, String)>)>,
}

impl Grid {
    pub fn in_head(&mut self, yes: bool) {
        self.in_head = yes;
    }

    pub fn is_open(&self) -> bool {
        self.open.is_some()
    }

    /// Where the open cell begins.
    pub fn start(&self) -> Option<usize> {
        self.open.map(|(start, ..)| start)
    }

    pub fn open(&mut self, at: usize, head: bool, columns: u32, rows: u32) {
        self.open = Some((at, head, columns.clamp(1, SPAN), rows.clamp(1, SPAN)));
    }

    /// Closes the open cell over what was written since.
    pub fn close(&mut self, text: &str) {
        let Some((start, head, columns, rows)) = self.open.take() else { return };
        while self.taken.get(self.column as usize).is_some_and(|n| *n > 0) {
            self.column += 1;
        }
        let slice = text.get(start..).unwrap_or_default();
        let lead = slice.len() - slice.trim_start().len();
        let words = slice.trim().to_owned();
        let span = Span::new(start + lead, start + lead + words.len());
        self.cells.push(Closed { span, words, column: self.column, head });
        let end = (self.column + columns) as usize;
        // Hostile tables span more columns than there is room for.
        if rows > 1 && end <= SPAN as usize {
            if self.taken.len() < end {
                self.taken.resize(end, 0);
            }
            for column in &mut self.taken[self.column as usize..end] {
                *column = rows;
            }
        }
        self.column += columns;
    }

    /// Ends the row; says what its cells are.
    pub fn end_row(&mut self, regions: &mut Vec<Region>) {
        let cells = std::mem::take(&mut self.cells);
        self.column = 0;
        for column in &mut self.taken {
            *column = column.saturating_sub(1);
        }
        if cells.iter().all(|c| c.words.is_empty()) {
            return;
        }
        let said = cells.iter().filter(|c| !c.words.is_empty());
        let all_heads = said.clone().all(|c| c.head);
        let head = self.in_head
            || (all_heads && self.row == 0 && cells.len() > 1)
            || (all_heads
                && self.row == 0
                && self.heads.is_empty()
                && cells.len() == 1
                && said.count() == 1);
        if head && self.row == 0 {
            self.name(cells.iter().map(|c| (c.column, c.words.clone())));
            let kind = RegionKind::Heading { level: 6 };
            let heading = |c: Closed| Region { span: c.span, kind: kind.clone() };
            regions.extend(cells.into_iter().filter(|c| !c.words.is_empty()).map(heading));
            return;
        }
        if self.row == 1 && self.heads.is_empty() {
            self.look_back(&cells, regions);
        }
        if self.row == 0 && cells.len() > 1 && !cells.iter().any(|c| c.head) {
            let names = cells.iter().map(|c| (c.column, c.words.clone())).collect();
            self.first = Some((regions.len(), names));
        }
        // A row may be headed by its first cell.
        let label = cells.first().filter(|c| c.head && self.heads.is_empty());
        let label = label.map(|c| c.words.clone());
        let row = self.row;
        for cell in cells.into_iter().filter(|c| !c.words.is_empty()) {
            let named = self.heads.get(cell.column as usize).filter(|h| !h.is_empty()).cloned();
            let header = named.or_else(|| label.clone().filter(|_| !cell.head));
            let kind = RegionKind::Cell { row, column: cell.column, header };
            regions.push(Region { span: cell.span, kind });
        }
        self.row += 1;
    }

    /// Names columns; a second row of heads adds to the first.
    fn name(&mut self, names: impl Iterator<Item = (u32, String)>) {
        for (column, words) in names {
            let column = column as usize;
            if column >= SPAN as usize {
                continue;
            }
            if self.heads.len() <= column {
                self.heads.resize(column + 1, String::new());
            }
            let head = &mut self.heads[column];
            if !head.is_empty() && !words.is_empty() {
                head.push(' ');
            }
            head.push_str(&words);
        }
    }

    /// Many tables have no `th`: short words over values are heads all the same.
    fn look_back(&mut self, second: &[Closed], regions: &mut [Region]) {
        let Some((at, names)) = self.first.take() else { return };
        let is_value = |w: &str| value::classify(w).is_some();
        let tells = |c: &Closed| c.words.split_whitespace().take(20).any(is_value);
        let named = names.iter().all(|(_, words)| {
            words.len() <= 48
                && words.split_whitespace().count() <= 5
                && words.contains(char::is_alphabetic)
                && !words.ends_with(['.', ':', ','])
                && !words.split_whitespace().any(is_value)
        });
        if !named || !second.iter().any(tells) {
            return;
        }
        for region in regions.iter_mut().skip(at) {
            if matches!(region.kind, RegionKind::Cell { row: 0, .. }) {
                region.kind = RegionKind::Heading { level: 6 };
            }
        }
        self.name(names.into_iter());
        self.row = 0;
    }
}
