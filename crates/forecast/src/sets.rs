use std::collections::BTreeMap;

/// Sets of identifiers over one vocabulary: the techniques of reports, groups or software.
///
/// Rows and items are numbered in order of first mention or, by [`Sets::new`], of identifier, so the
/// same rows give the same numbers whatever their order.
#[derive(Clone, Debug, Default)]
pub struct Sets {
    items: Vec<String>,
    index: BTreeMap<String, u32>,
    rows: Vec<Vec<u32>>,
    names: Vec<String>,
}

impl Sets {
    /// Named sets; a set without items is left out, and items count once.
    pub fn new<'a, I>(rows: impl IntoIterator<Item = (&'a str, I)>) -> Self
    where
        I: IntoIterator<Item = &'a str>,
    {
        let mut named: Vec<(&str, Vec<&str>)> = rows
            .into_iter()
            .map(|(name, items)| (name, items.into_iter().collect::<Vec<_>>()))
            .filter(|(_, items)| !items.is_empty())
            .collect();
        named.sort();
        let mut index: BTreeMap<String, u32> =
            named.iter().flat_map(|(_, items)| items).map(|item| ((*item).to_owned(), 0)).collect();
        for (number, slot) in (0..).zip(index.values_mut()) {
            *slot = number;
        }
        let items = index.keys().cloned().collect();
        let rows = named
            .iter()
            .map(|(_, items)| {
                let mut row: Vec<u32> = items.iter().map(|item| index[*item]).collect();
                row.sort_unstable();
                row.dedup();
                row
            })
            .collect();
        let names = named.into_iter().map(|(name, _)| name.to_owned()).collect();
        Self { items, index, rows, names }
    }

    /// The number of an item.
    pub fn number(&self, item: &str) -> Option<u32> {
        self.index.get(item).copied()
    }

    /// The identifiers, in order of their numbers.
    pub fn items(&self) -> &[String] {
        &self.items
    }

    /// The rows, each a sorted list of item numbers.
    pub fn rows(&self) -> &[Vec<u32>] {
        &self.rows
    }

    /// The name of a row.
    pub fn name(&self, row: usize) -> &str {
        &self.names[row]
    }

    /// In how many rows each item stands.
    pub fn counts(&self) -> Vec<u32> {
        let mut counts = vec![0; self.items.len()];
        for item in self.rows.iter().flatten() {
            counts[*item as usize] += 1;
        }
        counts
    }
}
