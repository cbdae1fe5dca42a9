//! With which techniques will an actor be reported next?

use crate::completion::Completion;
use crate::logistic::Logistic;
use crate::sets::Sets;

/// Features a cell has.
pub const FEATURES: usize = 4;
/// Ridge in cells.
const RIDGE: f64 = 5.0;

/// An item that a row does not have yet, with what is known of the two.
#[derive(Clone, Debug, PartialEq)]
pub struct Cell {
    /// Number of the item.
    pub item: u32,
    /// How common the item is, how well it fits the row by EASE and by neighbours, how large the row is.
    pub features: Vec<f64>,
}

/// All items that a row lacks, in order of number. `rows` are what `model` was learnt from.
pub fn cells(model: &Completion, row: &[u32]) -> Vec<Cell> {
    let rows = model.sets().rows().len() as f64;
    let counts = model.sets().counts();
    let (ease, near) = model.parts(row);
    (0..counts.len() as u32)
        .filter(|item| row.binary_search(item).is_err())
        .map(|item| {
            let at = item as usize;
            let share = (f64::from(counts[at]) + 0.5) / (rows + 1.0);
            let size = (row.len().max(1) as f64).ln();
            Cell { item, features: vec![share.ln(), ease[at], near[at], size] }
        })
        .collect()
}

/// Fits the probability that a cell is filled two versions of ATT&CK on; examples are
/// `(features, filled, weight)`.
pub fn fit(examples: &[(Vec<f64>, f64, f64)]) -> Logistic {
    Logistic::fit(examples, FEATURES, RIDGE)
}

/// The weights of the binary, fitted on all windows of ATT&CK versions.
pub fn builtin() -> Logistic {
    Logistic::parse(include_str!("../data/next.tsv"))
}

/// Items that a row will likely be reported with next, with the probability over about one year, the
/// likeliest first; empty where none of the given is known.
pub fn next(model: &Completion, given: &[&str]) -> Vec<(String, f64)> {
    let sets: &Sets = model.sets();
    let mut row: Vec<u32> = given.iter().filter_map(|item| sets.number(item)).collect();
    row.sort_unstable();
    row.dedup();
    if row.is_empty() {
        return Vec::new();
    }
    let weights = builtin();
    let mut list: Vec<(String, f64)> = cells(model, &row)
        .into_iter()
        .map(|cell| {
            (sets.items()[cell.item as usize].clone(), weights.probability(&cell.features))
        })
        .collect();
    list.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
    list
}
