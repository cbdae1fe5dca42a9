//! Zeek's intelligence framework: one table, parted by tabs.

use lapwing_model::{Entity, Kind};

use super::{Indicator, RuleSet, Totals, file, left_out, wire_name};
use crate::export::{Exported, Loss};

/// The columns; those behind `meta.url` are ours and are passed over by Zeek.
pub const COLUMNS: [&str; 9] = [
    "indicator",
    "indicator_type",
    "meta.source",
    "meta.desc",
    "meta.url",
    "meta.do_notice",
    "lapwing.confidence",
    "lapwing.expires",
    "lapwing.explain",
];

/// The name of the file.
pub const NAME: &str = "lapwing.intel";

/// Writes a set; what Zeek has no type for is told.
pub fn write(set: &RuleSet) -> Exported {
    let mut losses = Vec::new();
    let (rows, count) = rows(set, &mut losses);
    let files = vec![file(NAME, head(&set.totals()) + &rows)];
    let mut exported = Exported { files, losses, ..Exported::default() };
    exported.count("values", count);
    exported
}

/// What stands above the rows.
#[must_use]
pub fn head(totals: &Totals) -> String {
    // Zeek's reader takes `#fields` for the head; other lines with `#` are comments.
    totals.comments("#", "Zeek intelligence") + &format!("#fields\t{}\n", COLUMNS.join("\t"))
}

/// The rows of a set, which may be one portion of many, and how many they are.
pub fn rows(set: &RuleSet, losses: &mut Vec<Loss>) -> (String, usize) {
    let (mut rows, mut count) = (String::new(), 0);
    for indicator in &set.indicators {
        match typed(&indicator.entity) {
            Ok((kind, value)) => {
                rows.push_str(&row(indicator, kind, &value));
                count += 1;
            }
            Err(why) => losses.push(left_out(&indicator.entity, why)),
        }
    }
    (rows, count)
}

/// The type that Zeek has for a value, and the value as Zeek sees it.
fn typed(entity: &Entity) -> Result<(&'static str, String), &'static str> {
    let value = entity.value.clone();
    Ok(match entity.kind {
        Kind::Ipv4Addr | Kind::Ipv6Addr if value.contains('/') => ("Intel::SUBNET", value),
        Kind::Ipv4Addr | Kind::Ipv6Addr => ("Intel::ADDR", value),
        Kind::DomainName => {
            let name = wire_name(&value).ok_or("no name that DNS can carry")?;
            ("Intel::DOMAIN", name.to_ascii_lowercase())
        }
        // Zeek writes URLs without scheme.
        Kind::Url => match value.split_once("://") {
            Some((_, rest)) if !rest.is_empty() => ("Intel::URL", rest.to_owned()),
            _ => return Err("no URL with a scheme"),
        },
        Kind::EmailAddr => ("Intel::EMAIL", value.to_ascii_lowercase()),
        Kind::Md5 | Kind::Sha1 | Kind::Sha256 => ("Intel::FILE_HASH", value.to_ascii_lowercase()),
        Kind::FileName => ("Intel::FILE_NAME", value),
        Kind::UserAgent => ("Intel::SOFTWARE", value),
        Kind::UserAccount => ("Intel::USER_NAME", value),
        Kind::Certificate if value.len() == 40 => ("Intel::CERT_HASH", value.to_ascii_lowercase()),
        _ => return Err("Zeek's intelligence framework has no type for it"),
    })
}

fn row(indicator: &Indicator, kind: &str, value: &str) -> String {
    let cells = [
        cell(value),
        kind.to_owned(),
        "Lapwing".to_owned(),
        cell(&indicator.evidence()),
        indicator.links().next().map_or_else(|| "-".to_owned(), cell),
        // Whether an alarm is raised is told by the analyst: a weak hint only logs.
        if indicator.percent() >= 60 { "T" } else { "F" }.to_owned(),
        indicator.percent().to_string(),
        indicator.expires.map_or_else(|| "-".to_owned(), |day| day.to_string()),
        cell(&indicator.explain()),
    ];
    cells.join("\t") + "\n"
}

/// A cell without what would end it; an empty one is `-`, and a lone `-` is written as bytes.
fn cell(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\t' => out.push_str("\\x09"),
            '\n' | '\r' => out.push_str("\\x0a"),
            '\\' => out.push_str("\\x5c"),
            c => out.push(c),
        }
    }
    match out.as_str() {
        "" => "-".to_owned(),
        "-" => "\\x2d".to_owned(),
        // A row that begins so would be a comment.
        _ if out.starts_with('#') => format!("\\x23{}", &out[1..]),
        _ => out,
    }
}

/// Reads a file of ours (or anybody's) back: value and type of each row.
///
/// # Errors
/// The line, and what is wrong with it.
pub fn read_back(text: &str) -> Result<Vec<(String, String)>, String> {
    let mut columns: Option<Vec<&str>> = None;
    let mut rows = Vec::new();
    for (at, line) in text.lines().enumerate() {
        if let Some(fields) = line.strip_prefix("#fields\t") {
            columns = Some(fields.split('\t').collect());
            continue;
        }
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let Some(columns) = &columns else {
            return Err(format!("line {}: a row stands before #fields", at + 1));
        };
        let cells: Vec<&str> = line.split('\t').collect();
        if cells.len() != columns.len() {
            return Err(format!(
                "line {}: {} cells, {} columns",
                at + 1,
                cells.len(),
                columns.len()
            ));
        }
        let get = |name: &str| {
            columns.iter().position(|c| *c == name).and_then(|n| cells.get(n)).copied()
        };
        let (Some(value), Some(kind)) = (get("indicator"), get("indicator_type")) else {
            return Err(format!("line {}: no indicator or no type", at + 1));
        };
        rows.push((plain(value), kind.to_owned()));
    }
    Ok(rows)
}

/// Undoes [`cell`].
fn plain(cell: &str) -> String {
    [("\\x09", "\t"), ("\\x0a", "\n"), ("\\x2d", "-"), ("\\x23", "#"), ("\\x5c", "\\")]
        .into_iter()
        .fold(cell.to_owned(), |text, (from, to)| text.replace(from, to))
}

/// Whether a file reads back to as many rows as were written.
///
/// # Errors
/// What is wrong.
pub fn verify(exported: &Exported) -> Result<(), Loss> {
    for file in &exported.files {
        let wrong = |why: String| Loss::new("file", file.name.clone(), why);
        let text = std::str::from_utf8(&file.bytes).map_err(|e| wrong(e.to_string()))?;
        read_back(text).map_err(wrong)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_value_breaks_out_of_its_cell() {
        for value in ["#a", "-", "a\tb", "a\nb", "C:\\x", ""] {
            let cell = cell(value);
            assert!(!cell.contains(['\t', '\n']) && !cell.starts_with('#'), "{cell}");
            assert_eq!(plain(&cell), if value.is_empty() { "-" } else { value });
        }
    }
}
