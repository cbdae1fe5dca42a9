//! The page as Markdown: CommonMark with tables, complete.

use crate::layout::{Block, Cell, Item, Layout, Quoted, Table, Tone};

/// Writes a page as Markdown.
pub(crate) fn render(page: &Layout) -> String {
    let mut out = format!("# {}\n\n", escape(&page.title));
    out.push_str(&format!("*{} · {} · {}*\n", page.kind, page.marking, page.dated));
    let figures: Vec<String> = page
        .figures
        .iter()
        .filter(|(n, _)| *n > 0)
        .map(|(n, what)| format!("{n} {what}"))
        .collect();
    if !figures.is_empty() {
        out.push_str(&format!("\n{}\n", figures.join(" · ")));
    }
    for section in &page.sections {
        out.push_str(&format!("\n## {}\n", section.title));
        for block in &section.body {
            out.push('\n');
            match block {
                Block::Prose(text) | Block::Remark(text) => {
                    out.push_str(&format!("{}\n", escape(text)));
                }
                Block::Items(items) | Block::Timeline(items) => {
                    for item in items {
                        list_item(&mut out, item);
                    }
                }
                Block::Table(it) => table(&mut out, it),
            }
        }
    }
    out.push_str(&format!("\n---\n\n{}\n", page.footer));
    out
}

fn list_item(out: &mut String, item: &Item) {
    let lead = item.lead.as_ref().map_or(String::new(), |l| format!("**{}** ", escape(l)));
    // Angle brackets and blanks would end an autolink early: such an address stays text.
    let link = item.link.as_deref().filter(|l| !l.contains(['<', '>', ' ', '\\']));
    let text = link.map_or_else(|| escape(&item.text), |l| format!("<{l}>"));
    out.push_str(&format!("- {lead}{text}\n"));
    for line in &item.below {
        out.push_str(&format!("  - {}\n", escape(line)));
    }
    for quote in &item.quotes {
        out.push_str(&format!("  > {}\n", quoted(quote)));
        out.push_str("  >\n");
    }
}

fn table(out: &mut String, table: &Table) {
    let noted = table.rows.iter().any(|row| !row.note.is_empty());
    let columns: Vec<&str> =
        table.columns.iter().copied().chain(noted.then_some(table.notes)).collect();
    out.push_str(&format!("| {} |\n", columns.join(" | ")));
    out.push_str(&format!("|{}\n", " --- |".repeat(columns.len())));
    for row in &table.rows {
        let note = noted.then(|| cell(&Cell::new(row.note.as_str())));
        let cells: Vec<String> = row.cells.iter().map(cell).chain(note).collect();
        out.push_str(&format!("| {} |\n", cells.join(" | ")));
    }
    for row in table.rows.iter().filter(|r| table.quote && !r.quotes.is_empty()) {
        let head = row.cells.first().map_or("", |c| c.text.as_str());
        out.push_str(&format!("\n**{}**\n\n", escape(head)));
        let quotes: Vec<String> = row.quotes.iter().map(|q| format!("> {}\n", quoted(q))).collect();
        out.push_str(&quotes.join(">\n"));
    }
}

fn quoted(quote: &Quoted) -> String {
    if quote.text.is_empty() {
        escape(&quote.by)
    } else {
        format!("“{}” ({})", escape(&quote.text), escape(&quote.by))
    }
}

fn cell(cell: &Cell) -> String {
    if cell.text.is_empty() {
        return "–".to_owned();
    }
    // In a code span nothing but the fence and the table's bar has a meaning.
    if cell.code && !cell.text.contains(['`', '|', '\\', '<', '>']) {
        return format!("`{}`", cell.text);
    }
    let text = escape(&cell.text);
    if cell.tone == Tone::Strong { format!("**{text}**") } else { text }
}

/// Takes the meaning from every character that Markdown or raw HTML would give one.
fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 8);
    for (at, c) in text.char_indices() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '\\' | '`' | '*' | '_' | '[' | ']' | '|' | '~' => {
                out.push('\\');
                out.push(c);
            }
            '#' | '+' | '-' | '=' | '!' if at == 0 => {
                out.push('\\');
                out.push(c);
            }
            _ => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_of_others_is_markup() {
        assert_eq!(
            escape("# <b>*x*</b> [a](b) | c"),
            "\\# &lt;b&gt;\\*x\\*&lt;/b&gt; \\[a\\](b) \\| c"
        );
        assert_eq!(cell(&Cell::code("a`|b")), "a\\`\\|b");
        assert_eq!(cell(&Cell::code("198.51.100[.]7")), "`198.51.100[.]7`");
        assert_eq!(cell(&Cell::default()), "–");
    }
}
