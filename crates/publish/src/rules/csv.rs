//! A table with stable columns: every indicator with what is known of it.

use lapwing_model::Likelihood;

use super::{Indicator, RuleSet, file};
use crate::export::Exported;

/// The columns. New ones come at the end; none changes its name or meaning.
pub const COLUMNS: [&str; 19] = [
    "kind",
    "value",
    "status",
    "probability",
    "likelihood",
    "confidence",
    "first",
    "last",
    "expires",
    "tlp",
    "points_to",
    "techniques",
    "origins",
    "origin_names",
    "documents",
    "sources",
    "links",
    "same_object",
    "explain",
];

/// Between the parts of a cell that holds several.
const BETWEEN: &str = " | ";

/// The name of the file.
pub const NAME: &str = "lapwing.csv";

/// The first row.
#[must_use]
pub fn head() -> String {
    row(COLUMNS.iter().map(|name| (*name).to_owned()))
}

/// The rows of a set, which may be one portion of many.
#[must_use]
pub fn rows(set: &RuleSet) -> String {
    set.indicators.iter().map(|indicator| row(cells(indicator).into_iter())).collect()
}

/// Writes a set.
pub fn write(set: &RuleSet) -> Exported {
    let files = vec![file(NAME, head() + &rows(set))];
    let mut exported = Exported { files, ..Exported::default() };
    exported.count("indicators", set.indicators.len());
    exported
}

fn cells(of: &Indicator) -> [String; 19] {
    let list = |parts: Vec<String>| parts.join(BETWEEN);
    let day = |date: Option<lapwing_model::PartialDate>| {
        date.map(|date| date.to_string()).unwrap_or_default()
    };
    [
        of.entity.kind.to_string(),
        of.entity.value.clone(),
        of.status.as_str().to_owned(),
        format!("{:.4}", of.probability),
        Likelihood::of(of.probability).to_string(),
        of.confidence.to_string(),
        day(of.first),
        day(of.last),
        of.expires.map(|day| day.to_string()).unwrap_or_default(),
        of.marking.as_str().to_owned(),
        list(of.points_to.iter().map(|e| e.value.clone()).collect()),
        list(of.techniques.clone()),
        of.origins.len().to_string(),
        list(of.origins.clone()),
        of.sources.len().to_string(),
        list(of.sources.iter().map(|s| s.title.clone()).collect()),
        list(of.links().map(str::to_owned).collect()),
        list(of.same.iter().map(lapwing_model::Entity::key).collect()),
        of.explain(),
    ]
}

fn row(cells: impl Iterator<Item = String>) -> String {
    let cells: Vec<String> = cells.map(|cell| quoted(&cell)).collect();
    cells.join(",") + "\r\n"
}

/// A cell as RFC 4180 has it. What a spreadsheet would take for a formula gets a `'` before it; a
/// value that begins with one itself gets another, so that reading back is exact.
fn quoted(cell: &str) -> String {
    let cell: String = cell.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    let steers = cell.starts_with(['=', '+', '-', '@', '\'']);
    let lead = if steers { "'" } else { "" };
    if steers || cell.contains(['"', ',']) || cell != cell.trim() {
        format!("\"{lead}{}\"", cell.replace('"', "\"\""))
    } else {
        cell
    }
}

/// Reads a table of ours back: kind and value of each row.
///
/// # Errors
/// What does not fit, with its row.
pub fn read_back(bytes: &[u8]) -> Result<Vec<(String, String)>, String> {
    let mut reader = ::csv::Reader::from_reader(bytes);
    let head = reader.headers().map_err(|e| e.to_string())?;
    if head.iter().ne(COLUMNS) {
        return Err("the columns are not ours".to_owned());
    }
    let own = |cell: &str| cell.strip_prefix('\'').unwrap_or(cell).to_owned();
    let mut rows = Vec::new();
    for (at, record) in reader.records().enumerate() {
        let record = record.map_err(|e| e.to_string())?;
        let (Some(kind), Some(value)) = (record.get(0), record.get(1)) else {
            return Err(format!("row {}: no value", at + 2));
        };
        rows.push((kind.to_owned(), own(value)));
    }
    Ok(rows)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_come_back_as_they_were() {
        for value in ["plain", "a,\"b\"", "=cmd|x", "'a", "@x", " a", "é"] {
            let line = format!(
                "{}\r\n{}",
                COLUMNS.join(","),
                row(std::iter::once("user-agent".to_owned())
                    .chain(std::iter::once(value.to_owned()))
                    .chain((2..19).map(|_| String::new())),)
            );
            let rows = read_back(line.as_bytes()).unwrap();
            assert_eq!(rows, [("user-agent".to_owned(), value.to_owned())]);
        }
    }
}
