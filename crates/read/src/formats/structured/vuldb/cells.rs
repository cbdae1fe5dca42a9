//! Rows of Markdown and AsciiDoc tables as cells with their places in the text.

use lapwing_model::Span;

/// What a cell shows: its words without link and emphasis marks, and where they stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Cell<'a> {
    pub(super) words: &'a str,
    pub(super) start: usize,
}

impl<'a> Cell<'a> {
    /// The part of `text` between the two offsets, trimmed.
    pub(super) fn of(text: &'a str, start: usize, end: usize) -> Self {
        let raw = text.get(start..end).unwrap_or("");
        let words = raw.trim();
        Cell { words, start: start + (raw.len() - raw.trim_start().len()) }
    }

    pub(super) fn span(&self) -> Span {
        Span::new(self.start, self.start + self.words.len())
    }

    /// Nothing is stated: empty or a dash.
    pub(super) fn is_void(&self) -> bool {
        matches!(self.words, "" | "-" | "–" | "—")
    }

    /// The row goes on where the page does not show it.
    pub(super) fn is_ellipsis(&self) -> bool {
        matches!(self.words, "..." | "…")
    }

    fn part(&self, from: usize, to: usize) -> Cell<'a> {
        let raw = self.words.get(from..to).unwrap_or("");
        let words = raw.trim();
        Cell { words, start: self.start + from + (raw.len() - raw.trim_start().len()) }
    }

    /// The visible words: the text of a link, without backticks and emphasis.
    pub(super) fn shown(&self) -> Cell<'a> {
        let words = self.words;
        if words.starts_with('[')
            && let Some(end) = words.find("](")
        {
            return self.part(1, end).shown();
        }
        if words.starts_with("http")
            && let (Some(open), true) = (words.find('['), words.ends_with(']'))
        {
            return self.part(open + 1, words.len() - 1);
        }
        for mark in ["`", "_", "**", "*"] {
            if words.len() > 2 * mark.len() && words.starts_with(mark) && words.ends_with(mark) {
                return self.part(mark.len(), words.len() - mark.len()).shown();
            }
        }
        *self
    }

    /// The target of the cell's link, where it has one.
    pub(super) fn target(&self) -> Option<&'a str> {
        if let Some(at) = self.words.find("](") {
            let rest = self.words.get(at + 2..)?;
            return rest.get(..rest.find(')')?);
        }
        if self.words.starts_with("http") {
            let end = self.words.find(['[', ' ']).unwrap_or(self.words.len());
            return self.words.get(..end);
        }
        None
    }

    /// The items of a cell that lists several, parted by commas outside of links.
    pub(super) fn items(&self) -> Vec<Cell<'a>> {
        let mut items = Vec::new();
        let (mut from, mut depth) = (0, 0usize);
        for (at, c) in self.words.char_indices() {
            match c {
                '[' | '(' => depth += 1,
                ']' | ')' => depth = depth.saturating_sub(1),
                ',' if depth == 0 => {
                    items.push(self.part(from, at).shown());
                    from = at + 1;
                }
                _ => {}
            }
        }
        items.push(self.part(from, self.words.len()).shown());
        items.retain(|item| !item.is_void());
        items
    }
}

/// Splits the line `text[start..end]` at bars; a bar inside backticks or behind a backslash is text.
pub(super) fn split(text: &str, start: usize, end: usize) -> Vec<Cell<'_>> {
    let line = text.get(start..end).unwrap_or("");
    let mut cells = Vec::new();
    let (mut from, mut quoted, mut escaped) = (0, false, false);
    for (at, byte) in line.bytes().enumerate() {
        match byte {
            b'\\' if !quoted => escaped = !escaped,
            b'`' => quoted = !quoted && line[at + 1..].contains('`'),
            b'|' if !quoted && !escaped => {
                cells.push(Cell::of(text, start + from, start + at));
                from = at + 1;
            }
            _ => escaped = false,
        }
    }
    cells.push(Cell::of(text, start + from, end));
    if line.trim_start().starts_with('|') {
        cells.remove(0);
    }
    if cells.len() > 1 && line.trim_end().ends_with('|') {
        cells.pop();
    }
    cells
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(line: &str) -> Vec<&str> {
        split(line, 0, line.len()).iter().map(|c| c.shown().words).collect()
    }

    #[test]
    fn rows_of_all_layouts_split_into_what_they_show() {
        assert_eq!(
            words("1 | [192.0.2.1](https://vuldb.com/?ip.192.0.2.1) | - | High"),
            ["1", "192.0.2.1", "-", "High"]
        );
        assert_eq!(
            words("|1|192.0.2.1|host.example|High"),
            ["1", "192.0.2.1", "host.example", "High"]
        );
        assert_eq!(words("3 | Pattern | `a|b` | Low"), ["3", "Pattern", "a|b", "Low"]);
        assert_eq!(words(""), [""]);
    }

    #[test]
    fn items_know_their_place() {
        let line = "CWE-21, CWE-22 | [A, B](x), C";
        let cells = split(line, 0, line.len());
        let found: Vec<_> =
            cells.iter().flat_map(Cell::items).map(|c| (c.words, c.span().slice(line))).collect();
        assert_eq!(
            found,
            [
                ("CWE-21", Some("CWE-21")),
                ("CWE-22", Some("CWE-22")),
                ("A, B", Some("A, B")),
                ("C", Some("C"))
            ]
        );
    }
}
