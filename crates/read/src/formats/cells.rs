//! Tables without the marks of their format: lines parted by tabs or bars in plain text, as they come from a
//! copied page, and tables of HTML inside Markdown.

use lapwing_model::{Region, RegionKind, Span};

use crate::value::classify;

/// Longest head of a column, in bytes.
const LONGEST_HEAD: usize = 48;

/// A cell by its place, with its words.
type Field<'t> = (usize, &'t str);

/// A table among the lines of a block: the first line, how many, and what parts their cells.
pub(super) fn table_of_lines(lines: &[(usize, &str)]) -> Option<(usize, usize, char)> {
    for delimiter in ['\t', '|'] {
        let least = if delimiter == '\t' { 2 } else { 3 };
        let width = |line: &str| fields(0, line, delimiter).len();
        let mut at = 0;
        while let Some((_, line)) = lines.get(at) {
            let columns = width(line);
            let rest = lines.get(at..).unwrap_or_default();
            let count = rest.iter().take_while(|(_, line)| width(line) == columns).count();
            if columns >= least && count >= 2 {
                return Some((at, count, delimiter));
            }
            at += count.max(1);
        }
    }
    None
}

fn fields(at: usize, line: &str, delimiter: char) -> Vec<Field<'_>> {
    if !line.contains(delimiter) {
        return Vec::new();
    }
    let inner = if delimiter == '|' { line.trim().trim_matches('|') } else { line };
    inner
        .split(delimiter)
        .map(|field| {
            let words = field.trim();
            (at + (words.as_ptr() as usize - line.as_ptr() as usize), words)
        })
        .collect()
}

/// Tells the cells of such lines.
pub(super) fn cells_of_lines(lines: &[(usize, &str)], delimiter: char, regions: &mut Vec<Region>) {
    let rows: Vec<Vec<Field<'_>>> =
        lines.iter().map(|(at, line)| fields(*at, line, delimiter)).collect();
    push(&rows, false, regions);
}

/// Tells the cells of the tables in a block of HTML; `at` is where it begins in the text.
pub(super) fn cells_of_html(at: usize, html: &str, regions: &mut Vec<Region>) {
    let lower = html.to_ascii_lowercase();
    let mut from = 0;
    while let Some(start) = lower.get(from..).and_then(|rest| rest.find("<table")) {
        let start = from + start;
        let end = lower[start..].find("</table").map_or(lower.len(), |len| start + len);
        let (rows, marked) = rows(at, html, &lower, start, end);
        push(&rows, marked, regions);
        from = end.max(start + 1);
    }
}

/// The rows between two places, and whether the first is marked as the head.
fn rows<'t>(
    at: usize,
    html: &'t str,
    lower: &str,
    start: usize,
    end: usize,
) -> (Vec<Vec<Field<'t>>>, bool) {
    let (mut rows, mut marked): (Vec<Vec<Field<'t>>>, bool) = (Vec::new(), false);
    let mut next = start;
    while let Some(open) = lower[next..end].find('<').map(|len| next + len) {
        let tag = &lower[open + 1..end];
        let close = tag.find('>').map_or(end, |len| open + 2 + len);
        next = close;
        let name = tag.split(|c: char| !c.is_ascii_alphanumeric()).next().unwrap_or_default();
        match name {
            "tr" => rows.push(Vec::new()),
            "td" | "th" => {
                let stop = ["</td", "</th", "<td", "<th", "<tr", "</tr"]
                    .iter()
                    .filter_map(|tag| lower[close..end].find(tag))
                    .min()
                    .map_or(end, |len| close + len);
                let words = inner(html.get(close..stop).unwrap_or_default());
                let place = at + (words.as_ptr() as usize - html.as_ptr() as usize);
                marked |= name == "th" && rows.len() <= 1;
                if rows.is_empty() {
                    rows.push(Vec::new());
                }
                if let Some(row) = rows.last_mut() {
                    row.push((place, words));
                }
                next = stop;
            }
            _ => {}
        }
    }
    rows.retain(|row| !row.is_empty());
    (rows, marked)
}

/// Words without the tags around them: `<b>x</b>`.
fn inner(html: &str) -> &str {
    let mut words = html.trim();
    while words.starts_with('<') && words.ends_with('>') {
        let Some(open) = words.find('>') else { break };
        let Some(close) = words.rfind('<').filter(|close| *close > open) else { break };
        words = words[open + 1..close].trim();
    }
    words
}

fn push(rows: &[Vec<Field<'_>>], marked: bool, regions: &mut Vec<Region>) {
    let Some(first) = rows.first().filter(|_| rows.len() > 1) else { return };
    let named = first.iter().all(|(_, words)| {
        !words.is_empty() && words.len() <= LONGEST_HEAD && classify(words).is_none()
    });
    let heads: &[Field<'_>] = if marked || named { first } else { &[] };
    for (at, words) in heads {
        let span = Span::new(*at, at + words.len());
        regions.push(Region { span, kind: RegionKind::Heading { level: 6 } });
    }
    for (number, row) in rows[usize::from(!heads.is_empty())..].iter().enumerate() {
        for (column, (at, words)) in
            row.iter().enumerate().filter(|(_, (_, words))| !words.is_empty())
        {
            let header = heads.get(column).map(|(_, head)| (*head).to_owned());
            let kind = RegionKind::Cell { row: number as u32, column: column as u32, header };
            regions.push(Region { span: Span::new(*at, at + words.len()), kind });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str, regions: &[Region]) -> Vec<String> {
        regions
            .iter()
            .filter_map(|r| match &r.kind {
                RegionKind::Cell { row, header, .. } => {
                    let words = r.span.slice(text)?;
                    Some(format!("{row} {}: {words}", header.as_deref().unwrap_or("-")))
                }
                _ => None,
            })
            .collect()
    }

    fn of_lines(text: &str) -> Vec<String> {
        let mut at = 0;
        let lines: Vec<(usize, &str)> = text
            .split_inclusive('\n')
            .map(|line| {
                let from = at;
                at += line.len();
                (from, line.trim_end_matches('\n'))
            })
            .collect();
        let mut regions = Vec::new();
        if let Some((first, count, delimiter)) = table_of_lines(&lines) {
            cells_of_lines(&lines[first..first + count], delimiter, &mut regions);
        }
        shown(text, &regions)
    }

    #[test]
    fn lines_parted_by_tabs_or_bars_are_a_table() {
        let text = "Table 1: Hosts\nHost\tSeen\nreed.example\tin May\nmarsh.example\t\n";
        assert_eq!(
            of_lines(text),
            ["0 Host: reed.example", "0 Seen: in May", "1 Host: marsh.example"]
        );
        let text = "| 192.0.2.7 | 443 | C2 |\n| 192.0.2.8 | 80 | old |\n";
        assert_eq!(of_lines(text).len(), 6);
        assert_eq!(of_lines("Home | About\nNews | Help\n"), Vec::<String>::new());
        assert_eq!(of_lines("one line\twith a tab\nand one without\n"), Vec::<String>::new());
    }

    #[test]
    fn tables_of_html_are_read() {
        let text = "<p>x</p><TABLE><tr><td>Name</td><td><b>Host</b></td></tr>\n<tr><td>May list.docx</td>\
                    <td>reed.example</td></tr></TABLE>";
        let mut regions = Vec::new();
        cells_of_html(0, text, &mut regions);
        assert_eq!(shown(text, &regions), ["0 Name: May list.docx", "0 Host: reed.example"]);
        for broken in
            ["<table><td", "<table><tr><td>a</table", "<table", "</table><td>", "<table><td>é<"]
        {
            cells_of_html(0, broken, &mut Vec::new());
        }
    }
}
