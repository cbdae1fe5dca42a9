//! The cells of a line of a table, and whether a text is one.

use std::borrow::Cow;

/// The cells of a line. With commas, semicolons and tabs, cells may stand in double quotes; between
/// blanks, when `quotes` says so and the quote ends with the cell.
pub(crate) fn split(line: &str, delimiter: u8, quotes: bool) -> impl Iterator<Item = Cow<'_, str>> {
    // A byte of ASCII: it is no part of a longer character.
    let byte = if delimiter.is_ascii() { delimiter } else { b',' };
    let delimiter = char::from(byte);
    let mut rest = Some(line);
    std::iter::from_fn(move || {
        let text = rest?;
        let whole = |quoted: &str| {
            let end = quoted.find('"').map(|at| &quoted[at + 1..]);
            quotes && end.is_some_and(|after| after.is_empty() || after.starts_with(delimiter))
        };
        if let Some(quoted) = text.strip_prefix('"')
            && (delimiter != ' ' || whole(quoted))
        {
            let mut end = 0;
            loop {
                match quoted[end..].find('"') {
                    Some(at) if quoted[end + at + 1..].starts_with('"') => end += at + 2,
                    Some(at) => {
                        let cell = &quoted[..end + at];
                        let after = &quoted[end + at + 1..];
                        rest = after.find(delimiter).map(|at| &after[at + 1..]);
                        return Some(if cell.contains("\"\"") {
                            Cow::Owned(cell.replace("\"\"", "\""))
                        } else {
                            Cow::Borrowed(cell)
                        });
                    }
                    None => {
                        // The quote is never closed: the rest is one cell.
                        rest = None;
                        return Some(Cow::Borrowed(quoted));
                    }
                }
            }
        }
        let (cell, after) = match memchr::memchr(byte, text.as_bytes()) {
            Some(at) => (&text[..at], Some(&text[at + 1..])),
            None => (text, None),
        };
        rest = after;
        Some(Cow::Borrowed(cell))
    })
}

/// The delimiter of a table whose first line names its columns; `None` for other text.
pub(crate) fn csv_delimiter(head: &str) -> Option<u8> {
    let mut lines = head.lines();
    let first = lines.next()?.trim_start_matches('\u{feff}');
    let delimiter = [b',', b';', b'\t']
        .into_iter()
        .max_by_key(|d| (first.bytes().filter(|b| b == d).count(), std::cmp::Reverse(*d)))?;
    let names: Vec<_> = split(first, delimiter, true).collect();
    if names.len() == 1 {
        return are_between_blanks(first, lines).then_some(b' ');
    }
    let is_name = |n: &str| {
        let n = n.trim();
        !n.is_empty()
            && n.len() <= 60
            && n.starts_with(|c: char| c.is_alphabetic() || c == '_' || c == '@')
            && n.chars().all(|c| c.is_alphanumeric() || " _-.()/@#:<>?%".contains(c))
            && n.parse::<std::net::IpAddr>().is_err()
    };
    if !names.iter().all(|n| is_name(n)) {
        return None;
    }

    if names.len() < 3 {
        // Prose has a comma, too: two columns are a table when one of them is named as a time, and all lines have both.
        let is_time = |name: &str| ["time", "date"].iter().any(|word| name.contains(word));
        let mut rows = lines.take(3).filter(|line| !line.is_empty()).peekable();
        let both = names.len() == 2 && names.iter().any(|n| is_time(&n.to_lowercase()));
        let is_table = both
            && rows.peek().is_some()
            && rows.all(|row| split(row, delimiter, true).count() == 2);
        return is_table.then_some(delimiter);
    }
    let second = lines.next().unwrap_or("");
    (second.is_empty() || split(second, delimiter, true).count() * 2 > names.len())
        .then_some(delimiter)
}

/// Whether the words of a first line name the columns of the lines below, as exports of flows have them: each is a name, and
/// some lines that follow have as many words, a third of which at least hold figures. Prose does not go on like that.
fn are_between_blanks<'t>(first: &str, rows: impl Iterator<Item = &'t str>) -> bool {
    const FEWEST: usize = 6;
    let names: Vec<&str> = first.trim_end().split(' ').collect();
    let is_name = |name: &&str| {
        name.starts_with(|c: char| c.is_ascii_alphabetic())
            && name.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_".contains(&b))
    };
    if names.len() < FEWEST || !names.iter().all(is_name) {
        return false;
    }
    let mut rows = rows.take(4).filter(|row| !row.is_empty()).peekable();
    rows.peek().is_some()
        && rows.all(|row| {
            let cells = || row.trim_end().split(' ');
            let figures = cells().filter(|cell| cell.bytes().any(|b| b.is_ascii_digit())).count();
            cells().count() == names.len() && figures * 3 >= names.len()
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_may_be_quoted() {
        let cells = |line| split(line, b',', true).collect::<Vec<_>>().join("|");
        assert_eq!(cells(r#"a,"b,c","d""e",,f"#), r#"a|b,c|d"e||f"#);
        assert_eq!(cells(r#"a,"open,b"#), "a|open,b");
        assert_eq!(split("a b  c", b' ', true).count(), 4);
        assert_eq!(split("a \"b c\" d", b' ', true).nth(1).as_deref(), Some("b c"));
        assert_eq!(split("a \"b c\" d", b' ', false).count(), 4);
        assert_eq!(split("/x \"'--1 - 443", b' ', true).count(), 4);
    }

    #[test]
    fn a_header_is_told_from_data() {
        assert_eq!(csv_delimiter("DateTime,RequestId,Client\n1,2,3\n"), Some(b','));
        let flow = "version account-id srcaddr dstaddr start action\n2 12 192.0.2.1 192.0.2.2 1614733323 OK\n";
        assert_eq!(csv_delimiter(flow), Some(b' '));
        assert_eq!(csv_delimiter("these are six words of prose\nand so is it on line 2\n"), None);
        assert_eq!(csv_delimiter("192.0.2.1,a,b\n"), None);
        assert_eq!(csv_delimiter("Dear all, this is text, and no table.\nYes\n"), None);
    }

    proptest::proptest! {
        #[test]
        fn splitting_never_panics(text in ".{0,60}") {
            let _ = (split(&text, b',', true).count(), split(&text, b' ', true).count());
            let _ = csv_delimiter(&text);
        }
    }
}
