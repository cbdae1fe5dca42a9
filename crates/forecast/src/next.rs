//! With which techniques will an actor be reported next?

use crate::completion::Completion;
use crate::logistic::Logistic;
use crate::sets::Sets;
use crate::trend::Trend;

/// Features a cell has.
pub const FEATURES: usize = 7;
/// Techniques that a group which gains any gains over two versions, in the median of all versions.
const TYPICAL: u32 = 4;
/// Ridge in cells.
const RIDGE: f64 = 5.0;

/// An item that a row does not have yet, with what is known of the two.
#[derive(Clone, Debug, PartialEq)]
pub struct Cell {
    /// Number of the item.
    pub item: u32,
    /// How common the item is, how well it fits the row by its neighbours, how large the row is, how much the
    /// row has gained lately, how many rows got the item lately, whether it is new, and whether the row has
    /// gained nothing at all.
    pub features: Vec<f64>,
}

/// All techniques (`T…`) that a row lacks, in order of number; `model` was learnt from all rows, which may
/// hold software too; the row has `gained` so many techniques over the last two versions, in which
/// techniques had this `trend`.
pub fn cells(model: &Completion, row: &[u32], gained: u32, trend: &Trend) -> Vec<Cell> {
    let rows = model.sets().rows().len() as f64;
    let counts = model.sets().counts();
    let near = model.near(row);
    (0..counts.len() as u32)
        .filter(|item| model.sets().items()[*item as usize].starts_with('T'))
        .filter(|item| row.binary_search(item).is_err())
        .map(|item| {
            let at = item as usize;
            let share = (f64::from(counts[at]) + 0.5) / (rows + 1.0);
            let size = (row.len().max(1) as f64).ln();
            let [given, new] = trend.features(&model.sets().items()[at]);
            let (gain, none) = (f64::from(gained).ln_1p(), f64::from(u8::from(gained == 0)));
            Cell { item, features: vec![share.ln(), near[at], size, gain, given, new, none] }
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
    // How a name of the store has grown in ATT&CK is not known: it is taken as grown as a typical group.
    let weights = builtin();
    let mut list: Vec<(String, f64)> = cells(model, &row, TYPICAL, Trend::builtin())
        .into_iter()
        .map(|cell| (sets.items()[cell.item as usize].clone(), weights.probability(&cell.features)))
        .collect();
    list.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
    list
}
